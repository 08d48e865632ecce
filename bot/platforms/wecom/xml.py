"""Strict reading of decrypted XML, and writing of passive replies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, ParseError, fromstring

from bot.platforms.fitting import clean
from bot.platforms.refusal import Refused

# A document type may only stand before the root, so a body that begins with <xml> has none.
_ROOT = re.compile(r"\s*(?:<\?xml[^<>]{0,100}\?>\s*)?<xml>")
_DEEPEST = 12

# Elements the platform repeats; they stay lists even when there is one (or SDKs break on two).
_REPEATED = frozenset(
    {
        "SelectedItem",
        "OptionId",
        "SpRecord",
        "Details",
        "Notifyer",
        "ProcessList",
        "NodeList",
        "SubNodeList",
        "Comments",
        "Items",
        "Item",
    }
)


def parse(plaintext: bytes) -> Element:
    """The root of a message. Raises Refused(400) for anything but plain UTF-8 XML without DTD."""
    try:
        text = plaintext.decode("utf-8")
        if _ROOT.match(text) is None:
            raise Refused(400, "xml")
        return fromstring(text)  # noqa: S314 -- no DTD can be in it, so no entity to expand
    except (UnicodeDecodeError, ParseError, ValueError):
        raise Refused(400, "xml") from None


def text_of(parent: Element, *names: str) -> str:
    """The text of the first of `names` that is present; empty when none is."""
    for name in names:
        found = parent.findtext(name)
        if found is not None:
            return found
    return ""


def flat(parent: Element) -> dict[str, str]:
    """The direct children that hold text."""
    return {child.tag: child.text or "" for child in parent}


def tree(element: Element, depth: int = 0) -> str | dict[str, object]:
    """A whole element as nested mappings of text; repeated names become lists. Raises Refused."""
    if depth > _DEEPEST:
        raise Refused(400, "deep")
    if not len(element):
        return element.text or ""
    fields: dict[str, object] = {}
    for child in element:
        value = tree(child, depth + 1)
        held = fields.get(child.tag)
        if isinstance(held, list):
            held.append(value)
        elif child.tag in fields:
            fields[child.tag] = [held, value]
        else:
            fields[child.tag] = [value] if child.tag in _REPEATED else value
    return fields


def write(name: str, value: object) -> str:
    """One element; mappings nest, sequences repeat the element, text is guarded by CDATA."""
    if isinstance(value, Mapping):
        inner = "".join(write(str(key), each) for key, each in value.items())
        return f"<{name}>{inner}</{name}>"
    if isinstance(value, str):
        return f"<{name}><![CDATA[{clean(value).replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"
    if isinstance(value, Sequence):
        return "".join(write(name, each) for each in value)
    if isinstance(value, bool):
        return f"<{name}>{str(value).lower()}</{name}>"
    return f"<{name}>{value}</{name}>"
