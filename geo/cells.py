"""Boundaries as polygons one can count on: valid, in WGS 84, one row a cell_id, their overlaps and gaps named."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from base.errors import HazardError
from geo.coverage import find_gaps, find_odd, find_overlaps
from geo.crs import crs_name, is_projected, local_metres, to_wgs84


@dataclass(frozen=True)
class CellCheck:
    """What became of a boundary file: read = len(cells) + len(rejected) + repeats + joined.

    `cells` has a fresh index 0..n-1 in the order of `cell_id` as text, EPSG:4326, and the columns cell_id, name,
    parent, area_km2 and geometry beside the exposures and days that came in. `rejected` has row, column, value, reason;
    `repaired` cell_id, area_before_km2, area_after_km2; `merged` cell_id, features (how many made the cell); `overlaps`
    cell_a, cell_b, area_m2; `gaps` lon, lat, area_m2 (one point inside each); both largest first. `repeats` are
    features that say what another says; `joined` those that became part of another's cell.
    """

    cells: gpd.GeoDataFrame
    rejected: pd.DataFrame
    repeats: int
    joined: int
    repaired: pd.DataFrame
    merged: pd.DataFrame
    overlaps: pd.DataFrame
    gaps: pd.DataFrame


def check_cells(
    raw: gpd.GeoDataFrame,
    *,
    settings: Mapping[str, Any],
    crs: str = "wgs84",
    same_id: str = "reject",
) -> CellCheck:
    """Return the usable cells in WGS 84, sorted by cell_id as text, and what was repaired, left out or is odd.

    Parameters
    ----------
    raw : GeoDataFrame
        Columns cell_id (text), geometry, row (number of the feature in its file) and, where known, name, parent,
        valid_from and valid_to (ISO days, half-open, '' where open) and numbers that a rate may stand on. The
        geometry's own CRS label is not believed; `crs` counts. One cell_id may stand for different times.
    settings : mapping
        `repair_max_change` (share of area a repair may change) and `sliver_m2` (overlaps and gaps below are not named).
    crs : {"wgs84", "gcj02", "bd09"} or "EPSG:n"
        What the coordinates are in; every vertex is brought to WGS 84.
    same_id : {"reject", "merge"}
        What becomes of several outlines under one cell_id: none is taken, or they become the parts of one cell. A
        number that the parts do not agree on is then left empty: nobody knows whether it is to be added up.

    Raises
    ------
    HazardError
        ``cell-id-missing``, ``no-polygons`` for a table without rows, ``looks-projected`` when metres are given as
        degrees, ``crs-unknown``, ``no-usable-cells`` when all were rejected, ``cells-piled`` when
        more than `geo.coverage.MAX_OVERLAPS` pairs overlap.
    """
    if "cell_id" not in raw.columns:
        columns = ", ".join(str(name) for name in raw.columns if name not in ("geometry", "row"))
        raise HazardError(
            "cell-id-missing",
            "No column holds the number of the cell. The columns are: {columns}. Choose one (on the command line: "
            "--id).",
            columns=columns,
        )
    if raw.empty:
        raise HazardError("no-polygons", "The file holds no polygon to load.")
    rows = raw["row"].to_numpy()
    ids = raw["cell_id"].astype("string").fillna("").str.strip().to_numpy(dtype=object)
    empty = ("cell_id", "", "cell-id-empty")
    reasons: dict[int, tuple[str, str, str]] = dict.fromkeys(np.flatnonzero(ids == "").tolist(), empty)
    degrees = _to_degrees(raw.geometry.to_numpy(), crs_name(crs))
    west, south, east, north = _bounds(degrees)
    frame = local_metres((west + east) / 2, (south + north) / 2)

    valid = shapely.is_valid(degrees)
    usable = degrees.copy()
    usable[~valid] = _polygonal(shapely.make_valid(degrees[~valid], method="structure", keep_collapsed=False))
    metres = gpd.GeoSeries(usable, crs="EPSG:4326").to_crs(frame)
    after_m2 = metres.area.to_numpy()
    before_m2 = after_m2.copy()
    before_m2[~valid] = gpd.GeoSeries(degrees[~valid], crs="EPSG:4326").to_crs(frame).area.to_numpy()
    changed = np.abs(after_m2 - before_m2) > settings["repair_max_change"] * before_m2
    for position in np.flatnonzero(~valid & (changed | (after_m2 == 0))):
        value = f"{before_m2[position] / 1e6:.6g} km² → {after_m2[position] / 1e6:.6g} km²"
        reasons.setdefault(int(position), ("geometry", value, "repair-changes-area"))
    for position in np.flatnonzero(valid & ~(after_m2 > 0)):
        reasons.setdefault(int(position), ("geometry", "", "geometry-missing"))

    metre_shapes = metres.to_numpy()
    spans = _spans(raw)
    for position in np.flatnonzero(spans["from"] >= spans["to"]):
        value = f"{spans['from'][position]} – {spans['to'][position]}"
        reasons.setdefault(int(position), ("valid_to", value, "validity-empty"))
    repeats = _repeats(ids, spans, usable, set(reasons))
    twins, parts = _twins(spans.assign(id=ids).drop(index=[*reasons, *repeats]), same_id)
    reasons |= twins
    usable, columns = usable.copy(), raw.drop(columns=["row", "geometry"]).reset_index(drop=True)
    for first, members in parts.items():
        usable[first] = shapely.union_all(usable[members])
        metre_shapes[first] = shapely.union_all(metre_shapes[members])
        before_m2[first], after_m2[first] = before_m2[members].sum(), metre_shapes[first].area
        valid[first] = valid[members].all()
        for column in columns.select_dtypes("number"):
            if columns.loc[members, column].nunique(dropna=False) > 1:
                columns.loc[first, column] = np.nan
    joined = {position for members in parts.values() for position in members[1:]}
    left_out = set(reasons) | set(repeats) | joined
    order = spans.assign(id=ids).sort_values(["id", "from"], kind="stable").index
    kept = np.array([position for position in order if position not in left_out], dtype=int)
    if not len(kept):
        first = min(reasons)
        raise HazardError(
            "no-usable-cells",
            "None of the {n} polygons can be used. The first is feature {row}: {reason} ({value}).",
            n=len(raw), row=int(rows[first]), reason=reasons[first][2], value=reasons[first][1],
        )  # fmt: skip

    cells = columns.iloc[kept].reset_index(drop=True)
    cells["cell_id"] = ids[kept]
    for column in ("name", "parent"):
        text = cells[column].astype("string").fillna("").str.strip() if column in cells else pd.Series("", cells.index)
        cells[column] = text.astype(object)
    cells["name"] = cells["name"].where(cells["name"] != "", cells["cell_id"])
    cells["area_km2"] = after_m2[kept] / 1e6
    cells = gpd.GeoDataFrame(cells, geometry=usable[kept], crs="EPSG:4326")

    mended = [position for position in kept if not valid[position]]
    local, spans = metre_shapes[kept], spans.iloc[kept]
    newest = (spans["to"] == spans["to"].max()).to_numpy()
    odd = find_odd(local)
    return CellCheck(
        cells=cells,
        rejected=pd.DataFrame(
            [(int(rows[position]), *reasons[position]) for position in sorted(reasons)],
            columns=["row", "column", "value", "reason"],
        ),
        repeats=len(repeats),
        joined=len(joined),
        repaired=pd.DataFrame(
            {
                "cell_id": ids[mended],
                "area_before_km2": before_m2[mended] / 1e6,
                "area_after_km2": after_m2[mended] / 1e6,
            }
        ),
        merged=pd.DataFrame(
            {"cell_id": ids[list(parts)], "features": [len(members) for members in parts.values()]}
        ).sort_values("cell_id", ignore_index=True),
        overlaps=find_overlaps(local, ids[kept], spans, odd, settings["sliver_m2"]),
        gaps=find_gaps(local[newest], odd[newest], frame, settings["sliver_m2"]),
    )


def _to_degrees(shapes: NDArray[np.object_], crs: str) -> NDArray[np.object_]:
    flat = shapely.force_2d(shapes)
    if not is_projected(crs):
        points = shapely.get_coordinates(flat)
        beyond = (np.abs(points[:, 0]) > 360) | (np.abs(points[:, 1]) > 90)
        if beyond.any():
            x, y = points[np.flatnonzero(beyond)[0]]
            raise HazardError(
                "looks-projected",
                "The boundary holds coordinates such as {x}, {y}, which are no degrees. Name its coordinate system, "
                "for example EPSG:4547.",
                x=f"{x:.2f}", y=f"{y:.2f}",
            )  # fmt: skip

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_wgs84(points[:, 0], points[:, 1], crs))

    moved = flat if crs == "wgs84" else shapely.transform(flat, move)
    if not np.isfinite(shapely.get_coordinates(moved)).all():
        raise HazardError(
            "boundary-out-of-range",
            "The boundary holds coordinates that have no place on earth in {crs}. Choose its true coordinate system.",
            crs=crs,
        )
    return np.asarray(moved, dtype=object)


def _bounds(shapes: NDArray[np.object_]) -> tuple[float, float, float, float]:
    west, south, east, north = shapely.total_bounds(shapes)
    return float(west), float(south), float(east), float(north)


def _polygonal(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return only the polygons of mended shapes: lines and points that a repair leaves behind cover nothing."""
    found = []
    for shape in shapes:
        parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
        found.append(shape if shape.geom_type in ("Polygon", "MultiPolygon") else shapely.union_all(parts))
    result = np.empty(len(found), dtype=object)
    result[:] = found
    return result


def _spans(raw: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return when each feature counts, as text that can be compared: `from` and `to`, half-open."""
    days = {
        name: raw[name].fillna("").to_numpy(dtype=object) if name in raw else np.full(len(raw), "", dtype=object)
        for name in ("valid_from", "valid_to")
    }
    return pd.DataFrame({"from": days["valid_from"], "to": np.where(days["valid_to"] == "", "~", days["valid_to"])})


def _twins(standing: pd.DataFrame, same_id: str) -> tuple[dict[int, tuple[str, str, str]], dict[int, list[int]]]:
    """Return which features of one cell_id cannot stand beside each other, and which make one cell, by its first."""
    reasons: dict[int, tuple[str, str, str]] = {}
    parts: dict[int, list[int]] = {}
    for cell_id, group in standing[standing["id"].duplicated(keep=False)].groupby("id"):
        meeting = _meeting(group)
        reasons |= dict.fromkeys(meeting, ("valid_from", str(cell_id), "validity-overlaps"))
        for _, same in group.drop(index=meeting).groupby(["from", "to"]):
            if len(same) > 1 and same_id == "merge":
                parts[int(same.index[0])] = same.index.tolist()
            elif len(same) > 1:
                reasons |= dict.fromkeys(same.index.tolist(), ("cell_id", str(cell_id), "cell-id-repeated"))
    return reasons, parts


def _meeting(group: pd.DataFrame) -> list[int]:
    """Return the positions of one cell_id whose different times meet: on such a day nobody knows which one counts."""
    found: set[int] = set()
    spans = list(group[["from", "to"]].itertuples())
    for place, (one, start, end) in enumerate(spans):
        for other, begin, stop in spans[place + 1 :]:
            if (start, end) != (begin, stop) and start < stop and begin < end:
                found |= {one, other}
    return sorted(found)


def _repeats(
    ids: NDArray[np.object_], spans: pd.DataFrame, shapes: NDArray[np.object_], rejected: set[int]
) -> list[int]:
    """Return the positions that repeat an earlier cell_id with the same geometry for the same time."""
    repeated = pd.Series(ids).duplicated(keep=False).to_numpy()
    seen: set[tuple[str, ...]] = set()
    found = []
    for position in np.flatnonzero(repeated):
        if position not in rejected:
            outline = shapely.to_wkb(shapely.normalize(shapes[position]), hex=True)
            key = (str(ids[position]), *spans.loc[position], outline)
            if key in seen:
                found.append(int(position))
            seen.add(key)
    return found
