"""Times are added and deleted: nobody is left with a seat that is gone, or without an answer."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from services.refusals import Refusal
from tests.support.deciding import actor, at_once
from tests.support.interviewing import (
    HEAD,
    RECRUITER,
    Post,
    a_post,
    at,
    interviewer,
    said_to,
    state_of,
    words_of,
)

OFFER, NOTHING = "interviews.offer", "interviews.nothing_free"


@pytest.fixture
async def post(database_url: str, clock: ManualClock) -> Post:
    return await a_post(clock.now())


async def cancel(services: Services, slot: int, user: str = RECRUITER) -> int:
    return await services.recruiting.days.slots.cancel(await actor(user), slot)


async def taken(slot: int) -> int:
    found: int = await db.fetch_value("SELECT taken FROM slots WHERE id = $1", slot)
    return found


@pytest.mark.parametrize("state", ["invited", "confirmed"])
async def test_everybody_under_a_deleted_time_is_offered_others(
    services: Services, post: Post, state: str
) -> None:
    gone = await post.slot("2026-12-09T10:00", capacity=2)
    first, second = [await post.interview(gone, state) for _ in range(2)]
    other = await post.slot("2026-12-10T14:00", capacity=2)
    assert await cancel(services, gone) == 2
    for interview in (first, second):
        assert await state_of(interview) == "choosing"
        words = await words_of(services, OFFER, interview)
        assert "非常抱歉，原定12月9日(周三)10:00的面试时间取消了" in words
        assert "12月10日(周四)14:00" in words
    assert await taken(gone) == 0
    async with db.transaction():
        await services.recruiting.answers.choose(first, other, via="chat")
    assert await state_of(first) == "confirmed"


async def test_where_nothing_else_is_free_hr_has_a_task_and_the_candidate_knows(
    services: Services, post: Post
) -> None:
    gone = await post.slot("2026-12-09T10:00")
    interview = await post.interview(gone)
    await cancel(services, gone)
    words = await words_of(services, NOTHING, interview)
    assert "原定12月9日(周三)10:00的面试时间取消了" in words
    task = await db.fetch_one("SELECT * FROM candidate_tasks")
    assert task is not None
    assert (task["kind"], task["person_id"]) == ("slot_gone", post.recruiter)
    assert await said_to(interview, OFFER) == []


async def test_a_time_added_later_is_offered_to_who_waits(
    services: Services, post: Post, clock: ManualClock
) -> None:
    slots = services.recruiting.days.slots
    gone = await post.slot("2026-12-09T10:00")
    interview = await post.interview(gone)
    await cancel(services, gone)
    assert await slots.tend() == 0
    clock.advance(timedelta(minutes=5))
    await slots.add(
        await actor(RECRUITER), post.id, at("2026-12-11T09:00"), at("2026-12-11T09:30"), "3楼"
    )
    assert await slots.tend() == 1
    assert await slots.tend() == 0
    words = await words_of(services, OFFER, interview)
    assert "让您久等了" in words
    assert "12月11日(周五)09:00" in words
    assert await db.fetch_value("SELECT state FROM candidate_tasks") == "withdrawn"


async def test_who_sat_down_while_it_was_deleted_is_moved_by_the_next_look(
    services: Services, post: Post
) -> None:
    gone = await post.slot("2026-12-09T10:00", capacity=2)
    await post.slot("2026-12-10T10:00")
    await cancel(services, gone)
    late = await post.interview(gone)  # as if its transaction had ended a moment later
    assert await services.recruiting.days.slots.tend() == 1
    assert await state_of(late) == "choosing"
    assert await taken(gone) == 0
    assert await services.recruiting.days.slots.tend() == 0


async def test_deleting_and_choosing_at_once_leave_nobody_on_a_deleted_time(
    services: Services, post: Post
) -> None:
    recruiter = await actor(RECRUITER)
    days, answers = services.recruiting.days, services.recruiting.answers
    for round_ in range(20):
        gone = await post.slot(f"2026-12-{9 + round_ % 20:02}T10:00", group=f"r{round_}")
        interview = await post.interview(None, "choosing")
        ends = await at_once(
            partial(days.slots.cancel, recruiter, gone),
            partial(answers.choose, interview, gone, via="chat"),
        )
        assert ends[0] == "done"
        assert ends[1] in ("done", "slot_taken")
        await days.slots.tend()
        row = await db.fetch_one("SELECT state, slot_id FROM interviews WHERE id = $1", interview)
        assert row == {"state": "choosing", "slot_id": None}
        assert await taken(gone) == 0


async def test_deleting_twice_at_once_apologises_once(services: Services, post: Post) -> None:
    gone = await post.slot("2026-12-09T10:00")
    interview = await post.interview(gone)
    await post.slot("2026-12-10T10:00")
    recruiter, head = await actor(RECRUITER), await actor(HEAD)
    slots = services.recruiting.days.slots
    ends = await at_once(lambda: slots.cancel(recruiter, gone), lambda: slots.cancel(head, gone))
    assert sorted(ends) == ["done", "slot_cancelled"]
    assert len(await said_to(interview, OFFER)) == 1


@pytest.mark.parametrize(
    ("user", "starts", "refused"),
    [
        ("zhao", "2026-12-09T10:00", "not_allowed"),
        (RECRUITER, "2026-12-07T13:30", "slot_begun"),
    ],
)
async def test_what_may_not_be_deleted(
    services: Services, post: Post, user: str, starts: str, refused: str
) -> None:
    slot = await post.slot(starts)
    interview = await post.interview(slot)
    with pytest.raises(Refusal, match=refused):
        await cancel(services, slot, user)
    assert await state_of(interview) == "confirmed"
    with pytest.raises(Refusal, match="not_allowed"):
        await cancel(services, 999_999)


async def test_a_time_that_makes_no_sense_is_refused(services: Services, post: Post) -> None:
    slots, by = services.recruiting.days.slots, await actor(RECRUITER)
    begin, end = at("2026-12-11T09:00"), at("2026-12-11T09:30")
    past = at("2026-12-07T13:00")
    assert await slots.add(by, post.id, begin, end, " 3楼  会议室 ") > 0
    place = await db.fetch_value("SELECT place FROM slots")
    assert place == "3楼 会议室"
    for arguments, own, refused in [
        ((begin, end, "3楼 会议室"), {}, "slot_twice"),
        ((end, begin, "3楼"), {}, "slot_times"),
        ((past, end, "3楼"), {}, "slot_times"),
        ((begin, end, "  "), {}, "slot_place"),
        ((begin, end, "楼" * 129), {}, "slot_place"),
        ((begin, end, "3楼"), {"group": "组" * 33}, "slot_place"),
        ((begin, end, "4楼"), {"capacity": 0}, "slot_seats"),
        ((begin, end, "4楼"), {"capacity": 501}, "slot_seats"),
    ]:
        with pytest.raises(Refusal, match=refused):
            await slots.add(by, post.id, *arguments, **own)  # type: ignore[arg-type]
    with pytest.raises(Refusal, match="not_allowed"):
        await slots.add(await actor("zhao"), post.id, begin, end, "5楼")
    await db.execute("UPDATE postings SET state = 'closed'")
    with pytest.raises(Refusal, match="posting_closed"):
        await slots.add(by, post.id, begin, end, "5楼")
    assert await db.fetch_value("SELECT count(*) FROM slots") == 1


async def test_the_interviewer_of_a_deleted_time_is_told_if_it_is_near(
    services: Services, post: Post
) -> None:
    near, far = await post.slot("2026-12-08T10:00"), await post.slot("2026-12-15T10:00")
    for slot in (near, far):
        await interviewer(slot, "zhao")
    soon, later = await post.interview(near), await post.interview(far)
    for slot in (near, far):
        await cancel(services, slot)
    change = "interviews.for_interviewer_change"
    assert "面试取消：郑护士" in await words_of(services, change, soon)
    assert await said_to(later, change) == []
