"""Puts together what concerns new licences sent in chat: the nurse's side and the office's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.core import Core
from bot.platforms.links import CandidateLinks
from services.evidence import Evidence
from services.leaving import Leaving
from services.licences import Licences
from services.renewal_asks import RenewalAsks
from services.renewal_office import RenewalOffice
from services.renewal_uploads import RenewalUploads
from services.renewals import Renewals
from services.upload_links import FORM, FORM_LIVES, PURPOSE, Signed, UploadLinks

SIGNED_FOR = timedelta(days=30)  # longer than any row lives: the row decides


@dataclass(frozen=True)
class RenewalDesk:
    """`forms` signs the tokens of the upload page's forms."""

    renewals: Renewals
    asks: RenewalAsks
    office: RenewalOffice
    uploads: RenewalUploads
    forms: Signed

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [self.renewals, self.asks, self.office, self.uploads.links]


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
    links = UploadLinks(CandidateLinks(PURPOSE, SIGNED_FOR, clock), core.hospital, clock)
    uploads = RenewalUploads(links, evidence, renewals, questions, clock)
    forms = CandidateLinks(FORM, FORM_LIVES, clock)
    return RenewalDesk(renewals, questions, office, uploads, forms)
