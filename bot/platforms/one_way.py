"""What channels share whose messages, once out, stay as they are."""

from __future__ import annotations

from collections.abc import Sequence

from bot.platforms.fitting import unfit
from models.cards import Card, Content


class OneWay:
    """The half of bot.channels.Channel that says no: always ready, never repeated or redrawn.

    A channel that can do more says so itself.
    """

    @property
    def ready(self) -> bool:
        return True

    def repeatable(self, content: Content) -> bool:  # noqa: ARG002 -- the port's
        """The platform keeps no key of ours by which it could drop a repeat."""
        return False

    async def redraw(
        self,
        card: Card,  # noqa: ARG002
        to: Sequence[str],  # noqa: ARG002
        *,
        response_code: str,  # noqa: ARG002
        key: str,  # noqa: ARG002
    ) -> str:
        raise unfit("what went out here cannot be redrawn")

    async def recall(self, message_id: str) -> None:  # noqa: ARG002 -- the port's
        raise unfit("what went out here cannot be taken back")
