"""Commands about candidates: try what Wardbell makes of a reply to an invitation."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Annotated

import typer

from services.understanding.reply import Understood, understand, when_text

_YEARS = range(2000, 2101)


def add_to(app: typer.Typer) -> None:
    app.command("understand")(understand_replies)


def understand_replies(
    now: Annotated[str, typer.Option(help="when the reply came, 2026-12-04T09:00")],
    offered: Annotated[
        list[str], typer.Option(help="an offered time, 2026-12-09T10:00; may be repeated")
    ],
    why: Annotated[bool, typer.Option("--why", help="also tell the reasons")] = False,
) -> None:
    """Read one reply a line from standard input; write its meaning as one JSON object a line.

    Times without an offset are Asia/Shanghai. A broken character is read as an unknown one.
    """
    came = _moment("--now", now)
    slots = [_moment("--offered", text) for text in offered]
    for line in sys.stdin.buffer:
        text = line.decode("utf-8-sig", "replace").rstrip("\r\n")
        meaning = _written(understand(text, came, slots), why)
        sys.stdout.buffer.write(json.dumps(meaning, ensure_ascii=False).encode() + b"\n")
        sys.stdout.buffer.flush()


def _written(found: Understood, why: bool) -> dict[str, object]:
    told = {"also_asks": found.also_asks, "why": list(found.reasons)} if why else {}
    return {"intent": found.intent.value, "when": when_text(found.when), **told}


def _moment(option: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or len(text.strip()) <= len("2026-12-09") or moment.year not in _YEARS:
        raise typer.BadParameter(
            f"{text!r} is no date with a time; write for example 2026-12-09T10:00",
            param_hint=option,
        )
    return moment
