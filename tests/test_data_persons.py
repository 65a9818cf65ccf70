"""A person's data are found wherever the workspace keeps text, and after an erasure no byte of it is left."""

import io
import json
import shutil
import zipfile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored import boundary, rows, store, with_grids
from typer.testing import CliRunner

import cli
from base.errors import HazardError
from data import changes, correction_sheet, journal, keeping, persons, profiles, tables
from data.calendar_table import load_workdays
from data.gazetteer import load_gazetteer
from data.levels import load_cells
from data.loading import import_incidents
from data.projects import save_projects
from data.rain import load_rain
from data.searching import Needle
from data.standards import load_standard
from data.store import Workspace
from data.taxonomy import DEFAULT_RULES

NAME = "钱多多"
CSV = (
    "案卷号,上报时间,问题描述,地址,经度,纬度\n"
    f"1,2025-03-05 10:00,{NAME}家门口积水,人民路,113.005,33.005\n"
    f"钱多多-2,2025-04-05 10:00,井盖下沉,{NAME}巷,113.015,33.005\n"
    "3,2025-05-05 10:00,外墙脱落,人民路,113.005,33.015\n"
    f"4,soon,{NAME}又报,人民路,113.005,33.015\n"
).encode()


@pytest.fixture
def workspace(made, tmp_path):
    return Workspace(shutil.copytree(made, tmp_path / "w"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The name stands in each place that keeps text: see `test_find_...`."""
    found = with_grids(tmp_path_factory.mktemp("made") / "w")
    load_cells(found, boundary(["A", "B"]), f"{NAME}.geojson", level="grid", who="t")
    import_incidents(found, CSV, f"{NAME}.csv", source="热线", who="t")
    dated = {"incident_id": "5", "reported_at": "2025-06-06", "attributes": [("备注", f"找{NAME}"), ("x", "y")]}
    store(found, rows([dated, {"incident_id": "6"}], source="s"), import_id="i6")
    with found.change("settings", who=NAME) as change:
        change.keep_original(CSV, f"{NAME}.csv")
        change.keep_original(b"nothing of it", "other.csv")
        change.keep_original(b"PAR1...", "closed.parquet")
        change.commit()
    corrected = CSV.replace(f"{NAME}家门口".encode(), "门口".encode())
    import_incidents(found, corrected, "b.csv", source="热线", who="t")
    runs = found.path / "runs"
    runs.mkdir()
    (runs / "1.json").write_text(json.dumps({NAME: [f"甲{NAME}乙", 1.5]}, ensure_ascii=True), encoding="utf-8")
    (runs / "1.bin").write_bytes(b"\x00\x01" * 50 + NAME.encode())
    return found.path


def holding(folder, text=NAME) -> list[str]:
    """The files of a workspace that hold the text: all of them, Parquet decoded whether a version names it or not."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            parts = [path.name, path.read_bytes().decode("utf-8", errors="replace")]
            if path.suffix == ".parquet":
                parts += [str(pq.ParquetFile(path).read().to_pylist()), str(pq.read_metadata(path).to_dict())]
            elif path.suffix == ".json":
                lines = parts[1].splitlines() if "_delta_log" in path.parts else [parts[1]]
                parts += [str(json.loads(line)) for line in lines]
            found += [path.relative_to(folder).as_posix()] if text in "\n".join(parts) else []
    return found


def test_find_says_where_and_how_often_and_never_what_is_around(workspace):
    found = persons.find(workspace, NAME)
    told = {(one["place"], one["column"], str(one["incident_id"])) for one in found}
    assert {
        ("incidents", "address", "钱多多-2"), ("incidents", "incident_id", "钱多多-2"),
        ("incidents", "attributes", "5"),
        ("rejected", "original", "5"), ("earlier versions", "incidents", ""),
        ("files", "", "runs/1.json"),
    } <= told  # fmt: skip
    assert {one["place"] for one in found} == {
        "incidents", "rejected", "earlier versions", "history", "originals", "originals, not searchable", "files"
    }  # fmt: skip
    assert "门口" not in str(found)
    assert persons.find(workspace, "孙悟空") == [
        {
            "place": "originals, not searchable",
            "source": "",
            "incident_id": "closed.parquet",
            "column": "",
            "count": 0,
        }
    ]


def test_after_an_erasure_no_file_of_the_workspace_holds_a_byte_of_it(workspace):
    assert holding(workspace.path)
    before = workspace.newest()
    answer = persons.erase(workspace, NAME, who="t")
    assert holding(workspace.path) == []
    assert persons.find(workspace, NAME) == []
    after = workspace.newest()
    assert answer["version"] == after.version == before.version + 1
    assert answer["originals"] == 3  # the two that hold it, and the one that cannot be looked through
    texts = after.query("SELECT incident_id, description, address FROM incidents ORDER BY row, incident_id").to_pylist()
    assert {(one["incident_id"], one["address"]) for one in texts} >= {("***-2", "***巷"), ("3", "人民路")}
    assert after.query("SELECT attributes FROM incidents WHERE incident_id = '5'")["attributes"].to_pylist() == [
        [("备注", "找***"), ("x", "y")]
    ]
    assert len(after.imports) == len(before.imports)
    assert len(after.history) == after.version  # who did what is still told


def test_the_log_has_a_line_of_the_erasure_without_the_person(workspace):
    persons.erase(workspace, NAME, who="Li")
    line = journal.lines(workspace.path)[-1]
    assert (line["who"], line["what"], line["places"]["incidents"]) == ("Li", "person-erased", 3)
    assert NAME not in (workspace.path / journal.FILE).read_text(encoding="utf-8")


def test_undo_ends_at_an_erasure_and_goes_on_after_it(workspace):
    persons.erase(workspace, NAME, who="t")
    with pytest.raises(HazardError, match="a person's data were erased since then") as refusal:
        changes.undo(workspace, who="t")
    assert refusal.value.code == "undo-erased"
    with pytest.raises(HazardError, match="no longer there") as refusal:
        workspace.open(3)
    assert refusal.value.code == "version-cleared"
    import_incidents(workspace, CSV.replace(NAME.encode(), b"N"), "c.csv", source="热线", who="t")
    assert changes.undo(workspace, who="t")["file"] == "c.csv"
    assert holding(workspace.path) == []


def test_a_text_that_stands_nowhere_changes_nothing(workspace):
    (workspace.path / "originals").rename(workspace.path.parent / "away")
    before = workspace.newest().version
    assert persons.erase(workspace, "孙悟空", who="t")["version"] is None
    assert workspace.newest().version == before


def test_an_erasure_killed_after_its_version_is_completed_by_the_next_change(workspace, monkeypatch):
    def killed(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(keeping, "sweep", killed)
    with pytest.raises(KeyboardInterrupt):
        persons.erase(workspace, NAME, who="t")
    monkeypatch.undo()
    assert holding(workspace.path)
    changes.set_settings(workspace, {"fdr": 0.1}, who="t")
    assert holding(workspace.path) == []


def test_files_that_cannot_be_removed_are_said(workspace, monkeypatch):
    def open_elsewhere(*_args, **_kwargs):
        raise PermissionError("in use")

    monkeypatch.setattr(tables, "clear_table", open_elsewhere)
    with pytest.raises(HazardError, match="could not be removed") as refusal:
        persons.erase(workspace, NAME, who="t")
    assert refusal.value.code == "erase-unfinished"
    monkeypatch.undo()
    workspace.tidy(who="t")
    assert holding(workspace.path) == []


def test_cases_that_lose_what_told_them_apart_stay_two(tmp_path):
    workspace = with_grids(tmp_path)
    store(workspace, rows([{"incident_id": one, "reported_at": "2025-01-01"} for one in ("张三", "张 三", "***", "x")]))
    persons.erase(workspace, "张三", who="t")
    ids = workspace.newest().query("SELECT incident_id FROM incidents ORDER BY 1")["incident_id"].to_pylist()
    assert ids == ["***", "***-2", "***-3", "x"]


def test_cells_that_could_not_be_told_apart_are_refused_and_nothing_changes(tmp_path):
    workspace = with_grids(tmp_path)
    load_cells(workspace, boundary(["12", "1-2", "C"]), "g.geojson", level="grid", who="t")
    before = workspace.newest_version()
    with pytest.raises(HazardError, match="give a longer text") as refusal:
        persons.erase(workspace, "12", who="t")
    assert refusal.value.code == "erase-collides"
    assert workspace.newest_version() == before


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("13812345678", "电话１３８-1234 5678。"), ("138 1234 5678", "13812345678"), ("张三", "张　三"),
        ("豫D12345", "豫d12345"),
        ("a.b", "xa.by"), ("(王)五", "（王）五"),
    ],
)  # fmt: skip
def test_a_text_is_found_in_its_other_spellings(text, held):
    needle = Needle(text)
    assert needle.count(held) == 1
    assert needle.rows(pa.chunked_array([["x", held, None]])).tolist() == [1]
    assert text not in needle.hide(held)


@pytest.mark.parametrize(("text", "other"), [("a.b", "axb"), ("张.三", "张丰三"), ("13812345678", "1381234567")])
def test_a_text_is_no_pattern(text, other):
    assert Needle(text).count(other) == 0


@settings(max_examples=50)
@given(st.text(min_size=2, max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_whatever_is_typed_is_found_as_it_is_and_hidden(text, before, after):
    try:
        needle = Needle(text)
    except HazardError:
        return
    whole = before + text.strip() + after
    assert needle.count(whole)
    assert needle.rows(pa.chunked_array([[whole]])).tolist() == [0]
    assert not needle.count(needle.hide(whole).replace("***", "\n"))


@pytest.mark.parametrize("text", ["", "张", " 3 ", "-.-"])
def test_too_short_a_text_is_refused(text, workspace):
    with pytest.raises(HazardError, match="at least two letters") as refusal:
        persons.find(workspace, text)
    assert refusal.value.code == "person-text-short"


def packed(name: str, text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr(name, text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "held"),
    [
        (f"案卷号,描述\n1,{NAME}".encode("gb18030"), True),
        (f"案卷号,描述\n1,{NAME}".encode("utf-16"), True),
        ("a,b\n1,錢多多".encode("big5"), False),
        (b"<table><td>&#38065;&#22810;&#22810;</td></table>", True),
        (packed("xl/sharedStrings.xml", "<t>钱</t><t>多多</t>"), True),
        (packed("xl/sharedStrings.xml", "<t>钱</t>"), False),
        (packed("inner.zip", "PK\x03\x04"), None),
        (b"SQLite format 3\x00", None),
        (b"", False),
    ],
)
def test_an_original_is_looked_through_or_said_to_be_closed(content, held):
    assert Needle(NAME).holds(content) is held


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("José García", "id,name\n1,José García".encode("latin-1")),
        ("田中太郎", "id,name\n1,田中太郎".encode("shift_jis")),
        ("김철수", "id,name\n1,김철수".encode("euc_kr")),
        (NAME, f"id,name\n1,{NAME}".encode("utf-32")),
        ("138 0013 8000", packed("xl/worksheets/sheet1.xml", "<c><v>1.3800138E10</v></c>")),  # as Apache POI writes it
    ],
)
def test_an_original_is_looked_through_in_all_that_is_read(text, content):
    assert Needle(text).holds(content)


def test_the_command_line_asks_before_it_erases(workspace):
    run = CliRunner()
    with pytest.raises(HazardError, match="give --yes") as refusal:
        run.invoke(cli.app, ["--workspace", str(workspace.path), "person", "erase", NAME], catch_exceptions=False)
    assert refusal.value.code == "erase-unconfirmed"
    assert holding(workspace.path)
    command = ["--workspace", str(workspace.path), "person", "erase", NAME, "--yes", "--json"]
    answer = json.loads(run.invoke(cli.app, command).stdout)
    assert answer["places"]["incidents"] == 3
    command = ["--workspace", str(workspace.path), "person", "find", NAME, "--json"]
    assert json.loads(run.invoke(cli.app, command).stdout) == []
    assert json.loads(run.invoke(cli.app, ["--workspace", str(workspace.path), "tidy", "--json"]).stdout)["files"] == 0


def test_a_workspace_without_a_file_holds_nobody(tmp_path):
    assert persons.find(Workspace(tmp_path / "none"), NAME) == []
    assert persons.erase(Workspace(tmp_path / "none"), NAME, who="t")["version"] is None
    assert not (tmp_path / "none").exists()


def test_every_table_and_every_original_loses_an_erased_name(tmp_path):
    workspace = with_grids(tmp_path / "w")
    cells = boundary(["A", f"{NAME}格", f"{NAME}格"]).replace(b"grid A", f"{NAME}家".encode())
    load_cells(workspace, cells, "c.json", level="grid", same_id="merge", who="t")
    header = f"案卷号,上报时间,问题描述,地址,经度,纬度,{NAME}备注\n"
    lines = f"{NAME}1,soon,x,,113.005,33.005,y\n{NAME}2,2025-03-05,{NAME}门前,x,,,{NAME}\n"
    first = import_incidents(workspace, (header + lines).encode(), "a.csv", who="t")
    mark = correction_sheet.mark_of(first["import_id"], 2)
    back = f"案卷号,上报时间,问题描述,地址,经度,纬度,hotspots_row\n{NAME}1,2025-03-06,x,,113.005,33.005,{mark}\n"
    import_incidents(workspace, back.encode(), "b.csv", who="t")
    changes.set_location(workspace, "default", f"{NAME}2", cell="A", who=NAME)
    load_gazetteer(workspace, f"地址,经度,纬度\n{NAME}巷,113.005,33.005\n".encode(), "g.csv", who="t")
    standard = f"小类代码,小类名称,立案条件,处置时限\n0103,示例,{NAME}门前,4小时\n"
    load_standard(workspace, standard.encode(), "s.csv", scheme="x", kind="event", who="t")
    load_workdays(workspace, f"日期,是否工作日,备注\n2027-02-06,否,{NAME}说的\n".encode(), "w.csv", who="t")
    profiles.save_profile(workspace, "p", [NAME, "b"], {"mapping": {"address": NAME}}, who="t")
    rules = DEFAULT_RULES.copy()
    rules.loc[rules.index[-1], "note"] = f"{NAME}说的"
    changes.set_rules(workspace, rules, who="t")
    save_projects(workspace, pd.DataFrame([{"name": f"{NAME}门口新建管", "cells": (f"{NAME}格",)}]), who="t")
    load_rain(workspace, f"站名,日期,雨量(mm)\n{NAME}家,2025-03-05,8\n".encode(), "r.csv", who="t")

    assert {one["place"] for one in persons.find(workspace, NAME)} >= {*tables.TABLES, "originals", "history"}
    answer = persons.erase(workspace, NAME, who="t")
    assert set(answer["places"]) >= set(tables.TABLES)
    assert holding(workspace.path) == []
    assert persons.find(workspace, NAME) == []
    dataset = workspace.newest()
    assert sorted(dataset.query("SELECT incident_id FROM incidents")["incident_id"].to_pylist()) == ["***1", "***2"]
    assert dataset.placements()[["incident_id", "cell_id"]].to_numpy().tolist() == [["***2", "A"]]
    (settled,) = dataset.rows("corrections").to_pylist()
    assert (settled["incident_id"], settled["row"], settled["by_row"]) == ("***1", 2, 2)
    assert [one.options["duplicates"] for one in dataset.imports] == ["review", "review"]  # words of ours stay
    # where it stood, the same things can be done again
    import_incidents(workspace, (header + lines).replace(NAME, "示例").encode(), "c.csv", who="t")
    load_cells(workspace, boundary("AB"), "d.json", level="grid", who="t")


def test_words_of_ours_in_the_options_of_an_import_are_no_persons(tmp_path):
    workspace = with_grids(tmp_path / "w")
    import_incidents(workspace, CSV, "a.csv", duplicates="newest", delimiter=",", header_row=1, header_rows=1, who="t")
    before = workspace.newest().imports[0].options
    persons.erase(workspace, NAME, who="t")
    after = workspace.newest().imports[0].options
    assert {name: after[name] for name in before if name != "mapping"} == {
        name: value for name, value in before.items() if name != "mapping"
    }
    assert {one["place"] for one in persons.find(workspace, "newest")} == set()
