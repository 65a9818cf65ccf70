"""What the last change said, kept over the rerun that follows it, and links to the rows that are worth a look."""

import contextlib
from collections.abc import Sequence

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from base.text import Words, markdown_plain
from pages.common import frame
from reports import intake


def tell(kind: str, lines: Sequence[str], links: Sequence[intake.Look] = ()) -> None:
    """Keep sentences for the next run ("done" or "same")."""
    st.session_state["result"] = (kind, lines, links)


def show(words: Words) -> None:
    """Show what the last change said, once."""
    kind, lines, links = st.session_state.pop("result", (None, [], []))
    if kind is None:
        return
    (st.success if kind == "done" else st.info)("\n\n".join(markdown_plain(line) for line in lines))
    with contextlib.suppress(StreamlitPageNotFoundError):  # a page opened alone knows no other
        st.page_link(frame.ROOT / "pages" / "overview.py", label=words("To the overview"), icon=":material/map:")
    list_links(words, links)


def list_links(words: Words, links: Sequence[intake.Look]) -> None:
    """Draw links to lists of rows, side by side; their addresses can be opened in another window too."""
    with contextlib.suppress(StreamlitPageNotFoundError), st.container(horizontal=True):
        for title, n, section, item in links:
            st.page_link(
                frame.ROOT / "pages" / "files.py",
                label=markdown_plain(words.plural("{what}: {n} row", "{what}: {n} rows", n, what=title)),
                icon=":material/list:",
                query_params={"section": section, **({"item": item} if item else {}), "lang": words.language},
            )
