"""How much of each cell a shape covers: polygons as they are, lines and points with metres around them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.crs import local_metres

_LEAST = 1e-6  # shares below are rounding where borders only touch
_ARC = 16  # segments a quarter circle: the area of a round end is right to 0.2 %


def with_margin(shapes: NDArray[np.object_], buffer_m: ArrayLike) -> gpd.GeoSeries:
    """Return the ground that shapes stand for: what lies within `buffer_m` metres of each, in degrees.

    Parameters
    ----------
    shapes : ndarray of shapely geometries or None, shape (n,)
        WGS 84 degrees.
    buffer_m : array_like, shape (n,)
        Metres around each; 0 takes a polygon as it is and leaves nothing of a line or a point.

    Returns
    -------
    GeoSeries, shape (n,)
        Polygons in EPSG:4326, valid; None where there is no shape or nothing is left of it.
    """
    metres = _in_metres(shapes, shapes)
    return gpd.GeoSeries(_grounds(metres, buffer_m), crs=metres.crs).to_crs("EPSG:4326")


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
    empty = pd.DataFrame({"shape": np.array([], int), "cell": np.array([], int), "share": np.array([], float)})
    if not len(cells) or shapely.is_missing(shapes).all():
        return empty
    metres = _in_metres(shapes, cells)
    grounds = _grounds(metres, buffer_m)
    outlines = gpd.GeoSeries(cells, crs="EPSG:4326").to_crs(metres.crs).to_numpy()
    shape, cell = shapely.STRtree(outlines).query(grounds, predicate="intersects")
    share = shapely.area(shapely.intersection(grounds[shape], outlines[cell])) / shapely.area(outlines[cell])
    found = pd.DataFrame({"shape": shape, "cell": cell, "share": np.minimum(share, 1.0)})
    return found[found["share"] > _LEAST].sort_values(["shape", "cell"], ignore_index=True)


def _in_metres(shapes: NDArray[np.object_], around: NDArray[np.object_]) -> gpd.GeoSeries:
    box = shapely.total_bounds(around)
    west, south, east, north = box if np.isfinite(box).all() else (0.0, 0.0, 0.0, 0.0)
    return gpd.GeoSeries(shapes, crs="EPSG:4326").to_crs(local_metres((west + east) / 2, (south + north) / 2))


def _grounds(metres: gpd.GeoSeries, buffer_m: ArrayLike) -> NDArray[np.object_]:
    margin = np.broadcast_to(np.asarray(buffer_m, dtype=float), metres.shape)
    ground = shapely.make_valid(metres.to_numpy())
    around = shapely.buffer(ground, margin, quad_segs=_ARC)
    ground = np.where(margin > 0, around, ground)
    ground[shapely.get_dimensions(ground) < 2] = None  # a line without metres around it covers nothing
    return np.asarray(ground, dtype=object)
