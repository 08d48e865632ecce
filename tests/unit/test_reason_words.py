"""The console says in Chinese why a message waits, was withdrawn or did not go."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from message_templates.catalogue import shipped
from web.words import subject, worded

ROOT = Path(__file__).parents[2]
# Where the reason stands among the arguments: the place, or the name.
PLACES = {"Aside": (2, "reason"), "Facts": (2, "why_not"), "withdraw": (2, "why")}
FOLDERS = ("services", "scheduler", "bot")


def reasons_of(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = name or (node.func.id if isinstance(node.func, ast.Name) else "")
        if name not in PLACES:
            continue
        place, keyword = PLACES[name]
        given = [*node.args[place : place + 1]]
        given += [each.value for each in node.keywords if each.arg == keyword]
        for value in given:
            yield from _texts(value)


def _texts(value: ast.expr) -> Iterator[str]:
    """Constants, also of either side of an `if`; the filled places of an f-string as a state."""
    match value:
        case ast.Constant(value=str(text)) if text:
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "changed" for part in parts
            )
        case ast.IfExp(body=body, orelse=other):
            yield from _texts(body)
            yield from _texts(other)
        case _:
            return


def written() -> set[str]:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    texts = [path.read_text("utf-8") for path in files]
    in_sql = {reason for text in texts for reason in re.findall(r"\breason = '([a-z ]+)'", text)}
    assert "taken back" in in_sql
    return in_sql | {reason for text in texts for reason in reasons_of(text)}


@pytest.mark.parametrize("reason", sorted(written()))
def test_every_reason_has_a_word(reason: str) -> None:
    assert worded(reason, shipped().words("console")["reasons"]) != reason


def test_reasons_are_found_in_each_form() -> None:
    source = (
        "Aside(1, 2, 'a')\nFacts(x, y, f'the b is {z}')\nw.withdraw(p, q, 'c' if k else 'd')\n"
    )
    assert list(reasons_of(source)) == ["a", "the b is changed", "c", "d"]
    assert {"quiet hours", "the swap is changed", "they came after all"} <= written()


def audited() -> Iterator[str]:
    """The subjects as they are written where something is audited; "" where computed."""
    for path in (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                yield next(_texts(node.args[3]), "")


def test_the_audit_log_has_words_for_what_it_is_about() -> None:
    words = shipped().words("console")
    subjects = list(audited())
    assert len(subjects) > 50
    tables = {about.partition(":")[0] for about in subjects} - {"", "changed"}
    assert tables - set(words["subjects"]) == set()
    assert subject("persons:12", words["subjects"]) == "人员 12"
    assert subject("system", words["subjects"]) == "护铃"
    assert subject("robots:1", words["subjects"]) == "robots:1"


def test_a_state_of_its_own_goes_before_the_word_for_any() -> None:
    table = {"the preview is sent": "已经核对", "the preview is": "核对已有结果"}
    assert worded("the preview is sent", table) == "已经核对"
    assert worded("the preview is lost", table) == "核对已有结果"
    assert worded("no such thing", table) == "no such thing"
