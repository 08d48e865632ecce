"""Licence lists against the licences on record, from the command line and the console."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bot import database
from bot.cli import staffing_data
from bot.cli.data import NothingApplied
from bot.wiring import Services
from models import db
from models.clock import SHANGHAI, ManualClock, SystemClock
from services.actors import by_id
from services.import_drafts import Change, SheetDraft, StaffingKind
from services.licence_records import LicenceFacts, Verified
from services.refusals import Refusal
from services.sheets.cells import CellValue
from services.sheets.export import write_csv
from tests.support.console import signed_in
from tests.support.hospital import KEY, Hospital

HEAD = ("工号", "姓名", "证书类型", "证书编号", "发证日期", "有效期至")
LI = ("S1002", "李小样", "护士执业证", "H1002", "2022-03-01", "2027-02-28")
WANG = ("S1003", "王小样", "护士执业证", "H1003", "", "2026.12")


async def drafted(services: Services, *rows: Sequence[CellValue]) -> SheetDraft:
    data = write_csv([HEAD, *rows])
    return await services.staffing_sheets.imports.draft(StaffingKind.LICENCES, data, "证照.csv")


async def applied(services: Services, *rows: Sequence[CellValue]) -> dict[str, int]:
    draft = await drafted(services, *rows)
    assert draft.errors == ()
    done = await services.staffing_sheets.imports.apply(draft, "test")
    return {change.value: count for change, count in done.items()}


async def on_record() -> list[tuple[str, str, date | None, str]]:
    rows = await db.fetch(
        "SELECT p.staff_no, l.kind, l.valid_to, l.source FROM licences l "
        "JOIN persons p ON p.id = l.person_id WHERE l.state = 'current' ORDER BY p.staff_no, kind"
    )
    return [(row["staff_no"], row["kind"], row["valid_to"], row["source"]) for row in rows]


async def number_of(userid: str) -> int:
    found = await db.fetch_value("SELECT person_id FROM identities WHERE user_id = $1", userid)
    return int(found)


@pytest.mark.parametrize(
    ("hour", "done", "when"),
    [
        (8, False, "今天09:00"),
        (10, False, "几分钟内"),
        (15, True, "明天09:00"),
        (21, False, "明天09:00"),
    ],
)
async def test_the_preview_says_how_many_are_reminded_and_when(
    services: Services, clock: ManualClock, hour: int, done: bool, when: str
) -> None:
    """What is due by then, a person once; who is reminded then are as many."""
    day = datetime(2026, 12, 8, tzinfo=SHANGHAI)
    clock.advance(day + timedelta(hours=9 if done else hour) - clock.now())
    reminders = services.licences.reminders
    if done:
        await reminders.remind()
        clock.advance(day + timedelta(hours=hour) - clock.now())
    far = ("S1002", "李小样", "护士执业证", "", "2025-03-01", "2030-02-28")
    assert (await drafted(services, far)).notes == ()
    bls = ("S1003", "王小样", "BLS", "", "", "2026-12-20")
    (note,) = (await drafted(services, LI, WANG, bls)).notes
    assert note.startswith(f"写入后，{when}会提醒2人")
    await applied(services, LI, WANG, bls)
    assert (await drafted(services, LI, WANG, bls)).notes == ()  # nothing begins anew
    days = 1 if when.startswith("明天") else 0
    clock.advance(day + timedelta(days=days, hours=9 if days else max(9, hour)) - clock.now())
    await reminders.remind()
    asked = await db.fetch_value(
        "SELECT count(DISTINCT a.person_id) FROM asks a JOIN licences l ON l.id = a.subject_id "
        "WHERE a.purpose = 'licences.due' AND l.source = '证照.csv'"
    )
    assert asked == 2


async def test_a_list_is_written_once_and_again_changes_nothing(services: Services) -> None:
    assert await applied(services, LI, WANG) == {"new": 2}
    rows = [
        ("S1002", "nurse", date(2027, 2, 28), "证照.csv"),
        ("S1003", "nurse", date(2026, 12, 31), "证照.csv"),
    ]
    assert await on_record() == rows
    audited = await db.fetch_value("SELECT count(*) FROM audit_rows")
    assert await applied(services, LI, WANG) == {"same": 2}
    assert await on_record() == rows
    assert await db.fetch_value("SELECT count(*) FROM audit_rows") == audited
    stored = await db.fetch_value("SELECT string_agg(number, ' ') FROM licences")
    assert "H1002" not in stored


async def test_a_later_end_renews_and_a_blank_takes_nothing_away(services: Services) -> None:
    await applied(services, LI, WANG)
    draft = await drafted(
        services,
        ("S1002", "李小样", "护士执业证", "", "", ""),
        ("S1003", "王小样", "护士执业证", "", "", "2031-12-31"),
    )
    assert [(line.change, line.fields) for line in draft.lines] == [
        (Change.SAME, ()),
        (Change.CHANGED, ("valid_to",)),
    ]
    await services.staffing_sheets.imports.apply(draft, "test")
    assert [row[2] for row in await on_record()] == [date(2027, 2, 28), date(2031, 12, 31)]


async def test_an_old_list_does_not_undo_what_somebody_compared(
    services: Services, clock: ManualClock
) -> None:
    qin = await number_of("qin")
    actor = await by_id(qin)
    assert actor is not None
    checked = Verified(qin, clock.now(), "原件")
    facts = LicenceFacts(await number_of("li"), "nurse", date(2032, 2, 28), verified=checked)
    await services.licences.records.put(actor, facts, "照片")
    draft = await drafted(services, LI)
    assert [line.change for line in draft.lines] == [Change.LEFT]
    assert draft.warnings == (
        "第2行“有效期至”列(F2)：表中的护士执业证书到2027-02-28，系统里有人核对过的到2032-02-28。"
        "没有按表改动，请核对这张表是不是旧的。",
    )
    await services.staffing_sheets.imports.apply(draft, "test")
    assert [row[2] for row in await on_record()] == [date(2032, 2, 28)]


async def test_an_earlier_end_is_taken_and_pointed_out(services: Services) -> None:
    await applied(services, LI)
    draft = await drafted(services, (*LI[:5], "2027-01-31"))
    assert draft.warnings == (
        "第2行“有效期至”列(F2)：护士执业证书的到期日由2027-02-28改早为2027-01-31。"
        "写入后以表为准，请核对。",
    )


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            [("S1002", "王小样", "护士证", "", "", "2027-02-28")],
            "第2行“工号”列(A2)：工号S1002是“李小样”，表中姓名是“王小样”。请改正工号或姓名。",
        ),
        (
            [LI, ("", "李小样", "护士证", "", "", "2027-03-31")],
            "第3行“有效期至”列(F3)：第2行已有“李小样”的护士执业证书，内容不同。请只保留正确的一行。",
        ),
        (
            [("S9999", "无小样", "护士证", "", "", "2027-02-28")],
            "第2行“工号”列(A2)：工号“S9999”不在人员名单里。请改正工号，或先把此人加入名单。",
        ),
    ],
)
async def test_whose_licence_it_is_must_be_certain(
    services: Services, rows: list[tuple[CellValue, ...]], told: str
) -> None:
    draft = await drafted(services, *rows)
    assert draft.errors == (told,)
    assert not draft.applicable
    with pytest.raises(ValueError, match="errors"):
        await services.staffing_sheets.imports.apply(draft, "test")
    assert await on_record() == []


async def test_the_same_row_twice_and_somebody_who_left_are_passed_over(
    services: Services,
) -> None:
    await db.execute("UPDATE persons SET active = false WHERE staff_no = 'S1003'")
    draft = await drafted(services, LI, LI, WANG)
    assert draft.errors == ()
    assert draft.warnings == (
        "第3行“有效期至”列(F3)：第2行已有“李小样”的护士执业证书，内容相同，这一行不再读取。"
        "请删去重复的行。",
        "第4行“工号”列(A4)：“王小样”已经离职，这一行没有采用。如果回来上班，请先更新人员名单。",
    )
    await services.staffing_sheets.imports.apply(draft, "test")
    assert [row[0] for row in await on_record()] == ["S1002"]


async def test_only_the_offices_bring_licences_in(services: Services) -> None:
    uploads = services.staffing_sheets.uploads
    data = write_csv([HEAD, LI])
    for userid in ("zhao", "li"):
        actor = await by_id(await number_of(userid))
        assert actor is not None
        with pytest.raises(Refusal, match="not_allowed"):
            await uploads.keep(actor, StaffingKind.LICENCES, data, "证照.csv")
    qin = await by_id(await number_of("qin"))
    assert qin is not None
    upload = await uploads.keep(qin, StaffingKind.LICENCES, data, "证照.csv")
    song = await by_id(await number_of("song"))
    assert song is not None
    with pytest.raises(Refusal, match="upload_gone"):
        await uploads.preview(song, upload)


async def test_on_the_console_it_is_shown_then_written_once(hospital: Hospital) -> None:
    async with signed_in(hospital, "qin") as qin:
        form = await qin.opens("/console/licences/import")
        assert "证照名单" in form.text
        page = await qin.uploads(
            "/console/licences/import", "证照.csv", write_csv([HEAD, LI, WANG]), kind="licences"
        )
        assert "新增2行" in page.text
        assert "H1002" not in page.text
        digest = re.findall(r'name="digest" value="([0-9a-f]+)"', page.text)[0]
        done = await qin.sends(f"{page.path}/apply", digest=digest)
        assert "证照名单已导入：新增2行" in done.text
        again = await qin.sends(f"{page.path}/apply", digest=digest)
        assert again.status == 409
        other = await qin.uploads(
            "/console/licences/import", "x.csv", write_csv([HEAD, LI]), kind="minimums"
        )
        assert other.status == 404
    async with signed_in(hospital, "zhao") as zhao:
        assert (await zhao.opens("/console/licences/import")).status == 404
    assert [row[0] for row in await on_record()] == ["S1002", "S1003"]


async def test_on_the_command_line_a_preview_first(
    seeded_url: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", seeded_url)
    monkeypatch.setenv("WARDBELL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WARDBELL_ENCRYPTION_KEYS", KEY)
    data = write_csv([HEAD, (*LI[:4], "", "长期"), WANG])
    kind = StaffingKind.LICENCES
    with pytest.raises(NothingApplied, match="有错误"):
        await staffing_data.bring_in(kind, data, "证照.csv", "", apply=True)
    said = capsys.readouterr().out.replace("\n", "")
    assert "护士执业证书的期限是5年，不是长期" in said
    soon = (SystemClock().now() + timedelta(days=900)).date().isoformat()
    good = write_csv([HEAD, (*LI[:4], "", soon)])
    with pytest.raises(NothingApplied, match="这是预览"):
        await staffing_data.bring_in(kind, good, "证照.csv", "S0003", apply=False)
    with pytest.raises(NothingApplied, match="这项操作"):
        await staffing_data.bring_in(kind, good, "证照.csv", "S1001", apply=True)
    await staffing_data.bring_in(kind, good, "证照.csv", "S0003", apply=True)
    assert "已导入：新增 1" in capsys.readouterr().out
    async with database.opened(seeded_url):
        assert len(await on_record()) == 1
