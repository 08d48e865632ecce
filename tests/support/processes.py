"""Real bot processes on a database of the test's own and a simulator in the test's process.

Their limits of real seconds are long, and so is the simulator's patience: see `unhurried`.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bot import sample, sample_platforms
from simulator.hospital import Hospital as World
from simulator.hospital import parse
from simulator.serve import running as simulator_running
from simulator.state import Simulator
from tests.support.hospital import KEY
from tests.support.patience import PATIENT

ROOT = Path(__file__).parents[2]
EVENING = "2026-12-07T20:45+08:00"


@dataclass
class Process:
    """One `python -m bot …`; `log` is everything it has said."""

    process: asyncio.subprocess.Process
    log: list[str] = field(default_factory=list)
    started: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    async def listen(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            text = line.decode()
            self.log.append(text)
            if '"event": "started"' in text:
                self.port = int(json.loads(text)["port"])
                self.started.set()
        self.started.set()

    def kill(self) -> None:
        """As the kernel does it when memory runs out."""
        self.process.send_signal(signal.SIGKILL)

    async def killed(self) -> None:
        self.kill()
        await self.process.wait()

    async def ended(self) -> int:
        """Ask it to stop, as a deployment does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 120)


@dataclass
class Town:
    """A simulator, and any number of bots on one database."""

    url: str
    address: str
    sim: Simulator
    data: Path
    group: asyncio.TaskGroup
    processes: list[Process] = field(default_factory=list)
    options: tuple[str, ...] = ()  # of `unhurried_process`, for those started from now on

    def environment(self) -> dict[str, str]:
        """What a bot of this town is configured with."""
        return {
            "DATABASE_URL": self.url,
            "WARDBELL_PORT": "0",
            "WARDBELL_DATA_DIR": str(self.data),
            "WARDBELL_ENCRYPTION_KEYS": KEY,
            "WARDBELL_WECOM_CORP_ID": sample.CORP_ID,
            "WARDBELL_WECOM_AGENT_ID": str(sample.AGENT_ID),
            "WARDBELL_WECOM_SECRET": sample.SECRET,
            "WARDBELL_WECOM_CALLBACK_TOKEN": sample.TOKEN,
            "WARDBELL_WECOM_CALLBACK_AES_KEY": sample.AES_KEY,
            "WARDBELL_WECOM_API": self.address,
            "WARDBELL_CLOCK_URL": f"{self.address}/sim/clock",
            "PYTHONPATH": str(ROOT),
        }

    async def bot(self, role: str = "all", *, wait: bool = True) -> Process:
        process = Process(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.support.unhurried_process",
                role,
                *self.options,
                env=self.environment(),
                cwd=self.data,
                stderr=asyncio.subprocess.PIPE,
            )
        )
        self.processes.append(process)
        self.group.create_task(process.listen())
        if wait:
            await self.up(process)
        return process

    async def up(self, process: Process) -> None:
        await asyncio.wait_for(process.started.wait(), 200)
        assert process.process.returncode is None, "".join(process.log)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        async with ClientSession() as session, session.post(self.address + path, json=body) as got:
            assert got.status < 400, await got.text()
            return await got.json()

    async def get(self, path: str) -> Any:
        async with ClientSession() as session, session.get(self.address + path) as got:
            assert got.status < 400, await got.text()
            return await got.json()

    async def listens(self, bot: Process) -> None:
        """From now on this process hears what is said on the phones."""
        url = f"http://127.0.0.1:{bot.port}/callbacks/wecom/main"
        body = {"url": url, "token": sample.TOKEN, "aes_key": sample.AES_KEY}
        await self.post(f"/sim/apps/{sample.AGENT_ID}/callback", body)

    async def says(self, userid: str, text: str) -> Any:
        return await self.post(f"/sim/phones/{userid}/say", {"text": text})

    def calls(self, api: str, fault: str = "") -> int:
        """How many calls of an API the platform has had, with a fault or any."""
        return sum(call.api == api and fault in call.fault for call in self.sim.calls.after(0))

    def arrived(self) -> dict[str, list[str]]:
        """What each phone has got, by person."""
        return {
            userid: [str(item.body) for item in self.sim.phones.of(userid).items]
            for userid in self.sim.world.members
        }

    def count(self) -> int:
        return sum(len(self.sim.phones.of(user).items) for user in self.sim.world.members)


@asynccontextmanager
async def town(
    url: str,
    data: Path,
    now: str = EVENING,
    *,
    world: World | None = None,
    kind: type[Town] = Town,
) -> AsyncIterator[Town]:
    """The simulator at an instant of its own; its processes are gone afterwards."""
    world = world or parse(sample_platforms.simulated("http://127.0.0.1:9/unset"))
    sim = Simulator(world, now=datetime.fromisoformat(now), pace=replace(PATIENT, hold=120))
    async with simulator_running(sim) as address, asyncio.TaskGroup() as group:
        here = kind(url, address.rstrip("/"), sim, data, group)
        try:
            yield here
        finally:
            sim.faults.clear()
            for process in here.processes:
                if process.process.returncode is None:
                    process.kill()
                await process.process.wait()
