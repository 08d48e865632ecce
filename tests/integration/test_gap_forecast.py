"""Staffing minimums from a sheet, and what the next 72 hours lack; who cannot be reached."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from bot.cli.care import ward_findings
from bot.wiring import Services
from message_templates.catalogue import Catalogue
from models import db, sealed
from models.clock import ManualClock
from services.actors import Actor, by_id
from services.gap_digest import SHORT
from services.gap_owners import WHOSE
from services.import_drafts import Change, SheetDraft, StaffingKind
from services.ledger import CONTEXT
from services.licence_records import LicenceFacts
from services.refusals import Refusal
from services.sheets.cells import CellValue
from services.sheets.export import write_csv
from services.unset_minimums import UNSET
from tests.integration.test_licence_reminders import said
from tests.support.licences import person_of

HEAD = ("病区", "班次", "最少", "星期", "最低层级", "其中人数")
ICU = "重症医学科"
ENOUGH = ((ICU, "A", 4, "", "", ""), (ICU, "P", 2, "", "", ""), (ICU, "N", 2, "", "", ""))
WEDNESDAY = (*ENOUGH[:1], (ICU, "P", 3, "周三", "", ""), *ENOUGH[2:])


async def drafted(services: Services, *rows: Sequence[CellValue]) -> SheetDraft:
    data = write_csv([HEAD, *rows])
    return await services.staffing_sheets.imports.draft(StaffingKind.MINIMUMS, data, "人数.csv")


async def set_minimums(services: Services, *rows: Sequence[CellValue]) -> None:
    draft = await drafted(services, *rows)
    assert draft.errors == ()
    await services.staffing_sheets.imports.apply(draft, "test")


async def staffing() -> object:
    found = await db.fetch_value("SELECT staffing FROM units WHERE name = $1", ICU)
    return json.loads(found) if isinstance(found, str) else found


async def actor(userid: str) -> Actor:
    person = await db.fetch_value("SELECT person_id FROM identities WHERE user_id = $1", userid)
    found = await by_id(int(person))
    assert found is not None
    return found


async def person(name: str) -> int:
    return int(await db.fetch_value("SELECT id FROM persons WHERE name = $1", name))


async def told() -> dict[str, str]:
    """Who was told what by the tick, in words."""
    rows = await db.fetch(
        "SELECT p.name, m.context FROM messages m JOIN deliveries d ON d.message_id = m.id "
        "JOIN persons p ON p.id = d.person_id WHERE m.purpose = $1 ORDER BY m.id",
        SHORT,
    )
    return {row["name"]: say(sealed.open_json(CONTEXT, row["context"])) for row in rows}


def say(facts: dict[str, object]) -> str:
    return Catalogue().text("gaps/short", facts).content


def morning(clock: ManualClock) -> None:
    """07:20 of the next day, Tuesday 2026-12-08; the clock begins on Monday at 14:00."""
    clock.advance(timedelta(hours=17, minutes=20))


async def test_a_sheet_says_all_of_a_ward_and_nothing_of_the_others(services: Services) -> None:
    await set_minimums(
        services,
        (ICU, "a班", "4人", "周一至周五", "N3及以上", 1),
        (ICU, "A", 3, "周末", "", ""),
        (ICU, "夜间", 2, "", "", ""),
    )
    assert await staffing() == [
        {"code": "A", "least": 4, "days": [1, 2, 3, 4, 5], "level": "N3", "senior": 1},
        {"code": "A", "least": 3, "days": [6, 7]},
        {"code": "night", "least": 2},
    ]
    draft = await drafted(services, (ICU, "A", 3, "周六、周日", "", ""), ENOUGH[1])
    assert [(line.change, line.cells) for line in draft.lines] == [
        (Change.SAME, (ICU, "A", "周六、周日", "3", "")),
        (Change.NEW, (ICU, "P", "每天", "2", "")),
        (Change.GONE, (ICU, "A", "周一、周二、周三、周四、周五", "4", "N3及以上1人")),
        (Change.GONE, (ICU, "夜间", "每天", "2", "")),
    ]
    await services.staffing_sheets.imports.apply(draft, "test")
    assert await staffing() == [
        {"code": "A", "least": 3, "days": [6, 7]},
        {"code": "P", "least": 2},
    ]
    assert await db.fetch_value("SELECT count(*) FROM units WHERE staffing <> '[]'") == 1


@pytest.mark.parametrize(
    ("row", "error"),
    [
        (("外星科", "A", 4, "", "", ""), "没有叫“外星科”的病区"),
        ((ICU, "Q", 4, "", "", ""), "班次“Q”不在本病区班次表里"),
        ((ICU, "休", 4, "", "", ""), "“休”不是上班的班次"),
        ((ICU, "A", "很多", "", "", ""), "“很多”不是人数"),
        ((ICU, "A", "", "", "", ""), "没有填写“最少”"),
        ((ICU, "A", 2, "周八", "", ""), "星期“周八”看不懂"),
        ((ICU, "A", 2, "周五至周一", "", ""), "星期“周五至周一”看不懂"),
        ((ICU, "A", 2, "", "主管", 1), "层级“主管”看不懂"),
        ((ICU, "A", 2, "", "", 1), "没有写最低层级"),
        ((ICU, "A", 2, "", "N3", 3), "其中人数比最少的2人还多"),
    ],
)
async def test_a_wrong_row_is_an_error_and_nothing_is_stored(
    services: Services, row: tuple[CellValue, ...], error: str
) -> None:
    draft = await drafted(services, ENOUGH[2], row)
    assert len(draft.errors) == 1, draft.errors
    assert error in draft.errors[0]
    assert not draft.applicable


async def test_the_same_shift_twice_and_a_code_nobody_uses(services: Services) -> None:
    twice = await drafted(services, (ICU, "A", 4, "工作日", "", ""), (ICU, "A", 3, "周五", "", ""))
    assert twice.errors == ("第3行“班次”列(B3)：第2行已有同一班次在同一天的人数。请只保留一行。",)
    unused = await drafted(services, (ICU, "大夜", 2, "", "", ""))
    assert unused.warnings == (
        "第2行“班次”列(B2)：本病区近期的班表里没有“大夜”，会一直显示缺人。"
        "请核对；如果指这一类的所有班次，请写“夜间”。",
    )


async def test_managers_set_them_for_their_own_ward_and_the_nursing_office_for_all(
    services: Services,
) -> None:
    uploads = services.staffing_sheets.uploads
    data = write_csv([HEAD, ENOUGH[0]])
    for userid in ("liang", "li"):
        with pytest.raises(Refusal, match="not_allowed"):
            await uploads.keep(await actor(userid), StaffingKind.MINIMUMS, data, "人数.csv")
    for userid in ("zhao", "qin", "song"):
        await uploads.keep(await actor(userid), StaffingKind.MINIMUMS, data, "人数.csv")


async def test_nothing_short_nothing_said(services: Services, clock: ManualClock) -> None:
    await set_minimums(services, *ENOUGH)
    morning(clock)
    assert await services.gaps.digest.tell() == 0
    assert await told() == {}


async def test_one_digest_a_morning_to_the_head_nurse(
    services: Services, clock: ManualClock
) -> None:
    await set_minimums(services, *WEDNESDAY)
    assert await services.gaps.digest.tell() == 0  # 14:00: not the morning
    morning(clock)
    assert [await services.gaps.digest.tell() for _ in range(3)] == [1, 0, 0]
    text = (await told())["赵小样"]
    lines = text.splitlines()
    assert lines[:3] == [
        "接下来72小时，这些班次人不够",
        ICU,
        "· 12月9日(周三) 中班 16:00–24:00：排了2人，最少3人",
    ]
    assert lines[3].startswith("  当天休息，上这班不违反休息规定：")
    assert lines[-1] == "请调整班表后发布，或者商量换班、安排备班。人够了就不再提醒。"
    clock.advance(timedelta(days=1))
    assert await services.gaps.digest.tell() == 1  # still short on Wednesday itself
    clock.advance(timedelta(days=1))
    assert await services.gaps.digest.tell() == 0  # Wednesday has passed


async def test_whoever_is_named_as_free_breaks_no_hard_rule(
    services: Services, clock: ManualClock
) -> None:
    await set_minimums(services, *WEDNESDAY)
    found = (await services.gaps.digest.asked(await actor("zhao"))).facts
    named = found["wards"][0]["gaps"][0]["free"]
    assert named
    wednesday = date(2026, 12, 9)
    icu = await db.fetch_value("SELECT id FROM units WHERE name = $1", ICU)
    changes = {await person(name): [(wednesday, ("休",), ("P",))] for name in named}
    broken = await services.rosters.rest.check(int(icu), changes)
    assert [v for each in broken.values() for v in each if v.hard] == []


async def test_an_expired_licence_does_not_count(services: Services) -> None:
    await set_minimums(services, *ENOUGH)
    on_wednesday = await db.fetch(
        "SELECT p.id, p.name FROM shifts s JOIN persons p ON p.id = s.person_id "
        "WHERE s.day = '2026-12-09' AND s.code = 'P' AND s.state = 'planned' ORDER BY p.id"
    )
    over = LicenceFacts(on_wednesday[0]["id"], "nurse", date(2026, 12, 8))
    await services.licences.records.put("test", over, "证照.csv")
    answer = await services.gaps.digest.asked(await actor("zhao"))
    text = say(dict(answer.facts))
    assert "12月9日(周三) 中班 16:00–24:00：排了1人，最少2人" in text
    assert f"没有算进去(执业证已到期)：{on_wednesday[0]['name']}" in text


async def test_enough_hands_and_nobody_of_the_level(services: Services) -> None:
    await db.execute(
        "UPDATE persons SET level = 'N1' WHERE unit_id = "
        "(SELECT id FROM units WHERE name = $1) AND title = '护士'",
        ICU,
    )
    await db.execute("UPDATE persons SET level = 'N3' WHERE staff_no = 'S1002'")
    await set_minimums(services, (ICU, "P", 2, "周三", "N3", 1))
    answer = await services.gaps.digest.asked(await actor("zhao"))
    text = say(dict(answer.facts))
    assert "中班 16:00–24:00：其中N3及以上0人，最少1人" in text
    assert "排了" not in text


async def test_a_day_without_a_roster_is_said_once(services: Services, clock: ManualClock) -> None:
    await set_minimums(services, *ENOUGH)
    clock.advance(timedelta(days=23, hours=17, minutes=20))  # Thursday 2026-12-31, 07:20
    assert await services.gaps.digest.tell() == 1
    text = (await told())["赵小样"]
    assert [line for line in text.splitlines() if line.startswith("·")] == [
        "· 1月1日(周五) 还没有发布班表",
        "· 1月2日(周六) 还没有发布班表",
        "· 1月3日(周日) 还没有发布班表",
    ]


async def test_who_cannot_be_reached_and_works_tomorrow(
    services: Services, clock: ManualClock
) -> None:
    morning(clock)
    due = await db.fetch(
        "SELECT DISTINCT p.id, p.name FROM shifts s JOIN persons p ON p.id = s.person_id "
        "WHERE s.day = '2026-12-09' AND s.state = 'planned' ORDER BY p.id"
    )
    await db.execute("DELETE FROM identities WHERE person_id = $1", due[0]["id"])
    failed = await services.ledger.notify("shifts.reminder", 1, [due[1]["id"]])
    await db.execute("UPDATE deliveries SET state = 'sending' WHERE message_id = $1", failed)
    await db.execute("UPDATE deliveries SET state = 'failed' WHERE message_id = $1", failed)
    assert await services.gaps.digest.tell() == 1
    assert (await told())["赵小样"].splitlines() == [
        "明天有班、消息送不到的人，请电话确认",
        f"· {due[0]['name']}({ICU})：名单里没有能用的账号，请人事科补上",
        f"· {due[1]['name']}({ICU})：最近的消息没有送到，请本人检查账号",
    ]


async def test_what_arrived_since_proves_the_channel(
    services: Services, clock: ManualClock
) -> None:
    who = int(
        await db.fetch_value("SELECT person_id FROM shifts WHERE day = '2026-12-08' LIMIT 1")
    )
    for states in (("sending", "failed"), ("sending", "accepted")):
        made = await services.ledger.notify("shifts.reminder", 1, [who])
        for state in states:
            await db.execute("UPDATE deliveries SET state = $2 WHERE message_id = $1", made, state)
    answer = await services.gaps.digest.asked(await actor("zhao"))
    assert answer.facts["unreached"] == []


async def test_a_ward_without_a_head_nurse_goes_to_the_office_and_deputies_are_told(
    services: Services, clock: ManualClock
) -> None:
    await set_minimums(services, *WEDNESDAY)
    await db.execute(
        "INSERT INTO deputies (person_id, deputy_id, first_day, last_day) "
        "VALUES ($1, $2, '2026-12-08', '2026-12-08')",
        await person("赵小样"),
        await person("李小样"),
    )
    morning(clock)
    assert await services.gaps.digest.tell() == 2
    assert set(await told()) == {"赵小样", "李小样"}
    await db.execute("DELETE FROM grants WHERE person_id = $1", await person("赵小样"))
    clock.advance(timedelta(days=1))
    assert await services.gaps.digest.tell() == 1
    assert "秦小护" in await told()


async def test_cut_off_while_it_counts_the_next_look_tells(
    services: Services, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_minimums(services, *WEDNESDAY)
    morning(clock)

    async def dies(*_: object) -> object:
        raise OSError("cut off")

    with monkeypatch.context() as broken:
        broken.setattr(services.gaps.digest.forecast, "of", dies)
        with pytest.raises(OSError, match="cut off"):
            await services.gaps.digest.tell()
    assert await services.gaps.digest.tell() == 1


async def test_only_managers_and_the_offices_ask(services: Services) -> None:
    for userid in ("li", "su"):
        with pytest.raises(Refusal, match="not_allowed"):
            await services.gaps.digest.asked(await actor(userid))
    with pytest.raises(Refusal, match="unit_unknown"):
        await services.gaps.digest.asked(await actor("zhao"), "心内科")
    everything = await services.gaps.digest.asked(await actor("qin"))
    assert everything.unset == (ICU, "心内科")


async def test_wards_without_a_minimum_are_told_once_and_the_doctor_knows(
    services: Services, clock: ManualClock
) -> None:
    clock.advance(timedelta(hours=17, minutes=30))
    await services.gaps.digest.tell()
    qin = await person_of("qin")
    assert await said(UNSET) == [(0, [qin])]
    (found,) = await ward_findings(clock)
    assert f"1个病区排了班，没有设置最低人数，缺人时不会提醒：{ICU}" in found.title
    clock.advance(timedelta(days=1))
    await services.gaps.digest.tell()
    assert len(await said(UNSET)) == 1
    await set_minimums(services, *ENOUGH)
    assert await ward_findings(clock) == []
    await db.execute("UPDATE units SET staffing = '[]' WHERE name = $1", ICU)
    clock.advance(timedelta(days=1))
    await services.gaps.digest.tell()
    assert len(await said(UNSET)) == 1, "said once of each ward, whatever comes and goes"


async def test_a_gap_of_two_managers_is_taken_by_one_and_asked_anew_the_next_morning(
    services: Services, clock: ManualClock
) -> None:
    zhao, wang, li = await actor("zhao"), await actor("wang"), await actor("li")
    await db.execute(
        "INSERT INTO grants (person_id, role, unit_id) VALUES ($1, 'manager', $2)",
        wang.person_id,
        wang.unit_id,
    )
    await set_minimums(services, *WEDNESDAY)
    owners = services.gaps.owners
    clock.advance(timedelta(hours=17, minutes=30))
    await services.gaps.digest.tell()
    first = await newest(WHOSE)

    async def takes(message: int, by: Actor) -> None:
        async with db.transaction():
            await owners.take(message, by)

    with pytest.raises(Refusal, match="gap_over"):
        await takes(first, li)
    outcomes = await asyncio.gather(takes(first, zhao), takes(first, wang), return_exceptions=True)
    assert sum(isinstance(each, Refusal) for each in outcomes) == 1
    taker = (await owners.facts(first))["taker"]
    assert taker in ("赵小样", "王小样")
    assert await db.fetch_value("SELECT count(*) FROM asks WHERE state = 'open'") == 0
    await takes(first, zhao if taker == "赵小样" else wang)  # the same tap again
    clock.advance(timedelta(days=1))
    await services.gaps.digest.tell()
    second = await newest(WHOSE)
    assert second != first
    assert (await owners.facts(second))["taker"] == ""


async def test_one_manager_alone_is_not_asked_whose_it_is(
    services: Services, clock: ManualClock
) -> None:
    await set_minimums(services, *WEDNESDAY)
    clock.advance(timedelta(hours=17, minutes=30))
    await services.gaps.digest.tell()
    assert await said(WHOSE) == []
    assert list(await told()) == ["赵小样"]


async def newest(purpose: str) -> int:
    found: int = await db.fetch_value("SELECT max(id) FROM messages WHERE purpose = $1", purpose)
    return found
