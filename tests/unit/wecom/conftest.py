"""A database with our tables in it, for the tests of the tokens that replicas share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot import database as databases


@pytest.fixture
async def database(empty_url: str) -> AsyncIterator[None]:
    async with databases.opened(empty_url):
        yield
