"""Questions to a version: Scope in, small frames out; counted over the arrays of `data.facts`.

A case is known as of the time of its source, or of `Scope.as_of` where that is earlier. What was reported after a given
`Scope.as_of` is in no answer; what was reported after the source's own is counted, but is not open and has no duration.
A case is open if it is known and neither closed nor voided by then; without a report time it is open, but nobody knows
for how long. Of a source that tells no closing times nobody knows which are open: none counts so. A case voided by then
(作废) was no hazard: it is in no answer unless `Scope.voided` is set, and then it counts as a report that is neither
open nor due and has no duration. `beside` says how many a scope leaves out so. Where a file knows the year of a report
alone, the case counts in a period, or by a given as-of time, if all of the year lies in it; it has no month and no
duration.

How long cases took, and whether in time, is asked of `data.timing`.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import facts
from data.dataset import Dataset
from data.facts import NEVER, Part
from data.groups import (
    MONTH,
    Ints,
    category,
    cell_columns,
    codes_of,
    each,
    grouped,
    key_column,
    ranks,
    run_starts,
    together,
)
from data.schema import ENGINEERING, ON_SPOT, STORED_TIMES, Scope
from data.seen import Seen, times
from data.views import View, edition

_ROWS = 32  # bits of a call's number that are its row, below those of its file (`data.seen.Seen.calls`)


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
    columns = [key_column(view, key) for key in dict.fromkeys(by)]
    asked: list[str | None] = [*columns] or [None]

    def count(seen: Seen) -> tuple[list[Ints], Ints]:
        kept = seen.in_cell(cell) & seen["one_spot"] if one_spot else seen.in_cell(cell)
        rows = slice(None) if kept.all() else np.flatnonzero(kept)
        return grouped([codes_of(seen, column)[rows] for column in asked])

    needed = {*columns, *cell_columns(view, cell), *(["one_spot"] if one_spot else [])}
    keys, n = together(each(view, needed, count), len(asked))
    if not columns:
        return pd.DataFrame({"count": [n.sum()]})
    names = ["cell_id" if column == view.cell else column for column in columns]
    ranked = [ranks(column, key) for column, key in zip(columns, keys, strict=True)]
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
        have no duration); open_overdue (those of them past their deadline, and by the setting clock_end not handled);
        near (outside their cell, but within the tolerance: they count there); outside (a point in no cell and near
        none); no_location (no point, in no cell); other_edition (in a cell that is not among those valid at the end of
        the scope); one_spot (probably not located); no_time (no report time); closed_before_reported;
        closed_first_quarter_hour (less than 15 minutes after the report, where a clock is known); due (deadline reached
        by as_of); in_time (ended by that deadline).

        What figures leave out, of ordinary cases as due and in_time are (handling ''): zero (closed at the moment of
        the report), bulk (closed in bulk), undecided (no deadline is known, for whatever reason; 0 where nobody has
        any: `has_deadlines`). Of all cases: no_closing (of a source that tells no closing times:
        neither open nor due), on_spot and engineering (handled so; they are open or overdue as others, and in no
        share). What ended (was closed or, by the setting clock_end, handled) before it was reported or before its clock
        began is neither due nor in time: its times are wrong. Nor is what was voided.
    """
    view = View.of(dataset, scope)
    shown = edition(view)

    def count(seen: Seen) -> dict[str, int]:
        ours = seen.handled_as("")
        judged = seen.judged & ours
        masks = {
            "open": seen.open,
            "open_no_time": seen.open & ~seen.timed,
            "open_overdue": seen.past_due,
            **{place: seen.lies(place, shown) for place in ("near", "outside", "no_location", "other_edition")},
            "one_spot": seen["one_spot"],
            "no_time": ~seen.timed,
            "closed_before_reported": ~seen.sound,
            "closed_first_quarter_hour": seen.within_quarter_hour,
            "due": seen.due & ours,
            "in_time": seen.due & seen.met & ours,
            "zero": seen.zero & seen.known & seen.stands & ours,
            "bulk": seen.bulk & seen.plain & ours,
            "no_closing": ~seen.followed & seen.stands,
            "undecided": judged & (seen["due_at"] == NEVER),
            **{name: seen.handled_as(name) & seen.stands for name in (ON_SPOT, ENGINEERING)},
        }
        return {"n": seen.n, **{name: int(np.count_nonzero(mask)) for name, mask in masks.items()}}

    needed = {"located", "one_spot"} | view.for_deadlines() | view.cell_columns
    found = Counter(dict.fromkeys(_TOTALS, 0))
    for part in each(view, needed, count):
        found.update(part)
    if not has_deadlines(dataset, scope):
        found["undecided"] = 0  # nobody calls them so
    return dict(found)


_TOTALS = (
    "n", "open", "open_no_time", "open_overdue", "near", "outside", "no_location", "other_edition", "one_spot",
    "no_time", "closed_before_reported", "closed_first_quarter_hour", "due", "in_time", "zero", "bulk", "no_closing",
    "undecided", "on_spot", "engineering",
)  # fmt: skip


def has_deadlines(dataset: Dataset, scope: Scope) -> bool:
    """Return whether there is a table of deadlines, or any case of a scope's sources has a deadline.

    Where there is none at all, nobody calls cases undecided.
    """

    def count(part: Part) -> Ints:
        return np.bincount(part["source"][part["due_at"] != NEVER])

    def find() -> tuple[bool, frozenset[str]]:
        found = facts.each(count, facts.parts(dataset), ("due_at", "source"))
        sources = {facts.codes("source").texts[code] for one in found for code in np.flatnonzero(one)}
        return len(dataset.standards()) > 0, frozenset(sources)

    has_table, sources = dataset.hold("deadlines", None, find, most=1)
    return has_table or bool(sources.intersection(scope.sources or sources))


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
            "month": lambda: codes_of(seen, MONTH),
            "closed_at": lambda: np.where(seen.open, NEVER, seen.closed),
        }
        found = [of[name]() if name in of else seen[name] for name in columns]
        return found if kept.all() else [column[kept] for column in found]

    needed = {*stored.values(), "located"} | ({view.cell} if view.cell else set())
    needed |= {"reported_at"} if "closed_at" in columns else set()
    parts = each(view, needed - {"cell_id"}, take)
    kinds = {"lon": float, "lat": float, "one_spot": bool, "located": bool}
    frame: dict[str, Any] = {}
    for at, name in enumerate(columns):
        column = np.concatenate([part[at] for part in parts] or [np.empty(0, kinds.get(name, np.int64))])
        if name in STORED_TIMES:
            frame[name] = times(column, view.zone)
        elif name in kinds or name == "call":
            frame[name] = column
        else:
            frame[name] = category(stored[name], column)
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
    starts = run_starts(place)
    ends = np.append(starts, len(calls))[1:]
    found = [files[place[start]].take(row[start:end], columns) for start, end in zip(starts, ends, strict=True)]
    return pd.DataFrame(
        {
            name: np.concatenate([np.empty(0, object), *(one[name].fill_null("").to_numpy() for one in found)])
            for name in columns
        }
    )


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


def cells_of(dataset: Dataset, scope: Scope) -> pd.DataFrame:
    """Return the cells that a scope looks at, sorted by cell_id, with their exposures and geometry."""
    cells = dataset.cells(scope.level, dataset.edition_day(scope))
    if scope.area is not None:
        cells = cells[cells["parent"] == scope.area]
    return cells.reset_index(drop=True)
