"""The questions of the screens at city scale, and one more import: seconds, and memory beyond the start.

A workspace of invented incidents over 120 months and a square of cells, written month by month by the store itself.
Each question is asked in a fresh process, twice over the same version: "first" pays for opening, "then" is the median
of three more, and "busy" is the processor time of those shared by all processors: what is left on a machine that has
nothing else to do. Memory is the peak of that process beyond what it held with all modules loaded.

Run by `python run.py bench queries`, or `python -m bench.queries --rows 10000000 --cells 10000 --folder DIR`: with a
folder the workspace stays and is used again.
"""

import argparse
import datetime as dt
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from bench.measuring import Lines, Memory, called, parser
from data import listing, loading, merging, queries, tables, timing
from data.dataset import Dataset
from data.levels import load_cells
from data.schema import TIME_FIELDS, ImportRecord, Scope
from data.store import Workspace
from reports import answers, record, times

ROWS, CELLS, MONTHS, SEED = 1_000_000, 10_000, 120, 20260101
ADDED = 10_000  # rows of a further import, of the last three months
WEST, SOUTH, SIZE = 113.0, 33.5, 0.005  # degrees
FIRST = np.datetime64("2016-01")
ZONE_HOURS = 8
TYPES = ("道路积水", "井盖下沉", "围墙倾斜", "暴露垃圾", "占道经营", "路灯不亮")
HAZARD_OF = ("waterlogging", "sunken_cover", "wall_risk", "other", "other", "other")
CHANNELS, UNITS = ("巡查", "热线", "视频"), tuple(f"示例单位{n}" for n in range(40))


def kept(folder: Path, rows: int, cells: int) -> Path:
    """Return the workspace of so many incidents and cells in a folder, made if it is not there yet."""
    path = folder / f"{rows}-{cells}"
    if not Workspace(path).exists:
        make(path, rows, cells)
    return path


def make(folder: Path, rows: int, cells: int, months: int = MONTHS) -> Workspace:
    """Write a workspace of two sources, two boundary levels and the first months of all, a month at a time.

    The grids lie row by row in a square whose last row may be cut short: what lies there is outside.
    """
    workspace = Workspace(folder)
    side = int(np.ceil(cells**0.5))
    across = max(1, side // 10)  # grids of a community, along each side
    wide = -(-side // across)
    grids = {_grid(at) for at in range(cells)}
    communities = {_community(at % side, at // side, across, wide) for at in range(cells)}
    for level, step, n, known in (("community", SIZE * across, wide, communities), ("grid", SIZE, side, grids)):
        squares = _squares(level, step, n, across, wide)
        features = [one for one in squares if one["properties"]["cell_id"] in known]
        content = json.dumps({"type": "FeatureCollection", "features": features})
        load_cells(workspace, content.encode(), f"{level}.geojson", level=level, who="bench", trusted=True)
    chance = np.random.default_rng(SEED)
    with workspace.change("import", who="bench") as change:
        schema = tables.incident_schema(tuple(level.column for level in change.levels))
        columns = {level.name: level.column for level in change.levels}
        for at, n in enumerate(np.diff(np.linspace(0, rows, months + 1).astype(int))):
            part = month_of_rows(chance, FIRST + at, int(n), cells, across, columns, schema)
            change.write("incidents", part.sort_by(merging._order(change)), append=at > 0)
        as_of = str(FIRST + months) + "-01T00:00:00+08:00"
        change.imports = tuple(
            ImportRecord(
                import_id=f"00000{place}-bench", source=source, file=f"{source}.csv", content_hash=source, options={},
                who="bench", when=change.when, as_of=as_of, read=0, accepted=0, rejected=0, repeats=0, updated=0,
                levels={}, version=change.number,
            )
            for place, source in enumerate(("patrol", "hotline"))
        )  # fmt: skip
        change.commit()
    return workspace


def _squares(level: str, step: float, n: int, across: int, wide: int) -> Iterator[dict[str, Any]]:
    for at in range(n * n):
        x, y = at % n, at // n
        west, south, east, north = (round(v, 9) for v in _box(x, y, step))
        ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
        parent = {"parent": _community(x, y, across, wide)} if level == "grid" else {}
        cell_id = _grid(at) if level == "grid" else f"4419{at:05d}"
        geometry = {"type": "Polygon", "coordinates": [ring]}
        yield {
            "type": "Feature",
            "properties": {"cell_id": cell_id, "name": f"示例{at}", **parent},
            "geometry": geometry,
        }


def _box(x: int, y: int, step: float) -> tuple[float, float, float, float]:
    return WEST + x * step, SOUTH + y * step, WEST + (x + 1) * step, SOUTH + (y + 1) * step


def _grid(at: int) -> str:
    return f"4419000{at:06d}"


def _community(x: int, y: int, across: int, wide: int) -> str:
    return f"4419{x // across + wide * (y // across):05d}"


def month_of_rows(
    chance: np.random.Generator,
    month: np.datetime64,
    n: int,
    cells: int,
    across: int,
    columns: dict[str, str],
    schema: pa.Schema,
) -> pa.Table:
    """Return the cases of a month, as they are stored: one of fifty never closed, one of thirty without a place."""
    side = int(np.ceil(cells**0.5))
    wide = -(-side // across)
    seconds = int(((month + 1).astype("datetime64[s]") - month.astype("datetime64[s]")).astype(int))
    start = month.astype("datetime64[us]") - np.timedelta64(ZONE_HOURS, "h")
    reported = start + chance.integers(0, seconds, n).astype("timedelta64[s]")
    closed = reported + chance.exponential(2 * 86400, n).astype("timedelta64[s]")
    x, y = (np.minimum(chance.beta(2, 3, n) * side, side - 1e-6) for _ in range(2))  # denser in one part
    lost = pa.array(chance.random(n) < 1 / 30)
    kind, still = chance.integers(0, len(TYPES), n), chance.random(n) < 0.02
    street = chance.integers(0, 4000, n)
    number = pa.array(np.arange(n).astype(str))
    grid = pa.array([_grid(at) for at in range(cells)])
    community = pa.array([_community(at % side, at // side, across, wide) for at in range(cells)])
    position = x.astype(int) + side * y.astype(int)
    cell = pa.array(position, mask=np.asarray(lost) | (position >= cells))

    def text(choices: Any, places: np.ndarray) -> pa.Array:
        return pa.array(choices, pa.string()).take(pa.array(places))

    given: dict[str, Any] = {
        "source": text(("patrol", "hotline"), (chance.random(n) < 0.4).astype(int)),
        "incident_id": pa.compute.binary_join_element_wise(f"SL{month}-", number, ""),
        "import_id": text(("000000-bench",), np.zeros(n, int)),
        "row": pa.array(np.arange(2, n + 2), pa.int32()),
        "month": text((str(month),), np.zeros(n, int)),
        "hazard": text(HAZARD_OF, kind),
        "type_name": text(TYPES, kind),
        "description": text(
            [f"{one},影响通行,第{s}号院门口,请尽快处理" for one in TYPES for s in range(4000)], kind * 4000 + street
        ),
        "address": text([f"示例路{s}号" for s in range(4000)], street),
        "channel": text(CHANNELS, chance.integers(0, 3, n)),
        "unit": text(UNITS, chance.integers(0, len(UNITS), n)),
        "reported_at": reported,
        "filed_at": reported + np.timedelta64(20, "m"),
        "dispatched_at": reported + np.timedelta64(1, "h"),
        "handled_at": pa.array(np.maximum(closed - np.timedelta64(2, "h"), reported), mask=still),
        "closed_at": pa.array(closed, mask=still),
        "target_at": reported + np.timedelta64(3, "D"),
        "due_at": reported + np.timedelta64(3, "D"),
        "due_from": text(("file",), np.zeros(n, int)),
        "lon": pa.array(WEST + SIZE * x, mask=np.asarray(lost)),
        "lat": pa.array(SOUTH + SIZE * y, mask=np.asarray(lost)),
        "remark": text(("", "no-location"), np.asarray(lost).astype(int)),
        "attributes": pa.MapArray.from_arrays(
            pa.array(np.arange(n + 1), pa.int32()),
            text(("天气",), np.zeros(n, int)),
            text(("晴", "雨", "阴", ""), chance.integers(0, 4, n)),
        ),
        columns["grid"]: grid.take(cell),
        columns["community"]: community.take(cell),
    }
    blank = text(("",), np.zeros(n, int))
    for name in schema.names:
        if name not in given:
            given[name] = blank if schema.field(name).type == pa.string() else pa.nulls(n, schema.field(name).type)
        elif name in TIME_FIELDS:
            given[name] = pa.array(given[name]).cast(pa.timestamp("us")).cast(schema.field(name).type)
    return pa.table([given[name] for name in schema.names], schema=schema)


LAST = pd.Timestamp(str(FIRST + MONTHS)).date()
SCOPES = {
    "all time": Scope(level="grid"),
    "a year": Scope(level="grid", start=dt.date(LAST.year - 1, 1, 1), end=LAST),
    "a month": Scope(level="grid", start=dt.date(LAST.year - 1, 12, 1), end=LAST),
    "a year, one hazard": Scope(level="grid", start=dt.date(LAST.year - 1, 1, 1), end=LAST, hazards=("waterlogging",)),
    "a year, one community": Scope(level="grid", start=dt.date(LAST.year - 1, 1, 1), end=LAST, area="441900044"),
    "all time, communities": Scope(level="community"),
}
Ask = Callable[[Dataset, Scope, str], Any]
OVERVIEW: dict[str, Ask] = {
    "counts by cell": lambda data, scope, cell: queries.counts(data, scope, ["cell"]),
    "counts by month, hazard": lambda data, scope, cell: queries.counts(data, scope, ["month", "hazard"]),
    "counts by source": lambda data, scope, cell: queries.counts(data, scope, ["source"]),
    "totals": lambda data, scope, cell: queries.totals(data, scope),
    "durations": lambda data, scope, cell: timing.durations(data, scope),
    "durations by hazard": lambda data, scope, cell: timing.durations(data, scope, "hazard"),
    "durations by unit": lambda data, scope, cell: timing.durations(data, scope, "unit"),
    "durations by cell": lambda data, scope, cell: timing.durations(data, scope, "cell"),
    "work durations by hazard": lambda data, scope, cell: timing.durations(data, scope, "hazard", clock="work"),
    "limits by hazard": lambda data, scope, cell: timing.durations(data, scope, "hazard", clock="limit"),
    "apart by hazard": lambda data, scope, cell: timing.apart(data, scope, "hazard", clock="work"),
    "undecided": lambda data, scope, cell: timing.undecided(data, scope),
    "open hours by cell": lambda data, scope, cell: timing.open_hours(data, scope, "cell"),
    "due by hazard": lambda data, scope, cell: timing.due(data, scope, "hazard"),
    "beside": lambda data, scope, cell: queries.beside(data, scope),
    "longest open": lambda data, scope, cell: listing.incidents(
        data, scope, open_only=True, order="longest_open", limit=200
    ),
    "a cell's list": lambda data, scope, cell: listing.incidents(data, scope, cell=cell, limit=1000),
    "a cell's durations": lambda data, scope, cell: timing.durations(data, scope, "hazard", cell=cell),
}
WHOLE: dict[str, Ask] = {
    "points": lambda data, scope, cell: queries.points(data, scope, by_cell=True),
    "overview (whole answer)": lambda data, scope, cell: answers.overview(data, scope),
    "record (whole answer)": lambda data, scope, cell: record.record_of(data, scope, answers.hot_spots(data, scope)),
    "resolution, all cases": lambda data, scope, cell: times.headline(_without_answers(data), scope),
    "resolution, groups": lambda data, scope, cell: times.groups(_without_answers(data), scope, times.Asked()),
    "cell view (whole answer)": lambda data, scope, cell: answers.cell_view(
        data, scope, cell, pd.DataFrame({"cell_id": [cell], "name": [""], "count": [1], "open": [0]})
    ),
}
PLAIN: dict[str, Ask] = {
    "span": lambda data, scope, cell: _fresh(data).span,
    "first days of the sources": lambda data, scope, cell: answers.first_days(_fresh(data)),
}


def _without_answers(data: Dataset) -> Dataset:
    """Return a version without the answers about times that it holds: its files stay read."""
    for kind in ("times", "times compared"):
        data.derived.pop(kind, None)
    return data


def _fresh(data: Dataset) -> Dataset:
    return Dataset(data.root, data.named)


def asked(question: str, scope: str, folder: Path) -> None:
    """Ask one question in this process and print its seconds and memory."""
    ask = {**OVERVIEW, **WHOLE, **PLAIN}[question]
    # What any question needs once, so that it is the start and not the answer
    pa.table({"a": [pd.Timestamp(0, tz="UTC")]}).to_pandas()
    with Memory() as memory:
        data = Workspace(folder).newest()
        start = time.perf_counter()
        found = ask(data, SCOPES[scope], busy_cell(folder))
        first = time.perf_counter() - start
        rows = len(found) if hasattr(found, "__len__") else 1
        del found
        then, busy = [], []
        for _ in range(1 if first > 5 else 3):
            start, began = time.perf_counter(), time.process_time()
            ask(data, SCOPES[scope], busy_cell(folder))
            then.append(time.perf_counter() - start)
            busy.append((time.process_time() - began) / (os.cpu_count() or 1))
    figures = {"first": first, "then": float(np.median(then)), "busy": float(np.median(busy))}
    print(json.dumps({**figures, "rows": rows, "gb": memory.more / 1e3}))


def busy_cell(folder: Path) -> str:
    """Return the cell with the most reports of a year."""
    return (folder / "busy.txt").read_text(encoding="utf-8")


def import_more(folder: Path) -> None:
    """Import rows of the last three months, 100 of them corrections, one of whose report times moved; print figures."""
    workspace = Workspace(folder)
    before = workspace.newest()
    scope = Scope(level="grid", start=dt.date(LAST.year - 1, 10, 1), end=LAST)
    known = listing.incidents(before, scope, limit=100)
    chance = np.random.default_rng(SEED + before.version)
    span = (pd.Timestamp(LAST) - pd.Timestamp(scope.start)).total_seconds()
    at = pd.Timestamp(scope.start) + pd.to_timedelta(chance.integers(0, int(span), ADDED), unit="s")
    frame = pd.DataFrame(
        {
            "案卷号": [*known["incident_id"], *(f"NEW{before.version}-{n}" for n in range(ADDED - len(known)))],
            "上报时间": at.strftime("%Y-%m-%d %H:%M:%S"),
            "小类名称": np.array(TYPES)[chance.integers(0, len(TYPES), ADDED)],
            "地址": [f"示例路{n}号" for n in chance.integers(0, 4000, ADDED)],
            "经度": (WEST + SIZE * 50 * chance.random(ADDED)).round(6),
            "纬度": (SOUTH + SIZE * 50 * chance.random(ADDED)).round(6),
        }
    )
    content = frame.to_csv(index=False).encode()
    files = set(tables.file_paths(folder, "incidents", before.named.tables["incidents"]))
    with Memory() as memory:
        start = time.perf_counter()
        answer = loading.import_incidents(workspace, content, "more.csv", source="patrol", who="bench")
        seconds = time.perf_counter() - start
    after = set(tables.file_paths(folder, "incidents", workspace.newest().named.tables["incidents"]))
    months = sorted({Path(one).parent.name for one in files ^ after})
    print(json.dumps({"first": seconds, "gb": memory.more / 1e3, "months": months, "updated": answer["updated"]}))


def main() -> None:
    """Make the workspace or use the one there is, ask everything, and print a table."""
    options = parser(__doc__)
    options.add_argument("--rows", type=int, default=ROWS)
    options.add_argument("--cells", type=int, default=CELLS)
    options.add_argument("--folder", type=Path)
    options.add_argument("--only", default="", help="questions whose name holds this")
    options.add_argument("--scope", default="", help="scopes whose name holds this")
    options.add_argument("--ask", nargs=2, metavar=("QUESTION", "SCOPE"), help=argparse.SUPPRESS)
    asking = options.parse_args()
    if asking.ask:
        question, scope = asking.ask
        import_more(asking.folder) if question == "import" else asked(question, scope, asking.folder)
        return
    with tempfile.TemporaryDirectory() as made:
        asking.folder = asking.folder or Path(made)
        measure(asking, Lines("queries", asking.json))


def measure(options: argparse.Namespace, lines: Lines) -> None:
    """Print what each question costs."""
    if not Workspace(options.folder).exists:
        with Memory() as memory:
            start = time.perf_counter()
            make(options.folder, options.rows, options.cells)
        print(f"  made in {time.perf_counter() - start:.0f} s, {memory.more / 1e3:.2f} GB")
    data = Workspace(options.folder).newest()
    if not (options.folder / "busy.txt").exists():
        busiest = queries.counts(data, SCOPES["a year"], ["cell"]).dropna().sort_values("count")["cell_id"].iloc[-1]
        (options.folder / "busy.txt").write_text(busiest, encoding="utf-8")
    (n,) = data.query("SELECT count(*) AS n FROM incidents")["n"].to_pylist()
    files = tables.file_paths(options.folder, "incidents", data.named.tables["incidents"])
    size = sum(os.path.getsize(one) for one in files) / 1e9
    cells = data.level("grid").cells
    print(f"  {n:,} incidents, {cells:,} cells, {len(files)} files, {size:.2f} GB")
    print(f"  {'':26} {'':24} {'first s':>8} {'then s':>8} {'busy s':>8} {'GB':>8} {'rows':>11}")
    asks = [(question, scope) for scope in SCOPES for question in (*OVERVIEW, *WHOLE)]
    asks += [(question, "all time") for question in PLAIN]
    for question, scope in asks:
        if options.only not in question or options.scope not in scope:
            continue
        if question in WHOLE and scope.startswith("all time") and "all" not in options.only:
            continue  # every point of ten years in one answer: nothing that a screen shows
        found, _ = called("bench.queries", "--folder", options.folder, "--ask", question, scope)
        figures = "".join(f"{found[name]:9.2f}" for name in ("first", "then", "busy", "gb"))
        print(f"  {question:26} {scope:24}{figures} {found['rows']:11,}", flush=True)
        lines.add(incidents=n, cells=cells, question=question, scope=scope, **found)
    if options.only in "import":
        found, _ = called("bench.queries", "--folder", options.folder, "--ask", "import", "")
        print(
            f"  import of {ADDED:,} more: {found['first']:.1f} s, {found['gb']:.2f} GB, {found['updated']} corrected,"
        )
        print(f"    months written: {', '.join(found['months'])}")
        lines.add(incidents=n, cells=cells, question="import", added=ADDED, **found)


if __name__ == "__main__":
    main()
