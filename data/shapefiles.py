"""Shapefile in a zip (ESRI, 1998) -> features, each length checked against the bytes that are there."""

import struct
from collections.abc import Iterator

import numpy as np
import pandas as pd
import shapely

from base.errors import HazardError
from data import declared_crs
from data.archives import Archive
from data.dbf import read_dbf
from data.features import MAX_FEATURES, Layer, Refused, Wanted, choose_layer, split_shapes
from data.shapes import ring_of

_HEADER, _CODE = 100, b"\x00\x00\x27\x0a"
_EMPTY, _POINT, _LINE, _POLYGON, _MULTIPOINT, _PATCH = 0, 1, 3, 5, 8, 31  # and 10 more with heights, 20 with measures
_FITTING = {"polygons": (_POLYGON,), "points": (_POINT, _MULTIPOINT)}
_FITTING["features"] = (*_FITTING["polygons"], *_FITTING["points"])
_NAMES = {_LINE: "PolyLine", _PATCH: "MultiPatch"}
_MAX_NESTING = 20_000_000  # outlines x holes of one feature, each of which is asked whether it lies in the other


@np.errstate(all="ignore")  # numbers of any size stand in a damaged file
def read_shapefile(
    archive: Archive, name: str, wanted: Wanted, *, layer: str | None = None, encoding: str | None = None
) -> Layer:
    """Return one layer (.shp with .dbf, .prj, .cpg, .shx as far as they are there) of an archive.

    Records that the table marks as deleted are no features. Without a .prj no system is declared, and none assumed.

    Raises
    ------
    HazardError
        ``shapefile-damaged``, ``layer-unknown``, ``layer-ambiguous``, and those of `data.archives.Archive` and
        `data.dbf.read_dbf`.
    """
    members = {member.rpartition("/")[2].rpartition(".")[0]: member for member in archive.names(".shp")}
    contents = {title: archive.read(member) for title, member in members.items()}
    chosen = choose_layer(
        {title: _kind(content, 32) in _FITTING[wanted] for title, content in contents.items()}, wanted, layer, name
    )
    member, content = members[chosen], contents[chosen]
    if len(content) < _HEADER or content[:4] != _CODE:
        raise _damaged(name, chosen)
    found = list(_shapes(content, archive.sibling(member, ".shx")))
    table, used = archive.sibling(member, ".dbf"), None
    if table is None:
        attributes = pd.DataFrame(index=range(len(found)))
    else:
        attributes, there, used = read_dbf(table, name, cpg=archive.sibling(member, ".cpg"), encoding=encoding)
        n = max(len(found), len(attributes))
        found += [Refused("", "geometry-missing")] * (n - len(found))
        there = np.append(there, np.ones(n - len(there), dtype=bool))
        attributes = attributes.reindex(range(n), fill_value="")[there].reset_index(drop=True)
        found = [one for one, alive in zip(found, there, strict=True) if alive]
    if len(found) > MAX_FEATURES:
        raise _damaged(name, chosen)
    system = (archive.sibling(member, ".prj") or b"").decode("utf-8", errors="replace")
    shapes, refused = split_shapes(found)
    return Layer(
        "Shapefile", attributes, shapes, refused, crs=declared_crs.of_wkt(system), layers=tuple(members),
        layer=chosen, encoding=used,
    )  # fmt: skip


def _damaged(name: str, layer: str) -> HazardError:
    return HazardError(
        "shapefile-damaged",
        "{file}: the shapes of the layer {layer} (.shp) are damaged or too many. Export the layer again.",
        file=name, layer=layer,
    )  # fmt: skip


def _kind(content: bytes, place: int) -> int:
    """Return the kind of shape that stands at a place, without its heights and measures; -1 for none."""
    if place + 4 > len(content):
        return -1
    (kind,) = struct.unpack_from("<i", content, place)
    return kind if kind == _PATCH else kind % 10 if 0 <= kind < 30 else -1


def _shapes(content: bytes, index: bytes | None) -> Iterator[shapely.Geometry | Refused]:
    """Return the shapes in the order of the index if it is sound, else as they lie, up to where that breaks off."""
    places = _indexed(content, index)
    for place, length in places or _chained(content):
        if length < 4:
            yield Refused("", "coordinates-unreadable")
            return
        try:
            yield _shape(content[place : place + length])
        except Refused as refused:
            yield refused
        except (struct.error, ValueError):  # it ends too early, or counts more than it holds
            yield Refused("", "coordinates-unreadable")


def _indexed(content: bytes, index: bytes | None) -> list[tuple[int, int]]:
    """Return place and length of each record by the .shx; none if one lies beyond the file or all are more than it."""
    if index is None or len(index) < _HEADER or index[:4] != _CODE:
        return []
    pairs = np.frombuffer(index, dtype=">i4", offset=_HEADER, count=(len(index) - _HEADER) // 8 * 2).reshape(-1, 2)
    places, lengths = 2 * pairs.astype(np.int64).T
    sound = (places >= _HEADER) & (lengths >= 4) & (places + 8 + lengths <= len(content))
    if not sound.all() or lengths.sum() > len(content):
        return []
    return list(zip((places + 8).tolist(), lengths.tolist(), strict=True))


def _chained(content: bytes) -> Iterator[tuple[int, int]]:
    place = _HEADER
    while place + 8 <= len(content):
        length = 2 * struct.unpack_from(">i", content, place + 4)[0]
        if length < 4 or place + 8 + length > len(content):
            yield place + 8, 0
            return
        yield place + 8, length
        place += 8 + length


def _shape(record: bytes) -> shapely.Geometry | Refused:
    kind = _kind(record, 0)
    if kind == _EMPTY:
        return Refused("", "geometry-missing")
    if kind == _POINT:
        x, y = struct.unpack_from("<2d", record, 4)
        return shapely.points(x, y)
    if kind == _MULTIPOINT:
        (n,) = struct.unpack_from("<i", record, 36)
        return shapely.multipoints(_points(record, 40, n))
    if kind == _POLYGON:
        n_parts, n = struct.unpack_from("<2i", record, 36)
        if n_parts < 1 <= n:
            raise ValueError("no parts")
        points = _points(record, 44 + 4 * n_parts, n)
        starts = np.frombuffer(record, dtype="<i4", offset=44, count=n_parts)
        if starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] > n:
            raise ValueError("parts out of order")
        return _polygon([_ring(ring) for ring in np.split(points, starts[1:])])
    return Refused(_NAMES.get(kind, str(kind)), None)


def _points(record: bytes, place: int, n: int) -> np.ndarray:
    if n < 1:
        raise Refused("", "geometry-missing")
    return np.frombuffer(record, dtype="<f8", offset=place, count=2 * n).reshape(-1, 2)


def _ring(points: np.ndarray) -> shapely.LinearRing:
    if not np.isfinite(points).all():
        raise Refused("", "coordinates-unreadable")
    return shapely.LinearRing(ring_of(points))


def _polygon(rings: list[shapely.LinearRing]) -> shapely.Geometry:
    """Return the polygons that rings make: outlines run as the largest one does, holes the other way round.

    The standard says clockwise; files that turn all of it round are common.
    """
    areas = np.array([shapely.Polygon(ring).area for ring in rings])
    turns = shapely.is_ccw(np.array(rings, dtype=object))
    outer = turns == turns[areas.argmax()]
    outlines, holes = np.flatnonzero(outer), np.flatnonzero(~outer)
    of: dict[int, list[int]] = {int(one): [] for one in outlines}
    if len(outlines) == 1:
        of[int(outlines[0])] = holes.tolist()
    elif len(holes):
        if len(outlines) * len(holes) > _MAX_NESTING:
            raise Refused("", "coordinates-unreadable")
        bodies = np.array([shapely.Polygon(rings[one]) for one in outlines], dtype=object)
        shapely.prepare(bodies)
        for hole in holes:
            # Around it lies what holds a point of it and is larger (an island in it is not); the smallest is its own
            point = shapely.Polygon(rings[hole]).representative_point()
            around = outlines[shapely.contains_properly(bodies, point) & (areas[outlines] > areas[hole])]
            if len(around):
                of[int(around[areas[around].argmin()])].append(int(hole))
            else:
                of[int(hole)] = []
    parts = [shapely.Polygon(rings[shell], [rings[hole] for hole in inner]) for shell, inner in of.items()]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
