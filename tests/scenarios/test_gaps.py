"""The morning's digest of what is short, and the chat command that asks for it."""

from __future__ import annotations

from services.import_drafts import StaffingKind
from services.sheets.export import write_csv
from tests.support.hospital import Hospital
from tests.support.minutes import said_at

HEAD = ("病区", "班次", "最少", "星期")
ICU = "重症医学科"


async def minimum(hospital: Hospital, code: str, least: int, days: str = "") -> None:
    imports = hospital.bot.services.staffing_sheets.imports
    data = write_csv([HEAD, (ICU, code, least, days)])
    draft = await imports.draft(StaffingKind.MINIMUMS, data, "最低人数.csv")
    assert draft.errors == ()
    await imports.apply(draft, "test")


async def test_the_head_nurse_reads_in_the_morning_what_is_short_and_asks_again(
    hospital: Hospital,
) -> None:
    zhao, li = hospital.phones("zhao", "li")
    assert "还没有设置最低人数" in await zhao.says("缺口")
    await minimum(hospital, "P", 3, "周三")
    await hospital.at("2026-12-08T07:00")
    await hospital.reads()
    await hospital.at("2026-12-08T07:30")
    told = await zhao.expects("这些班次人不够")
    assert "12月9日(周三) 中班 16:00–24:00：排了2人，最少3人" in told.text
    assert "上这班不违反休息规定" in told.text
    await hospital.expects_nothing_else()
    assert "排了2人，最少3人" in await zhao.says("缺口")
    assert "负责这个病区" in await zhao.says("为什么发给我")
    assert "排了" not in await li.says("缺口")
    await minimum(hospital, "P", 2, "周三")
    assert await zhao.says("缺口") == f"接下来72小时，{ICU}的人都够。"
    await hospital.reads()
    await hospital.at("2026-12-09T08:30")
    assert "不够" not in "".join([m["text"] for m in (await zhao.messages())][-3:])


async def test_of_two_managers_one_answer_is_enough(hospital: Hospital) -> None:
    zhao, wang = hospital.phones("zhao", "wang")
    await hospital.rows(
        "INSERT INTO grants (person_id, role, unit_id) SELECT p.id, 'manager', p.unit_id "
        "FROM persons p WHERE p.staff_no = 'S1003' RETURNING id"
    )
    await minimum(hospital, "P", 3, "周三")
    await hospital.at("2026-12-08T07:30")
    await wang.expects("这些班次人不够")
    card = await zhao.expects_card(f"{ICU}缺人，谁来处理？")
    other = await wang.expects_card(f"{ICU}缺人，谁来处理？")
    assert "赵小样、王小样" in card.text
    assert said_at("赵小样在处理 07:30", await card.tap("我来处理"))
    if not hospital.platform.by_robot:  # which cannot redraw a card that nobody tapped
        assert "赵小样在处理" in await other.shows()
    assert "赵小样" in await other.tap("我来处理", force=True)
