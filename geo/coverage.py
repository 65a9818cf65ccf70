"""Do cells fit together like tiles? Where two overlap, and the gaps that they enclose."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from base.errors import HazardError

MAX_OVERLAPS = 10_000
_STEP_CELLS = 64
_MANY_NEIGHBOURS = 50  # boxes that meet, a cell: a coverage has about ten; above it, looking at edges could take hours


def find_odd(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return which shapes have an edge that does not fit their neighbours': of two that overlap at least one has.

    The rest fit together like tiles, so that their pairs need not be cut (40,000 cells: 2 s instead of 10).
    """
    tree = shapely.STRtree(shapes)
    pairs = 0
    for step in range(0, len(shapes), _STEP_CELLS):
        pairs += tree.query(shapes[step : step + _STEP_CELLS]).shape[1]
        if pairs > _MANY_NEIGHBOURS * max(len(shapes), _STEP_CELLS):
            return np.ones(len(shapes), dtype=bool)
    return ~shapely.is_empty(shapely.coverage_invalid_edges(shapes))


def find_overlaps(
    shapes: NDArray[np.object_],
    ids: NDArray[np.object_],
    spans: pd.DataFrame,
    odd: NDArray[np.bool_],
    sliver_m2: float,
) -> pd.DataFrame:
    """Return the pairs of cells that overlap while both count: cell_a, cell_b, area_m2, largest first.

    Parameters
    ----------
    shapes : ndarray of polygons, shape (n,)
        Valid, in metres, in the order of `ids`.
    ids : ndarray of str, shape (n,)
    spans : DataFrame, n rows
        `from` and `to`: when each cell counts, half-open, as text that can be compared.
    odd : ndarray of bool, shape (n,)
        As `find_odd` gives it.
    sliver_m2 : float
        Smaller ones are not named.

    Raises
    ------
    HazardError
        ``cells-piled`` when more than `MAX_OVERLAPS` pairs overlap: of n cells on one pile there are n² / 2, which
        nobody reads, so the search goes in small steps and ends there.
    """
    tree = shapely.STRtree(shapes)
    start, end = spans["from"].to_numpy(), spans["to"].to_numpy()
    suspects = np.flatnonzero(odd)
    parts: list[pd.DataFrame] = []
    found = 0
    for step in range(0, len(suspects), _STEP_CELLS):
        place, second = tree.query(shapes[suspects[step : step + _STEP_CELLS]])
        first = suspects[step + place]
        once = (first < second) | ((first != second) & ~odd[second])
        once &= (start[first] < end[second]) & (start[second] < end[first])
        first, second = np.minimum(first, second)[once], np.maximum(first, second)[once]
        for begin in range(0, len(first), MAX_OVERLAPS):
            one, two = first[begin : begin + MAX_OVERLAPS], second[begin : begin + MAX_OVERLAPS]
            meet = shapely.intersects(shapes[one], shapes[two])
            one, two = one[meet], two[meet]
            area_m2 = shapely.area(shapely.intersection(shapes[one], shapes[two]))
            large = area_m2 >= sliver_m2
            parts.append(
                pd.DataFrame({"cell_a": ids[one[large]], "cell_b": ids[two[large]], "area_m2": area_m2[large]})
            )
            found += int(large.sum())
            if found > MAX_OVERLAPS:
                raise HazardError(
                    "cells-piled",
                    "The cells lie on top of each other: more than {n} pairs overlap, for example {cell_a} and "
                    "{cell_b}. Export one level of areas only, each of them once.",
                    n=MAX_OVERLAPS, cell_a=str(ids[one[large][0]]), cell_b=str(ids[two[large][0]]),
                )  # fmt: skip
    pairs = pd.concat(parts) if parts else pd.DataFrame({"cell_a": [], "cell_b": [], "area_m2": []})
    return pairs.sort_values(["area_m2", "cell_a", "cell_b"], ascending=[False, True, True], ignore_index=True)


def find_gaps(shapes: NDArray[np.object_], odd: NDArray[np.bool_], frame: Any, sliver_m2: float) -> pd.DataFrame:
    """Return the holes that the cells together enclose: lon and lat of a point inside, area_m2, largest first.

    A cell that lies alone in such a hole is no part of the gap.

    Parameters
    ----------
    shapes : ndarray of polygons, shape (n,)
        Valid, in the metres of `frame`.
    odd : ndarray of bool, shape (n,)
        As `find_odd` gives it, for these or for more shapes.
    frame : pyproj.CRS
    sliver_m2 : float
        Smaller ones are not named.
    """
    tiles = shapes[~odd]
    whole = shapely.union_all([shapely.coverage_union_all(tiles), *shapes[odd]] if len(tiles) else shapes)
    parts = shapely.get_parts(whole)
    holes = np.array([shapely.Polygon(ring) for part in parts for ring in part.interiors], dtype=object)
    if len(parts) > 1:
        hole, island = shapely.STRtree(parts).query(holes, predicate="contains")
        for place in np.unique(hole):
            holes[place] = shapely.difference(holes[place], shapely.union_all(parts[island[hole == place]]))
    area_m2 = shapely.area(holes).astype(float)
    points = gpd.GeoSeries(shapely.point_on_surface(holes), crs=frame).to_crs("EPSG:4326")
    found = pd.DataFrame({"lon": points.x.to_numpy(), "lat": points.y.to_numpy(), "area_m2": area_m2})
    return found[found["area_m2"] >= sliver_m2].sort_values("area_m2", ascending=False, ignore_index=True)
