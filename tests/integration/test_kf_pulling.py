"""The puller and the channel of customer service against a scripted platform on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from aiohttp import web

from bot.channels import Channel, Failure, SendFailed
from bot.platforms.wecom.kf.channel import KfChannel
from bot.platforms.wecom.kf.client import KfClient
from bot.platforms.wecom.kf.events import KfEvent
from bot.platforms.wecom.kf.puller import UNTOKENED_SECONDS, Puller
from models.cards import Card, Text
from tests.integration.wecom_stub import Bench, wecom_stub
from tests.support.kf import Cursors

KFID, OTHER = "wkA1", "wkB2"
TO = f"{KFID}/wmC3"


class Kf:
    """Pages by cursor: `3` means that three entries have been read. One entry a page."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.log: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self.bad_tokens: set[str] = set()
        self.empty = 0
        self.fail = 0
        self.held = asyncio.Event()
        self.held.set()
        self.handled: list[str] = []
        self.slept: list[float] = []
        self.broken = False
        self.cursors = Cursors()
        bench.stub.scripts["kf/sync_msg"] = self.answer
        self.client = KfClient(bench.client)
        self.puller = self.another()

    def another(self) -> Puller:
        return Puller(self.client, self.cursors, self.handle, self.bench.clock, sleep=self.sleep)

    async def handle(self, events: Sequence[KfEvent]) -> None:
        if self.broken:
            raise RuntimeError("the database is away")
        self.handled += [event.msgid for event in events]

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append(body)
        await self.held.wait()
        code = self._code(body)
        if code:
            return web.json_response({"errcode": code, "errmsg": "no"})
        at = int(body.get("cursor") or 0)
        if self.empty:
            self.empty -= 1
            page: list[str] = []
        else:
            page = self.log[at : at + 1]
        rows = [{"msgid": m, "origin": 3, "msgtype": "text", "text": {}} for m in page]
        after = at + len(page)
        more = int(after < len(self.log))
        cursor = str(after) if after else ""
        return web.json_response(
            {"errcode": 0, "msg_list": rows, "next_cursor": cursor, "has_more": more}
        )

    def _code(self, body: dict[str, Any]) -> int:
        if self.fail:
            self.fail -= 1
            return -1
        return 95007 if body.get("token") in self.bad_tokens else 0


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with wecom_stub() as bench:
        await bench.client.call("getcallbackip")
        yield bench


@pytest.fixture
def kf(bench: Bench) -> Kf:
    return Kf(bench)


async def test_everything_is_pulled_in_order_with_the_token(kf: Kf) -> None:
    kf.log = ["a", "b", "c"]
    await kf.puller.rang(KFID, "t1")
    assert kf.handled == ["a", "b", "c"]
    assert kf.cursors.at == {KFID: "3"}
    assert [ask.get("cursor", "") for ask in kf.asked] == ["", "1", "2"]
    assert {ask["token"] for ask in kf.asked} == {"t1"}
    assert kf.asked[0]["open_kfid"] == KFID
    assert kf.slept == []


async def test_an_empty_page_with_more_is_not_the_end(kf: Kf) -> None:
    kf.log, kf.empty = ["a"], 3
    await kf.puller.rang(KFID, "t1")
    assert kf.handled == ["a"]
    assert len(kf.slept) == 3


async def test_a_page_that_never_comes_is_given_up(kf: Kf) -> None:
    kf.log, kf.empty = ["a"], 1000
    with pytest.raises(SendFailed) as caught:
        await kf.puller.rang(KFID, "t1")
    assert caught.value.failure is Failure.RETRY
    assert len(kf.asked) == 11


async def test_the_cursor_stays_when_the_page_was_not_stored(kf: Kf) -> None:
    kf.log, kf.broken = ["a", "b"], True
    with pytest.raises(RuntimeError):
        await kf.puller.rang(KFID, "t1")
    assert kf.cursors.at == {}
    kf.broken = False
    await kf.puller.rang(KFID, "t2")
    assert kf.handled == ["a", "b"]


async def test_a_failure_between_pages_goes_on_where_it_was(kf: Kf) -> None:
    kf.log = ["a"]
    await kf.puller.rang(KFID, "t1")
    kf.log, kf.fail = ["a", "b"], 1
    with pytest.raises(SendFailed) as caught:
        await kf.puller.rang(KFID, "t2")
    assert caught.value.failure is Failure.RETRY
    await kf.puller.rang(KFID, "t3")
    assert kf.handled == ["a", "b"]


async def test_an_expired_token_is_left_out_and_then_slowly(kf: Kf) -> None:
    kf.log, kf.bad_tokens = ["a", "b"], {"old"}
    await kf.puller.rang(KFID, "old")
    assert kf.handled == ["a", "b"]
    assert ["token" in ask for ask in kf.asked] == [True, False, False]
    assert kf.slept == [UNTOKENED_SECONDS]
    kf.log.append("c")
    await kf.puller.rang(KFID, "new")
    assert kf.asked[-1]["token"] == "new"
    assert len(kf.slept) == 1


async def test_a_look_without_a_ring(kf: Kf) -> None:
    kf.log = ["a"]
    await kf.puller.rang(KFID)
    assert (kf.handled, kf.slept) == (["a"], [])


async def test_many_rings_at_once_share_two_pulls(kf: Kf) -> None:
    kf.log = ["a"]
    kf.held.clear()
    first = asyncio.gather(*(kf.puller.rang(KFID, f"t{n}") for n in range(50)))
    while not kf.asked:
        await asyncio.sleep(0)
    late = asyncio.gather(*(kf.puller.rang(KFID, f"u{n}") for n in range(50)))
    await asyncio.sleep(0)
    kf.log.append("b")
    kf.held.set()
    await asyncio.gather(first, late)
    assert kf.handled == ["a", "b"]
    assert len(kf.asked) <= 4
    assert kf.asked[-1]["token"] == "u49"


async def test_rings_that_wait_share_a_failure(kf: Kf) -> None:
    kf.fail = 2
    kf.held.clear()
    rings = [asyncio.ensure_future(kf.puller.rang(KFID, "t")) for _ in range(20)]  # noqa: TID251
    while not kf.asked:
        await asyncio.sleep(0)
    kf.held.set()
    results = await asyncio.gather(*rings, return_exceptions=True)
    assert all(isinstance(result, SendFailed) for result in results)
    assert len(kf.asked) == 2
    kf.fail, kf.log = 0, ["a"]
    await kf.puller.rang(KFID, "t")
    assert kf.handled == ["a"]


async def test_one_that_is_cancelled_leaves_the_work_to_the_next(kf: Kf) -> None:
    kf.log = ["a"]
    kf.held.clear()
    first = asyncio.ensure_future(kf.puller.rang(KFID, "t1"))  # noqa: TID251
    while not kf.asked:
        await asyncio.sleep(0)
    second = asyncio.ensure_future(kf.puller.rang(KFID, "t2"))  # noqa: TID251
    await asyncio.sleep(0)
    first.cancel()
    kf.held.set()
    await second
    assert first.cancelled()
    assert kf.handled == ["a"]


async def test_accounts_do_not_wait_for_each_other(kf: Kf) -> None:
    kf.held.clear()
    one = asyncio.ensure_future(kf.puller.rang(KFID, "t"))  # noqa: TID251
    other = asyncio.ensure_future(kf.puller.rang(OTHER, "t"))  # noqa: TID251
    async with asyncio.timeout(20):
        while len(kf.asked) < 2:
            await asyncio.sleep(0)
    kf.held.set()
    await asyncio.gather(one, other)
    assert {ask["open_kfid"] for ask in kf.asked} == {KFID, OTHER}


async def test_two_processes_lose_nothing(kf: Kf) -> None:
    kf.log = [f"m{n}" for n in range(8)]
    one, two = kf.another(), kf.another()
    await asyncio.gather(one.rang(KFID, "t"), two.rang(KFID, "t"))
    assert sorted(set(kf.handled)) == sorted(kf.log)
    assert kf.cursors.at == {KFID: "8"}


def refusing(bench: Bench, code: int) -> None:
    async def script(_: web.Request) -> web.Response:
        return web.json_response({"errcode": code, "errmsg": "no"})

    bench.stub.scripts["kf/send_msg"] = script


def channel(bench: Bench) -> Channel:
    return KfChannel(KfClient(bench.client))


async def test_a_send_carries_its_key_as_msgid(bench: Bench) -> None:
    sent = await channel(bench).send(Text("您好"), [TO], key="k-1")
    assert (sent.message_id, sent.refused) == ("k-1", {})
    assert bench.stub.bodies[-1] == {
        "touser": "wmC3",
        "open_kfid": KFID,
        "msgid": "k-1",
        "msgtype": "text",
        "text": {"content": "您好"},
    }


@pytest.mark.parametrize("code", [95001, 95002, 95013, 95018, 40096])
async def test_a_closed_window_tries_the_next_channel(bench: Bench, code: int) -> None:
    refusing(bench, code)
    refused = (await channel(bench).send(Text("x"), [TO], key="k")).refused[TO]
    assert (refused.code, refused.failure) == (code, Failure.RECIPIENT)
    assert refused.reason.endswith("。")


async def test_a_repeat_that_is_known_has_arrived(bench: Bench) -> None:
    refusing(bench, 95033)
    assert (await channel(bench).send(Text("x"), [TO], key="k", again=True)).refused == {}
    with pytest.raises(SendFailed) as caught:
        await channel(bench).send(Text("x"), [TO], key="k")
    assert caught.value.failure is Failure.REQUEST


async def test_a_lost_answer_is_unknown_and_repeatable(bench: Bench) -> None:
    async def cut(request: web.Request) -> web.Response:
        assert request.transport
        request.transport.abort()
        return web.Response()

    bench.stub.scripts["kf/send_msg"] = cut
    with pytest.raises(SendFailed) as caught:
        await channel(bench).send(Text("x"), [TO], key="k")
    assert caught.value.failure is Failure.UNKNOWN
    assert channel(bench).repeatable(Text("x"))


@pytest.mark.parametrize(
    ("code", "failure"), [(95004, Failure.CONFIGURATION), (45009, Failure.WINDOW)]
)
async def test_what_is_nobodys_fault_is_raised(bench: Bench, code: int, failure: Failure) -> None:
    refusing(bench, code)
    with pytest.raises(SendFailed) as caught:
        await channel(bench).send(Text("x"), [TO], key="k")
    assert caught.value.failure is failure


async def test_wrong_receivers_and_keys_reach_no_network(bench: Bench) -> None:
    before = bench.stub.calls.total()
    sent = await channel(bench).send(Text("x"), ["lixiaoyan"], key="k")
    assert sent.refused["lixiaoyan"].failure is Failure.RECIPIENT
    for to, key in (([TO, TO], "k"), ([], "k"), ([TO], ""), ([TO], "a.b"), ([TO], "x" * 33)):
        with pytest.raises(SendFailed):
            await channel(bench).send(Text("x"), to, key=key)
    with pytest.raises(SendFailed):
        await channel(bench).redraw(Card("x"), [TO], response_code="", key="k")
    with pytest.raises(SendFailed):
        await channel(bench).recall("k")
    assert bench.stub.calls.total() == before
