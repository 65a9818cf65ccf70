"""The excess test is exact, corrected and calibrated; the words keep to what the exposure allows."""

import dataclasses
import itertools
import pickle
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multinomial

from analysis import hotspots
from analysis.family import Plane
from analysis.hotspots import (
    EXPOSURE_NAMES,
    _named_by,
    choose_method,
    claimed,
    excess_test,
    explain_cell,
    find_hot_spots,
    map_chance,
    one_in,
)
from base.errors import HazardError
from base.text import Words
from data.schema import EXPOSURES

OPTIONS = {"fdr": 0.05, "min_events": 20, "draws": 199, "seed": 7}
ENGLISH = Words("en")
ONE_HOT = np.array([13] + [3] * 22)  # 79 events over 23 cells
small_maps = st.integers(2, 9).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 25), min_size=n, max_size=n), st.lists(st.integers(1, 50), min_size=n, max_size=n)
    )
)


def tail(count, total, share):
    """The binomial upper tail, summed term by term."""
    return sum(comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(count, total + 1))


# Counts that a lone cell needs with false discovery rate 5% and equal exposure: 0.05 / n against the binomial tail, as
# first found by simulation with other code (23 grids and 30 incidents: 6; 23/100: 12; 54/100: 8; 54/300: 15).
@pytest.mark.parametrize(("cells", "total", "needed"), [(23, 30, 6), (23, 100, 12), (54, 100, 8), (54, 300, 15)])
def test_the_count_a_lone_cell_needs_is_the_one_of_plain_numbers(cells, total, needed):
    counts = np.bincount(np.arange(total) % cells, minlength=cells)
    assert excess_test(counts, np.ones(cells)).needed.tolist() == [needed] * cells
    assert tail(needed, total, 1 / cells) <= 0.05 / cells < tail(needed - 1, total, 1 / cells)


@given(small_maps)
def test_p_is_the_binomial_tail_and_needed_the_first_count_below_the_limit(case):
    counts, exposure = case
    test = excess_test(counts, exposure)
    total, share = sum(counts), np.array(exposure) / sum(exposure)
    assert test.p == pytest.approx([tail(c, total, s) for c, s in zip(counts, share, strict=True)], rel=1e-8)
    limit = 0.05 / len(counts)
    for needed, s in zip(test.needed, share, strict=True):
        reached = [k for k in range(total + 1) if tail(k, total, s) <= limit]
        assert needed == (reached[0] if reached else total + 1)


def test_fifteen_p_values_pass_as_benjamini_and_hochberg_published():
    # Benjamini & Hochberg (1995), section 4: of these 15 p-values the four smallest are rejected at q = 0.05. The
    # step-up rule is scipy's; this pins that `hot` uses it and not one limit for all.
    from scipy.stats import false_discovery_control

    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1,
    ]
    assert (false_discovery_control(p, method="bh") <= 0.05).sum() == 4
    test = excess_test([12, 11, 10] + [1] * 20, np.ones(23))
    assert (test.hot == (false_discovery_control(test.p, method="bh") <= 0.05)).all()
    assert test.hot.tolist() == [True] * 3 + [False] * 20


@given(small_maps, st.floats(1e-6, 1e6))
def test_the_unit_of_the_exposure_does_not_matter(case, factor):
    counts, exposure = case
    one, other = excess_test(counts, exposure), excess_test(counts, np.array(exposure) * factor)
    assert other.p == pytest.approx(one.p, rel=1e-8)
    assert (other.hot == one.hot).all()


@given(small_maps, st.randoms(use_true_random=False))
def test_cells_in_another_order_have_the_same_answers_in_that_order(case, random):
    counts, exposure = (np.array(part) for part in case)
    order = np.array(random.sample(range(len(counts)), len(counts)))
    one, other = excess_test(counts, exposure), excess_test(counts[order], exposure[order])
    assert other.p == pytest.approx(one.p[order], rel=1e-9)
    assert (other.hot == one.hot[order]).all()
    assert (other.needed == one.needed[order]).all()


def test_a_cell_without_exposure_and_without_events_is_never_hot():
    test = excess_test([0, 15, 1, 1], [0, 1, 1, 1])
    assert test.p[0] == 1
    assert test.hot.tolist() == [False, True, False, False]


def test_no_events_at_all_make_no_claim():
    test = excess_test([0, 0, 0], [1, 2, 3])
    assert test.p.tolist() == [1, 1, 1]
    assert not test.hot.any()
    assert test.needed.tolist() == [1, 1, 1]  # the total + 1: no count of none would do


@pytest.mark.parametrize(
    ("counts", "expected", "code"),
    [
        ([1, 2], [1, -1], "exposure-bad"),
        ([1, 2], [1, float("nan")], "exposure-bad"),
        ([1, 2], [1, float("inf")], "exposure-bad"),
        ([1, 2], [0, 0], "exposure-zero"),
        ([1, 2], [1, 0], "incidents-without-exposure"),
        ([1.5, 2], [1, 1], "counts-not-whole"),
        ([-1, 2], [1, 1], "counts-not-whole"),
        ([float("nan"), 2], [1, 1], "counts-not-whole"),
        ([3], [1], "one-cell"),
        ([1, 2, 3], [1, 1], "lengths-differ"),
    ],
)
def test_numbers_that_cannot_be_are_refused_with_a_sentence(counts, expected, code):
    with pytest.raises(HazardError) as refused:
        excess_test(counts, expected)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")


def test_a_false_discovery_rate_outside_0_to_1_is_refused():
    with pytest.raises(HazardError) as refused:
        excess_test([1, 2], [1, 1], fdr=5)
    assert refused.value.code == "fdr-bad"


def test_what_goes_in_is_not_changed():
    counts, exposure = ONE_HOT.copy(), np.arange(1.0, 24)
    excess_test(counts, exposure)
    find_hot_spots(counts, counts, {"households": exposure}, **OPTIONS)
    assert (counts == ONE_HOT).all()
    assert (exposure == np.arange(1.0, 24)).all()


def test_the_chance_of_a_map_is_the_share_of_random_maps_as_strong():
    # Two cells, equal shares, 4 events, all in one: of the 16 ways 1 puts all in the first and 1 all in the second, so
    # the exact chance is 2/16 = 0.125. The draws may miss it by four standard errors of 9,999.
    assert map_chance([4, 0], [1, 1], draws=9_999, seed=3) == pytest.approx(
        0.125, abs=4 * (0.125 * 0.875 / 9_999) ** 0.5
    )


def test_the_chance_of_any_cell_at_its_limit_is_that_of_all_maps_counted_out():
    # Every way to put 9 events into 4 cells, with its multinomial probability, for limits that some of them reach.
    share = np.array([0.1, 0.2, 0.3, 0.4])
    maps = [m for m in itertools.product(range(10), repeat=4) if sum(m) == 9]
    chance = multinomial.pmf(maps, 9, share)
    for limit in ([3, 4, 6, 7], [2, 3, 4, 5], [5, 10, 10, 10], [1, 6, 9, 10], [6, 7, 9, 10]):
        expected = chance[(np.array(maps) >= limit).any(axis=1)].sum()
        assert hotspots._chance_of_any(np.array(limit), 9, share) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("cells", "total", "p"), [(23, 115, 0.01), (200, 40_000, 0.0005), (400, 300, 0.0002)])
def test_the_chance_of_any_cell_at_its_limit_is_the_share_of_random_maps_that_reach_it(cells, total, p):
    rng = np.random.default_rng(20260101)
    share = rng.dirichlet(np.full(cells, 5.0))
    limit = hotspots._smallest_count(p, total, share)
    chance = hotspots._chance_of_any(limit, total, share)
    seen = (rng.multinomial(total, share, size=4_000) >= limit).any(axis=1).mean()
    assert seen == pytest.approx(chance, abs=4 * (chance * (1 - chance) / 4_000) ** 0.5)  # four standard errors


def test_a_city_whose_cells_are_alike_or_all_different_has_one_chance_of_a_map():
    # A change of the shares by a part in a million changes no limit here, but makes 2,000 kinds of cells of one.
    alike, other = np.ones(2_000), 1 + 1e-6 * np.linspace(-1, 1, 2_000)
    limit = np.full(2_000, 95)
    one, many = (hotspots._chance_of_any(limit, 120_000, share / share.sum()) for share in (alike, other))
    assert 0.01 < one < 0.99
    assert many == pytest.approx(one, rel=1e-4)


def test_ties_count_so_the_most_usual_map_has_chance_one():
    assert map_chance([2, 2], [1, 1], draws=99, seed=1) == 1


def test_the_chance_of_a_map_is_seeded_and_never_zero():
    first = map_chance([40, 0, 0, 0], np.ones(4), draws=99, seed=1)
    assert first == map_chance([40, 0, 0, 0], np.ones(4), draws=99, seed=1) == 1 / 100


def random_maps(n, rng):
    """`n` maps without pattern: 69 events over 23 equal cells."""
    return rng.multinomial(69, np.full(23, 1 / 23), size=n)


def test_maps_without_a_pattern_carry_a_claim_no_more_often_than_promised():
    maps = random_maps(400, np.random.default_rng(20260101))
    share = np.mean([excess_test(counts, np.ones(23)).hot.any() for counts in maps])
    assert share <= 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5  # three standard errors of 400 maps


def test_calls_instead_of_events_put_false_claims_on_about_half_of_such_maps():
    # Two calls an event on average (one, and a Poisson number of further ones): the reason why tests count events.
    rng = np.random.default_rng(20260101)
    calls = [events + rng.poisson(events) for events in random_maps(400, rng)]
    share = np.mean([excess_test(counts, np.ones(23)).hot.any() for counts in calls])
    assert 0.4 < share < 0.7


def test_the_first_complete_exposure_is_taken_and_allows_the_words_hot_spot():
    road = np.full(23, 2.0)
    holes = np.full(23, 300.0)
    holes[4] = np.nan
    spots = find_hot_spots(
        2 * ONE_HOT, ONE_HOT, {"households": holes, "road_km": road, "covers": road, "area": road}, **OPTIONS
    )
    assert (spots.method, spots.exposure, spots.claim) == ("excess", "road_km", "hot_spot")
    assert spots.claims == ("hot_spot",) + ("",) * 22
    assert (spots.calls == 2 * spots.events).all()
    assert spots.expected == pytest.approx(np.full(23, 79 / 23))
    assert spots.ratio[0] == pytest.approx(13 / (79 / 23))


def test_more_households_explain_more_events():
    households = np.array([1300.0] + [300.0] * 22)
    assert not find_hot_spots(ONE_HOT, ONE_HOT, {"households": households}, **OPTIONS).hot.any()


def test_without_an_exposure_the_word_is_gather():
    spots = find_hot_spots(ONE_HOT, ONE_HOT, {}, **OPTIONS)
    assert (spots.exposure, spots.claim, spots.claims[0]) == ("equal", "gather", "gather")
    assert "more people may live there" in spots.reason.say(ENGLISH)


@pytest.mark.parametrize("area", [np.ones(23), np.array([5.0] + [1.0] * 22), np.array([0.05] + [1.0] * 22)])
def test_area_makes_no_claim_and_no_stronger_word(area):
    spots = find_hot_spots(ONE_HOT, ONE_HOT, {"area": area}, **OPTIONS)
    assert (spots.exposure, spots.claim, spots.claims[0]) == ("equal", "gather", "gather")
    counts = np.array([5] + [3] * 22)
    assert not find_hot_spots(counts, counts, {"area": area}, **OPTIONS).hot.any()


@pytest.mark.parametrize("exposure", ["equal", "area"])
def test_equal_shares_or_area_chosen_by_hand_are_no_exposure(exposure):
    spots = find_hot_spots(
        ONE_HOT, ONE_HOT, {"area": np.ones(23), "households": np.ones(23)}, exposure=exposure, **OPTIONS
    )
    assert (spots.exposure, spots.claims[0]) == (exposure, "gather")


def test_few_events_are_listed_without_a_claim():
    counts = np.array([15, 1, 1, 1, 1])
    spots = find_hot_spots(counts, counts, {}, **OPTIONS)
    assert spots.method == "list"
    assert not spots.hot.any()
    assert np.isnan(spots.p).all()
    assert np.isnan(spots.map_p)
    assert spots.expected == pytest.approx(np.full(5, 3.8))
    assert spots.reason.say(ENGLISH).startswith("Too few events")
    assert "20" in spots.reason.say(ENGLISH)


@pytest.mark.parametrize("counts", [[], [40]])
def test_one_cell_or_none_is_listed(counts):
    spots = find_hot_spots(counts, counts, {"households": [300.0] * len(counts)}, **OPTIONS)
    assert (spots.method, len(spots.hot)) == ("list", len(counts))


def test_an_exposure_that_is_not_there_or_has_holes_is_refused_by_name():
    with pytest.raises(HazardError, match="no exposure named dogs; known: auto, equal, area") as unknown:
        find_hot_spots(ONE_HOT, ONE_HOT, {"area": np.ones(23)}, exposure="dogs", **OPTIONS)
    assert unknown.value.code == "exposure-unknown"
    with pytest.raises(HazardError, match="households is missing or not positive in 2 cells") as holes:
        find_hot_spots(ONE_HOT, ONE_HOT, {"households": [0, np.nan, *[5] * 21]}, exposure="households", **OPTIONS)
    assert holes.value.code == "exposure-incomplete"


def test_the_strongest_cell_is_explained_with_its_numbers_and_the_chance_of_the_map():
    spots = find_hot_spots(ONE_HOT, ONE_HOT, {"households": np.ones(23)}, **OPTIONS)
    sentence = explain_cell(spots, 0).say(ENGLISH, name="South Lake 6")
    # 13 of 79 at a share of 1/23: the tail, summed term by term, is 3.525e-5, once in 28,000. No draw of 199 is as
    # strong, so the map comes up at most once in 200.
    assert sentence.startswith("South Lake 6: 13 observed, 3.4 expected by households.")
    assert tail(13, 79, 1 / 23) == pytest.approx(3.525e-5, rel=1e-3)
    assert "once in 28,000 times" in sentence
    assert "at most about once in 200." in sentence
    assert f"From {spots.needed[0]} on it counts as a hot spot" in sentence


def test_a_cell_within_chance_is_said_to_be_so():
    counts = np.array([13, 6, 0] + [3] * 20)
    spots = find_hot_spots(counts, counts, {}, **OPTIONS)
    assert "no claim" in explain_cell(spots, 1).say(ENGLISH, name="A")
    assert "No more than chance gives" in explain_cell(spots, 2).say(ENGLISH, name="B")


@pytest.mark.parametrize("exposures", [{}, {"area": np.ones(23)}, {"households": np.ones(23)}])
@pytest.mark.parametrize("counts", [ONE_HOT, np.array([20, 20] + [3] * 21), np.array([3] * 6 + [0] * 17)])
def test_every_cell_of_every_kind_of_map_has_its_sentence(exposures, counts):
    spots = find_hot_spots(counts, counts, exposures, **OPTIONS)
    said = [explain_cell(spots, at).say(ENGLISH, name="N") for at in range(23)]
    assert all(text.startswith("N: ") and "{" not in text for text in said)
    assert "{" not in spots.reason.say(ENGLISH)


def test_every_exposure_has_a_name_for_people():
    assert set(EXPOSURES) | {"equal", "area"} == set(EXPOSURE_NAMES)


@pytest.mark.parametrize(("p", "times"), [(0.5, 2), (1.0, 1), (0.000118, 8500), (0.0213, 47), (1e-12, 1_000_000)])
def test_a_chance_is_said_as_once_in_a_round_number(p, times):
    assert one_in(p) == times


def test_an_answer_is_frozen_and_can_be_cached():
    spots = find_hot_spots(ONE_HOT, ONE_HOT, {}, **OPTIONS)
    with pytest.raises(dataclasses.FrozenInstanceError):
        spots.claim = "hot_spot"
    assert pickle.loads(pickle.dumps(spots)).reason.say(ENGLISH) == spots.reason.say(ENGLISH)


# --- cells and the places around them ---------------------------------------------------------------------------------

SIDE = 5
PLANE = Plane(np.arange(25) % SIDE, np.arange(25) // SIDE, max_share=0.5, most_cells=None, draws=999, seed=3)


def test_a_place_that_cells_share_is_found_where_none_of_them_is_alone():
    counts = np.full(25, 4)
    counts[[7, 11, 12, 13, 17]] = [11, 11, 3, 11, 11]  # the one amid them holds fewer than expected
    alone = find_hot_spots(counts, counts, {"households": np.ones(25)}, **OPTIONS)
    assert not alone.hot.any()
    spots = find_hot_spots(counts, counts, {"households": np.ones(25)}, surroundings=PLANE, **OPTIONS)
    (place,) = spots.places
    assert (place.members, place.observed) == ((7, 11, 12, 13, 17), 47)
    assert place.expected == pytest.approx(5 * 127 / 25)
    assert place.ratio == pytest.approx(47 / 25.4 / (80 / 101.6))
    assert place.p <= 0.05
    assert place.part == place.members  # no part of it is a claim by itself
    assert np.flatnonzero(spots.hot).tolist() == [7, 11, 13, 17]
    assert [spots.by[at] for at in (7, 12)] == ["place", ""]
    assert (spots.method, spots.claim, spots.claims[7]) == ("excess+scan", "hot_spot", "hot_place")
    assert (spots.own, spots.sharing) == (0, spots.places)  # what is claimed is the place
    sentence = explain_cell(spots, 7).say(ENGLISH, name="N")
    assert sentence.startswith("N: 11 observed, 5.1 expected by households: by itself no claim. It lies in a hot place")
    assert "with 4 cells around it 47 observed and 25.4 expected" in sentence
    pair = dataclasses.replace(spots, places=(place._replace(members=(7, 12)),))
    said = explain_cell(pair, 7).say(ENGLISH, name="N")
    assert "with one cell beside it 47 observed and 25.4 expected" in said
    assert "连同周围 1 个网格共 47 起" in explain_cell(pair, 7).say(Words("zh"), name="N")
    unknown = find_hot_spots(counts, counts, {}, surroundings=PLANE, **OPTIONS)
    assert (unknown.claim, unknown.claims[7]) == ("gather", "gather_place")
    assert "in a gathering place" in explain_cell(unknown, 7).say(ENGLISH, name="N")


def test_a_usual_cell_amid_many_is_in_their_place_and_no_hot_spot_itself():
    counts = np.full(25, 4)
    counts[[7, 11, 12, 13, 17]] = [13, 13, 6, 13, 13]  # 138 in all: 5.52 expected in each
    spots = find_hot_spots(counts, counts, {"households": np.ones(25)}, surroundings=PLANE, **OPTIONS)
    assert spots.p[12] > 0.3
    assert (spots.claims[12], spots.by[12], bool(spots.hot[12])) == ("hot_place", "place", True)
    assert [place.members for place in spots.sharing] == [(7, 11, 12, 13, 17)]


def test_a_cell_that_is_the_whole_hottest_part_of_a_place_is_a_hot_spot_itself():
    assert _named_by(np.zeros(4, bool), [(1, 2, 3), (2,)], np.ones(4, bool)) == ("", "place", "both", "place")
    assert _named_by(np.zeros(4, bool), [(1, 2, 3), (2, 3)], np.ones(4, bool)) == ("", "place", "place", "place")


def test_under_the_family_no_cell_gives_another_chance_of_the_map():
    counts = np.full(25, 8)
    counts[12] = 40
    given = {"households": np.ones(25)}
    alone = find_hot_spots(counts, counts, given, method="excess", **OPTIONS)
    assert "a map with a cell this strong" in explain_cell(alone, 12).say(ENGLISH, name="N")
    family = find_hot_spots(counts, counts, given, surroundings=PLANE, **OPTIONS)
    assert (family.method, family.claims[12]) == ("excess+scan", "hot_spot")
    assert "a map" not in explain_cell(family, 12).say(ENGLISH, name="N")


def test_where_the_rate_falls_off_slowly_the_hottest_part_of_the_place_stands_beside_it():
    row = np.array([1, 2, 4, 7, 10])
    counts = np.maximum(np.outer(row, row) // 9, 1).ravel()  # most in the last corner
    spots = find_hot_spots(counts, counts, {"households": np.ones(25)}, surroundings=PLANE, **OPTIONS)
    (place,) = spots.places
    assert set(place.part) < set(place.members)
    inside, part = counts[list(place.members)], counts[list(place.part)]
    assert part.mean() > inside.mean()
    alone = dataclasses.replace(PLANE, max_share=len(part) / 25)  # a scan of small ones finds it too
    found = find_hot_spots(counts, counts, {"households": np.ones(25)}, surroundings=alone, **OPTIONS)
    assert any(set(one.members) & set(place.part) for one in found.places)


def test_a_single_hot_cell_is_named_by_its_own_test_too():
    counts = np.full(25, 3)
    counts[12] = 20
    spots = find_hot_spots(counts, counts, {"households": np.ones(25)}, surroundings=PLANE, **OPTIONS)
    assert (np.flatnonzero(spots.hot).tolist(), spots.by[12]) == ([12], "cell")
    assert counts[12] >= spots.needed[12] > 8
    assert spots.map_p == 1 / 1000
    assert "once in 1,000" in explain_cell(spots, 12).say(ENGLISH, name="N")


def test_without_a_pattern_nothing_is_named_and_the_map_is_likely():
    counts = np.full(25, 4)
    spots = find_hot_spots(counts, counts, {}, surroundings=PLANE, **OPTIONS)
    assert (spots.places, spots.hot.any()) == ((), False)
    assert spots.map_p > 0.5


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 3) | st.integers(0, 20), min_size=25, max_size=25),
    st.sampled_from(["auto", "excess", "excess+scan"]),
    st.sampled_from([PLANE, None]),
)
def test_claims_alone_are_those_of_the_whole_answer(counts, method, around):
    rule = {"fdr": 0.05, "min_events": 20, "method": method, "surroundings": around}
    spots = find_hot_spots(counts, counts, {"households": 1.0 + np.arange(25) % 3}, draws=9, seed=1, **rule)
    assert claimed(counts, spots.weight, **rule).tolist() == spots.hot.tolist()


@settings(max_examples=30)
@given(st.lists(st.integers(0, 9), min_size=25, max_size=25).filter(lambda one: sum(one) >= 20))
def test_a_cell_that_needs_no_more_is_named_and_one_named_alone_has_what_it_needs(counts):
    spots = find_hot_spots(counts, counts, {}, surroundings=PLANE, **OPTIONS)
    enough = spots.events >= spots.needed
    assert spots.hot[enough].all()
    alone = np.array([by == "cell" for by in spots.by])
    if not (alone & ~enough).any():
        return
    assert enough.any()  # claims lend each other strength only where one stands by itself


@pytest.mark.parametrize(
    ("events", "cells", "asked", "method"),
    [
        (19, 23, "auto", "list"),
        (19, 23, "excess+scan", "list"),
        (500, 1, "excess", "list"),
        (20, 2, "auto", "excess+scan"),
        (5_000, 1_000, "auto", "excess+scan"),
        (5_000, 1_001, "auto", "excess"),
        (5_000, 1_001, "excess+scan", "excess+scan"),
        (20, 23, "excess", "excess"),
    ],
)
def test_the_method_follows_the_sample_and_then_who_asks(events, cells, asked, method):
    assert choose_method(events, cells, min_events=20, asked=asked) == method


def test_an_unknown_method_is_refused():
    with pytest.raises(HazardError, match="tarot is none of auto, excess, excess") as refused:
        choose_method(50, 23, min_events=20, asked="tarot")
    assert refused.value.code == "method-unknown"


def plane(x, y, draws=999, max_share=0.5):
    return Plane(np.array(x), np.array(y), max_share=max_share, most_cells=None, draws=draws, seed=3)


def test_the_chance_of_a_map_without_a_pattern_is_uniform_up_to_one():
    chance = np.random.default_rng(5)
    found = [
        find_hot_spots(counts, counts, {}, surroundings=PLANE, **OPTIONS).map_p
        for counts in chance.multinomial(75, np.full(25, 1 / 25), size=150)
    ]
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert np.mean(np.array(found) <= share) <= share + 3 * np.sqrt(share * (1 - share) / 150)


def test_the_sentence_about_a_cell_tells_the_chance_of_a_cell_and_not_that_of_a_place():
    counts = np.array([0, 0, 1, 0, 1, 1, 0, 5, 3, 4, 0, 0, 0, 5, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1])
    spots = find_hot_spots(counts, counts, {"households": np.ones(25)}, surroundings=PLANE, **OPTIONS)
    assert spots.map_p < spots.cells_p
    alone = hotspots.map_chance(counts, np.ones(25), draws=9_999, seed=1)
    assert spots.cells_p == pytest.approx(alone, rel=0.5)


@pytest.mark.parametrize(
    ("counts", "weight", "around", "options"),
    [
        ([30] + [1] * 22, np.ones(23), plane(np.arange(23) % 5, np.arange(23) // 5, draws=99), {"fdr": 0.01}),
        ([20, 1, 1], np.ones(3), plane([0, 0, 0], [0, 0, 0]), {}),  # all at one point: no circle
        ([30, 5, 5, 5, 5], np.ones(5), plane([0, 1, 2, 3, 4], [0] * 5, max_share=0.1), {}),
    ],
)
def test_where_places_cannot_be_judged_the_cells_are_tested_alone(counts, weight, around, options):
    given_ = {**OPTIONS, **options}
    spots = find_hot_spots(counts, counts, {"households": weight}, surroundings=around, **given_)
    plain = find_hot_spots(counts, counts, {"households": weight}, **given_)
    assert (spots.method, spots.hot.tolist(), spots.map_p) == ("excess", plain.hot.tolist(), plain.map_p)
    assert spots.hot[0]


def test_a_dominant_cell_leaves_the_test_of_the_others():
    around = plane([0, 300, 0, 300], [0, 0, 300, 300], draws=999)
    counts, households = [20, 10, 0, 0], [50_000, 1, 1, 1]
    spots = find_hot_spots(counts, counts, {"households": households}, surroundings=around, **OPTIONS)
    assert spots.hot.tolist() == [False, True, False, False]


def test_a_cell_that_is_no_circle_needs_what_its_own_test_needs():
    around = plane([0, 300, 600], [0, 0, 0])
    weight = [0.565, 0.2175, 0.2175]
    spots = find_hot_spots([113, 44, 43], [113, 44, 43], {"households": weight}, surroundings=around, **OPTIONS)
    assert spots.method == "excess+scan"
    n = int(spots.needed[0])
    again = find_hot_spots([n, 200 - n, 0], [n, 200 - n, 0], {"households": weight}, surroundings=around, **OPTIONS)
    assert again.hot[0]
