"""Licences of staff: the one way they are written, and how they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from models import db
from models.asks import AskState
from models.clock import SHANGHAI, Clock
from models.licences import LicenceState
from services import audit, licence_rows
from services.actors import Actor
from services.asks import Asks
from services.ledger import Ledger
from services.licence_kinds import LicenceKind, LicenceKinds
from services.licence_records import (
    LicenceFacts,
    LicenceView,
    by_urgency,
    load,
    open_number,
)
from services.licence_steps import end_of_cycle
from services.offices import Office, require_office
from services.refusals import Refusal

DUE = "licences.due"  # what the reminders say to the holder
NAG = "licences.due_nag"
SAID = (DUE, NAG)


class Change(StrEnum):
    """What writing some facts would do to what is on record."""

    NEW = "new"
    SAME = "same"
    DETAILS = "details"  # the end stays, something else is told differently
    RENEWAL = "renewal"  # it ends later than the one on record
    EARLIER = "earlier"  # it ends sooner: the one on record is taken for a mistake
    KEPT = "kept"  # it would end sooner, but somebody compared the one on record: nothing is done


_KEPT = (Change.SAME, Change.KEPT)
_LOCK = "SELECT id FROM persons WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
_CURRENT = """
SELECT l.* FROM licences l JOIN unnest($1::bigint[], $2::text[]) AS t(person_id, kind)
    ON t.person_id = l.person_id AND t.kind = l.kind
 WHERE l.state = 'current'
"""
_CLOSE = "UPDATE licences SET state = $2, next_step_on = NULL WHERE id = ANY($1)"


@dataclass(frozen=True, slots=True)
class _Step:
    """One licence on its way in: what is on record, and what becomes of it."""

    facts: LicenceFacts
    old: db.Row | None
    change: Change


class Licences:
    def __init__(self, kinds: LicenceKinds, ledger: Ledger, asks: Asks, clock: Clock) -> None:
        self.kinds = kinds
        self.ledger = ledger
        self.asks = asks
        self.clock = clock

    @property
    def today(self) -> date:
        return self.clock.now().astimezone(SHANGHAI).date()

    async def put(self, by: Actor | str, facts: LicenceFacts, source: str) -> int:
        """Write down one licence; the id of the row that holds now. See `put_many`."""
        return (await self.put_many(by, [facts], source))[0]

    async def put_many(
        self, by: Actor | str, batch: Sequence[LicenceFacts], source: str
    ) -> list[int]:
        """Write down licences in order; for each the id of the row that holds now.

        A later end makes a new row that names the old one (renewed); an earlier end makes a new
        row as well, and the old one counts as a mistake, except where somebody had compared it
        and nobody has compared this one: then nothing changes. With the same end the row itself
        is corrected. When the end changed the old reminders are over: what was not sent never
        leaves, nobody is waited for, and new ones begin.

        The caller has checked who may. Raises Refusal for an unknown kind and dates that
        contradict one another. Joins the caller's transaction.
        """
        complete = [self._complete(facts) for facts in batch]
        ids: list[int] = []
        async with db.transaction():
            for part in _apart(complete):
                ids += await self._put(by, part, source)
        return ids

    async def compare(self, batch: Sequence[LicenceFacts]) -> list[Change]:
        """What `put_many` would do with each of these (of different licences): for a preview."""
        steps = await self._steps([self._complete(facts) for facts in batch])
        return [step.change for step in steps]

    def end_of(self, facts: LicenceFacts) -> date | None:
        """When it ends, also where that follows from a cycle. Raises Refusal as `put_many`."""
        return self._complete(facts).valid_to

    async def of_person(self, person_id: int) -> list[LicenceView]:
        """All current licences of a person, the most urgent first."""
        where = "l.person_id = $1 AND l.state = 'current'"
        return by_urgency(await load(self.kinds, self.today, where, person_id))

    async def some(self, ids: Sequence[int]) -> list[LicenceView]:
        """These licences, whatever has become of them."""
        return await load(self.kinds, self.today, "l.id = ANY($1)", list(ids))

    async def one(self, licence_id: int) -> LicenceView:
        """Raises Refusal: there is none."""
        found = await self.some([licence_id])
        if not found:
            raise Refusal("licence_unknown")
        return found[0]

    async def history(self, person_id: int) -> list[LicenceView]:
        """Every licence ever written down of a person, newest first."""
        return await load(
            self.kinds, self.today, "l.person_id = $1", person_id, order="l.kind, l.id DESC"
        )

    async def withdraw(self, by: Actor, licence_id: int, reason: str) -> None:
        """Take a licence off the record: entered by mistake. Raises Refusal."""
        await require_office(by, Office.NURSING, Office.MEDICAL, Office.HR)
        if not reason.strip():
            raise Refusal("licence_why_withdrawn")
        async with db.transaction():
            done = await db.fetch_one(
                "UPDATE licences SET state = 'withdrawn', next_step_on = NULL "
                "WHERE id = $1 AND state = 'current' RETURNING id",
                licence_id,
            )
            if done is None:
                raise Refusal("licence_unknown")
            await self._stop_asking([licence_id])
            subject = f"licences:{licence_id}"
            now = self.clock.now()
            await audit.record(now, by, "licence.withdrawn", subject, reason=reason[:200])

    # How facts become rows.

    def _complete(self, facts: LicenceFacts) -> LicenceFacts:
        """Checked, and with the end that follows from when a cycle was last done."""
        if facts.kind not in self.kinds:
            raise Refusal("licence_kind_unknown", name=facts.kind)
        kind = self.kinds[facts.kind]
        if facts.perpetual and facts.valid_to is not None:
            raise Refusal("licence_two_ends", name=kind.name)
        if facts.issued and facts.valid_to and facts.valid_to < facts.issued:
            raise Refusal("licence_ends_before", name=kind.name)
        if kind.cycle and facts.issued and facts.valid_to is None and not facts.perpetual:
            return replace(facts, valid_to=end_of_cycle(kind, facts.issued))
        return facts

    async def _put(self, by: Actor | str, part: Sequence[LicenceFacts], source: str) -> list[int]:
        """Licences that are all different ones, with a few statements for all of them."""
        await db.fetch(_LOCK, sorted({facts.person_id for facts in part}))
        steps = await self._steps(part)
        replaced = _old(steps, Change.RENEWAL)
        mistaken = _old(steps, Change.EARLIER)
        await db.execute(_CLOSE, replaced, str(LicenceState.REPLACED))
        await db.execute(_CLOSE, mistaken, str(LicenceState.WITHDRAWN))
        await self._stop_asking([*replaced, *mistaken])
        corrected = [
            (step.old, step.facts, self.kinds[step.facts.kind])
            for step in steps
            if step.old and step.change is Change.DETAILS
        ]
        await licence_rows.correct(corrected, source, self.today)
        ids = {_key(s.facts): int(s.old["id"]) for s in steps if s.old}
        fresh = [s for s in steps if s.change not in (*_KEPT, Change.DETAILS)]
        ids |= await licence_rows.insert(
            [self._row(step) for step in fresh], source, self.clock.now()
        )
        await self._write_down(by, steps, ids, source)
        return [ids[_key(facts)] for facts in part]

    async def _steps(self, part: Sequence[LicenceFacts]) -> list[_Step]:
        keys = [_key(facts) for facts in part]
        rows = await db.fetch(_CURRENT, [k[0] for k in keys], [k[1] for k in keys])
        current = {(row["person_id"], row["kind"]): row for row in rows}
        found = [(facts, current.get(_key(facts))) for facts in part]
        return [_Step(facts, old, _change(old, facts)) for facts, old in found]

    def _row(self, step: _Step) -> licence_rows.NewRow:
        renews = step.old["id"] if step.old and step.change is Change.RENEWAL else None
        kind: LicenceKind = self.kinds[step.facts.kind]
        known = licence_rows.keeping(step.old, step.facts)
        return licence_rows.new_row(known, kind, renews, self.today)

    async def _stop_asking(self, licences: Sequence[int]) -> None:
        """Their reminders are over: cards that are out show it, nothing more is sent."""
        if not licences:
            return
        await self.ledger.withdraw(SAID, licences, "the licence was renewed or withdrawn")
        await self.asks.close(SAID, licences, AskState.WITHDRAWN)
        await self.ledger.redraw(SAID, licences)

    async def _write_down(
        self,
        by: Actor | str,
        steps: Sequence[_Step],
        ids: Mapping[tuple[int, str], int],
        source: str,
    ) -> None:
        now = self.clock.now()
        entries = []
        for step in steps:
            if step.change is not Change.SAME:
                detail = _told(step) | {"source": source}
                subject = f"licences:{ids[_key(step.facts)]}"
                entries.append((f"licence.{step.change}", subject, detail))
        await audit.record_many(now, by, entries)


def _key(facts: LicenceFacts) -> tuple[int, str]:
    return facts.person_id, facts.kind


def _old(steps: Sequence[_Step], change: Change) -> list[int]:
    return [int(step.old["id"]) for step in steps if step.old and step.change is change]


def _apart(batch: Sequence[LicenceFacts]) -> list[list[LicenceFacts]]:
    """The same licence twice lands in two parts, so that the second sees the first."""
    parts: list[list[LicenceFacts]] = [[]]
    seen: set[tuple[int, str]] = set()
    for facts in batch:
        if _key(facts) in seen:
            parts.append([])
            seen.clear()
        seen.add(_key(facts))
        parts[-1].append(facts)
    return parts


def _change(old: db.Row | None, facts: LicenceFacts) -> Change:
    if old is None:
        return Change.NEW
    if facts.valid_to is None and not facts.perpetual:  # no end is told: the known one stays
        return Change.DETAILS if _differs(old, facts) else Change.SAME
    before, after = _end(old["valid_to"], old["perpetual"]), _end(facts.valid_to, facts.perpetual)
    if before == after:
        return Change.DETAILS if _differs(old, facts) else Change.SAME
    if before is None:
        return Change.DETAILS  # an end becomes known
    if after is not None and after > before:
        return Change.RENEWAL
    compared = old["verified_by_id"] is not None and facts.verified is None
    return Change.KEPT if compared else Change.EARLIER


def _end(valid_to: date | None, perpetual: bool) -> date | None:
    return date.max if perpetual else valid_to


def _differs(old: db.Row, facts: LicenceFacts) -> bool:
    """Whether something that was told is other than what is on record."""
    if facts.number and facts.number != open_number(old["number"]):
        return True
    told = {name: getattr(facts, name) for name in licence_rows.DETAILS}
    told["evidence_id"] = facts.evidence_id
    if any(value and value != old[name] for name, value in told.items()):
        return True
    return facts.verified is not None and facts.verified.by != old["verified_by_id"]


def _told(step: _Step) -> dict[str, object]:
    """For the audit log: dates and who compared; never the number."""
    facts, old = step.facts, step.old
    checked = facts.verified
    return {
        "person": facts.person_id,
        "kind": facts.kind,
        "was": "长期" if old and old["perpetual"] else (old["valid_to"] if old else None),
        "valid_to": "长期" if facts.perpetual else facts.valid_to,
        "against": checked.against if checked else "",
        "verified_by": checked.by if checked else None,
    }
