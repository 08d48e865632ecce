"""A no-show that was noted by mistake is taken back, and what followed from it with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.wiring import Services
from message_templates.catalogue import Catalogue
from models import db
from models.clock import ManualClock
from services.guests import Guest
from services.no_shows import MISSED
from services.recruiting_numbers import Metric, Month
from services.recruiting_report import count
from services.recruiting_table import REPORT_WORDS, ReportWords
from services.scorecards import REQUEST
from services.wrong_absences import NOTED, SORRY, UNDO
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


async def noted(services: Services, post: Post, clock: ManualClock, user: str = "zhao") -> int:
    """An interview whose interviewer said, after it was over, that nobody came."""
    slot = await post.slot(TUESDAY)
    await interviewer(slot, "zhao")
    interview = await post.interview(slot)
    clock.advance(at(TUESDAY) + timedelta(minutes=40) - clock.now())
    await services.recruiting.results.ends.tick()
    note = services.recruiting.days.no_shows.note
    async with db.transaction():
        await note(interview, await actor(user))
    return interview


async def take_back(services: Services, interview: int, user: str = RECRUITER) -> None:
    await services.recruiting.absences.take_back(interview, await actor(user))


async def asked(purpose: str) -> list[str]:
    rows = await db.fetch("SELECT state FROM asks WHERE purpose = $1 ORDER BY id", purpose)
    return [row["state"] for row in rows]


@pytest.mark.parametrize("user", [RECRUITER, HEAD])
async def test_everything_is_as_before_and_the_question_never_leaves(
    services: Services, post: Post, clock: ManualClock, user: str
) -> None:
    interview = await noted(services, post, clock)
    seats = "SELECT taken FROM slots"
    assert (await state_of(interview), await asked(REQUEST)) == ("no_show", ["withdrawn"])
    assert await at_once(lambda: take_back(services, interview, user)) == ["done"]
    row = await db.fetch_one("SELECT * FROM interviews WHERE id = $1", interview)
    assert row is not None
    assert (row["state"], row["closed_at"]) == ("confirmed", None)
    assert row["result_due_at"] is not None
    assert await db.fetch_value(seats) == 1
    assert [each["state"] for each in await said_to(interview, MISSED)] == ["withdrawn"]
    assert await said_to(interview, SORRY) == []
    assert await asked(MISSED) == ["withdrawn"]
    assert await asked(REQUEST) == ["withdrawn", "open"]  # the interviewer is asked for scores
    actions = await db.fetch("SELECT action FROM audit_rows WHERE action LIKE 'interview.no%'")
    assert [each["action"] for each in actions] == ["interview.no_show", UNDO]


async def test_where_the_question_has_left_they_read_that_it_was_our_mistake(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await noted(services, post, clock)
    await db.execute(
        "UPDATE deliveries SET state = 'accepted' WHERE message_id = "
        "(SELECT id FROM messages WHERE purpose = $1)",
        MISSED,
    )
    assert await at_once(lambda: take_back(services, interview)) == ["done"]
    assert len(await said_to(interview, SORRY)) == 1
    words = await words_of(services, SORRY, interview)
    assert "是我们记错了" in words
    assert "您不用回复" in words


async def test_two_at_once_take_it_back_once(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await noted(services, post, clock)
    ends = await at_once(
        lambda: take_back(services, interview), lambda: take_back(services, interview, HEAD)
    )
    assert sorted(ends) == ["absence_not_noted", "done"]
    assert await asked(REQUEST) == ["withdrawn", "open"]


async def test_not_by_others_not_too_late_and_not_over_an_answer(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await noted(services, post, clock)
    await post.slot("2026-12-18T14:00")
    assert await at_once(lambda: take_back(services, interview, "zhao")) == ["not_allowed"]
    assert await at_once(lambda: take_back(services, 999_999)) == ["interview_unknown"]
    guest = Guest(await candidate_of(interview), "wk-test", "wm-test")
    async with db.transaction():
        await services.recruiting.conversation.hear(guest, "不好意思，换个时间可以吗", clock.now())
    assert await at_once(lambda: take_back(services, interview)) == ["absence_answered"]
    assert await state_of(interview) == "choosing"
    await db.execute("UPDATE interviews SET state = 'no_show' WHERE id = $1", interview)
    clock.advance(timedelta(days=7, minutes=1))
    assert await at_once(lambda: take_back(services, interview)) == ["absence_too_old"]
    assert await state_of(interview) == "no_show"


async def test_the_report_counts_no_absence_that_was_taken_back(
    services: Services, post: Post, clock: ManualClock
) -> None:
    interview = await noted(services, post, clock)
    december = Month(2026, 12)
    assert (await count(december, clock.now())).total.absent == 1
    assert await at_once(lambda: take_back(services, interview)) == ["done"]
    found = (await count(december, clock.now())).total
    assert (found.interviews, found.attended, found.absent) == (1, 0, 0)
    assert (found.unscored, found.unrecorded) == (1, 0)
    words = ReportWords(Catalogue().words(REPORT_WORDS), "示例医院")
    assert words.note(Metric.SHOWN, found) == "到场待评分1"
    with_scores = "UPDATE interviews SET state = $2, arrived_at = NULL WHERE id = $1"
    await db.execute(with_scores, interview, "held")
    scored = (await count(december, clock.now())).total
    assert (scored.attended, scored.unscored, scored.unrecorded) == (1, 0, 0)
    await db.execute(with_scores, interview, "confirmed")
    async with db.transaction():  # and then it was true after all
        await services.recruiting.days.no_shows.note(interview, await actor(RECRUITER))
    assert (await count(december, clock.now())).total.absent == 1


async def test_in_the_chat_by_card_and_by_name(hospital: Hospital) -> None:
    post = await a_post(hospital.bot.clock.now())
    slot = await post.slot(TUESDAY)
    await interviewer(slot, "zhao")
    interview = await post.interview(slot, name="郑小试")
    await hospital.at("2026-12-08T10:30")
    await hospital.reads()
    zhao, liang = hospital.phone("zhao"), hospital.phone("liang")
    assert "撤销没来" in await zhao.says("没来 郑小试")
    assert "不在您的权限里" in await zhao.says("撤销没来 郑小试")
    card = await liang.expects_card("已记下郑护士没来")
    await card.tap("记错了")
    assert await state_of(interview) == "confirmed"
    assert "没有“郑小试”" in await liang.says("撤销没来 郑小试")
    assert "没来" in await zhao.says("没来 郑小试")
    assert "照常按到场处理" in await liang.says("撤销没来 郑护士")
    assert await state_of(interview) == "confirmed"
    assert len(await said_to(interview, NOTED)) == 2
