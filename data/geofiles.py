"""The door for geographic files: told by their content, read by the few readers named here and by nothing else.

No GDAL: it picks a driver by content, and some of its drivers (OGR_VRT, GDALG, WFS, GML with its schema ...) open other
files and addresses. There is no list of drivers to switch off, for the library is not called.
"""

import re
from dataclasses import replace

from base.errors import HazardError
from data.archives import Archive
from data.contents import kind_of
from data.declared_crs import of_code
from data.encodings import text_encoding
from data.features import Layer, RawCells, Refused, Wanted, to_cells, to_features, to_table
from data.geojson import read_geojson
from data.geopackage import read_geopackage
from data.kml import read_kml
from data.parquet_files import read_parquet
from data.shapefiles import read_shapefile
from data.shapes import is_shape_text, shapes_of_text, srid_of
from data.table import Table

_TITLES = ("wkt", "geom", "geometry", "thegeom", "shape", "wkb", "坐标串", "空间坐标", "几何", "边界", "面")
_WKT = re.compile(r"(?:SRID=\d+;)?\b(?:MULTI)?POLYGON[ ZM]*\([-+.,()\deE ]*\)", re.IGNORECASE)
# The commas in a WKT look like those between cells; these signs for private use stand for them until it is a table
_HIDDEN = str.maketrans(",;", "\ue000\ue001")
_SHOWN = str.maketrans("\ue000\ue001", ",;")


def read_boundaries(content: bytes, name: str, *, layer: str | None = None, encoding: str | None = None) -> RawCells:
    """Return the polygons of a boundary file, told by its content.

    Parameters
    ----------
    content : bytes
        GeoJSON, GeoPackage, Shapefile in a zip, GeoParquet, KML or KMZ, or a CSV or XLSX with a column of WKT.
    name : str
        The file's name, for sentences only.
    layer : str, optional
        Of several layers or sheets; without it the one layer of polygons.
    encoding : str, optional
        Of a text or of the table in a Shapefile; without it the one that fits.

    Raises
    ------
    HazardError
        ``empty-file``, ``not-a-boundary``, ``json-broken``, ``kml-broken``, ``parquet-broken``, ``shapefile-damaged``,
        ``archive-...``, ``no-polygons``, ``layer-unknown``, ``layer-ambiguous``, ``too-many-columns``, and for tables
        those of `data.readers.read_table`.
    """
    if not content.strip():
        raise HazardError("empty-file", "{file} is empty. A file of polygons was expected.", file=name)
    found = _read(content, name, "polygons", layer, encoding)
    if found is None:
        found = _table_of_outlines(content, name, layer, encoding)
    if found.shapes is None:
        raise _unexpected(name, "Parquet", "polygons")
    return to_cells(found, name)


def read_points(content: bytes, name: str, *, layer: str | None = None, encoding: str | None = None) -> Table:
    """Return a file of reports with their points as a table, told by its content.

    Every attribute is text; the points stand in two more columns titled `data.table.X_HEADER` and Y_HEADER. The first
    feature is row 2, as in a spreadsheet made of the layer. A feature of another kind than a point is in `bad`; one
    without a geometry has no coordinates. `crs` is what the file truly declares: the word of a GeoPackage, a .prj or a
    GeoParquet, not that of a GeoJSON or KML.

    Parameters
    ----------
    content : bytes
        GeoJSON, GeoPackage, Shapefile in a zip, KML or KMZ, GeoParquet, or a Parquet without geometry.
    name, layer, encoding
        As in `read_boundaries`.

    Raises
    ------
    HazardError
        ``empty-file``, ``not-a-table``, ``no-rows``, ``no-points``, and those of the readers, as in `read_boundaries`.
    """
    if not content.strip():
        raise HazardError("empty-file", "{file} is empty. A table with a header row was expected.", file=name)
    found = _read(content, name, "points", layer, encoding)
    if found is None:
        raise _unexpected(name, kind_of(content), "points")
    return to_table(found, name)


def read_features(content: bytes, name: str, *, layer: str | None = None, encoding: str | None = None) -> RawCells:
    """Return all features of a geographic file with what their geometry is, told by its content.

    Parameters
    ----------
    content : bytes
        GeoJSON, GeoPackage, Shapefile in a zip, GeoParquet, KML or KMZ; of the first two lines too.
    name, layer, encoding
        As in `read_boundaries`.

    Returns
    -------
    RawCells
        As `data.features.to_features` gives it: no feature is left out.

    Raises
    ------
    HazardError
        ``empty-file``, ``not-features``, ``no-rows``, and those of the readers, as in `read_boundaries`.
    """
    if not content.strip():
        raise HazardError("empty-file", "{file} is empty. A layer of features was expected.", file=name)
    found = _read(content, name, "features", layer, encoding)
    if found is None:
        raise _unexpected(name, kind_of(content), "features")
    return to_features(found, name)


def _read(content: bytes, name: str, wanted: Wanted, layer: str | None, encoding: str | None) -> Layer | None:
    """Return the layer of a geographic file; None for what may be a table."""
    kind = kind_of(content)
    if kind == "SQLite":
        return read_geopackage(content, name, wanted, layer=layer)
    if kind == "text":
        kind = {b"{": "JSON", b"<": "KML"}.get(_first_sign(content), kind)
    if kind == "JSON":
        return read_geojson(content, name, encoding=encoding)
    if kind == "XML" and wanted == "points" and b"kml" not in content[:4096].lower():
        raise _unexpected(name, kind, wanted)
    if kind in ("KML", "XML"):
        return read_kml(content, name, encoding=encoding)
    if kind == "Parquet":
        return read_parquet(content, name)
    if kind in ("ZIP", "KMZ"):
        archive = Archive(content, name)
        if archive.names(".shp"):
            return read_shapefile(archive, name, wanted, layer=layer, encoding=encoding)
        if maps := archive.names(".kml"):
            main = min(maps, key=lambda one: (one.count("/"), one.lower() != "doc.kml", one))
            return read_kml(archive.read(main), name, encoding=encoding)
    if kind in ("text", "XLSX", "XLS", "HTML", "MHTML") and wanted == "polygons":
        return None
    raise _unexpected(name, kind, wanted)


def _first_sign(content: bytes) -> bytes:
    """Return the first sign of a text, also in UTF-16, where its kind tells nothing more."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content[2:4].strip(b"\x00")
    return content[:4096].lstrip()[:1]


def _unexpected(name: str, kind: str, wanted: Wanted) -> HazardError:
    if wanted == "points":
        return HazardError(
            "not-a-table",
            "{file} holds no points that can be read (it holds {kind}). Reports are expected as a table (CSV, XLSX, "
            "Parquet) or as GeoJSON, GeoPackage, KML or Shapefile in a zip.",
            file=name, kind=kind,
        )  # fmt: skip
    if wanted == "features":
        return HazardError(
            "not-features",
            "{file} holds no features that can be read (it holds {kind}). GeoJSON or GeoPackage was expected.",
            file=name, kind=kind,
        )  # fmt: skip
    return HazardError(
        "not-a-boundary",
        "{file} is no boundary file (it holds {kind}). Polygons are expected as GeoJSON, GeoPackage, Shapefile in a "
        "zip, GeoParquet, KML, or as a table with a column of WKT.",
        file=name, kind=kind,
    )  # fmt: skip


def _table_of_outlines(content: bytes, name: str, layer: str | None, encoding: str | None) -> Layer:
    """Return a CSV or XLSX with a column of WKT (or WKB in hexadecimal digits) as a layer."""
    from data.readers import read_table  # which takes points from here

    kind, used = kind_of(content), None
    if kind == "text":
        used = text_encoding(content, name, encoding)
        content, encoding = _WKT.sub(_hidden, content.decode(used)).encode(), "utf-8"
    try:
        table = read_table(content, name, encoding=encoding, sheet=layer)
    except HazardError:
        if kind == "text" and b"POLYGON" not in content.upper():
            raise _unexpected(name, kind, "polygons") from None
        raise
    if kind == "text":
        table = replace(table, frame=table.frame.apply(lambda column: column.str.translate(_SHOWN)))
    column = _outlines(table)
    if column is None:
        raise HazardError(
            "not-a-boundary",
            "{file} is a table without a column of outlines as WKT, such as POLYGON ((113.1 33.7, 113.2 33.7, ...)). "
            "Its columns are: {columns}.",
            file=name, columns=", ".join(table.headers)[:300],
        )  # fmt: skip
    bad = {int(row): Refused("", reason) for row, reason in zip(table.bad["row"], table.bad["reason"], strict=True)}
    rows = sorted([*table.frame.index, *bad])
    frame = table.frame.reindex(rows, fill_value="").set_axis(range(len(rows)), axis=0)
    shapes, refused = shapes_of_text(frame[column].tolist())
    refused.update({place: bad[row] for place, row in enumerate(rows) if row in bad})
    systems = {srid_of(text) for text in frame[column] if text.strip()}
    attributes = frame.drop(columns=column)
    titles = dict(zip(table.frame.columns, table.headers, strict=True))
    attributes.columns = [titles[place] for place in attributes.columns]
    return Layer(
        table.kind, attributes, shapes, refused, crs_hint=of_code(systems.pop()) if len(systems) == 1 else None,
        layers=table.sheets, layer=table.sheet, encoding=used,
    )  # fmt: skip


def _hidden(found: re.Match[str]) -> str:
    return found.group().translate(_HIDDEN)


def _outlines(table: Table) -> str | None:
    """Return the column of outlines: one whose first text is one, those with a usual title before others."""

    def usual(title: str) -> bool:
        return re.sub(r"[\s_-]", "", title).lower() in _TITLES

    by_title = dict(zip(table.frame.columns, table.headers, strict=True))
    for column in sorted(by_title, key=lambda column: not usual(by_title[column])):
        filled = table.frame[column][table.frame[column].str.strip() != ""]
        if len(filled) and is_shape_text(filled.iloc[0]):
            return str(column)
    return None
