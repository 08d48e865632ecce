"""换班 where DingTalk knocks at our doors: words, events and taps come over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from models import db
from tests.support import database as databases
from tests.support.dingtalk_http import CARD_SECRET, ROUTE, door_of, over_http
from tests.support.hospital import Hospital, Message
from tests.support.waiting import eventually

TAPS = "SELECT count(*) FROM inbox WHERE kind = 'CardTapped'"
EXCHANGES = "SELECT count(*) FROM rosters WHERE source LIKE '换班%'"
REGISTER = "v1.0/card/callbacks/register"


@pytest.fixture
async def url(dingtalk_template: str) -> AsyncIterator[str]:
    async with databases.clone(dingtalk_template) as clone:
        yield clone


@pytest.fixture
async def hospital(url: str, tmp_path: Path) -> AsyncIterator[Hospital]:
    async with over_http(url, tmp_path) as running:
        await eventually(lambda: told(running))
        yield running


async def told(hospital: Hospital) -> bool:
    """Whether the platform knows where taps go."""
    assert hospital.sim.ding is not None
    return ROUTE in hospital.sim.ding.routes


async def calls(hospital: Hospital, api: str) -> int:
    return len(await hospital.get(f"/sim/calls?api={api}&limit=1000"))


async def state() -> str:
    return str(await db.fetch_value("SELECT state FROM swaps"))


async def asked(hospital: Hospital) -> Message:
    """The card on which 王 is asked."""
    await hospital.phone("sun").says("换班 1214A 王")
    return await hospital.phone("wang").expects_card("想和您换班")


async def test_the_bot_tells_at_its_start_where_taps_go(hospital: Hospital) -> None:
    """The port was the system's choice: the address is right all the same."""
    assert hospital.sim.ding is not None
    route = hospital.sim.ding.routes[ROUTE]
    assert (route.url, route.secret) == (f"{door_of(hospital)}/cards", CARD_SECRET)
    assert await calls(hospital, REGISTER) == 1
    assert (await hospital.get("/sim/dingtalk/connections"))["connections"] == []


async def test_a_swap_is_asked_accepted_and_approved(hospital: Hospital) -> None:
    sun, wang, zhao = hospital.phones("sun", "wang", "zhao")
    request = await asked(hospital)
    assert "已同意，等护士长批准" in await request.tap("同意")
    approval = await zhao.expects_card("换班请审批")
    assert "赵小样已批准" in await approval.tap("批准")
    await sun.expects("换班已批准")
    await wang.expects("换班已批准")
    await hospital.expects_nothing_else()
    assert (await state(), await db.fetch_value(EXCHANGES)) == ("approved", 1)
    assert await calls(hospital, "card_callback") == 2


@pytest.mark.parametrize("kind", ["callback_tampered", "callback_replay_old"])
async def test_a_forged_or_stale_tap_changes_nothing(hospital: Hospital, kind: str) -> None:
    request = await asked(hospital)
    await hospital.fault(kind, api="card_callback", count=1)
    body = {"seq": request.body["seq"], "button": "同意"}
    forged = await hospital.post("/sim/phones/dingtalk:wang/tap", body)
    assert (forged["status"], forged["reply"]) == ("http_403", None)
    assert (await state(), await db.fetch_value(TAPS)) == ("asked", 0)
    assert "已同意，等护士长批准" in await request.tap("同意")
    assert await state() == "accepted"


async def test_a_tap_that_comes_twice_at_once_is_done_once(hospital: Hospital) -> None:
    request = await asked(hospital)
    await request.tap("同意")
    approval = await hospital.phone("zhao").expects_card("换班请审批")
    await hospital.fault("callback_duplicate", api="card_callback", count=1)
    assert "批准" in await approval.tap("批准")
    again = await hospital.post("/sim/dingtalk/connections/redeliver", {"channel": "card"})
    assert again["status"] == "ok"
    await hospital.phone("sun").expects("换班已批准")
    await hospital.phone("wang").expects("换班已批准")
    await hospital.expects_nothing_else()
    assert (await state(), await db.fetch_value(EXCHANGES)) == ("approved", 1)
    assert await calls(hospital, "card_callback") == 4


async def test_the_door_is_told_again_until_the_platform_has_heard(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.dingtalk.REGISTER_AGAIN", 0.05)
    faults = [{"kind": "rate_limit", "api": REGISTER, "count": 2}]
    async with over_http(url, tmp_path, faults=faults) as hospital:
        await eventually(lambda: told(hospital))
        assert await calls(hospital, REGISTER) == 3
        assert "已同意" in await (await asked(hospital)).tap("同意")


async def test_without_a_secret_for_the_door_buttons_say_words(url: str, tmp_path: Path) -> None:
    """An interactive card whose taps nobody can prove would be a dead end."""
    async with over_http(url, tmp_path, dingtalk_card_secret=SecretStr("")) as hospital:
        request = await asked(hospital)
        assert "已同意，等护士长批准" in await request.tap("同意")
        assert await state() == "accepted"
        assert await calls(hospital, REGISTER) == 0
        assert not await told(hospital)
