"""The simulated pool answers as the curve says, and the same seed is the same night."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.answer_curves import CURVES, Said
from tests.support.hospital import START
from tests.support.pool import Pool

PEOPLE = 20_000
REPORT = START + timedelta(hours=2)


def asked(curve: str, seed: int = 1) -> Pool:
    pool = Pool(CURVES[curve], seed)
    for person in range(PEOPLE):
        pool.ask(person, START, REPORT)
    return pool


@pytest.mark.parametrize("name", sorted(CURVES))
def test_answers_follow_the_curve(name: str) -> None:
    curve, pool = CURVES[name], asked(name)
    answers = []
    for seconds, share in curve.answered:
        answers += pool.due(START + timedelta(seconds=seconds))
        assert len(answers) / PEOPLE == pytest.approx(share, abs=0.015)
    said = [answer.said for answer in answers]
    assert said.count(Said.YES) / PEOPLE == pytest.approx(curve.come, abs=0.015)
    assert said.count(Said.LATE) / PEOPLE == pytest.approx(curve.late, abs=0.015)
    assert all((answer.eta > REPORT) == (answer.said is Said.LATE) for answer in answers)


def test_the_drill_is_the_one_that_was_measured() -> None:
    drill = CURVES["night_drill"]
    assert [round(share * 25) for _, share in drill.answered] == [9, 9, 22]
    assert round(drill.come * 25) == 11
    assert [name for name, curve in CURVES.items() if curve.measured] == ["night_drill"]


def test_the_same_seed_is_the_same_night_whatever_the_order() -> None:
    one, other = Pool(CURVES["typical_day"], 7), Pool(CURVES["typical_day"], 7)
    for person in range(500):
        one.ask(person, START, REPORT)
        other.ask(499 - person, START, REPORT)
    one.ask(3, START + timedelta(minutes=1), REPORT)  # asked a second way: still one answer
    whole = START + timedelta(hours=1)
    assert one.due(whole) == other.due(whole) != asked("typical_day", 8).due(whole)[:500]
    assert one.due(whole) == []
