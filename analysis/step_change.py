"""The rate after a day over that before it, by a Poisson regression with rain, season and trend.

For a work that touched the whole area there is no cell to compare with: then the trend and the season of the area's own
record must say what would have come (an interrupted time series). A straight trend and a season that is the same every
year are assumed here, which the comparison with controls (`analysis.evaluation`) does not need; with controls among the
rows the model has a level for each cell, and what came to all of them after that day.

The variance of the counts is the mean times a dispersion, taken from Pearson's chi-square and never below 1
(quasi-Poisson). It is learnt from single periods, so good and bad years of a cell's own are missed: with one cell
treated its intervals cover too seldom (`bench/evaluation.py`), and no verdict is built on them.

References
----------
Lopez Bernal, Cummins & Gasparrini (2017), International Journal of Epidemiology 46(1), 348-355. McCullagh & Nelder
(1989), Generalized Linear Models, section 6.2 (quasi-likelihood).
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.checked import check_exposure, check_whole
from base.errors import HazardError

POISSON, QUASI = "poisson", "quasi"


@dataclass(frozen=True)
class Step:
    """The rate ratio of the step with its interval and p; by how much the variance exceeds that of Poisson counts."""

    rate_ratio: float
    low: float
    high: float
    p: float
    dispersion: float
    rows: int


def step_change(rows: pd.DataFrame, *, variance: str = QUASI, confidence: float = 0.95) -> Step:
    """Return the rate ratio of the step in a Poisson regression of the counts.

    Parameters
    ----------
    rows : DataFrame
        One row a period, or a cell and period: count (whole numbers), exposure (wet days, mm, persons; above zero),
        step (1 where the work could act, else 0). Further columns are terms of the model where they are there and vary:
        time (a number: the trend, linear on the log scale), season (a category: month or quarter), cell (a category),
        after (1 after the day for controls too, else 0; left out where it is the step itself).
    variance : str
        `QUASI`, or `POISSON` for a dispersion of 1.
    confidence : float
        Of the interval, which is symmetric on the log scale (Wald); by Student's t where the dispersion is estimated.

    Raises
    ------
    HazardError
        ``counts-not-whole``; ``exposure-bad``; ``confidence-bad``; ``step-untold`` where the step cannot be told from
        the other terms, or has no report on one side.
    """
    import statsmodels.api as sm  # here, for it takes a second to load and few ask

    count, exposure = rows["count"].to_numpy(float), rows["exposure"].to_numpy(float)
    check_whole(count)
    check_exposure(~(np.isfinite(exposure) & (exposure > 0)))
    if not 0 < confidence < 1:
        raise HazardError("confidence-bad", "A confidence lies between 0 and 1, not at {c}.", c=confidence)
    step = rows["step"].to_numpy(float)
    terms = [np.ones(len(rows)), step]
    for name in ("time", "after"):
        if name in rows:
            value = rows[name].to_numpy(float)
            if np.ptp(value) > 0 and not np.array_equal(value, step):
                terms.append(value - value.mean() if name == "time" else value)
    for name in ("season", "cell"):
        if name in rows:
            terms.extend(pd.get_dummies(rows[name], drop_first=True, dtype=float).to_numpy().T)
    design = np.column_stack(terms)
    sides = [count[step == side].sum() for side in (0, 1)]
    if not all(sides) or np.linalg.matrix_rank(design) < design.shape[1] or len(rows) <= design.shape[1]:
        raise HazardError(
            "step-untold",
            "Season, trend and the work cannot be told apart in {n} periods with {before} reports before and {after} "
            "after: a longer record is needed.",
            n=len(rows), before=int(sides[0]), after=int(sides[1]),
        )  # fmt: skip
    model = sm.GLM(count, design, family=sm.families.Poisson(), offset=np.log(exposure))
    with warnings.catch_warnings():  # a cell or season without any report has a level of minus infinity: no harm here
        warnings.simplefilter("ignore")
        fit = model.fit(maxiter=100)
        dispersion = max(1.0, float(fit.pearson_chi2 / fit.df_resid)) if variance == QUASI else 1.0
        fit = model.fit(maxiter=100, scale=dispersion, use_t=variance == QUASI)
    low, high = np.exp(fit.conf_int(1 - confidence)[1])
    return Step(float(np.exp(fit.params[1])), float(low), float(high), float(fit.pvalues[1]), dispersion, len(rows))
