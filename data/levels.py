"""Boundary levels: a file's polygons checked and stored, and all incidents assigned to them again."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import shapely

from base.errors import HazardError
from base.text import Sentence
from data import apart, tables
from data.headers import cell_table, guess_cell_columns
from data.merging import place, rewrite
from data.privacy import mask
from data.readers import RawCells
from data.schema import CELL_COLUMNS, EXPOSURES, REASONS, Level
from data.store import Change, Workspace
from geo.cells import check_cells

_LONGEST_NAME = 60
_Read = TypeVar("_Read")


def load_cells(
    workspace: Workspace,
    content: bytes,
    name: str,
    *,
    level: str,
    id_column: str | None = None,
    name_column: str | None = None,
    parent_column: str | None = None,
    crs: str | None = None,
    layer: str | None = None,
    trusted: bool = False,
    who: str,
) -> dict[str, Any]:
    """Load the polygons of one boundary level, new or in place of those it had; all incidents are assigned again.

    Parameters
    ----------
    content : bytes
        GeoJSON or GeoPackage.
    name : str
        The file's name, for sentences.
    level : str
        Name of the level: street, community, grid ...
    id_column, name_column, parent_column : str, optional
        Columns of the file; guessed by their titles if not given.
    crs : {"wgs84", "gcj02", "bd09"} or "EPSG:n", optional
        What the coordinates are in; the file's own declaration if not given, else WGS 84.
    layer : str, optional
        Of a GeoPackage; the one layer of polygons if not given.
    trusted : bool
        Made by this program: read without a process apart.

    Returns
    -------
    dict
        level; cells, repaired, rejected, repeats, overlaps, gaps (how many); version; crs; columns (what was taken from
        where); details (a frame for each of repaired, rejected, overlaps and gaps).

    Raises
    ------
    HazardError
        ``level-name``; what `data.apart.read_boundaries`, `data.headers.cell_table` and `geo.cells.check_cells`
        refuse; ``workspace-busy``.
    """
    level = " ".join(level.split())
    if not level or len(level) > _LONGEST_NAME:
        raise HazardError("level-name", "A boundary level needs a name of 1 to {longest} signs.", longest=_LONGEST_NAME)
    settings = workspace.newest().settings
    raw = read_boundary_file(content, name, settings=settings | ({"read_apart": 0} if trusted else {}), layer=layer)
    chosen = {"cell_id": id_column, "name": name_column, "parent": parent_column}
    guessed = guess_cell_columns(raw.frame.columns)
    columns = {
        **{field: column for field, column in guessed.items() if column not in chosen.values()},
        **{field: column for field, column in chosen.items() if column},
    }
    table = cell_table(raw.frame, columns, name=name)
    used_crs = crs or raw.crs or "wgs84"
    checked = _explained(lambda: check_cells(table, settings=settings, crs=used_crs))
    rejected = pd.concat([raw.rejected, checked.rejected], ignore_index=True).sort_values("row", ignore_index=True)
    details = {
        "repaired": checked.repaired,
        "rejected": rejected,
        "overlaps": checked.overlaps,
        "gaps": checked.gaps,
    }
    facts = {"level": level, "cells": len(checked.cells), **{kind: len(details[kind]) for kind in tables.FINDINGS}}
    facts["repeats"] = checked.repeats
    with workspace.change("cells", who=who) as change:
        column = _column(change, level)
        where = f"level = '{column}'"
        change.write("cells", _stored_cells(checked.cells, column), where=where)
        change.write("findings", _stored_findings(details, column), where=where)
        change.levels = _levels(change, Level(level, column, len(checked.cells)), checked.cells)
        if "incidents" in change.before.named.tables:
            draft = change.draft()
            rewrite(change, lambda rows: place(rows, draft, [draft.level(level)]))
        version = change.commit(**facts, file=mask(name)).version
    return {**facts, "version": version, "crs": used_crs, "columns": columns, "details": details}


def read_boundary_file(content: bytes, name: str, *, settings: Mapping[str, Any], layer: str | None = None) -> RawCells:
    """Return the polygons of a file as `data.apart.read_boundaries`, refusals with their reasons in words."""
    return _explained(lambda: apart.read_boundaries(content, name, settings=settings, layer=layer))


def _explained(step: Callable[[], _Read]) -> _Read:
    """Return what a step returns; a refusal that names a reason by its code names it in words."""
    try:
        return step()
    except HazardError as error:
        if (code := error.facts.get("reason")) in REASONS:
            reason = Sentence(REASONS[code], {"value": "", "column": "", **error.facts})
            raise HazardError(error.code, error.template, **{**error.facts, "reason": reason}) from error
        raise


def _column(change: Change, name: str) -> str:
    """Return the column of a level: the one it has, or the next free one. Names of people's making are no columns."""
    taken = {level.name: level.column for level in change.levels}
    numbers = [int(column.removeprefix("cell_")) for column in taken.values()]
    return taken.get(name) or f"cell_{max(numbers, default=0) + 1}"


def _stored_cells(cells: gpd.GeoDataFrame, column: str) -> pa.Table:
    frame = pd.DataFrame(cells.drop(columns="geometry")).reindex(columns=[*CELL_COLUMNS])
    frame["parent"] = frame["parent"].replace("", None)
    frame["geometry"] = shapely.to_wkb(cells.geometry.to_numpy())
    return pa.Table.from_pandas(frame.assign(level=column), schema=tables.TABLES["cells"].schema, preserve_index=False)


def _stored_findings(details: dict[str, pd.DataFrame], column: str) -> pa.Table:
    found = [
        {"level": column, "kind": kind, "content": json.dumps(row, ensure_ascii=False)}
        for kind, frame in details.items()
        for row in json.loads(frame.to_json(orient="records", force_ascii=False, double_precision=15))
    ]
    return pa.Table.from_pylist(found, schema=tables.TABLES["findings"].schema)


def _levels(change: Change, new: Level, cells: gpd.GeoDataFrame) -> tuple[Level, ...]:
    """Return all levels, coarse to fine, each with the next coarser one whose cells are its parents."""
    frames = {level.name: change.before.cells(level.name) for level in change.levels if level.name != new.name}
    frames[new.name] = cells
    columns = {level.name: level.column for level in (*change.levels, new)}
    ordered = sorted(frames, key=lambda name: (len(frames[name]), columns[name]))
    found = []
    for place_, name in enumerate(ordered):
        parents = set(frames[name]["parent"].dropna()) - {""}
        above = [other for other in ordered[:place_] if parents and parents <= set(frames[other]["cell_id"])]
        exposures = tuple(x for x in EXPOSURES if x in frames[name] and frames[name][x].notna().any())
        found.append(Level(name, columns[name], len(frames[name]), above[-1] if above else None, exposures))
    return tuple(found)
