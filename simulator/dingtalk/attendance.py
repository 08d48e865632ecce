"""Rosters as the attendance part of the platform keeps them, old API [S0206, S0210]."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from simulator.clock import SHANGHAI
from simulator.dingtalk.asks import Api, Ask, Reply
from simulator.dingtalk.errors import OldError
from simulator.dingtalk.org import Schedule
from simulator.dingtalk.people import number

MOST_DAYS, HORIZON = 7, timedelta(days=180)
MOST_USERS = {"listbyusers": 50, "listbydays": 20}
GROUP_ID = 394_775_001
MALFORMED = 40035


@dataclass(frozen=True, slots=True)
class Span:
    userids: list[str]
    first: date
    last: date

    def rows(self, ask: Ask) -> Iterator[Schedule]:
        """In the order of the names asked for, then of the days."""
        for userid in self.userids:
            own = [r for r in ask.org.schedules if r.userid == userid]
            inside = [r for r in own if self.first <= date.fromisoformat(r.date) <= self.last]
            yield from sorted(inside, key=lambda row: row.date)


def _by_users(ask: Ask) -> Reply:
    """Two rows a working day, one a rest day; a person without a roster has none."""
    rows = [line for row in _span(ask, "listbyusers").rows(ask) for line in _checks(row)]
    return {"result": rows, "success": True}


def _by_days(ask: Ask) -> Reply:
    """One row a day with the names of its shifts."""
    rows = [
        {
            "corp_id": ask.org.corpid,
            "group_id": GROUP_ID,
            "userid": row.userid,
            "work_date": f"{row.date} 00:00:00",
            "shift_ids": [shift_id(row)],
            "shift_names": [shift_name(row)],
            "shift_versions": [shift_id(row)],
        }
        for row in _span(ask, "listbydays").rows(ask)
    ]
    return {"result": rows, "success": True}


def shift_id(row: Schedule) -> int:
    """The same times are the same shift; 0 is a rest."""
    return 0 if row.rest else 10_000 + zlib.crc32(f"{row.on}-{row.off}".encode()) % 900_000_000


def shift_name(row: Schedule) -> str:
    return "休息" if row.rest else f"{row.on}-{row.off}"


def _checks(row: Schedule) -> Iterator[dict[str, Any]]:
    day = date.fromisoformat(row.date)
    line = {
        "userid": row.userid,
        "id": zlib.crc32(f"{row.userid} {row.date}".encode()),
        "group_id": GROUP_ID,
        "shift_id": shift_id(row),
        "shift_version": shift_id(row),
        "work_date": f"{row.date} 00:00:00",
        "is_rest": "Y" if row.rest else "N",
    }
    if row.rest:
        yield line | {"check_type": "OnDuty", "plan_check_time": f"{row.date} 00:00:00"}
        return
    off_day = day + timedelta(days=1) if row.off <= row.on else day
    yield line | {"check_type": "OnDuty", "plan_check_time": f"{day} {row.on}:00"}
    yield line | {"check_type": "OffDuty", "plan_check_time": f"{off_day} {row.off}:00"}


def _span(ask: Ask, name: str) -> Span:
    wrong = OldError(MALFORMED, "不合法的参数 op_user_id")
    if ask.org.person(ask.text("op_user_id", wrong)) is None:
        raise wrong
    wrong = OldError(MALFORMED, "不合法的参数 userids")
    userids = [u for u in ask.text("userids", wrong).split(",") if u]
    if not 1 <= len(userids) <= MOST_USERS[name]:
        raise wrong
    first, last = (_day(number(ask.body, f"{end}_date_time")) for end in ("from", "to"))
    today = ask.sim.clock.now()
    if not first <= last or last - first > timedelta(days=MOST_DAYS):
        raise OldError(MALFORMED, f"开始时间和结束时间的间隔不能超过{MOST_DAYS}天")
    if abs(first - today) > HORIZON or abs(last - today) > HORIZON:
        raise OldError(MALFORMED, "查询时间限制距今180天内")
    ask.call.who = ",".join(userids)[:200]
    return Span(userids, *(d.astimezone(SHANGHAI).date() for d in (first, last)))


def _day(milliseconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        raise OldError(MALFORMED, "不合法的时间") from None


APIS = (
    Api("POST", "topapi/attendance/schedule/listbyusers", _by_users),
    Api("POST", "topapi/attendance/schedule/shift/listbydays", _by_days),
)
