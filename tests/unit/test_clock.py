"""The two clocks."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from models.clock import ManualClock, SystemClock
from tests.wecom import NOW


def test_the_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock(NOW)
    start = clock.monotonic()
    clock.advance(timedelta(hours=2))
    assert clock.now() == NOW + timedelta(hours=2)
    assert clock.monotonic() - start == 7200


def test_time_neither_goes_back_nor_lacks_a_zone() -> None:
    with pytest.raises(ValueError, match="forward"):
        ManualClock(NOW).advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="aware"):
        ManualClock(datetime(2026, 11, 21))  # noqa: DTZ001


def test_the_system_clock_is_aware_and_runs() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta()
    assert clock.monotonic() <= clock.monotonic()
