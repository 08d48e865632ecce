"""After a rejection: keep or delete by an unambiguous answer, 1–5 points later, never confused."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from services.refusals import Refusal
from tests.support.deciding import at_once
from tests.support.leaving import KEPT_UNTIL, Leaver, leaver, mail_office, outside, until


@pytest.fixture
def recruiting(database_url: str, clock: ManualClock) -> Services:
    return outside(database_url, clock)


async def told(services: Services, purpose: str) -> int:
    sql = "SELECT count(*) FROM messages WHERE purpose = $1"
    found: int = await db.fetch_value(sql, purpose)
    return found


async def choice_of(one: Leaver) -> str | None:
    found: str | None = await db.fetch_value(
        "SELECT choice FROM outcomes WHERE id = $1", one.outcome
    )
    return found


async def points_of(one: Leaver) -> int | None:
    found: int | None = await db.fetch_value(
        "SELECT rating FROM outcomes WHERE id = $1", one.outcome
    )
    return found


async def rejected(clock: ManualClock) -> Leaver:
    one = await leaver(clock.now())
    await one.rejected(clock.now())
    return one


async def points_asked(services: Services, clock: ManualClock, url: str, one: Leaver) -> None:
    """The next noon but one, when the question has arrived."""
    until(clock, "2026-12-09T10:00")
    assert await services.recruiting.ratings.ask_due() == 1
    async with mail_office(url, services, clock) as office:
        await office.works()
    (call,) = office.platform.calls
    assert "1到5" in str(call.content)


@pytest.mark.parametrize("words", ["1", "同意", "可以保留"])
async def test_consent_keeps_until_the_printed_day(
    recruiting: Services, clock: ManualClock, words: str
) -> None:
    one = await rejected(clock)
    assert await recruiting.recruiting.choices.hear(one.id, words)
    row = await one.row()
    assert (row["pool_consent_at"], row["pool_until"]) == (clock.now(), KEPT_UNTIL)
    assert await choice_of(one) == "keep"
    assert await told(recruiting, "candidates.kept") == 1


@pytest.mark.parametrize("words", ["2", "删除", "删了吧"])
async def test_a_no_deletes(recruiting: Services, clock: ManualClock, words: str) -> None:
    one = await rejected(clock)
    assert await recruiting.recruiting.choices.hear(one.id, words)
    assert await choice_of(one) == "delete"
    assert await recruiting.recruiting.erasure.pending(one.id)
    assert (await one.row())["pool_consent_at"] is None


@pytest.mark.parametrize("words", ["好的", "可以吗", "嗯", "1？", "同意吗", "随便"])
async def test_doubtful_words_are_no_consent_and_asked_about_once(
    recruiting: Services, clock: ManualClock, words: str
) -> None:
    one = await rejected(clock)
    hear = recruiting.recruiting.choices.hear
    assert [await hear(one.id, words), await hear(one.id, words)] == [True, False]
    assert await told(recruiting, "candidates.choice_unclear") == 1
    assert (await choice_of(one), (await one.row())["pool_consent_at"]) == (None, None)
    assert await hear(one.id, "1")  # and then a clear answer counts
    assert await choice_of(one) == "keep"


async def test_other_words_are_left_to_others(recruiting: Services, clock: ManualClock) -> None:
    one = await rejected(clock)
    assert not await recruiting.recruiting.choices.hear(one.id, "为什么没录用我")
    assert await recruiting.recruiting.choices.hear(one.id, "谢谢告知")
    assert await told(recruiting, "candidates.choice_unclear") == 0


async def test_silence_is_no_consent(recruiting: Services, clock: ManualClock) -> None:
    one = await rejected(clock)
    clock.advance(timedelta(days=180))
    assert await recruiting.recruiting.forgetting.forget_due() == 0
    clock.advance(timedelta(days=2))
    assert await recruiting.recruiting.forgetting.forget_due() == 1
    assert (await one.row())["name"] is None


@pytest.mark.parametrize("state", ["asked", "waiting", "withdrawn", "refused"])
async def test_nothing_is_open_before_the_rejection_is_sent(
    recruiting: Services, clock: ManualClock, state: str
) -> None:
    one = await leaver(clock.now())
    await one.rejected(clock.now(), state=state, told=False)
    for words in ("1", "2", "同意", "删除", "5"):
        assert not await recruiting.recruiting.choices.hear(one.id, words)
    assert await choice_of(one) is None


async def test_only_the_newest_rejection_is_answered(
    recruiting: Services, clock: ManualClock
) -> None:
    old = await rejected(clock)
    clock.advance(timedelta(days=30))
    slot = await old.post.slot("2027-01-20T10:00")
    newer = await db.fetch_value(
        "INSERT INTO interviews (ref, application_id, slot_id, state, invited_by_id, invited_at, "
        "answer_by) SELECT 'new', application_id, $2, 'held', invited_by_id, $3, $3 "
        "FROM interviews WHERE id = $1 RETURNING id",
        old.interview,
        slot,
        clock.now(),
    )
    new = Leaver(old.id, old.ref, old.post, newer)
    await new.rejected(clock.now())
    assert await recruiting.recruiting.choices.hear(old.id, "1")
    assert (await choice_of(old), await choice_of(new)) == (None, "keep")


async def test_an_invitation_that_came_later_is_what_a_one_is_about(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await rejected(clock)
    clock.advance(timedelta(days=3))
    slot = await one.post.slot("2026-12-17T10:00")
    await db.execute(
        "INSERT INTO interviews (ref, application_id, slot_id, state, invited_by_id, invited_at, "
        "answer_by) SELECT 'new', application_id, $2, 'invited', invited_by_id, $3, $3 "
        "FROM interviews WHERE id = $1",
        one.interview,
        slot,
        clock.now(),
    )
    for words in ("1", "2", "同意", "删除"):
        assert not await recruiting.recruiting.choices.hear(one.id, words)
    assert await choice_of(one) is None


async def test_saying_it_twice_is_saying_it_once(recruiting: Services, clock: ManualClock) -> None:
    one = await rejected(clock)
    hear = recruiting.recruiting.choices.hear
    assert [await hear(one.id, "1"), await hear(one.id, "1")] == [True, True]
    assert await told(recruiting, "candidates.kept") == 1


async def test_two_opposite_answers_at_once_are_one(
    recruiting: Services, clock: ManualClock
) -> None:
    choices = recruiting.recruiting.choices
    for _ in range(5):
        one = await rejected(clock)
        await at_once(lambda i=one.id: choices.hear(i, "1"), lambda i=one.id: choices.hear(i, "2"))  # type: ignore[misc]
        kept = (await one.row())["pool_consent_at"] is not None
        pending = await recruiting.recruiting.erasure.pending(one.id)
        assert kept is not pending
        assert await choice_of(one) == ("keep" if kept else "delete")
        await db.execute("UPDATE candidates SET phone_index = NULL")  # the next one has it too


async def test_a_printed_day_that_is_over_cannot_be_agreed_to(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await rejected(clock)
    until(clock, "2027-11-26T09:00")
    assert not await recruiting.recruiting.choices.hear(one.id, "同意")
    with pytest.raises(Refusal, match="question_closed"):
        await recruiting.recruiting.choices.keep(one.id, via="page")
    assert (await one.row())["pool_consent_at"] is None


async def test_the_page_keeps_and_deletes_as_the_chat_does(
    recruiting: Services, clock: ManualClock
) -> None:
    choices = recruiting.recruiting.choices
    one = await rejected(clock)
    assert await choices.keep(one.id, via="page") == KEPT_UNTIL
    assert await choices.keep(one.id, via="page") == KEPT_UNTIL
    await choices.delete(one.id, via="page")  # whoever agreed may change their mind
    assert await recruiting.recruiting.erasure.pending(one.id)
    assert (await one.row())["pool_until"] is None


# The points.


async def test_points_are_asked_a_day_later_in_office_hours(
    recruiting: Services, clock: ManualClock
) -> None:
    """The rejection arrives on Friday at 16:00; Saturday and Sunday nobody is asked."""
    until(clock, "2026-12-11T16:00")
    await rejected(clock)
    ask = recruiting.recruiting.ratings.ask_due
    for local in ("2026-12-12T15:59", "2026-12-12T16:30", "2026-12-13T10:00", "2026-12-14T08:00"):
        until(clock, local)
        assert await ask() == 0, local
    until(clock, "2026-12-14T08:05")
    assert [await ask(), await ask()] == [1, 0]
    assert await told(recruiting, "outcomes.rating") == 1


@pytest.mark.parametrize("state", ["queued", "failed", "unknown", "withdrawn"])
async def test_points_are_not_asked_of_whom_the_rejection_may_not_have_reached(
    recruiting: Services, clock: ManualClock, state: str
) -> None:
    await rejected(clock)
    await db.execute("UPDATE deliveries SET state = $1 WHERE candidate_id IS NOT NULL", state)
    until(clock, "2026-12-09T10:00")
    assert await recruiting.recruiting.ratings.ask_due() == 0


async def test_points_never_cost_a_call_nor_a_text_message(
    recruiting: Services, clock: ManualClock
) -> None:
    one = await rejected(clock)
    await db.execute("UPDATE candidates SET email = NULL")  # a phone number is all there is
    until(clock, "2026-12-09T10:00")
    assert await recruiting.recruiting.ratings.ask_due() == 0
    await one.says(clock.now(), "请问停车方便吗")  # they write: WeChat's window is open
    assert await recruiting.recruiting.ratings.ask_due() == 1
    sql = "SELECT channel FROM deliveries ORDER BY id DESC LIMIT 1"
    assert await db.fetch_value(sql) == "wecom_kf"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE candidates SET opted_out_at = now()",
        "UPDATE outcomes SET choice = 'delete'",
        "UPDATE outcomes SET kind = 'passed'",
        "UPDATE outcomes SET sent_at = sent_at - interval '15 days'",
        "UPDATE interviews SET state = 'confirmed'",
    ],
)
async def test_who_is_not_asked_for_points(
    recruiting: Services, clock: ManualClock, change: str
) -> None:
    await rejected(clock)
    await db.execute(change)
    until(clock, "2026-12-09T10:00")
    assert await recruiting.recruiting.ratings.ask_due() == 0


@pytest.mark.parametrize("points", [1, 2, 3, 5])
async def test_a_number_after_the_points_were_asked_is_points(
    recruiting: Services, clock: ManualClock, database_url: str, points: int
) -> None:
    """Even where the CV was never answered: 1 is one point then, and no consent."""
    one = await rejected(clock)
    await points_asked(recruiting, clock, database_url, one)
    assert await recruiting.recruiting.choices.hear(one.id, str(points))
    assert (await points_of(one), await choice_of(one)) == (points, None)
    assert (await one.row())["pool_consent_at"] is None
    assert not await recruiting.recruiting.erasure.pending(one.id)
    assert await told(recruiting, "candidates.rated") == 1


async def test_after_the_points_were_asked_the_cv_is_answered_in_words(
    recruiting: Services, clock: ManualClock, database_url: str
) -> None:
    one = await rejected(clock)
    await points_asked(recruiting, clock, database_url, one)
    assert await recruiting.recruiting.choices.hear(one.id, "同意保留")
    assert (await choice_of(one), await points_of(one)) == ("keep", None)
    assert await recruiting.recruiting.choices.hear(one.id, "2分")
    assert (await choice_of(one), await points_of(one)) == ("keep", 2)


async def test_a_number_after_the_points_were_given_is_no_late_consent(
    recruiting: Services, clock: ManualClock, database_url: str
) -> None:
    one = await rejected(clock)
    await points_asked(recruiting, clock, database_url, one)
    hear = recruiting.recruiting.choices.hear
    assert [await hear(one.id, "4"), await hear(one.id, "1"), await hear(one.id, "2")] == [
        True,
        False,
        False,
    ]
    assert (await points_of(one), await choice_of(one)) == (4, None)


async def test_a_one_while_the_points_are_not_sent_yet_is_consent(
    recruiting: Services, clock: ManualClock
) -> None:
    """The question lies in the queue; what they read last is the question about the CV."""
    one = await rejected(clock)
    until(clock, "2026-12-09T10:00")
    assert await recruiting.recruiting.ratings.ask_due() == 1
    assert await recruiting.recruiting.choices.hear(one.id, "1")
    assert (await choice_of(one), await points_of(one)) == ("keep", None)


async def test_points_count_once_and_only_when_asked(
    recruiting: Services, clock: ManualClock, database_url: str
) -> None:
    choices = recruiting.recruiting.choices
    one = await rejected(clock)
    with pytest.raises(Refusal, match="question_closed"):
        await choices.rate(one.id, 5)
    assert not await choices.hear(one.id, "5")
    await points_asked(recruiting, clock, database_url, one)
    for wrong in (0, 6, -1):
        with pytest.raises(ValueError, match="1 to 5"):
            await choices.rate(one.id, wrong)
    results = await at_once(*(lambda n=n: choices.rate(one.id, n) for n in (1, 2, 3)))
    assert sorted(results) == ["done", "question_closed", "question_closed"]
    assert await points_of(one) in (1, 2, 3)


async def test_a_rating_that_fails_asks_nobody_to_call(
    recruiting: Services, clock: ManualClock
) -> None:
    await rejected(clock)
    until(clock, "2026-12-09T10:00")
    await recruiting.recruiting.ratings.ask_due()
    await db.execute("UPDATE deliveries SET state = 'failed' WHERE state = 'queued'")
    assert await recruiting.recruiting.unreachable.tell() == 0
