"""Shift codes: what the letters on a ward's roster mean, as data each ward may change."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property

from models.shift_hours import (
    DAY,
    NOON,
    Segment,
    Span,
    after_noon,
    before_noon,
    format_segments,
    parse_segment,
    spans_on,
)

FACTOR_BASE_HOURS = 8
_DECORATION = re.compile(r"[\s·•★☆_]+|\*(?!\d)")
_TIMES = str.maketrans("×✕✖", "***")


class ShiftKind(StrEnum):
    DAY = "day"
    EVENING = "evening"
    NIGHT = "night"
    STANDBY = "standby"
    REST = "rest"
    ABSENCE = "absence"

    @property
    def works(self) -> bool:
        return self in (ShiftKind.DAY, ShiftKind.EVENING, ShiftKind.NIGHT)


class NightBelongs(StrEnum):
    """What a night from midnight on row "18日" means; every ward is asked once."""

    SAME_DATE = "same_date"
    """00:00–08:00 of the 18th."""
    FOLLOWING_DATE = "following_date"
    """The night 18th → 19th, so 00:00–08:00 of the 19th."""


class Part(StrEnum):
    WHOLE = "whole"
    MORNING = "morning"
    AFTERNOON = "afternoon"


@dataclass(frozen=True, slots=True)
class ShiftCode:
    """One code. Without `segments` its hours are unknown or it is no work at all.

    `counts_hours` is False for stand-by, which counts only once it is called in.
    """

    code: str
    name: str
    kind: ShiftKind
    segments: tuple[Segment, ...] = ()
    counts_hours: bool = True
    night_belongs_to: NightBelongs = NightBelongs.SAME_DATE
    aliases: tuple[str, ...] = ()

    @property
    def placed_segments(self) -> tuple[Segment, ...]:
        """Segments counted from the row's date, after the ward's rule for nights."""
        starts_at_midnight = bool(self.segments) and self.segments[0][0] < NOON
        follows = self.night_belongs_to is NightBelongs.FOLLOWING_DATE
        if self.kind is ShiftKind.NIGHT and starts_at_midnight and follows:
            return tuple((start + DAY, length) for start, length in self.segments)
        return self.segments


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A code as a cell uses it: 组长(夜班), 责*1.5, 上午年休.

    `factor` means hours: 8 × factor, as wards write 夜*1.5 for twelve hours.
    """

    code: ShiftCode
    role: str = ""
    factor: float = 0.0
    part: Part = Part.WHOLE

    @property
    def label(self) -> str:
        """The canonical spelling: equal labels mean equal work."""
        text = self.code.code + (f"*{self.factor:g}" if self.factor else "")
        text += {Part.WHOLE: "", Part.MORNING: "(上午)", Part.AFTERNOON: "(下午)"}[self.part]
        return f"{self.role}({text})" if self.role else text

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Minutes from the row's date. A factor makes one stretch of 8 × factor hours.

        It begins when the code begins; a night from midnight keeps its end and begins earlier.
        """
        segments = self.code.placed_segments
        if self.part is Part.MORNING:
            return before_noon(segments)
        if self.part is Part.AFTERNOON:
            return after_noon(segments)
        if not self.factor or not segments:
            return segments
        length = round(self.factor * FACTOR_BASE_HOURS * 60)
        first = segments[0][0]
        if self.code.kind is ShiftKind.NIGHT and first % DAY < NOON:
            first = sum(segments[-1]) - length
        return ((first, length),)

    @property
    def hours(self) -> float:
        """Hours that count as work; 0 for stand-by, rest and absence."""
        if not self.code.counts_hours:
            return 0.0
        if self.factor and not self.code.segments:
            return self.factor * FACTOR_BASE_HOURS
        return sum(length for _, length in self.segments) / 60

    @property
    def hours_text(self) -> str:
        return format_segments(self.segments)

    def spans(self, day: date) -> tuple[Span, ...]:
        """The instants this use covers on the row of `day`."""
        return spans_on(day, self.segments)


def code_key(text: str) -> str:
    """The spelling under which a code is found: Ａ, a, " A 班" and A are one."""
    plain = _DECORATION.sub("", unicodedata.normalize("NFKC", text).translate(_TIMES)).upper()
    return plain[:-1] if len(plain) > 1 and plain.endswith("班") else plain


@dataclass(frozen=True)
class ShiftCodeTable:
    """A ward's codes. Codes win over names, names over aliases, earlier entries over later."""

    codes: tuple[ShiftCode, ...] = field(default=())

    @cached_property
    def _index(self) -> dict[str, ShiftCode]:
        index: dict[str, ShiftCode] = {}
        layers: tuple[Iterable[tuple[str, ShiftCode]], ...] = (
            ((code.code, code) for code in self.codes),
            ((code.name, code) for code in self.codes),
            ((alias, code) for code in self.codes for alias in code.aliases),
        )
        for layer in layers:
            for text, code in layer:
                index.setdefault(code_key(text), code)
        return index

    def find(self, text: str) -> ShiftCode | None:
        return self._index.get(code_key(text))

    @cached_property
    def rest(self) -> ShiftCode | None:
        """The code a blank cell stands for: the first of kind rest."""
        return next((code for code in self.codes if code.kind is ShiftKind.REST), None)

    def with_overrides(self, data: Mapping[str, object]) -> ShiftCodeTable:
        """This table with a ward's own entries: same code replaces, new codes come first.

        `data` has the shape of the default table, plus `remove = ["P"]`.
        """
        belongs = _belongs(data)
        own = _entries(data, belongs or NightBelongs.SAME_DATE)
        dropped = {code_key(code.code) for code in own} | {
            code_key(str(code)) for code in _list(data, "remove")
        }
        kept = (code for code in self.codes if code_key(code.code) not in dropped)
        if belongs is not None:
            kept = (replace(code, night_belongs_to=belongs) for code in kept)
        return ShiftCodeTable((*own, *kept))


def load_shift_codes(data: Mapping[str, object]) -> ShiftCodeTable:
    """The table in a parsed `shift_codes.toml`. Raises ValueError naming the faulty entry."""
    return ShiftCodeTable(_entries(data, _belongs(data) or NightBelongs.SAME_DATE))


def _belongs(data: Mapping[str, object]) -> NightBelongs | None:
    value = data.get("night_belongs_to")
    return None if value is None else NightBelongs(str(value))


def _entries(data: Mapping[str, object], belongs: NightBelongs) -> tuple[ShiftCode, ...]:
    codes = tuple(_entry(item, belongs) for item in _list(data, "codes"))
    keys = [code_key(code.code) for code in codes]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"shift codes defined twice: {', '.join(twice)}")
    return codes


def _entry(item: object, belongs: NightBelongs) -> ShiftCode:
    if not isinstance(item, Mapping) or not item.get("code") or not item.get("kind"):
        raise ValueError(f"a shift code needs code and kind: {item!r}")
    code = str(item["code"])
    try:
        kind = ShiftKind(str(item["kind"]))
        segments = tuple(parse_segment(str(hours)) for hours in _list(item, "hours"))
        own = _belongs(item) or belongs
    except ValueError as error:
        raise ValueError(f"shift code {code}: {error}") from None
    return ShiftCode(
        code=code,
        name=str(item.get("name", code)),
        kind=kind,
        segments=segments,
        counts_hours=bool(item.get("counts_hours", kind.works)),
        night_belongs_to=own,
        aliases=tuple(str(alias) for alias in _list(item, "aliases")),
    )


def _list(data: Mapping[str, object], key: str) -> Sequence[object]:
    value = data.get(key, ())
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(f"{key} must be a list, not {value!r}")
    return value
