"""XML inside a workbook, parsed in one pass; document types and their entities are refused."""

from __future__ import annotations

from xml.parsers import expat

from services.sheets import limits
from services.sheets.problems import SheetRefused


def parse(content: bytes, parser: expat.XMLParserType) -> None:
    """Feed all of `content`. Raises SheetRefused when it is not well-formed or endless."""
    if content.count(b"<") > limits.MAX_TAGS:
        raise SheetRefused("unpacks_too_large")
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.buffer_text = True
    try:
        # At once: fed in pieces, an endless attribute is looked through anew with every piece.
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise SheetRefused("broken_file") from error


def _refuse_doctype(*_: object) -> None:
    raise SheetRefused("broken_file")


def local(name: str) -> str:
    """The name without its namespace prefix."""
    return name.rpartition(":")[2]


def elements(content: bytes, wanted: str) -> list[dict[str, str]]:
    """The attributes of every element of that name."""
    found: list[dict[str, str]] = []
    if not content:
        return found
    parser = expat.ParserCreate()

    def start(name: str, attributes: dict[str, str]) -> None:
        if local(name) == wanted:
            found.append(attributes)

    parser.StartElementHandler = start
    parse(content, parser)
    return found
