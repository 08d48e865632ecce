"""A start that must not be: it says what to mend, and the process ends with exit code 2."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from bot import sample, sample_platforms
from bot.rotation import SEALED, reseal
from bot.startup import StartRefused, check_keys
from models import db, sealed
from models.sealed import KeyRing
from simulator.hospital import parse
from simulator.serve import running as simulator_running
from simulator.state import Simulator
from tests.support.hospital import KEY, RING

NEWER = KeyRing({"k1": bytes(32), "k2": b"2" * 32}, current="k2")


async def test_keys_of_another_hospital_are_refused(database_url: str) -> None:
    sealed.install(KeyRing({"k1": b"x" * 32}, current="k1"))
    with pytest.raises(StartRefused, match="put back the key file"):
        await check_keys()
    sealed.install(RING)
    await check_keys()


async def test_a_rotation_seals_everything_anew_and_loses_nothing(database_url: str) -> None:
    before = await db.fetch("SELECT id, phone FROM persons WHERE phone IS NOT NULL ORDER BY id")
    phones = [RING.open("persons.phone", row["phone"]) for row in before]
    sealed.install(NEWER)
    done = await reseal()
    assert done["persons.phone"] == len(phones)
    after = await db.fetch("SELECT id, phone FROM persons WHERE phone IS NOT NULL ORDER BY id")
    assert all(row["phone"].startswith("k2:") for row in after)
    assert [NEWER.open("persons.phone", row["phone"]) for row in after] == phones
    assert set((await reseal()).values()) == {0}


async def test_every_sealed_column_is_rotated(database_url: str) -> None:
    listed = {(table, column) for table, _, column, _ in SEALED}
    for row in await db.fetch(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND data_type = 'text' AND table_name NOT LIKE 'pgq%'"
    ):
        assert (row["table_name"], row["column_name"]) in listed, row


async def test_a_running_process_opens_what_a_newer_key_sealed() -> None:
    value = NEWER.seal("persons.phone", "13900000000")
    sealed.install(RING, lambda: NEWER)
    assert sealed.open_sealed("persons.phone", value) == "13900000000"


async def test_a_wrong_wecom_secret_ends_with_its_cure(seeded_url: str, tmp_path: Path) -> None:
    sim = Simulator(parse(sample_platforms.simulated("http://127.0.0.1:9/unset")))
    async with simulator_running(sim) as address:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.unhurried_process",  # WeCom is asked once, and must answer
            "all",
            env={
                "PATH": "/usr/bin:/bin",
                "DATABASE_URL": seeded_url,
                "WARDBELL_DATA_DIR": str(tmp_path),
                "WARDBELL_ENCRYPTION_KEYS": KEY,
                "WARDBELL_PORT": "0",
                "WARDBELL_WECOM_API": address.rstrip("/"),
                "WARDBELL_WECOM_CORP_ID": sample.CORP_ID,
                "WARDBELL_WECOM_AGENT_ID": str(sample.AGENT_ID),
                "WARDBELL_WECOM_SECRET": "canary-wrong-secret",
            },
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await process.communicate()
    assert process.returncode == 2
    assert "40001" in said.decode()
    assert "Secret" in said.decode()
    assert "canary-wrong-secret" not in said.decode()
    assert "Traceback" not in said.decode()


async def test_dingtalk_without_its_corp_id_does_not_start(
    seeded_url: str, tmp_path: Path
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "all",
        env={
            "PATH": "/usr/bin:/bin",
            "DATABASE_URL": seeded_url,
            "WARDBELL_DATA_DIR": str(tmp_path),
            "WARDBELL_ENCRYPTION_KEYS": KEY,
            "WARDBELL_PORT": "0",
            "WARDBELL_DINGTALK_API": "http://127.0.0.1:9",
            "WARDBELL_DINGTALK_CLIENT_ID": sample.DING_CLIENT_ID,
            "WARDBELL_DINGTALK_CLIENT_SECRET": "canary-secret",
        },
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 2
    assert "WARDBELL_DINGTALK_CORP_ID" in said.decode()
    assert "Traceback" not in said.decode()
    assert "canary-secret" not in said.decode()
