"""What a running call-out shows of its own answers corrects the curve it is planned with."""

from __future__ import annotations

import pytest

from services.callout_curve import Curve, learned

CURVE = Curve(((900.0, 0.18), (1800.0, 0.44)))


def test_nothing_asked_yet_changes_nothing() -> None:
    assert learned(CURVE, []) == CURVE
    assert learned(CURVE, [(0.0, 455, 0)]) == CURVE


def test_as_many_as_expected_change_nothing() -> None:
    assert learned(CURVE, [(1800.0, 100, 44)]).share(1800) == pytest.approx(0.44)


def test_a_silent_night_is_seen_within_minutes_and_a_lively_one_as_well() -> None:
    silent = learned(CURVE, [(600.0, 455, 0)])
    assert silent.share(1800) < 0.2
    assert learned(CURVE, [(600.0, 455, 0), (300.0, 400, 0)]).share(1800) < silent.share(1800)
    lively = learned(CURVE, [(600.0, 100, 60)])
    assert 0.44 < lively.share(1800) <= 1
    assert learned(CURVE, [(60.0, 5000, 5000)]).share(1800) == 1


def test_a_handful_of_people_proves_little() -> None:
    assert learned(CURVE, [(1800.0, 5, 0)]).share(1800) == pytest.approx(0.44, abs=0.05)
