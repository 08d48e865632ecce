"""The compound file around an old .xls: take its workbook stream out, and pack a fresh one."""

from __future__ import annotations

import struct

from services.sheets import limits
from services.sheets.problems import SheetRefused

_FREE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_LAST_SECTOR = 0xFFFFFFFA
_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SECTOR = 4096
_MOST_TABLES = 109


def workbook_stream(data: bytes) -> bytes:
    """The Workbook (or Book) stream. Raises SheetRefused, struct.error or IndexError."""
    sector = 1 << min(struct.unpack_from("<H", data, 30)[0], 16)
    if sector not in (512, 4096):
        raise SheetRefused("broken_file")
    table = _allocation_table(data, sector)
    directory = _chain(data, table, struct.unpack_from("<I", data, 48)[0], sector)
    for at in range(0, len(directory) - 127, 128):
        entry = directory[at : at + 128]
        size = struct.unpack_from("<H", entry, 64)[0]
        name = entry[: max(min(size, 64) - 2, 0)].decode("utf-16-le", "replace")
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
        if following >= _LAST_SECTOR:
            break
        page = struct.unpack_from(f"<{per_sector}I", data, (following + 1) * sector)
        listed.extend(page[:-1])
        following = page[-1]
    table: list[int] = []
    for number in listed:
        if number < _LAST_SECTOR:
            table.extend(struct.unpack_from(f"<{per_sector}I", data, (number + 1) * sector))
        if len(table) > limits.MAX_BYTES // sector + 2 * per_sector:
            break
    return tuple(table)


def _chain(data: bytes, table: tuple[int, ...], start: int, sector: int) -> bytes:
    pieces: list[bytes] = []
    while start < _LAST_SECTOR:
        if len(pieces) > len(table):
            raise SheetRefused("broken_file")
        pieces.append(data[(start + 1) * sector : (start + 2) * sector])
        start = table[start]
    return b"".join(pieces)


def packed_stream(stream: bytes) -> bytes:
    """A compound file that holds `stream` as its workbook and nothing else, padded with zeros.

    Layout: header, allocation table, one directory sector, the stream.
    """
    body = stream + b"\x00" * (-len(stream) % _SECTOR or _SECTOR)
    sectors = len(body) // _SECTOR
    per_table = _SECTOR // 4
    tables = (sectors + 1) // (per_table - 1) + 1
    entries = [_TABLE] * tables + [_END]
    first = len(entries)
    entries += [*range(first + 1, first + sectors), _END]
    entries += [_FREE] * (tables * per_table - len(entries))
    table = struct.pack(f"<{len(entries)}I", *entries)
    return _header(tables) + table + _directory(first, len(body)) + body


def _header(tables: int) -> bytes:
    listed = [*range(tables), *[_FREE] * (_MOST_TABLES - tables)]
    head = _MAGIC + b"\x00" * 16 + struct.pack("<5H6x", 0x3E, 4, 0xFFFE, 12, 6)
    head += struct.pack("<9I", 1, tables, tables, 0, _SECTOR, _END, 0, _END, 0)
    return (head + struct.pack(f"<{_MOST_TABLES}I", *listed)).ljust(_SECTOR, b"\x00")


def _directory(start: int, length: int) -> bytes:
    root = _entry("Root Entry", 5, 1, start, 0)
    return (root + _entry("Workbook", 2, _FREE, start, length)).ljust(_SECTOR, b"\x00")


def _entry(name: str, kind: int, child: int, start: int, length: int) -> bytes:
    text = name.encode("utf-16-le") + b"\x00\x00"
    fields = struct.pack("<HBB3I", len(text), kind, 1, _FREE, _FREE, child)
    return text.ljust(64, b"\x00") + fields + b"\x00" * 36 + struct.pack("<IQ", start, length)
