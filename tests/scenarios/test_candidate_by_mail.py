"""Somebody who has no chat with us: a mail with a link and an appointment, and the page behind."""

from __future__ import annotations

from models import db
from tests.support.candidates import ENTRY, Letter, RecruitingHospital

TIAN = "田小试"


async def invited(house: RecruitingHospital, name: str, local: str) -> Letter:
    """HR ticks a point and invites; the mail that comes."""
    invitations, by = house.bot.services.recruiting.invitations, await house.recruiter()
    application = await house.application(name)
    async with db.transaction():
        await invitations.tick(by, application, ["您有3年急诊科护士经验"])
        await invitations.invite(by, application, await house.slot(local))
    await house.settle()
    return await house.candidate(name).reads_mail("请问这个时间您方便吗")


async def first_slots(house: RecruitingHospital) -> list[str]:
    """The nurses' slots as the house has them."""
    rows = await db.fetch(
        "SELECT to_char(s.starts_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD\"T\"HH24:MI') AS at "
        "FROM slots s JOIN postings p ON p.id = s.posting_id "
        "WHERE p.work = 'nurse' AND s.taken = 0 AND s.starts_at > $1 ORDER BY s.starts_at, s.id",
        house.bot.clock.now(),
    )
    return [str(row["at"]) for row in rows]


async def test_the_mail_carries_all_ways_and_the_page_confirms(house: RecruitingHospital) -> None:
    tian, slot = house.candidate(TIAN), (await first_slots(house))[0]
    letter = await invited(house, TIAN, slot)
    assert letter.calendar["method"] == "PUBLISH"
    assert slot.replace("-", "").replace(":", "") in str(letter.calendar).replace("-", "").replace(
        ":", ""
    )
    page = await tian.opens(letter.page)
    assert page.status == 200
    assert (await house.state(TIAN))[0] == "invited"
    page = await page.presses("方便，我会来")
    assert "您已确认参加" in page.text
    assert await house.state(TIAN) == ("confirmed", slot)
    await house.settle()
    confirmed = await tian.reads_mail("面试")
    assert confirmed.calendar["method"] == "PUBLISH"
    again = await page.presses("换个时间")
    assert "还保留在原来的时间" in again.text
    assert await house.taken(slot) == 1


async def test_the_chat_over_the_mails_link_knows_who_comes(house: RecruitingHospital) -> None:
    tian, slot = house.candidate(TIAN), (await first_slots(house))[0]
    letter = await invited(house, TIAN, slot)
    entry = next(word for word in letter.text.split() if word.startswith(ENTRY))
    assert await tian.enters_chat(entry) == "ok"
    assert (await tian.expects("面试")).text
    known = await db.fetch_value("SELECT candidate_id FROM kf_contacts")
    assert known == await tian.id()


async def test_another_time_is_chosen_on_the_page(house: RecruitingHospital) -> None:
    tian, times = house.candidate(TIAN), await first_slots(house)
    letter = await invited(house, TIAN, times[0])
    page = await (await tian.opens(letter.page)).presses("换个时间")
    assert (await house.state(TIAN))[0] == "choosing"
    assert await house.taken(times[0]) == 0
    [offered] = [form.options["slot"] for form in page.forms if "slot" in form.options]
    assert 2 <= len(offered) <= 3
    page = await page.presses("就选这个时间", chosen=offered[0][0])
    assert "您已确认参加" in page.text
    state, local = await house.state(TIAN)
    assert state == "confirmed"
    assert local != times[0]
    await house.settle()
    changed = await tian.reads_mail("面试")
    assert plain(local) in plain(changed.calendar)


async def test_a_time_we_delete_leaves_the_calendar_with_the_offer(
    house: RecruitingHospital,
) -> None:
    tian, times = house.candidate(TIAN), await first_slots(house)
    letter = await invited(house, TIAN, times[0])
    await (await tian.opens(letter.page)).presses("方便，我会来")
    await house.settle()
    confirmed = await tian.reads_mail("面试时间定好了")
    slots = house.bot.services.recruiting.days.slots
    await slots.cancel(await house.recruiter(), await house.slot(times[0]))
    await house.settle()
    offer = await tian.reads_mail("抱歉")
    assert offer.calendar["method"] == "CANCEL"
    assert offer.calendar["uid"] == confirmed.calendar["uid"]
    assert offer.calendar["sequence"] > confirmed.calendar["sequence"]
    assert plain(times[0]) in plain(offer.calendar)


def plain(value: object) -> str:
    """Times in whatever spelling, to compare."""
    return str(value).replace("-", "").replace(":", "")
