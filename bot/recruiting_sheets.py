"""Puts together what brings recruiting's records in: sheets, their uploads, and another system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.clock import Clock
from services.candidate_records import CandidateRecords
from services.recruiting_import import RecruitingImport
from services.recruiting_kinds import sheet_kinds
from services.recruiting_uploads import RecruitingUploads
from services.scorecards import Scorecards

if TYPE_CHECKING:
    from bot.rules import Rules


@dataclass(frozen=True)
class RecruitingSheets:
    """`records` is what an applicant system's requests go through as well."""

    records: CandidateRecords
    imports: RecruitingImport
    uploads: RecruitingUploads


def recruiting_sheets(rules: Rules, scorecards: Scorecards, clock: Clock) -> RecruitingSheets:
    records = CandidateRecords(rules.policies.candidates_kept, clock)
    tunable = rules.recruiting
    kinds = sheet_kinds(tunable.sheets, tunable.courtesy, records, scorecards, clock)
    imports = RecruitingImport(kinds, rules.catalogue.words("sheets/problems"), clock)
    return RecruitingSheets(records, imports, RecruitingUploads(imports, clock))
