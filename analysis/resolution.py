"""How long until a case is resolved, by group, with open cases censored: medians, means, shares in time.

The curves are those of `analysis.survival`. Two shares stand beside each other. The *share in time* counts cases: of
those whose deadline has come, how many were closed by it. The *estimate* 1 - S(limit) speaks of all cases, each counted
for as long as it was followed, so that the newest ones tell what they can before they are due. Neither rises when a
case is left open.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from analysis.shares import Share, wilson
from analysis.survival import Curve, Curves, kaplan_meier, side_by_side
from base.errors import HazardError

__all__ = ["Curve", "Share", "kaplan_meier", "share_in_time", "summarize"]

_ROWS_A_STEP = 1 << 19  # of a histogram, reckoned together: bounds the memory

Floats = NDArray[np.float64]


def summarize(
    histogram: pd.DataFrame,
    *,
    quantiles: Sequence[float] = (0.5,),
    horizon_hours: float | None = None,
    limit_hours: float | Mapping[Any, float] | None = None,
) -> pd.DataFrame:
    """Return the median hours to resolve of each group with 95% limits, and what else of its curve is asked for.

    Parameters
    ----------
    histogram : DataFrame
        Columns key, minutes, resolved, n: how many cases of a group took so many minutes, or were open for as long.
        Without the column key all rows are one group, "all". Quickest if sorted by key and minutes.
    quantiles : sequence of float
        Shares resolved (0..1), for instance ``(0.25, 0.5, 0.75, 0.9)``; each with log-log limits.
    horizon_hours : float, optional
        For the mean up to this horizon: see `analysis.survival.Curves.restricted_mean`.
    limit_hours : float or mapping of key to float, optional
        For the share resolved within the limit, one for all or that of each group (none where the mapping or the number
        lacks it), as an estimate for all cases: see `analysis.survival.Curves.resolved_by`. Where the cases of a group
        have limits of their own, give minutes as parts of each one's limit, times 60, and a limit of 1.

    Returns
    -------
    DataFrame
        One row per key in the order of first appearance: key, n, open; for the quantile 0.5 median_hours, low, high;
        for another one, say 0.9, p90_hours, p90_low, p90_high (hours; NaN: not reached); with a horizon mean_hours,
        mean_low, mean_high (hours; NaN: not followed so long); with a limit within, within_low, within_high (shares;
        NaN: no limit, or not followed so long).

    Raises
    ------
    HazardError
        ``quantile-bad`` for one not between 0 and 1; ``horizon-bad``; ``limit-bad`` for a limit below zero;
        ``duration-bad``, ``weight-bad``.
    """
    if bad := [q for q in quantiles if not 0 < q < 1]:
        raise HazardError("quantile-bad", "A quantile lies between 0 and 1, not at {q}.", q=bad[0])
    keys, steps = _grouped(histogram)
    limits = _limits(keys, limit_hours)
    names = [name for q in quantiles for name in _names(q)]
    names += ["mean_hours", "mean_low", "mean_high"] if horizon_hours is not None else []
    names += ["within", "within_low", "within_high"] if limits is not None else []
    every, left = np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys), dtype=np.int64)
    found = {name: np.full(len(keys), np.nan) for name in names}
    for groups, n, still, curves in steps:
        every[groups], left[groups] = n, still
        values: list[Any] = []
        for q in quantiles:
            values += [curves.quantile(q), *curves.interval(q)]
        if horizon_hours is not None:
            values += curves.restricted_mean(horizon_hours)
        if limits is not None:
            values += curves.resolved_by(limits[groups])
        for name, value in zip(names, values, strict=True):
            found[name][groups] = value
    return pd.DataFrame({"key": np.asarray(keys), "n": every, "open": left, **found})


def _names(q: float) -> tuple[str, str, str]:
    if q == 0.5:
        return "median_hours", "low", "high"
    name = f"p{100 * q:g}"
    return f"{name}_hours", f"{name}_low", f"{name}_high"


def _limits(keys: Any, limit_hours: float | Mapping[Any, float] | None) -> Floats | None:
    if limit_hours is None:
        return None
    each = [limit_hours.get(key, np.nan) if isinstance(limit_hours, Mapping) else limit_hours for key in keys]
    limits = np.array(each, dtype=float)
    if (limits < 0).any():
        raise HazardError("limit-bad", "A limit of {hours} h cannot be: give hours from 0 up.", hours=limits.min())
    return limits


def _grouped(histogram: pd.DataFrame) -> tuple[Any, Iterator[tuple[slice, Any, Any, Curves]]]:
    """Return the keys of a histogram and their curves, some groups at a time.

    With the curves come their groups, and how many cases each has and has open.
    """
    minutes, closed, n = (histogram[name].to_numpy() for name in ("minutes", "resolved", "n"))
    key = histogram["key"] if "key" in histogram else pd.Series("all", histogram.index, dtype=object)
    codes, keys = pd.factorize(key, use_na_sentinel=False)
    same = codes[1:] == codes[:-1]
    if not ((codes[1:] > codes[:-1]) | same & (minutes[1:] >= minutes[:-1])).all():
        order = np.lexsort((minutes, codes))
        codes, minutes, closed, n = codes[order], minutes[order], closed[order], n[order]
    bounds = np.searchsorted(codes, np.arange(len(keys) + 1))

    def steps() -> Iterator[tuple[slice, Any, Any, Curves]]:
        firsts = np.flatnonzero(np.diff(bounds[:-1] // _ROWS_A_STEP, prepend=-1))
        for first, end in pairwise([*firsts.tolist(), len(keys)]):
            rows, within = slice(bounds[first], bounds[end]), bounds[first : end + 1] - bounds[first]
            resolved = closed[rows].astype(bool)
            every = np.add.reduceat(n[rows], within[:-1])
            still = np.add.reduceat(np.where(resolved, 0, n[rows]), within[:-1])
            yield (
                slice(first, end),
                every,
                still,
                side_by_side(minutes[rows] / 60, resolved, n[rows].astype(float), within),
            )

    return keys, steps()


def share_in_time(due: ArrayLike, in_time: ArrayLike) -> Share:
    """Return the share in time among the cases that were due, with its 95% Wilson limits; NaN when none was due.

    Parameters
    ----------
    due : int or array_like of int
        Cases whose deadline had come by the as-of time, open or closed. One closed early but not yet due is not among
        them.
    in_time : int or array_like of int
        Those of them closed by their deadline.

    Raises
    ------
    HazardError
        ``share-bad`` if `in_time` does not lie between 0 and `due`.

    References
    ----------
    Wilson (1927), JASA 22, 209-212.
    """
    every, closed = np.asarray(due, dtype=float), np.asarray(in_time, dtype=float)
    if (bad := (closed < 0) | (closed > every)).any():
        n, of = int(closed[bad][0]), int(every[bad][0])
        raise HazardError("share-bad", "{in_time} of {due} cases cannot be in time.", in_time=n, due=of)
    return wilson(closed, every)
