"""Both API generations: tokens, errors, faults, the call log."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import aiohttp
import pytest

from tests.simulator.dingtalk_bench import Ding
from tests.support.waiting import eventually

SEND = "robot/oToMessages/batchSend"


async def test_one_token_serves_both_generations_and_is_renewed(d: Ding) -> None:
    app = {"appKey": d.org.client_id, "appSecret": d.org.client_secret}
    reply = await d.post("/v1.0/oauth2/accessToken", app)
    assert reply["expireIn"] == 7200
    query = f"appkey={d.org.client_id}&appsecret={d.org.client_secret}"
    old = await d.get(f"/gettoken?{query}")
    assert (old["errcode"], old["expires_in"]) == (0, 7200)
    assert old["access_token"] == reply["accessToken"]
    d.sim.clock.move(timedelta(seconds=7000))
    assert await d.token() == reply["accessToken"]
    d.sim.clock.move(timedelta(seconds=7100))
    status, _ = await d.batch(["xujing"])
    assert status == 200
    d.sim.clock.move(timedelta(seconds=7201))
    assert await d.token() != reply["accessToken"]


async def test_wrong_keys_and_bodies_that_are_not_json(d: Ding) -> None:
    status, reply = await d.request(
        "POST", "/v1.0/oauth2/accessToken", {"appKey": d.org.client_id, "appSecret": "x"}
    )
    assert (status, reply["code"]) == (400, "invalidClientIdOrSecret")
    assert set(reply) == {"code", "message", "requestid"}
    form = {"appKey": d.org.client_id, "appSecret": d.org.client_secret}
    for data in (form, None):
        url = d.base + "/v1.0/oauth2/accessToken"
        async with d.session.post(url, data=data) as response:
            assert (response.status, (await response.json())["code"]) == (400, "Missingbody")
    assert (await d.get("/gettoken?appkey=x&appsecret=y"))["errcode"] == 40089


async def test_dead_tokens_are_400_on_the_new_and_a_code_on_the_old(d: Ding) -> None:
    token = await d.token()
    for dead in ("", "nonsense"):
        headers = {"x-acs-dingtalk-access-token": dead}
        status, reply = await d.request("POST", f"/v1.0/{SEND}", {}, headers=headers)
        assert (status, reply["code"]) == (400, "InvalidAuthentication")
    url = f"{d.base}/v1.0/{SEND}"
    async with d.session.post(url, data=b"{") as response:
        assert (await response.json())["code"] == "InvalidAuthentication"
    assert (await d.post("/media/upload"))["errcode"] == 41001
    assert (await d.old("media/upload", token="x"))["errcode"] == 40014
    d.sim.clock.move(timedelta(seconds=7201))
    assert (await d.api("POST", SEND, {}, token))[1]["code"] == "InvalidAuthentication"
    assert (await d.old("media/upload", token=token))["errcode"] == 42001


async def test_unknown_functions(d: Ding) -> None:
    assert (await d.api("POST", "robot/otomessages/batchsend", {}))[0] == 404
    assert (await d.api("POST", "robot/oToMessages/batchRecall", {}))[0] == 404
    assert (await d.old("topapi/nothing"))["errcode"] == 22


@pytest.mark.parametrize(
    ("kind", "status", "code", "old"),
    [
        ("expired_token", 400, "InvalidAuthentication", 40014),
        ("rate_limit", 403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", 90018),
        ("untrusted_ip", 403, "Forbidden.AccessDenied.IpNotInWhiteList", 60020),
        ("permission", 403, "Forbidden.AccessDenied.AccessTokenPermissionDenied", 60011),
        ("api_error", 400, "system.error", -1),
    ],
)
async def test_errors_by_fault(d: Ding, kind: str, status: int, code: str, old: int) -> None:
    await d.fault(kind, api="v1.0/robot/*, oapi/*", count=2)
    got, reply = await d.batch(["xujing"])
    assert (got, reply["code"]) == (status, code)
    assert (await d.old("media/upload", token=await d.token()))["errcode"] == old
    assert (await d.batch(["xujing"]))[0] == 200


async def test_a_permission_error_names_the_permission_and_spares_tokens(d: Ding) -> None:
    await d.fault("permission", api="*")
    _, reply = await d.batch(["xujing"])
    assert reply["accessdenieddetail"] == {"requiredScopes": ["qyapi_robot_sendmsg"]}
    assert await d.token()


async def test_any_code_of_the_list_can_be_provoked(d: Ding) -> None:
    await d.fault("api_error", code="contain.unsafe.url", count=1)
    assert (await d.batch(["xujing"]))[1]["code"] == "contain.unsafe.url"
    await d.fault("api_error", code="system.error", http=500, count=1)
    assert (await d.batch(["xujing"]))[0] == 500
    assert await d.messages() == []


@pytest.mark.parametrize(("kind", "status"), [("http_500", 500), ("html_502", 502)])
async def test_broken_gateways(d: Ding, kind: str, status: int) -> None:
    token = await d.token()
    await d.fault(kind, api="v1.0/*", count=1)
    url, headers = f"{d.base}/v1.0/{SEND}", {"x-acs-dingtalk-access-token": token}
    async with d.session.post(url, json={}, headers=headers) as response:
        assert response.status == status
    assert (await d.get("/sim/calls?errors=1"))[-1]["fault"] == kind


async def test_an_answer_broken_off_was_accepted(d: Ding) -> None:
    await d.fault("reset_after_bytes", bytes=5, count=1)
    with pytest.raises(aiohttp.ClientError):
        await d.batch(["xujing"])
    assert (await d.last())["text"] == "你好"


@pytest.mark.parametrize(("kind", "texts"), [("accepted_then_timeout", 1), ("black_hole", 0)])
async def test_silence_with_and_without_delivery(d: Ding, kind: str, texts: int) -> None:
    await d.fault(kind)

    async def fired() -> bool:
        return bool((await d.get("/sim/faults"))["faults"][0]["fired"])

    unanswered = asyncio.gather(d.batch(["xujing"]), return_exceptions=True)
    assert await eventually(fired)
    assert not unanswered.done()
    await d.session.delete(d.base + "/sim/faults")
    assert isinstance((await unanswered)[0], aiohttp.ClientError)
    assert len(await d.messages()) == texts


async def test_slow_calls_still_work(d: Ding) -> None:
    await d.fault("slow", api="v1.0/robot/*", ms=30, count=1)
    assert (await d.batch(["xujing"]))[0] == 200
    assert max(c["took_ms"] for c in await d.get("/sim/calls")) >= 30


async def test_the_log_holds_no_secret_and_no_token(d: Ding) -> None:
    token = await d.token()
    await d.batch(["xujing"])
    await d.ticket()
    log = str(await d.get("/sim/calls"))
    assert "v1.0/robot/oToMessages/batchSend" in log
    for secret in (token, d.org.client_secret):
        assert secret not in log
    stats = await d.get("/sim/stats")
    assert stats["gettoken"] == {"dingtalk": 2}
    assert (stats["sends"], stats["delivered"]) == (1, {"dingtalk:xujing": 1})


async def test_a_hospital_without_dingtalk_has_none_of_it(d: Ding) -> None:
    wecom = {
        "corpid": "ww1",
        "members": [{"userid": "a", "name": "甲"}],
        "apps": [{"agentid": 1, "secret": "s"}],
    }
    await d.post("/sim/hospital", wecom)
    status, _ = await d.request("POST", "/v1.0/oauth2/accessToken", {"appKey": "x"})
    assert status == 404
    assert "no DingTalk" in (await d.post("/sim/dingtalk/event", {"type": "x"}))["error"]
    assert [p["platform"] for p in await d.get("/sim/phones")] == ["wecom"]
    async with d.session.get(d.base + "/dingtalk/connect?ticket=x") as response:
        assert response.status == 401
