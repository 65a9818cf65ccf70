"""Rows of text -> typed, masked records in WGS 84, and every row that was not taken with its reason."""

import hashlib
import json
from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod

from base.errors import HazardError
from data.headers import TOTALS
from data.privacy import TEXT, mask, mask_text
from data.schema import INCIDENT_COLUMNS, REJECTED_COLUMNS, TEXT_FIELDS, TIME_FIELDS
from data.times import read_times
from geo.crs import candidates, crs_name, is_projected, to_wgs84, zone_codes

_FREE_TEXT = ("type_name", "description", "address", "channel", "unit")
# What a report consists of when it comes in: a later extract of the same case has the same (closing times change).
_IDENTITY = ("reported_at", "type_name", "code", "description", "address", "lon", "lat", "channel")
_KEPT = tuple(name for name in INCIDENT_COLUMNS if name not in ("source", "import_id", "month", "hazard"))
_DAMAGED_ID = r"^[+-]?\d(?:\.\d+)?[eE]\+\d+$"
_COORDINATE = r"^(?:东经|北纬|西经|南纬|[EN])?[:：\s]*([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)\s*[°度]?\s*([EWNSewns])?$"
_FAR_KM = 20.0
_SAMPLE = 500
Mask = NDArray[np.bool_]


class _Faults:
    """The first fault of each row."""

    def __init__(self, index: pd.Index) -> None:
        self.frame = pd.DataFrame({"column": "", "value": "", "reason": ""}, index=index)
        self.found: Mask = np.zeros(len(index), dtype=bool)

    def add(self, rows: ArrayLike, reason: str, column: str = "", values: pd.Series | None = None) -> None:
        new = np.asarray(rows, dtype=bool) & ~self.found
        if new.any():
            shown = "" if values is None else values.to_numpy(dtype=object)[new]
            self.frame.loc[new, "column"], self.frame.loc[new, "reason"] = column, reason
            self.frame.loc[new, "value"] = shown
            self.found |= new


def check_incidents(
    raw: pd.DataFrame, *, zone: str, crs: str, day_first: bool | None = None, boundary: gpd.GeoDataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the records that can be taken and the rows that cannot, with reasons.

    Parameters
    ----------
    raw : DataFrame of str
        From `data.headers.apply_mapping`: fields as columns, row numbers in Excel as index.
    zone : str
        IANA name for times without an offset.
    crs : {"wgs84", "gcj02", "bd09"} or "EPSG:n"
        What lon and lat of the file are in; lon is x (east), lat is y (north).
    day_first : bool, optional
        The user's answer where 03/05/2025 may be either.
    boundary : GeoDataFrame, optional
        Cells in EPSG:4326. If most points lie far from it, the file is refused with the systems that would fit.

    Returns
    -------
    accepted : DataFrame
        Columns of `data.schema.INCIDENT_COLUMNS` but source, import_id, month and hazard, in that order; the index is
        the row in Excel, as in `row`. Times are UTC (NaT where unknown), lon and lat WGS 84 (NaN together), absent
        text is '', free text is masked, `remark` holds codes separated by a space. ``attrs["repeats"]`` is the number
        of rows left out because they repeat another row word for word, case number included:
        ``len(raw) == len(accepted) + len(rejected) + accepted.attrs["repeats"]``.
    rejected : DataFrame
        Columns of `data.schema.REJECTED_COLUMNS`; `column` is the file's own name; one line a row, its first fault.

    Raises
    ------
    HazardError
        For the whole file: ``day-month-ambiguous``, ``zone-unknown``, ``crs-unknown``, ``lon-lat-swapped-file``,
        ``looks-projected``, ``looks-like-degrees``, ``far-from-boundary``.
    """
    crs = crs_name(crs)
    titles = raw.attrs.get("headers", {})
    text = pd.DataFrame({name: raw[name].astype(TEXT).fillna("").str.strip() for name in raw}, index=raw.index)
    for name in (*TEXT_FIELDS, "lon", "lat"):
        if name not in text:
            text[name] = pd.Series("", index=raw.index, dtype=TEXT)
    faults = _Faults(text.index)
    blank = ~np.logical_or.reduce([(text[name] != "").to_numpy() for name in text])
    totals = _totals(text, raw.attrs.get("totals", ()))
    faults.add(totals, "totals-row")
    faults.add(blank, "empty-row")

    given = text["incident_id"]
    faults.add(given.str.match(_DAMAGED_ID), "id-scientific", titles.get("incident_id", "incident_id"), given)
    repeats, contradicting = _same_ids(text, ~faults.found)
    faults.add(contradicting, "id-repeated", titles.get("incident_id", "incident_id"), given)

    times = read_times(
        {name: text[name].where(~faults.found, "") for name in TIME_FIELDS if name in text},
        zone=zone, day_first=day_first, titles=titles,
    )  # fmt: skip
    for name, column in times.items():
        unreadable = column.isna() & (text[name] != "")
        faults.add(unreadable, "time-unreadable", titles.get(name, name), text[name])
    lon, lat = _places(text, faults, repeats, crs, titles)
    if boundary is not None:
        x, y = _number(text["lon"]), _number(text["lat"])
        unknown = np.isnan(lon)
        check_place(np.where(unknown, np.nan, x), np.where(unknown, np.nan, y), crs=crs, boundary=boundary)

    taken = ~faults.found & ~repeats
    accepted = pd.DataFrame(index=text.index[taken])
    accepted["incident_id"] = _ids(text)[taken]
    accepted["row"] = accepted.index.to_numpy(dtype=np.int64)
    for name in ("code", *_FREE_TEXT):
        accepted[name] = mask_text(text.loc[taken, name]) if name in _FREE_TEXT else text.loc[taken, name]
    for name in TIME_FIELDS:
        accepted[name] = (
            times[name][taken] if name in times else pd.Series(pd.NaT, accepted.index, "datetime64[ns, UTC]")
        )
    accepted["lon"], accepted["lat"] = lon[taken], lat[taken]
    accepted["remark"] = _remarks(
        {
            "no-location": accepted["lon"].isna(),
            "no-report-time": accepted["reported_at"].isna(),
            "closed-before-reported": accepted["closed_at"] < accepted["reported_at"],
        }
    )
    accepted = accepted[list(_KEPT)]
    accepted.attrs = {"repeats": int((repeats & ~faults.found).sum())}
    return accepted, _rejected(faults, text[list(raw.columns)], titles)


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
    points, shapes = shapely.points(lon[found], lat[found]), boundary.geometry.to_numpy()
    at, nearest = shapely.STRtree(shapes).query_nearest(points, all_matches=False)
    lines = shapely.get_coordinates(shapely.shortest_line(points[at], shapes[nearest])).reshape(-1, 4)
    earth = Geod(ellps="WGS84")
    away_km = earth.inv(*lines.T)[2] / 1000
    west, south, east, north = boundary.total_bounds
    diagonal_km = earth.inv(west, south, east, north)[2] / 1000
    half_km = float(np.median(away_km)) if len(away_km) else np.inf
    if half_km <= max(_FAR_KM, diagonal_km / 2):
        return
    fits = [fit for fit in candidates(x, y, boundary) if fit[0] != crs_name(crs)][:5]
    facts = {"km": round(half_km), "crs": crs, "n": len(known), "fits": fits}
    if fits:
        raise HazardError(
            "far-from-boundary",
            "Read as {crs}, half of the {n} points lie {km} km or more from the boundary. These systems would bring "
            "so many points inside: {systems}. Choose one; (y, x) means that the two columns are to be exchanged.",
            systems=", ".join(f"{system}: {inside}" for system, inside in fits), **facts,
        )  # fmt: skip
    raise HazardError(
        "far-from-boundary",
        "Read as {crs}, half of the {n} points lie {km} km or more from the boundary, and no usual coordinate "
        "system brings any inside. Is it the right boundary? Otherwise ask where the file comes from for its system.",
        **facts,
    )


def flag_one_spot(incidents: pd.DataFrame, *, min_reports: int, min_share: float) -> pd.DataFrame:
    """Return incidents with the remark ``one-spot`` where many reports from different places lie on one point.

    A geocoder that finds nothing often answers with the town hall. A point (6 decimals, 0.1 m) is flagged if it carries
    at least `min_reports` and at least `min_share` of the located reports, and at least 5 different addresses - or,
    where no address is known at all, at least 3 different types. A site that really recurs has one address, one type.

    Parameters
    ----------
    incidents : DataFrame
        All reports of one source: lon, lat, address, type_name, remark. Earlier flags are renewed.
    """
    remark = incidents["remark"].astype(TEXT).fillna("")
    flagged_before = remark.str.contains("one-spot", regex=False)
    if flagged_before.any():
        remark = remark.where(~flagged_before, remark.str.replace("one-spot", "", regex=False).str.strip())
    lon, lat = incidents["lon"].to_numpy(dtype=float), incidents["lat"].to_numpy(dtype=float)
    located = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    # One whole number a point: 6 decimals of 360 and 180 degrees need 29 and 28 bits
    point = np.round(lon[located] * 1e6).astype(np.int64) * (1 << 30) + np.round(lat[located] * 1e6).astype(np.int64)
    spot, points = pd.factorize(point)
    reports = np.bincount(spot, minlength=len(points))
    piles = (reports >= min_reports) & (reports >= min_share * len(located))
    in_pile = located[piles[spot]]
    by_address = bool((incidents["address"].fillna("") != "").any())
    what = incidents["address" if by_address else "type_name"].iloc[in_pile].astype(object).fillna("").str.strip()
    kinds = what[what != ""].groupby(spot[piles[spot]][(what != "").to_numpy()]).nunique()
    piles &= np.isin(np.arange(len(points)), kinds.index[kinds >= (5 if by_address else 3)])
    rows = located[piles[spot]]
    remark.iloc[rows] = (remark.iloc[rows] + " one-spot").str.strip()
    return incidents.assign(remark=remark)


def _totals(text: pd.DataFrame, rows: Iterable[int]) -> Mask:
    summed = text.index.isin(list(rows))
    for name in ("incident_id", "type_name"):
        summed |= text[name].str.lower().isin(TOTALS).to_numpy()
    no_time = text["reported_at"] == "" if "reported_at" in text else pd.Series(True, text.index)
    named = ~text["incident_id"].str.lower().isin(["", *TOTALS])
    return np.asarray(summed & no_time.to_numpy() & ~named.to_numpy(), dtype=bool)


def _same_ids(text: pd.DataFrame, usable: Mask) -> tuple[Mask, Mask]:
    """Return which rows repeat an earlier one word for word, and which share a case number but not the content."""
    repeats, contradicting = np.zeros(len(text), dtype=bool), np.zeros(len(text), dtype=bool)
    given = text["incident_id"].to_numpy(dtype=object)
    asked = np.flatnonzero(usable & (given != ""))
    asked = asked[pd.Series(given[asked]).duplicated(keep=False).to_numpy()]
    if len(asked):
        rows = text.iloc[asked].astype(object)
        again = rows.duplicated().to_numpy()
        repeats[asked] = again
        left = asked[~again]
        different = pd.Series(given[left])
        several = set(different[different.duplicated(keep=False)])
        if several:
            hit = np.array([value in several for value in given[asked]])
            contradicting[asked[hit]] = True
            repeats &= ~contradicting
    return repeats, contradicting


def _places(
    text: pd.DataFrame, faults: _Faults, repeats: Mask, crs: str, titles: dict[str, str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return WGS 84 degrees, NaN where there is no location, and note faults."""
    names = {name: titles.get(name, name) for name in ("lon", "lat")}
    x, y = _number(text["lon"]), _number(text["lat"])
    for name, values in (("lon", x), ("lat", y)):
        wrong = ~np.isfinite(values) & (text[name] != "").to_numpy()
        faults.add(wrong, "lon-lat-unreadable", names[name], text[name])
    located = np.isfinite(x) & np.isfinite(y) & ~((x == 0) & (y == 0)) & ~faults.found & ~repeats
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
        swapped = located & (np.abs(y) > 90) & (np.abs(y) <= 180) & (np.abs(x) <= 90)
        metres = located & (np.abs(x) > 1000) & (np.abs(y) > 1000)
        if metres.sum() > n / 2:
            raise _looks_projected(x, y, names)
        if swapped.sum() > n / 2:
            raise HazardError(
                "lon-lat-swapped-file",
                "In {count} of {n} rows column {lat} holds values beyond 90 degrees, which only a longitude has. "
                "Longitude and latitude seem to be exchanged: choose {lat} as longitude and {lon} as latitude.",
                count=int(swapped.sum()), n=n, lon=names["lon"], lat=names["lat"],
            )  # fmt: skip
        faults.add(swapped, "lon-lat-swapped", names["lat"], text["lat"])
        faults.add(located & (np.abs(x) > 180), "lon-lat-out-of-range", names["lon"], text["lon"])
        faults.add(located & (np.abs(y) > 90), "lon-lat-out-of-range", names["lat"], text["lat"])
    usable = located & ~faults.found
    lon, lat = to_wgs84(np.where(usable, x, np.nan), np.where(usable, y, np.nan), crs)
    faults.add(usable & np.isnan(lon), "lon-lat-out-of-range", names["lon"], text["lon"])
    return lon, lat


def _looks_projected(x: NDArray[np.float64], y: NDArray[np.float64], names: dict[str, str]) -> HazardError:
    middle_x, middle_y = float(np.nanmedian(x)), float(np.nanmedian(y))
    codes = zone_codes(middle_x)
    if len(codes) > 1 and len(zone_codes(middle_y)) == 1:  # X north and Y east, as surveyors write
        codes = tuple(f"{code} (y, x)" for code in zone_codes(middle_y))
    return HazardError(
        "looks-projected",
        "Columns {lon} and {lat} hold metres (such as {x}, {y}) and no degrees. Choose the coordinate system of the "
        "file; by their size these may be {systems}. (y, x) means that the two columns are exchanged in the mapping.",
        lon=names["lon"], lat=names["lat"], x=f"{middle_x:.2f}", y=f"{middle_y:.2f}", systems=", ".join(codes),
    )  # fmt: skip


def _number(text: pd.Series) -> NDArray[np.float64]:
    """Return numbers; NaN where a cell is empty or holds none. Full-width digits and signs of degrees are taken."""
    cells = pa.array(text, type=pa.large_string())
    plainly = pc.match_substring_regex(cells, pattern=r"^[+-]?\d{1,12}(?:\.\d{1,25})?$")
    values = pc.if_else(plainly, cells, None).cast(pa.float64()).to_numpy(zero_copy_only=False).copy()
    odd = np.flatnonzero(np.isnan(values) & (text != "").to_numpy())
    if len(odd):
        plain = text.iloc[odd].astype(object).str.normalize("NFKC").str.strip()
        parts = plain.str.extract(_COORDINATE)
        numbers = parts[0].astype(float)
        west = parts[1].isin(["W", "w", "S", "s"]) | plain.str.startswith(("西经", "南纬"))
        values[odd] = numbers.where(~west, -numbers).to_numpy()
    return values


def _ids(text: pd.DataFrame) -> pd.Series:
    """Return case numbers; a row without one gets the hash of its report and a running number among equal ones."""
    ids = text["incident_id"].copy()
    without = ids == ""
    if without.any():
        parts = [text.loc[without, name].astype(object) for name in _IDENTITY if name in text]
        keys = ["\x1f".join(values).encode() for values in zip(*parts, strict=True)]
        hashed = pd.Series([hashlib.blake2b(key, digest_size=8).hexdigest() for key in keys], index=ids.index[without])
        turn = hashed.groupby(hashed).cumcount() + 1
        ids[without] = (hashed + "-" + turn.astype(str)).astype(TEXT)
    return ids


def _remarks(flags: dict[str, pd.Series]) -> pd.Series:
    which = sum(rows.to_numpy().astype(int) << place for place, rows in enumerate(flags.values()))
    texts = [" ".join(code for place, code in enumerate(flags) if n >> place & 1) for n in range(1 << len(flags))]
    return pd.Series(pd.array(texts, dtype=TEXT)[which], index=next(iter(flags.values())).index)


def _rejected(faults: _Faults, text: pd.DataFrame, titles: dict[str, str]) -> pd.DataFrame:
    rejected = faults.frame[faults.found].copy()
    case_number = titles.get("incident_id", "incident_id")
    numbers = (rejected["column"] == case_number).to_numpy()
    rejected["value"] = rejected["value"].where(numbers, mask_text(rejected["value"]).astype(object))
    clear = {name: name in ("incident_id", "code") for name in text}
    original = [
        json.dumps(
            {titles.get(str(name), name): value if clear[str(name)] else mask(value) for name, value in row.items()},
            ensure_ascii=False,
        )
        for row in text[faults.found].astype(object).to_dict("records")
    ]
    rows = rejected.index.to_numpy(dtype=np.int64)
    return rejected.assign(row=rows, original=original)[list(REJECTED_COLUMNS)].reset_index(drop=True)
