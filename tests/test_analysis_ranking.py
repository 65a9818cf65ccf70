"""Rankings: published examples of each method, robustness against plain loops, and what is funded."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import criteria, ranking, scoring
from analysis.criteria import LESS, MORE
from base.errors import HazardError

NAN = math.nan


def published(shared_data, name):
    every = json.loads((shared_data / "reference_results" / "expected.json").read_text(encoding="utf-8"))["mcda"]
    return next(one for one in every if one["name"].startswith(name))


def ways(one):
    return [MORE if objective == "max" else LESS for objective in one["objectives"]]


def refused(code, call, *arguments, **options):
    with pytest.raises(HazardError) as caught:
        call(*arguments, **options)
    assert caught.value.code == code
    return str(caught.value)


tables = st.integers(1, 4).flatmap(
    lambda k: st.lists(
        st.lists(st.one_of(st.integers(0, 9), st.just(NAN)), min_size=k, max_size=k), min_size=1, max_size=8
    )
)


# --- published --------------------------------------------------------------------------------------------------------


def test_topsis_gives_the_example_of_tzeng_and_huang(shared_data):
    one = published(shared_data, "TOPSIS, Tzeng & Huang 2011")
    found = ranking.topsis(one["matrix"], ways(one), one["weights"])
    assert found == pytest.approx(one["similarity"], abs=one["tolerance"])
    assert found == pytest.approx([0.5037, 0.6581, 0.7482, 0.3340], abs=1e-4)
    assert ranking.rank_scores(found).tolist() == one["rank"]


def test_topsis_of_criteria_as_they_are_gives_the_simple_example(shared_data):
    one = published(shared_data, "TOPSIS simple")
    equal = np.full((1, 3), 1 / 3)
    assert scoring.closeness(np.array(one["matrix"], float), equal)[0] == pytest.approx(one["similarity"], abs=1e-8)


def test_the_weighted_sum_gives_the_example_of_kracka(shared_data):
    one = published(shared_data, "Weighted sum, Kracka")
    found = ranking.weighted_sum(one["matrix"], ways(one), one["weights"], "sum")
    assert found == pytest.approx(one["score"], abs=1e-8)
    assert ranking.rank_scores(found).tolist() == one["rank"]


def test_entropy_weights_give_the_published_ones(shared_data):
    one = published(shared_data, "entropy weights")
    assert ranking.entropy_weights(one["matrix"]) == pytest.approx(one["weights"], abs=1e-6)


# --- criteria ---------------------------------------------------------------------------------------------------------


def test_each_way_of_making_criteria_comparable_by_hand():
    matrix = [[3.0, 1.0], [4.0, 2.0], [0.0, 4.0]]
    by = {how: ranking.normalise(matrix, [MORE, LESS], how) for how in ("minmax", "vector", "max")}
    assert by["minmax"] == pytest.approx(np.array([[0.75, 1], [1, 2 / 3], [0, 0]]))
    size = math.sqrt(21)
    assert by["vector"] == pytest.approx(np.array([[0.6, 1 - 1 / size], [0.8, 1 - 2 / size], [0, 1 - 4 / size]]))
    assert by["max"] == pytest.approx(np.array([[0.75, 0.75], [1, 0.5], [0, 0]]))
    inverse = [1, 0.5, 0.25]
    assert ranking.normalise(matrix, [MORE, LESS], "sum") == pytest.approx(
        np.array([[3 / 7, 1 / 1.75], [4 / 7, 0.5 / 1.75], [0, 0.25 / 1.75]])
    )
    assert sum(inverse) == 1.75


@pytest.mark.parametrize("how", criteria.WAYS)
def test_a_criterion_that_is_the_same_everywhere_adds_to_no_score(how):
    found = ranking.contributions([[5, 1], [5, 2], [5, 3]], [MORE, MORE], [10, 1], how)
    assert found[:, 0].tolist() == [0, 0, 0]
    alone = ranking.rank_scores(ranking.weighted_sum([[1], [2], [3]], [MORE], [1], how))
    assert ranking.rank_scores(found.sum(axis=1)).tolist() == alone.tolist() == [3, 2, 1]


def test_what_is_not_known_is_given_the_median_of_what_is_and_told():
    filled = ranking.fill_missing([[1, NAN, NAN], [NAN, 5, NAN], [9, 1, NAN], [2, NAN, NAN]])
    assert filled.values.tolist() == [[1, 3, 0], [2, 5, 0], [9, 1, 0], [2, 3, 0]]
    assert filled.missing.sum(axis=0).tolist() == [1, 2, 4]


@given(tables)
def test_known_values_are_kept_and_gaps_lie_in_the_middle(table):
    given_ = np.array(table, float)
    filled = ranking.fill_missing(table)
    known = ~np.isnan(given_)
    assert (filled.missing == ~known).all()
    assert (filled.values[known] == given_[known]).all()
    for column in range(given_.shape[1]):
        if known[:, column].any():
            middle = np.median(given_[known[:, column], column])  # another program: numpy's median
            assert (filled.values[~known[:, column], column] == middle).all()


@pytest.mark.parametrize("how", criteria.WAYS[:3])
@given(tables)
def test_more_is_never_less_need(how, table):
    values = ranking.fill_missing(table).values
    up, down = (ranking.normalise(table, [way] * values.shape[1], how) for way in (MORE, LESS))
    for column in range(values.shape[1]):
        for a in range(len(values)):
            for b in range(len(values)):
                if values[a, column] > values[b, column]:
                    assert up[a, column] > up[b, column]
                    assert down[a, column] < down[b, column]
    assert ((up >= 0) & (up <= 1 + 1e-12) & (down >= 0) & (down <= 1)).all()


def test_numbers_below_zero_are_told_apart_by_the_ways_that_can():
    matrix = [[-1.0], [0.0], [1.0]]
    assert ranking.normalise(matrix, [MORE]).ravel().tolist() == [0, 0.5, 1]
    assert "Criterion 1 is below zero in 1 places" in refused(
        "criterion-negative", ranking.normalise, matrix, [MORE], "max"
    )
    assert "is zero in 1 places" in refused("criterion-not-positive", ranking.normalise, [[0], [1]], [LESS], "sum")


@pytest.mark.parametrize(
    ("code", "matrix", "directions", "weights"),
    [
        ("criteria-not-a-table", [1, 2], [MORE], [1]),
        ("criteria-not-a-table", [["a"]], [MORE], [1]),
        ("places-none", np.empty((0, 2)), [MORE, MORE], [1, 1]),
        ("criterion-infinite", [[1], [math.inf]], [MORE], [1]),
        ("directions-differ", [[1, 2]], [MORE], [1, 1]),
        ("direction-unknown", [[1]], [0], [1]),
        ("weights-differ", [[1, 2]], [MORE, MORE], [1]),
        ("weights-bad", [[1, 2]], [MORE, MORE], [1, -1]),
        ("weights-bad", [[1, 2]], [MORE, MORE], [1, NAN]),
        ("weights-zero", [[1, 2]], [MORE, MORE], [0, 0]),
    ],
)
def test_what_cannot_be_ranked_is_refused(code, matrix, directions, weights):
    refused(code, ranking.weighted_sum, matrix, directions, weights)


def test_a_way_that_is_none_and_entropies_of_nothing_are_refused():
    refused("normalisation-unknown", ranking.normalise, [[1]], [MORE], "best")
    refused("one-place", ranking.entropy_weights, [[1, 2]])
    refused("criteria-all-alike", ranking.entropy_weights, [[1, 2], [1, 2]])
    refused("criterion-negative", ranking.entropy_weights, [[-1], [2]])


def test_entropies_give_nothing_to_a_criterion_that_is_alike_everywhere_or_zero():
    found = ranking.entropy_weights([[3, 0, 1], [3, 0, 2], [3, 0, 9]])
    assert found.tolist() == [0, 0, 1]


# --- scores and ranks -------------------------------------------------------------------------------------------------


@given(tables, st.lists(st.integers(1, 9), min_size=4, max_size=4))
def test_the_bars_add_up_to_the_score_to_the_last_bit(table, weights):
    k = len(table[0])
    bars = ranking.contributions(table, [MORE] * k, weights[:k])
    score = ranking.weighted_sum(table, [MORE] * k, weights[:k])
    for row, total in zip(bars, score, strict=True):
        left = 0.0
        for bar in row.tolist():
            left += bar
        assert left == total
    assert (bars >= 0).all()
    assert (score <= 1 + 1e-12).all()


def test_a_weighted_sum_by_hand():
    # events 0..10 and households 100..300; a 3:1 weight: 0.75 * share of events + 0.25 * share of households
    found = ranking.weighted_sum([[10, 100], [5, 300], [0, 200]], [MORE, MORE], [3, 1])
    assert found == pytest.approx([0.75, 0.625, 0.125])


def test_ties_share_the_better_rank_and_stand_in_the_order_given():
    assert ranking.rank_scores([0.5, 0.9, 0.5, 0.1]).tolist() == [2, 1, 2, 4]
    assert ranking.order_of([0.3, 0.1 + 0.2, 0.9]).tolist() == [2, 0, 1]  # 0.1 + 0.2 is a last bit above 0.3
    assert ranking.rank_scores([0.3, 0.1 + 0.2, 0.9]).tolist() == [2, 2, 1]


def test_places_that_are_all_alike_have_one_score():
    same = [[2, 3], [2, 3]]
    assert ranking.topsis(same, [MORE, LESS], [1, 1]).tolist() == [0.5, 0.5]
    assert ranking.weighted_sum(same, [MORE, LESS], [1, 1]).tolist() == [0, 0]


def test_topsis_is_one_for_the_worst_in_all_and_zero_for_the_best_in_all():
    found = ranking.topsis([[9, 1], [5, 3], [1, 8]], [MORE, LESS], [2, 1])
    assert found[[0, 2]].tolist() == [1, 0]
    assert 0 < found[1] < 1


# --- robustness -------------------------------------------------------------------------------------------------------

MATRIX = [[9, 1, 4], [7, 7, 1], [1, 9, 3], [2, 2, 2], [7, 7, 1]]


@pytest.mark.parametrize("method", scoring.METHODS)
@pytest.mark.parametrize("spread", [0.2, None])
def test_robustness_is_what_a_plain_loop_over_the_draws_gives(method, spread):
    weights, draws, seed = np.array([0.5, 0.3, 0.2]), 300, 7
    costs, budget = [30, 20, 40, 10, 20], 60
    found = ranking.robustness(
        MATRIX, [MORE] * 3, weights, ranking.affordable(costs, budget), draws=draws, spread=spread, seed=seed,
        method=method,
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    score = ranking.topsis if method == "topsis" else ranking.weighted_sum
    ranks, funded = [], np.zeros(5)
    drawn = rng.standard_exponential((draws, 3)) if spread is None else weights * rng.uniform(0.8, 1.2, size=(draws, 3))
    for one in drawn:
        s = [round(value, 12) for value in score(MATRIX, [MORE] * 3, one)]
        ranks.append([1 + sum(other > value for other in s) for value in s])
        left = budget
        for at in sorted(range(5), key=lambda at: (-s[at], at)):
            if costs[at] <= left:
                left -= costs[at]
                funded[at] += 1
    ranks = np.sort(np.array(ranks), axis=0)
    assert found.share_funded == pytest.approx(funded / draws)
    for name, at in {"lowest": 0, "low": 14, "median": 149, "high": 284, "highest": 299}.items():
        assert getattr(found, name).tolist() == ranks[at].tolist(), name
    assert (found.draws, found.seed, found.spread) == (draws, seed, spread)


def test_all_weights_are_drawn_evenly_from_all_mixtures():
    # Two places, each first in one of two criteria: place 0 wins where its weight is above a half; and against a
    # third that has 0.6 in both it wins where its weight is above 0.6, in 40% of an even line from 0 to 1
    found = ranking.robustness([[1, 0], [0, 1], [0.6, 0.6]], [MORE, MORE], [1, 1], 1, spread=None, seed=3)
    assert found.share_funded == pytest.approx([0.4, 0.4, 0.2], abs=0.015)
    assert found.share_funded.sum() == pytest.approx(1)
    # Of three criteria: a weight above a half leaves a quarter of the triangle, (1 - 1/2)^2
    corners = [[1, 0, 0], [0.5, 0.5, 0.5]]
    found = ranking.robustness(corners, [MORE] * 3, [1, 1, 1], 1, spread=None, seed=3, how="max")
    # "max" makes the second place 0.5, 1, 1: the first wins where w1 > 0.5 w1 + w2 + w3, so where w1 > 2/3: 1/9
    assert found.share_funded[0] == pytest.approx(1 / 9, abs=0.01)


def test_near_weights_stay_within_a_fifth_and_decide_only_what_is_close():
    clear = ranking.robustness([[1, 1], [0, 0]], [MORE, MORE], [1, 1], 1, seed=1)
    assert clear.share_funded.tolist() == [1, 0]
    assert (clear.lowest.tolist(), clear.highest.tolist()) == ([1, 2], [1, 2])
    close = ranking.robustness([[1, 0], [0, 1]], [MORE, MORE], [1, 1], 1, seed=1)
    assert close.share_funded == pytest.approx([0.5, 0.5], abs=0.02)
    far = ranking.robustness([[1, 0], [0, 1]], [MORE, MORE], [1.51, 1], 1, seed=1)  # 1.2 / 0.8 = 1.5
    assert far.share_funded.tolist() == [1, 0]


def test_a_weight_of_zero_stays_zero_near_what_was_chosen():
    found = ranking.robustness([[1, 0], [0, 1]], [MORE, MORE], [1, 0], 1, seed=1, spread=1.0)
    assert found.share_funded.tolist() == [1, 0]


def test_the_same_seed_gives_the_same_answer_and_parts_do_not_matter(monkeypatch):
    ask = {"draws": 500, "seed": 11, "spread": None}
    one = ranking.robustness(MATRIX, [MORE] * 3, [1, 1, 1], 2, **ask)
    again = ranking.robustness(MATRIX, [MORE] * 3, [1, 1, 1], 2, **ask)
    other = ranking.robustness(MATRIX, [MORE] * 3, [1, 1, 1], 2, **(ask | {"seed": 12}))
    assert one.share_funded.tolist() == again.share_funded.tolist() != other.share_funded.tolist()
    monkeypatch.setattr(ranking, "_AT_ONCE", 35)
    parts = ranking.robustness(MATRIX, [MORE] * 3, [1, 1, 1], 2, **ask)
    assert parts.share_funded.tolist() == one.share_funded.tolist()
    assert parts.median.tolist() == one.median.tolist()


@given(tables, st.integers(0, 8))
def test_so_many_are_funded_in_each_draw_as_were_asked_for(table, places):
    places = min(places, len(table))
    found = ranking.robustness(table, [MORE] * len(table[0]), [1] * len(table[0]), places, draws=20, seed=1)
    assert found.share_funded.sum() == pytest.approx(places)
    assert found.funded.sum() == places
    assert (found.lowest <= found.low).all()
    assert (found.low <= found.median).all()
    assert (found.median <= found.high).all()
    assert (found.high <= found.highest).all()
    assert (found.lowest >= 1).all()
    assert (found.highest <= len(table)).all()


@pytest.mark.parametrize(
    ("code", "options"),
    [
        ("draws-bad", {"draws": 0}),
        ("draws-bad", {"draws": 1.5}),
        ("spread-bad", {"spread": 0}),
        ("spread-bad", {"spread": 1.2}),
        ("ranking-unknown", {"method": "electre"}),
        ("top-bad", {"funded": 9}),
    ],
)
def test_questions_of_robustness_that_cannot_be_answered_are_refused(code, options):
    options = {"funded": 1, "seed": 1, **options}
    refused(code, ranking.robustness, MATRIX, [MORE] * 3, [1, 1, 1], **options)


# --- what is funded ---------------------------------------------------------------------------------------------------


def funded(order, *arguments, **options):
    return np.flatnonzero(ranking.affordable(*arguments, **options)(np.array([order]))[0]).tolist()


def test_one_goes_down_the_list_and_passes_over_what_no_longer_fits():
    costs = [50, 40, 30, 20]
    assert funded([0, 1, 2, 3], costs, 100) == [0, 1]
    assert funded([0, 2, 1, 3], costs, 100) == [0, 2, 3]  # 80 spent, 40 do not fit, 20 do
    assert funded([3, 2, 1, 0], costs, 10) == []
    assert funded([0, 1, 2, 3], [0.1, 0.2, 0.3, 9], 0.6) == [0, 1, 2]  # to the fen, not to the last bit


def test_what_must_be_built_comes_first_and_of_alternatives_the_first_alone():
    costs = [50, 40, 30, 20]
    assert funded([0, 1, 2, 3], costs, 100, must=[3]) == [0, 2, 3]  # 20 first; then 50; 40 no longer fit; 30 do
    assert funded([0, 1, 2, 3], costs, 100, exclusive=[(0, 1)]) == [0, 2, 3]
    assert funded([1, 0, 2, 3], costs, 100, exclusive=[(0, 1), (1, 2)]) == [1, 3]
    assert funded([0, 1, 2, 3], costs, 100, must=[1], exclusive=[(0, 1)]) == [1, 2, 3]
    # One that does not fit shuts nobody out
    assert funded([0, 1, 2, 3], [200, 40, 30, 20], 100, exclusive=[(0, 1)]) == [1, 2, 3]


def test_budgets_and_costs_that_cannot_be_are_refused():
    assert "2 projects have no cost" in refused("costs-bad", ranking.affordable, [0, NAN, 5], 10)
    refused("budget-bad", ranking.affordable, [5], -1)
    refused("budget-bad", ranking.affordable, [5], NAN)
    refused("position-bad", ranking.affordable, [5], 10, must=[1])
    refused("must-exclusive", ranking.affordable, [5, 5], 10, must=[0, 1], exclusive=[(0, 1)])
    assert "cost 10.0 yuan" in refused("budget-below-must", ranking.affordable, [5, 5], 9, must=[0, 1])
    refused("costs-differ", ranking.robustness, MATRIX, [MORE] * 3, [1, 1, 1], ranking.affordable([5], 9), seed=1)
