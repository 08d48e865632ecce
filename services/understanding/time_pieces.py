"""From a match of the time pattern to the day, part of the day or hour it names."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from services.understanding import days
from services.understanding.calendar_pieces import CALENDAR
from services.understanding.clock_pieces import CLOCKS, Builder, english_number
from services.understanding.mentions import Frame, Mention
from services.understanding.numbers import read_number

_ARRIVAL = re.compile(r"到(?!\d)|来|过来|过去|去")
_TRAVEL = re.compile(r"坐|乘|搭|开车|赶|出发|动身|买票|住过去")
_WEEKS = {"下下": 2, "再下": 2, "下": 1, "这": 0, "本": 0}
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
    month = 1 if match["md_m"] == "元" else read_number(match["md_m"])
    day = read_number(match["md_d"])
    if month is None or day is None:
        return None
    if match["md_y"]:
        year = frame.now.year + (match["md_y"] != "今年")
        return _dated(match, days.exact(year, month, day))
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
    said = match["ahead_n"] or match["over_n"]
    count = read_number(said) if said else english_number(match["in_n"], frame)
    unit = match["ahead_unit"] or match["over_unit"] or match["in_unit"]
    if count is None or not 0 < count <= _MOST:
        return None
    minutes = count * frame.vocabulary.times["units"][unit]
    return _dated(match, (frame.now + timedelta(minutes=minutes)).date())


def _soon(match: re.Match[str], frame: Frame) -> Mention | None:
    """半个小时以后: of an interview on another day it can only be the offered time moved."""
    count = 0.5 if match["soon_n"] == "半" else read_number(match["soon_n"])
    if count is None or count > _MOST or all(_today(offer, frame) for offer in frame.offers):
        return None
    minutes = (count + (0.5 if match["soon_half"] else 0)) * frame.vocabulary.times["units"][
        match["soon_unit"]
    ]
    return Mention(*match.span(), shift=timedelta(minutes=minutes))


def _today(offer: datetime, frame: Frame) -> bool:
    return offer.date() == frame.now.date()


def _english_shift(match: re.Match[str], frame: Frame) -> Mention | None:
    """an hour later, postpone by two days; 30 minutes alone says how long something takes."""
    way = match["es_way"]
    if not (way or match["es_back"]):
        return None
    count = 0.5 if match["es_half"] else english_number(match["es_n"], frame)
    if count is None or count > _MOST:
        return None
    minutes = count * frame.vocabulary.times["units"][match["es_unit"]]
    forward = way in ("later", "after that", None)
    return Mention(*match.span(), shift=timedelta(minutes=minutes if forward else -minutes))


def _ordinal(match: re.Match[str], frame: Frame) -> Mention | None:
    """the 10th."""
    day = int(match["ord"])
    if not 1 <= day <= 31:
        return None
    return _dated(match, days.day_of_month(day, frame.now.date(), frame.offers))


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
    other = "morning" if match[0] == "早" else "evening"
    return Mention(*match.span(), part=frame.vocabulary.times["parts"].get(match[0], other))


def _point(match: re.Match[str], frame: Frame) -> Mention | None:
    """12.5 is a day; where that is none within reach, 10.30 is an hour."""
    first, second = int(match["pt_a"]), int(match["pt_b"])
    day = days.month_day(first, second, frame.now.date())
    if day is not None:
        return _dated(match, day)
    if match["pt_sign"] == "." and 7 <= first <= 20 and len(match["pt_b"]) == 2 and second < 60:
        return Mention(*match.span(), clock=time(first, second))
    return _dated(match, None) if first <= 12 and 1 <= second <= 31 else None


def _shift(match: re.Match[str], frame: Frame) -> Mention | None:
    times = frame.vocabulary.times
    count = 0.5 if match["sh_n"] == "半" else read_number(match["sh_n"] or "一")
    if count is None or count > _MOST:
        return None
    minutes = (count + (0.5 if match["sh_half"] else 0)) * times["units"][match["sh_unit"]]
    shift = timedelta(minutes=minutes * times["shifts"][match["sh_way"]])
    if timedelta() > shift > -timedelta(days=1):
        arrival = _ARRIVAL.match(match.string, match.end())
        if arrival is not None:
            return Mention(match.start(), arrival.end(), arrival=True)
    if shift < timedelta() and _TRAVEL.match(match.string, match.end()):
        return Mention(*match.span(), arrival=True)
    return Mention(*match.span(), shift=shift)


_BUILDERS: dict[str, Builder] = {
    **CLOCKS,
    **CALENDAR,
    "shift": _shift,
    "iso": _iso,
    "md": _month_day,
    "nm": _next_month,
    "week": _week,
    "day": _day,
    "with_part": _with_part,
    "now_day": _now_day,
    "offer_day": _offer_day,
    "point": _point,
    "en_week": _english_week,
    "en_md": _english_month_day,
    "en_dm": _english_day_month,
    "ahead": _ahead,
    "soon": _soon,
    "en_shift": _english_shift,
    "ordinal": _ordinal,
    "part": _part,
}
