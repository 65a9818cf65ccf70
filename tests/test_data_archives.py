"""Zip files in memory: members by name, and every trick one sentence."""

import io
import struct
import zipfile

import pytest
from geo_examples import packed, zipped

from base.errors import HazardError
from data.archives import MAX_ENTRIES, Archive


def _refused(content: bytes, member: str = "a.shp", **limits: int) -> HazardError:
    with pytest.raises(HazardError, match=r"grid\.zip") as caught:
        Archive(content, "grid.zip", **limits).read(member)
    return caught.value


def _with_entry(name: str, *, mode: int = 0o100644, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("a.shp", b"1" * 100)
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        archive.writestr(entry, b"../../../etc/hostname")
    return target.getvalue()


def test_members_are_found_by_their_stem_whatever_the_case():
    archive = Archive(packed({"层/Grid.SHP": b"1", "层/grid.dbf": b"2", "other.shp": b"3"}), "grid.zip")
    assert archive.names(".shp") == ["other.shp", "层/Grid.SHP"]
    assert archive.sibling("层/Grid.SHP", ".dbf") == b"2"
    assert archive.sibling("other.shp", ".dbf") is None


def test_names_in_gbk_are_read_as_they_were_meant():
    content = packed({"????.shp": b"1"}).replace(b"????.shp", "网格".encode("gbk") + b".shp")
    assert Archive(content, "grid.zip").names(".shp") == ["网格.shp"]


def test_what_a_mac_adds_and_folders_are_no_members():
    archive = Archive(packed({"g/": b"", "g/a.shp": b"1", "__MACOSX/g/._a.shp": b"x", "g/._b.shp": b"x"}), "grid.zip")
    assert archive.names(".shp") == ["g/a.shp"]


def test_a_damaged_or_cut_archive_is_said_to_be_damaged():
    content = zipped(a_shp=bytes(range(256)) * 100)
    assert _refused(content[:-10]).code == "archive-damaged"
    at = content.index(b"a.shp") + 20
    assert _refused(content[:at] + b"\xff" * 20 + content[at + 20 :]).code == "archive-damaged"
    assert _refused(b"PK\x03\x04 not really").code == "archive-damaged"


def test_a_password_is_said_to_be_in_the_way():
    content = bytearray(zipped(a_shp=b"1" * 50))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert _refused(bytes(content)).code == "archive-encrypted"


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("../a.dbf", 0o100644),
        ("x/../../a.dbf", 0o100644),
        ("/etc/a.dbf", 0o100644),
        ("C:/a.dbf", 0o100644),
        ("..\\a.dbf", 0o100644),
        ("a.dbf", 0o120777),  # a link
        ("inner.zip", 0o100644),
        ("doc.kmz", 0o100644),
    ],
)
def test_a_name_that_leads_elsewhere_a_link_or_an_archive_within_is_refused(name, mode):
    assert _refused(_with_entry(name, mode=mode)).code == "archive-unsafe"


def test_twenty_thousand_members_are_refused_before_they_are_listed(monkeypatch):
    many = packed({f"{n}.shp": b"" for n in range(20_000)})
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert _refused(many).code == "archive-too-large"
    monkeypatch.undo()
    at_most = packed({f"{n}.shp": b"" for n in range(MAX_ENTRIES)})
    assert len(Archive(at_most, "grid.zip").names(".shp")) == MAX_ENTRIES


def test_a_bomb_is_stopped_by_the_bytes_that_it_really_gives():
    bomb = zipped(a_shp=b"\x00" * 30_000_000)
    assert _refused(bomb).code == "archive-too-large"  # 30 MB of 30 kB
    # its own word on its size is not needed for that: here it says one byte
    said = bytearray(bomb)
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", said, said.index(mark) + offset, 1)
    assert _refused(bytes(said)).code in ("archive-damaged", "archive-too-large")


def test_all_members_count_against_one_limit():
    content = packed({"a.shp": bytes(range(256)) * 8, "b.shp": bytes(range(256)) * 8})
    archive = Archive(content, "grid.zip", produced=3_000)
    assert len(archive.read("a.shp")) == 2048
    with pytest.raises(HazardError) as caught:
        archive.read("b.shp")
    assert caught.value.code == "archive-too-large"


def test_a_method_that_may_need_any_memory_is_not_unpacked():
    assert _refused(_with_entry("b.shp", method=zipfile.ZIP_LZMA)).code == "archive-damaged"
