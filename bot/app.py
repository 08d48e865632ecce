"""The composition root: settings → database → clients → services → routes → workers."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

import structlog
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web

from bot import database, dingtalk, http, logs, pages, people_outside, robot, wecom
from bot.following import catch_up, follow
from bot.media_sources import media_sources
from bot.outgoing import outgoing
from bot.recruiting_rules import recruiting_rules
from bot.rules import Rules
from bot.sources import sources
from bot.staffing_rules import staffing_rules
from bot.startup import StartRefused, check_keys, check_secret
from bot.tasks import Nursery
from bot.wiring import Services, build
from bot.work import Workshop
from config import policies
from config.settings import Settings, key_ring
from message_templates.catalogue import Catalogue, shipped
from models import sealed
from models.clock import Clock, ShiftedClock, SystemClock
from models.shift_codes import load_shift_codes
from services.hospital import Hospital
from services.rest_rules import load_rest_rules
from services.sheets.staff_columns import load_staff_words

log = structlog.get_logger()

GRACE = 10.0  # seconds to finish what is in flight
CALL = ClientTimeout(total=10, connect=3)  # seconds for one call of a platform


class Role(StrEnum):
    """`serve` takes events in, `worker` sends, `all` does both."""

    SERVE = "serve"
    WORKER = "worker"
    ALL = "all"


@dataclass
class Bot:
    """A running bot: what the demo, the tests and the command line hold on to."""

    settings: Settings
    clock: Clock
    services: Services
    workshop: Workshop | None
    nursery: Nursery
    port: int
    database_url: str


def read_rules(settings: Settings) -> Rules:
    """Everything a hospital may tune. Raises PolicyError, TemplateError or ValueError."""
    folder = settings.policies_dir
    own = settings.templates_dir
    loaded = policies.load(folder)
    staffing = staffing_rules(lambda name: policies.read(name, folder))
    return Rules(
        policies=replace(
            loaded,
            ladder=_usable(loaded.ladder, settings),
            candidate_ladder=_usable_outside(loaded.candidate_ladder, settings),
        ),
        shift_codes=load_shift_codes(policies.read("shift_codes.toml", folder)),
        rest_rules=load_rest_rules(policies.read("rest_rules.toml", folder)),
        staff_words=replace(
            load_staff_words(policies.read("staff_sheet.toml", folder)),
            skills=staffing.skills.words,
        ),
        catalogue=Catalogue(own) if own else shipped(),
        hospital=Hospital(settings.hospital, public_url(settings)),
        recruiting=recruiting_rules(lambda name: policies.read(name, folder)),
        staffing=staffing,
    )


def _usable(ladder: tuple[str, ...], settings: Settings) -> tuple[str, ...]:
    """The rungs that are configured: a message must not wait for a channel that nobody serves."""
    configured = {
        "wecom_app": settings.wecom_configured,
        "wecom_robot": settings.wecom_robot_configured,
        "dingtalk": settings.dingtalk_configured,
        "dingtalk_notice": settings.dingtalk_configured and bool(settings.dingtalk_agent_id),
    }
    return tuple(rung for rung in ladder if configured.get(rung, False)) or ladder


def _usable_outside(ladder: tuple[str, ...], settings: Settings) -> tuple[str, ...]:
    """The same for candidates; a call by somebody of HR is always possible."""
    configured = {
        "wecom_kf": settings.kf_configured,
        "mail": settings.mail_configured,
        "sms": settings.sms_configured,
        "phone_task": True,
    }
    return tuple(rung for rung in ladder if configured.get(rung, False))


def public_url(settings: Settings) -> str:
    return (settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")


def database_url(settings: Settings) -> str:
    return settings.database_url or database.embedded(settings.data_dir / "pg")


@asynccontextmanager
async def client_session() -> AsyncIterator[ClientSession]:
    """The one HTTP session of a process."""
    connector = TCPConnector(limit=100, limit_per_host=64)
    async with ClientSession(timeout=CALL, connector=connector) as session:
        yield session


@asynccontextmanager
async def running(settings: Settings, role: Role = Role.ALL) -> AsyncIterator[Bot]:
    """A bot that works until the block ends; then it drains, releases and closes."""
    sealed.install(key_ring(settings), partial(key_ring, settings))
    door = http.bound(settings.host, settings.port)
    settings = settings.model_copy(update={"port": door.getsockname()[1]})
    rules = read_rules(settings)
    clock: Clock = ShiftedClock() if settings.clock_url else SystemClock()
    url = database_url(settings)
    await database.migrate(url)
    async with AsyncExitStack() as stack:
        stack.callback(door.close)
        await stack.enter_async_context(database.opened(url, pool=12))
        await check_keys()
        session = await stack.enter_async_context(client_session())
        services = build(
            rules,
            clock,
            sources(settings, session, clock),
            media_sources(settings, session, clock),
        )
        nursery = Nursery()
        the_robot = workshop = None
        ways = outgoing(settings, session, services.groups, clock, public_url(settings))
        people_outside.add_channels(ways, settings, session, services, rules, clock)
        if settings.wecom_robot_configured and role is not Role.SERVE:
            the_robot = await stack.enter_async_context(
                robot.prepared(settings, url, session, services, rules.catalogue, clock)
            )
            ways.add(the_robot.channel)
        if role in (Role.WORKER, Role.ALL):
            desk = people_outside.kf_desk(settings, session, services, rules.catalogue, clock)
            workshop = Workshop(url, services, rules, ways.channels, clock, ways.todo_list, desk)
            stack.push_async_callback(workshop.close)
        bot = Bot(settings, clock, services, workshop, nursery, settings.port, url)
        stack.push_async_callback(nursery.close, grace=GRACE)
        way_in = dingtalk.NOTHING
        if settings.dingtalk_configured and role is not Role.WORKER:
            way_in = dingtalk.listening(settings, session, services, rules, clock, nursery)
        await _serve(bot, rules, role, stack, door, way_in.routes)
        if isinstance(clock, ShiftedClock):
            await _follow(bot, session, clock)
        if workshop is not None:
            stack.push_async_callback(workshop.stop)
            await workshop.start(nursery)
        if the_robot is not None:
            the_robot.start()
        _listen(bot, way_in, session, stack)
        yield bot


async def _follow(bot: Bot, session: ClientSession, clock: ShiftedClock) -> None:
    """Keep the simulator's time; what a move of its clock made due is done before it goes on."""
    url = bot.settings.clock_url
    rev = await catch_up(session, url, clock)
    settle = bot.workshop.settle if bot.workshop else None
    following = follow(session, url, clock, rev, f"bot:{bot.port}", settle)
    bot.nursery.start(following, "clock", endless=True)


def _listen(
    bot: Bot, way_in: dingtalk.Listening, session: ClientSession, stack: AsyncExitStack
) -> None:
    """Begin to take in what DingTalk says: last, when everything that answers it stands."""
    settings = bot.settings
    if way_in.routes and dingtalk.has_card_door(settings):
        client = dingtalk.client(settings, session, bot.clock)
        told = dingtalk.tell_card_door(settings, client, public_url(settings))
        bot.nursery.start(told, "dingtalk.card_door", endless=True)
    if way_in.stream is not None:
        stack.push_async_callback(way_in.stream.stop)
        bot.nursery.start(way_in.stream.run(), "dingtalk.stream")


async def _serve(
    bot: Bot,
    rules: Rules,
    role: Role,
    stack: AsyncExitStack,
    door: socket.socket,
    more: Sequence[web.AbstractRouteDef],
) -> None:
    """Health and metrics for every role; callbacks and the console where events are taken in."""
    app = http.make_app(http.resting_channels(bot.clock), bot.settings.proxies)
    if role in (Role.SERVE, Role.ALL):
        app.add_routes(wecom.callbacks(bot.settings, bot.services, bot.clock))
        app.add_routes(pages.routes(bot.settings, bot.services, rules, bot.clock))
        app.add_routes(more)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE / 2)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, door).start()


async def main(settings: Settings, role: Role) -> None:
    """Run until SIGTERM or SIGINT, or until a task that must not die has died.

    Events are taken in from the start; raises StartRefused as soon as WeCom has refused us.
    """
    logs.configure(settings.secrets())
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(settings, role) as bot:
        log.info("started", role=role, port=bot.port)
        refusal = await _until_stopped(settings, stop, bot.nursery.failed)
        log.info("stopping")
        failed = bot.nursery.failed.is_set() and not stop.is_set()
    if refusal is not None:
        raise refusal
    if failed:
        raise SystemExit(1)


async def _until_stopped(
    settings: Settings, stop: asyncio.Event, failed: asyncio.Event
) -> StartRefused | None:
    """Wait for the end, meanwhile asking WeCom once whether it knows us; its refusal, if any."""
    refusals: list[StartRefused] = []

    async def ask_wecom() -> None:
        try:
            await _check_wecom(settings)
        except StartRefused as refused:
            refusals.append(refused)
            stop.set()

    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(stop.wait()), group.create_task(failed.wait())]
        asking = group.create_task(ask_wecom())
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in (*waits, asking):
            task.cancel()
    return refusals[0] if refusals else None


async def _check_wecom(settings: Settings) -> None:
    if settings.wecom_configured:
        async with client_session() as session:
            await check_secret(wecom.client(settings, session, SystemClock()))
