"""Who did not come is noted and asked about kindly: once, and never if they had told us."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from services.guests import Guest
from services.no_shows import MISSED
from tests.support.deciding import actor, at_once
from tests.support.hospital import Hospital
from tests.support.interviewing import (
    HEAD,
    RECRUITER,
    Post,
    a_post,
    at,
    candidate_of,
    interviewer,
    said_to,
    state_of,
    words_of,
)

TUESDAY = "2026-12-08T10:00"


@pytest.fixture
async def post(database_url: str, clock: ManualClock) -> Post:
    return await a_post(clock.now())


async def waited(post: Post, clock: ManualClock, minutes: int = 20) -> int:
    """An interview of 赵, and the time at which somebody gives up waiting."""
    slot = await post.slot(TUESDAY)
    await interviewer(slot, "zhao")
    interview = await post.interview(slot)
    clock.advance(at(TUESDAY) + timedelta(minutes=minutes) - clock.now())
    return interview


async def note(services: Services, interview: int, user: str = "zhao") -> None:
    await services.recruiting.days.no_shows.note(interview, await actor(user))


@pytest.mark.parametrize("user", ["zhao", RECRUITER, HEAD])
async def test_who_waited_notes_it_and_the_candidate_is_asked_kindly(
    services: Services, post: Post, clock: ManualClock, user: str
) -> None:
    interview = await waited(post, clock)
    assert await at_once(lambda: note(services, interview, user)) == ["done"]
    assert await state_of(interview) == "no_show"
    words = await words_of(services, MISSED, interview)
    assert "12月8日(周二)10:00" in words
    assert "是不是临时有事" in words
    assert "直接回复方便的时间" in words


async def test_two_who_note_it_at_once_ask_once(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await waited(post, clock)
    ends = await at_once(
        lambda: note(services, interview), lambda: note(services, interview, RECRUITER)
    )
    assert sorted(ends) == ["done", "interview_no_show"]
    assert len(await said_to(interview, MISSED)) == 1


async def test_the_answer_leads_to_another_time_and_a_second_absence_is_not_asked_about(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await waited(post, clock)
    again = await post.slot("2026-12-10T14:00")
    await at_once(lambda: note(services, interview))
    guest = Guest(await candidate_of(interview), "wk-test", "wm-test")
    async with db.transaction():
        await services.recruiting.conversation.hear(guest, "不好意思，换个时间可以吗", clock.now())
    assert await state_of(interview) == "choosing"
    assert "12月10日(周四)14:00" in await words_of(services, "interviews.offer", interview)
    async with db.transaction():
        await services.recruiting.answers.choose(interview, again, via="chat")
    clock.advance(at("2026-12-10T14:20") - clock.now())
    assert await at_once(lambda: note(services, interview, RECRUITER)) == ["done"]
    assert await state_of(interview) == "no_show"
    assert len(await said_to(interview, MISSED)) == 1


async def test_who_answered_before_it_left_is_not_asked(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await waited(post, clock)
    await post.slot("2026-12-10T14:00")
    await at_once(lambda: note(services, interview))
    async with db.transaction():
        await services.recruiting.answers.offer(interview)
    assert await words_of(services, MISSED, interview) == ""


@pytest.mark.parametrize("kind", ["unclear", "question", "document"])
async def test_who_may_have_told_us_is_not_asked_but_looked_into(
    services: Services, post: Post, clock: ManualClock, kind: str
) -> None:
    slot = await post.slot(TUESDAY)
    interview = await post.interview(slot)
    clock.advance(timedelta(hours=18))
    await services.recruiting.tasks.open(
        kind,
        person=post.recruiter,
        candidate_id=await candidate_of(interview),
        interview_id=interview,
        detail={"words": "那天家里老人住院"},
    )
    clock.advance(at(TUESDAY) + timedelta(minutes=20) - clock.now())
    assert await at_once(lambda: note(services, interview, RECRUITER)) == ["done"]
    assert await said_to(interview, MISSED) == []
    kinds = await db.fetch("SELECT kind FROM candidate_tasks ORDER BY id")
    assert [row["kind"] for row in kinds] == [kind, "no_show"]


@pytest.mark.parametrize(
    ("state", "refused"),
    [
        ("declined", "interview_declined"),
        ("cancelled", "interview_cancelled"),
        ("held", "interview_held"),
        ("invited", "interview_invited"),
    ],
)
async def test_who_told_us_did_not_stay_away(
    services: Services, post: Post, clock: ManualClock, state: str, refused: str
) -> None:
    interview = await waited(post, clock)
    await db.execute("UPDATE interviews SET state = $2 WHERE id = $1", interview, state)
    assert await at_once(lambda: note(services, interview)) == [refused]
    assert await said_to(interview, MISSED) == []


async def test_too_early_not_theirs_or_already_here(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await waited(post, clock, minutes=14)
    assert await at_once(lambda: note(services, interview)) == ["no_show_early"]
    assert await at_once(lambda: note(services, interview, "li")) == ["not_allowed"]
    assert await at_once(lambda: note(services, 999_999)) == ["interview_unknown"]
    async with db.transaction():
        await services.recruiting.days.batch.arrive(interview, by="test")
    clock.advance(timedelta(minutes=10))
    assert await at_once(lambda: note(services, interview)) == ["no_show_arrived"]
    assert await state_of(interview) == "confirmed"


async def test_in_the_chat_by_name(hospital: Hospital) -> None:
    post = await a_post(hospital.bot.clock.now())
    slot = await post.slot(TUESDAY)
    await interviewer(slot, "zhao")
    interview = await post.interview(slot, name="郑小试")
    same = await post.slot("2026-12-08T09:00")
    await interviewer(same, "zhao")
    await post.interview(same, name="郑小验")
    await hospital.at("2026-12-08T10:30")
    await hospital.reads()
    zhao, li = hospital.phone("zhao"), hospital.phone("li")
    assert "有2位" in await zhao.says("没来 郑护士")
    assert "没有“郑小空”" in await zhao.says("没来 郑小空")
    assert "没有“郑小试”" in await li.says("没来 郑小试")
    assert "请写上姓名" in await zhao.says("没来")
    assert "10:00 郑护士" in await zhao.says("面试安排")
    assert await li.says("面试安排") == "今天和明天没有已确认的面试。"
    assert "接下来会了解" in await zhao.says("没来 郑小试")
    assert await state_of(interview) == "no_show"


async def test_nobody_is_asked_for_scores_of_who_did_not_come(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await waited(post, clock, minutes=45)
    await services.recruiting.results.ends.tick()
    asked = "SELECT state FROM asks WHERE purpose = 'scorecards.request'"
    assert [row["state"] for row in await db.fetch(asked)] == ["open"]
    assert await at_once(lambda: note(services, interview, RECRUITER)) == ["done"]
    assert [row["state"] for row in await db.fetch(asked)] == ["withdrawn"]
