"""Tables and places of our own -> a GeoPackage (OGC 12-128, version 1.3), made in memory: no file is left behind.

It holds what QGIS needs and no more: no index, trigger or view. Places are WGS 84, longitude first.
"""

import datetime as dt
import sqlite3
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

MULTIPOLYGON, POINT, GEOMETRY = "MULTIPOLYGON", "POINT", "GEOMETRY"
_SRS = 4326
_SCHEMA = """
PRAGMA application_id = 1196444487;  -- 'GPKG'
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL, min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined Cartesian', -1, 'NONE', -1, 'undefined', NULL);
INSERT INTO gpkg_spatial_ref_sys VALUES ('Undefined geographic', 0, 'NONE', 0, 'undefined', NULL);
"""


@dataclass(frozen=True)
class Layer:
    """One table of a GeoPackage.

    Attributes
    ----------
    name : str
        Of the table: letters, digits and _.
    title : str
        What it holds, in a sentence.
    frame : DataFrame
        Columns of texts, numbers, bools and dates; missing and infinite values become NULL.
    kind : {"MULTIPOLYGON", "POINT", "GEOMETRY", ""}
        Of the places, GEOMETRY where they are of several kinds; without one it is a table without places.
    shapes : ndarray of shapely geometries, optional
        One a row, in WGS 84 degrees; polygons may be single. Of the kind GEOMETRY some may be None.
    """

    name: str
    title: str
    frame: pd.DataFrame
    kind: str = ""
    shapes: NDArray[np.object_] | None = None


def write_geopackage(layers: Sequence[Layer], *, changed: dt.datetime) -> bytes:
    """Return a GeoPackage with some layers; `changed` is the time it says of itself."""
    database = sqlite3.connect(":memory:")
    try:
        database.executescript(_SCHEMA)
        wgs84 = pyproj.CRS.from_epsg(_SRS).to_wkt("WKT1_GDAL")
        known = ("WGS 84", _SRS, "EPSG", _SRS, wgs84, "longitude and latitude in degrees")
        database.execute("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", known)
        moment = changed.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        for layer in layers:
            _add(database, layer, moment)
        database.commit()
        return database.serialize()
    finally:
        database.close()


def _add(database: sqlite3.Connection, layer: Layer, moment: str) -> None:
    shapes = layer.shapes if layer.kind else None
    columns = {f'"{column}"': _kind(layer.frame[column]) for column in layer.frame}
    if layer.kind:
        columns = {"geom": layer.kind, **columns}
    listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    database.execute(f'CREATE TABLE "{layer.name}" (fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, {listed})')
    box: list[Any] = [None] * 4
    if shapes is not None and not shapely.is_missing(shapes).all():
        box = [float(edge) for edge in shapely.total_bounds(shapes)]
    kind = "features" if layer.kind else "attributes"
    database.execute(
        "INSERT INTO gpkg_contents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (layer.name, kind, layer.name, _text(layer.title), moment, *box, _SRS if layer.kind else None),
    )
    values = [[_value(value) for value in layer.frame[column]] for column in layer.frame]
    if shapes is not None:
        database.execute(
            "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)", (layer.name, layer.kind, _SRS)
        )
        values.insert(0, _blobs(shapes, layer.kind))
    marks = ", ".join("?" * len(columns))
    insert = f'INSERT INTO "{layer.name}" ({", ".join(columns)}) VALUES ({marks})'  # noqa: S608  names of our own
    database.executemany(insert, zip(*values, strict=True))


def _blobs(shapes: NDArray[np.object_], kind: str) -> list[bytes | None]:
    """Return geometries as GeoPackage holds them: a head, the box around all but points, and WKB (2.1.3)."""
    shapes = shapely.force_2d(shapes)
    if kind == MULTIPOLYGON:
        shapes = np.array([_multi(shape) for shape in shapes], dtype=object)
    boxes = shapely.bounds(shapes)
    wkb = shapely.to_wkb(shapes, byte_order=1)
    if kind == POINT:
        return [b"GP\x00\x01" + struct.pack("<i", _SRS) + one for one in wkb]
    return [
        one and b"GP\x00\x03" + struct.pack("<i4d", _SRS, west, east, south, north) + one
        for (west, south, east, north), one in zip(boxes, wkb, strict=True)
    ]


def _multi(shape: Any) -> Any:
    return shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])


def _kind(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "BOOLEAN"
    if pd.api.types.is_integer_dtype(column):
        return "INTEGER"
    if pd.api.types.is_float_dtype(column):
        return "REAL"
    known = column.dropna()
    return "DATE" if len(known) and all(type(value) is dt.date for value in known) else "TEXT"


def _value(value: Any) -> Any:
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    if isinstance(value, (bool, np.bool_, int, np.integer)):
        return int(value)
    return value.isoformat() if isinstance(value, dt.date) else _text(str(value))


def _text(text: str) -> str:
    return text.replace("\0", "").encode(errors="replace").decode()
