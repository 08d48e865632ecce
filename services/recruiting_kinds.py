"""The recruiting sheets put together: one reader for each kind."""

from __future__ import annotations

from collections.abc import Mapping

from models.clock import Clock
from services.candidate_import import CandidateImport
from services.candidate_records import CandidateRecords
from services.courtesy_rules import CourtesyRules
from services.import_drafts import AnyKind, Kind, SheetKind
from services.posting_import import PostingImport
from services.score_import import ScoreImport
from services.scorecards import Scorecards
from services.sheets.listing import ListWords
from services.slot_import import SlotImport


def sheet_kinds(
    words: Mapping[str, ListWords],
    courtesy: CourtesyRules,
    records: CandidateRecords,
    scorecards: Scorecards,
    clock: Clock,
) -> dict[AnyKind, SheetKind]:
    """`words` are the tables of `candidate_sheets.toml` by name."""
    return {
        Kind.POSTINGS: PostingImport(words["postings"], courtesy, clock),
        Kind.CANDIDATES: CandidateImport(words["candidates"], records),
        Kind.SLOTS: SlotImport(words["slots"], clock),
        Kind.SCORES: ScoreImport(words["scores"], scorecards, clock),
    }
