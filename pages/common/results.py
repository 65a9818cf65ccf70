"""What the last change said, kept over the rerun that follows it."""

import contextlib

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from base.text import Words, markdown_plain
from pages.common import frame


def tell(kind: str, lines: list[str]) -> None:
    """Keep sentences for the next run ("done" or "same"), and begin with an empty upload."""
    st.session_state["result"] = (kind, lines)
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1


def show(words: Words) -> None:
    """Show what the last change said, once."""
    kind, lines = st.session_state.pop("result", (None, []))
    if kind is not None:
        (st.success if kind == "done" else st.info)("\n\n".join(markdown_plain(line) for line in lines))
        with contextlib.suppress(StreamlitPageNotFoundError):  # a page opened alone knows no other
            overview = frame.ROOT / "pages" / "overview.py"
            st.page_link(overview, label=words("To the overview"), icon=":material/map:")
