"""The form below the working calendar: its country and office hours, and when the clocks of deadlines run."""

import streamlit as st

from base.text import Words
from data import changes
from data.dataset import Dataset
from pages.common import cached, frame, results
from reports import clock_rules


def draw(words: Words, data: Dataset) -> None:
    """Let the reader change the settings of the calendar and of the clocks, and say what that did."""
    typed, places = {}, st.columns(2)
    for place, (name, title) in enumerate(clock_rules.TITLES.items()):
        stored, choices = str(data.settings[name]), clock_rules.CHOICES.get(name)
        label, about, key = words(title), words(clock_rules.HELP[name]), f"c-{name}-{stored}"
        with places[place % 2]:
            if choices is None:
                typed[name] = st.text_input(label, stored, max_chars=100, help=about, key=key)
            else:
                named = {code: words(text) for code, text in choices.items()}
                codes, first = list(named), list(named).index(stored)
                typed[name] = st.selectbox(label, codes, first, named.__getitem__, help=about, key=key)
    wanted = clock_rules.wanted(data, typed)
    if st.button(words("Save calendar and clocks"), type="primary", disabled=not wanted, key="c-save"):
        with frame.told(words, stop=False), st.spinner(words("Saving, and reckoning when all cases are due …")):
            answer = changes.set_settings(cached.workspace(), wanted, who=frame.who())
            results.tell("done", clock_rules.saved_sentences(answer, words))
            st.rerun()
