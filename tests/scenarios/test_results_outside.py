"""What a manager read on her phone is what the candidate reads in theirs, word by word."""

from __future__ import annotations

from tests.support.candidates import RecruitingHospital

RULE = "——————\n"


async def test_the_words_approved_reach_the_candidate_unchanged(house: RecruitingHospital) -> None:
    head, shi = house.phone("liang"), house.candidate("石小试")
    shown = (await head.expects("下面是准备发给")).text.partition(RULE)[2].strip()
    card = await head.expects_card("请审批发给")
    await shi.got_nothing()
    assert "已批准" in await card.tap("批准")
    letter = await shi.reads_mail("未能录用")
    assert shown in letter.text.replace("\r\n", "\n")
    assert "回复1同意，回复2立即删除" in shown
    assert "已发出" in (await house.hr().expects("婉拒信已批准")).text


async def test_who_is_refused_late_hears_it_the_next_morning(house: RecruitingHospital) -> None:
    head, shi = house.phone("liang"), house.candidate("石小试")
    card = await head.expects_card("请审批发给")
    await house.until("21:30")
    assert "已批准" in await card.tap("批准")
    await house.until("2026-12-08T08:00")
    await shi.got_nothing()
    await house.until("2026-12-08T08:40")
    await shi.reads_mail("未能录用")


async def test_an_unanswered_result_is_listed_to_hr(house: RecruitingHospital) -> None:
    """白小试 was interviewed on Friday and has no result: the recruiter hears of it today."""
    said = await house.hr().says("结果待办")
    assert "白小试" in said
    await house.until("16:10")
    reminder = await house.hr().expects("还在等面试结果")
    assert "白小试" in reminder.text
    assert "最晚12月9日(周三)17:30" in reminder.text
