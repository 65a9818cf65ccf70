"""Drainage projects: read from every format, told where they are odd, stored, edited, taken back, laid over cells."""

import datetime as dt
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hostile_names import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from stored import boundary, with_grids

from base.errors import HazardError
from base.text import Words
from data import apart, persons
from data.levels import load_cells
from data.project_words import STATUS_NAMES, TITLES, cost_unit, is_project_table, read_cost, read_kind, read_status
from data.projects import (
    PROJECTS,
    added,
    cells_of_projects,
    choosable,
    load_projects,
    preview,
    read_projects,
    remove_projects,
    save_projects,
    stamp,
    take_back,
    toggled,
)
from data.purpose import guess_purpose
from data.store import Workspace
from data.tables import PROJECT_COLUMNS
from data.taking_back import last_change
from geo.crs import wgs84_to_bd09, wgs84_to_gcj02
from reports.geopackage import MULTIPOLYGON, POINT, Layer, write_geopackage
from reports.sheet import write_sheet

# an office's own list 示例: four grids A to D of 0.01 degrees around 113.01, 33.01 (`stored.with_grids`)
TABLE = """项目编号,项目名称,项目类型,造价（万元）,阶段,开工日期,完工日期,责任单位,互斥组,是否必做,资金年度,网格
P-1,示例路新建管,新建管网,120.5,施工监管,2026-03-01,,排水科,甲,是,2026,A、B
P-2,示例巷清淤,清淤,0,计划,,,街道办,甲,否,,grid C
P-3,示例泵站,雨水花园,,后续排查,2025-01-01,2025-06-30,,,,2027年,A;Z9
"""


def read(text, name="p.csv", **options):
    return read_projects(text if isinstance(text, bytes) else text.encode(), name, **options)


def load(workspace, text, name="p.csv", **options):
    return load_projects(workspace, text if isinstance(text, bytes) else text.encode(), name, who="t", **options)


def layer(*features):
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "properties": values,
                    "geometry": shapely.geometry.mapping(shape) if shape else None,
                }
                for values, shape in features
            ],
        }
    ).encode()


def codes(answer):
    return sorted((one.project_id, one.code) for one in answer["problems"])


def shares(workspace, level="grid"):
    dataset = workspace.newest()
    found = cells_of_projects(dataset, dataset.projects(), level)
    return {(one.project_id, one.cell_id): one.share for one in found.itertuples()}


@pytest.mark.parametrize(
    ("text", "title", "cost"),
    [
        ("120", "造价（万元）", 1_200_000),
        ("1,200,000", "造价（元）", 1_200_000),
        ("120万元", "造价（元）", 1_200_000),  # what stands in the cell goes before the title
        ("120万", "造价", 1_200_000),
        ("1.2亿元", "", 120_000_000),
        ("￥35,000.50", "造价（万元）", 35_000.5),
        ("３５０００元", "", 35_000),
        ("1.2E+06", "Cost (yuan)", 1_200_000),
        ("12", "Cost (10,000 yuan)", 120_000),
        ("-5", "", -5),
        ("0", "", 0),
        ("100-120万元", "", None),
        ("约120万元", "", None),
        ("1.200.000", "", None),
        ("9" * 400, "", None),
        ("1e999", "", None),
    ],
)
def test_costs_are_read_in_yuan_by_the_unit_of_the_cell_or_of_the_title(text, title, cost):
    assert read_cost(text, cost_unit(title) or 1.0) == cost


@pytest.mark.parametrize("text", ["", " ", "-", "—", "待定", "n/a"])
def test_a_cost_that_is_not_written_is_missing_and_no_mistake(text):
    assert np.isnan(read_cost(text))


@given(st.integers(0, 10**11))
def test_a_cost_in_ten_thousands_is_ten_thousand_times_that_in_yuan(hundredths):
    text = f"{hundredths // 100}.{hundredths % 100:02d}"
    assert read_cost(text + "万元") == pytest.approx(1e4 * read_cost(text))


def test_stages_and_kinds_are_read_in_both_languages():
    for code, texts in {
        "survey": ("勘察评估", "Survey and assessment", "survey", "勘测"),
        "design": ("方案设计", "Design", "设计中"),
        "construction": ("施工监管", "Construction supervision", "在建"),
        "inspection": ("后续排查", "Follow-up inspection"),
        "planned": ("计划", "Planned", "未开工"),
        "done": ("已完成", "Done", "竣工"),
    }.items():
        assert [read_status(text) for text in texts] == [code] * len(texts)
        assert read_status(Words("en")(STATUS_NAMES[code])) == code
    assert (read_status(""), read_status("some day")) == ("", None)
    assert [read_kind(text) for text in ("清淤", "New drain", "泵站", " 雨水  花园 ")] == [
        "dredging", "new_drain", "pump", "雨水 花园",
    ]  # fmt: skip


def test_a_table_is_read_with_every_field_and_what_cannot_be_is_told(tmp_path):
    file = read(TABLE)
    assert (file.read, len(file.rows), file.repeats) == (3, 3, 0)
    rows = file.rows.set_index("project_id")
    assert rows["cost"].tolist()[:2] == [1_205_000, 0]
    assert np.isnan(rows["cost"].iloc[2])
    assert rows["status"].tolist() == ["construction", "planned", "inspection"]
    assert rows["kind"].tolist() == ["new_drain", "dredging", "雨水花园"]
    assert rows["built_from"].tolist() == [dt.date(2026, 3, 1), None, dt.date(2025, 1, 1)]
    assert rows["must"].tolist() == [True, False, False]
    assert rows["year"].tolist()[::2] == [2026, 2027]
    assert pd.isna(rows["year"].iloc[1])
    assert rows["owner"].tolist() == ["排水科", "街道办", ""]
    assert rows["alternatives"].tolist() == ["甲", "甲", ""]
    assert rows["cells"].tolist() == [("A", "B"), ("grid C",), ("A", "Z9")]
    workspace = with_grids(tmp_path / "w")
    answer = load(workspace, TABLE)
    assert [answer[key] for key in ("read", "new", "updated", "unchanged", "rejected", "repeats")] == [3, 3, 0, 0, 0, 0]
    assert codes(answer) == [("P-2", "cost-zero"), ("P-3", "cells-unknown"), ("P-3", "cost-missing")]
    stored = workspace.newest().projects()
    assert list(stored) == list(PROJECT_COLUMNS)
    assert isinstance(stored, gpd.GeoDataFrame)
    assert stored["level"].tolist() == ["grid"] * 3
    assert stored["cells"].tolist() == [("A", "B"), ("C",), ("A", "Z9")]  # by name too; the unknown one is kept
    assert choosable(stored).tolist() == [True, False, False]
    assert answer["not_choosable"] == 2
    assert shares(workspace) == {("P-1", "A"): 1, ("P-1", "B"): 1, ("P-2", "C"): 1, ("P-3", "A"): 1}


def test_a_workbook_in_english_and_a_csv_say_the_same():
    titles = {
        "a": "Project number", "b": "Project name", "c": "Cost (yuan)", "d": "Stage", "e": "Finished on", "f": "Cells",
    }  # fmt: skip
    frame = pd.DataFrame(
        [["P-1", "drain", 1_205_000.0, "Follow-up inspection", pd.Timestamp("2026-03-01"), "A, B"]],
        columns=list(titles),
    )
    book = read(write_sheet(frame, titles, name="x", words=Words("en")), "p.xlsx")
    text = read(",".join(f'"{one}"' for one in titles.values()) + '\nP-1,drain,1205000,后续排查,2026-03-01,"A, B"\n')
    for found in (book, text):
        (row,) = found.rows.itertuples()
        assert (row.cost, row.status, row.finished_on, row.cells) == (
            1_205_000, "inspection", dt.date(2026, 3, 1), ("A", "B"),
        )  # fmt: skip
    assert [str(one) for one in book.notes] == []


@pytest.mark.parametrize("kind", ["geojson", "gpkg", "wkt", "points"])
def test_places_come_from_layers_texts_and_pairs_of_numbers(tmp_path, kind):
    box, line = shapely.box(113.0, 33.0, 113.005, 33.01), shapely.LineString([(113.0, 33.005), (113.02, 33.005)])
    point = shapely.Point(113.005, 33.005)
    if kind == "geojson":
        content = layer(({"项目编号": "a", "造价": 1}, box), ({"项目编号": "b", "缓冲距离": "20米"}, line))
    elif kind == "gpkg":
        frame = pd.DataFrame({"project_id": ["a"], "cost": [1]})
        content = write_geopackage(
            [Layer("p", "p", frame, MULTIPOLYGON, np.array([box]))], changed=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        )
    elif kind == "wkt":
        content = f'编号,造价,WKT,缓冲\na,1,"{box.wkt}",\nb,1,"{line.wkt}",20\n'.encode()
    else:
        content = f"编号,造价,经度,纬度,buffer_m\na,1,{point.x},{point.y},100\nb,1,,,\n".encode()
    workspace = with_grids(tmp_path / "w")
    answer = load(workspace, content, f"p.{kind}")
    found = shares(workspace)
    if kind == "points":
        area_m2 = workspace.newest().cells("grid")["area_km2"][0] * 1e6
        assert found == {("a", "A"): pytest.approx(np.pi * 1e4 / area_m2, rel=0.01)}
        assert ("b", "no-place") in codes(answer)
        return
    assert found[("a", "A")] == pytest.approx(0.5, abs=1e-4)
    assert ("a", "B") not in found
    assert answer["crs_from"] == ("file" if kind == "gpkg" else "usual")
    if kind != "gpkg":
        # 40 m of the height of a cell: a hundredth of a degree of latitude, 1,109.1 m at 33 degrees north
        assert found[("b", "A")] == pytest.approx(40 / 1109.1, rel=0.01)
        assert workspace.newest().projects()["buffer_m"].tolist()[1] == 20


def test_several_layers_have_to_be_chosen_from():
    frame, shape = pd.DataFrame({"name": ["a"]}), np.array([shapely.Point(113, 33)])
    content = write_geopackage(
        [Layer(one, one, frame, POINT, shape) for one in ("x", "y")], changed=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    )
    with pytest.raises(HazardError, match="several layers: x, y") as caught:
        read(content, "p.gpkg")
    assert caught.value.code == "layer-ambiguous"
    assert read(content, "p.gpkg", layer="y").rows["name"].tolist() == ["a"]


@pytest.mark.parametrize(("crs", "move"), [("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)])
def test_shifted_coordinates_are_brought_back(crs, move):
    box = shapely.box(113.0, 33.0, 113.005, 33.01)
    there = shapely.transform(box, lambda at: np.column_stack(move(at[:, 0], at[:, 1])))
    (row,) = read(layer(({"name": "a"}, there)), "p.geojson", crs=crs).rows.itertuples()
    assert shapely.hausdorff_distance(row.geometry, box) < 1e-8


def test_metres_need_their_system_and_are_refused_without():
    metres = gpd.GeoSeries([shapely.box(113.0, 33.0, 113.005, 33.01)], crs="EPSG:4326").to_crs("EPSG:4546")[0]
    content = layer(({"name": "a"}, metres))
    with pytest.raises(HazardError, match="which are no degrees") as caught:
        read(content, "p.geojson")
    assert caught.value.code == "projects-projected"
    (row,) = read(content, "p.geojson", crs="EPSG:4546").rows.itertuples()
    assert row.geometry.centroid.x == pytest.approx(113.0025, abs=1e-6)
    with pytest.raises(HazardError) as caught:
        read(content, "p.geojson", crs="here")
    assert caught.value.code == "crs-unknown"


def test_a_place_outside_the_boundary_is_told_kept_and_not_placed(tmp_path):
    workspace = with_grids(tmp_path / "w")
    answer = load(workspace, layer(({"name": "a", "cost": 5}, shapely.box(113.5, 33.0, 113.6, 33.1))), "p.geojson")
    assert codes(answer) == [("P1", "outside")]
    assert workspace.newest().projects().geometry.notna().all()
    assert shares(workspace) == {}


def test_what_cannot_be_read_is_told_row_by_row_and_the_project_is_kept():
    file = read(
        "编号,造价,阶段,开工日期,完工日期,必做,年度,缓冲,WKT\n"
        'a,很多,不知道,昨天,2026-01-01,也许,明年,很宽,"CIRCULARSTRING (0 0, 1 1, 2 0)"\n'
        "b,5,施工,2026-05-01,2026-01-01,是,2026,5,POLYGON ((\n"
    )
    assert [(one.row, one.code) for one in file.problems if one.row == 2] == [
        (2, "cost-unreadable"), (2, "day-unreadable"), (2, "must-unreadable"), (2, "year-unreadable"),
        (2, "buffer-unreadable"), (2, "status-unreadable"), (2, "geometry-unreadable"),
    ]  # fmt: skip
    assert [one.code for one in file.problems if one.row == 3] == ["geometry-unreadable"]
    first = file.rows.iloc[0]
    assert (first["status"], first["must"], first["geometry"]) == ("planned", False, None)
    assert "很多" in str(file.problems[0].sentence)
    assert [str(one)[:30] for one in file.notes] == ["Column 造价 names no unit: its c"]


def test_days_out_of_order_and_costs_below_zero_are_told(tmp_path):
    workspace = with_grids(tmp_path / "w")
    answer = load(workspace, "编号,造价（元）,开工日期,完工日期,网格\na,-3,2026-05-01,2026-01-01,A\n")
    assert codes(answer) == [("a", "cost-negative"), ("a", "days-out-of-order")]
    said = {one.code: one.sentence.say(Words("en")) for one in answer["problems"]}
    assert said["days-out-of-order"].startswith("the days are out of order: Construction from")
    assert "-3" in said["cost-negative"]


def test_a_stage_that_nobody_wrote_is_that_of_the_last_day():
    file = read("编号,勘察日期,完工日期\na,,\nb,2025-01-01,\nc,2025-01-01,2025-06-01\n")
    assert file.rows["status"].tolist() == ["planned", "survey", "inspection"]


def test_totals_tie_over_repeats_doubles_totals_and_nameless_rows(tmp_path):
    text = (
        "项目编号,项目名称,造价（万元）\nP-1,甲,10\nP-1,甲,10\nP-1,甲,11\n,乙,3\n,乙,3\n,乙,4\n,,7\n"
        "P-2,丙,5\n合计,,40\n"
    )
    answer = load(Workspace(tmp_path), text)
    parts = {key: answer[key] for key in ("new", "updated", "unchanged", "rejected", "repeats")}
    assert parts == {"new": 3, "updated": 0, "unchanged": 0, "rejected": 4, "repeats": 2}
    assert answer["read"] == sum(parts.values()) == 9
    assert answer["rejected_rows"]["row"].tolist() == [4, 7, 8, 10]
    assert "stands in several rows" in str(answer["rejected_rows"]["sentence"].iloc[0])
    stored = Workspace(tmp_path).newest().projects()
    assert stored[["project_id", "name", "cost"]].to_numpy().tolist() == [
        ["P-1", "甲", 1e5], ["P-2", "丙", 5e4], ["P1", "乙", 3e4],
    ]  # fmt: skip
    again = load(Workspace(tmp_path), text.replace("丙,5", "丙,6"))
    assert (again["new"], again["updated"], again["unchanged"]) == (0, 1, 2)  # 乙 is found again by its name


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "p.csv", "empty-file"),
        ("日期,备注\n2026-01-01,x\n".encode(), "p.csv", "not-projects"),
        (b'{"type": "FeatureCollection", "features": []}', "p.geojson", "no-rows"),
        (b'{"type": "Feat', "p.geojson", "json-broken"),
        (b"SQLite format 3\x00" + bytes(200), "p.gpkg", "not-a-boundary"),
        (b"\x00\x01\x02\x03" * 50, "p.xlsx", "not-a-table"),
    ],
)
def test_what_is_no_file_of_projects_is_refused(tmp_path, content, name, code):
    with pytest.raises(HazardError) as caught:
        load(Workspace(tmp_path / "w"), content, name)
    assert caught.value.code == code
    assert not (tmp_path / "w").exists()


def test_a_file_without_a_usable_row_stores_nothing(tmp_path):
    with pytest.raises(HazardError, match="none of its 1 rows") as caught:
        load(Workspace(tmp_path / "w"), "项目编号,项目名称,造价\n,,7\n")
    assert caught.value.code == "projects-none"


def test_lines_and_points_go_through_the_process_apart_as_they_do_here():
    content = layer(({"name": "a"}, shapely.LineString([(113, 33), (114, 33)])), ({"name": "b"}, None))
    settings = {"max_file_mb": 5, "read_memory_mb": 500, "read_seconds": 30, "read_output_mb": 50}
    here, there = (
        apart.read_features(content, "p.geojson", settings=settings | {"read_apart": flag}) for flag in (0, 1)
    )
    pd.testing.assert_frame_equal(pd.DataFrame(here.frame), pd.DataFrame(there.frame))
    assert here.frame.geometry.geom_type.tolist() == ["LineString", None]


def test_personal_data_stop_at_the_door(tmp_path):
    text = (
        "项目名称,造价（元）,负责人,联系电话,备注\n甲 联系人张三 13812345678,5,李四,13812345678,x\n乙,5,排水管理科,,y\n"
    )
    answer = load(Workspace(tmp_path), text)
    rows = Workspace(tmp_path).newest().projects()
    assert sorted(rows["owner"]) == ["***", "排水管理科"]
    kept = rows.to_json()
    assert not any(text in kept for text in ("李四", "张三", "13812345678"))
    assert ("P1", "owner-hidden") in codes(answer)
    said = " ".join(str(one) for one in answer["notes"])
    assert "personal data: 联系电话" in said
    assert "no column of a project: 备注" in said


def test_an_erased_person_is_in_no_project_and_in_no_earlier_version(tmp_path):
    workspace = Workspace(tmp_path)
    load(workspace, "编号,项目名称,造价\na,示例红旗塘路,5\n")
    save_projects(workspace, workspace.newest().projects().assign(kind="红旗塘井"), who="t")
    assert {one["place"] for one in persons.find(workspace, "红旗塘")} >= {"projects", "originals", "earlier versions"}
    persons.erase(workspace, "红旗塘", who="t")
    assert persons.find(workspace, "红旗塘") == []
    assert workspace.newest().projects()["name"].tolist() == ["示例***路"]


def test_changes_are_versions_and_are_taken_back_one_by_one(tmp_path):
    workspace = with_grids(tmp_path / "w")
    stood = [stamp(workspace.newest().projects())]
    load(workspace, TABLE)
    stood.append(stamp(workspace.newest().projects()))
    rows = workspace.newest().projects()
    rows.loc[0, "cost"] = 9.0
    save_projects(workspace, rows, who="t")
    stood.append(stamp(workspace.newest().projects()))
    assert remove_projects(workspace, ["P-2"], who="t")["projects"] == 2
    assert last_change(workspace.newest(), PROJECTS).kind == "projects-removed"
    for before, file in ((stood[2], ""), (stood[1], ""), (stood[0], "p.csv")):
        assert take_back(workspace, who="t")["file"] == file
        assert stamp(workspace.newest().projects()) == before
    with pytest.raises(HazardError, match="no such change") as caught:
        take_back(workspace, who="t")
    assert caught.value.code == "nothing-to-undo"
    with pytest.raises(HazardError, match="no project P-9"):
        remove_projects(workspace, ["P-9"], who="t")
    for attempt in (lambda: take_back(Workspace(tmp_path / "none"), who="t"),
                    lambda: remove_projects(Workspace(tmp_path / "none"), ["a"], who="t")):  # fmt: skip
        with pytest.raises(HazardError):
            attempt()
    assert not (tmp_path / "none").exists()


def test_two_who_write_at_once_do_not_write_over_each_other(tmp_path):
    workspace = with_grids(tmp_path / "w")
    load(workspace, TABLE)
    seen = workspace.newest().projects()
    save_projects(workspace, seen.assign(owner="排水科"), based_on=seen, who="one")
    with pytest.raises(HazardError, match="Somebody else has changed the projects") as caught:
        save_projects(workspace, seen.assign(owner="市政科"), based_on=seen, who="other")
    assert caught.value.code == "projects-changed"
    assert set(workspace.newest().projects()["owner"]) == {"排水科"}
    now = workspace.newest().projects()
    save_projects(workspace, now.assign(owner="市政科"), based_on=now, who="other")


def test_what_an_editor_gives_back_is_cleaned_numbered_and_keeps_what_it_does_not_show(tmp_path):
    workspace = with_grids(tmp_path / "w")
    load(workspace, layer(({"项目编号": "a", "造价": 1}, shapely.box(113.0, 33.0, 113.005, 33.01))), "p.geojson")
    shape = workspace.newest().projects().geometry[0]
    typed = pd.DataFrame(
        [
            {"project_id": "a", "name": " 甲  路 ", "cost": 7.0, "status": "design", "must": True, "year": 2027},
            {"project_id": None, "name": "乙 13812345678", "cost": None, "status": None, "must": None, "year": None},
            {"project_id": None, "name": None, "cost": 4.0},
        ]
    )
    answer = save_projects(workspace, typed, who="t")
    assert (answer["new"], answer["updated"], answer["removed"], answer["projects"]) == (1, 1, 0, 2)
    rows = workspace.newest().projects().set_index("project_id")
    assert rows.geometry["a"].equals(shape)
    assert rows["name"].tolist() == ["乙 ***", "甲 路"]
    assert rows.index.tolist() == ["P1", "a"]
    assert (rows["status"]["P1"], rows["must"]["P1"], rows["year"]["a"]) == ("planned", False, 2027)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"project_id": "a"}, {"project_id": "a"}], "project-twice"),
        ([{"project_id": "a" * 61}], "project-id"),
        ([{"project_id": "a", "status": "soon"}], "project-status"),
        ([{"project_id": "a", "year": 1066}], "year-far"),
    ],
)
def test_what_cannot_be_a_table_of_projects_is_refused(tmp_path, rows, code):
    with pytest.raises(HazardError) as caught:
        save_projects(Workspace(tmp_path), pd.DataFrame(rows), who="t")
    assert caught.value.code == code
    assert Workspace(tmp_path).newest().projects().empty


def test_hostile_texts_stay_texts(tmp_path):
    rows = pd.DataFrame(
        [{"project_id": f"{n}", "name": text, "kind": text, "cells": (text,)} for n, text in enumerate(HOSTILE)]
    )
    workspace = with_grids(tmp_path / "w")
    save_projects(workspace, rows, who="t")
    stored = workspace.newest().projects()
    assert sorted(stored["name"]) == sorted(" ".join(text.split()) for text in HOSTILE)
    assert shares(workspace) == {}


def test_cells_are_listed_of_one_level_and_laid_over_another(tmp_path):
    workspace = with_grids(tmp_path / "w")
    load(workspace, "编号,造价,网格\na,1,A\nb,1,E\n")
    assert workspace.newest().projects()["level"].tolist() == ["grid", "community"]
    # W of 0.02 degrees square holds A to D, each of a quarter; E lies east of it and holds none
    assert shares(workspace)[("a", "A")] == 1
    assert shares(workspace, "community") == pytest.approx({("a", "W"): 0.25, ("b", "E"): 1}, abs=1e-3)
    with pytest.raises(HazardError):
        shares(workspace, "district")


def test_the_larger_of_what_is_listed_and_drawn_counts(tmp_path):
    workspace = with_grids(tmp_path / "w")
    load(workspace, layer(({"name": "a", "网格": "B"}, shapely.box(113.0, 33.0, 113.015, 33.01))), "p.geojson")
    assert shares(workspace) == pytest.approx({("P1", "A"): 1, ("P1", "B"): 1}, abs=1e-4)


def test_a_boundary_that_comes_later_places_what_was_kept(tmp_path):
    workspace = Workspace(tmp_path / "w")
    load(workspace, "编号,造价,网格\na,1,A\n")
    load_cells(workspace, boundary("ABCD"), "grids.geojson", level="grid", who="t")
    assert shares(workspace) == {("a", "A"): 1}


def test_projects_are_added_and_cells_toggled_from_the_map(tmp_path):
    workspace = with_grids(tmp_path / "w")
    rows, number = added(workspace.newest().projects(), "grid", ["A"], name="甲")
    rows, has = toggled(rows, number, "grid", "B")
    assert (number, has, rows["cells"].tolist()) == ("P1", True, [("A", "B")])
    with pytest.raises(HazardError) as caught:
        toggled(rows, number, "community", "W")
    assert caught.value.code == "project-level"
    for cell in "AB":
        rows, has = toggled(rows, number, "grid", cell)
        assert not has
    assert (rows["cells"].tolist(), rows["level"].tolist()) == ([()], [""])
    rows, _ = toggled(rows, number, "community", "W")
    assert rows["level"].tolist() == ["community"]
    assert added(rows, "grid", ["C"])[1] == "P2"


def test_a_preview_tells_what_a_file_would_do_and_stores_nothing(tmp_path):
    workspace = with_grids(tmp_path / "w")
    load(workspace, TABLE)
    version = workspace.newest().version
    found = preview(workspace.newest(), read(TABLE.replace("P-3", "P-4").replace("120.5", "130")))
    assert (found.new, found.updated, found.unchanged, len(found.after)) == (1, 1, 1, 4)
    assert workspace.newest().version == version


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_titles_of_a_download_are_those_that_are_read(lang):
    words = Words(lang)
    headers = [words(title) for title in TITLES.values()]
    assert is_project_table(headers)
    assert guess_purpose(headers) == "projects"
    assert guess_purpose(["上报时间", "工单编号", "费用"]) == "reports"
