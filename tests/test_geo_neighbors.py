"""Neighbours are the cells that touch, on a clean boundary and on one drawn by hand."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from base.errors import HazardError
from geo import neighbors
from geo.neighbors import lattice_neighbors, queen_neighbors

METRES = "EPSG:4547"
SQUARES = shapely.box(
    *np.array([(x, y, x + 100, y + 100) for y in (0, 100, 200) for x in (0, 100, 200)]).T.astype(float)
)


def frame(shapes, crs=METRES):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


def listed(shapes, within_m=1.0):
    matrix = queen_neighbors(frame(shapes), within_m=within_m)
    return [matrix.indices[matrix.indptr[i] : matrix.indptr[i + 1]].tolist() for i in range(len(shapes))]


def test_corners_count_as_edges_do():
    assert listed(SQUARES) == [
        [1, 3, 4], [0, 2, 3, 4, 5], [1, 4, 5],
        [0, 1, 4, 6, 7], [0, 1, 2, 3, 5, 6, 7, 8], [1, 2, 4, 7, 8],
        [3, 4, 7], [3, 4, 5, 6, 8], [4, 5, 7],
    ]  # fmt: skip


# Degrees of the queen contiguity of libpysal 4.14.1, Graph.build_contiguity(cells, rook=False)
LIBPYSAL = {
    "columbus": "2 3 4 4 8 2 4 6 8 4 5 6 4 6 6 8 3 4 3 10 3 6 3 7 8 6 4 9 7 5 3 4 4 4 7 5 6 6 3 5 3 2 6 5 4 2 2 4 3",
    "sids2": "3 3 5 2 4 3 3 5 5 4 4 5 5 4 3 7 3 8 4 3 2 5 5 7 7 6 6 5 5 5 7 3 5 6 4 6 7 3 9 5 4 7 7 5 2 6 6 8 6 6 7 6 "
    "7 7 6 2 6 4 4 3 6 6 7 5 6 4 9 5 5 7 6 5 3 6 4 3 2 5 7 2 3 6 5 4 4 5 4 6 5 2 6 4 4 5 3 5 7 4 2 3",
}


@pytest.mark.parametrize("name", LIBPYSAL)
def test_a_clean_boundary_has_the_contiguity_of_libpysal(shared_data, name):
    cells = gpd.read_file(shared_data / "reference_results" / name / f"{name}.shp").set_crs(METRES, allow_override=True)
    found = queen_neighbors(cells, within_m=0.0)
    assert found.sum(axis=1).astype(int).tolist() == [int(one) for one in LIBPYSAL[name].split()]


def test_columbus_has_the_neighbours_of_its_published_file(shared_data):
    folder = shared_data / "reference_results" / "columbus"
    lines = (folder / "columbus.gal").read_text().splitlines()
    published = {
        (int(a.split()[0]), int(b)) for a, near in zip(lines[1::2], lines[2::2], strict=True) for b in near.split()
    }
    found = queen_neighbors(gpd.read_file(folder / "columbus.shp").set_crs(METRES, allow_override=True), within_m=0.0)
    assert {(int(i) + 1, int(j) + 1) for i, j in zip(*found.nonzero(), strict=True)} == published


def test_edges_that_nearly_meet_are_one_within_the_tolerance():
    apart = [shapely.box(0, 0, 100, 100), shapely.box(100.8, 0, 200, 100)]
    assert listed(apart) == [[1], [0]]
    assert listed(apart, within_m=0.5) == [[], []]


def test_cells_that_overlap_or_lie_inside_each_other_are_neighbours():
    inside = [shapely.box(0, 0, 100, 100), shapely.box(95, 0, 200, 100), shapely.box(20, 20, 40, 40)]
    assert listed(inside) == [[1, 2], [0], [0]]


def test_any_part_of_a_cell_may_touch_and_an_island_stays():
    parts = shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(1000, 0, 1100, 100)])
    shapes = [parts, shapely.box(1100, 0, 1200, 100), shapely.box(5000, 0, 5100, 100), None, shapely.Polygon()]
    assert listed(shapes) == [[1], [0], [], [], []]


def test_no_cells_have_no_neighbours():
    assert queen_neighbors(frame([])).shape == (0, 0)
    assert queen_neighbors(frame([None], crs="EPSG:4326")).toarray().tolist() == [[0.0]]


@given(st.lists(st.tuples(*[st.integers(0, 12)] * 2, *[st.integers(1, 4)] * 2), min_size=1, max_size=12))
def test_neighbours_are_the_pairs_not_farther_apart_than_the_tolerance(boxes):
    x, y, width, height = np.array(boxes, dtype=float).T
    shapes = shapely.box(x, y, x + width, y + height)
    found = queen_neighbors(frame(shapes), within_m=1.0).toarray()
    expected = (shapely.distance(shapes[:, None], shapes) <= 1.0) & ~np.eye(len(shapes), dtype=bool)
    assert (found == expected).all()


def test_degrees_are_brought_to_metres():
    gap = 0.00001  # of longitude at 60 degrees north: 0.56 m
    shapes = [shapely.box(116, 60, 116.01, 60.01), shapely.box(116.01 + gap, 60, 116.02, 60.01)]
    for within_m, pairs in ((0.5, 0), (0.6, 2)):
        assert queen_neighbors(frame(shapes, "EPSG:4326"), within_m=within_m).nnz == pairs


def test_the_same_outlines_are_asked_once_and_nobody_changes_what_is_kept(monkeypatch):
    asked = []
    monkeypatch.setattr(neighbors, "_kept", {})
    touching = neighbors._touching
    monkeypatch.setattr(neighbors, "_touching", lambda *given: asked.append(1) or touching(*given))
    queen_neighbors(frame(SQUARES)).data[:] = 7
    assert queen_neighbors(frame(SQUARES)).data.tolist() == [1.0] * 40
    assert len(asked) == 1
    for other in (frame(SQUARES[::-1]), frame(SQUARES, "EPSG:4549")):
        queen_neighbors(other)
    queen_neighbors(frame(SQUARES), within_m=2.0)
    assert len(asked) == 4
    for count in range(2, 30):
        queen_neighbors(frame(SQUARES[:count]))
    assert len(neighbors._kept) <= 8


@pytest.mark.parametrize(("crs", "within_m", "code"), [(None, 1.0, "not-projected"), (METRES, -1.0, "tolerance-bad")])
def test_what_has_no_metres_is_refused(crs, within_m, code):
    with pytest.raises(HazardError) as refused:
        queen_neighbors(frame(SQUARES, crs), within_m=within_m)
    assert refused.value.code == code


def test_squares_of_a_lattice_touch_at_edges_and_corners_across_its_gaps():
    # 0 . 1
    # 2 3 .   1 touches only the corner of 3
    x, y = np.array([0, 2, 0, 1]) * 250.0 + 7, np.array([1, 1, 0, 0]) * 250.0
    found = lattice_neighbors(x, y).toarray()
    assert found.tolist() == [[0, 0, 1, 1], [0, 0, 0, 1], [1, 0, 0, 1], [1, 1, 1, 0]]
    assert lattice_neighbors([1.0], [1.0]).shape == (1, 1)
