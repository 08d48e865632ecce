"""Time for answers. How soon they must come is tested where it is the point; everywhere else a
machine that is busy for two seconds would turn a right answer into a late one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from unittest.mock import patch

from bot import answering
from bot.app import Bot, Role, running
from bot.platforms.wecom.robot.connection import Pace as RobotPace
from config.settings import Settings
from scheduler import delivery, engine
from scheduler.ticks import Ticks
from simulator.dingtalk.pace import StreamPace
from simulator.state import Pace, Simulator
from tests.support.dingtalk_patience import patient_calls
from tests.support.unhurried import LONG, defaults, unhurried
from tests.support.waiting import eventually

DING = StreamPace(patience=LONG, http_patience=LONG, card_patience=LONG)
PATIENT = Pace(timeout=LONG, verify=LONG, retry_wait=0.02, step=4 * LONG, ding=DING)
ACK = 12.0  # seconds; there are tests of acks that never come
STALE = timedelta(seconds=4 * LONG)


@contextmanager
def _no_ticks() -> Iterator[None]:
    """What recurs by real time would fall between two lines of a test, on a slow machine alone.

    To stop it soon after the start is not enough: the job of the start may be on its way to the
    server, and be there when somebody has looked whether there is one.
    """
    with patch.object(Ticks, "start"):
        yield


@contextmanager
def _at_work() -> Iterator[None]:
    """Limits that are read again and again, so for as long as the bot works."""
    with (
        patient_calls(),
        patch.object(answering, "BUDGET", LONG),
        patch.object(delivery, "SEND_LIMIT", 2 * LONG),
        patch.object(engine, "STALE", STALE),
    ):
        yield


@asynccontextmanager
async def patient_bot(settings: Settings, sim: Simulator) -> AsyncIterator[Bot]:
    """`bot.app.running`, with a bot that takes its time, and no tick but when a test says so.

    `settle` runs every tick, and the clock of the simulated hospital moves only when told to; from
    here on it waits for the bot, which it does not before the bot has asked for the first time.
    """

    async def followed() -> bool:
        return bool(sim.followers.live())

    async with AsyncExitStack() as stack:
        stack.enter_context(_at_work())
        with unhurried(), defaults(RobotPace, ack=ACK), _no_ticks():
            bot = await stack.enter_async_context(running(settings, Role.ALL))
        await eventually(followed)
        yield bot
