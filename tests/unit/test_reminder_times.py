"""When a reminder is due: the evening before, whatever the shift's hours."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.clock import SHANGHAI
from models.policies import QuietHours, ReminderPolicy
from services.quiet import night_ends
from services.roster_changes import remind_at

POLICY = ReminderPolicy()
NOON = datetime(2026, 12, 1, 12, 0, tzinfo=SHANGHAI)
starts = st.datetimes(datetime(2026, 12, 3), datetime(2027, 3, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(second=0, microsecond=0, tzinfo=SHANGHAI)
)


@given(starts, st.integers(1, 10**9))
def test_it_lies_in_the_window_of_the_evening_before_and_off_the_half_hours(
    start: datetime, person: int
) -> None:
    due = remind_at(start, person, POLICY, NOON)
    assert due is not None
    local = due.astimezone(SHANGHAI)
    assert local.date() == start.date() - timedelta(days=1)
    assert POLICY.window_start < local.time() < POLICY.window_end
    assert local.minute not in (0, 30)


@given(starts, st.integers(1, 10**9))
def test_it_is_the_same_however_often_it_is_asked(start: datetime, person: int) -> None:
    assert remind_at(start, person, POLICY, NOON) == remind_at(start, person, POLICY, NOON)


def test_a_shift_entered_after_its_evening_is_reminded_of_at_once() -> None:
    now = datetime(2026, 12, 7, 22, 0, tzinfo=SHANGHAI)
    tomorrow = datetime(2026, 12, 8, 8, 0, tzinfo=SHANGHAI)
    assert remind_at(tomorrow, 1, POLICY, now) == now


def test_a_shift_entered_on_its_own_day_is_not_reminded_of() -> None:
    now = datetime(2026, 12, 7, 14, 0, tzinfo=SHANGHAI)
    assert remind_at(datetime(2026, 12, 7, 16, 0, tzinfo=SHANGHAI), 1, POLICY, now) is None


def test_the_quiet_night_ends_in_the_morning_on_either_side_of_midnight() -> None:
    rule = QuietHours()
    seven = datetime(2026, 12, 8, 7, 0, tzinfo=SHANGHAI)
    assert night_ends(rule, datetime(2026, 12, 7, 22, 0, tzinfo=SHANGHAI)) == seven
    assert night_ends(rule, datetime(2026, 12, 8, 6, 59, tzinfo=SHANGHAI)) == seven
    assert night_ends(rule, seven) is None
    assert night_ends(rule, datetime(2026, 12, 7, 21, 59, tzinfo=SHANGHAI)) is None
