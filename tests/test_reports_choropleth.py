"""Which cells a map shows, in which file, and their short names; the rest of the map is tested on the pages."""

import copy
import datetime as dt
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from stored import boundary, rows, store

from base.text import Words
from data.levels import load_cells
from data.schema import Scope
from data.store import Workspace
from reports import answers, choropleth
from reports.choropleth import file_of, foremost, gather, held_by, options, publish, short_names, view_of

HELD = {"A": "C1", "B": "C1", "C": "C1", "D": "C2", "E": "C2"}


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """One street S of two communities C1 and C2, and five grids in them."""
    workspace = Workspace(tmp_path_factory.mktemp("city"))
    for level, content in (
        ("street", boundary(["S"], step=0.06)),
        ("community", boundary(["C1", "C2"], step=0.03, parents=["S", "S"])),
        ("grid", boundary(HELD, columns=5, parents=list(HELD.values()))),
    ):
        load_cells(workspace, content, f"{level}.geojson", level=level, crs="wgs84", who="test")
    return workspace.open(workspace.newest_version()[0])


def views(city, most):
    with mock.patch.object(choropleth, "MOST_CELLS", most):
        asked = [Scope(level="grid"), Scope(level="grid", area="C1"), Scope(level="community")]
        return [
            (view.level, view.area, *file_of(city, view)) if (view := view_of(city, one)) else None for one in asked
        ]


def test_a_map_shows_the_level_above_where_cells_are_too_many_and_a_file_holds_what_fits(city):
    chain = ("street", "community", "grid")
    assert views(city, 8) == [
        ("grid", None, chain, None),
        ("grid", "C1", chain, None),
        ("community", None, chain, None),
    ]
    above = ("community", None, chain[:2], None)
    assert views(city, 4) == [above, ("grid", "C1", chain[1:], "C1"), above]
    street = ("street", None, ("street",), None)
    alone = ("community", None, ("community",), None)
    assert views(city, 2) == [alone, ("community", "S", ("street", "community"), "S"), alone]
    assert views(city, 1) == [street, street, street]
    assert views(city, 0) == [None, None, None]


def test_the_file_of_an_area_holds_its_cells_and_the_areas_beside_it(city, tmp_path):
    with mock.patch("geo.maps.publish_cells", return_value="key") as written:
        drawn = publish(city, ["community", "grid"], "C2")
    assert (drawn.levels, drawn.ids) == (("community", "grid"), (("C1", "C2"), ("D", "E")))
    assert list(written.call_args[0][0][1].parents) == [1, 1]


def test_cells_too_many_for_one_view_get_no_file_and_the_finest_count_first(city):
    with mock.patch.object(choropleth, "MOST_CELLS", 3), mock.patch("geo.maps.publish_cells", return_value="key"):
        assert publish(city, ["grid"]) is None
        assert publish(city, ["community", "grid"], "C1").levels == ("grid",)


def test_of_too_many_cells_a_map_holds_the_chosen_one_those_with_a_claim_and_those_with_most_reports(city):
    table = answers.cell_table(city, Scope(level="grid")).assign(count=[5, 1, 9, 2, 9])  # of A to E
    hot = np.array([False, True, False, False, False])
    with mock.patch.object(choropleth, "MOST_CELLS", 3):
        assert foremost(table, hot) == ("B", "C", "E")
        assert foremost(table, hot, "D") == ("B", "C", "D")
        assert foremost(table, np.ones(5, dtype=bool)) == ("A", "C", "E")


def test_a_map_of_the_foremost_cells_has_their_classes_claims_and_sentence_only(city):
    grid = Scope(level="grid")
    table = answers.cell_table(city, grid).assign(count=[5, 1, 9, 2, 9])
    spots = copy.copy(answers.hot_spots(city, grid).result)
    claims = {"hot": spots.hot | [True, False, False, True, False], "claims": ("hot_spot", "", "", "hot_spot", "")}
    for name, value in claims.items():
        object.__setattr__(spots, name, value)
    with mock.patch("geo.maps.publish_cells", return_value="key") as written:
        drawn = publish(city, ["grid"], only=("A", "C", "E"))
    assert (drawn.ids, len(written.call_args[0][0][0].shapes)) == ((("A", "C", "E"),), 3)
    picture = choropleth.choropleth(
        city, drawn, grid, table, spots, frozenset("BC"), measure="count", selected="C", words=Words("en")
    )
    values = picture.values
    assert (values.labels, values.hot, values.silent, values.selected) == (["5", "9", "9"], [0], [1], 1)
    assert picture.alt.startswith("Map of 3 cells, Reports. Highest: grid C 9, grid E 9, grid A 5. 1 cell carries")


def test_a_select_box_offers_the_cells_looked_for_the_busiest_of_many_and_always_the_chosen_one():
    table = pd.DataFrame(
        {"cell_id": ["a1", "a2", "b1", "c(1"], "name": ["北门", "南门", "北桥", "A北"], "count": [1, 5, 3, 5]}
    )
    assert options(table, "", None) == {"a1": "北门", "a2": "南门", "b1": "北桥", "c(1": "A北"}
    assert list(options(table, " 北 ", None)) == ["a1", "b1", "c(1"]
    assert list(options(table, "A", "b1")) == ["a1", "a2", "c(1", "b1"]
    assert list(options(table, "(", None)) == ["c(1"]
    with mock.patch.object(choropleth, "MOST_OPTIONS", 2):
        assert list(options(table, "", "a1")) == ["a2", "c(1", "a1"]
        assert list(options(table, "北", None)) == ["b1", "c(1"]


def test_cells_are_summed_by_the_ones_that_hold_them(city):
    grid, view = Scope(level="grid"), Scope(level="community")
    held = held_by(city, grid, view)
    assert held.to_dict() == HELD
    assert set(held_by(city, grid, Scope(level="street"))) == {"S"}
    table = answers.cell_table(city, grid).assign(count=[1, 2, 3, 4, 5], events=[1, 1, 1, 2, 0])
    summed = gather(table, city, view, held)
    assert summed[["cell_id", "count", "events"]].values.tolist() == [["C1", 6, 3], ["C2", 9, 2]]


def test_a_map_that_stands_in_outlines_what_holds_a_claim_and_says_so(city):
    grid, view = Scope(level="grid"), Scope(level="community")
    spots = copy.copy(answers.hot_spots(city, grid).result)
    claims = {"hot": spots.hot | [False, False, False, True, True], "claims": ("", "", "", "hot_spot", "hot_spot")}
    with mock.patch("geo.maps.publish_cells", return_value="key"):
        drawn = publish(city, ["street", "community"])
    for name, value in claims.items():
        object.__setattr__(spots, name, value)
    picture = choropleth.choropleth(
        city, drawn, view, answers.cell_table(city, view), spots, frozenset(), measure="count", selected="A",
        words=Words("en"), held=held_by(city, grid, view),
    )  # fmt: skip
    assert (list(picture.values.hot), picture.values.selected) == ([1], 0)
    assert picture.values.tips[1].endswith("2 cells with a claim in it")
    assert picture.legend.hot == "holds cells with a claim: hot spot (false discovery rate 5%)"
    assert picture.values.gather == []


def test_a_claim_of_the_family_is_not_called_a_false_discovery_rate():
    family = choropleth.claim_words("excess+scan", 0.05, Words("en"))["hot_spot"]
    assert family == "hot spot (at most 5% of maps without a pattern carry any)"


def painter(city, claims):
    """Return what draws the map of a scope on which the five grids carry some claims."""
    spots = copy.copy(answers.hot_spots(city, Scope(level="grid")).result)
    for name, value in {"hot": np.array([bool(one) for one in claims]), "claims": claims}.items():
        object.__setattr__(spots, name, value)
    with mock.patch("geo.maps.publish_cells", return_value="key"):
        drawn = publish(city, ["street", "community", "grid"])

    def picture_of(scope, **more):
        return choropleth.choropleth(
            city, drawn, scope, answers.cell_table(city, scope), spots, frozenset(), measure="count", selected=None,
            words=Words("en"), **more,
        )  # fmt: skip

    return picture_of


def test_a_map_tells_a_cell_in_a_hot_place_from_a_hot_spot(city):
    grid, view = Scope(level="grid"), Scope(level="community")
    picture_of = painter(city, ("hot_spot", "hot_place", "", "", "hot_place"))
    picture = picture_of(grid)
    assert (picture.values.hot, picture.values.within) == ([0, 1, 4], [1, 4])
    assert picture.legend.hot_place == "in a hot place: the place is claimed, not the cell"
    assert picture.alt.endswith(f"2 cells carry a thin outline: {picture.legend.hot_place}.")
    assert "1 cell carries a strong outline: hot spot (" in picture.alt
    coarse = picture_of(view, held=held_by(city, grid, view))  # a cell that holds both is drawn by the stronger one
    assert (coarse.values.hot, coarse.values.within) == ([0, 1], [1])


def test_a_map_tells_hot_spots_from_gatherings_in_marks_legend_and_sentence(city):
    grid, view = Scope(level="grid"), Scope(level="community")
    picture_of = painter(city, ("hot_spot", "gather", "", "gather", ""))
    picture = picture_of(grid)
    assert (picture.values.hot, picture.values.gather) == ([0], [1, 3])
    assert picture.legend.hot == "hot spot (false discovery rate 5%)"
    assert picture.legend.gather == "reports gather here (false discovery rate 5%; exposure unknown)"
    assert "1 cell carries a strong outline: hot spot (" in picture.alt
    assert picture.alt.endswith(f"2 cells carry a broken outline: {picture.legend.gather}.")
    coarse = picture_of(view, held=held_by(city, grid, view)).values  # C1 holds A, B, C; C2 holds D, E
    assert (coarse.hot, coarse.gather) == ([0], [1])


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["示例第1网格", "示例第10网格", "示例第2网格"], ["1网格", "10网格", "2网格"]),
        (["Back Bay", "Back Bay East"], ["Back Bay", "East"]),
        (["North End", "South End"], ["North End", "South End"]),
        (["alone"], ["alone"]),
        (["same", "same"], ["same", "same"]),
        ([], []),
    ],
)
def test_a_short_name_drops_what_all_names_begin_with(names, short):
    assert short_names(names) == short


def test_cells_beside_the_area_of_a_view_are_no_cells_without_events(city):
    grid, view = Scope(level="grid", area="C1"), Scope(level="community", area="S")
    held = held_by(city, grid, view)
    table = answers.cell_table(city, grid).assign(count=[1, 2, 3], events=[1, 1, 1])
    assert gather(table, city, view, held)[["cell_id", "count"]].values.tolist() == [["C1", 6]]
    assert list(choropleth.holding(answers.cell_table(city, view), held)["cell_id"]) == ["C1"]


def test_a_period_of_an_edition_with_more_cells_keeps_its_own_level_in_the_map(tmp_path):
    workspace = Workspace(tmp_path)
    load_cells(workspace, boundary("WE", step=0.02), "communities.geojson", level="community", who="t")
    before, after = boundary("abcdefgh", parents="WWEEWWEE", columns=4), boundary("ABCD", parents="WWEE")
    load_cells(workspace, before, "old.geojson", level="grid", who="t", valid_to="2025-07-01")
    load_cells(workspace, after, "new.geojson", level="grid", who="t", valid_from="2025-07-01")
    cases = [
        {"incident_id": day, "reported_at": day, "lon": 113.005, "lat": 33.005} for day in ("2025-03-10", "2025-08-10")
    ]
    dataset = store(workspace, rows(cases))
    old = Scope(level="community", start=dt.date(2025, 1, 1), end=dt.date(2025, 7, 1))
    with mock.patch.object(choropleth, "MOST_CELLS", 9), mock.patch("geo.maps.publish_cells", return_value="key"):
        assert file_of(dataset, old) == (("community",), None)  # 2 + 8 cells
        assert publish(dataset, *file_of(dataset, old), dataset.edition_day(old)).levels == ("community",)
        assert file_of(dataset, Scope(level="community")) == (("community", "grid"), None)  # 2 + 4


def test_many_events_are_gathered_into_dots_and_none_is_lost():
    events = pd.DataFrame({"lon": [113.0, 113.001, np.nan], "lat": [33.0, 33.001, np.nan], "hazard": ["a", "b", "c"]})
    few = choropleth.dots(events)
    assert (few.points.tolist(), few.hazards, few.counts) == ([[113.0, 33.0], [113.001, 33.001]], ["a", "b"], None)
    with mock.patch.object(choropleth, "MOST_POINTS", 1):
        many = choropleth.dots(events)
    assert (sum(many.counts), many.hazards, len(many.points)) == (2, None, len(many.counts))
