"""Bring a ward's roster in from DingTalk's attendance: shown first, published when asked to."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated

import typer
from rich.console import Console

from bot.cli.data import NothingApplied, person, services, show, unit_of
from services.attendance_windows import Window, WindowNotRead

console = Console()


def add_to(imports: typer.Typer) -> None:
    imports.command("attendance")(import_attendance)


def import_attendance(
    unit: Annotated[str, typer.Option(help="病区名")],
    first: Annotated[str, typer.Option("--from", help="第一天，2026-12-01")],
    last: Annotated[str, typer.Option("--to", help="最后一天，2026-12-31")],
    by: Annotated[str, typer.Option(help="以谁的名义存为草稿：工号；不写只看")] = "",
    publish: Annotated[bool, typer.Option("--publish", help="发布；不加只预览")] = False,
    override: Annotated[str, typer.Option(help="违反休息规定时仍发布的理由")] = "",
) -> None:
    """Read a ward's roster from DingTalk: shows what would change, publishes with --publish."""
    if publish and not by:
        raise NothingApplied("发布要写明以谁的名义：--by 工号。")
    asyncio.run(_attendance(unit, _days(first, last), by, publish, override))


def _days(first: str, last: str) -> tuple[date, date]:
    try:
        return date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise NothingApplied("--from 和 --to 要写成 2026-12-01 这样的日期。") from None


async def _attendance(
    unit: str, days: tuple[date, date], by: str, publish: bool, override: str
) -> None:
    async with services(connect=True) as (_, parts):
        actor = await person(by) if by else None
        unit_id = await unit_of(unit)
        try:
            draft = await parts.attendance_pull.draft(actor, unit_id, *days, _progress)
        except WindowNotRead as stopped:
            raise NothingApplied(parts.attendance_pull.not_read(stopped)) from stopped
        show((*draft.errors, *draft.violations), draft.warnings)
        console.print(draft.line, markup=False)
        if draft.errors:
            raise NothingApplied("有错误，没有存为草稿。请改好后再拉取。")
        if actor is None:
            raise NothingApplied("只是查看，没有存下。加 --by 工号 存为草稿，在控制台核对后发布。")
        assert draft.roster_id is not None
        if not publish:
            console.print("已存为草稿，请在控制台核对后发布，或加 --publish 发布。")
            return
        done = await parts.rosters.publish(actor, draft.roster_id, override=override)
        console.print(f"已发布：改动 {done.changed_cells} 格，通知 {done.told} 人。")


def _progress(window: Window) -> None:
    people = len(window.user_ids)
    console.print(
        f"已读 {window.number}/{window.total}：{window.first} 至 {window.last}，{people} 人"
    )
