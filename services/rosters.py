"""A ward's sheet becomes a draft with a preview, and the draft, once published, the roster."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from message_templates.catalogue import Catalogue
from models import db
from models.clock import SHANGHAI, Clock
from models.policies import Policies
from services import audit, roster_changes
from services.actors import Actor
from services.change_notices import ChangeNotices
from services.duties import Codes, RestCheck, cells_of_unit
from services.permissions import Act, require
from services.refusals import Refusal
from services.roster_changes import CellChange
from services.roster_previews import Draft, RosterPreviews
from services.sheets.diff import Diff, RosterMap, diff_rosters, roster_map
from services.sheets.people import StaffRef
from services.sheets.problems import SheetRefused
from services.sheets.reader import read_book
from services.sheets.roster import RosterSheet, parse_roster
from services.unit_notices import UnitNotices


class Origin(StrEnum):
    """Where a roster was read from."""

    SHEET = "sheet"
    DINGTALK = "dingtalk"


@dataclass(frozen=True, slots=True)
class Published:
    version: int
    changed_cells: int
    told: int


class Rosters:
    def __init__(
        self,
        codes: Codes,
        rest: RestCheck,
        notices: ChangeNotices,
        unit_notices: UnitNotices,
        catalogue: Catalogue,
        policies: Policies,
        clock: Clock,
    ) -> None:
        self.codes = codes
        self.rest = rest
        self.notices = notices
        self.unit_notices = unit_notices
        self.policies = policies
        self.clock = clock
        self.previews = RosterPreviews(catalogue)

    async def draft(self, by: Actor, unit_id: int, data: bytes, filename: str) -> Draft:
        """Read a sheet and show what it would change. Stores a draft only when it is faultless.

        Raises Refusal("not_allowed").
        """
        require(by, Act.IMPORT_ROSTER, unit_id)
        try:
            sheet = await self._parse(unit_id, data, filename)
        except SheetRefused as refused:
            return self.previews.refused(refused.problem)
        return await self.draft_read(
            by, unit_id, sheet, filename, hashlib.sha256(data).hexdigest()
        )

    async def draft_read(
        self,
        by: Actor | None,
        unit_id: int,
        sheet: RosterSheet,
        source: str,
        digest: str,
        origin: Origin = Origin.SHEET,
    ) -> Draft:
        """The same for a roster that was read already; without `by` it is shown, not stored.

        What a platform says nothing of stays as it is; what a sheet leaves out is taken away.
        `digest` names the content: the same content replaces its earlier draft.
        """
        if by is not None:
            require(by, Act.IMPORT_ROSTER, unit_id)
        if not sheet.applicable or sheet.period is None:
            return self.previews.unusable(sheet)
        cells, diff = await self._diff(unit_id, sheet, origin)
        found = await self.rest.check(unit_id, _by_person(diff))
        names = await self.previews.names_in(unit_id, diff)
        broken = self.previews.violations(found, names, hard=True)
        draft = self.previews.of(sheet, diff, names, found, broken)
        roster_id = None
        if by is not None:
            async with db.transaction():
                roster_id = await self._store(
                    by, unit_id, sheet.period, cells, diff, draft, source, digest, origin
                )
        return Draft(
            roster_id, draft.line, (), draft.warnings, broken, draft.changes, *sheet.period
        )

    async def _parse(self, unit_id: int, data: bytes, filename: str) -> RosterSheet:
        book = await asyncio.to_thread(read_book, data, filename)
        today = self.clock.now().astimezone(SHANGHAI).date()
        table = await self.codes.of_unit(unit_id)
        staff = await self._staff(unit_id)
        return await asyncio.to_thread(parse_roster, book.sheets, table, staff, today)

    async def _staff(self, unit_id: int) -> list[StaffRef]:
        rows = await db.fetch(
            "SELECT id, staff_no, name FROM persons WHERE unit_id = $1 AND active", unit_id
        )
        return [StaffRef(row["id"], row["staff_no"], row["name"]) for row in rows]

    async def _diff(
        self, unit_id: int, sheet: RosterSheet, origin: Origin
    ) -> tuple[RosterMap, Diff]:
        """The cells of the new version, and what they change."""
        assert sheet.period is not None
        old = {
            (row["person_id"], row["day"]): row["codes"]
            for row in await cells_of_unit(unit_id, *sheet.period)
            if row["codes"]
        }
        new = roster_map(sheet.entries)
        cells = new if origin is Origin.SHEET else {**old, **new}
        return cells, diff_rosters(old, cells)

    async def _store(
        self,
        by: Actor,
        unit_id: int,
        period: tuple[date, date],
        cells: RosterMap,
        diff: Diff,
        draft: Draft,
        source: str,
        digest: str,
        origin: Origin,
    ) -> int:
        """One draft per content: importing it again refreshes the preview and adds nothing."""
        await db.lock(f"roster:{unit_id}")
        await db.execute(
            "UPDATE rosters SET state = 'discarded' WHERE unit_id = $1 AND source_hash = $2 "
            "AND state = 'draft'",
            unit_id,
            digest,
        )
        preview: dict[str, object] = {
            "line": draft.line,
            "warnings": draft.warnings,
            "violations": draft.violations,
            "changes": draft.changes,
            "diff": diff_digest(diff),
            "origin": str(origin),
        }
        now = self.clock.now()
        roster_id = await roster_changes.new_version(
            unit_id, *period, "draft", source, digest, preview, by.person_id, now
        )
        removed = [(c.staff_id, c.day, ()) for c in diff.changes if not c.new]
        kept = [(person, day, labels) for (person, day), labels in cells.items()]
        await roster_changes.store_cells(roster_id, [*kept, *removed])
        await audit.record(now, by, "roster.drafted", f"rosters:{roster_id}", file=source)
        return roster_id

    async def publish(self, by: Actor, roster_id: int, *, override: str = "") -> Published:
        """Make a draft the roster, exactly as it was previewed, and tell those it moved.

        `override` is the manager's reason for breaking a hard rest rule. Raises Refusal:
        not allowed, not a draft any more, changed since the preview, or rules broken.
        """
        row = await db.fetch_one("SELECT * FROM rosters WHERE id = $1", roster_id)
        if row is None:
            raise Refusal("roster_unknown")
        require(by, Act.PUBLISH_ROSTER, row["unit_id"])
        async with db.transaction():
            await db.lock(f"roster:{row['unit_id']}")
            return await self._publish(by, roster_id, override)

    async def publish_decided(self, by: Actor, roster_id: int) -> Published:
        """Publish what somebody entitled has decided on: who that is was checked there.

        The caller holds the unit's roster lock. Raises Refusal as `publish`.
        """
        return await self._publish(by, roster_id, "")

    async def _publish(self, by: Actor, roster_id: int, override: str) -> Published:
        row = await db.fetch_one("SELECT * FROM rosters WHERE id = $1 FOR UPDATE", roster_id)
        assert row is not None
        if row["state"] != "draft":
            raise Refusal("roster_not_draft")
        diff = await self._stored_diff(row)
        preview = json.loads(row["preview"])
        if diff_digest(diff) != preview["diff"]:
            raise Refusal("roster_changed_since")
        await self._same_trouble(row["unit_id"], diff, preview["violations"])
        if preview["violations"]:
            require(by, Act.OVERRIDE_REST_RULE, row["unit_id"])
            if not override.strip():
                raise Refusal("roster_breaks_rules", rules=preview["violations"][0])
        now = self.clock.now()
        version: int = await db.fetch_value(
            "UPDATE rosters SET state = 'published', published_by_id = $2, published_at = $3, "
            "version = (SELECT coalesce(max(version), 0) + 1 FROM rosters WHERE unit_id = $4) "
            "WHERE id = $1 RETURNING version",
            roster_id,
            by.person_id,
            now,
            row["unit_id"],
        )
        changes = [CellChange(c.staff_id, c.day, c.old, c.new) for c in diff.changes]
        table = await self.codes.of_unit(row["unit_id"])
        moved = await roster_changes.apply(
            row["unit_id"], roster_id, changes, table, self.policies.reminders, now
        )
        known = {(change.person_id, change.day) for change in changes if change.old}
        told = await self.notices.tell(row["unit_id"], roster_id, moved, known)
        await self.unit_notices.roster_published(row["unit_id"], roster_id)
        await audit.record(
            now,
            by,
            "roster.published",
            f"rosters:{roster_id}",
            cells=len(changes),
            told=told,
            override=override or None,
        )
        return Published(version, len(changes), told)

    async def _same_trouble(self, unit_id: int, diff: Diff, shown: Sequence[str]) -> None:
        """Since the preview somebody may have accepted a call-out, or a licence has ended."""
        found = await self.rest.check(unit_id, _by_person(diff))
        broken = self.previews.violations(
            found, await self.previews.names_in(unit_id, diff), hard=True
        )
        new = [one for one in broken if one not in shown]
        if new:
            raise Refusal("roster_unsafe_now", rule=new[0])

    async def _stored_diff(self, row: db.Row) -> Diff:
        """The draft against the roster as it is at this moment."""
        cells = await db.fetch(
            "SELECT person_id, day, codes FROM roster_cells WHERE roster_id = $1", row["id"]
        )
        new = {(c["person_id"], c["day"]): tuple(json.loads(c["codes"])) for c in cells}
        current = await cells_of_unit(row["unit_id"], row["first_day"], row["last_day"])
        old = {(c["person_id"], c["day"]): c["codes"] for c in current if c["codes"]}
        return diff_rosters(old, {key: codes for key, codes in new.items() if codes})


def _by_person(diff: Diff) -> dict[int, list[tuple[date, Sequence[str], Sequence[str]]]]:
    return {
        person: [(change.day, change.old, change.new) for change in changes]
        for person, changes in diff.by_person.items()
    }


def diff_digest(diff: Diff) -> str:
    """Equal for equal changes: what was shown is what is published."""
    rows = [(c.staff_id, c.day.isoformat(), list(c.old), list(c.new)) for c in diff.changes]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()
