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
