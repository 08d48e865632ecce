"""Who acts: a person found from a platform identity, with what they may do at this moment."""

from __future__ import annotations

from dataclasses import dataclass, field

from models import db
from models.people import Role

_FIND = """
SELECT p.id, p.name, p.staff_no, p.unit_id, p.active,
       coalesce(array_agg(g.role || ':' || coalesce(g.unit_id::text, ''))
                FILTER (WHERE g.id IS NOT NULL), '{}') AS grants
  FROM persons p LEFT JOIN grants g ON g.person_id = p.id
"""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of the hospital; levels are read anew for every event, so a leaver has none."""

    person_id: int
    name: str
    staff_no: str
    unit_id: int | None
    hr_head: bool = False
    manages: frozenset[int] = field(default_factory=frozenset)

    def __str__(self) -> str:
        return f"person:{self.person_id}"

    def levels_in(self, unit_id: int | None) -> frozenset[Role]:
        """The levels this person has where something belongs to `unit_id`; staff always."""
        levels = {Role.STAFF}
        if self.hr_head:
            levels.add(Role.HR_HEAD)
        if unit_id is not None and unit_id in self.manages:
            levels.add(Role.MANAGER)
        return frozenset(levels)


def _actor(row: db.Row) -> Actor | None:
    if not row["active"]:
        return None
    grants = [grant.partition(":") for grant in row["grants"]]
    return Actor(
        person_id=row["id"],
        name=row["name"],
        staff_no=row["staff_no"],
        unit_id=row["unit_id"],
        hr_head=any(role == Role.HR_HEAD for role, _, _ in grants),
        manages=frozenset(int(unit) for role, _, unit in grants if role == Role.MANAGER and unit),
    )


async def find(platform: str, user_id: str) -> Actor | None:
    """The active person behind a platform's user id; None for strangers and leavers."""
    row = await db.fetch_one(
        f"{_FIND} JOIN identities i ON i.person_id = p.id "
        "WHERE i.platform = $1 AND lower(i.user_id) = lower($2) GROUP BY p.id",
        platform,
        user_id,
    )
    return _actor(row) if row else None


async def has_left(platform: str, user_id: str) -> bool:
    """Whether this is somebody we knew, whose access has ended."""
    return bool(
        await db.fetch_value(
            "SELECT EXISTS (SELECT 1 FROM identities i JOIN persons p ON p.id = i.person_id "
            "WHERE i.platform = $1 AND lower(i.user_id) = lower($2) AND NOT p.active)",
            platform,
            user_id,
        )
    )


async def by_id(person_id: int) -> Actor | None:
    row = await db.fetch_one(f"{_FIND} WHERE p.id = $1 GROUP BY p.id", person_id)
    return _actor(row) if row else None
