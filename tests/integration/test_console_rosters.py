"""From a sheet to a published roster, through the pages."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from bot import sample
from bot.app import read_rules
from models.shift_codes import ShiftCodeTable
from services.actors import find
from services.refusals import Refusal
from services.roster_discards import discard
from tests.support.console import Operator, Seen, signed_in
from tests.support.hospital import Hospital

DAY = date(2026, 12, 10)


def codes(hospital: Hospital) -> ShiftCodeTable:
    return read_rules(hospital.bot.settings).shift_codes


def december(hospital: Hospital, changes: dict[tuple[str, date], str]) -> bytes:
    return sample.month_sheet(sample.ICU, 2026, 12, codes(hospital), changes)


async def unit_of(userid: str) -> str:
    actor = await find("wecom", userid)
    assert actor is not None
    return str(actor.unit_id)


async def imported(hospital: Hospital, operator: Operator, data: bytes, name: str) -> Seen:
    unit = await unit_of("zhao")
    return await operator.uploads("/console/rosters/import", name, data, unit=unit)


async def test_a_sheet_is_previewed_and_published_and_the_moved_are_told(
    hospital: Hospital,
) -> None:
    was = sample.code_on(0, sample.ICU, DAY)
    new = "P" if was == "A" else "A"
    data = december(hospital, {("S1002", DAY): new})
    async with signed_in(hospital, "zhao") as zhao:
        preview = await imported(hospital, zhao, data, "十二月改动.xlsx")
        assert preview.status == 200
        assert re.fullmatch(r"/console/rosters/\d+", preview.path)
        assert "改动1格" in preview.text
        assert "李小样" in preview.text
        assert "12/10" in preview.text
        assert "十二月改动.xlsx" in preview.text
        await zhao.opens(preview.path)
        override = "已征得本人同意" if 'name="override"' in preview.text else ""
        done = await zhao.sends(f"{preview.path}/publish", override=override)
        assert "已发布，通知了1人" in done.text
        again = await zhao.sends(f"{preview.path}/publish")
        assert again.status == 409
        assert "这份班表已经处理过了" in again.text
    await hospital.phone("li").expects("12月10日")


async def test_a_draft_that_nobody_wants_is_discarded_with_a_trace(hospital: Hospital) -> None:
    async with signed_in(hospital, "zhao") as zhao, signed_in(hospital, "song") as song:
        preview = await imported(
            hospital, zhao, december(hospital, {("S1002", DAY): "休"}), "错.xlsx"
        )
        assert "丢弃草稿" in (await zhao.opens(preview.path)).text
        gone = await zhao.sends(f"{preview.path}/discard")
        assert "这份草稿已经作废，不能再发布" in gone.text
        assert "丢弃草稿" not in gone.text
        for act in ("discard", "publish"):
            again = await zhao.sends(f"{preview.path}/{act}")
            assert again.status == 409
            assert "这份班表已经处理过了" in again.text
        trail = await song.opens("/console/audit")
        assert "丢弃班表草稿" in trail.text
    await hospital.expects_nothing_else()


async def test_a_draft_of_another_ward_or_one_that_waits_for_a_decision_is_not_discarded(
    hospital: Hospital,
) -> None:
    async with signed_in(hospital, "zhao") as zhao:
        preview = await imported(
            hospital, zhao, december(hospital, {("S1002", DAY): "休"}), "错.xlsx"
        )
        roster = int(preview.path.rsplit("/", 1)[1])
        stranger = await find("wecom", "li")
        assert stranger is not None
        with pytest.raises(Refusal, match="not_allowed"):
            await discard(stranger, roster, hospital.now())
        await hospital.rows(
            "INSERT INTO roster_runs (unit_id, by_id, first_day, last_day, seconds, state, "
            "asked_at, roster_id) SELECT unit_id, created_by_id, first_day, last_day, 9, "
            "'ready', created_at, id FROM rosters WHERE id = $1",
            roster,
        )
        await zhao.opens(preview.path)
        refused = await zhao.sends(f"{preview.path}/discard")
        assert "正等着决定" in refused.text
    states = await hospital.rows("SELECT state FROM rosters WHERE id = $1", roster)
    assert states == [{"state": "draft"}]


async def test_the_same_sheet_changes_nothing(hospital: Hospital) -> None:
    async with signed_in(hospital, "zhao") as zhao:
        preview = await imported(hospital, zhao, december(hospital, {}), "十二月.xlsx")
        assert "改动0格" in preview.text
        assert "没有改动" in preview.text


async def test_a_faulty_sheet_says_where_and_stores_nothing(hospital: Hospital) -> None:
    data = december(hospital, {("S1002", DAY): "ZZ9"})
    before = await hospital.rows("SELECT count(*) FROM rosters")
    async with signed_in(hospital, "zhao") as zhao:
        errors = await imported(hospital, zhao, data, "错.xlsx")
        assert errors.status == 422
        assert "ZZ9" in errors.text
        assert re.search(r'class="place">第\d+行', errors.text)
        rubbish = await imported(hospital, zhao, b"\x00\x01rubbish", "x.doc")
        assert rubbish.status == 422
        assert "不认识这种文件" in rubbish.text
    assert await hospital.rows("SELECT count(*) FROM rosters") == before


async def test_broken_rest_rules_need_a_manager_with_a_reason(hospital: Hospital) -> None:
    night = next(
        date(2026, 12, day)
        for day in range(9, 20)
        if sample.code_on(0, sample.ICU, date(2026, 12, day)) == "N"
    )
    data = december(hospital, {("S1002", night): "N/A"})
    async with signed_in(hospital, "zhao") as zhao, signed_in(hospital, "song") as song:
        preview = await imported(hospital, zhao, data, "连班.xlsx")
        assert "不符合休息规定" in preview.text
        seen_by_hr = await song.opens(preview.path)
        assert "要由病区护士长填写理由" in seen_by_hr.text
        refused = await song.sends(f"{preview.path}/publish", override="就这样")
        assert refused.status == 404
        silent = await zhao.sends(f"{preview.path}/publish", override=" ")
        assert silent.status == 409
        done = await zhao.sends(f"{preview.path}/publish", override="两人病假")
        assert "发布理由：两人病假" in done.text


async def test_the_month_shows_nights_and_today(hospital: Hospital) -> None:
    async with signed_in(hospital, "zhao") as zhao:
        unit = await unit_of("zhao")
        month = await zhao.opens(f"/console/units/{unit}?month=2026-12")
        assert month.status == 200
        assert "k-night" in month.text
        assert '<th scope="col" class="today">' in month.text
        assert "十二月.xlsx" in month.text
        empty = await zhao.opens(f"/console/units/{unit}?month=2027-03")
        assert "还没有发布的班表" in empty.text
        odd = await zhao.opens(f"/console/units/{unit}?month=nonsense")
        assert "2026年12月" in odd.text


async def test_home_counts_the_evening(hospital: Hospital) -> None:
    await hospital.at("20:40")
    reminded = await hospital.phone("li").messages()
    async with signed_in(hospital, "zhao") as zhao:
        home = await zhao.opens("/console")
        assert "重症医学科" in home.text
        assert "心内科" not in home.text
        figures = _figures(home.text)
        assert figures["待发送"] == 0
        assert figures["未确认"] > 0
        if any(message["card"] for message in reminded):
            card = await hospital.phone("li").expects_card("提醒")
            await card.tap("收到")
            figures = _figures((await zhao.opens("/console")).text)
            assert figures["已确认"] == 1


def _figures(text: str) -> dict[str, int]:
    found: Any = re.findall(r"<b>(\d+)</b><span>([^<]+)</span>", text)
    return {label: int(count) for count, label in found}
