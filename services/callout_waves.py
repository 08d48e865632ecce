"""Waves: how many are asked next, when it is looked again, and when it is said not to be enough.

Who may be asked is worked out before the call-out's row is locked, so that thousands of people
never keep one answer waiting; under the lock it is only checked that nothing has moved on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

import structlog

from models import db
from models.callouts import CallKind, CallState
from models.clock import Clock
from services import audit
from services.asks import Asks
from services.callout_curve import Chosen, Curve, Outlook, current, learned, outlook
from services.callout_eligibility import Candidate, Eligibility
from services.callout_ends import ASK, BOARD, CallEnds
from services.callout_facts import wish_of
from services.callout_rules import CallOutRules
from services.callout_wish import CallWish
from services.ledger import Ledger

log = structlog.get_logger()

POLICIES = {CallKind.DRILL: "call_out_drill"}
POLICY = "call_out"
HALF = 0.5  # of a person: less is nobody

_DUE = """
SELECT id FROM call_outs
 WHERE state IN ('asking', 'full') AND next_wave_at <= $1 ORDER BY next_wave_at, id
"""
_SILENT = """
SELECT extract(epoch FROM $2::timestamptz - asked_at)::float8 AS age, count(*) AS people
  FROM call_answers WHERE call_out_id = $1 AND state = 'asked' GROUP BY 1
"""
_SO_FAR = """
SELECT extract(epoch FROM $2::timestamptz - asked_at)::float8 AS age, count(*) AS people,
       count(*) FILTER (WHERE state IN ('yes', 'too_late', 'left')) AS yes
  FROM call_answers WHERE call_out_id = $1 GROUP BY 1
"""
_ASKED = """
INSERT INTO call_answers (call_out_id, person_id, wave, asked_at)
SELECT $1, person_id, $3, $4 FROM unnest($2::bigint[]) AS t(person_id)
ON CONFLICT (call_out_id, person_id) DO UPDATE
   SET state = 'asked', wave = excluded.wave, asked_at = excluded.asked_at, answered_at = NULL,
       eta = NULL, second_channel_at = NULL
 WHERE call_answers.state IN ('too_late', 'stood_down')
RETURNING person_id
"""
_LOOKED = """
UPDATE call_outs SET wave = wave + $2, next_wave_at = least($3, report_at),
       short_at = coalesce(short_at, $4)
 WHERE id = $1 RETURNING *
"""
_BOARDS = """
UPDATE call_outs c SET board_at = $1::timestamptz
 WHERE c.ends_at > $1::timestamptz AND c.state <> 'cancelled'
   AND (c.board_at IS NULL OR (c.board_at <= $2 AND EXISTS (
        SELECT 1 FROM call_answers a WHERE a.call_out_id = c.id
           AND greatest(a.asked_at, a.answered_at) >= c.board_at)))
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Forecast:
    """`wave` people are to be asked now; `best` is what asking everybody left may bring."""

    now: Outlook
    wave: int
    best: Outlook

    def short_of(self, needed: int) -> bool:
        """Whether even some luck would not do: one deviation more than is to be expected."""
        return needed - self.now.expected > HALF and self.best.expected + self.best.spread < needed


def forecast(
    needed: int, so_far: Outlook, left: int, curve: Curve, ahead: float, least: int
) -> Forecast:
    """How many of `left` to ask now: what is missing, over the share that will say yes in time."""
    share = curve.share(ahead)
    missing = needed - so_far.expected
    wave = 0
    if missing > HALF and share > 0:
        wave = min(left, max(ceil(min(missing / share, left)), least))
    elif missing > HALF:
        wave = left  # no time is left to choose
    return Forecast(so_far, wave, so_far.with_more(left, share))


class CallWaves:
    def __init__(
        self,
        ledger: Ledger,
        asks: Asks,
        eligibility: Eligibility,
        ends: CallEnds,
        rules: CallOutRules,
        clock: Clock,
    ) -> None:
        self.ledger = ledger
        self.asks = asks
        self.eligibility = eligibility
        self.ends = ends
        self.rules = rules
        self.clock = clock

    async def run_due(self) -> int:
        """Look at every call-out whose time it is, and at the launchers' cards; how many.

        Raises the first error of a call-out, after all the others had their turn.
        """
        rows = await db.fetch(_DUE, self.clock.now())
        failed: list[Exception] = []
        for row in rows:
            try:
                await self._look(row["id"])
            except Exception as error:  # one that cannot go on must not hold up the others
                log.exception("call_out_failed", call_out=row["id"])
                failed.append(error)
        boards = await self._boards()
        if failed:
            raise failed[0]
        return len(rows) + boards

    async def curve(self, kind: CallKind, launched_at: datetime) -> Chosen:
        rules = self.rules
        return await current(kind, rules.curve, rules.newest, rules.night, launched_at)

    def ahead(self, wish: CallWish) -> float:
        """Seconds in which an answer is still of use to somebody with a usual way to come."""
        left = wish.report_at - self.clock.now() - self.rules.travel
        return max(left, self.rules.look).total_seconds()

    async def _look(self, call_out_id: int) -> None:
        call = await db.fetch_one("SELECT * FROM call_outs WHERE id = $1", call_out_id)
        if call is None:
            return
        if self.clock.now() >= call["report_at"]:
            await self._end(call_out_id)
            return
        wish = wish_of(call)
        chosen = await self.curve(wish.kind, call["launched_at"])
        curve = await self._learned(call_out_id, chosen.curve)
        people: Sequence[Candidate] = ()
        so_far = await self._so_far(call, curve)
        if wish.needed - so_far.expected > HALF:
            pool = await self.eligibility.pool(wish, call["by_id"], call_out_id)
            people = pool.people if call["wave"] < self.rules.most_waves else ()
        await self._step(call, people, curve)

    async def _learned(self, call_out_id: int, curve: Curve) -> Curve:
        rows = await db.fetch(_SO_FAR, call_out_id, self.clock.now())
        return learned(curve, [(row["age"], row["people"], row["yes"]) for row in rows])

    async def _so_far(self, call: db.Row, curve: Curve) -> Outlook:
        rows = await db.fetch(_SILENT, call["id"], self.clock.now())
        ages = [(row["age"], row["people"]) for row in rows]
        return outlook(call["taken"], ages, curve, self.ahead(wish_of(call)))

    async def _step(self, seen: db.Row, people: Sequence[Candidate], curve: Curve) -> None:
        """Decide under the lock, unless another process has looked meanwhile."""
        async with db.transaction():
            call = await self._locked(seen["id"])
            if call["state"] != CallState.ASKING or call["wave"] != seen["wave"]:
                return
            so_far = await self._so_far(call, curve)
            share_in = self.ahead(wish_of(call))
            plan = forecast(
                call["needed"], so_far, len(people), curve, share_in, self.rules.least_wave
            )
            sent = await self._send(call, [one.person_id for one in people[: plan.wave]])
            await self._looked(call, plan, sent, len(people))

    async def _send(self, call: db.Row, people: Sequence[int]) -> int:
        """Ask these: one message for all of them, however many they are."""
        if not people:
            return 0
        kind, now = CallKind(call["kind"]), self.clock.now()
        wave = call["wave"] + 1
        rows = await db.fetch(_ASKED, call["id"], list(people), wave, now)
        purpose = ASK[kind]
        await self.asks.open(
            purpose,
            call["id"],
            [row["person_id"] for row in rows],
            policy=POLICIES.get(kind, POLICY),
            deadline=call["report_at"],
            once=f"{purpose}:{call['id']}:{wave}",
        )
        subject = f"call_outs:{call['id']}"
        await audit.record(now, "system", "callout.wave", subject, wave=wave, asked=len(rows))
        return len(rows)

    async def _looked(self, call: db.Row, plan: Forecast, sent: int, people: int) -> None:
        now = self.clock.now()
        # Said as soon as it is to be foreseen, also while there are people left to be asked.
        short = call["short_at"] is None and plan.short_of(call["needed"])
        after = await db.fetch_one(
            _LOOKED, call["id"], int(sent > 0), now + self.rules.look, now if short else None
        )
        assert after is not None
        if short:
            likely = min(call["needed"], int(plan.best.expected))
            await self.ends.tell(after, "short", likely=likely, left=people - sent)
            await self.ends.show_now(after)
            subject = f"call_outs:{call['id']}"
            await audit.record(now, "system", "callout.short", subject, likely=likely)

    async def _end(self, call_out_id: int) -> None:
        async with db.transaction():
            await self.ends.ended(await self._locked(call_out_id))

    async def _locked(self, call_out_id: int) -> db.Row:
        row = await db.fetch_one("SELECT * FROM call_outs WHERE id = $1 FOR UPDATE", call_out_id)
        assert row is not None
        return row

    async def _boards(self) -> int:
        """Launchers' cards show the new numbers, each at most every `board`."""
        now = self.clock.now()
        async with db.transaction():
            rows = await db.fetch(_BOARDS, now, now - self.rules.board)
            if rows:
                await self.ledger.redraw([BOARD], [row["id"] for row in rows])
        return len(rows)
