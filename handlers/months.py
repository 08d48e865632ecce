"""Months as people write them."""

from __future__ import annotations

import calendar
import re
from datetime import date

_MONTH = re.compile(
    r"(?:(20\d\d)\s*[年/.-])?\s*(1[0-2]|0?[1-9])(?:月份?|(?<=\d)(?=$))|(20\d\d)[-/.](1[0-2]|0?[1-9])"
)
_RELATIVE = {"本月": 0, "这个月": 0, "下月": 1, "下个月": 1}

Days = tuple[date, date]


def read_month(text: str, today: date) -> Days | None:
    """First and last day of `2027年1月`, `2027-01`, `1月`, `下月`; None when it is none of these.

    A month without a year is the next one that has not begun.
    """
    if text in _RELATIVE:
        return ahead(today, _RELATIVE[text])
    found = _MONTH.fullmatch(text.strip())
    if found is None or not (found[3] or found[1] or "月" in text):
        return None
    year, month = found[1] or found[3], int(found[2] or found[4])
    if year:
        return whole(int(year), month)
    return whole(today.year + (month <= today.month), month)


def ahead(today: date, months: int) -> Days:
    """The month so many months after today's."""
    count = today.year * 12 + today.month - 1 + months
    return whole(count // 12, count % 12 + 1)


def whole(year: int, month: int) -> Days:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
