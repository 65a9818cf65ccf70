"""Old workbooks: read as they stand, and whatever a hostile one states costs a sentence, not the memory."""

import contextlib
import struct

import old_books as xls
import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import HazardError
from data.readers import read_table

HEADERS = ["编号", "时间", "经度", "说明"]
TABLE = xls.texts([*HEADERS, "A1", "井盖下沉㐀"])
ROWS = (
    *(xls.shared(0, place, place) for place in range(4)),
    xls.shared(1, 0, 4), xls.number(1, 1, 45_480.5, 1), xls.number(1, 2, 113.1932), xls.shared(1, 3, 5),
    xls.number(2, 0, 123_456_789_012_345_680.0), xls.number(2, 2, 7.0),
)  # fmt: skip


def _book(*cells: bytes, table: bytes = TABLE, before: bytes = b"") -> bytes:
    return xls.container(xls.stream({"事件": xls.sheet(*cells)}, table, before))


def _refused(content: bytes) -> str:
    with pytest.raises(HazardError, match=r"f\.xls") as caught:
        read_table(content, "f.xls")
    return caught.value.code


@pytest.mark.parametrize("filler", [0, 5_000])
def test_an_old_workbook_is_read_as_it_stands(filler):
    # a long stream lies in the large sectors, a short one in the small ones; 45480.5 is 2024-07-07 12:00 in Excel
    table = read_table(_book(*ROWS, before=xls.record(0x0FF0, bytes(filler))), "f.csv")
    assert (table.kind, table.sheet, table.sheets) == ("XLS", "事件", ("事件",))
    assert table.headers == HEADERS
    assert table.frame.to_numpy().tolist() == [
        ["A1", "2024-07-07 12:00:00", "113.1932", "井盖下沉㐀"],
        ["1.23456789012346e+17", "", "7", ""],
    ]
    assert list(table.frame.index) == [2, 3]


def test_the_sheet_with_the_reports_is_read_and_a_hidden_one_only_if_asked_for():
    cover = xls.sheet(xls.shared(0, 0, 3))
    book = xls.stream({"封面": cover, "隐藏": xls.sheet(*ROWS), "事件": xls.sheet(*ROWS[:-2])}, TABLE, hidden=("隐藏",))
    table = read_table(xls.container(book), "f.xls")
    assert (table.sheet, table.sheets, len(table.frame)) == ("事件", ("封面", "隐藏", "事件"), 1)
    assert len(read_table(xls.container(book), "f.xls", sheet="隐藏").frame) == 2


def test_a_size_that_is_only_stated_costs_nothing():
    assert len(read_table(_book(xls.dimensions(0xFFFFFFFE, 0xFFFF), *ROWS), "f.xls").frame) == 2


def test_a_formula_counts_with_its_value():
    value = struct.pack("<HHHdHIH", 3, 2, 0, 1.5, 0, 0, 3) + b"\x1e\x01\x00"
    table = read_table(_book(*ROWS, xls.record(0x0006, value)), "f.xls")
    assert table.frame["c002"].tolist() == ["113.1932", "7", "1.5"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (_book(xls.number(0, 0, 1.0), xls.number(65_535, 65_535, 1.0)), "table-too-large"),
        (_book(xls.number(0, 0, 1.0), xls.number(65_535, 255, 1.0)), "table-too-large"),  # two cells, 16 million places
        (_book(xls.number(5, 0, 1.0), xls.number(0, 0, 1.0)), "workbook-damaged"),  # backwards: a negative height
        (_book(*ROWS, table=xls.texts(["a"], count=0x7FFFFFFF)), "workbook-damaged"),
        (_book(*ROWS, table=xls.texts(["a"], count=-1)), "workbook-damaged"),
        (_book(*[xls.shared(n, 0, 0) for n in range(40_000)], table=xls.texts(["a" * 30_000])), "table-too-large"),
        (_book(before=xls.record(0x002F, b"\x01\x00")), "workbook-locked"),
        (xls.container(xls.stream({}), "EncryptedPackage"), "workbook-locked"),
        (xls.container(xls.stream({}), "WordDocument"), "not-a-table"),
        (_book(), "empty-file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "workbook-damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "workbook-damaged"),
    ],
)  # fmt: skip
def test_a_hostile_or_wrong_one_costs_a_sentence(content, code):
    assert _refused(content) == code


def test_counts_of_sectors_that_are_only_stated_are_not_believed():
    content = bytearray(_book(*ROWS, before=xls.record(0x0FF0, bytes(5_000))))
    struct.pack_into("<I", content, 44, 0xFFFFFFFF)
    struct.pack_into("<I", content, 72, 0xFFFFFFFF)
    assert len(read_table(bytes(content), "f.xls").frame) == 2


def test_a_chain_that_bites_its_tail_ends():
    content = bytearray(_book(*ROWS, before=xls.record(0x0FF0, bytes(5_000))))
    struct.pack_into("<I", content, 512 + 5 * 4, 4)
    assert _refused(bytes(content)) == "workbook-damaged"


def test_two_sheets_that_share_one_place_are_refused():
    book = bytearray(xls.stream({"a": xls.sheet(*ROWS), "b": xls.sheet(*ROWS)}, TABLE))
    first, second = (book.index(xls.text(name, "<BB")) - 6 for name in "ab")
    book[second : second + 4] = book[first : first + 4]
    assert _refused(xls.container(bytes(book))) == "workbook-damaged"


@given(st.data())
def test_a_changed_byte_costs_a_sentence_at_most(data):
    content = bytearray(_book(*ROWS))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(HazardError):
        read_table(bytes(content), "f.xls")
