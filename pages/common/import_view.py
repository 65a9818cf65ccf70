"""Load a file on the Data page: see the guess, correct it, see what would happen, import with progress."""

import hashlib
from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

import pandas as pd
import streamlit as st

from base.text import N_, Words, markdown_plain
from data import apart, cell_columns, headers, levels, loading
from data.contents import kind_of
from data.dataset import Dataset
from data.privacy import personal_headers
from data.readers import RawCells, Table
from data.schema import FIELD_TITLES, FIELDS, LEVEL_NAMES
from pages.common import cached, frame
from reports import intake

SYSTEMS = {
    "wgs84": N_("WGS 84: GPS, most open data"),
    "gcj02": N_("GCJ-02: AMap, Tencent"),
    "bd09": N_("BD-09: Baidu"),
    "EPSG:4490": N_("CGCS2000 in degrees (EPSG:4490)"),
    "other": N_("Another system, by its EPSG number"),
}
ENCODINGS = ("", "utf-8", "gb18030", "big5")
DAY_ORDERS = {None: N_("detected"), True: N_("day first: 05/03 is 5 March"), False: N_("month first: 05/03 is May 3")}
SCHEMES = {"": N_("not known"), "cjt214": "CJ/T 214", "gbt30428": "GB/T 30428.2"}


# The whole file as it came, personal columns too: for one file at a time, and not for long.
@st.cache_data(max_entries=2, ttl=900, show_spinner=False)
def _table(digest: str, name: str, encoding: str, sheet: str, _content: bytes, _settings: Mapping[str, Any]) -> Table:
    return apart.read_table(_content, name, settings=_settings, encoding=encoding or None, sheet=sheet or None)


@st.cache_data(max_entries=1, ttl=900, show_spinner=False)
def _boundaries(digest: str, name: str, _content: bytes, _settings: Mapping[str, Any]) -> RawCells:
    return levels.read_boundary_file(_content, name, settings=_settings)


def load_file(words: Words, data: Dataset) -> None:
    """Show the upload and, for a file, the form that fits its content."""
    frame.heading(words("Load a file"))
    show_result(words)
    _translate_uploader(words)
    if data.settings["read_apart"]:
        apart.prepare()  # ready by the time that a file is chosen
    file = st.file_uploader(
        words("Incidents as CSV or XLSX; boundaries as GeoJSON or GeoPackage"),
        type=["csv", "txt", "tsv", "xlsx", "geojson", "json", "gpkg"],
        max_upload_size=int(data.settings["max_file_mb"]),
        key=f"upload-{st.session_state.get('uploads', 0)}",
    )
    if file is None:
        st.caption(
            markdown_plain(
                words("Nothing is stored before you press Import. Names, phones and identity numbers are masked.")
            )
        )
        return
    content = file.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    with frame.told(words, stop=False):
        if kind_of(content) in ("JSON", "SQLite"):
            _boundary_form(words, data, content, file.name, digest)
        else:
            _incident_form(words, data, content, file.name, digest)


def _translate_uploader(words: Words) -> None:
    """Put our words over the two that Streamlit keeps in English; both are ours, none comes from a file."""
    button = words("Choose a file")
    limit = words("or drop it here; CSV, XLSX, GeoJSON, GeoPackage")
    area = '[data-testid="stFileUploaderDropzone"]'
    st.html(
        f"<style>{area} button[data-testid='stBaseButton-secondary'] p {{font-size: 0}}"
        f"{area} button[data-testid='stBaseButton-secondary'] p::after {{content: '{button}'; font-size: 1rem}}"
        f"[data-testid='stFileUploaderDropzoneInstructions'] span {{font-size: 0}}"
        f"[data-testid='stFileUploaderDropzoneInstructions'] span::after "
        f"{{content: '{limit}'; font-size: 0.95rem}}</style>"
    )


def show_result(words: Words) -> None:
    """Show what the last import or change said."""
    kind, lines = st.session_state.pop("result", (None, []))
    if kind is not None:
        (st.success if kind == "done" else st.info)(markdown_plain(words.joined(lines)))


def tell(kind: str, lines: list[str]) -> None:
    """Keep sentences for the next run, and begin with an empty upload."""
    st.session_state["result"] = (kind, lines)
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1


def _incident_form(words: Words, data: Dataset, content: bytes, name: str, digest: str) -> None:
    left, right = st.columns(2)
    with left:
        encoding = st.selectbox(
            words("Encoding"), ENCODINGS, format_func=lambda code: code.upper() or words("detected"), key="i_encoding"
        )
    table = _table(digest, name, encoding, "", content, data.settings)
    if (sheet := st.session_state.get(f"i_sheet_{digest[:8]}")) in table.sheets:
        table = _table(digest, name, encoding, sheet, content, data.settings)
    with right:
        if len(table.sheets) > 1:
            st.selectbox(words("Sheet"), table.sheets, key=f"i_sheet_{digest[:8]}")
        elif table.encoding:
            st.text(words("Read as {encoding}", encoding=table.encoding.upper()))
    st.text(words("The first rows of {n}:", n=len(table.frame) + len(table.bad)))
    _sample(table)
    mapping = _mapping(words, table)
    options = _options(words, data)
    st.caption(markdown_plain(words("The time up to which the file knows its cases decides what counts as open.")))
    ready = options["crs"] is not None
    with st.container(horizontal=True):
        check = st.button(words("Check only"), disabled=not ready, icon=":material/fact_check:")
        go = st.button(words("Import"), type="primary", disabled=not ready, icon=":material/download_done:")
    if not ready:
        st.info(words("Choose the coordinate system of the points first: a wrong one moves points into other grids."))
    if check or go:
        _import(
            words,
            content,
            name,
            {**options, "mapping": mapping, "encoding": encoding or None, "sheet": table.sheet},
            dry_run=not go,
        )


def _sample(table: Table) -> None:
    hidden = personal_headers(table.headers)
    keys = [key for key, header in zip(table.frame.columns, table.headers, strict=True) if header not in hidden]
    titles = dict(zip(table.frame.columns, table.headers, strict=True))
    st.dataframe(
        intake.masked_sample(table.frame[keys].head(3)),
        hide_index=True,
        column_config={key: st.column_config.TextColumn(titles[key]) for key in keys},
    )


def _mapping(words: Words, table: Table) -> dict[str, str]:
    guess = headers.guess_mapping(table.headers)
    hidden = personal_headers(table.headers)
    choices = ["", *(header for header in table.headers if header and header not in hidden)]
    chosen: dict[str, str] = {}
    with st.expander(words("Columns: {n} of {m} found", n=len(guess), m=len(FIELDS)), expanded=len(guess) < 4):
        if hidden:
            st.caption(markdown_plain(words("Not loaded, personal data: {names}", names=words.listed(hidden))))
        columns = st.columns(3)
        for place, field in enumerate(FIELDS):
            with columns[place % 3]:
                start = choices.index(guess[field.name]) if guess.get(field.name) in choices else 0
                chosen[field.name] = st.selectbox(
                    words(FIELD_TITLES[field.name]),
                    choices,
                    index=start,
                    format_func=lambda header: header or words("none"),
                    key=f"i_{headers.fingerprint(table.headers)}_{field.name}",
                )
    return chosen


def _options(words: Words, data: Dataset) -> dict[str, Any]:
    first, second, third = st.columns(3)
    with first:
        crs = _system(words, "i_crs", None)
        zones = sorted(available_timezones())
        zone = st.selectbox(words("Time zone"), zones, index=zones.index(data.zone), key="i_zone")
    with second:
        known = [*data.sources] or ["default"]
        source = st.selectbox(
            words("Source (the same case number there is the same case)"),
            known,
            accept_new_options=True,
            key="i_source",
        )
        scheme = st.selectbox(
            words("Code list of the types"), list(SCHEMES), format_func=lambda key: words(SCHEMES[key]), key="i_scheme"
        )
    with third:
        as_of = st.text_input(
            words("As-of time of the file"),
            placeholder=words("empty: its latest time; or 2025-09-30 18:00"),
            key="i_as_of",
        )
        day_first = st.selectbox(
            words("Day and month in dates"),
            list(DAY_ORDERS),
            format_func=lambda key: words(DAY_ORDERS[key]),
            key="i_days",
        )
    return {
        "crs": crs,
        "day_first": day_first,
        "zone": zone,
        "source": source or "default",
        "scheme": scheme or None,
        "as_of": as_of.strip() or None,
    }


def _system(words: Words, key: str, own: str | None) -> str | None:
    """Draw the choice of a coordinate system; nothing is chosen unless the file names its own."""
    options = ([own] if own else []) + [name for name in SYSTEMS if name != own]
    crs = st.selectbox(
        words("Coordinate system"),
        options,
        index=0 if own else None,
        format_func=lambda name: words(SYSTEMS[name]) if name in SYSTEMS else name,
        placeholder=words("choose"),
        key=key,
    )
    if crs == "other":
        number = st.text_input(words("EPSG number"), placeholder="4547", key=f"{key}_epsg").strip()
        return f"EPSG:{number}" if number.isdigit() else None
    return crs


def _import(words: Words, content: bytes, name: str, options: Mapping[str, Any], *, dry_run: bool) -> None:
    bar = st.progress(0.0, text=words("Reading {file}", file=markdown_plain(name)))

    def progress(share: float, sentence: str, fields: dict[str, Any]) -> None:
        bar.progress(min(max(share, 0.0), 1.0), text=markdown_plain(words(sentence, **fields)))

    try:
        answer = loading.import_incidents(
            cached.workspace(), content, name, dry_run=dry_run, who=frame.who(), progress=progress, **options
        )
    finally:
        bar.empty()
    lines = intake.import_sentences(answer, name, words)
    if dry_run:
        st.info(markdown_plain(words.joined([words("Nothing is stored yet."), *lines])))
        return
    tell("done" if not answer["unchanged"] else "same", lines)
    st.rerun()


def _boundary_form(words: Words, data: Dataset, content: bytes, name: str, digest: str) -> None:
    raw = _boundaries(digest, name, content, data.settings)
    columns = [column for column in raw.frame.columns if column not in ("geometry", "row")]
    hidden = cell_columns.personal_columns(columns)
    columns = [column for column in columns if column not in hidden]
    guess = cell_columns.guess_cell_columns(columns)
    st.text(words.plural("{n} polygon can be read.", "{n} polygons can be read.", len(raw.frame)))
    st.dataframe(intake.masked_sample(pd.DataFrame(raw.frame[columns]).head(3)), hide_index=True)
    first, second, third = st.columns(3)
    with first:
        level = st.selectbox(
            words("Boundary level"),
            [
                "grid",
                "community",
                "street",
                "building",
                "district",
                "neighborhood",
                *(one.name for one in data.levels if one.name not in LEVEL_NAMES),
            ],
            format_func=lambda one: intake.level_name(words, one),
            accept_new_options=True,
            key="b_level",
        )
    with second:
        crs = _system(words, "b_crs", raw.crs)
    chosen: dict[str, str | None] = {}
    for place, (key, title) in enumerate(
        (("cell_id", words("Code")), ("name", words("Name")), ("parent", words("Code one level up")))
    ):
        with (third, first, second)[place]:
            options = ["", *columns]
            start = options.index(guess[key]) if guess.get(key) in columns else 0
            chosen[key] = (
                st.selectbox(title, options, index=start, format_func=lambda one: one or words("none"), key=f"b_{key}")
                or None
            )
    if crs is None:
        st.info(words("Choose the coordinate system of the boundaries first."))
    if st.button(words("Import"), type="primary", disabled=crs is None, icon=":material/download_done:") and crs:
        with st.spinner(words("Loading {file}", file=markdown_plain(name))):
            answer = levels.load_cells(
                cached.workspace(),
                content,
                name,
                level=level,
                id_column=chosen["cell_id"],
                name_column=chosen["name"],
                parent_column=chosen["parent"],
                crs=crs,
                who=frame.who(),
            )
        tell("done", intake.cell_sentences(answer, name, words))
        st.rerun()
