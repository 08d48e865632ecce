"""Wishes of staff: replaced, limited, and apart from what a sheet says."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.wiring import Services
from models import db
from services.actors import Actor, find
from services.refusals import Refusal
from services.wishes import MOST_WISHES

DAY = date(2027, 1, 8)


@pytest.fixture
async def li(database_url: str) -> Actor:
    found = await find("wecom", "li")
    assert found is not None
    return found


async def test_a_wish_for_the_same_day_replaces_the_first(services: Services, li: Actor) -> None:
    wishes = services.drafting.wishes
    async with db.transaction():
        await wishes.say(li, DAY, DAY)
        rows = await wishes.say(li, DAY, DAY, "夜")
    assert [(row["kind"], row["code"]) for row in rows] == [("shift", "大夜")]


async def test_what_a_sheet_says_is_not_taken_back_in_chat(services: Services, li: Actor) -> None:
    await db.execute(
        "INSERT INTO wishes (person_id, kind, code, first_day, last_day, source, said_at) "
        "VALUES ($1, 'leave', '年休', $2, $2, '休假.xlsx', now())",
        li.person_id,
        DAY,
    )
    wishes = services.drafting.wishes
    with pytest.raises(Refusal, match="wish_none"):
        await wishes.withdraw(li, None, None)
    async with db.transaction():
        rows = await wishes.say(li, DAY, DAY)
    assert [row["kind"] for row in rows] == ["leave", "off"]


async def test_there_is_an_end_to_wishing(services: Services, li: Actor) -> None:
    wishes = services.drafting.wishes
    for step in range(MOST_WISHES):
        async with db.transaction():
            await wishes.say(li, DAY + timedelta(days=step), DAY + timedelta(days=step))
    with pytest.raises(Refusal, match="wish_too_many"):
        async with db.transaction():
            await wishes.say(li, date(2027, 3, 1), date(2027, 3, 1))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 12, 7), date(2026, 12, 7)),
        (date(2026, 12, 1), date(2027, 1, 2)),
        (DAY, DAY + timedelta(days=40)),
        (date(2029, 1, 1), date(2029, 1, 1)),
    ],
)
async def test_days_that_make_no_wish(
    services: Services, li: Actor, first: date, last: date
) -> None:
    with pytest.raises(Refusal, match="wish_days"):
        await services.drafting.wishes.say(li, first, last)
