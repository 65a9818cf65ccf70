"""Whole months, seen from the time the data knows up to."""

import datetime as dt

import pandas as pd
import pytest

from reports.periods import last_months


@pytest.mark.parametrize(
    ("as_of", "months", "start", "end"),
    [
        # By hand. The last day of a month closes it; any other day leaves its month out.
        ("2026-09-30 18:00", 12, "2025-10-01", "2026-10-01"),
        ("2016-01-12 09:00", 12, "2015-01-01", "2016-01-01"),
        ("2024-02-29 00:00", 1, "2024-02-01", "2024-03-01"),
        ("2024-02-28 23:59", 1, "2024-01-01", "2024-02-01"),
        ("2025-01-01 00:00", 3, "2024-10-01", "2025-01-01"),
    ],
)
def test_a_month_under_way_is_left_out(as_of, months, start, end):
    found = last_months(pd.Timestamp(as_of, tz="Asia/Shanghai"), months)
    assert found == (dt.date.fromisoformat(start), dt.date.fromisoformat(end))
