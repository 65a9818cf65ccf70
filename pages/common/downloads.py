"""Downloads: the data behind a picture as a workbook, with a sheet that says what it is."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import streamlit as st

from base.text import Words
from data.dataset import Dataset
from data.schema import Scope
from reports import people
from reports.sheet import write_sheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GPKG = "application/geopackage+sqlite3"


def sheet(
    words: Words,
    data: Dataset,
    scope: Scope | None,
    frame: pd.DataFrame,
    titles: Mapping[str, str],
    *,
    name: str,
    file: str,
    more: Sequence[str] = (),
) -> None:
    """Draw the button that downloads a frame; the workbook is written when it is pressed."""
    deferred(words, data, scope, lambda: (frame, titles), name=name, file=file, more=more)


def deferred(
    words: Words,
    data: Dataset,
    scope: Scope | None,
    build: Callable[[], tuple[pd.DataFrame, Mapping[str, str]]],
    *,
    name: str,
    file: str,
    more: Sequence[str] = (),
) -> None:
    """Draw a download button whose frame and titles are built when it is pressed."""
    notes = [words("Hazard Hotspots"), name]
    if scope is not None:
        notes.append(people.scope_words(words, data, scope))
    notes.extend(more)
    notes.append(words("data version {n}", n=data.version) + " · " + data.fingerprint[:8])
    if data.is_demo:
        notes.insert(0, words("Example data, invented"))
    label = words("Download: {name}", name=name)
    file_of(label, lambda: write_sheet(*build(), name=name, notes=notes, words=words), f"hotspots-{file}.xlsx", XLSX)


def file_of(label: str, build: Callable[[], bytes], file: str, mime: str) -> None:
    """Draw the button that downloads a file, which is written when it is pressed."""
    st.download_button(
        label, build, file, mime, key=f"download-{file}", icon=":material/download:", type="tertiary", on_click="ignore"
    )
