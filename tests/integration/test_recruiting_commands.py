"""`python -m bot import postings|candidates|slots`, and the API that is off by default."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from pydantic import SecretStr, ValidationError

from bot import database
from bot.cli import recruiting_data
from bot.cli.data import NothingApplied
from config.settings import Settings
from models import db
from models.clock import SHANGHAI, SystemClock
from services.import_drafts import Kind
from services.sheets.export import write_csv
from tests.support import hospital as hospitals
from tests.support.hospital import KEY
from tests.support.recruiting_sheets import (
    CANDIDATE_HEAD,
    NURSE,
    POSTING_HEAD,
    QIAN,
    SLOT_HEAD,
    TEN,
    ZHENG,
)

POSTS = write_csv([POSTING_HEAD, NURSE])
PEOPLE = write_csv([CANDIDATE_HEAD, ZHENG, QIAN])
SOON = (SystemClock().now() + timedelta(days=7)).astimezone(SHANGHAI).date()  # of commands
SLOTS = write_csv([SLOT_HEAD, (TEN[0], SOON.isoformat(), *TEN[2:])])


@pytest.fixture(autouse=True)
def environment(seeded_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", seeded_url)
    monkeypatch.setenv("WARDBELL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WARDBELL_ENCRYPTION_KEYS", KEY)


async def count(url: str, table: str) -> int:
    async with database.opened(url):
        found: int = await db.fetch_value(f"SELECT count(*) FROM {table}")
    return found


async def test_a_preview_first_then_all_of_it(
    seeded_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bring_in = recruiting_data.bring_in
    with pytest.raises(NothingApplied, match="这是预览，没有改动。加 --apply 导入。"):
        await bring_in(Kind.POSTINGS, POSTS, "岗位.csv", "S0001", apply=False)
    assert await count(seeded_url, "postings") == 0
    await bring_in(Kind.POSTINGS, POSTS, "岗位.csv", "S0001", apply=True)
    await bring_in(Kind.CANDIDATES, PEOPLE, "候选人.csv", "S0001", apply=True)
    await bring_in(Kind.SLOTS, SLOTS, "时段.csv", "S0001", apply=True)
    out = capsys.readouterr().out
    assert "已导入：新增 2，更新 0。" in out
    assert "13700000001" not in out
    await bring_in(Kind.CANDIDATES, PEOPLE, "候选人.csv", "S0001", apply=True)
    assert "没有变化 2" in capsys.readouterr().out
    assert await count(seeded_url, "candidates") == 2
    assert await count(seeded_url, "slots") == 1


async def test_only_the_hr_office_may_and_errors_apply_nothing(seeded_url: str) -> None:
    bring_in = recruiting_data.bring_in
    with pytest.raises(NothingApplied, match="不在您的权限里"):
        await bring_in(Kind.POSTINGS, POSTS, "岗位.csv", "S1001", apply=True)
    with pytest.raises(NothingApplied, match="没有工号“S9999”"):
        await bring_in(Kind.POSTINGS, POSTS, "岗位.csv", "S9999", apply=True)
    with pytest.raises(NothingApplied, match="有错误，没有导入任何内容"):
        await bring_in(Kind.CANDIDATES, PEOPLE, "候选人.csv", "S0001", apply=True)
    assert await count(seeded_url, "postings") == 0


def test_a_token_that_could_be_guessed_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValidationError, match="24 characters or more, not 5") as refused:
        Settings(ats_token=SecretStr("a1b2c"))
    assert "a1b2c" not in str(refused.value)


@pytest.mark.parametrize(
    ("token", "expected"), [("", 404), ("a-token-of-no-real-system-0123", 401)]
)
async def test_the_api_is_there_only_with_a_token(
    seeded_url: str, tmp_path: Path, token: str, expected: int
) -> None:
    def also(_: str) -> dict[str, object]:
        return {"ats_token": SecretStr(token)}

    async with hospitals.opened(seeded_url, tmp_path, also=also) as hospital:
        base = f"http://127.0.0.1:{hospital.bot.port}/api/v1"
        async with ClientSession() as session:
            async with session.get(f"{base}/applications") as reply:
                assert reply.status == expected
            async with session.post(f"{base}/candidates", json=[]) as reply:
                assert reply.status == expected
