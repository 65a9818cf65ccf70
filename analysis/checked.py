"""What must hold of counts and of what they stand on, before any method is asked: one sentence for each fault."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from base.errors import HazardError

Floats = NDArray[np.float64]


def same_cells(counts: ArrayLike, exposure: ArrayLike) -> tuple[Floats, Floats]:
    """Return counts and exposure as numbers; ``lengths-differ`` unless there is one of each for every cell."""
    observed, weight = np.asarray(counts, dtype=float), np.asarray(exposure, dtype=float)
    if observed.shape != weight.shape or observed.ndim != 1:
        raise HazardError("lengths-differ", "Counts and exposure must be given for the same cells.")
    return observed, weight


def check_whole(counts: Floats) -> None:
    """Raise ``counts-not-whole`` unless every count is a whole number from 0 up."""
    if not (np.isfinite(counts).all() and (counts >= 0).all() and (counts == np.floor(counts)).all()):
        raise HazardError("counts-not-whole", "Counts of events must be whole numbers from 0 up.")


def check_exposure(bad: NDArray[np.bool_]) -> None:
    """Raise ``exposure-bad`` with the number of cells whose exposure is `bad`; which is, the method knows."""
    if bad.any():
        raise HazardError(
            "exposure-bad", "The exposure is negative or missing in {n} cells: correct it, or leave it out.",
            n=int(bad.sum()),
        )  # fmt: skip


def check_exposed(counts: Floats, exposure: Floats) -> None:
    """Raise ``incidents-without-exposure`` if a cell holds events where the exposure is zero."""
    stray = (exposure == 0) & (counts > 0)
    if stray.any():
        raise HazardError(
            "incidents-without-exposure", "{n} cells hold events but no exposure: correct it, or choose another one.",
            n=int(stray.sum()),
        )  # fmt: skip


def counts_and_shares(counts: ArrayLike, exposure: ArrayLike) -> tuple[Floats, Floats]:
    """Return counts of two cells or more and their shares of the exposure, or refuse what cannot be tested.

    Parameters
    ----------
    counts : array_like of whole numbers, shape (n,)
    exposure : array_like, shape (n,)
        In any unit; a cell may have none if it has no events.

    Raises
    ------
    HazardError
        ``lengths-differ``; ``one-cell``; ``counts-not-whole``; ``exposure-bad`` for a negative, missing or infinite
        exposure; ``exposure-zero`` if there is none at all; ``incidents-without-exposure`` for events where it is zero.
    """
    observed, weight = same_cells(counts, exposure)
    if len(observed) < 2:
        raise HazardError("one-cell", "Cells are compared with each other: at least two are needed.")
    check_whole(observed)
    check_exposure(~(np.isfinite(weight) & (weight >= 0)))
    if not weight.any():
        raise HazardError("exposure-zero", "The exposure is zero in all cells: choose another one.")
    check_exposed(observed, weight)
    scaled = weight / weight.max()  # first, so that huge numbers do not overflow their sum
    return observed, scaled / scaled.sum()
