"""Scores: asked for once the interview is over, given once, by those who were there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from services.refusals import Refusal
from services.score_notes import ScoreNote, notes_of
from tests.support.deciding import actor, at_once, attempt
from tests.support.hospital import START
from tests.support.results import (
    NOTE,
    heard,
    hr,
    interview,
    posting,
    prepared,
    ready,
    rooms,
    scored,
)

HELD = START - timedelta(hours=2)


async def row_of(interview_id: int) -> db.Row:
    row = await db.fetch_one(
        "SELECT i.*, a.stage FROM interviews i JOIN applications a ON a.id = i.application_id "
        "WHERE i.id = $1",
        interview_id,
    )
    assert row is not None
    return row


async def test_the_end_of_an_interview_starts_the_clock_and_asks_each_interviewer(
    services: Services, clock: ManualClock
) -> None:
    seen = await interview(HELD)
    assert await rooms(services).ends.tick() == 1
    assert await rooms(services).ends.tick() == 0
    row = await row_of(seen.id)
    assert row["ended_at"] == HELD + timedelta(minutes=30)
    due = rooms(services).clock.working_time.result_due(row["ended_at"]).deadline
    assert (row["result_due_at"], row["result_provisional"]) == (due.at, False)
    cards = await heard(services, "scorecards.request")
    assert [card.to for card in cards] == ["li", "wang"]
    assert "请给李小试评分" in cards[0].words
    asks = await db.fetch("SELECT deadline, policy FROM asks")
    assert [(ask["deadline"], ask["policy"]) for ask in asks] == [(due.at, "scorecard")] * 2


@pytest.mark.parametrize("state", ["invited", "declined", "no_show", "cancelled"])
async def test_only_what_took_place_ends(services: Services, state: str) -> None:
    seen = await interview(HELD, state=state)
    assert await rooms(services).ends.tick() == 0
    assert (await row_of(seen.id))["ended_at"] is None


async def test_an_interview_that_is_still_going_on_does_not_end(services: Services) -> None:
    await interview(START - timedelta(minutes=29))
    assert await rooms(services).ends.tick() == 0


async def test_who_gets_another_time_after_not_coming_ends_again(
    services: Services, clock: ManualClock
) -> None:
    seen = await interview(HELD)
    await rooms(services).ends.tick()
    later = START + timedelta(hours=1)
    await db.execute(
        "UPDATE slots SET starts_at = $2, ends_at = $3 WHERE id = $1",
        seen.slot,
        later,
        later + timedelta(minutes=30),
    )
    await db.execute("UPDATE interviews SET result_step = 2 WHERE id = $1", seen.id)
    clock.advance(timedelta(hours=2))
    assert await rooms(services).ends.tick() == 1
    row = await row_of(seen.id)
    assert (row["ended_at"], row["result_step"]) == (later + timedelta(minutes=30), 0)


async def test_the_first_score_says_that_it_took_place(services: Services) -> None:
    seen = await interview(HELD)
    await rooms(services).ends.tick()
    await scored(services, seen, "li")
    row = await row_of(seen.id)
    assert (row["state"], row["stage"]) == ("held", "interviewed")
    [mine] = (await notes_of(seen.id)).values()
    assert mine == NOTE
    [left] = await heard(services, "scorecards.request")
    assert left.to == "wang"
    assert await db.fetch_value("SELECT answer FROM asks WHERE state = 'answered'") == "scored"


async def test_what_people_write_lies_sealed(services: Services) -> None:
    seen = await interview(HELD)
    await scored(services, seen, "li")
    row = await db.fetch_one("SELECT strength, comment FROM scorecards")
    assert row is not None
    assert "分诊" not in row["strength"]
    assert "夜班" not in row["comment"]


async def test_a_score_may_be_changed_and_keeps_what_is_not_said_again(
    services: Services,
) -> None:
    seen = await interview(HELD)
    await scored(services, seen, "li")
    await scored(services, seen, "li", note=ScoreNote({"专业": 6.5}, "decline"))
    [mine] = (await notes_of(seen.id)).values()
    assert mine == ScoreNote({"专业": 6.5, "沟通": 9.0}, "decline", NOTE.strength, NOTE.comment)


async def record(services: Services, user: str, seen_id: int, note: ScoreNote = NOTE) -> str:
    by = await actor(user)
    return await attempt(lambda: rooms(services).scorecards.record(by, seen_id, note))


async def test_nobody_else_may_score_not_even_the_head_nurse_or_hr(services: Services) -> None:
    seen = await interview(HELD)
    await hr()
    for user in ("zhao", "zhu", "song", "zhang"):
        assert await record(services, user, seen.id) == "not_your_interview"


async def test_hr_enters_a_sheet_for_interviewers_only(services: Services) -> None:
    seen = await interview(HELD)
    scorecards, recruiter = rooms(services).scorecards, await hr()
    li, zhang = await actor("li"), await actor("zhang")
    await scorecards.record(recruiter, seen.id, NOTE, interviewer=li.person_id)
    assert list(await notes_of(seen.id)) == [li.person_id]
    with pytest.raises(Refusal, match="not_your_interview"):
        await scorecards.record(recruiter, seen.id, NOTE, interviewer=zhang.person_id)
    with pytest.raises(Refusal, match="not_allowed"):
        await scorecards.record(zhang, seen.id, NOTE, interviewer=li.person_id)


@pytest.mark.parametrize(
    ("note", "refused"),
    [
        (ScoreNote(), "score_empty"),
        (ScoreNote(strength="急诊分诊"), "score_empty"),
        (ScoreNote({"专业": 11.0}), "score_range"),
        (ScoreNote({"专业": 0.5}), "score_range"),
    ],
)
async def test_a_score_says_something_between_one_and_ten(
    services: Services, note: ScoreNote, refused: str
) -> None:
    seen = await interview(HELD)
    assert await record(services, "li", seen.id, note) == refused
    assert await notes_of(seen.id) == {}


async def test_no_score_before_it_begins_nor_for_who_never_came(services: Services) -> None:
    coming = await interview(START + timedelta(hours=1))
    assert await record(services, "li", coming.id) == "interview_not_begun"
    gone = await interview(HELD, state="no_show")
    assert await record(services, "li", gone.id) == "interview_no_show"
    off = await interview(HELD, state="declined")
    assert await record(services, "li", off.id) == "interview_not_held"
    assert await record(services, "li", 10**9) == "interview_unknown"


async def test_scores_rest_once_a_result_is_prepared(services: Services) -> None:
    seen = await ready(services, HELD)
    await prepared(services, seen)
    assert await record(services, "li", seen.id) == "scores_closed"
    assert await rooms(services).scorecards.mine(await actor("li")) == []


async def test_a_score_and_a_result_at_the_same_instant_agree_on_an_order(
    services: Services,
) -> None:
    li, change = await actor("li"), ScoreNote({"专业": 3.0}, "decline")
    for _ in range(5):
        seen = await ready(services, HELD, post=await posting())
        results = await at_once(
            lambda s=seen: prepared(services, s),  # type: ignore[misc]
            lambda s=seen: rooms(services).scorecards.record(li, s.id, change),  # type: ignore[misc]
        )
        assert results[0] == "done"
        verdict = await db.fetch_value(
            "SELECT verdict FROM scorecards WHERE interview_id = $1 AND interviewer_id = $2",
            seen.id,
            li.person_id,
        )
        assert (results[1], verdict) in [("done", "decline"), ("scores_closed", "reserve")]


async def test_who_did_not_come_is_noted_by_an_interviewer_and_nobody_is_asked_any_more(
    services: Services,
) -> None:
    seen = await interview(HELD)
    await rooms(services).ends.tick()
    async with db.transaction():
        await rooms(services).scorecards.absent(await actor("li"), seen.id)
    assert (await row_of(seen.id))["state"] == "no_show"
    asks = await db.fetch(
        "SELECT state, answer FROM asks WHERE purpose = 'scorecards.request' ORDER BY id"
    )
    assert [(ask["state"], ask["answer"]) for ask in asks] == [
        ("answered", "absent"),
        ("withdrawn", None),
    ]
    assert await heard(services, "scorecards.request") == []
    assert await rooms(services).clock.tick() == 0


async def test_absence_is_refused_once_there_is_a_score_and_to_strangers(
    services: Services,
) -> None:
    seen = await interview(HELD)
    scorecards = rooms(services).scorecards
    with pytest.raises(Refusal, match="not_your_interview"):
        await scorecards.absent(await actor("zhang"), seen.id)
    await scored(services, seen, "wang")
    with pytest.raises(Refusal, match="interview_held"):
        await scorecards.absent(await actor("li"), seen.id)


async def test_the_silent_are_asked_again_and_then_listed_to_the_recruiter_once(
    services: Services, clock: ManualClock
) -> None:
    post = await posting()
    one = await interview(HELD, post=post)
    await interview(HELD + timedelta(minutes=30), post=post, name="王小试")
    await rooms(services).ends.tick()
    await scored(services, one, "li")
    clock.advance(timedelta(hours=4))
    assert await services.escalation.run_due() == 3
    assert len(await heard(services, "scorecards.request")) == 6
    clock.advance(timedelta(hours=16))
    await services.escalation.run_due()
    [told] = await heard(services, "scorecards.silent")
    assert told.to == "zhu"
    assert told.words.splitlines() == [
        "以下面试评分还没有收到，麻烦您提醒一下：",
        "李小样：王小试，重症监护护士，12月7日(周一)面试",
        "王小样：李小试，重症监护护士，12月7日(周一)面试",
        "王小样：王小试，重症监护护士，12月7日(周一)面试",
    ]
    await scored(services, one, "wang")
    [told] = await heard(services, "scorecards.silent")
    assert "李小试" not in told.words
    clock.advance(timedelta(days=10))
    await services.escalation.run_due()
    assert len(await heard(services, "scorecards.silent")) == 1


async def test_a_list_names_those_of_ones_own_interviews_only(services: Services) -> None:
    post = await posting()
    await interview(HELD, post=post, by=("li",))
    await interview(HELD, post=post, by=("wang",), name="王小试")
    await interview(START + timedelta(hours=1), post=post, by=("li",), name="张小试")
    mine = await rooms(services).scorecards.mine(await actor("li"))
    assert [(one.number, one.interview.name, one.scored) for one in mine] == [(1, "李小试", False)]
    assert await rooms(services).scorecards.mine(await actor("zhang")) == []
