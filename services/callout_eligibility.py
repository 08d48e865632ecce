"""Whom a call-out may ask, in which order, and why it may not ask the others.

A handful of statements however many people there are; the rest is decided in memory.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from models import db
from models.callouts import AnswerState
from models.clock import SHANGHAI, Clock
from models.people import WARD
from models.rest import Violation
from services.callout_fairness import COUNTS, REMEMBERED
from services.callout_rules import CallOutRules
from services.callout_wish import CallWish, duty_of
from services.duties import RestCheck
from services.duty_check import hard_breaks
from services.reach import Ladder
from services.skills import Skill, Skills


class Excluded(StrEnum):
    """Why somebody is not asked. Protection of pregnant and nursing women counts as REST:
    it is health data, and the launcher needs no more than that the rules forbid it."""

    ASKED = "asked"  # has answered this call-out, or is being asked
    SKILL = "skill"
    LICENCE = "licence"
    LEAVE = "leave"
    ON_DUTY = "on_duty"
    REST = "rest"
    BUSY = "busy"  # goes to another call-out, or is being asked by one
    FAR = "far"
    NO_CHANNEL = "no_channel"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be asked; `minutes` is how long they need to come."""

    person_id: int
    name: str
    unit: str
    minutes: int
    accepted: int
    asked: int


@dataclass(frozen=True, slots=True)
class Pool:
    """`people` in the order in which they are asked; `reasons` says why the others are not."""

    people: tuple[Candidate, ...]
    reasons: Mapping[int, Excluded]

    @property
    def excluded(self) -> dict[Excluded, int]:
        counted = Counter(self.reasons.values())
        return {reason: counted[reason] for reason in Excluded if counted[reason]}


@dataclass(frozen=True, slots=True)
class Barred:
    """Why somebody may not come: the rules that forbid it, or the `place` they go to instead."""

    reason: Excluded
    violations: Sequence[Violation] = ()
    place: str = ""


_PEOPLE = f"""
SELECT p.id, p.name, coalesce(u.name, '') AS unit, coalesce(u.kind, '') AS kind,
       p.skills::text AS skills, p.travel_minutes, coalesce(f.asked, 0) AS asked,
       coalesce(f.accepted, 0) AS accepted, mine.state AS mine
  FROM persons p
  LEFT JOIN units u ON u.id = p.unit_id
  LEFT JOIN ({COUNTS.format(since="$1")}) f ON f.person_id = p.id
  LEFT JOIN call_answers mine ON mine.call_out_id = $2 AND mine.person_id = p.id
 WHERE p.active AND p.id <> $3
"""
_ONE = """
SELECT p.id, coalesce(u.kind, '') AS kind, p.skills::text AS skills
  FROM persons p LEFT JOIN units u ON u.id = p.unit_id WHERE p.id = $1 AND p.active
"""
_LICENCES = """
SELECT person_id, kind FROM licences
 WHERE state = 'current' AND kind = ANY($1) AND person_id = ANY($3)
   AND (perpetual OR valid_to IS NULL OR valid_to >= $2)
"""
_BUSY = """
SELECT DISTINCT a.person_id FROM call_answers a JOIN call_outs c ON c.id = a.call_out_id
 WHERE c.kind <> 'drill' AND c.id <> $1 AND c.state <> 'cancelled' AND c.ends_at > $2
   AND (a.state = 'yes' AND c.report_at < $4 AND c.ends_at > $3
        OR a.state = 'asked' AND c.state = 'asking')
"""
_LEAVE = """
SELECT DISTINCT person_id FROM wishes
 WHERE kind = 'leave' AND withdrawn_at IS NULL AND first_day <= $2 AND last_day >= $1
   AND person_id = ANY($3)
"""
# They wanted to come when it was full; then whoever was not asked yet; then those sent to bed.
_AGAIN = {AnswerState.TOO_LATE: 0, None: 1, AnswerState.STOOD_DOWN: 2}
_RULES = {
    "licence": Excluded.LICENCE,
    "absence": Excluded.LEAVE,
    "leaving": Excluded.LEAVE,
    "overlap": Excluded.ON_DUTY,
}


class Eligibility:
    def __init__(
        self, rest: RestCheck, skills: Skills, ladder: Ladder, rules: CallOutRules, clock: Clock
    ) -> None:
        self.rest = rest
        self.skills = skills
        self.ladder = ladder
        self.rules = rules
        self.clock = clock

    async def pool(self, wish: CallWish, launcher: int, call_out_id: int = 0) -> Pool:
        """Whom to ask for this wish now. Everybody of the house is looked at, once."""
        now = self.clock.now()
        rows = await db.fetch(_PEOPLE, now - REMEMBERED, call_out_id, launcher)
        reasons: dict[int, Excluded] = {}
        left = self._not_asked(rows, reasons)
        left = await self._skilled(left, wish, reasons)
        left = await self._free(left, wish, call_out_id, reasons)
        left = self._near(left, wish, reasons)
        left = await self._reachable(left, reasons)
        left = await self._rested(left, wish, reasons)
        left.sort(key=self._rank)
        return Pool(tuple(self._candidate(row) for row in left), reasons)

    async def unfit(self, wish: CallWish, person_id: int) -> Excluded | None:
        """Why this one person may not come, but for the rest rules: gone, no skill, no licence or
        on leave. A skill that the hospital has dropped since is asked of nobody."""
        rows = await db.fetch(_ONE, person_id)
        if not rows:
            return Excluded.LEAVE
        reasons: dict[int, Excluded] = {}
        if not wish.skill or wish.skill in self.skills:
            await self._skilled(rows, wish, reasons)
        if not reasons and await self._away(wish, rows):
            return Excluded.LEAVE
        return reasons.get(person_id)

    def _not_asked(self, rows: Sequence[db.Row], reasons: dict[int, Excluded]) -> list[db.Row]:
        asked = [row["id"] for row in rows if row["mine"] not in _AGAIN]
        return _without(rows, asked, Excluded.ASKED, reasons)

    async def _skilled(
        self, rows: Sequence[db.Row], wish: CallWish, reasons: dict[int, Excluded]
    ) -> list[db.Row]:
        if not wish.skill:
            return _without(
                rows, [row["id"] for row in rows if row["kind"] != WARD], Excluded.SKILL, reasons
            )
        skill = self.skills[wish.skill]
        valid = await self._valid(skill, _last_day(wish), rows)
        # A skill that is called as a licence is held by whoever has that licence.
        able = {
            row["id"]
            for row in rows
            if skill.key in json.loads(row["skills"]) or skill.key in valid.get(row["id"], ())
        }
        left = _without(rows, _others(rows, able), Excluded.SKILL, reasons)
        held = {row["id"] for row in left if skill.held_with(valid.get(row["id"], set()))}
        return _without(left, _others(left, held), Excluded.LICENCE, reasons)

    async def _valid(self, skill: Skill, day: date, rows: Sequence[db.Row]) -> dict[int, set[str]]:
        """Person → kinds of this skill's licences that are valid on the day."""
        kinds = list({*skill.all_of, *skill.any_of})
        people = [row["id"] for row in rows]
        found: dict[int, set[str]] = {}
        for row in await db.fetch(_LICENCES, kinds, day, people) if kinds else []:
            found.setdefault(row["person_id"], set()).add(row["kind"])
        return found

    async def _free(
        self,
        rows: Sequence[db.Row],
        wish: CallWish,
        call_out_id: int,
        reasons: dict[int, Excluded],
    ) -> list[db.Row]:
        away, now = await self._away(wish, rows), self.clock.now()
        taken = await db.fetch(_BUSY, call_out_id, now, wish.report_at, wish.ends_at)
        left = _without(rows, away, Excluded.LEAVE, reasons)
        return _without(left, [row["person_id"] for row in taken], Excluded.BUSY, reasons)

    async def _away(self, wish: CallWish, rows: Sequence[db.Row]) -> list[int]:
        """Who of these is on leave on a day of it."""
        day, people = wish.report_at.astimezone(SHANGHAI).date(), [row["id"] for row in rows]
        found = await db.fetch(_LEAVE, day, _last_day(wish), people)
        return [row["person_id"] for row in found]

    def _near(
        self, rows: Sequence[db.Row], wish: CallWish, reasons: dict[int, Excluded]
    ) -> list[db.Row]:
        latest = wish.report_at + self.rules.late - self.clock.now()
        far = [row["id"] for row in rows if timedelta(minutes=self._minutes(row)) > latest]
        return _without(rows, far, Excluded.FAR, reasons)

    async def _reachable(
        self, rows: Sequence[db.Row], reasons: dict[int, Excluded]
    ) -> list[db.Row]:
        rungs = await self.ladder.rungs([row["id"] for row in rows])
        return _without(rows, _others(rows, rungs), Excluded.NO_CHANNEL, reasons)

    async def _rested(
        self, rows: Sequence[db.Row], wish: CallWish, reasons: dict[int, Excluded]
    ) -> list[db.Row]:
        broken = await hard_breaks(self.rest, duty_of(wish), [row["id"] for row in rows])
        for person, violations in broken.items():
            reasons[person] = reason_of(violations)
        return [row for row in rows if row["id"] not in broken]

    def _rank(self, row: db.Row) -> tuple[int, ...]:
        """Fewest accepted, then fewest asked in twelve months, then nearest."""
        again = _AGAIN[row["mine"]]
        return again, row["accepted"], row["asked"], self._minutes(row), row["id"]

    def _minutes(self, row: db.Row) -> int:
        known: int | None = row["travel_minutes"]
        return self.rules.travel // timedelta(minutes=1) if known is None else known

    def _candidate(self, row: db.Row) -> Candidate:
        return Candidate(
            row["id"], row["name"], row["unit"], self._minutes(row), row["accepted"], row["asked"]
        )


def reason_of(violations: Sequence[Violation]) -> Excluded:
    found = {_RULES.get(violation.rule.rule, Excluded.REST) for violation in violations}
    return next(reason for reason in Excluded if reason in found)


def _last_day(wish: CallWish) -> date:
    """The last day they work; an end at midnight belongs to the day before."""
    return (wish.ends_at - timedelta(minutes=1)).astimezone(SHANGHAI).date()


def _others(rows: Sequence[db.Row], able: Iterable[int]) -> list[int]:
    kept = set(able)
    return [row["id"] for row in rows if row["id"] not in kept]


def _without(
    rows: Sequence[db.Row],
    out: Iterable[int],
    reason: Excluded,
    reasons: dict[int, Excluded],
) -> list[db.Row]:
    """The rows that are left, each of the others with its reason."""
    gone = set(out)
    reasons.update({row["id"]: reason for row in rows if row["id"] in gone})
    return [row for row in rows if row["id"] not in gone]
