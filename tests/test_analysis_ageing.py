"""Every open case is in one class of how far past due it is, and an unknown deadline in none of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.ageing import count_ages
from base.errors import HazardError

NAN = float("nan")


def test_ages_counted_by_hand():
    # Due in an hour; due now and a day ago to the minute: up to a day; 25 h and 3 days; 73 h; 8 and 30 days; 31 days.
    past = [-1, 0, 24, 25, 72, 73, 8 * 24, 30 * 24, 31 * 24, NAN, NAN]
    assert count_ages(past).to_dict("records") == [
        {
            "key": "all", "not_due": 1, "to_1_days": 2, "to_3_days": 2, "to_7_days": 1, "to_30_days": 2, "more": 1,
            "undecided": 2,
        }
    ]  # fmt: skip


def test_ages_by_key_in_other_classes():
    table = count_ages([1, 30, 99, -5, NAN], ["b", "a", "b", "b", None], days=(0.5, 2))
    assert table.to_dict("list") == {
        "key": ["a", "b"], "not_due": [0, 1], "to_0.5_days": [0, 1], "to_2_days": [1, 0], "more": [0, 1],
        "undecided": [0, 0],
    }  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from("abc"), st.one_of(st.just(NAN), st.floats(-2000, 2000)))))
def test_each_case_is_in_one_class(rows):
    key, past = ([row[i] for row in rows] for i in (0, 1))
    table = count_ages(past, np.array(key, dtype=object))
    assert table["key"].tolist() == sorted(set(key))
    assert table.drop(columns="key").sum(axis=1).tolist() == [key.count(k) for k in table["key"]]


@pytest.mark.parametrize("days", [(0, 1), (3, 1), (1, 1), (-1,), (1, NAN)])
def test_classes_that_do_not_rise_are_refused(days):
    with pytest.raises(HazardError) as refused:
        count_ages([1], days=days)
    assert refused.value.code == "ages-bad"


def test_cases_and_keys_of_other_length_are_refused():
    with pytest.raises(HazardError) as refused:
        count_ages([1, 2], ["a"])
    assert refused.value.code == "lengths-differ"
