"""The first screen of the resolution page: what is asked for, the finding, its five figures, what they leave out."""

import contextlib

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from base.text import N_, Words, markdown_plain
from data.dataset import Dataset
from data.schema import HANDLINGS, Scope
from pages.common import controls, frame, panels
from reports import times, times_words
from reports.times import Asked, Headline
from reports.times_book import KEY_NAMES

CLOCKS = {times.RAW: N_("Natural time"), times.WORK: N_("Work time")}
ORDINARY = "ordinary"  # in the address, where an empty word says nothing
_BEGUN = {
    (times.RAW, "dispatched"): N_("natural time from report to closing"),
    (times.RAW, "reported"): N_("natural time from report to closing"),
    (times.WORK, "dispatched"): N_(
        "work time of the office from dispatch (from the report where a file gives none) to closing, holds taken out"
    ),
    (times.WORK, "reported"): N_("work time of the office from report to closing, holds taken out"),
}


def asked(words: Words) -> Asked:
    """Draw the choices of key, clock and cases, and return them."""
    cases = {ORDINARY if code == times.ORDINARY else code: title for code, title in HANDLINGS.items()}
    with st.sidebar:
        by = controls.select(words("Compare by"), "by", list(KEY_NAMES), lambda key: words(KEY_NAMES[key]))
        clock = controls.select(
            words("Clock"),
            "clock",
            list(CLOCKS),
            lambda one: words(CLOCKS[one]),
            help=words(
                "Work time stands still outside office hours: what is handled at night takes none. Deadlines run on "
                "clocks of their own, whatever is chosen here, so shares in time do not change."
            ),
        )
        handling = controls.select(
            words("Which cases"),
            "cases",
            list(cases),
            lambda one: words(cases[one]),
            help=words("What is repaired on the spot or takes a building site is not measured by a two-hour limit."),
        )
    return Asked(by, clock, times.ORDINARY if handling == ORDINARY else handling)


def under_title(words: Words, data: Dataset, scope: Scope, asked: Asked, answer: Headline) -> str:
    """Return the line under the title: the scope, n and whether that is few, and which clock from which start."""
    clock = words(_BEGUN[asked.clock, str(data.settings["clock_start"])])
    cases = words.plural("{n} case", "{n} cases", int(answer.overall["n"]))
    few = [words("few cases")] if answer.overall["n"] > 0 and answer.overall["few"] else []
    return " · ".join([panels.under_title(words, data, scope), cases, *few, clock])


def figures(words: Words, answer: Headline) -> None:
    """Show the five figures, each with its interval or what else makes it readable."""
    for place, (column, one) in enumerate(zip(st.columns(5, gap="small"), answer.figures, strict=True)):
        with column, st.container(border=True, key=f"figure-{place}", gap="xsmall", height="stretch"):
            st.metric(markdown_plain(one.title.say(words)), markdown_plain(one.value.say(words)))
            st.caption(markdown_plain(one.below.say(words)))


def beside(words: Words, asked: Asked, answer: Headline) -> None:
    """Say small what the figures leave out, folded what they rest on, and plainly what to do without deadlines."""
    out = times_words.left_out({name: n for name, n in answer.apart.items() if name != asked.handling})
    lines = []
    if out:
        parts = words.listed(one.say(words) for one in out)
        lines.append(words("Counted beside, in none of these figures: {parts}.", parts=parts))
    if n := sum(answer.undecided.values()) if answer.has_deadlines else 0:
        lines.append(
            words.plural(
                "Of {n} case no deadline can be told: below, under Deadlines, stands why, and what to do.",
                "Of {n} cases no deadline can be told: below, under Deadlines, stands why, and what to do.",
                n,
            )
        )
    if lines:
        st.caption(markdown_plain(words.joined(lines)))
    if not answer.has_deadlines:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(words("No deadlines are known, so nothing is in time or late: load or write a table of deadlines."))
            to_deadlines(words)
    with st.expander(words("What these figures rest on, and what they leave out")):
        for one in answer.sentences:
            st.markdown(markdown_plain(one.say(words)))


def to_deadlines(words: Words) -> None:
    """Draw the link to the table of deadlines."""
    with contextlib.suppress(StreamlitPageNotFoundError):  # a page opened alone knows no other
        st.page_link(
            frame.ROOT / "pages" / "files.py",
            label=words("To the table of deadlines"),
            icon=":material/event:",
            query_params={"section": "deadlines", "lang": words.language},
        )
