"""The panel of what came back after closure: sentences, the curve, shares by a key, the list, the download."""

import streamlit as st

from analysis import time_curves
from analysis.drawing import CONFIG
from base.text import Words, markdown_plain
from data.dataset import Dataset
from data.schema import Scope
from pages.common import cached, controls, downloads, frame
from reports import returning_tables
from reports.returning import KEYS, RULE, Returning


def panel(words: Words, data: Dataset, scope: Scope) -> None:
    """Show what came back of the events closed in a scope."""
    frame.heading(words("Closed is not fixed"))
    found = cached.returning(words, data, scope)
    st.markdown(markdown_plain(words.joined([found.headline(words), *found.beside(words)])))
    if found.curve is not None:
        curves = {found.name(words): found.curve}
        figure = time_curves.returns_figure(curves, words=words, days=found.days)
        alt = time_curves.returns_alt(curves, words=words, days=found.days)
        st.plotly_chart(figure, config=CONFIG, alt=alt, key="returns-curve")
        _shares(words, found)
        _cases(words, data, found)
    st.caption(markdown_plain(RULE.say(words)))
    downloads.file_of(
        words("Download: {name}", name=words("What came back")),
        lambda: returning_tables.workbook(data, scope, words),
        "hotspots-returns.xlsx",
        downloads.XLSX,
    )


def _shares(words: Words, found: Returning) -> None:
    """Show the shares by hazard, cell or handling unit."""
    titles = returning_tables.KEY_TITLES
    by = controls.select(words("Compare by"), "returns", list(KEYS), lambda key: words(titles[key]))
    rows, named = returning_tables.groups_for_people(found, by, words)
    alt = words("Shares that came back, of {n} groups.", n=len(rows))
    st.dataframe(rows, hide_index=True, column_config=frame.columns(rows, named), alt=alt)


def _cases(words: Words, data: Dataset, found: Returning) -> None:
    """List the returns, the latest first."""
    n = len(found.cases)
    if not n:
        return
    rows, titles = returning_tables.list_for_people(data, found, words, cached.MOST_ROWS)
    rows = rows[[name for name in titles if name != "cell_id"]]
    alt = words.plural("List of {n} event that came back.", "List of {n} events that came back.", n)
    st.dataframe(rows, hide_index=True, height=320, column_config=frame.columns(rows, titles), alt=alt)
    frame.only_first(words, len(rows), n)
