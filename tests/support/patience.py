"""Time for answers. How soon they must come is tested where it is the point; everywhere else a
machine that is busy for two seconds would turn a right answer into a late one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from aiohttp import ClientTimeout

from bot import answering, app, leases
from bot.app import Bot, Role, running
from bot.leases import LeasePace
from bot.pipeline import Pipeline
from bot.platforms import exchange
from bot.platforms.dingtalk import batches, gateway, person_cards, replies, stream, transport
from bot.platforms.dingtalk.callback import DingTalkCallbacks
from bot.platforms.dingtalk.inbound import Budgets
from bot.platforms.wecom.callback import WeComCallbacks
from bot.platforms.wecom.robot import channel as robot_channel
from bot.platforms.wecom.robot import connection as robot
from config.settings import Settings
from scheduler import delivery, engine
from scheduler.ticks import Ticks
from simulator.dingtalk.pace import StreamPace
from simulator.state import Pace, Simulator
from tests.support.waiting import eventually

LONG = 30.0  # seconds
LONGER = 120.0
DING = StreamPace(patience=LONG, http_patience=LONG, card_patience=LONG)
PATIENT = Pace(timeout=LONG, verify=LONG, retry_wait=0.02, follow=LONGER, ding=DING)
_CALL = ClientTimeout(total=LONG)

# Limits of the product in seconds, wherever they are written down. `GIVEN` are defaults of what is
# built, `PACES` fields of what holds several, `READ` module constants.
GIVEN = (
    (Pipeline, "budget"),
    (WeComCallbacks, "intake_seconds"),
    (DingTalkCallbacks, "intake_seconds"),
)
PACES: tuple[tuple[type, Mapping[str, float]], ...] = (
    (Budgets, dict.fromkeys(("message", "message_answer", "tap", "tap_answer", "events"), LONG)),
    (LeasePace, {"patience": LONG}),
    (robot.Pace, {"connect": LONG, "ack": 12.0}),
    (stream.Pace, {"connect": LONG, "heartbeat": LONGER}),
)
READ: tuple[tuple[Any, str, object], ...] = (
    (answering, "BUDGET", LONG),
    (app, "LIMITS", _CALL),
    (exchange, "DOWNLOAD", _CALL),
    (gateway, "TIMEOUT", _CALL),
    (replies, "TIMEOUT", _CALL),
    (transport, "PATIENCE", LONG),
    (batches, "LONGEST", LONG),
    (person_cards, "BEGIN_WITHIN", LONG),
    (robot_channel, "_TURN_SECONDS", LONG),
    (leases, "_CONNECT_SECONDS", LONG),
    (delivery, "SEND_LIMIT", LONGER),
    (delivery, "FILE_LIMIT", LONGER),
    (engine, "STALE", timedelta(seconds=LONGER)),
)


def _defaults(pace: type, wanted: Mapping[str, float]) -> tuple[object, ...]:
    """The defaults of a pace whose every field has one, with these in their place."""
    names = list(pace.__dataclass_fields__)  # type: ignore[attr-defined]
    usual = pace.__init__.__defaults__  # type: ignore[misc]
    assert len(names) == len(usual)
    assert set(wanted) <= set(names)
    return tuple(wanted.get(name, value) for name, value in zip(names, usual, strict=True))


@contextmanager
def _unhurried() -> Iterator[None]:
    """What is built and done meanwhile has long limits of its own, too.

    Nothing ticks by itself: what recurs by real time would fall between two lines of a test, on a
    slow machine alone.
    """
    with ExitStack() as stack:
        for built, name in GIVEN:
            defaults = built.__init__.__kwdefaults__ or {}
            assert name in defaults
            stack.enter_context(patch.dict(defaults, {name: LONG}))
        for pace, wanted in PACES:
            changed = _defaults(pace, wanted)
            stack.enter_context(patch.object(pace.__init__, "__defaults__", changed))  # type: ignore[misc]
        for module, name, value in READ:
            stack.enter_context(patch.object(module, name, value))
        stack.enter_context(patch.object(Ticks, "start"))
        yield


@asynccontextmanager
async def patient_bot(settings: Settings, sim: Simulator) -> AsyncIterator[Bot]:
    """`bot.app.running`, with a bot that takes its time, and no tick but when a test says so.

    `settle` runs every tick, and the clock of the simulated hospital moves only when told to; it
    waits for the bot from here on.
    """

    async def followed() -> bool:
        return bool(sim.followers.live())

    async with AsyncExitStack() as stack:
        stack.enter_context(_unhurried())
        bot = await stack.enter_async_context(running(settings, Role.ALL))
        await eventually(followed)
        yield bot
