"""Hot spots: the cells with more events than chance, the evidence for each, and what else there is to know of them."""

import streamlit as st

from pages.common import alarm_view, cached, controls, frame, panels, parts_view, spots_view

_ = frame.open_page("hotspots")
with frame.told(_):
    data = cached.dataset()
    panels.stop_if_empty(_, data)
    scope = controls.scope(_, data)
    panels.stop_without_cells(_, data, scope)
    exposure = spots_view.exposure(_, data, scope)
    method = spots_view.method(_)
    compare = controls.compare(_)
    cached.group_calls(_, data)
    spots = cached.hot_spots(_, data, scope, exposure, method)
    asked = cached.Asked(data.fingerprint, scope, exposure, method, compare)
    chosen = controls.cell(data, scope)

    frame.title(spots_view.headline(_, spots), spots_view.under_title(_, data, scope, spots))
    panels.beside(_, data, scope)
    spots_view.lead(_, spots)
    notice = st.empty()
    alarm_view.notice(_, data, scope, notice, begun=True)
    spots_view.reason(_, data, spots)
    spots_view.beside_reason(_, data, scope, exposure, method)
    left, right = st.columns([8, 6], gap="small")
    with left, st.container(border=True):
        spots_view.spots_map(_, data, scope, spots, chosen)
    with right, st.container(border=True):
        if chosen is None:
            spots_view.cells_list(_, spots)
        else:
            parts_view.one_cell(_, data, spots, asked, chosen)
    with st.container(border=True):
        parts_view.draw(_, data, spots, asked, chosen)
    parts_view.handed_out(_, data, asked)
    panels.footer(_, data)
    alarm_view.notice(_, data, scope, notice)
