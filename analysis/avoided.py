"""What a finished work would spare a place each year: its rate, drawn towards the mean, times a stated effect.

Drains go where last year was worst, and part of the worst was chance: there the next years are better by themselves.
So the rate is not the place's own count but that count drawn towards the mean of all places, the more so the less it
stands on (`analysis.rates.smoothed_interval`). The effect is an assumption, and is said with every figure: a half means
that a finished work spares the place half of its incidents.
"""

from typing import Any, NamedTuple

import numpy as np
import scipy  # its parts load when they are first asked for
from numpy.typing import ArrayLike, NDArray

from analysis.rates import smoothed_interval, what_is_known
from base.errors import HazardError

EFFECT = 0.5  # of the incidents of a place that a finished work spares it, unless something else is said

Floats = NDArray[np.float64]


class Avoided(NamedTuple):
    """Per place, in the order given: the yearly rate drawn in, with its limits, and what is avoided, with its own.

    `avoided` is in incidents a year, or household-incidents a year where households were given. Its limits are those of
    the rate: they say nothing of the effect, which is assumed.
    """

    rate: Floats
    rate_low: Floats
    rate_high: Floats
    avoided: Floats
    low: Floats
    high: Floats


def estimate_avoided(
    incidents: ArrayLike,
    years: ArrayLike,
    *,
    effect: float = EFFECT,
    households: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Avoided:
    """Return what each place would be spared a year; it adds up over places, so a budget can be spent by it.

    Parameters
    ----------
    incidents : array_like of whole numbers, shape (n,)
        Of each place, of all places that were watched: those without any too, for they tell the mean.
    years : array_like, shape (n,) or one number
        How long each was watched, above zero.
    effect : float
        Share (0..1) of its incidents that a finished work spares a place.
    households : array_like, shape (n,), optional
        How many are hit by an incident there, from 0 up.
    confidence : float
        Of the interval of each place's rate.

    Raises
    ------
    HazardError
        ``effect-bad``; ``households-bad`` with `positions`; ``counts-not-whole``, ``exposure-bad``, ``lengths-differ``
        and ``confidence-bad`` as in `analysis.rates`.
    """
    if not 0 <= effect <= 1:
        raise HazardError(
            "effect-bad", "The effect of a work is the share of incidents it avoids, between 0 and 1, not {effect}.",
            effect=effect,
        )  # fmt: skip
    counts = np.asarray(incidents, dtype=float)
    span = np.asarray(years, dtype=float)
    rate = smoothed_interval(
        counts, np.broadcast_to(span, counts.shape) if span.ndim == 0 else span, confidence=confidence
    )
    hit = np.ones(len(counts)) if households is None else np.asarray(households, dtype=float)
    bad = np.flatnonzero(~(np.isfinite(hit) & (hit >= 0)))
    if len(bad) or hit.shape != counts.shape:
        raise HazardError(
            "households-bad", "The number of households is missing or below zero in {n} places: correct it, or count "
            "incidents alone.", n=len(bad) or len(counts), positions=bad.tolist(),
        )  # fmt: skip
    spared = effect * hit
    return Avoided(rate.ratio, rate.low, rate.high, *(spared * limit for limit in rate))


class Total(NamedTuple):
    """What some works together avoid in a year, with its limits; of sets, an array each."""

    avoided: Floats
    low: Floats
    high: Floats


def total_avoided(incidents: ArrayLike, years: ArrayLike, shares: Any, *, confidence: float = 0.95) -> Total:
    """Return what is avoided over all places together, with an interval of its own.

    Limits do not add up: that all places lie at their upper ends at once is far less likely than that one does. What is
    known of the rate of each place is a gamma distribution, independent of the others; their weighted sum is taken for
    a gamma distribution of the same mean and variance. Where chance explains all of the spread between the places they
    all have one rate, and its interval is that of the sum.

    Parameters
    ----------
    incidents, years
        As in `estimate_avoided`.
    shares : array_like or sparse array, shape (n,) or (s, n)
        Of each place the share (from 0 up) of its incidents that is avoided, times the households hit where these
        count; a row for each set of works.

    Returns
    -------
    Total
        Of the shape of `shares` without its last axis. Low and high are 0 where nothing is avoided.

    Raises
    ------
    HazardError
        As in `analysis.rates.empirical_bayes`; ``confidence-bad``.
    """
    counts = np.asarray(incidents, dtype=float)
    span = np.broadcast_to(np.asarray(years, dtype=float), counts.shape)
    part: Any = shares if scipy.sparse.issparse(shares) else np.asarray(shares, dtype=float)
    rate = smoothed_interval(counts, span, confidence=confidence)
    mean = np.asarray(part @ rate.ratio)
    known = what_is_known(counts, span)
    if known is None:
        return Total(mean, np.asarray(part @ rate.low), np.asarray(part @ rate.high))
    variance = part**2 @ (known[0] / known[1] ** 2)
    some = variance > 0
    safe = np.where(some, variance, 1.0)
    shape, scale = np.where(some, mean**2 / safe, 1.0), np.where(some, safe / np.where(some, mean, 1.0), 0.0)
    tail, gammaincinv, gammainccinv = (1 - confidence) / 2, scipy.special.gammaincinv, scipy.special.gammainccinv
    low, high = (np.asarray(limit(shape, tail) * scale, float) for limit in (gammaincinv, gammainccinv))
    return Total(mean, low, high)
