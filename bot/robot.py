"""Puts the smart robot together: one lease, one connection, one channel, one conversation.

Whoever holds the lease both receives and sends, so the connection lives in processes that run the
worker (roles `worker` and `all`); `serve` has none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from aiohttp import ClientSession

from bot.leases import Lease, if_free
from bot.platforms.findings import Finding
from bot.platforms.wecom.errors import ROBOT_SECRET
from bot.platforms.wecom.robot.channel import NAME, WeComRobotChannel
from bot.platforms.wecom.robot.chats import Chats
from bot.platforms.wecom.robot.conversation import Conversation
from bot.platforms.wecom.robot.doctor import examine
from bot.platforms.wecom.robot.lanes import Lanes
from bot.platforms.wecom.robot.line import TAKEN, Account, RobotLine, Trouble, Watcher
from bot.tasks import Nursery
from bot.wiring import Services
from config.settings import Settings
from message_templates.catalogue import Catalogue
from models import db
from models.clock import Clock, SystemClock
from scheduler import outcomes

log = structlog.get_logger()

GRACE = 8.0  # seconds to finish what was heard and to close
LAST_WORDS = 1.0  # seconds more, for what was heard by one who has lost the lease since

_IS_NEW = """
SELECT NOT EXISTS (
    SELECT 1 FROM deliveries d JOIN identities i ON i.person_id = d.person_id
     WHERE i.platform = 'wecom' AND i.user_id = $1 AND d.channel = $2
       AND d.state IN ('accepted', 'seen', 'answered'))
"""


def lease_name(settings: Settings) -> str:
    return f"{NAME}:{settings.wecom_robot_id}"


def account(settings: Settings) -> Account:
    secret = settings.wecom_robot_secret.get_secret_value()
    return Account(settings.wecom_robot_id, secret, settings.wecom_robot_url)


class ChannelRests(Watcher):
    """Troubles become a pause of the channel, which the console and /readyz show with its cure."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def trouble(self, trouble: Trouble) -> None:
        until = self._clock.now() + timedelta(seconds=trouble.seconds)
        await outcomes.pause(NAME, until, trouble.code, trouble.reason, trouble.cure)

    async def well(self) -> None:
        """What rested for want of a connection goes on; a rate limit's window stays."""
        await outcomes.resume(NAME, (TAKEN, *ROBOT_SECRET))


@dataclass
class Robot:
    """The robot of this process, started once all services stand."""

    channel: WeComRobotChannel
    line: RobotLine
    lease: Lease
    lanes: Lanes
    nursery: Nursery
    stop: asyncio.Event
    hearing: Nursery = field(default_factory=Nursery)  # outlives the lease

    def start(self) -> None:
        self.hearing.start(self.lanes.run(), "robot.lanes", endless=True)
        self.nursery.start(self.lease.run(self._hold, self.stop), "robot")

    async def _hold(self) -> None:
        await self.line.run(self.lanes, self.stop)

    async def finish(self) -> None:
        """What was heard is handled before those who handle it are sent home."""
        self.stop.set()
        await self.nursery.close(grace=GRACE)
        try:
            async with asyncio.timeout(LAST_WORDS):
                await self.lanes.drained()
        except TimeoutError:
            log.warning("robot_not_drained")
        await self.hearing.close(grace=0)


@asynccontextmanager
async def prepared(
    settings: Settings,
    url: str,
    session: ClientSession,
    services: Services,
    catalogue: Catalogue,
    clock: Clock,
) -> AsyncIterator[Robot]:
    """A robot that can be started; when the block ends it finishes what it heard and closes.

    It has tasks of its own, so that it outlives the delivery workers that send through it.
    """
    chats, nursery, stop = Chats(clock), Nursery(), asyncio.Event()
    line = RobotLine(session, account(settings), clock, ChannelRests(clock))
    conversation = Conversation(
        line,
        services.pipeline.take,
        chats,
        clock,
        in_group=catalogue.phrase("replies", "in_private"),
        is_new=_is_new,
        late=services.pipeline.answer_late,
        corp_id=settings.wecom_corp_id,
    )
    channel = WeComRobotChannel(line, chats)
    lease, lanes = Lease(url, lease_name(settings)), Lanes(conversation.heard)
    made = Robot(channel, line, lease, lanes, nursery, stop)
    try:
        yield made
    finally:
        await made.finish()


async def examined(settings: Settings, url: str, session: ClientSession) -> Finding:
    """The doctor's line. The lease tells whether a running bot is connected."""
    async with if_free(url, lease_name(settings)) as free:
        return await examine(session, account(settings), SystemClock(), in_use=not free)


async def _is_new(user: str) -> bool:
    """Nothing of ours has ever reached them in the robot's chat: they are welcomed."""
    return bool(await db.fetch_value(_IS_NEW, user, NAME))
