"""What is due, still true, allowed now and within budget becomes parcels; the rest is written off.

One transaction per batch: every delivery looked at leaves it with its next state. Claims on one
channel are serialised by a lock, so budgets hold across replicas.
"""

from __future__ import annotations

import secrets
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from bot.channels import Channel
from message_templates.errors import TemplateError
from models import db
from models.answer_codes import code_of
from models.cards import Card, Picture, Sendable
from models.clock import SHANGHAI, Clock
from models.policies import Policies
from scheduler.holding import Aside, Holds
from scheduler.outcomes import climb
from scheduler.parcels import Parcel, grouped, parcel_of
from scheduler.rendering import Renderer
from services.quotas import Quotas
from services.reach import Ladder

log = structlog.get_logger()

# The pause is asked in the same statement as the rows, though `_room` asked it before: a refusal
# that is written down in between makes its delivery due again and the channel rest at once.
_DUE = """
SELECT d.id, d.message_id, d.person_id, d.group_id, d.candidate_id, d.address, d.attempts,
       d.expires_at, d.state, d.send_id, d.priority, m.purpose, m.subject_id, m.context,
       m.withdrawn_at
  FROM deliveries d JOIN messages m ON m.id = d.message_id
 WHERE d.channel = $1 AND d.state = 'queued' AND d.not_before <= $2
   AND NOT EXISTS (SELECT 1 FROM channel_pauses WHERE channel = $1 AND until > $2)
   AND NOT EXISTS (SELECT 1 FROM deliveries s
                    WHERE s.person_id = d.person_id AND s.state = 'sending')
   AND (d.group_id IS NULL OR NOT EXISTS (
            SELECT 1 FROM deliveries s WHERE s.group_id = d.group_id AND s.state = 'sending'))
   AND (d.candidate_id IS NULL OR NOT EXISTS (
            SELECT 1 FROM deliveries s
             WHERE s.candidate_id = d.candidate_id AND s.state = 'sending'))
 ORDER BY d.priority, d.not_before, d.id LIMIT $3
   FOR UPDATE OF d SKIP LOCKED
"""
_NEW_SENDS = """
INSERT INTO sends (channel, task_id, code, is_card, repeatable, first_at)
SELECT $1, task_id, code, is_card, repeatable, $6
  FROM unnest($2::text[], $3::text[], $4::boolean[], $5::boolean[])
       AS t(task_id, code, is_card, repeatable)
RETURNING id, task_id
"""
CLAIM = """
WITH claimed AS (
    UPDATE deliveries d SET state = 'sending', send_id = n.send_id, claimed_by = $3,
           claimed_at = $4, repeat_until = NULL
      FROM unnest($1::bigint[], $2::bigint[]) AS n(id, send_id) WHERE d.id = n.id
    RETURNING d.id
)
INSERT INTO delivery_events (delivery_id, state, at) SELECT id, 'sending', $4 FROM claimed
"""
_SET_ASIDE = """
WITH moved AS (
    UPDATE deliveries d SET state = n.state, reason = n.reason,
           not_before = coalesce(n.not_before, d.not_before)
      FROM unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[])
           AS n(id, state, reason, not_before)
     WHERE d.id = n.id
    RETURNING d.id, d.state, d.reason
)
INSERT INTO delivery_events (delivery_id, state, at, detail)
SELECT id, state, $5, reason FROM moved
"""
_USE = """
INSERT INTO channel_usage (channel, day, used) VALUES ($1, $2, $3)
ON CONFLICT (channel, day) DO UPDATE SET used = channel_usage.used + excluded.used
"""


@dataclass(slots=True)
class Batch:
    """The outcome of one claim: calls to make, and whether more may be waiting."""

    parcels: list[tuple[Parcel, Sendable]] = field(default_factory=list)
    more: bool = False


class Claimer:
    def __init__(
        self,
        renderer: Renderer,
        policies: Policies,
        quotas: Quotas,
        ladder: Ladder,
        clock: Clock,
    ) -> None:
        self.renderer = renderer
        self.policies = policies
        self._holds = Holds(renderer.purposes, policies, quotas)
        self.ladder = ladder
        self.clock = clock

    async def claim(self, channel: Channel, worker_id: int, limit: int) -> Batch:
        """Take up to `limit` due deliveries of a channel."""
        now = self.clock.now()
        async with db.transaction():
            await db.lock(f"claim:{channel.name}")
            room = await self._room(channel, now)
            rows = await db.fetch(_DUE, channel.name, now, min(limit, room)) if room > 0 else []
            if not rows:
                return Batch()
            sendable, asides = await self._holds.sort(rows, channel, now)
            contents = await self._render(sendable, asides)
            ready = [row for row in sendable if row["message_id"] in contents]
            parcels = await self._parcels(ready, contents, channel, now)
            await self._write(parcels, asides, channel, worker_id, now)
        return Batch(parcels, more=len(rows) == min(limit, room))

    async def _room(self, channel: Channel, now: datetime) -> int:
        """How many more this channel may send today; 0 while it rests."""
        row = await db.fetch_one(
            "SELECT (SELECT until FROM channel_pauses WHERE channel = $1) AS until, "
            "(SELECT used FROM channel_usage WHERE channel = $1 AND day = $2) AS used",
            channel.name,
            now.astimezone(SHANGHAI).date(),
        )
        assert row is not None
        if row["until"] is not None and row["until"] > now:
            return 0
        return self.policies.budgets.channel_per_day - (row["used"] or 0)

    async def _render(self, rows: Sequence[db.Row], asides: list[Aside]) -> dict[int, Sendable]:
        """Message id → content, for those that still stand; the others are set aside."""
        facts = await self.renderer.facts_of(rows)
        contents: dict[int, Sendable] = {}
        broken: dict[int, str] = {}
        known: dict[Hashable, Sendable] = {}
        for message_id, (template, fact) in facts.items():
            if fact.broken:
                broken[message_id] = fact.broken
                continue
            if not fact.stands:
                continue
            try:
                contents[message_id] = self.renderer.content(template, fact.context, known)
            except TemplateError as error:
                log.error("template_failed", template=template, error=str(error))
                broken[message_id] = str(error)[:255]
        for row in rows:
            message = row["message_id"]
            if message in broken:
                asides.append(Aside(row["id"], "failed", broken[message]))
            elif message not in contents:
                why = facts[message][1].why_not if message in facts else "its subject is gone"
                asides.append(Aside(row["id"], "withdrawn", why or "no longer true"))
        return contents

    async def _parcels(
        self,
        rows: Sequence[db.Row],
        contents: Mapping[int, Sendable],
        channel: Channel,
        now: datetime,
    ) -> list[tuple[Parcel, Sendable]]:
        """Group equal content, up to the channel's batch, and give each call its task id."""
        groups = grouped(rows, contents, channel.batch)
        task_ids = [secrets.token_urlsafe(18) for _ in groups]
        cards = [isinstance(content, Card) for content, _ in groups]
        codes = [code_of(task_id) for task_id in task_ids]
        repeatable = [_repeatable(channel, content) for content, _ in groups]
        made = (
            await db.fetch(_NEW_SENDS, channel.name, task_ids, codes, cards, repeatable, now)
            if groups
            else []
        )
        ids = {row["task_id"]: row["id"] for row in made}
        return [
            (parcel_of(ids[task_id], task_id, now, members, repeatable=again), content)
            for task_id, again, (content, members) in zip(
                task_ids, repeatable, groups, strict=True
            )
        ]

    async def _write(
        self,
        parcels: Sequence[tuple[Parcel, Sendable]],
        asides: Sequence[Aside],
        channel: Channel,
        worker_id: int,
        now: datetime,
    ) -> None:
        pairs = [(d, parcel.send_id) for parcel, _ in parcels for d in parcel.deliveries]
        if pairs:
            ids, sends = zip(*pairs, strict=True)
            await db.execute(CLAIM, list(ids), list(sends), worker_id, now)
            await db.execute(_USE, channel.name, now.astimezone(SHANGHAI).date(), len(pairs))
        if asides:
            await db.execute(
                _SET_ASIDE,
                [aside.id for aside in asides],
                [aside.state for aside in asides],
                [aside.reason[:255] for aside in asides],
                [aside.not_before for aside in asides],
                now,
            )
            for aside in asides:
                if aside.climbs:
                    await climb(aside.id, self.ladder, now)


def _repeatable(channel: Channel, content: Sendable) -> bool:
    """A picture never: sent anew it has another id, which no platform knows for the same."""
    return not isinstance(content, Picture) and channel.repeatable(content)
