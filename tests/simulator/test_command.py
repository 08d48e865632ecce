"""The command line: one line when it runs, one sentence when it cannot."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from simulator.__main__ import main
from simulator.hospital import load
from simulator.sample import SAMPLE


@pytest.mark.parametrize("content", ["{", "[]", '{"corpid": "x"}'])
def test_a_bad_hospital_is_explained(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    file = tmp_path / "hospital.json"
    file.write_text(content, encoding="utf-8")
    assert main(["--hospital", str(file), "--port", "0"]) == 2
    assert capsys.readouterr().err.startswith("simulator: ")


def test_a_missing_file_and_a_bad_time_are_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--hospital", "/nowhere.json"]) == 2
    assert main(["--now", "soon"]) == 2
    assert 'cannot read the time "soon"' in capsys.readouterr().err


def test_a_hospital_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "hospital.json"
    file.write_text(json.dumps(SAMPLE), encoding="utf-8")
    assert len(load(file).members) == 8


async def test_it_says_where_it_listens_and_ends_on_a_signal() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    line = (await process.stdout.readline()).decode()
    assert line.startswith("simulator: http://127.0.0.1:")
    process.terminate()
    assert await process.wait() == 0
    assert await process.stdout.read() == b""
