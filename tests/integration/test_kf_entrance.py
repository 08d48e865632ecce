"""The chat's entry link: asked for once; without it mails leave all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from bot.candidate_content import CandidateContent, Dressing
from bot.kf_entrance import AGAIN, KfEntrance
from bot.platforms.links import CandidateLinks
from bot.platforms.wecom.client import WeComClient
from bot.platforms.wecom.kf.bodies import kf_body
from bot.platforms.wecom.kf.client import KfClient
from message_templates.catalogue import Catalogue
from models.candidates import EntryLink
from models.cards import Card, Text
from models.clock import ManualClock
from services.entry_links import CHAT, PAGE, SIGNED_FOR, EntryLinks
from services.hospital import Hospital
from services.new_links import NEW_LINK
from simulator.kf.settings import kf_from
from simulator.sample import SAMPLE
from tests.integration.wecom_stub import MemoryTokenStore
from tests.simulator.bench import AGENT
from tests.simulator.kf_bench import KFID, OTHER_KFID, KfBench, kf_bench
from tests.support.candidate_rows import Invited, invited, sending
from tests.support.patience import PATIENT

HOSPITAL = Hospital("示例医院", "https://hr.example")


TEXT = Text("钱护士您好！请问这个时间您方便吗？")


@dataclass
class Town:
    """Customer service in the simulator, and our entry links over it."""

    k: KfBench
    links: EntryLinks
    clock: ManualClock


@pytest.fixture
async def town(database_url: str, clock: ManualClock) -> AsyncIterator[Town]:
    async with kf_bench() as k, aiohttp.ClientSession() as session:
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
        page, chat = (CandidateLinks(purpose, SIGNED_FOR, clock) for purpose in (PAGE, CHAT))
        entrance = KfEntrance(KfClient(wecom), KFID, clock)
        yield Town(k, EntryLinks(clock, page, chat, HOSPITAL, entrance), clock)


@pytest.fixture
async def one(database_url: str, clock: ManualClock) -> Invited:
    return await invited(clock.now())


async def test_the_link_of_a_mail_tells_the_chat_who_enters(town: Town, one: Invited) -> None:
    entry = await town.links.make(one.candidate.id, one.interview.id)
    assert entry.kf_url is not None
    assert (await town.k.enter(entry.kf_url))["status"] == "ok"
    [event] = await town.k.pulled()
    param = event["event"]["scene_param"]
    assert await town.links.bind(param) == one.candidate.id
    assert await town.links.bind(param + "A") is None


async def test_without_the_platform_an_invitation_leaves_without_the_chat(
    town: Town, one: Invited
) -> None:
    known, town.k.b.sim.world.kf = (
        town.k.b.sim.world.kf,
        kf_from({"accounts": [{"open_kfid": OTHER_KFID, "name": "别处"}]}),
    )
    assert (await town.links.make(one.candidate.id)).kf_url is None
    town.k.b.sim.world.kf = known
    assert (await town.links.make(one.candidate.id)).kf_url is None  # it rests a while
    town.clock.advance(AGAIN)
    assert (await town.links.make(one.candidate.id)).kf_url is not None


async def test_a_mail_is_dressed_when_it_is_sent(town: Town, one: Invited) -> None:
    dress = Dressing("mail", town.links, CandidateContent(Catalogue(), HOSPITAL))
    now = town.clock.now()
    key = await sending("interviews.invitation", one.interview.id, one, "mail", now)
    card = await dress(one.candidate.id, key, TEXT)
    assert isinstance(card, Card)
    assert card.link is not None
    opened = await town.links.open(card.link.url.rpartition("/")[2])
    assert opened is not None
    assert (opened.candidate_id, opened.interview_id) == (one.candidate.id, one.interview.id)
    assert "work.weixin" in card.body or "scene_param=" in card.body


async def test_the_chat_gets_a_link_only_where_one_was_asked_for(town: Town, one: Invited) -> None:
    dress = Dressing("wecom_kf", town.links, CandidateContent(Catalogue(), HOSPITAL))
    now = town.clock.now()
    key = await sending("interviews.invitation", one.interview.id, one, "wecom_kf", now)
    assert await dress(one.candidate.id, key, TEXT) == TEXT
    assert await EntryLink.all().count() == 0
    await town.links.make(one.candidate.id, one.interview.id)
    old = await EntryLink.get()
    key = await sending(NEW_LINK, old.id, one, "wecom_kf", now)
    card = await dress(
        one.candidate.id, key, Catalogue().card("candidates/new_link", {"hospital": "示例医院"})
    )
    assert isinstance(card, Card)
    assert card.link is not None
    assert kf_body(card, key="k1")["msgtype"] == "msgmenu"
