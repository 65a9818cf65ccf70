"""The first screen of the drainage page: the finding, its five figures, how sure it is, words where there is none."""

import contextlib
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from base.errors import HazardError
from base.text import Words, markdown_plain
from data.dataset import Dataset
from data.schema import Scope
from pages.common import cached, frame, panels
from reports import people, priority_words
from reports.priorities import Asked, Priorities


@dataclass(frozen=True)
class Head:
    """The places of the page from the top: what is found, by what rules (drawn before it is known), map and list."""

    first: Any
    rules: Any
    middle: Any


def head() -> Head:
    """Lay out the top of the page."""
    return Head(st.container(), st.container(), st.container())


def bordered() -> Any:
    """Return a panel."""
    return st.container(border=True)


def stop_without_projects(words: Words, data: Dataset) -> None:
    """Where no project is stored, say how to begin and end the page."""
    if len(data.projects()):
        return
    frame.title(words("No drainage project is stored yet"))
    st.info(
        words(
            "Load a list of projects with their places and costs, or write one into the table on the Data page: then "
            "this page says which of them to build first."
        )
    )
    to_projects(words)
    panels.footer(words, data)
    st.stop()


def to_projects(words: Words) -> None:
    """Draw the link to the table of projects."""
    with contextlib.suppress(StreamlitPageNotFoundError):  # a page opened alone knows no other
        st.page_link(
            frame.ROOT / "pages" / "files.py", label=words("To the table of projects"), icon=":material/edit_note:",
            query_params={"section": "projects", "lang": words.language},
        )  # fmt: skip


def answer(words: Words, data: Dataset, scope: Scope, asked: Asked, place: Head) -> Priorities | None:
    """Return the priorities, or say why there are none: budget and rules can still be changed then."""
    try:
        found = cached.priorities(words, data, scope, asked)
    except HazardError as error:
        with place.first:
            frame.title(words("No list of works by these rules"))
            st.error(markdown_plain(words.error(error)), icon=":material/block:")
            to_projects(words)
        return None
    if not found.yearly_all:
        with place.first:
            frame.title(priority_words.main(found).say(words))
            st.info(
                words(
                    "No event of waterlogging is known in the period, so no project can avoid one. Load reports of "
                    "waterlogging, or look at more months."
                )
            )
        return None
    return found


def first(words: Words, data: Dataset, scope: Scope, found: Priorities) -> None:
    """Show the finding, the line under it, the five figures, and how sure the list is."""
    frame.title(priority_words.main(found).say(words), under_title(words, data, scope, found))
    if (wrong := priority_words.contradicts(found)) is not None:
        st.warning(markdown_plain(wrong.say(words)), icon=":material/balance:")
    figures = priority_words.figures(found)
    for place, (column, one) in enumerate(zip(st.columns(5, gap="small"), figures, strict=True)):
        with column, st.container(border=True, key=f"figure-{place}", gap="xsmall", height="stretch"):
            st.metric(markdown_plain(one.title.say(words)), markdown_plain(one.value.say(words)))
            st.caption(markdown_plain(one.below.say(words)))
    st.caption(markdown_plain(priority_words.optimum(found).say(words)))


def under_title(words: Words, data: Dataset, scope: Scope, found: Priorities) -> str:
    """Return the line under the title: what is counted, where and when, and that a demo is one."""
    return " · ".join(
        [
            *([words("Example data, invented")] if data.is_demo else []),
            words("waterlogging"), words.period(*found.needs.period), *people.place_words(words, data, scope),
            words.plural("{n} event", "{n} events", found.needs.n_events),
        ]
    )  # fmt: skip
