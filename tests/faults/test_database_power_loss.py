"""The database loses its power while the bot delivers: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from bot import database, sample, sample_platforms
from bot.rules import Rules
from bot.wiring import Services, build
from models import db
from models.clock import ManualClock
from services import jobs
from simulator.hospital import parse
from tests.support.ledger import history_of, write_many
from tests.support.own_server import OwnServer, own_server
from tests.support.processes import Process, Town, town
from tests.support.waiting import eventually

REMINDED, TAKEN, HELD = 8, 8, 6  # reminders, calls whose reply is lost, calls that are lost
REMINDER = "12月8日(周二)"
_UNFINISHED = "SELECT 1 FROM deliveries WHERE state NOT IN ('accepted', 'answered')"
_DOUBTED = "SELECT count(DISTINCT delivery_id) FROM delivery_events WHERE state = 'unknown'"
_JOBS_LEFT = (
    "SELECT count(*) FROM pgqueuer WHERE status IN ('queued', 'picked') AND entrypoint = $1"
)
_ANSWERED = """
SELECT count(*) FROM asks a JOIN identities i ON i.person_id = a.person_id
 WHERE i.user_id = 'li' AND a.state = 'answered'
"""


class Both(Town):
    """The app, and the smart robot, whose connection belongs to a lease."""

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "WARDBELL_WECOM_ROBOT_ID": sample.ROBOT_ID,
            "WARDBELL_WECOM_ROBOT_SECRET": sample.ROBOT_SECRET,
            "WARDBELL_WECOM_ROBOT_URL": f"{self.address.replace('http', 'ws', 1)}/wecom/robot",
        }

    def callbacks(self) -> list[int]:
        """What the bot has answered to callbacks, as HTTP states."""
        return [call.http for call in self.sim.calls.after(0) if call.direction == "callback"]

    async def tap(self, userid: str, words: str, button: str) -> Any:
        shown = await self.get(f"/sim/phones/{userid}/messages")
        [seq] = [message["seq"] for message in shown if words in message["text"]]
        return await self.post(f"/sim/phones/{userid}/tap", {"seq": seq, "button": button})


@dataclass
class Scene:
    server: OwnServer
    place: Both
    bot: Process
    services: Services

    async def asked(self, path: str) -> tuple[int, dict[str, Any]]:
        url = f"http://127.0.0.1:{self.bot.port}{path}"
        async with ClientSession() as session, session.get(url) as got:
            return got.status, await got.json()

    async def reminded(self) -> bool:
        """Reminders have come, and the robot is connected."""
        came = sum(REMINDER in text for text in self.texts())
        return came == REMINDED and self.place.sim.robot.live is not None

    async def send_and_hear_nothing(self) -> list[int]:
        """All deliveries, when some calls are on their way: first such as the platform has
        already, then such as it will never have. Whoever waits for one gets no other.
        """
        sent: list[int] = []
        for kind, count, numbers in (
            ("accepted_then_timeout", TAKEN, (1,)),
            ("black_hole", HELD, (2, 3, 4)),
        ):
            self.place.sim.faults.add({"kind": kind, "api": "message/send", "count": count})
            sent = await write_many(self.services, numbers)

            async def caught(kind: str = kind, count: int = count) -> bool:
                return self.place.calls("message/send", kind) == count

            await eventually(caught)
        return sent

    def texts(self) -> list[str]:
        return [text for texts in self.place.arrived().values() for text in texts]


@pytest.fixture
async def scene(
    seeded_url: str, tmp_path: Path, rules: Rules, clock: ManualClock
) -> AsyncIterator[Scene]:
    """A bot that has much to send, on a database server of this test's own."""
    robot = {"bot_id": sample.ROBOT_ID, "secret": sample.ROBOT_SECRET, "greeted": True}
    world = parse(sample_platforms.simulated("http://127.0.0.1:9/unset") | {"robot": robot})
    async with (
        own_server(seeded_url) as server,
        database.opened(server.url),
        town(server.url, tmp_path, world=world, kind=Both) as place,
    ):
        assert isinstance(place, Both)
        # The platform goes on repeating until it is heard: how long is not the point here.
        place.sim.pace = replace(place.sim.pace, retries=10**6, retry_wait=0.05)
        bot = await place.bot()
        await place.listens(bot)
        yield Scene(server, place, bot, build(rules, clock))


async def test_the_bot_survives_its_database_without_loss_doubles_or_restart(scene: Scene) -> None:
    place = scene.place
    await eventually(scene.reminded)
    deliveries = await scene.send_and_hear_nothing()
    line, heard = place.sim.robot.live, len(place.callbacks())
    assert line is not None
    await scene.server.die()

    assert await scene.asked("/healthz") == (200, {"status": "ok"})
    status, said = await scene.asked("/readyz")
    assert (status, list(said)) == (503, ["database"])

    async with asyncio.TaskGroup() as group:
        saying = group.create_task(place.says("zhao", "我的班"))
        tapping = group.create_task(place.tap("li", REMINDER, "收到"))

        async def refused() -> bool:
            return len(place.callbacks()) >= heard + 6

        await eventually(refused)
        assert set(place.callbacks()[heard:]) == {503}
        await scene.server.start()
        await eventually(in_doubt)
        place.sim.faults.clear()

    assert "7天的班" in saying.result()["reply"]
    assert tapping.result()["status"] == "ok"
    await eventually(all_arrived)
    assert await db.fetch_value(_ANSWERED) == 1
    ours = [text for text in scene.texts() if "第" in text and "条" in text]
    assert len(ours) == len(set(ours)) == len(deliveries)
    assert sum(REMINDER in text for text in scene.texts()) == REMINDED
    histories = [await history_of(delivery) for delivery in deliveries]
    assert {history.count("accepted") for history in histories} == {1}
    assert {history[-1] for history in histories} == {"accepted"}
    await works_again(scene, line.id)


async def in_doubt() -> bool:
    """What was on its way is called so."""
    return int(await db.fetch_value(_DOUBTED)) >= TAKEN + HELD


async def all_arrived() -> bool:
    return not await db.fetch(_UNFINISHED)


async def works_again(scene: Scene, old_line: int) -> None:
    """The same process: its queue, its lease and its robot's line are there again."""
    await jobs.enqueue(jobs.TICK, "inbox.parked")

    async def no_job_left() -> bool:
        return not await db.fetch_value(_JOBS_LEFT, jobs.TICK)

    async def another_line() -> bool:
        live = scene.place.sim.robot.live
        return live is not None and live.id != old_line

    await eventually(no_job_left)
    await eventually(another_line)
    assert len(await db.fetch("SELECT id FROM workers")) == 1
    assert await scene.asked("/readyz") == (200, {"database": "ok"})
    assert scene.bot.process.returncode is None
    assert "task_died" not in "".join(scene.bot.log)
