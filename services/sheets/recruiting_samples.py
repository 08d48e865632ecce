"""Posts, candidates and slots in the forms hospitals keep: for the demo and for tests."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from openpyxl.styles import Alignment
from openpyxl.worksheet.worksheet import Worksheet

from services.sheets.candidates import CandidateRow
from services.sheets.cells import CellValue
from services.sheets.dates import weekday_name
from services.sheets.export import new_sheet, put, put_row, saved
from services.sheets.listing import ListWords
from services.sheets.postings import FACTS, PostingRow
from services.sheets.slot_times import clock_text
from services.sheets.slots import SlotRow

_CANDIDATES = (
    "序号",
    "姓名",
    "称谓",
    "手机",
    "e-mail",
    "应聘岗位",
    "来源",
    "学历",
    "专业",
    "毕业院校",
    "执业证",
    "工作年限",
    "现单位",
    "当前阶段",
)
_SLOTS = ("岗位", "日期", "开始", "结束", "地点", "名额", "已约", "面试官", "分组")
_POSTINGS = ("岗位编号", "岗位", "科室", "类别", "负责人工号", "需带材料", "匹配要点", "状态")
_NOTICES = ("结果公示(工作日)", "公示期(工作日)", "公示网址")
_FACT_HEADINGS = ("地点说明", "地图", "停车", "交通", "联系电话", "联系人", "面试时长", "着装")


def write_postings(rows: Sequence[PostingRow], words: ListWords) -> bytes:
    """The table as XLSX; match points one a line, as people write them in a cell."""
    workbook, sheet = new_sheet("招聘岗位")
    put_row(sheet, 1, [*_POSTINGS, *_FACT_HEADINGS, *_NOTICES])
    for at, row in enumerate(rows, start=2):
        put_row(sheet, at, _posting(row, words))
    return saved(workbook)


def _posting(row: PostingRow, words: ListWords) -> list[CellValue]:
    rules = [_rule(rule.requirement, rule.text, words) for rule in row.rules]
    return [
        row.code,
        row.title,
        row.unit,
        _word(words, "works", row.work),
        row.recruiter,
        "、".join(row.documents),
        "\n".join(rules),
        _word(words, "states", row.state),
        *[row.facts.get(key, "") for key in FACTS],
        row.notice_within or "",
        row.notice_open or "",
        row.notice_url,
    ]


def _rule(requirement: str, sentence: str, words: ListWords) -> str:
    for key in dict.fromkeys(words.choices["blanks"].values()):
        sentence = sentence.replace(f"{{{key}}}", f"{{{_word(words, 'blanks', key)}}}")
    return f"{requirement}：{sentence}" if requirement else sentence


def write_candidates(rows: Sequence[CandidateRow], words: ListWords) -> bytes:
    """The list as XLSX, with a title and a count below; words as the policy spells them first."""
    workbook, sheet = new_sheet("候选人名单")
    _title(sheet, "候选人名单", len(_CANDIDATES))
    put_row(sheet, 2, _CANDIDATES)
    for number, row in enumerate(rows, start=1):
        put_row(sheet, number + 2, _candidate(number, row, words))
    put(sheet, len(rows) + 3, 1, f"合计:{len(rows)}人")
    return saved(workbook)


def _candidate(number: int, row: CandidateRow, words: ListWords) -> list[CellValue]:
    years: CellValue = "" if row.years is None else row.years
    return [
        number,
        row.name,
        _word(words, "titles", row.title),
        row.phone,
        row.email,
        row.post,
        row.source,
        row.degree,
        row.major,
        row.school,
        _word(words, "licences", row.licence),
        years,
        row.employer,
        _word(words, "stages", row.stage),
    ]


def write_slots(rows: Sequence[SlotRow]) -> bytes:
    """The table as XLSX; the day stands once, merged over the slots that follow one another."""
    workbook, sheet = new_sheet("面试时段")
    put_row(sheet, 1, _SLOTS)
    at = 2
    for day, same in groupby(rows, key=lambda row: row.day):
        first = at
        for row in same:
            end = clock_text(row.first_minute + row.minutes)
            text = f"{day.isoformat()} {weekday_name(day.weekday())}" if at == first else ""
            names = "、".join(row.interviewers)
            cells = [row.post, text, clock_text(row.first_minute), end, row.place]
            put_row(sheet, at, [*cells, row.seats, row.taken, names, row.group])
            at += 1
        if at - first > 1:
            sheet.merge_cells(start_row=first, end_row=at - 1, start_column=2, end_column=2)
    return saved(workbook)


def _word(words: ListWords, table: str, key: str) -> str:
    """The first spelling of a meaning."""
    spellings = (word for word, meaning in words.choices[table].items() if meaning == key and word)
    return next(spellings, "")


def _title(sheet: Worksheet, text: str, width: int) -> None:
    put(sheet, 1, 1, text)
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=width)
    sheet.cell(1, 1).alignment = Alignment(horizontal="center")
