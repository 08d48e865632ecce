"""The demo as a stranger runs it: killed in the evening and started again, nothing is lost."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bot import sample

REMINDER = "护铃 · 排班提醒"
READY = "Ctrl+C stops everything"


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


async def started(ports: list[int], data: str) -> Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "demo",
        "--port",
        str(ports[0]),
        "--sim-port",
        str(ports[1]),
        "--data",
        data,
        stdout=PIPE,
    )
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(60):
        while READY not in said:
            line = await process.stdout.readline()
            assert line, said
            said += line.decode()
    return process


NURSES = [
    ("dingtalk:" if person.unit == sample.CARDIOLOGY else "") + person.userid
    for person in sample.PEOPLE
    if person.role == "护士"
]


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

    with tempfile.TemporaryDirectory(prefix="wb-") as data:
        Path(data).chmod(0o755)
        async with ClientSession() as session:
            demo = await started(ports, data)
            await ask("/sim/clock", {"to": "20:10"})
            before = await reminded()
            demo.kill()
            await demo.wait()
            demo = await started(ports, data)
            try:
                await ask("/sim/clock", {"to": "20:35"})
                after = await reminded()
            finally:
                demo.send_signal(signal.SIGTERM)
                async with asyncio.timeout(30):
                    await demo.wait()
            assert after.keys() > before.keys()
            assert before
            assert set(after.values()) == {1}
            assert {phone.startswith("dingtalk:") for phone in after} == {True, False}
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", ports[1])) != 0
