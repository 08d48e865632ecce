"""Puts the gap forecast together: who asks for it, and the tick that tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core import Core
from scheduler.ticks import Tick
from services.gap_digest import GapDigest
from services.gap_forecast import GapForecast
from services.gap_owners import GapOwners
from services.minimums import KINDS
from services.unset_minimums import UnsetMinimums


@dataclass(frozen=True)
class Gaps:
    digest: GapDigest
    owners: GapOwners

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [self.digest, self.owners]

    def ticks(self) -> list[Tick]:
        return [Tick("gaps.tell", 60, self.digest.tell)]


def build_gaps(core: Core) -> Gaps:
    kinds = {kind: core.catalogue.phrase("gaps/words", kind) for kind in KINDS}
    forecast = GapForecast(core.codes, core.rest, core.clock)
    owners = GapOwners(core.asks, core.clock)
    unset = UnsetMinimums(core.ledger, core.hospital, core.clock)
    return Gaps(GapDigest(core.ledger, forecast, owners, unset, kinds, core.clock), owners)
