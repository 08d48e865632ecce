"""The short code by which a card can be answered in words: `同意 #7KQ2M3A`.

It is for platforms and clients without working buttons. It gives no right: whose card it is gets
checked when it is used, as for a tap.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
LENGTH = 7
_SPOKEN = re.compile(r"^(?P<label>[^#]{1,30}?)\s*#\s*(?P<code>[0-9A-Za-z]{7})\b\s*(?P<rest>.*)$")
_ALIKE = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})


@dataclass(frozen=True, slots=True)
class Spoken:
    """A card's button said in words; `chosen` are ids of options of the card's select."""

    label: str
    code: str
    chosen: tuple[str, ...] = ()


def code_of(task_id: str) -> str:
    """Seven letters and digits, the same for the same task id."""
    number = int.from_bytes(hashlib.sha256(task_id.encode()).digest()[:5])
    return "".join(ALPHABET[number >> (5 * place) & 31] for place in range(LENGTH))


def spoken(text: str) -> Spoken | None:
    """What a text answers, if it is of the form; letters that look alike are taken as meant."""
    found = _SPOKEN.match(text.strip().replace("＃", "#"))
    if found is None:
        return None
    code = found["code"].upper().translate(_ALIKE)
    chosen = tuple(part for part in re.split(r"[\s,，、]+", found["rest"]) if part)
    return Spoken(found["label"].strip(), code, chosen)


def words(label: str, task_id: str) -> str:
    """What a person writes, or a button writes for them."""
    return f"{label} #{code_of(task_id)}"
