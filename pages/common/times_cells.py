"""Cells or units beside each other: whose late cases are more than chance gives, and a table of cells by hazard."""

import streamlit as st

from analysis import time_cells
from analysis.charts import CONFIG
from base.text import Words, markdown_plain
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, Scope
from pages.common import cached, controls, downloads, frame, panels
from reports import standing, times_book, times_rows, times_words
from reports.times import Asked

HEATS = {"share_in_time": "share", "median_hours": "hours"}  # measure -> how the figure calls it


def funnel(words: Words, data: Dataset, scope: Scope, asked: Asked) -> None:
    """Show late cases of each cell, or of each unit where the page compares units, with the limits of chance."""
    by = "unit" if asked.by == "unit" else "cell"
    found = cached.times_funnel(data, scope, by, handling=asked.handling)
    title = words("Late cases of units") if by == "unit" else words("Late cases of cells")
    frame.heading(title)
    lines = [one.say(words) for one in found.sentences]
    st.markdown(markdown_plain(words.joined(lines)))
    if found.funnel is None:
        return
    panels.after_the_map()
    names = [name or words("not given") for name in found.rows["name"]]
    late = words("Not closed in time")
    figure = time_cells.funnel_figure(found.funnel, found.rows["due"], names, words=words, title=late)
    alt = time_cells.funnel_alt(found.funnel, names, words=words, title=late)
    st.plotly_chart(figure, config=CONFIG, alt=alt, key="funnel")
    rows = found.rows.assign(name=names, word=[words(standing.WORDS[word]) for word in found.rows["word"]])
    titles = {name: words(one) for name, one in times_book.FUNNEL.items()}
    downloads.sheet(words, data, scope, rows, titles, name=title, file="late-cases", more=lines)


def heat(words: Words, data: Dataset, scope: Scope, asked: Asked) -> None:
    """Show a measure of each cell and hazard as a table in colours."""
    frame.heading(words("Cells by hazard"))
    measure = controls.select(
        words("Table shows"), "heat", list(HEATS), lambda one: words(standing.MEASURES[one]), width=280
    )
    found = cached.times_heat(data, scope, measure=measure, clock=asked.clock, handling=asked.handling)
    st.caption(markdown_plain(found.sentence.say(words)))
    rows = times_rows.heat_rows(found)
    if not (rows["n"] > 0).any():
        return
    panels.after_the_map()
    cells = times_rows.heat_cells(found, time_cells.MOST_ROWS)
    hazards = {code: words(name) for code, name in HAZARD_NAMES.items() if code in found.table}
    kind, few, day = HEATS[measure], found.few, times_words.work_day(asked.clock)
    figure = time_cells.heat_figure(rows, cells, hazards, words=words, measure=kind, few_reports=few, work_day=day)
    alt = time_cells.heat_alt(rows, cells, hazards, words=words, measure=kind, few_reports=few, work_day=day)
    st.plotly_chart(figure, config=CONFIG, alt=alt, key="heat")
    name = words("Cells by hazard")
    titles = {"name": words("Name"), "cell_id": words("Code"), **hazards}
    more = [words(standing.MEASURES[measure]), found.sentence.say(words)]
    downloads.sheet(words, data, scope, found.table, titles, name=name, file="cells-by-hazard", more=more)
