"""Licence lists in both shapes: every spelling of a date, every contradiction with its cell."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.licence_kinds import load_licence_kinds
from services.sheets.cells import CellValue
from services.sheets.export import write_csv
from services.sheets.licence_columns import LicenceWords, load_licence_words
from services.sheets.licences import LicenceList, LicenceRow, parse_licences
from services.sheets.problems import Severity
from services.sheets.reader import read_book
from tests.support.books import write_xlsx
from tests.unit.sheet_cases import ROOT, keys, said, sheet_of

POLICIES = ROOT / "config/policies"
KINDS = load_licence_kinds(tomllib.loads((POLICIES / "licence_kinds.toml").read_text("utf-8")))
RAW = tomllib.loads((POLICIES / "staffing_sheets.toml").read_text("utf-8"))
WORDS: LicenceWords = load_licence_words(RAW, KINDS)
TODAY = date(2026, 12, 7)
# As §5.5 of the product's facts has it; 序号, 学分, 复印件 and 备注 are not read.
LONG = (
    "序号", "科室", "工号", "姓名", "证书类型", "证书编号", "发证机关", "首次注册日期",
    "本次发证/延续日期", '有效期至(或"长期")', "执业地点", "执业类别/范围", "最近一次考核日期",
    "学分", "复印件(有/无)", "备注",
)  # fmt: skip
SHORT = ("工号", "姓名", "证书类型", "发证日期", "有效期至")
WIDE = ("工号", "姓名", "资格证编号", "执业证编号", "注册有效期", "BLS", "ACLS有效期至")


def parsed(*rows: Sequence[CellValue]) -> LicenceList:
    return parse_licences([sheet_of(*rows)], WORDS, TODAY)


def one(kind: str, issued: CellValue, until: CellValue) -> LicenceList:
    return parsed(SHORT, ("T0001", "测试甲", kind, issued, until))


def ends(found: LicenceList) -> list[tuple[str, date | None, bool]]:
    return [(row.kind, row.valid_to, row.perpetual) for row in found.rows]


def test_the_whole_long_form_is_read() -> None:
    row = (
        1, "ICU", "T0001", "测试 甲", "护士执业证", "2021320001", "示例省卫健委", "2016-08-01",
        "2021-08-01", "2026.12.31", "示例医院", "护理", "", "25", "有", "无",
    )  # fmt: skip
    found = parsed(LONG, row)
    assert keys(found.problems) == []
    assert found.rows == (
        LicenceRow(
            row=2,
            staff_no="T0001",
            name="测试甲",
            kind="nurse",
            number="2021320001",
            issuer="示例省卫健委",
            first_issued=date(2016, 8, 1),
            issued=date(2021, 8, 1),
            valid_to=date(2026, 12, 31),
            place="示例医院",
            scope="护理",
        ),
    )
    assert found.rows[0].places["valid_to"].column == "J"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2027.10", date(2027, 10, 31)),
        ("2027.02", date(2027, 2, 28)),
        ("2027年10月", date(2027, 10, 31)),
        ("2027/10/31", date(2027, 10, 31)),
        ("20271031", date(2027, 10, 31)),
        (20271031, date(2027, 10, 31)),
        ("27.10.31", date(2027, 10, 31)),
        ("２０２７．１０．３１", date(2027, 10, 31)),
        (date(2027, 10, 31), date(2027, 10, 31)),
        (46691, date(2027, 10, 31)),
        ("46691", date(2027, 10, 31)),
        ("至2027.10.31", date(2027, 10, 31)),
        ("有效期至：2027-10-31", date(2027, 10, 31)),
        ("2027年10月31日止", date(2027, 10, 31)),
        ("2022.11.01-2027.10.31", date(2027, 10, 31)),
        ("2022-11-01至2027-10-31", date(2027, 10, 31)),
        ("2022.11.1～2027.10.31", date(2027, 10, 31)),
        ("20221101—20271031", date(2027, 10, 31)),
    ],
)
def test_every_spelling_of_an_end(written: CellValue, read: date) -> None:
    found = one("护士证", "", written)
    assert keys(found.problems) == []
    assert ends(found) == [("nurse", read, False)]


@pytest.mark.parametrize("written", ["长期", "长期有效", "永久", "终身有效", "无固定期限"])
def test_without_end_is_a_value_and_no_far_date(written: str) -> None:
    found = one("医师执业证", "2015-07-01", written)
    assert keys(found.problems) == []
    assert ends(found) == [("doctor", None, True)]


@pytest.mark.parametrize("written", ["", "/", "无", "——"])
def test_a_silent_end_claims_nothing(written: str) -> None:
    assert ends(one("医师执业证", "", written)) == [("doctor", None, False)]
    found = one("护士执业证", "", written)
    assert ends(found) == [("nurse", None, False)]
    assert keys(found.problems) == ["licence_end_missing"]


@pytest.mark.parametrize(
    ("kind", "issued", "until", "told"),
    [
        (
            "护士证", "2024-05-01", "2023-05-01",
            "第2行“有效期至”列(E2)：有效期到2023-05-01，比发证日期2024-05-01还早。请改正其中一个。",
        ),
        (
            "护士证", "", "2062-10-31",
            "第2行“有效期至”列(E2)：有效期到2062-10-31，而护士执业证书最长5年。请改正日期。",
        ),
        (
            "护士证", "2027-01-01", "2031-12-31",
            "第2行“发证日期”列(D2)：发证日期2027-01-01还没有到。请改正日期。",
        ),
        (
            "护士证", "2024-05-01", "长期",
            "第2行“有效期至”列(E2)：护士执业证书的期限是5年，不是长期。请填写到期的日期。",
        ),
        (
            "护士证", "", 2024.1,
            "第2行“有效期至”列(E2)：“2024.1”可能是1月，也可能是10月。"
            "请写成 2024-10-31 这样的完整日期。",
        ),
        (
            "护士证", "", "2027-02-30",
            "第2行“有效期至”列(E2)：“2027-02-30”不是看得懂的日期。请写成 2026-10-31 这样的形式。",
        ),
        (
            "健康证", "", "2027-10-31",
            "第2行“证书类型”列(C2)：证书类型“健康证”看不懂。请填写："
            + "、".join(kind.name for kind in KINDS)
            + "。",
        ),
    ],
)  # fmt: skip
def test_a_contradiction_is_an_error_that_names_its_cell(
    kind: str, issued: CellValue, until: CellValue, told: str
) -> None:
    found = one(kind, issued, until)
    errors = [p for p in found.problems if p.severity is Severity.ERROR]
    assert said(errors) == [told]
    assert found.rows == ()


def test_what_is_possible_and_odd_is_a_warning() -> None:
    renewed = one("护士证", "2015-03-01", "2030-02-28")
    assert said(renewed.problems) == [
        "第2行“有效期至”列(E2)：2015-03-01发证，有效期到2030-02-28，比护士执业证书的5年长。"
        "请核对；如果延续过，请把发证日期改成最近一次的。"
    ]
    over = one("护士证", "2021-12-01", "2026-12-06")
    assert said(over.problems) == [
        "第2行“有效期至”列(E2)：护士执业证书已在2026-12-06到期。"
        "写入后，此人不能再排临床班次、换班和参加紧急支援。请核对是否已经延续。"
    ]
    assert keys(one("BLS", "2024-11-01", "2026-10-31").problems) == ["licence_over"]
    assert keys(one("护士证", "2021-12-08", "2026-12-07").problems) == []  # its last day
    assert [len(each.rows) for each in (renewed, over)] == [1, 1]


def test_a_renewal_before_the_old_end_may_run_a_little_longer() -> None:
    assert keys(one("护士证", "2026-09-20", "2031-12-31").problems) == []


def test_a_cycle_is_counted_from_when_it_was_last_done() -> None:
    head = ("工号", "姓名", "证书类型", "最近一次考核日期", "有效期至")
    found = parsed(head, ("T0001", "测试甲", "医师定期考核", "2024.03", ""))
    assert [(row.issued, row.valid_to) for row in found.rows] == [
        (date(2024, 3, 1), date(2027, 2, 28))
    ]
    assert keys(found.problems) == []


def test_one_row_for_each_nurse_is_turned_into_one_for_each_licence() -> None:
    found = parsed(
        WIDE,
        ("T0001", "测试甲", "Z001", "H001", "2027.10", "2027-05-31", ""),
        ("T0002", "测试乙", "", "H002", "2026/12/20", "/", "无"),
        ("T0003", "测试丙", "", "", "", "", ""),
        ("合计", "", "", "", "", "", ""),
    )
    assert [(row.name, row.kind, row.number, row.valid_to) for row in found.rows] == [
        ("测试甲", "nurse_qualification", "Z001", None),
        ("测试甲", "nurse", "H001", date(2027, 10, 31)),
        ("测试甲", "bls", "", date(2027, 5, 31)),
        ("测试乙", "nurse", "H002", date(2026, 12, 20)),
    ]
    assert keys(found.problems) == ["row_summary"]
    assert found.rows[1].places["valid_to"].heading == "注册有效期"


def test_headings_in_two_rows_under_the_name_of_the_licence() -> None:
    found = parsed(
        ("工号", "姓名", "护士执业证书", "护士执业证书", "执业地点", "ACLS", "ACLS"),
        ("", "", "编号", "有效期至", "", "发证日期", "有效期至"),
        ("T0001", "测试甲", "H001", "2027-10-31", "示例医院", "2025-06-01", "2027-05-31"),
    )
    assert [(row.kind, row.number, row.place, row.issued, row.valid_to) for row in found.rows] == [
        ("nurse", "H001", "示例医院", None, date(2027, 10, 31)),
        ("acls", "", "", date(2025, 6, 1), date(2027, 5, 31)),
    ]


def test_a_wide_row_with_one_bad_date_is_an_error_and_names_the_column() -> None:
    found = parsed(WIDE, ("T0001", "测试甲", "Z001", "H001", "明年", "", ""))
    assert said(found.problems) == [
        "第2行“注册有效期”列(E2)：“明年”不是看得懂的日期。请写成 2026-10-31 这样的形式。"
    ]
    assert found.rows == ()


def test_personal_numbers_are_left_unread_and_said_to_be() -> None:
    found = parsed((*SHORT, "身份证号"), ("T0001", "测试甲", "BLS", "", "2027-10-31", "1" * 18))
    assert keys(found.problems) == ["column_ignored"]
    assert "1" * 18 not in repr(found.rows)


def test_a_roster_is_no_licence_list() -> None:
    found = parsed(("工号", "姓名", "10.12", "10.13"), ("T0001", "测试甲", "A", "N"))
    assert said(found.problems) == [
        "没有找到证照名单。表头至少需要“姓名”，和“证书类型”一列，或“执业证编号、执业证有效期”这样的列。"
    ]


def test_the_same_file_as_xlsx_and_as_gb18030() -> None:
    rows = [SHORT, ("T0001", "测试甲", "护士证", "2022-11-01", "2027.10.31")]
    csv = write_csv(rows).decode("utf-8-sig").encode("gb18030")
    for data, name in ((write_xlsx(rows), "证照.xlsx"), (csv, "证照.csv")):
        found = parse_licences(read_book(data, name).sheets, WORDS, TODAY)
        assert ends(found) == [("nurse", date(2027, 10, 31), False)]


SPELLINGS = ("%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", "至%Y.%m.%d")


@given(st.dates(TODAY, TODAY + timedelta(days=5 * 365)), st.sampled_from(SPELLINGS))
def test_any_day_in_any_spelling_is_that_day(day: date, spelling: str) -> None:
    assert ends(one("护士证", "", day.strftime(spelling))) == [("nurse", day, False)]


@given(st.text(max_size=30), st.text(max_size=30))
def test_nothing_written_breaks_the_reader(issued: str, until: str) -> None:
    found = one("护士证", issued, until)
    assert len(found.rows) == (not any(p.severity is Severity.ERROR for p in found.problems))


def test_a_kind_nobody_knows_is_refused_at_start() -> None:
    wrong = {**RAW, "licences": {**RAW["licences"], "plain": {"kind": "pilot"}}}
    with pytest.raises(ValueError, match="no kind is called 'pilot'"):
        load_licence_words(wrong, KINDS)
