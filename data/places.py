"""Coordinates as offices write them -> WGS 84, and whether they lie where the boundary is."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod

from base.errors import HazardError
from data.numbers import read_numbers
from geo.crs import SWAPPED, Fit, candidates, crs_name, fits, is_projected, split_axes, to_wgs84, zone_codes

_FAR_KM = 20.0
_SAMPLE = 500
_ROWS_TRIED = 20_000  # of a file, in search of its system: little beside an import
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Fault = tuple[Mask, str, str]  # rows, reason, field


def read_places(
    text: pd.DataFrame, usable: Mask, *, crs: str, titles: Mapping[str, str]
) -> tuple[Floats, Floats, list[Fault]]:
    """Return WGS 84 degrees, NaN where there is no location, and which cells are none.

    Parameters
    ----------
    text : DataFrame of str
        Columns lon and lat as the file has them; empty and 0, 0 are no location.
    usable : ndarray of bool
        Rows that count; the others have no location.
    crs : str
        As `geo.crs.crs_name` returns it; with ``(y, x)`` behind it lon and lat are taken the other way round.
    titles : mapping
        Names of the two columns in the file, for sentences.

    Returns
    -------
    lon, lat : ndarray
    faults : list of (rows, reason, field)

    Raises
    ------
    HazardError
        ``lon-lat-swapped-file``, ``looks-projected``, ``looks-like-degrees`` where most rows are so.
    """
    faults: list[Fault] = []
    crs, swapped = split_axes(crs)
    east, north = ("lat", "lon") if swapped else ("lon", "lat")  # the columns that hold them
    names = {"lon": titles.get(east, east), "lat": titles.get(north, north)}
    x, y = read_numbers(text[east]), read_numbers(text[north])
    located = np.isfinite(x) & np.isfinite(y) & ~((x == 0) & (y == 0)) & usable
    for name, values in ((east, x), (north, y)):
        faults.append((~np.isfinite(values) & (text[name] != "").to_numpy(), "lon-lat-unreadable", name))
    x, y = np.where(located, x, np.nan), np.where(located, y, np.nan)
    n = int(located.sum())
    projected = is_projected(crs)
    if n and projected and (np.abs(x[located]) <= 180).mean() > 0.5 and (np.abs(y[located]) <= 180).mean() > 0.5:
        raise HazardError(
            "looks-like-degrees",
            "Columns {lon} and {lat} hold degrees (such as {x}, {y}), but {crs} counts metres. "
            "Choose wgs84, gcj02 or bd09.",
            lon=names["lon"], lat=names["lat"], x=f"{np.nanmedian(x):g}", y=f"{np.nanmedian(y):g}", crs=crs,
        )  # fmt: skip
    if not projected:
        exchanged = located & (np.abs(y) > 90) & (np.abs(y) <= 180) & (np.abs(x) <= 90)
        metres = located & (np.abs(x) > 1000) & (np.abs(y) > 1000)
        if metres.sum() > n / 2:
            raise _looks_projected(x, y, names)
        if exchanged.sum() > n / 2:
            raise HazardError(
                "lon-lat-swapped-file",
                "In {count} of {n} rows column {lat} holds values beyond 90 degrees, which only a longitude has. "
                "Longitude and latitude seem to be exchanged: choose {lat} as longitude and {lon} as latitude.",
                count=int(exchanged.sum()), n=n, lon=names["lon"], lat=names["lat"],
            )  # fmt: skip
        beyond_x, beyond_y = located & (np.abs(x) > 180), located & (np.abs(y) > 90)
        faults.append((exchanged, "lon-lat-swapped", north))
        faults.append((beyond_x, "lon-lat-out-of-range", east))
        faults.append((beyond_y, "lon-lat-out-of-range", north))
        located &= ~(beyond_x | beyond_y)
    lon, lat = to_wgs84(np.where(located, x, np.nan), np.where(located, y, np.nan), crs)
    faults.append((located & np.isnan(lon), "lon-lat-out-of-range", east))
    return lon, lat, faults


def find_systems(text: pd.DataFrame, boundary: gpd.GeoDataFrame, *, taken: str | None = None) -> list[Fit]:
    """Return how well each coordinate system fits the columns lon and lat of a file, as `geo.crs.fits`.

    Of a large file every so many rows are looked at, some 20,000 in all.
    """
    some = text[["lon", "lat"]].iloc[:: max(1, len(text) // _ROWS_TRIED)]
    x, y = (read_numbers(some[name].str.strip()) for name in ("lon", "lat"))
    return fits(x, y, boundary, taken=taken)


def system_taken(text: pd.DataFrame, crs: str, crs_from: str, boundary: gpd.GeoDataFrame | None) -> dict[str, Any]:
    """Return what the coordinates of a file are read in, who says so, and how well it and other systems fit.

    Returns
    -------
    dict
        crs (None if the file has no coordinates), crs_from (as `data.profiles.Choice`, None likewise), fits (a list of
        `geo.crs.Fit`, the best first, with the system taken; None where there is no boundary to look at).
    """
    if not {"lon", "lat"} <= set(text):
        return {"crs": None, "crs_from": None, "fits": None}
    name = crs_name(crs)
    fits = None if boundary is None else find_systems(text, boundary, taken=name)
    return {"crs": name, "crs_from": crs_from, "fits": fits}


def check_place(x: ArrayLike, y: ArrayLike, *, crs: str, boundary: gpd.GeoDataFrame) -> None:
    """Refuse a file of which most points lie far from the boundary, and say which systems would fit.

    Far is more than 20 km and more than half the boundary's diagonal; a sample of at most 500 points is looked at.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Coordinates as the file has them, in `crs`; NaN is left out.
    boundary : GeoDataFrame
        Cells in EPSG:4326.

    Raises
    ------
    HazardError
        ``far-from-boundary``; the fact `fits` is the list of (system, points inside).
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not len(known) or boundary.empty:
        return
    sample = known[np.linspace(0, len(known) - 1, min(len(known), _SAMPLE)).astype(int)]
    lon, lat = to_wgs84(x[sample], y[sample], crs)
    found = np.isfinite(lon)
    if not found.any():
        return
    points, shapes = shapely.points(lon[found], lat[found]), boundary.geometry.to_numpy()
    at, nearest = shapely.STRtree(shapes).query_nearest(points, all_matches=False)
    lines = shapely.get_coordinates(shapely.shortest_line(points[at], shapes[nearest])).reshape(-1, 4)
    earth = Geod(ellps="WGS84")
    away_km = earth.inv(*lines.T)[2] / 1000
    west, south, east, north = boundary.total_bounds
    diagonal_km = earth.inv(west, south, east, north)[2] / 1000
    half_km = float(np.median(away_km))
    if half_km <= max(_FAR_KM, diagonal_km / 2):
        return
    likely = [fit for fit in candidates(x, y, boundary) if fit[0] != crs_name(crs)][:5]
    facts = {"km": round(half_km), "crs": crs, "n": len(known), "fits": likely}
    if likely:
        raise HazardError(
            "far-from-boundary",
            "Read as {crs}, half of the {n} points lie {km} km or more from the boundary. These systems would bring "
            "so many points inside: {systems}. Choose one; (y, x) means that the two columns are to be exchanged.",
            systems=", ".join(f"{system}: {inside}" for system, inside in likely), **facts,
        )  # fmt: skip
    raise HazardError(
        "far-from-boundary",
        "Read as {crs}, half of the {n} points lie {km} km or more from the boundary, and no usual coordinate "
        "system brings any inside. Is it the right boundary? Otherwise ask where the file comes from for its system.",
        **facts,
    )


def _looks_projected(x: Floats, y: Floats, names: dict[str, str]) -> HazardError:
    middle_x, middle_y = float(np.nanmedian(x)), float(np.nanmedian(y))
    codes = zone_codes(middle_x)
    if len(codes) > 1 and len(zone_codes(middle_y)) == 1:  # X north and Y east, as surveyors write
        codes = tuple(code + SWAPPED for code in zone_codes(middle_y))
    return HazardError(
        "looks-projected",
        "Columns {lon} and {lat} hold metres (such as {x}, {y}) and no degrees. Choose the coordinate system of the "
        "file; by their size these may be {systems}. (y, x) means that the two columns are exchanged in the mapping.",
        lon=names["lon"], lat=names["lat"], x=f"{middle_x:.2f}", y=f"{middle_y:.2f}", systems=", ".join(codes),
    )  # fmt: skip
