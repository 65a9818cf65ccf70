"""Cells compared: a funnel of shares by number of cases, and a table of cells and hazards in colours."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from analysis import drawing
from analysis.drawing import COLOURS, SMALL, label
from analysis.funnel import FAR_ABOVE, FAR_BELOW, INNER, NO_CASES, OUTER, Funnel, limits
from base.palette import LIGHT, NEUTRAL
from base.text import Words

MOST_NAMED = 8  # cells beyond the limits whose names stand in the plot
MOST_ROWS = 40
_WIDE_PX, _HIGH_PX = 290, 300  # of the plot on a phone, for which names are laid out
_LINE_PX = 17  # of a name
_WIDE_RANGE = 20  # times that the largest cell is larger than the smallest: the axis is logarithmic
_GRID_POINTS = 300
_ROW_PX, _TEXT_PX = 30, 17  # of a row of one line, and of each line more
_FIELD_PX = 48  # of a field on a phone where four stand beside the names of cells
_NOTE_PX = 250  # of a line of notes under the fields
_PALE = 0.7  # of the palest colour in that of a value of few cases

Floats = NDArray[np.float64]


def funnel_figure(
    funnel: Funnel,
    cases: ArrayLike,
    names: Sequence[str],
    *,
    words: Words,
    title: str,
) -> go.Figure:
    """Return the share of each cell over its number of cases, with the limits that cells like all others keep to.

    Parameters
    ----------
    funnel : Funnel
        Of `analysis.funnel.funnel`; cells in the order of `cases` and `names`.
    cases : array_like of whole numbers, shape (n,)
    names : sequence of str
        To be shown: all on hover; in the plot those of up to `MOST_NAMED` cells beyond the outer limits, the furthest
        first, as far as there is room beside each other on a phone.
    title : str
        What the share is of: "past due" or the like.
    """
    every = np.asarray(cases, dtype=float)
    there = np.flatnonzero(np.array([word != NO_CASES for word in funnel.words], dtype=bool))
    if not len(there):
        return drawing.empty(words("No cell has a case to compare."))
    x, y = every[there], funnel.share[there]
    uneven = x.max() > _WIDE_RANGE * x.min()
    first, last = (x.min() / 1.25, x.max() * 1.25) if uneven else (0.0, x.max() * 1.08)
    grid = np.unique(np.geomspace(max(1.0, x.min()), x.max(), _GRID_POINTS).round())
    traces: list[dict[str, Any]] = []
    tops = [float(y.max())]
    for part, dash, said in ((INNER, "dot", words("95% limits")), (OUTER, "solid", words("99.8% limits"))):
        for i, edge in enumerate(limits(grid, funnel.target, part)):
            at = edge / grid
            line = {"color": NEUTRAL, "width": 1.5, "dash": dash, "shape": "hvh"}
            traces.append(
                drawing.scatter(grid, at, "lines", line=line, hoverinfo="skip", name=label(said), showlegend=i == 0)
            )
            tops.append(float(np.quantile(at, 0.8)))
    far = np.array([funnel.words[i] in (FAR_BELOW, FAR_ABOVE) for i in there])
    high = np.array([funnel.words[i] == FAR_ABOVE for i in there])
    hover = [
        label(
            words("{name}: {share} of {n} cases", name=names[i], share=words.percent(funnel.share[i]), n=int(every[i]))
        )
        for i in there.tolist()
    ]
    for chosen, said, colour, symbol in (
        (~far, words("within"), COLOURS[0], "circle"),
        (far & high, words("far above"), LIGHT["claim"], "triangle-up"),
        (far & ~high, words("far below"), COLOURS[3], "triangle-down"),
    ):
        if chosen.any():
            look = {"size": 11 if symbol != "circle" else 8, "color": colour, "symbol": symbol, "opacity": 0.85}
            shown = {"customdata": [hover[i] for i in np.flatnonzero(chosen)]}
            traces.append(
                drawing.scatter(
                    x[chosen], y[chosen], "markers", marker=look, name=label(said),
                    hovertemplate="%{customdata}<extra></extra>", **shown,
                )
            )  # fmt: skip
    top = min(1.04, 1.15 * max(tops) + 0.01)
    across = np.log10(x / first) / np.log10(last / first) if uneven else (x - first) / (last - first)
    distance = np.abs(y - funnel.target) * np.sqrt(x)
    wanted = [i for i in np.argsort(-distance, kind="stable") if far[i]][:MOST_NAMED]
    shorts = [drawing.fitted(names[there[i]], 8) for i in wanted]
    placed = _apart(across[wanted], y[wanted] / top, shorts, across, y / top)
    notes = [
        {**drawing.note(label(name), x=float(np.log10(x[i]) if uneven else x[i]), y=float(y[i]), xref="x", yref="y"),
         "xanchor": side, "yanchor": "middle", "xshift": 9 if side == "left" else -9, "yshift": shift}
        for i, name, spot in zip(wanted, shorts, placed, strict=True) if spot is not None
        for side, shift in [spot]
    ]  # fmt: skip
    target = {"type": "line", "x0": 0, "x1": 1, "xref": "x domain", "y0": funnel.target, "y1": funnel.target}
    bottom = label(words("Number of cases"))
    if left := len(funnel.words) - len(there):
        more = words.plural("{n} cell without a case is not drawn", "{n} cells without a case are not drawn", n=left)
        bottom += f'<br><span style="font-size:{SMALL}px">{label(more)}</span>'
    axis: dict[str, Any] = {"range": [first, last], "nticks": 6, "tickformat": ",d"}
    if uneven:
        stops = [s * 10**p for p in range(7) for s in (1, 3) if first <= s * 10**p <= last]
        axis = {
            "type": "log", "range": [float(np.log10(first)), float(np.log10(last))], "tickvals": stops,
            "ticktext": [words.number(stop) for stop in stops],
        }  # fmt: skip
    heading = drawing.note(
        label(words("{title}: all together {share}", title=title, share=words.percent(funnel.target))),
        x=0, y=1, xref="x domain", yref="y domain",
    )  # fmt: skip
    return drawing.figure(
        traces, height=_HIGH_PX + 170, annotations=[heading, *notes], margin={"l": 4, "r": 12, "t": 8, "b": 8},
        shapes=[{**target, "yref": "y", "line": {"color": NEUTRAL, "width": 1}}],
        legend={"orientation": "h", "y": 1.09, "yanchor": "bottom", "x": 0, "font": {"size": SMALL}},
        xaxis=drawing.x_axis({"text": bottom}, showgrid=False, **axis),
        yaxis=drawing.y_axis(range=[-0.02 * top, top], tickformat=".0%"),
    )  # fmt: skip


def funnel_alt(funnel: Funnel, names: Sequence[str], *, words: Words, title: str) -> str:
    """Return which cells lie beyond the outer limits, in a sentence."""
    n = sum(word != NO_CASES for word in funnel.words)
    if not n:
        return words("No cell has a case to compare.")
    far = {
        word: [drawing.fitted(name) for name, found in zip(names, funnel.words, strict=True) if found == word]
        for word in (FAR_ABOVE, FAR_BELOW)
    }

    def said(word: str) -> str:
        shown = words.listed(far[word][:MOST_NAMED])
        return f"{len(far[word])} ({shown})" if shown else "0"

    return words(
        "{title} of {n} cells, {share} all together: far above the limits {above}, far below {below}.",
        title=title, n=n, share=words.percent(funnel.target), above=said(FAR_ABOVE), below=said(FAR_BELOW),
    )  # fmt: skip


def heat_figure(
    table: pd.DataFrame,
    rows: Mapping[Any, str],
    columns: Mapping[Any, str],
    *,
    words: Words,
    measure: str,
    few_reports: int,
    work_day: float | None = None,
) -> go.Figure:
    """Return cells and hazards as a table in colours: the longer the time or the smaller the share, the stronger.

    Parameters
    ----------
    table : DataFrame
        row, column (keys), value (hours, or a share from 0 to 1; NaN: not reached, or not known), n (cases; 0 or
        missing: none, drawn as a dash).
    rows, columns : mapping of key to str
        With their names, in the order wanted; so many rows as `MOST_ROWS` are drawn.
    measure : {"hours", "share"}
    few_reports : int
        Values of fewer cases are paler.
    work_day : float, optional
        The hours of a work day, where hours are work time.
    """
    keys, heads = list(rows)[:MOST_ROWS], list(columns)
    if not keys or not heads or not (table["n"] > 0).any():
        return drawing.empty(words("No cell has a case to compare."))
    at = table.set_index(["row", "column"])
    every = pd.MultiIndex.from_product([keys, heads])
    value, n = (at[name].reindex(every).to_numpy(float).reshape(len(keys), -1) for name in ("value", "n"))
    some = n > 0
    strength = np.log10(np.maximum(value, 0.25)) if measure == "hours" else 1 - value
    known = strength[some & np.isfinite(strength)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    high = high if high > low else low + 1
    strength = np.where(np.isfinite(strength), strength, high if measure == "hours" else np.nan)
    text = [
        [_cell(value[i, j], n[i, j], measure, few_reports, words, work_day) for j in range(len(heads))]
        for i in range(len(keys))
    ]
    named = [label(drawing.fitted(rows[key], 9)) for key in keys]
    titles = [drawing.folded(drawing.fitted(columns[key], 8), _FIELD_PX) for key in heads]
    if any(drawing.wide_px(part) > _FIELD_PX for key in heads for part in columns[key].split() if part.isascii()):
        under = max(title.count("<br>") for title in titles) + 1  # a long word stands above the titles beside it
        titles = [title if place % 2 else title + "<br> " * under for place, title in enumerate(titles)]
    shown = [[drawing.folded(one, _FIELD_PX) for one in line] for line in text]
    deepest = 1 + max(one.count("<br>") for line in shown for one in line)
    row_px = _ROW_PX + _TEXT_PX * (deepest - 1)
    hover = [
        [label(words("{cell}, {hazard}: {value} (n = {n})", cell=rows[key], hazard=columns[head], value=text[i][j],
                     n=int(n[i, j]) if some[i, j] else 0)) for j, head in enumerate(heads)]
        for i, key in enumerate(keys)
    ]  # fmt: skip
    y = -np.arange(len(keys), dtype=float)
    traces = []
    for chosen, scale in ((some & (n >= few_reports), 0.0), (some & (n < few_reports), _PALE)):
        if chosen.any():
            z = np.where(chosen, strength, np.nan)
            traces.append({
                "type": "heatmap", "x": np.arange(len(heads)), "y": y, "z": z, "zmin": low, "zmax": high,
                "colorscale": _scale(scale), "showscale": False, "xgap": 3, "ygap": 3, "hoverongaps": False,
                "text": np.where(chosen, np.array(shown, dtype=object), ""), "texttemplate": "%{text}",
                "textfont": {"size": SMALL}, "customdata": hover, "hovertemplate": "%{customdata}<extra></extra>",
            })  # fmt: skip
    gone = np.argwhere(~some | ~np.isfinite(strength))
    if len(gone):
        traces.append(drawing.text_trace(gone[:, 1], -gone[:, 0], [shown[i][j] for i, j in gone.tolist()]))
    said = [words("Darker: longer.") if measure == "hours" else words("Darker: smaller share.")]
    said += [
        words("Paler: fewer than {n} cases. –: no case.", n=few_reports)
        if measure == "hours"
        else words("Paler: fewer than {n} cases due. –: none was due.", n=few_reports)
    ]
    if len(rows) > MOST_ROWS:
        said.append(words("{shown} of {n} rows shown", shown=MOST_ROWS, n=len(rows)))
    notes = [line for one in said for line in drawing.folded(one, _NOTE_PX).split("<br>")]
    bottom = f'<span style="font-size:{SMALL}px">{"<br>".join(notes)}</span>'
    return drawing.figure(
        traces, height=row_px * len(keys) + 102 + _TEXT_PX * len(notes),
        margin={"l": 4, "r": 12, "t": 8, "b": 36 + _TEXT_PX * len(notes)},
        annotations=[
            {**drawing.note(bottom, x=0, y=0, xref="paper", yref="paper"), "yanchor": "top", "align": "left",
             "yshift": -6}
        ],
        xaxis=drawing.x_axis(
            tickvals=list(range(len(heads))), ticktext=titles, side="top", showgrid=False, tickangle=0
        ),
        yaxis=drawing.y_axis(
            tickvals=y, ticktext=named, showgrid=False, zeroline=False, range=[0.5 - len(keys), 0.5]
        ),
    )  # fmt: skip


def heat_alt(
    table: pd.DataFrame, rows: Mapping[Any, str], columns: Mapping[Any, str], *, words: Words, measure: str,
    few_reports: int, work_day: float | None = None,
) -> str:  # fmt: skip
    """Return which cell and hazard of enough cases has the longest time or the smallest share, in a sentence."""
    enough = table[(table["n"] >= max(few_reports, 1)) & table["value"].notna()]
    enough = enough[enough["row"].isin(list(rows)) & enough["column"].isin(list(columns))]
    if enough.empty:
        return words("No cell has {n} cases of a hazard.", n=max(few_reports, 1))
    worst = enough.loc[enough["value"].idxmax() if measure == "hours" else enough["value"].idxmin()]
    facts = {
        "cells": len(rows), "cell": rows[worst["row"]], "hazard": columns[worst["column"]], "n": int(worst["n"]),
        "value": _cell(float(worst["value"]), int(worst["n"]), measure, few_reports, words, work_day),
    }  # fmt: skip
    if measure == "hours":
        return words("Median time of {cells} cells by hazard; longest: {cell}, {hazard}, {value} (n = {n}).", **facts)
    return words("Share in time of {cells} cells by hazard; smallest: {cell}, {hazard}, {value} (n = {n}).", **facts)


def _cell(value: float, n: float, measure: str, few_reports: int, words: Words, work_day: float | None) -> str:
    """Return the text of a field: a share of few cases as its counts, for 0% of one case would pass for a finding."""
    if not n > 0:
        return "–"
    if measure == "hours":
        return words.duration(value, work_day)
    if not np.isfinite(value):
        return "?"
    if n < few_reports:
        return words("{in_time} of {due}", in_time=round(value * n), due=int(n))
    return words.percent(value)


def _scale(pale: float) -> list[list[Any]]:
    """Return the sequential colours, each mixed with so much of the palest."""
    fills = LIGHT["fills"]
    ground = _rgb(fills[0])
    mixed = [[round(pale * g + (1 - pale) * c) for g, c in zip(ground, _rgb(fill), strict=True)] for fill in fills]
    return [[i / (len(fills) - 1), f"rgb({r},{g},{b})"] for i, (r, g, b) in enumerate(mixed)]


def _rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _apart(x: Floats, y: Floats, names: list[str], dots_x: Floats, dots_y: Floats) -> list[tuple[str, int] | None]:
    """Return on which side of its dot each name stands and by how many pixels above, None where there is no room.

    Places are parts of the plot (0..1). A name keeps clear of those before it, of the dots and of the edges.
    """
    boxes = [(px * _WIDE_PX - 4, py * _HIGH_PX - 4, px * _WIDE_PX + 4, py * _HIGH_PX + 4)
             for px, py in zip(dots_x, dots_y, strict=True)]  # fmt: skip
    found: list[tuple[str, int] | None] = []
    for px, py, name in zip(x * _WIDE_PX, y * _HIGH_PX, names, strict=True):
        wide = drawing.wide_px(name)
        spot = None
        for side, shift in (("left", 0), ("right", 0), ("left", 12), ("left", -12), ("right", 12), ("right", -12)):
            begin = px + 8 if side == "left" else px - 8 - wide
            box = (begin, py + shift - _LINE_PX / 2, begin + wide, py + shift + _LINE_PX / 2)
            inside = box[0] >= 0 and box[2] <= _WIDE_PX and box[1] >= 0 and box[3] <= _HIGH_PX
            if inside and not any(_meet(box, other) for other in boxes):
                spot = (side, shift)
                boxes.append(box)
                break
        found.append(spot)
    return found


def _meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
