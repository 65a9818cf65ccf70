"""The rain of a workspace as other answers need it: days with their depth, and how far it is known.

A wet day has `wet_day_mm` or more. The usual 10 mm is where 中雨 begins (moderate rain, 24 hours: GB/T 28592-2012), and
the threshold of the index R10mm of the World Meteorological Organization's expert team on climate indices.
"""

import datetime as dt

import pandas as pd

from analysis import rain
from data.dataset import Dataset
from data.schema import Scope

_MOST_HELD = 8


def rain_days(dataset: Dataset, scope: Scope) -> pd.DataFrame:
    """Return the rain of each local day, the mean of all gauges that know it; no row where no rain is loaded.

    Of the scope only ``as_of`` counts: what fell after it is not known. The answer is held and shared: never changed.

    Returns
    -------
    DataFrame
        day (datetime64, at midnight in the workspace's zone; each from the first with a reading to the last), mm (NaN:
        not known), known (share of the day), in order.
    """
    return dataset.hold("rain_days", scope.as_of, lambda: _rain_days(dataset, scope), most=_MOST_HELD)


def last_known(dataset: Dataset, scope: Scope) -> dt.date | None:
    """Return the last day of which the rain is known, None where there is none."""
    days = rain_days(dataset, scope)
    known = days.loc[days["known"] >= rain.KNOWN, "day"]
    return known.iloc[-1].date() if len(known) else None


def wet_day_mm(dataset: Dataset) -> float:
    """Return from how many mm on a day is wet."""
    return float(dataset.settings["wet_day_mm"])


def readings(dataset: Dataset, scope: Scope) -> pd.DataFrame:
    """Return the readings that are known at the scope's time, as `Dataset.rainfall` gives them."""
    rows = dataset.rainfall()
    if scope.as_of is not None:
        ends = rows["begin"] + pd.to_timedelta(rows["hours"], unit="h")
        rows = rows[ends <= pd.Timestamp(scope.as_of)]
    return rows


def _rain_days(dataset: Dataset, scope: Scope) -> pd.DataFrame:
    rows = readings(dataset, scope)
    gauges = [
        rain.daily(one["begin"], one["hours"], one["mm"], dataset.zone)
        for _, one in rows.groupby("station", sort=True, observed=True)
    ]
    return rain.mean_days(gauges) if gauges else rain.daily([], [], [], dataset.zone)
