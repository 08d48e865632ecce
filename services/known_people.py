"""Whom a platform's directory means: found by account, number or phone; by name only suggested.

A second person for the same human would get their own shifts, approvals and messages. So whoever
may be somebody we know, and is not surely so, is left out and named, never created.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from models import db, sealed
from services.sheets.people import name_key, normalised_phone, number_key
from services.sources import DirectoryMember

PHONE = "persons.phone"

_KNOWN = """
SELECT p.id, p.staff_no, p.name, p.level, p.employment, p.phone_index, p.active, u.name AS unit,
       (SELECT coalesce(array_agg(i.platform || ':' || i.user_id), '{}')
          FROM identities i WHERE i.person_id = p.id) AS accounts
  FROM persons p LEFT JOIN units u ON u.id = p.unit_id ORDER BY p.id
"""


class How(StrEnum):
    """What a member was recognised by."""

    ACCOUNT = "account"
    NUMBER = "number"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Known:
    """A person as far as they can be recognised; `accounts` is platform → user id."""

    id: int
    staff_no: str
    name: str = field(repr=False)
    level: str
    employment: str
    unit: str
    phone_index: str | None
    active: bool
    accounts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody known, found by `how`; or a `problem` that leaves the member out; or a newcomer."""

    known: Known | None = None
    how: How | None = None
    problem: str = ""
    others: tuple[Known, ...] = ()


class KnownPeople:
    """Everybody the hospital knows, indexed for one platform's directory."""

    def __init__(self, people: Iterable[Known], platform: str) -> None:
        self.platform = platform
        self._by_account: dict[str, Known] = {}
        self._by_number: dict[str, Known] = {}
        self._by_phone: dict[str, list[Known]] = {}
        self._by_name: dict[str, list[Known]] = {}
        for person in people:
            account = person.accounts.get(platform)
            if account:
                self._by_account[account.lower()] = person
            self._by_number[number_key(person.staff_no)] = person
            if person.phone_index:
                self._by_phone.setdefault(person.phone_index, []).append(person)
            if person.active:
                self._by_name.setdefault(name_key(person.name), []).append(person)

    def match(self, member: DirectoryMember) -> Match:
        known = self._by_account.get(member.user_id.lower())
        if known is not None:
            return self._same_account(known, member)
        return self._by_staff_no(member) or self._by_mobile(member) or self._same_name(member)

    def _same_account(self, known: Known, member: DirectoryMember) -> Match:
        """An account that was given to somebody else after its owner left is not its owner's."""
        if not known.active and not _same(known, member):
            return Match(problem="account_of_leaver", others=(known,))
        return Match(known, How.ACCOUNT)

    def _by_staff_no(self, member: DirectoryMember) -> Match | None:
        """By job number; by the user id too, which hospitals like to choose as the number."""
        for number in (member.job_number, member.user_id):
            known = self._by_number.get(number_key(number)) if number else None
            if known is not None:
                return self._checked(known, member, How.NUMBER)
        return None

    def _by_mobile(self, member: DirectoryMember) -> Match | None:
        phone = normalised_phone(member.mobile)
        found = self._by_phone.get(sealed.ring().index(PHONE, phone), []) if phone else []
        people = [person for person in found if person.active] or found
        if len(people) > 1:
            return Match(problem="phone_twice", others=tuple(people))
        if not people or (not people[0].active and not _same(people[0], member)):
            return None  # numbers of leavers are given out again
        return self._checked(people[0], member, How.PHONE)

    def _checked(self, known: Known, member: DirectoryMember, how: How) -> Match:
        if known.accounts.get(self.platform):
            return Match(problem=f"{how}_has_account", others=(known,))
        if not _same(known, member):
            return Match(problem=f"{how}_other_name", others=(known,))
        return Match(known, how)

    def _same_name(self, member: DirectoryMember) -> Match:
        """A name alone proves nothing, and may still be them: somebody has to say."""
        people = [
            person
            for person in self._by_name.get(name_key(member.name), [])
            if self.platform not in person.accounts
        ]
        here = [person for person in people if person.unit == member.unit]
        if not people:
            return Match()
        return Match(problem="maybe_here" if here else "maybe", others=tuple(here or people))


def _same(known: Known, member: DirectoryMember) -> bool:
    """Whether the names agree, as far as both are told."""
    return not member.name or name_key(known.name) == name_key(member.name)


async def everybody() -> Sequence[Known]:
    return [
        Known(
            row["id"],
            row["staff_no"],
            row["name"],
            row["level"],
            row["employment"],
            row["unit"] or "",
            row["phone_index"],
            row["active"],
            dict(account.split(":", 1) for account in row["accounts"]),
        )
        for row in await db.fetch(_KNOWN)
    ]
