"""A page with a map of cells that bear hostile names: for the tests of the map, in a browser and without."""

import numpy as np
import shapely
import streamlit as st
from hostile_names import HOSTILE

from base.text import Words
from geo.classes import classify
from geo.maps import Group, MapLevel, MapValues, prepare_static, publish_cells
from pages.common.map_widget import build_legend, show_legend, show_map

TIP = "{{7*7}} <b>tip</b> `${1+1}`"
STAMP = "<i>internal</i> {% raw %}"

words = Words("en")
state = st.session_state
state.setdefault("level", 1)
state.setdefault("parent", None)
state.setdefault("chosen", None)

cells = np.array(
    [shapely.box(x, y, x + 0.012, y + 0.01) for y in (30.0, 30.01, 30.02) for x in 114 + np.arange(4) * 0.012]
)
cells = cells[: len(HOSTILE)]
parents = [0] * 6 + [1] * (len(HOSTILE) - 6)
halves = np.array([shapely.union_all(cells[:6]), shapely.union_all(cells[6:])])
prepare_static()
key = publish_cells(
    [MapLevel("community", halves, HOSTILE[:2], HOSTILE[:2]), MapLevel("grid", cells, HOSTILE, HOSTILE, parents)]
)


def clicked(level: int, cell: int) -> None:
    if level == 0:
        state.update(level=1, parent=cell, chosen=None)
    else:
        state.chosen = cell


st.button("Up", on_click=lambda: state.update(level=0, parent=None, chosen=None))
more = st.checkbox("More")
points = st.checkbox("Points")
counts = np.arange(len(HOSTILE) if state.level else 2) * (2.0 if more else 1.0)
if state.level:
    counts[3] = np.nan
classes = classify(counts, whole=True)
values = MapValues(
    level=state.level,
    classes=classes.codes,
    labels=["–" if np.isnan(count) else words.number(count) for count in counts],
    tips=[f"{TIP}\nsecond {cell}" for cell in range(len(counts))],
    parent=state.parent,
    hot=[8, 10] if state.level else [],
    within=[8] if state.level else [],
    gather=[7] if state.level else [],
    silent=[0] if state.level else [],
    few=[5] if state.level else [],
    selected=state.chosen,
    points=shapely.get_coordinates(shapely.centroid(cells)) if points else None,
    groups=[Group([[114.03, 30.023], [114.027, 30.018], [114.033, 30.018]], TIP)] if points else (),
    stamp=STAMP,
)
show_map("main", key, values, words=words, alt=f"Map of {HOSTILE[0]}", on_click=clicked)
legend = build_legend(
    classes,
    values,
    words=words,
    measure=HOSTILE[0],
    unit=TIP,
    n=66,
    claim=HOSTILE[6],
    gather=HOSTILE[7],
    hot_place=HOSTILE[8],
)
show_legend(legend)
st.text(f"level {state.level} parent {state.parent} chosen {state.chosen}")
