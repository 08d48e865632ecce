"""Leave and wishes from a sheet: added once, never taken back, and only for one's own people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from bot.wiring import Services
from models import db
from services.actors import Actor, find
from services.import_drafts import Change, SheetDraft, StaffingKind
from services.refusals import Refusal
from services.sheets.cells import CellValue
from services.sheets.export import write_csv

HEAD = ("姓名", "工号", "类别", "起", "止")
LEAVE = ("李小样", "S1002", "年休", "2027-01-08", "2027-01-12")
OFF = ("王 小样", "", "想休", "2027/1/20", "")
NIGHT = ("张小样", "S1004", "n班", "20270115", "")


async def drafted(services: Services, *rows: Sequence[CellValue]) -> SheetDraft:
    data = write_csv([HEAD, *rows])
    return await services.staffing_sheets.imports.draft(StaffingKind.WISHES, data, "休假.csv")


async def actor(userid: str) -> Actor:
    found = await find("wecom", userid)
    assert found is not None
    return found


async def test_leave_wishes_and_shifts_are_added_once(services: Services) -> None:
    imports = services.staffing_sheets.imports
    draft = await drafted(services, LEAVE, OFF, NIGHT)
    assert (draft.errors, draft.warnings) == ((), ())
    await imports.apply(draft, "test")
    again = await drafted(services, LEAVE, OFF, NIGHT)
    assert [line.change for line in again.lines] == [Change.SAME] * 3
    await imports.apply(again, "test")
    rows = await db.fetch(
        "SELECT p.staff_no, w.kind, w.code, w.first_day, w.last_day, w.source FROM wishes w "
        "JOIN persons p ON p.id = w.person_id ORDER BY p.staff_no"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("S1002", "leave", "年休", date(2027, 1, 8), date(2027, 1, 12), "休假.csv"),
        ("S1003", "off", "", date(2027, 1, 20), date(2027, 1, 20), "休假.csv"),
        ("S1004", "shift", "N", date(2027, 1, 15), date(2027, 1, 15), "休假.csv"),
    ]


async def test_what_somebody_took_back_may_be_asked_for_again(services: Services) -> None:
    imports = services.staffing_sheets.imports
    await imports.apply(await drafted(services, OFF), "test")
    await db.execute("UPDATE wishes SET withdrawn_at = said_at")
    again = await drafted(services, OFF)
    assert [line.change for line in again.lines] == [Change.NEW]


async def test_both_days_in_one_cell(services: Services) -> None:
    draft = await drafted(services, ("李小样", "", "产假", "2027.01.08至2027.06.30", ""))
    assert draft.errors == ()
    assert draft.lines[0].cells == ("S1002", "李小样", "leave", "产", "2027-01-08至2027-06-30")


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            ("李小样", "", "年休", "2027-01-12", "2027-01-08"),
            "第2行“止”列(E2)：结束日期早于开始日期2027-01-12。请改正其中一个。",
        ),
        (
            ("李小样", "", "年休", "2027-01", ""),
            "第2行“起”列(D2)：“2027-01”不是看得懂的日期。请写成 2026-10-31 这样的形式。",
        ),
        (
            ("李小样", "", "年休", "2027-01-08", "长期"),
            "第2行“止”列(E2)：“长期”不是看得懂的日期。请写成 2026-10-31 这样的形式。",
        ),
        (("李小样", "", "年休", "", ""), "第2行“起”列(D2)：没有填写“起”。请补上。"),
        (
            ("李小样", "", "年休", "2027-01-08", "2029-01-08"),
            "第2行“止”列(E2)：超过400天。请核对日期，或分成几行。",
        ),
        (
            ("无小样", "", "年休", "2027-01-08", ""),
            "第2行“姓名”列(A2)：“无小样”不在人员名单里。请改正姓名，或先把此人加入名单。",
        ),
        (
            ("李小样", "", "看心情", "2027-01-08", ""),
            "第2行“类别”列(C2)：类别“看心情”看不懂。请填写“想休”、想上的班次，或休假：",
        ),
    ],
)
async def test_a_wrong_row_is_an_error_with_its_cell(
    services: Services, row: tuple[CellValue, ...], told: str
) -> None:
    draft = await drafted(services, row)
    assert len(draft.errors) == 1, draft.errors
    assert draft.errors[0].startswith(told)
    assert not draft.applicable


async def test_days_that_overlap_or_have_passed_are_pointed_out(services: Services) -> None:
    draft = await drafted(
        services,
        LEAVE,
        ("李小样", "", "想休", "2027-01-12", ""),
        ("王小样", "", "年休", "2025-01-12", ""),
    )
    assert draft.errors == ()
    assert sorted(draft.warnings) == [
        "第3行“起”列(D3)：“李小样”在2027-01-08至2027-01-12另有一条“年休”，日期重叠。"
        "请核对；两条都会保留。",
        "第4行“止”列(E4)：日期已经过去，不会影响以后的排班。请核对年份。",
    ]


async def test_head_nurses_bring_in_their_own_people_only(services: Services) -> None:
    uploads = services.staffing_sheets.uploads
    own, foreign = write_csv([HEAD, LEAVE]), write_csv([HEAD, ("朱小例", "", *LEAVE[2:])])
    zhao, liang, qin = [await actor(userid) for userid in ("zhao", "liang", "qin")]
    await uploads.keep(zhao, StaffingKind.WISHES, own, "休假.csv")
    await uploads.keep(liang, StaffingKind.WISHES, foreign, "休假.csv")
    await uploads.keep(qin, StaffingKind.WISHES, foreign, "休假.csv")
    with pytest.raises(Refusal, match="not_allowed"):
        await uploads.keep(zhao, StaffingKind.WISHES, foreign, "休假.csv")
    with pytest.raises(Refusal, match="not_allowed"):
        await uploads.keep(await actor("li"), StaffingKind.WISHES, own, "休假.csv")
