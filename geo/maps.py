"""Maps without internet: values become a folium.Map and a folium.FeatureGroup. Draws nothing, asks no address.

folium's own links point to public servers, where an intranet gets a blank map without a word. `OfflineMap` names the
local files of Leaflet and ours (`static/map.js` draws) and no others. One meaning each: a strong outline is a claim,
a dark frame what the map is about, a blue one what it is compared with,
hatching a silent cell, or on the strongest colour a value not reached yet; pale with a dotted edge too few for a rate,
pale alone a value that cannot be told from the whole; no data has a colour of its own and is never zero.
"""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import folium
import numpy as np
from branca.element import Element
from xstatic.pkg import leaflet

from base import palette
from base.text import Words
from geo.outlines import STATIC, MapLevel, publish_cells, touch_cells
from geo.scripts import Script, escape, script_value

__all__ = [
    "Group", "MapLevel", "MapValues", "OfflineMap", "base_map", "check_links", "escape", "missing_files", "painted",
    "prepare_static", "publish_cells", "script_value", "touch_cells",
]  # fmt: skip

WEB = "../../app/static"  # as seen from the frame of the map: also right under a base path
VENDOR = f"vendor/leaflet-{leaflet.VERSION}"
_REFUSED = ("LinearColormap", "StepColormap", "TileLayer")  # they bring addresses that no list of links shows


def prepare_static(*, folder: Path = STATIC) -> Path:
    """Put Leaflet's files from its package where the server can serve them, and return that folder.

    Call it at every start: what is there stays, and two processes at once leave one whole copy.
    """
    target = folder / VENDOR
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".leaflet-", dir=target.parent))
        unused = shutil.ignore_patterns("*src*", "*.map")
        try:
            shutil.copytree(leaflet.BASE_DIR, scratch / "files", ignore=unused)
            (scratch / "files").rename(target)
        except OSError:
            if not target.exists():  # else the other process was first
                raise
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return target


def missing_files(*, folder: Path = STATIC) -> list[str]:
    """Return which of the files that every map asks for are not there to be served; without one it stays blank."""
    links = [link for _, link in (*OfflineMap.default_js, *OfflineMap.default_css)]
    names = [link.removeprefix(f"{WEB}/") for link in links]
    return [name for name in names if not (folder / name).is_file()]


class OfflineMap(folium.Map):
    """A folium map that asks for Leaflet's local files and ours only."""

    default_js = [("leaflet", f"{WEB}/{VENDOR}/leaflet.js"), ("map", f"{WEB}/map.js")]  # noqa: RUF012
    default_css = [("leaflet-css", f"{WEB}/{VENDOR}/leaflet.css"), ("map-css", f"{WEB}/map.css")]  # noqa: RUF012


def check_links(element: Element) -> None:
    """Refuse a map part that would make the browser ask elsewhere: plugins, colour scales, tiles.

    Raises
    ------
    ValueError
        With the part and its address. It is a fault of the program, not of its user.
    """
    links = [link for kind in ("default_js", "default_css") for _, link in getattr(element, kind, [])]
    foreign = [link for link in links if not link.startswith(f"{WEB}/")]
    if foreign or type(element).__name__ in _REFUSED:
        raise ValueError(f"{type(element).__name__} would ask for {foreign or 'an address outside'}")
    for child in element._children.values():
        check_links(child)


@dataclass(frozen=True, slots=True)
class Group:
    """A line around a dense group of points: its corners in degrees (lon, lat), and a text at the northernmost one."""

    corners: Any
    label: str


@dataclass(frozen=True, slots=True)
class MapValues:
    """What a map shows of one level; n is the number of cells of that level, in the order it was published.

    Attributes
    ----------
    level : int
        Position of the level among those published, 0 is the coarsest.
    classes : sequence of int, length n
        Step of `base.palette` per cell, -1 for no data.
    labels : sequence of str, length n
        The number written on a cell.
    tips : sequence of str, length n
        What the tip says under the cell's name, which it brings itself; lines are separated by a line feed.
    parent : int or None
        Show only the cells whose parent has this position in the level above.
    hot, gather, silent, few : sequence of int
        Positions of hot spots, of cells where reports gather, of silent ones, and of those with too few reports for a
        rate.
    unsure : sequence of int
        Positions of cells whose value is too uncertain to differ from that of all cells together.
    unreached : sequence of int
        Positions of cells whose value is not known but beyond all classes, such as a median not reached yet: hatched.
    subject, compared, apart : sequence of int
        Positions of the cells that the map is about, of those they are compared with, and of those that take no part in
        the comparison: hatched.
    within : sequence of int
        Positions of those hot or gathering that are so only through a place in which they lie: their line is thinner.
    selected : int or None
        Position of the chosen cell.
    points : array_like of (lon, lat), shape (m, 2), or None
        Degrees, WGS 84. Numbers then stand in cells with a claim only.
    point_hazards : sequence of str, length m, or None
        Hazard code of each point, for its colour.
    point_counts : sequence of int, length m, or None
        How many each point stands for, where they are gathered: `geo.points.gathered`.
    groups : sequence of Group
        The largest first: it keeps its text where two would cover each other.
    stamp : str
        Text in the corner: internal use, map review number.
    """

    level: int
    classes: Sequence[int]
    labels: Sequence[str]
    tips: Sequence[str]
    parent: int | None = None
    hot: Sequence[int] = ()
    gather: Sequence[int] = ()
    silent: Sequence[int] = ()
    few: Sequence[int] = ()
    unsure: Sequence[int] = ()
    unreached: Sequence[int] = ()
    subject: Sequence[int] = ()
    compared: Sequence[int] = ()
    apart: Sequence[int] = ()
    within: Sequence[int] = ()
    selected: int | None = None
    points: Any = None
    point_hazards: Sequence[str] | None = None
    point_counts: Sequence[int] | None = None
    groups: Sequence[Group] = ()
    stamp: str = ""


def base_map() -> OfflineMap:
    """Return an empty map; its script is always the same, so the frame outlives every repaint and other cells too.

    Build it anew at each run and keep none: what shows it hangs the painted values into it.
    """
    drawn = OfflineMap(
        location=(0, 0), tiles=None, zoom_control=False, zoom_snap=0.1, max_zoom=20, attribution_control=False
    )
    drawn.add_child(Script(lambda parent: f"hotspots.start({parent.get_name()});"))
    check_links(drawn)
    return drawn


def painted(key: str, values: MapValues, *, words: Words) -> folium.FeatureGroup:
    """Return what changes (colours, numbers, marks, words) as a group whose script repaints the map it is added to.

    The browser asks for the cells file `key` if it has not got it yet; until it comes, the map stays as it is.

    Raises
    ------
    ValueError
        If the lists differ in length, or a class is no step of the palette.
    """
    classes = [int(step) for step in values.classes]
    if not len(classes) == len(values.labels) == len(values.tips):
        raise ValueError("classes, labels and tips differ in length")
    if classes and not -1 <= min(classes) <= max(classes) < len(palette.LIGHT["fills"]):
        raise ValueError("a class is no step of the palette")
    message = {
        "cells": key,
        "link": f"{WEB}/cells/{key}.js",
        "layer": values.level,
        "parent": _whole(values.parent),
        "classes": classes,
        "values": [str(label) for label in values.labels],
        "tips": [str(tip).splitlines() for tip in values.tips],
        "hot": [int(cell) for cell in values.hot],
        "gather": [int(cell) for cell in values.gather],
        "hatched": [int(cell) for cell in (*values.silent, *values.unreached, *values.apart)],
        "few": [int(cell) for cell in values.few],
        "pale": [int(cell) for cell in (*values.few, *values.unsure)],
        "subject": [int(cell) for cell in values.subject],
        "compared": [int(cell) for cell in values.compared],
        "within": [int(cell) for cell in values.within],
        "selected": _whole(values.selected),
        "groups": [[_steps(one.corners), one.label] for one in values.groups],
        "stamp": values.stamp,
        "words": {"in": words("Zoom in"), "out": words("Zoom out"), "all": words("Whole map")},
        "palettes": {"light": palette.LIGHT, "dark": palette.DARK},
        **_points(values),
    }
    code = f"hotspots.paint({script_value(message)});"
    group = folium.FeatureGroup()
    group.add_child(Script(lambda parent: code))
    return group


def _whole(position: int | None) -> int | None:
    return None if position is None else int(position)


def _steps(places: Any) -> list[int]:
    """Return places (lon, lat) as differences of whole 1e-5 degrees, like the outlines."""
    steps = np.rint(np.asarray(places, dtype=float).reshape(-1, 2) * 1e5).astype(np.int64)
    return [int(step) for step in np.diff(steps, axis=0, prepend=0).ravel()]


def _points(values: MapValues) -> dict[str, Any]:
    """Return points, and the colour of each by number."""
    if values.points is None:
        return {"points": None}
    flat = _steps(values.points)
    n = len(flat) // 2
    if values.point_counts is not None:
        if len(values.point_counts) != n:
            raise ValueError("points and their counts differ in number")
        return {"points": flat, "kinds": None, "counts": [int(n) for n in values.point_counts]}
    if values.point_hazards is None:
        return {"points": flat, "kinds": None}
    if len(values.point_hazards) != n:
        raise ValueError("points and their hazards differ in number")
    names = list(palette.HAZARDS)
    kinds = [names.index(hazard) for hazard in values.point_hazards]
    return {"points": flat, "kinds": kinds, "hues": list(palette.HAZARDS.values())}
