"""How many events come on an exposure, how sure that is, and what a small cell borrows from the others.

A rate on few events is mostly chance: on 20 events its relative standard error is 1/sqrt(20) = 22%, and the smallest
cells lead any ranking of raw rates at both ends. So three things stand beside each other. The *raw* rate, with the
exact interval of a Poisson count (Garwood 1936). The *smoothed* rate, which draws a cell towards the rate of all cells
the more, the less it stands on (global empirical Bayes by the method of moments, Marshall 1991); it orders cells more
fairly, but a true small hot spot is drawn in too, so it never makes a claim. And a *mark* where the count is too small
to carry a rate (the agencies that publish rates of diseases mark or withhold those on 20 cases or fewer).

The intervals take events for independent of each other: count events, not calls (see `analysis.events`).

References
----------
Garwood (1936), Biometrika 28, 437-442. Marshall (1991), Applied Statistics 40(2), 283-294. Clopper & Pearson (1934),
Biometrika 26, 404-413.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy  # its parts load when they are first asked for
from numpy.typing import ArrayLike, NDArray

from analysis.checked import check_exposed, check_exposure, check_whole, same_cells
from base.errors import HazardError

FEW, NO_EXPOSURE = "few", "no_exposure"  # why a rate carries little, or is none
_DUST = 1e-12  # of the rate of all cells: what only rounding has left

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Ratio(NamedTuple):
    """A ratio of each cell with its exact interval; NaN where there is none."""

    ratio: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Rates:
    """The rates of cells, one value per cell in the order given; rates and limits are events per `per` `unit`.

    `raw` with its interval from `low` to `high`; `smoothed` by empirical Bayes; `overall` of all cells with an exposure
    together. `marks` holds ``"few"``, ``"no_exposure"`` (then the rates are NaN) or ``""`` for each cell.
    """

    events: Ints
    exposure: Floats
    per: float
    unit: str
    raw: Floats
    low: Floats
    high: Floats
    smoothed: Floats
    overall: float
    marks: tuple[str, ...]


def estimate_rates(
    events: ArrayLike, exposure: ArrayLike, *, unit: str, per: float = 1000, few: int = 20, confidence: float = 0.95
) -> Rates:
    """Return raw rates with exact intervals, the smoothed ones beside them, and a mark where events are too few.

    Parameters
    ----------
    events : array_like of whole numbers, shape (n,)
        Events of each cell.
    exposure : array_like, shape (n,)
        What they stand on. Zero or missing (NaN): the cell has no rate and is marked; it takes no part in `overall`.
    unit : str
        What the exposure counts, for instance ``"households"``: carried along, for a rate without unit says nothing.
    per : float
        Rates are events per so many units.
    few : int
        A rate on so many events or fewer is marked; at 20 the relative standard error is 22%.
    confidence : float
        Of the interval of each raw rate, cell by cell: of 100 such intervals about 5 miss.

    Raises
    ------
    HazardError
        ``lengths-differ``; ``counts-not-whole``; ``exposure-bad`` for a negative or infinite exposure;
        ``incidents-without-exposure`` for events where it is zero; ``per-bad``; ``confidence-bad``.
    """
    observed, weight = same_cells(events, exposure)
    check_whole(observed)
    check_exposure((weight < 0) | np.isinf(weight))
    check_exposed(observed, weight)
    if not 0 < per < np.inf:
        raise HazardError("per-bad", "Rates are given per a number of units above zero, not per {per}.", per=per)
    based = weight > 0  # not where it is missing
    marks = np.where(based, np.where(observed <= few, FEW, ""), NO_EXPOSURE)
    base = np.where(based, weight, np.nan) / per
    low, high = poisson_interval(observed, confidence=confidence)
    total = float(base[based].sum())
    smoothed = np.full(len(base), np.nan)
    smoothed[based] = empirical_bayes(observed[based], base[based])
    return Rates(
        events=observed.astype(np.int64), exposure=weight.copy(), per=per, unit=unit, raw=observed / base,
        low=low / base, high=high / base, smoothed=smoothed,
        overall=float(observed[based].sum()) / total if based.any() else float("nan"), marks=tuple(marks.tolist()),
    )  # fmt: skip


def poisson_interval(counts: ArrayLike, *, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Return the exact lower and upper limits of the mean behind each Poisson count.

    Half of the error is allowed below and half above, for a count of 0 too, whose lower limit is 0. Errors are
    ``counts-not-whole`` and ``confidence-bad``.

    References
    ----------
    Garwood (1936), Biometrika 28, 437-442.
    """
    observed = np.asarray(counts, dtype=float)
    check_whole(observed)
    tail = _tail(confidence)
    low = np.where(observed > 0, scipy.special.gammaincinv(np.maximum(observed, 1), tail), 0.0)
    high: Floats = np.asarray(scipy.special.gammainccinv(observed + 1, tail), dtype=float)
    return low, high


def empirical_bayes(events: ArrayLike, exposure: ArrayLike) -> Floats:
    """Return the rate of each cell drawn towards that of all cells, events per unit of exposure.

    The rates of cells vary around the overall rate m with a variance A of their own and m / exposure of chance. A is
    the weighted variance of the raw rates less what chance gives, m / mean(exposure); where that is negative, chance
    explains all of it, A is 0 and each cell has the overall rate. The weight of a cell's own rate is A / (A + m /
    exposure). Every exposure must be above zero (``exposure-bad``); no cell at all gives no rate.

    References
    ----------
    Marshall (1991), Applied Statistics 40(2), 283-294, the global estimator.
    """
    observed, weight = same_cells(events, exposure)
    raw, overall, own = _spread(observed, weight)
    if not overall:
        return np.zeros(len(observed))
    trust = own / (own + overall / weight)
    smoothed: Floats = trust * raw + (1 - trust) * overall
    return smoothed


def smoothed_interval(events: ArrayLike, exposure: ArrayLike, *, confidence: float = 0.95) -> Ratio:
    """Return the rate of each cell as `empirical_bayes` draws it in, with its interval; per unit of exposure.

    Rates that vary as a gamma distribution with mean m and variance A, and Poisson counts: what is then known of a
    cell's rate is a gamma distribution of shape m^2/A + events and rate m/A + exposure, and its mean is the drawn-in
    rate. The limits are its quantiles. They take m and A for known, so with few cells they are a little narrow. Where
    chance explains all of the spread (A is 0), every cell has the overall rate and that rate's exact interval; so too
    where there is no event at all. Errors as in `empirical_bayes`; ``confidence-bad``.

    References
    ----------
    Clayton & Kaldor (1987), Biometrics 43(3), 671-681, the gamma model; the moments are those of Marshall (1991).
    """
    observed, weight = same_cells(events, exposure)
    tail, known = _tail(confidence), what_is_known(observed, weight)
    if known is None:
        total = weight.sum()
        low, high = (limit / total for limit in poisson_interval(observed.sum(), confidence=confidence))
        everywhere = np.ones(len(observed))
        return Ratio(observed.sum() / total * everywhere, low * everywhere, high * everywhere)
    shape, rate = known
    return Ratio(
        empirical_bayes(observed, weight), scipy.special.gammaincinv(shape, tail) / rate,
        scipy.special.gammainccinv(shape, tail) / rate,
    )  # fmt: skip


def what_is_known(events: ArrayLike, exposure: ArrayLike) -> tuple[Floats, Floats] | None:
    """Return shape and rate of the gamma distribution that tells what is known of the rate of each cell.

    None where chance explains all of the spread: then every cell has the overall rate, known from all events together.
    The distributions of the cells are independent of each other. See `smoothed_interval`; errors as in
    `empirical_bayes`.
    """
    observed, weight = same_cells(events, exposure)
    _raw, overall, own = _spread(observed, weight)
    if own <= _DUST * overall**2:
        return None
    return overall**2 / own + observed, overall / own + weight


def standardized_rates(events: ArrayLike, exposure: ArrayLike) -> Floats:
    """Return how far the rate of each cell lies from that of all cells, in its own standard deviations.

    Rates on little exposure swing more: dealt out over the map as they are, the smallest cells would make its peaks and
    its hollows. So each is divided by the root of what `empirical_bayes` gives it for a variance, A + m / exposure,
    where A is never negative. With equal exposure these are the counts in another unit. Errors as in `empirical_bayes`;
    without any event every cell has 0.

    References
    ----------
    Assunção & Reis (1999), Statistics in Medicine 18(16), 2147-2162. esda keeps a negative A: a cell whose variance is
    then just above zero gets any value.
    """
    observed, weight = same_cells(events, exposure)
    raw, overall, own = _spread(observed, weight)
    if not overall:
        return np.zeros(len(observed))
    away = raw - overall
    away[np.abs(away) <= _DUST * overall] = 0.0  # rates that are equal but for rounding
    standardized: Floats = away / np.sqrt(own + overall / weight)
    return standardized


def _spread(observed: Floats, weight: Floats) -> tuple[Floats, float, float]:
    """Return the rate of each cell, that of all, and the variance that the cells have of their own."""
    check_whole(observed)
    check_exposure(~(np.isfinite(weight) & (weight > 0)))
    if not observed.any():
        return np.zeros(len(observed)), 0.0, 0.0
    overall = float(observed.sum() / weight.sum())
    raw = observed / weight
    own = float(np.average((raw - overall) ** 2, weights=weight) - overall / weight.mean())
    return raw, overall, max(0.0, own)


def ratio_interval(observed: ArrayLike, expected: ArrayLike, *, confidence: float = 0.95) -> Ratio:
    """Return observed / expected of each cell with its exact interval, given the total.

    As in the excess test the total is fixed, and a cell's count is binomial with its share of it: the Clopper-Pearson
    limits of that share, over the share that is expected, are those of the ratio. So the interval leaves out 1 where
    the two-sided test of that cell alone rejects, and no ratio is beyond the one of a cell that holds everything.
    Of `expected` only the shares matter. A cell with expected zero or missing (NaN) has no ratio: NaN; nor has any
    where there is no event at all. Errors as in `estimate_rates`.

    References
    ----------
    Clopper & Pearson (1934), Biometrika 26, 404-413.
    """
    counts, weight = same_cells(observed, expected)
    check_whole(counts)
    check_exposure((weight < 0) | np.isinf(weight))
    check_exposed(counts, weight)
    known = weight > 0
    total, base = float(counts[known].sum()), np.where(known, weight, np.nan)
    share = base / weight[known].sum() if total else np.full(len(base), np.nan)
    return share_ratio(counts, share, total, confidence=confidence)


def share_ratio(observed: ArrayLike, share: ArrayLike, total: float, *, confidence: float = 0.95) -> Ratio:
    """Return observed / expected of parts of a whole with the interval of `ratio_interval`; parts may overlap.

    Parameters
    ----------
    observed : array_like, shape (n,)
        Events of each part; of a part of a cell a part of its events, so they need not be whole numbers: the limits
        then lie between those of the two nearest ones.
    share : array_like, shape (n,)
        Of `total` that each part is expected to hold. Zero or NaN: no ratio, NaN.
    total : float
        Events of the whole; of none no ratio is known.
    """
    counts, given = np.asarray(observed, dtype=float), np.asarray(share, dtype=float)
    tail, rest = _tail(confidence), np.maximum(total - counts, 0)
    based = np.where((given > 0) & (total > 0), given, np.nan)
    some = np.where(counts > 0, counts, 1.0)
    low = np.where(counts > 0, scipy.stats.beta.ppf(tail, some, rest + 1), 0.0)
    high = np.where(rest > 0, scipy.stats.beta.ppf(1 - tail, counts + 1, np.where(rest > 0, rest, 1.0)), 1.0)
    return Ratio(counts / max(total, 1.0) / based, low / based, high / based)


def rate_ratio(
    now: ArrayLike,
    before: ArrayLike,
    *,
    exposure_now: ArrayLike = 1.0,
    exposure_before: ArrayLike = 1.0,
    confidence: float = 0.95,
) -> Ratio:
    """Return the rate of now over that of before with its exact interval, for one pair of counts or for many.

    Given their sum, the count of now is binomial; the Clopper-Pearson limits of its share become limits of the ratio.
    No event now: the ratio is 0 and so is its lower limit; none before: ratio and upper limit are infinite; none at
    all: the ratio is NaN and lies anywhere from 0 up.

    Parameters
    ----------
    now, before : array_like of whole numbers, of one shape
    exposure_now, exposure_before : array_like, that shape or one number
        What they stand on (days, households); only their ratio matters.

    Raises
    ------
    HazardError
        ``lengths-differ``; ``counts-not-whole``; ``exposure-bad-period`` for one not above zero; ``confidence-bad``.
    """
    later, earlier = np.asarray(now, dtype=float), np.asarray(before, dtype=float)
    bases = [np.asarray(base, dtype=float) for base in (exposure_now, exposure_before)]
    if later.shape != earlier.shape or any(base.ndim and base.shape != later.shape for base in bases):
        raise HazardError("lengths-differ", "Counts and exposure must be given for the same cells.")
    check_whole(later)
    check_whole(earlier)
    if not all((np.isfinite(base) & (base > 0)).all() for base in bases):
        raise HazardError("exposure-bad-period", "Both periods need an exposure above zero.")
    scale, tail = bases[1] / bases[0], _tail(confidence)
    # The limits of a count of none are 0 and 1 themselves; there the 1 only keeps the inverse away from its edge
    low = np.where(later > 0, scipy.stats.beta.ppf(tail, np.maximum(later, 1), earlier + 1), 0.0)
    high = np.where(earlier > 0, scipy.stats.beta.ppf(1 - tail, later + 1, np.maximum(earlier, 1)), 1.0)
    ratio = np.divide(later, earlier, out=np.where(later > 0, np.inf, np.nan), where=earlier > 0)
    return Ratio(ratio * scale, _odds(low) * scale, _odds(high) * scale)


def _odds(share: Floats) -> Floats:
    return np.divide(share, 1 - share, out=np.full(share.shape, np.inf), where=share < 1)


def _tail(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise HazardError("confidence-bad", "A confidence lies between 0 and 1, not at {c}.", c=confidence)
    return (1 - confidence) / 2
