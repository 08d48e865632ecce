"""The ambient database connection: transactions, raw statements and jobs inside them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from contextvars import ContextVar
from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import TransactionWrapper
from tortoise.connection import get_connection
from tortoise.exceptions import TransactionManagementError
from tortoise.transactions import in_transaction

Row = dict[str, Any]
_kept: ContextVar[Any] = ContextVar("kept", default=None)


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """Everything inside commits together or not at all; nested use joins with a savepoint."""
    async with AsyncExitStack() as stack:
        wanted = in_transaction("default")
        try:
            await stack.enter_async_context(wanted)
        except BaseException:
            if hasattr(wanted, "token"):
                await _never_begun(wanted)
            raise
        yield


async def _never_begun(wanted: Any) -> None:
    """Leave a transaction whose BEGIN met a dead connection: nothing is to be rolled back.

    The ORM would leave the task inside it and the connection borrowed, both for ever.
    """
    with suppress(asyncpg.InterfaceError):  # it was closed and given back already
        wanted.client._connection.terminate()
    await wanted.__aexit__(TransactionManagementError, None, None)


@asynccontextmanager
async def connection() -> AsyncIterator[Any]:
    """The asyncpg connection of the ambient transaction, or one borrowed from the pool."""
    kept = _kept.get()
    if kept is not None and not in_a_transaction():
        yield kept
        return
    async with get_connection("default").acquire_connection() as borrowed:
        yield borrowed


@asynccontextmanager
async def one_connection() -> AsyncIterator[None]:
    """Statements inside, one after another, share one connection, each committing by itself.

    For short runs of reads: borrowing anew for each statement costs as much as the statement.
    No transaction may be opened inside: it would take a second connection from the pool.
    """
    async with get_connection("default").acquire_connection() as borrowed:
        token = _kept.set(borrowed)
        try:
            yield
        finally:
            _kept.reset(token)


async def fetch(sql: str, *args: Any) -> list[Row]:
    """Run one statement; its rows, also of `UPDATE … RETURNING`."""
    async with connection() as borrowed:
        return [dict(row) for row in await borrowed.fetch(sql, *args)]


async def fetch_one(sql: str, *args: Any) -> Row | None:
    async with connection() as borrowed:
        row = await borrowed.fetchrow(sql, *args)
    return None if row is None else dict(row)


async def fetch_value(sql: str, *args: Any) -> Any:
    async with connection() as borrowed:
        return await borrowed.fetchval(sql, *args)


async def execute(sql: str, *args: Any) -> int:
    """Run one statement; the number of rows it touched."""
    async with connection() as borrowed:
        status: str = await borrowed.execute(sql, *args)
    last = status.rsplit(" ", 1)[-1]
    return int(last) if last.isdigit() else 0


async def execute_many(sql: str, rows: Sequence[Sequence[Any]]) -> None:
    async with connection() as borrowed:
        await borrowed.executemany(sql, rows)


def in_a_transaction() -> bool:
    return isinstance(get_connection("default"), TransactionWrapper)


async def lock(key: str) -> None:
    """Hold a named lock until the transaction ends; others wait for it."""
    await fetch("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", key)
