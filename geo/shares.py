"""How much of each cell a shape covers: polygons as they are, lines and points with metres around them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.crs import local_metres

_LEAST = 1e-6  # shares below are rounding where borders only touch
_ARC = 16  # segments a quarter circle: the area of a round end is right to 0.2 %


def with_margin(shapes: NDArray[np.object_], buffer_m: ArrayLike) -> NDArray[np.object_]:
    """Return the ground that shapes stand for: what lies within `buffer_m` metres of each.

    Parameters
    ----------
    shapes : ndarray of shapely geometries or None, shape (n,)
        WGS 84 degrees.
    buffer_m : array_like, shape (n,)
        Metres around each; 0 takes a polygon as it is and leaves nothing of a line or a point.

    Returns
    -------
    ndarray of polygons, shape (n,)
        WGS 84 degrees, valid; None where there is no shape or nothing is left of it.
    """
    margin = np.broadcast_to(np.asarray(buffer_m, dtype=float), shapes.shape)
    ground = np.asarray(shapely.make_valid(shapes), dtype=object)
    wide = np.flatnonzero((margin > 0) & ~shapely.is_missing(ground))
    if len(wide):
        metres = gpd.GeoSeries(ground[wide], crs="EPSG:4326").to_crs(_local(ground[wide]))
        around = shapely.buffer(metres.to_numpy(), margin[wide], quad_segs=_ARC)
        ground[wide] = gpd.GeoSeries(around, crs=metres.crs).to_crs("EPSG:4326").to_numpy()
    ground[shapely.get_dimensions(ground) < 2] = None  # a line without metres around it covers nothing
    return ground


def covered(shapes: NDArray[np.object_], buffer_m: ArrayLike, cells: NDArray[np.object_]) -> pd.DataFrame:
    """Return which share of each cell's area lies within `buffer_m` metres of each shape.

    Areas are those of an equal-area system centred on the cells.

    Parameters
    ----------
    shapes, buffer_m
        As `with_margin` takes them.
    cells : ndarray of polygons, shape (m,)
        WGS 84 degrees, valid.

    Returns
    -------
    DataFrame
        shape and cell (positions), share in (0, 1]; by shape, then by cell. Shapes and cells that do not meet, or only
        touch, are in no row.
    """
    if not len(cells) or shapely.is_missing(shapes).all():
        return pd.DataFrame({"shape": np.array([], int), "cell": np.array([], int), "share": np.array([], float)})
    grounds = with_margin(shapes, buffer_m)
    shape, cell = shapely.STRtree(cells).query(grounds, predicate="intersects")
    # Cut in degrees, where a border drawn twice is the same line twice; measured in metres
    parts = gpd.GeoSeries(shapely.intersection(grounds[shape], cells[cell]), crs="EPSG:4326")
    local = _local(cells)
    whole = gpd.GeoSeries(cells, crs="EPSG:4326").to_crs(local).area.to_numpy()
    share = np.minimum(parts.to_crs(local).area.to_numpy() / whole[cell], 1.0)
    found = pd.DataFrame({"shape": shape, "cell": cell, "share": share})
    return found[found["share"] > _LEAST].sort_values(["shape", "cell"], ignore_index=True)


def meets(shapes: NDArray[np.object_], buffer_m: ArrayLike, cells: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return whether each shape, with the metres around it, meets some cell; parameters as in `covered`."""
    found = np.zeros(len(shapes), dtype=bool)
    if len(cells) and len(shapes):
        found[shapely.STRtree(cells).query(with_margin(shapes, buffer_m), predicate="intersects")[0]] = True
    return found


def _local(shapes: NDArray[np.object_]) -> pyproj.CRS:
    west, south, east, north = shapely.total_bounds(shapes)
    return local_metres((west + east) / 2, (south + north) / 2)
