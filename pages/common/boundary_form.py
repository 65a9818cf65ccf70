"""The form of a boundary file: layer, level, columns, from when it stands, its coordinate system, and the load."""

from typing import Any

import pandas as pd
import streamlit as st

from base.text import N_, Words, markdown_plain
from data import cell_columns, levels
from data.dataset import Dataset
from data.schema import EXPOSURES
from pages.common import cached, frame, place_form, reading, work
from reports import intake

LEVELS = ("grid", "community", "street", "building", "district", "neighborhood")
SAME_ID = {
    "reject": N_("take none of them; they are listed under Boundaries, to be corrected in the file"),
    "merge": N_("merge them into one cell of several parts"),
}
COLUMNS = {"cell_id": N_("Code"), "name": N_("Name"), "parent": N_("Code or name one level up")}


def draw(words: Words, data: Dataset, content: bytes, name: str, digest: str) -> None:
    """Show what the file is taken for, let every guess be corrected, and load it."""
    key = digest[:8]
    layer = st.session_state.get(f"b-layer-{key}") or None
    encoding = st.session_state.get(f"b-encoding-{key}") or None
    raw = reading.cells(data, content, name, digest, layer=layer, encoding=encoding)
    columns = [column for column in raw.frame.columns if column not in ("geometry", "row")]
    hidden = cell_columns.personal_columns(columns)
    columns = [column for column in columns if column not in hidden]
    guess = cell_columns.guess_cell_columns(columns)
    st.text(words.plural("{n} polygon can be read.", "{n} polygons can be read.", len(raw.frame)))
    frame.table(intake.masked_sample(pd.DataFrame(raw.frame[columns]).head(3)))
    if exposures := [column for field, column in guess.items() if field in EXPOSURES]:
        st.caption(markdown_plain(words("Taken as exposure: {columns}", columns=words.listed(exposures))))
    first, second, third = st.columns(3)
    chosen: dict[str, str | None] = {}
    with first:
        level = st.selectbox(
            words("Boundary level"),
            list(dict.fromkeys([*LEVELS, *(one.name for one in data.levels)])),
            index=None if data.levels else 0,  # a wrong one would take the place of what is loaded
            placeholder=words("choose"),
            format_func=lambda one: intake.level_name(words, one),
            accept_new_options=True,
            key=f"b-level-{key}",
        )
        for field in ("cell_id", "name"):
            chosen[field] = _column(words, field, columns, guess, key)
    with second:
        chosen["parent"] = _column(words, "parent", columns, guess, key)
        crs = place_form.choose_system(words, f"b-crs-{key}", raw.crs)
        valid_from = st.date_input(
            words("Stands from (empty: replaces the boundary that is there)"),
            value=None,
            format="YYYY-MM-DD",
            key=f"b-from-{key}",
        )
    with third:
        same_id = st.selectbox(
            words("Several outlines of one code"),
            list(SAME_ID),
            format_func=lambda one: words(SAME_ID[one]),
            key=f"b-same-{key}",
        )
        if len(raw.layers) > 1:
            _detected(words, words("Layer"), list(raw.layers), raw.layer, f"b-layer-{key}")
        if raw.encoding:
            _detected(words, words("Encoding"), ["utf-8", "gb18030", "big5"], raw.encoding, f"b-encoding-{key}")
    if any(one.name == level for one in data.levels) and not valid_from:
        st.caption(
            words("A boundary of this level is loaded: this file takes its place, and all reports are placed again.")
        )
    if level is None:
        st.info(words("Choose the level of these boundaries first."))
    elif crs is None:
        st.info(words("Choose the coordinate system of the boundaries first."))
    if not work.button(words, f"b-go-{key}", ready=crs is not None and level is not None):
        return
    workspace, who = cached.workspace(), frame.who()
    options: dict[str, Any] = {"layer": layer, "encoding": encoding, "same_id": same_id, "crs": crs}

    def do(_tell: work.Tell) -> work.Answer:
        answer = levels.load_cells(
            workspace,
            content,
            name,
            level=str(level),
            id_column=chosen["cell_id"],
            name_column=chosen["name"],
            parent_column=chosen["parent"],
            valid_from=valid_from.isoformat() if valid_from else None,
            who=who,
            **options,
        )
        return "done", intake.cell_sentences(answer, name, words), []

    work.run(f"b-go-{key}", words("Loading {file}", file=name), do)


def _column(words: Words, field: str, columns: list[str], guess: dict[str, str], key: str) -> str | None:
    options = ["", *columns]
    start = options.index(guess[field]) if guess.get(field) in columns else 0
    chosen = st.selectbox(
        words(COLUMNS[field]),
        options,
        index=start,
        format_func=lambda one: one or words("none"),
        key=f"b-{field}-{key}",
    )
    return chosen or None


def _detected(words: Words, title: str, options: list[str], used: str | None, key: str) -> None:
    st.selectbox(
        title,
        ["", *options],
        format_func=lambda one: one or words("detected: {value}", value=used or "-"),
        key=key,
    )
