"""The robot's socket breaks in every way; nothing is lost in silence and nothing arrives twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from bot.platforms.wecom.robot import line
from bot.platforms.wecom.robot.connection import Pace
from tests.support.robot import RobotHospital, robot_hospital
from tests.support.unhurried import LONG
from tests.support.waiting import eventually

REMINDER = "shifts.reminder"


@pytest.fixture
async def town(
    seeded_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RobotHospital]:
    async with patient(seeded_url, tmp_path, monkeypatch, ack=LONG) as running:
        yield running


def patient(
    url: str, data: Path, patch: pytest.MonkeyPatch, *, ack: float
) -> AbstractAsyncContextManager[RobotHospital]:
    """The bot waits `ack` seconds for the platform's word."""
    patch.setattr(line, "Pace", partial(Pace, ack=ack))
    return robot_hospital(url, data)


async def reminders(town: RobotHospital) -> int:
    """How many reminders lie on all phones."""
    found = 0
    for userid in await town.everybody():
        found += sum("12月8日(周二)" in m["text"] for m in await town.phone(userid).messages())
    return found


async def all_accepted(town: RobotHospital) -> bool:
    states = await town.states(REMINDER)
    return len(states) == 8 and set(states) == {"accepted"}


async def test_a_cut_connection_is_made_again_and_what_was_due_is_sent_once(
    town: RobotHospital,
) -> None:
    [before] = await town.lines()
    await town.line("drop")
    await town.at("20:31")
    await town.connected()
    await eventually(lambda: all_accepted(town))
    assert await reminders(town) == 8
    [after] = await town.lines()
    assert after["id"] != before["id"]
    assert "您接下来7天的班" in await town.phone("li").says("我的班")


@pytest.fixture
async def waiting(
    seeded_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RobotHospital]:
    """Somebody has to wait for an ack that never comes; those that do come have as long."""
    async with patient(seeded_url, tmp_path, monkeypatch, ack=8) as running:
        yield running


async def test_an_ack_that_is_lost_leaves_unknown_and_no_twin(waiting: RobotHospital) -> None:
    town = waiting
    await town.fault("accepted_then_timeout", api="aibot_send_msg", count=1)
    await town.at("20:31")
    await town.settle()
    assert sorted(await town.states(REMINDER)) == ["accepted"] * 7 + ["unknown"]
    assert await reminders(town) == 8
    await town.later("20m")
    assert await reminders(town) == 8
    assert (await town.states(REMINDER)).count("unknown") == 1


async def test_a_connection_cut_after_a_send_leaves_unknown_and_no_twin(
    town: RobotHospital,
) -> None:
    await town.fault("reset_after_bytes", api="aibot_send_msg", count=1)
    await town.at("20:31")
    await town.connected()

    async def none_waits() -> bool:
        return not set(await town.states(REMINDER)) & {"queued", "sending"}

    await eventually(none_waits)
    states = await town.states(REMINDER)
    assert "unknown" in states
    assert set(states) == {"accepted", "unknown"}
    # Whatever was under way when the line was cut may have arrived or not; none came twice.
    for userid in await town.everybody():
        got = [m for m in await town.phone(userid).messages() if "12月8日" in m["text"]]
        assert len(got) <= 1
    assert await reminders(town) >= states.count("accepted") + 1


@pytest.fixture
async def hasty(
    seeded_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[RobotHospital, Callable[[float], None]]]:
    """One whose patience a test may change while it runs."""
    pace = Pace(ack=LONG, close=0.2, shortest=0.1)
    monkeypatch.setattr(line, "Pace", lambda: pace)
    async with robot_hospital(seeded_url, tmp_path) as running:
        yield running, partial(object.__setattr__, pace, "ack")


async def test_a_half_open_connection_is_found_out_and_replaced(
    hasty: tuple[RobotHospital, Callable[[float], None]],
) -> None:
    town, wait_for_an_ack = hasty
    [before] = await town.lines()
    await town.line("freeze")
    wait_for_an_ack(0.5)
    await town.bot.services.ledger.notify(
        "replies.late", 0, [await person(town, "li")], context={"text": "第一条"}
    )

    async def replaced() -> bool:
        return any(one["live"] and one["id"] != before["id"] for one in await town.lines())

    await eventually(replaced)
    wait_for_an_ack(LONG)
    await town.connected()
    assert await town.states("replies.late") == ["unknown"]
    await town.bot.services.ledger.notify(
        "replies.late", 1, [await person(town, "li")], context={"text": "第二条"}
    )
    await town.phone("li").expects("第二条")
    assert await town.states("replies.late") == ["unknown", "accepted"]


async def person(town: RobotHospital, userid: str) -> int:
    rows = await town.rows("SELECT person_id FROM identities WHERE user_id = $1", userid)
    return int(rows[0]["person_id"])


async def test_thrown_out_the_bot_does_not_fight_and_says_so(town: RobotHospital) -> None:
    await town.line("disconnect")

    async def rests() -> list[object]:
        return [
            row["cure"]
            for row in await town.rows(
                "SELECT cure FROM channel_pauses WHERE channel = 'wecom_robot'"
            )
        ]

    [cure] = await eventually(rests)
    assert "另一个程序" in str(cure)
    async with town.session.get(f"http://127.0.0.1:{town.bot.port}/readyz") as answer:
        assert answer.status == 503
        assert "另一个程序" in (await answer.json())["wecom_robot"]

    async def none_left() -> bool:
        return await town.lines() == []

    await eventually(none_left)
    await town.at("20:31")
    assert await town.states(REMINDER) == ["queued"] * 8


async def test_a_callback_that_comes_twice_is_handled_and_answered_once(
    town: RobotHospital,
) -> None:
    li, yang = town.phones("li", "yang")
    await town.fault("callback_duplicate", count=1)
    assert "已经问杨小样了" in await li.says("换班 1212A 杨")
    await yang.expects_card("换班")
    await town.expects_nothing_else()
    assert len(await town.rows("SELECT id FROM swaps")) == 1
    assert len(await town.rows("SELECT id FROM inbox")) == 1


async def test_a_tap_that_comes_twice_redraws_once(town: RobotHospital) -> None:
    await town.at("20:31")
    rows = await town.rows(
        "SELECT i.user_id FROM asks a JOIN identities i ON i.person_id = a.person_id LIMIT 1"
    )
    card = await town.phone(rows[0]["user_id"]).expects_card("收到")
    await town.fault("callback_duplicate", count=1)
    assert "已收到" in await card.tap("收到")
    await town.settle()
    assert len(await town.rows("SELECT id FROM inbox WHERE kind = 'CardTapped'")) == 1


async def test_a_slow_platform_is_waited_for(town: RobotHospital) -> None:
    await town.fault("slow", api="aibot_*", ms=600)
    assert "您接下来7天的班" in await town.phone("li").says("我的班")
    await town.at("20:31")
    await town.settle()
    assert set(await town.states(REMINDER)) == {"accepted"}


async def test_not_subscribed_is_tried_again_on_a_new_connection(town: RobotHospital) -> None:
    await town.fault("rate_limit", api="aibot_send_msg", errcode=846609, count=1)
    await town.at("20:31")
    await town.connected()

    async def all_sent() -> bool:
        await town.later("1m")
        return await all_accepted(town)

    await eventually(all_sent)
    assert await reminders(town) == 8
