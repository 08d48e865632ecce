"""Puts the gap forecast together: who asks for it, and the tick that tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from message_templates.catalogue import Catalogue
from models.clock import Clock
from scheduler.ticks import Tick
from services.duties import Codes, RestCheck
from services.gap_digest import GapDigest
from services.gap_forecast import GapForecast
from services.ledger import Ledger
from services.minimums import KINDS


@dataclass(frozen=True)
class Gaps:
    digest: GapDigest

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [self.digest]

    def ticks(self) -> list[Tick]:
        return [Tick("gaps.tell", 60, self.digest.tell)]


def build_gaps(
    ledger: Ledger, codes: Codes, rest: RestCheck, catalogue: Catalogue, clock: Clock
) -> Gaps:
    kinds = {kind: catalogue.phrase("gaps/words", kind) for kind in KINDS}
    return Gaps(GapDigest(ledger, GapForecast(codes, rest, clock), kinds, clock))
