"""The licences' part of the bot: their records, reminders and boards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core import Core
from scheduler.ticks import Tick
from services.barred_shifts import BarredShifts
from services.console.licences import LicencePages
from services.licence_boards import LicenceBoards
from services.licence_digests import LicenceDigests
from services.licence_phrases import LicencePhrases
from services.licence_reminders import LicenceReminders
from services.licence_retuning import retune
from services.licences import Licences


@dataclass(frozen=True)
class LicenceDesk:
    records: Licences
    reminders: LicenceReminders
    digests: LicenceDigests
    barred: BarredShifts
    boards: LicenceBoards
    words: LicencePhrases
    pages: LicencePages

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [self.records, self.reminders, self.boards, self.words]

    async def retune(self) -> int:
        """At a start: licences on record follow the kinds as they are configured now."""
        return await retune(self.records.kinds, self.records.today)

    def ticks(self) -> list[Tick]:
        return [
            Tick("licences.remind", 60, self.reminders.remind),
            Tick("licences.rostered", 60, self.barred.tell),
            Tick("licences.board", 60, self.boards.tell_monthly),
        ]


def build_licences(core: Core) -> LicenceDesk:
    ledger, asks, clock, kinds = core.ledger, core.asks, core.clock, core.rules.staffing.licences
    calendar = core.rules.recruiting.working_time.calendar
    records, words = Licences(kinds, ledger, asks, clock), LicencePhrases(core.catalogue, calendar)
    digests = LicenceDigests(records, ledger, words, clock)
    reminders = LicenceReminders(
        records, digests, ledger, asks, core.escalation, words, core.policies, clock
    )
    boards = LicenceBoards(records, ledger, words, calendar, clock)
    pages = LicencePages(records, boards, words)
    barred = BarredShifts(kinds, ledger, clock)
    return LicenceDesk(records, reminders, digests, barred, boards, words, pages)
