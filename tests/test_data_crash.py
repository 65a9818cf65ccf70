"""Killed at any moment, a change is there whole or not at all; a rerun completes it; two writers take turns."""

import contextlib
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from crash_cases import ACTIONS, FIRST, HEADER, import_second, import_year, prepared, undo_second, year
from stored import with_grids

from base import files
from base.errors import HazardError
from data import changes, persons, tables, versions
from data.loading import import_incidents
from data.merging import CONTENT
from data.store import Workspace

ROOT = Path(__file__).resolve().parent.parent
DIED, KILLED = 9, -9
pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs fork and SIGKILL")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """The folder of a prepared workspace, to be copied."""
    return prepared(tmp_path_factory.mktemp("prepared") / "w").path


@pytest.fixture(scope="module")
def starts(workspace, tmp_path_factory):
    """The workspace before each action, and what it shows before and after."""
    found = {}
    for action, act in ACTIONS.items():
        path = tmp_path_factory.mktemp(action)
        shutil.copytree(workspace, path / "start")
        if action == "undo":
            import_second(Workspace(path / "start"))
        shutil.copytree(path / "start", path / "end")
        act(Workspace(path / "end"))
        found[action] = (path / "start", shown(Workspace(path / "start")), shown(Workspace(path / "end")))
        assert found[action][1] != found[action][2]
    return found


class Writers:
    """Starts writers of their own process, to be killed."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "tests/crash_child.py"],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def start(self, action: str, folder: Path, step: int = 0) -> int:
        self.process.stdin.write(json.dumps([action, str(folder), step]) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def ended(self) -> int:
        return int(self.process.stdout.readline())


@pytest.fixture(scope="module")
def writers():
    found = Writers()
    yield found
    found.process.stdin.close()
    found.process.stdout.close()
    found.process.wait(30)


def shown(workspace):
    """All that a reader sees of a workspace, but for times and numbers of versions."""
    dataset = workspace.newest()
    columns = ", ".join(("source", "incident_id", *CONTENT, *(level.column for level in dataset.levels)))
    rows = dataset.query(f"SELECT {columns} FROM incidents ORDER BY source, incident_id").to_pylist()
    cells = {level.name: dataset.cells(level.name).drop(columns="geometry").to_csv() for level in dataset.levels}
    rejected = dataset.rejected().drop(columns="import_id").to_csv()
    imports = [(one.file, one.read, one.accepted, one.rejected, one.repeats, one.updated) for one in dataset.imports]
    assert len({(row["source"], row["incident_id"]) for row in rows}) == len(rows)
    assert all(read == accepted + rejected + repeats for _, read, accepted, rejected, repeats, _ in imports)
    return rows, cells, rejected, imports


def check_and_complete(action, folder, before, after):
    """A workspace after a kill shows the old or the new; a rerun gives the new, once; undo and find work."""
    workspace = Workspace(folder)
    assert shown(workspace) in (before, after)
    ACTIONS[action](workspace)
    assert shown(workspace) == after
    if action == "import":
        undo_second(workspace)
        assert shown(workspace) == before
    if action == "erase":
        assert persons.find(workspace, "张全蛋") == []


@pytest.mark.parametrize("action", ACTIONS)
def test_a_writer_that_dies_at_any_step_on_the_disk_leaves_the_old_or_the_new(
    action, starts, writers, tmp_path, request
):
    start, before, after = starts[action]
    # A trial takes a second; there are some 30 steps of an import or a boundary, 15 of an undo, 100 of an erasure
    stride = 1 if request.config.getoption("--slow") else {"undo": 7, "erase": 40}.get(action, 14)
    step = 1 + sum(map(ord, action)) % stride
    died = 0
    while True:
        folder = tmp_path / str(step)
        shutil.copytree(start, folder)
        writers.start(action, folder, step)
        ended = writers.ended()
        assert ended in (0, DIED)
        check_and_complete(action, folder, before, after)
        shutil.rmtree(folder)
        if ended == 0:
            break
        died += 1
        step += stride
    assert died >= (10 if stride == 1 else 2)


@pytest.mark.parametrize("kill", [*range(5), *(pytest.param(n, marks=pytest.mark.slow) for n in range(5, 100))])
def test_a_writer_killed_at_a_random_time_leaves_the_old_or_the_new(kill, starts, writers, tmp_path):
    action = ("import", "cells", "undo", "import", "erase")[kill % 5]
    start, before, after = starts[action]
    shutil.copytree(start, tmp_path / "w")
    pid = writers.start(action, tmp_path / "w")
    time.sleep(random.Random(kill).uniform(0.0, 0.5))
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    assert writers.ended() in (0, KILLED)
    check_and_complete(action, tmp_path / "w", before, after)


def test_a_killed_import_of_a_year_leaves_the_old_or_the_new_version_and_the_rerun_doubles_nothing(writers, tmp_path):
    workspace, other = with_grids(tmp_path / "w"), tmp_path / "other"
    import_incidents(workspace, year(0, 120), "old.csv", who="t")
    old = shown(workspace)
    shutil.copytree(workspace.path, other)
    began = time.monotonic()
    import_year(Workspace(other))
    takes = time.monotonic() - began
    both = shown(Workspace(other))
    chance, outcomes = random.Random(7), []
    for _ in range(5):
        pid = writers.start("year", workspace.path)
        time.sleep(chance.uniform(0, 1.2 * takes))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        assert writers.ended() in (0, KILLED)
        outcomes.append(shown(workspace) == both)
        if outcomes[-1]:
            changes.undo(workspace, who="t")
        assert shown(workspace) == old
    assert not all(outcomes)  # at least one was killed in its midst
    import_year(workspace)
    record = workspace.newest().imports[-1]
    assert (record.accepted, record.repeats, record.updated) == (360, 0, 60)
    assert shown(workspace) == both
    assert workspace.newest().query("SELECT count(*) AS n FROM incidents")["n"][0].as_py() == 420


def test_the_lock_of_a_killed_writer_is_free(workspace, writers, tmp_path):
    workspace = Workspace(shutil.copytree(workspace, tmp_path / "w"))
    pid = writers.start("hold", tmp_path / "w")
    for _ in range(200):
        if (tmp_path / "w" / "held").exists():
            break
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    assert writers.ended() == KILLED
    assert json.loads((tmp_path / "w" / "writer.json").read_text())["who"] == "holder"
    import_second(workspace)
    assert [one.file for one in workspace.newest().imports] == ["first.csv", "second.csv"]


def test_two_imports_at_once_take_turns_with_words_and_lose_nothing(tmp_path):
    folder = tmp_path / "w"
    changes.set_settings(with_grids(folder), {"read_apart": 0}, who="t")
    more = ("5,2025-06-05 10:00,墙体隐患", "70,2025-01-05 10:00,积水")  # one is in the other file too, and differs
    files_ = {"a.csv": FIRST, "b.csv": HEADER + "".join(f"{one},113.005,33.005\n" for one in more)}
    running = []
    with versions.writers_lock(folder, who="Li", wait_s=0):
        for name, text in files_.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
            command = [sys.executable, "cli.py", "--workspace", str(folder), "import", str(tmp_path / name)]
            pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
            english = {**os.environ, "LANG": "C", "LC_ALL": "C"}
            running.append(subprocess.Popen(command, cwd=ROOT, env=english, **pipes))
        told = [one.stderr.readline() for one in running]  # both came to the lock
    ended = [one.communicate(timeout=120) and one.returncode for one in running]
    assert ended == [0, 0]
    assert all(line.startswith("Waiting for Li (process ") for line in told)
    dataset = Workspace(folder).newest()
    assert {one.file for one in dataset.imports} == set(files_)
    assert [one.version for one in dataset.imports] == [4, 5]
    assert [one.updated for one in dataset.imports] == [0, 1]
    assert dataset.query("SELECT count(*) AS n FROM incidents")["n"][0].as_py() == 7


def full(*_args, **_kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


def said_by_the_table_store(*_args, **_kwargs):
    raise Exception("Generic LocalFileSystem error: Unable to copy data to file: No space left on device (os error 28)")


@pytest.mark.parametrize(
    ("owner", "name", "fault"),
    [(tables, "write_deltalake", said_by_the_table_store), (versions, "write_draft", full), (os, "fsync", full)],
)
def test_a_full_disk_is_a_sentence_and_the_old_version(owner, name, fault, workspace, tmp_path, monkeypatch):
    workspace = Workspace(shutil.copytree(workspace, tmp_path / "w"))
    before = shown(workspace)
    monkeypatch.setattr(owner, name, fault)
    with pytest.raises(HazardError, match="no room left on the disk") as refusal:
        import_second(workspace)
    assert refusal.value.code == "disk-full"
    monkeypatch.undo()
    assert shown(workspace) == before
    import_second(workspace)
    assert len(workspace.newest().imports) == 2


def test_a_file_is_written_whole_or_stays_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "f.json"
    files.write_whole(path, b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_whole(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    files.write_whole(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)
    assert [one.name for one in tmp_path.iterdir()] == ["f.json"]
