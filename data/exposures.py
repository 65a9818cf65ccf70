"""Numbers that a rate may stand on, brought to cells that are stored already: a table joined by code or name."""

import dataclasses
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from base.errors import HazardError
from base.text import Sentence
from data import apart
from data.cell_columns import guess_cell_columns, personal_columns, read_exposure
from data.editions import newest_edition
from data.levels import exposures_of, write_cells
from data.privacy import mask, mask_text
from data.schema import EXPOSURES
from data.store import Workspace
from data.table import Table


def join_exposures(
    workspace: Workspace,
    content: bytes,
    name: str,
    *,
    level: str,
    key: str | None = None,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    who: str,
) -> dict[str, Any]:
    """Bring the exposures of a table to the cells of a level, by code or name; a new version.

    Keys are compared as text. Where a spreadsheet made a number of a code (2122.0 for 02122), the zeros it ate come
    back if that leaves one cell only, and this is reported. A cell the table does not name keeps what it had.

    Parameters
    ----------
    content : bytes
        CSV or XLSX, as `data.readers.read_table` takes it.
    level : str
    key : str, optional
        Header of the column with codes or names; without it the column that most cells are found by.
    mapping : mapping, optional
        households, population, road_km, covers -> header; guessed by the titles where not given.

    Returns
    -------
    dict
        level, read = matched + unmatched + rejected + repeats (rows); key; columns (exposure -> header);
        unmatched_keys (of rows without a cell) and unmatched_cells (codes without a row); restored (key -> code);
        rejected_rows (row, column, value, reason); notes (a list of Sentence); version.

    Raises
    ------
    HazardError
        Those of `data.apart.read_table`; ``level-unknown``, ``column-missing``, ``header-repeated``,
        ``personal-column``, ``no-exposure-columns``, ``key-unknown`` (no column fits), ``exposure-unreadable``,
        ``workspace-busy``.
    """
    settings = workspace.newest().settings
    table = apart.read_table(content, name, settings=settings, encoding=encoding, sheet=sheet)
    with workspace.change("exposures", who=who) as change:
        known = change.before.level(level)
        stored = change.before.stored_cells(known.column)
        cells = newest_edition(stored)
        columns = _exposure_columns(table, mapping or {})
        header = _checked(table, key) if key else _best_key(table, cells, columns.values())
        rows = find_cells(_column(table, header), cells)
        numbers, notes = _numbers(table, columns)
        rows, rejected = _once_each(rows.join(numbers), header)
        taken = rows[rows["cell_id"].notna() & ~rows["repeats"] & ~rows.index.isin(rejected["row"])]
        missing = rows[rows["cell_id"].isna() & ~rows.index.isin(rejected["row"])]
        named = cells.index[cells["cell_id"].isin(taken["cell_id"])]
        for field in columns:
            stored.loc[named, field] = stored.loc[named, "cell_id"].map(taken.set_index("cell_id")[field])
        write_cells(change, known.column, stored)
        filled = dataclasses.replace(known, exposures=exposures_of(stored.loc[cells.index]))
        change.levels = tuple(filled if one.name == level else one for one in change.levels)
        ragged = [(int(row), "", "", "ragged-row") for row in table.bad["row"]]
        rejected = pd.concat([rejected, pd.DataFrame(ragged, columns=rejected.columns)]).sort_values("row")
        facts: dict[str, Any] = {
            "level": level,
            "read": len(table.frame) + len(table.bad),
            "matched": len(taken),
            "unmatched": len(missing),
            "rejected": len(rejected),
            "repeats": int(rows["repeats"].sum()),
        }
        assert facts["read"] == facts["matched"] + facts["unmatched"] + facts["rejected"] + facts["repeats"]
        change.keep_original(content, name)
        version = change.commit(**facts, file=mask(name)).version
    mended = taken[taken["how"] == "restored"]
    return {
        **facts,
        "key": header,
        "columns": columns,
        "unmatched_keys": mask_text(missing["key"]).tolist(),
        "unmatched_cells": sorted(set(cells["cell_id"]) - set(rows["cell_id"].dropna())),
        "restored": dict(zip(mended["key"], mended["cell_id"], strict=True)),
        "rejected_rows": rejected.reset_index(drop=True),
        "notes": notes,
        "version": version,
    }


def find_cells(keys: pd.Series, cells: pd.DataFrame) -> pd.DataFrame:
    """Return for each key the cell it means: key (trimmed), cell_id (None without one), how, under the keys' index.

    `how` is "code", "restored" (a code whose leading zeros or digits a spreadsheet changed, if one cell only has it),
    "name" (if one cell only bears it), or "".

    Parameters
    ----------
    keys : Series of str
    cells : DataFrame
        cell_id and name.
    """
    cells = cells.drop_duplicates("cell_id")  # one code for different times is one cell
    codes = pd.Series(cells["cell_id"].to_numpy(), index=cells["cell_id"].to_numpy(), dtype=object)
    whole = codes.set_axis(codes.index.str.lstrip("0"))
    names = codes.set_axis(cells["name"].map(_plain).str.casefold().to_numpy())
    whole, names = (known[~known.index.duplicated(keep=False)] for known in (whole, names))
    plain = keys.fillna("").map(_plain)
    digits = plain.str.replace(r"\.0+$", "", regex=True)
    digits = digits.where(digits.str.fullmatch(r"[0-9]+"), "")
    as_is = digits.map(codes)
    tries = {
        "code": plain.map(codes),
        "restored": as_is.where(as_is.notna(), digits.str.lstrip("0").map(whole).where(digits != "")),
        "name": plain.str.casefold().map(names),
    }
    found = pd.DataFrame({"key": plain, "cell_id": None, "how": ""}, index=keys.index, dtype=object)
    for how, cell_ids in tries.items():
        hit = found["cell_id"].isna() & cell_ids.notna() & (plain != "")
        found.loc[hit, "cell_id"], found.loc[hit, "how"] = cell_ids[hit], how
    return found


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _exposure_columns(table: Table, mapping: Mapping[str, str]) -> dict[str, str]:
    """Return exposure -> header: those chosen, and the rest by their titles."""
    for field in mapping:
        if field not in EXPOSURES:
            raise HazardError(
                "field-unknown",
                "There is no field named {field}. The fields are: {fields}.",
                field=field, fields=", ".join(EXPOSURES),
            )  # fmt: skip
    chosen = {field: _checked(table, header) for field, header in mapping.items()}
    guessed = guess_cell_columns(header for header in table.headers if header not in chosen.values())
    columns = {field: header for field, header in guessed.items() if field in EXPOSURES} | chosen
    if not columns:
        raise HazardError(
            "no-exposure-columns",
            "{file}: no column of households, population, km of road or covers was found. Its columns are: {headers}. "
            "Name one (on the command line: --map households=…).",
            file=table.name, headers=", ".join(table.headers),
        )  # fmt: skip
    return columns


def _checked(table: Table, header: str) -> str:
    """Return a chosen header that stands once in the table and is about no person."""
    if (times := table.headers.count(header)) == 0:
        raise HazardError(
            "column-missing",
            "{file} has no column {header} (wanted for {field}). Its columns are: {headers}.",
            file=table.name, header=header, field="exposures", headers=", ".join(table.headers),
        )  # fmt: skip
    if times > 1:
        raise HazardError(
            "header-repeated",
            "{file}: the column {header} (wanted for {field}) is not the only one of its name, or already serves "
            "another field. Rename it in the file or choose another column.",
            file=table.name, header=header, field="exposures",
        )  # fmt: skip
    if personal_columns([header]):
        raise HazardError(
            "personal-column",
            "The column {header} holds personal data and is not loaded. Choose another column for {field}.",
            header=header, field="exposures",
        )  # fmt: skip
    return header


def _column(table: Table, header: str) -> pd.Series:
    return table.frame[table.frame.columns[table.headers.index(header)]]


def _best_key(table: Table, cells: pd.DataFrame, taken: Iterable[str]) -> str:
    """Return the column by which most cells are found; where several are as good, the one whose title says so."""
    usable = [header for header in table.headers if header not in {*taken, *personal_columns(table.headers)}]
    guessed = guess_cell_columns(usable)
    usable.sort(key=lambda header: header not in (guessed.get("cell_id"), guessed.get("name")))
    found = {header: find_cells(_column(table, header), cells)["cell_id"].nunique() for header in dict.fromkeys(usable)}
    if not any(found.values()):
        raise HazardError(
            "key-unknown",
            "{file}: no column holds codes or names of the cells. Its columns are: {headers}. Codes of the level are "
            "for example {codes}.",
            file=table.name, headers=", ".join(table.headers), codes=", ".join(cells["cell_id"].head(3)),
        )  # fmt: skip
    return max(found, key=lambda header: found[header])


def _numbers(table: Table, columns: Mapping[str, str]) -> tuple[pd.DataFrame, list[Sentence]]:
    numbers, notes = pd.DataFrame(index=table.frame.index), []
    for field, header in columns.items():
        text = _column(table, header)
        numbers[field], wrong, said = read_exposure(text, field, header)
        notes += said
        if wrong.any():
            row: Any = wrong.idxmax()
            raise HazardError(
                "exposure-unreadable",
                "{file}: row {row} has “{value}” in column {column}, which is no number of zero or more. Correct it, "
                "or leave the cell empty.",
                file=table.name, row=int(row), value=mask(text[row]), column=header,
            )  # fmt: skip
    return numbers, notes


def _once_each(rows: pd.DataFrame, header: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows with a mark `repeats` on those that say again what another says, and the rows not taken.

    Not taken are rows without a key, and all rows of a cell that say different things.
    """
    numbers = [field for field in EXPOSURES if field in rows]
    named = rows[rows["cell_id"].notna()]
    again = named.duplicated(["cell_id", *numbers])
    differ = named[~again].duplicated("cell_id", keep=False)
    apart = named["cell_id"].isin(named.loc[differ.index[differ], "cell_id"])
    rejected = [(int(row), header, "", "cell-id-empty") for row in rows.index[rows["key"] == ""]]
    rejected += [(int(row), header, rows["key"][row], "key-repeated") for row in apart.index[apart]]
    marked = rows.assign(repeats=(again & ~apart).reindex(rows.index, fill_value=False))
    return marked, pd.DataFrame(rejected, columns=["row", "column", "value", "reason"])
