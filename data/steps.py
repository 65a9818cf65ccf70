"""Whether the steps of handling stand in a file in the order in which they can have happened."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# The check is in none: files put it before filing or after handling, by either word (核实, 核查)
CHAINS = (
    ("reported_at", "filed_at", "dispatched_at", "handled_at", "closed_at"),
    ("surveyed_at", "designed_at", "built_at", "followed_up_at"),
    ("paused_at", "resumed_at"),
)
Bools = NDArray[np.bool_]


def out_of_order(cases: pd.DataFrame, zone: str) -> Bools:
    """Return which cases have a step before one that comes earlier in its chain.

    Steps that a case lacks are passed over. A step of which only the day is known, which stands at midnight of the
    zone, is before another only if its day is.

    Parameters
    ----------
    cases : DataFrame
        The columns of `CHAINS`: times in UTC, NaT where there is none.
    zone : str
        Of the days.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    found = np.zeros(len(cases), dtype=bool)
    for chain in CHAINS:
        found |= _falls(cases, [name for name in chain if cases[name].notna().any()], zone)
    return found


def _falls(cases: pd.DataFrame, chain: Sequence[str], zone: str) -> Bools:
    found = np.zeros(len(cases), dtype=bool)
    latest = np.full(len(cases), np.iinfo(np.int64).min)  # which NaT is as a number
    for name in chain:
        moments = cases[name].to_numpy("datetime64[us]").astype(np.int64)
        before = np.flatnonzero((moments < latest) & cases[name].notna().to_numpy())
        day, earlier = (
            pd.DatetimeIndex(of[before].astype("datetime64[us]"), tz="UTC").tz_convert(zone) for of in (moments, latest)
        )
        same_day = (day == day.normalize()) & (day == earlier.normalize())
        found[before[~same_day]] = True
        latest = np.maximum(latest, moments)
    return found
