"""Rings, well-known binary and well-known text -> geometries of two dimensions, with a reason for each that is none.

GEOS reads a collection within a collection by calling itself: some thousand levels end the process. What is handed to
it is therefore known to be flat: a point, a line, a polygon, or several of one of them.
"""

import re
import struct
from collections.abc import Sequence

import numpy as np
import shapely

from data.features import Refused, split_shapes

_POINT, _LINE, _POLYGON = 1, 2, 3
_PART_OF = {4: _POINT, 5: _LINE, 6: _POLYGON}  # MultiPoint, MultiLineString, MultiPolygon
_NAMES = {7: "GeometryCollection"}
_TEXT = re.compile(r"\s*(?:SRID=(\d{1,6});)?\s*((?:MULTI)?(?:POLYGON|POINT|LINESTRING))(?=[\sZM(])", re.IGNORECASE)
_ANY_TEXT = re.compile(r"\s*(?:SRID=\d{1,6};)?\s*([A-Za-z]+)")
_HEX = re.compile(r"\s*0[01][0-9A-Fa-f]{16,}\s*\Z")


@np.errstate(all="ignore")  # GEOS says of a NaN that it is one, and here that is a reason and no warning
def shapes_of_wkb(blobs: Sequence[bytes | None]) -> tuple[np.ndarray, dict[int, Refused]]:
    """Return the geometries of WKB (ISO or extended), None where there is none, and by position why not."""
    flat = [_wrong(blob) for blob in blobs]
    held = np.array([None if wrong else blob for blob, wrong in zip(blobs, flat, strict=True)], dtype=object)
    read = shapely.from_wkb(held, on_invalid="ignore")
    return split_shapes(
        [
            wrong or (_why(blob) if shape is None else shape)
            for blob, wrong, shape in zip(blobs, flat, read, strict=True)
        ]
    )


@np.errstate(all="ignore")
def shapes_of_text(texts: Sequence[str]) -> tuple[np.ndarray, dict[int, Refused]]:
    """Return the geometries of texts: WKT, with an SRID or without, or WKB in hexadecimal digits as PostGIS writes."""
    return split_shapes([_of_text(text) for text in texts])


def srid_of(text: str) -> str | None:
    """Return the number of the system in front of a WKT."""
    found = _TEXT.match(text)
    return found.group(1) if found else None


def is_shape_text(text: str) -> bool:
    """Return whether a text begins as a polygon, a line or a point does."""
    return bool(_TEXT.match(text) or _HEX.match(text))


def ring_of(points: np.ndarray) -> np.ndarray:
    """Return the points of a ring, shape (n, 2), or raise why they are none."""
    if len(points) < 4:
        raise Refused(str(len(points)), "ring-too-short")
    if (points[0] != points[-1]).any():
        first, last = (f"{x:g} {y:g}" for x, y in (points[0], points[-1]))
        raise Refused(f"{first} … {last}", "ring-not-closed")
    return points


def _of_text(text: str) -> shapely.Geometry | Refused:
    if not text.strip():
        return Refused("", "geometry-missing")
    if _HEX.match(text) and len(text.strip()) % 2 == 0:
        shapes, refused = shapes_of_wkb([bytes.fromhex(text.strip())])
        return refused.get(0) or shapes[0]
    found = _TEXT.match(text)
    if found is None:
        other = _ANY_TEXT.match(text)
        return Refused(other.group(1)[:40], None) if other else Refused(text[:60], "coordinates-unreadable")
    try:
        return shapely.from_wkt(text[found.start(2) :])
    except (shapely.errors.GEOSException, ValueError) as error:
        return _reason(error)


def _why(blob: bytes | None) -> Refused:
    try:
        shapely.from_wkb(blob)
    except (shapely.errors.GEOSException, ValueError) as error:
        return _reason(error)
    return Refused("", "coordinates-unreadable")


def _reason(error: Exception) -> Refused:
    return Refused("", "ring-not-closed" if "closed" in str(error) else "coordinates-unreadable")


def _wrong(blob: bytes | None) -> Refused | None:
    """Return why a WKB may not be read; None if it is a point, a line, a polygon, or several of one of them."""
    if not blob:
        return Refused("", "geometry-missing")
    try:
        kind, dimensions, order, place = _header(blob, 0)
        if kind not in (_POINT, _LINE, _POLYGON, *_PART_OF):
            return Refused(_NAMES.get(kind, str(kind)), None)
        if kind in _PART_OF:
            (parts,) = struct.unpack_from(order + "I", blob, place)
            place += 4
            for _ in range(parts):
                part, dimensions, order, place = _header(blob, place)
                if part != _PART_OF[kind]:
                    return Refused("", "coordinates-unreadable")
                place = _behind(blob, part, 8 * dimensions, order, place)
    except struct.error:  # it ends too early
        return Refused("", "coordinates-unreadable")
    return None


def _header(blob: bytes, place: int) -> tuple[int, int, str, int]:
    """Return kind, dimensions and byte order of the geometry that begins at a place, and the place behind its header.

    Heights and measures are 1000 and 2000 (ISO) or bits 31 and 30; bit 29 (extended) stands for a system's number.
    """
    order = "<" if blob[place : place + 1] == b"\x01" else ">"
    (code,) = struct.unpack_from(order + "I", blob, place + 1)
    more, kind = divmod(code & 0x0FFFFFFF, 1000)
    dimensions = 2 + (more in (1, 3) or code >> 31 & 1) + (more in (2, 3) or code >> 30 & 1)
    return kind, dimensions, order, place + (9 if code >> 29 & 1 else 5)


def _behind(blob: bytes, kind: int, width: int, order: str, place: int) -> int:
    """Return the place behind a point, a line or a polygon whose points take `width` bytes each."""
    if kind == _POINT:
        return place + width
    if kind == _LINE:
        (points,) = struct.unpack_from(order + "I", blob, place)
        return int(place + 4 + points * width)
    (rings,) = struct.unpack_from(order + "I", blob, place)
    place += 4
    for _ in range(rings):
        (points,) = struct.unpack_from(order + "I", blob, place)
        place += 4 + points * width
    return place
