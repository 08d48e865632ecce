"""The page for the director: one picture, no boxes, no names, in fonts whose licence is here."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from PIL import Image

from bot import drawing, report_chart
from bot.drawing import FONTS, Canvas, Undrawable, has
from message_templates.catalogue import Catalogue
from services.recruiting_numbers import Counts, Fate, Missed, Month, MonthReport, UnitCounts
from services.recruiting_table import ReportWords
from tests.support.recruiting_month import at

RAW = Catalogue().words("recruiting/report")
WORDS = ReportWords(RAW, "示例医院")
REGULAR, BOLD = FONTS / "NotoSansSC-Regular.otf", FONTS / "NotoSansSC-Bold.otf"
FEW = Counts(interviews=4, attended=3, absent=1, results_due=3, on_time=2, invitations=6, told=5)
MANY = Counts(
    interviews=20, attended=17, results_due=20, on_time=18, rated=9, satisfied=8, day_old=30
)
LATE = Missed(14, "急诊科", at(25, 17, 30), Fate.LATE, at(27, 9), who="李**")


def report(*units: UnitCounts, missed: tuple[Missed, ...] = ()) -> MonthReport:
    return MonthReport(Month(2026, 11), at(1, 9, 10, month=12), units, missed)


def opened(made: bytes) -> Image.Image:
    return Image.open(io.BytesIO(made))


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    else:
        for inner in value.values():
            yield from texts(inner)


def test_the_fonts_are_those_that_were_checked_in_with_their_licence() -> None:
    lines = (FONTS / "SHA256SUMS").read_text().splitlines()
    sums = {name: expected for expected, name in (line.split() for line in lines)}
    assert set(sums) == {REGULAR.name, BOLD.name}
    for name, expected in sums.items():
        assert hashlib.sha256((FONTS / name).read_bytes()).hexdigest() == expected
        with TTFont(FONTS / name) as font:
            assert "SIL Open Font License" in font["name"].getDebugName(13)
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FONTS / "OFL.txt").read_text()


@pytest.mark.parametrize("file", [REGULAR, BOLD])
def test_what_is_taken_for_a_glyph_is_in_the_font(file: Path) -> None:
    with TTFont(file) as font:
        cmap = font.getBestCmap()
    for character in [*"护铃急诊科率人0aA%()：，÷“”±", "犇", "堃", "鄠", "😀", "\u0e01", "\u200b"]:
        assert has(file, character) == (ord(character) in cmap), character


def test_every_word_of_the_report_has_its_glyph_in_regular_and_bold() -> None:
    used = {character for text in texts(RAW) for character in text}
    used |= set("0123456789%/-—…年月日周一二三四五六()：")
    for file in (REGULAR, BOLD):
        with TTFont(file) as font:
            cmap = font.getBestCmap()
        assert {one for one in used if ord(one) not in cmap} == set()


def test_all_of_gb2312_can_be_drawn() -> None:
    pairs = (bytes([row, cell]) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    known = "".join(pair.decode("gb2312", "ignore") for pair in pairs)
    assert len(known) == 6763
    with TTFont(REGULAR) as font:
        assert {one for one in known if ord(one) not in font.getBestCmap()} == set()


def test_a_bold_line_takes_rare_characters_from_regular() -> None:
    assert not has(BOLD, "胱")
    assert has(REGULAR, "胱")
    canvas = Canvas((400, 80))
    assert canvas.text((10, 60), "膀胱镜室", 40, bold=True) == 160
    assert canvas.image.getcolors() != [(400 * 80, (255, 255, 255))]


def test_an_unknown_character_is_refused_with_a_cure_and_never_a_box() -> None:
    with pytest.raises(Undrawable, match=r"鄠.*--font"):
        report_chart.draw(report(UnitCounts("鄠邑分院", MANY)), WORDS)


def test_a_font_of_the_operators_helps_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "_REGULAR", BOLD)  # as if ours did not have 胱
    with pytest.raises(Undrawable, match="胱"):
        report_chart.draw(report(UnitCounts("膀胱镜室", MANY)), WORDS)
    assert report_chart.draw(report(UnitCounts("膀胱镜室", MANY)), WORDS, [REGULAR])


@pytest.mark.parametrize("units", [0, 1, 3, 40])
def test_it_is_one_page_whatever_there_is(units: int) -> None:
    rows = [UnitCounts(f"第{n}住院部神经外科与脊柱外科中心", MANY + FEW) for n in range(units)]
    missed = (LATE,) * units
    page = opened(report_chart.draw(report(*rows, missed=missed), WORDS))
    assert page.format == "PNG"
    assert page.size == (report_chart.WIDTH, report_chart.HEIGHT)
    edge = page.crop((0, 0, report_chart.MARGIN - 2, report_chart.HEIGHT))
    far = page.crop((report_chart.WIDTH - report_chart.MARGIN + 4, 0, *page.size))
    for margin in (edge, far):  # nothing runs over the edge
        assert margin.getcolors() == [(margin.width * margin.height, (255, 255, 255))]


def test_the_picture_shows_what_changed() -> None:
    made = report_chart.draw(report(UnitCounts("儿科", MANY)), WORDS)
    other = report_chart.draw(report(UnitCounts("儿科", replace(MANY, attended=16))), WORDS)
    assert made != other
    assert made == report_chart.draw(report(UnitCounts("儿科", MANY)), WORDS)


def test_a_picture_is_passed_on_so_nobody_is_named_in_it() -> None:
    shown = report_chart.draw(report(UnitCounts("儿科", MANY), missed=(LATE,)), WORDS)
    nameless = replace(LATE, who="")
    assert shown == report_chart.draw(report(UnitCounts("儿科", MANY), missed=(nameless,)), WORDS)


def test_lines_break_where_chinese_may_break() -> None:
    canvas = Canvas((10, 10))
    lines = canvas.lines("应在11月25日(周三)前，逾期", 20, 150)
    assert "".join(lines) == "应在11月25日(周三)前，逾期"
    assert len(lines) > 1
    assert not [line for line in lines if line[0] in "，)" or line[-1] == "("]
