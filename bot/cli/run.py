"""Commands that run the bot, whole or in part, and the demo."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console

from bot import app as root
from bot import database, logs
from bot.demo import demo
from bot.schema_check import check
from config.settings import Settings

console = Console()


def add_to(app: typer.Typer) -> None:
    app.command("all")(run_all)
    app.command("serve")(serve)
    app.command("worker")(worker)
    app.command("demo")(run_demo)
    app.command("migrate")(migrate)


def run_all() -> None:
    """Take in and send in one process; several such processes may share one database."""
    uvloop.run(root.main(Settings(), root.Role.ALL))


def serve() -> None:
    """Take callbacks and console requests; send nothing."""
    uvloop.run(root.main(Settings(), root.Role.SERVE))


def worker() -> None:
    """Send what is due and do what time demands; take nothing in."""
    uvloop.run(root.main(Settings(), root.Role.WORKER))


def run_demo(
    port: Annotated[int, typer.Option(help="the bot's port")] = 8080,
    sim_port: Annotated[int, typer.Option(help="the phone page's port")] = 8800,
    data: Annotated[Path, typer.Option(help="folder for database and sheets")] = Path("var/demo"),
) -> None:
    """A sample hospital with phones to look at; no account, no internet."""
    asyncio.run(_demo(data, port, sim_port))


async def _demo(data: Path, port: int, sim_port: int) -> None:
    logs.configure()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    console.print("Starting: database, sample hospital, simulator, bot …")
    async with demo(data, "127.0.0.1", port, sim_port) as (bot, sim):
        console.print(f"\n  手机页面  [bold]{sim}/[/bold]")
        console.print(f"  控制台    http://127.0.0.1:{bot.port}/console")
        console.print(f"  示例班表  {data / 'sheets'}\n")
        console.print("  Open the first address in a browser. Ctrl+C stops everything.")
        await stop.wait()


def migrate(
    check_only: Annotated[
        bool, typer.Option("--check", help="only say whether models and migrations agree")
    ] = False,
) -> None:
    """Bring the database's schema up to date."""
    if check_only:
        asyncio.run(check())
        console.print("models and migrations agree")
        return
    asyncio.run(database.migrate(root.database_url(Settings())))
    console.print("the schema is up to date")
