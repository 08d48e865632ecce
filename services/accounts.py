"""Under which names the platforms know a person: kept, exchanged, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models import db
from services.reach import PLATFORM_OF
from services.sheets.staff import StaffRow

# Platforms that know people under a second id, which some of their calls ask for.
WITH_UNION_IDS = ("dingtalk",)

_IDENTITY = """
INSERT INTO identities (person_id, platform, user_id, union_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id, platform) DO UPDATE SET user_id = excluded.user_id,
    union_id = CASE WHEN lower(identities.user_id) = lower(excluded.user_id)
                    THEN coalesce(excluded.union_id, identities.union_id)
                    ELSE excluded.union_id END
"""
_GIVE_UP = """
DELETE FROM identities i USING persons p, unnest($2::text[], $3::text[]) AS n(staff_no, user_id)
 WHERE p.id = i.person_id AND i.platform = $1 AND p.staff_no = n.staff_no
   AND lower(i.user_id) <> lower(n.user_id)
"""
_OWNERS = """
SELECT i.platform, lower(i.user_id) AS user_id, p.staff_no, p.name
  FROM identities i JOIN persons p ON p.id = i.person_id
 WHERE (i.platform, lower(i.user_id)) IN (SELECT * FROM unnest($1::text[], $2::text[]))
"""
_PREFER = """
UPDATE persons SET preferred_channel = $2
 WHERE id = $1 AND EXISTS (SELECT 1 FROM identities WHERE person_id = $1 AND platform = $3)
"""
_HAVE = """
SELECT p.staff_no, i.platform FROM identities i JOIN persons p ON p.id = i.person_id
 WHERE p.staff_no = ANY($1)
"""


@dataclass(frozen=True, slots=True)
class Link:
    """An account that a person gets, by their staff number; `fresh` when they had none there."""

    staff_no: str
    platform: str
    user_id: str
    union_id: str = ""
    fresh: bool = True


async def keep(person_id: int, row: StaffRow) -> None:
    """The accounts and the channel of a listed person; what the list leaves out stays."""
    for platform, user_id in _listed(row):
        await db.execute(_IDENTITY, person_id, platform, user_id, None)
    if row.channel:
        await db.execute(_PREFER, person_id, row.channel, PLATFORM_OF[row.channel])


async def link(links: Sequence[Link]) -> None:
    """Give these people their accounts; they are stored already."""
    numbers = [one.staff_no for one in links]
    rows = await db.fetch("SELECT id, staff_no FROM persons WHERE staff_no = ANY($1)", numbers)
    people = {row["staff_no"]: row["id"] for row in rows}
    for one in links:
        union_id = one.union_id or None
        await db.execute(_IDENTITY, people[one.staff_no], one.platform, one.user_id, union_id)


async def make_room(rows: Sequence[StaffRow]) -> None:
    """Two people of one list may change accounts with each other: first give up, then take."""
    for platform, users in _wanted(rows).items():
        await db.execute(_GIVE_UP, platform, list(users.values()), list(users))


async def taken(rows: Sequence[StaffRow]) -> list[dict[str, str]]:
    """Listed accounts that belong to somebody who keeps them: user, number and owner."""
    wanted = _wanted(rows)
    pairs = [(platform, user) for platform, users in wanted.items() for user in users]
    owners = await db.fetch(
        _OWNERS, [platform for platform, _ in pairs], [user.lower() for _, user in pairs]
    )
    owner_of = {(row["platform"], row["user_id"]): row for row in owners}
    found = []
    for platform, user in pairs:
        owner, number = owner_of.get((platform, user.lower())), wanted[platform][user]
        # An owner who is listed with an account gets that one, and gives this one up.
        if owner and owner["staff_no"] not in wanted[platform].values():
            name = f"{owner['name']}({owner['staff_no']})"
            found.append({"user": user, "number": number, "owner": name})
    return found


async def unreachable(rows: Sequence[StaffRow]) -> list[dict[str, str]]:
    """People listed with a channel on whose platform they have no account."""
    wishes = [row for row in rows if row.channel]
    have = {
        (row["staff_no"], row["platform"])
        for row in await db.fetch(_HAVE, [row.staff_no for row in wishes])
    }
    have |= {(row.staff_no, platform) for row in wishes for platform, _ in _listed(row)}
    return [
        {"name": row.name, "number": row.staff_no}
        for row in wishes
        if (row.staff_no, PLATFORM_OF[row.channel]) not in have
    ]


async def lack_union_ids() -> bool:
    """Whether there is anybody whose second id has still to be asked for."""
    return bool(
        await db.fetch_value(
            "SELECT 1 FROM identities WHERE platform = ANY($1) AND union_id IS NULL LIMIT 1",
            list(WITH_UNION_IDS),
        )
    )


def _listed(row: StaffRow) -> list[tuple[str, str]]:
    both = (("wecom", row.wecom_userid), ("dingtalk", row.dingtalk_userid))
    return [(platform, user_id) for platform, user_id in both if user_id]


def _wanted(rows: Sequence[StaffRow]) -> dict[str, dict[str, str]]:
    """Platform → account → the staff number that is to have it."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        for platform, user_id in _listed(row):
            found.setdefault(platform, {})[user_id] = row.staff_no
    return found
