"""A share of counted cases, and how sure it is."""

from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z = NormalDist().inv_cdf(0.975)  # 95% intervals


class Share(NamedTuple):
    """A share (0..1) and its 95% limits: numbers, or arrays of them."""

    share: Any
    low: Any
    high: Any


def wilson(part: ArrayLike, whole: ArrayLike) -> Share:
    """Return part / whole with its 95% Wilson limits, for one pair of counts or for many; NaN where `whole` is 0.

    Counts, 0 <= part <= whole (which the caller has seen to). The limits of none begin at 0 and those of all end at 1.

    References
    ----------
    Wilson (1927), JASA 22, 209-212.
    """
    some, every = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    base: NDArray[np.float64] = np.where(every > 0, every, np.nan)
    share, spread = some / base, Z**2 / base
    centre = (share + spread / 2) / (1 + spread)
    half = (Z * (share * (1 - share) / base + spread / (4 * base)) ** 0.5) / (1 + spread)
    # By the formula the limits of none and of all are 0 and 1; rounding leaves them beside it.
    low = np.where(some > 0, np.maximum(0, centre - half), 0 * share)
    high = np.where(some < base, np.minimum(1, centre + half), share)
    return Share(share[()], low[()], high[()])
