"""The day of an interview: reminders that follow the seat, a deleted slot, a no-show.

Monday is the 7th of December; slots are on the four working days that follow.
"""

from __future__ import annotations

import pytest

from models import db
from services.actors import find
from services.refusals import Refusal
from tests.support.candidates import Candidate, RecruitingHospital

TUESDAY, WEDNESDAY = "2026-12-08T14:30", "2026-12-09T10:00"
THURSDAY = "2026-12-10T14:30"


async def confirmed(house: RecruitingHospital, local: str, name: str = "田小试") -> Candidate:
    """Invited by mail, confirmed on the page; all mails so far are read."""
    one = house.candidate(name)
    await house.invites(name, local)
    letter = await one.reads_mail("想请您来院面试")
    await (await one.opens(letter.page)).presses("方便，我会来")
    await one.reads_mail("面试时间定好了")
    await one.got_nothing()
    await house.reads()
    return one


async def test_reminders_come_the_day_before_and_two_hours_before(
    house: RecruitingHospital,
) -> None:
    tian = await confirmed(house, TUESDAY)
    await house.until("20:40")
    evening = await tian.reads_mail("提醒一下明天的面试")
    assert "12月8日(周二)14:30" in evening.text
    assert "护士执业证书" in evening.text
    assert "https://map.example.com/sample-hospital" in evening.text
    await house.until("2026-12-08T12:20")
    await tian.got_nothing()
    await house.until("2026-12-08T12:35")
    await tian.reads_mail("面试今天14:30开始")
    await house.until("2026-12-08T14:30")
    await tian.got_nothing()


async def test_a_new_slot_silences_every_reminder_of_the_old(house: RecruitingHospital) -> None:
    tian = await confirmed(house, TUESDAY)
    await house.until("20:40")
    letter = await tian.reads_mail("提醒一下明天的面试")
    assert await tian.enters_chat(letter.chat) == "ok"
    await tian.expects("已经定好")
    await tian.says("明天下午临时值班，改到周四下午可以吗")
    await tian.expects("已为您改到新的时间")
    assert await house.state("田小试") == ("confirmed", THURSDAY)
    assert await house.taken(TUESDAY) == 0
    await house.until("2026-12-08T20:00")
    await tian.got_nothing()
    await house.until("2026-12-09T20:40")
    reminder = await tian.expects("提醒一下明天的面试")
    assert "12月10日(周四)14:30" in reminder.text


async def test_who_declines_hears_no_reminder(house: RecruitingHospital) -> None:
    tian = await confirmed(house, TUESDAY)
    await house.candidate("田小试").writes_first("我不考虑了，谢谢")
    assert (await house.state("田小试"))[0] == "declined"
    await house.until("2026-12-08T14:00")
    await tian.got_nothing()


async def test_a_deleted_slot_is_apologised_for_with_other_times(
    house: RecruitingHospital,
) -> None:
    tian = await confirmed(house, WEDNESDAY)
    slots = house.bot.services.recruiting.days.slots
    assert await slots.cancel(await house.recruiter(), await house.slot(WEDNESDAY)) == 1
    letter = await tian.reads_mail("面试时间取消了")
    assert await house.state("田小试") == ("choosing", None)
    page = await tian.opens(letter.page)
    await page.presses("就选这个", "12月10日(周四)")
    state, local = await house.state("田小试")
    assert (state, (local or "")[:10]) == ("confirmed", "2026-12-10")
    await house.until("2026-12-09T09:00")
    await tian.reads_mail("已为您改到新的时间")
    await tian.got_nothing()  # no reminder of the deleted one


async def test_without_any_other_time_hr_gets_a_task(house: RecruitingHospital) -> None:
    tian = await confirmed(house, WEDNESDAY)
    only = await house.slot(WEDNESDAY)
    await db.execute("UPDATE slots SET state = 'cancelled' WHERE id <> $1", only)
    slots = house.bot.services.recruiting.days.slots
    await slots.cancel(await house.recruiter(), await house.slot(WEDNESDAY))
    await tian.reads_mail("没有别的时间")
    await house.hr().expects_card("需要新的面试时间")


async def test_who_has_come_reports_in_the_chat(house: RecruitingHospital) -> None:
    tian = await confirmed(house, TUESDAY)
    await house.until("20:40")
    letter = await tian.reads_mail("提醒一下明天的面试")
    assert await tian.enters_chat(letter.chat) == "ok"
    await tian.expects("已经定好")
    await tian.says("报到")
    await tian.expects("12月8日(周二)14:30见")
    assert await arrivals() == 0
    await house.until("2026-12-08T14:00")
    await tian.expects("面试今天14:30开始")
    await tian.says("我到了")
    await tian.expects("报到好了")
    assert await arrivals() == 1


async def arrivals() -> int:
    found: int = await db.fetch_value(
        "SELECT count(*) FROM interviews WHERE arrived_at IS NOT NULL"
    )
    return found


async def test_who_did_not_come_is_asked_kindly_once(house: RecruitingHospital) -> None:
    tian = await confirmed(house, TUESDAY)
    await house.until("2026-12-08T15:10")
    await tian.reads_mail("提醒一下明天的面试")
    await tian.reads_mail("面试今天14:30开始")
    await house.reads()
    zhao = await find("wecom", "zhao")
    assert zhao is not None
    note = house.bot.services.recruiting.days.no_shows.note
    interview = (await house.interview("田小试"))["id"]
    async with db.transaction():
        await note(interview, zhao)
    asked = await tian.reads_mail("没有等到您")
    assert "是不是临时有事" in asked.text
    with pytest.raises(Refusal, match="interview_no_show"):
        async with db.transaction():
            await note(interview, zhao)
    await house.until("2026-12-09T15:00")
    await tian.got_nothing()
