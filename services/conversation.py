"""What candidates write, in their own words: understood, done, answered, or handed to a person.

Never a doubtful reply as a confirmation; what is not understood is asked once. See docs/adr/0021.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from models import db
from models.clock import Clock
from models.interviews import InterviewState
from services import chats
from services.candidate_ports import HearChoice, no_choice
from services.guests import Guest, index_of
from services.interview_facts import InterviewView
from services.interview_replies import InterviewReplies
from services.interview_words import options_of
from services.open_interviews import closed_since, conversable, pending_question, pick
from services.opting_out import OptingOut
from services.replies import Replies
from services.understanding.reply import Intent, only_courtesy, understand

S = InterviewState

_CANDIDATE = "SELECT opted_out_at, erased_at FROM candidates WHERE id = $1"
_OUTCOME = """
SELECT max(o.sent_at) FROM outcomes o JOIN interviews i ON i.id = o.interview_id
  JOIN applications a ON a.id = i.application_id
 WHERE a.candidate_id = $1 AND o.state = 'sent'
"""
_SO_FAR = "SELECT count(*) FROM candidate_tasks WHERE starts_with(key, $1)"
_STRANGERS_WORDS = 5
_ERASING = ("删", "delete", "remove")  # of the words that were understood as 退订


class Conversation:
    """`hear_choice` answers the open question of an outcome (keep or delete, a rating);
    `hear_wish` what they ask about their own data. Both say whether the words were for them."""

    def __init__(
        self,
        replies: Replies,
        interviews: InterviewReplies,
        opting_out: OptingOut,
        clock: Clock,
        hear_choice: HearChoice = no_choice,
        hear_wish: HearChoice = no_choice,
    ) -> None:
        self.replies = replies
        self.interviews = interviews
        self.opting_out = opting_out
        self.clock = clock
        self.hear_choice = hear_choice
        self.hear_wish = hear_wish
        self.facts = interviews.answers.facts

    async def hear(self, guest: Guest, text: str, at: datetime) -> None:
        """Any words of a known candidate, said at the instant `at`. Answers through the ledger."""
        candidate = guest.candidate_id
        state = await db.fetch_one(_CANDIDATE, candidate) if candidate is not None else None
        if candidate is None or state is None or state["erased_at"] is not None:
            await self.stranger(guest, text)
            return
        text = text.strip()
        views = await self.facts.of_candidate(candidate)
        talking = conversable(views, self.clock.now())
        if await self._about_outcome(candidate, text, talking):
            return
        if await self.hear_wish(candidate, text):
            return
        if await self._opts_out(candidate, text, at, views):
            return
        if state["opted_out_at"] is not None:
            note = self.replies.words("opted_out_writes")
            view = talking[0] if talking else None
            await self.replies.task("question", candidate, text, view=view, note=note)
        elif talking:
            await self._about(candidate, talking, text, at)
        else:
            await self._nothing_open(candidate, views, text)

    async def ask(self, candidate_id: int, text: str) -> None:
        """What a known candidate writes on their page: answered in writing, or by a person."""
        await self.hear(Guest(candidate_id, "", ""), text, self.clock.now())

    async def opt_out(self, candidate_id: int, *, via: str = "page") -> None:
        """The same as 退订. Unanswered invitations end with it; who has confirmed keeps the seat,
        and a person asks."""
        await self._stop(candidate_id, await self.facts.of_candidate(candidate_id), via=via)

    async def stranger(self, guest: Guest, text: str) -> str:
        """Somebody of whom nothing is known: a task for HR, and at first who we are, else "".

        Of one stranger's words a day the first few become tasks: nobody can flood the office.
        """
        key = f"stranger:{index_of(guest.user)[:32]}:{self.clock.now():%Y%m%d}"
        before: int = await db.fetch_value(_SO_FAR, key)
        if before < _STRANGERS_WORDS:
            chat = await chats.id_of(guest.open_kfid, guest.user) if guest.open_kfid else None
            await self.replies.task("stranger", None, text, key=f"{key}:{before}", contact=chat)
        if before:
            return ""
        return self.replies.words("welcome_stranger", hospital=self.facts.hospital)

    async def media(self, guest: Guest, at: datetime) -> None:  # noqa: ARG002 -- as hear
        """A picture, voice or file: asked to write; a person looks when there is an interview."""
        if guest.candidate_id is None:
            await self.stranger(guest, self.replies.words("media_words"))
            return
        views = await self.facts.of_candidate(guest.candidate_id)
        talking = conversable(views, self.clock.now())
        await self.replies.say(guest.candidate_id, self.replies.words("media"))
        await self.replies.task(
            "question",
            guest.candidate_id,
            self.replies.words("media_words"),
            view=talking[0] if talking else None,
            key=f"media:{guest.candidate_id}:{self.clock.now():%Y%m%d}",
        )

    async def welcome(self, guest: Guest) -> str:
        """What somebody reads who opens the chat: their post, date and question, or who we are."""
        if guest.candidate_id is None:
            return self.replies.words("welcome_stranger", hospital=self.facts.hospital)
        views = await self.facts.of_candidate(guest.candidate_id)
        talking = [view for view in conversable(views, self.clock.now()) if view.address]
        if not talking:
            return self._welcome_back(views)
        view = talking[0]
        return self.replies.words(
            _welcome(view),
            address=view.address,
            hospital=view.hospital,
            office=view.office,
            post=view.post,
            starts=view.starts_at,
            place=view.place,
            options=options_of(view.offered),
        )

    def _welcome_back(self, views: list[InterviewView]) -> str:
        name = next((view.address for view in views if view.address), "")
        hospital = self.facts.hospital
        return self.replies.words("welcome_known", address=name, hospital=hospital)

    async def _about_outcome(
        self, candidate: int, text: str, talking: list[InterviewView]
    ) -> bool:
        """1, 2 or a rating, when an outcome's question came after every interview's."""
        asked = max((_asked(view) for view in talking), default=None)
        told: datetime | None = await db.fetch_value(_OUTCOME, candidate)
        if asked is not None and (told is None or told < asked):
            return False
        return await self.hear_choice(candidate, text)

    async def _opts_out(
        self, candidate: int, text: str, at: datetime, views: list[InterviewView]
    ) -> bool:
        """退订 counts whatever is open."""
        understood = understand(text, at, [at])
        if understood.intent is not Intent.OPT_OUT:
            return False
        erase = any(word in reason for reason in understood.reasons for word in _ERASING)
        await self._stop(candidate, views, via="chat", text=text, erase=erase)
        if erase:
            note = self.replies.words("wants_erasure")
            key = f"erase:{candidate}"
            await self.replies.task("question", candidate, text, note=note, key=key)
        return True

    async def _stop(
        self,
        candidate: int,
        views: list[InterviewView],
        *,
        via: str,
        text: str = "",
        erase: bool = False,
    ) -> None:
        talking = conversable(views, self.clock.now())
        office = next((view.office for view in views), "")
        for view in talking:
            if view.state in (S.INVITED, S.CHOOSING):
                await self.interviews.answers.decline(view.interview_id, via=via, words=text)
        said = await self.opting_out.opt_out(candidate, via=via, office=office, erase=erase)
        confirmed = next((view for view in talking if view.state is S.CONFIRMED), None)
        if said and confirmed is not None:
            note = self.replies.words("opted_out_confirmed")
            await self.replies.task("question", candidate, text, view=confirmed, note=note)

    async def _about(
        self, candidate: int, talking: list[InterviewView], text: str, at: datetime
    ) -> None:
        if len(talking) == 1:
            await self.interviews.hear(talking[0], text, at)
            return
        waiting = await pending_question(candidate, self.clock.now())
        if waiting is not None:
            asked = [view for view in talking if view.interview_id in waiting.interviews]
            one = pick(asked, text, at, by_number=True)
            if one is not None:
                await self.interviews.hear(one, waiting.text, at)
                return
        one = pick(talking, text, at)
        if one is not None:
            await self.interviews.hear(one, text, at)
        elif waiting is not None:
            await self.interviews.hand_over(talking[0], f"{waiting.text}\n{text}")
        elif not only_courtesy(text) or any(view.state is not S.CONFIRMED for view in talking):
            await self.replies.which(talking, text)

    async def _nothing_open(self, candidate: int, views: list[InterviewView], text: str) -> None:
        """After the interview, after an invitation that ended, or before any."""
        if only_courtesy(text):
            return
        last = closed_since(views, self.clock.now() - timedelta(days=30))
        if last is not None and await self._says_why(candidate, last, text):
            return
        if last is not None:
            answered = self.interviews.questions.answer(text, last)
            if answered.text and not answered.open:
                await self.replies.say(candidate, answered.text, last.interview_id)
                return
        over = last is not None and last.state is S.EXPIRED
        said = self.replies.words(
            "invitation_over" if over else "nothing_open",
            address=next((view.address for view in views if view.address), ""),
            post=last.post if last else "",
            due=self.replies.due(),
        )
        await self.replies.task("question", candidate, text, view=last)
        await self.replies.say(candidate, said)

    async def _says_why(self, candidate: int, last: InterviewView, text: str) -> bool:
        """They had declined, and now say why: they are thanked, and no colleague needs to look.

        Anything else in their words goes its usual way.
        """
        if last.state is not S.DECLINED:
            return False
        gave = await self.interviews.answers.said_why(last.interview_id, text)
        now = self.clock.now()
        if not gave or understand(text, now, [now]).intent is not Intent.DECLINE:
            return False
        said = self.replies.words("thanks_why", hospital=last.hospital)
        await self.replies.say(candidate, said, last.interview_id)
        return True


def _asked(view: InterviewView) -> datetime:
    return view.offered_at or view.invited_at


def _welcome(view: InterviewView) -> str:
    if view.state is S.CONFIRMED:
        return "welcome_confirmed"
    if view.offered:
        return "welcome_choosing"
    return "welcome_invited" if view.starts_at else "welcome_open"
