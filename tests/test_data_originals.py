"""Original files stay some days for their owner alone; the past is cleared by age, and never what is still needed."""

import datetime as dt
import hashlib
import json
from pathlib import Path

import pytest
from deltalake import DeltaTable
from stored import boundary, random_rows, rows, store, with_grids

from base.errors import HazardError
from data import changes, journal, keeping, originals, tables
from data.example import load_demo
from data.exposures import join_exposures
from data.gazetteer import load_gazetteer
from data.levels import load_cells
from data.loading import import_incidents
from data.merging import replace
from data.standards import load_standard
from data.store import Workspace

NOW = dt.datetime(2026, 3, 31, 12, tzinfo=dt.UTC)
DAYS = {"keep_originals_days": 30, "keep_versions_days": 30}


def ago(days: float) -> str:
    return (NOW - dt.timedelta(days=days)).isoformat(timespec="seconds")


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def kept(path, content=b"x", name="a.csv", days=0.0, **settings):
    originals.keep(path, content, name, who="t", when=ago(days), settings={**DAYS, **settings})


def test_a_file_stands_under_its_hash_for_its_owner_alone(tmp_path):
    kept(tmp_path, "张三,13812345678".encode(), "13812345678.csv")
    digest = hashlib.sha256("张三,13812345678".encode()).hexdigest()
    folder = tmp_path / "originals"
    assert (folder / digest).read_bytes() == "张三,13812345678".encode()
    assert [path.stat().st_mode & 0o777 for path in (folder, folder / digest)] == [0o700, 0o600]
    (entry,) = originals.listed(tmp_path)
    assert (entry["file"], entry["who"], entry["bytes"]) == ("***.csv", "t", 18)


def test_a_file_that_came_twice_is_kept_once_and_from_the_later_day(tmp_path):
    kept(tmp_path, days=40)
    kept(tmp_path, days=10)
    assert originals.sweep(tmp_path, who="t", now=NOW, days=30) == 0
    assert [one["when"] for one in originals.listed(tmp_path)] == [ago(10)]


def test_after_its_days_a_file_goes_with_a_line_in_the_log_and_without_its_name(tmp_path):
    kept(tmp_path, b"old", "王女士.csv", days=30)
    kept(tmp_path, b"new", days=29.9)
    assert originals.sweep(tmp_path, who="Li", now=NOW, days=30) == 1
    assert [one["hash"] for one in originals.listed(tmp_path)] == [hash_of(b"new")]
    assert sorted(path.name for path in (tmp_path / "originals").iterdir()) == [
        hash_of(b"new"), "index.json"
    ]  # fmt: skip
    (line,) = journal.lines(tmp_path)
    assert {**line, "when": ""} == {
        "when": "", "who": "Li", "what": "original-removed", "why": "age", "hash": hash_of(b"old")[:12]
    }  # fmt: skip


def test_days_0_keeps_nothing(tmp_path):
    kept(tmp_path, keep_originals_days=0)
    assert not (tmp_path / "originals").exists()


def test_a_file_that_no_index_knows_is_removed(tmp_path):
    kept(tmp_path)
    (tmp_path / "originals" / "half.draft").write_bytes(b"secret")
    originals.sweep(tmp_path, who="t", now=NOW, days=30)
    assert len(list((tmp_path / "originals").iterdir())) == 2


def aged(path, days):
    """Set the times of versions 1, 2 ... back to so many days ago."""
    for number, age in enumerate(days, start=1):
        file = path / "versions" / f"{number:06d}.json"
        file.write_text(json.dumps({**json.loads(file.read_bytes()), "when": ago(age)}), encoding="utf-8")


def history(path):
    """A workspace of versions 1 to 5: two boundaries, a first import, one that corrects it, one of new cases."""
    workspace = with_grids(path)
    first = [{"incident_id": str(n), "reported_at": f"2025-0{n}-10"} for n in (1, 2, 3)]
    store(workspace, rows(first))
    store(workspace, rows([{**first[0], "unit": "roads"}], import_id="i2"), import_id="i2")
    store(workspace, rows([{"incident_id": "9", "reported_at": "2025-03-09"}], import_id="i3"), import_id="i3")
    return workspace


def test_versions_that_were_replaced_long_ago_are_cleared_and_the_others_open_as_before(tmp_path):
    workspace = history(tmp_path)
    before = {number: shown(workspace.open(number)) for number in (4, 5)}
    aged(tmp_path, [50, 45, 40, 35, 20])  # 3 was the newest until 35 days ago, 4 until 20 days ago
    files = set(tmp_path.rglob("*.parquet"))
    swept = keeping.sweep(tmp_path, DAYS, who="t", now=NOW)
    assert swept["versions"] == 3
    assert swept["files"] >= 1
    assert {number: shown(workspace.open(number)) for number in (4, 5)} == before
    assert len(set(tmp_path.rglob("*.parquet")) & files) == len(files) - swept["files"]
    with pytest.raises(HazardError, match="Version 3 of the workspace is no longer there") as refusal:
        workspace.open(3)
    assert refusal.value.code == "version-cleared"
    assert [(one.number, one.kind, one.who) for one in workspace.newest().history][2] == (3, "import", "t")
    assert keeping.sweep(tmp_path, DAYS, who="t", now=NOW) == {"versions": 0, "files": 0, "originals": 0}
    assert [line["what"] for line in journal.lines(tmp_path)] == ["versions-cleared"]


def shown(dataset):
    rows_ = dataset.query("SELECT * FROM incidents ORDER BY incident_id").to_pylist()
    return rows_, [dataset.cells(level.name).to_wkt().to_csv() for level in dataset.levels]


def test_an_old_import_of_new_cases_can_be_taken_back_and_one_that_corrected_cases_cannot(tmp_path):
    workspace = history(tmp_path)
    aged(tmp_path, [50, 45, 44, 43, 42])
    keeping.sweep(tmp_path, DAYS, who="t", now=NOW)
    assert changes.undo(workspace, who="t")["import_id"] == "i3"
    with pytest.raises(HazardError, match="can no longer be taken back") as refusal:
        changes.undo(workspace, who="t")
    assert refusal.value.code == "version-cleared"
    assert [one.import_id for one in workspace.newest().imports] == ["i1", "i2"]


def test_the_log_of_a_table_can_be_read_from_its_first_kept_version_on(tmp_path):
    workspace = history(tmp_path)
    named = workspace.newest().named.tables["incidents"]
    assert tables.clear_table(tmp_path, "incidents", {named}) > 0
    log = sorted(path.name for path in (tmp_path / "incidents" / "_delta_log").iterdir())
    assert log == sorted(["_last_checkpoint", f"{named:020d}.checkpoint.parquet", f"{named:020d}.json"])
    assert DeltaTable((tmp_path / "incidents").as_uri()).version() == named
    store(workspace, rows([{"incident_id": "10"}], import_id="i4"), import_id="i4")
    assert workspace.newest().query("SELECT count(*) AS n FROM incidents")["n"].to_pylist() == [5]


def test_what_a_killed_writer_left_goes_and_a_name_that_is_not_on_the_disk_stops_the_sweeping(tmp_path):
    workspace = with_grids(tmp_path)
    dataset = store(workspace, random_rows(20, seed=1))
    (tmp_path / "incidents" / "month=2025-01" / "part.parquet#1").write_bytes(b"half")
    with workspace.change("import", who="killed") as change:
        replace(change, change.before.query("SELECT * FROM incidents"), rows([]).select(["source", "incident_id"]))
    assert workspace.tidy(who="t")["files"] >= 2
    assert shown(workspace.newest()) == shown(dataset)
    assert len(list((tmp_path / "incidents").rglob("part*"))) == len(files_of(dataset))
    (lost := files_of(dataset)[0]).unlink()
    with pytest.raises(RuntimeError, match="a named file is missing"):
        workspace.tidy(who="t")
    assert not lost.exists()


def files_of(dataset):
    return [Path(one) for one in tables.file_paths(dataset.root, "incidents", dataset.named.tables["incidents"])]


def test_no_text_of_a_row_stands_in_the_log_of_a_table(tmp_path):
    store(with_grids(tmp_path), rows([{"incident_id": "1", "reported_at": "2025-01-01", "description": "geheim"}]))
    log = b"".join(path.read_bytes() for path in (tmp_path / "incidents" / "_delta_log").iterdir())
    assert b"geheim" not in log


def test_the_past_is_cleared_once_a_day_by_whoever_makes_a_change(tmp_path, monkeypatch):
    workspace = history(tmp_path)
    aged(tmp_path, [50, 45, 40, 35, 33])
    assert keeping.read(tmp_path).oldest == 0  # today nothing more
    state = json.loads((tmp_path / "kept.json").read_bytes())
    (tmp_path / "kept.json").write_text(json.dumps({**state, "swept": ago(2)}), encoding="utf-8")
    store(workspace, rows([{"incident_id": "10"}], import_id="i4"), import_id="i4")
    assert keeping.read(tmp_path).oldest == 5


def test_a_change_keeps_its_file_and_a_workspace_without_a_version_is_tidy(tmp_path):
    workspace = with_grids(tmp_path / "w")
    with workspace.change("import", who="t") as change:
        change.keep_original(b"x", "a.csv")
        change.commit()
    assert [one["file"] for one in originals.listed(workspace.path)][-1:] == ["a.csv"]
    assert Workspace(tmp_path / "none").tidy(who="t") == {"versions": 0, "files": 0, "originals": 0}
    assert not (tmp_path / "none").exists()


CASES = "案卷号,上报时间,地址,经度,纬度\n1,2025-03-05 10:00,示例路1号,113.005,33.005\n".encode()


def test_what_the_office_loads_leaves_its_file_and_a_dry_run_and_what_the_program_makes_leave_none(tmp_path):
    workspace = with_grids(tmp_path / "w")
    known = {one["hash"] for one in originals.listed(workspace.path)}  # of the two boundaries
    assert len(known) == 2
    cells, households = boundary("ABCD"), "网格编码,户数\nA,100\n".encode()
    standard = "小类代码,小类名称,处置时限\n0103,示例,4小时\n".encode()
    import_incidents(workspace, CASES, "dry.csv", dry_run=True, who="t")
    import_incidents(workspace, CASES + b"2,2025-03-05,x,113.005,33.005\n", "made.csv", trusted=True, who="t")
    load_cells(workspace, boundary("AB"), "made.json", level="grid", trusted=True, who="t")
    assert {one["hash"] for one in originals.listed(workspace.path)} == known
    import_incidents(workspace, CASES, "13812345678.csv", who="Li")
    load_cells(workspace, cells, "cells.json", level="grid", who="Li")
    join_exposures(workspace, households, "h.csv", level="grid", who="Li")
    load_gazetteer(workspace, CASES, "g.csv", who="Li")
    load_standard(workspace, standard, "s.csv", scheme="x", kind="event", who="Li")
    kept_ = {one["hash"]: one["file"] for one in originals.listed(workspace.path) if one["who"] == "Li"}
    # the table of addresses is the file of the import once more, kept once under its later name
    assert kept_ == {
        hash_of(cells): "cells.json", hash_of(households): "h.csv", hash_of(CASES): "g.csv", hash_of(standard): "s.csv"
    }  # fmt: skip
    assert originals.content(workspace.path, hash_of(CASES)) == CASES


def test_an_office_that_keeps_no_originals_has_none_and_a_refused_file_leaves_none(tmp_path):
    workspace = Workspace(tmp_path / "w")
    with pytest.raises(HazardError):
        import_incidents(workspace, b"nothing", "a.csv", who="t")
    changes.set_settings(workspace, {"keep_originals_days": 0}, who="t")
    import_incidents(workspace, CASES, "a.csv", who="t")
    assert originals.listed(workspace.path) == []
    assert not (workspace.path / "originals").exists()


def test_the_demo_leaves_no_originals(tmp_path):
    workspace = Workspace(tmp_path / "w")
    load_demo(workspace, who="t")
    assert originals.listed(workspace.path) == []


def test_originals_go_after_their_days_also_where_nobody_changes_anything(tmp_path, monkeypatch):
    workspace = Workspace(tmp_path)
    import_incidents(workspace, b"id,lon,lat\n1,113.2,33.7\n2,113.3,33.7\n", "r.csv", who="t")
    workspace.tidy_if_due(who="t")
    assert len(list((tmp_path / "originals").glob("[0-9a-f]*"))) == 1
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=40)
    real = dt.datetime

    class Later(real):
        @classmethod
        def now(cls, tz=None):
            return later

    monkeypatch.setattr("data.keeping.dt.datetime", Later)
    Workspace(tmp_path).tidy_if_due(who="t")
    assert not list((tmp_path / "originals").glob("[0-9a-f]*"))
