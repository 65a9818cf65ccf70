"""One family of claims: the test of each cell and the circular scan share one chance of a false claim.

A leader who looks at one map asks one question: does anything stand out here? Two tests are two chances to be wrong.
Halving the 5% between them would be safe and weak, for both see the same events and their false alarms often fall
together; and an exact test of small counts does not use up its share. So both are set against the **same random maps**:
of each map it is known how strong its strongest evidence is by either test. The two limits are then as generous as they
can be, equally rare by each test, while at most `fdr` of the random maps reach any of them (a calibrated minimum p).

* **Cells.** The statistic of a map is Simes' p: the smallest level at which Benjamini-Hochberg would name any cell.
  Cells are named by Benjamini-Hochberg at the limit found, never above `fdr`: so the share of false alarms among the
  cells named is held too, and not only the chance of any.
* **Circles.** The statistic is the largest log-likelihood ratio. Every circle that reaches the limit is named.

Each limit is reached by a share of random maps that lies below `fdr` by what the other one takes. With the two limits
equally rare neither test is favoured: on maps of one hot cell the first finds more, on maps of a hot place that several
cells share the second (`bench/calibration.py` tells what combining them costs).

References
----------
Simes (1986), Biometrika 73(3), 751-754. Westfall & Young (1993), Resampling-Based Multiple Testing, chapter 2 (minimum
p by resampling). Benjamini & Hochberg (1995), JRSS B 57(1), 289-300.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from analysis.circles import MAPS
from analysis.scan import Circles, grow_circles, random_counts, strongest_by_chance
from geo.edges import both_cores

Floats = NDArray[np.float64]
_SAME = 1e-9  # values so close, to as small a part of them, differ by rounding only


class RandomMaps(NamedTuple):
    """What random maps of one total hold: the Simes p of their cells, and the ratio of their strongest circle.

    Both of shape (draws,). A ratio that is not among the largest fifth is 0.
    """

    simes: Floats
    llr: Floats


class Limits(NamedTuple):
    """What names a cell (Benjamini-Hochberg at `level`) and a circle (a ratio of `llr` or more).

    `level` is 0 and `llr` infinite where not even one random map may reach them.
    """

    level: float
    llr: float


class Surroundings(Protocol):
    """Where cells lie, and what random maps of them hold: what `analysis.hotspots` asks of whoever knows the places."""

    def circles(self, weight: Floats) -> Circles:
        """Return the circles around the cells, which hold shares of a weight (the exposure)."""
        ...

    def maps(self, circles: Circles, total: int) -> Sequence[RandomMaps]:
        """Return random maps of a total, or of several totals around it, of which the strictest decides."""
        ...

    def neighbors(self) -> Any:
        """Return which cells are neighbours, as `analysis.association` takes them."""
        ...


@dataclass(frozen=True)
class Plane:
    """Surroundings that are reckoned whenever they are asked for. Points in metres, shape (n,).

    Points do not tell who is next to whom: `touching` does, as `neighbors` returns it.
    """

    x: ArrayLike
    y: ArrayLike
    max_share: float
    most_cells: int | None
    draws: int
    seed: int
    touching: Any = None

    def circles(self, weight: Floats) -> Circles:
        """Return the circles around the cells."""
        return grow_circles(self.x, self.y, weight, max_share=self.max_share, most_cells=self.most_cells)

    def maps(self, circles: Circles, total: int) -> Sequence[RandomMaps]:
        """Return random maps of a total."""
        return [random_maps(circles, total, draws=self.draws, seed=self.seed)]

    def neighbors(self) -> Any:
        """Return which cells are neighbours: none where nobody said so."""
        n = np.size(self.x)
        return scipy.sparse.csr_array((n, n)) if self.touching is None else self.touching


def random_maps(
    circles: Circles,
    total: int,
    *,
    draws: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> RandomMaps:
    """Return the strongest evidence of random maps with a total, by both tests.

    Parameters
    ----------
    circles : Circles
        With the cells' shares of the exposure.
    total : int
        Events of each map, above 0.
    draws, seed
        Random maps and their seed; 999 or more, or the limits are coarse.
    progress : callable, optional
        Is told (random maps done, of how many), from the thread of the caller.
    """
    chance = _Chances(circles.share, total)

    def smallest(block: int) -> Floats:
        return simes(chance.of(random_counts(circles.share, total, seed=seed, block=block)))

    found = np.concatenate(list(both_cores(smallest, range(-(-draws // MAPS)))))[:draws]
    return RandomMaps(found, strongest_by_chance(circles, total, draws=draws, seed=seed, progress=progress))


def limits(maps: RandomMaps, *, fdr: float) -> Limits:
    """Return the most generous pair of equally rare limits that at most `fdr` of maps without a pattern reach.

    The map in question counts as one of them, as in any test by random maps: of R maps up to ``fdr * (R + 1) - 1`` may
    reach a limit.
    """
    simes_in_order, llr_in_order = np.sort(maps.simes), np.sort(maps.llr)[::-1]
    allowed = int(np.floor(fdr * (len(maps.simes) + 1) + _SAME)) - 1
    found = Limits(0.0, float("inf"))
    for k in range(allowed):  # each limit reached by k + 1 maps, or by more where several are equal
        ratio = float(llr_in_order[k])
        next_ = Limits(min(float(simes_in_order[k]), fdr), ratio if ratio > 0 else float("inf"))
        if _reached(maps, next_).sum() > allowed:
            break
        found = next_
    return found


def map_chance(maps: RandomMaps, simes_p: float, llr: float) -> float:
    """Return the chance of a map whose evidence is as rare as this by either test, if there is no pattern.

    Evidence is as rare as the rarer of the two: (as rare + 1) / (draws + 1), ties counted.
    """
    n = len(maps.simes)
    if llr < np.min(maps.llr[maps.llr > 0], initial=np.inf):  # among the weaker ones, which are not told apart
        llr = 0.0

    def ranks(values: Floats, own: float) -> tuple[NDArray[np.int64], int]:  # how many maps are as small
        ordered = np.sort(values)
        slack = 1 + _SAME * np.sign(values)
        return np.searchsorted(ordered, values * slack, side="right"), int(
            np.searchsorted(ordered, own * (1 + _SAME * np.sign(own)), side="right")
        )

    by_cells, cells = ranks(maps.simes, simes_p)
    by_circles, circles = ranks(-maps.llr, -llr)
    rarer = np.minimum(by_cells, by_circles)
    return (int((rarer <= min(cells, circles)).sum()) + 1) / (n + 1)


def reaches(llr: Any, limit: float) -> Any:
    """Return whether a circle's ratio, or each of several, reaches another one."""
    return llr >= limit * (1 - _SAME)


def circle_chance(maps: RandomMaps, llr: float) -> float:
    """Return the chance of a map with a circle as strong: (as strong + 1) / (draws + 1), at most a fifth is told."""
    return (int(reaches(maps.llr, llr).sum()) + 1) / (len(maps.llr) + 1)


def strictest(each: Sequence[Limits]) -> Limits:
    """Return the limits that hold for each of several totals."""
    return Limits(min(one.level for one in each), max(one.llr for one in each))


def simes(p: Floats) -> Floats:
    """Return Simes' p of each map; p of shape (cells,) or (cells, maps)."""
    ordered = np.sort(p, axis=0)
    rank = np.arange(1, len(p) + 1).reshape(-1, *([1] * (p.ndim - 1)))
    return np.minimum((ordered * (len(p) / rank)).min(axis=0), 1.0)


def _reached(maps: RandomMaps, limit: Limits) -> NDArray[np.bool_]:
    return (maps.simes <= limit.level * (1 + _SAME)) | reaches(maps.llr, limit.llr)


class _Chances:
    """The upper tail of counts: cells with one share have the same, and counts repeat, so few have to be reckoned."""

    def __init__(self, share: Floats, total: int) -> None:
        self._share, self._row = np.unique(share, return_inverse=True)
        self._total = total

    def of(self, counts: NDArray[Any]) -> Floats:
        """Return the chance of so many or more events, by cell and map."""
        most = int(counts.max(initial=0)) + 1
        row, number = np.broadcast_to(self._row[:, None], counts.shape), counts.astype(np.int64)
        if len(self._share) * most <= counts.size:  # all there can be are fewer than what is asked
            every = np.arange(len(self._share) * most)
            tails = self._tail(every // most, every % most)
            return tails[row * most + number]
        pairs, at = np.unique(row * most + number, return_inverse=True)
        return self._tail(pairs // most, pairs % most)[at].reshape(counts.shape)

    def _tail(self, row: NDArray[np.int64], number: NDArray[np.int64]) -> Floats:
        return np.asarray(scipy.stats.binom.sf(number - 1, self._total, self._share[row]), dtype=float)
