"""Where a customer is reached: the account and the customer's id with it, as one address."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ADDRESS = re.compile(r"(wk[0-9A-Za-z_\-]{1,62})/(wm[0-9A-Za-z_\-]{1,62})")


@dataclass(frozen=True, slots=True)
class KfAddress:
    """`str()` gives the form that deliveries keep: `wk…/wm…`."""

    open_kfid: str
    user: str

    def __str__(self) -> str:
        return f"{self.open_kfid}/{self.user}"


def read_address(text: str) -> KfAddress | None:
    """None when it is no address of customer service."""
    found = _ADDRESS.fullmatch(text)
    return KfAddress(found[1], found[2]) if found else None
