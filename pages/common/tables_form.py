"""The forms of tables that belong to the reports: exposures by cell, addresses with points, deadlines, workdays."""

from collections.abc import Callable

import streamlit as st

from base.text import N_, Words, markdown_plain
from data import calendar_table, deadline_table, exposures, gazetteer, standards
from data.dataset import Dataset
from data.privacy import personal_headers
from data.schema import EXPOSURES
from data.table import Table
from pages.common import cached, frame, place_form, reading, work
from reports import deadlines, intake

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
    """Load deadlines: a city's standard, or a table of the office."""
    table = reading.table(data, content, name, digest)
    _sample(table)
    coded = "code" in standards.columns_of(table.headers)
    first, second, third = st.columns(3)
    with first:
        scheme = st.selectbox(
            words("Code list"),
            [*intake.SCHEME_NAMES, deadline_table.OFFICE],
            index=0 if coded else len(intake.SCHEME_NAMES),
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
            scheme=scheme or deadline_table.OFFICE,
            kind=kind or None,
            valid_from=since.isoformat() if since else None,
            who=who,
        )
        return intake.standard_sentences(answer, name, words)

    _load(words, f"s-go-{digest[:8]}", name, do)


def workday_table(words: Words, data: Dataset, content: bytes, name: str, digest: str) -> None:
    """Load the office's own table of workdays and days off."""
    _sample(reading.table(data, content, name, digest))
    st.caption(
        markdown_plain(
            words(
                "What this table says of a day goes before the calendar of the country. A row with a year alone says "
                "that the table names all exceptions of that year."
            )
        )
    )
    workspace = cached.workspace()

    def do(who: str) -> list[str]:
        return deadlines.workday_sentences(calendar_table.load_workdays(workspace, content, name, who=who), words)

    _load(words, f"d-go-{digest[:8]}", name, do)
