"""The queue's engine and the connection it listens on."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta

import pytest

from bot import database
from models import db
from scheduler import engine
from services import jobs
from tests.support.waiting import eventually

_ENGINE = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = ''
   AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


async def test_a_cut_connection_is_made_anew_at_once_and_not_at_the_next_poll(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "POLL", timedelta(hours=1))
    done: list[str] = []

    async def note(payload: str) -> None:
        done.append(payload)

    async def heard(what: str) -> None:
        async def so() -> bool:
            return what in done

        await jobs.enqueue(jobs.TODO, what)
        await eventually(so)

    working = engine.Engine(database_url, uuid.uuid4(), {jobs.TODO: note})
    async with asyncio.TaskGroup() as group:
        group.create_task(working.run())
        await heard("before")
        other = await database.connect(database_url)
        pids = [row["pid"] for row in await db.fetch(_ENGINE)]
        for pid in pids:
            if pid != other.get_server_pid():
                await other.execute("SELECT pg_terminate_backend($1)", pid)
        await other.close()
        assert len(pids) == 2
        await heard("after")
        working.stop()
