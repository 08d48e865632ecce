"""The bench as a fixture: `b` in the tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.simulator.bench import Bench, bench


@pytest_asyncio.fixture
async def b() -> AsyncIterator[Bench]:
    async with bench() as running:
        yield running
