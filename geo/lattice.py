"""A label lattice: which polygon each point lies in, by a look-up for most points and an exact test for the rest.

A fine lattice is laid over the polygons once. A lattice cell that no edge passes through lies in the same polygons
with all its points, so it is labelled with the lowest of them. Where one edge cuts a lattice cell in two, or two edges
that meet in it, the side of the point decides, where that is beyond doubt. Only in the other cells, at corners where
polygons meet, and for points within a rounding error of an edge, the polygons themselves are asked, by shapely.

The labels come from the middle line of each row, as in polygon filling: a polygon covers the cells between the places
where its edges cross the line, by pairs. All this is worked out for some rows at a time: what the edges of all
polygons need in memory at once would be several times what is kept.
"""

import threading
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.edges import (
    NONE,
    PAD,
    THREADS,
    Edges,
    Flags,
    Floats,
    Ints,
    Positions,
    both_cores,
    crossing_runs,
    edges_of,
    merged,
    passed,
    spread,
)

OUTSIDE = -1
_MARKED = -2  # the label of a lattice cell that edges pass through
CHUNK = 1 << 16  # points looked up at a time: their numbers stay in the processor's cache
WORTH_PREPARING = 8  # points: fewer are asked for one by one
UNDECIDED_CHUNK = 1 << 21  # undecided points tested at a time: bounds the memory
BAND = 1 << 13  # vertices of polygons in a band of rows, about: bounds the memory
LOWEST = 2  # times as high as a polygon is a band at least: one that reaches into several is read for each
_BLOCK = 256  # lattice cells whose ranks are told from the first one's by a byte
_MARGIN = 2  # columns and rows around everything that no edge passes through
_MOST_COLUMNS = 30_000
_COARSEST, _FINEST = 32, 4096  # lattice cells a side
MOST_LINES = 3  # that decide in one lattice cell
_DOUBT = 1e-4  # lattice cells: nearer to an edge no side is certain
_ROUNDED = 1e-5  # what roundings may bend a line by in a lattice cell
RULE = np.dtype([("lines", "f4", (MOST_LINES, 3)), ("left", "i4"), ("right", "i4")])
Rules = NDArray[np.void]


class Lattice:
    """Polygons under a lattice of labels. Several threads may ask it at once.

    Parameters
    ----------
    geometries : ndarray of shapely geometries, shape (n,)
        Polygons and multipolygons, two-dimensional, in the order that decides ties; missing and empty ones cover
        nothing. At least one covers something.
    points : int
        How many points it is meant for: more are worth a finer lattice.
    cells_a_side : int, optional
        Lattice cells along the side of a square with the area of the polygons' extent; else what costs least.
    """

    def __init__(self, geometries: NDArray[np.object_], points: int, *, cells_a_side: int | None = None) -> None:
        self.meant_for = points
        self._geometries = geometries
        self._testing = threading.Lock()  # a prepared polygon builds its index at the first test: by one thread
        west, south, east, north = shapely.total_bounds(geometries).tolist()
        width, height = east - west, north - south
        if cells_a_side is None:
            # Most edges are shared by two polygons; what lies around all of them is not
            edge_length = (np.nansum(shapely.length(geometries)) + 2 * (width + height)) / 2
            cells_a_side = _best_side(points, edge_length / (np.sqrt(width * height) or 1.0))
        pitch = max(np.sqrt(width * height) / cells_a_side, max(width, height) / _MOST_COLUMNS) or 1.0
        self._west, self._south, self._scale = west, south, 1 / pitch
        self._columns, self._rows = (int(size * self._scale) + 2 * _MARGIN + 1 for size in (width, height))
        self._build()

    def _build(self) -> None:
        """Work out the labels and all that decides in lattice cells with edges, band by band of rows."""
        geometries = self._geometries
        self._label = np.empty(self._rows * self._columns, dtype=_narrow(len(geometries)))  # small: stays in the cache
        valid = np.concatenate(list(both_cores(shapely.is_valid, np.array_split(geometries, THREADS))))
        _, low, _, high = self._on_lattice(shapely.bounds(geometries)).T

        def work(rows: range) -> _Band:
            edges = edges_of(geometries, np.flatnonzero((low < rows.stop + 1) & (high > rows.start - 1)), valid)
            y0, y1 = self._on_lattice(edges.ends)[:, 1::2].T
            here = (np.minimum(y0, y1) < rows.stop + 1) & (np.maximum(y0, y1) > rows.start - 1)
            edges = merged(edges.some(np.flatnonzero(here)))
            edges = edges._replace(ends=self._on_lattice(edges.ends))
            label, band = _band(edges, rows, self._columns, len(geometries))
            self._label[rows.start * self._columns : rows.stop * self._columns] = label
            return band

        vertices = shapely.get_num_coordinates(geometries)
        height = np.nansum(vertices * (high - low + 1)) / vertices.sum()
        number = int(np.clip(min(vertices.sum() / BAND, self._rows / (LOWEST * height)), THREADS, self._rows))
        bounds = np.linspace(0, self._rows, number + 1).astype(int).tolist()
        rules, rest = bytearray(), []  # the rules grow in place: joined from bands, they would be held twice
        for band in both_cores(work, [range(*pair) for pair in pairwise(bounds)]):
            rules.extend(band.rules.view(np.uint8))
            rest.append(band[1:])
        self._rules = np.frombuffer(rules, RULE)
        marked, self._candidates, each, self._overlaid = map(np.concatenate, zip(*rest, strict=True))
        self._first = np.append(0, np.cumsum(each)).astype(np.int32)
        self._label[marked] = _MARKED
        self._before = np.searchsorted(marked, np.arange(0, len(self._label), _BLOCK))
        self._in_block = np.empty(len(self._label), dtype=np.uint8)
        self._in_block[marked] = np.arange(len(marked)) - self._before.take(marked // _BLOCK)

    def _on_lattice(self, ends: Floats) -> Floats:
        return (ends - np.array([self._west, self._south] * 2)) * self._scale + _MARGIN  # as _place_of reckons

    def assign(self, x: Floats, y: Floats) -> Positions:
        """Return the lowest position among the polygons that cover each point, edges included; -1 where none does."""
        position = np.empty(len(x), dtype=np.int32)

        def look_up(start: int) -> tuple[Ints, Ints]:
            part = slice(start, start + CHUNK)
            position[part], points, rank = self._look_up(x[part], y[part])
            return points + start, rank

        waiting: list[tuple[Ints, Ints]] = []
        for undecided in both_cores(look_up, range(0, len(x), CHUNK)):
            waiting.append(undecided)
            if sum(len(points) for points, _ in waiting) > UNDECIDED_CHUNK:
                self._test(x, y, waiting, position)
                waiting = []
        if waiting:
            self._test(x, y, waiting, position)
        return position

    def shared(self, x: Floats, y: Floats) -> Ints:
        """Return which points several polygons may cover: all that do, and some others."""
        found = [np.empty(0, dtype=np.int64)]
        for start in range(0, len(x), CHUNK):
            part = slice(start, start + CHUNK)
            _, points, _ = self._look_up(x[part], y[part])
            if len(self._overlaid):
                over = np.flatnonzero(np.isin(self._cell_of(x[part], y[part]), self._overlaid))
                points = np.union1d(points, over)
            found.append(points + start)
        return np.concatenate(found)

    def _look_up(self, x: Floats, y: Floats) -> tuple[Positions, NDArray[np.intp], Ints]:
        """Return the positions of some points; which of them are undecided, and the ranks of their lattice cells."""
        cell = self._cell_of(x, y)
        label = self._label.take(cell, mode="clip")  # "raise" would take its time
        points = np.flatnonzero(label == _MARKED)
        rank = self._rank_of(cell.take(points))
        u, v = self._place_of(x.take(points), y.take(points))
        where, beside = _decide(self._rules.take(rank), np.modf(u)[0], np.modf(v)[0])
        position = label.astype(np.int32)
        position[points] = beside
        undecided = np.flatnonzero(np.abs(where) < _DOUBT)
        return position, points[undecided], rank[undecided]

    def _cell_of(self, x: Floats, y: Floats) -> Ints:
        """Return the number of the lattice cell of each point; what lies beyond the lattice goes to its free margin."""
        with np.errstate(over="ignore"):
            u, v = self._place_of(x, y)
            for number, most in ((u, self._columns - 1), (v, self._rows - 1)):
                np.fmax(number, 0, out=number)  # not-a-number too
                np.fmin(number, most, out=number)
                np.floor(number, out=number)
        v *= self._columns
        v += u
        return v.astype(np.int64)

    def _rank_of(self, marked: Ints) -> Ints:
        """Return how many marked lattice cells come before each of some."""
        return self._before.take(marked // _BLOCK) + self._in_block.take(marked)

    def _place_of(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return lattice coordinates: a lattice cell is one wide and one high."""
        u, v = x - self._west, y - self._south
        for number in (u, v):
            number *= self._scale
            number += _MARGIN
        return u, v

    def _test(self, x: Floats, y: Floats, waiting: list[tuple[Ints, Ints]], position: Positions) -> None:
        """Fill in the positions of undecided points: each candidate in turn, the lowest first, until one covers."""
        points, rank = map(np.concatenate, zip(*waiting, strict=True))
        position[points] = OUTSIDE
        at, last, x, y = self._first[rank], self._first[rank + 1], x[points], y[points]
        with self._testing:
            while len(points):
                wanted = self._candidates[at]
                inside = covered(self._geometries, wanted, x, y)
                position[points[inside]] = wanted[inside]
                at += 1
                rest = np.flatnonzero(~inside & (at < last))
                points, at, last, x, y = (each[rest] for each in (points, at, last, x, y))


def covered(geometries: NDArray[np.object_], wanted: Positions, x: Floats, y: Floats) -> Flags:
    """Return whether each point lies in its polygon, at position `wanted`; the points of one are asked together.

    The polygons are prepared in place, and not by two threads at once: the caller sees to it that nobody else asks.
    """
    narrow = wanted.astype(np.uint16) if len(geometries) <= 1 << 16 else wanted  # sorted by counting
    order = np.argsort(narrow, kind="stable")
    x, y, wanted = x[order], y[order], wanted[order]
    bounds = np.append(np.flatnonzero(np.diff(wanted, prepend=-1)), len(order))
    shapely.prepare(geometries[wanted[bounds[:-1][np.diff(bounds) >= WORTH_PREPARING]]])
    middle = int(bounds[np.searchsorted(bounds, len(order) // 2)])
    parts = [slice(0, middle), slice(middle, None)]  # no polygon in both
    answer = np.empty(len(order), dtype=bool)
    answer[order] = np.concatenate(
        list(both_cores(lambda part: shapely.intersects_xy(geometries[wanted[part]], x[part], y[part]), parts))
    )
    return answer


def _best_side(points: int, edge_length: float) -> int:
    """Return the lattice cells a side that cost least: edges of a length, in sides, pass through 1.27 times as many.

    Seconds measured on a machine of 2 cores (see bench/RESULTS.md); only their ratios matter.
    """
    side = np.geomspace(_COARSEST, _FINEST, 49)
    marked = 4 / np.pi * edge_length * side
    cost = side**2 * 5e-9 + marked * 250e-9 + points * np.minimum(marked / side**2, 1) * 80e-9
    return int(side[np.argmin(cost)])


class _Band(NamedTuple):
    """What decides in some rows of a lattice.

    rules : ndarray of RULE
        Of the lattice cells with edges.
    marked : ndarray of int32, as long
        Their numbers, in order.
    candidates : ndarray of int32
        Positions of the polygons that may cover points of these cells: cell by cell, the lowest first.
    candidates_each : ndarray of int32, as long as `marked`
        How many candidates each cell has.
    overlaid : ndarray of int64
        The numbers of the lattice cells that several polygons may cover whole, in order.
    """

    rules: Rules
    marked: Positions
    candidates: Positions
    candidates_each: Positions
    overlaid: Ints


def _band(edges: Edges, rows: range, columns: int, n: int) -> tuple[Positions, _Band]:
    """Return the labels of some rows of a lattice, and what decides in their cells with edges.

    `edges` of n polygons are in lattice coordinates: all that come close to these rows, and maybe others.
    """
    cell, edge = passed(edges.ends, rows, columns)
    first = np.flatnonzero(np.diff(cell, prepend=-1))
    marked, count = cell.take(first), np.diff(first, append=len(cell))
    rank = np.repeat(np.arange(len(first), dtype=np.int32), count)
    left, right = edges.left.take(edge), edges.right.take(edge)
    label, overlapping = _painted(*crossing_runs(edges, rows, columns), len(rows) * columns)
    # What has no edge in a cell may cover it whole, beside those that have
    covering = _covering(label, marked, rank, left, right)
    painted, overlaid = _paint_over(label, marked, *overlapping)
    whole = np.concatenate([covering, painted], axis=1)
    row, column = np.divmod(marked, columns)
    rules = _rules(edges, edge, first, count, row + rows.start, column)
    rules["lines"][whole[0]] = 0
    ranks, polygons = np.concatenate([np.stack([rank, left]), np.stack([rank, right]), whole], axis=1)
    candidates = _candidates(ranks, polygons, len(marked), n)
    start = rows.start * columns
    return label, _Band(rules, (marked + start).astype(np.int32), *candidates, overlaid + start)


def _rules(on_lattice: Edges, edge: Positions, first: Ints, count: Ints, row: Ints, column: Ints) -> Rules:
    """Return how each lattice cell with edges decides: by up to three lines that follow each other, or by tests.

    One of the two polygons beside these edges has to be convex in the cell: it lies on the left of all lines, the other
    one on the right of some. A rule is small, so that a point costs one wait for the memory.
    """
    rules = np.zeros(len(first), dtype=RULE)  # without a line nothing lies on a side: tested
    rules["left"] = rules["right"] = NONE
    for k in range(1, MOST_LINES + 1):
        at = np.flatnonzero(count == k)
        square = _Squares(column.take(at), row.take(at))
        edges = [on_lattice.some(edge.take(first.take(at) + i)) for i in range(k)]
        edges[1:] = [one.turned(one.left != edges[0].left) for one in edges[1:]]
        sound = square.follow_each_other(edges)
        for one in edges:
            sound &= ~one.odd & (one.left == edges[0].left) & (one.right == edges[0].right)
        some = np.flatnonzero(sound)
        at, square, edges = at.take(some), square.some(some), [one.some(some) for one in edges]
        lines = [square.line(one.ends) for one in edges]
        lowest, highest, ahead = np.zeros(len(at)), np.zeros(len(at)), np.ones(len(at), dtype=bool)
        for one, line in zip(edges, lines, strict=True):
            for other, next_ in zip(edges, lines, strict=True):
                if other is not one:
                    ahead &= line[0] * next_[0] + line[1] * next_[1] > 0
                    for far in (square.distance(line, other.ends[:, :2]), square.distance(line, other.ends[:, 2:])):
                        np.minimum(lowest, far, out=lowest), np.maximum(highest, far, out=highest)
        left, right = lowest > -_ROUNDED, highest < _ROUNDED  # which is convex; both are where the way is straight
        convex = np.flatnonzero(left & right & ahead | (left != right))
        way = np.where(left, 1, -1).take(convex)
        at = at.take(convex)
        rules["lines"][at] = (0, 0, 2)
        for i, line in enumerate(lines):
            rules["lines"][at, i] = (line.take(convex, axis=1) * way).T
        beside = edges[0].left.take(convex), edges[0].right.take(convex)
        rules["left"][at], rules["right"][at] = np.where(way > 0, beside, beside[::-1])
    return rules


def _decide(rules: Rules, u: Floats, v: Floats) -> tuple[NDArray[np.float32], Positions]:
    """Return how far from its line each point lies, positive on the left, around 0 undecided; and the polygon there."""
    u, v = u.astype(np.float32), v.astype(np.float32)
    number = rules.view(np.float32).reshape(-1, RULE.itemsize // 4).T
    where = number[0] * u + number[1] * v + number[2]
    for i in range(3, 3 * MOST_LINES, 3):
        np.minimum(where, number[i] * u + number[i + 1] * v + number[i + 2], out=where)
    return where, np.where(where > 0, rules["left"], rules["right"])


def _narrow(n: int) -> type[np.signedinteger]:
    """Return the smallest type that holds the labels of n polygons."""
    return next(kind for kind in (np.int8, np.int16, np.int32) if n <= np.iinfo(kind).max)


class _Squares(NamedTuple):
    """Lattice cells by their column and row."""

    column: Ints
    row: Ints

    def some(self, chosen: Ints) -> "_Squares":
        return _Squares(self.column.take(chosen), self.row.take(chosen))

    def follow_each_other(self, edges: list[Edges]) -> Flags:
        """Return whether the edges are one way through the cell, each beginning in it where the one before ends."""
        starts, ends = ([one.ends[:, half] for one in edges] for half in (slice(0, 2), slice(2, 4)))
        # An end outside must not be so near that marking may have missed what begins there
        near_start, near_end = ([self.near(*place.T) for place in places] for places in (starts, ends))
        met = [[self.holds(*end.T) & (end == start).all(axis=1) for start in starts] for end in ends]
        sound = np.sum(near_end, axis=0) == len(edges) - 1
        for i in range(len(edges)):
            sound &= (np.sum(met[i], axis=0) == near_end[i]) & (
                np.sum([row[i] for row in met], axis=0) == near_start[i]
            )
        return sound & self.cut_by(edges[0].ends) if len(edges) == 1 else sound

    def holds(self, x: Floats, y: Floats) -> Flags:
        return (x.astype(np.int64) == self.column) & (y.astype(np.int64) == self.row)

    def near(self, x: Floats, y: Floats) -> Flags:
        """Return whether a place lies in the cell, or so close that marking may have missed what begins there."""
        reach = 0.5 + 2 * PAD
        return (np.abs(x - self.column - 0.5) <= reach) & (np.abs(y - self.row - 0.5) <= reach)

    def cut_by(self, ends: Floats) -> Flags:
        """Return whether the line through two ends surely leaves corners of the cell on both sides."""
        x0, y0, x1, y1 = ends.T
        dx, dy = x1 - x0, y1 - y0
        middle = dx * (self.row + 0.5 - y0) - dy * (self.column + 0.5 - x0)
        return np.abs(middle) < (0.5 - PAD) * (np.abs(dx) + np.abs(dy))

    def line(self, ends: Floats) -> Floats:
        """Return a, b, c of the line through two ends, shape (3, n): a u + b v + c is how far left of it u, v lies.

        u and v count from the cell's south-west corner. Far is up to 1.42 times the distance.
        """
        x0, y0, x1, y1 = ends.T
        along = np.stack([y0 - y1, x1 - x0])
        a, b = along / np.abs(along).max(axis=0)
        return np.stack([a, b, a * (self.column - x0) + b * (self.row - y0)])

    def distance(self, line: Floats, place: Floats) -> Floats:
        """Return how far left of a line a place lies, as a share of its distance from the cell where that is large."""
        u, v = place[:, 0] - self.column, place[:, 1] - self.row
        return (line[0] * u + line[1] * v + line[2]) / np.maximum(np.maximum(np.abs(u), np.abs(v)), 1)


def _painted(start: Ints, end: Ints, polygon: Positions, size: int) -> tuple[Positions, tuple[Ints, Ints, Positions]]:
    """Return an array of a size with each polygon in its runs, and apart the runs that begin inside earlier ones."""
    over = start < np.concatenate([[0], np.maximum.accumulate(end)])[:-1]
    base = ~over
    values = np.full(2 * int(base.sum()) + 1, OUTSIDE, dtype=np.int32)
    lengths = np.empty(len(values), dtype=np.int64)
    values[1::2], lengths[1::2] = polygon[base], (end - start)[base]
    lengths[0::2] = np.append(start[base], size) - np.append(0, end[base])
    return np.repeat(values, lengths), (start[over], end[over], polygon[over])


def _covering(label: Positions, marked: Ints, rank: Positions, left: Positions, right: Positions) -> Positions:
    """Return ranks of marked cells and the polygons of their labels, shape (2, n), where those have no edge in them."""
    below = label[marked]
    beneath = below[rank]
    known = np.zeros(len(marked), dtype=bool)
    known[rank[(left == beneath) | (right == beneath)]] = True
    unknown = np.flatnonzero((below != OUTSIDE) & ~known)
    return np.stack([unknown.astype(np.int32), below[unknown]])


def _paint_over(label: Positions, marked: Ints, start: Ints, end: Ints, polygon: Positions) -> tuple[Positions, Ints]:
    """Paint overlapping runs into the labels, where they are lower.

    Return of these runs what `_covering` does, and the lattice cells they hold, in order.
    """
    pairs = [np.empty((2, 0), dtype=np.int32)]
    cells = [np.empty(0, dtype=np.int32)]
    unsigned = label.view(np.uint32)  # outside is then the largest
    order = np.argsort(-polygon, kind="stable")  # the lowest last: where several meet, it stays
    parts = 1 + int((end - start).sum()) // CHUNK
    for some in np.array_split(order, parts) if len(order) else []:
        which, at = spread(start[some].astype(np.int32), end[some].astype(np.int32))
        by = polygon[some][which]
        unsigned[at] = np.minimum(unsigned[at], by.view(np.uint32))
        found = np.searchsorted(marked, at)
        held = marked[np.minimum(found, len(marked) - 1)] == at
        pairs.append(np.stack([found[held].astype(np.int32), by[held]]))
        cells.append(np.unique(at))
    return np.concatenate(pairs, axis=1), np.unique(np.concatenate(cells))


def _candidates(rank: Positions, polygon: Positions, cells: int, n: int) -> tuple[Positions, Positions]:
    """Return the polygons, of n, that lattice cells are paired with: cell by cell, the lowest first; how many each."""
    key = rank.astype(np.int64) * n + polygon
    key = np.sort(key[polygon != NONE])
    ranks, polygons = np.divmod(key[np.diff(key, prepend=-1) != 0], n)
    return polygons.astype(np.int32), np.bincount(ranks, minlength=cells).astype(np.int32)
