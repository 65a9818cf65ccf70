"""Results as plotly figures. They are returned, not drawn; each has a sentence that says the same to who cannot see it.

The look of the house is that of `analysis.drawing`. The small bars of the headline cards are no figure: for them
st.metric would load another library of charts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis import drawing
from analysis.drawing import COLOURS, CONFIG, SIZE, label
from analysis.survival import Curve
from base.palette import HAZARDS, NEUTRAL
from base.text import N_, Words
from data.schema import HAZARD_NAMES

__all__ = [
    "COLOURS", "CONFIG", "MOST_PICTURES", "hazard_months_figure", "label", "medians_alt", "medians_figure",
    "months_alt", "months_figure", "small_bars", "strip_alt", "strip_figure", "survival_alt", "survival_figure",
]  # fmt: skip
_SHADE = "rgba(128,128,128,0.14)"
_STOPS = (0.25, 1.0, 4.0, 24.0, 96.0, 240.0, 720.0, 2160.0, 8760.0, 26280.0)  # hours; 15 min to 3 years
_TICKS = 6  # more do not stand side by side on a phone
MOST_PICTURES = 24  # cells in a strip
_ROW_PX, _TITLE_PX, _TICKS_PX = 76, 26, 44  # of a strip: a row with its title, and the months under a row
_LINE = COLOURS[4]
_ALL_PICTURE = N_("{name} (own scale): at most {most} in a month")
_PICTURE = N_("{name}: at most {most} in a month")
_BANDS = 3  # with more curves their bands hide each other


def months_figure(months: pd.DataFrame, *, words: Words, before: Sequence[float] | None = None) -> go.Figure:
    """Return reports by month as bars, the hazards on top of each other.

    Parameters
    ----------
    months : DataFrame
        month ('YYYY-MM'), hazard, count; complete, as from `analysis.summary.complete_months`.
    before : sequence of float, optional
        Totals of the same months a year before, drawn as a line.
    """
    table = _wide(months)
    totals = table.sum(axis=1)
    traces = [
        _bar(table[hazard], HAZARDS[hazard], words, name=words(HAZARD_NAMES[hazard]))
        for hazard in table.columns[table.sum() > 0]
    ]
    if before is not None:
        name, line = words("A year before"), {"color": NEUTRAL, "dash": "dot", "width": 2}
        x = np.arange(len(table))
        traces.append(drawing.scatter(x, list(before), "lines+markers", name=name, line=line, hovertemplate="%{y}"))
    top = max([1, *totals, *(before if before is not None else [])])
    return drawing.figure(
        traces + _totals(totals, words), height=300, barmode="stack",
        xaxis=drawing.x_axis(**drawing.month_ticks(table.index, words)), yaxis=drawing.y_axis(range=[0, 1.15 * top]),
    )  # fmt: skip


def hazard_months_figure(months: pd.DataFrame, *, words: Words) -> go.Figure:
    """Return reports by month, one small picture a hazard, all on one scale; input as for `months_figure`."""
    table = _wide(months)
    rows = max(1, len(table.columns))
    gap, ticks = 0.32 / rows, drawing.month_ticks(table.index, words)
    tall = (1 - gap * (rows - 1)) / rows
    largest = float(table.to_numpy().max()) if table.size else 1.0
    traces, titles, axes = [], [], {}
    for row, hazard in enumerate(table.columns):
        number, lowest = str(row + 1) if row else "", row == rows - 1
        here = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        template = "%{customdata}: %{y}<extra></extra>"
        traces += [
            _bar(table[hazard], HAZARDS[hazard], words, hovertemplate=template, **here),
            *_totals(table[hazard], words, **here),
        ]
        top = 1 - row * (tall + gap)
        titles.append(drawing.note(words(HAZARD_NAMES[hazard]), y=top, xref="paper", yref="paper", size=SIZE))
        same_x, same_y = (None, None) if lowest else (f"x{rows}", f"y{rows}")
        axes[f"xaxis{number}"] = drawing.x_axis(anchor=f"y{number}", matches=same_x, showticklabels=lowest, **ticks)
        axes[f"yaxis{number}"] = drawing.y_axis(
            anchor=f"x{number}", matches=same_y, domain=[max(0.0, top - tall), top], showticklabels=False,
            showgrid=False, range=[0, 1.3 * max(largest, 1.0)],
        )  # fmt: skip
    return drawing.figure(traces, height=96 * rows + 56, showlegend=False, annotations=titles, **axes)


def strip_figure(
    months: pd.DataFrame, names: Mapping[str, str], *, words: Words, period: tuple[str, str] | None = None
) -> go.Figure:
    """Return events by month, a small picture a cell on one scale, over one of all cells on a scale of its own.

    The months stand below each other, so that a night of storm is one column of bars. The line is what the cell would
    have by its share of the month's events: where bars keep standing above it, there is more than a wet month.

    Parameters
    ----------
    months : DataFrame
        cell_id ("" is all cells together), month ('YYYY-MM'), events (NA where not known), expected; the same months
        one after another for each, as in `reports.record.Record`.
    names : mapping of str to str
        Cells by cell_id with their names, in the order wanted: the strongest first. So many as `MOST_PICTURES` are
        drawn.
    period : (str, str), optional
        First and last month of the period that is looked at: shaded.
    """
    index, rows = _strip(months, names)
    ticks = drawing.month_ticks(index, words)
    largest = max([1.0, *(float(one[["events", "expected"]].max().max()) for _, one in rows[1:])])
    x = np.arange(len(index))
    named = [words.month(month) for month in index]
    height = _ROW_PX * len(rows) + 2 * _TICKS_PX
    traces, titles, axes, shades = [], [], {}, []
    for row, (name, one) in enumerate(rows):
        number, ends = str(row + 1) if row else "", row in (0, len(rows) - 1)
        here = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        events = one["events"].astype(float).to_numpy()
        most = float(np.nanmax(events)) if len(events) and not np.isnan(events).all() else 0.0
        hover = "%{customdata}: %{y}<extra></extra>"
        bars = {"type": "bar", "x": x, "y": events, "customdata": named, "hovertemplate": hover, **here}
        traces.append({**bars, "marker": {"color": COLOURS[0] if row else NEUTRAL}})
        if row:
            line = {"color": _LINE, "width": 2, "shape": "hvh"}
            steps, share = np.concatenate([x[:1] - 0.5, x, x[-1:] + 0.5]), one["expected"].to_numpy(float)
            share = np.concatenate([share[:1], share, share[-1:]])
            traces.append(drawing.scatter(steps, share, "lines", line=line, hoverinfo="skip", **here))
        top = 1 - (_ROW_PX * row + _TITLE_PX + (_TICKS_PX if row else 0)) / height
        said = _ALL_PICTURE if row == 0 else _PICTURE
        text = label(words(said, name=name or words("All cells"), most=int(most)))
        titles.append(drawing.note(text, y=top, xref="paper", yref="paper", size=SIZE))
        axes[f"xaxis{number}"] = drawing.x_axis(
            anchor=f"y{number}", matches="x" if row else None, showticklabels=ends, showgrid=False, **ticks
        )
        axes[f"yaxis{number}"] = drawing.y_axis(
            anchor=f"x{number}", domain=[max(0.0, top - (_ROW_PX - _TITLE_PX) / height), top], showticklabels=False,
            showgrid=False, range=[0, 1.05 * (largest if row else max(most, 1.0))],
        )  # fmt: skip
        shades += _shade(index, period, f"x{number}", f"y{number}")
    if rows[1:]:
        titles.append(drawing.note(_strip_key(words, shaded=bool(shades)), y=1, xref="paper", yref="paper"))
    return drawing.figure(
        traces, height=height + 36, showlegend=False, annotations=titles, shapes=shades, bargap=0.15, **axes
    )


def _strip_key(words: Words, *, shaded: bool) -> str:
    """Return what the line and the ground of a strip mean."""
    share, ground = label(words("expected by its share")), label(words("the period looked at"))
    line = f'<span style="color:{_LINE}">━</span> {share}'
    return f'{line}   <span style="color:{NEUTRAL}">▒</span> {ground}' if shaded else line


def strip_alt(months: pd.DataFrame, names: Mapping[str, str], *, words: Words) -> str:
    """Return what the strip shows, in words."""
    index, rows = _strip(months, names)
    if not len(index) or not rows[0][1]["events"].sum():
        return words("No events by month.")

    def said(name: str, events: pd.Series) -> str:
        month = str(index[int(events.fillna(0).to_numpy(float).argmax())])
        return words(
            "{name} {n}, most in {month} ({most})",
            name=name or words("All cells"), n=int(events.sum()), month=words.month(month), most=int(events.max()),
        )  # fmt: skip

    parts = [said(name, one["events"]) for name, one in rows if one["events"].sum()]
    return words(
        "Events by month from {first} to {last}: {cells}.",
        first=words.month(index[0]), last=words.month(index[-1]), cells=words.listed(parts),
    )  # fmt: skip


def _strip(months: pd.DataFrame, names: Mapping[str, str]) -> tuple[pd.Index, list[tuple[str, pd.DataFrame]]]:
    """Return the months, and the rows of all cells and of those to be drawn, with their names."""
    by_cell = dict(list(months.groupby("cell_id", sort=False)))
    none = months.iloc[:0]
    cells = [(name, by_cell[cell]) for cell, name in names.items() if cell in by_cell][:MOST_PICTURES]
    rows = [("", by_cell.get("", none)), *cells]
    return pd.Index(rows[0][1]["month"]), rows


def _shade(months: pd.Index, period: tuple[str, str] | None, x: str, y: str) -> list[dict[str, Any]]:
    """Return the ground of the months of a period, as far as they are shown."""
    first, last = period or ("~", "")
    inside = np.flatnonzero((months >= first) & (months <= last))
    if not len(inside):
        return []
    where = {"xref": x, "yref": f"{y} domain", "x0": inside[0] - 0.5, "x1": inside[-1] + 0.5, "y0": 0, "y1": 1}
    return [{"type": "rect", **where, "fillcolor": _SHADE, "line": {"width": 0}, "layer": "below"}]


def small_bars(months: pd.DataFrame) -> str:
    """Return the counts of months as small bars on a scale that begins at 0: HTML without any text, beside a figure."""
    values = months.groupby("month")["count"].sum()
    top = max(1, values.max())
    style = f"flex:1;background:{COLOURS[0]};border-radius:2px 2px 0 0"
    bars = "".join(f'<div style="{style};height:{100 * value / top:.0f}%"></div>' for value in values)
    gap = 3 if len(values) <= 24 else 1 if len(values) <= 60 else 0
    return f'<div aria-hidden="true" style="display:flex;align-items:flex-end;gap:{gap}px;height:40px">{bars}</div>'


def months_alt(months: pd.DataFrame, *, words: Words) -> str:
    """Return what a chart of months shows, in a sentence."""
    totals = months.groupby("month")["count"].sum()
    if not len(totals) or not totals.sum():
        return words("No reports by month.")
    return words(
        "Reports by month from {first} to {last}: {n} in all, most in {month} ({most}).",
        first=words.month(totals.index[0]), last=words.month(totals.index[-1]), n=int(totals.sum()),
        month=words.month(str(totals.idxmax())), most=int(totals.max()),
    )  # fmt: skip


def survival_figure(
    curves: Mapping[str, Curve], *, words: Words, colours: Sequence[str] | Mapping[str, str] | None = None
) -> go.Figure:
    """Return Kaplan-Meier curves over the number of cases still open at the ticks, which is their legend too.

    Parameters
    ----------
    curves : mapping of str to Curve
        By the name to be shown; times in hours. Bands are 95% limits, drawn for up to three curves. The time axis is
        logarithmic, for a flooded road is handled in hours and a cracked wall in weeks; it ends where fewer than one in
        twenty cases of every group is still followed.
    colours : sequence or mapping of str to str, optional
        One colour a curve: in their order, or by name.
    """
    names = list(curves)
    chosen = [colours[name] for name in names] if isinstance(colours, Mapping) else list(colours or COLOURS)
    paint = [chosen[i % len(chosen)] for i in range(len(names))]
    horizon = max([drawing.followed(curve) for curve in curves.values()] + [1.0])
    stops = _stops(min([_begun(curve) for curve in curves.values()] + [horizon]), horizon)
    ticks = stops if len(stops) <= _TICKS else stops[::2]
    risk_px, plot_px = 26 * len(names) + 8, 300
    all_px = plot_px + risk_px + 104
    traces = []
    for place, (name, curve) in enumerate(curves.items()):
        if len(names) <= _BANDS:
            traces += drawing.band(curve, ticks[0], horizon, paint[place])
        x, y = drawing.drawn(curve, curve.survival, horizon)
        line = {"shape": "hv", "color": paint[place], "width": 3}
        traces += [drawing.scatter(np.maximum(x, ticks[0]), y, "lines", line=line, name=label(name))]
        traces[-1]["customdata"] = [words.duration(hours) for hours in x]
        traces[-1]["hovertemplate"] = f"%{{customdata}}: %{{y:.0%}}<extra>{label(name)}</extra>"
        open_then = [words.number(drawing.open_at(curve, t)) for t in ticks]
        traces += [
            drawing.text_trace(ticks, [-place] * len(ticks), open_then, colour=paint[place], xaxis="x2", yaxis="y2")
        ]
    note = label(words("open cases are censored at the as-of time"))
    since = label(words("Time since the report"))
    title = f'{since}<br><span style="font-size:13px">{note}</span>'
    first, last = np.log10(stops[0]), np.log10(stops[-1])
    x_axis: dict[str, Any] = {
        "type": "log", "range": [first - 0.03 * (last - first), last + 0.04 * (last - first)], "tickvals": ticks,
        "ticktext": [words.duration(hours) for hours in ticks], "showgrid": False, "tickangle": 0,
    }  # fmt: skip
    named = [f'<span style="color:{paint[i]}">■</span> {label(drawing.short(name))}' for i, name in enumerate(names)]
    half = {
        "type": "line", "x0": 0, "x1": 1, "xref": "x domain", "y0": 0.5, "y1": 0.5, "yref": "y",
        "line": {"color": NEUTRAL, "width": 1, "dash": "dot"},
    }  # fmt: skip
    still_open = drawing.note(label(words("Cases still open and followed:")), y=1, xref="x2 domain", yref="y2 domain")
    return drawing.figure(
        traces, height=all_px + 36, showlegend=False, shapes=[half], annotations=[{**still_open, "opacity": 0.8}],
        xaxis=drawing.x_axis({"text": title, "standoff": 6}, matches="x2", **x_axis),
        xaxis2=drawing.x_axis(showticklabels=False, anchor="y2", **x_axis),
        yaxis=drawing.y_axis(domain=[1 - plot_px / all_px, 1], range=[0, 1.03], tickformat=".0%"),
        yaxis2=drawing.y_axis(
            domain=[0, risk_px / all_px], range=[0.6 - len(names), 0.6], anchor="x2", showgrid=False, zeroline=False,
            tickvals=[-i for i in range(len(names))], ticktext=named, ticks="outside", ticklen=16,
            tickcolor="rgba(0,0,0,0)",
        ),
    )  # fmt: skip


def survival_alt(curves: Mapping[str, Curve], *, words: Words) -> str:
    """Return what the curves show, in a sentence."""
    medians = [
        words("{name}: half closed within {time}", name=name, time=words.duration(curve.quantile(0.5)))
        if np.isfinite(curve.quantile(0.5))
        else words("{name}: half not reached", name=name)
        for name, curve in curves.items()
    ]
    return words("Share of cases still open by time since the report. {groups}.", groups=words.listed(medians))


def medians_figure(groups: pd.DataFrame, *, words: Words, few_reports: int) -> go.Figure:
    """Return the median hours of groups as bars with their 95% limits, in the order given.

    Parameters
    ----------
    groups : DataFrame
        name (to be shown), n, median_hours, low, high, as from `analysis.resolution.summarize`.
    few_reports : int
        Groups with fewer cases are drawn pale.
    """
    place = -np.arange(len(groups), dtype=float)
    median, low, high = (groups[column].to_numpy(float) for column in ("median_hours", "low", "high"))
    reached = np.isfinite(median)
    limits = np.concatenate([[1.0], median[reached], high[np.isfinite(high)]])
    right = 1.15 * float(limits.max())
    closed = np.isfinite(high)  # an upper limit that is not reached runs to the right, with an arrow for its end
    end = np.where(reached, np.where(closed, high, right), 0.0)
    text = [
        words("{time} (n = {n})", time=words.duration(m), n=int(n)) if r else words("not reached (n = {n})", n=int(n))
        for m, n, r in zip(median, groups["n"], reached, strict=True)
    ]
    marks = np.where(reached & ~closed, "→ ", "  ")
    bars = {
        "type": "bar", "x": np.where(reached, median, 0), "y": place, "orientation": "h", "hoverinfo": "skip",
        "marker": {"color": COLOURS[0], "opacity": np.where(groups["n"] < few_reports, 0.35, 1.0)},
        "error_x": {
            "array": np.where(reached, end - median, 0),
            "arrayminus": np.where(reached & np.isfinite(low), median - low, 0),
            "symmetric": False, "color": NEUTRAL, "thickness": 2, "width": 5,
        },
    }  # fmt: skip
    said = [mark + label(t) for mark, t in zip(marks, text, strict=True)]
    return drawing.figure(
        [bars, drawing.text_trace(end, place, said, textposition="middle right")],
        height=34 * len(groups) + 76, showlegend=False,
        xaxis=drawing.x_axis({"text": words("Median hours to resolve")}, range=[0, 1.8 * right], rangemode="tozero"),
        yaxis=drawing.y_axis(
            tickvals=place, ticktext=[label(drawing.short(name)) for name in groups["name"]], showgrid=False,
            zeroline=False, range=[0.6 - max(1, len(groups)), 0.6],
        ),
    )  # fmt: skip


def medians_alt(groups: pd.DataFrame, *, words: Words) -> str:
    """Return what a chart of medians shows, in a sentence."""
    known = groups[groups["median_hours"].notna()]
    if not len(known):
        return words("In none of {n} groups is half of the cases closed.", n=len(groups))
    slowest = known.loc[known["median_hours"].idxmax()]
    return words(
        "Median time to resolve of {n} groups; longest: {name}, {time}.",
        n=len(groups), name=slowest["name"], time=words.duration(float(slowest["median_hours"])),
    )  # fmt: skip


def _bar(counts: pd.Series, colour: str, words: Words, **more: Any) -> dict[str, Any]:
    return {
        "type": "bar", "x": np.arange(len(counts)), "y": counts.to_numpy(), "marker": {"color": colour},
        "customdata": [words.month(month) for month in counts.index], "hovertemplate": "%{customdata}: %{y}", **more,
    }  # fmt: skip


def _wide(months: pd.DataFrame) -> pd.DataFrame:
    hazards = list(dict.fromkeys(months["hazard"]))
    return months.set_index(["month", "hazard"])["count"].unstack(fill_value=0)[hazards]


def _totals(totals: pd.Series, words: Words, **where: str) -> list[dict[str, Any]]:
    """Return the numbers above bars, while there are few enough of them to be read on a phone."""
    if len(totals) > 14:
        return []
    text = [words.number(n) for n in totals]
    x = np.arange(len(totals))
    return [drawing.text_trace(x, totals.to_numpy(), text, textposition="top center", showlegend=False, **where)]


def _begun(curve: Curve) -> float:
    """Return the time by which one in twenty cases is closed; infinite if there is none."""
    below = np.flatnonzero(curve.survival <= 0.95)
    return float(curve.times[below[0]]) if len(below) else float("inf")


def _stops(begin: float, end: float) -> list[float]:
    """Return the lengths of time, in hours, that a person would name from about `begin` to `end`; two at least."""
    first = max([i for i, stop in enumerate(_STOPS) if stop <= begin], default=0)
    last = min([i for i, stop in enumerate(_STOPS) if stop >= end], default=len(_STOPS) - 1)
    return list(_STOPS[min(first, len(_STOPS) - 2) : max(last, first + 1) + 1])
