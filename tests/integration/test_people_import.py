"""A staff list comes in: shown first, whole or not at all, and never locking everybody out."""

from __future__ import annotations

import pytest

from bot import sample
from bot.wiring import Services
from models import db
from services.actors import find
from services.refusals import Refusal
from services.sheets.samples import write_staff_list
from services.sources import DirectoryMember
from services.staff_uploads import StaffUploads

HEAD = ("工号", "姓名", "病区", "企业微信userid", "系统角色", "手机", "哺乳期至")


def listed(*rows: tuple[str, ...]) -> bytes:
    return write_staff_list(rows, HEAD)


async def test_the_list_as_it_is_changes_nothing(services: Services) -> None:
    draft = await services.people.draft(sample.staff_list(), "名单.xlsx")
    assert (draft.new, draft.changed, draft.errors) == (0, 0, ())


async def test_a_newcomer_can_talk_to_the_bot_and_nobody_else_moves(services: Services) -> None:
    before = await db.fetch_value("SELECT count(*) FROM persons")
    data = listed(("S9001", "新小样", sample.ICU, "xin", "护士", "13900099001", "2027-01-31"))
    draft = await services.people.draft(data, "名单.xlsx")
    assert (draft.new, draft.changed) == (1, 0)
    await services.people.apply(draft, "test")
    assert await db.fetch_value("SELECT count(*) FROM persons") == before + 1
    newcomer = await find("wecom", "XIN")
    assert newcomer is not None
    assert newcomer.name == "新小样"


async def test_phones_and_health_data_are_stored_sealed(services: Services) -> None:
    data = listed(("S9001", "新小样", sample.ICU, "xin", "护士", "13900099001", "2027-01-31"))
    await services.people.apply(await services.people.draft(data, "名单.xlsx"), "test")
    row = await db.fetch_one("SELECT phone, protected_until FROM persons WHERE staff_no = 'S9001'")
    assert row is not None
    assert row["phone"].startswith("k1:")
    assert "13900099001" not in row["phone"]
    assert "2027" not in row["protected_until"]


async def test_one_bad_row_applies_nothing_and_is_named(services: Services) -> None:
    data = listed(
        ("S9001", "新小样", sample.ICU, "xin", "护士", "13900099001", ""),
        ("S9002", "", sample.ICU, "xin2", "护士", "", ""),
    )
    draft = await services.people.draft(data, "名单.xlsx")
    assert not draft.applicable
    assert any("3" in text for text in draft.errors)


async def test_a_digest_that_is_no_digest_applies_nothing(services: Services) -> None:
    song = await find("wecom", "song")
    assert song is not None
    uploads = StaffUploads(services.people, services.people.clock)
    kept = await uploads.keep(song, sample.staff_list(), "名单.xlsx")
    with pytest.raises(Refusal, match="upload_gone"):
        await uploads.apply(song, kept, "不是摘要")


async def test_a_list_that_would_leave_nobody_in_charge_is_refused(services: Services) -> None:
    data = listed(("S0001", "宋小范", sample.OFFICE, "song", "护士", "", ""))
    draft = await services.people.draft(data, "名单.xlsx")
    assert not draft.applicable
    assert "没有人事负责人" in draft.errors[0]


async def test_the_directory_keeps_levels_and_makes_leaders_managers(services: Services) -> None:
    members = [
        DirectoryMember("zhao", "赵小样", "护士长", sample.ICU, leads=False),
        DirectoryMember("xin", "新小样", "护士长", "急诊科", leads=True),
    ]
    await services.people.apply(await services.people.draft_members(members), "test")
    zhao, xin = await find("wecom", "zhao"), await find("wecom", "xin")
    assert zhao is not None
    assert xin is not None
    assert zhao.manages
    assert xin.manages == {xin.unit_id}


async def test_who_is_listed_as_having_left_loses_access(services: Services) -> None:
    head = ("工号", "姓名", "病区", "企业微信userid", "在岗状态")
    data = write_staff_list([("S1002", "李小样", sample.ICU, "li", "离职")], head)
    await services.people.apply(await services.people.draft(data, "名单.xlsx"), "test")
    assert await find("wecom", "li") is None


async def test_an_old_list_does_not_let_leavers_in_unseen(services: Services) -> None:
    await db.execute("UPDATE persons SET active = false WHERE staff_no = 'S1002'")
    draft = await services.people.draft(sample.staff_list(), "名单.xlsx")
    assert any("李小样已经离职" in text for text in draft.warnings)


async def test_the_personnel_office_is_known_by_its_name(services: Services) -> None:
    kinds = {r["name"]: r["kind"] for r in await db.fetch("SELECT name, kind FROM units")}
    assert kinds == {
        sample.OFFICE: "hr",
        sample.NURSING: "nursing",
        sample.ICU: "ward",
        sample.CARDIOLOGY: "ward",
    }
    await db.execute("UPDATE units SET kind = 'school' WHERE name = $1", sample.OFFICE)
    draft = await services.people.draft(sample.staff_list(), "人员名单.xlsx")
    await services.people.apply(draft, "test")
    found = await db.fetch_value("SELECT kind FROM units WHERE name = $1", sample.OFFICE)
    assert found == "school"  # what an operator said stays


async def test_an_office_that_was_taken_for_a_ward_is_put_right(services: Services) -> None:
    await db.execute("UPDATE units SET kind = 'ward'")
    draft = await services.people.draft(sample.staff_list(), "人员名单.xlsx")
    await services.people.apply(draft, "test")
    found = await db.fetch_value("SELECT kind FROM units WHERE name = $1", sample.OFFICE)
    assert found == "hr"


async def test_skills_stay_where_a_list_has_no_such_column(services: Services) -> None:
    known = "SELECT skills::text, travel_minutes FROM persons WHERE staff_no = 'S1002'"
    before = await db.fetch_one(known)
    assert before is not None
    assert before["skills"] == '["icu", "dialysis"]'
    plain = write_staff_list([("S1002", "李小样", sample.ICU)], ("工号", "姓名", "病区"))
    draft = await services.people.draft(plain, "名单.xlsx")
    await services.people.apply(draft, "test")
    assert await db.fetch_one(known) == before
    other = write_staff_list(
        [("S1002", "李小样", sample.ICU, "重症", 25)], ("工号", "姓名", "病区", "技能", "到院分钟")
    )
    draft = await services.people.draft(other, "名单.xlsx")
    assert draft.changed == 1
    await services.people.apply(draft, "test")
    assert await db.fetch_one(known) == {"skills": '["icu"]', "travel_minutes": 25}
    assert (await services.people.draft(other, "名单.xlsx")).changed == 0
