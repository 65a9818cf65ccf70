"""The frame of every page: page setup, the reader's language, the workspace, how a table is shown."""

import getpass
import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from base.errors import HazardError
from base.text import LANGUAGES, N_, Words, markdown_plain

ROOT = Path(__file__).resolve().parent.parent.parent
APP_NAME = N_("Hazard Hotspots")
# address -> title; the order of the menu
PAGES = {
    "overview": N_("Overview"),
    "hotspots": N_("Hot spots"),
    "resolution": N_("Resolution"),
    "drainage": N_("Drainage"),
    "evaluation": N_("Evaluation"),
    "data": N_("Data"),
    "methods": N_("Methods"),
}
LOG = logging.getLogger("hotspots")

# Layout only: wider text column, calm spacing, and text for screen readers. No text from a file comes near it.
_STYLE = """<style>
.stMainBlockContainer {padding: 2.6rem 2.4rem 2rem; max-width: 1800px}
.stMain [data-testid="stMetricLabel"] p {font-size: 1rem}
.stMain [data-testid="stMetricValue"] {font-weight: 700}
.stMain [data-testid="stMetricValue"] * {white-space: normal; overflow: visible; line-height: 1.2}
[class*="st-key-figure-"] {min-height: 9.5rem}
@media (max-width: 640px) {
  .stMainBlockContainer {padding-left: 0.8rem; padding-right: 0.8rem}
  h1 {font-size: 1.4rem !important}
  [class*="st-key-figure-"] {min-height: 0}
  .stMain [data-testid="stMetricValue"] {font-size: 1.6rem}
  .stMain [data-testid="stMetricLabel"] p {white-space: normal}
  .stMain button[data-variant="segmented_control"] {border-radius: 0.4rem; margin-right: 0.3rem}
  .stMain button[data-variant="segmented_control"][aria-checked="false"] {border: 1px solid #8888 !important}
  [data-testid="stElementToolbar"] {display: none}
  .st-key-totals [data-testid="stColumn"],
  [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"] [class*="st-key-figure-"]) > [data-testid="stColumn"]
    {min-width: calc(50% - 0.6rem); flex: 1 1 calc(50% - 0.6rem)}
}
</style>"""


def workspace_path() -> Path:
    """Return the workspace folder: HOTSPOTS_WORKSPACE, or `workspace/` beside the program."""
    return Path(os.environ.get("HOTSPOTS_WORKSPACE") or ROOT / "workspace").resolve()


def who() -> str:
    """Return who is at the keyboard, for the history: the account of this PC, as there is no login."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "?"


def language() -> str:
    """Return the language chosen in the address or the menu, else the browser's; Chinese when in doubt."""
    asked = st.query_params.get("lang")
    state = st.session_state
    chosen = state.get("language")
    if chosen not in LANGUAGES:
        browser = (st.context.locale or "").lower()
        chosen = asked if asked in LANGUAGES else "en" if browser.startswith("en") else "zh"
        state["language"], state["language_asked"] = chosen, asked == chosen
    if state.get("language_asked") and asked != chosen:  # another page's address began without it
        st.query_params["lang"] = chosen
    return str(chosen)


def _keep_language() -> None:
    if st.session_state.get("language_switch") in LANGUAGES:
        st.session_state["language"] = st.session_state["language_switch"]
        st.session_state["language_asked"] = True
        st.query_params["lang"] = st.session_state["language"]


def open_page(address: str) -> Words:
    """Set up the page at `address` and return the reader's words. The first call of every page."""
    words = Words(language())
    title = PAGES[address]
    state = st.session_state
    if state.get("page") != address:  # widgets of the page before must not pass for choices made here
        state["page"] = address
        for key in [key for key in state if str(key).startswith("w_")]:
            del state[key]
    icon = str(ROOT / "static" / "icon.png")
    st.set_page_config(page_title=f"{words(title)} · {words(APP_NAME)}", page_icon=icon, layout="wide")
    st.html(_STYLE)
    with st.sidebar:
        st.segmented_control(
            "语言 Language",
            list(LANGUAGES),
            key="language_switch",
            default=words.language,
            required=True,
            format_func=lambda code: LANGUAGES[code],
            label_visibility="collapsed",
            on_change=_keep_language,
        )
    return words


@contextmanager
def told(words: Words, *, stop: bool = True) -> Iterator[None]:
    """Show a refusal as a sentence; show anything unforeseen as a sentence with an id, and log it without its data.

    With ``stop=False`` the page goes on after it.
    """
    try:
        yield
    except HazardError as error:
        st.error(markdown_plain(words.error(error)), icon=":material/block:")
        if stop:
            st.stop()
    except Exception as error:  # the reader gets an id, the log the place; neither gets the message with its data
        number = secrets.token_hex(4)
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "?"
        LOG.error("error %s: %s at %s", number, type(error).__name__, where)
        st.error(words("Something went wrong here (error {number}). The rest keeps working.", number=number))
        if stop:
            st.stop()


def title(text: str, caption: str = "") -> None:
    """Write the page's finding and the line under it. Both may hold names from a file: they are shown as typed."""
    st.title(markdown_plain(text), anchor=False)
    if caption:
        st.caption(markdown_plain(caption))


def table(rows: pd.DataFrame, titles: Mapping[str, str] | None = None, **more: Any) -> None:
    """Show rows, the columns under their titles: times to the minute, and nothing where nothing is known."""
    config = columns(rows, titles or {}) | more.pop("column_config", {})
    st.dataframe(rows, hide_index=True, placeholder="", column_config=config, **more)


def columns(rows: pd.DataFrame, titles: Mapping[str, str]) -> dict[str, Any]:
    """Return how the columns of a table are shown: times to the minute, whole numbers with thousands marks."""
    config: dict[str, Any] = {}
    for name in map(str, rows):
        if pd.api.types.is_datetime64_any_dtype(rows[name]):
            config[name] = st.column_config.DatetimeColumn(titles.get(name), format="YYYY-MM-DD HH:mm")
        elif pd.api.types.is_integer_dtype(rows[name]):
            config[name] = st.column_config.NumberColumn(titles.get(name), format="localized")
        else:
            config[name] = st.column_config.Column(titles.get(name))
    return config


def heading(text: str) -> None:
    """Write a section's heading as typed."""
    st.subheader(markdown_plain(text), anchor=False)


def only_first(words: Words, shown: int, n: int) -> None:
    """Say under a table how many of its rows the page shows, where that is not all of them."""
    if shown < n:
        st.caption(words("The first {shown} of {n} rows; the download has all.", shown=shown, n=n))
