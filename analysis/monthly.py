"""The trend of resolution times by month of report, without the fall at the end that unfinished months make.

The average of closed cases always falls at the end: of the newest months only the quick cases are closed. Censoring the
open ones takes most of this away, not all: a share within a limit for which hardly any case was followed yet stands on
the few first days of the month. So a figure counts as *settled* only when nothing that is still to come can change it
(late imports and reopened cases apart). The share within a limit is, once the last case of the month has been followed
for the limit; the median, once more than half of the cases were resolved within the time for which every one was
followed. A fixed time of waiting, say half of the limit, would draw figures that change, and withhold some that do not.

A month that is not settled is marked, not drawn as a fall: of its median it is told below what it cannot be. To draw
the settled ones alone would not be fair either: of two new months the quick one is settled first.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.resolution import summarize
from base.errors import HazardError

_MINUTE = 1 / 60  # histograms are in whole minutes
_SAME = 1e-6


def month_trend(
    histogram: pd.DataFrame, *, followed_hours: Mapping[str, float], limit_hours: float | None = None
) -> pd.DataFrame:
    """Return the median and the share within a limit of each month of report, and whether they are settled.

    Parameters
    ----------
    histogram : DataFrame
        As in `analysis.resolution.summarize`, with months ("YYYY-MM") as keys; open cases are those open at the as-of
        time.
    followed_hours : mapping of month to float
        How long every case of the month was followed at least, by the clock of the histogram. For each month that
        occurs.
    limit_hours : float, optional
        By which cases should be resolved.

    Returns
    -------
    DataFrame
        One row per month, earliest first, months between without a case too: month, n, open, median_hours, low, high,
        within, within_low, within_high (as `summarize` says; NaN without a limit), median_settled, within_settled, and
        at_least_hours: where the median is not settled what it cannot be below, 0 at the least (else NaN).

    Raises
    ------
    HazardError
        ``month-unknown`` for a month without its hours; what `summarize` raises.
    """
    present = pd.unique(histogram["key"])
    if missing := sorted(str(month) for month in present if month not in followed_hours):
        raise HazardError("month-unknown", "It is not said how long month {month} was followed.", month=missing[0])
    months = [str(m) for m in pd.period_range(min(present), max(present), freq="M")] if len(present) else []
    followed = {month: max(followed_hours[month] - _MINUTE, 0.0) for month in present}
    table = summarize(histogram, limit_hours=limit_hours)
    if limit_hours is None:
        table = table.assign(within=np.nan, within_low=np.nan, within_high=np.nan)
    surely = summarize(histogram, limit_hours=followed)["within"].to_numpy(float)
    span = table["key"].map(followed).to_numpy(float)
    settled = (surely > 0.5 + _SAME) & (span > 0)
    longer = np.where(surely < 0.5 - _SAME, span, span / 2)  # at one half the median is the midpoint of a flat
    table = table.assign(
        median_settled=settled,
        within_settled=(span > 0) & (span >= (np.inf if limit_hours is None else limit_hours)),
        at_least_hours=np.where(settled, np.nan, longer),
    )
    table = table.rename(columns={"key": "month"}).astype({"month": object}).set_index("month").reindex(months)
    for name, kind in (("n", np.int64), ("open", np.int64), ("median_settled", bool), ("within_settled", bool)):
        table[name] = table[name].astype(object).where(table[name].notna(), 0).astype(kind)
    return table.reset_index()
