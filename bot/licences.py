"""The licences' part of the bot: their records, their ladder and their board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.clock import Clock
from services.asks import Asks
from services.ledger import Ledger
from services.licence_kinds import LicenceKinds
from services.licences import Licences


@dataclass(frozen=True)
class LicenceDesk:
    records: Licences

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [self.records]


def build_licences(kinds: LicenceKinds, ledger: Ledger, asks: Asks, clock: Clock) -> LicenceDesk:
    return LicenceDesk(Licences(kinds, ledger, asks, clock))
