"""Groups of places by density (DBSCAN), exactly, in time and memory that grow with the places and not with their pairs.

Places lie in squares whose diagonal is the radius: all that share a square are neighbours. A square that holds enough
is full of cores without a distance measured, and cores are joined square by square: a whole city is some hundred
thousand squares, and most of their neighbours are joined already when their turn comes.

With a span of time (ST-DBSCAN) neighbours are near in metres and near in time. The squares become boxes, as high as the
span: what shares a box is near in both. Without a span there is one layer of boxes, and they are the squares.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import product

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Step = tuple[int, int]  # from a strip of boxes to another one: along x, and along time

_ACROSS = (0, 1, -1, 2, -2)  # what lies within the radius of a place is in its own row of boxes and two on either side
_LAYERS = (0, 1, -1)  # and what lies within the span in its own layer and the one before and after
_FINE = 16  # along y, places are sorted by this part of a box
_ROOM = 4  # empty boxes at the end of a strip: what lies two beside its ends is in no other strip
_AT_ONCE = 2_000_000  # pairs of places held
_FEW = 64  # pairs of places of two boxes that are all measured without looking for a likely one first
# Half of the boxes around one, for each pair once: those that touch it, and the others within reach
_HALF = sorted(step for step in product(range(3), range(-2, 3), (0, 1, -1)) if step > (0, 0, 0))
_TOUCHING = [step for step in _HALF if max(map(abs, step)) == 1]
_FARTHER = [step for step in _HALF if max(map(abs, step)) == 2]


def dense_groups(
    x: Floats,
    y: Floats,
    weight: Ints,
    *,
    radius: float,
    least: int,
    time: Floats | None = None,
    span: float = np.inf,
) -> Ints:
    """Return the group of each place, -1 for none.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Places, each once, sorted by x and then by y (and then by time).
    weight : ndarray of int, shape (n,)
        How many share the place (and the time).
    radius : float
        Neighbours lie at most so far apart; a place is its own neighbour.
    least : int
        A place is a core if its neighbours weigh so much. Cores that are neighbours share a group; groups are numbered
        by their first core. A place that is no core belongs to the first of the groups of its neighbours that are.
    time : ndarray, shape (n,), optional
        When; needed with a span. Whole numbers (of microseconds, say) make "at most so far apart" exact.
    span : float
        Neighbours are also at most so far apart in time, in the unit of `time`. Infinite: time does not count.

    References
    ----------
    Ester, Kriegel, Sander & Xu (1996), KDD-96, 226-231 (DBSCAN); Birant & Kut (2007), Data & Knowledge Engineering 60,
    208-221 (ST-DBSCAN: its neighbours; not its limit on values that are no place or time); squares: Gunawan (2013),
    Eindhoven, master's thesis.
    """
    boxes = _Boxes(x, y, np.zeros(len(x)) if time is None else time, radius, span)
    n, weight = len(x), weight[boxes.order]
    found = np.bincount(boxes.box, weight).astype(np.int64)[boxes.box]
    found[found < least] = 0
    for step in boxes.steps:
        for one, other in boxes.near(np.flatnonzero(found < least), step):
            found += np.bincount(one, weight[other], minlength=n).astype(np.int64)
    core = found >= least
    cores = _Boxes(boxes.x[core], boxes.y[core], boxes.time[core], radius, span)
    joined = np.empty(len(cores.x), dtype=np.int64)
    joined[cores.order] = cores.joined()
    first = np.full(n, n)  # the first core of each group, by its place in the order given
    np.minimum.at(first, joined, boxes.order[core])
    group = np.full(n, n)
    group[core] = first[joined]
    border = np.flatnonzero(~core & (found > weight))  # the others are alone
    for step in boxes.steps:
        for one, other in boxes.near(border, step):
            np.minimum.at(group, one[core[other]], group[other[core[other]]])
    names = np.unique(group[core])
    labels = np.empty(n, dtype=np.int64)
    labels[boxes.order] = np.where(group < n, np.searchsorted(names, group), -1)
    return labels


class _Boxes:
    """Places in the order of their boxes: strip by strip (one span of x in one of time), and by y within a strip."""

    def __init__(self, x: Floats, y: Floats, time: Floats, radius: float, span: float) -> None:
        self.radius, self.span = radius, span
        # Rounding cannot put two places of a box farther apart
        self.side, self.height = radius / 2**0.5 * (1 - 1e-9), span * (1 - 1e-9)
        self.steps = list(product(_ACROSS, _LAYERS if np.isfinite(span) else (0,)))
        row, fine = (np.floor(v / side).astype(np.int64) for v, side in ((x, self.side), (y, self.side / _FINE)))
        layer = np.floor(time / self.height).astype(np.int64)
        column, floor = _closed_up(fine // _FINE), _closed_up(layer)
        self.width, self.layers = int(column.max(initial=0)) + 1 + _ROOM, int(floor.max(initial=0)) + 2
        # Strips are numbered without gaps: a name of row, layer and column together would not fit 64 bits
        self.strips, strip = np.unique(_closed_up(row) * self.layers + floor, return_inverse=True)
        key = (strip * self.width + column) * _FINE + fine % _FINE
        self.order = np.argsort(key, kind="stable")
        self.x, self.y, self.time = x[self.order], y[self.order], time[self.order]
        self.key, self.row, self.fine = key[self.order], row[self.order], fine[self.order]
        self.strip, self.layer = strip[self.order], layer[self.order]
        new = np.diff(self.key // _FINE, prepend=-1) > 0
        self.begin, self.box = np.flatnonzero(new), np.cumsum(new) - 1
        self.names, self.size = self.key[self.begin] // _FINE, np.diff(self.begin, append=len(x))

    @cached_property
    def corners(self) -> list[tuple[Floats, Floats, Floats]]:
        """Of x and y, and of time if it counts: the values themselves, and the least and the greatest of each box."""
        axes = (self.x, self.y, self.time) if np.isfinite(self.span) else (self.x, self.y)
        return [(v, np.minimum.reduceat(v, self.begin), np.maximum.reduceat(v, self.begin)) for v in axes]

    def beside(self, step: Step) -> Ints:
        """Return for each strip the number of the one a step beside it, -1 where nothing lies there."""
        name = self.strips + step[0] * self.layers + step[1]
        place = np.searchsorted(self.strips, name).clip(max=len(name) - 1)
        return np.where(self.strips[place] == name, place, -1)

    def near(self, who: Ints, step: Step) -> Iterator[tuple[Ints, Ints]]:
        """Yield the neighbours that some places have in the strip a step beside their own, in parts: one, other."""
        beside = self.beside(step)
        who = who[beside[self.strip[who]] >= 0]
        if step[1]:
            who = who[_away(self.time[who], self.layer[who] + step[1], self.height) <= self.span * (1 + 1e-6)]
        away = _away(self.x[who], self.row[who] + step[0], self.side)
        who = who[away <= self.radius * (1 + 1e-6)]
        away, y = away[away <= self.radius * (1 + 1e-6)], self.y[who]
        reach = np.sqrt(np.maximum(self.radius**2 - away**2, 0)) + 1e-3 * self.radius
        strip = self.strip[who]
        start = self.key[who] - self.fine[who] + (beside[strip] - strip) * (self.width * _FINE)
        low, high = (np.floor(edge / (self.side / _FINE)).astype(np.int64) for edge in (y - reach, y + reach))
        begin, end = np.searchsorted(self.key, start + low), np.searchsorted(self.key, start + high, side="right")
        for item, other in self._close(who, begin, end - begin):
            yield who[item], other

    def joined(self) -> Ints:
        """Return for each place, all of them cores, the number of its group."""
        n = len(self.names)
        group: Ints = np.arange(n)
        links = [(group[:0], group[:0])]
        for steps in (_TOUCHING, _FARTHER):
            for across, along, later in steps:
                if (across, later) not in self.steps:
                    continue
                beside = self.beside((across, later))[self.names // self.width]
                name = beside * self.width + self.names % self.width + along
                place = np.searchsorted(self.names, name).clip(max=n - 1)
                a = np.flatnonzero((beside >= 0) & (self.names[place] == name) & (group != group[place]))
                a = a[self._linked(a, place[a], (across, along, later))]
                links.append((a, place[a]))
            pairs = tuple(np.concatenate(side) for side in zip(*links, strict=True))
            graph = scipy.sparse.coo_array((np.ones(len(pairs[0]), dtype=bool), pairs), shape=(n, n))
            group = scipy.sparse.csgraph.connected_components(graph, directed=False)[1].astype(np.int64)
        return group[self.box]

    def _linked(self, a: Ints, b: Ints, step: tuple[int, int, int]) -> Bools:
        """Return which pairs of boxes hold neighbours; `step` leads from the first box to the second."""
        linked = np.zeros(len(a), dtype=bool)
        many = np.flatnonzero(self.size[a] * self.size[b] > _FEW)
        if len(many):  # the foremost of one and the hindmost of the other are likely to be near
            along: Floats = float(step[0]) * self.x + float(step[1]) * self.y
            if step[2]:
                along = along / self.radius + step[2] * self.time / self.span
            one, other = self._first(-along)[a[many]], self._first(along)[b[many]]
            linked[many] = self._within(one, other)
        rest = np.flatnonzero(~linked)
        item, place = _stretches(self.begin[a[rest]], self.size[a[rest]])
        pair = rest[item]
        # Only those of the first box that are near the smallest one around the second's
        dx, dy, *later = (
            np.maximum(least[b[pair]] - v[place], v[place] - most[b[pair]]).clip(0) for v, least, most in self.corners
        )
        hopeful = dx * dx + dy * dy <= self.radius**2 * (1 + 1e-9)
        for dt in later:
            hopeful &= dt <= self.span
        place, pair = place[hopeful], pair[hopeful]
        for item, _ in self._close(place, self.begin[b[pair]], self.size[b[pair]]):
            linked[pair[item]] = True
        return linked

    def _first(self, along: Floats) -> Ints:
        """Return one place of each box where `along` is least."""
        least = np.flatnonzero(along == np.minimum.reduceat(along, self.begin)[self.box])
        found = np.empty(len(self.begin), dtype=np.int64)
        found[self.box[least]] = least
        return found

    def _close(self, who: Ints, begin: Ints, n: Ints) -> Iterator[tuple[Ints, Ints]]:
        """Yield, of the n places from `begin` on, those that are neighbours of each of `who`: position in it, place."""
        total = np.cumsum(n)
        start = 0
        while start < len(who):
            stop = int(np.searchsorted(total, total[start] - n[start] + _AT_ONCE, side="right"))
            stop = max(stop, start + 1)
            item, other = _stretches(begin[start:stop], n[start:stop])
            near = self._within(who[start:stop][item], other)
            yield item[near] + start, other[near]
            start = stop

    def _within(self, one: Ints, other: Ints) -> Bools:
        dx, dy = self.x[one] - self.x[other], self.y[one] - self.y[other]
        near: Bools = dx * dx + dy * dy <= self.radius * self.radius
        if np.isfinite(self.span):
            near &= np.abs(self.time[one] - self.time[other]) <= self.span
        return near


def _away(value: Floats, part: Ints, size: float) -> Floats:
    """Return how far values lie from parts of an axis, 0 within."""
    away: Floats = np.maximum(part * size - value, value - (part + 1) * size).clip(0)
    return away


def _stretches(begin: Ints, n: Ints) -> tuple[Ints, Ints]:
    """Return the numbers from each `begin` on, n of each, after the position of that `begin`."""
    item = np.repeat(np.arange(len(n)), n)
    return item, np.arange(len(item)) + np.repeat(begin - np.cumsum(n) + n, n)


def _closed_up(steps: Ints) -> Ints:
    """Return whole numbers from 0 on in the same order, gaps of more than 3 as 3: numbers of boxes stay small.

    Where places lie no farther apart than they are many, gaps may stay.
    """
    low, high = (int(edge(steps, initial=0)) for edge in (np.min, np.max))
    if high - low <= len(steps):
        return steps - low
    known, place = np.unique(steps, return_inverse=True)
    closed: Ints = np.cumsum(np.minimum(np.diff(known, prepend=known[:1]), 3))[place]
    return closed
