"""`roster draft`: findings, a sheet that imports back, and a card for the head nurse."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot import database, sample
from bot.cli import app
from bot.cli.data import NothingApplied
from models.clock import SHANGHAI, SystemClock
from services.sheets.reader import read_book
from tests.support.drafting import quick_policies, set_minimums
from tests.support.hospital import KEY


@pytest.fixture
async def ward(seeded_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The ICU with minimums; the month after next, as the command knows today's date."""
    monkeypatch.setenv("DATABASE_URL", seeded_url)
    monkeypatch.setenv("WARDBELL_ENCRYPTION_KEYS", KEY)
    monkeypatch.setenv("WARDBELL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WARDBELL_HOSPITAL", "示例医院")
    monkeypatch.setenv("WARDBELL_POLICIES_DIR", str(quick_policies(tmp_path / "policies", 0.3)))
    async with database.opened(seeded_url, shared=False):
        await set_minimums(sample.ICU)
    first = SystemClock().now().astimezone(SHANGHAI).date().replace(day=1) + timedelta(days=63)
    return f"{first:%Y-%m}"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["roster", "draft", *words])


def test_a_month_is_drafted_written_and_kept(ward: str, seeded_url: str, tmp_path: Path) -> None:
    out = tmp_path / "draft.xlsx"
    done = run("--ward", sample.ICU, "--month", ward, "--out", str(out), "--by", "S1001")
    assert done.exit_code == 0, (done.output, done.exception)
    assert "12人" in done.output
    assert "违反硬性规则0处" in done.output
    assert "个方案，最好的扣" in done.output
    assert "确认的卡片会发给护士长" in done.output
    (sheet,) = read_book(out.read_bytes(), "draft.xlsx").sheets
    assert "重症医学科" in str(sheet.rows[0][0])


def test_what_is_wrong_is_said_at_once(ward: str) -> None:
    assert "--month 要写成" in str(run("--ward", sample.ICU, "--month", "一月").exception)
    unknown = run("--ward", "没有科", "--month", ward)
    assert isinstance(unknown.exception, NothingApplied)
