"""Puts the gap forecast together: who asks for it, and the tick that tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core import Core
from scheduler.ticks import Tick
from services.gap_digest import GapDigest
from services.gap_forecast import GapForecast
from services.minimums import KINDS


@dataclass(frozen=True)
class Gaps:
    digest: GapDigest

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [self.digest]

    def ticks(self) -> list[Tick]:
        return [Tick("gaps.tell", 60, self.digest.tell)]


def build_gaps(core: Core) -> Gaps:
    kinds = {kind: core.catalogue.phrase("gaps/words", kind) for kind in KINDS}
    forecast = GapForecast(core.codes, core.rest, core.clock)
    return Gaps(GapDigest(core.ledger, forecast, kinds, core.clock))
