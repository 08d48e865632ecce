"""Puts together what the platforms' directories tell: leavers, and the nightly comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core import Core
from services.directory import DirectoryChanges, leading
from services.directory_check import DirectoryCheck
from services.directory_losses import DirectoryLosses
from services.exits import Exits
from services.leaving import Leaving
from services.sources import Sources


@dataclass(frozen=True)
class Directories:
    changes: DirectoryChanges
    losses: DirectoryLosses
    check: DirectoryCheck

    def provided(self) -> Sequence[object]:
        """What handlers may ask for by type."""
        return [self.changes, self.losses]


def build_directories(core: Core, sources: Sources, leaving: Leaving, exits: Exits) -> Directories:
    ledger, clock = core.ledger, core.clock
    changes = DirectoryChanges(ledger.ladder, leading(core.policies), leaving, clock)
    losses = DirectoryLosses(changes, exits.by_directory, core.asks, clock)
    changes.on_gone(losses.gone)
    check = DirectoryCheck(sources.directories, changes, losses, ledger, clock)
    return Directories(changes, losses, check)
