"""DingTalk's side may take its time, where it is not the point how long we wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from aiohttp import ClientTimeout

from bot.platforms.dingtalk import replies, transport

LONG = 30.0  # seconds
SOON = 0.2  # seconds, for what never comes


@contextmanager
def patient_calls() -> Iterator[None]:
    """No call and no reply is given up because this machine was busy."""
    with (
        patch.object(transport, "PATIENCE", LONG),
        patch.object(replies, "TIMEOUT", ClientTimeout(total=LONG)),
    ):
        yield


@contextmanager
def impatient_calls() -> Iterator[None]:
    """Calls begun meanwhile are given up soon. Have a token first: that is a call, too."""
    with patch.object(transport, "PATIENCE", SOON):
        yield
