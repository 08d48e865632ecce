"""Access tokens and login codes: issuing, validity, early revocation."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass

from simulator.clock import Clock
from simulator.errors import WeComError
from simulator.hospital import App, Hospital

LIFETIME = 7200
CODE_LIFETIME = 300


@dataclass(slots=True)
class Token:
    value: str
    agentid: int
    expires: float


@dataclass(slots=True)
class LoginCode:
    userid: str
    agentid: int
    expires: float
    used: bool = False


class Tokens:
    """One valid token per application; the same one comes back while it lasts."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_value: dict[str, Token] = {}
        self._by_app: dict[int, Token] = {}
        self._codes: dict[str, LoginCode] = {}
        self.asked: Counter[int] = Counter()

    def issue(self, world: Hospital, corpid: str, secret: str) -> Token:
        if corpid != world.corpid:
            raise WeComError(40013)
        app = next((a for a in world.apps.values() if a.secret == secret), None)
        if app is None:
            raise WeComError(40001)
        self.asked[app.agentid] += 1
        token = self._by_app.get(app.agentid)
        if token is None or token.expires <= self._clock.unix():
            token = self._fresh(app.agentid)
        return token

    def lifetime(self, token: Token) -> int:
        return int(token.expires - self._clock.unix())

    def app(self, world: Hospital, value: str) -> App:
        if not value:
            raise WeComError(41001)
        token = self._by_value.get(value)
        if token is None or token.agentid not in world.apps:
            raise WeComError(40014)
        if token.expires <= self._clock.unix():
            raise WeComError(42001)
        return world.apps[token.agentid]

    def revoke(self, value: str) -> None:
        """The platform may end a token before its time."""
        token = self._by_value.pop(value, None)
        if token and self._by_app.get(token.agentid) is token:
            del self._by_app[token.agentid]

    def login_code(self, userid: str, agentid: int) -> str:
        code = secrets.token_urlsafe(32)
        self._codes[code] = LoginCode(userid, agentid, self._clock.unix() + CODE_LIFETIME)
        return code

    def redeem(self, code: str, app: App) -> str:
        found = self._codes.get(code)
        if found is None or found.agentid != app.agentid:
            raise WeComError(40029)
        if found.used:
            raise WeComError(42022)
        if found.expires <= self._clock.unix():
            raise WeComError(42003)
        found.used = True
        return found.userid

    def _fresh(self, agentid: int) -> Token:
        token = Token(secrets.token_urlsafe(96), agentid, self._clock.unix() + LIFETIME)
        self._by_value[token.value] = self._by_app[agentid] = token
        return token
