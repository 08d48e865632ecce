"""`python -m bot import directory` and `import attendance` against the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot import database, sample, sample_platforms
from bot.cli import attendance, care, data
from bot.cli.data import NothingApplied, chosen
from models import db
from models.clock import SHANGHAI, SystemClock
from simulator.dingtalk.org import Schedule
from simulator.hospital import parse
from simulator.serve import running as simulator_running
from simulator.state import Pace, Simulator
from tests.support.hospital import KEY

PLACES = sample.ALL_ON_DINGTALK
NOW = SystemClock().now()  # commands have no other clock
FIRST = NOW.astimezone(SHANGHAI).date() + timedelta(days=7)
DAYS = (FIRST, FIRST + timedelta(days=6))


@pytest.fixture
async def simulated(
    seeded_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Simulator]:
    """Everybody of the hospital is on DingTalk too, and the environment says how to reach it."""
    world = parse(sample_platforms.simulated("http://127.0.0.1:9/unset", places=PLACES))
    sim = Simulator(world, now=NOW, pace=Pace(timeout=5, verify=10, retry_wait=0.02))
    async with simulator_running(sim) as address:
        for name, value in {
            "DATABASE_URL": seeded_url,
            "WARDBELL_DATA_DIR": str(tmp_path),
            "WARDBELL_ENCRYPTION_KEYS": KEY,
            "WARDBELL_DINGTALK_CLIENT_ID": sample.DING_CLIENT_ID,
            "WARDBELL_DINGTALK_CLIENT_SECRET": sample.DING_SECRET,
            "WARDBELL_DINGTALK_OP_USER_ID": "zhao",
            "WARDBELL_DINGTALK_API": address.rstrip("/"),
            "WARDBELL_DINGTALK_OLD_API": address.rstrip("/"),
        }.items():
            monkeypatch.setenv(name, value)
        yield sim


async def count(url: str, sql: str) -> int:
    async with database.opened(url):
        found: int = await db.fetch_value(sql)
    return found


ON_DINGTALK = "SELECT count(*) FROM identities WHERE platform = 'dingtalk'"
WITH_UNION_ID = f"{ON_DINGTALK} AND union_id IS NOT NULL"


async def test_the_directory_is_shown_first_and_then_taken(
    simulated: Simulator, seeded_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    everybody = len(sample.PEOPLE)
    with pytest.raises(NothingApplied, match="这是预览，没有改动"):
        await data._directory("", yes=False)
    assert f"读到 {everybody} 人：新增 0，补上账号 {everybody}，" in capsys.readouterr().out
    assert await count(seeded_url, ON_DINGTALK) == 0
    await data._directory("dingtalk", yes=True)
    assert f"已导入 {everybody} 人。" in capsys.readouterr().out
    assert await count(seeded_url, WITH_UNION_ID) == everybody
    assert await count(seeded_url, "SELECT count(*) FROM persons") == everybody


def test_the_platform_must_be_named_when_there_are_two() -> None:
    assert chosen("", ["dingtalk"]) == "dingtalk"
    assert chosen("wecom", ["wecom", "dingtalk"]) == "wecom"
    for platform, configured, words in (
        ("", ["wecom", "dingtalk"], "请写明：--platform wecom"),
        ("", [], "还没有配置"),
        ("wecom", ["dingtalk"], "没有配置“wecom”"),
    ):
        with pytest.raises(NothingApplied, match=words):
            chosen(platform, configured)


async def test_a_pull_prints_its_windows_and_needs_a_name_to_be_kept(
    simulated: Simulator, seeded_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await data._directory("dingtalk", yes=True)
    ding = simulated.world.ding
    assert ding is not None
    ding.schedules.append(Schedule("li", str(FIRST), "16:00", "00:00"))
    with pytest.raises(NothingApplied, match="只是查看，没有存下"):
        await attendance._attendance(sample.ICU, DAYS, "", publish=False, override="")
    out = capsys.readouterr().out
    day = timedelta(days=1)  # nights may be filed a day off: one more on either side
    assert f"已读 1/2：{FIRST - day} 至 {FIRST + 5 * day}，13 人" in out
    assert f"已读 2/2：{FIRST + 6 * day} 至 {FIRST + 7 * day}，13 人" in out
    drafts = "SELECT count(*) FROM rosters WHERE state = 'draft'"
    assert await count(seeded_url, drafts) == 0
    await attendance._attendance(sample.ICU, DAYS, "S1001", publish=False, override="")
    assert "已存为草稿" in capsys.readouterr().out
    assert await count(seeded_url, drafts) == 1


async def test_what_cannot_be_pulled_says_why(simulated: Simulator) -> None:
    with pytest.raises(NothingApplied, match="没有叫“外太空”的病区"):
        await attendance._attendance("外太空", DAYS, "", publish=False, override="")
    with pytest.raises(NothingApplied, match="都没有钉钉账号"):
        await attendance._attendance(sample.ICU, DAYS, "", publish=False, override="")
    with pytest.raises(NothingApplied, match="2026-12-01 这样的日期"):
        attendance._days("12月1日", "2026-12-31")


async def test_the_doctor_tells_whether_directory_and_rosters_can_be_read(
    simulated: Simulator,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WARDBELL_DINGTALK_CORP_ID", sample.DING_CORP_ID)
    await care._doctor()
    out = capsys.readouterr().out
    assert "钉钉通讯录能读：已看到" in out
    assert "钉钉考勤排班能读。" in out
