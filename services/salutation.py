"""How a candidate is addressed: 李医生, 王护士, 欧阳女士 if they said so, else the full name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.sheets.cells import squeeze

_HAN_NAME = re.compile(r"[\u3400-\u9fff]{2,4}")


class Work(StrEnum):
    """What the post makes of a person, as far as an address goes."""

    DOCTOR = "doctor"
    NURSE = "nurse"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class AddressRules:
    """`titles`: doctor, nurse, teacher, ms, mr → the word after the surname."""

    titles: Mapping[str, str]
    compound_surnames: frozenset[str]


def load_address_rules(data: Mapping[str, object]) -> AddressRules:
    """The table `address` of a parsed `courtesy.toml`. Raises ValueError."""
    surnames = data.get("compound_surnames", ())
    if not isinstance(surnames, Sequence) or isinstance(surnames, str):
        raise ValueError("courtesy.toml: compound_surnames is a list of names")
    titles = {key: word for key, word in data.items() if isinstance(word, str)}
    if missing := {"doctor", "nurse", "teacher", "ms", "mr"} - set(titles):
        raise ValueError(f"courtesy.toml: [address] lacks {sorted(missing)[0]}")
    return AddressRules(titles, frozenset(str(name) for name in surnames))


def address(name: str, work: Work, stated: str, rules: AddressRules) -> str:
    """Without 您好. `stated` is the key of a title the candidate gave (ms, mr …), or "".

    The work's title wins over a stated 女士/先生; a sex is never guessed. Names that are not two
    to four Han characters are used in full. Raises ValueError for a blank name.
    """
    plain = squeeze(name)
    if not plain:
        raise ValueError("the name is blank")
    professional = stated if stated in {"doctor", "nurse", "teacher"} else ""
    key = professional or (work.value if work is not Work.OTHER else stated)
    title = rules.titles.get(key, "")
    if not title or not _HAN_NAME.fullmatch(plain):
        return " ".join(name.split()) if plain.isascii() else plain
    return f"{surname(plain, rules)}{title}"


def surname(name: str, rules: AddressRules) -> str:
    """The first character, or two of a compound surname before a given name."""
    compound = len(name) > 2 and name[:2] in rules.compound_surnames
    return name[:2] if compound else name[0]
