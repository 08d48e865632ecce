"""A hospital with one customer service account and two candidates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from simulator.kf.settings import kf_from
from tests.simulator.bench import Bench, bench

Json = Any
KFID = "wkSAMPLEpersonnel01"
OTHER_KFID = "wkSAMPLEtraining02"
QIN, LUO = "wmSAMPLEqin", "wmSAMPLEluo"
KF: Json = {
    "accounts": [
        {"open_kfid": KFID, "name": "示例医院人事科"},
        {"open_kfid": OTHER_KFID, "name": "示例医院培训科"},
    ],
    "customers": [
        {"external_userid": QIN, "nickname": "小秦"},
        {"external_userid": LUO, "nickname": "罗罗"},
    ],
}
WELCOME = {
    "head_content": "您好",
    "list": [
        {"type": "text", "text": {"content": "请选择"}},
        {"type": "click", "click": {"id": "iv42_ok", "content": "确认参加"}},
        {"type": "view", "view": {"url": "https://example.org/map", "content": "怎么走"}},
    ],
    "tail_content": "人事科",
}


class KfBench:
    def __init__(self, b: Bench) -> None:
        self.b = b

    async def call(self, api: str, **body: Json) -> Json:
        return await self.b.call(f"kf/{api}", {"open_kfid": KFID} | body)

    async def link(self, scene: str = "interview") -> str:
        return str((await self.call("add_contact_way", scene=scene))["url"])

    async def enter(self, url: str = "", who: str = QIN) -> Json:
        url = url or await self.link() + "&scene_param=iv42"
        return await self.b.post(f"/sim/phones/wechat:{who}/enter", {"url": url})

    async def say(self, text: str = "你好", who: str = QIN) -> Json:
        return await self.b.post(f"/sim/phones/wechat:{who}/say", {"text": text})

    async def pull(self, cursor: str = "", **more: Json) -> Json:
        return await self.call("sync_msg", cursor=cursor, **more)

    async def pulled(self) -> list[Json]:
        rows: list[Json] = (await self.pull())["msg_list"]
        return rows

    async def text(self, content: str = "好", who: str = QIN, **more: Json) -> int:
        body = {"touser": who, "msgtype": "text", "text": {"content": content}}
        return int((await self.call("send_msg", **body, **more))["errcode"])

    async def shown(self, who: str = QIN) -> list[Json]:
        rows = await self.b.messages(f"wechat:{who}")
        return [m for m in rows if m["direction"] == "in"]

    def move(self, **span: int) -> None:
        self.b.sim.clock.move(timedelta(**span))


@asynccontextmanager
async def kf_bench() -> AsyncIterator[KfBench]:
    async with bench() as b:
        b.sim.world.kf = kf_from(KF)
        yield KfBench(b)
