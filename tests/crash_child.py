"""A process that forks a writer for each line it reads, so that a test can kill writers without starting Python anew.

The line is JSON: [action, workspace, n]. With n > 0 the writer ends itself, without a last word, at its n-th step on
the disk: a rename, a link, a removal, a flush, or a commit of a table, each before and after it is done.
"""

import json
import os
import sys
import time
import traceback
from pathlib import Path

import deltalake
from crash_cases import ACTIONS, import_year

from base import settings
from data import tables, versions
from data.store import Workspace

DIED = 9
settings.DEFAULTS["read_apart"] = 0  # a process more for each file would be most of the time, and writes nothing


def end_at(step: int) -> None:
    passed = 0

    def counted(act):
        def wrapped(*args, **kwargs):
            nonlocal passed
            for when in ("before", "after"):
                if when == "after":
                    result = act(*args, **kwargs)
                passed += 1
                if passed == step:
                    os._exit(DIED)
            return result

        return wrapped

    for owner, name in (
        (os, "link"), (os, "replace"), (os, "unlink"), (os, "fsync"), (tables, "write_deltalake"),
        (deltalake.DeltaTable, "restore"), (deltalake.DeltaTable, "create_checkpoint"),
    ):  # fmt: skip
        setattr(owner, name, counted(getattr(owner, name)))


def hold(workspace: Workspace) -> None:
    with versions.writers_lock(workspace.path, who="holder", wait_s=5):
        (workspace.path / "held").touch()
        time.sleep(60)


for line in sys.stdin:
    action, folder, step = json.loads(line)
    pid = os.fork()
    if not pid:
        try:
            if step:
                end_at(step)
            {**ACTIONS, "year": import_year, "hold": hold}[action](Workspace(Path(folder)))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
