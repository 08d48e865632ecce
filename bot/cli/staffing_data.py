"""Commands about licences and rosters that bring sheets in, and that tell what is short."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import files
from bot.cli.data import console, person, services
from bot.cli.sheet_preview import show_then_apply
from message_templates.catalogue import Catalogue
from services.actors import Actor
from services.coverage import unreached_tomorrow
from services.import_drafts import StaffingKind
from services.staffing_uploads import require_staffing

licences = typer.Typer(no_args_is_help=True, help="Licences of staff.")
roster = typer.Typer(no_args_is_help=True, help="What rosters rest on, and what they lack.")

File = Annotated[Path, typer.Argument(help="XLSX, XLS or CSV", exists=True)]
By = Annotated[str, typer.Option(help="以谁的名义：工号；不写就是本机管理员")]
Apply = Annotated[bool, typer.Option("--apply", help="apply it; without, only show")]


def add_to(app: typer.Typer) -> None:
    app.add_typer(licences, name="licences")
    app.add_typer(roster, name="roster")


@licences.command("import")
def import_licences(file: File, by: By = "", apply: Apply = False) -> None:
    """Import a licence list: a row for each licence, or one for each person."""
    _run(StaffingKind.LICENCES, file, by, apply)


@roster.command("minimums")
def import_minimums(file: File, by: By = "", apply: Apply = False) -> None:
    """Import the least each ward needs (病区, 班次, 最少, 星期, 最低层级, 其中人数)."""
    _run(StaffingKind.MINIMUMS, file, by, apply)


@roster.command("wishes")
def import_wishes(file: File, by: By = "", apply: Apply = False) -> None:
    """Import leave and wishes (姓名/工号, 类别, 起, 止)."""
    _run(StaffingKind.WISHES, file, by, apply)


@roster.command("gaps")
def gaps() -> None:
    """Show which shifts of the next 72 hours have too few people, and who cannot be reached."""
    asyncio.run(show_gaps())


async def show_gaps() -> None:
    async with services() as (_, parts):
        digest = parts.gaps.digest
        found = await digest.every()
        facts = digest.facts(
            [each for each in found if each.short],
            await unreached_tomorrow(parts.ledger.ladder, parts.ledger.clock),
            shown=1000,
        )
        if not found:
            console.print("还没有病区设置最低人数。请先运行 python -m bot roster minimums FILE。")
        if facts["wards"] or facts["unreached"]:
            words = Catalogue().text("gaps/short", facts).content
            console.print(words, markup=False)
        elif found:
            console.print(f"接下来72小时，{len(found)}个病区人都够。")


def _run(kind: StaffingKind, file: Path, by: str, apply: bool) -> None:
    asyncio.run(bring_in(kind, files.read(file), file.name, by, apply=apply))


async def bring_in(kind: StaffingKind, data: bytes, name: str, by: str, *, apply: bool) -> None:
    """Show what a sheet would change; with `apply` store it. Raises NothingApplied."""
    async with services() as (_, parts):
        actor: Actor | str = await person(by) if by else "cli"
        reader = parts.staffing_sheets.imports
        draft = await reader.draft(kind, data, name)
        if isinstance(actor, Actor):
            await require_staffing(actor, kind, draft)
        await show_then_apply(reader, draft, actor, apply=apply)
