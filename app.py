"""The frame: language and navigation. `python run.py` starts it; each page also opens alone."""

import streamlit as st

from base.text import Words
from pages.common import frame

words = Words(frame.language())
files = {"data": "files"}  # a page file may not bear a top-level folder's name
# No icons here: the browser would fetch one from a public server for its tab.
pages = [
    st.Page(
        frame.ROOT / "pages" / f"{files.get(address, address)}.py",
        title=words(title),
        url_path=address,
        default=address == "overview",
    )
    for address, title in frame.PAGES.items()
]
st.navigation(pages).run()
