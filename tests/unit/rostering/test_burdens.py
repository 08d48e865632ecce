"""Evenness over months: who had more lately gets fewer now, and holidays are days off."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

from bot.rostering.solver import solve
from services.calendar_days import WorkingCalendar
from services.rostering.burdens import RestDays, carried, rest_days
from services.rostering.findings import Telling
from services.rostering.problem import Carried, Problem
from tests.unit.rostering.test_drafts_in_words import RULE_TEXTS, TEXTS
from tests.unit.rostering.wards import MONDAY, POLICY, QUICK, need, nurse, sums_of, ward
from tests.unit.sheet_cases import CODES

NO_HOLIDAYS = RestDays(frozenset(), frozenset())


def cells(person: int, row: str, first: date = MONDAY) -> list[dict[str, Any]]:
    """One person's cells from `first` on, by their codes."""
    return [
        {"person_id": person, "day": first + timedelta(days=step), "codes": (code,)}
        for step, code in enumerate(row.split())
    ]


def drafted(problem: Problem, code: str) -> tuple[Counter[int], list[str]]:
    """How often each person got a code, and what the costs say."""
    sums = sums_of(problem)
    outcome = solve(sums.model(), QUICK)
    assert outcome.true is not None
    found = sums.grid.read(outcome.true)
    told = Telling(sums, outcome.true, TEXTS, RULE_TEXTS).findings()
    count = Counter({one.person_id: 0 for one in problem.nurses})
    count.update(person for (person, _), label in found.items() if label == code)
    return count, [one.text for one in told]


def test_who_had_more_nights_than_the_others_carries_them_on() -> None:
    rows = [
        *cells(1, "N 休 N 休 N 休 休"),
        *cells(2, "N 休 A A A 休 休"),
        *cells(3, "A A N 休 A 休 休"),
        *cells(4, "A A A A P P 休"),
    ]
    found = carried(rows, CODES, NO_HOLIDAYS, 2)
    assert [found[who].nights for who in (1, 2, 3, 4)] == [2, 0, 0, -1]
    assert [found[who].weekends for who in (1, 2, 3, 4)] == [0, 0, 0, 1]
    assert carried(rows, CODES, NO_HOLIDAYS, 1)[1].nights == 1  # at most so many
    assert set(carried(rows, CODES, NO_HOLIDAYS, 0).values()) == {Carried()}


def test_who_was_not_there_is_not_compared() -> None:
    rows = [
        *cells(1, "N 休 N 休 N 休 休"),
        *cells(2, "A A A A A 休 休"),
        *cells(3, "年休 年休 年休 年休 A 休 休"),
        *cells(4, "休 A", MONDAY + timedelta(days=5)),
    ]
    found = carried(rows, CODES, NO_HOLIDAYS, 9)
    assert set(found) == {1, 2}
    assert (found[1].nights, found[2].nights) == (2, -2)
    assert carried(cells(1, "N 休 N"), CODES, NO_HOLIDAYS, 9) == {}  # alone there is no average


def test_holidays_and_worked_weekends_come_from_the_calendar() -> None:
    """2026 国庆: off from Thursday the 1st on; Saturday the 10th is worked."""
    days = [date(2026, 10, 1) + timedelta(days=step) for step in range(14)]
    off = rest_days(WorkingCalendar(), days)
    assert date(2026, 10, 1) in off.holidays
    assert off.off(date(2026, 10, 1))
    assert off.off(date(2026, 10, 4))  # a Sunday is off, and no holiday of its own
    assert date(2026, 10, 4) not in off.holidays
    assert date(2026, 10, 10) in off.worked
    assert not off.off(date(2026, 10, 10))
    own = WorkingCalendar({MONDAY: False})
    assert rest_days(own, [MONDAY]) == RestDays(frozenset({MONDAY}), frozenset())


def test_who_had_more_gets_fewer_now() -> None:
    heavy, light = Carried(nights=2), Carried(nights=-2)
    people = [nurse(1, carried=heavy), nurse(2, carried=light), *map(nurse, (3, 4, 5))]
    even, _ = drafted(ward(map(nurse, range(1, 6)), [need("N", 1)], days=14), "N")
    assert max(even.values()) - min(even.values()) <= 1
    now, _ = drafted(ward(people, [need("N", 1)], days=14), "N")
    assert now[1] < even[1] or now[1] == min(now.values())
    assert now[2] == max(now.values()) > now[1]


def test_what_stays_uneven_is_said_with_the_months_before() -> None:
    people = [nurse(1, carried=Carried(nights=2)), nurse(2, carried=Carried(nights=-2))]
    _, told = drafted(ward(people, [need("N", 1)], days=2), "N")
    said = next(text for text in told if text.startswith("夜班不够均匀"))
    assert "连同前两个月的差别(最多算2个)，测试1比测试2多" in said


def test_a_holiday_on_a_weekday_is_shared_like_a_weekend() -> None:
    """Who worked the last holiday is off on this one, where nothing else speaks for it."""
    worked = Carried(holidays=2)
    people = [nurse(1, carried=worked), nurse(2, carried=worked), nurse(3), nurse(4)]
    holidays = frozenset({MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)})
    problem = ward(people, [need("A", 1)], days=5, codes="A", holidays=holidays)
    sums = sums_of(problem)
    outcome = solve(sums.model(), QUICK)
    assert outcome.true is not None
    found = sums.grid.read(outcome.true)
    there = {person for (person, day), label in found.items() if day in holidays and label == "A"}
    assert there <= {3, 4}
    assert not problem.off(MONDAY)
    assert all(problem.off(day) for day in holidays)


def test_a_month_without_a_holiday_makes_up_for_none() -> None:
    people = [nurse(1, carried=Carried(holidays=2)), nurse(2)]
    sums = sums_of(ward(people, [need("A", 1)], days=5))
    assert [about.kind for about in sums.spread_about] == ["nights_spread"]


def test_the_shipped_policy_carries_two() -> None:
    assert (POLICY.weights.carry, POLICY.weights.holidays_spread) == (2, 9)
