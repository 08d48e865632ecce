"""Access tokens: one per app serves both API generations [S0033, S0769]."""

from __future__ import annotations

import secrets

from simulator.clock import Clock

LIFETIME = 7200


class Tokens:
    """While a token lives, asking again returns it and renews its life."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._value = ""
        self._expires = 0
        self._past: dict[str, str] = {}
        self.asked = 0

    def issue(self) -> str:
        self.asked += 1
        if not self._value or self._expires <= self._clock.unix():
            if self._value:
                self._past[self._value] = "expired"
            self._value = secrets.token_hex(16)
        self._expires = self._clock.unix() + LIFETIME
        return self._value

    def state(self, value: str) -> str:
        """ "" for a good token, else missing, expired or invalid."""
        if not value:
            return "missing"
        if not secrets.compare_digest(value.encode(), self._value.encode()):
            return self._past.get(value, "invalid")
        return "" if self._expires > self._clock.unix() else "expired"

    def revoke(self) -> None:
        """The platform may end a token before its time."""
        if self._value:
            self._past[self._value] = "invalid"
        self._value = ""
