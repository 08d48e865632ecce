"""What an invitation says, in its preview and when it leaves: one text from the same facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from message_templates.catalogue import Catalogue
from models import db
from services.candidate_facts import InvitationFacts, complete, facts_for
from services.interview_facts import (
    InterviewFacts,
    InterviewView,
    addressed,
    office_of,
    opened_points,
    plain,
)
from services.refusals import Refusal
from services.salutation import AddressRules

_APPLICATION = """
SELECT a.id, a.candidate_id, a.posting_id, a.stage, a.profile, a.match_points, c.name,
       c.title AS stated, c.told_at, c.keep_until, c.opted_out_at, c.erased_at, p.title AS post,
       p.work, p.documents, p.facts, p.match_rules, p.recruiter_id, p.state AS posting_state,
       r.name AS recruiter, o.name AS office
  FROM applications a
  JOIN candidates c ON c.id = a.candidate_id
  JOIN postings p ON p.id = a.posting_id
  JOIN persons r ON r.id = p.recruiter_id
  LEFT JOIN units o ON o.id = r.unit_id
 WHERE a.id = $1
"""
_SLOT = "SELECT starts_at, place FROM slots WHERE id = $1 AND posting_id = $2"


@dataclass(frozen=True, slots=True)
class InvitationPreview:
    """`text` is what will be sent, "" while something is missing; `missing` names the facts of
    services.candidate_facts.InvitationFacts; `points_ticked` stand in the text."""

    text: str
    missing: tuple[str, ...]
    points_ticked: tuple[str, ...]


async def application(application_id: int, *, lock: bool = False) -> db.Row:
    """With its candidate and posting. Raises Refusal("application_unknown")."""
    row = await db.fetch_one(_APPLICATION + (" FOR UPDATE OF a" if lock else ""), application_id)
    if row is None:
        raise Refusal("application_unknown")
    return row


class InvitationTexts:
    def __init__(self, catalogue: Catalogue, facts: InterviewFacts, rules: AddressRules) -> None:
        self.catalogue = catalogue
        self.facts = facts
        self.rules = rules

    async def preview(self, row: db.Row, slot_id: int, sender: str) -> InvitationPreview:
        facts = await self.of_application(row, slot_id, sender)
        points = tuple(facts.match_points)
        if missing := complete(facts):
            return InvitationPreview("", missing, points)
        notice = self.notice(row, row["told_at"] is None)
        said = self.catalogue.text("interviews/invitation", {**facts_for(facts), "notice": notice})
        return InvitationPreview(said.content, (), points)

    async def of_application(self, row: db.Row, slot_id: int, sender: str) -> InvitationFacts:
        """Raises Refusal("slot_taken") for a slot of another post."""
        slot = await db.fetch_one(_SLOT, slot_id, row["posting_id"])
        if slot is None:
            raise Refusal("slot_taken")
        facts = {key: str(value) for key, value in plain(row["facts"]).items()}
        return InvitationFacts(
            address=addressed(row, self.rules),
            hospital=self.facts.hospital,
            office=office_of(row, facts),
            sender=sender,
            post=row["post"],
            match_points=opened_points(row["match_points"]),
            starts=slot["starts_at"],
            place=slot["place"],
            documents=plain(row["documents"]),
            contact=facts.get("contact") or row["recruiter"],
            phone=facts.get("phone", ""),
        )

    def notice(self, row: Mapping[str, Any], wanted: bool) -> str:
        """PIPL art. 17, in the first message only: who, what for, how long, and the way out."""
        if not wanted:
            return ""
        facts = {key: str(value) for key, value in plain(row["facts"]).items()}
        return self.catalogue.phrase(
            "candidates/phrases",
            "notice",
            hospital=self.facts.hospital,
            office=office_of(row, facts),
            keep_until=row["keep_until"],
            phone=facts.get("phone", ""),
        )


def of_view(view: InterviewView) -> InvitationFacts:
    """The facts of an invitation that was made; its seat is held."""
    assert view.starts_at is not None
    return InvitationFacts(
        address=view.address,
        hospital=view.hospital,
        office=view.office,
        sender=view.sender,
        post=view.post,
        match_points=view.match_points,
        starts=view.starts_at,
        place=view.place,
        documents=view.documents,
        contact=view.contact,
        phone=view.phone,
    )


def filled(rules: Sequence[Mapping[str, Any]], profile: Mapping[str, Any]) -> list[str]:
    """Match rules as sentences with the profile's words; those with an open blank are left out."""
    found = []
    for rule in rules:
        text = str(rule.get("text", ""))
        for key, value in profile.items():
            if value not in (None, ""):
                text = text.replace(f"{{{key}}}", _said(value))
        if text and "{" not in text and text not in found:
            found.append(text)
    return found


def _said(value: object) -> str:
    """3.0 years are 3."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
