"""Rows of a scope by their keys: cell, hazard, month ...; the groups of all files made into one list."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from base.errors import HazardError
from data import facts
from data.seen import Seen
from data.views import View

KEYS = ("cell", "hazard", "month", "source", "channel", "unit")
_BY_COUNTING = 4_000_000  # groups that may be: up to so many each has a place of its own, above they are sorted
ALL, MONTH = "all", "month"
_Answer = TypeVar("_Answer")
Ints = NDArray[np.int64]


def each(view: View, columns: Iterable[str], ask: Callable[[Seen], _Answer]) -> list[_Answer]:
    """Return the answer of each file of a view's period to a question about its rows."""
    return facts.each(lambda part: ask(view.seen(part)), view.parts(), {*view.columns, *columns} - {MONTH})


def key_column(view: View, key: str) -> str:
    if key not in KEYS:
        raise HazardError("key-unknown", "{key} is none of {keys}.", key=key, keys=", ".join(KEYS))
    return key if key != "cell" else view.level_column


def cell_columns(view: View, cell: str | None) -> set[str]:
    return set() if cell is None else {view.level_column}


def codes_of(seen: Seen, column: str | None) -> NDArray[np.signedinteger[Any]]:
    """Return the codes of a key; without one, the code of "all" for every row."""
    if column in (None, MONTH):
        return np.broadcast_to(facts.codes(column or ALL).of([seen.month if column else ALL])[0], seen.n)
    found = seen[str(column)]
    if column in ("unit", "channel"):  # not filled in is a group of its own
        return np.where(found < 0, facts.codes(column).of([""])[0], found)
    return found


def grouped(keys: list[NDArray[Any]], weights: Ints | None = None) -> tuple[list[Ints], Ints]:
    """Return each combination of codes that occurs, from -1 up, and how many rows have it, or their weight."""
    sizes = [int(key.max(initial=-1)) + 2 for key in keys]
    if math.prod(sizes) >= 2**62:
        rows, n = np.unique(np.column_stack(keys), axis=0, return_inverse=True)
        return list(rows.T), np.bincount(n.ravel(), weights=weights).astype(np.int64)
    place = np.zeros(len(keys[0]), dtype=np.int64)
    for key, size in zip(keys, sizes, strict=True):
        place = place * size + key.astype(np.int64) + 1
    if math.prod(sizes) <= _BY_COUNTING:
        found = np.bincount(place, weights=weights)
        place = np.flatnonzero(found)
        n = found[place].astype(np.int64)
    else:
        place, inverse = np.unique(place, return_inverse=True)
        n = np.bincount(inverse, weights=weights).astype(np.int64)
    columns = []
    for size in reversed(sizes):
        place, code = np.divmod(place, size)
        columns.append(code - 1)
    return columns[::-1], n


def together(found: list[tuple[list[Ints], Ints]], n_keys: int) -> tuple[list[Ints], Ints]:
    """Return the groups of all files as one list of groups."""
    nothing = np.empty(0, dtype=np.int64)
    keys = [np.concatenate([nothing, *(columns[at] for columns, _ in found)]) for at in range(n_keys)]
    return grouped(keys, np.concatenate([nothing, *(n for _, n in found)]))


def run_starts(ordered: Ints) -> Ints:
    """Return where each run of equal numbers begins."""
    return np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])


def order_of(column: str | None) -> tuple[Ints, NDArray[np.object_]]:
    """Return a table from the codes of a key to their places among its sorted texts, and these; null has place -1."""
    texts = facts.codes(column or ALL).texts
    order = np.argsort(texts, kind="stable")
    rank = np.full(len(texts) + 1, -1, dtype=np.int64)
    rank[order] = np.arange(len(texts))
    return rank, texts[order]


def ranks(column: str | None, codes: NDArray[Any]) -> tuple[Ints, pd.Index]:
    """Return a table from a code to its place among the sorted texts of the codes that occur, and these texts.

    Null, code -1, has place -1.
    """
    texts = facts.codes(column or ALL).texts
    present = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(texts)))
    present = present[np.argsort(texts[present], kind="stable")]
    rank = np.full(len(texts) + 1, -1, dtype=np.int64)
    rank[present] = np.arange(len(present))
    return rank, pd.Index(texts[present], dtype=object)


def category(column: str, codes: NDArray[Any]) -> pd.Categorical:
    rank, texts = ranks(column, codes)
    return categorical(rank[codes], texts)


def categorical(places: NDArray[Any], texts: pd.Index) -> pd.Categorical:
    return pd.Categorical.from_codes(cast(Sequence[int], places), categories=texts)
