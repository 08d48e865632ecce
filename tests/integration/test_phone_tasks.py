"""The last rung to a candidate: somebody calls, and what they report is what the ledger knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.phone_channel import PhoneTaskChannel, in_words
from bot.pipeline import CARRIES_REPLY
from bot.wiring import Services
from models import db
from models.cards import Button, Card, Fact, Text
from models.clock import ManualClock
from models.policies import Escalate
from services.escalation import Silent
from services.phone_tasks import spoken
from services.refusals import Refusal
from tests.support.deciding import actor
from tests.support.delivering import Post as Office
from tests.support.delivering import post_office
from tests.support.interviewing import HEAD, Post, a_post, candidate_of, state_of

WORDS = (
    "您好！请问周三10:00您方便吗？方便请回复1，想换时间请回复2。\n网页：https://w.example/i/abc"
)


@pytest.fixture
async def post(database_url: str, clock: ManualClock) -> Post:
    return await a_post(clock.now())


@pytest.fixture
async def calls(
    database_url: str, services: Services, clock: ManualClock
) -> AsyncIterator[Office]:
    channel = PhoneTaskChannel(services.recruiting.calls)
    async with post_office(database_url, services, clock, through=channel) as office:
        yield office


async def say(services: Services, candidate: int, *, question: bool) -> int:
    async with db.transaction():
        if question:
            message = await services.asks.open_to_candidate(
                CARRIES_REPLY, 0, candidate, policy="invitation", context={"text": WORDS}
            )
        else:
            message = await services.ledger.notify_candidate(
                CARRIES_REPLY, 0, candidate, context={"text": WORDS}
            )
    assert message is not None
    return message


async def delivery_of(message: int) -> db.Row:
    [row] = await db.fetch("SELECT * FROM deliveries WHERE message_id = $1", message)
    return row


async def the_task() -> db.Row:
    [row] = await db.fetch("SELECT * FROM candidate_tasks")
    return row


async def report(services: Services, outcome: str) -> None:
    task = await the_task()
    async with db.transaction():
        await services.recruiting.tasks.done(task["id"], await actor(HEAD), outcome)


@pytest.mark.parametrize(
    ("question", "outcome", "state", "reason"),
    [
        (True, "agreed", "answered", "by telephone"),
        (True, "other_time", "answered", "by telephone"),
        (True, "declined", "answered", "by telephone"),
        (False, "told", "accepted", "by telephone"),
        (True, "no_answer", "failed", "nobody picked up"),
    ],
)
async def test_what_is_reported_is_what_became_of_it(
    services: Services,
    post: Post,
    calls: Office,
    question: bool,
    outcome: str,
    state: str,
    reason: str,
) -> None:
    candidate = await post.candidate()
    interview_less = await say(services, candidate, question=question)
    await calls.works()
    before = await delivery_of(interview_less)
    assert (before["channel"], before["state"]) == ("phone_task", "unknown")
    assert before["repeat_until"] is None
    await report(services, outcome)
    after = await delivery_of(interview_less)
    assert (after["state"], after["reason"]) == (state, reason)


async def test_the_recruiter_of_the_post_reads_the_message_itself(
    services: Services, post: Post, calls: Office
) -> None:
    interview = await post.interview(await post.slot("2026-12-09T10:00"), "invited")
    await say(services, await candidate_of(interview), question=True)
    await calls.works()
    task = await the_task()
    assert task["person_id"] == post.recruiter
    facts = await services.recruiting.tasks.facts(task["id"])
    assert facts["script"] == "您好！请问周三10:00您方便吗？"
    assert facts["question"] is True


async def test_a_repeated_send_opens_no_second_task(
    services: Services, post: Post, calls: Office, clock: ManualClock
) -> None:
    candidate = await post.candidate()
    message = await say(services, candidate, question=True)
    await calls.works()
    delivery = await delivery_of(message)
    # As if the process had died before it could write down that the task was opened.
    await db.execute(
        "UPDATE deliveries SET repeat_until = $2, not_before = $3 WHERE id = $1",
        delivery["id"],
        clock.now() + timedelta(minutes=20),
        clock.now(),
    )
    await calls.works()
    await the_task()
    assert (await delivery_of(message))["state"] == "unknown"


async def test_a_report_before_the_repeat_is_not_undone(
    services: Services, post: Post, calls: Office
) -> None:
    message = await say(services, await post.candidate(), question=True)
    await calls.works()
    delivery = await delivery_of(message)
    send = await db.fetch_value("SELECT task_id FROM sends WHERE id = $1", delivery["send_id"])
    await report(services, "no_answer")
    channel = PhoneTaskChannel(services.recruiting.calls)
    again = await channel.send(Text(WORDS), [delivery["address"]], key=send, again=True)
    assert again.refused[delivery["address"]].reason == "nobody picked up"
    await the_task()


async def test_a_call_not_needed_any_more_was_not_made(
    services: Services, post: Post, calls: Office
) -> None:
    candidate = await post.candidate()
    message = await say(services, candidate, question=True)
    await calls.works()
    async with db.transaction():
        await services.recruiting.tasks.withdraw(["phone"], candidate_id=candidate)
    assert (await delivery_of(message))["state"] == "withdrawn"


async def test_who_has_no_number_becomes_a_task_once(
    services: Services, post: Post, calls: Office, clock: ManualClock
) -> None:
    interview = await post.interview(None, "choosing", phone="")
    message = await say(services, await candidate_of(interview), question=True)
    await calls.works()
    assert (await delivery_of(message))["state"] == "failed"
    assert await services.recruiting.unreachable.tell() == 1
    task = await the_task()
    assert (task["kind"], task["person_id"]) == ("no_channel", post.recruiter)
    await say(services, await candidate_of(interview), question=False)
    assert await services.recruiting.unreachable.tell() == 0  # one task is enough
    await report(services, "settled")
    assert await services.recruiting.unreachable.tell() == 0


async def test_a_call_nobody_took_is_no_second_task(
    services: Services, post: Post, calls: Office
) -> None:
    await say(services, await post.candidate(), question=True)
    await calls.works()
    await report(services, "no_answer")
    assert await services.recruiting.unreachable.tell() == 0


async def test_silence_in_writing_makes_one_call(
    services: Services, post: Post, calls: Office, clock: ManualClock
) -> None:
    """A candidate with WeChat said nothing for hours: the same question, by telephone."""
    candidate = await post.candidate()
    message = await say(services, candidate, question=True)
    await db.execute(
        "UPDATE deliveries SET channel = 'mail', state = 'accepted' WHERE message_id = $1", message
    )
    ask = await db.fetch_one("SELECT * FROM asks WHERE message_id = $1", message)
    assert ask is not None
    services.escalation.on(CARRIES_REPLY, Escalate.PHONE, services.recruiting.calls.call)
    clock.advance(timedelta(hours=20))
    await services.escalation.run_due()  # the nag
    await db.execute("UPDATE deliveries SET state = 'withdrawn' WHERE state = 'queued'")
    clock.advance(timedelta(hours=8))
    await services.escalation.run_due()
    silent = Silent(
        ask["id"], 1, message, CARRIES_REPLY, None, candidate, 0, ask["opened_at"], clock.now()
    )
    await services.recruiting.calls.call([silent])  # twice makes no second
    await calls.works()
    assert (await the_task())["kind"] == "phone"


async def test_without_a_recruiter_the_hr_head_calls(
    services: Services, post: Post, calls: Office
) -> None:
    await say(services, await post.candidate(), question=False)
    await calls.works()
    assert (await the_task())["person_id"] == (await actor(HEAD)).person_id


def test_a_card_is_read_aloud_with_all_it_says() -> None:
    card = Card(
        "换个时间吗", "这些时间可以选", (Fact("地点", "3楼"),), (Button("好", "x"),), source="护铃"
    )
    assert in_words(card) == "换个时间吗\n这些时间可以选\n地点：3楼"


@pytest.mark.parametrize(
    ("words", "aloud"),
    [
        (WORDS, "您好！请问周三10:00您方便吗？"),
        ("收到请回复1。地点：3楼。", "地点：3楼。"),
        ("面试取消了，非常抱歉。", "面试取消了，非常抱歉。"),
        ("https://w.example/1", ""),
    ],
)
def test_what_cannot_be_said_on_the_telephone_is_left_out(words: str, aloud: str) -> None:
    assert spoken(words) == aloud


async def test_a_call_about_a_time_that_is_gone_confirms_no_other(
    services: Services, post: Post, calls: Office, clock: ManualClock
) -> None:
    """While HR telephones about the old time, its slot is cancelled and another offered."""
    old = await post.slot("2026-12-09T10:00")
    interview = await post.interview(old, "invited")
    candidate = await candidate_of(interview)
    async with db.transaction():
        await services.asks.open_to_candidate(
            "interviews.cancelled",
            interview,
            candidate,
            policy="invitation",
            context={"starts": None, "why": ""},
        )
    await calls.works()
    task = await the_task()
    assert task["interview_id"] == interview
    new = await post.slot("2026-12-10T14:00")
    clock.advance(timedelta(minutes=1))
    await services.recruiting.days.slots.cancel(await actor(HEAD), old)
    with pytest.raises(Refusal) as refused:
        async with db.transaction():
            await services.recruiting.tasks.done(task["id"], await actor(HEAD), "agreed")
    assert refused.value.key == "task_gone"
    assert await state_of(interview) == "choosing"
    assert await db.fetch_value("SELECT taken FROM slots WHERE id = $1", new) == 0


async def test_words_read_before_an_offer_do_not_answer_it(
    services: Services, post: Post, clock: ManualClock
) -> None:
    old = await post.slot("2026-12-09T10:00")
    interview = await post.interview(old, "invited")
    task = await services.recruiting.tasks.open(
        "unclear",
        person=post.recruiter,
        candidate_id=await candidate_of(interview),
        interview_id=interview,
        detail={"words": "应该行"},
    )
    assert task is not None
    await post.slot("2026-12-10T14:00")
    clock.advance(timedelta(minutes=1))
    await services.recruiting.days.slots.cancel(await actor(HEAD), old)
    with pytest.raises(Refusal) as refused:
        async with db.transaction():
            await services.recruiting.tasks.done(task, await actor(HEAD), "agreed")
    assert refused.value.key == "time_changed"
    assert await state_of(interview) == "choosing"
