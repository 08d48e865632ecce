"""The mail channel against the simulator's server, and against servers that break their word."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import pytest_asyncio

from bot.channels import Channel, Failure, SendFailed
from bot.platforms.mail.channel import MailChannel
from bot.platforms.mail.ics import Appointment, Calendar, published
from bot.platforms.mail.message import Sender
from bot.platforms.mail.transport import Server, Tls
from models.cards import Card, Content, Link, Text
from models.clock import ManualClock
from scheduler.delivery import SEND_LIMIT
from simulator.hospital import parse
from simulator.phones import Item
from simulator.serve import running
from simulator.state import Simulator
from tests.simulator.outside import ADDRESS, HOSPITAL, MAIL

CLOCK = ManualClock(datetime(2026, 12, 1, 1, 0, tzinfo=UTC))
SENDER = Sender("hr@hospital.example", "江城示范医院")
PASSWORD = MAIL["auth"]["password"]
PatientServer = partial(Server, seconds=60.0, opening=60.0, patience=60.0)
CARD = Card("面试邀请", "您好", link=Link("确认", "https://hr.hospital.example/c/1"))


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[Simulator]:
    tls = HOSPITAL | {"mail": MAIL | {"tls": True}}
    simulator = Simulator(parse(tls))
    async with running(simulator):
        yield simulator


def server(sim: Simulator) -> Server:
    trust = ssl.create_default_context(cadata=sim.post.certificate)
    return PatientServer(
        "127.0.0.1", sim.post.port, MAIL["auth"]["username"], PASSWORD, context=trust
    )


def channel(server: Server, **more: Callable[..., Awaitable[Calendar | None]]) -> MailChannel:
    return MailChannel(server, SENDER, CLOCK, **more)


def box(sim: Simulator) -> list[Item]:
    return sim.phones.of(f"mail:{ADDRESS}").items


async def failed(sent: Awaitable[object]) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        await sent
    told = f"{caught.value} {caught.value.__cause__} {caught.value.__context__}"
    assert ADDRESS not in told
    assert PASSWORD not in told
    return caught.value


async def test_a_card_arrives_over_tls_with_its_appointment(sim: Simulator) -> None:
    async def calendar(key: str, content: Content) -> Calendar | None:
        assert (key, content) == ("key-1", CARD)
        start = datetime(2026, 12, 3, 2, 0, tzinfo=UTC)
        what = Appointment(
            "i7",
            SENDER.domain,
            SENDER.address,
            start,
            timedelta(minutes=30),
            "面试",
            "行政楼, 三楼",
        )
        return published(what, CLOCK.now())

    way: Channel = channel(server(sim), calendar=calendar)
    sent = await way.send(CARD, [ADDRESS], key="key-1")
    (item,) = box(sim)
    assert item.body["message_id"] == sent.message_id
    assert item.body["links"] == [{"title": "确认", "url": "https://hr.hospital.example/c/1"}]
    event = item.body["calendar"]
    assert (event["start"], event["location"]) == ("2026-12-03 10:00", "行政楼, 三楼")
    assert event["method"] == "PUBLISH"
    assert item.body["remote"] == []


async def test_mail_is_never_repeated_on_suspicion(sim: Simulator) -> None:
    way = channel(server(sim))
    assert not way.repeatable(CARD)
    sim.faults.add({"kind": "mail_cut", "count": 1})
    assert (await failed(way.send(CARD, [ADDRESS], key="k"))).failure is Failure.UNKNOWN
    assert (
        await failed(way.send(CARD, [ADDRESS], key="k", again=True))
    ).failure is Failure.UNKNOWN
    assert len(box(sim)) == 1
    await way.send(CARD, [ADDRESS], key="k")
    assert [i.body["repeat"] for i in box(sim)] == [False, True]


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        ({"kind": "mail_greylist"}, Failure.RETRY),
        ({"kind": "mail_error", "api": "smtp/rcpt", "errcode": 550}, Failure.RECIPIENT),
        ({"kind": "mail_error", "api": "smtp/mail", "errcode": 553}, Failure.CONFIGURATION),
        ({"kind": "mail_error", "api": "smtp/auth", "errcode": 535}, Failure.CONFIGURATION),
        ({"kind": "mail_error", "api": "smtp/data", "errcode": 451}, Failure.RETRY),
        ({"kind": "mail_error", "api": "smtp/data", "errcode": 554}, Failure.REQUEST),
        ({"kind": "mail_cut", "api": "smtp/rcpt"}, Failure.RETRY),
        ({"kind": "mail_cut", "api": "smtp/auth"}, Failure.RETRY),
    ],
)
async def test_each_fault_is_told_by_its_stage(
    sim: Simulator, fault: dict[str, object], failure: Failure
) -> None:
    sim.faults.add(fault)
    error = await failed(channel(server(sim)).send(CARD, [ADDRESS], key="k"))
    assert error.failure is failure
    assert error.cure
    assert box(sim) == []


async def test_silence_after_the_dot_is_unknown_and_before_it_is_not(sim: Simulator) -> None:
    hasty = replace(server(sim), seconds=0.5, patience=0.7)
    sim.faults.add({"kind": "accepted_then_timeout", "api": "smtp/data", "count": 1})
    caught = await failed(channel(hasty).send(CARD, [ADDRESS], key="k"))
    while not box(sim):  # a machine may be too busy to come so far in time
        caught = await failed(channel(hasty).send(CARD, [ADDRESS], key="k"))
    assert caught.failure is Failure.UNKNOWN
    sim.faults.add({"kind": "black_hole", "api": "smtp/rcpt", "count": 1})
    assert (await failed(channel(hasty).send(CARD, [ADDRESS], key="k"))).failure is Failure.RETRY
    assert len(box(sim)) == 1


async def test_an_unknown_mailbox_is_the_recipients_and_no_reason_to_rest(sim: Simulator) -> None:
    error = await failed(channel(server(sim)).send(CARD, ["nobody@mail.example"], key="k"))
    assert (error.failure, error.code) == (Failure.RECIPIENT, 550)


async def test_a_certificate_that_nobody_vouches_for_is_refused(sim: Simulator) -> None:
    error = await failed(
        channel(replace(server(sim), context=None)).send(CARD, [ADDRESS], key="k")
    )
    assert error.failure is Failure.CONFIGURATION
    assert "证书" in error.cure


async def test_without_starttls_nothing_goes_out_unless_allowed(sim: Simulator) -> None:
    assert sim.world.mail
    sim.world.mail.tls = False
    error = await failed(channel(server(sim)).send(CARD, [ADDRESS], key="k"))
    assert error.failure is Failure.CONFIGURATION
    assert box(sim) == []
    await channel(replace(server(sim), tls=Tls.NONE)).send(Text("您好"), [ADDRESS], key="k")
    assert box(sim)[0].body["subject"] == "来自江城示范医院的通知"


async def test_one_person_a_mail_and_no_address_that_is_none(sim: Simulator) -> None:
    way = channel(server(sim))
    two = await failed(way.send(CARD, ["a@b.example", "c@d.example"], key="k"))
    assert two.failure is Failure.REQUEST
    forged = await failed(way.send(CARD, ["a@b.example>\r\nRCPT TO:<c@d.example"], key="k"))
    assert forged.failure is Failure.RECIPIENT
    assert sim.calls.last == 0


@asynccontextmanager
async def scripted(*answers: bytes) -> AsyncIterator[int]:
    """A server that says these lines, one for each line or message it gets, and hangs up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for number, answer in enumerate(answers):
                if number:
                    message = answers[number - 1][:3] == b"354"
                    await reader.readuntil(b"\r\n.\r\n" if message else b"\n")
                writer.write(answer + b"\r\n")
        except asyncio.IncompleteReadError:
            pass  # the client gave up first
        finally:
            writer.close()
            over.set()

    over = asyncio.Event()
    listening = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]
        await over.wait()


OK = b"250 ok"


@pytest.mark.parametrize(
    ("answers", "failure"),
    [
        ([b"554 go away"], Failure.CONFIGURATION),
        ([b"\xff\xfe garbage"], Failure.RETRY),
        ([b"220 hi"], Failure.RETRY),
        ([b"220 hi", OK, OK, OK, b"354 go", b"999 what"], Failure.UNKNOWN),
        ([b"220 hi", OK, OK, OK, b"354 go", b"no number at all"], Failure.UNKNOWN),
        ([b"220 hi", OK, OK, OK, b"354 go", b"250-never"], Failure.UNKNOWN),
        ([b"220 hi", OK, OK, OK, b"354 go", b"250-never\r\nfinished"], Failure.UNKNOWN),
        ([b"220 hi", OK, OK, b"550 5.1.1 no"], Failure.RECIPIENT),
    ],
)
async def test_servers_that_break_their_word(answers: list[bytes], failure: Failure) -> None:
    async with scripted(*answers) as port:
        plain = PatientServer("127.0.0.1", port, tls=Tls.NONE)
        assert (await failed(channel(plain).send(CARD, [ADDRESS], key="k"))).failure is failure


async def test_nobody_listens() -> None:
    with socket.socket() as held:  # nobody else can be given its port meanwhile
        held.bind(("127.0.0.1", 0))
        plain = PatientServer("127.0.0.1", held.getsockname()[1], tls=Tls.NONE)
        error = await failed(channel(plain).send(CARD, [ADDRESS], key="k"))
    assert error.failure is Failure.RETRY


async def test_a_server_that_takes_the_line_and_says_nothing_was_not_reached() -> None:
    """As behind a firewall. The worker gives a call up before long: by then it must be known."""
    over = asyncio.Event()

    async def mute(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    async with await asyncio.start_server(mute, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        silent = Server("127.0.0.1", port, tls=Tls.NONE, opening=0.2)
        assert silent.seconds > SEND_LIMIT > Server("127.0.0.1", port).opening
        async with asyncio.timeout(SEND_LIMIT):
            caught = await failed(channel(silent).send(CARD, [ADDRESS], key="k"))
        assert caught.failure is Failure.RETRY
        over.set()
