"""Chronic sites: places where the same hazard comes back after it was closed.

A drain that is cleared and overflows again, a cover that is set and sinks again: each case by itself was closed in
time, and only the place tells that the cause is still there. A site is a description, not a claim; no chance is
computed. It is made of events, not calls (see `analysis.events`), of the whole history that is known.

What is one site? As a call is tied to the first call of its event, an event is tied to the first event of its site: the
events of a hazard are walked in the order of their reports, and each joins the earliest begun site whose first event
lies within the radius. So a site never spans more than the radius from there. Joining whatever is near any event of a
site would chain: after some years a whole street is one site that returns every week.

What is a return? An event that is reported after all earlier events of its site were closed. What is reported while one
of them is still open is a repeat: the hazard had not gone. A closure that is missing, or before its report, is not
known to have been, so the site stays open and nothing returns there from then on: returns are rather missed than made
up, and `open_now` shows where.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.events import group_events
from analysis.radii import radius_of
from base.errors import HazardError

COLUMNS = ("site_id", "x_m", "y_m", "hazard", "events", "returns", "first", "last", "median_days", "open_now")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_DAY = 86_400_000_000.0  # in microseconds


def chronic_sites(
    x_m: ArrayLike,
    y_m: ArrayLike,
    reported: ArrayLike | pd.Series,
    closed: ArrayLike | pd.Series,
    hazard: ArrayLike,
    *,
    radius_m: Mapping[Any, float],
    min_returns: int = 1,
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Return the chronic site of each event, and one row per site, most returns first.

    Parameters
    ----------
    x_m, y_m : array_like, shape (n,)
        Places of events in metres (a projected system). NaN or infinite is no place: such an event is in no site.
    reported, closed : array_like, shape (n,)
        Both as times, or both in hours from any common zero. Without a report an event is in no site. A missing
        closure, or one before the report, means: still open as far as is known.
    hazard : array_like of str, of int, or categorical, shape (n,)
        Kind of hazard; events of different kinds never share a site, and one without a kind is in none.
    radius_m : mapping of kind to float
        How far from the first event of a site its others may lie (both ends included), for each hazard that occurs.
    min_returns : int
        Sites with fewer returns are not chronic and are left out.

    Returns
    -------
    site : ndarray of int64, shape (n,)
        `site_id` of each event, -1 for none.
    frame : DataFrame
        Columns `COLUMNS`; site_id counts from 0 and equals the row. x_m, y_m is the place of the site's first event;
        events, returns and open_now (not closed) are numbers of events; first and last are reports, as given;
        median_days is that from the last closure before a return to its report. Of as many returns the site with more
        events stands first, then the one that began first, then from west to east and from south to north, then by
        hazard. The answer does not depend on the order of the events.

    Raises
    ------
    HazardError
        ``lengths-differ``, ``times-differ``, ``site-returns-bad``; ``radius-missing`` for a hazard without a
        radius, ``radius-bad`` for one that is negative or not a number.
    """
    joined = join_sites(x_m, y_m, reported, hazard, radius_m=radius_m)
    return describe_sites(joined, x_m, y_m, reported, closed, hazard, min_returns=min_returns)


def join_sites(
    x_m: ArrayLike,
    y_m: ArrayLike,
    reported: ArrayLike | pd.Series,
    hazard: ArrayLike,
    *,
    radius_m: Mapping[Any, float],
) -> NDArray[np.int64]:
    """Return for each event the position of the first one of its site, -1 for an event in none.

    What comes later changes nothing of what came before: of a history that ends earlier the sites are the same, without
    what was reported since. So a long history is walked once, and its sites are described as of any day
    (`describe_sites`). Parameters and errors as in `chronic_sites`.
    """
    x, y = np.asarray(x_m, dtype=float), np.asarray(y_m, dtype=float)
    kind, names = pd.factorize(pd.Series(hazard))
    start = _numbers(pd.Series(reported).reset_index(drop=True))
    _same_length(x, y, start, kind)
    radius = {code: radius_of(name, radius_m) for code, name in enumerate(names)}
    row = _usable(x, y, start, kind)
    always = float(np.ptp(start[row])) if len(row) else 0.0  # a site is open to all that comes after its first event
    window = dict.fromkeys(radius, always)
    joined = np.full(len(x), -1, dtype=np.int64)
    joined[row] = row[group_events(x[row], y[row], start[row], kind[row], radius_m=radius, window_h=window)]
    return joined


def describe_sites(
    joined: ArrayLike,
    x_m: ArrayLike,
    y_m: ArrayLike,
    reported: ArrayLike | pd.Series,
    closed: ArrayLike | pd.Series,
    hazard: ArrayLike,
    *,
    min_returns: int = 1,
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Return what `chronic_sites` does, of events that are joined already.

    `joined` holds a number of each event's site, below 0 for none; otherwise as in `chronic_sites`.
    """
    x, y = np.asarray(x_m, dtype=float), np.asarray(y_m, dtype=float)
    begin, end = (pd.Series(column).reset_index(drop=True) for column in (reported, closed))
    kind, names = pd.factorize(pd.Series(hazard))
    label = np.asarray(joined, dtype=np.int64)
    _same_length(x, y, begin, end, kind, label)
    if min_returns < 1:
        raise HazardError("site-returns-bad", "A chronic site needs at least 1 return, not {n}.", n=min_returns)
    start, stop, day = _moments(begin, end)
    row = _usable(x, y, start, kind)
    row = row[label[row] >= 0]
    row = row[np.lexsort((y[row], x[row], start[row], label[row]))]
    first = np.diff(label[row], prepend=-1) != 0
    group, lead = np.cumsum(first) - 1, row[first]
    returned, waited = _returns(group, start[row], stop[row])

    n = len(lead)
    final = np.flatnonzero(np.diff(group, append=n))
    by_name = np.argsort(np.argsort(np.asarray(names, dtype=str)))
    frame = pd.DataFrame(
        {
            "x_m": x[lead], "y_m": y[lead], "hazard": np.asarray(names, dtype=object)[kind[lead]],
            "events": np.bincount(group, minlength=n), "returns": np.bincount(group[returned], minlength=n),
            "first": begin.iloc[lead].reset_index(drop=True), "last": begin.iloc[row[final]].reset_index(drop=True),
            "median_days": pd.Series(waited[returned] / day).groupby(group[returned]).median().reindex(range(n)),
            "open_now": np.bincount(group[np.isinf(stop[row])], minlength=n),
        }
    )  # fmt: skip
    rank = np.lexsort((by_name[kind[lead]], y[lead], x[lead], start[lead], -frame["events"], -frame["returns"]))
    rank = rank[frame["returns"].to_numpy()[rank] >= min_returns]
    number = np.full(n, -1, dtype=np.int64)
    number[rank] = np.arange(len(rank))
    site = np.full(len(x), -1, dtype=np.int64)
    site[row] = number[group]
    frame = frame.iloc[rank].reset_index(drop=True)
    return site, frame.assign(site_id=np.arange(len(frame)))[list(COLUMNS)]


def _same_length(*columns: Any) -> None:
    if len({len(column) for column in columns}) > 1:
        raise HazardError("lengths-differ", "Places, times and hazards of events must have the same length.")


def _usable(x: Floats, y: Floats, start: Floats, kind: Ints) -> Ints:
    """Return the events that have a place, a report and a kind."""
    return np.flatnonzero(np.isfinite(x) & np.isfinite(y) & np.isfinite(start) & (kind >= 0))


def _returns(group: Ints, start: Floats, stop: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Return which events came back, and how long after the last closure; the events come by site and by time."""
    closed = pd.Series(stop).groupby(group).cummax().to_numpy(dtype=float)  # when all until this one were
    before = np.where(np.diff(group, prepend=-1) == 0, np.concatenate([[np.inf], closed])[:-1], np.inf)
    return start > before, start - before


def _moments(reported: pd.Series, closed: pd.Series) -> tuple[Floats, Floats, float]:
    """Return reports and closures as numbers, and the length of a day in them; no report is NaN, no closure infinite.

    Times become whole microseconds: their order and their differences are exact.
    """
    kinds = [reported.dtype, closed.dtype]
    timed = [pd.api.types.is_datetime64_any_dtype(kind) for kind in kinds]
    zoned = [isinstance(kind, pd.DatetimeTZDtype) for kind in kinds]
    if closed.notna().any() and (timed[0] != timed[1] or zoned[0] != zoned[1]):
        raise HazardError(
            "times-differ", "Reports and closures must both be times, with or without a zone, or both be hours."
        )
    start, stop = _numbers(reported), _numbers(closed)
    stop = np.where(np.isfinite(stop) & ~(stop < start), stop, np.inf)
    return start, stop, _DAY if timed[0] else 24.0


def _numbers(moments: pd.Series) -> Floats:
    if not pd.api.types.is_datetime64_any_dtype(moments.dtype):
        return moments.to_numpy(dtype=float, na_value=np.nan)
    whole = moments.to_numpy("datetime64[us]").astype(np.int64).astype(np.float64)
    return np.where(moments.isna(), np.nan, whole)
