"""CSV, TSV and their cousins: which encoding, which separator."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Protocol

from services.sheets import limits
from services.sheets.budget import Budget
from services.sheets.problems import SheetRefused

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_SEPARATORS = ",\t;"
_SAMPLE_LINES = 20


def read_delimited(data: bytes) -> list[list[str]]:
    """Rows of text. Raises SheetRefused for unknown encodings and sheets beyond the limits."""
    text = _decoded(data)
    if "\x00" in text:
        raise SheetRefused("unknown_kind")
    return _rows(text, _separator(text))


def _decoded(data: bytes) -> str:
    """UTF-8 first: GB18030 would accept nearly anything, UTF-8 hardly accepts GB18030."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _decode(data, encoding)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode(data, "gb18030")


def _decode(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise SheetRefused("unknown_encoding") from error


def _separator(text: str) -> str:
    """The separator that the first lines hold most of; a comma when they hold none."""
    head = "\n".join(text[: limits.MAX_COLUMNS * 100].splitlines()[:_SAMPLE_LINES])
    return max(_SEPARATORS, key=head.count)


class _Lines(Protocol):
    """What csv.reader makes; its type has no name at run time."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...


def _told(reader: _Lines) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise SheetRefused("quotes_unpaired", line=str(reader.line_num)) from error


def _rows(text: str, separator: str) -> list[list[str]]:
    """Strict about quotes: one that is never closed would swallow the rows below it unseen."""
    rows: list[list[str]] = []
    budget = Budget()
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    for row in _told(reader):
        if len(rows) >= limits.MAX_ROWS:
            raise SheetRefused("too_many_rows", limit=str(limits.MAX_ROWS))
        if len(row) > limits.MAX_COLUMNS:
            raise SheetRefused("too_many_columns", limit=str(limits.MAX_COLUMNS))
        budget.take(sum(map(len, row)), cells=sum(map(bool, row)))
        rows.append(row)
    return rows
