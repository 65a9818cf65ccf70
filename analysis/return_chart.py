"""What came back after closure, by the days since: a rising curve with its limits, over the closures still watched."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.drawing import COLOURS, empty, figure, label, note, scatter, text_trace, x_axis, y_axis
from base.palette import NEUTRAL
from base.text import Words

_TICKS = 6  # more do not stand side by side on a phone
_FOLLOWED = 20  # the curve is drawn as long as one in so many closures is watched
_STEPS = (1, 2, 5, 10, 20, 30, 60, 90, 180, 365, 730)  # days between ticks
_RISK_PX, _PLOT_PX = 34, 260
_COLOUR = COLOURS[4]


def returns_figure(course: pd.DataFrame, days: float, *, words: Words) -> go.Figure:
    """Return the share that came back as a step curve with its 95% limits, and the closures watched at the ticks.

    Parameters
    ----------
    course : DataFrame
        days, share, low, high (NaN: the limits say nothing), watched; a row a day, as `reports.returning` has it.
    days : float
        A line marks where the share is read that is told in words.
    """
    shown = _shown(course, days)
    if shown.empty:
        return empty(words("Nothing was closed that could be watched."))
    end = float(shown["days"].iloc[-1])
    step = next((one for one in _STEPS if end / one <= _TICKS), _STEPS[-1])
    ticks = np.arange(0, end + 1, step)
    # 1 - S only rises: before the first return the limits say nothing, and the share is 0
    low, high = (shown[name].where(shown["share"] > 0, 0.0) for name in ("low", "high"))
    line = {"shape": "hv", "width": 0}
    pale = f"rgba({','.join(str(int(_COLOUR[i : i + 2], 16)) for i in (1, 3, 5))},0.16)"
    traces = [
        scatter(shown["days"], low, "lines", line=line, hoverinfo="skip"),
        scatter(shown["days"], high, "lines", line=line, fill="tonexty", fillcolor=pale, hoverinfo="skip"),
        scatter(
            shown["days"], shown["share"], "lines", line={"shape": "hv", "color": _COLOUR, "width": 3},
            customdata=[words("{n} days", n=int(day)) for day in shown["days"]],
            hovertemplate="%{customdata}: %{y:.1%}<extra></extra>",
        ),
        text_trace(
            ticks, [0] * len(ticks), [words.number(n) for n in shown["watched"].iloc[ticks.astype(int)]],
            colour=_COLOUR, xaxis="x2", yaxis="y2",
        ),
    ]  # fmt: skip
    top = max(0.05, 1.1 * float(np.nanmax([shown["share"].max(), high.max()])))
    until = {
        "type": "line", "x0": days, "x1": days, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain",
        "line": {"color": NEUTRAL, "width": 1, "dash": "dot"},
    }  # fmt: skip
    all_px = _PLOT_PX + _RISK_PX + 96
    axis: dict[str, Any] = {"range": [-0.03 * end, 1.04 * end], "tickvals": ticks, "showgrid": False, "tickangle": 0}
    still = note(label(words("Closures still watched, nothing back so far:")), y=1, xref="x2 domain", yref="y2 domain")
    return figure(
        traces, height=all_px + 36, showlegend=False, shapes=[until] if days <= end else [],
        annotations=[{**still, "opacity": 0.8}],
        xaxis=x_axis({"text": label(words("Days since the closure")), "standoff": 6}, matches="x2", **axis),
        xaxis2=x_axis(showticklabels=False, anchor="y2", **axis),
        yaxis=y_axis(domain=[1 - _PLOT_PX / all_px, 1], range=[0, min(top, 1.03)], tickformat=".0%"),
        yaxis2=y_axis(
            domain=[0, _RISK_PX / all_px], range=[-0.4, 0.6], anchor="x2", showgrid=False, zeroline=False,
            showticklabels=False,
        ),
    )  # fmt: skip


def returns_alt(course: pd.DataFrame, days: float, *, words: Words) -> str:
    """Return what the curve shows, in a sentence."""
    shown = _shown(course, days)
    if shown.empty:
        return words("Nothing was closed that could be watched.")
    last = shown.iloc[-1]
    return words(
        "Share of {n} closures that came back, by days since the closure: {share} after {days} days.",
        n=int(shown["watched"].iloc[0]), share=words.percent(last["share"], 1), days=int(last["days"]),
    )  # fmt: skip


def _shown(course: pd.DataFrame, days: float) -> pd.DataFrame:
    """Return the days that are drawn: as long as enough is watched, and twice the days that are told of at most."""
    if course.empty:
        return course
    enough = course["watched"] >= course["watched"].iloc[0] / _FOLLOWED
    return course[enough & (course["days"] <= 2 * days)]
