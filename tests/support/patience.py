"""Time for answers. How soon they must come is tested where it is the point; everywhere else a
machine that is busy for two seconds would turn a right answer into a late one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.app import Bot, Role, running
from config.settings import Settings
from models import db
from simulator.dingtalk.pace import StreamPace
from simulator.state import Pace
from tests.support.unhurried import LONG, unhurried
from tests.support.waiting import eventually

DING = StreamPace(patience=LONG, http_patience=LONG, card_patience=LONG)
PATIENT = Pace(timeout=LONG, verify=LONG, retry_wait=0.02, step=4 * LONG, ding=DING)
_TICKS = """
SELECT count(*) FROM pgqueuer WHERE entrypoint = 'tick' AND status IN ('queued', 'picked')
"""


@asynccontextmanager
async def patient_bot(settings: Settings) -> AsyncIterator[Bot]:
    """`bot.app.running`, with a bot that takes its time, and no tick but when a test says so.

    What recurs by real time would fall between two lines of a test, on a slow machine alone:
    `settle` runs every tick, and the clock of the simulated hospital moves only when told to.
    """
    async with AsyncExitStack() as stack:
        with unhurried():
            bot = await stack.enter_async_context(running(settings, Role.ALL))
        assert bot.workshop is not None
        bot.workshop.ticks.stop()
        await eventually(_no_tick_is_left)
        yield bot


async def _no_tick_is_left() -> bool:
    """The one of the start, too, if it was in time to be written down."""
    return not await db.fetch_value(_TICKS)
