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

from bot import sample, sample_staffing

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


def of_nurses(delivered: dict[str, int]) -> dict[str, int]:
    """Phone → messages, of those who only get reminders of their shifts."""
    nurses = {p.userid for p in sample.PEOPLE if p.role == "护士"} - sample_staffing.DUE
    return {
        phone: count
        for phone, count in delivered.items()
        if phone.removeprefix("dingtalk:") in nurses
    }


async def test_a_killed_demo_goes_on_where_it_was() -> None:
    ports = free_ports(2)
    base = f"http://127.0.0.1:{ports[1]}"

    async def ask(path: str, body: dict[str, Any] | None = None) -> Any:
        call = session.get(base + path) if body is None else session.post(base + path, json=body)
        async with call as reply:
            return await reply.json()

    with tempfile.TemporaryDirectory(prefix="wb-") as data:
        Path(data).chmod(0o755)
        async with ClientSession() as session:
            demo = await started(ports, data)
            await ask("/sim/clock", {"to": "20:10"})
            demo.kill()
            await demo.wait()
            before = await ask("/sim/stats")
            demo = await started(ports, data)
            try:
                await ask("/sim/clock", {"to": "20:35"})
                after = await ask("/sim/stats")
            finally:
                demo.send_signal(signal.SIGTERM)
                async with asyncio.timeout(30):
                    await demo.wait()
            reminded = of_nurses(after["delivered"])
            assert reminded.keys() > of_nurses(before["delivered"]).keys()
            assert set(reminded.values()) == {1}
            # Those about whose licences nothing is said: on WeCom and on DingTalk.
            assert any(phone.startswith("dingtalk:") for phone in reminded)
            assert any(not phone.startswith("dingtalk:") for phone in reminded)
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", ports[1])) != 0
