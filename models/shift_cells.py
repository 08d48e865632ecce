"""What one roster cell says: several codes, factors, half days, a role around a code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from models.shift_codes import CodeUse, Part, ShiftCodeTable

_FACTOR = re.compile(r"(?P<code>.+?)(?:[*×✕✖xX]\s*(?P<times>\d(?:\.\d+)?)|(?P<plain>\d\.\d+))")
_AROUND = re.compile(r"(?P<outer>[^()]+)\((?P<inner>[^()]+)\)")
_SEPARATORS = re.compile(r"[/、,;+&|\n\\]+")
_SPACES = re.compile(r"\s+")
LONGEST = 40
"""Characters in a cell; anything longer is prose, not codes."""
_PARTS = {"整班": Part.WHOLE, "全天": Part.WHOLE, "上午": Part.MORNING, "下午": Part.AFTERNOON}


@dataclass(frozen=True, slots=True)
class CellReading:
    """The codes of a cell in their order, and the pieces nobody defined."""

    uses: tuple[CodeUse, ...] = ()
    unknown: tuple[str, ...] = ()


def read_cell(table: ShiftCodeTable, text: str) -> CellReading:
    """Read a cell. An empty cell gives an empty reading; what blank means is the sheet's rule."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return CellReading()
    if len(plain) > LONGEST:
        return CellReading(unknown=(f"{plain[:LONGEST]}…",))
    whole = _read_piece(table, plain)
    if whole is not None:
        return CellReading((whole,))
    uses: list[CodeUse] = []
    unknown: list[str] = []
    for piece in _pieces(table, plain):
        use = _read_piece(table, piece)
        if use is None:
            unknown.append(piece)
        elif use not in uses:
            uses.append(use)
    return CellReading(tuple(uses), tuple(unknown))


def _pieces(table: ShiftCodeTable, text: str) -> Iterator[str]:
    """Split at separators; at spaces only where the piece is no code with a space in it."""
    for piece in _SEPARATORS.split(text):
        if not piece.strip():
            continue
        if _read_piece(table, piece) is not None:
            yield piece
        else:
            yield from piece.split()


def _read_piece(table: ShiftCodeTable, text: str) -> CodeUse | None:
    piece = _SPACES.sub("", text)
    code = table.find(piece)
    if code is not None:
        return CodeUse(code)
    return _read_factor(table, piece) or _read_part(table, piece) or _read_role(table, piece)


def _read_factor(table: ShiftCodeTable, piece: str) -> CodeUse | None:
    """夜*1.5, 夜×1.5 and 治疗1.25. An entry of its own in the table wins over the factor."""
    found = _FACTOR.fullmatch(piece)
    if found is None:
        return None
    factor = float(found["times"] or found["plain"])
    own = table.find(f"{found['code']}*{factor:g}")
    if own is not None:
        return CodeUse(own)
    base = _read_piece(table, found["code"])
    if base is None or base.factor or not 0 < factor <= 3:
        return None
    return replace(base, factor=0.0 if factor == 1 else factor)


def _read_part(table: ShiftCodeTable, piece: str) -> CodeUse | None:
    """上午A, A上午 and A(上午)."""
    for word, part in _PARTS.items():
        rest = piece.removeprefix(word)
        if rest == piece:
            rest = piece.removesuffix(f"({word})").removesuffix(word)
        if rest and rest != piece:
            use = _read_piece(table, rest.strip("()"))
            return replace(use, part=part) if use is not None else None
    return None


def _read_role(table: ShiftCodeTable, piece: str) -> CodeUse | None:
    """组长(夜班) is a role with a code; A(带教) is a code with a role."""
    found = _AROUND.fullmatch(piece)
    if found is None:
        return None
    for code_text, role in ((found["inner"], found["outer"]), (found["outer"], found["inner"])):
        use = _read_piece(table, code_text)
        if use is not None and not use.role:
            return replace(use, role=role)
    return None
