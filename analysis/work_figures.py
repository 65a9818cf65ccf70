"""A work in pictures: its months against what the cells compared with let expect, under the rain; and its placebos."""

import math
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from analysis import drawing
from analysis.drawing import COLOURS, SMALL, label
from analysis.evaluation import AFTER, BEFORE, CHOICE, HELPED, WORKS
from base.palette import GOOD, HAZARDS, LIGHT, NEUTRAL
from base.text import N_, Words

Floats = NDArray[np.float64]

_NAMES = {
    BEFORE: N_("Before"),
    CHOICE: N_("Led to the choice"),
    WORKS: N_("Works"),
    AFTER: N_("After"),
}
_PAINT = {BEFORE: COLOURS[1], CHOICE: LIGHT["missing"], WORKS: NEUTRAL, AFTER: COLOURS[3]}
_FARTHEST = 10.0  # rate ratios beyond are drawn at the edge
_STRIP_PX, _ROW_PX, _WIDE_PX = 120, 9, 700
_LEGEND = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"size": SMALL}, "traceorder": "normal"}


def months_figure(rows: pd.DataFrame, *, words: Words, counted: str, rain: str = "") -> go.Figure:
    """Return the counts of a place by month, coloured by phase, and what the cells compared with let expect.

    Parameters
    ----------
    rows : DataFrame
        month ('YYYY-MM'), phase, count, expected (NaN in the phases that are not compared), exposure; in order of
        time. A month in which a phase ends has a row for each.
    counted : str
        What is counted, in the reader's language.
    rain : str
        What the exposure is; '' draws none.
    """
    months = pd.Index(rows["month"].unique())
    place = months.get_indexer(pd.Index(rows["month"]))
    traces: list[dict[str, Any]] = []
    for phase, name in _NAMES.items():
        here = (rows["phase"] == phase).to_numpy()
        if not here.any():
            continue
        said = label(words(name))
        traces.append({
            "type": "bar", "x": place[here], "y": rows["count"].to_numpy()[here], "name": said,
            "marker": {"color": _PAINT[phase]}, "customdata": [words.month(one) for one in rows["month"][here]],
            "hovertemplate": f"%{{customdata}}: %{{y}}<extra>{said}</extra>",
        })  # fmt: skip
    told = rows["expected"].notna().to_numpy()
    wide = min(max(_WIDE_PX / len(months), 6), 24)
    for phase in (BEFORE, CHOICE, AFTER):  # of the phases that are compared
        here = told & (rows["phase"] == phase).to_numpy()
        line = rows[here].groupby(place[here])["expected"].sum().reindex(range(len(months)))
        said = label(words("Expected from the cells compared with"))
        traces.append(drawing.scatter(
            list(range(len(months))), [None if math.isnan(one) else one for one in line], "markers",
            name=said, showlegend=phase == AFTER, marker={
                "symbol": "line-ew", "size": wide, "line": {"color": COLOURS[4], "width": 3},
            }, customdata=[words.month(one) for one in months],
            hovertemplate=f"%{{customdata}}: %{{y:.1f}}<extra>{said}</extra>",
        ))  # fmt: skip
    axes: dict[str, Any] = {"yaxis": drawing.y_axis(title={"text": label(counted)}, rangemode="tozero")}
    if rain:
        of_month = rows.groupby(place)["exposure"].sum()
        traces.append({
            "type": "bar", "x": of_month.index, "y": of_month.to_numpy(), "yaxis": "y2", "showlegend": False,
            "marker": {"color": HAZARDS["waterlogging"], "opacity": 0.6},
            "customdata": [words.month(one) for one in months],
            "hovertemplate": f"%{{customdata}}: %{{y:.0f}}<extra>{label(rain)}</extra>",
        })  # fmt: skip
        axes["yaxis"]["domain"] = [0, 0.68]
        axes["yaxis2"] = drawing.y_axis(title={"text": label(rain)}, domain=[0.76, 1], nticks=3, rangemode="tozero")
    return drawing.figure(
        traces, height=430 if rain else 320, barmode="stack", legend=_LEGEND, margin={"l": 4, "r": 12, "t": 36, "b": 8},
        xaxis=drawing.x_axis(anchor="y", **drawing.month_ticks(months, words)), **axes,
    )  # fmt: skip


def months_alt(rows: pd.DataFrame, *, words: Words) -> str:
    """Return what the months hold, phase by phase, in a sentence."""
    parts = [
        words("{phase}: {n} in {months} months", phase=words(name), n=int(here["count"].sum()), months=len(here))
        for phase, name in _NAMES.items()
        if len(here := rows[rows["phase"] == phase])
    ]
    expected = rows.loc[rows["phase"] == AFTER, "expected"].sum()
    parts.append(words("expected after: {n}", n=round(float(expected), 1)))
    return words("By month: {phases}.", phases=words.listed(parts))


def placebo_figure(
    own: tuple[float, float, float], cells: pd.DataFrame, dates: pd.DataFrame, *, words: Words, project: str
) -> go.Figure:
    """Return the effect of a work with its interval, over those of its placebos.

    Parameters
    ----------
    own : (ratio, low, high)
    cells, dates : DataFrame
        As `analysis.placebo` gives them, each with a column `name` to be shown.
    """
    strips = [(words("Other cells"), cells), (words("Earlier days"), dates)]
    strips = [(title, rows[rows["rate_ratio"].notna()]) for title, rows in strips]
    strips = [(title, rows.sort_values("rate_ratio")) for title, rows in strips if len(rows)]
    traces = [_bar([own], [0.0], LIGHT["claim"], [project], words, width=4, size=13)]
    ticks, below, height = [(0.0, label(words("This project")))], -1.6, _STRIP_PX + 30
    for title, rows in strips:
        place = below - np.arange(len(rows)) * 0.5
        for verdict, colour in ((False, NEUTRAL), (True, GOOD)):
            here = (rows["verdict"] == HELPED).to_numpy() == verdict
            told = rows[here]
            values = list(told[["rate_ratio", "low", "high"]].itertuples(index=False, name=None))
            if values:
                traces.append(_bar(values, place[here].tolist(), colour, told["name"].tolist(), words))
        ticks.append((float(place.mean()), label(title)))
        below, height = float(place[-1]) - 1.4, height + 40 + 2 * _ROW_PX * len(rows)
    edge, line = math.log10(_FARTHEST), {"color": NEUTRAL, "dash": "dot"}
    return drawing.figure(
        traces, height=height, showlegend=False, margin={"l": 4, "r": 12, "t": 8, "b": 8},
        shapes=[{"type": "line", "x0": 1, "x1": 1, "y0": 0, "y1": 1, "yref": "paper", "line": line}],
        xaxis=drawing.x_axis(
            {"text": label(words("Rate ratio (left of 1: fewer reports)"))}, type="log", range=[-edge, edge],
            tickvals=[0.1, 0.2, 0.5, 1, 2, 5, 10], ticktext=["0.1", "0.2", "0.5", "1", "2", "5", "10"],
        ),
        yaxis=drawing.y_axis(
            tickvals=[at for at, _ in ticks], ticktext=[text for _, text in ticks], showgrid=False, zeroline=False,
            range=[below, 1.0],
        ),
    )  # fmt: skip


def placebo_alt(
    own: tuple[float, float, float], cells: pd.DataFrame, dates: pd.DataFrame, *, words: Words, project: str
) -> str:
    """Return where the effect of a work lies among those of its placebos, in a sentence."""
    ratios = np.concatenate([one["rate_ratio"].to_numpy(float) for one in (cells, dates)])
    ratios = ratios[~np.isnan(ratios)]
    return words(
        "{project}: ratio {ratio}; of {n} placebos {low} have as low a one.",
        project=project, ratio=own[0], n=len(ratios), low=int((ratios <= own[0]).sum()),
    )  # fmt: skip


def _bar(
    values: list[tuple[float, ...]], place: list[float], colour: str, names: list[str], words: Words, *,
    width: float = 1.5, size: float = 7,
) -> dict[str, Any]:  # fmt: skip
    """Return points with their intervals; what lies beyond the edge of the figure is drawn at it."""
    drawn = np.clip(np.nan_to_num(np.array(values, dtype=float), posinf=_FARTHEST), 1 / _FARTHEST, _FARTHEST)
    said = [
        f"{label(name)}: {label(words('{ratio} ({low} to {high})', ratio=_number(a), low=_number(b), high=_number(c)))}"
        for name, (a, b, c) in zip(names, values, strict=True)
    ]
    return drawing.scatter(
        drawn[:, 0], place, "markers", marker={"color": colour, "size": size}, customdata=said,
        hovertemplate="%{customdata}<extra></extra>",
        error_x={
            "array": drawn[:, 2] - drawn[:, 0], "arrayminus": drawn[:, 0] - drawn[:, 1], "symmetric": False,
            "color": colour, "thickness": width, "width": 0,
        },
    )  # fmt: skip


def _number(value: float) -> str:
    return "∞" if math.isinf(value) else f"{value:.2f}"
