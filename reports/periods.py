"""Periods of whole months, seen from the time the data knows up to; the periods a change is measured against."""

import datetime as dt

import pandas as pd


def last_months(as_of: dt.datetime, months: int) -> tuple[dt.date, dt.date]:
    """Return the last `months` whole months known at `as_of`, as half-open days [start, end).

    A month counts as whole on its last day: a month under way would be compared with a full one and look like a fall.
    """
    day = pd.Timestamp(as_of).tz_localize(None).normalize()
    end = (day + pd.Timedelta(days=1)).replace(day=1)
    start = end - pd.DateOffset(months=months)
    return start.date(), end.date()


def year_before(start: dt.date, end: dt.date) -> tuple[dt.date, dt.date]:
    """Return the same days of the year before (29 February becomes 28)."""
    back = pd.DateOffset(years=1)
    return (pd.Timestamp(start) - back).date(), (pd.Timestamp(end) - back).date()


def just_before(start: dt.date, end: dt.date) -> tuple[dt.date, dt.date]:
    """Return the period of the same length that ends where this one begins; whole months before whole months."""
    if start.day == 1 and end.day == 1:
        months = (end.year - start.year) * 12 + end.month - start.month
        return (pd.Timestamp(start) - pd.DateOffset(months=months)).date(), start
    return start - (end - start), start
