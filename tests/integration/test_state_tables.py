"""Every state and every act: what the services do is what the transition tables allow."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from bot.channels import Failure, SendFailed, Sent
from bot.wiring import Services
from config import policies
from models import approvals, asks, db, swaps
from models import ledger as models
from models.approvals import ApprovalState
from models.asks import AskState
from models.clock import ManualClock
from models.ledger import DeliveryState
from models.swaps import SwapState
from scheduler import outcomes
from scheduler.parcels import Parcel
from services import taps
from services.directory import DirectoryChanges
from services.reach import Ladder
from services.refusals import Refusal
from tests.support.deciding import accepted, actor, attempt
from tests.support.delivering import Platform, post_office
from tests.support.ledger import history_of, one_delivery, state_of

Act = Callable[[int], Awaitable[object]]


async def leaves(services: Services, clock: ManualClock) -> None:
    changes = DirectoryChanges(
        services.ledger.ladder, frozenset({"wecom"}), services.lists.leaving, clock
    )
    await changes.left("wecom", "li")


def delivery_acts(services: Services, clock: ManualClock, url: str) -> dict[str, Act]:
    now = clock.now

    async def written(delivery: int, outcome: Sent | SendFailed) -> None:
        row = await db.fetch_one("SELECT send_id FROM deliveries WHERE id = $1", delivery)
        assert row is not None
        send = row["send_id"] or 0
        parcel = Parcel(send, "t", now(), (delivery,), ("li",), 0, reached_at=("li",))
        budgets = policies.load(None).budgets
        await outcomes.write(
            [(parcel, outcome)], Platform(), Ladder(("wecom_app",)), budgets, now()
        )

    async def tapped(delivery: int) -> None:
        task = await db.fetch_value(
            "SELECT s.task_id FROM sends s JOIN deliveries d ON d.send_id = s.id WHERE d.id = $1",
            delivery,
        )
        person = await db.fetch_value("SELECT person_id FROM deliveries WHERE id = $1", delivery)
        try:
            await taps.resolve(task or "", person, now())
        except Refusal:
            return

    async def message_of(delivery: int) -> db.Row:
        row = await db.fetch_one(
            "SELECT m.purpose, m.subject_id FROM messages m JOIN deliveries d "
            "ON d.message_id = m.id WHERE d.id = $1",
            delivery,
        )
        assert row is not None
        return row

    async def withdrawn(delivery: int) -> None:
        row = await message_of(delivery)
        await services.ledger.withdraw([row["purpose"]], [row["subject_id"]], "test")

    async def died(_delivery: int) -> None:
        await outcomes.presume_unknown(77, now())

    async def left(_delivery: int) -> None:
        await DirectoryChanges(
            services.ledger.ladder, frozenset({"wecom"}), services.lists.leaving, clock
        ).left("wecom", "li")

    async def worked(_delivery: int) -> None:
        async with post_office(url, services, clock) as post:
            await post.works()

    async def worked_late(delivery: int) -> None:
        clock.advance(timedelta(hours=3))
        await worked(delivery)

    return {
        "accepted": lambda d: written(d, Sent("m")),
        "failed": lambda d: written(d, SendFailed(Failure.REQUEST)),
        "retry": lambda d: written(d, SendFailed(Failure.RETRY)),
        "timed out": lambda d: written(d, SendFailed(Failure.UNKNOWN)),
        "tapped": tapped,
        "withdrawn": withdrawn,
        "sender died": died,
        "person left": left,
        "worked": worked,
        "worked too late": worked_late,
    }


NAMES = [
    "accepted",
    "failed",
    "retry",
    "timed out",
    "tapped",
    "withdrawn",
    "sender died",
    "person left",
    "worked",
    "worked too late",
]


@pytest.mark.parametrize("act", NAMES)
async def test_no_act_takes_a_delivery_where_its_table_does_not(
    database_url: str, services: Services, clock: ManualClock, act: str
) -> None:
    acts = delivery_acts(services, clock, database_url)
    assert list(acts) == NAMES
    made = {
        state: await one_delivery(str(state), clock.now(), claimed_by=77)
        for state in DeliveryState
    }
    for state, delivery in made.items():
        await acts[act](delivery)
        history = await history_of(delivery)
        way = [str(state), *history]
        for old, new in itertools.pairwise(way):
            step = DeliveryState(new) in models.TRANSITIONS[DeliveryState(old)]
            assert step or old == new, (act, state, way)
        assert await state_of(delivery) == way[-1]


@pytest.mark.parametrize("state", list(AskState))
@pytest.mark.parametrize("act", ["answer", "close", "expire", "leave"])
async def test_only_an_open_ask_moves(
    services: Services, clock: ManualClock, state: AskState, act: str
) -> None:
    li = await actor("li")
    subject = 4711
    await services.asks.open(
        "replies.late", subject, [li.person_id], policy="shift_reminder", context={"text": "?"}
    )
    await db.execute("UPDATE asks SET state = $1 WHERE subject_id = $2", str(state), subject)
    if act == "answer":
        await services.asks.answer(["replies.late"], subject, li.person_id, "yes")
    elif act == "close":
        await services.asks.close(["replies.late"], [subject], AskState.WITHDRAWN)
    elif act == "expire":
        clock.advance(timedelta(days=3))
        await services.asks.expire_due()
    else:
        await DirectoryChanges(
            services.ledger.ladder, frozenset({"wecom"}), services.lists.leaving, clock
        ).left("wecom", "li")
    row = await db.fetch_one("SELECT state FROM asks WHERE subject_id = $1", subject)
    assert row is not None
    now = AskState(row["state"])
    assert now == state or now in asks.TRANSITIONS[state]
    assert (now != state) == (state is AskState.OPEN)


@pytest.mark.parametrize("act", ["accept", "decline", "withdraw", "approve", "refuse", "expire"])
async def test_a_swap_moves_only_along_its_table(
    services: Services, clock: ManualClock, act: str
) -> None:
    sun, wang, zhao = [await actor(user) for user in ("sun", "wang", "zhao")]
    for state in SwapState:
        swap, approval = await accepted(services, "sun", "1214", "wang")
        await db.execute("UPDATE swaps SET state = $1 WHERE id = $2", str(state), swap)
        deeds: dict[str, Callable[[], Awaitable[object]]] = {
            "accept": lambda s=swap: services.swaps.accept(s, wang),  # type: ignore[misc]
            "decline": lambda s=swap: services.swaps.decline(s, wang),  # type: ignore[misc]
            "withdraw": lambda s=swap: services.swaps.withdraw(s, sun),  # type: ignore[misc]
            "approve": lambda a=approval: services.swaps.decide(a, zhao, approve=True),  # type: ignore[misc]
            "refuse": lambda a=approval: services.swaps.decide(a, zhao, approve=False),  # type: ignore[misc]
            "expire": services.swaps.expire_due,
        }
        if act == "expire":
            await db.execute("UPDATE swaps SET expires_at = $1", clock.now())
        result = await attempt(deeds[act])
        row = await db.fetch_one("SELECT state FROM swaps WHERE id = $1", swap)
        assert row is not None
        now = SwapState(row["state"])
        allowed = swaps.TRANSITIONS.get(state, frozenset())
        assert now == state or now in allowed, (act, state, now)
        assert result == "done" or now == state
        await db.execute("UPDATE swaps SET state = 'withdrawn' WHERE id = $1", swap)
        await db.execute("UPDATE approvals SET state = 'withdrawn' WHERE id = $1", approval)
        if now is SwapState.APPROVED and state is not SwapState.APPROVED:
            return


@pytest.mark.parametrize("act", ["approve", "refuse", "withdraw", "expire"])
async def test_only_a_pending_approval_moves(
    services: Services, clock: ManualClock, act: str
) -> None:
    zhao = await actor("zhao")
    for state in set(ApprovalState) - {ApprovalState.PENDING}:
        _, approval = await accepted(services, "sun", "1214", "wang")
        await db.execute(
            "UPDATE approvals SET state = $1, decided_at = $2, decided_by_id = $3 WHERE id = $4",
            str(state),
            clock.now(),
            zhao.person_id,
            approval,
        )
        if act in ("approve", "refuse"):
            yes = act == "approve"
            result = await attempt(
                lambda a=approval, y=yes: services.approvals.decide(a, zhao, y)  # type: ignore[misc]
            )
            assert result in ("already_decided", "approval_expired", "approval_withdrawn")
        elif act == "withdraw":
            await services.approvals.withdraw(approval)
        else:
            await db.execute("UPDATE approvals SET expires_at = $1", clock.now())
            await services.approvals.expire_due()
        row = await db.fetch_one("SELECT state FROM approvals WHERE id = $1", approval)
        assert row == {"state": str(state)}
        assert approvals.TRANSITIONS[state] == frozenset()
        await db.execute("UPDATE swaps SET state = 'withdrawn' WHERE state = 'accepted'")
