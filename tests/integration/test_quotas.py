"""A month's quota: counted, kept for what matters, warned of once, and never silently passed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import ClientSession

from bot import dingtalk
from bot.app import read_rules
from bot.channels import Failure, SendFailed
from bot.events import TextSaid
from bot.wiring import Services, build
from models import db
from models.clock import ManualClock
from models.ledger import Priority
from models.policies import Policies, Quota
from services.quotas import (
    API,
    EVERYTHING,
    NOTHING,
    PUSH,
    WARNING,
    note,
    note_exhausted,
)
from services.reach import Ladder
from tests.support.delivering import post_office
from tests.support.hospital import settings

HUNDRED = Quota(api_per_month=100, push_per_month=50, warn_at=(70, 90, 100))


@pytest.fixture
def hundred(database_url: str, clock: ManualClock) -> Services:
    """The same hospital where DingTalk may be called a hundred times a month."""
    rules = read_rules(settings(database_url))
    limited = replace(rules.policies, quotas={"dingtalk": HUNDRED})
    return build(replace(rules, policies=limited), clock)


async def warnings() -> int:
    return int(await db.fetch_value("SELECT count(*) FROM messages WHERE purpose = $1", WARNING))


async def test_what_matters_least_stops_first(hundred: Services, clock: ManualClock) -> None:
    quotas = hundred.quotas
    assert await quotas.allowed("dingtalk") == EVERYTHING
    await note("dingtalk", API, 80, clock.now())
    assert await quotas.allowed("dingtalk_notice") == Priority.REMINDER
    await note("dingtalk", API, 15, clock.now())
    assert await quotas.allowed("dingtalk") == Priority.DECISION
    await note_exhausted("dingtalk", API, clock.now())
    assert await quotas.allowed("dingtalk") == NOTHING
    assert await quotas.allowed("wecom_app") == EVERYTHING


async def test_a_new_month_begins_on_the_first_in_shanghai(
    hundred: Services, clock: ManualClock
) -> None:
    await note_exhausted("dingtalk", API, clock.now())
    clock.advance(timedelta(days=24, hours=9, minutes=59))  # 31 December, 23:59
    assert await hundred.quotas.allowed("dingtalk") == NOTHING
    clock.advance(timedelta(minutes=1))
    assert await hundred.quotas.allowed("dingtalk") == EVERYTHING


async def test_the_hr_head_is_warned_once_per_threshold(
    hundred: Services, clock: ManualClock
) -> None:
    quotas = hundred.quotas
    await note("dingtalk", API, 69, clock.now())
    assert await quotas.warn_due() == 0
    await note("dingtalk", API, 1, clock.now())
    assert [await quotas.warn_due(), await quotas.warn_due()] == [1, 0]
    await note("dingtalk", API, 25, clock.now())
    assert [await quotas.warn_due(), await quotas.warn_due()] == [1, 0]
    await note("dingtalk", PUSH, 50, clock.now())
    assert await quotas.warn_due() == 1
    assert await warnings() == 3


async def test_who_has_another_platform_is_reached_there_and_others_are_listed(
    database_url: str, hundred: Services, clock: ManualClock
) -> None:
    """Out of quota is no silence: the next channel carries it, or a failure stands in the list."""
    policies: Policies = replace(
        read_rules(settings(database_url)).policies, quotas={"dingtalk": HUNDRED}
    )
    hundred.ledger.ladder = Ladder(("dingtalk", "wecom_app"))
    await db.execute("UPDATE identities SET platform = 'dingtalk' WHERE user_id = 'wang'")
    await db.execute(
        "INSERT INTO identities (person_id, platform, user_id) "
        "SELECT person_id, 'dingtalk', 'li-ding' FROM identities WHERE user_id = 'li'"
    )
    people = await db.fetch(
        "SELECT person_id FROM identities WHERE user_id IN ('li', 'wang') ORDER BY user_id"
    )
    await note_exhausted("dingtalk", API, clock.now())
    await hundred.ledger.notify(
        "replies.late", 0, [row["person_id"] for row in people], context={"text": "您好"}
    )
    async with post_office(database_url, hundred, clock, policies) as post:
        post.platform.name = "dingtalk"
        await post.works()
        assert post.platform.calls == []
        post.platform.name = "wecom_app"
        await post.works()
        assert [call.to for call in post.platform.calls] == [("li",)]
    rows = await db.fetch("SELECT address, channel, state, reason FROM deliveries ORDER BY id")
    assert [(row["address"], row["state"]) for row in rows] == [
        ("li-ding", "failed"),
        ("wang", "failed"),
        ("li", "accepted"),
    ]
    assert {row["reason"] for row in rows if row["state"] == "failed"} == {"monthly quota"}


async def test_counts_that_come_at_once_add_up(hundred: Services, clock: ManualClock) -> None:
    await asyncio.gather(*(note("dingtalk", API, 2, clock.now()) for _ in range(30)))
    assert await hundred.quotas.used("dingtalk") == {API: (60, 100), PUSH: (0, 50)}


async def test_after_more_was_bought_it_goes_on(hundred: Services, clock: ManualClock) -> None:
    await note_exhausted("dingtalk", API, clock.now())
    assert await hundred.quotas.allowed("dingtalk") == NOTHING
    await hundred.quotas.resume("dingtalk")
    assert await hundred.quotas.allowed("dingtalk") == EVERYTHING


async def test_a_webhook_draws_on_the_pushes_and_not_on_the_calls(
    hundred: Services, clock: ManualClock
) -> None:
    quotas = hundred.quotas
    await note_exhausted("dingtalk", API, clock.now())
    assert await quotas.allowed("dingtalk_webhook") == EVERYTHING
    await note("dingtalk", PUSH, 49, clock.now())
    assert await quotas.allowed("dingtalk_webhook") == Priority.DECISION
    await note_exhausted("dingtalk", PUSH, clock.now())
    assert await quotas.allowed("dingtalk_webhook") == NOTHING


async def test_a_call_that_cannot_be_counted_was_surely_not_made(
    database_url: str, clock: ManualClock
) -> None:
    await db.execute("ALTER TABLE platform_months RENAME TO away")
    async with ClientSession() as session:
        client = dingtalk.client(settings(database_url), session, clock)
        with pytest.raises(SendFailed) as caught:
            await client.webhook_send({"access_token": "t"}, {"msgtype": "text"})
    assert caught.value.failure is Failure.RETRY


async def test_what_was_taken_in_stays_taken_in_though_it_was_not_counted(
    services: Services, clock: ManualClock
) -> None:
    await db.execute("ALTER TABLE platform_months RENAME TO away")
    said = TextSaid(
        platform="dingtalk",
        app="main",
        event_id="dingtalk:msg:1",
        user="outside:1",
        at=clock.now(),
        text="你好",
    )
    assert await dingtalk.CountedIntake(services, clock)(said) is not None
