"""Custom robots of DingTalk groups: signature, rate, idempotency, message types, the group."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest
import pytest_asyncio

from tests.simulator.dingtalk_bench import Ding, ding_bench

SECRET = "SEC-of-no-real-robot"
GROUP = {
    "id": "cidicu001",
    "title": "急诊科通知群",
    "members": ["hedan", "xujing"],
    "webhooks": [
        {"token": "tok-signed", "secret": SECRET},
        {"token": "tok-words", "keywords": ["排班"]},
        {"token": "tok-plain"},
    ],
}
LINK = {"title": "十二月排班", "text": "已发布", "messageUrl": "https://example.org/r"}
BUTTON = {"title": "看排班", "actionURL": "https://example.org/r"}
CARDS = {
    "link": LINK,
    "markdown": {"title": "排班", "text": "**十二月**排班已发布"},
    "actionCard": {
        "title": "排班",
        "text": "已发布",
        "btns": [BUTTON, BUTTON | {"title": "求助"}],
    },
    "feedCard": {"links": [{"title": "十二月排班", "messageURL": "https://example.org/r"}]},
}


@pytest_asyncio.fixture
async def d() -> AsyncIterator[Ding]:
    async with ding_bench(groups=[GROUP]) as bench:
        yield bench


def signed(d: Ding, shift_ms: int = 0, secret: str = SECRET) -> str:
    timestamp = int(d.sim.clock.now().timestamp() * 1000) + shift_ms
    mac = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
    return f"&timestamp={timestamp}&sign={quote_plus(base64.b64encode(mac.digest()))}"


async def post(
    d: Ding, body: dict[str, Any], robot: str = "tok-plain", more: str = ""
) -> dict[str, Any]:
    address = f"{d.base}/robot/send?access_token={robot}{more}"
    raw = io.BytesIO(json.dumps(body, ensure_ascii=False).encode())
    async with d.session.post(address, data=raw) as response:
        assert response.status == 200
        reply: dict[str, Any] = await response.json()
        return reply


def text(content: str, **more: Any) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": content}} | more


async def in_group(d: Ding) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await d.get("/sim/phones/dingtalk-group:cidicu001/messages")
    return rows


async def test_a_signed_post_appears_in_the_group(d: Ding) -> None:
    reply = await post(d, text("今晚缺一人"), "tok-signed", signed(d))
    assert (reply["errcode"], reply["errmsg"]) == (0, "ok")
    message = (await in_group(d))[-1]
    assert message["text"] == "今晚缺一人"
    assert message["app"] == {"agentid": "webhook", "name": "自定义机器人"}
    rows = {p["id"]: p for p in await d.get("/sim/phones")}
    assert [m["name"] for m in rows["dingtalk-group:cidicu001"]["members"]] == ["何丹", "许静"]


async def test_the_signature_must_fit_and_be_fresh(d: Ding) -> None:
    hour = 3_600_000
    for more, reason in (
        (signed(d, secret="SEC-another"), "sign not match"),
        (signed(d, shift_ms=-hour - 60_000), "invalid timestamp"),
        (signed(d, shift_ms=hour + 60_000), "invalid timestamp"),
        (signed(d).replace("timestamp=1", "timestamp="), "invalid timestamp"),
        ("", "invalid timestamp"),
    ):
        reply = await post(d, text("x"), "tok-signed", more)
        assert (reply["errcode"], reply["errmsg"]) == (310000, reason)
    assert (await post(d, text("x"), "tok-signed", signed(d, shift_ms=-hour + 60_000)))[
        "errcode"
    ] == 0
    assert [m["text"] for m in await in_group(d)] == ["x"]


async def test_one_of_the_keywords_must_stand_in_it(d: Ding) -> None:
    reply = await post(d, text("今晚缺一人"), "tok-words")
    assert (reply["errcode"], reply["errmsg"]) == (310000, "keywords not in content")
    assert (await post(d, text("排班已发布"), "tok-words"))["errcode"] == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"msgtype": "image", "image": {}}, 400105),
        ({"msgtype": "text"}, 400402),
        (text(""), 400402),
        ({"msgtype": "markdown", "markdown": {"text": "无标题"}}, 400402),
        ({"msgtype": "actionCard", "actionCard": {"title": "x", "text": "y"}}, 400402),
        ({"msgtype": "feedCard", "feedCard": {"links": []}}, 400402),
        (text("夜" * 7000), 460101),
    ],
)
async def test_what_is_wrong_has_its_code(d: Ding, body: dict[str, Any], code: int) -> None:
    assert (await post(d, body))["errcode"] == code
    assert await in_group(d) == []


async def test_an_unknown_token_is_400101(d: Ding) -> None:
    for token in ("", "tok", "TOK-PLAIN"):
        assert (await post(d, text("x"), token))["errcode"] == 400101


@pytest.mark.parametrize("kind", list(CARDS))
async def test_each_type_is_shown(d: Ding, kind: str) -> None:
    assert (await post(d, {"msgtype": kind, kind: CARDS[kind]}))["errcode"] == 0
    assert "排班" in (await in_group(d))[-1]["text"]


async def test_buttons_of_an_action_card_open_addresses(d: Ding) -> None:
    await post(d, {"msgtype": "actionCard", "actionCard": CARDS["actionCard"]})
    seq = (await in_group(d))[-1]["seq"]
    body = {"seq": seq, "button": "看排班", "as": "xujing"}
    done = await d.post("/sim/phones/dingtalk-group:cidicu001/tap", body)
    assert (done["status"], done["url"]) == ("link", "https://example.org/r")


async def test_the_called_stand_in_the_text_by_name(d: Ding) -> None:
    at = {"atUserIds": ["xujing"], "atMobiles": ["13800000001"], "isAtAll": True}
    await post(d, text("@xujing @13800000001 @maoli 看排班", at=at))
    assert (await in_group(d))[-1]["text"] == "@许静 @何丹 @maoli 看排班\n@所有人"


async def test_the_same_msg_uuid_is_posted_once(d: Ding) -> None:
    for _ in range(2):
        assert (await post(d, text("只此一次", msgUuid="m-1")))["errcode"] == 0
    assert (await post(d, text("另一次", msgUuid="m-2")))["errcode"] == 0
    assert [m["text"] for m in await in_group(d)] == ["只此一次", "另一次"]
    assert (await d.get("/sim/stats"))["duplicates_suppressed"] == 1


async def test_the_21st_of_a_minute_closes_the_robot_for_ten(d: Ding) -> None:
    codes = [(await post(d, text(str(n))))["errcode"] for n in range(21)]
    assert codes == [0] * 20 + [410100]
    assert (await post(d, text("排班，别的机器人"), "tok-words"))["errcode"] == 0
    d.sim.clock.move(timedelta(minutes=9))
    assert (await post(d, text("还在限流")))["errcode"] == 410100
    d.sim.clock.move(timedelta(minutes=2))
    assert (await post(d, text("十分钟后")))["errcode"] == 0


async def test_a_refused_msg_uuid_may_be_tried_again(d: Ding) -> None:
    for n in range(20):
        await post(d, text(str(n)))
    assert (await post(d, text("后来", msgUuid="m-1")))["errcode"] == 410100
    d.sim.clock.move(timedelta(minutes=11))
    assert (await post(d, text("后来", msgUuid="m-1")))["errcode"] == 0
    assert (await in_group(d))[-1]["text"] == "后来"


async def test_no_token_or_secret_is_in_the_log(d: Ding) -> None:
    await post(d, text("今晚缺一人"), "tok-signed", signed(d))
    log = str(await d.get("/sim/calls")) + str(await d.get("/sim/hospital"))
    assert "急诊科通知群" in log
    assert "tok-signed" not in log
    assert SECRET not in log


async def test_an_empty_body_is_40035(d: Ding) -> None:
    async with d.session.post(f"{d.base}/robot/send?access_token=tok-plain") as response:
        assert (await response.json())["errcode"] == 40035
