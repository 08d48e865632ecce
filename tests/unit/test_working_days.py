"""Office time: the clock of a result, minutes within hours, and when a refusal may go out."""

from __future__ import annotations

import copy
import tomllib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.clock import SHANGHAI
from services.calendar_days import WorkingCalendar, load_calendar
from services.working_days import Moment, WorkingTime, load_working_time
from tests.unit.sheet_cases import ROOT

RAW = tomllib.loads((ROOT / "config/policies/working_time.toml").read_text("utf-8"))
SHIPPED = load_calendar(
    tomllib.loads((ROOT / "config/policies/working_days.toml").read_text("utf-8"))
)
OFFICE = load_working_time(RAW, SHIPPED)
INSTANTS = st.integers(0, 60 * 24 * 1600).map(
    lambda minutes: datetime(2023, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def at(text: str) -> datetime:
    """A local instant."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def said(moment: Moment) -> str:
    return f"{moment.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("ended", "deadline"),
    [
        ("2023-10-18 11:00", "2023-10-23 17:30"),  # the seed's Wednesday: Monday, not the 20th
        ("2023-10-17 11:00", "2023-10-20 17:30"),  # the day the seed's own date fits
        ("2026-09-30 16:00", "2026-10-10 17:30"),  # over the National Day: 8th, 9th, worked 10th
        ("2026-09-29 16:00", "2026-10-09 17:30"),
        ("2026-09-17 09:00", "2026-09-21 17:30"),  # 18th, worked Sunday the 20th, 21st
        ("2026-02-13 09:00", "2026-02-25 17:30"),  # worked Saturday the 14th, then new year
        ("2026-10-03 10:00", "2026-10-10 17:30"),  # interviewed within the holiday
        ("2026-11-20 23:50", "2026-11-25 17:30"),  # Friday night
        ("2026-12-31 09:00", "2027-01-05 17:30"),
    ],
)
def test_the_deadline_of_a_result(ended: str, deadline: str) -> None:
    assert said(OFFICE.result_due(at(ended)).deadline) == deadline


def test_the_local_day_counts_and_not_that_of_utc() -> None:
    late = datetime(2023, 10, 17, 16, 30, tzinfo=UTC)  # 00:30 on the 18th here
    assert OFFICE.result_due(late).deadline.day == date(2023, 10, 23)


def test_reminders_of_the_result_clock() -> None:
    due = OFFICE.result_due(at("2026-09-30 16:00"))
    assert [said(moment) for moment in due.reminders] == [
        "2026-10-08 16:00",
        "2026-10-09 16:00",
        "2026-10-10 09:00",
    ]
    assert not due.deadline.provisional


def test_a_year_not_announced_is_provisional_and_can_be_entered() -> None:
    ended = at("2027-09-30 16:00")
    guessed = OFFICE.result_due(ended).deadline
    assert (guessed.day, guessed.provisional) == (date(2027, 10, 5), True)
    own = load_calendar(
        tomllib.loads(
            "announced = [2027]\nworked = [2027-10-09]\n"
            f"rest = [{', '.join(f'2027-10-0{day}' for day in range(1, 8))}]"
        )
    )
    known = load_working_time(RAW, own).result_due(ended).deadline
    assert (known.day, known.provisional) == (date(2027, 10, 11), False)
    assert own.is_working_day(date(2027, 10, 9))
    assert not own.is_provisional(date(2027, 3, 3))


def test_a_hospital_changes_a_known_day() -> None:
    own = load_calendar({"rest": [date(2023, 10, 19)], "worked": [date(2023, 10, 21)]})
    due = load_working_time(RAW, own).result_due(at("2023-10-18 11:00"))
    assert due.deadline.day == date(2023, 10, 23)
    assert [moment.day.day for moment in due.reminders] == [20, 21, 23]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-23 09:00", "2026-11-23 09:15"),
        ("2026-11-23 11:45", "2026-11-23 12:00"),
        ("2026-11-23 11:50", "2026-11-23 14:05"),
        ("2026-11-23 12:30", "2026-11-23 14:15"),
        ("2026-11-23 17:25", "2026-11-24 08:10"),
        ("2026-11-23 17:30", "2026-11-24 08:15"),
        ("2026-11-23 23:59", "2026-11-24 08:15"),
        ("2026-11-20 17:20", "2026-11-23 08:05"),  # over the weekend
        ("2026-09-30 17:30", "2026-10-08 08:15"),  # over the National Day
        ("2026-10-09 17:20", "2026-10-10 08:05"),  # into a worked Saturday
    ],
)
def test_fifteen_working_minutes(start: str, end: str) -> None:
    assert said(OFFICE.answer_due(at(start))) == end


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [
        ("2026-11-23 08:29", "2026-11-23 08:30"),
        ("2026-11-23 08:30", "2026-11-23 08:30"),
        ("2026-11-23 20:59", "2026-11-23 20:59"),
        ("2026-11-23 21:00", "2026-11-24 08:30"),
        ("2026-11-24 00:10", "2026-11-24 08:30"),
        ("2026-11-20 16:59", "2026-11-20 16:59"),  # Friday
        ("2026-11-20 17:00", "2026-11-23 08:30"),
        ("2026-11-21 10:00", "2026-11-23 08:30"),  # Saturday
        ("2026-09-30 10:00", "2026-10-08 08:30"),  # the eve of the National Day
        ("2026-10-09 18:00", "2026-10-10 08:30"),  # a Friday, though Saturday is worked
        ("2026-10-10 16:00", "2026-10-10 16:00"),  # the worked Saturday
        ("2026-10-10 17:30", "2026-10-12 08:30"),  # and a day of rest follows it
        ("2026-09-24 09:00", "2026-09-28 08:30"),  # before the mid-autumn Friday
        ("2026-04-03 09:00", "2026-04-07 08:30"),  # Saturday to Monday is a holiday as well
    ],
)
def test_when_a_refusal_may_go_out(wanted: str, allowed: str) -> None:
    assert said(OFFICE.next_goodbye(at(wanted))) == allowed


def test_a_hospital_may_allow_days_of_rest() -> None:
    raw = copy.deepcopy(RAW)
    raw["goodbye"]["on_rest_days"] = True
    open_office = load_working_time(raw, SHIPPED)
    assert said(open_office.next_goodbye(at("2026-11-21 16:00"))) == "2026-11-21 16:00"
    assert said(open_office.next_goodbye(at("2026-11-21 17:00"))) == "2026-11-22 08:30"
    assert said(open_office.next_goodbye(at("2026-09-30 10:00"))) == "2026-10-01 08:30"


def worked_minutes(office: WorkingTime, first: datetime, last: datetime) -> float:
    """Counted another way: every day's segments cut to first … last."""
    total = timedelta()
    day = first.astimezone(SHANGHAI).date()
    while day <= last.astimezone(SHANGHAI).date():
        midnight = datetime.combine(day, datetime.min.time(), SHANGHAI)
        for start, length in office.hours if office.calendar.is_working_day(day) else ():
            opens = midnight + timedelta(minutes=start)
            closes = opens + timedelta(minutes=length)
            total += max(min(closes, last) - max(opens, first), timedelta())
        day += timedelta(days=1)
    return total.total_seconds() / 60


@given(INSTANTS, st.integers(1, 3000))
def test_so_many_working_minutes_have_passed(start: datetime, minutes: int) -> None:
    end = OFFICE.add_working_minutes(start, timedelta(minutes=minutes)).at
    assert worked_minutes(OFFICE, start, end) == pytest.approx(minutes)
    assert worked_minutes(OFFICE, start, end - timedelta(seconds=1)) < minutes


@given(INSTANTS, INSTANTS)
def test_a_later_start_is_never_due_earlier(one: datetime, other: datetime) -> None:
    first, second = sorted((one, other))
    assert OFFICE.answer_due(first).at <= OFFICE.answer_due(second).at
    assert OFFICE.next_goodbye(first).at <= OFFICE.next_goodbye(second).at
    assert OFFICE.result_due(first).deadline.at <= OFFICE.result_due(second).deadline.at


@given(INSTANTS)
def test_an_allowed_instant_stays_and_lies_in_the_hours(instant: datetime) -> None:
    moment = OFFICE.next_goodbye(instant)
    local = moment.at.astimezone(SHANGHAI)
    assert moment.at >= instant
    assert OFFICE.next_goodbye(moment.at).at == moment.at
    assert OFFICE.goodbye.start <= local.time() < OFFICE.goodbye.until
    assert SHIPPED.is_working_day(local.date())
    assert not SHIPPED.opens_holiday(local.date())


@given(INSTANTS)
def test_reminders_come_before_their_deadline(ended: datetime) -> None:
    due = OFFICE.result_due(ended)
    instants = [moment.at for moment in due.reminders]
    assert instants == sorted(instants)
    assert ended < instants[0] or due.reminders[0].day > ended.astimezone(SHANGHAI).date()
    assert instants[-1] < due.deadline.at
    ended_on = ended.astimezone(SHANGHAI).date()
    passed = [
        ended_on + timedelta(days=step)
        for step in range(1, (due.deadline.day - ended_on).days + 1)
    ]
    assert sum(SHIPPED.is_working_day(day) for day in passed) == 3


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("hours", ["08:00-12:00", "11:00-17:30"], "overlap"),
        ("hours", ["22:00-06:00"], "before midnight"),
        ("hours", "08:00-12:00", "a list"),
        ("answer_within", 0, "at least 1"),
        ("result", {"working_days": 3, "reminders": [{"working_day": 4, "at": "09:00"}]}, "after"),
        ("goodbye", {"from": "08:30"}, "until is missing"),
    ],
)
def test_a_wrong_policy_is_named(key: str, value: Any, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        load_working_time({**RAW, key: value}, SHIPPED)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"holidays": []}, "holidays"),
        ({"rest": ["2027-01-01"]}, "2027-01-01"),
        ({"rest": [date(2027, 1, 1)], "worked": [date(2027, 1, 1)]}, "both"),
        ({"rest": "2027-01-01"}, "is a list"),
    ],
)
def test_a_wrong_calendar_is_named(data: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        load_calendar(data)


def test_a_calendar_without_work_ends_in_an_error_and_not_in_a_loop() -> None:
    days = {date(2026, 1, 1) + timedelta(days=step): False for step in range(1500)}
    office = load_working_time(RAW, WorkingCalendar(days))
    for ask in (office.answer_due, office.next_goodbye, office.result_due):
        with pytest.raises(ValueError, match="no "):
            ask(at("2026-05-05 09:00"))


def test_naive_instants_and_counts_below_one_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        OFFICE.answer_due(datetime(2026, 5, 5))  # noqa: DTZ001
    with pytest.raises(ValueError, match="from 1"):
        OFFICE.add_working_days(at("2026-05-05 09:00"), 0)
    with pytest.raises(ValueError, match="positive"):
        OFFICE.add_working_minutes(at("2026-05-05 09:00"), timedelta())
