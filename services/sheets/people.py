"""Who a roster's row is about: by 工号, else by a name that only one person bears."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.sheets.cells import CellValue, squeeze

LONGEST = 60
_PHONE = re.compile(r"(?:\+?0{0,2}86)?(1[3-9][0-9]{9})")
_PHONE_SPACING = re.compile(r"[\s\-().]")
_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAIL = re.compile(
    rf"(?=[^@]{{1,64}}@){_WORD}(?:\.{_WORD})*@{_LABEL}(?:\.{_LABEL}){{0,7}}\.[A-Za-z]{{2,24}}"
)
_BRACKETS = re.compile(r"\([^)]*\)|[*★☆▲△●○#]+")


@dataclass(frozen=True, slots=True)
class StaffRef:
    """A person as far as a roster needs them."""

    id: int
    staff_no: str
    name: str


@dataclass(frozen=True, slots=True)
class Match:
    """Exactly one of `staff` and `error` is set; a `warning` may go with `staff`."""

    staff: StaffRef | None = None
    error: str = ""
    warning: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


def name_key(value: CellValue) -> str:
    """张 三, 张三(带教) and 张三★ are one name."""
    plain = squeeze(value)[:LONGEST]
    return _BRACKETS.sub("", plain) or plain


def number_key(value: CellValue) -> str:
    return squeeze(value).upper().removeprefix("'")


def normalised_phone(text: str) -> str:
    """Eleven digits without +86, spaces and dashes; "" when it is no mobile number."""
    found = _PHONE.fullmatch(_PHONE_SPACING.sub("", squeeze(text)))
    return found[1] if found else ""


def is_mail(text: str) -> bool:
    """Whether a mail can go there: ASCII only, since other addresses need SMTPUTF8 (RFC 6531)."""
    return len(text) <= 254 and _MAIL.fullmatch(text) is not None


class StaffDirectory:
    """The people a sheet may name, indexed once."""

    def __init__(self, staff: Sequence[StaffRef]) -> None:
        self._by_number: dict[str, StaffRef] = {}
        self._by_bare: dict[str, list[StaffRef]] = {}
        self._by_name: dict[str, list[StaffRef]] = {}
        self._by_exact: dict[str, list[StaffRef]] = {}
        for person in staff:
            self._by_number[number_key(person.staff_no)] = person
            self._by_bare.setdefault(_bare(number_key(person.staff_no)), []).append(person)
            self._by_name.setdefault(name_key(person.name), []).append(person)
            self._by_exact.setdefault(squeeze(person.name), []).append(person)

    def match(self, number: CellValue, name: CellValue) -> Match:
        """The person of a row, or the key of the problem and what its text needs."""
        key = number_key(number)
        return self._match_number(key, name_key(name)) if key else self._match_name(name)

    def _match_number(self, key: str, name: str) -> Match:
        person = self._by_number.get(key)
        warning = ""
        if person is None:
            alike = self._by_bare.get(_bare(key), [])
            if len(alike) > 1:
                return Match(error="number_two_ways", params=_both(alike))
            if not alike:
                return Match(error="number_unknown", params={"number": key})
            person, warning = alike[0], "number_lost_zeros"
        params = {"number": person.staff_no, "name": person.name, "written": name or key}
        if name and name_key(person.name) != name:
            return Match(error="number_other_name", params=params)
        return Match(person, warning=warning, params=params)

    def _match_name(self, written: CellValue) -> Match:
        """王二(大) and 王二(小) are told apart where the staff list itself names them so."""
        name = name_key(written)
        people = self._by_exact.get(squeeze(written)) or self._by_name.get(name, [])
        if len(people) == 1:
            return Match(people[0])
        if not people:
            return Match(error="person_unknown", params={"name": name})
        return Match(error="name_twice", params={"name": name, **_both(people)})


def _bare(key: str) -> str:
    """Without the zeros in front that a spreadsheet drops from 00123."""
    return key.lstrip("0") or "0"


def _both(people: Sequence[StaffRef]) -> dict[str, str]:
    listed = "、".join(f"{person.name}({person.staff_no})" for person in people)
    return {"people": listed, "count": str(len(people))}
