"""Commands that bring people and rosters in: always a preview first, all of it or nothing."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from bot import app as root
from bot import database
from bot.cli import files
from bot.sources import sources
from bot.wiring import Services, build
from config.settings import Settings, key_ring
from models import db, sealed
from models.clock import SystemClock
from services.actors import Actor, by_id
from services.refusals import Refusal
from services.sources import SourceFailed

PLATFORMS = {"wecom": "企业微信", "dingtalk": "钉钉"}

console = Console()
imports = typer.Typer(no_args_is_help=True, help="Bring a staff list or a roster in.")


class NothingApplied(Exception):
    """The file has errors, or nobody said --yes; the database is as it was."""


def add_to(app: typer.Typer) -> None:
    app.add_typer(imports, name="import")


@asynccontextmanager
async def services(*, connect: bool = False) -> AsyncIterator[tuple[Settings, Services]]:
    """The use cases over the configured database; nothing is sent from here.

    With `connect` they can read directories and rosters from the configured platforms.
    """
    settings = Settings()
    sealed.install(key_ring(settings))
    rules = root.read_rules(settings)
    url = root.database_url(settings)
    await database.migrate(url)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(database.opened(url, pool=4))
        known = None
        if connect:
            session = await stack.enter_async_context(root.client_session())
            known = sources(settings, session, SystemClock())
        try:
            yield settings, build(rules, SystemClock(), known)
        except Refusal as refusal:
            words = rules.catalogue.phrase("refusals", refusal.key, **refusal.params)
            raise NothingApplied(words) from refusal


@imports.command("people")
def import_people(
    file: Annotated[Path, typer.Argument(help="staff list: XLSX, XLS or CSV", exists=True)],
    yes: Annotated[bool, typer.Option("--yes", help="apply it; without, only show")] = False,
) -> None:
    """Import a staff list (工号, 姓名, 病区, 企业微信userid …)."""
    asyncio.run(_people(files.read(file), file.name, yes))


async def _people(data: bytes, name: str, yes: bool) -> None:
    async with services() as (_, parts):
        draft = await parts.people.draft(data, name)
        show(draft.errors, draft.warnings)
        tell(draft.notes)
        console.print(f"{len(draft.rows)} 人：新增 {draft.new}，有变动 {draft.changed}")
        if not draft.applicable:
            raise NothingApplied("有错误，没有导入任何人。请改好后再导入。")
        if not yes:
            raise NothingApplied("这是预览，没有改动。加 --yes 导入。")
        console.print(f"已导入 {await parts.people.apply(draft, 'cli')} 人。")


@imports.command("directory")
def import_directory(
    platform: Annotated[
        str, typer.Option(help="wecom or dingtalk; needed when both are configured")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="apply it; without, only show")] = False,
) -> None:
    """Import members and departments from a platform's directory."""
    asyncio.run(_directory(platform, yes))


async def _directory(platform: str, yes: bool) -> None:
    async with services(connect=True) as (_, parts):
        known = parts.directories.check.directories
        source = known[chosen(platform, list(known))]
        console.print(f"正在读取{PLATFORMS[source.platform]}通讯录 …")
        try:
            members = await source.members()
        except SourceFailed as failed:
            raise NothingApplied(f"没有读到通讯录：{failed.reason}。{failed.cure}") from failed
        draft = await parts.people.draft_members(members, source.platform)
        show(draft.errors, draft.warnings)
        tell(draft.notes)
        console.print(
            f"读到 {len(members)} 人：新增 {draft.new}，补上账号 {draft.linked}，"
            f"有变动 {draft.changed}，要核对 {len(draft.warnings)} 处"
        )
        if not draft.applicable:
            raise NothingApplied("有错误，没有导入任何人。请改好后再导入。")
        if not yes:
            raise NothingApplied("这是预览，没有改动。加 --yes 导入。")
        console.print(f"已导入 {await parts.people.apply(draft, 'cli')} 人。")


def chosen(platform: str, configured: Sequence[str]) -> str:
    """The one configured platform, or the named one. Raises NothingApplied."""
    if platform in configured:
        return platform
    if platform:
        raise NothingApplied(f"没有配置“{platform}”。已配置：{'、'.join(configured) or '无'}。")
    if not configured:
        raise NothingApplied("还没有配置企业微信或钉钉(见 README.zh-CN.md)。")
    if len(configured) > 1:
        raise NothingApplied("配置了多个平台，请写明：--platform wecom 或 --platform dingtalk。")
    return configured[0]


@imports.command("roster")
def import_roster(
    file: Annotated[Path, typer.Argument(help="班表: XLSX, XLS 或 CSV", exists=True)],
    unit: Annotated[str, typer.Option(help="病区名")],
    by: Annotated[str, typer.Option(help="以谁的名义：工号")],
    publish: Annotated[bool, typer.Option("--publish", help="发布；不加只预览")] = False,
    override: Annotated[str, typer.Option(help="违反休息规定时仍发布的理由")] = "",
) -> None:
    """Import a ward's roster: shows what would change, publishes with --publish."""
    asyncio.run(_roster(files.read(file), file.name, unit, by, publish, override))


async def _roster(
    data: bytes, name: str, unit: str, by: str, publish: bool, override: str
) -> None:
    async with services() as (_, parts):
        actor = await person(by)
        unit_id = await unit_of(unit)
        draft = await parts.rosters.draft(actor, unit_id, data, name)
        show((*draft.errors, *draft.violations), draft.warnings)
        console.print(escape(draft.line))
        if draft.roster_id is None or not publish:
            raise NothingApplied("没有发布。改好错误后，加 --publish 发布。")
        done = await parts.rosters.publish(actor, draft.roster_id, override=override)
        console.print(f"已发布：改动 {done.changed_cells} 格，通知 {done.told} 人。")


@imports.command("codes")
def import_codes(
    file: Annotated[Path, typer.Argument(help="TOML, the shape of shift_codes.toml", exists=True)],
    unit: Annotated[str, typer.Option(help="病区名")],
) -> None:
    """Give a ward its own shift codes over the hospital's table; an empty file takes them away."""
    asyncio.run(_codes(files.read_text(file), unit))


async def _codes(text: str, unit: str) -> None:
    async with services() as (_, parts):
        try:
            table = await parts.codes.override(unit, tomllib.loads(text))
        except ValueError as error:
            raise NothingApplied(f"班次表没有导入：{error}") from error
        console.print(f"{unit}现有 {len(table.codes)} 个班次。")


async def unit_of(name: str) -> int:
    unit_id: int | None = await db.fetch_value("SELECT id FROM units WHERE name = $1", name)
    if unit_id is None:
        raise NothingApplied(f"没有叫“{name}”的病区。请先导入人员名单。")
    return unit_id


async def person(staff_no: str) -> Actor:
    person_id = await db.fetch_value("SELECT id FROM persons WHERE staff_no = $1", staff_no)
    actor = await by_id(person_id) if person_id is not None else None
    if actor is None:
        raise NothingApplied(f"没有工号“{staff_no}”的在岗人员。")
    return actor


def show(errors: Sequence[str], warnings: Sequence[str]) -> None:
    for text in errors:
        console.print(f"[red]错误[/red] {escape(text)}")
    for text in warnings:
        console.print(f"[yellow]提醒[/yellow] {escape(text)}")


def tell(notes: Sequence[str]) -> None:
    """What else applying it would do."""
    for text in notes:
        console.print(escape(text), highlight=False)
