"""企业微信智能机器人: the whole of the bot's work without any address that could be called."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.minutes import said_at
from tests.support.robot import RobotHospital, robot_hospital


@pytest.fixture
async def town(seeded_url: str, tmp_path: Path) -> AsyncIterator[RobotHospital]:
    """Everybody has written to the robot before."""
    async with robot_hospital(seeded_url, tmp_path) as running:
        yield running


@pytest.fixture
async def new_town(seeded_url: str, tmp_path: Path) -> AsyncIterator[RobotHospital]:
    """Nobody has written to the robot yet."""
    async with robot_hospital(seeded_url, tmp_path, greeted=False) as running:
        yield running


async def test_a_question_is_answered_in_the_robots_chat(town: RobotHospital) -> None:
    li = town.phone("li")
    said = await li.says("我的班")
    assert "您接下来7天的班" in said
    [message] = await li.messages()
    assert message["app"] == {"agentid": "robot", "name": "护铃智能机器人"}
    await town.expects_nothing_else()


async def test_a_reminder_is_a_card_and_received_redraws_it(town: RobotHospital) -> None:
    await town.at("20:31")
    rows = await town.rows(
        "SELECT i.user_id FROM asks a JOIN identities i ON i.person_id = a.person_id"
    )
    assert len(rows) == 8
    for row in rows:
        card = await town.phone(row["user_id"]).expects_card("12月8日(周二)")
        assert said_at("已收到 20:31", await card.tap("收到"))
        assert "[收到]" not in await card.shows()
    await town.at("21:40")
    await town.expects_nothing_else()


async def test_a_swap_is_asked_accepted_and_approved(town: RobotHospital) -> None:
    li, yang, zhao = town.phones("li", "yang", "zhao")
    assert "已经问杨小样了" in await li.says("换班 1212A 杨")
    request = await yang.expects_card("李小样想和您换班")
    assert "已同意，等护士长批准" in await request.tap("同意")
    approval = await zhao.expects_card("换班请审批")
    assert "赵小样已批准" in await approval.tap("批准")
    await li.expects("换班已批准")
    await yang.expects("换班已批准")
    await town.expects_nothing_else()
    assert "12月12日(周六)  休息" in await li.says("我的班")


async def test_a_stale_card_is_answered_in_words_and_stays(town: RobotHospital) -> None:
    li, yang = town.phones("li", "yang")
    await li.says("换班 1212A 杨")
    request = await yang.expects_card("换班")
    assert "已撤回" in await li.says("撤回换班")
    await yang.expects("李小样已撤回换班")
    assert "这次换班已经撤回了" in await request.tap("同意", force=True)
    assert "[同意]" in await request.shows()


async def test_a_stranger_is_told_how_to_be_known(town: RobotHospital) -> None:
    member = {"userid": "passerby", "name": "过客甲", "departments": [1]}
    await town.post("/sim/contacts", {"change": "create_user", "member": member})
    assert "我还不认识您" in await town.phone("passerby").says("我的班")
    rows = await town.rows("SELECT count(*) AS n FROM deliveries")
    assert rows[0]["n"] == 0


async def test_in_a_group_nothing_is_said_about_anybody(town: RobotHospital) -> None:
    done = await town.post("/sim/robot/groups/wr1/say", {"as": "li", "text": "我的班"})
    assert "只在私聊里回答" in done["reply"]
    assert "班A" not in done["reply"]
    await town.phone("li").expects_nothing()
    assert await town.rows("SELECT id FROM inbox") == []


async def test_whoever_never_wrote_is_listed_and_can_be_sent_to_again(
    new_town: RobotHospital,
) -> None:
    await new_town.phone("li").says("你好")
    await new_town.at("20:31")
    await new_town.phone("li").expects_card("12月8日(周二)")
    rows = await new_town.rows(
        "SELECT d.id, d.state, d.code, d.reason FROM deliveries d "
        "JOIN messages m ON m.id = d.message_id WHERE m.purpose = 'shifts.reminder'"
    )
    failed = [row for row in rows if row["state"] == "failed"]
    assert (len(rows), len(failed)) == (8, 7)
    assert {row["code"] for row in failed} == {846607}
    assert all("发一句" in row["reason"] for row in failed)


async def test_who_comes_in_first_is_welcomed_once(new_town: RobotHospital) -> None:
    path, body = "/sim/phones/li/enter", {"agentid": "robot"}
    assert "我是护铃" in (await new_town.post(path, body))["reply"]
    assert (await new_town.post(path, body))["attempts"] == 0
