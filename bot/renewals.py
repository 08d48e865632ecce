"""Puts together what concerns new licences sent in chat: the nurse's side and the office's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core import Core
from services.evidence import Evidence
from services.leaving import Leaving
from services.licences import Licences
from services.renewal_asks import RenewalAsks
from services.renewal_office import RenewalOffice
from services.renewals import Renewals


@dataclass(frozen=True)
class RenewalDesk:
    renewals: Renewals
    asks: RenewalAsks
    office: RenewalOffice

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [self.renewals, self.asks, self.office]


def build_renewals(
    core: Core, licences: Licences, evidence: Evidence, leaving: Leaving
) -> RenewalDesk:
    ledger, catalogue, clock = core.ledger, core.catalogue, core.clock
    office = RenewalOffice(
        ledger, core.approvals, licences, evidence, catalogue, core.hospital, clock
    )
    questions = RenewalAsks(ledger, core.asks, office, catalogue)
    renewals = Renewals(questions, office, clock)
    leaving.on_end(renewals.left)
    return RenewalDesk(renewals, questions, office)
