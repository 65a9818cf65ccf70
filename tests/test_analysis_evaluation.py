"""Did a work help: published and hand-counted ratios, statsmodels beside, properties, and a small simulation."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import before_after
from analysis.before_after import SPREADS, Chance, cut_blocks, over_grid, two_way, weigh_spreads
from analysis.evaluation import (
    AFTER,
    BEFORE,
    CHOICE,
    HELPED,
    NO_SIGN,
    SHRUNK,
    TOO_EARLY,
    WORKS,
    WORSE,
    detectable,
    estimate_effect,
    phases,
    verdict,
)
from base.errors import HazardError
from bench import evaluation as bench

HALF = [BEFORE] * 2 + [AFTER] * 2
FIRST = [True, False, False, False]
REST = [False, True, True, True]


def cells(*rows):
    return np.array(rows)


def effect_of(counts, wet=(10, 10, 10, 10), phase=HALF, treated=FIRST, **options):
    return estimate_effect(counts, wet, treated, phase, **{"controls": REST, **options})


COUNTS = cells([20, 20, 10, 10], [9, 11, 12, 8], [10, 10, 11, 9], [12, 8, 9, 11])


def plain(before, after, ratio):
    one = np.ones(1)
    return Chance(before * one, ratio * one, 0 * one, one)


def test_a_halving_by_hand():
    # 40 reports become 20 while the controls stay at 60: (20 / 40) / (60 / 60) = 0.5.
    effect = effect_of(COUNTS)
    assert effect.rate_ratio == pytest.approx(0.5)
    assert (effect.reports_before, effect.reports_after, effect.expected) == (40, 20, pytest.approx(40))
    assert (effect.controls, effect.controls_before, effect.controls_after) == (3, 60, 60)
    assert (effect.wet_days_before, effect.wet_days_after) == (20, 20)
    assert effect.low < 0.5 < effect.high
    assert effect_of(COUNTS, phase=[False, False, True, True]).high == effect.high


def test_what_the_controls_gained_is_not_the_works():
    # The controls double from 30 to 60 reports: 40 before would be 80 after, and are 40: 0.5.
    counts = cells([20, 20, 20, 20], [5, 5, 10, 10], [5, 5, 10, 10], [5, 5, 10, 10])
    assert effect_of(counts).rate_ratio == pytest.approx(0.5)


def test_a_place_with_its_own_gauge_is_held_against_its_own_rain():
    # Each period brings the controls 1 report per wet day. The place had 5 wet days where they had 10.
    counts = cells([10, 10, 10, 10], [10, 10, 10, 10], [20, 20, 20, 20])
    wet = cells([10, 10, 5, 5], [10] * 4, [10] * 4)
    effect = estimate_effect(counts, wet, [True, False, False], HALF, controls=[False, True, True])
    assert effect.rate_ratio == pytest.approx(2.0)
    assert (effect.wet_days_before, effect.wet_days_after) == (20, 10)


def test_without_anything_beyond_chance_the_tail_is_binomial_and_the_interval_mid_p():
    # Given 30 reports in all and no effect, half of them are expected after: scipy's binomial distribution.
    chance = plain(20.0, 10, 1.0)
    exact = scipy.stats.binom(30, 0.5)
    assert chance.reached(10, 1.0) == pytest.approx(exact.sf(10) + exact.pmf(10) / 2)
    assert chance.p(10) == pytest.approx(2 * (exact.cdf(10) - exact.pmf(10) / 2))
    low, high = chance.interval(10, 0.95)
    for limit, tail in ((low, 0.025), (high, 0.975)):
        share = scipy.stats.binom(30, limit / (1 + limit))
        assert share.sf(10) + share.pmf(10) / 2 == pytest.approx(tail)


def test_levels_of_cells_and_periods_are_those_of_a_poisson_regression():
    chance = np.random.default_rng(1)
    wet = chance.integers(1, 9, (4, 6)).astype(float)
    counts = chance.poisson(2 * wet)
    level, period = two_way(counts.astype(float), wet)
    cell, time = (part.ravel() for part in np.meshgrid(np.arange(4), np.arange(6), indexing="ij"))
    design = np.column_stack([cell[:, None] == np.arange(4), time[:, None] == np.arange(1, 6)]).astype(float)
    fit = sm.GLM(counts.ravel(), design, family=sm.families.Poisson(), offset=np.log(wet.ravel())).fit()  # 0.15.0
    assert (level[:, None] * period * wet).ravel() == pytest.approx(fit.fittedvalues, rel=1e-6)


def test_the_ratio_is_that_of_the_regression_with_cells_and_periods():
    chance = np.random.default_rng(2)
    wet = chance.integers(1, 9, (4, 4)).astype(float)
    wet[0] = wet[1] = wet[2] = wet[3]
    counts = 1 + chance.poisson(3 * wet)
    cell, time = (part.ravel() for part in np.meshgrid(np.arange(4), np.arange(4), indexing="ij"))
    step = ((cell == 0) & (time >= 2)).astype(float)
    design = np.column_stack([step, cell[:, None] == np.arange(4), time[:, None] == np.arange(1, 4)]).astype(float)
    fit = sm.GLM(counts.ravel(), design, family=sm.families.Poisson(), offset=np.log(wet.ravel())).fit()
    assert effect_of(counts, wet).rate_ratio == pytest.approx(np.exp(fit.params[0]), rel=1e-6)


table = st.lists(st.lists(st.integers(1, 30), min_size=4, max_size=4), min_size=4, max_size=4).map(np.array)


@settings(max_examples=20, deadline=None)
@given(table, st.floats(0.01, 100))
def test_wet_days_in_another_unit_change_nothing(counts, factor):
    one, other = (effect_of(counts, np.full(4, 10.0) * scale) for scale in (1, factor))
    assert (other.rate_ratio, other.low, other.high, other.p) == pytest.approx(
        (one.rate_ratio, one.low, one.high, one.p), rel=1e-5
    )


@settings(max_examples=20, deadline=None)
@given(table)
def test_before_and_after_changed_about_turn_the_ratio_over(counts):
    one, other = effect_of(counts), effect_of(counts[:, ::-1])
    assert other.rate_ratio == pytest.approx(1 / one.rate_ratio)
    assert other.low <= other.rate_ratio <= other.high


@settings(max_examples=20, deadline=None)
@given(table)
def test_place_and_control_changed_about_turn_the_ratio_over(counts):
    two = counts[:2]
    one = estimate_effect(two, [10] * 4, [True, False], HALF, controls=[False, True])
    other = estimate_effect(two, [10] * 4, [False, True], HALF, controls=[True, False])
    assert other.rate_ratio == pytest.approx(1 / one.rate_ratio)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.2, 5))
def test_more_reports_never_widen_the_interval(before, after, ratio):
    widths = []
    for times in (1, 2, 4):
        low, high = plain(float(before * times), after * times, ratio).interval(after * times, 0.95)
        widths.append(np.log(high / low))
    assert widths[0] > widths[1] > widths[2]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 30), st.integers(1, 30))
def test_the_interval_leaves_out_one_where_the_test_rejects(after, before):
    chance = over_grid(np.array([before]), np.array([1.0]), SPREADS, np.exp(-SPREADS))
    low, high = chance.interval(after, 0.95)
    assert (not low <= 1 <= high) == (chance.p(after) < 0.05)
    assert (high < 1) == (after <= chance.most_that_shows(0.95))


def test_cells_without_years_of_their_own_show_no_spread_and_others_theirs():
    chance = np.random.default_rng(3)
    expected = np.full((60, 4), 40.0)
    for spread in (0.0, 0.4, 0.8):
        own = chance.gamma(1 / max(spread, 1e-3) ** 2, max(spread, 1e-3) ** 2, expected.shape)
        weight = weigh_spreads(chance.poisson(expected * own).astype(float), expected)
        assert weight.sum() == pytest.approx(1)
        assert weight @ SPREADS == pytest.approx(spread, abs=0.11)


def test_blocks_are_as_long_as_the_time_after_and_hold_one_phase():
    phase = np.array([BEFORE] * 6 + [CHOICE] * 3 + [WORKS] * 2 + [AFTER] * 3)
    block, number = cut_blocks(phase == BEFORE, phase == AFTER)
    assert block.tolist() == [0] * 3 + [1] * 3 + [3] * 3 + [4] * 2 + [2] * 3
    assert number == 5


def test_no_report_after_is_a_ratio_of_nought_with_a_limit():
    counts = COUNTS.copy()
    counts[0, 2:] = 0
    effect = effect_of(counts)
    assert (effect.rate_ratio, effect.low) == (0, 0)
    assert 0 < effect.high < 1
    assert verdict(effect) == HELPED


def test_none_before_has_no_upper_limit_and_none_at_all_no_ratio():
    counts = COUNTS.copy()
    counts[0, :2] = 0
    effect = effect_of(counts)
    assert effect.rate_ratio == effect.high == np.inf
    counts[0] = 0
    effect = effect_of(counts)
    assert np.isnan(effect.rate_ratio)
    assert (effect.low, effect.high, effect.p) == (0, np.inf, 1)
    assert verdict(effect) == TOO_EARLY


def test_the_verdict_follows_its_rule():
    # Twelve controls that never change: nothing to learn but the work's own, so many reports tell every case.
    told = {}
    for name, factor in (("half", 0.5), ("none", 1.0), ("double", 2.0)):
        counts = np.full((13, 4), 600)
        counts[0, 2:] = 600 * factor
        place = np.arange(13) == 0
        told[name] = verdict(estimate_effect(counts, [10] * 4, place, HALF, controls=~place))
    assert told == {"half": HELPED, "none": NO_SIGN, "double": WORSE}
    few = effect_of(cells([2, 2, 1, 2], *COUNTS[1:]))
    assert verdict(few) == TOO_EARLY
    assert verdict(few, smallest=0.6) == NO_SIGN
    assert verdict(few, smallest=float("nan")) == TOO_EARLY


def test_where_the_level_was_shrunk_helped_asks_for_more():
    effect = replace(effect_of(COUNTS), high=0.9, p=0.03)
    assert verdict(effect, smallest=0.6) == HELPED
    assert verdict(replace(effect, selected=True), smallest=0.6) == NO_SIGN
    assert verdict(replace(effect, selected=True, p=0.009), smallest=0.6) == HELPED


def test_years_of_their_own_count_as_one_before_if_the_time_after_is_short():
    chance = np.random.default_rng(4)
    own = np.repeat(chance.gamma(4, 1 / 4, (12, 5)), 4, axis=1)
    counts = chance.poisson(20 * own)
    phase = [BEFORE] * 16 + [AFTER] * 2 + [WORKS] * 2
    place = np.arange(12) == 0
    one, other = (
        estimate_effect(counts, [10] * 20, place, phase, controls=~place, year=year)
        for year in (None, np.arange(20) // 4)
    )
    assert one.rate_ratio == other.rate_ratio
    assert other.low < one.low < one.high < other.high


def test_what_can_be_told_is_told_with_the_power_asked_for():
    # By counting: of Poisson reports after the work at the smallest effect, 80% lie where the interval is below 1.
    chance = plain(60.0, 60, 1.0)
    most = chance.most_that_shows(0.95)
    assert chance.interval(most, 0.95)[1] < 1 <= chance.interval(most + 1, 0.95)[1]
    effect = effect_of(COUNTS)
    smallest = detectable(effect)
    assert effect.chance.at_most(effect.chance.most_that_shows(0.95), smallest) == pytest.approx(0.8, abs=1e-4)
    assert detectable(effect, power=0.5) > smallest  # a weaker effect shows half of the time
    assert detectable(effect, more=4) > smallest
    assert np.isnan(detectable(effect_of(cells([1, 0, 0, 0], *COUNTS[1:]))))


def test_the_time_that_led_to_the_choice_is_left_out():
    phase = [BEFORE, CHOICE, AFTER, AFTER]
    counts = COUNTS.copy()
    counts[0] = [10, 1000, 10, 10]
    effect = effect_of(counts, phase=phase)
    assert (effect.reports_before, effect.left_out) == (10, 1000)
    assert not effect.selected


def test_without_another_time_the_level_is_drawn_towards_the_others():
    # Nine cells with about 10 reports a year, one with 25 that was chosen for it; nothing changes but luck.
    counts = np.full((10, 4), 5)
    counts[0] = [12, 13, 6, 6]
    counts[1:, 0] = [4, 5, 6, 7, 3, 5, 4, 6, 5]
    place = np.arange(10) == 0
    options = {"controls": ~place}
    drawn = estimate_effect(counts, [10] * 4, place, [CHOICE] * 2 + [AFTER] * 2, **options)
    naive = estimate_effect(counts, [10] * 4, place, HALF, **options)
    assert (drawn.method, drawn.selected) == (SHRUNK, True)
    assert naive.rate_ratio == pytest.approx(12 / 25)
    assert drawn.rate_ratio > naive.rate_ratio + 0.1
    assert 10 < drawn.expected < 25


def test_periods_find_their_phase():
    start = np.arange("2022-01", "2026-01", dtype="datetime64[M]")
    told = phases(
        start, start + 1, choice_start=np.datetime64("2023-01-01"), choice_end=np.datetime64("2024-01-01"),
        works_start=np.datetime64("2024-03-15"), finished=np.datetime64("2024-06-10"),
    )  # fmt: skip
    # 2024: January and February lie between choice and works; March is cut by their beginning, June by their end.
    assert told[:12].tolist() == [BEFORE] * 12
    assert told[12:24].tolist() == [CHOICE] * 12
    assert told[24:].tolist() == [BEFORE] * 2 + [WORKS] * 4 + [AFTER] * 18


def test_works_that_begin_after_their_end_are_refused():
    start = np.arange("2022-01", "2023-01", dtype="datetime64[M]")
    with pytest.raises(HazardError, match="finished on 2022-05-01: its choice and its beginning must lie before"):
        phases(start, start + 1, works_start=np.datetime64("2022-06-01"), finished=np.datetime64("2022-05-01"))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"wet": (10, 10, 0, 0)}, "no-wet-day-after"),
        ({"wet": (0, 0, 10, 10)}, "no-wet-day-before"),
        ({"phase": [BEFORE] * 4}, "no-wet-day-after"),
        ({"wet": (10, 10, np.nan, 10)}, "wet-bad"),
        ({"wet": (10, 10)}, "lengths-differ"),
        ({"treated": [False] * 4}, "no-treated-cell"),
        ({"treated": [True] * 4}, "control-treated"),
        ({"controls": [False] * 4}, "no-control"),
        ({"counts": cells([1, 1, 1, 1], *[[1, 1, 0, 0]] * 3)}, "controls-silent"),
        ({"counts": COUNTS + 0.5}, "counts-not-whole"),
        ({"confidence": 1.0}, "confidence-bad"),
    ],
)
def test_what_cannot_be_told_is_refused_in_a_sentence(change, code):
    with pytest.raises(HazardError) as refused:
        effect_of(**{"counts": COUNTS, **change})
    assert refused.value.code == code
    assert str(refused.value).endswith(".")


def test_numbers_out_of_reach_are_refused():
    effect = effect_of(COUNTS)
    for options, code in (({"power": 1.0}, "power-bad"), ({"more": 0.0}, "more-bad")):
        with pytest.raises(HazardError) as refused:
            detectable(effect, **options)
        assert refused.value.code == code


@pytest.mark.parametrize("effect", bench.EFFECTS)
def test_intervals_hold_where_the_worst_cell_was_chosen(effect):
    # A small part of the simulation: of 120 offices 95% are 114; below 105 or so chance alone would not lead.
    found = bench.study(bench.SETTINGS["plain"], effect, 120, 0)
    assert found["runs"] >= 118
    assert found["covers"] > 0.875
    assert found["middle"] == pytest.approx(effect, rel=0.2)
    if effect == 1:
        assert found["helped"] < 0.1
    assert found["naive_covers"] < found["covers"]


def test_of_cells_that_are_alike_the_worst_gets_better_by_itself():
    found = bench.study(bench.SETTINGS["alike"]._replace(a_year=2.0), 1.0, 40, 0)
    assert found["naive"] < 0.75 < found["middle"]


def test_the_worked_example_of_sicily(shared_data):
    from analysis.step_change import POISSON, step_change

    folder = shared_data / "reference_results"
    known = json.loads((folder / "expected.json").read_text(encoding="utf-8"))["interrupted_time_series"]
    sicily = pd.read_csv(folder / known["data"])
    rows = pd.DataFrame(
        {"count": sicily["aces"], "exposure": sicily["stdpop"], "step": sicily["smokban"], "time": sicily["time"]}
    )
    step = step_change(rows, variance=POISSON)
    assert [step.rate_ratio, step.low, step.high] == pytest.approx(known["smokban_IRR"], abs=5e-5)
    wider = step_change(rows)
    assert wider.rate_ratio == pytest.approx(step.rate_ratio)
    assert wider.dispersion > 1
    assert wider.high / wider.low > step.high / step.low


def test_a_step_by_hand():
    from analysis.step_change import POISSON, step_change

    # 30 reports on 10 wet days, then 12 on 8: 1.5 / 3; the log's variance is 1/30 + 1/12.
    rows = pd.DataFrame({"count": [14, 16, 5, 7], "exposure": [5, 5, 4, 4], "step": [0, 0, 1, 1]})
    step = step_change(rows, variance=POISSON)
    assert step.rate_ratio == pytest.approx(0.5)
    assert np.log(step.high / step.low) == pytest.approx(2 * 1.959964 * (1 / 30 + 1 / 12) ** 0.5)
    with pytest.raises(HazardError, match="with 30 reports before and 0 after"):
        step_change(rows.assign(count=[14, 16, 0, 0]))
    with pytest.raises(HazardError, match="cannot be told apart in 4 periods"):
        step_change(rows.assign(season=[1, 1, 2, 2]))


def test_the_grid_keeps_what_is_likely():
    chance = over_grid(np.array([5.0]), np.array([1.0]), np.array([0.0, 0.5, 1.0]), np.array([0.7, 0.3, 1e-9]))
    assert chance.sd.tolist() == [0.0, 0.5]
    assert chance.weight.sum() == pytest.approx(1)
    assert before_after.SPREADS[0] == 0
