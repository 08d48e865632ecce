"""Sends whose fate is unknown are repeated where the platform drops a repeated identical call."""

from __future__ import annotations

from collections.abc import Collection

import structlog

from bot.channels import Channel
from message_templates.errors import TemplateError
from models import db
from models.cards import Sendable
from models.clock import Clock
from scheduler.claiming import CLAIM, Batch
from scheduler.parcels import Parcel, parcel_of
from scheduler.rendering import Renderer
from services.candidate_reach import opted_out

log = structlog.get_logger()

_DUE = """
SELECT s.id, s.task_id, s.first_at, s.repeatable FROM sends s
 WHERE s.id IN (SELECT send_id FROM deliveries
                 WHERE channel = $1 AND state = 'unknown' AND repeat_until IS NOT NULL
                   AND not_before <= $2 LIMIT $3)
   AND NOT EXISTS (SELECT 1 FROM channel_pauses WHERE channel = $1 AND until > $2)
   FOR UPDATE SKIP LOCKED
"""
# Everybody the first call named, whatever became of them since: a call that names fewer is another
# call, which the duplicate check would let through.
_MEMBERS = """
SELECT d.*, m.purpose, m.subject_id, m.context FROM deliveries d
  JOIN messages m ON m.id = d.message_id
 WHERE d.send_id = ANY($1) ORDER BY d.id
"""
_GIVE_UP = """
UPDATE deliveries SET repeat_until = NULL
 WHERE state = 'unknown' AND repeat_until IS NOT NULL
   AND (repeat_until <= $1 OR id = ANY($2))
"""


class Repeater:
    def __init__(self, renderer: Renderer, clock: Clock) -> None:
        self.renderer = renderer
        self.clock = clock

    async def claim(self, channel: Channel, worker_id: int, limit: int) -> Batch:
        """Unknown sends that may be repeated: same receivers, same task id, same words."""
        now = self.clock.now()
        async with db.transaction():
            await db.execute(_GIVE_UP, now, [])
            sends = {row["id"]: row for row in await db.fetch(_DUE, channel.name, now, limit)}
            if not sends:
                return Batch()
            rows = await db.fetch(_MEMBERS, list(sends))
            parcels = await self._still_true(sends, rows)
            kept = {d for parcel, _ in parcels for d in parcel.deliveries}
            dropped = [row["id"] for row in rows if row["id"] not in kept]
            await db.execute(_GIVE_UP, now, dropped)
            pairs = [(d, parcel.send_id) for parcel, _ in parcels for d in parcel.deliveries]
            if pairs:
                ids, send_ids = zip(*pairs, strict=True)
                await db.execute(CLAIM, list(ids), list(send_ids), worker_id, now)
        return Batch(parcels, more=len(sends) == limit)

    async def _still_true(
        self, sends: dict[int, db.Row], rows: list[db.Row]
    ) -> list[tuple[Parcel, Sendable]]:
        """What is no longer true is not repeated; whether it arrived stays unknown."""
        facts = await self.renderer.facts_of(rows)
        gone = await opted_out({row["candidate_id"] for row in rows} - {None})
        parcels = []
        by_send: dict[int, list[db.Row]] = {send_id: [] for send_id in sends}
        for row in rows:
            by_send[row["send_id"]].append(row)
        for send_id, send in sends.items():
            members = by_send[send_id]
            if not self._may_leave(members, gone):
                continue
            told = [facts.get(row["message_id"]) for row in members if row["state"] == "unknown"]
            standing = [each for each in told if each and each[1].stands and not each[1].broken]
            if not told or len(standing) < len(told):
                continue
            template, first = standing[0]
            try:
                content = self.renderer.content(template, first.context)
            except TemplateError as error:  # one that cannot be said must not keep others waiting
                log.error("template_failed", template=template, error=str(error))
                continue
            parcel = parcel_of(
                send_id, send["task_id"], send["first_at"], members, settles="unknown"
            )
            parcels.append((parcel, content))
        return parcels

    def _may_leave(self, members: list[db.Row], opted_out: Collection[int]) -> bool:
        """A repeat may be the call that arrives: it keeps to its hours, as the first did, and to
        what candidates wish by now."""
        now = self.clock.now()
        for row in members:
            purpose = self.renderer.purposes[row["purpose"]]
            if row["candidate_id"] in opted_out and not purpose.always:
                return False
            if purpose.window is not None and purpose.window(now) > now:
                return False
        return True
