"""The forms of tables that belong to the reports: exposures by cell, addresses with points, a city's standard."""

import pandas as pd
import streamlit as st

from base.text import N_, Words, markdown_plain
from data import exposures, gazetteer, standards
from data.dataset import Dataset
from data.privacy import personal_headers
from data.schema import EXPOSURES
from data.table import Table
from pages.common import cached, frame, place_form, reading, results
from reports import intake

KINDS = {"": N_("detected"), "component": N_("components (部件)"), "event": N_("events (事件)")}
SCHEMES = ("gbt30428", "cjt214")


def _sample(table: Table) -> list[str]:
    """Show the first rows without what is about persons, and return the headers that may be chosen."""
    hidden = personal_headers(table.headers)
    titles = {
        key: title
        for key, title in zip(table.frame.columns, table.headers, strict=True)
        if title and title not in hidden
    }
    st.dataframe(
        intake.masked_sample(table.frame[list(titles)].head(3)),
        hide_index=True,
        column_config={key: st.column_config.TextColumn(title) for key, title in titles.items()},
    )
    return list(dict.fromkeys(titles.values()))


def _pressed(words: Words, key: str, *, ready: bool = True) -> bool:
    return st.button(words("Import"), type="primary", icon=":material/download_done:", key=key, disabled=not ready)


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
    if _pressed(words, f"x-go-{digest[:8]}"):
        answer = exposures.join_exposures(
            cached.workspace(), content, name, level=level, key=key or None, mapping=mapping or None, who=frame.who()
        )
        results.tell("done", intake.exposure_sentences(answer, name, words))
        st.rerun()


def address_table(words: Words, data: Dataset, content: bytes, name: str, digest: str) -> None:
    """Load addresses with their points; reports without coordinates that have such an address are placed."""
    _sample(reading.table(data, content, name, digest))
    st.caption(words("Reports without coordinates are placed by these addresses, those stored already too."))
    crs = place_form.choose_system(words, f"a-crs-{digest[:8]}", None)
    if _pressed(words, f"a-go-{digest[:8]}", ready=crs is not None) and crs:
        answer = gazetteer.load_gazetteer(cached.workspace(), content, name, crs=crs, who=frame.who())
        results.tell("done", intake.address_sentences(answer, name, words))
        st.rerun()


def standard_table(words: Words, data: Dataset, content: bytes, name: str, digest: str) -> None:
    """Load a city's standard of filing and deadlines."""
    _sample(reading.table(data, content, name, digest))
    first, second, third = st.columns(3)
    with first:
        scheme = st.selectbox(
            words("Code list"),
            SCHEMES,
            format_func=lambda one: {"gbt30428": "GB/T 30428.2", "cjt214": "CJ/T 214"}.get(one, one),
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
    if _pressed(words, f"s-go-{digest[:8]}"):
        answer = standards.load_standard(
            cached.workspace(),
            content,
            name,
            scheme=scheme or SCHEMES[0],
            kind=kind or None,
            valid_from=since.isoformat() if since else None,
            who=frame.who(),
        )
        results.tell("done", intake.standard_sentences(answer, name, words))
        st.rerun()


def standards_list(words: Words, data: Dataset) -> None:
    """Say which standards are loaded."""
    rows = data.standards()
    if len(rows):
        counts = rows.groupby(["scheme", "kind", "valid_from"]).size().reset_index(name="n")
        shown = pd.DataFrame(
            {
                words("Code list"): counts["scheme"],
                words("Kind"): [words(intake.STANDARD_KINDS.get(kind, kind)) for kind in counts["kind"]],
                words("Stands from"): counts["valid_from"],
                words("Rows"): counts["n"],
            }
        )
        st.dataframe(shown, hide_index=True)
    else:
        st.caption(markdown_plain(words("No standard is loaded: a city's own table of classes and deadlines can be.")))
