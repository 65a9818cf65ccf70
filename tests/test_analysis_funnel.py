"""Limits of a funnel are whole cases counted exactly, and say how many cells lie beyond them by chance."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.funnel import (
    ABOVE,
    BELOW,
    FAR_ABOVE,
    FAR_BELOW,
    INNER,
    NO_CASES,
    OUTER,
    WITHIN,
    funnel,
    limits,
    overdispersion,
)  # fmt: skip
from base.errors import HazardError

cells = st.lists(st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=9)


def chance_of(n, target):
    return [comb(n, k) * target**k * (1 - target) ** (n - k) for k in range(n + 1)]


@given(st.integers(1, 60), st.sampled_from([0.02, 0.1, 0.3, 0.5, 0.9]), st.sampled_from([INNER, OUTER]))
def test_limits_are_the_tightest_that_keep_each_tail_below_its_share(n, target, part):
    least, most = (int(edge) for edge in limits(n, target, part))
    chance, tail = chance_of(n, target), (1 - part) / 2
    assert sum(chance[:least]) <= tail < sum(chance[: least + 1]) + 1e-12
    assert sum(chance[most + 1 :]) <= tail < sum(chance[most:]) + 1e-12


def test_a_small_cell_with_the_worst_share_is_not_called_worst():
    # One in ten is late everywhere. 2 of 3 cases (67%): chance 2.8%, beyond no limit of 2.5%. 30 of 150 (20%): chance
    # 0.02%. 0 of 60: chance 0.9^60 = 0.18%, below 2.5% and above 0.1%.
    found = funnel([2, 30, 0, 0, 0], [3, 150, 60, 70, 0], target=0.1)
    assert found.words == (WITHIN, FAR_ABOVE, BELOW, FAR_BELOW, NO_CASES)
    assert funnel([3], [4], target=0.1).words == (ABOVE,)  # 0.37%
    assert found.share[:2] == pytest.approx([2 / 3, 0.2])
    assert np.isnan([found.share[4], found.outer_high[4], found.inner_low[4]]).all()


def test_without_a_target_it_is_the_share_of_all_together():
    found = funnel([1, 9], [10, 90])
    assert found.target == 0.1
    assert found.words == (WITHIN, WITHIN)


@given(cells)
def test_words_are_where_the_share_lies_and_the_outer_limits_are_the_wider_ones(rows):
    counts, n = (np.array(column) for column in zip(*rows, strict=True))
    found = funnel(counts, n)
    for i, word in enumerate(found.words):
        if not n[i]:
            assert word == NO_CASES
            continue
        edges = (found.outer_low[i], found.inner_low[i], found.inner_high[i], found.outer_high[i])
        assert list(edges) == sorted(edges)
        assert edges[0] <= found.target + 1e-9
        assert edges[3] >= found.target - 1e-9
        assert (word in (FAR_ABOVE, ABOVE)) == (found.share[i] > edges[2] + 1e-12)
        assert (word in (FAR_BELOW, BELOW)) == (found.share[i] < edges[1] - 1e-12)


def test_how_many_lie_beyond_by_chance_is_counted_exactly():
    # Cells of 20 cases at 0.1: beyond is 7 or more (0.24%: too many) or 8 or more: 0.04%; below is nothing.
    above = sum(chance_of(20, 0.1)[8:])
    assert limits(20, 0.1, OUTER)[1] == 7
    found = funnel([2] * 1000, [20] * 1000, target=0.1)
    assert found.by_chance == pytest.approx(1000 * above)
    assert found.any_by_chance == pytest.approx(1 - (1 - above) ** 1000)
    assert found.by_chance <= 2


def test_of_cells_that_are_alike_as_many_lie_beyond_as_is_told():
    chance = np.random.default_rng(1)
    n = chance.integers(5, 400, 20_000)
    found = funnel(chance.binomial(n, 0.2), n, target=0.2)
    beyond = sum(word in (FAR_ABOVE, FAR_BELOW) for word in found.words)
    assert beyond == pytest.approx(found.by_chance, abs=4 * found.by_chance**0.5)
    assert found.by_chance < 0.002 * 20_000
    assert found.overdispersion == pytest.approx(0.68, abs=0.02)  # of a normal distance, cut at 1.28
    assert not found.overdispersed


def test_cells_that_differ_are_overdispersed():
    # By hand: ten cells of 100 at 0.5, five with 40 and five with 60: each 2 standard errors away, so 2^2.
    counts, n = [40] * 5 + [60] * 5, [100] * 10
    assert overdispersion(counts, n, 0.5) == pytest.approx(4)
    found = funnel(counts, n, target=0.5)
    assert found.overdispersed
    assert found.words == (WITHIN,) * 10  # 40 to 60 are within 95%
    assert (found.inner_high[0], found.outer_low[0]) == pytest.approx((0.6, 0.35))


@pytest.mark.parametrize("counts", [[0, 0], [5, 7]])
def test_where_none_or_all_are_in_question_all_are_within(counts):
    found = funnel(counts, [5, 7])
    assert found.words == (WITHIN, WITHIN)
    assert found.by_chance == 0
    assert np.isnan(found.overdispersion)
    assert not found.overdispersed


def test_no_case_at_all_has_no_share():
    for cases in ([], [0, 0]):
        found = funnel([0] * len(cases), cases)
        assert np.isnan(found.target)
        assert found.words == (NO_CASES,) * len(cases)
        assert (found.by_chance, found.any_by_chance) == (0, 0)


@pytest.mark.parametrize(
    ("counts", "cases", "target", "code"),
    [
        ([1], [1, 2], None, "lengths-differ"),
        ([0.5], [1], None, "counts-not-whole"),
        ([1], [-1], None, "counts-not-whole"),
        ([3], [2], None, "count-above-cases"),
        ([1], [2], 1.5, "target-bad"),
    ],
)
def test_what_is_no_share_is_refused(counts, cases, target, code):
    with pytest.raises(HazardError) as refused:
        funnel(counts, cases, target=target)
    assert refused.value.code == code
