"""Puts call-outs together."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core import Core
from scheduler.ticks import Tick
from services.callout_eligibility import Eligibility
from services.callout_previews import CallPreviews
from services.callouts import CallOuts
from services.leaving import Leaving

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


def build_call_outs(core: Core, leaving: Leaving) -> CallOutServices:
    ledger, asks, clock, rules = core.ledger, core.asks, core.clock, core.rules.staffing
    eligibility = Eligibility(core.rest, rules.skills, ledger.ladder, rules.call_outs, clock)
    call_outs = CallOuts(
        ledger,
        asks,
        core.escalation,
        eligibility,
        rules.skills,
        rules.call_outs,
        core.catalogue,
        clock,
    )
    leaving.on_end(call_outs.answers.left, first=call_outs.answers.hold)
    return CallOutServices(call_outs, CallPreviews(call_outs, ledger, asks, clock))
