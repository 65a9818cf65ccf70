"""The panel of rates: raw ones with their intervals beside smoothed ones, and where events are too few to carry one."""

import pandas as pd
import streamlit as st

from base.text import Words, markdown_plain
from data.dataset import Dataset
from data.schema import Scope
from pages.common import cached, downloads, frame
from reports import answers, people
from reports import rates as reckoning


def rates_list(words: Words, data: Dataset, scope: Scope, spots: answers.HotSpots, exposure: str) -> None:
    """List the rates of the cells, the largest smoothed one first, say what smoothing does, and offer the download.

    `spots` are those of the same scope, for their events; `exposure` is the choice of the page.
    """
    frame.heading(words("Rates"))
    found: reckoning.CellRates | None = None
    refused = True
    with frame.told(words, stop=False):
        found = reckoning.rates(data, scope, spots, exposure=exposure)
        refused = False
    if found is None:
        if not refused:
            st.info(words(reckoning.NO_EXPOSURE_HERE))
        return
    lines = reckoning.sentences(found, words)
    st.caption(markdown_plain(words.joined(lines)))
    titles = {name: words(title) for name, title in reckoning.titles(found).items()}
    short = titles | {name: words(title) for name, title in reckoning.SHORT.items()}
    named = found.cells.assign(mark=people.rate_marks(words, found.cells["mark"]))
    shown = named.head(cached.MOST_ROWS).drop(columns="cell_id").round({"exposure": 1})
    if not found.cells["mark"].any():
        shown = shown.drop(columns="mark")
    number = {name: st.column_config.NumberColumn(short[name], format="%.2f") for name in reckoning.RATES}
    st.dataframe(
        shown,
        hide_index=True,
        height=380,
        column_config={name: st.column_config.Column(title) for name, title in short.items()} | number,
        alt=words("Rates of {n} cells; highest smoothed: {name}.", n=len(shown), name=_first(shown)),
    )
    frame.only_first(words, len(shown), len(named))
    downloads.sheet(words, data, scope, named, titles, name=words("Rates"), file="rates", more=lines)


def _first(rows: pd.DataFrame) -> str:
    return str(rows["name"].iloc[0]) if len(rows) else "–"
