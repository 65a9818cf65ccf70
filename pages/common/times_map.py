"""The map of the resolution page: the median or the share in time of each cell, with what cannot be told."""

import pandas as pd
import streamlit as st

from base.text import Words, markdown_plain
from data.dataset import Dataset
from data.schema import Scope
from pages.common import cached, controls, map_widget, panels
from reports import choropleth as drawing
from reports import times, times_map
from reports.answers import cells_of

HEIGHT = "clamp(320px,38vh,640px)"  # so that figures, map and ranking stand on one screen


def draw(words: Words, data: Dataset, scope: Scope, asked: times.Asked, chosen: str | None) -> None:
    """Show the map of the chosen measure with its legend; a click chooses a cell, one more shows its own cells."""
    with st.container():
        view, held = panels.map_head(words, data, scope)
        left, right = st.columns([3, 2])
        with left:
            measure = controls.select(
                words("Map shows"), "map", list(times_map.MEASURES), lambda name: words(times_map.MEASURES[name])
            )
        with right:
            panels.pick_cell(words, cells_of(data, scope).assign(count=0), chosen)
    found = times_map.cell_times(data, view, asked, measure, held)
    _show(words, data, view, held, found, asked.clock, chosen)


def _show(
    words: Words,
    data: Dataset,
    view: Scope,
    held: pd.Series | None,
    found: times_map.CellTimes,
    clock: str,
    chosen: str | None,
) -> None:
    cells = found.cells.assign(count=found.cells["n"])
    few = drawing.foremost(cells, ~found.unsure & ~found.few, chosen) if len(cells) > drawing.MOST_CELLS else ()
    drawn = cached.published(data, view, few)
    if drawn is None:
        return
    selected = chosen if held is None else held.get(chosen) if chosen is not None else None
    picture = times_map.times_map(data, drawn, view, found, clock=clock, selected=selected, words=words)
    click = panels.on_cell(data, drawn, view, held, chosen)
    map_widget.show_map("times", drawn.key, picture.values, words=words, alt=picture.alt, on_click=click, height=HEIGHT)
    map_widget.show_legend(picture.legend)
    st.caption(markdown_plain(picture.alt))
