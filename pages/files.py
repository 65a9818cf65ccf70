"""Data: load a file, see what came in, what was not taken and why, how good it is; types, deadlines, projects, rain."""

import streamlit as st

from pages.common import (
    cached,
    deadlines_view,
    files_view,
    frame,
    gauges_view,
    load_view,
    panels,
    projects_view,
    quality_view,
    results,
    work,
)

_ = frame.open_page("data")
with frame.told(_):
    work.collect()
    data = cached.dataset()
    frame.title(files_view.headline(_, data), files_view.under_title(_, data))
    results.show(_)
    above = st.container()
    sections = {
        "load": load_view.load_file,
        "imports": files_view.imports,
        "rejected": files_view.rejected,
        "quality": quality_view.draw,
        "boundaries": files_view.boundaries,
        "types": files_view.types,
        "deadlines": deadlines_view.draw,
        "projects": projects_view.draw,
        "rain": gauges_view.draw,
        "history": files_view.history,
    }
    with st.container(border=True):
        section = files_view.section(_)
        sections[section](_, data)
        with above, frame.told(_, stop=False):
            work.fail()  # what failed and has no form here that could say it
        if section == "load":  # elsewhere the wait would leave the form before it on the page, grey
            work.join(_)
    panels.footer(_, data)
