"""Puts the drafting of rosters together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.core import Core
from bot.rostering.process import ProcessSolver
from services.rostering.decisions import Decisions
from services.rostering.drafting import Drafting
from services.rostering.drafts import RosterDrafts
from services.rosters import Rosters
from services.sign_in import SignIn
from services.wishes import Wishes


@dataclass(frozen=True)
class RosterDrafting:
    """`drafting` works a month out; `drafts` and `decisions` are its way through the house."""

    drafting: Drafting
    drafts: RosterDrafts
    decisions: Decisions
    wishes: Wishes

    def provided(self) -> Sequence[Any]:
        return [self.drafts, self.decisions, self.wishes]


def build_roster_drafts(core: Core, rosters: Rosters, sign_in: SignIn) -> RosterDrafting:
    ledger, words, clock = core.ledger, core.catalogue, core.clock
    policy = core.rules.staffing.drafting
    calendar = core.rules.recruiting.working_time.calendar
    drafting = Drafting(rosters.rest, ProcessSolver(), policy, words, calendar, clock)
    decisions = Decisions(rosters, ledger, core.asks, core.approvals, sign_in, words, clock)
    drafts = RosterDrafts(drafting, decisions, rosters, ledger, words, clock)
    return RosterDrafting(drafting, drafts, decisions, Wishes(rosters.codes, clock))
