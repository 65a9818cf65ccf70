"""Once, a whole city: 40 million incidents in 40,000 cells, three months of them through the real import.

What was before is written by bench/queries.py; then a CSV of the last three months, a million rows, is imported as a
clerk would, in a process of its own; then each screen is measured in a browser as bench/screens.py does, and what all
that took: seconds, memory, disk.

Run by `python run.py bench city`, or `python -m bench.city --folder DIR`: with a folder the city stays; it is made and
imported into once, and only the screens are measured again.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from bench import screens
from bench.measuring import Lines, called, parser
from bench.queries import CHANNELS, FIRST, MONTHS, SEED, SIZE, SOUTH, TYPES, WEST, make
from data import loading, tables
from data.store import Workspace
from geo.maps import prepare_static

ROWS, CELLS, LAST_MONTHS = 40_000_000, 40_000, 3


def reports(rows: int, cells: int) -> bytes:
    """Return a CSV of the last months: one of fifty never closed, one of thirty without a place."""
    chance = np.random.default_rng(SEED + 1)
    side, first = cells**0.5, FIRST + MONTHS - LAST_MONTHS
    seconds = int(((FIRST + MONTHS).astype("datetime64[s]") - first.astype("datetime64[s]")).astype(int))
    opened = first.astype("datetime64[s]") + chance.integers(0, seconds, rows).astype("timedelta64[s]")
    closed = opened + chance.exponential(2 * 86400, rows).astype("timedelta64[s]")
    lost = chance.random(rows) < 1 / 30
    street = chance.integers(0, 4000, rows)
    kind = np.array(TYPES)[chance.integers(0, len(TYPES), rows)]

    def clock(times: np.ndarray, missing: np.ndarray) -> np.ndarray:
        return np.where(missing, "", np.char.replace(np.datetime_as_string(times), "T", " "))

    def degrees(start: float) -> np.ndarray:
        return np.where(lost, "", np.char.mod("%.6f", start + SIZE * side * chance.beta(2, 3, rows)))

    table = {
        "案卷号": [f"CITY{number:08d}" for number in range(rows)],
        "上报时间": clock(opened, np.zeros(rows, bool)),
        "结案时间": clock(closed, chance.random(rows) < 0.02),
        "小类名称": kind,
        "问题描述": [f"{one},影响通行,第{s}号院门口,请尽快处理" for one, s in zip(kind, street, strict=True)],
        "地址": [f"示例路{s}号" for s in street],
        "经度": degrees(WEST),
        "纬度": degrees(SOUTH),
        "问题来源": np.array(CHANNELS)[chance.integers(0, len(CHANNELS), rows)],
    }
    sink = pa.BufferOutputStream()
    arrow_csv.write_csv(pa.table({name: pa.array(values) for name, values in table.items()}), sink)
    return sink.getvalue().to_pybytes()


def write_past(folder: Path, rows: int, cells: int) -> None:
    """Write the months before the last ones, and print the seconds."""
    start = time.perf_counter()
    make(folder, rows, cells, MONTHS - LAST_MONTHS)
    print(json.dumps({"seconds": time.perf_counter() - start}))


def write_last(folder: Path, rows: int, cells: int) -> None:
    """Import the last months, and print the seconds of the import alone."""
    content = reports(rows, cells)
    start = time.perf_counter()
    answer = loading.import_incidents(
        Workspace(folder), content, "reports.csv", source="patrol", crs="wgs84", who="bench"
    )
    seconds = time.perf_counter() - start
    assert answer["read"] == rows == answer["accepted"], answer
    print(json.dumps({"seconds": seconds, "csv_mb": len(content) / 1e6, "levels": answer["levels"]}))


WRITES = {"past": write_past, "last": write_last}


def disk(folder: Path) -> dict[str, float]:
    """Return what lies in the folder, in GB: the incidents' live files, and all."""
    named = Workspace(folder).newest().named
    live = sum(Path(one).stat().st_size for one in tables.file_paths(folder, "incidents", named.tables["incidents"]))
    return {"live": live / 1e9, "all": sum(one.stat().st_size for one in folder.rglob("*") if one.is_file()) / 1e9}


def main() -> None:
    """Make the city, import, and measure each screen."""
    options = parser(__doc__)
    options.add_argument("--rows", type=float, default=ROWS)
    options.add_argument("--imported", type=float, help="rows of them in the CSV (a fortieth)")
    options.add_argument("--cells", type=int, default=CELLS)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--folder", type=Path)
    options.add_argument("--write", choices=list(WRITES), help=argparse.SUPPRESS)
    asked = options.parse_args()
    rows, cells = int(asked.rows), asked.cells
    if asked.write:
        WRITES[asked.write](asked.folder, rows, cells)
        return
    last = int(asked.imported or rows // 40)
    lines = Lines("city", asked.json)
    with tempfile.TemporaryDirectory() as made:
        folder = asked.folder or Path(made)
        for what, n in (("past", rows - last), ("last", last)):
            versions = Workspace(folder).newest_version()[0] if Workspace(folder).exists else 0
            if versions >= (4 if what == "last" else 3):  # two levels, the past, the last months
                continue
            found, memory = called(
                "bench.city", "--write", what, "--folder", folder, "--rows", str(n), "--cells", str(cells)
            )
            print(f"  {what}: {n:,} rows in {found['seconds']:.0f} s, {memory.most / 1e3:.2f} GB; {found}", flush=True)
            lines.add(step=what, rows=n, cells=cells, peak_gb=memory.most / 1e3, disk_gb=disk(folder), **found)
        print(f"  disk: {disk(folder)['live']:.2f} GB of incidents, {disk(folder)['all']:.2f} GB in all")
        prepare_static()
        with screens.chromium() as browser:
            print(screens.HEAD, flush=True)
            for page in screens.PAGES:
                screens.measure(browser, folder, rows, cells, page, asked.rounds, lines)


if __name__ == "__main__":
    main()
