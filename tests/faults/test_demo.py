"""The demo as a stranger runs it: killed in the evening and started again, nothing is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from bot import sample
from tests.support.database import memory_or_disk
from tests.support.waiting import eventually

REMINDER = "护铃 · 排班提醒"
READY = "Ctrl+C stops everything"


def free_ports(count: int) -> list[int]:
    """Below those the system hands out: the demo is started twice on the same, and what the system
    gives may have become somebody's outgoing connection between the two.
    """
    found: list[int] = []
    port = 20_000 + os.getpid() % 10_000
    while len(found) < count:
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
        port += 1
    return found


@asynccontextmanager
async def demo(ports: list[int], data: str) -> AsyncIterator[Process]:
    """Ready when the block begins; gone when it ends, whatever became of it."""
    named = ["--port", str(ports[0]), "--sim-port", str(ports[1]), "--data", data]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", *named, stdout=PIPE
    )
    try:
        await _ready(process)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _ready(process: Process) -> None:
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(200):
        while READY not in said:
            line = await process.stdout.readline()
            assert line, said
            said += line.decode()


NURSES = [
    ("dingtalk:" if person.unit == sample.CARDIOLOGY else "") + person.userid
    for person in sample.PEOPLE
    if person.role == "护士"
]


@pytest.mark.timeout(900)  # two whole starts, with a database made in the first
async def test_a_killed_demo_goes_on_where_it_was() -> None:
    ports = free_ports(2)
    base = f"http://127.0.0.1:{ports[1]}"

    async def ask(path: str, body: dict[str, Any] | None = None) -> Any:
        call = session.get(base + path) if body is None else session.post(base + path, json=body)
        async with call as reply:
            return await reply.json()

    async def reminded() -> dict[str, int]:
        """Phone → reminders of shifts, of those who have one."""
        found = {phone: await ask(f"/sim/phones/{phone}/messages") for phone in NURSES}
        counts = {
            phone: sum(REMINDER in message["text"] for message in messages)
            for phone, messages in found.items()
        }
        return {phone: count for phone, count in counts.items() if count}

    async def some_reminded() -> dict[str, int]:
        """The first of them, whenever today's date lets them be between eight and half past."""
        for minute in range(3, 33, 3):
            await ask("/sim/clock", {"to": f"20:{minute:02}", "step": "1h"})
            if found := await reminded():
                return found
        raise AssertionError("nobody was reminded")

    async def on_both_and_more() -> dict[str, int]:
        """The same, when all of before are among them, and more, on both platforms."""
        found = await reminded()
        places = {phone.startswith("dingtalk:") for phone in found}
        return found if found.keys() > before.keys() and places == {True, False} else {}

    with tempfile.TemporaryDirectory(prefix="wb-", dir=memory_or_disk()) as data:
        Path(data).chmod(0o755)
        async with ClientSession() as session:
            async with demo(ports, data) as first:
                before = await some_reminded()
                first.kill()
                await first.wait()
            async with demo(ports, data) as second:
                await ask("/sim/clock", {"to": "20:35", "step": "1h"})
                after = await eventually(on_both_and_more)
                second.send_signal(signal.SIGTERM)
                async with asyncio.timeout(120):
                    await second.wait()
            assert set(after.values()) == {1}
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", ports[1])) != 0
