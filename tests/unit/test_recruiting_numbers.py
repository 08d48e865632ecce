"""Shares that say no more than is known, and months of Shanghai."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.recruiting_numbers import Counts, Metric, Month, NoSuchMonth, Share


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [
        (0, 0, None),
        (4, 4, None),  # four of four is no 100 %
        (5, 5, 100),
        (0, 5, 0),
        (1, 8, 13),  # 12.5
        (17, 20, 85),
        (999, 1000, 99),  # never all while one is missing
        (1, 1000, 1),  # never none while there is one
    ],
)
def test_a_percentage_needs_five_and_100_means_all(
    part: int, whole: int, percent: int | None
) -> None:
    assert Share(part, whole).percent == percent


@pytest.mark.parametrize(
    ("part", "whole", "interval"),
    # Wilson, worked out by hand: 17/20 → 64.0 to 94.8, 80/96 → 74.6 to 89.5.
    [(4, 4, None), (17, 20, (64, 95)), (5, 5, (57, 100)), (0, 5, (0, 43)), (80, 96, (75, 89))],
)
def test_the_interval_says_how_sure_it_is(
    part: int, whole: int, interval: tuple[int, int] | None
) -> None:
    assert Share(part, whole).interval == interval


def test_months_begin_at_midnight_in_shanghai() -> None:
    november = Month.read("2026-11")
    assert november.begins == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert november.after.begins == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert Month.of(datetime(2026, 11, 30, 15, 59, tzinfo=UTC)) == november
    assert Month.of(datetime(2026, 11, 30, 16, tzinfo=UTC)) == november.after
    assert Month(2026, 1).before == Month(2025, 12)
    assert Month(2026, 12).after == Month(2027, 1)
    assert str(Month.read(" 2026-3 ")) == "2026-03"


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "1999-11", "２０２６-11", "x-1"]
)
def test_no_month_is_guessed(text: str) -> None:
    with pytest.raises(NoSuchMonth):
        Month.read(text)


def test_counts_add_up_and_the_median_needs_five() -> None:
    first = Counts(interviews=3, attended=2, absent=1, answer_minutes=(10, 20))
    second = Counts(interviews=2, attended=1, answer_minutes=(30, 40, 50))
    both = first + second
    assert (both.interviews, both.attended, both.absent, both.unrecorded) == (5, 3, 1, 1)
    assert both.share(Metric.SHOWN) == Share(3, 5)
    assert first.answer_median is None
    assert both.answer_median == 30
    assert Counts().empty
    assert not both.empty
