"""Wards that follow DingTalk: their roster against its plan, at night and before the reminders.

A ward follows when its newest published import came from there; publishing a sheet ends it.
Nothing is changed and nothing published by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, time, timedelta

import structlog

from message_templates.catalogue import Catalogue
from message_templates.environment import day as day_words
from models import db
from models.clock import SHANGHAI, Clock
from models.ledger import Priority
from services.attendance_wards import Ward, read_ward, unit_name
from services.attendance_windows import WindowNotRead, WindowReader
from services.duties import Codes
from services.ledger import Ledger
from services.once_a_day import Part
from services.purposes import Purpose, from_context
from services.rosters import Origin
from services.sheets.diff import Change, diff_rosters, roster_map
from services.sheets.problems import Severity, describe
from services.sheets.roster import RosterSheet
from services.units import managers

log = structlog.get_logger()

DIFFERS = "rosters.attendance_differs"
NIGHT = Part("attendance.compared_at_night", time(3, 20), time(6, 0))
EVENING = Part("attendance.compared_before_reminders", time(18, 30), time(20, 0))
AHEAD = 7  # days compared
SHOWN = 12  # lines of one message

# Exchanges of shifts are versions too, but no imports: they have no preview.
_FOLLOWED = """
SELECT unit_id, name FROM (
    SELECT DISTINCT ON (r.unit_id) r.unit_id, u.name, r.preview ->> 'origin' AS origin
      FROM rosters r JOIN units u ON u.id = r.unit_id
     WHERE r.state = 'published' AND r.preview ->> 'diff' IS NOT NULL
     ORDER BY r.unit_id, r.version DESC
) newest WHERE origin = $1 ORDER BY unit_id
"""


class AttendanceCompare:
    """`windows` is None where the hospital has not connected any attendance."""

    def __init__(
        self,
        windows: WindowReader | None,
        codes: Codes,
        ledger: Ledger,
        catalogue: Catalogue,
        clock: Clock,
    ) -> None:
        self.windows = windows
        self.codes = codes
        self.ledger = ledger
        self.clock = clock
        self._catalogue = catalogue
        self._texts = catalogue.words("sheets/problems")
        ledger.purposes.add([Purpose(DIFFERS, from_context, Priority.DIGEST)])

    @property
    def _today(self) -> date:
        return self.clock.now().astimezone(SHANGHAI).date()

    async def compare(self) -> int:
        """Tell the managers of wards that follow DingTalk where it differs from the roster.

        At most once in each part of the day; how many messages were queued.
        """
        if self.windows is None:
            return 0
        for part, starts_in in ((NIGHT, 0), (EVENING, 1)):
            if await part.claim(self.clock):
                first = self._today + timedelta(days=starts_in)
                try:
                    return await self._compare(first, first + timedelta(days=AHEAD - 1))
                except WindowNotRead as stopped:
                    log.warning("attendance_not_read", reason=stopped.failed.reason)
                    if stopped.failed.passing:
                        await part.give_back(self.clock)
        return 0

    async def _compare(self, first: date, last: date) -> int:
        """One reading for all these wards: a call takes people of several."""
        assert self.windows is not None
        followed = await db.fetch(_FOLLOWED, Origin.DINGTALK)
        wards = [await read_ward(self.codes, row["unit_id"], first, last) for row in followed]
        if not any(ward.people for ward in wards):
            return 0
        around = timedelta(days=1)
        users = [user for ward in wards for user in ward.people]
        checks = await self.windows.read(users, first - around, last + around)
        return sum([await self._tell(ward, ward.reader.read(checks)) for ward in wards])

    async def _tell(self, ward: Ward, sheet: RosterSheet) -> int:
        new = roster_map(sheet.entries)
        old = {key: labels for key, labels in ward.current.items() if key in new}
        changes = diff_rosters(old, new).changes
        errors = [p for p in sheet.problems if p.severity is Severity.ERROR]
        errors = [p for p in errors if p.message_key != "plan_empty"]
        if not changes and not errors:
            return 0
        lines = [*self._lines(ward, changes), *(describe(p, self._texts) for p in errors)]
        found = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
        context = {
            "unit": await unit_name(ward.unit_id),
            "lines": lines[:SHOWN],
            "more": max(0, len(lines) - SHOWN),
            "month": (changes[0].day if changes else self._today).month,
        }
        # What was told at night is not told again in the evening.
        once = f"{DIFFERS}:{ward.unit_id}:{self._today}:{found}"
        to = await managers(ward.unit_id)
        async with db.transaction():
            told = await self.ledger.notify(DIFFERS, ward.unit_id, to, context=context, once=once)
        return int(told is not None)

    def _lines(self, ward: Ward, changes: Sequence[Change]) -> list[str]:
        names = {person.id: person.name for person in ward.people.values()}
        return [
            self._catalogue.phrase(
                "replies",
                "pull_change",
                name=names[change.staff_id],
                day=day_words(change.day),
                old="/".join(change.old),
                new="/".join(change.new),
            )
            for change in changes
        ]
