"""The silent get their next channel, and the launcher's card lives where a platform lets it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.wiring import Services
from message_templates.catalogue import Catalogue
from models import db
from models.callouts import CallKind
from models.cards import Card
from models.clock import ManualClock
from scheduler.rendering import Renderer
from services.callout_answers import Answer
from services.callouts import CallOuts
from services.why import reason_key
from tests.support.callouts import answered, asked, give_skills, wish
from tests.support.deciding import actor


@pytest.fixture
async def call_outs(services: Services) -> CallOuts:
    await give_skills()
    return services.call_outs.call_outs


async def test_the_silent_get_their_next_channel_once(
    services: Services, call_outs: CallOuts, clock: ManualClock
) -> None:
    call_out = await call_outs.launch(await actor("zhao"), wish(clock))
    await call_outs.run_due()
    yes, silent, alone, *_ = await asked(call_out)
    for person in (yes, silent):
        await db.execute(
            "INSERT INTO identities (person_id, platform, user_id) VALUES ($1, 'dingtalk', $2)",
            person, f"ding{person}",
        )  # fmt: skip
    services.ledger.ladder = type(services.ledger.ladder)(("wecom_app", "dingtalk"))
    await answered(call_outs, call_out, yes, Answer.YES)
    clock.advance(timedelta(minutes=7))
    assert await services.escalation.run_due() == 0
    clock.advance(timedelta(minutes=1))
    assert await services.escalation.run_due() > 0
    again = await db.fetch(
        "SELECT d.person_id, d.channel, d.address, d.priority FROM deliveries d "
        "JOIN messages m ON m.id = d.message_id "
        "WHERE m.purpose = 'callouts.ask' AND d.channel = 'dingtalk'"
    )
    assert again == [
        {"person_id": silent, "channel": "dingtalk", "address": f"ding{silent}", "priority": 0}
    ]
    marked = await db.fetch(
        "SELECT person_id FROM call_answers WHERE second_channel_at IS NOT NULL"
    )
    assert marked == [{"person_id": silent}]
    assert alone not in {row["person_id"] for row in marked}
    clock.advance(timedelta(minutes=30))
    assert await services.escalation.run_due() == 0  # and that was all
    messages = await db.fetch_value("SELECT count(*) FROM messages WHERE purpose = 'callouts.ask'")
    assert messages == 1


async def test_a_drill_rings_nobody_twice(
    services: Services, call_outs: CallOuts, clock: ManualClock
) -> None:
    call_out = await call_outs.launch(await actor("zhao"), wish(clock, kind=CallKind.DRILL))
    await call_outs.run_due()
    assert await asked(call_out)
    clock.advance(timedelta(minutes=30))
    assert await services.escalation.run_due() == 0


async def test_the_board_is_redrawn_at_most_every_twenty_seconds(
    call_outs: CallOuts, clock: ManualClock
) -> None:
    call_out = await call_outs.launch(await actor("zhao"), wish(clock, 3))
    await call_outs.run_due()
    people = await asked(call_out)
    clock.advance(timedelta(seconds=5))
    await answered(call_outs, call_out, people[0], Answer.YES)
    assert await call_outs.run_due() == 0
    clock.advance(timedelta(seconds=15))
    assert await call_outs.run_due() == 1
    assert await call_outs.run_due() == 0
    clock.advance(timedelta(seconds=60))
    assert await call_outs.run_due() == 0  # nothing has changed


async def test_the_board_is_live_and_closes_with_the_call_out(
    services: Services, call_outs: CallOuts, clock: ManualClock
) -> None:
    zhao = await actor("zhao")
    call_out = await call_outs.launch(zhao, wish(clock, 3))
    rows = await db.fetch(
        "SELECT id AS message_id, purpose, subject_id, context FROM messages "
        "WHERE purpose = 'callouts.board'"
    )
    renderer = Renderer(services.ledger.purposes, Catalogue())

    async def shown() -> tuple[bool, str]:
        ((template, facts),) = (await renderer.facts_of(rows)).values()
        card = renderer.content(template, facts.context)
        assert isinstance(card, Card)
        return facts.live, card.closed

    assert await shown() == (True, "")
    await call_outs.cancel(zhao, call_out)
    assert (await shown())[1] == "14:00已取消"


async def test_why_it_was_sent_is_answered(call_outs: CallOuts, clock: ManualClock) -> None:
    call_out = await call_outs.launch(await actor("zhao"), wish(clock))
    await call_outs.run_due()
    person, *_ = await asked(call_out)
    await db.execute("UPDATE deliveries SET state = 'accepted', claimed_at = $1", clock.now())
    user = await db.fetch_value("SELECT user_id FROM identities WHERE person_id = $1", person)
    assert await reason_key(await actor(user)) == "call_out"
    assert await reason_key(await actor("zhao")) == "call_out_board"
