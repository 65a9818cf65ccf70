"""Clusters are dense groups of events; the answer is the same in any order of the rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.cluster import DBSCAN

from analysis import clusters
from analysis.clusters import find_clusters
from analysis.density import dense_groups
from base.errors import HazardError

# Drawn by hand: five events in a cross of arm 10 m (centre 0,0), three in a row 1,000 m away, one alone, one unplaced.
X = np.array([0, 10, -10, 0, 0, 1000, 1030, 1060, 5000, np.nan])
Y = np.array([0, 0, 0, 10, -10, 0, 0, 0, 0, 0.0])
HAZARD = np.array(["wet"] * 3 + ["wall"] * 2 + ["cover"] * 3 + ["wet"] * 2)
TIMES = pd.Series(pd.date_range("2025-03-01", periods=10, freq="D", tz="UTC"))


def test_the_drawing_gives_its_two_groups_with_size_radius_and_times():
    labels, frame = find_clusters(X, Y, TIMES, HAZARD, radius_m=35, min_members=3)
    assert labels.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, -1, -1]
    assert tuple(frame.columns) == clusters.COLUMNS
    cross, row = frame.iloc[0], frame.iloc[1]
    assert (cross.members, cross.radius_m, cross.x_m, cross.y_m) == (5, 10, 0, 0)
    assert (row.members, row.radius_m, row.x_m, row.y_m) == (3, 30, 1030, 0)
    assert (cross.hazard, cross.share) == ("wet", 0.6)
    assert (row["first"], row["last"]) == (TIMES[5], TIMES[7])


def test_the_radius_itself_still_joins():
    assert (find_clusters([0, 30], [0, 0], TIMES[:2], ["wet"] * 2, radius_m=30, min_members=2)[0] == 0).all()
    assert (find_clusters([0, 30.01], [0, 0], TIMES[:2], ["wet"] * 2, radius_m=30, min_members=2)[0] == -1).all()


def test_equally_large_groups_stand_in_the_order_of_their_first_report():
    times = pd.Series(pd.to_datetime(["2025-05-02", "2025-05-03", "2025-05-01", "2025-05-04"]))
    labels, frame = find_clusters([0, 1, 900, 901], [0] * 4, times, ["wet"] * 4, radius_m=10, min_members=2)
    assert labels.tolist() == [1, 1, 0, 0]
    assert frame["first"].is_monotonic_increasing


def test_nothing_gives_an_empty_frame_with_its_columns():
    labels, frame = find_clusters([], [], TIMES[:0], [], radius_m=30, min_members=3)
    assert (len(labels), len(frame), tuple(frame.columns)) == (0, 0, clusters.COLUMNS)
    assert isinstance(frame["first"].dtype, pd.DatetimeTZDtype)


points = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=40)


@settings(max_examples=25)  # each place's group has a property of its own below
@given(points, st.randoms(use_true_random=False))
def test_weighted_places_give_the_cores_and_the_noise_of_plain_dbscan_in_any_order_of_the_rows(rows, random):
    order = random.sample(range(len(rows)), len(rows))
    x, y = 10.0 * np.array(rows, dtype=float).T
    times = pd.Series(pd.Timestamp("2025-01-01") + pd.to_timedelta(x * 100 + y, unit="h")).where(x > 10)
    labels, frame = find_clusters(x, y, times, ["wet"] * len(x), radius_m=15, min_members=4)
    plain = DBSCAN(eps=15, min_samples=4).fit(np.column_stack([x, y]))
    assert ((labels >= 0) == (plain.labels_ >= 0)).all()
    core = plain.core_sample_indices_
    together = labels[core][:, None] == labels[core]
    assert (together == (plain.labels_[core][:, None] == plain.labels_[core])).all()
    assert frame["members"].sum() == (labels >= 0).sum()
    assert frame["members"].is_monotonic_decreasing
    other, mixed = find_clusters(x[order], y[order], times.iloc[order], ["wet"] * len(x), radius_m=15, min_members=4)
    assert (labels[order] == other).all()
    pd.testing.assert_frame_equal(frame, mixed)


places = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=80, unique=True)


@settings(max_examples=50)
@given(places, st.sampled_from([9.0, 10.0, 15.0, 10 * 2**0.5, 30.0]), st.integers(2, 9))
def test_groups_and_their_border_places_are_those_of_plain_dbscan_over_places_from_west_to_east(rows, radius, least):
    x, y = 10.0 * np.array(sorted(rows), dtype=float).T
    weight = 1 + np.arange(len(x)) % 3 % 2
    plain = DBSCAN(eps=radius, min_samples=least).fit(np.column_stack([x, y]), sample_weight=weight)
    assert dense_groups(x, y, weight, radius=radius, least=least).tolist() == plain.labels_.tolist()


@pytest.mark.parametrize(("radius", "least"), [(20, 4), (60, 4), (60, 25), (200, 40)])
def test_groups_of_a_city_are_those_of_plain_dbscan(radius, least):
    rng = np.random.default_rng(20260101)
    x, y = rng.normal(0, 1, (2, 3000)) * np.repeat([2000.0, 300.0, 40.0], 1000) - 500
    order = np.lexsort((y, x))
    x, y = x[order], y[order]
    plain = DBSCAN(eps=radius, min_samples=least).fit(np.column_stack([x, y]))
    assert dense_groups(x, y, np.ones(3000, int), radius=radius, least=least).tolist() == plain.labels_.tolist()


def in_metres_and_days(x, y, t, radius, days):
    """Distances of ST-DBSCAN on which a radius of 1 is both radii: the larger of metres / radius and days / days."""
    return np.maximum(cdist(xy := np.column_stack([x, y]), xy) / radius, np.abs(t[:, None] - t) / days)


moments = st.lists(
    st.tuples(st.integers(-4, 4), st.integers(-4, 4), st.integers(0, 12)), min_size=1, max_size=80, unique=True
)


@settings(max_examples=60)
@given(moments, st.sampled_from([10.0, 16.0, 10 * 2**0.5 + 1e-9, 32.0]), st.sampled_from([1, 2, 4]), st.integers(2, 9))
def test_groups_in_metres_and_days_and_their_border_places_are_those_of_plain_dbscan(rows, radius, days, least):
    # scikit-learn 1.9.1, precomputed distances; 16 and 32 m, for a root of a sum divided by itself may miss 1
    x, y, t = np.array(sorted(rows), dtype=float).T
    x, y, weight = 10 * x, 10 * y, 1 + np.arange(len(x)) % 3 % 2
    near = in_metres_and_days(x, y, t, radius, days)
    plain = DBSCAN(eps=1, min_samples=least, metric="precomputed").fit(near, sample_weight=weight)
    groups = dense_groups(x, y, weight, radius=radius, least=least, time=t, span=days)
    assert groups.tolist() == plain.labels_.tolist()


@pytest.mark.parametrize(
    ("radius", "days", "least"), [(20, 100, 4), (60, 30, 4), (60, 200, 25), (200, 3, 6), (2000, 7, 20)]
)
def test_groups_of_a_city_and_a_year_are_those_of_plain_dbscan(radius, days, least):
    rng = np.random.default_rng(20260101)
    x, y = rng.normal(0, 1, (2, 3000)) * np.repeat([2000.0, 300.0, 40.0], 1000) - 500
    t = rng.integers(-100, 265, 3000) + rng.choice([0, 0.5], 3000)
    order = np.lexsort((t, y, x))
    x, y, t = x[order], y[order], t[order]
    plain = DBSCAN(eps=1, min_samples=least, metric="precomputed").fit(in_metres_and_days(x, y, t, radius, days))
    groups = dense_groups(x, y, np.ones(3000, int), radius=radius, least=least, time=t, span=days)
    assert len(np.unique(groups)) > 1
    assert groups.tolist() == plain.labels_.tolist()


def test_a_span_over_all_times_gives_the_groups_without_one():
    rng = np.random.default_rng(20260101)
    x, y = np.sort(rng.uniform(0, 500, 400)), rng.uniform(0, 500, 400)
    alone = dense_groups(x, y, np.ones(400, int), radius=30, least=4)
    timed = dense_groups(x, y, np.ones(400, int), radius=30, least=4, time=rng.uniform(0, 9, 400), span=9)
    assert alone.max() > 1
    assert alone.tolist() == timed.tolist()


def test_boxes_a_world_and_a_century_apart_are_numbered_without_overflow():
    # Three places and times, each with another one a millimetre and a microsecond away; the last pair is 2 us apart.
    x = np.array([-2e7, -2e7, 0, 0, 2e7, 2e7])
    y, t = x + [0, 0.001] * 3, np.array([3e15, 3e15 + 1, 0, 1, -3e15, -3e15 + 2])
    groups = dense_groups(x, y, np.ones(6, int), radius=0.002, least=2, time=t, span=1.0)
    assert groups.tolist() == [0, 0, 1, 1, -1, -1]


def test_places_that_share_no_row_column_or_moment_are_numbered_without_overflow():
    # 840,000 rows, columns and layers with gaps, 16 parts each: their product has no 64-bit number. Two are neighbours.
    n = 280_000
    far = np.append(np.arange(n) * 100.0, n * 100.0 - 99.5)
    groups = dense_groups(far, far, np.ones(n + 1, int), radius=1.0, least=2, time=far, span=1.0)
    assert np.flatnonzero(groups == 0).tolist() == [n - 1, n]
    assert (groups[:-2] == -1).all()


def test_places_a_world_apart_in_squares_of_a_millimetre_are_named_without_overflow():
    x, y = np.array([-2e7, -2e7, 0, 2e7, 2e7]), np.array([-2e7, -2e7 + 0.001, 0, 2e7, 2e7 + 0.001])
    assert dense_groups(x, y, np.ones(5, int), radius=0.002, least=2).tolist() == [0, 0, -1, 1, 1]


def test_thousands_of_events_on_one_spot_are_one_place_with_a_weight():
    n = 30_000  # plain DBSCAN would hold 900 million pairs
    labels, frame = find_clusters(
        np.zeros(n), np.zeros(n), np.zeros(n, "datetime64[ns]"), ["wet"] * n, radius_m=50, min_members=4
    )
    assert (labels == 0).all()
    assert (frame["members"][0], frame["radius_m"][0]) == (n, 0)


def test_thousands_of_places_in_one_street_and_two_apart_are_told_apart_in_no_time():
    # By hand: three blocks of 20,000 places, 60 m by 60 m, 49 m and 51 m apart: all pairs would be 600 million.
    rng = np.random.default_rng(20260101)
    x, y = rng.uniform(0, 60, (2, 60_000)) + np.repeat([[0, 109, 220], [0, 0, 0]], 20_000, axis=1)
    x[[0, 20_000, 20_001, 40_000]], y[[0, 20_000, 20_001, 40_000]] = [60, 109, 169, 220], 30
    labels, frame = find_clusters(x, y, np.zeros(60_000, "datetime64[s]"), ["wet"] * 60_000, radius_m=50, min_members=4)
    assert frame["members"].tolist() == [40_000, 20_000]
    assert (labels == np.repeat([0, 0, 1], 20_000)).all()


def test_one_corner_in_spring_and_autumn_is_two_groups_in_metres_and_days():
    # By hand: days 0, 1, 2 and 9, 10, 11 on one corner; 7 days from 2 to 9 join them, 6 do not. The last has no time.
    days = np.array([10, 0, 9, 1, 11, 2, 0], dtype="timedelta64[D]")
    times = pd.Series(np.datetime64("2025-03-01T08:00") + days).where(lambda t: t.index < 6)
    corner = {"radius_m": 5, "min_members": 3}
    for zone in (None, "Asia/Shanghai"):
        zoned = times.dt.tz_localize(zone)
        labels, frame = find_clusters([0] * 7, [0] * 7, zoned, ["wet"] * 7, **corner, radius_days=6)
        assert labels.tolist() == [1, 0, 1, 0, 1, 0, -1]
        assert frame["first"].tolist() == [zoned[1], zoned[2]]
        assert frame["last"].tolist() == [zoned[5], zoned[4]]
    assert find_clusters([0] * 7, [0] * 7, times, ["wet"] * 7, **corner, radius_days=7)[0].tolist() == [0] * 6 + [-1]
    assert find_clusters([0] * 7, [0] * 7, times, ["wet"] * 7, **corner)[0].tolist() == [0] * 7


@settings(max_examples=20)
@given(st.lists(st.sampled_from([0, 1, 2, 5, 6, 7]), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_groups_in_metres_and_days_do_not_depend_on_the_order_of_the_rows(rows, random):
    order = random.sample(range(len(rows)), len(rows))
    x = 10.0 * np.resize([0, 1, 0, 4], len(rows))
    times = pd.Series(np.datetime64("2025-01-01") + np.array(rows, "timedelta64[D]"))
    hazard = np.resize(["wet", "wall", "wet"], len(rows))
    rule = {"radius_m": 10, "min_members": 3, "radius_days": 1}
    labels, frame = find_clusters(x, 0 * x, times, hazard, **rule)
    other, mixed = find_clusters(x[order], 0 * x, times[order], hazard[order], **rule)
    assert (labels[order] == other).all()
    pd.testing.assert_frame_equal(frame, mixed)


def test_hulls_are_polygons_lines_or_points():
    # By hand: a square of 10 m with a point inside and one on its edge, three in a line, two on one spot.
    x = np.array([0, 10, 10, 0, 5, 5, 500, 508, 504, 900, 900.0])
    y = np.array([0, 0, 10, 10, 5, 0, 8, 0, 4, 7, 7.0])
    _, frame = find_clusters(x, y, np.zeros(11, "datetime64[s]"), ["wet"] * 11, radius_m=10, min_members=2)
    assert [hull.tolist() for hull in frame["hull"]] == [
        [[0, 0], [10, 0], [10, 10], [0, 10]],
        [[500, 8], [508, 0]],
        [[900, 7]],
    ]


def test_a_core_whose_neighbours_all_belong_to_another_cluster_is_a_cluster_of_its_own():
    # By hand: cores at 0 and at 12 m on day 1, 12 m apart; four events between them, 8.1 m from both and a day off,
    # are no cores (3 neighbours each with themselves) and go to the western one.
    x, y = [0, 12, 6, 6, 6, 6], [0, 0, 5.5, 5.5, -5.5, -5.5]
    times = pd.Series(pd.to_datetime(["2025-03-02"] * 2 + ["2025-03-01", "2025-03-03"] * 2))
    labels, frame = find_clusters(x, y, times, ["wet"] * 6, radius_m=10, min_members=5, radius_days=1)
    assert labels.tolist() == [0, 1, 0, 0, 0, 0]
    assert frame["members"].tolist() == [5, 1]
    assert [hull.tolist() for hull in frame["hull"]] == [[[0, 0], [6, -5.5], [6, 5.5]], [[12, 0]]]


def test_no_time_at_all_gives_no_group_in_metres_and_days():
    missing = pd.Series(pd.NaT, index=range(5))
    labels, frame = find_clusters([0] * 5, [0] * 5, missing, ["wet"] * 5, radius_m=5, min_members=2, radius_days=1)
    assert (labels.tolist(), len(frame), tuple(frame.columns)) == ([-1] * 5, 0, clusters.COLUMNS)


@pytest.mark.parametrize("days", [0, -1, float("nan"), float("inf")])
def test_a_radius_of_no_days_is_refused(days):
    with pytest.raises(HazardError, match="above 0 days") as refused:
        find_clusters(X, Y, TIMES, HAZARD, radius_m=30, min_members=3, radius_days=days)
    assert refused.value.code == "cluster-days-bad"


@pytest.mark.parametrize(
    ("radius", "members", "code"),
    [(0, 3, "cluster-radius-bad"), (float("nan"), 3, "cluster-radius-bad"), (30, 1, "cluster-members-bad")],
)
def test_settings_that_cannot_be_are_refused(radius, members, code):
    with pytest.raises(HazardError) as refused:
        find_clusters(X, Y, TIMES, HAZARD, radius_m=radius, min_members=members)
    assert refused.value.code == code


def test_columns_of_different_length_are_refused():
    with pytest.raises(HazardError, match="same length"):
        find_clusters(X, Y[:3], TIMES, HAZARD, radius_m=30, min_members=3)
