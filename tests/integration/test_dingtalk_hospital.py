"""The whole bot at the simulated DingTalk: what people say, over sockets that part and break."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import sample, sample_platforms
from bot.platforms.dingtalk.decode import Persons
from bot.platforms.dingtalk.frames import parse_frame
from bot.platforms.dingtalk.inbound import Inbound
from bot.tasks import Nursery
from tests.dingtalk import CORP, OTHER_CORP, tap_frame
from tests.support import database as databases
from tests.support import hospital as hospitals
from tests.support.dingtalk import Given
from tests.support.dingtalk_http import over_http
from tests.support.hospital import DINGTALK, Hospital
from tests.support.waiting import eventually

SAID = "SELECT event_id, sender FROM inbox WHERE kind = 'TextSaid' ORDER BY id"


@pytest.fixture
async def hospital(dingtalk_template: str, tmp_path: Path) -> AsyncIterator[Hospital]:
    async with (
        databases.clone(dingtalk_template) as url,
        hospitals.opened(url, tmp_path, platform=DINGTALK) as running,
    ):
        running.sim.pace = replace(
            running.sim.pace, ding=replace(running.sim.pace.ding, again=0.05, parting=0.2)
        )
        yield running


async def say(hospital: Hospital, phone: str, text: str, **how: Any) -> dict[str, Any]:
    done: dict[str, Any] = await hospital.post(f"/sim/phones/{phone}/say", {"text": text, **how})
    return done


async def links(hospital: Hospital) -> list[dict[str, Any]]:
    found = await hospital.get("/sim/dingtalk/connections")
    return [link for link in found["connections"] if not link["parting"]]


async def texts(hospital: Hospital, phone: str) -> list[str]:
    found = await hospital.get(f"/sim/phones/{phone}/messages")
    return [message["text"] for message in found if message["direction"] == "in"]


async def privately_to(hospital: Hospital) -> list[str]:
    """Whom the ledger brings a reply that could not be said at once."""
    rows = await hospital.rows(
        "SELECT i.user_id FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "JOIN identities i ON i.person_id = d.person_id WHERE m.purpose = 'replies.late'"
    )
    return [row["user_id"] for row in rows]


async def test_the_answer_is_there_before_the_acknowledgement(hospital: Hospital) -> None:
    done = await say(hospital, "dingtalk:li", "我的班")
    assert done["status"] == "ok"
    assert "12月" in done["reply"]
    assert len(await hospital.rows(SAID)) == 1


async def test_a_message_that_comes_again_changes_nothing(hospital: Hospital) -> None:
    await say(hospital, "dingtalk:li", "我的班")
    again = await hospital.post("/sim/dingtalk/connections/redeliver", {"channel": "robot"})
    assert again["status"] == "ok"
    assert len(await hospital.rows(SAID)) == 1
    assert len(await texts(hospital, "dingtalk:li")) == 1


async def test_a_message_that_comes_twice_at_once_is_one(hospital: Hospital) -> None:
    await hospital.fault("callback_duplicate", count=1)
    done = await say(hospital, "dingtalk:li", "收到")
    assert done["status"] == "ok"
    assert len(await hospital.rows(SAID)) == 1
    assert len(await texts(hospital, "dingtalk:li")) == 1


async def test_no_message_is_lost_while_sockets_are_replaced(hospital: Hospital) -> None:
    for _ in range(2):
        (before,) = await links(hospital)
        await hospital.post("/sim/dingtalk/connections/disconnect", {})

        async def replaced(old: str = before["id"]) -> bool:
            now = await links(hospital)
            return len(now) == 1 and now[0]["id"] != old

        await eventually(replaced)
        assert "12月" in (await say(hospital, "dingtalk:li", "我的班"))["reply"]
    assert len(await hospital.rows(SAID)) == 2


async def test_it_comes_back_when_its_socket_is_cut(hospital: Hospital) -> None:
    await hospital.post("/sim/dingtalk/connections/drop", {})

    async def back() -> bool:
        return bool(await links(hospital))

    await eventually(back)
    assert "12月" in (await say(hospital, "dingtalk:li", "我的班"))["reply"]
    ping = await hospital.post("/sim/dingtalk/connections/ping", {})
    assert ping["echoed"] == [True]


@pytest.mark.parametrize(
    "fields",
    [{"senderCorpId": OTHER_CORP}, {"senderStaffId": ""}, {"chatbotCorpId": OTHER_CORP}],
)
async def test_the_same_userid_elsewhere_is_a_stranger(
    hospital: Hospital, fields: dict[str, Any]
) -> None:
    done = await say(hospital, "dingtalk:li", "我的班", fields=fields)
    assert done["status"] == "ok"
    assert "12月" not in done["reply"]
    assert done["reply"] == hospital.bot.services.pipeline.dispatcher.catalogue.phrase(
        "refusals", "stranger"
    )
    (row,) = await hospital.rows(SAID)
    assert row["sender"].startswith("dingtalk:outside:")


async def test_in_a_group_the_answer_comes_privately(hospital: Hospital) -> None:
    group = f"dingtalk-group:{sample_platforms.DING_GROUP}"
    who = next(p.userid for p in sample.PEOPLE if p.unit == sample.CARDIOLOGY)
    done = await say(hospital, group, "帮助", **{"as": who})
    assert (done["status"], done["reply"]) == ("ok", "已私信回复您。")
    assert await privately_to(hospital) == [who]
    assert await texts(hospital, group) == ["已私信回复您。"]


async def test_an_expired_webhook_loses_no_answer(hospital: Hospital) -> None:
    done = await say(
        hospital, "dingtalk:li", "我的班", fields={"sessionWebhookExpiredTime": 1600000000000}
    )
    assert (done["status"], done["reply"]) == ("ok", None)
    assert await privately_to(hospital) == ["li"]


async def test_a_leaver_is_told_apart_at_once(hospital: Hospital) -> None:
    await hospital.post(
        "/sim/dingtalk/event", {"type": "user_leave_org", "data": {"userId": ["wang", "li"]}}
    )

    async def gone() -> bool:
        rows = await hospital.rows("SELECT name FROM persons WHERE NOT active ORDER BY name")
        return [row["name"] for row in rows] == sorted(["王小样", "李小样"])

    await eventually(gone)
    assert len(await hospital.rows("SELECT 1 FROM inbox WHERE kind = 'MemberChanged'")) == 2


async def test_the_same_over_http(dingtalk_template: str, tmp_path: Path) -> None:
    async with (
        databases.clone(dingtalk_template) as url,
        over_http(url, tmp_path) as hospital,
    ):
        done = await say(hospital, "dingtalk:li", "我的班")
        assert (done["status"], "12月" in done["reply"]) == ("ok", True)
        again = await hospital.post("/sim/dingtalk/connections/redeliver", {"channel": "robot"})
        assert again["status"] == "ok"
        assert len(await texts(hospital, "dingtalk:li")) == 1
        leaving = {"type": "user_leave_org", "data": {"userId": ["wang"]}}
        assert (await hospital.post("/sim/dingtalk/event", leaving))["status"] == "ok"
        for fault in ("callback_tampered", "callback_replay_old"):
            await hospital.fault(fault, count=1)
            forged = await say(hospital, "dingtalk:li", "我的班")
            assert (forged["status"], forged["reply"]) == ("http_403", None)
        counts = await hospital.rows(
            "SELECT kind, count(*) FROM inbox GROUP BY kind ORDER BY kind"
        )
        assert [tuple(row.values()) for row in counts] == [("MemberChanged", 1), ("TextSaid", 1)]


async def test_a_tap_on_a_card_nobody_sent_is_answered_politely(hospital: Hospital) -> None:
    content = {"cardPrivateData": {"actionIds": ["x.y"], "params": {"action": "x.y"}}}
    data = {
        "type": "actionCallback",
        "outTrackId": "never-sent~li",
        "corpId": sample.DING_CORP_ID,
        "userId": "li",
        "content": json.dumps(content),
    }
    body = {"channel": "card", "topic": "/v1.0/card/instances/callback", "data": data}
    done = await hospital.post("/sim/dingtalk/push", body)
    assert done["status"] == "ok"
    again = await hospital.post("/sim/dingtalk/connections/redeliver", {"channel": "card"})
    assert again["status"] == "ok"
    rows = await hospital.rows("SELECT event_id FROM inbox WHERE kind = 'CardTapped'")
    assert len(rows) == 1


async def test_a_tap_on_two_connections_is_handled_once_and_answered_alike(
    hospital: Hospital,
) -> None:
    services, nursery = hospital.bot.services, Nursery()
    inbound = Inbound(services.pipeline.take, Given(), Persons(CORP), hospital.bot.clock, nursery)
    tapped = parse_frame(json.dumps(tap_frame(message_id="one-tap")))
    now = asyncio.get_running_loop().time()
    first, second = await asyncio.gather(*[inbound.handle(tapped, now) for _ in range(2)])
    third = await inbound.handle(tapped, asyncio.get_running_loop().time())
    await nursery.close()
    assert first == second == third
    assert first is not None
    assert isinstance(first.data, dict)
    assert first.data["response"]["userPrivateData"]["cardParamMap"]["notice"]
    rows = await hospital.rows("SELECT event_id FROM inbox WHERE kind = 'CardTapped'")
    assert [row["event_id"] for row in rows] == ["dingtalk:card:one-tap"]
