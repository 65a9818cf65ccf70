"""The columns of a file that serve no field: kept beside a record as text, unless they are about persons.

A column is left out by its header (names, phones, doors; special groups of residents, which no hazard record may list),
or because most of its values are numbers of persons under a harmless header. What stays is masked as free text is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from base.settings import DEFAULTS
from base.text import N_, Listed, Sentence
from data.headers import numbered
from data.privacy import MASK, column_policy, mask, mask_text, personal_headers
from data.table import UNREAD, Table

KIND = pa.map_(pa.string(), pa.string())
_LOOKED_AT = 1000  # values of a column
_ROWS_A_STEP = 1 << 16  # a map counts its bytes with 31 bits


@dataclass
class Others:
    """The columns beside the fields: `frame` has their titles (each once) and text as the file has it."""

    frame: pd.DataFrame
    notes: list[Sentence] = field(default_factory=list)


def other_columns(table: Table, mapping: Mapping[str, str], settings: Mapping[str, Any] = DEFAULTS) -> Others:
    """Return the columns of a table that serve no field, and what of them was left out or hidden, and why.

    Of columns about persons nothing but *** is kept, and nothing at all unless the setting personal_columns wants it.

    Parameters
    ----------
    table : Table
    mapping : mapping
        field -> header, as `data.headers.apply_mapping` takes it.
    settings : mapping
        All settings of the workspace; the usual ones if not given.
    """
    titles = numbered([mask(header) for header in table.headers])
    known = numbered(table.headers)  # as a mapping may name them
    taken = set(mapping.values())
    about = personal_headers(table.headers)
    policy = column_policy(table.headers, settings)
    doors = bool(settings["mask_doors"])
    kept: dict[str, pd.Series] = {}
    persons: list[str] = []
    groups: list[str] = []
    hidden: list[str] = []
    by_value: list[str] = []
    for place, (header, title) in enumerate(zip(table.headers, titles, strict=True)):
        column = table.frame.iloc[:, place]
        if header in taken or known[place] in taken:
            continue
        if header in about:
            if policy[header] == "mask":
                kept[title] = column.where(column.str.strip() == "", MASK)
                hidden.append(title)
            else:
                (groups if about[header] == "group" else persons).append(title)
        elif mostly_persons(column, doors):
            by_value.append(title)
        elif header or (column != "").any():
            kept[title] = column
    notes = []
    if persons:
        notes.append(Sentence(N_("Not loaded, personal data: {columns}."), {"columns": Listed(persons)}))
    if hidden:
        sentence = N_("Personal data, kept with every value as ***: {columns}.")
        notes.append(Sentence(sentence, {"columns": Listed(hidden)}))
    if groups:
        sentence = N_(
            "Refused: {columns}. Lists of special groups of residents are sensitive personal data and have no place in "
            "a record of hazards; delete these columns from the file."
        )
        notes.append(Sentence(sentence, {"columns": Listed(groups)}))
    if by_value:
        sentence = N_("Not loaded, most values look like telephone, identity or plate numbers: {columns}.")
        notes.append(Sentence(sentence, {"columns": Listed(by_value)}))
    if plain := [title for title in kept if title not in hidden]:
        notes.append(Sentence(N_("Kept beside the fields, as attributes: {columns}."), {"columns": Listed(plain)}))
    if table.unread:
        notes.append(Sentence(UNREAD, {"columns": Listed(table.unread)}))
    return Others(pd.DataFrame(kept, index=table.frame.index), notes)


def mostly_persons(column: pd.Series, doors: bool) -> bool:
    """Return whether most values of a column of text are nothing but numbers of persons."""
    filled = np.flatnonzero((column != "").to_numpy(dtype=bool))
    if not len(filled):
        return False
    some = column.iloc[filled[np.unique(np.linspace(0, len(filled) - 1, min(len(filled), _LOOKED_AT)).astype(int))]]
    masked = mask_text(some, doors=doors)
    bare = masked.str.replace(MASK, "", regex=False).str.replace(r"[\s,;/、，；()（）+-]", "", regex=True)
    return bool(((bare == "") & masked.str.contains(MASK, regex=False)).mean() > 0.5)


def as_map(others: pd.DataFrame, *, doors: bool = True) -> pa.ChunkedArray:
    """Return for each row the map title -> text, masked; empty cells are left out.

    The titles of a map are in the order of the alphabet, so that the same content is equal from whatever file.
    """
    titles = sorted(others.columns)
    columns = [_whole(mask_text(others[title].str.strip(), doors=doors)) for title in titles]
    names = pa.array(titles, pa.string())
    steps = range(0, len(others), _ROWS_A_STEP) if titles else []
    chunks = [_maps([column.slice(start, _ROWS_A_STEP) for column in columns], names) for start in steps]
    return pa.chunked_array(chunks or [pa.array([[]] * len(others), KIND)], KIND)


def _whole(text: pd.Series) -> pa.Array:
    values = pa.array(text, pa.large_string())
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values  # a long file comes in pieces


def _maps(columns: list[pa.Array], names: pa.Array) -> pa.MapArray:
    n = len(columns[0])
    filled = np.column_stack([pc.not_equal(column, "").to_numpy(zero_copy_only=False) for column in columns])
    rows, which = np.nonzero(filled)  # row by row, the titles in their order
    values = pa.concat_arrays(columns).take(pa.array(which * n + rows)).cast(pa.string())
    ends = np.concatenate([[0], np.cumsum(filled.sum(axis=1))])
    return pa.MapArray.from_arrays(pa.array(ends, pa.int32()), names.take(pa.array(which)), values)
