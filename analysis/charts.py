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
from base.palette import HAZARDS, NEUTRAL
from base.text import N_, Words
from data.schema import HAZARD_NAMES

__all__ = [
    "COLOURS", "CONFIG", "MOST_PICTURES", "hazard_months_figure", "label", "months_alt", "months_figure", "small_bars",
    "strip_alt", "strip_figure",
]  # fmt: skip
_SHADE = "rgba(128,128,128,0.14)"
MOST_PICTURES = 24  # cells in a strip
_ROW_PX, _TITLE_PX, _TICKS_PX = 76, 26, 44  # of a strip: a row with its title, and the months under a row
_LINE = COLOURS[4]
_ALL_PICTURE = N_("{name} (own scale): at most {most} in a month")
_PICTURE = N_("{name}: at most {most} in a month")


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
