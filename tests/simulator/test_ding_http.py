"""DingTalk's pushes by HTTP: sealed events, signed messages and card callbacks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest_asyncio
from aiohttp import web

from simulator.crypto import Envelope
from tests.simulator.bench import KEY, TOKEN
from tests.simulator.dingtalk_bench import Ding, ding_bench

SECRET = "ding-secret-of-no-real-app"


def signature(key: str, text: str) -> str:
    return base64.b64encode(
        hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    ).decode()


@dataclass
class HttpBot:
    """Takes all three channels and remembers what was good and what was forged."""

    envelope: Envelope = field(default_factory=lambda: Envelope(TOKEN, KEY, "dingsampleapp"))
    heard: list[tuple[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    forged: int = 0
    word: str = "success"
    answer: Any = None
    url: str = ""

    async def events(self, request: web.Request) -> web.Response:
        q, sealed = request.query, (await request.json())["encrypt"]
        if q["signature"] != self.envelope.sign(q["timestamp"], q["nonce"], sealed):
            self.forged += 1
            return web.Response(status=403)
        self.heard.append(("event", json.loads(self.envelope.open(sealed))))
        self.headers.append(dict(q))
        body = self.envelope.seal(self.word)
        sign = self.envelope.sign("1", "n", body)
        return web.json_response(
            {"msg_signature": sign, "timeStamp": "1", "nonce": "n", "encrypt": body}
        )

    async def robot(self, request: web.Request) -> web.Response:
        stamp = request.headers["timestamp"]
        return await self._take("robot", request, SECRET, f"{stamp}\n{SECRET}", "sign")

    async def cards(self, request: web.Request) -> web.Response:
        stamp = request.headers["x-ddpaas-signature-timestamp"]
        return await self._take("card", request, "api-secret", stamp, "x-ddpaas-signature")

    async def _take(
        self, kind: str, request: web.Request, key: str, text: str, name: str
    ) -> web.Response:
        if request.headers[name] != signature(key, text):
            self.forged += 1
            return web.Response(status=403)
        self.headers.append(dict(request.headers))
        self.heard.append((kind, await request.json()))
        return web.json_response(self.answer) if self.answer else web.Response()


@asynccontextmanager
async def serving(bot: HttpBot) -> AsyncIterator[HttpBot]:
    app = web.Application()
    app.router.add_post("/events", bot.events)
    app.router.add_post("/robot", bot.robot)
    app.router.add_post("/cards", bot.cards)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        bot.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield bot
    finally:
        await runner.cleanup()


@pytest_asyncio.fixture
async def bot() -> AsyncIterator[HttpBot]:
    async with serving(HttpBot()) as running:
        yield running


@pytest_asyncio.fixture
async def h(bot: HttpBot) -> AsyncIterator[Ding]:
    callbacks = {
        "events": {"url": f"{bot.url}/events", "token": TOKEN, "aes_key": KEY},
        "robot": {"url": f"{bot.url}/robot"},
    }
    async with ding_bench(callbacks=callbacks) as bench:
        yield bench


async def hire(h: Ding) -> Any:
    event = {"type": "user_add_org", "data": {"userId": ["maoli"]}}
    return await h.post("/sim/dingtalk/event", event)


async def calls(h: Ding, count: int, api: str) -> Any:
    while len(rows := await h.get(f"/sim/calls?api={api}")) < count:
        await h.sim.pulse.beyond(h.sim.pulse.rev, 1)
    return rows


async def test_an_event_is_sealed_for_the_client_id(h: Ding, bot: HttpBot) -> None:
    assert (await hire(h))["status"] == "ok"
    [(_, event)] = bot.heard
    assert (event["EventType"], event["CorpId"]) == ("user_add_org", h.org.corpid)
    assert event["userId"] == ["maoli"]
    assert event["eventId"]
    assert event["EventTime"] > 0


async def test_a_wrong_answer_is_told_and_the_event_comes_again(h: Ding, bot: HttpBot) -> None:
    bot.word = "ok"
    done = await hire(h)
    assert (done["status"], done["attempts"]) == ("wrong_answer", 1)
    await calls(h, 5, "user_add_org")
    assert len({e["eventId"] for _, e in bot.heard}) == 1
    assert len(bot.heard) == 5


async def test_a_robot_message_is_signed_and_may_be_answered(h: Ding, bot: HttpBot) -> None:
    bot.answer = {"msgtype": "text", "text": {"content": "收到"}}
    done = await h.say("我的班")
    assert (done["status"], done["reply"]) == ("ok", "收到")
    # Nobody has called the API yet, and the reply address works all the same.
    url = bot.heard[0][1]["sessionWebhook"].removeprefix(h.base)
    assert (await h.post(url, bot.answer))["errcode"] == 0
    assert bot.heard[0][1]["text"]["content"] == "我的班"
    bot.answer = {"msgtype": "empty"}
    assert (await h.say("好"))["reply"] is None
    bot.answer = {"msgtype": "interactive"}
    assert "refused" in (await h.say("好"))["problem"]


async def test_a_card_callback_by_route(h: Ding, bot: HttpBot) -> None:
    body = {"callbackRouteKey": "r", "callbackUrl": f"{bot.url}/cards", "apiSecret": "api-secret"}
    status, reply = await h.api("POST", "card/callbacks/register", body)
    assert (status, reply["success"]) == (200, True)
    again = body | {"callbackUrl": "http://127.0.0.1:1/x"}
    assert (await h.api("POST", "card/callbacks/register", again))[0] == 400
    await h.deliver(callbackType="HTTP", callbackRouteKey="r")
    bot.answer = {
        "cardUpdateOptions": {"updateCardDataByKey": True},
        "cardData": {"cardParamMap": {"closed": "已同意"}},
    }
    assert "[已同意]" in (await h.tap("同意"))["reply"]
    assert bot.heard[0][1]["outTrackId"] == "t1"


async def test_forged_old_and_doubled_pushes(h: Ding, bot: HttpBot) -> None:
    await h.fault("callback_tampered", count=1)
    assert (await h.say("假的"))["status"] == "http_403"
    await h.fault("callback_tampered", count=1)
    assert (await hire(h))["status"] == "http_403"
    assert (bot.forged, bot.heard) == (2, [])
    await h.fault("callback_replay_old", count=1, age_s=7200)
    await h.say("旧的")
    age = h.sim.clock.unix() - int(bot.headers[0]["timestamp"]) / 1000
    assert 7199 <= age < 7260
    await h.fault("callback_duplicate", count=1)
    await h.say("两次")
    assert len({m["msgId"] for _, m in bot.heard[1:]}) == 1
    assert len(bot.heard) == 3


async def test_a_closed_port_is_unreachable_and_tried_once_more(h: Ding) -> None:
    h.org.hooks.robot = "http://127.0.0.1:1/robot"
    assert (await h.say("在吗"))["status"] == "unreachable"
    assert [c["attempt"] for c in await calls(h, 2, "robot_message")] == [1, 2]


async def test_saving_the_address_verifies_it(bot: HttpBot) -> None:
    async with ding_bench() as d:
        good = {"url": f"{bot.url}/events", "token": TOKEN, "aes_key": KEY}
        assert (await d.post("/sim/dingtalk/callback", good))["verified"] is True
        assert bot.heard == [("event", {"EventType": "check_url"})]
        bad = await d.post("/sim/dingtalk/callback", good | {"token": "other"})
        assert "not verified" in bad["error"]
        short = await d.post("/sim/dingtalk/callback", good | {"aes_key": "x"})
        assert "43" in short["error"]
        assert (await hire(d))["status"] == "ok"
        await d.post("/sim/dingtalk/callback", {"url": None})
        assert (await hire(d))["status"] == "queued"
