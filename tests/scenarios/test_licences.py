"""证照: reminded in time, answered with a tap, seen by who answers for it."""

from __future__ import annotations

import pytest

from tests.support.hospital import Hospital
from tests.support.licences import holds, nothing_said_yet_today
from tests.support.minutes import said_at

# Monday 2026-12-07. A nurse's renewal is applied for 30 days before the last valid day.

# The words of a branch; the main sentences are said on every platform.
ONE_PLACE = pytest.mark.parametrize("place", ["wecom"], indirect=True)


async def test_a_nurse_is_told_the_legal_deadline_and_what_to_do(hospital: Hospital) -> None:
    records = hospital.bot.services.licences.records
    await hospital.settle()
    await holds(records, "li", "nurse", "2027-01-21")
    await nothing_said_yet_today()
    li = hospital.phone("li")
    card = await li.expects_card("护士执业证书：离申请截止还有15天")
    for words in (
        "2027年1月21日(周四)",
        "2026年12月22日(周二)",
        "6个月内健康体检证明",
        "护理部",
        "拍照或截图发给我",
        "护士条例",
    ):
        assert words in card.text, words
    assert "您12月7日(周一)说已提交申请" in (await card.tap("已提交申请")).replace("\n", "")
    await hospital.expects_nothing_else()


async def test_my_licences_in_chat(hospital: Hospital) -> None:
    records = hospital.bot.services.licences.records
    li = hospital.phone("li")
    assert "还没有登记证照" in await li.says("我的证")
    await holds(records, "li", "nurse", "2026-12-01")
    await holds(records, "li", "nurse_qualification", None, perpetual=True)
    await holds(records, "li", "bls", "2028-05-31")
    said = await li.says("我的证")
    assert "护士执业证书：2026年12月1日(周二)到期，已过期6天" in said
    assert "不能上临床班" in said
    assert "护士资格证书：长期有效" in said
    assert "BLS：有效期至2028年5月31日(周三)" in said
    assert "已提交申请" in await li.says("已申请")
    assert "您12月7日(周一)说已提交申请" not in await hospital.phone("yang").says("我的证")


async def test_the_head_nurse_sees_her_board_and_nobody_elses(hospital: Hospital) -> None:
    records = hospital.bot.services.licences.records
    await holds(records, "li", "nurse", "2026-12-01")
    await holds(records, "yang", "nurse", "2027-01-05")
    await holds(records, "chen", "nurse", "2027-01-28")
    await holds(records, "ma", "nurse", None)
    zhao = hospital.phone("zhao")
    said = await zhao.says("证照看板")
    assert "重症医学科 12月证照看板：登记4本" in said
    assert "已过期(1本)\n· 李小样 护士执业证书：2026年12月1日(周二)到期，已过期6天" in said
    assert "已过申请期限(1本)\n· 杨小样" in said
    assert "本月截止(1本)\n· 陈小样 护士执业证书：最晚2026年12月29日(周二)" in said
    assert "没有登记到期日(1本)\n· 马小样" in said
    assert "没有您能管理的病区叫“心内科”" in await zhao.says("证照看板 心内科")
    assert "重症医学科" not in await hospital.phone("li").says("证照看板")
    overview = await hospital.phone("song").says("证照看板")
    assert "重症医学科：已过期1本 超过申请期限1本 三个月内要办1本 没有登记到期日1本" in overview


@ONE_PLACE
async def test_at_the_end_no_swap_no_doubt_and_the_head_nurse_knows_the_shifts(
    hospital: Hospital,
) -> None:
    records = hospital.bot.services.licences.records
    await hospital.settle()
    await holds(records, "li", "nurse", "2026-12-06")
    await nothing_said_yet_today()
    li, yang, zhao = hospital.phones("li", "yang", "zhao")
    card = await li.expects_card("护士执业证书已过期1天")
    assert "不能上临床班、换班或参加支援" in card.text
    assert "已收到" in await card.tap("收到")
    rostered = await zhao.expects("1人证照到期后还排着班")
    assert "12月8日(周二) 中班 16:00–24:00等" in rostered.text
    assert "重新发布" in rostered.text
    digest = await zhao.expects("证照提醒：1本需要留意")
    assert "李小样 护士执业证书：2026年12月6日(周日)到期，已过期1天" in digest.text
    said = await yang.says("换班 1214A 李")
    assert "换不了" in said
    assert "护士执业证书" in said
    await hospital.reads()
    await holds(records, "li", "nurse", "2031-12-06")
    assert "护士执业证书" not in await yang.says("换班 1214A 李")


@ONE_PLACE
async def test_a_renewal_closes_the_card_and_tells_nobody_twice(hospital: Hospital) -> None:
    records = hospital.bot.services.licences.records
    await hospital.settle()
    await holds(records, "li", "nurse", "2027-01-21")
    await nothing_said_yet_today()
    li = hospital.phone("li")
    card = await li.expects_card("护士执业证书：离申请截止还有15天")
    await hospital.reads()
    await holds(records, "li", "nurse", "2032-01-21")
    if not hospital.platform.by_robot:  # which cannot redraw a card that nobody tapped
        assert "已更新，提醒结束" in await card.shows()
    assert "已更新，提醒结束" in await card.tap("收到", force=True)
    await hospital.expects_nothing_else()
    assert "有效期至2032年1月21日(周三)，最晚2031年12月22日(周一)申请延续注册" in await li.says(
        "我的证"
    )


async def test_whose_licence_has_ended_is_not_ordered_to_a_shift_and_the_head_nurse_acts(
    hospital: Hospital,
) -> None:
    records = hospital.bot.services.licences.records
    await hospital.settle()
    await holds(records, "li", "nurse", "2026-12-06")
    await nothing_said_yet_today()
    zhao, li, qin = hospital.phones("zhao", "li", "qin")
    told = await zhao.expects("1人证照到期后还排着班")
    for words in (
        "李小样(S1002)：护士执业证书12月6日(周日)已到期，12月8日(周二) 中班 16:00–24:00等",
        "换人顶班",
        "重新发布",
        "商量换班",
        "解决前每天提醒一次",
    ):
        assert words in told.text, words
    pressing = await qin.expects("请督促尽快改排：1人证照到期后还排着班")
    assert "重症医学科 李小样" in pressing.text
    await hospital.at("20:31")
    card = await li.expects_card("12月8日(周二) 中班：请先与护士长确认")
    assert "您的护士执业证书有效期到12月6日(周日)，之后按规定不能上临床班" in card.text
    assert "不要直接到岗" in card.text
    assert said_at("已收到 20:31", await card.tap("收到"))
    await hospital.at("2026-12-08T08:05")
    assert "12月8日(周二)" in (await zhao.expects("1人证照到期后还排着班")).text
    await hospital.reads()
    await holds(records, "li", "nurse", "2031-12-06")
    await hospital.at("2026-12-09T08:05")
    assert "到期后还排着班" not in (await zhao.messages())[-1]["text"]
