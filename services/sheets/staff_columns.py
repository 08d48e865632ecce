"""Which column of a staff list is which: synonyms are data, everything unnamed stays unread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.people import WARD
from services.sheets.cells import Sheet, column_letter, squeeze
from services.sheets.problems import Problem, Severity

HEADER_WITHIN = 10
# Characters, as people are stored; a list may say no more.
LONGEST_TEXT = 200
LIMITS = {
    "staff_no": 64,
    "name": 60,
    "level": 32,
    "level_duty": 60,
    "duty": 64,
    "post": 64,
    "employment": 16,
    "department": 64,
    "ward": 64,
    "wecom_userid": 64,
    "dingtalk_userid": 64,
}
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StaffWords:
    """The parsed `staff_sheet.toml`, turned round: spelling → meaning.

    `skills` are the names of skills.toml, which the root adds.
    """

    headings: Words
    ignored: frozenset[str]
    statuses: Words
    roles: Words
    channels: Words
    supervised: tuple[str, ...]
    offices: Words = field(default_factory=dict)
    skills: Words = field(default_factory=dict)

    def kind_of(self, unit: str) -> str:
        """What a unit of this name is: `hr`, or a ward like most."""
        return self.offices.get(spelling(unit), WARD)


def load_staff_words(data: Mapping[str, Mapping[str, object]]) -> StaffWords:
    """Raises KeyError or ValueError when a table is missing or no list of words."""
    return StaffWords(
        headings=turned(data["headings"]),
        ignored=frozenset(spelling(word) for word in word_list(data["ignored"]["headings"])),
        statuses=turned(data["statuses"]),
        roles=turned(data["roles"]),
        channels=turned(data.get("channels", {})),
        supervised=tuple(word_list(data["supervised"]["words"])),
        offices=turned(data.get("offices", {})),
    )


def spelling(text: str) -> str:
    """How headings and words are compared; the star of a required column falls away."""
    return squeeze(text).rstrip("*").lower()


def turned(table: Mapping[str, object]) -> dict[str, str]:
    return {
        spelling(word): meaning for meaning, words in table.items() for word in word_list(words)
    }


def word_list(value: object) -> Sequence[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValueError(f"not a list of words: {value!r}")
    return [str(word) for word in value]


@dataclass(frozen=True, slots=True)
class StaffColumns:
    """Field → column, both from the header found in `header_row`."""

    header_row: int
    columns: Mapping[str, int]
    problems: tuple[Problem, ...]


def find_columns(sheet: Sheet, words: StaffWords) -> StaffColumns | None:
    """The header: the first row with both 工号 and 姓名. None when there is none."""
    for row in range(min(len(sheet.rows), HEADER_WITHIN)):
        texts = [spelling(sheet.text(row, column)) for column in range(sheet.width)]
        fields = {words.headings[text] for text in texts if text in words.headings}
        if {"staff_no", "name"} <= fields:
            return _columns(sheet, row, texts, words)
    return None


def _columns(sheet: Sheet, row: int, texts: Sequence[str], words: StaffWords) -> StaffColumns:
    columns: dict[str, int] = {}
    problems: list[Problem] = []
    for column, text in enumerate(texts):
        field = words.headings.get(text)
        key = ""
        if field in columns and (row, column) not in sheet.filled:
            key = "headings_twice"
        elif field is not None:
            columns.setdefault(field, column)
        elif text in words.ignored:
            key = "column_ignored"
        if key:
            severity = Severity.WARNING if key == "column_ignored" else Severity.ERROR
            heading = sheet.text(row, column)
            place = (row + 1, column_letter(column), "", sheet.name, heading)
            problems.append(Problem(severity, key, *place))
    return StaffColumns(row, columns, tuple(problems))
