"""A workbook is weighed before it is read: no small file may ask for a large memory, whatever way it is written."""

import io
import zipfile
from xml.parsers import expat

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from base.errors import HazardError
from data import plain_sheets, workbook_size
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


def _told_twice(sheet: bytes, lengths: list[int], monkeypatch) -> tuple[object, object]:
    """What the patterns say of a sheet, columns as numbers, and what the parser says."""
    found = plain_sheets.plain_extent(io.BytesIO(sheet).read, lengths)
    if found:
        found = found[0], max((workbook_size._place(one.decode()) for one in found[1]), default=0), *found[2:]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a", sheet)
    with zipfile.ZipFile(target) as archive, monkeypatch.context() as patch:
        patch.setattr(workbook_size, "plain_extent", lambda read, lengths: None)
        return found, workbook_size._extent(archive, archive.getinfo("a"), lengths)


def test_patterns_and_parser_say_the_same_of_what_spreadsheet_programs_write(monkeypatch):
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet()
        for row in range(300):
            sheet.write_row(row, row % 3, ["积水 <&>", row, True, f"={row}+1", ""])
        sheet.set_row(5, 30)
        sheet.merge_range(400, 27, 401, 28, "合计")
        sheet.set_column(0, 40, 20)
    with zipfile.ZipFile(target) as archive:
        content = archive.read("xl/worksheets/sheet1.xml")
    found, parsed = _told_twice(content, [9, 4], monkeypatch)
    assert found == parsed
    assert found[:2] == (401, 28)  # AB401, the one merged cell that holds something
    monkeypatch.setattr(plain_sheets, "PIECE", len(content) // 7)
    assert _told_twice(content, [9, 4], monkeypatch)[0] == parsed


_PIECES = st.lists(
    st.sampled_from(
        [
            '<row r="1">', '<row r="2" spans="1:2">', '<row r="02">', "<row>", "<row r='3'/>", '<row r="4"/>', "</row>",
            '<c r="A1"/>', '<c r="B2"><v>1</v></c>', '<c r="C1" s="1" t="s"><v>0</v></c>', '<c r="A9"/>', "<c/>",
            '<c r="AA1" t="s"><v>1</v></c>', '<c t="s" r="A1"><v>0</v></c>', '<c r="A1" t="s"><f>B1</f><v>0</v></c>',
            '<c r="A1" t="inlineStr"><is><t>" t="s"&gt;</t></is></c>', '<x:c r="XFD1"/>', "<!-- <c r='B1'/> -->", " ",
            "<![CDATA[<row>]]>", "</sheetData>", "<sheetData>", '<c r="A1" r="B1"/>', "<v>7</v>", "&#60;", "x",
        ]
    ),
    max_size=8,
)  # fmt: skip


@given(pieces=_PIECES, after=st.sampled_from(["", "<x>", "<sheetData><row r='9'/></sheetData>", "<!-- -->"]))
def test_patterns_never_see_less_than_the_parser(pieces, after):
    sheet = f"<worksheet xmlns:x='a'><sheetData>{''.join(pieces)}</sheetData>{after}</worksheet>".encode()
    with pytest.MonkeyPatch.context() as patch:
        try:
            found, parsed = _told_twice(sheet, [5, 7], patch)
        except (ValueError, expat.ExpatError):  # no sheet at all
            return
    if found:
        assert found[:3] == parsed[:3]
        assert found[3] >= parsed[3]
