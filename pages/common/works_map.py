"""The map of the drainage page: what is built and what is not, over the need of the cells."""

import streamlit as st

from base.text import Words, markdown_plain
from data.dataset import Dataset
from data.schema import Scope
from pages.common import cached, map_widget, panels
from reports import choropleth as drawing
from reports import priority_map
from reports.answers import cells_of
from reports.priorities import Priorities

HEIGHT = "clamp(320px,44vh,640px)"


def draw(words: Words, data: Dataset, scope: Scope, found: Priorities, chosen: str | None) -> None:
    """Show the map with its legend; a click chooses a cell, one more shows its own cells."""
    with st.container():
        view, held = panels.map_head(words, data, scope)
        table = priority_map.need_table(found, held, None if held is None else cells_of(data, view))
        panels.pick_cell(words, found.cells.assign(count=found.cells["events"]), chosen)
    few: tuple[str, ...] = ()
    if len(table) > drawing.MOST_CELLS:
        few = drawing.foremost(table, priority_map.worked(data, found, table), chosen)
    drawn = cached.published(data, view, few)
    if drawn is None:
        return
    selected = chosen if held is None else held.get(chosen) if chosen is not None else None
    picture = priority_map.works_map(data, drawn, view, found, table, selected=selected, words=words)
    click = panels.on_cell(data, drawn, view, held, chosen)
    map_widget.show_map("works", drawn.key, picture.values, words=words, alt=picture.alt, on_click=click, height=HEIGHT)
    map_widget.show_legend(picture.legend)
    st.caption(markdown_plain(picture.alt))
