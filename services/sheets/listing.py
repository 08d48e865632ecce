"""Lists with one header and one entry per row: which column is which, which row is an entry.

Shared by the recruiting sheets. A head may take two rows, the upper one merged; totals and notes
are left out and reported; personal data that nobody needs is left unread and reported.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.sheets.cells import CellValue, Sheet, as_text, column_letter, squeeze
from services.sheets.people import LONGEST, name_key
from services.sheets.problems import Place, Problem, Severity
from services.sheets.staff_columns import HEADER_WITHIN, Words, spelling, turned, word_list

TEXT_LIMIT = 200
_BRACKETS = re.compile(r"\([^()]*\)")
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True, slots=True)
class ListWords:
    """One table of the parsed `candidate_sheets.toml`, turned round: spelling → meaning.

    `choices` are the further tables by name, such as stages.
    """

    headings: Words
    required: tuple[str, ...]
    ignored: frozenset[str]
    notes: re.Pattern[str]
    sums: frozenset[str] = frozenset()
    choices: Mapping[str, Words] = field(default_factory=dict)


def load_list_words(data: Mapping[str, Mapping[str, object]], table: str) -> ListWords:
    """The words of candidates, slots or scores. Raises KeyError or ValueError."""
    own = {key: value for key, value in data[table].items() if isinstance(value, Mapping)}
    plain = {"headings", "required", "sums"}
    notes = "|".join(re.escape(word) for word in word_list(data["notes"]["words"]))
    sums = own["sums"]["headings"] if "sums" in own else ()
    return ListWords(
        headings=turned(own["headings"]),
        required=tuple(word_list(own["required"]["fields"])),
        ignored=frozenset(spelling(word) for word in word_list(data["ignored"]["headings"])),
        notes=re.compile(rf"(?:{notes})[人表]?(?:$|[:(\d、.,。])"),
        sums=frozenset(spelling(word) for word in word_list(sums)),
        choices={key: turned(value) for key, value in own.items() if key not in plain},
    )


@dataclass(frozen=True, slots=True)
class Head:
    """Field → column. `others`: heading → column of what is neither field nor left out."""

    last_row: int
    columns: Mapping[str, int]
    others: Mapping[str, int]
    titles: tuple[str, ...]
    problems: tuple[Problem, ...]


def find_head(sheet: Sheet, words: ListWords) -> Head | None:
    """The first row or pair of rows with every required field; None when there is none."""
    for row in range(min(len(sheet.rows), HEADER_WITHIN)):
        upper = tuple(sheet.text(row, column) for column in range(sheet.width))
        for titles, last in _titles(sheet, row, upper, words.headings):
            fields = {_meaning(title, words.headings) for title in titles}
            if fields >= set(words.required):
                return _head(sheet, last, titles, words)
    return None


def _titles(
    sheet: Sheet, row: int, upper: tuple[str, ...], known: Words
) -> Iterator[tuple[tuple[str, ...], int]]:
    """The two-row reading first where the next row goes on with merged or split headings.

    执业证 above 编号 is 执业证编号 where such a heading is known, else the lower one alone.
    """
    below = row + 1
    if below < len(sheet.rows):
        lower = tuple(sheet.text(below, column) for column in range(sheet.width))
        down = [(below, column) in sheet.filled for column in range(sheet.width)]
        across = [(row, column) in sheet.filled for column in range(sheet.width)]
        split = any(
            text and here != text and (wide or (column and upper[column - 1] == here))
            for column, (text, here, wide) in enumerate(zip(lower, upper, across, strict=True))
        )
        if any(down) or (split and not lower[0]):
            yield (
                tuple(
                    high + low if low and spelling(high + low) in known else low or high
                    for low, high in zip(lower, upper, strict=True)
                ),
                below,
            )
    yield upper, row


def _meaning(title: str, known: Words) -> str | None:
    """The field of a heading; what it says in brackets, 有效期至(或长期), may fall away."""
    text = spelling(title)
    return known.get(text) or known.get(_BRACKETS.sub("", text))


def _head(sheet: Sheet, last: int, titles: tuple[str, ...], words: ListWords) -> Head:
    columns: dict[str, int] = {}
    others: dict[str, int] = {}
    problems: list[Problem] = []
    for column, title in enumerate(titles):
        text = spelling(title)
        found = _meaning(title, words.headings)
        table, key = (columns, found) if found else (others, squeeze(title))
        if text in words.ignored and not found:
            problems.append(_about(sheet, last, column, title, "column_ignored"))
        elif text in words.sums and not found:
            problems.append(_about(sheet, last, column, title, "score_column_sum"))
        elif key and key in table and not _spread(sheet, last, column):
            twice = _about(sheet, last, column, title, "headings_twice", Severity.ERROR)
            problems.append(twice)
        elif key:
            table.setdefault(key, column)
    return Head(last, columns, others, titles, tuple(problems))


def _spread(sheet: Sheet, row: int, column: int) -> bool:
    """Whether the heading came from the left by a merge, not from above as one of its own."""
    if (row, column) not in sheet.filled:
        return False
    from_above = row > 0 and sheet.text(row - 1, column) == sheet.text(row, column)
    return not from_above or (row - 1, column) in sheet.filled


def _about(
    sheet: Sheet,
    row: int,
    column: int,
    title: str,
    key: str,
    severity: Severity = Severity.WARNING,
) -> Problem:
    return Problem(severity, key, row + 1, column_letter(column), "", sheet.name, title)


class Entry:
    """One row under a head; what is wrong with it is collected in `problems`."""

    def __init__(self, sheet: Sheet, head: Head, row: int, problems: list[Problem]) -> None:
        self._sheet, self._head, self._row = sheet, head, row
        self._problems = problems
        self._said: set[tuple[str, str, str]] = set()
        self.failed = False

    @property
    def number(self) -> int:
        """As the spreadsheet counts, from 1."""
        return self._row + 1

    @property
    def sheet_name(self) -> str:
        return self._sheet.name

    def has(self, field: str) -> bool:
        """Whether the sheet has such a column."""
        return self._column(field) is not None

    def value(self, field: str) -> CellValue:
        """The cell, "" where there is no such column or the file holds no value (reported)."""
        column = self._column(field)
        if column is None:
            return ""
        if (self._row, column) in self._sheet.unread:
            written = self._sheet.unread[self._row, column]
            self.report("cell_error" if written else "formula_no_value", field, error=written)
            return ""
        return self._sheet.rows[self._row][column]

    def text(self, field: str, limit: int = TEXT_LIMIT) -> str:
        """Half-width; spaces fall away unless the text is Latin. Longer than `limit`: an error."""
        value = self.value(field)
        plain = squeeze(value)
        if len(plain) > limit or len(" ".join(as_text(value).split())) > TEXT_LIMIT:
            self.report("text_too_long", field, limit=str(limit))
            return ""
        if not _LATIN.search(plain):
            return plain
        return " ".join(unicodedata.normalize("NFKC", as_text(value)).split())

    def name(self, field: str) -> str:
        """张 三 and 张三(内推) are 张三."""
        text = self.text(field, LONGEST)
        return text if _LATIN.search(text) else name_key(text)

    def required(self, field: str, limit: int = TEXT_LIMIT) -> str:
        """The text; blank is an error."""
        text = self.text(field, limit)
        if not text and not any(field == told for _, told, _ in self._said):
            self.report("field_missing", field)
        return text

    def choice(
        self, field: str, words: Words, key: str, severity: Severity = Severity.WARNING
    ) -> str:
        """The meaning of the cell's word; "" with the problem `key` when nobody knows it."""
        written = self.text(field)
        chosen = words.get(spelling(written), "")
        if written and not chosen:
            known = "、".join(word for word in words if word and not word.isascii())
            self.report(key, field, severity, known=known)
        return chosen

    def report(
        self, key: str, field: str, severity: Severity = Severity.ERROR, **params: str
    ) -> None:
        self.failed = self.failed or severity is Severity.ERROR
        if (key, field, params.get("first", "")) in self._said:
            return  # a cell is looked at more than once
        self._said.add((key, field, params.get("first", "")))
        column = self._column(field)
        place = ("", "", "") if column is None else self._place(column)
        letter, value, title = place
        self._problems.append(
            Problem(severity, key, self.number, letter, value, self._sheet.name, title, params)
        )

    def place(self, field: str) -> Place:
        """Where the field stands; the row alone where there is no such column."""
        column = self._column(field)
        if column is None:
            return Place(self.number, sheet=self._sheet.name)
        letter, value, title = self._place(column)
        return Place(self.number, letter, value, self._sheet.name, title)

    def _place(self, column: int) -> tuple[str, str, str]:
        value = self._sheet.text(self._row, column)[:LONGEST]
        return column_letter(column), value, self._head.titles[column][:LONGEST]

    def _column(self, field: str) -> int | None:
        return self._head.columns.get(field, self._head.others.get(field))


def entries(
    sheet: Sheet, head: Head, words: ListWords, problems: list[Problem]
) -> Iterator[Entry]:
    """The visible rows that are entries: no blanks, no repeated heads, no totals or notes."""
    problems += head.problems
    for row in range(head.last_row + 1, len(sheet.rows)):
        texts = [squeeze(cell) for cell in sheet.rows[row] if squeeze(cell)]
        unread = any((row, column) in sheet.unread for column in head.columns.values())
        if row in sheet.hidden_rows or not (texts or unread) or _repeats(sheet, head, row):
            continue
        first = _first_word(texts)
        if words.notes.match(first) or (len(texts) > 1 and len(set(texts)) == 1):
            place = (row + 1, "", first[:LONGEST], sheet.name)
            problems.append(Problem(Severity.WARNING, "row_summary", *place))
            continue
        yield Entry(sheet, head, row, problems)


def _first_word(texts: Sequence[str]) -> str:
    """A running number in front is no word."""
    return next((text for text in texts if not text.isdecimal()), "")


def _repeats(sheet: Sheet, head: Head, row: int) -> bool:
    """A head printed again on a further page."""
    return all(
        squeeze(sheet.rows[row][column]) == squeeze(head.titles[column])
        for column in head.columns.values()
    )
