"""What commands read and write: private files, bounded reading, and words that stay words."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bot import sample
from bot.cli import data, files
from bot.cli.data import NothingApplied
from bot.cli.files import FileRefused
from services.sheets.limits import MAX_BYTES
from services.sheets.samples import write_staff_list
from tests.support.hospital import KEY


def test_what_is_written_is_for_its_owner_alone(tmp_path: Path) -> None:
    new, old = tmp_path / "班表.xlsx", tmp_path / "旧.csv"
    old.write_bytes(b"much longer than what comes")
    old.chmod(0o644)
    for file in (new, old):
        files.write(file, b"names")
        assert file.read_bytes() == b"names"
        assert stat.S_IMODE(file.stat().st_mode) == files.PRIVATE


def test_what_cannot_be_read_names_the_file_and_the_cure(tmp_path: Path) -> None:
    for file in (tmp_path, tmp_path / "没有.xlsx"):
        with pytest.raises(FileRefused, match=r"没有读到 .*请给出一个可以读取的文件"):
            files.read(file)
    (tmp_path / "gbk.toml").write_bytes("班次".encode("gb18030"))
    with pytest.raises(FileRefused, match="请另存为UTF-8"):
        files.read_text(tmp_path / "gbk.toml")


def test_of_a_huge_file_no_more_is_read_than_is_refused(tmp_path: Path) -> None:
    huge = tmp_path / "huge.xlsx"
    with huge.open("wb") as out:
        out.truncate(20 * MAX_BYTES)
    assert len(files.read(huge)) == MAX_BYTES + 1


async def test_words_of_a_sheet_are_no_markup_of_the_terminal(
    seeded_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", seeded_url)
    monkeypatch.setenv("WARDBELL_ENCRYPTION_KEYS", KEY)
    head = ("工号", "姓名", "病区", "手机")
    rows = [("S9001", "新小样", sample.ICU, "[/red]"), ("S9002", "末小样", "[bold]外科", "[b]")]
    with pytest.raises(NothingApplied, match="没有导入任何人"):
        await data._people(write_staff_list(rows, head), "名单.xlsx", yes=True)
    told = capsys.readouterr().out
    assert "“[/red]”不是11位手机号" in told
    assert "“[b]”" in told
