"""The controls of the side bar -> a frozen Scope. The address holds the same choice, so a link shows the same view.

An address parameter counts only if it equals a known id or a plain date; whatever else stands there is passed over.
"""

import datetime as dt
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

import streamlit as st

from base.text import N_, Words, markdown_plain
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, HAZARDS, Scope
from reports import answers, intake, periods

PRESETS = {
    "12": N_("Last 12 whole months"),
    "6": N_("Last 6 whole months"),
    "3": N_("Last 3 whole months"),
    "all": N_("All time"),
    "custom": N_("From … to …"),
}


def widget_key(name: str) -> str:
    """Return the key of the widget of a choice: one for each language, for a browser keeps the words it chose from."""
    return f"w_{name}-{st.session_state.get('language', '')}"


def choice(name: str, known: Callable[[str], bool], default: str | None) -> str | None:
    """Return the reader's present choice `name`: the address first if somebody changed it, then the session's own."""
    kept = st.session_state.setdefault("choices", {})
    asked = st.query_params.get(name)
    if asked is not None and asked != st.session_state.get("address", {}).get(name):
        if known(asked):
            kept[name] = asked
            st.session_state.pop(widget_key(name), None)
        else:
            st.session_state.setdefault("passed_over", {})[name] = asked
    if name not in kept or (kept[name] is not None and not known(kept[name])):
        kept[name] = default
    value = kept[name]
    return None if value is None else str(value)


def unasked(name: str, known: Container[str] = ()) -> None:
    """Pass over what the reader's address asks of a choice that these data do not offer, unless it holds anyway."""
    value = st.query_params.get(name)
    if value is None or value == st.session_state.get("address", {}).get(name):
        return
    del st.query_params[name]
    if value not in known:
        st.session_state.setdefault("passed_over", {})[name] = value


def keep(name: str, value: str | None, default: str | None = None) -> None:
    """Write a choice into the session and into the address; the default leaves the address clean."""
    st.session_state.setdefault("choices", {})[name] = value
    address = st.session_state.setdefault("address", {})
    if value is None or value == default:
        if name in st.query_params:
            del st.query_params[name]
        address.pop(name, None)
    else:
        if st.query_params.get(name) != value:
            st.query_params[name] = value
        address[name] = value


def select(
    label: str,
    name: str,
    options: Sequence[str],
    shown: Callable[[str], str],
    *,
    default: str | None = None,
    widget: Callable[..., Any] = st.selectbox,
    **more: Any,
) -> str:
    """Draw a single choice among known ids, bound to the address parameter `name`, and return the id."""
    first = options[0] if default is None else default
    value = choice(name, options.__contains__, first) or first
    key = widget_key(name)
    if st.session_state.get(key) not in options:
        st.session_state[key] = value
    value = widget(label, options, format_func=shown, key=key, **more) or first
    keep(name, value, first)
    return str(value)


def part(words: Words, label: str, name: str, options: Mapping[str, str]) -> str:
    """Draw the choice of one part of a page, bound to the address like `select`; `options` maps ids to titles."""
    return select(
        label,
        name,
        list(options),
        lambda one: words(options[one]),
        widget=st.segmented_control,
        label_visibility="collapsed",
        required=True,
    )


def _is_day(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).year in periods.YEARS
    except ValueError:
        return False


def _period(words: Words, dataset: Dataset) -> tuple[dt.date | None, dt.date | None]:
    span, as_of = dataset.span, dataset.as_of
    if span[0] is None or span[1] is None or as_of is None:
        return None, None
    known = {key: periods.last_months(as_of, int(key)) for key in ("12", "6", "3")}
    usual = next((key for key, (start, end) in known.items() if span[1] >= start and span[0] < end), "all")
    asked = (choice("start", _is_day, None), choice("end", _is_day, None))
    if asked[0] and asked[1]:  # explicit days in the address win, and are a preset where they equal one
        days = (dt.date.fromisoformat(asked[0]), dt.date.fromisoformat(asked[1]))
        same = next((key for key, value in known.items() if value == days), None)
        if same is None and days[0] < days[1]:
            st.session_state.setdefault("w_days", (days[0], days[1] - dt.timedelta(days=1)))
            st.session_state.setdefault(widget_key("period"), "custom")
        elif same:
            st.session_state.setdefault(widget_key("period"), same)
    if (asked[0] or asked[1]) and not (asked[0] and asked[1] and asked[0] < asked[1]):  # no period: one day is missing
        lost = {name: st.query_params[name] for name in ("start", "end") if name in st.query_params}
        st.session_state.setdefault("passed_over", {}).update(lost)
    preset = select(words("Period"), "period", list(PRESETS), lambda key: words(PRESETS[key]), default=usual)
    if preset == "all":
        keep("start", None)
        keep("end", None)
        return None, None
    start, end = known.get(preset, known["12"])
    if preset == "custom":
        st.session_state.setdefault("w_days", (start, end - dt.timedelta(days=1)))
        days_chosen = st.date_input(words("First and last day"), key="w_days", format="YYYY-MM-DD")
        if isinstance(days_chosen, tuple) and len(days_chosen) == 2:
            start, end = days_chosen[0], days_chosen[1] + dt.timedelta(days=1)
    keep("start", start.isoformat())
    keep("end", end.isoformat())
    return start, end


def _hazards(words: Words) -> tuple[str, ...]:
    def known(text: str) -> bool:
        return text == "all" or all(part in HAZARDS for part in text.split("."))

    value = choice("hazard", known, "all") or "all"
    chosen = [] if value == "all" else value.split(".")
    if widget_key("hazard") not in st.session_state:
        st.session_state[widget_key("hazard")] = chosen
    picked = st.pills(
        words("Hazard"),
        list(HAZARDS),
        selection_mode="multi",
        key=widget_key("hazard"),
        format_func=lambda code: words(HAZARD_NAMES[code]),
        help=words("None chosen means all."),
    )
    hazards = tuple(sorted(picked))
    if len(hazards) == len(HAZARDS):
        hazards = ()
    keep("hazard", ".".join(hazards) or "all", "all")
    return hazards


def scope(words: Words, dataset: Dataset) -> Scope:
    """Draw the side bar's controls and return what the reader asks."""
    with st.sidebar:
        start, end = _period(words, dataset)
        hazards = _hazards(words)
        level, area, sources = _place(words, dataset)
    return Scope(level=level, start=start, end=end, hazards=hazards, sources=sources, area=area)


def place(words: Words, dataset: Dataset) -> Scope:
    """Draw the side bar's choice of a place alone, for a page that has a period and a hazard of its own."""
    with st.sidebar:
        level, area, sources = _place(words, dataset)
    return Scope(level=level, sources=sources, area=area)


def _place(words: Words, dataset: Dataset) -> tuple[str, str | None, tuple[str, ...]]:
    finest = dataset.levels[-1].name if dataset.levels else ""
    levels = {level.name: level for level in dataset.levels}
    level = finest
    if len(levels) > 1:
        level = select(
            words("Level"),
            "level",
            list(levels),
            lambda name: words("{level} ({n})", level=intake.level_name(words, name), n=levels[name].cells),
            default=finest,
        )
    else:
        unasked("level", levels)
    area = None
    parent = levels[level].parent_level if level else None
    if parent:
        above = dataset.cells(parent).set_index("cell_id")["name"].to_dict()
        area = select(words("Area"), "area", ["", *above], lambda key: above.get(key, words("Everywhere"))) or None
    else:
        unasked("area")
    sources: tuple[str, ...] = ()
    if len(dataset.sources) > 1:
        names = sorted(dataset.sources)
        one = select(
            words("Source"),
            "source",
            ["", *names],
            lambda key: intake.source_name(words, key) or words("All sources"),
        )
        sources = (one,) if one else ()
    else:
        unasked("source", dataset.sources)
    return level, area, sources


def switch(label: str, name: str) -> bool:
    """Draw a switch, off at first, bound to the address parameter `name`, and return whether it is on."""
    key = widget_key(name)
    on = choice(name, ("on", "off").__contains__, "off") == "on"
    st.session_state.setdefault(key, on)
    on = st.toggle(label, key=key)
    keep(name, "on" if on else "off", "off")
    return bool(on)


def passed_over(words: Words) -> None:
    """Say once which parts of the address this page could not follow: it was sent by somebody who saw something else.

    To be called when all choices of the page are drawn.
    """
    if names := st.session_state.pop("passed_over", {}):
        asked = ", ".join(f"{name}={value[:40]}" for name, value in names.items())
        sentence = words(
            "The address asks for something that is not in these data ({asked}): shown is the usual view.", asked=asked
        )
        st.toast(markdown_plain(sentence), icon=":material/link_off:", duration="long")


COMPARE = {"year": N_("Same months, year before"), "previous": N_("Period before")}


def compare(words: Words) -> str:
    """Draw the choice of the period to compare with, and return it."""
    with st.sidebar:
        return select(words("Compared with"), "compare", list(COMPARE), lambda key: words(COMPARE[key]))


def drill(level: str, area: str) -> None:
    """Show the cells of `level` inside `area`; for a button's on_click."""
    for name, value in (("level", level), ("area", area), ("cell", None)):
        keep(name, value)
        st.session_state.pop(widget_key(name), None)


def way_back(words: Words, dataset: Dataset, scope: Scope) -> None:
    """Show the areas around the cells in view, from everywhere down to the chosen one; each leads back to its cells."""
    by_name = {level.name: level for level in dataset.levels}
    steps: list[tuple[str, str, str | None]] = []  # title, level and area of the view it leads to
    level, area = scope.level, scope.area
    while area and (above := by_name[level].parent_level):
        cells = dataset.cells(above, dataset.edition_day(scope)).set_index("cell_id")
        if area not in cells.index:
            break
        steps.insert(0, (str(cells["name"][area]), level, area))
        level, area = above, cells["parent"][area] or None
    if not steps:
        return
    steps.insert(0, (words("Everywhere"), level, None))
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="way-back"):
        for place, (title, *where) in enumerate(steps[:-1]):
            st.button(markdown_plain(title), type="tertiary", key=f"back-{place}", on_click=drill, args=where)
            st.markdown("›", width="content")
        st.markdown(f"**{markdown_plain(steps[-1][0])}**", width="content")


def cell(dataset: Dataset, scope: Scope) -> str | None:
    """Return the chosen cell of the scope, from the session or the address, or None."""
    ids = set(answers.cells_of(dataset, scope)["cell_id"]) if scope.level else set()
    chosen = choice("cell", ids.__contains__, None)
    keep("cell", chosen)
    return chosen
