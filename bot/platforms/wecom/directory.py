"""Departments and members as plain rows for the import of people (D90208, D90201)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from bot.channels import Failure, SendFailed
from bot.platforms.fitting import clean
from bot.platforms.sources import source_failed
from bot.platforms.wecom.client import WeComClient
from bot.platforms.wecom.transport import Json
from services.sources import DirectoryMember


class MemberStatus(IntEnum):
    """0 is ours, for a member whose status the platform did not tell."""

    UNKNOWN = 0
    ACTIVE = 1
    DISABLED = 2
    NOT_ACTIVATED = 4
    LEFT = 5


@dataclass(frozen=True, slots=True)
class Department:
    """`parent` is 0 for the root; `leaders` are user ids."""

    id: int
    name: str
    parent: int
    leaders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """`leads` are the departments this member leads. `mobile` is empty for apps made since 2022:
    match people by `user_id`, which the hospital should choose as the staff number.
    """

    user_id: str
    name: str = field(repr=False)
    departments: tuple[int, ...]
    main_department: int
    leads: tuple[int, ...] = ()
    position: str = ""
    status: MemberStatus = MemberStatus.UNKNOWN
    mobile: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Directory:
    departments: tuple[Department, ...]
    members: tuple[Member, ...]


async def read_directory(client: WeComClient) -> Directory:
    """Everyone in the app's visible range, walking the departments. Raises SendFailed.

    One call per department, one after another: a hospital has hundreds, the limit is 10,000/min.
    """
    departments = [_department(row) for row in await client.departments()]
    members: dict[str, Member] = {}
    for department in departments:
        for row in await client.members_of(department.id):
            member = _member(row)
            if member.user_id:
                members[member.user_id] = _joined(members.get(member.user_id), member)
    return Directory(tuple(departments), tuple(members.values()))


def _joined(known: Member | None, member: Member) -> Member:
    """A member of several departments is listed in each, perhaps with only the visible ones."""
    if known is None:
        return member
    return replace(
        member,
        departments=tuple(dict.fromkeys((*known.departments, *member.departments))),
        leads=tuple(dict.fromkeys((*known.leads, *member.leads))),
    )


def _department(row: Json) -> Department:
    return Department(
        id=_whole(row.get("id")),
        name=_words(row.get("name")),
        parent=_whole(row.get("parentid")),
        leaders=tuple(_words(each) for each in _list(row.get("department_leader"))),
    )


def _member(row: Json) -> Member:
    departments = tuple(_whole(each) for each in _list(row.get("department")))
    flags = [_whole(each) for each in _list(row.get("is_leader_in_dept"))]
    main = _whole(row.get("main_department")) or (departments[0] if departments else 0)
    return Member(
        user_id=_words(row.get("userid")),
        name=_words(row.get("name")),
        departments=departments,
        main_department=main,
        leads=tuple(each for each, leads in zip(departments, flags, strict=False) if leads),
        position=_words(row.get("position")),
        status=_status(_whole(row.get("status"))),
        mobile=_words(row.get("mobile")),
    )


def _status(value: int) -> MemberStatus:
    try:
        return MemberStatus(value)
    except ValueError:
        return MemberStatus.UNKNOWN


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _words(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


class WeComDirectory:
    """The directory as a port; members who left or were disabled are not in it."""

    platform = "wecom"

    def __init__(self, client: WeComClient) -> None:
        self._client = client

    async def members(self) -> Sequence[DirectoryMember]:
        """Raises SourceFailed."""
        try:
            found = await read_directory(self._client)
        except SendFailed as failed:
            raise source_failed(failed) from failed
        names = {department.id: department.name for department in found.departments}
        gone = (MemberStatus.LEFT, MemberStatus.DISABLED)
        return [_plain(member, names) for member in found.members if member.status not in gone]

    async def member(self, user_id: str) -> DirectoryMember | None:
        """One member without their unit. Raises SourceFailed."""
        try:
            row = await self._client.member(user_id)
        except SendFailed as failed:
            if failed.failure is Failure.RECIPIENT:
                return None
            raise source_failed(failed) from failed
        return _plain(_member(row), {})


def _plain(member: Member, names: Mapping[int, str]) -> DirectoryMember:
    return DirectoryMember(
        member.user_id,
        member.name,
        member.position,
        names.get(member.main_department, ""),
        member.main_department in member.leads,
        mobile=member.mobile,
    )
