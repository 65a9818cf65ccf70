"""Invented boundaries and points for the benchmarks: coverages whose edges wave; half of the points in clusters."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon

SEED = 20260101
SETS = {"23": (23, 1, 14), "300": (20, 15, 125), "10000": (100, 100, 11)}  # name: columns, rows, vertices a side


def build_cells(columns: int = 20, rows: int = 15, side_vertices: int = 125) -> gpd.GeoDataFrame:
    """Return polygons one wide and high that share wavy edges, as real boundaries do (no overlap, no gap)."""
    along = np.linspace(0, 1, side_vertices, endpoint=False)
    wave = 0.03 * np.sin(2 * np.pi * along * 3) + 0.01 * np.sin(2 * np.pi * along * 7)

    def side(start: tuple[int, int], end: tuple[int, int]) -> NDArray[np.float64]:
        dx, dy = end[0] - start[0], end[1] - start[1]
        back = dx + dy < 0  # the same edge seen from its other side: reversed, so that both cells bend it alike
        offset = np.concatenate([[0], wave[:0:-1]]) if back else wave
        return np.column_stack([start[0] + along * dx + offset * abs(dy), start[1] + along * dy + offset * abs(dx)])

    polygons = []
    for row in range(rows):
        for column in range(columns):
            corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1), (column, row)]
            ring = np.concatenate([side(a, b) for a, b in pairwise(corners)])
            polygons.append(Polygon(ring.round(9)))  # rounded: both sides of an edge are the same numbers
    return gpd.GeoDataFrame(geometry=polygons, crs="EPSG:4547")


def scatter(n: int, columns: int, rows: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points in random order: half anywhere, up to 2 % outside, half in 300 clusters."""
    chance = np.random.default_rng(SEED)
    half, cluster = n // 2, chance.integers(0, 300, n - n // 2)
    found = []
    for size in (columns, rows):
        centre = chance.uniform(0, size, 300)
        near = centre[cluster] + chance.normal(0, 0.02 * size, n - half)
        found.append(np.concatenate([chance.uniform(-0.02 * size, 1.02 * size, half), near]))
    order = chance.permutation(n)
    return found[0][order], found[1][order]
