"""The doctor's line about the robot; a running bot is not disturbed by it."""

from __future__ import annotations

from pathlib import Path

import aiohttp

from bot import robot
from bot.platforms.findings import Finding, Level
from simulator.hospital import parse
from simulator.serve import running
from simulator.state import Simulator
from tests.support.robot import robot_hospital, robot_settings, robot_world


async def examined(url: str, sim: str, data: Path) -> Finding:
    settings = robot_settings(url, sim, data)
    async with aiohttp.ClientSession() as session:
        return await robot.examined(settings, url, session)


async def test_a_right_robot_is_subscribed_once_and_left(empty_url: str, tmp_path: Path) -> None:
    sim = Simulator(parse(robot_world()))
    async with running(sim) as address:
        finding = await examined(empty_url, address.rstrip("/"), tmp_path)
    assert (finding.level, finding.cure) == (Level.OK, "")
    assert "长连接可用" in finding.title
    assert sum(call.api == "aibot_subscribe" for call in sim.calls.after(0)) == 1


async def test_a_wrong_secret_is_named_with_its_cure(empty_url: str, tmp_path: Path) -> None:
    world = robot_world()
    world["robot"]["secret"] = "another"
    async with running(Simulator(parse(world))) as address:
        finding = await examined(empty_url, address.rstrip("/"), tmp_path)
    assert finding.level is Level.ERROR
    assert "853000" in finding.title
    assert "Secret" in finding.cure


async def test_an_address_that_does_not_answer_is_named(empty_url: str, tmp_path: Path) -> None:
    finding = await examined(empty_url, "http://127.0.0.1:9", tmp_path)
    assert finding.level is Level.ERROR
    assert "443" in finding.cure


async def test_a_running_bot_keeps_its_connection(seeded_url: str, tmp_path: Path) -> None:
    async with robot_hospital(seeded_url, tmp_path) as town:
        [before] = await town.lines()
        finding = await examined(seeded_url, town.address, tmp_path)
        assert finding.level is Level.OK
        assert "运行中" in finding.title
        [after] = await town.lines()
        assert after["id"] == before["id"]
        assert "您接下来7天的班" in await town.phone("li").says("我的班")
