"""Puts the drafting of rosters together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.rostering.process import ProcessSolver
from message_templates.catalogue import Catalogue
from models.clock import Clock
from services.approvals import Approvals
from services.asks import Asks
from services.ledger import Ledger
from services.rostering.decisions import Decisions
from services.rostering.drafting import Drafting
from services.rostering.drafts import RosterDrafts
from services.rostering.policy import DraftPolicy
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


def build_roster_drafts(
    rosters: Rosters,
    ledger: Ledger,
    asks: Asks,
    approvals: Approvals,
    sign_in: SignIn,
    policy: DraftPolicy,
    words: Catalogue,
    clock: Clock,
) -> RosterDrafting:
    drafting = Drafting(rosters.rest, ProcessSolver(), policy, words, clock)
    decisions = Decisions(rosters, ledger, asks, approvals, sign_in, words, clock)
    drafts = RosterDrafts(drafting, decisions, rosters, ledger, words, clock)
    return RosterDrafting(drafting, drafts, decisions, Wishes(rosters.codes, clock))
