"""The map of a forecast: how likely a report of waterlogging is in each cell, in the same classes for every rain."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from base.text import N_, Words
from data.dataset import Dataset
from geo import classes, legend, maps
from reports import rain_words
from reports.choropleth import MOST_CELLS, Choropleth, Drawn, stamp
from reports.rain_onset import Forecast
from reports.times_words import percent

STEPS = (0.2, 0.4, 0.6, 0.8, 1.0)


def shown_cells(found: Forecast) -> tuple[str, ...]:
    """Return the cells that the map shows where all are too many, the likeliest first; () for all."""
    every = pd.concat([found.ranked["cell_id"], found.apart["cell_id"]])
    return tuple(sorted(every.head(MOST_CELLS))) if len(every) > MOST_CELLS else ()


def pump_map(dataset: Dataset, drawn: Drawn, found: Forecast, words: Words) -> Choropleth:
    """Return the map: a colour a fifth of the chance; cells of which none can be told are hatched.

    Parameters
    ----------
    drawn : Drawn
        `reports.choropleth.publish` of the cells of the forecast, their level the last one.
    """
    level = len(drawn.levels) - 1
    every = pd.Index(drawn.ids[level])
    codes, labels, tips = np.full(len(every), -1), [""] * len(every), [""] * len(every)
    ranked, apart = (
        one.assign(at=every.get_indexer(pd.Index(one["cell_id"]))).query("at >= 0")
        for one in (found.ranked, found.apart)
    )
    classed = classes.fixed(ranked["chance"], STEPS)
    codes[ranked["at"]] = classed.codes
    for row in ranked.to_dict("records"):
        labels[row["at"]] = percent(row["chance"])
        tips[row["at"]] = "\n".join(_chance(row, found.mm, words))
    for row in apart.to_dict("records"):
        tips[row["at"]] = rain_words.begins(row).say(words)
    values = maps.MapValues(
        level=level, classes=codes.tolist(), labels=labels, tips=tips, unreached=sorted(apart["at"]),
        stamp=stamp(dataset, words),
    )  # fmt: skip
    key = legend.build_legend(
        classed, values, words=words, measure=words("Chance of a report at {mm} mm", mm=words.number(found.mm, 1)),
        n=found.onsets.events, unreached=words("no chance can be told"), said=percent,
    )  # fmt: skip
    alt = [words("Map of {n} cells by the chance of a report at {mm} mm.", n=len(ranked), mm=words.number(found.mm, 1))]
    if len(apart):
        alt.append(words("Hatched: no chance can be told ({n}).", n=len(apart)))
    return Choropleth(values, key, words.joined(alt))


_CHANCE = N_("chance of a report at {mm} mm: {chance} (95%: {low} to {high})")
_BEGINS = N_("rain at which reports begin: {begins}")


def _chance(row: Mapping[Any, Any], mm: float, words: Words) -> list[str]:
    low, high = percent(row["chance_low"]), percent(row["chance_high"])
    said = words(_CHANCE, mm=words.number(mm, 1), chance=percent(row["chance"]), low=low, high=high)
    return [said, words(_BEGINS, begins=rain_words.begins(row).say(words))]
