"""Two real processes on DingTalk's Stream: either answers, and one may die of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import database
from models import db
from tests.support import database as databases
from tests.support.dingtalk_town import CREATE, DingTown, blocked, ding_town, holding
from tests.support.ledger import history_of
from tests.support.processes import Process
from tests.support.waiting import eventually

EXCHANGE = "SELECT version FROM rosters WHERE source LIKE '换班%'"
DECIDED = "SELECT action FROM audit_rows WHERE action IN ('swaps.approved', 'swap.approved')"
OPEN = "SELECT count(*) FROM deliveries WHERE state NOT IN ('accepted', 'answered', 'seen')"
FOUND_AGAIN = ["queued", "sending", "unknown", "sending", "accepted"]
SENDING = """
SELECT d.id, w.name FROM deliveries d JOIN workers w ON w.id = d.claimed_by
 WHERE d.state = 'sending' AND d.channel = 'dingtalk' ORDER BY d.id
"""


@pytest.fixture
async def place(dingtalk_template: str, tmp_path: Path) -> AsyncIterator[DingTown]:
    async with (
        databases.clone(dingtalk_template) as url,
        database.opened(url),
        ding_town(url, tmp_path) as here,
    ):
        yield here


async def approved() -> bool:
    return bool(await db.fetch_value("SELECT 1 FROM swaps WHERE state = 'approved'"))


async def nothing_open() -> bool:
    return not await db.fetch_value(OPEN)


async def expect_one_exchange(place: DingTown) -> None:
    """Approved once, exchanged once, and each of the three was told once of each thing."""
    await eventually(approved)
    await eventually(nothing_open)
    assert len(await db.fetch(EXCHANGE)) == 1
    assert sorted(row["action"] for row in await db.fetch(DECIDED)) == [
        "swap.approved",
        "swaps.approved",
    ]
    told = {
        user: sum("换班已批准" in text for text in place.texts(user)) for user in ("li", "yang")
    }
    assert told == {"li": 1, "yang": 1}
    assert [sum(i.kind == "card" for i in place.phone(user)) for user in ("yang", "zhao")] == [
        1,
        1,
    ]


async def pushed_to(place: DingTown, before: dict[str, int]) -> str:
    """The connection that got something since."""

    async def there() -> list[str]:
        return [link for link, count in (await place.links()).items() if count > before[link]]

    [link] = await eventually(there)
    return link


async def test_whichever_connection_hears_it_answers(place: DingTown) -> None:
    await place.two()

    async def both_heard() -> bool:
        done = await place.says_there("li", "我的班")
        assert (done["status"], "12月" in done["reply"]) == ("ok", True)
        return min((await place.links()).values()) > 0

    await eventually(both_heard)
    await place.taps("zhao", await place.asked_for_approval(), "批准")
    heard = await place.links()

    async def both_heard_the_tap() -> bool:
        again = await place.post("/sim/dingtalk/connections/redeliver", {"channel": "card"})
        assert again["status"] == "ok"
        now = await place.links()
        return all(now[link] > count for link, count in heard.items())

    await eventually(both_heard_the_tap)
    await expect_one_exchange(place)
    assert await db.fetch_value("SELECT count(*) FROM inbox WHERE kind = 'CardTapped'") == 2


@pytest.mark.parametrize("dies", ["before the commit", "before the answer", "after putting it by"])
async def test_one_is_killed_in_the_midst_of_an_approval(place: DingTown, dies: str) -> None:
    if dies == "after putting it by":
        place.options = ("--tap=1.2",)
    owners = await place.two()
    card = await place.asked_for_approval()
    before = await place.links()
    async with asyncio.TaskGroup() as group:
        async with holding("swaps"):
            tap = group.create_task(place.taps("zhao", card, "批准"))
            link = await pushed_to(place, before)
            await eventually(blocked)
            if dies == "before the commit":
                await owners[link].killed()
            elif dies == "after putting it by":
                await tap  # it was told after the short time that its handler has
                await owners[link].killed()
            else:
                await place.post("/sim/dingtalk/connections/freeze", {"id": link})
        if dies == "before the answer":
            await eventually(approved)
            await owners[link].killed()
            await place.connected(1)  # the platform has noticed, and waits no more
    assert (tap.result()["status"] == "ok") is (dies == "after putting it by")
    [other] = [process for mine, process in owners.items() if mine != link]
    await other_answers(place, dies)
    await expect_one_exchange(place)
    assert await other.ended() == 0


async def other_answers(place: DingTown, dies: str) -> None:
    """Words at once; and to the same tap once more, unless it was put by and needs none."""

    async def answered() -> bool:
        done = await place.says_there("li", "我的班")
        return done["status"] == "ok" and "12月" in (done["reply"] or "")

    await eventually(answered)
    if dies == "after putting it by":
        return
    card = await place.card("zhao", "换班")
    done = await place.taps("zhao", card, "批准")
    assert done["status"] == "ok"
    assert "批准" in done["reply"]


@pytest.mark.parametrize("fault", ["accepted_then_timeout", "black_hole"])
async def test_one_is_killed_while_it_creates_cards(place: DingTown, fault: str) -> None:
    """Made or not, nobody knows: the other one looks for each card before it makes one."""
    owners = await place.two()
    place.sim.faults.add({"kind": fault, "api": CREATE})
    for words in ("换班 1212A 杨", "换班 1213A 张 1211"):
        assert (await place.says_there("li", words))["status"] == "ok"

    async def caught() -> bool:
        return place.calls(CREATE, fault) == 2 and len(await db.fetch(SENDING)) == 2

    await eventually(caught)
    rows = await db.fetch(SENDING)
    victim = place.claimer(rows[0]["name"])
    mine = [row["id"] for row in rows if row["name"] == rows[0]["name"]]
    await victim.killed()
    place.sim.faults.clear()
    await eventually(nothing_open)
    for delivery in mine:
        assert (await history_of(delivery))[:5] == FOUND_AGAIN
    cards = {user: sum(i.kind == "card" for i in place.phone(user)) for user in ("yang", "zhang")}
    assert cards == {"yang": 1, "zhang": 1}
    [other] = [process for process in owners.values() if process is not victim]
    done = await place.taps("yang", await place.card("yang", "想和您换班"), "同意")
    assert done["status"] == "ok"
    assert await other.ended() == 0


async def test_told_to_stop_it_answers_what_it_has_and_the_other_goes_on(place: DingTown) -> None:
    owners = await place.two()
    card = await place.asked_for_approval()
    before = await place.links()
    async with asyncio.TaskGroup() as group, holding("swaps"):
        tap = group.create_task(place.taps("zhao", card, "批准"))
        link = await pushed_to(place, before)
        await eventually(blocked)
        leaving: Process = owners[link]
        leaving.process.terminate()
        await eventually(lambda: said(leaving, '"event": "stopping"'))
    assert tap.result()["status"] == "ok"
    assert "赵小样已批准" in tap.result()["reply"]
    assert await asyncio.wait_for(leaving.process.wait(), 60) == 0
    assert set(await place.links()) == set(owners) - {link}
    for _ in range(3):
        assert "12月" in (await place.says_there("li", "我的班"))["reply"]
    await expect_one_exchange(place)
    [other] = [process for mine, process in owners.items() if mine != link]
    assert await other.ended() == 0
    assert await db.fetch("SELECT id FROM workers") == []


async def said(process: Process, words: str) -> bool:
    return words in "".join(process.log)
