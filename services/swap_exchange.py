"""The roster after an approved swap: a version with the exchanged cells, and their shifts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.clock import Clock
from models.policies import Policies
from services import roster_changes
from services.actors import Actor
from services.change_notices import ChangeNotices
from services.duties import Codes
from services.roster_changes import CellChange


class SwapExchange:
    def __init__(
        self, notices: ChangeNotices, codes: Codes, policies: Policies, clock: Clock
    ) -> None:
        self.notices = notices
        self.codes = codes
        self.policies = policies
        self.clock = clock

    async def apply(
        self, swap: Mapping[str, Any], changes: Sequence[CellChange], by: Actor
    ) -> None:
        """Publish the changed cells, in the approving transaction, under the roster's lock."""
        days = [change.day for change in changes]
        now = self.clock.now()
        roster_id = await roster_changes.new_version(
            swap["unit_id"],
            min(days),
            max(days),
            "published",
            f"换班 #{swap['id']}",
            f"swap:{swap['id']}",
            {},
            by.person_id,
            now,
        )
        await roster_changes.store_cells(roster_id, [(c.person_id, c.day, c.new) for c in changes])
        table = await self.codes.of_unit(swap["unit_id"])
        moved = await roster_changes.apply(
            swap["unit_id"], roster_id, changes, table, self.policies.reminders, now
        )
        await self.notices.forget([row["id"] for m in moved.values() for row in m.gone])
