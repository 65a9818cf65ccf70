"""Curves over time as figures: how long cases stay open, and how soon after the closing a hazard comes back.

Under a curve stand the cases still followed at the ticks, which is its legend too. A curve that ends because no case
was followed longer has a ring there, one that goes on with few cases a sign to the right, and a note says so: it does
not fall to nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from analysis import drawing
from analysis.drawing import COLOURS, SMALL, label
from analysis.survival import Curve
from base.palette import LIGHT, NEUTRAL
from base.text import Words, time_unit

_STOPS, _STOP_DAYS = (0.25, 1.0, 4.0), (1, 4, 10, 30, 90, 180, 365, 730, 1095)  # hours, and then days
_STEPS = (1, 2, 5, 10, 20, 30, 60, 90, 180, 365, 730)  # of hours or days between ticks
_TICKS = 7  # more do not stand side by side on a phone
_BANDS = 4  # as many as there are hazards; with more curves their bands hide each other
_CENSORED = 40  # marks of censored cases: with more they are a second line
_UNEVEN = 24  # times that the quickest half is quicker than the axis is long: its curve would be an upright line
_NOTE_PX = 240  # of a line of notes: it is centred under the plot and may reach beside it
_DASHES = ("solid", "dash", "dot")  # colours begin anew after six
_PLOT_PX, _ROW_PX = 300, 42
_WIDE_PX, _GAP_PX = 200, 6  # of the plot on a phone beside the names, for which ticks and notes are laid out


def curves_figure(
    curves: Mapping[str, Curve],
    *,
    words: Words,
    limit_hours: float | None = None,
    since: str = "",
    work_day: float | None = None,
    colours: Sequence[str] | Mapping[str, str] | None = None,
) -> go.Figure:
    """Return Kaplan-Meier curves of the share still open, over the number of cases still followed at the ticks.

    Parameters
    ----------
    curves : mapping of str to Curve
        By the name to be shown; times in hours of any clock. Bands are 95% limits, drawn for up to four curves. The
        axis ends where fewer than one in twenty cases of every group is still followed. It is in hours or days, or
        logarithmic where a curve would else be an upright line: a flooded road is handled in hours, a cracked wall in
        weeks. A dotted line falls from each median that is reached.
    limit_hours : float, optional
        One limit of all cases: a dotted line.
    since : str
        What the axis says the time runs from; the report if empty.
    work_day : float, optional
        The hours of a work day, where the curves are of work time; else a day has 24.
    colours : sequence or mapping of str to str, optional
        One colour a curve: in their order, or by name.
    """
    title = since or words("Time since the report")
    return _figure(curves, False, words=words, line_hours=limit_hours, title=title, work_day=work_day, colours=colours)


def curves_alt(curves: Mapping[str, Curve], *, words: Words, since: str = "", work_day: float | None = None) -> str:
    """Return what the curves show, in a sentence; `since` and `work_day` as for the figure."""
    if not _some(curves):
        return words("No case whose time is known: no curve.")
    said = [
        words("{name}: half closed within {time}", name=name, time=words.duration(median, work_day))
        if np.isfinite(median := curve.quantile(0.5))
        else words("{name}: half not reached", name=name)
        for name, curve in curves.items()
    ]
    title = since or words("Time since the report")
    return words("Share of cases still open. {since}: {groups}.", since=title, groups=words.listed(said))


def returns_figure(
    curves: Mapping[str, Curve],
    *,
    words: Words,
    days: float | None = None,
    colours: Sequence[str] | Mapping[str, str] | None = None,
) -> go.Figure:
    """Return the share of closed events whose hazard has come back, by time since the closing.

    Parameters
    ----------
    curves : mapping of str to Curve
        By the name to be shown: hours from the closing to the return, or to the as-of time where none has come
        (`analysis.returns.find_returns`). Drawn as 1 - S.
    days : float, optional
        Within how many days a return counts: a dotted line.
    """
    hours = None if days is None else 24 * days
    title = words("Time since the closing")
    return _figure(curves, True, words=words, line_hours=hours, title=title, work_day=None, colours=colours)


def returns_alt(curves: Mapping[str, Curve], *, words: Words, days: float) -> str:
    """Return what share has come back within so many days, in a sentence."""
    if not _some(curves):
        return words("No closing that could be followed: no curve of returns.")
    said = []
    for name, curve in curves.items():
        share = 1 - float(curve.at(24 * days))
        said.append(
            words("{name}: {share}", name=name, share=words.percent(share))
            if np.isfinite(share)
            else words("{name}: not followed so long", name=name)
        )
    return words(
        "Share of closed events that came back within {days} days. {groups}.", days=float(days),
        groups=words.listed(said),
    )  # fmt: skip


def _some(curves: Mapping[str, Curve]) -> bool:
    return any(len(curve.times) for curve in curves.values())


def _figure(
    curves: Mapping[str, Curve],
    back: bool,
    *,
    words: Words,
    line_hours: float | None,
    title: str,
    work_day: float | None,
    colours: Sequence[str] | Mapping[str, str] | None,
) -> go.Figure:
    """Return curves of what is still open, or, where `back`, of what has come back."""
    if not _some(curves):
        alt = words("No closing that could be followed: no curve of returns.") if back else curves_alt({}, words=words)
        return drawing.empty(alt)
    names = list(curves)
    chosen = [colours[name] for name in names] if isinstance(colours, Mapping) else list(colours or COLOURS)
    paint = [chosen[i % len(chosen)] for i in range(len(names))]
    horizon = max([drawing.followed(curve) for curve in curves.values()] + [0.25])
    if line_hours is not None and line_hours <= 2 * horizon:
        horizon = max(horizon, line_hours)
    axis, begin = _axis(list(curves.values()), horizon, words, work_day, uneven=not back)
    ticks = axis["tickvals"]
    top = 1.0 if not back else min(1.0, 1.15 * max(_highest(curve, horizon) for curve in curves.values()) + 0.01)
    risk_px = _ROW_PX * len(names) + 8
    all_px = _PLOT_PX + risk_px + 92
    traces: list[dict[str, Any]] = []
    marks: list[dict[str, Any]] = []
    shapes = [_upright(line_hours, 1, LIGHT["claim"], "y domain")] if line_hours and line_hours <= horizon else []
    for place, (name, curve) in enumerate(curves.items()):
        if len(names) <= _BANDS:
            traces += [_turned(trace, back) for trace in drawing.band(curve, begin, horizon, paint[place])]
        x, y = drawing.drawn(curve, curve.survival, horizon)
        dash = _DASHES[place // len(chosen) % len(_DASHES)]
        line = {"shape": "hv", "color": paint[place], "width": 3, "dash": dash}
        traces.append(_turned(drawing.scatter(np.maximum(x, begin), y, "lines", line=line, name=label(name)), back))
        traces[-1]["customdata"] = [words.duration(hours, work_day) for hours in x]
        traces[-1]["hovertemplate"] = f"%{{customdata}}: %{{y:.1%}}<extra>{label(name)}</extra>"
        marks += [_turned(trace, back) for trace in _marks(curve, begin, horizon, paint[place])]
        median = curve.quantile(0.5)
        if not back and median <= horizon:
            shapes.append(_upright(max(median, begin), 0.5, paint[place], "y"))
        then = [words.number(drawing.open_at(curve, t)) for t in ticks]
        traces.append(
            drawing.text_trace(ticks, [-place] * len(ticks), then, colour=paint[place], xaxis="x2", yaxis="y2")
        )
    if not back:
        half = {"type": "line", "x0": 0, "x1": 1, "xref": "x domain", "y0": 0.5, "y1": 0.5, "yref": "y"}
        shapes.append({**half, "line": {"color": NEUTRAL, "width": 1, "dash": "dot"}})
    limit = words.duration(line_hours, work_day) if line_hours and line_hours <= horizon else ""
    notes = _notes(marks, words, limit, back)
    under = f'{label(title)}<br><span style="font-size:{SMALL}px">{"<br>".join(notes)}</span>'
    followed = words("Closings still followed:") if back else words("Cases still open and followed:")
    heading = drawing.note(label(followed), y=1, xref="x2 domain", yref="y2 domain")
    named = [_named(name, curve, paint[i], words, back, work_day) for i, (name, curve) in enumerate(curves.items())]
    extra = 16 * (len(notes) - 1)
    return drawing.figure(
        traces + marks, height=all_px + 40 + extra, showlegend=False, shapes=shapes,
        annotations=[{**heading, "opacity": 0.8}],
        xaxis=drawing.x_axis({"text": under, "standoff": 6}, matches="x2", **axis),
        xaxis2=drawing.x_axis(anchor="y2", **{**axis, "showticklabels": False}),
        yaxis=drawing.y_axis(domain=[1 - _PLOT_PX / (all_px + extra), 1], range=[0, 1.03 * top], tickformat=".0%"),
        yaxis2=drawing.y_axis(
            domain=[0, risk_px / (all_px + extra)], range=[0.6 - len(names), 0.6], anchor="x2", showgrid=False,
            zeroline=False, tickvals=[-i for i in range(len(names))], ticktext=named, ticks="outside", ticklen=16,
            tickcolor="rgba(0,0,0,0)",
        ),
    )  # fmt: skip


def _turned(trace: dict[str, Any], back: bool) -> dict[str, Any]:
    return {**trace, "y": 1 - np.asarray(trace["y"])} if back else trace


def _highest(curve: Curve, horizon: float) -> float:
    """Return the largest share come back, with its limit, that is drawn."""
    kept = curve.times <= horizon
    lowest = np.where(np.isnan(curve.low), curve.survival, curve.low)[kept]
    return 1 - float(lowest.min()) if len(lowest) else 0.0


def _axis(
    curves: list[Curve], horizon: float, words: Words, work_day: float | None, *, uneven: bool
) -> tuple[dict[str, Any], float]:
    """Return the axis of time, and where it begins: a logarithm has no zero."""
    medians = [curve.quantile(0.5) for curve in curves]
    look: dict[str, Any] = {"showgrid": False, "tickangle": 0}
    most = max((words.number(drawing.open_at(curve, 0)) for curve in curves), key=len)  # the numbers under the ticks
    if uneven and any(median * _UNEVEN < horizon for median in medians):
        quickest = min(float(curve.times[curve.survival <= 0.95][:1].sum()) or horizon for curve in curves)
        stops = [*_STOPS, *((work_day or 24.0) * days for days in _STOP_DAYS)]
        first = max([i for i, stop in enumerate(stops) if stop <= quickest], default=0)
        ticks = [stop for stop in stops[first:] if stop <= horizon] or [stops[first]]
        begin, end = np.log10(ticks[0]), np.log10(max(horizon, 2 * ticks[0]))
        span = end - begin
        said = {stop: words.duration(stop, work_day) for stop in ticks}
        kept = [ticks[0]]
        for stop in [*ticks[:0:-1][:1], *ticks[1:-1]]:  # the last one first: nobody guesses where a long axis ends
            if all(abs(np.log10(stop / one)) / span >= _apart(said[one], said[stop], most) for one in kept):
                kept.append(stop)
        kept.sort()
        look |= {"type": "log", "range": [begin - 0.03 * span, end + 0.04 * span]}
        return {**look, "tickvals": kept, "ticktext": [said[stop] for stop in kept]}, kept[0]
    unit, sentence = time_unit(horizon if horizon >= 2 else horizon / 2, work_day)
    step = next((s for s in _STEPS if s * (_TICKS - 2) >= horizon / unit), _STEPS[-1])
    ticks = [float(t) for t in np.arange(0, horizon + 1e-9, step * unit)]
    text = [words(sentence, n=words.number(t / unit)) for t in ticks]
    room = _apart(text[-1], text[-1], most) * horizon  # the last is the widest
    every = max(1, int(np.ceil(room / (step * unit) - 1e-9)))
    look |= {"range": [-0.03 * horizon, 1.04 * horizon]}
    return {**look, "tickvals": ticks[::every], "ticktext": text[::every]}, 0.0


def _apart(one: str, other: str, below: str) -> float:
    """Return how far apart two ticks stand so that neither texts nor numbers below touch, as a part of the axis."""
    wide_px = max((drawing.wide_px(one) + drawing.wide_px(other)) / 2, drawing.wide_px(below))
    return max(1 / (_TICKS - 1), (wide_px + _GAP_PX) / _WIDE_PX)


def _marks(curve: Curve, begin: float, horizon: float, colour: str) -> list[dict[str, Any]]:
    """Return a tick where cases are censored, if these are few, and a sign where the curve ends before all is told."""
    left = curve.at_risk - curve.events
    censored = left > np.append(curve.at_risk[1:], 0.0)
    here = censored & (curve.times <= horizon)
    look = {"symbol": "line-ns-open", "size": 9, "color": colour}
    found = []
    if 0 < here.sum() <= _CENSORED:
        found.append(_points(np.maximum(curve.times[here], begin), curve.survival[here], look, "censored"))
    end = min(float(curve.times[-1]), horizon) if len(curve.times) else 0.0
    if (y := float(curve.at(end))) > 0:
        what, symbol = ("end", "circle-open") if curve.times[-1] <= horizon else ("beyond", "triangle-right-open")
        look = {"symbol": symbol, "size": 11, "color": colour, "line": {"width": 3}}
        found.append(_points([max(end, begin)], [y], look, what))
    return found


def _points(x: Any, y: Any, look: dict[str, Any], what: str) -> dict[str, Any]:
    return drawing.scatter(x, y, "markers", marker=look, hoverinfo="skip", meta=what, cliponaxis=False)


def _notes(marks: list[dict[str, Any]], words: Words, limit: str, back: bool) -> list[str]:
    """Return what the marks mean, of those that are drawn; `limit` is the time at the dotted line, if any."""
    met = {mark["meta"] for mark in marks}
    found = [
        words("closings are followed until the as-of time")
        if back
        else words("open cases are censored at the as-of time")
    ]
    if "censored" in met:
        found.append(words("| not back when last looked at") if back else words("| open when last looked at"))
    found += [words("○ none was followed longer")] if "end" in met else []
    found += [words("▷ fewer than 1 in 20 go on")] if "beyond" in met else []
    said = [line for one in found for line in drawing.folded(one, _NOTE_PX).split("<br>")]
    if limit:
        line = words("returns count within {time}", time=limit) if back else words("limit {time}", time=limit)
        said.append(f'<span style="color:{LIGHT["claim"]}">┊</span> {drawing.folded(line, _NOTE_PX)}')
    return said


def _upright(x: float, top: float, colour: str, yref: str) -> dict[str, Any]:
    line = {"color": colour, "width": 2, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "xref": "x", "y0": 0, "y1": top, "yref": yref, "line": line}


def _named(name: str, curve: Curve, colour: str, words: Words, back: bool, work_day: float | None) -> str:
    """Return the name of a curve with its colour, and its median in a line below."""
    median = curve.quantile(0.5)
    if not len(curve.times):
        said = words("no case")
    elif back:
        said = words("{n} closings", n=int(curve.at_risk[0]))
    elif np.isfinite(median):
        said = words("half in {time}", time=words.duration(median, work_day))
    else:
        said = words("half: not reached")
    return f'<span style="color:{colour}">■</span> {label(drawing.fitted(name))}<br>{label(said)}'
