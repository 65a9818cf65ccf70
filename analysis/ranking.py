"""How far a ranking hangs on its weights: ten thousand other weights, and what becomes of each place under them.

Nobody knows the weights to the last digit. So they are drawn again and again, by a seed: each within a fifth of what
was chosen (`spread=0.2`), or all of them anyhow (`spread=None`: every mixture of the criteria is as likely as any
other, a Dirichlet distribution with all parameters 1). For each place it is counted how often it is among those that
are funded, and between which ranks it lies. What is funded in nearly every draw does not hang on the weights; what is
funded in half of them is decided by whoever sets them.

The scores themselves are told in `analysis.scoring`, criteria in `analysis.criteria`, comparisons in
`analysis.pairwise`, what is funded in `analysis.funding`; their names can be had from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.criteria import (
    LESS,
    MORE,
    check_weights,
    entropy_weights,
    fill_missing,
    normalise,
    normalised,
)
from analysis.funding import Funded, affordable, top
from analysis.pairwise import AHP, ahp
from analysis.scoring import (
    DIGITS,
    TOPSIS,
    WEIGHTED_SUM,
    contributions,
    order_of,
    rank_scores,
    ranks_along,
    scores,
    topsis,
    usual_way,
    weighted_sum,
)
from base.errors import HazardError

__all__ = [
    "AHP", "LESS", "MORE", "TOPSIS", "WEIGHTED_SUM", "Robustness", "affordable", "ahp", "contributions",
    "entropy_weights", "fill_missing", "normalise", "order_of", "rank_scores", "robustness", "top", "topsis",
    "weighted_sum",
]  # fmt: skip

DRAWS, SPREAD = 10_000, 0.2
MOST_DRAWS = 1_000_000
_AT_ONCE = 500_000  # scores: some megabytes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Robustness:
    """What becomes of each place under other weights; every array has shape (n,), in the order given.

    Attributes
    ----------
    rank, funded : ndarray
        By the weights as chosen.
    share_funded : ndarray of float
        In how many of the draws (0..1) it is funded; with 10,000 draws true to about one in a hundred.
    lowest, low, median, high, highest : ndarray of int
        Its ranks over the draws: the smallest number (the best), 5%, half, 95%, and the largest. Each is a rank that it
        had: the least one that so large a share of the draws does not go beyond.
    draws, seed, spread
        What it was asked with; spread None: all weights.
    """

    rank: Ints
    funded: Bools
    share_funded: Floats
    lowest: Ints
    low: Ints
    median: Ints
    high: Ints
    highest: Ints
    draws: int
    seed: int
    spread: float | None


def robustness(
    matrix: ArrayLike,
    directions: Sequence[int],
    weights: ArrayLike,
    funded: int | Funded,
    *,
    draws: int = DRAWS,
    spread: float | None = SPREAD,
    seed: int,
    method: str = WEIGHTED_SUM,
    how: str | None = None,
) -> Robustness:
    """Return how often each place is funded, and between which ranks it lies, under weights drawn again and again.

    Parameters
    ----------
    matrix, directions
        As in `analysis.criteria.normalise`. Under all weights every criterion given takes part, one of weight 0 too:
        leave out what is not to count.
    weights : array_like, shape (k,)
        As chosen. With a spread each becomes itself times 1 - spread to 1 + spread, evenly, before all are made to add
        up to 1.
    funded : int or callable
        So many places from the top, or `affordable(...)`, or any function of orders, shape (d, n) (positions from the
        highest score to the lowest, a row a draw), that returns a bool for each draw and position, shape (d, n).
    draws : int
        1 to 1,000,000.
    spread : float or None
        Above 0 and at most 1.
    method : {"weighted_sum", "topsis"}
    how : str, optional
        A way of `analysis.criteria.WAYS`; "minmax" of a weighted sum and "vector" of TOPSIS if none is given.

    Raises
    ------
    HazardError
        As `analysis.criteria.normalise` and `check_weights`; ``ranking-unknown``; ``draws-bad``; ``spread-bad``; those
        of `top` and `affordable`.
    """
    comparable = normalised(fill_missing(matrix).values, directions, how or usual_way(method))
    n, k = comparable.shape
    chosen = check_weights(weights, k)
    if not (1 <= draws <= MOST_DRAWS and draws == int(draws)):
        raise HazardError(
            "draws-bad", "Weights are drawn 1 to {most} times, not {draws} times.", most=MOST_DRAWS, draws=draws
        )
    if spread is not None and not 0 < spread <= 1:
        raise HazardError(
            "spread-bad", "Weights are drawn within a share of what they are, above 0 and at most 1, not {spread}.",
            spread=spread,
        )  # fmt: skip
    fund = funded if callable(funded) else top(int(funded), n)
    rng = np.random.default_rng(seed)
    now = scores(comparable, chosen[None, :], method)
    ranks = np.empty((draws, n), dtype=np.int16 if n < np.iinfo(np.int16).max else np.int32)
    times = np.zeros(n, dtype=np.int64)
    step = max(1, _AT_ONCE // n)
    for start in range(0, draws, step):
        d = min(step, draws - start)
        drawn = _draw(rng, chosen, d, spread)
        rounded = np.round(scores(comparable, drawn, method), DIGITS)
        order = np.argsort(-rounded, axis=-1, kind="stable")
        ranks[start : start + d] = ranks_along(rounded, order)
        times += fund(order).sum(axis=0)
    at = [max(int(np.ceil(share * draws - 1e-9)) - 1, 0) for share in (0.05, 0.5, 0.95)]
    ranks.partition(np.unique([0, *at, draws - 1]), axis=0)
    lowest, low, median, high, highest = (ranks[row].astype(np.int64) for row in (0, *at, draws - 1))
    return Robustness(
        rank=rank_scores(now)[0], funded=fund(order_of(now))[0], share_funded=times / draws, lowest=lowest, low=low,
        median=median, high=high, highest=highest, draws=draws, seed=seed, spread=spread,
    )  # fmt: skip


def _draw(rng: np.random.Generator, chosen: Floats, d: int, spread: float | None) -> Floats:
    if spread is None:
        drawn = rng.standard_exponential((d, len(chosen)))  # made to add up to 1: Dirichlet(1, ..., 1)
    else:
        drawn = chosen * rng.uniform(1 - spread, 1 + spread, (d, len(chosen)))
    total = drawn.sum(axis=1, keepdims=True)
    return drawn / np.where(total > 0, total, 1.0)
