"""The number of an erased candidate is looked for where it would lie: in the database's files."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import database
from bot.cli import candidates as commands
from bot.cli.data import NothingApplied
from bot.wiring import Services
from models import db, sealed
from models.clock import ManualClock
from services.import_drafts import Kind
from services.sheets.export import write_csv
from tests.support.database import server_folder
from tests.support.deciding import actor
from tests.support.hospital import KEY
from tests.support.interviewing import HEAD
from tests.support.leaving import into_inbox, mail_office, outside, places_with
from tests.support.recruiting_sheets import CANDIDATE_HEAD, NURSE, POSTING_HEAD, SLOT_HEAD, TEN


@pytest.fixture
def recruiting(database_url: str, clock: ManualClock) -> Services:
    return outside(database_url, clock)


def files_with(text: str) -> list[Path]:
    """Files of the cluster, tables, indexes and the write-ahead log, that hold these bytes."""
    return [path for path in _files() if _holds(path, text.encode())]


def tables_with(text: str) -> list[Path]:
    return [path for path in files_with(text) if "pg_wal" not in path.parts]


def _files() -> Iterator[Path]:
    for part in ("base", "pg_wal", "global"):
        # Not Path.rglob: it breaks on folders of other tests' databases that go meanwhile.
        for folder, _, names in os.walk(server_folder() / part):
            yield from (Path(folder, name) for name in names)


def _holds(path: Path, wanted: bytes) -> bool:
    try:
        return wanted in path.read_bytes()
    except FileNotFoundError:
        return False  # another test's database was dropped, or a segment was recycled


async def brought_in(services: Services, phone: str) -> int:
    """Somebody with this number, as HR brings them in."""
    imports = services.recruiting.sheets.imports
    person = ("钱试试", phone, "急诊科护士", f"q{phone}@mail.example", "3", "护理学", "", "校招")
    for kind, head, row in (
        (Kind.POSTINGS, POSTING_HEAD, NURSE),
        (Kind.CANDIDATES, CANDIDATE_HEAD, person),
        (Kind.SLOTS, SLOT_HEAD, TEN),
    ):
        draft = await imports.draft(kind, write_csv([head, row]), "表.csv")
        assert draft.applicable, draft.errors
        await imports.apply(draft, "test")
    found: int = await db.fetch_value(
        "SELECT id FROM candidates WHERE phone_index = $1",
        sealed.ring().index("candidates.phone", phone),
    )
    return found


async def invited(services: Services, candidate: int) -> None:
    """HR ticks why they fit, and invites them."""
    song, parts = await actor(HEAD), services.recruiting
    application = await db.fetch_value(
        "SELECT id FROM applications WHERE candidate_id = $1", candidate
    )
    async with db.transaction():
        await parts.invitations.tick(song, application, ["您有3年护理工作经验"])
        slot = await db.fetch_value("SELECT id FROM slots")
        await parts.invitations.invite(song, application, slot)


async def test_the_number_never_lies_on_the_disk_and_no_row_opens_to_it_after_erasure(
    recruiting: Services, clock: ManualClock, database_url: str
) -> None:
    # Every test's files are searched, and nobody else's number begins like this.
    phone, marker = f"199{secrets.randbelow(10**8):08}", f"mark{secrets.token_hex(8)}"
    parts = recruiting.recruiting
    candidate = await brought_in(recruiting, phone)
    await invited(recruiting, candidate)
    await parts.tasks.open(
        "question",
        person=(await actor(HEAD)).person_id,
        candidate_id=candidate,
        detail={"words": f"我的号码是{phone}"},
    )
    await recruiting.ledger.notify_candidate(
        "candidates.reply", 0, candidate, context={"text": f"您的号码是{phone}"}
    )
    async with mail_office(database_url, recruiting, clock) as office:
        await office.works()
    said = [str(call.content) for call in office.platform.calls]
    assert any("钱护士您好" in words for words in said), said
    await into_inbox(clock.now(), "wecom", "song", f"请给{phone}打电话")
    await db.execute("INSERT INTO units (code, name) VALUES ($1, $1)", marker)
    await db.execute("CHECKPOINT")
    assert files_with(marker)  # what is not sealed is found: the search works
    assert files_with(phone) == []
    held = await places_with(phone)
    index = sealed.ring().index("candidates.phone", phone)
    sealed_phone = await db.fetch_value("SELECT phone FROM candidates WHERE id = $1", candidate)
    assert tables_with(sealed_phone)
    assert tables_with(index)
    assert {"candidates.phone", "candidate_tasks.detail", "messages.context"} < set(held)

    await parts.erasure.erase(candidate, "cli", "test")
    assert await parts.sweep.vacuum() > 0
    assert await parts.sweep.rewrite() > 0
    await db.execute("CHECKPOINT")
    assert files_with(phone) == []
    assert files_with(marker)
    assert await places_with(phone, "钱试试") == []
    assert await db.fetch_value("SELECT sum(taken) FROM slots") == 0
    # Not even the ciphertext and the keyed hash are left in any table or index of this database.
    assert tables_with(sealed_phone) == []
    assert tables_with(index) == []


async def test_the_command_shows_the_proof(
    seeded_url: str,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in {
        "DATABASE_URL": seeded_url,
        "WARDBELL_DATA_DIR": str(tmp_path),
        "WARDBELL_ENCRYPTION_KEYS": KEY,
    }.items():
        monkeypatch.setenv(name, value)
    async with database.opened(seeded_url):
        services = outside(seeded_url, clock)
        candidate = await brought_in(services, "13900001111")
        ref = await db.fetch_value("SELECT ref FROM candidates WHERE id = $1", candidate)
        staff_no = (await actor(HEAD)).staff_no
    with pytest.raises(NothingApplied, match="没有找到"):
        await commands._erased(ref)
    with pytest.raises(NothingApplied, match="预览"):
        await commands._erase(ref, staff_no, "来电要求", yes=False)
    await commands._erase(ref, staff_no, "来电要求", yes=True)
    receipt = capsys.readouterr().out.split("删除编号")[1].split("。")[0].strip()
    with pytest.raises(NothingApplied, match="还没有完成"):
        await commands._erased(receipt)
    async with database.opened(seeded_url):
        await outside(seeded_url, clock).recruiting.erasure.erase(candidate, "cli", "来电要求")
    await commands._erased(receipt.lower())
    shown = capsys.readouterr().out
    assert receipt in shown
    assert ref in shown
    assert "没有留下任何资料" in shown
    assert "13900001111" not in shown
    async with database.opened(seeded_url):
        await db.execute("UPDATE candidates SET name = 'x' WHERE id = $1", candidate)
    with pytest.raises(NothingApplied, match="又出现"):
        await commands._erased(ref)
