"""Encodings are told by the whole text, and where two fit by which one gives everyday characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import HazardError
from data.contents import kind_of
from data.encodings import BROKEN, as_utf8, text_encoding
from data.readers import read_table

MAINLAND = (
    "案件编号,类别,描述\nA001,积水,路口积水约30厘米", "经度,纬度", "序号,地址,备注", "井盖下沉", "墙体隐患",
    "张三,李四",
    "湛河区高新街道皇台社区", "雨后路面积水严重，影响行人通行，请尽快处理。", "小类名称,处置部门", "姓名", "沉陷",
    "上报时间",
)  # fmt: skip
TAIWAN = (
    "編號,年份,來源\n1,2018,淹水感測\n2,2018,輿情資料", "經度,緯度", "序號,地址,備註", "人孔蓋下陷", "牆面龜裂",
    "王小明,陳大文", "臺北市中正區忠孝東路", "雨後路面積水嚴重，影響行人通行，請儘快處理。", "案件類別,處理單位",
    "姓名", "沉陷", "通報時間",
)  # fmt: skip


@pytest.mark.parametrize("text", MAINLAND)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_simplified_text_is_told_however_short(text, encoding):
    assert text_encoding(f"id,x\n{text}\n1,2\n".encode(encoding), "f") == encoding


@pytest.mark.parametrize("text", TAIWAN)
@pytest.mark.parametrize("encoding", ["utf-8", "big5"])
def test_traditional_text_is_told_however_short(text, encoding):
    assert text_encoding(f"id,x\n{text}\n1,2\n".encode(encoding), "f") == encoding


def test_signs_beyond_the_old_tables_widen_the_encoding():
    assert text_encoding("路口,积水㐀𠀀\n".encode("gb18030") * 3, "f") == "gb18030"
    assert text_encoding("地址,價格\n香港中環,100€\n".encode("cp950"), "f") == "cp950"
    assert text_encoding("地址,備註\n香港大埔滘,水浸嘅街\n".encode("big5hkscs"), "f") == "big5hkscs"


def test_the_first_foreign_sign_may_come_after_megabytes():
    content = b"1,plain\n" * 400_000 + "2,淹水感測輿情\n".encode("big5")
    assert text_encoding(content, "f") == "big5"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-16-le"])
def test_a_file_cut_in_the_middle_of_a_character_keeps_its_encoding(encoding):
    text = "编号,描述\n" + "".join(f"{n},路口积水\n" for n in range(20)) + "20,路"
    content = text.encode(encoding)[:-1]
    utf8, used = as_utf8(content, "f", None)
    assert used == encoding
    assert utf8.decode() == text[:-1] + BROKEN
    with pytest.raises(HazardError) as caught:
        text_encoding(content, "f")
    assert caught.value.code == "encoding-unknown"


@pytest.mark.parametrize("encoding", ["gb18030", "big5"])
@pytest.mark.parametrize("plain", [0, 30])
def test_one_damaged_byte_in_a_long_file_costs_its_own_line_only(encoding, plain):
    line = "7,2025-03-05 10:00,道路積水需要處理,人民路\n" + "7,plain,plain,plain\n" * plain
    content = (line * (6_000_000 // len(line.encode(encoding)))).encode(encoding) + b"8,\xff,x,y\n"
    utf8, used = as_utf8(content, "f", None)
    assert used == encoding
    assert utf8.decode().count(BROKEN) == 1


def test_a_chosen_encoding_must_fit_most_of_the_text():
    content = "编号,描述\n1,路口积水\n".encode("gbk")
    assert as_utf8(content, "f", "gbk")[0].decode() == "编号,描述\n1,路口积水\n"
    with pytest.raises(HazardError, match="UTF-8"):
        as_utf8(content, "f", "utf-8")


@given(st.text(alphabet="案件编号路口积水abc,1\n", min_size=1))
def test_utf8_is_never_taken_for_another(text):
    assert text_encoding(text.encode(), "f") == "utf-8"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_table_in_utf16_loads_with_its_samples(encoding):
    table = read_table("编号\t描述\n1\t路口积水\n2\tb\n".encode(encoding), "f")
    assert table.headers == ["编号", "描述"]
    assert table.samples == ("编号\t描述", "1\t路口积水", "2\tb")
    assert table.delimiter == "\t"


def test_samples_are_short():
    table = read_table(f"id,x\n1,{'水' * 500}\n".encode(), "f")
    assert [len(line) for line in table.samples] == [200, 4]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<HTML><body>", "HTML"),
        (b"<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC 'x'><html>", "HTML"),
        ("<html><table>".encode("utf-16"), "HTML"),
        (b"\xef\xbb\xbf  <table border=1>", "HTML"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n--x", "MHTML"),
        (b"<?xml version='1.0'?><kml xmlns='x'>", "KML"),
        (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a/>", "XML"),
        (b"PAR1\x00", "Parquet"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
        (b"a,b\n1,2\n", "text"),
        (bytes(range(256)) * 4, "binary"),
        (b"\x00" * 300, "binary"),
    ],
)
def test_the_kind_is_told_by_the_content(content, kind):
    assert kind_of(content) == kind
