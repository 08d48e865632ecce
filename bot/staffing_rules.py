"""What a hospital may tune of licences, skills, call-outs and checklists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.callout_rules import CallOutRules, load_call_out_rules
from services.checklist_rules import ChecklistRules, load_checklists
from services.licence_kinds import LicenceKinds, load_licence_kinds
from services.rostering.policy import DraftPolicy, load_draft_policy
from services.sheets.licence_columns import LicenceWords, load_licence_words
from services.sheets.listing import ListWords, load_list_words
from services.skills import Skills, load_skills

SHEETS = ("minimums", "wishes")


@dataclass(frozen=True)
class StaffingRules:
    """`sheets`: table of staffing_sheets.toml → how its headings are spelt."""

    licences: LicenceKinds
    skills: Skills
    checklists: ChecklistRules
    licence_sheets: LicenceWords
    sheets: Mapping[str, ListWords]
    call_outs: CallOutRules
    drafting: DraftPolicy


def staffing_rules(read: Callable[[str], Mapping[str, Any]]) -> StaffingRules:
    """`read` gives a policy file by name, parsed. Raises what it raises, or ValueError."""
    licences = load_licence_kinds(read("licence_kinds.toml"))
    sheets = read("staffing_sheets.toml")
    return StaffingRules(
        licences=licences,
        skills=load_skills(read("skills.toml"), licences),
        licence_sheets=load_licence_words(sheets, licences),
        sheets={table: load_list_words(sheets, table) for table in SHEETS},
        call_outs=load_call_out_rules(read("callouts.toml")),
        drafting=load_draft_policy(read("roster_draft.toml")),
        checklists=load_checklists(read("checklists.toml")),
    )
