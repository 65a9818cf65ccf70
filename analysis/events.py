"""From calls to events: reports of one hazard within metres and hours of the first one are one event.

Every test of chance counts events. Ten people who ring about one flooded crossing are one thing that happened. With two
calls an event on average and no pattern at all, a test that takes calls for independent names a cell on about half of
all maps (23 cells, 69 events, one call and a Poisson number of further ones: 56%, against 2% for events).

Why not single linkage (joining whatever is near any member)? It chains: in a wet month each call lies near another one,
and a whole street, or a whole season, becomes a single event whose extent depends on how many people rang. Here an
event is tied to its first call: it never spans more than the radius and the window from there, and a call more can only
join it.

A long history is walked part by part (`still_open`): an event that began in one month takes calls of the next one.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError

_SLACK = 1.000001  # half a lattice cell is a little wider than the radius: rounding cannot put a match beside it
_BITS = 24  # of a key for the time; above it stands the cell. Two that share a key only show a call too many
_TURN, _KEY = 2**_BITS - 1, 2**63 - 1
_ROW, _KIND = 1_000_003, 998_244_353_001  # between the numbers of cells side by side, and of one cell of two kinds
_CROWD = 8  # with so many calls before it, as far as the lattice knows, a call is walked and not listed in pairs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class _Calls(NamedTuple):
    """Calls that have a place, a time and a kind; `row` is where they stood, `radius` and `window` are by kind."""

    x: Floats
    y: Floats
    t: Floats
    kind: Ints
    row: Ints
    radius: Floats
    window: Floats

    def take(self, rows: Ints) -> "_Calls":
        x, y, t, kind, row, radius, window = self
        return _Calls(x[rows], y[rows], t[rows], kind[rows], row[rows], radius, window)


def group_events(
    x_m: ArrayLike,
    y_m: ArrayLike,
    hours: ArrayLike,
    hazard: ArrayLike,
    *,
    radius_m: Mapping[Any, float],
    window_h: Mapping[Any, float],
    leading: int = 0,
) -> Ints:
    """Return for each call the position of the first call of its event.

    The calls of one hazard are walked in time order. A call joins the earliest begun event whose first call lies within
    the radius and the window of it (both ends included); otherwise it begins an event. The number of events does not
    depend on the order of the rows: equal times are walked from west to east, then from south to north.

    Parameters
    ----------
    x_m, y_m : array_like, shape (n,)
        Places in metres. NaN or infinite is no place: such a call is an event of its own.
    hours : array_like, shape (n,)
        Report times in hours from any common zero. NaN is no time: such a call is an event of its own.
    hazard : array_like of str, of int, or categorical, shape (n,)
        Kind of hazard; calls of different kinds never share an event, and one without a kind is an event of its own.
    radius_m, window_h : mapping of kind to float
        Radius in metres and window in hours of each hazard that occurs.
    leading : int
        So many calls at the beginning are known to lead an event, and none of the others is before them: see
        `still_open`.

    Returns
    -------
    ndarray of int64, shape (n,)
        In the order of the calls; ``result == arange(n)`` marks the first calls, so its sum is the number of events.

    Raises
    ------
    HazardError
        ``lengths-differ``; ``event-rule-missing`` for a hazard without radius or window; ``event-rule-bad`` for one
        that is negative or not a number.
    """
    x, y, t = (np.asarray(column, dtype=float) for column in (x_m, y_m, hours))
    if not (x.shape == y.shape == t.shape == np.shape(hazard) and x.ndim == 1):
        raise HazardError("lengths-differ", "Places, times and hazards of calls must have the same length.")
    kind, names = pd.factorize(pd.Series(hazard))
    radius, window = np.array([_rule(name, radius_m, window_h) for name in names], dtype=float).reshape(-1, 2).T
    first = np.arange(len(x), dtype=np.int64)
    row = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & np.isfinite(t) & (kind >= 0))
    if len(row) < 2:
        return first
    calls = _Calls(x, y, t, kind, np.arange(len(x)), radius, window)
    if len(row) < len(x):
        calls = calls.take(row)
    leader, follower, company = _in_company(calls, leading)
    first[calls.row[follower]] = calls.row[leader]
    walked = calls.take(company)
    walked = walked.take(np.lexsort((walked.row, walked.y, walked.x, walked.t, walked.kind)))
    first[walked.row] = _walk(walked, leading)
    return first


def still_open(first: Ints, hours: ArrayLike, hazard: ArrayLike, *, window_h: Mapping[Any, float]) -> Ints:
    """Return the positions of the first calls that a call after all of these could still follow.

    A history of any length is walked in parts, each later than the one before; between them only these calls are kept.
    ``first`` is what `group_events` said of a part; the part after it begins with the rows kept, and the answer is as
    if all parts had been walked together::

        rows = concat([kept, part])  # places projected together: every part may have a centre of its own
        first = group_events(..., leading=len(kept))  # rows.id[first]: the first call of each, also of an earlier part
        kept = rows[still_open(first, ...)]
    """
    t = np.asarray(hours, dtype=float)
    kind, names = pd.factorize(pd.Series(hazard))
    timed = np.isfinite(t) & (kind >= 0)
    leads = np.flatnonzero(timed & (first == np.arange(len(first))))
    window = np.array([float(window_h[name]) for name in names])
    return leads[t.max(where=timed, initial=-np.inf) - t[leads] <= window[kind[leads]]]


def _rule(name: Any, radius_m: Mapping[Any, float], window_h: Mapping[Any, float]) -> tuple[float, float]:
    if name not in radius_m or name not in window_h:
        raise HazardError("event-rule-missing", "Hazard {hazard} has no event radius or no event window.", hazard=name)
    radius, window = float(radius_m[name]), float(window_h[name])
    if not (0 <= radius < np.inf and 0 <= window < np.inf):
        raise HazardError(
            "event-rule-bad",
            "Hazard {hazard}: an event radius of {radius} m and a window of {window} h cannot be; give numbers from 0 "
            "up.",
            hazard=name, radius=radius, window=window,
        )  # fmt: skip
    return radius, window


def _cells(calls: _Calls) -> tuple[Ints, Ints, Ints]:
    """Return the lattice cell of each call, and the steps to the cells beside it along x and y that may hold company.

    A cell is two radii wide. Values at most a radius apart lie in the same or in adjacent halves of cells; so along an
    axis the call's own cell and the one beside its half hold all that is near.
    """
    side = np.where(calls.radius > 0, calls.radius * _SLACK, 1.0)[calls.kind]
    across, along = (np.floor(v / side).astype(np.int64) for v in (calls.x, calls.y))
    cell = (across >> 1) * _ROW + (along >> 1) + calls.kind * _KIND
    return cell, ((across & 1) * 2 - 1) * _ROW, (along & 1) * 2 - 1


def _in_company(calls: _Calls, leading: int) -> tuple[Ints, Ints, Ints]:
    """Return who leads and who follows in pairs that have no other company, and which calls are to be walked.

    Most calls have nobody within radius and window, and most of the others one alone: neither needs a walk. Keys of a
    cell's calls stand in time order, so those of a window before a call are a stretch of each of its four cells.
    """
    cell, dx, dy = _cells(calls)
    begin = calls.t.min()
    turns = _TURN / max(float(calls.t.max() - begin), 1e-9)
    key = cell << _BITS & _KEY | ((calls.t - begin) * turns).astype(np.int64)
    order = np.argsort(key)
    key, dx, dy = key[order], dx[order] << _BITS, dy[order] << _BITS
    # Two more: both ends are rounded down, and not exactly
    back = np.minimum(calls.window * turns + 2, _TURN).astype(np.int64)[calls.kind[order]]
    back = np.minimum(back, key & _TURN)
    n = len(key)
    seen = np.zeros(n, dtype=bool)
    seen[1:] = key[:-1] >= key[1:] - back[1:]
    seen[:-1] |= key[1:] == key[:-1]
    spans = [(np.flatnonzero(seen), *_stretch(key, key[seen], back[seen]))]
    for step in (dx, dy, dx + dy):
        until = key + step & _KEY
        behind = np.searchsorted(key, until, side="right")
        some = np.flatnonzero(key[behind - 1] >= until - back)  # before the first stands the last: no harm
        spans.append((some, *_stretch(key, until[some], back[some])))
    shown = np.zeros(n, dtype=np.int64)
    for some, first, behind in spans:
        shown[some] += behind - first
    crowded = shown > _CROWD + 1  # itself is one
    pairs = []
    stretches = np.zeros(n + 1, dtype=np.int64)  # of calls to be walked: + 1 where one begins, - 1 behind it
    for some, first, behind in spans:
        crowd = crowded[some]
        stretches += np.bincount(first[crowd], minlength=n + 1) - np.bincount(behind[crowd], minlength=n + 1)
        pairs.append(_pairs(calls, order, first[~crowd], behind[~crowd], order[some[~crowd]]))
    earlier, later = (np.concatenate(side) for side in zip(*pairs, strict=True))
    follows = calls.row[later] >= leading
    earlier, later = earlier[follows], later[follows]
    company = np.bincount(earlier, minlength=n) + np.bincount(later, minlength=n)
    walk = np.empty(n, dtype=bool)
    walk[order] = crowded | (np.cumsum(stretches[:-1]) > 0)
    lone = (company[earlier] == 1) & (company[later] == 1) & ~walk[earlier] & ~walk[later]
    walk |= company > 0
    walk[earlier[lone]] = walk[later[lone]] = False
    return earlier[lone], later[lone], np.flatnonzero(walk)


def _stretch(key: Ints, until: Ints, back: Ints) -> tuple[Ints, Ints]:
    return np.searchsorted(key, until - back), np.searchsorted(key, until, side="right")


def _pairs(calls: _Calls, order: Ints, first: Ints, behind: Ints, later: Ints) -> tuple[Ints, Ints]:
    """Return, of the calls from `first` to before `behind`, those within reach of and walked before the `later` one."""
    n = behind - first
    later = np.repeat(later, n)
    earlier = order[np.arange(len(later)) + np.repeat(first - np.cumsum(n) + n, n)]
    one, other = calls.take(earlier), calls.take(later)
    dx, dy, dt = other.x - one.x, other.y - one.y, other.t - one.t
    before = (dt > 0) | (dt == 0) & ((dx > 0) | (dx == 0) & ((dy > 0) | (dy == 0) & (one.row < other.row)))
    radius, window = calls.radius[one.kind], calls.window[one.kind]
    near = before & (one.kind == other.kind) & (dt <= window) & (dx * dx + dy * dy <= radius * radius)
    return earlier[near], later[near]


def _walk(calls: _Calls, leading: int) -> Ints:
    """Return the row of each call's leader; the calls come by kind and in the order of the walk.

    Only leaders are compared. Leaders whose window is over are dropped, and two that are still open lie more than a
    radius apart, so a lattice cell holds few: the work grows with the number of calls, also where thousands ring about
    one spot.
    """
    open_leaders: dict[int, deque[tuple[float, float, float, int]]] = {}
    leaders: list[int] = []  # as ranks in the walk: the lowest is the earliest begun
    home, dx, dy = _cells(calls)
    cells = zip(home.tolist(), (home + dx).tolist(), (home + dy).tolist(), (home + dx + dy).tolist(), strict=True)
    columns = (column.tolist() for column in calls[:5])
    now = -1
    for rank, (x0, y0, t0, kind, row, near) in enumerate(zip(*columns, cells, strict=True)):
        if kind != now:
            now, squared, window = kind, float(calls.radius[kind]) ** 2, float(calls.window[kind])
            open_leaders = {}
        best = rank
        for cell in near if row >= leading else ():
            queue = open_leaders.get(cell)
            if not queue:
                continue
            while queue and t0 - queue[0][2] > window:
                queue.popleft()
            for leader_x, leader_y, _, leader in queue:
                if leader < best and (leader_x - x0) * (leader_x - x0) + (leader_y - y0) * (leader_y - y0) <= squared:
                    best = leader
        if best == rank:
            open_leaders.setdefault(near[0], deque()).append((x0, y0, t0, rank))
        leaders.append(best)
    return calls.row[leaders]
