"""The text message channel with Aliyun's signed API, against the simulator and a lying stub."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from bot.channels import Failure, SendFailed
from bot.platforms.sms.aliyun import AliyunSms, out_id
from bot.platforms.sms.channel import Phrase, SmsChannel, Template
from bot.platforms.sms.signing import AccessKey
from models.cards import Content, Text
from models.clock import ManualClock
from simulator.hospital import parse
from simulator.phones import Item
from simulator.serve import running
from simulator.state import Simulator
from tests.simulator.outside import HOSPITAL, NUMBER, SMS
from tests.support.waiting import eventually

SAID = Text("面试邀请")
SECRET = SMS["access_key_secret"]
SIGN = SMS["sign_names"][0]


class Here:
    """The simulator, and a channel that writes to it."""

    def __init__(self, sim: Simulator, base: str, session: aiohttp.ClientSession) -> None:
        self.sim = sim
        self.clock = ManualClock(sim.clock.now())
        self.base = base
        self._session = session

    def channel(
        self, *, secret: str = SECRET, code: str = "SMS_100", base: str = ""
    ) -> SmsChannel:
        async def phrase(_key: str, _content: Content) -> Phrase | None:
            return Phrase("invitation", {"who": "钱多多", "when": "12月3日 (周四) 10:00 & +*~"})

        key = AccessKey(SMS["access_key_id"], secret)
        provider = AliyunSms(self._session, key, SIGN, self.clock, base or self.base)
        templates = {"invitation": Template(code, {"name": "who", "time": "when"})}
        return SmsChannel(provider, templates, phrase)

    async def fails(self, way: SmsChannel, to: str = NUMBER) -> SendFailed:
        with pytest.raises(SendFailed) as caught:
            await way.send(SAID, [to], key="k1")
        told = f"{caught.value!r} {caught.value.__cause__} {caught.value.__context__}"
        assert SECRET not in told
        assert NUMBER not in told
        assert caught.value.cure
        return caught.value

    @property
    def box(self) -> list[Item]:
        return self.sim.phones.of(f"sms:{NUMBER}").items


@pytest_asyncio.fixture
async def here() -> AsyncIterator[Here]:
    sim = Simulator(parse(HOSPITAL))
    limit = aiohttp.ClientTimeout(total=60)
    async with running(sim) as base, aiohttp.ClientSession(timeout=limit) as session:
        yield Here(sim, base, session)


@pytest_asyncio.fixture
async def hasty(here: Here) -> AsyncIterator[Here]:
    """For answers that never come."""
    limit = aiohttp.ClientTimeout(total=1)
    async with aiohttp.ClientSession(timeout=limit) as session:
        yield Here(here.sim, here.base, session)


async def test_a_text_message_arrives_signed_and_with_our_key(here: Here) -> None:
    sent = await here.channel().send(SAID, [NUMBER], key="k1")
    (item,) = here.box
    assert item.msgid == sent.message_id
    assert item.body["content"] == (
        "【江城示范医院】钱多多您好，邀请您12月3日 (周四) 10:00 & +*~来院面试，详情见邮件。"
    )
    assert item.body["out_id"] == out_id("k1")
    assert "k1" not in item.body["out_id"]


async def test_keys_clock_and_template_are_told_apart(here: Here) -> None:
    assert "AccessKey" in (await here.fails(here.channel(secret="wrong"))).cure
    unknown = await here.fails(here.channel(code="SMS_9"))
    assert (unknown.failure, "模板" in unknown.cure) == (Failure.REQUEST, True)
    here.clock.advance(timedelta(minutes=16))
    late = await here.fails(here.channel())
    assert (late.failure, "校准" in late.cure) == (Failure.CONFIGURATION, True)
    assert here.box == []


@pytest.mark.parametrize(
    ("fault", "failure", "arrived"),
    [
        ({"kind": "rate_limit"}, Failure.RETRY, 0),
        ({"kind": "permission"}, Failure.CONFIGURATION, 0),
        ({"kind": "wrong_secret", "api": "sms/*"}, Failure.CONFIGURATION, 0),
        ({"kind": "api_error", "code": "isv.AMOUNT_NOT_ENOUGH"}, Failure.CONFIGURATION, 0),
        ({"kind": "api_error", "code": "isv.BLACK_KEY_CONTROL_LIMIT"}, Failure.RECIPIENT, 0),
        ({"kind": "http_500", "api": "sms/*"}, Failure.UNKNOWN, 0),
        ({"kind": "html_502", "api": "sms/*"}, Failure.UNKNOWN, 0),
        ({"kind": "reset_after_bytes"}, Failure.UNKNOWN, 1),
    ],
)
async def test_faults_of_the_provider(
    here: Here, fault: dict[str, object], failure: Failure, arrived: int
) -> None:
    here.sim.faults.add(fault)
    assert (await here.fails(here.channel())).failure is failure
    assert len(here.box) == arrived


@pytest.mark.parametrize(("kind", "arrived"), [("black_hole", 0), ("accepted_then_timeout", 1)])
async def test_silence_of_the_provider_is_unknown(hasty: Here, kind: str, arrived: int) -> None:
    await hasty.fails(hasty.channel(code="SMS_9"))  # now there is a line, which takes no time
    hasty.sim.faults.add({"kind": kind})
    assert (await hasty.fails(hasty.channel())).failure is Failure.UNKNOWN

    async def has_arrived() -> bool:
        return len(hasty.box) == arrived

    await eventually(has_arrived)


@pytest.mark.parametrize(
    ("body", "status", "failure"),
    [
        ("[]", 200, Failure.UNKNOWN),
        ('{"Code": 7}', 200, Failure.UNKNOWN),
        ("<html>login</html>", 200, Failure.UNKNOWN),
        ("", 302, Failure.CONFIGURATION),
        ("x" * (65 << 10), 200, Failure.UNKNOWN),
    ],
)
async def test_answers_without_sense(here: Here, body: str, status: int, failure: Failure) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=body, status=status)

    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        assert (await here.fails(here.channel(base=base))).failure is failure
    finally:
        await runner.cleanup()


async def test_nobody_listens_and_an_endpoint_with_a_path(here: Here) -> None:
    gone = await here.fails(here.channel(base="http://127.0.0.1:9"))
    assert gone.failure is Failure.RETRY
    with pytest.raises(ValueError, match="without a path"):
        here.channel(base="https://dysmsapi.aliyuncs.com/x")
    for plain in (
        "http://dysmsapi.aliyuncs.com",
        "http://127.0.0.1.evil.example",
        "ftp://localhost",
    ):
        with pytest.raises(ValueError, match="must be https"):
            here.channel(base=plain)
