"""The panel of a forecast rain: its depth is typed in, and the cells are listed to which pumps should go."""

import streamlit as st

from base.errors import HazardError
from base.text import Words, markdown_plain, told_share
from data.dataset import Dataset
from data.schema import Scope
from pages.common import cached, downloads, frame, map_widget
from reports import rain_map, rain_onset, rain_words

HEIGHT = 430
MAP_HEIGHT = "clamp(280px,40vh,560px)"


def show_forecast(words: Words, data: Dataset, scope: Scope) -> None:
    """Ask for a forecast rain; show which cells will have reports, the likeliest first."""
    frame.heading(words("Rain is forecast: where to send pumps"))
    try:
        known = rain_onset.onsets(data, scope)
    except HazardError as error:
        st.info(markdown_plain(words.error(error)))
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        mm = st.number_input(
            words("Forecast rain of a day (mm)") if known.daily else words("Forecast rain (mm)"),
            0.1, rain_onset.MOST_MM, 50.0, step=5.0, key="forecast-mm", format="%.1f", width=220,
        )  # fmt: skip
        peak = None
        if known.hourly:
            peak = st.number_input(
                words("Largest hour (mm)"), 0.1, 305.0, None, step=5.0, key="forecast-peak", format="%.1f", width=220,
                placeholder=words("usual"), help=words("Empty: what is usual for so much rain."),
            )  # fmt: skip
    try:
        found = rain_onset.forecast(data, scope, float(mm), None if peak is None else float(peak))
    except HazardError as error:
        st.warning(markdown_plain(words.error(error)))
        return
    st.markdown(f"**{markdown_plain(rain_words.main(found).say(words))}**")
    st.caption(markdown_plain(words.joined(one.say(words) for one in rain_words.beside(found))))
    if len(found.ranked):
        left, right = st.columns([2, 3])
        with left:
            _mapped(words, data, scope, found)
        with right:
            _ranked(words, found)
    if len(found.apart):
        with st.expander(words("Cells of which no chance can be told")):
            rows = rain_words.rows(found.apart.head(cached.MOST_ROWS), words)
            titles = {
                "cell_id": words("Cell"), "name": words("Name"), "why": words("Why"),
                "reported": words("Rains with a report"),
                "rains": words("Rains"), "seen": words("Rains so deep, with a report"),
            }  # fmt: skip
            frame.table(rows[list(titles)], titles, alt=words("Cells of which no chance can be told"))
    with st.expander(words("What the chances rest on")):
        for one in rain_words.rests_on(found.onsets):
            st.markdown(markdown_plain(one.say(words)))
    downloads.file_of(
        words("Download: {name}", name=words("Where to send pumps")),
        lambda: rain_words.workbook(data, found, words), "hotspots-forecast.xlsx", downloads.XLSX,
    )  # fmt: skip


def _mapped(words: Words, data: Dataset, scope: Scope, found: rain_onset.Forecast) -> None:
    few = rain_map.shown_cells(found)
    if few:
        st.info(words("The map shows the {n} likeliest cells; list and download have all of them.", n=len(few)))
    drawn = cached.published(data, scope, few)
    if drawn is None:
        return
    picture = rain_map.pump_map(data, drawn, found, words)
    map_widget.show_map("forecast", drawn.key, picture.values, words=words, alt=picture.alt, height=MAP_HEIGHT)
    map_widget.show_legend(picture.legend)


def _ranked(words: Words, found: rain_onset.Forecast) -> None:
    rows = rain_words.rows(found.ranked.head(cached.MOST_ROWS), words)
    rows = rows.assign(chance=[100 * told_share(one, 0) for one in rows["chance"]])
    column = st.column_config
    config = {
        "rank": column.NumberColumn(words("Rank"), width=50),
        "name": column.TextColumn(words("Name"), width=110),
        "chance": column.ProgressColumn(
            words("Chance of a report"), format="%.0f%%", min_value=0, max_value=100, width=120
        ),
        "interval": column.TextColumn(words("95% interval"), width=95),
        "begins": column.TextColumn(words("Every second rain brings a report from"), width=220),
        "seen": column.TextColumn(words("Rains so deep, with a report"), width=120),
        "cell_id": column.TextColumn(words("Cell"), width=140),
    }
    st.dataframe(
        rows[list(config)], hide_index=True, column_config=config, height=HEIGHT if len(rows) > 11 else "auto",
        key="forecast-cells",
        alt=words(
            "{n} cells by the chance of a report; first: {name}.", n=len(found.ranked), name=rows["name"].iloc[0]
        ),
    )  # fmt: skip
    frame.only_first(words, len(rows), len(found.ranked))
