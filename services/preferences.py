"""Where a person wants their messages: a channel on which they have an account."""

from __future__ import annotations

from models import db
from models.clock import Clock
from services import audit
from services.actors import Actor
from services.reach import PLATFORM_OF, Ladder
from services.refusals import Refusal

# What people may choose; a work notification is only ever a second way on DingTalk.
CHOICES = ("wecom_app", "wecom_robot", "dingtalk")

_SET = """
UPDATE persons SET preferred_channel = $2
 WHERE id = $1 AND EXISTS (SELECT 1 FROM identities WHERE person_id = $1 AND platform = $3)
"""


class Preferences:
    def __init__(self, ladder: Ladder, clock: Clock) -> None:
        self.ladder = ladder
        self.clock = clock

    async def choose(self, by: Actor, channel: str) -> None:
        """From now on messages to `by` go there first; the others remain for when it fails.

        Raises Refusal: the hospital does not have that channel, or they have no account there.
        """
        if channel not in self.ladder.channels:
            raise Refusal("channel_not_here", channel=channel)
        async with db.transaction():
            if not await db.execute(_SET, by.person_id, channel, PLATFORM_OF[channel]):
                raise Refusal("channel_without_account", channel=channel)
            await audit.record(
                self.clock.now(),
                by,
                "person.channel_chosen",
                f"persons:{by.person_id}",
                channel=channel,
            )

    async def present(self, by: Actor) -> tuple[str, list[str]]:
        """The channel on which messages reach them now, "" when none, and their choices."""
        rungs = await self.ladder.rungs([by.person_id])
        rows = await db.fetch("SELECT platform FROM identities WHERE person_id = $1", by.person_id)
        platforms = {row["platform"] for row in rows}
        channels = [
            channel
            for channel in self.ladder.channels
            if channel in CHOICES and PLATFORM_OF[channel] in platforms
        ]
        channel, _ = rungs.get(by.person_id, ("", ""))
        return channel, channels
