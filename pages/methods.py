"""Methods: what each number means, how it is computed, and where the method comes from."""

import streamlit as st

from base.text import markdown_plain
from pages.common import cached, frame
from reports.methods import METHODS, method_fields

_ = frame.open_page("methods")
with frame.told(_):
    fields = method_fields(cached.dataset().settings)
    frame.title(_("How the numbers are made"), _("Definitions and references; settings as they are in this workspace."))
    for method in METHODS:
        with st.container(border=True):
            frame.heading(_(method.title))
            st.markdown(f"**{markdown_plain(_(method.meaning, **fields))}**")
            st.markdown(markdown_plain(_(method.rule, **fields)))
            for source in method.sources:
                st.caption(markdown_plain(source))
