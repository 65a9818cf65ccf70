"""From an answer to a map: which cells are drawn, their classes, labels, tips and marks, and the legend beside them."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.hotspots import HotSpots
from base.text import N_, Words
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, Scope
from geo import classes, legend, maps

MEASURES = {  # column of the cell table -> what it is called, its unit, whether it is a whole number
    "count": (N_("Reports"), "", True),
    "per_km2": (N_("Reports per km²"), "", False),
    "per_1000_households": (N_("Reports per 1,000 households"), "", False),
    "median_hours": (N_("Median time to resolve"), N_("hours"), False),
    "events": (N_("Events"), "", True),
}
OFFERED = ("count", "per_km2", "per_1000_households", "median_hours")  # on the overview
MOST_CELLS = 2_000  # of all levels together in one view


@dataclass(frozen=True)
class Drawn:
    """The levels in one map file, and where the scope's level and area stand among them."""

    levels: tuple[str, ...]
    key: str


def measures(table: pd.DataFrame) -> list[str]:
    """Return the measures that a cell table can show: a rate only where some cell has its exposure."""
    return [name for name in OFFERED if name == "count" or table[name].notna().any()]


def publish(dataset: Dataset, level: str, on: dt.date | None = None) -> Drawn | None:
    """Write the outlines of a level with those it hangs on and those that hang on it; None if it is too large to draw.

    The chain goes from parent to child, as far down as fits one view, so that a step down or up needs no other file.
    The cells are those valid on a day, or the newest.
    """
    by_name = {one.name: one for one in dataset.levels}
    for finest in reversed(dataset.levels):
        names = [finest.name]
        while (parent := by_name[names[0]].parent_level) is not None:
            names.insert(0, parent)
        if level in names and sum(by_name[name].cells for name in names) <= MOST_CELLS:
            break
    else:
        names = [level]
        if by_name[level].cells > MOST_CELLS:
            return None
    layers = []
    above: pd.Index | None = None
    for name in names:
        cells = dataset.cells(name, on)
        parents = None if above is None else above.get_indexer(cells["parent"].fillna("")).tolist()
        titles = cells["name"].tolist()
        layers.append(maps.MapLevel(name, cells.geometry.to_numpy(), titles, short_names(titles), parents))
        above = pd.Index(cells["cell_id"])
    return Drawn(tuple(names), maps.publish_cells(layers))


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
) -> Choropleth:
    """Return the map of `measure` over the cells of a scope.

    Parameters
    ----------
    table : DataFrame
        `reports.answers.Overview.cells`; cells outside the scope's area are not in it.
    spots : HotSpots
        Claims over the same cells, in the same order.
    silent : frozenset of str
        Cells that never reported anything.
    """
    level = drawn.levels.index(scope.level)
    day = dataset.edition_day(scope)
    every = dataset.cells(scope.level, day)["cell_id"]
    place = pd.Index(every).get_indexer(table["cell_id"])
    few_reports = int(dataset.settings["few_reports"])
    title, unit, whole = MEASURES[measure]
    numbers = table[measure].to_numpy(float)
    classed = classes.classify(numbers, whole=whole)
    codes = np.full(len(every), -1)
    codes[place] = classed.codes
    shown = [_number(words, measure, value) for value in numbers]
    labels = [""] * len(every)
    tips = [""] * len(every)
    for at, text, (_index, row) in zip(place, shown, table.iterrows(), strict=True):
        labels[at] = text
        tips[at] = _tip(words, row, measure, text)
    hot = place[spots.hot]
    quiet = [at for at, cell in zip(place, table["cell_id"], strict=True) if cell in silent]
    cases = table["cases"].fillna(0) if measure == "median_hours" else table["count"]
    few = [] if whole else place[((cases > 0) & (cases < few_reports)).to_numpy(bool)]
    parent = None
    above = drawn.levels[level - 1] if level else None
    if scope.area is not None and above is not None:
        found = np.flatnonzero(dataset.cells(above, day)["cell_id"] == scope.area)
        parent = int(found[0]) if len(found) else None
    chosen = int(np.flatnonzero(every == selected)[0]) if selected is not None and (every == selected).any() else None
    values = maps.MapValues(
        level=level,
        classes=codes.tolist(),
        labels=labels,
        tips=tips,
        parent=parent,
        hot=hot.tolist(),
        silent=quiet,
        few=list(few),
        selected=chosen,
        stamp=stamp(dataset, words),
    )
    claim = claim_words(spots, float(dataset.settings["fdr"]), words)
    key = legend.build_legend(
        classed,
        values,
        words=words,
        measure=words(title),
        unit=words(unit),
        n=int(table[measure if whole else "count"].sum()),
        claim=claim,
    )
    if measure == "median_hours" and key.missing:
        key = dataclasses.replace(key, missing=words("no case, or half not yet closed"))
    return Choropleth(values, key, _alt(words, table, measure, words(title), shown, int(spots.hot.sum()), claim))


def claim_words(spots: HotSpots, fdr: float, words: Words) -> str:
    """Return what a strong outline claims on this screen."""
    words_used = set(spots.claims) - {""}
    if len(words_used) == 2:
        return words("hot spot, or reports gather: see the list (false discovery rate {fdr})", fdr=words.percent(fdr))
    if words_used == {"hot_spot"}:
        return words("hot spot (false discovery rate {fdr})", fdr=words.percent(fdr))
    return words("reports gather here (false discovery rate {fdr}, exposure unknown)", fdr=words.percent(fdr))


def stamp(dataset: Dataset, words: Words) -> str:
    """Return the text that every map carries: internal use, review number, and that a demo is one."""
    parts = [words("Example data, invented")] if dataset.is_demo else []
    parts += [dataset.settings["map_stamp"] or words("Internal use"), dataset.settings["map_review_number"]]
    return " · ".join(part for part in parts if part)


def _number(words: Words, measure: str, value: float) -> str:
    if np.isnan(value):
        return "–"
    return words.number(value, 0 if MEASURES[measure][2] or value >= 100 else 1)


def _tip(words: Words, row: pd.Series, measure: str, text: str) -> str:
    lines = [words.plural("{n} report", "{n} reports", int(row["count"]))]
    if measure != "count":
        title, unit, _whole = MEASURES[measure]
        lines.append(words("{measure}: {value} {unit}", measure=words(title), value=text, unit=words(unit)).strip())
    if row["one_spot"]:
        lines.append(words("{n} of them on one spot: not located?", n=int(row["one_spot"])))
    return "\n".join(lines)


def _alt(words: Words, table: pd.DataFrame, measure: str, title: str, shown: list[str], n_hot: int, claim: str) -> str:
    top = table.assign(shown=shown).sort_values([measure, "cell_id"], ascending=[False, True]).head(3)
    first = words.listed(f"{name} {value}" for name, value in zip(top["name"], top["shown"], strict=True))
    sentence = words("Map of {n} cells, {measure}. Highest: {first}.", n=len(table), measure=title, first=first)
    if n_hot:
        sentence += " " + words("{n} cells carry a strong outline: {claim}.", n=n_hot, claim=claim)
    return sentence


def points_layer(values: maps.MapValues, first: pd.DataFrame, clusters: pd.DataFrame, words: Words) -> maps.MapValues:
    """Return the map with the points of events and the rings of their clusters."""
    rings: list[Any] = list(clusters.itertuples(index=False))
    return dataclasses.replace(
        values,
        points=first[["lon", "lat"]].to_numpy(float),
        point_hazards=first["hazard"].tolist(),
        circles=[maps.Circle(row.lon, row.lat, max(row.radius_m, 15.0), words.number(row.members)) for row in rings],
    )


def with_points(picture: Choropleth, values: maps.MapValues, words: Words) -> Choropleth:
    """Return the picture with points: its legend names their colours."""
    codes = set(values.point_hazards or ())
    titles = tuple((code, words(name)) for code, name in HAZARD_NAMES.items() if code in codes)
    return Choropleth(values, dataclasses.replace(picture.legend, hazards=titles), picture.alt)
