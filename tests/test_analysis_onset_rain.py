"""The rain at which reports begin: by hand, against an independent optimiser, and for cells whose curve is known."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize
from scipy.special import expit, log_expit
from scipy.stats import chi2

from analysis.onset_rain import EVERY_RAIN, FEW, NO_RELATION, NO_REPORT, response, responses
from base.errors import HazardError


@pytest.fixture(scope="module")
def rains():
    chance = np.random.default_rng(7)
    depth = np.exp(2.4 + chance.standard_normal(160))
    return depth, np.minimum(depth, np.exp(0.8 * np.log(depth) - 0.5 + 0.3 * chance.standard_normal(160)))


def flooding(depth, threshold, steep=4.0, seed=1):
    return np.random.default_rng(seed).random(len(depth)) < expit(steep * np.log(depth / threshold))


def test_two_depths_are_a_table_of_four_with_a_half_added_to_each():
    # Firth (1993): where the model is saturated his penalty adds 1/2 to each number of the table.
    # 30 rains of 10 mm of which 6 brought a report, 20 of 40 mm of which 14 did.
    depth = np.r_[np.full(30, 10.0), np.full(20, 40.0)]
    found = response(depth, None, np.r_[np.ones(6), np.zeros(24), np.ones(14), np.zeros(6)])
    assert found.chance(10)[0] == pytest.approx(6.5 / 31)
    assert found.chance(40)[0] == pytest.approx(14.5 / 21)
    slope = (np.log(14.5 / 6.5) - np.log(6.5 / 24.5)) / np.log(4)
    assert found.at(0.5)[0] == pytest.approx(10 * np.exp(np.log(24.5 / 6.5) / slope))


def level(beta, design, y):
    line = design @ beta
    weight = expit(line) * expit(-line)
    size = np.linalg.slogdet(design.T @ (design * weight[:, None]))[1]
    return -(np.where(y, log_expit(line), log_expit(-line)).sum() + size / 2)


def test_curve_and_intervals_are_those_of_a_plain_optimiser(rains):
    # scipy's Nelder-Mead on the penalised likelihood written down once more, on other scales
    depth, peak = rains
    y = flooding(peak, 12)
    found = response(depth, peak, y)
    x, r = np.log(depth), np.log(peak)
    r = r - np.polyval(np.polyfit(x, r, 1), x)
    options = {"xatol": 1e-8, "fatol": 1e-10, "maxiter": 8000, "maxfev": 8000}

    def fitted(design, start, fixed=None):
        def height(some):
            return level(np.r_[fixed, some] if fixed is not None else some, design, y)

        return minimize(height, start, method="Nelder-Mead", options=options)

    best = fitted(np.column_stack([np.ones(160), x, r]), np.array([-5.0, 2.0, 1.0]))
    assert found.at()[0] == pytest.approx(np.exp(-best.x[0] / best.x[1]), rel=1e-3)
    limit = chi2.ppf(0.95, 1) / 2

    def beyond_at(x0):
        return fitted(np.column_stack([np.ones(160), x - x0, r]), best.x[1:], 0.0).fun - best.fun - limit

    at = -best.x[0] / best.x[1]
    assert found.low == pytest.approx(np.exp(brentq(beyond_at, at - 1, at)), rel=2e-3)
    assert found.high == pytest.approx(np.exp(brentq(beyond_at, at, at + 1)), rel=2e-3)
    design = np.column_stack([np.ones(160), x - np.log(30), r])
    height = best.x[0] + best.x[1] * np.log(30)

    def beyond_chance(value):
        return fitted(design, best.x[1:], value).fun - best.fun - limit

    ends = [brentq(beyond_chance, height - 4, height), brentq(beyond_chance, height, height + 4)]
    assert found.chance(30) == pytest.approx([expit(one) for one in (height, *ends)], abs=2e-3)


def test_a_cell_that_floods_at_10_mm_is_told_from_one_that_floods_at_80(rains):
    depth, _ = rains
    depth = np.r_[depth, depth * 4]
    found = responses(depth, None, np.stack([flooding(depth, 10), flooding(depth, 80)]))
    _, low, high = found.at()
    assert high[0] < low[1]
    assert low[0] < 10 < high[0]
    assert low[1] < 80 < high[1]
    assert found.chance(30).value[0] > 0.9 > 0.2 > found.chance(30).value[1]


def test_the_same_depth_is_worse_with_a_sharper_peak(rains):
    depth, peak = rains
    found = response(depth, peak, flooding(peak, 12))
    assert found.chance(25, 20)[0] > found.chance(25)[0] > found.chance(25, 5)[0]


def test_a_peak_that_is_not_known_to_the_curve_does_not_count(rains):
    depth, peak = rains
    assert response(depth, None, flooding(peak, 12)).chance(25, 20) == response(depth, None, flooding(peak, 12)).chance(
        25
    )


def test_complete_separation_stays_finite(rains):
    depth, peak = rains
    found = response(depth, peak, depth > 20)
    assert np.isfinite(found.at()).all()
    below, above = depth[depth <= 20].max(), depth[depth > 20].min()
    assert found.low < below < found.at()[0] * 1.1
    assert found.high > above > found.at()[0] * 0.9
    assert 0 < found.chance(5)[0] < 0.05 < 0.95 < found.chance(80)[0] <= 1


@pytest.mark.parametrize(
    ("reported", "reason"),
    [(0, NO_REPORT), (4, FEW), (156, FEW), (160, EVERY_RAIN)],
)
def test_nothing_is_told_of_few(rains, reported, reason):
    depth, _ = rains
    y = np.zeros(160, dtype=bool)
    y[np.argsort(-depth)[:reported]] = True
    found = response(depth, None, y)
    assert (found.reason, found.reported, found.rains) == (reason, reported, 160)
    assert np.isnan([*found.at(), *found.chance(30)]).all()


def test_nothing_is_told_of_few_rains_or_none():
    assert response(np.arange(1.0, 15), None, np.arange(14) > 7).reason == FEW
    assert response([], None, np.zeros((1, 0))).reason == FEW
    assert responses([5.0] * 30, None, np.zeros((0, 30))).at().value.shape == (0,)


def test_reports_that_do_not_follow_the_rain_begin_nowhere(rains):
    depth, _ = rains
    found = response(depth, None, np.random.default_rng(3).random(160) < 0.3)
    assert found.reason == NO_RELATION
    assert np.isnan(found.at()).all()
    low, high = found.chance(20)[1:]
    assert low < 0.3 < high
    assert response(depth, None, depth < 5).reason == NO_RELATION


def test_rains_of_which_nothing_is_known_do_not_count(rains):
    depth, _ = rains
    y = flooding(depth, 20)
    known = np.arange(160) % 3 > 0
    found = responses(depth, None, [y, y], known=[known, np.ones(160)])
    alone = response(depth[known], None, y[known])
    assert found.rains.tolist() == [known.sum(), 160]
    assert found.at().low[0] == pytest.approx(alone.low, rel=1e-3)
    assert found.chance(30).value[0] == pytest.approx(alone.chance(30)[0], rel=1e-4)
    assert found.heaviest[0] == depth[known].max()


def test_a_depth_is_told_only_where_the_rains_close_its_interval(rains):
    # the test of the slope and the upper end rest on the same limit: 12 reports in the 160 rains, ever less by depth
    depth, _ = rains
    order = np.argsort(-depth)
    for step in (1, 3, 5, 8, 11, 13):
        y = np.zeros(160, dtype=bool)
        y[order[: 12 * step : step]] = True
        found = response(depth, None, y)
        assert found.reason in ("", NO_RELATION)
        assert (found.reason == "") == (found.low < found.at()[0] < found.high)


def test_another_unit_changes_nothing(rains):
    depth, peak = rains
    y = flooding(depth, 20)
    assert response(depth / 25.4, peak / 25.4, y).at()[0] == pytest.approx(response(depth, peak, y).at()[0] / 25.4)


def test_bad_rain_is_refused(rains):
    depth, peak = rains
    with pytest.raises(HazardError, match="above 0 mm"):
        response(np.r_[0, depth[1:]], None, depth > 5)
    with pytest.raises(HazardError, match="same rains"):
        response(depth[1:], None, depth > 5)
    found = response(depth, peak, flooding(depth, 20))
    for asked in ((0, None), (10, 20), (float("nan"), None)):
        with pytest.raises(HazardError, match="largest hour"):
            found.chance(*asked)
    with pytest.raises(HazardError, match="between 0 and 1"):
        found.at(1)
