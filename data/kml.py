"""KML (OGC 07-147) -> features, by a parser of events that follows no link and refuses every DOCTYPE."""

import re
from typing import Any
from xml.parsers import expat

import numpy as np
import shapely

from base.errors import HazardError
from data.encodings import text_encoding
from data.features import MAX_FEATURES, Layer, Refused, split_shapes, text_columns
from data.shapes import ring_of

_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_DEEPEST = 100
_TEXTS = ("name", "description", "when")
_KINDS = ("Point", "LineString", "LinearRing", "Polygon", "Model", "Track", "MultiTrack")


def read_kml(content: bytes, name: str, *, encoding: str | None = None) -> Layer:
    """Return the placemarks of a KML: name, description, time and extended data as attributes, folders as `folder`.

    By its standard a KML is in WGS 84; programs of map companies write their shifted systems all the same. So this is a
    hint and no declaration.

    Raises
    ------
    HazardError
        ``not-a-boundary`` (another XML, or a DOCTYPE), ``kml-broken``, ``too-many-columns``, and those of
        `data.encodings.text_encoding`.
    """
    used = _encoding(content, name, encoding)
    reader = _Reader(name)
    reader.read(content.decode(used))
    shapes, refused = split_shapes(reader.shapes)
    return Layer("KML", text_columns(reader.records, name), shapes, refused, crs_hint="wgs84", encoding=used)


def _encoding(content: bytes, name: str, encoding: str | None) -> str:
    """Return the encoding chosen, else the one declared if it fits, else the one that fits. Expat knows no Chinese."""
    declared = _DECLARED.match(content[:200])
    if encoding is None and declared is not None:
        try:
            return text_encoding(content, name, declared.group(1).decode())
        except HazardError:
            pass
    return text_encoding(content, name, encoding)


class _Reader:
    """The state between the events of one file."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.records: list[dict[str, Any]] = []
        self.shapes: list[shapely.Geometry | Refused] = []
        self._path: list[str] = []
        self._folders: list[str] = []
        self._record: dict[str, Any] | None = None
        self._geometries: list[shapely.Geometry | Refused] = []
        self._rings: list[tuple[str, np.ndarray | Refused]] = []
        self._key = ""
        self._text: list[str] = []

    def read(self, text: str) -> None:
        parser = expat.ParserCreate("utf-8")  # whatever the declaration says: the bytes are ours
        parser.buffer_text = True
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text.append
        parser.StartDoctypeDeclHandler = self._refuse
        try:
            parser.Parse(text.encode(), True)
        except expat.ExpatError as error:
            raise HazardError(
                "kml-broken",
                "{file} is no complete KML: {detail} in line {row}. Export it again.",
                file=self._name, detail=expat.ErrorString(error.code), row=error.lineno,
            ) from None  # fmt: skip

    def _refuse(self, *_: object) -> None:
        raise HazardError(
            "not-a-boundary",
            "{file} has a DOCTYPE, by which an XML file can reach for other files. Export it again as KML without one.",
            file=self._name,
        )

    def _start(self, title: str, attributes: dict[str, str]) -> None:
        kind = title.rpartition(":")[2]
        if not self._path and kind != "kml":
            raise HazardError(
                "not-a-boundary",
                "{file} is XML and no KML (it begins with {value}). Export the layer as KML, GeoJSON or GeoPackage.",
                file=self._name, value=title[:60],
            )  # fmt: skip
        if len(self._path) == _DEEPEST or len(self.records) == MAX_FEATURES:
            raise HazardError("kml-broken", "{file} is nested too deeply for a KML, or endless.", file=self._name)
        self._path.append(kind)
        self._text.clear()
        if kind == "Folder":
            self._folders.append("")
        elif kind == "Placemark":
            self._record, self._geometries = {}, []
        elif kind == "Polygon":
            self._rings = []
        elif kind in ("Data", "SimpleData"):
            self._key = attributes.get("name", "data")

    def _end(self, title: str) -> None:
        kind = self._path.pop()
        above = self._path[-1] if self._path else ""
        text = "".join(self._text).strip()
        self._text.clear()
        if kind == "Folder":
            self._folders.pop()
        elif kind == "name" and above == "Folder":
            self._folders[-1] = " ".join(text.split())
        elif self._record is None:
            return
        elif kind == "Placemark":
            self._finish()
        elif kind in _TEXTS and above in ("Placemark", "TimeStamp"):
            self._record[kind] = text
        elif kind == "SimpleData" or (kind == "value" and above == "Data"):
            self._record[self._key] = text
        elif kind == "coordinates":
            self._take(above, text)
        elif kind == "Polygon":
            self._geometries.append(_polygon(self._rings))
        elif kind in ("Model", "Track", "MultiTrack"):
            self._geometries.append(Refused(kind, None))

    def _take(self, kind: str, text: str) -> None:
        """Take the coordinates of an element: a ring of a polygon, a point, or another geometry."""
        if kind == "LinearRing" and len(self._path) > 1 and self._path[-2].endswith("BoundaryIs"):
            try:
                self._rings.append((self._path[-2], ring_of(_positions(text))))
            except Refused as refused:
                self._rings.append((self._path[-2], refused))
        elif kind == "Point":
            try:
                self._geometries.append(shapely.points(_positions(text)[0]))
            except Refused as refused:
                self._geometries.append(refused)
        else:
            self._geometries.append(Refused(kind, None))

    def _finish(self) -> None:
        assert self._record is not None
        if folder := "/".join(part for part in self._folders if part):
            self._record.setdefault("folder", folder)
        self.records.append(self._record)
        self.shapes.append(_together(self._geometries))
        self._record = None


def _together(geometries: list[shapely.Geometry | Refused]) -> shapely.Geometry | Refused:
    """Return the one geometry of a placemark, or those of one kind as one."""
    if not geometries:
        return Refused("", "geometry-missing")
    for one in geometries:
        if isinstance(one, Refused):
            return one
    kinds = {one.geom_type for one in geometries if isinstance(one, shapely.Geometry)}
    if len(geometries) == 1:
        return geometries[0]
    if kinds == {"Polygon"}:
        return shapely.MultiPolygon(geometries)
    return shapely.MultiPoint(geometries) if kinds == {"Point"} else Refused("MultiGeometry", None)


def _polygon(rings: list[tuple[str, np.ndarray | Refused]]) -> shapely.Geometry | Refused:
    wrong = next((ring for _, ring in rings if isinstance(ring, Refused)), None)
    shells = [ring for place, ring in rings if place == "outerBoundaryIs"]
    if wrong is not None or len(shells) != 1:
        return wrong or Refused("", "coordinates-unreadable")
    return shapely.Polygon(shells[0], [ring for place, ring in rings if place == "innerBoundaryIs"])


def _positions(text: str) -> np.ndarray:
    """Return the positions of a text such as "113.1,33.2,0 113.2,33.2,0"; some programs write a space at the comma."""
    if not text:
        raise Refused("", "geometry-missing")
    try:
        points = np.array([position.split(",")[:2] for position in re.sub(r"\s*,\s*", ",", text).split()], dtype=float)
    except ValueError:
        raise Refused(text[:60], "coordinates-unreadable") from None
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise Refused(text[:60], "coordinates-unreadable")
    return points
