"""Where a pair of numbers lies: WGS 84, the shifted Chinese systems GCJ-02 and BD-09, and every EPSG code.

GCJ-02 and BD-09 are offsets, not map projections: no EPSG code describes them, so a source must declare them. `x` is
always east (longitude) and `y` north (latitude), whatever the axis order of the system's definition; where a file has
them the other way round, as surveyors do, its system is written with ``(y, x)`` behind it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

import geopandas as gpd
import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError
from geo.join import OUTSIDE, assign_cells

Floats = NDArray[np.float64]
SHIFTED = ("gcj02", "bd09")
_NAMES = {
    "wgs84": "wgs84", "epsg:4326": "wgs84", "gps": "wgs84", "gcj02": "gcj02", "bd09": "bd09", "bd09ll": "bd09",
    "cgcs2000": "EPSG:4490",
}  # fmt: skip
_AXIS_M, _ECCENTRICITY2 = 6378245.0, 0.00669342162296594323  # Krasovsky 1940, on which the shift is defined
_BD_TURN = np.pi * 3000.0 / 180.0
SWAPPED = " (y, x)"  # behind the name of a system: north comes first
_FEW, _MANY = 500, 20_000  # points tried in every system, and in those that may be the one
_SHOWN = 500  # of them that a small map shows
_ALIKE = 0.02  # systems that differ by less of the points cannot be told apart by them


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return GCJ-02 degrees of WGS 84 degrees; outside China's box both are the same.

    Parameters
    ----------
    lon, lat : array_like, same shape
        Degrees; NaN stays NaN.

    References
    ----------
    The published open form of the shift (googollee/eviltransform, MIT), the same in every map library that has it.
    """
    lon, lat = _pair(lon, lat)
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    wave = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + _thirds(wave, x, 20.0, 40.0, 150.0, 300.0)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north = north + _thirds(wave, y, 20.0, 40.0, 160.0, 320.0)
    radians = np.radians(lat)
    flat = 1.0 - _ECCENTRICITY2 * np.sin(radians) ** 2
    d_lat = np.degrees(north / (_AXIS_M * (1.0 - _ECCENTRICITY2) / flat**1.5))
    d_lon = np.degrees(east / (_AXIS_M / np.sqrt(flat) * np.cos(radians)))
    inside = _in_china(lon, lat)
    return np.where(inside, lon + d_lon, lon), np.where(inside, lat + d_lat, lat)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return BD-09 degrees of GCJ-02 degrees; outside China's box both are the same."""
    lon, lat = _pair(lon, lat)
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_TURN)
    inside = _in_china(lon, lat)
    return (
        np.where(inside, radius * np.cos(angle) + 0.0065, lon),
        np.where(inside, radius * np.sin(angle) + 0.006, lat),
    )


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return WGS 84 degrees of GCJ-02 degrees, exact to less than 1e-9 degrees (0.1 mm)."""
    return _inverse(wgs84_to_gcj02, lon, lat)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return GCJ-02 degrees of BD-09 degrees, exact to less than 1e-9 degrees (0.1 mm)."""
    return _inverse(gcj02_to_bd09, lon, lat)


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return BD-09 degrees of WGS 84 degrees."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Return WGS 84 degrees of BD-09 degrees."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def crs_name(crs: str) -> str:
    """Return a system's one name: ``wgs84``, ``gcj02``, ``bd09`` or ``EPSG:n``, with ``(y, x)`` if north comes first.

    Raises
    ------
    HazardError
        ``crs-unknown`` if it is none of these, or an EPSG code that describes no position on a plane or ellipsoid.
    """
    plain = crs.strip().lower().replace("-", "").replace(" ", "").replace("_", "")
    axes = SWAPPED if plain.endswith("(y,x)") else ""
    plain = plain.removesuffix("(y,x)")
    if plain in _NAMES:
        return _NAMES[plain] + axes
    if plain.startswith("epsg:") and plain[5:].isdecimal():
        name = f"EPSG:{int(plain[5:])}"
        _horizontal(name)
        return name + axes
    raise _unknown(crs)


def split_axes(crs: str) -> tuple[str, bool]:
    """Return a system's name without its axes, and whether north (latitude) comes first.

    Raises
    ------
    HazardError
        ``crs-unknown``.
    """
    name = crs_name(crs)
    return name.removesuffix(SWAPPED), name.endswith(SWAPPED)


def is_projected(crs: str) -> bool:
    """Return whether a system counts metres (or feet), not degrees."""
    name, _ = split_axes(crs)
    return name.startswith("EPSG:") and bool(_horizontal(name).is_projected)


def to_wgs84(x: ArrayLike, y: ArrayLike, crs: str) -> tuple[Floats, Floats]:
    """Return WGS 84 longitude and latitude of positions in a named system.

    Parameters
    ----------
    x, y : array_like, same shape
        East (longitude) and north (latitude) in the unit of `crs`; north and east if it ends in ``(y, x)``. NaN stays.
    crs : {"wgs84", "gcj02", "bd09"} or "EPSG:n"

    Returns
    -------
    lon, lat : ndarray
        Degrees; both NaN where the system has no such place.

    Raises
    ------
    HazardError
        ``crs-unknown``.
    """
    name, swapped = split_axes(crs)
    x, y = _pair(y, x) if swapped else _pair(x, y)
    if name == "wgs84":
        lon, lat = x.copy(), y.copy()
    elif name == "gcj02":
        lon, lat = gcj02_to_wgs84(x, y)
    elif name == "bd09":
        lon, lat = bd09_to_wgs84(x, y)
    else:
        lon, lat = _transformer(name).transform(x, y)
    lost = ~(np.isfinite(lon) & np.isfinite(lat))
    return np.where(lost, np.nan, lon), np.where(lost, np.nan, lat)


def local_metres(lon: float, lat: float) -> pyproj.CRS:
    """Return a metric, equal-area system centred on a place (Lambert azimuthal, WGS 84 ellipsoid)."""
    return pyproj.CRS.from_proj4(f"+proj=laea +lat_0={lat:.6f} +lon_0={lon:.6f} +datum=WGS84 +units=m +no_defs")


def project(lon: ArrayLike, lat: ArrayLike, centre: tuple[float, float] | None = None) -> tuple[Floats, Floats]:
    """Return metres east and north of `centre` (lon, lat in degrees), in its `local_metres` system.

    Without a centre it is the median of the points.
    """
    lon, lat = _pair(lon, lat)
    if centre is None:
        point = np.isfinite(lon) & np.isfinite(lat)
        centre = (float(np.median(lon[point])), float(np.median(lat[point]))) if point.any() else (0.0, 0.0)
    x_m, y_m = _to_local(round(centre[0], 6), round(centre[1], 6)).transform(lon, lat)
    return np.where(np.isfinite(x_m), x_m, np.nan), np.where(np.isfinite(y_m), y_m, np.nan)


def unproject(x_m: ArrayLike, y_m: ArrayLike, centre: tuple[float, float]) -> tuple[Floats, Floats]:
    """Return longitude and latitude of metres east and north of `centre`, as `project` gives them."""
    x, y = _pair(x_m, y_m)
    lon, lat = _to_local(round(centre[0], 6), round(centre[1], 6)).transform(x, y, direction="INVERSE")
    return np.where(np.isfinite(lon), lon, np.nan), np.where(np.isfinite(lat), lat, np.nan)


def require_projected(cells: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """Return `cells` unchanged if they are in metres; areas, distances and buffers begin with this.

    Raises
    ------
    HazardError
        ``not-projected``.
    """
    if cells.crs is None or not cells.crs.is_projected:
        raise HazardError("not-projected", "{name} must be in a metric coordinate system, not in degrees.", name=name)
    return cells


@dataclass(frozen=True, eq=False)
class Fit:
    """How many points lie inside a boundary if their numbers are read in one system.

    `inside` of `n` points are; `n` are all points of a file up to some 20,000, spread evenly over a larger one. `lon`
    and `lat` are some of them as the system places them, WGS 84, for a small map; NaN where it has no such place.
    """

    crs: str
    swapped: bool
    inside: int
    n: int
    lon: Floats
    lat: Floats

    @property
    def label(self) -> str:
        """The system as an import takes it: ``EPSG:4547``, or ``EPSG:4547 (y, x)`` where x and y are exchanged."""
        return self.crs + SWAPPED if self.swapped else self.crs


def fits(x: ArrayLike, y: ArrayLike, cells: gpd.GeoDataFrame, *, taken: str | None = None) -> list[Fit]:
    """Return how well each system that the numbers may be written in fits a boundary, the best first.

    Degrees are tried as WGS 84, GCJ-02 and BD-09, which are always all in the answer: they lie so close together that
    only people can tell. Metres are tried in the CGCS2000 3-degree and 6-degree zones near the cells, with and without
    zone number, the UTM zones near the cells, Web Mercator and TWD97. Each also with x and y exchanged, which is normal
    in Chinese survey files (X is north there). Systems that bring no point inside are left out but for those three.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Coordinates as the file has them; NaN is left out.
    cells : GeoDataFrame
        Polygons in EPSG:4326.
    taken : str, optional
        A system, as `crs_name` returns it, that is in the answer whatever it brings.
    """
    x, y = _pair(x, y)
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & ~((x == 0) & (y == 0)))
    if not len(known) or cells.empty:
        return []
    few, many = (known[np.linspace(0, len(known) - 1, min(len(known), most)).astype(int)] for most in (_FEW, _MANY))
    west, south, east, north = cells.total_bounds
    degrees = np.mean((np.abs(x[few]) <= 180) & (np.abs(y[few]) <= 180)) > 0.5
    systems = ["wgs84", *SHIFTED] if degrees else _projected_near((west + east) / 2, (south + north) / 2)
    own = taken.removesuffix(SWAPPED) if taken else None
    found = []
    for system in dict.fromkeys([*([own] if own else []), *systems]):
        for swapped in (False, True):
            label = system + SWAPPED if swapped else system
            likely = _inside(x[few], y[few], label, cells).any()
            lon, lat = to_wgs84(x[few], y[few], label)
            shown = slice(None, None, max(1, len(few) // _SHOWN))
            inside = int(_inside(x[many], y[many], label, cells).sum()) if likely else 0
            if inside or label == taken or (degrees and not swapped and system in systems):
                found.append(Fit(system, swapped, inside, len(many), lon[shown], lat[shown]))
    return sorted(found, key=lambda fit: -fit.inside)


def alike(found: list[Fit]) -> list[Fit]:
    """Return the systems that fit as well as the best, but for a fiftieth of the points: the numbers cannot choose."""
    return [fit for fit in found if fit.inside and fit.inside >= found[0].inside - _ALIKE * fit.n]


def candidates(x: ArrayLike, y: ArrayLike, cells: gpd.GeoDataFrame) -> list[tuple[str, int]]:
    """Return the systems in which points would lie inside cells, the best first, as label and number of points.

    As `fits`, which says more; the number is scaled up to all points, and systems that bring none inside are left out.
    """
    n = int((np.isfinite(np.asarray(x, dtype=float)) & np.isfinite(np.asarray(y, dtype=float))).sum())
    return [(fit.label, round(fit.inside * n / fit.n)) for fit in fits(x, y, cells) if fit.inside]


def _inside(x: Floats, y: Floats, system: str, cells: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    return np.asarray(assign_cells(*to_wgs84(x, y, system), cells) != OUTSIDE)


def zone_codes(x: float) -> tuple[str, ...]:
    """Return EPSG codes that an easting (or x) of this size may belong to, told by its size alone."""
    zone = int(x // 1e6)
    if 25 <= zone <= 45 and x >= 24.5e6:  # CGCS2000, 3-degree zones with the zone number in front
        return (f"EPSG:{4513 + zone - 25}",)
    if 13 <= zone <= 23:  # 6-degree zones; Web Mercator has China in 8.1 to 15.1 million
        return (f"EPSG:{4491 + zone - 13}", *(("EPSG:3857",) if x < 15.1e6 else ()))
    if 8e6 <= x < 15.1e6:
        return ("EPSG:3857",)
    return ("EPSG:4534-4554", "EPSG:4502-4512", "EPSG:32643-32653", "EPSG:3826")


def _projected_near(lon: float, lat: float) -> list[str]:
    zones = [zone for zone in range(25, 46) if abs(3 * zone - lon) <= 4.5]
    utm = [zone for zone in range(1, 61) if abs(6 * zone - 183 - lon) <= 6]
    wide = [zone for zone in range(13, 24) if abs(6 * zone - 3 - lon) <= 6]
    found = [f"EPSG:{first + zone - 25}" for first in (4534, 4513) for zone in zones]
    found += [f"EPSG:{4491 + zone - 13}" for zone in wide]
    found += [f"EPSG:{4502 + zone - 13}" for zone in wide if 2 * zone - 1 not in zones]  # else the 3-degree zone's twin
    found += [f"EPSG:{(32600 if lat >= 0 else 32700) + zone}" for zone in utm]
    return [*found, "EPSG:3857", "EPSG:3826"]


def _thirds(wave: Floats, v: Floats, a: float, b: float, c: float, d: float) -> Floats:
    slow = c * np.sin(v / 12.0 * np.pi) + d * np.sin(v / 30.0 * np.pi)
    return np.asarray((wave + a * np.sin(v * np.pi) + b * np.sin(v / 3.0 * np.pi) + slow) * 2.0 / 3.0)


def _in_china(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    return (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)


def _inverse(
    forward: Callable[[Floats, Floats], tuple[Floats, Floats]], lon: ArrayLike, lat: ArrayLike
) -> tuple[Floats, Floats]:
    # Fixed point: the shift changes by less than 0.2 % of a step, so each turn gains more than two digits.
    lon, lat = _pair(lon, lat)
    guess_lon, guess_lat = lon.copy(), lat.copy()
    for _ in range(12):
        there_lon, there_lat = forward(guess_lon, guess_lat)
        d_lon, d_lat = lon - there_lon, lat - there_lat
        guess_lon, guess_lat = guess_lon + d_lon, guess_lat + d_lat
        if not (np.nanmax(np.abs(d_lon), initial=0) > 1e-11 or np.nanmax(np.abs(d_lat), initial=0) > 1e-11):
            break
    return guess_lon, guess_lat


def _pair(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def _unknown(crs: str) -> HazardError:
    return HazardError(
        "crs-unknown",
        "{crs} is no known coordinate system. Choose wgs84, gcj02, bd09 or a code such as EPSG:4547.",
        crs=crs,
    )


@cache
def _horizontal(name: str) -> pyproj.CRS:
    try:
        crs = pyproj.CRS.from_user_input(name)
    except pyproj.exceptions.CRSError:
        raise _unknown(name) from None
    if not (crs.is_geographic or crs.is_projected):
        raise _unknown(name)
    return crs


@cache
def _transformer(name: str) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(_horizontal(name), "EPSG:4326", always_xy=True)


@lru_cache(maxsize=64)  # a centre for each part of a history
def _to_local(lon: float, lat: float) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs("EPSG:4326", local_metres(lon, lat), always_xy=True)
