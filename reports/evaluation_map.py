"""The cells before and after a work, as two maps of one measure with the same classes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from base.text import N_, Words
from data.dataset import Dataset
from data.schema import Scope
from geo import classes, legend, maps
from reports.choropleth import MOST_CELLS, Choropleth, Drawn, stamp
from reports.evaluation import CONTROL, LEFT_OUT, PLACE, ROLE_NAMES, Evaluation
from reports.evaluation_words import shown_rate, unit

BEFORE, AFTER = "before", "after"
SIDES = {BEFORE: N_("Before"), AFTER: N_("After")}


def view_of(found: Evaluation) -> Scope:
    """Return the scope whose cells the maps show."""
    return Scope(found.level, end=found.times.end)


def shown_cells(found: Evaluation) -> tuple[str, ...]:
    """Return the cells that the maps show where all are too many: those that take part first; () for all."""
    cells = found.cells
    if len(cells) <= MOST_CELLS:
        return ()
    order = np.lexsort((cells["distance"].fillna(np.inf), ~cells["role"].isin([PLACE, CONTROL, *LEFT_OUT])))
    return tuple(sorted(cells["cell_id"].iloc[order[:MOST_CELLS]]))


def work_maps(dataset: Dataset, drawn: Drawn, found: Evaluation, words: Words) -> dict[str, Choropleth]:
    """Return the maps of before and after: counts per unit of exposure, one scale, the parts of the cells marked.

    Parameters
    ----------
    drawn : Drawn
        `reports.choropleth.publish` of the cells of `view_of`.

    Returns
    -------
    dict
        By the keys of `SIDES`; the legend is the same.
    """
    level = drawn.levels.index(found.level)
    every = pd.Index(drawn.ids[level])
    cells = found.cells[found.cells["cell_id"].isin(every)].reset_index(drop=True)
    place = every.get_indexer(pd.Index(cells["cell_id"]))
    rates = shown_rate(found, 1.0) * cells[[f"rate_{side}" for side in SIDES]].to_numpy(float).T
    digits = _digits(rates)
    both = classes.classify(np.round(rates, digits).ravel())  # as they are written: what looks alike is of one class
    codes, shown = (dict(zip(SIDES, pair, strict=True)) for pair in (np.split(both.codes, 2), rates))
    roles = cells["role"].to_numpy(str)
    marked = {
        name: place[np.isin(roles, of)].tolist()
        for name, of in (("subject", [PLACE]), ("compared", [CONTROL]), ("apart", list(LEFT_OUT)))
    }
    one = unit(found, cells=1)
    key = None
    pictures = {}
    for side, title in SIDES.items():
        of_level, labels, tips = np.full(len(every), -1), [""] * len(every), [""] * len(every)
        of_level[place] = codes[side]
        for at, row, value in zip(place, cells.to_dict("records"), shown[side], strict=True):
            labels[at] = words.number(value, digits)
            tips[at] = "\n".join(_tip(row, side, found, words))
        values = maps.MapValues(
            level=level, classes=of_level.tolist(), labels=labels, tips=tips, stamp=stamp(dataset, words), **marked
        )
        if key is None:
            key = legend.build_legend(
                both, values, words=words, measure=words("Events per cell, {unit}", unit=one),
                n=int(cells[[BEFORE, AFTER]].to_numpy().sum()), subject=words(ROLE_NAMES[PLACE]),
                compared=words(ROLE_NAMES[CONTROL]), apart=words("left out of the comparison"),
            )  # fmt: skip
            key = replace(key, notes=(*key.notes, words("the same classes on both maps")))
        alt = [words("Map of {n} cells, {side}, {unit}.", n=len(cells), side=words(title), unit=one)]
        own = cells[roles == PLACE]
        values_said = [words.number(value, digits) for value in shown[side][roles == PLACE]]
        named = words.listed(f"{name} {value}" for name, value in zip(own["name"], values_said, strict=True))
        alt.append(words("The project's cells: {cells}.", cells=named))
        pictures[side] = Choropleth(values, key, words.joined(alt))
    return pictures


def _digits(rates: NDArray[np.float64]) -> int:
    """Return with how many decimals rates are written: the largest one with three figures."""
    largest = float(np.nanmax(rates, initial=0.0))
    return int(np.clip(2 - np.floor(np.log10(largest)), 0, 6)) if largest > 0 else 0


def _tip(row: Mapping[Any, Any], side: str, found: Evaluation, words: Words) -> list[str]:
    role = ROLE_NAMES[row["role"]]
    lines = [words(role)]
    for name, title in SIDES.items():
        value = shown_rate(found, row[f"rate_{name}"])
        facts = {"n": int(row[name]), "rate": words.number(value, 3), "unit": unit(found, cells=1)}
        rate = words("{side}: {n}, {rate} {unit}", side=words(title), **facts)
        lines.insert(0 if name == side else len(lines), rate)
    return lines
