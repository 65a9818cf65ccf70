"""The drainage projects on the Data page: with and without, in both languages, loaded, edited, put on cells."""

import pandas as pd
import pytest
import shapely
import streamlit as st
from hostile_names import HOSTILE
from stored import with_grids
from test_data_projects import TABLE, layer
from test_pages import WORDS, box, check, press, refusals, texts, visit, workspaces  # noqa: F401  fixtures among them

from data.projects import load_projects, save_projects, stamp
from data.store import Workspace
from pages.common import map_widget
from reports import projects as report


@pytest.fixture
def office(tmp_path):
    folder = tmp_path / "w"
    with_grids(folder)
    load_projects(Workspace(folder), TABLE.encode(), "p.csv", who="t")
    return folder


@pytest.fixture
def editor(monkeypatch):
    """What a reader does in the table: a function of the rows shown, which belongs to the table shown next."""
    done = {"edit": lambda rows: rows, "seen": []}
    typed = {}

    def shown(rows, **options):
        done["seen"].append((rows.copy(), options))
        edit = done["edit"]
        key = typed.setdefault(id(edit), (options["key"], edit))[0]
        return edit(rows.copy()) if key == options["key"] else rows.copy()

    monkeypatch.setattr(st, "data_editor", shown)
    return done


@pytest.fixture
def clicks(monkeypatch):
    """The map as the page asks for it: its values, and what a click on it calls."""
    asked = []
    monkeypatch.setattr(
        map_widget,
        "show_map",
        lambda key, cells, values, *, on_click=None, **more: asked.append((values, on_click, more)),
    )
    return asked


def stored(folder):
    return Workspace(folder).newest().projects().set_index("project_id")


def choose(seen, monkeypatch, cell):
    """Show the page as it is after a click on a cell."""
    seen.session_state["pr-cell"], seen.session_state["pr-level-shown"] = cell, "grid"
    return seen.run()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("workspace", ["demo", "empty", "office"])
def test_the_section_opens_with_words_for_what_is_there(visit, office, demo, workspace, lang):  # noqa: F811
    seen = visit("data", office if workspace == "office" else workspace, lang=lang, section="projects")
    assert not seen.exception
    assert refusals(seen) == []
    said = " ".join(texts(seen))
    words = WORDS[lang]
    for folder in (office, demo):
        shown = report.headline(stored(folder).reset_index(), words) in said
        assert shown == (workspace == {office: "office", demo: "demo"}[folder])
    empty = "No project is stored. Load a list"
    assert (words(empty) in said or empty in said or "尚无项目" in said) == (workspace == "empty")
    assert (words("Load the boundary polygons first: projects are put on their cells.") in said) == (
        workspace == "empty"
    )


def test_what_is_written_is_saved_and_taken_back(visit, office, editor):  # noqa: F811
    seen = visit("data", office, section="projects")
    assert next(one for one in seen.button if one.label == "Save the projects").disabled
    shown, options = editor["seen"][-1]
    assert shown["project_id"].tolist() == ["P-1", "P-2", "P-3"]
    assert shown["cells"].tolist() == ["A, B", "C", "A, Z9"]
    assert options["column_config"]["status"]["type_config"]["options"]

    def edit(rows):
        rows.loc[rows["project_id"] == "P-2", ["cost", "cells"]] = [5e5, "A、grid D"]
        rows.loc[len(rows), ["name", "cost", "status"]] = ["示例新井", 3e4, "design"]
        return rows

    before = stamp(stored(office).reset_index())
    editor["edit"] = edit
    seen = visit("data", office, section="projects")
    press(seen, "Save the projects")
    assert refusals(seen) == []
    assert "Saved: 1 new, 1 changed, 0 removed." in " ".join(texts(seen))
    rows = stored(office)
    assert (rows.at["P-2", "cost"], rows.at["P-2", "cells"]) == (5e5, ("A", "D"))
    assert (rows.at["P1", "name"], rows.at["P1", "status"]) == ("示例新井", "design")
    editor["edit"] = lambda rows: rows
    press(visit("data", office, section="projects"), "Take it back")
    assert stamp(stored(office).reset_index()) == before


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_two_editors_cannot_write_over_each_other(visit, office, editor, lang):  # noqa: F811
    words = WORDS[lang]
    editor["edit"] = lambda rows: rows.assign(owner="市政科")
    seen = visit("data", office, lang=lang, section="projects")
    theirs = Workspace(office).newest().projects().assign(owner="排水科")
    save_projects(Workspace(office), theirs, who="another")
    press(seen, words("Save the projects"))
    assert len(refusals(seen)) == 1
    assert [one.value for one in seen.warning] != []
    assert set(stored(office)["owner"]) == {"排水科"}
    press(seen, words("Show the projects as they are now"))
    assert refusals(seen) == []
    assert not seen.warning
    assert editor["seen"][-1][0]["owner"].tolist() == ["排水科"] * 3


def test_who_wrote_nothing_sees_at_once_what_another_one_wrote(visit, office, editor):  # noqa: F811
    seen = visit("data", office, section="projects")
    save_projects(Workspace(office), Workspace(office).newest().projects().assign(owner="排水科"), who="another")
    seen.run()
    assert not seen.warning
    assert editor["seen"][-1][0]["owner"].tolist() == ["排水科"] * 3


def test_the_map_shows_projects_by_stage_and_a_click_chooses_a_cell(visit, office, clicks):  # noqa: F811
    box_ = shapely.box(113.012, 33.012, 113.018, 33.018)  # in D
    load_projects(
        Workspace(office), layer(({"编号": "Q", "造价（元）": 5, "阶段": "完成"}, box_)), "q.geojson", who="t"
    )
    seen = visit("data", office, section="projects")
    values, _, more = clicks[-1]
    # planned 0, survey 1, design 2, construction 3, then inspection (hatched) and done; A has P-1 and P-3
    assert list(values.classes) == [4, 3, 0, 4]
    assert list(values.labels) == ["2", "P-1", "P-2", "Q"]
    assert list(values.unreached) == [0]
    assert [group.label for group in values.groups] == ["Q"]
    assert "P-1" in values.tips[0]
    assert "covers 100%" in values.tips[1]
    assert "4 of 4 projects cover some cell" in more["alt"]
    assert "Choose a cell on the map" in " ".join(texts(seen))


def test_projects_begin_in_a_chosen_cell_and_have_cells_or_lose_them(visit, office, clicks, monkeypatch):  # noqa: F811
    seen = choose(visit("data", office, section="projects"), monkeypatch, "D")
    assert clicks[-1][0].selected == 3
    press(seen, "New project in this cell")
    assert refusals(seen) == []
    rows = stored(office)
    assert (rows.at["P1", "cells"], rows.at["P1", "level"], rows.at["P1", "status"]) == (("D",), "grid", "planned")
    box(seen, "Project").select("P-1").run()
    press(seen, "Give this cell to the project")
    assert stored(office).at["P-1", "cells"] == ("A", "B", "D")
    box(seen, "Project").select("P-1").run()
    press(seen, "Take this cell from the project")
    assert stored(office).at["P-1", "cells"] == ("A", "B")


def test_a_project_begins_in_a_cell_where_none_is_stored(visit, tmp_path, clicks, monkeypatch):  # noqa: F811
    with_grids(tmp_path / "n")
    seen = choose(visit("data", tmp_path / "n", section="projects"), monkeypatch, "A")
    press(seen, "New project in this cell")
    assert stored(tmp_path / "n")["cells"].tolist() == [("A",)]


def test_a_click_waits_until_what_is_written_is_saved(visit, office, editor, clicks, monkeypatch):  # noqa: F811
    editor["edit"] = lambda rows: rows.assign(owner="市政科")
    seen = choose(visit("data", office, section="projects"), monkeypatch, "D")
    assert next(one for one in seen.button if one.label == "New project in this cell").disabled
    assert "Save what you wrote in the table first" in " ".join(texts(seen))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("section", ["projects", "load"])
def test_a_file_is_previewed_and_loaded(visit, tmp_path, lang, section):  # noqa: F811
    words = WORDS[lang]
    with_grids(tmp_path / "n")
    seen = visit("data", tmp_path / "n", lang=lang, section=section)
    seen.file_uploader[0].set_value(("p.csv", TABLE.encode(), "text/csv")).run()
    assert refusals(seen) == []
    if section == "load":
        assert box(seen, words("This file holds")).value == "projects"
    said = " ".join(texts(seen))
    facts = {"read": 3, "new": 3, "updated": 0, "unchanged": 0, "rejected": 0, "repeats": 0}
    assert report.totals_sentence(facts, "p.csv", words) in said
    odd = [one.value for one in seen.dataframe if words("What is odd") in one.value]
    assert len(odd[0]) == 3
    assert Workspace(tmp_path / "n").newest().projects().empty
    press(seen, words("Load the projects"))
    assert refusals(seen) == []
    assert len(stored(tmp_path / "n")) == 3
    assert report.totals_sentence(facts, "p.csv", words) in " ".join(texts(seen))
    if section == "projects":
        assert seen.file_uploader[0].value is None


def test_a_layer_needs_its_system_before_it_is_loaded(visit, tmp_path):  # noqa: F811
    with_grids(tmp_path / "n")
    content = layer(({"编号": "Q", "造价（元）": 5}, shapely.box(113.0, 33.0, 113.01, 33.01)))
    seen = visit("data", tmp_path / "n", section="projects")
    seen.file_uploader[0].set_value(("q.geojson", content, "application/json")).run()
    assert next(one for one in seen.button if one.label == "Load the projects").disabled
    box(seen, "Coordinate system").select("wgs84").run()
    press(seen, "Load the projects")
    assert refusals(seen) == []
    assert stored(tmp_path / "n").geometry["Q"].area == pytest.approx(1e-4)


def test_metres_are_refused_with_a_choice_of_systems(visit, tmp_path):  # noqa: F811
    with_grids(tmp_path / "n")
    content = layer(({"编号": "Q", "造价（元）": 5}, shapely.box(38_500_000, 3_650_000, 38_500_900, 3_651_000)))
    seen = visit("data", tmp_path / "n", section="projects")
    seen.file_uploader[0].set_value(("q.geojson", content, "application/json")).run()
    assert "which are no degrees" in " ".join(refusals(seen))
    assert box(seen, "Coordinate system").value is None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_file_that_is_none_of_projects_is_a_sentence(visit, tmp_path, lang):  # noqa: F811
    seen = visit("data", tmp_path, lang=lang, section="projects")
    seen.file_uploader[0].set_value(("x.csv", "日期,备注\n2026-01-01,x\n".encode(), "text/csv")).run()
    assert not seen.exception
    assert len(refusals(seen)) == 1


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_texts_are_shown_as_typed(visit, office, lang, monkeypatch):  # noqa: F811
    rows = pd.DataFrame(
        [{"project_id": text[:60], "name": text, "kind": text, "owner": text, "cells": ("A", text)} for text in HOSTILE]
    )
    save_projects(Workspace(office), rows, who="t")
    seen = choose(visit("data", office, lang=lang, section="projects"), monkeypatch, "A")
    assert not seen.exception
    assert refusals(seen) == []


def test_a_demo_is_not_changed_by_looking(visit, demo):  # noqa: F811
    before = Workspace(demo).newest_version()
    check(visit("data", "demo", section="projects"), "data", "demo", "en")
    assert Workspace(demo).newest_version() == before
