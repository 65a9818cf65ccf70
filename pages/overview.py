"""Overview: the finding, five figures, the map, the cells that need attention, and the months."""

import streamlit as st

from pages.common import cached, controls, frame, panels

_ = frame.open_page("overview")
with frame.told(_):
    data = cached.dataset()
    panels.stop_if_empty(_, data)
    scope = controls.scope(_, data)
    panels.stop_without_cells(_, data, scope)
    compare = controls.compare(_)
    cached.group_calls(_, data)
    answer = cached.overview(data, scope, compare)
    spots = cached.hot_spots(_, data, scope)
    chosen = controls.cell(data, scope)

    frame.title(panels.headline(_, answer, spots), panels.under_title(_, data, scope, answer))
    panels.beside(_, data, scope)
    panels.figures(_, answer, spots, compare)
    left, right = st.columns([8, 6], gap="small")
    with left, st.container(border=True):
        panels.choropleth(_, data, scope, answer, spots, chosen)
    with right, st.container(border=True):
        if chosen is None:
            panels.worst_cells(_, spots)
        else:
            panels.one_cell(_, data, scope, cached.cell(data, scope, chosen, answer.cells), spots)
    with st.container(border=True):
        panels.trend(_, data, scope, answer)
    panels.footer(_, data)
