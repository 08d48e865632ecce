"""The reason of a decline is kept when it is said, however it is said, and nobody is pressed."""

from __future__ import annotations

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from services.decline_reasons import DeclineReason
from services.guests import Guest
from tests.support.deciding import actor, at_once
from tests.support.interviewing import RECRUITER, Post, a_post, candidate_of, state_of

THURSDAY = "2026-12-10T10:00"


@pytest.fixture
async def post(database_url: str, clock: ManualClock) -> Post:
    return await a_post(clock.now())


async def says(services: Services, clock: ManualClock, interview: int, *texts: str) -> None:
    guest = Guest(await candidate_of(interview), "wk-test", "wm-test")
    for text in texts:
        async with db.transaction():
            await services.recruiting.conversation.hear(guest, text, clock.now())


async def reason_of(interview: int) -> str:
    return str(
        await db.fetch_value("SELECT decline_reason FROM interviews WHERE id = $1", interview)
    )


async def replies() -> list[str]:
    rows = await db.fetch("SELECT purpose FROM messages ORDER BY id")
    return [row["purpose"] for row in rows]


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["我已经入职别的医院了，不来了"], "elsewhere"),
        (["不考虑了，离家太远"], "place"),
        (["不考虑了，谢谢"], ""),
        (["不考虑了", "因个人原因放弃"], "personal"),  # said afterwards, unasked
        (["待遇不合适，不考虑了", "家里老人要照顾，不去了"], "pay"),  # the first stands
    ],
)
async def test_in_the_chat(
    services: Services, post: Post, clock: ManualClock, texts: list[str], reason: str
) -> None:
    interview = await post.interview(await post.slot(THURSDAY), "invited")
    await says(services, clock, interview, *texts)
    assert (await state_of(interview), await reason_of(interview)) == ("declined", reason)
    assert await db.fetch("SELECT 1 FROM candidate_tasks") == []  # thanked, and left alone
    assert await replies() == ["candidates.reply"] * len(texts)


async def test_what_else_they_want_afterwards_reaches_a_person(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await post.interview(await post.slot(THURSDAY), "invited")
    await says(services, clock, interview, "不考虑了", "工资能再谈谈吗？")
    kinds = await db.fetch("SELECT kind FROM candidate_tasks")
    assert [row["kind"] for row in kinds] == ["question"]


async def test_read_by_a_person_the_candidates_words_still_count(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await post.interview(await post.slot(THURSDAY), "invited")
    tasks = services.recruiting.tasks
    task = await tasks.open(
        "unclear",
        person=post.recruiter,
        candidate_id=await candidate_of(interview),
        interview_id=interview,
        detail={"words": "夜班太多的话就算了吧"},
    )
    assert task is not None
    async with db.transaction():
        await tasks.done(task, await actor(RECRUITER), "declined")
    assert (await state_of(interview), await reason_of(interview)) == ("declined", "time")


async def test_hr_notes_what_was_said_on_the_telephone(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await post.interview(await post.slot(THURSDAY), "invited")
    by, answers = await actor(RECRUITER), services.recruiting.answers
    note = lambda: answers.note_why(interview, DeclineReason.PLACE, by)  # noqa: E731
    assert await at_once(note) == ["interview_invited"]
    async with db.transaction():
        await answers.decline(interview, via="phone")
    assert await at_once(note) == ["done"]
    assert await reason_of(interview) == "place"
