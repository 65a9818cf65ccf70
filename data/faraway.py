"""Points far outside the boundary, by name: one among many good ones is a slip of the pen, and no count shows it."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from base.text import N_, Sentence, Term
from data.dataset import Dataset
from geo.far import Box, likely_slip

# Kilometres from the box that the cells fill and not from the cells, so that a million points take no time; far off
# both say the same. To the point of the box that is nearest in degrees, on WGS 84 by the formula for long lines of
# Lambert (1942), which is off by some ten metres in thousands of km. y are reduced latitudes, h is sin²(s / 2). Step by
# step, for DuckDB reckons a name of the same step anew wherever it stands.
_FAR = """
WITH placed AS (
    SELECT {columns}, lon, lat, greatest($west, least($east, lon)) AS lon0, greatest($south, least($north, lat)) AS lat0
    FROM {rows} WHERE lon IS NOT NULL AND {nowhere}
), reduced AS (
    SELECT *, sin(radians(lon - lon0) / 2) AS x, atan((1 - $f) * tan(radians(lat))) AS y,
        atan((1 - $f) * tan(radians(lat0))) AS y0
    FROM placed WHERE lon <> lon0 OR lat <> lat0
), halves AS (
    SELECT *, sin((y - y0) / 2) AS a, sin((y + y0) / 2) AS b, a * a + cos(y) * cos(y0) * x * x AS h FROM reduced
), arcs AS (
    SELECT *, 2 * asin(least(1, sqrt(h))) AS s FROM halves WHERE h > 0
), far AS (
    SELECT {columns}, lon, lat, km FROM (
        SELECT *, 6378.137 * (s - $f / 2 * (
            (s - sin(s)) * b * b * (1 - a * a) / (1 - h) + (s + sin(s)) * (1 - b * b) * a * a / h
        )) AS km FROM arcs
    ) WHERE km > $far
)
"""
_NAMED = 5  # of an import's points far off, the farthest
_EXPLAINED = 200  # rows that are looked at for the reason
SLIPS = {  # as `geo.far.likely_slip` calls them
    "zero": N_("Was 0 written in place of a coordinate?"),
    "swapped": N_("Were longitude and latitude exchanged in this row?"),
    "digit": N_("Was a digit lost or mistyped?"),
    "": N_("Check its coordinates."),
}
_MANY = N_("Points more than {far} km outside the boundary (setting far_km): {n}. The farthest:")
_ONE = N_("Row {row}, case {case}: {km} km from the boundary. {why}")


def far_notes(rows: pa.Table, dataset: Dataset) -> list[Sentence]:
    """Return what an import says of its points far outside: how many they are, and the farthest by row and case."""
    far_km = float(dataset.settings["far_km"])
    found = _ask(
        dataset,
        '"row", incident_id',
        'SELECT *, count(*) OVER () AS n FROM far ORDER BY km DESC, "row" LIMIT $most',
        {"most": _NAMED},
        rows,
    )
    if found.empty:
        return []
    told = explained(found, dataset)
    return [Sentence(_MANY, {"n": int(found["n"].iloc[0]), "far": far_km})] + [
        Sentence(_ONE, {"row": str(row), "case": case, "km": km_text(km), "why": Term(SLIPS[why])})
        for row, case, km, why in told[["row", "incident_id", "km", "why"]].itertuples(index=False)
    ]


def far_counts(dataset: Dataset) -> pd.DataFrame:
    """Return how many stored points lie far outside: source, n, incident_id and km of the farthest; that first."""
    return _ask(
        dataset,
        "source, incident_id",
        "SELECT source, count(*) AS n, arg_min(incident_id, (-km, incident_id)) AS incident_id, max(km) AS km "
        "FROM far GROUP BY source ORDER BY km DESC, source",
    )


def far_points(dataset: Dataset, source: str | None = None, limit: int | None = None) -> pd.DataFrame:
    """Return the stored points far outside the boundary: source, incident_id, km; the farthest first, `limit` at most.

    As `far_counts` counts them.
    """
    return _ask(
        dataset,
        "source, incident_id",
        "SELECT source, incident_id, km FROM far WHERE $source IS NULL OR source = $source "
        "ORDER BY km DESC, source, incident_id LIMIT $most",
        {"source": source, "most": limit},
    )


def explained(points: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Return points with the column `why`, a code of SLIPS; after the first 200 nobody looks for one."""
    some, box = points.head(_EXPLAINED), _box(dataset)
    why = [likely_slip(lon, lat, box) for lon, lat in zip(some["lon"], some["lat"], strict=True)]
    return points.assign(why=pd.Series(why, some.index, dtype=object).reindex(points.index).fillna(""))


def km_text(km: float) -> float | int:
    """Return kilometres as people say them: whole from ten up."""
    return round(km) if km >= 10 else round(km, 1)


def _ask(
    dataset: Dataset, columns: str, question: str, values: dict[str, Any] | None = None, came: pa.Table | None = None
) -> pd.DataFrame:
    """Return the answer to a question about `far`: columns, lon, lat and km of the stored points or of those that come.

    Without a boundary nothing is far from it.
    """
    nowhere = " AND ".join(f"{level.column} IS NULL" for level in dataset.levels) or "false"
    far = _FAR.format(columns=columns, rows="incidents" if came is None else "came", nowhere=nowhere)
    box = dict(zip(("west", "south", "east", "north"), _box(dataset), strict=True))
    bound = {**box, "f": 1 / 298.257223563, "far": float(dataset.settings["far_km"]), **(values or {})}
    return dataset.query(far + question, bound, **({} if came is None else {"came": came})).to_pandas()


def _box(dataset: Dataset) -> Box:
    """Return the box that the cells of all levels and editions fill; a point where there are none."""
    if not dataset.levels:
        return 0.0, 0.0, 0.0, 0.0
    bounds = np.array([dataset.cells(level.name, every=True).total_bounds for level in dataset.levels])
    (west, south), (east, north) = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)
