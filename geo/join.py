"""The spatial join: each point in exactly one cell, or in none.

The rule is "covered by, lowest position wins": a point on a shared edge, or in two cells that overlap, belongs to the
cell that stands first. `within` would drop points on edges, a plain `intersects` would count them twice.
"""

from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError

CHUNK = 1 << 21  # points sorted at a time: bounds the memory beside x, y and the answer to about 100 MB
OUTSIDE = -1


def assign_cells(x: ArrayLike, y: ArrayLike, cells: gpd.GeoDataFrame) -> NDArray[np.int32]:
    """Return the position of the cell that each point lies in.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Coordinates in the CRS of `cells`; NaN where there is none.
    cells : geopandas.GeoDataFrame
        Polygons in the order that decides ties. A missing or empty geometry covers nothing.

    Returns
    -------
    ndarray of int32, shape (n,)
        Position in `cells` (0 is the first row): the lowest among the cells that cover the point, edge included;
        -1 where none does or where a coordinate is not finite.

    Raises
    ------
    HazardError
        ``coordinates-uneven`` if `x` and `y` differ in length.
    """
    x, y = _coordinates(x, y)
    position = np.full(len(x), OUTSIDE, dtype=np.int32)
    for cell, geometry, points in _candidates(x, y, cells):
        free = points[position[points] == OUTSIDE]
        position[free[shapely.intersects_xy(geometry, x[free], y[free])]] = cell
    return position


def count_ties(x: ArrayLike, y: ArrayLike, cells: gpd.GeoDataFrame) -> int:
    """Return how many points more than one cell covers: on shared edges or where cells overlap.

    Parameters and errors as in `assign_cells`.
    """
    x, y = _coordinates(x, y)
    covers = np.zeros(len(x), dtype=np.uint8)  # 0, 1, 2 = more than one
    for _, geometry, points in _candidates(x, y, cells):
        open_ = points[covers[points] < 2]
        covers[open_[shapely.intersects_xy(geometry, x[open_], y[open_])]] += 1
    return int(np.count_nonzero(covers == 2))


def _coordinates(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1:
        raise HazardError(
            "coordinates-uneven",
            "There are {n_x} x values but {n_y} y values: give one of each for every point.",
            n_x=x.size,
            n_y=y.size,
        )
    return x, y


def _candidates(
    x: NDArray[np.float64], y: NDArray[np.float64], cells: gpd.GeoDataFrame
) -> Iterator[tuple[int, shapely.Geometry, NDArray[np.intp]]]:
    """Yield each cell's position, its prepared geometry and the points in its bounding box, cells in their order.

    Points are sorted by x once, so that a cell looks at its own strip only; a prepared polygon then answers for all of
    them in one call. This takes a fraction of a tree query's time where polygons have many vertices (bench/join.py).
    """
    # Own flat copies: preparing changes a geometry inside, and one that threads share must not be changed.
    geometries = shapely.force_2d(np.asarray(cells.geometry.array, dtype=object))
    wanted = np.flatnonzero(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)))
    shapely.prepare(geometries[wanted])
    bounds = shapely.bounds(geometries)
    for start in range(0, len(x), CHUNK):
        part = slice(start, start + CHUNK)
        finite = start + np.flatnonzero(np.isfinite(x[part]) & np.isfinite(y[part]))
        order = finite[np.argsort(x[finite], kind="stable")]
        x_sorted, y_sorted = x[order], y[order]
        first = np.searchsorted(x_sorted, bounds[:, 0], side="left")
        last = np.searchsorted(x_sorted, bounds[:, 2], side="right")
        for cell in wanted:
            strip = slice(first[cell], last[cell])
            inside = (y_sorted[strip] >= bounds[cell, 1]) & (y_sorted[strip] <= bounds[cell, 3])
            if inside.any():
                yield int(cell), geometries[cell], order[strip][inside]
