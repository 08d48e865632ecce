"""A bot that takes its time: the product's budgets of real seconds, made long for tests.

How soon an answer must come is tested where it is the point; everywhere else a machine that is
busy for some seconds would turn a right answer into a late one.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from aiohttp import ClientTimeout

from bot import app
from bot.leases import LeasePace
from bot.pipeline import Pipeline
from bot.platforms.dingtalk.callback import DingTalkCallbacks
from bot.platforms.dingtalk.inbound import Budgets
from bot.platforms.wecom.callback import WeComCallbacks

LONG = 30.0  # seconds
TAKEN_IN = (DingTalkCallbacks, WeComCallbacks)


@contextmanager
def unhurried(**budgets: float) -> Iterator[None]:
    """What is built meanwhile has long limits. `budgets` are those of DingTalk that differ.

    A call of a platform may still take no more than ten seconds: some tests wait for its end.
    """
    slow: dict[str, float] = dict.fromkeys(("message", "message_answer", "tap_answer"), LONG)
    with ExitStack() as stack:
        for built in TAKEN_IN:
            stack.enter_context(defaults(built, body_seconds=LONG, intake_seconds=LONG))
        stack.enter_context(defaults(Pipeline, budget=LONG))
        stack.enter_context(defaults(LeasePace, patience=LONG))
        stack.enter_context(defaults(Budgets, **(slow | {"tap": LONG, "events": LONG} | budgets)))
        connecting = ClientTimeout(total=app.CALL.total, connect=LONG)
        stack.enter_context(patch.object(app, "CALL", connecting))
        yield


@contextmanager
def defaults(built: type, **values: Any) -> Iterator[None]:
    """Other default arguments of a class meanwhile; each must be one."""
    made = vars(built)["__init__"]  # of this class itself
    known = inspect.signature(made).parameters
    assert all(known[name].default is not inspect.Parameter.empty for name in values)
    by_place = tuple(
        values.get(name, one.default)
        for name, one in known.items()
        if one.kind is one.POSITIONAL_OR_KEYWORD and one.default is not one.empty
    )
    by_name = {**(made.__kwdefaults__ or {})}
    by_name |= {name: value for name, value in values.items() if name in by_name}
    with (
        patch.object(made, "__defaults__", by_place or None),
        patch.object(made, "__kwdefaults__", by_name or None),
    ):
        yield
