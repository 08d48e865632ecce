"""What a launcher said in chat, shown to them before anybody is asked; one tap sends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from models import db, sealed
from models.asks import AskState
from models.callouts import CallKind
from models.clock import Clock
from models.ledger import Priority
from services.actors import Actor
from services.asks import Asks
from services.callout_wish import CallWish
from services.callouts import CallOuts, CallPreview
from services.ledger import CONTEXT, Ledger
from services.purposes import Facts, Purpose, Subject
from services.refusals import Refusal

PREVIEW = "callouts.preview"
POLICY = "call_out_preview"
TO_DECIDE = timedelta(minutes=30)

_STANDS = """
SELECT message_id, state, answer, answered_at, deadline FROM asks WHERE message_id = ANY($1)
"""
_NEWEST = """
SELECT message_id FROM asks
 WHERE purpose = $1 AND person_id = $2 AND state = 'open' AND deadline > $3
 ORDER BY id DESC LIMIT 1
"""


class CallPreviews:
    def __init__(self, call_outs: CallOuts, ledger: Ledger, asks: Asks, clock: Clock) -> None:
        self.call_outs = call_outs
        self.ledger = ledger
        self.asks = asks
        self.clock = clock
        ledger.purposes.add([Purpose(PREVIEW, self._facts, Priority.EMERGENCY, quiet=False)])

    async def draft(self, by: Actor, wish: CallWish) -> None:
        """Show who would be asked; an older preview of theirs is closed. Raises Refusal."""
        preview = await self.call_outs.preview(by, wish)
        await self._close_older(by)
        await self.asks.open(
            PREVIEW,
            by.person_id,
            [by.person_id],
            policy=POLICY,
            deadline=self.clock.now() + TO_DECIDE,
            context=self._context(preview),
        )

    async def newest(self, by: Actor) -> CallWish:
        """The wish of their open preview, for 改为. Raises Refusal: there is none."""
        message = await db.fetch_value(_NEWEST, PREVIEW, by.person_id, self.clock.now())
        if message is None:
            raise Refusal("callout_no_preview")
        return _wish(await _context_of(message))

    async def send(self, by: Actor, message_id: int) -> dict[str, Any]:
        """Launch what the preview shows, once however often it is tapped; the facts to redraw it.

        Raises Refusal: expired, or what launching refuses.
        """
        if await self.asks.answer_one(message_id, by.person_id, "sent"):
            await self.call_outs.launch(by, _wish(await _context_of(message_id)))
        return await self._as_it_stands(message_id)

    async def drop(self, by: Actor, message_id: int) -> dict[str, Any]:
        """Nobody is asked; the facts to redraw it. Raises Refusal: expired."""
        await self.asks.answer_one(message_id, by.person_id, "cancelled")
        return await self._as_it_stands(message_id)

    async def _close_older(self, by: Actor) -> None:
        await self.asks.close([PREVIEW], [by.person_id], AskState.WITHDRAWN)
        await self.ledger.redraw([PREVIEW], [by.person_id])

    async def _as_it_stands(self, message_id: int) -> dict[str, Any]:
        subject = Subject(message_id, 0, await _context_of(message_id))
        found = dict((await self._facts([subject]))[message_id].context)
        if found["state"] == "expired":
            raise Refusal("callout_no_preview")
        return found

    def _context(self, preview: CallPreview) -> dict[str, Any]:
        wish, words = preview.wish, self.call_outs.facts.words
        return {
            "wish": asdict(wish)
            | {"report_at": wish.report_at.isoformat(), "ends_at": wish.ends_at.isoformat()},
            "skill": self.call_outs.facts.skill_name(wish.skill),
            "eligible": preview.eligible,
            "first_wave": preview.first_wave,
            "likely": preview.likely,
            "basis": words[f"basis_{preview.basis}"],
            "short": preview.short,
            "excluded": [
                {"name": words[f"excluded_{reason}"], "count": count}
                for reason, count in preview.excluded.items()
            ],
        }

    async def _facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        rows = await db.fetch(_STANDS, [subject.message_id for subject in subjects])
        asked = {row["message_id"]: row for row in rows}
        return {
            subject.message_id: self._shown(subject.context, asked[subject.message_id])
            for subject in subjects
            if subject.message_id in asked
        }

    def _shown(self, context: Mapping[str, Any], ask: db.Row) -> Facts:
        state = ask["answer"] if ask["state"] == "answered" else ask["state"]
        if state == "open" and ask["deadline"] <= self.clock.now():
            state = "expired"
        wish = _wish(context)
        facts = {
            "basis": "",
            **context,
            **asdict(wish),
            "kind": str(wish.kind),
            "skill": context["skill"],
            "state": state,
            "at": ask["answered_at"] or "",
        }
        return Facts(facts, state == "open", f"the preview is {state}")


async def _context_of(message_id: int) -> Mapping[str, Any]:
    body = await db.fetch_value("SELECT context FROM messages WHERE id = $1", message_id)
    if body is None:
        raise Refusal("card_unknown")
    context: dict[str, Any] = sealed.open_json(CONTEXT, body)
    return context


def _wish(context: Mapping[str, Any]) -> CallWish:
    raw = dict(context["wish"])
    times = {key: datetime.fromisoformat(raw[key]) for key in ("report_at", "ends_at")}
    return CallWish(**{**raw, **times, "kind": CallKind(raw["kind"])})
