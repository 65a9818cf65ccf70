"""The drainage projects in words, rows, files and on a map: what is stored, what a load did, and where they lie."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from base.errors import HazardError
from base.text import N_, Sentence, Words
from data import projects as stored
from data.dataset import Dataset
from data.project_checks import margins
from data.project_rows import objects
from data.project_words import KIND_NAMES, STATUS_NAMES, STATUSES, TITLES
from data.projects import Loaded, Problem
from data.tables import PROJECT_DAYS
from geo import legend, maps
from geo.shares import with_margin
from reports import intake
from reports.choropleth import MOST_GROUPS, Choropleth, Drawn, stamp
from reports.geopackage import GEOMETRY, MULTIPOLYGON, Layer, write_geopackage
from reports.sheet import Sheet, write_book, write_csv

EDITED = (  # columns of the editor, in their order
    "project_id", "name", "kind", "cost", "status", "must", "year", "alternatives", "owner", *PROJECT_DAYS, "level",
    "cells", "buffer_m",
)  # fmt: skip
SHOWN = ("project_id", "name", "kind", "cost", "status", "year", "must", "cells")  # where there is little room
_CELL_SIGNS = re.compile(r"[;；,，、|/\n]+")
_MOST_SENTENCES, _MOST_NAMED = 20, 3
_STEP = {code: min(step, 4) for step, code in enumerate(STATUSES)}  # the two last share the strongest colour
_EXAMPLES = (
    ("P-1", N_("Example: new drain in a street"), "new_drain", 1_200_000.0, "survey", "A", True, 2027),
    ("P-2", N_("Example: dredging in the same street instead"), "dredging", 150_000.0, "planned", "A", False, None),
)


def kind_name(kind: str, words: Words) -> str:
    """Return the name of a kind of works; a word of the office's own stands as it is."""
    return words(KIND_NAMES[kind]) if kind in KIND_NAMES else kind


def titles(words: Words) -> dict[str, str]:
    """Return the titles of the columns of a project."""
    return {name: words(title) for name, title in TITLES.items()}


def project_name(projects: pd.DataFrame, project_id: str) -> str:
    """Return number and name of a project."""
    names = projects.loc[projects["project_id"] == project_id, "name"]
    return " · ".join(part for part in (project_id, *names) if part)


def cell_name(data: Dataset, level: str, cell: str) -> str:
    """Return number and name of a cell."""
    cells = data.cells(level)
    names = cells.loc[cells["cell_id"] == cell, "name"]
    return " · ".join(dict.fromkeys(part for part in (cell, *names) if part))


def new_name(data: Dataset, level: str, cell: str, words: Words) -> str:
    """Return the name that a project begun in a cell bears until somebody writes another."""
    cells = data.cells(level)
    names = cells.loc[cells["cell_id"] == cell, "name"]
    return words("new project, {cell}", cell=next((name for name in names if name), cell))


def has_cell(projects: pd.DataFrame, project_id: str, cell: str) -> bool:
    """Return whether a project lists a cell."""
    return any(cell in cells for cells in projects.loc[projects["project_id"] == project_id, "cells"])


def headline(projects: pd.DataFrame, words: Words) -> str:
    """Return how many projects there are, what they cost together, and how many cannot be chosen."""
    known = stored.choosable(projects)
    lines = [
        words(
            "Projects: {n}; with a cost that can be counted: {known}, together {cost} yuan.",
            n=len(projects), known=int(known.sum()), cost=float(projects.loc[known, "cost"].sum()),
        )
    ]  # fmt: skip
    counts = projects["status"].value_counts()
    stages = words.listed(f"{words(STATUS_NAMES[code])} {counts[code]}" for code in STATUSES if code in counts)
    if stages:
        lines.append(words("By stage: {stages}.", stages=stages))
    if len(projects) > known.sum():
        lines.append(words("Kept, but not to be chosen for their cost: {n}.", n=int((~known).sum())))
    return words.joined(lines)


def shown(projects: gpd.GeoDataFrame, words: Words) -> pd.DataFrame:
    """Return projects as they stand in a table for people: names in place of codes, cells side by side, WKT."""
    frame = pd.DataFrame(projects.drop(columns="geometry"))
    return frame.assign(
        kind=[kind_name(one, words) for one in projects["kind"]],
        status=[words(STATUS_NAMES[one]) for one in projects["status"]],
        must=[words("yes") if one else words("no") for one in projects["must"]],
        year=objects([None if pd.isna(one) else int(one) for one in projects["year"]], frame.index),
        cells=[words.listed(one) for one in projects["cells"]],
        wkt=objects([_wkt(one) for one in projects.geometry], frame.index),
        **{name: [day.isoformat() if day else "" for day in projects[name]] for name in PROJECT_DAYS},
    )


def to_edit(projects: gpd.GeoDataFrame, words: Words) -> pd.DataFrame:
    """Return projects as they stand in an editor: EDITED."""
    columns = {
        "kind": objects([kind_name(one, words) for one in projects["kind"]], projects.index),
        "cells": objects([words.listed(one) for one in projects["cells"]], projects.index),
        **{name: projects[name].astype("datetime64[s]") for name in PROJECT_DAYS},  # a kind also where none is known
    }
    return pd.DataFrame(projects.drop(columns="geometry")).assign(**columns)[list(EDITED)]


def edited(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what came out of an editor, as `data.projects.save_projects` takes it."""
    cells = [tuple(_CELL_SIGNS.split(text)) if isinstance(text, str) else () for text in rows["cells"]]
    return rows.assign(cells=objects(cells, rows.index))


def _wkt(shape: shapely.Geometry | None) -> str | None:
    return None if shape is None else str(shapely.to_wkt(shape, rounding_precision=7))


def problem_rows(problems: Iterable[Problem], words: Words) -> pd.DataFrame:
    """Return what is odd about projects as it is shown: row of the file where there is one, project, what."""
    rows = [(one.row or None, one.project_id, one.sentence.say(words)) for one in problems]
    frame = pd.DataFrame(rows, columns=[words("Row"), words("Project"), words("What is odd")])
    return frame if any(row for row, _, _ in rows) else frame.drop(columns=words("Row"))


def problem_sentences(problems: Sequence[Problem], words: Words) -> list[str]:
    """Return what is odd about projects, a sentence each, the first ones of many."""
    lines = []
    for one in problems[:_MOST_SENTENCES]:
        facts = {"project": one.project_id, "what": one.sentence.say(words)}
        lines.append(
            words("Row {row}, project {project}: {what}.", row=str(one.row), **facts)
            if one.row
            else words("Project {project}: {what}.", **facts)
        )
    if len(problems) > _MOST_SENTENCES:
        lines.append(words("… and {n} more such notes.", n=len(problems) - _MOST_SENTENCES))
    return lines


def totals_sentence(facts: Mapping[str, int], file: str, words: Words) -> str:
    """Return what became of the rows of a file; the parts add up to what was read."""
    names = ("read", "new", "updated", "unchanged", "rejected", "repeats")
    return words(
        "{file}: {read} rows read = {new} new + {updated} changed + {unchanged} unchanged + {rejected} not taken + "
        "{repeats} repeats.",
        file=file, **{name: facts[name] for name in names},
    )  # fmt: skip


def preview_facts(loaded: Loaded) -> dict[str, int]:
    """Return the totals of a preview, as `totals_sentence` takes them."""
    file = loaded.file
    return {
        "read": file.read, "new": loaded.new, "updated": loaded.updated, "unchanged": loaded.unchanged,
        "rejected": len(file.rejected), "repeats": file.repeats,
    }  # fmt: skip


def rejected_sentences(rejected: pd.DataFrame, words: Words) -> list[str]:
    """Return why rows of a file were not taken, the first ones of many."""
    rows: list[Any] = list(rejected.head(_MOST_SENTENCES).itertuples())
    return [words("Row {row}: {reason}.", row=str(one.row), reason=one.sentence.say(words)) for one in rows]


def load_sentences(answer: Mapping[str, Any], file: str, words: Words) -> list[str]:
    """Return what the load of a file of projects says."""
    lines = [totals_sentence(answer, file, words), stored_sentence(answer, words)]
    return lines + _beside(answer["rejected_rows"], answer["problems"], answer["notes"], words)


def preview_sentences(loaded: Loaded, file: str, words: Words) -> list[str]:
    """Return what a file of projects would do, and what is to be said of it."""
    beside = _beside(loaded.file.rejected, loaded.problems, loaded.notes, words)
    return [totals_sentence(preview_facts(loaded), file, words), *beside]


def _beside(rejected: pd.DataFrame, problems: Sequence[Problem], notes: Iterable[Sentence], words: Words) -> list[str]:
    told = [*rejected_sentences(rejected, words), *problem_sentences(problems, words)]
    return told + [note.say(words) for note in notes]


def stored_sentence(answer: Mapping[str, Any], words: Words) -> str:
    """Return how many projects are stored now, and how many of them cannot be chosen."""
    return words(
        "Projects stored now: {projects}; for their cost not to be chosen: {not_choosable}.",
        projects=answer["projects"], not_choosable=answer["not_choosable"],
    )  # fmt: skip


def saved_sentences(answer: Mapping[str, Any], words: Words) -> list[str]:
    """Return what was saved of an editor, or from the map."""
    said = words(
        "Saved: {new} new, {updated} changed, {removed} removed.",
        **{name: answer[name] for name in ("new", "updated", "removed")},
    )
    return [said, stored_sentence(answer, words)]


def removed_sentences(answer: Mapping[str, Any], words: Words) -> list[str]:
    """Return what the removal of projects did."""
    return [words("Projects removed: {n}.", n=answer["removed"]), stored_sentence(answer, words)]


def undo_sentences(answer: Mapping[str, Any], words: Words) -> list[str]:
    """Return what it did to take the newest change of the projects back."""
    kind = intake.KIND_NAMES[answer["what"]]
    return [words("{file} was taken back.", file=answer["file"] or words(kind)), stored_sentence(answer, words)]


def about(dataset: Dataset, words: Words) -> list[str]:
    """Return what a download of the projects is, a line each."""
    lines = [words("Example data, invented")] if dataset.is_demo else []
    lines += [words("Hazard Hotspots"), words("Drainage projects"), headline(dataset.projects(), words)]
    return [*lines, words("data version {n}", n=dataset.version) + " · " + dataset.fingerprint[:8]]


def workbook(dataset: Dataset, words: Words) -> bytes:
    """Return the projects as a workbook that can be corrected and loaded again, with the cells they cover."""
    projects = dataset.projects()
    sheets = [
        Sheet(words("Drainage projects"), shown(projects, words), titles(words), empty=words("No project is stored."))
    ]
    if dataset.levels:
        level = dataset.levels[-1].name
        names = {
            "project_id": words("Project number"), "cell_id": words("Cell"), "share": words("Share of the cell covered")
        }  # fmt: skip
        cells = stored.cells_of_projects(dataset, projects, level)
        title = words("Cells covered")
        sheets.append(Sheet(title, cells, names, notes=[intake.level_name(words, level)]))
    return write_book(sheets, notes=about(dataset, words), words=words)


def csv(dataset: Dataset, words: Words) -> bytes:
    """Return the projects as a CSV that can be corrected and loaded again."""
    return write_csv(shown(dataset.projects(), words), titles(words))


def geopackage(dataset: Dataset, words: Words) -> bytes:
    """Return the projects as a GeoPackage: projects as drawn, the cells they cover, and a table about.

    The layer `projects` can be loaded again.
    """
    projects = dataset.projects()
    frame = pd.DataFrame(projects.drop(columns="geometry")).assign(cells=["; ".join(one) for one in projects["cells"]])
    frame = frame.rename(columns={"cost": "cost_yuan"})
    layers = [Layer("projects", words("Drainage projects"), frame, GEOMETRY, projects.geometry.to_numpy())]
    if dataset.levels:
        level = dataset.levels[-1].name
        found = stored.cells_of_projects(dataset, projects, level)
        outlines = dataset.cells(level).set_index("cell_id").geometry.loc[found["cell_id"]].to_numpy()
        layers.append(Layer("project_cells", words("Cells covered"), found, MULTIPOLYGON, outlines))
    layers.append(Layer("about", words("About"), pd.DataFrame({"text": about(dataset, words)})))
    when = dataset.named.when or "1970-01-01T00:00:00+00:00"
    return write_geopackage(layers, changed=dt.datetime.fromisoformat(when))


def template(words: Words, *, book: bool) -> bytes:
    """Return an empty table of projects with two invented rows that show how it is filled in: a workbook or a CSV."""
    headers = {name: title for name, title in titles(words).items() if name != "wkt"}
    rows = [
        {
            "project_id": number, "name": words(name), "kind": kind_name(kind, words), "cost": cost,
            "status": words(STATUS_NAMES[status]), "surveyed_on": "2026-03-01" if status == "survey" else "",
            "owner": words("Example: drainage section"), "alternatives": words("Example street"),
            "must": words("yes") if must else words("no"), "year": year, "cells": cells,
        }
        for number, name, kind, cost, status, cells, must, year in _EXAMPLES
    ]  # fmt: skip
    frame = pd.DataFrame(rows).reindex(columns=list(headers))
    frame["year"] = [None if pd.isna(one) else int(one) for one in frame["year"]]
    if not book:
        return write_csv(frame, headers)
    notes = [
        words("Delete the example rows before you load the table."),
        words("Costs in yuan; write 万元 into the title if they are in 10,000 yuan."),
        words("Stages: {stages}.", stages=words.listed(words(one) for one in STATUS_NAMES.values())),
        words("Kinds: {kinds}, or a word of your own.", kinds=words.listed(words(one) for one in KIND_NAMES.values())),
        words(
            "Cells by number or name, several with 、 or ; between them. In their place: longitude and "
            "latitude, or a WKT."
        ),
        words("Of projects with the same word under “Alternatives” one at most is chosen."),
        words("Under “Responsible unit” stands a unit or a post, never a person."),
    ]
    return write_book([Sheet(words("Drainage projects"), frame, headers)], notes=notes, words=words)


def file_of(dataset: Dataset, words: Words, suffix: str, file: str) -> bytes:
    """Return the projects as a file of the kind that a suffix tells.

    Raises
    ------
    HazardError
        ``file-kind-unknown``.
    """
    writers = {".xlsx": workbook, ".csv": csv, ".gpkg": geopackage}
    if suffix.lower() not in writers:
        raise HazardError("file-kind-unknown", "{file} ends in none of .xlsx, .csv and .gpkg.", file=file)
    return writers[suffix.lower()](dataset, words)


def json_rows(projects: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return projects as rows for programs: days as ISO text, cells as a list, the place as WKT."""
    rows = []
    for one in projects.itertuples(index=False):
        row = {name: value for name, value in one._asdict().items() if name != "geometry"}
        row |= {name: value.isoformat() if (value := row[name]) else None for name in PROJECT_DAYS}
        row |= {name: None if pd.isna(row[name]) else row[name] for name in ("cost", "year", "buffer_m")}
        row["year"] = None if row["year"] is None else int(row["year"])
        rows.append({**row, "cells": list(one.cells), "wkt": _wkt(one.geometry)})
    return rows


def json_load(answer: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """Return what a load or an edit did, for programs: problems and rows not taken with their sentences."""
    told = {key: value for key, value in answer.items() if key not in ("notes", "problems", "rejected_rows")}
    told["problems"] = [
        {"row": one.row or None, "project_id": one.project_id, "code": one.code, "sentence": one.sentence.say(words)}
        for one in answer["problems"]
    ]
    if "rejected_rows" in answer:
        told["rejected_rows"] = [
            {"row": int(one.row), "sentence": one.sentence.say(words)} for one in answer["rejected_rows"].itertuples()
        ]
    return told


def projects_map(
    dataset: Dataset,
    drawn: Drawn,
    level: str,
    projects: gpd.GeoDataFrame,
    *,
    selected: str | None = None,
    words: Words,
) -> Choropleth:
    """Return the map of the projects: cells in the colour of their stage, a line around what is drawn.

    Of several projects in a cell the one farthest on gives the colour. Those being inspected after completion share the
    colour of the done ones and are hatched.

    Parameters
    ----------
    drawn : Drawn
        `reports.choropleth.publish` of the cells of `level`.
    selected : str, optional
        The chosen cell.
    """
    at = drawn.levels.index(level)
    every = pd.Index(drawn.ids[at])
    covered = stored.cells_of_projects(dataset, projects, level)
    about_it = projects.set_index("project_id")
    codes, labels, tips = [-1] * len(every), [""] * len(every), [""] * len(every)
    watched = []
    for cell, rows in covered.groupby("cell_id"):
        place = int(every.get_indexer(pd.Index([cell]))[0])
        if place < 0:
            continue
        stages = [STATUSES.index(about_it.at[one, "status"]) for one in rows["project_id"]]
        farthest = STATUSES[max(stages)]
        codes[place] = _STEP[farthest]
        if farthest == "inspection":
            watched.append(place)
        labels[place] = str(rows["project_id"].iloc[0]) if len(rows) == 1 else str(len(rows))
        tips[place] = "\n".join(_tip(about_it.loc[one.project_id], one, words) for one in rows.itertuples())
    grounds = with_margin(projects.geometry.to_numpy(), margins(projects)) if len(projects) else np.array([])
    groups = [
        maps.Group(shapely.get_coordinates(part.exterior)[:-1], number)
        for number, ground in zip(projects["project_id"], grounds, strict=True)
        for part in shapely.get_parts(ground)
        if part is not None and part.geom_type == "Polygon"
    ]
    values = maps.MapValues(
        level=at, classes=codes, labels=labels, tips=tips, unreached=watched,
        selected=drawn.ids[at].index(selected) if selected in drawn.ids[at] else None,
        groups=groups[:MOST_GROUPS], stamp=stamp(dataset, words),
    )  # fmt: skip
    named = [words(STATUS_NAMES[code]) for code in STATUSES]
    key = legend.Legend(
        measure=words("Stage of the project"), steps=(*named[:4], named[5]),
        notes=(words("n = {n}", n=len(projects)),), unreached=named[4] if watched else "",
        missing=words("no project") if -1 in codes else "",
        selected=words("chosen cell") if values.selected is not None else "",
    )  # fmt: skip
    placed = set(covered["project_id"])
    lines = [
        words(
            "Map of {n} cells with their drainage projects: {placed} of {all} projects cover some cell.",
            n=len(every), placed=len(placed), all=len(projects),
        )
    ]  # fmt: skip
    if groups:
        lines.append(words("A line goes around each project that is drawn."))
    if lost := [one for one in projects["project_id"] if one not in placed]:
        named_ = words.listed(lost[:_MOST_NAMED]) + (" …" if len(lost) > _MOST_NAMED else "")
        lines.append(words("Without a cell here: {projects}.", projects=named_))
    return Choropleth(values, key, words.joined(lines))


def _tip(project: Any, cell: Any, words: Words) -> str:
    cost = words("{cost} yuan", cost=float(project["cost"])) if project["cost"] > 0 else words("cost not known")
    stage = STATUS_NAMES[project["status"]]
    parts = [
        cell.project_id,
        project["name"],
        words(stage),
        cost,
        words("covers {share}", share=words.percent(cell.share)),
    ]
    return " · ".join(part for part in parts if part)
