"""Tokens, card updates, media and the directory."""

from __future__ import annotations

import io

import aiohttp
import pytest

from simulator.sample import SAMPLE
from tests.simulator.bench import AGENT, Bench, Json, button_card, notice_card

PNG = b"\x89PNG\r\n\x1a\n0000"


async def update(b: Bench, code: str, **more: Json) -> Json:
    body = {"agentid": AGENT, "response_code": code, "button": {"replace_name": "已处理"}} | more
    return await b.call("message/update_template_card", body)


async def test_the_same_token_comes_back_while_it_lasts(b: Bench) -> None:
    first = await b.token()
    assert await b.token() == first
    await b.post("/sim/clock", {"advance": "2h"})
    assert (await b.ask("user/get", first, userid="wanglei"))["errcode"] == 42001
    assert await b.token() != first
    assert (await b.get("/sim/stats"))["gettoken"] == {str(AGENT): 3}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (f"corpid={SAMPLE['corpid']}&corpsecret=wrong", 40001),
        ("corpid=wx0&corpsecret=wrong", 40013),
        ("corpsecret=x", 41002),
        ("corpid=x", 41004),
    ],
)
async def test_wrong_credentials(b: Bench, query: str, code: int) -> None:
    assert (await b.get(f"/cgi-bin/gettoken?{query}"))["errcode"] == code


async def test_missing_and_made_up_tokens(b: Bench) -> None:
    assert (await b.get("/cgi-bin/user/get?userid=x"))["errcode"] == 41001
    assert (await b.ask("user/get", "made-up"))["errcode"] == 40014


async def test_an_unknown_api_is_a_json_404(b: Bench) -> None:
    async with b.session.get(f"{b.base}/cgi-bin/no/such") as response:
        assert response.status == 404
        assert (await response.json())["errcode"] == 40066


async def test_a_send_code_changes_the_card_for_all_once(b: Bench) -> None:
    code = (await b.card(button_card(), touser="lixiaoyan|wanglei"))["response_code"]
    assert (await update(b, code, atall=1))["errcode"] == 0
    for userid in ("lixiaoyan", "wanglei"):
        assert (await b.last(userid))["card"]["replace_text"] == "已处理"
    assert (await update(b, code, atall=1))["errcode"] == 60140


async def test_a_click_code_is_a_second_chance(b: Bench) -> None:
    await b.card(button_card(), touser="lixiaoyan|wanglei")
    await b.tap("同意")
    reply = await update(b, b.bot.heard[0]["ResponseCode"], userids=["lixiaoyan", "ZhaoMin"])
    assert (reply["errcode"], reply["invaliduser"]) == (0, ["zhaomin"])
    assert (await b.last())["text"].endswith("[已处理]")
    assert (await b.last("wanglei"))["card"]["closed"] is False


async def test_a_code_lives_three_days(b: Bench) -> None:
    code = (await b.card(button_card()))["response_code"]
    await b.post("/sim/clock", {"advance": "72h", "step": "1d"})
    assert (await update(b, code, atall=1))["errcode"] == 60140


async def test_a_full_card_may_become_another_type_and_keeps_its_task(b: Bench) -> None:
    code = (await b.card(button_card()))["response_code"]
    reply = await update(b, code, atall=1, button=None, template_card=notice_card())
    assert reply["errcode"] == 0
    card = (await b.last())["card"]
    assert (card["type"], card["task_id"], card["buttons"]) == ("text_notice", "t1", [])


async def test_a_refused_update_leaves_the_code_good(b: Bench) -> None:
    code = (await b.card(button_card()))["response_code"]
    assert (await update(b, code))["errcode"] == 82101
    assert (await update(b, code, userids=["zhaomin"]))["errcode"] == 82101
    assert (await update(b, code, atall=1, button={}))["errcode"] == 42018
    assert (await update(b, code, atall=1, button=None))["errcode"] == 40063
    assert (await update(b, code, userids=["u"] * 1001))["errcode"] == 82102
    assert (await update(b, code, partyids=[2]))["errcode"] == 0


async def upload(b: Bench, kind: str, data: bytes, name: str = "a.png") -> Json:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("media", io.BytesIO(data), filename=name)
    token = await b.token()
    url = f"{b.base}/cgi-bin/media/upload?access_token={token}&type={kind}"
    async with b.session.post(url, data=form) as response:
        return await response.json()


async def test_a_picture_is_kept_three_days(b: Bench) -> None:
    media = await upload(b, "image", PNG, "排班表.png")
    assert (media["type"], media["created_at"].isdecimal()) == ("image", True)
    sent = await b.send(msgtype="image", image={"media_id": media["media_id"]})
    assert sent["errcode"] == 0
    assert (await b.last())["text"] == "[图片] 排班表.png"
    url = f"{b.base}/cgi-bin/media/get?access_token={await b.token()}&media_id={media['media_id']}"
    async with b.session.get(url) as response:
        assert await response.read() == PNG
    await b.post("/sim/clock", {"advance": "3d", "step": "1d"})
    assert (await b.ask("media/get", media_id=media["media_id"]))["errcode"] == 40007


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        ("image", b"GIF89a......", 40004),
        ("voice", b"no voice", 40004),
        ("poem", PNG, 40005),
        ("file", b"1234", 40006),
        ("file", b"", 44001),
        pytest.param("voice", b"#!AMR" + b"0" * (2 << 20), 45001, id="voice-too-large"),
    ],
)
async def test_wrong_uploads(b: Bench, kind: str, data: bytes, code: int) -> None:
    assert (await upload(b, kind, data))["errcode"] == code


async def test_members_come_without_their_phone_numbers(b: Bench) -> None:
    rows = (await b.ask("user/list", department_id=2))["userlist"]
    assert [r["userid"] for r in rows] == ["zhaomin", "lixiaoyan", "wanglei", "chenjing"]
    assert not {"mobile", "email", "gender", "avatar"} & set(rows[0])
    assert rows[1]["direct_leader"] == ["zhaomin"]


async def test_departments_are_listed_from_the_one_asked_for(b: Bench) -> None:
    assert len((await b.ask("department/list"))["department"]) == 4
    assert len((await b.ask("department/simplelist", id=2))["department_id"]) == 1
    assert (await b.ask("department/list", id=99))["errcode"] == 60003
    assert (await b.ask("department/get", id=3))["department"]["name"] == "产科"


async def test_only_the_contacts_secret_lists_ids_and_only_those(b: Bench) -> None:
    contacts = await b.token(b.sim.world.apps[2000002])
    page = await b.call("user/list_id", {"limit": 5}, contacts)
    rest = await b.call("user/list_id", {"limit": 5, "cursor": page["next_cursor"]}, contacts)
    assert (len(page["dept_user"]), len(rest["dept_user"]), rest["next_cursor"]) == (5, 3, "")
    assert (await b.call("user/list_id", {}))["errcode"] == 48002
    assert (await b.ask("user/list", contacts, department_id=2))["errcode"] == 48009


async def test_unknown_and_invisible_members(b: Bench) -> None:
    assert (await b.ask("user/get", userid="nobody"))["errcode"] == 60111
    b.app.departments = [3]
    assert (await b.ask("user/get", userid="wanglei"))["errcode"] == 60011


async def test_a_login_code_works_once(b: Bench) -> None:
    code = (await b.post("/sim/phones/wanglei/login"))["code"]
    assert (await b.ask("auth/getuserinfo", code=code))["userid"] == "wanglei"
    assert (await b.ask("auth/getuserinfo", code=code))["errcode"] == 42022
    assert (await b.ask("auth/getuserinfo", code="x"))["errcode"] == 40029
    old = (await b.post("/sim/phones/wanglei/login"))["code"]
    await b.post("/sim/clock", {"advance": "6m"})
    assert (await b.ask("auth/getuserinfo", code=old))["errcode"] == 42003


async def test_addresses_are_told(b: Bench) -> None:
    assert (await b.ask("getcallbackip"))["ip_list"]
    assert (await b.ask("get_api_domain_ip"))["ip_list"]


async def test_the_contacts_secret_sends_nothing(b: Bench) -> None:
    contacts = await b.token(b.sim.world.apps[2000002])
    assert (await b.call("message/send", {}, contacts))["errcode"] == 48002
