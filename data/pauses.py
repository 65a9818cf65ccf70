"""Times on hold (挂账): the intervals in which the clocks of cases stand still."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEVER = np.iinfo(np.int64).max  # after all other moments

Moments = NDArray[np.int64]


@dataclass(frozen=True)
class Pauses:
    """Times on hold (挂账), several a case: shape (m,) each, in any order; those of one case may overlap.

    `case` is the position of the case, `end` is NEVER where the hold has not ended. One that ends before it begins
    is none.
    """

    case: NDArray[np.intp]
    start: Moments
    end: Moments

    @classmethod
    def of_cases(cls, paused: Moments, resumed: Moments, closed: Moments) -> "Pauses | None":
        """Return one hold a case, of times that are NEVER where there is none; None without any.

        One that nobody ended, ended with its case: who closes a case does not take it off hold first.
        """
        held = np.flatnonzero(paused != NEVER)
        ends = np.where(resumed[held] == NEVER, closed[held], resumed[held])
        return cls(held, paused[held], ends) if len(held) else None

    def apart(self) -> "Pauses":
        """Return the pauses sorted by case and start, overlaps told once."""
        order = np.lexsort((self.start, self.case))
        case, start, end = self.case[order], self.start[order], self.end[order]
        # The latest end so far within a case: ends as ranks, so that a case's own stretch of numbers stays small
        values, rank = np.unique(end, return_inverse=True)
        _, group = np.unique(case, return_inverse=True)
        latest = values[np.maximum.accumulate(group * len(values) + rank) % max(len(values), 1)]
        first = np.ones(len(case), dtype=bool)
        first[1:] = case[1:] != case[:-1]
        start = np.where(first, start, np.maximum(start, np.roll(latest, 1)))
        kept = start < end
        return Pauses(case[kept], start[kept], end[kept])
