"""WeCom's group webhooks: the rules of each message type, the rate, the key, the group's phone."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import FormData

from simulator.hospital import parse
from simulator.sample import SAMPLE
from tests.simulator.bench import Bench, button_card, news_card, notice_card

GROUPS = [
    {"title": "重症医学科通知群", "key": "key-of-the-icu", "members": ["lixiaoyan", "zhaomin"]},
    {"title": "产科通知群", "key": "key-of-obstetrics", "members": ["sunhui"]},
]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
ARTICLE = {"title": "十二月排班", "description": "已发布", "url": "https://example.org/roster"}


@pytest.fixture(autouse=True)
def groups(b: Bench) -> None:
    b.sim.world.groups = parse(SAMPLE | {"groups": GROUPS}).groups


async def post(b: Bench, kind: str, part: object, key: str = "key-of-the-icu") -> dict[str, Any]:
    body = {"msgtype": kind, kind: part}
    address = f"{b.base}/cgi-bin/webhook/send?key={key}"
    async with b.session.post(address, data=io.BytesIO(json.dumps(body).encode())) as response:
        reply: dict[str, Any] = await response.json()
    return reply


async def shown(b: Bench) -> dict[str, Any]:
    last: dict[str, Any] = (await b.get("/sim/phones/group:1/messages"))[-1]
    return last


def picture(data: bytes, md5: str = "") -> dict[str, str]:
    right = hashlib.md5(data).hexdigest()  # noqa: S324
    return {"base64": base64.b64encode(data).decode(), "md5": md5 or right}


async def test_a_text_appears_on_the_phone_of_its_group_only(b: Bench) -> None:
    assert await post(b, "text", {"content": "今晚缺一人"}) == {"errcode": 0, "errmsg": "ok"}
    rows = {p["id"]: p for p in await b.get("/sim/phones")}
    assert rows["group:1"]["kind"] == "group"
    assert rows["group:1"]["platform"] == "wecom"
    assert (rows["group:1"]["name"], rows["group:1"]["last"]) == ("重症医学科通知群", "今晚缺一人")
    assert rows["group:2"]["seq"] == 0
    assert rows["lixiaoyan"]["seq"] == 0
    message = await shown(b)
    assert message["app"] == {"agentid": "webhook", "name": "群机器人"}
    assert (message["direction"], message["text"]) == ("in", "今晚缺一人")


async def test_the_called_are_shown_by_name(b: Bench) -> None:
    part = {
        "content": "请看排班",
        "mentioned_list": ["lixiaoyan", "nobody"],
        "mentioned_mobile_list": ["@all", "13900000001"],
    }
    await post(b, "text", part)
    assert (await shown(b))["text"] == "请看排班\n@李晓燕 @所有人 @赵敏芝"


@pytest.mark.parametrize("kind", ["markdown", "markdown_v2"])
async def test_markdown_of_4096_bytes_passes_and_one_more_is_refused(b: Bench, kind: str) -> None:
    assert (await post(b, kind, {"content": "x" * 4096}))["errcode"] == 0
    assert (await shown(b))["content"] == {"content": "x" * 4096}
    refused = await post(b, kind, {"content": "x" * 4097})
    assert refused["errcode"] == 40058
    assert refused["errmsg"].startswith(f"{kind}.content exceed max length 4096")


async def test_text_has_2048_bytes_in_utf8(b: Bench) -> None:
    assert (await post(b, "text", {"content": "夜" * 682}))["errcode"] == 0
    assert (await post(b, "text", {"content": "夜" * 683}))["errcode"] == 40058


async def test_a_picture_comes_in_the_body(b: Bench) -> None:
    assert (await post(b, "image", picture(PNG)))["errcode"] == 0
    message = await shown(b)
    media = message["content"]["media_id"]
    async with b.session.get(f"{b.base}/sim/media/{media}") as response:
        assert await response.read() == PNG


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (picture(PNG, "0" * 32), 301019),
        (picture(PNG + bytes(2 << 20)), 40009),
        (picture(b"GIF89a" + bytes(20)), 40004),
        ({"base64": "%%%", "md5": "x"}, 40058),
    ],
)
async def test_a_wrong_picture_is_refused(b: Bench, part: dict[str, str], code: int) -> None:
    assert (await post(b, "image", part))["errcode"] == code


@pytest.mark.parametrize(
    ("kind", "part", "code"),
    [
        ("text", {}, 44004),
        ("text", None, 44004),
        ("markdown", {"content": ""}, 44004),
        ("news", {"articles": []}, 44003),
        ("news", {"articles": [ARTICLE] * 9}, 45008),
        ("news", {"articles": [{"url": "https://example.org/"}]}, 41016),
        ("news", {"articles": [{"title": "无链接"}]}, 40058),
        ("file", {"media_id": "unknown"}, 40007),
        ("textcard", {"title": "x"}, 40008),
        ("template_card", button_card(), 42031),
        ("template_card", notice_card(card_action=None), 42045),
    ],
)
async def test_what_is_wrong_has_its_code(b: Bench, kind: str, part: object, code: int) -> None:
    assert (await post(b, kind, part))["errcode"] == code
    assert b.sim.phones.of("group:1").items == []


async def test_the_two_notice_cards_pass_without_their_menu(b: Bench) -> None:
    menu = {"desc": "更多", "action_list": [{"text": "不再提醒", "key": "mute"}]}
    assert (await post(b, "template_card", notice_card(action_menu=menu)))["errcode"] == 0
    card = (await shown(b))["card"]
    assert (card["title"], card["menu"]) == ("排班已发布", [])
    assert (await post(b, "template_card", news_card()))["errcode"] == 0


async def test_eight_articles_are_read_as_one_message(b: Bench) -> None:
    assert (await post(b, "news", {"articles": [ARTICLE] * 8}))["errcode"] == 0
    assert (await shown(b))["text"].splitlines() == ["十二月排班 已发布"] * 8


async def test_twenty_a_minute_then_45009(b: Bench) -> None:
    codes = [(await post(b, "text", {"content": str(n)}))["errcode"] for n in range(21)]
    assert codes == [0] * 20 + [45009]
    other = await post(b, "text", {"content": "别的群"}, "key-of-obstetrics")
    assert other["errcode"] == 0
    b.sim.clock.move(timedelta(seconds=61))
    assert (await post(b, "text", {"content": "一分钟后"}))["errcode"] == 0


@pytest.mark.parametrize("key", ["", "KEY-OF-THE-ICU", "other"])
async def test_a_wrong_key_is_93000(b: Bench, key: str) -> None:
    assert (await post(b, "text", {"content": "x"}, key))["errcode"] == 93000


async def test_a_file_belongs_to_the_webhook_that_uploaded_it(b: Bench) -> None:
    form = FormData()
    form.add_field("media", b"month,day\n", filename="roster.csv")
    address = f"{b.base}/cgi-bin/webhook/upload_media?key=key-of-the-icu&type=file"
    async with b.session.post(address, data=form) as response:
        media = (await response.json())["media_id"]
    foreign = await post(b, "file", {"media_id": media}, "key-of-obstetrics")
    assert foreign["errcode"] == 40007
    assert (await post(b, "file", {"media_id": media}))["errcode"] == 0
    assert (await shown(b))["text"] == "[文件] roster.csv"
    b.sim.clock.move(timedelta(days=3, seconds=1))
    assert (await post(b, "file", {"media_id": media}))["errcode"] == 40007


async def test_the_log_names_the_group_and_not_the_key(b: Bench) -> None:
    await post(b, "text", {"content": "今晚缺一人"})
    call = (await b.get("/sim/calls?api=webhook"))[-1]
    assert (call["who"], call["summary"]) == ("重症医学科通知群", "text: 今晚缺一人")
    assert "key-of-the-icu" not in str(await b.get("/sim/calls")) + str(
        await b.get("/sim/hospital")
    )


async def test_the_rate_fault_strikes_webhooks_too(b: Bench) -> None:
    await b.fault("rate_limit", api="webhook/*", count=1)
    assert (await post(b, "text", {"content": "x"}))["errcode"] == 45009
    assert (await post(b, "text", {"content": "x"}))["errcode"] == 0


async def test_members_talk_in_the_group_and_no_robot_listens(b: Bench) -> None:
    address = "/sim/phones/group:1/say"
    assert (await b.post(address, {"text": "好的", "as": "sunhui"}))["error"].startswith("as must")
    assert (await b.post(address, {"text": "好的", "as": "lixiaoyan"}))["status"] == "unheard"
    message = await shown(b)
    assert (message["direction"], message["sender"]) == ("out", "lixiaoyan")
    rows = {p["id"]: p for p in await b.get("/sim/phones")}
    assert [m["name"] for m in rows["group:1"]["members"]] == ["李晓燕", "赵敏芝"]
