"""The rows of the table of projects: as they are stored, as they are used, and what tells them from others."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from data.tables import PROJECT_COLUMNS, PROJECT_DAYS, TABLES

_TEXTS = ("project_id", "name", "kind", "status", "owner", "alternatives", "level")
_SCHEMA = TABLES["projects"].schema


def from_stored(stored: pa.Table) -> gpd.GeoDataFrame:
    """Return projects as they are used, by project_id.

    Returns
    -------
    GeoDataFrame
        `data.tables.PROJECT_COLUMNS`, EPSG:4326, index 0, 1, 2 ...: cost in yuan (NaN: not known), status a code of
        `data.project_words.STATUSES`, days as `datetime.date` or None, must (bool), year (Int64, missing where none is
        given), level the name of the boundary level of `cells` ('' without), cells a tuple of cell_id, buffer_m (metres
        around the geometry), geometry a polygon, line or point, or None.
    """
    frame = stored.to_pandas()
    shapes = shapely.from_wkb(frame["geometry"].to_numpy(dtype=object))
    return in_order(whole(gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs="EPSG:4326")))


def in_order(rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return projects by project_id, under a fresh index."""
    return rows.sort_values("project_id", kind="stable", ignore_index=True)


def to_stored(rows: gpd.GeoDataFrame) -> pa.Table:
    """Return projects (`from_stored`) as the table holds them."""
    frame = pd.DataFrame(rows.drop(columns="geometry"))
    for name in PROJECT_DAYS:
        frame[name] = [day.isoformat() if day else "" for day in rows[name]]
    frame["cells"] = ["\n".join(cells) for cells in rows["cells"]]
    frame["geometry"] = shapely.to_wkb(rows.geometry.to_numpy())
    return pa.Table.from_pandas(frame[list(PROJECT_COLUMNS)], schema=_SCHEMA, preserve_index=False)


def whole(rows: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return rows with all columns of `from_stored` and their kinds, in their order; what is missing is empty."""
    found: dict[str, Any] = {name: _column(rows, name, "").map(_plain).astype(object) for name in _TEXTS}
    for name in ("cost", "buffer_m"):
        found[name] = pd.to_numeric(_column(rows, name, np.nan), errors="coerce").astype(float)
    found |= {name: objects([_day(day) for day in _column(rows, name, None)], rows.index) for name in PROJECT_DAYS}
    found["must"] = _column(rows, "must", False).map(lambda one: not _missing(one) and bool(one)).astype(bool)
    found["year"] = pd.to_numeric(_column(rows, "year", None), errors="coerce").round().astype("Int64")
    found["cells"] = objects([cells_of_text(cells) for cells in _column(rows, "cells", "")], rows.index)
    shapes = [shape if isinstance(shape, shapely.Geometry) else None for shape in _column(rows, "geometry", None)]
    frame = pd.DataFrame(found, index=rows.index)[list(PROJECT_COLUMNS[:-1])]
    return gpd.GeoDataFrame(frame, geometry=np.array([*shapes, None], dtype=object)[:-1], crs="EPSG:4326")


def stamp(rows: pd.DataFrame | None) -> str:
    """Return what tells projects from others in a few signs; '' of none."""
    if rows is None or rows.empty:
        return ""
    stored = to_stored(in_order(whole(rows)))
    return hashlib.sha256(repr(stored.to_pylist()).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def cells_of_text(cells: Any) -> tuple[str, ...]:
    """Return the cells of a project, each once: from a tuple or a list, or from a text with a line each."""
    listed: Sequence[Any] = cells.split("\n") if isinstance(cells, str) else () if _missing(cells) else list(cells)
    return tuple(dict.fromkeys(text for one in listed if (text := " ".join(str(one).split()))))


def _column(rows: pd.DataFrame, name: str, empty: Any) -> pd.Series:
    return rows[name] if name in rows else pd.Series([empty] * len(rows), rows.index, dtype=object)


def objects(values: Sequence[Any], index: pd.Index) -> pd.Series:
    """Return values of any kind as a column; a tuple is one value."""
    column: pd.Series = pd.Series([None] * len(index), index, dtype=object)
    for place, value in enumerate(values):
        column.iat[place] = value
    return column


def _plain(value: Any) -> str:
    return "" if _missing(value) else " ".join(str(value).split())


def _day(value: Any) -> dt.date | None:
    if _missing(value) or value == "":
        return None
    if isinstance(value, dt.datetime):  # a Timestamp too
        return value.date()
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)
