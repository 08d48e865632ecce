"""What a platform tells afterwards is believed, and nothing before it is claimed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from bot.channels import Failure, Receipt, ReceiptState, Refused, SendFailed, Sent
from bot.wiring import Services
from models import db
from models.clock import ManualClock
from scheduler.receipts import ReceiptAsker
from services.reach import Ladder
from services.receipts import Receipts
from tests.support.delivering import Platform, Post, post_office
from tests.support.ledger import history_of

SEEN, ARRIVED = Receipt(ReceiptState.SEEN), Receipt(ReceiptState.ARRIVED)
DROPPED = Receipt(ReceiptState.FAILED, 143105, "the daily cap of this person")


@dataclass
class Telling(Platform):
    """A platform that says what became of a message, when it is asked."""

    told: dict[str, Receipt] = field(default_factory=dict)
    asked: list[tuple[str, ...]] = field(default_factory=list)
    down: bool = False

    async def receipts(self, message_id: str, to: Sequence[str]) -> Mapping[str, Receipt]:
        self.asked.append(tuple(to))
        if self.down:
            raise SendFailed(Failure.RETRY, reason="down")
        return {user: self.told[user] for user in to if user in self.told}


@dataclass
class Office:
    post: Post
    platform: Telling
    asker: ReceiptAsker
    services: Services

    async def says(self, *users: str) -> dict[str, int]:
        """Deliveries by user, after the platform has answered."""
        rows = await db.fetch(
            "SELECT person_id FROM identities WHERE user_id = ANY($1)", list(users)
        )
        people = [row["person_id"] for row in rows]
        await self.services.ledger.notify("replies.late", 0, people, context={"text": "您好"})
        await self.post.works()
        rows = await db.fetch("SELECT id, address FROM deliveries")
        return {row["address"]: row["id"] for row in rows}


async def state(user: str) -> str:
    return str(
        await db.fetch_value(
            "SELECT state FROM deliveries WHERE address = $1 ORDER BY id DESC LIMIT 1", user
        )
    )


@pytest.fixture
async def office(
    database_url: str, services: Services, clock: ManualClock
) -> AsyncIterator[Office]:
    async with post_office(database_url, services, clock) as post:
        platform = Telling()
        post.platform = post.worker.channel = platform
        asker = ReceiptAsker({"wecom_app": platform}, Ladder(("wecom_app",)), clock)
        yield Office(post, platform, asker, services)


async def test_a_promise_stays_unknown_until_the_platform_tells(
    office: Office, clock: ManualClock
) -> None:
    office.platform.answers.append(Sent("m1", confirmed=False))
    ids = await office.says("li", "wang", "zhang", "liu")
    assert await state("li") == "unknown"
    assert await office.asker.run() == 0  # too soon
    office.platform.told = {"li": ARRIVED, "wang": SEEN, "zhang": DROPPED}
    clock.advance(timedelta(seconds=10))
    assert await office.asker.run() == 3
    assert [await state(u) for u in ("li", "wang", "zhang", "liu")] == [
        "accepted",
        "seen",
        "failed",
        "unknown",
    ]
    assert await history_of(ids["zhang"]) == ["queued", "sending", "unknown", "failed"]


async def test_a_promise_is_not_repeated_and_is_asked_for_less_and_less(
    office: Office, clock: ManualClock
) -> None:
    office.platform.answers.append(Sent("m1", confirmed=False))
    await office.says("li")
    for _ in range(24):
        clock.advance(timedelta(minutes=5))
        await office.post.works()
        await office.asker.run()
    assert len(office.platform.calls) == 1
    assert 3 <= len(office.platform.asked) <= 8


async def test_who_was_dropped_is_tried_on_the_next_channel(
    office: Office, clock: ManualClock
) -> None:
    await db.execute(
        "INSERT INTO identities (person_id, platform, user_id) "
        "SELECT person_id, 'dingtalk', 'li-ding' FROM identities WHERE user_id = 'li'"
    )
    office.asker.ladder = Ladder(("wecom_app", "dingtalk"))
    office.platform.answers.append(Sent("m1", confirmed=False))
    await office.says("li")
    office.platform.told = {"li": DROPPED}
    clock.advance(timedelta(seconds=10))
    await office.asker.run()
    assert await state("li-ding") == "queued"


async def test_a_platform_that_does_not_answer_proves_nothing(
    office: Office, clock: ManualClock
) -> None:
    office.platform.answers.append(Sent("m1", confirmed=False))
    office.platform.down = True
    await office.says("li")
    clock.advance(timedelta(minutes=1))
    assert await office.asker.run() == 0
    assert await state("li") == "unknown"


async def test_a_pushed_receipt_counts_for_its_reader_alone(
    office: Office, clock: ManualClock
) -> None:
    office.platform.answers.append(Sent("m1"))
    await office.says("li", "wang")
    receipts = Receipts(clock)
    assert await receipts.read("wecom", "LI", ["m1"]) == 1
    assert await receipts.read("wecom", "li", ["m1"]) == 0
    assert await receipts.read("dingtalk", "wang", ["m1"]) == 0
    assert [await state("li"), await state("wang")] == ["seen", "accepted"]


async def test_ids_per_receiver_find_their_delivery(office: Office, clock: ManualClock) -> None:
    office.platform.answers.append(Sent("", each={"li": "c-li", "wang": "c-wang"}))
    await office.says("li", "wang")
    assert await Receipts(clock).read("wecom", "wang", ["c-wang"]) == 1
    assert [await state("li"), await state("wang")] == ["accepted", "seen"]


async def test_each_receiver_of_a_call_has_an_own_fate(office: Office, clock: ManualClock) -> None:
    office.platform.answers.append(
        Sent(
            "m1",
            refused={
                "li": Refused(1, "flow control", Failure.RETRY, timedelta(seconds=30)),
                "wang": Refused(2, "no such user"),
                "zhang": Refused(3, "timed out", Failure.UNKNOWN),
                "liu": Refused(4, "wrong", Failure.REQUEST),
                "chen": Refused(5, "busy", Failure.WINDOW),
            },
        )
    )
    await office.says("li", "wang", "zhang", "liu", "chen", "yang")
    users = ("li", "wang", "zhang", "liu", "chen", "yang")
    assert [await state(user) for user in users] == [
        "queued",
        "failed",
        "unknown",
        "failed",
        "queued",
        "accepted",
    ]
    clock.advance(timedelta(seconds=29))
    await office.post.works()
    assert await state("li") == "queued"
    clock.advance(timedelta(seconds=1))
    await office.post.works()
    assert await state("li") == "accepted"
    assert office.platform.calls[-1].to == ("li",)


async def test_a_promise_to_each_is_asked_for_by_its_own_id(
    office: Office, clock: ManualClock
) -> None:
    office.platform.answers.append(
        Sent("", each={"li": "t-li", "wang": "t-wang"}, confirmed=False)
    )
    await office.says("li", "wang")
    office.platform.told = {"li": ARRIVED, "wang": DROPPED}
    clock.advance(timedelta(seconds=10))
    assert await office.asker.run() == 2
    assert [await state("li"), await state("wang")] == ["accepted", "failed"]
    assert sorted(office.platform.asked) == [("li",), ("wang",)]


async def test_who_was_reached_after_all_is_not_tried_on_the_next_channel(
    office: Office, clock: ManualClock
) -> None:
    await db.execute(
        "INSERT INTO identities (person_id, platform, user_id) "
        "SELECT person_id, 'dingtalk', 'li-ding' FROM identities WHERE user_id = 'li'"
    )
    office.asker.ladder = Ladder(("wecom_app", "dingtalk"))
    office.platform.answers.append(Sent("m1", confirmed=False))
    await office.says("li", "wang")
    await db.execute("UPDATE deliveries SET state = 'accepted' WHERE address = 'li'")
    office.platform.told = {"li": DROPPED, "wang": SEEN}
    clock.advance(timedelta(seconds=10))
    assert await office.asker.run() == 1
    assert await db.fetch_value("SELECT count(*) FROM deliveries") == 2
