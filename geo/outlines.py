"""Cell outlines and names as a file that the browser keeps: written once per boundary version, named by its content.

A repaint then sends numbers only. Whoever reaches the port can read the file: outlines and names, never incidents.
"""

import hashlib
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.scripts import script_value

STATIC = Path(__file__).resolve().parent.parent / "static"
KEPT = 20  # cells files; the ones unused for longest go
_LARGE = 20_000  # vertices of a level; a smaller one is sent as it is
_STEPS = 8_000  # of the larger side of the area: a tenth of a pixel where the whole map is seen
_DEGREE = 1e5  # outlines are whole numbers of 1e-5 degrees, about a metre
_METRES_PER_DEGREE = 110_574.0  # of latitude, WGS 84 at the equator; for label places it need not be exact


@dataclass(frozen=True, slots=True)
class MapLevel:
    """One level of cells as a map shows it, the coarsest level first.

    Attributes
    ----------
    name : str
        What the level is called, for messages.
    shapes : ndarray of shapely Polygon or MultiPolygon, shape (n,)
        EPSG:4326, longitude first.
    names, short_names : sequence of str, length n
        The full name stands in the tip, the short one on the cell.
    parents : sequence of int, length n, or None
        Position of each cell's parent in the level before this one; -1 for none.
    """

    name: str
    shapes: NDArray[np.object_]
    names: Sequence[str]
    short_names: Sequence[str]
    parents: Sequence[int] | None = None


def publish_cells(levels: Sequence[MapLevel], *, folder: Path = STATIC) -> str:
    """Write the levels as ``cells/<key>.js`` under `folder`, if they are not there, and return the key.

    The key is a hash of the content, so the same cells give the same file, whoever writes it and how often. Of all
    cells files the `KEPT` last used stay (`geo.maps.base_map` counts as use).

    Parameters
    ----------
    levels : sequence of MapLevel
        About 2,000 cells in all at most: more are not readable on a screen.
    folder : Path
        Served as ``app/static``.

    Raises
    ------
    ValueError
        If a cell has no outline or is no polygon, or lists differ in length.
    """
    layers = [
        {
            "shapes": encode_shapes(simplified(_checked(level).shapes)),
            "anchors": anchors(level.shapes),
            "names": list(level.names),
            "short": list(level.short_names),
            "parents": None if level.parents is None else [int(parent) for parent in level.parents],
        }
        for level in levels
    ]
    text = script_value({"layers": layers})
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    target = folder / "cells" / f"{key}.js"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = target.with_suffix(f".{os.getpid()}.{threading.get_ident()}.tmp")
        scratch.write_text(f'(window.hotspotsCells=window.hotspotsCells||{{}})["{key}"]={text};', encoding="ascii")
        scratch.replace(target)  # whole or absent, also with two writers
    touch_cells(key, folder=folder)
    _remove_old(target.parent)
    return key


def touch_cells(key: str, *, folder: Path = STATIC) -> bool:
    """Mark a cells file as used, and return whether it is there; if not, publish the cells again."""
    try:
        os.utime(folder / "cells" / f"{key}.js")
    except OSError:
        return False
    return True


def _checked(level: MapLevel) -> MapLevel:
    kinds = shapely.get_type_id(level.shapes)
    wrong = ~np.isin(kinds, (3, 6)) | shapely.is_empty(level.shapes)  # polygon, multipolygon
    if wrong.any():
        raise ValueError(f"{level.name}: cell {int(np.flatnonzero(wrong)[0])} has no outline")
    lengths = {len(level.shapes), len(level.names), len(level.short_names)}
    if len(lengths | ({len(level.parents)} if level.parents is not None else set())) > 1:
        raise ValueError(f"{level.name}: shapes, names and parents differ in length")
    return level


def simplified(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return outlines with no more vertices than a screen shows; small levels and what would break stay as they are.

    Cells that fit together edge by edge are simplified together and still fit; others each on its own.
    """
    if shapely.get_num_coordinates(shapes).sum() <= _LARGE:
        return shapes
    bounds = shapely.total_bounds(shapes)
    tolerance = float(max(bounds[2] - bounds[0], bounds[3] - bounds[1])) / _STEPS
    if shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes):
        simple = shapely.coverage_simplify(shapes, tolerance)
    else:
        simple = shapely.simplify(shapes, tolerance, preserve_topology=True)
    good = shapely.is_valid(simple) & ~shapely.is_empty(simple)
    return np.where(good, simple, shapes)


def encode_shapes(shapes: NDArray[np.object_]) -> list[list[list[list[int]]]]:
    """Return cells as parts of rings of ``[lon, lat, dlon, dlat, ...]`` in 1e-5 degrees.

    Rounded first, then differences: an edge that two cells share stays shared. A hole that rounding closes is left out.
    """

    def ring(line: shapely.LinearRing) -> list[int]:
        steps = np.rint(shapely.get_coordinates(line)[:-1] * _DEGREE).astype(np.int64)
        return np.diff(steps, axis=0, prepend=0).ravel().tolist()

    def rings(part: shapely.Polygon) -> list[list[int]]:
        holes = [ring(hole) for hole in part.interiors if hole.length * _DEGREE > 4]
        return [ring(part.exterior), *holes]

    return [[rings(part) for part in shapely.get_parts(shape)] for shape in shapes]


def anchors(shapes: NDArray[np.object_]) -> list[list[int]]:
    """Return for each cell the largest circle inside it, ``[lon, lat, radius]`` in 1e-5 degrees and metres.

    A label stands in its centre, if it fits; of a cell in several parts the largest counts.
    """
    if not len(shapes):
        return []
    largest = np.array([max(shapely.get_parts(shape), key=lambda part: part.area) for shape in shapes])
    middle = np.radians(shapely.total_bounds(largest)[[1, 3]].mean())
    scale = np.array([_METRES_PER_DEGREE * np.cos(middle), _METRES_PER_DEGREE])
    flat = shapely.transform(largest, lambda xy: xy * scale)
    tolerance = np.maximum(np.sqrt(shapely.area(flat)) / 200, 0.5)
    lines = shapely.maximum_inscribed_circle(flat, tolerance=tolerance)  # from the centre to the edge
    centres = shapely.get_coordinates(lines)[::2] / scale * _DEGREE
    return np.column_stack([np.rint(centres), np.rint(shapely.length(lines))]).astype(np.int64).tolist()


def _remove_old(folder: Path) -> None:
    def last_used(path: Path) -> float:
        try:
            return path.stat().st_mtime
        except OSError:  # another process was first
            return 0.0

    for path in sorted(folder.glob("*.js"), key=last_used, reverse=True)[KEPT:]:
        path.unlink(missing_ok=True)
