"""The DingTalk part of a hospital: what is read, what is refused, what the phones list shows."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from simulator.dingtalk.sample import SAMPLE_DINGTALK
from simulator.hospital import BadHospital, parse
from simulator.sample import SAMPLE
from simulator.serve import running
from simulator.state import Simulator
from tests.simulator.dingtalk_bench import Ding


def test_the_sample_is_read() -> None:
    org = parse({"dingtalk": SAMPLE_DINGTALK}).ding
    assert org
    assert (org.robot_code, org.agent_id) == ("dingsampleapp", 3000001)
    assert org.members["xujing"].unionid == "union-xujing"
    assert org.department_name(org.members["xujing"]) == "急诊科"
    assert org.ticked("user_add_org")
    assert not org.ticked("robot_msg_read")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"corpid": None}, "missing field 'corpid'"),
        ({"agent_id": "x"}, "dingtalk.agent_id must be"),
        ({"members": [{"userid": "a"}]}, "dingtalk.members[0]: missing field 'name'"),
        ({"members": [{"userid": "a", "name": "甲"}] * 2}, "members[1]: userid 'a'"),
        ({"members": [{"userid": "a", "name": "甲", "departments": [9]}]}, "unknown department 9"),
        ({"members": 5}, "members must be a list"),
        ({"groups": [{"id": "c", "title": "t", "members": ["who"]}]}, "groups 'c'"),
        ({"groups": [{"id": "c", "title": "t", "webhooks": [{}]}]}, "webhooks[0]"),
        ({"templates": [{"id": "t", "file": "/no/such.json"}]}, "templates[0].file such.json"),
        (
            {"callbacks": {"events": {"url": "x", "token": "t", "aes_key": "k"}}},
            "callbacks.events",
        ),
        ({"callbacks": {"robot": {"url": "ftp://x"}}}, "callbacks.robot"),
        ({"schedules": [{"userid": "hedan", "date": "8月5日", "rest": True}]}, "schedules[0]"),
        ({"schedules": [{"userid": "hedan", "date": "2026-12-08"}]}, "on and off"),
        ({"schedules": [{"userid": "x", "date": "2026-12-08", "rest": True}]}, "'x'"),
    ],
)
def test_errors_name_the_entry(change: dict[str, Any], words: str) -> None:
    raw = copy.deepcopy(SAMPLE_DINGTALK) | change
    raw = {k: v for k, v in raw.items() if v is not None}
    if "members" in change:
        raw["groups"] = []
    with pytest.raises(BadHospital) as problem:
        parse({"dingtalk": raw})
    assert words in str(problem.value)
    assert "dingtalk" in str(problem.value)


def test_an_exported_template_tells_whether_it_has_buttons(tmp_path: Path) -> None:
    ours, other, broken = (tmp_path / name for name in ("a.json", "b.json", "c.json"))
    ours.write_text(json.dumps({"editorData": '{"variables":["buttons"]}', "type": "im"}))
    other.write_text(json.dumps({"editorData": "{}", "type": "im"}))
    broken.write_text("[]")
    rows = [{"id": p.stem, "file": str(p)} for p in (ours, other)]
    org = parse({"dingtalk": SAMPLE_DINGTALK | {"templates": rows}}).ding
    assert org
    assert [t.wardbell for t in org.templates.values()] == [True, False]
    rows[0]["file"] = str(broken)
    with pytest.raises(BadHospital, match="editorData"):
        parse({"dingtalk": SAMPLE_DINGTALK | {"templates": rows}})


def test_neither_platform_is_refused() -> None:
    with pytest.raises(BadHospital, match="at least one app"):
        parse({"corpid": "ww1", "members": [], "apps": []})


async def test_one_list_of_phones_for_both_platforms() -> None:
    sim = Simulator(parse(SAMPLE | {"dingtalk": SAMPLE_DINGTALK}))
    async with (
        running(sim) as base,
        aiohttp.ClientSession() as session,
        session.get(base + "/sim/phones") as found,
    ):
        rows = {p["id"]: p for p in await found.json()}
    assert rows["lixiaoyan"]["platform"] == "wecom"
    person, group = rows["dingtalk:xujing"], rows["dingtalk-group:cidicu001"]
    assert (person["platform"], person["kind"]) == ("dingtalk", "person")
    assert (person["name"], person["department"], person["position"]) == (
        "许静",
        "急诊科",
        "责任护士",
    )
    assert (group["kind"], group["name"]) == ("group", "急诊科通知群")


async def test_the_hospital_shows_no_secret(d: Ding) -> None:
    shown = await d.get("/sim/hospital")
    assert shown["dingtalk"]["client_id"] == "dingsampleapp"
    assert shown["dingtalk"]["events"] == "stream"
    assert d.org.client_secret not in str(shown)


async def test_reset_forgets_messages_tokens_and_cards(d: Ding) -> None:
    token = await d.token()
    await d.deliver()
    await d.connect()
    await d.post("/sim/reset")
    assert await d.messages() == []
    assert (await d.api("PUT", "card/instances", {"outTrackId": "t1"}, token))[0] == 400
    assert (await d.update())[1]["code"] == "param.cardNotExist"
    assert (await d.say("在吗"))["status"] == "ok"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("dingtalk:nobody/say", {"text": "x"}),
        ("dingtalk-group:none/say", {"text": "x"}),
        ("dingtalk-group:cidicu001/say", {"text": "x"}),
        ("dingtalk:xujing/say", {"text": "x", "fields": 5}),
        ("dingtalk:xujing/tap", {"seq": 1, "button": "x"}),
        ("dingtalk:xujing/send", {"kind": "horse"}),
    ],
)
async def test_control_calls_that_cannot_be(d: Ding, path: str, body: dict[str, Any]) -> None:
    assert (await d.post(f"/sim/phones/{path}", body))["error"]
