"""A staff list → people. Only what reminders need is read; id numbers never are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.sheets.cells import CellValue, Sheet, as_text, column_letter, squeeze
from services.sheets.dates import UnreadableDate, read_date
from services.sheets.people import LONGEST, name_key, normalised_phone, number_key
from services.sheets.problems import Problem, Severity, capped
from services.sheets.staff_columns import (
    LIMITS,
    LONGEST_TEXT,
    StaffColumns,
    StaffWords,
    find_columns,
    spelling,
)

_LEVEL = re.compile(r"(N\d(?:级)?)(?:护士)?", re.IGNORECASE)
_NOTE = re.compile(r"^(注|备注|说明|合计|小计|总计|制表|审核)|人数|签名|签字|填表")
_ROUNDED = 10**14
_LISTED = re.compile(r"[、,;/+和]+")
_TRAVEL = re.compile(r"约?(\d{1,3}(?:\.\d)?)(分钟?|小时|min|h)?")
_FARTHEST = 600  # minutes


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One person as listed; "" and None where the list is silent. `row` is 1-based.

    `status` and `role` are the keys of the policy's tables, on_duty and staff by default, and
    `channel` is a channel's name or "". `skills` are keys of skills.toml, None where the list has
    no such column. The two dates are health data: keep them for the rest
    rules alone.
    """

    row: int
    staff_no: str
    name: str
    level: str = ""
    duty: str = ""
    phone: str = ""
    department: str = ""
    ward: str = ""
    category: str = ""
    post: str = ""
    wecom_userid: str = ""
    dingtalk_userid: str = ""
    channel: str = ""
    employment: str = ""
    status: str = "on_duty"
    teacher: str = ""
    supervisor: str = ""
    role: str = "staff"
    late_pregnancy_until: date | None = None
    nursing_until: date | None = None
    skills: tuple[str, ...] | None = None
    travel_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class StaffList:
    """With any problem of severity error nothing of the list may be applied."""

    rows: tuple[StaffRow, ...]
    problems: tuple[Problem, ...]

    @property
    def applicable(self) -> bool:
        return bool(self.rows) and all(
            problem.severity is not Severity.ERROR for problem in self.problems
        )


def parse_staff(sheets: Sequence[Sheet], words: StaffWords) -> StaffList:
    """Read every sheet that has both 工号 and 姓名; one list may be split by ward."""
    found = [(sheet, columns) for sheet in sheets if (columns := find_columns(sheet, words))]
    if not found:
        return StaffList((), (Problem(Severity.ERROR, "no_staff_list"),))
    reader = _StaffReader(words)
    for sheet, columns in found:
        reader.read(sheet, columns)
    return StaffList(tuple(reader.rows), capped([*reader.problems, *_same_names(reader.rows)]))


def _same_names(rows: Sequence[StaffRow]) -> list[Problem]:
    """A warning per shared name: allowed, but rosters will need the 工号."""
    by_name: dict[str, list[str]] = {}
    for row in rows:
        by_name.setdefault(name_key(row.name), []).append(row.staff_no)
    return [
        Problem(
            Severity.WARNING,
            "staff_names_twice",
            params={"name": name, "count": str(len(numbers)), "numbers": "、".join(numbers)},
        )
        for name, numbers in by_name.items()
        if len(numbers) > 1
    ]


class _StaffReader:
    """Reads rows of one or more sheets; numbers, accounts and phones are unique over all."""

    def __init__(self, words: StaffWords) -> None:
        self._words = words
        self._seen: dict[tuple[str, str], tuple[str, int]] = {}
        self._sheet = Sheet("", ())
        self._columns: Mapping[str, int] = {}
        self._header_row = 0
        self._row = 0
        self.rows: list[StaffRow] = []
        self.problems: list[Problem] = []

    def read(self, sheet: Sheet, columns: StaffColumns) -> None:
        self._sheet, self._columns = sheet, columns.columns
        self._header_row = columns.header_row
        self.problems += columns.problems
        for row in range(columns.header_row + 1, len(sheet.rows)):
            self._row = row
            if row not in sheet.hidden_rows and not self._is_note():
                self._read_row()

    def _is_note(self) -> bool:
        texts = [squeeze(cell) for cell in self._sheet.rows[self._row] if squeeze(cell)]
        if not texts or _NOTE.search(texts[0]):
            return True
        repeated = self._words.headings.get(spelling(as_text(self._cell("name")))) == "name"
        return repeated or (len(set(texts)) == 1 and len(texts[0]) > LONGEST)

    def _read_row(self) -> None:
        number, name = self._staff_no(), self._text("name")
        if not number:
            self._report("staff_no_missing", "staff_no")
        if not name:
            self._report("staff_name_missing", "name")
        if not number or not name or not self._unique("staff_no_twice", "staff_no", number):
            return
        level, duty = self._level_and_duty()
        row = StaffRow(
            row=self._row + 1,
            staff_no=number,
            name=name,
            level=level,
            duty=duty,
            phone=self._phone(),
            department=self._text("department"),
            ward=self._text("ward"),
            category=self._text("category"),
            post=self._text("post"),
            wecom_userid=self._account("wecom_userid"),
            dingtalk_userid=self._account("dingtalk_userid"),
            channel=self._choice("channel", self._words.channels, "", Severity.WARNING),
            employment=self._text("employment"),
            status=self._choice("status", self._words.statuses, "on_duty", Severity.ERROR),
            teacher=self._text("teacher"),
            supervisor=self._text("supervisor"),
            role=self._choice("role", self._words.roles, "staff", Severity.WARNING),
            late_pregnancy_until=self._date("late_pregnancy_until"),
            nursing_until=self._date("nursing_until"),
            skills=self._skills(),
            travel_minutes=self._travel(),
        )
        self._check_teacher(row)
        self.rows.append(row)

    def _staff_no(self) -> str:
        """The number as text. One with a fraction or past Excel's digits is beyond repair."""
        value = self._value("staff_no")
        if isinstance(value, float) or (isinstance(value, int) and value >= _ROUNDED):
            self._report("staff_no_rounded", "staff_no")
        number = number_key(value)
        if len(number) > LIMITS["staff_no"]:
            self._report("text_too_long", "staff_no", limit=str(LIMITS["staff_no"]))
        return number

    def _level_and_duty(self) -> tuple[str, str]:
        """级别/角色 holds both: N4护士/责任组长."""
        both = self._text("level_duty")
        found = _LEVEL.match(both)
        level = self._text("level") or (found[1].upper() if found else "")
        rest = _LEVEL.sub("", both, count=1).strip("/、 ")
        return level, self._text("duty") or rest

    def _phone(self) -> str:
        written = self._text("phone")
        if not written:
            return ""
        phone = normalised_phone(written)
        if not phone:
            self._report("phone_invalid", "phone")
        else:
            self._unique("phone_twice", "phone", phone, Severity.WARNING)
        return phone

    def _account(self, field: str) -> str:
        account = self._text(field)
        if account:
            # Platforms answer with accounts in lower case: two that differ only so are one.
            self._unique("userid_twice", field, account.lower())
        return account

    def _choice(
        self, field: str, words: Mapping[str, str], default: str, severity: Severity
    ) -> str:
        written = self._text(field)
        chosen = words.get(spelling(written)) if written else default
        if chosen is None:
            known = "、".join(word for word in words if word and not word.isascii())
            self._report(f"{field}_unknown", field, severity, known=known)
        return chosen or default

    def _skills(self) -> tuple[str, ...] | None:
        """重症、呼吸机 → keys, each once, in the order written; what nobody knows is told."""
        if "skills" not in self._columns:
            return None
        written = [part for part in _LISTED.split(self._text("skills")) if part]
        known = [self._words.skills.get(spelling(part)) for part in written]
        if unknown := [part for part, key in zip(written, known, strict=True) if key is None]:
            first: dict[str, str] = {}
            for word, key in self._words.skills.items():
                first.setdefault(key, word)
            told = {"unknown": "、".join(unknown)[:LONGEST], "known": "、".join(first.values())}
            self._report("skills_unknown", "skills", Severity.WARNING, **told)
        return tuple(dict.fromkeys(key for key in known if key))

    def _travel(self) -> int | None:
        """40, 40分钟, 1小时, 1.5小时 → minutes."""
        written = self._text("travel")
        found = _TRAVEL.fullmatch(written)
        if not written or found is None:
            if written:
                self._report("travel_unknown", "travel", Severity.WARNING, most=str(_FARTHEST))
            return None
        minutes = round(float(found[1]) * (60 if found[2] in ("小时", "h") else 1))
        if not 0 <= minutes <= _FARTHEST:
            self._report("travel_unknown", "travel", Severity.WARNING, most=str(_FARTHEST))
            return None
        return minutes

    def _date(self, field: str) -> date | None:
        value = self._value(field)
        if value == "":
            return None
        try:
            return read_date(value).day
        except UnreadableDate as error:
            self._report(error.message_key, field)
            return None

    def _check_teacher(self, row: StaffRow) -> None:
        words = f"{row.level}{row.duty}{row.employment}{row.post}"
        if not row.teacher and any(word in words for word in self._words.supervised):
            self._report("supervised_without_teacher", "name", Severity.WARNING)

    def _unique(
        self, key: str, field: str, value: str, severity: Severity = Severity.ERROR
    ) -> bool:
        here = (self._sheet.name, self._row + 1)
        first = self._seen.setdefault((field, value), here)
        if first == here:
            return True
        self._report(key, field, severity, first=str(first[1]), number=value)
        return False

    def _cell(self, field: str) -> CellValue:
        column = self._columns.get(field)
        return "" if column is None else self._sheet.rows[self._row][column]

    def _value(self, field: str) -> CellValue:
        """The cell, "" where the file holds no value (reported)."""
        column = self._columns.get(field)
        if column is not None and (self._row, column) in self._sheet.unread:
            written = self._sheet.unread[self._row, column]
            self._report("cell_error" if written else "formula_no_value", field, error=written)
            return ""
        return self._cell(field)

    def _text(self, field: str) -> str:
        text, limit = squeeze(self._value(field)), LIMITS.get(field, LONGEST_TEXT)
        if len(text) > limit:
            self._report("text_too_long", field, limit=str(limit))
            return text[:limit]
        return text

    def _report(
        self, key: str, field: str, severity: Severity = Severity.ERROR, **params: str
    ) -> None:
        column = self._columns[field]
        self.problems.append(
            Problem(
                severity,
                key,
                self._row + 1,
                column_letter(column),
                self._sheet.text(self._row, column)[:LONGEST],
                self._sheet.name,
                self._sheet.text(self._header_row, column)[:LONGEST],
                params,
            )
        )
