"""Call-outs as the console shows them: who was asked, who comes and when, and whose turn it was.

The offices see all of them; a manager those they launched and those of their units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models import db
from models.callouts import CALL_OPEN, AnswerState
from services import callout_fairness
from services.actors import Actor
from services.callout_fairness import COUNTS, REMEMBERED, FairRow
from services.offices import Office, works_for
from services.permissions import Act, may_anywhere
from services.refusals import Refusal

SHOWN = 300
OFFICES = (Office.HR, Office.NURSING, Office.MEDICAL)

_IN_SCOPE = "($1::boolean OR c.by_id = $2 OR c.unit_id = ANY($3))"
_LISTED = f"""
SELECT c.id, c.kind, c.place, c.skill, c.needed, c.taken, c.state, c.report_at, c.launched_at,
       c.short_at, p.name AS by,
       (SELECT count(*) FROM call_answers a WHERE a.call_out_id = c.id) AS asked
  FROM call_outs c JOIN persons p ON p.id = c.by_id
 WHERE {_IN_SCOPE}
 ORDER BY (c.state IN ('asking', 'full')) DESC, c.launched_at DESC, c.id DESC LIMIT $4
"""
_ONE = f"""
SELECT c.*, p.name AS by, u.name AS unit
  FROM call_outs c JOIN persons p ON p.id = c.by_id LEFT JOIN units u ON u.id = c.unit_id
 WHERE {_IN_SCOPE} AND c.id = $4
"""
_COUNTS = """
SELECT a.state, count(*) AS people,
       count(*) FILTER (WHERE a.state = 'yes' AND a.eta > c.report_at) AS late,
       count(*) FILTER (WHERE a.second_channel_at IS NOT NULL) AS again
  FROM call_answers a JOIN call_outs c ON c.id = a.call_out_id
 WHERE a.call_out_id = $1 GROUP BY a.state
"""
_WAVES = """
SELECT a.wave, min(a.asked_at) AS asked_at, count(*) AS asked,
       count(*) FILTER (WHERE a.state = 'yes') AS yes,
       count(*) FILTER (WHERE a.state = 'no') AS no,
       count(*) FILTER (WHERE a.state = 'asked') AS silent,
       count(*) FILTER (WHERE a.second_channel_at IS NOT NULL) AS again
  FROM call_answers a WHERE a.call_out_id = $1 GROUP BY a.wave ORDER BY a.wave
"""
_PEOPLE = """
SELECT a.person_id, p.name, u.name AS unit, a.wave, a.state, a.asked_at, a.answered_at, a.eta,
       a.second_channel_at
  FROM call_answers a JOIN persons p ON p.id = a.person_id LEFT JOIN units u ON u.id = p.unit_id
 WHERE a.call_out_id = $1 AND a.state = ANY($2)
 ORDER BY coalesce(a.eta, 'infinity'), a.answered_at DESC NULLS LAST, a.asked_at, a.id LIMIT $3
"""
_RISE = """
SELECT answered_at FROM call_answers
 WHERE call_out_id = $1 AND state = 'yes' AND answered_at IS NOT NULL ORDER BY answered_at
"""
_TURNS = f"""
SELECT count(*) AS people, coalesce(sum(asked), 0)::int AS asked,
       coalesce(sum(accepted), 0)::int AS accepted, coalesce(max(accepted), 0) AS most
  FROM ({COUNTS.format(since="$1")}) AS each JOIN persons p ON p.id = each.person_id
 WHERE p.active AND ($2::boolean OR p.unit_id = ANY($3))
"""


class Show(StrEnum):
    """Which of those asked the board lists."""

    YES = "yes"
    SILENT = "silent"
    NO = "no"
    REST = "rest"  # who came too late, may not, gave their place back, or was stood down


STATES: Mapping[Show, tuple[AnswerState, ...]] = {
    Show.YES: (AnswerState.YES,),
    Show.SILENT: (AnswerState.ASKED,),
    Show.NO: (AnswerState.NO,),
    Show.REST: (
        AnswerState.TOO_LATE,
        AnswerState.BARRED,
        AnswerState.LEFT,
        AnswerState.STOOD_DOWN,
    ),
}


@dataclass(frozen=True, slots=True)
class Board:
    """A call-out at this moment. `counts` are people per answer; `late` of those who come arrive
    after the wanted time; `again` were asked a second way. `rise` are the instants of each yes."""

    row: db.Row
    counts: Mapping[str, int]
    late: int
    again: int
    waves: Sequence[db.Row]
    rise: Sequence[datetime]
    show: Show
    people: Sequence[db.Row]

    @property
    def open(self) -> bool:
        return self.row["state"] in CALL_OPEN

    @property
    def asked(self) -> int:
        return sum(self.counts.values())

    def count(self, show: Show) -> int:
        return sum(self.counts.get(state, 0) for state in STATES[show])


async def may_see_all(actor: Actor) -> bool:
    return await works_for(actor, OFFICES)


async def listed(actor: Actor) -> list[db.Row]:
    """Open ones first, then the newest. Raises Refusal("not_allowed")."""
    return await db.fetch(_LISTED, *await _scope(actor), SHOWN)


async def board(actor: Actor, call_out_id: int, show: Show = Show.YES) -> Board:
    """Raises Refusal("not_allowed"), also where there is none."""
    row = await db.fetch_one(_ONE, *await _scope(actor), call_out_id)
    if row is None:
        raise Refusal("not_allowed")
    counts = await db.fetch(_COUNTS, call_out_id)
    people = await db.fetch(_PEOPLE, call_out_id, [str(state) for state in STATES[show]], SHOWN)
    return Board(
        row=row,
        counts={found["state"]: found["people"] for found in counts},
        late=sum(found["late"] for found in counts),
        again=sum(found["again"] for found in counts),
        waves=await db.fetch(_WAVES, call_out_id),
        rise=[found["answered_at"] for found in await db.fetch(_RISE, call_out_id)],
        show=show,
        people=people,
    )


@dataclass(frozen=True, slots=True)
class Fairness:
    """Twelve months of call-outs. `total`: people, asked (drills as well), accepted, most."""

    total: db.Row
    people: Sequence[FairRow]


async def fairness(actor: Actor, now: datetime) -> Fairness:
    """Whose turn it was: everybody for the offices, a manager's own units for a manager."""
    everybody, _, units = await _scope(actor)
    total = await db.fetch_one(_TURNS, now - REMEMBERED, everybody, units)
    assert total is not None
    return Fairness(total, await callout_fairness.fairness(actor, now, SHOWN))


async def _scope(actor: Actor) -> tuple[bool, int, list[int]]:
    if not may_anywhere(actor, Act.CALL_OUT):
        raise Refusal("not_allowed")
    return await may_see_all(actor), actor.person_id, sorted(actor.manages)
