"""Points in polygons: `assign_cells` beside `geopandas.sjoin`, in turn in one run, on the same points.

Run by `python run.py bench`, or alone: `python -m bench.join`. The ratio holds; the seconds drift with the machine.
"""

import time
from itertools import pairwise

import geopandas as gpd
import numpy as np
from shapely.geometry import Polygon

from geo.join import assign_cells

POINTS, COLUMNS, ROWS, SIDE_VERTICES, ROUNDS, SEED = 1_000_000, 20, 15, 125, 3, 20260101


def build_cells() -> gpd.GeoDataFrame:
    """Return 300 polygons of 500 vertices that share wavy edges, as real boundaries do (no overlap, no gap)."""
    along = np.linspace(0, 1, SIDE_VERTICES, endpoint=False)
    wave = 0.03 * np.sin(2 * np.pi * along * 3)

    def side(start: tuple[int, int], end: tuple[int, int]) -> np.ndarray:
        dx, dy = end[0] - start[0], end[1] - start[1]
        back = dx + dy < 0  # the same edge seen from its other side: reversed, so that both cells bend it alike
        offset = np.concatenate([[0], wave[:0:-1]]) if back else wave
        return np.column_stack([start[0] + along * dx + offset * abs(dy), start[1] + along * dy + offset * abs(dx)])

    polygons = []
    for row in range(ROWS):
        for column in range(COLUMNS):
            corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1), (column, row)]
            ring = np.concatenate([side(a, b) for a, b in pairwise(corners)])
            polygons.append(Polygon(ring.round(9)))  # rounded: both sides of an edge are the same numbers
    return gpd.GeoDataFrame(geometry=polygons, crs="EPSG:4547")


def by_sjoin(x: np.ndarray, y: np.ndarray, cells: gpd.GeoDataFrame) -> np.ndarray:
    """Return the lowest position that geopandas' join finds, -1 where there is none."""
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=cells.crs)
    pairs = gpd.sjoin(points, cells, predicate="intersects")
    lowest = pairs["index_right"].groupby(level=0).min()
    return lowest.reindex(np.arange(len(x)), fill_value=-1).to_numpy()


def main() -> None:
    """Print the seconds of both, the ratio of the medians and the number of different answers."""
    cells = build_cells()
    chance = np.random.default_rng(SEED)
    x, y = chance.uniform(-0.4, COLUMNS + 0.4, POINTS), chance.uniform(-0.3, ROWS + 0.3, POINTS)
    seconds: dict[str, list[float]] = {"assign_cells": [], "geopandas.sjoin": []}
    answers = {}
    for _ in range(ROUNDS):
        for name, method in (("assign_cells", assign_cells), ("geopandas.sjoin", by_sjoin)):
            start = time.perf_counter()
            answers[name] = method(x, y, cells)
            seconds[name].append(time.perf_counter() - start)
    ours, theirs = (float(np.median(seconds[name])) for name in ("assign_cells", "geopandas.sjoin"))
    different = int((answers["assign_cells"] != answers["geopandas.sjoin"]).sum())
    print(f"join: {POINTS:,} points, {len(cells)} polygons, {ROUNDS} rounds in turn, median seconds")
    print(f"  assign_cells     {ours:7.2f}\n  geopandas.sjoin  {theirs:7.2f}")
    print(f"  ratio            {ours / theirs:7.3f}   (different answers: {different})")


if __name__ == "__main__":
    main()
