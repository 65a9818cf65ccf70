"""From a number to its reports: events by hand count, sums that tie to the test, few rows read, text stays text."""

import datetime as dt
import io
from dataclasses import replace
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from stored import random_rows, rows, store, with_grids
from test_data_placing import EDITIONS, with_editions

from base.errors import HazardError
from base.text import Words
from data import listing, queries
from data.facts import Part
from data.schema import Scope
from data.store import Workspace
from reports import answers, tracing

GRID = Scope(level="grid")
EN, ZH = Words("en"), Words("zh")
WET = {"hazard": "waterlogging", "lat": 33.005}  # 100 m and 24 hours make one event
HOSTILE = "=cmd|' /C calc'!A0"
CASES = [
    {**WET, "incident_id": "a1", "lon": 113.0098, "reported_at": "2025-03-01 08:00"},  # in A, 19 m from its border
    {**WET, "incident_id": "b1", "lon": 113.0102, "reported_at": "2025-03-01 09:00"},  # in B, 37 m from a1
    {**WET, "incident_id": "b2", "lon": 113.0103, "reported_at": "2025-03-01 10:00"},  # in B, of the same event
    {**WET, "incident_id": "b3", "lon": 113.0102, "reported_at": "2025-03-10 09:00"},  # in B, nine days later
    {"incident_id": HOSTILE, "cell": "A", "reported_at": "2025-03-01 08:00"},
    {"incident_id": "a3", "cell": "A", "reported_at": "2025-03-02 08:00"},  # within a week of the one before
    {"incident_id": "n1", "reported_at": "2025-03-01 08:00"},  # nowhere
    {**WET, "incident_id": "n2", "lon": 113.3, "reported_at": "2025-03-01 08:00"},  # outside
    {"incident_id": "c1", "lon": 113.005, "lat": 33.015},  # in C, without a time
]


def pile(lon, lat, name="s"):
    """Twenty reports of as many addresses on one spot: they are probably not located, and left out."""
    at = {"hazard": "waterlogging", "lon": lon, "lat": lat, "reported_at": "2025-03-01 08:00"}
    return [{**at, "incident_id": f"{name}{n}", "address": f"road {n}"} for n in range(20)]


CASES += pile(113.005, 33.005)  # in A


def put(workspace, cases, **options):
    return store(workspace, rows([{"hazard": "wall_risk", **case} for case in cases], **options), **options)


def traced(dataset, scope):
    return pd.concat(tracing.reports(dataset, scope), ignore_index=True)


def told(frame):
    return {row.incident_id: (row.cell_id, row.event, row.calls, row.events, row.state) for row in frame.itertuples()}


def ties(dataset, scope):
    """Assert that the rows summed by cell are the numbers of the test, and return the rows."""
    spots, found = answers.hot_spots(dataset, scope), traced(dataset, scope)
    sums = found.groupby("cell_id")[["calls", "events"]].sum().reindex(spots.cells["cell_id"]).fillna(0)
    assert sums["calls"].tolist() == spots.cells["calls"].tolist()
    assert sums["events"].tolist() == spots.cells["events"].tolist()
    named = found[found["events"] == 1].groupby("cell_id")["event"].nunique().reindex(sums.index).fillna(0)
    assert named.tolist() == spots.cells["events"].tolist()
    states = found["state"].value_counts()
    assert int(found["calls"].sum()) == spots.n_calls
    assert int(found["events"].sum()) == spots.n_events
    assert states.get("one_spot", 0) == spots.left_out
    assert states.get("no_cell", 0) + states.get("other_edition", 0) == spots.n_elsewhere
    assert len(found) == tracing.count(dataset, scope)
    return found


@pytest.fixture
def dataset(tmp_path):
    return put(with_grids(tmp_path), CASES)


def test_each_report_has_the_case_number_of_the_first_one_of_its_event(dataset):
    assert told(ties(dataset, GRID)) == {
        "a1": ("A", "a1", 1, 1, "first"),
        "b1": ("B", "a1", 1, 0, "elsewhere"),
        "b2": ("B", "a1", 1, 0, "elsewhere"),
        "b3": ("B", "b3", 1, 1, "first"),
        HOSTILE: ("A", HOSTILE, 1, 1, "first"),
        "a3": ("A", HOSTILE, 1, 0, "with"),
        "n1": (None, "", 0, 0, "no_cell"),
        "n2": (None, "", 0, 0, "no_cell"),
        **{f"s{n}": ("A", "", 0, 0, "one_spot") for n in range(20)},
        "c1": ("C", "c1", 1, 1, "first"),
    }


def test_in_a_period_that_begins_within_an_event_its_first_report_there_names_it(dataset):
    later = replace(GRID, start=dt.date(2025, 3, 2))
    assert told(ties(dataset, later)) == {"a3": ("A", "a3", 1, 1, "first"), "b3": ("B", "b3", 1, 1, "first")}
    east = told(ties(dataset, Scope(level="grid", hazards=("waterlogging",), as_of=None, sources=("s",))))
    assert east["b2"] == ("B", "a1", 1, 0, "elsewhere")


def test_an_event_that_began_before_the_period_has_one_name_there(tmp_path):
    dataset = put(
        with_grids(tmp_path),
        [
            {**WET, "incident_id": "1", "lon": 113.0098, "reported_at": "2025-03-01 20:00"},
            {**WET, "incident_id": "3", "lon": 113.0103, "reported_at": "2025-03-02 09:00"},
            {**WET, "incident_id": "2", "lon": 113.0102, "reported_at": "2025-03-02 08:00"},
            {**WET, "incident_id": "4", "lon": 113.0099, "reported_at": "2025-03-02 10:00"},
        ],
    )
    found = ties(dataset, replace(GRID, start=dt.date(2025, 3, 2)))
    assert told(found) == {
        "2": ("B", "2", 1, 1, "first"), "3": ("B", "2", 1, 0, "with"), "4": ("A", "2", 1, 0, "elsewhere")
    }  # fmt: skip
    assert set(found["event_cell"]) == {"grid B"}


def test_the_first_report_in_a_cell_of_another_time_names_the_event_and_counts_in_no_cell_shown(tmp_path):
    workspace = with_grids(tmp_path)
    with_editions(workspace, EDITIONS)  # the square of A was P until 2025
    south = {**WET, "lon": 113.005}
    cases = [
        {**south, "incident_id": "old", "reported_at": "2024-12-31 23:30"},
        {**south, "incident_id": "new", "reported_at": "2025-01-01 00:30"},
    ]
    dataset = put(workspace, cases)
    assert told(ties(dataset, GRID)) == {
        "old": ("P", "old", 0, 0, "other_edition"), "new": ("A", "old", 1, 0, "elsewhere")
    }  # fmt: skip
    assert told(ties(dataset, replace(GRID, end=dt.date(2025, 1, 1)))) == {"old": ("P", "old", 1, 1, "first")}


def test_where_two_sources_number_alike_the_event_has_its_source_too(tmp_path):
    workspace = with_grids(tmp_path)
    first = {**WET, "incident_id": "1", "lon": 113.005, "reported_at": "2025-03-01 08:00"}
    put(workspace, [first])
    dataset = put(workspace, [{**first, "reported_at": "2025-03-05 08:00"}], import_id="i2", source="t")
    found = ties(dataset, GRID)
    assert found["event"].tolist() == ["s · 1", "t · 1"]
    assert tracing.incidents_of(dataset, GRID, "A")["event"].tolist() == ["t · 1", "s · 1"]


@pytest.mark.parametrize("seed", [1, 2])
def test_reports_at_random_tie_in_every_cell_period_hazard_and_area(tmp_path, seed):
    chance = np.random.default_rng(seed)
    cases = random_rows(600, seed=seed).to_pylist()
    for case in cases:
        if case["lon"] is None and chance.random() < 0.7:
            case["cell"] = str(chance.choice(list("ABCD")))
        if case["lon"] is not None:  # all within a few hundred metres, so that many share an event
            case["lon"] = 113.01 + (case["lon"] - 113.01) / 8
            case["lat"] = 33.01 + (case["lat"] - 33.01) / 8
    dataset = store(with_grids(tmp_path), rows([*cases, *pile(113.011, 33.011)]))
    seen = set()
    for scope in (
        GRID,
        Scope(level="community"),
        replace(GRID, area="W"),
        replace(GRID, hazards=("waterlogging",)),
        replace(GRID, start=dt.date(2025, 2, 11), end=dt.date(2025, 9, 20)),
    ):
        found = ties(dataset, scope)
        seen |= set(found["state"])
        by_case = found.set_index("incident_id")
        for cell in answers.cells_of(dataset, scope)["cell_id"]:
            listed = tracing.incidents_of(dataset, scope, cell)
            assert sorted(listed["incident_id"]) == sorted(found.loc[found["cell_id"] == cell, "incident_id"])
            same = by_case.loc[listed["incident_id"], ["event", "event_cell", "state"]].reset_index(drop=True)
            pd.testing.assert_frame_equal(same, listed[["event", "event_cell", "state"]])
    assert seen == {"first", "with", "elsewhere", "one_spot", "no_cell"}


def test_the_demo_ties_and_so_does_each_of_its_cells(demo):
    dataset = Workspace(demo).newest()
    found = ties(dataset, GRID)
    assert (len(found), int(found["events"].sum())) == (2425, 1796)
    ties(dataset, Scope(level="community", hazards=("waterlogging",), start=dt.date(2025, 6, 1)))


def test_a_cells_list_has_the_reports_of_an_event_together_the_newest_event_first(dataset):
    shown = tracing.incidents_of(dataset, GRID, "B")
    assert shown[["incident_id", "event", "event_cell"]].to_numpy().tolist() == [
        ["b3", "b3", "grid B"], ["b1", "a1", "grid A"], ["b2", "a1", "grid A"]
    ]  # fmt: skip
    assert tracing.in_words(shown, EN)["counted"].tolist() == [
        "yes: first report", *["in grid A, where its event began"] * 2
    ]  # fmt: skip
    assert tracing.in_words(shown, ZH)["counted"].tolist()[0] == "计一起（首报）"
    assert tracing.tie_sentences(shown, 3, EN) == [
        "Reports counted in this cell: 3; events: 1. An event is named by its first report.",
        "2 belong to events that began in other cells and count there.",
    ]
    west = tracing.incidents_of(dataset, GRID, "A")
    assert west["incident_id"].tolist()[:2] == [HOSTILE, "a3"]
    assert set(west["incident_id"][2:]) == {"a1", *(f"s{n}" for n in range(20))}
    assert tracing.tie_sentences(west, 23, EN) == [
        "Reports counted in this cell: 3; events: 2. An event is named by its first report.",
        "20 more lie on one spot: in no event.",
    ]
    assert tracing.tie_sentences(west[:2], 23, EN) == ["Listed are the newest 2 of 23 reports."]
    assert tracing.in_words(west[["event"]], EN).columns.tolist() == ["event"]


def test_a_cell_without_reports_and_a_period_without_any_give_empty_tables(dataset):
    assert "event" in tracing.incidents_of(dataset, GRID, "D")
    never = replace(GRID, start=dt.date(1999, 1, 1), end=dt.date(1999, 2, 1))
    assert len(tracing.incidents_of(dataset, never, "A")) == 0
    assert list(tracing.reports(dataset, never)) == []
    assert b"".join(tracing.csv(dataset, never, EN)).decode("utf-8-sig").startswith("Source,Case,Reported,")
    book = CalamineWorkbook.from_filelike(io.BytesIO(tracing.workbook(dataset, never, EN)))
    assert len(book.get_sheet_by_index(0).to_python()) == 1


def test_for_a_cells_list_only_its_rows_and_the_first_reports_of_its_events_are_read(dataset):
    answers.events_of(dataset, GRID)
    with mock.patch.object(Part, "take", autospec=True, side_effect=Part.take) as taken:
        tracing.incidents_of(dataset, GRID, "B")
    assert sum(len(call.args[1]) for call in taken.call_args_list) == 4  # b1, b2, b3, and a1 that names an event


@pytest.mark.parametrize("words", [EN, ZH])
def test_both_files_hold_all_reports_as_text_that_stays_text(dataset, words):
    book = CalamineWorkbook.from_filelike(io.BytesIO(tracing.workbook(dataset, GRID, words)))
    header, *cells = book.get_sheet_by_index(0).to_python()
    assert header == [words(title) for title in tracing.TITLES.values()]
    by_case = {row[1]: dict(zip(header, row, strict=True)) for row in cells}
    assert len(by_case) == len(CASES)
    assert by_case["a3"][words("Event")] == HOSTILE
    assert by_case["b1"][words("Counted")] == words(tracing.STATES["elsewhere"], cell="grid A")
    assert sum(row[words("Events")] for row in by_case.values()) == 4
    assert any(str(dataset.version) in str(row[0]) for row in book.get_sheet_by_index(1).to_python())
    read = pd.read_csv(io.BytesIO(b"".join(tracing.csv(dataset, GRID, words))), dtype=str, keep_default_na=False)
    assert read.columns.tolist() == header
    named = read.set_index(words("Case"))
    assert named.loc["a3", words("Event")] == "'" + HOSTILE  # what a spreadsheet program would run, kept off
    assert named.loc["a1", words("Reported")] == "2025-03-01 08:00:00"
    assert named.loc["c1", words("Reported")] == ""
    assert named.loc["n1", words("Code")] == ""


def test_a_workbook_of_too_many_reports_is_refused_with_what_to_do(dataset, monkeypatch):
    monkeypatch.setattr(tracing, "MOST_IN_A_WORKBOOK", 9)
    with pytest.raises(HazardError, match=r"\.csv") as refusal:
        tracing.workbook(dataset, GRID, EN)
    assert refusal.value.facts == {"n": 29, "most": 9}


def test_rows_come_file_by_file_and_have_the_numbers_of_the_calls(dataset):
    frames = list(listing.by_file(dataset, GRID, ("incident_id",)))
    assert [len(frame) for frame in frames] == [28, 1]  # March, and without a time
    every = pd.concat(frames)
    of = queries.texts(dataset, every["call"].to_numpy(), ["incident_id"])
    assert of["incident_id"].tolist() == every["incident_id"].tolist()
    assert len(list(listing.by_file(dataset, Scope(level=""), ("incident_id",)))) == 2
