"""One candidate with several phones: links lead from mail and SMS into the same WeChat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from simulator.hospital import BadHospital, parse
from simulator.kf.memory import HUMAN
from simulator.outsiders import outsiders_from
from tests.simulator.kf_bench import KF, KFID, LUO, QIN, KfBench, kf_bench
from tests.simulator.outside import ADDRESS, HOSPITAL, NUMBER

PEOPLE = [{"name": "秦小试", "phones": [f"wechat:{QIN}", f"mail:{ADDRESS}"]}]


@pytest_asyncio.fixture
async def k() -> AsyncIterator[KfBench]:
    async with kf_bench() as running:
        world = parse(HOSPITAL)
        running.b.sim.world.mail, running.b.sim.world.sms = world.mail, world.sms
        running.b.sim.world.people = outsiders_from(PEOPLE)
        yield running


async def test_an_entry_link_in_a_mail_opens_the_chat_of_the_same_person(k: KfBench) -> None:
    url = await k.link() + "&scene_param=iv42"
    done = await k.b.post(f"/sim/phones/mail:{ADDRESS}/follow", {"url": url})
    assert done["phone"] == f"wechat:{QIN}"
    (entered,) = await k.pulled()
    assert entered["event"]["external_userid"] == QIN
    assert entered["event"]["scene_param"] == "iv42"
    phones = {p["id"]: p["person"] for p in await k.b.get("/sim/phones")}
    assert phones[f"mail:{ADDRESS}"] == phones[f"wechat:{QIN}"] == "秦小试"
    assert phones[f"wechat:{LUO}"] == ""


async def test_other_links_are_for_a_browser(k: KfBench) -> None:
    page = "https://example.org/c/1"
    done = await k.b.post(f"/sim/phones/mail:{ADDRESS}/follow", {"url": page})
    assert (done["status"], done["url"]) == ("link", page)
    assert await k.pulled() == []
    refused = await k.b.post(f"/sim/phones/mail:{ADDRESS}/follow", {"url": "javascript:x"})
    assert "link" in refused["error"]


async def test_a_phone_without_wechat_opens_no_chat(k: KfBench) -> None:
    refused = await k.b.post(f"/sim/phones/sms:{NUMBER}/follow", {"url": await k.link()})
    assert "WeChat" in refused["error"]
    assert await k.pulled() == []


async def test_the_window_counts_messages_hours_and_servicers(k: KfBench) -> None:
    async def window() -> tuple[bool, str, int]:
        row = (await k.b.get(f"/sim/phones/wechat:{QIN}/windows"))[0]
        assert row["open_kfid"] == KFID
        return row["opened"], row["state"], row["left"]

    assert await window() == (False, "ended", 0)
    await k.enter()
    assert await window() == (True, "ended", 0)
    await k.say()
    assert await window() == (True, "untouched", 5)
    await k.text()
    await k.text()
    assert await window() == (True, "untouched", 3)
    body = {"open_kfid": KFID, "external_userid": QIN, "state": HUMAN, "servicer": "lixiaoyan"}
    await k.b.post("/sim/kf/sessions", body)
    row = (await k.b.get(f"/sim/phones/wechat:{QIN}/windows"))[0]
    assert (row["state"], row["servicer"], row["left"]) == ("human", "李晓燕", 0)
    k.b.sim.clock.move(timedelta(hours=49))
    row = (await k.b.get(f"/sim/phones/wechat:{QIN}/windows"))[0]
    assert (row["state"], row["until"], row["left"]) == ("ended", None, 0)


async def test_a_phone_belongs_to_one_person() -> None:
    twice = [*PEOPLE, {"name": "罗小试", "phones": [f"mail:{ADDRESS}"]}]
    with pytest.raises(BadHospital, match="two of them"):
        parse(HOSPITAL | {"kf": KF, "people": twice})
