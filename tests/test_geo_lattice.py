"""The label lattice: beside geopandas 1.2's sjoin, on sets and points that are chosen to be hard."""

import threading

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box

from base.errors import HazardError
from geo import join, lattice
from geo.join import assign_cells, count_ties
from geo.lattice import Lattice
from tests.test_geo_join import FOUR_CELLS, MESSY, lowest_by_sjoin, wiggled_grid

SIDES = (1, 3, 17, 64, 300)


def outlines(cells):
    return shapely.force_2d(np.asarray(cells.geometry.array, dtype=object))


def frame(geometries):
    return gpd.GeoDataFrame(geometry=list(geometries), crs="EPSG:4547")


def hard_points(cells, n, seed=1):
    """On vertices, on edges as near as floats come, one step of a float beside both, and anywhere."""
    chance = np.random.default_rng(seed)
    corners = shapely.get_coordinates(cells.geometry.array)
    at = chance.integers(0, len(corners) - 1, n)
    share = chance.random((n, 1))
    there, next_ = corners[at], corners[at + 1]
    exact = np.concatenate([there, there + (next_ - there) * share, (there + next_) / 2])
    up, down = np.nextafter(exact, np.inf), np.nextafter(exact, -np.inf)
    west, south, east, north = cells.total_bounds
    free = chance.uniform([west - 1, south - 1], [east + 1, north + 1], (n, 2))
    every = np.concatenate([exact, up, down, np.column_stack([up[:, 0], down[:, 1]]), free])
    return every[:, 0].copy(), every[:, 1].copy()


def wavy_grid(columns, rows, bends=12):
    """A true coverage with bent edges, both sides of an edge in the same numbers."""
    along = np.linspace(0, 1, bends, endpoint=False)
    bend = 0.05 * np.sin(2 * np.pi * along * 2) + 0.02 * np.sin(2 * np.pi * along * 5)

    def side(x, y, dx, dy):
        back = dx + dy < 0
        off = np.concatenate([[0], bend[:0:-1]]) if back else bend
        return np.column_stack([x + along * dx + off * abs(dy), y + along * dy + off * abs(dx)])

    return frame(
        Polygon(
            np.concatenate([side(c, r, 1, 0), side(c + 1, r, 0, 1), side(c + 1, r + 1, -1, 0), side(c, r + 1, 0, -1)])
            .round(9)
        )
        for r in range(rows)
        for c in range(columns)
    )  # fmt: skip


def messy(seed):
    """Overlaps, gaps, holes, parts, slivers, outlines smaller than a lattice cell and others around them."""
    chance = np.random.default_rng(seed)
    made = []
    for _ in range(chance.integers(1, 40)):
        centre, corners = chance.uniform(0, 100, 2), chance.integers(3, 9)
        angle = np.sort(chance.uniform(0, 2 * np.pi, corners))
        reach = chance.choice([0.01, 1, 10, 40]) * chance.uniform(0.5, 1)
        ring = centre + reach * np.column_stack([np.cos(angle), np.sin(angle)])
        outline = shapely.make_valid(Polygon(np.round(ring, chance.integers(0, 4))))
        if chance.random() < 0.3:
            outline = outline.difference(box(*(centre - reach / 3), *(centre + reach / 3)))
        if isinstance(outline, (Polygon, MultiPolygon)) and not outline.is_empty:
            made.append(outline)
    return frame([*made, box(40, 40, 60, 60)])


@pytest.mark.parametrize(
    "cells", [FOUR_CELLS, MESSY, wavy_grid(7, 5), wiggled_grid(9, 6, seed=3)], ids=["four", "messy", "wavy", "wiggled"]
)
def test_at_no_size_of_the_lattice_does_a_hard_point_get_another_cell_than_sjoin_says(cells):
    x, y = hard_points(cells, 2000)
    expected = lowest_by_sjoin(x, y, cells)
    for side in SIDES:
        answer = Lattice(outlines(cells), len(x), cells_a_side=side).assign(x, y)
        assert (answer != expected).sum() == 0, side


@pytest.mark.parametrize("seed", range(25))
def test_on_overlaps_gaps_holes_and_specks_the_lattice_agrees_with_sjoin(seed):
    cells = messy(seed)
    x, y = hard_points(cells, 150)
    expected = lowest_by_sjoin(x, y, cells)
    for side in (3, 40, 300):
        answer = Lattice(outlines(cells), len(x), cells_a_side=side).assign(x, y)
        assert (answer != expected).sum() == 0, side


@pytest.mark.parametrize("width", [1e-9, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.3])
def test_in_needles_notches_and_straight_ways_of_three_edges_the_side_is_not_mistaken(width):
    """Within one lattice cell: edges that turn back, beside a polygon that fills what they leave."""
    tip, half = (2.52, 2.47), width / 2
    needle = Polygon([(0, 2.5 - half), tip, (0, 2.5 + half)])
    blunt = Polygon([(0, 3.5), (2.5, 3.5 - half), (2.5 + width, 3.5), (0.1, 3.5 + width), (0, 3.5 + width)])
    straight = Polygon([(0, 4), (2.5, 4.5), (2.6, 4.52 + width), (5, 5), (0, 5)])
    holes = shapely.union_all([needle, blunt, straight])
    for cells in (frame([needle, blunt, straight]), frame([box(0, 0, 5, 5).difference(holes), needle, straight])):
        x, y = hard_points(cells, 300)
        near = np.random.default_rng(4).uniform(2, 3, (500, 2)) + np.array([0, 1]) * np.arange(500)[:, None] % 3
        x, y = np.append(x, near[:, 0]), np.append(y, near[:, 1])
        expected = lowest_by_sjoin(x, y, cells)
        for side in (1, 3, 5, 17):
            assert (Lattice(outlines(cells), len(x), cells_a_side=side).assign(x, y) != expected).sum() == 0, side


def test_where_a_border_bends_up_to_twice_in_a_lattice_cell_no_polygon_is_asked(monkeypatch):
    # Edges 0.098 long around a disc, lattice cells 0.11 wide: up to three edges in one, and no corner of several cells
    disc = Point(0.013, 0.007).buffer(1, quad_segs=16)
    cells = frame([disc, box(-2.2, -2.1, 2.3, 2.4).difference(disc)])
    x, y = np.random.default_rng(3).uniform(-1, 1, (2, 5000))
    monkeypatch.delattr(lattice, "covered")
    answer = Lattice(outlines(cells), len(x), cells_a_side=40).assign(x, y)
    assert answer.tolist() == lowest_by_sjoin(x, y, cells).tolist()


whole = st.integers(0, 12)
ring = st.lists(st.tuples(whole, whole), min_size=3, max_size=6, unique=True)


@settings(deadline=None, max_examples=60)
@given(rings=st.lists(ring, min_size=1, max_size=8), side=st.integers(1, 60))
def test_outlines_on_whole_numbers_share_edges_and_corners_in_every_way_and_agree_with_sjoin(rings, side):
    sound = [outline for one in rings if (outline := Polygon(one)).is_valid]
    cells = frame([*sound, box(2, 3, 9, 8), box(9, 3, 12, 8)])
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(-1, 13.5, 0.5), np.arange(-1, 13.5, 0.5)))
    expected = lowest_by_sjoin(x, y, cells)
    answer = Lattice(outlines(cells), len(x), cells_a_side=side).assign(x, y)
    assert answer.tolist() == expected.tolist()


def test_an_outline_that_crosses_itself_covers_what_geos_says_it_covers():
    bowtie = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    cells = frame([bowtie, box(-5, 4, 15, 6)])
    chance = np.random.default_rng(2)
    x, y = chance.uniform(-6, 16, 5000), chance.uniform(-1, 11, 5000)
    by_hand = np.where((np.abs(x - 5) >= np.abs(y - 5)) & (np.abs(x - 5) <= 5), 0, -1)
    by_hand = np.where((by_hand < 0) & (np.abs(y - 5) <= 1) & (x >= -5) & (x <= 15), 1, by_hand)
    for side in SIDES:
        assert (Lattice(outlines(cells), len(x), cells_a_side=side).assign(x, y) == by_hand).all(), side


def moved(cells, by):
    return frame(shapely.transform(outlines(cells), lambda points: points + by))


def scaled(cells, by):
    return frame(shapely.transform(outlines(cells), lambda points: points * by))


def binary(cells):
    """With coordinates that floats hold exactly after a shift: multiples of 2**-20."""
    return frame(shapely.transform(outlines(cells), lambda points: np.round(points * 2**20) / 2**20))


@pytest.mark.parametrize("cells", [binary(wavy_grid(6, 4)), binary(messy(7))], ids=["wavy", "messy"])
def test_shifting_scaling_mirroring_or_splitting_both_sides_changes_no_answer(cells, monkeypatch):
    monkeypatch.setattr(join, "A_VERTEX", 0)
    x, y = (np.round(part * 2**20) / 2**20 for part in hard_points(cells, 400))
    answer = assign_cells(x, y, cells)
    assert (assign_cells(x + 4096, y - 1024, moved(cells, [4096, -1024])) == answer).all()
    for factor in (2.0**-30, 2.0**40):
        assert (assign_cells(x * factor, y * factor, scaled(cells, factor)) == answer).all()
    assert (assign_cells(-x, y, scaled(cells, [-1, 1])) == answer).all()
    # The order of the cells mirrored too: the highest position wins, which is the lowest of the new ones
    highest = assign_cells(x, y, cells.iloc[::-1].reset_index(drop=True))
    pairs = gpd.sjoin(gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=cells.crs), cells, predicate="intersects")
    last = pairs.groupby(level=0)["index_right"].max().reindex(range(len(x)), fill_value=len(cells)).to_numpy()
    assert (highest == len(cells) - 1 - last).all()
    assert (
        np.concatenate([assign_cells(x[:777], y[:777], cells), assign_cells(x[777:], y[777:], cells)]) == answer
    ).all()
    half = len(cells) // 2
    first, rest = (assign_cells(x, y, part.reset_index(drop=True)) for part in (cells.iloc[:half], cells.iloc[half:]))
    assert (np.where(first >= 0, first, np.where(rest >= 0, rest + half, -1)) == answer).all()


def test_few_and_many_points_get_the_same_answers_and_ties(monkeypatch):
    for cells in (MESSY, wavy_grid(4, 4), messy(11)):
        x, y = hard_points(cells, 300)
        few, ties = assign_cells(x, y, cells), count_ties(x, y, cells)
        monkeypatch.setattr(join, "A_VERTEX", 0)
        assert assign_cells(x, y, cells).tolist() == few.tolist()
        assert count_ties(x, y, cells) == ties > 0
        monkeypatch.undo()


def test_work_in_small_pieces_changes_nothing(monkeypatch):
    cells = wavy_grid(5, 4)
    x, y = hard_points(cells, 300)
    expected = Lattice(outlines(cells), len(x), cells_a_side=40).assign(x, y)
    for name, value in (
        ("BAND", 20),
        ("LOWEST", 0.01),
        ("CHUNK", 100),
        ("UNDECIDED_CHUNK", 50),
        ("WORTH_PREPARING", 1),
        ("WORTH_PREPARING", 10**9),
    ):
        monkeypatch.setattr(lattice, name, value)
        assert (Lattice(outlines(cells), len(x), cells_a_side=40).assign(x, y) == expected).all(), name


def test_what_is_no_place_or_far_from_everything_is_outside():
    strange = [np.nan, np.inf, -np.inf, 1e300, -1e300, 1.7e308, 5e-324, 0.0]
    x, y = (grid.ravel() for grid in np.meshgrid(strange, strange))
    cells = frame([box(-1, -1, 1, 1), box(1e6, 1e6, 1e6 + 1e-6, 1e6 + 1e-6)])
    inside = np.isin(x, [0.0, 5e-324]) & np.isin(y, [0.0, 5e-324])
    for side in SIDES:
        answer = Lattice(outlines(cells), len(x), cells_a_side=side).assign(x, y)
        assert answer.tolist() == np.where(inside, 0, -1).tolist()


def test_an_extent_of_a_few_floats_far_from_zero_is_reckoned_exactly():
    start = 4.5e6
    step = np.spacing(start)
    cells = frame(
        [box(start, start, start + 3 * step, start + 3 * step), box(start, start, start + 9 * step, start + 9 * step)]
    )
    x, y = (grid.ravel() for grid in np.meshgrid(start + step * np.arange(-3, 12), start + step * np.arange(-3, 12)))
    expected = lowest_by_sjoin(x, y, cells)
    for side in SIDES:
        assert Lattice(outlines(cells), len(x), cells_a_side=side).assign(x, y).tolist() == expected.tolist()


@pytest.mark.parametrize("thin", [box(0, 0, 1000, 1e-9), box(0, 0, 1e-9, 1000)], ids=["flat", "upright"])
def test_a_sliver_a_million_times_as_long_as_wide_is_found(thin):
    x, y = thin.centroid.coords[0]
    assert Lattice(np.array([thin]), 10, cells_a_side=300).assign(
        np.array([x, x + 1]), np.array([y, y + 1])
    ).tolist() == [0, -1]


def test_cells_that_are_missing_or_empty_cover_nothing_and_shift_no_position(monkeypatch):
    monkeypatch.setattr(join, "A_VERTEX", 0)
    cells = gpd.GeoDataFrame(geometry=[None, box(0, 0, 1, 1), Polygon(), box(0.5, 0, 2, 1)], crs="EPSG:4547")
    assert assign_cells([0.2, 0.7, 1.5, 3.0], [0.5, 0.5, 0.5, 0.5], cells).tolist() == [1, 1, 3, -1]
    assert assign_cells([0.2], [0.5], cells.iloc[[0, 2]]).tolist() == [-1]


def test_what_is_no_polygon_or_reaches_beyond_all_numbers_is_refused_by_position():
    line = gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1)])], crs="EPSG:4547")
    with pytest.raises(HazardError) as caught:
        assign_cells([0.5], [0.5], line)
    assert (caught.value.code, caught.value.facts["position"]) == ("cells-no-polygons", 1)
    endless = gpd.GeoDataFrame(geometry=[box(0, 0, 1, 1), box(0, 0, 1e200, 1)], crs="EPSG:4547")
    with pytest.raises(HazardError) as caught:
        assign_cells([0.5], [0.5], endless)
    assert (caught.value.code, caught.value.facts["position"]) == ("cells-too-wide", 1)


def test_a_lattice_is_kept_for_the_same_outlines_and_made_anew_for_others_or_many_more_points(monkeypatch):
    made = []

    class Counted(Lattice):
        def __init__(self, geometries, points):
            made.append(points)
            super().__init__(geometries, points)

    monkeypatch.setattr(join, "Lattice", Counted)
    monkeypatch.setattr(join, "A_VERTEX", 0.1)
    monkeypatch.setattr(join, "_kept", {})
    x, y = np.full(12, 50.0), np.full(12, 50.0)
    for _ in range(3):
        assert assign_cells(x, y, FOUR_CELLS.copy(deep=True)).tolist() == [0] * 12
    assert made == [12]
    assert assign_cells(x, y, FOUR_CELLS.iloc[::-1]).tolist() == [3] * 12
    assert made == [12, 12]
    assign_cells(np.full(1200, 50.0), np.full(1200, 50.0), FOUR_CELLS)
    assert made == [12, 12, 1200]


def test_threads_that_ask_one_lattice_at_once_all_get_the_answer():
    cells = wavy_grid(12, 12)
    x, y = hard_points(cells, 3000)
    shared = Lattice(outlines(cells), len(x), cells_a_side=30)
    expected = lowest_by_sjoin(x, y, cells)
    wrong = []

    def ask():
        wrong.append(int((shared.assign(x, y) != expected).sum()))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert wrong == [0, 0, 0, 0]
