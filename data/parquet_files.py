"""Parquet and GeoParquet -> columns of text and, where the file declares them, geometries."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from base.errors import HazardError
from data import declared_crs
from data.features import MAX_ATTRIBUTES, Layer, too_many_columns
from data.privacy import TEXT, mask
from data.shapes import shapes_of_wkb

MAX_CELLS, MAX_TEXT = 100_000_000, 1_000_000_000  # rows x columns; bytes that the texts of a column come to
_NAMED, _LONGEST_TITLE = 50, 80  # columns left out that are named, and signs of each


def read_parquet(content: bytes, name: str) -> Layer:
    """Return the plain columns of a Parquet file as text, and the primary geometry of a GeoParquet.

    Times are ISO texts with the offset where the column has a zone; whole numbers have no point; nothing is ''.
    Columns of lists, bytes and types of other programs are left out, named in `unread`, and nothing of theirs is run. A
    GeoParquet without a word on its system is in longitude and latitude of WGS 84 by its standard.

    Raises
    ------
    HazardError
        ``parquet-broken``, ``table-too-large``, ``too-many-columns``.
    """
    try:
        schema = pq.read_schema(pa.BufferReader(content))
        texts = [one.name for one in schema if pa.types.is_string(one.type) or pa.types.is_large_string(one.type)]
        # Texts stay in their dictionary until it is known what they come to: a small file can name a long one often
        file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=texts)
        geometry, crs = _geometry(schema, name)
        wanted = [one.name for one in schema if _plain(one.type) or one.name == geometry]
        if len(wanted) > MAX_ATTRIBUTES:
            raise too_many_columns(name, len(wanted))
        if file.metadata.num_rows * max(len(wanted), 1) > MAX_CELLS:
            raise _too_large(name)
        table = file.read(columns=wanted)
        table.validate(full=True)
        columns = [(title, _texts(column, name)) for title, column in _flat(table) if title != geometry]
        shapes, refused = (None, {}) if geometry is None else shapes_of_wkb(table[geometry].to_pylist())
    except HazardError:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise _broken(name, str(error).splitlines()[0][:100] if str(error) else type(error).__name__) from None
    frame = pd.DataFrame({place: text for place, (_, text) in enumerate(columns)}, index=range(table.num_rows))
    frame.columns = pd.Index([title for title, _ in columns], dtype=object)
    left_out = [one.name for one in schema if one.name not in wanted]
    unread = [mask(" ".join(title.split()))[:_LONGEST_TITLE] for title in left_out[:_NAMED]]
    unread += ["…"] if len(left_out) > _NAMED else []
    return Layer("Parquet", frame, shapes, refused, crs=crs, unread=tuple(unread))


def _geometry(schema: pa.Schema, name: str) -> tuple[str | None, str | None]:
    """Return the column that holds the geometry and the system that it is in, by the metadata of a GeoParquet."""
    told = (schema.metadata or {}).get(b"geo")
    if told is None:
        return None, None
    try:
        geo = json.loads(told)
        column = geo["primary_column"]
        facts = geo["columns"][column]
        encoding = str(facts.get("encoding"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _broken(name, "geo") from None
    kind = schema.field(column).type if schema.get_all_field_indices(column) else pa.null()
    if encoding.upper() != "WKB" or not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        raise HazardError(
            "parquet-broken",
            "{file}: its geometry is written as {value}, and only WKB is read. Export it again with WKB.",
            file=name, value=encoding[:40],
        )  # fmt: skip
    return column, _declared(facts)


def _declared(facts: dict[str, Any]) -> str | None:
    if "crs" not in facts:
        return "EPSG:4326"
    return (
        declared_crs.of_wkt(facts["crs"]) if isinstance(facts["crs"], str) else declared_crs.of_projjson(facts["crs"])
    )


def _plain(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        return False
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    return any(
        of_kind(kind)
        for of_kind in (
            pa.types.is_string, pa.types.is_large_string, pa.types.is_integer, pa.types.is_floating,
            pa.types.is_boolean, pa.types.is_date, pa.types.is_time, pa.types.is_timestamp, pa.types.is_decimal,
            pa.types.is_null,
        )
    )  # fmt: skip


def _flat(table: pa.Table) -> list[tuple[str, pa.ChunkedArray]]:
    """Return the columns that are plain: a name also stands for all that is nested under it."""
    return [
        (title, column) for title, column in zip(table.column_names, table.columns, strict=True) if _plain(column.type)
    ]


def _texts(column: pa.ChunkedArray, name: str) -> Any:
    kind = column.type
    if pa.types.is_dictionary(kind):
        if sum(_expanded(chunk) for chunk in column.chunks) > MAX_TEXT:
            raise _too_large(name)
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_timestamp(kind):
        text = _times(column)
    elif pa.types.is_null(kind):
        text = pa.chunked_array([pa.nulls(len(column), pa.large_string())])
    else:
        text = column.cast(pa.large_string())
    if pa.types.is_decimal(kind):
        text = pc.replace_substring_regex(text, r"\.0*$", "")
    elif pa.types.is_floating(kind):
        text = pc.if_else(pc.is_nan(column), "", text)
    return pd.array(pc.fill_null(text, ""), dtype=TEXT)


def _expanded(chunk: pa.DictionaryArray) -> int:
    if not (pa.types.is_string(chunk.dictionary.type) or pa.types.is_large_string(chunk.dictionary.type)):
        return 0
    lengths = pc.binary_length(chunk.dictionary)
    used = pc.value_counts(chunk.indices.drop_null())
    counts = used.field("counts").to_numpy()
    return int(np.dot(lengths.take(used.field("values")).fill_null(0).to_numpy().astype(np.int64), counts))


def _times(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return times as text, without a fraction of nothing, and with the offset where the column has a zone."""
    zone = ""
    try:
        text = column.cast(pa.large_string())
    except pa.ArrowInvalid:  # a zone that this PC has no table of
        text, zone = column.cast(pa.timestamp(column.type.unit)).cast(pa.large_string()), "+00:00"
    text = pc.replace_substring_regex(text, r"(\.\d*[1-9])0+", r"\1")
    text = pc.replace_substring_regex(text, r"\.0+($|[^0-9])", r"\1")
    text = pc.replace_substring_regex(text, r"([+-]\d\d)(\d\d)$", r"\1:\2")
    text = pc.replace_substring_regex(text, "Z$", "+00:00")
    return pc.binary_join_element_wise(text, zone, "") if zone else text


def _broken(name: str, detail: str) -> HazardError:
    return HazardError(
        "parquet-broken",
        "{file} is no Parquet file that can be read ({detail}). Export it again.",
        file=name, detail=detail,
    )  # fmt: skip


def _too_large(name: str) -> HazardError:
    return HazardError(
        "table-too-large",
        "{file} unpacks to more than fits in memory. Export it in parts, for instance year by year, or with fewer "
        "columns.",
        file=name,
    )
