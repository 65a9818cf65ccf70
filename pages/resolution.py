"""Resolution: how long until a case is closed, with open cases counted, and how many were closed in time."""

import streamlit as st

from pages.common import cached, controls, frame, panels, times_view

_ = frame.open_page("resolution")
with frame.told(_):
    data = cached.dataset()
    panels.stop_if_empty(_, data)
    scope = controls.scope(_, data)
    panels.stop_without_cells(_, data, scope)
    by = times_view.group_by(_)
    answer = cached.resolution(data, scope, by)

    frame.title(times_view.headline(_, answer), panels.under_title(_, data, scope))
    panels.beside(_, data, scope)
    times_view.figures(_, answer)
    with st.container(border=True):
        times_view.curves(_, data, scope, answer, by)
    with st.container(border=True):
        times_view.groups(_, data, scope, answer, by)
    with st.container(border=True):
        times_view.longest(_, data, scope, answer)
    panels.footer(_, data)
