"""A workbook is weighed before it is read: no small file may ask for a large memory, whatever way it is written."""

import io
import zipfile

import pytest
import xlsxwriter

from base.errors import HazardError
from data import workbook_size
from data.spreadsheets import read_sheet


def _workbook(sheet: str, *, strings: str = "<sst/>", place: str = "xl/worksheets/sheet1.xml") -> bytes:
    """A workbook whose one sheet is this XML, under this name in the archive."""
    plain, target = io.BytesIO(), io.BytesIO()
    with xlsxwriter.Workbook(plain, {"in_memory": True}) as book:
        book.add_worksheet("a").write(0, 0, "x")
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            text = source.read(name).decode()
            if name == "xl/worksheets/sheet1.xml":
                archive.writestr(place, sheet)
            elif name == "xl/sharedStrings.xml":
                archive.writestr(name, strings)
            else:
                text = text.replace("xl/worksheets/sheet1.xml", place)
                archive.writestr(name, text.replace('"worksheets/sheet1.xml', f'"/{place}'))
    return target.getvalue()


def _sheet(cells: str, row: str = "<row r='1'>") -> str:
    return f"<worksheet><sheetData>{row}{cells}</row></sheetData></worksheet>"


def _refused(content: bytes) -> str:
    with pytest.raises(HazardError, match=r"f\.xlsx") as caught:
        read_sheet(content, "XLSX", "f.xlsx", None)
    return caught.value.code


CORNER = "<c r='A1'><v>1</v></c><c r='XFD1048576'><v>1</v></c>"


@pytest.mark.parametrize(
    "sheet",
    [
        _sheet(CORNER),
        _sheet(CORNER.replace("'", '"')),
        _sheet("<c r='A1'/><c r = 'XFD1048576'><v>1</v></c>"),
        _sheet("<c r='A1'/><c s='1' r='xfd1048576'><v>1</v></c>"),
        _sheet("<c r='A1'/><c s=\" r='A1'\" r='XFD1048576'><v>1</v></c>"),
        _sheet("<c r='A1'/><!-- <c r='A1'> --><c s='a>b' r='XFD1048576'><v>1</v></c>"),
        "<x:worksheet xmlns:x='a'><x:sheetData><x:row r='1'><x:c r='A1'/><x:c r='XFD1048576'><x:v>1</x:v></x:c>"
        "</x:row></x:sheetData></x:worksheet>",
        # 16,000 columns and a million rows that are counted, not named
        _sheet("<c><v>1</v></c>" * 16_000 + "</row><row r='1048000'><c><v>1</v></c>", row="<row>"),
    ],
)
def test_a_cell_in_the_last_corner_is_seen_however_it_is_written(sheet):
    assert _refused(_workbook(sheet)) == "table-too-large"


@pytest.mark.parametrize("place", ["xl/other/sheet.xml", "xl/media/image1.png", "docProps/x"])
def test_a_cell_in_the_last_corner_is_seen_wherever_the_sheet_lies(place):
    assert _refused(_workbook(_sheet(CORNER), place=place)) == "table-too-large"


@pytest.mark.parametrize("number", ["0", " 0", "+0", "1<!-- -->0", "1&#48;"])
def test_a_long_text_that_thousands_of_cells_share_is_refused(number):
    cells = "".join(f"<c r='A1' t='s'><v>{number}</v></c>" for _ in range(4_000))
    assert _refused(_workbook(_sheet(cells), strings=f"<sst><si><t>{'a' * 500_000}</t></si>{'<si/>' * 10}</sst>")) == (
        "table-too-large"
    )


def test_texts_count_as_often_as_they_are_shown(monkeypatch):
    strings = f"<sst><si><t>{'a' * 900}</t></si><si><t>bc</t></si></sst>"
    cells = "<c r='A1' t='s'><v>0</v></c>" + "<c r='B1' t='s'><v>1</v></c>" * 50
    monkeypatch.setattr(workbook_size, "MAX_TEXT", 1_000)  # 900 + 50 x 2 signs by hand
    assert next(read_sheet(_workbook(_sheet(cells), strings=strings), "XLSX", "f.xlsx", None)[0])[0] == "a" * 900
    monkeypatch.setattr(workbook_size, "MAX_TEXT", 999)
    assert _refused(_workbook(_sheet(cells), strings=strings)) == "table-too-large"


@pytest.mark.parametrize(
    "content",
    [
        _workbook("<!DOCTYPE x [<!ENTITY a 'b'>]>" + _sheet("<c r='A1'><v>1</v></c>")),
        _workbook(_sheet("<c r='A1'/>"), strings="<!DOCTYPE x [<!ENTITY a 'b'>]><sst><si><t>&a;</t></si></sst>"),
        _workbook(_sheet("<c r='A1'/>"), strings="<sst><si><si><t>a</t></si></si></sst>"),
        _workbook(_sheet("<c><v>1</c>")),
    ],
)
def test_what_no_spreadsheet_program_writes_is_damaged(content):
    assert _refused(content) == "workbook-damaged"


def test_cells_without_a_place_follow_one_another():
    rows = "".join(f"<row><c><v>{n}</v></c><c><v>{n + 1}</v></c></row>" for n in range(3))
    content = _workbook(f"<worksheet><sheetData>{rows}</sheetData></worksheet>")
    assert list(read_sheet(content, "XLSX", "f.xlsx", None)[0]) == [["0", "1"], ["1", "2"], ["2", "3"]]


def test_a_range_that_is_only_stated_costs_nothing():
    sheet = _sheet("<c r='A1'><v>1</v></c>").replace("<sheetData>", "<dimension ref='A1:XFD1048576'/><sheetData>")
    assert list(read_sheet(_workbook(sheet), "XLSX", "f.xlsx", None)[0]) == [["1"]]


def test_a_large_range_must_be_filled():
    def rows(n: int) -> str:
        return "".join(f"<row r='{place}'><c r='A{place}'><v>1</v></c></row>" for place in range(1, n + 1))

    def wide(n: int) -> str:
        return f"<worksheet><sheetData>{rows(n)}<row r='50000'><c r='CV50000'/></row></sheetData></worksheet>"

    assert _refused(_workbook(wide(20))) == "table-too-large"  # 5 million places for 21 cells
    assert workbook_size.MAX_CELLS > 50_000 * 100


@pytest.mark.parametrize("part", ["xl/workbook.bin", "content.xml", "mimetype"])
def test_what_another_reader_would_open_unweighed_is_refused(part):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr(part, "x")
    assert _refused(target.getvalue()) == "workbook-damaged"


def test_a_large_honest_table_is_within_the_limits():
    assert workbook_size.MAX_CELLS > 600_000 * 14
