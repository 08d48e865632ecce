"""A platform's directory as an import of people: the new, the recognised and the unclear."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from message_templates.catalogue import Catalogue
from models.people import Role
from services.accounts import Link
from services.known_people import How, Known, KnownPeople, Match
from services.sheets.people import normalised_phone
from services.sheets.staff import StaffRow
from services.sources import DirectoryMember

WORDS = "people/directory"
SHOWN = 200


@dataclass
class Reading:
    """What a directory says, told apart. `rows` are people to store, `links` their accounts."""

    rows: list[StaffRow] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        people = sorted((row.staff_no, row.name, row.ward, row.role) for row in self.rows)
        links = sorted((link.staff_no, link.user_id, link.union_id) for link in self.links)
        return hashlib.sha256(repr((people, links)).encode()).hexdigest()


class DirectoryReader:
    """Reads one directory against everybody known. Changes nothing.

    A leading directory is the truth for names, units and titles; another one only adds accounts
    and newcomers.
    """

    def __init__(
        self, platform: str, people: Sequence[Known], leading: Collection[str], words: Catalogue
    ) -> None:
        self.platform = platform
        self.reading = Reading()
        self._people = KnownPeople(people, platform)
        self._leading = leading
        self._words = words
        self._taken: dict[str, str] = {}
        self._unclear: list[str] = []

    def read(self, members: Sequence[DirectoryMember]) -> Reading:
        for member in members:
            self._read_one(member)
        found = self.reading
        found.warnings += self._unclear[:SHOWN]
        if len(self._unclear) > SHOWN:
            found.warnings.append(self._say("more", count=len(self._unclear) - SHOWN))
        self._check_fields(members)
        return found

    def _check_fields(self, members: Sequence[DirectoryMember]) -> None:
        """Empty fields are missing permissions of the app, not missing data [S0056]."""
        nameless = sum(1 for member in members if not member.name)
        if nameless:
            self.reading.errors.append(self._say(f"no_names_{self.platform}", count=nameless))
        if members and not any(member.mobile for member in members):
            self.reading.warnings.append(self._say(f"no_mobiles_{self.platform}"))
        if not members:
            self.reading.errors.append(self._say(f"nobody_{self.platform}"))

    def _read_one(self, member: DirectoryMember) -> None:
        match = self._people.match(member)
        if match.problem:
            self._leave_out(match.problem, member, match.others)
        elif match.known is not None:
            self._recognised(member, match.known, match)
        else:
            self._newcomer(member)

    def _recognised(self, member: DirectoryMember, known: Known, match: Match) -> None:
        elsewhere = set(self._leading) & set(known.accounts) - {self.platform}
        if not known.active and elsewhere:
            self._leave_out("has_left", member, (known,))
            return
        if not self._take(known.staff_no, member):
            return
        if match.how is How.PHONE:
            self.reading.warnings.append(self._about("by_phone", member, (known,)))
        if not known.active:
            self.reading.warnings.append(self._say("coming_back", name=known.name))
        if self.platform in self._leading or not known.active:
            self.reading.rows.append(self._row(member, known))
        fresh = match.how is not How.ACCOUNT
        self._link(member, known.staff_no, fresh=fresh)

    def _newcomer(self, member: DirectoryMember) -> None:
        """Somebody unknown gets their job number, else their account, as staff number."""
        staff_no = member.job_number or member.user_id
        if member.name and self._take(staff_no, member):
            self.reading.rows.append(self._row(member, None))
            self._link(member, staff_no, fresh=True)

    def _take(self, staff_no: str, member: DirectoryMember) -> bool:
        """Two members with one number: only the first can be that person."""
        first = self._taken.setdefault(staff_no, member.user_id)
        if first == member.user_id:
            return True
        self._unclear.append(
            self._say(
                "number_twice",
                name=member.name or member.user_id,
                user=member.user_id,
                number=staff_no,
                first=first,
            )
        )
        return False

    def _row(self, member: DirectoryMember, known: Known | None) -> StaffRow:
        return StaffRow(
            row=len(self.reading.rows) + 1,
            staff_no=known.staff_no if known else member.job_number or member.user_id,
            name=member.name or (known.name if known else ""),
            level=known.level if known else "",
            employment=known.employment if known else "",
            duty=member.position,
            phone=normalised_phone(member.mobile),
            ward=member.unit or (known.unit if known else ""),
            role=Role.MANAGER if member.leads else Role.STAFF,
        )

    def _link(self, member: DirectoryMember, staff_no: str, *, fresh: bool) -> None:
        self.reading.links.append(
            Link(staff_no, self.platform, member.user_id, member.union_id, fresh)
        )

    def _leave_out(self, key: str, member: DirectoryMember, others: Sequence[Known]) -> None:
        self._unclear.append(self._about(key, member, others))

    def _about(self, key: str, member: DirectoryMember, others: Sequence[Known]) -> str:
        listed = "、".join(f"{one.name}({one.staff_no})" for one in others)
        return self._say(
            key,
            name=member.name or member.user_id,
            user=member.user_id,
            unit=member.unit,
            people=listed,
            number=others[0].staff_no if others else "",
            column=self._say(f"column_{self.platform}"),
        )

    def _say(self, key: str, **facts: object) -> str:
        return self._words.phrase(WORDS, key, **facts)
