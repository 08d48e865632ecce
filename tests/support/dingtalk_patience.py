"""DingTalk's side may take its time, where it is not the point how long we wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from aiohttp import ClientTimeout

from bot.platforms.dingtalk import (
    batches,
    channel,
    notice_channel,
    person_cards,
    replies,
    transport,
)

LONG = 30.0  # seconds
SOON = 0.2  # seconds, for what never comes


@contextmanager
def patient_calls() -> Iterator[None]:
    """No call and no reply is given up, or not begun, because this machine was busy."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(transport, "PATIENCE", LONG))
        stack.enter_context(patch.object(replies, "TIMEOUT", ClientTimeout(total=LONG)))
        stack.enter_context(patch.object(batches, "LONGEST", LONG))
        for module in (channel, notice_channel, person_cards):
            stack.enter_context(patch.object(module, "BEGIN_WITHIN", LONG))
        yield


@contextmanager
def impatient_calls() -> Iterator[None]:
    """Calls begun meanwhile are given up soon. Have a token first: that is a call, too."""
    with patch.object(transport, "PATIENCE", SOON):
        yield
