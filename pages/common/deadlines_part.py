"""The part of the resolution page about deadlines: where they come from, why some are not known, and what to do."""

import streamlit as st

from base.text import Words, markdown_plain
from data.dataset import Dataset
from data.schema import Scope
from pages.common import cached, downloads, frame, times_view
from reports import times, times_due
from reports.times import Asked, Headline


def draw(words: Words, data: Dataset, scope: Scope, asked: Asked, answer: Headline) -> None:
    """Show where due times come from, those that cannot be told by reason, what holds change, and the calendar."""
    frame.heading(words("Where the deadlines come from"))
    found = cached.times_origins(data, scope, handling=asked.handling)
    if answer.has_deadlines:
        st.markdown(markdown_plain(found.sentence.say(words)))
        _table(words, data, scope, found)
    else:
        st.info(words("No file gives deadlines, and there is no table of them: no case is in time or late."))
    st.markdown(markdown_plain(words.joined(rule.say(words) for rule in found.rules)))
    holds = cached.times_holds(data, scope, handling=asked.handling).sentence
    for line in (holds, answer.coverage):
        if line is not None:
            st.markdown(markdown_plain(line.say(words)))
    times_view.to_deadlines(words)


def _table(words: Words, data: Dataset, scope: Scope, found: times_due.Origins) -> None:
    reasons = times.reasons_of(data)
    rows = found.rows.assign(
        said=[words(reasons[code]) for code in found.rows["code"]],
        to_do=[words(times_due.TO_DO[code]) if code in times_due.TO_DO else "" for code in found.rows["code"]],
    )
    titles = {name: words(title) for name, title in times_due.TITLES.items()}
    alt = words("Table of {n} origins of deadlines.", n=len(rows))
    frame.table(rows[list(titles)], titles, alt=alt)
    name = words("Where the deadlines come from")
    downloads.sheet(words, data, scope, rows, titles, name=name, file="deadlines", more=[found.sentence.say(words)])
