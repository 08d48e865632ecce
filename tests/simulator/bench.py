"""A test bench: the simulator and a scripted bot, both on ports chosen by the system."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import aiohttp
from aiohttp import web

from simulator import inner
from simulator.clock import SHANGHAI
from simulator.crypto import Envelope
from simulator.hospital import App, Callback, parse
from simulator.sample import SAMPLE
from simulator.serve import running
from simulator.state import Pace, Simulator

KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
TOKEN = "QDG6eK"
AGENT = 1000002
NOON = datetime(2026, 12, 1, 12, 3, tzinfo=SHANGHAI)
HASTE = 0.3  # seconds, for what is not answered
PATIENT = Pace(timeout=60, verify=60, retry_wait=0.01)
Json = Any
Answer = Callable[[dict[str, Any]], Awaitable[web.Response]]


async def quiet(_event: dict[str, Any]) -> web.Response:
    return web.Response()


@dataclass
class Bot:
    """Opens what it is sent, keeps it, and answers as the test says."""

    envelope: Envelope
    answer: Answer = quiet
    heard: list[dict[str, Any]] = field(default_factory=list)
    forged: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: web.Request) -> web.Response:
        query = request.query
        sealed = query.get("echostr") or str(inner.read(await request.text())["Encrypt"])
        signature = self.envelope.sign(query["timestamp"], query["nonce"], sealed)
        if signature != query["msg_signature"]:
            self.forged += 1
            return web.Response(status=403)
        if request.method == "GET":
            return web.Response(text=self.envelope.open(sealed))
        event = inner.read(self.envelope.open(sealed)) | {"timestamp": query["timestamp"]}
        self.heard.append(event)
        self.news.set()
        return await self.answer(event)

    def reply(self, fields: list[inner.Field]) -> web.Response:
        sealed = self.envelope.seal(inner.write(fields))
        signature = self.envelope.sign("1700000000", "n", sealed)
        outer: list[inner.Field] = [
            ("Encrypt", sealed),
            ("MsgSignature", signature),
            ("TimeStamp", 1700000000),
            ("Nonce", "n"),
        ]
        return web.Response(text=inner.write(outer))


@dataclass
class Bench:
    sim: Simulator
    base: str
    session: aiohttp.ClientSession
    bot: Bot

    @property
    def app(self) -> App:
        return self.sim.world.apps[AGENT]

    async def get(self, path: str) -> Json:
        async with self.session.get(self.base + path) as response:
            return await response.json()

    async def post(self, path: str, body: Json = None) -> Json:
        async with self.session.post(self.base + path, json=body or {}) as response:
            return await response.json()

    async def token(self, app: App | None = None) -> str:
        secret = (app or self.app).secret
        reply = await self.get(f"/cgi-bin/gettoken?corpid={SAMPLE['corpid']}&corpsecret={secret}")
        return str(reply["access_token"])

    async def call(self, api: str, body: Json, token: str | None = None) -> Json:
        token = token or await self.token()
        return await self.post(f"/cgi-bin/{api}?access_token={token}", body)

    async def ask(self, api: str, token: str | None = None, **query: str | int) -> Json:
        params = "".join(f"&{k}={v}" for k, v in query.items())
        token = token or await self.token()
        return await self.get(f"/cgi-bin/{api}?access_token={token}{params}")

    async def send(self, touser: str = "lixiaoyan", **body: Json) -> Json:
        return await self.call("message/send", {"touser": touser, "agentid": AGENT} | body)

    async def text(self, content: str = "你好", touser: str = "lixiaoyan", **more: Json) -> Json:
        return await self.send(touser, msgtype="text", text={"content": content}, **more)

    async def card(self, card: Json, touser: str = "lixiaoyan", **more: Json) -> Json:
        return await self.send(touser, msgtype="template_card", template_card=card, **more)

    async def messages(self, userid: str = "lixiaoyan", after: int = 0) -> Json:
        return await self.get(f"/sim/phones/{userid}/messages?after={after}")

    async def last(self, userid: str = "lixiaoyan") -> Json:
        return (await self.messages(userid))[-1]

    async def tap(self, button: str | int, userid: str = "lixiaoyan", **more: Json) -> Json:
        seq = (await self.last(userid))["seq"]
        return await self.post(f"/sim/phones/{userid}/tap", {"seq": seq, "button": button} | more)

    async def say(self, text: str, userid: str = "lixiaoyan") -> Json:
        return await self.post(f"/sim/phones/{userid}/say", {"text": text})

    def hasty(self) -> None:
        """From now on the platform soon gives up waiting for an answer."""
        self.sim.pace = replace(self.sim.pace, timeout=HASTE)

    async def fault(self, kind: str, **more: Json) -> Json:
        return await self.post("/sim/faults", {"kind": kind} | more)


@asynccontextmanager
async def bot_server(bot: Bot) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/wecom", bot.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/wecom"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    sim = Simulator(parse(SAMPLE), NOON, pace=PATIENT)
    bot = Bot(Envelope(TOKEN, KEY, SAMPLE["corpid"]))
    async with (
        bot_server(bot) as url,
        running(sim) as base,
        aiohttp.ClientSession() as session,
    ):
        sim.world.apps[AGENT].callback = Callback(url, TOKEN, KEY)
        yield Bench(sim, base, session, bot)


def button_card(task_id: str = "t1", **more: Json) -> dict[str, Json]:
    return {
        "card_type": "button_interaction",
        "main_title": {"title": "换班申请", "desc": "王蕾 请你代班"},
        "horizontal_content_list": [{"keyname": "班次", "value": "8月5日 夜班"}],
        "task_id": task_id,
        "button_list": [
            {"text": "同意", "style": 1, "key": "ok"},
            {"text": "拒绝", "style": 2, "key": "no"},
        ],
    } | more


def vote_card(task_id: str = "v1", mode: int = 0, **more: Json) -> dict[str, Json]:
    return {
        "card_type": "vote_interaction",
        "main_title": {"title": "选择面试时间"},
        "task_id": task_id,
        "checkbox": {
            "question_key": "slot",
            "mode": mode,
            "option_list": [{"id": "a", "text": "周一"}, {"id": "b", "text": "周二"}],
        },
        "submit_button": {"text": "提交", "key": "go"},
    } | more


def choice_card(task_id: str = "m1", **more: Json) -> dict[str, Json]:
    days = [{"id": "d1", "text": "周一"}, {"id": "d2", "text": "周二"}]
    return {
        "card_type": "multiple_interaction",
        "main_title": {"title": "期望班次"},
        "task_id": task_id,
        "select_list": [
            {"question_key": "day", "title": "日期", "selected_id": "d2", "option_list": days}
        ],
        "submit_button": {"text": "提交", "key": "go"},
    } | more


def notice_card(**more: Json) -> dict[str, Json]:
    return {
        "card_type": "text_notice",
        "main_title": {"title": "排班已发布"},
        "card_action": {"type": 1, "url": "https://example.org/roster"},
    } | more


def news_card(**more: Json) -> dict[str, Json]:
    return {
        "card_type": "news_notice",
        "main_title": {"title": "培训通知"},
        "card_image": {"url": "https://example.org/a.png"},
        "card_action": {"type": 1, "url": "https://example.org/roster"},
    } | more
