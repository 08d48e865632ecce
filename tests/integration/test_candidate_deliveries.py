"""The ledger and people outside: their ladder, WeChat's window, and never more than is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.channels import Failure, Refused, SendFailed, Sent
from bot.to_candidates import KfToCandidates, ToCandidates
from bot.wiring import Services
from config import policies
from models import db
from models.candidates import ChatState
from models.cards import Text
from models.clock import ManualClock
from models.ledger import Priority
from scheduler import outcomes, stuck
from scheduler.bounces import bounced
from services import chats, guests
from services.candidate_reach import Doors
from services.chats import Session
from services.purposes import Purpose, from_context
from services.reach import Ladder
from tests.support.delivering import Platform, post_office
from tests.support.outside import KFID, candidate, on_wechat, window_of

SAY, RATE = "test.say", "test.rate"
LADDER = ("wecom_kf", "mail", "sms", "phone_task")
PHONE, MAIL = "13900099001", "tian@example.com"


class Saying(Purpose):
    """In the words of a small answer."""

    @property
    def template(self) -> str:
        return "candidates/reply"


@pytest.fixture
def services(services: Services) -> Services:
    services.ledger.ladder = Ladder(("wecom_app",), LADDER)
    services.ledger.purposes.add(
        [
            Saying(SAY, from_context, Priority.DECISION),
            Saying(RATE, from_context, Priority.DIGEST, only=("wecom_kf", "mail")),
            Saying("test.always", from_context, always=True),
        ]
    )
    return services


async def channels_of(message: int) -> list[tuple[str, str]]:
    rows = await db.fetch(
        "SELECT channel, state FROM deliveries WHERE message_id = $1 ORDER BY id", message
    )
    return [(row["channel"], row["state"]) for row in rows]


async def say(services: Services, who: int, purpose: str = SAY) -> int:
    message = await services.ledger.notify_candidate(purpose, 0, who, context={"text": "您好"})
    assert message is not None
    return message


async def fails(services: Services, message: int, clock: ManualClock) -> None:
    """The newest delivery of this message has failed, and its receiver climbs."""
    last = await db.fetch_value("SELECT max(id) FROM deliveries WHERE message_id = $1", message)
    await db.execute("UPDATE deliveries SET state = 'failed' WHERE id = $1", last)
    await outcomes.climb(last, services.ledger.ladder, clock.now())


async def test_the_ladder_is_climbed_to_its_end(services: Services, clock: ManualClock) -> None:
    who = await candidate(clock.now(), phone=PHONE, email=MAIL)
    await on_wechat(who, clock.now())
    message = await say(services, who)
    for _ in range(4):
        await fails(services, message, clock)
    assert [channel for channel, _ in await channels_of(message)] == list(LADDER)


async def test_who_has_no_way_at_all_has_a_failed_delivery(
    services: Services, clock: ManualClock
) -> None:
    message = await say(services, await candidate(clock.now()))
    assert await channels_of(message) == [("none", "failed")]


@pytest.mark.parametrize(
    ("column", "purpose", "expected"),
    [
        ("opted_out_at", SAY, "suppressed"),
        ("opted_out_at", "test.always", "queued"),
        ("erased_at", SAY, "suppressed"),
        ("erased_at", "test.always", "suppressed"),
    ],
)
async def test_who_wishes_no_more_messages_gets_none(
    services: Services, clock: ManualClock, column: str, purpose: str, expected: str
) -> None:
    who = await candidate(clock.now(), email=MAIL)
    await db.execute(f"UPDATE candidates SET {column} = $2 WHERE id = $1", who, clock.now())
    message = await say(services, who, purpose)
    assert await channels_of(message) == [("mail", expected)]


async def test_the_window_takes_five_and_keeps_the_last_for_a_question(
    services: Services, clock: ManualClock
) -> None:
    who = await candidate(clock.now(), email=MAIL)
    await on_wechat(who, clock.now())
    doors = Doors(clock)
    for _ in range(4):
        assert await doors.spend_kf(who) == (KFID, "wmTian")
    assert await channels_of(await say(services, who, RATE)) == [("mail", "queued")]
    assert await channels_of(await say(services, who)) == [("wecom_kf", "queued")]
    assert await doors.spend_kf(who) is not None
    assert await doors.spend_kf(who) is None
    assert await channels_of(await say(services, who)) == [("mail", "queued")]
    await guests.said(KFID, "wmTian", clock.now() + timedelta(minutes=1))
    assert await window_of(who, clock.now()) == (clock.now() + timedelta(hours=48, minutes=1), 5)


async def test_the_window_shuts_after_48_hours(services: Services, clock: ManualClock) -> None:
    who = await candidate(clock.now(), email=MAIL)
    await on_wechat(who, clock.now())
    clock.advance(timedelta(hours=48))
    assert await channels_of(await say(services, who)) == [("mail", "queued")]
    assert await Doors(clock).spend_kf(who) is None


async def test_while_a_colleague_has_the_conversation_the_bot_is_silent_there(
    services: Services, clock: ManualClock
) -> None:
    who = await candidate(clock.now(), email=MAIL)
    await on_wechat(who, clock.now())
    taken = Session(ChatState.HUMAN, "su")
    assert await chats.moved(KFID, "wmTian", taken, clock.now())
    assert await channels_of(await say(services, who)) == [("mail", "queued")]
    assert await chats.moved(KFID, "wmTian", Session(ChatState.ENDED), clock.now())
    await guests.said(KFID, "wmTian", clock.now())
    assert await channels_of(await say(services, who)) == [("wecom_kf", "queued")]


async def test_words_pulled_twice_or_late_do_not_fill_the_window_again(
    services: Services, clock: ManualClock
) -> None:
    who = await candidate(clock.now())
    await on_wechat(who, clock.now())
    await Doors(clock).spend_kf(who)
    await guests.said(KFID, "wmTian", clock.now())
    await guests.said(KFID, "wmTian", clock.now() - timedelta(hours=1))
    window = await window_of(who, clock.now())
    assert window is not None
    assert window[1] == 4


async def test_any_failure_tries_the_next_channel(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    """Also one that would only leave a colleague waiting."""
    who = await candidate(clock.now(), phone=PHONE, email=MAIL)
    async with post_office(database_url, services, clock, channel="mail") as post:
        post.platform.answers.append(SendFailed(Failure.REQUEST, code=3, reason="no such"))
        message = await say(services, who)
        await post.works()
    assert await channels_of(message) == [("mail", "failed"), ("sms", "queued")]


async def test_what_was_taken_and_not_brought_goes_on(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    who = await candidate(clock.now(), email=MAIL)
    await on_wechat(who, clock.now())
    async with post_office(database_url, services, clock, channel="wecom_kf") as post:
        message = await say(services, who)
        await post.works()
        [call] = await post.calls(1)
    assert await channels_of(message) == [("wecom_kf", "accepted")]
    assert await bounced(call.key, "blocked", services.ledger.ladder, clock.now())
    assert not await bounced(call.key, "blocked", services.ledger.ladder, clock.now())
    assert await channels_of(message) == [("wecom_kf", "failed"), ("mail", "queued")]


async def test_a_mail_server_that_is_down_does_not_hold_a_candidate(
    services: Services, clock: ManualClock
) -> None:
    who = await candidate(clock.now(), phone=PHONE, email=MAIL)
    message = await say(services, who)
    until = clock.now() + timedelta(hours=5)
    await outcomes.pause("mail", until, 421, "down", "look at it")
    clock.advance(stuck.PATIENCE - timedelta(seconds=1))
    assert await stuck.move_on(services.ledger.ladder, clock.now()) == 0
    clock.advance(timedelta(seconds=2))
    async with db.transaction():
        assert await stuck.move_on(services.ledger.ladder, clock.now()) == 1
        assert await stuck.move_on(services.ledger.ladder, clock.now()) == 0
    assert await channels_of(message) == [("mail", "failed"), ("sms", "queued")]


async def test_what_must_not_go_by_a_channel_does_not(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    who = await candidate(clock.now(), phone=PHONE, email=MAIL)
    message = await say(services, who, RATE)
    await fails(services, message, clock)
    async with post_office(database_url, services, clock, channel="sms") as post:
        await post.works()
        assert post.platform.calls == []
    assert (await channels_of(message))[1] == ("sms", "failed")


async def test_one_message_at_a_time_to_a_candidate(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    who = await candidate(clock.now(), email=MAIL)
    async with post_office(database_url, services, clock, channel="mail") as post:
        await say(services, who)
        await say(services, who)
        await post.works()
        assert [call.to for call in await post.calls(2)] == [(str(who),), (str(who),)]


class Post(Platform):
    """A channel that remembers real addresses."""

    def __init__(self, *answers: Sent | SendFailed) -> None:
        super().__init__()
        self.answers.extend(answers)

    @property
    def asked(self) -> list[Sequence[str]]:
        return [call.to for call in self.calls]


async def test_an_address_is_opened_for_the_call_alone(
    services: Services, clock: ManualClock
) -> None:
    who = await candidate(clock.now(), phone=PHONE, email=MAIL)
    post = Post(Sent("m", refused={MAIL: Refused(550, "gone")}), Sent("m2", each={MAIL: "x"}))
    mail = ToCandidates(post, Doors(clock).mail)
    refused = await mail.send(Text("一"), [str(who)], key="k1")
    assert refused.refused[str(who)].code == 550
    assert (await mail.send(Text("二"), [str(who)], key="k2")).each == {str(who): "x"}
    await db.execute("UPDATE candidates SET email = NULL WHERE id = $1", who)
    gone = await mail.send(Text("三"), [str(who)], key="k3")
    assert gone.refused[str(who)].failure is Failure.RECIPIENT
    assert post.asked == [(MAIL,), (MAIL,)]


async def test_a_call_that_brought_nothing_costs_nothing(
    services: Services, clock: ManualClock
) -> None:
    who = await candidate(clock.now())
    await on_wechat(who, clock.now())
    post = Post(SendFailed(Failure.RETRY), SendFailed(Failure.UNKNOWN))
    kf = KfToCandidates(post, Doors(clock))
    for left, failure in ((5, Failure.RETRY), (4, Failure.UNKNOWN)):
        with pytest.raises(SendFailed) as failed:
            await kf.send(Text("一"), [str(who)], key="k1")
        assert failed.value.failure is failure
        window = await window_of(who, clock.now())
        assert window is not None
        assert window[1] == left
    await kf.send(Text("一"), [str(who)], key="k1", again=True)
    assert post.asked[-1] == (f"{KFID}/wmTian",)
    window = await window_of(who, clock.now())
    assert window is not None
    assert window[1] == 4


async def test_a_shut_window_sends_nothing(services: Services, clock: ManualClock) -> None:
    who = await candidate(clock.now())
    post = Post()
    kf = KfToCandidates(post, Doors(clock))
    sent = await kf.send(Text("一"), [str(who)], key="k1")
    assert sent.refused[str(who)].failure is Failure.RECIPIENT
    assert post.asked == []


async def test_a_candidate_is_asked_again_and_answers_once(
    services: Services, clock: ManualClock
) -> None:
    who = await candidate(clock.now(), email=MAIL)
    asks = services.asks
    message = await asks.open_to_candidate(SAY, 7, who, policy="invitation", context={"text": "?"})
    assert message is not None
    clock.advance(timedelta(hours=20, minutes=1))
    assert await services.escalation.run_due() == 1
    said = await db.fetch_value("SELECT count(*) FROM messages WHERE purpose = $1", SAY)
    assert said == 2
    await db.execute("UPDATE deliveries SET state = 'accepted'")
    assert await asks.answered_by_candidate([SAY], 7, who, "agreed")
    assert not await asks.answered_by_candidate([SAY], 7, who, "agreed")
    rows = await db.fetch("SELECT state FROM deliveries WHERE message_id = $1", message)
    assert [row["state"] for row in rows] == ["answered"]


def test_the_ladder_is_data() -> None:
    assert policies.load(None).candidate_ladder == LADDER


async def opts_out(who: int, clock: ManualClock) -> None:
    await db.execute("UPDATE candidates SET opted_out_at = $2 WHERE id = $1", who, clock.now())


@pytest.mark.parametrize(("purpose", "state"), [(SAY, "suppressed"), ("test.always", "accepted")])
async def test_who_opted_out_while_a_message_was_on_its_way_is_not_tried_elsewhere(
    database_url: str, services: Services, clock: ManualClock, purpose: str, state: str
) -> None:
    who = await candidate(clock.now(), phone=PHONE, email=MAIL)
    message = await say(services, who, purpose)
    await opts_out(who, clock)
    await fails(services, message, clock)
    async with post_office(database_url, services, clock, channel="sms") as post:
        await post.works()
    assert await channels_of(message) == [("mail", "failed"), ("sms", state)]


@pytest.mark.parametrize(("purpose", "state"), [(SAY, "suppressed"), ("test.always", "accepted")])
async def test_what_was_queued_beside_an_opt_out_does_not_leave(
    database_url: str, services: Services, clock: ManualClock, purpose: str, state: str
) -> None:
    """Written in a transaction that did not see it, and withdrawn by none."""
    who = await candidate(clock.now(), email=MAIL)
    async with post_office(database_url, services, clock, channel="mail") as post:
        message = await say(services, who, purpose)
        await opts_out(who, clock)
        await post.works()
    assert await channels_of(message) == [("mail", state)]


async def test_an_unknown_call_is_not_repeated_to_who_opted_out(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    who = await candidate(clock.now(), email=MAIL)
    await on_wechat(who, clock.now())
    async with post_office(database_url, services, clock, channel="wecom_kf") as post:
        post.platform.answers.append(SendFailed(Failure.UNKNOWN))
        message = await say(services, who)
        await post.works()
        await opts_out(who, clock)
        clock.advance(timedelta(minutes=10))
        await post.works()
        assert len(post.platform.calls) == 1
    assert await channels_of(message) == [("wecom_kf", "unknown")]


async def test_an_unknown_call_is_not_repeated_outside_its_hours(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    """A first call may never have arrived: then its repeat is the one that is read."""
    closes = clock.now() + timedelta(minutes=1)
    services.ledger.purposes.add(
        [
            Saying(
                "test.hours",
                from_context,
                window=lambda now: now if now < closes else closes + timedelta(hours=12),
            )
        ]
    )
    who = await candidate(clock.now(), email=MAIL)
    await on_wechat(who, clock.now())
    async with post_office(database_url, services, clock, channel="wecom_kf") as post:
        post.platform.answers.append(SendFailed(Failure.UNKNOWN))
        message = await say(services, who, "test.hours")
        await post.works()
        clock.advance(timedelta(minutes=10))
        await post.works()
        assert len(post.platform.calls) == 1
    assert await channels_of(message) == [("wecom_kf", "unknown")]
