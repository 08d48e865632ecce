"""The client and the channel against a stub platform on a real socket."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.channels import Channel, Failure, SendFailed
from bot.platforms.wecom.channel import WeComAppChannel
from bot.platforms.wecom.directory import MemberStatus, read_directory
from models.cards import Button, Card, Text
from tests.integration.wecom_stub import SECRET, TOKEN_PREFIX, Bench, MemoryTokenStore, wecom_stub

BODY = {"touser": "li", "msgtype": "text", "agentid": 1, "text": {"content": "好"}}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with wecom_stub() as bench:
        yield bench


def scripted(bench: Bench, api: str, status: int, text: str, kind: str = "text/html") -> None:
    async def script(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text, content_type=kind)

    bench.stub.scripts[api] = script


def refusing(bench: Bench, api: str, code: int, message: str = "no") -> None:
    body = f'{{"errcode":{code},"errmsg":"{message}"}}'
    scripted(bench, api, 200, body, "application/json")


async def failure(bench: Bench, api: str = "message/send") -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        await bench.client.call(api, BODY, delivers=api == "message/send")
    return caught.value


async def test_fifty_sends_share_one_token(bench: Bench) -> None:
    await asyncio.gather(*(bench.client.message_send(BODY) for _ in range(50)))
    assert bench.stub.calls == {"gettoken": 1, "message/send": 50}


async def test_an_expired_token_is_fetched_once_for_fifty_sends(bench: Bench) -> None:
    await bench.client.message_send(BODY)
    bench.stub.expire_token()
    await asyncio.gather(*(bench.client.message_send(BODY) for _ in range(50)))
    assert bench.stub.calls["gettoken"] == 2
    assert len(bench.stub.bodies) == 51


async def test_a_token_is_renewed_five_minutes_early(bench: Bench) -> None:
    await bench.client.message_send(BODY)
    bench.clock.advance(timedelta(seconds=7200 - 301))
    await bench.client.message_send(BODY)
    assert bench.stub.calls["gettoken"] == 1
    bench.clock.advance(timedelta(seconds=2))
    await bench.client.message_send(BODY)
    assert bench.stub.calls["gettoken"] == 2


async def test_a_token_handed_out_again_near_its_end_is_used_up(bench: Bench) -> None:
    bench.stub.answers["gettoken"] = {"expires_in": 100}
    for _ in range(5):
        await bench.client.message_send(BODY)
    assert bench.stub.calls["gettoken"] == 1


async def test_another_replica_reuses_the_renewed_token(bench: Bench) -> None:
    tokens = MemoryTokenStore(bench.clock)
    one, two = bench.another(tokens), bench.another(tokens)
    await one.message_send(BODY)
    await two.message_send(BODY)
    bench.stub.expire_token()
    await asyncio.gather(one.message_send(BODY), two.message_send(BODY))
    assert bench.stub.calls["gettoken"] == 2


async def test_a_platform_that_calls_every_token_stale_is_not_chased(bench: Bench) -> None:
    refusing(bench, "message/send", 42001)
    for _ in range(10):
        assert (await failure(bench)).failure is Failure.RETRY
    assert bench.stub.calls["gettoken"] == 3
    bench.clock.advance(timedelta(minutes=1))
    assert (await failure(bench)).failure is Failure.RETRY
    assert bench.stub.calls["gettoken"] == 4


@pytest.mark.parametrize("code", [40001, 40013, 40091, 60020, 50003])
async def test_a_refusal_only_an_operator_can_mend_never_loops(bench: Bench, code: int) -> None:
    refusing(bench, "gettoken", code)
    failed = await failure(bench)
    assert (failed.failure, failed.code) == (Failure.CONFIGURATION, code)
    assert "管理后台" in failed.cure
    assert bench.stub.calls["gettoken"] == 1
    del bench.stub.scripts["gettoken"]
    refusing(bench, "message/send", code)
    assert (await failure(bench)).failure is Failure.CONFIGURATION
    assert bench.stub.calls == {"gettoken": 2, "message/send": 1}


async def test_a_timeout_after_accepting_is_unknown() -> None:
    accepted = asyncio.Event()

    async def swallow(request: web.Request) -> web.Response:
        await request.read()
        accepted.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with wecom_stub(patience=1) as bench:
        bench.stub.scripts.update({"message/send": swallow, "message/recall": swallow})
        failed = await failure(bench)
        while not accepted.is_set():  # a second may be too short to be heard at all
            failed = await failure(bench)
        assert failed.failure is Failure.UNKNOWN
        assert (await failure(bench, "message/recall")).failure is Failure.RETRY


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{", b"SSH"])
async def test_a_reset_is_unknown_for_a_send_and_a_retry_otherwise(
    bench: Bench, sent: bytes
) -> None:
    async def reset(request: web.Request) -> web.Response:
        await request.read()
        assert request.transport is not None
        request.transport.write(sent)
        request.transport.close()
        return web.Response()

    bench.stub.scripts.update({"message/send": reset, "message/recall": reset})
    assert (await failure(bench)).failure is Failure.UNKNOWN
    assert (await failure(bench, "message/recall")).failure is Failure.RETRY


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (502, "<html>Bad Gateway</html>"),
        (500, ""),
        (200, "ok"),
        (200, "{}"),
        (200, "[]"),
        (200, '{"errcode":"0"}'),
        (503, '{"errcode":0}'),
    ],
)
async def test_an_answer_that_is_not_the_platforms_own_is_no_success(
    bench: Bench, status: int, text: str
) -> None:
    scripted(bench, "message/send", status, text)
    scripted(bench, "message/recall", status, text)
    assert (await failure(bench)).failure is Failure.UNKNOWN
    assert (await failure(bench, "message/recall")).failure is Failure.RETRY


@pytest.mark.parametrize("status", [302, 403, 404, 407])
async def test_a_gateway_that_refuses_is_a_matter_of_configuration(
    bench: Bench, status: int
) -> None:
    scripted(bench, "message/send", status, "<html>")
    assert (await failure(bench)).failure is Failure.CONFIGURATION


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://wardbell.invalid"])
async def test_an_unreachable_platform_is_a_retry(bench: Bench, url: str) -> None:
    with pytest.raises(SendFailed) as caught:
        await bench.another(MemoryTokenStore(bench.clock), base_url=url).message_send(BODY)
    assert caught.value.failure is Failure.RETRY


async def test_a_rate_limit_tells_how_long_to_rest(bench: Bench) -> None:
    refusing(bench, "message/send", 45009, "api freq out of limit")
    failed = await failure(bench)
    assert (failed.failure, failed.wait) == (Failure.WINDOW, timedelta(seconds=60))


async def test_no_secret_reaches_a_log_or_an_exception(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[BaseException] = []
    with capture_logs() as logs:
        refusing(bench, "message/send", 40058, f"bad token {TOKEN_PREFIX}1 of {SECRET}")
        seen.append(await failure(bench))
        scripted(bench, "message/send", 502, "<html>")
        seen.append(await failure(bench))
        broken = bench.another(MemoryTokenStore(bench.clock), base_url="http://127.0.0.1:1")
        with pytest.raises(SendFailed) as caught:
            await broken.fetch_token()
        seen.append(caught.value)
    told = [*map(_everything_about, seen), repr(logs), caplog.text, repr(bench.client)]
    assert not any("canary" in each for each in told)


def _everything_about(error: BaseException | None) -> str:
    told = ""
    while error is not None:
        told += "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
        error = error.__context__ or error.__cause__
    return told


async def test_receivers_come_back_in_the_callers_spelling(bench: Bench) -> None:
    channel: Channel = WeComAppChannel(bench.client)
    bench.stub.answers["message/send"] = {
        "invaliduser": "liming|ghost",
        "unlicenseduser": "WANG",
        "msgid": "m1",
        "response_code": "rc",
    }
    sent = await channel.send(Text("好"), ["LiMing", "wang", "zhao", "@all", "a|b"], key="k")
    assert (sent.message_id, sent.response_code) == ("m1", "rc")
    assert {user: each.code for user, each in sent.refused.items()} == {
        "LiMing": 81013,
        "wang": 701099,
        "@all": 40003,
        "a|b": 40003,
    }
    assert bench.stub.bodies[0]["touser"] == "LiMing|wang|zhao"


async def test_when_nobody_is_valid_everybody_is_refused(bench: Bench) -> None:
    refusing(bench, "message/send", 81013)
    sent = await WeComAppChannel(bench.client).send(Text("好"), ["a", "b"], key="k")
    assert set(sent.refused) == {"a", "b"}
    assert all(each.failure is Failure.RECIPIENT and each.reason for each in sent.refused.values())
    sent = await WeComAppChannel(bench.client).send(Text("好"), ["@all"], key="k")
    assert set(sent.refused) == {"@all"}
    assert bench.stub.calls["message/send"] == 1


async def test_a_card_is_sent_redrawn_and_recalled(bench: Bench) -> None:
    channel = WeComAppChannel(bench.client)
    card = Card("换班", buttons=(Button("批准", "swaps.approve"),))
    await channel.send(card, ["zhao"], key="ask_7")
    await channel.redraw(Card("换班", closed="已批准"), [], response_code="rc", key="ask_7")
    await channel.redraw(Card("换班", closed="已批准"), ["li"], response_code="rc2", key="ask_7")
    await channel.recall("m1")
    sent, all_redrawn, one_redrawn, recalled = bench.stub.bodies
    assert sent["template_card"]["task_id"] == "ask_7"
    assert all_redrawn["atall"] == 1
    assert one_redrawn["userids"] == ["li"]
    assert one_redrawn["template_card"]["replace_text"] == "已批准"
    assert recalled == {"msgid": "m1"}


async def test_media_go_up_with_a_raw_name_and_come_down_whole(bench: Bench) -> None:
    heard: list[bytes] = []

    async def upload(request: web.Request) -> web.Response:
        heard.append(await request.read())
        return web.json_response({"errcode": 0, "media_id": "m9"})

    async def download(request: web.Request) -> web.Response:
        return web.Response(body=b"\x00\x01" * 100, content_type="application/octet-stream")

    bench.stub.scripts.update({"media/upload": upload, "media/get": download})
    assert await bench.client.media_upload("file", '排班"表.xlsx', b"12345") == "m9"
    assert 'name="media"; filename="排班_表.xlsx"'.encode() in heard[0]
    assert await bench.client.media_get("m9") == b"\x00\x01" * 100
    refusing(bench, "media/get", 40007)
    with pytest.raises(SendFailed, match="40007"):
        await bench.client.media_get("old")
    with pytest.raises(SendFailed, match="request"):
        await bench.client.media_upload("file", "x", b"1234")


async def test_an_upload_survives_an_expired_token(bench: Bench) -> None:
    bench.stub.answers["media/upload"] = {"media_id": "m1"}
    await bench.client.call("message/recall", {})
    bench.stub.expire_token()
    assert await bench.client.media_upload("file", "a.txt", b"12345") == "m1"


async def test_the_directory_is_walked_by_department(bench: Bench) -> None:
    bench.stub.answers["department/list"] = {
        "department": [
            {"id": 1, "name": "医院", "parentid": 0},
            {"id": 2, "name": "ICU", "parentid": 1, "department_leader": ["zhao"]},
        ]
    }
    bench.stub.answers["user/list"] = {
        "userlist": [
            {
                "userid": "zhao",
                "name": "赵",
                "department": [1, 2],
                "is_leader_in_dept": [0, 1],
                "main_department": 2,
                "status": 1,
            },
            {"userid": "li", "department": "broken", "status": 99},
        ]
    }
    directory = await read_directory(bench.client)
    assert [each.name for each in directory.departments] == ["医院", "ICU"]
    zhao, li = directory.members
    assert (zhao.leads, zhao.main_department, zhao.status) == ((2,), 2, MemberStatus.ACTIVE)
    assert (li.departments, li.status) == ((), MemberStatus.UNKNOWN)
    assert bench.stub.calls["user/list"] == 2
