"""第3组, 第三组, 3组 and 3 are one group."""

from __future__ import annotations

import re
import unicodedata

from services.understanding.numbers import read_number

_GROUP = re.compile(r"第?\s*([0-9]+|[〇零一二两三四五六七八九十百]+)\s*组?")


def same_group(name: str) -> str:
    """The form in which groups are compared: `3` for all of the above, else the name itself."""
    plain = "".join(unicodedata.normalize("NFKC", name).split())
    found = _GROUP.fullmatch(plain)
    number = read_number(found[1]) if found else None
    return str(number) if number is not None else plain
