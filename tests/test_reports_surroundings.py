"""Random maps are kept: drawn once for cells, exposure and total, by powers of two in a city, never mixed up."""

from unittest import mock

import numpy as np
import pytest
from stored import rows, store, with_grids

from analysis import family
from data import derived
from data.schema import Scope
from data.store import Workspace
from reports import surroundings
from reports.answers import cells_of, hot_spots
from reports.surroundings import KeptSurroundings

GRID = Scope(level="grid")


@pytest.fixture
def dataset(tmp_path):
    days = [f"{2024 + n // 12}-{1 + n % 12:02d}-05" for n in range(24)]  # each an event of its own
    cases = [
        {"incident_id": day, "reported_at": day, "lon": 113.005 + 0.01 * (n % 3 > 0), "lat": 33.005}
        for n, day in enumerate(days)
    ]
    with mock.patch.object(surroundings, "_held", type(surroundings._held)()):
        yield store(with_grids(tmp_path), rows(cases))


def asked(dataset, **more):
    return KeptSurroundings(dataset, GRID, cells_of(dataset, GRID), seed=1, **more)


def test_random_maps_are_those_of_the_plain_plane_and_are_drawn_once(dataset):
    of = asked(dataset)
    circles = of.circles(np.array([1.0, 2.0, 3.0, 4.0]))
    assert circles.share == pytest.approx([0.1, 0.2, 0.3, 0.4])
    east = circles.points[[1, 3], 0] - circles.points[[0, 2], 0]
    assert east == pytest.approx(933.5, abs=1.5)  # 0.01 degrees at 33 N: 934 m
    (maps,) = of.maps(circles, 24)
    plain = family.random_maps(circles, 24, draws=999, seed=1)
    assert np.array_equal(maps.simes, plain.simes)
    assert np.array_equal(maps.llr, plain.llr)
    with mock.patch.object(surroundings, "random_maps", side_effect=AssertionError):
        (again,) = asked(dataset).maps(circles, 24)
        assert again is maps
        surroundings._held.clear()  # another start of the program
        (kept,) = asked(Workspace(dataset.root).open(dataset.version)).maps(circles, 24)
        assert np.array_equal(kept.llr, maps.llr)
        surroundings._held.clear()
        for other in (of.circles(np.ones(4)), circles):  # another exposure, and after an erasure
            with pytest.raises(AssertionError):
                of.maps(other, 24)
            derived.clear(dataset.root)


def test_a_city_draws_for_the_powers_of_two_around_a_total_and_says_how_far_it_is(dataset):
    told = []
    dataset.settings["scan_share_many"] = 0.5
    with mock.patch.multiple(surroundings, MANY=3, EXACT_TOTALS=3):
        of = asked(dataset, progress=told.append)
        circles = of.circles(np.ones(4))
        drawn = []

        def draw(circles, total, **more):
            drawn.append(total)
            return family.random_maps(circles, total, **more)

        with mock.patch.object(surroundings, "random_maps", draw):
            assert [len(of.maps(circles, total)) for total in (24, 31, 32, 33)] == [2, 2, 1, 2]
    assert drawn == [16, 32, 64]
    assert 0 < min(told) <= max(told) == 1.0


def test_among_more_than_a_thousand_cells_a_place_is_small(dataset):
    assert surroundings.scan_limits(dataset.settings, 1000) == (0.5, None)
    assert surroundings.scan_limits(dataset.settings, 1001) == (0.02, 200)


def test_the_answer_is_held_and_another_method_is_another_answer(dataset):
    both = hot_spots(dataset, GRID)
    assert both.result.method == "excess+scan"
    assert hot_spots(dataset, GRID) is both
    alone = hot_spots(dataset, GRID, method="excess")
    assert (alone.result.method, alone.result.places) == ("excess", ())
