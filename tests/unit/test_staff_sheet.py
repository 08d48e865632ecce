"""Staff lists: three columns or thirty, and only what is needed of them."""

from __future__ import annotations

from datetime import date

import pytest

from services.sheets.cells import CellValue, Sheet
from services.sheets.people import normalised_phone
from services.sheets.problems import SHOWN_AT_MOST, Problem, Severity, capped
from services.sheets.reader import read_book
from services.sheets.samples import write_staff_list
from services.sheets.staff import StaffList, StaffRow, parse_staff
from tests.unit.sheet_cases import WORDS, keys, said, sheet_of

THREE = ("工号", "姓名", "级别/角色")
FULL = (
    "工号*",
    "姓 名*",
    "性别",
    "身份证号",
    "手机*",
    "科室*",
    "病区",
    "岗位类别",
    "职务",
    "护士层级",
    "用工性质",
    "直属主管",
    "企业微信userid",
    "钉钉userid",
    "在岗状态",
    "孕/哺乳期至",
    "角色",
)
PERSON = (
    "T0001",
    "测试甲",
    "女",
    "110101190001010000",
    "138 0000 0001",
    "外科",
    "外一病区",
    "护",
    "责任组长",
    "N3",
    "合同",
    "T0009",
    "CeShiJia",
    "",
    "在岗",
    "2027.03",
    "护士长",
)


def staff_of(*rows: tuple[CellValue, ...]) -> StaffList:
    return parse_staff([sheet_of(*rows)], WORDS)


def test_three_columns_are_enough() -> None:
    staff = staff_of(
        ("外科护士名单",), THREE, ("T0001", "测试甲", "N4护士/责任组长"), ("00123", "李一", "n2")
    )
    assert staff.applicable
    assert staff.rows == (
        StaffRow(3, "T0001", "测试甲", level="N4", duty="责任组长"),
        StaffRow(4, "00123", "李一", level="N2"),
    )


def test_the_full_form_is_read_without_id_numbers() -> None:
    staff = staff_of(FULL, PERSON)
    (row,) = staff.rows
    assert (row.phone, row.department, row.ward) == ("13800000001", "外科", "外一病区")
    assert (row.level, row.duty, row.role, row.status) == ("N3", "责任组长", "manager", "on_duty")
    assert (row.wecom_userid, row.supervisor) == ("CeShiJia", "T0009")
    assert row.nursing_until == date(2027, 3, 31)
    assert said(staff.problems) == [
        "第1行“身份证号”列(D1)：“身份证号”列不需要，没有读取，也不会保存。"
    ]
    assert "110101" not in repr(staff)


def test_staff_numbers_stay_texts_and_are_unique() -> None:
    staff = staff_of(THREE, (123, "李一", ""), ("123", "测试甲", ""), (1.5, "测试乙", ""))
    assert staff.rows[0].staff_no == "123"
    assert keys(staff.problems) == ["staff_no_twice", "staff_no_rounded"]
    assert said(staff.problems)[0] == (
        "第3行“工号”列(A3)：工号“123”在第2行已经出现过。请改正其中一个。"
    )


def test_missing_numbers_and_names_are_errors() -> None:
    staff = staff_of(THREE, ("", "测试甲", ""), ("T0002", "", ""), ("注：以上为在岗人员",))
    assert keys(staff.problems) == ["staff_no_missing", "staff_name_missing"]
    assert not staff.applicable


def test_shared_names_are_a_warning() -> None:
    staff = staff_of(THREE, ("T0004", "王二", ""), ("T0005", "王 二", ""))
    assert said(staff.problems) == [
        "有2位同名“王二”(工号T0004、T0005)。排班表里请为他们填写工号。"
    ]
    assert staff.applicable


def test_accounts_that_differ_only_in_case_are_one() -> None:
    staff = staff_of(
        ("工号", "姓名", "企业微信账号"), ("1", "测试甲", "Abc"), ("2", "测试乙", "aBC")
    )
    assert keys(staff.problems) == ["userid_twice"]


def test_duplicates_are_found_over_several_sheets() -> None:
    one = sheet_of(THREE, ("T0001", "测试甲", ""), name="一")
    two = sheet_of(THREE, ("T0001", "测试乙", ""), name="二")
    assert keys(parse_staff([one, two], WORDS).problems) == ["staff_no_twice"]


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("13800000001", "13800000001"),
        ("+86 138-0000-0001", "13800000001"),
        ("0086 13800000001", "13800000001"),
        ("１３８００００００01", "13800000001"),
        ("010-88888888", ""),
        ("1380000000", ""),
        ("23800000001", ""),
    ],
)
def test_phones_are_normalised(text: str, phone: str) -> None:
    assert normalised_phone(text) == phone


def test_phones_are_checked() -> None:
    rows = (("1", "测试甲", 13800000001), ("2", "测试乙", "12345"), ("3", "李一", "13800000001"))
    staff = staff_of(("工号", "姓名", "手机"), *rows)
    assert keys(staff.problems) == ["phone_invalid", "phone_twice"]
    assert staff.rows[0].phone == "13800000001"


@pytest.mark.parametrize(
    ("heading", "value", "key", "severity"),
    [
        ("在岗状态", "云游", "status_unknown", Severity.ERROR),
        ("角色", "责任组长", "role_unknown", Severity.WARNING),
        ("哺乳期至", "明年", "date_unreadable", Severity.ERROR),
        ("哺乳期至", 2027.1, "date_lost_zero", Severity.ERROR),
        ("用工性质", "实习护士", "supervised_without_teacher", Severity.WARNING),
    ],
)
def test_words_nobody_knows_are_reported(
    heading: str, value: CellValue, key: str, severity: Severity
) -> None:
    staff = staff_of(("工号", "姓名", heading), ("1", "测试甲", value))
    assert [(problem.message_key, problem.severity) for problem in staff.problems] == [
        (key, severity)
    ]
    assert all(said(staff.problems))
    assert (staff.rows[0].status, staff.rows[0].role) == ("on_duty", "staff")


def test_a_teacher_satisfies_the_rule_for_trainees() -> None:
    head = ("工号", "姓名", "用工性质", "带班老师")
    assert staff_of(head, ("1", "测试甲", "实习护士", "李一")).problems == ()


def test_a_heading_twice_is_an_error_and_no_heading_too() -> None:
    assert keys(staff_of((*THREE, "姓名"), ("1", "测试甲", "", "")).problems) == ["headings_twice"]
    assert keys(staff_of(("甲", "乙"), ("1", "2")).problems) == ["no_staff_list"]


def test_hidden_rows_and_repeated_headings_are_passed_over() -> None:
    rows = (THREE, ("1", "测试甲", ""), THREE, ("2", "测试乙", ""))
    sheet = Sheet("表", rows, hidden_rows=frozenset({3}))
    assert [row.name for row in parse_staff([sheet], WORDS).rows] == ["测试甲"]


def test_cells_without_a_value_are_errors() -> None:
    sheet = Sheet("表", (("工号", "姓名", "科室"), ("1", "测试甲", "")), unread={(1, 2): ""})
    assert keys(parse_staff([sheet], WORDS).problems) == ["formula_no_value"]


def test_a_written_list_comes_back() -> None:
    data = write_staff_list([("00001", "测试甲", "N4护士/责任组长"), ("00002", "测试乙", "N1")])
    staff = parse_staff(read_book(data, "名单.xlsx").sheets, WORDS)
    assert [(row.staff_no, row.level) for row in staff.rows] == [("00001", "N4"), ("00002", "N1")]


def test_problems_beyond_what_anybody_reads_are_counted() -> None:
    problems = [Problem(Severity.WARNING, "no_people")] * 3 + [
        Problem(Severity.ERROR, "no_people")
    ] * SHOWN_AT_MOST
    shown = capped(problems)
    assert len(shown) == SHOWN_AT_MOST + 1
    assert (shown[-1].severity, shown[-1].params["count"]) == (Severity.WARNING, "3")


SKILLED = ("工号", "姓名", "技能", "到院时间(分钟)")


def test_skills_and_the_way_to_the_hospital() -> None:
    found = staff_of(
        SKILLED,
        ("T0001", "测试甲", "重症、呼吸机/ICU", 40),
        ("T0002", "测试乙", "", ""),
        ("T0003", "测试丙", "急救，血透", "1.5小时"),
        ("T0004", "测试丁", "护理", "约30分钟"),
    )
    assert keys(found.problems) == []
    assert [(row.skills, row.travel_minutes) for row in found.rows] == [
        (("icu", "ventilator"), 40),
        ((), None),
        (("emergency", "dialysis"), 90),
        (("nurse",), 30),
    ]


def test_a_list_without_these_columns_says_nothing_about_them() -> None:
    (row,) = staff_of(("工号", "姓名"), ("T0001", "测试甲")).rows
    assert (row.skills, row.travel_minutes) == (None, None)


def test_unknown_skills_and_ways_are_told_and_left_out() -> None:
    found = staff_of(SKILLED, ("T0001", "测试甲", "重症、开飞机", "很远"))
    assert said(found.problems) == [
        "第2行“技能”列(C2)：技能“开飞机”看不懂，没有读取。"
        "可以填写：重症、急诊、呼吸机、血透、助产、护理。",
        "第2行“到院时间(分钟)”列(D2)：到院分钟“很远”看不懂，没有读取。"
        "请填写0到600之间的分钟数，如 40。",
    ]
    assert found.rows[0].skills == ("icu",)
    assert found.applicable
    assert keys(staff_of(SKILLED, ("T0001", "测试甲", "", 601)).problems) == ["travel_unknown"]


@pytest.mark.parametrize(
    ("heading", "limit"),
    [
        ("工号", 64),
        ("姓名", 60),
        ("用工性质", 16),
        ("病区", 64),
        ("职务", 64),
        ("企业微信userid", 64),
    ],
)
def test_what_is_too_long_is_told_once_with_its_cell(heading: str, limit: int) -> None:
    head = ("工号", "姓名", "用工性质", "病区", "职务", "企业微信userid")
    row = ["T1", "测试甲", "合同", "外科", "组长", "jia"]
    row[head.index(heading)] = "长" * (limit + 1)
    found = parse_staff([sheet_of(head, row)], WORDS)
    (told,) = said(found.problems)
    assert (
        told
        == f"第2行“{heading}”列({'ABCDEF'[head.index(heading)]}2)：内容超过{limit}个字。请缩短。"
    )
    assert not found.applicable
