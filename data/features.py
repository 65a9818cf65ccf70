"""What every reader of geographic files gives, and what becomes of it: cells of a boundary, or a table of points."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from base.errors import HazardError
from base.text import N_
from data.layout import sum_rows
from data.privacy import TEXT, mask
from data.schema import REJECTED_COLUMNS
from data.table import X_HEADER, Y_HEADER, Table

MAX_FEATURES = 1_000_000
MAX_ATTRIBUTES = 1_000
Wanted = Literal["polygons", "points", "features"]  # the last: of whatever kind
_MULTIPOINT = 4  # as shapely numbers the kinds: 0 point, 3 polygon, 6 several polygons
_KINDS = {"polygons": (3, 6), "points": (0, _MULTIPOINT)}
_OTHER = {"polygons": "not-a-polygon", "points": "not-a-point"}
_HALF_SIGN = re.compile("[\ud800-\udfff]")  # which JSON can name and no text can be stored with


@dataclass(frozen=True)
class RawCells:
    """What a boundary file holds: features read = len(frame) + len(rejected).

    `frame` has every attribute as text, `geometry` (polygons as they stand, two dimensions) and `row`, the number of
    the feature in the file from 1. `crs` is the system that the file truly declares (``EPSG:n``) or None; `crs_hint`
    what it says in a way that is often wrong (a GeoJSON against its own standard, a KML by its standard): not used
    unless the user says so. `rejected` has row, column, value and reason. `kind`, `layer` of `layers`, and `encoding`
    say how it was read; `unread` are the titles of columns that are no text, number or time (lists, bytes).
    """

    frame: gpd.GeoDataFrame
    crs: str | None
    rejected: pd.DataFrame
    crs_hint: str | None = None
    kind: str = "GeoJSON"
    layers: tuple[str, ...] = ()
    layer: str | None = None
    encoding: str | None = None
    unread: tuple[str, ...] = ()


class Refused(Exception):
    """A feature without a usable geometry: value and reason code; no code where it is only of another kind."""


@dataclass(frozen=True)
class Layer:
    """A layer as it stands: attributes as text, a geometry (two dimensions, finite) or None beside each row.

    `refused` says by position why a geometry is None. `shapes` is None where the file has no geometry at all. `unread`
    are the titles of columns that are no text, number or time.
    """

    kind: str
    attributes: pd.DataFrame
    shapes: np.ndarray | None
    refused: Mapping[int, Refused] = field(default_factory=dict)
    crs: str | None = None
    crs_hint: str | None = None
    layers: tuple[str, ...] = ()
    layer: str | None = None
    encoding: str | None = None
    unread: tuple[str, ...] = ()


def split_shapes(found: Sequence[shapely.Geometry | Refused]) -> tuple[np.ndarray, dict[int, Refused]]:
    """Return the geometries in two dimensions, None where one is empty, not finite or refused, and by position why."""
    refused = {place: one for place, one in enumerate(found) if isinstance(one, Refused)}
    shapes = np.empty(len(found), dtype=object)
    shapes[:] = [None if isinstance(one, Refused) else one for one in found]
    shapes = shapely.force_2d(shapes)
    empty = shapely.is_empty(shapes)
    points, of = shapely.get_coordinates(shapes, return_index=True)
    endless = np.unique(of[~np.isfinite(points).all(axis=1)])
    refused.update({int(place): Refused("", "coordinates-unreadable") for place in endless})
    refused.update({int(place): Refused("", "geometry-missing") for place in np.flatnonzero(empty)})
    shapes[[*refused]] = None
    return shapes, refused


def text_columns(records: Sequence[Mapping[str, Any]], name: str) -> pd.DataFrame:
    """Return records with any keys as a frame of text, '' where a record has no such key.

    Raises
    ------
    HazardError
        ``too-many-columns``.
    """
    titles: dict[str, None] = {}
    for record in records:
        titles.update(dict.fromkeys(record))
        if len(titles) > MAX_ATTRIBUTES:
            raise too_many_columns(name, len(titles))
    columns = {title: [text_of(record.get(title)) for record in records] for title in titles}
    frame = pd.DataFrame(columns, dtype=object, index=range(len(records)))
    frame.columns = pd.Index([clean_text(title) for title in titles], dtype=object)
    return frame


def too_many_columns(name: str, n: int) -> HazardError:
    """Return the refusal of a layer with more attributes than are read."""
    return HazardError(
        "too-many-columns",
        "{file} has {n} columns; at most {limit} are read. Delete those that are not needed.",
        file=name, n=n, limit=MAX_ATTRIBUTES,
    )  # fmt: skip


def text_of(value: Any) -> str:
    """Return an attribute as text: whole numbers without a point, one-entry objects as their entry, bytes as ''."""
    if isinstance(value, dict) and len(value) == 1:  # {"adcode": 410000} as in national boundary files
        value = next(iter(value.values()))
    if value is None or isinstance(value, bytes):
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return clean_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def clean_text(text: str) -> str:
    """Return text that can be stored."""
    return _HALF_SIGN.sub("\ufffd", text)


def choose_layer(found: Mapping[str, bool], wanted: Wanted, layer: str | None, name: str) -> str:
    """Return the layer to read: the one named, else the only one that fits, else the only one.

    Parameters
    ----------
    found : mapping
        Name of each layer -> whether its kind of geometry is the wanted one.

    Raises
    ------
    HazardError
        ``layer-unknown``, ``layer-ambiguous``.
    """
    names = ", ".join(found)
    if layer is not None:
        if layer not in found:
            raise HazardError(
                "layer-unknown",
                "{file} has no layer {layer}. Its layers are: {layers}.",
                file=name, layer=layer, layers=names or "-",
            )  # fmt: skip
        return layer
    fitting = [one for one, fits in found.items() if fits] or list(found)
    if len(fitting) != 1:
        raise HazardError("layer-ambiguous", _AMBIGUOUS[wanted], file=name, layers=names or "-")
    return fitting[0]


_AMBIGUOUS = {
    "polygons": N_(
        "{file} must have one layer of polygons. Its layers are: {layers}. Choose one (on the command line: --layer)."
    ),
    "points": N_("{file} must have one layer of points. Its layers are: {layers}. Choose one of them."),
    "features": N_("{file} has several layers: {layers}. Choose one (on the command line: --layer)."),
}

# Said when not one feature can be used; where some can, the rejected table says the same feature by feature.
_NONE = {
    "ring-not-closed": N_(
        "{file}: the outline of feature {row} is not closed ({value}), and no feature can be used. "
        "Close it in the program that drew it and export again."
    ),
    "not-a-polygon": N_(
        "{file}: feature {row} is no polygon but {value}, and no feature can be used. Export the layer of the areas."
    ),
    "geometry-missing": N_(
        "{file}: feature {row} has no geometry, and no feature can be used. Export the areas again."
    ),
}
_NONE_OTHER = N_(
    "{file}: feature {row} has no outline that can be read ({reason}), and no feature can be used. "
    "Export the areas again."
)


def to_cells(layer: Layer, name: str) -> RawCells:
    """Return the polygons of a layer; features without one are set apart.

    Raises
    ------
    HazardError
        ``no-polygons``.
    """
    shapes, refused = _of_kind(layer, "polygons")
    rows = [
        (place + 1, "geometry", mask(text_of(value))[:200], code) for place, (value, code) in sorted(refused.items())
    ]
    rejected = pd.DataFrame(rows, columns=["row", "column", "value", "reason"])
    if len(rows) == len(shapes):
        if not rows:
            raise HazardError("no-polygons", "{file} holds no feature. Polygons were expected.", file=name)
        row, _, value, reason = rows[0]
        raise HazardError(
            "no-polygons", _NONE.get(reason, _NONE_OTHER), file=name, row=row, value=value, n=len(rows),
            reason=reason, rejected=rejected,
        )  # fmt: skip
    keep = np.array([place not in refused for place in range(len(shapes))])
    table = layer.attributes[keep].reset_index(drop=True).astype(str)
    table.columns = pd.Index(_own_titles([mask(str(title)) for title in table.columns]))
    frame = gpd.GeoDataFrame(table, geometry=shapes[keep])
    frame["row"] = np.flatnonzero(keep) + 1
    return RawCells(
        frame, layer.crs, rejected, layer.crs_hint, layer.kind, layer.layers, layer.layer, layer.encoding, layer.unread
    )


def to_features(layer: Layer, name: str) -> RawCells:
    """Return all features of a layer, of whatever kind; `geometry` is None where none can be used, `rejected` says why.

    Here read = len(frame): a feature without a usable geometry keeps its attributes.

    Raises
    ------
    HazardError
        ``no-rows``.
    """
    n = len(layer.attributes)
    if not n:
        raise HazardError("no-rows", "{file} holds no feature. At least one was expected.", file=name)
    shapes = np.full(n, None) if layer.shapes is None else layer.shapes
    rows = [
        (place + 1, "geometry", mask(text_of(one.args[0]))[:200], one.args[1] or "geometry-unknown")
        for place, one in sorted(layer.refused.items())
        if one.args[1] != "geometry-missing"
    ]
    table = layer.attributes.reset_index(drop=True).astype(str)
    table.columns = pd.Index(_own_titles([mask(str(title)) for title in table.columns]))
    frame = gpd.GeoDataFrame(table, geometry=shapes)
    frame["row"] = np.arange(1, n + 1)
    rejected = pd.DataFrame(rows, columns=["row", "column", "value", "reason"])
    return RawCells(
        frame, layer.crs, rejected, layer.crs_hint, layer.kind, layer.layers, layer.layer, layer.encoding, layer.unread
    )


def to_table(layer: Layer, name: str) -> Table:
    """Return a layer as a table, its points in two more columns titled X_HEADER and Y_HEADER.

    A feature has the row that it has in a spreadsheet made of the layer: the first one is row 2, below the header. A
    feature without a geometry has no coordinates; one of another kind than a point is set apart.

    Raises
    ------
    HazardError
        ``no-rows``, ``no-points``.
    """
    n = len(layer.attributes)
    if not n:
        raise HazardError("no-rows", "{file} holds no feature. At least one report was expected.", file=name)
    columns: list[Any] = [layer.attributes.iloc[:, place] for place in range(layer.attributes.shape[1])]
    headers = [mask(" ".join(str(title).split())) for title in layer.attributes.columns]
    bad: list[tuple[int, str, str, str, str]] = []
    if layer.shapes is not None:
        shapes, refused = _of_kind(layer, "points")
        for place, (value, code) in sorted(refused.items()):
            code = "lon-lat-unreadable" if code == "coordinates-unreadable" else code
            if code != "geometry-missing":
                bad.append((place + 2, "geometry", mask(text_of(value))[:200], code, ""))
        if len(bad) == n:
            raise HazardError(
                "no-points",
                "{file}: feature {row} is no point but {value}, and no feature can be used. Export the layer of the "
                "points; areas are loaded as boundaries.",
                file=name, row=1, value=bad[0][2] or "-",
            )  # fmt: skip
        points = shapely.get_geometry(shapes, 0)  # a point itself, or the only one of a MultiPoint
        for title, numbers in ((X_HEADER, shapely.get_x(points)), (Y_HEADER, shapely.get_y(points))):
            if not np.isnan(numbers).all():
                columns.append([repr(number) if number == number else "" for number in numbers.tolist()])
                headers.append(title)
    index = pd.RangeIndex(2, n + 2)
    frame = pd.DataFrame({f"c{place:03d}": pd.array(column, dtype=TEXT) for place, column in enumerate(columns)})
    frame = frame.set_axis(index, axis=0).drop(index=[row for row, *_ in bad])
    return Table(
        name, headers, frame, pd.DataFrame(bad, columns=list(REJECTED_COLUMNS)), kind=layer.kind,
        encoding=layer.encoding, sheet=layer.layer, sheets=layer.layers, crs=layer.crs, sums=sum_rows(frame),
        unread=layer.unread,
    )  # fmt: skip


def _of_kind(layer: Layer, wanted: Wanted) -> tuple[np.ndarray, dict[int, tuple[str, str]]]:
    """Return the geometries of the wanted kind, None elsewhere, and by position the value and the reason why not."""
    if layer.shapes is None:
        return np.full(len(layer.attributes), None), dict.fromkeys(
            range(len(layer.attributes)), ("", "geometry-missing")
        )
    shapes = layer.shapes.copy()
    why = {place: (str(one.args[0]), one.args[1] or _OTHER[wanted]) for place, one in layer.refused.items()}
    kinds = shapely.get_type_id(shapes)  # -1 for None
    right = np.isin(kinds, _KINDS[wanted]) & ((kinds != _MULTIPOINT) | (shapely.get_num_geometries(shapes) == 1))
    for place in np.flatnonzero((kinds >= 0) & ~right).tolist():
        shapes[place], why[place] = None, (shapes[place].geom_type, _OTHER[wanted])
    return shapes, why


def _own_titles(titles: list[str]) -> list[str]:
    """Return titles that differ from each other and from the columns of our own."""
    taken, own = {"geometry", "row"}, []
    for title in titles:
        while title in taken:
            title += "_"
        taken.add(title)
        own.append(title)
    return own
