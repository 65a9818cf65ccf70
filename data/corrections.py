"""What became of the rows that were not taken: corrected, settled otherwise, left out by choice, or open.

A rejected row stays the row of the file it came in first, however often it comes back in a sheet: what an import says
of it is a word, and the newest word of a live import counts. So each row of the office is told, and counted, once.
"""

import json
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa

from data import tables
from data.dataset import Dataset

BY_CHOICE = ("filtered",)  # reasons that are no fault: such rows are not corrected
NO_CASES = ("totals-row", "empty-row", "note-row", "header-again", *BY_CHOICE)  # and nobody need mend them
OPEN, CORRECTED, SETTLED, LEFT_OUT, AGAIN = "open", "corrected", "settled", "left-out", "again"  # states, `rejections`
_HASHED_ID = r"^([0-9a-f]{16})-(\d+)$"
_KEY = ["import_id", "row"]
_FIRST = ["first_import", "first_row"]


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
    words = _live_words(dataset)
    taken = words[words["incident_id"] != ""].drop_duplicates(_KEY, keep="last")
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


def tally(found: pd.DataFrame, rejected: pa.Table, accepted: pa.Table) -> dict[str, int]:
    """Return how many of the rows that came back were accepted, rejected and repeats; {} if none came back."""
    if found.empty:
        return {}
    taken, refused = (int(found["by_row"].isin(rows["row"].to_pandas()).sum()) for rows in (accepted, rejected))
    return {"accepted": taken, "rejected": refused, "repeats": len(found) - taken - refused}


def _live_words(dataset: Dataset) -> pd.DataFrame:
    """Return what live imports said of rows that came back, the newest word last; what was taken back is not said."""
    frame = dataset.rows("corrections").to_pandas()
    order = {record.import_id: place for place, record in enumerate(dataset.imports)}
    frame = frame[frame["by"].isin(order)].astype({"row": np.int64, "by_row": np.int64})
    return frame.sort_values("by", key=lambda by: by.map(order), kind="stable", ignore_index=True)


def _rejected_again(words: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of sheets that were rejected in place of the office's own: import_id, row and _FIRST, by time."""
    again = words[(words["incident_id"] == "") & (words["import_id"] != words["by"])]
    return again[["by", "by_row", *_KEY]].set_axis([*_KEY, *_FIRST], axis=1)


def _with_origins(rejected: pd.DataFrame, again: pd.DataFrame) -> pd.DataFrame:
    """Return rejected rows with _FIRST: the import and row where the office's own row stands."""
    found = rejected.astype({"row": np.int64}).merge(again, on=_KEY, how="left")
    found["first_import"] = found["first_import"].fillna(found["import_id"])
    found["first_row"] = found["first_row"].fillna(found["row"]).astype(np.int64)
    return found


def origins(dataset: Dataset, import_ids: Iterable[str]) -> pd.DataFrame:
    """Return the rejected rows of these imports that can be corrected: import_id, row, first_import, first_row."""
    live = {record.import_id for record in dataset.imports}
    frames = [dataset.rejected(one) for one in import_ids if one in live]
    rejected = pd.concat(frames or [dataset.rejected().head(0)])
    rejected = rejected.loc[~rejected["reason"].isin(BY_CHOICE), _KEY].drop_duplicates()
    words = _live_words(dataset)
    hollow = words.loc[words["import_id"] == words["by"], _KEY].apply(tuple, axis=1)  # came back without content
    rejected = rejected[~rejected.apply(tuple, axis=1).isin(hollow)]
    return _with_origins(rejected, _rejected_again(words))


def rejections(dataset: Dataset, import_id: str | None = None) -> pd.DataFrame:
    """Return the rejected rows with what became of them since.

    Returns
    -------
    DataFrame
        As `Dataset.rejected`, and

        - first_import, first_row: where the office's own row stands, if this one came back in a sheet;
        - settled_by: the import that took the row or rejected it anew, by its mark or because it holds the same case
          number; '' while the row is open or left out;
        - state: AGAIN if the row stands elsewhere, for a sheet brought it again and it was rejected again; else
          CORRECTED (a later sheet brought it in), SETTLED (a later import took its case number), LEFT_OUT (no case, or
          filtered) or OPEN. Each row that the office's files hold and that was not taken has one state but AGAIN.
    """
    words = _live_words(dataset)
    again = _rejected_again(words)
    found = _with_origins(dataset.rejected(import_id), again)
    newest = words.drop_duplicates(_KEY, keep="last").set_axis([*_FIRST, "by", "by_row", "taken"], axis=1)
    found = found.merge(newest, on=_FIRST, how="left").astype({"by": object}).fillna({"by": "", "taken": ""})
    standing = again.drop_duplicates(_FIRST, keep="last").set_axis(["now_import", "now_row", *_FIRST], axis=1)
    found = found.merge(standing, on=_FIRST, how="left")
    elsewhere = found["now_import"].notna() & (
        (found["now_import"] != found["import_id"]) | (found["now_row"] != found["row"])
    )
    elsewhere |= found["by"] == found["first_import"]  # it came back without any content: the old one stays
    corrected = ~elsewhere & (found["taken"] != "")
    open_ = ~elsewhere & ~corrected
    found["settled_by"] = found["by"].mask(open_, "")
    found["state"] = np.select(
        [elsewhere, corrected, found["reason"].isin(NO_CASES)], [AGAIN, CORRECTED, LEFT_OUT], OPEN
    )
    asked = found[found["state"] == OPEN]
    if len(asked):
        found.loc[asked.index, "settled_by"] = _by_number(dataset, asked)
        found.loc[asked.index, "state"] = np.where(found.loc[asked.index, "settled_by"] != "", SETTLED, OPEN)
    return found.drop(columns=["by", "by_row", "taken", "now_import", "now_row"])


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
