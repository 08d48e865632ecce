"""Puts DingTalk together: one client, its channels, and one of two ways in (Stream or HTTP)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog
from aiohttp import ClientSession, web

from bot import stored_tokens
from bot.channels import Failure, SendFailed
from bot.events import Event, MemberChanged, Other, Reply
from bot.platforms.dingtalk.callback import DingTalkCallbacks, Doors
from bot.platforms.dingtalk.client import DingTalkClient
from bot.platforms.dingtalk.crypto import EventCrypto
from bot.platforms.dingtalk.decode import PLATFORM, Persons
from bot.platforms.dingtalk.errors import cure, resting_cure
from bot.platforms.dingtalk.gateway import Gateway
from bot.platforms.dingtalk.inbound import Inbound
from bot.platforms.dingtalk.replies import Replies
from bot.platforms.dingtalk.stream import StreamClient
from bot.platforms.token_store import DatabaseTokenStore
from bot.rules import Rules
from bot.tasks import Nursery
from bot.wiring import Services
from config.settings import Settings, SettingsError
from models.clock import Clock
from services import quotas
from services.quotas import PUSH

log = structlog.get_logger()

QUOTA_GONE = "quota_exhausted"
REGISTER_AGAIN = 60.0  # seconds
CARD_ROUTE = "wardbell"  # the name under which the card door is registered in HTTP mode


@dataclass(frozen=True)
class Listening:
    """How events come in: a socket of our own to keep, or doors that DingTalk knocks at."""

    stream: StreamClient | None
    routes: tuple[web.RouteDef, ...]


NOTHING = Listening(None, ())


def client(settings: Settings, session: ClientSession, clock: Clock) -> DingTalkClient:
    """Every call that DingTalk counts is noted in the month's count, in the database."""

    async def count(kind: str, calls: int) -> None:
        try:
            await quotas.note(PLATFORM, kind, calls, clock.now())
        except Exception as error:  # nothing was sent yet, and nobody must think it may have been
            raise SendFailed(
                Failure.RETRY, reason="the month's count is away", cure=cure("database")
            ) from error

    async def used_up(kind: str) -> None:
        try:
            await quotas.note_exhausted(PLATFORM, kind, clock.now())
        except Exception as error:  # the refusal itself says it again with the next call
            log.warning("quota_not_noted", kind=kind, error=type(error).__name__)

    return DingTalkClient(
        session,
        app="dingtalk",
        client_id=settings.dingtalk_client_id,
        client_secret=settings.dingtalk_client_secret.get_secret_value(),
        tokens=DatabaseTokenStore(
            clock,
            seal=stored_tokens.seal,
            open_=stored_tokens.open_,
            cure_for=resting_cure,
            down_cure=cure("database"),
        ),
        clock=clock,
        robot_code=settings.dingtalk_robot_code,
        agent_id=settings.dingtalk_agent_id,
        count=count,
        used_up=used_up,
        base_url=settings.dingtalk_api,
        old_base_url=settings.dingtalk_old_api,
    )


def has_card_door(settings: Settings) -> bool:
    """Whether taps come over HTTP; only then is telling the platform worth a counted call."""
    cards = settings.dingtalk_button_level == "template"
    return cards and not settings.dingtalk_stream and settings.dingtalk_taps_come_in


async def tell_card_door(settings: Settings, client: DingTalkClient, address: str) -> None:
    """Over HTTP, DingTalk must be told where taps on cards go; tried until it has heard."""
    secret = settings.dingtalk_card_secret.get_secret_value()
    door = f"{address}/callbacks/dingtalk/cards"
    while True:
        try:
            await client.card_register(CARD_ROUTE, door, secret)
        except SendFailed as failed:
            log.warning("card_door_not_registered", code=failed.code, cure=failed.cure)
            await asyncio.sleep(REGISTER_AGAIN)
        else:
            return


class CountedIntake:
    """The pipeline, behind the count of what DingTalk pushes to us.

    Directory events are not counted by the platform (S1434).
    """

    def __init__(self, services: Services, clock: Clock) -> None:
        self._take = services.pipeline.take
        self._clock = clock

    async def __call__(self, event: Event, budget: float | None = None) -> Reply | None:
        reply = await self._take(event, budget)
        if isinstance(event, Other) and event.kind == QUOTA_GONE:
            await quotas.note_exhausted(PLATFORM, PUSH, self._clock.now())
        elif not isinstance(event, MemberChanged):
            await self._count()
        return reply

    async def _count(self) -> None:
        """What was taken in is taken in, counted or not."""
        try:
            await quotas.note(PLATFORM, PUSH, 1, self._clock.now())
        except Exception as error:
            log.warning("push_not_counted", error=type(error).__name__)


def listening(
    settings: Settings,
    session: ClientSession,
    services: Services,
    rules: Rules,
    clock: Clock,
    nursery: Nursery,
) -> Listening:
    """Raises SettingsError when the corp id is missing: without it everybody could be somebody."""
    if not settings.dingtalk_corp_id:
        raise SettingsError(
            "WARDBELL_DINGTALK_CORP_ID is missing: copy the CorpId from the first page of "
            "DingTalk's developer console"
        )
    replies = Replies(
        session,
        old_api=settings.dingtalk_old_api,
        fallback=services.pipeline.answer_late,
        answers_in_groups=services.router.answers_in_groups,
        catalogue=rules.catalogue,
        clock=clock,
        nursery=nursery,
    )
    inbound = Inbound(
        CountedIntake(services, clock), replies, Persons(settings.dingtalk_corp_id), clock, nursery
    )
    if settings.dingtalk_stream:
        return Listening(_stream(settings, session, inbound, clock), ())
    return Listening(None, tuple(DingTalkCallbacks(_doors(settings), inbound, clock).routes()))


def _stream(
    settings: Settings, session: ClientSession, inbound: Inbound, clock: Clock
) -> StreamClient:
    gateway = Gateway(
        session,
        api=settings.dingtalk_api,
        client_id=settings.dingtalk_client_id,
        client_secret=settings.dingtalk_client_secret.get_secret_value(),
    )
    return StreamClient(
        session,
        gateway,
        inbound.handle,
        clock,
        on_refused=_refused,
        connections=settings.dingtalk_connections,
    )


async def _refused(code: str, cure: str) -> None:
    log.error("dingtalk_refuses_us", code=code, cure=cure)


def _doors(settings: Settings) -> Doors:
    token = settings.dingtalk_callback_token.get_secret_value()
    key = settings.dingtalk_callback_aes_key.get_secret_value()
    return Doors(
        events=EventCrypto(token, key, [settings.dingtalk_client_id]) if token and key else None,
        robot_secret=settings.dingtalk_client_secret.get_secret_value(),
        card_secret=settings.dingtalk_card_secret.get_secret_value(),
    )
