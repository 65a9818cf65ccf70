"""Load a file on the Data page: what it holds, told by its content and changeable, and the form that fits it."""

import hashlib
from collections.abc import Callable

import streamlit as st

from base.errors import HazardError
from base.text import N_, Words, markdown_plain
from data import apart
from data.contents import kind_of
from data.dataset import Dataset
from data.purpose import PURPOSES, guess_purpose
from pages.common import boundary_form, frame, gauges_view, projects_form, reading, reports_form, tables_form, work

FORMATS = (
    "csv", "txt", "tsv", "xlsx", "xls", "html", "htm", "mht", "mhtml", "geojson", "json", "gpkg", "zip", "parquet",
    "kml", "kmz",
)  # fmt: skip
FORMS: dict[str, Callable[[Words, Dataset, bytes, str, str], None]] = {
    "reports": reports_form.draw,
    "cells": boundary_form.draw,
    "exposures": tables_form.exposure_table,
    "gazetteer": tables_form.address_table,
    "standard": tables_form.standard_table,
    "workdays": tables_form.workday_table,
    "projects": projects_form.draw,
    "rain": gauges_view.form,
}
PERSONAL = {
    False: N_("Columns of names, phones and identity numbers are not read; in other texts they are masked as ***."),
    True: N_("Names, phones and identity numbers are masked as ***, in columns of their own and in other texts."),
}
_SHAPES = ("JSON", "SQLite", "ZIP", "KML", "KMZ", "Parquet")  # may hold points or polygons


def load_file(words: Words, data: Dataset) -> None:
    """Show the upload and, for a file, the form that fits its content."""
    frame.heading(words("Load a file"))
    _translate_uploader(words)
    file = st.file_uploader(
        words("A file of reports, of boundaries, or a table that belongs to them"),
        type=list(FORMATS),
        max_upload_size=int(data.settings["max_file_mb"]),
        key=work.upload_key(),
    )
    if file is None:
        formats = words(
            "Reports: CSV, XLSX, XLS, web page saved as XLS, GeoJSON, GeoPackage, Shapefile (zip), Parquet. "
            "Boundaries: GeoJSON, GeoPackage, Shapefile (zip), GeoParquet, KML, CSV with WKT. "
            "Nothing is stored before you press Import."
        )
        masked = data.settings["personal_columns"] == "mask"
        st.caption(markdown_plain(words.joined([formats, words(PERSONAL[masked])])))
        if data.settings["read_apart"]:
            apart.prepare()  # what reads the file is ready when it comes
        return
    content = file.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    with frame.told(words, stop=False):
        with st.spinner(words("Reading {file}", file=markdown_plain(file.name))):
            guess = _purpose(data, content, file.name, digest)
        purpose = st.selectbox(
            words("This file holds"),
            list(PURPOSES),
            index=list(PURPOSES).index(guess),
            format_func=lambda one: words(PURPOSES[one]),
            key=f"purpose-{digest[:8]}",
        )
        FORMS[purpose](words, data, content, file.name, digest)


def _purpose(data: Dataset, content: bytes, name: str, digest: str) -> str:
    """Return what the file seems to be for; what cannot be read at all is taken for reports, whose form says why."""
    if kind_of(content) in _SHAPES:
        try:
            reading.cells(data, content, name, digest)
        except HazardError as error:
            return "cells" if error.code in ("layer-ambiguous", "json-broken") else "reports"
        return "cells"
    try:
        return guess_purpose(reading.table(data, content, name, digest).headers)
    except HazardError:
        return "reports"


def _translate_uploader(words: Words) -> None:
    """Put our words over the two that Streamlit keeps in English; both are ours, none comes from a file."""
    button = words("Choose a file")
    limit = words("or drop it here")
    area = '[data-testid="stFileUploaderDropzone"]'
    st.html(
        f"<style>{area} button[data-testid='stBaseButton-secondary'] p {{font-size: 0}}"
        f"{area} button[data-testid='stBaseButton-secondary'] p::after {{content: '{button}'; font-size: 1rem}}"
        f"[data-testid='stFileUploaderDropzoneInstructions'] span {{font-size: 0}}"
        f"[data-testid='stFileUploaderDropzoneInstructions'] span::after "
        f"{{content: '{limit}'; font-size: 0.95rem}}</style>"
    )
