"""Classes of values for a choropleth: where one colour ends and the next begins, and how a legend says it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from base.text import N_, Words

SCHEMES = {
    "fisher_jenks": N_("natural breaks"),
    "quantiles": N_("equal numbers of cells"),
    "equal_interval": N_("equal steps"),
}
FIXED = "fixed"
SCHEME_NAMES = {**SCHEMES, FIXED: N_("fixed steps")}
_EXACT_UP_TO = 1_000  # distinct values: 20 ms; the search is quadratic in them


@dataclass(frozen=True, slots=True)
class Classes:
    """Values put into classes.

    Attributes
    ----------
    edges : tuple of float
        Upper edge of each class, inclusive, rising; as many as classes. Empty if there was no value.
    scheme : str
        Key of `SCHEME_NAMES`.
    codes : ndarray of int, shape (n,)
        Class of each value, from 0; -1 where the value is missing.
    counts : tuple of int
        Values in each class; with `n_missing` they add up to n.
    n_missing : int
    lowest : float
        Where the first class begins (of the positive values, if `whole`); NaN if there was no value.
    whole : bool
        Values are counts, and class 0 holds the zeros alone.
    """

    edges: tuple[float, ...]
    scheme: str
    codes: NDArray[np.int64]
    counts: tuple[int, ...]
    n_missing: int
    lowest: float
    whole: bool

    def labels(self, words: Words, said: Callable[[float], str] | None = None) -> list[str]:
        """Return a legend text for each class: "0", "1–2", "3 or more" for counts, "0.2–1.46" for other values.

        `said` writes a value that is no plain number: a length of time, a share.
        """
        return self._count_labels(words) if self.whole else self._value_labels(words, said)

    def _count_labels(self, words: Words) -> list[str]:
        texts = [words.number(0)] if self.edges else []
        for i in range(1, len(self.edges)):
            low = int(self.lowest) if i == 1 else int(self.edges[i - 1]) + 1
            high = int(self.edges[i])
            if i == len(self.edges) - 1:
                texts.append(words("{low} or more", low=low))
            elif low == high:
                texts.append(words.number(low))
            else:
                texts.append(words("{low}–{high}", low=low, high=high))
        return texts

    def _value_labels(self, words: Words, said: Callable[[float], str] | None) -> list[str]:
        bounds = (self.lowest, *self.edges)
        digits = _digits(bounds)
        texts = [words.number(bound, digits) if said is None else said(bound) for bound in bounds]
        return [low if low == high else words("{low}–{high}", low=low, high=high) for low, high in pairwise(texts)]


def classify(values: ArrayLike, *, scheme: str = "fisher_jenks", k: int = 5, whole: bool = False) -> Classes:
    """Put values into at most `k` classes.

    Fewer distinct values than `k` give fewer classes, each value its own. With ``whole=True`` the values are counts:
    class 0 is kept for zero (even where no cell has it, so that its colour never means anything else) and the scheme
    divides the positive ones into `k` - 1.

    Parameters
    ----------
    values : array_like, shape (n,)
        One value a cell, any unit; NaN is "no data". With ``whole=True`` whole numbers from 0.
    scheme : {"fisher_jenks", "quantiles", "equal_interval"}
        Fisher-Jenks makes the squared differences within the classes as small as can be; where two groupings do so
        equally well, a value goes to the higher class. It is exact up to 1,000 distinct values; above, it looks at
        1,000 values at equal ranks, the smallest and the largest among them.
    k : int
        Largest number of classes, the one for zero included; at least 2.
    whole : bool

    Raises
    ------
    ValueError
        If `scheme` is unknown, `k` is below 2, a value is infinite, or a count is negative or broken.

    References
    ----------
    Fisher (1958), On grouping for maximum homogeneity, JASA 53(284), 789-798; Jenks & Caspall (1971), Error on
    choroplethic maps, Annals of the AAG 61(2), 217-244.
    """
    numbers = np.asarray(values, dtype=float)
    known = numbers[~np.isnan(numbers)]
    if scheme not in SCHEMES or k < 2:
        raise ValueError(f"no classes for scheme={scheme!r}, k={k}")
    if np.isinf(known).any() or (whole and ((known < 0).any() or (known != np.floor(known)).any())):
        raise ValueError("values must be finite, and counts whole numbers from 0")
    divided = known[known > 0] if whole else known
    edges = _edges(divided, scheme, k - 1 if whole else k)
    if whole:
        edges = np.unique(np.floor(edges))  # classes of counts end at a count
        edges = np.concatenate([[0.0], edges[edges > 0]]) if known.size else edges
    codes = np.full(numbers.shape, -1, dtype=np.int64)
    codes[~np.isnan(numbers)] = np.searchsorted(edges, known)
    counts = np.bincount(codes[codes >= 0], minlength=len(edges))
    return Classes(
        edges=tuple(edges.tolist()),
        scheme=scheme,
        codes=codes,
        counts=tuple(counts.tolist()),
        n_missing=int(numbers.size - known.size),
        lowest=float(divided.min()) if divided.size else 0.0 if known.size else float("nan"),
        whole=whole,
    )


def fixed(values: ArrayLike, edges: Sequence[float], *, lowest: float = 0.0) -> Classes:
    """Put values into classes that are the same whatever the values, so that two maps can be laid side by side.

    Parameters
    ----------
    values : array_like, shape (n,)
        NaN is "no data"; none lies below `lowest` or above the last edge.
    edges : sequence of float
        Upper edge of each class, inclusive, rising.
    lowest : float
        Where the first class begins.

    Raises
    ------
    ValueError
        If a value lies in no class.
    """
    numbers = np.asarray(values, dtype=float)
    known = ~np.isnan(numbers)
    if ((numbers[known] < lowest) | (numbers[known] > edges[-1])).any():
        raise ValueError(f"a value lies outside {lowest} to {edges[-1]}")
    codes = np.full(numbers.shape, -1, dtype=np.int64)
    codes[known] = np.searchsorted(edges, numbers[known])
    counts = np.bincount(codes[known], minlength=len(edges))
    return Classes(
        edges=tuple(edges), scheme=FIXED, codes=codes, counts=tuple(counts.tolist()),
        n_missing=int((~known).sum()), lowest=lowest, whole=False,
    )  # fmt: skip


def _edges(values: NDArray[np.float64], scheme: str, k: int) -> NDArray[np.float64]:
    """Return the upper edges of at most `k` classes, rising; the last is the largest value."""
    distinct, weights = np.unique(values, return_counts=True)
    if len(distinct) <= k:
        return distinct
    if scheme == "quantiles":
        return np.unique(np.quantile(values, np.linspace(0, 1, k + 1)[1:]))
    if scheme == "equal_interval":
        return np.linspace(distinct[0], distinct[-1], k + 1)[1:]
    if len(distinct) > _EXACT_UP_TO:
        ranks = np.rint(np.linspace(0, len(values) - 1, _EXACT_UP_TO)).astype(int)
        distinct, weights = np.unique(np.sort(values)[ranks], return_counts=True)
        k = min(k, len(distinct))
    return distinct[_natural_breaks(distinct, weights, k)]


def _natural_breaks(values: NDArray[np.float64], weights: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Return the place of the last of each of `k` classes of rising values, by Fisher's dynamic programme."""
    # [last, first]: squares about their mean of the values from `first` to `last`. Sums of squares about the first of
    # them: about zero or the mean of all, the small differences beside a large value would be lost.
    apart, total = np.tril(values[:, None] - values), np.cumsum(weights)
    moment = weights[:, None] * apart
    n = np.maximum(total[:, None] - (total - weights), 1)
    squares = np.cumsum(moment * apart, axis=0) - np.cumsum(moment, axis=0) ** 2 / n
    squares[~np.tri(len(values), dtype=bool)] = np.inf
    least, begins = squares[:, 0], []  # the values up to each in one class; then in one class more
    for _more in range(k - 1):
        both = squares[:, 1:] + least[:-1]
        begins.append(both.argmin(axis=1) + 1)
        least = both.min(axis=1)
    last = [len(values) - 1]
    for begin in reversed(begins):
        last.insert(0, begin[last[0]] - 1)
    return np.array(last)


def _digits(bounds: tuple[float, ...]) -> int:
    """Return as few decimals as keep different bounds different, and about three figures of the largest."""
    largest = max((abs(bound) for bound in bounds if np.isfinite(bound)), default=0.0)
    digits = int(np.clip(2 - np.floor(np.log10(largest)), 0, 6)) if largest > 0 else 0
    while digits < 6 and len({round(bound, digits) for bound in bounds}) < len(set(bounds)):
        digits += 1
    return digits
