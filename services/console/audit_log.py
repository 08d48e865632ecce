"""The audit log to look at and to take away as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from models import db
from models.clock import SHANGHAI
from services import audit
from services.actors import Actor
from services.permissions import Act, require
from services.refusals import Refusal
from services.sheets.export import write_csv

SHOWN = 100
EXPORTED = 100_000
CHECKED_AT_ONCE = 20_000  # seals; a longer chain is checked when somebody asks for it

_ROWS = """
SELECT r.*, p.name AS person FROM audit_rows r
  LEFT JOIN persons p ON r.actor = 'person:' || p.id
"""
_EXPORT = f"""{_ROWS}
 WHERE r.at >= $1 AND r.at < $2 AND ($3::bigint IS NULL
       OR r.actor = 'person:' || $3::bigint OR r.subject = 'persons:' || $3::bigint)
 ORDER BY r.id LIMIT $4
"""
HEAD = ("编号", "时间", "操作人", "动作", "对象", "详情")


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
    person = None
    if staff_no:
        person = await db.fetch_value("SELECT id FROM persons WHERE staff_no = $1", staff_no)
        if person is None:
            raise Refusal("nobody_with_number", number=staff_no)
    rows = await db.fetch(
        _EXPORT,
        datetime.combine(first, time(), SHANGHAI),
        datetime.combine(last + timedelta(days=1), time(), SHANGHAI),
        person,
        EXPORTED,
    )
    subject = f"persons:{person}" if person else "audit:all"
    await audit.record(
        now, actor, "audit.exported", subject, first=first, last=last, rows=len(rows)
    )
    return write_csv([HEAD, *_lines(rows)])


def _lines(rows: Sequence[db.Row]) -> Iterator[tuple[str | int, ...]]:
    for row in rows:
        detail = row["detail"]
        yield (
            row["id"],
            f"{row['at'].astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
            row["person"] or row["actor"],
            row["action"],
            row["subject"],
            detail if isinstance(detail, str) else json.dumps(detail, ensure_ascii=False),
        )
