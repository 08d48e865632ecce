"""The way in when things go wrong: nothing acknowledged is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from bot.dispatch import Dispatcher
from bot.events import TextSaid
from bot.intake import NotStored
from bot.pipeline import ATTEMPTS, Pipeline
from bot.routing import Command, Router
from bot.wiring import Services
from message_templates.catalogue import Catalogue
from models import db
from models.cards import Text
from models.clock import ManualClock
from scheduler import upkeep
from services import audit
from tests.support.hospital import START
from tests.support.unhurried import LONG

Act = Callable[[Command], Awaitable[Text]]


@dataclass
class Desk:
    """A bot with one command, 记, whose handler does what the test says."""

    pipeline: Pipeline
    clock: ManualClock
    heard: list[str] = field(default_factory=list)
    act: Act | None = None

    def said(self, text: str, user: str = "li") -> TextSaid:
        event_id = f"{user}:{text}"
        return TextSaid(
            platform="wecom", app="main", event_id=event_id, user=user, at=START, text=f"记 {text}"
        )

    def hurries(self, seconds: float = 0.5) -> None:
        """A handler gets only so long."""
        self.pipeline.budget = self.pipeline.late_budget = seconds

    async def hears(self, text: str, user: str = "li") -> str | None:
        reply = await self.pipeline.take(self.said(text, user))
        return reply.content if isinstance(reply, Text) else None

    async def retries(self, user: str = "li") -> None:
        """All tries there are, each when it is due, and two for whoever had to wait behind."""
        for _ in range(ATTEMPTS + 2):
            self.clock.advance(timedelta(minutes=2))
            await self.pipeline.handle_parked(f"wecom:{user}")

    async def inbox(self) -> dict[str, str]:
        rows = await db.fetch("SELECT event_id, state FROM inbox ORDER BY id")
        return {row["event_id"]: row["state"] for row in rows}


@pytest.fixture
async def desk(database_url: str, services: Services, clock: ManualClock) -> Desk:
    router = Router()
    provided: dict[type[Any], Any] = {}
    dispatcher = Dispatcher(Router(), provided, Catalogue(), clock)
    pipeline = Pipeline(dispatcher, services.ledger, clock, budget=LONG, late_budget=LONG)
    desk = Desk(pipeline, clock)

    @router.text("记")
    async def note(command: Command) -> Text:
        await audit.record(clock.now(), "test", "noted", command.rest)
        if desk.act is not None:
            return await desk.act(command)
        desk.heard.append(command.rest)
        return Text(f"记下了{command.rest}")

    dispatcher.router = router
    return desk


async def fail(_command: Command) -> Text:
    raise RuntimeError("broken")


async def hang(_command: Command) -> Text:
    await asyncio.Event().wait()
    return Text("never")


async def test_four_copies_at_once_are_one_event_with_one_answer(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.hears("一") for _ in range(4)))
    assert answers == ["记下了一"] * 4
    assert desk.heard == ["一"]
    assert await desk.inbox() == {"li:一": "done"}


@pytest.mark.parametrize("act", [fail, hang], ids=["raises", "hangs"])
async def test_a_handler_that_fails_leaves_nothing_behind_and_is_tried_again(
    desk: Desk, act: Act
) -> None:
    desk.act = act
    desk.hurries(0.2)
    assert await desk.hears("一") is None
    assert await desk.inbox() == {"li:一": "pending"}
    assert await db.fetch("SELECT 1 FROM audit_rows WHERE action = 'noted'") == []
    desk.act = None
    desk.hurries(LONG)
    await desk.retries()
    assert await desk.inbox() == {"li:一": "done"}
    assert desk.heard == ["一"]
    assert len(await db.fetch("SELECT 1 FROM audit_rows WHERE action = 'noted'")) == 1


async def test_later_events_of_the_same_person_wait_and_others_do_not(desk: Desk) -> None:
    desk.act = fail
    await desk.hears("一")
    desk.act = None
    assert await desk.hears("二") is None
    assert await desk.hears("三") is None
    assert await desk.hears("别人", "wang") == "记下了别人"
    assert desk.heard == ["别人"]
    await desk.retries()
    assert desk.heard == ["别人", "一", "二", "三"]
    assert set((await desk.inbox()).values()) == {"done"}


@pytest.mark.parametrize("act", [fail, hang], ids=["raises", "hangs"])
async def test_an_event_that_never_succeeds_is_set_aside_and_the_next_go_on(
    desk: Desk, act: Act
) -> None:
    async def refuse_one(command: Command) -> Text:
        if command.rest == "一":
            return await act(command)
        desk.heard.append(command.rest)
        return Text("好")

    desk.act = refuse_one
    await desk.hears("二", "wang")
    desk.hurries()
    await desk.hears("一")
    await desk.hears("二")
    await desk.retries()
    desk.hurries(LONG)  # whoever waited behind may need more than a busy machine gave
    await desk.retries()
    assert await desk.inbox() == {
        "wang:二": "done",
        "li:一": "dead",
        "li:二": "done",
    }
    assert desk.heard == ["二", "二"]
    row = await db.fetch_one("SELECT attempts, error FROM inbox WHERE state = 'dead'")
    assert row is not None
    assert row["attempts"] == ATTEMPTS
    assert row["error"] in ("RuntimeError", "TimeoutError")


async def test_a_late_answer_goes_through_the_ledger(desk: Desk) -> None:
    desk.act = fail
    await desk.hears("一")
    desk.act = None
    await desk.retries()
    rows = await db.fetch("SELECT d.state FROM deliveries d")
    assert [row["state"] for row in rows] == ["queued"]


async def test_a_repeat_of_a_waiting_event_is_acknowledged_and_not_doubled(desk: Desk) -> None:
    desk.act = fail
    await desk.hears("一")
    assert await desk.hears("一") is None
    desk.act = None
    await desk.retries()
    assert desk.heard == ["一"]


async def test_two_workers_at_the_same_parked_events_handle_each_once_and_in_order(
    desk: Desk,
) -> None:
    desk.act = fail
    for text in "一二三四五":
        await desk.hears(text)
    desk.act = None
    desk.clock.advance(timedelta(minutes=2))
    await asyncio.gather(*(desk.pipeline.handle_parked("wecom:li") for _ in range(4)))
    assert desk.heard == ["一", "二", "三", "四", "五"]


async def test_a_parked_event_is_woken_when_its_time_has_come(desk: Desk) -> None:
    desk.act = fail
    await desk.hears("一")
    await db.execute("DELETE FROM pgqueuer")
    desk.clock.advance(timedelta(minutes=2))
    await upkeep.wake_parked(desk.clock)
    await upkeep.wake_parked(desk.clock)
    rows = await db.fetch("SELECT entrypoint, payload FROM pgqueuer")
    assert [(row["entrypoint"], row["payload"]) for row in rows] == [("handle", b"wecom:li")]


async def test_an_event_that_cannot_be_stored_is_refused_and_its_repeat_succeeds(
    desk: Desk,
) -> None:
    await db.execute("ALTER TABLE inbox RENAME TO inbox_away")
    with pytest.raises(NotStored):
        async with asyncio.timeout(20):
            await desk.hears("一")
    await db.execute("ALTER TABLE inbox_away RENAME TO inbox")
    assert await desk.hears("一") == "记下了一"
    assert desk.heard == ["一"]
