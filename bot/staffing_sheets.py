"""Puts together what brings staff's records in: licences, staffing minimums, leave and wishes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.clock import Clock
from services.duties import Codes
from services.import_drafts import AnyKind, SheetKind, StaffingKind
from services.licence_import import LicenceImport
from services.licences import Licences
from services.minimum_import import MinimumImport
from services.sheet_imports import SheetImports
from services.staffing_uploads import StaffingUploads
from services.wish_import import WishImport

if TYPE_CHECKING:
    from bot.wiring import Rules

LOCK = "staffing.import"


@dataclass(frozen=True)
class StaffingSheets:
    imports: SheetImports
    uploads: StaffingUploads


def build_staffing_sheets(
    rules: Rules, licences: Licences, codes: Codes, clock: Clock
) -> StaffingSheets:
    words = rules.staffing
    kinds: dict[AnyKind, SheetKind] = {
        StaffingKind.LICENCES: LicenceImport(words.licence_sheets, licences, clock),
        StaffingKind.MINIMUMS: MinimumImport(words.sheets["minimums"], codes, clock),
        StaffingKind.WISHES: WishImport(words.sheets["wishes"], codes, clock),
    }
    imports = SheetImports(kinds, rules.catalogue.words("sheets/problems"), LOCK, clock)
    return StaffingSheets(imports, StaffingUploads(imports, clock))
