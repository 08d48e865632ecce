"""A list of candidates → rows. Only what recruiting needs is read; id numbers never are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.sheets.cells import Sheet
from services.sheets.listing import Entry, ListWords, entries, find_head
from services.sheets.people import is_mail, normalised_phone
from services.sheets.problems import Problem, Severity, capped, has_errors

_YEARS = re.compile(r"(?:约|满)?(\d{1,2}(?:\.\d)?)(?:年)?(?:以上|多|余|\+)?")
_NO_YEARS = frozenset({"应届", "应届生", "应届毕业生", "无", "0年"})
_MOST_YEARS = 60
_LONGEST_SOURCE = 64


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One candidate as listed; "" and None where the list is silent. `row` is 1-based.

    `licence`, `stage` and `title` are keys of the policy's tables, new being the stage of those
    whose stage is not said.
    """

    row: int
    name: str
    phone: str
    post: str
    source: str = ""
    degree: str = ""
    major: str = ""
    school: str = ""
    licence: str = ""
    years: float | None = None
    employer: str = ""
    stage: str = "new"
    email: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class CandidateList:
    """With any problem of severity error nothing of the list may be applied."""

    rows: tuple[CandidateRow, ...]
    problems: tuple[Problem, ...]

    @property
    def applicable(self) -> bool:
        return bool(self.rows) and not has_errors(self.problems)


def parse_candidates(sheets: Sequence[Sheet], words: ListWords) -> CandidateList:
    """Read every sheet whose head has 姓名, 手机 and 应聘岗位."""
    found = [(sheet, head) for sheet in sheets if (head := find_head(sheet, words))]
    if not found:
        return CandidateList((), (Problem(Severity.ERROR, "no_candidates"),))
    problems: list[Problem] = []
    reader = _Reader(words)
    for sheet, head in found:
        for entry in entries(sheet, head, words, problems):
            reader.read(entry)
    if not reader.rows and not has_errors(problems):
        problems.append(Problem(Severity.ERROR, "no_rows"))
    return CandidateList(tuple(reader.rows), capped(problems))


class _Reader:
    """Phones are compared over all sheets."""

    def __init__(self, words: ListWords) -> None:
        self._words = words
        self._by_phone: dict[str, dict[str, dict[str, int]]] = {}
        self.rows: list[CandidateRow] = []

    def read(self, entry: Entry) -> None:
        choices = self._words.choices
        row = CandidateRow(
            row=entry.number,
            name=entry.required("name") and entry.name("name"),
            phone=_phone(entry),
            post=entry.required("post"),
            source=entry.text("source", _LONGEST_SOURCE),
            degree=entry.text("degree"),
            major=entry.text("major"),
            school=entry.text("school"),
            licence=entry.choice("licence", choices["licences"], "licence_unknown"),
            years=_years(entry),
            employer=entry.text("employer"),
            stage=entry.choice("stage", choices["stages"], "stage_unknown", Severity.ERROR)
            or "new",
            email=_email(entry),
            title=entry.choice("title", choices["titles"], "title_unknown"),
        )
        if row.phone:
            self._compare(row, entry)
        if not entry.failed:
            self.rows.append(row)

    def _compare(self, row: CandidateRow, entry: Entry) -> None:
        """Of each contradiction the first: one number filled down would tell millions."""
        names = self._by_phone.setdefault(row.phone, {})
        posts = names.setdefault(row.name, {})
        other = next((name for name in names if name != row.name), None)
        if other is not None:
            first = str(next(iter(names[other].values())))
            entry.report("candidate_other_name", "phone", first=first)
        if row.post in posts:
            entry.report("candidate_twice", "phone", first=str(posts[row.post]))
        elif posts:
            first = str(next(iter(posts.values())))
            entry.report("candidate_two_posts", "phone", Severity.WARNING, first=first)
        posts.setdefault(row.post, entry.number)


def _phone(entry: Entry) -> str:
    written = entry.required("phone")
    phone = normalised_phone(written)
    if written and not phone:
        entry.report("candidate_phone", "phone")
    return phone


def _email(entry: Entry) -> str:
    written = entry.text("email").replace(" ", "")
    if written and not is_mail(written):
        entry.report("email_invalid", "email", Severity.WARNING)
        return ""
    return written


def _years(entry: Entry) -> float | None:
    written = entry.text("years")
    if not written:
        return None
    if written in _NO_YEARS:
        return 0.0
    found = _YEARS.fullmatch(written)
    if found is None or float(found[1]) > _MOST_YEARS:
        entry.report("years_unknown", "years", Severity.WARNING)
        return None
    return float(found[1])
