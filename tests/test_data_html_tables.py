"""Web pages under the name of a spreadsheet: their tables as they show, and nothing that they point to."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import HazardError
from data.readers import read_table

PAGE = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset={charset}>
<style>td {{a: b}}</style>
<script>document.write("<table><tr><td>no</td></tr></table>")</script></head><body>
<!--[if gte mso 9]><xml><x:Name>no</x:Name></xml><![endif]--><![if !vml]><![endif]>
<table><caption>事件 台账</caption>
<tr><th colspan=4>皇台街道</th></tr>
<tr><th rowspan=2>编号<th colspan=2>位置</th><th rowspan=2>时间</th></tr>
<tr><th>经度</th><th>纬度</th></tr>
<tr><td>A1</td><td x:num="113.193245">113.19</td><td x:num>33.7</td><td x:num="45480.5">2024-07-07 12:00</td></tr>
<tr><td rowspan=999999999>A2<br>第二行</td><td>113.2&nbsp;</td><td>33.8<td>&lt;b&gt;&xyz;&amp;amp;</tr>
<tr><td>113.3</td><td colspan="2">33.9</td></tr>
</table><img src="http://127.0.0.1:9/x.png"><table><tr><td>页脚</td></tr></table></body></html>"""


@pytest.mark.parametrize(("charset", "encoding"), [("gb2312", "gb18030"), ("utf-8", "utf-8"), ("klingon", "utf-16")])
def test_a_page_of_excel_is_read_as_it_shows(charset, encoding):
    table = read_table(PAGE.format(charset=charset).encode(encoding), "f.xls")
    assert (table.kind, table.encoding, table.sheet, table.sheets) == (
        "HTML",
        encoding,
        "事件 台账",
        ("事件 台账", "2"),
    )
    assert (table.header_row, table.header_rows) == (2, 2)
    assert table.headers == ["编号", "位置 经度", "位置 纬度", "时间"]
    assert {int(row): list(cells) for row, cells in zip(table.frame.index, table.frame.to_numpy(), strict=True)} == {
        4: ["A1", "113.193245", "33.7", "2024-07-07 12:00"],  # the number, not the digits shown
        5: ["A2\n第二行", "113.2", "33.8", "<b>&xyz;&amp;"],
        6: ["", "113.3", "33.9", ""],
    }
    assert table.samples[0] == "皇台街道 | | |"
    assert (
        read_table(PAGE.format(charset=charset).encode(encoding), "f.xls", sheet="事件 台账").headers == table.headers
    )


def test_a_web_archive_is_read():
    archive = (
        "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x\n"
        "Content-Type: text/html; charset=utf-8\n"
        "Content-Transfer-Encoding: quoted-printable\n\n<table><tr><td>=E7=BC=96=E5=8F=B7<td>b</tr><tr><td>1<td>=\n2"
        "</table>\n--x\nContent-Type: image/png\n\nno\n--x--\n"
    )
    table = read_table(archive.encode(), "f.xls")
    assert (table.headers, table.frame.to_numpy().tolist()) == (["编号", "b"], [["1", "2"]])


def test_a_table_in_a_cell_counts_for_itself():
    page = b"<table><tr><td>menu</td><td><table><tr><td>id<td>x</tr><tr><td>1<td>2024-07-01</table></td></tr></table>"
    table = read_table(page, "f.xls")
    assert (table.headers, table.frame.to_numpy().tolist()) == (["id", "x"], [["1", "2024-07-01"]])
    assert len(table.sheets) == 2


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ("<html><frameset><frame src='sheet001.htm'></frameset></html>", "not-a-table"),
        ("<table><tr>" + "<td>x</td>" * 1_001 + "</tr></table>", "too-many-columns"),
        ("<table>" + "<tr><td colspan=1000>x" * 10_001 + "</table>", "table-too-large"),
        ("<table><tr>" + "<td rowspan=99999>x" * 1_000 + "<tr>" * 20_000 + "</table>", "table-too-large"),
        ("<table><tr><td>a<td>b</table>", "no-rows"),
        *((opened * 100_000, "not-a-table") for opened in ("<html><!--", "<html><a ", "<html><![if ", "<html><?x ")),
    ],
)
def test_a_page_that_is_no_table_or_too_large_costs_a_sentence(page, code):
    with pytest.raises(HazardError, match=r"f\.xls") as caught:
        read_table(page.encode(), "f.xls")
    assert caught.value.code == code


def test_declared_entities_are_not_resolved():
    page = b'<!DOCTYPE html [<!ENTITY a "' + b"b" * 99 + b'"><!ENTITY c SYSTEM "file:///etc/hostname">]>'
    table = read_table(page + b"<html><table><tr><td>id<td>x<tr><td>&a;<td>&c;</table></html>", "f.xls")
    assert table.frame.to_numpy().tolist() == [["&a;", "&c;"]]


TAGS = (
    "<table>", "</table>", "<tr>", "<td rowspan=2 colspan=3>", "</td>", "<th>", "a", "1", "<caption>", "<script>",
    "</script>", "<!--", "-->", "<", "&", "<![if", "]>", "<?",
)  # fmt: skip


@given(st.lists(st.sampled_from(TAGS)))
def test_any_soup_of_tags_costs_a_sentence_at_most(parts):
    with contextlib.suppress(HazardError):
        read_table(b"<html>" + "".join(parts).encode(), "f.xls")
