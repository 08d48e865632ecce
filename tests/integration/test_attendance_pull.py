"""A ward's roster out of attendance: windows, drafts, publishing, faults, comparing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bot import sample
from bot.app import read_rules
from bot.wiring import Services, build
from models import db, sealed
from models.clock import SHANGHAI, ManualClock
from services.actors import Actor, find
from services.attendance_compare import DIFFERS as DIFFERENCE
from services.attendance_compare import AttendanceCompare
from services.attendance_pull import PULLED, AttendancePull
from services.attendance_windows import Window, WindowNotRead, WindowReader
from services.duties import cells_of_unit
from services.ledger import CONTEXT
from services.refusals import Refusal
from services.sources import PlannedCheck, SourceFailed, Sources
from tests.support import hospital as hospitals
from tests.support.accounts import on_dingtalk

FIRST, LAST = date(2026, 12, 14), date(2026, 12, 20)
HOURS = {"A": ((8, 16),), "P": ((16, 24),), "N": ((0, 8),), "休": ()}
BUSY = SourceFailed("调用过于频繁", passing=True)
DENIED = SourceFailed("没有权限", cure="请勾选考勤权限。")


@dataclass
class Attendance:
    """Plans by account and day as `A`, `P`, `N`, `休` or hours; what is missing is unplanned."""

    plan: dict[tuple[str, date], str] = field(default_factory=dict)
    failing: list[SourceFailed | None] = field(default_factory=list)
    calls: list[tuple[int, date, date]] = field(default_factory=list)
    platform: str = "dingtalk"
    most_people: int = 50
    most_days: int = 7
    reach: timedelta = timedelta(days=180)

    async def planned(
        self, user_ids: Sequence[str], first: date, last: date
    ) -> Sequence[PlannedCheck]:
        assert len(user_ids) <= self.most_people
        assert (last - first).days < self.most_days
        self.calls.append((len(user_ids), first, last))
        failed = self.failing.pop(0) if self.failing else None
        if failed is not None:
            raise failed
        return [
            check
            for (user, day), code in self.plan.items()
            if user in user_ids and first <= day <= last
            for check in _checks(user, day, code)
        ]


def _checks(user: str, day: date, code: str) -> list[PlannedCheck]:
    midnight = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
    pairs = HOURS.get(code)
    if pairs is None:
        begin, end = code.split("-")
        pairs = ((int(begin), int(end)),)
    if not pairs:
        return [PlannedCheck(user, day, True, midnight, rest=True)]
    return [
        PlannedCheck(user, day, begins, midnight + timedelta(hours=hour))
        for pair in pairs
        for begins, hour in zip((True, False), pair, strict=True)
    ]


@dataclass
class Ward:
    """The ICU, all of whose people are on DingTalk and planned there as they are published."""

    services: Services
    attendance: Attendance
    head: Actor
    unit_id: int
    pauses: list[float]

    @property
    def pull(self) -> AttendancePull:
        return self.services.attendance_pull

    @property
    def compare(self) -> AttendanceCompare:
        return self.services.attendance_compare

    async def cells(self) -> dict[tuple[str, date], tuple[str, ...]]:
        rows = await cells_of_unit(self.unit_id, FIRST, LAST)
        names = {row["id"]: row["name"] for row in await db.fetch("SELECT id, name FROM persons")}
        return {(names[row["person_id"]], row["day"]): row["codes"] for row in rows}


@pytest.fixture
async def ward(database_url: str, clock: ManualClock) -> Ward:
    head = await find("wecom", "zhao")
    assert head is not None
    assert head.unit_id is not None
    attendance = Attendance()
    rows = await cells_of_unit(head.unit_id, date(2026, 12, 1), date(2026, 12, 31))
    users = {}
    for one in sample.PEOPLE:
        if one.unit == sample.ICU:
            users[one.staff_no] = await on_dingtalk(one.userid)
    for row in rows:
        number = await db.fetch_value(
            "SELECT staff_no FROM persons WHERE id = $1", row["person_id"]
        )
        attendance.plan[users[number], row["day"]] = row["codes"][0]
    services = build(
        read_rules(hospitals.settings(database_url)), clock, Sources(attendance=attendance)
    )
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    windows = WindowReader(attendance, pause)
    services.attendance_pull.windows = services.attendance_compare.windows = windows
    return Ward(services, attendance, head, head.unit_id, pauses)


async def contexts(purpose: str) -> list[dict[str, Any]]:
    rows = await db.fetch("SELECT context FROM messages WHERE purpose = $1 ORDER BY id", purpose)
    return [sealed.open_json(CONTEXT, row["context"]) for row in rows]


async def test_what_is_published_already_changes_nothing(ward: Ward) -> None:
    draft = await ward.pull.draft(ward.head, ward.unit_id, FIRST, LAST)
    assert (draft.errors, draft.changes) == ((), ())
    assert draft.line == "改动0格、请核对1处"
    assert draft.warnings[0].startswith("赵小样：钉钉没有12月14日(周一)至12月20日(周日)的排班")
    assert draft.roster_id is not None


async def test_a_change_is_previewed_published_and_told_like_that_of_a_sheet(ward: Ward) -> None:
    before = await ward.cells()
    assert before["李小样", date(2026, 12, 16)] == ("N",)
    ward.attendance.plan["ding-li", date(2026, 12, 16)] = "A"
    draft = await ward.pull.draft(ward.head, ward.unit_id, FIRST, LAST)
    assert draft.roster_id is not None
    assert [(c["name"], c["old"], c["new"]) for c in draft.changes] == [("李小样", "N", "A")]
    assert await ward.cells() == before
    done = await ward.services.rosters.publish(ward.head, draft.roster_id, override="急用")
    assert (done.changed_cells, done.told) == (1, 1)
    assert await ward.cells() == before | {("李小样", date(2026, 12, 16)): ("A",)}
    source = await db.fetch_value("SELECT source FROM rosters WHERE id = $1", draft.roster_id)
    assert source == "钉钉排班 2026-12-14至2026-12-20"


async def test_days_and_people_it_knows_nothing_of_stay_as_they_are(ward: Ward) -> None:
    before = await ward.cells()
    for day in range(14, 18):
        del ward.attendance.plan["ding-li", date(2026, 12, day)]
    await db.execute(
        "DELETE FROM identities WHERE platform = 'dingtalk' AND user_id = 'ding-wang'"
    )
    ward.attendance.plan["ding-zhang", FIRST] = "休"
    draft = await ward.pull.draft(ward.head, ward.unit_id, FIRST, LAST)
    assert [c["name"] for c in draft.changes] == ["张小样"]
    assert any("李小样：钉钉没有12月14日(周一)至12月17日(周四)的排班" in w for w in draft.warnings)
    assert any("王小样(S1003)在名单里没有钉钉账号" in w for w in draft.warnings)
    assert draft.roster_id is not None
    await ward.services.rosters.publish(ward.head, draft.roster_id, override="急用")
    assert await ward.cells() == before | {("张小样", FIRST): ("休",)}


async def test_pulling_the_same_again_keeps_one_draft(ward: Ward) -> None:
    ward.attendance.plan["ding-li", FIRST] = "A"
    first = await ward.pull.draft(ward.head, ward.unit_id, FIRST, LAST)
    second = await ward.pull.draft(ward.head, ward.unit_id, FIRST, LAST)
    states = await db.fetch(
        "SELECT id, state FROM rosters WHERE preview ->> 'origin' = 'dingtalk' ORDER BY id"
    )
    assert [(row["id"], row["state"]) for row in states] == [
        (first.roster_id, "discarded"),
        (second.roster_id, "draft"),
    ]


async def test_hours_without_a_code_stop_the_whole_pull(ward: Ward) -> None:
    ward.attendance.plan["ding-li", FIRST] = "9-15"
    drafts = await db.fetch_value("SELECT count(*) FROM rosters")
    draft = await ward.pull.draft(ward.head, ward.unit_id, FIRST, LAST)
    assert draft.roster_id is None
    assert "李小样 12月14日(周一)：钉钉排的是09:00–15:00" in draft.errors[0]
    assert await db.fetch_value("SELECT count(*) FROM rosters") == drafts


async def test_a_month_is_read_in_windows_of_fifty_people_and_seven_days(ward: Ward) -> None:
    ward.attendance.most_people = 5
    seen: list[Window] = []
    await ward.pull.draft(
        ward.head, ward.unit_id, date(2026, 12, 1), date(2026, 12, 31), seen.append
    )
    assert len(ward.attendance.calls) == 3 * 5
    assert [(w.number, w.total) for w in seen] == [(n, 15) for n in range(1, 16)]
    assert {people for people, _, _ in ward.attendance.calls} == {5, 3}
    # Nights may be filed a day off, so that a day is read on either side.
    assert ward.attendance.calls[0][1] == date(2026, 11, 30)
    assert ward.attendance.calls[-1][2] == date(2027, 1, 1)


async def test_a_window_that_fails_once_is_read_again(ward: Ward) -> None:
    ward.attendance.failing = [None, BUSY, BUSY]
    draft = await ward.pull.draft(ward.head, ward.unit_id, FIRST, LAST)
    assert draft.roster_id is not None
    assert len(ward.attendance.calls) == 2 + 2
    assert ward.pauses == [2.0, 4.0]


@pytest.mark.parametrize(
    ("failing", "calls"), [([None, BUSY, BUSY, BUSY], 4), ([None, DENIED], 2)]
)
async def test_a_window_that_stays_unread_leaves_nothing_behind(
    ward: Ward, failing: list[SourceFailed | None], calls: int
) -> None:
    ward.attendance.failing = failing
    drafts = await db.fetch_value("SELECT count(*) FROM rosters")
    with pytest.raises(WindowNotRead) as stopped:
        await ward.pull.draft(ward.head, ward.unit_id, FIRST, LAST)
    assert len(ward.attendance.calls) == calls
    assert await db.fetch_value("SELECT count(*) FROM rosters") == drafts
    words = ward.pull.not_read(stopped.value)
    assert words.startswith("12月20日(周日)至12月21日(周一)(13人)的排班读不到：")
    assert "已经读到的也没有写入" in words


@pytest.mark.parametrize(
    ("first", "last", "key"),
    [
        (date(2026, 12, 1), date(2027, 6, 30), "pull_too_far"),
        (date(2026, 5, 1), date(2026, 12, 1), "pull_too_far"),
        (LAST, FIRST, "pull_days"),
    ],
)
async def test_days_that_cannot_be_read_are_refused_before_anything_is_asked(
    ward: Ward, first: date, last: date, key: str
) -> None:
    with pytest.raises(Refusal) as refused:
        await ward.pull.draft(ward.head, ward.unit_id, first, last)
    assert refused.value.key == key
    assert ward.attendance.calls == []


async def test_other_wards_and_staff_may_not_pull(ward: Ward) -> None:
    nurse, other = await find("wecom", "li"), await find("wecom", "liang")
    assert nurse is not None
    assert other is not None
    for who in (nurse, other):
        with pytest.raises(Refusal, match="not_allowed"):
            await ward.pull.draft(who, ward.unit_id, FIRST, LAST)
        with pytest.raises(Refusal, match="not_allowed"):
            await ward.pull.ask(who, ward.unit_id, FIRST, LAST, "w")


async def test_nobody_with_an_account_is_refused_with_the_cure(ward: Ward) -> None:
    await db.execute("DELETE FROM identities WHERE platform = 'dingtalk'")
    with pytest.raises(Refusal, match="pull_no_accounts"):
        await ward.pull.draft(ward.head, ward.unit_id, FIRST, LAST)


async def test_without_attendance_it_says_so(services: Services) -> None:
    head = await find("wecom", "zhao")
    assert head is not None
    assert head.unit_id is not None
    with pytest.raises(Refusal, match="pull_not_here"):
        await services.attendance_pull.draft(head, head.unit_id, FIRST, LAST)
    assert await services.attendance_compare.compare() == 0


async def test_looking_without_a_name_stores_nothing(ward: Ward) -> None:
    drafts = await db.fetch_value("SELECT count(*) FROM rosters")
    ward.attendance.plan["ding-li", FIRST] = "N"
    draft = await ward.pull.draft(None, ward.unit_id, FIRST, LAST)
    assert (draft.roster_id, draft.line, len(draft.changes)) == (None, draft.line, 1)
    assert await db.fetch_value("SELECT count(*) FROM rosters") == drafts


async def asked(ward: Ward) -> str:
    await ward.pull.ask(ward.head, ward.unit_id, FIRST, LAST, "wish-1")
    payload: bytes = await db.fetch_value(
        "SELECT payload FROM pgqueuer WHERE entrypoint = 'pull' ORDER BY id DESC LIMIT 1"
    )
    return payload.decode()


async def test_the_job_answers_once_with_summary_and_link(ward: Ward) -> None:
    ward.attendance.plan["ding-li", date(2026, 12, 16)] = "A"
    payload = await asked(ward)
    assert set(json.loads(payload)) == {"by", "unit", "first", "last", "wish"}
    await ward.pull.run(payload)
    await ward.pull.run(payload)  # the worker died before the job was marked done
    found = await contexts(PULLED)
    assert len(found) == 1
    assert found[0]["line"].startswith("改动1格")
    assert f"?roster={found[0]['roster_id']}" in found[0]["url"]
    state = "SELECT state FROM rosters WHERE id = $1"
    assert await db.fetch_value(state, found[0]["roster_id"]) == "draft"


async def test_a_failure_is_an_answer_too(ward: Ward) -> None:
    ward.attendance.failing = [DENIED]
    await ward.pull.run(await asked(ward))
    found = (await contexts(PULLED))[0]
    assert "没有权限" in found["failed"]
    assert "请勾选考勤权限。" in found["failed"]
    assert (found["roster_id"], found["url"]) == (None, "")


async def test_who_has_left_gets_no_answer(ward: Ward) -> None:
    payload = await asked(ward)
    await db.execute("UPDATE persons SET active = false WHERE id = $1", ward.head.person_id)
    await ward.pull.run(payload)
    assert await contexts(PULLED) == []


async def follow(ward: Ward) -> None:
    """Publish what was pulled: from now on the ward follows."""
    draft = await ward.pull.draft(ward.head, ward.unit_id, FIRST, LAST)
    assert draft.roster_id is not None
    await ward.services.rosters.publish(ward.head, draft.roster_id)
    ward.attendance.calls.clear()


async def test_a_ward_that_never_pulled_is_not_compared(ward: Ward, clock: ManualClock) -> None:
    ward.attendance.plan["ding-li", date(2026, 12, 10)] = "A"
    clock.advance(timedelta(hours=13, minutes=30))
    assert await ward.compare.compare() == 0
    assert ward.attendance.calls == []


async def test_differences_of_the_next_days_are_told_once_a_day_to_the_head_nurse(
    ward: Ward, clock: ManualClock
) -> None:
    await follow(ward)
    assert await ward.compare.compare() == 0  # 14:00 is no time for it
    clock.advance(timedelta(hours=4, minutes=30))  # 18:30
    assert await ward.compare.compare() == 0
    assert ward.attendance.calls  # it looked, and nothing differed
    before = await db.fetch_value("SELECT count(*) FROM rosters")
    ward.attendance.plan["ding-li", date(2026, 12, 10)] = "P"
    ward.attendance.plan["ding-li", date(2026, 12, 30)] = "P"  # too far ahead
    ward.attendance.plan["ding-wang", date(2026, 12, 11)] = "9-15"
    assert await ward.compare.compare() == 0  # once an evening
    clock.advance(timedelta(hours=9))  # 03:30
    assert await ward.compare.compare() == 1
    clock.advance(timedelta(hours=15))  # 18:30: the same again is not said again
    assert await ward.compare.compare() == 0
    found = await contexts(DIFFERENCE)
    assert len(found) == 1
    old = "/".join((await ward_cells(ward, 10))["李小样"])
    assert found[0]["lines"][0] == f"李小样 12月10日(周四)：班表{old}，钉钉P"
    assert "王小样 12月11日(周五)：钉钉排的是09:00–15:00" in found[0]["lines"][1]
    to = await db.fetch(
        "SELECT d.person_id FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE m.purpose = $1",
        DIFFERENCE,
    )
    assert [row["person_id"] for row in to] == [ward.head.person_id]
    assert await db.fetch_value("SELECT count(*) FROM rosters") == before


async def ward_cells(ward: Ward, day: int) -> dict[str, tuple[str, ...]]:
    on = date(2026, 12, day)
    names = {row["id"]: row["name"] for row in await db.fetch("SELECT id, name FROM persons")}
    rows = await cells_of_unit(ward.unit_id, on, on)
    return {names[row["person_id"]]: row["codes"] for row in rows}


async def test_publishing_a_sheet_ends_it(ward: Ward, clock: ManualClock) -> None:
    await follow(ward)
    rules = read_rules(hospitals.settings(""))
    data = sample.month_sheet(sample.ICU, 2026, 12, rules.shift_codes)
    draft = await ward.services.rosters.draft(ward.head, ward.unit_id, data, "十二月.xlsx")
    assert draft.roster_id is not None
    await ward.services.rosters.publish(ward.head, draft.roster_id)
    clock.advance(timedelta(hours=4, minutes=30))
    assert await ward.compare.compare() == 0
    assert ward.attendance.calls == []


async def test_a_passing_fault_is_looked_at_again_the_same_evening(
    ward: Ward, clock: ManualClock
) -> None:
    await follow(ward)
    ward.attendance.plan["ding-li", date(2026, 12, 10)] = "P"
    ward.attendance.failing = [BUSY, BUSY, BUSY]
    clock.advance(timedelta(hours=4, minutes=30))
    assert await ward.compare.compare() == 0
    assert await ward.compare.compare() == 1
