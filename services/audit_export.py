"""The audit log of a period, and of a person, as a CSV that no spreadsheet will execute."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from models import db
from models.clock import SHANGHAI
from services.sheets.export import write_csv

_ROWS = """
SELECT r.id, r.at, r.actor, r.action, r.subject, r.detail::text AS detail, s.hash
  FROM audit_rows r LEFT JOIN audit_seals s ON s.audit_id = r.id
 WHERE r.at >= $1 AND r.at < $2 AND ($3::text = '' OR r.actor = $3 OR r.subject = $4)
 ORDER BY r.id
"""
HEAD = ("序号", "时间", "谁", "做了什么", "对象", "详情", "校验")


async def export(first: date, last: date, staff_no: str = "") -> bytes:
    """Rows from the day `first` to the day `last`, both included."""
    start = datetime.combine(first, time(), SHANGHAI)
    end = datetime.combine(last, time(), SHANGHAI) + timedelta(days=1)
    person = await db.fetch_value("SELECT id FROM persons WHERE staff_no = $1", staff_no)
    who = f"person:{person}" if staff_no else ""
    rows = await db.fetch(_ROWS, start, end, who, f"persons:{person}")
    return write_csv([HEAD, *(_line(row) for row in rows)])


def _line(row: db.Row) -> tuple[str, ...]:
    local = row["at"].astimezone(SHANGHAI)
    return (
        str(row["id"]),
        f"{local:%Y-%m-%d %H:%M:%S}",
        row["actor"],
        row["action"],
        row["subject"],
        row["detail"],
        row["hash"] or "",
    )
