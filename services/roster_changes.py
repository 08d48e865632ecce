"""From changed roster cells to shifts: what is unchanged keeps its id, the rest is replaced."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from models import db
from models.clock import SHANGHAI
from models.duties import duty_of
from models.policies import ReminderPolicy
from models.shift_codes import CodeUse, ShiftCodeTable, ShiftKind
from services.duties import surplus, uses_of

_CANCEL = """
UPDATE shifts SET state = 'cancelled', remind_at = NULL WHERE id = ANY($1)
"""
_INSERT = """
INSERT INTO shifts (unit_id, person_id, day, code, name, kind, role, starts_at, ends_at, hours,
                    counted_minutes, remind_at, roster_id)
SELECT $1, t.* FROM unnest($2::bigint[], $3::date[], $4::text[], $5::text[], $6::text[],
    $7::text[], $8::timestamptz[], $9::timestamptz[], $10::text[], $11::int[],
    $12::timestamptz[], $13::bigint[]) AS t
RETURNING *
"""
_ROSTER = """
INSERT INTO rosters (unit_id, version, first_day, last_day, state, source, source_hash, preview,
                     created_by_id, created_at, published_by_id, published_at)
SELECT $1, CASE WHEN $4 = 'published' THEN coalesce(max(version), 0) + 1 END,
       $2, $3, $4::varchar, $5, $6, $7, $8, $9,
       CASE WHEN $4 = 'published' THEN $8::bigint END,
       CASE WHEN $4 = 'published' THEN $9::timestamptz END
  FROM rosters WHERE unit_id = $1
RETURNING id
"""
_CELLS = """
INSERT INTO roster_cells (roster_id, person_id, day, codes)
SELECT $1, * FROM unnest($2::bigint[], $3::date[], $4::jsonb[])
"""


@dataclass(frozen=True, slots=True)
class CellChange:
    """One person's day: the labels before and after."""

    person_id: int
    day: date
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(slots=True)
class PersonChange:
    """What moved for one person: shifts taken away and shifts given, as rows."""

    gone: list[db.Row] = field(default_factory=list)
    come: list[db.Row] = field(default_factory=list)


async def new_version(
    unit_id: int,
    first: date,
    last: date,
    state: str,
    source: str,
    source_hash: str,
    preview: dict[str, object],
    by: int | None,
    now: datetime,
) -> int:
    """The next roster version of a unit. The caller holds the unit's roster lock."""
    body = json.dumps(preview, ensure_ascii=False, default=str)
    version: int = await db.fetch_value(
        _ROSTER, unit_id, first, last, state, source[:255], source_hash, body, by, now
    )
    return version


async def store_cells(roster_id: int, cells: Sequence[tuple[int, date, Sequence[str]]]) -> None:
    await db.execute(
        _CELLS,
        roster_id,
        [person for person, _, _ in cells],
        [day for _, day, _ in cells],
        [json.dumps(list(codes), ensure_ascii=False) for _, _, codes in cells],
    )


async def apply(
    unit_id: int,
    roster_id: int,
    changes: Sequence[CellChange],
    table: ShiftCodeTable,
    policy: ReminderPolicy,
    now: datetime,
) -> dict[int, PersonChange]:
    """Make the shifts of a unit follow these cell changes; person → what moved for them."""
    result: dict[int, PersonChange] = {}
    gone = await _superseded(unit_id, changes)
    for row in gone:
        result.setdefault(row["person_id"], PersonChange()).gone.append(row)
    await db.execute(_CANCEL, [row["id"] for row in gone])
    fresh = [
        (change, use)
        for change in changes
        for use in uses_of(table, surplus(change.new, change.old))
    ]
    for row in await _insert(unit_id, roster_id, fresh, policy, now):
        result.setdefault(row["person_id"], PersonChange()).come.append(row)
    return result


async def _superseded(unit_id: int, changes: Sequence[CellChange]) -> list[db.Row]:
    rows = await db.fetch(
        "SELECT * FROM shifts WHERE unit_id = $1 AND state = 'planned' AND (person_id, day) IN "
        "(SELECT * FROM unnest($2::bigint[], $3::date[])) ORDER BY id FOR UPDATE",
        unit_id,
        [change.person_id for change in changes],
        [change.day for change in changes],
    )
    leaving = {
        (change.person_id, change.day): Counter(surplus(change.old, change.new))
        for change in changes
    }
    return [row for row in rows if leaving[row["person_id"], row["day"]][row["code"]] > 0]


async def _insert(
    unit_id: int,
    roster_id: int,
    fresh: Sequence[tuple[CellChange, CodeUse]],
    policy: ReminderPolicy,
    now: datetime,
) -> list[db.Row]:
    columns: list[list[object]] = [[] for _ in range(12)]
    for change, use in fresh:
        for column, value in zip(
            columns, _shift_values(change, use, policy, now, roster_id), strict=False
        ):
            column.append(value)
    return await db.fetch(_INSERT, unit_id, *columns) if columns[0] else []


def _shift_values(
    change: CellChange, use: CodeUse, policy: ReminderPolicy, now: datetime, roster_id: int
) -> tuple[object, ...]:
    duty = duty_of(use, change.day)
    works = use.code.kind.works or use.code.kind is ShiftKind.STANDBY
    if duty is None or not works or duty.start is None or duty.end is None:
        return ()
    return (
        change.person_id,
        change.day,
        use.label,
        use.code.name,
        str(use.code.kind),
        use.role,
        duty.start,
        duty.end,
        use.hours_text,
        round(use.hours * 60),
        remind_at(duty.start, change.person_id, policy, now),
        roster_id,
    )


def remind_at(
    starts_at: datetime, person_id: int, policy: ReminderPolicy, now: datetime
) -> datetime | None:
    """The evening before, spread over the window by person and day; None when it makes no sense.

    Jitter keeps off minutes 0 and 30, when every bot in the country sends. A shift that enters
    the roster after its evening is reminded of at once, unless it starts today: then whoever
    entered it tells the person, and so does the change notice.
    """
    local = starts_at.astimezone(SHANGHAI)
    evening = local.date() - timedelta(days=1)
    first = datetime.combine(evening, policy.window_start, SHANGHAI)
    last = datetime.combine(evening, policy.window_end, SHANGHAI)
    seed = hashlib.sha256(f"{person_id}:{local.date()}".encode()).digest()
    span = max(int((last - first).total_seconds()) - 120, 1)
    chosen = first + timedelta(seconds=60 + int.from_bytes(seed[:4], "big") % span)
    if chosen >= now:
        return chosen.astimezone(starts_at.tzinfo)
    return now if local.date() > now.astimezone(SHANGHAI).date() else None
