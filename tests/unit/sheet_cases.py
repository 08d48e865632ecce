"""Invented people, the shipped data files and small makers shared by the sheet tests."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from models.shift_codes import ShiftCodeTable, load_shift_codes
from services.licence_kinds import load_licence_kinds
from services.sheets.cells import CellValue, Sheet
from services.sheets.export import write_csv
from services.sheets.people import StaffRef
from services.sheets.problems import Problem, describe
from services.sheets.reader import read_book
from services.sheets.roster import RosterSheet, parse_roster
from services.sheets.staff_columns import load_staff_words
from services.skills import load_skills

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "sheets_data"
CODES: ShiftCodeTable = load_shift_codes(
    tomllib.loads((ROOT / "config/policies/shift_codes.toml").read_text("utf-8"))
)
KINDS = load_licence_kinds(
    tomllib.loads((ROOT / "config/policies/licence_kinds.toml").read_text("utf-8"))
)
SKILLS = load_skills(
    tomllib.loads((ROOT / "config/policies/skills.toml").read_text("utf-8")), KINDS
)
WORDS = replace(
    load_staff_words(
        tomllib.loads((ROOT / "config/policies/staff_sheet.toml").read_text("utf-8"))
    ),
    skills=SKILLS.words,
)
TEXTS: dict[str, str] = tomllib.loads(
    (ROOT / "message_templates/zh_CN/sheets/problems.toml").read_text("utf-8")
)
REFERENCE = date(2026, 10, 14)
STAFF = (
    StaffRef(1, "T0001", "测试甲"),
    StaffRef(2, "T0002", "测试乙"),
    StaffRef(3, "00123", "李一"),
    StaffRef(4, "T0004", "王二"),
    StaffRef(5, "T0005", "王二"),
)
WEEK = ("10.12 周一", "10.13 周二", "10.14 周三", "10.15 周四", "10.16 周五")


def sheet_of(*rows: Sequence[CellValue], name: str = "表") -> Sheet:
    width = max(len(row) for row in rows)
    return Sheet(name, tuple((*row, *[""] * (width - len(row))) for row in rows))


def week_of(*rows: Sequence[CellValue]) -> Sheet:
    """A week sheet of 工号, 姓名 and five days."""
    return sheet_of(("工号", "姓名", *WEEK), *rows)


def parsed(*sheets: Sheet, reference: date = REFERENCE) -> RosterSheet:
    return parse_roster(sheets, CODES, STAFF, reference)


def from_rows(rows: Sequence[Sequence[CellValue]]) -> RosterSheet:
    return parsed(*read_book(write_csv(rows), "排班.csv").sheets)


def keys(problems: Sequence[Problem]) -> list[str]:
    return [problem.message_key for problem in problems]


def labels(roster: RosterSheet, staff_id: int) -> list[str]:
    """One person's days in order, several codes joined by /."""
    return ["/".join(entry.labels) for entry in roster.entries if entry.staff.id == staff_id]


def said(problems: Sequence[Problem]) -> list[str]:
    return [describe(problem, TEXTS) for problem in problems]
