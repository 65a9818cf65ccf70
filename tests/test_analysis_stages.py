"""Stages add up to the whole time of a case, hold nothing that runs backwards, and open cases are still in theirs."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.stages import ENGINEERING, NEVER, ORDINARY, compare_rework, count_voided, place_checks, waterfall
from base.errors import HazardError

HOUR = 3_600_000_000
FOUR = ("reported", "filed", "dispatched", "closed")


def moments(*cases, order=FOUR):
    """Hours of each case, None where there is none, as moments by name."""
    return {
        name: np.array([NEVER if case[place] is None else case[place] * HOUR for case in cases], dtype=np.int64)
        for place, name in enumerate(order)
    }


def row(table, begin, end):
    found = table[(table["stage_from"] == begin) & (table["stage_to"] == end)]
    assert len(found) == 1
    return found.iloc[0]


def test_stages_of_five_cases_counted_by_hand():
    # a: 2 + 3 + 5 h. b: filed is missing, 4 h from report to dispatch, then 6. c: still not filed after 20 h.
    # d: filed after 1 h, not dispatched 19 h later. e: dispatched an hour before it was filed: inside nothing.
    cases = moments((0, 2, 5, 10), (0, None, 4, 10), (0, None, None, None), (0, 1, None, None), (0, 4, 3, 10))
    table = waterfall(cases, 20 * HOUR, order=FOUR)
    stages = list(zip(table["stage_from"], table["stage_to"], table["merged"], strict=True))
    assert stages == [
        ("reported", "filed", False),
        ("reported", "dispatched", True),
        ("filed", "dispatched", False),
        ("dispatched", "closed", False),
    ]
    assert list(table["n"]) == [3, 1, 2, 2]
    assert list(table["open"]) == [1, 0, 1, 0]
    assert list(table["out_of_order"]) == [0, 0, 1, 0]
    assert list(table["skipped"]) == [1, 0, 0, 0]
    # Report to filing: 1 and 2 h of three cases: half at 2 h. Filing to dispatch: 3 h of two, one open: flat at one
    # half from 3 h to 19 h, the middle is 11. Dispatch to closure: 5 and 6 h: flat from 5 to 6.
    assert list(table["median_hours"]) == [2, 4, 11, 5.5]
    # Ended and in order: a (2, 3, 5 of 10 h) and b (4, 6 of 10 h).
    assert list(table["mean_share"]) == pytest.approx([0.1, 0.2, 0.15, 0.55])


def test_a_median_that_too_few_have_passed_is_not_reached():
    table = waterfall(moments((0, None, None, 1), (0, None, None, None), (0, None, None, None)), 9 * HOUR, order=FOUR)
    assert list(zip(table["stage_from"], table["stage_to"], strict=True)) == [("reported", "closed")]
    assert table["median_hours"].isna().all()
    assert list(table["open"]) == [2]


def test_what_comes_after_the_as_of_time_is_not_known_yet():
    table = waterfall(moments((0, 2, 5, 10)), np.array([4 * HOUR]), order=FOUR)
    assert list(zip(table["stage_from"], table["stage_to"], table["open"], strict=True)) == [
        ("reported", "filed", 0),
        ("filed", "closed", 1),  # of a dispatch nothing is known at that time, of any case
    ]


def test_an_open_case_waits_for_what_its_own_source_tells():
    cases = moments((0, 2, 3, 4), (0, None, None, None), (0, None, None, 8))
    one = waterfall(cases, 10 * HOUR, order=FOUR)
    assert row(one, "reported", "filed")["open"] == 1
    two = waterfall(cases, 10 * HOUR, order=FOUR, source=["city", "hotline", "hotline"])
    assert row(two, "reported", "filed")["open"] == 0
    assert row(two, "reported", "closed")[["n", "open", "merged"]].tolist() == [2, 1, True]


def test_engineering_cases_have_stages_of_their_own():
    cases = moments((0, 10, 30, 130, 150, 160), order=ENGINEERING)
    table = waterfall(cases, 200 * HOUR, order=ENGINEERING)
    assert list(table["median_hours"]) == [10, 20, 100, 20, 10]
    assert table["mean_share"].sum() == pytest.approx(1)


def test_another_clock_comes_in_minutes_and_what_it_does_not_know_is_beside():
    # Two cases of 0, 2, 5, 10 h of which work minutes are told; of the second the calendar ends before the closing.
    work = np.array([[0, 60, 60, 180, 200.0], [0, 60, 60, np.nan, np.nan]])
    table = waterfall(moments((0, 2, 5, 10), (0, 2, 5, 10)), 20 * HOUR, order=FOUR, elapsed=work)
    assert list(table["median_hours"]) == [1, 0, 2]
    assert list(table["n"]) == [2, 2, 1]
    assert list(table["uncovered"]) == [0, 0, 1]
    assert list(table["mean_share"]) == pytest.approx([1 / 3, 0, 2 / 3])


def test_no_case_has_no_stage_and_cases_without_a_moment_neither():
    assert not len(waterfall({}, 0, order=FOUR))
    assert not len(waterfall(moments((None, None, None, None)), HOUR, order=FOUR))
    assert list(waterfall({}, 0)) == list(waterfall(moments((0, 1, 2, 3)), HOUR))


def test_moments_of_different_cases_are_refused():
    with pytest.raises(HazardError) as caught:
        waterfall({"reported": [1, 2], "closed": [3]}, 5)
    assert caught.value.code == "lengths-differ"


hours = st.integers(0, 30) | st.none()
some_cases = st.lists(st.tuples(hours, hours, hours, hours), min_size=1, max_size=12)


@given(some_cases)
def test_the_stages_of_a_case_add_up_to_its_whole_time_and_the_shares_to_one(cases):
    now = 31
    for case in cases:
        known = [hour for hour in case if hour is not None]
        table = waterfall(moments(case), now * HOUR, order=FOUR)
        if not known or known != sorted(known):
            assert table.empty or table["n"].sum() == 0
            continue
        ended = case[-1] is not None
        spent = table["median_hours"].sum()  # of one case; its open stage is not reached
        assert spent == known[-1] - known[0]
        assert table["open"].sum() == (0 if ended else 1)
    table = waterfall(moments(*cases), now * HOUR, order=FOUR)
    if table["mean_share"].notna().any():
        assert table["mean_share"].sum() == pytest.approx(1)


@given(some_cases, st.randoms())
def test_the_order_of_cases_does_not_matter(cases, random):
    other = random.sample(cases, len(cases))
    pd.testing.assert_frame_equal(
        waterfall(moments(*cases), 31 * HOUR, order=FOUR), waterfall(moments(*other), 31 * HOUR, order=FOUR)
    )


@given(some_cases, st.integers(0, 30))
def test_an_open_case_more_never_lowers_the_median_of_a_stage(cases, reported):
    cases = [(0, 1, 2, 3), *cases]  # the source tells all moments
    before = waterfall(moments(*cases), 31 * HOUR, order=FOUR)
    after = waterfall(moments(*cases, (reported, None, None, None)), 31 * HOUR, order=FOUR)
    reached = [table["median_hours"].fillna(np.inf).to_numpy() for table in (before, after)]
    assert (reached[1] >= reached[0]).all()
    assert after["n"].sum() == before["n"].sum() + 1


def test_a_check_stands_where_the_rows_of_its_source_put_it():
    # One source checks an hour before filing, the other an hour after handling, in one column of the same name.
    order = ("reported", "filed", "handled", "checked", "closed")
    cases = moments((0, 2, 6, 1, 9), (0, 2, 6, 1, 9), (0, 2, 6, 7, 9), (0, 2, 6, None, 9), order=order)
    placed = place_checks(cases, ["a", "a", "b", "b"])
    assert list(placed["verified"]) == [HOUR, HOUR, NEVER, NEVER]
    assert list(placed["checked"]) == [NEVER, NEVER, 7 * HOUR, NEVER]
    table = waterfall(placed, 20 * HOUR, source=["a", "a", "b", "b"])
    assert table["out_of_order"].sum() == 0
    assert row(table, "reported", "verified")["median_hours"] == 1
    assert row(table, "handled", "checked")["median_hours"] == 1


def test_a_check_goes_by_at_least_half_of_its_rows_and_without_any_stays_as_named():
    order = ("filed", "handled", "checked")
    half = place_checks(moments((1, 5, 6), (1, 5, 2), order=order))
    assert (half["verified"] == NEVER).all()
    most = place_checks(moments((1, 5, 6), (1, 5, 2), (1, 5, 3), order=order))
    assert list(most["verified"]) == [6 * HOUR, 2 * HOUR, 3 * HOUR]  # all of a source, not row by row
    none = place_checks(moments((None, None, 6), order=order))
    assert list(none["checked"]) == [6 * HOUR]
    by_filing = place_checks(moments((5, None, 4), order=order))  # no handling is told: compared with the filing
    assert list(by_filing["verified"]) == [4 * HOUR]
    assert list(place_checks({"reported": [1]})) == ["reported"]


def test_voided_cases_are_counted_with_the_time_of_those_voided():
    # Five cases: voided after 2 and 4 h, one voided before its report, one not voided, one reported after as-of.
    reported = np.array([0, 0, 9, 0, 50]) * HOUR
    voided = np.array([2, 4, 3, 99, 51]) * HOUR
    found = count_voided(reported, voided, 20 * HOUR)
    assert found[:3] == (4, 3, 0.75)
    assert found.out_of_order == 1
    assert found.median_hours == 3
    assert 0 < found.share_low < 0.75 < found.share_high < 1
    assert np.isnan(count_voided([], [], 0).share)


def test_rework_is_told_with_and_without():
    table = compare_rework([10, 30, 2, 4, 6, 8], [True, True, True, True, False, True], [1, 2, 0, 0, 0, np.nan])
    table = table.set_index("key")
    assert table["n"].to_dict() == {"with": 2, "without": 3, "not_told": 1}
    assert table.loc["with", "share"] == 0.4
    assert np.isnan(table.loc["not_told", "share"])
    assert table["median_hours"].to_dict() == {"with": 20, "without": 4, "not_told": 8}
    assert table.loc["without", "open"] == 1


def test_the_orders_begin_with_the_report_and_end_with_the_closing():
    assert {ORDINARY[0], ENGINEERING[0]} == {"reported"}
    assert {ORDINARY[-1], ENGINEERING[-1]} == {"closed"}
