"""What a named person must do about a candidate: call, read a reply, settle something by hand."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import db, sealed
from models.asks import AskState
from models.clock import Clock
from models.interviews import TaskState
from models.ledger import Priority
from models.policies import Escalate
from services import audit
from services.actors import Actor
from services.asks import Asks
from services.escalation import Escalation, Silent
from services.hospital import Hospital
from services.ledger import Ledger
from services.purposes import Facts, Purpose, Subject
from services.recruiting_access import may_recruit
from services.refusals import Refusal
from services.salutation import AddressRules
from services.task_facts import DETAIL, TaskFacts
from services.units import hr_heads
from services.working_days import WorkingTime

POLICY = "candidate_task"
REPLIES = ("agreed", "other_time", "declined")
# What the person can report, per kind: the verbs `task.<outcome>` of its card.
KINDS: Mapping[str, tuple[str, ...]] = {
    "phone": (*REPLIES, "told", "no_answer"),
    "unclear": (*REPLIES, "settled"),
    "document": ("settled",),
    "question": ("settled",),
    "stranger": ("settled",),
    "no_channel": ("settled",),
    "slot_gone": ("settled",),
    "no_show": ("settled",),
}
OUTCOMES = tuple(dict.fromkeys(outcome for kind in KINDS.values() for outcome in kind))

_OPEN = """
INSERT INTO candidate_tasks (kind, key, candidate_id, interview_id, person_id, detail, opened_at,
                             due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (key) DO NOTHING RETURNING id
"""
_DONE = """
UPDATE candidate_tasks SET state = 'done', outcome = $2, done_at = $3, done_by_id = $4
 WHERE id = $1 AND state = 'open' RETURNING *
"""
_WITHDRAW = """
UPDATE candidate_tasks SET state = 'withdrawn', done_at = $4
 WHERE kind = ANY($1) AND state = 'open'
   AND ($2::bigint IS NULL OR interview_id = $2) AND ($3::bigint IS NULL OR candidate_id = $3)
RETURNING *
"""
# The interview comes first, as for every change of one, so that no two wait for each other.
_LOCK = """
SELECT i.id FROM interviews i JOIN candidate_tasks t ON t.interview_id = i.id
 WHERE t.id = $1 FOR UPDATE OF i
"""
_ANCHOR = "UPDATE asks SET opened_at = $2, next_step_at = $3 WHERE message_id = $1"


@dataclass(frozen=True, slots=True)
class Task:
    id: int
    kind: str
    candidate_id: int | None
    interview_id: int | None
    person_id: int
    detail: Mapping[str, Any]
    outcome: str
    opened_at: datetime


Deed = Callable[[Task, Actor], Awaitable[None]]


class CandidateTasks:
    def __init__(
        self,
        ledger: Ledger,
        asks: Asks,
        escalation: Escalation,
        working_time: WorkingTime,
        clock: Clock,
        *,
        hospital: Hospital,
        address_rules: AddressRules,
    ) -> None:
        self.ledger = ledger
        self.asks = asks
        self.working_time = working_time
        self.clock = clock
        self.shown = TaskFacts(hospital, address_rules, clock)
        self._acts: dict[tuple[str, str], list[Deed]] = {}
        self._undone: dict[str, list[Callable[[Task], Awaitable[None]]]] = {}
        self._opened: list[Callable[[Task], Awaitable[None]]] = []
        for kind in KINDS:
            ledger.purposes.add([Purpose(purpose(kind), self._facts, Priority.DECISION)])
            escalation.on(purpose(kind), Escalate.HR_HEAD, self._ask_hr_heads)

    def on(self, kind: str, outcome: str, act: Deed) -> None:
        """What this outcome does, in the transaction that reports it. May raise Refusal."""
        if outcome not in KINDS[kind]:
            raise ValueError(f"a task {kind} has no outcome {outcome!r}")
        self._acts.setdefault((kind, outcome), []).append(act)

    def on_withdrawn(self, kind: str, act: Callable[[Task], Awaitable[None]]) -> None:
        """What happens when a task of this kind has settled itself."""
        self._undone.setdefault(kind, []).append(act)

    def on_opened(self, act: Callable[[Task], Awaitable[None]]) -> None:
        """What happens in the transaction that opens a task, of whichever kind."""
        self._opened.append(act)

    async def open(
        self,
        kind: str,
        *,
        person: int,
        candidate_id: int | None,
        interview_id: int | None = None,
        detail: Mapping[str, Any],
        key: str | None = None,
        due_at: datetime | None = None,
    ) -> int | None:
        """Ask this person, or an HR head where they have left; the task's id.

        `detail` (JSON) may hold `words` (what the candidate said), `script` and `question` (of a
        phone call), `note`. None when `key` says that it was opened before. Without `due_at` it
        is due in 15 minutes of office time (C03).
        """
        now = self.clock.now()
        due = due_at or self.working_time.answer_due(now).at
        who = await _somebody_here(person)
        body = sealed.seal_json(DETAIL, dict(detail))
        task_id: int | None = await db.fetch_value(
            _OPEN, kind, key, candidate_id, interview_id, who, body, now, due
        )
        if task_id is not None:
            await self._ask(kind, task_id, who, due)
            await audit.record(
                now, "system", "task.opened", f"candidate_tasks:{task_id}", kind=kind
            )
            opened = _task(await self._found(task_id))
            for act in self._opened:
                await act(opened)
        return task_id

    async def _ask(self, kind: str, task_id: int, person: int, due: datetime) -> None:
        escalation = self.asks.policies.escalation(POLICY)
        message = await self.asks.open(
            purpose(kind),
            task_id,
            [person],
            policy=POLICY,
            deadline=due + escalation.deadline,
            once=f"{purpose(kind)}:{task_id}:{person}",
        )
        # The steps count office time: as if it had been asked a quarter of an hour before it is
        # due, so that nobody is reminded of a Friday evening's question in the night.
        started = max(self.clock.now(), due - self.working_time.answer_within)
        first = escalation.steps[0].due(started) if escalation.steps else None
        await db.execute(_ANCHOR, message, started, first)

    async def done(self, task_id: int, by: Actor, outcome: str) -> None:
        """Report what came of it, once.

        Raises Refusal: `task_done`, `task_gone`, `not_allowed`, `button_unknown`, or what the
        outcome's deed refuses; then nothing is changed.
        """
        await db.execute(_LOCK, task_id)
        found = await self._found(task_id)
        if not await _may_settle(found, by):
            raise Refusal("not_allowed")
        if outcome not in KINDS[found["kind"]]:
            raise Refusal("button_unknown")
        now = self.clock.now()
        row = await db.fetch_one(_DONE, task_id, outcome, now, by.person_id)
        if row is None:
            raise await self._too_late(task_id)
        await self.asks.answer([purpose(row["kind"])], task_id, by.person_id, outcome)
        await self._close(row["kind"], [task_id])
        await audit.record(
            now, by, "task.done", f"candidate_tasks:{task_id}", kind=row["kind"], outcome=outcome
        )
        for act in self._acts.get((row["kind"], outcome), ()):
            await act(_task(row), by)

    async def to_do(self, task_id: int, by: Actor) -> Task:
        """The open task, for somebody who may settle it.

        Raises Refusal: `task_done`, `task_gone`, `not_allowed`, `card_unknown`.
        """
        found = await self._found(task_id)
        if not await _may_settle(found, by):
            raise Refusal("not_allowed")
        if found["state"] != TaskState.OPEN:
            raise await self._too_late(task_id)
        return _task(found)

    async def withdraw(
        self,
        kinds: Sequence[str],
        *,
        interview_id: int | None = None,
        candidate_id: int | None = None,
    ) -> None:
        """Nobody needs to do it any more. Raises ValueError without an interview or candidate."""
        if interview_id is None and candidate_id is None:
            raise ValueError("whose tasks?")
        now = self.clock.now()
        rows = await db.fetch(_WITHDRAW, list(kinds), interview_id, candidate_id, now)
        for row in rows:
            await self.ledger.withdraw([purpose(row["kind"])], [row["id"]], "settled itself")
            await self._close(row["kind"], [row["id"]])
            for act in self._undone.get(row["kind"], ()):
                await act(_task(row))

    async def facts(self, task_id: int, *, whole: bool = False) -> dict[str, Any]:
        """What its card shows now; `whole` also the full number, for whoever may settle it."""
        facts = await self.shown.of([task_id], whole=whole)
        if task_id not in facts:
            raise Refusal("card_unknown")
        return facts[task_id]

    async def seen_by(self, task_id: int, by: Actor) -> dict[str, Any]:
        """The task with everything needed to do it; the number while it is open, written down.

        Raises Refusal: `not_allowed`, also for a task that never was.
        """
        found = await db.fetch_one("SELECT * FROM candidate_tasks WHERE id = $1", task_id)
        if found is None or not await _may_settle(found, by):
            raise Refusal("not_allowed")
        whole = found["state"] == TaskState.OPEN and found["candidate_id"] is not None
        if whole:
            now, subject = self.clock.now(), f"candidate_tasks:{task_id}"
            await audit.record(now, by, "task.number_seen", subject)
        return await self.facts(task_id, whole=whole)

    async def open_of(self, by: Actor) -> list[dict[str, Any]]:
        """One's open tasks, the most urgent first; an HR head's also those nobody did in time."""
        rows = await db.fetch(
            "SELECT id FROM candidate_tasks WHERE state = 'open' "
            "AND (person_id = $1 OR $2 AND due_at <= $3) ORDER BY due_at, id LIMIT 50",
            by.person_id,
            by.hr_head,
            self.clock.now(),
        )
        ids = [row["id"] for row in rows]
        facts = await self.shown.of(ids)
        return [facts[each] for each in ids]

    # Small steps.

    async def _found(self, task_id: int) -> db.Row:
        row = await db.fetch_one("SELECT * FROM candidate_tasks WHERE id = $1", task_id)
        if row is None:
            raise Refusal("card_unknown")
        return row

    async def _too_late(self, task_id: int) -> Refusal:
        facts = await self.facts(task_id)
        if facts["state"] == TaskState.WITHDRAWN:
            return Refusal("task_gone")
        return Refusal("task_done", by=facts["done_by"], at=facts["done_at"])

    async def _close(self, kind: str, tasks: Sequence[int]) -> None:
        await self.asks.close([purpose(kind)], tasks, AskState.WITHDRAWN)
        await self.ledger.redraw([purpose(kind)], tasks)

    async def _ask_hr_heads(self, silent: Sequence[Silent]) -> None:
        """Nobody did it in time: the HR head is asked as well, with the same card."""
        for ask in silent:
            heads = [head for head in await hr_heads() if head != ask.person_id]
            if heads:
                await self.asks.open(
                    ask.purpose,
                    ask.subject_id,
                    heads,
                    policy="candidate_task_head",
                    deadline=ask.deadline,
                    once=f"{ask.purpose}:{ask.subject_id}:head",
                )

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        facts = await self.shown.of([subject.subject_id for subject in subjects])
        return {
            subject.message_id: Facts(
                facts[subject.subject_id],
                facts[subject.subject_id]["state"] == TaskState.OPEN,
                f"the task is {facts[subject.subject_id]['state']}",
                live=facts[subject.subject_id]["chat"] != "",
            )
            for subject in subjects
            if subject.subject_id in facts
        }


def purpose(kind: str) -> str:
    return f"tasks.{kind}"


async def caller(recruiter: int | None) -> int:
    """Who answers for a candidate: the named HR person of the post, else an HR head."""
    if recruiter is not None:
        return recruiter
    heads = await hr_heads()
    if not heads:
        raise RuntimeError(
            "nobody recruits here: give somebody the role hr_head in the staff list"
        )
    return heads[0]


async def _may_settle(task: db.Row, by: Actor) -> bool:
    return by.person_id == task["person_id"] or await may_recruit(by)


async def _somebody_here(person: int) -> int:
    here = await db.fetch_value("SELECT active FROM persons WHERE id = $1", person)
    heads = [] if here else await hr_heads()
    return heads[0] if heads else person


def _task(row: db.Row) -> Task:
    return Task(
        row["id"],
        row["kind"],
        row["candidate_id"],
        row["interview_id"],
        row["person_id"],
        sealed.open_json(DETAIL, row["detail"]) if row["detail"] else {},
        row["outcome"] or "",
        row["opened_at"],
    )
