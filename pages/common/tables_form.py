"""The forms of tables that belong to the reports: exposures by cell, addresses with points, a city's standard."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from base.text import N_, Words, markdown_plain
from data import exposures, gazetteer, standards
from data.dataset import Dataset
from data.privacy import personal_headers
from data.schema import EXPOSURES
from data.table import Table
from pages.common import cached, frame, place_form, reading, work
from reports import intake

KINDS = {"": N_("detected"), "component": N_("components (部件)"), "event": N_("events (事件)")}


def _sample(table: Table) -> list[str]:
    """Show the first rows without what is about persons, and return the headers that may be chosen."""
    hidden = personal_headers(table.headers)
    titles = {
        key: title
        for key, title in zip(table.frame.columns, table.headers, strict=True)
        if title and title not in hidden
    }
    frame.table(intake.masked_sample(table.frame[list(titles)].head(3)), titles)
    return list(dict.fromkeys(titles.values()))


def _load(words: Words, key: str, name: str, do: Callable[[str], list[str]], *, ready: bool = True) -> None:
    """Draw the button, and load when asked to; `do` gets who is at work and returns what is to be said."""
    if work.button(words, key, ready=ready):
        who = frame.who()
        work.run(key, words("Loading {file}", file=name), lambda _tell: ("done", do(who), []))


def exposure_table(words: Words, data: Dataset, content: bytes, name: str, digest: str) -> None:
    """Join households, population, road length or covers to the cells of a level, by code or name."""
    if not data.levels:
        st.info(words("Load the boundary polygons first."))
        return
    headers = _sample(reading.table(data, content, name, digest))
    first, second = st.columns(2)
    with first:
        names = [one.name for one in reversed(data.levels)]
        level = st.selectbox(
            words("Boundary level"),
            names,
            format_func=lambda one: intake.level_name(words, one),
            key=f"x-level-{digest[:8]}",
        )
        key = st.selectbox(
            words("Column with the code or name of the cell"),
            ["", *headers],
            format_func=lambda one: one or words("detected"),
            key=f"x-key-{digest[:8]}",
        )
    mapping = {}
    with second:
        for field in EXPOSURES:
            chosen = st.selectbox(
                words(intake.EXPOSURE_NAMES[field]),
                ["", *headers],
                format_func=lambda one: one or words("detected"),
                key=f"x-{field}-{digest[:8]}",
            )
            if chosen:
                mapping[field] = chosen
    workspace = cached.workspace()

    def do(who: str) -> list[str]:
        answer = exposures.join_exposures(
            workspace, content, name, level=level, key=key or None, mapping=mapping or None, who=who
        )
        return intake.exposure_sentences(answer, name, words)

    _load(words, f"x-go-{digest[:8]}", name, do)


def address_table(words: Words, data: Dataset, content: bytes, name: str, digest: str) -> None:
    """Load addresses with their points; reports without coordinates that have such an address are placed."""
    _sample(reading.table(data, content, name, digest))
    st.caption(words("Reports without coordinates are placed by these addresses, those stored already too."))
    crs = place_form.choose_system(words, f"a-crs-{digest[:8]}", None)
    workspace = cached.workspace()

    def do(who: str) -> list[str]:
        answer = gazetteer.load_gazetteer(workspace, content, name, crs=str(crs), who=who)
        return intake.address_sentences(answer, name, words)

    _load(words, f"a-go-{digest[:8]}", name, do, ready=crs is not None)


def standard_table(words: Words, data: Dataset, content: bytes, name: str, digest: str) -> None:
    """Load a city's standard of filing and deadlines."""
    _sample(reading.table(data, content, name, digest))
    first, second, third = st.columns(3)
    with first:
        scheme = st.selectbox(
            words("Code list"),
            list(intake.SCHEME_NAMES),
            format_func=lambda one: intake.scheme_name(words, one),
            accept_new_options=True,
            key=f"s-scheme-{digest[:8]}",
        )
    with second:
        kind = st.selectbox(
            words("Kind"), list(KINDS), format_func=lambda one: words(KINDS[one]), key=f"s-kind-{digest[:8]}"
        )
    with third:
        since = st.date_input(
            words("Stands from (empty: always)"), value=None, format="YYYY-MM-DD", key=f"s-from-{digest[:8]}"
        )
    workspace = cached.workspace()

    def do(who: str) -> list[str]:
        answer = standards.load_standard(
            workspace,
            content,
            name,
            scheme=scheme or next(iter(intake.SCHEME_NAMES)),
            kind=kind or None,
            valid_from=since.isoformat() if since else None,
            who=who,
        )
        return intake.standard_sentences(answer, name, words)

    _load(words, f"s-go-{digest[:8]}", name, do)


def standards_list(words: Words, data: Dataset) -> None:
    """Say which standards are loaded."""
    rows = data.standards()
    if len(rows):
        counts = rows.groupby(["scheme", "kind", "valid_from"]).size().reset_index(name="n")
        shown = pd.DataFrame(
            {
                words("Code list"): [intake.scheme_name(words, one) for one in counts["scheme"]],
                words("Kind"): [words(intake.STANDARD_KINDS[kind]) for kind in counts["kind"]],
                words("Stands from"): counts["valid_from"],
                words("Rows"): counts["n"],
            }
        )
        frame.table(shown)
    else:
        st.caption(markdown_plain(words("No standard is loaded: a city's own table of classes and deadlines can be.")))
