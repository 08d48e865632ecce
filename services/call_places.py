"""An accepted place in a call-out is work like a shift: what the rest rules see of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from models import db
from models.clock import SHANGHAI
from models.duties import Duty
from models.shift_codes import ShiftKind
from models.shift_hours import Span, format_spans, midnight

LABEL = "紧急支援"

# Nobody comes to a drill; what was called off binds nobody; what is over was worked.
_PLACES = """
SELECT a.person_id, c.place, greatest(c.report_at, a.eta) AS starts_at, c.ends_at, p.name AS by
  FROM call_outs c JOIN call_answers a ON a.call_out_id = c.id JOIN persons p ON p.id = c.by_id
 WHERE a.state = 'yes' AND c.kind <> 'drill' AND c.state <> 'cancelled'
   AND c.ends_at > $2 AND c.report_at < $3 AND a.person_id = ANY($1)
 ORDER BY a.person_id, c.report_at, c.id
"""


async def places_of(people: Sequence[int], first: date, last: date) -> dict[int, list[Duty]]:
    """Person → the duties of their places that touch these days; who comes later works later."""
    found: dict[int, list[Duty]] = {}
    for row in await _rows(people, first, last):
        duty = place_duty(row["place"], row["starts_at"], row["ends_at"])
        found.setdefault(row["person_id"], []).append(duty)
    return found


async def own_places(person_id: int, first: date, last: date) -> list[dict[str, Any]]:
    """One person's places that begin on these days: `day`, `label`, `hours`, and `by` whom."""
    found = []
    for row in await _rows([person_id], first, last):
        duty = place_duty(row["place"], row["starts_at"], row["ends_at"])
        if first <= duty.day <= last:
            hours = format_spans(duty.spans)
            found.append({"day": duty.day, "label": duty.label, "hours": hours, "by": row["by"]})
    return found


async def beside_shifts(rows: Sequence[db.Row]) -> dict[int, str]:
    """Shift → the places in words that its person has on the day on which it begins."""
    days = {row["id"]: row["starts_at"].astimezone(SHANGHAI).date() for row in rows}
    if not days:
        return {}
    people = {row["person_id"] for row in rows}
    places = await places_of(list(people), min(days.values()), max(days.values()))
    return {
        row["id"]: "；".join(
            f"{duty.label} {format_spans(duty.spans)}"
            for duty in places.get(row["person_id"], ())
            if duty.day == days[row["id"]]
        )
        for row in rows
    }


async def _rows(people: Sequence[int], first: date, last: date) -> list[db.Row]:
    begin, end = midnight(first), midnight(last + timedelta(days=1))
    return await db.fetch(_PLACES, list(people), begin, end)


def place_duty(place: str, starts_at: datetime, ends_at: datetime) -> Duty:
    """A shift of this length, by night where it is one."""
    start, end = starts_at.astimezone(SHANGHAI), ends_at.astimezone(SHANGHAI)
    hours = (end - start) / timedelta(hours=1)
    return Duty(start.date(), f"{LABEL}({place})", _kind(start.hour), (Span(start, end),), hours)


def _kind(hour: int) -> ShiftKind:
    if hour < 6 or hour >= 20:
        return ShiftKind.NIGHT
    return ShiftKind.EVENING if hour >= 14 else ShiftKind.DAY
