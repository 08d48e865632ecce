"""Whether directory and rosters can be read, for the doctor: what is seen, and what to tick.

Reads one page of the first department that has anybody, and one day of the operator's own roster:
one counted call.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Protocol

from bot.channels import SendFailed
from bot.platforms.dingtalk.attendance import AttendanceCalls, DingTalkAttendance
from bot.platforms.dingtalk.directory import ROOT, DirectoryCalls
from bot.platforms.dingtalk.words import words
from bot.platforms.findings import Finding, Level
from services.sources import SourceFailed

MOST = 20  # departments looked into


class ReadingCalls(DirectoryCalls, AttendanceCalls, Protocol):
    """What is needed of the client."""


async def readable(client: ReadingCalls, operator: str, today: date) -> list[Finding]:
    """Never raises for a wrong configuration."""
    return [await _directory(client), await _attendance(client, operator, today)]


async def _directory(client: ReadingCalls) -> Finding:
    try:
        rows = await _some_members(client)
    except SendFailed as failed:
        reason = failed.reason or str(failed.failure)
        return Finding(Level.ERROR, _say("directory_failed", reason=reason), failed.cure)
    if not rows:
        return Finding(Level.ERROR, _say("nobody"), _say("nobody_cure"))
    if not all(row.get("name") for row in rows):
        return Finding(Level.ERROR, _say("no_names"), _say("no_names_cure"))
    if not any(row.get("mobile") for row in rows):
        return Finding(Level.WARN, _say("no_mobiles"), _say("no_mobiles_cure"))
    return Finding(Level.OK, _say("directory_ok", count=len(rows)))


async def _some_members(client: ReadingCalls) -> list[dict[str, Any]]:
    below = await client.department_listsub(ROOT)
    departments = [ROOT, *(row["dept_id"] for row in below if isinstance(row.get("dept_id"), int))]
    for department in departments[:MOST]:
        page = await client.user_list(department)
        rows = [row for row in page.get("list") or [] if isinstance(row, dict)]
        if rows:
            return rows
    return []


async def _attendance(client: ReadingCalls, operator: str, today: date) -> Finding:
    if not operator:
        return Finding(Level.WARN, _say("no_operator"), _say("no_operator_cure"))
    try:
        await DingTalkAttendance(client, operator).planned([operator], today, today)
    except SourceFailed as failed:
        return Finding(Level.ERROR, _say("attendance_failed", reason=failed.reason), failed.cure)
    return Finding(Level.OK, _say("attendance_ok"))


def _say(key: str, **facts: object) -> str:
    return words("readable")[key].format_map(facts)
