"""Fixtures for everybody: a clean or a seeded database, and a whole hospital."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from bot import database, logs
from bot.app import read_rules
from bot.rules import Rules
from bot.wiring import Services, build
from models import sealed
from models.clock import ManualClock
from tests.support import candidates
from tests.support import database as databases
from tests.support import hospital as hospitals
from tests.support.candidates import RecruitingHospital
from tests.support.hospital import DINGTALK, RING, START, Hospital

# The same examples everywhere, so that red means the change. Others are looked for with
# `pytest --hypothesis-profile=default`, where what was found is kept under .hypothesis.
settings.register_profile(
    "suite",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # the machine is, not what makes the examples
)
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def keys() -> None:
    """Every test seals with the same key, and logs as the running bot does."""
    sealed.install(RING)
    logs.configure()


@pytest.fixture(scope="session")
def empty_template() -> str:
    return databases.made("empty", hospitals.fill_empty)


@pytest.fixture(scope="session")
def seeded_template(empty_template: str) -> str:
    return databases.made("seeded", hospitals.fill_seeded, empty_template)


@pytest.fixture(scope="session")
def recruiting_template(seeded_template: str) -> str:
    return databases.made("recruiting", candidates.fill_recruiting, seeded_template)


@pytest.fixture
async def house(recruiting_template: str, tmp_path: Path) -> AsyncIterator[RecruitingHospital]:
    """A hospital with posts, slots and candidates, and every way to them."""
    async with (
        databases.clone(recruiting_template) as url,
        candidates.opened(url, tmp_path) as running,
    ):
        yield running


@pytest.fixture
async def empty_url(empty_template: str) -> AsyncIterator[str]:
    """A migrated database with nothing in it."""
    async with databases.clone(empty_template) as url:
        yield url


@pytest.fixture
async def seeded_url(seeded_template: str) -> AsyncIterator[str]:
    """The sample hospital with the ICU's December roster."""
    async with databases.clone(seeded_template) as url:
        yield url


@pytest.fixture
async def database_url(seeded_url: str) -> AsyncIterator[str]:
    """The seeded database, opened for models and services."""
    async with database.opened(seeded_url):
        yield seeded_url


@pytest.fixture
def clock() -> ManualClock:
    """Monday 2026-12-07, 14:00 in Shanghai; it stands until it is moved."""
    return ManualClock(START)


@pytest.fixture(scope="session")
def rules() -> Rules:
    """What the sample hospital has not tuned. Nobody can change them, so they are read once."""
    return read_rules(hospitals.settings("unused"))


@pytest.fixture
def services(database_url: str, rules: Rules, clock: ManualClock) -> Services:
    """All use cases over the seeded database. Nothing is sent: no worker runs."""
    return build(rules, clock)


@pytest.fixture(scope="session")
def dingtalk_template(empty_template: str) -> str:
    fill = partial(hospitals.fill_seeded, platform=DINGTALK)
    return databases.made("dingtalk", fill, empty_template)


@pytest.fixture
async def hospital(seeded_url: str, tmp_path: Path) -> AsyncIterator[Hospital]:
    """Simulator and bot, running and connected; everybody is on WeCom."""
    async with hospitals.opened(seeded_url, tmp_path) as running:
        yield running


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What tests measured (`record_property("score", …)`) is told at the end, also of parallel
    runs, whose output nobody sees."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
    ]
    scores = [
        str(value)
        for report in reports
        for name, value in report.user_properties
        if name == "score"
    ]
    if scores:
        terminalreporter.section("scores")
        for line in sorted(scores):
            terminalreporter.write_line(line)
