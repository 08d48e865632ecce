"""Every fault switch, seen from the bot's side."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.simulator.bench import Bench
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("expired_token", 40014),
        ("rate_limit", 45009),
        ("untrusted_ip", 60020),
        ("permission", 60011),
        ("api_error", -1),
    ],
)
async def test_error_codes_for_a_number_of_calls(b: Bench, kind: str, code: int) -> None:
    await b.fault(kind, count=1)
    assert (await b.text())["errcode"] == code
    assert (await b.text())["errcode"] == 0
    assert len(await b.messages()) == 1


async def test_any_code_by_fault_and_several_patterns(b: Bench) -> None:
    await b.fault("api_error", errcode=45033, api="media/*, message/send", count=1)
    assert (await b.text())["errcode"] == 45033
    assert (await b.text())["errcode"] == 0


async def test_an_expired_token_is_really_gone(b: Bench) -> None:
    old = await b.token()
    await b.fault("expired_token", count=1, errcode=42001)
    assert (await b.ask("getcallbackip", old))["errcode"] == 42001
    assert (await b.ask("getcallbackip", old))["errcode"] == 40014
    assert await b.token() != old


async def test_a_wrong_secret_stops_only_gettoken(b: Bench) -> None:
    token = await b.token()
    await b.fault("wrong_secret")
    reply = await b.get(f"/cgi-bin/gettoken?corpid={b.sim.world.corpid}&corpsecret=x")
    assert reply["errcode"] == 40001
    assert "errcode" in await b.ask("getcallbackip", token)


@pytest.mark.parametrize(("kind", "status"), [("http_500", 500), ("html_502", 502)])
async def test_broken_gateways(b: Bench, kind: str, status: int) -> None:
    await b.fault(kind, api="message/*", count=1)
    url = f"{b.base}/cgi-bin/message/send?access_token={await b.token()}"
    async with b.session.post(url, json={}) as response:
        assert response.status == status
    assert (await b.get("/sim/calls?errors=1"))[0]["fault"] == kind


async def test_slow_calls_still_work(b: Bench) -> None:
    await b.fault("slow", ms=30, count=1)
    assert (await b.text())["errcode"] == 0
    assert max(c["took_ms"] for c in await b.get("/sim/calls")) >= 30


async def test_accepted_then_silent_delivers(b: Bench) -> None:
    await b.fault("accepted_then_timeout", count=1)
    unanswered = asyncio.gather(b.text("送达"), return_exceptions=True)
    [message] = await eventually(b.messages)
    assert message["text"] == "送达"
    assert not unanswered.done()
    await b.session.delete(b.base + "/sim/faults")
    assert isinstance((await unanswered)[0], aiohttp.ClientError)


async def test_a_black_hole_delivers_nothing_and_ends_when_cleared(b: Bench) -> None:
    await b.fault("black_hole")
    token = await b.token()
    lost = asyncio.gather(b.call("message/send", {}, token), return_exceptions=True)
    while not b.sim.faults.on()[0].fired:
        await asyncio.sleep(0.005)
    async with b.session.delete(b.base + "/sim/faults") as response:
        assert (await response.json())["removed"] == 1
    [outcome] = await lost
    assert isinstance(outcome, aiohttp.ClientError)
    assert await b.messages() == []


async def test_an_answer_broken_off_was_accepted(b: Bench) -> None:
    await b.fault("reset_after_bytes", bytes=7, count=1)
    with pytest.raises(aiohttp.ClientError):
        await b.text("送达")
    assert (await b.last())["text"] == "送达"


async def test_silent_drop_and_invalid_user_hit_the_named(b: Bench) -> None:
    await b.fault("member_silent_drop", users=["wanglei"])
    await b.fault("invalid_user", users=["chenjing"])
    reply = await b.text(touser="lixiaoyan|wanglei|chenjing")
    assert (reply["errcode"], reply["invaliduser"]) == (0, "chenjing")
    assert await b.messages("wanglei") == []
    assert len(await b.messages()) == 1


async def test_chance_is_seeded(b: Bench) -> None:
    codes = []
    for _ in range(2):
        await b.fault("rate_limit", probability=0.5, seed=7)
        codes.append([(await b.text())["errcode"] for _ in range(8)])
        await b.session.delete(b.base + "/sim/faults")
    assert codes[0] == codes[1]
    assert set(codes[0]) == {0, 45009}


async def test_a_duplicate_callback_carries_the_same_message(b: Bench) -> None:
    await b.fault("callback_duplicate", count=1)
    await b.say("一次")
    assert len(b.bot.heard) == 2
    assert len({e["MsgId"] for e in b.bot.heard}) == 1


async def test_reordered_callbacks_swap_places(b: Bench) -> None:
    await b.fault("callback_reorder", count=1)
    assert (await b.say("一"))["status"] == "held"
    assert (await b.say("二"))["status"] == "ok"
    while len(b.bot.heard) < 2:
        b.bot.news.clear()
        await b.bot.news.wait()
    assert [e["Content"] for e in b.bot.heard] == ["二", "一"]


async def test_a_tampered_callback_is_sent_once_and_refused(b: Bench) -> None:
    await b.fault("callback_tampered", count=1)
    done = await b.say("假的")
    assert (done["status"], done["attempts"]) == ("http_403", 1)
    assert (b.bot.forged, b.bot.heard) == (1, [])


async def test_an_old_callback_is_signed_with_an_old_time(b: Bench) -> None:
    await b.fault("callback_replay_old", count=1, age_s=3600)
    await b.say("旧的")
    age = b.sim.clock.unix() - int(b.bot.heard[0]["timestamp"])
    assert 3600 <= age < 3660


async def test_faults_are_listed_until_used_up(b: Bench) -> None:
    fault = await b.fault("rate_limit", count=2)
    await b.text()
    assert [f["fired"] for f in (await b.get("/sim/faults"))["faults"]] == [1]
    async with b.session.delete(f"{b.base}/sim/faults/{fault['id']}") as response:
        assert response.status == 200
    assert (await b.text())["errcode"] == 0
