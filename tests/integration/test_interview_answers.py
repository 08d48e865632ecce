"""Seats: exactly one of two gets the last one, and taken always is the number of those seated."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import timedelta

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from models.interviews import InterviewState
from services.interview_answers import InterviewAnswers
from services.interview_seats import Change
from services.refusals import Refusal
from services.slot_wishes import Wish
from tests.support.deciding import at_once, attempt
from tests.support.recruiting import (
    Invited,
    at,
    invited,
    posting,
    reachable,
    seats_agree,
    slot,
    taken,
)

ROUNDS = 100


@pytest.fixture
def services(services: Services) -> Services:
    return reachable(services)


@pytest.fixture
def answers(services: Services) -> InterviewAnswers:
    return services.recruiting.answers


async def post_and_slots(
    services: Services, clock: ManualClock, *locals_: str, capacity: int = 1
) -> tuple[int, list[int]]:
    post = await posting(clock.now())
    return post, [await slot(post, local, capacity) for local in locals_]


async def test_the_last_seat_goes_to_exactly_one_of_two(
    services: Services, clock: ManualClock, answers: InterviewAnswers
) -> None:
    """A hundred rounds, each with two transactions on connections of their own."""
    post, [home] = await post_and_slots(services, clock, "2026-12-09T10:00", capacity=2)
    one = await invited(services, post, home, user="wmOne", name="田小试")
    two = await invited(services, post, home, user="wmTwo", name="方小试")
    first = at("2026-12-10T08:00")
    winners: Counter[int] = Counter()
    for number in range(ROUNDS):
        local = first + timedelta(minutes=30 * number)
        last = await slot(post, local.replace(tzinfo=None).isoformat())
        results = await at_once(
            lambda s=last: answers.choose(one.interview, s, via="chat"),  # type: ignore[misc]
            lambda s=last: answers.choose(two.interview, s, via="page"),  # type: ignore[misc]
        )
        assert sorted(results) == ["done", "slot_taken"], (number, results)
        winners[results.index("done")] += 1
        assert await taken(last) == 1
    assert await seats_agree()
    assert await taken(home) == 2 - len(winners), "a seat that nobody holds is still counted"
    print(f"last seat: {dict(winners)} of {ROUNDS}")


async def test_two_who_change_places_do_not_wait_for_each_other(
    services: Services, clock: ManualClock, answers: InterviewAnswers
) -> None:
    """One leaves A for B while the other leaves B for A: slots are locked in one order."""
    post, [left, right] = await post_and_slots(
        services, clock, "2026-12-09T10:00", "2026-12-10T10:00", capacity=2
    )
    one = await invited(services, post, left, user="wmOne")
    two = await invited(services, post, right, user="wmTwo", name="方小试")
    places = [left, right]
    for _ in range(20):
        places.reverse()
        async with asyncio.timeout(30):
            results = await at_once(
                lambda p=places[0]: answers.choose(one.interview, p, via="chat"),  # type: ignore[misc]
                lambda p=places[1]: answers.choose(two.interview, p, via="chat"),  # type: ignore[misc]
            )
        assert results == ["done", "done"]
        assert await seats_agree()


@pytest.mark.parametrize("seed", range(6))
async def test_no_sequence_of_answers_loses_or_invents_a_seat(
    services: Services, clock: ManualClock, answers: InterviewAnswers, seed: int
) -> None:
    dice = random.Random(seed)
    days = [f"2026-12-{day}T{hour}:00" for day in ("09", "10", "11") for hour in ("09", "14")]
    post, slots = await post_and_slots(services, clock, *days)
    people = [
        await invited(services, post, slots[n], user=f"wm{n}", name=f"{n}号小试") for n in range(4)
    ]
    done: Counter[str] = Counter()
    for step in range(60):
        who = dice.choice(people)
        deed = dice.choice(["confirm", "offer", "choose", "choose", "decline", "cancel", "gone"])
        if dice.random() < 0.6 and deed in ("decline", "cancel", "gone"):
            continue
        result = await attempt(lambda d=deed, w=who: act(answers, d, w, dice.choice(slots)))  # type: ignore[misc]
        done[f"{deed} {result}"] += 1
        assert await seats_agree(), (seed, step, deed, result)
        full = await db.fetch("SELECT id FROM slots WHERE taken > capacity OR taken < 0")
        assert not full
    assert sum(count for what, count in done.items() if what.endswith("done")) > 10


async def act(answers: InterviewAnswers, deed: str, who: Invited, slot_id: int) -> None:
    if deed == "confirm":
        await answers.confirm(who.interview, via="chat")
    elif deed == "offer":
        await answers.offer(who.interview)
    elif deed == "choose":
        await answers.choose(who.interview, slot_id, via="chat")
    elif deed == "decline":
        await answers.decline(who.interview, via="chat")
    elif deed == "cancel":
        await answers.cancel(who.interview, by="system", why="")
    else:
        await db.execute("UPDATE slots SET state = 'cancelled' WHERE id = $1", slot_id)


async def test_confirming_twice_is_confirming_once(
    services: Services, clock: ManualClock, answers: InterviewAnswers
) -> None:
    post, [only] = await post_and_slots(services, clock, "2026-12-09T10:00")
    who = await invited(services, post, only)
    for _ in range(3):
        assert await attempt(lambda: answers.confirm(who.interview, via="chat")) == "done"
    row = await who.row()
    assert (row["state"], row["stage"], row["sequence"]) == ("confirmed", "interview", 0)
    assert await taken(only) == 1
    said = [purpose for purpose, _ in await who.queued()]
    assert said == ["interviews.confirmed"], "the invitation is withdrawn, one message is left"
    asks = await db.fetch("SELECT state, answer FROM asks WHERE candidate_id = $1", who.candidate)
    assert [(row["state"], row["answer"]) for row in asks] == [("answered", "confirmed")]


async def test_a_confirmed_seat_is_kept_until_another_is_taken(
    services: Services, clock: ManualClock, answers: InterviewAnswers
) -> None:
    post, [old, new] = await post_and_slots(
        services, clock, "2026-12-09T10:00", "2026-12-10T14:00"
    )
    who = await invited(services, post, old)
    assert await attempt(lambda: answers.confirm(who.interview, via="chat")) == "done"
    assert await attempt(lambda: answers.offer(who.interview)) == "done"
    assert (await taken(old), await taken(new), await who.state()) == (1, 0, "confirmed")
    assert "原来的12月9日(周三)10:00仍为您保留" in (await who.queued())[-1][1]
    assert await attempt(lambda: answers.choose(who.interview, new, via="chat")) == "done"
    assert (await taken(old), await taken(new), await who.state()) == (0, 1, "confirmed")
    assert (await who.row())["sequence"] == 1
    [(purpose, words)] = await who.queued()
    assert purpose == "interviews.confirmed"
    assert "已为您改到新的时间" in words
    assert "12月10日(周四)14:00" in words


async def test_a_held_seat_is_given_back_when_another_time_is_asked_for(
    services: Services, clock: ManualClock, answers: InterviewAnswers
) -> None:
    post, [old, _] = await post_and_slots(services, clock, "2026-12-09T10:00", "2026-12-10T14:00")
    who = await invited(services, post, old)
    assert await attempt(lambda: answers.offer(who.interview)) == "done"
    assert (await taken(old), await who.state()) == (0, "choosing")


async def test_a_full_slot_refuses_and_changes_nothing(
    services: Services, clock: ManualClock, answers: InterviewAnswers
) -> None:
    post, [home, full] = await post_and_slots(
        services, clock, "2026-12-09T10:00", "2026-12-10T14:00"
    )
    await invited(services, post, full, user="wmOther", name="方小试")
    who = await invited(services, post, home)
    assert await attempt(lambda: answers.confirm(who.interview, via="chat")) == "done"
    before = await who.row()
    assert await attempt(lambda: answers.choose(who.interview, full, via="chat")) == "slot_taken"
    assert await who.row() == before
    assert await seats_agree()


@pytest.mark.parametrize("which", ["other_post", "cancelled", "begun"])
async def test_no_seat_is_taken_where_there_is_none(
    services: Services, clock: ManualClock, answers: InterviewAnswers, which: str
) -> None:
    post, [home, other] = await post_and_slots(
        services, clock, "2026-12-09T10:00", "2026-12-10T14:00"
    )
    who = await invited(services, post, home)
    if which == "other_post":
        other = await slot(await posting(clock.now(), "心内科护士"), "2026-12-10T14:00")
    elif which == "cancelled":
        await db.execute("UPDATE slots SET state = 'cancelled' WHERE id = $1", other)
    else:
        other = await slot(post, "2026-12-07T13:00")
    assert await attempt(lambda: answers.choose(who.interview, other, via="page")) == "slot_taken"
    assert await who.state() == "invited"


async def test_a_cancelled_slot_opens_the_choice_again(
    services: Services, clock: ManualClock, answers: InterviewAnswers
) -> None:
    post, [gone, other] = await post_and_slots(
        services, clock, "2026-12-09T10:00", "2026-12-10T14:00"
    )
    who = await invited(services, post, gone)
    assert await attempt(lambda: answers.confirm(who.interview, via="chat")) == "done"
    await db.execute("UPDATE slots SET state = 'cancelled' WHERE id = $1", gone)
    assert await attempt(lambda: answers.offer(who.interview)) == "done"
    view = await answers.view(who.interview)
    assert view.state is InterviewState.CHOOSING
    assert [choice.slot_id for choice in view.offered] == [other]
    assert await taken(gone) == 0


@pytest.mark.parametrize(
    ("deed", "refused"),
    [("decline", "interview_declined"), ("cancel", "interview_cancelled")],
)
async def test_what_is_over_stays_over(
    services: Services,
    clock: ManualClock,
    answers: InterviewAnswers,
    deed: str,
    refused: str,
) -> None:
    post, [home, other] = await post_and_slots(
        services, clock, "2026-12-09T10:00", "2026-12-10T14:00"
    )
    who = await invited(services, post, home)
    assert await attempt(lambda: act(answers, deed, who, home)) == "done"
    assert await taken(home) == 0
    for late in ("confirm", "offer", "choose"):
        assert await attempt(lambda d=late: act(answers, d, who, other)) == refused  # type: ignore[misc]
    assert await attempt(lambda: act(answers, deed, who, home)) == "done", "idempotent"


async def test_offers_are_free_future_seats_in_different_half_days(
    services: Services, clock: ManualClock, answers: InterviewAnswers
) -> None:
    post, slots = await post_and_slots(
        services,
        clock,
        "2026-12-09T10:00",  # theirs
        "2026-12-09T15:00",  # the same day: last
        "2026-12-10T09:00",
        "2026-12-10T09:30",  # the same half-day as the one before
        "2026-12-10T14:00",  # full
        "2026-12-11T14:00",
        "2026-12-07T15:00",  # in an hour: too soon
    )
    await invited(services, post, slots[4], user="wmOther", name="方小试")
    who = await invited(services, post, slots[0])
    async with db.transaction():
        offered = await answers.offer(who.interview, say=False)
    assert [choice.slot_id for choice in offered] == [slots[2], slots[5], slots[1]]


async def test_the_wish_comes_first(
    services: Services, clock: ManualClock, answers: InterviewAnswers
) -> None:
    post, slots = await post_and_slots(
        services, clock, "2026-12-09T10:00", "2026-12-10T09:00", "2026-12-11T14:00"
    )
    who = await invited(services, post, slots[0])
    async with db.transaction():
        wish = Wish(at("2026-12-11T00:00").date(), "afternoon")
        offered = await answers.offer(who.interview, wished=wish)
    assert offered[0].slot_id == slots[2]


async def test_nothing_free_becomes_a_task_and_is_said(
    services: Services, clock: ManualClock, answers: InterviewAnswers
) -> None:
    post, [only] = await post_and_slots(services, clock, "2026-12-09T10:00")
    who = await invited(services, post, only)
    await db.execute("UPDATE slots SET state = 'cancelled' WHERE id = $1", only)
    async with db.transaction():
        assert await answers.offer(who.interview) == []
    assert [kind for kind, _ in await who.tasks()] == ["slot_gone"]
    [(purpose, words)] = await who.queued()
    assert purpose == "interviews.nothing_free"
    assert "请招聘老师另外安排" in words


async def test_observers_hear_of_every_change_in_its_transaction(
    services: Services, clock: ManualClock, answers: InterviewAnswers
) -> None:
    post, [old, new] = await post_and_slots(
        services, clock, "2026-12-09T10:00", "2026-12-10T14:00"
    )
    who = await invited(services, post, old)
    heard: list[Change] = []

    async def observe(change: Change) -> None:
        heard.append(change)
        if change.new_slot == new:
            raise Refusal("slot_taken")

    answers.on_change(observe)
    assert await attempt(lambda: answers.confirm(who.interview, via="chat")) == "done"
    assert await attempt(lambda: answers.choose(who.interview, new, via="chat")) == "slot_taken"
    assert [(change.old_slot, change.new_slot) for change in heard] == [(old, old), (old, new)]
    assert (await taken(old), await taken(new)) == (1, 0), "what an observer refuses is undone"


async def test_who_never_answers_loses_the_seat_and_hr_is_told(
    services: Services, clock: ManualClock, answers: InterviewAnswers
) -> None:
    post, [only] = await post_and_slots(services, clock, "2026-12-11T10:00")
    who = await invited(services, post, only)
    clock.advance(timedelta(hours=47))
    assert await services.recruiting.invitations.expire_due() == 0
    clock.advance(timedelta(hours=1))
    assert await services.recruiting.invitations.expire_due() == 1
    assert await services.recruiting.invitations.expire_due() == 0
    assert (await who.state(), await taken(only)) == ("expired", 0)
    told = await db.fetch("SELECT 1 FROM messages WHERE purpose = 'interviews.expired'")
    assert len(told) == 1
    assert (await attempt(lambda: answers.confirm(who.interview, via="chat"))) == (
        "interview_expired"
    )


async def test_an_answer_and_the_expiry_at_once_agree_on_one_end(
    services: Services, clock: ManualClock, answers: InterviewAnswers
) -> None:
    post, [only] = await post_and_slots(services, clock, "2026-12-11T10:00", capacity=9)
    for number in range(8):
        who = await invited(services, post, only, user=f"wm{number}", name=f"{number}号小试")
        until = clock.now() - timedelta(seconds=1)
        await db.execute(
            "UPDATE interviews SET answer_by = $2 WHERE id = $1", who.interview, until
        )
        results = await at_once(
            lambda w=who: answers.confirm(w.interview, via="chat"),  # type: ignore[misc]
            lambda w=who: answers.expire(w.interview),  # type: ignore[misc]
        )
        assert results in (["done", "done"], ["interview_expired", "done"])
        assert await who.state() == ("confirmed" if results[0] == "done" else "expired")
        assert await seats_agree()


@pytest.mark.parametrize("via", ["chat", "page"])
async def test_an_old_button_undoes_no_interview_that_took_place(
    services: Services, clock: ManualClock, answers: InterviewAnswers, via: str
) -> None:
    """Entries of a menu stay tappable for ever, and nobody has noted yet that it was held."""
    post, [first, second] = await post_and_slots(
        services, clock, "2026-12-09T10:00", "2026-12-11T09:00"
    )
    one = await invited(services, post, first)
    async with db.transaction():
        await answers.confirm(one.interview, via="chat")
        await answers.offer(one.interview, via="chat")
    clock.advance(at("2026-12-09T10:31") - clock.now())
    for act in (
        lambda: answers.offer(one.interview, via=via),
        lambda: answers.choose(one.interview, second, via=via),
        lambda: answers.decline(one.interview, via=via),
    ):
        assert await attempt(act) == "interview_over"
    assert (await one.state(), await taken(first), await taken(second)) == ("confirmed", 1, 0)
    async with db.transaction():  # HR may: they know that nobody came
        await answers.offer(one.interview, via="phone")
    assert await one.state() == "choosing"


async def test_a_confirmation_that_comes_too_late_is_not_said(
    services: Services, clock: ManualClock, answers: InterviewAnswers
) -> None:
    """The channel was down until the interview had begun."""
    post, [first] = await post_and_slots(services, clock, "2026-12-09T10:00")
    one = await invited(services, post, first)
    clock.advance(at("2026-12-09T09:50") - clock.now())
    async with db.transaction():
        await answers.confirm(one.interview, via="page")
    [said] = [words for purpose, words in await one.queued() if purpose.endswith("confirmed")]
    assert "面试时间定好了" in said
    one.read = 0
    clock.advance(at("2026-12-09T10:00") - clock.now())
    assert [words for purpose, words in await one.queued() if purpose.endswith("confirmed")] == [
        ""
    ]
