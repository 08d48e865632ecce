"""Whatever arrives at DingTalk's doors: a 4xx with an empty body, nothing taken, never a 500."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, MultiDict
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot.events import CardTapped, CardUpdate, MemberChanged, TextSaid
from bot.intake import NotStored
from bot.platforms.dingtalk.callback import DingTalkCallbacks, Doors
from bot.platforms.dingtalk.crypto import EventCrypto, check_robot, check_tap
from bot.platforms.dingtalk.inbound import Budgets
from bot.platforms.refusal import Refused
from models.cards import Card, Text
from tests.dingtalk import (
    AES_KEY,
    CARD_SECRET,
    CLIENT,
    CORP,
    NOW,
    OTHER_AES_KEY,
    OTHER_CORP,
    OTHER_TOKEN,
    SECRET,
    TOKEN,
    Query,
    http_event,
    message,
    pushed,
    robot_headers,
    sealed,
    signed,
    tap,
    tap_headers,
    unsealed,
)
from tests.support.dingtalk import Inside
from tests.support.unhurried import LONG

EVENTS, ROBOT, CARDS = (f"/callbacks/dingtalk/{door}" for door in ("events", "robot", "cards"))
CRYPTO = EventCrypto(TOKEN, AES_KEY, [CLIENT])

SOON = 0.05  # seconds, for what never comes


@dataclass
class Door:
    """The three doors on a real socket, and what got through them."""

    url: str
    http: aiohttp.ClientSession
    inside: Inside

    async def post(
        self,
        path: str,
        body: bytes,
        query: Query | list[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        async with self.http.post(
            self.url + path, params=query or {}, data=body, headers=headers
        ) as response:
            return response.status, await response.read()

    async def event(self, query: Query | list[tuple[str, str]], body: bytes) -> tuple[int, bytes]:
        return await self.post(EVENTS, body, query)

    async def says(
        self, headers: Mapping[str, str] | None = None, **changes: Any
    ) -> tuple[int, bytes]:
        body = json.dumps(message(**changes)).encode()
        return await self.post(ROBOT, body, headers=headers or robot_headers())

    async def taps(
        self, headers: Mapping[str, str] | None = None, **changes: Any
    ) -> tuple[int, bytes]:
        body = json.dumps(tap(**changes)).encode()
        return await self.post(CARDS, body, headers=headers or tap_headers())

    def heard_nothing(self) -> bool:
        return self.inside.taker.taken == [] and self.inside.given.at_once == []


@asynccontextmanager
async def opened(
    inside: Inside, *, seconds: float = LONG, body_seconds: float = LONG
) -> AsyncIterator[Door]:
    """Limits are long but where one of them is what a test is about."""
    callbacks = DingTalkCallbacks(
        Doors(CRYPTO, SECRET, CARD_SECRET),
        inside.inbound(),
        inside.clock,
        body_seconds=body_seconds,
        intake_seconds=seconds,
    )
    app = web.Application(client_max_size=64 << 10)
    app.add_routes(callbacks.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as http:
        yield Door(f"http://127.0.0.1:{runner.addresses[0][1]}", http, inside)
    await runner.cleanup()
    await inside.nursery.close(grace=0)
    assert not inside.nursery.failed.is_set()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened(Inside()) as door:
        yield door


async def test_a_true_event_is_taken_and_answered_with_the_sealed_word(door: Door) -> None:
    status, answer = await door.event(*pushed(http_event()))
    assert status == 200
    assert unsealed(answer) == ("success", CLIENT)
    assert [type(event) for event in door.inside.taker.taken] == [MemberChanged]


async def test_the_console_checks_the_address(door: Door) -> None:
    status, answer = await door.event(*pushed({"EventType": "check_url"}))
    assert (status, unsealed(answer)) == (200, ("success", CLIENT))
    assert door.heard_nothing()


async def test_some_tenants_spell_the_signature_otherwise(door: Door) -> None:
    query, body = pushed(http_event())
    query["msg_signature"] = query.pop("signature")
    status, _ = await door.event(query, body)
    assert status == 200
    both = {**query, "signature": query["msg_signature"]}
    assert await door.event(both, body) == (400, b"")


async def test_a_true_message_is_taken_and_its_reply_goes_to_the_webhook(door: Door) -> None:
    door.inside.taker.reply = Text("明天 08:00")
    assert await door.says() == (200, b'{"msgtype":"empty"}')
    assert [type(event) for event in door.inside.taker.taken] == [TextSaid]
    assert door.inside.given.at_once == [("dingtalk:msg:msgSample01", Text("明天 08:00"))]


async def test_a_true_tap_is_answered_with_the_redrawn_card(door: Door) -> None:
    door.inside.taker.reply = CardUpdate(Card("换班", closed="已批准"))
    status, answer = await door.taps()
    drawn = json.loads(answer)
    assert status == 200
    assert drawn["cardData"]["cardParamMap"]["closed"] == "已批准"
    assert drawn["cardUpdateOptions"] == {
        "updateCardDataByKey": True,
        "updatePrivateDataByKey": True,
    }
    assert [type(event) for event in door.inside.taker.taken] == [CardTapped]


async def test_a_replayed_tap_is_the_same_event(door: Door) -> None:
    for _ in range(2):
        await door.taps()
    await door.taps(tap_headers(NOW + timedelta(seconds=1)))
    ids = [event.event_id for event in door.inside.taker.taken]
    assert ids[0] == ids[1] != ids[2]


async def test_a_replayed_message_or_event_is_the_same_event(door: Door) -> None:
    for _ in range(2):
        await door.says()
        await door.event(*pushed(http_event()))
    ids = [event.event_id for event in door.inside.taker.taken]
    assert ids[:2] == ids[2:] == ["dingtalk:msg:msgSample01", "dingtalk:event:ev1:wang"]


@pytest.mark.parametrize("error", [NotStored(), RuntimeError("canary-content")])
async def test_what_was_not_stored_is_not_acknowledged(door: Door, error: Exception) -> None:
    door.inside.taker.error = error
    with capture_logs() as logs:
        assert await door.event(*pushed(http_event())) == (503, b"")
        assert await door.says() == (503, b"")
        assert await door.taps() == (503, b"")
    assert "canary" not in repr(logs)


async def test_what_takes_too_long_is_not_acknowledged() -> None:
    hanging = Inside(budgets=Budgets(tap_answer=SOON))
    hanging.taker.gate = asyncio.Event()
    async with opened(hanging, seconds=SOON) as door:
        assert await door.event(*pushed(http_event())) == (503, b"")
        assert await door.says() == (503, b"")
        assert await door.taps() == (503, b"")


@pytest.mark.parametrize("shift", [-300, 300])
async def test_inside_the_window_of_events_and_taps(door: Door, shift: int) -> None:
    at = NOW + timedelta(seconds=shift)
    assert (await door.event(*pushed(http_event(), at=at)))[0] == 200
    assert (await door.taps(tap_headers(at)))[0] == 200


@pytest.mark.parametrize("shift", [-86_400, -301, 301])
async def test_old_and_future_events_and_taps(door: Door, shift: int) -> None:
    at = NOW + timedelta(seconds=shift)
    assert await door.event(*pushed(http_event(), at=at)) == (403, b"")
    assert await door.taps(tap_headers(at)) == (403, b"")
    assert door.heard_nothing()


@pytest.mark.parametrize(
    ("shift", "status"), [(-3600, 200), (3600, 200), (-3601, 403), (3601, 403)]
)
async def test_a_message_is_good_for_an_hour(door: Door, shift: int, status: int) -> None:
    assert (await door.says(robot_headers(NOW + timedelta(seconds=shift))))[0] == status


async def test_forged_and_tampered_events(door: Door) -> None:
    query, body = pushed(http_event())
    for changed in (
        ({**query, "signature": "0" * 40}, body),
        ({**query, "nonce": "1"}, body),
        ({**query, "timestamp": str(int(query["timestamp"]) + 1)}, body),
        (query, body.replace(b'"encrypt": "', b'"encrypt": "AAAA')),
        pushed(http_event(), token=OTHER_TOKEN),
        pushed(http_event(), owner="dinganotherapp"),
        pushed(http_event(), owner=CORP),
    ):
        assert await door.event(*changed) == (403, b"")
    assert door.heard_nothing()


async def test_another_key(door: Door) -> None:
    status, answer = await door.event(*pushed(http_event(), aes_key=OTHER_AES_KEY))
    assert status in (400, 403)
    assert answer == b""
    assert door.heard_nothing()


async def test_forged_messages_and_taps(door: Door) -> None:
    assert await door.says(robot_headers(secret="guessed")) == (403, b"")
    assert await door.taps(tap_headers(secret="guessed")) == (403, b"")
    assert await door.says(tap_headers()) == (400, b"")
    moved = robot_headers() | {"timestamp": robot_headers(NOW + timedelta(seconds=1))["timestamp"]}
    assert await door.says(moved) == (403, b"")
    assert door.heard_nothing()


@pytest.mark.parametrize("missing", ["timestamp", "sign"])
async def test_both_headers_exactly_once(door: Door, missing: str) -> None:
    headers = robot_headers()
    left = {name: value for name, value in headers.items() if name != missing}
    assert await door.says(left) == (400, b"")
    doubled = CIMultiDict([*headers.items(), (missing, headers[missing])])
    body = json.dumps(message()).encode()
    assert await door.post(ROBOT, body, headers=doubled) == (400, b"")


@pytest.mark.parametrize("name", ["signature", "timestamp", "nonce"])
async def test_each_query_parameter_exactly_once(door: Door, name: str) -> None:
    query, body = pushed(http_event())
    for changed in (
        [*query.items(), (name, query[name])],
        {**query, name: ""},
        {key: value for key, value in query.items() if key != name},
    ):
        assert await door.event(changed, body) == (400, b"")


@pytest.mark.parametrize(
    "odd", ["１７００００００００００００", "-1", "1e9", "9" * 400, "\ud800", "nan"]
)
def test_odd_timestamps(odd: str) -> None:
    query, body = pushed(http_event())
    with pytest.raises(Refused):
        CRYPTO.open(MultiDict({**query, "timestamp": odd}), body, NOW)
    with pytest.raises(Refused):
        CRYPTO.open(MultiDict({**query, "nonce": odd + "\ud800"}), body, NOW)
    with pytest.raises(Refused):
        check_robot(CIMultiDict(robot_headers() | {"timestamp": odd}), SECRET, NOW)
    with pytest.raises(Refused):
        check_tap(CIMultiDict(tap_headers() | {"x-ddpaas-signature": odd}), CARD_SECRET, NOW)


async def test_somebody_of_another_organisation(door: Door) -> None:
    await door.says(senderCorpId=OTHER_CORP)
    await door.taps(corpId=OTHER_CORP)
    assert [e.user.startswith("outside:") for e in door.inside.taker.taken] == [True, True]
    door.inside.taker.taken.clear()
    status, _ = await door.event(*pushed(http_event(CorpId=OTHER_CORP)))
    assert status == 200
    assert door.heard_nothing()


@pytest.mark.parametrize(
    "padding", [b"\x00" * 32, b"\x21" * 33, b"\x05" * 4 + b"\x06", b"\x20" * 31]
)
async def test_wrong_padding(door: Door, padding: bytes) -> None:
    framed = 16 + 4 + 2 + len(CLIENT) + len(padding)
    plaintext = b"{}" + b" " * (-framed % 32)
    assert await door.event(*signed(sealed(plaintext, padding=padding))) == (400, b"")


@pytest.mark.parametrize("encrypted", ["AAAA", "AAA", "A" * 44])
async def test_ciphertext_of_a_wrong_size(door: Door, encrypted: str) -> None:
    assert await door.event(*signed(encrypted)) == (400, b"")


@pytest.mark.parametrize(
    "plaintext",
    [b"", b"\xff\xfe", b"[]", b"{", b'{"a":"\\ud800"}', b'{"a":' * 60 + b"1" + b"}" * 60],
)
async def test_malformed_inside_what_is_signed(door: Door, plaintext: bytes) -> None:
    assert await door.event(*signed(sealed(plaintext))) == (400, b"")
    assert await door.post(ROBOT, plaintext, headers=robot_headers()) == (400, b"")
    assert await door.post(CARDS, plaintext, headers=tap_headers()) == (400, b"")
    assert door.heard_nothing()


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'{"encrypt":""}', b'{"encrypt":1}', b'{"encrypt":"!!!!"}', b"[" * 60_000],
)
async def test_malformed_envelopes(door: Door, body: bytes) -> None:
    query, _ = pushed(http_event())
    assert await door.event(query, body) == (400, b"")


@pytest.mark.parametrize("path", [EVENTS, ROBOT, CARDS])
async def test_an_announced_oversize_is_refused_before_it_is_read(door: Door, path: str) -> None:
    query, _ = pushed(http_event())
    headers = robot_headers() | tap_headers()
    big = b"x" * (64 * 1024 + 1)
    assert await door.post(path, big, query, headers) == (413, b"")


async def raw(door: Door, path: str, head: str, body: bytes) -> bytes:
    """Speaks HTTP by hand, as an honest client library would not."""
    host, port = door.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    query, _ = pushed(http_event())
    target = path + "?" + "&".join(f"{key}={value}" for key, value in query.items())
    proof = "".join(f"{k}: {v}\r\n" for k, v in (robot_headers() | tap_headers()).items())
    try:
        writer.write(f"POST {target} HTTP/1.1\r\nHost: x\r\n{proof}{head}\r\n\r\n".encode() + body)
        return await reader.readline()
    finally:
        writer.close()


@pytest.mark.parametrize("path", [EVENTS, ROBOT, CARDS])
async def test_an_endless_slow_or_compressed_body(door: Door, path: str) -> None:
    chunk = b"1000\r\n" + b"A" * 0x1000 + b"\r\n"
    assert b" 413 " in await raw(door, path, "Transfer-Encoding: chunked", chunk * 20)
    async with opened(door.inside, body_seconds=SOON) as hasty:
        assert b" 408 " in await raw(hasty, path, "Content-Length: 500", b"{")
    assert b" 4" in await raw(door, path, "Content-Encoding: gzip\r\nContent-Length: 3", b"abc")
    assert door.heard_nothing()


async def test_a_flood_of_forgeries_writes_one_line_without_content(door: Door) -> None:
    forged = robot_headers(secret="guessed")
    with capture_logs() as logs:
        for _ in range(5):
            assert await door.says(forged, words="canary-content") == (403, b"")
    assert len(logs) == 1
    assert not any(value in repr(logs) for value in (*forged.values(), "canary", SECRET))


async def test_every_outcome_is_counted_by_its_label(door: Door) -> None:
    def counted(result: str) -> float:
        labels = {"platform": "dingtalk", "result": result}
        return REGISTRY.get_sample_value("wardbell_callbacks_total", labels) or 0.0

    before = counted("ok"), counted("signature")
    await door.says(robot_headers(secret="guessed"))
    await door.says()
    assert (counted("ok"), counted("signature")) == (before[0] + 1, before[1] + 1)


async def test_a_door_without_its_secret_does_not_exist() -> None:
    inside = Inside()
    routes = DingTalkCallbacks(Doors(), inside.inbound(), inside.clock).routes()
    assert routes == []
    only_robot = Doors(robot_secret=SECRET)
    routes = DingTalkCallbacks(only_robot, inside.inbound(), inside.clock).routes()
    assert [route.path for route in routes] == [ROBOT]
    assert SECRET not in repr(only_robot)


@pytest.mark.parametrize(
    ("token", "aes_key", "owners"),
    [
        ("", AES_KEY, [CLIENT]),
        ("a b", AES_KEY, [CLIENT]),
        (TOKEN, AES_KEY[:-1], [CLIENT]),
        (TOKEN, AES_KEY, [""]),
    ],
)
def test_malformed_keys_are_refused_without_being_quoted(
    token: str, aes_key: str, owners: list[str]
) -> None:
    with pytest.raises(ValueError, match="the ") as caught:
        EventCrypto(token, aes_key, owners)
    assert not any(secret in str(caught.value) for secret in (token, aes_key) if secret)


async def test_the_corp_id_is_an_owner_only_where_it_is_configured() -> None:
    both = EventCrypto(TOKEN, AES_KEY, [CLIENT, CORP])
    query, body = pushed(http_event(), owner=CORP)
    opened = both.open(MultiDict(query), body, NOW)
    assert unsealed(both.success(opened, NOW)) == ("success", CORP)
    with pytest.raises(Refused, match="403 receive_id"):
        CRYPTO.open(MultiDict(query), body, NOW)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_no_plaintext_can_crash_the_codec(plaintext: bytes) -> None:
    query, body = signed(sealed(plaintext))
    assert CRYPTO.open(MultiDict(query), body, NOW).plaintext == plaintext


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=300)
    | st.text(max_size=60).map(lambda t: json.dumps({"encrypt": t}).encode())
)
def test_no_body_can_crash_the_envelope(body: bytes) -> None:
    query, _ = pushed(http_event())
    with pytest.raises(Refused):
        CRYPTO.open(MultiDict(query), body, NOW)
