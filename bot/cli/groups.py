"""Group chats that are reached by a robot's address: bound, listed and removed by an operator.

The address is as good as a key, so it is read from standard input: an argument would stay in the
shell's history and in the list of processes. Only its key or token is kept; the host is checked
and then taken from our settings, so that nobody can make the bot post elsewhere.
"""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated
from urllib.parse import SplitResult, parse_qs, urlsplit

import typer
from rich.console import Console
from rich.markup import escape

from bot.cli.data import NothingApplied, services
from config.settings import Settings
from models import db
from models.groups import GroupDoor

console = Console()
groups = typer.Typer(no_args_is_help=True, help="Group chats of the units.")


class Door(StrEnum):
    WECOM = "wecom"
    DINGTALK = "dingtalk"


def add_to(app: typer.Typer) -> None:
    app.add_typer(groups, name="groups")


@groups.command("add")
def add(
    unit: Annotated[str, typer.Option(help="病区名")],
    door: Annotated[Door, typer.Option(help="the platform the group is on")],
    title: Annotated[str, typer.Option(help="群名，给人看的")] = "",
) -> None:
    """Bind a group by its robot's webhook address, read from standard input (see --help).

    First line: the address. DingTalk also needs a second line: the signing secret, SEC….
    """
    address = _secret_line("机器人地址(webhook): ")
    signing = _secret_line("加签密钥(SEC开头): ") if door == Door.DINGTALK else ""
    asyncio.run(_add(unit, door, title, address, signing))


async def _add(unit: str, door: Door, title: str, address: str, signing: str) -> None:
    async with services() as (settings, parts):
        secret = read_address(settings, door, address, signing)
        unit_id = await db.fetch_value("SELECT id FROM units WHERE name = $1", unit)
        if unit_id is None:
            raise NothingApplied(f"没有叫“{unit}”的病区。请先导入人员名单。")
        bound = await parts.groups.bind("cli", unit_id, _DOORS[door], secret, title)
        moved = f"(原来是{bound.before}的群)" if bound.before else ""
        console.print(f"已绑定：{escape(unit)}的通知会发到这个群{moved}。编号 {bound.group_id}。")


@groups.command("list")
def show() -> None:
    """The groups in use: number, unit, platform, title, what became of the last notice."""
    asyncio.run(_show())


async def _show() -> None:
    async with services() as (_, parts):
        rows = await parts.groups.everywhere()
        words = parts.unit_notices.catalogue.words("console")
    for row in rows:
        last = words["states"].get(row["last"], "还没有发过通知")
        door = words["channels"][row["door"]]
        console.print(
            f"{row['id']}  {escape(row['unit'])}  {door}  {escape(row['title'])}  {last}"
        )
    if not rows:
        console.print("还没有绑定群。")


@groups.command("remove")
def remove(number: Annotated[int, typer.Argument(help="编号，见 groups list")]) -> None:
    """Post nothing there any more; what waits to be posted is withdrawn."""
    asyncio.run(_remove(number))


async def _remove(number: int) -> None:
    async with services() as (_, parts):
        unit = await parts.groups.unbind("cli", number)
        if unit is None:
            raise NothingApplied(f"没有编号为 {number} 的群。请用 groups list 查看。")
        console.print(f"已解绑：{escape(unit)}的通知不再发到这个群。")


_DOORS = {Door.WECOM: GroupDoor.WECOM_WEBHOOK, Door.DINGTALK: GroupDoor.DINGTALK_WEBHOOK}
# Where the address is taken from, which path it has, and the parameter that is its key.
_SHAPES = {
    Door.WECOM: ("wecom_api", "/cgi-bin/webhook/send", "key"),
    Door.DINGTALK: ("dingtalk_old_api", "/robot/send", "access_token"),
}


def read_address(
    settings: Settings, door: Door, address: str, signing: str = ""
) -> Mapping[str, str]:
    """The secret of a group out of its robot's address (WeCom D99110, DingTalk G0082).

    Raises NothingApplied for another host or path than the platform's, or where a part is missing.
    """
    setting, path, parameter = _SHAPES[door]
    own, given = urlsplit(getattr(settings, setting)), _split(address)
    if (given.scheme, given.netloc, given.path) != (own.scheme, own.netloc, path):
        raise NothingApplied(
            f"这不是{own.netloc}的群机器人地址。请从群机器人的设置里完整复制，"
            f"形如 {own.scheme}://{own.netloc}{path}?{parameter}=…"
        )
    keys = parse_qs(given.query).get(parameter, [])
    if len(keys) != 1 or not keys[0].isascii() or not keys[0].replace("-", "").isalnum():
        raise NothingApplied(f"地址里没有{parameter}。请从群机器人的设置里完整复制。")
    if door == Door.WECOM:
        return {"key": keys[0]}
    if not signing.startswith("SEC") or not signing.isascii() or not signing.isalnum():
        raise NothingApplied(
            "缺少加签密钥。请在群机器人的安全设置里选“加签”，把SEC开头的密钥写在第二行。"
        )
    return {"token": keys[0], "secret": signing}


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:
        raise NothingApplied("这不是网址。请从群机器人的设置里完整复制。") from None


def _secret_line(prompt: str) -> str:
    """One line nobody sees: typed without an echo, or piped."""
    line = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline()
    return line.strip()
