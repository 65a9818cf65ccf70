"""Comparisons two by two: Saaty's published house, tables solved by hand, and what contradicts what."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import pairwise
from analysis.pairwise import ahp
from base.errors import HazardError
from base.text import Words

# Choosing a house (Saaty 1990, EJOR 48, 9-26): size, transport, neighbourhood, age, yard, facilities, condition, money
HOUSE = [
    [5, 3, 7, 6, 6, 1 / 3, 1 / 4],
    [1 / 3, 5, 3, 3, 1 / 5, 1 / 7],
    [6, 3, 4, 6, 1 / 5],
    [1 / 3, 1 / 4, 1 / 7, 1 / 8],
    [1 / 2, 1 / 5, 1 / 6],
    [1 / 5, 1 / 6],
    [1 / 2],
]
NAMES = ["size", "transport", "neighbourhood", "age", "yard", "facilities", "condition", "money"]


def whole(rows):
    return pairwise.table_of(
        len(rows) + 1, {(i, i + 1 + j): value for i, row in enumerate(rows) for j, value in enumerate(row)}
    )


def refused(code, table):
    with pytest.raises(HazardError) as caught:
        ahp(table)
    assert caught.value.code == code
    return str(caught.value)


def test_saatys_house_has_the_published_weights_eigenvalue_and_ratio():
    found = ahp(whole(HOUSE))
    assert found.weights.round(3).tolist() == [0.173, 0.054, 0.188, 0.018, 0.031, 0.036, 0.167, 0.333]
    assert found.largest_eigenvalue == pytest.approx(9.669, abs=5e-4)
    assert found.consistency_index == pytest.approx(0.238, abs=5e-4)
    assert found.consistency_ratio == pytest.approx(0.169, abs=5e-4)
    assert not found.consistent


def test_the_pair_to_look_at_again_is_the_one_that_saaty_names():
    # Saaty (2003), EJOR 145, 85-91: of the same table neighbourhood against condition, 6, is the one to change
    found = ahp(whole(HOUSE)).pair
    assert (NAMES[found.first], NAMES[found.second], found.given) == ("neighbourhood", "condition", 6)
    assert found.given / found.implied == pytest.approx(5.32, abs=5e-3)


def test_the_triad_that_contradicts_most_is_the_worst_of_all_of_them():
    table = whole(HOUSE)
    found = ahp(table).triad
    off = {(i, j, k): abs(math.log(table[i, j] * table[j, k] / table[i, k])) for i, j, k in combinations(range(8), 3)}
    assert off[found[:3]] == pytest.approx(max(off.values()))
    assert found.implied == found.first_over_second * found.second_over_third


def test_a_sentence_names_what_contradicts_and_is_silent_where_little_does():
    # By hand: the eigenvalue is 1 + q + 1/q with q the cube root of 3 * 3 * 3, so 13/3; (13/3 - 3) / 2 / 0.58 = 1.149
    circle = ahp(pairwise.table_of(3, {(0, 1): 3, (1, 2): 3, (0, 2): 1 / 3}))
    assert str(pairwise.contradiction(circle, ["events", "households", "trend"])) == (
        "The comparisons contradict each other (consistency ratio 1.15, at most 0.1 is asked for). Most of all: events "
        "against households is 3 and households against trend is 3, so events against trend should be 9, but 1/3 was "
        "given."
    )
    assert pairwise.contradiction(circle, "abc").say(Words("zh"))
    near = ahp(pairwise.table_of(3, {(0, 1): 2, (1, 2): 2, (0, 2): 3}))
    assert (near.consistent, near.triad is not None) == (True, True)
    assert pairwise.contradiction(near, "abc") is None


def test_the_weights_of_three_criteria_are_their_geometric_means():
    # Of three criteria the principal eigenvector is known in closed form: the geometric means of the rows
    table = pairwise.table_of(3, {(0, 1): 4, (1, 2): 5, (0, 2): 2})
    means = np.array([8 ** (1 / 3), (5 / 4) ** (1 / 3), (1 / 10) ** (1 / 3)])
    found = ahp(table)
    assert found.weights == pytest.approx(means / means.sum())
    # Its eigenvalue is 1 + q + 1/q with q the cube root of a01 a12 / a02 = 10
    q = 10 ** (1 / 3)
    assert found.largest_eigenvalue == pytest.approx(1 + q + 1 / q)
    assert found.consistency_ratio == pytest.approx((1 + q + 1 / q - 3) / 2 / 0.58)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=15))
def test_comparisons_that_hold_together_give_the_weights_they_were_made_of(weights):
    given_ = np.array(weights, float)
    found = ahp(given_[:, None] / given_[None, :])
    assert found.weights == pytest.approx(given_ / given_.sum())
    assert found.consistency_ratio == pytest.approx(0, abs=1e-9)
    assert (found.pair, found.triad, found.consistent) == (None, None, True)


@given(st.lists(st.sampled_from([1 / 9, 1 / 5, 1 / 3, 1 / 2, 1, 2, 3, 5, 9]), min_size=6, max_size=6))
def test_weights_are_those_of_a_power_iteration(values):
    table = pairwise.table_of(4, dict(zip(combinations(range(4), 2), values, strict=True)))
    found = ahp(table)
    vector = np.ones(4)
    for _ in range(400):
        vector = table @ vector
        vector /= vector.sum()
    assert found.weights == pytest.approx(vector, abs=1e-8)
    assert found.largest_eigenvalue == pytest.approx((table @ vector).sum(), abs=1e-7)
    assert found.consistency_ratio >= 0


def test_rounded_thirds_are_taken_for_thirds():
    exact = ahp([[1, 3], [1 / 3, 1]])
    rounded = ahp([[1, 3], [0.33, 1]])
    assert exact.weights == pytest.approx([0.75, 0.25])
    assert rounded.weights == pytest.approx([0.75, 0.25], abs=2e-3)
    assert ahp([[1, 9], [0.11, 1]]).weights == pytest.approx([0.9, 0.1], abs=1e-3)
    assert ahp([[1]]).weights.tolist() == [1]


def test_tables_that_cannot_be_read_are_refused_by_the_pair_that_is_wrong():
    assert "Criteria 1 and 3 have not been compared" in refused(
        "comparison-missing", pairwise.table_of(3, {(0, 1): 3, (1, 2): 3})
    )
    assert "Criterion 1 against 2 is 3.0, but 2 against 1 is 3.0" in refused(
        "comparison-not-reciprocal", [[1, 3], [3, 1]]
    )
    assert "is 12.0: a comparison is a number from 1/9 to 9" in refused(
        "comparison-out-of-scale", [[1, 12], [1 / 12, 1]]
    )
    refused("comparison-out-of-scale", [[1, -3], [-1 / 3, 1]])
    refused("comparison-out-of-scale", [[1, math.inf], [0, 1]])
    refused("comparison-missing", pairwise.table_of(2, {(0, 1): 0}))
    refused("comparison-with-itself", [[2, 3], [1 / 3, 1]])
    refused("comparisons-not-square", [[1, 2, 3], [1, 2, 3]])
    refused("comparisons-not-square", [["a"]])
    refused("comparisons-not-square", [])
    assert "16 criteria make 120 comparisons" in refused("comparisons-too-many", np.ones((16, 16)))


def test_a_comparison_is_written_as_people_write_it():
    assert [pairwise.scaled(value) for value in (3, 1 / 3, 2 / 3, 1 / 9, 18, 7.5, 1 / 45, 3.26)] == [
        "3", "1/3", "2/3", "1/9", "18", "7.5", "1/45", "3.3",
    ]  # fmt: skip
