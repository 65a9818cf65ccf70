"""What else there is to know of a work: its months, its placebos, and the verdicts of all finished projects."""

from functools import partial
from typing import Any

import streamlit as st

from analysis import work_figures
from analysis.charts import CONFIG
from base.text import N_, Words, markdown_plain
from data.dataset import Dataset
from pages.common import cached, controls, downloads, frame, panels
from reports import evaluation as works
from reports import evaluation_tables as tables
from reports import evaluation_words as told
from reports import work_times
from reports.evaluation import Asked, Evaluation

PARTS = {
    "months": N_("By month"),
    "placebos": N_("Could it be chance?"),
    "all": N_("All finished projects"),
}


def draw(words: Words, data: Dataset, asked: Asked, found: Evaluation | None) -> None:
    """Draw the choice of a part, and the part; where nothing can be told of the project, all projects."""
    if found is None:
        every(words, data, asked)
        return
    part = controls.part(words, words("Part"), "part", PARTS)
    with frame.told(words, stop=False):
        if part == "placebos":
            placebos(words, data, found)
        elif part == "all":
            every(words, data, asked)
        else:
            months(words, found)


def months(words: Words, found: Evaluation) -> None:
    """Show the months of the project against what the cells compared with let expect, with the rain above."""
    frame.heading(words("The project's cells by month, and what the cells compared with let expect"))
    panels.after_the_map()
    rows = tables.months(found)
    counted = told.counted(found).say(words)
    rain = "" if found.measure == work_times.MONTHS else words(works.EXPOSURES[found.measure])
    figure = work_figures.months_figure(rows, words=words, counted=counted, rain=rain)
    st.plotly_chart(figure, config=CONFIG, alt=work_figures.months_alt(rows, words=words), key="work-months")
    st.caption(markdown_plain(told.expected_line(found).say(words)))


def placebos(words: Words, data: Dataset, found: Evaluation) -> None:
    """Show the same estimate where and when nothing was built, and the regression beside."""
    frame.heading(words("The same, where and when nothing was built"))
    answer = cached.placebos(data, found)
    for line in told.placebo_lines(found, answer):
        st.markdown(markdown_plain(line.say(words)))
    panels.after_the_map()
    effect, name = found.effect, told.name_of(found.project)
    drawn: dict[str, Any] = {
        "own": (effect.rate_ratio, effect.low, effect.high), "cells": answer.cells, "words": words, "project": name,
        "dates": answer.dates.assign(name=[words.date(day) for day in answer.dates["day"]]),
    }  # fmt: skip
    st.plotly_chart(
        work_figures.placebo_figure(**drawn), config=CONFIG, alt=work_figures.placebo_alt(**drawn), key="placebos"
    )
    st.caption(markdown_plain(told.strip_line().say(words)))
    st.markdown(markdown_plain(told.second_line(cached.second_opinion(data, found)).say(words)))


def every(words: Words, data: Dataset, asked: Asked) -> None:
    """List all finished projects with their verdicts; choosing a row chooses the project."""
    frame.heading(words("All finished projects"))
    rows = cached.verdicts(words, data, asked)
    shown = tables.verdict_rows(rows, words)

    def choose() -> None:
        picked = st.session_state["verdicts"]["selection"]["rows"]
        if picked:
            controls.keep("project", str(rows["project_id"].iloc[picked[0]]))
            st.session_state.pop(controls.widget_key("project"), None)

    titles = {name: words(title) for name, title in tables.VERDICT_TITLES.items()}
    frame.table(
        shown[list(tables.VERDICT_TITLES)], titles, key="verdicts", on_select=choose, selection_mode="single-row"
    )
    downloads.sheet(
        words, data, None, shown, titles, name=words("All finished projects"), file="verdicts",
        more=[words("By the usual choices: cells matched by level, and the 12 months before the survey left out.")],
    )  # fmt: skip


def handed_out(words: Words, data: Dataset, found: Evaluation) -> None:
    """Draw the downloads of all that is told of the project; they are written when they are asked for."""
    files = ((tables.workbook, "xlsx", downloads.XLSX), (tables.geopackage, "gpkg", downloads.GPKG))
    with st.container(horizontal=True):
        for write, suffix, mime in files:
            label = words("Download: {name}", name=words("Before and after ({kind})", kind=suffix.upper()))
            downloads.file_of(label, partial(write, data, found, words), f"hotspots-evaluation.{suffix}", mime)
