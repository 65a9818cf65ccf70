"""Criteria made comparable: households, events and hours all become numbers of which more means more need.

**Directions.** A criterion counts as `MORE` (the more of it, the more need) or as `LESS`. Whatever the way, the number
that comes out is higher where the need is.

**Missing values.** A place of which a criterion is not known (NaN) is given the median of those of which it is known:
it is neither lifted nor lowered by what nobody knows. `fill_missing` says which values are such, so that they can be
marked. A criterion known of no place tells nothing, as a constant one.

**A constant criterion** tells no place from another: it is 0 for all, in every way, so it adds to no score.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError

MORE, LESS = 1, -1  # is more of it more need, or less?
MINMAX, VECTOR, MAX, SUM = "minmax", "vector", "max", "sum"
WAYS = (MINMAX, VECTOR, MAX, SUM)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Filled(NamedTuple):
    """Criteria without a gap, and which of the values stand for one that is not known; both of shape (n, k)."""

    values: Floats
    missing: Bools


def fill_missing(matrix: ArrayLike) -> Filled:
    """Return the criteria with the median of the known values of a criterion in place of those that are not known.

    Parameters
    ----------
    matrix : array_like, shape (n, k)
        A row a place, a column a criterion, each in its own unit; NaN is not known. A criterion known of no place
        becomes 0.

    Raises
    ------
    HazardError
        ``criteria-not-a-table``; ``places-none``; ``criterion-infinite``.
    """
    values = _table(matrix)
    missing = np.isnan(values)
    ordered = np.sort(np.where(missing, np.inf, values), axis=0)  # what is not known comes last
    known = (~missing).sum(axis=0)
    column = np.arange(values.shape[1])
    half = (ordered[np.maximum(known - 1, 0) // 2, column] + ordered[known // 2 % len(values), column]) / 2
    return Filled(np.where(missing, np.where(known > 0, half, 0.0), values), missing)


def normalise(matrix: ArrayLike, directions: Sequence[int], how: str = MINMAX) -> Floats:
    """Return the criteria as numbers without unit, higher where the need is.

    Parameters
    ----------
    matrix : array_like, shape (n, k)
        As in `fill_missing`, whose rule fills the gaps.
    directions : sequence of {MORE, LESS}, length k
    how : {"minmax", "vector", "max", "sum"}
        With x a value of a criterion that counts as `MORE` (in brackets as `LESS`):

        - "minmax": (x - min) / (max - min)  [(max - x) / (max - min)]: 0 to 1; it hangs on the two ends alone.
        - "vector": x / sqrt(sum of x²)  [1 - that].
        - "max": x / max  [1 - x / max]: shares of the largest; no value may be below zero.
        - "sum": x / sum  [(1 / x) / sum of 1 / x]: no value may be below zero, and none [may be zero].

    Returns
    -------
    ndarray, shape (n, k)
        0 throughout in the column of a criterion that is the same everywhere.

    Raises
    ------
    HazardError
        As `fill_missing`; ``directions-differ``, ``direction-unknown``, ``normalisation-unknown``;
        ``criterion-negative``, ``criterion-not-positive`` with `column`, its position.
    """
    return normalised(fill_missing(matrix).values, directions, how)


def normalised(values: Floats, directions: Sequence[int], how: str = MINMAX) -> Floats:
    """Return `normalise` of criteria that have no gap any more."""
    less = check_directions(directions, values.shape[1]) == LESS
    if how not in WAYS:
        raise HazardError(
            "normalisation-unknown", "Criteria cannot be made comparable by {how}; known: {known}.",
            how=how, known=", ".join(WAYS),
        )  # fmt: skip
    if how in (MAX, SUM):
        _refuse(values < 0, "criterion-negative")
    if how == SUM:
        _refuse((values == 0) & less, "criterion-not-positive")
    low, high = values.min(axis=0), values.max(axis=0)
    same = high == low
    largest = np.maximum(np.abs(low), np.abs(high))
    values = values / np.where(largest > 0, largest, 1.0)  # first, so that huge numbers do not overflow their squares
    low, high = values.min(axis=0), values.max(axis=0)
    if how == MINMAX:
        found = np.where(less, high - values, values - low) / np.where(same, 1.0, high - low)
    elif how == SUM:
        found = 1 / np.where(less, values, 1.0)
        found = np.where(less, found, values)
        found = found / np.where(same, 1.0, found.sum(axis=0))
    else:
        size = high if how == MAX else np.sqrt((values**2).sum(axis=0))
        found = values / np.where(same, 1.0, size)
        found = np.where(less, 1 - found, found)
    return np.where(same, 0.0, found)


def entropy_weights(matrix: ArrayLike) -> Floats:
    """Return weights that give more to the criteria that tell the places apart, less to those alike everywhere.

    With p = x / sum of x in each column, the entropy e = -sum of p ln p / ln n is 1 where all places are alike; the
    weights are in the ratio of 1 - e and add up to 1. They look at the spread of the numbers and at nothing else: what
    matters they do not know.

    Parameters
    ----------
    matrix : array_like, shape (n, k)
        As in `fill_missing`, n of 2 or more; no value below zero (give the result of `normalise` where one is).

    Raises
    ------
    HazardError
        As `fill_missing`; ``one-place``; ``criterion-negative``; ``criteria-all-alike`` if nothing tells the places
        apart.

    References
    ----------
    Zeleny (1982), Multiple Criteria Decision Making, ch. 7; Hwang & Yoon (1981), ch. 2.
    """
    values = fill_missing(matrix).values
    if len(values) < 2:
        raise HazardError("one-place", "Places are compared with each other: at least two are needed.")
    _refuse(values < 0, "criterion-negative")
    total = values.sum(axis=0)
    share = values / np.where(total > 0, total, 1.0)
    spread = 1 + (share * np.log(np.where(share > 0, share, 1.0))).sum(axis=0) / np.log(len(values))
    spread = np.where(values.max(axis=0) == values.min(axis=0), 0.0, spread)
    if not spread.any():
        raise HazardError(
            "criteria-all-alike", "Every criterion is the same for all places: nothing tells them apart. Choose other "
            "criteria.",
        )  # fmt: skip
    return spread / spread.sum()


def check_weights(weights: ArrayLike, k: int) -> Floats:
    """Return weights from 0 up, made to add up to 1.

    Raises
    ------
    HazardError
        ``weights-differ`` unless there is one for each of the k criteria; ``weights-bad``; ``weights-zero``.
    """
    given = np.asarray(weights, dtype=float)
    if given.shape != (k,):
        raise HazardError(
            "weights-differ", "There are {k} criteria and {n} weights: give one weight for each.", k=k, n=given.size
        )
    bad = np.flatnonzero(~(np.isfinite(given) & (given >= 0)))
    if len(bad):
        raise HazardError(
            "weights-bad", "{n} weights are missing or below zero: a weight is a number from 0 up.",
            n=len(bad), positions=bad.tolist(),
        )  # fmt: skip
    if not given.any():
        raise HazardError("weights-zero", "All weights are zero: give at least one criterion a weight above zero.")
    scaled: Floats = given / given.max()
    return scaled / scaled.sum()


def check_directions(directions: Sequence[int], k: int) -> NDArray[np.int64]:
    """Return the directions; ``directions-differ`` unless there are k, ``direction-unknown`` for another number."""
    given = np.asarray(directions)
    if given.shape != (k,):
        raise HazardError(
            "directions-differ", "There are {k} criteria and {n} directions: give one direction for each.",
            k=k, n=given.size,
        )  # fmt: skip
    if not np.isin(given, (MORE, LESS)).all():
        raise HazardError("direction-unknown", "A criterion counts as more need (1) or as less need (-1).")
    return given.astype(np.int64)


def _table(matrix: ArrayLike) -> Floats:
    try:
        values = np.array(matrix, dtype=float)
    except (ValueError, TypeError):
        values = np.empty(0)
    if values.ndim != 2 or not values.shape[1]:
        raise HazardError("criteria-not-a-table", "Criteria are given as a table of numbers: a row for each place.")
    if not len(values):
        raise HazardError("places-none", "There is no place to rank.")
    if np.isinf(values).any():
        raise HazardError(
            "criterion-infinite", "Criterion {number} holds a number that is infinite: correct it, or leave it out.",
            number=int(np.flatnonzero(np.isinf(values).any(axis=0))[0]) + 1,
        )  # fmt: skip
    return values


def _refuse(bad: Bools, code: str) -> None:
    if not bad.any():
        return
    column = int(np.flatnonzero(bad.any(axis=0))[0])
    facts = {"number": column + 1, "n": int(bad[:, column].sum()), "column": column}
    if code == "criterion-negative":
        raise HazardError(
            "criterion-negative", "Criterion {number} is below zero in {n} places, and this way of making criteria "
            "comparable knows no such number: choose “from least to most”.", **facts,
        )  # fmt: skip
    raise HazardError(
        "criterion-not-positive", "Criterion {number} is zero in {n} places, and of a criterion of which less is more "
        "need this way takes one over it: choose “from least to most”.", **facts,
    )  # fmt: skip
