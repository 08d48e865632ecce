"""The bench as a fixture: `b` (and `d` of DingTalk) in the tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.simulator.bench import Bench, bench
from tests.simulator.dingtalk_bench import HASTY, Ding, ding_bench


@pytest_asyncio.fixture
async def b() -> AsyncIterator[Bench]:
    async with bench() as running:
        yield running


@pytest_asyncio.fixture
async def d() -> AsyncIterator[Ding]:
    async with ding_bench() as running:
        yield running


@pytest_asyncio.fixture
async def hasty() -> AsyncIterator[Ding]:
    """A platform that gives up waiting for an acknowledgement at once."""
    async with ding_bench(HASTY) as running:
        yield running
