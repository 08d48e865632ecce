"""Puts together what a ward needs every day: rosters, reminders, swaps, groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core import Core
from services.attendance_compare import AttendanceCompare
from services.attendance_pull import AttendancePull
from services.attendance_windows import WindowReader
from services.change_notices import ChangeNotices
from services.group_failures import GroupFailures
from services.groups import Groups
from services.reminders import Reminders
from services.rosters import Rosters
from services.sign_in import SignIn
from services.sources import Sources
from services.swaps import Swaps
from services.unit_notices import UnitNotices


@dataclass(frozen=True)
class Everyday:
    """`windows` is None where no platform's attendance can be read."""

    reminders: Reminders
    notices: ChangeNotices
    rosters: Rosters
    swaps: Swaps
    groups: Groups
    unit_notices: UnitNotices
    group_failures: GroupFailures
    sign_in: SignIn
    windows: WindowReader | None
    attendance_pull: AttendancePull
    attendance_compare: AttendanceCompare

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [
            self.reminders,
            self.notices,
            self.rosters,
            self.swaps,
            self.sign_in,
            self.groups,
            self.unit_notices,
            self.attendance_pull,
        ]


def build_everyday(core: Core, sources: Sources) -> Everyday:
    ledger, asks, escalation, clock = core.ledger, core.asks, core.escalation, core.clock
    policies, catalogue = core.policies, core.catalogue
    notices = ChangeNotices(ledger, asks, escalation, policies, clock)
    groups = Groups(ledger, clock)
    unit_notices = UnitNotices(ledger, asks, groups, catalogue, policies, clock)
    rosters = Rosters(core.codes, core.rest, notices, unit_notices, catalogue, policies, clock)
    sign_in = SignIn(core.hospital, clock)
    windows = WindowReader(sources.attendance) if sources.attendance else None
    return Everyday(
        reminders=Reminders(
            ledger, asks, escalation, policies, clock, core.rules.staffing.licences.blocking
        ),
        notices=notices,
        rosters=rosters,
        swaps=Swaps(
            ledger,
            asks,
            core.approvals,
            escalation,
            notices,
            core.codes,
            core.rest,
            catalogue,
            policies,
            clock,
        ),
        groups=groups,
        unit_notices=unit_notices,
        group_failures=GroupFailures(ledger, clock),
        sign_in=sign_in,
        windows=windows,
        attendance_pull=AttendancePull(windows, rosters, ledger, sign_in, catalogue, clock),
        attendance_compare=AttendanceCompare(windows, core.codes, ledger, catalogue, clock),
    )
