"""The ward-week sheet, with every trap wards lay."""

from __future__ import annotations

from datetime import date

from services.sheets.people import StaffRef
from services.sheets.reader import read_book
from services.sheets.roster import RosterFormat, parse_roster
from tests.unit.sheet_cases import (
    CODES,
    DATA,
    REFERENCE,
    STAFF,
    from_rows,
    keys,
    labels,
    parsed,
    said,
    sheet_of,
    week_of,
)

HEAD = (
    "工号,姓名,年届,年休,存休,10.16 周一,10.17 周二,10.18 周三,10.19 周四,10.20 周五,"
    "10.21 周六,10.22 周日,当周工时,备注,当周存休"
)
REAL = f"""{HEAD}
T0001,测试甲,2019,10,2,日班,夜*1.5,,休息,责*1.25,日班,休息,38,,0
T0002,测试乙,2021,5,0,休息,日班,组长(夜班),,休息,备日班,日班,28,带教,0
"""


def test_the_real_form_is_read() -> None:
    book = read_book(REAL.encode("gb18030"), "周排班.csv")
    roster = parse_roster(book.sheets, CODES, STAFF, date(2023, 10, 14))
    assert roster.format is RosterFormat.WEEK
    assert roster.period == (date(2023, 10, 16), date(2023, 10, 22))
    assert labels(roster, 1) == ["白", "大夜*1.5", "休", "休", "责*1.25", "白", "休"]
    assert labels(roster, 2) == ["休", "白", "组长(大夜)", "休", "休", "备日", "白"]
    assert keys(roster.problems) == ["factor_assumed", "factor_assumed"]
    assert roster.applicable
    first = roster.entries[0]
    assert (first.row, first.column, first.staff.id, first.raw) == (2, "F", 1, "日班")


def test_the_same_file_twice_reads_the_same() -> None:
    book = read_book(REAL.encode(), "周排班.csv")
    again = read_book(REAL.encode("utf-8-sig"), "周排班(1).csv")
    first, second = (parse_roster(b.sheets, CODES, STAFF, REFERENCE) for b in (book, again))
    assert first == second


def test_an_old_xls_with_title_and_hidden_row_is_read() -> None:
    book = read_book((DATA / "week.xls").read_bytes(), "排班.xls")
    roster = parsed(*book.sheets)
    assert roster.unit_title == "外科"
    assert labels(roster, 2) == ["P", "N", "休", "A", "A", "A", "休"]
    assert roster.applicable


def test_a_wrong_weekday_names_both() -> None:
    roster = parsed(
        sheet_of(
            ("姓名", "10.12 周一", "10.13 周二", "10.14 周日"),
            ("测试甲", "A", "A", "A"),
        )
    )
    assert said(roster.problems) == [
        "D1：表头日期2026-10-14是周三，表中写的是周日。请改正日期或星期。"
    ]
    assert not roster.applicable


def test_weekdays_may_have_a_row_of_their_own() -> None:
    days = [date(2026, 10, day) for day in range(12, 19)]
    roster = parsed(
        sheet_of(
            ("外科周排班表",),
            ("序号", "工号", "姓名", *days),
            ("", "", "", *"一二三四五六日"),
            (1, "T0001", "测试甲", *"AAAAP休N"),
        )
    )
    assert labels(roster, 1) == list("AAAAP休N")
    assert roster.problems == ()
    assert roster.unit_title == "外科"


def test_new_year_lies_inside_the_week() -> None:
    roster = parsed(
        sheet_of(("姓名", "12.30 周三", "12.31 周四", "1.01 周五"), ("测试甲", "A", "P", "N")),
        reference=date(2026, 12, 28),
    )
    assert roster.period == (date(2026, 12, 30), date(2027, 1, 1))


def test_a_title_may_name_the_year() -> None:
    roster = parsed(
        sheet_of(
            ("测试市第一医院",),
            ("重症医学科 周排班表",),
            ("时间：2024.12.30–2025.01.05",),
            ("姓名", "12.30", "12.31", "1.01"),
            ("测试甲", "A", "P", "休"),
        )
    )
    assert roster.period == (date(2024, 12, 30), date(2025, 1, 1))
    assert roster.unit_title == "重症医学科"
    assert keys(roster.problems) == ["period_far"]


def test_names_with_spaces_and_marks_are_found() -> None:
    roster = from_rows(
        [("姓名", *("10.12", "10.13")), ("测 试　甲", "A", "A"), ("测试乙★", "P", "")]
    )
    assert {entry.staff.id for entry in roster.entries} == {1, 2}


def test_two_of_one_name_need_a_number() -> None:
    roster = parsed(sheet_of(("姓名", "10.12", "10.13"), ("王二", "A", "A")))
    assert said(roster.problems) == [
        "第2行“姓名”列(A2)：“王二”有2位同名：王二(T0004)、王二(T0005)。请填写工号。"
    ]
    assert labels(parsed(week_of(("T0005", "王二", "A"))), 5)[0] == "A"


def test_namesakes_named_apart_in_the_staff_list_are_told_apart() -> None:
    staff = (StaffRef(6, "T0006", "王二(大)"), StaffRef(7, "T0007", "王二（小）"))
    sheet = sheet_of(("姓名", "10.12", "10.13"), ("王二(小)", "P", "P"), ("王二", "A", "A"))
    roster = parse_roster([sheet], CODES, staff, REFERENCE)
    assert labels(roster, 7) == ["P", "P"]
    assert keys(roster.problems) == ["name_twice"]


def test_zeros_lost_in_front_are_found_again() -> None:
    roster = parsed(week_of((123, "李一", "A")))
    assert keys(roster.problems) == ["number_lost_zeros"]
    assert roster.applicable
    assert labels(roster, 3)[0] == "A"


def test_a_number_and_a_name_of_two_people_is_an_error() -> None:
    roster = parsed(
        week_of(("T0001", "测试乙", "A"), ("T9999", "测试丙", "A"), ("", "陌生人", "P"))
    )
    assert keys(roster.problems) == ["number_other_name", "number_unknown", "person_unknown"]
    assert roster.entries == ()


def test_one_person_in_two_rows_is_an_error() -> None:
    roster = parsed(week_of(("T0001", "测试甲", "A"), ("T0001", "测试甲", "P")))
    assert said(roster.problems) == [
        "第3行“姓名”列(B3)：“测试甲”在第2行已经出现过。请合并成一行，或填写工号以区分同名。"
    ]


def test_unknown_codes_name_their_place() -> None:
    roster = parsed(week_of(("T0001", "测试甲", "A", "A/Q")))
    assert said(roster.problems) == [
        "第2行“10.13 周二”列(D2)：班次“Q”不在本病区班次表里。请改成已有班次，或先把它加入班次表。"
    ]


def test_blank_is_rest() -> None:
    sheet = week_of(("T0001", "测试甲", "A", "", "P"))
    assert labels(parsed(sheet), 1) == ["A", "休", "P", "休", "休"]


def test_ditto_marks_repeat_above_or_left() -> None:
    roster = parsed(
        week_of(("T0001", "测试甲", "A", "P", "A"), ("T0002", "测试乙", "同上", "〃", "同左", "→"))
    )
    assert labels(roster, 2) == ["A", "P", "P", "P", "休"]
    assert keys(roster.problems) == ["ditto_read"]
    assert roster.applicable


def test_a_ditto_mark_with_nothing_to_repeat_is_an_error() -> None:
    roster = parsed(week_of(("T0001", "测试甲", "同上", "A")))
    assert keys(roster.problems) == ["ditto_nothing", "ditto_read"]


def test_notes_counts_and_signatures_are_no_people() -> None:
    roster = parsed(
        week_of(
            ("T0001", "测试甲", *"AAAAA"),
            ("一组", ""),
            ("", "合计", 1, 1, 1, 1, 1),
            ("", "A", 1, 1, 1, 1, 1),
            ("注：A班请提前10分钟到岗", ""),
            ("图例 A:8:00-16:00", ""),
            ("制表人：", "", "", "护士长签名："),
        )
    )
    assert keys(roster.problems) == ["row_skipped"]
    assert len(roster.entries) == 5


def test_a_legend_that_differs_is_a_warning() -> None:
    roster = parsed(
        week_of(("T0001", "测试甲", "A"), ("A：8:00～15:00；P:16:00-24:00 帮：9:00-17:00", ""))
    )
    assert said(roster.problems) == [
        "第3行：图例中A是08:00–15:00，本病区班次表是08:00–16:00。已按班次表读取，请核对。",
        "第3行：图例中的帮(09:00–17:00)不在本病区班次表里。如果在用，请先加入班次表。",
    ]
    assert roster.applicable


def test_nights_that_touch_the_row_beside_cast_doubt_on_the_rule() -> None:
    row, other = ("T0001", "测试甲", *"APN休休"), ("T0001", "测试甲", *"NA休休休")
    following = CODES.with_overrides({"night_belongs_to": "following_date"})
    for codes, doubted, fine in ((CODES, row, other), (following, other, row)):
        for cells, expected in ((doubted, ["night_rule_doubtful"]), (fine, [])):
            roster = parse_roster([week_of(cells)], codes, STAFF, REFERENCE)
            assert keys(roster.problems) == expected


def test_shifts_without_a_name_are_an_error() -> None:
    for cells in ("AP", "AAAAA"):
        roster = parsed(week_of(("T0001", "测试甲", "A"), ("", "", *cells)))
        assert keys(roster.problems) == ["name_missing"]


def test_several_rosters_must_be_chosen_from() -> None:
    one = week_of(("T0001", "测试甲", "A"))
    two = sheet_of(("姓名", "10.19", "10.20"), ("测试甲", "P", "P"), name="下周")
    assert "表、下周" in said(parsed(one, two).problems)[0]
    chosen = parse_roster([one, two], CODES, STAFF, REFERENCE, sheet_name="下周")
    assert labels(chosen, 1) == ["P", "P"]


def test_a_sheet_without_a_roster_says_what_is_missing() -> None:
    roster = parsed(sheet_of(("姓名", "电话"), ("测试甲", "1")))
    assert keys(roster.problems) == ["no_roster"]
    assert keys(parsed(week_of(("", ""))).problems) == ["no_people"]
    assert not roster.applicable


def test_days_twice_and_days_that_do_not_exist_are_errors() -> None:
    roster = parsed(sheet_of(("姓名", "10.12", "10.12", "9.31"), ("测试甲", "A", "A", "A")))
    assert keys(roster.problems)[:2] == ["day_twice", "day_missing"]
