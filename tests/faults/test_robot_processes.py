"""Two real processes share one robot: one is killed, the other goes on within seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot import sample
from bot.app import read_rules
from bot.pipeline import CARRIES_REPLY
from bot.wiring import Services, build
from models import db
from models.clock import ManualClock
from simulator.hospital import parse
from tests.support.processes import Process, Town, town
from tests.support.robot import robot_settings, robot_world
from tests.support.waiting import eventually


class RobotTown(Town):
    """Bots that know nothing but the robot."""

    def environment(self) -> dict[str, str]:
        common = super().environment()
        return {
            **{name: value for name, value in common.items() if "WECOM" not in name},
            "WARDBELL_WECOM_ROBOT_ID": sample.ROBOT_ID,
            "WARDBELL_WECOM_ROBOT_SECRET": sample.ROBOT_SECRET,
            "WARDBELL_WECOM_ROBOT_URL": f"{self.address.replace('http', 'ws', 1)}/wecom/robot",
        }

    async def subscribed(self, *, other_than: int = 0) -> int:
        """The number of the live connection."""

        async def live() -> int:
            line = self.sim.robot.live
            return line.id if line is not None and line.id != other_than else 0

        return await eventually(live)

    async def holder(self) -> Process:
        """The process that has the lease, by what it says itself, a moment later."""

        async def named() -> list[Process]:
            return [
                p
                for p in self.processes
                if p.process.returncode is None and "robot_subscribed" in "".join(p.log)
            ]

        [one] = await eventually(named)
        return one


@pytest.fixture
async def place(database_url: str, tmp_path: Path) -> AsyncIterator[RobotTown]:
    async with robot_town(database_url, tmp_path) as here:
        yield here


@asynccontextmanager
async def robot_town(url: str, data: Path) -> AsyncIterator[RobotTown]:
    async with town(url, data, world=parse(robot_world()), kind=RobotTown) as here:
        assert isinstance(here, RobotTown)
        yield here


@pytest.fixture
def services(database_url: str, clock: ManualClock, tmp_path: Path) -> Services:
    """Use cases of a hospital that has only the robot."""
    return build(read_rules(robot_settings(database_url, "", tmp_path)), clock)


async def two(place: RobotTown) -> None:
    one, other = await asyncio.gather(place.bot("worker", wait=False), place.bot(wait=False))
    await asyncio.gather(place.up(one), place.up(other))


async def accepted(count: int) -> bool:
    rows = await db.fetch(
        "SELECT d.state FROM deliveries d JOIN messages m ON m.id = d.message_id "
        "WHERE m.purpose = 'shifts.reminder'"
    )
    return len(rows) == count and {row["state"] for row in rows} == {"accepted"}


def reminded(place: RobotTown) -> dict[str, int]:
    return {
        userid: sum("12月8日(周二)" in body for body in bodies)
        for userid, bodies in place.arrived().items()
        if bodies
    }


async def test_two_processes_are_one_robot_and_remind_once(place: RobotTown) -> None:
    await two(place)
    line = await place.subscribed()
    await eventually(lambda: accepted(8), 60)
    assert set(reminded(place).values()) == {1}
    assert list(place.sim.robot.lines) == [line]


async def test_when_the_holder_is_killed_the_other_delivers_within_seconds(
    place: RobotTown, services: Services
) -> None:
    await two(place)
    line = await place.subscribed()
    await eventually(lambda: accepted(8), 60)
    holder = await place.holder()
    [other] = [process for process in place.processes if process is not holder]
    await holder.killed()
    [row] = await db.fetch("SELECT person_id FROM identities WHERE user_id = 'li'")
    context = {"text": "交接之后的一条"}
    await services.ledger.notify(CARRIES_REPLY, 0, [row["person_id"]], context=context)
    await place.subscribed(other_than=line)
    assert await place.holder() is other

    async def arrived() -> bool:
        return sum("交接之后" in body for body in place.arrived()["li"]) == 1

    await eventually(arrived)
    assert await other.ended() == 0
    assert sum("交接之后" in body for body in place.arrived()["li"]) == 1
    assert set(reminded(place).values()) == {1}
    rows = await db.fetch("SELECT DISTINCT state FROM deliveries")
    assert [row["state"] for row in rows] == ["accepted"]


async def test_killed_between_sending_and_the_ack_it_is_unknown_and_not_repeated(
    place: RobotTown, services: Services
) -> None:
    await place.bot("worker")
    line = await place.subscribed()
    await eventually(lambda: accepted(8), 60)
    place.sim.faults.add({"kind": "accepted_then_timeout", "api": "aibot_send_msg", "count": 1})
    [row] = await db.fetch("SELECT person_id FROM identities WHERE user_id = 'li'")
    context = {"text": "正在路上的一条"}
    await services.ledger.notify(CARRIES_REPLY, 0, [row["person_id"]], context=context)

    async def arrived() -> bool:
        return any("正在路上" in body for body in place.arrived()["li"])

    await eventually(arrived)
    await place.processes[0].killed()
    await place.bot("worker")
    await place.subscribed(other_than=line)

    async def settled() -> bool:
        rows = await db.fetch("SELECT state FROM deliveries ORDER BY id DESC LIMIT 1")
        return bool(rows[0]["state"] == "unknown")

    await eventually(settled)
    assert await place.processes[1].ended() == 0
    assert sum("正在路上" in body for body in place.arrived()["li"]) == 1
