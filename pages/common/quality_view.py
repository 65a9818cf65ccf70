"""What is missing, odd or doubtful in the data, each item with its rows; and a place for a report that has none."""

import pandas as pd
import streamlit as st

from base.errors import HazardError
from base.text import N_, Words
from data import changes
from data.dataset import Dataset
from data.quality import REJECTED
from pages.common import cached, controls, downloads, frame, results
from reports import intake, people
from reports import quality as report

MOST_ROWS = 200
COLUMNS = (
    "km", "why", "group", "incident_id", "type_name", "reported_at", "address", "description", "remark", "closed_at",
    "hazard", "cell_id", "source", "row",
)  # fmt: skip
TITLES = {
    "incident_id": N_("Case number"),
    "row": N_("Row in its file"),
    "km": N_("km from the boundary"),
    "why": N_("Likely reason"),
    "source": N_("Source"),
    "reported_at": N_("Reported"),
    "closed_at": N_("Closed"),
    "hazard": N_("Hazard"),
    "type_name": N_("Type"),
    "description": N_("Description"),
    "address": N_("Address"),
    "cell_id": N_("Cell"),
    "remark": N_("Remark"),
    "group": N_("Group"),
    "name": N_("Name"),
    "parent": N_("Belongs to"),
    "area_km2": N_("Area (km²)"),
}


def draw(words: Words, data: Dataset) -> None:
    """Show the report, and the rows behind the item that is chosen."""
    frame.heading(words("How good are the data?"))
    if not data.imports:
        st.info(words("No incidents are loaded yet."))
        return
    items = cached.quality(data, words)
    found = items[items["n"] > 0].reset_index(drop=True)
    if found.empty:
        st.success(words("Nothing is missing or odd."))
        return
    listed = {words("What is odd"): found["sentence"], words("Share"): found["share"].round(3)}
    if len(data.sources) > 1:
        names = [words("all") if one is None else intake.source_name(words, one) for one in found["source"]]
        listed[words("Source")] = pd.Series(names)
    frame.table(
        pd.DataFrame(listed),
        height=min(420, 40 + 35 * len(found)),
        column_config={
            words("Share"): st.column_config.ProgressColumn(words("Share"), min_value=0, max_value=1, format="percent"),
            words("What is odd"): st.column_config.TextColumn(words("What is odd"), width="large"),
        },
        alt=words("Table of {n} items.", n=len(found)),
    )
    downloads.sheet(
        words, data, None, found, {key: words(title) for key, title in report.QUALITY_TITLES.items()},
        name=words("Quality of the data"), file="quality",
    )  # fmt: skip
    whole = found[found["source"].isna()]
    sentences = dict(zip(whole["code"], whole["sentence"], strict=True))
    code = controls.select(
        words("Show the rows of"), "item", list(sentences), lambda one: sentences[one], default=next(iter(sentences))
    )
    rows = report.quality_rows(data, code, limit=MOST_ROWS)
    n = int(whole.loc[whole["code"] == code, "n"].iloc[0])
    shown, titles = _rows(words, data, rows, code)
    if len(data.sources) == 1 and "source" in shown:
        shown = shown.drop(columns=["source"])
    frame.table(
        shown,
        titles,
        alt=words.plural("Table of {n} row.", "Table of {n} rows.", len(shown)),
    )
    frame.only_first(words, len(rows), n)
    downloads.deferred(
        words, data, None, lambda: _rows(words, data, report.quality_rows(data, code, limit=None), code),
        name=words("Rows of this item"), file=f"quality-{code}",
    )  # fmt: skip
    if code == "no-location" and len(rows):
        _locate(words, data, rows)


def _rows(words: Words, data: Dataset, rows: pd.DataFrame, code: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return rows for people, and their titles."""
    if code.startswith(REJECTED):
        return intake.named_rejected(rows, data, words), {k: words(v) for k, v in intake.REJECTED_TITLES.items()}
    if "hazard" in rows:
        rows = people.incidents_for_people(rows, words)
        rows["source"] = [intake.source_name(words, one) for one in rows["source"]]
    names = [name for name in (*COLUMNS, "name", "parent", "area_km2") if name in rows]
    return rows[names], {name: words(TITLES[name]) for name in names}


def _locate(words: Words, data: Dataset, rows: pd.DataFrame) -> None:
    """Give a report without a location its place by hand: a point, or a cell."""
    keys = [(str(source), str(number)) for source, number in zip(rows["source"], rows["incident_id"], strict=True)]
    told = dict(zip(keys, rows["address"].fillna("").astype(str), strict=True))
    with st.expander(words("Give one of them its place"), icon=":material/add_location:"):
        chosen = st.selectbox(
            words("Report"),
            keys,
            format_func=lambda key: f"{key[1]} · {told[key]}"[:120],
            key=f"l-{data.fingerprint[:8]}",
        )
        first, second, third = st.columns(3)
        lon = first.text_input(words("Longitude (WGS 84)"), placeholder="113.1932")
        lat = second.text_input(words("Latitude (WGS 84)"), placeholder="33.7351")
        cells = data.cells(data.levels[-1].name) if data.levels else pd.DataFrame({"cell_id": [], "name": []})
        names = dict(zip(cells["cell_id"], cells["name"], strict=True))
        cell = third.selectbox(
            words("or its cell"),
            ["", *names],
            format_func=lambda one: f"{names[one]} ({one})" if one else words("none"),
        )
        if st.button(words("Save the place"), type="primary"):
            with frame.told(words, stop=False):
                x, y = (None, None) if cell else (_degrees(lon), _degrees(lat))
                changes.set_location(cached.workspace(), *chosen, lon=x, lat=y, cell=cell or None, who=frame.who())
                results.tell("done", [words("Report {number} has its place now.", number=chosen[1])])
                st.rerun()


def _degrees(text: str) -> float | None:
    try:
        return float(text) if text.strip() else None
    except ValueError:
        raise HazardError(
            "location-no-degrees", "“{value}” is no coordinate: write degrees such as 113.1932.", value=text
        ) from None
