"""Boundary levels: a file's polygons checked and stored, and all incidents assigned to them again."""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import shapely

from base.errors import HazardError
from base.text import N_, Listed, Sentence
from data import apart, tables
from data.cell_columns import cell_table, guess_cell_columns
from data.editions import add_edition, newest_edition, read_day
from data.features import RawCells
from data.links import Link, find_links, link_earlier
from data.merging import rewrite
from data.placing import place
from data.privacy import mask
from data.schema import EXPOSURES, REASONS, Level
from data.store import Change, Workspace
from data.table import UNREAD
from data.taking_back import Kept, taking_back
from geo.cells import check_cells

BOUNDARIES = Kept("cells", ("cells", "exposures"), "cells-undo")
_LONGEST_NAME = 60
_ASSUMED = N_(
    "{file} does not say what its coordinates are in: WGS 84 was assumed. If the cells lie some hundred metres off on "
    "the map, load the file again and choose its system, such as GCJ-02 (on the command line: --crs gcj02)."
)
_WITHOUT = N_(
    "The numbers that rates stand on (households, lengths ...) went with the former outlines: this file does not bring "
    "all of them. Load their table again."
)
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
    encoding: str | None = None,
    same_id: str = "reject",
    valid_from: str | None = None,
    valid_to: str | None = None,
    trusted: bool = False,
    who: str,
) -> dict[str, Any]:
    """Load the polygons of one boundary level, new or in place of those it had; all incidents are assigned again.

    Parameters
    ----------
    content : bytes
        As `data.readers.read_boundaries` takes it.
    name : str
        The file's name, for sentences.
    level : str
        Name of the level: street, community, grid ...
    id_column, name_column, parent_column : str, optional
        Columns of the file; guessed by their titles if not given.
    crs : {"wgs84", "gcj02", "bd09"} or "EPSG:n", optional
        What the coordinates are in; the file's own declaration if not given, else WGS 84.
    layer, encoding : str, optional
        Of the file, where it does not tell.
    same_id : {"reject", "merge"}
        What becomes of several outlines under one code (`geo.cells.check_cells`).
    valid_from, valid_to : str, optional
        Days from when and to when (half-open) the file stands. With a first day the boundary before it ends there and
        stays stored; without, the file stands in place of the newest one.
    trusted : bool
        Made by this program: read without a process apart, and not kept as an original.

    Returns
    -------
    dict
        level; cells, repaired, rejected, repeats, joined, merged, overlaps, gaps, parents (how many); editions (the
        first days of all boundaries of the level, '' where open); link (above, by); version; crs; columns (what was
        taken from where); notes (a list of Sentence); details (a frame for each of `data.tables.FINDINGS`).

    Raises
    ------
    HazardError
        ``level-name``; ``same-id-unknown``; what `data.apart.read_boundaries`, `data.cell_columns.cell_table`,
        `geo.cells.check_cells` and `data.editions` refuse; ``workspace-busy``.
    """
    level = " ".join(level.split())
    if not level or len(level) > _LONGEST_NAME:
        raise HazardError("level-name", "A boundary level needs a name of 1 to {longest} signs.", longest=_LONGEST_NAME)
    if same_id not in ("reject", "merge"):
        raise HazardError(
            "same-id-unknown", "Several outlines of one code: choose reject or merge, not {value}.", value=same_id
        )
    day, end = read_day(valid_from, "valid_from"), read_day(valid_to, "valid_to")
    settings = workspace.newest().settings
    limits = settings | ({"read_apart": 0} if trusted else {})
    raw = read_boundary_file(content, name, settings=limits, layer=layer, encoding=encoding)
    chosen = {"cell_id": id_column, "name": name_column, "parent": parent_column}
    guessed = guess_cell_columns(raw.frame.columns)
    columns = {
        **{field: column for field, column in guessed.items() if column not in chosen.values()},
        **{field: column for field, column in chosen.items() if column},
    }
    table = cell_table(raw.frame, columns, name=name, doors=bool(settings["mask_doors"]))
    notes = table.attrs.pop("notes")
    used_crs = crs or raw.crs or "wgs84"
    if not (crs or raw.crs or trusted):
        notes.append(Sentence(_ASSUMED, {"file": mask(name)}))
    if raw.unread:
        notes.append(Sentence(UNREAD, {"columns": Listed(raw.unread)}))
    checked = _explained(lambda: check_cells(table, settings=settings, crs=used_crs, same_id=same_id))
    rejected = pd.concat([raw.rejected, checked.rejected], ignore_index=True).sort_values("row", ignore_index=True)
    details = {
        "repaired": checked.repaired,
        "rejected": rejected,
        "overlaps": checked.overlaps,
        "gaps": checked.gaps,
        "merged": checked.merged,
    }
    with workspace.change("cells", who=who) as change:
        column = _column(change, level)
        came = checked.cells.rename(columns={"parent": "declared"})
        cells = add_edition(change.before.stored_cells(column), came, day=day, end=end, level=level)
        link = _store(change, Level(level, column, len(came)), cells, details)[level]
        details["parents"] = link.contradictions
        had, has = (
            {name for one in levels if one.name == level for name in one.exposures}
            for levels in (change.before.levels, change.levels)
        )
        if had - has:
            notes.append(Sentence(_WITHOUT, {}))
        facts = {"level": level, "cells": len(came), **{kind: len(details[kind]) for kind in tables.FINDINGS}}
        facts |= {"repeats": checked.repeats, "joined": checked.joined}
        facts["editions"] = sorted(set(cells["edition"]))
        facts["link"] = {"above": link.above, "by": link.by}
        if not trusted:
            change.keep_original(content, name)
        version = change.commit(**facts, file=mask(name)).version
    facts |= {"version": version, "crs": used_crs, "columns": columns, "notes": notes}
    return {**facts, "details": details}


def take_back_cells(workspace: Workspace, *, who: str) -> dict[str, Any]:
    """Take the newest boundary change back: its level is as before it, and all incidents are assigned again.

    A boundary change is a file of cells or a table of exposures. Called again, it takes back the one before.

    Returns
    -------
    dict
        level, cells (how many the level has now, 0 if it is gone), file (that was loaded), took_back (the number of the
        version), what (its kind), version.

    Raises
    ------
    HazardError
        ``nothing-to-undo``; ``version-missing`` if what was before is not kept any more; ``workspace-busy``.
    """
    with taking_back(workspace, BOUNDARIES, who=who) as back:
        name = str(back.taken.what["level"])
        known = next((one for one in back.former.levels if one.name == name), None)
        if known is None:
            _store(back.change, back.change.before.level(name), None, {})
        else:
            _store(back.change, known, back.former.stored_cells(known.column), back.former.findings(name))
        facts = {**back.facts, "level": name, "cells": known.cells if known else 0}
        return {**facts, "version": back.change.commit(**facts).version}


def _store(
    change: Change, level: Level, cells: gpd.GeoDataFrame | None, details: Mapping[str, pd.DataFrame]
) -> dict[str, Link]:
    """Write a level's cells (None: it goes) and findings, link all levels anew, and assign the incidents to it.

    Where another level hangs on this one, its parents and its findings about them are written again too.
    """
    columns = {one.name: one.column for one in change.levels if one.name != level.name}
    stored = {name: change.before.stored_cells(column) for name, column in columns.items()}
    if cells is None:
        write_cells(change, level.column, None)
        _write_findings(change, level.column, {})
    else:
        columns[level.name], stored[level.name] = level.column, cells
    newest = {name: newest_edition(frame) for name, frame in stored.items()}
    links = find_links(newest)
    for name, link in links.items():
        before = stored[name].reindex(columns=["parent"])["parent"].fillna("").astype(object)
        parents = before.copy()
        parents.loc[newest[name].index] = link.parents
        if link.above and len(earlier := stored[name].drop(index=newest[name].index)):
            parents.loc[earlier.index] = link_earlier(earlier.assign(parent=parents), stored[link.above])
        if name == level.name or not parents.equals(before):
            write_cells(change, columns[name], stored[name].assign(parent=parents))
        findings = details if name == level.name else change.before.findings(name)
        if name == level.name or not link.contradictions.equals(findings["parents"]):
            _write_findings(change, columns[name], {**findings, "parents": link.contradictions})
    change.levels = tuple(
        Level(name, columns[name], len(newest[name]), link.above, exposures_of(newest[name]))
        for name, link in links.items()
    )
    if "incidents" in change.before.named.tables:
        draft = change.draft()
        rewrite(change, lambda rows: place(rows, draft, [one for one in draft.levels if one.name == level.name]))
    return links


def read_boundary_file(content: bytes, name: str, *, settings: Mapping[str, Any], **options: Any) -> RawCells:
    """Return the polygons of a file as `data.apart.read_boundaries`, refusals with their reasons in words."""
    return _explained(lambda: apart.read_boundaries(content, name, settings=settings, **options))


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


def write_cells(change: Change, column: str, cells: gpd.GeoDataFrame | None) -> None:
    """Write all editions of a level in place of what is stored of it; None takes the level out."""
    schema = tables.TABLES["cells"].schema
    rows = schema.empty_table()
    if cells is not None:
        frame = pd.DataFrame(cells.drop(columns="geometry")).reindex(columns=schema.names)
        frame["parent"] = frame["parent"].fillna("").replace("", None)
        frame["geometry"] = shapely.to_wkb(cells.geometry.to_numpy())
        rows = pa.Table.from_pandas(frame.assign(level=column), schema=schema, preserve_index=False)
    change.write("cells", rows, where=f"level = '{column}'")


def _write_findings(change: Change, column: str, details: Mapping[str, pd.DataFrame]) -> None:
    found = [
        {"level": column, "kind": kind, "content": json.dumps(row, ensure_ascii=False)}
        for kind, frame in details.items()
        for row in json.loads(frame.to_json(orient="records", force_ascii=False, double_precision=15))
    ]
    rows = pa.Table.from_pylist(found, schema=tables.TABLES["findings"].schema)
    change.write("findings", rows, where=f"level = '{column}'")


def exposures_of(cells: pd.DataFrame) -> tuple[str, ...]:
    """Return which exposures the cells of a level have."""
    return tuple(name for name in EXPOSURES if name in cells and cells[name].notna().any())
