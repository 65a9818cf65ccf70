"""Which level holds which: by where the cells lie, not by how many there are."""

import geopandas as gpd
import shapely

from geo.nesting import find_holders, order_levels


def _level(*boxes: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    shapes = [shapely.box(*box) for box in boxes]
    return gpd.GeoDataFrame({"area_km2": [shape.area for shape in shapes]}, geometry=shapes)


def test_a_level_is_above_the_one_whose_cells_lie_in_its_larger_ones():
    town = _level((0, 0, 100, 100), *((200 + n, 0, 201 + n, 1) for n in range(9)))  # one large street, nine small ones
    villages = _level((0, 0, 50, 100), (50, 0, 100, 100))  # of the large street: larger than most streets
    assert order_levels({"village": villages, "street": town}) == ["street", "village"]
    assert order_levels({"street": town, "village": villages}) == ["street", "village"]


def test_levels_that_do_not_meet_are_ordered_by_the_size_of_their_cells():
    assert order_levels({"small": _level((0, 0, 1, 1)), "large": _level((5, 5, 9, 9))}) == ["large", "small"]
    assert order_levels({"b": _level((0, 0, 1, 1)), "a": _level((0, 0, 1, 1))}) == ["b", "a"]  # the same: as they come


def test_the_cells_around_an_inner_point_are_named_and_those_elsewhere_not():
    cells = _level((0, 0, 1, 1), (1, 0, 2, 1), (9, 9, 10, 10))
    pairs = find_holders(cells, _level((0, 0, 2, 1), (1, 0, 4, 1)))
    assert list(pairs.itertuples(index=False, name=None)) == [(0, 0), (1, 0), (1, 1)]
