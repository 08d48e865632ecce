"""Carries out the wishes of `chat_transfers`: the platform is asked before it is told (D94669).

A wish is claimed by a statement of its own that moves its `retry_at` ahead: a lease, not a lock.
No transaction is open while the platform answers. Killed after the call and before its record, the
wish is due again when the lease ends; the platform then says that it was done, and is not told
twice. Its own events speak only of what colleagues do in their client, never of our calls.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from models import db, sealed
from models.candidates import ChatState
from services import audit, chats, jobs
from services.chat_transfers import REFUSED, YOURS, ChatTransfers
from services.chats import Session
from services.guests import USER

log = structlog.get_logger()

TRIES = 6
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=5)
CALL = timedelta(seconds=35)  # two calls and the candidate's greeting
LEASE = timedelta(seconds=60)

_DUE = "SELECT EXISTS (SELECT 1 FROM kf_transfers WHERE state = 'asked' AND retry_at <= $1)"
_CLAIM = """
WITH due AS (
    SELECT id FROM kf_transfers WHERE state = 'asked' AND retry_at <= $1
     ORDER BY retry_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE kf_transfers x SET retry_at = $1 + $2::interval, attempts = attempts + 1
      FROM due WHERE x.id = due.id RETURNING x.*
)
SELECT taken.*, k.open_kfid, k.external_user, k.state_at, t.person_id AS worker,
       (SELECT user_id FROM identities
         WHERE platform = 'wecom' AND person_id = coalesce(taken.person_id, taken.asked_by_id)
       ) AS account
  FROM taken JOIN kf_contacts k ON k.id = taken.contact_id
  LEFT JOIN candidate_tasks t ON t.id = taken.task_id
"""
_CALLED = "UPDATE kf_transfers SET called_at = coalesce(called_at, $2) WHERE id = $1"
_ENDED = """
UPDATE kf_transfers SET state = $2, code = $3, ended_at = $4 WHERE id = $1 AND state = 'asked'
RETURNING id
"""
_LATER = "UPDATE kf_transfers SET retry_at = $2, code = $3 WHERE id = $1 AND state = 'asked'"


class MoveFailed(Exception):
    """The platform did not do it. `again`: trying later may help, after `wait`.

    `cure` says in Chinese what somebody can do; `servicer`: they are no 接待人员 of the account.
    """

    def __init__(
        self,
        reason: str,
        *,
        code: int = 0,
        cure: str = "",
        again: bool = True,
        servicer: bool = False,
        wait: timedelta | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.cure = cure
        self.again = again
        self.servicer = servicer
        self.wait = wait


class Sessions(Protocol):
    """The sessions of customer service. `state` and `move` raise MoveFailed."""

    async def state(self, open_kfid: str, user: str) -> Session:
        """Who has it now."""
        ...

    async def move(self, open_kfid: str, user: str, to: Session) -> str:
        """Give it to them; a code with which the candidate can be told once, or ""."""
        ...

    async def tell(self, code: str, state: ChatState) -> None:
        """Tell the candidate who answers from now on. Never raises: it is a courtesy."""
        ...


@dataclass(frozen=True, slots=True)
class _End:
    """How a wish ended: `why` is a key of chats/refused.toml, "" when it was done."""

    state: str
    why: str = ""
    code: int = 0
    cure: str = ""


class ChatMoves:
    def __init__(self, transfers: ChatTransfers) -> None:
        self.transfers = transfers
        self.ledger = transfers.ledger
        self.clock = transfers.clock

    async def wake_for_due(self) -> int:
        """A job when a wish is due: a wake-up was lost, or a process died with one."""
        due = bool(await db.fetch_value(_DUE, self.clock.now()))
        if due:
            await jobs.enqueue(jobs.CHAT)
        return int(due)

    async def carry_out(self, port: Sessions) -> int:
        """Every wish that is due, one after another; how many were tried."""
        tried = 0
        while row := await db.fetch_one(_CLAIM, self.clock.now(), LEASE):
            await self._settle(row, port)
            tried += 1
        return tried

    async def _settle(self, row: db.Row, port: Sessions) -> None:
        try:
            async with asyncio.timeout(CALL.total_seconds()):
                await self._move(row, port)
        except MoveFailed as failed:
            await self._failed(row, failed)
        except TimeoutError:
            await self._failed(row, MoveFailed("no reply in time"))
        except Exception as error:
            # One that cannot be carried out must not keep the others from their turn.
            log.error("chat_move_broke", transfer=row["id"], exc_info=error)
            await self._failed(row, MoveFailed(type(error).__name__))

    async def _move(self, row: db.Row, port: Sessions) -> None:
        if row["external_user"] is None:
            raise MoveFailed("nobody is behind this chat any more", again=False)
        whom = row["open_kfid"], sealed.open_sealed(USER, row["external_user"])
        target, asked_at, code = ChatState(row["target"]), self.clock.now(), ""
        found = await port.state(*whom)
        end, wanted = _decided(row, target, found), _wanted(row, target)
        if end is None:
            await db.execute(_CALLED, row["id"], asked_at)
            code = await port.move(*whom, wanted)
            end, found = _End("done"), wanted
        await self._write(row, end, whom, found, asked_at)
        if code:
            await port.tell(code, target)

    async def _write(
        self,
        row: db.Row,
        end: _End,
        whom: tuple[str, str] | None,
        found: Session | None,
        at: datetime,
    ) -> None:
        """The wish's end, what is known of the chat by it, and who is told, at once."""
        now = self.clock.now()
        async with db.transaction():
            if await db.fetch_one(_ENDED, row["id"], end.state, end.code, now) is None:
                return
            if whom is not None and found is not None:
                await chats.moved(*whom, found, at)
            await self._note(row, end, now)
            await self._say(row, end)

    async def _note(self, row: db.Row, end: _End, now: datetime) -> None:
        asked_by = row["asked_by_id"]
        await audit.record(
            now,
            f"person:{asked_by}" if asked_by else "system",
            f"chat.{end.state}",
            f"kf_contacts:{row['contact_id']}",
            to=ChatState(row["target"]).name.lower(),
            person=row["person_id"],
            code=end.code,
        )

    async def _say(self, row: db.Row, end: _End) -> None:
        """Whoever asked hears of it; what nobody asked for is told only if it needs a hand."""
        task, chat_id = row["task_id"], row["contact_id"]
        taken = end.state == "done" and row["target"] == ChatState.HUMAN
        listener = row["asked_by_id"] or (row["worker"] if end.code else None)
        if taken and task is not None:
            context = {"task": task, "person": row["person_id"]}
            await self.ledger.notify(YOURS, chat_id, [row["person_id"]], context=context)
        elif end.why and listener is not None and task is not None:
            chat = (await chats.by_ids([chat_id]))[chat_id]
            context = {"why": end.why, "holder": chat.holder, "cure": end.cure}
            await self.ledger.notify(REFUSED, task, [listener], context=context)
        await self.transfers.redraw(chat_id)

    async def _failed(self, row: db.Row, failed: MoveFailed) -> None:
        log.warning("chat_not_moved", transfer=row["id"], code=failed.code, why=failed.reason)
        if failed.again and row["attempts"] < TRIES:
            wait = failed.wait or min(FIRST_WAIT * 2 ** (row["attempts"] - 1), LONGEST_WAIT)
            later = self.clock.now() + wait
            await db.execute(_LATER, row["id"], later, failed.code)
            return
        why = "servicer" if failed.servicer else "lost" if failed.again else "refused"
        end = _End("refused", why, failed.code or -1, failed.cure)
        await self._write(row, end, None, None, self.clock.now())


def _wanted(row: db.Row, target: ChatState) -> Session:
    return Session(target, (row["account"] or "") if target is ChatState.HUMAN else "")


def _decided(row: db.Row, target: ChatState, found: Session) -> _End | None:
    """What the answer of the platform decides by itself; None: it has to be told."""
    if target is ChatState.ENDED:
        return _ending(row, found)
    same = found.servicer.lower() == (row["account"] or "").lower()
    if found.state is target and (same or target is ChatState.WAITING):
        return _End("done")  # by an earlier call of ours, or by their own hand
    if _moved_on(row):
        return _End("done")
    if found.state is ChatState.HUMAN:
        return _End("overtaken", "other")
    return _End("overtaken", "over") if found.state is ChatState.ENDED else None


def _ending(row: db.Row, found: Session) -> _End | None:
    mine = found.servicer.lower() == (row["account"] or "").lower()
    if found.state is ChatState.HUMAN and mine and not _moved_on(row):
        return None
    return _End("done") if found.state is not ChatState.HUMAN else _End("overtaken")


def _moved_on(row: db.Row) -> bool:
    """A colleague has done something with it since we told the platform to move it."""
    called, known = row["called_at"], row["state_at"]
    return called is not None and known is not None and known > called
