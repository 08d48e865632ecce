"""The way in. An event is handled and stored in one transaction, or parked, or not acknowledged.

Promises: a duplicate changes nothing and gets the same reply; events of one person are handled in
order; an acknowledged event is never lost.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Histogram

from bot import answering, wire_form
from bot.dispatch import Dispatcher
from bot.events import Event, MediaSent, Reply
from bot.intake import NotStored
from bot.media import Fetcher
from bot.wire_form import sender
from models import db
from models.cards import Text
from models.clock import Clock
from models.inbox import InboxState
from services import actors, jobs
from services.ledger import Ledger
from services.refusals import Refusal

log = structlog.get_logger()

EVENTS = Counter("wardbell_events", "Events taken in", ["platform", "result"])
SECONDS = Histogram("wardbell_event_seconds", "From decoded to committed", ["platform"])

CARRIES_REPLY = "replies.late"  # the purpose of a reply that missed its passive moment
BUDGET = 3.0  # seconds for a handler; the platform hangs up after five
LATE_BUDGET = 30.0  # seconds, when nobody waits for the answer any more
ATTEMPTS = 6
_STORE = "SELECT * FROM take_event($1, $2, $3, $4, $5)"
_POSTPONE = """
UPDATE inbox SET state = 'pending', retry_at = $2, error = $3 WHERE id = $1
"""


@dataclass(frozen=True, slots=True)
class _Stored:
    id: int
    kind: str
    payload: str
    attempts: int


class Pipeline:
    """`budget` and `late_budget` are the seconds a handler has at once and in a later try.

    What `fetcher` takes is first stored and acknowledged, then fetched without a transaction, and
    only then handled, before anything the same person says afterwards.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        ledger: Ledger,
        clock: Clock,
        *,
        fetcher: Fetcher | None = None,
        budget: float = BUDGET,
        late_budget: float = LATE_BUDGET,
    ) -> None:
        self.fetcher = fetcher
        self.dispatcher = dispatcher
        self.ledger = ledger
        self.clock = clock
        self.budget = budget
        self.late_budget = late_budget

    async def take(self, event: Event, budget: float | None = None) -> Reply | None:
        """Handle an event now, or make sure it will be. Raises NotStored when neither worked.

        `budget` is the handler's time in seconds where a platform waits less long than usual.
        """
        with SECONDS.labels(event.platform).time():
            if self.dispatcher.only_reads(event):
                reply = await answering.answer(event, self.dispatcher, self.clock)
                if reply is not None:
                    EVENTS.labels(event.platform, "done").inc()
                    return reply
            try:
                seconds = budget or self.budget
                async with asyncio.timeout(seconds + 1), db.transaction():
                    return await self._store_and_handle(event, seconds)
            except Exception as error:
                log.warning("event_not_handled", kind=type(event).__name__, exc_info=error)
                await self._park(event, error)
                return None

    async def _store_and_handle(self, event: Event, budget: float) -> Reply | None:
        stored = await db.fetch_one(
            _STORE,
            event.event_id,
            sender(event),
            type(event).__name__,
            wire_form.seal_event(event),
            self.clock.now(),
        )
        if stored is None:
            EVENTS.labels(event.platform, "duplicate").inc()
            return await self._reply_given(event.event_id)
        if stored["waits"]:
            await self._postpone(stored["id"], event, "waits for an earlier one")
            return None
        if await self._to_be_fetched(event):
            return await self._fetch_later(stored["id"], event)
        try:
            async with asyncio.timeout(budget):
                reply = await self.dispatcher.handle(event)
        except Exception as error:
            # The handler's own changes were rolled back to a savepoint; the event stays, pending.
            log.warning("event_postponed", kind=type(event).__name__, exc_info=error)
            await self._postpone(stored["id"], event, type(error).__name__)
            return None
        EVENTS.labels(event.platform, "done").inc()
        if reply is not None:
            await self._keep_reply(stored["id"], reply)
        return reply

    async def _postpone(self, inbox_id: int, event: Event, why: str) -> None:
        EVENTS.labels(event.platform, "postponed").inc()
        await db.execute(_POSTPONE, inbox_id, self.clock.now(), why)
        await jobs.enqueue(jobs.HANDLE, sender(event), after=timedelta(seconds=1))

    async def _to_be_fetched(self, event: Event) -> bool:
        """Nothing of a stranger's is fetched."""
        if self.fetcher is None or not self.fetcher.takes(event):
            return False
        return await actors.find(event.platform, event.user) is not None

    async def _fetch_later(self, inbox_id: int, event: Event) -> Reply:
        EVENTS.labels(event.platform, "fetching").inc()
        await db.execute(_POSTPONE, inbox_id, self.clock.now(), "to be fetched")
        await jobs.enqueue(jobs.HANDLE, sender(event))
        reply = Text(self.dispatcher.catalogue.phrase("replies", "photo_taken"))
        await self._keep_reply(inbox_id, reply)
        return reply

    async def _keep_reply(self, inbox_id: int, reply: Reply) -> None:
        await db.execute(
            "UPDATE inbox SET reply = $2 WHERE id = $1", inbox_id, wire_form.seal_reply(reply)
        )

    async def _reply_given(self, event_id: str) -> Reply | None:
        body = await db.fetch_value("SELECT reply FROM inbox WHERE event_id = $1", event_id)
        return wire_form.open_reply(body) if body else None

    async def _park(self, event: Event, error: Exception) -> None:
        """The transaction itself broke: store the event in one of its own, for a later try."""
        EVENTS.labels(event.platform, "parked").inc()
        try:
            async with asyncio.timeout(1), db.transaction():
                stored = await db.fetch_one(
                    _STORE,
                    event.event_id,
                    sender(event),
                    type(event).__name__,
                    wire_form.seal_event(event),
                    self.clock.now(),
                )
                if stored is not None:
                    await self._postpone(stored["id"], event, type(error).__name__)
        except Exception as worse:
            raise NotStored(type(worse).__name__) from worse

    async def handle_parked(self, who: str) -> None:
        """Work off the parked events of one sender, oldest first, until one must wait again."""
        while await self._handle_oldest(who):
            pass

    async def _handle_oldest(self, who: str) -> bool:
        stored = await self._oldest(who)
        if stored is None:
            return False
        try:
            event = wire_form.open_event(stored.kind, stored.payload)
            event, refused = await self._fetched(event)
        except Exception as error:
            return await self._count_failure(stored, error)
        return await self._handle(who, stored, event, refused)

    async def _fetched(self, event: Event) -> tuple[Event, Reply | None]:
        """With its file, where there is one to fetch; or the answer when that cannot be."""
        if self.fetcher is None or not self.fetcher.takes(event):
            return event, None
        assert isinstance(event, MediaSent)
        try:
            return await self.fetcher.fetched(event), None
        except Refusal as refusal:
            return event, Text(self.dispatcher.worded(refusal))

    async def _handle(
        self, who: str, oldest: _Stored, event: Event, refused: Reply | None
    ) -> bool:
        stored: _Stored | None = None
        try:
            async with asyncio.timeout(self.late_budget), db.transaction():
                await db.fetch("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", who)
                stored = await self._oldest(who)
                if stored is None or stored.id != oldest.id:
                    return stored is not None  # another worker was faster
                reply = refused or await self.dispatcher.handle(event)
                await db.execute(
                    "UPDATE inbox SET state = 'done', retry_at = NULL WHERE id = $1", stored.id
                )
                await self.answer_late(event, reply)
        except Exception as error:
            if stored is None:
                raise
            return await self._count_failure(stored, error)
        return True

    async def _oldest(self, who: str) -> _Stored | None:
        """The oldest event of one sender that was parked, if it is due."""
        row = await db.fetch_one(
            "SELECT id, kind, payload, attempts, retry_at FROM inbox "
            "WHERE sender = $1 AND state = 'pending' ORDER BY id LIMIT 1",
            who,
        )
        if row is None or row["retry_at"] > self.clock.now():
            return None
        return _Stored(row["id"], row["kind"], row["payload"], row["attempts"])

    async def answer_late(self, event: Event, reply: Reply | None) -> bool:
        """The moment for a passive reply is gone; what it said goes through the ledger.

        False when there is nothing to say or nobody is known by that name.
        """
        actor = await actors.find(event.platform, event.user) if reply and event.user else None
        if reply is None or actor is None:
            return False
        async with db.transaction():
            context = {"text": _words(reply)}
            await self.ledger.notify(CARRIES_REPLY, 0, [actor.person_id], context=context)
        return True

    async def _count_failure(self, stored: _Stored, error: Exception) -> bool:
        """Back off, and after too many tries let the operator see it. True: go on to the next."""
        log.warning("parked_event_failed", exc_info=error)
        async with db.transaction():
            row = await db.fetch_one(
                "SELECT id, attempts FROM inbox WHERE id = $1 AND state = 'pending' FOR UPDATE",
                stored.id,
            )
            if row is None:
                return False
            dead = row["attempts"] + 1 >= ATTEMPTS
            await db.execute(
                "UPDATE inbox SET attempts = attempts + 1, state = $2, retry_at = $3, error = $4 "
                "WHERE id = $1",
                row["id"],
                InboxState.DEAD if dead else InboxState.PENDING,
                next_try(self.clock.now(), row["attempts"]),
                type(error).__name__,
            )
            if dead and self.fetcher is not None:
                await self._tell_lost(stored)
        EVENTS.labels("inbox", "dead" if dead else "retried").inc()
        return bool(dead)

    async def _tell_lost(self, stored: _Stored) -> None:
        """Who sent a picture that could not be had is told to send it again."""
        if stored.kind == MediaSent.__name__:
            event = wire_form.open_event(stored.kind, stored.payload)
            words = self.dispatcher.catalogue.phrase("replies", "photo_lost")
            await self.answer_late(event, Text(words))


def next_try(now: datetime, attempts: int) -> datetime:
    return now + timedelta(seconds=min(2**attempts, 60))


def _words(reply: Reply) -> str:
    """What a reply says when it can only be text."""
    return reply.content if isinstance(reply, Text) else reply.card.closed or reply.card.title
