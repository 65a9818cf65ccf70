"""What an import would do, before anything is stored: totals that tie, places, months, rows not taken, and the map."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from base.errors import HazardError
from base.text import N_, Words, markdown_plain
from data import loading
from data.dataset import Dataset
from data.schema import NO_MONTH, Scope
from geo import classes, legend, maps
from pages.common import cached, frame, map_widget
from reports import choropleth, intake

TOTALS = {
    "read": N_("Rows read"),
    "accepted": N_("Accepted"),
    "rejected": N_("Not taken"),
    "repeats": N_("Repeats"),
}


ANSWERED_ABOVE = ("day-month-ambiguous", "zone-unknown")  # by a choice that is folded away


@st.cache_data(max_entries=4, ttl=900, show_spinner=False)
def _checked(digest: str, name: str, options: str, fingerprint: str, _content: bytes, _options: Any) -> dict[str, Any]:
    return loading.import_incidents(
        cached.workspace(), _content, name, dry_run=True, who=frame.who(), profile=None, **_options
    )


def show(
    words: Words, data: Dataset, content: bytes, name: str, digest: str, options: Mapping[str, Any], *, by_itself: bool
) -> bool:
    """Show the preview, by itself or when asked; return whether the file can be imported as it is chosen."""
    state = json.dumps(options, sort_keys=True, default=str)
    if not by_itself:
        if st.button(words("Check only"), icon=":material/fact_check:"):
            st.session_state["asked"] = (digest, state)
        if st.session_state.get("asked") != (digest, state):
            return True
    with frame.told(words, stop=False):
        try:
            with st.spinner(words("Checking {file}", file=markdown_plain(name))):
                answer = _checked(digest, name, state, data.fingerprint, content, dict(options))
        except HazardError as error:
            if error.code in ANSWERED_ABOVE and st.session_state.get("open_choices") != digest:
                st.session_state["open_choices"] = digest  # the question stands where it can be answered
                st.rerun()
            raise
        _answer(words, data, answer, name)
        return True
    return False


def _answer(words: Words, data: Dataset, answer: dict[str, Any], name: str) -> None:
    lines = intake.import_sentences(answer, name, words)
    frame.heading(words("What would be imported"))
    if answer["unchanged"]:
        st.info(markdown_plain(words.joined(lines)))
        return
    with st.container(key="totals"):
        for column, (key, title) in zip(st.columns(len(TOTALS)), TOTALS.items(), strict=True):
            column.metric(words(title), words.number(answer[key]))
    left, right = st.columns([1, 1])
    with left:
        st.text("\n".join(line for line in [*lines[1:], _months(words, answer["by_month"])] if line))
    with right:
        _map(words, data, answer["preview"])
    st.caption(words("Nothing is stored yet."))


def _months(words: Words, by_month: Mapping[str, int]) -> str:
    """Return from when to when the reports are, and the month with most of them."""
    known = {month: n for month, n in by_month.items() if month != NO_MONTH}
    if not known:
        return ""
    most = max(known, key=lambda month: known[month])
    return words(
        "Reports from {first} to {last}; most in {most}: {n}.",
        first=min(known),
        last=max(known),
        most=most,
        n=known[most],
    )


def _map(words: Words, data: Dataset, preview: Mapping[str, Any]) -> None:
    """Show how many of the file's reports each cell would get."""
    if not preview["level"]:
        st.info(words("No boundaries are loaded yet: load them, and the reports are placed."))
        return
    scope = Scope(level=preview["level"])
    view = choropleth.view_of(data, scope)
    found = pd.Series(preview["cells"], dtype=float)
    few: tuple[str, ...] = ()
    if view is None:
        view, table = scope, pd.DataFrame({"cell_id": found.index, "count": found.to_numpy()})
        few = choropleth.foremost(table, np.zeros(len(table), dtype=bool))
        n = len(data.cells(scope.level))
        sentence = words(
            "{n} cells do not fit one map, which holds {most}: it shows those with the most reports of this file.",
            n=n,
            most=choropleth.MOST_CELLS,
        )
        st.caption(markdown_plain(sentence))
    drawn = cached.published(data, view, few)
    if drawn is None:
        return
    level = drawn.levels.index(view.level)
    if view != scope:
        held = choropleth.held_by(data, scope, view)
        found = found.groupby(held).sum()
        st.caption(markdown_plain(choropleth.stands_in(words, scope, view, len(held))))
    counts = found.reindex(drawn.ids[level]).fillna(0).to_numpy(float)
    classed = classes.classify(counts, whole=True)
    labels = [words.number(n) if n else "" for n in counts]
    tips = [words.plural("{n} report", "{n} reports", int(n)) for n in counts]
    values = maps.MapValues(level, np.asarray(classed.codes).tolist(), labels, tips)
    title = words(
        "Reports of this file by cell: {n} in {cells} cells.", n=int(counts.sum()), cells=int((counts > 0).sum())
    )
    map_widget.show_map("preview", drawn.key, values, words=words, alt=title, height="320px")
    key = legend.build_legend(
        classed, values, words=words, measure=words("Reports of this file"), unit="", n=int(counts.sum()), claim=""
    )
    map_widget.show_legend(key)
