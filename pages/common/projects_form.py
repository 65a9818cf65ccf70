"""The form of a file of drainage projects: what it would change, what is odd about its rows, and the load."""

import streamlit as st

from base.errors import HazardError
from base.text import Words, markdown_plain
from data import projects
from data.dataset import Dataset
from pages.common import cached, frame, place_form, reading, results
from reports import intake
from reports import projects as report

HELD = "pr-held"  # of the session: the projects as a reader saw them first, while they are being edited
_PREVIEW = 5  # rows


def draw(words: Words, data: Dataset, content: bytes, name: str, digest: str, *, unsaved: bool = False) -> None:
    """Show what a file of projects holds and would change; load it when asked to, unless the table is not saved yet."""
    key = digest[:8]
    crs = st.session_state.get(f"pr-system-{key}")
    layer = st.session_state.get(f"pr-layer-{key}") or None
    file, refused = None, None
    try:
        file = reading.projects(data, content, name, digest, crs=crs, layer=layer)
    except HazardError as error:
        if error.code != "projects-projected":
            raise
        refused = error
    first, second, third = st.columns(3)
    drawn = file is not None and bool(file.rows.geometry.notna().any())
    with first:
        if refused or drawn:
            known = file.crs if file is not None and file.crs_from == "file" else None
            chosen = place_form.choose_system(words, f"pr-crs-{key}", known)
            if chosen != crs and (chosen or crs):  # what is read hangs on it: read anew
                st.session_state[f"pr-system-{key}"] = chosen
                st.rerun()
    if refused is not None:
        raise refused
    if file is None:
        return
    level = None
    with second:
        if len(data.levels) > 1 and any(len(cells) for cells in file.rows["cells"]):
            level = st.selectbox(
                words("Level of the listed cells"),
                ["", *(one.name for one in reversed(data.levels))],
                format_func=lambda one: intake.level_name(words, one) if one else words("where most are found"),
                key=f"pr-level-{key}",
            )
    with third:
        if len(file.layers) > 1:
            st.selectbox(words("Layer"), ["", *file.layers], format_func=lambda one: one or words("detected"),
                         key=f"pr-layer-{key}")  # fmt: skip
    loaded = projects.preview(data, file, level=level or None)
    _told(words, loaded, name)
    ready = len(loaded.rows) > 0 and not (drawn and crs is None)
    if drawn and crs is None:
        st.info(words("Choose the coordinate system of the projects first."))
    if unsaved:
        st.caption(markdown_plain(words("Save what you wrote in the table first.")))
    if st.button(
        words("Load the projects"), type="primary", disabled=not ready or unsaved, key=f"pr-go-{key}",
        icon=":material/download_done:",
    ):  # fmt: skip
        with frame.told(words, stop=False), st.spinner(words("Loading {file}", file=markdown_plain(name))):
            answer = projects.load_projects(
                cached.workspace(), content, name, crs=crs, layer=layer, level=level or None, who=frame.who()
            )
            st.session_state.pop(HELD, None)
            st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1  # the upload is done with
            results.tell("done", report.load_sentences(answer, name, words))
            st.rerun()


def _told(words: Words, loaded: projects.Loaded, name: str) -> None:
    """Show the totals, the first rows, and what is to be said of them."""
    st.text(report.totals_sentence(report.preview_facts(loaded), name, words))
    rows = report.shown(loaded.rows[list(loaded.after.columns)].head(_PREVIEW), words)
    frame.table(
        rows[list(report.SHOWN)], report.titles(words), alt=words("The first projects of the file, as they are read.")
    )
    for sentence in (
        *report.rejected_sentences(loaded.file.rejected, words),
        *(note.say(words) for note in loaded.notes),
    ):
        st.text(sentence)
    if loaded.problems:
        with st.expander(words("To be looked at ({n})", n=len(loaded.problems))):
            frame.table(report.problem_rows(loaded.problems, words), alt=words("What is odd about the projects."))
