"""What else there is to know of resolution times: one part at a time, for only what is looked at is reckoned."""

import streamlit as st

from analysis import time_bars, time_curves
from analysis.charts import CONFIG
from base.text import N_, Words, markdown_plain
from data.dataset import Dataset
from data.schema import Scope
from pages.common import (
    backlog_view,
    cached,
    controls,
    deadlines_part,
    downloads,
    frame,
    panels,
    returns_view,
    times_cells,
)
from reports import times, times_book, times_rows, times_trace, times_words
from reports.times import Asked, Headline

PARTS = {
    "curves": N_("Curves"),
    "stages": N_("Stages"),
    "cells": N_("Cells compared"),
    "months": N_("By month"),
    "open": N_("Open cases"),
    "returns": N_("Closed is not fixed"),
    "deadlines": N_("Deadlines"),
}


def draw(words: Words, data: Dataset, scope: Scope, asked: Asked, answer: Headline) -> None:
    """Draw the choice of a part, and the part."""
    part = controls.part(words, words("Part"), "part", PARTS)
    with frame.told(words, stop=False):
        if part == "stages":
            backlog_view.stages(words, data, scope, asked, answer)
        elif part == "cells":
            times_cells.funnel(words, data, scope, asked)
            times_cells.heat(words, data, scope, asked)
        elif part == "months":
            months(words, data, scope, asked)
        elif part == "open":
            backlog_view.ageing(words, data, scope, asked)
            backlog_view.worst(words, data, scope, asked)
        elif part == "returns":
            returns_view.panel(words, data, scope)
        elif part == "deadlines":
            deadlines_part.draw(words, data, scope, asked, answer)
        else:
            curves(words, data, scope, asked)


def curves(words: Words, data: Dataset, scope: Scope, asked: Asked) -> None:
    """Show the survival curves of the largest groups."""
    found = cached.times_curves(data, scope, asked)
    frame.heading(found.title.say(words))
    if not found.curves:
        st.info(markdown_plain(found.sentence.say(words)))
        return
    names = times.key_names(data, scope, asked.by, words)
    named = {names.get(key, key): curve for key, curve in found.curves.items()}
    panels.after_the_map()
    limit, day = times_rows.one_limit(found), times_words.work_day(asked.clock)
    since = "" if asked.clock == times.RAW else words("Work time since the clock began")
    figure = time_curves.curves_figure(
        named,
        words=words,
        limit_hours=limit,
        since=since,
        work_day=day,
        colours=panels.hazard_colours(words) if asked.by == "hazard" else None,
    )
    alt = time_curves.curves_alt(named, words=words, since=since, work_day=day)
    st.plotly_chart(figure, config=CONFIG, alt=alt, key="curves")
    lines = [found.sentence.say(words), *times_rows.limit_lines(found, names, words)]
    st.caption(markdown_plain(words.joined(lines)))
    downloads.deferred(
        words,
        data,
        scope,
        lambda: (times_rows.curve_rows(found, names), {n: words(t) for n, t in times_rows.CURVE_TITLES.items()}),
        name=words("Curves"),
        file="curves",
        more=lines,
    )


def months(words: Words, data: Dataset, scope: Scope, asked: Asked) -> None:
    """Show medians and shares in time by month of report, what may still change as such."""
    frame.heading(words("By month of report"))
    found = cached.times_trend(data, scope, asked)
    for sentence in (*found.caveats, found.sentence):
        st.caption(markdown_plain(sentence.say(words)))
    if not len(found.rows) or not found.rows["n"].sum():
        return
    panels.after_the_map()
    rows, day = times_rows.trend_rows(found), times_words.work_day(asked.clock)
    for column, measure, title in zip(
        st.columns(2, gap="small"),
        ("median", "within"),
        (words("Median time to close"), words("Share in time")),
        strict=True,
    ):
        with column:
            st.markdown(f"**{markdown_plain(title)}**")
            figure = time_bars.trend_figure(rows, words=words, measure=measure, work_day=day)
            alt = time_bars.trend_alt(rows, words=words, measure=measure, work_day=day)
            st.plotly_chart(figure, config=CONFIG, alt=alt, key=f"trend-{measure}")
    titles = {name: words(title) for name, title in times_book.TREND.items()}
    downloads.sheet(
        words, data, scope, found.rows, titles, name=words("By month of report"), file="times-by-month",
        more=[found.sentence.say(words)],
    )  # fmt: skip


def handed_out(words: Words, data: Dataset, scope: Scope, asked: Asked) -> None:
    """Draw the downloads of all that stands here, and of its cases; they are written when they are asked for."""
    n = times_trace.count(data, scope)
    with st.container(horizontal=True):
        downloads.file_of(
            words("Download: {name}", name=words("Resolution times (XLSX)")),
            lambda: times_book.workbook(times_book.screen_of(data, scope, asked), words),
            "hotspots-times.xlsx",
            downloads.XLSX,
        )
        if n <= times_trace.MOST_ON_A_PAGE:
            downloads.file_of(
                words("Download: {name}", name=words("Cases and deadlines (XLSX)")),
                lambda: times_trace.workbook(data, scope, asked, words),
                "hotspots-cases.xlsx",
                downloads.XLSX,
            )
    if n > times_trace.MOST_ON_A_PAGE:
        sentence = words(
            "{n} cases are too many to hand out here one by one: on the command line, cli.py resolution --trace "
            "FILE.csv writes them all.",
            n=n,
        )
        st.caption(markdown_plain(sentence))
