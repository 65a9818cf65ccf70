"""What came in, in words and rows: imports, places, rows not taken, odd rows, boundary findings, types."""

import json
from typing import Any

import pandas as pd

from base.text import N_, Words
from data import queries
from data.dataset import Dataset
from data.privacy import mask_text
from data.schema import HAZARD_NAMES, LEVEL_NAMES, REASONS, REMARKS, Scope
from geo.crs import Fit, alike
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


def place_rows(data: Dataset, words: Words) -> pd.DataFrame:
    """Return where all stored incidents lie, a row a level: in a cell, near, outside, no location; the sum is n."""
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
                words("In a cell"): totals["n"] - totals["near"] - totals["outside"] - totals["no_location"],
                words("Near a cell"): totals["near"],
                words("Outside"): totals["outside"],
                words("No location"): totals["no_location"],
                words("In more than one cell (edge, overlap): counted in the first"): shared,
                words("On one spot: not located?"): totals["one_spot"],
            }
        )
    return pd.DataFrame(rows)


REJECTED_TITLES = {
    "file": N_("File"),
    "row": N_("Row in Excel"),
    "column": N_("Column"),
    "value": N_("Value"),
    "sentence": N_("Why, and what to do"),
}


def rejected_rows(data: Dataset, words: Words, *, most: int | None = None) -> tuple[pd.DataFrame, int]:
    """Return the rows not taken, `most` of them at most, with the reason in words; and how many there are in all."""
    rejected = data.rejected()
    return _named(rejected.head(most) if most is not None else rejected, data, words), len(rejected)


def rejected_sheet(data: Dataset, words: Words) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return all rows not taken for a download, and its titles.

    After the named columns come the original cells of each row, so that the sheet can be corrected and loaded again.
    """
    rejected = data.rejected()
    named = _named(rejected, data, words)
    originals = [_original(text) for text in rejected["original"]]
    headers = list(dict.fromkeys(header for cells in originals for header in cells))
    cells = pd.DataFrame(
        {f"original-{place}": [row.get(header, "") for row in originals] for place, header in enumerate(headers)},
        index=named.index,
    )
    titles = {key: words(title) for key, title in REJECTED_TITLES.items()}
    return pd.concat([named, cells], axis=1), titles | dict(zip(cells.columns, headers, strict=True))


def _named(rejected: pd.DataFrame, data: Dataset, words: Words) -> pd.DataFrame:
    files = {record.import_id: record.file for record in data.imports}
    sentences = people.rejected_sentences(rejected, words)
    named = rejected.assign(file=rejected["import_id"].map(files).fillna(""), sentence=sentences)
    return named[list(REJECTED_TITLES)].reset_index(drop=True)


def _original(text: str | None) -> dict[str, str]:
    try:
        cells = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in cells.items()} if isinstance(cells, dict) else {"": str(cells)}


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


def fit_rows(found: list[Fit], words: Words) -> pd.DataFrame:
    """Return how many points each system would bring inside the boundary, the best first."""
    return pd.DataFrame(
        {
            words("Coordinate system"): [fit.label for fit in found],
            words("Points inside the boundary"): [fit.inside for fit in found],
            words("of"): [fit.n for fit in found],
        }
    )


def fit_sentence(found: list[Fit], words: Words) -> str:
    """Return what the counts say about the system of a file, and that people choose where the counts cannot."""
    rivals = alike(found)
    if not rivals:
        return words(
            "No usual coordinate system brings a point inside the boundary: ask where the file comes from, or load the "
            "boundary that belongs to it."
        )
    if len(rivals) == 1:
        return words(
            "Read as {system}, {inside} of {n} points lie inside the boundary, clearly more than in any other system.",
            system=rivals[0].label, inside=rivals[0].inside, n=rivals[0].n,
        )  # fmt: skip
    return words(
        "{systems} bring about as many points inside: the counts cannot tell them apart. Choose by where the points "
        "come from: phones and receivers give wgs84, AMap and Tencent gcj02, Baidu bd09.",
        systems=words.listed([f"{fit.label} ({words.number(fit.inside)})" for fit in rivals]),
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
