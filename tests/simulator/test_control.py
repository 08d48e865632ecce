"""The control API: phones, hospital, log, page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.bench import AGENT, Bench, button_card


async def test_phones_tell_who_has_unread_messages(b: Bench) -> None:
    await b.text("你好", touser="wanglei")
    rows = {p["id"]: p for p in await b.get("/sim/phones")}
    assert rows["wanglei"] | {"rev": 0, "last_at": ""} == {
        "id": "wanglei",
        "name": "王蕾",
        "department": "重症医学科",
        "position": "护士",
        "platform": "wecom",
        "kind": "person",
        "person": "",
        "unread": 1,
        "seq": 1,
        "rev": 0,
        "last": "你好",
        "last_at": "",
    }
    await b.post("/sim/phones/wanglei/read")
    assert {p["unread"] for p in await b.get("/sim/phones")} == {0}


async def test_messages_after_a_seq_and_after_a_rev(b: Bench) -> None:
    await b.card(button_card())
    await b.text("二")
    first, second = await b.messages()
    assert await b.messages(after=first["seq"]) == [second]
    b.sim.phones.change(b.sim.phones.of("lixiaoyan").items[0], None, "已处理")
    changed = await b.get(f"/sim/phones/lixiaoyan/messages?after_rev={second['rev']}")
    assert [(m["seq"], m["card"]["closed"]) for m in changed] == [(first["seq"], True)]
    assert await b.get("/sim/phones/lixiaoyan/messages?last=1") == [second]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sim/phones/nobody/say", {"text": "x"}),
        ("/sim/phones/wanglei/say", {}),
        ("/sim/phones/wanglei/say", {"text": "x", "agentid": 5}),
        ("/sim/phones/wanglei/tap", {"seq": 99, "button": "x"}),
        ("/sim/hospital", {"corpid": "x"}),
        ("/sim/hospital", {"corpid": "x", "members": [], "apps": []}),
        (
            "/sim/hospital",
            {"corpid": "x", "members": [{"userid": "a b", "name": "x"}], "apps": []},
        ),
        ("/sim/faults", {"kind": "earthquake"}),
        ("/sim/faults", {"kind": "slow", "count": "many"}),
        ("/sim/faults", {"kind": "slow", "probability": 2}),
        ("/sim/apps/5/callback", {}),
        (f"/sim/apps/{AGENT}/callback", {"url": "ftp://x", "token": "t", "aes_key": "k"}),
        (f"/sim/apps/{AGENT}/callback", {"url": "http://x", "token": "t", "aes_key": "k"}),
        ("/sim/contacts", {"change": "promote"}),
    ],
)
async def test_wrong_calls_say_what_is_wrong(b: Bench, path: str, body: dict[str, Any]) -> None:
    async with b.session.post(b.base + path, json=body) as response:
        assert 400 <= response.status < 500
        assert (await response.json())["error"]


async def test_a_body_that_is_not_json_is_refused(b: Bench) -> None:
    async with b.session.post(b.base + "/sim/clock", data=b"{") as response:
        assert response.status == 400


async def test_a_tap_on_a_missing_button_lists_the_buttons(b: Bench) -> None:
    await b.card(button_card())
    assert (await b.tap("也许"))["hint"] == "buttons: 同意、拒绝"


async def test_the_hospital_can_be_replaced(b: Bench) -> None:
    await b.text()
    world = {
        "corpid": "ww1",
        "members": [{"userid": "a1", "name": "甲"}],
        "apps": [{"agentid": 7, "secret": "s"}],
        "links": [{"title": "控制台", "url": "http://127.0.0.1:1/"}],
    }
    shown = await b.post("/sim/hospital", world)
    assert [a["agentid"] for a in shown["apps"]] == [7]
    assert [p["id"] for p in await b.get("/sim/phones")] == ["a1"]
    assert await b.get("/sim/calls") == []


async def test_reset_forgets_messages_and_keeps_people(b: Bench) -> None:
    await b.text()
    await b.post("/sim/reset")
    assert await b.messages() == []
    assert (await b.get("/sim/stats"))["sends"] == 0


async def test_the_log_holds_no_secret(b: Bench) -> None:
    sent = await b.card(button_card())
    await b.tap("同意")
    log = str(await b.get("/sim/calls")) + str(await b.get("/sim/hospital"))
    secrets = [b.app.secret, await b.token(), sent["response_code"]]
    assert not [s for s in secrets if s in log]


async def test_the_log_is_filtered(b: Bench) -> None:
    await b.text()
    await b.text(touser="nobody")
    assert [c["errcode"] for c in await b.get("/sim/calls?api=message")] == [0, 81013]
    assert [c["who"] for c in await b.get("/sim/calls?errors=1")] == ["nobody"]
    last = (await b.get("/sim/calls?limit=1"))[0]["seq"]
    assert await b.get(f"/sim/calls?after={last}") == []


async def test_the_page_and_its_parts_come_with_a_strict_policy(b: Bench) -> None:
    for path in ("/", "/page/main.js", "/page/base.css", "/page/bell.svg"):
        async with b.session.get(b.base + path) as response:
            assert response.status == 200
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy


async def test_pages_of_other_origins_may_not_drive_it(b: Bench) -> None:
    foreign = {"Origin": "http://evil.example"}
    async with b.session.post(b.base + "/sim/reset", headers=foreign) as response:
        assert response.status == 403


async def test_news_begin_with_the_state_and_tell_of_changes(b: Bench) -> None:
    async with b.session.get(b.base + "/sim/events") as stream:
        first = (await stream.content.readline()).decode()
        await b.text()
        # What comes first may tell of the token alone.
        while '"lixiaoyan"' not in (await stream.content.readline()).decode():
            assert not stream.content.at_eof()
    assert '"epoch":0' in first
    assert '"lixiaoyan"' not in first


async def test_signing_in_leads_back_with_a_code(b: Bench) -> None:
    query = (
        f"appid={b.sim.world.corpid}&redirect_uri=http://127.0.0.1:1/in&state=s&agentid={AGENT}"
    )
    url = f"{b.base}/connect/oauth2/authorize?{query}"
    async with b.session.get(url) as page:
        assert "王蕾" in await page.text()
    async with b.session.get(f"{url}&userid=wanglei", allow_redirects=False) as back:
        assert back.headers["Location"].startswith("http://127.0.0.1:1/in?code=")
