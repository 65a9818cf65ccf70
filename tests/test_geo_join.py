"""The join: every point once, by the tie rule, whatever the boundaries look like."""

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import MultiPolygon, Polygon, box

from base.errors import HazardError
from geo import join
from geo.join import assign_cells, count_ties, nearest_within

#   +---+---+
#   | 2 | 3 |     four cells of 100 m
#   +---+---+
#   | 0 | 1 |
#   +---+---+
FOUR_CELLS = gpd.GeoDataFrame(
    geometry=[box(0, 0, 100, 100), box(100, 0, 200, 100), box(0, 100, 100, 200), box(100, 100, 200, 200)],
    crs="EPSG:4547",
)
# Overlapping, with a hole, in two parts, a bent edge, and two that cover nothing.
MESSY = gpd.GeoDataFrame(
    geometry=[
        Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], holes=[[(3, 3), (7, 3), (7, 7), (3, 7)]]),
        None,
        MultiPolygon([box(5, 5, 15, 8), box(20, 0, 22, 20)]),
        Polygon(),
        Polygon([(8, 0), (30, 0), (30, 1), (9, 13), (12, 6)]),
        box(4, 4, 6, 6),
    ],
    crs="EPSG:4547",
)


def lowest_by_sjoin(x, y, cells):
    """What geopandas 1.2 says with predicate="intersects", reduced to the lowest position."""
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=cells.crs)
    pairs = gpd.sjoin(points, cells.reset_index(drop=True), predicate="intersects")
    lowest = pairs.groupby(level=0)["index_right"].min()
    return lowest.reindex(range(len(x)), fill_value=-1).to_numpy()


@given(tens_of_metres=st.lists(st.tuples(st.integers(-5, 25), st.integers(-5, 25)), min_size=1, max_size=50))
def test_every_point_is_in_one_cell_or_counted_as_outside(tens_of_metres):
    x_m, y_m = 10.0 * np.array(tens_of_metres).T  # 100 m cells: many points fall exactly on an edge
    position = assign_cells(x_m, y_m, FOUR_CELLS)
    covered = shapely.intersects_xy(FOUR_CELLS.union_all(), x_m, y_m)
    assert ((position >= 0) == covered).all()


def test_a_point_on_a_shared_edge_or_corner_goes_to_the_first_cell_and_counts_as_a_tie():
    # Counted by hand on the drawing: the centre (four cells), an edge (1 and 3), a free edge of 3, two interiors.
    x, y = [100, 150, 200, 50, 150], [100, 100, 150, 50, 150]
    assert assign_cells(x, y, FOUR_CELLS).tolist() == [0, 1, 3, 0, 3]
    assert count_ties(x, y, FOUR_CELLS) == 2


@settings(deadline=None)
@given(
    points=st.lists(
        st.one_of(
            st.tuples(st.integers(-1, 31), st.integers(-1, 21)),  # vertices and edges of MESSY lie on whole numbers
            st.tuples(st.floats(-1, 31), st.floats(-1, 21)),
            st.tuples(st.floats(0, 1), st.integers(0, 5)).map(lambda p: on_an_edge(*p)),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_the_answer_is_the_lowest_position_that_sjoin_finds(points):
    x, y = np.array(points, dtype=float).T
    assert assign_cells(x, y, MESSY).tolist() == lowest_by_sjoin(x, y, MESSY).tolist()


def on_an_edge(share, cell):
    geometry = MESSY.geometry[cell]
    if geometry is None or geometry.is_empty:
        geometry = MESSY.geometry[4]
    point = geometry.boundary.interpolate(share, normalized=True)
    return point.x, point.y


def test_random_and_vertex_points_on_sixty_wiggled_polygons_agree_with_sjoin():
    cells = wiggled_grid(10, 6, seed=3)
    chance = np.random.default_rng(4)
    vertices = shapely.get_coordinates(cells.geometry.array)
    x = np.concatenate([chance.uniform(-0.5, 10.5, 4000), vertices[:, 0]])
    y = np.concatenate([chance.uniform(-0.5, 6.5, 4000), vertices[:, 1]])
    expected = lowest_by_sjoin(x, y, cells)
    assert assign_cells(x, y, cells).tolist() == expected.tolist()
    assert 0 < (expected == -1).sum() < 2000


def wiggled_grid(columns, rows, *, seed):
    """A true coverage: quadrilaterals whose corners were moved by chance."""
    chance = np.random.default_rng(seed)
    corner = np.stack(np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0)), axis=-1)
    corner += chance.uniform(-0.3, 0.3, corner.shape)
    quads = [
        Polygon([corner[r, c], corner[r, c + 1], corner[r + 1, c + 1], corner[r + 1, c]])
        for r in range(rows)
        for c in range(columns)
    ]
    return gpd.GeoDataFrame(geometry=quads, crs="EPSG:4547")


def test_work_in_chunks_changes_nothing(monkeypatch):
    chance = np.random.default_rng(5)
    x, y = chance.integers(-1, 31, 500).astype(float), chance.integers(-1, 21, 500).astype(float)
    whole, ties = assign_cells(x, y, MESSY), count_ties(x, y, MESSY)
    monkeypatch.setattr(join, "_PAIR_CHUNK", 7)
    assert assign_cells(x, y, MESSY).tolist() == whole.tolist()
    assert count_ties(x, y, MESSY) == ties


def test_points_without_coordinates_are_outside():
    position = assign_cells([50, np.nan, np.inf, 50], [50, 50, 50, np.nan], FOUR_CELLS)
    assert position.tolist() == [0, -1, -1, -1]
    assert position.dtype == np.int32


def test_no_points_and_no_cells_are_answered():
    assert assign_cells([], [], FOUR_CELLS).tolist() == []
    assert assign_cells([1.0], [1.0], FOUR_CELLS.iloc[:0]).tolist() == [-1]
    assert count_ties([1.0], [1.0], FOUR_CELLS.iloc[:0]) == 0


def test_the_given_geometries_stay_unprepared():
    cells = FOUR_CELLS.copy(deep=True)
    assign_cells([50.0], [50.0], cells)
    assert not shapely.is_prepared(cells.geometry.array).any()


def test_coordinates_of_different_length_are_refused():
    with pytest.raises(HazardError, match="2 x values but 1 y values") as refusal:
        assign_cells([1.0, 2.0], [1.0], FOUR_CELLS)
    assert refusal.value.code == "coordinates-uneven"


def small_cells(lat):
    """Twelve wiggled cells of some 100 m at 113 degrees east, in degrees."""
    degrees = wiggled_grid(4, 3, seed=6).geometry.affine_transform([0.001, 0, 0, 0.001, 113.0, lat])
    return gpd.GeoDataFrame(geometry=degrees.to_numpy(), crs="EPSG:4326")


def metres_by_projection(lon, lat, cells):
    """Distances to all cells in an azimuthal equidistant projection (PROJ) around the point: shapely's answer."""
    around = pyproj.CRS.from_proj4(f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m +no_defs")
    return cells.geometry.to_crs(around).distance(shapely.Point(0, 0)).to_numpy()


@pytest.mark.parametrize("lat", [0.0, 33.0, -45.0, 60.0])
def test_the_nearest_cell_within_a_tolerance_is_the_one_that_a_projection_around_each_point_finds(lat):
    # Points near corners and slanted edges of several cells
    cells = small_cells(lat)
    x, y = np.random.default_rng(7).uniform([[112.999], [lat - 0.001]], [[113.005], [lat + 0.004]], (2, 300))
    out = assign_cells(x, y, cells) < 0
    position, metres = nearest_within(x[out], y[out], cells, 50)
    found = 0
    for at, away, lon, lat_ in zip(position, metres, x[out], y[out], strict=True):
        all_m = metres_by_projection(lon, lat_, cells)
        if all_m.min() > 50:
            assert (at, np.isnan(away)) == (-1, True)
        else:
            found += 1
            assert away == pytest.approx(all_m.min(), abs=0.01)
            assert at == np.flatnonzero(all_m <= all_m.min() + 0.001)[0]
    assert 20 < found < out.sum()


def test_a_point_in_a_gap_goes_to_the_nearest_cell_and_to_the_first_of_two_that_are_equally_near():
    # Cells 0 and 1 leave a gap of 0.0004 degrees, 44 m of latitude, between them
    cells = gpd.GeoDataFrame(
        geometry=[shapely.box(113, 33.0104, 113.01, 33.02), shapely.box(113, 33, 113.01, 33.01)], crs="EPSG:4326"
    )
    lat = [33.01019, 33.0102, 33.0103, 33.02 + 0.00028]
    position, metres = nearest_within([113.005] * 4, lat, cells, 30)
    assert position.tolist() == [1, 0, 0, -1]
    assert metres[1] == pytest.approx(Geod(ellps="WGS84").inv(113.005, 33.0102, 113.005, 33.01)[2], abs=0.001)


def test_a_hole_is_a_gap_too_and_no_tolerance_finds_nothing():
    ring = shapely.box(113, 33, 113.01, 33.01).difference(shapely.box(113.004, 33.004, 113.006, 33.006))
    cells = gpd.GeoDataFrame(geometry=[ring], crs="EPSG:4326")
    x, y = [113.0041, 113.005, np.nan], [33.005, 33.005, 33.005]
    assert nearest_within(x, y, cells, 30)[0].tolist() == [0, -1, -1]
    assert nearest_within(x, y, cells, 0)[0].tolist() == [-1, -1, -1]
    assert nearest_within(x, y, cells.iloc[:0], 30)[0].tolist() == [-1, -1, -1]
    assert nearest_within([], [], cells, 30)[0].tolist() == []


def test_nearest_in_chunks_is_the_same(monkeypatch):
    cells = small_cells(33.0)
    x, y = np.random.default_rng(7).uniform([[112.999], [32.999]], [[113.005], [33.004]], (2, 200))
    whole = nearest_within(x, y, cells, 50)
    monkeypatch.setattr(join, "_NEAR_CHUNK", 7)
    chunked = nearest_within(x, y, cells, 50)
    assert whole[0].tolist() == chunked[0].tolist()
    assert np.array_equal(whole[1], chunked[1], equal_nan=True)
