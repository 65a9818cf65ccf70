"""Cells drawn anew within a period: which part of the period's events each of them could have.

Given when the events came, each of them falls into one of the cells that stood on its day, with the share of their
exposure. So a cell is expected to have its share of what came since it was drawn: counted by events and not by days,
for a cell drawn after the rain has missed most of the year. Such counts scatter less than binomial ones of the same
mean (Hoeffding 1956, Annals of Mathematical Statistics 27(3), 713-721), so a binomial upper tail errs to the safe side.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from base.text import NP_, Sentence

_FEWEST = 0.5  # events of a stretch: where none came, a cell of that time is not expected to have none for sure


class Drawn(NamedTuple):
    """The stretches of a period, between the days on which some of its cells begin."""

    first: NDArray[np.int64]  # shape (n,): the stretch with which each cell begins
    events: NDArray[np.int64]  # shape (k,): events of these cells in each stretch

    def part(self, weight: ArrayLike) -> NDArray[np.float64]:
        """Return the part of a period that each cell had, 1 for the whole; `weight`, shape (n,), is the exposure.

        Cells whose exposure is not known (NaN) take no share of the events.
        """
        standing = np.bincount(self.first, np.nan_to_num(weight), minlength=len(self.events)).cumsum()
        each = np.maximum(self.events, _FEWEST)  # of a stretch, by unit of exposure:
        each = np.divide(each, standing, out=np.zeros(len(each)), where=standing > 0)
        since = each[::-1].cumsum()[::-1]
        if not since[0]:
            return np.ones(len(self.first))
        part: NDArray[np.float64] = since[self.first] / since[0]
        return part


def remark(part: NDArray[np.float64]) -> Sentence | None:
    """Return that some cells had a part of the period only; None where all had the whole."""
    n = int((part < 1).sum())
    return Sentence(_REMARK, {"n": n}) if n else None


_REMARK = NP_(
    "One cell was drawn anew within the period: it is expected to have its share of what came since then. What came "
    "there before is counted for no cell.",
    "{n} cells were drawn anew within the period: they are expected to have their share of what came since then. What "
    "came there before is counted for no cell.",
)
