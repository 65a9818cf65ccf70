"""What is missing or odd in the stored incidents, by source, and the rows behind each item. Counts only; words are in
`reports.quality`.

Most items are conditions on one row and are counted together in one scan. Three need a look at all rows first, one scan
each: minutes in which many cases were closed at once, spots at the centre of a cell that carry many reports, and points
far outside the boundary.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from base.errors import HazardError
from data import accounts, corrections
from data.bulk import closed_in_bulk
from data.dataset import Dataset
from data.faraway import explained, far_counts, far_points
from data.schema import INCIDENT_COLUMNS, STORED_TIMES
from data.tables import near_column
from geo import crs

MISSING = ("reported_at", "due_at", "type_name", "description", "address", "channel", "unit")
REJECTED = "rejected-"  # and the reason, of rows that still stand so; and
SETTLED = "settled"  # for those that came in since, corrected or in a later file
_CENTRE_M = 10.0  # how near a spot lies to the centre of a cell: coordinates are often rounded to four decimals
_MINUTE_US = 60_000_000
# Two dates without a clock, of one day: nobody knows how long the case took. $zone is the workspace's. A CASE, so that
# only equal times are brought to the zone: that is slow, as all arithmetic with a calendar
_DATES_ALONE = "CASE WHEN closed_at = reported_at THEN timezone($zone, reported_at)::TIME = TIME '00:00' ELSE false END"
_TOOK = "(epoch_us(closed_at) - epoch_us(reported_at))"
# {cell} and {near} are columns of the finest level. Values of people stand nowhere in here.
_CONDITIONS = {
    **{f"missing-{name}": f"{name} IS NULL" for name in MISSING if name in STORED_TIMES},
    **{f"missing-{name}": f"coalesce({name}, '') = ''" for name in MISSING if name not in STORED_TIMES},
    "missing-reported_at": "reported_at IS NULL AND NOT contains(remark, 'year-only')",
    "missing-type_name": "coalesce(type_name, '') = '' AND coalesce(code, '') = ''",
    "no-location": "lon IS NULL AND {cell} IS NULL",
    "outside": "lon IS NOT NULL AND {cell} IS NULL AND {bounded}",
    "near": "{near} IS NOT NULL",
    "one-spot": "contains(remark, 'one-spot')",
    "zero-point": "abs(lon) < 0.01 AND abs(lat) < 0.01",
    "closed-before-reported": "closed_at < reported_at",
    "stages-out-of-order": "contains(remark, 'stages-out-of-order')",
    "time-in-future": "contains(remark, 'time-in-future')",
    "year-only": "contains(remark, 'year-only')",
    "closed-at-once": f"{_TOOK} >= 0 AND {_TOOK} < 1000000 AND NOT {_DATES_ALONE}",
    "closed-first-quarter-hour": f"{_TOOK} >= 0 AND {_TOOK} < 900000000 AND NOT {_DATES_ALONE}",
    "other-type": "hazard = 'other'",
    "hashed-id": "regexp_full_match(incident_id, '[0-9a-f]{{16}}-[0-9]+')",
}
_JOINED = ("bulk-closure", "cell-centre", "far-outside")
CODES = (*_CONDITIONS, *_JOINED)


@dataclass(frozen=True)
class Quality:
    """The counts of all items, and the minutes, spots and farthest points behind three of them."""

    counts: pd.DataFrame  # code, source, n, of: one row an item and source; `of` is what n is a part of
    minutes: pd.DataFrame  # source, minute (in the workspace's zone), n: most first
    spots: pd.DataFrame  # source, lon, lat, n, level, cell_id: most first
    far: pd.DataFrame  # as `data.faraway.far_counts`


def check_quality(dataset: Dataset) -> Quality:
    """Return the counts of all items of all sources.

    Rejected rows stand under `REJECTED` and their reason while they are open or left out; those settled since under
    `REJECTED` and `SETTLED`, out of all that had to be mended.
    """
    columns = ", ".join(f'count(*) FILTER ({text}) AS "{code}"' for code, text in _conditions(dataset).items())
    wide = dataset.query(
        f'SELECT source, count(*) AS "of", {columns} FROM incidents GROUP BY source ORDER BY source',  # noqa: S608
        {"zone": dataset.zone},
    ).to_pandas()
    counts = wide.melt(["source", "of"], var_name="code", value_name="n")
    minutes, spots, far = closed_in_bulk(dataset).minutes, centre_spots(dataset), far_counts(dataset)
    of = wide.set_index("source")["of"]
    for code, found in zip(_JOINED, (minutes, spots, far), strict=True):
        n = found.groupby("source")["n"].sum().reindex(of.index).fillna(0)
        counts = pd.concat([counts, pd.DataFrame({"code": code, "source": of.index, "n": n.values, "of": of.values})])
    counts = pd.concat([counts, _rejected(dataset)])[["code", "source", "n", "of"]]
    return Quality(counts.astype({"n": np.int64, "of": np.int64}).reset_index(drop=True), minutes, spots, far)


def quality_rows(dataset: Dataset, code: str, source: str | None = None, limit: int | None = 200) -> pd.DataFrame:
    """Return the incidents behind an item, latest report first; for a rejected reason the rejected rows.

    Parameters
    ----------
    code : str
        One of CODES, or REJECTED and a reason.
    source : str, optional
        Only of this source.
    limit : int, optional
        At most so many rows; None for all.

    Returns
    -------
    DataFrame
        The stored columns but month, and cell_id (of the finest level); times in the workspace's zone. Of far-outside
        also km and why (`data.faraway.SLIPS`), the farthest first. For ``rejected-...`` the columns of
        `data.corrections.rejections`.

    Raises
    ------
    HazardError
        ``quality-item-unknown``.
    """
    if code.startswith(REJECTED):
        sources = {record.import_id: record.source for record in dataset.imports}
        rows, reason = corrections.rejections(dataset), code.removeprefix(REJECTED)
        standing = rows["state"].isin(corrections.STANDING) & (rows["reason"] == reason)
        rows = rows[rows["state"].isin(corrections.MENDED) if reason == SETTLED else standing]
        if source is not None:
            rows = rows[rows["import_id"].isin([one for one, of in sources.items() if of == source])]
        return corrections.with_cells(dataset, rows.head(limit) if limit is not None else rows)
    if code not in CODES:
        raise HazardError(
            "quality-item-unknown",
            "{code} is no item of the report. Items: {known}.",
            code=code,
            known=", ".join(CODES),
        )
    if code == "far-outside":
        far = far_points(dataset, source, limit)
        schema = pa.schema([("source", pa.string()), ("incident_id", pa.string()), ("km", pa.float64())])
        found = pa.Table.from_pandas(far, schema=schema, preserve_index=False)
        joined = "JOIN found USING (source, incident_id)"
        return explained(_incidents(dataset, joined, "km DESC", limit, {}, {"found": found}, "km,"), dataset)
    frames: dict[str, pa.Table] = {}
    bound: dict[str, Any] = {}
    if code == "bulk-closure":
        minutes = closed_in_bulk(dataset).minutes
        stamps = [int(at.timestamp() // 60) for at in minutes["minute"]]
        frames["found"] = pa.table(
            {"source": pa.array(minutes["source"], pa.string()), "at": pa.array(stamps, pa.int64())}
        )
        wanted = f"SEMI JOIN found ON rows.source = found.source AND epoch_us(closed_at) // {_MINUTE_US} = found.at"
    elif code == "cell-centre":
        spots = centre_spots(dataset)[["source", "lon", "lat"]].drop_duplicates()
        schema = pa.schema([("source", pa.string()), ("lon", pa.float64()), ("lat", pa.float64())])
        frames["found"] = pa.Table.from_pandas(spots, schema=schema, preserve_index=False)
        wanted = (
            "SEMI JOIN found ON rows.source = found.source AND round(rows.lon, 6) = found.lon "
            "AND round(rows.lat, 6) = found.lat"
        )
    else:
        wanted = f"WHERE ({_conditions(dataset)[code]})"
        bound |= {"zone": dataset.zone} if _DATES_ALONE in wanted else {}
    if source is not None:
        wanted += f" {'AND' if wanted.startswith('WHERE') else 'WHERE'} rows.source = $source"
        bound["source"] = source
    return _incidents(dataset, wanted, "reported_at DESC NULLS LAST", limit, bound, frames)


def rows_of(dataset: Dataset, members: pa.Table, limit: int | None = 200) -> pd.DataFrame:
    """Return the incidents of the keys given (source, incident_id), by the number of their `group`, earliest first."""
    wanted = "JOIN found USING (source, incident_id)"
    return _incidents(dataset, wanted, '"group", reported_at', limit, {}, {"found": members}, '"group",')


def _incidents(
    dataset: Dataset,
    wanted: str,
    order: str,
    limit: int | None,
    bound: dict[str, Any],
    frames: dict[str, pa.Table],
    more: str = "",
) -> pd.DataFrame:
    columns = ", ".join(name for name in INCIDENT_COLUMNS if name != "month")
    first = "" if limit is None else "LIMIT $most"
    frame = dataset.query(
        f"SELECT {more} {columns}, {_cell(dataset)} AS cell_id FROM incidents AS rows {wanted} "  # noqa: S608
        f"ORDER BY {order}, source, incident_id {first}",
        bound if limit is None else {**bound, "most": limit},
        **frames,
    ).to_pandas()
    for name in STORED_TIMES:
        frame[name] = frame[name].dt.tz_convert(ZoneInfo(dataset.zone))
    return frame


def centre_spots(dataset: Dataset) -> pd.DataFrame:
    """Return the spots that carry as many reports as the setting spot_min_reports and lie on the centre of a cell.

    An address that was not found is often given the middle of its area.

    Returns
    -------
    DataFrame
        source, lon, lat (to six decimals), n, level, cell_id; most first; the finest such cell.
    """
    spots = dataset.query(
        "SELECT source, round(lon, 6) AS lon, round(lat, 6) AS lat, count(*) AS n FROM incidents "
        "WHERE lon IS NOT NULL GROUP BY 1, 2, 3 HAVING count(*) >= $least ORDER BY n DESC, source, lon, lat",
        {"least": int(dataset.settings["spot_min_reports"])},
    ).to_pandas()
    spots = spots.assign(level=None, cell_id=None)
    if not len(spots):
        return spots
    lon, lat = spots["lon"].to_numpy(float), spots["lat"].to_numpy(float)
    middle = (float(np.median(lon)), float(np.median(lat)))
    points = shapely.points(*crs.project(lon, lat, middle))
    for level in dataset.levels:  # the finest comes last and stays
        cells = dataset.cells(level.name)
        centres = shapely.get_coordinates(shapely.centroid(cells.geometry.to_numpy()))
        tree = shapely.STRtree(shapely.points(*crs.project(centres[:, 0], centres[:, 1], middle)))
        at, nearest = tree.query_nearest(points, max_distance=_CENTRE_M, all_matches=False)
        spots.loc[spots.index[at], "level"] = level.name
        spots.loc[spots.index[at], "cell_id"] = cells["cell_id"].to_numpy(dtype=object)[nearest]
    return spots[spots["cell_id"].notna()].reset_index(drop=True)


def _conditions(dataset: Dataset) -> Mapping[str, str]:
    cell = _cell(dataset)
    known = {"cell": cell, "near": near_column(cell) if dataset.levels else cell, "bounded": bool(dataset.levels)}
    return {code: text.format(**known) for code, text in _CONDITIONS.items()}


def _cell(dataset: Dataset) -> str:
    return dataset.levels[-1].column if dataset.levels else "NULL::VARCHAR"


def _rejected(dataset: Dataset) -> pd.DataFrame:
    sources = {record.import_id: record.source for record in dataset.imports}
    read = {one: accounts.own(dataset, one)["read"] for one in dataset.sources}
    kinds = corrections.rejections(dataset).groupby(["import_id", "reason", "state"], observed=True)
    rows = kinds.agg(n=("row", "size")).reset_index().astype({"import_id": object, "reason": object})
    rows = rows.assign(source=rows["import_id"].map(sources), code=REJECTED + rows["reason"])
    standing = rows[rows["state"].isin(corrections.STANDING)]
    counted = standing.groupby(["code", "source"], as_index=False)["n"].sum()
    counted["of"] = [read[source] for source in counted["source"]]
    faults = rows[rows["state"].isin((corrections.OPEN, *corrections.MENDED))]
    done = faults["n"].where(faults["state"] != corrections.OPEN, 0)
    mended = faults.assign(n=done, of=faults["n"]).groupby("source", as_index=False)[["n", "of"]].sum()
    return pd.concat([mended[mended["n"] > 0].assign(code=REJECTED + SETTLED), counted])
