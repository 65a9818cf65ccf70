"""Where events gather beyond chance, whatever the cell borders: the circular scan, against exposure or over time.

**The scan.** Circles grow around every cell point over its neighbours; each holds a set of whole cells. The strongest
is the one whose excess has the largest log-likelihood ratio, and its chance is told by random maps: how many of them
hold, anywhere, a circle as strong? That answers for all circles at once, so it needs no correction for their number. A
scan finds what lies across borders or in several cells together, where a test of each cell alone is weak.

**Against exposure** (`circular_scan`) events fall on cells in proportion to the exposure, given their total. **Over
time** (`space_time_scan`) no exposure is needed: places and days of the same events are shuffled against each other, so
that busy places and busy days stay as they are and only their coming together counts. Cylinders that end on the last
day make it an alarm: what has gathered lately?

**The p-value** is (as extreme + 1) / (draws + 1), ties counted, and a secondary cluster is compared with the strongest
of each random map too. A cluster's draws end early once `stop_at` of them were as extreme (Besag & Clifford 1991). With
h = `stop_at` and l draws their p is h / l, which under chance alone is at most a with probability a at most; ours, (h +
1) / (l + 1), is never smaller, so it keeps that too. A cluster that does not stop has the plain p of all draws. With
the 50 of the default and 999 draws only p above 5% end early. The p of a secondary cluster is never below that of a
stronger one.

**How it is done fast.** All random maps of a block grow their circles together, a row a cell and a column a map; a step
outwards adds one gathered row. The ratio rises with the count, so a circle is as strong as the weakest cluster in
question from some whole count on: that count is found once, and only the few circles of random maps that reach it are
weighed. Each block has its own seed: neither the number of threads nor their order changes an answer.

References
----------
Kulldorff (1997), Communications in Statistics - Theory and Methods 26(6), 1481-1496. Kulldorff, Heffernan, Hartman,
Assunção & Mostashari (2005), PLoS Medicine 2(3), e59. Besag & Clifford (1991), Biometrika 78(2), 301-304.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from analysis.checked import counts_and_shares
from base.errors import HazardError
from geo.edges import THREADS, both_cores

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Positions = NDArray[np.int32]
Progress = Callable[[int, int], None]
Maps = Iterator[tuple[int, NDArray[Any]]]  # events of shape (cells, windows of time, maps), and which window is first

_MAPS = 64  # random maps that are counted together, with a seed of their own
_CENTRES = 2_500  # centres that are: what they hold of a block stays in the processor's cache
_NEIGHBOURS = 2_000_000  # that are sorted at once
_TOGETHER = 500_000  # counts of a few windows that are
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


def circular_scan(
    x: ArrayLike,
    y: ArrayLike,
    cases: ArrayLike,
    population: ArrayLike,
    *,
    max_share: float,
    permutations: int,
    seed: int,
    most_cells: int | None = None,
    max_radius: float | None = None,
    most_clusters: int = 10,
    stop_at: int | None = 50,
    progress: Progress | None = None,
) -> tuple[Cluster, ...]:
    """Return the most likely cluster and further ones that share no cell with a stronger one, strongest first.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Points of the cells in a plane (metres, kilometres).
    cases : array_like of whole numbers, shape (n,)
        Events of each cell.
    population : array_like, shape (n,)
        Exposure of each cell in any unit; only its shares matter. A cell may have none if it has no events.
    max_share : float
        Largest share of the exposure that a circle may hold, above 0 and below 1.
    permutations, seed
        Random maps at most (multinomial by exposure, given the total), and their seed.
    most_cells, max_radius
        Further limits of a circle.
    most_clusters : int
        Clusters listed at most. They need not be significant: that is what `p` is for.
    stop_at : int or None
        A cluster's draws end when so many were as extreme; None: never.
    progress : callable, optional
        Is told (random maps done, of how many), from the thread of the caller; the last call has both equal.

    Returns
    -------
    tuple of Cluster
        Empty if there are no events, or none of the circles holds more than expected. Cells equally far from a centre
        enter its circle together (distances that differ by less than a billionth of the extent are equal). Of equally
        strong circles the one of fewest cells is named, then the one around the first cell.

    Raises
    ------
    HazardError
        Those of `analysis.hotspots.excess_test` about counts and exposure; ``place-missing`` for a cell without finite
        coordinates; ``scan-limit-bad``; ``scan-no-circle`` if even the smallest circles are beyond the limits;
        ``scan-too-large`` for more than 20 million circles.

    Notes
    -----
    With c events and E expected in a circle and N in all: c ln(c / E) + (N - c) ln((N - c) / (N - E)) where c > E,
    else 0.

    References
    ----------
    Kulldorff (1997), Communications in Statistics - Theory and Methods 26(6), 1481-1496.
    """
    observed, share = counts_and_shares(cases, population)
    _check_limits(max_share, permutations, stop_at, most_clusters, most_cells, max_radius)
    points = _checked_points(x, y, len(share))
    counts = observed.astype(np.int64)
    total = int(counts.sum())
    if total == 0:
        return ()
    whole = _count_type(total)
    exposed = np.flatnonzero(share)  # the last share of a multinomial takes what rounding leaves: none without exposure

    def random_maps(generator: np.random.Generator, n: int) -> Maps:
        drawn = np.zeros((len(share), n), dtype=whole)
        drawn[exposed] = generator.multinomial(total, share[exposed], size=n).T
        yield 0, drawn[:, None, :]

    scan = _Scan(
        circles=_grow(points, share, max_share=max_share, most_cells=most_cells, max_radius=max_radius),
        cells=len(points),
        total=total,
        factors=np.array([float(total)]),
        random_maps=random_maps,
        seed=seed,
    )
    found = scan.strongest(iter([(0, counts[:, None, None])]), most_clusters)
    ranks = scan.ranks([cluster.llr for cluster in found], permutations, stop_at, progress)
    return tuple(_cluster(one, rank, points, total) for one, rank in zip(found, ranks, strict=True))


def space_time_scan(
    x: ArrayLike,
    y: ArrayLike,
    cell: ArrayLike,
    day: ArrayLike,
    *,
    max_days: int,
    permutations: int,
    seed: int,
    last_day: int | None = None,
    recent_only: bool = True,
    max_share: float = 0.5,
    most_cells: int | None = None,
    max_radius: float | None = None,
    most_clusters: int = 10,
    stop_at: int | None = 50,
    progress: Progress | None = None,
) -> tuple[Cluster, ...]:
    """Return where and since when more events came than their places and their days alone would bring together.

    A cylinder is a circle of cells over a run of days. Expected in it are (events in its cells on all days) x (events
    in all cells on its days) / (all events). Random maps shuffle the days among the events.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Points of the cells in a plane.
    cell : array_like of int, shape (m,)
        Position of each event's cell.
    day : array_like of whole numbers, shape (m,)
        Day of each event, counted from any day. All events given tell what is usual: give a long period.
    max_days : int
        Longest cylinder in days.
    last_day : int, optional
        The day on which the alarm stands; the newest day of an event if not given.
    recent_only : bool
        Only cylinders that end on `last_day` (the alarm), else any run of days, which takes as many times longer as
        there are days.
    max_share : float
        Largest share of all events that lies within a circle, over all days.
    permutations, seed, most_cells, max_radius, most_clusters, stop_at, progress
        As in `circular_scan`.

    Returns
    -------
    tuple of Cluster
        As in `circular_scan`, and no two share a cell, whatever their days. A cylinder begins on a day on which an
        event came somewhere. Empty if there are no events, none within the last `max_days`, or none too many anywhere.

    Raises
    ------
    HazardError
        ``lengths-differ``; ``one-cell``; ``place-missing``; ``cell-position-bad``; ``day-bad`` for a day that is no
        whole number or after `last_day`; ``scan-limit-bad``, ``scan-no-circle``, ``scan-too-large``.

    References
    ----------
    Kulldorff, Heffernan, Hartman, Assunção & Mostashari (2005), PLoS Medicine 2(3), e59.
    """
    points = _checked_points(x, y, np.size(x))
    _check_limits(max_share, permutations, stop_at, most_clusters, most_cells, max_radius, max_days)
    where, when = _checked_events(cell, day, len(points), last_day)
    total = len(where)
    if total == 0:
        return ()
    end = int(when.max()) if last_day is None else int(last_day)
    by_day = np.argsort(when, kind="stable")
    if recent_only:
        by_day = by_day[when[by_day] > end - max_days]
    if len(by_day) == 0:
        return ()
    windows = _windows(when[by_day], max_days, end if recent_only else None)
    by_window = partial(_maps_of_windows, windows=windows, cells=len(points), whole=_count_type(total))

    def random_maps(generator: np.random.Generator, n: int) -> Maps:
        return by_window(np.stack([generator.choice(where, len(by_day), replace=False) for _ in range(n)]))

    weight = np.bincount(where, minlength=len(points)).astype(float)
    scan = _Scan(
        circles=_grow(points, weight, max_share=max_share, most_cells=most_cells, max_radius=max_radius),
        cells=len(points),
        total=total,
        factors=np.array([window.events for window in windows]) / total,
        random_maps=random_maps,
        seed=seed,
    )
    found = scan.strongest(by_window(where[by_day][None, :]), most_clusters)
    ranks = scan.ranks([cluster.llr for cluster in found], permutations, stop_at, progress)
    return tuple(
        _cluster(one, rank, points, total)._replace(
            first_day=windows[one.window].first, last_day=windows[one.window].last
        )
        for one, rank in zip(found, ranks, strict=True)
    )


# --- circles ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bundle:
    """Circles around some centres: a column a centre, a row a step outwards to the next cell.

    `order` is the cell that a step adds, `size` the place of the exposure then inside in the sorted sizes; 0, which is
    no exposure, where a step is no circle (a tie is not yet complete). Columns are sorted from long to short, `active`
    says how many are as long as a step.
    """

    centre: Ints
    order: Positions
    size: Positions
    active: Ints


class _Circles(NamedTuple):
    bundles: list[_Bundle]
    sizes: Floats  # distinct exposures of circles, ascending from 0


def _grow(
    points: Floats, weight: Floats, *, max_share: float, most_cells: int | None, max_radius: float | None
) -> _Circles:
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
    return _Circles(
        [_Bundle(c, o, np.searchsorted(sizes, i).astype(np.int32), active) for c, o, i, active in bundles], sizes
    )


# --- the scan itself --------------------------------------------------------------------------------------------------


class _Found(NamedTuple):
    members: Ints
    centre: int
    window: int
    observed: int
    expected: float
    llr: float


@dataclass(frozen=True)
class _Scan:
    """Circles, and what is expected in them: in window w of time, ``circles.sizes * factors[w]`` of `total` events."""

    circles: _Circles
    cells: int
    total: int
    factors: Floats
    random_maps: Callable[[np.random.Generator, int], Maps]
    seed: int

    def strongest(self, maps: Maps, most: int) -> list[_Found]:
        """Return the strongest circles of one map that have no cell in common."""
        bundles, sizes = self.circles
        best = [np.zeros(bundle.order.shape) for bundle in bundles]
        window = [np.zeros(bundle.order.shape, dtype=np.int32) for bundle in bundles]
        inside = [np.zeros(bundle.order.shape, dtype=np.int64) for bundle in bundles]
        for w, events in ((first + i, part[:, i, 0]) for first, part in maps for i in range(part.shape[1])):
            for bundle, top, at, held in zip(bundles, best, window, inside, strict=True):
                count = np.cumsum(events[bundle.order], axis=0, dtype=np.int64)
                ratio = _llr(count, sizes[bundle.size] * self.factors[w], self.total)
                better = ratio > top
                top[better], at[better], held[better] = ratio[better], w, count[better]
        found: list[_Found] = []
        taken = np.zeros(self.cells, dtype=bool)
        while len(found) < most and (strength := max(top.max() for top in best)) > 0:
            equal = [
                (int(step), int(bundle.centre[column]), i, int(column))
                for i, (bundle, top) in enumerate(zip(bundles, best, strict=True))
                for step, column in zip(*np.nonzero(top >= strength * (1 - _SAME)), strict=True)
            ]
            step, centre, i, column = min(equal)
            members = np.sort(bundles[i].order[: step + 1, column]).astype(np.int64)
            w, size = int(window[i][step, column]), bundles[i].size[step, column]
            found.append(
                _Found(
                    members, centre, w, int(inside[i][step, column]), float(sizes[size] * self.factors[w]),
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
        level, blocks = -np.inf, -(-draws // _MAPS)
        least: Ints = np.zeros((0, 0), dtype=np.int64)
        for block in range(0, blocks, 2):
            open_still = [limit for limit in limits if stop_at is None or (maxima >= limit).sum() < stop_at]
            if not open_still:
                break
            if min(open_still) > level + 1:  # a level higher by 1 is reached about a third as often: worth its price
                level = min(open_still)
                least = np.stack([self._least(level, float(factor)) for factor in self.factors], axis=1)
            maxima_of = partial(self._maxima, least=least)
            maxima = np.concatenate([maxima, *both_cores(maxima_of, range(block, min(block + 2, blocks)))])[:draws]
            if progress:
                progress(len(maxima), draws)
        if progress and len(maxima) < draws:
            progress(draws, draws)
        return [_rank(maxima >= limit, stop_at) for limit in limits]

    def _least(self, level: float, factor: float) -> Ints:
        """Return, for each size of a circle, the smallest count whose ratio reaches a level."""
        sizes = self.circles.sizes * factor
        parts = np.array_split(sizes, -(-len(sizes) // _SOLVED))
        return np.concatenate(list(both_cores(lambda part: _least(level, part, self.total), parts)))

    def _maxima(self, block: int, least: Ints) -> Floats:
        """Return the strongest circle of each random map of a block; 0 where none reaches its least count."""
        best = np.zeros(_MAPS)
        for first, events in self.random_maps(np.random.default_rng([self.seed, block]), _MAPS):
            windows = slice(first, first + events.shape[1])
            needed, factors = least[:, windows].astype(events.dtype), self.factors[windows]
            for bundle in self.circles.bundles:
                self._weigh(best, events, bundle, needed, factors)
        return best

    def _weigh(
        self, best: Floats, events: NDArray[Any], bundle: _Bundle, needed: NDArray[Any], factors: Floats
    ) -> None:
        held = np.zeros((len(bundle.centre), *events.shape[1:]), dtype=events.dtype)
        added = np.empty_like(held)
        for order, size, n in zip(bundle.order, bundle.size, bundle.active, strict=True):
            np.take(events, order[:n], axis=0, out=added[:n], mode="clip")  # other modes copy `out` first
            np.add(held[:n], added[:n], out=held[:n])
            reached = held[:n] >= needed[size[:n], :, None]
            if reached.any():
                row, window, column = np.nonzero(reached)
                expected = self.circles.sizes[size[row]] * factors[window]
                np.maximum.at(best, column, _llr(held[row, window, column], expected, self.total))


def _llr(count: NDArray[Any], expected: Floats, total: int) -> Floats:
    """Return the log-likelihood ratio of an excess; 0 where there is none, and where nothing is expected: no circle."""
    ratio = scipy.special.rel_entr(count, expected) + scipy.special.rel_entr(total - count, total - expected)
    excess = (count > expected * (1 + _SAME)) & (expected > 0)
    return np.where(excess, np.maximum(ratio, 0.0), 0.0)


def _least(level: float, expected: Floats, total: int) -> Ints:
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


def _cluster(found: _Found, rank: tuple[int, int], points: Floats, total: int) -> Cluster:
    outside, expected_outside = total - found.observed, total - found.expected
    risk = found.observed / found.expected / (outside / expected_outside) if outside else float("inf")
    away = points[found.members] - points[found.centre]
    return Cluster(
        members=found.members, centre=found.centre, radius=float(np.hypot(*away.T).max()), observed=found.observed,
        expected=found.expected, relative_risk=risk, llr=found.llr, p=(rank[0] + 1) / (rank[1] + 1),
        as_extreme=rank[0], draws=rank[1],
    )  # fmt: skip


# --- days -------------------------------------------------------------------------------------------------------------


class _Window(NamedTuple):
    """A run of days: its first and last day, its events, and where those of the first day lie among all by day."""

    first: int
    last: int
    events: int
    added: slice
    fresh: bool  # the first of those that end on its last day


def _windows(days: Ints, max_days: int, end: int | None) -> list[_Window]:
    """Return the windows over sorted days of events; those with one end follow each other, from short to long."""
    day, start = np.unique(days, return_index=True)
    bounds = np.append(start, len(days))
    windows = []
    for last in range(len(day)) if end is None else [len(day) - 1]:
        until = int(day[last]) if end is None else end
        for first in range(last, -1, -1):
            if day[first] <= until - max_days:
                break
            added = slice(int(bounds[first]), int(bounds[first + 1]))
            events = int(bounds[last + 1] - bounds[first])
            windows.append(_Window(int(day[first]), until, events, added, first == last))
    return windows


def _maps_of_windows(cells_by_day: Ints, *, windows: Sequence[_Window], cells: int, whole: type[np.integer]) -> Maps:
    """Yield the events of each cell in some windows; a row of `cells_by_day` is a map, its cells in order of days."""
    n = len(cells_by_day)
    place = cells_by_day * n + np.arange(n)[:, None]
    held = np.zeros((cells, n), dtype=np.int64)
    together = max(1, _TOGETHER // (cells * n))
    for first in range(0, len(windows), together):
        part = windows[first : first + together]
        events = np.empty((cells, len(part), n), dtype=whole)
        for i, window in enumerate(part):
            added = np.bincount(place[:, window.added].ravel(), minlength=cells * n).reshape(cells, n)
            held = added if window.fresh else held + added
            events[:, i] = held
        yield first, events


# --- what is given ----------------------------------------------------------------------------------------------------


def _count_type(total: int) -> type[np.integer]:
    """Return the narrowest type that holds every count and one more: half as wide is twice as fast."""
    return np.int16 if total < np.iinfo(np.int16).max else np.int32 if total < np.iinfo(np.int32).max else np.int64


def _check_limits(
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


def _checked_points(x: ArrayLike, y: ArrayLike, n: int) -> Floats:
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


def _checked_events(cell: ArrayLike, day: ArrayLike, cells: int, last_day: int | None) -> tuple[Ints, Ints]:
    where, when = np.asarray(cell, dtype=float), np.asarray(day, dtype=float)
    if where.ndim != 1 or where.shape != when.shape:
        raise HazardError("lengths-differ", "Cells and days must be given for the same events.")
    bad = ~((where >= 0) & (where < cells) & (where == np.floor(where)))
    if bad.any():
        raise HazardError(
            "cell-position-bad", "{n} events lie in none of the {cells} cells: leave them out.", n=int(bad.sum()),
            cells=cells,
        )  # fmt: skip
    bad = ~(np.isfinite(when) & (when == np.floor(when))) | (when > (np.inf if last_day is None else last_day))
    if bad.any():
        raise HazardError(
            "day-bad", "{n} events have no whole day, or one after the last day: leave them out.", n=int(bad.sum())
        )
    return where.astype(np.int64), when.astype(np.int64)
