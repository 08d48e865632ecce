"""What every feature builds on: the ledger, asks, approvals, the one validator, the rules."""

from __future__ import annotations

from dataclasses import dataclass

from bot.pipeline import CARRIES_REPLY
from bot.rules import Rules
from message_templates.catalogue import Catalogue
from models.clock import Clock
from models.policies import Policies
from services.approvals import Approvals
from services.asks import Asks
from services.duties import Codes, RestCheck
from services.escalation import Escalation
from services.hospital import Hospital
from services.ledger import Ledger
from services.purposes import Purpose, Purposes, from_context
from services.reach import Ladder


@dataclass(frozen=True)
class Core:
    rules: Rules
    clock: Clock
    ledger: Ledger
    asks: Asks
    escalation: Escalation
    approvals: Approvals
    codes: Codes
    rest: RestCheck

    @property
    def policies(self) -> Policies:
        return self.rules.policies

    @property
    def catalogue(self) -> Catalogue:
        return self.rules.catalogue

    @property
    def hospital(self) -> Hospital:
        return self.rules.hospital


def build_core(rules: Rules, clock: Clock) -> Core:
    policies, staffing = rules.policies, rules.staffing
    purposes = Purposes([Purpose(CARRIES_REPLY, from_context, quiet=False)])
    ledger = Ledger(purposes, Ladder(policies.ladder, policies.candidate_ladder), clock)
    asks = Asks(ledger, policies, clock)
    escalation = Escalation(ledger, policies, clock)
    codes = Codes(rules.shift_codes)
    return Core(
        rules=rules,
        clock=clock,
        ledger=ledger,
        asks=asks,
        escalation=escalation,
        approvals=Approvals(ledger, asks, escalation, policies, clock),
        codes=codes,
        rest=RestCheck(
            codes,
            rules.rest_rules,
            staffing.licences.blocking,
            staffing.checklists.supervision,
        ),
    )
