"""Points in polygons: `assign_cells` beside geopandas, SedonaDB and DuckDB spatial, in turn, on the same points.

1 and 10 million points on 23, 300 and 10,000 polygons. Each way has a process of its own; in every round each joins
once, one after the other. Ours from arrays, the index included, and once more with the read of the Parquet that the
databases read themselves. The answers must be equal, or the run fails.

The peers need a Python of their own, for they want other versions: `python -m venv .venv-peers`, then
`.venv-peers/bin/pip install -r bench/requirements.txt`. What is absent is said.

Run by `python run.py bench join`, or alone: `python -m bench.join [--points N]... [--sets NAME]... [--rounds N]`.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from bench.invented import SETS, build_cells, scatter
from bench.measuring import PEERS, Lines, Worker, parser

OURS = "assign_cells"
WAYS = {
    OURS: sys.executable,
    "assign_cells + Parquet": sys.executable,
    "geopandas": sys.executable,
    "SedonaDB tg": PEERS,
    "SedonaDB geo": PEERS,
    "DuckDB spatial": PEERS,
}
SLOW = 10_000_000  # points from which on geopandas and DuckDB join in the first round only


def write_input(folder: Path, points: int, shape: tuple[int, int, int]) -> None:
    """Write points and polygons in the forms that the ways read."""
    columns, rows, _ = shape
    x, y = scatter(points, columns, rows)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    table = pa.table({"id": np.arange(points, dtype=np.int32), "x": x, "y": y})
    pq.write_table(table, folder / "points.parquet", compression="zstd")
    wkb = shapely.to_wkb(build_cells(*shape).geometry.to_numpy())
    pq.write_table(pa.table({"position": np.arange(len(wkb), dtype=np.int32), "wkb": wkb}), folder / "cells.parquet")


def compare(points: int, name: str, rounds: int, ways: list[str], lines: Lines) -> bool:
    """Print what each way cost; return whether all gave the same answer."""
    with tempfile.TemporaryDirectory() as folder:
        write_input(Path(folder), points, SETS[name])
        workers = {}
        for way in ways:
            worker = Worker(WAYS[way], "bench.join_worker", way, folder)
            if worker.absent:
                print(f"  {way}: absent (bench/requirements.txt)")
            else:
                workers[way] = worker
        said: dict[str, list[dict]] = {way: [] for way in workers}
        try:
            for number in range(rounds):
                for way, worker in workers.items():
                    if number == 0 or points < SLOW or way not in ("geopandas", "DuckDB spatial"):
                        said[way].append(worker.ask())
        finally:
            for worker in workers.values():
                worker.end()
    digests = {one["digest"] for answers in said.values() for one in answers}
    ours = said[OURS]
    print(f"  {points:,} points, {name} polygons, {rounds} rounds in turn; medians; ratio of ours to each, by pairs")
    for way, answers in said.items():
        seconds, cpu, peak = (float(np.median([one[of] for one in answers])) for of in ("seconds", "cpu", "peak_mb"))
        pairs = [mine["seconds"] / one["seconds"] for mine, one in zip(ours, answers, strict=False)]
        ratio, library = float(np.median(pairs)), workers[way].library
        print(f"  {way:24s} {seconds:8.3f} s {cpu:8.3f} s CPU {peak:7.0f} MB more   {ratio:7.3f}  {library}")
        lines.add(
            points=points, polygons=name, way=way, library=library, rounds=len(answers), seconds=seconds, cpu=cpu,
            peak_mb=peak, ratio=ratio, equal=len(digests) == 1,
        )  # fmt: skip
    print(f"  different answers: {len(digests) - 1}", flush=True)
    return len(digests) == 1


def main() -> int:
    """Compare all sizes and sets, or those named; return 1 if any answers differ."""
    options = parser(__doc__)
    options.add_argument("--points", type=float, action="append")
    options.add_argument("--sets", action="append", choices=list(SETS))
    options.add_argument("--ways", action="append", choices=list(WAYS), help="beside ours; all if not given")
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    lines, ways = Lines("join", asked.json), [way for way in WAYS if way == OURS or way in (asked.ways or WAYS)]
    same = [
        compare(int(points), name, asked.rounds, ways, lines)
        for points in asked.points or (1e6, 1e7)
        for name in asked.sets or SETS
    ]
    return 0 if all(same) else 1


if __name__ == "__main__":
    sys.exit(main())
