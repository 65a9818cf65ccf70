"""The choice of a coordinate system, helped: how many points each would bring inside the boundary, on a small map."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from base.text import Words, markdown_plain
from data.dataset import Dataset
from data.places import find_systems
from data.schema import Scope
from data.table import Table
from geo import maps
from geo.crs import Fit
from pages.common import cached, frame, map_widget
from reports import choropleth, intake

OTHER = "other"
BY_WORDS = ("cell", "community", "street", "district", "address")  # fields that place a report without coordinates
MOST_LISTED = 6
MOST_POINTS = 2000


def choose_system(words: Words, key: str, known: str | None, more: list[str] | None = None) -> str | None:
    """Draw the choice of a coordinate system; nothing is chosen unless it is `known`.

    Parameters
    ----------
    known : str or None
        What the file declares, or what was chosen for such files before.
    more : list of str, optional
        Further systems to offer first: those that fit.
    """
    options = list(dict.fromkeys([*([known] if known else []), *(more or []), *intake.SYSTEMS, OTHER]))
    crs = st.selectbox(
        words("Coordinate system"),
        options,
        index=0 if known else None,
        format_func=lambda one: (
            words("Another system, by its EPSG number") if one == OTHER else intake.system_name(one, words)
        ),
        placeholder=words("choose"),
        key=key,
    )
    if crs != OTHER:
        return crs
    number = st.text_input(words("EPSG number"), placeholder="4547", key=f"{key}-epsg").strip()
    return f"EPSG:{number}" if number.isdigit() else None


def of_points(
    words: Words, data: Dataset, table: Table, mapping: Mapping[str, str], digest: str, form: str, known: str | None
) -> str | None:
    """Draw the choice for a file of reports, with help, and return it; None while it is open.

    A file without coordinates needs no system: what places its reports instead is said.
    """
    if not (mapping.get("lon") and mapping.get("lat")):
        if by := [mapping[field] for field in BY_WORDS if mapping.get(field)]:
            sentence = words(
                "No coordinates: reports are placed by {columns}, where these are known.", columns=words.listed(by)
            )
            st.info(markdown_plain(sentence))
        return "wgs84"
    found = _systems(digest, (mapping["lon"], mapping["lat"]), data.fingerprint, table, data) if data.levels else []
    left, right = st.columns([1, 1]) if found else (st.container(), st.container())
    with left:
        crs = choose_system(words, f"i-crs-{form}", known, [fit.label for fit in found if fit.inside])
        if found:
            frame.table(intake.fit_rows(found[:MOST_LISTED], words), alt=words("Points inside, by system."))
        if data.levels:
            st.caption(markdown_plain(intake.fit_sentence(found, words)))
    if found:
        with right:
            _map(words, data, next((fit for fit in found if fit.label == crs), found[0]), known=crs is not None)
    return crs


@st.cache_data(max_entries=8, ttl=900, show_spinner=False)
def _systems(digest: str, columns: tuple[str, str], fingerprint: str, _table: Table, _data: Dataset) -> list[Fit]:
    places = [_table.headers.index(header) for header in columns]
    text = pd.DataFrame(
        {name: _table.frame.iloc[:, at].str.strip() for name, at in zip(("lon", "lat"), places, strict=True)}
    )
    return find_systems(text, _data.cells(_data.levels[0].name))


def _map(words: Words, data: Dataset, fit: Fit, *, known: bool) -> None:
    """Show where the points would fall, read in one system."""
    view = choropleth.view_of(data, Scope(level=data.levels[-1].name))
    drawn = cached.published(data, view) if view is not None else None
    if view is None or drawn is None:
        sentence = words(
            "{n} cells do not fit one map, which holds {most}: where the points fall is not drawn.",
            n=data.levels[-1].cells,
            most=choropleth.MOST_CELLS,
        )
        st.caption(markdown_plain(sentence))
        return
    level = drawn.levels.index(view.level)
    n = len(drawn.ids[level])
    points = pd.DataFrame({"lon": fit.lon, "lat": fit.lat}).dropna().head(MOST_POINTS)
    values = maps.MapValues(level, [-1] * n, [""] * n, [""] * n, points=points.to_numpy(float))
    title = words("Where the points fall, read as {system}", system=intake.system_name(fit.label, words))
    st.caption(markdown_plain(title if known else words("{title} (not chosen yet)", title=title)))
    map_widget.show_map("place", drawn.key, values, words=words, alt=title, height="300px")
