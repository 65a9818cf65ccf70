"""Groups of places by density (DBSCAN), exactly, in time and memory that grow with the places and not with their pairs.

Places lie in squares whose diagonal is the radius: all that share a square are neighbours. A square that holds enough
is full of cores without a distance measured, and cores are joined square by square: a whole city is some hundred
thousand squares, and most of their neighbours are joined already when their turn comes.
"""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_ROWS = (0, 1, -1, 2, -2)  # what lies within the radius of a place is in its own row of squares and two on either side
_FINE = 16  # along y, places are sorted by this part of a square
_ROOM = 4  # empty squares at the end of a row: what lies two beside its ends is in no other row
_AT_ONCE = 2_000_000  # pairs of places held
_FEW = 64  # pairs of places of two squares that are all measured without looking for a likely one first
# Half of the squares around one, for each pair once: those that touch it, and the others within the radius
_TOUCHING = ((0, 1), (1, -1), (1, 0), (1, 1))
_FARTHER = ((0, 2), (1, -2), (1, 2), (2, -2), (2, -1), (2, 0), (2, 1), (2, 2))


def dense_groups(x: Floats, y: Floats, weight: Ints, *, radius: float, least: int) -> Ints:
    """Return the group of each place, -1 for none.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Places, each once, sorted by x and then by y.
    weight : ndarray of int, shape (n,)
        How many share the place.
    radius : float
        Neighbours lie at most so far apart; a place is its own neighbour.
    least : int
        A place is a core if its neighbours weigh so much. Cores that are neighbours share a group; groups are numbered
        by their first core. A place that is no core belongs to the first of the groups of its neighbours that are.

    References
    ----------
    Ester, Kriegel, Sander & Xu (1996), KDD-96, 226-231 (DBSCAN); squares: Gunawan (2013), Eindhoven, master's thesis.
    """
    squares = _Squares(x, y, radius)
    n, weight = len(x), weight[squares.order]
    found = np.bincount(squares.square, weight).astype(np.int64)[squares.square]
    found[found < least] = 0
    for step in _ROWS:
        for one, other in squares.near(np.flatnonzero(found < least), step):
            found += np.bincount(one, weight[other], minlength=n).astype(np.int64)
    core = found >= least
    cores = _Squares(squares.x[core], squares.y[core], radius)
    joined = np.empty(len(cores.x), dtype=np.int64)
    joined[cores.order] = cores.joined()
    first = np.full(n, n)  # the first core of each group, by its place in the order given
    np.minimum.at(first, joined, squares.order[core])
    group = np.full(n, n)
    group[core] = first[joined]
    for step in _ROWS:
        for one, other in squares.near(np.flatnonzero(~core), step):
            np.minimum.at(group, one[core[other]], group[other[core[other]]])
    names = np.unique(group[core])
    labels = np.empty(n, dtype=np.int64)
    labels[squares.order] = np.where(group < n, np.searchsorted(names, group), -1)
    return labels


class _Squares:
    """Places in the order of their squares: row by row (a row has one span of x), and by y within a row."""

    def __init__(self, x: Floats, y: Floats, radius: float) -> None:
        self.radius = radius
        self.side = radius / 2**0.5 * (1 - 1e-9)  # rounding cannot put two places of a square farther apart
        row, fine = (np.floor(v / side).astype(np.int64) for v, side in ((x, self.side), (y, self.side / _FINE)))
        column = _closed_up(fine // _FINE)
        self.width = int(column.max(initial=0)) + 1 + _ROOM
        key = (_closed_up(row) * self.width + column) * _FINE + fine % _FINE
        self.order = np.argsort(key, kind="stable")
        self.x, self.y = x[self.order], y[self.order]
        self.key, self.row, self.fine = key[self.order], row[self.order], fine[self.order]
        new = np.diff(self.key // _FINE, prepend=-1) > 0
        self.begin, self.square = np.flatnonzero(new), np.cumsum(new) - 1
        self.names, self.size = self.key[self.begin] // _FINE, np.diff(self.begin, append=len(x))

    @cached_property
    def boxes(self) -> list[Floats]:
        """The least x and y of each square, and the greatest."""
        return [edge.reduceat(v, self.begin) for edge in (np.minimum, np.maximum) for v in (self.x, self.y)]

    def near(self, who: Ints, step: int) -> Iterator[tuple[Ints, Ints]]:
        """Yield the neighbours that some places have in the row so many beside their own, in parts: one, other."""
        x, y, row = self.x[who], self.y[who], self.row[who]
        away = np.maximum((row + step) * self.side - x, x - (row + step + 1) * self.side).clip(0)
        who = who[away <= self.radius * (1 + 1e-6)]
        away, y = away[away <= self.radius * (1 + 1e-6)], self.y[who]
        reach = np.sqrt(np.maximum(self.radius**2 - away**2, 0)) + 1e-3 * self.radius
        start = self.key[who] - self.fine[who] + step * self.width * _FINE
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
            for step in steps:
                beside = self.names + step[0] * self.width + step[1]
                place = np.searchsorted(self.names, beside).clip(max=n - 1)
                a = np.flatnonzero((self.names[place] == beside) & (group != group[place]))
                a = a[self._linked(a, place[a], step)]
                links.append((a, place[a]))
            pairs = tuple(np.concatenate(side) for side in zip(*links, strict=True))
            graph = scipy.sparse.coo_array((np.ones(len(pairs[0]), dtype=bool), pairs), shape=(n, n))
            group = scipy.sparse.csgraph.connected_components(graph, directed=False)[1].astype(np.int64)
        return group[self.square]

    def _linked(self, a: Ints, b: Ints, step: tuple[int, int]) -> Bools:
        """Return which pairs of squares hold neighbours; `step` leads from the first square to the second."""
        linked = np.zeros(len(a), dtype=bool)
        many = np.flatnonzero(self.size[a] * self.size[b] > _FEW)
        if len(many):  # the foremost of one and the hindmost of the other are likely to be near
            along: Floats = float(step[0]) * self.x + float(step[1]) * self.y
            one, other = self._first(-along)[a[many]], self._first(along)[b[many]]
            linked[many] = self._within(one, other)
        rest = np.flatnonzero(~linked)
        item, place = _stretches(self.begin[a[rest]], self.size[a[rest]])
        pair = rest[item]
        # Only those of the first square that are near the box around the second's
        west, south, east, north = (edge[b[pair]] for edge in self.boxes)
        dx = np.maximum(west - self.x[place], self.x[place] - east).clip(0)
        dy = np.maximum(south - self.y[place], self.y[place] - north).clip(0)
        hopeful = dx * dx + dy * dy <= self.radius**2 * (1 + 1e-9)
        place, pair = place[hopeful], pair[hopeful]
        for item, _ in self._close(place, self.begin[b[pair]], self.size[b[pair]]):
            linked[pair[item]] = True
        return linked

    def _first(self, along: Floats) -> Ints:
        """Return one place of each square where `along` is least."""
        least = np.flatnonzero(along == np.minimum.reduceat(along, self.begin)[self.square])
        found = np.empty(len(self.begin), dtype=np.int64)
        found[self.square[least]] = least
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
        return near


def _stretches(begin: Ints, n: Ints) -> tuple[Ints, Ints]:
    """Return the numbers from each `begin` on, n of each, after the position of that `begin`."""
    item = np.repeat(np.arange(len(n)), n)
    return item, np.arange(len(item)) + np.repeat(begin - np.cumsum(n) + n, n)


def _closed_up(steps: Ints) -> Ints:
    """Return whole numbers from 0 on in the same order, gaps of more than 3 as 3: names of squares stay small.

    Where places lie no farther apart than their number of squares, gaps may stay.
    """
    low, high = (int(edge(steps, initial=0)) for edge in (np.min, np.max))
    if high - low <= len(steps):
        return steps - low
    known, place = np.unique(steps, return_inverse=True)
    closed: Ints = np.cumsum(np.minimum(np.diff(known, prepend=known[:1]), 3))[place]
    return closed
