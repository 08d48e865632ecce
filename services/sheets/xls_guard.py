"""Look through an old .xls (BIFF in a compound file) before its cells are laid out in memory."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from services.sheets import limits
from services.sheets.problems import SheetRefused
from services.sheets.xlsx_guard import SheetFacts, check_extent

_BOF, _EOF, _ROW, _FORMULA, _BOOLERR, _MULRK, _LOCKED = 0x809, 0x0A, 0x208, 0x06, 0x205, 0xBD, 0x2F
_CELLS = frozenset({_FORMULA, _BOOLERR, _MULRK, 0xD6, 0xFD, 0x203, 0x204, 0x27E})
_WORKSHEET = 0x10
_HIDDEN_ROW = 0x20
_END_OF_CHAIN = 0xFFFFFFFA
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!"}


def checked_xls(data: bytes) -> list[SheetFacts]:
    """The facts of each worksheet in the order they are stored.

    Raises SheetRefused for broken or locked files and for cells beyond the limits.
    """
    try:
        return _scan(_workbook_stream(data))
    except (struct.error, IndexError) as error:
        raise SheetRefused("broken_file") from error


def _scan(stream: bytes) -> list[SheetFacts]:
    sheets: list[SheetFacts] = []
    inside = False
    cells = 0
    for kind, body in _records(stream):
        if kind == _LOCKED:
            raise SheetRefused("locked_file")
        if kind == _BOF:
            inside = struct.unpack_from("<H", body, 2)[0] == _WORKSHEET
            if inside:
                sheets.append(SheetFacts())
        elif inside and kind == _ROW:
            _note_row(sheets[-1], body)
        elif inside and kind in _CELLS:
            cells += 1
            if cells > limits.MAX_CELLS:
                raise SheetRefused("too_many_cells", limit=str(limits.MAX_CELLS))
            _note_cell(sheets[-1], kind, body)
    return sheets


def _note_row(facts: SheetFacts, body: bytes) -> None:
    row = struct.unpack_from("<H", body)[0]
    if row < limits.MAX_ROWS and len(body) >= 14 and body[12] & _HIDDEN_ROW:
        facts.hidden_rows.add(row)


def _note_cell(facts: SheetFacts, kind: int, body: bytes) -> None:
    row, column = struct.unpack_from("<HH", body)
    last = struct.unpack_from("<H", body, len(body) - 2)[0] if kind == _MULRK else column
    check_extent(row, last)
    if kind == _BOOLERR and body[7]:
        facts.unread[row, column] = _ERRORS.get(body[6], "#N/A")
    if kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6] == 2:
        facts.unread[row, column] = _ERRORS.get(body[8], "#N/A")


def _records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _workbook_stream(data: bytes) -> bytes:
    """The Workbook (or Book) stream, by the compound file's sector chains."""
    sector = 1 << struct.unpack_from("<H", data, 30)[0]
    if sector not in (512, 4096):
        raise SheetRefused("broken_file")
    table = _allocation_table(data, sector)
    directory = _chain(data, table, struct.unpack_from("<I", data, 48)[0], sector)
    for at in range(0, len(directory) - 127, 128):
        entry = directory[at : at + 128]
        size = struct.unpack_from("<H", entry, 64)[0]
        name = entry[: max(size - 2, 0)].decode("utf-16-le", "replace")
        if name == "EncryptedPackage":
            raise SheetRefused("locked_file")
        if name in ("Workbook", "Book"):
            start, length = struct.unpack_from("<II", entry, 116)
            return _chain(data, table, start, sector)[:length]
    raise SheetRefused("not_a_workbook")


def _allocation_table(data: bytes, sector: int) -> tuple[int, ...]:
    """10 MB need at most 160 table sectors of 512 bytes; those past 109 are listed elsewhere."""
    listed = list(struct.unpack_from("<109I", data, 76))
    following = struct.unpack_from("<I", data, 68)[0]
    per_sector = sector // 4
    for _ in range(limits.MAX_BYTES // sector):
        if following >= _END_OF_CHAIN:
            break
        page = struct.unpack_from(f"<{per_sector}I", data, (following + 1) * sector)
        listed.extend(page[:-1])
        following = page[-1]
    table: list[int] = []
    for number in listed:
        if number < _END_OF_CHAIN:
            table.extend(struct.unpack_from(f"<{per_sector}I", data, (number + 1) * sector))
        if len(table) > limits.MAX_BYTES // sector + 2 * per_sector:
            break
    return tuple(table)


def _chain(data: bytes, table: tuple[int, ...], start: int, sector: int) -> bytes:
    pieces: list[bytes] = []
    while start < _END_OF_CHAIN:
        if len(pieces) > len(table):
            raise SheetRefused("broken_file")
        pieces.append(data[(start + 1) * sector : (start + 2) * sector])
        start = table[start]
    return b"".join(pieces)
