"""Cell outlines and names as a file that the browser keeps: named by its content, so the same cells are one file.

A repaint then sends numbers only. A level is simplified as a whole, so that neighbours still share their edges, and a
file holds what one view shows of it. Whoever reaches the port can read the file: outlines and names, never incidents.
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
KEPT = 100  # cells files; the ones unused for longest go
_LARGE = 20_000  # vertices of a level; a smaller one is sent as it is
_SHARE = 1 / 50  # of a cell's side: a corner of that width is two pixels where fifty cells fill the screen
_FINEST_M, _COARSEST_M = 1.0, 50.0  # below a metre the digits sent lose more than simplifying does
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
    cells files the `KEPT` last used stay (`touch_cells` counts as use).

    Parameters
    ----------
    levels : sequence of MapLevel
        About 2,000 cells in all at most: more are not readable on a screen. Large outlines come `simplified`.
    folder : Path
        Served as ``app/static``.

    Raises
    ------
    ValueError
        If a cell has no outline or is no polygon, or lists differ in length.
    """
    layers = [
        {
            "shapes": encode_shapes(_checked(level).shapes),
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


def tolerance_m(shapes: NDArray[np.object_]) -> float:
    """Return the side in metres of a corner that an outline of such cells may lose: few for grids, tens for streets."""
    if not len(shapes):
        return _FINEST_M
    side_m = float(np.sqrt(np.median(shapely.area(_flat(shapes, _scale(shapes))))))
    return min(max(side_m * _SHARE, _FINEST_M), _COARSEST_M)


def simplified(shapes: NDArray[np.object_], tolerance_m: float) -> NDArray[np.object_]:
    """Return outlines with fewer vertices, where a level has many; what would break stays as it is.

    All cells of a level come together: an edge that two of them share gets one new form, and no sliver opens. Where
    cells overlap, the edges that do not match are simplified each on its own.
    """
    if shapely.get_num_coordinates(shapes).sum() <= _LARGE:
        return shapes
    scale = _scale(shapes)
    simple = _flat(shapely.coverage_simplify(_flat(shapes, scale), tolerance_m), 1 / scale)
    good = shapely.is_valid(simple) & ~shapely.is_empty(simple)
    return np.where(good, simple, shapes)


def _scale(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return the metres of a degree of longitude and of latitude in the middle of some shapes."""
    middle = np.radians(shapely.total_bounds(shapes)[[1, 3]].mean())
    return np.array([_METRES_PER_DEGREE * np.cos(middle), _METRES_PER_DEGREE])


def _flat(shapes: NDArray[np.object_], scale: NDArray[np.float64]) -> NDArray[np.object_]:
    return np.asarray(shapely.transform(shapes, lambda xy: xy * scale), dtype=object)


def rounded(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return valid outlines in whole numbers of 1e-5 degrees, as many as came in.

    Each vertex is rounded on its own, so an edge that two cells share stays shared. Where that makes a ring cross
    itself, GEOS cleans it on the same lattice; a cell smaller than a step becomes one step wide.
    """
    steps = shapely.transform(shapes, lambda xy: np.rint(xy * _DEGREE))
    for at in np.flatnonzero(~shapely.is_valid(steps)):
        whole = shapely.make_valid(shapes[at], method="structure", keep_collapsed=False)
        steps[at] = shapely.set_precision(shapely.transform(whole, lambda xy: xy * _DEGREE), 1)
        if shapely.is_empty(steps[at]):
            west, south, east, north = np.rint(np.array(shapely.bounds(shapes[at])) * _DEGREE)
            steps[at] = shapely.box(west, south, max(east, west + 1), max(north, south + 1))
    return np.asarray(steps, dtype=object)


def encode_shapes(shapes: NDArray[np.object_]) -> list[list[list[list[int]]]]:
    """Return cells as parts of rings of ``[lon, lat, dlon, dlat, ...]`` in 1e-5 degrees.

    Rounded first, then differences: an edge that two cells share stays shared. A hole that rounding closes is left out.
    """

    def ring(line: shapely.LinearRing) -> list[int]:
        steps = shapely.get_coordinates(line)[:-1].astype(np.int64)
        return np.diff(steps, axis=0, prepend=0).ravel().tolist()

    def rings(part: shapely.Polygon) -> list[list[int]]:
        return [ring(part.exterior), *(ring(hole) for hole in part.interiors)]

    return [[rings(part) for part in shapely.get_parts(shape)] for shape in rounded(shapes)]


def anchors(shapes: NDArray[np.object_]) -> list[list[int]]:
    """Return for each cell the largest circle inside it, ``[lon, lat, radius]`` in 1e-5 degrees and metres.

    A label stands in its centre, if it fits; of a cell in several parts the largest counts.
    """
    if not len(shapes):
        return []
    largest = np.array([max(shapely.get_parts(shape), key=lambda part: part.area) for shape in shapes])
    scale = _scale(largest)
    flat = _flat(largest, scale)
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
