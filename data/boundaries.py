"""Boundary files -> polygons with their attributes as text: GeoJSON and GeoPackage, read with our own few lines.

No GDAL here: it picks a driver by content, and some of its drivers open other files and addresses.
"""

import itertools
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from base.errors import HazardError
from base.text import N_
from data.contents import kind_of, text_encoding

_ENVELOPE_BYTES = (0, 32, 48, 48, 64)  # GeoPackage 1.3, 2.1.3: by bits 1-3 of the flags
_POLYGONS = ("Polygon", "MultiPolygon")
MAX_FEATURES = 1_000_000
_MAX_STEPS, _STEPS = 10_000, 10_000  # of SQLite's machine: a million features take one for each column, and few more
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a sign, which JSON can name and no text can be stored with


@dataclass(frozen=True)
class RawCells:
    """What a boundary file holds: features read = len(frame) + len(rejected).

    `frame` has every attribute as text, `geometry` (polygons as they stand, two dimensions) and `row`, the number of
    the feature in the file from 1. `crs` is the system that a GeoPackage declares (``EPSG:n``) or None; `crs_hint` what
    a GeoJSON names against its own standard: not used unless the user says so. `rejected` has row, column, value and
    reason.
    """

    frame: gpd.GeoDataFrame
    crs: str | None
    rejected: pd.DataFrame
    crs_hint: str | None = None


# Said when not one feature can be used; where some can, the rejected table says the same feature by feature.
_NONE = {
    "ring-not-closed": N_(
        "{file}: the outline of feature {row} is not closed ({value}), and no feature can be used. "
        "Close it in the program that drew it and export again."
    ),
    "not-a-polygon": N_(
        "{file}: feature {row} is no polygon but {value}, and no feature can be used. Export the layer of the areas."
    ),
    "geometry-missing": N_(
        "{file}: feature {row} has no geometry, and no feature can be used. Export the areas again."
    ),
}
_NONE_OTHER = N_(
    "{file}: feature {row} has no outline that can be read ({reason}), and no feature can be used. "
    "Export the areas again."
)


class _Refused(Exception):
    """A feature without a usable polygon: value and reason code."""


def read_boundaries(content: bytes, name: str, *, layer: str | None = None) -> RawCells:
    """Return the polygons of a GeoJSON or GeoPackage file, told by its content.

    Parameters
    ----------
    content : bytes
    name : str
        The file's name, for sentences only.
    layer : str, optional
        Of a GeoPackage; without it the one layer of polygons.

    Raises
    ------
    HazardError
        ``empty-file``, ``not-a-boundary``, ``json-broken``, ``no-polygons``, ``layer-unknown``, ``layer-ambiguous``.
    """
    if not content.strip():
        raise HazardError("empty-file", "{file} is empty. A GeoJSON or GeoPackage was expected.", file=name)
    kind = kind_of(content)
    if kind == "SQLite":
        features, crs, hint = *_geopackage(content, name, layer), None
    elif kind in ("JSON", "text"):
        features, hint = _geojson(content, name)
        crs = None
    else:
        raise _no_boundary(name, kind)

    rows: list[dict[str, Any]] = []
    shapes: list[shapely.Geometry] = []
    rejected: list[tuple[int, str, str, str]] = []
    for number, (properties, shape) in enumerate(features, start=1):
        if isinstance(shape, _Refused):
            value, reason = shape.args
            rejected.append((number, "geometry", _text(value)[:200], reason))
        else:
            rows.append({**{_safe(str(key)): _text(value) for key, value in properties.items()}, "row": number})
            shapes.append(shape)
    left_out = pd.DataFrame(rejected, columns=["row", "column", "value", "reason"])
    if not rows:
        if not rejected:
            raise HazardError("no-polygons", "{file} holds no feature. Polygons were expected.", file=name)
        row, _, value, reason = rejected[0]
        raise HazardError(
            "no-polygons", _NONE.get(reason, _NONE_OTHER), file=name, row=row, value=value, n=len(rejected),
            reason=reason, rejected=left_out,
        )  # fmt: skip
    table = pd.DataFrame(rows).drop(columns="row").fillna("").astype(str)
    frame = gpd.GeoDataFrame(table, geometry=np.array(shapes, dtype=object))
    frame["row"] = [row["row"] for row in rows]
    return RawCells(frame, crs, left_out, hint)


Feature = tuple[dict[str, Any], Any]  # attributes; a polygon, or why there is none


def _geojson(content: bytes, name: str) -> tuple[list[Feature], str | None]:
    try:
        root = json.loads(content.decode(text_encoding(content, name)))
    except json.JSONDecodeError as error:
        if kind_of(content) == "text" and not content.lstrip()[:1].isalpha():
            raise _no_boundary(name, "text") from None
        raise HazardError(
            "json-broken",
            "{file} is no complete GeoJSON: {detail} in line {row}. Export it again.",
            file=name, detail=error.msg, row=error.lineno,
        ) from None  # fmt: skip
    except RecursionError:
        raise HazardError("json-broken", "{file} is nested too deeply for a GeoJSON.", file=name) from None
    except ValueError:  # Python reads no number of more than 4,300 digits
        raise HazardError(
            "json-broken",
            "{file} is no usable GeoJSON: it holds a number of thousands of digits. Export it again.",
            file=name,
        ) from None
    if not isinstance(root, dict):
        raise _no_boundary(name, "JSON")
    if root.get("type") == "FeatureCollection":
        features = root.get("features")
    elif root.get("type") == "Feature":
        features = [root]
    else:
        features = [{"type": "Feature", "properties": {}, "geometry": root}]
    if not isinstance(features, list):
        raise HazardError(
            "not-a-boundary", "{file} has no list of features, which a GeoJSON FeatureCollection needs.", file=name
        )
    return [_feature(feature) for feature in features], _crs_hint(root.get("crs"))


def _feature(feature: Any) -> Feature:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return {}, _Refused("", "not-a-feature")
    properties = feature.get("properties")
    properties = dict(properties) if isinstance(properties, dict) else {}
    if isinstance(feature.get("id"), (str, int)):
        properties.setdefault("id", feature["id"])
    try:
        return properties, _shape(feature.get("geometry"))
    except _Refused as refused:
        return properties, refused


def _shape(geometry: Any) -> shapely.Geometry:
    if geometry is None:
        raise _Refused("", "geometry-missing")
    if not isinstance(geometry, dict) or geometry.get("type") not in _POLYGONS:
        kind = geometry.get("type") if isinstance(geometry, dict) else geometry
        raise _Refused(str(kind), "not-a-polygon")
    parts = geometry.get("coordinates")
    if geometry["type"] == "Polygon":
        return _polygon(parts)
    if not isinstance(parts, list) or not parts:
        raise _Refused("", "coordinates-unreadable")
    return shapely.MultiPolygon([_polygon(part) for part in parts])


def _polygon(rings: Any) -> shapely.Polygon:
    if not isinstance(rings, list) or not rings:
        raise _Refused("", "coordinates-unreadable")
    shell, *holes = [_ring(ring) for ring in rings]
    return shapely.Polygon(shell, holes)


def _ring(ring: Any) -> np.ndarray:
    try:
        points = np.asarray(ring)  # text or uneven nesting shows in the kind or as an error
    except ValueError:
        raise _Refused("", "coordinates-unreadable") from None
    if points.dtype.kind not in "iuf" or points.ndim != 2 or points.shape[1] < 2 or not np.isfinite(points).all():
        raise _Refused(json.dumps(ring)[:60], "coordinates-unreadable")
    points = points[:, :2].astype(float)
    if len(points) < 4:
        raise _Refused(str(len(points)), "ring-too-short")
    if (points[0] != points[-1]).any():
        first, last = (f"{x:g} {y:g}" for x, y in (points[0], points[-1]))
        raise _Refused(f"{first} … {last}", "ring-not-closed")
    return points


def _crs_hint(member: Any) -> str | None:
    """Return the EPSG code in a `crs` member (abolished by RFC 7946) unless it is WGS 84; links are not followed."""
    named = member.get("properties") if isinstance(member, dict) else None
    text = str(named.get("name", "")) if isinstance(named, dict) else ""
    code = text.rsplit(":", 1)[-1]
    return f"EPSG:{code}" if "EPSG" in text.upper() and code.isdecimal() and code != "4326" else None


def _geopackage(content: bytes, name: str, layer: str | None) -> tuple[list[Feature], str | None]:
    database = sqlite3.connect(":memory:")
    try:
        # Bytes 18-19 = 2: kept in write-ahead mode by its last writer, which a copy in memory cannot be
        database.deserialize(content[:18] + b"\x01\x01" + content[20:])
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(len(content), 1_000_000))
        steps = itertools.count()
        database.set_progress_handler(lambda: next(steps) > _MAX_STEPS, _STEPS)
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA query_only = ON")
        layers = database.execute(
            "SELECT c.table_name, g.column_name, g.geometry_type_name, g.srs_id FROM gpkg_contents c "
            "JOIN gpkg_geometry_columns g ON g.table_name = c.table_name "
            # a view is a program, and so is a virtual table: only what lies in the file is read
            "JOIN sqlite_master s ON s.name = c.table_name AND s.type = 'table' AND s.rootpage > 0 "
            "WHERE c.data_type = 'features' ORDER BY 1"
        ).fetchall()
        table, column, _, srs_id = _layer(layers, name, layer)
        known = database.execute(
            "SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = ?", (srs_id,)
        ).fetchone()
        code = str(known[1]) if known and str(known[0]).upper() == "EPSG" else ""
        crs = f"EPSG:{code}" if code.isdecimal() and int(code) > 0 else None
        return list(_stored_features(database, table, column, name, len(content))), crs
    except sqlite3.Error as error:
        if str(error) == "interrupted":
            raise _endless(name) from None
        raise HazardError(
            "not-a-boundary",
            "{file} is a database but no GeoPackage that can be read ({detail}). Export it again.",
            file=name, detail=str(error)[:200],
        ) from None  # fmt: skip
    finally:
        database.close()


def _layer(layers: list[Any], name: str, layer: str | None) -> Any:
    names = ", ".join(str(found[0]) for found in layers)
    if layer is not None:
        chosen = [found for found in layers if found[0] == layer]
        if not chosen:
            raise HazardError(
                "layer-unknown",
                "{file} has no layer {layer}. Its layers are: {layers}.",
                file=name, layer=layer, layers=names,
            )  # fmt: skip
        return chosen[0]
    chosen = [found for found in layers if "POLYGON" in str(found[2]).upper()] or layers
    if len(chosen) != 1:
        raise HazardError(
            "layer-ambiguous",
            "{file} must have one layer of polygons. Its layers are: {layers}. Choose one (on the command line: "
            "--layer).",
            file=name, layers=names or "-",
        )  # fmt: skip
    return chosen[0]


def _endless(name: str) -> HazardError:
    return HazardError(
        "not-a-boundary",
        "{file} is a GeoPackage whose layer gives more than a file of its size can hold, or takes too long to read. "
        "Export the layer again.",
        file=name,
    )


def _stored_features(database: sqlite3.Connection, table: str, column: str, name: str, size: int) -> Iterator[Feature]:
    quoted = '"' + table.replace('"', '""') + '"'
    cursor = database.execute(f"SELECT * FROM {quoted}")  # noqa: S608  the only place where a name cannot be bound
    names = [described[0] for described in cursor.description]
    held = 0
    for number, record in enumerate(cursor, start=1):
        held += sum(len(value) for value in record if isinstance(value, (str, bytes)))
        if number > MAX_FEATURES or held > size:  # computed columns, or pages that lead back to themselves
            raise _endless(name)
        properties = dict(zip(names, record, strict=True))
        blob = properties.pop(column, None)
        try:
            yield properties, _stored_shape(blob)
        except _Refused as refused:
            yield properties, refused


def _stored_shape(blob: Any) -> shapely.Geometry:
    if blob is None:
        raise _Refused("", "geometry-missing")
    if not isinstance(blob, bytes) or blob[:2] != b"GP" or len(blob) < 8 or (envelope := blob[3] >> 1 & 7) > 4:
        raise _Refused("", "coordinates-unreadable")
    try:
        shape = shapely.force_2d(shapely.from_wkb(blob[8 + _ENVELOPE_BYTES[envelope] :]))
    except (shapely.errors.GEOSException, ValueError) as error:
        unclosed = "closed" in str(error)
        raise _Refused("", "ring-not-closed" if unclosed else "coordinates-unreadable") from None
    if shape.is_empty:
        raise _Refused("", "geometry-missing")
    if shape.geom_type not in _POLYGONS:
        raise _Refused(shape.geom_type, "not-a-polygon")
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        raise _Refused("", "coordinates-unreadable")
    return shape


def _text(value: Any) -> str:
    if isinstance(value, dict) and len(value) == 1:  # {"adcode": 410000} as in national boundary files
        return _text(next(iter(value.values())))
    if value is None or isinstance(value, bytes):
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return _SURROGATE.sub("\ufffd", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _safe(column: str) -> str:
    column = _SURROGATE.sub("\ufffd", column)
    return column + "_" if column in ("geometry", "row") else column


def _no_boundary(name: str, kind: str) -> HazardError:
    return HazardError(
        "not-a-boundary",
        "{file} is no boundary file (it holds {kind}). A GeoJSON or GeoPackage with polygons was expected.",
        file=name, kind=kind,
    )  # fmt: skip
