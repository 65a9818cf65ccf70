"""Since when a cell stands out: the run of months up to now whose evidence is strongest.

That a cell stands out is claimed elsewhere, over a period that somebody chose. A leader asks since when. So the cell's
months are walked back from the newest one, and of all runs of months that end there the one is taken in which the
events say most clearly that they are more than expected. Kulldorff's space-time scan looks at cylinders: a circle times
a run of days that reaches up to now. This is the side of it along time, with the cell given; evidence is its
log-likelihood ratio, that of a Poisson count.

The strongest run nearly always begins a little after the first month known, for a month without an event there only
weakens it. That is no beginning. So where all months together hold clearly more than expected, and no run says it
clearly better, the answer is the first month: then or earlier.

It is a description and no claim: among many runs the strongest is chosen, so no chance of it is given, and where the
rate rose slowly the month is one of several that would do as well.

References
----------
Kulldorff (2001), JRSS A 164(1), 61-72 (prospective space-time scan).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.checked import check_exposed, check_exposure, check_whole
from base.errors import HazardError

NOT = -1
CLEARLY = 2.0  # more evidence: about the 95% limit of a log-likelihood ratio with one number free (1.92)


def find_onset(counts: ArrayLike, expected: ArrayLike) -> NDArray[np.int64]:
    """Return for each cell the month from which on it stands out, `NOT` where it does not.

    With O events in the months from s to the last one, and E expected there, the evidence of s is
    ``O log(O / E) - (O - E)`` where O is more than E, else 0. The answer is the s with most of it; of equals the latest
    one. But the first month known, if its evidence is more than `CLEARLY` and at most so much below the most.

    Parameters
    ----------
    counts : array_like of whole numbers, shape (n cells, T months)
        Months one after another without a gap, the newest last.
    expected : array_like, shape (n cells, T months)
        What each month would have brought the cell: its share of the exposure times the month's events everywhere, so
        that a wet month alone is no beginning. A month that is missing (NaN, in either) and those before it are not
        known and in no run.

    Returns
    -------
    ndarray of int64, shape (n,)
        Positions of months. `NOT` where no run up to the newest month holds more events than expected.

    Raises
    ------
    HazardError
        ``lengths-differ``; ``counts-not-whole``; ``exposure-bad`` for a negative or infinite expected number;
        ``incidents-without-exposure`` for events where none can be.
    """
    events, base = np.asarray(counts, dtype=float), np.asarray(expected, dtype=float)
    if events.shape != base.shape or events.ndim != 2:
        raise HazardError("lengths-differ", "Counts and exposure must be given for the same cells.")
    known = ~(np.isnan(events) | np.isnan(base))
    check_whole(events[known])
    check_exposure((base[known] < 0) | np.isinf(base[known]))
    check_exposed(events[known], base[known])
    n, months = events.shape
    if not months:
        return np.full(n, NOT, dtype=np.int64)
    known = np.logical_and.accumulate(known[:, ::-1], axis=1)  # by the length of the run, from the newest month back
    seen, due = (np.cumsum(np.where(known, values[:, ::-1], 0.0), axis=1) for values in (events, base))
    more = known & (seen > due)
    ratio = np.divide(seen, due, out=np.ones(seen.shape), where=more)
    evidence = np.where(more, seen * np.log(ratio) - (seen - due), 0.0)
    most, back = evidence.max(axis=1), evidence.argmax(axis=1)  # the first of equals: the latest month
    longest = np.maximum(known.sum(axis=1) - 1, 0)
    whole = evidence[np.arange(n), longest]
    back = np.where((whole > CLEARLY) & (whole >= most - CLEARLY), longest, back)
    return np.where(most > 0, months - 1 - back, NOT).astype(np.int64)
