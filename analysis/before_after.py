"""Reports before and after, given what the other cells had: how likely is so large a share after the work?

**Rain, season and trend** fall out. Where the reports of a cell are Poisson with a level of its own, times what the
period brings to all (rain, season, trend, the habit of reporting), times the effect after the work, and nothing is
known of what a period brings, then of the reports of a cell all that matters is how they part into before and after,
set against how the controls' parted: a binomial count with the odds ratio * effect. No shape of a trend is assumed.

**More than chance.** Cells have good and bad years of their own: one storm, one blocked grate. So each block of time of
a cell has an unseen factor, whose standard deviation on the log scale is `spread`. It is not taken from the months (a
bad year is bad in all of them, and the months would not show it) but from blocks as long as the time after the work, in
all untouched cells. With few cells it is badly known; so it is not put in as a number but as a likelihood over a grid,
and every chance is a mean over it. A plain estimate instead misses most where it happens to be zero.

**Few reports.** The tail counts half of the chance of the observed number (mid-p): the exact tails cover too often.

What this does to the coverage of the intervals: `bench/evaluation.py`.

References
----------
Lancaster (1961), JASA 56, 223-234 (mid-p). Williams (1982), Applied Statistics 31(2), 144-148 (overdispersed binomial).
Cameron & Trivedi (2013), Regression Analysis of Count Data, chapter 9 (fixed effects fall out of the Poisson model).
"""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SPREADS = np.linspace(0.0, 1.5, 31)  # standard deviations of a block's factor, on the log scale
_DIFFER = np.linspace(0.1, 1.9, 13)  # standard deviation of the levels of cells, over their mean
_LEVELS = np.geomspace(0.02, 15, 80)  # of a cell, in those of all
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(21)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_FAR = 40.0  # no log rate ratio lies beyond
_UNLIKELY = 1e-4  # as likely as the likeliest point
_ROUNDS, _SETTLED = 200, 1e-10


@dataclass(frozen=True)
class Chance:
    """What the number of reports after the work follows, for each effect.

    All of shape (g,), for each point of a grid of what is not known: `weight`, how likely it is; `before` reports (not
    whole where the level was shrunk), which stand against `ratio` times as many expected after, without an effect; and
    `sd`, that of the log of the unseen factor.
    """

    before: Floats
    ratio: Floats
    sd: Floats
    weight: Floats

    @property
    def expected(self) -> float:
        """Return how many reports after the work are expected without an effect."""
        return float(self.weight @ (self.before * self.ratio))

    def reached(self, after: int, effect: float) -> float:
        """Return the chance of so many reports after the work or more, half of that of exactly so many counted."""
        more, most = self._tail(after, self.before + 1, effect), self._tail(after + 1, self.before, effect)
        return (more + most) / 2

    def at_most(self, after: int, effect: float) -> float:
        """Return the chance of so many reports or fewer, all of it; the level before is known by its reports only."""
        if after < 0:
            return 0.0
        return 1 - self._tail(after + 1, self.before + 0.5, effect)

    def interval(self, after: int, confidence: float) -> tuple[float, float]:
        """Return the effects between which the observed number is in neither tail."""
        tail = (1 - confidence) / 2
        low = 0.0 if after == 0 else self._solve(after, tail)
        high = np.inf if not self.before.any() else self._solve(after, 1 - tail)
        return low, high

    def p(self, after: int) -> float:
        """Return the two-sided chance without an effect."""
        if not after and not self.before.any():
            return 1.0
        reached = self.reached(after, 1.0)
        return min(1.0, 2 * min(reached, 1 - reached))

    def most_that_shows(self, confidence: float) -> int:
        """Return the largest number of reports after the work whose interval lies below 1; -1 if none does."""
        tail = (1 - confidence) / 2
        fine, high = -1, int(np.ceil(self.expected)) + 1
        while high - fine > 1:  # the chance falls with the number: halve what lies between
            middle = (fine + high) // 2
            if 1 - self.reached(middle, 1.0) < tail:
                fine = middle
            else:
                high = middle
        return fine

    def _tail(self, after: int, before: Floats, effect: float) -> float:
        if after <= 0:
            return 1.0
        if effect <= 0 or not before.any():
            return 0.0
        odds = np.log(effect * self.ratio)[:, None] + self.sd[:, None] * _NODES
        chance = scipy.special.betainc(after, before[:, None], scipy.special.expit(odds))
        return float(self.weight @ (chance @ _WEIGHTS))

    def _solve(self, after: int, chance: float) -> float:
        def away(log_effect: float) -> float:
            return self.reached(after, float(np.exp(log_effect))) - chance

        return float(np.exp(scipy.optimize.brentq(away, -_FAR, _FAR, xtol=1e-10)))


def over_grid(before: Floats, ratio: Floats, sd: Floats, weight: Floats) -> Chance:
    """Return the chance over the points of a grid that are likely at all; arrays of one shape or one that spreads."""
    parts = [np.ravel(one) for one in np.broadcast_arrays(before, ratio, sd, weight)]
    likely = parts[3] > _UNLIKELY * parts[3].max()
    before, ratio, sd, weight = (np.asarray(part[likely], dtype=float) for part in parts)
    return Chance(before, ratio, sd, weight / weight.sum())


def two_way(counts: Floats, wet: Floats) -> tuple[Floats, Floats]:
    """Return levels of cells and of periods whose products with the wet days have the sums of the counts both ways.

    Shapes (n, T) for both arguments; levels (n,) in reports per wet day, periods (T,) with a weighted mean of 1. These
    are the estimates of a Poisson regression with a term for each cell and each period. A cell or period without any
    report, or without any wet day, has 0.
    """
    by_cell, by_period = counts.sum(axis=1), counts.sum(axis=0)
    period = np.ones(wet.shape[1])
    level = _over(by_cell, wet @ period)
    for _ in range(_ROUNDS):
        period = _over(by_period, level @ wet)
        now = _over(by_cell, wet @ period)
        settled = np.abs(now - level).max(initial=0) <= _SETTLED * now.max(initial=0)
        level = now
        if settled:
            break
    mean = float(period @ wet.sum(axis=0)) / max(float(wet.sum()), 1e-300)
    return (level * mean, period / mean) if mean else (level, period)


def _over(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def cut_blocks(before: Bools, after: Bools) -> tuple[Ints, int]:
    """Return the block of each period and their number: stretches about as long as the time after the work.

    No block holds periods of two phases: those before, those after, and the rest (the choice, the works).
    """
    length, block, number = max(1, int(after.sum())), np.zeros(len(after), dtype=np.int64), 0
    rest = np.flatnonzero(~(before | after))
    groups = [np.flatnonzero(before), np.flatnonzero(after)]
    groups += np.split(rest, np.flatnonzero(np.diff(rest) > 1) + 1)
    for group in groups:
        for piece in np.array_split(group, max(1, round(len(group) / length))):
            if len(piece):
                block[piece] = number
                number += 1
    return block, number


def shrink(counts: Floats, on: Floats, own: int, squares: Floats, weight: Floats) -> tuple[Floats, Floats, Floats]:
    """Return size, mean and weight of gamma distributions of the level of a place that was chosen for its reports.

    The levels of all cells are gamma distributed around their mean, with a standard deviation of c times the mean. The
    count of a cell is negative binomial around its level: its own good and bad times are larger, the higher the level,
    so the highest counts fall back farther than by a constant share. How much cells differ, c, is not known well
    either: each value of a grid is weighed by the likelihood of the counts of all cells. Of the place's level, given
    its count, mean and variance are kept.

    Parameters
    ----------
    counts, on : ndarray, shape (n,)
        Of all cells, the place among them, and what they stand on.
    own : int
        Which of them is the place.
    squares, weight : ndarray, shape (g,)
        Variances of the log of a cell's own factor over that time, and how likely each is.

    Returns
    -------
    ndarray, shape (g, c), three times
    """
    mean = float(counts.sum()) / float(on.sum())
    if not mean:
        return np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    shape = 1 / _DIFFER[:, None] ** 2
    log_prior = shape * (np.log(_LEVELS) - _LEVELS)  # of a gamma density with mean 1, per step of the log of the level
    prior = np.exp(log_prior - log_prior.max(axis=1, keepdims=True))
    prior /= prior.sum(axis=1, keepdims=True)
    differ, size, level = (np.zeros((len(squares), len(_DIFFER))) for _ in range(3))
    for at in np.flatnonzero(weight > _UNLIKELY * weight.max()):
        spread = max(float(squares[at]), 1e-6)
        given = mean * _LEVELS[:, None] * on
        log = np.asarray(scipy.stats.nbinom.logpmf(counts, 1 / spread, 1 / (1 + spread * given)))  # (levels, n)
        most = log.max(axis=0)
        chance = np.exp(log - most)
        differ[at] = np.log(weight[at]) + (np.log(prior @ chance) + most).sum(axis=1)
        of_place = prior * chance[:, own]
        of_place /= of_place.sum(axis=1, keepdims=True)
        level[at] = of_place @ _LEVELS
        size[at] = level[at] ** 2 / (of_place @ _LEVELS**2 - level[at] ** 2)
    likely = np.where(size > 0, differ, -np.inf)
    likely = np.exp(likely - likely.max())
    return size, mean * level, likely / likely.sum()


def weigh_spreads(counts: Floats, expected: Floats) -> Floats:
    """Return how likely each of `SPREADS` is, shape (g,), from the counts of untouched cells by block.

    Each block is set in turn against all blocks ahead of it: given their sum, the count is binomial with the share that
    was expected; the unseen factors of both sides make it beta-binomial, with a variance on the log scale of spread^2
    times (1 + the sum of the squared shares of the blocks ahead). Before the data every spread is as likely.

    Parameters
    ----------
    counts, expected : ndarray, shape (n cells, blocks)
        Of `expected` only the shares within a cell matter.
    """
    log = np.zeros(len(SPREADS))
    for last in range(1, counts.shape[1]):
        ahead, total = expected[:, :last].sum(axis=1), counts[:, : last + 1].sum(axis=1)
        told = (ahead > 0) & (expected[:, last] > 0) & (total > 0)
        share = expected[told, last] / (expected[told, last] + ahead[told])
        unequal = 1 + ((expected[told, :last] / ahead[told, None]) ** 2).sum(axis=1)
        own = SPREADS[:, None] ** 2 * unequal * share * (1 - share)
        size = 1 / np.maximum(own, 1e-7)  # of the beta distribution: its variance is share (1 - share) / (size + 1)
        a, b, count = size * share, size * (1 - share), counts[told, last]
        log += (scipy.special.betaln(count + a, total[told] - count + b) - scipy.special.betaln(a, b)).sum(axis=1)
    weight: Floats = np.exp(log - log.max())
    return weight / weight.sum()
