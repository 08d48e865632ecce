"""Time for answers. How soon they must come is tested where it is the point; everywhere else a
machine that is busy for two seconds would turn a right answer into a late one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from unittest.mock import patch

from bot.app import Bot, Role, running
from bot.pipeline import Pipeline
from bot.platforms.dingtalk.callback import DingTalkCallbacks
from bot.platforms.dingtalk.inbound import Budgets
from bot.platforms.wecom.callback import WeComCallbacks
from config.settings import Settings
from simulator.dingtalk.pace import StreamPace
from simulator.state import Pace

LONG = 30.0  # seconds
DING = StreamPace(patience=LONG, http_patience=LONG, card_patience=LONG)
PATIENT = Pace(timeout=LONG, verify=LONG, retry_wait=0.02, ding=DING)
_GIVEN = (
    (Pipeline, "budget"),
    (WeComCallbacks, "intake_seconds"),
    (DingTalkCallbacks, "intake_seconds"),
)


@contextmanager
def _unhurried() -> Iterator[None]:
    """What is built meanwhile has long limits of its own, too."""
    with ExitStack() as stack:
        for built, name in _GIVEN:
            defaults = built.__init__.__kwdefaults__ or {}
            assert name in defaults
            stack.enter_context(patch.dict(defaults, {name: LONG}))
        stack.enter_context(patch.object(Budgets.__init__, "__defaults__", (LONG,) * 5))
        yield


@asynccontextmanager
async def patient_bot(settings: Settings) -> AsyncIterator[Bot]:
    """`bot.app.running`, with a bot that takes its time."""
    async with AsyncExitStack() as stack:
        with _unhurried():
            bot = await stack.enter_async_context(running(settings, Role.ALL))
        yield bot
