"""Thousands of damaged files through the readers, each a sentence or a table: what else comes out is a mistake of ours.

Small files of every readable format, invented here or real ones beside the project, are altered by seeded chance: bits
flipped, pieces cut, repeated or taken from another file, numbers made absurd, members of archives altered and zipped
again, attributes of XML changed. Each goes to a reader in a process with limits that serves many files.

Run by `python run.py bench fuzz`, or alone: `python -m bench.fuzz --files 10000`; one file again, kept in a folder:
`python -m bench.fuzz --only 4711 --keep DIR`.
"""

import base64
import collections
import io
import itertools
import logging
import random
import re
import sqlite3
import struct
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
import xlsxwriter

from base.errors import HazardError
from bench.measuring import Lines, parser
from data import apart

SEED, FILES, WORKERS, ANEW = 20260101, 1_000, 2, 500  # a process serves so many files, then another begins
CAPS = {"memory_mb": 300, "seconds": 5, "output_mb": 300}
REAL = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
LARGEST_REAL = 150_000
_REAL_SHARE = 0.2
TABLE, BOUNDARIES = "read_table", "read_boundaries"
ROWS = [
    ("案卷号", "上报时间", "小类名称", "问题描述", "经度", "纬度"),
    ("示例-001", "2025/3/5 14:30", "道路积水", "示例路口积水,“深”约20厘米", "113.301", "33.735"),
    ("示例-002", "2025年3月6日", "井盖下沉", "井盖\n下沉", "113.302", "33.736"),
    ("示例-003", "45722.5", "墙体隐患", "", "113°18′", "33.737"),
]


@dataclass(frozen=True)
class Sample:
    """A sound file and the readers that it is meant for."""

    name: str
    content: bytes
    readers: tuple[str, ...]


@dataclass(frozen=True)
class Mutant:
    """A damaged file, made again by its number alone."""

    number: int
    name: str
    reader: str
    content: bytes


# --- sound files ------------------------------------------------------------------------------------------------------


@cache
def made() -> tuple[Sample, ...]:
    """Return small sound files of every format that is read."""
    cells = _cells()
    frame = pd.DataFrame(ROWS[1:], columns=ROWS[0])
    points = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy([113.301, 113.302, 113.303], [33.7] * 3), crs=4326)
    text = "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in ROWS)
    wkt = "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in _outlines(cells))
    table = "".join(
        "<tr>" + "".join(f"<td rowspan=1 colspan='1'>{cell}</td>" for cell in row) + "</tr>" for row in ROWS
    )
    both, tables = (TABLE, BOUNDARIES), (TABLE,)
    return (
        Sample("utf8.csv", text.encode("utf-8-sig"), tables),
        Sample("gb18030.csv", text.encode("gb18030"), tables),
        Sample("utf16.csv", text.replace(",", "\t").encode("utf-16"), tables),
        Sample("wkt.csv", wkt.encode(), both),
        Sample("book.xlsx", _workbook(), tables),
        Sample("book.xls", _old_workbook(), tables),
        Sample("page.xls", f"<html><meta charset='utf-8'><table>{table}</table></html>".encode(), tables),
        Sample("cells.geojson", cells.to_json().encode(), both),
        Sample("points.geojson", points.to_json().encode(), both),
        Sample("cells.gpkg", _geopackage(cells), both),
        Sample("cells.zip", _shapefile(cells), both),
        Sample("points.zip", _shapefile(points), both),
        Sample("table.parquet", _in_memory(frame.to_parquet), tables),
        Sample("cells.parquet", _in_memory(cells.to_parquet), both),
        Sample("points.parquet", _in_memory(points.to_parquet), both),
        Sample("cells.kml", _kml(cells), both),
        Sample("cells.kmz", _zipped({"doc.kml": _kml(cells), "files/a.txt": b"a"}), both),
        Sample("archive.xls", _web_archive(f"<html><table>{table}</table></html>"), tables),
        Sample("wkt.xlsx", _workbook(_outlines(cells)), both),
    )


@cache
def real() -> tuple[Sample, ...]:
    """Return the small files beside the project, some of them bad as they are."""
    files = sorted(REAL.rglob("*")) if REAL.is_dir() else []
    kinds = (".csv", ".xlsx", ".json", ".geojson", ".zip", ".parquet", ".xml")
    small = [file for file in files if file.suffix in kinds and 0 < file.stat().st_size < LARGEST_REAL]
    return tuple(
        Sample(file.name, file.read_bytes(), (TABLE,) if file.suffix in (".csv", ".xlsx") else (BOUNDARIES, TABLE))
        for file in small
        if not file.name.endswith("expected.json")
    )


def _cells() -> gpd.GeoDataFrame:
    holes = [[(113.3002, 33.7302), (113.3004, 33.7302), (113.3004, 33.7304)]]
    shapes = [
        shapely.Polygon(shapely.box(113.3, 33.73, 113.31, 33.74).exterior, holes),
        shapely.MultiPolygon([shapely.box(113.31, 33.73, 113.32, 33.74), shapely.box(113.33, 33.73, 113.34, 33.74)]),
    ]
    return gpd.GeoDataFrame(
        {"code": ["01", "02"], "名称": ["示例一", "示例二"], "n": [1, 2]}, geometry=shapes, crs=4326
    )


def _in_memory(write: Callable[[io.BytesIO], object]) -> bytes:
    sink = io.BytesIO()
    write(sink)
    return sink.getvalue()


def _outlines(cells: gpd.GeoDataFrame) -> list[tuple[str, ...]]:
    return [("id", "name", "wkt"), *((str(n), f"示例{n}", shape.wkt) for n, shape in enumerate(cells.geometry))]


def _workbook(rows: Sequence[tuple[str, ...]] = ROWS) -> bytes:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name in ("一", "二"):
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
            sheet.write_number(4, 1, 45722.5, day)
            sheet.merge_range(5, 0, 5, 2, "合计")
    return sink.getvalue()


def _old_workbook() -> bytes:
    """Return an XLS by hand: one BIFF8 sheet of plain labels and numbers in a compound file of 512-byte sectors."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def label(row: int, column: int, value: str) -> bytes:
        signs = value.encode("utf-16-le")
        return record(0x204, struct.pack("<HHHHB", row, column, 0, len(signs) // 2, 1) + signs)

    opened = {kind: record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 0, 0, 0)) for kind in (5, 0x10)}
    cells = b"".join(label(row, column, value) for row, line in enumerate(ROWS) for column, value in enumerate(line))
    cells += record(0x203, struct.pack("<HHHd", 4, 0, 0, 45722.5))
    sheet = opened[0x10] + record(0x200, struct.pack("<IIHHH", 0, 5, 0, 6, 0)) + cells + record(10, b"")
    named = struct.pack("<IBBBB", len(opened[5]) + 16, 0, 0, 2, 0) + b"S1"
    book = (
        opened[5] + record(0x85, struct.pack("<I", len(opened[5]) + 4 + len(named) + 4) + named[4:]) + record(10, b"")
    )
    book = (book + sheet).ljust(4608, b"\0")  # under 4,096 bytes it would lie among the small streams
    sectors = len(book) // 512
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, sectors + 2), 0xFFFFFFFE]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        signs = (name + "\0").encode("utf-16-le")
        links = struct.pack("<HBBIII", len(signs), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
        return signs.ljust(64, b"\0") + links + bytes(36) + struct.pack("<IQ", start, size)

    folder = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 2, len(book))
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<9I", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    return header + struct.pack("<I", 0) + b"\xff" * 432 + table + folder.ljust(512, b"\0") + book


def _web_archive(page: str) -> bytes:
    parts = {"file:///a.htm": ("text/html", page.encode()), "file:///a.css": ("text/css", b"td { color: red }")}
    head = 'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="--=_part"\r\n\r\n'
    told = "".join(
        f"----=_part\r\nContent-Location: {place}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Type: {kind}; charset="utf-8"\r\n\r\n{base64.encodebytes(content).decode()}\r\n'
        for place, (kind, content) in parts.items()
    )
    return f"{head}{told}----=_part--\r\n".encode()


def _geopackage(cells: gpd.GeoDataFrame) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        cells.to_file(Path(folder) / "a.gpkg", layer="grids", driver="GPKG")
        with sqlite3.connect(Path(folder) / "a.gpkg") as database:
            content = database.serialize()
        database.close()
    return content


def _shapefile(frame: gpd.GeoDataFrame) -> bytes:
    short = frame.set_axis([f"f{place}" for place in range(frame.shape[1] - 1)] + ["geometry"], axis=1)
    with tempfile.TemporaryDirectory() as folder:
        short.set_geometry("geometry").to_file(Path(folder) / "a.shp", driver="ESRI Shapefile", encoding="utf-8")
        return _zipped({file.name: file.read_bytes() for file in sorted(Path(folder).iterdir())})


def _kml(cells: gpd.GeoDataFrame) -> bytes:
    places = "".join(
        f"<Placemark><name>示例{n}</name><ExtendedData><Data name='code'><value>{n:02d}</value></Data></ExtendedData>"
        "<Polygon><outerBoundaryIs><LinearRing><coordinates>"
        + " ".join(f"{x},{y},0" for x, y in shapely.get_coordinates(shape)[:5])
        + "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        for n, shape in enumerate(cells.geometry)
    )
    start = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document id="d">'
    return f"{start}<Folder><name>示例</name>{places}</Folder></Document></kml>".encode()


def _zipped(members: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return sink.getvalue()


# --- damage -----------------------------------------------------------------------------------------------------------

Damage = Callable[[bytearray, random.Random], bytes | bytearray]
_ABSURD = ("", "0", "-1", "1e999", "NaN", "99999999999999999999", "&#0;", "A" * 5000, "' OR 1=1", "../../x", "\ud83d")
_VALUES = re.compile(rb"""="[^"<>]*"|='[^'<>]*'|>[^<>]+<|:\s*"[^"]*"|-?\d+\.?\d*""")


def mutant(seed: int, number: int) -> Mutant:
    """Return the damaged file of a number."""
    chance = random.Random(f"{seed} {number}")
    sample = chance.choice(real() if real() and chance.random() < _REAL_SHARE else made())
    content = sample.content
    members = _members(content)
    if members and chance.random() < 0.7:
        name = chance.choice(sorted(members))
        if chance.random() < 0.1:
            members[chance.choice(["../" + name, name.upper(), "b/" + name, "c.shp"])] = members.pop(name)
        else:
            members[name] = _damaged(members[name], chance)
        content = _zipped(members)
    else:
        content = _damaged(content, chance)
    return Mutant(number, sample.name, chance.choice(sample.readers), content)


def _members(content: bytes) -> dict[str, bytes]:
    if not content.startswith(b"PK"):
        return {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _damaged(content: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        if content:
            content = bytes(chance.choice(_DAMAGE)(bytearray(content), chance))
    return content


def _flip(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.randint(1, 16)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return content


def _cut(content: bytearray, chance: random.Random) -> bytearray:
    return content[: chance.randrange(len(content))]


def _drop(content: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(content))
    del content[start : start + chance.choice((1, 2, 8, 100, 1000))]
    return content


def _splice(content: bytearray, chance: random.Random) -> bytearray:
    other = chance.choice(made()).content
    start, place = chance.randrange(len(other)), chance.randrange(len(content))
    content[place:place] = other[start : start + chance.choice((4, 64, 1000))]
    return content


def _repeat(content: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(content))
    end = start + chance.choice((1, 4, 30, 300))
    content[end:end] = content[start:end] * chance.choice((1, 3, 100, 3000))
    return content


def _word(content: bytearray, chance: random.Random) -> bytearray:
    place = chance.randrange(len(content))
    new = chance.choice((b"\0" * 4, b"\xff" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\x7f\xff\xff\xff", b"\xf8\x7f"))
    content[place : place + len(new)] = new
    return content


def _turn(content: bytearray, chance: random.Random) -> bytearray:
    size = chance.choice((2, 4, 8))
    place = chance.randrange(len(content))
    content[place : place + size] = content[place : place + size][::-1]
    return content


def _value(content: bytearray, chance: random.Random) -> bytearray:
    found = list(itertools.islice(_VALUES.finditer(content), 2000))
    if not found:
        return _flip(content, chance)
    start, end = chance.choice(found).span()
    new = chance.choice(_ABSURD).encode("utf-8", "surrogatepass")
    edges = 0 if content[start : start + 1].isdigit() or content[start : start + 1] == b"-" else 1
    first = content.find(b'"', start, end) + 1 or start + edges
    content[first : max(first, end - edges)] = new
    return content


_DAMAGE: tuple[Damage, ...] = (_flip, _cut, _drop, _splice, _repeat, _word, _turn, _value, _value)


# --- the run ----------------------------------------------------------------------------------------------------------


class Worker(threading.Thread):
    """Sends every so many-th file to a process of its own, and counts what comes of it."""

    def __init__(self, numbers: range, seed: int, keep: Path | None) -> None:
        super().__init__()
        self.numbers, self.seed, self.keep = numbers, seed, keep
        self.counts: collections.Counter[tuple[str, str, str]] = collections.Counter()  # sample, outcome, code or place
        self.odd: list[tuple[int, str, str]] = []  # number, outcome, place

    def run(self) -> None:
        """Read all files of this worker."""
        process = apart.Reader()
        for turn, number in enumerate(self.numbers, start=1):
            one = mutant(self.seed, number)
            outcome, place = _outcome(process, one)
            stopped = outcome not in ("loaded", "refused")
            if stopped or turn % ANEW == 0:
                process.close()
                process = apart.Reader()
            if outcome == "memory":  # of this file alone, or of all that the process had read?
                outcome, place = _outcome(process, one)
            self.counts[one.name, outcome, place] += 1
            if stopped:
                self.odd.append((number, f"{one.name} {one.reader} {outcome}", place))
                if self.keep:
                    (self.keep / f"{number}-{one.name}").write_bytes(one.content)
        process.close()


def _outcome(process: apart.Reader, one: Mutant) -> tuple[str, str]:
    try:
        process.read(one.reader, one.content, one.name, {}, **CAPS)
    except HazardError as refusal:
        str(refusal)  # a sentence whose fields are there
        if refusal.code != "reading-stopped":
            return "refused", refusal.code
        return str(refusal.facts["why"]), str(refusal.facts["detail"])
    return "loaded", ""


def main() -> int:
    """Print what came of the files; return 1 if a reader made a mistake or broke off."""
    asked = parser(__doc__)
    asked.add_argument("--files", type=int, default=FILES)
    asked.add_argument("--seed", type=int, default=SEED)
    asked.add_argument("--only", type=int, help="this file alone")
    asked.add_argument("--keep", type=Path, help="a folder for the files that no sentence refused")
    options = asked.parse_args()
    logging.disable(logging.WARNING)  # all is counted here
    if options.only is not None:
        one = mutant(options.seed, options.only)
        process = apart.Reader()
        print(one.number, one.name, one.reader, f"{len(one.content):,} bytes:", *_outcome(process, one))
        process.close()
        if options.keep:
            (options.keep / f"{one.number}-{one.name}").write_bytes(one.content)
        return 0
    start = time.perf_counter()
    sound = len(made()) + len(real())
    workers = [Worker(range(n, options.files, WORKERS), options.seed, options.keep) for n in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    counts = sum((worker.counts for worker in workers), collections.Counter())
    outcomes: collections.Counter[str] = collections.Counter()
    refusals: collections.Counter[str] = collections.Counter()
    places: collections.Counter[str] = collections.Counter()
    for (name, outcome, place), n in counts.items():
        outcomes[outcome] += n
        if outcome == "refused":
            refusals[place] += n
        elif outcome != "loaded":
            places[f"{outcome}: {name} {place}"] += n
    seconds = time.perf_counter() - start
    Lines("fuzz", options.json).add(files=options.files, seed=options.seed, seconds=seconds, outcomes=outcomes)
    print(f"fuzz: {options.files:,} files of {sound} sound ones, seed {options.seed}, {seconds:.0f} s")
    for title, counted in (("outcomes", outcomes), ("refused by", refusals), ("to be looked at", places)):
        print(f"  {title}")
        for key, n in counted.most_common():
            print(f"    {n:7,}  {key}")
    for number, what, place in sorted(odd for worker in workers for odd in worker.odd)[:50]:
        print(f"  --only {number}: {what} {place}")
    return int(bool(outcomes["crash"]))


if __name__ == "__main__":
    raise SystemExit(main())
