"""What a candidate's words do to one interview of theirs."""

from __future__ import annotations

from datetime import datetime, timedelta

from models import db
from models.clock import Clock
from models.interviews import InterviewState
from services import audit, slot_wishes
from services.candidate_questions import Questions
from services.interview_answers import InterviewAnswers
from services.interview_facts import InterviewView, SlotChoice
from services.open_interviews import digit, local
from services.refusals import Refusal
from services.replies import Replies
from services.understanding.reply import (
    Intent,
    Understood,
    only_asks_whether,
    only_courtesy,
    understand,
)

S = InterviewState
VIA = "chat"
_ASKED = 1  # times we ask what was meant
_GRACE = timedelta(seconds=2)
_MOST_UNCLEAR = 8  # further words of one interview open no further tasks

_UNCLEAR = "UPDATE interviews SET unclear = unclear + 1 WHERE id = $1 RETURNING unclear"


class InterviewReplies:
    def __init__(
        self, answers: InterviewAnswers, questions: Questions, replies: Replies, clock: Clock
    ) -> None:
        self.answers = answers
        self.questions = questions
        self.replies = replies
        self.clock = clock

    async def hear(self, view: InterviewView, text: str, at: datetime) -> None:
        """One message about this interview. What meets a state that has moved on meanwhile goes
        to a person, as everything else that nobody understood."""
        try:
            async with db.transaction():
                await self._hear(view, text, at)
        except Refusal as refusal:
            if not refusal.key.startswith(("interview_", "slot_taken")):
                raise
            await self.hand_over(view, text)

    async def _hear(self, view: InterviewView, text: str, at: datetime) -> None:
        if view.state is S.CONFIRMED and only_courtesy(text) and not view.offered:
            await self._settled(view, understand(text, at, view.times))
            return
        if await self._numbered(view, text, at):
            return
        understood = understand(text, at, view.times or (at,))
        trouble = self.questions.paper_missing(text)
        match understood.intent:
            case Intent.DECLINE:
                await self.decline(view, text)
            case Intent.RESCHEDULE:
                if trouble:
                    await self._paper(view, text, say=False)
                await self._another_time(view, understood)
            case _ if trouble:
                await self._paper(view, text)
            case Intent.CONFIRM:
                await self._agrees(view, understood, text, at)
            case Intent.QUESTION if not only_asks_whether(text):
                await self._asks(view, text)
            case _:
                await self._unclear(view, text)

    async def confirm(self, view: InterviewView, also: str = "") -> None:
        """Yes to the time of the invitation; where its slot was cancelled, others are offered."""
        try:
            async with db.transaction():
                await self.answers.confirm(view.interview_id, via=VIA, also=also)
        except Refusal as refusal:
            if refusal.key != "slot_taken":
                raise
            await self._offer_instead(view, "slot_gone")

    async def choose(self, view: InterviewView, slot_id: int, also: str = "") -> None:
        """This slot; where somebody was faster, others are offered at once."""
        try:
            async with db.transaction():
                await self.answers.choose(view.interview_id, slot_id, via=VIA, also=also)
        except Refusal as refusal:
            if refusal.key != "slot_taken":
                raise
            await self._offer_instead(view, "slot_just_taken")

    async def decline(self, view: InterviewView, text: str = "") -> None:
        await self.answers.decline(view.interview_id, via=VIA, words=text)
        facts = {"post": view.post, "hospital": view.hospital}
        said = self.replies.words("thanks_declined", **facts)
        await self.replies.say(view.candidate_id, said, view.interview_id)

    async def see_you(self, view: InterviewView, also: str = "") -> None:
        """They said yes once more."""
        said = self.replies.words("see_you", starts=view.starts_at)
        words = "\n".join(filter(None, (said, also)))
        await self.replies.say(view.candidate_id, words, view.interview_id)

    async def hand_over(self, view: InterviewView, text: str, *, say: bool = True) -> None:
        """A person reads it within 15 minutes of office time, and the candidate knows."""
        await self.replies.task("unclear", view.candidate_id, text, view=view)
        if not say:
            return
        key = "no_show_passed_on" if view.state is S.NO_SHOW else "person_answers"
        said = self.replies.words(key, due=self.replies.due())
        await self.replies.say(view.candidate_id, said, view.interview_id)

    # Small steps.

    async def _settled(self, view: InterviewView, understood: Understood) -> None:
        """谢谢 and 收到 after a confirmation need no answer; a yes is told when once more."""
        if understood.intent is Intent.CONFIRM:
            await self.see_you(view)

    async def _numbered(self, view: InterviewView, text: str, at: datetime) -> bool:
        """A number chooses among the offers; without offers it is the invitation's menu."""
        number = digit(text)
        if number is None or not view.offered:
            return False
        if number <= len(view.offered) and not _too_early(view, at):
            await self.choose(view, view.offered[number - 1].slot_id)
        else:
            await self._unclear(view, text)
        return True

    async def _agrees(
        self, view: InterviewView, understood: Understood, text: str, at: datetime
    ) -> None:
        also = self._beside(view, text) if understood.also_asks else ""
        early = _too_early(view, at)
        slot = _agreed_slot(view, understood, early)
        if view.offered and slot is not None:
            await self.choose(view, slot.slot_id, also)
        elif view.state is S.INVITED and not early:
            await self.confirm(view, also)
        elif view.state is S.CONFIRMED and not view.offered:
            await self.see_you(view, also)
        else:
            await self._unclear(view, text)
            return
        if understood.also_asks:
            await self._note_topics(view, text)
        if understood.also_asks and self.questions.answer(text, view).open:
            await self.replies.task("question", view.candidate_id, text, view=view)

    def _beside(self, view: InterviewView, text: str) -> str:
        """The answers to what was asked beside a yes, for the confirmation to carry."""
        answered = self.questions.answer(text, view)
        passed_on = "passed_on_some" if answered.text else "passed_on"
        rest = self.replies.words(passed_on, due=self.replies.due()) if answered.open else ""
        return "\n".join(filter(None, (answered.text, rest)))

    async def _another_time(self, view: InterviewView, understood: Understood) -> None:
        """One free slot that fits what they asked for is taken at once; else they may choose."""
        wish = slot_wishes.wish_of(understood)
        if wish.firm and wish.narrow and view.state is not S.NO_SHOW:
            known = await slot_wishes.free(view.posting_id, self.clock.now())
            fitting = [slot for slot in known if wish.met_by(slot)]
            if len(fitting) == 1:
                await self.choose(view, fitting[0].slot_id)
                return
        await self.answers.offer(view.interview_id, wished=wish, via=VIA)

    async def _offer_instead(self, view: InterviewView, why: str) -> None:
        lead = self.replies.words(why)
        await self.answers.offer(view.interview_id, via=VIA, lead=lead)

    async def _paper(self, view: InterviewView, text: str, *, say: bool = True) -> None:
        await self.replies.task("document", view.candidate_id, text, view=view)
        if say:
            said = self.replies.words("paper_missing", due=self.replies.due())
            await self.replies.say(view.candidate_id, said, view.interview_id)

    async def _asks(self, view: InterviewView, text: str) -> None:
        """What the posting knows is answered; the rest goes to a person. Then our question."""
        answered = self.questions.answer(text, view)
        await self._note_topics(view, text)
        if answered.open:
            await self.replies.task("question", view.candidate_id, text, view=view)
        lines = [self._beside(view, text), self._question(view)]
        said = "\n".join(filter(None, lines))
        await self.replies.say(view.candidate_id, said, view.interview_id)

    async def _note_topics(self, view: InterviewView, text: str) -> None:
        """What they asked about, never their words: the month's report counts invitations that
        left such a question open."""
        topics = self.questions.topics(text)
        subject, actor = f"interviews:{view.interview_id}", f"candidate:{view.candidate_id}"
        await audit.record(self.clock.now(), actor, "interview.question", subject, topics=topics)

    def _question(self, view: InterviewView) -> str:
        if view.state is S.CONFIRMED or view.state is S.NO_SHOW:
            return ""
        if view.offered:
            return self.replies.words("ask_again_options")
        if view.starts_at is not None:
            return self.replies.words("ask_again", starts=view.starts_at)
        return ""

    async def _unclear(self, view: InterviewView, text: str) -> None:
        """Asked once, kindly; then a person answers."""
        count = await db.fetch_value(_UNCLEAR, view.interview_id)
        if count <= _ASKED and view.state is not S.NO_SHOW:
            await self.replies.clarify(view)
        elif count <= _MOST_UNCLEAR:
            await self.hand_over(view, text, say=count <= _ASKED + 1)


def _too_early(view: InterviewView, at: datetime) -> bool:
    """Said before we asked what is asked now, and read only afterwards: it answers something else.

    A platform tells whole seconds, hence the moment of grace.
    """
    asked = view.offered_at if view.offered else view.invited_at
    return asked is not None and at + _GRACE < asked


def _agreed_slot(view: InterviewView, understood: Understood, early: bool) -> SlotChoice | None:
    """Which offer they agree to: the one they named, or the only one that they could know."""
    if understood.when is not None:
        fitting = [slot for slot in view.offered if local(slot.starts_at) == understood.when]
    elif early:
        return None
    else:
        fitting = list(view.offered)
    return fitting[0] if len(fitting) == 1 else None
