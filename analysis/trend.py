"""Is a cell getting worse, month against the same month, in a word that is not noise; and how two periods compare.

**The test.** A rainy season is no trend: over twelve months that end soon after it, a plain Mann-Kendall test calls
nearly every trendless series one, and over several years it misses most true ones. So each month is compared only with
the same month of other years, and the scores are added (seasonal Mann-Kendall: Hirsch, Slack & Smith 1982).

**Small counts.** The usual p is the normal one, with the variance corrected for ties and a correction for continuity.
It errs to the safe side, far so in short records: 24 months never give less than 0.0015, which no cell of twenty can
carry. So p is exact: of all orders of the years within each month, the share with a score as far from 0, ties as they
are. The chances need no sampling, for they are known in closed form. (A grid of 10 events a month that doubles from one
year to the next can pass alone among 23 cells in 40% of records of 24 months by the exact p, in none by the normal.)
A cell whose counts are so few or so alike that even their strongest order could not reach `fdr` by itself is not tested
and does not weaken the others; that depends on how often each count occurs, not on its year, so leaving it out cannot
favour a trend. With events in one year only of each month that has any, a p takes 6 such months in 24 months of record,
3 in five years, 2 in ten.

**The words.** "Growing" and "fading" are trends that pass; "new" has an exact test of its own, for a place that was
quiet before gives the ranks little to go by. All these tests of all cells are one family: Benjamini-Hochberg holds the
false ones among the words new, growing and fading at `fdr`, so on maps without a trend at most that share carries any.
"Persistent", "sporadic" and "none" say what happened and claim nothing: of cells with one event a year at random times,
18% are persistent after 24 months and 4% after ten years, of those with four events nearly all.

**What it takes for granted.** That the events of one month do not lean on those of other months of that year. A wet
year raises all of them, and no test of one place can tell that from a trend: where years differ by 30% for all cells
together, 10% of trendless maps (54 cells, 2 events a month) carry a false word after two years, 30% after three or
five. So rain belongs beside the words. Within a month events may gather: growing and fading hold, but in 24 months of
sparse and very uneven months (a gamma factor of shape 0.5 on each) "new" stands falsely on 10% of maps. That reporting
stays the same: where the whole town reports more each year, all cells grow. Events, not calls (`analysis.events`).

References
----------
Hirsch, Slack & Smith (1982), Water Resources Research 18(1), 107-121. Sen (1968), JASA 63, 1379-1389. Benjamini &
Hochberg (1995), JRSS B 57(1), 289-300. Leaving out what could never pass: Tarone (1990), Biometrics 46, 515-522.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
import scipy  # its parts load when they are first asked for
from numpy.typing import ArrayLike, NDArray

from analysis.checked import check_whole
from analysis.rates import rate_ratio
from base.errors import HazardError

NEW, GROWING, PERSISTENT, SPORADIC, FADING, NONE = "new", "growing", "persistent", "sporadic", "fading", "none"
STAYED, GONE = "stayed", "gone"  # between two periods, beside NEW
MIN_MONTHS = 24  # fewer say nothing of a trend: each month would have no other to be compared with
_AT_ONCE = 600_000  # slopes held at once: a few megabytes, which stay in the processor's cache

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class SeasonalTrend(NamedTuple):
    """The seasonal Mann-Kendall test of each cell; `z` and the p-values are NaN where no two same months differ."""

    score: Ints
    variance: Floats
    z: Floats
    p: Floats
    strongest_p: Floats
    slope: Floats


@dataclass(frozen=True)
class Trends:
    """The trends of cells, one value per cell in the order given.

    `word` is new, growing, persistent, sporadic, fading, none or "" (record too short). `direction` is 1 or -1 where
    the seasonal Mann-Kendall test passes, else 0; `z` and `p` belong to it and are NaN where it was not made. `p_new`
    is the chance that all events fall into the newest year, NaN where it was not tested, 1 where some are older.
    `slope` is by how many events a month's count changes a year (median).
    """

    word: tuple[str, ...]
    direction: Ints
    z: Floats
    p: Floats
    p_new: Floats
    slope: Floats


@dataclass(frozen=True)
class Comparison:
    """Two periods side by side: what became of each cell's claim, and now / before with its exact interval."""

    change: tuple[str, ...]
    ratio: Floats
    low: Floats
    high: Floats


def seasonal_mann_kendall(counts: ArrayLike) -> SeasonalTrend:
    """Return for each cell whether its counts rise or fall, each month compared with the same month of other years.

    Parameters
    ----------
    counts : array_like of whole numbers, shape (n cells, T months)
        Months one after another without a gap, the newest last: column t + 12 is the same month as column t, whichever
        month comes first. A month not covered is NaN and left out.

    Returns
    -------
    SeasonalTrend
        ``.score`` pairs of same months where the later is higher, less those where it is lower; ``.variance`` of the
        score under no trend, sum over the twelve months of ``[n (n-1) (2n+5) - sum t (t-1) (2t+5)] / 18`` for n known
        years and groups of t equal counts; ``.z = (score -+ 1) / sqrt(variance)``, 0 for a score of 0, for the normal
        p; ``.p`` the exact one, two-sided, to 1e-12 (which stands for all smaller ones); ``.strongest_p`` the p if the
        same counts stood in their strongest order; ``.slope`` seasonal Sen slope, the median over those pairs
        of difference / years between: a change of the month's count a year, 0 where most pairs are equal (as in most
        sparse cells, trend or not), NaN without a pair.

    Raises
    ------
    HazardError
        ``months-uneven`` if the cells do not have the same months; ``counts-not-whole``.

    References
    ----------
    Hirsch, Slack & Smith (1982), Water Resources Research 18(1), 107-121.
    """
    return _test(_by_year(counts))


def find_trends(counts: ArrayLike, *, fdr: float = 0.05) -> Trends:
    """Return a word for each cell: new, growing, persistent, sporadic, fading, none, or "" where the record is short.

    The rules, in this order, for a cell with at least 24 known months; the newest year are the newest 12 months:

    1. **none**: no event in any known month.
    2. **new**: every event lies in the newest year, in at least two of its months (one storm is no new place), and that
       passes. The exact test is binomial, month by month: an event of a month with Y known years falls into the newest
       one with chance 1 / Y, so that p is the product of ``Y ** -events`` over the months of the year; 1 if any event
       is older.
    3. **growing**, **fading**: the seasonal Mann-Kendall test passes, upwards or downwards.
    4. **persistent**: no trend, and the events keep to a season: in one quarter of the year (three months, counted back
       from the newest) they came in more than half of the years for which all three months are known, and in two at
       least.
    5. **sporadic**: everything else.

    "Passes" is one Benjamini-Hochberg procedure at `fdr` over both tests of all cells that could pass at all (see the
    module's docstring). So new, growing and fading never contradict the tests, and a cell without a passing test never
    has these words.

    Parameters
    ----------
    counts : array_like of whole numbers, shape (n cells, T months)
        As in `seasonal_mann_kendall`; whole months only. With T below 24 every word is "".
    fdr : float
        Expected share of false ones among the cells called new, growing or fading.

    Raises
    ------
    HazardError
        Those of `seasonal_mann_kendall`; ``fdr-bad`` outside 0..1.
    """
    if not 0 < fdr < 1:
        raise HazardError("fdr-bad", "A false discovery rate lies between 0 and 1, not at {fdr}.", fdr=fdr)
    by_year = _by_year(counts)
    test = _test(by_year)
    known = ~np.isnan(by_year)
    events = np.where(known, by_year, 0.0)
    long_enough = known.sum(axis=(1, 2)) >= MIN_MONTHS
    p = np.where(long_enough & (test.strongest_p <= fdr), test.p, np.nan)
    p_new, strongest_new = _chance_of_new(events, known)
    p_new[~(long_enough & (strongest_new <= fdr))] = np.nan
    passes = _pass(np.stack([p, p_new]), fdr)
    direction = np.where(passes[0], np.sign(test.score), 0)
    any_event = events.any(axis=(1, 2))
    word = np.select(
        [~long_enough, ~any_event, passes[1], direction > 0, direction < 0, _keep_to_a_season(events, known)],
        ["", NONE, NEW, GROWING, FADING, PERSISTENT],
        default=SPORADIC,
    )
    z = np.where(np.isnan(p), np.nan, test.z)
    return Trends(tuple(word.tolist()), direction, z, p, p_new, test.slope)


def compare_periods(
    now: ArrayLike,
    before: ArrayLike,
    *,
    claimed_now: ArrayLike,
    claimed_before: ArrayLike,
    exposure_now: ArrayLike = 1.0,
    exposure_before: ArrayLike = 1.0,
    confidence: float = 0.95,
) -> Comparison:
    """Return what became of each cell's claim between two periods, and the ratio of its rates. No claim of its own.

    Parameters
    ----------
    now, before : array_like of whole numbers, shape (n,)
        Events of each cell in the two periods.
    claimed_now, claimed_before : array_like of bool, shape (n,)
        Which cells were called hot in each. Only now: "new"; in both: "stayed"; only before: "gone"; else "". A claim
        that is gone need not have become fewer events: look at the ratio.
    exposure_now, exposure_before : array_like, shape (n,) or one number
        What the counts stand on, for instance the days covered; only the ratio of the two matters.
    confidence : float
        Of each interval by itself; over many cells some leave out 1 by chance.

    Raises
    ------
    HazardError
        ``lengths-differ``; those of `analysis.rates.rate_ratio`.
    """
    is_hot, was_hot = np.asarray(claimed_now, dtype=bool), np.asarray(claimed_before, dtype=bool)
    if not is_hot.shape == was_hot.shape == np.shape(now) or is_hot.ndim != 1:
        raise HazardError("lengths-differ", "Counts and exposure must be given for the same cells.")
    change = np.select([is_hot & was_hot, is_hot, was_hot], [STAYED, NEW, GONE], default="")
    ratio = rate_ratio(
        now, before, exposure_now=exposure_now, exposure_before=exposure_before, confidence=confidence
    )  # fmt: skip
    return Comparison(tuple(change.tolist()), ratio.ratio, ratio.low, ratio.high)


def _by_year(counts: ArrayLike) -> Floats:
    """Return counts as (cells, years, 12) with the newest month last; before the first month stands NaN."""
    try:
        months = np.asarray(counts, dtype=float)
    except ValueError:
        months = np.empty(0)
    if months.ndim != 2:
        raise HazardError("months-uneven", "Counts by month must be given for the same months in every cell.")
    check_whole(months[~np.isnan(months)])
    n, length = months.shape
    years = -(-length // 12)
    padded = np.full((n, years * 12), np.nan)
    padded[:, years * 12 - length :] = months
    return padded.reshape(n, years, 12)


def _test(by_year: Floats) -> SeasonalTrend:
    """Return the seasonal Mann-Kendall test of counts by cell, year and month."""
    n, years = by_year.shape[:2]
    score, slope = np.zeros(n, dtype=np.int64), np.full(n, np.nan)
    size = np.arange(2, years + 1)
    powers = np.zeros((n, len(size)))
    for part in _parts(n, 12 * max(1, years * (years - 1) // 2)):
        score[part], powers[part], slope[part] = _scores(by_year[part])
    # Variance, range and number of orders of the score add up over the factors of its generating function
    variance, strongest = powers @ (size**2 - 1.0) / 3, (powers @ (size - 1.0)).astype(np.int64)
    differ = strongest > 0
    z = (score - np.sign(score)) / np.sqrt(np.where(differ, variance, np.nan))
    p, strongest_p = np.full(n, np.nan), np.where(differ, 2 * np.exp(-(powers @ np.log(size))), np.nan)
    p[differ] = _exact_p(score[differ], powers[differ], strongest[differ])
    return SeasonalTrend(score, variance, z, p, strongest_p, slope)


def _parts(n: int, width: int) -> Iterator[slice]:
    size = max(1, _AT_ONCE // width)
    return (slice(start, start + size) for start in range(0, n, size))


def _scores(by_year: Floats) -> tuple[Ints, Floats, Floats]:
    """Return of some cells the score, the powers of the factors k = 2, 3, ... in `_exact_p`, and the slope."""
    year = np.ascontiguousarray(by_year.transpose(1, 0, 2))  # (years, cells, 12)
    years, n = year.shape[:2]
    pairs = list(combinations(range(years), 2))
    known = ~np.isnan(year)
    score = np.zeros((n, 12), dtype=np.int32)
    equal = known.astype(np.int32)  # how many years of the month have the same count, the year itself included
    slopes = np.empty((n, len(pairs), 12))
    for at, (early, late) in enumerate(pairs):
        a, b = year[early], year[late]
        same = b == a  # this and the next two are false for a missing month
        score += b > a
        score -= b < a
        equal[early] += same
        equal[late] += same
        np.subtract(b, a, out=slopes[:, at])
        slopes[:, at] /= late - early
    n_years = known.sum(axis=0)
    powers, groups = np.zeros((n, max(0, years - 1))), np.zeros(n, dtype=np.int64)
    for k in range(years, 1, -1):
        groups += (equal == k).sum(axis=(0, 2)) // k  # of k or more equal counts
        powers[:, k - 2] = (n_years >= k).sum(axis=1) - groups
    return score.sum(axis=1), powers, _medians(slopes.reshape(n, -1))


def _exact_p(score: Ints, powers: Floats, strongest: Ints) -> Floats:
    """Return the chance of a score as far from 0, if the years of each month stood in any order.

    The orders of n values with groups of t equal ones have scores with the generating function [n]! / prod [t]!, where
    [k]! = [1] [2] ... [k] and [k] = 1 + q + ... + q^(k-1); that of independent months is the product. At q = exp(-2iu)
    a factor is, but for a shift, sin(ku) / (k sin u), and the chance is read off a sum over angles u. `powers` holds
    how often each factor k = 2, 3, ... occurs.

    References
    ----------
    Andrews (1976), The Theory of Partitions, section 3.4 (multiset permutations by inversions).
    """
    distance, p = np.abs(score), np.ones(len(score))
    size = np.arange(2, powers.shape[1] + 2)[:, None]
    order = np.argsort(strongest, kind="stable")  # cells alike in their range share the angles
    for part in _parts(len(order), 300):
        cells = order[part]
        # Scores are told apart modulo 2 n. A power of two, so that no factor is zero at an angle
        n = 1 << int((strongest[cells].max() + distance[cells].max()) // 2 + len(size)).bit_length()
        angle = np.pi * (np.arange(n // 2) + 0.5) / n
        factor = np.sin(size * angle) / (size * np.sin(angle))
        log = powers[cells] @ np.log(np.abs(factor))
        counts = (log > -40).any(axis=0)  # at the other angles the product adds nothing that a number can hold
        sign = 1 - 2 * ((powers[cells] @ (factor[:, counts] < 0).astype(float)) % 2)
        scores, at = np.unique(distance[cells], return_inverse=True)
        nearer = np.sin((scores[:, None] - 1) * angle[counts]) / np.sin(angle[counts])
        p[cells] = 1 - 2 / n * (np.exp(log[:, counts]) * sign * nearer[at]).sum(axis=1)
    return np.where(score == 0, 1.0, np.clip(p, 1e-12, 1.0))


def _medians(values: Floats) -> Floats:
    """Return the median of what is known in each row; NaN where nothing is. Sorts in place, NaN last."""
    number = (~np.isnan(values)).sum(axis=1)
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    values.sort(axis=1)
    row = np.arange(len(values))
    medians: Floats = (values[row, np.maximum(number - 1, 0) // 2] + values[row, number // 2 % values.shape[1]]) / 2
    return np.where(number > 0, medians, np.nan)


def _chance_of_new(events: Floats, known: Bools) -> tuple[Floats, Floats]:
    """Return p of "all events in the newest year", and what it would be if they were."""
    total, years = events.sum(axis=1), known.sum(axis=1)  # by cell and month of the year
    if not events.shape[1]:
        return np.ones(len(events)), np.ones(len(events))
    possible = (known[:, -1] | (total == 0)).all(axis=1) & ((total > 0).sum(axis=1) >= 2)
    strongest = np.where(possible, np.exp(-(total * np.log(np.maximum(years, 1))).sum(axis=1)), 1.0)
    return np.where(events[:, :-1].any(axis=(1, 2)), 1.0, strongest), strongest


def _keep_to_a_season(events: Floats, known: Bools) -> Bools:
    """Return whether events came in one quarter of the year in more than half of its known years, and at least two."""
    n, years = events.shape[:2]
    covered = known.reshape(n, years, 4, 3).all(axis=3)
    hit = covered & events.reshape(n, years, 4, 3).any(axis=3)
    hits = hit.sum(axis=1)
    return ((hits >= 2) & (2 * hits > covered.sum(axis=1))).any(axis=1)


def _pass(p: Floats, fdr: float) -> Bools:
    """Return which p-values pass Benjamini-Hochberg over all that are not NaN."""
    tested = ~np.isnan(p)
    passes = np.zeros(p.shape, dtype=bool)
    if tested.any():
        passes[tested] = scipy.stats.false_discovery_control(p[tested], method="bh") <= fdr
    return passes
