"""Since when a cell stands out: counted by hand, and by the definition written out."""

import math

import numpy as np
import pytest

from analysis.onset import CLEARLY, NOT, find_onset
from base.errors import HazardError


def onset(counts, expected):
    return int(find_onset([counts], [expected if isinstance(expected, list) else [expected] * len(counts)])[0])


def test_the_run_with_the_strongest_evidence_begins_where_the_cell_became_worse():
    # From the 4th month on 7 events where 2 are expected: 7 ln(7/2) - 5 = 3.77. From the 5th: 4 ln 4 - 3 = 2.55
    assert onset([0, 0, 0, 3, 4], 1.0) == 3
    # A quiet month within a run belongs to it: 8 of 3 (8 ln(8/3) - 5 = 2.85) against 4 of 1 (2.55)
    assert onset([1, 1, 1, 1, 4, 0, 4], 1.0) == 4


def test_a_cell_that_always_had_more_stands_out_since_the_first_month_or_earlier():
    # 8 of 2 from the 2nd month on (5.09), 8 of 2.5 from the first (3.81): no better by more than 2
    assert onset([0, 2, 2, 2, 2], 0.5) == 0
    # 2 of 0.2 in the last month (2.81); of all months 2 of 0.8 (0.63) is not clearly more than expected
    assert onset([0, 0, 0, 2], 0.2) == 3


def test_a_wet_month_alone_is_no_beginning_and_no_more_than_expected_is_none():
    assert onset([1, 10, 1, 1], [1.0, 10.0, 1.0, 1.0]) == NOT
    assert onset([5, 5, 0, 0], 1.0) == 0  # 10 of 4 over all: it is quiet now, and on the whole it is not
    assert onset([2, 0, 0, 0], 1.0) == NOT
    assert onset([], []) == NOT


def test_of_equally_strong_runs_the_latest_month_is_named():
    # Nothing happened anywhere in the first two months: they say neither more nor less
    assert onset([0, 0, 3], [0.0, 0.0, 1.0]) == 2


def test_months_before_one_that_is_not_known_are_in_no_run():
    missing = float("nan")
    assert onset([9, missing, 3, 3, 3], 0.5) == 2
    assert onset([9, missing, 0, 0, 0], 0.5) == NOT
    assert onset([9, 9, missing], 0.5) == NOT
    assert onset([3, 3, 3], [missing, 0.5, 0.5]) == 1


def by_definition(counts, expected):
    evidence = []
    for begin in range(len(counts)):
        seen, due = sum(counts[begin:]), sum(expected[begin:])
        evidence.append(seen * math.log(seen / due) - (seen - due) if seen > due else 0.0)
    most = max(evidence)
    if most == 0:
        return NOT
    if evidence[0] > CLEARLY and evidence[0] >= most - CLEARLY:
        return 0
    return max(begin for begin, one in enumerate(evidence) if one == most)


def test_many_cells_are_answered_each_by_itself():
    chance = np.random.default_rng(1)
    counts, expected = chance.poisson(1.2, (300, 17)), chance.uniform(0.2, 1.8, (300, 17))
    found = find_onset(counts, expected)
    assert found.tolist() == [by_definition(a.tolist(), b.tolist()) for a, b in zip(counts, expected, strict=True)]
    assert {NOT, 0} < set(found.tolist())


@pytest.mark.parametrize(
    ("counts", "expected", "code"),
    [
        ([[1, 2]], [[1.0]], "lengths-differ"),
        ([1, 2], [1.0, 2.0], "lengths-differ"),
        ([[1.5]], [[1.0]], "counts-not-whole"),
        ([[-1]], [[1.0]], "counts-not-whole"),
        ([[1]], [[-1.0]], "exposure-bad"),
        ([[1]], [[float("inf")]], "exposure-bad"),
        ([[1]], [[0.0]], "incidents-without-exposure"),
    ],
)
def test_what_cannot_be_is_refused(counts, expected, code):
    with pytest.raises(HazardError) as refusal:
        find_onset(counts, expected)
    assert refusal.value.code == code
