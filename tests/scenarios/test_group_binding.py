"""绑定本群: said in a DingTalk group; from then on the unit's notices are posted there."""

from __future__ import annotations

from datetime import date

import pytest

from bot import sample
from bot.app import read_rules
from services.actors import find
from tests.support.groups import GroupChat, group_chat, preview_of, serve_groups
from tests.support.hospital import DINGTALK, Hospital, Platform

BOUND = "已绑定：心内科的通知会发到本群。不需要时@我发“解绑本群”。"


@pytest.fixture
def place(dingtalk_template: str) -> tuple[Platform, str]:
    """WeCom's robot cannot write into groups unasked: there they are bound by an operator."""
    return DINGTALK, dingtalk_template


@pytest.fixture
async def group(hospital: Hospital) -> GroupChat:
    serve_groups(hospital)
    return group_chat(hospital)


async def test_a_group_is_bound_used_and_unbound(hospital: Hospital, group: GroupChat) -> None:
    assert await group.hears("liang", "绑定本群") == BOUND
    liang = hospital.phone("liang")
    await (await preview_of(liang, "明天上午消防演练")).tap("发送")
    posted = await group.expects("明天上午消防演练")
    assert posted.text == "明天上午消防演练\n\n—— 心内科 · 梁小例"
    assert await group.hears("liang", "解绑本群") == "已解绑：心内科的通知不再发到本群。"
    assert "心内科还没有绑定群" in await liang.says("群通知 明天上午消防演练")
    await group.expects_nothing()
    await hospital.expects_nothing_else()


async def test_who_may_not_bind_hears_so_without_a_name(
    hospital: Hospital, group: GroupChat
) -> None:
    refused = await group.hears("zhu", "绑定本群")
    assert "不在您的权限里" in refused
    assert "小例" not in refused
    assert await hospital.rows("SELECT 1 FROM unit_groups") == []


async def test_a_roster_that_is_published_is_announced_once(
    hospital: Hospital, group: GroupChat
) -> None:
    await group.hears("liang", "绑定本群")
    liang = await find("dingtalk", "liang")
    assert liang is not None
    assert liang.unit_id is not None
    codes = read_rules(hospital.bot.settings).shift_codes
    rosters = hospital.bot.services.rosters
    for number, changes in enumerate(({}, {("S2002", date(2026, 12, 20)): "休"})):
        data = sample.month_sheet(sample.CARDIOLOGY, 2026, 12, codes, changes)
        draft = await rosters.draft(liang, liang.unit_id, data, f"{number}.xlsx")
        assert draft.roster_id is not None, draft.errors
        await rosters.publish(liang, draft.roster_id, override="示例")
    told = await group.expects("班表已发布")
    assert told.text == "心内科12月1日至12月31日班表已发布，请私信我“我的班”查看。"
    await group.expects_nothing()
