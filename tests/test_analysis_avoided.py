"""What a work would spare a place stands on a rate drawn towards the mean, not on last year's worst."""

import numpy as np
import pytest
import scipy
import scipy.sparse as sp

from analysis.avoided import estimate_avoided, total_avoided
from analysis.rates import empirical_bayes, poisson_interval, smoothed_interval, what_is_known
from base.errors import HazardError

# Four places watched for two years each. By hand: raw rates 0, 1, 2, 5 a year, mean m = 2; variance
# (4 + 1 + 0 + 9)/4 = 3.5, less m / 2 years = 1, leaves A = 2.5. Trust A / (A + m/2) = 5/7: rates 4/7, 9/7, 14/7, 29/7.
COUNTS, YEARS = [0, 2, 4, 10], 2
BY_HAND = [4 / 7, 9 / 7, 2, 29 / 7]


def test_rates_are_drawn_in_as_by_hand_and_halved_by_the_stated_effect():
    found = estimate_avoided(COUNTS, YEARS)
    assert found.rate == pytest.approx(BY_HAND)
    assert found.avoided == pytest.approx(np.array(BY_HAND) / 2)
    assert estimate_avoided(COUNTS, [YEARS] * 4, effect=0.2).avoided == pytest.approx(np.array(BY_HAND) / 5)


def test_limits_are_quantiles_of_the_gamma_distribution_by_hand():
    # Shape m^2/A + events = 1.6 + events, rate m/A + years = 2.8
    found = estimate_avoided(COUNTS, YEARS, confidence=0.9)
    for at, count in enumerate(COUNTS):
        known = scipy.stats.gamma(1.6 + count, scale=1 / 2.8)
        assert found.rate[at] == pytest.approx(known.mean())
        assert [found.rate_low[at], found.rate_high[at]] == pytest.approx(known.ppf([0.05, 0.95]))
    assert found.low == pytest.approx(found.rate_low / 2)
    assert found.high == pytest.approx(found.rate_high / 2)


def test_households_turn_incidents_into_household_incidents():
    found = estimate_avoided(COUNTS, YEARS, households=[10, 0, 30, 1])
    assert found.avoided == pytest.approx(np.array(BY_HAND) / 2 * [10, 0, 30, 1])
    assert found.rate == pytest.approx(BY_HAND)


def test_where_chance_explains_the_spread_every_place_has_the_overall_rate_and_its_interval():
    found = smoothed_interval([2, 3, 2, 3], [1, 1, 1, 1])
    assert found.ratio == pytest.approx([2.5] * 4)
    assert [found.low[0], found.high[0]] == pytest.approx([float(one) / 4 for one in poisson_interval(10)])
    none = smoothed_interval([0, 0], [1, 3])
    assert none.ratio.tolist() == [0, 0]
    assert none.high == pytest.approx([float(poisson_interval(0)[1]) / 4] * 2)


def test_the_drawn_in_rate_is_the_one_that_orders_cells():
    chance = np.random.default_rng(3)
    counts, years = chance.poisson(chance.gamma(2, 2, 50)), chance.uniform(0.5, 4, 50)
    assert smoothed_interval(counts, years).ratio == pytest.approx(empirical_bayes(counts, years))


def test_intervals_hold_the_true_rate_as_often_as_they_say():
    # 60 places of a gamma distribution, 200 times; the standard error of the share is under 0.4%
    chance = np.random.default_rng(20260101)
    held = []
    for _ in range(200):
        truth = chance.gamma(1.5, 2.0, 60)
        found = smoothed_interval(chance.poisson(truth * 3), np.full(60, 3.0))
        held.append(((found.low <= truth) & (truth <= found.high)).mean())
    assert 0.93 <= np.mean(held) <= 0.97


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"effect": 1.2}, "effect-bad"),
        ({"effect": float("nan")}, "effect-bad"),
        ({"households": [1, float("nan"), 2, 3]}, "households-bad"),
        ({"households": [1, 2]}, "households-bad"),
        ({"years": 0}, "exposure-bad"),
        ({"incidents": [0.5, 1, 1, 1]}, "counts-not-whole"),
        ({"confidence": 1}, "confidence-bad"),
    ],
)
def test_what_cannot_be_reckoned_with_is_refused(change, code):
    with pytest.raises(HazardError) as refused:
        estimate_avoided(**{"incidents": COUNTS, "years": YEARS} | change)
    assert refused.value.code == code


# --- of several places together ---------------------------------------------------------------------------------------


def test_one_place_has_the_interval_of_its_own():
    alone = estimate_avoided(COUNTS, YEARS, effect=0.5)
    found = total_avoided(COUNTS, YEARS, 0.5 * np.eye(len(COUNTS)))
    for name in ("avoided", "low", "high"):
        assert getattr(found, name) == pytest.approx(getattr(alone, name))


def test_the_interval_of_a_sum_is_that_of_simulated_rates():
    # Rates drawn from the gamma distribution that `what_is_known` names, 200,000 times
    counts, years, shares = (
        np.array([2, 40, 11, 0, 7]),
        np.array([2, 2, 1, 2, 3.0]),
        np.array([0.5, 0.4, 0.3, 0.2, 0.0]),
    )
    shape, rate = what_is_known(counts, years)
    drawn = np.random.default_rng(7).gamma(shape, 1 / rate, (200_000, 5)) @ shares
    found = total_avoided(counts, years, shares)
    assert found.avoided == pytest.approx(drawn.mean(), rel=0.005)
    assert [found.low, found.high] == pytest.approx(np.quantile(drawn, [0.025, 0.975]), rel=0.01)
    summed = total_avoided(counts, years, np.diag(shares))
    assert summed.low.sum() < found.low < found.high < summed.high.sum()  # limits do not add up


def test_places_alike_have_one_rate_and_its_interval_and_nothing_avoided_is_nothing():
    # 8 events in 4 place-years, no more spread than chance: exact Poisson limits 3.454 and 15.763 (Garwood 1936)
    found = total_avoided([2, 2, 2, 2], 1, [[0.5, 0.5, 0, 0], [0, 0, 0, 0]])
    assert found.avoided == pytest.approx([2.0, 0.0])
    assert found.low == pytest.approx([3.454 / 4, 0], abs=1e-3)
    assert found.high == pytest.approx([15.763 / 4, 0], abs=1e-3)
    nothing = total_avoided(COUNTS, YEARS, np.zeros(len(COUNTS)))
    assert (float(nothing.avoided), float(nothing.low), float(nothing.high)) == (0, 0, 0)


def test_sparse_shares_are_as_good_as_dense_ones():
    shares = np.random.default_rng(1).random((6, len(COUNTS))) * [[1], [0], [1], [1], [0.1], [1]]
    for dense, sparse in zip(
        total_avoided(COUNTS, YEARS, shares), total_avoided(COUNTS, YEARS, sp.csr_array(shares)), strict=True
    ):
        assert sparse == pytest.approx(dense)
