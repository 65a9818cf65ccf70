"""By what rules works are chosen: budget and period in the side bar, weights and assumed effects in a fold of the page.

All of it stands in the address too, so a link shows the same list.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from base.text import N_, Words, markdown_plain
from data.dataset import Dataset
from data.schema import Scope
from pages.common import cached, controls
from reports import candidates, priority_words
from reports.criteria import CRITERIA, Criterion
from reports.priorities import (
    GIVEN,
    PAIRS,
    UNITS,
    USUAL,
    WEIGHINGS,
    Asked,
    usual_budget,
)

MONTHS, YEARS = ("12", "24", "36", "60"), ("1", "2", "3", "4", "5")
SAATY = {  # how much the first outweighs the second
    "9": N_("matters beyond all comparison more than"),
    "7": N_("matters very much more than"),
    "5": N_("matters clearly more than"),
    "3": N_("matters somewhat more than"),
    "1": N_("matters as much as"),
    "1/3": N_("matters somewhat less than"),
    "1/5": N_("matters clearly less than"),
    "1/7": N_("matters very much less than"),
    "1/9": N_("matters beyond all comparison less than"),
}
_MOST_BUDGET, _STEP = 10_000_000_000, 100_000
_MOST_WEIGHT, _MIDDLE = 10, 5
_COMPARED = 5  # criteria that are compared two by two at first
_MOST_COMPARED = 8


def money_first() -> Any:
    """Lay out the place of the budget in the side bar, above the choice of a place."""
    return st.sidebar.container()


def asked(words: Words, data: Dataset, scope: Scope, money: Any, place: Any) -> Asked:
    """Draw the rules and return them; `money` takes the budget, `place` the fold of weights and effects."""
    with money:
        budget = number(
            words("Budget (yuan)"), "budget", usual_budget(data), least=0, most=_MOST_BUDGET, step=_STEP,
            help=words("All costs are in yuan, as the table of projects has them."),
        )  # fmt: skip
        years = controls.select(
            words("Spent in"), "years", YEARS, lambda one: words.plural("{n} year", "{n} years", int(one)),
            help=words("Each project is paid in one year; what a year leaves over is not carried on."),
        )  # fmt: skip
        yearly = _yearly(words, budget, int(years))
    with st.sidebar:
        months = controls.select(
            words("Months looked at"), "months", MONTHS, lambda one: words("last {n} whole months", n=int(one)),
            default="24",
        )  # fmt: skip
        unit = controls.select(
            words("What is avoided"), "unit", list(UNITS), lambda one: words(UNITS[one]),
            help=words("Times households: a flood counts as often as its cell has households."),
        )  # fmt: skip
        without = controls.switch(words("Without reports of residents"), "official")
        above = data.level(scope.level).parent_level
        share = 0.0
        if above is not None and scope.area is None:
            share = number(
                words("Least share of each area (%)"), "share", 0, least=0, most=100, step=1,
                help=words("So much of the budget at least is spent in each area of the level above, if it can be."),
            ) / 100  # fmt: skip
    with place, st.expander(words("Weights of the ranking, and effects assumed")):
        known = cached.criteria(words, data, scope, int(months))
        left, right = st.columns([3, 2], gap="large")
        with left:
            weighing, method, more = _weights(words, known)
        with right:
            effects = _effects(words, data)
    return Asked(
        budget, weighing=weighing, method=method, months=int(months), unit=unit, without_residents=without,
        min_share=share, yearly=yearly, effects=effects, **more,
    )  # fmt: skip


def _yearly(words: Words, budget: float, years: int) -> tuple[float, ...]:
    """Draw a field for the money of each year, at first alike; nothing where it is one year."""
    if years == 1:
        return ()
    return tuple(
        number(words("Year {n} (yuan)", n=at), f"year-{at}", budget // years, least=0, most=_MOST_BUDGET, step=_STEP)
        for at in range(1, years + 1)
    )


def number(
    label: str, name: str, usual: float, *, least: float, most: float, step: float, help: str | None = None
) -> float:
    """Draw a field for a whole number, bound to the address parameter `name`, and return the number."""

    def known(text: str) -> bool:
        return text.isascii() and text.isdigit() and least <= int(text) <= most

    first = str(round(usual))
    value = controls.choice(name, known, first) or first
    key = controls.widget_key(name)
    st.session_state.setdefault(key, int(value))
    written = st.number_input(label, int(least), int(most), step=int(step), key=key, format="%d", help=help)
    controls.keep(name, str(int(written)), first)
    return float(written)


def _weights(words: Words, known: Sequence[Criterion]) -> tuple[str, str, dict[str, Any]]:
    weighing = controls.select(
        words("How the ranking by need weighs"), "weighing", list(WEIGHINGS), lambda one: words(WEIGHINGS[one])
    )
    method = controls.select(
        words("Way of ranking"), "ranking", list(priority_words.METHOD_NAMES),
        lambda one: words(priority_words.METHOD_NAMES[one]),
    )  # fmt: skip
    st.caption(
        markdown_plain(
            words(
                "Weights change the ranking by need. Which works are built goes by what they avoid for the money, and "
                "does not hang on them."
            )
        )
    )
    more: dict[str, Any] = {}
    if weighing == GIVEN:
        more["weights"] = _sliders(words, known)
    elif weighing == PAIRS:
        more |= _pairs(words, known)
    return weighing, method, more


def _sliders(words: Words, known: Sequence[Criterion]) -> tuple[tuple[str, float], ...]:
    """Draw a slider for each criterion."""
    first = {one.code: _MIDDLE if one.code in USUAL else 0 for one in known}
    kept = _read(
        controls.choice("weights", lambda text: _read(text, first, _weight) is not None, None) or "", first, _weight
    )
    found = {}
    columns = st.columns(2)
    for at, one in enumerate(known):
        key = controls.widget_key(f"weight-{one.code}")
        st.session_state.setdefault(key, int((kept or {}).get(one.code, first[one.code])))
        with columns[at % 2]:
            found[one.code] = st.slider(words(one.label), 0, _MOST_WEIGHT, key=key)
    controls.keep("weights", _written(found), _written(first))
    return tuple((code, float(weight)) for code, weight in found.items())


def _pairs(words: Words, known: Sequence[Criterion]) -> dict[str, Any]:
    """Draw the choice of criteria and a table of their pairs."""
    by_code = {one.code: one for one in known}
    usual = [code for code in USUAL if code in by_code][:_COMPARED]

    def right(text: str) -> bool:
        return all(part in by_code for part in text.split("."))

    kept = (controls.choice("criteria", right, None) or ".".join(usual)).split(".")
    key = controls.widget_key("criteria")
    st.session_state.setdefault(key, kept)
    codes = st.multiselect(
        words("Criteria compared"), list(by_code), key=key, format_func=lambda one: words(by_code[one].label),
        max_selections=_MOST_COMPARED,
    )  # fmt: skip
    codes = [code for code in by_code if code in codes] or usual
    controls.keep("criteria", ".".join(codes), ".".join(usual))
    pairs = [(one, other) for at, one in enumerate(codes) for other in codes[at + 1 :]]
    first = {f"{one}-{other}": "1" for one, other in pairs}
    state, table = st.session_state, f"w_pairs-{words.language}-{'.'.join(codes)}"
    if table not in state or f"{table}-first" not in state:  # an editor keeps what it began with
        said = _read(
            controls.choice("pairs", lambda text: _read(text, None, _saaty) is not None, None) or "", None, _saaty
        )
        state[f"{table}-first"] = first | {pair: value for pair, value in (said or {}).items() if pair in first}
    begun = state[f"{table}-first"]
    named = {value: words(text) for value, text in SAATY.items()}
    back = {text: value for value, text in named.items()}
    rows = pd.DataFrame(
        {
            "one": [words(by_code[one].label) for one, _ in pairs],
            "how": [named[begun[f"{one}-{other}"]] for one, other in pairs],
            "other": [words(by_code[other].label) for _, other in pairs],
        },
        dtype=object,
    )
    column = st.column_config
    edited = st.data_editor(
        rows, key=table, hide_index=True, disabled=["one", "other"],
        column_config={
            "one": column.TextColumn(words("Criterion"), width="medium"),
            "how": column.SelectboxColumn(words("compared"), options=list(back), required=True, width="medium"),
            "other": column.TextColumn(words("with"), width="medium"),
        },
    )  # fmt: skip
    found = {f"{one}-{other}": back.get(str(how), "1") for (one, other), how in zip(pairs, edited["how"], strict=True)}
    controls.keep("pairs", _written({pair: value for pair, value in found.items() if value != "1"}) or None, None)
    told = tuple((*pair.split("-"), _fraction(value)) for pair, value in found.items())
    return {"criteria": tuple(codes), "pairs": told}


def _effects(words: Words, data: Dataset) -> tuple[tuple[str, float], ...]:
    """Draw a field for the effect of each kind of work among the projects."""
    title = words("Share of waterlogging that a work avoids (%): assumed")
    st.markdown(f"**{markdown_plain(title)}**")
    usual = candidates.usual_effects(data)
    kinds = dict.fromkeys(candidates.effect_kind(one) for one in data.projects()["kind"])
    found = {}
    for kind in sorted(kinds, key=list(usual).index):
        first = round(100 * usual[kind])
        share = number(words(priority_words.EFFECT_NAMES[kind]), f"effect-{kind}", first, least=0, most=100, step=5)
        if share != first:
            found[kind] = share / 100
    st.caption(
        markdown_plain(
            words("No data tell these before a work is finished: change them to what your works have shown.")
        )
    )
    return tuple(found.items())


def _written(values: Mapping[str, Any]) -> str:
    return ".".join(f"{name}:{value}" for name, value in values.items())


def _read(text: str, known: Mapping[str, Any] | None, read: Callable[[str], Any]) -> dict[str, Any] | None:
    """Return what `_written` wrote; None if that is not what this is."""
    found = {}
    for part in filter(None, text.split(".")):
        name, _mark, value = part.partition(":")
        if (known is not None and name not in known) or read(value) is None:
            return None
        if known is None and not all(code in CRITERIA for code in name.split("-")):
            return None
        found[name] = read(value)
    return found


def _weight(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text) <= _MOST_WEIGHT else None


def _saaty(text: str) -> str | None:
    return text if text in SAATY else None


def _fraction(text: str) -> float:
    over, _bar, under = text.partition("/")
    return float(over) / float(under or math.nan) if under else float(over)
