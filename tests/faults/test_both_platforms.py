"""Both platforms in one bot: each person's way, and what one platform's trouble does not do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from bot.pipeline import CARRIES_REPLY
from models import db
from models.clock import SHANGHAI
from tests.support import database as databases
from tests.support.both import both_platforms, fill_both, stream_is_open
from tests.support.hospital import Hospital
from tests.support.waiting import eventually

SOON = 8.0  # seconds; a call that is held here is held until the bot gives it up, after ten
REMINDED = """
SELECT d.channel, d.state, count(*) AS n FROM deliveries d JOIN messages m ON m.id = d.message_id
 WHERE m.purpose = 'shifts.reminder' GROUP BY 1, 2 ORDER BY 1, 2
"""
# The clock is moved to the minute at which something is due, and goes on by itself from there.
LATEST = """
SELECT max(extract(epoch FROM e.at - d.claimed_at))::float
  FROM delivery_events e JOIN deliveries d ON d.id = e.delivery_id
  JOIN messages m ON m.id = d.message_id
 WHERE m.purpose = 'shifts.reminder' AND d.channel = 'wecom_app' AND e.state = 'accepted'
"""
PAST_OR_NOT = """
SELECT d.state, d.reason, d.expires_at <= $1 AS past
  FROM deliveries d JOIN messages m ON m.id = d.message_id
 WHERE m.purpose = 'shifts.reminder' AND d.channel = 'dingtalk'
"""
TO_SONG = """
SELECT d.channel, d.state FROM deliveries d JOIN messages m ON m.id = d.message_id
  JOIN persons p ON p.id = d.person_id
 WHERE p.name = '宋小范' AND m.purpose = $1 ORDER BY d.id
"""


@pytest.fixture(scope="session")
def both_template(empty_template: str) -> str:
    return databases.made("both", fill_both, empty_template)


@pytest.fixture
async def hospital(both_template: str, tmp_path: Path) -> AsyncIterator[Hospital]:
    async with databases.clone(both_template) as url, both_platforms(url, tmp_path) as running:
        yield running


async def tell_song(hospital: Hospital, text: str) -> None:
    person = await db.fetch_value("SELECT id FROM persons WHERE name = '宋小范'")
    services = hospital.bot.services
    await services.ledger.notify(CARRIES_REPLY, 0, [person], context={"text": text})


async def ways(purpose: str = CARRIES_REPLY) -> list[tuple[str, str]]:
    return [(row["channel"], row["state"]) for row in await db.fetch(TO_SONG, purpose)]


async def reminders(channel: str) -> dict[str, int]:
    """State → how many reminders."""
    rows = await db.fetch(REMINDED)
    return {row["state"]: row["n"] for row in rows if row["channel"] == channel}


async def reminded(hospital: Hospital) -> dict[str, int]:
    """Phone → how many reminders lie on it."""
    found = {}
    for phone in await hospital.everybody():
        texts = [m["text"] for m in await hospital.phone(phone).messages()]
        found[phone] = sum("排班提醒" in text for text in texts)
    return {phone: count for phone, count in found.items() if count}


async def wards_are_reminded_once(hospital: Hospital) -> None:
    """Every nurse on duty tomorrow, of either ward, has exactly one."""
    counts = await reminded(hospital)
    assert set(counts.values()) == {1}
    on_dingtalk = {phone for phone in counts if phone.startswith("dingtalk:")}
    assert len(counts) - len(on_dingtalk) == 8
    assert len(on_dingtalk) == sum((await reminders("dingtalk")).values()) > 0


async def test_she_gets_her_messages_where_she_wants_them(hospital: Hospital) -> None:
    here, there = hospital.phones("song", "dingtalk:song")
    await tell_song(hospital, "第一条")
    await here.expects("第一条")
    assert "先发到钉钉" in await there.says("消息用钉钉")
    await tell_song(hospital, "第二条")
    await there.expects("第二条")
    assert "先发到企业微信" in await there.says("消息用企业微信")
    await tell_song(hospital, "第三条")
    await here.expects("第三条")
    await hospital.expects_nothing_else()


@pytest.mark.parametrize(
    ("chosen", "climbs_to"), [("消息用钉钉", "song"), ("消息用企业微信", "dingtalk:song")]
)
async def test_who_cannot_be_reached_here_is_reached_there(
    hospital: Hospital, chosen: str, climbs_to: str
) -> None:
    await hospital.phone("song").says(chosen)
    api = "v1.0/*" if chosen == "消息用钉钉" else "message/*"
    await hospital.fault("invalid_user", api=api, users=["song"])
    await tell_song(hospital, "一条")
    await hospital.phone(climbs_to).expects("一条")
    await hospital.expects_nothing_else()
    assert [state for _, state in await ways()] == ["failed", "accepted"]


async def test_dingtalks_month_used_up_is_wecoms_turn_and_its_ward_never_notices(
    hospital: Hospital,
) -> None:
    await hospital.phone("song").says("消息用钉钉")
    await hospital.post("/sim/dingtalk/month", {"api": {"used": 10, "limit": 10}})
    for text in ("第一条", "第二条"):  # the first finds it out, the second knows
        await tell_song(hospital, text)
        await hospital.phone("song").expects(text)
    assert [way for way in await ways() if way[1] == "accepted"] == [("wecom_app", "accepted")] * 2
    await hospital.later("2m")
    await hospital.phone("song").expects("钉钉")  # the warning itself
    await hospital.at("20:31")
    assert await reminders("wecom_app") == {"accepted": 8}
    assert set(await reminders("dingtalk")) == {"failed"}
    assert set((await reminded(hospital)).values()) == {1}
    await hospital.phone("dingtalk:song").expects_nothing()


@pytest.mark.parametrize("kind", ["black_hole", "reset_after_bytes"])
async def test_dingtalk_down_holds_nobody_up_on_wecom_and_comes_back(
    hospital: Hospital, kind: str
) -> None:
    """One is held or cut off at the token, at the cards and at the door of its Stream."""
    await hospital.at("19:50")
    await hospital.fault(kind, api="v1.0/*")
    await hospital.post("/sim/dingtalk/connections/drop", {})
    # The platform's clock does not wait for a bot that still tries: `late` may name it. It moves
    # but once, or what is being sent meanwhile would seem to take as long as it moves.
    patience, hospital.sim.followers.patience = hospital.sim.followers.patience, 1.0
    await hospital.post("/sim/clock", {"to": "20:31", "step": "1d"})
    await eventually(wecom_all_accepted)
    assert set(await reminders("dingtalk")) <= {"queued", "sending", "unknown"}
    late = await db.fetch_value(LATEST)
    assert late <= SOON, f"{late} s from the time it was due to the platform's ok"
    assert "12月" in await hospital.phone("li").says("我的班")
    hospital.sim.faults.clear()
    hospital.sim.followers.patience = patience
    # Its pause doubles with every failure, up to a minute.
    await eventually(lambda: stream_is_open(hospital), 120)
    for _ in range(2):  # what failed once more just now waits longer
        await hospital.later("10m")
    assert set(await reminders("dingtalk")) == {"accepted"}
    await wards_are_reminded_once(hospital)
    assert "12月" in await hospital.phone("dingtalk:zhu").says("我的班")


async def wecom_all_accepted() -> bool:
    return await reminders("wecom_app") == {"accepted": 8}


async def test_what_is_too_late_when_dingtalk_is_back_says_so(hospital: Hospital) -> None:
    """All night no card could be made: who still has time is reminded, nobody of what is past."""
    await hospital.at("19:50")
    await hospital.fault("rate_limit", api="v1.0/card/*")
    await hospital.at("20:31")
    assert set(await reminders("dingtalk")) == {"queued"}
    await hospital.at("2026-12-08T16:30")
    hospital.sim.faults.clear()
    await hospital.later("10m")
    rows = await db.fetch(PAST_OR_NOT, datetime(2026, 12, 8, 16, 30, tzinfo=SHANGHAI))
    past = {(row["state"], row["reason"]) for row in rows if row["past"]}
    assert past
    assert past <= {
        ("expired", "too late to be useful"),
        ("suppressed", "quiet hours until it is useless"),
    }
    still = [row["state"] for row in rows if not row["past"]]
    assert set(still) <= {"accepted"}
    there = {k: n for k, n in (await reminded(hospital)).items() if k.startswith("dingtalk:")}
    assert sum(there.values()) == len(still)
