"""Rain and reports together: the demo's gauge, by hand and by the truth that is written into the demo."""

import io
import shutil

import demo_cases
import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from test_cli import Said, asked

from analysis.onset_rain import FEW
from base.errors import HazardError
from base.text import Words
from data.demo.events import HOT
from data.rain import load_rain, remove_stations
from data.schema import Scope
from data.store import Workspace
from reports import answers, rain, rain_map, rain_onset, rain_words
from reports.choropleth import Drawn
from reports.times_words import percent

GRID = Scope("grid")


@pytest.fixture(scope="module")
def rained(demo):
    return Workspace(demo)


@pytest.fixture(scope="module")
def told(rained):
    return rain_onset.forecast(rained.newest(), GRID, 50)


@pytest.fixture(scope="module")
def few(rained):
    """The same as it was known after half a year, when most cells had too few rains with a report."""
    return rain_onset.forecast(rained.newest(), Scope("grid", as_of=pd.Timestamp("2022-11-01", tz="Asia/Shanghai")), 50)


def test_days_are_those_of_the_gauge_and_days_not_read_are_not_dry(rained):
    demo = demo_cases.demo()
    days = rain.rain_days(rained.newest(), GRID).set_index("day")
    wet = pd.Series(demo.rain["rain_mm"].to_numpy(), index=pd.to_datetime(demo.rain["day"]))
    unread = pd.to_datetime(list(demo.truth["unread_days"]))
    assert days.loc[unread, "known"].tolist() == [0, 0]
    assert days.loc[unread, "mm"].isna().all()
    known = days.drop(unread)
    assert (known["known"] == 1).all()
    assert known["mm"].to_numpy() == pytest.approx(wet.reindex(known.index, fill_value=0).to_numpy())
    assert rain.last_known(rained.newest(), GRID) == days.index[-1].date()


def test_what_fell_after_the_as_of_time_is_not_known(rained):
    scope = Scope("grid", as_of=pd.Timestamp("2025-07-01 12:00", tz="Asia/Shanghai"))
    assert str(rain.last_known(rained.newest(), scope)) == "2025-06-30"


def test_events_tie_with_those_of_the_other_pages(rained, told):
    found = told.onsets
    assert found.events == found.in_rain + found.in_unclear + found.without_rain
    asked = Scope("grid", start=found.start, end=found.end, hazards=("waterlogging",))
    calls = answers.events_of(rained.newest(), asked).calls
    assert found.events == int(calls["leads"].sum())
    assert found.without_rain == 0  # the demo's water follows the rain


def test_rains_with_a_report_are_counted_as_by_hand(rained, told):
    # the cell of the culvert, day by day: a spell of wet days has a report if one lies in it or a day after
    data, cell = rained.newest(), HOT[0]
    group = told.onsets.groups[0]
    place = list(told.onsets.table["cell_id"]).index(cell)
    calls = answers.first_calls(data, Scope("grid", hazards=("waterlogging",)), ("cell_id", "reported_at"))
    when = calls.loc[calls["cell_id"] == cell, "reported_at"].dt.tz_convert("UTC")
    rains = group.rains
    begins = list(rains["begin"])
    hit = set()
    for moment in when:
        before = [k for k, begin in enumerate(begins) if begin <= moment]
        if before and moment < rains["end"][before[-1]] + pd.Timedelta(hours=24):
            hit.add(before[-1])
    counted = [k for k in hit if rains["counts"][k]]
    assert told.onsets.table["reported"][place] == len(counted)
    assert set(np.flatnonzero(group.reported[place])) == set(counted)


def test_the_two_wettest_grids_of_the_demo_flood_first(told):
    assert set(told.ranked["cell_id"].head(2)) == set(HOT)
    first = told.ranked.iloc[0]
    assert first["low_mm"] < first["begins_mm"] < first["high_mm"] < told.ranked["begins_mm"].median()
    assert told.ranked["chance"].is_monotonic_decreasing
    assert len(told.ranked) == 23


def test_a_cell_with_too_few_rains_that_flooded_it_is_told_apart(few):
    apart = few.onsets.table["reported"] < 5
    assert 0 < apart.sum() < 23
    assert set(few.apart["cell_id"]) == set(few.onsets.table["cell_id"][apart])
    assert few.apart["reason"].eq(FEW).all()
    assert len(few.ranked) + len(few.apart) == 23


def test_more_rain_floods_more_cells(rained, told):
    less = rain_onset.forecast(rained.newest(), GRID, 15)
    assert less.expected < told.expected
    assert (told.ranked["so_deep_reported"] <= told.ranked["so_deep"]).all()


def test_a_gauge_stands_for_the_area_that_its_zone_names(demo, tmp_path):
    workspace = Workspace(shutil.copytree(demo, tmp_path / "own"))
    remove_stations(workspace, workspace.newest().rainfall()["station"].unique(), who="t")
    area = workspace.newest().cells("community").iloc[0]
    lines = demo_cases.demo().gauge.decode("utf-8-sig").splitlines()
    rows = ["站名,片区,日期,雨量(mm)"]
    for line in lines[1:]:
        _, day, mm = line.split(",")
        rows += [f"甲,{area['name']},{day},{mm}", f"乙,,{day},0.0"]
    load_rain(workspace, "\n".join(rows).encode(), "two.csv", who="t")
    found = rain_onset.onsets(workspace.newest(), GRID)
    inside = workspace.newest().cells("grid").set_index("cell_id")["parent"] == area["cell_id"]
    gauges = found.table.set_index("cell_id")["gauges"]
    assert (gauges[inside.index[inside]] == "甲").all()
    assert (gauges[inside.index[~inside]] == "").all()


def test_without_rain_it_is_said_where_to_load_it(demo, tmp_path):
    workspace = Workspace(shutil.copytree(demo, tmp_path / "own"))
    remove_stations(workspace, workspace.newest().rainfall()["station"].unique(), who="t")
    assert rain.rain_days(workspace.newest(), GRID).empty
    assert rain.last_known(workspace.newest(), GRID) is None
    with pytest.raises(HazardError, match="Data page"):
        rain_onset.onsets(workspace.newest(), GRID)


def test_depths_that_cannot_be_are_refused(rained):
    for mm, peak in ((0, None), (-5, None), (20, 30), (float("nan"), None), (5000, None)):
        with pytest.raises(HazardError):
            rain_onset.forecast(rained.newest(), GRID, mm, peak)


def test_a_forecast_deeper_than_any_rain_is_said_to_be_drawn_out(rained):
    found = rain_onset.forecast(rained.newest(), GRID, 300)
    assert found.ranked["beyond"].all()
    assert any("drawn out" in str(one) for one in rain_words.beside(found))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_map_has_a_fifth_of_the_chance_a_colour_and_hatches_what_cannot_be_told(rained, few, language):
    data, words = rained.newest(), Words(language)
    cells = data.cells("grid")["cell_id"].tolist()
    drawn = Drawn(("grid",), (tuple(cells),), "key")
    picture = rain_map.pump_map(data, drawn, few, words)
    chance = few.ranked.set_index("cell_id")["chance"].reindex(cells)
    by_hand = [-1 if np.isnan(one) else min(int(one * 5), 4) for one in chance]  # no chance here is a whole fifth
    assert picture.values.classes == by_hand
    assert [cells[at] for at in picture.values.unreached] == [one for one in cells if one in set(few.apart["cell_id"])]
    assert (picture.legend.steps, picture.legend.unreached != "") == (
        ("0%–20%", "20%–40%", "40%–60%", "60%–80%", "80%–100%"),
        True,
    )
    for at, one in enumerate(chance):
        assert picture.values.labels[at] == ("" if np.isnan(one) else percent(one))
        assert picture.values.tips[at] != ""
    assert rain_map.shown_cells(few) == ()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_files_hold_every_cell(rained, few, language):
    words = Words(language)
    book = CalamineWorkbook.from_filelike(io.BytesIO(rain_words.workbook(rained.newest(), few, words)))
    sheets = [book.get_sheet_by_index(place).to_python() for place in (0, 1)]
    assert [len(rows) - 1 for rows in sheets] == [len(few.ranked), len(few.apart)]
    assert len(rain_words.csv(few, words).decode("utf-8-sig").strip().splitlines()) == 24


def test_the_command_says_the_same(rained, told, tmp_path):
    answer = asked(rained.path, "rain", "--forecast", "50", "--out", tmp_path / "f.csv")
    assert [one["cell_id"] for one in answer["cells"]] == told.ranked["cell_id"].tolist()
    assert answer["cells"][0]["chance"] == pytest.approx(told.ranked["chance"][0], abs=1e-4)
    assert answer["apart"] == []
    assert (tmp_path / "f.csv").read_bytes() == rain_words.csv(told, Words("en"))
    assert "likeliest" in Said(rained.path, "rain", "--forecast", "50").out
    for wrong in (("x.csv", "--forecast", "5"), ("--forecast", "0"), ("--forecast", "5", "--out", tmp_path / "f.pdf")):
        assert Said(rained.path, "rain", *wrong).code == 2
