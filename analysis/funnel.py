"""The numbers of a funnel plot: which cells' shares lie beyond what chance gives cells of their size.

A share of late cases swings the more, the fewer cases it stands on: the worst of a list is nearly always a small cell.
So the share of each is drawn against its number of cases, and about the share of all together stand the limits that a
cell which is like all the others keeps to: 95% of such cells within the inner ones, 99.8% within the outer ones. They
are exact, and whole cases: for a small cell often no number at all is beyond them.

They are limits for one cell. Of 1,000 cells that are all alike up to 2 lie beyond the outer ones; how many are to be
expected of these cells, and how likely it is that there is any, stands beside the words. A word here is a reason to
look, not a claim.

The limits take cases for independent, all with one chance. Where one storm leaves fifty cases late at once, or where
cells have hazards of different kinds, shares swing more than that: nearly all large cells then lie beyond the limits,
which says that the cells differ and not which one is bad. `overdispersion` tells.

References
----------
Spiegelhalter (2005), Statistics in Medicine 24(8), 1185-1202. His limits run between the whole cases, so that a cell on
the next one counts as beyond; these are the whole cases themselves, which are beyond more rarely than they say.
"""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from analysis.checked import check_whole
from base.errors import HazardError

INNER, OUTER = 0.95, 0.998  # of cells that are like all others
FAR_BELOW, BELOW, WITHIN, ABOVE, FAR_ABOVE, NO_CASES = "far_below", "below", "within", "above", "far_above", "no_cases"
_TAILS = (
    0.1  # of cells at each end, whose distance is cut to that of the next one: outliers do not count as overdispersion
)
_DUST = 1e-9

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Funnel:
    """Shares (0..1) of cells and the limits for their numbers of cases, in the order given; NaN without any case.

    A share on a limit is within it. `words` says of each cell where it lies: `FAR_ABOVE` or `FAR_BELOW` is beyond the
    outer limits, `ABOVE` or `BELOW` between the inner and the outer ones. `by_chance` is how many cells would be beyond
    the outer limits if all were alike, and `any_by_chance` the chance of one or more. `overdispersion` is about 0.7
    for many cells that are alike, and `overdispersed` says that it is more than chance gives.
    """

    share: Floats
    target: float
    inner_low: Floats
    inner_high: Floats
    outer_low: Floats
    outer_high: Floats
    words: tuple[str, ...]
    by_chance: float
    any_by_chance: float
    overdispersion: float
    overdispersed: bool


def funnel(counts: ArrayLike, cases: ArrayLike, *, target: float | None = None) -> Funnel:
    """Return where the share of each cell lies, by the limits for its number of cases.

    Parameters
    ----------
    counts : array_like of whole numbers, shape (n,)
        Of each cell's cases those in question: late ones, or those still open at the limit.
    cases : array_like of whole numbers, shape (n,)
        All that could be: the cases due.
    target : float, optional
        The share to compare with (0..1); without one that of all cells together.

    Raises
    ------
    HazardError
        ``lengths-differ``; ``counts-not-whole``; ``count-above-cases``; ``target-bad``.
    """
    some, every = np.asarray(counts, dtype=float), np.asarray(cases, dtype=float)
    if some.shape != every.shape or some.ndim != 1:
        raise HazardError("lengths-differ", "Counts and numbers of cases must be given for the same cells.")
    check_whole(some)
    check_whole(every)
    if (bad := some > every).any():
        n, of = int(some[bad][0]), int(every[bad][0])
        raise HazardError(
            "count-above-cases", "A cell cannot have {n} of {cases} cases: correct its counts.", n=n, cases=of
        )
    if target is not None and not 0 <= target <= 1:
        raise HazardError("target-bad", "A share to compare with lies between 0 and 1, not at {target}.", target=target)
    based = every > 0
    middle = target if target is not None else float(some.sum() / every.sum()) if based.any() else float("nan")
    share = np.divide(some, every, out=np.full(len(every), np.nan), where=based)
    low, high, beyond = {}, {}, np.zeros(len(every))
    for part in (INNER, OUTER):
        least, most = limits(every, middle, part)
        below, above = (scipy.stats.binom.cdf(least - 1, every, middle), scipy.stats.binom.sf(most, every, middle))
        beyond = np.where(based, below + above, 0.0)  # of the outer ones, which come last
        low[part], high[part] = (
            np.divide(edge, every, out=np.full(len(every), np.nan), where=based) for edge in (least, most)
        )
    factor = overdispersion(some, every, middle)
    overdispersed = bool(factor > 1 + 2 * np.sqrt(2 / max(int(based.sum()), 1)))  # its standard error, if all are alike
    words = np.select(
        [~based, share < low[OUTER] - _DUST, share > high[OUTER] + _DUST, share < low[INNER] - _DUST,
         share > high[INNER] + _DUST],
        [NO_CASES, FAR_BELOW, FAR_ABOVE, BELOW, ABOVE], WITHIN,
    )  # fmt: skip
    return Funnel(
        share=share, target=middle, inner_low=low[INNER], inner_high=high[INNER], outer_low=low[OUTER],
        outer_high=high[OUTER], words=tuple(words.tolist()), by_chance=float(beyond.sum()),
        any_by_chance=float(-np.expm1(np.log1p(-beyond).sum())), overdispersion=factor, overdispersed=overdispersed,
    )  # fmt: skip


def limits(cases: ArrayLike, target: float, part: float) -> tuple[Floats, Floats]:
    """Return the smallest and the largest count within the limits, for each number of cases (for the curves, too).

    Exact: a cell whose cases each have the chance `target` holds fewer than the one, or more than the other, each with
    a chance of at most (1 - part) / 2. NaN for no cases.
    """
    every = np.asarray(cases, dtype=float)
    tail = (1 - part) / 2
    least, most = (scipy.stats.binom.ppf(p, every, target) for p in (tail, 1 - tail))
    # At a chance of 0 or 1 there is one count; of no cases there is no share
    if target in (0.0, 1.0):
        least = most = every * target
    return np.where(every > 0, least, np.nan), np.where(every > 0, most, np.nan)


def overdispersion(counts: ArrayLike, cases: ArrayLike, target: float) -> float:
    """Return how much the shares of cells vary around `target`, where 1 is what chance gives; NaN if unknown.

    The mean of their squared standard distances. The tenth of the cells at either end counts as the next one does
    (winsorised), so that a few cells that are truly apart do not hide themselves; that takes a third of what chance
    gives (of a normal distance 0.32), and so cells are rather not called overdispersed than too early.
    """
    some, every = np.asarray(counts, dtype=float), np.asarray(cases, dtype=float)
    based = every > 0
    if not based.any() or not 0 < target < 1:
        return float("nan")
    away = np.sort((some[based] - every[based] * target) / np.sqrt(every[based] * target * (1 - target)))
    cut = int(_TAILS * len(away))
    return float(np.mean(np.clip(away, away[cut], away[len(away) - 1 - cut]) ** 2))
