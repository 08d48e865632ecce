"""Files in every encoding and form, and those that must be refused quickly."""

from __future__ import annotations

import time
import zipfile
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from services.sheets import limits
from services.sheets.cells import CellValue, column_index, column_letter
from services.sheets.compound import packed_stream, workbook_stream
from services.sheets.problems import Problem, SheetRefused, describe
from services.sheets.reader import read_book
from tests.support.books import write_xlsx
from tests.unit.sheet_cases import DATA, TEXTS, keys, parsed

ROWS = "工号,姓名\nT0001,测试甲\n00123,李一\n"
WHOLE = {
    "week.xls": (DATA / "week.xls").read_bytes(),
    "week.xlsx": write_xlsx([["甲", 1]] * 9),  # made once: a workbook holds the time it is made
}
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def workbook_bytes(workbook: Workbook) -> bytes:
    content = BytesIO()
    workbook.save(content)
    return content.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The workbook with one of its parts replaced."""
    packed = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(packed, "w", 8) as new:
        for member in old.namelist():
            new.writestr(member, content if member == name else old.read(member))
    return packed.getvalue()


def with_sheet_xml(rows: str) -> bytes:
    xml = f"<worksheet {_MAIN}><sheetData>{rows}</sheetData></worksheet>"
    return with_part(write_xlsx([["x"]]), "xl/worksheets/sheet1.xml", xml.encode())


def refusal(data: bytes, name: str = "排班.xlsx") -> str:
    with pytest.raises(SheetRefused) as refused:
        read_book(data, name)
    assert describe(refused.value.problem, TEXTS)
    return refused.value.problem.message_key


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_text_is_read_in_every_encoding(encoding: str, separator: str) -> None:
    (sheet,) = read_book(ROWS.replace(",", separator).encode(encoding), "名单.csv").sheets
    assert sheet.rows[1] == ("T0001", "测试甲")
    assert sheet.rows[2] == ("00123", "李一")


def test_an_xlsx_gives_texts_numbers_and_dates() -> None:
    row: list[CellValue] = ["甲", 1, 1.5, date(2026, 10, 16), "00123"]
    (sheet,) = read_book(write_xlsx([row]), "a.xlsx").sheets
    assert list(sheet.rows[0]) == row


def test_an_old_xls_is_read_and_its_hidden_parts_are_reported() -> None:
    book = read_book((DATA / "week.xls").read_bytes(), "排班.xls")
    (sheet,) = book.sheets
    assert sheet.rows[2][:3] == ("T0001", "测试甲", "A")
    assert sheet.hidden_rows == {4}
    assert keys(book.problems) == ["hidden_sheet", "hidden_rows"]


def test_hidden_sheets_and_rows_of_an_xlsx_are_reported() -> None:
    workbook = Workbook()
    shown = workbook.worksheets[0]
    shown.append(["甲"])
    shown.append(["乙"])
    shown.row_dimensions[2].hidden = True
    workbook.create_sheet("旧表").sheet_state = "hidden"
    book = read_book(workbook_bytes(workbook), "a.xlsx")
    assert [sheet.name for sheet in book.sheets] == ["Sheet"]
    assert [describe(problem, TEXTS).split("。")[0] for problem in book.problems] == [
        "隐藏的工作表“旧表”没有读取",
        "有1个隐藏行(第2行)没有读取",
    ]


def test_merged_cells_are_filled() -> None:
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet["B1"] = "产假"
    sheet["D2"] = "尾"
    sheet.merge_cells("B1:C2")
    (read,) = read_book(workbook_bytes(workbook), "a.xlsx").sheets
    assert read.rows == (("", "产假", "产假", ""), ("", "产假", "产假", "尾"))
    assert read.filled == {(0, 2), (1, 1), (1, 2)}


@pytest.mark.parametrize(
    "rows", ['"测试甲,1\n测试乙,2\n', '"测试甲,1\n"测试乙",2\n', f'"{"长" * 200_000}",1\n']
)
def test_a_quote_that_is_never_closed_swallows_no_rows(rows: str) -> None:
    data = f"姓名,手机\n{rows}".encode()
    assert refusal(data, "名单.csv") == "quotes_unpaired"
    whole = 'T,"第一行\n第""二""行"\n'.encode()
    assert read_book(whole, "a.csv").sheets[0].rows == (("T", '第一行\n第"二"行'),)


@pytest.mark.parametrize(
    "rows",
    [
        f'<row r="{"9" * 100}"><c><v>1</v></c></row>',
        '<row r="4294967295"><c><v>1</v></c></row>',
        '<row r="-1"><c><v>1</v></c></row>',
        '<row r="1"><c r="ZZZZZZZ1"><v>1</v></c></row>',
        '<row r="1"><c r="A99999999999"><v>1</v></c></row>',
        '<row r="1"><c r="A٣"><v>1</v></c></row>',
    ],
)
def test_a_place_that_no_sheet_has_is_refused_before_memory_is_claimed(rows: str) -> None:
    """The reader would reserve a hundred gigabytes, and its failing ends the process."""
    assert refusal(with_sheet_xml(rows)) == "broken_file"


def test_an_endless_attribute_is_looked_through_once() -> None:
    began = time.process_time()
    assert refusal(with_sheet_xml(f'<row ht="{"9" * 40_000_000}"/>')) == "empty_file"
    assert time.process_time() - began < 8


def merged(data: bytes, *references: str) -> bytes:
    """The workbook with merges written into its sheet."""
    cells = "".join(f'<mergeCell ref="{each}"/>' for each in references)
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(BytesIO(data)) as archive:
        xml = archive.read(part).decode()
    xml = xml.replace("</sheetData>", f"</sheetData><mergeCells>{cells}</mergeCells>")
    return with_part(data, part, xml.encode())


def test_merges_that_cover_each_other_or_everything_are_refused_fast() -> None:
    workbook = Workbook()
    workbook.worksheets[0]["A1"] = "甲"
    workbook.worksheets[0].cell(500, 400, "尾")
    data = workbook_bytes(workbook)
    assert refusal(merged(data, "A1:OJ500")) == "merges_too_large"
    workbook.worksheets[0]["A1"] = "长" * 5_000
    long = workbook_bytes(workbook)
    assert refusal(merged(long, "A1:D300")) == "merges_too_large"
    began = time.process_time()
    assert refusal(merged(data, *["A1:CV400"] * 4_000)) == "merges_too_large"
    assert time.process_time() - began < 5
    assert len(read_book(merged(data, "A1:AN3"), "a.xlsx").sheets[0].filled) == 119


def test_what_nobody_sees_is_not_read() -> None:
    workbook = Workbook()
    workbook.worksheets[0].append(["_x0000_测试\u202e甲\u200f", "第一行\n第二行", "\u3164"])
    (read,) = read_book(workbook_bytes(workbook), "a.xlsx").sheets
    assert read.rows == (("测试甲", "第一行\n第二行", ""),)
    assert keys(read_book("姓名\n测\u2066试甲\x07\n".encode(), "a.csv").problems) == []
    assert read_book("姓名\n测\u2066试甲\x07\n".encode(), "a.csv").sheets[0].rows[1] == ("测试甲",)


def test_numbers_that_may_be_days_of_a_1904_workbook_are_told() -> None:
    workbook = Workbook()
    workbook.epoch = CALENDAR_MAC_1904
    workbook.worksheets[0].append([date(2026, 10, 31), 12])
    book = read_book(workbook_bytes(workbook), "a.xlsx")
    assert book.sheets[0].rows == ((date(2026, 10, 31), 12),)
    assert book.problems == ()
    workbook.worksheets[0].append(["x", 44_864])
    (told,) = read_book(workbook_bytes(workbook), "a.xlsx").problems
    assert describe(told, TEXTS).startswith("B2：这个工作簿从1904年起算日期，“44864”如果是日期")
    old = bytearray(workbook_stream((DATA / "week.xls").read_bytes()))
    at = old.index(b"\x22\x00\x02\x00")
    old[at + 4] = 1
    assert read_book(packed_stream(bytes(old)), "a.xls").sheets[0].from_1904


def test_formulas_without_a_value_and_errors_are_told_apart_from_blanks() -> None:
    rows = (
        '<row r="1"><c r="A1"><f>B1</f></c><c r="B1" t="e"><v>#REF!</v></c>'
        '<c r="C1"><f>1+1</f><v>2</v></c><c r="D1" t="str"><f>""</f><v></v></c>'
        '<c r="E1" t="inlineStr"><is><t>x</t></is></c></row>'
    )
    (sheet,) = read_book(with_sheet_xml(rows), "a.xlsx").sheets
    assert sheet.unread == {(0, 0): "", (0, 1): "#REF!"}
    assert sheet.rows[0][2:] == (2, "", "x")


@pytest.mark.parametrize(
    ("data", "name", "key"),
    [
        (b"", "a.xlsx", "empty_file"),
        (b"   \n", "a.csv", "empty_file"),
        (b",,\n,,\n", "a.csv", "empty_file"),
        (b"%PDF-1.7 rubbish", "a.pdf", "unknown_kind"),
        (b"\x00\x01\x02", "a.csv", "unknown_kind"),
        (b"\xff\xff\xff\xff", "a.csv", "unknown_encoding"),
        (b"PK\x03\x04" + b"x" * 100, "a.xlsx", "broken_file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000, "a.xls", "broken_file"),
        (b"x" * (limits.MAX_BYTES + 1), "a.csv", "file_too_large"),
        (b"a\n" * (limits.MAX_ROWS + 1), "a.csv", "too_many_rows"),
        (b"," * limits.MAX_COLUMNS, "a.csv", "too_many_columns"),
        (b'"' + b"x" * 200_000, "a.csv", "quotes_unpaired"),
        ((b"x," * 99 + b"x\n") * 2_100, "a.csv", "too_many_cells"),
        ((b"x" * 2_000 + b"\n") * 4_000, "a.csv", "unpacks_too_large"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_cure(data: bytes, name: str, key: str) -> None:
    assert refusal(data, name) == key


def test_other_archives_are_no_workbooks() -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert refusal(packed.getvalue()) == "not_a_workbook"


def test_a_far_cell_is_refused_before_memory_is_claimed() -> None:
    assert refusal(with_sheet_xml('<row r="1"><c r="XFD1"><v>1</v></c></row>')) == (
        "too_many_columns"
    )
    assert refusal(with_sheet_xml('<row><c r="A1048576"><v>1</v></c></row>')) == "too_many_rows"
    assert refusal((DATA / "far.xls").read_bytes(), "a.xls") == "too_many_rows"


def test_formatting_without_content_does_not_count() -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="1"/></row>'
    assert read_book(with_sheet_xml(rows), "a.xlsx").sheets[0].rows == ((1,),)


def test_a_zip_bomb_is_refused_fast() -> None:
    bomb = with_part(write_xlsx([["x"]]), "xl/styles.xml", b" " * (limits.MAX_UNPACKED_BYTES + 9))
    began = time.process_time()
    assert refusal(bomb) == "unpacks_too_large"
    assert time.process_time() - began < 10


def test_one_long_text_in_very_many_cells_is_refused() -> None:
    cell = '<c t="s"><v>0</v></c>'
    rows = f"<row>{cell * 300}</row>" * 100
    data = with_sheet_xml(rows)
    long = f"<sst {_MAIN}><si><t>{'长' * 30_000}</t></si></sst>".encode()
    packed = BytesIO(data)
    with zipfile.ZipFile(packed, "a", 8) as archive:
        archive.writestr("xl/sharedStrings.xml", long)
    assert refusal(packed.getvalue()) == "unpacks_too_large"


def test_endless_markup_is_refused_fast() -> None:
    began = time.process_time()
    assert refusal(with_sheet_xml("<row/>" * 6_000_000)) == "unpacks_too_large"
    assert time.process_time() - began < 10


@given(st.binary(max_size=20_000))
def test_a_stream_packed_as_a_compound_file_comes_back(stream: bytes) -> None:
    found = workbook_stream(packed_stream(stream))
    assert found[: len(stream)] == stream
    assert not any(found[len(stream) :])


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(["week.xls", "week.xlsx"]))
def test_damaged_workbooks_are_read_or_refused_never_worse(data: st.DataObject, name: str) -> None:
    damaged = bytearray(WHOLE[name])
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        book = read_book(bytes(damaged), name)
    except SheetRefused as refused:
        problem: Problem | None = refused.problem
    else:
        problem = None
        parsed(*book.sheets)
    assert problem is None or describe(problem, TEXTS)


def test_a_claimed_extent_of_an_xls_is_not_believed() -> None:
    stream = bytearray(workbook_stream((DATA / "week.xls").read_bytes()))
    at = stream.index(b"\x00\x02\x0e\x00")
    stream[at + 4 : at + 18] = b"\xff" * 14
    sheet = read_book(packed_stream(bytes(stream)), "a.xls").sheets[0]
    assert sheet.rows[2][:2] == ("T0001", "测试甲")


def test_document_types_and_broken_xml_are_refused() -> None:
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
    for content in (entity, b"<worksheet><sheetData>"):
        data = with_part(write_xlsx([["x"]]), "xl/worksheets/sheet1.xml", content)
        assert refusal(data) == "broken_file"


def test_macros_and_links_are_never_touched() -> None:
    packed = BytesIO(write_xlsx([["x"]]))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\x00" * 100)
        archive.writestr("xl/externalLinks/externalLink1.xml", b"not even xml")
    assert read_book(packed.getvalue(), "a.xlsm").sheets[0].rows == (("x",),)


@pytest.mark.parametrize(("column", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ")])
def test_columns_have_letters(column: int, letters: str) -> None:
    assert column_letter(column) == letters
    assert column_index(letters) == column
