"""Posts, candidates, slots and scores from sheets."""

from __future__ import annotations

from collections.abc import Mapping

from models.clock import Clock
from services.import_drafts import AnyKind, SheetKind
from services.sheet_imports import SheetImports

LOCK = "recruiting.import"  # whoever adds candidates or slots holds it


class RecruitingImport(SheetImports):
    def __init__(
        self, kinds: Mapping[AnyKind, SheetKind], texts: Mapping[str, str], clock: Clock
    ) -> None:
        super().__init__(kinds, texts, LOCK, clock)
