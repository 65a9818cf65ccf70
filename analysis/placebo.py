"""The same estimate where and when nothing was built: what chance and the method alone make of it.

Beside the effect of a work stand those of *placebo cells* (each untouched cell in turn plays the place, with its own
matched controls, at the true date) and of *placebo dates* (the place itself, at dates before the choice, when nothing
had been built). If many of them look like the effect, the effect is nothing special, whatever its interval says. They
make no claim of their own: of twenty placebos one has an interval that leaves out 1 by chance.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from analysis.evaluation import AFTER, BEFORE, CHOICE, WORKS, Effect, estimate_effect, verdict
from analysis.matching import MOST, matched
from base.errors import HazardError

MOST_CELLS, MOST_DATES = 20, 5
LEAST_WET = 10.0
_UNTOLD = {"controls-silent", "no-control", "no-wet-day-before", "no-wet-day-after"}  # of a placebo: no row
_COLUMNS = ("rate_ratio", "low", "high", "p", "reports_before", "reports_after", "verdict")


def placebo_cells(
    counts: ArrayLike,
    wet: ArrayLike,
    phase: ArrayLike,
    *,
    others: ArrayLike,
    distance: ArrayLike | None = None,
    year: ArrayLike | None = None,
    most_cells: int = MOST_CELLS,
    most_controls: int = MOST,
) -> pd.DataFrame:
    """Return the effects of works that were never built, one row for each untouched cell.

    Parameters
    ----------
    counts, wet, phase, year
        As in `analysis.evaluation.estimate_effect`.
    others : array_like of bool, shape (n,)
        The cells where nothing was built and that the work cannot touch.
    distance : array_like, shape (n,), optional
        As `Matches.distance`: cells that are nearer to the true place come first.
    most_cells : int
        At most so many placebos.
    most_controls : int
        Controls of each, as in `analysis.matching.matched`; matched over the time of the choice, or before it.

    Returns
    -------
    DataFrame
        cell (position), rate_ratio, low, high, p, reports_before, reports_after, verdict. Cells of which nothing can be
        told (no report of their controls, no wet day) are left out; no row at all where only one cell is untouched.
    """
    observed, time = np.asarray(counts, dtype=float), np.asarray(phase, dtype=str)
    rain = np.broadcast_to(np.asarray(wet, dtype=float), observed.shape)
    free = np.asarray(others, dtype=bool)
    order = np.flatnonzero(free)
    if distance is not None:
        order = order[np.argsort(np.asarray(distance, dtype=float)[order], kind="stable")]
    on = time == (CHOICE if (time == CHOICE).any() else BEFORE)
    excluded = np.flatnonzero(~free)
    rows = []
    for cell in order[:most_cells].tolist():
        place = np.arange(len(observed)) == cell
        try:
            match = matched(
                observed[:, on].sum(axis=1), rain[:, on].sum(axis=1), place, excluded=excluded, most=most_controls
            )
            effect = estimate_effect(
                observed, rain, place, time, controls=match.controls, others=match.others, year=year
            )
        except HazardError as refused:
            if refused.code not in _UNTOLD:
                raise
            continue
        rows.append({"cell": cell, **_row(effect)})
    return pd.DataFrame(rows, columns=["cell", *_COLUMNS])


def placebo_dates(
    counts: ArrayLike,
    wet: ArrayLike,
    treated: ArrayLike,
    phase: ArrayLike,
    *,
    controls: ArrayLike,
    others: ArrayLike | None = None,
    year: ArrayLike | None = None,
    most_dates: int = MOST_DATES,
    least_wet: float = LEAST_WET,
) -> pd.DataFrame:
    """Return the effects of the work at dates on which it was not there yet, one row a date, in order of time.

    Only the periods before the choice are used. The dates are spread evenly over those that leave `least_wet` wet days
    on both sides; the time after each is as long as that after the work, or up to the end.

    Returns
    -------
    DataFrame
        period (position of the first one that counts as after), rate_ratio, low, high, p, reports_before,
        reports_after, verdict. No row where the time before is too short.
    """
    observed, time = np.asarray(counts, dtype=float), np.asarray(phase, dtype=str)
    rain = np.broadcast_to(np.asarray(wet, dtype=float), observed.shape)
    place = np.asarray(treated, dtype=bool)
    own = np.where(time == BEFORE, rain[place].mean(axis=0), 0.0)
    known = np.cumsum(own)
    starts = np.flatnonzero((time == BEFORE) & (known - own >= least_wet) & (known[-1] - known + own >= least_wet))
    if len(starts) > most_dates:
        starts = starts[np.linspace(0, len(starts) - 1, most_dates).round().astype(int)]
    length = int((time == AFTER).sum())
    position = np.arange(len(time))
    rows = []
    for start in starts.tolist():
        late = (position >= start) & (position < start + length)
        pretended = np.select([time != BEFORE, position < start, late], [WORKS, BEFORE, AFTER], WORKS)
        untouched = time != AFTER
        years = None if year is None else np.asarray(year)[untouched]
        try:
            effect = estimate_effect(
                observed[:, untouched], rain[:, untouched], place, pretended[untouched],
                controls=controls, others=others, year=years,
            )  # fmt: skip
        except HazardError as refused:
            if refused.code not in _UNTOLD:
                raise
            continue
        rows.append({"period": start, **_row(effect)})
    return pd.DataFrame(rows, columns=["period", *_COLUMNS])


def share_as_low(rate_ratio: float, placebos: pd.DataFrame) -> float:
    """Return the share of placebos, the true work among them, whose rate ratio is as low: (1 + those) / (1 + all)."""
    as_low = int((placebos["rate_ratio"] <= rate_ratio).sum())
    return (1 + as_low) / (1 + int(placebos["rate_ratio"].notna().sum()))


def _row(effect: Effect) -> dict[str, object]:
    told: dict[str, object] = {name: getattr(effect, name) for name in _COLUMNS if name != "verdict"}
    return told | {"verdict": verdict(effect)}
