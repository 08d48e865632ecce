"""What is written comes back: both roster forms, differences, and texts like formulas."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from services.sheets.cells import CellValue
from services.sheets.diff import (
    describe_preview,
    diff_rosters,
    preview_of,
    roster_map,
)
from services.sheets.export import write_csv
from services.sheets.people import StaffRef
from services.sheets.reader import read_book
from services.sheets.roster import RosterFormat, RosterSheet, parse_roster
from services.sheets.samples import SampleRow, write_month_matrix, write_ward_week
from tests.support.books import write_xlsx
from tests.unit.sheet_cases import CODES, TEXTS, keys, parsed, week_of

CELLS = st.sampled_from(
    ["A", "P", "N", "白", "大夜", "长白", "备", "休", "年休", "", "A/P", "责*1.25", "组长(夜班)"]
)


def people(count: int) -> list[StaffRef]:
    """Pairs share a name, as in real wards."""
    return [StaffRef(n, f"{n:05}", f"测试{n // 2}号") for n in range(count)]


def rows_of(grid: list[list[str]], days: list[date]) -> list[SampleRow]:
    return [
        SampleRow(person.staff_no, person.name, "N2", dict(zip(days, cells, strict=True)))
        for person, cells in zip(people(len(grid)), grid, strict=True)
    ]


def read_back(data: bytes, count: int, reference: date) -> RosterSheet:
    return parse_roster(read_book(data, "a.xlsx").sheets, CODES, people(count), reference)


def assert_same(roster: RosterSheet, rows: list[SampleRow]) -> None:
    assert roster.applicable
    assert set(keys(roster.problems)) <= {"factor_assumed", "night_rule_doubtful"}
    written = [text for row in rows for text in row.cells.values()]
    assert [entry.raw for entry in roster.entries] == written
    assert [entry.day for entry in roster.entries] == [day for row in rows for day in row.cells]


@settings(max_examples=25, deadline=None)
@given(st.data(), st.integers(1, 4), st.integers(2024, 2028), st.integers(1, 12))
def test_a_month_matrix_comes_back(data: st.DataObject, count: int, year: int, month: int) -> None:
    first = date(year, month, 1)
    days = [day for step in range(31) if (day := first + timedelta(days=step)).month == month]
    line = st.lists(CELLS, min_size=len(days), max_size=len(days))
    rows = rows_of(data.draw(st.lists(line, min_size=count, max_size=count)), days)
    content = write_month_matrix("外科", year, month, rows, CODES, with_numbers=True)
    roster = read_back(content, count, first)
    assert (roster.format, roster.unit_title) == (RosterFormat.MONTH, "外科")
    assert_same(roster, rows)


@settings(max_examples=25, deadline=None)
@given(st.data(), st.integers(1, 4), st.dates(date(2024, 1, 1), date(2028, 1, 1)))
def test_a_ward_week_comes_back(data: st.DataObject, count: int, first: date) -> None:
    days = [first + timedelta(days=step) for step in range(7)]
    line = st.lists(CELLS, min_size=7, max_size=7)
    rows = rows_of(data.draw(st.lists(line, min_size=count, max_size=count)), days)
    content = write_ward_week("测试市第一医院", "重症医学科", first, rows, CODES)
    roster = read_back(content, count, first)
    assert (roster.format, roster.unit_title) == (RosterFormat.WEEK, "重症医学科")
    assert roster.period == (days[0], days[-1])
    assert_same(roster, rows)


ROSTERS = st.dictionaries(
    st.tuples(st.integers(1, 4), st.dates(date(2026, 10, 1), date(2026, 10, 7))),
    st.lists(st.sampled_from("APN休"), min_size=1, max_size=2, unique=True).map(tuple),
    max_size=12,
)


@given(ROSTERS, ROSTERS)
def test_a_difference_applied_to_the_old_gives_the_new(
    old: dict[tuple[int, date], tuple[str, ...]], new: dict[tuple[int, date], tuple[str, ...]]
) -> None:
    diff = diff_rosters(old, new)
    changed = dict(old) | {(c.staff_id, c.day): c.new for c in diff.changes}
    assert {key: labels for key, labels in changed.items() if labels} == new
    assert diff.added + diff.removed + diff.replaced == len(diff.changes)
    assert diff.unchanged + len(diff.changes) == len(old.keys() | new.keys())
    assert sum(map(len, diff.by_person.values())) == len(diff.changes)
    assert diff_rosters(new, new).changes == ()


def test_the_same_file_twice_changes_nothing() -> None:
    roster = parsed(week_of(("T0001", "测试甲", *"AAPN")))
    again = parsed(week_of(("T0001", "测 试 甲", "a", "Ａ", "P班", "N")))
    assert diff_rosters(roster_map(roster.entries), roster_map(again.entries)).changes == ()


def test_the_preview_counts_what_a_person_must_know() -> None:
    roster = parsed(
        week_of(("T0001", "测试甲", "A", "Q", "Q/Z", "A"), ("", "王二", "A"), (123, "李一", "A"))
    )
    preview = preview_of(roster, diff_rosters({}, roster_map(roster.entries)))
    assert describe_preview(preview, TEXTS) == (
        "改动8格、未知班次2个、重名1个、需要改正3处、请核对1处"
    )
    calm = parsed(week_of(("T0001", "测试甲", *"AAAAA")))
    same = roster_map(calm.entries)
    assert describe_preview(preview_of(calm, diff_rosters(same, same)), TEXTS) == "改动0格"


ATTACKS = ["=cmd|'/c calc'!A1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "=HYPERLINK(1)"]
HIDDEN = ["\ufeff=1", "\u200b+1", "\xa0@a", "\u3000-1", "\x00=1", "\x0b=1", " \u2028=1"]


@pytest.mark.parametrize("text", ATTACKS)
def test_texts_never_become_formulas(text: str) -> None:
    (row,) = load_workbook(BytesIO(write_xlsx([["姓名", text]]))).worksheets[0].iter_rows()
    assert row[1].data_type in ("s", "inlineStr")
    assert b"<f>" not in write_xlsx([[text]])
    assert row[1].quotePrefix
    csv = write_csv([["姓名", text]]).decode("utf-8-sig")
    assert f"'{text}" in csv


@pytest.mark.parametrize("text", HIDDEN)
def test_what_nobody_sees_before_a_formula_hides_it_from_nobody(text: str) -> None:
    assert write_csv([(text,)]).decode("utf-8-sig").lstrip('"').startswith("'")


def test_numbers_dates_and_plain_texts_stay_what_they_are() -> None:
    row: list[CellValue] = ["00123", -5, 1.5, date(2026, 10, 16), "A班"]
    (sheet,) = read_book(write_xlsx([row]), "a.xlsx").sheets
    assert list(sheet.rows[0]) == row
    assert write_csv([row]).decode("utf-8-sig") == "00123,-5,1.5,2026-10-16,A班\r\n"


def test_control_characters_cannot_break_a_workbook() -> None:
    (sheet,) = read_book(write_xlsx([["甲\x00\x07乙"]], title="a/b:[c]"), "a.xlsx").sheets
    assert sheet.rows == (("甲乙",),)
    assert sheet.name == "a_b__c_"
