"""群通知: a manager writes, sees it first, and one tap posts it to the unit's groups."""

from __future__ import annotations

import json

import pytest

from bot import sample
from models.sealed import seal_json
from services.groups import PLACE
from tests.support.groups import bind_sample_group, group_chat, preview_of, serve_groups
from tests.support.hospital import Hospital, beyond_the_robot
from tests.support.minutes import said_at

pytestmark = beyond_the_robot


@pytest.fixture
async def hospital(hospital: Hospital) -> Hospital:
    serve_groups(hospital)
    return hospital


async def test_a_notice_is_shown_first_and_posted_by_a_tap(hospital: Hospital) -> None:
    await bind_sample_group(hospital)
    zhao, group = hospital.phone("zhao"), group_chat(hospital)
    preview = await preview_of(zhao, "今晚20点停水，请提前备水")
    assert "要发到重症医学科的群吗？" in preview.text
    assert "今晚20点停水，请提前备水" in preview.text
    assert "重症医学科通知群" in preview.text
    assert "重症医学科 · 赵小样" in preview.text
    assert "马上发出" in preview.text
    await group.expects_nothing()
    assert said_at("14:00已确认，正在发到群里", await preview.tap("发送"))
    posted = await group.expects("今晚20点停水")
    assert posted.text == "今晚20点停水，请提前备水\n\n—— 重症医学科 · 赵小样"
    await group.expects_nothing()
    await hospital.expects_nothing_else()


async def test_a_second_tap_posts_nothing_more_and_shows_the_same(hospital: Hospital) -> None:
    await bind_sample_group(hospital)
    zhao, group = hospital.phone("zhao"), group_chat(hospital)
    preview = await preview_of(zhao, "今晚20点停水")
    await preview.tap("发送")
    assert "正在发到群里" in await preview.tap("发送", force=True)
    assert "正在发到群里" in await preview.tap("取消", force=True)
    await group.expects("今晚20点停水")
    await group.expects_nothing()
    rows = await hospital.rows("SELECT detail FROM audit_rows WHERE action = 'notice.posted'")
    assert len(rows) == 1
    assert "停水" not in json.dumps(rows[0]["detail"], ensure_ascii=False)


async def test_a_cancelled_notice_is_never_posted(hospital: Hospital) -> None:
    await bind_sample_group(hospital)
    preview = await preview_of(hospital.phone("zhao"), "今晚20点停水")
    assert "已取消，没有发出" in await preview.tap("取消")
    assert "已取消，没有发出" in await preview.tap("发送", force=True)
    await group_chat(hospital).expects_nothing()


async def test_an_old_preview_is_not_posted_any_more(hospital: Hospital) -> None:
    await bind_sample_group(hospital)
    preview = await preview_of(hospital.phone("zhao"), "今晚20点停水")
    await hospital.later("2h")
    assert "放了太久，没有发出" in await preview.tap("发送")
    await group_chat(hospital).expects_nothing()


async def test_at_night_it_waits_and_the_preview_says_until_when(hospital: Hospital) -> None:
    await bind_sample_group(hospital)
    await hospital.at("22:30")
    await hospital.reads()
    group = group_chat(hospital)
    preview = await preview_of(hospital.phone("zhao"), "明天上午消防演练")
    assert "现在免打扰，07:00发出" in preview.text
    said = await preview.tap("发送")
    assert said_at("22:30已确认", said)
    assert "已确认，07:00发到群里" in said
    await group.expects_nothing()
    await hospital.at("07:00")
    await group.expects("明天上午消防演练")


async def test_what_cannot_be_posted_is_refused_with_the_way_on(hospital: Hospital) -> None:
    zhao, li = hospital.phones("zhao", "li")
    assert "还没有绑定群" in await zhao.says("群通知 今晚20点停水")
    await bind_sample_group(hospital)
    assert "请写上要通知的内容" in await zhao.says("群通知")
    assert "好像有手机号" in await zhao.says("群通知 找王老师：139 0001 0003")
    assert "好像有身份证号" in await zhao.says("群通知 110101199003071234请来领表")
    assert "太长了" in await zhao.says("群通知 " + "停水" * 800)
    assert "不在您的权限里" in await li.says("群通知 今晚20点停水")
    await hospital.expects_nothing_else()


async def test_the_hr_head_names_the_unit(hospital: Hospital) -> None:
    await bind_sample_group(hospital, sample.CARDIOLOGY)
    song = hospital.phone("song")
    said = await song.says("群通知 明天盘点")
    assert said == "您管理的病区不止一个，请先写病区名：人事科、护理部、重症医学科、心内科。"
    preview = await preview_of(song, "心内科：明天盘点\n上午九点")
    assert "要发到心内科的群吗？" in preview.text
    await preview.tap("发送")
    posted = await group_chat(hospital).expects("明天盘点")
    assert posted.text == "明天盘点\n上午九点\n\n—— 心内科 · 宋小范"


async def test_words_that_look_like_a_link_or_a_mention_stay_words(hospital: Hospital) -> None:
    await bind_sample_group(hospital)
    preview = await preview_of(hospital.phone("zhao"), "@all <a href='x'>领奖</a> [点](http://x)")
    await preview.tap("发送")
    posted = await group_chat(hospital).expects("领奖")
    for mark in ("@all", "<a", "]("):
        assert mark not in posted.text


async def test_binding_is_explained_in_a_private_chat(hospital: Hospital) -> None:
    zhao = hospital.phone("zhao")
    assert "在群里@我发“绑定本群”" in await zhao.says("绑定本群")
    assert "在要解绑的群里" in await zhao.says("解绑本群")
    helped = await zhao.says("帮助")
    assert "群通知 今晚20点停水" in helped
    assert "绑定本群" in helped
    assert "群通知" not in await hospital.phone("li").says("帮助")


async def test_a_dead_group_is_told_to_its_manager(hospital: Hospital) -> None:
    await bind_sample_group(hospital)
    gone = seal_json(PLACE, {"key": "gone", "token": "gone", "secret": "SECgone"})
    await hospital.rows("UPDATE unit_groups SET secret = $1", gone)
    zhao = hospital.phone("zhao")
    await (await preview_of(zhao, "今晚20点停水")).tap("发送")
    told = await zhao.expects("有通知没能发到重症医学科的群“重症医学科通知群”")
    assert "请信息科用新地址重新绑定" in told.text
    await hospital.expects_nothing_else()
