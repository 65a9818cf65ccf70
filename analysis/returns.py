"""Closed is not fixed: whether the same hazard came back near a place after it was closed there, and how soon.

A chronic site (`analysis.recurrence`) tells of a place; this tells of closures, and so of those who closed: of each one
the first report of the same hazard within a radius, strictly after it. A report from before the closure is a repeat: it
speaks of what was still there. Each closure answers for itself: where two cases at one spot were both closed before the
hazard came back, both were followed by it.

A closure after which nothing has come back is no success yet, it has been watched until now: it is censored at the
as-of time, and the share that comes back within Y days is read from a Kaplan-Meier curve. To count over all closures
would flatter whoever closed most of them lately; to count only those watched for Y days is right as well, but loses the
last Y days of closures, which are those that a leader asks about.

Closures of one chronic place follow each other and are not independent: the limits of a share are rather too narrow.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.radii import radius_of
from analysis.resolution import summarize
from base.errors import HazardError

_SLACK = 1.000001  # half a lattice cell is a little wider than the radius: rounding cannot put a match beside it

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Returns(NamedTuple):
    """What came after the closure of each event, in the order given.

    `returned` says whether the hazard was reported again; `waited` holds the hours from the closure until then, or
    until the as-of time where it was not (NaN: not closed, or nothing that can be watched); `by` the position of the
    event that came back, -1 for none.
    """

    returned: NDArray[np.bool_]
    waited: Floats
    by: Ints


def find_returns(
    x_m: ArrayLike,
    y_m: ArrayLike,
    reported: ArrayLike,
    closed: ArrayLike,
    hazard: ArrayLike,
    *,
    as_of: ArrayLike,
    radius_m: Mapping[Any, float],
) -> Returns:
    """Return for each closed event the first one of its hazard that was reported near it after its closure.

    Parameters
    ----------
    x_m, y_m : array_like, shape (n,)
        Places of events (not of calls: two calls about one flood are no return) in metres. NaN or infinite is no place:
        such an event is not watched, and comes back nowhere.
    reported, closed : array_like, shape (n,)
        In hours from any common zero. A closure that is missing, before its report or after `as_of` is not known to
        have been; a report that is missing or after `as_of` is none.
    as_of : float or array_like, shape (n,)
        In the same hours: up to when all events are known, or each one where their sources end at different times (NaN:
        not known at all). A closure is watched until its own as-of time, whoever reports what comes back.
    hazard : array_like of str, of int, or categorical, shape (n,)
        Kind of hazard; an event without one is not watched.
    radius_m : mapping of kind to float
        How far from the closed event the next one may lie (the radius included), for each hazard that occurs.

    Returns
    -------
    Returns
        Of several reports at the same moment the western-most one is meant, then the southern-most.

    Raises
    ------
    HazardError
        ``lengths-differ``; ``radius-missing`` for a hazard without a radius, ``radius-bad`` for one that
        is negative or not a number; ``as-of-missing``.
    """
    x, y, start, stop = (np.asarray(column, dtype=float) for column in (x_m, y_m, reported, closed))
    kind, names = pd.factorize(pd.Series(hazard))
    until = np.asarray(as_of, dtype=float)
    if len({len(column) for column in (x, y, start, stop, kind)} | ({len(until)} if until.ndim else set())) > 1:
        raise HazardError("lengths-differ", "Places, times and hazards of events must have the same length.")
    if not until.ndim and not np.isfinite(until):
        raise HazardError("as-of-missing", "Returns are found as of a time, and it is missing.")
    radius = [radius_of(name, radius_m) for name in names]
    there = np.isfinite(x) & np.isfinite(y) & (start <= until) & np.isfinite(start) & (kind >= 0)
    done = there & (stop >= start) & (stop <= until)
    by = np.full(len(x), -1, dtype=np.int64)
    order = np.argsort(kind, kind="stable")  # kinds may be many: each is looked at alone
    ends = np.searchsorted(kind[order], np.arange(len(radius) + 1))
    for code, within in enumerate(radius):
        row = order[ends[code] : ends[code + 1]]
        row = row[there[row]]
        row = row[np.lexsort((y[row], x[row], start[row]))]
        found = _next(x[row], y[row], start[row], np.where(done, stop, np.nan)[row], within)
        by[row] = np.where(found < len(row), np.append(row, -1)[found], -1)
    by[start[by] > until] = -1  # known of another source, but later than this one was watched
    returned = by >= 0
    return Returns(returned, np.where(done, np.where(returned, start[by], until) - stop, np.nan), by)


def share_returned(
    returns: Returns, key: ArrayLike | None = None, *, days: float, quantiles: tuple[float, ...] = (0.25,)
) -> pd.DataFrame:
    """Return the share of closures after which the hazard came back within some days, by any key, with 95% limits.

    Parameters
    ----------
    returns : Returns
    key : array_like, shape (n,), optional
        Of each event: its hazard, cell, handling unit. None: all together. An event without a key is in no group.
    days : float
        Within so many days of the closure.
    quantiles : tuple of float
        The times by which such shares of the closures were followed by a return.

    Returns
    -------
    DataFrame
        One row per key, sorted: key; closures; watched (for all the days, or until a return within them); returned
        (within the days); share, low, high (by the curve; NaN where no closure was watched so long); then the
        quantiles in hours, p25_hours, p25_low, p25_high and so on (NaN: not reached).

    Raises
    ------
    HazardError
        ``lengths-differ``; ``return-days-bad`` for days not above zero; ``quantile-bad``.
    """
    if not 0 < days < np.inf:
        raise HazardError("return-days-bad", "A return is looked for within days above zero, not {days}.", days=days)
    label = pd.Series("all", range(len(returns.waited)), dtype=object) if key is None else pd.Series(np.asarray(key))
    if len(label) != len(returns.waited):
        raise HazardError("lengths-differ", "Returns and their keys must have the same length.")
    row = np.flatnonzero(~np.isnan(returns.waited) & label.notna().to_numpy())
    waited, back = returns.waited[row], returns.returned[row]
    cases = pd.DataFrame({"key": label.to_numpy()[row], "minutes": waited * 60, "resolved": back, "n": 1})
    table = summarize(cases, quantiles=quantiles, limit_hours=24 * days)
    within = back & (waited <= 24 * days)
    seen = pd.DataFrame({"watched": within | (waited >= 24 * days), "returned": within})
    counted = seen.groupby(cases["key"], sort=False, observed=True).sum().astype(np.int64).reset_index(drop=True)
    table = pd.concat([table, counted], axis=1).drop(columns="open").rename(columns={"n": "closures"})
    table = table.rename(columns={"within": "share", "within_low": "low", "within_high": "high"})
    front = ["key", "closures", "watched", "returned", "share", "low", "high"]
    table = table[front + [name for name in table if name not in front]]
    return table.sort_values("key", ignore_index=True)


def _next(x: Floats, y: Floats, start: Floats, stop: Floats, radius: float) -> Ints:
    """Return the position of the first event near each one that begins after its `stop`, n for none.

    The events of one kind, in the order of their beginnings. A lattice cell is two radii wide: an event's own cell and
    the three beside its nearest corner hold all that is near. In each cell those after the stop are walked in the order
    of time, all events a step at a time, until one is near or another cell has had an earlier one. A walk is short, for
    what lies in those cells is near as often as not.
    """
    n = len(x)
    best = np.full(n, n, dtype=np.int64)
    if np.isnan(stop).all():
        return best
    west, south = x.min(), y.min()
    widest = max(float(np.ptp(x)), float(np.ptp(y)), 1.0)
    side = max(radius * _SLACK, widest / 2**28)  # so narrow that numbers of cells fit
    across, along = (np.floor((v - v0) / side).astype(np.int64) for v, v0 in ((x, west), (y, south)))
    row = 2**30
    number = ((across >> 1) + 1) * row + (along >> 1) + 1
    cells, home = np.unique(number, return_inverse=True)
    order = np.argsort(home, kind="stable")  # by cell, in each by time
    key = home[order] * (n + 1) + order
    ends = np.searchsorted(home[order], np.arange(len(cells)), side="right")
    asking = order[~np.isnan(stop[order])]  # by cell: what is looked up next lies near by
    after = np.searchsorted(start, stop[asking], side="right")
    dx, dy = ((across & 1) * 2 - 1) * row, (along & 1) * 2 - 1
    for step in (0 * dx, dx, dy, dx + dy):  # its own cell first: what it finds ends the walks in the others
        wanted = (number + step)[asking]
        cell = np.minimum(np.searchsorted(cells, wanted), len(cells) - 1)
        some = np.flatnonzero(cells[cell] == wanted)
        who, end = asking[some], ends[cell[some]]
        place = np.searchsorted(key, cell[some] * (n + 1) + after[some])
        while True:
            on = place < end
            who, place, end = who[on], place[on], end[on]
            if not len(who):
                break
            there = order[place]
            on = there < best[who]
            who, place, end, there = who[on], place[on], end[on], there[on]
            near = (x[there] - x[who]) ** 2 + (y[there] - y[who]) ** 2 <= radius**2
            best[who[near]] = there[near]
            who, place, end = who[~near], place[~near] + 1, end[~near]
    return best
