"""How often a remote address may guess. Only misses count: whoever has a code does not guess."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from datetime import datetime, timedelta

from models.clock import Clock

KEPT = 10_000  # addresses remembered, the longest unseen is forgotten first


class Knocks:
    """At most `most` misses of one address within `within`; one process counts for itself."""

    def __init__(self, clock: Clock, most: int, within: timedelta) -> None:
        self._clock = clock
        self._most = most
        self._within = within
        self._missed: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def too_many(self, who: str) -> bool:
        since, count = self._missed.get(neighbourhood(who), (self._clock.now(), 0))
        return count >= self._most and self._clock.now() - since < self._within

    def miss(self, who: str) -> None:
        """One more; a new count begins when the last one is over."""
        now, key = self._clock.now(), neighbourhood(who)
        since, count = self._missed.pop(key, (now, 0))
        fresh = now - since >= self._within
        self._missed[key] = (now, 1) if fresh else (since, count + 1)
        while len(self._missed) > KEPT:
            self._missed.popitem(last=False)


def neighbourhood(who: str) -> str:
    """An address, or for IPv6 its /64: whoever has one of these has all of them."""
    try:
        address = ipaddress.ip_address(who)
    except ValueError:
        return who
    if address.version == 4:
        return str(address)
    return str(ipaddress.IPv6Network((int(address), 64), strict=False))
