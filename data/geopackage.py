"""GeoPackage (OGC 12-128) -> features: SQLite in memory, where no trigger, view or virtual table is believed."""

import itertools
import sqlite3
from typing import Any

from base.errors import HazardError
from data import declared_crs
from data.features import MAX_FEATURES, Layer, Refused, Wanted, choose_layer, text_columns
from data.shapes import shapes_of_wkb

_ENVELOPE_BYTES = (0, 32, 48, 48, 64)  # GeoPackage 1.3, 2.1.3: by bits 1-3 of the flags
_MAX_STEPS, _STEPS = 10_000, 10_000  # of SQLite's machine: a million features take one for each column, and few more
_KINDS = {"polygons": "POLYGON", "points": "POINT", "features": ""}


def read_geopackage(content: bytes, name: str, wanted: Wanted, *, layer: str | None = None) -> Layer:
    """Return one layer of a GeoPackage, and the system that it declares.

    Raises
    ------
    HazardError
        ``not-a-boundary``, ``layer-unknown``, ``layer-ambiguous``, ``too-many-columns``.
    """
    database = sqlite3.connect(":memory:")
    database.text_factory = lambda text: text.decode(errors="replace")
    try:
        # Bytes 18-19 = 2: kept in write-ahead mode by its last writer, which a copy in memory cannot be
        database.deserialize(content[:18] + b"\x01\x01" + content[20:])
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, max(len(content), 1_000_000))
        steps = itertools.count()
        database.set_progress_handler(lambda: next(steps) > _MAX_STEPS, _STEPS)
        database.execute("PRAGMA trusted_schema = OFF")
        database.execute("PRAGMA query_only = ON")
        layers = _layers(database)
        chosen = choose_layer(
            {title: _KINDS[wanted] in kind.upper() for title, (_, kind, _) in layers.items()}, wanted, layer, name
        )
        column, _, srs_id = layers[chosen]
        records = _records(database, chosen, name, len(content))
        crs = _declared(database, srs_id)
    except (sqlite3.Error, UnicodeDecodeError) as error:  # a message of SQLite's own may hold bytes of the file
        if str(error) == "interrupted":
            raise _endless(name) from None
        raise HazardError(
            "not-a-boundary",
            "{file} is a database but no GeoPackage that can be read ({detail}). Export it again.",
            file=name, detail=str(error)[:200],
        ) from None  # fmt: skip
    finally:
        database.close()
    blobs = [_wkb(record.pop(column, None)) for record in records]
    shapes, refused = shapes_of_wkb([None if isinstance(blob, Refused) else blob for blob in blobs])
    refused.update({place: blob for place, blob in enumerate(blobs) if isinstance(blob, Refused)})
    return Layer(
        "GeoPackage", text_columns(records, name), shapes, refused, crs=crs, layers=tuple(layers), layer=chosen
    )


def _layers(database: sqlite3.Connection) -> dict[str, tuple[str, str, int]]:
    found = database.execute(
        "SELECT c.table_name, g.column_name, g.geometry_type_name, g.srs_id FROM gpkg_contents c "
        "JOIN gpkg_geometry_columns g ON g.table_name = c.table_name "
        # a view is a program, and so is a virtual table: only what lies in the file is read
        "JOIN sqlite_master s ON s.name = c.table_name AND s.type = 'table' AND s.rootpage > 0 "
        "WHERE c.data_type = 'features' ORDER BY 1"
    )
    return {str(title): (str(column), str(kind), srs_id) for title, column, kind, srs_id in found}


def _declared(database: sqlite3.Connection, srs_id: Any) -> str | None:
    known = database.execute(
        "SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = ?", (srs_id,)
    ).fetchone()
    return declared_crs.of_code(known[1]) if known and str(known[0]).upper() == "EPSG" else None


def _records(database: sqlite3.Connection, table: str, name: str, size: int) -> list[dict[str, Any]]:
    quoted = '"' + table.replace('"', '""') + '"'
    cursor = database.execute(f"SELECT * FROM {quoted}")  # noqa: S608  the only place where a name cannot be bound
    titles = [described[0] for described in cursor.description]
    records: list[dict[str, Any]] = []
    held = 0
    for record in cursor:
        held += sum(len(value) for value in record if isinstance(value, (str, bytes)))
        if len(records) == MAX_FEATURES or held > size:  # computed columns, or pages that lead back to themselves
            raise _endless(name)
        records.append(dict(zip(titles, record, strict=True)))
    return records


def _endless(name: str) -> HazardError:
    return HazardError(
        "not-a-boundary",
        "{file} is a GeoPackage whose layer gives more than a file of its size can hold, or takes too long to read. "
        "Export the layer again.",
        file=name,
    )


def _wkb(blob: Any) -> bytes | Refused:
    if blob is None:
        return Refused("", "geometry-missing")
    if not isinstance(blob, bytes) or blob[:2] != b"GP" or len(blob) < 8 or (envelope := blob[3] >> 1 & 7) > 4:
        return Refused("", "coordinates-unreadable")
    return blob[8 + _ENVELOPE_BYTES[envelope] :] or Refused("", "coordinates-unreadable")
