"""The groups beside each other, and one cell: its own figures and its cases."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from base.text import N_, Words, markdown_plain
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, Scope
from pages.common import cached, controls, downloads, frame, panels
from reports import standing, times, times_book, times_rows
from reports.times import Asked

HEIGHT, FEW_ROWS = 400, 10
CASES = {
    "incident_id": N_("Case"),
    "hazard": N_("Hazard"),
    "reported_at": N_("Reported"),
    "closed_at": N_("Closed"),
    "due_at": N_("Due"),
    "limit_text": N_("Limit"),
    "due_from": N_("Where the deadline comes from"),
    "late": N_("Past due"),
    "unit": N_("Unit"),
    "address": N_("Address"),
}


def ranking(words: Words, data: Dataset, scope: Scope, asked: Asked) -> None:
    """List the groups, those first that stand out; of cells a chosen row chooses the cell."""
    frame.heading(words("{key}: times and shares", key=words(times_book.KEY_NAMES[asked.by])))
    groups = times_rows.ranked(cached.times_groups(data, scope, asked), asked.by)
    if not len(groups):
        st.info(words("No case in this period."))
        return
    by_cell = asked.by == "cell"
    names = times.key_names(data, scope, asked.by, words)
    few = int(data.settings["few_reports"])
    rows = groups.head(cached.MOST_ROWS)
    shown = times_rows.in_words(rows, names, clock=asked.clock, few_reports=few, words=words)

    def choose() -> None:
        picked = st.session_state["groups"]["selection"]["rows"]
        controls.keep("cell", str(rows["key"].iloc[picked[0]]) if picked else None)

    table(words, shown, words(times_book.KEY_NAMES[asked.by]), key="groups", choose=choose if by_cell else None)
    frame.only_first(words, len(rows), len(groups))
    lines = []
    if len(groups) > 1 and groups["verdict"].isna().all():
        lines.append(
            words("Times of several hazards are not compared with each other: choose one hazard to see who is slower.")
        )
    if groups["few"].any():
        stand_last = words("Few cases: fewer than {n}; they stand last.", n=few)
        lines.append(words("Few cases: fewer than {n}.", n=few) if asked.by == "month" else stand_last)
    if (rows["low"].notna() & rows["high"].isna()).any():
        lines.append(words("(9.6+): from 9.6 on; how far the interval reaches cannot be told yet."))
    lines += [one.say(words) for one in standing.caveats(data, scope, asked, groups)]
    if lines:
        st.caption(markdown_plain(words.joined(lines)))
    downloads.deferred(
        words,
        data,
        scope,
        lambda: times_book.groups_table(times_book.screen_of(data, scope, asked), words),
        name=words("Groups"),
        file="groups",
    )


def table(
    words: Words, shown: pd.DataFrame, key_name: str, *, key: str, choose: Callable[[], None] | None = None
) -> None:
    """Show groups in words as a table; where `choose` is given, it is called when a row is chosen."""
    titles = {
        "name": (key_name, None),  # as wide as the names are
        "stands": (words("Compared"), None),  # what the list is read for stands where no narrow screen cuts it off
        "n": (words("Cases"), 54),
        "open": (words("Open"), 56),
        "past_due": (words("Past due"), 70),
        "median": (words("Median (95%)"), 114),
        "share": (words("In time (95%)"), 160),
    }
    if not shown["stands"].ne("").any():
        shown = shown.drop(columns="stands")
    config = {
        name: st.column_config.NumberColumn(title, width=width, format="localized")
        if name in ("n", "open", "past_due")
        else st.column_config.TextColumn(title, width=width)
        for name, (title, width) in titles.items()
        if name in shown
    }
    st.dataframe(
        shown[[name for name in titles if name in shown]],
        hide_index=True,
        height=HEIGHT if len(shown) > FEW_ROWS else "auto",
        key=key,
        on_select=choose or "ignore",
        selection_mode="single-row",
        column_config=config,
        alt=words("Times and shares of {n} groups; first: {name}.", n=len(shown), name=shown["name"].iloc[0]),
    )


def one_cell(words: Words, data: Dataset, scope: Scope, asked: Asked, chosen: str) -> None:
    """Show one cell: its figures, those of its hazards, and its cases with their deadlines."""
    panels.cell_ways(words, data, scope, chosen)
    view = cached.times_of_cell(data, scope, asked, chosen)
    frame.heading(view.name)
    st.markdown(markdown_plain(view.sentence.say(words)))
    few = int(data.settings["few_reports"])
    if len(view.hazards):
        names = {code: words(name) for code, name in HAZARD_NAMES.items()}
        shown = times_rows.in_words(view.hazards, names, clock=asked.clock, few_reports=few, words=words)
        table(words, shown, words("Hazard"), key="cell-groups")
    cases = view.cases.assign(late=times_rows.late(view.cases, words))
    panels.incidents_table(words, data, scope, cases, file="cell-times", height=300, columns=CASES)
