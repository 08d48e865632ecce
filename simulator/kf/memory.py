"""What customer service remembers: logs to pull, sessions, codes, links."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulator.clock import Clock

Body = dict[str, Any]
WINDOW = timedelta(hours=48)
REACH = timedelta(days=3)
TOKEN_LIFE = timedelta(minutes=10)
WELCOME_LIFE = timedelta(seconds=20)
MOST_SENT = 5
UNTOKENED_PER_MINUTE = 10
UNTOUCHED, BOT, WAITING, HUMAN, ENDED = range(5)
STATES = ("untouched", "bot", "waiting", "human", "ended")
CUSTOMER, SYSTEM, SERVICER = 3, 4, 5


@dataclass(frozen=True, slots=True)
class Entry:
    at: datetime
    body: Body


@dataclass(slots=True)
class Session:
    """One customer with one account; the window counts from the customer's last words."""

    state: int = ENDED
    servicer: str = ""
    last: str = ""  # who had it last in their client
    opened: bool = False
    said_at: datetime | None = None
    entered_at: datetime | None = None
    welcomed_at: datetime | None = None
    sent: int = 0
    answered: set[int] = field(default_factory=set)  # states whose reply code was given out
    scene: str = ""
    scene_param: str = ""


@dataclass(slots=True)
class Code:
    """For send_msg_on_event, once; `kinds` may be answered with it."""

    open_kfid: str
    external_userid: str
    until: datetime
    kinds: tuple[str, ...] = ("text", "msgmenu")
    welcome: bool = False


@dataclass(slots=True)
class Account:
    open_kfid: str
    log: list[Entry] = field(default_factory=list)
    sessions: dict[str, Session] = field(default_factory=dict)
    msgids: set[str] = field(default_factory=set)
    untokened: deque[datetime] = field(default_factory=deque)
    resting: set[str] = field(default_factory=set)  # servicers who have stopped for a while

    def session(self, external_userid: str) -> Session:
        return self.sessions.setdefault(external_userid, Session())


class KfMemory:
    """`ring` is set by the server: it tells the bot that an account has something new.

    `most` entries at the utmost come in one page, and the next `empties` calls answer an empty
    list that says there is more.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ring: Callable[[str], None] = lambda _: None
        self.forget()

    def forget(self) -> None:
        self.life = secrets.token_hex(4)
        self.accounts: dict[str, Account] = {}
        self.tokens: dict[str, tuple[str, datetime]] = {}
        self.codes: dict[str, Code] = {}
        self.links: dict[str, tuple[str, str]] = {}
        self.most = 1000
        self.empties = 0

    def account(self, open_kfid: str) -> Account:
        return self.accounts.setdefault(open_kfid, Account(open_kfid))

    def state(self, session: Session) -> int:
        """A session ends by itself 48 hours after the customer's last words."""
        over = session.said_at is None or self._clock.now() > session.said_at + WINDOW
        return ENDED if over else session.state

    def begin_anew(self, session: Session) -> None:
        """The customer's words in a session that was over."""
        if self.state(session) == ENDED:
            session.state, session.servicer = UNTOUCHED, ""
            session.answered.clear()

    def log(self, open_kfid: str, body: Body) -> str:
        """Note one thing to pull; returns its msgid."""
        now, msgid = self._clock.now(), secrets.token_urlsafe(24)
        entry = {"msgid": msgid, "send_time": int(now.timestamp()), **body}
        self.account(open_kfid).log.append(Entry(now, entry))
        return msgid

    def event(self, open_kfid: str, external_userid: str, kind: str, **more: object) -> str:
        whom = {"open_kfid": open_kfid, "external_userid": external_userid}
        event = {"event_type": kind, **whom, **more}
        return self.log(open_kfid, {"origin": SYSTEM, "msgtype": "event", "event": event})

    def token(self, open_kfid: str) -> str:
        """The token of one ring of the doorbell."""
        value = "ENC" + secrets.token_urlsafe(36)
        self.tokens[value] = open_kfid, self._clock.now() + TOKEN_LIFE
        return value

    def code(self, code: Code) -> str:
        value = secrets.token_urlsafe(24)
        self.codes[value] = code
        return value

    def spend_untokened(self, account: Account) -> bool:
        now = self._clock.now()
        while account.untokened and account.untokened[0] <= now - timedelta(minutes=1):
            account.untokened.popleft()
        if len(account.untokened) >= UNTOKENED_PER_MINUTE:
            return False
        account.untokened.append(now)
        return True
