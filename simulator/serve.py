"""Runs the simulator on a socket, for a while or for good."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from simulator.app import make_app
from simulator.mail.server import mail_running
from simulator.state import Simulator


@asynccontextmanager
async def running(
    simulator: Simulator, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[str]:
    """Serve inside the block and yield the base address; port 0 lets the system choose.

    The mail server listens beside it, always on a port of the system's choice.
    """
    runner = web.AppRunner(make_app(simulator=simulator), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        async with mail_running(simulator, host):
            site = web.TCPSite(runner, host, port)
            await site.start()
            bound = runner.addresses[0][1]
            yield f"http://{host}:{bound}"
    finally:
        await runner.cleanup()
