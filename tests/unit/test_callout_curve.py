"""The answer curve and what waves are made of it."""

from __future__ import annotations

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.callout_curve import Curve, Outlook, curve_of, measured, outlook, pooled
from services.callout_waves import forecast

NIGHT = curve_of([[900, 0.18], [1800, 0.44]])
HOUR = 3600.0

curves = st.lists(st.tuples(st.integers(1, 7200), st.floats(0, 1)), min_size=1, max_size=8).map(
    lambda points: Curve(
        tuple(
            zip(
                sorted({float(t) for t, _ in points}),
                sorted(share for _, share in points),
                strict=False,
            )
        )
    )
)


def test_between_points_it_is_straight_and_flat_after_the_last() -> None:
    assert NIGHT.share(0) == 0
    assert NIGHT.share(450) == pytest.approx(0.09)
    assert NIGHT.share(900) == pytest.approx(0.18)
    assert NIGHT.share(1350) == pytest.approx(0.31)
    assert NIGHT.share(HOUR) == NIGHT.share(10 * HOUR) == 0.44


def test_two_hundred_arrivals_need_455_asked() -> None:
    """product.md N8: at 44 %, 200 arrivals need about 455 asked."""
    plan = forecast(200, Outlook(0, 0, 0), 5000, NIGHT, HOUR, 5)
    assert plan.wave == ceil(200 / 0.44) == 455
    assert not plan.short_of(200)


def test_with_little_time_more_are_asked_and_with_none_everybody() -> None:
    assert forecast(10, Outlook(0, 0, 0), 5000, NIGHT, 900, 5).wave == ceil(10 / 0.18)
    assert forecast(10, Outlook(0, 0, 0), 300, NIGHT, 0, 5).wave == 300


def test_who_is_still_expected_is_not_asked_for_again() -> None:
    fresh = outlook(0, [(0, 46)], NIGHT, HOUR)
    assert forecast(20, fresh, 100, NIGHT, HOUR, 5).wave == 0
    stale = outlook(0, [(HOUR, 46)], NIGHT, HOUR)  # silent for an hour: they are not coming
    assert stale.silent == 0
    assert forecast(20, stale, 100, NIGHT, HOUR, 5).wave == 46


def test_short_is_foreseen_beyond_a_deviation() -> None:
    assert forecast(200, Outlook(0, 0, 0), 300, NIGHT, HOUR, 5).short_of(200)
    assert not forecast(200, Outlook(0, 0, 0), 450, NIGHT, HOUR, 5).short_of(200)
    assert forecast(20, Outlook(19, 0, 0), 0, NIGHT, HOUR, 5).short_of(20)


def test_a_measured_curve_counts_only_those_watched_long_enough() -> None:
    early: list[tuple[float, float | None]] = [
        (3600.0, 100.0 if n < 10 else None) for n in range(40)
    ]
    late: list[tuple[float, float | None]] = [(70.0, None)] * 40  # asked just before the end
    found = measured(early + late)
    assert found is not None
    assert found.share(60) == 0
    assert found.share(300) == pytest.approx(10 / 40)
    assert measured(early[:19]) is None


def test_pooled_curves_weigh_by_how_many_were_asked() -> None:
    both = pooled([(Curve(((600, 0.2),)), 300), (Curve(((600, 0.6),)), 100)])
    assert both.share(600) == pytest.approx(0.3)


@pytest.mark.parametrize(
    "points", [[], [[900, 0.2], [600, 0.4]], [[900, 0.4], [1800, 0.2]], [[900, 1.2]], [[900, -1]]]
)
def test_what_is_no_curve_is_refused(points: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="answer curve"):
        curve_of(points)


@given(curves, st.integers(0, 300), st.integers(0, 400), st.floats(0, 8000))
def test_a_wave_is_never_larger_than_who_is_left(
    curve: Curve, needed: int, left: int, ahead: float
) -> None:
    plan = forecast(needed, Outlook(0, 0, 0), left, curve, ahead, 5)
    assert 0 <= plan.wave <= left
    if plan.wave == 0:
        assert needed == 0 or left == 0
    assert 0 <= plan.best.expected <= left + 1e-6


@given(curves, st.floats(0, 8000), st.floats(0, 8000), st.floats(0, 8000))
def test_shares_rise_and_chances_stay_chances(
    curve: Curve, age: float, ahead: float, more: float
) -> None:
    assert 0 <= curve.share(age) <= curve.share(age + more) <= 1
    assert 0 <= curve.still(age, ahead) <= 1
    assert curve.still(age, ahead) <= curve.still(age, ahead + more) + 1e-9
