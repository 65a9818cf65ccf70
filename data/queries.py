"""Questions to a version: Scope in, small frames out; counted over the arrays of `data.facts`.

A case is known as of the time of its source, or of `Scope.as_of` where that is earlier. What was reported after a given
`Scope.as_of` is in no answer; what was reported after the source's own is counted, but is not open and has no duration.
A case is open if it is known and neither closed nor voided by then; without a report time it is open, but nobody knows
for how long. A case voided by then (作废) was no hazard: it is in no answer unless `Scope.voided` is set, and then it
counts as a report that is neither open nor due and has no duration. `beside` says how many a scope leaves out so.
Where a file knows the year of a report alone, the case counts in a period, or by a given as-of time, if all of the year
lies in it; it has no month and no duration.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from base.errors import HazardError
from data import facts
from data.dataset import Dataset
from data.facts import NEVER, Part
from data.schema import STORED_TIMES, Scope
from data.seen import Seen, View, edition, times

KEYS = ("cell", "hazard", "month", "source", "channel", "unit")
_BY_COUNTING = 4_000_000  # groups that may be: up to so many each has a place of its own, above they are sorted
_ROWS = 32  # bits of a call's number that are its row, below those of its file (`data.seen.Seen.calls`)
_BITS = 32  # of a duration in minutes, and whether the case is resolved
ALL, MONTH = "all", "month"
_Answer = TypeVar("_Answer")
Ints = NDArray[np.int64]


def counts(
    dataset: Dataset, scope: Scope, by: Sequence[str], *, cell: str | None = None, one_spot: bool = False
) -> pd.DataFrame:
    """Return the number of incidents by the keys asked for, groups without any left out, sorted by the keys.

    Parameters
    ----------
    by : sequence of {"cell", "hazard", "month", "source", "channel", "unit"}
        The column of "cell" is named cell_id; it is null where an incident lies in no cell or has no location. month is
        'YYYY-MM' in the workspace's zone, 'YYYY' where the year alone is known, 'none' without a report time.
    cell : str, optional
        Only the incidents in this cell.
    one_spot : bool
        Only those that are probably not located.

    Returns
    -------
    DataFrame
        The keys and ``count``.

    Raises
    ------
    HazardError
        ``key-unknown``, ``level-unknown``; ``no-boundary`` by "cell", or of a cell, without a level.
    """
    view = View.of(dataset, scope)
    columns = [_column(view, key) for key in dict.fromkeys(by)]
    asked: list[str | None] = [*columns] or [None]

    def count(seen: Seen) -> tuple[list[Ints], Ints]:
        kept = seen.in_cell(cell) & seen["one_spot"] if one_spot else seen.in_cell(cell)
        rows = slice(None) if kept.all() else np.flatnonzero(kept)
        return _grouped([_codes(seen, column)[rows] for column in asked])

    needed = {*columns, *_cell_column(view, cell), *(["one_spot"] if one_spot else [])}
    keys, n = _together(_each(view, needed, count), len(asked))
    if not columns:
        return pd.DataFrame({"count": [n.sum()]})
    names = ["cell_id" if column == view.cell else column for column in columns]
    ranked = [_ranks(column, key) for column, key in zip(columns, keys, strict=True)]
    places = [rank[key] for (rank, _), key in zip(ranked, keys, strict=True)]
    last = np.iinfo(np.int64).max  # of null, place -1
    order = np.lexsort([np.where(place < 0, last, place) for place in places[::-1]])
    shown = [np.array([*texts, None], object)[place[order]] for place, (_, texts) in zip(places, ranked, strict=True)]
    return pd.DataFrame({**dict(zip(names, shown, strict=True)), "count": n[order]})


def totals(dataset: Dataset, scope: Scope) -> dict[str, int]:
    """Return the headline numbers of a scope.

    Returns
    -------
    dict of int
        n; open (known and neither closed nor voided by as_of); open_no_time (those of them without a report time: they
        have no duration); open_overdue (those of them past their deadline); near (outside their cell, but within the
        tolerance: they count there); outside (a point in no cell and near none); no_location (no point, in no cell);
        other_edition (in a cell that is not among those valid at the end of the scope); one_spot (probably not
        located); no_time (no report time); closed_before_reported; closed_first_quarter_hour (less than 15 minutes
        after the report, where a clock is known); due (deadline reached by as_of); in_time (closed by that deadline).
        What was closed before it was reported is neither due nor in time: its times are wrong. Nor is what was voided.
    """
    view = View.of(dataset, scope)
    shown = edition(view)

    def count(seen: Seen) -> dict[str, int]:
        masks = {
            "open": seen.open,
            "open_no_time": seen.open & ~seen.timed,
            "open_overdue": seen.open & (seen["due_at"] <= seen.as_of),
            **{place: seen.lies(place, shown) for place in ("near", "outside", "no_location", "other_edition")},
            "one_spot": seen["one_spot"],
            "no_time": ~seen.timed,
            "closed_before_reported": ~seen.sound,
            "closed_first_quarter_hour": seen.within_quarter_hour,
            "due": seen.due,
            "in_time": seen.in_time,
        }
        return {"n": seen.n, **{name: int(np.count_nonzero(mask)) for name, mask in masks.items()}}

    needed = {"reported_at", "closed_at", "due_at", "located", "one_spot"} | view.cell_columns
    found = Counter(dict.fromkeys(_TOTALS, 0))
    for part in _each(view, needed, count):
        found.update(part)
    return dict(found)


_TOTALS = (
    "n", "open", "open_no_time", "open_overdue", "near", "outside", "no_location", "other_edition", "one_spot",
    "no_time", "closed_before_reported", "closed_first_quarter_hour", "due", "in_time",
)  # fmt: skip


def beside(dataset: Dataset, scope: Scope) -> dict[str, int]:
    """Return what a scope leaves out for its period and for being voided, and all that there is of the rest of it.

    Returns
    -------
    dict of int
        voided (in the period, where the scope leaves them out); before and after the period; no_time (in no period,
        for the report time is not known, or only its year); every. The n of `totals` and the first four add up to
        `every`.
    """
    view = View.of(dataset, scope)

    def count(part: Part) -> Counter[str]:
        chosen = view.chosen(part)
        if side := view.side(part):
            return Counter(dict.fromkeys((side, "every"), int(np.count_nonzero(chosen))))
        since, until = view.in_period(part)
        left = dict.fromkeys(("voided", "before", "after", "no_time"), 0)
        if scope.start is not None or scope.end is not None:
            timed = part["reported_at"] != NEVER
            left["before"] = int(np.count_nonzero(chosen & timed & ~since))
            left["after"] = int(np.count_nonzero(chosen & timed & ~until))
            left["no_time"] = int(np.count_nonzero(chosen & ~timed & ~(since & until)))
        if not scope.voided:
            left["voided"] = int(np.count_nonzero(chosen & since & until & ~view.stands(part)))
        return Counter({**left, "every": int(np.count_nonzero(chosen))})

    found = Counter({"voided": 0, "before": 0, "after": 0, "no_time": 0, "every": 0})
    for part in facts.each(count, facts.parts(dataset), view.choosing_columns):
        found.update(part)
    return dict(found)


POINT_COLUMNS = ("source", "hazard", "lon", "lat", "cell_id", "reported_at", "located", "one_spot", "call")


def points(
    dataset: Dataset, scope: Scope, *, by_cell: bool = False, columns: Sequence[str] = POINT_COLUMNS
) -> pd.DataFrame:
    """Return the located incidents, in the order of the store.

    Parameters
    ----------
    by_cell : bool
        Also those of which only the cell is known, without lon and lat; they are not `located`.
    columns : sequence of str
        Some of lon, lat, cell_id and month as in `counts`, located, one_spot (True for calls that are probably not
        located), call (its number, rising: the same in all answers of a version), a stored time in the workspace's zone
        (closed_at none where the case was not closed by its as-of time), or a stored text (source, hazard, channel ...,
        missing where it is not filled in). Texts are categories. Of millions of rows those that are not asked for are
        not made. Of texts that nearly every case has its own of (address) ask `texts` for a few.
    """
    view = View.of(dataset, scope)
    stored = {name: view.cell or "cell_id" if name == "cell_id" else name for name in columns if name != "call"}

    def take(seen: Seen) -> list[NDArray[Any]]:
        kept = seen["located"] | seen.placed if by_cell else seen["located"]
        of = {
            "call": lambda: seen.calls,
            "cell_id": lambda: seen.cell,
            "month": lambda: _codes(seen, MONTH),
            "closed_at": lambda: np.where(seen.open, NEVER, seen.closed),
        }
        found = [of[name]() if name in of else seen[name] for name in columns]
        return found if kept.all() else [column[kept] for column in found]

    needed = {*stored.values(), "located"} | ({view.cell} if view.cell else set())
    needed |= {"reported_at"} if "closed_at" in columns else set()
    parts = _each(view, needed - {"cell_id"}, take)
    kinds = {"lon": float, "lat": float, "one_spot": bool, "located": bool}
    frame: dict[str, Any] = {}
    for at, name in enumerate(columns):
        column = np.concatenate([part[at] for part in parts] or [np.empty(0, kinds.get(name, np.int64))])
        if name in STORED_TIMES:
            frame[name] = times(column, view.zone)
        elif name in kinds or name == "call":
            frame[name] = column
        else:
            frame[name] = _category(stored[name], column)
    return pd.DataFrame(frame, copy=False)


def texts(dataset: Dataset, calls: Ints, columns: Sequence[str]) -> pd.DataFrame:
    """Return stored texts of some calls, in their order; '' where one is not filled in.

    Parameters
    ----------
    calls : ndarray of int64, shape (n,)
        Numbers of calls as `points` gives them, rising.
    columns : sequence of str
    """
    files = facts.parts(dataset)
    place, row = calls >> _ROWS, calls & ((1 << _ROWS) - 1)
    starts = _first(place)
    ends = np.append(starts, len(calls))[1:]
    found = [files[place[start]].take(row[start:end], columns) for start, end in zip(starts, ends, strict=True)]
    return pd.DataFrame(
        {
            name: np.concatenate([np.empty(0, object), *(one[name].fill_null("").to_numpy() for one in found)])
            for name in columns
        }
    )


def durations(dataset: Dataset, scope: Scope, by: str | None = None, *, cell: str | None = None) -> pd.DataFrame:
    """Return how long cases took, or have been open, as a histogram by whole minutes.

    Cases without a report time, reported after the as-of time, closed before it, or voided are left out.

    Parameters
    ----------
    by : {"hazard", "cell", "unit", "source", "month", "channel"}, optional
        Groups; by "cell" those in no cell are left out. None: one group named "all".
    cell : str, optional
        Only the incidents in this cell.

    Returns
    -------
    DataFrame
        key (categories), minutes (to the nearest), resolved (False: still open at the as-of time), n; sorted by all of
        them.
    """
    view = View.of(dataset, scope)
    column = None if by is None else _column(view, by)
    needed = {"reported_at", "closed_at", *_cell_column(view, cell), *([column] if column else [])}
    _each(view, needed, lambda seen: _codes(seen, column))  # then all codes are known, and with them their order
    rank, texts = _order(column)

    def measure(seen: Seen) -> Ints:
        wanted = seen.clocked & seen.in_cell(cell)
        rows = np.flatnonzero(wanted & seen.placed if by == "cell" else wanted)
        is_open, as_of = seen.open[rows], np.broadcast_to(seen.as_of, seen.n)[rows]
        until = np.where(is_open, as_of, seen.closed[rows])
        minutes = (until - seen.reported[rows] + 30_000_000) // 60_000_000
        # One number a case, that sorts by group, minutes, open before resolved: a sort is all that a histogram takes
        return (rank[_codes(seen, column)[rows]] << _BITS) + 2 * minutes + ~is_open

    found = np.concatenate([np.empty(0, np.int64), *_each(view, needed, measure)])
    found.sort()
    starts = _first(found)
    n = np.diff(starts, append=len(found))
    found = found[starts]
    key, rest = found >> _BITS, found & ((1 << _BITS) - 1)
    groups = _first(key)
    in_group = np.repeat(np.arange(len(groups)), np.diff(groups, append=len(key)))
    return pd.DataFrame(
        {
            "key": _categorical(in_group, pd.Index(texts[key[groups]], dtype=object)),
            "minutes": rest >> 1,
            "resolved": (rest & 1).astype(bool),
            "n": n,
        },
        copy=False,
    )


def due(dataset: Dataset, scope: Scope, by: str | None = None, *, cell: str | None = None) -> pd.DataFrame:
    """Return how many cases were due by the as-of time and how many of them were closed in time: key, due, in_time.

    Cases reported after the as-of time, closed before they were reported, or voided are left out.

    Parameters as in `durations`.
    """
    view = View.of(dataset, scope)
    column = None if by is None else _column(view, by)

    def count(seen: Seen) -> tuple[list[Ints], Ints]:
        rows = np.flatnonzero(seen.due & seen.in_cell(cell))
        return _grouped([_codes(seen, column)[rows], seen.in_time[rows]])

    needed = {"reported_at", "closed_at", "due_at", *_cell_column(view, cell), *([column] if column else [])}
    (key, in_time), n = _together(_each(view, needed, count), 2)
    if column == view.cell and column is not None:
        key, in_time, n = (values[key >= 0] for values in (key, in_time, n))
    rank, categories = _ranks(column, key)
    group = rank[key]
    met = np.bincount(group, weights=n * (in_time > 0), minlength=len(categories)).astype(np.int64)
    every = np.bincount(group, weights=n, minlength=len(categories)).astype(np.int64)
    names = _categorical(np.arange(len(categories)), categories)
    return pd.DataFrame({"key": names, "due": every, "in_time": met})


def first_reports(dataset: Dataset) -> dict[str, pd.Timestamp]:
    """Return when the first report of each source with a time was made, in the workspace's zone; shared, not a copy."""
    if "first" in dataset.derived:
        found: dict[str, pd.Timestamp] = dataset.derived["first"]
        return found

    def first(part: Part) -> dict[int, int]:
        source, reported = part["source"], part["reported_at"]
        return {int(code): int(reported[source == code].min()) for code in np.unique(source)}

    earliest: dict[int, int] = {}
    for one in facts.each(first, facts.parts(dataset), ("reported_at", "source")):
        for code, time in one.items():
            earliest[code] = min(time, earliest.get(code, NEVER))
    known = {
        code: times(np.array([time]), ZoneInfo(dataset.zone))[0] for code, time in earliest.items() if time != NEVER
    }
    return dataset.derived.setdefault(
        "first", {facts.codes("source").texts[code]: time for code, time in known.items()}
    )


def _each(view: View, columns: Iterable[str], ask: Callable[[Seen], _Answer]) -> list[_Answer]:
    """Return the answer of each file of a view's period to a question about its rows."""
    return facts.each(lambda part: ask(view.seen(part)), view.parts(), {*view.columns, *columns} - {MONTH})


def _column(view: View, key: str) -> str:
    if key not in KEYS:
        raise HazardError("key-unknown", "{key} is none of {keys}.", key=key, keys=", ".join(KEYS))
    return key if key != "cell" else view.level_column


def _cell_column(view: View, cell: str | None) -> set[str]:
    return set() if cell is None else {view.level_column}


def _codes(seen: Seen, column: str | None) -> NDArray[np.signedinteger[Any]]:
    """Return the codes of a key; without one, the code of "all" for every row."""
    if column in (None, MONTH):
        return np.broadcast_to(facts.codes(column or ALL).of([seen.month if column else ALL])[0], seen.n)
    found = seen[str(column)]
    if column in ("unit", "channel"):  # not filled in is a group of its own
        return np.where(found < 0, facts.codes(column).of([""])[0], found)
    return found


def _grouped(keys: list[NDArray[Any]], weights: Ints | None = None) -> tuple[list[Ints], Ints]:
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


def _together(found: list[tuple[list[Ints], Ints]], n_keys: int) -> tuple[list[Ints], Ints]:
    """Return the groups of all files as one list of groups."""
    nothing = np.empty(0, dtype=np.int64)
    keys = [np.concatenate([nothing, *(columns[at] for columns, _ in found)]) for at in range(n_keys)]
    return _grouped(keys, np.concatenate([nothing, *(n for _, n in found)]))


def _first(ordered: Ints) -> Ints:
    """Return where each run of equal numbers begins."""
    return np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])


def _order(column: str | None) -> tuple[Ints, NDArray[np.object_]]:
    """Return a table from the codes of a key to their places among its sorted texts, and these; null has place -1."""
    texts = facts.codes(column or ALL).texts
    order = np.argsort(texts, kind="stable")
    rank = np.full(len(texts) + 1, -1, dtype=np.int64)
    rank[order] = np.arange(len(texts))
    return rank, texts[order]


def _ranks(column: str | None, codes: NDArray[Any]) -> tuple[Ints, pd.Index]:
    """Return a table from a code to its place among the sorted texts of the codes that occur, and these texts.

    Null, code -1, has place -1.
    """
    texts = facts.codes(column or ALL).texts
    present = np.flatnonzero(np.bincount(codes[codes >= 0], minlength=len(texts)))
    present = present[np.argsort(texts[present], kind="stable")]
    rank = np.full(len(texts) + 1, -1, dtype=np.int64)
    rank[present] = np.arange(len(present))
    return rank, pd.Index(texts[present], dtype=object)


def _category(column: str, codes: NDArray[Any]) -> pd.Categorical:
    rank, texts = _ranks(column, codes)
    return _categorical(rank[codes], texts)


def _categorical(places: NDArray[Any], texts: pd.Index) -> pd.Categorical:
    return pd.Categorical.from_codes(cast(Sequence[int], places), categories=texts)
