"""Open cases are censored, never dropped; curves, medians and limits are those of R and lifelines."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.utils import median_survival_times
from scipy.stats import binomtest

from analysis import resolution
from analysis.resolution import kaplan_meier, share_in_time, summarize
from base.errors import HazardError

# Freireich et al. (1963): weeks in remission, 6-MP arm (12 censored) and placebo arm (none).
SIX_MP = [*(6, 6, 6, 7, 10, 13, 16, 22, 23), *(6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)]
REMITTED = [True] * 9 + [False] * 12
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]

cases = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=40)


def curve_of(rows):
    durations, resolved = zip(*rows, strict=True)
    return kaplan_meier(durations, resolved)


def test_remission_times_give_the_published_curve():
    # S(t) as tabulated in Kleinbaum & Klein (2012), ch. 2.
    curve = kaplan_meier(SIX_MP, REMITTED)
    times = [6, 7, 10, 13, 16, 22, 23]
    assert curve.at(times) == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=6e-4)
    assert [curve.at_risk[list(curve.times).index(t)] for t in times] == [21, 17, 15, 12, 11, 7, 6]
    assert curve.quantile(0.5) == 23


def test_medians_and_log_log_limits_are_those_of_lifelines():
    # lifelines 0.30.3; the upper limit of the 6-MP arm is not reached (lifelines says inf).
    for durations, resolved in ((SIX_MP, REMITTED), (PLACEBO, [True] * 21)):
        curve = kaplan_meier(durations, resolved)
        oracle = KaplanMeierFitter().fit(durations, resolved)
        low, high = median_survival_times(oracle.confidence_interval_).to_numpy()[0]
        assert curve.quantile(0.5) == oracle.median_survival_time_
        assert curve.interval(0.5) == pytest.approx((low, np.nan if np.isinf(high) else high), nan_ok=True)


@given(cases)
def test_survival_limits_and_cases_at_risk_are_those_of_lifelines(rows):
    durations, resolved = (np.array(column) for column in zip(*rows, strict=True))
    curve = kaplan_meier(durations, resolved)
    oracle = KaplanMeierFitter().fit(durations, resolved)
    assert curve.survival == pytest.approx(oracle.survival_function_at_times(curve.times).to_numpy(), abs=1e-12)
    assert curve.at_risk == pytest.approx(oracle.event_table["at_risk"].reindex(curve.times).to_numpy())
    inside = (curve.survival > 0) & (curve.survival < 1)
    limits = oracle.confidence_interval_.reindex(curve.times).to_numpy()[inside]
    assert np.column_stack([curve.low, curve.high])[inside] == pytest.approx(limits, abs=1e-9)
    assert np.isnan(curve.low[~inside]).all()


def test_r_reference_results_hold(shared_data):
    folder = shared_data / "reference_results"
    first, second = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["kaplan_meier"]
    rows = pd.read_csv(folder / "km_test1.csv").dropna()
    curve = kaplan_meier(rows["time"], rows["status"] == 1)
    assert curve.at([float(t) for t in first["S"]]) == pytest.approx(list(first["S"].values()))
    risk = dict(zip(curve.times, curve.at_risk, strict=True))
    assert {t: risk[float(t)] for t in first["n_risk"]} == first["n_risk"]
    # time and status as the entry's own text gives them
    curve = kaplan_meier([9, 1, 1, 6, 6, 8, 10], [True, True, False, True, True, False, False])
    levels = [13 / 14, 6 / 7, 2 / 3, 0.5, 9 / 35, 0.1]
    expected = [np.nan if t is None else t for t in second["quantile_at_S"].values()]
    assert [curve.quantile(1 - level) for level in levels] == pytest.approx(expected, nan_ok=True)


def test_a_flat_at_exactly_one_half_gives_its_midpoint():
    # R's rule, by hand: two cases at 2 and 10 h; the curve is 1/2 from 2 to 10.
    assert kaplan_meier([2, 10], [True, True]).quantile(0.5) == 6
    # The flat ends with an open case: up to the last time that is known.
    assert kaplan_meier([2, 8], [True, False]).quantile(0.5) == 5


def test_a_median_that_is_not_reached_is_no_number():
    curve = kaplan_meier([1, 5, 5, 5], [True, False, False, False])
    assert np.isnan(curve.quantile(0.5))
    assert np.isnan(curve.interval(0.5)[1])


def test_beyond_the_last_open_case_the_share_is_unknown_and_beyond_the_last_closing_it_is_zero():
    assert kaplan_meier([1, 5], [True, False]).at([0.5, 1, 5, 6]) == pytest.approx([1, 0.5, 0.5, np.nan], nan_ok=True)
    assert kaplan_meier([1, 5], [True, True]).at([6]) == 0


def test_no_case_at_all_gives_an_empty_curve():
    curve = kaplan_meier([], [])
    assert len(curve.times) == 0
    assert np.isnan([curve.quantile(0.5), *curve.interval(0.5), *curve.at([1.0])]).all()


@given(cases)
def test_a_histogram_gives_the_curve_of_its_cases(rows):
    counted = pd.Series(rows).value_counts()
    durations, resolved = zip(*counted.index, strict=True)
    one, other = curve_of(rows), kaplan_meier(durations, resolved, weights=counted.to_numpy())
    assert other.survival == pytest.approx(one.survival)
    assert other.interval(0.5) == pytest.approx(one.interval(0.5), nan_ok=True)


@given(cases, st.integers(0, 40))
def test_one_more_open_case_never_lowers_the_median(rows, open_for):
    before, after = curve_of(rows).quantile(0.5), curve_of([*rows, (open_for, False)]).quantile(0.5)
    assert np.isnan(after) or after >= before


@given(cases)
def test_the_limits_hold_the_curve_and_the_median_between_them(rows):
    curve = curve_of(rows)
    known = ~np.isnan(curve.low)
    assert (curve.low[known] <= curve.survival[known]).all()
    assert (curve.survival[known] <= curve.high[known]).all()
    low, high = curve.interval(0.5)
    median = curve.quantile(0.5)
    assert not low > median
    assert not high < median


@pytest.mark.parametrize(
    ("durations", "resolved", "weights", "code"),
    [
        ([1, -1], [True, True], None, "duration-bad"),
        ([1, np.nan], [True, True], None, "duration-bad"),
        ([1, 2], [True], None, "lengths-differ"),
        ([1, 2], [True, True], [1, -1], "weight-bad"),
    ],
)
def test_durations_that_cannot_be_are_refused(durations, resolved, weights, code):
    with pytest.raises(HazardError) as refused:
        kaplan_meier(durations, resolved, weights=weights)
    assert refused.value.code == code


def test_groups_are_summarized_in_their_order_with_open_cases_counted():
    histogram = pd.DataFrame(
        {
            "key": ["b", "a", "b", "b"],
            "minutes": [60, 120, 180, 600],
            "resolved": [True, False, True, False],
            "n": [2, 5, 3, 1],
        }
    )
    table = summarize(histogram)
    assert table["key"].tolist() == ["b", "a"]
    assert table["n"].tolist() == [6, 5]
    assert table["open"].tolist() == [1, 5]
    # b by hand: S = 4/6 after 1 h, 1/6 after 3 h.
    assert table["median_hours"].tolist() == pytest.approx([3, np.nan], nan_ok=True)


def test_without_a_key_all_cases_are_one_group_and_no_case_is_no_row():
    histogram = pd.DataFrame({"minutes": [60, 120], "resolved": [True, True], "n": [1, 2]})
    assert summarize(histogram)[["key", "n"]].to_numpy().tolist() == [["all", 3]]
    assert len(summarize(histogram.iloc[:0])) == 0


def many_groups(seed):
    """A histogram of 300 groups, small and large, with ties and weights (also 0), all open or none; one has no key."""
    chance = np.random.default_rng(seed)
    parts = []
    for group in range(300):
        n = int(chance.choice([1, 2, 3, 4, 6, 12, 200]))
        rows = {
            "key": f"k{group}" if group != 3 else None,
            "minutes": chance.integers(0, chance.choice([2, 5, 30, 9000]), n),
            "resolved": chance.random(n) < chance.choice([0, 0.5, 0.9, 1]),
            "n": chance.integers(0 if group % 7 == 0 else 1, 4, n),
        }
        parts.append(pd.DataFrame(rows))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("rows_a_step", [1, 500, 1 << 19])
def test_each_of_many_groups_has_the_median_and_limits_that_it_has_alone(monkeypatch, rows_a_step):
    monkeypatch.setattr(resolution, "_ROWS_A_STEP", rows_a_step)
    histogram = many_groups(rows_a_step).sample(frac=1, random_state=1)
    table = summarize(histogram)
    assert table["key"].fillna("").tolist() == histogram["key"].fillna("").drop_duplicates().tolist()
    for row in table.itertuples():
        group = histogram[histogram["key"].isna() if pd.isna(row.key) else histogram["key"] == row.key]
        alone = kaplan_meier(group["minutes"] / 60, group["resolved"], weights=group["n"])
        expected = (alone.quantile(0.5), *alone.interval(0.5))
        assert (row.median_hours, row.low, row.high) == pytest.approx(expected, rel=0, abs=1e-12, nan_ok=True)
        assert (row.n, row.open) == (group["n"].sum(), group["n"][~group["resolved"]].sum())


def test_the_kind_of_the_keys_and_the_order_of_the_rows_change_no_group():
    histogram = many_groups(7)
    expected = summarize(histogram)
    categories = histogram.astype({"key": "category"})
    pd.testing.assert_frame_equal(summarize(categories), expected)
    mixed = summarize(categories.sample(frac=1, random_state=2)).sort_values("key", ignore_index=True)
    pd.testing.assert_frame_equal(mixed, expected.sort_values("key", ignore_index=True))


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))))
def test_the_share_in_time_has_wilsons_limits(case):
    due, in_time = case
    oracle = binomtest(in_time, due).proportion_ci(method="wilson")  # scipy 1.17
    assert share_in_time(due, in_time) == pytest.approx((in_time / due, oracle.low, oracle.high), abs=1e-9)


def test_the_shares_of_many_groups_are_those_of_each():
    due, in_time = np.array([0, 3, 3, 3, 400]), np.array([0, 0, 2, 3, 399])
    together = np.array(share_in_time(due, in_time)).T
    each = [share_in_time(*pair) for pair in zip(due, in_time, strict=True)]
    assert together == pytest.approx(np.array(each), rel=1e-15, nan_ok=True)
    with pytest.raises(HazardError, match="4 of 3 cases"):
        share_in_time([5, 3, 2], [5, 4, 9])


def test_where_nothing_was_due_there_is_no_share():
    assert np.isnan(share_in_time(0, 0)).all()


def test_more_in_time_than_due_is_refused():
    with pytest.raises(HazardError) as refused:
        share_in_time(3, 4)
    assert refused.value.code == "share-bad"
