"""Where a reply goes: the message's own webhook, or by other means when that will not do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from aiohttp import ClientSession

from bot.events import CardUpdate, Event, Reply, TextSaid
from bot.platforms.dingtalk.decode import Said, Webhook
from bot.platforms.dingtalk.replies import Replies
from bot.tasks import Nursery
from message_templates.catalogue import Catalogue
from models.cards import Card, Text
from models.clock import ManualClock
from tests.dingtalk import NOW
from tests.integration.dingtalk_gateway import StubGateway, serving
from tests.support.dingtalk_patience import LONG, patient_calls
from tests.support.waiting import eventually

REPLY = Text("您明天 08:00 白班")
EVENT = TextSaid(
    platform="dingtalk", app="main", event_id="dingtalk:msg:1", user="li", at=NOW, text="我的班"
)
HOUR = timedelta(hours=1)


@dataclass
class Way:
    """Replies towards a stub; `later` is what had to go by other means."""

    stub: StubGateway
    replies: Replies
    nursery: Nursery
    later: list[tuple[Event, Reply]] = field(default_factory=list)
    known: bool = True
    fails: bool = False

    async def fallback(self, event: Event, reply: Reply) -> bool:
        if self.fails:
            raise RuntimeError("no ledger")
        if self.known:
            self.later.append((event, reply))
        return self.known

    def said(self, event: Event = EVENT, *, url: str = "", in_group: bool = False) -> Said:
        url = url or f"{self.stub.url}/robot/sendBySession?session=s"
        return Said(event, Webhook(url, NOW + HOUR), in_group)

    async def give(self, said: Said, reply: Reply = REPLY, patience: float = LONG) -> None:
        await self.replies.give(said, reply, asyncio.get_running_loop().time() + patience)

    def texts(self) -> list[str]:
        assert all(body["msgtype"] == "text" for body in self.stub.posted)
        return [body["text"]["content"] for body in self.stub.posted]


@pytest.fixture
async def way() -> AsyncIterator[Way]:
    stub, nursery = StubGateway(), Nursery()
    async with serving(stub), ClientSession() as session:
        made = Way(stub, None, nursery)  # type: ignore[arg-type] # set below
        made.replies = Replies(
            session,
            old_api=stub.url,
            fallback=made.fallback,
            answers_in_groups=lambda event: isinstance(event, TextSaid) and event.text == "绑定",
            catalogue=Catalogue(),
            clock=ManualClock(NOW),
            nursery=nursery,
        )
        with patient_calls():
            yield made
        await nursery.close(grace=LONG)
        assert not nursery.failed.is_set()


async def test_words_go_to_the_webhook_before_the_acknowledgement(way: Way) -> None:
    await way.give(way.said())
    assert (way.texts(), way.later) == ([REPLY.content], [])


async def test_a_message_delivered_twice_is_answered_once(way: Way) -> None:
    await asyncio.gather(way.give(way.said()), way.give(way.said()))
    await way.give(way.said())
    assert way.texts() == [REPLY.content]


async def test_a_slow_webhook_does_not_hold_up_the_acknowledgement(way: Way) -> None:
    way.stub.hold_webhook = asyncio.Event()
    await way.give(way.said(), patience=0.05)
    way.stub.hold_webhook.set()

    async def posted() -> bool:
        return way.texts() == [REPLY.content]

    await eventually(posted)
    await way.nursery.close(grace=LONG)
    assert way.later == []


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, {"errcode": 300001, "errmsg": "session 不存在"}), (500, {}), (200, {}), (302, {})],
)
async def test_what_the_webhook_did_not_take_goes_by_other_means(
    way: Way, status: int, body: dict[str, object]
) -> None:
    way.stub.webhook = (status, body)
    await way.give(way.said())
    assert way.later == [(EVENT, REPLY)]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/robot/sendBySession?session=s",
        "{base}@evil.example/robot",
        "{https}/robot/sendBySession",
        "{host}:1/robot/sendBySession",
        "http://u:p@{bare}/robot/sendBySession",
        "file:///etc/passwd",
        "//",
        "http://[::1",
        "\\\\evil",
    ],
)
async def test_a_webhook_that_leads_elsewhere_is_not_used(way: Way, url: str) -> None:
    base = way.stub.url
    host = base.rpartition(":")[0]
    forms = {"base": base, "host": host, "bare": base[7:], "https": base.replace("http", "https")}
    await way.give(way.said(url=url.format(**forms)))
    assert (way.stub.posted, way.later) == ([], [(EVENT, REPLY)])


async def test_an_expired_or_missing_webhook_is_not_used(way: Way) -> None:
    expired = Webhook(f"{way.stub.url}/robot/sendBySession", NOW)
    await way.give(Said(EVENT, expired))
    await way.give(Said(replace(EVENT, event_id="dingtalk:msg:2"), None))
    assert way.stub.posted == []
    assert len(way.later) == 2


async def test_a_gone_platform_loses_no_reply(way: Way) -> None:
    said = way.said()
    for_nobody = replace(said, webhook=Webhook("http://127.0.0.1:1/", NOW + HOUR))
    way.replies._base = way.replies._base.with_port(1)
    await way.give(for_nobody)
    assert way.later == [(EVENT, REPLY)]


async def test_a_card_cannot_be_said_at_a_webhook(way: Way) -> None:
    await way.give(way.said(), CardUpdate(Card("换班", closed="已批准")))
    assert way.stub.posted == []
    assert len(way.later) == 1


async def test_in_a_group_nothing_personal_is_said(way: Way) -> None:
    await way.give(way.said(in_group=True))
    assert way.texts() == ["已私信回复您。"]
    assert way.later == [(EVENT, REPLY)]


async def test_in_a_group_a_stranger_is_asked_to_write_privately(way: Way) -> None:
    way.known = False
    await way.give(way.said(in_group=True))
    (words,) = way.texts()
    assert "私聊" in words
    assert REPLY.content not in words


async def test_a_command_for_groups_is_answered_there(way: Way) -> None:
    bind = replace(EVENT, text="绑定", group="cid1")
    await way.give(way.said(bind, in_group=True), Text("本群已绑定心内科。"))
    assert (way.texts(), way.later) == (["本群已绑定心内科。"], [])


async def test_a_reply_that_was_lost_may_still_come_with_a_repeat(way: Way) -> None:
    way.stub.webhook, way.fails = (500, {}), True
    await way.give(way.said())
    way.stub.webhook, way.fails = (200, {"errcode": 0}), False
    await way.give(way.said())
    assert way.texts() == [REPLY.content] * 2
    assert way.later == []


async def test_a_late_answer_to_a_tap_never_raises(way: Way) -> None:
    await way.replies.late(EVENT, REPLY)
    assert way.later == [(EVENT, REPLY)]
    way.fails = True
    await way.replies.late(EVENT, REPLY)


async def test_an_answer_that_comes_in_pieces_is_read_whole(way: Way) -> None:
    way.stub.in_pieces = True
    await way.give(way.said())
    assert (way.texts(), way.later) == ([REPLY.content], [])
