"""What is due, still true, allowed now and within budget becomes parcels; the rest is written off.

One transaction per batch: every delivery looked at leaves it with its next state. Claims on one
channel are serialised by a lock, so budgets hold across replicas.
"""

from __future__ import annotations

import secrets
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.channels import Channel
from message_templates.catalogue import Catalogue
from message_templates.errors import TemplateError
from models import db, sealed
from models.answer_codes import code_of
from models.cards import Card, Content
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from models.policies import Policies
from scheduler.outcomes import Parcel, climb
from services import quiet
from services.ledger import CONTEXT
from services.purposes import Facts, Purpose, Purposes, Subject
from services.quotas import Quotas
from services.reach import Ladder

log = structlog.get_logger()

BROKEN = (KeyError, ValueError, TypeError, AttributeError, IndexError, sealed.SealError)

_DUE = """
SELECT d.id, d.message_id, d.person_id, d.group_id, d.address, d.attempts, d.expires_at,
       d.state, d.send_id, d.priority, m.purpose, m.subject_id, m.context, m.withdrawn_at
  FROM deliveries d JOIN messages m ON m.id = d.message_id
 WHERE d.channel = $1 AND d.state = 'queued' AND d.not_before <= $2
   AND NOT EXISTS (SELECT 1 FROM deliveries s
                    WHERE s.person_id = d.person_id AND s.state = 'sending')
   AND (d.group_id IS NULL OR NOT EXISTS (
            SELECT 1 FROM deliveries s WHERE s.group_id = d.group_id AND s.state = 'sending'))
 ORDER BY d.priority, d.not_before, d.id LIMIT $3
   FOR UPDATE OF d SKIP LOCKED
"""
_USED = """
SELECT person_id,
       count(*) FILTER (WHERE claimed_at > $2::timestamptz - interval '1 minute') AS minute,
       count(*) AS hour
  FROM deliveries
 WHERE person_id = ANY($1) AND channel = $3 AND claimed_at > $2::timestamptz - interval '1 hour'
 GROUP BY person_id
"""
_USED_BY_GROUPS = """
SELECT address,
       count(*) FILTER (WHERE claimed_at > $2::timestamptz - interval '1 minute') AS minute,
       count(*) AS hour
  FROM deliveries
 WHERE person_id IS NULL AND address = ANY($1) AND channel = $3
   AND claimed_at > $2::timestamptz - interval '1 hour'
 GROUP BY address
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

    parcels: list[tuple[Parcel, Content]] = field(default_factory=list)
    more: bool = False


@dataclass(frozen=True, slots=True)
class _Aside:
    """A delivery that is not sent now: expired, withdrawn, suppressed, failed, or queued later."""

    id: int
    state: str
    reason: str
    not_before: datetime | None = None
    climbs: bool = False  # the next channel of the ladder may still carry it


class Claimer:
    def __init__(
        self,
        purposes: Purposes,
        catalogue: Catalogue,
        policies: Policies,
        quotas: Quotas,
        ladder: Ladder,
        clock: Clock,
    ) -> None:
        self.purposes = purposes
        self.catalogue = catalogue
        self.policies = policies
        self.quotas = quotas
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
            sendable, asides = await self._sort(rows, channel, now)
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

    async def _sort(
        self, rows: Sequence[db.Row], channel: Channel, now: datetime
    ) -> tuple[list[db.Row], list[_Aside]]:
        """Split into what may be sent now and what may not. One per person at a time, in order."""
        people = list({row["person_id"] for row in rows if row["person_id"] is not None})
        resting = await quiet.resting_until(self.policies.quiet, people, now)
        used = await _used(rows, people, channel, now)
        allowed = await self.quotas.allowed(channel.name)
        night = quiet.night_ends(self.policies.quiet, now)
        sendable, asides, taken = [], [], set[int | str]()
        for row in rows:
            receiver = _receiver(row)
            if receiver in taken:
                continue
            until = _latest(night, resting.get(row["person_id"]))
            aside = self._hold(row, until, used.get(receiver), channel, now)
            if aside is None and row["priority"] > allowed:
                aside = _Aside(row["id"], "failed", "monthly quota", climbs=True)
            if aside is None:
                sendable.append(row)
                taken.add(receiver)
            else:
                asides.append(aside)
        return sendable, asides

    def _hold(
        self,
        row: db.Row,
        quiet_until: datetime | None,
        used: db.Row | None,
        channel: Channel,
        now: datetime,
    ) -> _Aside | None:
        if row["withdrawn_at"] is not None:
            return _Aside(row["id"], "withdrawn", "no longer true")
        if row["expires_at"] <= now:
            return _Aside(row["id"], "expired", "too late to be useful")
        purpose = self.purposes[row["purpose"]]
        if row["priority"] == Priority.EMERGENCY:
            return None
        if purpose.quiet and quiet_until is not None:
            if quiet_until >= row["expires_at"]:
                return _Aside(row["id"], "suppressed", "quiet hours until it is useless")
            return _Aside(row["id"], "queued", "quiet hours", quiet_until)
        return self._over_budget(row, used, channel, now)

    def _over_budget(
        self, row: db.Row, used: db.Row | None, channel: Channel, now: datetime
    ) -> _Aside | None:
        budgets = self.policies.budgets
        if used is None:
            return None
        if used["hour"] >= min(budgets.person_per_hour, channel.member_per_hour):
            return _Aside(row["id"], "queued", "hourly budget", now + timedelta(minutes=10))
        if used["minute"] >= min(budgets.person_per_minute, channel.member_per_minute):
            return _Aside(row["id"], "queued", "minute budget", now + timedelta(seconds=60))
        return None

    async def _render(self, rows: Sequence[db.Row], asides: list[_Aside]) -> dict[int, Content]:
        """Message id → content, for those that still stand; the others are set aside."""
        facts = await self.facts_of(rows)
        contents: dict[int, Content] = {}
        broken: dict[int, str] = {}
        known: dict[Hashable, Content] = {}
        for message_id, (purpose, fact) in facts.items():
            if fact.broken:
                broken[message_id] = fact.broken
                continue
            if not fact.stands:
                continue
            try:
                contents[message_id] = self._rendered(purpose, fact.context, known)
            except TemplateError as error:
                log.error("template_failed", purpose=purpose, error=str(error))
                broken[message_id] = str(error)[:255]
        for row in rows:
            message = row["message_id"]
            if message in broken:
                asides.append(_Aside(row["id"], "failed", broken[message]))
            elif message not in contents:
                why = facts[message][1].why_not if message in facts else "its subject is gone"
                asides.append(_Aside(row["id"], "withdrawn", why or "no longer true"))
        return contents

    def _rendered(
        self, template: str, facts: Mapping[str, Any], known: dict[Hashable, Content]
    ) -> Content:
        """The content of these facts; equal facts of a batch are rendered once."""
        key = (template, *facts.items())
        try:
            content = known.get(key)
        except TypeError:  # facts with lists in them: nearly never equal
            return self.catalogue[template].render(facts)
        if content is None:
            content = known[key] = self.catalogue[template].render(facts)
        return content

    async def facts_of(self, rows: Sequence[db.Row]) -> dict[int, tuple[str, Facts]]:
        """Message id → (template, facts), loaded once per purpose for the whole batch."""
        by_purpose: dict[str, dict[int, Subject]] = {}
        for row in rows:
            subjects = by_purpose.setdefault(row["purpose"], {})
            if row["message_id"] not in subjects:
                subjects[row["message_id"]] = _subject(row)
        found: dict[int, tuple[str, Facts]] = {}
        for name, subjects in by_purpose.items():
            purpose = self.purposes[name]
            loaded = await _load(purpose, list(subjects.values()))
            found.update({mid: (purpose.template, facts) for mid, facts in loaded.items()})
        return found

    async def _parcels(
        self,
        rows: Sequence[db.Row],
        contents: Mapping[int, Content],
        channel: Channel,
        now: datetime,
    ) -> list[tuple[Parcel, Content]]:
        """Group equal content, up to the channel's batch, and give each call its task id."""
        groups = _grouped(rows, contents, channel.batch)
        task_ids = [secrets.token_urlsafe(18) for _ in groups]
        cards = [isinstance(content, Card) for content, _ in groups]
        codes = [code_of(task_id) for task_id in task_ids]
        repeatable = [channel.repeatable(content) for content, _ in groups]
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
        parcels: Sequence[tuple[Parcel, Content]],
        asides: Sequence[_Aside],
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


async def _load(purpose: Purpose, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
    """Facts for a batch; what cannot be loaded spoils only itself."""
    try:
        return await purpose.load(subjects)
    except BROKEN as error:
        if len(subjects) == 1:
            log.error("facts_failed", purpose=purpose.name, exc_info=error)
            why = f"its facts cannot be loaded: {type(error).__name__}"
            return {subjects[0].message_id: Facts({}, broken=why)}
    singles = [await _load(purpose, [subject]) for subject in subjects]
    return {message: facts for single in singles for message, facts in single.items()}


def _receiver(row: db.Row) -> int | str:
    """The person, or the address of a group: one message at a time to each, in order."""
    person: int | None = row["person_id"]
    return str(row["address"]) if person is None else person


async def _used(
    rows: Sequence[db.Row], people: Sequence[int], channel: Channel, now: datetime
) -> dict[int | str, db.Row]:
    """Receiver → what went to them in the last minute and hour."""
    used: dict[int | str, db.Row] = {
        row["person_id"]: row for row in await db.fetch(_USED, list(people), now, channel.name)
    }
    groups = list({row["address"] for row in rows if row["person_id"] is None})
    if groups:
        found = await db.fetch(_USED_BY_GROUPS, groups, now, channel.name)
        used.update({row["address"]: row for row in found})
    return used


def _latest(*instants: datetime | None) -> datetime | None:
    return max((instant for instant in instants if instant is not None), default=None)


def _subject(row: db.Row) -> Subject:
    context = sealed.open_json(CONTEXT, row["context"]) if row["context"] else {}
    return Subject(row["message_id"], row["subject_id"], context)


def _grouped(
    rows: Sequence[db.Row], contents: Mapping[int, Content], batch: int
) -> list[tuple[Content, list[db.Row]]]:
    """Rows of equal content together, in the order their first row came, at most `batch` each."""
    by_content: dict[Content, list[db.Row]] = {}
    for row in rows:
        by_content.setdefault(contents[row["message_id"]], []).append(row)
    return [
        (content, members[start : start + batch])
        for content, members in by_content.items()
        for start in range(0, len(members), batch)
    ]


def parcel_of(
    send_id: int,
    task_id: str,
    first_at: datetime,
    rows: Sequence[db.Row],
    *,
    settles: str | None = None,
    repeatable: bool = True,
) -> Parcel:
    """The call for these rows, in an order that a repeat will find again.

    `settles` makes it a repeat: only the rows in that state are still to be settled by it.
    """
    named = sorted(rows, key=lambda row: row["id"])
    open_rows = [row for row in named if settles is None or row["state"] == settles]
    return Parcel(
        send_id,
        task_id,
        first_at,
        tuple(row["id"] for row in open_rows),
        tuple(row["address"] for row in named),
        max(row["attempts"] for row in open_rows),
        repeat=settles is not None,
        repeatable=repeatable,
        reached_at=tuple(row["address"] for row in open_rows),
    )
