"""Points far outside the boundary, by name: one among many good ones is a slip of the pen, and no count shows it."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from base.text import N_, Sentence, Term
from data.dataset import Dataset
from geo.far import Box, km_outside, likely_slip

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
    if not dataset.levels:
        return []
    out = pc.is_valid(rows["lon"])
    for level in dataset.levels:
        out = pc.and_(out, pc.is_null(rows[level.column]))
    some = rows.select(["row", "incident_id", "lon", "lat"]).filter(out).to_pandas()
    box, far_km = _box(dataset), float(dataset.settings["far_km"])
    found = _farthest(some, box, far_km)
    if found.empty:
        return []
    told = explained(found.head(_NAMED), dataset)
    return [Sentence(_MANY, {"n": len(found), "far": far_km})] + [
        Sentence(_ONE, {"row": str(row), "case": case, "km": km_text(km), "why": Term(SLIPS[why])})
        for row, case, km, why in told[["row", "incident_id", "km", "why"]].itertuples(index=False)
    ]


def far_points(dataset: Dataset) -> pd.DataFrame:
    """Return the stored points far outside the boundary: source, incident_id, lon, lat, km; the farthest first."""
    nowhere = " AND ".join(f"{level.column} IS NULL" for level in dataset.levels) or "false"
    some = dataset.query(
        f"SELECT source, incident_id, lon, lat FROM incidents WHERE lon IS NOT NULL AND {nowhere}"  # noqa: S608
    ).to_pandas()
    if some.empty:
        return some.assign(km=pd.Series(dtype=float))
    return _farthest(some, _box(dataset), float(dataset.settings["far_km"]))


def explained(points: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Return points with the column `why`, a code of SLIPS; after the first 200 nobody looks for one."""
    box = _box(dataset)
    some = points.head(_EXPLAINED)
    why = [likely_slip(lon, lat, box) for lon, lat in zip(some["lon"], some["lat"], strict=True)]
    return points.assign(why=pd.Series(why, some.index, dtype=object).reindex(points.index).fillna(""))


def km_text(km: float) -> float | int:
    """Return kilometres as people say them: whole from ten up."""
    return round(km) if km >= 10 else round(km, 1)


def _farthest(points: pd.DataFrame, box: Box, far_km: float) -> pd.DataFrame:
    found = points.assign(km=km_outside(points["lon"], points["lat"], box))
    found = found[found["km"] > far_km]
    return found.iloc[np.argsort(-found["km"].to_numpy(), kind="stable")].reset_index(drop=True)


def _box(dataset: Dataset) -> Box:
    """Return the box that the cells of all levels and editions fill."""
    bounds = np.array([dataset.cells(level.name, every=True).total_bounds for level in dataset.levels])
    (west, south), (east, north) = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)
