"""排班草稿: asked for in a sentence, worked out beside the bot, published with a tap."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from bot import sample
from tests.scenarios.conftest import Place
from tests.support import database as databases
from tests.support import hospital as hospitals
from tests.support.drafting import TOO_MUCH, ThreadSolver, quick_policies, set_minimums
from tests.support.hospital import Hospital

ONE_PLACE = pytest.mark.parametrize("place", ["wecom"], indirect=True)


@pytest.fixture
async def hospital(place: Place, tmp_path: Path) -> AsyncIterator[Hospital]:
    """As for all scenarios, with drafts that take a second."""
    platform, template = place
    quick = {"policies_dir": quick_policies(tmp_path / "policies")}
    async with (
        databases.clone(template) as url,
        hospitals.opened(url, tmp_path, platform=platform, also=lambda _: quick) as running,
    ):
        await set_minimums(sample.ICU)
        running.bot.services.drafting.drafting.solver = ThreadSolver()
        yield running


async def test_a_draft_is_asked_for_seen_and_published(hospital: Hospital) -> None:
    zhao, li = hospital.phones("zhao", "li")
    assert "想休" in await li.says("想休 1月8日")
    assert "开始排了" in await zhao.says("排班草稿 2027年1月")
    working = await zhao.expects_card("正在排重症医学科2027年1月的班")
    await zhao.expects("1月的班表草稿排好了，硬性规则和最低人数全部符合")
    ready = await zhao.expects_card("班表草稿排好了，要发布吗")
    assert "12人" in ready.text
    if not hospital.platform.by_robot:
        assert "已排好，请看草稿" in await working.shows()
    assert "已发布" in await ready.tap("发布")
    assert "已经发布" in await ready.tap("发布", force=True) or hospital.platform.by_robot
    await hospital.expects_nothing_else()
    await _is_published(hospital)


async def _is_published(hospital: Hospital) -> None:
    (run,) = await hospital.rows("SELECT * FROM roster_runs")
    assert run["state"] == "approved"
    (roster,) = await hospital.rows("SELECT * FROM rosters WHERE id = $1", run["roster_id"])
    assert (roster["state"], roster["first_day"]) == ("published", date(2027, 1, 1))
    (cells,) = await hospital.rows(
        "SELECT count(*) AS n FROM roster_cells WHERE roster_id = $1", run["roster_id"]
    )
    assert cells["n"] == 12 * 31
    actions = await hospital.rows("SELECT action FROM audit_rows WHERE action LIKE 'draft.%'")
    assert [row["action"] for row in actions] == ["draft.asked", "draft.published"]


@ONE_PLACE
async def test_an_impossible_month_says_where_and_why(hospital: Hospital) -> None:
    await set_minimums(sample.ICU, TOO_MUCH)
    zhao = hospital.phone("zhao")
    await zhao.says("排班草稿 1月")
    working = await zhao.expects_card("正在排")
    said = await zhao.expects("1月的班按现在的要求排不出来")
    assert "班至少要" in said.text
    assert "最多只能排" in said.text
    assert "这些要求放在一起排不出来：" in said.text
    assert "没有排成" in await working.shows()
    await hospital.expects_nothing_else()


@ONE_PLACE
async def test_what_hr_asks_for_the_head_nurse_approves(hospital: Hospital) -> None:
    song, zhao = hospital.phones("song", "zhao")
    await song.says("排班草稿 重症医学科 2027-01")
    await song.expects_card("正在排")
    await zhao.expects("班表草稿排好了")
    approval = await zhao.expects_card("班表草稿请审批")
    assert "宋小范发起" in approval.text
    assert "赵小样已批准" in await approval.tap("批准")
    await song.expects("1月的班表草稿已批准，班表已发布")
    await hospital.expects_nothing_else()


@ONE_PLACE
async def test_hr_hears_why_a_draft_was_not_taken(hospital: Hospital) -> None:
    song, zhao = hospital.phones("song", "zhao")
    await song.says("排班草稿 重症医学科 1月")
    approval = await zhao.expects_card("班表草稿请审批")
    assert "赵小样未批准" in await approval.tap("不批准", selected="uneven")
    said = await song.expects("没有获批")
    assert "夜班或周末不均匀" in said.text
    (run,) = await hospital.rows("SELECT state, roster_id FROM roster_runs")
    (roster,) = await hospital.rows("SELECT state FROM rosters WHERE id = $1", run["roster_id"])
    assert (run["state"], roster["state"]) == ("refused", "discarded")


@ONE_PLACE
async def test_what_is_not_understood_shows_the_way(hospital: Hospital) -> None:
    zhao, li, liang = hospital.phones("zhao", "li", "liang")
    assert "没看懂月份" in await zhao.says("排班草稿 那个月")
    assert "12月已经开始" in await zhao.says("排班草稿 2026年12月")
    assert "还没有登记各班最低人数" in await liang.says("排班草稿 1月")
    assert "不在您的权限" in await li.says("排班草稿 1月")
    assert "现在没有正在排的草稿" in await zhao.says("排班进度")
    await hospital.expects_nothing_else()
