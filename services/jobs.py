"""Jobs for the work engine: enqueued with the ambient transaction, or not at all."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from pgqueuer import Queries
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder

from models import db

DELIVER = "deliver"  # something may be due for sending
HANDLE = "handle"  # a parked event waits; the payload is its sender
REDRAW = "redraw"  # cards of a message show a new state; the payload is the message id, or
SPEND = "spend"  # the same and this word: worth a code that is good for once
TODO = "todo"  # somebody's to-do list is to be brought up to date
REFRESH = "refresh"  # details of accounts are missing; the payload is one, or "" for all
PULL = "pull"  # a roster is to be read from a platform; the payload is the wish as JSON
SOLVE = "solve"  # a roster is to be drafted; the payload is the run
KF = "kf"  # customer service rang; the payload, sealed, is the account and its token
CHAT = "chat"  # a candidate's chat is to go to a colleague or back
TICK = "tick"  # a recurring tick; the payload is its name

PRIORITIES = {
    DELIVER: 5,
    HANDLE: 10,
    REDRAW: 3,
    TODO: 1,
    REFRESH: 1,
    PULL: 1,
    SOLVE: 1,
    KF: 8,
    CHAT: 6,
    TICK: 0,
}


@cache
def _builders() -> tuple[QueryBuilderEnvironment, QueryQueueBuilder]:
    # Building these reads the environment and takes longer than the insert itself.
    return QueryBuilderEnvironment(), QueryQueueBuilder()


async def enqueue(
    name: str, payload: str = "", *, once: str | None = None, after: timedelta | None = None
) -> bool:
    """Add a job. With `once`, nothing is added while a job with that key waits or runs.

    Do not use `once` inside a long transaction: a second one with the same key would wait.
    Returns whether a job was added.
    """
    env, builder = _builders()
    async with db.connection() as connection:
        queries = Queries(AsyncpgDriver(connection), qbe=env, qbq=builder)
        ids = await queries.enqueue(
            name,
            payload.encode(),
            PRIORITIES[name],
            execute_after=after,
            dedupe_key=once,
            on_conflict="skip",
        )
    return ids[0] is not None
