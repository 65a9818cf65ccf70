"""Values through a pipe and back, between us and the process that reads: JSON, and Arrow for the frames.

What comes back is data and nothing else: no pickle, and no name of a class or a function that the other side chooses.
"""

import datetime as dt
import json
import struct
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa

from base.errors import HazardError, rebuilt
from base.text import Sentence, Term
from data.privacy import TEXT
from data.table import Table

NO_MEMORY = 77  # exit code of a process that cannot even say so
_TAG = "\x00"  # a dictionary with this key stands for something that JSON has no sign for
# The special ones first: each is also what stands behind it
_TIMES: dict[str, Any] = {"timestamp": pd.Timestamp, "time": dt.datetime, "date": dt.date}
_LENGTH = struct.Struct("<Q")
Parts = list[Any]  # what JSON does not hold: bytes and Arrow tables


class Overflow(Exception):
    """A message is larger than the receiver takes."""


def write(value: Any, pipe: BinaryIO) -> None:
    """Write a value: the length of its JSON, the JSON with the lengths of its parts, the parts.

    Parameters
    ----------
    value : Table, RawCells, HazardError, frame, bytes, text, number, time, None; lists, tuples, dictionaries of these
    pipe : file opened for writing

    Raises
    ------
    TypeError
        For anything else.
    """
    parts: Parts = []
    told = _told(value, parts)
    text = json.dumps([told, [_size(part) for part in parts]]).encode()
    pipe.write(_LENGTH.pack(len(text)) + text)
    for part in parts:
        if isinstance(part, bytes):
            pipe.write(part)
        else:  # straight into the pipe: a table in memory beside the same as bytes would be one too many
            _stream(part, pa.PythonFile(pipe, "w"))
    pipe.flush()


def read(pipe: BinaryIO, *, most: float) -> Any:
    """Return what `write` was given: equal in values, types, dtypes, index and attrs.

    Text columns stand on the bytes that came through the pipe; they are not copied.

    Parameters
    ----------
    pipe : file opened for reading
    most : float
        Bytes that are taken; asked before room is made for them.

    Raises
    ------
    Overflow
        It is larger.
    EOFError
        The other side ended.
    ValueError, KeyError, TypeError, LookupError, AttributeError, pa.ArrowException, shapely.errors.ShapelyError
        What came is not what `write` writes.
    """
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    if length > most:
        raise Overflow
    told, sizes = json.loads(_exactly(pipe, length))
    if length + sum(sizes) > most or min(sizes, default=0) < 0:
        raise Overflow
    return _meant(told, [_exactly(pipe, size) for size in sizes])


def _exactly(pipe: BinaryIO, size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _stream(table: pa.Table, sink: pa.NativeFile) -> None:
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)


def _size(part: Any) -> int:
    if isinstance(part, bytes):
        return len(part)
    counted = pa.MockOutputStream()
    _stream(part, counted)
    return int(counted.size())


def _answers() -> dict[str, Any]:
    """Return what readers give; the module of cells is slow to load, and where it is not loaded there are none."""
    features: Any = sys.modules.get("data.features")
    return {"table": Table} | ({"cells": features.RawCells} if features else {})


def _told(value: Any, parts: Parts) -> Any:
    def tell(inner: Any) -> Any:
        return _told(inner, parts)

    if isinstance(value, Term):
        return {_TAG: "term", "text": str(value)}
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, bytes):
        parts.append(value)
        return {_TAG: "bytes", "number": len(parts) - 1}
    if isinstance(value, list):
        return [tell(one) for one in value]
    if isinstance(value, tuple):
        return {_TAG: "tuple", "items": [tell(one) for one in value]}
    if isinstance(value, dict):
        return {_TAG: "dict", "items": [[tell(key), tell(one)] for key, one in value.items()]}
    if isinstance(value, HazardError):
        return {_TAG: "error", "code": value.code, "template": value.template, "facts": tell(value.facts)}
    if isinstance(value, Sentence):
        return {_TAG: "sentence", "template": tell(value.template), "fields": tell(dict(value.fields))}
    if isinstance(value, pd.DataFrame):
        return {_TAG: "frame", **_frame_told(value, parts)}
    if isinstance(value, dt.date):
        own = next(name for name, kind in _TIMES.items() if isinstance(value, kind))
        return {_TAG: own, "iso": value.isoformat()}
    if isinstance(value, np.generic):
        return tell(value.item())
    for name, kind in _answers().items():
        if type(value) is kind:
            return {_TAG: name, "fields": tell(dict(vars(value)))}
    raise TypeError(f"{type(value).__name__} does not go through a pipe")


def _meant(value: Any, parts: Parts) -> Any:
    if isinstance(value, list):
        return [_meant(one, parts) for one in value]
    if not isinstance(value, dict):
        return value
    kind = value[_TAG]
    if kind == "bytes":
        return parts[value["number"]]
    if kind == "tuple":
        return tuple(_meant(value["items"], parts))
    if kind == "dict":
        return {_meant(key, parts): _meant(one, parts) for key, one in value["items"]}
    if kind == "frame":
        return _frame_meant(value, parts)
    if kind == "error":
        return rebuilt(value["code"], value["template"], _meant(value["facts"], parts))
    if kind == "sentence":
        return Sentence(_meant(value["template"], parts), _meant(value["fields"], parts))
    if kind == "term":
        return Term(value["text"])
    if kind in (answers := _answers()):
        return answers[kind](**_meant(value["fields"], parts))
    # pandas' own fromisoformat forgets the zone
    return pd.Timestamp(value["iso"]) if kind == "timestamp" else _TIMES[kind].fromisoformat(value["iso"])


# --- frames: columns by their place, the index last unless it is a range; how each is meant stands in the JSON --------


def _frame_told(frame: pd.DataFrame, parts: Parts) -> dict[str, Any]:
    index, stretch = frame.index, None
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    if isinstance(index, pd.RangeIndex):
        stretch = [index.start, index.stop, index.step]
    else:
        columns.append(index.to_series())
    pairs = [_column_told(column) for column in columns]
    parts.append(pa.table([array for _, array in pairs], names=[str(place) for place in range(len(pairs))]))
    shapes = _shapes(frame)
    return {
        "number": len(parts) - 1,
        "names": _told(list(frame.columns), parts),
        "kinds": [kind for kind, _ in pairs],
        "range": stretch,
        "index_name": _told(index.name, parts),
        "attrs": _told(dict(frame.attrs), parts),
        "geometry": shapes,
        "crs": frame.crs.to_wkt() if shapes and frame.crs else None,
    }


def _shapes(frame: Any) -> Any:
    """Return the name of the column of outlines, None for a plain frame."""
    if "geometry" not in map(str, frame.dtypes):
        return None
    import geopandas as gpd

    return frame.active_geometry_name if isinstance(frame, gpd.GeoDataFrame) else None


def _column_told(column: pd.Series) -> tuple[str, Any]:
    if column.dtype == TEXT:
        return "text", column.array.__arrow_array__()
    if column.dtype == "geometry":
        import shapely

        return "geometry", pa.array(shapely.to_wkb(column.to_numpy()), pa.large_binary())
    if column.dtype != object:
        return str(column.dtype), pa.array(column)
    if all(type(value) is str for value in column):
        return "str", pa.array(column, pa.large_string())
    return "object", pa.array([json.dumps(_told(value, [])) for value in column], pa.large_string())


def _frame_meant(value: dict[str, Any], parts: Parts) -> pd.DataFrame:
    stored = pa.ipc.open_stream(pa.py_buffer(parts[value["number"]])).read_all()
    stored.validate(full=True)  # a text whose end lies outside would be read from other memory
    columns = list(_columns_meant(stored, value["kinds"]))
    index = pd.RangeIndex(*value["range"]) if value["range"] else pd.Index(columns.pop())
    frame = pd.DataFrame(dict(enumerate(columns)), index=index.set_names([value["index_name"]]), copy=False)
    frame.columns = pd.Index(_meant(value["names"], parts), dtype=object)
    if value["geometry"] is not None:
        import geopandas as gpd

        frame = gpd.GeoDataFrame(frame, geometry=value["geometry"], crs=value["crs"])
    frame.attrs = _meant(value["attrs"], parts)
    return frame


def _columns_meant(stored: pa.Table, kinds: list[str]) -> Iterator[Any]:
    for array, kind in zip(stored.columns, kinds, strict=True):
        if kind == "text":
            yield pd.array(array, dtype=TEXT)
        elif kind == "geometry":
            from geopandas.array import from_wkb

            yield from_wkb(array.to_numpy())
        elif kind in ("str", "object"):
            values = np.empty(len(array), dtype=object)  # np.array would make a list of lists two-dimensional
            values[:] = [one if kind == "str" else _meant(json.loads(one), []) for one in array.to_pylist()]
            yield values
        else:
            yield array.to_pandas().astype(kind).array
