"""The door between the platforms' callbacks and the pipeline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.events import Event, Reply


class NotStored(Exception):
    """The event is not durable: the callback must not be acknowledged, so that it comes again."""


Intake = Callable[[Event], Awaitable[Reply | None]]
"""Takes one event and returns once it is durable, with what the person sees at once, if anything.

Raises NotStored when it could not be stored. A repeated event returns its first reply, or None.
"""


class BudgetedIntake(Protocol):
    """An Intake that can be told how many seconds the handler has (`Pipeline.take`)."""

    async def __call__(self, event: Event, budget: float | None = None) -> Reply | None: ...
