"""What a hospital may tune, already read: `bot.app.read_rules` reads it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.recruiting_rules import RecruitingRules
from bot.staffing_rules import StaffingRules
from message_templates.catalogue import Catalogue
from models.policies import Policies
from models.rest import Rule
from models.shift_codes import ShiftCodeTable
from services.hospital import Hospital
from services.sheets.staff_columns import StaffWords


@dataclass(frozen=True)
class Rules:
    policies: Policies
    shift_codes: ShiftCodeTable
    rest_rules: tuple[Rule, ...]
    staff_words: StaffWords
    catalogue: Catalogue
    hospital: Hospital
    recruiting: RecruitingRules
    staffing: StaffingRules
