"""How licence lists spell their columns: one row for each licence, or one for each person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.licence_kinds import LicenceKinds
from services.sheets.cells import Sheet
from services.sheets.listing import Head, ListWords, find_head, load_list_words
from services.sheets.staff_columns import spelling, word_list

PERSON = ("staff_no", "name")
FIELDS = ("number", "issuer", "first_issued", "issued", "valid_to", "place", "scope", "done")


@dataclass(frozen=True, slots=True)
class LicenceWords:
    """The words of both shapes. In `wide` a field is called `kind.field`: nurse.valid_to."""

    kinds: LicenceKinds
    long: ListWords
    wide: ListWords

    def find(self, sheet: Sheet) -> tuple[Head, ListWords] | None:
        """The head of the sheet in the shape it has; None when it lists no licences."""
        if head := find_head(sheet, self.long):
            return head, self.long
        head = find_head(sheet, self.wide)
        if head and any("." in field for field in head.columns):
            return head, self.wide
        return None


def load_licence_words(data: Mapping[str, Any], kinds: LicenceKinds) -> LicenceWords:
    """From the parsed `staffing_sheets.toml`. Raises KeyError or ValueError."""
    own = data["licences"]
    shared = {key: own[key] for key in ("headings", "required")}
    listed = load_list_words({**data, "licences": shared}, "licences")
    plain = str(own["plain"]["kind"])
    for key in (plain, *own["short"]):
        if key not in kinds:
            raise ValueError(f"staffing_sheets.toml: licences: no kind is called {key!r}")
    headings = {
        word: field if field in PERSON else f"{plain}.{field}"
        for word, field in listed.headings.items()
        if field != "kind"
    }
    headings |= dict(_composed(kinds, own["of_a_kind"], own["short"]))
    return LicenceWords(
        kinds,
        long=replace(listed, required=(*listed.required, "kind")),
        wide=replace(listed, headings=headings),
    )


def _composed(
    kinds: LicenceKinds, endings: Mapping[str, object], short: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    """执业证 + 编号 → nurse.number, for every name of every kind; a full name wins."""
    for key, words in short.items():
        for field, ending in _endings(endings):
            # 注册 alone says too little to be a column of dates.
            for name in word_list(words) if ending else ():
                yield spelling(name + ending), f"{key}.{field}"
    for kind in kinds:
        for field, ending in _endings(endings):
            for name in kind.names:
                yield spelling(name + ending), f"{kind.key}.{field}"


def _endings(endings: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for field, words in endings.items():
        for ending in word_list(words):
            yield field, ending
