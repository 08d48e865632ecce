"""入职 王小明 1210: a name or staff number, and a day, taken apart. No database, no clock."""

from __future__ import annotations

import re
from datetime import date, timedelta

from handlers.swap_words import Unclear, read_day

LATELY = timedelta(days=31)
_JOINED = re.compile(r"([\u4e00-\u9fff·]{2,})(\d.*)")


def read_name_and_day(text: str, today: date) -> tuple[str, date | None]:
    """The name ("" when there is none) and the day, None where none was written.

    A day without a year is the nearest one that makes sense here: up to a month ago, else to come.
    Raises Unclear: what follows the name is no day.
    """
    name, _, rest = text.strip().partition(" ")
    joined = _JOINED.fullmatch(name)
    if joined is not None and not rest:
        name, rest = joined[1], joined[2]
    rest = rest.strip(" ,，。")
    if not rest:
        return name, None
    found = read_day(rest, today)
    if found is None or found[1].strip(" ,，。"):
        raise Unclear(rest)
    return name, found[0] if str(found[0].year) in rest else _near(found[0], today)


def _near(day: date, today: date) -> date:
    if day.month == 2 and day.day == 29:
        return day
    before = day.replace(year=day.year - 1)
    return before if today - LATELY <= before <= today else day
