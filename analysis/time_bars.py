"""Times as bars and dots: stages one after the other, open cases by how far past due, the trend by month of report."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from analysis import drawing
from analysis.ageing import MORE, NOT_DUE, UNDECIDED
from analysis.drawing import COLOURS, SMALL, label
from base.palette import LIGHT, NEUTRAL
from base.text import Words, time_unit

Floats = NDArray[np.float64]

MOST_ROWS = 40  # bars in a figure
_STAGE_PX, _AGE_PX = 62, 32
_NAME_UP = 0.42  # of a row: how far above its bar the name of a stage stands
_NOTE_PX = 320  # of a line of notes on a phone
_PALE = 0.35
_TALL = 2.5  # times the highest point of a trend: beyond, limits would press the points to the ground
_LEGEND = {"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0, "font": {"size": SMALL}, "traceorder": "normal"}
_MARGIN = {"l": 4, "r": 12, "t": 8, "b": 8}


def stages_figure(stages: pd.DataFrame, names: Mapping[str, str], *, words: Words, few_reports: int = 0) -> go.Figure:
    """Return the median hours of stages as bars, each beginning where the stage before ends, with their 95% limits.

    Parameters
    ----------
    stages : DataFrame
        As from `analysis.stages.waterfall`. A merged stage begins where its first moment stands, and is paler. A bar
        whose median is not reached is hatched and runs to the right edge; the next one begins where it does, for
        nobody knows where it ends.
    names : mapping of str to str
        Of moments, to be shown.
    few_reports : int
        Stages of fewer cases are pale.
    """
    shown = stages[stages["n"] > 0].reset_index(drop=True)
    if shown.empty:
        return drawing.empty(stages_alt(stages, names, words=words))
    starts = _starts(shown)
    median, low, high = (shown[column].to_numpy(float) for column in ("median_hours", "low", "high"))
    reached = np.isfinite(median)
    ends = starts + np.where(reached, median, 0)
    limits = np.concatenate([[0.1], ends, (starts + high)[np.isfinite(high)]])
    right = 1.1 * float(limits.max())
    closed = np.isfinite(high)
    until = np.where(closed, starts + np.where(closed, high, 0), right)
    place = -np.arange(len(shown), dtype=float)
    pale = shown["merged"].to_numpy(bool) | (shown["n"].to_numpy() < few_reports)
    bars = {
        "type": "bar", "orientation": "h", "y": place, "width": 0.36, "base": starts, "hoverinfo": "skip",
        "x": np.where(reached, median, right - starts), "marker": {
            "color": [COLOURS[0] if one else NEUTRAL for one in reached],
            "opacity": np.where(pale, _PALE, 1.0),
            "pattern": {"shape": ["" if one else "/" for one in reached]},
        },
        "error_x": {
            "array": np.where(reached, until - ends, 0),
            "arrayminus": np.where(reached & np.isfinite(low), median - np.nan_to_num(low), 0),
            "symmetric": False, "color": NEUTRAL, "thickness": 2, "width": 5,
        },
    }  # fmt: skip
    texts = []
    for row, is_reached, is_closed in zip(_rows(shown), reached, closed, strict=True):
        time = words.duration(row["median_hours"]) if is_reached else words("not reached")
        arrow = "  " if is_closed else "→ "
        texts.append(f"{arrow}{label(time)}")
    named = []  # above the bars: beside them they would leave a phone no room for the bars
    for row in _rows(shown):
        counted = words("n = {n}, open {open}", n=row["n"], open=row["open"])
        named.append(f"{label(_stage(row, names, words))}  {label(counted)}")
    said = [words("Medians, drawn one after the other;"), words("their sum is not that of the whole.")]
    said += [words("Pale: cases without a moment between.")] if shown["merged"].any() else []
    said = [drawing.folded(one, _NOTE_PX) for one in said]
    return drawing.figure(
        [
            bars,
            drawing.text_trace(until, place, texts, textposition="middle right"),
            drawing.text_trace(np.zeros(len(shown)), place + _NAME_UP, named, textposition="middle right"),
        ],
        height=_STAGE_PX * len(shown) + 130, showlegend=False,
        margin={"l": 28, "r": 12, "t": 8, "b": 8},  # a tick half beside the figure is not drawn
        xaxis=drawing.x_axis(
            {"text": _under(words("Time since the report"), said)}, range=[0, 1.5 * right], **_hours(right, words, 3)
        ),
        yaxis=drawing.y_axis(
            tickvals=place, showticklabels=False, showgrid=False, zeroline=False, range=[0.5 - len(shown), 0.7]
        ),
    )  # fmt: skip


def stages_alt(stages: pd.DataFrame, names: Mapping[str, str], *, words: Words) -> str:
    """Return how long each stage takes, in a sentence."""
    shown = stages[stages["n"] > 0]
    if shown.empty:
        return words("No stage of these cases is known.")
    parts = [
        words(
            "{stage} {time} ({n} cases, {open} still in it)",
            stage=_stage(row, names, words), n=row["n"], open=row["open"],
            time=words.duration(row["median_hours"]) if np.isfinite(row["median_hours"]) else words("not reached"),
        )
        for row in _rows(shown)
    ]  # fmt: skip
    return words("Median time of the stages: {stages}.", stages=words.listed(parts))


def ageing_figure(ages: pd.DataFrame, names: Mapping[Any, str], *, words: Words) -> go.Figure:
    """Return open cases as stacked bars, by how far past due they are.

    Parameters
    ----------
    ages : DataFrame
        As from `analysis.ageing.count_ages`, in the order wanted; so many rows as `MOST_ROWS` are drawn.
    names : mapping of key to str
        To be shown; keys without one stand as they are.
    """
    classes = [column for column in ages.columns if column != "key"]
    shown = ages[ages[classes].sum(axis=1) > 0]
    every, shown = len(shown), shown[:MOST_ROWS]
    if shown.empty:
        return drawing.empty(words("No case is open."))
    place = -np.arange(len(shown), dtype=float)
    total = shown[classes].sum(axis=1).to_numpy()
    ramp = [LIGHT["fills"][i] for i in (1, 2, 3, 4)]
    late = [name for name in classes if name not in (NOT_DUE, MORE, UNDECIDED)]
    paint = {NOT_DUE: COLOURS[0], MORE: LIGHT["claim"], UNDECIDED: NEUTRAL}
    paint |= {name: ramp[i * len(ramp) // len(late)] for i, name in enumerate(late)}
    named = [label(drawing.fitted(names.get(key, key))) for key in shown["key"]]
    traces: list[dict[str, Any]] = []
    for name, said in zip(classes, _classes(classes, words), strict=True):
        n = shown[name].to_numpy()
        if not n.any():
            continue
        hatch = {"pattern": {"shape": "/"}} if name == UNDECIDED else {}
        hover = f"%{{customdata}}: %{{x}}<extra>{label(said)}</extra>"
        traces.append({
            "type": "bar", "orientation": "h", "y": place, "x": n, "name": label(said), "customdata": named,
            "hovertemplate": hover, "marker": {"color": paint[name], **hatch},
        })  # fmt: skip
    text = ["  " + words.number(n) for n in total]
    traces.append(drawing.text_trace(total, place, text, textposition="middle right", showlegend=False))
    title = words("Open cases")
    ticks = {"dtick": 1} if total.max() < 6 else {"nticks": 6, "tickformat": ",d"}
    if every > MOST_ROWS:
        more = words("{shown} of {n} rows shown", shown=MOST_ROWS, n=every)
        title = f'{label(title)}<br><span style="font-size:{SMALL}px">{label(more)}</span>'
    return drawing.figure(
        traces, height=_AGE_PX * len(shown) + 170, barmode="stack",
        legend=_LEGEND, margin=_MARGIN,
        xaxis=drawing.x_axis({"text": title}, range=[0, 1.12 * float(total.max())], **ticks),
        yaxis=drawing.y_axis(
            tickvals=place, ticktext=named, showgrid=False, zeroline=False, range=[0.6 - len(shown), 0.6]
        ),
    )  # fmt: skip


def ageing_alt(ages: pd.DataFrame, *, words: Words) -> str:
    """Return how far past due open cases are, all rows together, in a sentence."""
    classes = [column for column in ages.columns if column != "key"]
    total = ages[classes].sum()
    if not total.sum():
        return words("No case is open.")
    parts = [
        words("{age}: {n}", age=said, n=int(total[name]))
        for name, said in zip(classes, _classes(classes, words), strict=True)
        if total[name]
    ]
    return words("{n} open cases by how far past due: {ages}.", n=int(total.sum()), ages=words.listed(parts))


def trend_figure(
    trend: pd.DataFrame, *, words: Words, measure: str = "median", work_day: float | None = None
) -> go.Figure:
    """Return the median hours, or the share within the limit, by month of report; what may still change is hollow.

    Parameters
    ----------
    trend : DataFrame
        As from `analysis.monthly.month_trend`. Settled months are solid with their 95% limits and joined by a line. Of
        a median that is not settled it is drawn what it cannot be below, with an arrow; of a share its estimate.
    measure : {"median", "within"}
    work_day : float, optional
        The hours of a work day, where hours are work time.
    """
    if trend.empty or not trend["n"].sum():
        return drawing.empty(words("No reports by month."))
    median = measure == "median"
    value, low, high = (
        trend[column].to_numpy(float)
        for column in (("median_hours", "low", "high") if median else ("within", "within_low", "within_high"))
    )
    settled = trend[f"{measure}_settled"].to_numpy(bool) & np.isfinite(value)
    waiting = ~settled & (trend["n"].to_numpy() > 0)
    least = trend["at_least_hours"].to_numpy(float) if median else value
    waiting &= np.isfinite(least)
    drawn = float(np.concatenate([[1.0 if median else 0.05], value[settled], least[waiting]]).max())
    tops = [drawn, *np.minimum(high[settled & np.isfinite(high)], _TALL * drawn)]  # a limit far above has an arrow
    top = 1.12 * max(tops) if median else 1.03
    open_top = settled & ~(high <= top)
    upper = np.where(open_top, top, high)
    x = np.arange(len(trend))
    months = [words.month(month) for month in trend["month"]]
    hover = [
        label(_month_said(month, row, is_settled, median, words, work_day))
        for month, row, is_settled in zip(months, _rows(trend), settled, strict=True)
    ]
    shown = {"customdata": hover, "hovertemplate": "%{customdata}<extra></extra>"}
    bars = {
        "array": np.where(settled, upper - value, 0), "symmetric": False, "color": COLOURS[0], "thickness": 1.5,
        "arrayminus": np.where(settled & np.isfinite(low), value - low, 0), "width": 4,
    }  # fmt: skip
    line = {"color": COLOURS[0], "width": 2}
    solid = drawing.scatter(
        x, np.where(settled, value, np.nan), "lines+markers", line=line, error_y=bars,
        marker={"size": 9, "color": COLOURS[0]}, name=label(words("settled")), **shown,
    )  # fmt: skip
    symbol = "triangle-up-open" if median else "circle-open"
    unsettled = words("at least so long, not settled") if median else words("not settled: may still change")
    hollow = drawing.scatter(
        x, np.where(waiting, least, np.nan), "markers", name=label(unsettled),
        marker={"size": 12, "symbol": symbol, "color": COLOURS[4], "line": {"width": 2}}, **shown,
    )  # fmt: skip
    arrows = [
        {"x": float(x[i]), "y": float(least[i]), "ax": 0, "ay": -34, "arrowside": "start", "startarrowhead": 2,
         "arrowhead": 0, "arrowcolor": COLOURS[4], "arrowwidth": 2, "showarrow": True, "text": "", "standoff": 6}
        for i in np.flatnonzero(waiting)
    ] if median else []  # fmt: skip
    unknown = ~settled & ~waiting & (trend["n"].to_numpy() > 0)
    texts = [
        drawing.text_trace(
            x[unknown], np.zeros(unknown.sum()), ["?"] * int(unknown.sum()), textposition="top center", showlegend=False
        ),
        drawing.text_trace(x[open_top], np.full(open_top.sum(), top), ["↑"] * int(open_top.sum()), showlegend=False),
    ]
    axis: dict[str, Any] = {"tickformat": ".0%"} if not median else _hours(top, words, work_day=work_day)
    traces = [trace for trace, there in ((solid, settled.any()), (hollow, waiting.any())) if there]
    return drawing.figure(
        traces + [text for text in texts if len(text["x"])], height=340, annotations=arrows, legend=_LEGEND,
        showlegend=True, margin=_MARGIN,
        xaxis=drawing.x_axis(**drawing.month_ticks(pd.Index(trend["month"]), words)),
        yaxis=drawing.y_axis(range=[0, 1.12 * top if median else top], **axis),
    )  # fmt: skip


def trend_alt(trend: pd.DataFrame, *, words: Words, measure: str = "median", work_day: float | None = None) -> str:
    """Return the first and the last settled month of a trend and how many are not settled, in a sentence."""
    if trend.empty or not trend["n"].sum():
        return words("No reports by month.")
    median = measure == "median"
    column = "median_hours" if median else "within"
    known = trend[trend[f"{measure}_settled"] & trend[column].notna()]
    left = int((trend["n"] > 0).sum()) - len(known)
    more = words.plural("{n} month is not settled yet.", "{n} months are not settled yet.", n=left)
    if known.empty:
        return more
    ends = _rows(known.iloc[[0, -1]] if len(known) > 1 else known)
    said = [
        words(
            "{month} {value}", month=words.month(row["month"]),
            value=words.duration(row[column], work_day) if median else words.percent(row[column]),
        )
        for row in ends
    ]  # fmt: skip
    months = words.listed(said)
    told = (
        words("Median time by month of report: {months}.", months=months)
        if median
        else words("Share within the limit by month of report: {months}.", months=months)
    )
    return words.joined([told, more]) if left else told


def _month_said(
    month: str, row: Mapping[str, Any], settled: bool, median: bool, words: Words, work_day: float | None
) -> str:
    n = row["n"]
    if not n:
        return words("{month}: no case", month=month)
    if median and not settled:
        time = words.duration(row["at_least_hours"], work_day)
        return words("{month}: at least {time} (n = {n})", month=month, time=time, n=n)
    if not median and np.isnan(row["within"]):
        return words("{month}: not known yet (n = {n})", month=month, n=n)
    value = words.duration(row["median_hours"], work_day) if median else words.percent(row["within"])
    return words("{month}: {value} (n = {n})", month=month, value=value, n=n)


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _starts(stages: pd.DataFrame) -> Floats:
    """Return where each stage begins: at the end of those that lead to its first moment, as far as it is known."""
    at: dict[str, float] = {}
    for row in _rows(stages[~stages["merged"]]):
        start = at.setdefault(row["stage_from"], max(at.values(), default=0.0))
        at[row["stage_to"]] = start + (row["median_hours"] if np.isfinite(row["median_hours"]) else 0.0)
    return np.array([at.get(name, 0.0) for name in stages["stage_from"]])


def _stage(row: Mapping[str, Any], names: Mapping[str, str], words: Words) -> str:
    begin, end = (drawing.fitted(names.get(name, name), 7.5) for name in (row["stage_from"], row["stage_to"]))
    return words("{begin} → {end}", begin=begin, end=end)


def _classes(classes: list[str], words: Words) -> list[str]:
    """Return the words of the columns of `analysis.ageing.count_ages`."""
    said, last = [], ""
    for name in classes:
        if name == NOT_DUE:
            said.append(words("not due yet"))
        elif name == UNDECIDED:
            said.append(words("deadline not known"))
        elif name == MORE:
            said.append(words("past due by more than {days} days", days=last))
        else:
            end = name.removeprefix("to_").removesuffix("_days")
            said.append(
                words("{begin} to {end} days", begin=last, end=end)
                if last
                else words.plural("past due by up to {n} day", "past due by up to {n} days", n=int(end))
            )
            last = end
    return said


def _under(title: str, notes: list[str]) -> str:
    """Return the title of an axis with notes (which are labels already) in smaller lines below."""
    return f'{label(title)}<br><span style="font-size:{SMALL}px">{"<br>".join(notes)}</span>'


def _hours(top: float, words: Words, parts: int = 4, work_day: float | None = None) -> dict[str, Any]:
    """Return ticks of hours or days, at most so many and the one of 0."""
    unit, sentence = time_unit(top if top >= 2 else top / 2, work_day)  # up to 2 hours in minutes
    size = 10 ** np.floor(np.log10(top / unit / parts))
    step = float(next(s * size for s in (1, 2, 5, 10) if s * size * parts >= top / unit))
    ticks = [float(t) for t in np.arange(0, top / unit + 1e-9, step)]
    return {"tickvals": [t * unit for t in ticks], "ticktext": [words(sentence, n=words.number(t, 2)) for t in ticks]}
