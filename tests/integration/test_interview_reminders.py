"""The evening before and two hours before: once, in time, and only of what still holds."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from services.interview_reminders import EVE, SOON
from services.purposes import Subject
from tests.support.delivering import post_office
from tests.support.interviewing import (
    Post,
    a_post,
    at,
    candidate_of,
    interviewer,
    person,
    said_to,
    words_of,
)

WEDNESDAY = "2026-12-09T10:00"


@pytest.fixture
async def post(database_url: str, clock: ManualClock) -> Post:
    return await a_post(clock.now())


def moved(clock: ManualClock, local: str) -> None:
    clock.advance(at(local) - clock.now())


async def confirmed(post: Post, starts: str = WEDNESDAY, *, when: datetime | None = None) -> int:
    interview = await post.interview(await post.slot(starts))
    await db.execute(
        "UPDATE interviews SET confirmed_at = $2 WHERE id = $1", interview, when or post.now
    )
    return interview


async def remind(services: Services) -> int:
    return await services.recruiting.days.reminders.remind()


async def test_the_evening_before_and_two_hours_before(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await confirmed(post)
    moved(clock, "2026-12-08T17:59")
    assert await remind(services) == 0
    moved(clock, "2026-12-08T18:00")
    assert await remind(services) == 1
    assert await remind(services) == 0
    words = await words_of(services, EVE, interview)
    for part in (
        "郑护士您好，提醒一下明天的面试",
        "12月9日(周三)10:00",
        "行政楼3楼会议室",
        "身份证、护士执业证书",
        "https://map.example/1",
        "0512-60000000",
        "收到请回复1",
    ):
        assert part in words
    moved(clock, "2026-12-09T07:59")
    assert await remind(services) == 0
    moved(clock, "2026-12-09T08:00")
    assert await remind(services) == 1
    words = await words_of(services, SOON, interview)
    assert "今天10:00开始" in words
    assert "身份证、护士执业证书" in words
    assert "https://map.example/1" in words
    assert await remind(services) == 0
    assert [row["purpose"] for row in await said_to(interview, EVE, SOON)] == [EVE, SOON]


async def test_two_processes_at_once_remind_once(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interviews = [await confirmed(post, f"2026-12-09T{hour}:00") for hour in range(10, 16)]
    moved(clock, "2026-12-08T18:30")
    await asyncio.gather(*(remind(services) for _ in range(4)))
    for interview in interviews:
        assert len(await said_to(interview, EVE)) == 1


async def test_another_time_voids_what_was_said_of_the_old_one(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await confirmed(post)
    other = await post.slot("2026-12-09T15:00")
    moved(clock, "2026-12-08T18:00")
    assert await remind(services) == 1
    async with db.transaction():
        await services.recruiting.answers.choose(interview, other, via="chat")
    [old] = await said_to(interview, EVE)
    assert old["state"] == "withdrawn"
    asks = await db.fetch("SELECT state FROM asks WHERE purpose = $1", EVE)
    assert [ask["state"] for ask in asks] == ["withdrawn"]
    moved(clock, "2026-12-08T18:30")
    assert await remind(services) == 0  # they have just read the new one
    moved(clock, "2026-12-09T08:30")
    assert await remind(services) == 0  # two hours before the old time nothing is said
    moved(clock, "2026-12-09T13:00")
    assert await remind(services) == 1
    assert "15:00" in await words_of(services, SOON, interview)


async def test_a_moved_appointment_has_reminders_of_its_own(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await confirmed(post)
    other = await post.slot("2026-12-11T15:00")
    moved(clock, "2026-12-08T18:00")
    assert await remind(services) == 1
    async with db.transaction():
        await services.recruiting.answers.choose(interview, other, via="chat")
    moved(clock, "2026-12-10T18:00")
    assert await remind(services) == 1
    assert "12月11日(周五)15:00" in await words_of(services, EVE, interview)


@pytest.mark.parametrize("how", ["decline", "cancel", "slot"])
async def test_nobody_is_remembered_who_does_not_come(
    services: Services, post: Post, clock: ManualClock, how: str
) -> None:
    interview = await confirmed(post)
    moved(clock, "2026-12-08T18:00")
    assert await remind(services) == 1
    answers = services.recruiting.answers
    async with db.transaction():
        if how == "decline":
            await answers.decline(interview, via="chat")
        elif how == "cancel":
            await answers.cancel(interview, by="person:1", why="")
        else:
            await db.execute("UPDATE slots SET state = 'cancelled'")
            await answers.offer(interview)
    assert [row["state"] for row in await said_to(interview, EVE)] == ["withdrawn"]
    moved(clock, "2026-12-09T08:00")
    assert await remind(services) == 0


async def test_after_a_night_without_work_the_words_are_right(
    services: Services, post: Post, clock: ManualClock
) -> None:
    """Nothing ran from six in the evening; in the morning 明天 has become 今天."""
    interview = await confirmed(post, "2026-12-09T14:00")
    moved(clock, "2026-12-09T08:30")
    assert await remind(services) == 1
    assert "提醒一下今天的面试" in await words_of(services, EVE, interview)
    moved(clock, "2026-12-09T12:00")
    assert await remind(services) == 1


async def test_what_is_too_late_is_not_said(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await confirmed(post)
    moved(clock, "2026-12-09T07:30")
    assert await remind(services) == 0  # the evening's: the other one comes in half an hour
    moved(clock, "2026-12-09T09:29")
    assert await remind(services) == 1
    second = await confirmed(post, "2026-12-09T09:50")
    assert await remind(services) == 0
    assert [row["purpose"] for row in await said_to(interview, EVE, SOON)] == [SOON]
    assert await said_to(second, EVE, SOON) == []


async def test_written_in_the_quiet_hours_it_leaves_in_the_morning_and_says_today(
    services: Services, post: Post, clock: ManualClock, database_url: str
) -> None:
    interview = await confirmed(post, "2026-12-09T14:00")
    moved(clock, "2026-12-08T22:30")
    assert await remind(services) == 1
    async with post_office(database_url, services, clock, channel="phone_task") as office:
        await office.works()
        assert office.platform.calls == []
        moved(clock, "2026-12-09T07:00")
        await office.works()
        [call] = office.platform.calls
    assert "提醒一下今天的面试" in str(call.content)
    assert [row["state"] for row in await said_to(interview, EVE)] == ["accepted"]


@pytest.mark.parametrize(
    ("starts", "confirmed_at", "at_eve", "at_soon"),
    [
        ("2026-12-09T10:00", "2026-12-08T19:00", 0, 1),  # the evening before, after six
        ("2026-12-09T10:00", "2026-12-08T16:00", 0, 1),  # two hours before the reminder
        ("2026-12-09T10:00", "2026-12-08T14:00", 1, 1),
        ("2026-12-09T10:00", "2026-12-09T07:50", 0, 0),  # a moment before
    ],
)
async def test_who_has_just_confirmed_is_not_told_again(
    services: Services,
    post: Post,
    clock: ManualClock,
    starts: str,
    confirmed_at: str,
    at_eve: int,
    at_soon: int,
) -> None:
    moved(clock, confirmed_at)
    interview = await confirmed(post, starts, when=at(confirmed_at))
    if at(confirmed_at) < at("2026-12-08T20:00"):
        moved(clock, "2026-12-08T20:00")
        assert await remind(services) == at_eve
    moved(clock, "2026-12-09T08:00")
    assert await remind(services) == at_soon
    assert len(await said_to(interview, EVE, SOON)) == at_eve + at_soon


async def test_received_is_noted_once(services: Services, post: Post, clock: ManualClock) -> None:
    interview = await confirmed(post)
    moved(clock, "2026-12-08T18:00")
    await remind(services)
    reminders, candidate = services.recruiting.days.reminders, await candidate_of(interview)
    for _ in range(2):
        async with db.transaction():
            await reminders.heard(candidate)
    noted = "SELECT 1 FROM audit_rows WHERE action = 'interview.acknowledged'"
    assert len(await db.fetch(noted)) == 1
    assert (
        await db.fetch_value("SELECT answer FROM asks WHERE purpose = $1", EVE) == "acknowledged"
    )


DIGEST, CHANGE = "interviews.for_interviewer", "interviews.for_interviewer_change"


async def test_interviewers_get_one_list_the_evening_before(
    services: Services, post: Post, clock: ManualClock
) -> None:
    zhao = await person("zhao")
    for hour in (14, 9, 10):
        slot = await post.slot(f"2026-12-09T{hour:02}:00")
        await interviewer(slot, "zhao")
        await db.execute(
            "UPDATE interviews SET confirmed_at = $2 WHERE id = $1",
            await post.interview(slot),
            post.now,
        )
    interviewers = services.recruiting.days.interviewers
    moved(clock, "2026-12-08T17:59")
    assert await interviewers.tell() == 0
    moved(clock, "2026-12-08T18:00")
    assert await interviewers.tell() == 1
    assert await interviewers.tell() == 0
    words = await words_of(services, DIGEST, zhao)
    assert words.startswith("明天(12月9日(周三))您要面试3位：")
    assert words.index("09:00 郑护士") < words.index("10:00 郑护士") < words.index("14:00 郑护士")
    assert "郑小试" not in words


async def test_a_list_nobody_wrote_in_the_evening_comes_in_the_morning(
    services: Services, post: Post, clock: ManualClock
) -> None:
    slot = await post.slot("2026-12-09T14:00")
    zhao = await interviewer(slot, "zhao")
    await db.execute(
        "UPDATE interviews SET confirmed_at = $2 WHERE id = $1",
        await post.interview(slot),
        post.now,
    )
    interviewers = services.recruiting.days.interviewers
    moved(clock, "2026-12-09T07:30")
    assert await interviewers.tell() == 1
    assert (await words_of(services, DIGEST, zhao)).startswith("今天(12月9日(周三))")
    moved(clock, "2026-12-09T14:30")
    assert await words_of(services, DIGEST, zhao) == ""


async def test_changes_within_a_day_are_said_to_interviewers_at_once(
    services: Services, post: Post, clock: ManualClock
) -> None:
    near, later = await post.slot("2026-12-08T10:00"), await post.slot("2026-12-08T11:00")
    far = await post.slot("2026-12-15T10:00")
    for slot in (near, later, far):
        await interviewer(slot, "zhao")
    interview = await post.interview(near, "invited")
    answers = services.recruiting.answers
    async with db.transaction():
        await answers.confirm(interview, via="chat")
    assert (await words_of(services, CHANGE, interview)).startswith("新增面试：郑护士")
    async with db.transaction():
        await answers.choose(interview, later, via="chat")
    words = await words_of(services, CHANGE, interview)
    assert "由12月8日(周二)10:00改到12月8日(周二)11:00" in words
    async with db.transaction():
        await answers.choose(interview, far, via="chat")
    assert "11:00不用等了" in await words_of(services, CHANGE, interview)
    async with db.transaction():
        await answers.decline(interview, via="chat")
    assert len(await said_to(interview, CHANGE)) == 3  # a week ahead is not said at once


async def test_of_two_changes_only_the_newer_is_still_said(
    services: Services, post: Post, clock: ManualClock
) -> None:
    near, later = await post.slot("2026-12-08T10:00"), await post.slot("2026-12-08T11:00")
    for slot in (near, later):
        await interviewer(slot, "zhao")
    interview = await post.interview(near, "invited")
    async with db.transaction():
        await services.recruiting.answers.confirm(interview, via="chat")
    first = await words_of(services, CHANGE, interview)
    assert first
    async with db.transaction():
        await services.recruiting.answers.decline(interview, via="chat")
    rows = await said_to(interview, CHANGE)
    assert len(rows) == 2
    loaded = services.ledger.purposes[CHANGE].load
    context = {"slot": near, "old": "", "new": "2026-12-08T02:00:00+00:00", "place": "3楼"}
    facts = await loaded([Subject(1, interview, context)])
    assert not facts[1].stands
