"""The one export writer: what comes out of it is inert, and is what went in."""

import io
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from base.text import Words
from reports import sheet
from reports.sheet import write_sheet

EN = Words("en")
HOSTILE = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+49 30 1",
    "-2+3",
    "@SUM(A1)",
    "\tx",
    "http://a.example",
    "{=1}",
    "00123",
    "3E5",
]


def read_back(content: bytes, sheet: int = 0) -> list[list[object]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return book.get_sheet_by_index(sheet).to_python()


def test_no_text_becomes_a_formula_a_link_or_a_number():
    frame = pd.DataFrame({"a": HOSTILE})
    content = write_sheet(frame, {"a": "=evil()"}, name="=x[]", words=EN)
    rows = read_back(content)
    assert [row[0] for row in rows] == ["=evil()", *HOSTILE]
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet


def test_numbers_times_and_gaps_keep_their_kind():
    moment = pd.Timestamp("2025-03-05 14:30", tz="Asia/Shanghai")
    frame = pd.DataFrame(
        {"n": [3, 4], "x": [1.5, np.nan], "t": [moment, pd.NaT], "l": [["a", "b"], []], "b": [True, False]}
    )
    rows = read_back(write_sheet(frame, {key: key for key in frame}, name="s", words=EN))
    assert rows[1] == [3.0, 1.5, moment.tz_localize(None).to_pydatetime(), "a, b", True]
    assert rows[2][1] == ""
    assert rows[2][2] == ""


def test_a_column_of_text_is_formatted_as_text_for_what_is_typed_into_it_too():
    frame = pd.DataFrame({"id": ["3.2E+17", None], "n": [1, 2]})
    with zipfile.ZipFile(io.BytesIO(write_sheet(frame, {"id": "Id", "n": "N"}, name="x", words=EN))) as book:
        sheet, styles = (book.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "styles"))
    formats = re.findall(r'<xf numFmtId="(\d+)"', styles.split("<cellXfs")[1])
    columns = dict(re.findall(r'<col min="(\d+)"[^>]*?style="(\d+)"', sheet))
    assert {place: formats[int(style)] for place, style in columns.items()} == {"1": "49"}  # 49 is @, text


def test_only_the_named_columns_are_written_in_their_order():
    frame = pd.DataFrame({"a": [1], "secret": ["138"], "b": [2]})
    rows = read_back(write_sheet(frame, {"b": "B", "a": "A", "gone": "G"}, name="s", words=EN))
    assert rows == [["B", "A"], [2.0, 1.0]]


def test_the_second_sheet_says_what_it_is():
    content = write_sheet(pd.DataFrame({"a": [1]}), {"a": "A"}, name="s", notes=["Hazard Hotspots", "=1"], words=EN)
    assert read_back(content, 1) == [["Hazard Hotspots"], ["=1"]]


@pytest.mark.parametrize("name", ["", "a" * 50, "x[1]:y*?/\\'z"])
def test_a_name_that_no_sheet_may_have_is_made_one(name):
    assert read_back(write_sheet(pd.DataFrame({"a": [1]}), {"a": "A"}, name=name, words=EN)) == [["A"], [1.0]]


def test_an_empty_frame_makes_a_sheet_with_headers():
    assert read_back(write_sheet(pd.DataFrame({"a": []}), {"a": "A"}, name="s", words=EN)) == [["A"]]


def test_rows_beyond_the_last_of_a_sheet_go_on_the_next_one(monkeypatch):
    monkeypatch.setattr(sheet, "_MAX_ROWS", 3)
    frame = pd.DataFrame({"a": range(7)})
    content = write_sheet(frame, {"a": "A"}, name="n" * 40, notes=["about"], words=EN)
    names = CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names
    assert names == ["n" * 29 + " 1", "n" * 29 + " 2", "n" * 29 + " 3", "About"]
    parts = [read_back(content, number) for number in range(3)]
    assert [part[0] for part in parts] == [["A"]] * 3
    assert [row[0] for part in parts for row in part[1:]] == list(range(7))
    full = CalamineWorkbook.from_filelike(io.BytesIO(write_sheet(frame[:3], {"a": "A"}, name="n", words=EN)))
    assert full.sheet_names == ["n"]


def test_a_sheet_takes_all_rows_that_the_format_has():
    # ISO/IEC 29500 as Excel holds it: 1,048,576 rows with the header
    assert sheet._MAX_ROWS + 1 == 2**20


def test_a_book_has_a_sheet_for_each_table_and_says_where_one_is_empty():
    sheets = [
        sheet.Sheet("cells", pd.DataFrame({"a": [1], "b": ["=1"]}), {"a": "A", "b": "B"}),
        sheet.Sheet("sites", pd.DataFrame({"a": []}), {"a": "A"}, empty="=none"),
    ]
    content = sheet.write_book(sheets, notes=["about"], words=EN)
    assert CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names == ["cells", "sites", "About"]
    assert read_back(content, 0) == [["A", "B"], [1.0, "=1"]]
    assert read_back(content, 1) == [["A"], ["=none"]]
    assert read_back(content, 2) == [["about"]]
