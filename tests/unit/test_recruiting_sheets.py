"""Candidates, slots and scores: every trap of such sheets, and the exact words about it."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date, time
from io import BytesIO
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from services.sheets.candidates import CandidateRow, parse_candidates
from services.sheets.cells import CellValue, Sheet
from services.sheets.export import write_csv
from services.sheets.listing import load_list_words
from services.sheets.problems import SHOWN_AT_MOST, Severity
from services.sheets.reader import read_book
from services.sheets.recruiting_samples import write_candidates, write_slots
from services.sheets.scores import ScoreRow, parse_scores
from services.sheets.slots import SlotList, SlotRow, parse_slots
from tests.support.books import write_scores, write_xlsx
from tests.unit.sheet_cases import ROOT, keys, said, sheet_of

RAW = tomllib.loads((ROOT / "config/policies/candidate_sheets.toml").read_text("utf-8"))
CANDIDATES, SLOTS, SCORES = (
    load_list_words(RAW, table) for table in ("candidates", "slots", "scores")
)
TODAY = date(2026, 11, 23)
HEAD = ("姓名", "手机", "应聘岗位")
SLOT_HEAD = ("岗位", "日期", "开始", "结束", "地点", "名额", "面试官", "分组")
SCORE_HEAD = ("姓名", "手机后四位", "面试官", "沟通", "专业", "优势", "结论")
FULL = (
    CandidateRow(
        3,
        "测试甲",
        "13800000001",
        "急诊科护士",
        "院校推荐",
        "本科",
        "护理学",
        "示例医学院",
        "yes",
        3.5,
        "示例二院",
        "shortlisted",
        "jia@example.com",
        "ms",
    ),
    CandidateRow(4, "测试乙", "13800000002", "心内科医生", years=0, stage="new"),
)


def slots(*rows: tuple[CellValue, ...], head: tuple[str, ...] = SLOT_HEAD) -> SlotList:
    return parse_slots([sheet_of(head, *rows)], SLOTS, TODAY)


MANY = 4_000


def test_one_cell_filled_down_is_told_once_a_row_and_fast() -> None:
    began = process_time()
    same = [("护士", "2026-12-14", "10:00", "10:30", "一楼", 2, "甲、乙", n) for n in range(MANY)]
    found = slots(*same)
    assert len(found.rows) == MANY
    assert keys(found.problems).count("slot_place_busy") == SHOWN_AT_MOST
    people = [(f"测试{n}", "13800000001", "急诊") for n in range(MANY)]
    listed = parse_candidates([sheet_of(HEAD, *people)], CANDIDATES)
    assert len(listed.rows) == 1
    assert keys(listed.problems).count("candidate_other_name") == SHOWN_AT_MOST
    assert process_time() - began < 5


@pytest.mark.parametrize(("field", "limit"), [("地点", 128), ("分组", 32)])
def test_what_is_too_long_for_a_slot_is_told_with_its_cell(field: str, limit: int) -> None:
    row: list[CellValue] = ["护士", "2026-12-14", "10:00", "10:30", "一楼", 2, "甲", "一组"]
    row[SLOT_HEAD.index(field)] = "长" * (limit + 1)
    found = slots(tuple(row))
    assert found.rows == ()
    assert f"内容超过{limit}个字。请缩短。" in said(found.problems)[0]


def test_what_is_too_long_for_a_candidate_is_told_and_no_name_is_cut() -> None:
    head = (*HEAD, "来源")
    for row in (("长" * 61, "13800000001", "急诊", ""), ("甲", "13800000001", "急诊", "x" * 65)):
        found = parse_candidates([sheet_of(head, row)], CANDIDATES)
        assert keys(found.problems) == ["text_too_long"]


def test_equal_headings_side_by_side_are_two_columns_unless_they_are_merged() -> None:
    row = ("甲", "13800000001", "13800000002", "急诊")
    beside = sheet_of(("姓名", "手机", "手机", "应聘岗位"), row)
    assert keys(parse_candidates([beside], CANDIDATES).problems) == ["headings_twice"]
    merged = replace(beside, filled=frozenset({(0, 2)}))
    assert keys(parse_candidates([merged], CANDIDATES).problems) == []


def test_digits_of_other_scripts_are_no_phone_number() -> None:
    full, other = "１３８００００００１２", "138" + "٠" * 7 + "١"
    assert parse_candidates([sheet_of(HEAD, ("甲", full, "急诊"))], CANDIDATES).rows
    found = parse_candidates([sheet_of(HEAD, ("甲", other, "急诊"))], CANDIDATES)
    assert keys(found.problems) == ["candidate_phone"]


def test_a_written_list_is_read_back_the_same() -> None:
    book = read_book(write_candidates(FULL, CANDIDATES), "候选人.xlsx")
    read = parse_candidates(book.sheets, CANDIDATES)
    assert read.rows == FULL
    assert read.applicable
    assert said(read.problems) == [
        "第5行：“合计:2人”看起来是合计或说明，这一行没有读取。如果是正式内容，请改掉开头的字样。"
    ]


def test_full_width_spaces_and_country_codes() -> None:
    read = parse_candidates(
        [
            sheet_of(
                ("姓　名", "手 机 号", "应聘岗位*", "e-mail", "工作年限", "执业证"),
                (
                    "张 三(内推)",
                    "＋86 138－0000－0001",
                    "急诊科 护士",
                    "Ａ@example.com",
                    "3年以上",
                    "√",
                ),
                ("Anna Smith", 13800000002, "N3护士", "", "应届", "成绩合格"),
            )
        ],
        CANDIDATES,
    )
    assert not read.problems
    first, second = read.rows
    assert (first.name, first.phone, first.post) == ("张三", "13800000001", "急诊科护士")
    assert (first.years, first.licence) == (3.0, "yes")
    assert first.email == "A@example.com"
    assert (second.name, second.phone, second.years) == ("Anna Smith", "13800000002", 0.0)
    assert second.licence == "passed"


def test_gb18030_csv_from_a_spreadsheet() -> None:
    data = "姓名,手机,应聘岗位\r\n测试甲,13800000001,急诊科护士\r\n".encode("gb18030")
    read = parse_candidates(read_book(data, "候选人.csv").sheets, CANDIDATES)
    assert read.rows == (CandidateRow(2, "测试甲", "13800000001", "急诊科护士"),)


def test_personal_data_nobody_needs_is_not_read_and_said_so() -> None:
    read = parse_candidates(
        [
            sheet_of(
                (*HEAD, "身份证号", "婚姻状况", "年龄"),
                ("测试甲", "13800000001", "护士", "110101190001010000", "已婚", 33),
            )
        ],
        CANDIDATES,
    )
    assert said(read.problems) == [
        "第1行“身份证号”列(D1)：“身份证号”列不需要，没有读取，也不会保存。",
        "第1行“婚姻状况”列(E1)：“婚姻状况”列不需要，没有读取，也不会保存。",
        "第1行“年龄”列(F1)：“年龄”列不需要，没有读取，也不会保存。",
    ]
    assert read.applicable
    assert "110101" not in repr(read)
    assert "已婚" not in repr(read)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("", "13800000001", "护士")], "第2行“姓名”列(A2)：没有填写“姓名”。请补上。"),
        (
            [("测试甲", "1380000000", "护士")],
            "第2行“手机”列(B2)：“1380000000”不是11位手机号，联系不上候选人。请改正。",
        ),
        (
            [("测试甲", "13800000001", "护士"), ("测试甲", "138 0000 0001", "护士")],
            "第3行“手机”列(B3)：与第2行是同一个手机号、同一个岗位。请删去其中一行。",
        ),
        (
            [("测试甲", "13800000001", "护士"), ("测试乙", "13800000001", "医生")],
            "第3行“手机”列(B3)：手机号与第2行相同，姓名却不同。请改正其中一个。",
        ),
        (
            [("测试甲", "13800000001", "护" * 201)],
            "第2行“应聘岗位”列(C2)：内容超过200个字。请缩短。",
        ),
    ],
)
def test_what_stops_a_list_of_candidates(rows: list[tuple[CellValue, ...]], words: str) -> None:
    read = parse_candidates([sheet_of(HEAD, *rows)], CANDIDATES)
    assert said(read.problems) == [words]
    assert not read.applicable


def test_one_person_for_two_posts_is_only_pointed_out() -> None:
    read = parse_candidates(
        [sheet_of(HEAD, ("测试甲", "13800000001", "护士"), ("测试甲", "13800000001", "助产士"))],
        CANDIDATES,
    )
    assert read.applicable
    assert len(read.rows) == 2
    assert said(read.problems) == [
        "第3行“手机”列(B3)：手机号与第2行相同，应聘的是另一个岗位。请核对此人是否确实应聘两个岗位。"
    ]


def test_words_nobody_knows() -> None:
    read = parse_candidates(
        [
            sheet_of(
                (*HEAD, "e-mail", "工作年限", "执业证", "称谓", "当前阶段"),
                ("测试甲", "13800000001", "护士", "甲@", "很久", "办理中", "同志", "飞了"),
            )
        ],
        CANDIDATES,
    )
    assert sorted(keys(read.problems)) == sorted(
        ["stage_unknown", "licence_unknown", "years_unknown", "email_invalid", "title_unknown"]
    )
    texts = said(read.problems)
    assert (
        "第2行“工作年限”列(E2)：工作年限“很久”看不懂，没有读取。请填写数字，如 3 或 2.5。" in texts
    )
    assert (
        "第2行“称谓”列(G2)：称谓“同志”看不懂，没有读取，消息里会用全名。"
        "可以填写：女士、小姐、先生、医生、大夫、医师、护士、老师。" in texts
    )
    assert not read.applicable  # the stage decides what may be sent


def test_formulas_without_a_value_and_errors() -> None:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.append(HEAD)
    sheet.append(("测试甲", "=1+1", "护士"))
    stream = BytesIO()
    workbook.save(stream)
    read = parse_candidates(read_book(stream.getvalue(), "x.xlsx").sheets, CANDIDATES)
    assert said(read.problems) == [
        "第2行“手机”列(B2)：这一格的公式没有结果。请用 Excel 打开并保存一次，或改填文字。"
    ]


def test_a_repeated_head_blank_rows_and_hidden_rows_are_no_people() -> None:
    sheet = sheet_of(
        ("2026年招聘候选人",), HEAD, ("测试甲", "13800000001", "护士"), ("", "", ""), HEAD,
        ("测试乙", "13800000002", "护士"),
    )  # fmt: skip
    hidden = Sheet(sheet.name, sheet.rows, hidden_rows=frozenset({5}))
    assert [row.name for row in parse_candidates([sheet], CANDIDATES).rows] == ["测试甲", "测试乙"]
    assert [row.name for row in parse_candidates([hidden], CANDIDATES).rows] == ["测试甲"]


def test_no_head_no_rows_and_two_equal_headings() -> None:
    nothing = sheet_of(("甲", "乙"))
    assert keys(parse_candidates([nothing], CANDIDATES).problems) == ["no_candidates"]
    assert keys(parse_slots([nothing], SLOTS, TODAY).problems) == ["no_slots"]
    assert keys(parse_scores([nothing], SCORES).problems) == ["no_scores"]
    assert keys(parse_candidates([sheet_of(HEAD)], CANDIDATES).problems) == ["no_rows"]
    twice = sheet_of((*HEAD, "联系电话"), ("测试甲", "13800000001", "护士", "1"))
    read = parse_candidates([twice], CANDIDATES)
    assert said(read.problems) == ["第1行“联系电话”列(D1)：表头有两列“联系电话”。请只保留一列。"]


def test_written_slots_are_read_back_the_same() -> None:
    rows = tuple(
        SlotRow(
            at, "急诊科护士", date(2026, 11, day), time(hour), 30, "行政楼3楼会议室", 10, 2,
            ("测试甲", "测试乙"), "第1组",
        )
        for at, (day, hour) in enumerate([(25, 9), (25, 10), (26, 14)], start=2)
    )  # fmt: skip
    read = parse_slots(read_book(write_slots(rows), "时段.xlsx").sheets, SLOTS, TODAY)
    assert read.rows == rows
    assert not read.problems


@pytest.mark.parametrize(
    ("day", "start", "end", "expected"),
    [
        ("2026-11-25", "9:00", "9:30", (date(2026, 11, 25), time(9), 30)),
        (date(2026, 11, 25), "０９：００", "１０：００", (date(2026, 11, 25), time(9), 60)),
        ("2026年11月25日(周三)", "上午9点半", "10点15分", (date(2026, 11, 25), time(9, 30), 45)),
        ("20261125", "下午2点", "14:40", (date(2026, 11, 25), time(14), 40)),
        (46351, 0.375, 0.5, (date(2026, 11, 25), time(9), 180)),
        ("2026/11/25", "14:00－14:30", "", (date(2026, 11, 25), time(14), 30)),
        ("2026.11.25", "下午2:00至3:00", "", (date(2026, 11, 25), time(14), 60)),
    ],
)
def test_days_and_times_as_written(
    day: CellValue, start: CellValue, end: CellValue, expected: tuple[date, time, int]
) -> None:
    read = slots(("护士", day, start, end, "会议室", "", "", ""))
    assert not read.problems
    row = read.rows[0]
    assert (row.day, row.start, row.minutes) == expected
    assert row.seats == 1


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (
            ("护士", "2026-11-20", "9:00", "9:30", "会议室"),
            "第2行“日期”列(B2)：面试日期2026-11-20已经过去。请改正日期，或删去这一行。",
        ),
        (
            ("护士", "11.25 周四", "9:00", "9:30", "会议室"),
            "第2行“日期”列(B2)：2026-11-25是周三，表中写的是周四。请改正日期或星期。",
        ),
        (
            ("护士", "2026-11", "9:00", "9:30", "会议室"),
            "第2行“日期”列(B2)：“2026-11”不是看得懂的日期。请写成 2026-10-31 这样的形式。",
        ),
        (
            ("护士", "2026-11-25", "九点", "9:30", "会议室"),
            "第2行“开始”列(C2)：“九点”不是看得懂的时间。请写成 09:30 这样的形式。",
        ),
        (
            ("护士", "2026-11-25", date(2026, 11, 25), "9:30", "会议室"),
            "第2行“开始”列(C2)：这一格读到的是日期，不是时间。"
            "请把日期和时间分成两列，这里只填 09:30 这样的时间。",
        ),
        (
            ("护士", "2026-11-25", "9:30", "9:30", "会议室"),
            "第2行“开始”列(C2)：结束时间09:30不晚于开始时间09:30。请改正。",
        ),
        (
            ("护士", "2026-11-25", "9:30", "", "会议室"),
            "第2行“结束”列(D2)：没有结束时间，也没有时长。请补上其中一个。",
        ),
        (
            ("护士", "2026-11-25", "9:30", "10:00", "会议室", "0"),
            "第2行“名额”列(F2)：名额“0”看不懂。请填写1到500之间的整数。",
        ),
        (
            ("护士", "2026-11-25", "9:30", "10:00", ""),
            "第2行“地点”列(E2)：没有填写“地点”。请补上。",
        ),
    ],
)
def test_what_stops_a_table_of_slots(cells: tuple[CellValue, ...], words: str) -> None:
    read = slots(cells)
    assert said(read.problems) == [words]
    assert not read.applicable


def test_a_day_without_its_year_is_the_next_one() -> None:
    read = slots(("护士", "1月5日", "9:00", "9:30", "会议室"))
    assert read.rows[0].day == date(2027, 1, 5)
    assert said(read.problems) == [
        "第2行“日期”列(B2)：“1月5日”没有写年份，已读作2027-01-05。请核对。"
    ]


def test_slots_that_collide() -> None:
    read = slots(
        ("护士", "2026-11-25", "9:00", "9:30", "会议室", "", "测试甲、测试乙"),
        ("护士", "2026-11-25", "9:00", "9:30", "会议室", "", "测试丙"),
        ("医生", "2026-11-25", "9:15", "9:45", "会议室", "", "测试丁"),
        ("医生", "2026-11-25", "9:20", "9:50", "诊室", "", "测试乙"),
        ("医生", "2026-11-25", "9:50", "10:20", "诊室", "", "测试乙"),
    )
    assert said(read.problems) == [
        "第3行“地点”列(E3)：与第2行的岗位、日期、时间和地点都相同。请删去其中一行，或把名额加在一起。",
        "第4行“地点”列(E4)：这段时间与第2行用的是同一个地点“会议室”。请核对是否安排得下。",
        "第5行“面试官”列(G5)：这段时间测试乙还在第2行面试。请核对面试官的安排。",
    ]


def test_lengths_and_odd_hours() -> None:
    head = ("岗位", "日期", "开始", "时长", "结束", "地点")
    read = slots(
        ("护士", "2026-11-25", "2:00", "30分钟", "", "会议室"),
        ("护士", "2026-11-25", "9:00", "30", "9:40", "会议室"),
        ("护士", "2026-11-25", "10:00", "半天", "", "会议室"),
        head=head,
    )
    assert said(read.problems) == [
        "第3行“时长”列(D3)：结束时间09:40与时长30分钟对不上。请只保留一个，或改正。",
        "第4行“时长”列(D4)：时长“半天”看不懂。请填写分钟数，1到480之间，如 30。",
        "第2行“开始”列(C2)：开始时间是02:00。如果是下午，请写成 14:00 这样的形式。",
    ]


def test_written_scores_are_read_back_from_a_head_of_two_rows() -> None:
    rows = (
        ScoreRow(
            3, "测试甲", "测试丙", "0012", {"沟通": 8.5, "专业": 9}, "急诊分诊", "hire", "稳"
        ),
        ScoreRow(4, "测试乙", "测试丙", "3456", {"沟通": 7}, "", "reserve"),
    )
    read = parse_scores(
        read_book(write_scores(rows, SCORES.choices["verdicts"]), "评分.xlsx").sheets, SCORES
    )
    assert read.rows == rows
    assert not read.problems


def test_lost_zeros_whole_numbers_sums_and_averages() -> None:
    read = parse_scores(
        [
            sheet_of(
                ("序号", *SCORE_HEAD, "总分"),
                (1, "测试甲", 12, "测试丙", "８分", 9, "分诊", "录用", 17),
                (2, "测试乙", "13800003456", "测试丙", "-", "", "", "不录用", ""),
                ("", "平均分", "", "", 8, 9, "", "", 17),
            )
        ],
        SCORES,
    )
    assert read.rows == (
        ScoreRow(2, "测试甲", "测试丙", "0012", {"沟通": 8, "专业": 9}, "分诊", "hire"),
        ScoreRow(3, "测试乙", "测试丙", "3456", {}, "", "decline"),
    )
    assert said(read.problems) == [
        "第1行“序号”列(A1)：“序号”列不需要，没有读取；总分由系统按各项分数计算。",
        "第1行“总分”列(I1)：“总分”列不需要，没有读取；总分由系统按各项分数计算。",
        "第4行：“平均分”看起来是合计或说明，这一行没有读取。如果是正式内容，请改掉开头的字样。",
    ]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [("测试甲", "", "测试丙", "优", 9)],
            "第2行“沟通”列(D2)：“优”不是看得懂的分数。请填写1到10之间的数字，没有评分就留空。",
        ),
        (
            [("测试甲", "", "测试丙", 85, 9)],
            "第2行“沟通”列(D2)：分数“85”不在1到10之间。请改正，或换算成十分制。",
        ),
        (
            [("测试甲", "12345", "测试丙", 8, 9)],
            "第2行“手机后四位”列(B2)：“12345”不是手机号的后四位。请填写四位数字。",
        ),
        (
            [("测试甲", "", "测试丙", 8, 9), ("测试甲", "", "测试丙", 7, 9)],
            "第3行“面试官”列(C3)：第2行已有测试丙给“测试甲”的评分。请只保留一行。",
        ),
        (
            [
                ("测试甲", "0001", "测试丙", 8, 9),
                ("测试甲", "0002", "测试丙", 7, 9),
                ("测试甲", "", "测试丁", 7, 9),
            ],
            "第4行“姓名”列(A4)：有几位“测试甲”，分不清是哪一位。请填写手机后四位。",
        ),
        (
            [("测试甲", "", "", 8, 9)],
            "第2行“面试官”列(C2)：没有填写“面试官”。请补上。",
        ),
    ],
)
def test_what_stops_a_sheet_of_scores(rows: list[tuple[CellValue, ...]], words: str) -> None:
    read = parse_scores([sheet_of(SCORE_HEAD, *rows)], SCORES)
    assert said(read.problems) == [words]
    assert not read.applicable


def test_a_long_sheet_is_put_together() -> None:
    head = ("候选人", "面试官", "维度", "分数", "评语", "结论")
    read = parse_scores(
        [
            sheet_of(
                head,
                ("测试甲", "测试丙", "沟通", 8, "耐心", ""),
                ("测试甲", "测试丙", "专业", 9, "", "推荐"),
                ("测试甲", "测试丙", "专业", 7, "", ""),
                ("测试乙", "测试丙", "", 7, "", ""),
                ("测试乙", "测试丁", "", "", "", ""),
            )
        ],
        SCORES,
    )
    assert read.rows == (
        ScoreRow(2, "测试甲", "测试丙", "", {"沟通": 8, "专业": 9}, "", "hire", "耐心"),
    )
    assert said(read.problems) == [
        "第4行“维度”列(C4)：第3行已有测试丙给“测试甲”的“专业”评分。请只保留一行。",
        "第5行“维度”列(C5)：没有填写维度，不知道是哪一项的分数。请补上。",
        "第6行“候选人”列(A6)：这一行没有分数，也没有结论。请补上，或删去这一行。",
    ]


def test_a_merged_name_counts_for_each_interviewer() -> None:
    sheet = sheet_of(SCORE_HEAD, ("测试甲", "", "测试丙", 8, 9), ("测试甲", "", "测试丁", 7, 8))
    merged = Sheet(sheet.name, sheet.rows, filled=frozenset({(2, 0)}))
    assert [row.interviewer for row in parse_scores([merged], SCORES).rows] == ["测试丙", "测试丁"]


def test_formulas_in_texts_stay_texts() -> None:
    rows = [HEAD, ("测试甲", "13800000001", "=cmd|'/c calc'!A1")]
    for data, name in ((write_csv(rows), "x.csv"), (write_xlsx(rows), "x.xlsx")):
        read = parse_candidates(read_book(data, name).sheets, CANDIDATES)
        assert read.rows[0].post.lstrip("'").startswith("=cmd")


CELLS: st.SearchStrategy[CellValue] = st.one_of(
    st.text(max_size=12),
    st.integers(-(10**15), 10**15),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.sampled_from(["", "测试甲", "13800000001", "2026-11-25", "9:00-9:30", "8", "合计", "2.30"]),
)


@given(st.lists(st.tuples(*[CELLS] * 8), max_size=6))
def test_nothing_in_a_cell_makes_a_reader_fail(rows: list[tuple[CellValue, ...]]) -> None:
    """Whatever is said about it, every entry kept has what the product needs."""
    heads = (HEAD, SLOT_HEAD, SCORE_HEAD)
    sheets = [sheet_of((*head, *[""] * (8 - len(head))), *rows) for head in heads]
    for row in parse_candidates(sheets[:1], CANDIDATES).rows:
        assert row.name
        assert len(row.phone) == 11
    for slot in parse_slots(sheets[1:2], SLOTS, TODAY).rows:
        assert slot.day >= TODAY
        assert slot.minutes > 0
    for scored in parse_scores(sheets[2:], SCORES).rows:
        assert all(1 <= score <= 10 for score in scored.scores.values())


def test_every_problem_of_severity_error_keeps_the_row_out() -> None:
    read = slots(
        ("护士", "2026-11-25", "9:00", "9:30", "会议室", "", "", ""),
        ("护士", "坏", "9:00", "9:30", "会议室", "", "", ""),
    )
    assert [row.row for row in read.rows] == [2]
    assert [p.row for p in read.problems if p.severity is Severity.ERROR] == [3]
