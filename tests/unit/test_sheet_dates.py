"""Every spelling of a day, the year left unsaid, and numbers that could be two days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sheets.cells import CellValue
from services.sheets.dates import (
    Heading,
    Precision,
    UnreadableDate,
    read_date,
    read_heading,
    read_weekday,
    resolve_headings,
)
from services.sheets.samples import week_heading

LAST = date(2024, 10, 31)


@pytest.mark.parametrize(
    "value",
    [
        LAST,
        45596,
        "45596",
        45596.75,
        "2024/10/31",
        "2024-10-31",
        "2024.10.31",
        "20241031",
        20241031,
        "24.10.31",
        "241031",
        "2024年10月31日",
        "２０２４．１０．３１",
        " 2024-10-31 ",
        "2024-10-31 08:00:00",
    ],
)
def test_a_day_is_read_however_it_is_spelt(value: CellValue) -> None:
    assert read_date(value).day == LAST
    assert read_date(value).precision is Precision.DAY


@pytest.mark.parametrize(
    "value", ["2024.10", "2024/10", "2024年10月", "202410", 202410, "2024-10"]
)
def test_a_month_alone_is_its_last_day(value: CellValue) -> None:
    assert read_date(value).day == LAST
    assert read_date(value).precision is Precision.MONTH


def test_a_month_stored_as_a_number_is_read_where_it_is_certain() -> None:
    assert read_date(2024.12).day == date(2024, 12, 31)
    assert read_date(2024.05).day == date(2024, 5, 31)
    with pytest.raises(UnreadableDate, match="date_lost_zero"):
        read_date(2024.1)


@pytest.mark.parametrize("value", ["长期", " 长 期 ", "长期有效", "永久"])
def test_long_term_never_ends(value: str) -> None:
    assert read_date(value).precision is Precision.FOREVER
    assert read_date(value).day == date.max


@pytest.mark.parametrize("value", ["2024.13", "2024-02-30", "昨天", "", 7, "123", 3.5, "20241301"])
def test_nonsense_is_refused(value: CellValue) -> None:
    with pytest.raises(UnreadableDate):
        read_date(value)


def test_six_digits_that_could_be_two_days_are_refused() -> None:
    with pytest.raises(UnreadableDate, match="date_two_ways"):
        read_date("201211")


@pytest.mark.parametrize(
    "value",
    [
        "10.16 周五",
        "10.16(周五)",
        "10/16\n星期五",
        "10月16日 周五",
        "10-16 礼拜五",
        "１０．１６　周五",
        "10.16（五）",
    ],
)
def test_a_heading_is_read_however_it_is_spelt(value: str) -> None:
    assert read_heading(value) == Heading(10, 16, None, 4)


def test_a_heading_may_name_its_year_or_be_a_true_date() -> None:
    assert read_heading("2026-10-16") == Heading(10, 16, 2026)
    assert read_heading(date(2026, 10, 16)) == Heading(10, 16, 2026)
    assert read_heading(46311) == Heading(10, 16, 2026)


@pytest.mark.parametrize("value", ["姓名", "13.1", "10.32", "", 10.1, 16, "A", "38"])
def test_other_headings_are_none(value: CellValue) -> None:
    assert read_heading(value) is None


@pytest.mark.parametrize(("value", "number"), [("一", 0), ("周日", 6), ("天", 6), ("星期六", 5)])
def test_a_weekday_is_read(value: str, number: int) -> None:
    assert read_weekday(value) == number


def resolved(texts: list[str], reference: date, year: int | None = None) -> list[date | None]:
    headings = [heading for text in texts if (heading := read_heading(text))]
    return list(resolve_headings(headings, reference, year))


def test_the_year_turns_between_december_and_january() -> None:
    texts = ["12.30 周三", "12.31 周四", "1.01 周五", "01.02 周六", "1.05 周二"]
    expected = [
        date(2026, 12, 30),
        date(2026, 12, 31),
        date(2027, 1, 1),
        date(2027, 1, 2),
        date(2027, 1, 5),
    ]
    assert resolved(texts, date(2026, 12, 28)) == expected
    assert resolved(texts, date(2027, 1, 3)) == expected


def test_weekdays_decide_the_year_before_nearness() -> None:
    assert resolved(["10.16 周四", "10.17 周五"], date(2026, 10, 1))[0] == date(2025, 10, 16)
    assert resolved(["10.16", "10.17"], date(2026, 10, 1))[0] == date(2026, 10, 16)
    assert resolved(["01.05", "01.06"], date(2026, 12, 28))[0] == date(2027, 1, 5)
    assert resolved(["10.16", "10.17"], date(2026, 10, 1), 2024)[0] == date(2024, 10, 16)


def test_a_day_that_does_not_exist_is_none() -> None:
    assert resolved(["2.28", "2.29", "3.01"], date(2026, 2, 1), 2026)[1] is None


@given(st.dates(date(2001, 1, 1), date(2099, 1, 1)), st.integers(-60, 60))
def test_a_week_written_without_a_year_comes_back(first: date, away: int) -> None:
    days = [first + timedelta(days=step) for step in range(7)]
    assert resolved([week_heading(day) for day in days], first + timedelta(days=away)) == days


@given(
    st.dates(date(1990, 1, 1), date(2069, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%y.%m.%d", "%Y年%m月%d日"]),
)
def test_every_written_day_comes_back(day: date, spelling: str) -> None:
    assert read_date(day.strftime(spelling)).day == day


@pytest.mark.parametrize("value", ["0001-01-01", "0999.12", "18991231", date(1899, 12, 31)])
def test_days_before_our_time_are_no_days(value: CellValue) -> None:
    with pytest.raises(UnreadableDate):
        read_date(value)
