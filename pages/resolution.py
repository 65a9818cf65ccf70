"""Resolution: how long cases take with open ones counted, how many were in time, and where their time goes."""

import streamlit as st

from pages.common import cached, controls, frame, panels, times_groups, times_map, times_parts, times_view

_ = frame.open_page("resolution")
with frame.told(_):
    data = cached.dataset()
    panels.stop_if_empty(_, data)
    scope = controls.scope(_, data)
    panels.stop_without_cells(_, data, scope)
    asked = times_view.asked(_)
    answer = cached.times_headline(data, scope, clock=asked.clock, handling=asked.handling)
    chosen = controls.cell(data, scope)

    frame.title(answer.main.say(_), times_view.under_title(_, data, scope, asked, answer))
    panels.beside(_, data, scope)
    times_view.figures(_, answer)
    times_view.beside(_, asked, answer)
    left, right = st.columns([10, 15], gap="small")
    with left, st.container(border=True):
        times_map.draw(_, data, scope, asked, chosen)
    with right, st.container(border=True):
        if chosen is None:
            times_groups.ranking(_, data, scope, asked)
        else:
            times_groups.one_cell(_, data, scope, asked, chosen)
    with st.container(border=True):
        times_parts.draw(_, data, scope, asked, answer)
    times_parts.handed_out(_, data, scope, asked)
    panels.footer(_, data)
