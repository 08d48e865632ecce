"""Customer service against the simulator: from the entry link to the tapped menu."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot.channels import Failure, SendFailed
from bot.events import KfRang
from bot.platforms.wecom.client import WeComClient
from bot.platforms.wecom.decode import decode
from bot.platforms.wecom.kf.addresses import KfAddress
from bot.platforms.wecom.kf.bodies import kf_body
from bot.platforms.wecom.kf.channel import KfChannel
from bot.platforms.wecom.kf.client import KfClient, SessionState, entry_link
from bot.platforms.wecom.kf.events import (
    KfEntered,
    KfEvent,
    KfRecalled,
    KfSaid,
    KfSendFailed,
    KfSessionChanged,
)
from bot.platforms.wecom.kf.menus import Pressed, read_menu_id
from bot.platforms.wecom.kf.puller import Puller
from models.cards import Button, Card, Fact, Link, Text
from models.clock import ManualClock
from simulator.inner import write
from simulator.sample import SAMPLE
from tests.integration.wecom_stub import MemoryTokenStore
from tests.simulator.bench import AGENT, NOON
from tests.simulator.kf_bench import KFID, QIN, KfBench, kf_bench
from tests.support.kf import Cursors
from tests.support.patience import PATIENT
from tests.support.waiting import eventually

INVITE = Card(
    "面试邀请",
    body="欢迎来我院面试。",
    facts=(Fact("时间", "12月8日 09:00"),),
    buttons=(Button("确认参加", "interviews.accept"), Button("去不了", "interviews.decline")),
    link=Link("怎么走", "https://hr.example.org/map"),
    source="示例医院人事科",
)
TO = str(KfAddress(KFID, QIN))
KEY = "k-1_A"


@dataclass
class Office:
    k: KfBench
    client: KfClient
    channel: KfChannel
    puller: Puller
    heard: list[KfEvent] = field(default_factory=list)

    async def rings(self) -> list[KfEvent]:
        """What is new, pulled with the token of the last ring as the product reads it."""
        told = self.k.b.bot.heard[-1]
        fields = [(name, str(value)) for name, value in told.items() if name != "timestamp"]
        rung = decode(write(fields).encode(), app="hr")
        assert isinstance(rung, KfRang)
        before = len(self.heard)
        await self.puller.rang(rung.open_kfid, rung.token)
        return self.heard[before:]

    async def opened(self) -> KfEntered:
        link = entry_link(await self.client.add_contact_way(KFID, "interview"), "sealed=1&中")
        assert (await self.k.enter(link))["status"] == "ok"
        [event] = await self.rings()
        assert isinstance(event, KfEntered)
        return event

    async def send(self, content: Any = INVITE, **more: Any) -> Any:
        return await self.channel.send(content, [TO], **({"key": KEY} | more))


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    clock = ManualClock(NOON)
    timeout = aiohttp.ClientTimeout(total=60)
    async with kf_bench() as k, aiohttp.ClientSession(timeout=timeout) as session:
        k.b.sim.pace = PATIENT
        wecom = WeComClient(
            session,
            app="hr",
            corp_id=SAMPLE["corpid"],
            secret=k.b.app.secret,
            agent_id=AGENT,
            tokens=MemoryTokenStore(clock),
            clock=clock,
            base_url=k.b.base,
        )
        client = KfClient(wecom)

        async def handle(events: Sequence[KfEvent]) -> None:
            made.heard.extend(events)

        async def at_once(_: float) -> None:
            return None

        puller = Puller(client, Cursors(), handle, clock, sleep=at_once)
        made = Office(k, client, KfChannel(client), puller)
        yield made


async def test_from_the_link_to_the_tap(office: Office) -> None:
    entered = await office.opened()
    assert (entered.user, entered.scene, entered.scene_param) == (QIN, "interview", "sealed=1&中")
    welcome = kf_body(INVITE, key="w1", event=True)
    assert await office.client.send_on_event(entered.welcome_code, welcome, msgid="w1") == "w1"
    await office.k.say("你好")
    [said] = await office.rings()
    assert isinstance(said, KfSaid)
    assert (said.text, said.menu_id) == ("你好", "")
    assert (await office.send()).refused == {}
    shown = (await office.k.shown())[-1]
    assert shown["text"] == (
        "面试邀请\n欢迎来我院面试。\n时间：12月8日 09:00\n"
        "[确认参加]\n[去不了]\n[怎么走]\n示例医院人事科"
    )
    tap = {"seq": shown["seq"], "button": "确认参加"}
    await office.k.b.post(f"/sim/phones/wechat:{QIN}/tap", tap)
    [tapped] = await office.rings()
    assert isinstance(tapped, KfSaid)
    assert read_menu_id(tapped.menu_id) == Pressed(KEY, "interviews.accept")


async def test_the_window_as_the_ladder_sees_it(office: Office) -> None:
    assert (await office.send()).refused[TO].code == 95018
    await office.opened()
    await office.k.say()
    sent = [(await office.send(key=f"k{n}")).refused for n in range(6)]
    assert sent[:5] == [{}] * 5
    assert sent[5][TO].code == 95001
    office.k.move(hours=48, seconds=1)
    assert (await office.send(key="k9")).refused[TO].code == 95002
    assert (await office.client.state(KFID, QIN))[0] == SessionState.ENDED


async def test_an_answer_that_was_lost_arrives_once(office: Office) -> None:
    await office.opened()
    await office.k.say()
    await office.k.b.fault("reset_after_bytes", api="kf/send_msg", count=1)
    with pytest.raises(SendFailed) as caught:
        await office.send()
    assert caught.value.failure is Failure.UNKNOWN
    assert (await office.send(again=True)).refused == {}
    assert len(await office.k.shown()) == 1


async def test_what_was_accepted_and_did_not_arrive_is_told(office: Office) -> None:
    await office.opened()
    await office.k.say()
    await office.rings()
    await office.k.b.fault("msg_send_fail", fail_type=10, count=1)
    rings = len(office.k.b.bot.heard)
    assert (await office.send()).refused == {}

    async def rung() -> bool:
        return len(office.k.b.bot.heard) > rings

    await eventually(rung)
    [failed] = await office.rings()
    assert isinstance(failed, KfSendFailed)
    assert (failed.fail_msgid, failed.failure) == (KEY, Failure.RECIPIENT)
    assert "拒收" in failed.cure


async def test_a_late_ring_a_stale_token_and_short_pages(office: Office) -> None:
    await office.opened()
    for text in ("一", "二", "三"):
        await office.k.say(text)
    await office.k.b.post("/sim/kf/pages", {"most": 2, "empties": 2})
    office.k.move(minutes=11)
    await office.k.b.fault("expired_token", api="kf/sync_msg", count=1)
    texts = [event.text for event in await office.rings() if isinstance(event, KfSaid)]
    assert texts == ["一", "二", "三"]


async def test_a_colleague_takes_over_and_words_are_taken_back(office: Office) -> None:
    await office.opened()
    await office.k.say("打错了")
    [said] = await office.rings()
    row = (await office.k.b.messages(f"wechat:{QIN}"))[-1]
    await office.k.b.post(f"/sim/phones/wechat:{QIN}/recall", {"seq": row["seq"]})
    [recalled] = await office.rings()
    assert isinstance(recalled, KfRecalled)
    assert recalled.recalled_msgid == said.msgid
    await office.client.move(KFID, QIN, SessionState.HUMAN, "linhong")
    assert await office.client.state(KFID, QIN) == (SessionState.HUMAN, "linhong")
    assert (await office.send()).refused[TO].code == 95018
    ended = {"open_kfid": KFID, "external_userid": QIN, "state": 4}
    await office.k.b.post("/sim/kf/sessions", ended)
    [changed] = await office.rings()
    assert isinstance(changed, KfSessionChanged)
    bye = kf_body(Text("再见"), key="b1")
    assert await office.client.send_on_event(changed.msg_code, bye, msgid="b1") == "b1"


async def test_who_they_are(office: Office) -> None:
    await office.opened()
    [customer] = await office.client.customers([QIN, "wmNobody"])
    assert (customer.user, customer.nickname) == (QIN, "小秦")
    assert customer.scene_param == "sealed=1&中"
    office.k.b.sim.clock.move(timedelta(hours=49))
    assert await office.client.customers([QIN]) == []
    with pytest.raises(SendFailed):
        await office.client.customers([])
    with pytest.raises(SendFailed):
        await office.client.add_contact_way(KFID, "not a scene")
