"""Hours that a platform plans → the ward's own codes, day by day, and what cannot be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

import pytest

from config import policies
from models.clock import SHANGHAI
from models.shift_codes import ShiftCodeTable, load_shift_codes
from services.attendance_cells import PlanReader, margin
from services.sheets.people import StaffRef
from services.sheets.problems import Severity, describe
from services.sheets.roster import RosterSheet
from services.sources import PlannedCheck
from tests.unit.sheet_cases import TEXTS

LI = StaffRef(1, "S1", "李测")
WANG = StaffRef(2, "S2", "王测")
PEOPLE = {"li": LI, "Wang": WANG}
DAY = date(2026, 12, 8)
TABLE = load_shift_codes(policies.read("shift_codes.toml"))
FOLLOWING = TABLE.with_overrides({"night_belongs_to": "following_date"})

Current = Mapping[tuple[int, date], tuple[str, ...]]


def at(day: date, clock: str) -> datetime:
    """`24:00` and later are the next day."""
    hours, minutes = (int(part) for part in clock.split(":"))
    midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    return midnight + timedelta(hours=hours, minutes=minutes)


def work(day: date, *hours: str, user: str = "li") -> list[PlannedCheck]:
    """`08:00-16:00` as two checks of a person's day."""
    found = []
    for text in hours:
        begin, end = text.split("-")
        found += [
            PlannedCheck(user, day, True, at(day, begin)),
            PlannedCheck(user, day, False, at(day, end)),
        ]
    return found


def rest(day: date, user: str = "li") -> list[PlannedCheck]:
    return [PlannedCheck(user, day, True, at(day, "00:00"), rest=True)]


def read(
    checks: Sequence[PlannedCheck],
    *,
    current: Current | None = None,
    table: ShiftCodeTable = TABLE,
    last: date = DAY,
    people: Mapping[str, StaffRef] | None = None,
) -> RosterSheet:
    reader = PlanReader(table, current or {}, people or {"li": LI}, DAY, last)
    return reader.read(checks)


def cells(sheet: RosterSheet) -> dict[tuple[str, int], str]:
    """(name, day of the month) → what stands in the cell."""
    return {(e.staff.name[0], e.day.day): "/".join(e.labels) for e in sheet.entries}


def told(sheet: RosterSheet) -> list[str]:
    return [describe(problem, TEXTS) for problem in sheet.problems]


@pytest.mark.parametrize(
    ("hours", "code"),
    [
        (["08:00-16:00"], "A"),
        (["16:00-24:00"], "P"),
        (["00:00-08:00"], "N"),
        (["19:30-32:00"], "长夜"),
        (["08:00-12:00", "14:00-17:30"], "白"),
        (["07:30-20:00"], "长白"),
        (["08:00-16:00", "16:00-24:00"], "A/P"),
    ],
)
def test_hours_are_the_code_that_has_exactly_them(hours: list[str], code: str) -> None:
    sheet = read(work(DAY, *hours))
    assert cells(sheet) == {("李", 8): code}
    assert sheet.applicable


def test_the_order_in_which_the_rows_come_does_not_matter() -> None:
    checks = work(DAY, "08:00-12:00", "14:00-17:30")
    assert cells(read(checks[::-1])) == cells(read(checks)) == {("李", 8): "白"}


def test_the_same_row_twice_is_one() -> None:
    """A page that was repeated after a retry."""
    assert cells(read(work(DAY, "08:00-16:00") * 2)) == {("李", 8): "A"}


def test_several_codes_of_one_time_take_the_first_and_say_so() -> None:
    sheet = read(work(DAY, "08:00-12:00", "14:00-17:30"))
    assert told(sheet) == [
        "钉钉只给出时间，白、责、办公、治疗的时间相同：有1格按“白”写入。请核对，需要时在班表里改。"
    ]
    assert sheet.applicable


@pytest.mark.parametrize("label", ["责", "组长(责)", "治疗"])
def test_a_cell_that_has_these_hours_already_stays_as_it_is(label: str) -> None:
    sheet = read(work(DAY, "08:00-12:00", "14:00-17:30"), current={(LI.id, DAY): (label,)})
    assert cells(sheet) == {("李", 8): label}
    assert told(sheet) == []


@pytest.mark.parametrize("label", ["年休", "下夜", "病", "备", "备日"])
def test_a_rest_day_leaves_leave_and_standby_as_they_are(label: str) -> None:
    sheet = read(rest(DAY), current={(LI.id, DAY): (label,)})
    assert cells(sheet) == {("李", 8): label}


def test_a_rest_day_takes_work_away() -> None:
    sheet = read(rest(DAY), current={(LI.id, DAY): ("A",)})
    assert cells(sheet) == {("李", 8): "休"}
    assert cells(read(rest(DAY))) == {("李", 8): "休"}


def test_a_changed_shift_is_changed() -> None:
    sheet = read(work(DAY, "16:00-24:00"), current={(LI.id, DAY): ("A",)})
    assert cells(sheet) == {("李", 8): "P"}


def test_a_night_is_written_on_the_day_the_ward_writes_it() -> None:
    last = DAY + timedelta(days=1)
    checks = [*work(DAY, "08:00-16:00"), *work(last, "00:00-08:00")]
    assert cells(read(checks, last=last)) == {("李", 8): "A", ("李", 9): "N"}
    following = read([*checks, *rest(last + timedelta(days=1))], last=last, table=FOLLOWING)
    assert cells(following) == {("李", 8): "A/N", ("李", 9): "休"}


def test_a_night_filed_under_the_evening_lands_on_its_own_day() -> None:
    last = DAY + timedelta(days=1)
    checks = [*work(DAY, "24:00-32:00"), *rest(last)]
    assert cells(read(checks, last=last)) == {("李", 8): "休", ("李", 9): "N"}
    assert cells(read(checks, last=last, table=FOLLOWING)) == {("李", 8): "N", ("李", 9): "休"}


def test_a_night_of_the_day_after_fills_the_last_cell() -> None:
    after = DAY + timedelta(days=1)
    sheet = read([*rest(DAY), *work(after, "00:00-08:00")], table=FOLLOWING)
    assert cells(sheet) == {("李", 8): "N"}
    assert margin(FOLLOWING) == timedelta(days=1)
    days_only = load_shift_codes(
        {"codes": [{"code": "A", "kind": "day", "hours": ["8:00-16:00"]}]}
    )
    assert margin(days_only) == timedelta()


def test_hours_without_a_code_stop_it_and_name_person_day_hours_and_cure() -> None:
    sheet = read(
        [*work(DAY, "09:00-12:30"), *work(DAY, "08:00-16:00", user="wang")], people=PEOPLE
    )
    assert not sheet.applicable
    assert told(sheet) == [
        "李测 12月8日(周二)：钉钉排的是09:00–12:30，本病区班次表里没有这个时间的班次。请先把它"
        "加入班次表(python -m bot import codes)，或在钉钉改成已有的时间，再拉取一次。"
    ]
    assert cells(sheet) == {("王", 8): "A"}


@pytest.mark.parametrize("kept", [slice(0, 1), slice(1, 2), slice(0, 3)])
def test_a_begin_without_its_end_is_not_guessed(kept: slice) -> None:
    sheet = read(work(DAY, "08:00-12:00", "14:00-17:30")[kept])
    assert not sheet.applicable
    assert [p.message_key for p in sheet.problems] == ["plan_unpaired"]


def test_a_day_without_a_row_is_left_untouched_and_named() -> None:
    last = DAY + timedelta(days=4)
    checks = work(DAY + timedelta(days=3), "08:00-16:00")
    sheet = read(checks, last=last, current={(LI.id, DAY): ("P",)})
    assert cells(sheet) == {("李", 11): "A"}
    assert told(sheet) == [
        "李测：钉钉没有12月8日(周二)至12月10日(周四)、12月12日(周六)的排班，这几天保持原样。"
        "需要时请先在钉钉排好，再拉取一次。"
    ]


def test_nothing_at_all_is_an_error_with_a_cure() -> None:
    sheet = read([])
    assert not sheet.applicable
    assert any(p.message_key == "plan_empty" for p in sheet.problems)
    assert all(p.severity is Severity.ERROR or p.params for p in sheet.problems)


def test_rows_of_strangers_are_passed_over_and_accounts_know_no_case() -> None:
    checks = [*work(DAY, "08:00-16:00", user="LI"), *work(DAY, "16:00-24:00", user="stranger")]
    assert cells(read(checks)) == {("李", 8): "A"}


def test_a_ward_without_a_rest_code_is_told() -> None:
    table = TABLE.with_overrides({"remove": ["休", "下夜"]})
    sheet = read(rest(DAY), table=table)
    assert [p.message_key for p in sheet.problems] == ["plan_no_rest_code"]
