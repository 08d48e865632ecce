"""Approvals in people's to-do lists on their platform. The card decides, the to-do only reminds.

A row is written, and later marked for closing, in the transaction that asks or decides. What the
platform hears of it comes afterwards (`Todos.reconcile`), so that no approval waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from message_templates.catalogue import Catalogue
from models import db
from models.clock import Clock
from services import jobs
from services.hospital import Hospital

log = structlog.get_logger()

TRIES = 8
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=10)
CALL = timedelta(seconds=25)  # one look at the platform, which may take two calls of ten seconds
LEASE = timedelta(seconds=60)  # a row is nobody else's for so long: longer than any call takes

_WANT = """
INSERT INTO todos (approval_id, person_id, source_id, retry_at)
SELECT $1::bigint, person_id, 'wardbell-' || $1 || '-' || person_id, $3
  FROM identities
 WHERE platform = 'dingtalk' AND union_id IS NOT NULL AND person_id = ANY($2)
ON CONFLICT (approval_id, person_id) DO NOTHING
"""
# Who has no open question about the approval any more: answered, decided, expired, withdrawn, or
# gone. What was never tried needs no call. A row that is being created keeps its lease: whoever
# creates it finds it closing and says so; if they died, the next look asks by the source id.
_REVIEW = """
WITH over AS (
    SELECT t.id FROM todos t JOIN approvals a ON a.id = t.approval_id
     WHERE t.state IN ('wanted', 'open') AND ($1::bigint IS NULL OR a.id = $1)
       AND NOT EXISTS (SELECT 1 FROM asks q
                        WHERE q.purpose = a.kind || '.approval' AND q.subject_id = a.id
                          AND q.person_id = t.person_id AND q.state = 'open')
     ORDER BY t.id FOR UPDATE OF t
)
UPDATE todos t
   SET state = CASE WHEN t.state = 'wanted' AND t.attempts = 0 THEN 'closed' ELSE 'closing' END,
       retry_at = CASE WHEN t.state = 'open' THEN $2 ELSE t.retry_at END, attempts = 0
  FROM over WHERE t.id = over.id
"""
_DUE = """
SELECT EXISTS (SELECT 1 FROM todos WHERE state IN ('wanted', 'closing') AND retry_at <= $1)
"""
_CLAIM = """
WITH due AS (
    SELECT id FROM todos WHERE state IN ('wanted', 'closing') AND retry_at <= $1
     ORDER BY retry_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE todos t SET retry_at = $1 + $2::interval, attempts = attempts + 1
      FROM due WHERE t.id = due.id RETURNING t.*
)
SELECT taken.*, a.kind, a.expires_at,
       (SELECT union_id FROM identities
         WHERE person_id = taken.person_id AND platform = 'dingtalk') AS union_id
  FROM taken JOIN approvals a ON a.id = taken.approval_id
"""
# Decided while it was being created: then it is to be closed, whoever else thought it was.
_CREATED = """
UPDATE todos
   SET platform_id = $2, attempts = 0, reason = NULL, retry_at = $3,
       state = CASE WHEN state IN ('wanted', 'given_up') THEN 'open' ELSE 'closing' END
 WHERE id = $1 AND platform_id IS NULL
"""
_CLOSED = """
UPDATE todos SET state = 'closed', reason = NULL WHERE id = $1 AND state = 'closing'
"""
_FAILED = """
UPDATE todos
   SET retry_at = $2, reason = $3, attempts = greatest(attempts - $4::int, 0),
       state = CASE WHEN $5::boolean AND state = $6 THEN 'given_up' ELSE state END
 WHERE id = $1 AND state IN ('wanted', 'closing')
"""


@dataclass(frozen=True, slots=True)
class NewTodo:
    """`source_id` is ours and makes creating it twice impossible; `due` is aware."""

    union_id: str
    source_id: str
    subject: str
    description: str
    due: datetime
    detail_url: str


class TodoFailed(Exception):
    """The platform did not do it. `again` says whether trying later may help, and `wait` when.

    Where it only was not our turn (`counts` False), the try does not count.
    """

    def __init__(
        self,
        reason: str,
        *,
        again: bool = True,
        wait: timedelta | None = None,
        counts: bool = True,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        self.wait = wait
        self.counts = counts


class TodoList(Protocol):
    """The to-do lists of one platform. Every method raises TodoFailed."""

    async def create(self, todo: NewTodo) -> str:
        """The platform's id of it, also when one with this source id was there already."""
        ...

    async def find(self, union_id: str, source_id: str) -> str:
        """The id of the one with this source id, "" when there is none."""
        ...

    async def close(self, union_id: str, todo_id: str) -> None:
        """Mark it as done for its person."""
        ...


async def want(approval_id: int, people: Sequence[int], now: datetime) -> None:
    """These people are asked: those with a to-do list get it there too. Joins the transaction."""
    if await db.execute(_WANT, approval_id, list(people), now):
        await jobs.enqueue(jobs.TODO)


async def review(now: datetime, approval_id: int | None = None) -> int:
    """Who is no longer asked (about one approval, or any) has it taken off; how many rows."""
    moved = await db.execute(_REVIEW, approval_id, now)
    if moved:
        await jobs.enqueue(jobs.TODO)
    return moved


FactsOf = Callable[[int], Awaitable[Mapping[str, Any]]]


class Todos:
    """`facts_of` gives what an approval's card shows now (`Approvals.facts`)."""

    def __init__(
        self, facts_of: FactsOf, catalogue: Catalogue, hospital: Hospital, clock: Clock
    ) -> None:
        self._facts_of = facts_of
        self._catalogue = catalogue
        self._hospital = hospital
        self._clock = clock

    async def wake_for_due(self) -> int:
        """A job when something is to be done; nothing while there is nothing."""
        now = self._clock.now()
        moved = await review(now)
        due = bool(await db.fetch_value(_DUE, now))
        if due and not moved:
            await jobs.enqueue(jobs.TODO)
        return int(due)

    async def reconcile(self, port: TodoList) -> int:
        """Create what is wanted and close what is decided, one after another; how many tried.

        A row is claimed by a statement of its own that moves its `retry_at` into the future: a
        lease, not a lock. No transaction is open while the platform answers, so nobody who decides
        waits for it. Every later change is conditional on what the row has become meanwhile.
        Killed in between, the row is due again when the lease ends, and creating it once more
        finds what was created, by the source id.
        """
        tried = 0
        while row := await db.fetch_one(_CLAIM, self._clock.now(), LEASE):
            await self._settle(row, port)
            tried += 1
        return tried

    async def _settle(self, row: db.Row, port: TodoList) -> None:
        try:
            async with asyncio.timeout(CALL.total_seconds()):
                await self._carry_out(row, port)
        except TodoFailed as failed:
            await self._failed(row, failed)
        except TimeoutError:
            await self._failed(row, TodoFailed("no reply in time"))
        except Exception as error:
            # One that cannot be carried out must not keep the others from their turn.
            log.error("todo_broke", todo=row["id"], exc_info=error)
            await self._failed(row, TodoFailed(type(error).__name__))

    async def _carry_out(self, row: db.Row, port: TodoList) -> None:
        union_id = row["union_id"]
        if not union_id:
            raise TodoFailed("the person has no account there any more", again=False)
        if row["state"] == "wanted":
            todo_id = await port.create(await self._described(row))
            await db.execute(_CREATED, row["id"], todo_id, self._clock.now())
            return
        found = row["platform_id"] or await port.find(union_id, row["source_id"])
        if found:
            await port.close(union_id, found)
        await db.execute(_CLOSED, row["id"])

    async def _described(self, row: db.Row) -> NewTodo:
        """What the card shows to the same person; its title alone stands where others may look.

        The link is the console's: it needs a sign-in and carries no secret, and nothing can be
        decided behind it. The platform wants one; the way to decide stands in the words.
        """
        card = self._catalogue.card(
            f"{row['kind']}/approval", await self._facts_of(row["approval_id"])
        )
        facts = [f"{fact.label}：{fact.value}" for fact in card.facts]
        return NewTodo(
            row["union_id"],
            row["source_id"],
            card.title,
            self._catalogue.phrase("todos", "description", body=card.body, facts=facts),
            row["expires_at"],
            f"{self._hospital.public_url}/console",
        )

    async def _failed(self, row: db.Row, failed: TodoFailed) -> None:
        spent = failed.counts and row["attempts"] >= TRIES
        wait = failed.wait or min(FIRST_WAIT * 2 ** (row["attempts"] - 1), LONGEST_WAIT)
        log.warning("todo_failed", todo=row["id"], state=row["state"], reason=failed.reason)
        await db.execute(
            _FAILED,
            row["id"],
            self._clock.now() + wait,
            failed.reason[:255],
            0 if failed.counts else 1,
            spent or not failed.again,
            row["state"],
        )
