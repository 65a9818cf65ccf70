"""The command line for drainage projects: loaded, listed, handed out and loaded again, removed, taken back."""

import json

import geopandas as gpd
import pytest
import shapely
from python_calamine import CalamineWorkbook
from stored import with_grids
from test_cli import Said, asked
from test_data_projects import TABLE, layer

from base.text import Words
from commands.frame import WORDS
from data.store import Workspace
from reports import projects as report


@pytest.fixture
def folder(tmp_path):
    with_grids(tmp_path / "w")
    (tmp_path / "p.csv").write_text(TABLE, encoding="utf-8")
    line = shapely.LineString([(113.0, 33.005), (113.02, 33.005)])
    (tmp_path / "l.geojson").write_bytes(
        layer(({"项目编号": "L", "造价（元）": 7, "缓冲": 20}, line), ({"name": "x"}, None))
    )
    return tmp_path


def test_projects_are_loaded_listed_removed_and_taken_back(folder):
    office = folder / "w"
    loaded = Said(office, "projects", folder / "p.csv", "--json")
    parts = [loaded.json[key] for key in ("new", "updated", "unchanged", "rejected", "repeats")]
    assert (loaded.json["read"], parts) == (3, [3, 0, 0, 0, 0])
    assert [one["code"] for one in loaded.json["problems"]] == ["cost-zero", "cost-missing", "cells-unknown"]
    assert "Row 3, project P-2: its cost is zero" in loaded.err
    rows = {one["project_id"]: one for one in asked(office, "projects")}
    assert rows["P-1"] | {"cells": [], "wkt": None} == rows["P-1"] | {"cells": []}
    assert (rows["P-1"]["cost"], rows["P-1"]["year"], rows["P-1"]["built_from"]) == (1_205_000, 2026, "2026-03-01")
    assert (rows["P-3"]["cost"], rows["P-2"]["year"]) == (None, None)
    people = Said(office, "projects")
    assert people.code == 0
    assert "Projects: 3; with a cost that can be counted: 1, together 1,205,000 yuan." in people.out
    assert "2,026" not in people.out
    version = Workspace(office).newest().version
    assert asked(office, "projects", folder / "p.csv")["unchanged"] == 3
    assert Workspace(office).newest().version == version  # the same again is no change
    assert asked(office, "projects", "--remove", "P-1", "--remove", "P-2")["projects"] == 1
    assert asked(office, "undo", "--projects")["what"] == "projects-removed"
    assert asked(office, "undo", "--projects") | {"projects": 0, "file": "p.csv"} == asked_last(office)
    assert Said(office, "undo", "--projects").code == 2
    assert "No project is stored" in Said(office, "projects").out


def asked_last(office):
    """What the newest version of a workspace says of itself, as the command that made it printed it."""
    newest = Workspace(office).newest()
    keys = ("took_back", "what", "file", "projects")
    return {**{key: newest.history[-1].what[key] for key in keys}, "not_choosable": 0, "version": newest.version}


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "gpkg"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_download_comes_back_the_same(folder, monkeypatch, suffix, lang):
    monkeypatch.setattr(WORDS, "__dict__", vars(Words(lang)))
    office, out = folder / "w", folder / f"out.{suffix}"
    for name in ("p.csv", "l.geojson"):
        assert Said(office, "projects", folder / name).code == 0
    before = asked(office, "projects")
    assert Said(office, "projects", "--out", out).code == 0
    again = asked(office, "projects", out)
    assert (again["read"], again["unchanged"]) == (5, 5)
    assert asked(office, "projects") == before


def test_a_geopackage_is_read_by_another_program(folder):
    office = folder / "w"
    for name in ("p.csv", "l.geojson"):
        asked(office, "projects", folder / name)
    Said(office, "projects", "--out", folder / "o.gpkg")
    drawn = gpd.read_file(folder / "o.gpkg", layer="projects")  # GDAL through pyogrio
    assert drawn.set_index("project_id").geometry["L"].length == pytest.approx(0.02)
    cells = gpd.read_file(folder / "o.gpkg", layer="project_cells")
    assert cells.loc[cells["project_id"] == "P-1", ["cell_id", "share"]].to_numpy().tolist() == [["A", 1.0], ["B", 1.0]]
    assert cells.geometry.geom_type.unique().tolist() == ["MultiPolygon"]


def test_formulas_in_a_workbook_are_text(folder):
    office = folder / "w"
    (folder / "f.csv").write_text("编号,项目名称,造价（元）\n=1+1,@SUM(A1),5\n", encoding="utf-8")
    asked(office, "projects", folder / "f.csv")
    Said(office, "projects", "--out", folder / "f.xlsx")
    rows = CalamineWorkbook.from_path(str(folder / "f.xlsx")).get_sheet_by_index(0).to_python()
    assert rows[1][:2] == ["=1+1", "@SUM(A1)"]


def test_metres_without_a_system_are_refused_and_taken_with_one(folder):
    metres = gpd.GeoSeries([shapely.box(113.0, 33.0, 113.005, 33.01)], crs="EPSG:4326").to_crs("EPSG:4546")
    (folder / "m.geojson").write_bytes(layer(({"name": "a", "造价（元）": 5}, metres[0])))
    refused = Said(folder / "w", "projects", folder / "m.geojson")
    assert (refused.code, refused.out) == (2, "")
    assert "--crs EPSG:4547" in refused.err
    assert asked(folder / "w", "projects", folder / "m.geojson", "--crs", "EPSG:4546")["problems"] == []


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["projects", "p.csv", "--remove", "P-1"], "one thing at a time"),
        (["projects", "none.csv"], "no file"),
        (["projects", "--remove", "P-9"], "There is no project P-9"),
        (["projects", "--out", "x.doc"], "ends in none of .xlsx, .csv and .gpkg"),
        (["projects", "p.csv", "--level", "district"], "no boundary level named district"),
        (["undo", "--projects", "--cells"], "one thing at a time"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(folder, monkeypatch, command, sentence):
    monkeypatch.chdir(folder)
    said = Said(folder / "w", *command)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("book", [False, True])
def test_the_template_can_be_loaded_as_it_is(folder, lang, book):
    file = folder / ("t.xlsx" if book else "t.csv")
    file.write_bytes(report.template(Words(lang), book=book))
    answer = json.loads(Said(folder / "w", "projects", file, "--json").out)
    assert (answer["read"], answer["new"], answer["problems"]) == (2, 2, [])
    rows = asked(folder / "w", "projects")
    assert [one["cells"] for one in rows] == [["A"], ["A"]]
    assert [one["kind"] for one in rows] == ["new_drain", "dredging"]
    assert [one["status"] for one in rows] == ["survey", "planned"]
    assert len({one["alternatives"] for one in rows}) == 1


def test_a_file_is_tried_and_nothing_is_stored(tmp_path):
    with_grids(tmp_path / "w")
    file = tmp_path / "p.csv"
    file.write_text("项目编号,名称,造价,网格\nP1,示例,100,A\nP2,示例,十万,A\nP1,示例,200,A\n")
    tried = Said(tmp_path / "w", "projects", file, "--dry-run")
    assert tried.code == 0
    assert "3 rows read = 2 new + 0 changed + 0 unchanged" in tried.out
    assert "“十万”" in tried.out
    assert "Row 4" in tried.out
    assert asked(tmp_path / "w", "projects") == []
    said = asked(tmp_path / "w", "projects", file, "--dry-run")
    done = asked(tmp_path / "w", "projects", file)
    assert {key: done[key] for key in said} == said
