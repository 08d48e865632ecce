"""A connection that died unnoticed: whoever borrows it fails once, and only once."""

from __future__ import annotations

import subprocess

import asyncpg
import pytest

from bot import database
from models import db
from tests.support.own_server import programs
from tests.support.waiting import eventually

_CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
POOL = 10
DEAD = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def cut_off(url: str) -> None:
    """The server ends all connections, while this process is too busy to notice."""
    login = database.credentials(url)
    where = ("-h", login["host"], "-U", login["user"], login["database"])
    subprocess.run([programs() / "psql", "-X", "-q", "-c", _CUT, *where], check=True, stdout=-3)


async def works() -> bool:
    """Other connections of the pool may be as dead, and each may say so once."""
    try:
        return bool(await db.fetch_value("SELECT 1"))
    except DEAD:
        return False


async def test_a_transaction_that_cannot_begin_leaves_nothing_behind(database_url: str) -> None:
    """Neither its connection borrowed for ever, nor its task inside it."""
    for _ in range(POOL + 1):
        await eventually(works)
        cut_off(database_url)
        with pytest.raises(DEAD):
            async with db.transaction():
                raise AssertionError("never begun")
        assert not db.in_a_transaction()
    await eventually(works)
    async with db.transaction():
        assert await db.fetch_value("SELECT 1") == 1
