"""The client against a stub platform on a real socket: tokens, both error styles, the count."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.channels import Failure, SendFailed
from bot.platforms.dingtalk.errors import MonthUsedUp, Refusal
from bot.platforms.dingtalk.pace import Pace
from tests.integration.dingtalk_stub import (
    BATCH,
    NOTICE,
    SECRET,
    TOKEN,
    TOKEN_PREFIX,
    UPDATE,
    Bench,
    dingtalk_stub,
    errcode,
    make_client,
    refusal,
)
from tests.integration.wecom_stub import MemoryTokenStore
from tests.support.dingtalk_patience import impatient_calls
from tests.support.loop_time import LoopTime

SAID = '{"content":"canary-words"}'
USER_GET = "topapi/v2/user/get"


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with dingtalk_stub() as bench:
        yield bench


async def send(bench: Bench) -> None:
    await bench.client.robot_send(["li"], "sampleText", SAID)


async def failure(bench: Bench) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        await send(bench)
    return caught.value


async def test_one_token_serves_both_generations(bench: Bench) -> None:
    bench.stub.answers[USER_GET] = {"result": {"userid": "li", "unionid": "u-li"}}
    await send(bench)
    assert (await bench.client.user_get("li"))["unionid"] == "u-li"
    assert bench.stub.calls == {TOKEN: 1, BATCH: 1, USER_GET: 1}
    assert bench.stub.bodies(BATCH) == [
        {
            "robotCode": "dingapp",
            "msgKey": "sampleText",
            "msgParam": SAID,
            "userIds": ["li"],
        }
    ]


@pytest.mark.parametrize("count", [1, 12])
async def test_a_dead_token_is_replaced_once(bench: Bench, count: int) -> None:
    await send(bench)
    bench.stub.valid = "expired"
    await asyncio.gather(*(send(bench) for _ in range(count)))
    bench.stub.valid = "expired"
    await bench.client.user_get("li")
    assert bench.stub.calls[TOKEN] == 3
    assert len(bench.stub.bodies(BATCH)) == count + 1


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, "InvalidAuthentication"),
        refusal(401, "whatever"),
        errcode(40014),
        errcode(42001),
        errcode(40001),
        errcode(33001),
        errcode(88, sub_code="40014", sub_msg="bad token"),
    ],
)
async def test_a_stale_token_is_tried_again_exactly_once(
    bench: Bench, answer: web.Response
) -> None:
    async def always(_: web.Request, __: Any) -> web.Response:
        return web.Response(
            body=answer.body, status=answer.status, content_type="application/json"
        )

    bench.stub.scripts[BATCH] = always
    failed = await failure(bench)
    assert bench.stub.calls[BATCH] == 2
    assert bench.stub.calls[TOKEN] == 2
    assert failed.failure is Failure.RETRY


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", Failure.WINDOW),
        (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", Failure.CONFIGURATION),
        (400, "send.too.fast", Failure.WINDOW),
        (400, "staffId.notExisted", Failure.RECIPIENT),
        (400, "invalidParameter.msgParam.tooLong", Failure.REQUEST),
        (500, "system.error", Failure.UNKNOWN),
        (503, "never.heard.of", Failure.UNKNOWN),
        (404, "never.heard.of", Failure.REQUEST),
    ],
)
async def test_the_new_api_refuses_by_code(
    bench: Bench, status: int, code: str, expected: Failure
) -> None:
    bench.refusing(BATCH, status, code)
    failed = await failure(bench)
    assert (failed.failure, failed.code) == (expected, status)
    assert failed.reason.startswith(code)
    assert failed.cure
    assert bench.stub.calls[BATCH] == 1


async def test_missing_rights_are_named_by_both_generations(bench: Bench) -> None:
    detail = {"requiredScopes": ["qyapi_robot_sendmsg"]}
    code = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    bench.refusing(BATCH, 403, code, accessdenieddetail=detail)
    assert "qyapi_robot_sendmsg" in (await failure(bench)).cure
    sub = {"sub_code": "60011", "sub_msg": "应用尚未开通所需的权限：[qyapi_get_member]"}
    bench.failing(USER_GET, 88, "ding talk error", **sub)
    with pytest.raises(SendFailed) as caught:
        await bench.client.user_get("li")
    assert caught.value.failure is Failure.CONFIGURATION
    assert "qyapi_get_member" in caught.value.cure
    assert bench.stub.calls[TOKEN] == 1


@pytest.mark.parametrize(
    ("code", "more", "expected"),
    [
        (90018, {}, Failure.WINDOW),
        (90002, {}, Failure.RETRY),
        (60011, {}, Failure.CONFIGURATION),
        (60121, {}, Failure.RECIPIENT),
        (15, {"sub_code": "isp.top-remote-connection-timeout"}, Failure.RETRY),
        (88, {"sub_code": "isp.x"}, Failure.RETRY),
        (123456, {}, Failure.REQUEST),
    ],
)
async def test_the_old_api_refuses_with_http_200(
    bench: Bench, code: int, more: dict[str, str], expected: Failure
) -> None:
    bench.failing(USER_GET, code, **more)
    with pytest.raises(SendFailed) as caught:
        await bench.client.user_get("li")
    assert caught.value.failure is expected


async def test_a_blocked_address_is_a_limit(bench: Bench) -> None:
    body = '{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"u"}'
    bench.saying(BATCH, 200, body, "application/json")
    failed = await failure(bench)
    assert (failed.failure, failed.code) == (Failure.WINDOW, 1111)


async def test_a_used_up_month_is_a_failure_of_its_own(bench: Bench) -> None:
    bench.refusing(BATCH, 403, "Forbidden.AccessDenied.ApiCountLimitForOrg")
    assert isinstance(await failure(bench), MonthUsedUp)
    bench.failing(NOTICE, 90020)
    with pytest.raises(MonthUsedUp):
        await bench.client.notice_send(["li"], {"msgtype": "text", "text": {"content": "好"}})


@pytest.mark.parametrize(
    ("status", "text", "expected"),
    [
        (200, "<html>", Failure.UNKNOWN),
        (504, "<html>", Failure.UNKNOWN),
        (302, "", Failure.CONFIGURATION),
        (429, "slow", Failure.WINDOW),
        (407, "proxy", Failure.CONFIGURATION),
    ],
)
async def test_what_a_gateway_says_is_no_success(
    bench: Bench, status: int, text: str, expected: Failure
) -> None:
    bench.saying(BATCH, status, text)
    assert (await failure(bench)).failure is expected


async def test_silence_is_unknown_for_sends_and_a_retry_for_updates(bench: Bench) -> None:
    over = asyncio.Event()
    await send(bench)
    bench.silent(BATCH, over.wait)
    bench.silent(UPDATE, over.wait)
    with impatient_calls():
        assert (await failure(bench)).failure is Failure.UNKNOWN
        with pytest.raises(SendFailed) as caught:
            await bench.client.card_update({"outTrackId": "x"})
    assert caught.value.failure is Failure.RETRY
    over.set()


async def test_a_wrong_secret_asks_for_mending(bench: Bench) -> None:
    bench.refusing(TOKEN, 400, "invalidClientIdOrSecret", f"bad {SECRET}")
    failed = await failure(bench)
    assert failed.failure is Failure.CONFIGURATION
    assert "Client Secret" in failed.cure
    assert bench.stub.calls[BATCH] == 0


async def test_only_counted_calls_are_counted(bench: Bench) -> None:
    await send(bench)
    await bench.client.user_get("li")
    await bench.client.department_listsub(1)
    await bench.client.schedule_listbyusers("op", ["li"], 0, 1)
    await bench.client.webhook_send({"access_token": "t"}, {"msgtype": "text"})
    assert bench.counted == [("api", 1), ("api", 1), ("push", 1)]


async def test_whoever_counts_may_forbid(bench: Bench) -> None:
    async def forbid(kind: str, calls: int) -> None:
        raise SendFailed(Failure.CONFIGURATION, reason=f"{kind} {calls}")

    bench.client._count = forbid
    assert (await failure(bench)).reason == "api 1"
    assert bench.stub.calls[BATCH] == 0


async def test_nothing_secret_or_said_is_logged_or_raised(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    over = asyncio.Event()
    await send(bench)
    token = bench.stub.valid
    assert token.startswith(TOKEN_PREFIX)
    bench.refusing(BATCH, 400, "param.error", f"token {token} secret {SECRET}")
    with caplog.at_level(logging.DEBUG), capture_logs() as logs:
        failed = await failure(bench)
        bench.silent(BATCH, over.wait)
        with impatient_calls():
            gone = await failure(bench)
    over.set()
    told = [
        *(record.getMessage() for record in caplog.records),
        *(str(line) for line in logs),
        "".join(traceback.format_exception(failed)),
        "".join(traceback.format_exception(gone)),
        failed.reason,
    ]
    for secret in (token, SECRET, "canary-words"):
        assert not any(secret in line for line in told)


async def test_ids_stay_one_part_of_a_path(bench: Bench) -> None:
    await bench.client.todo_executor_status("u/../x", "t?a=1", {"u1": True})
    asked = bench.stub.asked[-1]
    assert asked.method == "PUT"
    assert asked.api == "todo/users/u/../x/tasks/t?a=1/executorStatus"
    assert asked.query == {"operatorId": "u/../x"}
    assert asked.body == {"executorStatusList": [{"id": "u1", "isDone": True}]}


async def test_todos_are_found_by_our_own_id(bench: Bench) -> None:
    bench.stub.answers["todo/users/u/tasks/sources/s-1"] = {"id": "t-1"}
    assert (await bench.client.todo_find("u", "s-1"))["id"] == "t-1"
    bench.refusing("todo/users/u/tasks", 400, "taskExist")
    with pytest.raises(Refusal) as caught:
        await bench.client.todo_create("u", {"sourceId": "s-1"})
    assert caught.value.fault.code == "taskExist"


async def test_a_crowd_is_told_to_wait_before_it_is_refused() -> None:
    time, pace, said = LoopTime(standing=True), Pace(per_second=2), list[str]()

    async def takes(api: str) -> None:
        try:
            await pace.take(api)
            said.append(api)
        except SendFailed:
            said.append("refused")

    crowd = asyncio.gather(*(takes("x") for _ in range(8)), takes("y"))
    await time.leap(0)
    assert said == ["x"] * 2 + ["refused"] * 2 + ["y"]
    for waited in (2, 4):
        await time.leap(1)
        assert said[5:] == ["x"] * waited
    await crowd


async def test_whoever_counts_is_told_which_quota_is_gone(bench: Bench) -> None:
    gone: list[str] = []

    async def used_up(kind: str) -> None:
        gone.append(kind)

    bench.client._used_up = used_up
    bench.refusing(BATCH, 403, "Forbidden.AccessDenied.ApiCountLimitForOrg")
    await failure(bench)
    bench.failing("robot/send", 90020)
    with pytest.raises(MonthUsedUp):
        await bench.client.webhook_send({"access_token": "t"}, {"msgtype": "text"})
    assert gone == ["api", "push"]


async def test_an_exchange_ends_although_the_session_would_wait(bench: Bench) -> None:
    over = asyncio.Event()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=600)) as patient:
        client = make_client(patient, MemoryTokenStore(bench.clock), bench.clock, bench.base_url)
        await client.robot_send(["li"], "sampleText", SAID)
        bench.silent(BATCH, over.wait)
        with impatient_calls(), pytest.raises(SendFailed) as caught:
            await asyncio.wait_for(client.robot_send(["li"], "sampleText", SAID), 60)
    over.set()
    assert caught.value.failure is Failure.UNKNOWN
