"""How many claims outlive shifted borders (`analysis.shifted`), by the cells' test alone and with the places around.

Square cells of equal shares; each setting has one total of events, and one set of random maps behind its limits. A
cause is put into one cell: twice its mean more all over it, as many more close together amid it (8 m, a tenth of its
side), or four times its mean more close together on its western edge; and none. Of each cause: on how many maps the
cell (on the edge: either of the two; without a cause: any) was claimed, and how many of these claims half of the
lattices or more keep. Both tests get the same maps, and circles grow over the squares by the cells' own limits.

Run by `python run.py bench borders`, or `python -m bench.borders [--cells N]... [--means N]... [--maps N]`.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from analysis import family, hotspots
from analysis.scan import Circles
from analysis.shifted import lattice_survival
from bench.measuring import Lines, parser
from reports.surroundings import Moved

SIDE, CLOSE, SEED = 80.0, 8.0, 20260101
CAUSES = {"none": 0, "all over": 2, "amid": 2, "edge": 4}  # means that are put into the cell
RULE = {"fdr": 0.05, "min_events": 0}
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """Surroundings of which the circles and the random maps of one total are known."""

    grown: Circles
    drawn: Sequence[family.RandomMaps]

    def circles(self, weight: Floats) -> Circles:
        """Return the circles."""
        return self.grown

    def maps(self, circles: Circles, total: int) -> Sequence[family.RandomMaps]:
        """Return the random maps."""
        return self.drawn


def measure(cells: int, mean: int, cause: str, maps: int, lines: Lines) -> None:
    """Print what becomes of the claims on so many maps, by each test."""
    wide = round(np.sqrt(1.5 * cells))
    high = cells // wide
    n, more = wide * high, CAUSES[cause] * mean
    column, row = (at.ravel() for at in np.meshgrid(np.arange(wide), np.arange(high)))
    x, y = (column + 0.5) * SIDE, (row + 0.5) * SIDE
    outlines = shapely.box(x - SIDE / 2, y - SIDE / 2, x + SIDE / 2, y + SIDE / 2)
    weight, at = np.ones(n), high // 2 * wide + wide // 2
    meant = np.full(n, cause == "none")
    meant[[at, at - 1] if cause == "edge" else at] = True
    plane = family.Plane(x, y, max_share=0.5, most_cells=None, draws=999, seed=SEED)
    grown = plane.circles(weight)
    drawn = plane.maps(grown, n * mean + more)
    chance = np.random.default_rng([SEED, n, mean, CAUSES[cause]])
    claimed = dict.fromkeys((hotspots.EXCESS, hotspots.FAMILY), 0)
    kept: dict[str, list[bool]] = {method: [] for method in claimed}
    start = time.perf_counter()
    for _ in range(maps):
        px, py = chance.uniform(0, wide * SIDE, n * mean), chance.uniform(0, high * SIDE, n * mean)
        if cause == "all over":
            away_x, away_y = chance.uniform(-SIDE / 2, SIDE / 2, (2, more))
        else:
            away_x, away_y = chance.normal(0, CLOSE, (2, more))
        px = np.append(px, x[at] + away_x - (SIDE / 2 if cause == "edge" else 0))
        py = np.append(py, y[at] + away_y)
        cell = (py // SIDE * wide + px // SIDE).astype(np.int64)
        counts = np.bincount(cell, minlength=n)
        for method in claimed:

            def shifted(
                number: NDArray[np.int64], exposure: Floats, x_m: Floats, y_m: Floats, method: str = method
            ) -> NDArray[np.bool_]:
                around = Moved(x_m, y_m, 0.5, None, drawn)
                return hotspots.claimed(number, exposure, method=method, surroundings=around, **RULE)

            hot = meant & hotspots.claimed(counts, weight, method=method, surroundings=Known(grown, drawn), **RULE)
            if hot.any():
                claimed[method] += 1
                found = lattice_survival(px, py, cell, hot, outlines, weight, shifted)
                kept[method] += found["survives"].astype(bool).tolist()
    seconds = time.perf_counter() - start
    for method, each in kept.items():
        share = float(np.mean(each)) if each else float("nan")
        print(
            f"  {n:4d} cells, mean {mean}, {cause:8s} {method:12s} {claimed[method]:4d} of {maps} maps, "
            f"{share:4.0%} of {len(each)} claims are kept",
            flush=True,
        )
        lines.add(
            cells=n, mean=mean, cause=cause, method=method, maps=maps, claimed=claimed[method], claims=len(each),
            share=share, seconds=seconds,
        )  # fmt: skip


def main() -> None:
    """Measure all causes for the sizes and means named."""
    options = parser(__doc__)
    options.add_argument("--cells", type=int, action="append", help="24 if not given")
    options.add_argument("--means", type=int, action="append", help="events of a cell; 3 and 8 if not given")
    options.add_argument("--maps", type=int, default=120, help="of each cause; five times as many without one")
    asked = options.parse_args()
    lines = Lines("borders", asked.json)
    for cells in asked.cells or (24,):
        for mean in asked.means or (3, 8):
            for cause in CAUSES:
                measure(cells, mean, cause, asked.maps * (5 if cause == "none" else 1), lines)


if __name__ == "__main__":
    main()
