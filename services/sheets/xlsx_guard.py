"""Look through an XLSX before anything unpacks it into memory, and keep only its plain parts."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from xml.parsers import expat

from services.sheets import limits
from services.sheets.budget import Budget, SheetFacts
from services.sheets.cells import column_index
from services.sheets.problems import SheetRefused
from services.sheets.xml_parts import elements, local, parse

_KEPT = re.compile(
    r"(\[Content_Types\]\.xml|_rels/\.rels|xl/(_rels/)?workbook\.xml(\.rels)?"
    r"|xl/(sharedStrings|styles)\.xml|xl/worksheets/[^/]+\.xml)",
    re.IGNORECASE,
)
# Where a cell or row says it stands. The reader reserves memory for whatever it makes of others,
# and ends the whole process when there is none.
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_NUMBER = re.compile(r"[0-9]{1,7}")


# What zipfile raises for crooked archives, beside its own error.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    ValueError,
)


def checked_xlsx(data: bytes) -> tuple[bytes, Mapping[str, SheetFacts]]:
    """The plain parts of the workbook, repacked, and the facts of each sheet by its name.

    Media, macros and links to elsewhere are dropped unread. Raises SheetRefused for archives
    that are broken, locked, unpack beyond the limits, or place cells beyond them.
    """
    parts = _plain_parts(data)
    if "xl/workbook.xml" not in parts:
        raise SheetRefused("not_a_workbook")
    budget = Budget()
    shared = _shared_lengths(parts.get("xl/sharedStrings.xml", b""))
    # Every part, because a crooked workbook may name any of them as one of its sheets.
    facts = {name: _SheetScan(budget, shared).run(content) for name, content in parts.items()}
    properties = elements(parts["xl/workbook.xml"], "workbookPr")
    from_1904 = any(each.get("date1904") in ("1", "true") for each in properties)
    for sheet_facts in facts.values():
        sheet_facts.from_1904 = from_1904
        budget.take_area(sheet_facts)
    return _repacked(parts), {
        sheet: facts[part] for sheet, part in _sheet_parts(parts).items() if part in facts
    }


def _plain_parts(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > limits.MAX_MEMBERS:
                raise SheetRefused("unpacks_too_large")
            parts: dict[str, bytes] = {}
            left = limits.MAX_UNPACKED_BYTES
            for member in members:
                name = member.filename.replace("\\", "/")
                if _KEPT.fullmatch(name):
                    parts[name] = _unpacked(archive, member, left)
                    left -= len(parts[name])
            return parts
    except SheetRefused:
        raise
    except _BROKEN as error:
        raise SheetRefused("broken_file") from error
    except RuntimeError as error:  # zipfile's way to say that a member needs a password
        raise SheetRefused("locked_file") from error


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """At most `limit` bytes, whatever size the archive claims."""
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise SheetRefused("broken_file")
    if member.file_size > limit:
        raise SheetRefused("unpacks_too_large")
    with archive.open(member) as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise SheetRefused("unpacks_too_large")
    return content


def _sheet_parts(parts: Mapping[str, bytes]) -> dict[str, str]:
    """Sheet name → part name, through the workbook's relations."""
    targets = {
        item.get("Id", ""): item.get("Target", "")
        for item in elements(parts.get("xl/_rels/workbook.xml.rels", b""), "Relationship")
    }
    found: dict[str, str] = {}
    for item in elements(parts["xl/workbook.xml"], "sheet"):
        link = next((value for key, value in item.items() if local(key) == "id"), "")
        target = targets.get(link, "")
        found[item.get("name", "")] = target[1:] if target.startswith("/") else f"xl/{target}"
    return found


def _repacked(parts: Mapping[str, bytes]) -> bytes:
    """A fresh archive, so that the reader sees exactly the bytes that were looked through."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _shared_lengths(content: bytes) -> list[int]:
    """The length of every shared text, to price cells that refer to it."""
    lengths: list[int] = []
    if not content:
        return lengths
    parser = expat.ParserCreate()

    def start(name: str, _: dict[str, str]) -> None:
        if local(name) == "si":
            lengths.append(0)

    def text(characters: str) -> None:
        if lengths:
            lengths[-1] += len(characters)

    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    parse(content, parser)
    return lengths


class _SheetScan:
    """One pass over a sheet's XML: extent, hidden rows, formulas without a value, errors."""

    def __init__(self, budget: Budget, shared: list[int]) -> None:
        self.facts = SheetFacts()
        self._budget = budget
        self._shared = shared
        self._row = -1
        self._column = -1
        self._kind = ""
        self._formula = False
        self._filled = False
        self._inside = False
        self._value = ""
        self._length = 0

    def run(self, content: bytes) -> SheetFacts:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parse(content, parser)
        return self.facts

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match local(name):
            case "row":
                self._start_row(attributes)
            case "c":
                self._start_cell(attributes)
            case "f":
                self._formula = True
            case "v" | "t":
                self._inside = True
            case _:
                pass

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = attributes.get("r")
        if number is not None and not _NUMBER.fullmatch(number):
            raise SheetRefused("broken_file")
        self._row = self._row + 1 if number is None else int(number) - 1
        self._column = -1
        if self._row < limits.MAX_ROWS and attributes.get("hidden") in ("1", "true"):
            self.facts.hidden_rows.add(self._row)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        found = _REFERENCE.fullmatch(place) if place is not None else None
        if found:
            self._row, self._column = int(found[2]) - 1, column_index(found[1])
        elif place is None:
            self._column += 1
        else:
            raise SheetRefused("broken_file")
        self._kind = attributes.get("t", "")
        self._formula = self._filled = False
        self._value, self._length = "", 0

    def _text(self, characters: str) -> None:
        if self._inside:
            self._filled = True
            self._length += len(characters)
            self._value = self._value or characters[:32]

    def _end(self, name: str) -> None:
        match local(name):
            case "v" | "t":
                self._inside = False
            case "c":
                self._end_cell()
            case _:
                pass

    def _end_cell(self) -> None:
        if self._filled or self._formula or self._kind == "str":
            self.facts.reach(self._row, self._column)
            self._budget.take(self._price())
        value = self._value.strip()
        if self._kind == "e":
            self.facts.unread[self._row, self._column] = value
        elif self._formula and not value and self._kind != "str":
            self.facts.unread[self._row, self._column] = ""

    def _price(self) -> int:
        if self._kind == "s" and self._value.isdecimal():
            index = int(self._value)
            return self._shared[index] if index < len(self._shared) else 0
        return self._length
