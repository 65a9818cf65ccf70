"""How far past due the open cases are, in classes.

One number of cases past due hides whether they are hours late or months. A case whose deadline is unknown is counted by
itself, in no class of time: it is neither in time nor late.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from base.errors import HazardError

DAYS = (1, 3, 7, 30)
NOT_DUE, MORE, UNDECIDED = "not_due", "more", "undecided"


def count_ages(
    hours_past_due: ArrayLike, key: ArrayLike | None = None, *, days: Sequence[float] = DAYS
) -> pd.DataFrame:
    """Return how many open cases are not due yet, and how many are past due by up to so many days.

    Parameters
    ----------
    hours_past_due : array_like, shape (n,)
        Of open cases: the as-of time less the deadline, in hours; below 0 before the deadline. At the deadline itself a
        case is due. NaN: the deadline is unknown.
    key : array_like, shape (n,), optional
        Cell, hazard or unit of each; None: all are one group, "all". A case without a key is in no group.
    days : sequence of float
        Upper ends of the classes, rising; an end belongs to its class.

    Returns
    -------
    DataFrame
        One row per key, sorted: key, not_due, to_1_days, to_3_days, to_7_days, to_30_days (for the days given), more,
        undecided; each case is in one of these.

    Raises
    ------
    HazardError
        ``lengths-differ``; ``ages-bad`` for classes that do not rise from above 0.
    """
    past = np.asarray(hours_past_due, dtype=float)
    ends = np.asarray(days, dtype=float)
    if not (np.isfinite(ends).all() and (np.diff(ends, prepend=0.0) > 0).all()):
        raise HazardError("ages-bad", "Classes of days past due must rise from above 0.")
    label = pd.Series("all", range(len(past)), dtype=object) if key is None else pd.Series(np.asarray(key))
    if past.ndim != 1 or len(label) != len(past):
        raise HazardError("lengths-differ", "Cases and their keys must have the same length.")
    names = [NOT_DUE, *(f"to_{end:g}_days" for end in ends), MORE, UNDECIDED]
    age = np.where(past < 0, 0, 1 + np.searchsorted(24 * ends, past, side="left"))
    age = np.where(np.isnan(past), len(names) - 1, age)
    codes, keys = pd.factorize(label, sort=True)
    known = codes >= 0
    counted = np.bincount(codes[known] * len(names) + age[known], minlength=len(keys) * len(names))
    table = pd.DataFrame(counted.reshape(len(keys), len(names)), columns=names)
    table.insert(0, "key", np.asarray(keys))
    return table
