"""Planned work of a 排班制 attendance group (S0206): begins and ends of at most 50 people, 7 days.

Times are local and carry no zone: `2026-12-08 16:00:00`. A rest day is a row with `is_rest` Y or
`shift_id` 0; a day without a row is not planned yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

from bot.channels import SendFailed
from bot.platforms.dingtalk.words import words
from bot.platforms.sources import source_failed
from models.clock import SHANGHAI
from services.sources import PlannedCheck, SourceFailed

Json = dict[str, Any]
INVALID = frozenset({40035, 400002})  # among others for an operator the platform does not know


class AttendanceCalls(Protocol):
    """What is needed of the client."""

    async def schedule_listbyusers(
        self, operator: str, users: Sequence[str], first: int, last: int
    ) -> list[Json]: ...


class DingTalkAttendance:
    """`operator` is the user id of an attendance administrator; the calls are made in their name.

    Whether the platform insists on an administrator is not documented.
    """

    platform = "dingtalk"
    most_people = 50
    most_days = 7
    reach = timedelta(days=180)

    def __init__(self, client: AttendanceCalls, operator: str) -> None:
        self._client = client
        self._operator = operator

    async def planned(
        self, user_ids: Sequence[str], first: date, last: date
    ) -> Sequence[PlannedCheck]:
        """Raises SourceFailed: also for an answer that cannot be understood."""
        if not self._operator:
            texts = words("sources")
            raise SourceFailed(texts["no_operator"], cure=texts["no_operator_cure"])
        try:
            rows = await self._client.schedule_listbyusers(
                self._operator, user_ids, _milliseconds(first), _milliseconds(last)
            )
        except SendFailed as failed:
            found = source_failed(failed)
            if failed.code in INVALID:
                found.cure = words("sources")["wrong_operator_cure"]
            raise found from failed
        return [_check(row) for row in rows]


def _milliseconds(day: date) -> int:
    return int(datetime.combine(day, time(), SHANGHAI).timestamp()) * 1000


def _check(row: Json) -> PlannedCheck:
    try:
        day = _local(row["work_date"]).date()
        rest = row.get("is_rest") == "Y" or row.get("shift_id") == 0
        at = _local(row["work_date"] if rest else row["plan_check_time"])
        begins = {"OnDuty": True, "OffDuty": False}[row["check_type"]] if not rest else True
        return PlannedCheck(str(row["userid"]), day, begins, at, rest)
    except (KeyError, TypeError, ValueError) as error:
        texts = words("sources")
        reason = texts["unreadable"].format(error=type(error).__name__)
        raise SourceFailed(reason, cure=texts["unreadable_cure"]) from error


def _local(value: object) -> datetime:
    """`2026-12-08 16:00:00`, or milliseconds where an older gateway gives them."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, SHANGHAI)
    return datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
