"""Classes of values for a choropleth: where one colour ends and the next begins, and how a legend says it."""

import warnings
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
_EXACT_UP_TO = 400  # values; the search is quadratic in them, and plain Python


@dataclass(frozen=True, slots=True)
class Classes:
    """Values put into classes.

    Attributes
    ----------
    edges : tuple of float
        Upper edge of each class, inclusive, rising; as many as classes. Empty if there was no value.
    scheme : str
        Key of `SCHEMES`.
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

    def labels(self, words: Words) -> list[str]:
        """Return a legend text for each class: "0", "1–2", "3 or more" for counts, "0.2–1.46" for other values."""
        return self._count_labels(words) if self.whole else self._value_labels(words)

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

    def _value_labels(self, words: Words) -> list[str]:
        bounds = (self.lowest, *self.edges)
        digits = _digits(bounds)
        said = [words.number(bound, digits) for bound in bounds]
        return [low if low == high else words("{low}–{high}", low=low, high=high) for low, high in pairwise(said)]


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
        By mapclassify. Fisher-Jenks makes the squared differences within the classes as small as can be, and is exact
        up to 400 values; above, it looks at 400 values at equal ranks, the smallest and the largest among them.
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


def _edges(values: NDArray[np.float64], scheme: str, k: int) -> NDArray[np.float64]:
    """Return the upper edges of at most `k` classes, rising; the last is the largest value."""
    distinct = np.unique(values)
    if len(distinct) <= k:
        return distinct
    import mapclassify  # here: it is slow to import, and most of the program does not need it

    if scheme == "quantiles":
        return np.unique(np.append(mapclassify.Quantiles(values, k=k).bins[:-1], distinct[-1]))
    if scheme == "equal_interval":
        return np.append(mapclassify.EqualInterval(values, k=k).bins[:-1], distinct[-1])
    if len(values) > _EXACT_UP_TO:
        ranks = np.rint(np.linspace(0, len(values) - 1, _EXACT_UP_TO)).astype(int)
        values = np.sort(values)[ranks]
        if len(distinct := np.unique(values)) <= k:
            return distinct
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it recommends numba, whose compiling would cost more than it saves
        bins = mapclassify.FisherJenks(values, k=k).bins
    # Its edges went through single precision; the values they stand for are the nearest ones.
    return np.unique(np.append(distinct[np.abs(distinct[:, None] - bins[:-1]).argmin(axis=0)], distinct[-1]))


def _digits(bounds: tuple[float, ...]) -> int:
    """Return as few decimals as keep different bounds different, and about three figures of the largest."""
    largest = max((abs(bound) for bound in bounds if np.isfinite(bound)), default=0.0)
    digits = int(np.clip(2 - np.floor(np.log10(largest)), 0, 6)) if largest > 0 else 0
    while digits < 6 and len({round(bound, digits) for bound in bounds}) < len(set(bounds)):
        digits += 1
    return digits
