"""Second ids asked for one by one, and the nightly look at the directories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot import sample
from bot.app import read_rules
from bot.wiring import build
from models import db, sealed
from models.clock import ManualClock
from services.directory_check import DIFFERS, DirectoryCheck
from services.ledger import CONTEXT
from services.sources import DirectoryMember, SourceFailed, Sources
from tests.support import hospital as hospitals
from tests.support.accounts import accounts_of, is_active, on_dingtalk

BUSY, DENIED = SourceFailed("忙", passing=True), SourceFailed("没有权限", cure="请勾选")


@dataclass
class Directory:
    """A directory whose members the test decides; `failing` comes first."""

    platform: str = "wecom"
    people: list[DirectoryMember] = field(default_factory=list)
    failing: list[SourceFailed] = field(default_factory=list)
    asked: int = 0

    async def members(self) -> Sequence[DirectoryMember]:
        self._fail()
        return self.people

    async def member(self, user_id: str) -> DirectoryMember | None:
        self._fail()
        return next((one for one in self.people if one.user_id == user_id), None)

    def _fail(self) -> None:
        self.asked += 1
        if self.failing:
            raise self.failing.pop(0)


@pytest.fixture
def wecom() -> Directory:
    """Everybody of the sample hospital is in it."""
    people = [
        DirectoryMember(one.userid, one.name, "", one.unit, leads=False) for one in sample.PEOPLE
    ]
    return Directory("wecom", people)


@pytest.fixture
def dingtalk() -> Directory:
    members = [DirectoryMember("ding-li", "李小样", "", "", leads=False, union_id="u-li")]
    return Directory("dingtalk", members)


@pytest.fixture
def check(
    database_url: str, clock: ManualClock, wecom: Directory, dingtalk: Directory
) -> DirectoryCheck:
    sources = Sources({"wecom": wecom, "dingtalk": dingtalk})
    return build(read_rules(hospitals.settings(database_url)), clock, sources).directory_check


def night(clock: ManualClock) -> None:
    """03:30 of the next day; the clock begins at 14:00."""
    clock.advance(timedelta(hours=13, minutes=30))


async def said() -> list[str]:
    """What the HR head was told, in words."""
    rules = read_rules(hospitals.settings(""))
    rows = await db.fetch("SELECT context FROM messages WHERE purpose = $1", DIFFERS)
    contexts = [sealed.open_json(CONTEXT, row["context"]) for row in rows]
    return [rules.catalogue.text("people/directory_differs", one).content for one in contexts]


async def test_nothing_is_said_when_nothing_differs(
    check: DirectoryCheck, clock: ManualClock
) -> None:
    night(clock)
    assert await check.compare_tonight() == 0
    assert await said() == []


async def test_who_is_gone_there_and_who_was_disabled_here_is_one_list_for_the_hr_head(
    check: DirectoryCheck, clock: ManualClock, wecom: Directory
) -> None:
    await on_dingtalk("li")
    await on_dingtalk("wang")
    wecom.people = [one for one in wecom.people if one.user_id not in ("zhang", "liu")]
    await db.execute("UPDATE persons SET active = false WHERE staff_no = 'S1006'")
    night(clock)
    assert await check.compare_tonight() == 1
    assert await said() == [
        "通讯录核对：有不一致的人，护铃没有自动改动\n"
        "· 已不在企业微信通讯录，护铃里还在岗(2人)：张小样、刘小样\n"
        "· 在企业微信通讯录里，护铃里已停用(1人)：陈小样\n"
        "· 已不在钉钉通讯录，护铃里还在岗(1人)：王小样\n"
        "离职的请在人员名单“在岗状态”列写“离职”后导入；回来上班的请列入名单后导入。"
    ]
    assert await is_active("S1004")
    assert not await is_active("S1006")
    to = await db.fetch_value(
        "SELECT p.staff_no FROM deliveries d JOIN persons p ON p.id = d.person_id "
        "JOIN messages m ON m.id = d.message_id WHERE m.purpose = $1",
        DIFFERS,
    )
    assert to == "S0001"


async def test_it_happens_once_a_night_and_never_by_day(
    check: DirectoryCheck, clock: ManualClock, wecom: Directory
) -> None:
    wecom.people = wecom.people[1:]
    assert await check.compare_tonight() == 0
    assert wecom.asked == 0
    night(clock)
    assert await check.compare_tonight() == 1
    clock.advance(timedelta(minutes=30))
    assert await check.compare_tonight() == 0
    assert wecom.asked == 1
    clock.advance(timedelta(hours=23, minutes=40))
    assert await check.compare_tonight() == 1


async def test_a_passing_fault_is_tried_again_the_same_night_and_a_lasting_one_is_not(
    check: DirectoryCheck, clock: ManualClock, wecom: Directory
) -> None:
    wecom.people = wecom.people[1:]
    wecom.failing = [BUSY, DENIED]
    night(clock)
    assert [await check.compare_tonight() for _ in range(3)] == [0, 0, 0]
    assert wecom.asked == 2


async def test_a_range_that_shrank_is_no_list_of_leavers(
    check: DirectoryCheck, clock: ManualClock, wecom: Directory
) -> None:
    wecom.people = wecom.people[:3]
    night(clock)
    await check.compare_tonight()
    text = (await said())[0]
    assert f"只读到3人，护铃里有{len(sample.PEOPLE)}个在岗账号" in text
    assert "李小样" not in text


async def test_second_ids_are_filled_by_night_by_event_and_after_an_import(
    check: DirectoryCheck, clock: ManualClock, dingtalk: Directory
) -> None:
    await on_dingtalk("li")
    await check.refresh("")
    assert (await accounts_of("S1002"))["dingtalk"] == ("ding-li", "u-li")
    dingtalk.people = [DirectoryMember("ding-li", "李小样", "", "", False, "u-new")]
    await check.refresh("dingtalk:ding-li")
    assert (await accounts_of("S1002"))["dingtalk"] == ("ding-li", "u-new")
    await db.execute("UPDATE identities SET union_id = NULL")
    night(clock)
    await check.compare_tonight()
    assert (await accounts_of("S1002"))["dingtalk"] == ("ding-li", "u-new")


async def test_asking_again_is_left_to_the_job_only_when_it_may_help(
    check: DirectoryCheck, dingtalk: Directory
) -> None:
    await on_dingtalk("li")
    dingtalk.failing = [BUSY, DENIED]
    with pytest.raises(SourceFailed):
        await check.refresh("dingtalk:ding-li")
    await check.refresh("dingtalk:ding-li")
    assert (await accounts_of("S1002"))["dingtalk"] == ("ding-li", None)
    await check.refresh("mail:li")
    await check.refresh("dingtalk:nobody")
