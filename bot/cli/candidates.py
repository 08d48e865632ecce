"""Commands about candidates: try how a reply is understood, delete somebody, prove a deletion."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, BinaryIO

import typer
from rich.console import Console

from bot.cli.data import NothingApplied, person, services
from models import db
from models.clock import SHANGHAI
from services.erasure_proof import Proof, proof_of
from services.understanding.reply import Understood, understand, when_text

_YEARS = range(2000, 2101)
_LONGEST_LINE = 1 << 16  # bytes; far more than `understand` reads

console = Console()
group = typer.Typer(no_args_is_help=True, help="Deletion of a candidate's data, and its proof.")


def add_to(app: typer.Typer) -> None:
    app.command("understand")(understand_replies)
    app.add_typer(group, name="candidates")


@group.command("erased")
def erased(
    ref: Annotated[str, typer.Argument(help="the receipt's number, or the candidate's ref")],
) -> None:
    """Show the proof of a deletion: when, by whom, how many rows, and that nothing is left."""
    asyncio.run(_erased(ref))


async def _erased(ref: str) -> None:
    async with services():
        proof = await proof_of(ref)
    if proof is None:
        raise NothingApplied(f"没有找到“{ref}”的删除记录。请核对删除编号，或删除还没有完成。")
    for line in _proof_lines(proof):
        console.print(line, highlight=False)
    if not proof.gone:
        raise NothingApplied("删除之后又出现了这位候选人的数据，请查明来源后重新删除。")


def _proof_lines(proof: Proof) -> list[str]:
    rows = "，".join(f"{table} {count}" for table, count in sorted(proof.counts.items()))
    asked = f"要求 {_local(proof.asked_at)}，" if proof.asked_at else ""
    chain = f"第 {proof.seal} 号 {proof.hash}" if proof.hash else "几秒内封存"
    return [
        f"删除编号 {proof.receipt}，候选人 {proof.ref}",
        f"{asked}完成 {_local(proof.erased_at)}，由 {proof.by}，原因 {proof.why}",
        f"清除的行数：{rows}",
        f"审计封存：{chain}",
        "现在核对：没有留下任何资料。" if proof.gone else "现在核对：又有数据！",
    ]


@group.command("erase")
def erase(
    ref: Annotated[str, typer.Argument(help="the candidate's ref, as the console shows it")],
    by: Annotated[str, typer.Option(help="以谁的名义：工号")],
    why: Annotated[str, typer.Option(help="为什么，不写姓名电话：来电要求、来信要求 …")],
    yes: Annotated[bool, typer.Option("--yes", help="do it; without, only show")] = False,
) -> None:
    """Delete a candidate who asked for it otherwise than in chat; they get the receipt."""
    asyncio.run(_erase(ref, by, why, yes))


async def _erase(ref: str, by: str, why: str, yes: bool) -> None:
    async with services() as (_, parts):
        actor = await person(by)
        found = await db.fetch_value("SELECT id FROM candidates WHERE ref = $1", ref.strip())
        if found is None:
            raise NothingApplied(f"没有编号为“{ref}”的候选人。")
        if not yes:
            raise NothingApplied("这是预览，没有改动。删除后不能恢复；加 --yes 删除。")
        receipt = await parts.recruiting.erasure.request(found, actor, why)
        console.print(f"已停用，24小时内删除。删除编号 {receipt}。")


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


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
    if sys.stdin is None:
        raise typer.BadParameter(
            "there is none; pass the replies, for example with < replies.txt",
            param_hint="standard input",
        )
    for line in _lines(sys.stdin.buffer):
        text = line.decode("utf-8-sig", "replace").rstrip("\r\n")
        meaning = _written(understand(text, came, slots), why)
        sys.stdout.buffer.write(json.dumps(meaning, ensure_ascii=False).encode() + b"\n")
        sys.stdout.buffer.flush()


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Each line; of a huge one the beginning, which is too long to be a reply anyway."""
    while piece := stream.readline(_LONGEST_LINE):
        yield piece
        while len(piece) == _LONGEST_LINE and not piece.endswith(b"\n"):
            piece = stream.readline(_LONGEST_LINE)


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
