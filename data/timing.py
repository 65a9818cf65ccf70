"""How long cases took, whether they were in time, and what such figures leave out: counted over `data.facts`.

What a case, its as-of time and "open" are is told in `data.queries`. All figures are of ordinary cases unless another
handling is asked for: a repair that takes a survey and a design is not measured by the two hours of a warning sign.
Odd times are in no figure (neither in durations nor in the share in time) but are counted beside it by `apart`: a case
closed before it was reported, at the very moment of its report, or in bulk (`data.bulk`). Of a source that tells no
closing times nobody knows which cases are open: they too are counted apart.

Clocks: "raw" is natural time from report to closure. "work" is the office's work time from the start of the clock
(setting clock_start) to closure, holds taken out. "limit" is each case's time on the clock of its own limit, as parts
of that limit; there a case ends as the setting clock_end says, as it does for the share in time. Both are judged by
that moment: if it lies before the report, at its very moment, or before the start of the clock, the case is in neither,
whatever its closing time says.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from base.errors import HazardError
from data import facts, took
from data.dataset import Dataset
from data.facts import NEVER
from data.groups import (
    Ints,
    categorical,
    category,
    cell_columns,
    codes_of,
    each,
    key_column,
    order_of,
    ranks,
    run_starts,
)
from data.schema import DUE_FROM, ENGINEERING, ON_SPOT, Scope
from data.seen import UNKNOWN, Bools, Seen
from data.took import PARTS
from data.views import View

__all__ = [
    "CLOCKS", "PARTS", "apart", "case_times", "due", "durations", "for_marks", "marks", "minutes_of", "open_hours",
    "undecided",
]  # fmt: skip

CLOCKS = ("raw", "work", "limit")
_BITS = 32  # of a duration in minutes or parts, and whether the case is resolved
_HOUR_US = 3_600_000_000
_NO = {"", "0", "否", "无", "n", "no", "none", "false", "f", "未挂账", "未返工"}


def durations(
    dataset: Dataset,
    scope: Scope,
    by: str | None = None,
    *,
    cell: str | None = None,
    clock: str = "raw",
    handling: str | None = "",
) -> pd.DataFrame:
    """Return how long cases took, or have been open, as a histogram by whole minutes.

    Left out is what `apart` counts, what was reported after the as-of time, and what is voided; by clock "limit" also
    cases without a known deadline.

    Parameters
    ----------
    by : {"hazard", "cell", "unit", "source", "month", "channel"}, optional
        Groups; by "cell" those in no cell are left out. None: one group named "all".
    cell : str, optional
        Only the incidents in this cell.
    clock : {"raw", "work", "limit"}
    handling : str, optional
        A code of `data.schema.HANDLINGS`; None: all cases.

    Returns
    -------
    DataFrame
        key (categories), minutes (to the nearest; by clock "limit" `PARTS` of the limit, rounded up, and so that a case
        is in time where it has `PARTS` or less), resolved (False: still open at the as-of time; by clock "limit" also
        where a case is over its limit and the calendar does not know by how much), n; sorted by all of them.

    Raises
    ------
    HazardError
        ``key-unknown``, ``level-unknown``, ``no-boundary`` as in `data.queries.counts`; ``clock-unknown``.
    """
    view = View.of(dataset, scope)
    column = None if by is None else key_column(view, by)
    needed = _needed(view, column, cell) | view.for_states() | _for_clock(view, clock)
    each(view, needed, lambda seen: codes_of(seen, column))  # then all codes are known, and with them their order
    rank, texts = order_of(column)

    def measure(seen: Seen) -> Ints:
        minutes, resolved = minutes_of(seen, clock)
        wanted = _asked(seen, by, cell) & seen.handled_as(handling) & seen.clocked & (minutes >= 0)
        if clock == "limit":
            wanted &= seen.judged
        rows = slice(None) if wanted.all() else np.flatnonzero(wanted)
        # One number a case, that sorts by group, minutes, open before resolved: a sort is all that a histogram takes
        return (rank[codes_of(seen, column)[rows]] << _BITS) + 2 * minutes[rows] + resolved[rows]

    found = np.concatenate([np.empty(0, np.int64), *each(view, needed, measure)])
    found.sort()
    starts = run_starts(found)
    n = np.diff(starts, append=len(found))
    found = found[starts]
    key, rest = found >> _BITS, found & ((1 << _BITS) - 1)
    groups = run_starts(key)
    in_group = np.repeat(np.arange(len(groups)), np.diff(groups, append=len(key)))
    return pd.DataFrame(
        {
            "key": categorical(in_group, pd.Index(texts[key[groups]], dtype=object)),
            "minutes": rest >> 1,
            "resolved": (rest & 1).astype(bool),
            "n": n,
        },
        copy=False,
    )


def due(
    dataset: Dataset, scope: Scope, by: str | None = None, *, cell: str | None = None, handling: str | None = ""
) -> pd.DataFrame:
    """Return how many cases were due by the as-of time and how many of them ended in time.

    Left out are odd times, sources without closing times, cases reported after the as-of time, and voided ones.

    Parameters as in `durations`.

    Returns
    -------
    DataFrame
        key (categories), due, in_time, and beside them bulk_due and bulk_in_time: the same of cases closed in bulk. Who
        closes late cases in bulk would gain by their being left out. Groups in which nothing was due are left out.
    """
    view = View.of(dataset, scope)

    def masks(seen: Seen) -> dict[str, Bools]:
        ours = seen.handled_as(handling)
        was_due, bulk = seen.due & ours, seen.bulk_due & ours
        return {"due": was_due, "in_time": was_due & seen.met, "bulk_due": bulk, "bulk_in_time": bulk & seen.met}

    names = ("due", "in_time", "bulk_due", "bulk_in_time")
    found = _tally(view, by, cell, view.for_deadlines(), names, masks)
    return found[found["due"] + found["bulk_due"] > 0].reset_index(drop=True)


_APART = (
    "negative", "zero", "bulk", "no_time", "no_closing", "later", "uncovered", "hold_unknown", "on_spot", "engineering",
    "reworked", "paused", "odd_end",
)  # fmt: skip


def apart(
    dataset: Dataset,
    scope: Scope,
    by: str | None = None,
    *,
    cell: str | None = None,
    clock: str = "raw",
    handling: str | None = "",
) -> pd.DataFrame:
    """Return the cases that stand beside a figure: why they are not in it, each counted once, and what marks others.

    Parameters as in `durations`.

    Returns
    -------
    DataFrame
        key (categories), and numbers of cases: no_closing (of a source that tells no closing times), no_time (without a
        report time; by another clock than "raw" also without its start), later (reported after the as-of time),
        negative (closed before the report, or before the clock started), zero (closed at the moment of the report; by
        clock "limit" both of the moment that counts against the deadline), bulk (closed in bulk), uncovered (work time
        over days that the calendar does not know), hold_unknown (it was on hold, nobody knows when: work time cannot be
        told). With the n of `durations` these make up all cases of that
        handling that are not voided; by clock "limit" there are those without a known deadline too (`undecided`).
        Beside them: on_spot and engineering (all such cases, whatever the handling asked for), and among those of the
        handling reworked and paused (cases that say so; many of them are in the figures) and odd_end (neither closed in
        bulk nor of odd times from report to closure, but so against the deadline: in durations by clock "raw", and in
        no share in time). Groups without any case of the scope are left out.
    """
    view = View.of(dataset, scope)
    return _tally(view, by, cell, for_marks(view, clock), _APART, marks(clock, handling))


def marks(clock: str, handling: str | None) -> Callable[[Seen], dict[str, Bools]]:
    """Return what tells of the cases of a file why they stand beside a figure: the names of `apart`."""

    def masks(seen: Seen) -> dict[str, Bools]:
        ours = seen.handled_as(handling) & seen.stands
        minutes = np.broadcast_to(0, seen.n) if clock == "raw" else minutes_of(seen, clock)[0]
        reasons = {
            "no_closing": ~seen.followed,
            "no_time": ~seen.timed,
            "later": ~seen.known,
            "negative": ~seen.sound | seen.backwards if clock == "limit" else ~seen.sound,
            "zero": seen.zero | seen.ended_at_once if clock == "limit" else seen.zero,
            "bulk": seen.bulk,
        }
        found: dict[str, Bools] = {}
        left = ours
        for name, mask in reasons.items():
            found[name] = left & mask
            left = left & ~mask if found[name].any() else left
        found["no_time"] = found["no_time"] | left & (minutes == took.NOT_BEGUN)
        found["negative"] = found["negative"] | left & (minutes == took.BACKWARDS)
        found["uncovered"] = left & (minutes == took.UNCOVERED)
        found["hold_unknown"] = left & (minutes == took.HOLD_UNKNOWN)
        for name in (ON_SPOT, ENGINEERING):
            found[name] = seen.handled_as(name) & seen.stands
        found["reworked"] = ours & says(seen, "reworked")
        held = (seen["paused_at"] <= seen.as_of) | (seen["paused_minutes"] > 0)
        found["paused"] = ours & (held | says(seen, "paused"))
        found["odd_end"] = ours & seen.plain & ~seen.bulk & seen.odd_end
        return found

    return masks


def for_marks(view: View, clock: str) -> set[str]:
    """Return what `marks` and `minutes_of` need of a file; errors as in `durations`."""
    marked = {"reworked", "paused", "paused_at", "paused_minutes"}
    return view.for_deadlines() | _for_clock(view, clock) | marked


def undecided(
    dataset: Dataset, scope: Scope, by: str | None = None, *, cell: str | None = None, handling: str | None = ""
) -> pd.DataFrame:
    """Return the cases by where their deadline comes from, or why there is none.

    They are the cases on which the share in time is judged once they are due: their state is known, and no time is odd,
    of report, start and end.

    Parameters as in `durations`.

    Returns
    -------
    DataFrame
        key (categories) and a column of numbers for each code of `data.schema.DUE_FROM`.
    """
    view = View.of(dataset, scope)

    def masks(seen: Seen) -> dict[str, Bools]:
        ours = seen.handled_as(handling) & seen.judged
        codes = facts.codes("due_from").of(tuple(DUE_FROM))
        return {name: ours & (seen["due_from"] == code) for name, code in zip(DUE_FROM, codes, strict=True)}

    return _tally(view, by, cell, view.for_deadlines() | {"due_from"}, tuple(DUE_FROM), masks)


def open_hours(
    dataset: Dataset, scope: Scope, by: str | None = None, *, cell: str | None = None, handling: str | None = ""
) -> pd.DataFrame:
    """Return the open cases, one a row, in the order of the store.

    Parameters as in `durations`.

    Returns
    -------
    DataFrame
        key (categories), hours_past_due (at the as-of time; negative: not due yet, NaN: no deadline is known),
        hours_open (since the report; NaN without a report time), stopped (by the setting clock_end it is handled, and
        so is neither past due nor will it be). Hours are natural ones.
    """
    view = View.of(dataset, scope)
    column = None if by is None else key_column(view, by)

    def take(seen: Seen) -> tuple[Any, ...]:
        rows = np.flatnonzero(seen.open & seen.handled_as(handling) & _asked(seen, by, cell))
        as_of = np.broadcast_to(seen.as_of, seen.n)[rows]

        def since(times: Ints) -> Any:
            return np.where((times == NEVER) | (as_of == UNKNOWN), np.nan, (as_of - times) / _HOUR_US)

        key = codes_of(seen, column)[rows].astype(np.int64)
        return key, since(seen["due_at"][rows]), since(seen.reported[rows]), seen.stopped[rows]

    parts = each(view, _needed(view, column, cell) | view.for_deadlines(), take)
    key, past_due, open_for, stopped = (
        np.concatenate([np.empty(0, kind), *(part[at] for part in parts)])
        for at, kind in enumerate((np.int64, float, float, bool))
    )
    told = {"hours_past_due": past_due, "hours_open": open_for, "stopped": stopped}
    return pd.DataFrame({"key": category(column or "all", key), **told}, copy=False)


def case_times(dataset: Dataset, scope: Scope, columns: Sequence[str], *, handling: str | None = "") -> pd.DataFrame:
    """Return stored times of the cases that were known by their as-of time and are not voided, in the store's order.

    Parameters
    ----------
    columns : sequence of str
        Of `data.schema.STORED_TIMES`.
    handling
        As in `durations`.

    Returns
    -------
    DataFrame
        call (its number, as in `data.queries.points`), hazard, unit, source and, where the scope has a level, cell_id
        (categories, missing where there is none); as_of and the columns asked for (int64 microseconds since 1970 in
        UTC; `data.facts.NEVER` where there is none, and for what happened after as_of; deadlines stand as they are);
        followed (False: its source tells no closing times) and odd (closed before its report, at its moment, or in
        bulk: in no figure).
    """
    view = View.of(dataset, scope)
    keys = ["hazard", "unit", "source", *([view.cell] if view.cell else [])]
    flags = ("followed", "odd")

    def take(seen: Seen) -> list[Any]:
        kept = seen.known & seen.stands & seen.handled_as(handling)
        as_of = np.broadcast_to(seen.as_of, seen.n)
        come = {name: seen[name] for name in columns}
        known = {
            name: at if name in ("due_at", "target_at") else np.where(at > as_of, NEVER, at)
            for name, at in come.items()
        }
        odd = ~seen.sound | seen.zero | seen.bulk
        found = [seen.calls, *(seen[key] for key in keys), as_of, *known.values(), seen.followed, odd]
        return [column[kept] for column in found]

    parts = each(view, {*keys, *columns} | view.for_states(), take)
    names = ["call", *keys, "as_of", *columns, *flags]
    frame: dict[str, Any] = {}
    for at, name in enumerate(names):
        found = np.concatenate([np.empty(0, bool if name in flags else np.int64), *(part[at] for part in parts)])
        frame["cell_id" if name == view.cell else name] = category(name, found) if name in keys else found
    return pd.DataFrame(frame, copy=False)


def _tally(
    view: View,
    by: str | None,
    cell: str | None,
    needed: set[str],
    names: Sequence[str],
    masks: Callable[[Seen], dict[str, Bools]],
) -> pd.DataFrame:
    """Return key and how many cases of each group lie in each mask; groups without any case are left out."""
    column = None if by is None else key_column(view, by)

    def count(seen: Seen) -> list[Ints]:
        asked, codes, found = _asked(seen, by, cell), codes_of(seen, column), masks(seen)
        every = [asked, *(found[name] & asked for name in names)]
        if not any(codes.strides):  # one group
            code = int(codes[0]) if len(codes) else 0
            return [np.bincount([code], weights=[np.count_nonzero(mask)]).astype(np.int64) for mask in every]
        return [np.bincount(codes[mask]) for mask in every]

    parts = each(view, _needed(view, column, cell) | needed, count)
    size = max((len(one) for part in parts for one in part), default=0)
    table = np.zeros((1 + len(names), size), dtype=np.int64)
    for part in parts:
        for row, one in zip(table, part, strict=True):
            row[: len(one)] += one
    rank, texts = ranks(column, np.flatnonzero(table[0]))
    order = np.argsort(rank[: table.shape[1]][table[0] > 0])
    shown = table[1:, table[0] > 0][:, order]
    return pd.DataFrame(
        {"key": categorical(np.arange(len(texts)), texts), **dict(zip(names, shown, strict=True))}, copy=False
    )


def _needed(view: View, column: str | None, cell: str | None) -> set[str]:
    return cell_columns(view, cell) | ({column} if column else set())


def _for_clock(view: View, clock: str) -> set[str]:
    if clock not in CLOCKS:
        raise HazardError(
            "clock-unknown",
            "There is no clock named {name}; the clocks are: {known}.",
            name=clock,
            known=", ".join(CLOCKS),
        )
    return set() if clock == "raw" else took.prepared(view, clock)


def minutes_of(seen: Seen, clock: str) -> tuple[Ints, Bools]:
    """Return minutes or parts of each clocked case, and whether it had ended; negative for the reasons of `took`."""
    if clock == "raw":
        until = np.where(seen.open, seen.as_of, seen.closed)
        return (until - seen.reported + 30_000_000) // 60_000_000, ~seen.open
    found, ended = seen.once(("took", clock), lambda: took.took(seen, clock))
    over = found == took.OVER
    return np.where(over, PARTS + 1, found), ended & ~over


def says(seen: Seen, column: str) -> Bools:
    """Return whether a text of the file says yes, or counts any."""

    def look() -> Bools:
        codes = seen[column]
        if not any(codes.strides):
            return np.broadcast_to(np.False_, seen.n)
        there, at = np.unique(codes, return_inverse=True)
        texts = np.append(facts.codes(column).texts, "")[there]  # -1 is the last
        return np.array([text.strip().lower() not in _NO for text in texts], dtype=bool)[at]

    return seen.once(("says", column), look)


def _asked(seen: Seen, by: str | None, cell: str | None) -> Bools:
    """Return which rows lie in the cell asked for, and by "cell" in any."""
    return seen.in_cell(cell) & seen.placed if by == "cell" else seen.in_cell(cell)
