"""Data: load a file, see what came in, what was not taken and why, and what every type became."""

import streamlit as st

from pages.common import cached, files_view, frame, import_view, panels

_ = frame.open_page("data")
with frame.told(_):
    data = cached.dataset()
    frame.title(_("Data: what came in, what did not, and why"))
    with st.container(border=True):
        import_view.load_file(_, data)
    with st.container(border=True):
        files_view.imports(_, data)
    with st.container(border=True):
        files_view.rejected(_, data)
    with st.container(border=True):
        files_view.boundaries(_, data)
    with st.container(border=True):
        files_view.types(_, data)
    panels.footer(_, data)
