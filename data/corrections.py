"""What became of the rows that were not taken, each of them counted once, however often it comes back in a sheet.

A row of an office's file that was not taken is in one state. What live imports said of it since (the table
`corrections`) are words; a better one stands, whatever is said later:

- CORRECTED: it came back in a sheet and is in;
- REPEATED: it came back and says what a stored case, or another row of the sheet, says;
- SETTLED: a later file brought its case number, be it new, changed or the same as stored;
- LEFT_OUT: it is no case (a total, a note, an empty row), or the office left it out by a filter;
- OPEN: somebody has to mend it.

A row of a sheet that was refused in its turn is no further row. It stands in the place of the office's own, which is
AGAIN then, if its cells are kept: so the next sheet holds the newest. Else it is AGAIN, and the older one stands.
"""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from data import tables
from data.dataset import Dataset

BY_CHOICE = ("filtered",)  # reasons that are no fault: such rows are not corrected
NO_CASES = ("totals-row", "empty-row", "note-row", "header-again", *BY_CHOICE)  # and nobody need mend them
_NO_CELLS = ("empty-row", "note-row", "header-again", "ragged-row", "undecodable-row", *BY_CHOICE)  # none are kept
STATES = OPEN, CORRECTED, REPEATED, SETTLED, LEFT_OUT, AGAIN = (
    "open", "corrected", "repeat", "settled", "left-out", "again",
)  # fmt: skip
MENDED = (CORRECTED, REPEATED, SETTLED)
STANDING = (OPEN, LEFT_OUT)
_ACCEPTED, _REPEATS, _REJECTED, _MET = "accepted", "repeats", "rejected", "met"  # words: of a row that came; of a case
_HASHED_ID = r"^([0-9a-f]{16})-(\d+)$"
_BLANKS = " \t\r\n\u00a0\u3000"
_KEY = ["import_id", "row"]


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
    taken = words[words["outcome"].isin((_ACCEPTED, _REPEATS))].drop_duplicates(_KEY, keep="last")
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
    """Return what became of the rows that came back: import_id, row, by_row, incident_id ('' if rejected again).

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
    numbers = corrected["by_row"].map(ids).fillna(corrected["by_row"].map(given)).fillna("")
    return corrected.assign(incident_id=numbers.where(~again, ""), outcome=np.where(again, _REJECTED, _REPEATS))


def words_of(
    before: Dataset, source: str, checked: tuple[pd.DataFrame, pa.Table], fresh: pa.Table, import_id: str
) -> tuple[pa.Table, dict[str, int]]:
    """Return what an import says of rows not taken before, as the store takes it; and how many came back, by outcome.

    Parameters
    ----------
    checked : (DataFrame, pyarrow.Table)
        The rows that came back (`table_of`), and all rows of the file that passed the checks.
    fresh : pyarrow.Table
        Those of them that are new or correct a stored case; the others say what is stored.
    """
    back, rows = checked
    new = fresh["row"].to_pandas()
    words = pd.DataFrame({name: [] for name in tables.TABLES["corrections"].schema.names}, dtype=object)
    if len(back):
        accepted = back["by_row"].isin(new)
        words = back.assign(by=import_id, outcome=back["outcome"].mask(accepted, _ACCEPTED))
    tally = {name: int((words["outcome"] == name).sum()) for name in (_ACCEPTED, _REJECTED, _REPEATS)}
    waiting = rejections(before) if fresh.num_rows < rows.num_rows else None  # some say what is stored
    if waiting is not None and len(waiting := waiting[waiting["state"] == OPEN]):
        same = rows.select(["incident_id", "row"]).to_pandas()
        same = same[~same["row"].isin(new)]
        came = pa.Table.from_pandas(same.assign(source=source, import_id=import_id), preserve_index=False)
        met = _brought(before, waiting, "came", came=came)
        met = waiting.loc[met["at"], ["first_import", "first_row"]].set_axis(_KEY, axis=1).assign(
            by=import_id, by_row=met["row"].to_numpy(), incident_id=met["incident_id"].to_numpy(), outcome=_MET
        )  # fmt: skip
        words = pd.concat([words, met]) if len(words) else met
    schema = tables.TABLES["corrections"].schema
    return pa.Table.from_pandas(words[schema.names], schema=schema, preserve_index=False), tally if len(back) else {}


def together(before: Dataset, words: pa.Table) -> pa.Table:
    """Return the words of a version and further ones; an older workspace does not know the outcome of its own."""
    known = before.rows("corrections")
    if "outcome" not in known.column_names:
        known = known.append_column("outcome", pa.nulls(known.num_rows, pa.string()))
    return pa.concat_tables([known.select(words.column_names).cast(words.schema), words])


def _live_words(dataset: Dataset) -> pd.DataFrame:
    """Return what live imports said of rows that were not taken, the newest last; what was taken back is not said."""
    if "words" in dataset.derived:
        known: pd.DataFrame = dataset.derived["words"]
        return known.copy()
    frame = together(dataset, tables.TABLES["corrections"].schema.empty_table()).to_pandas()
    order = {record.import_id: place for place, record in enumerate(dataset.imports)}
    frame = frame[frame["by"].isin(order)].astype({"row": np.int64, "by_row": np.int64})
    guess = np.where(frame["incident_id"] == "", _REJECTED, _ACCEPTED)
    frame["outcome"] = frame["outcome"].astype(object).where(frame["outcome"].notna(), guess)
    frame = frame.sort_values("by", key=lambda by: by.map(order), kind="stable", ignore_index=True)
    dataset.derived["words"] = frame
    return frame.copy()


def came_back(dataset: Dataset) -> dict[str, dict[str, int]]:
    """Return of each live import how many of the rows it read had come back, by outcome; {} where none had."""
    words = _live_words(dataset)
    said = words.groupby(["by", "outcome"]).size().to_dict()
    older = set(words["by"])
    back = {}
    for record in dataset.imports:
        back[record.import_id] = again = dict(record.again)
        if not again and record.import_id in older:  # what its record does not say in older workspaces
            told = {name: int(said.get((record.import_id, name), 0)) for name in (_ACCEPTED, _REPEATS, _REJECTED)}
            taken = told[_ACCEPTED] + told[_REPEATS]
            refused, accepted = min(told[_REJECTED], record.rejected), min(taken, record.accepted)
            again |= {_ACCEPTED: accepted, _REJECTED: refused, _REPEATS: min(taken - accepted, record.repeats)}
    return back


def origins(dataset: Dataset, marked: pd.DataFrame) -> pd.DataFrame:
    """Return those of some marked rows (import_id, row, ...) that can be corrected, with first_import and first_row."""
    known = rejections(dataset)
    known = known[known["import_id"].isin(marked["import_id"].unique()) & ~known["reason"].isin(BY_CHOICE)]
    known = known[[*_KEY, "first_import", "first_row"]].astype({"import_id": object, "first_import": object})
    return marked.merge(known, on=_KEY)


def rejections(dataset: Dataset) -> pd.DataFrame:
    """Return the rejected rows of all live imports with what became of them: derived once a version, not to be changed.

    Returns
    -------
    DataFrame
        Sorted by import and row, without the cells (`with_cells` adds those of the rows asked for):

        - import_id, row, reason;
        - first_import, first_row: where the office's own row stands, if this one came back in a sheet;
        - settled_by: the import that took the row or its case; '' if its state is none of MENDED;
        - state: each row that the office's files hold and that was not taken has one of STATES but AGAIN.
    """
    if "rejections" not in dataset.derived:
        dataset.derived["rejections"] = _rejections(dataset)
    found: pd.DataFrame = dataset.derived["rejections"]
    return found


def _rejections(dataset: Dataset) -> pd.DataFrame:
    ids = sorted(record.import_id for record in dataset.imports)
    places = pd.Index(ids)
    stored = dataset.rejected_rows(columns=[*_KEY, "reason"])
    of = stored["import_id"].combine_chunks().dictionary_encode()
    own = places.get_indexer(pd.Index(of.dictionary.to_pylist(), dtype=object))[of.indices.to_numpy()].astype(np.int64)
    keys = (own << 32) + stored["row"].to_numpy()
    order = np.argsort(keys, kind="stable")
    order = order[own[order] >= 0]
    keys, own = keys[order], own[order]
    reason = stored["reason"].combine_chunks().dictionary_encode().take(pa.array(order)).to_pandas()
    case = ~reason.isin(NO_CASES).to_numpy()
    first, now = np.arange(len(keys)), np.arange(len(keys))
    code = {name: place for place, name in enumerate(STATES)}
    state = np.where(case, code[OPEN], code[LEFT_OUT]).astype(np.int8)
    by = np.full(len(keys), -1)

    def at(import_ids: pd.Series, rows: pd.Series) -> np.ndarray:
        place = places.get_indexer(pd.Index(import_ids)).astype(np.int64)
        wanted = (place << 32) + rows.to_numpy(np.int64)
        spots = np.searchsorted(keys, wanted)
        spots[spots == len(keys)] = 0
        known = (place >= 0) & (keys[spots] == wanted) if len(keys) else np.zeros(len(wanted), bool)
        return np.where(known, spots, -1)

    words = _live_words(dataset)
    words["of"], words["at"] = at(words["import_id"], words["row"]), at(words["by"], words["by_row"])
    words = words[words["of"] >= 0]
    hollow = words["import_id"] == words["by"]  # how older workspaces say that a row came back empty
    state[words.loc[hollow, "of"]] = code[AGAIN]
    words = words[~hollow]
    refused = words[(words["outcome"] == _REJECTED) & (words["at"] >= 0)]
    first[refused["at"]] = refused["of"]
    while (first != first[first]).any():  # in older workspaces a sheet may bear the marks of a sheet
        first = first[first]
    words, refused = (some.assign(of=first[some["of"]]) for some in (words, refused))
    stands = refused[~reason.iloc[refused["at"]].isin(_NO_CELLS).to_numpy()].drop_duplicates("of", keep="last")
    state[refused["at"]] = state[stands["of"]] = code[AGAIN]
    state[stands["at"]] = np.where(case[stands["at"]], code[OPEN], code[LEFT_OUT])
    now[stands["of"]] = stands["at"]
    for outcome, said in ((_MET, SETTLED), (_REPEATS, REPEATED), (_ACCEPTED, CORRECTED)):  # the better after the worse
        of = words[words["outcome"] == outcome]
        state[now[of["of"]]], by[now[of["of"]]] = code[said], places.get_indexer(pd.Index(of["by"]))

    def named(which: Any, names: Iterable[str] = ("", *ids)) -> pd.Categorical:
        return pd.Categorical.from_codes(which, pd.Index(names))

    found = pd.DataFrame(
        {
            "import_id": named(own + 1), "row": keys & 0xFFFFFFFF, "reason": reason.array,
            "first_import": named(own[first] + 1), "first_row": keys[first] & 0xFFFFFFFF,
        }
    )  # fmt: skip
    settled = _settled(dataset, found[state == code[OPEN]])
    state[settled.index], by[settled.index] = code[SETTLED], places.get_indexer(pd.Index(settled))
    return found.assign(settled_by=named(by + 1), state=named(state, STATES))


def with_cells(dataset: Dataset, rows: pd.DataFrame, *, original: bool = True) -> pd.DataFrame:
    """Return some rows of `rejections` with column, value and, if wanted, `original`, the row as JSON."""
    names = ["column", "value", *(["original"] if original else [])]
    cells = dataset.rejected_rows(_spans(rows), columns=[*_KEY, *names]).to_pandas()
    plain = rows.astype({name: object for name in rows if rows[name].dtype == "category"})
    return plain.merge(cells.astype({"row": np.int64}), on=_KEY, how="left").set_axis(rows.index)


def _spans(rows: pd.DataFrame) -> Iterable[tuple[Any, ...]]:
    return rows.groupby("import_id", observed=True)["row"].agg(["min", "max"]).itertuples(name=None)


def _settled(dataset: Dataset, waiting: pd.DataFrame) -> pd.Series:
    """Return the later import that took the case number of a waiting row, by the row's place; only rows so settled."""
    places = {record.import_id: place for place, record in enumerate(dataset.imports)}
    last = {record.source: record.import_id for record in dataset.imports}
    early = [record.import_id for record in dataset.imports if last[record.source] != record.import_id]
    found = _brought(dataset, waiting[waiting["import_id"].isin(early)], "incidents")
    came = found["import_id"].map(places).fillna(-1).to_numpy()
    own = waiting.loc[found["at"], "import_id"].astype(object).map(places).to_numpy()
    found = found[came > own]
    return pd.Series(found["import_id"].to_numpy(object), found["at"].to_numpy())


def _brought(dataset: Dataset, waiting: pd.DataFrame, by: str, **frames: pa.Table) -> pd.DataFrame:
    """Return which of the waiting rows bear the case number of a row in a table `by` of ours: at, and where that is.

    The table has source, incident_id, import_id and row.
    """
    titles = [
        # the case number's title, as a pointer into the row's JSON
        {"import_id": one.import_id, "source": one.source, "title": "/" + title.replace("~", "~0").replace("/", "~1")}
        for one in dataset.imports
        if (title := one.options.get("mapping", {}).get("incident_id"))
    ]
    waiting = waiting[waiting["import_id"].isin([one["import_id"] for one in titles])]
    if waiting.empty:
        return pd.DataFrame({"at": np.array([], np.int64), "incident_id": [], "import_id": [], "row": []})
    asked = waiting[_KEY].astype({"import_id": object, "row": np.int32}).assign(at=waiting.index)
    return dataset.query(
        f"""
        WITH numbered AS (
            SELECT "at", source, CASE WHEN json_valid(original)
                THEN trim(json_extract_string(original, title), $blanks) END AS incident_id
            FROM asked JOIN cells USING (import_id, row) JOIN titles USING (import_id)
        )
        SELECT "at", incident_id, came.import_id, came.row FROM numbered JOIN {by} AS came USING (source, incident_id)
        ORDER BY "at"
        """,  # noqa: S608  a name of our own
        {"blanks": _BLANKS},
        asked=pa.Table.from_pandas(asked, preserve_index=False),
        cells=dataset.rejected_rows(_spans(waiting), columns=[*_KEY, "original"]),
        titles=pa.Table.from_pylist(titles),
        **frames,
    ).to_pandas()


def original_cells(text: str | None) -> dict[str, str]:
    """Return the cells of a rejected row as the file has them: header -> text; empty if they are not known."""
    try:
        cells = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in cells.items()} if isinstance(cells, dict) else {"": str(cells)}
