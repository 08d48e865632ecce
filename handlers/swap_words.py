"""换班 1205夜 王 1207: what people write, taken apart. No database, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

WEEKDAYS = {name: index for index, name in enumerate("一二三四五六日")} | {"天": 6}
RELATIVE = {"今天": 0, "今晚": 0, "明天": 1, "明晚": 1, "后天": 2, "大后天": 3}
_DAY = re.compile(
    r"(?P<relative>大后天|今天|今晚|明天|明晚|后天)"
    r"|(?P<next>下)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])"
    r"|(?P<year>20\d\d)[-./年](?P<ymonth>\d{1,2})[-./月](?P<yday>\d{1,2})[日号]?"
    r"|(?P<month>\d{1,2})[-./月](?P<day>\d{1,2})[日号]?"
    r"|(?P<digits>\d{4})(?!\d)"
    r"|(?P<only>\d{1,2})[日号]"
)
_LEAD = re.compile(r"^[\s::,,是]+")
_FILLERS = re.compile(r"[和跟找给与]")
_BECAUSE = re.compile(r"[,,。;;]|因为|原因")


@dataclass(frozen=True, slots=True)
class Wish:
    """One's own day and code ("" when not said), the colleague, and their day and code."""

    day: date
    code: str
    colleague: str
    take_day: date | None = None
    take_code: str = ""
    reason: str = ""


class Unclear(ValueError):
    """`part` is what could not be read as a day."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


def read_day(text: str, today: date) -> tuple[date, str] | None:
    """The day a text begins with, and the rest. A day without a year is the next such day."""
    found = _DAY.match(text)
    if found is None:
        return None
    day = _day_of(found, today)
    return None if day is None else (day, text[found.end() :].strip())


def _day_of(found: re.Match[str], today: date) -> date | None:
    parts = found.groupdict()
    if parts["relative"]:
        return today + timedelta(days=RELATIVE[parts["relative"]])
    if parts["weekday"]:
        return _weekday(WEEKDAYS[parts["weekday"]], bool(parts["next"]), today)
    if parts["year"]:
        return _valid(int(parts["year"]), int(parts["ymonth"]), int(parts["yday"]))
    if parts["digits"]:
        return _coming(int(parts["digits"][:2]), int(parts["digits"][2:]), today)
    if parts["only"]:
        this_month = _valid(today.year, today.month, int(parts["only"]))
        if this_month is not None and this_month >= today:
            return this_month
        return _coming(today.month % 12 + 1, int(parts["only"]), today)
    return _coming(int(parts["month"]), int(parts["day"]), today)


def _weekday(index: int, next_week: bool, today: date) -> date:
    monday = today - timedelta(days=today.weekday())
    day = monday + timedelta(days=index + (7 if next_week else 0))
    return day if next_week or day >= today else day + timedelta(days=7)


def _coming(month: int, day: int, today: date) -> date | None:
    this_year = _valid(today.year, month, day)
    if this_year is not None and this_year >= today - timedelta(days=1):
        return this_year
    return _valid(today.year + 1, month, day)


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_wish(text: str, today: date) -> Wish:
    """`1205夜 王`, `明天 王小明 1207白`, with an optional reason after a comma.

    Raises Unclear naming the part that is no day.
    """
    asked, *said = _BECAUSE.split(text, maxsplit=1)
    reason = _LEAD.sub("", said[0]).strip() if said else ""
    words = _FILLERS.sub(" ", asked).split()
    if not words:
        raise Unclear("")
    first = read_day(words[0], today)
    if first is None:
        raise Unclear(words[0])
    day, code = first
    rest = words[1:]
    if not code and len(rest) > 1 and read_day(rest[1], today) is None:
        code, rest = rest[0], rest[1:]
    if not rest:
        raise Unclear(text.strip())
    return _with_take(day, code, rest, today, reason)


def _with_take(day: date, code: str, rest: list[str], today: date, reason: str) -> Wish:
    colleague = rest[0]
    if len(rest) == 1:
        return Wish(day, _plain(code), colleague, reason=reason)
    taken = read_day(rest[1], today)
    if taken is None:
        raise Unclear(rest[1])
    take_day, take_code = taken
    if not take_code and len(rest) > 2:
        take_code = rest[2]
    return Wish(day, _plain(code), colleague, take_day, _plain(take_code), reason)


def _plain(code: str) -> str:
    """夜班 and 的夜班 are 夜."""
    return code.removeprefix("的").removesuffix("班") or ""
