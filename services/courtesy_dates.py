"""The days a text names: 11月25日(周三), 2026-11-25, 十一月二十五日."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.calendar_days import weekday_name

_NUMERAL = r"\d{1,2}|[一二三四五六七八九十]{1,3}"
_DAY = re.compile(
    rf"(?:(?P<year>\d{{4}})年)?(?P<month>{_NUMERAL})月(?P<day>{_NUMERAL})[日号]"
    r"(?:\(?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])\)?)?"
    r"|(?<!\d)(?P<iso_year>\d{4})[-/.](?P<iso_month>\d{1,2})[-/.](?P<iso_day>\d{1,2})(?!\d)"
)
_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Written:
    """A day as written, at text[start:end]; `year` and `weekday` (周三) only where they stand."""

    month: int
    day: int
    year: int | None
    weekday: str
    start: int
    end: int

    def fits(self, day: date) -> bool:
        same = (self.month, self.day) == (day.month, day.day)
        return same and self.year in {None, day.year}

    def weekday_fits(self, day: date) -> bool:
        return self.weekday in {"", weekday_name(day)}


def written_dates(text: str) -> Iterator[Written]:
    """Every day of the folded `text`, in order; days that do not exist are yielded too."""
    for found in _DAY.finditer(text):
        year = found["year"] or found["iso_year"]
        month, day = found["month"] or found["iso_month"], found["day"] or found["iso_day"]
        weekday = (found["weekday"] or "").replace("天", "日")
        yield Written(
            _number(month),
            _number(day),
            int(year) if year else None,
            f"周{weekday}" if weekday else "",
            *found.span(),
        )


def _number(text: str) -> int:
    """十一 → 11, 二十五 → 25, 08 → 8."""
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        return _DIGITS.index(text) if len(text) == 1 else 0
    return (_DIGITS.index(tens[0]) if tens else 1) * 10 + (_DIGITS.index(ones[0]) if ones else 0)
