"""What the crash tests do to a workspace: a small one to begin with, and the changes that are killed."""

from pathlib import Path

from stored import boundary, with_grids

from data import changes, persons
from data.levels import load_cells
from data.loading import import_incidents
from data.store import Workspace

HEADER = "案卷号,上报时间,问题描述,经度,纬度\n"
FIRST = HEADER + "".join(f"{n},2025-0{1 + n % 3}-05 10:00,张全蛋门口积水,113.0{n}5,33.005\n" for n in range(6))
SECOND = HEADER + (
    "1,2025-02-05 10:00,井盖下沉,113.015,33.005\n"  # corrected
    "2,2025-06-05 10:00,张全蛋门口积水,113.025,33.005\n"  # moved to another month
    "3,2025-01-05 10:00,张全蛋门口积水,113.035,33.005\n"  # a repeat
    "7,2025-06-06 10:00,外墙脱落,113.005,33.015\n"  # new
    "8,yesterday,外墙脱落,113.005,33.015\n"  # rejected
)


def year(first: int, n: int) -> bytes:
    """Return a file of `n` cases over all months; where two of them overlap, they differ."""
    rows = "".join(
        f"{first + k},2025-{1 + k % 12:02d}-{1 + k % 28:02d} 08:00,{k}号门口积水,113.005,33.005\n" for k in range(n)
    )
    return (HEADER + rows).encode()


def import_year(workspace: Workspace) -> None:
    import_incidents(workspace, year(60, 360), "new.csv", who="t")


def prepared(path: Path) -> Workspace:
    """Boundaries, one import with rejected rows, originals."""
    workspace = with_grids(path)
    first = (FIRST + "9,soon,x,113.0,33.0\n").encode()
    import_incidents(workspace, first, "first.csv", who="t")
    return workspace


def import_second(workspace: Workspace) -> None:
    import_incidents(workspace, SECOND.encode(), "second.csv", who="t")


def load_other_cells(workspace: Workspace) -> None:
    load_cells(workspace, boundary("ABCDEF", parents="WWEEWW", step=0.008), "grids.geojson", level="grid", who="t")


def undo_second(workspace: Workspace) -> None:
    if workspace.newest().imports[-1].file == "second.csv":
        changes.undo(workspace, who="t")


def erase_person(workspace: Workspace) -> None:
    persons.erase(workspace, "张全蛋", who="t")


ACTIONS = {"import": import_second, "cells": load_other_cells, "undo": undo_second, "erase": erase_person}
