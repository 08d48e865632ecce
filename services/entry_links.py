"""Ways in for candidates: a signed link for mails, a short code for text messages, a chat's link.

All three name one row of `entry_links`, and the row alone decides whether the way is still open.
A signature only says that we made the link; none of them holds anything about the person.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from models import db
from models.clock import Clock
from services.hospital import Hospital

PAGE = "candidate.page"  # the purpose of the links in mails
CHAT = "kf.entry"  # … and of the parameter that binds a chat to a link
SIGNED_FOR = timedelta(days=400)  # longer than any row lives: the row decides

AFTER_SLOT = timedelta(days=14)
WITHOUT_SLOT = timedelta(days=30)
# Lower case, without 0 o 1 l i: what is read off one screen and typed on another.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
CODE_LENGTH = 10  # 31^10, about 8·10^14: guessing is hopeless even without the door's limit
_CODE = re.compile(f"[{ALPHABET}]{{{CODE_LENGTH}}}")

_LIVING = """
SELECT l.id, l.ref, l.code FROM entry_links l
 WHERE l.candidate_id = $1 AND l.interview_id IS NOT DISTINCT FROM $2 AND l.expires_at > $3
 ORDER BY l.id DESC LIMIT 1
"""
_PROLONG = "UPDATE entry_links SET expires_at = greatest(expires_at, $2) WHERE id = $1"
_ADD = """
INSERT INTO entry_links (ref, code, candidate_id, interview_id, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (code) DO NOTHING RETURNING ref
"""
_SLOT = """
SELECT s.ends_at FROM interviews i JOIN slots s ON s.id = i.slot_id WHERE i.id = $1
"""
_ROW = """
SELECT l.id, l.ref, l.candidate_id, l.interview_id, l.expires_at FROM entry_links l
  JOIN candidates c ON c.id = l.candidate_id
 WHERE c.erased_at IS NULL AND l.{column} = $1
"""
_TOUCH = "UPDATE entry_links SET opened_at = $2 WHERE id = $1 AND opened_at IS NULL"


class Signed(Protocol):
    """Signs an opaque id for one purpose; see bot/platforms/links.py."""

    def token(self, opaque_id: str) -> str: ...

    def open(self, token: str) -> str | None: ...

    def expired(self, token: str) -> bool: ...


# The address of the hospital's chat that brings a parameter back; None when there is no chat.
ChatLink = Callable[[str], Awaitable[str | None]]


async def no_chat(_param: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Entry:
    """`url` for mails, `short_url` and `code` for text messages, `kf_url` into the chat."""

    url: str
    short_url: str
    code: str
    kf_url: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link stands for."""

    link_id: int
    ref: str
    candidate_id: int
    interview_id: int | None


class EntryLinks:
    """`page` and `chat` sign for PAGE and CHAT; `kf` makes the chat's address of a parameter."""

    def __init__(
        self,
        clock: Clock,
        page: Signed,
        chat: Signed,
        hospital: Hospital,
        kf: ChatLink = no_chat,
    ) -> None:
        self.clock = clock
        self.page = page
        self.chat = chat
        self.hospital = hospital
        self.kf = kf

    async def make(self, candidate_id: int, interview_id: int | None = None) -> Entry:
        """The way in for this interview: the one that still lives, prolonged, or a new one.

        Ends 14 days after the slot, at the earliest 14 days from now; 30 days from now where
        there is no slot.
        """
        now = self.clock.now()
        async with db.transaction():
            await db.lock(f"entry_links:{candidate_id}")
            until = await self._until(interview_id, now)
            row = await db.fetch_one(_LIVING, candidate_id, interview_id, now)
            if row is None:
                row = await self._new(candidate_id, interview_id, now, until)
            else:
                await db.execute(_PROLONG, row["id"], until)
        return await self._entry(row["ref"], row["code"])

    async def open(self, token: str) -> Opened | None:
        """What a link of ours leads to; None when it is altered, unknown, too old or erased."""
        return await self._by_token(token, living=True)

    async def open_code(self, code: str) -> Opened | None:
        """The same by the code of a text message, in whatever case it was typed."""
        return await self._by_code(code, living=True)

    async def expired(self, token: str) -> Opened | None:
        """What a link of ours led to before it ended; None for everything else."""
        return await self._by_token(token, living=False)

    async def expired_code(self, code: str) -> Opened | None:
        return await self._by_code(code, living=False)

    async def bind(self, param: str) -> int | None:
        """The candidate who came into the chat over our link; None for any other parameter."""
        ref = self.chat.open(param)
        found = await self._row("ref", ref, living=True) if ref else None
        return found.candidate_id if found else None

    async def touched(self, opened: Opened) -> None:
        """Note that somebody answered over this link; looking at it is not noted."""
        await db.execute(_TOUCH, opened.link_id, self.clock.now())

    async def _until(self, interview_id: int | None, now: datetime) -> datetime:
        ends = await db.fetch_value(_SLOT, interview_id) if interview_id is not None else None
        return now + WITHOUT_SLOT if ends is None else max(ends, now) + AFTER_SLOT

    async def _new(
        self, candidate_id: int, interview_id: int | None, now: datetime, until: datetime
    ) -> db.Row:
        while True:
            ref, code = secrets.token_urlsafe(16), new_code()
            row = await db.fetch_one(_ADD, ref, code, candidate_id, interview_id, now, until)
            if row is not None:  # else the code was taken: as good as never
                return {"ref": ref, "code": code}

    async def _entry(self, ref: str, code: str) -> Entry:
        base = self.hospital.public_url
        return Entry(
            url=f"{base}/c/{self.page.token(ref)}",
            short_url=f"{base}/i/{code}",
            code=code,
            kf_url=await self.kf(self.chat.token(ref)),
        )

    async def _by_token(self, token: str, *, living: bool) -> Opened | None:
        ref = self.page.open(token)
        return await self._row("ref", ref, living=living) if ref else None

    async def _by_code(self, code: str, *, living: bool) -> Opened | None:
        code = code.strip().lower()
        return await self._row("code", code, living=living) if _CODE.fullmatch(code) else None

    async def _row(self, column: str, value: str, *, living: bool) -> Opened | None:
        row = await db.fetch_one(_ROW.format(column=column), value)
        if row is None or (row["expires_at"] > self.clock.now()) is not living:
            return None
        return Opened(row["id"], row["ref"], row["candidate_id"], row["interview_id"])


def new_code() -> str:
    """Ten characters that are hard to guess and easy to type."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
