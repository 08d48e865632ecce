"""What every measurement runs on: one PostgreSQL with its own defaults, and child processes."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import aiohttp
import asyncpg
import psutil

from bot import database, sample
from config.policies import SHIPPED
from models.clock import SHANGHAI
from tests.support.database import with_name
from tests.support.hospital import KEY

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0  # seconds until a measurement is given up


class GaveUp(Exception):
    """Something did not happen in time; the message says what."""


@dataclass
class Machine:
    """The database server and a folder for everything the measured processes leave behind."""

    folder: Path
    server: str
    made: int = 0

    async def empty(self, source: str = "empty") -> str:
        """A fresh database, a copy of `source`."""
        self.made += 1
        name = f"bench_{self.made}"
        connection = await database.connect(self.server)
        try:
            await connection.execute(f"CREATE DATABASE {name} TEMPLATE {source}")
        finally:
            await connection.close()
        return with_name(self.server, name)

    async def drop(self, url: str) -> None:
        connection = await database.connect(self.server)
        name = database.credentials(url)["database"]
        try:
            await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await connection.execute("CHECKPOINT")
        finally:
            await connection.close()


@asynccontextmanager
async def machine(folder: Path) -> AsyncIterator[Machine]:
    """PostgreSQL as it comes: fsync on, nothing tuned."""
    made = Machine(folder, database.embedded(folder / "pg"))
    connection = await database.connect(made.server)
    await connection.execute("CREATE DATABASE empty")
    await connection.close()
    await database.migrate(with_name(made.server, "empty"))
    policies = folder / "policies"
    policies.mkdir()
    (policies / "policies.toml").write_text(_wide_awake(), "utf-8")
    yield made


def _wide_awake() -> str:
    """The shipped policies with quiet hours far from now, so that the hour does not matter."""
    start = datetime.now(SHANGHAI) + timedelta(hours=12)
    text = (SHIPPED / "policies.toml").read_text("utf-8")
    text = text.replace('start = "22:00"', f'start = "{start:%H:%M}"')
    end = start + timedelta(minutes=1)
    return text.replace('end = "07:00"', f'end = "{end:%H:%M}"')


def bot_environment(machine: Machine, url: str, port: int, stub: str = "") -> dict[str, str]:
    return {
        "DATABASE_URL": url,
        "WARDBELL_DATA_DIR": str(machine.folder),
        "WARDBELL_PORT": str(port),
        "WARDBELL_ENCRYPTION_KEYS": KEY,
        "WARDBELL_POLICIES_DIR": str(machine.folder / "policies"),
        "WARDBELL_WECOM_CORP_ID": sample.CORP_ID,
        "WARDBELL_WECOM_AGENT_ID": str(sample.AGENT_ID),
        "WARDBELL_WECOM_SECRET": sample.SECRET,
        "WARDBELL_WECOM_CALLBACK_TOKEN": sample.TOKEN,
        "WARDBELL_WECOM_CALLBACK_AES_KEY": sample.AES_KEY,
        "WARDBELL_WECOM_API": stub or "http://127.0.0.1:9",
    }


@dataclass
class Child:
    """A process under measurement."""

    process: subprocess.Popen[bytes]
    log: Path
    started: float = field(default_factory=time.monotonic)

    def resident(self) -> float:
        """MB of resident memory."""
        return psutil.Process(self.process.pid).memory_info().rss / 2**20

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    async def said(self, words: str) -> float:
        """Seconds from the start until the log held these words."""
        while words not in self.log.read_text("utf-8", "replace"):
            if self.process.poll() is not None or time.monotonic() - self.started > PATIENCE:
                raise GaveUp(f"{self.process.args!r} did not say {words!r}:\n{self.tail()}")
            await asyncio.sleep(0.01)
        return time.monotonic() - self.started

    def tail(self) -> str:
        return self.log.read_text("utf-8", "replace")[-2000:]


@contextmanager
def child(machine: Machine, *command: str, env: dict[str, str] | None = None) -> Iterator[Child]:
    """`python -m …` as a process of its own, ended with the block."""
    log = machine.folder / f"child-{time.monotonic_ns()}.log"
    with log.open("wb") as out:
        process = _start(command, out, env or {})
    try:
        yield Child(process, log)
    finally:
        _end(process)


def _start(command: Sequence[str], out: IO[bytes], env: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, **env},
        stdout=out,
        stderr=subprocess.STDOUT,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def output_of(*command: str) -> bytes:
    """What a helper process printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise GaveUp(f"{command} failed")
    return out


async def answers(url: str) -> None:
    """Wait until something answers at `url`."""
    until = time.monotonic() + PATIENCE
    async with aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url) as reply:
                    await reply.read()
                    return
            except aiohttp.ClientConnectorError:
                if time.monotonic() > until:
                    raise GaveUp(f"nothing answers at {url}") from None
                await asyncio.sleep(0.02)


async def until(connection: asyncpg.Connection, sql: str, what: str, *args: Any) -> float:
    """Poll until `sql` is true; the monotonic instant at which it was."""
    end = time.monotonic() + PATIENCE
    while not await connection.fetchval(sql, *args):
        if time.monotonic() > end:
            raise GaveUp(f"{what} did not happen in {PATIENCE:.0f} s")
        await asyncio.sleep(0.02)
    return time.monotonic()


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
