"""Sheets as XLSX, for what reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from services.sheets.cells import CellValue
from services.sheets.export import new_sheet, put, put_row, saved
from services.sheets.scores import ScoreRow


def write_xlsx(rows: Iterable[Sequence[CellValue]], title: str = "Sheet1") -> bytes:
    """One sheet. Texts are stored as texts whatever they begin with."""
    workbook, sheet = new_sheet(title)
    for number, row in enumerate(rows, start=1):
        put_row(sheet, number, row)
    return saved(workbook)


def write_scores(rows: Sequence[ScoreRow], verdicts: Mapping[str, str]) -> bytes:
    """The sheet as XLSX with a head of two rows, the dimensions merged under 评分."""
    dimensions = list(dict.fromkeys(name for row in rows for name in row.scores))
    lead, tail = ("姓名", "手机后四位", "面试官"), ("优势", "结论", "评语")
    workbook, sheet = new_sheet("面试评分")
    put_row(sheet, 1, [*lead, *["评分(1-10)"] * bool(dimensions)])
    for column, heading in enumerate(tail, start=len(lead) + len(dimensions) + 1):
        put(sheet, 1, column, heading)
        sheet.merge_cells(start_row=1, end_row=2, start_column=column, end_column=column)
    for column in range(1, len(lead) + 1):
        sheet.merge_cells(start_row=1, end_row=2, start_column=column, end_column=column)
    put_row(sheet, 2, [*[""] * len(lead), *dimensions])
    if len(dimensions) > 1:
        first = len(lead) + 1
        last = len(lead) + len(dimensions)
        sheet.merge_cells(start_row=1, end_row=1, start_column=first, end_column=last)
    for at, row in enumerate(rows, start=3):
        scores = [row.scores.get(dimension, "") for dimension in dimensions]
        verdict = next((word for word, key in verdicts.items() if word and key == row.verdict), "")
        head = [row.name, row.tail, row.interviewer]
        put_row(sheet, at, [*head, *scores, row.strength, verdict, row.comment])
    return saved(workbook)
