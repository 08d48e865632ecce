"""What a transport needs to know of the pipeline: hand over an event, get what is shown at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.events import Event, Reply

Intake = Callable[[Event], Awaitable[Reply | None]]


class NotStored(Exception):
    """The event could not be made durable: do not acknowledge it, the platform will repeat it."""
