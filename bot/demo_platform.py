"""The demo's platform: the simulator as a process of its own, which outlives a killed bot."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, time
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot import sample
from bot.sample_platforms import simulated
from models.clock import SHANGHAI, SystemClock

START = time(14, 0)  # local: the afternoon before the first evening
PID = "simulator.pid"
HOST = "127.0.0.1"
SHOWN = (
    "li",
    "zhao",
    "dingtalk:zhu",
    "dingtalk:liang",
    "su",
    "mail:tian@example.com",
    "wechat:wmSAMPLEqin",
)


class DemoError(Exception):
    """The demo cannot start; the message says what to do."""


@asynccontextmanager
async def simulator(data: Path, port: int, bot_url: str) -> AsyncIterator[str]:
    """Yields the simulator's address; it ends with this block.

    One that a killed demo left behind is joined again: its phones still hold what they got, and
    its clock goes on.
    """
    hospital = write_hospital(data, bot_url)
    address = await _left_behind(data, port)
    if address is None:
        address = await _started(data, port, hospital)
    try:
        yield address
    finally:
        _stop(data)


def write_hospital(data: Path, bot_url: str) -> Path:
    """The simulator's configuration of the sample hospital."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / "hospital.json"
    links = [("控制台", f"{bot_url}/console")]
    body = simulated(
        f"{bot_url}/callbacks/wecom/main",
        links,
        sample.ONE_WARD_EACH,
        show=SHOWN,
        public_url=bot_url,
    )
    path.write_text(json.dumps(body, ensure_ascii=False, indent=1), "utf-8")
    return path


async def mail_port(sim: str) -> int:
    """Where the simulator's mail server listens."""
    async with ClientSession() as session, session.get(f"{sim}/sim/hospital") as reply:
        return int((await reply.json())["mail"]["port"])


async def _left_behind(data: Path, port: int) -> str | None:
    """The address of our own simulator that still runs on this port, if there is one."""
    if not (data / PID).exists():
        return None
    address = f"http://{HOST}:{port}"
    timeout = ClientTimeout(total=10)  # one that is busy must not be taken for dead
    try:
        async with (
            ClientSession(timeout=timeout) as session,
            session.get(f"{address}/sim/hospital") as reply,
        ):
            found = await reply.json()
    except (ClientError, TimeoutError, ValueError):
        return None
    return address if found.get("corpid") == sample.CORP_ID else None


async def _started(data: Path, port: int, hospital: Path) -> str:
    today = SystemClock().now().astimezone(SHANGHAI).date()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulator",
        "--port",
        str(port),
        "--hospital",
        str(hospital),
        "--now",
        f"{datetime.combine(today, START):%Y-%m-%dT%H:%M}",
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    if not line.startswith("simulator: "):
        raise DemoError(f"the simulator did not start on port {port}; choose --sim-port")
    _note(data, process.pid)
    return line.removeprefix("simulator: ").strip().rstrip("/")


def _note(data: Path, pid: int) -> None:
    (data / PID).write_text(str(pid), "ascii")


def _stop(data: Path) -> None:
    path = data / PID
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        os.kill(int(path.read_text("ascii")), signal.SIGTERM)
    path.unlink(missing_ok=True)
