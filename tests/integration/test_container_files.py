"""No container engine is at hand; what the Dockerfile runs is run here without one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def test_the_copied_folders_are_all_that_the_bot_needs(tmp_path: Path) -> None:
    folders = re.findall(r"^COPY (\w+) \w+$", DOCKERFILE, re.M)
    assert "bot" in folders
    assert "tests" not in folders
    for folder in folders:
        shutil.copytree(ROOT / folder, tmp_path / folder)
    done = subprocess.run(
        [sys.executable, "-m", "bot", "templates"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "render with their samples" in done.stdout


def test_it_does_not_run_as_root_and_checks_its_health() -> None:
    assert re.search(r"^USER wardbell$", DOCKERFILE, re.M)
    assert "/healthz" in DOCKERFILE
    assert DOCKERFILE.count("FROM ") == 2


def test_a_wrong_setting_ends_with_one_line_and_exit_code_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "migrate"],
        cwd=ROOT,
        env={"DATABASE_URL": "postgresql://nobody:canary-pw@127.0.0.1:1/none", "PATH": "/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "no PostgreSQL answers at 127.0.0.1:1/none" in done.stderr
    assert "Check DATABASE_URL" in done.stderr
    assert "canary-pw" not in done.stderr
    assert "Traceback" not in done.stderr
