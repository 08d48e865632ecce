"""What a task about a candidate shows: on a card as little as will do, in the console all of it.

A platform's card is read by the platform as well (PIPL art. 6): it shows how the candidate is
addressed and the last digits of the number. The number to dial stands in the console alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from models import db, sealed
from models.candidates import ChatState
from models.clock import Clock
from models.interviews import InterviewState, TaskState
from services import appointments, chats
from services.chats import Chat
from services.hospital import Hospital
from services.salutation import AddressRules, Work, address

DETAIL = "candidate_tasks.detail"

_TASKS = """
SELECT t.*, p.name AS done_by, c.name AS candidate, c.phone, c.title AS stated
  FROM candidate_tasks t
  LEFT JOIN persons p ON p.id = t.done_by_id LEFT JOIN candidates c ON c.id = t.candidate_id
 WHERE t.id = ANY($1)
"""
# The last wish that a task's chat moves: refused, it says why the button is still there.
_REFUSED = """
SELECT DISTINCT ON (x.task_id) x.task_id, x.state, p.name FROM kf_transfers x
  LEFT JOIN persons p ON p.id = x.person_id
 WHERE x.task_id = ANY($1) ORDER BY x.task_id, x.id DESC
"""
# Kinds in which somebody wrote, or could: their cards say who has the chat.
IN_CHAT = frozenset({"unclear", "question", "document", "stranger", "no_show", "slot_gone"})
_EMPTY = {"words": "", "script": "", "note": "", "question": False}
NO_CHAT = {"chat": "", "chat_who": "", "chat_free": False, "chat_id": 0, "chat_holder": None}


class TaskFacts:
    def __init__(self, hospital: Hospital, rules: AddressRules, clock: Clock) -> None:
        self.hospital = hospital
        self.rules = rules
        self.clock = clock

    async def of(self, tasks: Sequence[int], *, whole: bool = False) -> dict[int, dict[str, Any]]:
        """Task id → facts for `tasks/<kind>.toml`; `whole` gives the full number."""
        rows = await db.fetch(_TASKS, list(tasks))
        known = await appointments.by_ids(
            [row["interview_id"] for row in rows if row["interview_id"] is not None]
        )
        details = {row["id"]: opened_detail(row) for row in rows}
        talks = await self._talks(rows, details)
        return {
            row["id"]: self._facts(row, details[row["id"]], known.get(row["interview_id"]), whole)
            | talks.get(row["id"], NO_CHAT)
            for row in rows
        }

    async def _talks(
        self, rows: Sequence[db.Row], details: Mapping[int, Mapping[str, Any]]
    ) -> dict[int, dict[str, Any]]:
        """Task → who has the candidate's chat, and whether a colleague could be given it."""
        rows = [row for row in rows if row["kind"] in IN_CHAT]
        known = await chats.of_candidates([r["candidate_id"] for r in rows if r["candidate_id"]])
        contacts = {row["id"]: details[row["id"]].get("contact", 0) for row in rows}
        strangers = await chats.by_ids([each for each in contacts.values() if each])
        found = {
            row["id"]: known.get(row["candidate_id"] or 0) or strangers.get(contacts[row["id"]])
            for row in rows
        }
        last = await db.fetch(_REFUSED, [row["id"] for row in rows]) if any(found.values()) else []
        refused = {row["task_id"]: row["name"] or "" for row in last if row["state"] == "refused"}
        return {
            task: self._talk(chat, refused.get(task))
            for task, chat in found.items()
            if chat is not None
        }

    def _talk(self, chat: Chat, refused: str | None) -> dict[str, Any]:
        now = self.clock.now()
        state, who = said_of(chat, now)
        if refused is not None and not state:
            state, who = "refused", refused
        holder = chat.holder_id if chat.standing(now) is ChatState.HUMAN else None
        return {
            "chat": state,
            "chat_who": who,
            "chat_free": chat.free(now),
            "chat_id": chat.id,
            "chat_holder": holder,
        }

    def _facts(
        self,
        row: db.Row,
        detail: Mapping[str, Any],
        about: appointments.Appointment | None,
        whole: bool,
    ) -> dict[str, Any]:
        phone = _opened("phone", row["phone"])
        name = _opened("name", row["candidate"])
        # A time they have declined would read as if they came.
        seat = about if about and about.state is not InterviewState.DECLINED else None
        return {
            **_EMPTY,
            **detail,
            "id": row["id"],
            "candidate_id": row["candidate_id"],
            "kind": row["kind"],
            "state": TaskState(row["state"]),
            "outcome": row["outcome"] or "",
            "address": self._address(name, row["stated"] or "", about),
            "post": about.post if about else "",
            "starts_at": seat.starts_at if seat else None,
            "place": seat.place if seat else "",
            "phone": phone if whole else "",
            "tail": last_digits(phone),
            "due_at": row["due_at"],
            "done_by": row["done_by"] or "",
            "done_at": row["done_at"],
            "url": f"{self.hospital.public_url}/console/tasks/{row['id']}",
        }

    def _address(self, name: str, stated: str, about: appointments.Appointment | None) -> str:
        if not name:
            return ""
        return address(name, about.work if about else Work.OTHER, stated, self.rules)


def opened_detail(row: db.Row) -> Mapping[str, Any]:
    """What is sealed in a task's row; empty once it was erased."""
    return sealed.open_json(DETAIL, row["detail"]) if row["detail"] else {}


async def chat_of(candidate_id: int | None, detail: Mapping[str, Any]) -> Chat | None:
    """In which chat a task's words were said: the candidate's, or the stranger's in its detail."""
    if candidate_id is not None:
        return (await chats.of_candidates([candidate_id])).get(candidate_id)
    contact = detail.get("contact")
    return (await chats.by_ids([contact])).get(contact) if isinstance(contact, int) else None


def said_of(chat: Chat, now: datetime) -> tuple[str, str]:
    """A key of the cards' words, and of whom they speak; "" while it is the bot's or nobody's."""
    standing = chat.standing(now)
    if chat.going is not None:
        return f"to_{chat.going.name.lower()}", chat.going_to
    if standing is ChatState.HUMAN:
        return "human", chat.holder
    return ("waiting", "") if standing is ChatState.WAITING else ("", "")


def last_digits(phone: str) -> str:
    """The last four; "" when there is no number."""
    return "".join(each for each in phone if each.isdigit())[-4:]


def _opened(column: str, value: str | None) -> str:
    return sealed.open_sealed(f"candidates.{column}", value) if value else ""
