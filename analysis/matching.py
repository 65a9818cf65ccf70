"""Which untouched cells are like the place of a work: those with the nearest level before it.

A cell next to the work, or downstream of it, may have less water for it; one where something else was built had an
effect of its own. Such cells are named by the caller and take no part. Of the rest those are taken whose reports per
wet day, over the time given, are nearest to the place's on the log scale; levels on few reports are first drawn
towards that of all cells (`analysis.rates.empirical_bayes`).

**Over which time?** Where a time led to the choice, over that one. It is left out of the comparison itself, so a cell
that is taken because chance gave it many reports there has no advantage afterwards. To match over the time that is
then compared would choose cells for their luck in it: they fall back to their level afterwards, and a work looks bad.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.checked import check_exposure, check_whole, same_cells
from analysis.rates import empirical_bayes
from base.errors import HazardError

MOST, LEAST = 8, 3
FAR = 2.0  # times as high or as low as the place: no match any more

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Matches:
    """The cells to compare with, and why; arrays of shape (n,) in the order of the cells given.

    ``controls`` and ``others`` (all that may be compared, the controls among them) go to `estimate_effect`. ``level``
    is reports per wet day, drawn in; ``distance`` how many times as high or low as the place's (1: the same; NaN for
    the place and for cells that take no part). ``far`` controls are more than `FAR` times away, ``few`` says that fewer
    than `LEAST` were found.
    """

    controls: Bools
    others: Bools
    level: Floats
    distance: Floats
    place: float
    far: int
    few: bool


def matched(
    counts: ArrayLike,
    wet: ArrayLike,
    treated: ArrayLike,
    *,
    excluded: ArrayLike = (),
    chosen: ArrayLike | None = None,
    most: int = MOST,
) -> Matches:
    """Return the untouched cells whose level is nearest to that of the place.

    Parameters
    ----------
    counts : array_like of whole numbers, shape (n,)
        Reports of each cell over the time to match on.
    wet : array_like, shape (n,)
        Wet days of each cell in it. A cell without any takes no part.
    treated : array_like of bool, shape (n,)
        The cells of the work; their level is that of all of them together.
    excluded : array_like of int
        Positions of cells that may not be compared: adjacent, downstream, or touched by other works.
    chosen : array_like of int, optional
        Positions of the controls, where the user has chosen them: these, whatever their level.
    most : int
        At most so many controls.

    Raises
    ------
    HazardError
        ``lengths-differ``; ``counts-not-whole``; ``exposure-bad``; ``no-treated-cell``; ``most-bad``; ``no-control`` if
        none is left; ``control-excluded`` if a chosen one may not be compared.
    """
    observed, days = same_cells(counts, wet)
    touched = np.asarray(treated, dtype=bool)
    if touched.shape != observed.shape:
        raise HazardError("lengths-differ", "Counts and exposure must be given for the same cells.")
    check_whole(observed)
    check_exposure(~(np.isfinite(days) & (days >= 0)))
    if not touched.any():
        raise HazardError("no-treated-cell", "The work has no cell: give it a place first.")
    if most < 1:
        raise HazardError("most-bad", "At least one cell to compare with must be asked for, not {most}.", most=most)
    others = ~touched & (days > 0)
    others[np.asarray(excluded, dtype=np.int64)] = False
    if not others.any():
        raise HazardError("no-control", "No cell is left to compare with: exclude fewer.")
    known = others | (touched & (days > 0))
    level = np.full(len(observed), np.nan)
    level[known] = empirical_bayes(observed[known], days[known])
    inside = touched & known
    place = float(np.average(level[inside], weights=days[inside])) if inside.any() else float(np.nanmean(level))
    least = max(0.01 * float(np.nanmean(level)), 1e-12)  # so that a cell without any report is far, not beyond reach
    away = np.abs(np.log(np.maximum(level, least) / max(place, least)))
    away[~others] = np.nan
    controls = np.zeros(len(observed), dtype=bool)
    if chosen is None:
        raw = np.abs(
            np.divide(observed, days, out=np.zeros(len(days)), where=days > 0) - place
        )  # of cells drawn in alike
        controls[np.lexsort((raw, away))[: min(most, int(others.sum()))]] = True
    else:
        controls[np.asarray(chosen, dtype=np.int64)] = True
    if (controls & ~others).any():
        raise HazardError(
            "control-excluded",
            "{n} of the cells chosen to compare with belong to the work, touch it, or have no wet day: take them out.",
            n=int((controls & ~others).sum()),
        )
    if not controls.any():
        raise HazardError("no-control", "No cell is left to compare with: exclude fewer.")
    distance: Floats = np.exp(away)
    far = int((distance[controls] > FAR).sum())
    return Matches(controls, others, level, distance, place, far, bool(controls.sum() < LEAST))
