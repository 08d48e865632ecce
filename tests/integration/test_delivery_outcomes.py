"""What became of a send, and what is done about it: never more is claimed than is known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.channels import Failure, Refused, SendFailed, Sent
from bot.pipeline import CARRIES_REPLY
from bot.wiring import Services
from models import db, sealed
from models.clock import ManualClock
from services.ledger import CONTEXT
from tests.support.delivering import post_office
from tests.support.ledger import history_of
from tests.support.waiting import eventually

ALL_TOLD = "SELECT state, count(*) AS n FROM deliveries GROUP BY state"


async def people(*users: str) -> list[int]:
    rows = await db.fetch(
        "SELECT person_id FROM identities WHERE user_id = ANY($1) ORDER BY person_id", list(users)
    )
    return [row["person_id"] for row in rows]


async def say(services: Services, text: str, *users: str) -> list[int]:
    """One message to these people; the ids of its deliveries."""
    message = await services.ledger.notify(
        CARRIES_REPLY, 0, await people(*users), context={"text": text}
    )
    rows = await db.fetch("SELECT id FROM deliveries WHERE message_id = $1 ORDER BY id", message)
    return [row["id"] for row in rows]


async def states() -> dict[str, int]:
    return {row["state"]: row["n"] for row in await db.fetch(ALL_TOLD)}


async def test_an_unknown_send_is_repeated_as_the_very_same_call(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    async with post_office(database_url, services, clock) as post:
        post.platform.answers.append(SendFailed(Failure.UNKNOWN, reason="no reply in time"))
        ids = await say(services, "您好", "wang", "li", "chen")
        await post.works()
        assert await states() == {"unknown": 3}
        clock.advance(timedelta(minutes=5))
        await post.works()
        first, second = post.platform.calls
        assert first == second
        assert await states() == {"accepted": 3}
        expected = ["queued", "sending", "unknown", "sending", "accepted"]
        assert await history_of(ids[0]) == expected


async def test_a_repeat_still_names_those_who_have_answered_meanwhile(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    async with post_office(database_url, services, clock) as post:
        post.platform.answers.append(SendFailed(Failure.UNKNOWN))
        ids = await say(services, "您好", "wang", "li", "chen")
        await post.works()
        await db.execute("UPDATE deliveries SET state = 'seen' WHERE id = $1", ids[1])
        clock.advance(timedelta(minutes=5))
        await post.works()
        first, second = post.platform.calls
        assert first == second
        assert await states() == {"accepted": 2, "seen": 1}


@pytest.mark.parametrize(
    "failure", [Failure.RETRY, Failure.WINDOW, Failure.CONFIGURATION, Failure.UNKNOWN]
)
async def test_a_repeat_that_fails_for_now_is_not_turned_into_a_new_call(
    database_url: str, services: Services, clock: ManualClock, failure: Failure
) -> None:
    async with post_office(database_url, services, clock) as post:
        post.platform.answers += [SendFailed(Failure.UNKNOWN), SendFailed(failure)]
        await say(services, "您好", "li")
        for _ in range(3):
            await post.works()
            clock.advance(timedelta(minutes=5))
        assert len({call.key for call in post.platform.calls}) == 1
        assert len(post.platform.calls) == 3
        assert await states() == {"accepted": 1}


@pytest.mark.parametrize("failure", [Failure.REQUEST, Failure.RECIPIENT])
async def test_a_repeat_refused_for_good_leaves_it_unknown(
    database_url: str, services: Services, clock: ManualClock, failure: Failure
) -> None:
    async with post_office(database_url, services, clock) as post:
        post.platform.answers += [SendFailed(Failure.UNKNOWN), SendFailed(failure, code=42014)]
        await say(services, "您好", "li")
        for _ in range(3):
            await post.works()
            clock.advance(timedelta(minutes=5))
        assert len(post.platform.calls) == 2
        assert await states() == {"unknown": 1}


async def test_where_the_platform_drops_no_duplicates_an_unknown_send_is_not_repeated(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    async with post_office(database_url, services, clock) as post:
        post.platform.repeats = False
        post.platform.answers.append(SendFailed(Failure.UNKNOWN))
        await say(services, "您好", "li")
        for _ in range(3):
            await post.works()
            clock.advance(timedelta(minutes=5))
        assert len(post.platform.calls) == 1
        assert await states() == {"unknown": 1}


async def test_a_repeat_ends_with_the_window_of_the_duplicate_check(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    async with post_office(database_url, services, clock) as post:
        post.platform.answers.append(SendFailed(Failure.UNKNOWN))
        await say(services, "您好", "li")
        await post.works()
        clock.advance(timedelta(minutes=26))
        await post.works()
        assert len(post.platform.calls) == 1
        assert await states() == {"unknown": 1}


async def test_a_rate_limit_keeps_the_order_and_counts_no_attempt(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    async with post_office(database_url, services, clock) as post:
        limited = SendFailed(Failure.WINDOW, code=45009, wait=timedelta(seconds=60))
        post.platform.answers.append(limited)
        await say(services, "第一", "li")
        await post.works()
        clock.advance(timedelta(seconds=10))
        await say(services, "第二", "li")
        await post.works()
        assert len(post.platform.calls) == 1
        clock.advance(timedelta(seconds=51))
        await post.works()
        said = [getattr(call.content, "content", "") for call in post.platform.calls]
        assert said == ["第一", "第一", "第二"]
        assert await db.fetch("SELECT 1 FROM deliveries WHERE attempts > 0") == []
        assert await states() == {"accepted": 2}


async def test_only_the_refused_fail_and_nobody_gets_it_again(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    async with post_office(database_url, services, clock) as post:
        refused = {"wang": Refused(81013, "不在可见范围")}
        post.platform.answers.append(Sent("m1", refused=refused))
        await say(services, "您好", "wang", "li", "chen")
        await post.works()
        await post.works()
        assert len(post.platform.calls) == 1
        assert await states() == {"accepted": 2, "failed": 1}
        row = await db.fetch_one("SELECT address, reason FROM deliveries WHERE state = 'failed'")
        assert row == {"address": "wang", "reason": "不在可见范围"}


async def test_an_outcome_that_cannot_be_written_down_is_not_forgotten(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    await db.execute(
        "CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'stumbled'; END $$"
    )
    await db.execute(
        "CREATE TRIGGER stumble BEFORE UPDATE ON deliveries FOR EACH ROW "
        "WHEN (NEW.state = 'accepted') EXECUTE FUNCTION stumble()"
    )
    async with post_office(database_url, services, clock) as post:
        await say(services, "您好", "li")
        post.worker.wake()
        await post.calls(2)
        await db.execute("DROP TRIGGER stumble ON deliveries")

        async def settled() -> bool:
            clock.advance(timedelta(minutes=1))
            await post.works()
            return await states() == {"accepted": 1}

        await eventually(settled)
        assert len({call.key for call in post.platform.calls}) == 1


async def test_a_passing_fault_is_tried_again_and_then_given_up(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    async with post_office(database_url, services, clock) as post:
        post.platform.answers += [SendFailed(Failure.RETRY, code=-1, reason="busy")] * 8
        await say(services, "您好", "li")
        for _ in range(10):
            await post.works()
            clock.advance(timedelta(minutes=6))
        assert len(post.platform.calls) == 8
        assert await states() == {"failed": 1}


async def test_a_repeat_that_cannot_be_worded_keeps_no_other_message_waiting(
    database_url: str, services: Services, clock: ManualClock
) -> None:
    async with post_office(database_url, services, clock) as post:
        post.platform.answers.append(SendFailed(Failure.UNKNOWN, reason="no reply"))
        await say(services, "您好", "li")
        await post.works()
        await db.execute("UPDATE messages SET context = $1", sealed.seal_json(CONTEXT, {}))
        await say(services, "早", "wang")
        clock.advance(timedelta(seconds=10))
        await post.works()
        assert post.platform.calls[-1].to == ("wang",)
