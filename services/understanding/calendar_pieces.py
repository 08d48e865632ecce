"""From a match of the time pattern to a day of the calendar: 本月最后一天, 初八, 元旦那天."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

from services.understanding import days
from services.understanding.clock_pieces import Builder
from services.understanding.mentions import Frame, Mention
from services.understanding.numbers import read_number

_NEAR = timedelta(days=60)  # 初八 said longer before the new year means another month's
_FAR = timedelta(days=183)  # 正月初八 does not


def _named(match: re.Match[str], day: date | None) -> Mention:
    return Mention(*match.span(), day=day, dated=True)


def _end(match: re.Match[str], frame: Frame) -> Mention | None:
    """本月最后一天, 下个月第一天, 12月最后一天, 今年最后一天."""
    today, said = frame.now.date(), match["end_of"]
    if match["end_year"]:
        first, following = date(today.year, 1, 1), date(today.year + 1, 1, 1)
    elif match["end_month"]:
        month = read_number(match["end_month"])
        if month is None or not 1 <= month <= 12:
            return None
        first = date(today.year + (month < today.month), month, 1)
        following = days.first_of_month(first, 1)
    else:
        first = days.first_of_month(today, said.count("下"))
        following = days.first_of_month(first, 1)
    day = first if match["end_which"] != "最后一天" else following - timedelta(days=1)
    return _named(match, day if day >= today else None)


def _lunar(match: re.Match[str], frame: Frame) -> Mention | None:
    """大年初六, 初八, 除夕, 元宵节: within the weeks around the next new year of the table."""
    today = frame.now.date()
    number = match["lunar_day"]
    step = (read_number(number) or 1) - 1 if number else (14 if match["lantern"] else -1)
    reach = _FAR if match["lunar_new"] or not number else _NEAR
    for text in frame.vocabulary.times["lunar_new_year"]:
        day = date.fromisoformat(text) + timedelta(days=step)
        if today <= day <= today + reach:
            return _named(match, day)
    return None


def _holiday(match: re.Match[str], frame: Frame) -> Mention:
    month, day = frame.vocabulary.times["holidays"][match["holiday_name"]]
    return _named(match, days.month_day(month, day, frame.now.date()))


CALENDAR: Mapping[str, Builder] = {"month_end": _end, "lunar": _lunar, "holiday": _holiday}
