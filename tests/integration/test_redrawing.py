"""Codes of cards that are out: none is lost because another card's redraw has to wait."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from bot.channels import Failure, SendFailed
from bot.wiring import Services
from models import db
from models.cards import Card
from models.clock import ManualClock
from scheduler.redrawing import Redrawer, RedrawLater
from services import taps
from services.purposes import Facts
from tests.support.delivering import Platform, post_office

CLOSED = Card("换班", closed="已批准")


@dataclass
class Drawing(Platform):
    """A platform that redraws cards, unless it is told to fail the first ones."""

    name: str = "wecom_app"
    failing: list[Exception] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)

    async def redraw(self, card: Card, to: Sequence[str], *, response_code: str, key: str) -> str:
        if self.failing:
            raise self.failing.pop(0)
        self.drawn.append(response_code)
        return ""


class Closed(Redrawer):
    """Every message's card is decided."""

    async def _card(self, message_id: int) -> tuple[Card | None, Facts]:
        return CLOSED, Facts({})


@pytest.fixture
async def redrawer(
    database_url: str, services: Services, clock: ManualClock
) -> AsyncIterator[tuple[Redrawer, Drawing, int]]:
    async with post_office(database_url, services, clock) as post:
        platform = Drawing(batch=1)
        post.worker.channel = platform
        rows = await db.fetch("SELECT person_id FROM identities WHERE user_id IN ('li', 'wang')")
        people = [row["person_id"] for row in rows]
        message = await services.ledger.notify("replies.late", 0, people, context={"text": "好"})
        assert message is not None
        await post.works()
        await db.execute("UPDATE sends SET response_code = 'code-' || id")
        yield Closed({"wecom_app": platform}, post.renderer, clock), platform, message


@pytest.mark.parametrize(
    "error", [SendFailed(Failure.RETRY, reason="busy"), ConnectionError("the database went away")]
)
async def test_a_redraw_that_has_to_wait_takes_no_other_cards_code(
    redrawer: tuple[Redrawer, Drawing, int], error: Exception
) -> None:
    drawer, platform, message = redrawer
    platform.failing = [error]
    with pytest.raises(type(error) if isinstance(error, ConnectionError) else RedrawLater):
        await drawer.redraw(message)
    await drawer.redraw(message)
    assert len(set(platform.drawn)) == 2
    assert await db.fetch_value("SELECT count(*) FROM sends WHERE response_code <> ''") == 0


async def test_a_card_that_is_still_being_sent_is_redrawn_once_it_is_out(
    redrawer: tuple[Redrawer, Drawing, int],
) -> None:
    drawer, platform, message = redrawer
    late = await db.fetch_value("SELECT max(send_id) FROM deliveries")
    await db.execute("UPDATE deliveries SET state = 'sending' WHERE send_id = $1", late)
    await db.execute("UPDATE sends SET response_code = NULL WHERE id = $1", late)
    with pytest.raises(RedrawLater):
        await drawer.redraw(message)
    assert len(platform.drawn) == 1
    await db.execute("UPDATE deliveries SET state = 'accepted' WHERE send_id = $1", late)
    await db.execute("UPDATE sends SET response_code = 'late' WHERE id = $1", late)
    await drawer.redraw(message)
    assert platform.drawn[1:] == ["late"]


class Live(Redrawer):
    """Nothing is decided; the card shows figures that move."""

    async def _card(self, message_id: int) -> tuple[Card | None, Facts]:
        return Card("楼东：1/2人"), Facts({}, live=True)


async def test_an_open_card_spends_its_only_code_when_told_to_and_gets_another_by_a_tap(
    redrawer: tuple[Redrawer, Drawing, int],
) -> None:
    drawer, platform, message = redrawer
    live = Live(drawer.channels, drawer.renderer, drawer.clock)
    await live.redraw(message)
    assert platform.drawn == []
    await live.redraw(message, spend=True)
    await live.redraw(message, spend=True)
    assert len(set(platform.drawn)) == len(platform.drawn) == 2  # one for each phone
    task = await db.fetch_value("SELECT task_id FROM sends ORDER BY id LIMIT 1")
    await taps.keep_code(task, "by-tap")
    await taps.keep_code(task, "by-a-later-tap")  # nothing is spent: it is not needed
    await drawer.redraw(message)
    assert platform.drawn[2:] == ["by-tap"]


async def test_a_taps_code_draws_for_its_tapper_alone_and_is_not_kept_for_many(
    redrawer: tuple[Redrawer, Drawing, int],
) -> None:
    _, _, message = redrawer
    one = await db.fetch_one("SELECT id, task_id FROM sends ORDER BY id LIMIT 1")
    assert one is not None
    await db.execute(
        "UPDATE deliveries SET send_id = $1 WHERE message_id = $2", one["id"], message
    )
    await db.execute("UPDATE sends SET response_code = NULL")
    await taps.keep_code(one["task_id"], "by-tap")
    assert await db.fetch_value("SELECT count(*) FROM sends WHERE response_code <> ''") == 0
