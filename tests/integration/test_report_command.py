"""`report recruiting`: what stands in the terminal and in the files it writes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from PIL import Image
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from bot import database
from bot.cli import app
from bot.cli.data import NothingApplied
from tests.support.hospital import KEY
from tests.support.recruiting_month import Bench, at


@pytest.fixture
async def month(seeded_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """November: four came of five to the ICU, one result is overdue; one unit is called =1+1."""
    monkeypatch.setenv("DATABASE_URL", seeded_url)
    monkeypatch.setenv("WARDBELL_ENCRYPTION_KEYS", KEY)
    monkeypatch.setenv("WARDBELL_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("WARDBELL_HOSPITAL", "示例医院")
    async with database.opened(seeded_url, shared=False):
        bench = await Bench.of()
        for day in (3, 4, 5, 6):
            await bench.interview("重症医学科", "held", at(day, 9), invited=at(1, 9))
        await bench.interview(
            "重症医学科",
            "confirmed",
            at(9, 9),
            invited=at(1, 9),
            due=at(12, 17, 30),
            name="李小暖",
        )
        await bench.interview("=1+1", "held", at(9, 9), invited=at(1, 9))
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["report", "recruiting", *words])


def fine(*words: str) -> str:
    done = run("--month", "2026-11", *words)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def test_the_table_stands_aligned_with_every_number(month: Path) -> None:
    lines = fine().splitlines()
    assert lines[0] == "示例医院招聘月报 2026年11月"
    head = next(n for n, line in enumerate(lines) if line.startswith("科室"))
    table = lines[head : head + 4]
    assert [line.split()[:2] for line in table] == [
        ["科室", "到场率"],
        ["=1+1", "1/1"],
        ["重症医学科", "80%(4/5)"],
        ["合计", "83%(5/6)"],
    ]
    assert len({cell_len(line) for line in table}) == 1
    assert "到场率：未记录1" in lines
    (missed,) = [line for line in lines if line.startswith("应聘")]
    assert missed.endswith("(重症医学科)，应在11月12日(周四)17:30前，逾期，还没有发")
    assert "李" not in missed
    assert lines[-1] == "人数少于5的只写人数，不算百分比。"


def test_initials_are_for_those_who_recruit(month: Path) -> None:
    assert " 李**(重症医学科)" in fine("--by", "S0001")
    refused = run("--month", "2026-11", "--by", "S1002")
    assert isinstance(refused.exception, NothingApplied)
    assert "李" not in refused.output


def test_one_unit_alone(month: Path) -> None:
    output = fine("--unit", "重症医学科")
    assert "=1+1" not in output
    assert "80%(4/5)" in output
    assert isinstance(run("--unit", "外太空").exception, NothingApplied)


def test_json_is_all_that_is_printed(month: Path) -> None:
    picture = month / "november.png"
    done = CliRunner().invoke(
        app, ["report", "recruiting", "--month", "2026-11", "--json", "--png", str(picture)]
    )
    assert done.exit_code == 0, done.exception
    facts = json.loads(done.stdout)
    assert facts["total"]["shares"]["shown"]["numerator"] == 5
    assert facts["total"]["shares"]["on_time"]["denominator"] == 1
    assert [one["fate"] for one in facts["missed"]] == ["overdue"]
    assert "已写入" in done.stderr
    with Image.open(picture) as page:
        assert page.size == (2339, 1654)


def test_the_csv_is_harmless(month: Path) -> None:
    file = month / "november.csv"
    assert f"已写入 {file}" in fine("--csv", str(file))
    rows = list(csv.reader(file.read_text("utf-8-sig").splitlines()))
    assert ["2026-11", "'=1+1", "到场率", "1", "1", "", "", "", ""] in rows
    assert ["2026-11", "重症医学科", "到场率", "4", "5", "80", "38", "96", "未记录1"] in rows


def test_an_empty_month_is_said_and_still_drawn(month: Path) -> None:
    picture = month / "empty.png"
    done = run("--month", "2025-01", "--png", str(picture))
    assert done.exit_code == 0, done.exception
    assert "2025年1月没有招聘记录。" in done.output
    with Image.open(picture) as page:
        assert page.format == "PNG"


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (("--month", "11月"), "2026-11 这样的月份"),
        (("--month", "2026-11", "--by", "X9"), "没有工号“X9”"),
        (("--month", "2026-11", "--csv", "/nowhere/at/all.csv"), "没有写出 /nowhere/at/all.csv"),
    ],
)
def test_what_cannot_be_done_says_why(month: Path, words: tuple[str, ...], cure: str) -> None:
    done = run(*words)
    assert isinstance(done.exception, NothingApplied)
    assert cure in str(done.exception)
