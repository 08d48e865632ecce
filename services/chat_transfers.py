"""Wishes that a candidate's chat moves: to whoever taps 我来接待, into the pool, back to the bot.

A wish joins the transaction that has it; the platform is told afterwards (`chat_moves`), so that
no tap waits for it. Of two colleagues who want one chat the database lets one wish stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from models import db
from models.candidates import ChatState
from models.clock import Clock
from models.policies import Reception
from services import audit, chats, jobs
from services.actors import Actor
from services.candidate_tasks import KINDS, CandidateTasks, Task, purpose
from services.chats import Chat, Session
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject
from services.refusals import Refusal
from services.task_facts import IN_CHAT, chat_of

YOURS, BACK, REFUSED = "chats.yours", "chats.back", "chats.refused"
# Asked for by the hospital's setting, where the candidate has just written.
BY_ITSELF = frozenset({"unclear", "question", "document", "stranger"})
OUR_WORDS_FIRST = timedelta(seconds=20)  # in a colleague's chat the bot cannot answer any more

ACCOUNT = "SELECT user_id FROM identities WHERE platform = 'wecom' AND person_id = $1"
WHOSE = "SELECT person_id FROM identities WHERE platform = 'wecom' AND lower(user_id) = lower($1)"
_WISH = """
INSERT INTO kf_transfers (contact_id, task_id, target, person_id, asked_by_id, asked_at, retry_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (contact_id) WHERE state = 'asked' DO NOTHING RETURNING id
"""

# Those that asked for it, and those of the same candidate.
_OPEN_TASKS = """
SELECT t.id, t.kind FROM candidate_tasks t
 WHERE t.state = 'open' AND t.kind = ANY($2)
   AND (t.id IN (SELECT task_id FROM kf_transfers WHERE contact_id = $1)
        OR t.candidate_id = (SELECT candidate_id FROM kf_contacts WHERE id = $1))
"""


class ChatTransfers:
    """Registers itself with the tasks: what opens one, and what comes after it is done."""

    def __init__(
        self, tasks: CandidateTasks, ledger: Ledger, reception: Reception, clock: Clock
    ) -> None:
        self.tasks = tasks
        self.ledger = ledger
        self.reception = reception
        self.clock = clock
        ledger.purposes.add(
            [
                Purpose(YOURS, self._facts, quiet=False),
                Purpose(BACK, self._facts, quiet=False),
                Purpose(REFUSED, self._why, quiet=False),
            ]
        )
        tasks.on_opened(self._by_itself)
        for kind in IN_CHAT:
            for outcome in KINDS[kind]:
                tasks.on(kind, outcome, self._offer_back)

    async def take(self, task_id: int, by: Actor) -> None:
        """我来接待: the chat this task is about goes to whoever tapped. A repeat changes nothing.

        Raises Refusal: those of `CandidateTasks.to_do`, `chat_none`, `chat_no_account`,
        `chat_ended`, `chat_with`, `chat_yours`, `chat_going`.
        """
        task = await self.tasks.to_do(task_id, by)
        chat = await self._of(task)
        if await db.fetch_value(ACCOUNT, by.person_id) is None:
            raise Refusal("chat_no_account")
        if self._coming(chat, by):
            return
        wished = await self._wish(chat, ChatState.HUMAN, task_id, by.person_id, by)
        if not wished and not self._coming(await self._of(task), by):
            raise Refusal("chat_busy")

    async def give_back(self, chat_id: int, by: Actor) -> None:
        """交还给机器人: the session ends, and the candidate's next words are the bot's.

        Raises Refusal: `chat_not_here` where somebody else has it, or nobody any more.
        """
        chat = (await chats.by_ids([chat_id])).get(chat_id)
        if chat is None or not _holds(chat, by.person_id, chat.standing(self.clock.now())):
            raise Refusal("chat_not_here")
        if chat.going is None:
            task = await db.fetch_value(
                "SELECT max(task_id) FROM kf_transfers WHERE contact_id = $1", chat_id
            )
            await self._wish(chat, ChatState.ENDED, task, None, by)

    async def heard(self, open_kfid: str, user: str, found: Session, at: datetime) -> None:
        """A colleague took, handed on, ended or took up again a chat in their own client."""
        chat_id = await chats.moved(open_kfid, user, found, at)
        if chat_id is None:
            return
        person = await db.fetch_value(WHOSE, found.servicer)
        whom = f"person:{person}" if person else f"wecom:{found.servicer}"
        subject, state = f"kf_contacts:{chat_id}", found.state.name.lower()
        await audit.record(self.clock.now(), whom, "chat.moved", subject, to=state)
        await self.redraw(chat_id)

    async def redraw(self, chat_id: int) -> None:
        """Cards that speak of this chat show who has it, where open cards can be redrawn."""
        await self.ledger.redraw([YOURS, BACK], [chat_id])
        for row in await db.fetch(_OPEN_TASKS, chat_id, sorted(IN_CHAT)):
            await self.ledger.redraw([purpose(row["kind"])], [row["id"]])

    async def _of(self, task: Task) -> Chat:
        chat = await chat_of(task.candidate_id, task.detail)
        if chat is None:
            raise Refusal("chat_none")
        return chat

    def _coming(self, chat: Chat, by: Actor) -> bool:
        """Whether it is on its way to them already. Raises Refusal where it cannot be theirs."""
        if chat.going is not None:
            if chat.going is ChatState.HUMAN and chat.going_id == by.person_id:
                return True
            raise Refusal("chat_going", to=chat.going_to)
        standing = chat.standing(self.clock.now())
        if standing is ChatState.ENDED:
            raise Refusal("chat_ended")
        if standing is ChatState.HUMAN:
            mine = chat.holder_id == by.person_id
            raise Refusal("chat_yours") if mine else Refusal("chat_with", by=chat.holder)
        return False

    async def _wish(
        self,
        chat: Chat,
        target: ChatState,
        task: int | None,
        person: int | None,
        by: Actor | None,
        after: timedelta = timedelta(),
    ) -> bool:
        """False when another wish was faster."""
        now = self.clock.now()
        asked_by = by.person_id if by else None
        made = await db.fetch_value(
            _WISH, chat.id, task, int(target), person, asked_by, now, now + after
        )
        if made is None:
            return False
        await audit.record(
            now, by or "system", "chat.asked", f"kf_contacts:{chat.id}", to=target.name.lower()
        )
        if not after:
            await jobs.enqueue(jobs.CHAT)
        return True

    async def _by_itself(self, task: Task) -> None:
        """The hospital's setting: a servicer, or the pool when nobody can be named."""
        if self.reception is Reception.BUTTON or task.kind not in BY_ITSELF:
            return
        chat = await chat_of(task.candidate_id, task.detail)
        if chat is None or not chat.free(self.clock.now()):
            return
        named = self.reception is Reception.SERVICER and await db.fetch_value(
            ACCOUNT, task.person_id
        )
        if named:
            person, target = task.person_id, ChatState.HUMAN
        elif chat.state is ChatState.WAITING:
            return
        else:
            person, target = None, ChatState.WAITING
        await self._wish(chat, target, task.id, person, None, OUR_WORDS_FIRST)

    async def _offer_back(self, task: Task, by: Actor) -> None:
        """It is settled, and they still have the chat: does the bot get it back?"""
        chat = await chat_of(task.candidate_id, task.detail)
        if chat is not None and _holds(chat, by.person_id, chat.standing(self.clock.now())):
            await self.ledger.notify(
                BACK,
                chat.id,
                [by.person_id],
                context={"person": by.person_id, "task": task.id},
                once=f"{BACK}:{task.id}",
            )

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        """Sent and open only while its receiver has the chat."""
        found = await chats.by_ids([subject.subject_id for subject in subjects])
        about = await self.tasks.shown.of([one.context["task"] for one in subjects])
        shown: dict[int, Facts] = {}
        for one in subjects:
            chat, task = found.get(one.subject_id), about.get(one.context["task"])
            if chat is None or task is None:
                continue
            mine = _holds(chat, one.context["person"], chat.standing(self.clock.now()))
            facts = {**task, "mine": mine, "going": chat.going is not None}
            shown[one.message_id] = Facts(facts, mine, "the chat is no longer theirs")
        return shown

    async def _why(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        about = await self.tasks.shown.of([one.subject_id for one in subjects])
        return {
            one.message_id: Facts({**about[one.subject_id], **one.context, "tried": False})
            for one in subjects
            if one.subject_id in about
        }


def _holds(chat: Chat, person: int, standing: ChatState) -> bool:
    return standing is ChatState.HUMAN and chat.holder_id == person
