"""Notices into a unit's groups: written by a manager and shown to them first, or automatic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from message_templates.catalogue import Catalogue
from models import db, sealed
from models.clock import Clock
from models.groups import LONGEST_TEXT, GroupDoor
from models.ledger import Priority
from models.policies import Policies
from services import audit, personal_data, quiet, units
from services.actors import Actor
from services.asks import Asks
from services.groups import Groups
from services.ledger import CONTEXT, Ledger
from services.permissions import Act, require
from services.purposes import Facts, Purpose, Subject, from_context
from services.refusals import Refusal

PREVIEW = "units.notice_preview"
NOTICE = "units.notice"
ROSTER = "units.roster_published"
TO_DECIDE = timedelta(hours=2)  # what was right to say may be wrong later
SHOWN = 140  # characters of a notice on its preview, which is a card

_PREVIEWS = """
SELECT message_id, state, answer, answered_at, deadline FROM asks WHERE message_id = ANY($1)
"""
_ROSTERS = """
SELECT r.id, r.first_day, r.last_day, r.state, u.name AS unit
  FROM rosters r JOIN units u ON u.id = r.unit_id WHERE r.id = ANY($1)
"""


class UnitNotices:
    def __init__(
        self,
        ledger: Ledger,
        asks: Asks,
        groups: Groups,
        catalogue: Catalogue,
        policies: Policies,
        clock: Clock,
    ) -> None:
        self.ledger = ledger
        self.asks = asks
        self.groups = groups
        self.catalogue = catalogue
        self.policies = policies
        self.clock = clock
        ledger.purposes.add(
            [
                Purpose(PREVIEW, self._preview_facts, Priority.DECISION, quiet=False),
                Purpose(NOTICE, from_context, Priority.REMINDER),
                Purpose(ROSTER, self._roster_facts, Priority.DIGEST),
            ]
        )

    async def draft(self, by: Actor, text: str) -> None:
        """Show a notice to its writer before anybody else; nothing is posted yet.

        Raises Refusal: not allowed, which unit, no group bound, nothing said, too long, or a
        number that looks like personal data.
        """
        unit, words = await units.chosen(by, Act.POST_NOTICE, text.strip())
        if not words:
            raise Refusal("notice_empty")
        found = personal_data.found_in(words)
        if found:
            raise Refusal("notice_personal", found=found)
        groups = await self._groups_of(unit["id"], unit["name"])
        notice = {"text": words, "unit": unit["name"], "by": by.name}
        self._check_length(notice, groups)
        context = {
            **notice,
            "unit_id": unit["id"],
            "groups": [group["id"] for group in groups],
            "titles": [group["title"] for group in groups],
        }
        await self.asks.open(
            PREVIEW,
            unit["id"],
            [by.person_id],
            policy="notice_preview",
            deadline=self.clock.now() + TO_DECIDE,
            context=context,
        )

    async def _groups_of(self, unit_id: int, unit: str) -> list[db.Row]:
        groups = await self.groups.of_unit(unit_id)
        if not groups:
            raise Refusal("no_group_bound", unit=unit)
        return groups

    def _check_length(self, notice: Mapping[str, str], groups: Sequence[db.Row]) -> None:
        """The tightest door decides, for all groups are told the same."""
        limit = min(LONGEST_TEXT[GroupDoor(group["door"])] for group in groups)
        # What is far too long is not rendered: that has a limit of its own.
        if len(notice["text"]) > limit or self._bytes(notice) > limit:
            frame = self._bytes({**notice, "text": "x"}) - 1
            most = (limit - frame) // len("水".encode())
            raise Refusal("notice_too_long", most=most, length=len(notice["text"]))

    def _bytes(self, notice: Mapping[str, str]) -> int:
        return len(self.catalogue.text(NOTICE.replace(".", "/"), notice).content.encode())

    async def send(self, by: Actor, message_id: int) -> dict[str, Any]:
        """Post what the preview shows, once however often it is tapped; the facts to redraw it.

        Only the groups that were shown and are still the unit's. Raises Refusal: not allowed any
        more, the preview expired, or no group is left.
        """
        context = await self._context(message_id)
        require(by, Act.POST_NOTICE, context["unit_id"])
        if not await self.asks.answer_one(message_id, by.person_id, "sent"):
            return await self._how_it_ended(message_id)
        groups = await self._groups_of(context["unit_id"], context["unit"])
        shown = [group["id"] for group in groups if group["id"] in context["groups"]]
        notice = {key: context[key] for key in ("text", "unit", "by")}
        once = f"{NOTICE}:{message_id}"
        posted = await self.ledger.announce(
            NOTICE, context["unit_id"], shown, context=notice, once=once
        )
        if posted is None:
            raise Refusal("no_group_bound", unit=context["unit"])
        subject = f"messages:{posted}"
        await audit.record(self.clock.now(), by, "notice.posted", subject, groups=shown)
        return await self.facts(message_id)

    async def cancel(self, by: Actor, message_id: int) -> dict[str, Any]:
        """Drop a preview; the facts to redraw it. Raises Refusal when it expired."""
        if not await self.asks.answer_one(message_id, by.person_id, "cancelled"):
            return await self._how_it_ended(message_id)
        return await self.facts(message_id)

    async def _how_it_ended(self, message_id: int) -> dict[str, Any]:
        """For another tap on a preview that was decided: it shows the same again."""
        facts = await self.facts(message_id)
        if facts["state"] == "expired":
            raise Refusal("notice_expired")
        return facts

    async def roster_published(self, unit_id: int, roster_id: int) -> None:
        """Tell the unit's groups, once for each period however often its roster is corrected."""
        if not self.policies.announce_rosters:
            return
        groups = [group["id"] for group in await self.groups.of_unit(unit_id)]
        period = await db.fetch_one(
            "SELECT first_day, last_day FROM rosters WHERE id = $1", roster_id
        )
        assert period is not None
        once = f"{ROSTER}:{unit_id}:{period['first_day']}:{period['last_day']}"
        await self.ledger.announce(ROSTER, roster_id, groups, once=once)

    async def facts(self, message_id: int) -> dict[str, Any]:
        """What the preview's card shows now."""
        subject = Subject(message_id, 0, await self._context(message_id))
        found = await self._preview_facts([subject])
        return dict(found[message_id].context)

    async def _context(self, message_id: int) -> Mapping[str, Any]:
        body = await db.fetch_value("SELECT context FROM messages WHERE id = $1", message_id)
        if body is None:
            raise Refusal("card_unknown")
        context: dict[str, Any] = sealed.open_json(CONTEXT, body)
        return context

    async def _preview_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        rows = await db.fetch(_PREVIEWS, [subject.message_id for subject in subjects])
        asked = {row["message_id"]: row for row in rows}
        return {
            subject.message_id: self._preview(subject.context, asked[subject.message_id])
            for subject in subjects
            if subject.message_id in asked
        }

    def _preview(self, context: Mapping[str, Any], ask: db.Row) -> Facts:
        now = self.clock.now()
        state = ask["answer"] if ask["state"] == "answered" else ask["state"]
        if state == "open" and ask["deadline"] <= now:
            state = "expired"
        until = quiet.night_ends(self.policies.quiet, ask["answered_at"] or now)
        text = str(context["text"])
        facts = {
            **context,
            "text": text if len(text) <= SHOWN else f"{text[:SHOWN]}…",
            "length": len(text) if len(text) > SHOWN else 0,
            "state": state,
            "at": ask["answered_at"],
            "quiet_until": until,
        }
        return Facts(facts, state == "open", f"the preview is {state}")

    async def _roster_facts(self, subjects: Sequence[Subject]) -> Mapping[int, Facts]:
        ids = [subject.subject_id for subject in subjects]
        rows = {row["id"]: row for row in await db.fetch(_ROSTERS, ids)}
        return {
            subject.message_id: Facts(
                rows[subject.subject_id], rows[subject.subject_id]["state"] == "published"
            )
            for subject in subjects
            if subject.subject_id in rows
        }
