"""The works chosen and not chosen on a map, over the need of the cells: the events of waterlogging of the period."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from base.text import N_, NP_, Sentence, Words
from data.dataset import Dataset
from data.project_checks import margins
from data.projects import cells_of_projects
from data.schema import Scope
from geo import classes, legend, maps
from geo.shares import with_margin
from reports import priority_words
from reports.choropleth import MOST_GROUPS, Choropleth, Drawn, stamp
from reports.priorities import Priorities

_MOST_TIPS, _MOST_LABEL = 6, 2  # projects named in a tip, and on a cell


def need_table(found: Priorities, held: pd.Series | None = None, view: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return cell_id, name and count (events of waterlogging) of the cells of a map.

    Parameters
    ----------
    held, view : Series and DataFrame, optional
        As `reports.choropleth.held_by`, and the cells of the view, where coarser cells stand in.
    """
    own = found.cells[["cell_id", "name"]].assign(count=found.cells["events"])
    if held is None or view is None:
        return own
    sums = own["count"].groupby(held.reindex(own["cell_id"]).to_numpy()).sum()
    there = view[view["cell_id"].isin(sums.index)][["cell_id", "name"]].reset_index(drop=True)
    return there.assign(count=sums.reindex(there["cell_id"]).to_numpy(np.int64))


def worked(dataset: Dataset, found: Priorities, table: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which cells of a table have a project that can be chosen: they go first where not all fit on a map."""
    covers = cells_of_projects(dataset, dataset.projects(), found.scope.level)
    covered = covers.loc[covers["project_id"].isin(found.rows["project_id"]), "cell_id"]
    return table["cell_id"].isin(covered).to_numpy(bool)


def works_map(
    dataset: Dataset,
    drawn: Drawn,
    view: Scope,
    found: Priorities,
    table: pd.DataFrame,
    *,
    selected: str | None = None,
    words: Words,
) -> Choropleth:
    """Return the map: a strong outline where something chosen is built, a broken one where something else could be.

    Parameters
    ----------
    drawn : Drawn
        `reports.choropleth.publish` of the view's cells.
    table : DataFrame
        `need_table` of the view; cells that are not drawn are left out.
    selected : str, optional
        The chosen cell.
    """
    level = drawn.levels.index(view.level)
    every = pd.Index(drawn.ids[level])
    table = table[table["cell_id"].isin(every)]
    place = every.get_indexer(pd.Index(table["cell_id"]))
    classed = classes.classify(table["count"].to_numpy(float), whole=True)
    codes = np.full(len(every), -1)
    codes[place] = classed.codes
    tips = [""] * len(every)
    labels = [""] * len(every)
    for at, n in zip(place.tolist(), table["count"].tolist(), strict=True):
        tips[at] = Sentence(_EVENTS, {"n": int(n)}).say(words)
    rows = found.rows.set_index("project_id")
    projects = dataset.projects()
    ours = projects[projects["project_id"].isin(rows.index)].reset_index(drop=True)
    covers = cells_of_projects(dataset, ours, view.level)
    chosen: list[int] = []
    others: list[int] = []
    for cell, covered in covers[covers["cell_id"].isin(table["cell_id"])].groupby("cell_id"):
        at = int(every.get_indexer(pd.Index([cell]))[0])
        here = rows.loc[covered["project_id"]].sort_values("chosen", ascending=False, kind="stable")
        (chosen if here["chosen"].any() else others).append(at)
        built = here.index[here["chosen"]].tolist() or here.index.tolist()
        labels[at] = " ".join(built[:_MOST_LABEL]) + ("…" if len(built) > _MOST_LABEL else "")
        lines = [_tip(number, row, words) for number, row in zip(here.index, here.to_dict("records"), strict=True)]
        tips[at] = "\n".join([tips[at], *lines[:_MOST_TIPS], *(["…"] if len(lines) > _MOST_TIPS else [])])
    above = drawn.ids[level - 1] if level else ()
    values = maps.MapValues(
        level=level, classes=codes.tolist(), labels=labels, tips=tips, hot=sorted(chosen), gather=sorted(others),
        parent=above.index(view.area) if view.area in above else None,
        selected=drawn.ids[level].index(selected) if selected in drawn.ids[level] else None,
        groups=_outlines(ours, dict(zip(rows.index, rows["chosen"], strict=True))), stamp=stamp(dataset, words),
    )  # fmt: skip
    months = Sentence(_MEASURE, {"n": found.needs.months}).say(words)
    key = legend.build_legend(
        classed, values, words=words, measure=months, n=int(table["count"].sum()),
        claim=words("to be built for this budget"), gather=words("could be built, not chosen"),
    )  # fmt: skip
    key = dataclasses.replace(key, notes=(*key.notes, words("on a cell: the number of its project")))
    lines = [
        Sentence(_ALT, {"n": len(table), "measure": months}).say(words),
        words("{chosen} cells have a project to be built, {others} another project only.", chosen=len(chosen),
              others=len(others)),
    ]  # fmt: skip
    lost = sorted(set(rows.index) - set(covers["project_id"]))
    if lost:
        named = words.listed(lost[: priority_words.MOST_NAMED])
        lines.append(words("Without a cell here: {projects}.", projects=named))
    return Choropleth(values, key, words.joined(lines))


_EVENTS = NP_("{n} event of waterlogging", "{n} events of waterlogging")
_MEASURE = NP_("Waterlogging events in {n} month", "Waterlogging events in {n} months")
_ALT = NP_("Map of {n} cell, {measure}.", "Map of {n} cells, {measure}.")
_CHOSEN, _NOT = N_("to be built"), N_("not chosen")


def _tip(number: str, row: Mapping[Any, Any], words: Words) -> str:
    parts = [
        " ".join(filter(None, (number, str(row["name"])))), words(_CHOSEN if row["chosen"] else _NOT),
        words("{cost} yuan", cost=priority_words.money(row["cost"])),
        words("avoids {n} a year", n=priority_words.told(row["avoided"])),
    ]  # fmt: skip
    return " · ".join(parts)


def _outlines(projects: Any, chosen: Mapping[str, bool]) -> list[maps.Group]:
    """Return lines around the projects that are drawn, those to be built first."""
    if not len(projects):
        return []
    grounds = with_margin(projects.geometry.to_numpy(), margins(projects))
    named = sorted(zip(projects["project_id"], grounds, strict=True), key=lambda one: not chosen.get(one[0], False))
    return [
        maps.Group(shapely.get_coordinates(part.exterior)[:-1], number)
        for number, ground in named
        for part in shapely.get_parts(ground)
        if part is not None and part.geom_type == "Polygon"
    ][:MOST_GROUPS]
