"""What came in, in words and rows: imports, places, rows not taken, odd rows, boundary findings, types."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from base.text import N_, NP_, Sentence, Words
from data import correction_sheet, corrections, deadline_table, deadlines, queries
from data.accounts import Account
from data.dataset import Dataset
from data.privacy import mask_text
from data.profiles import USUAL
from data.schema import HAZARD_NAMES, LEVEL_NAMES, REASONS, REMARKS, Scope
from data.table import Table
from geo.crs import SWAPPED, Fit, alike
from geo.join import count_ties
from reports import people


def import_sentences(answer: dict[str, Any], file: str, words: Words, *, option: str = "") -> list[str]:
    """Return what an import says: totals that tie, places, what is odd; `option` as `crs_sentences` takes it."""
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
    lines += crs_sentences(answer, words, option=option)
    if first := answer.get("rejected_rows"):
        lines += _row_sentences(pd.DataFrame(first), words)
    lines += [
        words.plural(
            "{n} row: {remark}. It is row {rows}.",
            "{n} rows: {remark}. The first of them: row {rows}.",
            n,
            remark=words(REMARKS[code]),
            rows=words.listed(map(str, answer["remark_rows"][code])),
        )
        for code, n in answer["remarks"].items()
        if n and code in REMARKS
    ]
    return lines + [note.say(words) for note in answer["notes"]]


DOUBTFUL = {  # item of the quality report -> what its rows are, in a few words
    "no-location": N_("Without location"),
    "outside": N_("Outside"),
    "near": N_("Near a cell"),
    "missing-reported_at": N_("Without a report time"),
    "year-only": N_("Only the year known"),
    "closed-before-reported": N_("Closed before reported"),
    "stages-out-of-order": N_("Steps out of order"),
    "time-in-future": N_("Times in the future"),
    "one-spot": N_("Many on one spot"),
}


class Look(NamedTuple):
    """Rows that are worth a look: what they are, how many, and where the data page lists them."""

    title: str
    n: int
    section: str
    item: str | None = None  # of the quality report


def worth_a_look(answer: Mapping[str, Any], words: Words) -> list[Look]:
    """Return which rows of an import are worth a look: those not taken, and those that are doubtful."""
    finest: Mapping[str, int] = next(reversed(answer["levels"].values()), {})
    remarks = answer["remarks"]
    counts = {**remarks, "outside": finest.get("outside", 0), "near": finest.get("near", 0)}
    counts["missing-reported_at"] = remarks.get("no-report-time", 0)
    doubtful = [Look(words(title), counts.get(item, 0), "quality", item) for item, title in DOUBTFUL.items()]
    return [one for one in (Look(words("Not taken"), answer["rejected"], "rejected"), *doubtful) if one.n]


def as_before_sentence(data: Dataset, corrected: pd.DataFrame, words: Words) -> str:
    """Return that rows which come back take the choices of their own import; '' where none come back."""
    files = dict.fromkeys(data.imported(one).file for one in corrected["import_id"].unique())
    if not files:
        return ""
    return words("Coordinate system, columns and source: as in the first import of {file}.", file=words.listed(files))


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
    if len(details["merged"]):
        lines.append(
            words(
                "{n} cells were merged from several features of one code: {cells}.",
                n=len(details["merged"]),
                cells=words.listed(details["merged"]["cell_id"].head(5)),
            )
        )
    above, by = (answer["link"][part] for part in ("above", "by"))
    if above:
        lines.append(words(LINKS[by], above=level_name(words, above)))
    for row in details["parents"].head(5).itertuples():
        lines.append(
            words("Cell {cell} belongs to {parent} by the file, but lies in {lies_in}.", cell=row.cell_id,
                  parent=row.parent, lies_in=row.lies_in)
            if row.lies_in
            else words("Cell {cell} belongs to {parent} by the file, which is no cell of the level above.",
                       cell=row.cell_id, parent=row.parent)
        )  # fmt: skip
    if len(answer["editions"]) > 1:
        days = words.listed(day or words("the beginning") for day in answer["editions"])
        lines.append(words("The level has boundaries of several times now, from {days} on.", days=days))
    return lines + [note.say(words) for note in answer["notes"]]


def reading_sentence(table: Table, words: Words) -> str:
    """Return how a file was read: its kind, where its header stands, how many rows lie below it."""
    how = [part for part in (table.kind, (table.encoding or "").upper(), table.sheet or "") if part]
    last = table.header_row + table.header_rows - 1
    rows = str(table.header_row) if table.header_rows == 1 else f"{table.header_row}–{last}"
    return words.plural(
        "Read as {how}: {n} row below the header in row {rows}.",
        "Read as {how}: {n} rows below the header in row {rows}.",
        len(table.frame) + len(table.bad),
        how=" · ".join(how),
        rows=rows,
    )


def address_sentences(answer: dict[str, Any], file: str, words: Words, *, option: str = "") -> list[str]:
    """Return what the load of a table of addresses says; `option` as `crs_sentences` takes it."""
    lines = [
        words(
            "{file}: {read} rows read = {accepted} addresses taken + {rejected} rejected + {repeats} repeats; "
            "{addresses} addresses are known now.",
            file=file,
            **{key: answer[key] for key in ("read", "accepted", "rejected", "repeats", "addresses")},
        )
    ]
    if answer["placed"]:
        lines.append(
            words.plural(
                "{n} report without coordinates was placed by them.",
                "{n} reports without coordinates were placed by them.",
                answer["placed"],
            )
        )
    lines += crs_sentences(answer, words, option=option)
    return lines + _row_sentences(answer["rejected_rows"].head(5), words)


def exposure_sentences(answer: dict[str, Any], file: str, words: Words) -> list[str]:
    """Return what the join of a table of exposures says."""
    lines = [
        words(
            "{file}: {read} rows read = {matched} joined to cells of level {level} by {key} + {unmatched} without a "
            "cell + {rejected} not taken + {repeats} repeats.",
            file=file,
            level=level_name(words, answer["level"]),
            **{key: answer[key] for key in ("read", "matched", "key", "unmatched", "rejected", "repeats")},
        )
    ]
    for field, header in answer["columns"].items():
        lines.append(
            words("{exposure} comes from column {column}.", exposure=words(EXPOSURE_NAMES[field]), column=header)
        )
    if keys := answer["unmatched_keys"]:
        lines.append(words("Without a cell: {keys}.", keys=_some(keys, words)))
    if cells := answer["unmatched_cells"]:
        lines.append(words("Cells without a row, which keep what they had: {cells}.", cells=_some(cells, words)))
    if restored := answer["restored"]:
        pairs = [f"{key} → {cell}" for key, cell in restored.items()]
        lines.append(words("Codes that a spreadsheet had changed were restored: {codes}.", codes=_some(pairs, words)))
    lines += _row_sentences(answer["rejected_rows"].head(5), words)
    return lines + [note.say(words) for note in answer["notes"]]


def _row_sentences(rejected: pd.DataFrame, words: Words) -> list[str]:
    """Return why each of some rows was not taken, with its number."""
    sentences = people.rejected_sentences(rejected, words)
    return [
        words("Row {row}: {reason}.", row=str(row), reason=sentence)
        for row, sentence in zip(rejected["row"], sentences, strict=True)
    ]


def _some(texts: list[str], words: Words, most: int = 20) -> str:
    """Return texts side by side; of many the first, and how many there are."""
    listed = words.listed(texts[:most])
    return listed if len(texts) <= most else words("{listed} … ({n} in all)", listed=listed, n=len(texts))


def standard_sentences(answer: dict[str, Any], file: str, words: Words) -> list[str]:
    """Return what the load of a standard says."""
    scheme, kind = scheme_name(words, answer["scheme"]), answer["kind"]
    if answer["types"]:
        lines = [
            words(
                "{file}: {rows} conditions of {types} types stored in code list {scheme} ({kind}); {skipped} rows are "
                "headers, titles or empty; {restored} codes had lost a zero.",
                file=file,
                **{key: answer[key] for key in ("rows", "types", "skipped", "restored")},
                scheme=scheme,
                kind=words(STANDARD_KINDS[kind]),
            )
        ]
    else:
        lines = [
            words.plural(
                "{file}: {n} limit stored in code list {scheme}.",
                "{file}: {n} limits stored in code list {scheme}.",
                answer["rows"],
                file=file,
                scheme=scheme,
            )
        ]
    for row in answer["unparsed"].head(10).itertuples():
        lines.append(
            words("Row {row}, {type}: the limit “{limit}” was not understood; it is kept as text.", row=str(row.row),
                  type=words(HAZARD_NAMES.get(row.type_name, row.type_name)) or row.code, limit=row.limit_text)
            if row.type_name or row.code
            else words("Row {row}: no type stands beside this condition; it is kept without a code.", row=str(row.row))
        )  # fmt: skip
    if len(answer["unparsed"]):
        lines.append(words(HOW_TO_WRITE))
    lines += [note.say(words) for note in answer["notes"]]
    if repeated := answer["repeated"]:
        lines.append(
            words.plural(
                "{n} row repeats the condition of a row before it with another limit: see the deadlines on the data "
                "page.",
                "{n} rows repeat the condition of a row before them with another limit: see the deadlines on the data "
                "page.",
                len(repeated),
            )
        )
    return lines + due_sentences(answer, words)


HOW_TO_WRITE = N_(
    "A limit is read when it is written like 2紧急工作时, 4工作时, 5工作日, 15天 or 5 work days, and is above zero: "
    "correct it in the table of deadlines on the data page, or in the file and load it again."
)
_OF_DEADLINES = {*deadlines.SETTINGS, "clock_end", "timezone"}  # the last two move none, which is worth saying


def settings_sentences(answer: Mapping[str, Any], names: Iterable[str], words: Words) -> list[str]:
    """Return what a change of settings says: where it is one of deadlines, how many cases are due at another time."""
    return [] if _OF_DEADLINES.isdisjoint(names) else due_sentences(answer, words)


def due_sentences(answer: Mapping[str, Any], words: Words) -> list[str]:
    """Return how many cases are due at another time by a change of the deadlines, the workdays or the settings."""
    changed, lost = answer["changed"], answer.get("lost", 0)  # a setting says itself what goes first
    lines = [
        words.plural("{n} case is due at another time now.", "{n} cases are due at another time now.", changed)
        if changed
        else words("No case is due at another time.")
    ]
    if lost:
        lines.append(
            words.plural(
                "{n} case is no longer due by the table of deadlines; due as their file gives it: {file}. Look at the "
                "table if that is not what you wanted.",
                "{n} cases are no longer due by the table of deadlines; due as their file gives it: {file}. Look at "
                "the table if that is not what you wanted.",
                lost,
                file=answer["lost_to_file"],
            )
        )
    return lines


EXPOSURE_NAMES = {
    "households": N_("Households"),
    "population": N_("Population"),
    "road_km": N_("Road (km)"),
    "covers": N_("Covers"),
}
STANDARD_KINDS = {"": N_("components and events"), "component": N_("components"), "event": N_("events")}
LINKS = {  # how the cells of a level find their parents
    "code": N_("The cells belong to those of level {above}, by the code in the parent column."),
    "name": N_("The cells belong to those of level {above}, by the name in the parent column."),
    "prefix": N_("The cells belong to those of level {above}: every code begins with one of its codes."),
}


SCHEME_NAMES = {"gbt30428": "GB/T 30428.2", "cjt214": "CJ/T 214"}


def scheme_name(words: Words, scheme: str) -> str:
    """Return the name of a code list for people; any other name is shown as it was given."""
    return words("the office's own") if scheme == deadline_table.OFFICE else SCHEME_NAMES.get(scheme, scheme)


def source_name(words: Words, source: str) -> str:
    """Return the name of a source for people: the one that nobody named, or as it was given."""
    return words("default") if source == USUAL["source"] else source


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
    "again": N_("Came back corrected"),
    "open": N_("Still open"),
}


def import_rows(data: Dataset) -> pd.DataFrame:
    """Return the live imports, newest first, with their totals; times in the workspace's zone.

    `again` are the rows, among those read, that were rejected before and came back; `open` those of the file itself
    that still wait for correction, wherever they came back.
    """
    waiting, back = imports_to_correct(data), corrections.came_back(data)
    rows = [
        {
            "import_id": record.import_id,
            **{key: getattr(record, key) for key in IMPORT_TITLES if key not in ("again", "open")},
            "again": sum(back[record.import_id].values()),
            "open": waiting.get(record.import_id, 0),
            "when": pd.Timestamp(record.when).tz_convert(data.zone),
            "as_of": pd.Timestamp(record.as_of).tz_convert(data.zone),
        }
        for record in reversed(data.imports)
    ]
    return pd.DataFrame(rows, columns=["import_id", *IMPORT_TITLES])


_MOVED = NP_("{n} case is due at another time", "{n} cases are due at another time")
_HISTORY: dict[str, str | tuple[str, str]] = {  # what a version says of its change, by its kind
    "import": N_("{file}: {read} rows read, {accepted} accepted, {rejected} rejected, {repeats} repeats"),
    "undo": N_("{file} taken back: {removed} incidents removed, {restored} as they were before"),
    "cells": N_("{file}: {cells} cells of level {level}"),
    "cells-undo": N_("{file} taken back: level {level} is as before, with {cells} cells"),
    "exposures": N_("{file}: {matched} rows joined to cells of level {level}, {unmatched} without a cell"),
    "gazetteer": N_("{file}: {addresses} addresses known, {placed} incidents placed by them"),
    "location": N_("case {incident_id} of source {source} placed by hand"),
    "standard": N_("{file}: {rows} conditions of {types} types in code list {scheme}"),
    "deadlines": NP_(
        "{n} limit of code list {scheme}, {valid_from}; {moved}",
        "{n} limits of code list {scheme}, {valid_from}; {moved}",
    ),
    "deadlines-removed": NP_(
        "{n} limit of code list {scheme}, {valid_from}, removed; {moved}",
        "{n} limits of code list {scheme}, {valid_from}, removed; {moved}",
    ),
    "deadlines-undo": NP_(
        "the table is as before version {took_back}, with {n} row; {moved}",
        "the table is as before version {took_back}, with {n} rows; {moved}",
    ),
    "workdays": N_("{file}: {days} days that are workdays or days off"),
    "workdays-undo": NP_(
        "{file} taken back: the table is as before, with {n} row",
        "{file} taken back: the table is as before, with {n} rows",
    ),
    "projects": N_("{file}: {new} new projects, {updated} changed, {rejected} rows not taken"),
    "projects-edited": N_("projects by hand: {new} new, {updated} changed, {removed} removed"),
    "projects-removed": N_("{removed} projects removed, {projects} remain"),
    "projects-undo": N_("the projects are as before version {took_back}: {projects}"),
    "rain": N_("{file}: {new} new readings of rain, {updated} changed, {rejected} rows not taken"),
    "rain-removed": N_("{removed} stations removed, {stations} remain"),
    "rain-undo": N_("the rain is as before version {took_back}: {readings} readings"),
    "erase": N_("a person's data erased for good, with all earlier versions"),
    "rules": N_("{rules} rules; {changed} incidents have another hazard now"),
    "saved": N_("profile {saved} saved"),
    "deleted": N_("profile {deleted} removed"),
}
KIND_NAMES = {
    "import": N_("Import"),
    "undo": N_("Import taken back"),
    "cells": N_("Boundaries"),
    "cells-undo": N_("Boundaries taken back"),
    "exposures": N_("Households and lengths"),
    "gazetteer": N_("Table of addresses"),
    "location": N_("Place by hand"),
    "standard": N_("Standard of deadlines"),
    "deadlines": N_("Deadlines changed"),
    "deadlines-removed": N_("Deadlines removed"),
    "deadlines-undo": N_("Deadlines taken back"),
    "workdays": N_("Table of workdays"),
    "workdays-undo": N_("Workdays taken back"),
    "projects": N_("Table of projects"),
    "projects-edited": N_("Projects changed"),
    "projects-removed": N_("Projects removed"),
    "projects-undo": N_("Projects taken back"),
    "rain": N_("Table of rain"),
    "rain-removed": N_("Rain removed"),
    "rain-undo": N_("Rain taken back"),
    "erase": N_("A person's data erased"),
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
            "what": change_sentence(one.kind, one.what, words),
        }
        for one in reversed(data.history)
    ]
    return pd.DataFrame(rows, columns=list(HISTORY_TITLES))


def change_sentence(kind: str, facts: Mapping[str, Any], words: Words) -> str:
    """Return what a change of the workspace did, as its version tells."""
    if "level" in facts:
        facts = {**facts, "level": level_name(words, str(facts["level"]))}
    if "source" in facts:
        facts = {**facts, "source": source_name(words, str(facts["source"]))}
    if "scheme" in facts:
        facts = {**facts, "scheme": scheme_name(words, str(facts["scheme"]))}
    if "valid_from" in facts:
        facts = {**facts, "valid_from": since(str(facts["valid_from"]), words)}
    for name in (kind, *facts):
        if name in _HISTORY:
            try:
                said = _HISTORY[name]
                if isinstance(said, str):
                    return words(said, **facts)
                if "changed" in facts:
                    facts = {**facts, "moved": Sentence(_MOVED, {"n": int(facts["changed"])})}
                return words.plural(*said, **{**facts, "n": int(facts["rows"])})
            except KeyError:  # a version that an earlier program wrote says less
                break
    if kind == "settings":
        facts = facts.get("settings", {})
    return words.listed(f"{name} = {words.value(value)}" for name, value in facts.items())


def since(day: str, words: Words) -> str:
    """Return from when an edition of the deadlines stands ('' from the beginning)."""
    return words("from {day} on", day=dt.date.fromisoformat(day)) if day else words("from the beginning")


def place_rows(data: Dataset, words: Words) -> pd.DataFrame:
    """Return where all stored incidents lie, a row a level: in a cell, near, outside, no location; the sum is n."""
    rows = []
    for level in data.levels:
        scope = Scope(level=level.name, voided=True)
        located = queries.points(data, scope)
        shared = count_ties(located["lon"].to_numpy(), located["lat"].to_numpy(), data.cells(level.name))
        totals = queries.totals(data, scope)
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
                words("Voided: in no figure"): totals["n"] - queries.totals(data, Scope(level=level.name))["n"],
            }
        )
    return pd.DataFrame(rows)


REJECTED_TITLES = correction_sheet.TITLES


def account_headline(found: Account, words: Words) -> str:
    """Return what came in, and what waits for somebody, in one short sentence."""
    facts = {"accepted": found.accepted, "read": found.read, "waiting": found.open}
    if not found.open:
        return words("{accepted} of {read} rows are in, none waits for correction", **facts)
    return words("{accepted} of {read} rows are in, {waiting} wait for correction", **facts)


def account_sentence(found: Account, words: Words) -> str:
    """Return the sum of all rows of the office's files; if it does not tie, that too."""
    said = words(
        "{read} rows read from files = {accepted} accepted ({corrected} of them after correction) + {repeats} repeats "
        "+ {settled} settled by a later file + {open} open + {left_out} left out (totals, notes, empty rows, filter). "
        "A row that comes back in a sheet of rejected rows counts once.",
        **{name: getattr(found, name) for name in Account.__slots__},
    )
    if found.ties:
        return said
    return words.joined([said, words("This sum does not tie: the program has a fault. Please report it.")])


def rejected_rows(data: Dataset, words: Words, *, most: int | None = None) -> tuple[pd.DataFrame, int]:
    """Return the rows not taken, `most` of them at most, with the reason in words; and how many there are in all.

    Rows that a later import settled are not listed.
    """
    rejected = corrections.rejections(data)
    rejected = rejected[rejected["state"].isin(corrections.STANDING)]
    shown = rejected.head(most) if most is not None else rejected
    return named_rejected(corrections.with_cells(data, shown, original=False), data, words), len(rejected)


def imports_to_correct(data: Dataset) -> dict[str, int]:
    """Return the imports of the office's files that hold open rows, the newest first, and how many each holds."""
    rejected = corrections.rejections(data)
    waiting = rejected.loc[rejected["state"] == corrections.OPEN, "first_import"].value_counts()
    return {one: n for record in reversed(data.imports) if (n := int(waiting[one := record.import_id]))}


def rejected_sheet(data: Dataset, words: Words, import_id: str | None = None) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the rows that wait to be corrected, of one import or of all, for a download, and its titles.

    After the named columns come the original cells of each row, and at the end a mark: so the sheet can be corrected
    and loaded again, and each row is known by the office's own file and row, however often it came back. Only rows that
    are open are in it; those of an import also where another sheet brought them again.
    """
    rejected = corrections.rejections(data)
    rejected = rejected[rejected["state"] == corrections.OPEN]
    if import_id is not None:
        of_import = data.imported(import_id).import_id
        rejected = rejected[(rejected["import_id"] == of_import) | (rejected["first_import"] == of_import)]
    rejected = corrections.with_cells(data, rejected)
    named = named_rejected(rejected, data, words)
    originals = [corrections.original_cells(text) for text in rejected["original"]]
    headers = list(dict.fromkeys(header for cells in originals for header in cells))
    cells = pd.DataFrame(
        {f"original-{place}": [row.get(header, "") for row in originals] for place, header in enumerate(headers)},
        index=named.index,
    )
    marks = [
        correction_sheet.mark_of(*row) for row in zip(rejected["first_import"], rejected["first_row"], strict=True)
    ]
    titles = {key: words(title) for key, title in REJECTED_TITLES.items()}
    titles |= dict(zip(cells.columns, headers, strict=True)) | {"mark": correction_sheet.MARK}
    return pd.concat([named, cells, pd.Series(marks, named.index, dtype=object, name="mark")], axis=1), titles


def named_rejected(rejected: pd.DataFrame, data: Dataset, words: Words) -> pd.DataFrame:
    """Return rejected rows (as `data.corrections.rejections`) under REJECTED_TITLES.

    File and row are the office's own; of a row that came back the sentence names its place in the sheet too.
    """
    files = {record.import_id: record.file for record in data.imports}
    sentences = [
        sentence
        if [import_id, row] == first
        else words("{reason} (row {row} of the sheet {file})", reason=sentence, row=str(row), file=files[import_id])
        for sentence, import_id, row, *first in zip(
            people.rejected_sentences(rejected, words),
            *(rejected[name] for name in ("import_id", "row", "first_import", "first_row")),
            strict=True,
        )
    ]
    named = rejected.assign(file=rejected["first_import"].map(files), row=rejected["first_row"], sentence=sentences)
    return named[list(REJECTED_TITLES)].reset_index(drop=True)


def remark_counts(data: Dataset) -> dict[str, int]:
    """Return how many stored incidents carry which remark."""
    counts = data.query("SELECT remark, count(*) AS n FROM incidents WHERE remark <> '' GROUP BY remark").to_pylist()
    totals = dict.fromkeys(REMARKS, 0)
    for one in counts:
        for code in one["remark"].split():
            totals[code] = totals.get(code, 0) + one["n"]
    return {code: n for code, n in totals.items() if n}


SYSTEMS = {
    "wgs84": N_("WGS 84: GPS, most open data"),
    "gcj02": N_("GCJ-02: AMap, Tencent"),
    "bd09": N_("BD-09: Baidu"),
    "EPSG:4490": N_("CGCS2000 in degrees (EPSG:4490)"),
}


def system_name(crs: str, words: Words) -> str:
    """Return the name of a coordinate system for people."""
    plain = crs.removesuffix(SWAPPED)
    name = words(SYSTEMS[plain]) if plain in SYSTEMS else plain
    return name if plain == crs else words("{system}, the two columns exchanged", system=name)


def fit_rows(found: list[Fit], words: Words) -> pd.DataFrame:
    """Return how many points each system would bring inside the boundary, the best first."""
    return pd.DataFrame(
        {
            words("Points inside the boundary"): [
                words("{n} of {of}", n=words.number(fit.inside), of=words.number(fit.n)) for fit in found
            ],
            words("Coordinate system"): [system_name(fit.label, words) for fit in found],
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
            system=system_name(rivals[0].label, words), inside=rivals[0].inside, n=rivals[0].n,
        )  # fmt: skip
    return words(
        "{systems} bring about as many points inside: the counts cannot tell them apart. Choose by where the points "
        "come from: phones and receivers give WGS 84, AMap and Tencent GCJ-02, Baidu BD-09.",
        systems=_counted(rivals, words),
    )


CRS_FROM = {  # who says what the coordinates of a file are in
    "said": N_("The points are read as “{system}”, as was chosen."),
    "profile": N_("The points are read as “{system}”, as the saved profile says."),
    "import": N_("The points are read as “{system}”, like the import whose rows come back."),
    "file": N_("The points are read as “{system}”, as the file itself declares."),
    "usual": N_(
        "Nobody said which coordinate system the points are in: they are read as “{system}”. Say it with --crs wgs84, "
        "gcj02, bd09 or EPSG:n."
    ),
}


def crs_sentences(answer: dict[str, Any], words: Words, *, option: str = "") -> list[str]:
    """Return what the points of a file were read in and why, and a warning where another system fits clearly better.

    The warning says how another system is chosen: with the `option` of the command line, else on the page.
    """
    crs, found = answer["crs"], answer["fits"]
    if crs is None or found == []:  # no columns of coordinates, or nothing in them
        return []
    who_says = CRS_FROM[answer["crs_from"]]
    lines = [words(who_says, system=system_name(crs, words))]
    if found is None:
        lines.append(words("No boundary is loaded: whether the points lie where they should could not be checked."))
        return lines
    taken = next(fit for fit in found if fit.label == crs)
    rivals = alike(found)
    if rivals and taken not in rivals:
        lines.append(
            words(
                "CAREFUL: read so, {inside} of {n} points lie inside the boundary, but clearly more if they are read "
                "as {systems}. If the file is in that system, say so ({options}) and import it again; what is stored "
                "already has to be taken back first.",
                inside=taken.inside,
                n=taken.n,
                systems=_counted(rivals, words),
                options=words.listed(_choice(fit.label, option, words) for fit in rivals),
            )
        )
    elif answer["crs_from"] == "usual" or not rivals:
        lines.append(fit_sentence(found, words))
    return lines


def _choice(label: str, option: str, words: Words) -> str:
    if option:
        return f'{option} "{label}"' if " " in label else f"{option} {label}"
    return words("Coordinate system “{system}”", system=system_name(label, words))


def _counted(fits: list[Fit], words: Words) -> str:
    return words.listed(words("“{system}” ({n})", system=system_name(fit.label, words), n=fit.inside) for fit in fits)


FINDING_TITLES = {
    "cell_id": N_("Code"),
    "cell_a": N_("Cell"),
    "cell_b": N_("Other cell"),
    "area_before_km2": N_("Area before (km²)"),
    "area_after_km2": N_("Area after (km²)"),
    "area_m2": N_("Area (m²)"),
    "lon": N_("Longitude"),
    "lat": N_("Latitude"),
    "features": N_("Features"),
    "parent": N_("Belongs to, by the file"),
    "lies_in": N_("Lies in"),
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
            words("Reports"): rows["n"],
            words("Hazard"): [words(HAZARD_NAMES[code]) for code in rows["hazard"]],
            words("Code"): rows["code"],
        }
    )


def masked_sample(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the first rows of a file as they may be shown: personal data in free text masked."""
    return rows.apply(lambda column: mask_text(column.astype(str).where(column.notna(), "")))
