"""A colleague takes a candidate's WeChat chat over, talks, and gives it back to the bot."""

from __future__ import annotations

import asyncio

from bot.sample_outside import KFID
from tests.support.candidates import Candidate, RecruitingHospital
from tests.support.console import signed_in
from tests.support.hospital import Message
from tests.support.servicing import Desk

WEDNESDAY = "2026-12-09T10:00"
TRANS = "kf/service_state/trans"


async def puzzling(house: RecruitingHospital, local: str = WEDNESDAY) -> tuple[Candidate, Message]:
    """An invited candidate has written twice what nobody understands; the office has its card."""
    tian = house.candidate("田小试")
    await tian.writes_first()
    await house.invites("田小试", WEDNESDAY)
    await tian.expects("想请您来院面试")
    await tian.says("呃呃呃嗯哼")
    await tian.expects("没看懂")
    await tian.says("阿巴阿巴")
    card = await house.hr().expects_card("没能读懂")
    await house.reads()
    return tian, card


async def moves(house: RecruitingHospital) -> int:
    """How often the platform was told to move a session."""
    return sum(call["api"] == TRANS for call in await house.get("/sim/calls?limit=10000"))


async def test_a_colleague_takes_over_talks_and_ends_and_the_bot_understands_again(
    house: RecruitingHospital,
) -> None:
    tian, card = await puzzling(house)
    assert "转给苏小聘" in await card.tap("我来接待")
    await house.hr().expects_card("田护士的微信会话转给您了")
    await tian.expects("接下来由我们的老师在这里直接回复您")
    su = Desk(house, "su")
    seen = await su.reads(tian)  # what was said before, too
    assert "阿巴阿巴" in seen
    assert seen[-1] == "您好，接下来由我们的老师在这里直接回复您。"
    (before,) = await house.rows("SELECT sent, last_said_at FROM kf_contacts")
    await su.says(tian, "您好，我是人事科小苏，周三方便吗？")
    await tian.expects("我是人事科小苏")
    assert await house.rows("SELECT sent, last_said_at FROM kf_contacts") == [before]
    left = await tian.chat.left()
    await tian.says("好的")  # said to the colleague: it confirms nothing
    assert (await su.reads(tian))[-1] == "好的"
    await tian.got_nothing()
    assert await house.state("田小试") == ("invited", WEDNESDAY)
    await su.ends(tian)
    await tian.says("好的")
    await tian.expects("面试时间定好了")
    assert await house.state("田小试") == ("confirmed", WEDNESDAY)
    assert left == 0  # in a colleague's session the bot may say nothing
    assert await moves(house) == 1
    told = await house.rows(
        "SELECT actor, action FROM audit_rows WHERE action LIKE 'chat.%' ORDER BY id"
    )
    su_id = (await house.recruiter()).person_id
    assert [(row["actor"], row["action"]) for row in told] == [
        (f"person:{su_id}", "chat.asked"),
        (f"person:{su_id}", "chat.done"),
        (f"person:{su_id}", "chat.moved"),
    ]


async def test_given_back_with_a_tap_the_next_words_are_the_bots(
    house: RecruitingHospital,
) -> None:
    tian, card = await puzzling(house)
    await card.tap("我来接待")
    yours = await house.hr().expects_card("微信会话转给您了")
    await tian.expects("接下来由我们的老师")
    assert "我来接待" not in await card.shows()
    assert "正在交还给机器人" in await yours.tap("交还给机器人")
    await tian.expects("这次人工接待结束了")
    assert "会话已不在您这里" in await yours.shows()
    assert "会话已经不在您这里" in await yours.tap("交还给机器人", force=True)
    await tian.says("好的")
    await tian.expects("面试时间定好了")


async def test_in_the_console_too_it_is_taken_seen_and_given_back(
    house: RecruitingHospital,
) -> None:
    tian, _ = await puzzling(house)
    (task,) = await house.rows("SELECT id FROM candidate_tasks WHERE kind = 'unclear'")
    page, case = f"/console/tasks/{task['id']}", f"/console/candidates/{await tian.id()}"
    async with signed_in(house, "su") as su:
        assert "由机器人接待" in (await su.opens(page)).text
        assert "正在转给苏小聘" in (await su.sends(f"{page}/chat")).text
        await tian.expects("接下来由我们的老师")
        assert "苏小聘正在接待" in (await su.opens(case)).text
        async with signed_in(house, "song") as song:
            assert "苏小聘正在接待" in (await song.opens(page)).text
            refused = await song.sends(f"{page}/chat")
            assert "苏小聘已经在接待了" in refused.text
            assert "会话已经不在您这里" in (await song.sends(f"{page}/chat/back")).text
        await su.opens(page)
        await su.sends(f"{page}/chat/back")
        await tian.expects("这次人工接待结束了")
        assert "对方再说话就由机器人接着办" in (await su.opens(page)).text


async def test_a_task_done_offers_to_give_the_chat_back(house: RecruitingHospital) -> None:
    _tian, card = await puzzling(house)
    await card.tap("我来接待")
    await house.hr().expects_card("微信会话转给您了")
    await card.tap("同意这个时间")
    back = await house.hr().expects_card("微信会话还在您这里")
    assert await house.state("田小试") == ("confirmed", WEDNESDAY)
    await back.tap("交还给机器人")
    assert [chat["state"] for chat in await Desk(house, "su").chats()] == ["ended"]


async def test_what_the_bot_has_to_say_meanwhile_goes_another_way_once(
    house: RecruitingHospital,
) -> None:
    """Also when nobody told us that a colleague has it: the platform's refusal teaches it."""
    tian, _ = await puzzling(house)
    account = house.sim.world.kf.accounts[KFID] if house.sim.world.kf else None
    assert account is not None
    session = house.sim.kf.account(KFID).session(tian.sample.wechat)
    session.state, session.servicer, session.last = 3, "su", "su"  # and no event came
    sent = (await house.rows("SELECT sent FROM kf_contacts WHERE last_said_at IS NOT NULL"))[0]
    await house.bot.services.recruiting.invitations.cancel(
        await house.recruiter(), (await house.interview("田小试"))["id"], "岗位调整"
    )
    await tian.reads_mail("岗位调整")
    await tian.chat.expects_nothing()
    (known,) = await house.rows("SELECT state, servicer, sent FROM kf_contacts")
    assert (known["state"], known["servicer"], known["sent"]) == (3, "su", sent["sent"])
    states = await house.rows(
        "SELECT d.channel, d.state FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE m.purpose = 'interviews.cancelled' AND d.candidate_id IS NOT NULL ORDER BY d.id"
    )
    assert [(row["channel"], row["state"]) for row in states] == [
        ("wecom_kf", "failed"),
        ("mail", "accepted"),
    ]
    await Desk(house, "su").ends(tian)
    await tian.says("收到，谢谢")
    assert (await house.rows("SELECT state FROM kf_contacts"))[0]["state"] == 0


async def test_whoever_is_no_servicer_is_told_what_to_do(house: RecruitingHospital) -> None:
    assert house.sim.world.kf is not None
    account = house.sim.world.kf.accounts[KFID]
    account.servicers = set()
    tian, card = await puzzling(house)
    await card.tap("我来接待")
    told = await house.hr().expects_card("微信会话没有转成")
    assert "管理后台→应用管理→微信客服→该帐号→接待人员" in told.text
    account.servicers = {"su"}
    assert "正在转给您" in await told.tap("我来接待")
    await house.hr().expects_card("微信会话转给您了")
    await Desk(house, "su").says(tian, "您好")
    await tian.expects("您好")


async def test_of_two_who_tap_at_once_one_gets_it_and_the_other_hears_who(
    house: RecruitingHospital,
) -> None:
    tian, card = await puzzling(house)
    await house.time_moves("20m")  # nobody did it: the head of HR has the same card
    heads = await house.phone("song").expects_card("没能读懂")
    words = await asyncio.gather(card.tap("我来接待"), heads.tap("我来接待"))
    await house.settle()
    (chat,) = await house.rows("SELECT servicer FROM kf_contacts")
    assert chat["servicer"] in ("su", "song")
    winner, loser = ("su", "song") if chat["servicer"] == "su" else ("song", "su")
    name = {"su": "苏小聘", "song": "宋小范"}[winner]
    await house.phone(winner).expects_card("微信会话转给您了")
    heard = [*words, *(m["text"] for m in await house.phone(loser).messages())]
    assert any(
        (name in text and "不用再接" in text) or f"{name}已经在接待" in text for text in heard
    )
    assert await moves(house) == 1
    assert await Desk(house, loser).chats() == []
    assert "阿巴阿巴" in await Desk(house, winner).reads(tian)


async def test_told_to_move_and_not_heard_of_it_is_asked_and_not_told_twice(
    house: RecruitingHospital,
) -> None:
    """The platform has moved the chat, and its answer is lost: as when the process dies there."""
    tian, card = await puzzling(house)
    await house.fault("reset_after_bytes", api=TRANS, count=1)
    await card.tap("我来接待")
    await house.settle()
    await house.time_moves("2m")
    await house.hr().expects_card("微信会话转给您了")
    assert await moves(house) == 1
    assert "阿巴阿巴" in await Desk(house, "su").reads(tian)
    (row,) = await house.rows("SELECT state, attempts FROM kf_transfers")
    assert (row["state"], row["attempts"]) == ("done", 2)


async def test_a_chat_that_lapsed_while_a_colleague_had_it_is_the_bots_again(
    house: RecruitingHospital,
) -> None:
    tian, card = await puzzling(house)
    await card.tap("我来接待")
    await house.hr().expects_card("微信会话转给您了")
    await tian.expects("接下来由我们的老师")
    await house.until(
        "2026-12-09T16:30", "12h"
    )  # more than two days; nobody tells that it has ended
    await house.reads()
    await tian.says("请问可以停车吗")
    await tian.expects("地下车库停车2小时免费")
