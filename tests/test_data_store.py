"""The workspace: versions whole or absent, one writer at a time, and what a killed writer left is not there."""

import json
import threading
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from stored import random_rows, rows, store, with_grids

from base.errors import HazardError
from data import versions
from data.listing import incidents
from data.merging import KEY, Held, compare, replace
from data.queries import counts
from data.schema import Scope
from data.store import Workspace
from data.tables import file_paths, file_rows


def ids(dataset):
    return sorted(dataset.query("SELECT incident_id FROM incidents")["incident_id"].to_pylist())


def test_a_workspace_without_a_file_is_version_0_and_answers_with_nothing(tmp_path):
    workspace = Workspace(tmp_path / "none")
    dataset = workspace.newest()
    assert (workspace.exists, dataset.version, dataset.fingerprint) == (False, 0, "empty")
    assert (dataset.levels, dataset.imports, dataset.sources, dataset.as_of) == ((), (), {}, None)
    assert dataset.span == (None, None)
    assert dataset.settings["timezone"] == dataset.zone == "Asia/Shanghai"
    assert dataset.rejected().empty
    assert not dataset.rules().empty
    assert counts(dataset, Scope(level=""), ["hazard"]).empty
    assert not (tmp_path / "none").exists()  # reading makes no folder


def test_a_version_names_the_change_and_has_its_own_fingerprint(tmp_path):
    workspace = with_grids(tmp_path)
    first = workspace.newest()
    second = store(workspace, rows([{"incident_id": "1", "reported_at": "2025-03-05 14:30"}]))
    assert [one.kind for one in second.history] == ["cells", "cells", "import"]
    assert (second.version, second.history[-1].who, second.history[-1].what) == (3, "t", {"accepted": 1})
    assert workspace.newest_version() == (3, second.fingerprint)
    assert first.fingerprint != second.fingerprint == workspace.newest().fingerprint


def test_levels_stand_coarse_to_fine_with_the_level_that_holds_their_parents(tmp_path):
    coarse, fine = with_grids(tmp_path).newest().levels
    assert (coarse.name, coarse.cells, coarse.parent_level) == ("community", 2, None)
    assert (fine.name, fine.cells, fine.parent_level) == ("grid", 4, "community")
    assert coarse.column != fine.column


def test_a_reader_keeps_its_version_while_a_writer_makes_the_next(tmp_path):
    workspace = with_grids(tmp_path)
    old = store(workspace, rows([{"incident_id": "1", "reported_at": "2025-03-05"}]))
    corrected = rows([{"incident_id": "1", "reported_at": "2025-04-06", "unit": "roads"}, {"incident_id": "2"}])
    new = store(workspace, corrected, import_id="i2")
    assert (ids(old), old.span[0].isoformat()) == (["1"], "2025-03-05")
    assert (ids(new), new.span[0].isoformat()) == (["1", "2"], "2025-04-06")  # the case moved to another month


def test_what_a_killed_writer_left_is_not_there_and_the_next_writer_restores_the_tables(tmp_path):
    workspace = with_grids(tmp_path)
    store(workspace, random_rows(50, seed=1))
    before = ids(workspace.newest())
    with workspace.change("import", who="killed") as change:  # no commit: as if killed before the version file
        replace(change, with_levels(random_rows(50, seed=2, import_id="i2", first=50)), NOTHING)
    assert ids(workspace.newest()) == before
    assert DeltaTable((tmp_path / "incidents").as_uri()).to_pyarrow_table().num_rows == 100  # left on the disk
    after = store(workspace, rows([{"incident_id": "new", "reported_at": "2025-03-05"}], import_id="i3"))
    assert ids(after) == sorted([*before, "new"])


def test_a_table_that_no_version_names_is_removed_by_the_next_writer(tmp_path):
    workspace = Workspace(tmp_path)
    with workspace.change("import", who="killed") as change:
        replace(change, random_rows(5, seed=1), NOTHING)
    assert workspace.newest().version == 0
    assert ids(store(workspace, rows([{"incident_id": "1"}]))) == ["1"]


def test_half_a_version_file_is_never_seen(tmp_path):
    workspace = with_grids(tmp_path)
    (tmp_path / "versions" / "000003.draft").write_text('{"number": 3', encoding="utf-8")
    assert workspace.newest().version == 2
    assert store(workspace, rows([{"incident_id": "1"}])).version == 3


def test_a_version_number_is_given_once(tmp_path):
    versions.write(tmp_path, versions.Version(number=1))
    with pytest.raises(FileExistsError):
        versions.write(tmp_path, versions.Version(number=1, who="another"))
    assert versions.read(tmp_path, 1).who == ""


def test_damaged_and_missing_versions_are_refused_by_name(tmp_path):
    workspace = with_grids(tmp_path)
    with pytest.raises(HazardError, match="no version 9") as refusal:
        workspace.open(9)
    assert refusal.value.code == "version-missing"
    (tmp_path / "versions" / "000002.json").write_text("{}", encoding="utf-8")
    with pytest.raises(HazardError, match=r"000002\.json") as refusal:
        workspace.newest()
    assert refusal.value.code == "version-damaged"


def test_a_path_that_the_tables_cannot_bear_is_refused(tmp_path):
    with pytest.raises(HazardError, match=r"\[ \]") as refusal:
        Workspace(tmp_path / "[a]")
    assert refusal.value.code == "workspace-path"


def test_a_path_in_chinese_with_blanks_and_quotes_works(tmp_path):
    workspace = with_grids(tmp_path / "街道 的 'data' #1")
    dataset = store(workspace, rows([{"incident_id": "1", "lon": 113.005, "lat": 33.005}]))
    assert counts(dataset, Scope(level="grid"), ["cell"]).to_dict("records") == [{"cell_id": "A", "count": 1}]


def test_the_second_writer_waits_and_is_told_for_whom(tmp_path):
    workspace = with_grids(tmp_path)
    told, done, holding, released = [], [], threading.Event(), threading.Event()

    def first():
        with workspace.change("settings", who="Li") as change:
            holding.set()
            released.wait(10)
            done.append("Li")
            change.commit()

    def waiting(sentence, fields):
        told.append(sentence.format(**fields))
        released.set()

    thread = threading.Thread(target=first)
    thread.start()
    assert holding.wait(10)
    with workspace.change("settings", who="Wang", waiting=waiting) as change:
        done.append("Wang")
        change.commit()
    thread.join()
    assert done == ["Li", "Wang"]
    assert len(told) == 1
    assert told[0].startswith("Waiting for Li (process ")
    assert [one.who for one in workspace.newest().history][-2:] == ["Li", "Wang"]


def test_a_writer_that_waited_long_enough_is_refused_with_the_name_of_the_other(tmp_path):
    workspace = with_grids(tmp_path)
    with workspace.change("settings", who="Li") as change:
        change.settings["lock_wait_s"] = 0.1
        change.commit()
    with (
        workspace.change("import", who="Li"),
        pytest.raises(HazardError, match=r"Li \(process \d+\) has been writing") as refusal,
        workspace.change("import", who="Wang"),
    ):
        pass
    assert refusal.value.code == "workspace-busy"


def test_a_note_of_a_killed_writer_does_not_hold_the_lock(tmp_path):
    workspace = with_grids(tmp_path)
    (tmp_path / "writer.json").write_text(json.dumps({"who": "killed", "pid": 1, "since": "2026-01-01T00:00:00"}))
    assert store(workspace, rows([{"incident_id": "1"}])).version == 3


def test_a_note_that_a_waiting_writer_holds_open_does_not_fail_the_change_or_keep_the_lock(tmp_path, monkeypatch):
    def held(path, missing_ok=False):  # what Windows says of a file that another process reads
        raise PermissionError(f"in use: {path}")

    workspace = with_grids(tmp_path)
    monkeypatch.setattr(Path, "unlink", held)
    with versions.writers_lock(tmp_path, who="Li", wait_s=0):
        assert (tmp_path / "writer.json").exists()
    monkeypatch.undo()
    assert store(workspace, rows([{"incident_id": "1"}])).version == 3


def test_an_import_that_is_not_live_has_no_rejected_rows_to_list(tmp_path):
    dataset = store(with_grids(tmp_path), rows([{"incident_id": "1"}]))
    assert dataset.rejected("i1").empty
    with pytest.raises(HazardError, match=r"no live import nope\. Live are: i1") as refusal:
        dataset.rejected("nope")
    assert refusal.value.code == "import-unknown"


def test_the_store_reaches_no_file_outside_and_its_configuration_is_locked(tmp_path):
    dataset = store(with_grids(tmp_path), rows([{"incident_id": "1"}]))
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    hidden = pa.table({"a": [1]})
    for text in (
        f"SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_text('/etc/hostname')",
        f"COPY incidents TO '{tmp_path}/out.csv'",
        "SET enable_external_access = true",
        "SELECT * FROM hidden",  # a variable of the program is no table
    ):
        with pytest.raises(Exception, match="Error"):
            dataset.query(text)
    assert hidden.num_rows == 1
    assert incidents(dataset, Scope(level="grid"))["incident_id"].tolist() == ["1"]


def test_months_that_no_changed_case_stands_in_keep_their_files(tmp_path):
    workspace = with_grids(tmp_path)
    cases = [{"incident_id": str(m), "reported_at": f"2025-{m:02d}-10"} for m in range(1, 13)]
    first = store(workspace, rows(cases))
    second = store(workspace, rows([{**cases[2], "reported_at": "2025-04-01", "unit": "roads"}]), import_id="i2")
    kept = set(files(first)) & set(files(second))
    assert len(files(first)) == 12
    assert len(files(second)) == 11
    assert len(kept) == 10


def files(dataset):
    return DeltaTable((dataset.root / "incidents").as_uri(), version=dataset.named.tables["incidents"]).file_uris()


def test_rows_lie_sorted_by_the_finest_cell_within_a_month(tmp_path):
    dataset = store(with_grids(tmp_path), random_rows(400, seed=3))
    column = dataset.levels[-1].column
    for file in files(dataset):
        cells = pa.parquet.read_table(file)[column].to_pylist()
        assert cells == sorted(cells, key=lambda cell: (cell is None, cell))


NOTHING = random_rows(0, seed=0).select(KEY)


def with_levels(table):
    for name in ("cell_1", "cell_2", "near_1", "near_2"):
        kind = pa.string() if name.startswith("cell") else pa.float32()
        table = table.append_column(name, pa.nulls(table.num_rows, kind))
    return table


def test_an_import_writes_the_months_of_its_cases_alone_and_each_month_stays_one_file(tmp_path):
    def files(dataset):
        paths = file_paths(dataset.root, "incidents", dataset.named.tables["incidents"])
        return {Path(one).parent.name.removeprefix("month="): one for one in paths}, len(paths)

    workspace = with_grids(tmp_path)
    cases = [{"incident_id": f"{month}", "reported_at": f"2025-{month:02d}-10"} for month in range(1, 8)]
    before, n = files(store(workspace, rows(cases)))
    assert n == len(before) == 7
    moved = {"incident_id": "2", "reported_at": "2025-07-01"}  # it was of February
    dataset = store(workspace, rows([moved, {"incident_id": "8", "reported_at": "2025-06-01"}]), import_id="i2")
    after, n = files(dataset)
    assert {month for month in {*before, *after} if before.get(month) != after.get(month)} == {
        "2025-02",
        "2025-06",
        "2025-07",
    }
    assert n == len(after) == 6  # nothing of February is left
    found = dataset.query("SELECT incident_id, month FROM incidents ORDER BY ALL").to_pylist()
    assert [(one["incident_id"], one["month"][-2:]) for one in found] == [
        ("1", "01"), ("2", "07"), ("3", "03"), ("4", "04"), ("5", "05"), ("6", "06"), ("7", "07"), ("8", "06"),
    ]  # fmt: skip


def test_where_keys_stand_is_told_once_and_looked_for_again_once_the_incidents_were_written(tmp_path):
    workspace = with_grids(tmp_path)
    store(workspace, rows([{"incident_id": "1", "reported_at": "2025-01-10"}]))
    june, july = (
        with_levels(rows([{"incident_id": "1", "reported_at": f"2025-{month}-10"}])) for month in ("06", "07")
    )
    with workspace.change("import", who="t") as change:
        held = compare(change.before, june).held
        assert held.months == {"2025-01": 1}
        replace(change, june, NOTHING, held)
        draft = replace(change, july, NOTHING, held)  # it is in June by now
        assert draft.query("SELECT incident_id, month FROM incidents").to_pylist() == [
            {"incident_id": "1", "month": "2025-07"}
        ]


def test_a_case_that_would_stand_twice_is_refused_even_if_nobody_looked_for_it(tmp_path):
    workspace = with_grids(tmp_path)
    case = rows([{"incident_id": "1", "reported_at": "2025-01-10"}])
    table = store(workspace, case).named.tables["incidents"]
    with workspace.change("import", who="t") as change, pytest.raises(RuntimeError, match="2 were expected"):
        replace(change, with_levels(case), NOTHING, Held(table, {}))


def test_rows_by_month_are_those_of_the_files(tmp_path):
    dataset = store(with_grids(tmp_path), random_rows(300, seed=4))
    counted = dataset.query("SELECT month, count(*) AS n FROM incidents GROUP BY month").to_pylist()
    found = file_rows(dataset.root, "incidents", dataset.named.tables["incidents"])
    assert {month: sum(of.values()) for month, of in found.items()} == {one["month"]: one["n"] for one in counted}
    assert sum(map(len, found.values())) == len(files(dataset))
