"""Answers where places are known in other ways than by a point, and where boundaries changed."""

import datetime as dt
from dataclasses import replace
from unittest import mock

import demo_cases
import pandas as pd
import pytest
from stored import ZONE, rows, store, with_grids
from test_data_placing import EDITIONS, with_editions

from analysis import hotspots
from base.errors import HazardError
from base.text import Words
from data import queries
from data.schema import Scope
from data.store import Workspace
from reports import answers, choropleth, intake, people

GRID = Scope(level="grid")


def put(workspace, cases):
    named = [{"incident_id": str(n), "hazard": "wall_risk", **case} for n, case in enumerate(cases)]
    return store(workspace, rows(named))


def test_calls_known_by_their_cell_alone_are_one_event_a_cell_and_window(tmp_path):
    dataset = put(
        with_grids(tmp_path),
        [
            {"cell": "A", "reported_at": "2025-03-01 08:00"},
            {"cell": "A", "reported_at": "2025-03-02 08:00"},  # within 168 hours of the first
            {"cell": "A", "reported_at": "2025-04-01 08:00"},
            {"cell": "B", "reported_at": "2025-03-01 08:00"},
            {"lon": 113.005, "lat": 33.005, "reported_at": "2025-03-01 08:00"},  # in A, but a point of its own
            {"reported_at": "2025-03-01 08:00"},  # nowhere
        ],
    )
    spots = answers.hot_spots(dataset, GRID)
    assert spots.cells[["cell_id", "calls", "events"]].to_numpy().tolist() == [
        ["A", 4, 3], ["B", 1, 1], ["C", 0, 0], ["D", 0, 0]
    ]  # fmt: skip
    overview = answers.overview(dataset, GRID)
    assert (overview.totals["n"], overview.totals["no_location"], overview.events) == (6, 1, 5)
    assert overview.cells["count"].tolist() == [4, 1, 0, 0]


def test_a_call_outside_the_cells_leads_no_event_in_them_and_takes_none_away(tmp_path):
    wet = {"hazard": "waterlogging", "lat": 33.005}
    dataset = put(
        with_grids(tmp_path),
        [
            {**wet, "lon": 112.9995, "reported_at": "2025-03-01 08:00"},  # 47 m west of A, beyond the 30 m that count
            {**wet, "lon": 113.0002, "reported_at": "2025-03-01 09:00"},  # 65 m from it, in A
        ],
    )
    assert answers.hot_spots(dataset, GRID).cells["events"].tolist() == [1, 0, 0, 0]
    assert answers.overview(dataset, GRID).events == 1  # wherever they lie, the two are about one thing


def test_the_earliest_call_of_a_cell_leads_and_those_without_a_time_are_events_of_their_own(tmp_path):
    hours = ("2025-03-02 08:00", None, "2025-03-01 08:00", "2025-03-03 08:00", None)
    dataset = put(with_grids(tmp_path), [{"cell": "A", "reported_at": one} for one in hours])
    assert len(answers.events_of(dataset, GRID).calls) == 5
    assert answers.first_calls(dataset, GRID)["reported_at"].dt.day.fillna(0).tolist() == [1, 0, 0]


def test_the_answers_of_a_screen_read_and_group_its_calls_once_and_the_last_are_held(tmp_path):
    dataset = put(with_grids(tmp_path), [{"cell": "A", "reported_at": "2025-03-01"}, {"cell": "B"}])
    with mock.patch.object(queries, "points", wraps=queries.points) as asked:
        overview = answers.overview(dataset, GRID)
        assert answers.hot_spots(dataset, GRID).n_events == overview.events == 2
        assert len([one for one in asked.call_args_list if one.kwargs.get("by_cell")]) == 1
        with mock.patch.object(answers, "_MOST_HELD", 3):  # two scopes of two calls each are too many
            answers.events_of(dataset, Scope(level="community"))
        assert list(dataset.derived["events"]) == [Scope(level="community")]


def test_a_voided_case_makes_no_event_and_is_stated_beside_the_reports(tmp_path):
    real = {"cell": "A", "reported_at": "2025-03-01 08:00"}
    void = {"voided_at": pd.Timestamp("2025-03-02", tz=ZONE).to_pydatetime()}
    dataset = put(with_grids(tmp_path), [real, real | void, {"cell": "B", "reported_at": "2025-03-01", **void}, {}])
    scope = Scope(level="grid", start=dt.date(2025, 3, 1), end=dt.date(2025, 4, 1))
    assert answers.hot_spots(dataset, scope).cells["calls"].tolist() == [1, 0, 0, 0]
    assert answers.overview(dataset, scope).cells["count"].tolist() == [1, 0, 0, 0]
    beside = queries.beside(dataset, scope)
    assert people.beside_sentence(beside, Words("en")) == (
        "Beside the 1 shown here: 1 without a full report time, 2 voided (in no figure here); 4 in all."
    )
    assert people.beside_sentence(beside, Words("zh")) == (
        "除这 1 件外：没有完整上报时间 1 件、作废 2 件（各项数字均不计入）；合计 4 件。"
    )
    shown = intake.place_rows(dataset, Words("en")).set_index("Level").loc["Grid"]
    assert shown[["Incidents", "In a cell", "No location", "Voided: in no figure"]].tolist() == [4, 3, 1, 2]


def test_the_table_of_places_adds_up_with_those_near_a_cell(tmp_path):
    points = [(113.005, 33.005), (112.9998, 33.005), (112.99, 33.005)]
    dataset = put(with_grids(tmp_path), [{"lon": lon, "lat": lat} for lon, lat in points] + [{"cell": "C"}, {}])
    table = intake.place_rows(dataset, Words("en")).set_index("Level")
    shown = table.loc["Grid", ["Incidents", "In a cell", "Near a cell", "Outside", "No location"]]
    assert shown.tolist() == [5, 2, 1, 1, 1]


def test_a_screen_shows_the_cells_valid_at_the_end_of_its_period(tmp_path, static_files):
    workspace = with_grids(tmp_path)
    with_editions(workspace, EDITIONS)
    south = {"lon": 113.005, "lat": 33.005}
    dataset = put(workspace, [{**south, "reported_at": day} for day in ("2024-06-01", "2025-09-01")])
    last_year = Scope(level="grid", start=dt.date(2024, 1, 1), end=dt.date(2025, 1, 1))
    for scope, ids, counts in ((GRID, "ABCS", [1, 0, 0, 0]), (last_year, "BCDP", [0, 0, 0, 1])):
        overview = answers.overview(dataset, scope)
        assert "".join(overview.cells["cell_id"]) == ids
        assert overview.cells["count"].tolist() == counts
        spots = answers.hot_spots(dataset, scope)
        assert "".join(spots.cells["cell_id"]) == ids
        drawn = choropleth.publish(dataset, ["grid"], on=dataset.edition_day(scope))
        picture = choropleth.choropleth(
            dataset, drawn, scope, overview.cells, spots.result, frozenset(), measure="count", selected="C",
            words=Words("en"),
        )  # fmt: skip
        assert [label for label in picture.values.labels if label] == [str(n) for n in counts]
    assert answers.overview(dataset, GRID).totals["other_edition"] == 1


def test_dense_groups_of_more_events_than_a_machine_can_hold_are_refused_with_what_to_do(tmp_path):
    dataset = put(with_grids(tmp_path), [{"cell": "A", "reported_at": "2025-03-01"}, {"cell": "B"}])
    assert len(answers.clusters_of(dataset, GRID)) == 0
    dataset.derived.clear()
    with (
        mock.patch.object(answers, "MOST_CLUSTERED", 1),
        pytest.raises(HazardError, match="at most 1 events") as refusal,
    ):
        answers.clusters_of(dataset, GRID)
    assert refusal.value.code == "clusters-too-many"


def test_beside_an_area_stands_what_all_cells_of_the_level_claim_of_its_cells(demo):
    dataset = Workspace(demo).newest()
    whole = Scope(level="grid", hazards=("waterlogging",))
    hot = dataset.cells("grid").set_index("cell_id").loc[demo_cases.demo().truth["hot"]["waterlogging"]]
    said = {
        area: answers.beyond_area(dataset, replace(whole, area=area)) for area in dataset.cells("community").cell_id
    }
    assert {one.cells for one in said.values()} == {23}
    assert {area: list(one.claimed["name"]) for area, one in said.items() if len(one.claimed)} == {
        area: [name] for area, name in zip(hot["parent"], hot["name"], strict=True)
    }
    assert {claim for one in said.values() for claim in one.claimed["claim"]} == {"hot_spot"}
    equal = answers.beyond_area(dataset, replace(whole, area=hot["parent"].iloc[0]), exposure="equal")
    assert set(equal.claimed["claim"]) == {"gather"}


def test_beside_an_area_places_are_not_looked_for_in_a_city_and_nothing_is_said_without_an_answer(demo):
    dataset = Workspace(demo).newest()
    area = Scope(level="grid", area=dataset.cells("community")["cell_id"].iloc[0])
    with (
        mock.patch.object(answers.hotspots, "MANY", 22),
        mock.patch.object(answers, "hot_spots", wraps=answers.hot_spots) as asked,
    ):
        assert answers.beyond_area(dataset, area, method="excess+scan") is not None
    assert asked.call_args.kwargs["method"] == "excess"
    assert answers.beyond_area(dataset, replace(area, area=None)) is None
    assert answers.beyond_area(dataset, area, exposure="moons") is None  # nor one not complete
    assert answers.beyond_area(dataset, replace(area, start=dt.date(1990, 1, 1), end=dt.date(1990, 2, 1))) is None
    for most in (hotspots.MANY, 22):  # by methods that claim nothing there is none either, nor one in their place
        with mock.patch.object(answers.hotspots, "MANY", most):
            assert answers.beyond_area(dataset, area, method="calls") is None
            assert answers.beyond_area(dataset, area, method="list") is None


def test_an_area_is_called_by_its_name_in_the_period_and_an_unknown_one_by_its_code(tmp_path):
    workspace = with_grids(tmp_path)
    until = "2025-01-01"
    editions = [("E", "W", "", until), ("W", "P", "", until), ("W", "W", until, ""), ("E", "E", until, "")]
    with_editions(workspace, editions, level="community")
    dataset = put(workspace, [{"cell": "A", "reported_at": "2025-03-01 10:00"}])

    def said(area, **period):
        return people.scope_words(Words("en"), dataset, Scope(level="grid", area=area, **period)).split(" · ")[2]

    before = {"start": dt.date(2024, 1, 1), "end": dt.date(2025, 1, 1)}
    assert [said("W"), said("W", **before)] == ["grid W", "grid E"]
    assert [said("P"), said("P", **before)] == ["grid W", "grid W"]  # there was one of that code
    assert said("nothing") == "nothing"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_ratio_has_its_limits_beside_it_and_none_has_no_words(language):
    words = Words(language)
    said = people.ratio_words(words, 2.54, 1.8, 3.46)
    assert said.replace("（", " (").replace("）", ")") == "×2.54 (1.80–3.46)"
    near = people.ratio_words(words, 1.2, 1.04, 1.34)
    assert near.replace("（", " (").replace("）", ")") == "×1.20 (1.04–1.34)"  # which excludes 1, and says so
    large = people.ratio_words(words, 9.996, 3.0, 24.04)
    assert large.replace("（", " (").replace("）", ")") == "×10.0 (3.00–24.0)"
    assert people.ratio_words(words, None, None, None) == ""
    assert people.ratio_words(words, float("nan"), 0.0, 1.0) == ""
