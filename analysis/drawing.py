"""What all figures have in common: the look of the house, names that stay inert, axes, months, steps of a curve.

Grounds are transparent and text has no colour of its own, so that the theme of the page shows. Nothing is dragged or
zoomed: on a phone a finger on a chart must still scroll the page. Names reach a figure through `label` alone.

A figure is written down as one dict and checked by plotly once: put together call by call, it is checked at each.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from analysis.survival import Curve
from base.text import N_, Words

CONFIG = {"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": False}
COLOURS = ("#3a7ab8", "#9a7b4f", "#a05a8c", "#2c7a58", "#b3581a", "#5d6b78")  # for groups that are not hazards
SIZE, SMALL = 14, 13  # of text: readable from the back of a room
_GRID = "rgba(128,128,128,0.25)"
_POINTS = 400  # of a curve that are drawn
_ENTITIES = {ord(sign): f"&#{ord(sign)};" for sign in "&<>$%{}'\"`\\"}
_MONTHS = (
    N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun"),
    N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec"),
)  # fmt: skip


def label(text: object) -> str:
    """Return text that plotly shows as typed: no tag, link, line break, formula or template in it comes to life."""
    plain = " ".join(str(text).split())
    return "".join(sign for sign in plain if sign.isprintable()).translate(_ENTITIES)


def empty(sentence: str) -> go.Figure:
    """Return a figure of nothing but a sentence."""
    hidden = {"visible": False, "fixedrange": True, "tickfont": {"size": SMALL}}
    said = {**note(label(sentence), size=SIZE, x=0.5, y=0.5, xref="paper", yref="paper"), "xanchor": "center"}
    return figure([], height=120, annotations=[said], xaxis=hidden, yaxis=hidden)


def short(name: object, most: int = 12) -> str:
    """Return a name cut to at most so many signs."""
    text = str(name)
    return text if len(text) <= most else text[: most - 1] + "…"


def fitted(name: object, most: float = 10) -> str:
    """Return a name that is at most about so many Chinese signs wide, cut in its middle: names often differ at the end.

    Other signs are taken for little more than half as wide.
    """
    text = " ".join(str(name).split())
    wide = np.array([1.0 if ord(sign) > 0x2E80 else 0.55 for sign in text])
    if wide.sum() <= most:
        return text
    head = int(np.searchsorted(wide.cumsum(), 0.45 * (most - 1), side="right"))
    tail = int(np.searchsorted(wide[::-1].cumsum(), 0.55 * (most - 1) + 0.01, side="right"))
    return f"{text[:head]}…{text[len(text) - tail :]}"


def wide_px(text: str) -> float:
    """Return about how many pixels wide a small text is."""
    return SMALL * sum(1.0 if ord(sign) > 0x2E80 else 0.6 for sign in text)


def lines(text: str, most_px: float) -> list[str]:
    """Return a small text in so many lines that none is wider than `most_px`, all about as wide.

    A line ends at a space or beside a Chinese sign; a single word that is wider stays whole.
    """
    parts = re.findall(r"[^\s\u2e80-\uffff]+ ?|[\u2e80-\uffff][，。；：、！？）”]* ?", " ".join(text.split()))
    found = _filled(parts, most_px)
    widths = sorted({wide_px(one) for one in _spans(parts) if wide_px(one) <= most_px})
    return next((even for px in widths if len(even := _filled(parts, px)) == len(found)), found)


def _spans(parts: list[str]) -> list[str]:
    return ["".join(parts[i:j]).rstrip() for i in range(len(parts)) for j in range(i + 1, len(parts) + 1)]


def _filled(parts: list[str], most_px: float) -> list[str]:
    found = [""]
    for part in parts:
        if found[-1] and wide_px((found[-1] + part).rstrip()) > most_px:
            found.append("")
        found[-1] += part
    return [one.rstrip() for one in found]


def folded(text: str, most_px: float) -> str:
    """Return a label of as many `lines` as the text needs."""
    return "<br>".join(label(one) for one in lines(text, most_px))


def figure(traces: list[dict[str, Any]], **layout: Any) -> go.Figure:
    """Return a figure of the traces in the look of the house."""
    look = {
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "dragmode": False, "bargap": 0.25,
        "margin": {"l": 4, "r": 12, "t": 28, "b": 8}, "font": {"size": SIZE}, "hoverlabel": {"font": {"size": SIZE}},
        "legend": {
            "orientation": "h", "yanchor": "top", "y": -0.2, "x": 0, "font": {"size": SIZE}, "traceorder": "normal",
        },
    }  # fmt: skip
    return go.Figure({"data": traces, "layout": {**look, **layout}})


_AXIS = {"fixedrange": True, "automargin": True, "tickfont": {"size": SMALL}}


def x_axis(title: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a horizontal axis."""
    return {**_AXIS, "zeroline": False, "title": {"font": {"size": SIZE}, **(title or {})}, **more}


def y_axis(**more: Any) -> dict[str, Any]:
    """Return a vertical axis."""
    return {**_AXIS, "gridcolor": _GRID, "zerolinecolor": _GRID, **more}


def note(text: str, *, size: int = SMALL, **where: Any) -> dict[str, Any]:
    """Return a text at a place of the figure."""
    at = {"x": 0, "xanchor": "left", "yanchor": "bottom", "showarrow": False}
    return {"text": text, "font": {"size": size}, **at, **where}


def scatter(x: Any, y: Any, mode: str, **more: Any) -> dict[str, Any]:
    """Return a trace of points or lines."""
    return {"type": "scatter", "x": x, "y": y, "mode": mode, **more}


def text_trace(x: Any, y: Any, text: list[str], *, colour: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a trace of texts."""
    font = {"size": SMALL, "color": colour}
    return scatter(x, y, "text", text=text, textfont=font, hoverinfo="skip", cliponaxis=False, **more)


def month_ticks(months: pd.Index, words: Words) -> dict[str, Any]:
    """Return ticks at every month, or every second, third ..., so that at most seven stand side by side."""
    step = -(-len(months) // 7) or 1
    shown = list(range(0, len(months), step))
    years = [months[at][:4] for at in shown]
    fresh = [place == 0 or year != years[place - 1] for place, year in enumerate(years)]
    text = []
    for at, year, new in zip(shown, years, fresh, strict=True):
        month = words(_MONTHS[int(months[at][5:7]) - 1])
        text.append(month + "<br>" + words("{year}", year=year) if new else month)
    return {"tickvals": shown, "ticktext": text, "tickangle": 0, "range": [-0.6, max(len(months), 1) - 0.4]}


def followed(curve: Curve) -> float:
    """Return the last time at which at least a twentieth of the cases is still open and followed."""
    if not len(curve.times):
        return 0.0
    return float(curve.times[curve.at_risk >= curve.at_risk[0] / 20][-1])


def open_at(curve: Curve, time: float) -> int:
    """Return how many cases are open and followed just before a time."""
    place = int(np.searchsorted(curve.times, time, side="left"))
    return int(curve.at_risk[place]) if place < len(curve.times) else 0


def drawn(curve: Curve, values: NDArray[np.float64], horizon: float) -> tuple[NDArray[np.float64], ...]:
    """Return a step curve from time 0 to the horizon in at most some hundred points."""
    kept = np.flatnonzero(curve.times <= horizon)
    if len(kept) > _POINTS:
        kept = kept[np.unique(np.linspace(0, len(kept) - 1, _POINTS).astype(int))]
    x, y = np.concatenate([[0.0], curve.times[kept]]), np.concatenate([[1.0], values[kept]])
    end = min(horizon, float(curve.times[-1])) if len(curve.times) else 0.0
    return np.append(x, end), np.append(y, y[-1])


def band(curve: Curve, begin: float, horizon: float, colour: str) -> list[dict[str, Any]]:
    """Return the 95% limits of a curve as two lines and what lies between them."""
    sure = curve.survival == 1  # before the first closing there is nothing to be unsure of
    pale = f"rgba({','.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))},0.16)"
    lines = []
    for values, fill in ((curve.low, None), (curve.high, "tonexty")):
        known = np.flatnonzero(~np.isnan(values) | sure)
        part = Curve(**{field.name: getattr(curve, field.name)[known] for field in fields(Curve)})
        x, y = drawn(part, np.where(sure, 1.0, values)[known], horizon)
        line = {"shape": "hv", "width": 0}
        lines.append(scatter(np.maximum(x, begin), y, "lines", line=line, fill=fill, fillcolor=pale, hoverinfo="skip"))
    return lines
