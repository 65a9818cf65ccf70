"""Edges of polygons, and where a lattice meets them: what `geo.lattice` is built from. numpy and shapely only.

Two things make the answers exact although floats round. The number of a lattice cell is a monotone function of a
coordinate, the same for points and for edges. And edges are marked wider than they are, by far more than any rounding.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

PAD = 1e-6  # in lattice cells; rounding is below 1e-11 on the largest lattice
NONE = -1
THREADS = 2

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Positions = NDArray[np.int32]
Flags = NDArray[np.bool_]


class Edges(NamedTuple):
    """Edges of polygons and the polygons beside them.

    ends : ndarray, shape (n, 4)
        x0, y0, x1, y1: from one end to the other.
    left, right : ndarray of int32, shape (n,)
        Positions of the polygons on either side as one looks along the edge; NONE where nothing lies there.
    odd : ndarray of bool, shape (n,)
        Of a polygon that is not valid: nobody knows which side of such an edge lies inside.
    """

    ends: Floats
    left: Positions
    right: Positions
    odd: Flags

    def some(self, chosen: NDArray[np.integer]) -> "Edges":
        """Return those at the chosen positions."""
        return Edges(
            self.ends.take(chosen, axis=0), self.left.take(chosen), self.right.take(chosen), self.odd.take(chosen)
        )

    def turned(self, chosen: Flags) -> "Edges":
        """Return the edges, those flagged seen from their other end."""
        return Edges(
            np.where(chosen[:, None], self.ends[:, [2, 3, 0, 1]], self.ends),
            np.where(chosen, self.right, self.left),
            np.where(chosen, self.left, self.right),
            self.odd,
        )


def rings_of(geometries: NDArray[np.object_]) -> tuple[NDArray[np.object_], Positions, Flags]:
    """Return the rings of polygons, the position of the polygon of each, and whether it is a shell."""
    parts, of_part = shapely.get_parts(geometries, return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    shell = np.diff(of_ring, prepend=-1) != 0  # the first ring of a part is its shell, the others are holes
    return rings, of_part[of_ring].astype(np.int32), shell


def ends_of(rings: NDArray[np.object_]) -> tuple[Floats, NDArray[np.intp]]:
    """Return x0, y0, x1, y1 of each edge along some rings, shape (n, 4), and the position of its ring."""
    points, ring = shapely.get_coordinates(rings, return_index=True)
    joined = np.flatnonzero(ring[1:] == ring[:-1])
    return np.hstack([points.take(joined, axis=0), points.take(joined + 1, axis=0)]), ring.take(joined)


def edges_of(geometries: NDArray[np.object_], wanted: NDArray[np.intp], valid: Flags) -> Edges:
    """Return the edges of the wanted polygons and multipolygons, each from its lower end (by x, then y) up.

    An edge that two polygons share comes twice, once with each. `valid` is of all polygons.
    """
    rings, of_ring, shell = rings_of(geometries.take(wanted))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    x, y = np.ascontiguousarray(points.T)
    real = np.flatnonzero((ring[1:] == ring[:-1]) & ((x[1:] != x[:-1]) | (y[1:] != y[:-1])))
    down = ((x[1:] < x[:-1]) | (x[1:] == x[:-1]) & (y[1:] < y[:-1])).take(real)
    ends = np.empty((len(real), 2, 2))
    points.take(real + down, axis=0, out=ends[:, 0]), points.take(real + ~down, axis=0, out=ends[:, 1])
    ring = ring.take(real)
    owner = wanted.astype(np.int32).take(of_ring.take(ring))
    inside_left = (shapely.is_ccw(rings) == shell).take(ring) != down
    left, right = np.where(inside_left, owner, NONE), np.where(inside_left, NONE, owner)
    return Edges(ends.reshape(-1, 4), left, right, ~valid.take(owner))


def merged(edges: Edges) -> Edges:
    """Return the edges with those that two neighbours share taken together: one polygon on its left, one on its right.

    An edge that several polygons have on the same side stays as often as it comes.
    """
    key = np.zeros(len(edges.ends), dtype=np.uint64)
    for number, factor in zip(edges.ends.T, _FACTORS, strict=True):
        bits = (number + 0.0).view(np.uint64)  # + 0.0: -0.0 is 0.0
        key ^= (bits ^ bits >> np.uint64(29)) * factor
        key ^= key >> np.uint64(32)
    order = np.argsort(key)
    key = key.take(order)
    alike = np.flatnonzero(key[1:] == key[:-1])
    same = np.zeros(len(key), dtype=bool)  # as the next one in this order; equal keys may be chance
    these, next_ = (edges.ends.take(order.take(at), axis=0) for at in (alike, alike + 1))
    same[alike] = (these == next_).all(axis=1)
    after = np.append(False, same)[:-1]  # is like the one before
    pair = np.flatnonzero(same & ~after)  # the first of two, and of no more
    pair = pair[~same[pair + 1]]
    one, two = order.take(pair), order.take(pair + 1)
    opposite = np.flatnonzero((edges.left.take(one) == NONE) != (edges.left.take(two) == NONE))
    one, two = one.take(opposite), two.take(opposite)
    left, right, odd = edges.left.copy(), edges.right.copy(), edges.odd.copy()
    left[one], right[one] = np.maximum(left[one], left[two]), np.maximum(right[one], right[two])
    odd[one] |= odd[two] | (left[one] == right[one])
    keep = np.ones(len(odd), dtype=bool)
    keep[two] = False
    return Edges(edges.ends, left, right, odd).some(np.flatnonzero(keep))


_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], dtype=np.uint64)


def passed(ends: Floats, rows: range, columns: int) -> tuple[Ints, Positions]:
    """Return the lattice cells that edges pass through or come close to, and the edge: sorted by cell, each pair once.

    `ends` are in lattice coordinates: a cell is one wide and one high. Each edge's first end has the smaller x. Cells
    are those of some rows; their number counts from the first of these: row * columns + column.
    """
    x0, y0, x1, y1 = np.ascontiguousarray(ends.T)
    edge, column = spread((x0 - PAD).astype(np.int32), (x1 + PAD).astype(np.int32) + 1)
    # Where the edge enters and leaves the column
    along_x, along_y = (x1 - x0).take(edge), (y1 - y0).take(edge)
    x0, y0 = x0.take(edge), y0.take(edge)
    with np.errstate(divide="ignore", invalid="ignore"):
        until = column - x0
        enter = (until - PAD) / along_x
        leave = (until + (1 + PAD)) / along_x
    upright = np.flatnonzero(along_x == 0)
    enter[upright], leave[upright] = 0, 1
    one, other = y0 + _share(enter) * along_y, y0 + _share(leave) * along_y
    low = (np.minimum(one, other) - PAD).astype(np.int32)
    high = (np.maximum(one, other) + PAD).astype(np.int32)
    piece, row = spread(*(np.clip(each, rows.start, rows.stop) for each in (low, high + 1)))
    key = row.astype(np.int64)
    key -= rows.start
    key *= columns
    key += column.take(piece)
    key *= len(ends)
    key += edge.take(piece)
    key.sort()
    cell = key // len(ends)
    key -= cell * len(ends)
    return cell, key.astype(np.int32)


def crossing_runs(edges: Edges, rows: range, columns: int) -> tuple[Ints, Ints, Positions]:
    """Return the runs of lattice cells that a polygon covers at the middle of their row: start, end (after), polygon.

    Each run lies between two places where edges of the polygon cross the middle; the cells of these are not in it.
    Edges, rows and the numbers of cells as in `passed`. Runs are sorted by their start.
    """
    # An edge crosses the middles between its two numbers: edges that meet in a vertex agree, so crossings pair up
    numbers = np.ceil(edges.ends[:, 1::2] - 0.5).astype(np.int32)
    edge, row = spread(*(np.clip(each, rows.start, rows.stop) for each in (numbers.min(axis=1), numbers.max(axis=1))))
    x0, y0, x1, y1 = np.ascontiguousarray(edges.ends.take(edge, axis=0).T)
    across = x0 + _share((row + 0.5 - y0) / (y1 - y0)) * (x1 - x0)
    cell = (row - rows.start).astype(np.int64) * columns + across.astype(np.int64)
    size = len(rows) * columns
    beside = [side.take(edge) for side in (edges.left, edges.right)]
    key = np.concatenate([(polygon.astype(np.int64) * size + cell)[polygon != NONE] for polygon in beside])
    key.sort()
    start, end = key[0::2] + 1, key[1::2]
    real = np.flatnonzero(start < end)
    start, end = start.take(real), end.take(real)
    polygon = start // size
    start -= polygon * size
    end -= polygon * size
    order = np.argsort(start)
    return start.take(order), end.take(order), polygon.take(order).astype(np.int32)


def spread(start: Positions, stop: Positions) -> tuple[Positions, Positions]:
    """Return for ranges of whole numbers, half-open, the position of the range of each number, and the number."""
    length = stop - start
    which = np.repeat(np.arange(len(start), dtype=np.int32), length)
    shift = (start - (np.cumsum(length, dtype=np.int64) - length)).astype(np.int32)
    number = np.arange(len(which), dtype=np.int32)
    number += np.repeat(shift, length)
    return which, number


def _share(number: Floats) -> Floats:
    return np.minimum(np.maximum(number, 0, out=number), 1, out=number)


def both_cores(work: Callable[[Any], Any], parts: Sequence[Any]) -> Iterator[Any]:
    """Yield what parts of a work give, in their order; two threads do it, as numpy and shapely let go of the lock."""
    if len(parts) < 2:
        yield from map(work, parts)
        return
    with ThreadPoolExecutor(THREADS) as pool:
        yield from pool.map(work, parts)
