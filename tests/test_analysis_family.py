"""One chance of a false claim for two tests: limits counted by hand, and held on maps without a pattern."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import family
from analysis.family import Limits, RandomMaps, limits, map_chance, random_maps, simes, strictest
from analysis.hotspots import excess_test
from analysis.scan import grow_circles, random_counts, strongest_circles


def test_simes_is_the_smallest_level_at_which_benjamini_hochberg_names_a_cell():
    assert simes(np.array([0.04, 0.01, 0.5])) == pytest.approx(0.03)  # 3 x 0.01, 1.5 x 0.04, 0.5
    assert simes(np.array([0.04, 0.03, 0.05])) == pytest.approx(0.05)  # 0.09, 0.06, 0.05
    both = simes(np.array([[0.04, 1.0], [0.01, 1.0], [0.5, 0.9]]))
    assert both == pytest.approx([0.03, 1.0])
    counts, share = np.array([6, 1, 0, 2, 3]), np.ones(5)
    level = float(simes(excess_test(counts, share).p))
    assert excess_test(counts, share, fdr=level * 1.000001).hot.any()
    assert not excess_test(counts, share, fdr=level * 0.999999).hot.any()


def test_the_limits_are_equally_rare_and_reached_by_no_more_maps_than_allowed():
    # 99 maps at 5%: the map in question and 4 more. One map is extreme by both tests, the others by one of them
    p = np.linspace(0.5, 1.0, 99)
    llr = np.linspace(0.1, 1.0, 99)
    p[[3, 4, 5]], llr[[3, 6, 7]] = [0.001, 0.002, 0.003], [9.0, 8.0, 7.0]
    found = limits(RandomMaps(p, llr), fdr=0.05)  # second rarest of each: maps 3, 4, 6; third: 5 maps are too many
    assert found == Limits(0.002, 8.0)
    assert limits(RandomMaps(p, llr), fdr=0.0001) == Limits(0.0, np.inf)  # 99 maps cannot show so little


def test_a_cell_limit_never_exceeds_the_false_discovery_rate():
    p, llr = np.full(999, 0.9), np.linspace(1, 20, 999)
    p[:40] = 0.08  # the exact test is coarse: few maps come below 5%
    found = limits(RandomMaps(p, llr), fdr=0.05)
    assert found.level == 0.05
    assert (llr >= found.llr).sum() == 49


def test_the_chance_of_a_map_is_that_of_its_rarer_evidence():
    maps = RandomMaps(np.array([0.5, 0.4, 0.3, 0.2]), np.array([1.0, 2.0, 3.0, 4.0]))
    assert map_chance(maps, 0.1, 5.0) == 1 / 5  # no map is as rare
    assert map_chance(maps, 0.2, 0.0) == 2 / 5  # as rare as the rarest: that one map, by either test
    assert map_chance(maps, 0.25, 0.0) == 2 / 5
    assert map_chance(maps, 0.35, 0.0) == 3 / 5
    assert map_chance(maps, 1.0, 0.0) == 1.0


def test_of_several_totals_the_strictest_limits_hold():
    assert strictest([Limits(0.04, 5.0), Limits(0.03, 4.0)]) == Limits(0.03, 5.0)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_random_maps_hold_what_the_tests_say_of_them(seed, total):
    share = np.random.default_rng(seed).gamma(1, size=12) + 0.01
    circles = grow_circles(np.arange(12) % 4, np.arange(12) // 4, share, max_share=0.5)
    maps = random_maps(circles, total, draws=70, seed=seed)
    counts = np.concatenate([random_counts(circles.share, total, seed=seed, block=block) for block in (0, 1)], axis=1)
    assert (counts.sum(axis=0) == total).all()
    llr = [
        max((one.llr for one in strongest_circles(circles, each, most_clusters=1)), default=0.0) for each in counts.T
    ]
    for at in range(70):
        assert maps.simes[at] == pytest.approx(float(simes(excess_test(counts[:, at], share).p)), rel=1e-9)
        assert maps.llr[at] == pytest.approx(llr[at], rel=1e-9) or maps.llr[at] == 0
    assert np.count_nonzero(maps.llr) >= np.count_nonzero(np.array(llr[:70]) >= np.quantile(llr[:70], 0.8))


def test_on_maps_without_a_pattern_a_claim_of_either_test_is_as_rare_as_promised():
    circles = grow_circles(np.arange(25) % 5, np.arange(25) // 5, np.ones(25), max_share=0.5)
    maps = random_maps(circles, 75, draws=999, seed=1)
    limit = limits(maps, fdr=0.05)
    fresh = random_maps(circles, 75, draws=2_000, seed=2)
    reached = family._reached(fresh, limit).mean()
    assert 0.02 <= reached <= 0.05 + 3 * np.sqrt(0.05 * 0.95 * (1 / 2_000 + 1 / 999))
