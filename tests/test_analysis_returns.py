"""What comes back after closure: by hand, by the rule word for word, and independent of the order of rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.returns import find_returns, share_returned
from base.errors import HazardError

NAN = float("nan")
RADIUS = {"wet": 50.0, "wall": 10.0, "same": 0.0}


def by_definition(x, y, reported, closed, hazard, as_of, radius_m=RADIUS):
    by, waited = [], []
    for i in range(len(x)):
        after = []
        watched = reported[i] <= closed[i] <= as_of and np.isfinite(x[i])
        for j in range(len(x)):
            near = (x[j] - x[i]) ** 2 + (y[j] - y[i]) ** 2 <= radius_m[hazard[i]] ** 2
            if watched and hazard[i] == hazard[j] and near and closed[i] < reported[j] <= as_of:
                after.append((reported[j], x[j], y[j], j))
        by.append(min(after)[-1] if after else -1)
        waited.append(((min(after)[0] if after else as_of) - closed[i]) if watched else NAN)
    return by, waited


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_a_drain_that_overflows_again_by_hand():
    # One street, as of 1000 h. 0: closed at 10; 1, 30 m from it, was reported at 8: a repeat, no return; closed at 20;
    # 2, 40 m from the first and 70 m from the second, at 100: returns to the first, 90 h after; closed at 110. 3, a
    # wall there, at 200, is another hazard. 4, at the second's place, at 400: returns to the second and to the first,
    # which has had its return; it is still open. 5 far away, closed at 600.
    x, reported = [0, -30, 40, 0, -30, 9000], [0, 8, 100, 200, 400, 500]
    closed, hazard = [10, 20, 110, 210, NAN, 600], ["wet", "wet", "wet", "wall", "wet", "wet"]
    found = find_returns(x, [0] * 6, reported, closed, hazard, as_of=1000, radius_m=RADIUS)
    assert found.by.tolist() == [2, 4, -1, -1, -1, -1]
    assert found.returned.tolist() == [True, True, False, False, False, False]
    assert found.waited.tolist() == pytest.approx([90, 380, 890, 790, NAN, 400], nan_ok=True)
    # Of five closures one had a return within 5 days, a second one after 380 h; 400 h is the shortest watch of others.
    table = share_returned(found, hazard, days=5)
    assert table["key"].tolist() == ["wall", "wet"]
    assert table["closures"].tolist() == [1, 4]
    assert table["watched"].tolist() == [1, 4]
    assert table["returned"].tolist() == [0, 1]
    assert table["share"].tolist() == [0, 0.25]
    every = share_returned(found, days=20).iloc[0]
    assert every[["key", "closures", "watched", "returned"]].tolist() == ["all", 5, 4, 2]  # 400 h are no 20 days
    assert every["share"] == pytest.approx(0.4)  # both came before anybody stopped watching
    assert every["p25_hours"] == 380


def test_each_closure_is_watched_until_its_own_source_ends():
    # The first is known until 50 h, so what another source tells of 60 h is no return to it; the second until 90 h.
    found = find_returns(
        [0, 0, 0], [0] * 3, [0, 5, 60], [10, 20, NAN], ["wet"] * 3, as_of=[50, 90, 90], radius_m=RADIUS
    )
    assert found.by.tolist() == [-1, 2, -1]
    assert found.waited.tolist() == pytest.approx([40, 40, NAN], nan_ok=True)
    unknown = find_returns([0], [0], [0], [1], ["wet"], as_of=[NAN], radius_m=RADIUS)
    assert (unknown.by.tolist(), np.isnan(unknown.waited).all()) == ([-1], True)
    with pytest.raises(HazardError, match="the same length"):
        find_returns([0], [0], [0], [1], ["wet"], as_of=[5, 6], radius_m=RADIUS)


def test_newest_closures_count_for_as_long_as_they_are_watched():
    # Four closures at four places, as of 100 h: at 0 (back after 10 h), 0, 50 and 95 h. Within 48 h: 1 - 3/4 = 1/4 (the
    # last, watched for 5 h, was not there any more after 10 h: 1 - 2/3). Over all closures it would be 1/4.
    x, closed = [0, 1000, 2000, 3000, 0], [0, 0, 50, 95, NAN]
    found = find_returns(x, [0] * 5, [0, 0, 0, 0, 10], closed, ["wet"] * 5, as_of=100, radius_m=RADIUS)
    row = share_returned(found, days=2).iloc[0]
    assert row[["closures", "watched", "returned"]].tolist() == [4, 3, 1]
    assert row["share"] == pytest.approx(1 / 3)
    assert 0 < row["low"] < row["share"] < row["high"] < 1


def test_the_radius_itself_is_near_and_the_moment_of_closure_is_not_after_it():
    for east, again, back in ((50, 6, True), (50.01, 6, False), (0, 5, False)):
        found = find_returns([0, east], [0, 0], [0, again], [5, NAN], ["wet"] * 2, as_of=9, radius_m=RADIUS)
        assert found.returned.tolist() == [back, False]


def test_what_is_not_known_yet_or_not_placed_is_neither_closure_nor_return():
    # As of 50: reported at 60, closed at 60, no place, closed before its report, no hazard, no report.
    x = [0, 0, NAN, 0, 0, 0, 0]
    reported, closed = [0, 60, 20, 30, 30, NAN, 0], [10, 70, 25, 20, 40, 45, 60]
    hazard = ["wet", "wet", "wet", "wall", None, "wet", "wet"]
    found = find_returns(x, [0] * 7, reported, closed, hazard, as_of=50, radius_m=RADIUS)
    assert found.returned.sum() == 0
    assert found.waited.tolist() == pytest.approx([40, *[NAN] * 6], nan_ok=True)


def test_no_event_and_nothing_closed_give_empty_answers():
    for n in (0, 3):
        found = find_returns([0] * n, [0] * n, [0] * n, [NAN] * n, ["wet"] * n, as_of=9, radius_m=RADIUS)
        assert found.by.tolist() == [-1] * n
        table = share_returned(found, ["a"] * n, days=3)
        assert len(table) == 0
        assert list(table)[:7] == ["key", "closures", "watched", "returned", "share", "low", "high"]


# --- by definition ----------------------------------------------------------------------------------------------------


def events_within(steps):
    return st.lists(
        st.tuples(
            st.integers(-steps, steps).map(lambda n: 30.0 * n),
            st.integers(-steps, steps).map(lambda n: 40.0 * n),
            st.integers(0, 60).map(float),
            st.one_of(st.just(NAN), st.integers(-1, 9).map(float)),  # until closed
            st.sampled_from(["wet", "wet", "wall", "same"]),
        ),
        max_size=50,
    )


events = st.one_of(events_within(1), events_within(4), events_within(2**40))  # one spot, a street, across the world


def columns(rows):
    x, y, reported, until, hazard = zip(*rows, strict=True) if rows else ((),) * 5
    reported = np.array(reported, float)
    return np.array(x, float), np.array(y, float), reported, reported + np.array(until, float), np.array(hazard, str)


@settings(max_examples=200)
@given(events, st.integers(0, 70))
def test_the_returns_are_those_of_the_definition(rows, as_of):
    x, y, reported, closed, hazard = columns(rows)
    found = find_returns(x, y, reported, closed, hazard, as_of=as_of, radius_m=RADIUS)
    by, waited = by_definition(x, y, reported, closed, hazard, as_of)
    back = np.array(by, int)
    assert found.returned.tolist() == (back >= 0).tolist()
    assert found.waited == pytest.approx(waited, nan_ok=True)
    same = [(reported[j], x[j], y[j]) for j in found.by[found.returned]]  # of equal events any one
    assert same == [(reported[j], x[j], y[j]) for j in back[back >= 0]]


@pytest.mark.parametrize("width", [60, 300, 3000])
def test_the_returns_of_a_crowd_are_those_of_the_definition(width):
    chance = np.random.default_rng(width)
    x, y = chance.uniform(0, width, (2, 700))
    reported = chance.uniform(0, 900, 700)
    closed, hazard = reported + chance.uniform(0, 90, 700), np.array(["wet"] * 700)
    found = find_returns(x, y, reported, closed, hazard, as_of=900, radius_m=RADIUS)
    near = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2 <= 50**2
    after = np.where(near & (reported > closed[:, None]) & (closed <= 900)[:, None], reported, np.inf)
    by = np.where(np.isfinite(after.min(axis=1)), after.argmin(axis=1), -1)
    assert found.by.tolist() == by.tolist()
    assert (by >= 0).sum() > 5


@given(events, st.randoms())
def test_the_order_of_events_changes_nothing(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    one = find_returns(*columns(rows), as_of=60, radius_m=RADIUS)
    other = find_returns(*columns([rows[i] for i in order]), as_of=60, radius_m=RADIUS)
    assert other.waited == pytest.approx(one.waited[order], nan_ok=True)
    assert other.returned.tolist() == one.returned[order].tolist()


@settings(max_examples=50)
@given(events, st.integers(0, 60))
def test_a_later_look_changes_no_return_that_was_seen(rows, as_of):
    before = find_returns(*columns(rows), as_of=as_of, radius_m=RADIUS)
    after = find_returns(*columns(rows), as_of=as_of + 20, radius_m=RADIUS)
    assert (after.by[before.returned] == before.by[before.returned]).all()
    assert (after.waited[~np.isnan(before.waited)] >= before.waited[~np.isnan(before.waited)]).all()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"x_m": [0]}, "lengths-differ"),
        ({"radius_m": {}}, "radius-missing"),
        ({"radius_m": {"wet": -1}}, "radius-bad"),
        ({"radius_m": {"wet": NAN}}, "radius-bad"),
        ({"as_of": NAN}, "as-of-missing"),
    ],
)
def test_what_cannot_be_is_refused(changed, code):
    asked = {"x_m": [0, 0], "y_m": [0, 0], "reported": [0, 1], "closed": [0, 1], "hazard": ["wet"] * 2}
    with pytest.raises(HazardError) as refused:
        find_returns(**(asked | {"as_of": 5, "radius_m": RADIUS} | changed))
    assert refused.value.code == code


@pytest.mark.parametrize(("days", "key", "code"), [(0, None, "return-days-bad"), (3, ["a"], "lengths-differ")])
def test_a_share_of_nothing_is_refused(days, key, code):
    found = find_returns([0, 0], [0, 0], [0, 1], [0, 1], ["wet"] * 2, as_of=5, radius_m=RADIUS)
    with pytest.raises(HazardError) as refused:
        share_returned(found, key, days=days)
    assert refused.value.code == code


def test_by_a_key_in_categories_the_share_is_that_of_each():
    found = find_returns([0, 0, 0], [0] * 3, [0, 5, 9], [1, 6, NAN], ["wet"] * 3, as_of=50, radius_m=RADIUS)
    unit = pd.Categorical(["b", "a", "b"], categories=["a", "b", "c"])
    assert share_returned(found, unit, days=1)["key"].tolist() == ["a", "b"]
