"""GeoJSON (RFC 7946) -> features. A `crs` member, which the standard abolished, is told and never followed."""

import json
from typing import Any

import numpy as np
import shapely

from base.errors import HazardError
from data.encodings import text_encoding
from data.features import Layer, Refused, split_shapes, text_columns
from data.shapes import ring_of

_GEOMETRIES = (
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection",
)  # fmt: skip


def read_geojson(content: bytes, name: str, *, encoding: str | None = None) -> Layer:
    """Return the features of a GeoJSON.

    Raises
    ------
    HazardError
        ``json-broken``, ``not-a-boundary``, ``too-many-columns``, and those of `data.encodings.text_encoding`.
    """
    used = text_encoding(content, name, encoding)
    root = _parsed(content.decode(used), name)
    features = _features(root, name)
    records, shapes = [], []
    for feature in features:
        properties, shape = _feature(feature)
        records.append(properties)
        shapes.append(shape)
    geometries, refused = split_shapes(shapes)
    return Layer(
        "GeoJSON", text_columns(records, name), geometries, refused, crs_hint=_crs_hint(root.get("crs")), encoding=used
    )


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        root = json.loads(text)
    except json.JSONDecodeError as error:
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
    if not isinstance(root, dict) or root.get("type") not in ("FeatureCollection", "Feature", *_GEOMETRIES):
        raise HazardError(
            "not-a-boundary",
            "{file} is JSON and no GeoJSON: it must be a FeatureCollection. Export the layer as GeoJSON.",
            file=name,
        )
    return root


def _features(root: dict[str, Any], name: str) -> list[Any]:
    if root["type"] == "Feature":
        return [root]
    if root["type"] in _GEOMETRIES:
        return [{"type": "Feature", "properties": {}, "geometry": root}]
    features = root.get("features")
    if not isinstance(features, list):
        raise HazardError(
            "not-a-boundary", "{file} has no list of features, which a GeoJSON FeatureCollection needs.", file=name
        )
    return features


def _feature(feature: Any) -> tuple[dict[str, Any], shapely.Geometry | Refused]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return {}, Refused("", "not-a-feature")
    properties = feature.get("properties")
    properties = dict(properties) if isinstance(properties, dict) else {}
    if isinstance(feature.get("id"), (str, int)):
        properties.setdefault("id", feature["id"])
    try:
        return properties, _shape(feature.get("geometry"))
    except Refused as refused:
        return properties, refused


def _shape(geometry: Any) -> shapely.Geometry:
    if geometry is None:
        raise Refused("", "geometry-missing")
    kind = geometry.get("type") if isinstance(geometry, dict) else geometry
    parts = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind == "Polygon":
        return _polygon(parts)
    if kind == "Point":
        return shapely.points(_numbers([parts])[0])
    if kind == "MultiPoint" and isinstance(parts, list) and parts:
        return shapely.multipoints(_numbers(parts))
    if kind == "MultiPolygon" and isinstance(parts, list) and parts:
        return shapely.MultiPolygon([_polygon(part) for part in parts])
    if kind == "LineString":
        return _line(parts)
    if kind == "MultiLineString" and isinstance(parts, list) and parts:
        return shapely.MultiLineString([_line(part) for part in parts])
    several = ("MultiPoint", "MultiLineString", "MultiPolygon")
    raise Refused(str(kind), "coordinates-unreadable" if kind in several else None)


def _line(positions: Any) -> shapely.LineString:
    points = _numbers(positions)
    if len(points) < 2:
        raise Refused("LineString", "coordinates-unreadable")
    return shapely.LineString(points)


def _polygon(rings: Any) -> shapely.Polygon:
    if not isinstance(rings, list) or not rings:
        raise Refused("", "coordinates-unreadable")
    shell, *holes = [ring_of(_numbers(ring)) for ring in rings]
    return shapely.Polygon(shell, holes)


def _numbers(positions: Any) -> np.ndarray:
    """Return positions as an array of shape (n, 2)."""
    try:
        points = np.asarray(positions)  # text or uneven nesting shows in the kind or as an error
    except (ValueError, OverflowError):
        raise Refused("", "coordinates-unreadable") from None
    if points.dtype.kind not in "iuf" or points.ndim != 2 or points.shape[1] < 2 or not np.isfinite(points).all():
        raise Refused(json.dumps(positions, ensure_ascii=False)[:60], "coordinates-unreadable")
    return points[:, :2].astype(float)


def _crs_hint(member: Any) -> str | None:
    """Return the EPSG code in a `crs` member unless it is WGS 84."""
    named = member.get("properties") if isinstance(member, dict) else None
    text = str(named.get("name", "")) if isinstance(named, dict) else ""
    code = text.rsplit(":", 1)[-1]
    return f"EPSG:{code}" if "EPSG" in text.upper() and code.isdecimal() and code != "4326" else None
