"""From a match of the time pattern to the day, part of the day or hour it names."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time, timedelta

from services.understanding import days
from services.understanding.mentions import Frame, Mention
from services.understanding.numbers import read_number

_ARRIVAL = re.compile(r"到(?!\d)|来|过来|过去|去")
_WEEKS = {"下下": 2, "下": 1, "这": 0, "本": 0}
_WEEKDAYS = {char: number for number, char in enumerate("一二三四五六日")} | {"天": 6}
_MOST = 60  # of minutes, hours, days: more is no shift of an interview


def piece_of(match: re.Match[str], frame: Frame) -> Mention | None:
    """What one match of the pattern names; None when it is no time after all, such as 三十五号."""
    return _BUILDERS[match.lastgroup or ""](match, frame)


def _dated(
    match: re.Match[str], day: date | None, *, anchor: bool = False, by_weekday: bool = False
) -> Mention:
    return Mention(*match.span(), day=day, dated=True, anchor=anchor, by_weekday=by_weekday)


def _iso(match: re.Match[str], _: Frame) -> Mention:
    return _dated(match, days.exact(*(int(match[name]) for name in ("iso_y", "iso_m", "iso_d"))))


def _month_day(match: re.Match[str], frame: Frame) -> Mention | None:
    month, day = read_number(match["md_m"]), read_number(match["md_d"])
    if month is None or day is None:
        return None
    return _dated(match, days.month_day(month, day, frame.now.date()))


def _next_month(match: re.Match[str], frame: Frame) -> Mention | None:
    day = read_number(match["nm_d"])
    months = 1 if match["nm_which"].startswith("下") else 0
    if day is None:
        return None
    return _dated(match, days.day_of_next_month(day, months, frame.now.date()))


def _week(match: re.Match[str], frame: Frame) -> Mention:
    sign = match["week_day"]
    number = int(sign) - 1 if sign.isdecimal() else _WEEKDAYS[sign]
    week = _WEEKS[match["week_of"].removesuffix("个")] if match["week_of"] else None
    day = days.weekday(number, week, frame.now.date(), frame.offers)
    return _dated(match, day, by_weekday=True)


def _english_week(match: re.Match[str], frame: Frame) -> Mention:
    number = frame.vocabulary.times["weekdays"][match["en_day"]]
    week = {"next": 1, "this": 0}.get(match["en_of"] or "")
    day = days.weekday(number, week, frame.now.date(), frame.offers)
    return _dated(match, day, by_weekday=True)


def _english_month_day(match: re.Match[str], frame: Frame) -> Mention:
    month = frame.vocabulary.times["months"][match["en_m"]]
    return _dated(match, days.month_day(month, int(match["en_d"]), frame.now.date()))


def _english_day_month(match: re.Match[str], frame: Frame) -> Mention:
    month = frame.vocabulary.times["months"][match["en2_m"]]
    return _dated(match, days.month_day(month, int(match["en2_d"]), frame.now.date()))


def _ahead(match: re.Match[str], frame: Frame) -> Mention | None:
    """三天后, 两周后: counted from today."""
    count = read_number(match["ahead_n"])
    if count is None or not 0 < count <= _MOST:
        return None
    minutes = count * frame.vocabulary.times["units"][match["ahead_unit"]]
    return _dated(match, (frame.now + timedelta(minutes=minutes)).date())


def _day(match: re.Match[str], frame: Frame) -> Mention | None:
    day = read_number(match["day_n"])
    if day is None or not 1 <= day <= 31:
        return None
    return _dated(match, days.day_of_month(day, frame.now.date(), frame.offers))


def _now_day(match: re.Match[str], frame: Frame) -> Mention:
    step = frame.vocabulary.times["days_from_now"][match[0]]
    return _dated(match, frame.now.date() + timedelta(days=step))


def _offer_day(match: re.Match[str], frame: Frame) -> Mention:
    step = frame.vocabulary.times["days_from_offer"][match[0]]
    day = frame.offered_day
    return _dated(match, day and day + timedelta(days=step), anchor=step == 0)


def _with_part(match: re.Match[str], frame: Frame) -> Mention:
    step, part = frame.vocabulary.times["days_with_part"][match[0]]
    day = frame.now.date() + timedelta(days=step)
    return Mention(*match.span(), day=day, dated=True, part=part)


def _part(match: re.Match[str], frame: Frame) -> Mention:
    return Mention(*match.span(), part=frame.vocabulary.times["parts"].get(match[0], "evening"))


def _point(match: re.Match[str], frame: Frame) -> Mention | None:
    """12.5 is a day; where that is none within reach, 10.30 is an hour."""
    first, second = int(match["pt_a"]), int(match["pt_b"])
    day = days.month_day(first, second, frame.now.date())
    if day is not None:
        return _dated(match, day)
    if match["pt_sign"] == "." and 7 <= first <= 20 and len(match["pt_b"]) == 2 and second < 60:
        return Mention(*match.span(), clock=time(first, second))
    return _dated(match, None) if first <= 12 and 1 <= second <= 31 else None


def _clock(match: re.Match[str], _: Frame) -> Mention | None:
    hour = read_number(match["from"] or match["hour"])
    ends = {"半": 30, "一刻": 15, "三刻": 45, None: 0}
    minute = read_number(match["minute"]) if match["minute"] else ends[match["half"]]
    if match["from"]:
        minute = 0
    return _at(match, hour, minute)


def _colon(match: re.Match[str], _: Frame) -> Mention | None:
    return _at(match, int(match["col_h"]), int(match["col_m"]), match["col_half"])


def _ampm(match: re.Match[str], _: Frame) -> Mention | None:
    return _at(match, int(match["ap_h"]), 0, match["ap_half"])


def _oclock(match: re.Match[str], _: Frame) -> Mention | None:
    return _at(match, int(match["at_h"] or match["oc_h"]), 0)


def _at(
    match: re.Match[str], hour: int | None, minute: int | None, half: str | None = None
) -> Mention | None:
    if hour is None or minute is None or hour > 24 or minute > 59:
        return None
    part = {"am": "morning", "pm": "noon" if hour == 12 else "afternoon"}.get(half or "")
    clock = time(hour % 24, minute)
    return Mention(*match.span(), part=part, clock=clock, exact_clock=part is not None)


def _shift(match: re.Match[str], frame: Frame) -> Mention | None:
    times = frame.vocabulary.times
    count = 0.5 if match["sh_n"] == "半" else read_number(match["sh_n"] or "一")
    if count is None or count > _MOST:
        return None
    minutes = (count + (0.5 if match["sh_half"] else 0)) * times["units"][match["sh_unit"]]
    shift = timedelta(minutes=minutes * times["shifts"][match["sh_way"]])
    if shift.days >= -1 and abs(shift) < timedelta(days=1) and shift < timedelta():
        arrival = _ARRIVAL.match(match.string, match.end())
        if arrival is not None:
            return Mention(match.start(), arrival.end(), arrival=True)
    return Mention(*match.span(), shift=shift)


_BUILDERS: dict[str, Callable[[re.Match[str], Frame], Mention | None]] = {
    "shift": _shift,
    "iso": _iso,
    "md": _month_day,
    "nm": _next_month,
    "week": _week,
    "day": _day,
    "with_part": _with_part,
    "now_day": _now_day,
    "offer_day": _offer_day,
    "colon": _colon,
    "ampm": _ampm,
    "oclock": _oclock,
    "point": _point,
    "clock": _clock,
    "en_week": _english_week,
    "en_md": _english_month_day,
    "en_dm": _english_day_month,
    "ahead": _ahead,
    "part": _part,
}
