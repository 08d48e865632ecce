"""Puts together what brings staff's records in: licences, staffing minimums, leave and wishes."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core import Core
from services.import_drafts import AnyKind, SheetKind, StaffingKind
from services.licence_import import LicenceImport
from services.licences import Licences
from services.minimum_import import MinimumImport
from services.sheet_imports import SheetImports
from services.staffing_uploads import StaffingUploads
from services.wish_import import WishImport

LOCK = "staffing.import"


@dataclass(frozen=True)
class StaffingSheets:
    imports: SheetImports
    uploads: StaffingUploads


def build_staffing_sheets(core: Core, licences: Licences) -> StaffingSheets:
    words, codes, clock = core.rules.staffing, core.codes, core.clock
    kinds: dict[AnyKind, SheetKind] = {
        StaffingKind.LICENCES: LicenceImport(words.licence_sheets, licences, clock),
        StaffingKind.MINIMUMS: MinimumImport(words.sheets["minimums"], codes, clock),
        StaffingKind.WISHES: WishImport(words.sheets["wishes"], codes, clock),
    }
    imports = SheetImports(kinds, core.catalogue.words("sheets/problems"), LOCK, clock)
    return StaffingSheets(imports, StaffingUploads(imports, clock))
