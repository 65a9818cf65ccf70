"""Files by their content: every dialect, encoding and workbook as it stands, every wrong file one sentence."""

import csv
import io
import json
import subprocess
import sys
import types
import zipfile

import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from base.errors import HazardError
from data.readers import MAX_COLUMNS, Table, read_table
from data.schema import REASONS

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"


def _rows(table: Table) -> dict[int, list[str]]:
    return {int(row): list(cells) for row, cells in zip(table.frame.index, table.frame.to_numpy(), strict=True)}


def _csv(text: str, encoding: str = "utf-8", **options) -> Table:
    return read_table(text.encode(encoding), "cases.csv", **options)


def _xlsx(*sheets: tuple[str, list[list[object]]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return target.getvalue()


def _refused(content: bytes, **options) -> HazardError:
    with pytest.raises(HazardError) as caught:
        read_table(content, "cases.csv", **options)
    assert "cases.csv" in str(caught.value)
    return caught.value


# --- tables ---------------------------------------------------------------------------------------------------------


def test_the_published_dialect_cases_are_read_as_published(shared_data):
    folder = shared_data / "bad_input" / "csv_spectrum"
    files = sorted((folder / "csvs").glob("*.csv"))
    assert len(files) == 11
    for file in files:
        table = read_table(file.read_bytes(), file.name)
        records = [dict(zip(table.headers, row, strict=True)) for row in _rows(table).values()]
        expected = json.loads((folder / "json" / f"{file.stem}.json").read_text(encoding="utf-8"))
        # newlines_crlf.csv lies there with plain line feeds, unlike its expected record
        plain = [{key: value.replace("\r\n", "\n") for key, value in record.items()} for record in expected]
        assert records == plain, file.name


@pytest.mark.parametrize("delimiter", list(",;\t|"))
def test_the_separator_is_told_by_the_rows(delimiter):
    text = f"id{delimiter}text{delimiter}x\n1{delimiter}a b, c{'' if delimiter == ',' else ', d'}{delimiter}2\n"
    text = text.replace(", c", "") if delimiter == "," else text
    assert _csv(text).headers == ["id", "text", "x"]


def test_rows_are_numbered_as_a_spreadsheet_counts_them():
    # a line break inside quotes stays in its row; the blank line is row 4
    table = _csv('id,text\n1,"two\nlines"\n3,c\n\n5,e\n')
    assert _rows(table) == {2: ["1", "two\nlines"], 3: ["3", "c"], 4: ["", ""], 5: ["5", "e"]}


def test_rows_with_more_cells_are_set_apart_and_shorter_ones_are_filled():
    table = _csv("id,a,b\n1,x,y\n2,x,y,z 13812345678\n3\n4,x,y,,\n5,x,y\n")
    assert _rows(table) == {2: ["1", "x", "y"], 4: ["3", "", ""], 5: ["4", "x", "y"], 6: ["5", "x", "y"]}
    (bad,) = table.bad.to_dict("records")
    assert (bad["row"], bad["reason"]) == (3, "ragged-row")
    assert (bad["value"], bad["original"]) == ("", "")  # nobody knows which of its cells holds a person


def test_a_line_of_one_quoted_nothing_is_an_empty_row_also_where_a_quote_is_never_closed():
    # found by bench/fuzz.py: the cells that such a line does not have were no text
    table = _csv('a,b,c,d\n1,2,3,4\n"x,1,1,1\n""\n5,6,7,8\n')
    assert _rows(table) == {2: ["1", "2", "3", "4"], 4: ["", "", "", ""], 5: ["5", "6", "7", "8"]}
    assert table.bad["row"].tolist() == [3]


def test_a_quote_that_is_never_closed_costs_its_own_row_only():
    table = _csv('id,text\n1,a\n2,"open\n3,c\n4,"d ""e"" f"\n5,g\n')
    assert _rows(table) == {2: ["1", "a"], 4: ["3", "c"], 5: ["4", 'd "e" f'], 6: ["5", "g"]}
    assert list(table.bad["row"]) == [3]


def test_a_row_of_many_megabytes_is_read_like_another():
    table = _csv("id,x\n1," + "a" * 34_000_000 + "\n2,b\u2028c\n3,d,e\n")
    assert [len(cells[1]) for cells in _rows(table).values()] == [34_000_000, 3]
    assert list(table.bad["row"]) == [4]


def test_empty_rows_at_the_end_are_no_rows():
    assert list(_csv("id,x\n1,2\n,\n\n,\n").frame.index) == [2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_chinese_text_is_read_in_its_usual_encodings(encoding):
    table = _csv("案件编号,描述\nA1,井盖下沉㐀\n" if encoding != "gbk" else "案件编号,描述\nA1,井盖下沉\n", encoding)
    assert table.headers == ["案件编号", "描述"]
    assert table.frame.iloc[0, 1].startswith("井盖下沉")


def test_text_in_no_known_encoding_names_the_line_of_the_first_bad_byte():
    error = _refused(b"id,x\n1,a\n2,\xff\xff\n3,\xff\xfe\n")
    assert (error.code, error.facts["row"]) == ("encoding-unknown", 3)


def test_rows_that_are_no_text_are_set_apart_by_number_and_the_others_load():
    lines = [f"{n},积水{n}" for n in range(2, 10)]
    content = "\n".join(["id,描述", *lines]).encode().replace("积水4".encode(), b"\xe7\xa7").replace(b"7,", b"7,\0")
    table = read_table(content + b"\n10,\xe7", "cases.csv")
    assert table.bad[["row", "reason"]].to_numpy().tolist() == [[n, "undecodable-row"] for n in (4, 7, 10)]
    assert list(table.frame.index) == [2, 3, 5, 6, 8, 9]
    assert {"undecodable-row", "header-again", "note-row"} <= set(REASONS)


def test_a_big5_file_is_told_though_its_first_chinese_sign_comes_late(shared_data):
    file = shared_data / "taiwan_flood_points" / "flood_disaster_points_2018_2020_big5.csv"
    table = read_table(file.read_bytes(), file.name)
    assert (table.encoding, len(table.frame)) == ("big5", 3679)  # README of the file
    assert "淹水感測" in set(table.frame["c004"])
    assert table.samples[0].startswith("1923,2019,248315.18,")  # line 1925, the first with foreign text


def test_a_chosen_encoding_must_exist_and_fit():
    assert _refused_code(b"id,x\n1,2\n", encoding="klingon") == "encoding-name-unknown"
    assert _refused_code("id,文\n1,2\n".encode("gbk"), encoding="utf-8") == "encoding-unknown"


def _refused_code(content: bytes, **options) -> str:
    with pytest.raises(HazardError) as caught:
        read_table(content, "cases.csv", **options)
    return caught.value.code


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "empty-file", "header row was expected"),
        (b" \n\n", "empty-file", "header row was expected"),
        (b"id,lon,lat\n", "no-rows", "no rows below"),
        (b"id,lon,lat\n,,\n", "no-rows", "no rows below"),
        (PNG, "not-a-table", "PNG"),
        (b"%PDF-1.7", "not-a-table", "PDF"),
        (b"<html><p>a page</p></html>", "not-a-table", "without a table"),
        (b"<?xml version='1.0'?><OGRVRTDataSource/>", "not-a-table", "XML"),
        (b"<!DOCTYPE kml [<!ENTITY x SYSTEM 'f'>]><kml>&x;</kml>", "not-a-boundary", "DOCTYPE"),
        (b"<kml xmlns='http://www.opengis.net/kml/2.2'/>", "no-rows", "no feature"),
        (b"\x00\x01\x02" * 50, "not-a-table", "no text"),
        (b"just some words\nand more words\n", "not-a-table", "no separator"),
        (",".join(f"c{n}" for n in range(MAX_COLUMNS + 1)).encode() + b"\n1,2\n", "too-many-columns", "1001"),
    ],
)
def test_what_is_no_table_is_one_clear_sentence(content, code, words):
    error = _refused(content)
    assert error.code == code
    assert words in str(error)


def test_title_rows_of_real_tables_are_passed_over(shared_data):
    files = sorted((shared_data / "chengguan_standard").glob("*.csv"))
    tables = [read_table(file.read_bytes(), file.name) for file in files]
    for table in tables:
        assert (table.header_row, table.header_rows, len(table.frame)) == (2, 1, 279)  # README of the files
        assert (table.headers[0], table.headers[-1]) == ("大类代码", "采集要求")
        assert list(table.frame.iloc[1][:5]) == ["", "", "", "", table.frame.iloc[1, 4]]  # merged cells stay blank
    assert [table.encoding for table in tables] == ["gb18030", "utf-8-sig"]
    assert (tables[0].frame.to_numpy() == tables[1].frame.to_numpy()).all()

    merged = read_table((shared_data / "bad_input" / "xlsx" / "merged_title.xlsx").read_bytes(), "merged")
    assert (merged.header_row, list(merged.frame.index)) == (3, [4, 5, 6])


def test_hostile_text_is_read_as_typed(shared_data):
    for file in sorted((shared_data / "bad_input" / "injection").glob("*.csv")):
        table = read_table(file.read_bytes(), file.name)
        assert (len(table.frame), len(table.bad)) == (8, 0)
    assert table.frame["c001"].iloc[5] == "&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.mark.parametrize(
    ("content", "layer"),
    [
        (b'{"type": "FeatureCollection", "features": []}', None),
        (b"SQLite format 3\0", "cases"),
        (b"PAR1", None),
        (b"PK\x03\x04 not really", "a"),
    ],
)
def test_files_of_points_go_to_their_own_reader(content, layer, monkeypatch):
    asked = []

    def read_points(content, name, *, layer=None, encoding=None):
        asked.append((content, name, layer, encoding))
        return "a table"

    monkeypatch.setitem(sys.modules, "data.geofiles", types.SimpleNamespace(read_points=read_points))
    assert read_table(content, "f", sheet=layer, encoding="gbk") == "a table"
    assert asked == [(content, "f", layer, "gbk")]


def test_what_reads_polygons_is_not_loaded_for_a_table():
    code = "import sys, data.readers; data.readers.read_table(b'a,b\\n1,2', 'f'); print(sorted(sys.modules))"
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"geopandas", "shapely", "pyproj", "streamlit", "sklearn", "duckdb"} & set(eval(listed))


@given(
    st.lists(
        st.lists(st.text(alphabet='ab,;"\n\t|积 1=', max_size=6), min_size=3, max_size=3).filter(
            lambda row: any(cell.strip() for cell in row)
        ),
        min_size=1,
        max_size=8,
    )
)
def test_what_a_csv_writer_wrote_is_read_back(rows):
    target = io.StringIO(newline="")
    csv.writer(target).writerows([["first", "second", "third"], *rows])
    table = read_table(target.getvalue().encode(), "cases.csv")
    expected = dict(enumerate(rows, start=2))
    assert _rows(table) == expected


# --- workbooks ------------------------------------------------------------------------------------------------------


def test_a_workbook_is_told_by_content_and_shown_as_text():
    rows = [
        ["id", "when", "n", "x", "yes"],
        [1001, pd.Timestamp("2024-07-15 08:12"), 3.0, 113.5, True],
        ["007", "", 1e17, -0.5],
    ]
    table = read_table(_xlsx(("空", []), ("事件", rows)), "cases.csv")  # whatever its name says
    assert (table.sheet, table.sheets) == ("事件", ("空", "事件"))
    assert _rows(table) == {
        2: ["1001", "2024-07-15 08:12:00", "3", "113.5", "TRUE"],
        3: ["007", "", "1e+17", "-0.5", ""],
    }


def test_a_sheet_can_be_chosen_and_an_unknown_one_is_refused():
    content = _xlsx(("一", [["a", "b"], [1, 2]]), ("二", [["c", "d"], [3, 4]]))
    assert read_table(content, "cases.xlsx", sheet="二").headers == ["c", "d"]
    error = _refused(content, sheet="三")
    assert (error.code, error.facts["sheets"]) == ("sheet-unknown", "一, 二")


def test_blank_rows_of_a_workbook_keep_the_numbers_of_the_others():
    table = read_table(_xlsx(("a", [["id", "x"], [1, 2], [], [4, 5]])), "cases.xlsx")
    assert _rows(table) == {2: ["1", "2"], 3: ["", ""], 4: ["4", "5"]}


def test_text_and_real_dates_in_one_column_read_alike(shared_data):
    table = read_table((shared_data / "bad_input" / "xlsx" / "mixed_types.xlsx").read_bytes(), "mixed")
    assert list(table.frame["c003"]) == ["2024-07-15 08:12:00", "2024-07-15 09:30:00", "2024-07-14 10:00:00"]


def test_one_cell_in_the_last_corner_does_not_fill_the_memory():
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write("A1", "id")
        sheet.write("XFD1048576", "x")
    assert _refused(target.getvalue()).code == "table-too-large"


def test_a_workbook_that_unpacks_out_of_proportion_is_refused():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/sharedStrings.xml", b"a" * 80_000_000)
    assert _refused(target.getvalue()).code == "table-too-large"


def test_a_damaged_workbook_is_said_to_be_damaged():
    content = _xlsx(("a", [["id", "x"], [1, 2]]))
    broken = bytearray(content)
    at = content.index(b"xl/worksheets/sheet1.xml") + 60
    broken[at : at + 40] = b"\x00" * 40
    assert _refused(bytes(broken)).code == "workbook-damaged"
