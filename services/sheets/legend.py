"""A roster's own legend, "A:8:00-16:00 P:16:00-24:00", held against the ward's code table."""

from __future__ import annotations

import re
from collections.abc import Iterable

from models.shift_codes import ShiftCodeTable, code_key
from models.shift_hours import (
    HOURS_PATTERN,
    Segment,
    format_segments,
    plain_hours,
    segment_of,
)
from services.sheets.problems import Problem, Severity

LONGEST = 2_000
_HOURS = re.sub(r"\?P<\w+>", "", HOURS_PATTERN.pattern)
_ENTRY = re.compile(
    rf"(?P<code>[^\s:=,;、。()/]{{1,8}}?)班?\s*[:=(\s]\s*"
    rf"(?P<hours>{_HOURS}(?:\s*[,、+;/和及]?\s*{_HOURS})*)"
)


def read_legend(text: str) -> dict[str, tuple[Segment, ...]]:
    """Code → hours for every entry of a legend; empty for any other text."""
    found: dict[str, tuple[Segment, ...]] = {}
    for entry in _ENTRY.finditer(" ".join(plain_hours(text[:LONGEST]).split())):
        try:
            hours = tuple(segment_of(pair) for pair in HOURS_PATTERN.finditer(entry["hours"]))
        except ValueError:
            continue
        found.setdefault(entry["code"], hours)
    return found


def compare_legend(
    texts: Iterable[tuple[int, str]], codes: ShiftCodeTable, sheet: str
) -> list[Problem]:
    """A warning for every code whose hours the sheet and the ward's table give differently.

    `texts` are (1-based row, text) of the rows that are no person's.
    """
    problems: list[Problem] = []
    seen: set[str] = set()
    for row, text in texts:
        for written, hours in read_legend(text).items():
            if code_key(written) in seen:
                continue
            seen.add(code_key(written))
            code = codes.find(written)
            params = {"code": written, "sheet_hours": format_segments(hours)}
            if code is None:
                key = "legend_unknown_code"
            elif code.segments != hours:
                key = "legend_differs"
                params["table_hours"] = format_segments(code.segments) or "—"
            else:
                continue
            problems.append(Problem(Severity.WARNING, key, row, sheet=sheet, params=params))
    return problems
