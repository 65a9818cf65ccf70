"""How the join grows: seconds of `assign_cells` as points double on 300 polygons, and as polygons double.

Points 1 to 16 million on 300 polygons; polygons 20 to 20,480, of 56 vertices each, with 4 million points. The index is
made anew at each join, the points are in memory; medians of several. A ratio of 2 a doubling is
linear growth.

Run by `python run.py bench growth`, or `python -m bench.growth [--most N] [--points N] [--polygons N]`.
"""

import tempfile
from pathlib import Path

import numpy as np

from bench.invented import SETS
from bench.join import OURS, WAYS, write_input
from bench.measuring import Lines, Worker, parser

VERTICES = 14  # a side


def doubled(first: int, most: int) -> list[int]:
    """Return a number and its doubles up to another."""
    return [first * 2**n for n in range(64) if first * 2**n <= most]


def square(polygons: int) -> tuple[int, int, int]:
    """Return columns, rows and vertices a side of so many polygons, 5 by 4 and its doubles."""
    columns, rows = 5, 4
    while columns * rows < polygons:
        columns, rows = (columns, rows * 2) if rows < columns else (columns * 2, rows)
    return columns, rows, VERTICES


def grow(what: str, sizes: list[tuple[int, tuple[int, int, int]]], rounds: int, lines: Lines) -> None:
    """Print seconds at each size, and the ratio to the size before."""
    before = 0.0
    print(f"  {'points':>12} {'polygons':>9} {'seconds':>9} {'ratio':>6} {'us/point':>9} {'MB more':>8}")
    for points, shape in sizes:
        with tempfile.TemporaryDirectory() as folder:
            write_input(Path(folder), points, shape)
            worker = Worker(WAYS[OURS], "bench.join_worker", OURS, folder)
            try:
                said = [worker.ask() for _ in range(rounds)]
            finally:
                worker.end()
        seconds, peak = (float(np.median([one[name] for one in said])) for name in ("seconds", "peak_mb"))
        polygons = shape[0] * shape[1]
        ratio = seconds / before if before else None
        shown = "–" if ratio is None else f"{ratio:.2f}"
        print(
            f"  {points:12,} {polygons:9,} {seconds:9.3f} {shown:>6} {seconds / points * 1e6:9.3f} {peak:8.0f}",
            flush=True,
        )
        lines.add(doubles=what, points=points, polygons=polygons, seconds=seconds, peak_mb=peak, ratio=ratio)
        before = seconds


def main() -> None:
    """Print two tables: as points double, and as polygons double."""
    options = parser(__doc__)
    options.add_argument("--most", type=float, default=16e6, help="points at most, from a sixteenth of them")
    options.add_argument("--points", type=float, default=4e6, help="where polygons double")
    options.add_argument("--polygons", type=int, default=20_480, help="at most")
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    lines, most = Lines("growth", asked.json), int(asked.most)
    grow("points", [(n, SETS["300"]) for n in doubled(most // 16, most)], asked.rounds, lines)
    grow("polygons", [(int(asked.points), square(n)) for n in doubled(20, asked.polygons)], asked.rounds, lines)


if __name__ == "__main__":
    main()
