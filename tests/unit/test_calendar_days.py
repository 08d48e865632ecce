"""Working days: 调休, our own table, and years not announced yet."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.calendar_days import WorkingCalendar, weekday_name

PUBLISHED = WorkingCalendar()


def test_published_days_follow_the_notice() -> None:
    assert PUBLISHED.is_working_day(date(2026, 2, 14))  # a Saturday worked for the new year
    assert not PUBLISHED.is_working_day(date(2026, 10, 1))
    assert not PUBLISHED.is_working_day(date(2026, 10, 17))
    assert not PUBLISHED.is_provisional(date(2026, 10, 1))


def test_years_not_announced_are_weekdays_and_provisional() -> None:
    day = PUBLISHED.on(date(2031, 10, 1))
    assert (day.working, day.provisional) == (True, True)
    assert not PUBLISHED.is_working_day(date(2031, 10, 4))


def test_our_own_table_wins() -> None:
    own = WorkingCalendar({date(2031, 10, 1): False, date(2026, 10, 17): True})
    assert own.on(date(2031, 10, 1)).working is False
    assert own.on(date(2031, 10, 1)).provisional is False
    assert own.is_working_day(date(2026, 10, 17))


def test_working_days_are_added_over_the_national_holiday() -> None:
    assert PUBLISHED.add_working_days(date(2026, 9, 30), 1).day == date(2026, 10, 8)
    assert PUBLISHED.add_working_days(date(2026, 10, 8), -1).day == date(2026, 9, 30)
    assert PUBLISHED.add_working_days(date(2026, 10, 3), 0).day == date(2026, 10, 8)
    assert PUBLISHED.add_working_days(date(2026, 10, 8), 0).day == date(2026, 10, 8)
    assert PUBLISHED.add_working_days(date(2031, 1, 3), 1).provisional


def test_weekdays_have_names() -> None:
    names = [weekday_name(date(2026, 10, 12) + timedelta(days=step)) for step in range(7)]
    assert names == ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]


@given(st.dates(date(2024, 1, 1), date(2030, 1, 1)), st.integers(1, 30))
def test_adding_days_counts_them(day: date, count: int) -> None:
    reached = PUBLISHED.add_working_days(day, count).day
    passed = [day + timedelta(days=step) for step in range(1, (reached - day).days + 1)]
    assert sum(PUBLISHED.is_working_day(one) for one in passed) == count
