"""Separators: those that divide the lines, or the one chosen; what divides nothing is no table."""

import pytest

from base.errors import HazardError
from data.delimited import find_delimiter
from data.readers import read_table


@pytest.mark.parametrize("delimiter", list(",;\t|，；^~:"))
def test_whatever_divides_header_and_lines_is_the_separator(delimiter):
    rows = [["编号", "描述", "网格"], ["1", "路口积水", "a"], ["2", "井盖", "b"], ["3", "墙体", ""]]
    content = "\n".join(delimiter.join(row) for row in rows).encode()
    table = read_table(content, "f.csv")
    assert table.delimiter == delimiter
    assert [table.headers, *table.frame.to_numpy().tolist()] == rows


@pytest.mark.parametrize(
    "text",
    [
        "描述\n路口积水，影响通行\n井盖下沉，请处理\n",  # signs of the sentences
        "时间\n08:12:00\n09:30:00\n10:00:00\n",
        "时间: 上报\n一句话\n又一句话\n",
        "地址\n甲路~乙路\n丙路\n",
        "编号\n1\n2\n",
    ],
)
def test_a_single_column_is_refused(text):
    with pytest.raises(HazardError, match="no separator") as caught:
        read_table(text.encode(), "f.csv")
    assert caught.value.code == "not-a-table"


def test_full_width_commas_inside_quotes_and_cells_stay():
    table = read_table('编号，描述，备注\n1，"积水，很深"，x\n2，a,b，\n'.encode(), "f.csv")
    assert table.frame.to_numpy().tolist() == [["1", "积水，很深", "x"], ["2", "a,b", ""]]


def test_a_chosen_separator_wins():
    content = b"a;b,c;d\n1;2,3;4\n"
    assert read_table(content, "f").delimiter == ";"
    assert read_table(content, "f", delimiter=",").headers == ["a;b", "c;d"]
    for wrong in ("", "ab", "a", '"', "\n"):
        with pytest.raises(HazardError) as caught:
            find_delimiter(content, "f", wrong)
        assert caught.value.code == "delimiter-unknown"


def test_titles_above_do_not_hide_the_separator():
    table = read_table("台账\n\n编号;描述\n1;a, b\n2;c, d\n".encode(), "f")
    assert (table.delimiter, table.header_row, list(table.frame.index)) == (";", 3, [4, 5])


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_two_quotes_that_are_never_closed_do_not_make_one_row_of_two(end):
    lines = ["id,描述,网格", '1,"积水,a', '2,"井盖,b', '3,"墙体, 开裂"', '4,"倾斜,\n第二行",c', '5,旧"字",d']
    table = read_table(end.join(lines).encode(), "cases.csv")
    assert table.bad[["row", "reason"]].to_numpy().tolist() == [[2, "ragged-row"], [3, "ragged-row"]]
    assert table.frame["c001"].to_dict() == {4: "墙体, 开裂", 5: "倾斜,\n第二行", 6: '旧"字"'}
