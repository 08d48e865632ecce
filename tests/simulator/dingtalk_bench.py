"""A test bench for DingTalk: the simulator, and a Stream client made of a plain WebSocket."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from simulator.dingtalk.org import Org
from simulator.dingtalk.pace import StreamPace
from simulator.dingtalk.sample import SAMPLE_DINGTALK
from simulator.hospital import parse
from simulator.serve import running
from simulator.state import Pace, Simulator
from simulator.tasks import Tasks
from tests.simulator.bench import NOON
from tests.support.patience import DING

Json = Any
ROBOT = "/v1.0/im/bot/messages/get"
CARD = "/v1.0/card/instances/callback"
TEMPLATE = "wardbell-card.schema"
ALL = [
    {"type": "EVENT", "topic": "*"},
    {"type": "CALLBACK", "topic": ROBOT},
    {"type": "CALLBACK", "topic": CARD},
]
# Patient enough for a busy machine; tests of silence take the hasty one.
QUICK = dataclasses.replace(DING, again=0.02, event_wait=0.02, parting=0.05, ping=600)
HASTY = dataclasses.replace(QUICK, patience=0.1, card_patience=0.1)
Answer = Callable[[dict[str, Any]], Json]


def success(frame: dict[str, Any]) -> Json:
    """What a well-behaved client acknowledges with."""
    if frame["type"] == "EVENT":
        return {"status": "SUCCESS"}
    if frame["type"] == "SYSTEM":
        return json.loads(frame["data"])
    return {"response": None}


@dataclass
class Client:
    """Keeps every frame and acknowledges as `answer` says; None means silence."""

    ws: aiohttp.ClientWebSocketResponse
    answer: Answer = success
    code: int = 200
    frames: list[dict[str, Any]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    work: Callable[[dict[str, Any]], Any] | None = None

    async def run(self) -> None:
        async for message in self.ws:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            frame = json.loads(message.data)
            self.frames.append(frame)
            if self.work:
                await self.work(frame)
            answer = self.answer(frame)
            if answer is not None and frame["headers"]["topic"] != "disconnect":
                await self.ws.send_json(self.ack(frame, answer))
            self.news.set()
        self.closed.set()
        self.news.set()

    def ack(self, frame: dict[str, Any], answer: Json) -> Json:
        return {
            "code": self.code,
            "headers": {
                "messageId": frame["headers"]["messageId"],
                "contentType": "application/json",
            },
            "message": "OK",
            "data": answer if isinstance(answer, str) else json.dumps(answer),
        }

    async def heard(self, count: int, seconds: float = 30) -> list[dict[str, Any]]:
        """The frames, once there are so many of them."""
        async with asyncio.timeout(seconds):
            while len(self.frames) < count:
                self.news.clear()
                await self.news.wait()
        return self.frames


@dataclass
class Ding:
    sim: Simulator
    base: str
    session: aiohttp.ClientSession
    tasks: Tasks = field(default_factory=Tasks)
    sockets: list[aiohttp.ClientWebSocketResponse] = field(default_factory=list)

    @property
    def org(self) -> Org:
        assert self.sim.world.ding
        return self.sim.world.ding

    async def request(self, method: str, path: str, body: Json = None, **more: Any) -> Json:
        """Status and JSON of any call."""
        url = self.base + path
        async with self.session.request(method, url, json=body, **more) as response:
            return response.status, await response.json()

    async def get(self, path: str) -> Json:
        return (await self.request("GET", path))[1]

    async def post(self, path: str, body: Json = None) -> Json:
        return (await self.request("POST", path, body or {}))[1]

    async def token(self) -> str:
        body = {"appKey": self.org.client_id, "appSecret": self.org.client_secret}
        return str((await self.post("/v1.0/oauth2/accessToken", body))["accessToken"])

    async def api(self, method: str, path: str, body: Json = None, token: str = "") -> Json:
        """Status and JSON of a call to the new API."""
        headers = {"x-acs-dingtalk-access-token": token or await self.token()}
        return await self.request(method, f"/v1.0/{path}", body, headers=headers)

    async def old(self, path: str, body: Json = None, token: str = "") -> Json:
        token = token or await self.token()
        return await self.post(f"/{path}?access_token={token}", body)

    async def batch(self, users: list[str], key: str = "sampleText", **param: Json) -> Json:
        body = {"robotCode": self.org.robot_code, "userIds": users, "msgKey": key}
        body["msgParam"] = json.dumps(param or {"content": "你好"})
        return await self.api("POST", "robot/oToMessages/batchSend", body)

    async def to_group(self, group: str = "cidicu001", **more: Json) -> Json:
        body = {
            "robotCode": self.org.robot_code,
            "openConversationId": group,
            "msgKey": "sampleText",
            "msgParam": json.dumps({"content": "你好"}),
        }
        return await self.api("POST", "robot/groupMessages/send", body | more)

    async def messages(self, userid: str = "xujing") -> Json:
        return await self.get(f"/sim/phones/{phone(userid)}/messages")

    async def last(self, userid: str = "xujing") -> Json:
        return (await self.messages(userid))[-1]

    async def say(self, text: str, userid: str = "xujing", **more: Json) -> Json:
        return await self.post(f"/sim/phones/{phone(userid)}/say", {"text": text} | more)

    async def tap(self, button: str | int, userid: str = "xujing", **more: Json) -> Json:
        seq = (await self.last(userid))["seq"]
        return await self.post(
            f"/sim/phones/{phone(userid)}/tap", {"seq": seq, "button": button} | more
        )

    async def fault(self, kind: str, **more: Json) -> Json:
        return await self.post("/sim/faults", {"kind": kind} | more)

    async def ticket(self, subscriptions: Json = None) -> Json:
        body = {
            "clientId": self.org.client_id,
            "clientSecret": self.org.client_secret,
            "subscriptions": ALL if subscriptions is None else subscriptions,
            "ua": "bench/1",
        }
        return await self.post("/v1.0/gateway/connections/open", body)

    async def connect(self, subscriptions: Json = None, **more: Any) -> Client:
        client = Client(await self.socket(subscriptions, **more))
        self.tasks.start(client.run())
        return client

    async def socket(
        self, subscriptions: Json = None, **more: Any
    ) -> aiohttp.ClientWebSocketResponse:
        """A fresh ticket's socket, which nobody reads yet; closed with the bench."""
        opened = await self.ticket(subscriptions)
        url = f"{opened['endpoint']}?ticket={opened['ticket']}"
        patience = aiohttp.ClientWSTimeout(ws_close=0.2)
        self.sockets.append(await self.session.ws_connect(url, timeout=patience, **more))
        return self.sockets[-1]

    async def close(self) -> None:
        await self.tasks.stop()
        for ws in self.sockets:
            await ws.close()

    async def deliver(self, space: str = "IM_ROBOT.xujing", **more: Json) -> Json:
        body = {
            "cardTemplateId": TEMPLATE,
            "outTrackId": "t1",
            "callbackType": "STREAM",
            "userIdType": 1,
            "cardData": {"cardParamMap": card()},
            "openSpaceId": f"dtv1.card//{space}",
            "imRobotOpenDeliverModel": {"spaceType": "IM_ROBOT"},
            "imGroupOpenDeliverModel": {"robotCode": self.org.robot_code},
        }
        body = {k: v for k, v in (body | more).items() if v is not None}
        return await self.api("POST", "card/instances/createAndDeliver", body)

    async def update(self, **body: Json) -> Json:
        return await self.api("PUT", "card/instances", {"outTrackId": "t1"} | body)


def phone(userid: str) -> str:
    return userid if ":" in userid else f"dingtalk:{userid}"


def card(**more: str) -> dict[str, str]:
    """The variables of a card that asks for a decision."""
    buttons = [{"id": "ok", "text": "同意", "style": 1}, {"id": "no", "text": "拒绝"}]
    return {
        "title": "换班申请",
        "source": "护铃",
        "body": "**毛莉** 请你代班",
        "facts": json.dumps([{"label": "班次", "value": "8月5日 夜班"}]),
        "buttons": json.dumps(buttons),
    } | more


@asynccontextmanager
async def ding_bench(pace: StreamPace = QUICK, **more: Json) -> AsyncIterator[Ding]:
    raw = {"dingtalk": copy.deepcopy(SAMPLE_DINGTALK) | more}
    sim = Simulator(parse(raw), NOON, pace=Pace(ding=pace))
    async with running(sim) as base, aiohttp.ClientSession() as session:
        bench = Ding(sim, base, session)
        try:
            yield bench
        finally:
            await bench.close()
