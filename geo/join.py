"""The spatial join: each point in exactly one cell, or in none.

The rule is "covered by, lowest position wins": a point on a shared edge, or in two cells that overlap, belongs to the
cell that stands first. `within` would drop points on edges, a plain `intersects` would count them twice. A point in
none may still belong to the nearest cell within some metres: `nearest_within`.
"""

import hashlib
import threading
from collections.abc import Iterator

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError
from geo.edges import ends_of, rings_of
from geo.lattice import OUTSIDE, Lattice, covered

A_VERTEX = 0.6  # points: what a vertex costs in the making of a lattice, in points that ask a tree (bench/join.py)
_TOO_COARSE = 16  # a kept lattice serves up to so many times the points it was made for
_MOST_KEPT = 4
_MOST_REACH = 1e100
_PAIR_CHUNK = 1 << 17
_NEAR_CHUNK = 1 << 17  # points asked for their nearest edge at a time
_AXIS_M, _ECCENTRICITY2 = 6378137.0, 0.0066943799901413165  # WGS 84
_TIE_M = 0.001  # a millimetre apart is equally near: two cells may write one edge in two directions

__all__ = ["OUTSIDE", "assign_cells", "count_ties", "nearest_within"]

_keeping = threading.Lock()
_kept: dict[bytes, Lattice] = {}  # by what the outlines are; the least asked for goes first


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
        ``coordinates-uneven`` if `x` and `y` differ in length; ``cells-no-polygons``, ``cells-too-wide`` if `cells`
        hold something else than polygons with coordinates that can be reckoned with.

    Notes
    -----
    Many points go through a lattice of labels (`geo.lattice`), which is kept for the next call with the same cells;
    few through a tree of the polygons.
    """
    x, y = _coordinates(x, y)
    geometries, wanted = _polygons(cells)
    lattice = _lattice(geometries[wanted], len(x))
    if lattice is not None:
        at = lattice.assign(x, y)
        return np.where(at == OUTSIDE, OUTSIDE, wanted.astype(np.int32)[at]) if len(wanted) < len(geometries) else at
    position = np.full(len(x), len(geometries), dtype=np.int32)
    for point, cell in _pairs(x, y, geometries):
        np.minimum.at(position, point, cell.astype(np.int32))
    position[position == len(geometries)] = OUTSIDE
    return position


def count_ties(x: ArrayLike, y: ArrayLike, cells: gpd.GeoDataFrame) -> int:
    """Return how many points more than one cell covers: on shared edges or where cells overlap.

    Parameters and errors as in `assign_cells`.
    """
    x, y = _coordinates(x, y)
    geometries, wanted = _polygons(cells)
    if (lattice := _lattice(geometries[wanted], len(x))) is not None:
        few = lattice.shared(x, y)
        x, y = x[few], y[few]
    covers = np.zeros(len(x), dtype=np.int32)
    for point, _ in _pairs(x, y, geometries):
        np.add.at(covers, point, 1)
    return int(np.count_nonzero(covers > 1))


def nearest_within(
    lon: ArrayLike, lat: ArrayLike, cells: gpd.GeoDataFrame, within_m: float
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the cell whose edge is nearest to each point, for points that lie in no cell, and how far it is.

    Distances are taken to straight edges on a plane with the ellipsoid's scale at the point: exact to a millimetre
    over some hundred metres. Only edges of cells that a point comes close to are looked at.

    Parameters
    ----------
    lon, lat : array_like, shape (n,)
        WGS 84 degrees of points outside all cells; NaN where there is none.
    cells : geopandas.GeoDataFrame
        Polygons in EPSG:4326, in the order that decides ties.
    within_m : float
        Largest distance in metres; 0 finds nothing.

    Returns
    -------
    position : ndarray of int32, shape (n,)
        The lowest position among the nearest cells (to a millimetre); -1 where none is within `within_m`.
    metres : ndarray of float32, shape (n,)
        NaN where position is -1.

    Raises
    ------
    HazardError
        ``coordinates-uneven``.
    """
    x, y = _coordinates(lon, lat)
    position, metres = np.full(len(x), OUTSIDE, dtype=np.int32), np.full(len(x), np.nan, dtype=np.float32)
    geometries = shapely.force_2d(np.asarray(cells.geometry.array, dtype=object))
    if not within_m > 0 or not len(geometries):
        return position, metres
    east_m, north_m = _metres_a_degree(y)
    # A hundredth more than needed, for a box that is too large costs a look and one that is too small an answer
    pad_x, pad_y = 1.01 * within_m / np.maximum(east_m, 1.0), 1.01 * within_m / north_m
    west, south, east, north = shapely.total_bounds(geometries)
    close = (x >= west - pad_x) & (x <= east + pad_x) & (y >= south - pad_y) & (y <= north + pad_y)
    asked = np.flatnonzero(close)  # NaN is never close
    tree = shapely.STRtree(geometries)
    for start in range(0, len(asked), _NEAR_CHUNK):
        points = asked[start : start + _NEAR_CHUNK]
        boxes = shapely.box(
            x[points] - pad_x[points], y[points] - pad_y[points], x[points] + pad_x[points], y[points] + pad_y[points]
        )
        by, hit = tree.query(boxes)
        if not len(by):
            continue
        ends, cell = _edges(geometries, np.unique(hit))
        some = np.unique(by)
        by, edge = shapely.STRtree(shapely.linestrings(ends)).query(boxes[some])
        by = some[by]
        at = points[by]
        scale = np.column_stack([east_m[at], north_m[at]])
        centre = np.column_stack([x[at], y[at]])
        away = _distance_to_origin((ends[edge, 0] - centre) * scale, (ends[edge, 1] - centre) * scale)
        within = away <= within_m
        by, away, cell = by[within], away[within], cell[edge[within]]
        nearest = np.full(len(points), np.inf)
        np.minimum.at(nearest, by, away)
        tied = away <= nearest[by] + _TIE_M
        order = np.lexsort((cell[tied], by[tied]))
        by, first = np.unique(by[tied][order], return_index=True)
        position[points[by]], metres[points[by]] = cell[tied][order][first], nearest[by]
    return position, metres


def _metres_a_degree(lat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the metres of one degree to the east and to the north at a latitude, on the WGS 84 ellipsoid."""
    radians = np.radians(lat)
    flat = 1 - _ECCENTRICITY2 * np.sin(radians) ** 2
    degree = np.pi / 180 * _AXIS_M
    return degree * np.cos(radians) / np.sqrt(flat), degree * (1 - _ECCENTRICITY2) / flat**1.5


def _edges(geometries: NDArray[np.object_], wanted: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Return the edges of some polygons, shape (n, 2, 2), and the position of the polygon of each."""
    rings, of_ring, _ = rings_of(geometries[wanted])
    ends, ring = ends_of(rings)
    return ends.reshape(-1, 2, 2), wanted[of_ring[ring]].astype(np.int32)


def _distance_to_origin(start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each straight edge passes from 0, 0."""
    along = end - start
    length2 = (along**2).sum(axis=1)
    share = np.clip(-(start * along).sum(axis=1) / np.where(length2 > 0, length2, 1.0), 0, 1)
    return np.hypot(*(start + share[:, None] * along).T)


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


def _polygons(cells: gpd.GeoDataFrame) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Return flat copies of the outlines, and which of them cover something."""
    # Copies: preparing changes a geometry inside, and one that others hold must not be changed
    geometries = shapely.force_2d(np.asarray(cells.geometry.array, dtype=object))
    wanted = np.flatnonzero(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)))
    kinds = shapely.get_type_id(geometries[wanted])
    other = wanted[(kinds != shapely.GeometryType.POLYGON) & (kinds != shapely.GeometryType.MULTIPOLYGON)]
    if len(other):
        raise HazardError(
            "cells-no-polygons",
            "Cells have to be polygons; that at position {position} is a {kind}.",
            position=int(other[0]),
            kind=geometries[other[0]].geom_type,
        )
    reach = np.abs(shapely.bounds(geometries[wanted])).max(axis=1, initial=0)
    if not (reach < _MOST_REACH).all():
        raise HazardError(
            "cells-too-wide",
            "The cell at position {position} has a coordinate that is no number, or too large to be meant.",
            position=int(wanted[~(reach < _MOST_REACH)][0]),
        )
    return geometries, wanted


def _lattice(geometries: NDArray[np.object_], points: int) -> Lattice | None:
    """Return the lattice of some polygons that suits a number of points, the kept one if there is one; None for few."""
    if not len(geometries):
        return None
    pays = points > A_VERTEX * shapely.get_num_coordinates(geometries).sum()
    if not (pays or _kept):
        return None
    digest = hashlib.blake2b(digest_size=16)
    for one in shapely.to_wkb(geometries):
        digest.update(one)
    key = digest.digest()
    with _keeping:
        kept = _kept.pop(key, None)
        if kept is None and not pays:
            return None
        if kept is None or kept.meant_for * _TOO_COARSE < points:
            kept = Lattice(geometries, points)
        _kept[key] = kept  # the newest last
        while len(_kept) > _MOST_KEPT:
            _kept.pop(next(iter(_kept)))
    return kept


def _pairs(
    x: NDArray[np.float64], y: NDArray[np.float64], geometries: NDArray[np.object_]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield points and the polygons that cover them, side by side, some points at a time."""
    finite = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not len(finite):
        return
    tree = shapely.STRtree(geometries)
    for start in range(0, len(finite), _PAIR_CHUNK):
        some = finite[start : start + _PAIR_CHUNK]
        point, cell = tree.query(shapely.points(x[some], y[some]))
        inside = covered(geometries, cell.astype(np.int32), x[some[point]], y[some[point]])
        yield some[point[inside]], cell[inside]
