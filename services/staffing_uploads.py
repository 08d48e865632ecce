"""Sheets about staff between preview and apply, and who may bring them in."""

from __future__ import annotations

from services.actors import Actor
from services.import_drafts import AnyKind, SheetDraft, StaffingKind
from services.offices import Office, require_office, works_for
from services.permissions import Act, may, may_anywhere
from services.refusals import Refusal
from services.sheet_uploads import SheetUploads

_ACTS = {
    StaffingKind.MINIMUMS: Act.SET_STAFFING,
    StaffingKind.WISHES: Act.IMPORT_ROSTER,
}


async def require_staffing(by: Actor, kind: AnyKind, draft: SheetDraft | None = None) -> None:
    """Licences: the offices. The rest: the nursing office, and managers for their own units.

    Raises Refusal("not_allowed").
    """
    if kind is StaffingKind.LICENCES:
        await require_office(by, Office.NURSING, Office.MEDICAL, Office.HR)
        return
    if await works_for(by, [Office.NURSING]):
        return
    act = _ACTS[StaffingKind(kind)]
    units = draft.units if draft else ()
    if not may_anywhere(by, act) or not all(may(by, act, unit) for unit in units):
        raise Refusal("not_allowed")


class StaffingUploads(SheetUploads):
    kinds = StaffingKind
    drafted = "staffing.drafted"

    async def enter(self, by: Actor) -> None:
        if not may_anywhere(by, Act.SET_STAFFING):
            raise Refusal("not_allowed")

    async def permit(self, by: Actor, kind: AnyKind, draft: SheetDraft | None = None) -> None:
        await require_staffing(by, kind, draft)
