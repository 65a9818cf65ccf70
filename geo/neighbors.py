"""Who is next to whom: the cells of a boundary that touch, at an edge or at a corner alone (queen contiguity).

Boundaries are drawn by hand: edges of neighbours nearly meet, or overlap. So cells are neighbours if they come within a
tolerance in metres of each other, asked of a tree of their outlines. On a clean boundary that is the contiguity that
libpysal finds from shared vertices, without the packages it brings; on a messy one it is the one that the office means.
"""

import hashlib
import threading
from typing import Any

import geopandas as gpd
import numpy as np
import scipy  # its parts load when they are first asked for
import shapely
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError
from geo.crs import local_metres, require_projected

_MOST_KEPT = 8

_keeping = threading.Lock()
_kept: dict[bytes, Any] = {}  # by what the outlines are; the least asked for goes first


def queen_neighbors(cells: gpd.GeoDataFrame, *, within_m: float = 1.0) -> Any:
    """Return which cells are neighbours: those that touch, overlap or nearly meet.

    Parameters
    ----------
    cells : geopandas.GeoDataFrame, n rows
        Polygons and multipolygons in any CRS. A missing or empty geometry has no neighbours.
    within_m : float
        Gap in metres that two neighbours may leave between them. It is to be smaller than the smallest cell and the
        narrowest road that parts two cells: what lies beyond those would be next to them too.

    Returns
    -------
    scipy.sparse.csr_array of float, shape (n, n)
        1 where two cells are neighbours, symmetric, 0 on the diagonal, in the order of `cells`. An island has an empty
        row. It is made once for the same outlines and kept; what is returned is a copy.

    Raises
    ------
    HazardError
        ``not-projected`` if `cells` have no CRS; ``tolerance-bad`` if `within_m` is negative or no number.
    """
    if not 0 <= within_m < np.inf:
        raise HazardError(
            "tolerance-bad", "A tolerance is a number of metres from 0 up, not {metres}.", metres=within_m
        )
    digest = hashlib.blake2b(f"{cells.crs} {within_m}".encode(), digest_size=16)
    for one in shapely.to_wkb(cells.geometry.to_numpy()):
        digest.update(one or b"-")
    key = digest.digest()
    with _keeping:
        kept = _kept.pop(key, None)
        if kept is None:
            kept = _touching(_metres(cells), within_m)
        _kept[key] = kept  # the newest last
        while len(_kept) > _MOST_KEPT:
            _kept.pop(next(iter(_kept)))
    return kept.copy()


def lattice_neighbors(x_m: ArrayLike, y_m: ArrayLike) -> Any:
    """Return which squares of one lattice touch, at an edge or a corner, from their middles in metres, shape (n,).

    The side is the smallest distance of two middles; a lattice may have gaps. As `queen_neighbors` returns it.
    """
    at = np.column_stack([np.asarray(x_m, dtype=float), np.asarray(y_m, dtype=float)])
    n = len(at)
    if n < 2:
        return scipy.sparse.csr_array((n, n))
    tree = scipy.spatial.cKDTree(at)
    side = float(np.asarray(tree.query(at, k=2)[0])[:, 1].min())
    pairs = tree.query_pairs(1.5 * side, output_type="ndarray")  # the corner lies at 1.41 sides, the next but one at 2
    one = scipy.sparse.coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n)).tocsr()
    return (one + one.T).tocsr()


def _metres(cells: gpd.GeoDataFrame) -> NDArray[np.object_]:
    if cells.crs is None or cells.crs.is_projected:
        return np.asarray(require_projected(cells, "cells").geometry, dtype=object)
    degrees = cells.geometry.to_crs("EPSG:4326")
    west, south, east, north = degrees.total_bounds
    if not np.isfinite(west):  # nothing there
        return np.asarray(degrees, dtype=object)
    return np.asarray(degrees.to_crs(local_metres((west + east) / 2, (south + north) / 2)), dtype=object)


def _touching(shapes: NDArray[np.object_], within_m: float) -> Any:
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=within_m)
    other = first != second
    first, second = first[other], second[other]
    # Both ways: rounding may find a pair at the very tolerance from one side only
    pairs = scipy.sparse.coo_array((np.ones(len(first)), (first, second)), shape=(len(shapes), len(shapes))).tocsr()
    return pairs.maximum(pairs.T).tocsr()
