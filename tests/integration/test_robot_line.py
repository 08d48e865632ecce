"""The robot's connection against a socket that does what each test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

import aiohttp
import pytest
from aiohttp import web

from bot.channels import Failure, SendFailed, Sent
from bot.platforms.wecom.robot import frames
from bot.platforms.wecom.robot.channel import ON_THE_WAY, WeComRobotChannel
from bot.platforms.wecom.robot.chats import Chats
from bot.platforms.wecom.robot.lanes import Lanes
from bot.platforms.wecom.robot.line import Account, RobotLine
from models.cards import Text
from models.clock import ManualClock
from tests.integration.robot_stub import (
    IMPATIENT,
    NOW,
    QUICK,
    SECRET,
    Bench,
    Frame,
    Script,
    accept,
    robot_stub,
    silent,
)
from tests.support.waiting import eventually

BODY: frames.Body = {"chatid": "li", "msgtype": "markdown", "markdown": {"content": "早"}}
SAID = {
    "cmd": "aibot_msg_callback",
    "headers": {"req_id": "c1"},
    "body": {"msgid": "m1", "from": {"userid": "li"}, "msgtype": "text"},
}
TAKEN = {
    "cmd": "aibot_event_callback",
    "headers": {"req_id": "c2"},
    "body": {"msgtype": "event", "event": {"eventtype": "disconnected_event"}},
}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with robot_stub() as running:
        yield running


async def failure(bench: Bench, cmd: str = frames.SEND) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        await bench.line.ask(cmd, BODY)
    return caught.value


async def test_it_subscribes_first_and_then_pings(bench: Bench) -> None:
    await bench.ready()
    await bench.so(lambda: len(bench.stub.heard("ping")) >= 5)
    first = bench.stub.frames[0]
    assert first["cmd"] == "aibot_subscribe"
    assert first["body"] == {"bot_id": "aib1", "secret": SECRET}
    assert all("body" not in ping for ping in bench.stub.heard("ping"))
    req_ids = [frame["headers"]["req_id"] for frame in bench.stub.frames]
    assert len(set(req_ids)) == len(req_ids)
    assert bench.stub.opened == bench.operator.wells == 1


async def test_before_it_is_subscribed_nothing_may_be_sent() -> None:
    async with robot_stub(scripts={frames.SUBSCRIBE: silent}) as bench:
        await bench.so(lambda: bench.stub.frames)
        assert not bench.line.ready
        failed = await failure(bench)
        assert failed.failure is Failure.RETRY
        assert bench.stub.heard(frames.SEND) == []


async def test_acks_find_their_requests_in_any_order(bench: Bench) -> None:
    await bench.ready()
    held: list[tuple[web.WebSocketResponse, Frame]] = []

    async def later(ws: web.WebSocketResponse, frame: Frame) -> None:
        held.append((ws, frame))
        if len(held) == 3:
            for number, (line, one) in enumerate(reversed(held)):
                await accept(line, one, 846609 + 10 * number if number == 1 else 0)

    bench.stub.scripts[frames.SEND] = later
    results = await asyncio.gather(
        *(bench.line.ask(frames.SEND, BODY) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [dict, SendFailed, dict]


async def test_an_ack_that_nobody_waits_for_changes_nothing(bench: Bench) -> None:
    await bench.ready()
    await bench.stub.tell({"headers": {"req_id": "unheard-of"}, "errcode": 0})
    await bench.line.ask(frames.SEND, BODY)
    assert bench.stub.opened == 1


async def test_no_ack_means_unknown_and_the_line_must_prove_itself() -> None:
    async with robot_stub(scripts={frames.SEND: silent}, pace=IMPATIENT) as bench:
        await bench.ready()
        opened, meanwhile = bench.stub.opened, list[tuple[bool, Failure]]()

        async def proof(ws: web.WebSocketResponse, frame: Frame) -> None:
            meanwhile.append((bench.line.ready, (await failure(bench)).failure))
            await accept(ws, frame)

        bench.stub.scripts[frames.PING] = proof
        assert (await failure(bench)).failure is Failure.UNKNOWN
        await bench.so(lambda: meanwhile)
        await bench.ready()
        assert meanwhile[0] == (False, Failure.RETRY)
        assert len(bench.stub.heard(frames.SEND)) == 1
        assert bench.stub.opened == opened


async def test_two_missed_pongs_end_the_connection_and_a_new_one_begins() -> None:
    pace = replace(IMPATIENT, ping=0.1)
    async with robot_stub(scripts={frames.PING: silent}, pace=pace) as bench:

        def between() -> list[str]:
            """What was heard from the first ping to the next connection."""
            cmds = [frame["cmd"] for frame in bench.stub.frames]
            since = cmds[cmds.index(frames.PING) :] if frames.PING in cmds else []
            return since[: since.index(frames.SUBSCRIBE)] if frames.SUBSCRIBE in since else []

        await bench.so(between)
        assert between() == [frames.PING] * 2
        del bench.stub.scripts[frames.PING]
        await bench.ready()
        assert bench.operator.troubles == []


async def test_a_cut_in_the_middle_of_a_send_is_unknown(bench: Bench) -> None:
    await bench.ready()

    async def cut(ws: web.WebSocketResponse, _frame: Frame) -> None:
        await ws.close()

    bench.stub.scripts[frames.SEND] = cut
    assert (await failure(bench)).failure is Failure.UNKNOWN
    del bench.stub.scripts[frames.SEND]
    await bench.so(lambda: bench.stub.opened == 2)
    await bench.ready()
    await bench.line.ask(frames.SEND, BODY)
    assert bench.stub.opened == 2
    await bench.line.ask(frames.SEND, BODY)


async def test_not_subscribed_means_connect_again_and_retry(bench: Bench) -> None:
    await bench.ready()
    bench.stub.refuse(frames.SEND, 846609)
    failed = await failure(bench)
    assert (failed.failure, failed.code) == (Failure.RETRY, 846609)
    assert not bench.line.ready
    await bench.so(lambda: bench.stub.opened == 2)


async def wrong_secret(ws: web.WebSocketResponse, frame: Frame) -> None:
    await accept(ws, frame, 853000)


async def test_a_wrong_secret_rests_long_tells_the_operator_and_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with robot_stub(scripts={frames.SUBSCRIBE: wrong_secret}) as bench:
        await bench.so(lambda: bench.operator.troubles)
        await asyncio.sleep(0.3)  # that nothing happens can only be waited for
        assert bench.stub.opened == 1
        [trouble] = bench.operator.troubles
        assert (trouble.code, trouble.seconds) == (853000, 60)
        assert "Secret" in trouble.cure
    assert "robot_rests" in caplog.text
    assert SECRET not in caplog.text


async def test_after_its_rest_it_tries_a_refused_secret_again() -> None:
    pace = replace(QUICK, refused=0.05)
    async with robot_stub(scripts={frames.SUBSCRIBE: wrong_secret}, pace=pace) as bench:
        await bench.so(lambda: bench.operator.troubles)
        assert bench.operator.wells == 0
        bench.stub.scripts.clear()
        await bench.ready()
        await bench.so(lambda: bench.operator.wells == 1)


async def test_whoever_is_thrown_out_does_not_fight() -> None:
    async with robot_stub(pace=replace(QUICK, taken=60)) as bench:
        await bench.ready()
        await bench.stub.tell(TAKEN)
        await bench.so(lambda: bench.operator.troubles)
        assert not bench.line.ready
        assert "另一个程序" in bench.operator.troubles[0].cure
        await asyncio.sleep(0.2)
        assert bench.stub.opened == 1


def _was_told(bench: Bench, times: int) -> bool:
    return len(bench.operator.troubles) == times


async def test_whoever_is_thrown_out_again_rests_longer(bench: Bench) -> None:
    for times in (1, 2):
        await bench.ready()
        await bench.stub.tell(TAKEN)
        await bench.so(partial(_was_told, bench, times))
    await bench.so(lambda: bench.stub.opened == 3)
    first, second = bench.operator.troubles
    assert second.seconds > first.seconds


async def test_a_connection_that_ends_before_it_is_subscribed_is_soon_made_again() -> None:
    # Long before it would give up the ack of its subscription.
    async with robot_stub(scripts={frames.SUBSCRIBE: silent}) as bench:
        await bench.so(lambda: bench.stub.frames)
        bench.stub.scripts.clear()
        await bench.stub.lines[0].close()
        await bench.ready()
        assert bench.stub.opened == 2


async def test_an_address_where_nobody_listens_is_tried_again_and_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop = asyncio.Event()
    account = Account("aib1", SECRET, "ws://127.0.0.1:9/")

    async def unheard(_: frames.Incoming) -> None:
        raise AssertionError

    async def tried() -> bool:
        return caplog.text.count("robot_not_reached") >= 2

    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        line = RobotLine(session, account, ManualClock(NOW), pace=QUICK)
        group.create_task(line.run(Lanes(unheard), stop))
        await eventually(tried)
        assert not line.ready
        stop.set()


@pytest.mark.parametrize("raw", ["{", "[]", "null", '{"cmd":"aibot_dance","headers":{}}', "{}"])
async def test_what_nobody_understands_is_passed_over(bench: Bench, raw: str) -> None:
    await bench.ready()
    await bench.stub.lines[-1].send_str(raw)
    await bench.stub.lines[-1].send_bytes(b"\x00\xff")
    await bench.stub.tell(SAID)
    await bench.so(lambda: bench.heard)
    assert [frame.req_id for frame in bench.heard] == ["c1"]
    assert bench.stub.opened == 1


async def test_a_frame_without_measure_ends_the_connection_not_the_process(bench: Bench) -> None:
    await bench.ready()
    with suppress(ConnectionError, aiohttp.ClientError):  # it may be cut before all is written
        await bench.stub.lines[-1].send_str("[" + "1," * (frames.FRAME_BYTES // 2 + 1) + "1]")
    await bench.so(lambda: bench.stub.opened == 2)
    await bench.ready()
    await bench.line.ask(frames.SEND, BODY)
    assert bench.stub.opened == 2


async def test_the_connection_outlives_the_time_outs_of_ordinary_requests() -> None:
    async with robot_stub(requests=1) as bench:
        await bench.ready()
        opened = bench.stub.opened
        await asyncio.sleep(1.2)
        await bench.line.ask(frames.SEND, BODY)
        assert bench.stub.opened == opened


async def test_told_to_stop_it_finishes_what_it_heard_and_closes(bench: Bench) -> None:
    await bench.ready()
    await bench.stub.tell(SAID)
    await bench.so(lambda: bench.heard)
    bench.stop.set()
    await asyncio.wait_for(asyncio.shield(bench.running), 20)
    assert not bench.line.ready
    await bench.so(lambda: not bench.stub.lines)


@pytest.mark.parametrize(
    ("code", "result"),
    [
        (846607, Failure.RECIPIENT),
        (93006, Failure.RECIPIENT),
        (45009, Failure.WINDOW),
        (853000, Failure.CONFIGURATION),
        (40058, Failure.REQUEST),
        (846625, Failure.REQUEST),
        (-1, Failure.RETRY),
    ],
)
async def test_codes_of_a_send(bench: Bench, code: int, result: Failure) -> None:
    await bench.ready()
    channel = WeComRobotChannel(bench.line, Chats(ManualClock(NOW)))
    assert channel.ready
    bench.stub.refuse(frames.SEND, code)
    if result is Failure.RECIPIENT:
        sent = await channel.send(Text("早"), ["li"], key="k")
        refused = sent.refused["li"]
        assert (refused.code, refused.failure) == (code, result)
        assert refused.reason.endswith("。")
    else:
        with pytest.raises(SendFailed) as caught:
            await channel.send(Text("早"), ["li"], key="k")
        assert caught.value.failure is result


async def test_a_full_chat_waits_alone(bench: Bench) -> None:
    await bench.ready()
    channel = WeComRobotChannel(bench.line, Chats(ManualClock(NOW)))
    for _ in range(30):
        await channel.send(Text("早"), ["li"], key="k")
    sent = await channel.send(Text("早"), ["li"], key="k")
    assert sent.refused["li"].failure is Failure.WINDOW
    assert sent.refused["li"].wait
    assert (await channel.send(Text("早"), ["wang"], key="k")).refused == {}
    assert len(bench.stub.heard(frames.SEND)) == 31


async def test_a_refusal_after_many_messages_is_the_limit_not_the_person(bench: Bench) -> None:
    await bench.ready()
    channel = WeComRobotChannel(bench.line, Chats(ManualClock(NOW)))
    for _ in range(20):
        await channel.send(Text("早"), ["li"], key="k")
    bench.stub.refuse(frames.SEND, 846607)
    sent = await channel.send(Text("早"), ["li"], key="k")
    assert sent.refused["li"].failure is Failure.WINDOW


async def test_when_the_line_goes_silent_few_are_left_in_doubt() -> None:
    scripts: dict[str, Script] = {frames.SEND: silent, frames.PING: silent}
    async with robot_stub(scripts=scripts, pace=IMPATIENT) as bench:
        await bench.ready()
        channel = WeComRobotChannel(bench.line, Chats(ManualClock(NOW)))
        results = await asyncio.gather(
            *(channel.send(Text("早"), [f"u{n}"], key=f"k{n}") for n in range(40)),
            return_exceptions=True,
        )
        await bench.so(lambda: len(bench.stub.heard(frames.SEND)) == ON_THE_WAY)
    unsure = [result.failure for result in results if isinstance(result, SendFailed)]
    assert unsure == [Failure.UNKNOWN] * len(bench.stub.heard(frames.SEND))
    assert len(unsure) == ON_THE_WAY
    waiting = [why for each in results if isinstance(each, Sent) for why in each.refused.values()]
    assert [why.failure for why in waiting] == [Failure.WINDOW] * (40 - ON_THE_WAY)


async def test_one_person_a_call_and_only_a_person(bench: Bench) -> None:
    await bench.ready()
    channel = WeComRobotChannel(bench.line, Chats(ManualClock(NOW)))
    with pytest.raises(SendFailed):
        await channel.send(Text("早"), ["li", "wang"], key="k")
    sent = await channel.send(Text("早"), ["@all"], key="k")
    assert sent.refused["@all"].failure is Failure.RECIPIENT
    assert bench.stub.heard(frames.SEND) == []


async def test_a_line_that_is_down_uses_up_nobodys_tries() -> None:
    async with robot_stub(scripts={frames.SUBSCRIBE: silent}) as bench:
        channel = WeComRobotChannel(bench.line, Chats(ManualClock(NOW)))
        sent = await channel.send(Text("早"), ["li"], key="k")
        assert sent.refused["li"].failure is Failure.WINDOW


async def test_what_was_heard_is_handled_although_the_lease_was_lost_meanwhile(
    bench: Bench,
) -> None:
    """A restart of the database ends the lease and is what makes storing wait."""
    bench.gate.clear()
    await bench.ready()
    await bench.stub.tell(SAID)
    await bench.so(lambda: bench.begun)
    bench.running.cancel()
    await bench.so(lambda: not bench.stub.lines)
    bench.gate.set()
    await bench.so(lambda: bench.heard)
    assert len(bench.heard) == 1
