"""People of the seeded hospital who act on swaps and approvals without a chat in between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.wiring import Services
from models import db
from services.actors import Actor, find
from services.refusals import Refusal

Deed = Callable[[], Awaitable[object]]


async def actor(user: str) -> Actor:
    found = await find("wecom", user)
    assert found is not None, user
    return found


async def shift_of(user: str, day: str) -> int:
    """The planned shift of a person on a day of December, as `1208`."""
    shift: int = await db.fetch_value(
        "SELECT s.id FROM shifts s JOIN identities i ON i.person_id = s.person_id "
        "WHERE i.user_id = $1 AND to_char(s.day, 'MMDD') = $2 AND s.state = 'planned'",
        user,
        day,
    )
    assert shift is not None, (user, day)
    return shift


async def asked(services: Services, who: str, day: str, whom: str) -> int:
    """A swap that was asked; its id."""
    async with db.transaction():
        by, colleague = await actor(who), await actor(whom)
        return await services.swaps.ask(by, await shift_of(who, day), colleague.person_id, None)


async def accepted(services: Services, who: str, day: str, whom: str) -> tuple[int, int]:
    """A swap that waits for the head nurse; its id and its approval's."""
    swap = await asked(services, who, day, whom)
    async with db.transaction():
        await services.swaps.accept(swap, await actor(whom))
    approval = await db.fetch_value("SELECT approval_id FROM swaps WHERE id = $1", swap)
    return swap, int(approval)


async def attempt(deed: Deed) -> str:
    """`done`, or the key of the polite refusal. Anything else is a fault and is raised."""
    try:
        async with db.transaction():
            await deed()
    except Refusal as refusal:
        return refusal.key
    return "done"


async def at_once(*deeds: Deed) -> list[str]:
    """All deeds started from one barrier, each in a transaction of its own."""
    barrier = asyncio.Barrier(len(deeds))

    async def one(deed: Deed) -> str:
        await barrier.wait()
        return await attempt(deed)

    return list(await asyncio.gather(*(one(deed) for deed in deeds)))
