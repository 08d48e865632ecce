"""Draft a month at the shell: progress as it goes, findings, and the sheet to take along."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.cli import files
from bot.cli.data import NothingApplied, console, person, services, unit_of
from bot.wiring import Services
from services.actors import Actor
from services.rostering import form
from services.rostering.drafting import Drafted, SolverDied, SolverMissing, Watch
from services.rostering.model import Limits
from services.rostering.model import Progress as Found

SHOWN = 40  # findings


def add_to(roster: typer.Typer) -> None:
    roster.command("draft")(draft)


def draft(
    ward: Annotated[str, typer.Option(help="病区名")],
    month: Annotated[str, typer.Option(help="2027-01")],
    seconds: Annotated[int | None, typer.Option(help="最多排多少秒", min=1)] = None,
    out: Annotated[Path | None, typer.Option(help="写成班表 XLSX，可再导入")] = None,
    by: Annotated[str, typer.Option(help="以谁的名义存为草稿并请护士长确认：工号；不写只看")] = "",
) -> None:
    """Draft a ward's month with OR-Tools: no hard rule broken, soft ones with their cost."""
    asyncio.run(_draft(ward, _month(month), seconds, out, by))


def _month(text: str) -> tuple[date, date]:
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise NothingApplied(f"--month 要写成 2027-01 这样的月份，不是“{text}”。") from None
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


async def _draft(
    ward: str, days: tuple[date, date], seconds: int | None, out: Path | None, by: str
) -> None:
    async with services() as (settings, parts):
        actor = await person(by) if by else None
        unit_id = await unit_of(ward)
        parts.drafting.drafts.check_month(days[0])
        limits = parts.drafting.drafting.policy.within(seconds)
        drafted = await _worked_out(parts, unit_id, days, limits)
        _show(drafted)
        if drafted.cells is None:
            raise NothingApplied("没有排出班表。")
        if out is not None:
            for file in await _write(parts, drafted, unit_id, out, settings.hospital):
                console.print(f"已写入 {file}")
        await _keep(parts, drafted, unit_id, limits, actor)


async def _worked_out(
    parts: Services, unit_id: int, days: tuple[date, date], limits: Limits
) -> Drafted:
    drafting = parts.drafting.drafting
    with _progress(limits.seconds) as watch:
        try:
            return await drafting.draft(unit_id, *days, limits, watch)
        except SolverMissing:
            raise NothingApplied(drafting.say("missing")) from None
        except SolverDied as died:
            raise NothingApplied(drafting.say("died", reason=str(died))) from died


@contextmanager
def _progress(seconds: float) -> Iterator[Watch]:
    """A bar on a terminal; in a log one line for each better solution."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("正在找第一个方案", total=seconds)

        async def watch(found: Found | None) -> None:
            if found is None:
                bar.advance(task, 1)
                return
            said = f"已找到{found.solutions}个方案，最好的扣{found.cost}分"
            bar.update(task, description=said, completed=found.seconds)
            if not console.is_terminal:
                console.print(f"{found.seconds:5.1f}秒 {said}")

        yield watch


def _show(drafted: Drafted) -> None:
    outcome = drafted.outcome
    if drafted.cells is not None:
        proven = "，已是最好的" if outcome.proven else ""
        console.print(
            f"{drafted.problem.unit}：{len(drafted.problem.nurses)}人，用了{outcome.seconds:.0f}秒，"
            f"违反硬性规则0处，共扣{drafted.cost}分{proven}"
        )
    for finding in drafted.findings[:SHOWN]:
        cost = f"(扣{finding.cost:.0f}分)" if finding.cost else ""
        console.print(f"· {finding.text.rstrip('。')}{cost}", highlight=False, markup=False)
    if len(drafted.findings) > SHOWN:
        console.print(f"· 另有{len(drafted.findings) - SHOWN}处")


async def _write(
    parts: Services, drafted: Drafted, unit_id: int, out: Path, hospital: str
) -> list[Path]:
    """The month's sheet; for a ward that rosters by the week, a sheet for each week."""
    assert drafted.cells is not None
    sheets = [(out, drafted.content)]
    if await form.form_of(unit_id) is form.Form.WEEK:
        table = await parts.codes.of_unit(unit_id)
        weeks = form.week_sheets(drafted.problem, drafted.cells, table, hospital)
        sheets = [
            (out.with_name(f"{out.stem}-{start:%m%d}{out.suffix}"), content)
            for start, content in weeks
        ]
    try:
        for file, content in sheets:
            files.write(file, content)
    except OSError as error:
        raise NothingApplied(f"没有写出 {out}：{os.strerror(error.errno or 0)}") from error
    return [file for file, _ in sheets]


async def _keep(
    parts: Services, drafted: Drafted, unit_id: int, limits: Limits, actor: Actor | None
) -> None:
    if actor is None:
        console.print("只是查看，没有存下。加 --by 工号 存为草稿并请护士长确认。")
        return
    await parts.drafting.drafts.keep(actor, unit_id, drafted, round(limits.seconds))
    console.print("已存为草稿，确认的卡片会发给护士长。")
