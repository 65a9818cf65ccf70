"""One million rows of CSV: our import to a queryable version beside pandas + geopandas, each in a process of its own.

Ours checks, masks, names the hazard, places and commits; the peer only reads, parses the times, joins and writes
Parquet: what one would write in an afternoon. Seconds count from the call, without the start of Python; memory is the
peak of the process and its children together, sampled.

Run by `python run.py bench importing`, or alone: `python -m bench.importing`.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from bench.invented import SETS, build_cells
from bench.measuring import Lines, called, parser

N, SEED = 1_000_000, 20260101
COLUMNS, ROWS, _ = SETS["300"]
TYPES = ("道路积水", "井盖下沉", "围墙倾斜", "暴露垃圾", "占道经营", "路灯不亮")
SIZE = 0.01  # degrees of a cell's side
WEST, SOUTH = 113.0, 33.5


def make_files(folder: Path, n: int = N) -> tuple[Path, Path]:
    """Write invented rows and the 300 cells they lie in."""
    chance = np.random.default_rng(SEED)
    opened = np.datetime64("2023-01-01T00:00:00") + chance.integers(0, 3 * 365 * 86400, n).astype("timedelta64[s]")
    closed = opened + chance.exponential(2 * 86400, n).astype("timedelta64[s]")
    kinds = chance.integers(0, len(TYPES), n)
    street = chance.integers(1, 400, n)
    table = {
        "案卷号": pa.array([f"SL{number:08d}" for number in range(n)]),
        "上报时间": pa.array(np.char.replace(np.datetime_as_string(opened), "T", " ")),
        "结案时间": pa.array(
            np.where(chance.random(n) < 0.1, "", np.char.replace(np.datetime_as_string(closed), "T", " "))
        ),
        "小类名称": pa.array([TYPES[kind] for kind in kinds]),
        "问题描述": pa.array([f"{TYPES[k]},影响通行,第{s}号院门口" for k, s in zip(kinds, street, strict=True)]),
        "地址": pa.array([f"示例路{s}号" for s in street]),
        "经度": pa.array(np.char.mod("%.6f", WEST + chance.uniform(-0.1, COLUMNS + 0.1, n) * SIZE)),
        "纬度": pa.array(np.char.mod("%.6f", SOUTH + chance.uniform(-0.1, ROWS + 0.1, n) * SIZE)),
        "问题来源": pa.array(np.array(["巡查", "热线", "视频"])[chance.integers(0, 3, n)]),
        "天气": pa.array(np.array(["晴", "雨", "阴", ""])[chance.integers(0, 4, n)]),
    }
    arrow_csv.write_csv(pa.table(table), folder / "reports.csv")
    cells = build_cells()
    shapes = cells.scale(SIZE, SIZE, origin=(0, 0)).translate(WEST, SOUTH).to_numpy()
    named = gpd.GeoDataFrame({"网格编码": [f"{i:04d}" for i in range(len(cells))]}, geometry=shapes, crs="EPSG:4326")
    (folder / "cells.geojson").write_text(named.to_json(drop_id=True), encoding="utf-8")
    return folder / "reports.csv", folder / "cells.geojson"


def ours(reports: Path, cells: Path, folder: Path) -> float:
    """Import into a new workspace; return the seconds of the import alone."""
    from data import levels, loading
    from data.store import Workspace

    workspace = Workspace(folder / "workspace")
    levels.load_cells(workspace, cells.read_bytes(), cells.name, level="grid", who="bench")
    start = time.perf_counter()
    answer = loading.import_incidents(workspace, reports.read_bytes(), reports.name, who="bench")
    seconds = time.perf_counter() - start
    assert answer["read"] == answer["accepted"] == reports.read_bytes().count(b"\n") - 1, answer
    return seconds


def pandas_geopandas(reports: Path, cells: Path, folder: Path) -> float:
    """Read, parse, join and write with the tools one would use instead; return the seconds."""
    shapes = gpd.read_file(cells)
    start = time.perf_counter()
    frame = pd.read_csv(reports, dtype=str)
    for name in ("上报时间", "结案时间"):
        frame[name] = pd.to_datetime(frame[name])
    points = gpd.points_from_xy(frame["经度"].astype(float), frame["纬度"].astype(float))
    located = gpd.GeoDataFrame(frame, geometry=points, crs="EPSG:4326")
    joined = gpd.sjoin(located, shapes, how="left", predicate="intersects")
    pd.DataFrame(joined.drop(columns="geometry")).to_parquet(folder / "peer.parquet")
    return time.perf_counter() - start


METHODS = {"import_incidents": ours, "pandas + geopandas": pandas_geopandas}


def main() -> None:
    """Print seconds and peak memory of both, and their ratios."""
    options = parser(__doc__)
    options.add_argument("--rows", type=int, default=N)
    options.add_argument("--run", nargs=4, metavar=("WAY", "REPORTS", "CELLS", "FOLDER"), help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.run:
        way, *files = asked.run
        print(json.dumps(METHODS[way](*map(Path, files))))
        return
    lines, found = Lines("importing", asked.json), {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        files = make_files(folder, asked.rows)
        for way in METHODS:
            seconds, memory = called("bench.importing", "--run", way, *files, folder)
            found[way] = seconds, memory.most
        print(f"  {asked.rows:,} rows, {files[0].stat().st_size / 1e6:.0f} MB of CSV, 300 cells; one run each")
    for way, (seconds, megabytes) in found.items():
        print(f"  {way:20} {seconds:7.1f} s  {megabytes:7.0f} MB")
        lines.add(rows=asked.rows, way=way, seconds=seconds, peak_mb=megabytes)
    (ours_s, ours_mb), (theirs_s, theirs_mb) = found.values()
    print(f"  {'ratio':20} {ours_s / theirs_s:7.2f}    {ours_mb / theirs_mb:7.2f}")


if __name__ == "__main__":
    main()
