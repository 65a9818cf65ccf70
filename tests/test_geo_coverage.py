"""Do cells fit together: overlaps and gaps with their areas, against every pair cut."""

import itertools

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from base.errors import HazardError
from geo.coverage import find_gaps, find_odd, find_overlaps
from geo.crs import local_metres

FRAME = local_metres(113.2, 33.7)
SQUARE_M = 100


def _square(column: float, row: float, width: float = 1, height: float = 1) -> shapely.Polygon:
    """A cell of a drawing of squares of a hectare, in metres around 113.2 E, 33.7 N."""
    west, south = column * SQUARE_M, row * SQUARE_M
    return shapely.box(west, south, west + width * SQUARE_M, south + height * SQUARE_M)


def _overlaps(shapes: list[shapely.Polygon], sliver_m2: float = 1) -> pd.DataFrame:
    ids = np.array([f"{n:04d}" for n in range(len(shapes))], dtype=object)
    spans = pd.DataFrame({"from": "", "to": "~"}, index=range(len(shapes)))
    outlines = np.array(shapes, dtype=object)
    return find_overlaps(outlines, ids, spans, find_odd(outlines), sliver_m2)


def _pairs(overlaps: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(overlaps["cell_a"], overlaps["cell_b"], strict=True))


def _gaps(shapes: list[shapely.Polygon], sliver_m2: float = 1) -> pd.DataFrame:
    outlines = np.array(shapes, dtype=object)
    return find_gaps(outlines, find_odd(outlines), FRAME, sliver_m2)


def test_overlaps_are_named_with_their_areas_largest_first():
    overlaps = _overlaps([_square(0, 0), _square(0.9, 0), _square(1.4, 0), _square(2.4, 0)])
    assert _pairs(overlaps) == [("0001", "0002"), ("0000", "0001")]
    assert list(overlaps["area_m2"]) == pytest.approx([5_000, 1_000])


def test_cells_that_only_share_edges_and_corners_do_not_overlap():
    assert _overlaps([_square(column, row) for column in range(4) for row in range(4)]).empty


def test_a_cell_inside_another_and_the_same_outline_twice_overlap():
    inside = _overlaps([_square(0, 0, 3, 3), _square(1, 1)])
    assert inside.to_dict("records") == [{"cell_a": "0000", "cell_b": "0001", "area_m2": pytest.approx(10_000)}]
    assert _pairs(_overlaps([_square(0, 0), _square(0, 0), _square(1, 0)])) == [("0000", "0001")]


def test_overlaps_are_found_across_the_steps_of_the_search():
    overlaps = _overlaps([_square(n, 0, width=1.25) for n in range(200)])  # each over the next one only
    assert sorted(_pairs(overlaps)) == [(f"{n:04d}", f"{n + 1:04d}") for n in range(199)]


def test_cells_on_one_pile_are_refused_before_all_their_pairs_are_counted():
    with pytest.raises(HazardError, match="lie on top of each other") as caught:
        _overlaps([_square(0, 0)] * 2_000)  # 1,999,000 pairs
    assert caught.value.code == "cells-piled"


_boxes = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 3), st.integers(1, 3))


@given(st.lists(_boxes, max_size=12))
def test_the_short_way_finds_what_cutting_every_pair_finds(boxes):
    shapes = [_square(*box) for box in boxes]
    expected = [
        (f"{a:04d}", f"{b:04d}", shapes[a].intersection(shapes[b]).area)
        for a, b in itertools.combinations(range(len(shapes)), 2)
        if shapes[a].intersection(shapes[b]).area >= 1
    ]
    found = _overlaps(shapes)
    assert sorted(_pairs(found)) == [(a, b) for a, b, _ in expected]
    assert found["area_m2"].sum() == pytest.approx(sum(area for _, _, area in expected))
    whole = shapely.get_parts(shapely.union_all(shapes))
    filled = shapely.union_all([shapely.Polygon(part.exterior) for part in whole])
    assert _gaps(shapes)["area_m2"].sum() == pytest.approx(filled.area - shapely.union_all(shapes).area, abs=1e-6)


def test_a_gap_is_a_hole_in_the_whole_with_a_point_inside():
    ring = [_square(column, row) for column in range(3) for row in range(3) if (column, row) != (1, 1)]
    (gap,) = _gaps(ring).to_dict("records")
    assert gap["area_m2"] == pytest.approx(10_000)
    # the drawing's origin is 113.2 E, 33.7 N; by the WGS 84 ellipsoid 0.001 degrees are 92.7 m and 110.9 m there
    assert 113.2 + 100 / 92_700 < gap["lon"] < 113.2 + 200 / 92_700
    assert 33.7 + 100 / 110_900 < gap["lat"] < 33.7 + 200 / 110_900
    assert _overlaps(ring).empty


def test_a_cell_alone_in_a_gap_is_no_part_of_it():
    ring = [_square(column, row) for column in range(3) for row in range(3) if (column, row) != (1, 1)]
    gaps = _gaps([*ring, _square(1.25, 1.25, 0.5, 0.5)])
    assert list(gaps["area_m2"]) == pytest.approx([7_500])
    assert _gaps(ring, sliver_m2=20_000).empty
