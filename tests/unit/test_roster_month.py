"""The month matrix: titles, wrapping months, merged cells, formulas, and its speed."""

from __future__ import annotations

import time
from datetime import date, timedelta
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook

from services.sheets.cells import Sheet
from services.sheets.people import StaffRef
from services.sheets.reader import read_book
from services.sheets.roster import RosterFormat, parse_roster
from services.sheets.samples import SampleRow, write_month_matrix
from tests.unit.sheet_cases import CODES, REFERENCE, keys, labels, parsed, said, sheet_of

OCTOBER = [date(2026, 10, 1) + timedelta(days=step) for step in range(31)]


def month_of(title: str, weekdays: str = "四五六日一二三", codes: str = "AAP休NN休") -> Sheet:
    return sheet_of(
        (title,),
        ("序号", "姓名", "层级", *range(1, 8)),
        ("", "", "", *weekdays),
        (1, "测试甲", "N2", *codes),
    )


@pytest.mark.parametrize(
    ("title", "unit"),
    [
        ("外科 2026年10月护士排班表", "外科"),
        ("2026年10月心内科护理人员排班表", "心内科"),
        ("测试市人民医院ICU 2026.10 排班表", "ICU"),
        ("产科10月排班表", "产科"),
        ("护士排班表(2026年10月)", ""),
    ],
)
def test_the_title_names_ward_and_month(title: str, unit: str) -> None:
    roster = parsed(month_of(title))
    assert roster.format is RosterFormat.MONTH
    assert roster.unit_title == unit
    assert roster.period == (date(2026, 10, 1), date(2026, 10, 7))
    assert labels(roster, 1) == list("AAP休NN休")
    assert roster.problems == ()


def test_a_month_without_a_title_is_the_reference_month() -> None:
    assert parsed(month_of("")).period == (date(2026, 10, 1), date(2026, 10, 7))


def test_weekdays_of_another_month_are_errors() -> None:
    roster = parsed(month_of("外科 2026年11月护士排班表"))
    assert keys(roster.problems) == ["weekday_differs"] * 7
    assert "2026-11-01是周日,表中写的是周四" in said(roster.problems)[0]


def test_a_row_of_day_shifts_is_not_taken_for_weekdays() -> None:
    sheet = sheet_of(
        ("外科 2026年10月护士排班表",),
        ("姓名", *range(1, 8)),
        ("测试甲", *"日日日日日日日"),
    )
    assert labels(parsed(sheet), 1) == ["白"] * 7


def test_a_month_may_run_from_the_26th() -> None:
    days = [*range(26, 32), *range(1, 26)]
    sheet = sheet_of(
        ("外科 2027年1月护士排班表",), ("姓名", *(f"{d}日" for d in days)), ("测试甲", *"A" * 31)
    )
    roster = parsed(sheet, reference=date(2026, 12, 20))
    assert roster.period == (date(2026, 12, 26), date(2027, 1, 25))
    assert len(roster.entries) == 31


def test_the_31st_of_a_short_month_is_an_error() -> None:
    sheet = sheet_of(
        ("外科 2026年11月护士排班表",), ("姓名", *range(1, 32)), ("测试甲", *"A" * 30, "")
    )
    assert said(parsed(sheet).problems) == ["AF2:表头“31”不是一个存在的日期。请改正日期。"]


def sample() -> Workbook:
    rows = [SampleRow("T0001", "测试甲", "N2", dict.fromkeys(OCTOBER, "A"))]
    data = write_month_matrix("外科", 2026, 10, rows, CODES)
    return load_workbook(BytesIO(data))


def read(workbook: Workbook) -> list[Sheet]:
    content = BytesIO()
    workbook.save(content)
    return list(read_book(content.getvalue(), "a.xlsx").sheets)


def test_leave_merged_over_many_days_covers_them_all() -> None:
    workbook = sample()
    sheet = workbook.worksheets[0]
    for column in range(6, 11):
        sheet.cell(4, column).value = None
    sheet["F4"] = "产假"
    sheet.merge_cells("F4:J4")
    assert labels(parsed(*read(workbook)), 1)[:8] == ["A", "A", *["产"] * 5, "A"]


def test_a_name_merged_over_two_rows_joins_them() -> None:
    workbook = sample()
    sheet = workbook.worksheets[0]
    sheet.insert_rows(5)
    sheet["D5"] = "P"
    sheet.merge_cells("B4:B5")
    roster = parsed(*read(workbook))
    assert labels(roster, 1)[:2] == ["A/P", "A"]
    assert roster.applicable


def test_formulas_without_values_and_errors_are_not_rest() -> None:
    workbook = sample()
    sheet = workbook.worksheets[0]
    sheet["D4"] = "=E4"
    sheet["F4"] = "#REF!"
    sheet["F4"].data_type = "e"
    roster = parsed(*read(workbook))
    assert said(roster.problems) == [
        "第4行“1”列(D4):这一格的公式没有结果。请用 Excel 打开并保存一次,或改填文字。",
        "第4行“3”列(F4):这一格显示为错误#REF!。请改正公式,或改填文字。",
    ]


def test_colours_mean_nothing() -> None:
    from openpyxl.styles import PatternFill

    workbook = sample()
    before = parsed(*read(workbook))
    workbook.worksheets[0]["D4"].fill = PatternFill("solid", fgColor="FF0000")
    assert parsed(*read(workbook)) == before


def test_many_unknown_codes_are_counted_not_listed() -> None:
    rows = [("测试甲", *["Q"] * 31)]
    people = [StaffRef(n, f"T{n:04}", f"测试{n}号") for n in range(20)]
    rows += [(person.name, *["Q"] * 31) for person in people]
    sheet = sheet_of(("2026年10月",), ("姓名", *range(1, 32)), *rows)
    roster = parse_roster([sheet], CODES, people, REFERENCE)
    assert len(roster.problems) == 201
    assert said(roster.problems)[-1].startswith("另有")


def test_a_ward_of_sixty_is_read_well_within_a_second() -> None:
    people = [StaffRef(n, f"T{n:04}", f"测试{n}号") for n in range(60)]
    codes = ["A", "P/N", "夜*1.5", "组长(夜班)", "休", "", "上午年休"]
    rows = [
        SampleRow(p.staff_no, p.name, "N2", {d: codes[(p.id + d.day) % 7] for d in OCTOBER})
        for p in people
    ]
    data = write_month_matrix("外科", 2026, 10, rows, CODES, with_numbers=True)
    began = time.process_time()
    roster = parse_roster(read_book(data, "a.xlsx").sheets, CODES, people, REFERENCE)
    assert time.process_time() - began < 5
    assert len(roster.entries) == 60 * 31
