"""Shares of cells that shapes cover: by hand on squares, and as properties."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import local_metres, unproject
from geo.shares import covered, with_margin

CENTRE = (113.2, 33.7)


def degrees(shape):
    """A shape in metres east and north of the centre, in degrees."""
    return shapely.transform(shape, lambda at: np.column_stack(unproject(at[:, 0], at[:, 1], CENTRE)))


def squares(n=2):
    """Cells of 100 m, side by side from the west, the row centred on the centre."""
    half = n * 50
    return np.array([degrees(shapely.box(100 * k - half, -50, 100 * k - half + 100, 50)) for k in range(n)])


def shares(shapes, buffer_m, cells):
    return {
        (int(one.shape), int(one.cell)): one.share
        for one in covered(np.array(shapes, dtype=object), buffer_m, cells).itertuples()
    }


def test_a_rectangle_over_two_cells_covers_the_parts_that_can_be_counted():
    # 50 m of the first cell by its whole height, 20 m of the second by half of it
    shape = shapely.union(shapely.box(-50, -50, 0, 50), shapely.box(0, 0, 20, 50))
    assert shares([degrees(shape)], 0, squares()) == pytest.approx({(0, 0): 0.5, (0, 1): 0.1}, abs=1e-5)


def test_a_line_with_metres_around_it_covers_its_band():
    # 10 m on each side of a line through both cells from edge to edge: 20 of 100 m
    line = degrees(shapely.LineString([(-200, 0), (200, 0)]))
    assert shares([line], 10, squares()) == pytest.approx({(0, 0): 0.2, (0, 1): 0.2}, abs=1e-5)
    assert shares([line], 0, squares()) == {}


def test_a_point_covers_its_disc():
    # pi 20^2 of 100 x 100 m
    point = degrees(shapely.Point(-50, 0))
    assert shares([point], 20, squares()) == pytest.approx({(0, 0): np.pi * 400 / 1e4}, rel=3e-3)


def test_cells_that_are_only_touched_and_shapes_without_a_place_are_in_no_row():
    cells = squares(3)
    assert list(shares([cells[0], None, degrees(shapely.box(1000, 0, 1100, 50))], 0, cells)) == [(0, 0)]
    assert covered(np.array([None]), 0, cells).empty
    assert covered(np.array([cells[0]]), 0, np.array([], dtype=object)).empty


def test_a_crossed_outline_is_mended():
    bow = degrees(shapely.Polygon([(-100, -50), (0, 50), (0, -50), (-100, 50)]))  # two triangles of a quarter each
    assert shares([bow], 0, squares()) == pytest.approx({(0, 0): 0.5}, abs=1e-5)


@given(
    st.floats(-150, 150), st.floats(-60, 60), st.floats(1, 120), st.floats(1, 120), st.sampled_from([0.0, 5.0, 40.0])
)
def test_what_cells_hold_of_a_shape_adds_up_to_what_lies_in_all_of_them(x, y, width, height, buffer_m):
    cells = squares(3)
    shape = degrees(shapely.box(x, y, x + width, y + height))
    found = covered(np.array([shape]), buffer_m, cells)
    metres = local_metres(*CENTRE)
    (ground,) = gpd.GeoSeries(with_margin(np.array([shape]), [buffer_m]), crs="EPSG:4326").to_crs(metres)
    whole = shapely.box(-150, -50, 150, 50).intersection(ground).area
    assert found["share"].sum() * 1e4 == pytest.approx(whole, abs=1 + 0.002 * whole)
    assert found["share"].between(0, 1).all()
