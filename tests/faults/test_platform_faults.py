"""The platform misbehaves: what arrives, what the ledger says, and how it recovers by itself."""

from __future__ import annotations

from typing import Any

import pytest

from models import db
from tests.support.hospital import Hospital
from tests.support.waiting import eventually

REMINDED = """
SELECT d.state, count(*) AS n FROM deliveries d JOIN messages m ON m.id = d.message_id
 WHERE m.purpose = 'shifts.reminder' GROUP BY 1 ORDER BY 1
"""


async def states() -> dict[str, int]:
    return {row["state"]: row["n"] for row in await db.fetch(REMINDED)}


async def all_accepted() -> bool:
    return await states() == {"accepted": 8}


async def reminded(hospital: Hospital) -> dict[str, list[str]]:
    """Who has which reminders on the phone."""
    found = {}
    for person in await hospital.get("/sim/phones"):
        messages = await hospital.phone(person["id"]).messages()
        cards = [m["text"] for m in messages if "排班提醒" in m["text"]]
        if cards:
            found[person["id"]] = cards
    return found


async def expect_everybody_once(hospital: Hospital) -> None:
    phones = await reminded(hospital)
    assert len(phones) == 8
    assert all(len(cards) == 1 for cards in phones.values())


async def test_an_expired_token_is_renewed_once_for_all_who_send(hospital: Hospital) -> None:
    await hospital.at("20:00")
    await hospital.fault("expired_token", api="message/send", count=1)
    before = (await hospital.get("/sim/stats"))["gettoken"]
    await hospital.at("20:31")
    await eventually(all_accepted)
    after = (await hospital.get("/sim/stats"))["gettoken"]
    assert sum(after.values()) - sum(before.values()) <= 2
    await expect_everybody_once(hospital)


@pytest.mark.parametrize("kind", ["http_500", "html_502", "reset_after_bytes"])
async def test_a_broken_answer_is_repeated_until_the_platform_says_ok(
    hospital: Hospital, kind: str
) -> None:
    await hospital.fault(kind, api="message/send", count=2)
    await hospital.at("20:31")
    await hospital.later("10m")
    await eventually(all_accepted)
    await expect_everybody_once(hospital)


async def test_a_rate_limit_rests_the_channel_and_ends_by_itself(hospital: Hospital) -> None:
    await hospital.fault("rate_limit", api="message/send", count=1)
    await hospital.at("20:31")
    await hospital.later("10m")
    await eventually(all_accepted)
    assert await db.fetch("SELECT 1 FROM deliveries WHERE attempts > 0") == []
    await expect_everybody_once(hospital)


async def test_only_the_person_the_platform_does_not_know_fails(hospital: Hospital) -> None:
    users = [
        row["user_id"]
        for row in await db.fetch(
            "SELECT i.user_id FROM shifts s JOIN identities i ON i.person_id = s.person_id "
            "WHERE s.remind_at < '2026-12-07T13:00Z' ORDER BY 1 LIMIT 1"
        )
    ]
    await hospital.fault("invalid_user", users=users)
    await hospital.at("20:31")
    assert await states() == {"accepted": 7, "failed": 1}
    phones = await reminded(hospital)
    assert set(users).isdisjoint(phones)
    assert all(len(cards) == 1 for cards in phones.values())
    await hospital.at("21:45")
    await hospital.phone("zhao").expects("没有发到,请电话联系")


async def test_an_untrusted_address_is_named_with_its_cure_and_mended_without_a_restart(
    hospital: Hospital,
) -> None:
    await hospital.fault("untrusted_ip")
    await hospital.at("20:31")
    ready = f"http://127.0.0.1:{hospital.bot.port}/readyz"
    async with hospital.session.get(ready) as reply:
        told: dict[str, Any] = await reply.json()
        assert reply.status == 503
    assert "60020" in told["wecom_app"]
    assert "可信IP" in told["wecom_app"].replace(" ", "")
    async with hospital.session.delete(f"{hospital.address}/sim/faults") as reply:
        assert reply.status == 200
    await hospital.later("15m")
    await eventually(all_accepted)
    async with hospital.session.get(ready) as reply:
        assert reply.status == 200
    await expect_everybody_once(hospital)


async def test_the_ledger_claims_no_more_than_the_platform_said(hospital: Hospital) -> None:
    await hospital.fault("member_silent_drop")
    await hospital.at("20:31")
    assert await states() == {"accepted": 8}
    assert await reminded(hospital) == {}
    assert await db.fetch("SELECT 1 FROM deliveries WHERE state IN ('seen', 'answered')") == []


async def test_a_callback_sent_twice_at_once_is_answered_twice_and_done_once(
    hospital: Hospital,
) -> None:
    await hospital.fault("callback_duplicate", count=1)
    assert "12月" in await hospital.phone("li").says("我的班")
    assert len(await db.fetch("SELECT 1 FROM inbox")) == 1


@pytest.mark.parametrize("kind", ["callback_tampered", "callback_replay_old"])
async def test_a_forged_or_stale_callback_leaves_no_trace(hospital: Hospital, kind: str) -> None:
    await hospital.fault(kind, count=1)
    done = await hospital.post("/sim/phones/li/say", {"text": "我的班"})
    assert not done["reply"]
    assert await db.fetch("SELECT 1 FROM inbox") == []
    assert "12月" in await hospital.phone("li").says("我的班")


async def test_a_stranger_to_time_may_speak_out_of_order(hospital: Hospital) -> None:
    await hospital.fault("callback_reorder", count=1)
    held = await hospital.post("/sim/phones/li/say", {"text": "我的班"})
    assert held["status"] == "held"
    await hospital.phone("wang").says("本周")

    async def both() -> bool:
        return len(await db.fetch("SELECT 1 FROM inbox WHERE state = 'done'")) == 2

    await eventually(both)


async def test_an_accepted_send_whose_answer_is_lost_is_seen_once(hospital: Hospital) -> None:
    hospital.sim.pace = type(hospital.sim.pace)(timeout=5, retry_wait=0.02, hold=0.2)
    await hospital.fault("accepted_then_timeout", api="message/send", count=1)
    await hospital.at("20:31")
    await hospital.later("10m")
    await eventually(all_accepted)
    await expect_everybody_once(hospital)
    stats = await hospital.get("/sim/stats")
    assert stats["duplicates_suppressed"] == 1
    rows = await db.fetch(
        "SELECT DISTINCT delivery_id FROM delivery_events WHERE state = 'unknown'"
    )
    assert rows


async def test_a_swallowed_send_is_sent_again(hospital: Hospital) -> None:
    hospital.sim.pace = type(hospital.sim.pace)(timeout=5, retry_wait=0.02, hold=0.2)
    await hospital.fault("black_hole", api="message/send", count=1)
    await hospital.at("20:31")
    await hospital.later("10m")
    await eventually(all_accepted)
    await expect_everybody_once(hospital)
