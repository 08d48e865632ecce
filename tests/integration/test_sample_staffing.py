"""The demo's sheets about staff: read without an error, and what they make of the hospital."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot import sample, sample_staffing
from bot.wiring import Services
from models import db
from models.clock import ManualClock
from services.actors import find
from services.import_drafts import StaffingKind
from services.licence_steps import look

TODAY = date(2026, 12, 7)


async def test_every_rung_one_expired_and_one_without_end(services: Services) -> None:
    await sample_staffing.import_sheets(services.staffing_sheets.imports, TODAY)
    kind = services.licences.records.kinds["nurse"]
    rows = await db.fetch(
        "SELECT l.kind, l.valid_to, l.perpetual FROM licences l WHERE l.state = 'current'"
    )
    rungs = {
        look(kind, row["valid_to"], None, TODAY).say for row in rows if row["kind"] == "nurse"
    }
    assert rungs >= {60, 30, 15, 7, 0, -16, -23, -30, -31}
    assert [row["perpetual"] for row in rows if row["kind"] == "nurse_qualification"].count(True)
    nurses = [p for p in sample.PEOPLE if p.unit in (sample.ICU, sample.CARDIOLOGY)]
    held = [row for row in rows if row["kind"] == "nurse"]
    assert len(held) == len(nurses) - 1  # all but the head nurse of the second ward
    assert {row["kind"] for row in await db.fetch("SELECT kind FROM wishes")} == {
        "leave",
        "off",
        "shift",
    }


async def test_one_gap_in_the_icu_within_72_hours(services: Services) -> None:
    await sample_staffing.import_sheets(services.staffing_sheets.imports, TODAY)
    zhao = await find("wecom", "zhao")
    assert zhao is not None
    facts = (await services.gaps.digest.asked(zhao)).facts
    assert [(gap["day"], gap["shift"], gap["least"]) for gap in facts["wards"][0]["gaps"]] == [
        ("2026-12-09", "中班", 3)
    ]


@pytest.mark.parametrize("day", [date(2026, 12, 8), date(2027, 1, 31), date(2028, 2, 29)])
async def test_opened_on_any_day_and_twice_it_is_read(
    services: Services, clock: ManualClock, day: date
) -> None:
    clock.advance(timedelta(days=(day - TODAY).days))
    imports = services.staffing_sheets.imports
    await sample_staffing.import_sheets(imports, day)
    before = await db.fetch_value("SELECT count(*) FROM audit_rows")
    await sample_staffing.import_sheets(imports, day)
    assert await db.fetch_value("SELECT count(*) FROM audit_rows") == before
    for name, data in sample_staffing.sheets(day)[StaffingKind.LICENCES]:
        draft = await imports.draft(StaffingKind.LICENCES, data, name)
        assert draft.errors == ()
