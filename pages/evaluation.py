"""Evaluation: did a finished project help, against similar cells, and how sure is that."""

import streamlit as st

from pages.common import cached, evaluation_parts, evaluation_view, frame, panels

_ = frame.open_page("evaluation")
with frame.told(_):
    data = cached.dataset()
    panels.stop_if_empty(_, data)
    projects = evaluation_view.stop_without_projects(_, data)
    project = evaluation_view.project(_, projects)
    asked = evaluation_view.asked(_, data, project)
    found = evaluation_view.found(_, data, project, asked)
    if found is not None:
        evaluation_view.head(_, data, found)
        evaluation_view.figures(_, found)
        evaluation_view.rests_on(_, found)
        with st.container(border=True):
            evaluation_view.maps(_, data, found)
            evaluation_view.cells_chosen(_, found)
    with st.container(border=True):
        evaluation_parts.draw(_, data, asked, found)
    if found is not None:
        evaluation_parts.handed_out(_, data, found)
    panels.footer(_, data)
