"""The drainage projects of a workspace: loaded from a file, edited, removed and taken back; each change is a version.

A project that a file or an editor brings takes the place of the one of its number; all others stay.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import pandas as pd

from base.errors import HazardError
from base.text import Sentence
from data.dataset import Dataset
from data.privacy import mask, mask_text
from data.project_checks import cells_of_projects, choosable, problems, with_cells_found
from data.project_files import Problem, ProjectFile, read_projects
from data.project_rows import in_order, stamp, to_stored, whole
from data.project_words import STATUSES, read_kind
from data.store import Change, Workspace
from data.tables import PROJECT_COLUMNS
from data.taking_back import Kept, taking_back
from data.times import FIRST_YEAR, LAST_YEAR

__all__ = [
    "PROJECTS", "Loaded", "Problem", "ProjectFile", "added", "cells_of_projects", "choosable", "load_projects",
    "preview", "problems", "read_projects", "remove_projects", "save_projects", "stamp", "take_back", "toggled",
]  # fmt: skip

PROJECTS = Kept("projects", ("projects", "projects-edited", "projects-removed"), "projects-undo")
_MASKED = ("name", "kind", "owner", "alternatives")
_LONGEST_ID = 60


@dataclass(frozen=True)
class Loaded:
    """What a file would make of the stored projects: `rows` of the file, numbered and placed; `after`, all of them.

    new + updated + unchanged = len(rows).
    """

    file: ProjectFile
    rows: gpd.GeoDataFrame
    after: gpd.GeoDataFrame
    new: int
    updated: int
    unchanged: int
    problems: tuple[Problem, ...]
    notes: tuple[Sentence, ...]


def preview(dataset: Dataset, file: ProjectFile, *, level: str | None = None) -> Loaded:
    """Return what a file of projects would do; nothing is stored.

    Parameters
    ----------
    level : str, optional
        Boundary level of the cells that the file lists; the one in which most are found if not given.

    Raises
    ------
    HazardError
        ``level-unknown``; ``project-id`` for a number that is too long.
    """
    if level is not None:
        dataset.level(level)
    stored = dataset.projects()
    rows = with_cells_found(dataset, _numbered(file.rows, stored), level)
    _check_ids(rows)
    came, held = (dict(zip(one["project_id"], _contents(one), strict=True)) for one in (rows, stored))
    unchanged = sum(held.get(number) == content for number, content in came.items())
    updated = len(came.keys() & held.keys()) - unchanged
    number_of = dict(zip(file.rows["row"], rows["project_id"], strict=True))
    told = [replace(one, project_id=number_of.get(one.row, one.project_id)) for one in file.problems]
    said = {one.row for one in told if one.code == "cost-unreadable"}
    placeless = {one.row for one in told if one.code.startswith("geometry-")}
    for one in problems(dataset, rows):  # what could not be read is not missing besides
        if not (one.code == "cost-missing" and one.row in said) and not (
            one.code == "no-place" and one.row in placeless
        ):
            told.append(one)
    return Loaded(
        file, rows, _merged(stored, rows), len(rows) - updated - unchanged, updated, unchanged,
        tuple(sorted(told, key=lambda one: one.row)), file.notes,
    )  # fmt: skip


def load_projects(
    workspace: Workspace,
    content: bytes,
    name: str,
    *,
    crs: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    level: str | None = None,
    trusted: bool = False,
    who: str,
) -> dict[str, Any]:
    """Store the projects of a file beside those there are; one of the same number takes the place of the stored one.

    Parameters
    ----------
    trusted : bool
        Made by this program: read without a process apart, and not kept as an original.

    Returns
    -------
    dict
        read = new + updated + unchanged + rejected + repeats; projects (stored now), not_choosable (of them, for their
        cost), crs, crs_from, columns, problems (list of `Problem`), rejected_rows (row, value, sentence), notes (list
        of Sentence), version.

    Raises
    ------
    HazardError
        What `read_projects` and `preview` refuse; ``projects-none`` where no row is taken; ``workspace-busy``.
    """
    settings = workspace.newest().settings | ({"read_apart": 0} if trusted else {})
    file = read_projects(content, name, crs=crs, layer=layer, encoding=encoding, settings=settings)
    if not len(file.rows):
        raise HazardError(
            "projects-none",
            "{file}: none of its {n} rows is a project with a number or a name: nothing was stored.",
            file=name, n=file.read,
        )  # fmt: skip
    with workspace.change("projects", who=who) as change:
        loaded = preview(change.before, file, level=level)
        facts = {
            "read": file.read,
            "new": loaded.new,
            "updated": loaded.updated,
            "unchanged": loaded.unchanged,
            "rejected": len(file.rejected),
            "repeats": file.repeats,
        }
        if facts["read"] != sum(facts[key] for key in ("new", "updated", "unchanged", "rejected", "repeats")):
            raise RuntimeError("the totals of the projects do not tie")
        version = change.before.version
        if loaded.new or loaded.updated:  # the same again is no change
            if not trusted:
                change.keep_original(content, name)
            version = _write(change, loaded.after, **facts, file=mask(name))
    return {
        **facts, **_state(loaded.after), "crs": file.crs, "crs_from": file.crs_from, "columns": dict(file.columns),
        "problems": list(loaded.problems), "rejected_rows": file.rejected, "notes": list(loaded.notes),
        "version": version,
    }  # fmt: skip


def save_projects(
    workspace: Workspace, rows: pd.DataFrame, *, based_on: pd.DataFrame | None = None, who: str
) -> dict[str, Any]:
    """Store projects as they were edited, in place of all that are stored.

    Parameters
    ----------
    rows : DataFrame
        All projects; any columns of `Dataset.projects`. A column that is not there (a table for people has no geometry)
        keeps what the stored project of that number has. One without a number gets the next free one; a row with
        neither number nor name is passed over.
    based_on : DataFrame, optional
        The projects that the writer had in view. Nothing is saved where they stand otherwise now. Not given: they are
        replaced whatever stands there.

    Returns
    -------
    dict
        new, updated, removed, projects, not_choosable, problems, version.

    Raises
    ------
    HazardError
        ``project-id``, ``project-twice``, ``project-status``, ``project-year``, ``projects-changed``,
        ``workspace-busy``.
    """
    with workspace.change("projects-edited", who=who) as change:
        stored = change.before.projects()
        if based_on is not None and stamp(based_on) != stamp(stored):
            raise HazardError(
                "projects-changed",
                "Somebody else has changed the projects meanwhile: nothing was saved. Look at them as they are now, "
                "and write the change again.",
            )
        after = _edited(rows, stored, change.before)
        came, held = (dict(zip(one["project_id"], _contents(one), strict=True)) for one in (after, stored))
        facts = {
            "new": len(came.keys() - held.keys()),
            "updated": sum(held[number] != content for number, content in came.items() if number in held),
            "removed": len(held.keys() - came.keys()),
        }
        odd = problems(change.before, after)
        version = _write(change, after, **facts)
    return {**facts, **_state(after), "problems": odd, "version": version}


def remove_projects(workspace: Workspace, project_ids: Iterable[str], *, who: str) -> dict[str, Any]:
    """Take projects out of the table.

    Returns
    -------
    dict
        removed (how many), projects, not_choosable, version.

    Raises
    ------
    HazardError
        ``project-unknown``, ``workspace-busy``.
    """
    gone = list(dict.fromkeys(project_ids))
    if not workspace.exists:  # a mistyped folder is not made
        raise _unknown(gone[0] if gone else "-", [])
    with workspace.change("projects-removed", who=who) as change:
        stored = change.before.projects()
        for one in gone:
            if one not in set(stored["project_id"]):
                raise _unknown(one, stored["project_id"].tolist())
        after = in_order(stored[~stored["project_id"].isin(gone)])
        version = _write(change, after, removed=len(gone))
    return {"removed": len(gone), **_state(after), "version": version}


def take_back(workspace: Workspace, *, who: str) -> dict[str, Any]:
    """Take the newest change of the projects back: they are as before. Called again, it takes back the one before.

    Returns
    -------
    dict
        took_back (the number of the version), what (its kind), file ('' where it was none), projects, not_choosable,
        version.

    Raises
    ------
    HazardError
        ``nothing-to-undo``; ``version-cleared`` if what was before is not kept any more; ``workspace-busy``.
    """
    with taking_back(workspace, PROJECTS, who=who) as back:
        before = back.former.projects()
        version = _write(back.change, before, **back.facts)
    return {**back.facts, **_state(before), "version": version}


def added(
    projects: gpd.GeoDataFrame, level: str, cells: Sequence[str], *, name: str = ""
) -> tuple[gpd.GeoDataFrame, str]:
    """Return projects with a new one that covers some cells of a level, and its number."""
    number = _free(projects["project_id"])
    row = whole(pd.DataFrame([{"project_id": number, "name": name, "status": STATUSES[0], "level": level}]))
    row.iat[0, row.columns.get_loc("cells")] = tuple(dict.fromkeys(cells))
    return in_order(_joined(projects, row)), number


def toggled(projects: gpd.GeoDataFrame, project_id: str, level: str, cell: str) -> tuple[gpd.GeoDataFrame, bool]:
    """Return projects of which one has one cell more, or less where it had it; and whether it has it now.

    Raises
    ------
    HazardError
        ``project-unknown``; ``project-level`` where the project lists cells of another level.
    """
    if project_id not in set(projects["project_id"]):
        raise _unknown(project_id, projects["project_id"].tolist())
    result = projects.copy()
    place = projects["project_id"].tolist().index(project_id)
    own, cells = projects["level"].iloc[place], projects["cells"].iloc[place]
    if cells and own not in ("", level):
        raise HazardError(
            "project-level",
            "Project {project} lists cells of the level {own}, and this one is of the level {level}: choose that level "
            "on the map, or take its cells out first.",
            project=project_id, own=own, level=level,
        )  # fmt: skip
    has = cell not in cells
    result.iat[place, result.columns.get_loc("cells")] = (
        (*cells, cell) if has else tuple(one for one in cells if one != cell)
    )
    result.iloc[place, result.columns.get_loc("level")] = level if has or len(cells) > 1 else ""
    return result, has


def _write(change: Change, rows: gpd.GeoDataFrame, **facts: Any) -> int:
    change.write("projects", to_stored(rows))
    return change.commit(**facts, projects=len(rows)).version


def _state(rows: pd.DataFrame) -> dict[str, int]:
    return {"projects": len(rows), "not_choosable": int((~choosable(rows)).sum())}


def _edited(rows: pd.DataFrame, stored: gpd.GeoDataFrame, dataset: Dataset) -> gpd.GeoDataFrame:
    """Return rows as people typed them with all columns, clean and masked, with numbers and known cells."""
    filled = whole(rows)
    keep = ((filled["project_id"] != "") | (filled["name"] != "")).to_numpy()
    filled, rows = filled[keep].reset_index(drop=True), rows[keep].reset_index(drop=True)
    _check_ids(filled)
    held = stored.set_index("project_id")
    for name in set(PROJECT_COLUMNS) - set(rows) - {"project_id"}:
        for place, number in enumerate(filled["project_id"]):
            if number in held.index:
                filled.iat[place, filled.columns.get_loc(name)] = held.at[number, name]
    for name in _MASKED:
        filled[name] = mask_text(filled[name]).astype(object)
    filled["kind"] = filled["kind"].map(read_kind)
    filled["status"] = filled["status"].where(filled["status"] != "", STATUSES[0])
    for unknown in set(filled["status"]) - set(STATUSES):
        raise HazardError(
            "project-status", "{status} is none of the stages {known}.", status=unknown, known=", ".join(STATUSES)
        )
    years = filled["year"].dropna()
    if len(wrong := years[~years.between(FIRST_YEAR, LAST_YEAR)]):
        raise HazardError(
            "year-far", "{year} is none of the years {first} to {last}.",
            year=str(wrong.iloc[0]), first=str(FIRST_YEAR), last=str(LAST_YEAR),
        )  # fmt: skip
    filled["buffer_m"] = filled["buffer_m"].where(filled["buffer_m"].between(0, 100_000))
    numbered = _numbered(filled, stored.iloc[:0])
    return in_order(with_cells_found(dataset, numbered))


def _numbered(rows: gpd.GeoDataFrame, stored: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return rows that all have a number: that of the stored project of the same name, else the next free one."""
    by_name = stored.loc[~stored["name"].duplicated(keep=False)].set_index("name")["project_id"]
    numbers: list[str] = rows["project_id"].tolist()
    taken = {*filter(None, numbers), *stored["project_id"]}
    for place, name in enumerate(rows["name"]):
        if not numbers[place]:
            own = str(by_name.get(name, ""))
            numbers[place] = own if own and own not in numbers else _free(taken)
            taken.add(numbers[place])
    return rows.assign(project_id=pd.Series(numbers, rows.index, dtype=object))


def _free(taken: Iterable[str]) -> str:
    known, number = set(taken), 1
    while f"P{number}" in known:
        number += 1
    return f"P{number}"


def _check_ids(rows: gpd.GeoDataFrame) -> None:
    for number in rows["project_id"]:
        if len(number) > _LONGEST_ID:
            raise HazardError(
                "project-id",
                "The project number {project} … is too long: at most {longest} signs.",
                project=number[:20], longest=_LONGEST_ID,
            )  # fmt: skip
    given = rows.loc[rows["project_id"] != "", "project_id"]
    if given.duplicated().any():
        raise HazardError(
            "project-twice",
            "The project number {project} stands in several rows: give each project its own.",
            project=str(given[given.duplicated()].iloc[0]),
        )


def _merged(stored: gpd.GeoDataFrame, rows: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return in_order(_joined(stored[~stored["project_id"].isin(rows["project_id"])], rows[list(PROJECT_COLUMNS)]))


def _joined(first: gpd.GeoDataFrame, second: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    parts = [part for part in (first, second) if len(part)]
    return whole(pd.concat(parts, ignore_index=True)) if parts else whole(first)


def _contents(rows: gpd.GeoDataFrame) -> list[str]:
    return [repr(one) for one in to_stored(rows).to_pylist()]


def _unknown(project_id: str, known: Sequence[str]) -> HazardError:
    listed = ", ".join(known[:20]) + (" …" if len(known) > 20 else "")
    return HazardError(
        "project-unknown",
        "There is no project {project}. Stored are: {known}.",
        project=project_id, known=listed or "-",
    )  # fmt: skip
