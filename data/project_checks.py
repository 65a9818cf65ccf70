"""Where drainage projects lie, and what is odd about them: told, while the project is kept."""

import itertools
from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from base.text import N_, Listed, Sentence
from data.dataset import Dataset
from data.exposures import find_cells
from data.project_files import Problem
from data.project_rows import objects
from data.project_words import TITLES
from data.tables import PROJECT_DAYS
from geo.shares import covered, meets

USUAL_BUFFER_M = 50.0  # around a line or a point whose file gives no metres: a drain and the street it lies in
_MOST = 10  # cells named in one sentence


def choosable(projects: pd.DataFrame) -> pd.Series:
    """Return which projects can be chosen under a budget: those whose cost is known and above zero."""
    return projects["cost"] > 0


def margins(projects: gpd.GeoDataFrame) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the metres around the geometry of each project: as given, else the usual ones of lines and points."""
    areas = projects.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).to_numpy()
    return np.where(projects["buffer_m"].notna(), projects["buffer_m"], np.where(areas, 0.0, USUAL_BUFFER_M))


def cells_of_projects(dataset: Dataset, projects: gpd.GeoDataFrame, level: str) -> pd.DataFrame:
    """Return which cells of a level each project covers, and how much of each.

    Cells that a project lists are covered whole. Where it lists cells of another level their outlines count as its
    area; what it has drawn besides counts too, the larger share of the two.

    Parameters
    ----------
    projects : GeoDataFrame
        As `Dataset.projects`; not necessarily stored.
    level : str
        Name of a boundary level.

    Returns
    -------
    DataFrame
        project_id, cell_id, share (of the cell's area, in (0, 1]); by project, in their order, then by cell. A project
        that covers no cell of the level is in no row.

    Raises
    ------
    HazardError
        ``level-unknown``, ``no-boundary``.
    """
    cells = dataset.cells(level)
    ids, outlines = cells["cell_id"].to_numpy(), cells.geometry.to_numpy()
    own = projects["level"].isin([level, ""]).to_numpy()
    known = set(ids)
    listed = [
        (place, one, 1.0)
        for place, (named, here) in enumerate(zip(projects["cells"], own, strict=True))
        for one in named
        if here and one in known
    ]
    drawn = covered(projects.geometry.to_numpy(), margins(projects), outlines)
    found = [pd.DataFrame(listed, columns=["shape", "cell_id", "share"]), drawn.assign(cell_id=ids[drawn["cell"]])]
    other = {one.name for one in dataset.levels} - {level}
    for name in sorted(other.intersection(projects.loc[[len(one) > 0 for one in projects["cells"]], "level"])):
        there = dataset.cells(name).set_index("cell_id").geometry
        places = [place for place, one in enumerate(projects["level"]) if one == name]
        pairs = [(place, one) for place in places for one in projects["cells"].iloc[place] if one in there.index]
        shapes = there.loc[[one for _, one in pairs]].to_numpy()
        more = covered(shapes, 0.0, outlines)
        at = np.array([place for place, _ in pairs], dtype=int)
        more = more.assign(shape=at[more["shape"]], cell_id=ids[more["cell"]])
        whole = pd.DataFrame(more.groupby(["shape", "cell_id"], as_index=False)["share"].sum())  # they do not overlap
        found.append(whole.assign(share=whole["share"].clip(upper=1.0)))
    every = pd.concat([one[["shape", "cell_id", "share"]] for one in found if len(one)] or [found[0]])
    every = pd.DataFrame(every.groupby(["shape", "cell_id"], as_index=False)["share"].max())
    numbers = projects["project_id"].to_numpy(dtype=object)[every["shape"].to_numpy(dtype=int)]
    return pd.DataFrame({"project_id": numbers, "cell_id": every["cell_id"], "share": every["share"].astype(float)})


def with_cells_found(dataset: Dataset, projects: gpd.GeoDataFrame, level: str | None = None) -> gpd.GeoDataFrame:
    """Return projects whose cells, given by number or name, are cell_ids of a level; words that no cell has stay.

    The level is the one that the project names, else `level`, else the one in which most of its cells are found, the
    finest of equals.
    """
    words = pd.Series(list(dict.fromkeys(one for cells in projects["cells"] for one in cells)), dtype=object)
    meant = {  # level, the finest first -> what each word means there
        one.name: dict(
            zip(words, find_cells(words, dataset.cells(one.name)[["cell_id", "name"]])["cell_id"], strict=True)
        )
        for one in reversed(dataset.levels)
    }
    levels, listed = projects["level"].tolist(), projects["cells"].tolist()
    for place, (own, cells) in enumerate(zip(levels, listed, strict=True)):
        if not cells:
            levels[place] = own if own in meant else ""
            continue
        asked = [own] if own in meant else [level] if level in meant else list(meant)
        best = max(asked, key=lambda name: sum(pd.notna(meant[name][one]) for one in cells), default=None)
        if best is not None:
            found = [(meant[best][one], one) for one in cells]
            listed[place] = tuple(dict.fromkeys(one if pd.isna(cell) else cell for cell, one in found))
            levels[place] = best
    return projects.assign(level=objects(levels, projects.index), cells=objects(listed, projects.index))


def problems(dataset: Dataset, projects: gpd.GeoDataFrame) -> list[Problem]:
    """Return what is odd about projects that are kept, project by project; `row` is theirs where there is one."""
    rows = projects["row"] if "row" in projects else pd.Series(0, projects.index)
    found = []
    placed = _placed(dataset, projects)
    ids = {one.name: set(dataset.cells(one.name)["cell_id"]) for one in dataset.levels}
    for place, project in enumerate(projects.itertuples(index=False)):
        for code, sentence in _odd(project, ids, placed=placed[place]):
            found.append(Problem(int(rows.iloc[place]), str(project.project_id), code, sentence))
    return found


def _placed(dataset: Dataset, projects: gpd.GeoDataFrame) -> list[bool]:
    """Return whether what a project has drawn lies in some cell; True without a drawing or a boundary."""
    if not dataset.levels or not len(projects):
        return [True] * len(projects)
    cells = dataset.cells(dataset.levels[0].name)
    inside = meets(projects.geometry.to_numpy(), margins(projects), cells.geometry.to_numpy())
    return (inside | projects.geometry.isna().to_numpy()).tolist()


def _odd(project: Any, ids: dict[str, set[str]], *, placed: bool) -> Iterator[tuple[str, Sentence]]:
    if project.cost != project.cost:
        yield "cost-missing", Sentence(_COST["missing"], {})
    elif project.cost == 0:
        yield "cost-zero", Sentence(_COST["zero"], {})
    elif project.cost < 0:
        yield "cost-negative", Sentence(_COST["negative"], {"cost": float(project.cost)})
    known = [(name, day) for name in PROJECT_DAYS if (day := getattr(project, name))]
    for (first, before), (second, after) in itertools.pairwise(known):
        if after < before:
            facts = {"first": _title(first), "before": before, "second": _title(second), "after": after}
            yield "days-out-of-order", Sentence(_ORDER, facts)
    if project.cells and ids:
        lost = [one for one in project.cells if one not in ids.get(project.level, set())]
        if lost:
            facts = {"n": len(lost), "cells": Listed(lost[:_MOST])}
            yield "cells-unknown", Sentence(_NO_CELL, facts)
    if not placed:
        yield "outside", Sentence(_OUTSIDE, {})
    if not project.cells and project.geometry is None:
        yield "no-place", Sentence(_NO_PLACE, {})
    line = project.geometry is not None and "Polygon" not in project.geometry.geom_type
    if line and project.buffer_m != project.buffer_m:
        yield "buffer-usual", Sentence(_BUFFER, {"metres": USUAL_BUFFER_M})
    if line and project.buffer_m == 0:
        yield "buffer-zero", Sentence(_NO_BUFFER, {})


def _title(name: str) -> Sentence:
    return Sentence(TITLES[name], {})


_COST = {
    "missing": N_("no cost is known: the project is kept, but cannot be chosen"),
    "zero": N_("its cost is zero: the project is kept, but cannot be chosen"),
    "negative": N_("its cost is negative ({cost} yuan): the project is kept, but cannot be chosen"),
}
_ORDER = N_("the days are out of order: {first} {before}, {second} {after}. Correct one of them")
_NO_CELL = N_("{n} of its cells are none of the boundary and are not placed: {cells}. Correct the number or name")
_OUTSIDE = N_(
    "its place lies outside the boundary: the project is kept, but not placed. Check the coordinate system of its file"
)
_NO_PLACE = N_("no place is known: neither cells nor an outline. Choose its cells on the map")
_BUFFER = N_("no metres around its line or point are given: {metres} m are taken")
_NO_BUFFER = N_("0 m around its line or point cover no cell: give some metres")
