"""Where events gather beyond chance, whatever the cell borders: the circular scan, against exposure.

**The scan.** Circles grow around every cell point over its neighbours; each holds a set of whole cells. The strongest
is the one whose excess has the largest log-likelihood ratio, and its chance is told by random maps: how many of them
hold, anywhere, a circle as strong? That answers for all circles at once, so it needs no correction for their number. A
scan finds what lies across borders or in several cells together, where a test of each cell alone is weak.

**Against exposure** (`circular_scan`) events fall on cells in proportion to the exposure, given their total. Over
time, without exposure: `analysis.alarm`. How it is done fast: `analysis.circles`.

**The p-value** is (as extreme + 1) / (draws + 1), ties counted, and a secondary cluster is compared with the strongest
of each random map too. A cluster's draws end early once `stop_at` of them were as extreme (Besag & Clifford 1991). With
h = `stop_at` and l draws their p is h / l, which under chance alone is at most a with probability a at most; ours, (h +
1) / (l + 1), is never smaller, so it keeps that too. A cluster that does not stop has the plain p of all draws. With
the 50 of the default and 999 draws only p above 5% end early. The p of a secondary cluster is never below that of a
stronger one.

References
----------
Kulldorff (1997), Communications in Statistics - Theory and Methods 26(6), 1481-1496. Kulldorff, Heffernan, Hartman,
Assunção & Mostashari (2005), PLoS Medicine 2(3), e59. Besag & Clifford (1991), Biometrika 78(2), 301-304.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.checked import counts_and_shares
from analysis.circles import (
    MAPS,
    Cluster,
    Floats,
    Grown,
    Ints,
    Maps,
    Progress,
    Scan,
    as_cluster,
    check_limits,
    checked_points,
    count_type,
    grow,
    least_counts,
)

_SAME = 1e-9  # rates so close, to as small a part of them, differ by rounding only


@dataclass(frozen=True)
class Circles:
    """The circles around some cells, made once by `grow_circles`: the cells' points, their shares of the exposure."""

    points: Floats
    share: Floats
    _grown: Grown


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
    observed, _ = counts_and_shares(cases, population)
    check_limits(max_share, permutations, stop_at, most_clusters, most_cells, max_radius)
    circles = grow_circles(x, y, population, max_share=max_share, most_cells=most_cells, max_radius=max_radius)
    total = int(observed.sum())
    if total == 0:
        return ()
    scan = _against_exposure(circles, total, seed)
    found = scan.strongest(_one_map(observed), most_clusters)
    ranks = scan.ranks([cluster.llr for cluster in found], permutations, stop_at, progress)
    return tuple(as_cluster(one, rank, circles.points, total) for one, rank in zip(found, ranks, strict=True))


def grow_circles(
    x: ArrayLike,
    y: ArrayLike,
    population: ArrayLike,
    *,
    max_share: float,
    most_cells: int | None = None,
    max_radius: float | None = None,
) -> Circles:
    """Return the circles of a scan against exposure, for several scans of the same cells.

    Parameters and errors as in `circular_scan`.
    """
    weight = np.asarray(population, dtype=float)
    _, share = counts_and_shares(np.zeros(weight.shape), weight)
    check_limits(max_share, 1, None, 1, most_cells, max_radius)
    points = checked_points(x, y, len(share))
    grown = grow(points, share, max_share=max_share, most_cells=most_cells, max_radius=max_radius)
    return Circles(points, share, grown)


def strongest_circles(
    circles: Circles, cases: ArrayLike, *, least: float = 0.0, most_clusters: int | None = 10
) -> tuple[Cluster, ...]:
    """Return the clusters of `circular_scan` without random maps: their p is NaN.

    `least` is the smallest log-likelihood ratio wanted; the strongest cluster is given even if it is weaker.

    Raises
    ------
    HazardError
        ``lengths-differ``, ``counts-not-whole``, ``incidents-without-exposure``.
    """
    observed, _ = counts_and_shares(cases, circles.share)
    total = int(observed.sum())
    if total == 0:
        return ()
    found = _against_exposure(circles, total, 0).strongest(_one_map(observed), most_clusters, least)
    return tuple(as_cluster(one, None, circles.points, total) for one in found)


def hottest_part(circles: Circles, cases: ArrayLike, members: ArrayLike, *, least: float) -> Ints:
    """Return the cells of the circle within a place that has the highest rate and is as rare by itself.

    The strongest circle is the one least owed to chance, not the one with the highest rate: where the rate falls off
    slowly it grows to half of a town. Every circle whose ratio reaches the limit of random maps is a claim at the same
    chance, so the one to be looked at first may be chosen among them.

    Parameters
    ----------
    circles, cases
        As in `strongest_circles`.
    members : array_like of int
        Positions of the place's cells.
    least : float
        Log-likelihood ratio that the circle must reach.

    Returns
    -------
    ndarray of int
        Positions, ascending: of the circles within the place that reach the ratio those of the one with the most events
        to one expected, of equal ones the one of fewest cells, then the one around the first cell; the place itself
        where there is none. Errors as in `strongest_circles`. (By the rate over the rate outside large circles would
        win: they leave little outside.)
    """
    observed, _ = counts_and_shares(cases, circles.share)
    total, place = int(observed.sum()), np.sort(np.asarray(members, dtype=np.int64))
    inside = np.zeros(len(circles.share), dtype=bool)
    inside[place] = True
    found = []
    for bundle in circles._grown.bundles:
        column = np.flatnonzero(inside[bundle.centre])
        order, size = bundle.order[:, column], bundle.size[:, column]
        step, at = np.nonzero(np.logical_and.accumulate(inside[order], axis=0) & (size > 0))
        held = np.cumsum(observed[order], axis=0)[step, at]
        expected = circles._grown.sizes[size[step, at]] * total
        enough = held >= least_counts(least, expected, total)
        if not enough.any():
            continue
        held, expected, step, at = held[enough], expected[enough], step[enough], at[enough]
        rate = held / expected
        first = np.lexsort([bundle.centre[column[at]], step, rate < rate.max() * (1 - _SAME)])[0]
        cells = np.sort(order[: step[first] + 1, at[first]]).astype(np.int64)
        found.append((float(rate[first]), len(cells), int(bundle.centre[column[at[first]]]), cells))
    if not found:
        return place
    top = max(rate for rate, *_ in found) * (1 - _SAME)
    return min((one for one in found if one[0] >= top), key=lambda one: one[1:3])[3]


def strongest_by_chance(
    circles: Circles, total: int, *, draws: int, seed: int, top: float = 0.2, progress: Progress | None = None
) -> Floats:
    """Return the log-likelihood ratio of the strongest circle of each of some random maps.

    Parameters
    ----------
    circles : Circles
    total : int
        Events of each map, above 0; they fall on the cells by exposure.
    draws, seed
        Random maps, those of `random_counts`.
    top : float
        Share of the maps whose value is wanted. Of the weaker ones it is 0: which are is told from the first block of
        maps, with a wide margin, so that no observed map has a part in it.
    progress : callable, optional
        As in `circular_scan`.

    Returns
    -------
    ndarray, shape (draws,)
    """
    return _against_exposure(circles, total, seed).maxima(draws, top, progress)


def counts_alone(circles: Circles, total: int, llr: float) -> Ints:
    """Return the count of each cell from which on it reaches a ratio by itself; the total + 1 where none does.

    None does for a cell that is no circle: it holds too much of the exposure, or another one has the same point.
    """
    alone = np.zeros(len(circles.share), dtype=bool)
    for bundle in circles._grown.bundles:
        alone[bundle.centre[bundle.size[0] > 0]] = True
    return np.where(alone, least_counts(llr, circles.share * total, total), total + 1)


def random_counts(share: Floats, total: int, *, seed: int, block: int) -> NDArray[Any]:
    """Return the events by cell of a block of random maps, shape (cells, MAPS): multinomial, given their total."""
    exposed = np.flatnonzero(share)  # the last share of a multinomial takes what rounding leaves: none without exposure
    drawn = np.zeros((len(share), MAPS), dtype=count_type(total))
    drawn[exposed] = np.random.default_rng([seed, block]).multinomial(total, share[exposed], size=MAPS).T
    return drawn


def _against_exposure(circles: Circles, total: int, seed: int) -> Scan:
    def random_maps(block: int) -> Maps:
        yield 0, random_counts(circles.share, total, seed=seed, block=block)[:, None, :]

    return Scan(
        circles=circles._grown.bundles, cells=len(circles.points), total=total,
        expected=circles._grown.sizes[:, None] * float(total), random_maps=random_maps,
    )  # fmt: skip


def _one_map(observed: Floats) -> Maps:
    yield 0, observed.astype(np.int64)[:, None, None]
