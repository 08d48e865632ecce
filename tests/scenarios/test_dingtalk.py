"""What only DingTalk has: three button levels, work notifications, to-dos and a month's quota."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot import sample
from models import db
from tests.support import database as databases
from tests.support import hospital as hospitals
from tests.support.hospital import DINGTALK, Hospital
from tests.support.minutes import said_at
from tests.support.waiting import eventually

Open = Callable[..., AbstractAsyncContextManager[Hospital]]


@pytest.fixture
def opened(dingtalk_template: str, tmp_path: Path) -> Open:
    """A hospital on DingTalk with some settings of its own."""

    @asynccontextmanager
    async def with_settings(**own: object) -> AsyncIterator[Hospital]:
        async with (
            databases.clone(dingtalk_template) as url,
            hospitals.opened(url, tmp_path, platform=DINGTALK, also=lambda _: own) as hospital,
        ):
            yield hospital

    return with_settings


async def calls(hospital: Hospital, api: str) -> int:
    found = await hospital.get(f"/sim/calls?api={api}&limit=1000")
    return sum(1 for call in found if call["api"].endswith(api))


async def todos(hospital: Hospital, user: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await hospital.get(f"/sim/phones/dingtalk:{user}/todos")
    return found


async def swap_state() -> str:
    return str(await db.fetch_value("SELECT state FROM swaps"))


async def test_reminders_of_equal_shifts_are_one_call_and_decisions_are_cards(
    opened: Open,
) -> None:
    """What a hospital on the standard edition sends: its 5,000 calls are kept for decisions."""
    async with opened(dingtalk_cards="decisions") as hospital:
        await hospital.at("20:31")
        reminded = await db.fetch("SELECT DISTINCT send_id FROM deliveries")
        people = await db.fetch_value("SELECT count(*) FROM deliveries")
        assert people == 8
        assert await calls(hospital, "robot/oToMessages/batchSend") == len(reminded) < people
        assert await calls(hospital, "card/instances/createAndDeliver") == 0
        li = hospital.phone("li")
        card = await li.expects_card("12月8日")
        assert said_at("已收到 20:31", await card.tap("收到"))
        await hospital.phone("sun").says("换班 1214A 王")
        await hospital.phone("wang").expects_card("想和您换班")
        assert await calls(hospital, "card/instances/createAndDeliver") == 1


async def test_without_a_template_buttons_say_the_words(opened: Open) -> None:
    async with opened(dingtalk_card_template="", public_url="") as hospital:
        sun, wang, zhao = hospital.phones("sun", "wang", "zhao")
        await sun.says("换班 1214A 王")
        asked = await wang.expects_card("想和您换班")
        assert re.search(r"同意 #[0-9A-Z]{7}", asked.text), asked.text
        assert await asked.tap("同意") == "孙小样想和您换班：已同意，等护士长批准"
        assert await asked.tap("同意") == "已经同意过了，正在等护士长批准。"
        approval = await zhao.expects_card("换班请审批")
        assert "已批准" in await approval.tap("批准")
        await sun.expects("批准")
        assert await swap_state() == "approved"


async def test_a_message_that_cannot_be_redrawn_is_taken_back(opened: Open) -> None:
    async with opened(dingtalk_card_template="", public_url="") as hospital:
        sun, wang = hospital.phones("sun", "wang")
        await sun.says("换班 1214A 王")
        asked = await wang.expects_card("想和您换班")
        assert "已撤回" in await sun.says("撤回换班")
        await hospital.settle()
        lying = [m for m in await wang.messages() if m["seq"] == asked.body["seq"]]
        assert lying[0]["state"] == "recalled"
        states = await db.fetch(
            "SELECT d.state, d.reason FROM deliveries d JOIN messages m ON m.id = d.message_id "
            "WHERE m.purpose = 'swaps.request'"
        )
        assert [tuple(row.values()) for row in states] == [("withdrawn", "taken back")]


async def test_what_was_answered_or_is_shared_stays(opened: Open) -> None:
    async with opened(dingtalk_card_template="", public_url="") as hospital:
        sun, wang = hospital.phones("sun", "wang")
        await sun.says("换班 1214A 王")
        asked = await wang.expects_card("想和您换班")
        await asked.tap("同意")
        assert "已撤回" in await sun.says("撤回换班")
        await hospital.settle()
        lying = [m for m in await wang.messages() if m["seq"] == asked.body["seq"]]
        assert lying[0]["state"] == "delivered"


async def test_behind_a_link_a_page_asks_once_more(opened: Open) -> None:
    async with opened(dingtalk_card_template="", dingtalk_buttons="link") as hospital:
        sun, wang = hospital.phones("sun", "wang")
        await sun.says("换班 1214A 王")
        asked = await wang.expects_card("想和您换班")
        urls = {b["text"]: b["url"] for b in asked.body["card"]["buttons"]}
        async with hospital.session.get(urls["同意"]) as page:
            text = await page.text()
        assert "孙小样想和您换班" in text
        assert await swap_state() == "asked"  # looking is not answering
        once = re.search(r'name="once" value="([^"]+)"', text)
        assert once is not None
        async with hospital.session.post(urls["同意"], data={"once": once[1]}) as page:
            assert "已同意，等护士长批准" in await page.text()
        assert await swap_state() == "accepted"
        await hospital.phone("zhao").expects_card("换班请审批")


async def test_who_has_no_robot_chat_gets_a_work_notification(opened: Open) -> None:
    """It counts as arrived only once the platform has told so."""
    async with opened() as hospital:
        await hospital.fault(
            "api_error", api="v1.0/card/instances/createAndDeliver", code="robot.oto.notExist"
        )
        wang = hospital.phone("wang")
        await hospital.phone("sun").says("换班 1214A 王")
        notice = await wang.expects("想和您换班")
        first = await db.fetch(
            "SELECT DISTINCT ON (d.id) channel, e.state FROM deliveries d "
            "JOIN messages m ON m.id = d.message_id "
            "JOIN delivery_events e ON e.delivery_id = d.id "
            "WHERE m.purpose = 'swaps.request' AND e.state NOT IN ('queued', 'sending') "
            "ORDER BY d.id, e.id"
        )
        assert [tuple(row.values()) for row in first] == [
            ("dingtalk", "failed"),
            ("dingtalk_notice", "unknown"),
        ]
        code = re.search(r"同意 #([0-9A-Z]{7})", notice.text)
        await hospital.later("1m")
        told = await db.fetch_value(
            "SELECT state FROM deliveries WHERE channel = 'dingtalk_notice'"
        )
        assert told in ("accepted", "seen")
        assert code is not None
        assert "已同意" in await wang.says(f"同意 #{code[1]}")


async def test_what_the_platform_dropped_without_a_word_is_listed(opened: Open) -> None:
    async with opened() as hospital:
        await hospital.post("/sim/dingtalk/notices", {"daily": 0})
        await hospital.fault(
            "api_error", api="v1.0/card/instances/createAndDeliver", code="robot.oto.notExist"
        )
        await hospital.phone("sun").says("换班 1214A 王")
        await hospital.settle()
        await hospital.later("1m")
        row = await db.fetch_one(
            "SELECT state, code FROM deliveries WHERE channel = 'dingtalk_notice'"
        )
        assert row is not None
        assert (row["state"], row["code"]) == ("failed", 143105)
        await hospital.phone("wang").expects_nothing()


async def test_an_approval_stands_in_the_to_do_list_until_it_is_decided(opened: Open) -> None:
    async with opened() as hospital:
        await db.execute("UPDATE identities SET union_id = 'union-' || user_id")
        sun, wang, zhao = hospital.phones("sun", "wang", "zhao")
        await sun.says("换班 1214A 王")
        await (await wang.expects_card("想和您换班")).tap("同意")
        await hospital.settle()
        (todo,) = await todos(hospital, "zhao")
        assert todo["done"] is False
        assert "换班" in todo["subject"]
        card = await zhao.expects_card("换班请审批")
        await card.tap("批准")
        await hospital.settle()

        async def done() -> bool:
            (todo,) = await todos(hospital, "zhao")
            return bool(todo["done"])

        assert await eventually(done)


async def test_a_month_used_up_is_told_and_lists_who_was_not_reached(opened: Open) -> None:
    async with opened() as hospital:
        await hospital.post("/sim/dingtalk/month", {"api": {"used": 10, "limit": 10}})
        await hospital.phone("sun").says("换班 1214A 王")
        await hospital.settle()
        rows = await db.fetch(
            "SELECT d.state, d.code FROM deliveries d JOIN messages m ON m.id = d.message_id "
            "WHERE m.purpose = 'swaps.request'"
        )
        assert rows
        assert {row["state"] for row in rows} == {"failed"}
        warned = await db.fetch_value(
            "SELECT count(*) FROM messages WHERE purpose = 'operations.quota'"
        )
        assert warned == 1
        assert await hospital.phone("li").says("我的班") != ""  # answers cost nothing


async def test_a_forwarded_card_obeys_only_its_receiver(opened: Open) -> None:
    async with opened() as hospital:
        await hospital.phone("sun").says("换班 1214A 王")
        await hospital.phone("wang").expects_card("想和您换班")
        task = await db.fetch_value("SELECT task_id FROM sends ORDER BY id DESC LIMIT 1")
        for thief in ("liu", "sun", "song"):
            body = _tap(f"{task}~wang", thief, "swaps.accept")
            await hospital.post("/sim/dingtalk/push", body)
        assert await swap_state() == "asked"
        await hospital.post("/sim/dingtalk/push", _tap(f"{task}~wang", "wang", "swaps.accept"))
        assert await swap_state() == "accepted"


def _tap(track: str, user: str, verb: str) -> dict[str, Any]:
    private = {"actionIds": [verb], "params": {"action": verb}}
    return {
        "channel": "card",
        "topic": "/v1.0/card/instances/callback",
        "data": {
            "type": "actionCallback",
            "outTrackId": track,
            "corpId": sample.DING_CORP_ID,
            "userId": user,
            "content": f'{{"cardPrivateData": {_json(private)}}}',
        },
    }


def _json(value: object) -> str:
    return json.dumps(value)
