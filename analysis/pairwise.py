"""Weights from comparing criteria two by two (AHP), how far the comparisons contradict each other, and where most.

Each pair of criteria is compared on Saaty's scale: 1 is equally important, 3 somewhat more, 5 clearly, 7 very much, 9
beyond all comparison, and 1/3, 1/5 ... the other way round. The weights are the principal eigenvector of the table. If
A over B is 3 and B over C is 2, then A over C should be 6; people rarely answer so, and the consistency ratio says how
far from it they are: 0 is without contradiction, and 1 is what answers by dice would give. Above 0.1 the comparisons
should be looked at again.

References
----------
Saaty (1980), The Analytic Hierarchy Process, where the random indices stand. Saaty (1990), European Journal of
Operational Research 48, 9-26. Saaty (2003), European Journal of Operational Research 145, 85-91, for the pair to look
at again: the one with the largest a_ij w_j / w_i.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError
from base.text import N_, Sentence

# The mean consistency index of tables filled by chance, for 1, 2, 3 ... criteria (Saaty 1980)
RANDOM_INDEX = (0, 0, 0.58, 0.90, 1.12, 1.24, 1.32, 1.41, 1.45, 1.49, 1.51, 1.48, 1.56, 1.57, 1.59)
MOST = len(RANDOM_INDEX)  # criteria: 105 pairs
LIMIT = 0.1  # a consistency ratio above this: look again
STRONGEST = 9.0  # of the scale
_ROUNDED = 0.02  # how far a number times its reciprocal may be from 1: people write 0.33 for a third
_DUST = 1e-9

Floats = NDArray[np.float64]


class Pair(NamedTuple):
    """Two criteria by position, how often the first was said to outweigh the second, and by how much it does."""

    first: int
    second: int
    given: float
    implied: float


class Triad(NamedTuple):
    """Three criteria by position, of which two comparisons imply the third, and what was said of it."""

    first: int
    second: int
    third: int
    first_over_second: float
    second_over_third: float
    given: float  # first over third

    @property
    def implied(self) -> float:
        """First over third as the two others have it."""
        return self.first_over_second * self.second_over_third


@dataclass(frozen=True)
class AHP:
    """The weights of criteria compared two by two, and whether the comparisons hold together.

    Attributes
    ----------
    weights : ndarray, shape (k,)
        They add up to 1.
    largest_eigenvalue : float
        k where nothing contradicts anything, else more.
    consistency_index, consistency_ratio : float
        (largest_eigenvalue - k) / (k - 1), and that over the random index; 0 of one or two criteria.
    pair : Pair or None
        The comparison farthest from what the weights say, turned so that more was given than is implied; None where
        nothing contradicts anything.
    triad : Triad or None
        The three criteria whose comparisons contradict each other most; of equal ones the first.
    """

    weights: Floats
    largest_eigenvalue: float
    consistency_index: float
    consistency_ratio: float
    pair: Pair | None
    triad: Triad | None

    @property
    def consistent(self) -> bool:
        """Whether the consistency ratio is at most 0.1."""
        return self.consistency_ratio <= LIMIT


def ahp(pairwise: ArrayLike) -> AHP:
    """Return the weights of a table of comparisons.

    Parameters
    ----------
    pairwise : array_like, shape (k, k)
        In row i and column j how much criterion i outweighs criterion j, 1/9 to 9; 1 on the diagonal; reciprocal. Up to
        15 criteria. Numbers such as 0.33 beside 3 are taken for rounded: of the two the mean (in ratios) counts.

    Raises
    ------
    HazardError
        ``comparisons-not-square``; ``comparisons-too-many``; ``comparison-missing``, ``comparison-out-of-scale``,
        ``comparison-not-reciprocal``, ``comparison-with-itself`` with `positions`, which ones.
    """
    table = _checked(pairwise)
    k = len(table)
    values, vectors = np.linalg.eig(table)
    at = int(np.argmax(values.real))
    vector = np.abs(vectors[:, at].real)
    weights, largest = vector / vector.sum(), max(float(values[at].real), float(k))
    index = (largest - k) / (k - 1) if k > 1 else 0.0
    random = RANDOM_INDEX[k - 1]
    return AHP(
        weights=weights,
        largest_eigenvalue=largest,
        consistency_index=index,
        consistency_ratio=index / random if random else 0.0,
        pair=_pair(table, weights),
        triad=_triad(table),
    )


def table_of(k: int, pairs: Mapping[tuple[int, int], float]) -> Floats:
    """Return the whole table of comparisons from one number for each pair of k criteria; NaN where a pair is missing.

    Parameters
    ----------
    pairs : mapping of (i, j) to float
        How much criterion i outweighs criterion j; each pair in one order.
    """
    table = np.full((k, k), np.nan)
    np.fill_diagonal(table, 1.0)
    for (i, j), value in pairs.items():
        table[i, j] = value
        table[j, i] = 1 / value if value else np.nan
    return table


def contradiction(found: AHP, names: Sequence[Any]) -> Sentence | None:
    """Return what contradicts most, by the names of the criteria; None up to a consistency ratio of 0.1."""
    if found.consistent or found.triad is None:
        return None
    one = found.triad
    return Sentence(
        _CONTRADICTION,
        {
            "ratio": round(found.consistency_ratio, 2), "limit": LIMIT, "a": names[one.first], "b": names[one.second],
            "c": names[one.third], "ab": scaled(one.first_over_second), "bc": scaled(one.second_over_third),
            "implied": scaled(one.implied), "given": scaled(one.given),
        },
    )  # fmt: skip


_CONTRADICTION = N_(
    "The comparisons contradict each other (consistency ratio {ratio}, at most {limit} is asked for). Most of all: {a} "
    "against {b} is {ab} and {b} against {c} is {bc}, so {a} against {c} should be {implied}, but {given} was given."
)


def scaled(value: float) -> str:
    """Return a comparison as people write it: 3, 7.5, or as a fraction below 1."""
    if value >= 1:
        return f"{round(value, 1):g}"
    near = Fraction(value).limit_denominator(9)
    return str(near) if abs(float(near) - value) <= _ROUNDED * value else f"1/{1 / value:.0f}"


def _pair(table: Floats, weights: Floats) -> Pair | None:
    implied = weights[:, None] / weights[None, :]
    beyond = table / implied
    if beyond.max() <= 1 + _DUST:
        return None
    first, second = divmod(int(np.argmax(beyond > beyond.max() * (1 - _DUST))), len(table))
    return Pair(first, second, float(table[first, second]), float(implied[first, second]))


def _triad(table: Floats) -> Triad | None:
    worst, found = _DUST, None
    for i, j, k in combinations(range(len(table)), 3):
        off = abs(float(np.log(table[i, j] * table[j, k] / table[i, k])))
        if off > worst * (1 + _DUST):
            worst, found = off, Triad(i, j, k, float(table[i, j]), float(table[j, k]), float(table[i, k]))
    return found


def _checked(pairwise: ArrayLike) -> Floats:
    """Return a table that is reciprocal to the last digit, or refuse it by the first pair that is wrong."""
    try:
        table = np.array(pairwise, dtype=float)
    except (ValueError, TypeError):
        table = np.empty(0)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not len(table):
        raise HazardError(
            "comparisons-not-square", "Comparisons are given as a square table: a row and a column for each criterion."
        )
    k = len(table)
    if k > MOST:
        raise HazardError(
            "comparisons-too-many", "{k} criteria make {pairs} comparisons; at most {most} criteria can be compared "
            "two by two. Compare fewer, or give the weights yourself.", k=k, pairs=k * (k - 1) // 2, most=MOST,
        )  # fmt: skip
    if (place := _first(np.isnan(table))) is not None:
        raise HazardError(
            "comparison-missing", "Criteria {first} and {second} have not been compared: compare each pair.", **place,
        )  # fmt: skip
    least = (1 - _ROUNDED) / STRONGEST
    if (place := _first(~((table >= least) & (table <= STRONGEST * (1 + _ROUNDED))))) is not None:
        raise HazardError(
            "comparison-out-of-scale", "Criterion {first} against {second} is {value}: a comparison is a number from "
            "1/9 to 9.", value=float(table[place["positions"]]), **place,
        )  # fmt: skip
    if (place := _first(np.diag(np.diag(table) != 1))) is not None:
        raise HazardError(
            "comparison-with-itself", "Criterion {first} against itself is {value}: it has to be 1.",
            value=float(table[place["positions"]]), **place,
        )  # fmt: skip
    if (place := _first(np.abs(table * table.T - 1) > _ROUNDED)) is not None:
        i, j = place["positions"]
        raise HazardError(
            "comparison-not-reciprocal", "Criterion {first} against {second} is {value}, but {second} against {first} "
            "is {back}: one has to be one over the other.", value=float(table[i, j]), back=float(table[j, i]), **place,
        )  # fmt: skip
    return np.sqrt(table / table.T)


def _first(wrong: NDArray[np.bool_]) -> dict[str, Any] | None:
    """Return the first comparison that is wrong, with the numbers of its criteria as people count."""
    if not wrong.any():
        return None
    i, j = divmod(int(np.argmax(wrong)), len(wrong))
    return {"first": i + 1, "second": j + 1, "positions": (i, j)}
