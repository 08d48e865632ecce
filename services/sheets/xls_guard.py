"""Look through an old .xls before its cells are laid out in memory, and pack it afresh."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from services.sheets import limits
from services.sheets.budget import Budget, SheetFacts
from services.sheets.compound import packed_stream, workbook_stream
from services.sheets.problems import SheetRefused
from services.sheets.xls_strings import shared_lengths

_ROW, _FORMULA, _BOOLERR, _MULRK, _LABEL_SST = 0x208, 0x06, 0x205, 0xBD, 0xFD
_CONTINUE, _DIMENSIONS = 0x3C, 0x200
_CELLS = frozenset({_FORMULA, _BOOLERR, _MULRK, _LABEL_SST, 0xD6, 0x203, 0x204, 0x27E})
# Names, references elsewhere and drawings: nothing here needs them, so nothing shall parse them.
_DROPPED = frozenset({0x18, 0x17, 0x23, 0x1AE, 0xEB, 0xEC, 0x5D, 0x1B6})
_NOTHING = 0x0FFF
_HIDDEN_ROW = 0x20
_BIFF8 = 0x600
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!"}

_Record = tuple[int, int, bytes]
"""Offset, kind, body."""


@dataclass(slots=True)
class _Findings:
    """Facts by the offset at which each substream begins, and where the sheets are said to be."""

    budget: Budget = field(default_factory=Budget)
    shared: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    streams: dict[int, SheetFacts] = field(default_factory=dict)
    from_1904: bool = False


def checked_xls(data: bytes) -> tuple[bytes, list[SheetFacts]]:
    """The workbook packed afresh, and the facts of each sheet in the workbook's order.

    Raises SheetRefused for broken or locked files and for cells beyond the limits.
    """
    try:
        stream = bytearray(workbook_stream(data))
        records = list(_records(bytes(stream)))
        found = _scan(records)
        _disarm(stream, records)
        facts = [found.streams[position] for position in found.positions]
    except (struct.error, IndexError, KeyError) as error:
        raise SheetRefused("broken_file") from error
    if len(set(found.positions)) != len(found.positions) or not facts:
        raise SheetRefused("broken_file")
    for sheet in facts:
        sheet.from_1904 = found.from_1904
        found.budget.take_area(sheet)
    return packed_stream(bytes(stream)), facts


def _records(stream: bytes) -> Iterator[_Record]:
    at = count = 0
    while at + 4 <= len(stream):
        count += 1
        if count > limits.MAX_RECORDS:
            raise SheetRefused("unpacks_too_large")
        kind, size = struct.unpack_from("<HH", stream, at)
        yield at, kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _disarm(stream: bytearray, records: Sequence[_Record]) -> None:
    """Blank the claimed extent, which is trusted when memory is reserved, and what is not needed.

    In place, since sheets are found by their offset.
    """
    for at, kind, body in records:
        if kind == _DIMENSIONS:
            stream[at + 4 : at + 4 + len(body)] = bytes(len(body))
        elif kind in _DROPPED:
            stream[at : at + 2] = struct.pack("<H", _NOTHING)


def _scan(records: Sequence[_Record]) -> _Findings:
    found = _Findings()
    open_streams: list[SheetFacts] = []
    for index, (at, kind, body) in enumerate(records):
        match kind:
            case 0x2F:  # FILEPASS
                raise SheetRefused("locked_file")
            case 0x809:  # BOF
                _check_version(body)
                found.streams[at] = SheetFacts()
                open_streams.append(found.streams[at])
            case 0x0A:  # EOF
                if open_streams:
                    open_streams.pop()
            case 0x85:  # BOUNDSHEET
                found.positions.append(struct.unpack_from("<I", body)[0])
            case 0x22:  # DATEMODE
                found.from_1904 = body[0] == 1
            case 0xFC:  # SST
                found.shared = shared_lengths(_with_continuations(records, index))
            case _ if open_streams:
                _note(open_streams[-1], found, kind, body)
            case _:
                pass
    return found


def _check_version(body: bytes) -> None:
    """Only Excel 97 and later; what came before has no shared texts and other strings."""
    if struct.unpack_from("<H", body)[0] != _BIFF8:
        raise SheetRefused("too_old")


def _with_continuations(records: Sequence[_Record], index: int) -> list[bytes]:
    blocks = [records[index][2]]
    for _, kind, body in records[index + 1 :]:
        if kind != _CONTINUE:
            break
        blocks.append(body)
    return blocks


def _note(facts: SheetFacts, found: _Findings, kind: int, body: bytes) -> None:
    if kind == _ROW:
        row = struct.unpack_from("<H", body)[0]
        if row < limits.MAX_ROWS and len(body) >= 14 and body[12] & _HIDDEN_ROW:
            facts.hidden_rows.add(row)
    elif kind in _CELLS:
        _note_cell(facts, found, kind, body)


def _note_cell(facts: SheetFacts, found: _Findings, kind: int, body: bytes) -> None:
    row, column = struct.unpack_from("<HH", body)
    last = struct.unpack_from("<H", body, len(body) - 2)[0] if kind == _MULRK else column
    facts.reach(row, last)
    length = len(body)
    if kind == _LABEL_SST:
        shared = struct.unpack_from("<I", body, 6)[0]
        length = found.shared[shared]
    found.budget.take(length, cells=last - column + 1)
    if kind == _BOOLERR and body[7]:
        facts.unread[row, column] = _ERRORS.get(body[6], "#N/A")
    if kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6] == 2:
        facts.unread[row, column] = _ERRORS.get(body[8], "#N/A")
