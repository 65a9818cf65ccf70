"""A sheet of rejected rows that comes back: its last column says which row of which import each of its rows is.

Text in the sheet is data: a mark counts only if it equals that of a row that was rejected by a live import.
"""

import dataclasses
import re
from typing import Any

import numpy as np
import pandas as pd

from base.errors import HazardError
from base.text import LANGUAGES, N_, Sentence, Words
from data import corrections
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
_TELLING = ("row", "sentence")  # titles that together stand in no office's own file
_MARK_FORM = re.compile(r"(\d{6,}-[0-9a-f]{8}):(\d{1,9})")
_NO_MARK = N_("{n} rows of the sheet bear no mark (the first is row {row}): they are read as new rows.")
_UNKNOWN_MARK = N_(
    "{n} rows bear the mark of a rejected row that is not known here (the first is row {row}): they are read as new "
    "rows. Does the sheet belong to another workspace, or was its import taken back?"
)
_COPIED_MARK = N_(
    "{n} rows bear the mark of a row above them (the first is row {row}): they are read as new rows, and only the "
    "upper row of each mark counts as the corrected one."
)
_OF_ONE_FILE = ("as_of", "where", "encoding", "delimiter", "sheet", "header_row", "header_rows")


def mark_of(import_id: str, row: int) -> str:
    """Return what the column MARK says of a rejected row: where the office's own row stands."""
    return f"{import_id}:{row}"


def take_apart(table: Table) -> tuple[Table, pd.Series]:
    """Return a table without the columns that a sheet of rejected rows brings, and its marks by row ('' where none).

    What `data.inert` kept from being a formula in a CSV is again what the first file had; in a workbook text is text.

    Raises
    ------
    HazardError
        ``corrections-unmarked`` if it looks like such a sheet and no row bears a mark.
    """
    spoken = [[_said(title, language) for title in TITLES.values()] for language in LANGUAGES]
    marked = MARK in table.headers
    marks = pd.Series([], dtype=object)
    if marked:
        marks = table.frame.iloc[:, table.headers.index(MARK)].astype(object).str.strip()
        if "last" in table.bad:  # a comma too many does not hide which row it is
            ends = table.bad.set_index("row")["last"].astype(object).str.strip()
            if len(ends := ends[ends.str.fullmatch(_MARK_FORM).astype(bool)]):
                marks = pd.concat([marks, ends]).sort_index()
    if not (marked and (marks.empty or (marks != "").any())):
        _refuse_unmarked(table)
    if not marked:
        return table, marks
    if table.kind == "CSV":
        table = dataclasses.replace(
            table, headers=as_it_was(pd.Series(table.headers)).tolist(), frame=table.frame.apply(as_it_was)
        )
    ours = {place for place, header in enumerate(table.headers) if header == MARK}
    for titles in spoken:
        for start in range(len(table.headers) - len(titles) + 1):
            if table.headers[start : start + len(titles)] == titles:
                ours |= set(range(start, start + len(titles)))
                break
    kept = [place for place in range(len(table.headers)) if place not in ours]
    return (
        dataclasses.replace(
            table, headers=[table.headers[place] for place in kept], frame=table.frame.iloc[:, kept].copy()
        ),
        marks,
    )


def _said(title: str, language: str) -> str:
    return " ".join(Words(language)(title).split())


def _refuse_unmarked(table: Table) -> None:
    """Refuse a sheet of ours whose rows nobody can tell any more: they would be counted, and stored, as other rows."""
    for language in LANGUAGES:
        if all(_said(TITLES[name], language) in table.headers for name in _TELLING):
            ours = [said for title in TITLES.values() if (said := _said(title, language)) in table.headers]
            raise HazardError(
                "corrections-unmarked",
                "{file} looks like a sheet of rejected rows, but its column {mark}, which says which row each one is, "
                "is missing or empty. Take the sheet as it was downloaded and keep that column. If this is to be a "
                "file of its own, remove the columns {ours} first.",
                file=table.name,
                mark=MARK,
                ours=", ".join(ours),
            )


def known_rows(dataset: Dataset, marks: pd.Series) -> tuple[pd.DataFrame, list[Sentence]]:
    """Return which row of which live import each marked row is, each once: by_row, import_id, row; and what to say.

    A row that was rejected again is still the row of the file it came in first.
    """
    if marks.empty:
        return pd.DataFrame({"by_row": [], "import_id": [], "row": []}), []
    parts = marks.str.extract(f"^{_MARK_FORM.pattern}$")
    named = pd.DataFrame({"by_row": marks.index, "import_id": parts[0].to_numpy(), "row": parts[1].to_numpy()})
    named = named.dropna().astype({"row": np.int64, "by_row": np.int64})
    found = corrections.origins(dataset, named).sort_values("by_row")
    found = found[["by_row", "first_import", "first_row"]].set_axis(["by_row", "import_id", "row"], axis=1)
    copied = found.duplicated(["import_id", "row"])
    back = found[~copied].reset_index(drop=True)
    said = [
        (N_("{n} rows come back from a sheet of rejected rows."), back["by_row"]),
        (_NO_MARK, marks.index[marks == ""]),
        (_UNKNOWN_MARK, marks.index[marks != ""].difference(pd.Index(found["by_row"]))),
        (_COPIED_MARK, found.loc[copied, "by_row"]),
    ]
    return back, [Sentence(text, {"n": len(at), "row": str(min(at))}) for text, at in said if len(at)]


def choices_before(dataset: Dataset, corrected: pd.DataFrame, headers: list[str]) -> dict[str, Any] | None:
    """Return the choices of the import whose rejected rows come back; None if none do.

    Raises
    ------
    HazardError
        ``corrections-mixed`` if the rows come from imports with different choices.
    """
    every: list[dict[str, Any]] = []
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
