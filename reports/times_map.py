"""Resolution times by cell as a map: the median or the share in time, and what cannot be told from all cells together.

The strongest colour is the slowest: the longest median, the lowest share. A median that is not reached - more than half
may still be open - is no missing value but the slowest of all: a class of its own. A cell whose 95% limits hold the
value of all cells together is pale, whatever its value: the map must not rank what chance alone can order so.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import comparing
from base import palette
from base.text import N_, NP_, Sentence, Words
from data.dataset import Dataset
from data.schema import Scope
from geo import classes, legend, maps
from reports import times, times_words
from reports.answers import cells_of
from reports.choropleth import Choropleth, Drawn, holding, stamp

MEDIAN, SHARE = "median", "share"
MEASURES = {MEDIAN: N_("Median time to resolve"), SHARE: N_("Share in time")}
_COLUMNS = {MEDIAN: ("median_hours", "low", "high", "n"), SHARE: ("share_in_time", "share_low", "share_high", "due")}
_STRONGEST = len(palette.LIGHT["fills"]) - 1

Bools = NDArray[np.bool_]


@dataclasses.dataclass(frozen=True)
class CellTimes:
    """The cells of a view with one measure of their times.

    Attributes
    ----------
    cells : DataFrame
        cell_id, name, value, low, high (hours or shares), base (cases, or those due), n, open; base is 0 where nothing
        can be said.
    whole : float
        The value of all cells together; NaN: not reached, or nothing was due.
    unreached, few, unsure : ndarray of bool
        Half not resolved yet; on fewer cases than the setting few_reports; its limits hold the value of all together.
    slower : ndarray of bool
        Slower than all others together, the number of cells allowed for; None where cells are not compared, for they
        hold several hazards, or are too few.
    """

    measure: str
    few_reports: int
    cells: pd.DataFrame
    whole: float
    unreached: Bools
    few: Bools
    unsure: Bools
    slower: Bools | None


def cell_times(
    dataset: Dataset, view: Scope, asked: times.Asked, measure: str, held: pd.Series | None = None
) -> CellTimes:
    """Return the cells of a view with one measure of their times, on the clock and of the cases asked for.

    Parameters
    ----------
    measure : {"median", "share"}
    held : Series, optional
        As `reports.choropleth.held_by`, where the view stands in for finer cells: those beside them are left out.
    """
    cells = cells_of(dataset, view)[["cell_id", "name"]]
    if held is not None:
        cells = holding(cells, held)
    groups = times.groups(dataset, view, dataclasses.replace(asked, by="cell"))
    overall = times.figures(dataset, view, clock=asked.clock, handling=asked.handling)
    return told(cells, groups, overall, measure, few_reports=int(dataset.settings["few_reports"]))


def told(
    cells: pd.DataFrame, groups: pd.DataFrame, overall: pd.DataFrame, measure: str, *, few_reports: int
) -> CellTimes:
    """Return one measure of some cells, from `reports.times.groups` by cell and the figures of all together."""
    value, low, high, base = _COLUMNS[measure]
    found = groups.set_index(groups["key"].astype(object)).reindex(cells["cell_id"])
    numbers = {
        "value": found[value], "low": found[low], "high": found[high], "base": found[base].fillna(0),
        "n": found["n"].fillna(0), "open": found["open"].fillna(0),
    }  # fmt: skip
    table = cells.assign(**{name: column.to_numpy(float) for name, column in numbers.items()})
    some = table["base"].to_numpy() > 0
    table.loc[~some, ["value", "low", "high"]] = np.nan
    whole = float(overall[value].iloc[0]) if len(overall) else np.nan
    unreached = some & table["value"].isna().to_numpy() & (measure == MEDIAN)
    # No lower limit is none above zero; no upper one is beyond any time
    lowest, highest = table["low"].fillna(0).to_numpy(), table["high"].fillna(np.inf).to_numpy()
    level = np.inf if np.isnan(whole) else whole
    few = some & (table["base"].to_numpy() < few_reports)
    unsure = some & ~few & (lowest <= level) & (level <= highest)
    slower = None if groups["verdict"].isna().all() else (found["verdict"] == comparing.SLOWER).to_numpy()
    return CellTimes(measure, few_reports, table, whole, unreached, few, unsure, slower)


def times_map(
    dataset: Dataset,
    drawn: Drawn,
    view: Scope,
    found: CellTimes,
    *,
    clock: str = times.RAW,
    selected: str | None = None,
    words: Words,
) -> Choropleth:
    """Return the map of one measure of the times; cells that are not drawn are in no class, legend or sentence.

    Parameters
    ----------
    drawn : Drawn
        `reports.choropleth.publish` of the view's cells.
    clock : {"raw", "work"}
        Of the hours of a median.
    selected : str, optional
        The chosen cell.
    """
    level = drawn.levels.index(view.level)
    every = pd.Index(drawn.ids[level])
    here = found.cells["cell_id"].isin(every).to_numpy()
    table, unreached, few, unsure = found.cells[here], found.unreached[here], found.few[here], found.unsure[here]
    place = every.get_indexer(pd.Index(table["cell_id"]))
    slow_first = found.measure == MEDIAN
    said, brief = (_said(found.measure, clock, words, brief) for brief in (False, True))
    # The strongest colour is kept for what is not reached; a share is the stronger the lower it is
    classed = classes.classify(table["value"].to_numpy(), k=_STRONGEST if unreached.any() else _STRONGEST + 1)
    steps = len(classed.edges)
    step = classed.codes if slow_first else np.where(classed.codes < 0, -1, steps - 1 - classed.codes)
    codes, labels, tips = np.full(len(every), -1), [""] * len(every), [""] * len(every)
    codes[place] = np.where(unreached, _STRONGEST, step)
    slower = np.zeros(len(table), dtype=bool) if found.slower is None else found.slower[here]
    table = table.assign(unreached=unreached, few=few, unsure=unsure, slower=slower)
    rows: list[Any] = list(table.itertuples(index=False))
    for at, row in zip(place, rows, strict=True):
        labels[at] = _label(row, brief, words)
        tips[at] = "\n".join(_tip(row, found, said, words))
    above = drawn.ids[level - 1] if level else ()
    values = maps.MapValues(
        level=level,
        classes=codes.tolist(),
        labels=labels,
        tips=tips,
        parent=above.index(view.area) if view.area in above else None,
        few=place[few].tolist(),
        unsure=place[unsure].tolist(),
        unreached=place[unreached].tolist(),
        selected=drawn.ids[level].index(selected) if selected in drawn.ids[level] else None,
        stamp=stamp(dataset, words),
    )
    cases = int(table["base"].sum())
    key = legend.build_legend(
        classed,
        values,
        words=words,
        measure=words(MEASURES[found.measure]),
        n=cases,
        unsure=_unsure(found, said, words),
        unreached=words("half not resolved yet"),
        said=said,
    )
    hours_said = times_words.classes_said(classed.lowest, classed.edges, words, clock)
    steps_said = hours_said if slow_first else key.steps[::-1]
    few_said = words("fewer than {n} cases", n=found.few_reports)
    missing = words("no case") if slow_first else words("no case due yet")
    key = dataclasses.replace(
        key, steps=steps_said, few=few_said if key.few else "", missing=missing if key.missing else ""
    )
    return Choropleth(values, key, words.joined(_alt(found, rows, view, said, words)))


def _said(measure: str, clock: str, words: Words, brief: bool) -> Callable[[float], str]:
    if measure == SHARE:
        return times_words.percent
    return lambda hours: times_words.duration(hours, clock, brief=brief).say(words)


def _label(row: Any, said: Callable[[float], str], words: Words) -> str:
    if not row.base:
        return "–"
    return words("not reached") if row.unreached else said(row.value)


def _tip(row: Any, found: CellTimes, said: Callable[[float], str], words: Words) -> list[str]:
    n = words.joined([words.plural("{n} case,", "{n} cases,", int(row.n)), words("{n} of them open", n=int(row.open))])
    if not row.base:
        return [words("No case")] if not row.n else [words("No case due yet"), n]
    lines = []
    if row.unreached:
        lines.append(words("half not resolved yet"))
        if pd.notna(row.low):
            lines.append(words("the median is above {low} (95%)", low=said(row.low)))
    elif found.measure == SHARE:
        lines.append(words("{share} of {n} due cases in time", share=said(row.value), n=int(row.base)))
        lines.append(words("95% interval {low}–{high}", low=said(row.low), high=said(row.high)))
    else:
        high = said(row.high) if pd.notna(row.high) else words("not reached")
        low = said(row.low) if pd.notna(row.low) else said(0.0)
        lines.append(words("median {value}", value=said(row.value)))
        lines.append(words("95% interval {low}–{high}", low=low, high=high))
    lines.append(n)
    if row.few:
        lines.append(words("few cases"))
    if row.unsure:
        lines.append(_unsure(found, said, words))
    return lines


def _unsure(found: CellTimes, said: Callable[[float], str], words: Words) -> str:
    whole = words("not reached") if np.isnan(found.whole) else said(found.whole)
    return words("cannot be told from all together ({value})", value=whole)


def _alt(found: CellTimes, rows: list[Any], view: Scope, said: Callable[[float], str], words: Words) -> list[str]:
    """Return what the map shows in sentences: the slower cells, and what is pale, hatched or empty.

    A cell is named where its times are compared with those of the others, the number of cells allowed for. That its
    interval lies beyond the value of all together is no such finding: of many cells that are alike some do by chance.
    """
    lines = [words("Map of {n} cells, {measure}.", n=len(rows), measure=words(MEASURES[found.measure]))]
    slow = [row for row in rows if row.slower]
    slow.sort(key=lambda row: (not row.unreached, -row.value, row.cell_id))
    beyond = sum(bool(row.base and not row.few and not row.unsure and _beyond(row, found)) for row in rows)
    if found.measure == MEDIAN and slow:
        named = words.listed(f"{row.name} {_label(row, said, words)}" for row in slow[:3])
        lines.append(words("Slower than all others together: {cells}.", cells=named))
    elif found.measure == MEDIAN and found.slower is not None:
        lines.append(words("No cell is shown to be slower than all others together."))
    elif beyond:
        lines.append(Sentence(_BEYOND[found.measure], {"n": beyond}).say(words))
        if len(view.hazards) != 1:
            lines.append(words("Cells also differ in what they handle: choose one hazard."))
    counted = {_UNSURE: [row.unsure for row in rows], _FEW: [row.few for row in rows]}
    counted |= {_UNREACHED: [row.unreached for row in rows], _EMPTY: [not row.base for row in rows]}
    lines += [Sentence(text, {"n": sum(marked)}).say(words) for text, marked in counted.items() if any(marked)]
    return lines


def _beyond(row: Any, found: CellTimes) -> bool:
    """Return whether all of an interval is slower, or less in time, than all cells together."""
    if np.isnan(found.whole):
        return False
    if found.measure == SHARE:
        return bool(row.high < found.whole)
    return bool(row.unreached or row.low > found.whole)


_BEYOND = {
    MEDIAN: NP_(
        "In {n} cell the median is above that of all together and its interval does not hold it; chance alone gives "
        "some such cells.",
        "In {n} cells the median is above that of all together and its interval does not hold it; chance alone gives "
        "some such cells.",
    ),
    SHARE: NP_(
        "In {n} cell the share in time is below that of all together and its interval does not hold it; chance alone "
        "gives some such cells.",
        "In {n} cells the share in time is below that of all together and its interval does not hold it; chance alone "
        "gives some such cells.",
    ),
}
_UNSURE = NP_("{n} cell cannot be told from all together.", "{n} cells cannot be told from all together.")
_FEW = NP_("{n} cell has few cases.", "{n} cells have few cases.")
_UNREACHED = NP_(
    "In {n} cell half of the cases are not resolved yet.", "In {n} cells half of the cases are not resolved yet."
)
_EMPTY = NP_("In {n} cell there is nothing to tell.", "In {n} cells there is nothing to tell.")
