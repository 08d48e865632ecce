"""Brings the sample candidates into a hospital through its own imports."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from bot.rules import Rules
from bot.sample_candidates import DAYS, sheets
from services.import_drafts import Kind
from services.recruiting_import import RecruitingImport
from services.working_days import WorkingTime


def coming_days(working_time: WorkingTime, now: datetime) -> list[date]:
    """The working days after today on which the sample has slots."""
    return [working_time.add_working_days(now, n + 1).day for n in range(DAYS)]


def made_sheets(rules: Rules, now: datetime) -> dict[str, tuple[str, bytes]]:
    """Kind of sheet → file name and bytes, for a hospital that opens its books now."""
    return sheets(rules.recruiting.sheets, coming_days(rules.recruiting.working_time, now))


def write_sheets(folder: Path, rules: Rules, now: datetime) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in made_sheets(rules, now).values():
        (folder / name).write_bytes(data)


async def import_sheets(imports: RecruitingImport, rules: Rules, now: datetime) -> None:
    """Posts, candidates and slots; what is there stays. Raises ValueError for a sheet refused."""
    for kind, (name, data) in made_sheets(rules, now).items():
        draft = await imports.draft(Kind(kind), data, name)
        if not draft.applicable:
            raise ValueError(f"{name}: {'; '.join(draft.errors)}")
        await imports.apply(draft, "demo")
