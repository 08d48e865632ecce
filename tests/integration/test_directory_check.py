"""Second ids asked for one by one, and the nightly look at the directories."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest

from bot import sample
from bot.app import read_rules
from bot.wiring import Services, build
from models import db, sealed
from models.clock import ManualClock
from services.directory_check import DIFFERS, DirectoryCheck
from services.directory_losses import too_many
from services.ledger import CONTEXT
from services.refusals import Refusal
from services.sources import DirectoryMember, SourceFailed, Sources
from tests.support import hospital as hospitals
from tests.support.accounts import accounts_of, is_active, on_dingtalk
from tests.support.deciding import actor
from tests.support.licences import person_of

BUSY, DENIED = SourceFailed("忙", passing=True), SourceFailed("没有权限", cure="请勾选")


@dataclass
class Directory:
    """A directory whose members the test decides; `failing` comes first."""

    platform: str = "wecom"
    people: list[DirectoryMember] = field(default_factory=list)
    failing: list[SourceFailed] = field(default_factory=list)
    unlisted: list[DirectoryMember] = field(default_factory=list)
    asked: int = 0

    async def members(self) -> Sequence[DirectoryMember]:
        self._fail()
        return self.people

    async def member(self, user_id: str) -> DirectoryMember | None:
        self._fail()
        return next(
            (one for one in [*self.people, *self.unlisted] if one.user_id == user_id), None
        )

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
    return build(read_rules(hospitals.settings(database_url)), clock, sources).directories.check


async def exit_lists() -> list[str]:
    """Names of those for whom an exit list is open."""
    rows = await db.fetch(
        "SELECT p.name FROM checklists c JOIN persons p ON p.id = c.person_id "
        "WHERE c.template = 'exit' AND c.state = 'open' ORDER BY p.id"
    )
    return [row["name"] for row in rows]


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
        "通讯录核对：有不一致的人\n"
        "· 已不在企业微信通讯录，护铃权限已停用(2人)：张小样、刘小样\n"
        "· 在企业微信通讯录里，护铃里已停用(1人)：陈小样\n"
        "· 已不在钉钉通讯录，护铃里还在岗，没有自动改动(1人)：王小样\n"
        "离职的请在人员名单“在岗状态”列写“离职”后导入；回来上班的请列入名单后导入。\n"
        "停错了的，请把人列入人员名单重新导入，再发“取消离职”和姓名。"
    ]
    assert not await is_active("S1004")
    assert await is_active("S1003"), "DingTalk does not lead here"
    assert not await is_active("S1006")
    assert await exit_lists() == ["张小样", "刘小样"]
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
    await db.execute("UPDATE persons SET active = false WHERE staff_no = 'S1006'")
    night(clock)
    assert await check.compare_tonight() == 1
    clock.advance(timedelta(minutes=30))
    asked = wecom.asked
    assert await check.compare_tonight() == 0
    assert wecom.asked == asked
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


async def test_who_still_answers_to_their_name_has_not_left(
    check: DirectoryCheck, clock: ManualClock, wecom: Directory
) -> None:
    """A list may be short for many reasons: each missing member is asked for by name."""
    wecom.unlisted = [one for one in wecom.people if one.user_id == "zhang"]
    wecom.people = [one for one in wecom.people if one.user_id != "zhang"]
    night(clock)
    await check.compare_tonight()
    assert "还在岗，没有自动改动(1人)：张小样" in (await said())[0]
    assert await is_active("S1004")
    assert await exit_lists() == []


async def test_whom_hr_has_entered_gets_no_second_list(
    check: DirectoryCheck, services: Services, clock: ManualClock, wecom: Directory
) -> None:
    song = await actor("song")
    exits = services.lists.exits
    last = date(2026, 12, 31)
    for user in ("zhang", "liu"):
        await exits.propose(song, await person_of(user), last)
    proposed = await db.fetch_value(
        "SELECT id FROM checklists WHERE person_id = $1", await person_of("zhang")
    )
    await exits.confirm(proposed, song)
    wecom.people = [one for one in wecom.people if one.user_id not in ("zhang", "liu")]
    night(clock)
    await check.compare_tonight()
    rows = await db.fetch("SELECT anchor, state FROM checklists ORDER BY id")
    assert [(row["anchor"], row["state"]) for row in rows] == [
        (last, "open"),
        (last, "cancelled"),  # nobody had confirmed it
        (date(2026, 12, 8), "open"),
    ]
    with pytest.raises(Refusal, match="exit_known"):
        await exits.propose(song, await person_of("zhang"), last)


async def test_many_missing_at_once_end_nobody_and_are_asked_about_once(
    check: DirectoryCheck, clock: ManualClock, wecom: Directory
) -> None:
    wecom.people = wecom.people[:3]
    night(clock)
    await check.compare_tonight()
    assert await said() == [], "the card says it"
    (loss,) = await losses()
    assert (loss["state"], len(loss["people"])) == ("asked", len(sample.PEOPLE) - 3)
    assert await exit_lists() == []
    assert await is_active("S1002")
    clock.advance(timedelta(days=1))
    await check.compare_tonight()
    assert len(await losses()) == 1
    text = (await said())[0]
    assert f"只读到3人，护铃里有{len(sample.PEOPLE)}个在岗账号" in text
    assert "李小样" not in text


async def test_it_may_say_that_the_range_was_wrong_and_is_left_alone_for_a_week(
    check: DirectoryCheck, clock: ManualClock, wecom: Directory
) -> None:
    await db.execute("INSERT INTO units (code, name, kind) VALUES ('IT', '信息科', 'it')")
    await db.execute(
        "INSERT INTO grants (person_id, role, unit_id) "
        "SELECT $1, 'manager', id FROM units WHERE code = 'IT'",
        await person_of("wu"),
    )
    wecom.people = wecom.people[:3]
    night(clock)
    await check.compare_tonight()
    (loss,) = await losses()
    technician, head, nurse = await actor("wu"), await actor("song"), await actor("li")
    with pytest.raises(Refusal, match="lost_hr_head"):
        await check.losses.decide(loss["id"], technician, left=True)
    with pytest.raises(Refusal, match="not_allowed"):
        await check.losses.decide(loss["id"], nurse, left=False)
    facts = await check.losses.decide(loss["id"], technician, left=False)
    assert facts["state"] == "wrong"
    with pytest.raises(Refusal, match="lost_decided"):
        await check.losses.decide(loss["id"], head, left=True)
    assert await db.fetch_value("SELECT count(*) FROM asks WHERE state = 'open'") == 0
    clock.advance(timedelta(days=1))
    await check.compare_tonight()
    assert len(await losses()) == 1
    clock.advance(timedelta(days=7))
    await check.compare_tonight()
    assert len(await losses()) == 2


async def test_an_hr_head_says_they_have_left_and_each_owner_gets_one_card(
    check: DirectoryCheck, clock: ManualClock, wecom: Directory
) -> None:
    gone = {"li", "wang", "zhang", "liu"}
    wecom.people = [one for one in wecom.people if one.user_id not in gone]
    night(clock)
    await check.compare_tonight()
    (loss,) = await losses()
    await check.losses.decide(loss["id"], await actor("song"), left=True)
    assert await exit_lists() == ["李小样", "王小样", "张小样", "刘小样"]
    assert not await is_active("S1002")
    cards = await db.fetch(
        "SELECT subject_id FROM messages WHERE purpose = 'checklists.todo' ORDER BY subject_id"
    )
    owners = [row["subject_id"] for row in cards]
    assert owners == sorted({*owners}), "one card each about all of them"
    clock.advance(timedelta(days=1))
    await check.compare_tonight()
    assert len(await exit_lists()) == 4


async def test_people_who_are_back_before_anybody_answered_close_the_question(
    check: DirectoryCheck, clock: ManualClock, wecom: Directory
) -> None:
    everybody, wecom.people = wecom.people, wecom.people[:3]
    night(clock)
    await check.compare_tonight()
    wecom.people = everybody
    clock.advance(timedelta(days=1))
    await check.compare_tonight()
    (loss,) = await losses()
    assert loss["state"] == "over"
    with pytest.raises(Refusal, match="lost_decided"):
        await check.losses.decide(loss["id"], await actor("song"), left=True)


async def test_a_burst_of_leavers_ends_access_at_once_and_the_lists_wait_for_one_answer(
    check: DirectoryCheck, clock: ManualClock
) -> None:
    """As when somebody narrows the app's range: the platform tells of each member."""
    for user in ("li", "wang", "zhang"):
        await check.changes.left("wecom", user)
    assert await exit_lists() == ["李小样", "王小样", "张小样"]
    for user in ("liu", "chen", "chen"):
        await check.changes.left("wecom", user)
    assert not await is_active("S1006")
    assert len(await exit_lists()) == 3
    (loss,) = await losses()
    assert (loss["ended"], len(loss["people"])) == (True, 2)
    night(clock)
    await check.compare_tonight()
    (loss,) = await losses()
    assert loss["state"] == "asked", "the night answers nothing here"
    await check.losses.decide(loss["id"], await actor("song"), left=True)
    assert await exit_lists() == ["李小样", "王小样", "张小样", "刘小样", "陈小样"]


async def test_whom_hr_has_let_go_today_is_no_part_of_a_burst(
    check: DirectoryCheck, clock: ManualClock
) -> None:
    """They have no exit list of the directory's to wait for."""
    for user in ("wang", "zhang", "liu"):
        leaver = await actor(user)
        await check.changes.leaving.end(leaver.person_id, "system", why="staff_list")
    await check.changes.left("wecom", "li")
    assert (await losses(), await exit_lists()) == ([], ["李小样"])


async def test_a_range_that_was_narrowed_by_mistake_makes_no_lists(
    check: DirectoryCheck, clock: ManualClock
) -> None:
    for user in ("li", "wang", "zhang", "liu"):
        await check.changes.left("wecom", user)
    (loss,) = await losses()
    await check.losses.decide(loss["id"], await actor("song"), left=False)
    assert await exit_lists() == ["李小样", "王小样", "张小样"]


@pytest.mark.parametrize(
    ("missing", "known", "many"),
    [(1, 10, False), (3, 10, False), (4, 10, True), (5, 100, False), (6, 100, True),
     (20, 5000, False), (21, 5000, True)],
)  # fmt: skip
def test_how_many_are_too_many(missing: int, known: int, many: bool) -> None:
    assert too_many(missing, known) is many


async def losses() -> list[db.Row]:
    rows = await db.fetch("SELECT * FROM directory_losses ORDER BY id")
    return [row | {"people": json.loads(row["people"])} for row in rows]


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
