"""Rates carry exact intervals, small cells borrow from all, and a rate that is none says so."""

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from analysis.rates import (
    FEW,
    NO_EXPOSURE,
    empirical_bayes,
    estimate_rates,
    poisson_interval,
    rate_ratio,
    ratio_interval,
    share_ratio,
    standardized_rates,
)
from base.errors import HazardError

MISSING, ENDLESS = float("nan"), float("inf")
# Homicides 1979-84 and people in 78 counties around St. Louis (libpysal example stl, columns HC7984 and PO7984)
HOMICIDES = [
    4, 19, 3, 2, 2, 28, 61, 3, 7, 3, 4, 0, 1, 12, 0, 2, 6, 6, 3, 4, 0, 2, 9, 2, 23, 5, 2, 2, 0, 2, 10, 4, 95, 8, 31,
    0, 407, 5, 10, 1238, 3, 14, 0, 2, 18, 369, 5, 0, 3, 0, 40, 9, 7, 1, 3, 2, 8, 5, 11, 12, 8, 10, 2, 8, 7, 25, 6,
    19, 6, 2, 2, 6, 9, 0, 1, 13, 3, 4,
]  # fmt: skip
PEOPLE = [
    189087, 425580, 69649, 88540, 33697, 774843, 1056438, 172182, 224033, 113497, 218510, 87628, 36354, 316661,
    53222, 141872, 103469, 193449, 295848, 99013, 34772, 65947, 155266, 123387, 612258, 135365, 133297, 186877,
    68404, 68779, 192789, 96686, 1480530, 92864, 905683, 93388, 5863876, 109086, 265200, 2658090, 199528, 347829,
    79838, 72381, 432159, 1605518, 110883, 48352, 121762, 92348, 891502, 225007, 113880, 46260, 108510, 55620,
    213680, 131792, 109953, 108864, 205880, 260154, 90841, 255875, 253540, 372227, 100389, 345641, 87410, 66694,
    64680, 127071, 107508, 43056, 61456, 353841, 47507, 68218,
]  # fmt: skip


# Garwood (1936), as in every table of exact limits of a Poisson mean (for instance Altman et al., Statistics with
# Confidence, 2nd ed., table 18.3): count, lower and upper 95% limit.
@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.689), (1, 0.025, 5.572), (2, 0.242, 7.225), (5, 1.624, 11.668), (10, 4.795, 18.390),
     (20, 12.217, 30.888), (50, 37.111, 65.919), (100, 81.364, 121.627)],
)  # fmt: skip
def test_limits_of_a_poisson_count_are_those_of_the_table(count, low, high):
    assert [float(limit) for limit in poisson_interval(count)] == pytest.approx([low, high], abs=6e-4)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_each_limit_leaves_out_half_of_the_error(confidence):
    counts, half = np.arange(2000), (1 - confidence) / 2
    low, high = poisson_interval(counts, confidence=confidence)
    assert scipy.stats.poisson.cdf(counts, high) == pytest.approx(half, rel=1e-6)
    assert scipy.stats.poisson.sf(counts[1:] - 1, low[1:]) == pytest.approx(half, rel=1e-6)
    assert low[0] == 0


@pytest.mark.parametrize("mean", [0.3, 2.0, 7.5, 30.0])
def test_the_interval_holds_the_mean_at_least_as_often_as_it_says(mean):
    counts = np.arange(200)
    low, high = poisson_interval(counts)
    assert scipy.stats.poisson.pmf(counts, mean)[(low <= mean) & (mean <= high)].sum() >= 0.95


def test_millions_of_events_have_limits_too():
    low, high = poisson_interval(40_000_000)
    assert [float(low), float(high)] == pytest.approx([4e7 - 1.96 * 4e7**0.5, 4e7 + 1.96 * 4e7**0.5], rel=1e-6)


def test_empirical_bayes_gives_the_numbers_of_esda(shared_data):
    # esda 2.9.0, smoothing.Empirical_Bayes on sudden infant deaths by county of North Carolina, per 1,000 births:
    # the first six counties, the sum of all 100, the largest and the smallest.
    import geopandas as gpd

    births = gpd.read_file(shared_data / "reference_results/sids2/sids2.dbf", ignore_geometry=True)
    for deaths, born, first, total, largest, smallest in [
        ("SID74", "BIR74", [1.697297330855623, 1.7053776808421806, 1.7730870220701838, 2.012868084221261,
                            3.5349131491551384, 3.017816275585639],
         206.84533445542434, 4.838804052126551, 1.0570229629814991),
        ("SID79", "BIR79", [1.6249245831466221, 2.262706949986792, 1.862024833921629, 2.029621469859808,
                            1.9564872451005062, 2.1475030515752027],
         200.56712619471057, 3.1986721561304647, 1.2801434314234894),
    ]:  # fmt: skip
        rates = estimate_rates(births[deaths], births[born], unit="births")
        assert rates.smoothed[:6] == pytest.approx(first, rel=1e-9)
        assert [rates.smoothed.sum(), rates.smoothed.max(), rates.smoothed.min()] == pytest.approx(
            [total, largest, smallest], rel=1e-9
        )
        assert rates.raw == pytest.approx(1000 * births[deaths] / births[born], rel=1e-9)


def test_empirical_bayes_gives_the_numbers_printed_in_the_manual_of_esda():
    # Docstring of esda.smoothing.Empirical_Bayes, esda 2.9.0: the first ten counties
    printed = [2.36718950e-05, 4.54539167e-05, 4.78114019e-05, 2.76907146e-05, 6.58989323e-05, 3.66494122e-05,
               5.79952721e-05, 2.03064590e-05, 3.31152999e-05, 3.02748380e-05]  # fmt: skip
    assert empirical_bayes(HOMICIDES, PEOPLE)[:10] == pytest.approx(printed, rel=5e-9)


def test_where_chance_explains_all_of_the_spread_each_cell_has_the_overall_rate():
    # By hand: equal rates, so the variance is 0 less what chance gives, negative; Marshall sets it to 0
    assert empirical_bayes([2, 4, 6], [100, 200, 300]).tolist() == [0.02] * 3


def test_a_smoothed_rate_by_hand():
    # overall 12 / 200 = 0.06; variance (100 * 0.04**2 + 100 * 0.04**2) / 200 = 0.0016 less 0.06 / 100 = 0.001;
    # weight 0.001 / (0.001 + 0.0006) = 0.625; so 0.06 +- 0.625 * 0.04
    assert empirical_bayes([10, 2], [100, 100]) == pytest.approx([0.085, 0.035])


def test_a_standardized_rate_by_hand():
    # overall 12 / 200 = 0.06, variance of the cells' own 0.001 as above; so (0.1 - 0.06) / sqrt(0.001 + 0.06 / 100)
    assert standardized_rates([10, 2], [100, 100]) == pytest.approx([1, -1])
    # 12 / 400 = 0.03; (100 * 0.02**2 + 300 * (1/150)**2) / 400 less 0.03 / 200 is below zero: none of their own
    standard = standardized_rates([5, 7], [100, 300])
    assert standard == pytest.approx([0.02 / np.sqrt(0.03 / 100), -1 / 150 / np.sqrt(0.03 / 300)])


def test_standardized_rates_of_equal_exposure_are_counts_in_another_unit_and_equal_rates_are_equal():
    counts = np.array([3, 0, 7, 2, 2])
    standard = standardized_rates(counts, np.full(5, 0.2))
    assert np.ptp((counts - counts.mean()) / counts.std() - standard / standard.std()) == pytest.approx(0, abs=1e-12)
    assert standard[3] == standard[4]
    assert standardized_rates([3, 6, 9, 21], [0.1, 0.2, 0.3, 0.7]).tolist() == [0] * 4  # not dust
    assert standardized_rates([0, 0], [1, 2]).tolist() == [0, 0]


cells = st.integers(1, 9).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 60), min_size=n, max_size=n), st.lists(st.integers(1, 500), min_size=n, max_size=n)
    )
)


@given(cells, st.floats(1e-3, 1e6))
def test_a_smoothed_rate_lies_between_the_raw_and_the_overall_rate_in_any_unit(case, per):
    events, exposure = case
    rates = estimate_rates(events, exposure, unit="households", per=per)
    between = np.sort([rates.raw, np.full(len(events), rates.overall)], axis=0)
    slack = 1e-9 * per
    assert ((between[0] - slack <= rates.smoothed) & (rates.smoothed <= between[1] + slack)).all()
    assert ((rates.low <= rates.raw) & (rates.raw <= rates.high)).all()
    assert rates.smoothed == pytest.approx(per * empirical_bayes(events, exposure), rel=1e-6, abs=1e-12 * per)


def test_the_smoothed_rate_of_a_small_cell_moves_further_than_that_of_a_large_one():
    rates = estimate_rates([4, 400, 100, 250], [1000, 100_000, 100_000, 100_000], unit="households")
    assert rates.raw[0] == rates.raw[1] == 4  # per 1,000
    assert rates.overall < rates.smoothed[0] < rates.smoothed[1] < 4


def test_smoothed_rates_are_closer_to_the_truth_than_raw_ones():
    rng = np.random.default_rng(3)
    exposure = rng.integers(50, 5000, 400)
    truth = rng.gamma(8, 0.002 / 8, 400)
    events = rng.poisson(truth * exposure)
    off = [np.mean((rate - truth) ** 2) for rate in (empirical_bayes(events, exposure), events / exposure)]
    assert off[0] < 0.3 * off[1]


def test_twenty_events_carry_a_relative_error_of_22_percent_and_are_the_last_to_be_marked():
    assert round(100 / 20**0.5) == 22
    rates = estimate_rates([0, 20, 21, 500], [1000] * 4, unit="km")
    assert rates.marks == (FEW, FEW, "", "")
    assert estimate_rates([0, 20, 21], [1000] * 3, unit="km", few=-1).marks == ("", "", "")
    assert (rates.unit, rates.per, rates.overall) == ("km", 1000, 541 / 4)


def test_a_cell_without_exposure_has_no_rate_says_so_and_does_not_count():
    rates = estimate_rates([0, 30, 50, 40], [0, MISSING, 1000, 2000], unit="households", per=100)
    assert rates.marks == (NO_EXPOSURE, NO_EXPOSURE, "", "")
    for values in (rates.raw, rates.low, rates.high, rates.smoothed):
        assert np.isnan(values).tolist() == [True, True, False, False]
    assert rates.overall == pytest.approx(100 * 90 / 3000)
    assert rates.smoothed[2:] == pytest.approx(estimate_rates([50, 40], [1000, 2000], unit="h", per=100).smoothed)
    assert rates.events.tolist() == [0, 30, 50, 40]


def test_one_cell_no_cell_no_event_and_no_exposure_at_all_have_an_answer():
    one = estimate_rates([30], [1000], unit="households")
    assert (one.raw[0], one.smoothed[0], one.overall) == (30, 30, 30)
    none = estimate_rates([], [], unit="households")
    assert (len(none.raw), none.marks) == (0, ())
    assert np.isnan(none.overall)
    quiet = estimate_rates([0, 0], [10, 20], unit="households")
    assert (quiet.smoothed.tolist(), quiet.raw.tolist(), quiet.overall) == ([0, 0], [0, 0], 0)
    bare = estimate_rates([0, 0], [0, MISSING], unit="households")
    assert np.isnan([*bare.raw, *bare.smoothed, bare.overall]).all()


def test_a_ratio_given_the_total_by_hand():
    # 37 of 258 events where 14.7 are expected: the exact interval of the share by scipy's own binomtest
    exact = scipy.stats.binomtest(37, 258).proportion_ci(method="exact")
    share = 14.7 / 258
    ratio = ratio_interval([37, 221, 0], [14.7, 258 - 14.7, 0])
    assert ratio.ratio[0] == pytest.approx(37 / 14.7)
    assert [ratio.low[0] * share, ratio.high[0] * share] == pytest.approx([exact.low, exact.high], rel=1e-9)
    assert np.isnan([part[2] for part in ratio]).all()
    # Everything in one cell of two: no ratio beyond 2; what is missing takes no part
    whole = ratio_interval([6, 0, 9], [1, 1, MISSING])
    assert (whole.ratio[:2].tolist(), whole.high[0], whole.low[1]) == ([2, 0], 2, 0)
    assert whole.low[0] == pytest.approx(2 * 0.025 ** (1 / 6))  # the lower limit of 6 of 6
    assert np.isnan(ratio_interval([0, 0], [1, 2]).ratio).all()


def test_parts_of_a_whole_have_the_ratios_of_their_counts_and_may_be_parts_of_events():
    counts, exposure = np.array([7, 0, 30, 13]), np.array([10.0, 20.0, 30.0, 40.0])
    np.testing.assert_allclose(share_ratio(counts, exposure / 100, 50), ratio_interval(counts, exposure))
    # scipy.stats.binomtest, the exact interval: the two first together, the whole, and nothing of it
    exact = scipy.stats.binomtest(7, 50).proportion_ci(0.95, method="exact")
    both = share_ratio([7, 50, 0], [0.3, 1, 0.3], 50)
    assert (both.low[0], both.high[0]) == pytest.approx((exact.low / 0.3, exact.high / 0.3))
    assert (both.ratio[1], both.high[1], both.low[2]) == (1, 1, 0)
    part = share_ratio([6.5, 0.25], [0.1, 0.1], 50)
    below, above = (share_ratio([n, n // 7], [0.1, 0.1], 50) for n in (6, 7))
    for name in ("ratio", "low", "high"):
        assert (getattr(below, name) < getattr(part, name)).all()
        assert (getattr(part, name) < getattr(above, name)).all()
    unknown = share_ratio([1, 1], [0, MISSING], 5), share_ratio([0], [0.5], 0)
    assert all(np.isnan(each).all() for one in unknown for each in one)


@given(st.integers(0, 300), st.integers(0, 300), st.floats(0.1, 10), st.floats(0.1, 10))
def test_the_limits_of_a_ratio_are_those_of_the_share_of_now(now, before, base_now, base_before):
    # Each limit, as a ratio of rates, gives now a share of the sum under which so many (so few) have 2.5%
    result = rate_ratio(now, before, exposure_now=base_now, exposure_before=base_before)
    low, high = (float(limit) * base_now / base_before for limit in (result.low, result.high))
    if now:
        assert scipy.stats.binom.sf(now - 1, now + before, low / (1 + low)) == pytest.approx(0.025, rel=1e-6)
    else:
        assert low == 0
    if before:
        assert scipy.stats.binom.cdf(now, now + before, high / (1 + high)) == pytest.approx(0.025, rel=1e-6)
        assert float(result.ratio) == pytest.approx(now / base_now / (before / base_before))
    else:
        assert high == ENDLESS


def test_ratios_without_events_are_no_wrong_numbers():
    ratio = rate_ratio([3, 0, 0, 0], [0, 3, 0, 1])
    assert ratio.ratio.tolist()[:2] == [ENDLESS, 0]
    assert np.isnan(ratio.ratio[2])
    assert ratio.low[1:].tolist() == [0, 0, 0]
    assert ratio.high[[0, 2]].tolist() == [ENDLESS, ENDLESS]
    # 0 of 1: Clopper-Pearson 0 to 0.975, so the ratio reaches 0.975 / 0.025 = 39
    assert ratio.high[3] == pytest.approx(39)


@pytest.mark.parametrize(
    ("events", "exposure", "options", "code"),
    [
        ([1, 2], [1], {}, "lengths-differ"),
        ([[1, 2]], [[1, 2]], {}, "lengths-differ"),
        ([1, -2], [1, 1], {}, "counts-not-whole"),
        ([1, 2.5], [1, 1], {}, "counts-not-whole"),
        ([1, MISSING], [1, 1], {}, "counts-not-whole"),
        ([1, 2], [1, -1], {}, "exposure-bad"),
        ([1, 2], [1, ENDLESS], {}, "exposure-bad"),
        ([1, 2], [1, 0], {}, "incidents-without-exposure"),
        ([1, 2], [1, 1], {"per": 0}, "per-bad"),
        ([1, 2], [1, 1], {"per": MISSING}, "per-bad"),
        ([1, 2], [1, 1], {"confidence": 95}, "confidence-bad"),
    ],
)
def test_numbers_that_cannot_be_are_refused_with_a_sentence(events, exposure, options, code):
    with pytest.raises(HazardError) as refused:
        estimate_rates(events, exposure, unit="households", **options)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")
    if "per" not in options:
        with pytest.raises(HazardError) as refused:
            ratio_interval(events, exposure, **options)
        assert refused.value.code == code


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"now": [1]}, "lengths-differ"),
        ({"exposure_now": [1, 2, 3]}, "lengths-differ"),
        ({"before": [1, -1]}, "counts-not-whole"),
        ({"exposure_before": 0}, "exposure-bad-period"),
        ({"exposure_now": [1, MISSING]}, "exposure-bad-period"),
        ({"confidence": 0}, "confidence-bad"),
    ],
)
def test_periods_that_cannot_be_compared_are_refused(options, code):
    with pytest.raises(HazardError) as refused:
        rate_ratio(**({"now": [1, 2], "before": [3, 4]} | options))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("events", "exposure", "code"), [([1, 2], [1, 0], "exposure-bad"), ([1], [1, 2], "lengths-differ")]
)
def test_empirical_bayes_needs_an_exposure_everywhere(events, exposure, code):
    with pytest.raises(HazardError) as refused:
        standardized_rates(events, exposure)
    assert refused.value.code == code
    with pytest.raises(HazardError) as refused:
        empirical_bayes(events, exposure)
    assert refused.value.code == code


def test_what_goes_in_is_not_changed():
    events, exposure = np.array([1.0, 2.0]), np.array([10.0, 0.0 + 20])
    rates = estimate_rates(events, exposure, unit="households")
    rates.exposure[0] = 99
    assert events.tolist() == [1, 2]
    assert exposure.tolist() == [10, 20]
