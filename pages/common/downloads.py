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
    st.download_button(
        words("Download: {name}", name=name),
        lambda: write_sheet(*build(), name=name, notes=notes, words=words),
        f"hotspots-{file}.xlsx",
        XLSX,
        key=f"download-{file}",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )
