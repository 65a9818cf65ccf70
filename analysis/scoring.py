"""From criteria to a score: the weighted sum, with the bars that make it, and TOPSIS; and from scores to ranks.

A score orders places and nothing more: two scores may be compared, but they are no benefit and are never added up over
places.

**Ranks.** The rank of a place is one more than the number of places with a higher score. Places of one score share the
better rank, and the next rank is left out (1, 2, 2, 4). Scores that are equal to twelve decimals are equal, for what is
beyond is rounding. Where an order is needed, places of one score stand in the order given.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.criteria import MINMAX, VECTOR, check_weights, normalise
from base.errors import HazardError

WEIGHTED_SUM, TOPSIS = "weighted_sum", "topsis"
METHODS = (WEIGHTED_SUM, TOPSIS)
DIGITS = 12  # of a score
_USUAL = {WEIGHTED_SUM: MINMAX, TOPSIS: VECTOR}  # how criteria are made comparable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def contributions(matrix: ArrayLike, directions: Sequence[int], weights: ArrayLike, how: str = MINMAX) -> Floats:
    """Return the part of each criterion in the weighted sum: bars that add up, from left to right, to the score.

    Parameters
    ----------
    matrix, directions, how
        As in `analysis.criteria.normalise`.
    weights : array_like, shape (k,)
        From 0 up; only their ratios count.

    Returns
    -------
    ndarray, shape (n, k)
        Weight times normalised criterion.

    Raises
    ------
    HazardError
        As `analysis.criteria.normalise` and `analysis.criteria.check_weights`.
    """
    comparable = normalise(matrix, directions, how)
    return comparable * check_weights(weights, comparable.shape[1])


def weighted_sum(matrix: ArrayLike, directions: Sequence[int], weights: ArrayLike, how: str = MINMAX) -> Floats:
    """Return the weighted sum of the normalised criteria, shape (n,); parameters and errors as in `contributions`."""
    return np.add.accumulate(contributions(matrix, directions, weights, how), axis=1)[:, -1].copy()


def topsis(matrix: ArrayLike, directions: Sequence[int], weights: ArrayLike, how: str = VECTOR) -> Floats:
    """Return how near each place comes to the greatest need: 1 is worst in every criterion, 0 best in every one.

    The distance from the point that has the least need in every criterion, over the sum of that distance and the one
    from the point that has the greatest; both of weighted criteria, as the crow flies. Parameters and errors as in
    `contributions`, shape (n,). Where all places are alike each has 0.5.

    References
    ----------
    Hwang & Yoon (1981), Multiple Attribute Decision Making; Tzeng & Huang (2011), ch. 5.
    """
    comparable = normalise(matrix, directions, how)
    return closeness(comparable, check_weights(weights, comparable.shape[1])[None, :])[0]


def closeness(comparable: Floats, weights: Floats) -> Floats:
    """Return TOPSIS of criteria that are normalised, for many sets of weights at once.

    Parameters
    ----------
    comparable : ndarray, shape (n, k)
        Higher where the need is.
    weights : ndarray, shape (d, k)

    Returns
    -------
    ndarray, shape (d, n)
    """
    squared = weights**2
    worst, best = (
        np.sqrt(squared @ ((comparable - end) ** 2).T) for end in (comparable.max(axis=0), comparable.min(axis=0))
    )
    total = worst + best
    return np.divide(best, total, out=np.full(total.shape, 0.5), where=total > 0)


def scores(comparable: Floats, weights: Floats, method: str) -> Floats:
    """Return the scores by a method of `METHODS` for many sets of weights; shapes as in `closeness`."""
    check_method(method)
    return closeness(comparable, weights) if method == TOPSIS else weights @ comparable.T


def usual_way(method: str) -> str:
    """Return how criteria are made comparable for a method, unless another way is asked for."""
    check_method(method)
    return _USUAL[method]


def check_method(method: str) -> None:
    """Raise ``ranking-unknown`` unless the method is one of `METHODS`."""
    if method not in METHODS:
        raise HazardError(
            "ranking-unknown", "There is no ranking by {method}; known: {known}.",
            method=method, known=", ".join(METHODS),
        )  # fmt: skip


def order_of(scores: ArrayLike) -> Ints:
    """Return the positions from the highest score to the lowest, those of one score as given, along the last axis."""
    return np.argsort(-np.round(np.asarray(scores, dtype=float), DIGITS), axis=-1, kind="stable")


def rank_scores(scores: ArrayLike) -> Ints:
    """Return the rank of each score along the last axis, 1 for the highest; see the module for ties."""
    rounded = np.round(np.asarray(scores, dtype=float), DIGITS)
    return ranks_along(rounded, np.argsort(-rounded, axis=-1, kind="stable"))


def ranks_along(rounded: Floats, order: Ints) -> Ints:
    """Return the ranks of rounded scores whose order is known."""
    ordered = np.take_along_axis(rounded, order, axis=-1)
    lower = np.ones(ordered.shape, dtype=bool)
    lower[..., 1:] = ordered[..., 1:] < ordered[..., :-1]
    place = np.arange(1, ordered.shape[-1] + 1)
    shared = np.maximum.accumulate(np.where(lower, place, 0), axis=-1)
    ranks = np.empty(ordered.shape, dtype=np.int64)
    np.put_along_axis(ranks, order, shared, axis=-1)
    return ranks
