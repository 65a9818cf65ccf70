"""Every bad file gives a sentence or loads, in 5 s and 300 MB beyond a bare start of the process that reads it."""

import functools
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from base.errors import HazardError
from data import apart
from tests.stored import boundary

CAPS = {"memory_mb": 300, "seconds": 5, "output_mb": 300}
READERS = ("read_table", "read_boundaries")


class Process:
    """One process for many files (each has one of its own outside tests), begun anew when a file ended it."""

    def __init__(self) -> None:
        self.reader = apart.Reader()

    def outcome(self, reader: str, content: bytes, name: str) -> str:
        """Return "loaded", or the code of the refusal; of one that was stopped also why."""
        try:
            self.reader.read(reader, content, name, {}, **CAPS)
        except HazardError as error:
            if error.code != "reading-stopped":
                return error.code if name in str(error) else f"nameless {error}"
            self.reader.close()
            self.reader = apart.Reader()
            return f"{error.facts['why']} {error.facts['detail']}".strip()
        return "loaded"


@pytest.fixture(scope="module")
def process():
    made = Process()
    yield made
    made.reader.close()


def test_every_bad_file_gives_a_sentence_or_loads(process, shared_data):
    folder = shared_data / "bad_input"
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.name != "README.md")
    assert len(files) > 70
    found = {}
    for file in files:
        for reader in READERS:
            found[file.relative_to(folder).as_posix(), reader] = process.outcome(reader, file.read_bytes(), file.name)
    stopped = {
        file: code
        for file, code in found.items()
        if code.split()[0] in ("memory", "time", "output", "crash", "nameless")
    }
    assert not stopped
    tables = {file for (file, reader), code in found.items() if reader == "read_table" and code == "loaded"}
    assert {f"csv_spectrum/csvs/{name}.csv" for name in ("comma_in_quotes", "newlines", "utf8")} <= tables
    assert {"encodings/events_gbk.csv", "injection/formula_cells.csv", "xlsx/mixed_types.xlsx"} <= tables
    assert found["geometry/invalid_basic.geojson", "read_boundaries"] == "loaded"


# --- hostile files, made here -----------------------------------------------------------------------------------------

_CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
_DOCTYPE = f'<!DOCTYPE x [<!ENTITY l0 "ha">{_LAUGHS}]>'


def zipped(members: dict[str, bytes], level: int = 1) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return sink.getvalue()


def workbook(rows: str, before: str = "", more: dict[str, bytes] | None = None) -> bytes:
    """A workbook of one sheet whose rows are written by hand."""
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" Type="{_OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'{before}<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>',
    }
    return zipped({name: text.encode() for name, text in parts.items()} | (more or {}))


def text_cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


@functools.cache
def cell_of_400_mb() -> bytes:
    whole = zipfile.ZipFile(io.BytesIO(workbook(f'<row r="1">{text_cell("A1", "MUCH")}</row>')))
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in whole.namelist():
            start, much, end = whole.read(name).partition(b"MUCH")
            with archive.open(name, "w") as member:  # a piece at a time
                member.write(start)
                for _ in range(100 if much else 0):
                    member.write(b"x" * 4_000_000)
                member.write(end)
    return sink.getvalue()


def one_member_many_names() -> bytes:
    """An archive whose list names the same 10 MB of zeros a thousand times over."""
    whole = zipped({"a.shp": bytes(10_000_000)})
    start = whole.index(b"PK\x01\x02")
    end = whole.index(b"PK\x05\x06")
    entry, tail = whole[start:end], bytearray(whole[end:])
    struct.pack_into("<HHL", tail, 8, 1000, 1000, len(entry) * 1000)
    return whole[:start] + entry * 1000 + bytes(tail)


def parquet(columns: dict[str, pa.Array], **options: bytes) -> bytes:
    sink = io.BytesIO()
    table = pa.table(columns)
    pq.write_table(table.replace_schema_metadata(options) if options else table, sink)
    return sink.getvalue()


def same_text_over_and_over() -> bytes:
    """Three million cells of 3,000 letters: 9 GB in 1 MB."""
    codes = pa.array(np.zeros(3_000_000, dtype=np.int32))
    return parquet({"a": pa.DictionaryArray.from_arrays(codes, pa.array(["x" * 3000]))})


def footer_of_two_gigabytes() -> bytes:
    content = bytearray(parquet({"a": pa.array(["1", "2"])}))
    struct.pack_into("<L", content, len(content) - 8, 2**31 - 1)
    return bytes(content)


def shapefile_of_a_billion_points() -> bytes:
    header = struct.pack(">7i", 9994, 0, 0, 0, 0, 0, 2**30) + struct.pack("<2i8d", 1000, 5, *[0.0] * 8)
    record = struct.pack(">2i", 1, 2**29) + struct.pack("<i4d2i", 5, 0, 0, 1, 1, 2**30, 2**30)
    table = struct.pack("<4BLHH20x", 3, 125, 1, 1, 2**31, 65535, 65535) + b"\x0d"
    return zipped({"a.shp": header + record, "a.shx": header, "a.dbf": table})


def wkb_of_four_billion_rings() -> pa.Array:
    return pa.array([struct.pack("<BLL", 1, 3, 2**32 - 1)], pa.binary())


_GEO = json.dumps({"version": "1.0.0", "primary_column": "geometry",
                   "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}}}).encode()  # fmt: skip
_KML = '<?xml version="1.0"?>{}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'

HOSTILE: dict[str, Callable[[], bytes]] = {
    "a cell of two million letters.csv": lambda: b"a,b\n1," + b"x" * 2_000_000 + b"\n",
    "a million columns.csv": lambda: b"a," * 1_000_000 + b"a\n" + b"1," * 1_000_000 + b"1\n",
    "quotes alone.csv": lambda: b'a,b\n"' + b'"' * 3_000_000,
    "open quotes.csv": lambda: b'a,b\n"' + b'x,1\ny,"2\n' * 60_000,
    "empty lines.csv": lambda: b"a,b\n" + b"\n" * 2_000_000 + b"1,2\n",
    "nothing but NUL.csv": lambda: bytes(5_000_000),
    "NUL between.csv": lambda: b"a,b\n" + b"\x001,\x00\n" * 300_000,
    "half a sign.csv": lambda: "﻿a,b\n积,水\n".encode("utf-16")[:-1],
    "noise.csv": lambda: np.random.default_rng(1).bytes(1_000_000),
    "a cell of two million letters.xlsx": lambda: workbook(
        f'<row r="1">{text_cell("A1", "a")}{text_cell("B1", "b")}</row>'
        f'<row r="2">{text_cell("A2", "x" * 2_000_000)}{text_cell("B2", "1")}</row>'
    ),
    "the last cell.xlsx": lambda: workbook(
        f'<row r="1">{text_cell("A1", "a")}</row><row r="1048576">{text_cell("XFD1048576", "z")}</row>'
    ),
    "a cell of 400 MB.xlsx": cell_of_400_mb,
    "laughs.xlsx": lambda: workbook(f'<row r="1">{text_cell("A1", "&l9;")}</row>', before=_DOCTYPE),
    "slip.xlsx": lambda: workbook(f'<row r="1">{text_cell("A1", "a")}</row>', more={"../../../x.py": b"bad"}),
    "rows without end.html": lambda: (
        b"<html><table><tr><th>a<th>b</tr>"
        + b"<tr><td rowspan=65534 colspan=1000>1<td rowspan=65534 colspan=1000>2</tr>" * 200
        + b"</table></html>"
    ),
    "deep.html": lambda: b"<html><table><tr><td>" + b"<div><table><tr><td>" * 50_000,
    "laughs.html": lambda: f"{_DOCTYPE}<html><table><tr><td>&l9;</td></tr></table></html>".encode(),
    "laughs.kml": lambda: _KML.format(_DOCTYPE, "<Placemark><name>&l9;</name></Placemark>").encode(),
    "outside.kml": lambda: _KML.format(
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>', "<Placemark><name>&e;</name></Placemark>"
    ).encode(),
    "deep.kml": lambda: _KML.format("", "<Folder>" * 200_000).encode(),
    "link.kml": lambda: _KML.format("", "<NetworkLink><href>http://127.0.0.1:9/</href></NetworkLink>").encode(),
    "virtual.vrt": lambda: (
        b'<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/hostname</SrcDataSource></OGRVRTLayer>'
        b"</OGRVRTDataSource>"
    ),
    "deep.geojson": lambda: b'{"type":"Polygon","coordinates":' + b"[" * 1_000_000,
    "digits.geojson": lambda: b'{"type":"Polygon","coordinates":[[[' + b"9" * 1_000_000 + b",1]]]}",
    "no number.geojson": lambda: boundary("AB").replace(b"113.0", b"1e999"),
    "linked system.geojson": lambda: boundary("AB").replace(
        b'"features"', b'"crs":{"type":"link","properties":{"href":"http://127.0.0.1:9/"}},"features"', 1
    ),
    "features of nothing.geojson": lambda: b'{"type":"FeatureCollection","features":[' + b"{}," * 400_000 + b"{}]}",
    "deep text.csv": lambda: b"id,wkt\n1,\"" + b"GEOMETRYCOLLECTION(" * 100_000 + b'"\n',
    "many entries.zip": lambda: zipped({f"{n}.shp": b"" for n in range(20_000)}),
    "bomb.zip": lambda: zipped({"a.shp": bytes(220_000_000), "a.dbf": b"", "a.shx": b""}),
    "one member.zip": one_member_many_names,
    "zip in zip.zip": lambda: functools.reduce(lambda inner, n: zipped({f"{n}.zip": inner}), range(50), b"x"),
    "slip.zip": lambda: zipped({"../../a.shp": b"x", "/etc/a.dbf": b"x", "C:\\a.shx": b"x"}),
    "a billion points.zip": shapefile_of_a_billion_points,
    "the same text.parquet": same_text_over_and_over,
    "footer.parquet": footer_of_two_gigabytes,
    "cut.parquet": lambda: parquet({"a": pa.array(["1", "2"])})[:-20] + b"PAR1",
    "geo broken.parquet": lambda: parquet({"geometry": wkb_of_four_billion_rings()}, geo=b"{broken"),
    "rings.parquet": lambda: parquet({"geometry": wkb_of_four_billion_rings()}, geo=_GEO),
    "cut.gpkg": lambda: b"SQLite format 3\x00" + bytes(4000),
    "cut.xls": lambda: bytes.fromhex("d0cf11e0a1b11ae1") + bytes([255] * 4000),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_a_sentence(process, name):
    content = HOSTILE[name]()
    for reader in READERS:
        outcome = process.outcome(reader, content, name)
        assert outcome.split()[0] not in ("crash", "nameless"), f"{reader}: {outcome}"


def test_what_is_built_here_is_what_it_says(process, tmp_path: Path):
    # The workbook by hand is one that loads, so that the hostile ones are refused for what they hold
    good = workbook(
        f'<row r="1">{text_cell("A1", "a")}{text_cell("B1", "b")}</row>'
        f'<row r="2">{text_cell("A2", "积水")}{text_cell("B2", "2")}</row>'
    )
    assert process.outcome("read_table", good, "a.xlsx") == "loaded"
    assert len(same_text_over_and_over()) < 2_000_000
    with zipfile.ZipFile(io.BytesIO(cell_of_400_mb())) as archive:
        assert archive.getinfo("xl/worksheets/sheet1.xml").file_size > 400_000_000
