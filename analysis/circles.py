"""Circles of cells, and the strongest of them on the map and on random maps: what every scan is made of.

Circles grow around every cell point over its neighbours; each holds a set of whole cells. What is expected in them,
and which random maps they are set against, is the caller's: `analysis.scan` against exposure, `analysis.alarm` over
time.

**How it is done fast.** All random maps of a block grow their circles together, a row a cell and a column a map; a step
outwards adds one gathered row. The ratio rises with the count, so a circle is as strong as the weakest cluster in
question from some whole count on: that count is found once, and only the few circles of random maps that reach it are
weighed. Each block has its own seed: neither the number of threads nor their order changes an answer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError
from geo.edges import THREADS, both_cores

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Positions = NDArray[np.int32]
Progress = Callable[[int, int], None]
Maps = Iterator[tuple[int, NDArray[Any]]]  # events of shape (cells, windows of time, maps), and which window is first

MAPS = 64  # random maps that are counted together, with a seed of their own
_CENTRES = 2_500  # centres that are: what they hold of a block stays in the processor's cache
_NEIGHBOURS = 2_000_000  # that are sorted at once
_SOLVED = 100_000  # counts that are sought at once
_MOST_CIRCLES = 20_000_000
_SAME = 1e-9  # numbers so close, to as small a part of them, differ by rounding only


class Cluster(NamedTuple):
    """Cells that together hold more events than chance gives.

    `members` are positions of cells in ascending order; `centre` is the one around which the circle was drawn and
    `radius` the distance to the farthest point of a member, in the unit of the coordinates. `relative_risk` is the rate
    inside over the rate outside, infinite where no event is outside. `p` is (as_extreme + 1) / (draws + 1), one-sided.
    `first_day` and `last_day`, both included, are None where time has no part.
    """

    members: Ints
    centre: int
    radius: float
    observed: int
    expected: float
    relative_risk: float
    llr: float
    p: float
    as_extreme: int
    draws: int
    first_day: int | None = None
    last_day: int | None = None


@dataclass(frozen=True)
class Bundle:
    """Circles around some centres: a column a centre, a row a step outwards to the next cell.

    `order` is the cell that a step adds, `size` the place of the exposure then inside in the sorted sizes; 0, which is
    no exposure, where a step is no circle (a tie is not yet complete). Columns are sorted from long to short, `active`
    says how many are as long as a step.
    """

    centre: Ints
    order: Positions
    size: Positions
    active: Ints


class Grown(NamedTuple):
    bundles: list[Bundle]
    sizes: Floats  # distinct exposures of circles, ascending from 0


def grow(
    points: Floats, weight: Floats, *, max_share: float, most_cells: int | None, max_radius: float | None
) -> Grown:
    """Return all circles within the limits: neighbours by distance, ties together."""
    n = len(points)
    most, reach = most_cells or n, max_radius or np.inf
    limit = max_share * weight.sum() * (1 + _SAME)
    tie = _SAME * float(np.ptp(points, axis=0).max())
    tree = scipy.spatial.cKDTree(points)
    bundles: list[tuple[Ints, Positions, Floats, Ints]] = []
    pending, k, circles = np.arange(n), min(n, min(most, 63) + 1), 0
    while len(pending):
        unfinished = []
        for part in np.array_split(pending, -(-len(pending) // max(1, min(_CENTRES, _NEIGHBOURS // k)))):
            away, order = map(np.asarray, tree.query(points[part], k=k, workers=THREADS))
            # A step ends a circle if the next cell is farther away. The last may lie amid a tie: then its circle is
            # beyond the limits, or its centre is asked again for more cells.
            ends = np.diff(away, axis=1, append=np.inf) > tie
            inside = np.cumsum(weight[order], axis=1)
            fits = ends & (inside <= limit) & (np.arange(k) < most) & (away <= reach * (1 + _SAME))
            complete = np.full(len(part), k == n or k > most) | (ends & ~fits).any(axis=1)
            unfinished.append(part[~complete])
            length = np.where(fits.any(axis=1), k - fits[:, ::-1].argmax(axis=1), 0)
            longest_first = np.argsort(-length, kind="stable")
            kept = longest_first[(complete & (length > 0))[longest_first]]
            if len(kept) == 0:
                continue
            steps = int(length[kept[0]])
            circles += steps * len(kept)
            if circles > _MOST_CIRCLES:
                raise HazardError(
                    "scan-too-large",
                    "The scan would draw more than {most} circles: lower the largest share or the number of cells "
                    "of a circle.",
                    most=_MOST_CIRCLES,
                )
            inside = np.where(fits, inside, 0.0)[kept, :steps].T
            active = (length[kept][:, None] > np.arange(steps)).sum(axis=0)
            bundles.append((part[kept], np.ascontiguousarray(order[kept, :steps].T, dtype=np.int32), inside, active))
        pending, k = np.concatenate(unfinished), min(n, 2 * k)
    if not bundles:
        raise HazardError(
            "scan-no-circle",
            "Not even the smallest circles are within the limits: raise the largest share, the number of cells or the "
            "radius.",
        )
    sizes = np.unique(np.concatenate([[0.0], *(inside.ravel() for _, _, inside, _ in bundles)]))
    return Grown(
        [Bundle(c, o, np.searchsorted(sizes, i).astype(np.int32), active) for c, o, i, active in bundles], sizes
    )


class Found(NamedTuple):
    members: Ints
    centre: int
    window: int
    observed: int
    expected: float
    llr: float


@dataclass(frozen=True)
class Scan:
    """Circles, and what is expected in them: of `total` events, by size of a circle and window of time."""

    circles: list[Bundle]
    cells: int
    total: int
    expected: Floats  # shape (sizes, windows)
    random_maps: Callable[[int], Maps]  # of a block
    fewest: int = 1  # events of a circle that counts
    least_ratio: float = 1.0  # of them to what is expected

    def strongest(self, maps: Maps, most: int | None, least: float = 0.0) -> list[Found]:
        """Return the strongest circles of one map that have no cell in common: the first, and those of a ratio."""
        bundles = self.circles
        best = [np.zeros(bundle.order.shape) for bundle in bundles]
        window = [np.zeros(bundle.order.shape, dtype=np.int32) for bundle in bundles]
        inside = [np.zeros(bundle.order.shape, dtype=np.int64) for bundle in bundles]
        for w, events in ((first + i, part[:, i, 0]) for first, part in maps for i in range(part.shape[1])):
            for bundle, top, at, held in zip(bundles, best, window, inside, strict=True):
                count = np.cumsum(events[bundle.order], axis=0, dtype=np.int64)
                expected = self.expected[bundle.size, w]
                ratio = _llr(count, expected, self.total)
                better = (ratio > top) & (count >= self._fewest(expected))
                top[better], at[better], held[better] = ratio[better], w, count[better]
        found: list[Found] = []
        taken = np.zeros(self.cells, dtype=bool)
        while most is None or len(found) < most:
            strength = max(top.max() for top in best)
            if strength <= 0 or (found and strength < least * (1 - _SAME)):
                break
            equal = [
                (int(step), int(bundle.centre[column]), i, int(column))
                for i, (bundle, top) in enumerate(zip(bundles, best, strict=True))
                for step, column in zip(*np.nonzero(top >= strength * (1 - _SAME)), strict=True)
            ]
            step, centre, i, column = min(equal)
            members = np.sort(bundles[i].order[: step + 1, column]).astype(np.int64)
            w, size = int(window[i][step, column]), bundles[i].size[step, column]
            found.append(
                Found(
                    members, centre, w, int(inside[i][step, column]), float(self.expected[size, w]),
                    float(best[i][step, column]),
                )
            )  # fmt: skip
            taken[members] = True
            for bundle, top in zip(bundles, best, strict=True):
                top[np.logical_or.accumulate(taken[bundle.order], axis=0)] = 0.0
        return found

    def ranks(
        self, strengths: Sequence[float], draws: int, stop_at: int | None, progress: Progress | None
    ) -> list[tuple[int, int]]:
        """Return, for each strength, how many random maps were as strong, of how many that counted."""
        limits = np.array(strengths) * (1 - _SAME)
        maxima = np.zeros(0)
        level, blocks = -np.inf, -(-draws // MAPS)
        least: NDArray[Any] = np.zeros((0, 0), dtype=np.int64)
        for block in range(0, blocks, 2):
            open_still = [limit for limit in limits if stop_at is None or (maxima >= limit).sum() < stop_at]
            if not open_still:
                break
            if min(open_still) > level + 1:  # a level higher by 1 is reached about a third as often: worth its price
                level = min(open_still)
                least = self._least(level)
            maxima_of = partial(self._maxima, least=least)
            maxima = np.concatenate([maxima, *both_cores(maxima_of, range(block, min(block + 2, blocks)))])[:draws]
            if progress:
                progress(len(maxima), draws)
        if progress and len(maxima) < draws:
            progress(draws, draws)
        return [_rank(maxima >= limit, stop_at) for limit in limits]

    def maxima(self, draws: int, top: float, progress: Progress | None) -> Floats:
        """Return the strongest circle of each random map; 0 where it is not among a share of them."""
        blocks = -(-draws // MAPS)
        found = [self._maxima(0, self._least(_SAME))]
        level = float(np.quantile(found[0], max(0.0, 1 - 2 * top)))
        found[0] = np.where(found[0] >= level, found[0], 0.0)  # as of the others
        least = self._least(max(level, _SAME))
        for block in range(1, blocks, THREADS):
            if progress:
                progress(block * MAPS, draws)
            found += both_cores(partial(self._maxima, least=least), range(block, min(block + THREADS, blocks)))
        if progress:
            progress(draws, draws)
        return np.concatenate(found)[:draws]

    def _least(self, level: float) -> NDArray[Any]:
        """Return, for each size of a circle and each window, the smallest count whose ratio reaches a level."""
        kind = count_type(self.total)
        parts = np.array_split(self.expected.ravel(), -(-self.expected.size // _SOLVED))

        def least(part: Floats) -> NDArray[Any]:
            counts = np.maximum(least_counts(level, part, self.total), self._fewest(part))
            return np.minimum(counts, self.total + 1).astype(kind)

        return np.concatenate(list(both_cores(least, parts))).reshape(self.expected.shape)

    def _fewest(self, expected: Floats) -> Floats:
        return np.maximum(self.fewest, np.ceil(self.least_ratio * expected * (1 - _SAME)))

    def _maxima(self, block: int, least: NDArray[Any]) -> Floats:
        """Return the strongest circle of each random map of a block; 0 where none reaches its least count."""
        best = np.zeros(MAPS)
        for first, events in self.random_maps(block):
            windows = slice(first, first + events.shape[1])
            most = np.iinfo(events.dtype).max  # which no count reaches
            needed = np.minimum(least[:, windows], most).astype(events.dtype)
            expected = self.expected[:, windows]
            for bundle in self.circles:
                self._weigh(best, events, bundle, needed, expected)
        return best

    def _weigh(
        self, best: Floats, events: NDArray[Any], bundle: Bundle, needed: NDArray[Any], expected: Floats
    ) -> None:
        held = np.zeros((len(bundle.centre), *events.shape[1:]), dtype=events.dtype)
        added = np.empty_like(held)
        for order, size, n in zip(bundle.order, bundle.size, bundle.active, strict=True):
            np.take(events, order[:n], axis=0, out=added[:n], mode="clip")  # other modes copy `out` first
            np.add(held[:n], added[:n], out=held[:n])
            reached = held[:n] >= needed[size[:n], :, None]
            if reached.any():
                row, window, column = np.nonzero(reached)
                count = held[row, window, column].astype(np.int64)
                ratio = _llr(count, expected[size[row], window], self.total)
                np.maximum.at(best, column, ratio)


def _llr(count: NDArray[Any], expected: Floats, total: int) -> Floats:
    """Return the log-likelihood ratio of an excess; 0 where there is none, and where nothing is expected: no circle."""
    ratio = scipy.special.rel_entr(count, expected) + scipy.special.rel_entr(total - count, total - expected)
    excess = (count > expected * (1 + _SAME)) & (expected > 0)
    return np.where(excess, np.maximum(ratio, 0.0), 0.0)


def least_counts(level: float, expected: Floats, total: int) -> Ints:
    """Return the smallest counts whose ratio reaches a level; total + 1 where none does.

    The ratio lies between two bounds that can be solved for the count: it is at most the chi-square statistic, and at
    least Bernstein's bound. Between the two counts it is sought by halving.
    """
    low = np.floor(expected + np.sqrt(level * expected * (1 - expected / total))) - 1
    high = np.ceil(expected + level / 3 + np.sqrt(level**2 / 9 + 2 * level * expected)) + 1
    high = np.where(expected > 0, np.minimum(high, total + 1), total + 1)
    low = np.clip(low, 0, high - 1)
    open_still = np.flatnonzero(high - low > 1)
    while len(open_still):
        middle = np.floor((low[open_still] + high[open_still]) / 2)
        enough = _llr(middle, expected[open_still], total) >= level
        high[open_still[enough]], low[open_still[~enough]] = middle[enough], middle[~enough]
        open_still = open_still[high[open_still] - low[open_still] > 1]
    return high.astype(np.int64)


def _rank(extreme: NDArray[np.bool_], stop_at: int | None) -> tuple[int, int]:
    """Return how many draws were as extreme and how many were made; none counts after the one that ends them."""
    places = np.flatnonzero(extreme)
    if stop_at is not None and len(places) >= stop_at:
        return stop_at, int(places[stop_at - 1]) + 1
    return len(places), len(extreme)


def as_cluster(found: Found, rank: tuple[int, int] | None, points: Floats, total: int) -> Cluster:
    """Return a cluster with its rank among random maps (as extreme, of how many); without one its p is NaN."""
    extreme, draws = rank or (0, 0)
    p = (extreme + 1) / (draws + 1) if rank else float("nan")
    outside, expected_outside = total - found.observed, total - found.expected
    risk = found.observed / found.expected / (outside / expected_outside) if outside else float("inf")
    away = points[found.members] - points[found.centre]
    return Cluster(
        members=found.members, centre=found.centre, radius=float(np.hypot(*away.T).max()), observed=found.observed,
        expected=found.expected, relative_risk=risk, llr=found.llr, p=p, as_extreme=extreme, draws=draws,
    )  # fmt: skip


def count_type(total: int) -> type[np.integer]:
    """Return the narrowest type that holds every count and one more: half as wide is twice as fast."""
    return np.uint16 if total < np.iinfo(np.uint16).max else np.int32 if total < np.iinfo(np.int32).max else np.int64


def check_limits(
    max_share: float, permutations: int, stop_at: int | None, most_clusters: int, most_cells: int | None,
    max_radius: float | None, max_days: int = 1,
) -> None:  # fmt: skip
    least = min(permutations, most_clusters, max_days, *(n for n in (stop_at, most_cells) if n is not None))
    if not (0 < max_share < 1 and least >= 1 and (max_radius is None or max_radius > 0)):
        raise HazardError(
            "scan-limit-bad",
            "A scan needs a largest share between 0 and 1, a radius above 0, and at least one cell, one day, one "
            "cluster and one random map.",
        )


def checked_points(x: ArrayLike, y: ArrayLike, n: int) -> Floats:
    x_of, y_of = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if not x_of.shape == y_of.shape == (n,):
        raise HazardError("lengths-differ", "Places must be given for all cells, and for no others.")
    if n < 2:
        raise HazardError("one-cell", "Cells are compared with each other: at least two are needed.")
    points = np.column_stack([x_of, y_of])
    missing = int((~np.isfinite(points).all(axis=1)).sum())
    if missing:
        raise HazardError("place-missing", "{n} cells have no place: a scan needs a point of each.", n=missing)
    return points
