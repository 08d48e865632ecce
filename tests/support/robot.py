"""A hospital that has nothing but the smart robot: no app, no address of its own to be called."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from pydantic import SecretStr

from bot import sample, sample_platforms
from bot.demo import DemoSettings
from config.settings import Settings
from simulator.hospital import parse
from simulator.serve import running as simulator_running
from simulator.state import Simulator
from tests.support.hospital import KEY, START, Hospital
from tests.support.patience import PATIENT, patient_bot
from tests.support.waiting import eventually


def robot_settings(url: str, sim: str, data: Path) -> Settings:
    return DemoSettings(
        database_url=url,
        data_dir=data,
        port=0,
        hospital="示例医院",
        encryption_keys=SecretStr(KEY),
        wecom_robot_id=sample.ROBOT_ID,
        wecom_robot_secret=SecretStr(sample.ROBOT_SECRET),
        wecom_robot_url=f"{sim.replace('http', 'ws', 1)}/wecom/robot",
        clock_url=f"{sim}/sim/clock",
    )


def robot_world(*, greeted: bool = True) -> dict[str, Any]:
    robot = {"bot_id": sample.ROBOT_ID, "secret": sample.ROBOT_SECRET, "greeted": greeted}
    return {
        **sample_platforms.simulated("http://127.0.0.1:9/unset"),
        "apps": [],
        "robot": {**robot, "name": "护铃智能机器人"},
    }


class RobotHospital(Hospital):
    """The same sentences; and the robot's connection to look at and to break."""

    async def connected(self, within: float = 30) -> None:
        """Wait until the simulator has a live connection and the bot may use it."""

        async def live() -> bool:
            assert self.bot.workshop is not None
            return self.bot.workshop.channels["wecom_robot"].ready

        await eventually(live, within)

    async def lines(self) -> Sequence[Any]:
        found: Sequence[Any] = await self.get("/sim/robot/connections")
        return found

    async def line(self, action: str) -> None:
        await self.post(f"/sim/robot/connections/live/{action}", {})

    async def states(self, purpose: str) -> list[str]:
        rows = await self.rows(
            "SELECT d.state FROM deliveries d JOIN messages m ON m.id = d.message_id "
            "WHERE m.purpose = $1 ORDER BY d.id",
            purpose,
        )
        return [row["state"] for row in rows]


@asynccontextmanager
async def robot_hospital(
    url: str, data: Path, start: datetime = START, *, greeted: bool = True
) -> AsyncIterator[RobotHospital]:
    """Simulator and bot; the bot is subscribed when the block begins."""
    world = parse(robot_world(greeted=greeted))
    sim = Simulator(world, now=start, pace=PATIENT)
    async with (
        simulator_running(sim) as address,
        patient_bot(robot_settings(url, address.rstrip("/"), data), sim) as bot,
        ClientSession() as session,
    ):
        hospital = RobotHospital(address.rstrip("/"), session, bot, sim)
        await hospital.connected()
        yield hospital
