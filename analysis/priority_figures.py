"""Priorities in pictures: the bars that make each score, the ranks under other weights, and benefit against money."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from analysis import drawing
from analysis.drawing import COLOURS, SMALL, label
from base.palette import LIGHT, NEUTRAL
from base.text import Words

MOST_ROWS = 40  # projects in a figure
_ROW_PX = 26
_PATTERNS = ("", "/", "x")
_ABOVE = {"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0, "font": {"size": SMALL}, "traceorder": "normal"}
_MARGIN = {"l": 4, "r": 12, "t": 8, "b": 8}

Floats = NDArray[np.float64]


def bars_figure(
    bars: ArrayLike, names: Sequence[str], criteria: Sequence[str], *, marked: Sequence[bool], words: Words
) -> go.Figure:
    """Return the parts of each score as bars side by side, the project with the greatest need on top.

    Parameters
    ----------
    bars : array_like, shape (n, k)
        In the order wanted, the first on top; `MOST_ROWS` of them are drawn.
    names, criteria
        To be shown; of projects and of criteria. A criterion that tells nothing apart is not drawn.
    marked : sequence of bool
        Projects that are to be built: their names bear a mark.
    """
    given = np.asarray(bars, dtype=float)
    table = given[:MOST_ROWS]
    if not table.size or not table.any():
        return drawing.empty(words("The criteria are the same for all projects: nothing tells them apart."))
    shown = [_marked(name, mark) for name, mark in zip(names[: len(table)], marked, strict=False)]
    place = -np.arange(len(table), dtype=float)
    traces: list[dict[str, Any]] = []
    for at in np.flatnonzero(table.any(axis=0)).tolist():
        number = len(traces)
        hover = [
            label(words("{name}, {criterion}: {part} of {score}", name=name, criterion=criteria[at],
                        part=words.number(part, 3), score=words.number(score, 3)))
            for name, part, score in zip(names, table[:, at], table.sum(axis=1), strict=False)
        ]  # fmt: skip
        traces.append({
            "type": "bar", "orientation": "h", "y": place, "x": table[:, at], "name": label(criteria[at]),
            "marker": {
                "color": COLOURS[number % len(COLOURS)], "line": {"width": 0},
                "pattern": {"shape": _PATTERNS[number // len(COLOURS) % len(_PATTERNS)]},
            },
            "customdata": hover, "hovertemplate": "%{customdata}<extra></extra>",
        })  # fmt: skip
    return drawing.figure(
        traces, barmode="stack", height=_ROW_PX * len(table) + 150, legend=_ABOVE, margin=_MARGIN,
        xaxis=drawing.x_axis({"text": label(words("Score (an order, not a benefit)"))}, rangemode="tozero"),
        yaxis=drawing.y_axis(
            tickvals=place, ticktext=shown, showgrid=False, zeroline=False, range=[0.5 - len(table), 0.5]
        ),
    )  # fmt: skip


def bars_alt(bars: ArrayLike, names: Sequence[str], criteria: Sequence[str], *, words: Words) -> str:
    """Return what makes the score of the first project, in a sentence."""
    table = np.asarray(bars, dtype=float)
    if not table.size or not table.any():
        return words("The criteria are the same for all projects: nothing tells them apart.")
    most = np.argsort(-table[0], kind="stable")[:3]
    parts = words.listed(f"{criteria[at]} {words.number(table[0, at], 2)}" for at in most.tolist())
    return words(
        "Scores of {n} projects as bars; first is {name} with {score}, most of it from {parts}.", n=len(table),
        name=names[0], score=words.number(float(table[0].sum()), 2), parts=parts,
    )  # fmt: skip


def ranks_figure(
    ranks: Sequence[tuple[int, int, int, int, int]], names: Sequence[str], *, marked: Sequence[bool], words: Words
) -> go.Figure:
    """Return the rank of each project under other weights: all it had as a thin line, nine tenths of them thick.

    Parameters
    ----------
    ranks : sequence of (lowest, 5%, as chosen, 95%, highest)
        In the order wanted, the first on top; `MOST_ROWS` of them are drawn.
    """
    table = np.array(ranks[:MOST_ROWS], dtype=float).reshape(-1, 5)
    if not len(table):
        return drawing.empty(words("There is no project to rank."))
    y = -np.arange(len(table), dtype=float)
    hover = [
        label(words("{name}: rank {rank}, {low} to {high} in nine tenths of the draws, {lowest} to {highest} in all",
                    name=name, rank=int(row[2]), low=int(row[1]), high=int(row[3]), lowest=int(row[0]),
                    highest=int(row[4])))
        for name, row in zip(names, table, strict=False)
    ]  # fmt: skip
    traces = []
    for first, last, width, said in ((0, 4, 2, words("in all draws")), (1, 3, 9, words("in nine tenths of the draws"))):
        x = np.column_stack([table[:, first] - 0.12, table[:, last] + 0.12, np.full(len(table), np.nan)]).ravel()
        at = np.column_stack([y, y, np.full(len(table), np.nan)]).ravel()
        line = {"color": NEUTRAL if width == 2 else COLOURS[0], "width": width}
        traces.append(drawing.scatter(x, at, "lines", line=line, hoverinfo="skip", name=label(said)))
    dot = {"size": 10, "color": LIGHT["claim"], "symbol": "diamond"}
    traces.append(
        drawing.scatter(table[:, 2], y, "markers", marker=dot, name=label(words("by the weights chosen")),
                        customdata=hover, hovertemplate="%{customdata}<extra></extra>")
    )  # fmt: skip
    shown = [_marked(name, mark) for name, mark in zip(names[: len(table)], marked, strict=False)]
    top = float(table.max())
    return drawing.figure(
        traces, height=_ROW_PX * len(table) + 130, legend=_ABOVE, margin=_MARGIN,
        xaxis=drawing.x_axis({"text": label(words("Rank (1: greatest need)"))}, range=[0.4, top + 0.6], tickformat="d"),
        yaxis=drawing.y_axis(tickvals=y, ticktext=shown, showgrid=False, zeroline=False, range=[0.5 - len(table), 0.5]),
    )  # fmt: skip


def ranks_alt(ranks: Sequence[tuple[int, int, int, int, int]], *, words: Words) -> str:
    """Return how many projects keep their rank under other weights, in a sentence."""
    fixed = sum(row[0] == row[4] for row in ranks)
    return words(
        "Ranks of {n} projects under other weights: {fixed} of them keep theirs in every draw.", n=len(ranks),
        fixed=fixed,
    )  # fmt: skip


def curve_figure(
    budgets: ArrayLike,
    benefit: ArrayLike,
    *,
    now: tuple[float, float],
    knee: int | None,
    unit: str,
    words: Words,
) -> go.Figure:
    """Return what is avoided at each budget, where the curve bends, and where the budget asked for stands.

    Parameters
    ----------
    budgets, benefit : array_like, shape (n,)
        Yuan; a year. NaN where a budget is too small.
    now : (budget, benefit)
        As asked for.
    knee : int or None
        Position of the bend.
    """
    x, y = np.asarray(budgets, dtype=float), np.asarray(benefit, dtype=float)
    known = np.isfinite(y)
    if not known.any():
        return drawing.empty(words("No budget buys anything."))
    x, y, shift = x[known], y[known], np.flatnonzero(known)
    hover = [
        label(words("{budget} yuan: {avoided} a year", budget=words.number(money), avoided=words.number(value, 1)))
        for money, value in zip(x.tolist(), y.tolist(), strict=True)
    ]
    line = {"color": COLOURS[0], "width": 2.5}
    traces = [
        drawing.scatter(x, y, "lines+markers", line=line, marker={"size": 6}, customdata=hover,
                        hovertemplate="%{customdata}<extra></extra>", name=label(words("best set")))
    ]  # fmt: skip
    notes = []
    if knee is not None and knee in shift:
        at = int(np.flatnonzero(shift == knee)[0])
        look = {"size": 13, "color": "rgba(0,0,0,0)", "line": {"color": COLOURS[4], "width": 2.5}}
        traces.append(
            drawing.scatter([x[at]], [y[at]], "markers", marker=look, hoverinfo="skip", name=label(words("bend")))
        )
    mark = {"size": 13, "color": LIGHT["claim"], "symbol": "diamond"}
    said = label(words("this budget: {avoided} a year", avoided=words.number(now[1], 1)))
    traces.append(drawing.scatter([now[0]], [now[1]], "markers", marker=mark, hoverinfo="skip", name=said))
    notes.append(drawing.note(label(unit), x=0, y=1, xref="x domain", yref="y domain"))
    high, right = max(float(y.max()), now[1]) * 1.12 or 1.0, max(float(x.max()), now[0]) * 1.04
    return drawing.figure(
        traces, height=360, legend={**_ABOVE, "y": 1.1}, margin=_MARGIN, annotations=notes,
        xaxis=drawing.x_axis(
            {"text": label(words("Budget (yuan)"))}, tickformat=",d", nticks=6, range=[0, right]
        ),
        yaxis=drawing.y_axis(range=[0, high]),
    )  # fmt: skip


def curve_alt(budgets: ArrayLike, benefit: ArrayLike, *, words: Words) -> str:
    """Return the two ends of the curve, in a sentence."""
    x, y = np.asarray(budgets, dtype=float), np.asarray(benefit, dtype=float)
    known = np.flatnonzero(np.isfinite(y))
    if not len(known):
        return words("No budget buys anything.")
    first, last = known[0], known[-1]
    return words(
        "Avoided a year against money: from {low} for {least} yuan to {high} for {most} yuan.",
        low=words.number(float(y[first]), 1), least=words.number(float(x[first])), high=words.number(float(y[last]), 1),
        most=words.number(float(x[last])),
    )  # fmt: skip


def _marked(name: str, mark: bool) -> str:
    return label(("● " if mark else "") + drawing.fitted(name, 11))
