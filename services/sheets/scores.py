"""Interview scores → one row per candidate and interviewer, from a wide or a long sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.sheets.cells import Sheet, squeeze
from services.sheets.listing import Entry, Head, ListWords, entries, find_head
from services.sheets.people import normalised_phone
from services.sheets.problems import Problem, Severity, capped, has_errors

LEAST, MOST = 1.0, 10.0
_SCORE = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)分?")


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """What one interviewer noted. `scores`: dimension → 1 … 10; `verdict`: hire, reserve, decline.

    `row` is 1-based: the first of a long sheet's rows. `tail` is "" or four digits.
    """

    row: int
    name: str
    interviewer: str
    tail: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    strength: str = ""
    verdict: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ScoreList:
    """With any problem of severity error nothing of the list may be applied."""

    rows: tuple[ScoreRow, ...]
    problems: tuple[Problem, ...]

    @property
    def applicable(self) -> bool:
        return bool(self.rows) and not has_errors(self.problems)


def parse_scores(sheets: Sequence[Sheet], words: ListWords) -> ScoreList:
    """Wide: a column per dimension. Long: a row per dimension, with 维度 and 分数."""
    found = [(sheet, head) for sheet in sheets if (head := find_head(sheet, words))]
    if not found:
        return ScoreList((), (Problem(Severity.ERROR, "no_scores"),))
    problems: list[Problem] = []
    reader = _Reader(words)
    for sheet, head in found:
        for entry in entries(sheet, head, words, problems):
            reader.read(entry, head)
    reader.ask_for_tails()
    if not reader.rows and not has_errors(problems):
        problems.append(Problem(Severity.ERROR, "no_rows"))
    return ScoreList(tuple(reader.rows.values()), capped(problems))


_Key = tuple[str, str, str]


class _Reader:
    def __init__(self, words: ListWords) -> None:
        self._words = words
        self._entries: dict[_Key, Entry] = {}
        self._dimension_rows: dict[tuple[_Key, str], int] = {}
        self.rows: dict[_Key, ScoreRow] = {}

    def read(self, entry: Entry, head: Head) -> None:
        row = self._row(entry)
        long_form = {"dimension", "score"} <= set(head.columns)
        if long_form:
            row = replace(row, scores=self._one_score(entry))
        else:
            row = replace(row, scores=_all_scores(entry, head))
        if not (row.scores or row.verdict or entry.failed):
            entry.report("score_nothing", "name", Severity.WARNING)
            return
        key = (row.name, row.tail, row.interviewer)
        if not entry.failed:
            self._keep(key, row, entry, long_form=long_form)

    def _row(self, entry: Entry) -> ScoreRow:
        verdicts = self._words.choices["verdicts"]
        return ScoreRow(
            row=entry.number,
            name=entry.required("name") and entry.name("name"),
            interviewer=entry.required("interviewer") and entry.name("interviewer"),
            tail=_tail(entry),
            strength=entry.text("strength"),
            verdict=entry.choice("verdict", verdicts, "verdict_unknown"),
            comment=entry.text("comment"),
        )

    def _one_score(self, entry: Entry) -> dict[str, float]:
        score = _score(entry, "score")
        dimension = entry.text("dimension")
        if score is not None and not dimension:
            entry.report("score_dimension_missing", "dimension")
        return {} if score is None else {dimension: score}

    def _keep(self, key: _Key, row: ScoreRow, entry: Entry, *, long_form: bool) -> None:
        before = self.rows.get(key)
        if before is None:
            self.rows[key], self._entries[key] = row, entry
        elif not long_form:
            entry.report(
                "score_twice",
                "interviewer",
                first=str(before.row),
                name=row.name,
                interviewer=row.interviewer,
            )
            return
        for dimension in row.scores:
            first = self._dimension_rows.setdefault((key, dimension), row.row)
            if first != row.row:
                entry.report(
                    "score_dimension_twice",
                    "dimension",
                    first=str(first),
                    dimension=dimension,
                    name=row.name,
                    interviewer=row.interviewer,
                )
                return
        if before is not None:
            self.rows[key] = _joined(before, row)

    def ask_for_tails(self) -> None:
        """Where one name has several tails, a row without one could be about anybody."""
        tails: dict[str, set[str]] = {}
        for name, tail, _ in self.rows:
            tails.setdefault(name, set()).add(tail)
        for key, entry in self._entries.items():
            name, tail, _ = key
            if not tail and len(tails[name] - {""}) > 1:
                entry.report("score_tail_needed", "name", name=name)


def _joined(before: ScoreRow, row: ScoreRow) -> ScoreRow:
    """A long sheet's further row adds its score, and words where there were none."""
    return replace(
        before,
        scores={**before.scores, **row.scores},
        strength=before.strength or row.strength,
        verdict=before.verdict or row.verdict,
        comment=before.comment or row.comment,
    )


def _all_scores(entry: Entry, head: Head) -> dict[str, float]:
    found = ((dimension, _score(entry, dimension)) for dimension in head.others)
    return {dimension: score for dimension, score in found if score is not None}


def _score(entry: Entry, field: str) -> float | None:
    written = squeeze(entry.value(field))
    if written in {"", "-", "/", "—"}:
        return None
    match = _SCORE.fullmatch(written)
    if match is None:
        entry.report("score_unreadable", field)
        return None
    score = float(match[1])
    if not LEAST <= score <= MOST:
        entry.report("score_out_of_range", field)
        return None
    return score


def _tail(entry: Entry) -> str:
    """Four digits; zeros that a spreadsheet dropped come back, a whole number gives its end."""
    written = entry.text("tail")
    if not written:
        return ""
    if phone := normalised_phone(written):
        return phone[-4:]
    if not written.isdecimal() or len(written) > 4:
        entry.report("score_tail_unknown", "tail")
        return ""
    return written.zfill(4)
