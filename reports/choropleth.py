"""From an answer to a map: which cells are drawn, their classes, labels, tips and marks, and the legend beside them."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from analysis.hotspots import FAMILY, GATHER, GATHER_PLACE, HOT_PLACE, HOT_SPOT, HotSpots
from base.text import N_, NP_, Sentence, Words
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, Scope
from geo import classes, legend, maps, outlines, points
from reports import intake, times_words
from reports.answers import cells_of

MEASURES = {  # column of the cell table -> what it is called, its unit, whether it is a whole number
    "count": (N_("Reports"), "", True),
    "per_km2": (N_("Reports per km²"), "", False),
    "per_1000_households": (N_("Reports per 1,000 households"), "", False),
    "median_hours": (N_("Median time to resolve"), "", False),
    "events": (N_("Events"), "", True),
    "calls": (N_("Calls"), "", True),
}
OFFERED = ("count", "per_km2", "per_1000_households", "median_hours")  # on the overview
MOST_CELLS = 2_000  # of all levels together in one view
MOST_OPTIONS = 500  # cells in one select box, which sends them all at every run of a page
MOST_POINTS = 5_000  # drawn one by one
MOST_GROUPS = 200  # of dense groups, the largest; the list beside the map has all
Simplified = Callable[[str, str], NDArray[np.object_]]  # outlines of a level for a map of another one


@dataclass(frozen=True)
class Drawn:
    """The levels in one map file, coarse to fine, the codes of the cells of each, and the file's key."""

    levels: tuple[str, ...]
    ids: tuple[tuple[str, ...], ...]
    key: str


def measures(table: pd.DataFrame) -> list[str]:
    """Return the measures that a cell table can show: a rate only where some cell has its exposure."""
    return [name for name in OFFERED if name == "count" or table[name].notna().any()]


def view_of(dataset: Dataset, scope: Scope) -> Scope | None:
    """Return the scope whose cells the map of a scope shows: its own, or where they are too many those they lie in.

    None if no level above them has few enough: then it shows the `foremost` cells.
    """
    by_name = {level.name: level for level in dataset.levels}
    view = scope
    while len(cells_of(dataset, view)) > MOST_CELLS:
        above = by_name[view.level].parent_level
        if above is None:
            return None
        cells = dataset.cells(above, dataset.edition_day(scope))
        around = cells.loc[cells["cell_id"] == view.area, "parent"]
        view = dataclasses.replace(view, level=above, area=(around.iloc[0] or None) if len(around) else None)
    return view


def foremost(table: pd.DataFrame, hot: NDArray[np.bool_], chosen: str | None = None) -> tuple[str, ...]:
    """Return the cells that a map shows of too many: the chosen one, those with a claim, then those with most reports.

    Parameters
    ----------
    table : DataFrame
        cell_id and count of all cells.
    hot : ndarray of bool
        Whether each has a claim.
    """
    first = np.where(table["cell_id"] == chosen, 2, hot)
    rows = table.assign(first=first).sort_values(["first", "count", "cell_id"], ascending=[False, False, True])
    return tuple(sorted(rows["cell_id"].head(MOST_CELLS)))


def options(table: pd.DataFrame, text: str, chosen: str | None) -> dict[str, str]:
    """Return name by cell_id of the cells that a select box offers: those whose name or code holds a text.

    Those with the most reports if they are too many; the chosen one always.
    """
    wanted = table[["cell_id", "name"]].apply(lambda one: one.str.contains(text.strip(), case=False, regex=False))
    found = table[wanted.any(axis=1)]
    if len(found) > MOST_OPTIONS:
        found = found.nlargest(MOST_OPTIONS, "count", keep="first").sort_index()
    found = pd.concat([found, table[(table["cell_id"] == chosen) & ~table["cell_id"].isin(found["cell_id"])]])
    return dict(zip(found["cell_id"], found["name"], strict=True))


def held_by(dataset: Dataset, scope: Scope, view: Scope) -> pd.Series:
    """Return the cell of the view that each cell of a scope lies in, under its cell_id; '' where none is known."""
    by_name = {level.name: level for level in dataset.levels}
    held = cells_of(dataset, scope).set_index("cell_id")["parent"]
    level = by_name[scope.level].parent_level
    while level is not None and level != view.level:
        above = dataset.cells(level, dataset.edition_day(scope)).set_index("cell_id")["parent"]
        held, level = held.map(above), by_name[level].parent_level
    return held.fillna("").astype(object)


def stands_in(words: Words, scope: Scope, view: Scope, n: int) -> str:
    """Say which level a map shows in place of one with `n` cells, too many for it."""
    return words(
        "{n} cells of the level {level} do not fit one map, which holds {most}: it shows the level {shown}.",
        n=n,
        most=MOST_CELLS,
        level=intake.level_name(words, scope.level),
        shown=intake.level_name(words, view.level),
    )


def only_foremost(words: Words, n: int) -> str:
    """Say which of `n` cells, too many for a map, it shows."""
    return words(
        "{n} cells do not fit one map, which holds {most}: it shows those with a claim, then those with the most "
        "reports. Figures, lists and downloads are of all {n}. A coarser level in which they lie (Data page) would "
        "show all of them.",
        n=n,
        most=MOST_CELLS,
    )


def gather(table: pd.DataFrame, dataset: Dataset, view: Scope, held: pd.Series) -> pd.DataFrame:
    """Return a table of counts by cell as one of the view's cells, each with the sum of those in it."""
    cells = holding(cells_of(dataset, view)[["cell_id", "name"]], held)
    numbers = table.columns.intersection(["count", "calls", "events", "one_spot"])
    sums = table.groupby(held.reindex(table["cell_id"]).to_numpy())[numbers.tolist()].sum()
    return cells.join(sums.reindex(cells["cell_id"]).fillna(0).astype(int).reset_index(drop=True))


def level_below(dataset: Dataset, level: str) -> str | None:
    """Return the level whose cells lie in those of another one; of several the coarsest, None if there is none."""
    return next((one.name for one in dataset.levels if one.parent_level == level), None)


def holding(table: pd.DataFrame, held: pd.Series) -> pd.DataFrame:
    """Return the rows of a view's cells that hold some of a scope: those beside its area are no part of it."""
    return table[table["cell_id"].isin(held)].reset_index(drop=True)


def file_of(dataset: Dataset, view: Scope) -> tuple[tuple[str, ...], str | None]:
    """Return the levels in the map file of a view, and the area whose cells alone it holds.

    Where they fit, all levels of a chain from parent to child are in one file, so that a step down or up needs no
    other. Else a file is of one level, or of one area with the cells beside that area.
    """
    by_name = {one.name: one for one in dataset.levels}
    on = dataset.edition_day(view)
    cells = {one.name: one.cells if on is None else len(dataset.cells(one.name, on)) for one in dataset.levels}
    for finest in reversed(dataset.levels):
        names = [finest.name]
        while (parent := by_name[names[0]].parent_level) is not None:
            names.insert(0, parent)
        if view.level in names and sum(cells[name] for name in names) <= MOST_CELLS:
            return tuple(names), None
    above = by_name[view.level].parent_level
    return (view.level,) if above is None or view.area is None else (above, view.level), view.area


def simplified(dataset: Dataset, level: str, finest: str, on: dt.date | None) -> NDArray[np.object_]:
    """Return the outlines of a level, as fine as a map of another one needs: its borders stand over those cells."""
    tolerance_m = outlines.tolerance_m(dataset.cells(finest, on).geometry.to_numpy())
    return outlines.simplified(dataset.cells(level, on).geometry.to_numpy(), tolerance_m)


def publish(
    dataset: Dataset,
    names: Sequence[str],
    area: str | None = None,
    on: dt.date | None = None,
    *,
    only: Sequence[str] = (),
    simple: Simplified | None = None,
) -> Drawn | None:
    """Write the outlines of some levels, each the parent of the next; None if they are too many for one view.

    Parameters
    ----------
    names, area
        As `file_of` gives them.
    on : date, optional
        The cells are those valid on this day, or the newest.
    only : sequence of str, optional
        Codes of the cells to write, of one level: `foremost`.
    simple : callable, optional
        `simplified` that remembers: level, finest -> outlines.
    """
    simple = simple or (lambda level, finest: simplified(dataset, level, finest, on))
    layers: list[maps.MapLevel] = []
    ids: list[tuple[str, ...]] = []
    for place, name in enumerate(names):
        cells = dataset.cells(name, on)
        shown = np.ones(len(cells), dtype=bool)
        if area is not None:
            finest = place == len(names) - 1
            around = [area] if finest else cells.loc[cells["cell_id"] == area, "parent"]
            shown = cells["parent"].isin(around).to_numpy()
        if only:
            shown &= cells["cell_id"].isin(only).to_numpy()
        titles = cells["name"][shown].tolist()
        parents = pd.Index(ids[-1]).get_indexer(cells["parent"][shown].fillna("")).tolist() if ids else None
        shapes = simple(name, names[min(place + 1, len(names) - 1)])[shown]
        layers.append(maps.MapLevel(name, shapes, titles, short_names(titles), parents))
        ids.append(tuple(cells["cell_id"][shown]))
    while sum(map(len, ids)) > MOST_CELLS and len(ids) > 1:  # cells beside the area: the finest ones count
        del layers[0], ids[0]
        layers[0] = dataclasses.replace(layers[0], parents=None)
    if sum(map(len, ids)) > MOST_CELLS:
        return None
    return Drawn(tuple(names[-len(ids) :]), tuple(ids), maps.publish_cells(layers))


def short_names(names: Sequence[str]) -> list[str]:
    """Return names without what all of them begin with, so that they fit their cells."""
    first, last = min(names, default=""), max(names, default="")  # what these two share, all share
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    prefix = first[:same].rstrip("0123456789") if len(names) > 1 else ""  # 第1, 第10: the figure is the name
    return [name[len(prefix) :].strip(" ·-_") or name for name in names]


@dataclass(frozen=True)
class Choropleth:
    """A map of one measure: values, legend, and the sentence that says the same to those who cannot see it."""

    values: maps.MapValues
    legend: legend.Legend
    alt: str


def choropleth(
    dataset: Dataset,
    drawn: Drawn,
    scope: Scope,
    table: pd.DataFrame,
    spots: HotSpots,
    silent: frozenset[str],
    *,
    measure: str,
    selected: str | None,
    words: Words,
    held: pd.Series | None = None,
) -> Choropleth:
    """Return the map of `measure` over the cells of a scope.

    Parameters
    ----------
    table : DataFrame
        `reports.answers.Overview.cells`; cells outside the scope's area are not in it. Cells that are not drawn, as
        the `foremost` alone are, are left out of classes, legend and sentence too.
    spots : HotSpots
        Claims over the same cells, in the same order.
    silent : frozenset of str
        Cells that never reported anything.
    held : Series, optional
        As `held_by`, where the map stands in for finer cells: `spots` and `selected` are theirs then, and an outline
        says that a cell holds some with a claim; of both claims the stronger one is drawn.
    """
    level = drawn.levels.index(scope.level)
    every = pd.Index(drawn.ids[level])
    claims = pd.DataFrame({word: np.equal(spots.claims, word).astype(int) for word in CLAIMS})
    if held is None:
        here = table["cell_id"].isin(every).to_numpy()
        table, claims = table[here], claims[here]
    place = every.get_indexer(pd.Index(table["cell_id"]))
    claim = claim_words(spots.method, float(dataset.settings["fdr"]), words)
    if held is not None:
        claims = claims.groupby(held.to_numpy()).sum().reindex(table["cell_id"], fill_value=0)
        claim = {word: words("holds cells with a claim: {claim}", claim=text) for word, text in claim.items()}
        selected = held.get(selected) if selected is not None else None
    few_reports = int(dataset.settings["few_reports"])
    title, unit, whole = MEASURES[measure]
    numbers = table[measure].to_numpy(float)
    classed = classes.classify(numbers, whole=whole)
    codes = np.full(len(every), -1)
    codes[place] = classed.codes
    shown = [_number(words, measure, value) for value in numbers]
    labels = [""] * len(every)
    tips = [""] * len(every)
    counts = zip(table["count"].tolist(), table["one_spot"].tolist(), strict=True)
    for at, text, n, (count, one_spot) in zip(place, shown, claims.sum(axis=1), counts, strict=True):
        labels[at] = text
        tips[at] = _tip(words, count, one_spot, measure, text)
        if held is not None and n:
            tips[at] += "\n" + words.plural("{n} cell with a claim in it", "{n} cells with a claim in it", int(n))
    drawn_as = np.where(claims.to_numpy() > 0, np.arange(len(CLAIMS)), len(CLAIMS)).min(axis=1)  # of several the first
    outlined = {word: place[drawn_as == at].tolist() for at, word in enumerate(CLAIMS)}
    quiet = place[table["cell_id"].isin(silent).to_numpy()].tolist()
    cases = table["cases"].fillna(0) if measure == "median_hours" else table["count"]
    few: list[int] = [] if whole else place[((cases > 0) & (cases < few_reports)).to_numpy(bool)].tolist()
    parent = None
    if scope.area is not None and level and scope.area in drawn.ids[level - 1]:
        parent = drawn.ids[level - 1].index(scope.area)
    chosen = drawn.ids[level].index(selected) if selected in drawn.ids[level] else None
    values = maps.MapValues(
        level=level,
        classes=codes.tolist(),
        labels=labels,
        tips=tips,
        parent=parent,
        hot=sorted(outlined[HOT_SPOT] + outlined[HOT_PLACE]),
        gather=sorted(outlined[GATHER] + outlined[GATHER_PLACE]),
        within=sorted(outlined[HOT_PLACE] + outlined[GATHER_PLACE]),
        silent=quiet,
        few=few,
        selected=chosen,
        stamp=stamp(dataset, words),
    )
    key = legend.build_legend(
        classed,
        values,
        words=words,
        measure=words(title),
        unit=words(unit),
        n=int(table[measure if whole else "count"].sum()),
        claim=claim[HOT_SPOT],
        gather=claim[GATHER],
        hot_place=claim[HOT_PLACE],
        gather_place=claim[GATHER_PLACE],
        said=words.duration if measure == "median_hours" else None,
    )
    if measure == "median_hours":
        missing = words("no case, or half not yet closed") if key.missing else ""
        steps = times_words.classes_said(classed.lowest, classed.edges, words)
        key = dataclasses.replace(key, steps=steps, missing=missing)
    alt = [_alt(words, table, measure, words(title), shown)]
    alt += [
        Sentence(_OUTLINED[word], {"n": len(cells), "claim": claim[word]}).say(words)
        for word, cells in outlined.items()
        if cells
    ]
    return Choropleth(values, key, words.joined(alt))


CLAIMS = (HOT_SPOT, GATHER, HOT_PLACE, GATHER_PLACE)  # the strongest first
_OUTLINED = {
    HOT_SPOT: NP_("{n} cell carries a strong outline: {claim}.", "{n} cells carry a strong outline: {claim}."),
    GATHER: NP_("{n} cell carries a broken outline: {claim}.", "{n} cells carry a broken outline: {claim}."),
    HOT_PLACE: NP_("{n} cell carries a thin outline: {claim}.", "{n} cells carry a thin outline: {claim}."),
    GATHER_PLACE: NP_(
        "{n} cell carries a thin broken outline: {claim}.", "{n} cells carry a thin broken outline: {claim}."
    ),
}


def claim_words(method: str, fdr: float, words: Words) -> dict[str, str]:
    """Return what an outline claims, by the claim: strong of a hot spot, broken of a gathering, thin in a place."""
    rate = words.percent(fdr)
    if method == FAMILY:
        sure = words("at most {share} of maps without a pattern carry any", share=rate)
    else:
        sure = words("false discovery rate {fdr}", fdr=rate)
    return {
        HOT_SPOT: words("hot spot ({sure})", sure=sure),
        GATHER: words("reports gather here ({sure}; exposure unknown)", sure=sure),
        HOT_PLACE: words("in a hot place: the place is claimed, not the cell"),
        GATHER_PLACE: words("in a gathering place: the place is claimed, not the cell"),
    }


def stamp(dataset: Dataset, words: Words) -> str:
    """Return the text that every map carries: internal use, review number, and that a demo is one."""
    parts = [words("Example data, invented")] if dataset.is_demo else []
    parts += [dataset.settings["map_stamp"] or words("Internal use"), dataset.settings["map_review_number"]]
    return " · ".join(part for part in parts if part)


def _number(words: Words, measure: str, value: float) -> str:
    if np.isnan(value):
        return "–"
    if measure == "median_hours":
        return words.duration(value)
    return words.number(value, 0 if MEASURES[measure][2] or value >= 100 else 1)


def _tip(words: Words, count: int, one_spot: int, measure: str, text: str) -> str:
    lines = [words.plural("{n} report", "{n} reports", count)]
    if measure == "calls":
        lines = [words.plural("{n} call", "{n} calls", count)]
    elif measure != "count":
        title, unit, _whole = MEASURES[measure]
        lines.append(words("{measure}: {value} {unit}", measure=words(title), value=text, unit=words(unit)).strip())
    if one_spot:
        lines.append(words("{n} of them on one spot: not located?", n=one_spot))
    return "\n".join(lines)


def _alt(words: Words, table: pd.DataFrame, measure: str, title: str, shown: list[str]) -> str:
    top = table.assign(shown=shown).sort_values([measure, "cell_id"], ascending=[False, True]).head(3)
    first = words.listed(f"{name} {value}" for name, value in zip(top["name"], top["shown"], strict=True))
    return words("Map of {n} cells, {measure}. Highest: {first}.", n=len(table), measure=title, first=first)


@dataclass(frozen=True)
class Dots:
    """Points as a map shows them: one an event with its hazard, or where they are many, one for several."""

    points: NDArray[np.float64]
    hazards: list[str] | None
    counts: list[int] | None


def dots(first: pd.DataFrame) -> Dots:
    """Return the dots of events with lon, lat and hazard; those without a point have none."""
    first = first.dropna(subset=["lon"])
    at = first[["lon", "lat"]].to_numpy(float)
    if len(at) <= MOST_POINTS:
        return Dots(at, first["hazard"].tolist(), None)
    many = points.gathered(at)
    return Dots(many.points, None, many.counts.tolist())


def points_layer(values: maps.MapValues, events: Dots, clusters: pd.DataFrame, words: Words) -> maps.MapValues:
    """Return the map with the dots of events and the outlines of their dense groups."""
    largest: list[Any] = list(clusters.nlargest(MOST_GROUPS, "members").itertuples(index=False))
    return dataclasses.replace(
        values,
        points=events.points,
        point_hazards=events.hazards,
        point_counts=events.counts,
        groups=[maps.Group(shapely.get_coordinates(row.outline)[:-1], words.number(row.members)) for row in largest],
    )


def with_points(picture: Choropleth, values: maps.MapValues, words: Words) -> Choropleth:
    """Return the picture with points: its legend names their colours."""
    codes = set(values.point_hazards or ())
    titles = tuple((code, words(name)) for code, name in HAZARD_NAMES.items() if code in codes)
    return Choropleth(values, dataclasses.replace(picture.legend, hazards=titles), picture.alt)
