"""群通知: a manager writes, sees it first, and one tap posts it to the unit's groups."""

from __future__ import annotations

import json

from bot import sample
from models import db
from models.groups import GroupDoor
from tests.support.groups import bind_webhook
from tests.support.hospital import Hospital


async def posts(hospital: Hospital) -> list[dict[str, object]]:
    """What lies ready for groups: no channel of this hospital posts there yet."""
    return await hospital.rows(
        "SELECT m.purpose, d.address, d.channel, d.state FROM deliveries d "
        "JOIN messages m ON m.id = d.message_id WHERE d.group_id IS NOT NULL ORDER BY d.id"
    )


async def test_a_notice_is_shown_first_and_posted_by_a_tap(hospital: Hospital) -> None:
    group = await bind_webhook(sample.ICU, "key-1")
    zhao = hospital.phone("zhao")
    await zhao.says("群通知 今晚20点停水，请提前备水")
    preview = await zhao.expects_card("要发到重症医学科的群吗？")
    assert "今晚20点停水，请提前备水" in preview.text
    assert "重症医学科通知群" in preview.text
    assert "重症医学科 · 赵小样" in preview.text
    assert "马上发出" in preview.text
    assert await posts(hospital) == []
    assert "14:00已确认，正在发到群里" in await preview.tap("发送")
    await hospital.settle()
    assert await posts(hospital) == [
        {
            "purpose": "units.notice",
            "address": str(group),
            "channel": GroupDoor.WECOM_WEBHOOK,
            "state": "queued",
        }
    ]
    await hospital.expects_nothing_else()


async def test_a_second_tap_posts_nothing_more_and_shows_the_same(hospital: Hospital) -> None:
    await bind_webhook(sample.ICU, "key-1")
    zhao = hospital.phone("zhao")
    await zhao.says("群通知 今晚20点停水")
    preview = await zhao.expects_card("请核对")
    await preview.tap("发送")
    assert "正在发到群里" in await preview.tap("发送", force=True)
    assert "正在发到群里" in await preview.tap("取消", force=True)
    assert len(await posts(hospital)) == 1
    rows = await hospital.rows("SELECT 1 FROM audit_rows WHERE action = 'notice.posted'")
    assert len(rows) == 1


async def test_a_cancelled_notice_is_never_posted(hospital: Hospital) -> None:
    await bind_webhook(sample.ICU, "key-1")
    zhao = hospital.phone("zhao")
    await zhao.says("群通知 今晚20点停水")
    preview = await zhao.expects_card("请核对")
    assert "已取消，没有发出" in await preview.tap("取消")
    assert "已取消，没有发出" in await preview.tap("发送", force=True)
    assert await posts(hospital) == []


async def test_an_old_preview_is_not_posted_any_more(hospital: Hospital) -> None:
    await bind_webhook(sample.ICU, "key-1")
    zhao = hospital.phone("zhao")
    await zhao.says("群通知 今晚20点停水")
    preview = await zhao.expects_card("请核对")
    await hospital.later("2h")
    assert "放了太久，没有发出" in await preview.tap("发送")
    assert await posts(hospital) == []


async def test_at_night_the_preview_says_when_it_will_be_posted(hospital: Hospital) -> None:
    await bind_webhook(sample.ICU, "key-1")
    await hospital.at("22:30")
    await hospital.reads()
    zhao = hospital.phone("zhao")
    await zhao.says("群通知 明天上午消防演练")
    preview = await zhao.expects_card("请核对")
    assert "现在免打扰，07:00发出" in preview.text
    assert "22:30已确认，07:00发到群里" in await preview.tap("发送")


async def test_what_cannot_be_posted_is_refused_with_the_way_on(hospital: Hospital) -> None:
    zhao, li = hospital.phones("zhao", "li")
    assert "还没有绑定群" in await zhao.says("群通知 今晚20点停水")
    await bind_webhook(sample.ICU, "key-1")
    assert "请写上要通知的内容" in await zhao.says("群通知")
    assert "好像有手机号" in await zhao.says("群通知 找王老师：139 0001 0003")
    assert "好像有身份证号" in await zhao.says("群通知 110101199003071234请来领表")
    assert "太长了" in await zhao.says("群通知 " + "停水" * 400)
    assert "不在您的权限里" in await li.says("群通知 今晚20点停水")
    await hospital.expects_nothing_else()


async def test_the_hr_head_names_the_unit(hospital: Hospital) -> None:
    await bind_webhook(sample.CARDIOLOGY, "key-2")
    song = hospital.phone("song")
    said = await song.says("群通知 明天盘点")
    assert "请写明是哪个" in said
    assert "重症医学科" in said
    await song.says("群通知 心内科：明天盘点\n上午九点")
    preview = await song.expects_card("要发到心内科的群吗？")
    assert "明天盘点\n上午九点" in preview.text
    await preview.tap("发送")
    row = await db.fetch_one(
        "SELECT detail FROM audit_rows WHERE action = 'notice.posted'",
    )
    assert row is not None
    assert "明天盘点" not in json.dumps(row["detail"], ensure_ascii=False)


async def test_binding_is_explained_in_a_private_chat(hospital: Hospital) -> None:
    zhao = hospital.phone("zhao")
    assert "在群里@我发“绑定本群”" in await zhao.says("绑定本群")
    assert "在要解绑的群里" in await zhao.says("解绑本群")
    helped = await zhao.says("帮助")
    assert "群通知 今晚20点停水" in helped
    assert "绑定本群" in helped
    assert "群通知" not in await hospital.phone("li").says("帮助")
