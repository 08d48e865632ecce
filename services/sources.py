"""What a platform can be asked about people and their rosters: ports, and the values they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol


class SourceFailed(Exception):
    """A platform did not answer. `cure` tells the engineer, in Chinese, what to do.

    `passing` is a fault that may be gone at the next try.
    """

    def __init__(self, reason: str, *, cure: str = "", passing: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cure = cure
        self.passing = passing


@dataclass(frozen=True, slots=True)
class DirectoryMember:
    """A member of a platform's directory; `leads` says whether they lead their department.

    What the app has no permission to see is empty.
    """

    user_id: str
    name: str = field(repr=False)
    position: str
    unit: str
    leads: bool
    union_id: str = ""
    mobile: str = field(default="", repr=False)
    job_number: str = ""


class OrgDirectory(Protocol):
    """The directory of one platform, as far as the app may see it."""

    platform: str

    async def members(self) -> Sequence[DirectoryMember]:
        """Everybody who works there now; those disabled or gone are left out.

        Raises SourceFailed.
        """
        ...

    async def member(self, user_id: str) -> DirectoryMember | None:
        """One member, None when the platform does not know them. Raises SourceFailed."""
        ...


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    """A planned begin or end of work of one person, or a rest day.

    `day` is the day of the platform's own roster; `at` is aware, and of no meaning for a rest.
    """

    user_id: str
    day: date
    begins: bool
    at: datetime
    rest: bool = False


class AttendanceSource(Protocol):
    """The rosters in a platform's attendance part, read in windows."""

    platform: str
    most_people: int  # of one call
    most_days: int  # of one call, first and last included
    reach: timedelta  # how far from today a day may lie

    async def planned(
        self, user_ids: Sequence[str], first: date, last: date
    ) -> Sequence[PlannedCheck]:
        """What is planned for these people on these days. Raises SourceFailed."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """The directories and rosters that are configured, by platform."""

    directories: Mapping[str, OrgDirectory] = field(default_factory=dict)
    attendance: AttendanceSource | None = None
