"""A licence in words: how it stands, a line of a list, the facts of its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from message_templates.catalogue import Catalogue
from models import db
from models.clock import SHANGHAI
from services.calendar_days import WorkingCalendar
from services.licence_records import LicenceView
from services.licence_steps import Standing
from services.licences import SAID
from services.offices import Office

WORDS = "licences/words"
TO_DO = (Standing.DUE, Standing.LATE, Standing.EXPIRED)

_ANSWERS = """
SELECT DISTINCT ON (subject_id) subject_id, state, answer, answered_at, opened_at FROM asks
 WHERE purpose = ANY($1) AND subject_id = ANY($2) AND (answer = 'applied' OR NOT $3)
 ORDER BY subject_id, id DESC
"""


_SENT = """
SELECT DISTINCT licence_id FROM renewals WHERE licence_id = ANY($1) AND state = 'sent'
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a holder said to the last reminder (`newest`), and when they said they had applied.

    `sent`: they sent the new page, and it waits for an office to compare it.
    """

    newest: db.Row | None = None
    applied: datetime | None = None
    sent: bool = False

    @property
    def said(self) -> str:
        return str((self.newest or {}).get("answer") or "")

    @property
    def at(self) -> datetime | None:
        return (self.newest or {}).get("answered_at")

    def silent(self, today: date) -> bool:
        """Asked before today, and not answered."""
        if self.newest is None or self.said or self.sent:
            return False
        asked: datetime = self.newest["opened_at"]
        return asked.astimezone(SHANGHAI).date() < today


async def answers_of(licences: Sequence[int]) -> dict[int, Answers]:
    """Licence → what its holder answered."""
    if not licences:
        return {}
    newest = await db.fetch(_ANSWERS, list(SAID), list(licences), False)
    applied = await db.fetch(_ANSWERS, list(SAID), list(licences), True)
    sent = {row["licence_id"] for row in await db.fetch(_SENT, list(licences))}
    by_licence = {row["subject_id"]: row for row in newest}
    when = {row["subject_id"]: row["answered_at"] for row in applied}
    return {
        each: Answers(by_licence.get(each), when.get(each), each in sent)
        for each in {*by_licence, *sent}
    }


class LicencePhrases:
    def __init__(self, catalogue: Catalogue, calendar: WorkingCalendar) -> None:
        self.catalogue = catalogue
        self.calendar = calendar

    def say(self, key: str, **facts: Any) -> str:
        return self.catalogue.phrase(WORDS, key, **facts)

    def office(self, office: Office) -> str:
        return self.say(str(office))

    def state(self, view: LicenceView) -> str:
        return self.say("state", **shown(view))

    def line(
        self,
        view: LicenceView,
        answers: Answers | None = None,
        shifts: Sequence[str] = (),
        *,
        today: date,
        with_unit: bool = False,
    ) -> str:
        """One licence of a list for somebody else than its holder."""
        heard = answers or Answers()
        return self.say(
            "line",
            unit=view.unit if with_unit else "",
            holder=view.holder,
            kind=view.kind.name,
            state=self.state(view),
            sent=heard.sent,
            applied=heard.applied,
            seen=heard.at if heard.said == "seen" else None,
            silent=heard.silent(today),
            shifts=list(shifts),
        )

    def card(self, view: LicenceView, answers: Answers | None = None) -> dict[str, Any]:
        """The facts of the holder's card."""
        heard = answers or Answers()
        return shown(view) | {
            "office": self.office(view.kind.office),
            "hand_in": self._hand_in(view),
            "state": view.state,
            "applied": heard.applied,
            "sent": heard.sent,
            "answer": heard.said,
            "answered_at": heard.at,
        }

    def _hand_in(self, view: LicenceView) -> date | None:
        """The last day on which the office is there, when it is not on the deadline itself."""
        if view.apply_by is None or self.calendar.is_working_day(view.apply_by):
            return None
        day = view.apply_by
        while not self.calendar.is_working_day(day):
            day -= timedelta(days=1)
        return day

    def mine(self, view: LicenceView, answers: Answers | None = None) -> Mapping[str, Any]:
        """A licence in the list its holder asks for."""
        heard, todo = answers or Answers(), view.standing in TO_DO
        return {
            "kind": view.kind.name,
            "state": self.state(view),
            "sent": heard.sent,
            "applied": heard.applied,
            "todo": todo,
            "blocked": view.standing is Standing.EXPIRED and view.kind.blocks,
            "papers": list(view.kind.papers),
            "office": self.office(view.kind.office),
            "basis": view.kind.basis,
        }


def shown(view: LicenceView) -> dict[str, Any]:
    """Dates and days as templates ask for them; `lead` is 0 where the deadline is the end."""
    return {
        "kind": view.kind.name,
        "standing": str(view.standing),
        "days": view.days_to_deadline,
        "left": view.days_to_end,
        "lead": view.kind.apply_before,
        "valid_to": view.valid_to,
        "apply_by": view.apply_by,
        "renewal": view.kind.renewal,
        "papers": list(view.kind.papers),
        "basis": view.kind.basis,
        "blocks": view.kind.blocks,
    }
