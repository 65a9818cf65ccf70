"""Rows of the incidents of a scope, for people to read: chosen over the arrays of `data.facts`, then read.

What a scope holds, and when a case is open, is told in `data.queries`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from data import facts, tables
from data.dataset import Dataset
from data.facts import NEVER, Part
from data.schema import INCIDENT_COLUMNS, STORED_TIMES, Scope
from data.seen import Seen, times
from data.views import View, edition

_COLUMNS = tuple(name for name in INCIDENT_COLUMNS if name != "month")


def incidents(
    dataset: Dataset,
    scope: Scope,
    *,
    cell: str | None = None,
    open_only: bool = False,
    place: str | None = None,
    order: str = "newest",
    limit: int | None = None,
    handling: str | None = None,
) -> pd.DataFrame:
    """Return incidents for people to read: the stored columns, cell_id, near_m, as_of and call; times in the zone.

    near_m is how many metres outside its cell an incident lies that counts there all the same, else null. as_of is the
    time the case is known up to: its source's, or `Scope.as_of` where that is earlier. call is its number, as in
    `data.queries.points`. attributes is a dict of each row: header -> text.

    Parameters
    ----------
    cell : str, optional
        Only those in this cell.
    open_only : bool
        Only those open at the as-of time, as `data.queries.totals` counts them.
    place : {"inside", "near", "outside", "no_location", "other_edition"}, optional
        Only those that lie so, as `data.queries.totals` counts them.
    order : {"newest", "longest_open", "most_past_due"}
        Latest report first, or earliest report first; those without a report time come last, and equal times stand by
        source and incident_id. Or first what is open past its deadline by the as-of time, the furthest first, then the
        rest as in "longest_open".
    limit : int, optional
        At most so many rows.
    handling : str, optional
        Only those of this handling, a code of `data.schema.HANDLINGS`; None: all.
    """
    view = View.of(dataset, scope)
    needed = {*view.columns, "reported_at"} | view.cell_columns
    needed |= ({"closed_at"} if open_only else set()) | ({"located"} if place else set())
    needed |= {view.level_column} if cell is not None else set()
    by_due = order == "most_past_due"
    needed |= (view.for_deadlines() if by_due else set()) | (set() if handling is None else {"handling"})
    shown = edition(view)

    def find(part: Part) -> _Found:
        seen = view.seen(part)
        kept = seen.in_cell(cell)
        if open_only:
            kept = kept & seen.open
        if place is not None:
            kept = kept & seen.lies(place, shown)
        kept = kept & seen.handled_as(handling)
        as_of = np.broadcast_to(seen.as_of, seen.n)
        past = np.where(seen.past_due, seen["due_at"] - as_of, 0) if by_due else np.zeros(seen.n, dtype=np.int64)
        return _Found(seen.positions[kept], seen.reported[kept], as_of[kept], seen.calls[kept], past[kept])

    parts = view.parts()
    found = facts.each(find, parts, needed)
    file = np.repeat(np.arange(len(parts)), [len(one.rows) for one in found])
    nothing = np.empty(0, dtype=np.int64)
    rows, reported, as_of, calls, past = (np.concatenate([nothing, *(one[at] for one in found)]) for at in range(5))
    late = np.where(reported == NEVER, NEVER, -reported) if order == "newest" else reported
    first = np.argsort(late, kind="stable")
    if by_due:
        first = first[np.argsort(past[first], kind="stable")]
    if limit is not None and 0 < limit < len(first):
        last = first[limit - 1]  # and all that are as late as the last one
        first = first[: int(np.flatnonzero((late[first] == late[last]) & (past[first] == past[last]))[-1]) + 1]
    frame = _read(view, parts, file[first], rows[first])
    frame["as_of"] = times(as_of[first], view.zone)
    frame["call"] = calls[first]
    frame["past"] = past[first]
    by, rising = ["past", "reported_at", "source", "incident_id"], [True, order != "newest", True, True]
    return frame.sort_values(by, ascending=rising, ignore_index=True)[:limit].drop(columns="past")


def by_file(
    dataset: Dataset,
    scope: Scope,
    columns: Sequence[str],
    *,
    needed: Iterable[str] = (),
    tell: Callable[[Seen], dict[str, Any]] = lambda _: {},
) -> Iterator[pd.DataFrame]:
    """Yield the incidents of a scope file by file, from the first month on, in the order of the store.

    Ten million rows fit into no table at once: whoever writes them all takes one month after the other.

    Parameters
    ----------
    columns : sequence of str
        Stored columns; times in the zone. Beside them stand call (its number, as in `data.queries.points`, rising) and
        cell_id (None in no cell).
    needed, tell
        More columns told of the rows of a file, shape (n,) each, and the columns of `data.facts` that this takes.
    """
    view = View.of(dataset, scope)
    for part in view.parts():
        (seen,) = facts.each(view.seen, [part], view.columns | view.cell_columns | {*needed})
        if not seen.n:
            continue
        frame = part.take(seen.positions, columns).to_pandas()
        for name in set(STORED_TIMES) & set(columns):
            frame[name] = frame[name].dt.tz_convert(view.zone)
        cells = np.array([*(facts.codes(view.cell).texts if view.cell else ()), None], dtype=object)  # -1 is the last
        yield frame.assign(call=seen.calls, cell_id=cells[seen.cell], **tell(seen))


class _Found(NamedTuple):
    """Rows of one file: their places in it, report times, up to when they are known, the numbers of the calls.

    `past` is the deadline less the as-of time where it is past due, else 0.
    """

    rows: NDArray[np.int64]
    reported: NDArray[np.int64]
    as_of: NDArray[np.int64]
    calls: NDArray[np.int64]
    past: NDArray[np.int64]


def _read(view: View, parts: Sequence[Part], file: NDArray[np.intp], rows: NDArray[np.int64]) -> pd.DataFrame:
    """Return rows in the order given: of each the number of its file among the parts, and its place in the file."""
    level = [] if view.cell is None else [view.cell, tables.near_column(view.cell)]
    by_file = np.argsort(file, kind="stable")
    places, begins = np.unique(file[by_file], return_index=True)
    asked = [parts[at] for at in places]
    wanted = dict(zip((part.path for part in asked), np.split(rows[by_file], begins[1:]), strict=False))
    read = facts.each(lambda part: part.take(wanted[part.path], (*_COLUMNS, *level)), asked, ())
    empty = pa.schema([tables.TABLES["incidents"].schema.field(name) for name in _COLUMNS]).empty_table()
    table = pa.concat_tables([empty, *read], promote_options="default")
    frame = table.take(pa.array(np.argsort(by_file))).to_pandas()  # they came file by file
    for name in STORED_TIMES:
        frame[name] = frame[name].dt.tz_convert(view.zone)
    pairs = [dict(one) if one is not None else {} for one in frame["attributes"]]
    frame["attributes"] = pd.Series(pairs, frame.index, dtype=object)
    named = dict(zip(level, ("cell_id", "near_m"), strict=False))
    return frame.rename(columns=named) if len(read) and level else frame.assign(cell_id=None, near_m=np.float32("nan"))
