"""Sessions of customer service: who may move which, and the servicer's client (D94669, D94670)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from tests.simulator.kf_bench import KFID, QIN, KfBench, kf_bench

DESK = "/sim/kf/desk/linhong"
WHOM = {"open_kfid": KFID, "external_userid": QIN}


@pytest_asyncio.fixture
async def k() -> AsyncIterator[KfBench]:
    async with kf_bench() as running:
        assert running.b.sim.world.kf is not None
        running.b.sim.world.kf.accounts[KFID].servicers = {"linhong", "lixiaoyan"}
        await running.enter()
        await running.say()
        yield running


async def trans(k: KfBench, state: int, servicer: str = "") -> dict[str, Any]:
    body = {"external_userid": QIN, "service_state": state, "servicer_userid": servicer}
    reply: dict[str, Any] = await k.call("service_state/trans", **body)
    return reply


async def state(k: KfBench) -> tuple[int, str]:
    reply = await k.call("service_state/get", external_userid=QIN)
    return reply["service_state"], reply["servicer_userid"]


async def desk(k: KfBench, userid: str = "linhong") -> list[tuple[str, bool]]:
    found = await k.b.get(f"/sim/kf/desk/{userid}")
    return [(chat["state"], chat["mine"]) for chat in found["chats"]]


async def does(k: KfBench, act: str, userid: str = "linhong", **more: str) -> dict[str, Any]:
    done: dict[str, Any] = await k.b.post(f"/sim/kf/desk/{userid}/{act}", WHOM | more)
    return done


async def events(k: KfBench) -> list[dict[str, Any]]:
    """What is told of sessions, without the codes."""
    rows = [row["event"] for row in await k.pulled() if row["msgtype"] == "event"]
    told = [row for row in rows if row["event_type"] == "session_status_change"]
    names = ("change_type", "old_servicer_userid", "new_servicer_userid")
    return [{name: row[name] for name in names if name in row} for row in told]


async def test_the_api_moves_only_where_the_table_allows(k: KfBench) -> None:
    assert (await trans(k, 4))["errcode"] == 95016
    assert (await trans(k, 1))["errcode"] == 0
    assert (await trans(k, 0))["errcode"] == 95016
    assert await k.text() == 0
    assert (await trans(k, 2))["errcode"] == 0
    assert [(await trans(k, to))["errcode"] for to in (0, 1, 2, 4)] == [95016] * 4
    assert await k.text() == 95018
    assert (await trans(k, 3, "linhong"))["errcode"] == 0
    assert (await trans(k, 3, "lixiaoyan"))["errcode"] == 0
    assert await state(k) == (3, "lixiaoyan")
    assert (await trans(k, 4))["errcode"] == 0
    assert [(await trans(k, to))["errcode"] for to in range(5)] == [95016] * 5
    assert await k.text() == 95013
    assert await events(k) == [], "of what the API does no event tells"


async def test_only_a_servicer_who_receives_can_be_given_one(k: KfBench) -> None:
    assert (await trans(k, 3, "wanglei"))["errcode"] == 95014
    await k.b.post(f"{DESK}/rest", {"resting": True})
    assert (await trans(k, 3, "linhong"))["errcode"] == 95019
    assert await state(k) == (0, "")
    await k.b.post(f"{DESK}/rest", {"resting": False})
    assert (await trans(k, 3, "linhong"))["errcode"] == 0


async def test_the_first_coming_and_the_end_can_be_said_once(k: KfBench) -> None:
    code = (await trans(k, 3, "linhong"))["msg_code"]
    assert "msg_code" not in await trans(k, 3, "lixiaoyan")
    text = {"msgtype": "text", "text": {"content": "老师来了"}}
    said = [await k.b.call("kf/send_msg_on_event", {"code": code} | text) for _ in range(2)]
    assert [reply["errcode"] for reply in said] == [0, 40058]
    last = (await trans(k, 4))["msg_code"]
    k.move(seconds=21)
    assert (await k.b.call("kf/send_msg_on_event", {"code": last} | text))["errcode"] == 40058


async def test_a_servicer_takes_writes_ends_and_takes_it_up_again(k: KfBench) -> None:
    assert await desk(k) == []
    assert "error" in await does(k, "say", text="还没轮到我")
    await trans(k, 2)
    assert await desk(k) == [("waiting", False)]
    assert "error" in await does(k, "say", text="先要接入")
    assert (await does(k, "take"))["status"] == "ok"
    assert "error" in await does(k, "take", "lixiaoyan")
    assert "error" in await does(k, "say", "lixiaoyan", text="不是我的")
    assert (await does(k, "say", text="您好，我是人事科"))["status"] == "ok"
    assert (await k.shown())[-1]["text"] == "您好，我是人事科"
    row = (await k.pulled())[-1]
    assert (row["origin"], row["servicer_userid"]) == (5, "linhong")
    assert (await does(k, "end"))["status"] == "ok"
    assert await desk(k) == [("ended", False)]
    assert (await does(k, "say", text="还有一句"))["status"] == "ok"
    assert await state(k) == (3, "linhong")
    assert (await does(k, "pass", to="lixiaoyan"))["status"] == "ok"
    assert "error" in await does(k, "pass", "lixiaoyan", to="wanglei")
    assert (await desk(k), await desk(k, "lixiaoyan")) == ([], [("human", True)])
    assert await events(k) == [
        {"change_type": 1, "new_servicer_userid": "linhong"},
        {"change_type": 3, "old_servicer_userid": "linhong"},
        {"change_type": 4, "new_servicer_userid": "linhong"},
        {
            "change_type": 2,
            "old_servicer_userid": "linhong",
            "new_servicer_userid": "lixiaoyan",
        },
    ]


async def test_what_a_servicer_writes_spends_none_of_the_five(k: KfBench) -> None:
    """Of this no page speaks: here they do not count, and the bot does not rely on it."""
    await trans(k, 3, "linhong")
    for number in range(6):
        await does(k, "say", text=f"第{number}句")
    await does(k, "end")
    await k.say("谢谢")
    assert [await k.text() for _ in range(6)] == [0, 0, 0, 0, 0, 95001]


async def test_nobodys_desk_and_strange_acts_are_refused(k: KfBench) -> None:
    assert "error" in await k.b.get("/sim/kf/desk/nobody")
    assert "error" in await k.b.post(f"{DESK}/say", {"open_kfid": "wkx", "text": "x"})
    await trans(k, 3, "linhong")
    assert "error" in await does(k, "say", text="  ")
    found = await k.b.get("/sim/kf/desk/wanglei")
    assert (found["accounts"], found["chats"]) == (
        [{"open_kfid": "wkSAMPLEtraining02", "name": "示例医院培训科"}],
        [],
    )
