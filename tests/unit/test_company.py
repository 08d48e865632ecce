"""Who is alone on a shift: covered by colleagues who know the work, hour by hour."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.duties import Duty, duty_of
from models.rest import Rule
from models.shift_cells import read_cell
from services.company import newly_alone
from services.rest_rules import load_rest_rules
from tests.unit.sheet_cases import CODES

RULE = Rule("alone", True)
MONDAY = date(2026, 10, 12)
NEW, OTHER_NEW, OLD, OLDER = 1, 2, 3, 4
CELLS = ("A", "P", "N", "长夜", "休", "小夜")


def row(*cells: str) -> list[Duty]:
    return [
        duty
        for step, cell in enumerate(cells)
        for use in read_cell(CODES, cell).uses
        if (duty := duty_of(use, MONDAY + timedelta(days=step)))
    ]


def alone(ward: dict[int, list[Duty]], *guarded: int) -> dict[int, list[str]]:
    found = newly_alone({}, ward, frozenset(guarded or (NEW,)), RULE)
    return {person: [v.first.label for v in broken if v.first] for person, broken in found.items()}


@pytest.mark.parametrize(
    ("new", "old", "bare"),
    [
        (("A",), ("A",), []),
        (("A",), ("P",), ["A"]),
        (("A",), ("休",), ["A"]),
        (("N",), ("长夜",), ["N"]),  # 长夜 of a day begins in its evening
        (("休", "休"), ("休", "休"), []),
    ],
)
def test_a_newcomer_needs_somebody_all_the_time(
    new: tuple[str, ...], old: tuple[str, ...], bare: list[str]
) -> None:
    assert alone({NEW: row(*new), OLD: row(*old)}).get(NEW, []) == bare


def test_two_newcomers_are_no_company_for_each_other() -> None:
    ward = {NEW: row("A"), OTHER_NEW: row("A")}
    assert alone(ward, NEW, OTHER_NEW) == {NEW: ["A"], OTHER_NEW: ["A"]}


def test_colleagues_may_take_turns() -> None:
    """D 08:00–20:00 beside A 08:00–16:00 and P 16:00–24:00."""
    long = row("D12") or row("A/P")
    assert alone({NEW: long, OLD: row("A"), OLDER: row("P")}) == {}


def test_whoever_was_alone_before_is_not_named_again() -> None:
    before = {NEW: row("A", "A"), OLD: row("休", "A")}
    after = {NEW: row("A", "A"), OLD: row("休", "休")}
    found = newly_alone(before, after, {NEW}, RULE)
    assert [violation.day for violation in found[NEW]] == [MONDAY + timedelta(days=1)]


@given(
    st.lists(st.sampled_from(CELLS), min_size=1, max_size=5),
    st.lists(st.sampled_from(CELLS), min_size=1, max_size=5),
)
def test_minute_by_minute_it_is_the_same(new: list[str], old: list[str]) -> None:
    """Against the plain definition: every quarter of an hour of the shift has somebody there."""
    ward = {NEW: row(*new), OLD: row(*old)}
    expected = [
        duty.label
        for duty in ward[NEW]
        if any(
            not any(s.start <= at < s.end for one in ward[OLD] for s in one.spans)
            for span in duty.spans
            for at in (
                span.start + timedelta(minutes=15 * n) for n in range(max(span.minutes // 15, 1))
            )
        )
    ]
    assert sorted(alone(ward).get(NEW, [])) == sorted(expected)


def test_the_rule_is_known_by_name() -> None:
    rules = load_rest_rules({"rules": [{"rule": "alone", "hard": True}]})
    assert [rule.rule for rule in rules] == ["alone"]
