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


def edges_of(geometries: NDArray[np.object_]) -> Edges:
    """Return the edges of polygons and multipolygons, each from its lower end (by x, then y) up.

    An edge that two polygons share comes twice, once with each.
    """
    rings, of_ring, shell = rings_of(geometries)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    x, y = np.ascontiguousarray(points.T)
    real = np.flatnonzero((ring[1:] == ring[:-1]) & ((x[1:] != x[:-1]) | (y[1:] != y[:-1])))
    down = ((x[1:] < x[:-1]) | (x[1:] == x[:-1]) & (y[1:] < y[:-1])).take(real)
    ends = np.empty((len(real), 2, 2))
    points.take(real + down, axis=0, out=ends[:, 0]), points.take(real + ~down, axis=0, out=ends[:, 1])
    ring = ring.take(real)
    owner = of_ring.take(ring)
    inside_left = (shapely.is_ccw(rings) == shell).take(ring) != down
    left, right = np.where(inside_left, owner, NONE), np.where(inside_left, NONE, owner)
    valid = np.concatenate(list(both_cores(shapely.is_valid, np.array_split(geometries, THREADS))))
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
    edges = edges.some(np.argsort(key))
    same = (edges.ends[1:] == edges.ends[:-1]).all(axis=1)  # equal keys may be chance: the ends themselves decide
    before, after = np.append(same, False), np.append(False, same)  # is like the next one, like the one before
    pair = np.flatnonzero(before & ~after)  # the first of two, and of no more
    pair = pair[~before[pair + 1]]
    pair = pair[(edges.left[pair] == NONE) != (edges.left[pair + 1] == NONE)]
    for beside in (edges.left, edges.right):
        beside[pair] = np.maximum(beside[pair], beside[pair + 1])
    edges.odd[pair] |= edges.odd[pair + 1] | (edges.left[pair] == edges.right[pair])
    keep = np.ones(len(before), dtype=bool)
    keep[pair + 1] = False
    return edges.some(np.flatnonzero(keep))


_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93], dtype=np.uint64)


def passed(ends: Floats, columns: int) -> tuple[Ints, Positions]:
    """Return the lattice cells that edges pass through or come close to, and the edge: sorted by cell, each pair once.

    `ends` are in lattice coordinates: a cell is one wide and one high. Each edge's first end has the smaller x. A
    cell's number is row * columns + column.
    """
    x0, y0, x1, y1 = np.ascontiguousarray(ends.T)
    edge, column = spread((x0 - PAD).astype(np.int32), (x1 + PAD).astype(np.int32))
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
    piece, row = spread(low, high)
    key = row.astype(np.int64)
    key *= columns
    key += column.take(piece)
    key *= len(ends)
    key += edge.take(piece)
    key.sort()
    cell = key // len(ends)
    key -= cell * len(ends)
    return cell, key.astype(np.int32)


def crossing_runs(ends: Floats, owner: Positions, columns: int) -> tuple[Ints, Ints, Positions]:
    """Return the runs of lattice cells that a polygon covers at the middle of their row: start, end (after), polygon.

    Each run lies between two places where edges of the polygon cross the middle; the cells of these are not in it.
    `ends` are in lattice coordinates, each edge with the one polygon it is of. Runs are sorted by their start.
    """
    # An edge crosses the middles between its two numbers: edges that meet in a vertex agree, so crossings pair up
    from_row, to_row = np.ceil(ends[:, 1] - 0.5).astype(np.int32), np.ceil(ends[:, 3] - 0.5).astype(np.int32)
    crossing = np.flatnonzero(from_row != to_row)
    x0, y0, x1, y1 = np.ascontiguousarray(ends.take(crossing, axis=0).T)
    from_row, to_row = from_row.take(crossing), to_row.take(crossing)
    edge, row = spread(np.minimum(from_row, to_row), np.maximum(from_row, to_row) - 1)
    share = (row + 0.5 - y0.take(edge)) / (y1 - y0).take(edge)
    across = x0.take(edge) + _share(share) * (x1 - x0).take(edge)
    rows = int(row.max(initial=0)) + 1
    key = owner.take(crossing.take(edge)).astype(np.int64)
    key *= rows
    key += row
    key *= columns
    key += across.astype(np.int64)
    key.sort()
    start, end = key[0::2] + 1, key[1::2]
    real = np.flatnonzero(start < end)
    start, end = start.take(real), end.take(real)
    polygon = start // (rows * columns)
    start -= polygon * (rows * columns)
    end -= polygon * (rows * columns)
    order = np.argsort(start)
    return start.take(order), end.take(order), polygon.take(order).astype(np.int32)


def length(ends: Floats) -> float:
    """Return how long edges are in all."""
    return float(np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]).sum())


def spread(first: Positions, last: Positions) -> tuple[Positions, Positions]:
    """Return for ranges of whole numbers, ends included, the position of the range of each number, and the number."""
    length = last - first + 1
    which = np.repeat(np.arange(len(first), dtype=np.int32), length)
    start = (first - (np.cumsum(length, dtype=np.int64) - length)).astype(np.int32)
    number = np.arange(len(which), dtype=np.int32)
    number += np.repeat(start, length)
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
