"""Groups against all others: R's log-rank values, an exact permutation count, and no false name too often."""

import json
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.statistics import logrank_test

from analysis import comparing
from analysis.comparing import CHI2, FEW, PERMUTED, QUICKER, SLOWER, compare_groups, holm
from base.errors import HazardError


def cases(key, minutes, resolved=True, n=1):
    return pd.DataFrame({"key": key, "minutes": minutes, "resolved": resolved, "n": n})


def test_the_chi_squares_are_those_published_for_two_groups():
    # R's survdiff, as lifelines tests against it: 0.254237, and 0.384615 with one open case in each group.
    group, time = [1, 1, 1, 0, 0, 0], [10, 20, 30, 10, 20, 50]
    for resolved, chi2 in (([1] * 6, 0.254237), ([1, 0, 1, 1, 0, 1], 0.384615)):
        table = compare_groups(cases(group, time, np.array(resolved, bool)), seed=1)
        assert table["chi2"].tolist() == pytest.approx([chi2, chi2], abs=5e-7)
        assert table["basis"].tolist() == [FEW, FEW]  # three events are no comparison
        assert table[["p", "p_holm"]].isna().all(axis=None)


def test_the_reference_results_hold(shared_data):
    text = (shared_data / "reference_results" / "expected.json").read_text(encoding="utf-8")
    for entry in json.loads(text)["logrank"]:
        table = compare_groups(cases(entry["group"], entry["time"], np.array(entry["event"], bool)), seed=1)
        assert table["chi2"].tolist() == pytest.approx([entry["chisq"]] * 2, abs=5e-7)


def test_remission_times_by_hand_and_by_the_book():
    # Freireich et al. (1963); chi-square 16.79 and expected 19.25 and 10.75 in Kleinbaum & Klein (2012), ch. 2.
    six_mp = [*(6, 6, 6, 7, 10, 13, 16, 22, 23), *(6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)]
    placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    rows = cases(["6-MP"] * 21 + ["placebo"] * 21, six_mp + placebo, [True] * 9 + [False] * 12 + [True] * 21)
    table = compare_groups(rows, seed=1)
    assert table["chi2"].tolist() == pytest.approx([16.79, 16.79], abs=5e-3)
    assert table["expected"].tolist() == pytest.approx([19.25, 10.75], abs=5e-3)
    assert table["verdict"].tolist() == [SLOWER, QUICKER]
    assert table["basis"].tolist() == [PERMUTED, PERMUTED]
    assert table["p_holm"].tolist() == table["p"].tolist()  # two groups are one comparison


rows_of_groups = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 12), st.booleans(), st.integers(0, 3)), min_size=2, max_size=40
).filter(lambda rows: len({row[0] for row in rows}) > 1)


@settings(max_examples=60)
@given(rows_of_groups)
def test_each_group_against_all_others_is_the_log_rank_test_of_lifelines(rows):
    histogram = cases(*zip(*rows, strict=True))
    for row in compare_groups(histogram, seed=1).itertuples():
        mine = np.repeat(histogram["key"] == row.key, histogram["n"])
        each = histogram.loc[histogram.index.repeat(histogram["n"])]
        a, b = each[mine.to_numpy()], each[~mine.to_numpy()]
        if np.isnan(row.chi2):  # no time at which some of both are open and one is resolved
            assert row.basis == FEW
            continue
        oracle = logrank_test(a["minutes"], b["minutes"], a["resolved"], b["resolved"])  # lifelines 0.30.3
        assert row.chi2 == pytest.approx(oracle.test_statistic, rel=1e-6, abs=1e-9)


@settings(max_examples=15)
@given(rows_of_groups, st.randoms())
def test_neither_the_order_of_rows_nor_an_hour_more_for_all_changes_a_group(rows, random):
    histogram = cases(*zip(*rows, strict=True))
    later = histogram.assign(minutes=histogram["minutes"] + 60.5).sample(frac=1, random_state=random.randint(0, 99))
    one, other = (compare_groups(table, seed=1).sort_values("key", ignore_index=True) for table in (histogram, later))
    pd.testing.assert_frame_equal(one, other)


def test_random_groups_give_the_chance_that_counting_all_groups_gives(monkeypatch):
    # 4 of 8 cases: 70 groups, each counted by lifelines' statistic.
    monkeypatch.setattr(comparing, "_DRAWS", 20_000)
    monkeypatch.setattr(comparing, "LEAST", 3)
    time, closed = np.array([1, 2, 3, 5, 4, 3, 6, 7]), np.arange(8) != 3
    histogram = cases(np.repeat(["a", "b"], 4), time, closed)
    row = compare_groups(histogram, seed=1).iloc[0]

    def statistic(members):
        mine = np.isin(np.arange(8), members)
        return logrank_test(time[mine], time[~mine], closed[mine], closed[~mine]).test_statistic

    own = statistic(range(4))
    exact = np.mean([statistic(members) >= own - 1e-9 for members in combinations(range(8), 4)])
    assert row["basis"] == PERMUTED
    assert row["p"] == pytest.approx(exact, abs=4 * (exact / 20_000) ** 0.5)


def test_of_two_groups_the_large_one_has_the_chance_of_the_small_one():
    chance = np.random.default_rng(2)
    minutes = chance.integers(1, 500, 320) * np.where(np.arange(320) < 20, 2, 1)
    table = compare_groups(cases(np.where(np.arange(320) < 20, "few", "many"), minutes), seed=1)
    assert table["basis"].tolist() == [PERMUTED, PERMUTED]
    assert table["p"].nunique() == 1
    assert table["p"][0] < 0.001


def test_a_slow_group_is_named_and_small_ones_are_not_compared():
    chance = np.random.default_rng(3)
    key = np.repeat(["a", "b", "c", "d", "e"], [400, 300, 40, 40, 4])
    minutes = chance.exponential(600, len(key)) * np.select([key == "b", key == "c"], [3, 6], 1)
    follow = chance.uniform(0, 9000, len(key))
    histogram = cases(key, np.minimum(minutes, follow).round(), minutes <= follow)
    table = compare_groups(histogram, seed=1).set_index("key")
    assert table["basis"].to_dict() == {"a": CHI2, "b": CHI2, "c": PERMUTED, "d": PERMUTED, "e": FEW}
    assert table["verdict"].to_dict() == {"a": QUICKER, "b": SLOWER, "c": SLOWER, "d": QUICKER, "e": ""}
    assert table["n"].sum() == len(key)
    assert table["expected"].sum() == pytest.approx(table["resolved"].sum())
    pd.testing.assert_frame_equal(compare_groups(histogram, seed=1).set_index("key"), table)  # one seed, one answer


def test_groups_that_do_not_differ_are_named_on_few_tables():
    # 20 groups of 15 cases on average, of which each third was followed for four days only; 5% of 60 tables are 3.
    chance, named = np.random.default_rng(1), 0
    for seed in range(60):
        key = np.repeat(np.arange(20), chance.integers(6, 25, 20))
        minutes = chance.lognormal(8, 1.5, len(key))
        follow = chance.uniform(0, np.where(key % 3 == 0, 4, 180) * 24 * 60)
        histogram = cases(key, np.minimum(minutes, follow).round(), minutes <= follow)
        named += (compare_groups(histogram, seed=seed)["verdict"] != "").any()
    assert named <= 7  # 1% of such tests would see more at 5%


def test_where_nobody_is_resolved_nothing_is_compared():
    table = compare_groups(cases(["a", "b"] * 30, range(60), resolved=False), seed=1)
    assert table["basis"].tolist() == [FEW, FEW]
    assert table["verdict"].tolist() == ["", ""]


def test_holm_by_hand():
    # 0.01 * 4; 0.02 * 3; 0.03 * 2 stays at 0.06; 0.5 * 1. What was not tested takes no part.
    nan = float("nan")
    assert holm([0.03, nan, 0.01, 0.5, 0.02]) == pytest.approx([0.06, nan, 0.04, 0.5, 0.06], nan_ok=True)
    assert holm([0.021, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])  # 0.021 * 1 is not below the one before
    assert len(holm([])) == 0


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"key": ["a", "a"]}, "one-group"),
        ({"minutes": [1, -1]}, "duration-bad"),
        ({"n": [1, 0.5]}, "weight-bad"),
        ({"n": [1, -1]}, "weight-bad"),
    ],
)
def test_what_cannot_be_compared_is_refused(changed, code):
    with pytest.raises(HazardError) as refused:
        compare_groups(cases(["a", "b"], [1, 2]).assign(**changed), seed=1)
    assert refused.value.code == code
    with pytest.raises(HazardError, match="level"):
        compare_groups(cases(["a", "b"], [1, 2]), seed=1, level=1)
