"""Every sentence of this folder is said once per platform."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support import database as databases
from tests.support import hospital as hospitals
from tests.support.hospital import PLATFORMS, Hospital, Platform

Place = tuple[Platform, str]


@pytest.fixture(params=sorted(PLATFORMS, reverse=True))
def place(request: pytest.FixtureRequest) -> Place:
    """A platform, and the database of a hospital that is on it."""
    platform = PLATFORMS[request.param]
    template = "dingtalk_template" if platform.name == "dingtalk" else "seeded_template"
    return platform, request.getfixturevalue(template)


@pytest.fixture
async def hospital(place: Place, tmp_path: Path) -> AsyncIterator[Hospital]:
    """Simulator and bot, running and connected; everybody is on one platform."""
    platform, template = place
    async with (
        databases.clone(template) as url,
        hospitals.opened(url, tmp_path, platform=platform) as running,
    ):
        yield running
