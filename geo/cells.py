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
from geo.crs import crs_name, is_projected, local_metres, to_wgs84

MAX_OVERLAPS = 10_000
_STEP_CELLS = 64


@dataclass(frozen=True)
class CellCheck:
    """What became of a boundary file: read = len(cells) + len(rejected) + repeats.

    `cells` has a fresh index 0..n-1 in the order of `cell_id` as text, EPSG:4326, and the columns cell_id, name,
    parent, area_km2 and geometry beside the exposures that came in. `rejected` has row, column, value, reason;
    `repaired` cell_id, area_before_km2, area_after_km2; `overlaps` cell_a, cell_b, area_m2; `gaps` lon, lat,
    area_m2 (one point inside each); both largest first.
    """

    cells: gpd.GeoDataFrame
    rejected: pd.DataFrame
    repeats: int
    repaired: pd.DataFrame
    overlaps: pd.DataFrame
    gaps: pd.DataFrame


def check_cells(raw: gpd.GeoDataFrame, *, settings: Mapping[str, Any], crs: str = "wgs84") -> CellCheck:
    """Return the usable cells in WGS 84, sorted by cell_id as text, and what was repaired, left out or is odd.

    Parameters
    ----------
    raw : GeoDataFrame
        Columns cell_id (text), geometry, row (number of the feature in its file) and, where known, name, parent and
        numbers that a rate may stand on. The geometry's own CRS label is not believed; `crs` counts.
    settings : mapping
        `repair_max_change` (share of area a repair may change) and `sliver_m2` (overlaps and gaps below are not named).
    crs : {"wgs84", "gcj02", "bd09"} or "EPSG:n"
        What the coordinates are in; every vertex is brought to WGS 84.

    Raises
    ------
    HazardError
        ``cell-id-missing``, ``no-polygons`` for a table without rows, ``looks-projected`` when metres are given as
        degrees, ``crs-unknown``, ``no-usable-cells`` when all were rejected, ``cells-piled`` when
        more than `MAX_OVERLAPS` pairs overlap.
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

    repeats = _repeats(ids, usable, set(reasons))
    twice = pd.Series(ids).drop(index=list(reasons) + repeats)
    for position in twice.index[twice.duplicated(keep=False)]:
        reasons[position] = ("cell_id", str(ids[position]), "cell-id-repeated")
    left_out = set(reasons) | set(repeats)
    kept = np.array([position for position in np.argsort(ids, kind="stable") if position not in left_out], dtype=int)
    if not len(kept):
        first = min(reasons)
        raise HazardError(
            "no-usable-cells",
            "None of the {n} polygons can be used. The first is feature {row}: {reason} ({value}).",
            n=len(raw), row=int(rows[first]), reason=reasons[first][2], value=reasons[first][1],
        )  # fmt: skip

    cells = raw.iloc[kept].drop(columns=["row", "geometry"]).reset_index(drop=True)
    cells["cell_id"] = ids[kept]
    for column in ("name", "parent"):
        text = cells[column].astype("string").fillna("").str.strip() if column in cells else pd.Series("", cells.index)
        cells[column] = text.astype(object)
    cells["name"] = cells["name"].where(cells["name"] != "", cells["cell_id"])
    cells["area_km2"] = after_m2[kept] / 1e6
    cells = gpd.GeoDataFrame(cells, geometry=usable[kept], crs="EPSG:4326")

    mended = [position for position in kept if not valid[position]]
    local = metres.to_numpy()[kept]
    return CellCheck(
        cells=cells,
        rejected=pd.DataFrame(
            [(int(rows[position]), *reasons[position]) for position in sorted(reasons)],
            columns=["row", "column", "value", "reason"],
        ),
        repeats=len(repeats),
        repaired=pd.DataFrame(
            {
                "cell_id": ids[mended],
                "area_before_km2": before_m2[mended] / 1e6,
                "area_after_km2": after_m2[mended] / 1e6,
            }
        ),
        overlaps=_overlaps(local, ids[kept], settings["sliver_m2"]),
        gaps=_gaps(local, frame, settings["sliver_m2"]),
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


def _repeats(ids: NDArray[np.object_], shapes: NDArray[np.object_], rejected: set[int]) -> list[int]:
    """Return the positions that repeat an earlier cell_id with the same geometry."""
    repeated = pd.Series(ids).duplicated(keep=False).to_numpy()
    seen: dict[tuple[str, bytes], int] = {}
    found = []
    for position in np.flatnonzero(repeated):
        if position not in rejected:
            key = (str(ids[position]), shapely.to_wkb(shapely.normalize(shapes[position])))
            if key in seen:
                found.append(int(position))
            seen.setdefault(key, int(position))
    return found


def _overlaps(shapes: NDArray[np.object_], ids: NDArray[np.object_], sliver_m2: float) -> pd.DataFrame:
    """Return the pairs that overlap. In small steps: of n cells on one pile there are n² / 2, which nobody reads."""
    tree = shapely.STRtree(shapes)
    parts: list[pd.DataFrame] = []
    found = 0
    for start in range(0, len(shapes), _STEP_CELLS):
        first, second = tree.query(shapes[start : start + _STEP_CELLS])
        first = first + start
        once = first < second
        first, second = first[once], second[once]
        for begin in range(0, len(first), MAX_OVERLAPS):
            one, two = first[begin : begin + MAX_OVERLAPS], second[begin : begin + MAX_OVERLAPS]
            meet = shapely.intersects(shapes[one], shapes[two])
            one, two = one[meet], two[meet]
            area_m2 = shapely.area(shapely.intersection(shapes[one], shapes[two]))
            large = area_m2 >= sliver_m2
            parts.append(
                pd.DataFrame({"cell_a": ids[one[large]], "cell_b": ids[two[large]], "area_m2": area_m2[large]})
            )
            found += int(large.sum())
            if found > MAX_OVERLAPS:
                raise HazardError(
                    "cells-piled",
                    "The cells lie on top of each other: more than {n} pairs overlap, for example {cell_a} and "
                    "{cell_b}. Export one level of areas only, each of them once.",
                    n=MAX_OVERLAPS, cell_a=str(ids[one[large][0]]), cell_b=str(ids[two[large][0]]),
                )  # fmt: skip
    pairs = pd.concat(parts) if parts else pd.DataFrame({"cell_a": [], "cell_b": [], "area_m2": []})
    return pairs.sort_values("area_m2", ascending=False, ignore_index=True)


def _gaps(shapes: NDArray[np.object_], frame: Any, sliver_m2: float) -> pd.DataFrame:
    """Return the holes that the cells together enclose."""
    whole = shapely.union_all(shapes)
    holes = [shapely.Polygon(ring) for part in shapely.get_parts(whole) for ring in part.interiors]
    area_m2 = shapely.area(np.array(holes, dtype=object)).astype(float)
    points = gpd.GeoSeries(shapely.point_on_surface(np.array(holes, dtype=object)), crs=frame).to_crs("EPSG:4326")
    found = pd.DataFrame({"lon": points.x.to_numpy(), "lat": points.y.to_numpy(), "area_m2": area_m2})
    return found[found["area_m2"] >= sliver_m2].sort_values("area_m2", ascending=False, ignore_index=True)
