"""Gi* and local Moran's I by choice: what they claim, only tell, or cannot judge; calls claim nothing."""

import numpy as np
import pytest
import scipy.sparse as sp
from test_analysis_association import SIX_POINTS, lattice

from analysis import neighborhoods
from analysis.association import gi_star_test, local_moran
from analysis.family import Plane
from analysis.hotspots import CALLS, GI_STAR, LIST, MORAN, choose_method, claimed, explain_cell, find_hot_spots
from base.text import Words
from data.schema import EXPOSURES

METHODS = (GI_STAR, MORAN)
EN, ZH = Words("en"), Words("zh")
SIDE = 10
BLOCK = [33, 34, 35, 43, 45, 53, 54, 55]  # of a map of ten by ten, around a quiet cell
QUIET = 44
MIDDLES = [34, 43, 45, 54]  # of its sides: their neighbourhoods hold most of it


def around(touching):
    """Surroundings that know nothing but who is next to whom."""
    n = touching.shape[0]
    return Plane(np.arange(n), np.zeros(n), max_share=0.5, most_cells=None, draws=99, seed=1, touching=touching)


def found(counts, method, exposures=None, *, touching=None, calls=None, **more):
    counts = np.asarray(counts)
    near = lattice(int(np.sqrt(len(counts)))) if touching is None else touching
    options = {"fdr": 0.05, "min_events": 20, "draws": 99, "seed": 7, "surroundings": around(near), **more}
    return find_hot_spots(counts if calls is None else calls, counts, exposures or {}, method=method, **options)


def cold_and_hot():
    """A map of ones and twos with a ring of twelves around a 0, and 24 cells in a corner without any event."""
    counts = 1 + (np.arange(100) * 7 % 3 == 0)
    counts[[10 * row + column for row in range(5, 10) for column in range(5, 10)]] = 0
    counts[BLOCK] = 12
    counts[QUIET] = 0
    return counts


def test_gi_star_claims_the_cells_of_a_hot_place_and_tells_the_rest_of_its_neighbourhood_without_a_claim():
    counts = cold_and_hot()
    spots = found(counts, GI_STAR, {"households": np.full(100, 300)})
    assert set(MIDDLES) <= set(np.flatnonzero(spots.hot))
    assert (spots.method, spots.claim, spots.by[34], spots.claims[34]) == (GI_STAR, "hot_spot", GI_STAR, "hot_spot")
    high = np.array(spots.pattern) == "high"
    assert np.array_equal(spots.hot, high & (counts > counts.mean()))  # who holds no more than expected is none
    assert (spots.pattern[QUIET], spots.hot[QUIET]) == ("high", False)
    assert set(spots.pattern) == {"high", "low", ""}
    cold = np.flatnonzero(np.array(spots.pattern) == "low")
    assert 88 in cold
    assert not spots.hot[cold].any()
    assert np.isnan([spots.map_p, spots.cells_p]).all()
    assert not spots.needed.any()
    assert spots.places == ()


def test_local_moran_claims_high_among_high_alone():
    counts = cold_and_hot()
    counts[77] = 3  # above the average amid nothing
    spots = found(counts, MORAN)
    assert (spots.claim, spots.claims[34]) == ("gather", "gather")
    assert np.array_equal(spots.hot, np.array(spots.pattern) == "HH")
    assert np.flatnonzero(spots.hot).tolist() == MIDDLES
    assert (spots.pattern[79], spots.pattern[77]) == ("LL", "HL")
    assert spots.z[77] < 0 < spots.z[79]
    assert spots.pattern[QUIET] == "LH"


# Six points of the manual of esda (G_Local, docstring; binary, the cell itself counted), values 2, 3, 3.2, 5, 8, 7:
# ten times as many events give the same z, through the whole path
@pytest.mark.parametrize("exposures", [{}, {"households": np.full(6, 50)}])
def test_six_points_have_the_published_scores(exposures):
    spots = found([20, 30, 32, 50, 80, 70], GI_STAR, exposures, touching=SIX_POINTS)
    star = [-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331]
    assert spots.z == pytest.approx(star, abs=5e-9)


@pytest.mark.parametrize(("method", "test"), [(GI_STAR, gi_star_test), (MORAN, local_moran)])
def test_without_an_exposure_it_is_the_test_of_the_counts(method, test):
    counts = np.random.default_rng(3).poisson(4, 100)
    spots = found(counts, method)
    plain = test(counts, lattice(10), permutations=neighborhoods.PERMUTATIONS, seed=7)
    assert np.array_equal(spots.p, plain.p)
    assert spots.z == pytest.approx(plain.z, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_what_is_claimed_of_another_map_is_claimed_by_the_same_rule(method):
    counts, weight = cold_and_hot(), np.full(100, 300.0)
    spots = found(counts, method, {"households": weight})
    again = claimed(
        counts, weight, fdr=0.05, min_events=20, method=method, surroundings=around(lattice(10)), seed=7
    )  # fmt: skip
    assert np.array_equal(again, spots.hot)
    assert again.any()
    assert not claimed(counts, weight, fdr=0.05, min_events=20, method=CALLS).any()


@pytest.mark.parametrize("method", METHODS)
def test_more_households_explain_more_events(method):
    households = np.full(100, 100.0)
    households[BLOCK] = 1_200
    noise = np.random.default_rng(5).poisson(households / 100 * 4)
    assert found(noise, method).hot.any()
    assert not found(noise, method, {"households": households}).hot.any()


@pytest.mark.parametrize("method", METHODS)
def test_maps_without_a_pattern_carry_a_claim_no_more_often_than_promised(method):
    chance = np.random.default_rng(11)
    households = chance.gamma(0.5, size=49) + 0.01
    share = households / households.sum()
    claimed = sum(
        found(chance.multinomial(150, share), method, {"households": households}, permutations=999).hot.any()
        for _ in range(150)
    )
    assert claimed <= 14  # 5% of 150 are 7.5; one more in forty runs would be 13 with a true 5%


# --- what cannot be judged --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_cells_without_a_neighbour_stay_and_are_told(method):
    near = sp.block_diag([sp.csr_array((1, 1)), lattice(10), sp.csr_array((1, 1))], format="csr")
    spots = found([50, *cold_and_hot(), 3], method, touching=near)
    assert np.flatnonzero(np.isnan(spots.p)).tolist() == [0, 101]
    assert not spots.hot[[0, 101]].any()
    assert "2 cells have no neighbour and cannot be judged by this method." in spots.reason.say(EN)
    assert "有 2 个网格没有相邻网格，本方法无法判断。" in spots.reason.say(ZH)
    assert "has no neighbour and cannot be judged" in explain_cell(spots, 0).say(EN, name="N")
    one = found([50, *cold_and_hot()], method, touching=near[:101, :101])
    assert "One cell has no neighbour" in one.reason.say(EN)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("counts", "exposures", "more", "sentence"),
    [
        ([5] * 9, {}, {}, "All 9 cells have the same value: none stands out."),
        ([4, 8, 12, 4], {"households": [10, 20, 30, 10]}, {}, "All 4 cells have the same value: none stands out."),
        ([0] * 9, {}, {}, "Too few events for a claim about single cells: 0"),
        ([0] * 9, {}, {"min_events": 0}, "All 9 cells have the same value: none stands out."),
        ([30], {}, {}, "A single cell cannot be compared with others"),
        ([1, 2, 3, 4], {}, {}, "Too few events for a claim about single cells: 10"),
        ([9, 8, 7, 6], {}, {"touching": sp.csr_array((4, 4))}, "No cell has a neighbour"),
        ([9, 8, 7, 6], {}, {"surroundings": None}, "No cell has a neighbour"),
    ],
)
def test_what_cannot_be_judged_is_a_sentence_and_no_number(method, counts, exposures, more, sentence):
    spots = found(counts, method, exposures, **more)
    assert spots.reason.say(EN).startswith(sentence)
    assert np.isnan(spots.p).all()
    assert np.isnan(spots.z).all()
    assert not spots.hot.any()
    assert spots.method in (LIST, method)
    if spots.method == method:
        assert explain_cell(spots, 0).say(EN, name="N").endswith(spots.reason.say(EN))
    assert explain_cell(spots, 0).say(ZH, name="N").startswith("N：")


@pytest.mark.parametrize("method", METHODS)
def test_a_missing_exposure_leaves_counts_and_the_weaker_word(method):
    spots = found(cold_and_hot(), method, {"households": [float("nan")] + [5.0] * 99})
    assert (spots.exposure, spots.claim) == ("equal", "gather")
    assert "no complete figures of households" in spots.reason.say(EN)
    assert "what equal shares would give" in found(cold_and_hot(), method, exposure="equal").reason.say(EN)


@pytest.mark.parametrize("method", METHODS)
def test_the_reason_always_says_what_the_choice_costs(method):
    for exposures in ({}, {"households": np.full(100, 9)}):
        spots = found(cold_and_hot(), method, exposures)
        assert "What this choice costs: it compares neighbourhoods and not cells" in spots.reason.say(EN)
        assert "选用此法的代价" in spots.reason.say(ZH)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("exposures", [{}, {"households": np.full(100, 300)}])
def test_every_cell_has_its_sentence_and_only_claims_are_said_to_be_one(method, exposures):
    counts = cold_and_hot()
    counts[77] = 3
    spots = found(counts, method, exposures)
    assert set(exposures) <= set(EXPOSURES)
    for at in range(100):
        said = explain_cell(spots, at).say(EN, name="N")
        assert said.startswith(f"N: {counts[at]} observed, ")
        assert spots.hot[at] == any(word in said for word in ("a hot spot with", "reports gather here")), said
        assert "nan" not in said
        assert explain_cell(spots, at).say(ZH, name="N") != said
    hot = explain_cell(spots, 34).say(EN, name="N")
    assert "standard deviations above" in hot
    assert "once in" in hot


def test_a_cell_beside_all_others_is_said_to_be_beyond_this_method():
    near = sp.csr_array([[0, 1, 1], [1, 0, 0], [1, 0, 0]])
    spots = found([10, 20, 50], GI_STAR, touching=near)
    assert "All other cells are its neighbours" in explain_cell(spots, 0).say(EN, name="N")


# --- calls ------------------------------------------------------------------------------------------------------------


def test_calls_are_counted_and_nothing_is_claimed():
    calls, events = np.array([500, 10, 10, 10]), np.array([30, 10, 10, 10])
    touching = sp.csr_array(np.ones((4, 4)) - np.eye(4))
    spots = found(events, CALLS, {"households": [30, 10, 10, 10]}, touching=touching, calls=calls)
    assert (spots.method, spots.claim, spots.tested, spots.hot.any()) == (CALLS, "", False, False)
    assert set(spots.claims) == {""}
    assert np.isnan(spots.p).all()
    assert (spots.counted.tolist(), spots.events.tolist()) == (calls.tolist(), events.tolist())
    assert spots.expected == pytest.approx([265, 530 / 6, 530 / 6, 530 / 6])
    assert spots.ratio[0] == pytest.approx(500 / 265)
    assert spots.reason.say(EN).startswith("530 calls in 4 cells are counted as they came, and nothing is claimed")
    assert explain_cell(spots, 0).say(EN, name="N").startswith("N: 500 calls, 265 expected by households.")


@pytest.mark.parametrize(
    ("events", "cells", "asked", "method"),
    [
        (500, 100, GI_STAR, GI_STAR), (500, 3, MORAN, MORAN), (19, 100, GI_STAR, LIST), (500, 1, MORAN, LIST),
        (500, 100, CALLS, CALLS), (3, 1, CALLS, CALLS), (500, 100, LIST, LIST), (500, 20_000, GI_STAR, GI_STAR),
    ],
)  # fmt: skip
def test_they_are_taken_when_somebody_asks(events, cells, asked, method):
    assert choose_method(events, cells, min_events=20, asked=asked) == method


def test_where_no_test_was_asked_for_there_is_no_claim_and_the_reason_says_what_groups_are():
    spots = found(cold_and_hot(), LIST)
    assert (spots.method, spots.claim, spots.hot.any()) == (LIST, "", False)
    assert "a description and no claim" in spots.reason.say(EN)
