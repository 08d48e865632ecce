"""Guessing from one address is bounded; whoever does not guess is left alone."""

from __future__ import annotations

from datetime import timedelta

from models.clock import ManualClock
from tests.support.hospital import START
from web.knocks import KEPT, Knocks, neighbourhood

TEN = timedelta(minutes=10)


def test_only_misses_count_and_they_are_forgiven_in_time() -> None:
    clock = ManualClock(START)
    knocks = Knocks(clock, 3, TEN)
    for _ in range(3):
        assert not knocks.too_many("203.0.113.7")
        knocks.miss("203.0.113.7")
    assert knocks.too_many("203.0.113.7")
    assert not knocks.too_many("203.0.113.8")
    clock.advance(TEN - timedelta(seconds=1))
    assert knocks.too_many("203.0.113.7")
    clock.advance(timedelta(seconds=1))
    assert not knocks.too_many("203.0.113.7")
    knocks.miss("203.0.113.7")
    assert not knocks.too_many("203.0.113.7")


def test_a_network_of_addresses_is_one_guesser() -> None:
    knocks = Knocks(ManualClock(START), 2, TEN)
    knocks.miss("2001:db8:1:2::1")
    knocks.miss("2001:db8:1:2:ffff::9")
    assert knocks.too_many("2001:db8:1:2::77")
    assert not knocks.too_many("2001:db8:1:3::1")
    assert neighbourhood("::1") == "::/64"
    assert neighbourhood("") == ""


def test_memory_is_bounded_and_the_longest_unseen_goes_first() -> None:
    knocks = Knocks(ManualClock(START), 1, TEN)
    for number in range(KEPT + 10):
        knocks.miss(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert not knocks.too_many("10.0.0.0")
    assert knocks.too_many(f"10.0.{(KEPT + 9) >> 8}.{(KEPT + 9) & 255}")
