"""The socket of the mail server, and the connections that it has to let go of at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from simulator.mail.certificate import Certificate
from simulator.mail.smtp import LINE_BYTES, Hangup, Session
from simulator.state import Simulator


@asynccontextmanager
async def mail_running(sim: Simulator, host: str = "127.0.0.1") -> AsyncIterator[None]:
    """Serve inside the block, on a port that the system chooses: `sim.post.port`."""
    certificate = Certificate(sim.clock.real())
    writers: set[asyncio.StreamWriter] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        try:
            await Session(sim, reader, writer, certificate).run()
        except (Hangup, ConnectionError, OSError):
            pass  # whoever called has gone, or was sent away
        finally:
            writers.discard(writer)
            writer.close()

    server = await asyncio.start_server(connected, host, 0, limit=LINE_BYTES)
    sim.post.port, sim.post.certificate = server.sockets[0].getsockname()[1], certificate.pem
    try:
        yield
    finally:
        server.close()
        sim.stop()  # whoever waits for a fault to end
        for writer in tuple(writers):
            writer.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)  # the last handlers see their lines cut
