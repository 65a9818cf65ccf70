"""Small geographic files that several tests read: written by other programs where there are some."""

import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapefile
import shapely

SQUARE = [[113.0, 33.0], [113.1, 33.0], [113.1, 33.1], [113.0, 33.1], [113.0, 33.0]]
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"


def polygon(*rings: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


def geojson(*geometries: object, **root: object) -> bytes:
    features = [
        {"type": "Feature", "properties": {"grid_id": f"g{n}"}, "geometry": shape} for n, shape in enumerate(geometries)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features, **root}).encode()


def geopackage(path: Path, *layers: tuple[str, list[shapely.Geometry]], crs: str = "EPSG:4547") -> bytes:
    """As GDAL 3 writes it, by pyogrio 0.13."""
    for name, shapes in layers:
        frame = gpd.GeoDataFrame({"grid_id": [f"{n:02d}" for n in range(len(shapes))]}, geometry=shapes, crs=crs)
        frame.to_file(path, layer=name, driver="GPKG")
    return path.read_bytes()


def changed(path: Path, *statements: str) -> bytes:
    """A database after some statements, without its triggers."""
    database = sqlite3.connect(path)
    for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f'DROP TRIGGER "{trigger}"')
    for statement in statements:
        database.execute(statement)
    database.commit()
    database.close()
    return path.read_bytes()


def zipped(**members: bytes) -> bytes:
    """A zip of members; the first ``_`` of a keyword stands for the point of the ending."""
    return packed({name.replace("_", ".", 1): content for name, content in members.items()})


def packed(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def shapefile_parts(kind: int, fill: Callable[[shapefile.Writer], Any], *, encoding: str = "utf-8") -> dict[str, bytes]:
    """The three parts of a shapefile as pyshp 3.1.6 writes them: shp, shx, dbf."""
    parts = {"shp": io.BytesIO(), "shx": io.BytesIO(), "dbf": io.BytesIO()}
    with shapefile.Writer(**parts, shapeType=kind, encoding=encoding) as writer:
        fill(writer)
    return {ending: part.getvalue() for ending, part in parts.items()}
