"""Sheets of posts: what is read, and the exact words about what cannot be."""

from __future__ import annotations

import tomllib

import pytest

from services.sheets.cells import CellValue
from services.sheets.listing import load_list_words
from services.sheets.postings import MatchRule, PostingList, PostingRow, parse_postings
from services.sheets.reader import read_book
from services.sheets.recruiting_samples import write_postings
from tests.unit.sheet_cases import ROOT, keys, said, sheet_of

RAW = tomllib.loads((ROOT / "config/policies/candidate_sheets.toml").read_text("utf-8"))
WORDS = load_list_words(RAW, "postings")
HEAD = ("岗位编号", "岗位", "负责人工号", "类别", "需带材料", "匹配要点", "联系人", "联系电话")
FULL = PostingRow(
    2,
    "HL-2026-01",
    "急诊科护士",
    "S0001",
    "急诊科",
    "nurse",
    ("身份证", "护士执业证书"),
    {
        "place": "行政楼3楼会议室，电梯右手边",
        "map": "https://map.example.com/a",
        "phone": "0512-60000000",
        "contact": "宋老师",
    },
    (
        MatchRule("3年以上急诊经验", "您有{years}年急诊科护士经验"),
        MatchRule("", "您持有护士执业证"),
    ),
    "open",
    5,
    7,
    "https://hospital.example/gongshi",
)


def parsed(*rows: tuple[CellValue, ...], head: tuple[str, ...] = HEAD) -> PostingList:
    return parse_postings([sheet_of(head, *rows)], WORDS)


def test_a_written_table_is_read_back_the_same() -> None:
    read = parse_postings(read_book(write_postings([FULL], WORDS), "岗位.xlsx").sheets, WORDS)
    assert read.problems == ()
    assert read.rows == (FULL,)


def test_words_for_candidates_keep_their_punctuation() -> None:
    row = ("HL-1", "护士", "S0001", "护士", "身份证；毕业证(原件)", "您有{工作年限}年，经验丰富。")
    read = parsed((*row, "宋老师(人事科)", "0512-60000000"))
    assert read.problems == ()
    assert read.rows[0].rules == (MatchRule("", "您有{years}年，经验丰富"),)
    assert read.rows[0].documents == ("身份证", "毕业证(原件)")
    assert read.rows[0].facts == {"contact": "宋老师(人事科)", "phone": "0512-60000000"}


def test_what_an_invitation_needs_is_asked_for_at_once() -> None:
    read = parsed(("HL-1", "护士", "S0001", "", "", "", "", ""))
    assert read.applicable
    assert said(read.problems) == [
        "第2行“联系人”列(G2)：没有联系人，这个岗位还不能发面试邀约。请在发邀约前补上。",
        "第2行“联系电话”列(H2)：没有联系电话，这个岗位还不能发面试邀约。请在发邀约前补上。",
        "第2行“需带材料”列(E2)：没有需带材料，这个岗位还不能发面试邀约。请在发邀约前补上。",
        "第2行“匹配要点”列(F2)：没有匹配要点，邀约前没有可以勾选的内容。请在发邀约前补上。",
    ]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (
            "您有{年龄}岁",
            "匹配要点里的“{年龄}”不认识。可以用：{工作年限}、{年限}、{学历}、{专业}、"
            "{毕业院校}、{现单位}。",
        ),
        (
            "有急诊经验",
            "匹配要点“有急诊经验”要写成对候选人说的话，以“您”开头。"
            "请写成“要求：您有{工作年限}年护理经验”这样的形式。",
        ),
        ("您" + "很" * 60, "有一条匹配要点超过60个字。请缩短。"),
        ("\n".join(["您好"] * 13), "匹配要点超过12条。请只留最要紧的几条。"),
    ],
)
def test_a_match_point_that_cannot_be_sent_is_refused(rules: str, words: str) -> None:
    read = parsed(("HL-1", "护士", "S0001", "护士", "身份证", rules, "宋老师", "1"))
    assert not read.applicable
    assert said(read.problems) == [f"第2行“匹配要点”列(F2)：{words}"]


def test_codes_are_plain_and_stand_once() -> None:
    more = ("护士", "身份证", "您好", "宋老师", "1")
    read = parsed(
        ("hl-1", "甲", "S0001", *more),
        ("HL-1", "乙", "S0001", *more),
        ("=cmd", "丙", "S0001", *more),
        ("", "丁", "S0001", *more),
    )
    assert keys(read.problems) == ["posting_twice", "posting_code", "field_missing"]
    assert [row.title for row in read.rows] == ["甲"]
    assert not read.applicable


def test_an_odd_map_a_word_nobody_knows_and_a_table_without_its_head() -> None:
    head = ("岗位编号", "岗位", "负责人工号", "类别", "状态", "地图")
    read = parsed(("HL-1", "甲", "S1", "护理", "招聘中", "javascript:alert(1)"), head=head)
    assert keys(read.problems)[0] == "posting_map_unknown"
    assert read.rows[0].facts == {}
    assert (read.rows[0].work, read.rows[0].state) == ("nurse", "open")
    odd = parsed(("HL-1", "甲", "S1", "宇航员", "也许", ""), head=head)
    assert {"posting_work_unknown", "posting_state_unknown"} <= set(keys(odd.problems))
    assert not odd.applicable
    assert keys(parse_postings([sheet_of(("岗位", "备注"), ("甲", "乙"))], WORDS).problems) == [
        "no_postings"
    ]


@pytest.mark.parametrize(("written", "days"), [("5", 5), ("5个工作日", 5), (7, 7), ("", None)])
def test_days_of_a_public_notice(written: CellValue, days: int | None) -> None:
    read = parsed(
        ("HL-1", "护士", "S0001", "护士", "", "", "", "", written),
        head=(*HEAD, "结果公示(工作日)"),
    )
    assert [row.notice_within for row in read.rows] == [days]


@pytest.mark.parametrize("written", ["0", "31", "尽快", "-5"])
def test_days_of_a_public_notice_that_make_no_sense_are_named(written: str) -> None:
    read = parsed(
        ("HL-1", "护士", "S0001", "护士", "", "", "", "", written),
        head=(*HEAD, "结果公示(工作日)"),
    )
    assert "posting_notice_days" in keys(read.problems)
    assert not read.applicable
