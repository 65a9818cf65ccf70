"""The panel of the last weeks: what has gathered, since when, and how sure that is."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from base.text import Words, markdown_plain
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, Scope
from pages.common import cached, controls, downloads, frame
from reports import alarm

MOST_AT_ONCE = 20_000  # reports: of so many the alarm takes some tenths of a second


def lately(words: Words, data: Dataset, scope: Scope) -> None:
    """Say what has gathered in the last weeks and list it; choosing a row chooses the cell of it with the most events.

    The scope's start has no part in it.
    """
    frame.heading(words("What has gathered in the last weeks"))
    found: alarm.Alarm | None = None
    with frame.told(words, stop=False):
        found = cached.alarm(words, data, scope)
    if found is None:
        return
    sure = bool(found.clusters["alarm"].any())
    (st.error if sure else st.info)(markdown_plain(found.finding.say(words)))
    about = [one.say(words) for one in (found.reason, *found.remarks) if one != found.finding]
    if about:
        st.caption(markdown_plain(about[0]))
    if len(found.clusters):
        _table(words, data, scope, found, about)
    if about[1:]:
        st.caption(markdown_plain(words.joined(about[1:])))


def notice(words: Words, data: Dataset, scope: Scope, place: DeltaGenerator, *, begun: bool = False) -> None:
    """Write into a place near the finding that there is an alarm, where that is quickly known, and nothing else.

    The page calls it twice: when it has begun, where only what was looked for before is written, so that nothing moves
    at every click; and as its last act, so that the page never waits for it.
    """
    looked: set[tuple[str, Scope]] = st.session_state.setdefault("alarms looked for", set())
    key = (data.fingerprint, scope)
    if begun != (key in looked) or cached.beside(data, scope)["every"] > MOST_AT_ONCE:
        return
    looked.add(key)
    with place, frame.told(words, stop=False):
        found = cached.alarm(words, data, scope)
        if not found.clusters["alarm"].any():
            return
        with place.container(horizontal=True, vertical_alignment="center"):
            st.error(markdown_plain(found.finding.say(words)))
            st.button(words("Show it under the map"), key="to-lately", on_click=_open)


def _open() -> None:
    controls.keep("part", "lately")
    st.session_state.pop(controls.widget_key("part"), None)


def _table(words: Words, data: Dataset, scope: Scope, found: alarm.Alarm, about: list[str]) -> None:
    rows = found.clusters
    shown = pd.DataFrame(
        {
            "claim": [words("alarm") if sure else "" for sure in rows["alarm"]],
            "cells": [words.listed(names) for names in rows["names"]],
            "since": rows["first_day"],
            "observed": rows["observed"],
            "expected": rows["expected"].round(1),
            "ratio": rows["ratio"].round(1),
            "chance": [words("{k} of {n} looks", k=k, n=n) for k, n in map(alarm.looks, rows["p"])],
            "hazards": [words.listed(words(HAZARD_NAMES[code]) for code in codes) for codes in rows["hazards"]],
            "open": rows["open"],
        }
    )
    titles = {
        "claim": words("Claim"),
        "cells": words("Cells"),
        "since": words("Since"),
        "observed": words("Events"),
        "expected": words("Usual"),
        "ratio": words("Observed / usual"),
        "chance": words("Chance alone, anywhere"),
        "hazards": words("Mostly"),
        "open": words("Reports not closed yet"),
    }
    if not rows["alarm"].any():
        shown = shown.drop(columns="claim")

    def choose() -> None:
        picked = st.session_state["lately"]["selection"]["rows"]
        controls.keep("cell", str(rows["cell_id"].iloc[picked[0]]) if picked else None)

    st.dataframe(
        shown,
        hide_index=True,
        key="lately",
        on_select=choose,
        selection_mode="single-row",
        column_config={name: st.column_config.Column(title) for name, title in titles.items()}
        | {"since": st.column_config.DateColumn(titles["since"], format="YYYY-MM-DD")},
        alt=words.plural("Table of {n} gathering.", "Table of {n} gatherings.", len(shown)),
    )
    st.caption(words("A chosen row chooses on the map the cell of it with the most events."))
    more = {
        "cell_ids": words("Codes"),
        "p": words("Chance"),
        "last_day": words("Until"),
        "lon": words("Longitude"),
        "lat": words("Latitude"),
    }
    ends = found.last_day + dt.timedelta(days=1) if found.last_day else None
    downloads.sheet(
        words,
        data,
        replace(scope, start=found.first, end=ends),
        shown.assign(**{name: rows[name] for name in more}),
        titles | more,
        name=words("The last weeks"),
        file="lately",
        more=[found.finding.say(words), *about],
    )
