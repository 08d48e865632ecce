"""What an operator can do from a shell. Each command says what it did, or what to mend."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from bot import app as root
from bot import database, logs
from bot.demo import DemoError, demo
from bot.schema_check import SchemaDrift, check
from config.policies import PolicyError
from config.settings import Settings, SettingsError
from message_templates.errors import TemplateError

CONFIGURATION_ERRORS = (
    DemoError,
    PolicyError,
    SchemaDrift,
    SettingsError,
    TemplateError,
    ValidationError,
    database.DatabaseUnreachable,
)

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Wardbell (护铃): hospital HR on WeCom and DingTalk.")  # fmt: skip
console = Console()


@app.command("serve")
def serve() -> None:
    """Take callbacks and console requests; sends nothing itself."""
    asyncio.run(root.main(Settings(), root.Role.SERVE))


@app.command("worker")
def worker() -> None:
    """Send what is due and do what time demands; takes nothing in."""
    asyncio.run(root.main(Settings(), root.Role.WORKER))


@app.command("all")
def run_all() -> None:
    """Both in one process; several such processes may share one database."""
    asyncio.run(root.main(Settings(), root.Role.ALL))


@app.command("demo")
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
        console.print(f"  机器人    http://127.0.0.1:{bot.port}/healthz")
        console.print(f"  示例班表  {data / 'sheets'}\n")
        console.print("  Open the first address in a browser. Ctrl+C stops everything.")
        await stop.wait()


@app.command("migrate")
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
