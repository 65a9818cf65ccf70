"""Where cases stay: the stages they pass, the open ones by how far past due, and the worst of these."""

import pandas as pd
import streamlit as st

from analysis import time_bars
from analysis.charts import CONFIG
from base.text import N_, Words, markdown_plain
from data.dataset import Dataset
from data.schema import ENGINEERING, Scope
from pages.common import cached, downloads, frame, panels
from reports import backlog, times, times_book, times_rows
from reports.times import Asked, Headline

OPEN = {
    "incident_id": N_("Case"),
    "hazard": N_("Hazard"),
    "cell": N_("Cell"),
    "unit": N_("Handling unit"),
    "open_days": N_("Days open"),
    "late": N_("Past due"),
    "due_at": N_("Due"),
    "limit_text": N_("Limit"),
    "due_from": N_("Where the deadline comes from"),
    "reported_at": N_("Reported"),
    "type_name": N_("Type"),
    "address": N_("Address"),
    "source": N_("Source"),
}


def stages(words: Words, data: Dataset, scope: Scope, asked: Asked, answer: Headline) -> None:
    """Show where the time of cases goes, engineering cases apart with their own steps."""
    if asked.handling != ENGINEERING:
        frame.heading(words("Where the time goes, stage by stage"))
        _waterfall(words, data, scope, asked.handling, "stages")
    frame.heading(words("Engineering cases: survey, design, construction, follow-up"))
    if answer.apart[ENGINEERING]:
        _waterfall(words, data, scope, ENGINEERING, "engineering")
    else:
        st.info(words("There is no engineering case here: no file gives a time of survey, design or construction."))


def _waterfall(words: Words, data: Dataset, scope: Scope, handling: str, key: str) -> None:
    found = cached.times_waterfall(data, scope, handling=handling)
    lines = found.said(words)
    st.markdown(markdown_plain(words.joined(lines)))
    if not (found.rows["n"] > 0).any():
        return
    names = {moment: words(name) for moment, name in backlog.MOMENTS.items()}
    panels.after_the_map()
    figure = time_bars.stages_figure(found.rows, names, words=words, few_reports=int(data.settings["few_reports"]))
    alt = time_bars.stages_alt(found.rows, names, words=words)
    st.plotly_chart(figure, config=CONFIG, alt=alt, key=key)
    rows = found.rows.assign(**{end: found.rows[end].map(names) for end in ("stage_from", "stage_to")})
    titles = {name: words(title) for name, title in times_book.STAGES.items()}
    name = words("Stages of engineering cases") if handling == ENGINEERING else words("Stages")
    downloads.sheet(words, data, scope, rows, titles, name=name, file=key, more=lines)


def ageing(words: Words, data: Dataset, scope: Scope, asked: Asked) -> None:
    """Show the open cases by how far past due they are, a bar a group."""
    found = cached.times_ageing(data, scope, asked.by, handling=asked.handling)
    frame.heading(words("Open cases by how far past due they are"))
    st.markdown(markdown_plain(found.sentence.say(words)))
    if not len(found.rows):
        return
    names = times.key_names(data, scope, asked.by, words)
    panels.after_the_map()
    figure = time_bars.ageing_figure(found.rows, names, words=words)
    alt = time_bars.ageing_alt(found.rows, words=words)
    st.plotly_chart(figure, config=CONFIG, alt=alt, key="ageing")
    rows = found.rows.assign(name=[names.get(key, key) for key in found.rows["key"]])
    titles = {"name": words(times_book.KEY_NAMES[asked.by])}
    titles |= {name: words(title) for name, title in backlog.CLASSES.items()}
    downloads.sheet(words, data, scope, rows, titles, name=words("Ageing"), file="ageing")


def worst(words: Words, data: Dataset, scope: Scope, asked: Asked) -> None:
    """List the open cases that are furthest past due, with where their deadlines come from."""
    found = cached.times_worst(data, scope, handling=asked.handling)
    if not len(found.rows):
        return
    frame.heading(words("The worst open cases"))
    st.caption(markdown_plain(found.sentence.say(words)))
    names = times.key_names(data, scope, "cell", words)

    def named(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(cell=rows["cell_id"].map(names), late=times_rows.late(rows, words))

    panels.incidents_table(
        words,
        data,
        scope,
        named(found.rows),
        file="open",
        name=words("Open cases"),
        height=360,
        columns=OPEN,
        every=lambda: named(backlog.worst(data, scope, limit=backlog.MOST_IN_A_FILE, handling=asked.handling).rows),
    )
