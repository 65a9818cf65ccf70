"""The command line: keys that programs rely on, totals that tie, refusals in one sentence, the numbers of the pages."""

import contextlib
import functools
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import demo_cases
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import typer.main
from python_calamine import CalamineWorkbook
from stored import boundary, random_rows, rows, store, with_grids

import cli
from analysis import summary
from commands.frame import WORDS
from data.changes import set_settings
from data.levels import load_cells
from data.schema import HAZARD_NAMES, HAZARDS, Scope
from data.store import Workspace
from reports import answers, times

ROOT = Path(__file__).resolve().parent.parent
CASES = demo_cases.cases()
PLACES = ("inside", "near", "outside", "no_location")
typer.main.get_command = functools.cache(typer.main.get_command)  # made of all signatures at every call of the app


class Said:
    """What a command printed, and how it ended."""

    def __init__(self, workspace: Path, *command: object) -> None:
        out, err = io.StringIO(), io.StringIO()
        line = ["cli.py", "--workspace", str(workspace), *map(str, command)]
        with (
            mock.patch.object(sys, "argv", line),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                cli.main()
                self.code = 0
            except SystemExit as end:
                self.code = end.code or 0
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def json(self):
        assert self.code == 0, self.err
        return json.loads(self.out)


def asked(workspace, *command):
    return Said(workspace, *command, "--json").json


@pytest.fixture
def own(demo, tmp_path):
    """A copy of the demo's workspace that a test may change."""
    return Path(shutil.copytree(demo, tmp_path / "own"))


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """The demo's files in a folder, as an office would have them."""
    folder = tmp_path_factory.mktemp("files")
    made = demo_cases.demo()
    contents = {kind: getattr(made, kind) for kind in ("communities", "grids", "incidents", "next_month")}
    contents |= {"rain": made.gauge, "projects": made.projects_file}
    for kind, name in made.names.items():
        (folder / name).write_bytes(contents[kind])
    for one in made.standards:
        (folder / one.name).write_bytes(one.content())
    return {kind: folder / name for kind, name in made.names.items()}


def test_the_demo_is_loaded_with_totals_that_tie_and_its_truth(tmp_path):
    answer = asked(tmp_path, "demo")
    truth = demo_cases.demo().truth
    assert {key: answer[key] for key in ("read", "accepted", "rejected", "repeats")} == {
        key: truth["incidents"][key] for key in ("read", "accepted", "rejected", "repeats")
    }
    assert answer["read"] == answer["accepted"] + answer["rejected"] + answer["repeats"]
    assert set(answer["levels"]) == {"community", "grid"}
    for places in answer["levels"].values():
        assert sum(places[key] for key in PLACES) == answer["accepted"]
    assert answer["levels"]["grid"]["inside"] == CASES["cell_id"].notna().sum()
    assert answer["truth"] == json.loads(json.dumps(truth))
    assert answer["cells"] == {"community": 4, "grid": 23}


def test_the_demo_goes_into_an_empty_workspace_only(own):
    before = Workspace(own).newest_version()
    again = Said(own, "demo", "--json")
    assert (again.code, again.out) == (2, "")
    assert "already holds data" in again.err
    assert Workspace(own).newest_version() == before


def test_boundaries_and_incidents_from_files_give_the_demo_again_then_a_month_more_and_undo_takes_it_back(
    files, tmp_path, demo
):
    for kind, level, n in (("communities", "community", 4), ("grids", "grid", 23)):
        answer = asked(tmp_path, "cells", files[kind], "--level", level)
        assert {key: answer[key] for key in ("level", "cells", "repaired", "rejected", "overlaps", "gaps")} == {
            "level": level, "cells": n, "repaired": 0, "rejected": 0, "overlaps": 0, "gaps": 0
        }  # fmt: skip
    for one in demo_cases.demo().standards:
        file = files["incidents"].with_name(one.name)
        read = asked(tmp_path, "standard", file, "--scheme", "gbt30428", "--valid-from", one.valid_from)
        assert (read["kind"], read["rows"]) == (one.kind, len(one.limits))  # the kind as the file's name says it
    as_of = demo_cases.demo().as_of.isoformat()
    options = ("--tz", "Asia/Shanghai", "--as-of", as_of)
    tried = asked(tmp_path, "import", files["incidents"], *options, "--dry-run")
    assert asked(tmp_path, "imports") == []
    first = asked(tmp_path, "import", files["incidents"], *options)
    assert {key: tried[key] for key in ("read", "accepted", "rejected", "repeats", "updated", "levels")} == {
        key: first[key] for key in ("read", "accepted", "rejected", "repeats", "updated", "levels")
    }
    for question in (("count", "--by", "cell,hazard,month"), ("resolution",), ("hotspots",)):
        assert asked(tmp_path, *question) == asked(demo, *question)

    counts = asked(tmp_path, "count", "--by", "cell,hazard,month")
    truth = demo_cases.demo().truth["next_month"]
    following = asked(tmp_path, "import", files["next_month"], "--as-of", demo_cases.demo().next_as_of.isoformat())
    assert (following["read"], following["updated"]) == (truth["read"], truth["updated"])
    assert (following["accepted"], following["repeats"]) == (truth["new"] + truth["updated"], truth["repeats"])
    listed = asked(tmp_path, "imports")
    assert [one["import_id"] for one in listed] == [first["import_id"], following["import_id"]]
    assert {key: listed[1][key] for key in ("read", "accepted", "rejected", "repeats", "updated")} == {
        key: following[key] for key in ("read", "accepted", "rejected", "repeats", "updated")
    }
    assert asked(tmp_path, "count", "--by", "") == [{"count": len(CASES) + truth["new"]}]

    taken = asked(tmp_path, "undo")
    assert (taken["import_id"], taken["removed"], taken["restored"]) == (
        following["import_id"], truth["new"], truth["updated"]
    )  # fmt: skip
    assert asked(tmp_path, "count", "--by", "cell,hazard,month") == counts
    assert [one["import_id"] for one in asked(tmp_path, "imports")] == [first["import_id"]]


def test_the_second_import_of_a_file_says_so_and_changes_nothing(own, files):
    options = ("--source", "示例", "--tz", "Asia/Shanghai", "--as-of", "2026-10-31 18:00")
    asked(own, "import", files["next_month"], *options)
    before = Workspace(own).newest_version()
    again = Said(own, "import", files["next_month"], *options, "--json")
    assert (again.code, again.json["unchanged"], again.json["accepted"]) == (0, True, 0)
    assert again.json["read"] == again.json["accepted"] + again.json["rejected"] + again.json["repeats"]
    assert "imported before" in again.err
    assert Workspace(own).newest_version() == before


def test_an_import_takes_only_the_rows_and_columns_it_is_told(files, tmp_path):
    asked(tmp_path, "cells", files["grids"], "--level", "grid")
    answer = asked(tmp_path, "import", files["incidents"], "--where", "小类名称=道路积水", "--map", "unit=问题来源")
    wet = CASES[CASES["小类名称"] == "道路积水"]
    assert answer["accepted"] == len(wet) > 0
    assert answer["read"] == answer["accepted"] + answer["rejected"] + answer["repeats"] == 2432
    assert answer["mapping"]["unit"] == "问题来源"
    by_unit = {row["unit"]: row["n"] for row in asked(tmp_path, "resolution", "--by", "unit")}
    assert by_unit == wet["问题来源"].value_counts().to_dict()


def test_rejected_rows_are_listed_as_a_spreadsheet_counts_with_code_and_sentence(demo):
    rows = asked(demo, "rejected")
    truth = [one for one in demo_cases.demo().truth["dirty"] if one["outcome"] == "rejected"]
    assert [(one["row"], one["reason"]) for one in rows] == [(one["row"], one["code"]) for one in truth]
    assert all(set(one) >= {"row", "column", "value", "reason", "sentence"} and one["sentence"] for one in rows)


KEYS = {"cell": "cell_id", "hazard": "hazard", "month": "month", "source": "source"}


@pytest.mark.parametrize("by", ["cell", "hazard", "month", "source", "cell,hazard", "cell,hazard,month,source"])
def test_counts_equal_those_of_another_program(demo, by):
    keys = [KEYS[key] for key in by.split(",")]
    expected = CASES.assign(source="示例").groupby(keys, dropna=False).size()
    expected = {
        tuple(None if pd.isna(part) else part for part in (key if isinstance(key, tuple) else (key,))): int(n)
        for key, n in expected.items()
    }
    rows = asked(demo, "count", "--by", by)
    assert [set(row) for row in rows] == [{*keys, "count"}] * len(rows)
    assert {tuple(row[key] for key in keys): row["count"] for row in rows} == expected


def test_counts_of_a_period_hazard_and_level_equal_those_of_another_program(demo):
    rows = asked(
        demo, "count", "--by", "cell", "--level", "community", "--hazard", "waterlogging", "--hazard", "wall_risk",
        "--start", "2025-05-01", "--end", "2025-09-01",
    )  # fmt: skip
    within = demo_cases.between("2025-05-01", "2025-09-01")
    within = within[within["hazard"].isin(["waterlogging", "wall_risk"])]
    assert {row["cell_id"]: row["count"] for row in rows if row["cell_id"]} == within[
        "community"
    ].value_counts().to_dict()
    assert sum(row["count"] for row in rows) == len(within)


def test_hot_spots_are_those_of_the_truth_and_equal_the_pages(demo):
    answer = asked(demo, "hotspots", "--hazard", "waterlogging")
    assert set(answer) >= {"methods", "reason", "exposure", "map_p", "cells", "clusters"}
    assert [one["cell_id"] for one in answer["cells"] if one["hot"]] == demo_cases.demo().truth["hot"]["waterlogging"]
    calls = CASES[CASES["hazard"] == "waterlogging"].groupby("cell_id").size()
    assert {one["cell_id"]: one["calls"] for one in answer["cells"] if one["calls"]} == calls.to_dict()
    shown = answers.hot_spots(Workspace(demo).newest(), Scope("grid", hazards=("waterlogging",)))
    assert shown.result.claim == answer["claim"]
    for column, key in (("events", "observed"), ("expected", "expected"), ("p", "p"), ("hot", "hot")):
        assert [one[key] for one in answer["cells"]] == shown.cells[column].tolist()
    assert sum(one["observed"] for one in answer["cells"]) == answer["events"]
    assert sum(one["expected"] for one in answer["cells"]) == pytest.approx(answer["events"], rel=1e-9)
    households = gpd.read_file(io.BytesIO(demo_cases.demo().grids)).set_index("网格编码")["户数"].sort_index()
    share = (households / households.sum() * answer["events"]).tolist()
    assert answer["exposure"] == "households"
    assert [one["expected"] for one in answer["cells"]] == pytest.approx(share, rel=1e-9)
    assert all(set(one) >= {"method", "cell_ids", "observed", "expected", "p"} for one in answer["clusters"])
    for place in (one for one in answer["clusters"] if one["method"] == "scan"):
        inside = [one for one in answer["cells"] if one["cell_id"] in place["cell_ids"]]
        assert place["observed"] == sum(one["observed"] for one in inside)
        assert place["expected"] == pytest.approx(sum(one["expected"] for one in inside))
        assert place["p"] <= 0.05
    assert any(one["method"] == "dbscan" for one in answer["clusters"])


def test_hot_spots_give_only_the_method_asked_for_with_the_exposure_and_seed_asked_for(demo):
    excess = asked(demo, "hotspots", "--method", "excess", "--exposure", "equal", "--seed", "7")
    assert (excess["methods"], excess["clusters"], excess["exposure"], excess["seed"]) == (["excess"], [], "equal", 7)
    assert len({one["expected"] for one in excess["cells"]}) == 1
    groups = asked(demo, "hotspots", "--method", "dbscan")
    assert (groups["methods"], groups["cells"]) == (["dbscan"], [])
    assert groups["clusters"]
    assert (groups["map_p"], groups["claim"]) == (None, "")
    assert "a description and no claim" in groups["reason"]


@pytest.mark.parametrize(
    ("method", "patterns"), [("gi_star", {"", "high", "low"}), ("moran", {"", "HH", "LL", "HL", "LH"})]
)
def test_gi_star_and_moran_stand_in_place_of_the_usual_tests(demo, method, patterns):
    answer = asked(demo, "hotspots", "--method", method, "--method", "dbscan", "--seed", "7")
    assert (answer["methods"], answer["map_p"], answer["exposure"]) == ([method, "dbscan"], None, "households")
    assert {one["method"] for one in answer["clusters"]} == {"dbscan"}
    assert "What this choice costs" in answer["reason"]
    assert all(0 < one["p"] <= 1 and np.isfinite(one["z"]) for one in answer["cells"])
    assert {one["pattern"] for one in answer["cells"]} <= patterns
    assert not any(one["hot"] for one in answer["cells"])  # of single hot cells it finds none: that is what it costs
    alone = asked(demo, "hotspots", "--method", method, "--seed", "7")
    assert (alone["methods"], alone["clusters"], alone["cells"]) == ([method], [], answer["cells"])
    assert alone["rates"] == answer["rates"]


def test_calls_are_counted_without_a_claim_whatever_the_method(demo):
    for methods in ((), ("--method", "dbscan")):
        answer = asked(demo, "hotspots", "--hazard", "waterlogging", "--count", "calls", *methods)
        assert (answer["count"], answer["claim"], answer["map_p"]) == ("calls", "", None)
        assert "nothing is claimed" in answer["reason"]
        calls = CASES[CASES["hazard"] == "waterlogging"].groupby("cell_id").size()
        assert {one["cell_id"]: one["observed"] for one in answer["cells"] if one["observed"]} == calls.to_dict()
        assert sum(one["expected"] for one in answer["cells"]) == pytest.approx(calls.sum(), rel=1e-9)
        assert {(one["p"], one["hot"], one["claim"]) for one in answer["cells"]} == {(None, False, "")}
        assert {one["ratio_low"] for one in answer["cells"]} == {
            None
        }  # calls about one thing are no trials of their own
        assert "record" not in answer
    for method in ("excess", "scan", "moran"):  # no method is dropped without a word
        refused = Said(demo, "hotspots", "--count", "calls", "--method", method)
        assert (refused.code, method in refused.err) == (2, True)
    said = Said(demo, "hotspots", "--count", "calls").out
    assert f"{len(CASES[CASES['cell_id'].notna()]):,} calls in 23 cells" in said


def test_rates_stand_beside_the_hot_spots_and_are_null_without_an_exposure(demo):
    answer = asked(demo, "hotspots")
    by_cell = {one["cell_id"]: one for one in answer["cells"]}
    assert [one["smoothed"] for one in answer["rates"]] == sorted(
        (one["smoothed"] for one in answer["rates"]), reverse=True
    )
    for one in answer["rates"]:
        assert one["events"] == by_cell[one["cell_id"]]["observed"]
        assert (one["unit"], one["per"]) == ("households", 1000)
        assert one["raw"] == pytest.approx(1000 * one["events"] / one["exposure"])
        assert one["low"] < one["raw"] < one["high"]
        assert one["mark"] == ("few" if one["events"] <= 20 else "")
    assert asked(demo, "hotspots", "--exposure", "equal")["rates"] is None
    assert "Events per 1,000 households" in Said(demo, "hotspots").out


def test_hot_spots_are_written_as_a_workbook_and_as_a_geopackage_with_the_same_numbers(demo, tmp_path):
    year = ("--hazard", "waterlogging", "--start", "2025-10-01", "--end", "2026-10-01", "--no-evidence")
    book, package = tmp_path / "a.XLSX", tmp_path / "a.gpkg"
    answer = asked(demo, "hotspots", *year, "--out", book)
    assert answer["file"] == str(book)
    header, *rows = CalamineWorkbook.from_path(book).get_sheet_by_index(0).to_python()
    assert [row[header.index("Events")] for row in rows] == [one["observed"] for one in answer["cells"]]
    assert str(package) in Said(demo, "hotspots", *year, "--out", package).out
    cells = gpd.read_file(package, layer="cells")
    assert cells["cell_id"].tolist() == [one["cell_id"] for one in answer["cells"]]
    assert cells["p"].tolist() == [one["p"] for one in answer["cells"]]
    refused = Said(demo, "hotspots", *year, "--out", tmp_path / "a.docx")
    assert refused.code == 2
    assert ".xlsx" in refused.err
    assert not (tmp_path / "a.docx").exists()
    nowhere = Said(demo, "hotspots", *year, "--out", tmp_path / "none" / "a.xlsx")
    assert (nowhere.code, "there is no folder" in nowhere.err, "program" in nowhere.err) == (2, True, False)


def test_without_a_period_the_answer_says_that_the_page_shows_another_one(demo):
    told = "the page shows the last 12 whole months at first"
    assert told in Said(demo, "hotspots", "--no-evidence").out.splitlines()[0]
    assert told not in Said(demo, "hotspots", "--no-evidence", "--start", "2025-10-01").out


@pytest.mark.parametrize("kind", ["CSV", "xlsx"])
def test_every_report_is_written_with_its_event_and_summed_by_cell_they_are_the_answers_numbers(demo, tmp_path, kind):
    year = ("--hazard", "waterlogging", "--start", "2025-10-01", "--end", "2026-10-01", "--no-evidence")
    file = tmp_path / f"a.{kind}"
    answer = asked(demo, "hotspots", *year, "--trace", file)
    assert answer["trace"] == str(file)
    reports = pd.read_csv(file, dtype={"Code": str}) if kind == "CSV" else pd.read_excel(file, engine="calamine")
    sums = reports.astype({"Code": str}).groupby("Code")[["Calls", "Events"]].sum()
    assert sums["Events"].to_dict() == {one["cell_id"]: one["observed"] for one in answer["cells"] if one["observed"]}
    calls = asked(demo, "hotspots", *year, "--count", "calls")
    assert sums["Calls"].to_dict() == {one["cell_id"]: one["observed"] for one in calls["cells"] if one["observed"]}
    assert f"{len(reports)} reports with their events" in Said(demo, "hotspots", *year, "--trace", file).out
    refused = Said(demo, "hotspots", *year, "--trace", tmp_path / "a.gpkg")
    assert refused.code == 2
    assert ".csv" in refused.err


@pytest.mark.parametrize(
    ("by", "column"),
    [("hazard", "hazard"), ("cell", "cell_id"), ("unit", "unit"), ("month", "month"), ("source", None)],
)
def test_resolution_counts_and_shares_equal_those_of_another_program(demo, by, column):
    rows = asked(demo, "resolution", "--by", by)
    key = "cell_id" if by == "cell" else by
    assert all(set(row) >= {key, "n", "open", "median_hours", "low", "high", "share_in_time"} for row in rows)
    frame = CASES.assign(source="示例", open=demo_cases.is_open(CASES), due=demo_cases.due(CASES))
    frame["in_time"] = demo_cases.in_time(CASES)
    frame = frame[frame["handling"] == ""]  # those handled on the spot and engineering cases have figures of their own
    sane = ~(frame["closed_at"] < frame["reported_at"])
    hours = (frame["closed_at"] - frame["reported_at"]) / pd.Timedelta(hours=1)
    groups = dict(list(frame.groupby(column or "source")))
    assert {row[key] for row in rows} == set(groups)
    for row in rows:
        group = groups[row[key]]
        timed = group[sane[group.index]]
        assert (row["n"], row["open"]) == (len(timed), timed["open"].sum())
        assert (row["due"], row["in_time"]) == (group["due"].sum(), group["in_time"].sum())
        if row["due"]:
            assert row["share_in_time"] == pytest.approx(group["in_time"].sum() / group["due"].sum(), rel=1e-12)
        if not row["open"]:  # without open cases the Kaplan-Meier median is the plain one
            assert row["median_hours"] == pytest.approx(np.median(hours[timed.index]), abs=1e-9)


@pytest.mark.parametrize("kind", ["CSV", "xlsx"])
def test_every_case_is_written_with_its_deadline_and_summed_they_are_the_answers_numbers(demo, tmp_path, kind):
    file = tmp_path / f"a.{kind}"
    year = ("--start", "2025-10-01", "--end", "2026-10-01")
    answer = asked(demo, "resolution", *year, "--trace", file)
    cases = pd.read_csv(file) if kind == "CSV" else pd.read_excel(file, engine="calamine")
    columns = {"n": "Counted in times", "open": "Counted as open", "due": "Due so far", "in_time": "Counted in time"}
    columns |= {"past_due": "Past due"}
    sums = {name: cases[title].sum() for name, title in columns.items()}
    assert sums == {name: sum(row[name] for row in answer) for name in columns}
    assert f"{len(cases)} cases with their deadlines" in Said(demo, "resolution", *year, "--trace", file).out.replace(
        ",", ""
    )
    refused = Said(demo, "resolution", "--trace", tmp_path / "a.gpkg")
    assert refused.code == 2
    assert ".csv" in refused.err


def test_resolution_equals_the_pages_and_looks_from_an_earlier_time_if_asked(demo):
    groups = times.groups(Workspace(demo).newest(), Scope("grid"), times.Asked())
    rows = asked(demo, "resolution")
    for name in ("n", "open", "median_hours", "low", "high", "share_in_time"):
        assert [row[name] for row in rows] == groups[name].tolist()
    earlier = pd.Timestamp("2025-08-01 12:00")
    known = CASES[(CASES["reported_at"] <= earlier) & ~(CASES["closed_at"] < CASES["reported_at"])]
    known = known[known["handling"] == ""]
    rows = asked(demo, "resolution", "--by", "source", "--as-of", "2025-08-01 12:00")
    assert (rows[0]["n"], rows[0]["open"]) == (len(known), (~(known["closed_at"] <= earlier)).sum())


REFUSED = {
    ("count", "--level", "planet"): "planet",
    ("count", "--hazard", "flood"): "flood",
    ("count", "--by", "colour"): "colour",
    ("count", "--start", "2025-13-99"): "2025-13-99",
    ("count", "--end", "tomorrow"): "tomorrow",
    ("hotspots", "--method", "magic"): "magic",
    ("hotspots", "--exposure", "moons"): "moons",
    ("hotspots", "--compare", "never"): "never",
    ("hotspots", "--method", "gi_star", "--method", "scan"): "gi_star, scan",
    ("hotspots", "--method", "moran", "--method", "gi_star", "--method", "dbscan"): "gi_star, moran",
    ("hotspots", "--count", "cars"): "cars",
    ("resolution", "--by", "colour"): "colour",
    ("resolution", "--clock", "lunar"): "lunar",
    ("resolution", "--as-of", "soon"): "soon",
    ("count", "--start", "2025-05-01", "--end", "2025-05-01"): "--start",
    ("resolution", "--start", "2025-06-01", "--end", "2025-05-01"): "--end",
    ("settings", "--set", "fdr"): "--set",
    ("settings", "--set", "colour=1"): "colour",
    ("settings", "--set", "fdr=much"): "much",
    ("settings", "--set", "fdr=nan"): "nan",
    ("settings", "--set", "min_events=-1"): "min_events",
    ("settings", "--set", "min_events=2.5"): "2.5",
    ("settings", "--set", "map_draws=98"): "99",
    ("settings", "--set", "seed=-1"): "4,294,967,295",
    ("hotspots", "--seed", "-1"): "seed",
    ("settings", "--set", "timezone=Peking"): "Peking",
    ("undo", "--import", "none-such"): "none-such",
    ("rejected", "--import", "none-such"): "none-such",
    ("import", "no-such-file.csv"): "no-such-file.csv",
    ("cells", "no-such-file.geojson", "--level", "grid"): "no-such-file.geojson",
}


@pytest.mark.parametrize("command", REFUSED)
def test_a_refusal_is_one_sentence_on_standard_error_and_exit_code_2(demo, command):
    said = Said(demo, *command, "--json")
    assert (said.code, said.out) == (2, "")
    assert REFUSED[command] in said.err
    assert said.err.count("\n") == 1
    assert said.err[-2] in ".?!"


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        (("--map", "unit"), "--map"),
        (("--map", "colour=地址"), "colour"),
        (("--map", "unit=颜色"), "颜色"),
        (("--where", "颜色=红"), "颜色"),
        (("--crs", "mars"), "mars"),
        (("--tz", "Mars/Base"), "Mars/Base"),
        (("--as-of", "soon"), "soon"),
        (("--encoding", "klingon"), "klingon"),
    ],
)
def test_an_import_with_a_wrong_choice_is_refused_and_stores_nothing(own, files, options, wrong):
    before = Workspace(own).newest_version()
    said = Said(own, "import", files["incidents"], "--source", "示例", *options, "--json")
    assert (said.code, said.out) == (2, "")
    assert wrong in said.err
    assert said.err.count("\n") == 1
    assert Workspace(own).newest_version() == before


def test_an_empty_workspace_counts_nothing_and_asks_for_boundaries_where_they_are_needed(tmp_path):
    assert asked(tmp_path, "imports") == []
    assert asked(tmp_path, "rejected") == []
    assert asked(tmp_path, "count", "--by", "hazard,month,source") == []
    assert asked(tmp_path, "resolution") == []
    assert Said(tmp_path, "undo").code == 2
    said = Said(tmp_path, "hotspots", "--json")
    assert (said.code, said.out) == (2, "")
    assert "polygons first" in said.err
    said = Said(tmp_path, "resolution", "--by", "cell", "--json")
    assert (said.code, said.err) == (2, WORDS("Load the boundary polygons first.") + "\n")


def test_own_incidents_are_not_imported_beside_the_example(own, files):
    said = Said(own, "import", files["next_month"], "--json")
    assert (said.code, said.out) == (2, "")
    assert "--workspace" in said.err


def test_settings_are_listed_changed_and_brought_back_to_their_defaults(tmp_path):
    listed = {one.pop("name"): one for one in asked(tmp_path, "settings")}
    assert listed["fdr"] == {"value": 0.05, "default": 0.05, "allowed": "0.001 – 0.25", "unit": ""}
    assert listed["max_file_mb"] == {"value": 200, "default": 200, "allowed": "1 – 10,000", "unit": "MB"}
    assert not Workspace(tmp_path).exists  # looking changes nothing

    command = ("settings", "--set", "max_file_mb=500", "--set", "fdr=0.1", "--set", "map_stamp=a=b")
    changed = {one["name"]: one["value"] for one in asked(tmp_path, *command)}
    assert (changed["max_file_mb"], changed["fdr"], changed["map_stamp"]) == (500, 0.1, "a=b")
    assert {name: value for name, value in changed.items() if value != listed[name]["default"]} == {
        "max_file_mb": 500, "fdr": 0.1, "map_stamp": "a=b"
    }  # fmt: skip
    assert Workspace(tmp_path).newest().named.settings == {"max_file_mb": 500, "fdr": 0.1, "map_stamp": "a=b"}
    asked(tmp_path, "settings", "--set", "max_file_mb=200", "--set", "fdr=0.05", "--set", "map_stamp=")
    assert Workspace(tmp_path).newest().named.settings == {}
    assert "max_file_mb" in Said(tmp_path, "settings").out


def test_a_file_too_large_is_read_once_the_setting_is_raised(files, tmp_path):
    asked(tmp_path, "settings", "--set", "max_file_mb=1")
    large = tmp_path / "large.csv"
    large.write_bytes(files["incidents"].read_bytes() + b"\n" * 1_000_000)
    said = Said(tmp_path, "import", large, "--json")
    assert (said.code, said.out) == (2, "")
    assert "max_file_mb" in said.err
    asked(tmp_path, "settings", "--set", "max_file_mb=200")
    assert asked(tmp_path, "import", large)["accepted"] > 0


def test_tables_for_people_hold_the_same_numbers(demo):
    text = Said(demo, "count", "--by", "hazard").out
    assert {tuple(line.rsplit(maxsplit=1)) for line in text.splitlines()[2:]} == {
        (HAZARD_NAMES[hazard], f"{(CASES['hazard'] == hazard).sum():,}") for hazard in HAZARDS
    }


def test_the_program_runs_from_another_folder_and_prints_json_only(demo, tmp_path):
    environment = {**os.environ, "HOTSPOTS_WORKSPACE": str(demo), "PYTHONUTF8": "0", "LANG": "C", "LC_ALL": "C"}
    command = [sys.executable, str(ROOT / "cli.py"), "count", "--by", "source", "--json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout.decode("utf-8")) == [{"source": "示例", "count": len(CASES)}]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("day", ["0001-01-01", "0900-05-01", "9999-12-31"])
def test_a_day_in_no_year_of_any_record_is_refused_with_a_sentence(demo, day):
    said = Said(demo, "count", "--end", day)
    assert (said.code, said.out) == (2, "")
    assert all(year in said.err for year in (day, "1900", "2100"))


def test_places_that_cells_share_are_printed_with_their_numbers(tmp_path):
    workspace = Workspace(tmp_path)
    load_cells(workspace, boundary([f"G{n:02d}" for n in range(25)], columns=5), "g.geojson", level="grid", who="t")
    counts = np.full(25, 4)
    counts[[7, 11, 12, 13, 17]] = [11, 11, 3, 11, 11]
    cases = [
        {"incident_id": f"{cell}-{n}", "reported_at": f"{2000 + n}-01-05", "lon": 113.005 + 0.01 * (cell % 5),
         "lat": 33.005 + 0.01 * (cell // 5)}
        for cell, number in enumerate(counts) for n in range(number)
    ]  # fmt: skip
    store(workspace, rows(cases))
    said = Said(tmp_path, "hotspots", "--method", "scan").out
    below = said.partition("together hold more than chance gives")[2]
    assert "grid G07" in below
    assert "47" in below
    assert "25.4" in below


def test_where_no_place_can_be_looked_for_the_answer_is_that_of_the_cells(tmp_path):
    workspace = with_grids(tmp_path)
    store(workspace, random_rows(200, seed=1))
    set_settings(workspace, {"scan_share": 0.01}, who="t")  # four cells: already one is more
    asked_for = asked(tmp_path, "hotspots", "--method", "scan")
    assert asked_for["methods"] == ["excess"]
    assert len(asked_for["cells"]) == 4
    assert "record" in asked_for
    assert asked_for["clusters"] == []
    assert asked(tmp_path, "hotspots")["methods"] == ["excess", "dbscan"]


def test_what_is_low_beyond_chance_is_not_printed_right_after_the_claims(tmp_path):
    ids = [f"G{n:03d}" for n in range(144)]
    load_cells(Workspace(tmp_path), boundary(ids, columns=12), "g.geojson", level="grid", who="t")
    quiet, busy = {(row, column) for row in range(5) for column in range(5)}, {(9, 9), (9, 10), (10, 9), (10, 10)}
    cases = [
        {"incident_id": f"{n}-{k}", "lon": 113.0005 + 0.01 * (n % 12) + 0.001 * k, "hazard": "wall_risk",
         "lat": 33.005 + 0.01 * (n // 12), "reported_at": f"2025-{1 + k:02d}-05 10:00"}
        for n in range(144)
        for k in range(0 if divmod(n, 12) in quiet else 9 if divmod(n, 12) in busy else 2 + n % 3)
    ]  # fmt: skip
    dataset = store(Workspace(tmp_path), rows(cases))
    spots = answers.hot_spots(dataset, Scope(level="grid"), method="gi_star").cells
    assert spots.loc[spots["pattern"] == "low", "p"].min() < spots.loc[spots["pattern"] == "", "p"].min()
    printed = re.findall(r"grid (G\d{3})", Said(tmp_path, "hotspots", "--method", "gi_star", "--no-evidence").out)
    assert printed[:50] == summary.rank_cells(spots)["cell_id"].head(50).tolist()
    assert spots.set_index("cell_id").loc[printed[:50], "pattern"].eq("low").sum() == 0
