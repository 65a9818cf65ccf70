"""Rain events and days: cut by hand on a few readings."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.rain import daily, events_of, mean_days, mean_readings
from base.errors import HazardError

NAN = float("nan")


def hourly(mm, start="2025-06-01 00:00"):
    return pd.date_range(start, periods=len(mm), freq="h", tz="UTC"), np.ones(len(mm)), np.array(mm, dtype=float)


def test_events_are_cut_by_six_dry_hours():
    # by hand: 2 + 3, five dry hours, 1: one event; then six dry hours: another one
    mm = [0] * 6 + [2, 3, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4] + [0] * 6
    found = events_of(*hourly(mm), dry_hours=6, least_mm=1)
    assert found["depth_mm"].tolist() == [6, 4]
    assert found["peak_mm"].tolist() == [3, 4]
    assert found["begin"].dt.hour.tolist() == [6, 20]
    assert found["end"].dt.hour.tolist() == [14, 21]
    assert found["whole"].tolist() == [True, True]


def test_small_rain_is_left_out_and_does_not_join_others():
    mm = [0] * 6 + [5] + [0] * 6 + [0.5] + [0] * 6 + [7] + [0] * 6
    assert events_of(*hourly(mm), dry_hours=6, least_mm=1)["depth_mm"].tolist() == [5, 7]
    assert events_of(*hourly(mm), dry_hours=6, least_mm=0)["depth_mm"].tolist() == [5, 0.5, 7]


def test_a_dry_day_cuts_readings_of_a_day():
    begin = pd.date_range("2025-06-01", periods=7, freq="D", tz="Asia/Shanghai").tz_convert("UTC")
    found = events_of(begin, np.full(7, 24.0), [0, 10, 20, 0, 5, 0, 0], dry_hours=6, least_mm=1)
    assert found["depth_mm"].tolist() == [30, 5]
    assert found["peak_mm"].tolist() == [20, 5]


@pytest.mark.parametrize(("at", "whole"), [(0, False), (7, False), (13, False), (14, True)])
def test_rain_beside_hours_that_nobody_knows_is_not_whole(at, whole):
    # rain in hours 6 and 7: the dry hours before and after are 0-5 and 8-13
    mm = [0.0] * 6 + [4, 5] + [0.0] * 20
    begin, hours, depth = hourly(mm)
    depth[at] = NAN
    missing = events_of(begin, hours, depth, dry_hours=6, least_mm=1)
    absent = events_of(np.delete(begin, at), np.delete(hours, at), np.delete(depth, at), dry_hours=6, least_mm=1)
    assert missing["whole"].tolist() == absent["whole"].tolist() == [whole]


def test_rain_at_the_ends_of_the_record_is_not_whole():
    found = events_of(*hourly([3] + [0] * 12 + [3]), dry_hours=6, least_mm=1)
    assert found["whole"].tolist() == [False, False]


def test_summer_time_is_no_gap():
    begin = pd.date_range("2025-10-20", periods=20, freq="D", tz="America/New_York").tz_convert("UTC")
    mm = np.zeros(20)
    mm[[11, 13]] = 12, 15  # clocks go back on 2 November
    assert events_of(begin, np.full(20, 24.0), mm, dry_hours=6, least_mm=1)["whole"].tolist() == [True, True]


@given(st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.5, 2.0, NAN]), min_size=1, max_size=80), st.integers(1, 12))
def test_no_rain_is_lost_and_dry_hours_part_events(mm, dry):
    begin, hours, depth = hourly(mm)
    found = events_of(begin, hours, depth, dry_hours=dry, least_mm=0)
    assert found["depth_mm"].sum() == pytest.approx(np.nansum(depth))
    assert (found["begin"].to_numpy()[1:] - found["end"].to_numpy()[:-1] >= np.timedelta64(dry, "h")).all()
    assert (found["peak_mm"] <= found["depth_mm"]).all()
    order = np.random.default_rng(1).permutation(len(mm))
    pd.testing.assert_frame_equal(found, events_of(begin[order], hours, depth[order], dry_hours=dry, least_mm=0))


def test_nothing_read_is_no_event_and_no_day():
    assert not len(events_of([], [], [], dry_hours=6, least_mm=1))
    assert not len(daily([], [], [], "Asia/Shanghai"))


def test_bad_readings_are_refused():
    begin, hours, _ = hourly([1, 2])
    with pytest.raises(HazardError, match="below zero"):
        events_of(begin, hours, [1, -2], dry_hours=6, least_mm=1)
    with pytest.raises(HazardError, match="same length"):
        daily(begin, hours, [1], "UTC")


def test_days_are_local_and_a_missing_hour_is_no_dry_one():
    # 16:00 UTC is midnight in Shanghai
    begin, hours, mm = hourly([1] * 8 + [2] * 24, "2025-06-01 08:00")
    mm[20] = NAN
    found = daily(begin, hours, mm, "Asia/Shanghai")
    assert found["day"].dt.strftime("%m-%d").tolist() == ["06-01", "06-02"]
    assert found["mm"].tolist() == [8, 46]
    assert found["known"].tolist() == pytest.approx([8 / 24, 23 / 24])


@pytest.mark.parametrize(("start", "day"), [("20:00", "06-02"), ("08:00", "06-01"), ("00:00", "06-01")])
def test_a_days_reading_stands_on_the_day_of_its_middle(start, day):
    begin = pd.DatetimeIndex([pd.Timestamp(f"2025-06-01 {start}", tz="Asia/Shanghai")]).tz_convert("UTC")
    found = daily(begin, [24.0], [30.0], "Asia/Shanghai")
    assert (found["day"].dt.strftime("%m-%d")[0], found["mm"][0], found["known"][0]) == (day, 30, 1)


def test_days_between_readings_are_there_and_not_known():
    begin = pd.DatetimeIndex(["2025-06-01", "2025-06-04"], tz="UTC")
    found = daily(begin, [24.0, 24.0], [5.0, 0.0], "UTC")
    assert found["known"].tolist() == [1, 0, 0, 1]
    assert found["mm"].isna().tolist() == [False, True, True, False]


def test_the_mean_of_gauges_is_of_those_that_know():
    begin = pd.date_range("2025-06-01", periods=3, freq="D", tz="UTC")
    one = daily(begin, [24.0] * 3, [10, NAN, 30], "UTC")
    two = daily(begin[:2], [24.0] * 2, [20, 40], "UTC")
    both = mean_days([one, two])
    assert both["mm"].tolist() == [15, 40, 30]
    assert both["known"].tolist() == [1, 1, 1]


def test_readings_of_several_gauges_are_one_by_their_mean():
    begin = hourly([0, 0])[0]
    at = pd.DatetimeIndex([*begin, *(begin + pd.Timedelta(minutes=5))])
    found, aside = mean_readings(["A", "A", "B", "B"], at, [1.0] * 4, [2, NAN, 4, 6])
    assert (found["mm"].tolist(), found["hours"].tolist(), aside) == ([3, 6], [1, 1], [])


def test_readings_of_minutes_make_an_hour_only_where_none_is_missing():
    begin = pd.date_range("2025-06-01", periods=12, freq="10min", tz="UTC")
    mm = [1.0] * 8 + [NAN] + [1.0] * 3
    found, _ = mean_readings(["A"] * 12, begin, [1 / 6] * 12, mm)
    assert found["hours"].tolist() == [1, 1]
    assert found["mm"][0] == 6
    assert np.isnan(found["mm"][1])


def test_a_short_record_of_hours_does_not_replace_a_long_one_of_days():
    days = pd.date_range("2024-01-01", periods=300, freq="D", tz="UTC")
    hours = pd.date_range("2024-10-01", periods=48, freq="h", tz="UTC")
    begin, length = pd.DatetimeIndex([*days, *hours]), [24.0] * 300 + [1.0] * 48
    found, aside = mean_readings(["D"] * 300 + ["H"] * 48, begin, length, [1.0] * 348)
    assert (len(found), aside) == (300, ["H"])
    found, aside = mean_readings(["D"] * 20 + ["H"] * 48 * 6, pd.DatetimeIndex(
        [*days[:3], *days[3:20], *pd.date_range("2024-01-01", periods=288, freq="h", tz="UTC")]
    ), [24.0] * 20 + [1.0] * 288, [1.0] * 308)  # fmt: skip
    assert (len(found), aside) == (288, ["D"])
