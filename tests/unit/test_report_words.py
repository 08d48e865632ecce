"""The report as words: cells, lines for a chat, rows for a spreadsheet, facts for JSON."""

from __future__ import annotations

import csv
import io
import json

import pytest
from rich.cells import cell_len

from bot.cli.report import aligned
from message_templates.catalogue import Catalogue
from services.recruiting_numbers import (
    Counts,
    Fate,
    Metric,
    Missed,
    Month,
    MonthReport,
    Share,
    UnitCounts,
)
from services.recruiting_table import LINES_NAMED, ReportWords
from services.sheets.export import write_csv
from tests.support.recruiting_month import at

WORDS = ReportWords(Catalogue().words("recruiting/report"), "示例医院")
NOW = at(1, 9, 10, month=12)
EMERGENCY = Counts(interviews=20, attended=17, absent=1, results_due=10, on_time=9, not_due=2)
PAEDIATRICS = Counts(interviews=4, attended=3, rated=2, satisfied=1, ratings_asked=3)
LATE = Missed(14, "急诊科", at(25, 17, 30), Fate.LATE, at(27, 9), provisional=True, who="李**")


def report(*units: UnitCounts, missed: tuple[Missed, ...] = (LATE,)) -> MonthReport:
    shown = units or (UnitCounts("儿科", PAEDIATRICS), UnitCounts("急诊科", EMERGENCY))
    return MonthReport(Month(2026, 11), NOW, shown, missed)


def test_a_share_is_shown_with_its_numbers_and_a_percentage_only_from_five() -> None:
    assert WORDS.share(Share(17, 20)) == "85%(17/20)"
    assert WORDS.share(Share(3, 4)) == "3/4"
    assert WORDS.share(Share(0, 0)) == "无"


def test_what_a_share_leaves_out_stands_beside_it() -> None:
    assert WORDS.note(Metric.SHOWN, EMERGENCY) == "未到1，未记录2"
    assert WORDS.note(Metric.ON_TIME, EMERGENCY) == "未到期2"
    assert WORDS.note(Metric.MATCHED, EMERGENCY) == ""
    answers = Counts(answer_minutes=(30, 60, 90, 150, 999))
    assert WORDS.note(Metric.ANSWERED, answers) == "中位1.5小时"


@pytest.mark.parametrize(
    ("fate", "said"),
    [
        (Fate.OVERDUE, "逾期，还没有发"),
        (Fate.LATE, "迟到，11月27日(周五)09:00才送达"),
        (Fate.FAILED, "发送失败，没有送达"),
        (Fate.UNKNOWN, "已发送，是否送达未知"),
        (Fate.SENDING, "已到期，正在发送"),
    ],
)
def test_a_missed_result_is_named_with_what_is_known(fate: Fate, said: str) -> None:
    one = Missed(14, "急诊科", LATE.due, fate, LATE.told_at, provisional=True, who="李**")
    start = "应聘14 李**(急诊科)，应在11月25日(周三)17:30前，"
    assert WORDS.missed(one) == f"{start}{said}(日期暂定)"


def test_without_initials_only_the_application_is_named() -> None:
    one = Missed(14, "", LATE.due, Fate.OVERDUE)
    assert WORDS.missed(one) == "应聘14(未分科室)，应在11月25日(周三)17:30前，逾期，还没有发"


def test_a_chat_reads_the_whole_month() -> None:
    assert WORDS.lines(report()) == [
        "示例医院招聘月报 2026年11月",
        "数据截至12月1日(周二)09:10",
        "到场率：83%(20/24)，未到1，未记录3",
        "通知及时率：90%(9/10)，未到期2",
        "信息完整率：无",
        "岗位匹配率：无",
        "不通过满意度：1/2，问过3人",
        "24小时内答复：无",
        "儿科：到场率3/4，通知及时率无",
        "急诊科：到场率85%(17/20)，通知及时率90%(9/10)",
        "没有按时送到的结果：",
        WORDS.missed(LATE),
        WORDS.said["short"],
        "人数少于5的只写人数，不算百分比。",
    ]


def test_the_largest_month_still_fits_into_a_chat_message() -> None:
    units = [UnitCounts(f"示例市中心医院第{n}住院部神经外科", EMERGENCY) for n in range(40)]
    many = tuple(
        Missed(99999, units[0].name, LATE.due, Fate.LATE, LATE.told_at, True, "李**")
        for _ in range(30)
    )
    lines = WORDS.lines(report(*units, missed=many))
    assert len("\n".join(lines).encode()) <= 2048
    assert f"其余{40 - LINES_NAMED}个科室" in lines
    assert f"另有{30 - LINES_NAMED}件未列出。" in lines


def test_no_overdue_result_is_said_only_when_some_were_due() -> None:
    assert "没有逾期的结果。" in WORDS.lines(report(missed=()))
    none_due = report(UnitCounts("儿科", PAEDIATRICS), missed=())
    assert WORDS.missed_or_none(none_due) == []


def test_a_month_without_records_says_so() -> None:
    empty = MonthReport(Month(2026, 11), NOW, (), ())
    assert WORDS.lines(empty) == ["示例医院招聘月报 2026年11月", "2026年11月没有招聘记录。"]
    running = MonthReport(Month(2026, 12), NOW, (), ())
    assert WORDS.as_of(running) == "12月1日(周二)09:10止，本月未完"


def test_columns_stand_under_each_other_although_chinese_is_twice_as_wide() -> None:
    lines = list(aligned(WORDS.table(report())))
    assert len({cell_len(line) for line in lines}) == 1
    assert lines[0].startswith("科室  ")
    assert lines[-1].startswith("合计  ")
    assert lines[1].split() == ["儿科", "3/4", "无", "无", "无", "1/2", "无"]


def test_one_unit_needs_no_total() -> None:
    assert len(WORDS.table(report(UnitCounts("儿科", PAEDIATRICS)))) == 2


def test_a_spreadsheet_gets_numbers_and_no_formula() -> None:
    evil = report(UnitCounts("=HYPERLINK(0)", EMERGENCY))
    rows = list(csv.reader(io.StringIO(write_csv(WORDS.export(evil)).decode("utf-8-sig"))))
    assert rows[0] == [
        *("月份", "科室", "指标", "分子", "分母", "百分比", "区间下限", "区间上限", "说明")
    ]
    assert {len(row) for row in rows} == {9}
    assert rows[1] == [
        *("2026-11", "'=HYPERLINK(0)", "到场率", "17", "20", "85", "64", "95", "未到1，未记录2")
    ]
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@")]
    assert ["2026-11", "合计", "到场", "17", "", "", "", "", ""] in rows
    assert [row[-1] for row in rows if row[2] == "没有按时送到的结果"] == [WORDS.missed(LATE)]


def test_json_holds_every_numerator_and_denominator() -> None:
    facts = json.loads(json.dumps(WORDS.facts(report())))
    assert facts["month"] == "2026-11"
    assert facts["as_of"] == "2026-12-01T09:10+08:00"
    assert facts["total"]["shares"]["shown"] == {
        "numerator": 20,
        "denominator": 24,
        "percent": 83,
        "interval": [64, 93],
    }
    assert facts["total"]["counts"]["unrecorded"] == 3
    assert facts["units"][0]["unit"] == "儿科"
    assert facts["missed"] == [
        {
            "application_id": 14,
            "unit": "急诊科",
            "due": "2026-11-25T17:30+08:00",
            "provisional": True,
            "fate": "late",
            "told_at": "2026-11-27T09:00+08:00",
            "who": "李**",
        }
    ]


DECLINES = Counts(interviews=1, declined=7, because_elsewhere=3, because_pay=1)


def test_reasons_of_declining_stand_with_their_numbers_in_every_form() -> None:
    units = (UnitCounts("儿科", PAEDIATRICS), UnitCounts("急诊科", DECLINES))
    line = "谢绝原因：已入职别处43%(3/7)，待遇14%(1/7)，未说明43%(3/7)"
    assert line in WORDS.lines(report(*units))
    assert WORDS.reason_table(report(*units)) == [
        ["谢绝原因", "已入职别处", "地点", "时间", "待遇", "家庭", "个人", "未说明"],
        ["急诊科", "43%(3/7)", "0%(0/7)", "0%(0/7)", "14%(1/7)", "0%(0/7)", "0%(0/7)", "43%(3/7)"],
    ]
    rows = list(
        csv.reader(io.StringIO(write_csv(WORDS.export(report(*units))).decode("utf-8-sig")))
    )
    told = ["2026-11", "急诊科", "谢绝原因：待遇", "1", "7", "14", "3", "51", ""]
    assert told in rows
    facts = json.loads(json.dumps(WORDS.facts(report(*units))))
    pay = facts["total"]["decline_reasons"]["pay"]
    assert (pay["numerator"], pay["denominator"], pay["percent"]) == (1, 7, 14)
    assert facts["total"]["decline_reasons"]["unstated"]["numerator"] == 3


def test_where_nobody_declined_no_reason_is_listed() -> None:
    assert WORDS.reasons_line(EMERGENCY) == []
    assert WORDS.reason_table(report()) == []


def test_results_that_were_made_public_stand_beside_the_share_of_those_in_time() -> None:
    counts = Counts(results_due=9, on_time=8, notices_due=6, notices_on_time=5)
    assert WORDS.note(Metric.ON_TIME, counts) == "经公示6，公示逾期1"
