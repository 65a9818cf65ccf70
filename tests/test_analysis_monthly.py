"""The newest months do not fall: a figure is settled when nothing that is still to come can change it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.monthly import month_trend
from base.errors import HazardError

NAN = float("nan")
DAY = 24.0


def seen_at(as_of, reported, hours):
    """The histogram by month of report that a day sees, of cases and the hours they take."""
    reported, hours = pd.Series(reported), np.asarray(hours, float)
    known = (reported <= as_of).to_numpy()
    open_for = ((as_of - reported) / pd.Timedelta(hours=1)).to_numpy(float)
    frame = pd.DataFrame(
        {
            "key": reported.dt.strftime("%Y-%m").to_numpy(),
            "minutes": np.rint(np.minimum(hours, open_for) * 60),
            "resolved": hours <= open_for,
            "n": 1,
        }
    )
    return frame[known].reset_index(drop=True)


def hours_since(months, as_of):
    """Hours from the end of each month to `as_of`: for so long its cases were followed at least."""
    ends = {month: pd.Timestamp(f"{month}-01") + pd.offsets.MonthBegin() for month in months}
    return {month: (as_of - end) / pd.Timedelta(hours=1) for month, end in ends.items()}


def trend_at(as_of, reported, hours, limit=None):
    histogram = seen_at(as_of, reported, hours)
    return month_trend(histogram, followed_hours=hours_since(histogram["key"].unique(), as_of), limit_hours=limit)


def test_months_by_hand():
    # As of 15 April, 00:00. January: 1, 2, 3 days. March: on the 1st one of 5 days and one that is open for 45 days, on
    # the 31st one open for 15 days. April: one of 1 day, one open for 4. February has no case.
    as_of = pd.Timestamp("2026-04-15")
    reported = pd.to_datetime(["2026-01-05"] * 3 + ["2026-03-01"] * 2 + ["2026-03-31", "2026-04-01", "2026-04-11"])
    hours = DAY * np.array([1, 2, 3, 5, 400, 400, 1, 400])
    table = trend_at(as_of, reported, hours, limit=10 * DAY)
    assert table["month"].tolist() == ["2026-01", "2026-02", "2026-03", "2026-04"]
    assert table["n"].tolist() == [3, 0, 3, 2]
    assert table["open"].tolist() == [0, 0, 2, 1]
    # April: its curve is at one half from 1 day on, known until 4 days; none of it is settled.
    assert table["median_hours"].tolist() == pytest.approx([2 * DAY, NAN, NAN, 2.5 * DAY], nan_ok=True)
    assert table["median_settled"].tolist() == [True, False, False, False]
    assert table["at_least_hours"].tolist() == pytest.approx([NAN, NAN, 14 * DAY - 1 / 60, 0], nan_ok=True)
    # March was followed for 14 days at least, longer than the limit: a third, forever.
    assert table["within"].tolist() == pytest.approx([1, NAN, 1 / 3, NAN], nan_ok=True)
    assert table["within_settled"].tolist() == [True, False, True, False]


def test_a_month_is_settled_when_its_last_case_was_followed_for_the_limit():
    reported, hours = pd.to_datetime(["2026-03-01 00:00", "2026-03-31 23:59"]), [2, 2]
    for as_of, settled in (("2026-04-02 23:59", False), ("2026-04-03 00:01", True)):
        table = trend_at(pd.Timestamp(as_of), reported, hours, limit=48)
        assert table["within_settled"].tolist() == [settled]


def test_a_median_beyond_what_all_were_followed_for_is_not_settled():
    # As of 11 April, ten days after March. 5 of 11 cases took 5 days; of the other six four are from 1 March and took
    # 15, two are from the 31st and open. The curve says 15 days; it can still become another one.
    reported = pd.to_datetime(["2026-03-01"] * 6 + ["2026-03-31"] * 5)
    hours = DAY * np.array([5, 5, 15, 15, 15, 15, 5, 5, 5, 30, 30])
    row = trend_at(pd.Timestamp("2026-04-11"), reported, hours).iloc[0]
    assert row["median_hours"] == 15 * DAY
    assert not row["median_settled"]
    assert row["at_least_hours"] == pytest.approx(10 * DAY - 1 / 60)


def test_without_a_limit_there_is_no_share_within_it():
    table = trend_at(pd.Timestamp("2026-06-01"), pd.to_datetime(["2026-03-01"]), [2])
    assert table["within"].isna().all()
    assert table["within_settled"].tolist() == [False]
    assert table["median_settled"].tolist() == [True]


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 120 * 48), st.integers(0, 40 * 48)), min_size=1, max_size=60),
    st.integers(30, 130),
    st.integers(1, 60),
    st.integers(1, 20),
)
def test_a_settled_figure_stays_what_it_is(rows, day, more, limit_days):
    # In half hours from 1 January: when reported, and how long it takes. Seen on a day, and some days later.
    reported = pd.Timestamp("2026-01-01") + pd.to_timedelta([30 * row[0] for row in rows], unit="min")
    hours = [row[1] / 2 for row in rows]
    first = pd.Timestamp("2026-01-01") + pd.Timedelta(days=day)
    if not (reported <= first).any():
        return
    before, after = (trend_at(first + pd.Timedelta(days=d), reported, hours, limit_days * DAY) for d in (0, more))
    before, after = before.set_index("month"), after.set_index("month")
    after = after.loc[before.index]
    for figure, settled in (("median_hours", "median_settled"), ("within", "within_settled")):
        fixed = before[settled] & (before["n"] > 0)
        assert after.loc[fixed, settled].all()
        assert after.loc[fixed, figure].to_numpy() == pytest.approx(before.loc[fixed, figure].to_numpy())
    waiting = before["at_least_hours"].notna() & after["median_settled"]
    assert (after.loc[waiting, "median_hours"] >= before.loc[waiting, "at_least_hours"] - 1e-9).all()


def test_no_month_at_all_is_an_empty_table_and_a_month_unknown_is_refused():
    empty = seen_at(pd.Timestamp("2020-01-01"), pd.to_datetime(["2026-01-01"]), [1])
    assert len(month_trend(empty, followed_hours={}, limit_hours=5)) == 0
    with pytest.raises(HazardError, match="2026-01") as refused:
        month_trend(pd.DataFrame({"key": ["2026-01"], "minutes": [1], "resolved": [True], "n": [1]}), followed_hours={})
    assert refused.value.code == "month-unknown"
