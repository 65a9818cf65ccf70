"""From calls to events: reports of one hazard within metres and hours of the first one are one event.

Every test of chance counts events. Ten people who ring about one flooded crossing are one thing that happened. With two
calls an event on average and no pattern at all, a test that takes calls for independent names a cell on about half of
all maps (23 cells, 69 events, one call and a Poisson number of further ones: 56%, against 2% for events).

Why not single linkage (joining whatever is near any member)? It chains: in a wet month each call lies near another one,
and a whole street, or a whole season, becomes a single event whose extent depends on how many people rang. Here an
event is tied to its first call: it never spans more than the radius and the window from there, and a call more can only
join it.
"""

from collections import deque
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError

_SLACK = 1.000001  # lattice cells a little wider than the radius: rounding cannot put a match two cells away


def group_events(
    x_m: ArrayLike,
    y_m: ArrayLike,
    hours: ArrayLike,
    hazard: ArrayLike,
    *,
    radius_m: Mapping[str, float],
    window_h: Mapping[str, float],
) -> NDArray[np.int64]:
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
    hazard : array_like of str, shape (n,)
        Kind of hazard; calls of different kinds never share an event.
    radius_m, window_h : mapping of str to float
        Radius in metres and window in hours of each hazard that occurs.

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
    x, y = np.asarray(x_m, dtype=float), np.asarray(y_m, dtype=float)
    t, kind = np.asarray(hours, dtype=float), np.asarray(hazard, dtype=object)
    if not (x.shape == y.shape == t.shape == kind.shape and x.ndim == 1):
        raise HazardError("lengths-differ", "Places, times and hazards of calls must have the same length.")
    first = np.arange(len(x), dtype=np.int64)
    usable = np.isfinite(x) & np.isfinite(y) & np.isfinite(t)
    codes, names = pd.factorize(kind)
    by_kind = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes, minlength=len(names)))[:-1])
    for name, members in zip(names, by_kind, strict=False):  # without a call there is no kind, but one empty part
        radius, window = _rule(str(name), radius_m, window_h)
        members = members[usable[members]]
        members = members[_in_company(x[members], y[members], t[members], radius, window)]
        members = members[np.lexsort((members, y[members], x[members], t[members]))]
        first[members] = _walk(members, x[members], y[members], t[members], radius, window)
    return first


def _rule(name: str, radius_m: Mapping[str, float], window_h: Mapping[str, float]) -> tuple[float, float]:
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


def _in_company(
    x: NDArray[np.float64], y: NDArray[np.float64], t: NDArray[np.float64], radius: float, window: float
) -> NDArray[np.bool_]:
    """Return which calls may have another one within radius and window: most have none, and need no walk.

    Two values at most a step apart share an interval of two steps, counted from an even or from an odd one; so two such
    calls share a box in at least one of eight lattices.
    """
    steps = [
        np.floor(v / (side * _SLACK or 1.0)).astype(np.int64) for v, side in ((x, radius), (y, radius), (t, window))
    ]
    found = np.zeros(len(x), dtype=bool)
    for odd in range(8):
        column, row, turn = ((step + (odd >> place & 1)) >> 1 for place, step in enumerate(steps))
        # one number a box; where it runs over, two boxes may share it, which only lets more calls through
        box = (column * 1_000_003 + row) * 1_000_003 + turn
        found |= pd.Series(box).duplicated(keep=False).to_numpy()
    return found


def _walk(
    members: NDArray[np.int64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    t: NDArray[np.float64],
    radius: float,
    window: float,
) -> NDArray[np.int64]:
    """Return the position of each call's leader; the members come in time order.

    Only leaders are compared, found through a lattice as wide as the radius. Leaders whose window is over are dropped,
    and two that are still open lie more than a radius apart, so a lattice cell holds at most three or four: the work
    grows with the number of calls, also where thousands ring about one spot.
    """
    side = radius * _SLACK or 1.0
    column, row = np.floor(x / side).astype(np.int64).tolist(), np.floor(y / side).astype(np.int64).tolist()
    squared = radius * radius
    open_leaders: dict[tuple[int, int], deque[tuple[float, float, float, int]]] = {}
    leaders: list[int] = []  # as ranks in the walk: the lowest is the earliest begun
    for rank, (x0, y0, t0, i, j) in enumerate(zip(x.tolist(), y.tolist(), t.tolist(), column, row, strict=True)):
        best = rank
        for cell in ((i + di, j + dj) for di in (-1, 0, 1) for dj in (-1, 0, 1)):
            queue = open_leaders.get(cell)
            if not queue:
                continue
            while queue and t0 - queue[0][2] > window:
                queue.popleft()
            for leader_x, leader_y, _, leader in queue:
                if leader < best and (leader_x - x0) ** 2 + (leader_y - y0) ** 2 <= squared:
                    best = leader
        if best == rank:
            open_leaders.setdefault((i, j), deque()).append((x0, y0, t0, rank))
        leaders.append(best)
    return members[np.array(leaders, dtype=np.int64)]
