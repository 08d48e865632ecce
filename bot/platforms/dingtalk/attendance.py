"""Planned work of a 排班制 attendance group (S0206): begins and ends of at most 50 people, 7 days.

Times are local and carry no zone: `2026-12-08 16:00:00`. A rest day is a row with `is_rest` Y or
`shift_id` 0; a day without a row is not planned yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

from bot.channels import SendFailed
from bot.platforms.sources import source_failed
from models.clock import SHANGHAI
from services.sources import PlannedCheck, SourceFailed

Json = dict[str, Any]
INVALID = frozenset({40035, 400002})  # among others for an operator the platform does not know

NO_OPERATOR = SourceFailed(
    "没有设置读取排班用的考勤管理员",
    cure="请信息科把 WARDBELL_DINGTALK_OP_USER_ID 设为一位考勤管理员的钉钉 userid，重启后再试。",
)
WRONG_OPERATOR = (
    "请信息科核对 WARDBELL_DINGTALK_OP_USER_ID：要填在职的考勤管理员的钉钉 userid，并确认应用"
    "已勾选“考勤组管理读权限”(qyapi_attendance_group_read)。"
)


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
            raise SourceFailed(NO_OPERATOR.reason, cure=NO_OPERATOR.cure)
        try:
            rows = await self._client.schedule_listbyusers(
                self._operator, user_ids, _milliseconds(first), _milliseconds(last)
            )
        except SendFailed as failed:
            found = source_failed(failed)
            if failed.code in INVALID:
                found.cure = WRONG_OPERATOR
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
        raise SourceFailed(
            f"钉钉的排班数据读不懂({type(error).__name__})",
            cure="请把这条提示反馈给护铃的维护人员。",
        ) from error


def _local(value: object) -> datetime:
    """`2026-12-08 16:00:00`, or milliseconds where an older gateway gives them."""
    if isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, SHANGHAI)
    return datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
