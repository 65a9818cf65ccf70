"""The rain gauges on the Data page: what is stored, a file of rain with its questions, removal, taking back."""

import hashlib
from functools import partial
from typing import Any

import streamlit as st

from base.text import Words, markdown_plain
from data import rain
from data.dataset import Dataset
from data.taking_back import last_change
from pages.common import cached, downloads, frame, reading, results
from reports import gauges as report
from reports import intake

_PREVIEW = 5  # rows


def draw(words: Words, data: Dataset) -> None:
    """Show what rain is stored, or how to begin; load a file, take stations out, hand it out."""
    frame.heading(words("Rain"))
    found = data.rainfall()
    if found.empty:
        st.info(
            words(
                "No rain is loaded. With the table of a rain gauge (an hour or a day a row, CSV or XLSX) the pages of "
                "drainage tell at how much rain a cell floods, which cells to send pumps to, and whether a finished "
                "work helped for the same rain. The template shows how such a table looks."
            )
        )
    else:
        st.text(report.headline(data, found, words))
        rows = report.station_rows(data, found, words)
        frame.table(rows, report.titles(words), alt=words("The stations whose rain is stored."))
    _load(words, data)
    if not found.empty:
        _change(words, data, sorted(set(found["station"])))


def _load(words: Words, data: Dataset) -> None:
    with st.expander(words("Load a file of rain"), expanded=False):
        with st.container(horizontal=True):
            for book, suffix, mime in ((True, "xlsx", downloads.XLSX), (False, "csv", "text/csv")):
                label = words("Template ({kind})", kind=suffix.upper())
                name = f"hotspots-rain-template.{suffix}"
                downloads.file_of(label, partial(report.template, words, book=book), name, mime)
        file = st.file_uploader(
            words("A table of a rain gauge"),
            type=["csv", "txt", "xlsx", "xls"],
            max_upload_size=int(data.settings["max_file_mb"]),
            key=f"ra-upload-{st.session_state.get('uploads', 0)}",
        )
        if file is not None:
            content = file.getvalue()
            with frame.told(words, stop=False):
                form(words, data, content, file.name, hashlib.sha256(content).hexdigest())


def form(words: Words, data: Dataset, content: bytes, name: str, digest: str) -> None:
    """Show how a table of rain was read and what it would change; load it when asked to."""
    key, first, second, third = digest[:8], *st.columns(3)
    options: dict[str, Any] = {
        name: st.session_state.get(f"ra-{name}-{key}") or None for name in ("unit", "stamp", "sheet")
    }
    file = reading.rain(data, content, name, digest, zone=data.zone, **options)
    with first:
        st.selectbox(
            words("Depths are in"), ["", *rain.UNITS], key=f"ra-unit-{key}",
            format_func=lambda one: words(report.UNIT_NAMES[one]) if one else report.unit_choice(file, words),
        )  # fmt: skip
    with second:
        st.selectbox(
            words("The time of a reading is"), ["", rain.BEGIN, rain.END], key=f"ra-stamp-{key}",
            format_func=lambda one: words(report.STAMP_NAMES[one]) if one else report.stamp_choice(file, words),
        )  # fmt: skip
    with third:
        if len(file.sheets) > 1:
            at = file.sheets.index(file.sheet) if file.sheet in file.sheets else 0
            st.selectbox(words("Sheet or layer"), file.sheets, index=at, key=f"ra-sheet-{key}")
    loaded = rain.preview(data, file)
    for sentence in report.preview_sentences(loaded, name, words):
        st.text(sentence)
    head = file.rows.head(_PREVIEW)
    local = head["begin"].dt.tz_convert(data.zone).dt.strftime("%Y-%m-%d %H:%M")
    shown = head.assign(time=local)[list(report.READING_TITLES)]
    heads = {name: words(title) for name, title in report.READING_TITLES.items()}
    frame.table(shown, heads, alt=words("The first readings of the file, as they are read."))
    ready = len(file.rows) > 0
    if st.button(
        words("Load the rain"), type="primary", disabled=not ready, key=f"ra-go-{key}", icon=":material/download_done:"
    ):
        with frame.told(words, stop=False), st.spinner(words("Loading {file}", file=markdown_plain(name))):
            answer = rain.load_rain(cached.workspace(), content, name, **options, who=frame.who())
            st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1  # the upload is done with
            results.tell("done", report.load_sentences(answer, name, words))
            st.rerun()


def _change(words: Words, data: Dataset, names: list[str]) -> None:
    with st.container(horizontal=True):
        for suffix, mime in ((".xlsx", downloads.XLSX), (".csv", "text/csv")):
            label = words("Rain ({kind})", kind=suffix[1:].upper())
            name = f"hotspots-rain{suffix}"
            downloads.file_of(label, partial(report.file_of, data, words, suffix, suffix), name, mime)
        last = last_change(data, rain.RAIN)
        if last is not None:
            with st.popover(words("Take the last change back"), icon=":material/undo:"):
                st.text(intake.change_sentence(last.kind, last.what, words))
                st.text(words("The rain is as it was before that change."))
                if st.button(words("Take it back"), type="primary", key="ra-undo"):
                    with frame.told(words, stop=False):
                        _done(report.undo_sentences(rain.take_back(cached.workspace(), who=frame.who()), words))
        with st.popover(words("Remove a station"), icon=":material/delete:"):
            gone = st.selectbox(
                words("Station"), names, format_func=lambda one: one or words("the gauge"), key="ra-station"
            )
            st.text(words("All its readings go; it can be taken back."))
            if st.button(words("Remove it"), key="ra-remove"):
                with frame.told(words, stop=False):
                    answer = rain.remove_stations(cached.workspace(), [gone], who=frame.who())
                    _done(report.removed_sentences(answer, words))


def _done(sentences: list[str]) -> None:
    results.tell("done", sentences)
    st.rerun()
