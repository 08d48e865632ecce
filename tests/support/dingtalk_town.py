"""Real bot processes that are on DingTalk by Stream, and who of them holds which connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot import sample, sample_platforms
from models import db
from simulator.hospital import parse
from simulator.phones import Item
from simulator.render import flat
from tests.support.hospital import DINGTALK
from tests.support.patience import DING
from tests.support.processes import Process, Town, town
from tests.support.waiting import eventually

AFTERNOON = "2026-12-07T14:00+08:00"
AGAIN = 0.2  # seconds until a robot message that was not acknowledged comes once more
CREATE = "v1.0/card/instances/createAndDeliver"
WAITING_FOR_A_LOCK = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


class DingTown(Town):
    """Bots that know nothing but DingTalk."""

    def environment(self) -> dict[str, str]:
        common = super().environment()
        return {
            **{name: value for name, value in common.items() if "WECOM" not in name},
            "WARDBELL_DINGTALK_CORP_ID": sample.DING_CORP_ID,
            "WARDBELL_DINGTALK_CLIENT_ID": sample.DING_CLIENT_ID,
            "WARDBELL_DINGTALK_CLIENT_SECRET": sample.DING_SECRET,
            "WARDBELL_DINGTALK_AGENT_ID": str(sample.DING_AGENT_ID),
            "WARDBELL_DINGTALK_CARD_TEMPLATE": sample_platforms.CARD_TEMPLATE,
            "WARDBELL_DINGTALK_CARDS": "all",
            "WARDBELL_DINGTALK_API": self.address,
            "WARDBELL_DINGTALK_OLD_API": self.address,
        }

    async def links(self) -> dict[str, int]:
        """Connection → how many frames went to it."""
        found = await self.get("/sim/dingtalk/connections")
        return {link["id"]: int(link["pushed"]) for link in found["connections"]}

    async def connected(self, count: int) -> None:
        async def there() -> bool:
            return len(await self.links()) == count

        await eventually(there)

    async def two(self) -> dict[str, Process]:
        """Two processes, and which connection is whose: they connect one after the other."""
        one = await self.bot()
        await self.connected(1)
        [first] = await self.links()
        other = await self.bot()
        await self.connected(2)
        [second] = set(await self.links()) - {first}
        return {first: one, second: other}

    def phone(self, userid: str) -> list[Item]:
        """What came in on a phone, oldest first."""
        items = self.sim.phones.of(f"dingtalk:{userid}").items
        return [item for item in items if item.direction == "in"]

    def texts(self, userid: str) -> list[str]:
        return [flat(item) for item in self.phone(userid)]

    async def says_there(self, userid: str, text: str) -> dict[str, Any]:
        done: dict[str, Any] = await self.post(
            f"/sim/phones/dingtalk:{userid}/say", {"text": text}
        )
        return done

    async def card(self, userid: str, words: str) -> Item:
        """The newest card with these words, as soon as it is there."""

        async def there() -> Item | None:
            found = [i for i in self.phone(userid) if i.kind == "card" and words in flat(i)]
            return found[-1] if found else None

        item = await eventually(there)
        assert item is not None
        return item

    async def taps(self, userid: str, card: Item, button: str) -> dict[str, Any]:
        body = {"seq": card.seq, "button": button, "force": True}
        done: dict[str, Any] = await self.post(f"/sim/phones/dingtalk:{userid}/tap", body)
        return done

    async def asked_for_approval(self) -> Item:
        """李 asks 杨, who agrees: the card that 赵 has to answer."""
        assert "已经问杨小样了" in (await self.says_there("li", "换班 1212A 杨"))["reply"]
        request = await self.card("yang", "李小样想和您换班")
        assert (await self.taps("yang", request, "同意"))["status"] == "ok"
        return await self.card("zhao", "换班请审批")

    def claimer(self, worker: str) -> Process:
        """The process with this name in `workers`, which ends with its number."""
        pid = int(worker.rpartition(":")[2])
        [one] = [p for p in self.processes if p.process.pid == pid]
        return one


async def blocked() -> bool:
    """Whether some process waits for a row that the test holds."""
    return bool(await db.fetch_value(WAITING_FOR_A_LOCK))


@asynccontextmanager
async def holding(table: str) -> AsyncIterator[None]:
    """Nobody else gets at the rows of a table meanwhile: work stands still in its midst."""
    held, let_go = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with db.transaction():
            await db.fetch(f"SELECT 1 FROM {table} FOR UPDATE")
            held.set()
            await let_go.wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(hold())
        try:
            await held.wait()
            yield
        finally:
            let_go.set()


@asynccontextmanager
async def ding_town(url: str, data: Path, now: str = AFTERNOON) -> AsyncIterator[DingTown]:
    world = parse(sample_platforms.simulated("http://127.0.0.1:9/", places=DINGTALK.places))
    async with town(url, data, now, world=world, kind=DingTown) as here:
        assert isinstance(here, DingTown)
        here.sim.pace = replace(here.sim.pace, ding=replace(DING, again=AGAIN))
        yield here
