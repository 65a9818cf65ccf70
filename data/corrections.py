"""Rejected rows that come back: a sheet of ours is known by its last column, which says what row of what import it is.

A row that is taken from such a sheet settles the rejected one; a row that is rejected again stands in its place. Text
in the sheet is data: a mark counts only if it equals that of a row that was rejected by a live import.
"""

import dataclasses
import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from base.errors import HazardError
from base.text import LANGUAGES, N_, Sentence, Words
from data import tables
from data.dataset import Dataset
from data.inert import as_it_was
from data.table import Table

MARK = "hotspots_row"  # title of the column; the same in both languages
TITLES = {  # of the columns that stand before the file's own
    "file": N_("File"),
    "row": N_("Row in Excel"),
    "column": N_("Column"),
    "value": N_("Value"),
    "sentence": N_("Why, and what to do"),
}
BY_CHOICE = ("filtered",)  # reasons that are no fault: such rows are not corrected
_MARK_FORM = re.compile(r"(\d{6,}-[0-9a-f]{8}):(\d{1,9})")
_OF_ONE_FILE = ("as_of", "where", "encoding", "delimiter", "sheet", "header_row", "header_rows")
_HASHED_ID = r"^([0-9a-f]{16})-(\d+)$"


def mark_of(import_id: str, row: int) -> str:
    """Return what the column MARK says of a rejected row."""
    return f"{import_id}:{row}"


def take_apart(table: Table) -> tuple[Table, pd.Series]:
    """Return a table without the columns that a sheet of rejected rows brings, and its marks by row ('' where none).

    What `data.inert` kept from being a formula is again what the first file had.
    """
    if MARK not in table.headers:
        return table, pd.Series([], dtype=object)
    table = dataclasses.replace(
        table, headers=as_it_was(pd.Series(table.headers)).tolist(), frame=table.frame.apply(as_it_was)
    )
    last = table.headers.index(MARK)
    ours = {place for place, header in enumerate(table.headers) if header == MARK}
    for language in LANGUAGES:
        titles = [" ".join(Words(language)(title).split()) for title in TITLES.values()]
        for start in range(len(table.headers) - len(titles) + 1):
            if table.headers[start : start + len(titles)] == titles:
                ours |= set(range(start, start + len(titles)))
                break
    kept = [place for place in range(len(table.headers)) if place not in ours]
    marks = table.frame.iloc[:, last].astype(object).str.strip()
    return (
        dataclasses.replace(
            table, headers=[table.headers[place] for place in kept], frame=table.frame.iloc[:, kept].copy()
        ),
        marks,
    )


def known_rows(dataset: Dataset, marks: pd.Series) -> tuple[pd.DataFrame, list[Sentence]]:
    """Return which row of which live import each marked row is, each once: by_row, import_id, row; and what to say."""
    named = marks[marks != ""]
    if named.empty:
        return pd.DataFrame({"by_row": [], "import_id": [], "row": []}), []
    parts = named.str.extract(f"^{_MARK_FORM.pattern}$")
    found = pd.DataFrame({"by_row": named.index, "import_id": parts[0].to_numpy(), "row": parts[1].to_numpy()})
    found = found.dropna().astype({"row": np.int64, "by_row": np.int64})
    rejected = _rejected(dataset, found["import_id"].unique())
    rejected = rejected.loc[~rejected["reason"].isin(BY_CHOICE), ["import_id", "row"]].drop_duplicates()
    found = found.merge(rejected.astype({"row": np.int64}), on=["import_id", "row"])
    found = found.sort_values("by_row").drop_duplicates(["import_id", "row"], ignore_index=True)
    notes = []
    if len(found):
        notes.append(Sentence(N_("{n} rows come back from a sheet of rejected rows."), {"n": len(found)}))
    if strange := len(named) - len(found):
        sentence = N_("{n} rows bear the mark of a rejected row that is not known here: they are taken as new rows.")
        notes.append(Sentence(sentence, {"n": strange}))
    return found, notes


def _rejected(dataset: Dataset, import_ids: Any) -> pd.DataFrame:
    live = {record.import_id for record in dataset.imports}
    frames = [dataset.rejected(str(one)) for one in import_ids if one in live]
    return pd.concat(frames) if frames else dataset.rejected().head(0)


def choices_before(dataset: Dataset, corrected: pd.DataFrame, headers: list[str]) -> dict[str, Any] | None:
    """Return the choices of the import whose rejected rows come back; None if none do.

    Raises
    ------
    HazardError
        ``corrections-mixed`` if the rows come from imports with different choices.
    """
    every = []
    for import_id in corrected["import_id"].unique():
        options = dataset.imported(import_id).options
        choices = {name: value for name, value in options.items() if name not in _OF_ONE_FILE and value is not None}
        if choices not in every:
            every.append(choices)
    if not every:
        return None
    if len(every) > 1:
        raise HazardError(
            "corrections-mixed",
            "The rows come from imports with different choices (source, coordinate system, columns ...). Download the "
            "rejected rows of one import at a time and load each sheet by itself.",
        )
    choices = every[0]
    mapping = {of: header for of, header in choices.get("mapping", {}).items() if header in headers}
    return {**choices, "mapping": mapping}


def settled_ids(
    dataset: Dataset, accepted: pd.DataFrame, given: pd.Series, corrected: pd.DataFrame, source: str
) -> pd.Series:
    """Return the case numbers of the accepted rows, those without one in the file settled for rows that come back.

    A row that came back before keeps the number it was given then. Another one must not take the place of an equal
    report that stands in the file it comes from: its hash gets the next running number that is free.

    Parameters
    ----------
    given : Series of str
        The case numbers in the file, by row.
    """
    if corrected.empty:
        return accepted["incident_id"]
    ids = accepted["incident_id"].astype(object)
    back = corrected[corrected["by_row"].isin(ids.index[(given.reindex(ids.index) == "").to_numpy()])]
    if back.empty:
        return ids
    taken = _live_corrections(dataset)
    taken = taken[taken["incident_id"] != ""]
    former = dict(zip(zip(taken["import_id"], taken["row"], strict=True), taken["incident_id"], strict=True))
    bases = ids[back["by_row"]].str.extract(_HASHED_ID)[0]
    stored = dataset.query(
        "SELECT incident_id, import_id FROM incidents WHERE source = $source "
        "AND list_contains($bases::VARCHAR[], regexp_extract(incident_id, '^([0-9a-f]{16})-[0-9]+$', 1))",
        {"source": source, "bases": bases.unique().tolist()},
    ).to_pandas()
    holder = dict(zip(stored["incident_id"], stored["import_id"], strict=True))
    used = set(ids.drop(back["by_row"]))
    settled = []
    for base, import_id, row in zip(bases, back["import_id"], back["row"], strict=True):
        number: str | None = former.get((import_id, row))
        turn = 0
        while number is None or number in used or (turn and holder.get(number) == import_id):
            turn += 1
            number = f"{base}-{turn}"
        settled.append(number)
        used.add(number)
    ids[back["by_row"]] = settled
    return ids


def table_of(corrected: pd.DataFrame, ids: pd.Series, rejected: pd.DataFrame, given: pd.Series) -> pd.DataFrame:
    """Return what became of the rows that came back: import_id, row, by_row, incident_id ('' if rejected again), empty.

    Parameters
    ----------
    ids : Series of str
        Case numbers of the accepted rows, by row.
    rejected : DataFrame
        The rejected rows of the sheet.
    given : Series of str
        Case numbers in the file, by row: those of repeats within it too.
    """
    if corrected.empty:
        return corrected
    again = corrected["by_row"].isin(rejected["row"])
    empty = corrected["by_row"].isin(rejected.loc[rejected["reason"] == "empty-row", "row"])
    numbers = corrected["by_row"].map(ids).fillna(corrected["by_row"].map(given)).fillna("")
    return corrected.assign(incident_id=numbers.where(~again, ""), empty=empty)


def stored(found: pd.DataFrame, import_id: str) -> pa.Table:
    """Return what became of rows as the store takes it, under the import that brought them.

    A row that came back without any content is not the newer one: it is settled by the old one, which stays open.
    """
    empty = found["empty"].to_numpy(bool)
    frame = pd.DataFrame(
        {
            "import_id": np.where(empty, import_id, found["import_id"]),
            "row": np.where(empty, found["by_row"], found["row"]),
            "by": import_id,
            "by_row": np.where(empty, found["row"], found["by_row"]),
            "incident_id": found["incident_id"],
        }
    )
    return pa.Table.from_pandas(frame, schema=tables.TABLES["corrections"].schema, preserve_index=False)


def _live_corrections(dataset: Dataset) -> pd.DataFrame:
    """Return what became of rows, the newest word on each; what an import said that was taken back does not count."""
    frame = dataset.rows("corrections").to_pandas()
    order = {record.import_id: place for place, record in enumerate(dataset.imports)}
    frame = frame[frame["by"].isin(order)]
    frame = frame.assign(place=frame["by"].map(order)).sort_values("place", kind="stable").drop(columns="place")
    key = ["import_id", "row"]
    last = frame.drop_duplicates(key, keep="last")
    # A row that came again and again: what was rejected of it on the way is settled by the newest word, too
    passed = frame[frame.duplicated(key, keep="last") & (frame["incident_id"] == "")]
    passed = passed.merge(last[[*key, "by"]], on=key, suffixes=("", "_last"))
    passed = passed.assign(import_id=passed["by"], row=passed["by_row"], by=passed["by_last"])[list(frame.columns)]
    return pd.concat([last, passed]).drop_duplicates(key, ignore_index=True)


def rejections(dataset: Dataset, import_id: str | None = None) -> pd.DataFrame:
    """Return the rejected rows with what became of them since.

    Returns
    -------
    DataFrame
        As `Dataset.rejected`, and `settled_by`: the import that took the row or rejected it anew, by its mark or
        because it holds the same case number; '' while the row is open.
    """
    rejected = dataset.rejected(import_id)
    marks = _live_corrections(dataset)[["import_id", "row", "by"]]
    found = rejected.merge(marks.astype({"row": rejected["row"].dtype}), on=["import_id", "row"], how="left")
    found = found.rename(columns={"by": "settled_by"})
    found["settled_by"] = found["settled_by"].astype(object).fillna("")
    asked = found[(found["settled_by"] == "") & ~found["reason"].isin(BY_CHOICE)]
    if len(asked):
        found.loc[asked.index, "settled_by"] = _by_number(dataset, asked)
    return found


def _by_number(dataset: Dataset, rejected: pd.DataFrame) -> pd.Series:
    """Return for each rejected row the later import in which its case number was taken, '' if none."""
    places = {record.import_id: place for place, record in enumerate(dataset.imports)}
    keys = []
    for at, import_id, original in zip(rejected.index, rejected["import_id"], rejected["original"], strict=True):
        record = dataset.imports[places[import_id]]
        header = record.options.get("mapping", {}).get("incident_id", "")
        if number := original_cells(original).get(header, "").strip():
            keys.append((at, places[import_id], record.source, number))
    settled = pd.Series("", rejected.index, dtype=object)
    if not keys:
        return settled
    asked = pd.DataFrame(keys, columns=["at", "place", "source", "incident_id"])
    found = dataset.query(
        'SELECT "at", place, import_id FROM incidents JOIN asked USING (source, incident_id)',
        asked=pa.Table.from_pandas(asked, preserve_index=False),
    ).to_pandas()
    later = [places.get(one, -1) for one in found["import_id"]]
    found = found[np.array(later, dtype=int) > found["place"].to_numpy()]
    settled[found["at"].to_numpy()] = found["import_id"].to_numpy(dtype=object)
    return settled


def original_cells(text: str | None) -> dict[str, str]:
    """Return the cells of a rejected row as the file has them: header -> text; empty if they are not known."""
    try:
        cells = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in cells.items()} if isinstance(cells, dict) else {"": str(cells)}
