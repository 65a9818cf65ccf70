"""Calls become events by their distance from the first call, never by a chain."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.events import group_events, still_open
from base.errors import HazardError

RULE = {"radius_m": {"wet": 100.0, "wall": 30.0}, "window_h": {"wet": 24.0, "wall": 168.0}}


def by_definition(x, y, hours, hazard, radius_m, window_h):
    """The rule word for word, comparing every call with every leader."""
    order = sorted(range(len(x)), key=lambda i: (hours[i], x[i], y[i], i))
    leaders, first = [], [-1] * len(x)
    for i in order:
        first[i] = i
        for j in leaders:
            if (
                hazard[i] == hazard[j]
                and (x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2 <= radius_m[hazard[i]] ** 2
                and hours[i] - hours[j] <= window_h[hazard[i]]
            ):
                first[i] = j
                break
        if first[i] == i:
            leaders.append(i)
    return first


def calls_within(steps, turns):
    return st.lists(
        st.tuples(
            st.integers(-steps, steps).map(lambda n: 50.0 * n),
            st.integers(-steps, steps).map(lambda n: 50.0 * n),
            st.integers(0, turns).map(lambda n: 6.0 * n),
            st.sampled_from(["wet", "wall"]),
        ),
        max_size=60,
    )


calls = st.one_of(calls_within(6, 20), calls_within(2, 6), calls_within(30, 60))  # some near, a crowd, mostly alone


def columns(rows):
    x, y, hours, hazard = zip(*rows, strict=True) if rows else ((), (), (), ())
    return np.array(x, float), np.array(y, float), np.array(hours, float), np.array(hazard, dtype=str)


def test_a_row_of_calls_90_m_apart_is_not_one_chained_event():
    # By hand, radius 100 m: 0 leads 0 and 90; 180 leads 180 and 270; single linkage would make one event of all four.
    first = group_events([0, 90, 180, 270], [0] * 4, [0, 1, 2, 3], ["wet"] * 4, **RULE)
    assert first.tolist() == [0, 0, 2, 2]


def test_the_radius_and_the_window_themselves_still_belong_to_the_event():
    first = group_events([0, 100, 0, 0], [0] * 4, [0, 24, 24.01, 48.01], ["wet"] * 4, **RULE)
    assert first.tolist() == [0, 0, 2, 2]


def test_a_call_near_two_events_joins_the_one_that_began_first():
    first = group_events([0, 150, 75], [0] * 3, [5, 1, 6], ["wet"] * 3, **RULE)
    assert first.tolist() == [0, 1, 1]


def test_hazards_do_not_share_events_and_have_their_own_rule():
    first = group_events([0, 0, 50, 0], [0] * 4, [0, 1, 2, 100], ["wet", "wall", "wall", "wall"], **RULE)
    assert first.tolist() == [0, 1, 2, 1]


def test_calls_without_place_or_time_are_events_of_their_own():
    nan = float("nan")
    first = group_events([0, nan, 0, 0], [0, 0, nan, 0], [0, 0, 0, nan], ["wet"] * 4, **RULE)
    assert first.tolist() == [0, 1, 2, 3]


def test_the_widest_cells_of_the_lattice_lose_no_match_to_rounding():
    # The leader's x is a hair below 0, so its lattice cell is -1; the call at exactly one radius must still be seen.
    assert group_events([-1e-20, 100.0], [0, 0], [0, 1], ["wet"] * 2, **RULE).tolist() == [0, 0]


@given(calls)
def test_the_lattice_gives_what_the_rule_says_word_for_word(rows):
    x, y, hours, hazard = columns(rows)
    assert group_events(x, y, hours, hazard, **RULE).tolist() == by_definition(x, y, hours, hazard, **RULE)


def city(n):
    """Calls anywhere between the edges of the lattice: four alone, two near others, one in a crowd, of seven."""
    rng = np.random.default_rng(20260101)
    x, y = rng.normal(0, 1, (2, n)) * np.resize([3000.0] * 4 + [300.0] * 2 + [60.0], n)
    return x, y, rng.uniform(0, 200, n), rng.choice(["wet", "wall"], n)


def test_lone_calls_pairs_and_crowds_of_a_city_give_what_the_rule_says_word_for_word():
    first = group_events(*city(700), **RULE)
    assert first.tolist() == by_definition(*city(700), **RULE)
    sizes = np.bincount(first)
    assert {1, 2, 3} <= set(sizes)  # all ways are walked
    assert sizes.max() > 6


@given(calls, st.lists(st.integers(1, 600), max_size=5))
def test_any_cut_into_parts_gives_the_events_of_the_whole(rows, cuts):
    x, y, hours, hazard = columns(sorted(rows, key=lambda row: row[2]))
    whole = group_events(x, y, hours, hazard, **RULE)
    leader = np.arange(len(x))
    kept = np.array([], dtype=int)
    for part in np.split(leader, np.searchsorted(hours, sorted(cuts))):  # no cut between calls of one time
        here = np.concatenate([kept, part])
        first = group_events(x[here], y[here], hours[here], hazard[here], **RULE, leading=len(kept))
        assert (first[: len(kept)] == np.arange(len(kept))).all()
        leader[part] = here[first[len(kept) :]]
        kept = here[still_open(first, hours[here], hazard[here], window_h=RULE["window_h"])]
    assert leader.tolist() == whole.tolist()


def test_only_leaders_whose_window_reaches_beyond_the_last_call_stay_open():
    # By hand: windows wet 24 h, wall 168 h; the last call is at 100 h, so a wet one stays from 76 h on, a wall from 0.
    hours, hazard = [0, 75, 76, 80, 0, 100], ["wet"] * 4 + ["wall", "wet"]
    first = group_events([0, 0, 900, 900, 0, 0], [0] * 6, hours, hazard, **RULE)
    assert still_open(first, hours, hazard, window_h=RULE["window_h"]).tolist() == [2, 4, 5]


def test_a_leader_of_the_part_before_stays_one_where_another_projection_moves_it_near_another():
    # 100.1 m apart they were two events; projected anew they lie 99.9 m apart, and the next call is near both.
    first = group_events([0, 99.9, 50], [0] * 3, [0, 1, 2], ["wet"] * 3, **RULE, leading=2)
    assert first.tolist() == [0, 1, 0]


def test_kinds_may_be_codes_or_categories():
    x, y, hours, hazard = city(200)
    kind = pd.Categorical(hazard, categories=["fog", "wall", "wet"])  # one that does not occur needs no rule
    asked = group_events(x, y, hours, hazard, **RULE).tolist()
    assert group_events(x, y, hours, kind, **RULE).tolist() == asked
    assert group_events(x, y, hours, pd.Series(kind, index=hours), **RULE).tolist() == asked
    coded = {name: {2: rule["wet"], 1: rule["wall"]} for name, rule in RULE.items()}
    assert group_events(x, y, hours, np.asarray(kind.codes), **coded).tolist() == asked


def test_calls_without_a_kind_are_events_of_their_own():
    assert group_events([0] * 3, [0] * 3, [0, 1, 2], ["wet", None, None], **RULE).tolist() == [0, 1, 2]


@given(calls)
def test_every_leader_leads_itself_and_lies_within_reach_of_its_calls(rows):
    x, y, hours, hazard = columns(rows)
    first = group_events(x, y, hours, hazard, **RULE)
    assert (first[first] == first).all()
    radius = np.array([RULE["radius_m"][h] for h in hazard])
    window = np.array([RULE["window_h"][h] for h in hazard])
    assert (np.hypot(x - x[first], y - y[first]) <= radius + 1e-9).all()
    assert ((hours >= hours[first]) & (hours - hours[first] <= window)).all()
    assert (hazard == hazard[first]).all()


@given(calls.filter(len), st.data())
def test_repeats_of_a_call_at_its_place_and_minute_never_add_events(rows, data):
    repeats = data.draw(st.lists(st.sampled_from(rows), max_size=5))
    n = len(set(group_events(*columns(rows), **RULE).tolist()))
    assert len(set(group_events(*columns(rows + repeats), **RULE).tolist())) == n


@given(calls.filter(len), st.randoms(use_true_random=False))
def test_the_number_of_events_does_not_depend_on_the_order_of_rows(rows, random):
    mixed = random.sample(rows, len(rows))
    assert len(set(group_events(*columns(rows), **RULE))) == len(set(group_events(*columns(mixed), **RULE)))


def test_thousands_of_calls_on_one_spot_are_one_event_a_window():
    # 20,000 calls on one point over 1,000 hours: a new event begins after each 24 h, so 1000 / 24 = 41.7 -> 42 at most.
    hours = np.linspace(0, 1000, 20_000)
    first = group_events(np.zeros(20_000), np.zeros(20_000), hours, np.full(20_000, "wet"), **RULE)
    assert len(np.unique(first)) == 42


@pytest.mark.parametrize(
    ("hazard", "radius", "code"),
    [("fog", 100.0, "event-rule-missing"), ("wet", -1.0, "event-rule-bad"), ("wet", float("nan"), "event-rule-bad")],
)
def test_a_missing_or_broken_rule_is_refused(hazard, radius, code):
    with pytest.raises(HazardError) as refused:
        group_events([0], [0], [0], [hazard], radius_m={"wet": radius}, window_h={"wet": 24.0})
    assert refused.value.code == code
    assert hazard in str(refused.value)


def test_columns_of_different_length_are_refused():
    with pytest.raises(HazardError, match="same length") as refused:
        group_events([0, 1], [0], [0], ["wet"], **RULE)
    assert refused.value.code == "lengths-differ"
