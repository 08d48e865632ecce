"""A named lease on the database: of all processes that want it, one acts.

It is a session-level advisory lock on a connection of its own. What bounds gap and overlap:

* A holder that is killed: the kernel closes its connection and the server frees the lock at once.
  Another process finds it free within `again` and waits `settle` before it acts: 1.5 seconds.
* A holder whose connection ends (the server restarts, an administrator cuts it) is told by that
  end and cancelled in the same turn of the event loop, while the next one still waits `settle`.
* A holder cut off without a word (a cable, a firewall) finds out by its own question within
  `probe` + `patience`, four seconds. The server finds out by TCP keep-alives or its user
  time-out, not before five seconds and after eleven at the latest, and only then frees the lock.

Only a process that was frozen as a whole and wakes up later can act beside its successor, until it
learns, a turn of its event loop later, that its connection is gone. What must not bear even that
needs a check of its own; the robot's platform throws out the older of two connections by itself.

It needs a real session: behind a pooler in transaction mode none of this holds.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
import structlog

from bot.database import connect

log = structlog.get_logger()

LEASE_CLASS = 0x57B2  # the first half of the lock key; the name's checksum is the second
_TRY = "SELECT pg_try_advisory_lock($1, $2)"
# Ignored on a Unix socket, whose other end cannot vanish without the kernel knowing.
_NOTICE_CUTS = """
SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;
SET tcp_user_timeout = '10s'
"""
_CONNECT_SECONDS = 5.0
_CLOSE_SECONDS = 2.0
_LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

Holder = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class LeasePace:
    """Seconds: between tries, from having it to acting, between questions, for an answer."""

    again: float = 1.0
    settle: float = 0.5
    probe: float = 1.0
    patience: float = 3.0


class Lease:
    """This process's wish for the lease called `name`."""

    def __init__(self, url: str, name: str, pace: LeasePace | None = None) -> None:
        self.name = name
        self.held = False
        self._url = url
        self._pace = pace or LeasePace()

    async def run(self, holder: Holder, stop: asyncio.Event) -> None:
        """Run `holder` whenever the lease is ours; end when it returns, or `stop` is set before.

        When the lease is lost `holder` is cancelled and the lease sought again. An error of the
        holder is logged; the lease is given back before it is sought again.
        """
        while not stop.is_set():
            try:
                if await self._once(holder, stop):
                    return
            except _LOST as error:
                log.warning("lease_not_sought", lease=self.name, error=type(error).__name__)
            except Exception as error:
                log.error("lease_holder_failed", lease=self.name, exc_info=error)
            await _pause(stop, self._pace.again)

    async def _once(self, holder: Holder, stop: asyncio.Event) -> bool:
        """Seek, hold and give back; True when there is nothing left to do."""
        async with _connected(self._url) as connection:
            while not await _try(connection, self.name):
                if await _pause(stop, self._pace.again):
                    return True
            return await self._act(connection, holder, stop)

    async def _act(
        self, connection: asyncpg.Connection, holder: Holder, stop: asyncio.Event
    ) -> bool:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        if await _pause(stop, self._pace.settle):
            return True
        log.info("lease_taken", lease=self.name)
        self.held = True
        try:
            async with asyncio.TaskGroup() as group:
                acting = group.create_task(_awaited(holder))
                watching = group.create_task(self._watch(connection, lost))
                await asyncio.wait({acting, watching}, return_when=asyncio.FIRST_COMPLETED)
                finished = acting.done()
                acting.cancel()
                watching.cancel()
        finally:
            self.held = False
        if not finished:
            log.warning("lease_lost", lease=self.name)
        return finished

    async def _watch(self, connection: asyncpg.Connection, lost: asyncio.Event) -> None:
        """Return once the connection, and the lock with it, can no longer be relied on."""
        while not await _pause(lost, self._pace.probe):
            try:
                await connection.fetchval("SELECT 1", timeout=self._pace.patience)
            except _LOST:
                return


@asynccontextmanager
async def if_free(url: str, name: str) -> AsyncIterator[bool]:
    """True, and ours for this block, when nobody holds the lease; else False."""
    async with _connected(url) as connection:
        yield await _try(connection, name)


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(url, timeout=_CONNECT_SECONDS)
    try:
        await connection.execute(_NOTICE_CUTS)
        yield connection
    finally:
        try:
            await connection.close(timeout=_CLOSE_SECONDS)
        except _LOST:
            connection.terminate()


async def _try(connection: asyncpg.Connection, name: str) -> bool:
    checksum = zlib.crc32(name.encode())
    signed = checksum - (1 << 32) if checksum >> 31 else checksum
    return bool(await connection.fetchval(_TRY, LEASE_CLASS, signed, timeout=_CONNECT_SECONDS))


async def _pause(event: asyncio.Event, seconds: float) -> bool:
    """Wait so long; True as soon as the event is set."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def _awaited(holder: Holder) -> None:
    await holder()
