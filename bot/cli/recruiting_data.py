"""Commands that bring posts, candidates, interview slots and scores in: a preview first."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import files
from bot.cli.data import person, services
from bot.cli.sheet_preview import show_then_apply
from services.import_drafts import Kind
from services.recruiting_access import require_recruiting

File = Annotated[Path, typer.Argument(help="XLSX, XLS or CSV", exists=True)]
By = Annotated[str, typer.Option(help="以谁的名义：工号")]
Apply = Annotated[bool, typer.Option("--apply", help="apply it; without, only show")]


def import_postings(file: File, by: By, apply: Apply = False) -> None:
    """Import posts (岗位编号, 岗位, 科室, 负责人工号, 需带材料, 匹配要点 …)."""
    asyncio.run(bring_in(Kind.POSTINGS, files.read(file), file.name, by, apply=apply))


def import_candidates(file: File, by: By, apply: Apply = False) -> None:
    """Import candidates (姓名, 手机, 应聘岗位 …)."""
    asyncio.run(bring_in(Kind.CANDIDATES, files.read(file), file.name, by, apply=apply))


def import_slots(file: File, by: By, apply: Apply = False) -> None:
    """Import interview slots (岗位, 日期, 开始, 地点 …)."""
    asyncio.run(bring_in(Kind.SLOTS, files.read(file), file.name, by, apply=apply))


def import_scores(file: File, by: By, apply: Apply = False) -> None:
    """Import interview scores (姓名, 手机后四位, 面试官, 结论 …)."""
    asyncio.run(bring_in(Kind.SCORES, files.read(file), file.name, by, apply=apply))


def add_to(imports: typer.Typer) -> None:
    imports.command("postings")(import_postings)
    imports.command("candidates")(import_candidates)
    imports.command("slots")(import_slots)
    imports.command("scores")(import_scores)


async def bring_in(kind: Kind, data: bytes, name: str, by: str, *, apply: bool) -> None:
    """Show what a sheet would change; with `apply` store it. Raises NothingApplied."""
    async with services() as (_, parts):
        actor = await person(by)
        await require_recruiting(actor)
        reader = parts.recruiting.sheets.imports
        draft = await reader.draft(kind, data, name)
        await show_then_apply(reader, draft, actor, apply=apply)
