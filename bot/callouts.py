"""Puts call-outs together."""

from __future__ import annotations

from dataclasses import dataclass

from bot.staffing_rules import StaffingRules
from message_templates.catalogue import Catalogue
from models.clock import Clock
from scheduler.ticks import Tick
from services.asks import Asks
from services.callout_eligibility import Eligibility
from services.callout_previews import CallPreviews
from services.callouts import CallOuts
from services.duties import RestCheck
from services.escalation import Escalation
from services.ledger import Ledger

RUN_EVERY = 2  # seconds: a launch waits for the next one


@dataclass(frozen=True)
class CallOutServices:
    call_outs: CallOuts
    previews: CallPreviews

    def provided(self) -> list[object]:
        """What handlers may ask for."""
        return [self.call_outs, self.previews]

    def ticks(self) -> list[Tick]:
        return [Tick("callouts.run", RUN_EVERY, self.call_outs.run_due)]


def build_call_outs(
    ledger: Ledger,
    asks: Asks,
    escalation: Escalation,
    rest: RestCheck,
    rules: StaffingRules,
    catalogue: Catalogue,
    clock: Clock,
) -> CallOutServices:
    eligibility = Eligibility(rest, rules.skills, ledger.ladder, rules.call_outs, clock)
    call_outs = CallOuts(
        ledger, asks, escalation, eligibility, rules.skills, rules.call_outs, catalogue, clock
    )
    return CallOutServices(call_outs, CallPreviews(call_outs, ledger, asks, clock))
