"""我的班 and 本周: a person's own days, read from the roster that holds now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from models import db
from models.clock import SHANGHAI
from services.actors import Actor
from services.call_places import own_places
from services.duties import Codes, cells_of_people, uses_of
from services.refusals import Refusal

_SHIFTS = """
SELECT s.id, s.day, s.name, s.code, s.hours, s.role, s.kind, s.starts_at FROM shifts s
 WHERE s.person_id = $1 AND s.state = 'planned' AND s.day BETWEEN $2 AND $3
 ORDER BY s.starts_at
"""


async def days(actor: Actor, codes: Codes, first: date, last: date) -> list[dict[str, Any]]:
    """One entry per day: its shifts, or what kind of rest it is, and the places in call-outs.

    `rostered` says whether a roster speaks of the day; a place may lie beyond the last one.
    """
    cells = await cells_of_people([actor.person_id], first, last)
    shifts = await db.fetch(_SHIFTS, actor.person_id, first, last)
    found: dict[date, dict[str, Any]] = {}
    for cell in cells:
        table = await codes.of_unit(cell["unit_id"])
        mine = [shift for shift in shifts if shift["day"] == cell["day"]]
        rest = "、".join(use.code.name for use in uses_of(table, cell["codes"]))
        if cell["codes"]:
            found[cell["day"]] = _day(cell["day"], mine, "" if mine else rest, rostered=True)
    for place in await own_places(actor.person_id, first, last):
        found.setdefault(place["day"], _day(place["day"]))["places"].append(place)
    return [found[day] for day in sorted(found)]


def _day(
    day: date, shifts: Sequence[db.Row] = (), rest: str = "", *, rostered: bool = False
) -> dict[str, Any]:
    return {"day": day, "shifts": shifts, "rest": rest, "places": [], "rostered": rostered}


def week_of(today: date) -> tuple[date, date]:
    """Monday to Sunday."""
    monday = today - timedelta(days=today.weekday())
    return monday, monday + timedelta(days=6)


async def coming(actor: Actor, now: datetime, days_ahead: int) -> list[db.Row]:
    """Shifts of the next days that have not begun, for choosing one to swap."""
    today = now.astimezone(SHANGHAI).date()
    rows = await db.fetch(_SHIFTS, actor.person_id, today, today + timedelta(days=days_ahead))
    return [row for row in rows if row["starts_at"] > now]


async def one(person_id: int, day: date, code: str) -> db.Row:
    """The one planned shift of a person on a day that `code` means ("" when not said).

    夜 means any shift whose code or name holds it, or a night by its kind. Raises Refusal: none
    that day, or several.
    """
    shifts = [row for row in await db.fetch(_SHIFTS, person_id, day, day) if _means(code, row)]
    exact = [row for row in shifts if code in (row["code"], row["name"])]
    found = exact or shifts
    if not found:
        raise Refusal("no_shift_that_day", day=day, code=code)
    if len(found) > 1:
        names = "、".join(f"{row['name']} {row['hours']}" for row in found)
        raise Refusal("which_shift", day=day, count=len(found), names=names)
    return found[0]


KIND_WORDS = {"夜": "night", "晚": "evening", "白": "day", "日": "day"}


def _means(code: str, row: db.Row) -> bool:
    wanted = code.upper()
    if not wanted or wanted in row["code"].upper() or wanted in row["name"].upper():
        return True
    return bool(KIND_WORDS.get(code) == row["kind"])
