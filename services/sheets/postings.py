"""A table of posts → rows: who answers for each, what to bring, what candidates are told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.sheets.cells import Sheet, as_text, squeeze
from services.sheets.listing import Entry, ListWords, entries, find_head
from services.sheets.people import number_key
from services.sheets.problems import Problem, Severity, capped, has_errors
from services.sheets.staff_columns import spelling

FACTS = ("place", "map", "parking", "transport", "phone", "contact", "duration", "dress")
# Without these no invitation can be written (services.candidate_facts.InvitationFacts).
_TOLD = {
    "contact": "posting_incomplete_contact",
    "phone": "posting_incomplete_phone",
    "documents": "posting_incomplete_documents",
    "rules": "posting_incomplete_rules",
}
_LONGEST_TITLE = 64
MOST_DAYS, LONGEST_TERM = 30, 60  # working days of a public notice; guards of the database
_LONGEST_FACT = 200
_LONGEST_RULE = 60
_MOST_RULES = 12
_LISTED = re.compile(r"[、,，;；/\n]+")
_RULES = re.compile(r"[;；\n]+")
_SIDES = re.compile(r"[:：]")
_BLANK = re.compile(r"\{([^{}]{1,20})\}")
_CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,63}")
_DAYS = re.compile(r"(\d{1,3})(?:\.0+)?(?:个)?(?:工作日|天|日)?")
_WEB = re.compile(r"https://[^\s<>\"']{4,190}")


@dataclass(frozen=True, slots=True)
class MatchRule:
    """What the post requires beside the sentence that says the candidate meets it.

    `text` goes into the invitation. Its blanks are keys of an application's profile:
    您有{years}年急诊科护士经验.
    """

    requirement: str
    text: str


@dataclass(frozen=True, slots=True)
class PostingRow:
    """One post as listed. `row` is 1-based; `work` a key of services.salutation.Work.

    `facts` holds only what the sheet says; `state` is "" and the notice's days (models.Posting)
    are None where it is silent.
    """

    row: int
    code: str
    title: str
    recruiter: str
    unit: str = ""
    work: str = "other"
    documents: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[MatchRule, ...] = ()
    state: str = ""
    notice_within: int | None = None
    notice_open: int | None = None
    notice_url: str = ""


@dataclass(frozen=True, slots=True)
class PostingList:
    """With any problem of severity error nothing of the list may be applied."""

    rows: tuple[PostingRow, ...]
    problems: tuple[Problem, ...]

    @property
    def applicable(self) -> bool:
        return bool(self.rows) and not has_errors(self.problems)


def parse_postings(sheets: Sequence[Sheet], words: ListWords) -> PostingList:
    """Read every sheet whose head has 岗位编号, 岗位 and 负责人工号."""
    found = [(sheet, head) for sheet in sheets if (head := find_head(sheet, words))]
    if not found:
        return PostingList((), (Problem(Severity.ERROR, "no_postings"),))
    problems: list[Problem] = []
    reader = _Reader(words)
    for sheet, head in found:
        for entry in entries(sheet, head, words, problems):
            reader.read(entry)
    if not reader.rows and not has_errors(problems):
        problems.append(Problem(Severity.ERROR, "no_rows"))
    return PostingList(tuple(reader.rows), capped(problems))


class _Reader:
    """Codes are compared over all sheets."""

    def __init__(self, words: ListWords) -> None:
        self._words = words
        self._codes: dict[str, int] = {}
        self.rows: list[PostingRow] = []

    def read(self, entry: Entry) -> None:
        choices = self._words.choices
        row = PostingRow(
            row=entry.number,
            code=_code(entry),
            title=entry.required("title", _LONGEST_TITLE),
            recruiter=number_key(entry.required("recruiter")),
            unit=entry.text("unit"),
            work=entry.choice("work", choices["works"], "posting_work_unknown") or "other",
            documents=_documents(entry),
            facts={key: fact for key in FACTS if (fact := _fact(entry, key))},
            rules=self._rules(entry),
            state=entry.choice(
                "state", choices["states"], "posting_state_unknown", Severity.ERROR
            ),
            notice_within=_days(entry, "notice_within", MOST_DAYS),
            notice_open=_days(entry, "notice_open", LONGEST_TERM),
            notice_url=_fact(entry, "notice_url"),
        )
        if (first := self._codes.setdefault(row.code, row.row)) != row.row and row.code:
            entry.report("posting_twice", "code", first=str(first))
        if not entry.failed:
            _ask_for_the_rest(entry, row)
            self.rows.append(row)

    def _rules(self, entry: Entry) -> tuple[MatchRule, ...]:
        written = [part for part in _RULES.split(as_text(entry.value("rules"))) if squeeze(part)]
        if len(written) > _MOST_RULES:
            entry.report("posting_rules_many", "rules", most=str(_MOST_RULES))
            return ()
        rules = [self._rule(entry, part) for part in written]
        return tuple(rule for rule in rules if rule is not None)

    def _rule(self, entry: Entry, written: str) -> MatchRule | None:
        """`要求：句子` or the sentence alone; words in braces become keys of the profile."""
        sides = [_line(side).rstrip("。,，.") for side in _SIDES.split(written, maxsplit=1)]
        requirement, sentence = sides if len(sides) == 2 else ("", sides[0])
        blanks = self._words.choices["blanks"]
        for blank in _BLANK.findall(sentence):
            if spelling(blank) not in blanks:
                known = "、".join(f"{{{word}}}" for word in blanks)
                entry.report("posting_blank_unknown", "rules", blank=blank, known=known)
                return None
        filled = _BLANK.sub(lambda found: f"{{{blanks[spelling(found[1])]}}}", sentence)
        if not filled.startswith("您") or _BLANK.sub("", filled).count("{"):
            entry.report("posting_rule_form", "rules", sentence=sentence[:_LONGEST_RULE])
            return None
        if max(len(sentence), len(requirement)) > _LONGEST_RULE:
            entry.report("posting_rule_long", "rules", limit=str(_LONGEST_RULE))
            return None
        return MatchRule(requirement, filled)


def _code(entry: Entry) -> str:
    written = entry.required("code")
    code = number_key(written)
    if written and not _CODE.fullmatch(code):
        entry.report("posting_code", "code")
        return ""
    return code


def _line(text: str) -> str:
    """As written, on one line: these words reach candidates with their full-width punctuation."""
    return " ".join(text.split())


def _documents(entry: Entry) -> tuple[str, ...]:
    parts = (_line(part) for part in _LISTED.split(as_text(entry.value("documents"))))
    return tuple(dict.fromkeys(part for part in parts if part))


def _days(entry: Entry, field: str, most: int) -> int | None:
    """5, or 5个工作日; None for an empty cell."""
    written = entry.text(field)
    if not written:
        return None
    found = _DAYS.fullmatch(written)
    if found is None or not 1 <= int(found[1]) <= most:
        entry.report("posting_notice_days", field, most=str(most))
        return None
    return int(found[1])


def _fact(entry: Entry, field: str) -> str:
    text = _line(as_text(entry.value(field)))
    if len(text) > _LONGEST_FACT:
        entry.report("text_too_long", field, limit=str(_LONGEST_FACT))
        return ""
    if field in ("map", "notice_url") and text and not _WEB.fullmatch(text):
        key = "posting_map_unknown" if field == "map" else "posting_notice_url"
        entry.report(key, field, Severity.WARNING)
        return ""
    return text


def _ask_for_the_rest(entry: Entry, row: PostingRow) -> None:
    told = {"documents": row.documents, "rules": row.rules, **row.facts}
    for needed, key in _TOLD.items():
        if not told.get(needed):
            entry.report(key, needed, Severity.WARNING)
