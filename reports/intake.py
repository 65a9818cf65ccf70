"""What came in, in words and rows: imports, places, rows not taken, odd rows, boundary findings, types."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from base.text import N_, Words
from data import corrections, queries
from data.dataset import Dataset
from data.privacy import mask_text
from data.schema import HAZARD_NAMES, LEVEL_NAMES, REASONS, REMARKS, Scope
from geo.join import count_ties
from reports import people


def import_sentences(answer: dict[str, Any], file: str, words: Words) -> list[str]:
    """Return what an import says: the totals that tie, the places, and what is worth a look."""
    if answer["unchanged"]:
        return [words("{file} was imported before with the same choices: nothing changed.", file=file)]
    lines = [
        words(
            "{file}: {read} rows read = {accepted} accepted + {rejected} rejected + {repeats} repeats; "
            "{updated} of the accepted update a known case.",
            file=file,
            **{key: answer[key] for key in ("read", "accepted", "rejected", "repeats", "updated")},
        )
    ]
    for level, places in answer["levels"].items():
        lines.append(
            words(
                "{level}: {inside} in a cell, {near} near, {outside} outside, {no_location} without location.",
                level=level_name(words, level),
                **places,
            )
        )
    if first := answer.get("rejected_rows"):
        sentences = people.rejected_sentences(pd.DataFrame(first), words)
        lines += [
            words("Row {row}: {reason}.", row=str(one["row"]), reason=sentence)
            for one, sentence in zip(first, sentences, strict=True)
        ]
    lines += [
        words("{n} rows: {remark}.", n=n, remark=words(REMARKS[code]))
        for code, n in answer["remarks"].items()
        if n and code in REMARKS
    ]
    return lines + [note.say(words) for note in answer["notes"]]


def cell_sentences(answer: dict[str, Any], file: str, words: Words) -> list[str]:
    """Return what the load of a boundary says."""
    lines = [
        words(
            "{file}: {cells} cells of level {level}; {repaired} outlines repaired, {rejected} not taken, "
            "{overlaps} overlaps, {gaps} gaps.",
            file=file,
            level=level_name(words, answer["level"]),
            **{key: answer[key] for key in ("cells", "repaired", "rejected", "overlaps", "gaps")},
        )
    ]
    details = answer["details"]
    for row in details["repaired"].head(5).itertuples():
        lines.append(
            words(
                "Cell {cell}: outline repaired, area {before} km² before, {after} km² after.",
                cell=row.cell_id,
                before=words.number(row.area_before_km2, 4),
                after=words.number(row.area_after_km2, 4),
            )
        )
    for row, sentence in zip(
        details["rejected"].head(5).itertuples(),
        people.rejected_sentences(details["rejected"].head(5), words),
        strict=True,
    ):
        lines.append(words("{file}, feature {row}: {reason}.", file=file, row=int(row.row), reason=sentence))
    return lines


def level_name(words: Words, name: str) -> str:
    """Return a level's name in the reader's language where it is one of the usual ones, else as it was given."""
    return words(LEVEL_NAMES[name]) if name in LEVEL_NAMES else name


IMPORT_TITLES = {
    "file": N_("File"),
    "source": N_("Source"),
    "when": N_("Imported"),
    "who": N_("By"),
    "as_of": N_("As of"),
    "read": N_("Read"),
    "accepted": N_("Accepted"),
    "updated": N_("of them updates"),
    "rejected": N_("Rejected"),
    "repeats": N_("Repeats"),
}


def import_rows(data: Dataset) -> pd.DataFrame:
    """Return the live imports, newest first, with their totals; times in the workspace's zone."""
    rows = [
        {
            "import_id": record.import_id,
            **{key: getattr(record, key) for key in IMPORT_TITLES},
            "when": pd.Timestamp(record.when).tz_convert(data.zone),
            "as_of": pd.Timestamp(record.as_of).tz_convert(data.zone),
        }
        for record in reversed(data.imports)
    ]
    return pd.DataFrame(rows, columns=["import_id", *IMPORT_TITLES])


_HISTORY = {  # what a version says of its change, by its kind
    "import": N_("{file}: {read} rows read, {accepted} accepted, {rejected} rejected, {repeats} repeats"),
    "undo": N_("{file} taken back: {removed} incidents removed, {restored} as they were before"),
    "cells": N_("{file}: {cells} cells of level {level}"),
    "rules": N_("{rules} rules; {changed} incidents have another hazard now"),
    "saved": N_("profile {saved} saved"),
    "deleted": N_("profile {deleted} removed"),
}
KIND_NAMES = {
    "import": N_("Import"),
    "undo": N_("Import taken back"),
    "cells": N_("Boundaries"),
    "rules": N_("Table of types"),
    "settings": N_("Settings"),
    "profiles": N_("Saved profile"),
}
HISTORY_TITLES = {
    "version": N_("Version"),
    "kind": N_("Change"),
    "when": N_("When"),
    "who": N_("By"),
    "what": N_("What"),
}


def history_rows(data: Dataset, words: Words) -> pd.DataFrame:
    """Return every change of the workspace, the newest first: version, kind and what in words, who, when (zone)."""
    rows = [
        {
            "version": one.number,
            "kind": words(KIND_NAMES[one.kind]) if one.kind in KIND_NAMES else one.kind,
            "when": pd.Timestamp(one.when).tz_convert(data.zone),
            "who": one.who,
            "what": _what(one.kind, one.what, words),
        }
        for one in reversed(data.history)
    ]
    return pd.DataFrame(rows, columns=list(HISTORY_TITLES))


def _what(kind: str, facts: Mapping[str, Any], words: Words) -> str:
    if kind == "cells" and "level" in facts:
        facts = {**facts, "level": level_name(words, str(facts["level"]))}
    for name in (kind, *facts):
        if name in _HISTORY:
            try:
                return words(_HISTORY[name], **facts)
            except KeyError:  # a version that an earlier program wrote says less
                break
    if kind == "settings":
        facts = facts.get("settings", {})
    return words.listed(f"{name} = {words.value(value)}" for name, value in facts.items())


def place_rows(data: Dataset, words: Words) -> pd.DataFrame:
    """Return where all stored incidents lie, a row a level: in a cell, outside, no location; the sum is n."""
    rows = []
    for level in data.levels:
        located = queries.points(data, Scope(level=level.name))
        shared = count_ties(located["lon"].to_numpy(), located["lat"].to_numpy(), data.cells(level.name))
        totals = queries.totals(data, Scope(level=level.name))
        rows.append(
            {
                words("Level"): level_name(words, level.name),
                words("Cells"): level.cells,
                words("Incidents"): totals["n"],
                words("In a cell"): totals["n"] - totals["outside"] - totals["no_location"],
                words("Outside"): totals["outside"],
                words("No location"): totals["no_location"],
                words("In more than one cell (edge, overlap): counted in the first"): shared,
                words("On one spot: not located?"): totals["one_spot"],
            }
        )
    return pd.DataFrame(rows)


REJECTED_TITLES = corrections.TITLES


def rejected_rows(data: Dataset, words: Words, *, most: int | None = None) -> tuple[pd.DataFrame, int]:
    """Return the rows not taken, `most` of them at most, with the reason in words; and how many there are in all.

    Rows that a later import settled are not listed.
    """
    rejected = corrections.rejections(data)
    rejected = rejected[rejected["settled_by"] == ""]
    return _named(rejected.head(most) if most is not None else rejected, data, words), len(rejected)


def rejected_sheet(data: Dataset, words: Words, import_id: str | None = None) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the rows not taken, of one import or of all, for a download, and its titles.

    After the named columns come the original cells of each row, and at the end a mark: so the sheet can be corrected
    and loaded again, and each row is known. Rows settled since, and those that a filter left out, are not in it.
    """
    rejected = corrections.rejections(data, import_id)
    rejected = rejected[(rejected["settled_by"] == "") & ~rejected["reason"].isin(corrections.BY_CHOICE)]
    named = _named(rejected, data, words)
    originals = [corrections.original_cells(text) for text in rejected["original"]]
    headers = list(dict.fromkeys(header for cells in originals for header in cells))
    cells = pd.DataFrame(
        {f"original-{place}": [row.get(header, "") for row in originals] for place, header in enumerate(headers)},
        index=named.index,
    )
    marks = [corrections.mark_of(*row) for row in zip(rejected["import_id"], rejected["row"], strict=True)]
    titles = {key: words(title) for key, title in REJECTED_TITLES.items()}
    titles |= dict(zip(cells.columns, headers, strict=True)) | {"mark": corrections.MARK}
    return pd.concat([named, cells, pd.Series(marks, named.index, dtype=object, name="mark")], axis=1), titles


def _named(rejected: pd.DataFrame, data: Dataset, words: Words) -> pd.DataFrame:
    files = {record.import_id: record.file for record in data.imports}
    sentences = people.rejected_sentences(rejected, words)
    named = rejected.assign(file=rejected["import_id"].map(files).fillna(""), sentence=sentences)
    return named[list(REJECTED_TITLES)].reset_index(drop=True)


def remark_rows(data: Dataset, words: Words) -> pd.DataFrame:
    """Return how many stored incidents carry which remark."""
    counts = data.query("SELECT remark, count(*) AS n FROM incidents WHERE remark <> '' GROUP BY remark").to_pylist()
    totals = dict.fromkeys(REMARKS, 0)
    for one in counts:
        for code in one["remark"].split():
            totals[code] = totals.get(code, 0) + one["n"]
    return pd.DataFrame(
        [{words("Rows"): n, words("What is odd"): words(REMARKS[code])} for code, n in totals.items() if n]
    )


FINDING_TITLES = {
    "cell_id": N_("Code"),
    "cell_a": N_("Cell"),
    "cell_b": N_("Other cell"),
    "area_before_km2": N_("Area before (km²)"),
    "area_after_km2": N_("Area after (km²)"),
    "area_m2": N_("Area (m²)"),
    "lon": N_("Longitude"),
    "lat": N_("Latitude"),
    "row": N_("Feature in the file"),
    "column": N_("Column"),
    "value": N_("Value"),
    "reason": N_("Why, and what to do"),
}


def finding_rows(table: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return findings of one kind with titles and reasons in the reader's language."""
    shown = table.copy()
    if "reason" in shown:
        shown["reason"] = [
            words(REASONS[code], value=value, column=column) if code in REASONS else code
            for code, value, column in zip(shown["reason"], shown["value"], shown["column"], strict=True)
        ]
    return shown.rename(columns={key: words(title) for key, title in FINDING_TITLES.items()})


def type_rows(data: Dataset, words: Words) -> pd.DataFrame:
    """Return the types in the data, how many incidents have each, and the hazard it became; most frequent first."""
    rows = data.query(
        "SELECT coalesce(type_name, '') AS type_name, coalesce(code, '') AS code, hazard, count(*) AS n "
        "FROM incidents GROUP BY ALL ORDER BY n DESC, type_name, code LIMIT 500"
    ).to_pandas()
    return pd.DataFrame(
        {
            words("Type"): rows["type_name"],
            words("Code"): rows["code"],
            words("Hazard"): [words(HAZARD_NAMES[code]) for code in rows["hazard"]],
            words("Reports"): rows["n"],
        }
    )


def masked_sample(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the first rows of a file as they may be shown: personal data in free text masked."""
    return rows.apply(lambda column: mask_text(column.astype(str)))
