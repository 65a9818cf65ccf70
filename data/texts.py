"""Columns of text, worked on whole: what needs no change is not copied, each different text is looked at once."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

TEXT = pd.StringDtype("pyarrow", na_value=float("nan"))  # text columns cost bytes, not Python objects

_LOOKED_AT = 4096  # values of a column that tell whether its texts come again
_NEW = 0.9  # share of different ones among them from which on they hardly do


def cells_of(column: pd.Series) -> pa.ChunkedArray:
    """Return the texts of a column as they lie in memory, '' for what is missing."""
    cells = pa.array(column.astype(TEXT).fillna(""), pa.large_string())
    return cells if isinstance(cells, pa.ChunkedArray) else pa.chunked_array([cells])


def trimmed(column: pd.Series) -> pd.Series:
    """Return text without blanks around it, '' for what is missing; the very same where there is nothing to trim."""
    column = column.astype(TEXT).fillna("")
    cells = cells_of(column)
    short = pc.utf8_trim_whitespace(cells)
    if pc.sum(pc.binary_length(short)) == pc.sum(pc.binary_length(cells)):
        return column
    return pd.Series(pd.array(short, dtype=TEXT), column.index, name=column.name)


def chosen(column: pd.Series, rows: NDArray[np.bool_]) -> pd.Series:
    """Return the values in some rows; the column itself, not a copy, where these are all."""
    return column if rows.all() else column[rows]


def come_again(cells: pa.ChunkedArray) -> bool:
    """Return whether the texts of a column recur, by some of them, so that it pays to look at each once."""
    n = min(len(cells), _LOOKED_AT)
    some = cells.take(pa.array(np.linspace(0, max(len(cells) - 1, 0), n).astype(np.int64)))
    return bool(pc.count_distinct(some).as_py() < _NEW * n)


def each_once(cells: pa.ChunkedArray, work: Callable[[pa.Array], pa.Array]) -> pa.ChunkedArray:
    """Return what `work` makes of each text, worked out once for equal ones where they recur.

    Parameters
    ----------
    work : callable
        Gives as many texts as it gets; the very same array where it changes none. Then so does this.
    """
    pieces = cells.chunks
    if come_again(cells):
        pieces = cells.dictionary_encode().chunks
        different = pieces[0].dictionary  # of all pieces together
        done = work(different)
        if done is different:
            return cells
        return pa.chunked_array([done.take(piece.indices) for piece in pieces], cells.type)
    made = [work(piece) for piece in pieces]
    return cells if all(new is old for new, old in zip(made, pieces, strict=True)) else pa.chunked_array(made)
