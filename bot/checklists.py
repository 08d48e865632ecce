"""Puts together what happens when somebody comes or goes: lists, exits, the end of access."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core import Core
from scheduler.ticks import Tick
from services.alone_shifts import AloneShifts
from services.call_out_training import CallOutTraining
from services.callouts import CallOuts
from services.checklist_overdue import Overdue
from services.checklist_reopening import Reopening
from services.checklists import Checklists
from services.entries import Entries
from services.exits import Exits
from services.leaving import Leaver, Leaving
from services.newcomers import Newcomers
from services.swaps import Swaps


@dataclass(frozen=True)
class ComingAndGoing:
    lists: Checklists
    reopening: Reopening
    overdue: Overdue
    newcomers: Newcomers
    leaving: Leaving
    entries: Entries
    exits: Exits
    training: CallOutTraining

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [self.lists, self.reopening, self.entries, self.exits]

    def train_for(self, call_outs: CallOuts) -> None:
        call_outs.on_accepted(self.training.accepted)
        call_outs.on_left(self.training.left)

    def ticks(self) -> Sequence[Tick]:
        return [
            Tick("checklists.overdue", 60, self.overdue.ask),
            Tick("leaving.end", 30, self.leaving.end_due),
            Tick("exits.expire", 60, self.exits.expire_due),
            Tick("training.tidy", 60, self.training.tidy),
        ]


def build_checklists(core: Core, swaps: Swaps) -> ComingAndGoing:
    ledger, approvals, clock = core.ledger, core.approvals, core.clock
    lists = Checklists(core.rules.staffing.checklists, ledger, core.asks, clock)
    leaving = Leaving(ledger, clock)

    async def hand_on(leaver: Leaver) -> None:
        """In this order: a swap that ends takes its approval along, which then needs no heir."""
        await swaps.end_of(leaver.person_id)
        await approvals.hand_on(leaver.person_id, leaver.successor)
        await lists.hand_on(leaver.person_id, leaver.successor)

    leaving.on_end(hand_on)
    return ComingAndGoing(
        lists=lists,
        reopening=Reopening(lists, AloneShifts(core.rest, ledger, clock)),
        overdue=Overdue(lists, core.escalation, clock),
        newcomers=Newcomers(lists, clock),
        leaving=leaving,
        entries=Entries(lists, clock),
        exits=Exits(lists, leaving, approvals, clock),
        training=CallOutTraining(lists, clock),
    )
