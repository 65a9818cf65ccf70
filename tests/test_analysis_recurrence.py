"""A chronic site is where the same hazard was reported again after it was closed; the answer knows no order of rows."""

from statistics import median

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.recurrence import COLUMNS, chronic_sites, describe_sites, join_sites
from base.errors import HazardError

RADIUS = {"wet": 100.0, "wall": 30.0}
NAN = float("nan")


def by_definition(x, y, reported, closed, hazard, radius_m=RADIUS, min_returns=1):
    """The rule word for word: every event against every site, and against every earlier event of its site."""
    sites = []
    for i in sorted(range(len(x)), key=lambda i: (reported[i], x[i], y[i], i)):
        for site in sites:
            first = site[0]
            if (
                hazard[i] == hazard[first]
                and (x[i] - x[first]) ** 2 + (y[i] - y[first]) ** 2 <= radius_m[hazard[i]] ** 2
            ):
                site.append(i)
                break
        else:
            sites.append([i])
    rows, members = [], []
    for site in sites:
        waits = []
        for turn, i in enumerate(site[1:], 1):
            ends = [closed[j] if closed[j] >= reported[j] else np.inf for j in site[:turn]]
            if reported[i] > max(ends):
                waits.append((reported[i] - max(ends)) / 24)
        if len(waits) >= min_returns:
            first, still = site[0], sum(not closed[i] >= reported[i] for i in site)
            last = max(reported[i] for i in site)
            rows.append(
                (x[first], y[first], hazard[first], len(site), len(waits), reported[first], last, median(waits), still)
            )
            members.append(site)
    order = sorted(range(len(rows)), key=lambda k: (-rows[k][4], -rows[k][3], rows[k][5], *rows[k][:3]))
    label = np.full(len(x), -1)
    for number, k in enumerate(order):
        label[members[k]] = number
    return label.tolist(), [(number, *rows[k]) for number, k in enumerate(order)]


def said(answer):
    site, frame = answer
    assert tuple(frame.columns) == COLUMNS
    return site.tolist(), [tuple(row) for row in frame.itertuples(index=False)]


def events_within(steps, turns):
    return st.lists(
        st.tuples(
            st.integers(-steps, steps).map(lambda n: 30.0 * n),
            st.integers(-steps, steps).map(lambda n: 40.0 * n),
            st.integers(0, turns).map(lambda n: 6.0 * n),
            st.one_of(st.just(NAN), st.integers(-1, 6).map(lambda n: 6.0 * n)),  # until closed
            st.sampled_from(["wet", "wet", "wall"]),
        ),
        max_size=60,
    )


events = st.one_of(events_within(1, 60), events_within(4, 90), events_within(30, 60))  # one spot, a street, far apart


def columns(rows):
    x, y, reported, until, hazard = zip(*rows, strict=True) if rows else ((),) * 5
    reported = np.array(reported, float)
    return np.array(x, float), np.array(y, float), reported, reported + np.array(until, float), np.array(hazard, str)


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_what_comes_back_after_closure_returns_and_what_is_told_meanwhile_repeats():
    # One drain, hours: 0-24, 72-96 (2 days later: a return), 90-100 (72 is open: a repeat), 110-120 (10 h after all
    # were closed: a return), 264-open (6 days: a return), 300 (264 is open: a repeat). Median of 2 d, 10 h, 6 d: 2 d.
    reported, closed = [0, 72, 90, 110, 264, 300], [24, 96, 100, 120, NAN, 310]
    site, frame = chronic_sites([5] * 6, [7] * 6, reported, closed, ["wet"] * 6, radius_m=RADIUS)
    assert site.tolist() == [0] * 6
    assert frame.to_dict("records") == [
        {
            "site_id": 0, "x_m": 5, "y_m": 7, "hazard": "wet", "events": 6, "returns": 3, "first": 0, "last": 300,
            "median_days": 2, "open_now": 1,
        }
    ]  # fmt: skip


def test_a_street_of_returns_90_m_apart_is_not_one_chained_site():
    # Radius 100 m: the sites begin at 0 and at 180 m; single linkage would make one of four events with 3 returns.
    x, reported = [0, 90, 180, 270], [0, 100, 200, 300]
    site, frame = chronic_sites(x, [0] * 4, reported, [1, 101, 201, 301], ["wet"] * 4, radius_m=RADIUS)
    assert site.tolist() == [0, 0, 1, 1]
    assert frame["x_m"].tolist() == [0, 180]
    assert frame["returns"].tolist() == [1, 1]


def test_the_radius_itself_still_belongs_to_the_site():
    for x, sites in ((100, [0, 0]), (100.01, [-1, -1])):
        assert chronic_sites([0, x], [0, 0], [0, 9], [1, 10], ["wet"] * 2, radius_m=RADIUS)[0].tolist() == sites


def test_an_event_near_two_sites_joins_the_one_that_began_first():
    site, frame = chronic_sites([0, 150, 75], [0] * 3, [5, 1, 20], [6, 2, 21], ["wet"] * 3, radius_m=RADIUS)
    assert site.tolist() == [-1, 0, 0]
    assert frame["x_m"].tolist() == [150]


@pytest.mark.parametrize("closed", [NAN, -1, float("inf")], ids=["missing", "before its report", "never"])
def test_nothing_returns_where_an_event_was_never_closed_or_before_its_report(closed):
    site, frame = chronic_sites([0] * 3, [0] * 3, [0, 50, 90], [closed, 60, 91], ["wet"] * 3, radius_m=RADIUS)
    assert (site.tolist(), len(frame)) == ([-1] * 3, 0)
    # After a return before it, the site shows what is open
    closings = [-60, closed, 60, 91]
    site, frame = chronic_sites([0] * 4, [0] * 4, [-80, 0, 50, 90], closings, ["wet"] * 4, radius_m=RADIUS)
    assert site.tolist() == [0] * 4
    assert frame[["events", "returns", "open_now"]].to_numpy().tolist() == [[4, 1, 1]]


def test_a_report_at_the_very_moment_of_the_closure_is_a_repeat():
    for reported, n in ((24, 0), (24.01, 1)):
        frame = chronic_sites([0, 0], [0, 0], [0, reported], [24, 30], ["wet"] * 2, radius_m=RADIUS)[1]
        assert len(frame) == n


def test_hazards_on_one_spot_are_sites_of_their_own_and_have_their_own_radius():
    x, hazard = [0, 0, 50, 50], ["wet", "wall", "wet", "wall"]
    site, frame = chronic_sites(x, [0] * 4, [0, 0, 9, 9], [1, 1, 10, 10], hazard, radius_m=RADIUS)
    assert site.tolist() == [0, -1, 0, -1]
    assert frame["hazard"].tolist() == ["wet"]


def test_most_returns_stand_first_then_most_events_and_fewer_than_asked_for_are_left_out():
    # At 0: one return; at 1000: two; at 2000: one, with a repeat; at 3000: none.
    x = [0, 0, 1000, 1000, 1000, 2000, 2000, 2000, 3000]
    reported, closed = [0, 9, 0, 9, 19, 0, 9, 10, 0], [1, 10, 1, 10, 20, 1, 12, 12, 1]
    site, frame = chronic_sites(x, [0] * 9, reported, closed, ["wet"] * 9, radius_m=RADIUS)
    assert frame["x_m"].tolist() == [1000, 2000, 0]
    assert site.tolist() == [2, 2, 0, 0, 0, 1, 1, 1, -1]
    site, frame = chronic_sites(x, [0] * 9, reported, closed, ["wet"] * 9, radius_m=RADIUS, min_returns=2)
    assert (frame["x_m"].tolist(), site.tolist()) == ([1000], [-1, -1, 0, 0, 0, -1, -1, -1, -1])


def test_events_without_place_report_or_hazard_are_in_no_site_and_change_nothing():
    x, y = [0, 0, NAN, 0, 0, 0], [0, 0, 0, np.inf, 0, 0]
    reported, hazard = [0, 9, 2, 2, NAN, 2], ["wet"] * 5 + [None]
    site, frame = chronic_sites(x, y, reported, [1, 10, NAN, NAN, 9, NAN], hazard, radius_m=RADIUS)
    assert site.tolist() == [0, 0, -1, -1, -1, -1]
    assert frame[["events", "returns", "open_now"]].to_numpy().tolist() == [[2, 1, 0]]


def test_nothing_gives_an_empty_frame_with_its_columns():
    for n in (0, 3):
        answer = chronic_sites([NAN] * n, [0] * n, [0] * n, [1] * n, ["wet"] * n, radius_m=RADIUS)
        assert said(answer) == ([-1] * n, [])


@pytest.mark.parametrize("zone", [None, "Asia/Shanghai"])
def test_times_give_what_their_hours_give(zone):
    hours, until = np.array([0, 72, 90, 264.0]), np.array([24, 96, 100, NAN])
    zero = pd.Timestamp("2025-03-01", tz=zone)
    reported, closed = (pd.Series(zero + pd.to_timedelta(h, unit="h")) for h in (hours, until))
    kinds = pd.Categorical(["wet"] * 4, categories=["fog", "wet"])  # one that does not occur needs no radius
    site, frame = chronic_sites([0] * 4, [0] * 4, reported, closed, kinds, radius_m=RADIUS)
    plain_site, plain = chronic_sites([0] * 4, [0] * 4, hours, until, ["wet"] * 4, radius_m=RADIUS)
    assert site.tolist() == plain_site.tolist()
    assert (frame["first"][0], frame["last"][0]) == (reported[0], reported[3])
    assert frame["first"].dtype == reported.dtype
    same = ["hazard", "events", "returns", "median_days", "open_now"]
    assert frame[same].to_dict("records") == plain[same].to_dict("records")
    open_ones = pd.Series(pd.NaT, index=range(4))  # has no zone
    assert len(chronic_sites([0] * 4, [0] * 4, reported, open_ones, kinds, radius_m=RADIUS)[1]) == 0


# --- for all inputs ---------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(events, st.integers(1, 3))
def test_sites_are_what_the_rule_says_word_for_word(rows, least):
    answer = chronic_sites(*columns(rows), radius_m=RADIUS, min_returns=least)
    site, frame = by_definition(*columns(rows), min_returns=least)
    assert answer[0].tolist() == site
    assert said(answer)[1] == [pytest.approx(row) for row in frame]


def test_sites_of_a_crowded_quarter_are_what_the_rule_says_word_for_word():
    rng = np.random.default_rng(20260101)
    x, y = rng.normal(0, 1, (2, 700)) * np.resize([3000.0] * 4 + [300.0] * 2 + [60.0], 700)
    reported = rng.uniform(0, 20_000, 700)
    closed = reported + rng.choice([5, 50, 500, -1], 700, p=[0.5, 0.3, 0.15, 0.05])
    hazard = rng.choice(["wet", "wall"], 700)
    answer = chronic_sites(x, y, reported, closed, hazard, radius_m=RADIUS)
    site, frame = by_definition(x, y, reported, closed, hazard)
    assert len(frame) > 20
    assert answer[0].tolist() == site
    assert said(answer)[1] == [pytest.approx(row) for row in frame]


@settings(max_examples=40)
@given(events, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows, random):
    order = random.sample(range(len(rows)), len(rows))
    site, frame = chronic_sites(*columns(rows), radius_m=RADIUS)
    other, mixed = chronic_sites(*columns([rows[i] for i in order]), radius_m=RADIUS)
    assert (site[order] == other).all()
    pd.testing.assert_frame_equal(frame, mixed)


@settings(max_examples=40)
@given(events, st.integers(-10_000, 10_000), st.integers(-10_000, 10_000), st.integers(-1000, 1000))
def test_a_city_moved_in_place_and_time_has_the_same_sites(rows, east, north, later):
    x, y, reported, closed, hazard = columns(rows)
    site, frame = chronic_sites(x, y, reported, closed, hazard, radius_m=RADIUS)
    other, moved = chronic_sites(x + east, y + north, reported + later, closed + later, hazard, radius_m=RADIUS)
    assert (site == other).all()
    by = {"x_m": east, "y_m": north, "first": later, "last": later}
    pd.testing.assert_frame_equal(frame.assign(**{name: frame[name] + step for name, step in by.items()}), moved)


@settings(max_examples=40)
@given(events, st.integers(-1000, 1000))
def test_an_event_far_away_changes_nothing_else(rows, when):
    site, frame = chronic_sites(*columns(rows), radius_m=RADIUS)
    other, more = chronic_sites(*columns([*rows, (5000.0, 0.0, float(when), NAN, "wet")]), radius_m=RADIUS)
    assert other.tolist() == [*site.tolist(), -1]
    pd.testing.assert_frame_equal(frame, more)


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"x_m": [0]}, "lengths-differ"),
        ({"closed": [1]}, "lengths-differ"),
        ({"min_returns": 0}, "site-returns-bad"),
        ({"radius_m": {"wall": 30}}, "radius-missing"),
        ({"radius_m": {"wet": -1}}, "radius-bad"),
        ({"radius_m": {"wet": NAN}}, "radius-bad"),
        ({"closed": pd.to_datetime(["2025-01-01", None])}, "times-differ"),
    ],
)
def test_what_cannot_be_is_refused(changed, code):
    asked = {"x_m": [0, 0], "y_m": [0, 0], "reported": [0, 9], "closed": [1, NAN], "hazard": ["wet"] * 2}
    with pytest.raises(HazardError) as refused:
        chronic_sites(**(asked | {"radius_m": RADIUS} | changed))
    assert refused.value.code == code


def test_times_with_and_without_a_zone_are_not_mixed():
    times = pd.Series(pd.to_datetime(["2025-01-01", "2025-01-02"]))
    with pytest.raises(HazardError, match="with or without a zone"):
        chronic_sites([0, 0], [0, 0], times.dt.tz_localize("UTC"), times, ["wet"] * 2, radius_m=RADIUS)


def test_a_history_joined_once_has_the_sites_of_every_part_that_ends_earlier_and_of_every_hazard():
    chance = np.random.default_rng(3)
    n = 400
    x, y = chance.uniform(0, 900, n), chance.uniform(0, 900, n)
    start = np.sort(chance.integers(0, 5000, n).astype(float))
    end = np.where(chance.random(n) < 0.2, NAN, start + chance.integers(1, 300, n))
    hazard = chance.choice(["wet", "wall"], n)
    joined = join_sites(x, y, start, hazard, radius_m=RADIUS)
    assert joined.tolist() == join_sites(x[:350], y[:350], start[:350], hazard[:350], radius_m=RADIUS).tolist() + (
        joined[350:].tolist()
    )
    for part in (np.ones(n, bool), start < 2500, (start < 4000) & (hazard == "wet")):
        columns = (x[part], y[part], start[part], end[part], hazard[part])
        site, frame = chronic_sites(*columns, radius_m=RADIUS)
        again, same = describe_sites(joined[part], *columns)
        assert again.tolist() == site.tolist()
        pd.testing.assert_frame_equal(same, frame)
    assert 5 < len(frame) < 100
