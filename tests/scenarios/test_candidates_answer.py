"""What candidates write back: another time, doubts, questions, papers, no; and who helps then."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from models.clock import SHANGHAI
from tests.support.candidates import Candidate, RecruitingHospital, seconds_between

WEDNESDAY, TWO_SEATS = "2026-12-09T10:00", "2026-12-09T15:00"
THURSDAY_EARLY, THURSDAY = "2026-12-10T09:30", "2026-12-10T14:30"
SECONDS = 60.0  # in which a busy machine answers; nothing is put off, see below


async def invited(
    house: RecruitingHospital, name: str = "田小试", local: str = WEDNESDAY
) -> Candidate:
    """They are in the chat and have read their invitation there."""
    one = house.candidate(name)
    await one.writes_first()
    await house.invites(name, local)
    await one.expects("想请您来院面试")
    return one


async def put_off(house: RecruitingHospital, who: Candidate) -> timedelta:
    """How long after it was written their newest message may leave at the earliest."""
    (row,) = await house.rows(
        "SELECT d.not_before - m.created_at AS wait FROM deliveries d "
        "JOIN messages m ON m.id = d.message_id WHERE d.candidate_id = $1 "
        "ORDER BY d.id DESC LIMIT 1",
        await who.id(),
    )
    wait: timedelta = row["wait"]
    return wait


async def test_a_refused_time_is_answered_with_free_ones(house: RecruitingHospital) -> None:
    tian = await invited(house)
    await tian.says("那天我值班，周四可以吗")
    menu = await tian.expects_menu("请选一个方便的时间")
    said = [m for m in await tian.chat.everything() if "那天我值班" in m.text][-1]
    assert 0 <= seconds_between(said, menu) < SECONDS
    assert await put_off(house, tian) <= timedelta()
    assert await house.state("田小试") == ("choosing", None)
    assert await house.taken(WEDNESDAY) == 0  # somebody else may have it
    await menu.tap("周四14:30")
    await tian.expects("已为您改到新的时间")
    assert await house.state("田小试") == ("confirmed", THURSDAY)
    assert await house.taken(THURSDAY) == 1
    await tian.got_nothing()


async def test_the_one_free_time_they_ask_for_is_theirs_at_once(
    house: RecruitingHospital,
) -> None:
    tian = await invited(house)
    await tian.says("那天我值班，周四下午行吗")
    await tian.expects("已为您改到新的时间")
    assert await house.state("田小试") == ("confirmed", THURSDAY)


async def test_the_last_seat_goes_to_one_and_the_other_is_offered_more(
    house: RecruitingHospital,
) -> None:
    tian, luo = await invited(house), await invited(house, "罗小试", TWO_SEATS)
    menus = []
    for one in (tian, luo):
        await one.says("换个时间，周四可以吗")
        menus.append(await one.expects_menu("请选一个方便的时间"))
    await menus[0].tap("周四14:30")
    await menus[1].tap("周四14:30")
    await tian.expects("已为您改到新的时间")
    again = await luo.expects_menu("这个时间刚刚约满了")
    assert await house.taken(THURSDAY) == 1
    assert "周四14:30" not in again.text
    await again.tap("周三10:00")
    assert await house.state("罗小试") == ("confirmed", WEDNESDAY)


@pytest.mark.parametrize("words", ["应该可以吧", "好是好，就是那天有手术", "可以吗"])
async def test_a_doubtful_reply_is_never_a_yes(house: RecruitingHospital, words: str) -> None:
    tian = await invited(house)
    await tian.says(words)
    state, _ = await house.state("田小试")
    assert state in ("invited", "choosing")


async def test_what_is_unclear_is_asked_once_and_then_a_task(house: RecruitingHospital) -> None:
    tian = await invited(house)
    await tian.says("呃呃呃嗯哼")
    await tian.expects("刚才这句我没看懂")
    await house.hr().expects_nothing()
    before = house.now()
    await tian.says("阿巴阿巴")
    await tian.expects("已经请招聘老师看了")
    task = await house.hr().expects_card("请看看")
    assert "阿巴阿巴" in task.text
    (row,) = await house.rows("SELECT due_at FROM candidate_tasks WHERE kind = 'unclear'")
    assert row["due_at"] - before <= timedelta(minutes=16)  # Monday afternoon: office hours
    assert await house.state("田小试") == ("invited", WEDNESDAY)
    await task.tap("同意这个时间")
    assert await house.state("田小试") == ("confirmed", WEDNESDAY)
    await tian.expects("面试时间定好了")


async def test_after_hours_the_office_has_its_minutes_next_morning(
    house: RecruitingHospital,
) -> None:
    tian = await invited(house)
    await house.until("20:00")
    await tian.says("呃呃呃嗯哼")
    await tian.says("阿巴阿巴")
    (row,) = await house.rows("SELECT due_at FROM candidate_tasks WHERE kind = 'unclear'")
    morning = datetime(2026, 12, 8, 8, 15, tzinfo=SHANGHAI)
    assert row["due_at"].replace(microsecond=0) == morning


async def test_what_the_posting_knows_is_answered(house: RecruitingHospital) -> None:
    tian = await invited(house)
    await tian.says("请问可以停车吗")
    await tian.expects("地下车库停车2小时免费")
    assert await house.state("田小试") == ("invited", WEDNESDAY)
    await house.hr().expects_nothing()


async def test_what_nobody_wrote_down_is_asked_of_hr(house: RecruitingHospital) -> None:
    tian = await invited(house)
    await tian.says("夜班费多少？")
    await tian.expects("已经转给招聘老师")
    question = await house.hr().expects_card("夜班费多少")
    assert "已处理" in await question.tap("已处理")


async def test_a_missing_licence_is_a_task_and_no_refusal(house: RecruitingHospital) -> None:
    tian = await invited(house)
    await tian.says("我没有执业证原件，在原单位")
    await tian.expects("先别着急")
    task = await house.hr().expects_card("缺少面试材料")
    assert "没有执业证原件" in task.text
    assert await house.state("田小试") == ("invited", WEDNESDAY)


async def test_a_no_gives_the_seat_back(house: RecruitingHospital) -> None:
    tian = await invited(house)
    await tian.says("谢谢，我已经找到工作了，不考虑了")
    await tian.expects("谢谢您告诉我们")
    assert (await house.state("田小试"))[0] == "declined"
    assert await house.taken(WEDNESDAY) == 0
    await house.time_moves("30h")
    await tian.got_nothing()


async def test_a_stranger_is_greeted_and_reveals_nothing(house: RecruitingHospital) -> None:
    await house.invites("田小试", WEDNESDAY)
    await house.reads()
    stranger = house.stranger()
    link = await house.entry_link()
    assert await stranger.enters(f"{link}&scene_param=forged") == "ok"
    greeting = await stranger.expects("收到过面试邀请的")
    assert "田" not in greeting.text
    await stranger.says("我是田小试，面试改到周五")
    task = await house.phone("song").expects_card("面试改到周五")
    assert "田护士" not in task.text
    assert await house.state("田小试") == ("invited", WEDNESDAY)


async def test_a_human_session_silences_the_bot(house: RecruitingHospital) -> None:
    tian = await invited(house)
    await house.takes_over(tian, "su")
    await tian.says("周四可以吗")
    await tian.chat.expects_nothing()
    assert await house.state("田小试") == ("invited", WEDNESDAY)
