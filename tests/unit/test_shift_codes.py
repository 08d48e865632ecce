"""Shift codes: their spellings, their hours, and what a ward may override."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from models.shift_cells import read_cell
from models.shift_codes import CodeUse, Part, ShiftKind, load_shift_codes
from models.shift_hours import SHANGHAI, format_segments, format_spans, parse_segment
from tests.unit.sheet_cases import CODES

DAY = date(2026, 10, 18)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("A", ["A"]),
        ("a", ["A"]),
        ("Ａ", ["A"]),
        ("A班", ["A"]),
        (" a 班 ", ["A"]),
        ("日班", ["白"]),
        ("白班", ["白"]),
        ("休息", ["休"]),
        ("夜班", ["大夜"]),
        ("夜*1.5", ["大夜*1.5"]),
        ("夜×1.5", ["大夜*1.5"]),
        ("夜x1.5", ["大夜*1.5"]),
        ("夜 ＊ 1.5", ["大夜*1.5"]),
        ("责*1.25", ["责*1.25"]),
        ("治疗1.25", ["治疗*1.25"]),
        ("责*1", ["责"]),
        ("P/N", ["P", "N"]),
        ("P、N", ["P", "N"]),
        ("A P", ["A", "P"]),
        ("A\nP", ["A", "P"]),
        ("A/A", ["A"]),
        ("产/孕", ["产"]),
        ("组长(夜班)", ["组长(大夜)"]),
        ("组长(夜*1.5)", ["组长(大夜*1.5)"]),
        ("A(带教)", ["带教(A)"]),
        ("上午年休", ["年休(上午)"]),
        ("A(下午)", ["A(下午)"]),
        ("上午A/下午年休", ["A(上午)", "年休(下午)"]),
        ("备日班", ["备日"]),
        ("办公一", ["办公"]),
        ("下夜班", ["下夜"]),
        ("off", ["休"]),
        ("", []),
    ],
)
def test_a_cell_is_read_however_it_is_spelt(text: str, labels: list[str]) -> None:
    reading = read_cell(CODES, text)
    assert [use.label for use in reading.uses] == labels
    assert reading.unknown == ()


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Q", ("Q",)),
        ("A/Q", ("Q",)),
        ("夜*9", ("夜*9",)),
        ("上午" * 15, ("上午" * 15,)),
        ("x" * 1000, ("X" * 40 + "…",)),
    ],
)
def test_an_unknown_code_is_reported(text: str, unknown: tuple[str, ...]) -> None:
    found = read_cell(CODES, text).unknown
    assert tuple(piece.upper() for piece in found) == unknown


def use(text: str) -> CodeUse:
    return read_cell(CODES, text).uses[0]


@pytest.mark.parametrize(
    ("text", "hours", "shown"),
    [
        ("A", 8, "08:00–16:00"),
        ("P", 8, "16:00–24:00"),
        ("N", 8, "00:00–08:00"),
        ("白", 7.5, "08:00–12:00、14:00–17:30"),
        ("长夜", 12.5, "19:30–次日08:00"),
        ("责*1.5", 12, "08:00–20:00"),
        ("责*1.25", 10, "08:00–18:00"),
        ("夜*1.5", 12, "20:00–次日08:00"),
        ("A(上午)", 4, "08:00–12:00"),
        ("白(下午)", 3.5, "14:00–17:30"),
        ("备日", 0, "08:00–16:00"),
        ("休", 0, ""),
        ("年休", 0, ""),
    ],
)
def test_hours_count_and_are_shown(text: str, hours: float, shown: str) -> None:
    assert use(text).hours == hours
    assert use(text).hours_text == shown


def test_a_shift_over_midnight_is_a_start_and_a_length() -> None:
    (span,) = use("长夜").spans(DAY)
    assert (span.start, span.end, span.minutes) == (at(18, 19, 30), at(19, 8), 750)
    assert format_spans([span]) == "19:30–次日08:00"
    assert format_spans([]) == ""


def test_a_night_from_midnight_belongs_to_the_date_the_ward_says() -> None:
    following = CODES.with_overrides({"night_belongs_to": "following_date"})
    for table, day in ((CODES, 18), (following, 19)):
        (span,) = read_cell(table, "N").uses[0].spans(DAY)
        assert (span.start, span.end) == (at(day, 0), at(day, 8))
        (long,) = read_cell(table, "夜*1.5").uses[0].spans(DAY)
        assert (long.start, long.end) == (at(day - 1, 20), at(day, 8))
        (evening,) = read_cell(table, "长夜").uses[0].spans(DAY)
        assert evening.start == at(18, 19, 30)
        assert read_cell(table, "N").uses[0].hours_text == "00:00–08:00"


def test_a_ward_replaces_adds_and_removes_codes() -> None:
    ward = CODES.with_overrides(
        {
            "remove": ["P"],
            "codes": [
                {"code": "a", "name": "早班", "kind": "day", "hours": ["07:30-15:30"]},
                {"code": "夜*1.5", "kind": "night", "hours": ["19:30-08:00"]},
                {"code": "A2", "kind": "day", "hours": ["08:00-12:00", "14:00-18:00"]},
            ],
        }
    )
    assert read_cell(ward, "Ａ班").uses[0].hours_text == "07:30–15:30"
    assert read_cell(ward, "夜×1.5").uses[0].hours_text == "19:30–次日08:00"
    assert read_cell(ward, "A2").uses[0].hours == 8
    assert read_cell(ward, "A*2").uses[0].hours == 16
    assert read_cell(ward, "P").unknown == ("P",)


def test_the_shipped_table_has_the_hours_of_the_field() -> None:
    rest = CODES.rest
    assert rest is not None
    assert rest.code == "休"
    standby = CODES.find("K")
    assert standby is not None
    assert (standby.kind, standby.counts_hours) == (ShiftKind.STANDBY, False)
    assert CodeUse(standby, part=Part.MORNING).segments == ()


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"codes": [{"code": "A"}]}, "needs code and kind"),
        ({"codes": [{"code": "A", "kind": "noon"}]}, "shift code A"),
        ({"codes": [{"code": "A", "kind": "day", "hours": ["8"]}]}, "08:00-16:00"),
        ({"codes": [{"code": "A", "kind": "day", "hours": ["25:00-26:00"]}]}, "no such time"),
        ({"codes": [{"code": "A", "kind": "day", "hours": "8:00-9:00"}]}, "must be a list"),
        (
            {"codes": [{"code": "A", "kind": "day"}, {"code": "a班", "kind": "day"}]},
            "defined twice: A",
        ),
    ],
)
def test_a_faulty_table_is_refused_by_name(data: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        load_shift_codes(data)


@pytest.mark.parametrize(
    ("text", "segment"),
    [
        ("08:00-16:00", (480, 480)),
        ("8:00～16:00", (480, 480)),
        ("19:30–次日08:00", (1170, 750)),
        ("16:00至24:00", (960, 480)),
        ("8点-16点", (480, 480)),
        ("00:00-24:00", (0, 1440)),
    ],
)
def test_hours_are_read(text: str, segment: tuple[int, int]) -> None:
    assert parse_segment(text) == segment
    assert parse_segment(format_segments([segment])) == segment
