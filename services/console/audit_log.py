"""The audit log to look at and to take away as a file."""

from __future__ import annotations

from datetime import date, datetime

from models import db
from services import audit, audit_export
from services.actors import Actor
from services.permissions import Act, require
from services.refusals import Refusal

SHOWN = 100
CHECKED_AT_ONCE = 20_000  # seals; a longer chain is checked when somebody asks for it

_ROWS = """
SELECT r.*, p.name AS person FROM audit_rows r
  LEFT JOIN persons p ON r.actor = 'person:' || p.id
"""


async def newest(actor: Actor) -> list[db.Row]:
    """The last rows, newest first. Raises Refusal("not_allowed")."""
    require(actor, Act.READ_AUDIT)
    return await db.fetch(f"{_ROWS} ORDER BY r.id DESC LIMIT $1", SHOWN)


async def verdict(actor: Actor, *, asked: bool) -> audit.Verdict | None:
    """Whether the chain holds; None when it is long and nobody asked. Raises Refusal."""
    require(actor, Act.READ_AUDIT)
    length = await db.fetch_value("SELECT coalesce(max(seal_no), 0) FROM audit_seals")
    return await audit.verify() if asked or length <= CHECKED_AT_ONCE else None


async def export(actor: Actor, staff_no: str, first: date, last: date, now: datetime) -> bytes:
    """A CSV of the period, both days included; of one person when `staff_no` is given.

    The export is itself audited. Raises Refusal: not allowed, or nobody with that number.
    """
    require(actor, Act.READ_AUDIT)
    person = await db.fetch_value("SELECT id FROM persons WHERE staff_no = $1", staff_no)
    if staff_no and person is None:
        raise Refusal("nobody_with_number", number=staff_no)
    body = await audit_export.export(first.isoformat(), last.isoformat(), staff_no)
    subject = f"persons:{person}" if person else "audit:all"
    await audit.record(now, actor, "audit.exported", subject, first=first, last=last)
    return body
