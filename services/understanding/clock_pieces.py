"""From a match of the time pattern to the hour it names, in Chinese, digits or English words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import time, timedelta

from services.understanding.mentions import Frame, Mention
from services.understanding.numbers import read_number

Builder = Callable[[re.Match[str], Frame], Mention | None]


def english_number(said: str, frame: Frame) -> int | None:
    if said.isdecimal():
        return int(said)
    return 1 if said in ("a", "an") else frame.vocabulary.times["numbers"].get(said)


def _spoken(match: re.Match[str], frame: Frame) -> Mention | None:
    """half past two, quarter to three, two thirty, three pm."""
    hour = english_number(match["sc_h"] or match["sw_h"], frame)
    minutes = {"fifteen": 15, "thirty": 30, "forty-five": 45, "forty five": 45}
    minute = minutes.get(match["sc_m"] or match["sw_m"] or "", 0)
    by = match["sc_by"] or ""
    minute += 30 if by.startswith("half") else 15 if by == "quarter past" else 0
    if by == "quarter to" and hour is not None:
        hour, minute = (hour - 1) % 12 or 12, 45
    return _at(match, hour, minute, match["sc_half"] or match["sw_half"] or match["so_half"])


def _behind(match: re.Match[str], _: Frame) -> Mention | None:
    """PM2:30, pm 3点."""
    minute = 30 if match["bh_30"] else int(match["bh_m"] or 0)
    return _at(match, int(match["bh_h"]), minute, match["bh_half"])


def _same(match: re.Match[str], frame: Frame) -> Mention | None:
    """下周四同一时间: the hour all offers share."""
    clocks = {offer.time() for offer in frame.offers}
    return Mention(*match.span(), clock=clocks.pop(), same=True) if len(clocks) == 1 else None


def _same_next(match: re.Match[str], frame: Frame) -> Mention | None:
    """下周同一时间, same time next week: a week after the only offer."""
    if len(frame.offers) != 1:
        return None
    moved = frame.offers[0] + timedelta(weeks=1)
    return Mention(*match.span(), day=moved.date(), dated=True, clock=moved.time())


def _noon(match: re.Match[str], _: Frame) -> Mention:
    """noon is twelve; 中午 is a part of the day."""
    return Mention(*match.span(), part="noon", clock=time(12), exact_clock=True)


def _clock(match: re.Match[str], _: Frame) -> Mention | None:
    hour = read_number(match["from"] or match["hour"])
    ends = {"半": 30, "一刻": 15, "三刻": 45, None: 0}
    minute = read_number(match["minute"]) if match["minute"] else ends[match["half"]]
    if match["from"]:
        minute = 0
    lack = match["lack"] or match["lack_after"]
    if lack and hour:
        hour, minute = (hour - 1) or 12, 60 - {"一刻": 15, "十分": 10, "五分": 5}[lack]
    return _at(match, hour, minute)


def _colon(match: re.Match[str], _: Frame) -> Mention | None:
    return _at(match, int(match["col_h"]), int(match["col_m"]), match["col_half"])


def _ampm(match: re.Match[str], _: Frame) -> Mention | None:
    return _at(match, int(match["ap_h"]), int(match["ap_m"] or 0), match["ap_half"])


def _oclock(match: re.Match[str], _: Frame) -> Mention | None:
    return _at(match, int(match["at_h"] or match["oc_h"]), 0)


def _at(
    match: re.Match[str], hour: int | None, minute: int | None, half: str | None = None
) -> Mention | None:
    if hour is None or minute is None or hour > 24 or minute > 59:
        return None
    half = (half or "").replace(".", "")
    part = {"am": "morning", "pm": "noon" if hour == 12 else "afternoon"}.get(half)
    clock = time(hour % 24, minute)
    return Mention(*match.span(), part=part, clock=clock, exact_clock=part is not None)


CLOCKS: Mapping[str, Builder] = {
    "spoken": _spoken,
    "behind": _behind,
    "same": _same,
    "same_next": _same_next,
    "noon": _noon,
    "clock": _clock,
    "colon": _colon,
    "ampm": _ampm,
    "oclock": _oclock,
}
