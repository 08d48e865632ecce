"""An invitation leaves on the first way that is open, and is answered where it is read."""

from __future__ import annotations

import pytest

from models import db
from services.refusals import Refusal
from tests.support.candidates import RecruitingHospital

THURSDAY = "2026-12-10T14:30"


async def test_a_mail_leads_to_a_page_where_one_confirms(house: RecruitingHospital) -> None:
    tian = house.candidate("田小试")
    await house.invites("田小试", THURSDAY)
    letter = await tian.reads_mail("想请您来院面试")
    assert "您有3年护理经验" in letter.text
    assert "12月10日(周四)14:30" in letter.text
    assert letter.calendar["start"] == "2026-12-10 14:30"
    page = await tian.opens(letter.page)
    assert (page.status, "12月10日(周四)" in page.text) == (200, True), page.text
    assert await house.state("田小试") == ("invited", THURSDAY)  # looking is not answering
    await page.presses("方便，我会来")
    assert await house.state("田小试") == ("confirmed", THURSDAY)
    await tian.reads_mail("面试时间定好了")
    await tian.got_nothing()


async def test_the_link_in_the_mail_binds_the_chat_and_a_yes_confirms(
    house: RecruitingHospital,
) -> None:
    tian = house.candidate("田小试")
    await house.invites("田小试", THURSDAY)
    letter = await tian.reads_mail("想请您来院面试")
    assert await tian.enters_chat(letter.chat) == "ok"
    await tian.expects("想请您来面试急诊科护士")
    await tian.says("好的，我准时到")
    await tian.expects("面试时间定好了")
    assert await house.state("田小试") == ("confirmed", THURSDAY)
    await tian.got_nothing()


async def test_who_is_in_the_chat_is_invited_there(house: RecruitingHospital) -> None:
    qin = house.candidate("秦小试")
    await qin.writes_first()
    await house.invites("秦小试", THURSDAY)
    await qin.expects("您有5年护理经验")
    await qin.says("1")
    await qin.expects("面试时间定好了")
    assert await house.state("秦小试") == ("confirmed", THURSDAY)
    await qin.got_nothing()


async def test_a_second_invitation_by_a_colleague_is_refused(house: RecruitingHospital) -> None:
    tian = house.candidate("田小试")
    await house.invites("田小试", THURSDAY)
    with pytest.raises(Refusal) as refused:
        await house.invites("田小试", "2026-12-09T15:00", by="song")
    assert refused.value.key == "already_invited"
    assert refused.value.params["by"] == "苏小聘"
    await tian.reads_mail("12月10日(周四)14:30")
    await tian.got_nothing()
    assert (await house.taken(THURSDAY), await house.taken("2026-12-09T15:00")) == (1, 0)


async def test_without_a_ticked_point_nothing_leaves(house: RecruitingHospital) -> None:
    invitations = house.bot.services.recruiting.invitations
    application, slot = await house.application("田小试"), await house.slot(THURSDAY)
    by = await house.recruiter()
    with pytest.raises(Refusal, match="no_match_point"):
        async with db.transaction():
            await invitations.invite(by, application, slot)
    await house.settle()
    await house.candidate("田小试").got_nothing()
    assert await house.taken(THURSDAY) == 0


@pytest.mark.parametrize(("errcode", "waits"), [(550, 0), (451, 8)])
async def test_a_mail_server_that_refuses_costs_a_rung_and_nothing_twice(
    house: RecruitingHospital, errcode: int, waits: int
) -> None:
    """A no for good is believed at once, one for now after eight attempts."""
    tian = house.candidate("田小试")
    await house.fault("mail_error", errcode=errcode)
    await house.invites("田小试", THURSDAY)
    for _ in range(waits):
        await house.time_moves("10m")
    text = await tian.reads_sms("想请您12月10日")
    house.sim.faults.clear()
    page = await tian.opens(text.page)
    await page.presses("方便，我会来")
    assert await house.state("田小试") == ("confirmed", THURSDAY)
    await tian.reads_mail("面试时间定好了")
    await tian.got_nothing()


async def test_when_no_machine_can_reach_them_hr_is_asked_to_call(
    house: RecruitingHospital,
) -> None:
    await house.fault("mail_error", errcode=550)
    await house.fault("api_error", api="sms/SendSms", code="isv.MOBILE_NUMBER_ILLEGAL")
    await house.invites("田小试", THURSDAY)
    call = await house.hr().expects_card("打个电话")
    assert "您有3年护理经验" in call.text
    assert "12月10日(周四)14:30" in call.text
    await call.tap("同意这个时间")
    assert await house.state("田小试") == ("confirmed", THURSDAY)


async def test_who_has_no_way_at_all_becomes_a_task(house: RecruitingHospital) -> None:
    tian = await house.candidate("田小试").id()
    await db.execute("UPDATE candidates SET phone = NULL, email = NULL WHERE id = $1", tian)
    await house.invites("田小试", THURSDAY)
    await house.time_moves("10m")
    await house.hr().expects_card("联系不上")
    await house.candidate("田小试").got_nothing()


async def test_silence_is_asked_about_once_then_called_then_over(
    house: RecruitingHospital,
) -> None:
    tian = house.candidate("田小试")
    await house.invites("田小试", THURSDAY)
    await tian.reads_mail("想请您来院面试")
    await house.until("2026-12-08T12:00", "5h")
    await tian.reads_mail("想再和您确认一下")
    await house.until("2026-12-08T19:00", "5h")
    await house.hr().expects_card("打个电话")
    await house.until("2026-12-09T15:00", "5h")
    assert (await house.state("田小试"))[0] == "expired"
    assert await house.taken(THURSDAY) == 0
    await house.hr().expects("一直没有答复")
    await tian.got_nothing()


async def test_an_altered_chat_link_shows_nobody_anything(house: RecruitingHospital) -> None:
    tian, luo = house.candidate("田小试"), house.candidate("罗小试")
    await house.invites("田小试", THURSDAY)
    letter = await tian.reads_mail("想请您来院面试")
    link, _, param = letter.chat.partition("scene_param=")
    forged = f"{link}scene_param={param[:-4]}AAAA"
    assert await luo.enters_chat(forged) == "ok"
    greeting = await luo.expects("收到过面试邀请的")
    assert "田" not in greeting.text
    await luo.says("好的")
    assert await house.state("田小试") == ("invited", THURSDAY)
