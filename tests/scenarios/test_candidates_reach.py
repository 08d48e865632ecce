"""How words reach somebody outside: into an open chat, by mail, and by telephone at the end."""

from __future__ import annotations

from models import db
from services.interview_words import REPLY
from tests.support.candidates import RecruitingHospital


async def tell(house: RecruitingHospital, name: str, words: str) -> None:
    ledger = house.bot.services.ledger
    async with db.transaction():
        who = await house.candidate(name).id()
        await ledger.notify_candidate(REPLY, 0, who, context={"text": words})


async def test_words_go_by_mail_until_the_chat_is_open(house: RecruitingHospital) -> None:
    tian = house.candidate("田小试")
    await tell(house, "田小试", "您好，收到了。")
    letter = await tian.reads_mail("您好，收到了。")
    assert letter.page
    await tian.got_nothing()


async def test_whose_entering_was_lost_is_known_by_the_first_words(
    house: RecruitingHospital,
) -> None:
    """The bot was down for days when they entered: the platform still tells by which link."""
    tian = house.candidate("田小试")
    await house.invites("田小试", "2026-12-10T14:30")
    letter = await tian.reads_mail("想请您来院面试")
    assert await tian.enters_chat(letter.chat) == "ok"
    await tian.expects("想请您来面试急诊科护士")
    await db.execute("DELETE FROM kf_contacts")
    await tian.says("好的，我准时到")
    await tian.expects("面试时间定好了")
    assert await house.state("田小试") == ("confirmed", "2026-12-10T14:30")
