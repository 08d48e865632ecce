"""紧急支援 楼东 20 重症 14:00到: what a launcher writes, taken apart. No database, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from handlers.swap_words import read_day
from models.callouts import CallKind
from models.clock import SHANGHAI
from services.callout_wish import CallWish
from services.skills import Skills

_KINDS = {
    "演练": CallKind.DRILL,
    "指令": CallKind.ORDERED,
    "命令": CallKind.ORDERED,
    "指令性": CallKind.ORDERED,
    "自愿": CallKind.VOLUNTARY,
}
_CLOCK = r"(?P<h>\d{1,2})(?::(?P<m>\d{2})|[点时](?:(?P<half>半)|(?P<m2>\d{1,2})分?)?)"
_AM = r"(?P<part>凌晨|早上|上午|中午|下午|傍晚|晚上|今晚|明早)?"
_UNTIL = re.compile(rf"(?:到|至|直到|干到|结束)\s*{_AM}\s*{_CLOCK}(?:结束|为止)?(?!前?到)")
_BY = re.compile(rf"{_AM}\s*{_CLOCK}\s*(?:之前|以前|前)?(?:到岗|到位|到达|报到|集合|到|前)?")
_WITHIN = re.compile(
    r"(?P<n>\d{1,3}|半|一|两|三)个?(?P<half>半)?(?P<unit>小时|分钟|分|h)(?:内|之内|以内|后)?(?:到岗|到位|到)?"
)
_FOR = re.compile(r"(?:支援|需要|持续|干)\s*(?P<n>\d{1,2})\s*个?小时")
_COUNT = re.compile(r"(?<![\d:.])(?P<n>\d{1,3})\s*(?:个人|人|名|位|个)")
_BARE = re.compile(r"(?<![^\s,，、])(?P<n>\d{1,3})(?![^\s,，、])")
_REASON = re.compile(r"(?:原因|因为|因)[\s::]*(?P<why>.+)$")
_NOISE = re.compile(
    r"^(?:要|需要|需|请|急需|去|到|在|的|会|能|护士|人员|医护)+|(?:的|护士|人员|医护|技能|能|会)+$"
)
_LATER = {"下午", "傍晚", "晚上", "今晚"}
_NOON = 12


class Unclear(ValueError):
    """`missing` is a key of what could not be found: place, needed or time."""

    def __init__(self, missing: str) -> None:
        super().__init__(missing)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Pieces:
    """What was said; None where nothing was. `report_at` and `ends_at` are aware."""

    place: str = ""
    needed: int | None = None
    skill: str | None = None
    kind: CallKind | None = None
    report_at: datetime | None = None
    ends_at: datetime | None = None
    lasts: timedelta | None = None
    reason: str = ""


def read_pieces(text: str, skills: Skills, now: datetime) -> Pieces:
    """Everything that can be recognised; the words that are left are the place, and a word right
    after the time, when place and number were said before, is why."""
    before, _, last = text.strip().rpartition(" ")
    whole = _read(before, skills, now)
    timed = whole.place and whole.needed and whole.report_at and not whole.reason
    untimed = _read(before.strip().rpartition(" ")[0], skills, now).report_at is None
    if timed and untimed and _read(last, skills, now) == Pieces(place=last):
        return replace(whole, reason=last)
    return _read(text, skills, now)


def _read(text: str, skills: Skills, now: datetime) -> Pieces:
    rest = text.strip()
    reason, rest = _cut_reason(rest)
    kind, rest = _cut_kind(rest)
    lasts, rest = _cut_lasting(rest)
    day, rest = _cut_day(rest, now)
    report_at, rest = _cut_report(rest, day, now)
    ends_at, rest = _cut_end(rest, report_at)
    needed, rest = _cut_count(rest)
    skill, place = _cut_skill(rest, skills)
    return Pieces(place, needed, skill, kind, report_at, ends_at, lasts, reason)


def wish_of(pieces: Pieces, lasts: timedelta) -> CallWish:
    """A whole wish; `lasts` is how long, unless it was said. Raises Unclear."""
    if not pieces.place:
        raise Unclear("place")
    if pieces.needed is None:
        raise Unclear("needed")
    if pieces.report_at is None:
        raise Unclear("time")
    return CallWish(
        kind=pieces.kind or CallKind.VOLUNTARY,
        place=pieces.place,
        needed=pieces.needed,
        report_at=pieces.report_at,
        ends_at=pieces.ends_at or pieces.report_at + (pieces.lasts or lasts),
        skill=pieces.skill or "",
        reason=pieces.reason,
    )


def changed(wish: CallWish, pieces: Pieces) -> CallWish:
    """改为 30人 15:00到: what was said anew, over what stands. Raises Unclear: nothing was."""
    if pieces == Pieces():
        raise Unclear("change")
    report_at = pieces.report_at or wish.report_at
    lasts = pieces.lasts or wish.ends_at - wish.report_at
    return replace(
        wish,
        kind=pieces.kind or wish.kind,
        place=pieces.place or wish.place,
        needed=pieces.needed if pieces.needed is not None else wish.needed,
        skill=pieces.skill if pieces.skill is not None else wish.skill,
        report_at=report_at,
        ends_at=pieces.ends_at or report_at + lasts,
        reason=pieces.reason or wish.reason,
    )


def read_eta(text: str, now: datetime) -> datetime | None:
    """我40分钟到, 半小时后到, 14:40到: when they come; None when it says no time."""
    found = _WITHIN.search(text)
    if found is not None:
        return now + _length(found)
    clock = _BY.search(text)
    return _at(clock, None, now) if clock else None


def _without(text: str, found: re.Match[str]) -> str:
    return f"{text[: found.start()]} {text[found.end() :]}".strip()


def _cut_reason(text: str) -> tuple[str, str]:
    found = _REASON.search(text)
    return (found["why"].strip(), text[: found.start()].strip()) if found else ("", text)


def _cut_kind(text: str) -> tuple[CallKind | None, str]:
    for word in sorted(_KINDS, key=len, reverse=True):
        found = re.search(rf"(?<!\S){word}(?!\S)", text)
        if found:
            return _KINDS[word], _without(text, found)
    return None, text


def _cut_lasting(text: str) -> tuple[timedelta | None, str]:
    found = _FOR.search(text)
    return (timedelta(hours=int(found["n"])), _without(text, found)) if found else (None, text)


def _cut_day(text: str, now: datetime) -> tuple[date | None, str]:
    today = now.astimezone(SHANGHAI).date()
    for found in re.finditer(r"今天|明天|后天|明早|\d{1,2}月\d{1,2}[日号]", text):
        word = "明天" if found[0] == "明早" else found[0]
        read = read_day(word, today)
        if read is not None:
            return read[0], _without(text, found)
    return None, text


def _cut_report(text: str, day: date | None, now: datetime) -> tuple[datetime | None, str]:
    within = _WITHIN.search(text)
    if within is not None:
        return now + _length(within), _without(text, within)
    for found in _BY.finditer(text):
        # 到22:00 is until when; 14:00到 is by when.
        if not text[: found.start()].rstrip().endswith(("到", "至")):
            return _at(found, day, now), _without(text, found)
    return None, text


def _cut_end(text: str, report_at: datetime | None) -> tuple[datetime | None, str]:
    found = _UNTIL.search(text)
    if found is None or report_at is None:
        return None, text
    end = _at(found, report_at.astimezone(SHANGHAI).date(), report_at)
    if end is not None and end <= report_at:
        end += timedelta(days=1)
    return end, _without(text, found)


def _cut_count(text: str) -> tuple[int | None, str]:
    found = _COUNT.search(text) or _BARE.search(text)
    return (int(found["n"]), _without(text, found)) if found else (None, text)


def _cut_skill(text: str, skills: Skills) -> tuple[str | None, str]:
    place, found = [], None
    for word in re.split(r"[\s,，、;；。]+", text):
        plain = _NOISE.sub("", word)
        skill = skills.named(word) or (skills.named(plain) if plain else None)
        if skill is not None and found is None:
            found = skill.key
        elif plain:
            place.append(plain)
    return found, " ".join(place)


def _length(found: re.Match[str]) -> timedelta:
    number = {"半": 0.5, "一": 1.0, "两": 2.0, "三": 3.0}.get(found["n"])
    amount = number if number is not None else float(found["n"])
    if found["half"]:
        amount += 0.5
    hours = found["unit"] in ("小时", "h")
    return timedelta(hours=amount) if hours else timedelta(minutes=amount)


def _at(found: re.Match[str], day: date | None, now: datetime) -> datetime | None:
    """The next such time from `now` on, or that time of `day`; None for 25:00."""
    hour, minute = int(found["h"]), int(found["m"] or found["m2"] or 0)
    minute = 30 if found["half"] else minute
    if found["part"] in _LATER and hour < _NOON:
        hour += _NOON
    if hour > 23 or minute > 59:
        return None
    local = now.astimezone(SHANGHAI)
    at = datetime.combine(day or local.date(), time(hour, minute), SHANGHAI)
    if day is None and at <= local:
        at += timedelta(days=1)
    return at
