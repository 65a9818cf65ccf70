"""Hot spots: the cells with more events than chance, the dense groups of points, and the reason in words."""

import streamlit as st

from pages.common import cached, controls, frame, panels, spots_view

_ = frame.open_page("hotspots")
with frame.told(_):
    data = cached.dataset()
    panels.stop_if_empty(_, data)
    scope = controls.scope(_, data)
    panels.stop_without_cells(_, data, scope)
    exposure = spots_view.exposure(_, data, scope)
    method = spots_view.method(_)
    cached.group_calls(_, data)
    spots = cached.hot_spots(_, data, scope, exposure, method)
    chosen = controls.cell(data, scope)

    frame.title(spots_view.headline(_, spots), panels.under_title(_, data, scope))
    panels.beside(_, data, scope)
    spots_view.reason(_, spots)
    spots_view.beside_reason(_, data, scope, exposure, method, spots)
    left, right = st.columns([8, 6], gap="small")
    with left, st.container(border=True):
        spots_view.spots_map(_, data, scope, spots, chosen)
    with right, st.container(border=True):
        spots_view.cells_list(_, data, scope, spots, chosen)
    spots_view.places_list(_, data, scope, spots)
    with st.container(border=True):
        spots_view.clusters_list(_, data, scope)
    panels.footer(_, data)
