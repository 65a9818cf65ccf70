"""Means to a horizon, quantiles and shares by a limit: by hand, by lifelines, and the same for a group as alone."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.utils import qth_survival_times, restricted_mean_survival_time
from scipy.stats import binomtest

from analysis import resolution
from analysis.resolution import share_in_time, summarize
from analysis.survival import kaplan_meier
from base.errors import HazardError

NAN = float("nan")
# Freireich et al. (1963): weeks in remission, 6-MP arm (12 censored) and placebo arm (none).
SIX_MP = [*(6, 6, 6, 7, 10, 13, 16, 22, 23), *(6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)]
REMITTED = [True] * 9 + [False] * 12
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]

cases = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=40)


def curve_of(rows):
    durations, resolved = zip(*rows, strict=True)
    return kaplan_meier(durations, resolved)


def estimate_of(rows, limit):
    durations, resolved = zip(*rows, strict=True)
    frame = pd.DataFrame({"minutes": np.array(durations) * 60, "resolved": resolved, "n": 1})
    return summarize(frame, limit_hours=limit).iloc[0]


# --- the mean up to a horizon -----------------------------------------------------------------------------------------


def test_the_area_under_a_curve_counted_by_hand():
    # Four cases: closed at 2, open at 3, closed at 5, open at 9. S: 3/4 from 2, 3/8 from 5. Up to 8: 2 + 3 * 3/4 + 3 *
    # 3/8 = 5.375. From 2 on 3.375, from 5 on 1.125: variance 3.375^2 / (4 * 3) + 1.125^2 / (2 * 1) = 1.58203125.
    mean, low, high = kaplan_meier([2, 3, 5, 9], [True, False, True, False]).restricted_mean(8)
    assert mean == 5.375
    assert (low, high) == pytest.approx((5.375 - 1.959964 * 1.58203125**0.5, 5.375 + 1.959964 * 1.58203125**0.5))


@settings(max_examples=40)
@given(cases, st.integers(1, 30))
def test_the_mean_up_to_a_horizon_is_that_of_lifelines_where_it_is_known(rows, horizon):
    durations, resolved = (np.array(column) for column in zip(*rows, strict=True))
    curve = curve_of(rows)
    mean, low, high = curve.restricted_mean(horizon)
    if durations.max() < horizon and curve.survival[-1] > 0:
        assert np.isnan([mean, low, high]).all()
        return
    oracle = KaplanMeierFitter().fit(durations, resolved)  # lifelines 0.30.3
    assert mean == pytest.approx(restricted_mean_survival_time(oracle, t=horizon))
    assert np.isnan(low) or 0 <= low <= mean <= high <= horizon


@given(st.lists(st.integers(1, 30), min_size=2, max_size=30), st.integers(1, 30))
def test_without_open_cases_it_is_the_mean_and_its_variance_that_of_a_mean(durations, horizon):
    # Then the area is the mean of min(time, horizon), and the variance is theirs over n.
    mean, _, high = kaplan_meier(durations, [True] * len(durations)).restricted_mean(horizon)
    cut = np.minimum(durations, horizon)
    assert mean == pytest.approx(cut.mean())
    if cut.var() > 0:
        assert high == pytest.approx(min(horizon, mean + 1.959964 * (cut.var() / len(cut)) ** 0.5))
    else:
        assert np.isnan(high)


@given(cases, st.integers(1, 30), st.integers(0, 40))
def test_one_more_open_case_never_lowers_the_mean(rows, horizon, open_for):
    before = curve_of(rows).restricted_mean(horizon)[0]
    after = curve_of([*rows, (open_for, False)]).restricted_mean(horizon)[0]
    assert np.isnan(before) or np.isnan(after) or after >= before - 1e-9


@pytest.mark.parametrize("horizon", [0, -1, NAN, float("inf")])
def test_a_horizon_that_is_none_is_refused(horizon):
    with pytest.raises(HazardError, match="horizon") as refused:
        kaplan_meier([1], [True]).restricted_mean(horizon)
    assert refused.value.code == "horizon-bad"


# --- quantiles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("q", [0.1, 0.25, 0.5, 0.75, 0.9])
def test_quantiles_and_their_limits_are_those_of_lifelines(q):
    for durations, resolved in ((SIX_MP, REMITTED), (PLACEBO, [True] * 21)):
        curve, oracle = kaplan_meier(durations, resolved), KaplanMeierFitter().fit(durations, resolved)
        known = oracle.confidence_interval_[oracle.survival_function_.to_numpy() > 0]  # at 0 R has none
        low, high = (float(qth_survival_times(1 - q, known[[name]])) for name in known)
        expected = np.array([float(qth_survival_times(1 - q, oracle.survival_function_)), low, high])
        expected[np.isinf(expected)] = np.nan  # not reached
        found = [curve.quantile(q), *curve.interval(q)]
        flat = int(np.isclose(curve.survival, 1 - q).any())  # there R's rule is another one than that of lifelines
        assert found[flat:] == pytest.approx(expected[flat:], nan_ok=True)


def test_quantiles_of_two_groups_by_hand():
    # a: ten cases closed after 1, 2, ... 10 h; the curve is 1/4 nowhere, 1/2 from 5 to 6, 1/10 from 9 to 10.
    # b: one of four closed, after 1 h: 3/4 from there to the last that is known, 9 h.
    rows = [("a", 60 * h, True) for h in range(1, 11)] + [("b", 60, True), *[("b", 540, False)] * 3]
    table = summarize(
        pd.DataFrame(rows, columns=["key", "minutes", "resolved"]).assign(n=1), quantiles=(0.25, 0.5, 0.9)
    )
    assert list(table)[3:] == [
        "p25_hours", "p25_low", "p25_high", "median_hours", "low", "high", "p90_hours", "p90_low", "p90_high",
    ]  # fmt: skip
    assert table["p25_hours"].tolist() == [3, 5]
    assert table["median_hours"].tolist() == pytest.approx([5.5, NAN], nan_ok=True)
    assert table["p90_hours"].tolist() == pytest.approx([9.5, NAN], nan_ok=True)
    assert table["p90_high"].isna().all()


@given(cases)
def test_quantiles_rise(rows):
    durations, resolved = zip(*rows, strict=True)
    frame = pd.DataFrame({"minutes": durations, "resolved": resolved, "n": 1})
    row = summarize(frame, quantiles=(0.25, 0.5, 0.75, 0.9)).iloc[0]
    found = [row["p25_hours"], row["median_hours"], row["p75_hours"], row["p90_hours"]]
    assert all(np.isnan(b) or a <= b for a, b in pairwise(found))


def test_a_quantile_that_is_none_is_refused():
    with pytest.raises(HazardError) as refused:
        summarize(pd.DataFrame({"minutes": [1], "resolved": [True], "n": [1]}), quantiles=(0.5, 1))
    assert refused.value.code == "quantile-bad"


# --- the share resolved by a limit ------------------------------------------------------------------------------------


def test_the_share_by_a_limit_is_one_minus_the_curve_with_its_limits_of_lifelines():
    oracle = KaplanMeierFitter().fit(SIX_MP, REMITTED)
    for limit in (6, 8, 16, 30):
        row = estimate_of(list(zip(SIX_MP, REMITTED, strict=True)), limit)
        low, high = oracle.confidence_interval_.loc[:limit].iloc[-1]
        expected = (1 - oracle.predict(limit), 1 - high, 1 - low)
        assert (row["within"], row["within_low"], row["within_high"]) == pytest.approx(expected)


def test_where_none_or_all_are_resolved_by_the_limit_wilsons_limits_stand():
    # None by 4 h; five were followed so long (one left at 3 h, one was open at 4 h itself). All five: closed by 9 h.
    none = estimate_of([(3, False), (4, False), (5, True), (6, True), (9, True), (9, True)], 4)
    wilson = binomtest(0, 5).proportion_ci(method="wilson")
    assert (none["within"], none["within_low"]) == (0, 0)
    assert none["within_high"] == pytest.approx(wilson.high)
    done = estimate_of([(5, True), (6, True), (9, True), (3, False)], 9)
    assert (done["within"], done["within_high"]) == (1, 1)
    assert done["within_low"] == pytest.approx(binomtest(3, 3).proportion_ci(method="wilson").low)


def test_a_limit_that_no_case_was_followed_for_tells_nothing_and_each_group_has_its_own():
    frame = pd.DataFrame(
        {"key": list("aabbcc"), "minutes": [60, 120] * 3, "resolved": [True, False] * 3, "n": [1, 3] * 3}
    )
    table = summarize(frame, limit_hours={"a": 1, "b": 3})
    assert table["within"].tolist() == pytest.approx([0.25, NAN, NAN], nan_ok=True)
    assert table[["within_low", "within_high"]].iloc[1:].isna().all(axis=None)
    with pytest.raises(HazardError) as refused:
        summarize(frame, limit_hours={"a": -1})
    assert refused.value.code == "limit-bad"


@given(cases, st.integers(0, 30), st.integers(0, 40))
def test_one_more_open_case_never_raises_the_estimate_nor_its_limits(rows, limit, open_for):
    before, after = estimate_of(rows, limit), estimate_of([*rows, (open_for, False)], limit)
    if not (np.isnan(before["within"]) or np.isnan(after["within"])):
        assert after["within"] <= before["within"] + 1e-12
        if 0 < before["within"] < 1 and 0 < after["within"] < 1:
            assert after["within_low"] <= before["within_low"] + 1e-9


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.booleans()), max_size=30), st.booleans())
def test_one_more_open_case_never_raises_the_share_in_time(rows, is_due):
    # (hours, closed, due): in time are those closed and due that took at most 8 h; an open case is due or not yet.
    due, in_time = sum(row[2] for row in rows), sum(row[1] and row[2] and row[0] <= 8 for row in rows)
    before, after = share_in_time(due, in_time), share_in_time(due + is_due, in_time)
    if due:
        assert after.share <= before.share
        assert after.low <= before.low


@given(cases, st.integers(0, 30))
def test_without_open_cases_the_estimate_is_the_share_counted(rows, limit):
    row = estimate_of([(duration, True) for duration, _ in rows], limit)
    assert row["within"] == pytest.approx(np.mean([duration <= limit for duration, _ in rows]))
    assert 0 <= row["within_low"] <= row["within"] + 1e-12
    assert row["within"] <= row["within_high"] + 1e-12 <= 1 + 1e-9


# --- side by side -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows_a_step", [1, 400, 1 << 19])
def test_each_of_many_groups_has_the_estimates_that_it_has_alone(monkeypatch, rows_a_step):
    monkeypatch.setattr(resolution, "_ROWS_A_STEP", rows_a_step)
    chance = np.random.default_rng(rows_a_step)
    group = np.repeat(np.arange(200), chance.choice([1, 2, 5, 20, 90], 200))
    n = chance.integers(0, 3, len(group)) * (group % 9 > 0)  # of each ninth group nothing but empty rows
    minutes = chance.integers(0, chance.choice([3, 90, 9000], 200)[group])
    frame = pd.DataFrame({"key": group, "minutes": minutes, "resolved": chance.random(len(group)) < 0.8, "n": n})
    limits = {key: float(chance.integers(0, 20)) for key in range(150)}
    asked = {"quantiles": (0.25, 0.5, 0.9), "horizon_hours": 24}
    table = summarize(frame.sample(frac=1, random_state=1), limit_hours=limits, **asked).sort_values("key")
    for key, rows in frame.groupby("key"):
        limit = {"limit_hours": limits.get(key, NAN)}
        pd.testing.assert_frame_equal(
            table[table["key"] == key].reset_index(drop=True), summarize(rows, **limit, **asked)
        )
    assert table.loc[table["key"] % 9 == 0, "mean_hours"].isna().all()
