"""Sockets that freeze, part, die and double, against a stub of the gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot.platforms.dingtalk.frames import Ack, Frame
from bot.platforms.dingtalk.gateway import Gateway
from bot.platforms.dingtalk.stream import Pace, Pauses, StreamClient
from bot.tasks import Nursery
from models.clock import ManualClock
from tests.dingtalk import CLIENT, NOW, SECRET, frame, robot_frame
from tests.integration.dingtalk_gateway import StubGateway, kept_port, serving
from tests.support.loop_time import LoopTime
from tests.support.waiting import eventually

QUICK = Pace(
    backoff=0.01, backoff_most=0.02, rest=0.02, rest_most=0.04, steady=0.0, closing=0.2, grace=30.0
)
SESSION = 30.0  # seconds that the session gives what has no limit of its own


@dataclass
class Bench:
    """A client at a stub. `gate` holds frames in work; `got` are their message ids."""

    stub: StubGateway
    client: StreamClient
    got: list[str]
    told: list[tuple[str, str]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    working: int = 0
    most_working: int = 0

    async def handle(self, frame: Frame, arrived: float) -> Ack | None:
        assert arrived <= asyncio.get_running_loop().time()
        self.working += 1
        self.most_working = max(self.working, self.most_working)
        try:
            await self.gate.wait()
        finally:
            self.working -= 1
        self.got.append(frame.message_id)
        return Ack(data={"response": None})

    async def refused(self, code: str, cure: str) -> None:
        self.told.append((code, cure))

    async def at_work(self, number: int) -> None:
        async def there() -> bool:
            return self.working == number

        await eventually(there)

    async def connected(self, *, now: bool = True) -> None:
        async def so() -> bool:
            return self.client.connected is now

        await eventually(so)


@asynccontextmanager
async def bench(
    stub: StubGateway, *, pace: Pace = QUICK, open_gate: bool = True, **how: Any
) -> AsyncIterator[Bench]:
    """The client runs until the block ends; then its stop must leave nothing behind."""
    nursery = Nursery()
    async with ClientSession(timeout=ClientTimeout(total=SESSION)) as session:
        made = Bench(stub, None, [])  # type: ignore[arg-type] # set below
        gateway = Gateway(session, api=stub.url, client_id=CLIENT, client_secret=SECRET)
        made.client = StreamClient(
            session,
            gateway,
            made.handle,
            ManualClock(NOW),
            on_refused=made.refused,
            pace=pace,
            random=lambda: 1.0,
            **how,
        )
        if open_gate:
            made.gate.set()
        nursery.start(made.client.run(), "stream")
        try:
            yield made
        finally:
            await made.client.stop()
            await nursery.close(grace=30)
        assert not nursery.failed.is_set()
        assert not made.client.connected


@pytest.fixture
async def stub() -> AsyncIterator[StubGateway]:
    stub = StubGateway()
    async with serving(stub):
        yield stub


async def test_it_asks_for_all_topics_and_connects(stub: StubGateway) -> None:
    async with bench(stub) as at:
        await stub.socket(1)
        await at.connected()
        (asked,) = stub.asked
        assert (asked["clientId"], asked["clientSecret"]) == (CLIENT, SECRET)
        assert asked["subscriptions"] == [
            {"type": "EVENT", "topic": "*"},
            {"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"},
            {"type": "CALLBACK", "topic": "/v1.0/card/instances/callback"},
        ]


async def test_a_ping_is_echoed_and_unheard_system_topics_are_ignored(stub: StubGateway) -> None:
    async with bench(stub):
        socket = await stub.socket(1)
        await socket.send(frame("SYSTEM", "KEEPALIVE", {}, message_id="k"))
        echo = await socket.asks(frame("SYSTEM", "ping", {"opaque": "0x1"}, message_id="p1"))
        assert (echo["headers"]["messageId"], echo["data"]) == ("p1", {"opaque": "0x1"})


async def test_a_frame_is_acknowledged_where_it_came_from(stub: StubGateway) -> None:
    async with bench(stub, connections=2) as at:
        first, second = await stub.socket(1), await stub.socket(2)
        assert (await second.asks(robot_frame(message_id="b")))["headers"]["messageId"] == "b"
        assert (await first.asks(robot_frame(message_id="a")))["headers"]["messageId"] == "a"
        assert at.got == ["b", "a"]
        assert first.heard.empty()
        assert second.heard.empty()


async def test_the_same_frame_on_two_connections_is_acknowledged_on_both(
    stub: StubGateway,
) -> None:
    async with bench(stub, connections=2):
        for number in (1, 2):
            socket = await stub.socket(number)
            assert (await socket.asks(robot_frame(message_id="same")))["code"] == 200


async def test_the_new_socket_is_open_before_the_old_one_goes(stub: StubGateway) -> None:
    async with bench(stub) as at:
        old = await stub.socket(1)
        stub.hold = asyncio.Event()
        await old.says_goodbye()
        await stub.asked_times(2)
        # While no replacement could be had, nothing is lost: the old one still works.
        assert (await old.asks(robot_frame(message_id="between")))["code"] == 200
        assert not old.closed.is_set()
        stub.hold.set()
        new = await stub.socket(2)
        assert (await old.asks(robot_frame(message_id="late")))["code"] == 200
        assert (await new.asks(robot_frame(message_id="new")))["code"] == 200
        assert at.got == ["between", "late", "new"]
        assert not old.closed.is_set()


async def test_a_drained_socket_is_closed_when_the_platform_forgets_to(stub: StubGateway) -> None:
    async with bench(stub, pace=Pace(steady=0.0, drain=0.05, closing=0.2)):
        old = await stub.socket(1)
        await old.says_goodbye()
        await stub.socket(2)
        async with asyncio.timeout(20):
            await old.closed.wait()
        assert len(stub.sockets) == 2  # its replacement stays the only one


async def test_a_frozen_peer_is_found_out_and_replaced(stub: StubGateway) -> None:
    pace = Pace(heartbeat=20, backoff=0.01, closing=0.1)
    async with bench(stub, pace=pace) as at:
        frozen = await stub.socket(1)
        frozen.deaf = True
        await frozen.send(robot_frame(message_id="last"))  # wakes nobody: it is deaf from now on
        await frozen.ack()
        time = LoopTime()
        await time.leap(22)  # our ping goes out
        assert at.client.connected
        await time.leap(11)  # and no pong has come
        fresh = await stub.socket(2)
        assert (await fresh.asks(robot_frame(message_id="again")))["code"] == 200
        assert at.got == ["last", "again"]


async def test_a_quiet_peer_that_pongs_is_left_alone(stub: StubGateway) -> None:
    """The session's own time-outs must not end a socket either: they are shorter than this."""
    async with bench(stub, pace=Pace(heartbeat=20)) as at:
        socket = await stub.socket(1)
        await at.connected()
        (connection,) = at.client._open
        time = LoopTime()
        for number in range(1, 5):
            await time.leap(22)

            async def pinged_and_ponged(so_often: int = number) -> bool:
                return socket.pings == so_often and connection._ws._pong_response_cb is None

            await eventually(pinged_and_ponged)
        assert time.ahead > 2 * SESSION
        assert (await socket.asks(robot_frame()))["code"] == 200
        assert len(stub.sockets) == 1


async def test_it_comes_back_after_the_gateway_was_killed() -> None:
    stub = StubGateway()
    with kept_port() as port:
        async with serving(stub, port):
            running = bench(stub)
            at = await running.__aenter__()
            await stub.socket(1)
            await at.connected()
        await at.connected(now=False)
        async with serving(stub, port):
            fresh = await stub.socket(2)
            assert (await fresh.asks(robot_frame(message_id="back")))["code"] == 200
            await running.__aexit__(None, None, None)


async def test_an_acknowledgement_whose_socket_died_is_given_when_it_comes_again(
    stub: StubGateway,
) -> None:
    async with bench(stub, open_gate=False) as at:
        first = await stub.socket(1)
        await first.send(robot_frame(message_id="m"))
        await at.at_work(1)
        assert first.ws._req is not None
        assert first.ws._req.transport is not None
        first.ws._req.transport.abort()
        second = await stub.socket(2)
        at.gate.set()
        assert (await second.asks(robot_frame(message_id="m")))["headers"]["messageId"] == "m"
        assert at.got == ["m", "m"]
        assert second.heard.empty()


async def test_one_opening_at_a_time(stub: StubGateway) -> None:
    stub.hold = asyncio.Event()
    async with bench(stub, connections=3):
        await stub.asked_times(1)
        stub.hold.set()
        await stub.socket(3)
        assert stub.most_opening == 1


async def test_a_refusal_is_told_with_its_cure_and_rests(stub: StubGateway) -> None:
    stub.refusals = [(401, {"code": "authFailed", "message": "鉴权失败"})] * 2
    async with bench(stub) as at:
        await stub.socket(1)
        assert [code for code, _ in at.told] == ["authFailed", "authFailed"]
        assert "Client Secret" in at.told[0][1]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"code": "system.error"}),
        (403, {"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"}),
        (200, {}),
        (200, {"endpoint": "http://127.0.0.1/", "ticket": "t"}),
        (200, {"endpoint": "ws://127.0.0.1:1/", "ticket": "t"}),
        (200, {"endpoint": "::::", "ticket": "t"}),
        (302, {}),
    ],
)
async def test_a_fault_is_no_refusal(stub: StubGateway, status: int, body: dict[str, Any]) -> None:
    stub.refusals = [(status, body)]
    async with bench(stub) as at:
        await stub.socket(1)
        assert at.told == []
        assert len(stub.asked) == 2


async def test_an_operator_who_cannot_be_told_does_not_stop_it(stub: StubGateway) -> None:
    stub.refusals = [(401, {"code": "authFailed"})]
    async with bench(stub) as at:
        at.told = None  # type: ignore[assignment] # the append fails
        socket = await stub.socket(1)
        await socket.asks(robot_frame())
        assert len(at.got) == 1


async def test_no_ticket_and_no_secret_in_a_log(stub: StubGateway) -> None:
    bad = {"endpoint": "ws://127.0.0.1:1/", "ticket": "canary-ticket"}
    stub.refusals = [(200, bad), (401, {"code": "authFailed"})]
    with capture_logs() as logs:
        async with bench(stub):
            await stub.socket(1)
    assert {entry["result"] for entry in logs} == {"not_connected", "refused"}
    assert "canary" not in repr(logs)


async def test_rubbish_is_ignored_and_the_socket_kept(stub: StubGateway) -> None:
    def counted(result: str) -> float:
        labels = {"platform": "dingtalk", "result": result}
        return REGISTRY.get_sample_value("wardbell_stream_frames_total", labels) or 0.0

    before = {name: counted(name) for name in ("binary", "json", "unknown_type", "oversize")}
    with capture_logs() as logs:
        async with bench(stub) as at:
            socket = await stub.socket(1)
            for _ in range(3):
                await socket.ws.send_bytes(b"canary-content")
                await socket.send("canary-content")
                await socket.send('{"type":"HELLO","headers":{"messageId":"canary"}}')
            await socket.send(json.dumps(robot_frame("x" * (256 << 10))))
            assert (await socket.asks(robot_frame(message_id="good")))["code"] == 200
            assert at.got == ["good"]
            assert len(stub.sockets) == 1
    assert {name: counted(name) - before[name] for name in before} == {
        "binary": 3,
        "json": 3,
        "unknown_type": 3,
        "oversize": 1,
    }
    assert len(logs) == 4
    assert "canary" not in repr(logs)


async def test_a_frame_beyond_all_measure_costs_the_socket_only(stub: StubGateway) -> None:
    async with bench(stub) as at:
        socket = await stub.socket(1)
        await socket.send("x" * (2 << 20))
        fresh = await stub.socket(2)
        assert (await fresh.asks(robot_frame(message_id="good")))["code"] == 200
        assert at.got == ["good"]


async def test_no_more_frames_at_once_than_allowed(stub: StubGateway) -> None:
    async with bench(stub, open_gate=False, at_once=2) as at:
        socket = await stub.socket(1)
        for number in range(5):
            await socket.send(robot_frame(message_id=str(number)))
        await at.at_work(2)
        at.gate.set()
        assert sorted([(await socket.ack())["headers"]["messageId"] for _ in range(5)]) == [
            *"01234"
        ]
        assert at.most_working == 2


async def test_stopping_lets_what_is_in_work_be_acknowledged(stub: StubGateway) -> None:
    nursery = Nursery()
    async with bench(stub, open_gate=False) as at:
        socket = await stub.socket(1)
        await socket.send(robot_frame(message_id="m"))
        await at.at_work(1)
        nursery.start(at.client.stop(), "stop")
        await socket.send(robot_frame(message_id="too late"))
        await socket.asks(frame("SYSTEM", "ping", {"opaque": "still there"}, message_id="p"))
        at.gate.set()
        assert (await socket.ack())["headers"]["messageId"] == "m"
        async with asyncio.timeout(20):
            await socket.closed.wait()
        assert at.got == ["m"]
    await nursery.close()


async def test_stopping_does_not_wait_for_what_hangs(stub: StubGateway) -> None:
    async with bench(stub, open_gate=False, pace=Pace(grace=0.05, closing=0.05)) as at:
        socket = await stub.socket(1)
        await socket.send(robot_frame(message_id="m"))
        await at.at_work(1)
        async with asyncio.timeout(20):
            await at.client.stop()
        assert at.got == []


@pytest.mark.parametrize("trouble", ["resting", "asking", "connected", "draining", "deaf"])
async def test_stopping_is_prompt(stub: StubGateway, trouble: str) -> None:
    pace = Pace(rest=600, closing=0.1, steady=0.0)
    if trouble == "resting":
        stub.refusals = [(401, {"code": "authFailed"})]
    if trouble == "asking":
        stub.hold = asyncio.Event()
    async with bench(stub, pace=pace) as at:
        await stub.asked_times(1)
        if trouble in ("connected", "draining", "deaf"):
            socket = await stub.socket(1)
            socket.deaf = trouble == "deaf"
            await socket.asks(robot_frame())
        if trouble == "draining":
            await stub.sockets[0].says_goodbye()
            await stub.socket(2)
        if trouble == "resting":

            async def was_told() -> bool:
                return bool(at.told)

            await eventually(was_told)
        async with asyncio.timeout(20):
            await at.client.stop()
        assert not at.client.connected
        if stub.hold is not None:
            stub.hold.set()


def test_pauses_grow_and_end() -> None:
    pauses = Pauses(Pace(), lambda: 1.0)
    assert pauses.next() == 0
    seen = []
    for _ in range(8):
        pauses.fault()
        seen.append(pauses.next())
    assert seen == [1, 2, 4, 8, 16, 32, 60, 60]
    pauses.ended_after(3600)
    assert pauses.next() == 0
    pauses.ended_after(0.1)
    pauses.ended_after(0.1)
    assert pauses.next() == 2
    pauses.ended_after(3600)
    pauses.ended_after(0.1, announced=True)
    assert pauses.next() == 0
    pauses.ended_after(0.1, announced=True)
    assert pauses.next() == 1
    half = Pauses(Pace(), lambda: 0.5)
    half.fault()
    assert half.next() == 0.5


def test_a_refusal_rests_long() -> None:
    pauses = Pauses(Pace(), lambda: 0.0)
    seen = []
    for _ in range(6):
        pauses.refusal()
        seen.append(pauses.next())
    assert seen == [60, 120, 240, 480, 600, 600]
    pauses.ended_after(3600)
    assert pauses.next() == 0


async def test_a_ticket_that_comes_in_pieces_is_read_whole(stub: StubGateway) -> None:
    stub.in_pieces = True
    async with bench(stub) as at:
        await at.connected()
        assert len(stub.asked) == 1
