"""Is a group slower or quicker than all the others? Log-rank tests over histograms, corrected for their number.

The test compares, at each moment at which a case is resolved, the share of the group among the cases still open with
its share among those resolved. Open cases take part for as long as they were followed; times after that say nothing.

Cells that handle different hazards differ by their hazards: give the cases of one hazard, or of one limit, at a time.

Each group is set against all others together. What each pair would say is not asked: 23 cells are 253 pairs. The
chances are corrected by Holm's method, so that with 5% of chance or less any group at all is named for nothing. It
holds whatever the dependence, and these tests do depend on each other: each group is among "the others" of the rest. A
false discovery rate would name more groups and let one in twenty of those named be named for nothing; but a name here
is the name of people, and the first false one does the harm.

How many events are enough? That is asked of the events that fall to a group by its number of cases, m D / N (m of N
cases, D of them resolved), for that is the same whether the group is slow or quick. Below `LEAST` the group is not
compared: where 4 would fall to it, a group that resolves none has a chance of e^-4 = 2% before any correction, and
slower cannot be. Up to `ENOUGH` the chi-square distribution is too rough for the small chances that a correction asks
for: a chance of 0.002 (25 groups) comes true 7 times as often with 5 events, 2 times with 20, 1.4 times with 50. There
the chance is taken from random groups of as many cases, drawn from all of them. What such a chance speaks of is more:
that cases of this group and of the others have the same times *and* the same follow-up. But the statistic drawn is the
studentised one, with which another follow-up alone hardly names a group. (30 groups of 15 cases on average that do not
differ: some group named on 3% of 300 tables, with four days of follow-up in each third group on 4%; by chi-square alone
on 12% and 11%.)

References
----------
Mantel (1966), Cancer Chemotherapy Reports 50, 163-170; Peto & Peto (1972), JRSS A 135(2), 185-207. Holm (1979),
Scandinavian Journal of Statistics 6, 65-70. Neuhaus (1993), Annals of Statistics 21(4), 1760-1779 (permutation with
unequal censoring).
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError

LEAST, ENOUGH = 5, 50  # events that fall to a group, and to the others: below, not compared; from there, chi-square
FEW, PERMUTED, CHI2 = "few", "permuted", "chi2"
SLOWER, QUICKER = "slower", "quicker"
_DRAWS = 999
_NEAR = 10  # so many of the first draws as strong: more draws would not make a small chance of it
_SAME = 1e-9  # values so close, to as small a part of them, differ by rounding only
_AT_ONCE = 4_000_000  # numbers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def compare_groups(histogram: pd.DataFrame, *, seed: int, level: float = 0.05) -> pd.DataFrame:
    """Return for each group whether its cases are resolved slower or quicker than those of all others together.

    Parameters
    ----------
    histogram : DataFrame
        Columns key, minutes, resolved, n: how many cases of a group took so many minutes, or were open for as long.
    seed : int
        Of the random groups.
    level : float
        Chance of any false name on the whole table.

    Returns
    -------
    DataFrame
        One row per key in the order of first appearance: key; n (cases); resolved; due (resolved cases that fall to the
        group by its cases); expected (those that would have been resolved by now at the pace of all); chi2 (log-rank, 1
        degree of freedom; NaN where nothing can be compared); p; p_holm; basis (`CHI2`, `PERMUTED` or `FEW`: then p is
        NaN); verdict (`SLOWER`, `QUICKER` or "").

    Raises
    ------
    HazardError
        ``one-group``; ``duration-bad``; ``weight-bad`` for numbers of cases that are not whole; ``level-bad``.
    """
    if not 0 < level < 1:
        raise HazardError("level-bad", "A level of significance lies between 0 and 1, not at {level}.", level=level)
    time, weight = histogram["minutes"].to_numpy(float), histogram["n"].to_numpy(float)
    if not (np.isfinite(time) & (time >= 0)).all():
        raise HazardError("duration-bad", "A duration is missing or negative: leave such cases out and count them.")
    if not (np.isfinite(weight) & (weight >= 0) & (weight == np.floor(weight))).all():
        raise HazardError("weight-bad", "A number of cases is missing, negative or not whole.")
    group, keys = pd.factorize(histogram["key"], use_na_sentinel=False)
    if len(keys) < 2:
        raise HazardError("one-group", "Groups are compared with each other: at least two are needed.")
    pace = _pace(time, histogram["resolved"].to_numpy(bool), weight)
    n = np.bincount(group, weight, len(keys))
    resolved = np.bincount(group, weight * histogram["resolved"].to_numpy(bool), len(keys))
    expected, variance = _against_all(pace, group, weight, len(keys))
    chi2 = np.divide((resolved - expected) ** 2, variance, out=np.full(len(keys), np.nan), where=variance > 0)
    due = n * (resolved.sum() / n.sum()) if n.sum() else n
    least = np.minimum(due, resolved.sum() - due)
    compared = (least >= LEAST) & ~np.isnan(chi2)
    permuted = compared & (least < ENOUGH)
    family = 1 if len(keys) == 2 else int(compared.sum())  # two groups against each other are one comparison
    p = np.where(compared, scipy.stats.chi2.sf(chi2, 1), np.nan)
    sizes = np.minimum(n, n.sum() - n)[permuted].astype(np.int64)  # the others are as far away
    p[permuted] = _permuted(pace, weight, sizes, chi2[permuted], seed, level / max(family, 1))
    adjusted = holm(p) if family > 1 else p
    named = adjusted <= level
    table = {
        "key": np.asarray(keys), "n": n.astype(np.int64), "resolved": resolved.astype(np.int64), "due": due,
        "expected": expected, "chi2": chi2, "p": p, "p_holm": adjusted,
        "basis": np.select([~compared, permuted], [FEW, PERMUTED], CHI2),
        "verdict": np.select([named & (resolved < expected), named & (resolved > expected)], [SLOWER, QUICKER], ""),
    }  # fmt: skip
    return pd.DataFrame(table)


def holm(p: ArrayLike) -> Floats:
    """Return chances corrected by Holm's step-down method; those that are missing (NaN) were not tested and stay so."""
    chance = np.asarray(p, dtype=float)
    tested = np.flatnonzero(~np.isnan(chance))
    order = tested[np.argsort(chance[tested], kind="stable")]
    adjusted = chance.copy()
    scaled = chance[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0) if len(order) else scaled
    return adjusted


class _Pace(NamedTuple):
    """The pace of all cases together, summed up to the moment of each row: what a case open until then had to expect.

    With d of n open cases resolved at a time: `hazard` sums d / n, `spread` d (n - d) / (n (n - 1)), and `square` the
    latter over n, for the square of a group's cases.
    """

    moment: Ints  # rank of each row's time
    closed: NDArray[np.bool_]  # by row
    hazard: Floats  # by rank, as are the others
    spread: Floats
    square: Floats


def _pace(time: Floats, closed: NDArray[np.bool_], weight: Floats) -> _Pace:
    whole = time.astype(np.int64)
    if (whole == time).all() and time.max(initial=0) < 4 * len(time):
        moment = whole  # minutes are ranks enough: at one that does not occur nothing happens
    else:
        moment = np.unique(time, return_inverse=True)[1]
    every, events = np.bincount(moment, weight), np.bincount(moment, weight * closed)
    at_risk = np.cumsum(every[::-1])[::-1]
    hazard = np.divide(events, at_risk, out=np.zeros(len(every)), where=at_risk > 0)
    more = at_risk > 1
    spread = np.divide(hazard * (at_risk - events), at_risk - 1, out=np.zeros(len(every)), where=more)
    square = np.divide(spread, at_risk, out=np.zeros(len(every)), where=more)
    return _Pace(moment, closed, np.cumsum(hazard), np.cumsum(spread), np.cumsum(square))


def _against_all(pace: _Pace, group: Ints, weight: Floats, n: int) -> tuple[Floats, Floats]:
    """Return the expected number of each group and its variance, both sums over all times.

    What would be a table of groups by times is a sum over each group's own rows: a case adds to every time up to its
    own, so the running sums at its own time are all that it adds. For the square of those at risk, which is the same
    between two times of a group, the running sum over each such stretch.
    """
    label, moment, cases = group, pace.moment, weight
    same = label[1:] == label[:-1]
    if not ((label[1:] > label[:-1]) | same & (moment[1:] >= moment[:-1])).all():
        order = np.lexsort((moment, label))
        label, moment, cases = label[order], moment[order], cases[order]
    total = np.bincount(label, cases, n)
    before = np.cumsum(cases) - cases
    at_risk = total[label] - (before - before[np.searchsorted(label, np.arange(n))][label])
    running = pace.square[moment]
    stretch = np.diff(running, prepend=0.0)
    first = np.diff(label, prepend=-1) != 0
    stretch[first] = running[first]
    expected = np.bincount(label, cases * pace.hazard[moment], n).astype(float)
    spread = np.bincount(label, cases * pace.spread[moment], n).astype(float)
    variance = spread - np.bincount(label, at_risk**2 * stretch, n)
    return expected, np.where(variance > _SAME * spread, variance, 0.0)


def _permuted(pace: _Pace, weight: Floats, sizes: Ints, chi2: Floats, seed: int, needed: float) -> Floats:
    """Return the chance of so large a chi-square of random groups of as many cases.

    The first so many of a random order of cases are a random group, of any size: so the same orders serve all groups.
    First 999; then, for groups that few of them reach, so many that a chance below what is needed can be told.
    """
    p = np.full(len(sizes), np.nan)
    chance = np.random.default_rng(seed)
    kind = 2 * pace.moment + pace.closed  # of a case: the rank of its time, and whether it was resolved
    order = np.argsort(kind, kind="stable")  # so that the order of the rows changes nothing
    kind, behind = kind[order], np.cumsum(weight[order]).astype(np.int64)
    reached = np.arange(len(sizes))
    for draws in (_DRAWS, max(10 * _DRAWS, int(np.ceil(2 / needed)))):
        if not len(reached):
            break
        beyond = np.zeros(len(sizes), dtype=np.int64)
        most = int(sizes[reached].max())
        for part in _parts(draws, most):
            drawn = kind[behind.searchsorted(_orders(int(behind[-1]), most, part, chance), side="right")]
            for size in np.unique(sizes[reached]):
                strong = _statistics(pace, drawn[:, :size])
                same = reached[sizes[reached] == size]
                beyond[same] += (strong[:, None] >= chi2[same] * (1 - _SAME)).sum(axis=0)
        p[reached] = (beyond[reached] + 1) / (draws + 1)
        reached = reached[beyond[reached] < _NEAR]
    return p


def _parts(draws: int, most: int) -> list[int]:
    step = max(1, _AT_ONCE // most)
    return [min(step, draws - done) for done in range(0, draws, step)]


def _orders(n: int, most: int, draws: int, chance: np.random.Generator) -> Ints:
    """Return `most` of n numbers, at most half of them, drawn at random without putting any back; a row for each draw.

    Of numbers drawn with putting back, the distinct ones in the order in which they first came.
    """
    length = most + most // 2 + 20
    found = np.empty((draws, most), dtype=np.int64)
    missing = np.arange(draws)
    while len(missing):
        numbers = chance.integers(0, n, (len(missing), length))
        order = np.argsort(numbers, axis=1, kind="stable")
        values = np.take_along_axis(numbers, order, axis=1)
        again = np.zeros(numbers.shape, dtype=bool)
        np.put_along_axis(again, order[:, 1:], values[:, 1:] == values[:, :-1], axis=1)
        kept = np.argsort(again, axis=1, kind="stable")[:, :most]
        whole = length - again.sum(axis=1) >= most
        found[missing[whole]] = np.take_along_axis(numbers, kept, axis=1)[whole]
        missing = missing[~whole]
    return found


def _statistics(pace: _Pace, drawn: Ints) -> Floats:
    """Return the chi-square of groups, one a row of cases, against all others."""
    size = drawn.shape[1]
    moment = np.sort(drawn, axis=1) >> 1
    away = (drawn & 1).sum(axis=1) - pace.hazard[moment].sum(axis=1)
    stretches = np.diff(pace.square[moment], axis=1, prepend=0.0)
    spread = pace.spread[moment].sum(axis=1)
    variance = spread - stretches @ (np.arange(size, 0, -1.0) ** 2)
    return np.divide(away**2, variance, out=np.zeros(len(drawn)), where=variance > _SAME * spread)
