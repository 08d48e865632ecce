"""Puts customer service together: pulls what candidates did and takes it in like any event."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

import orjson
import structlog

from bot.channels import SendFailed
from bot.events import CardTapped, ChatMoved, Event, LinkEntered, MediaSent, Reply, TextSaid
from bot.guest_dispatch import Bind
from bot.kf_sessions import KfSessions
from bot.pipeline import Pipeline
from bot.platforms.wecom.kf.bodies import kf_body
from bot.platforms.wecom.kf.client import KfClient
from bot.platforms.wecom.kf.events import (
    KfEntered,
    KfEvent,
    KfMediaSent,
    KfSaid,
    KfSendFailed,
    KfSessionChanged,
)
from bot.platforms.wecom.kf.menus import read_menu_id
from bot.platforms.wecom.kf.puller import Puller
from handlers.kf import PLACE
from models import db, sealed
from models.cards import Text
from models.clock import Clock
from scheduler.bounces import bounced
from services import chats, guests
from services.guests import PLATFORM
from services.reach import Ladder

log = structlog.get_logger()


LOOK_EVERY = 240.0  # seconds; the tick comes a little less often
_SESSION_OVER = (4, 5)  # KfSendFailed.fail_type: older than 48 hours, closed

_MOVE = """
INSERT INTO kf_cursors (open_kfid, cursor) VALUES ($1, $2)
ON CONFLICT (open_kfid) DO UPDATE SET cursor = excluded.cursor WHERE kf_cursors.cursor = $3
RETURNING open_kfid
"""


class DatabaseCursors:
    """Implements CursorStore: up to where each account was pulled and handled."""

    async def get(self, open_kfid: str) -> str:
        found = await db.fetch_value(
            "SELECT cursor FROM kf_cursors WHERE open_kfid = $1", open_kfid
        )
        return found or ""

    async def set(self, open_kfid: str, cursor: str, *, seen: str) -> bool:
        async with db.transaction():
            await db.lock(f"kf:{open_kfid}")
            if await self.get(open_kfid) != seen:
                return False
            return await db.fetch_one(_MOVE, open_kfid, cursor, seen) is not None


class KfDesk:
    """What the worker does when customer service rings."""

    def __init__(
        self,
        client: KfClient,
        sessions: KfSessions,
        pipeline: Pipeline,
        ladder: Ladder,
        accounts: Sequence[str],
        bind: Bind,
        clock: Clock,
    ) -> None:
        self.client = client
        self.sessions = sessions
        self.bind = bind
        self.pipeline = pipeline
        self.ladder = ladder
        self.accounts = tuple(accounts)
        self.clock = clock
        self._came, self._look_after = 0, float("-inf")
        self._puller = Puller(client, DatabaseCursors(), self._page, clock)

    async def rang(self, payload: str) -> None:
        """The job: pull with the token of the ring."""
        ring = orjson.loads(sealed.open_sealed(PLACE, payload))
        if ring["open_kfid"] in self.accounts:
            await self._puller.rang(ring["open_kfid"], ring["token"])

    async def look(self) -> int:
        """A ring may be lost: now and then every account is pulled without one.

        How many entries came. Often asked, it looks rarely: the platform limits such pulls.
        """
        now = self.clock.monotonic()
        if now < self._look_after:
            return 0
        self._look_after, before = now + LOOK_EVERY, self._came
        for account in self.accounts:
            try:
                await self._puller.rang(account)
            except SendFailed as failed:
                log.warning("kf_not_pulled", code=failed.code, failure=failed.failure)
        return self._came - before

    async def _page(self, events: Sequence[KfEvent]) -> None:
        self._came += len(events)
        for event in events:
            await self._one(event)

    async def _one(self, event: KfEvent) -> None:
        """Raises NotStored: the page then comes again, and what was stored is known."""
        if isinstance(event, KfSendFailed):
            async with db.transaction():
                why = f"not brought ({event.fail_type})"
                await bounced(event.fail_msgid, why, self.ladder, self.clock.now())
            if event.fail_type in _SESSION_OVER:
                await self.sessions.look(event.open_kfid, event.user, self.clock.now())
        elif (neutral := neutral_event(event)) is not None:
            if isinstance(event, KfSaid):
                await self._recognise(event)
                if await chats.worth_asking(event.open_kfid, event.user, event.at):
                    await self.sessions.look(event.open_kfid, event.user, event.at)
            await self._post(event, await self.pipeline.take(neutral))

    async def _recognise(self, event: KfSaid) -> None:
        """Their first words to us, and no entering was heard: the platform still knows by which
        link they came, for 48 hours (D95159)."""
        if await guests.known(event.open_kfid, event.user):
            return
        try:
            found = await self.client.customers([event.user])
        except SendFailed as failed:
            log.warning("kf_customer_unknown", code=failed.code, failure=failed.failure)
            return
        for customer in found:
            candidate = await self.bind(customer.scene_param) if customer.scene_param else None
            if candidate is not None:
                await guests.entered(event.open_kfid, event.user, event.at, candidate)

    async def _post(self, event: KfEvent, reply: Reply | None) -> None:
        """Words to whoever enters, or to a stranger. What cannot be brought is let go."""
        if not isinstance(reply, Text):
            return
        msgid = hashlib.sha256(f"reply\0{event.open_kfid}\0{event.msgid}".encode()).hexdigest()
        body = kf_body(reply, key=msgid[:32], event=True)
        try:
            if isinstance(event, KfEntered):
                if event.welcome_code:
                    await self.client.send_on_event(event.welcome_code, body, msgid=msgid[:32])
                return
            await self.client.send(event.open_kfid, event.user, body, msgid=msgid[:32])
        except SendFailed as failed:
            log.warning("kf_reply_not_posted", code=failed.code, failure=failed.failure)


def neutral_event(event: KfEvent) -> Event | None:
    """The event for the pipeline; None for kinds that mean nothing to us."""
    head = _Head(
        platform=PLATFORM,
        app=event.open_kfid,
        event_id=f"kf:{event.open_kfid}:{event.msgid}"[:160],
        user=event.user,
        at=event.at,
    )
    match event:
        case KfSaid(menu_id=tapped) if tapped and (pressed := read_menu_id(tapped)):
            chosen = {pressed.select: (pressed.option,)} if pressed.select else {}
            return CardTapped(**head, verb=pressed.verb, task_id=pressed.key, selected=chosen)
        case KfSaid():
            return TextSaid(**head, text=event.text)
        case KfMediaSent():
            return MediaSent(**head, kind=event.kind, media_id=event.media_id)
        case KfEntered():
            return LinkEntered(**head, scene=event.scene, scene_param=event.scene_param)
        case KfSessionChanged():
            return ChatMoved(**head, change=event.change, servicer=event.servicer)
        case _:
            return None


class _Head(TypedDict):
    platform: str
    app: str
    event_id: str
    user: str
    at: datetime
