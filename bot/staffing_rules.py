"""What a hospital may tune of licences, skills, call-outs and checklists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.checklist_rules import ChecklistRules, load_checklists
from services.licence_kinds import LicenceKinds, load_licence_kinds
from services.skills import Skills, load_skills


@dataclass(frozen=True)
class StaffingRules:
    licences: LicenceKinds
    skills: Skills
    checklists: ChecklistRules


def staffing_rules(read: Callable[[str], Mapping[str, Any]]) -> StaffingRules:
    """`read` gives a policy file by name, parsed. Raises what it raises, or ValueError."""
    licences = load_licence_kinds(read("licence_kinds.toml"))
    return StaffingRules(
        licences=licences,
        skills=load_skills(read("skills.toml"), licences),
        checklists=load_checklists(read("checklists.toml")),
    )
