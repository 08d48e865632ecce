"""A new sheet arrives: who is told, what old reminders become, what cannot be published."""

from __future__ import annotations

from datetime import date

import pytest

from bot import sample
from bot.app import read_rules
from services.actors import Actor, find
from services.refusals import Refusal
from services.roster_previews import Draft
from tests.support.hospital import Hospital, beyond_the_robot, settings


async def changed_sheet(hospital: Hospital, changes: dict[tuple[str, date], str]) -> Draft:
    head = await the_head(hospital)
    codes = read_rules(settings(hospital.bot.database_url)).shift_codes
    data = sample.month_sheet(sample.ICU, 2026, 12, codes, changes)
    assert head.unit_id is not None
    return await hospital.bot.services.rosters.draft(head, head.unit_id, data, "改动.xlsx")


async def the_head(hospital: Hospital) -> Actor:
    head = await find(hospital.platform.name, "zhao")
    assert head is not None
    return head


async def publish(hospital: Hospital, draft: Draft, override: str = "") -> None:
    assert draft.roster_id is not None, draft.errors
    await hospital.bot.services.rosters.publish(
        await the_head(hospital), draft.roster_id, override=override
    )


async def test_only_the_nurse_whose_shift_moved_is_told_old_and_new(hospital: Hospital) -> None:
    draft = await changed_sheet(hospital, {("S1002", date(2026, 12, 18)): "休"})
    assert "改动1格" in draft.line
    await publish(hospital, draft)
    message = await hospital.phone("li").expects("您的排班有变动")
    assert "12月18日(周五) 原：白班A 08:00–16:00 → 现：休息" in message.text
    assert "收到" not in message.text.split("\n")[-1]
    await hospital.expects_nothing_else()


async def test_a_change_within_48_hours_is_to_be_confirmed(hospital: Hospital) -> None:
    await publish(hospital, await changed_sheet(hospital, {("S1002", date(2026, 12, 8)): "休"}))
    card = await hospital.phone("li").expects_card("您的排班有变动")
    assert "已收到" in await card.tap("收到")
    await hospital.later("5h")
    report = [m["text"] for m in await hospital.phone("zhao").messages()]
    assert not any("排班变动还没确认" in text for text in report)


async def test_who_does_not_confirm_a_near_change_is_listed_to_the_head_nurse(
    hospital: Hospital,
) -> None:
    await publish(hospital, await changed_sheet(hospital, {("S1002", date(2026, 12, 8)): "休"}))
    await hospital.later("5h")
    await hospital.phone("zhao").expects("排班变动还没确认的有1人：李小样")


@beyond_the_robot
async def test_a_reminder_already_sent_is_corrected(hospital: Hospital) -> None:
    await hospital.at("20:31")
    li = hospital.phone("li")
    reminder = await li.expects_card("12月8日(周二) 中班")
    await publish(hospital, await changed_sheet(hospital, {("S1002", date(2026, 12, 8)): "休"}))
    await li.expects("原：中班 16:00–24:00 → 现：休息")
    assert "[此班已调整]" in await reminder.shows()
    assert "已经调整了" in await reminder.tap("收到", force=True)


async def test_a_shift_taken_away_before_the_evening_is_never_reminded_of(
    hospital: Hospital,
) -> None:
    await publish(hospital, await changed_sheet(hospital, {("S1002", date(2026, 12, 8)): "休"}))
    await hospital.reads()
    await hospital.at("20:31")
    texts = [m["text"] for m in await hospital.phone("li").messages()]
    assert not any("排班提醒" in text for text in texts)


async def test_the_same_sheet_again_changes_nothing(hospital: Hospital) -> None:
    draft = await changed_sheet(hospital, {})
    assert "改动0格" in draft.line
    await publish(hospital, draft)
    await hospital.expects_nothing_else()


async def test_a_sheet_that_breaks_a_hard_rule_needs_a_reason(hospital: Hospital) -> None:
    draft = await changed_sheet(hospital, {("S1002", date(2026, 12, 9)): "N"})
    assert draft.violations
    with pytest.raises(Refusal, match="roster_breaks_rules"):
        await publish(hospital, draft)
    await publish(hospital, draft, override="急诊抽调，当事人同意")
    rows = await hospital.rows(
        "SELECT detail->>'override' AS why FROM audit_rows WHERE action = 'roster.published' "
        "ORDER BY id DESC LIMIT 1"
    )
    assert rows[0]["why"] == "急诊抽调，当事人同意"


async def test_a_preview_that_is_no_longer_true_is_not_published(hospital: Hospital) -> None:
    first = await changed_sheet(hospital, {("S1002", date(2026, 12, 18)): "休"})
    second = await changed_sheet(hospital, {("S1002", date(2026, 12, 18)): "P"})
    await publish(hospital, second, override="测试")
    with pytest.raises(Refusal, match="roster_changed_since"):
        await publish(hospital, first)


async def test_a_sheet_with_one_unknown_code_applies_nothing(hospital: Hospital) -> None:
    draft = await changed_sheet(hospital, {("S1002", date(2026, 12, 18)): "火星班"})
    assert draft.roster_id is None
    assert any("火星" in text for text in draft.errors)
    assert "未知班次1个" in draft.line


async def test_a_head_nurse_cannot_import_for_another_ward(hospital: Hospital) -> None:
    other = await find(hospital.platform.name, "liang")
    head = await the_head(hospital)
    assert other is not None
    assert head.unit_id is not None
    with pytest.raises(Refusal, match="not_allowed"):
        await hospital.bot.services.rosters.draft(other, head.unit_id, b"x", "x.xlsx")
