"""What acknowledges each kind of frame, whatever became of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.events import CardTapped, CardUpdate, MemberChanged, TextSaid
from bot.intake import NotStored
from bot.platforms.dingtalk.frames import Ack, parse_frame
from bot.platforms.dingtalk.inbound import Budgets
from models.cards import Button, Card, Text
from tests.dingtalk import OTHER_CORP, event_frame, frame, robot_frame, tap_frame
from tests.support.dingtalk import Inside
from tests.support.waiting import eventually

LEAVERS = {"timeStamp": "1", "userId": ["wang", "zhou"]}
TAKEN = Ack(data={"status": "SUCCESS"})
FAILURES = [NotStored(), TimeoutError(), RuntimeError("canary")]


@pytest.fixture
async def inside() -> AsyncIterator[Inside]:
    inside = Inside()
    yield inside
    await inside.nursery.close(grace=1)
    assert not inside.nursery.failed.is_set()


async def answered(inside: Inside, body: dict[str, Any], now: float | None = None) -> Ack | None:
    now = asyncio.get_running_loop().time() if now is None else now
    return await inside.inbound().handle(parse_frame(json.dumps(body)), now)


async def test_a_message_is_acknowledged_with_no_response(inside: Inside) -> None:
    inside.taker.reply = Text("明天 08:00")
    assert await answered(inside, robot_frame()) == Ack(data={"response": None})
    assert [type(event) for event in inside.taker.taken] == [TextSaid]
    assert inside.given.at_once == [("dingtalk:msg:msgSample01", Text("明天 08:00"))]
    assert inside.taker.budgets == [1.5]
    arrived = asyncio.get_running_loop().time() - 0.5
    await answered(inside, robot_frame(), arrived)
    assert inside.given.deadlines[-1] == arrived + 2.0


async def test_an_event_is_taken_or_asked_for_later(inside: Inside) -> None:
    assert await answered(inside, event_frame("user_leave_org", LEAVERS)) == TAKEN
    assert [type(event) for event in inside.taker.taken] == [MemberChanged] * 2
    inside.taker.error = NotStored()
    ack = await answered(inside, event_frame("user_leave_org", LEAVERS))
    assert ack is not None
    assert isinstance(ack.data, dict)
    assert (ack.code, ack.data["status"]) == (200, "LATER")
    inside.taker.error, inside.taker.gate = None, asyncio.Event()
    inside.budgets = Budgets(events=0.05)
    ack = await answered(inside, event_frame("user_leave_org", LEAVERS))
    assert ack is not None
    assert isinstance(ack.data, dict)
    assert ack.data["status"] == "LATER"


async def test_an_event_of_another_organisation_is_taken_and_forgotten(inside: Inside) -> None:
    foreign = event_frame("user_leave_org", LEAVERS, corp=OTHER_CORP)
    assert await answered(inside, foreign) == TAKEN
    assert inside.taker.taken == []


async def test_a_tap_is_answered_with_the_card(inside: Inside) -> None:
    card = Card("换班", closed="已批准 14:05", buttons=(Button("批准", "x.y"),))
    inside.taker.reply = CardUpdate(card)
    ack = await answered(inside, tap_frame())
    assert ack is not None
    assert isinstance(ack.data, dict)
    drawn = ack.data["response"]
    assert drawn["cardData"]["cardParamMap"]["closed"] == "已批准 14:05"
    assert drawn["userPrivateData"] == {"cardParamMap": {"notice": ""}}
    assert all(drawn["cardUpdateOptions"].values())
    assert all(isinstance(v, str) for v in drawn["cardData"]["cardParamMap"].values())
    assert [type(event) for event in inside.taker.taken] == [CardTapped]
    assert inside.taker.budgets == [1.2]


async def test_words_to_a_tap_are_a_private_note(inside: Inside) -> None:
    inside.taker.reply = Text("这张卡片不是发给您的。")
    ack = await answered(inside, tap_frame())
    assert ack == Ack(
        data={
            "response": {
                "cardUpdateOptions": {
                    "updateCardDataByKey": True,
                    "updatePrivateDataByKey": True,
                },
                "userPrivateData": {"cardParamMap": {"notice": "这张卡片不是发给您的。"}},
            }
        }
    )


async def test_a_tap_that_shows_nothing_is_answered_with_nothing(inside: Inside) -> None:
    assert await answered(inside, tap_frame()) == Ack(data={"response": {}})
    inside.taker.reply = CardUpdate(
        Card("x", buttons=tuple(Button("x", f"v{n}") for n in range(9)))
    )
    assert await answered(inside, tap_frame()) == Ack(data={"response": {}})


async def test_a_tap_that_is_not_done_in_time_is_answered_by_other_means(inside: Inside) -> None:
    inside.budgets = Budgets(tap_answer=0.05)
    inside.taker.gate = asyncio.Event()
    inside.taker.reply = Text("已换班")
    ack = await answered(inside, tap_frame())
    assert ack is not None
    assert ack.code == 500  # it may not be stored yet, so it is not acknowledged as taken
    assert inside.given.later == []
    inside.taker.gate.set()

    async def told_later() -> bool:
        return inside.given.later == [("dingtalk:card:m1", Text("已换班"))]

    await eventually(told_later)
    assert len(inside.taker.taken) == 1


@pytest.mark.parametrize("error", FAILURES)
async def test_what_was_not_stored_comes_again(inside: Inside, error: Exception) -> None:
    inside.taker.error = error
    assert await answered(inside, robot_frame()) is None
    ack = await answered(inside, tap_frame())
    assert ack is not None
    assert ack.code == 500
    assert inside.given.at_once == []


async def test_an_unknown_topic_is_404(inside: Inside) -> None:
    ack = await answered(inside, frame("CALLBACK", "/v1.0/graph/api/invoke", {}))
    assert ack is not None
    assert ack.code == 404
    assert inside.taker.taken == []


@pytest.mark.parametrize("data", ["", "null", "[]", "canary"])
async def test_what_cannot_be_read_need_not_come_again(inside: Inside, data: str) -> None:
    for body, code in (
        (frame("CALLBACK", "/v1.0/im/bot/messages/get", data), 400),
        (frame("CALLBACK", "/v1.0/card/instances/callback", data), 400),
        (event_frame("user_leave_org", data), 200),
    ):
        ack = await answered(inside, body)
        assert ack is not None
        assert ack.code == code
    assert inside.taker.taken == []
