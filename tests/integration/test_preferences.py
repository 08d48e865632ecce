"""Where people want their messages, and what happens when that way fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.app import read_rules
from bot.channels import Failure, SendFailed
from bot.wiring import Services, build
from models import db
from models.clock import ManualClock
from services.actors import Actor, find
from services.preferences import Preferences
from services.reach import Ladder
from services.refusals import Refusal
from services.sheets.samples import write_staff_list
from tests.support import hospital as hospitals
from tests.support.accounts import on_dingtalk
from tests.support.delivering import post_office

LADDER = Ladder(("wecom_app", "wecom_robot", "dingtalk"))


@pytest.fixture
def preferences(database_url: str, clock: ManualClock) -> Preferences:
    return Preferences(LADDER, clock)


async def li() -> Actor:
    actor = await find("wecom", "li")
    assert actor is not None
    return actor


async def chosen() -> str | None:
    value: str | None = await db.fetch_value(
        "SELECT preferred_channel FROM persons WHERE staff_no = 'S1002'"
    )
    return value


async def test_a_channel_is_chosen_only_where_one_has_an_account(
    preferences: Preferences,
) -> None:
    with pytest.raises(Refusal) as refused:
        await preferences.choose(await li(), "dingtalk")
    assert refused.value.key == "channel_without_account"
    assert await chosen() is None
    await on_dingtalk("li")
    await preferences.choose(await li(), "dingtalk")
    assert await chosen() == "dingtalk"
    person = (await li()).person_id
    assert await LADDER.rungs([person]) == {person: ("dingtalk", "ding-li")}


async def test_a_channel_the_hospital_does_not_have_is_refused(
    database_url: str, clock: ManualClock
) -> None:
    await on_dingtalk("li")
    with pytest.raises(Refusal) as refused:
        await Preferences(Ladder(("wecom_app",)), clock).choose(await li(), "dingtalk")
    assert refused.value.key == "channel_not_here"


async def test_the_present_channel_and_the_choices(preferences: Preferences) -> None:
    assert await preferences.present(await li()) == ("wecom_app", ["wecom_app", "wecom_robot"])
    await on_dingtalk("li")
    await preferences.choose(await li(), "dingtalk")
    channels = ["wecom_app", "wecom_robot", "dingtalk"]
    assert await preferences.present(await li()) == ("dingtalk", channels)


async def test_when_the_chosen_way_fails_for_good_the_others_are_tried(
    preferences: Preferences, database_url: str, clock: ManualClock
) -> None:
    await on_dingtalk("li")
    await preferences.choose(await li(), "wecom_app")
    rules = read_rules(hospitals.settings(database_url))
    ladder = ("dingtalk", "wecom_app")  # the hospital's own order is the other way round
    rules = replace(rules, policies=replace(rules.policies, ladder=ladder))
    services: Services = build(rules, clock)
    person = (await li()).person_id
    await services.ledger.notify("replies.late", 0, [person], context={"text": "您好"})
    refused = SendFailed(Failure.RECIPIENT, code=81013, reason="not in range")
    async with post_office(database_url, services, clock, rules.policies) as post:
        post.platform.answers.append(refused)
        await post.works()
    rows = await db.fetch(
        "SELECT channel, state, address FROM deliveries WHERE person_id = $1 ORDER BY id", person
    )
    assert [tuple(row.values()) for row in rows] == [
        ("wecom_app", "failed", "li"),
        ("dingtalk", "queued", "ding-li"),
    ]


HEAD = ("工号", "姓名", "病区", "企业微信userid", "钉钉userid", "系统角色", "消息渠道")


def listed(*rows: tuple[str, ...]) -> bytes:
    return write_staff_list(rows, HEAD)


async def test_a_staff_list_brings_accounts_and_the_channel(services: Services) -> None:
    data = listed(("S1002", "李小样", "重症医学科", "li", "ding-li", "护士", "钉钉"))
    draft = await services.people.draft(data, "名单.xlsx")
    assert (draft.errors, draft.warnings) == ((), ())
    await services.people.apply(draft, "test")
    assert await chosen() == "dingtalk"
    actor = await find("dingtalk", "ding-li")
    assert actor is not None
    assert actor.staff_no == "S1002"
    job = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'refresh'"
    assert await db.fetch_value(job) == 1  # the second id is still to be asked for


async def test_a_channel_without_an_account_is_told_and_not_kept(services: Services) -> None:
    rows = [
        ("S1002", "李小样", "重症医学科", "li", "", "护士", "钉钉"),
        ("S1003", "王小样", "重症医学科", "wang", "", "护士", "信鸽"),
    ]
    draft = await services.people.draft(listed(*rows), "名单.xlsx")
    assert any("李小样(S1002)没有所填“消息渠道”的账号" in text for text in draft.warnings)
    assert any("消息渠道“信鸽”看不懂" in text for text in draft.warnings)
    await services.people.apply(draft, "test")
    assert await chosen() is None


async def test_an_account_that_somebody_else_has_is_an_error(services: Services) -> None:
    await on_dingtalk("wang", "ding-x")
    data = listed(("S1002", "李小样", "重症医学科", "li", "DING-X", "护士", ""))
    draft = await services.people.draft(data, "名单.xlsx")
    assert draft.errors == (
        "账号“DING-X”(工号S1002)已经属于王小样(S1003)。一个账号只能对应一个人，请核对。",
    )


async def test_two_people_of_one_list_may_change_accounts(services: Services) -> None:
    await on_dingtalk("li", "one")
    await on_dingtalk("wang", "two")
    rows = [
        ("S1002", "李小样", "重症医学科", "li", "two", "护士", ""),
        ("S1003", "王小样", "重症医学科", "wang", "one", "护士", ""),
    ]
    draft = await services.people.draft(listed(*rows), "名单.xlsx")
    assert draft.errors == ()
    await services.people.apply(draft, "test")
    actor = await find("dingtalk", "two")
    assert actor is not None
    assert actor.staff_no == "S1002"
