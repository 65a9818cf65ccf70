"""Periods of whole months, seen from the time the data knows up to."""

import datetime as dt

import pandas as pd

YEARS = range(1900, 2101)  # in which days are asked for


def last_months(as_of: dt.datetime, months: int) -> tuple[dt.date, dt.date]:
    """Return the last `months` whole months known at `as_of`, as half-open days [start, end).

    A month counts as whole on its last day: a month under way would be compared with a full one and look like a fall.
    """
    day = pd.Timestamp(as_of).tz_localize(None).normalize()
    end = (day + pd.Timedelta(days=1)).replace(day=1)
    start = end - pd.DateOffset(months=months)
    return start.date(), end.date()
