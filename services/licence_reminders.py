"""Reminders of licences: each step said once, to the holder, then the head nurse, then the office.

Once a day, from nine o'clock. What is due is found by its day (`next_step_on`), so the work is as
much as what is due, not as many licences as there are; a day on which nobody worked is caught up
with the newest step alone, in words that count the days really left.

A morning after a large import has thousands: holders are told in batches of a transaction each,
and a licence whose step was said is no longer due, so that whatever is cut off goes on where it
was. `digest_due` keeps in mind who answers for them until all holders are told: one message each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from models import db
from models.asks import AskState
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from models.licences import LicenceState
from models.policies import Escalate, Policies
from services import audit
from services.actors import Actor
from services.asks import Asks
from services.escalation import Escalation, Silent
from services.ledger import Ledger
from services.licence_digests import LicenceDigests
from services.licence_phrases import Answers, LicencePhrases, answers_of
from services.licence_records import LicenceView, view
from services.licence_steps import LOOK_AGAIN, Look, Standing, look
from services.licences import DUE, NAG, SAID, Licences
from services.once_a_day import Part
from services.purposes import Facts, Purpose, Subject
from services.refusals import Refusal

POLICY = "licence_due"
MORNING = time(9)
DAILY = Part("licences.reminded", MORNING, time(20))
BATCH = 200

_DUE = """
SELECT l.*, p.name AS holder, p.staff_no, p.unit_id, p.active, u.name AS unit,
       '' AS verifier, '' AS digest
  FROM licences l JOIN persons p ON p.id = l.person_id LEFT JOIN units u ON u.id = p.unit_id
 WHERE l.state = 'current' AND l.next_step_on <= $1
 ORDER BY l.id LIMIT $2 FOR UPDATE OF l SKIP LOCKED
"""
_ANY_DUE = """
SELECT EXISTS (SELECT 1 FROM licences WHERE state = 'current' AND next_step_on <= $1)
"""
_FOR_DIGEST = """
UPDATE licences SET digest_due = false WHERE digest_due RETURNING id, state
"""
_NEXT = """
UPDATE licences l SET step = coalesce(n.said, l.step), next_step_on = n.following,
       digest_due = l.digest_due OR n.said IS NOT NULL
  FROM unnest($1::bigint[], $2::smallint[], $3::date[]) AS n(id, said, following)
 WHERE l.id = n.id
"""
_APPLIED_AFTER_ALL = """
UPDATE asks SET state = 'answered', answer = 'applied', answered_at = $4, next_step_at = NULL
 WHERE id = (SELECT id FROM asks WHERE purpose = ANY($1) AND subject_id = $2 AND person_id = $3
              ORDER BY id DESC LIMIT 1) AND state <> 'withdrawn'
RETURNING id
"""


class NextLook(StrEnum):
    """When what becomes due now is said."""

    TODAY = "today"
    SOON = "soon"
    TOMORROW = "tomorrow"


async def next_look(clock: Clock) -> NextLook:
    """At nine, today or tomorrow, or at once where today's has not been done yet."""
    if clock.now().astimezone(SHANGHAI).time() < MORNING:
        return NextLook.TODAY
    late = not DAILY.is_now(clock) or await DAILY.is_claimed(clock)
    return NextLook.TOMORROW if late else NextLook.SOON


class LicenceReminders:
    def __init__(
        self,
        records: Licences,
        digests: LicenceDigests,
        ledger: Ledger,
        asks: Asks,
        escalation: Escalation,
        words: LicencePhrases,
        policies: Policies,
        clock: Clock,
    ) -> None:
        self.records = records
        self.digests = digests
        self.ledger = ledger
        self.asks = asks
        self.words = words
        self.policies = policies
        self.clock = clock
        self.batch = BATCH
        # A reminder that comes a day late still counts the days that are left then.
        useful = timedelta(days=2)
        ledger.purposes.add(
            [
                Purpose(DUE, self._facts, Priority.REMINDER, useful_for=useful),
                Purpose(NAG, self._facts, Priority.REMINDER, useful_for=useful),
            ]
        )
        for purpose in SAID:
            escalation.on(purpose, Escalate.LIST_TO_MANAGER, self._list_silent)

    async def remind(self) -> int:
        """Say what is due today, once; how many licences had a step."""
        if not DAILY.is_now(self.clock) or await DAILY.is_claimed(self.clock):
            return 0
        today, said = self.records.today, 0
        while (found := await self._batch(today)) is not None:
            said += found
        async with db.transaction():
            await self._digest(today)
        return said

    async def _batch(self, today: date) -> int | None:
        """Some of what is due, all of it or nothing: how many had a step; None: nothing is due."""
        async with db.transaction():
            rows = await db.fetch(_DUE, today, self.batch)
            return await self._say(rows, today) if rows else None

    async def _digest(self, today: date) -> None:
        """Once all holders are told: the day is done with it. What another worker still has in
        hand is due to our eyes, and the digest is the next look's.
        """
        if await db.fetch_value(_ANY_DUE, today) or not await DAILY.claim(self.clock):
            return
        rows = await db.fetch(_FOR_DIGEST)
        current = [row["id"] for row in rows if row["state"] == LicenceState.CURRENT]
        views = await self.records.some(current)
        told = [(one, one.step) for one in views if one.step is not None]
        await self.digests.tell_about(told, today)

    async def _say(self, rows: Sequence[db.Row], today: date) -> int:
        looks = {row["id"]: self._look(row, today) for row in rows}
        await db.execute(
            _NEXT,
            list(looks),
            [found.say for found in looks.values()],
            [found.following for found in looks.values()],
        )
        due = [
            view(row, self.records.kinds[row["kind"]], today)
            for row in rows
            if looks[row["id"]].say is not None
        ]
        await self._ask(due, {row.id: looks[row.id] for row in due})
        return len(due)

    def _look(self, row: db.Row, today: date) -> Look:
        """Nothing is said of who has left, nor of a kind nobody knows any more."""
        if not row["active"] or row["kind"] not in self.records.kinds:
            return Look(None, today + LOOK_AGAIN)
        return look(self.records.kinds[row["kind"]], row["valid_to"], row["step"], today)

    async def _ask(self, due: Sequence[LicenceView], steps: Mapping[int, Look]) -> None:
        """Ask each holder, except who has done their part as far as can be known.

        That is whoever sent the new page, while an office compares it, and before the deadline
        who has said that they applied.
        """
        heard = await answers_of([one.id for one in due])
        asked = [one for one in due if not _has_acted(one, heard.get(one.id, Answers()))]
        await self.asks.close(SAID, [one.id for one in asked], AskState.EXPIRED)
        for one in asked:
            found = steps[one.id]
            await self.asks.open(
                DUE,
                one.id,
                [one.person_id],
                policy=POLICY,
                deadline=self._until(found.following),
                once=f"{DUE}:{one.id}:{found.say}",
            )

    def _until(self, following: date | None) -> datetime:
        """An answer is awaited until the next step is said, or as long as the policy says."""
        longest = self.clock.now() + self.policies.escalation(POLICY).deadline
        if following is None:
            return longest
        return datetime.combine(following, MORNING, SHANGHAI).astimezone(longest.tzinfo)

    # What holders answer.

    async def answer(self, licence_id: int, by: Actor, said: str) -> dict[str, Any]:
        """收到 (`seen`) or 已提交申请 (`applied`); the facts to redraw the card with.

        Who has applied may say so later, too. Raises Refusal: somebody else's, or it is over.
        """
        one = await self.records.one(licence_id)
        if one.person_id != by.person_id:
            raise Refusal("card_not_yours")
        if one.state == LicenceState.CURRENT:
            await self._record(one, by, said)
        return self.words.card(one, (await answers_of([licence_id])).get(licence_id))

    async def _record(self, one: LicenceView, by: Actor, said: str) -> None:
        now = self.clock.now()
        new = await self.asks.answer(SAID, one.id, by.person_id, said)
        heard = (await answers_of([one.id])).get(one.id, Answers())
        if not new and said == "applied" and heard.applied is None:
            found = await db.fetch(_APPLIED_AFTER_ALL, list(SAID), one.id, by.person_id, now)
            new = bool(found)
        if new:
            await self.ledger.redraw(SAID, [one.id])
            await audit.record(now, by, f"licence.{said}", f"licences:{one.id}")

    async def applied(self, by: Actor, name: str) -> list[LicenceView]:
        """已申请 in words: of the licence that is named, or the only one that is due.

        Raises Refusal: there is none, or which one.
        """
        waiting = [one for one in await self.records.of_person(by.person_id) if _waits(one)]
        if name:
            kinds = self.records.kinds
            kind = kinds.named(name)
            keys = kinds.shared.get(name, (kind.key,) if kind else ())
            waiting = [one for one in waiting if one.kind.key in keys]
        if len(waiting) == 1:
            await self.answer(waiting[0].id, by, "applied")
        return waiting

    # What is said, at the moment it is sent.

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        ids = [subject.subject_id for subject in subjects]
        found = {one.id: one for one in await self.records.some(ids)}
        heard = await answers_of(ids)
        return {
            subject.message_id: self._standing(
                found[subject.subject_id],
                self.words.card(found[subject.subject_id], heard.get(subject.subject_id)),
            )
            for subject in subjects
            if subject.subject_id in found
        }

    def _standing(self, one: LicenceView, facts: dict[str, Any]) -> Facts:
        if one.state != LicenceState.CURRENT:
            return Facts(facts, False, "the licence was renewed or withdrawn")
        return Facts(facts, not facts["answer"] and not facts["sent"], "answered")

    async def _list_silent(self, silent: Sequence[Silent]) -> None:
        """The head nurse hears who is silent, where she is told of that step at all."""
        views = await self.records.some([ask.subject_id for ask in silent])
        told = [(one, one.step) for one in views if one.step is not None]
        await self.digests.tell_about(told, self.records.today, why="silent")


def _has_acted(one: LicenceView, heard: Answers) -> bool:
    return heard.sent or (heard.applied is not None and one.standing is Standing.DUE)


def _waits(one: LicenceView) -> bool:
    return one.standing in (Standing.DUE, Standing.LATE, Standing.EXPIRED) and bool(one.kind.steps)
