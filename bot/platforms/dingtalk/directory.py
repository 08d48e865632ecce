"""Departments and members of a DingTalk organisation, as far as the app may see it (S0062, S0082).

The lists are not counted in the monthly quota (S1432). A member has no main department here: it
is the one they lead, else the first below the root.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.channels import Failure, SendFailed
from bot.platforms.dingtalk.words import words
from bot.platforms.sources import source_failed
from services.sources import DirectoryMember, SourceFailed

ROOT = 1
PAGE = 100

Json = dict[str, Any]


class DirectoryCalls(Protocol):
    """What is needed of the client."""

    async def department_listsub(self, dept_id: int) -> list[Json]: ...

    async def user_list(self, dept_id: int, cursor: int = 0, size: int = PAGE) -> Json: ...

    async def user_get(self, user: str) -> Json: ...


@dataclass
class _Seen:
    """A member as the lists of their departments show them together."""

    row: Json
    leads: set[int] = field(default_factory=set)


class DingTalkDirectory:
    platform = "dingtalk"

    def __init__(self, client: DirectoryCalls) -> None:
        self._client = client

    async def members(self) -> Sequence[DirectoryMember]:
        """Everybody in the app's range, department by department. Raises SourceFailed."""
        try:
            names = await self._departments()
            seen: dict[str, _Seen] = {}
            for department in names:
                for row in await self._members_of(department):
                    _join(seen, department, row)
        except SendFailed as failed:
            raise source_failed(failed) from failed
        return [_member(one, names) for one in seen.values()]

    async def member(self, user_id: str) -> DirectoryMember | None:
        """One member without their unit, None for an unknown one. Raises SourceFailed."""
        try:
            row = await self._client.user_get(user_id)
        except SendFailed as failed:
            if failed.failure is Failure.RECIPIENT:
                return None
            raise source_failed(failed) from failed
        return _member(_Seen(row), {}) if _words(row.get("userid")) else None

    async def _departments(self) -> dict[int, str]:
        """Department → name, from the root down; the root bears the hospital's own name."""
        names = {ROOT: ""}
        waiting = [ROOT]
        while waiting:
            for row in await self._client.department_listsub(waiting.pop()):
                department = row.get("dept_id")
                if isinstance(department, int) and department not in names:
                    names[department] = _words(row.get("name"))
                    waiting.append(department)
        return names

    async def _members_of(self, department: int) -> list[Json]:
        rows: list[Json] = []
        cursor = 0
        while True:
            page = await self._client.user_list(department, cursor, PAGE)
            rows += [row for row in _list(page.get("list")) if isinstance(row, dict)]
            if not page.get("has_more"):
                return rows
            following = page.get("next_cursor")
            if not isinstance(following, int) or following <= cursor:
                raise SourceFailed(words("sources")["more_members"], passing=True)
            cursor = following


def _join(seen: dict[str, _Seen], department: int, row: Json) -> None:
    user_id = _words(row.get("userid"))
    if not user_id:
        return
    known = seen.setdefault(user_id, _Seen(row))
    if row.get("leader") is True:
        known.leads.add(department)


def _member(one: _Seen, names: dict[int, str]) -> DirectoryMember:
    row = one.row
    departments = [each for each in _list(row.get("dept_id_list")) if isinstance(each, int)]
    below = [each for each in departments if each != ROOT and each in names]
    led = [each for each in below if each in one.leads]
    main = next(iter((*led, *below)), ROOT)
    return DirectoryMember(
        user_id=_words(row.get("userid")),
        name=_words(row.get("name")),
        position=_words(row.get("title")),
        unit=names.get(main, ""),
        leads=main in one.leads,
        union_id=_words(row.get("unionid")),
        mobile=_words(row.get("mobile")),
        job_number=_words(row.get("job_number")),
    )


def _words(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
