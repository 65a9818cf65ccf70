"""Where the table is: titles above, one or two rows of header, notes below, and what is no case in between."""

import io

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from base.errors import HazardError
from data.layout import HEAD, Layout, column_letter, find_header, header_names
from data.readers import read_table

FIRST = ["A1", "2024-07-01 08:00", "积水", "113.19", "33.77", "示例路1号", "示例单位"]
SECOND = ["A2", "2024-07-02 08:00", "井盖", "113.20", "33.78", "示例路2号", "示例单位"]
PLAIN = ["案卷号", "上报时间", "类型", "经度", "纬度", "地址", "处置部门"]
GROUPED = ["案卷号", "上报时间", "类型", "位置 经度", "位置 纬度", "位置 地址", "处置 部门"]


def _header(rows: list[list[str]]) -> tuple[int, int, list[str]]:
    layout = find_header(rows, "f")
    return layout.first, layout.rows, header_names(rows, layout, max(map(len, rows)))


@pytest.mark.parametrize(
    ("above", "first", "rows", "names"),
    [
        ([PLAIN], 1, 1, PLAIN),
        ([["皇台街道事件台账"], PLAIN], 2, 1, PLAIN),
        ([["皇台街道事件台账", *[""] * 6], [""] * 7, PLAIN], 3, 1, PLAIN),
        ([["事件台账", "", "", "", "制表日期", "2024-07-03", ""], PLAIN], 2, 1, PLAIN),
        ([["事件台账"], ["填报单位：", "皇台街道", "填报人：", "张三", "日期：", "2024-07-03"], PLAIN], 3, 1, PLAIN),
        # two rows: merged downward and to the right
        ([["台账"], [*PLAIN[:3], "位置", "", "", "处置"], ["", "", "", "经度", "纬度", "地址", "部门"]], 2, 2, GROUPED),
        ([[*PLAIN[:3], "位置", "", "", "处置部门"], ["", "", "", "经度", "纬度", "地址", ""]], 1, 2,
         [*GROUPED[:6], "处置部门"]),
        # a row of groups over a full row
        ([["台账"], ["基本", "", "", "位置", "", "", ""], PLAIN], 2, 2,
         ["基本 案卷号", "基本 上报时间", "基本 类型", "位置 经度", "位置 纬度", "位置 地址", "位置 处置部门"]),
        ([["", "", "", "位置", "", "", "办理"], PLAIN], 1, 2,
         [*PLAIN[:3], "位置 经度", "位置 纬度", "位置 地址", "办理 处置部门"]),
        # no title at all, and titles that pandas made up
        ([["案卷号", "上报时间", "", "经度", "纬度", "地址", "Unnamed: 6"]], 1, 1,
         ["案卷号", "上报时间", "", "经度", "纬度", "地址", ""]),
        ([["案卷号", "时间", "类型", "经度", "纬度", "备注", "备注"]], 1, 1,
         ["案卷号", "时间", "类型", "经度", "纬度", "备注", "备注"]),
    ],
)  # fmt: skip
def test_the_header_is_found_by_its_looks(above, first, rows, names):
    assert _header([*above, FIRST, SECOND]) == (first, rows, names)


def test_headers_of_words_over_words_are_one_row():
    assert _header([["name", "word"], ["a", "b"], ["c", "d"]]) == (1, 1, ["name", "word"])
    assert _header([["id", "text", ""], ["x", "y", "z"], ["1", "2", "300"]]) == (1, 1, ["id", "text", ""])


def test_the_place_of_the_header_can_be_chosen():
    content = "\n".join(",".join(row) for row in [["事件", "台账", *[""] * 5], PLAIN, FIRST, SECOND]).encode()
    assert read_table(content, "f").header_row == 2
    table = read_table(content, "f", header_row=1)
    assert (table.header_row, table.headers[:3], len(table.frame)) == (1, ["事件", "台账", "[C]"], 3)
    table = read_table(content, "f", header_row=1, header_rows=2)
    assert (table.header_rows, table.headers[0], list(table.frame.index)) == (2, "事件 案卷号", [3, 4])
    assert read_table(content, "f", header_row=3).headers == FIRST
    for wrong in ({"header_row": 0}, {"header_row": 99}, {"header_rows": 4}, {"header_rows": 0}):
        with pytest.raises(HazardError) as caught:
            read_table(content, "f", **wrong)
        assert caught.value.code == "header-row-unknown"


def _workbook(rows: list[list[object]], merged: tuple[tuple[int, int, int, int, str], ...] = ()) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet("事件")
        for place in merged:
            sheet.merge_range(*place)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if cell != "":
                    sheet.write(number, column, cell)
    return target.getvalue()


def test_a_sheet_as_offices_print_it_loads_with_every_row_accounted_for():
    rows = [
        ["皇台街道事件台账"], [], ["案卷号", "上报时间", "类型", "位置", "", "", "处置"],
        ["", "", "", "经度", "纬度", "地址", "部门"], FIRST, [], SECOND, ["皇台街道事件台账"],
        ["案卷号", "上报时间", "类型", "位置", "", "", "处置"], ["", "", "", "经度", "纬度", "地址", "部门"],
        ["A3", *FIRST[1:]], ["", "合计：", "3件"], ["注：本表由示例街道填写"], ["制表人：某某", "", "", "审核人：某某"],
    ]  # fmt: skip
    merged = ((0, 0, 0, 6, "皇台街道事件台账"), (2, 3, 2, 5, "位置"), (2, 0, 3, 0, "案卷号"))
    table = read_table(_workbook(rows, merged), "f")
    assert (table.header_row, table.header_rows, table.headers) == (3, 2, GROUPED)
    assert list(table.frame.index) == [5, 6, 7, 11, 12]
    assert table.sums == (12,)
    assert table.bad[["row", "reason"]].to_numpy().tolist() == [
        [8, "header-again"], [9, "header-again"], [10, "header-again"], [13, "note-row"], [14, "note-row"],
    ]  # fmt: skip
    assert not table.bad[["value", "original"]].to_numpy().any()  # a note may name a person


@pytest.mark.parametrize(
    "words", ["合计", "合 计", "总计: 35件", "共计：35 件", "小计", "TOTAL", "Grand total: 1,204", "累计12起"]
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_rows_of_sums_are_known_by_their_first_filled_cell(words, place):
    row = ["", "", "", "9", "", "", ""]
    row[place] = words
    table = read_table(_workbook([PLAIN, FIRST, SECOND, row]), "f")
    assert table.sums == (4,)


def test_words_that_only_resemble_a_sum_are_cases():
    rows = [PLAIN, ["合计路口", *FIRST[1:]], ["A1", "合计", *FIRST[2:]], ["total station", *FIRST[1:]]]
    table = read_table(_workbook(rows), "f")
    assert (table.sums, len(table.frame)) == ((), 3)


def test_formats_without_content_are_no_columns_and_a_gap_is_one():
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([["id", "", "x"], ["1", "a", "2"], ["3", "", "4"]]):
            sheet.write_row(number, 1, row)
            sheet.write(number, 9, " ")
    table = read_table(target.getvalue(), "f")
    assert table.headers == ["id", "[C]", "x"]
    assert table.frame.to_numpy().tolist() == [["1", "a", "2"], ["3", "", "4"]]


def test_columns_are_lettered_as_a_spreadsheet_does():
    assert [column_letter(place) for place in (0, 25, 26, 51, 701, 702)] == ["A", "Z", "AA", "AZ", "ZZ", "AAA"]


@given(st.lists(st.lists(st.sampled_from(["", "a", "1", "2024-07-01", "位置", "合计"]), max_size=6), max_size=8))
def test_some_header_is_always_found_within_the_sheet(rows):
    layout = find_header(rows, "f")
    assert 1 <= layout.first <= layout.last <= max(1, len(rows)) <= HEAD
    assert len(header_names(rows, layout, 6)) == 6
    assert isinstance(layout, Layout)
