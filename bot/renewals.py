"""Puts together what concerns new licences sent in chat: the nurse's side and the office's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from message_templates.catalogue import Catalogue
from models.clock import Clock
from services.approvals import Approvals
from services.asks import Asks
from services.evidence import Evidence
from services.hospital import Hospital
from services.ledger import Ledger
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
    ledger: Ledger,
    asks: Asks,
    approvals: Approvals,
    licences: Licences,
    evidence: Evidence,
    catalogue: Catalogue,
    hospital: Hospital,
    clock: Clock,
) -> RenewalDesk:
    office = RenewalOffice(ledger, approvals, licences, evidence, catalogue, hospital, clock)
    questions = RenewalAsks(ledger, asks, office, catalogue)
    return RenewalDesk(Renewals(questions, office, clock), questions, office)
