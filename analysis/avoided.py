"""What a finished work would spare a place each year: its rate, drawn towards the mean, times a stated effect.

Drains go where last year was worst, and part of the worst was chance: there the next years are better by themselves.
So the rate is not the place's own count but that count drawn towards the mean of all places, the more so the less it
stands on (`analysis.rates.smoothed_interval`). The effect is an assumption, and is said with every figure: a half means
that a finished work spares the place half of its incidents.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.rates import smoothed_interval
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
