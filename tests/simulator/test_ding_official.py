"""DingTalk's own client against our gateway: what it hears, answers and acknowledges."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from tests.simulator.dingtalk_bench import Ding, ding_bench
from tests.support.patience import DING

CALM = replace(DING, ping=60)


@asynccontextmanager
async def official_client(d: Ding) -> AsyncIterator[Process]:
    env = {"DINGTALK_OPENAPI_ENDPOINT": d.base, "NO_PROXY": "127.0.0.1"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.simulator.official_client",
        d.org.client_id, d.org.client_secret,
        env=env, stdout=PIPE, stderr=DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(120):
            while not (await d.get("/sim/dingtalk/connections"))["connections"]:
                assert process.returncode is None, "the client ended"
                await d.sim.pulse.beyond(d.sim.pulse.rev, 1)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def told(process: Process) -> dict[str, Any]:
    assert process.stdout
    async with asyncio.timeout(120):
        row: dict[str, Any] = json.loads(await process.stdout.readline())
    return row


async def test_the_official_client_talks_with_our_gateway() -> None:
    async with ding_bench(CALM) as d, official_client(d) as process:
        done = await d.say("我的班")
        assert (done["status"], done["reply"]) == ("ok", "收到：我的班")
        assert await told(process) == {"kind": "robot", "words": "我的班", "who": "xujing"}

        await d.deliver()
        tapped = await d.tap("同意")
        assert tapped["status"] == "ok"
        assert "[已同意]" in tapped["reply"]
        heard = await told(process)
        assert (heard["card"], heard["who"]) == ("t1", "xujing")
        assert heard["params"] == {"action": "ok"}

        event = {"type": "user_add_org", "data": {"userId": ["maoli"]}}
        assert (await d.post("/sim/dingtalk/event", event))["status"] == "ok"
        heard = await told(process)
        assert (heard["type"], heard["data"]) == ("user_add_org", {"userId": ["maoli"]})

        echoed = await d.post("/sim/dingtalk/connections/ping")
        assert echoed["echoed"] == [True]


async def test_it_comes_back_after_a_disconnect() -> None:
    async with ding_bench(CALM) as d, official_client(d) as process:
        [old] = (await d.get("/sim/dingtalk/connections"))["connections"]
        await d.post("/sim/dingtalk/connections/disconnect")
        async with asyncio.timeout(120):
            while True:
                rev = d.sim.pulse.rev
                rows = (await d.get("/sim/dingtalk/connections"))["connections"]
                if rows and rows[0]["id"] != old["id"]:
                    break
                await d.sim.pulse.beyond(rev, 1)
        assert (await d.say("还在吗"))["reply"] == "收到：还在吗"
        assert process.returncode is None
