"""Who leaves a directory: from the leading one all access ends, from another one that account."""

from __future__ import annotations

import asyncio

import pytest

from bot.wiring import Services
from models import db
from models.clock import ManualClock
from models.policies import Policies
from services.actors import find
from services.directory import DirectoryChanges, leading
from services.reach import Ladder
from tests.support.accounts import accounts_of, is_active, on_dingtalk

LADDER = Ladder(("wecom_app", "dingtalk"))


def changes(services: Services, clock: ManualClock, *leads: str) -> DirectoryChanges:
    return DirectoryChanges(LADDER, frozenset(leads or ("wecom",)), services.lists.leaving, clock)


async def queued(services: Services, channel: str, address: str) -> int:
    """A message to 李 that waits on this channel."""
    li = await find("wecom", "li") or await find("dingtalk", "ding-li")
    assert li is not None
    message = await services.ledger.notify(
        "replies.late", 0, [li.person_id], context={"text": "您好"}
    )
    await db.execute(
        "UPDATE deliveries SET channel = $2, address = $3, state = 'queued' WHERE message_id = $1",
        message,
        channel,
        address,
    )
    assert message is not None
    return message


async def waiting(message: int) -> tuple[str, str, str]:
    row = await db.fetch_one(
        "SELECT state, channel, address FROM deliveries WHERE message_id = $1", message
    )
    assert row is not None
    return row["state"], row["channel"], row["address"]


async def test_leaving_dingtalk_ends_the_account_there_and_work_goes_on(
    services: Services, clock: ManualClock
) -> None:
    await on_dingtalk("li")
    await db.execute("UPDATE persons SET preferred_channel = 'dingtalk' WHERE staff_no = 'S1002'")
    message = await queued(services, "dingtalk", "ding-li")
    await changes(services, clock).left("dingtalk", "DING-LI")
    assert await is_active("S1002")
    assert set(await accounts_of("S1002")) == {"wecom"}
    assert await find("dingtalk", "ding-li") is None
    assert await find("wecom", "li") is not None
    assert await waiting(message) == ("queued", "wecom_app", "li")
    chosen = "SELECT preferred_channel FROM persons WHERE staff_no = 'S1002'"
    assert await db.fetch_value(chosen) is None


async def test_leaving_dingtalk_as_the_leading_directory_ends_everything(
    services: Services, clock: ManualClock
) -> None:
    await on_dingtalk("zhao")
    await changes(services, clock, "dingtalk").left("dingtalk", "ding-zhao")
    assert not await is_active("S1001")
    assert set(await accounts_of("S1001")) == {"wecom"}
    assert await find("wecom", "zhao") is None
    grants = "SELECT count(*) FROM grants g JOIN persons p ON p.id = g.person_id"
    assert await db.fetch_value(f"{grants} WHERE p.staff_no = 'S1001'") == 0


async def test_the_last_account_is_the_end_whoever_leads(
    services: Services, clock: ManualClock
) -> None:
    await on_dingtalk("li")
    await db.execute("DELETE FROM identities WHERE platform = 'wecom' AND user_id = 'li'")
    message = await queued(services, "dingtalk", "ding-li")
    await changes(services, clock).left("dingtalk", "ding-li")
    assert not await is_active("S1002")
    assert await accounts_of("S1002") == {}
    assert (await waiting(message))[0] == "withdrawn"


async def test_leaving_wecom_ends_everything_while_it_leads(
    services: Services, clock: ManualClock
) -> None:
    await on_dingtalk("li")
    await changes(services, clock).left("wecom", "li")
    assert not await is_active("S1002")
    assert await find("dingtalk", "ding-li") is None


async def test_leaving_wecom_ends_only_that_account_while_dingtalk_leads(
    services: Services, clock: ManualClock
) -> None:
    await on_dingtalk("li")
    await changes(services, clock, "dingtalk").left("wecom", "li")
    assert await is_active("S1002")
    assert set(await accounts_of("S1002")) == {"dingtalk"}


async def test_leaving_both_at_the_same_moment_leaves_nobody_active(
    services: Services, clock: ManualClock
) -> None:
    """Neither leads: each must see what the other has done."""
    await on_dingtalk("li")
    both = changes(services, clock, "elsewhere")

    async def leave(platform: str, user_id: str) -> None:
        async with db.transaction():
            await both.left(platform, user_id)

    await asyncio.gather(leave("wecom", "li"), leave("dingtalk", "ding-li"))
    assert not await is_active("S1002")


async def test_doubled_and_unknown_leavers_change_nothing(
    services: Services, clock: ManualClock
) -> None:
    gone = changes(services, clock)
    await gone.left("dingtalk", "nobody")
    await gone.left("wecom", "li")
    before = await db.fetch_value("SELECT count(*) FROM audit_rows")
    await gone.left("wecom", "li")
    assert await db.fetch_value("SELECT count(*) FROM audit_rows") == before


@pytest.mark.parametrize(
    ("platform", "user_id", "jobs"),
    [("dingtalk", "ding-li", 1), ("dingtalk", "", 0), ("wecom", "li", 0)],
)
async def test_a_change_asks_for_the_details_later_not_now(
    services: Services, clock: ManualClock, platform: str, user_id: str, jobs: int
) -> None:
    await changes(services, clock).changed(platform, user_id)
    rows = await db.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = 'refresh'")
    assert [row["payload"] for row in rows] == [f"{platform}:{user_id}".encode()] * jobs


@pytest.mark.parametrize(
    ("ladder", "chosen", "leads"),
    [
        (("wecom_app", "dingtalk"), ("wecom",), {"wecom"}),
        (("wecom_app", "dingtalk"), ("dingtalk",), {"dingtalk"}),
        (("wecom_app", "dingtalk"), ("wecom", "dingtalk"), {"wecom", "dingtalk"}),
        (("dingtalk", "dingtalk_notice"), ("wecom",), {"dingtalk"}),
        (("wecom_robot", "dingtalk"), ("wecom",), {"dingtalk"}),
        (("wecom_robot",), ("wecom",), {"wecom"}),
    ],
)
def test_only_a_directory_we_hear_of_can_lead(
    ladder: tuple[str, ...], chosen: tuple[str, ...], leads: set[str]
) -> None:
    assert leading(Policies(ladder=ladder, leading_directories=chosen)) == leads
