"""The map on a page: its frame, its height, what a click reports, and a sentence for those who do not see it."""

import html
from collections.abc import Callable
from typing import Any

import streamlit as st
import streamlit_folium

from base.text import Words, markdown_plain
from geo.legend import Legend, build_legend, legend_html
from geo.maps import MapValues, base_map, missing_files, painted, touch_cells

__all__ = ["Legend", "build_legend", "legend_html", "show_legend", "show_map"]

HEIGHT = "clamp(340px,66vh,760px)"
PHONE_HEIGHT = "min(400px,60vh)"  # less than the screen, so that the page can still be scrolled past the map
_HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap"


def show_map(
    key: str,
    cells_key: str,
    values: MapValues,
    *,
    words: Words,
    alt: str,
    on_click: Callable[[int, int], None] | None = None,
    height: str = HEIGHT,
) -> None:
    """Show a map; a click calls `on_click` before the page runs again.

    Parameters
    ----------
    key : str
        Letters, digits and hyphens; one map of the page. Its frame lives as long as it, and with the frame zoom and
        place, as long as the same cells are shown.
    cells_key : str
        From `geo.maps.publish_cells`.
    alt : str
        What the map shows in one sentence, for screen readers. It may hold names from a file.
    on_click : callable
        Gets the level and the cell's position in it. Only a cell of the level shown is passed on.
    height : str
        CSS length of the frame on a screen wider than a phone.

    Raises
    ------
    LookupError
        If the cells are not published (any more).
    """
    if not touch_cells(cells_key):
        raise LookupError(f"no cells file {cells_key}")
    if missing := missing_files():
        sentence = words(
            "The map cannot be drawn: {file} is missing from the folder static. Delete the folder static/vendor, run "
            "“python run.py setup” in the program's folder, and open this page anew. Numbers and tables are right "
            "without it.",
            file=missing[0],
        )
        st.warning(markdown_plain(sentence), icon=":material/map:")
        return
    state = f"map-{key}"
    with st.container(key=f"frame-{key}"):
        frame = f".st-key-frame-{key} iframe"
        st.html(
            f"<style>{frame}{{height:{height}!important}}"
            f"@media(max-width:640px){{{frame}{{height:{PHONE_HEIGHT}!important}}}}</style>"
        )
        st.html(f'<p style="{_HIDDEN}">{html.escape(alt)}</p>')
        streamlit_folium.st_folium(
            base_map(),
            key=state,
            height=480,  # until the style above is there
            use_container_width=True,
            returned_objects=[],  # silent on pan and zoom: map.js answers itself
            feature_group_to_add=painted(cells_key, values, words=words),
            on_change=lambda: _pass_on(st.session_state.get(state), values, on_click),
        )


def show_legend(legend: Legend) -> None:
    """Show the legend under or beside its map."""
    st.html(legend_html(legend))


def _pass_on(answer: Any, values: MapValues, on_click: Callable[[int, int], None] | None) -> None:
    """Call `on_click` with what the browser answered, if that is a cell of the level shown."""
    if on_click is None or not isinstance(answer, dict):
        return
    level, cell = answer.get("layer"), answer.get("cell")
    if type(level) is int and level == values.level and type(cell) is int and 0 <= cell < len(values.classes):
        on_click(level, cell)
