"""The legend of a map as HTML of its own beside it: measure, unit, class edges, scheme, n, and the marks in use."""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from base import palette
from base.text import Words
from geo.classes import SCHEME_NAMES, Classes
from geo.maps import MapValues

_SWATCH = "display:inline-block;flex:none;width:24px;height:15px;border-radius:2px;box-sizing:border-box;"
_ITEM = "display:inline-flex;align-items:center;gap:7px;"
_ROW = "display:flex;flex-wrap:wrap;align-items:center;gap:4px 18px;font-size:15px;line-height:1.7;"
_EDGE = "box-shadow:inset 0 0 0 1px #8886;"


@dataclass(frozen=True, slots=True)
class Legend:
    """What a legend says. An empty text leaves its entry out.

    Attributes
    ----------
    measure, unit : str
        What is coloured, and in what; "Reports per km²" needs no unit.
    steps : tuple of str
        A text per class, in the order of the palette.
    notes : tuple of str
        Small print: the scheme and n.
    hot, gather, hot_place, gather_place, silent, few, unsure, unreached, missing, selected : str
        Texts of the marks.
    subject, compared, apart : str
        Texts of the marks of a comparison.
    hazards : tuple of (code, text)
        Colours of points.
    """

    measure: str
    unit: str = ""
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hot: str = ""
    gather: str = ""
    hot_place: str = ""
    gather_place: str = ""
    subject: str = ""
    compared: str = ""
    apart: str = ""
    silent: str = ""
    few: str = ""
    unsure: str = ""
    unreached: str = ""
    missing: str = ""
    selected: str = ""
    hazards: tuple[tuple[str, str], ...] = ()


def build_legend(
    classes: Classes,
    values: MapValues,
    *,
    words: Words,
    measure: str,
    unit: str = "",
    n: int,
    claim: str = "",
    gather: str = "",
    hot_place: str = "",
    gather_place: str = "",
    subject: str = "",
    compared: str = "",
    apart: str = "",
    unsure: str = "",
    unreached: str = "",
    said: Callable[[float], str] | None = None,
    hazards: tuple[tuple[str, str], ...] = (),
    shown: Sequence[int] | None = None,
) -> Legend:
    """Return the legend of a map: an entry for every class, and for each mark that the map carries.

    Parameters
    ----------
    measure, unit : str
        In the reader's language.
    n : int
        Reports (or events) behind the map.
    claim : str
        What a strong outline claims, for instance "hot spot (false discovery rate 5%)"; needed if a cell is hot.
    gather : str
        What a broken outline claims; needed if reports gather in a cell.
    hot_place, gather_place : str
        What the thin line of either kind says of a cell within a claimed place; needed if there is such a cell.
    subject, compared, apart, unsure, unreached : str
        What is said of the cells of `MapValues` of these names; needed if there is such a cell.
    said : callable, optional
        As in `geo.classes.Classes.labels`.
    hazards : tuple of (code, text)
        Hazards whose points are shown.
    shown : sequence of int or None
        Positions of the cells in view, where the map shows those of one parent only.

    Raises
    ------
    ValueError
        If an outline or another mark has no text.
    """
    within = set(values.within)
    strong, thin = set(values.hot) - within, within.intersection(values.hot)
    broken, thin_broken = set(values.gather) - within, within.intersection(values.gather)
    outlines = ((strong, claim), (broken, gather), (thin, hot_place), (thin_broken, gather_place))
    marks = (
        (values.subject, subject), (values.compared, compared), (values.apart, apart), (values.unsure, unsure),
        (values.unreached, unreached),
    )  # fmt: skip
    if any(cells and not text for cells, text in (*outlines, *marks)):
        raise ValueError("a map with an outline must say what it claims")
    seen = set(range(len(values.classes)) if shown is None else shown)
    return Legend(
        measure=measure,
        unit=unit,
        steps=tuple(classes.labels(words, said)),
        notes=(words(SCHEME_NAMES[classes.scheme]), words("n = {n}", n=n)),
        hot=claim if seen & strong else "",
        gather=gather if seen & broken else "",
        hot_place=hot_place if seen & thin else "",
        gather_place=gather_place if seen & thin_broken else "",
        subject=subject if seen.intersection(values.subject) else "",
        compared=compared if seen.intersection(values.compared) else "",
        apart=apart if seen.intersection(values.apart) else "",
        silent=words("no report for long: not proof of safety") if seen.intersection(values.silent) else "",
        few=words("too few for a rate") if seen.intersection(values.few) else "",
        unsure=unsure if seen.intersection(values.unsure) else "",
        unreached=unreached if seen.intersection(values.unreached) else "",
        missing=words("no data") if any(values.classes[cell] < 0 for cell in seen) else "",
        selected=words("chosen cell") if values.selected in seen else "",
        hazards=hazards,
    )


def legend_html(legend: Legend) -> str:
    """Return the legend as one HTML element; every text in it is escaped, every colour follows the page's theme."""
    entries = [_entry(_colour("background", "fills", i) + _EDGE, text) for i, text in enumerate(legend.steps)]
    marks = (
        (legend.missing, _colour("background", "missing") + _EDGE),
        (legend.hot, _colour("border", "claim", form="3.5px solid {}")),
        (legend.hot_place, _colour("border", "claim", form="1.6px solid {}")),
        (legend.gather, _broken(3.5)),
        (legend.gather_place, _broken(1.6)),
        (legend.subject, _colour("border", "ink", form="3.5px solid {}")),
        (legend.compared, _colour("border", "compared", form="3px solid {}")),
        (legend.apart, _hatched(1) + _EDGE),
        (legend.silent, _hatched(0) + _EDGE),
        (legend.unreached, _hatched(len(palette.LIGHT["fills"]) - 1) + _EDGE),
        (legend.few, _pale() + _dotted()),
        (legend.unsure, _pale() + _EDGE),
        (legend.selected, _chosen()),
    )
    entries += [_entry(style, text) for text, style in marks if text]
    entries += [
        _entry(f"width:12px;height:12px;border-radius:50%;background:{palette.HAZARDS[code]};", text)
        for code, text in legend.hazards
    ]
    unit = f'<span style="opacity:.75">{html.escape(legend.unit)}</span>' if legend.unit else ""
    title = f'<span style="{_ITEM}"><b>{html.escape(legend.measure)}</b>{unit}</span>'
    notes = html.escape(" · ".join(note for note in legend.notes if note))
    small = f'<span style="opacity:.75;font-size:14px">{notes}</span>' if notes else ""
    return f'<div class="map-legend" style="{_ROW}">{title}{"".join(entries)}{small}</div>'


def _entry(style: str, text: str) -> str:
    swatch = f'<span aria-hidden="true" style="{_SWATCH}{style}"></span>'
    return f'<span style="{_ITEM}">{swatch}{html.escape(text)}</span>'


def _colour(css: str, name: str, step: int | None = None, *, form: str = "{}") -> str:
    """Return a declaration twice: for browsers without light-dark() the light colour stays."""
    light, dark = (shades[name] if step is None else shades[name][step] for shades in (palette.LIGHT, palette.DARK))
    return f"{css}:{form.format(light)};{css}:{form.format(f'light-dark({light},{dark})')};"


def _hatched(step: int) -> str:
    stripes = "repeating-linear-gradient(135deg,transparent 0 3px,{} 3px 4.5px)"
    return _colour("background-color", "fills", step) + _colour("background-image", "hatch", form=stripes)


def _pale() -> str:
    return _colour("background", "fills", 2, form="color-mix(in srgb, {} 35%, transparent)")


def _broken(width_px: float) -> str:
    """Return the frame of `claim` in static/map.js, whose breaks are light on every fill."""
    return _colour("border", "claim", form=f"{width_px}px dashed {{}}") + _colour("background", "line")


def _dotted() -> str:
    return _colour("border", "ink", form="2px dotted {}")


def _chosen() -> str:
    return _colour("border", "ink", form="6px double {}")
