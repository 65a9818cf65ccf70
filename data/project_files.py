"""A file of drainage projects -> rows as they are stored: a layer of places, or a table with cells, points or WKT.

What cannot be read of a row is told and left empty, and the row is kept: a project without a cost is still a project.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from base.errors import HazardError
from base.settings import DEFAULTS
from base.text import N_, Listed, Sentence
from data import apart, project_words
from data.cell_columns import read_day_column
from data.contents import kind_of
from data.features import RawCells
from data.numbers import read_numbers
from data.privacy import MASK, mask, mask_text, personal_headers
from data.project_rows import whole
from data.project_words import PLANNED
from data.readers import WITH_POINTS
from data.schema import REASONS
from data.shapes import shapes_of_text
from data.table import X_HEADER, Y_HEADER, Table
from data.tables import PROJECT_DAYS
from data.times import read_years
from geo.crs import crs_name, is_projected, to_wgs84

OWN_LAYER = "projects"  # in a GeoPackage that this program wrote, which holds the covered cells too
_CELL_SIGNS = re.compile(r"[;；,，、|/\n]+")
# What a column headed by a word for persons may still hold: the name of an office or a post ends so
_OFFICE = re.compile(
    r"(?:局|所|科|队|办|站|中心|公司|处|组|院|部|委|会|街道|社区|镇|乡|集团|单位|岗|"
    r"department|office|team|unit|bureau|company|station|centre|center|section|division)\)?$",
    re.IGNORECASE,
)
_STAGE_OF = {  # what was done last tells where a project stands whose stage nobody wrote
    "inspected_on": "done", "finished_on": "inspection", "built_from": "construction", "designed_on": "design",
    "surveyed_on": "survey",
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """What is odd about a project that is kept: `row` of its file (0 where it comes from none), `code`, a sentence."""

    row: int
    project_id: str
    code: str
    sentence: Sentence


@dataclass(frozen=True)
class ProjectFile:
    """What a file of projects holds: read = len(rows) + len(rejected) + repeats.

    Attributes
    ----------
    rows : GeoDataFrame
        As `data.project_rows.from_stored`, in the order of the file, with `row`, the number in it (of a feature, or as
        a spreadsheet counts). project_id is '' where the file has none; cells are the words of the file.
    rejected : DataFrame
        row, value, sentence (a Sentence).
    columns : dict
        field -> header.
    crs, crs_from : str
        The system that was taken, and whether it was "said", declared by the "file", or the "usual" one.
    """

    rows: gpd.GeoDataFrame
    rejected: pd.DataFrame
    repeats: int
    problems: tuple[Problem, ...]
    notes: tuple[Sentence, ...]
    columns: Mapping[str, str]
    crs: str
    crs_from: str
    kind: str
    layers: tuple[str, ...] = ()

    @property
    def read(self) -> int:
        """How many rows or features the file holds."""
        return len(self.rows) + len(self.rejected) + self.repeats


@dataclass
class _Raw:
    """A file as rows of text under their numbers, its shapes as they stand, and what was refused of it."""

    text: pd.DataFrame
    shapes: NDArray[np.object_]
    rejected: list[tuple[int, str, Sentence]]
    why: dict[int, tuple[str, str]]  # row -> value and reason of a geometry that cannot be used
    kind: str
    crs: str | None
    layers: tuple[str, ...] = ()
    placed: bool = False  # whether it can hold geometries at all
    notes: list[Sentence] = field(default_factory=list)


def read_projects(
    content: bytes,
    name: str,
    *,
    crs: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> ProjectFile:
    """Return the projects of a file, told by its content.

    Parameters
    ----------
    content : bytes
        GeoJSON or GeoPackage (polygons, lines or points); or CSV or XLSX, whose places are cells by number or name in a
        column, a WKT, or longitude and latitude.
    name : str
        The file's name, for sentences.
    crs : {"wgs84", "gcj02", "bd09"} or "EPSG:n", optional
        What coordinates are in; what the file declares if not given, else WGS 84.
    layer : str, optional
        Layer of a GeoPackage, sheet of a workbook.
    settings : mapping, optional
        Of the workspace, as `data.apart.read_table` takes them.

    Raises
    ------
    HazardError
        ``not-projects`` without a column of numbers or names, ``projects-projected`` where metres are given as degrees,
        ``crs-unknown``; those of `data.apart.read_table` and `data.apart.read_features`.
    """
    settings = settings or DEFAULTS
    raw = _raw(content, name, layer, encoding, settings)
    columns = project_words.columns_of(list(raw.text.columns))
    if not {"project_id", "name"} & set(columns):
        raise HazardError(
            "not-projects",
            "{file} is no table of projects: it needs a column 项目编号 (project number) or 项目名称 (project name). "
            "Its columns are: {headers}. Download the template to see how it is filled in.",
            file=name, headers=", ".join(map(str, raw.text.columns))[:300] or "-",
        )  # fmt: skip
    text = raw.text.rename(columns={header: one for one, header in columns.items()})[list(columns)]
    text = text.astype(object).map(lambda cell: str(cell).strip())
    problems: list[Problem] = []
    rows = _understood(text, columns, raw, problems, doors=bool(settings["mask_doors"]))
    system = crs_name(crs or raw.crs or "wgs84")
    crs_from = "said" if crs else "file" if raw.crs else "usual"
    rows["geometry"] = _to_wgs84(_shapes(text, raw, problems), system, name, text, problems)
    notes = [*raw.notes, *_left_out(list(raw.text.columns), columns)]
    if crs_from == "usual" and pd.notna(rows["geometry"]).any():
        notes.append(Sentence(_ASSUMED, {"file": mask(name)}))
    if "cost" in columns and project_words.cost_unit(columns["cost"]) is None:
        bare = text["cost"].map(lambda cell: project_words.cost_unit(cell) is None and bool(cell))
        if bare.any():
            notes.append(Sentence(_YUAN, {"column": columns["cost"]}))
    kept, twice, repeats = _once_each(whole(rows).assign(row=rows.index))
    rejected = pd.DataFrame([*raw.rejected, *twice], columns=["row", "value", "sentence"])
    alive = set(kept["row"])
    return ProjectFile(
        kept.reset_index(drop=True), rejected.sort_values("row", kind="stable", ignore_index=True), repeats,
        tuple(sorted((one for one in problems if one.row in alive), key=lambda one: one.row)), tuple(notes), columns,
        system, crs_from, raw.kind, raw.layers,
    )  # fmt: skip


_ASSUMED = N_(
    "{file} does not say what its coordinates are in: WGS 84 was assumed. If the projects lie some hundred metres off "
    "on the map, load the file again and choose its system, such as GCJ-02 (on the command line: --crs gcj02)."
)
_YUAN = N_(
    "Column {column} names no unit: its costs were taken as yuan. Write 万元 into its title if they are in 10,000."
)
_LEFT = N_("Not loaded, no column of a project: {columns}.")
_PERSONS = N_("Not loaded, personal data: {columns}.")


def _raw(content: bytes, name: str, layer: str | None, encoding: str | None, settings: Mapping[str, Any]) -> _Raw:
    kind = kind_of(content)
    if kind in WITH_POINTS or (kind == "text" and content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"):
        try:
            found = apart.read_features(content, name, settings=settings, layer=layer, encoding=encoding)
        except HazardError as error:
            layers = str(error.facts.get("layers", "")).split(", ")
            if layer or error.code != "layer-ambiguous" or OWN_LAYER not in layers:
                raise
            found = apart.read_features(content, name, settings=settings, layer=OWN_LAYER, encoding=encoding)
        return _of_features(found)
    return _of_table(apart.read_table(content, name, settings=settings, sheet=layer, encoding=encoding))


def _of_features(found: RawCells) -> _Raw:
    text = pd.DataFrame(found.frame.drop(columns=["geometry", "row"])).set_axis(found.frame["row"].to_numpy(), axis=0)
    why = {int(row): (str(value), str(reason)) for row, _, value, reason in found.rejected.itertuples(index=False)}
    return _Raw(text, found.frame.geometry.to_numpy(), [], why, found.kind, found.crs, found.layers, placed=True)


def _of_table(table: Table) -> _Raw:
    text = table.frame.astype(object).set_axis(table.headers, axis=1)
    text = text.loc[:, ~text.columns.duplicated()]
    filled = (text.map(str.strip) != "").any(axis=1)
    rejected = [(int(row), "", Sentence(REASONS["empty-row"])) for row in text.index[~filled]]
    rejected += [(int(row), "", Sentence(REASONS["totals-row"])) for row in table.sums]
    rejected += [
        (int(row), "", Sentence(REASONS[reason], {"value": "", "column": ""}))
        for row, reason in zip(table.bad["row"], table.bad["reason"], strict=True)
    ]
    text = text[filled].drop(index=[row for row in table.sums if row in text.index], errors="ignore")
    return _Raw(text, np.full(len(text), None), rejected, {}, table.kind, table.crs, table.sheets)


def _understood(
    text: pd.DataFrame, columns: Mapping[str, str], raw: _Raw, problems: list[Problem], *, doors: bool
) -> pd.DataFrame:
    """Return the fields of each row but its geometry; what cannot be read is empty, and told."""
    ids = text["project_id"] if "project_id" in text else pd.Series("", text.index, dtype=object)

    def tell(row: Any, code: str, value: Any, column: str) -> None:
        facts = {"value": mask(str(value))[:60], "column": columns[column]}
        problems.append(Problem(int(row), str(ids[row]), code, Sentence(_UNREAD[code], facts)))

    rows = pd.DataFrame({"project_id": ids.map(lambda one: " ".join(one.split()))}, index=text.index)
    for name in ("name", "kind", "alternatives", "level"):
        if name in text:
            rows[name] = mask_text(text[name], doors=doors).astype(object)
    if "kind" in text:
        rows["kind"] = rows["kind"].map(project_words.read_kind)
    if "owner" in text:
        rows["owner"] = _owners(text["owner"], columns["owner"], tell)
    if "cost" in text:
        unit = project_words.cost_unit(columns["cost"]) or 1.0
        costs = [project_words.read_cost(cell, unit) for cell in text["cost"]]
        for row in text.index[[cost is None for cost in costs]]:
            tell(row, "cost-unreadable", text.at[row, "cost"], "cost")
        rows["cost"] = [float("nan") if cost is None else cost for cost in costs]
    for name in PROJECT_DAYS:
        if name in text:
            days, wrong = read_day_column(text[name].replace(["-", "—", "/"], ""))
            for row in text.index[wrong]:
                tell(row, "day-unreadable", text.at[row, name], name)
            rows[name] = days
    if "must" in text:
        said = text["must"].map(project_words.read_yes)
        for row in text.index[[one is None for one in said]]:
            tell(row, "must-unreadable", text.at[row, "must"], "must")
        rows["must"] = said.map(lambda one: bool(one))
    if "year" in text:
        years = read_years(text["year"].str.replace(r"\.0+$", "", regex=True))
        for row in text.index[((years == "") & ~text["year"].isin(["", "-", "—"])).to_numpy(bool)]:
            tell(row, "year-unreadable", text.at[row, "year"], "year")
        rows["year"] = pd.to_numeric(years, errors="coerce")
    if "buffer_m" in text:
        plain = text["buffer_m"].str.replace(r"\s*(?:米|m|metres?|meters?)$", "", regex=True, flags=re.IGNORECASE)
        metres = pd.Series(read_numbers(plain), text.index)
        wrong = (plain != "") & ~((metres >= 0) & (metres <= 100_000))
        for row in text.index[wrong]:
            tell(row, "buffer-unreadable", text.at[row, "buffer_m"], "buffer_m")
        rows["buffer_m"] = metres.mask(wrong)
    if "cells" in text:
        rows["cells"] = [tuple(filter(None, map(str.strip, _CELL_SIGNS.split(mask(cell))))) for cell in text["cells"]]
    rows["status"] = _stages(text, rows, tell)
    return rows


_UNREAD = {
    "cost-unreadable": N_(
        "the cost “{value}” in column {column} is no one number: write it like 1200000 or 120万元. Until then the "
        "project is kept, but cannot be chosen"
    ),
    "day-unreadable": N_("“{value}” in column {column} is no day: write it as 2025-03-05"),
    "must-unreadable": N_("“{value}” in column {column} is neither yes nor no: taken as no. Write 是 or 否"),
    "year-unreadable": N_("“{value}” in column {column} is no year: write it as 2026"),
    "buffer-unreadable": N_("“{value}” in column {column} is no number of metres from 0 to 100,000"),
    "status-unreadable": N_(
        "“{value}” in column {column} is no stage: write 勘察评估, 方案设计, 施工监管, 后续排查, 计划 or 完成. Taken "
        "as planned"
    ),
    "owner-hidden": N_(
        "column {column} is about persons, and what stands there is no office: kept as ***. Name the unit or the post"
    ),
}


def _owners(text: pd.Series, header: str, tell: Any) -> pd.Series:
    """Return the units or posts; in a column headed by a word for persons only what reads like an office stays."""
    masked = mask_text(text).astype(object)
    if header in personal_headers([header]):
        hidden = (masked != "") & ~masked.map(lambda one: bool(_OFFICE.search(one)) or one == MASK)
        for row in text.index[hidden]:
            tell(row, "owner-hidden", "", "owner")
        masked = masked.mask(hidden, MASK)
    return masked


def _stages(text: pd.DataFrame, rows: pd.DataFrame, tell: Any) -> pd.Series:
    """Return the stage of each row: as written, else that of its last day, else planned."""
    by_days = pd.Series(PLANNED, text.index, dtype=object)
    for name, stage in reversed(_STAGE_OF.items()):
        if name in rows:
            by_days = by_days.mask(rows[name].map(bool), stage)
    if "status" not in text:
        return by_days
    said = text["status"].map(project_words.read_status)
    for row in text.index[[one is None for one in said]]:
        tell(row, "status-unreadable", text.at[row, "status"], "status")
    return said.where(said.notna(), PLANNED).where(said != "", by_days).astype(object)


def _shapes(text: pd.DataFrame, raw: _Raw, problems: list[Problem]) -> NDArray[np.object_]:
    """Return a shape for each row where there is one: of the layer, else of a WKT, else of a pair of numbers."""
    shapes, why = raw.shapes.copy(), dict(raw.why)
    if not raw.placed and "wkt" in text:
        shapes, refused = shapes_of_text(text["wkt"].tolist())
        for place, one in refused.items():
            if one.args[1] != "geometry-missing":
                why[int(text.index[place])] = (str(one.args[0]), one.args[1] or "geometry-unknown")
    if not raw.placed and {"lon", "lat"} <= set(text):
        x, y = read_numbers(text["lon"]), read_numbers(text["lat"])
        known = np.isfinite(x) & np.isfinite(y) & ~((x == 0) & (y == 0)) & shapely.is_missing(shapes)
        shapes[known] = shapely.points(x[known], y[known])
        half = ~known & shapely.is_missing(shapes) & ((text["lon"] != "") | (text["lat"] != "")).to_numpy(bool)
        for row in text.index[half]:
            why.setdefault(int(row), (f"{text.at[row, 'lon']}, {text.at[row, 'lat']}", "coordinates-unreadable"))
    for row, (value, reason) in why.items():
        if row in text.index:
            facts = {"value": mask(value)[:60]}
            number = str(text.at[row, "project_id"]) if "project_id" in text else ""
            problems.append(
                Problem(row, number, "geometry-unreadable", Sentence(_GEOMETRY[reason == "geometry-unknown"], facts))
            )
    return shapes


_GEOMETRY = {
    True: N_("its place is “{value}” and no polygon, line or point: the project is kept without a place"),
    False: N_("its place cannot be read (“{value}”): the project is kept without a place. Export it again"),
}


def _to_wgs84(
    shapes: NDArray[np.object_], crs: str, name: str, text: pd.DataFrame, problems: list[Problem]
) -> NDArray[np.object_]:
    """Return shapes in WGS 84; one that has no place on earth goes, and is told."""
    known = np.flatnonzero(~shapely.is_missing(shapes))
    if not len(known):
        return shapes
    box = shapely.bounds(shapes[known])
    beyond = np.zeros(len(known), dtype=bool)
    if not is_projected(crs):
        beyond = (np.abs(box[:, [0, 2]]) > 360).any(axis=1) | (np.abs(box[:, [1, 3]]) > 360).any(axis=1)
        if beyond.mean() > 0.5:
            raise HazardError(
                "projects-projected",
                "{file} holds coordinates such as {x}, {y}, which are no degrees. Name its coordinate system, for "
                "example EPSG:4547 (on the command line: --crs EPSG:4547).",
                file=name, x=f"{box[beyond][0, 0]:.2f}", y=f"{box[beyond][0, 1]:.2f}",
            )  # fmt: skip

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_wgs84(points[:, 0], points[:, 1], crs))

    moved = shapes.copy()
    for place, far in zip(known.tolist(), beyond, strict=True):
        shape = None if far else shapely.transform(shapes[place], move)
        points = shapely.get_coordinates(shape)
        if shape is None or not np.isfinite(points).all() or (np.abs(points) > (180, 90)).any():
            shape = None
            row = int(text.index[place])
            number = str(text.at[row, "project_id"]) if "project_id" in text else ""
            problems.append(Problem(row, number, "geometry-impossible", Sentence(_NOWHERE, {"crs": crs})))
        moved[place] = shape
    return moved


_NOWHERE = N_(
    "its coordinates are no place on earth in {crs}: the project is kept without a place. Choose the true system of "
    "the file, or correct them"
)


def _left_out(headers: list[str], columns: Mapping[str, str]) -> list[Sentence]:
    """Return what is said of the columns that no project has; those about persons first."""
    others = [one for one in headers if one and one not in columns.values() and one not in (X_HEADER, Y_HEADER)]
    persons = [one for one in others if one in personal_headers(others)]
    plain = [mask(one) for one in others if one not in persons and one not in ("fid", "row")]
    notes = [Sentence(_PERSONS, {"columns": Listed(persons)})] if persons else []
    return notes + ([Sentence(_LEFT, {"columns": Listed(plain)})] if plain else [])


def _once_each(rows: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[tuple[int, str, Sentence]], int]:
    """Return the rows whose number stands once or first, those that are not taken, and how many only repeat another."""
    rejected: list[tuple[int, str, Sentence]] = []
    seen: dict[str, str] = {}
    keep, repeats = [], 0
    for place, row in enumerate(rows.itertuples(index=False)):
        if not row.project_id and not row.name:
            rejected.append((row.row, "", Sentence(_NAMELESS)))
            continue
        key = row.project_id or f"\n{row.name}"
        content = repr([value for name, value in row._asdict().items() if name != "row"])
        if key not in seen:
            seen[key] = content
            keep.append(place)
        elif seen[key] == content:
            repeats += 1
        else:
            rejected.append((row.row, key.strip(), Sentence(_TWICE, {"project": key.strip()})))
    return rows.iloc[keep], rejected, repeats


_NAMELESS = N_("has neither a number nor a name of a project")
_TWICE = N_("project {project} stands in several rows with different content: the first is taken, correct the others")
