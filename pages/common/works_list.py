"""The list of the drainage page: what to build first, what not, and why."""

import pandas as pd
import streamlit as st

from base.text import Words, markdown_plain
from data.dataset import Dataset
from data.schema import Scope
from pages.common import cached, controls, frame
from reports import priority_tables, priority_views, priority_words
from reports.priorities import Priorities

HEIGHT, FEW_ROWS = 430, 11


def draw(words: Words, data: Dataset, scope: Scope, found: Priorities, chosen: str | None) -> None:
    """List the projects, those to build first; of a chosen cell those that cover it."""
    frame.heading(words("What to build first"))
    rows = priority_tables.for_people(found, words)
    if chosen is not None:
        rows = priority_views.of_cell(data, found, rows, chosen)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                words("All projects"), icon=":material/arrow_back:", on_click=controls.keep, args=("cell", None),
                key="all-projects",
            )  # fmt: skip
            if not len(rows):
                st.text(words("No project that can be chosen covers this cell."))
    if len(rows):
        _table(words, found, rows.head(cached.MOST_ROWS))
        frame.only_first(words, min(len(rows), cached.MOST_ROWS), len(rows))
    lines = (*priority_words.beside(found), *priority_words.thin(found), *priority_words.not_chosen(found))
    said = [one.say(words) for one in lines]
    st.caption(markdown_plain(words.joined(said)))


def _table(words: Words, found: Priorities, rows: pd.DataFrame) -> None:
    shown = rows.assign(
        project=priority_views.short(rows), ranks=priority_views.rank_ranges(rows, words),
        avoided_said=priority_views.intervals(rows, words), share_funded=priority_views.shares(rows),
    )  # fmt: skip
    titles = priority_tables.titles(found, words)
    column = st.column_config
    config = {
        "place": column.TextColumn(titles["place"], width=44),
        "year": column.NumberColumn(words("In year"), format="%d", width=52),
        "project": column.TextColumn(words("Project"), width=176),
        "cost": column.NumberColumn(titles["cost"], format="localized", width=82),
        "avoided_said": column.TextColumn(
            words("Avoided a year"), width=110, help=words("Of each alone, with the 95% interval of its rate.")
        ),
        "ranks": column.TextColumn(
            words("Rank"), width=66, help=words("By need; in brackets nine tenths of its ranks in the draws.")
        ),
        "score": column.ProgressColumn(
            words("Need"), format="%.2f", min_value=0.0, max_value=priority_views.top_score(found), width=76,
            help=words("The score of the ranking: an order, not a benefit."),
        ),
        "share_funded": column.ProgressColumn(
            words("Funded"), format="percent", min_value=0.0, max_value=1.0, width=92,
            help=words("In so many draws of the weights the ranking by need funds it with the same money."),
        ),
        "per_100k": column.NumberColumn(words("Avoided for 100,000 yuan"), format="localized", width=96),
        "why": column.TextColumn(words("Why"), width=420),
    }  # fmt: skip
    order = [name for name in config if name != "year" or found.asked.yearly]
    st.dataframe(
        shown[order], hide_index=True, placeholder="–", height=HEIGHT if len(shown) > FEW_ROWS else "auto", key="works",
        column_config=config,
        alt=words(
            "{n} projects, {chosen} of them to be built; first: {name}.", n=len(rows), chosen=len(found.choice.chosen),
            name=str(rows["name"].iloc[0]),
        ),
    )  # fmt: skip
