"""Whatever arrives at the callback: a 4xx with an empty body, nothing handed on, never a 500."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import MultiDict
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot.events import CardTapped, CardUpdate, Event, Reply, TextSaid
from bot.intake import NotStored
from bot.platforms.refusal import Refused
from bot.platforms.wecom.callback import WeComCallbacks
from bot.platforms.wecom.crypto import CallbackCrypto, CallbackKeys
from bot.platforms.wecom.decode import decode
from models.cards import Button, Card, Text
from models.clock import ManualClock
from tests.support.unhurried import LONG
from tests.wecom import (
    AES_KEY,
    CORP,
    NOW,
    OTHER_AES_KEY,
    OTHER_TOKEN,
    TOKEN,
    Query,
    event_xml,
    posted,
    posted_raw,
    signed,
    text_xml,
    unsealed,
)

PATH = "/callbacks/wecom/hr"
KEYS = CallbackKeys(TOKEN, AES_KEY)
CRYPTO = CallbackCrypto(CORP, [KEYS])
SOON = 0.1  # seconds, for what never comes


@dataclass
class Door:
    """The callback endpoint on a real socket, and what got through it."""

    url: str
    http: aiohttp.ClientSession
    clock: ManualClock
    taken: list[Event] = field(default_factory=list)
    reply: Reply | None = None
    error: Exception | None = None
    hangs: bool = False

    async def intake(self, event: Event) -> Reply | None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        self.taken.append(event)
        return self.reply

    async def post(
        self, query: Query | list[tuple[str, str]], body: bytes, path: str = PATH
    ) -> tuple[int, str]:
        async with self.http.post(self.url + path, params=query, data=body) as response:
            return response.status, await response.text()

    async def expect_refusal(
        self, query: Query | list[tuple[str, str]], body: bytes, status: int
    ) -> None:
        assert await self.post(query, body) == (status, "")
        assert self.taken == []


@asynccontextmanager
async def opened_door(
    *keys: CallbackKeys, body_seconds: float = LONG, intake_seconds: float = LONG
) -> AsyncIterator[Door]:
    """Limits are long but where one of them is what a test is about."""
    async with aiohttp.ClientSession() as http:
        door = Door("", http, ManualClock(NOW))
        callbacks = WeComCallbacks(
            {"hr": CallbackCrypto(CORP, keys)},
            door.intake,
            door.clock,
            body_seconds=body_seconds,
            intake_seconds=intake_seconds,
        )
        app = web.Application(client_max_size=64 << 10)
        app.add_routes(callbacks.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        door.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield door
        finally:
            await runner.cleanup()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened_door(KEYS) as door:
        yield door


async def test_a_true_message_is_taken_and_acknowledged_with_nothing(door: Door) -> None:
    assert await door.post(*posted(text_xml())) == (200, "")
    assert [type(event) for event in door.taken] == [TextSaid]


async def test_a_reply_is_sealed_for_the_person_who_wrote(door: Door) -> None:
    door.reply = Text("明天 <白班> ]]> 08:00")
    status, body = await door.post(*posted(text_xml()))
    assert status == 200
    inner = unsealed(body)
    assert "<ToUserName><![CDATA[li]]></ToUserName>" in inner
    said = decode(inner.encode(), app="hr")
    assert isinstance(said, TextSaid)
    assert said.text == "明天 <白班> ]]> 08:00"


async def test_a_tapped_card_is_redrawn_at_once(door: Door) -> None:
    tap = event_xml("template_card_event", "<EventKey>ok</EventKey><TaskId>t</TaskId>")
    door.reply = CardUpdate(Card("换班", buttons=(Button("批准", "ok"),), closed="已批准"))
    _, body = await door.post(*posted(tap))
    inner = unsealed(body)
    assert "<MsgType><![CDATA[update_template_card]]></MsgType>" in inner
    assert "<ReplaceText><![CDATA[已批准]]></ReplaceText>" in inner
    door.reply = CardUpdate(Card("", closed="已批准"))
    _, body = await door.post(*posted(tap))
    assert "<Button><ReplaceName><![CDATA[已批准]]></ReplaceName></Button>" in unsealed(body)
    assert isinstance(door.taken[0], CardTapped)


async def test_a_reply_that_cannot_be_drawn_does_not_undo_the_acknowledgement(door: Door) -> None:
    door.reply = CardUpdate(Card("无按钮也无链接"))
    assert await door.post(*posted(text_xml())) == (200, "")


@pytest.mark.parametrize("error", [NotStored(), RuntimeError("canary-content")])
async def test_what_was_not_stored_is_not_acknowledged(door: Door, error: Exception) -> None:
    door.error = error
    with capture_logs() as logs:
        assert await door.post(*posted(text_xml())) == (503, "")
    assert "canary" not in repr(logs)


async def test_a_slow_intake_is_not_acknowledged() -> None:
    async with opened_door(KEYS, intake_seconds=SOON) as door:
        door.hangs = True
        assert await door.post(*posted(text_xml())) == (503, "")


async def test_url_verification_answers_the_bare_plaintext(door: Door) -> None:
    query, body = posted("1616140317555161061")
    echo = body.split(b"<Encrypt><![CDATA[")[1].split(b"]]")[0]
    query["echostr"] = echo.decode()
    async with door.http.get(door.url + PATH, params=query) as response:
        assert (response.status, await response.read()) == (200, b"1616140317555161061")
    door.clock.advance(timedelta(seconds=301))
    async with door.http.get(door.url + PATH, params=query) as response:
        assert (response.status, await response.read()) == (403, b"")


@pytest.mark.parametrize("shift", [-300, 0, 300])
async def test_inside_the_time_window(door: Door, shift: int) -> None:
    status, _ = await door.post(*posted(text_xml(), at=NOW + timedelta(seconds=shift)))
    assert status == 200


@pytest.mark.parametrize("shift", [-86_400, -301, 301])
async def test_replayed_old_and_future_callbacks(door: Door, shift: int) -> None:
    await door.expect_refusal(*posted(text_xml(), at=NOW + timedelta(seconds=shift)), 403)


async def test_forged_and_tampered_signatures(door: Door) -> None:
    query, body = posted(text_xml())
    await door.expect_refusal({**query, "msg_signature": "0" * 40}, body, 403)
    await door.expect_refusal({**query, "nonce": "1"}, body, 403)
    await door.expect_refusal(
        query, body.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[AAAA"), 403
    )
    await door.expect_refusal(*posted(text_xml(), token=OTHER_TOKEN), 403)


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce"])
async def test_each_query_parameter_exactly_once(door: Door, name: str) -> None:
    query, body = posted(text_xml())
    await door.expect_refusal([*query.items(), (name, query[name])], body, 400)
    await door.expect_refusal({**query, name: ""}, body, 400)
    await door.expect_refusal(
        {key: value for key, value in query.items() if key != name}, body, 400
    )


@pytest.mark.parametrize(
    "odd", ["１７００００００００", "-1", "1e9", "9" * 400, "\ud800", "\x00", "nan"]
)
async def test_odd_timestamps(odd: str) -> None:
    query, body = posted(text_xml())
    with pytest.raises(Refused):
        CRYPTO.open_body(MultiDict({**query, "timestamp": odd}), body, NOW)
    with pytest.raises(Refused):
        CRYPTO.open_body(MultiDict({**query, "nonce": odd + "\ud800"}), body, NOW)


async def test_an_unknown_app(door: Door) -> None:
    assert await door.post(*posted(text_xml()), path="/callbacks/wecom/payroll") == (404, "")


async def test_another_corp_or_key(door: Door) -> None:
    await door.expect_refusal(*posted(text_xml(), corp="wx0000000000000000"), 403)
    query, body = posted(text_xml(), aes_key=OTHER_AES_KEY)
    status, text = await door.post(query, body)
    assert status in {400, 403}
    assert (text, door.taken) == ("", [])


async def test_two_key_sets_are_valid_while_they_rotate() -> None:
    new_both, new_aes = (
        CallbackKeys(OTHER_TOKEN, OTHER_AES_KEY),
        CallbackKeys(TOKEN, OTHER_AES_KEY),
    )
    for rotated in (new_both, new_aes):
        async with opened_door(KEYS, rotated) as door:
            door.reply = Text("好")
            for keys in (KEYS, rotated):
                xml = text_xml(message_id=keys.aes_key[:9])
                token, aes_key = keys.token, keys.aes_key
                _, body = await door.post(*posted(xml, token=token, aes_key=aes_key))
                assert "好" in unsealed(body, token=token, aes_key=aes_key)


@pytest.mark.parametrize(
    "padding", [b"\x00" * 32, b"\x21" * 33, b"\x01\x02", b"\x05" * 4 + b"\x06", b"\x20" * 31]
)
async def test_wrong_padding(door: Door, padding: bytes) -> None:
    framed = 16 + 4 + len(text_xml().encode()) + len(CORP) + len(padding)
    plaintext = text_xml().encode() + b" " * (-framed % 32)
    await door.expect_refusal(*posted_raw(plaintext, padding=padding), 400)


@pytest.mark.parametrize(
    "encrypted", ["AAAA", "AAA", "A" * 44, base64.b64encode(b"x" * 48).decode()]
)
async def test_ciphertext_of_a_wrong_size(door: Door, encrypted: str) -> None:
    await door.expect_refusal(*signed(encrypted), 400)


@pytest.mark.parametrize(
    "plaintext",
    [
        b"",
        b"\xff\xfe\x00",
        text_xml("\x00").encode(),
        text_xml("x").encode().replace(b"[x]", b"[\xed\xa0\x80]"),
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + text_xml().encode(),
        b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://127.0.0.1/x">' + text_xml().encode(),
        b"<xml>" + b"<a>" * 9000,
        b"<xml>" + b"<a>" * 5000 + b"</a>" * 5000 + b"<MsgType>x</MsgType></xml>",
        text_xml().encode() * 2,
        b"{}",
    ],
)
async def test_malformed_inside_a_valid_envelope(door: Door, plaintext: bytes) -> None:
    await door.expect_refusal(*posted_raw(plaintext), 400)


async def test_a_bomb_inside_valid_encryption(door: Door) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    bomb = f"<!DOCTYPE xml [{entities}]>" + text_xml("x").replace("<![CDATA[x]]>", "&e9;")
    await door.expect_refusal(*posted_raw(bomb.encode()), 400)
    hidden = text_xml("x").replace("<xml>", f"<xml><!DOCTYPE x [{entities}]>", 1)
    await door.expect_refusal(*posted_raw(hidden.encode()), 400)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<xml></xml>",
        b"<xml><Encrypt></Encrypt></xml>",
        b"<xml><Encrypt>!!!!</Encrypt></xml>",
        b"<a/>" * 16_000,
        b"<xml><Encrypt>" + b"A" * 60_000,
        b"<!DOCTYPE x><xml><Encrypt>AAAA</Encrypt></xml>",
    ],
)
async def test_malformed_envelopes(door: Door, body: bytes) -> None:
    query, _ = posted(text_xml())
    await door.expect_refusal(query, body, 400)


async def test_two_encrypted_parts_are_refused(door: Door) -> None:
    query, body = posted(text_xml())
    part = body[body.index(b"<Encrypt>") : body.index(b"</xml>")]
    await door.expect_refusal(query, body.replace(part, part + part), 400)


async def test_an_announced_oversize_is_refused_before_it_is_read(door: Door) -> None:
    query, _ = posted(text_xml())
    await door.expect_refusal(query, b"x" * (64 * 1024 + 1), 413)


async def raw(door: Door, head: str, body: bytes) -> bytes:
    """Speaks HTTP by hand, as an honest client library would not."""
    host, port = door.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    query, _ = posted(text_xml())
    path = PATH + "?" + "&".join(f"{key}={value}" for key, value in query.items())
    try:
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode() + body)
        return await reader.readline()
    finally:
        writer.close()


async def test_an_endless_chunked_body_is_cut_at_the_cap(door: Door) -> None:
    chunk = b"1000\r\n" + b"A" * 0x1000 + b"\r\n"
    answer = await raw(door, "Transfer-Encoding: chunked", chunk * 20)
    assert b" 413 " in answer
    assert door.taken == []


@pytest.mark.parametrize("head", ["Content-Length: 500", "Transfer-Encoding: chunked"])
async def test_a_body_that_never_comes_times_out(head: str) -> None:
    async with opened_door(KEYS, body_seconds=SOON) as door:
        assert b" 408 " in await raw(door, head, b"5\r\n<xml>\r\n")
        assert door.taken == []


async def test_a_compressed_body_is_not_unpacked(door: Door) -> None:
    head = "Content-Encoding: gzip\r\nContent-Length: 3"
    assert b" 4" in await raw(door, head, b"abc")
    assert door.taken == []


async def test_a_flood_of_forgeries_writes_one_line_without_content(door: Door) -> None:
    query, body = posted(text_xml("canary-content"))
    forged = {**query, "msg_signature": "0" * 40}
    with capture_logs() as logs:
        for _ in range(5):
            await door.expect_refusal(forged, body, 403)
    assert len(logs) == 1
    assert not any(value in repr(logs) for value in (*forged.values(), "canary", body.decode()))


async def test_every_outcome_is_counted_by_its_label(door: Door) -> None:
    def counted(result: str) -> float:
        labels = {"platform": "wecom", "result": result}
        return REGISTRY.get_sample_value("wardbell_callbacks_total", labels) or 0.0

    before = counted("ok"), counted("signature")
    query, body = posted(text_xml())
    await door.expect_refusal({**query, "msg_signature": "0" * 40}, body, 403)
    await door.post(query, body)
    assert (counted("ok"), counted("signature")) == (before[0] + 1, before[1] + 1)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=200).map(lambda s: s.encode(errors="surrogatepass")),
    )
)
def test_no_plaintext_can_crash_the_codec(plaintext: bytes) -> None:
    for candidate in (plaintext, text_xml("@").encode().replace(b"@", plaintext)):
        try:
            opened = CRYPTO.open_body(
                MultiDict(posted_raw(candidate)[0]), posted_raw(candidate)[1], NOW
            )
            assert opened.plaintext == candidate
            decode(opened.plaintext, app="hr")
        except Refused:
            continue


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=500))
def test_no_body_can_crash_the_envelope(body: bytes) -> None:
    query, _ = posted(text_xml())
    with pytest.raises(Refused):
        CRYPTO.open_body(MultiDict(query), body, NOW)
