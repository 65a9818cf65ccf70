"""The first screen of the hot-spot page: the finding, the reason in words, the map of claims, the cells."""

import contextlib
from typing import Any

import pandas as pd
import streamlit as st

from analysis import summary
from analysis.hotspots import (
    AUTO,
    CALLS,
    EXCESS,
    EXPOSURE_NAMES,
    FAMILY,
    GATHER,
    GATHER_PLACE,
    GI_STAR,
    HOT_PLACE,
    HOT_SPOT,
    LIST,
    MANY,
    MORAN,
    one_in,
)
from base.text import N_, NP_, Sentence, Words, markdown_plain
from data.dataset import Dataset
from data.schema import Scope
from pages.common import cached, controls, frame, panels
from reports import answers, handouts, intake
from reports import choropleth as drawing

LED = 3  # cells in the line under the title


def exposure(words: Words, data: Dataset, scope: Scope) -> str:
    """Draw the choice of exposure and return it: automatic, one that all cells have, area, or equal shares."""
    complete = answers.complete_exposures(data, scope)
    names = {"auto": words("Automatic"), **{name: words(EXPOSURE_NAMES[name]) for name in complete}}
    with st.sidebar:
        return controls.select(
            words("Expected by"),
            "exposure",
            list(names),
            lambda name: names[name],
            help=words("What it could have happened to: a cell with more households is expected to report more."),
        )


NAMED = 10  # cells in one sentence
METHODS = {
    AUTO: N_("Automatic"),
    EXCESS: N_("Each cell alone"),
    FAMILY: N_("Cells and places they share"),
    GI_STAR: N_("Gi* (neighbourhoods)"),
    MORAN: N_("Local Moran's I"),
}


def method(words: Words) -> str:
    """Draw the choice of the method, and of calls in place of events, and return the method."""
    with st.sidebar:
        chosen = controls.select(
            words("Method"),
            "method",
            list(METHODS),
            lambda name: words(METHODS[name]),
            help=words(
                "Automatic: cells and the places they share, among more than {many} cells each cell alone, for that "
                "takes seconds. Gi* and local Moran's I take their place if chosen: they compare neighbourhoods, find "
                "less, below about 100 cells next to nothing, and hardly ever one cell alone.",
                many=MANY,
            ),
        )
        calls = controls.switch(words("Count calls instead of events: no claims"), "calls")
    return CALLS if calls else chosen


def headline(words: Words, spots: answers.HotSpots) -> str:
    """Return the page's finding in one sentence."""
    result = spots.result
    if result.method == CALLS:
        return summary.headline(result, None, spots.n_calls).say(words)
    if len(result.events) < 2:
        return words("A single cell has nothing to be compared with")
    if result.method == LIST:
        return words("Too few events for a claim: {n}", n=spots.n_events)
    if result.hot.any():
        return summary.counted_claims(result).say(words)
    return summary.headline(result, None, spots.n_calls).say(words)


def under_title(words: Words, data: Dataset, scope: Scope, spots: answers.HotSpots) -> str:
    """Return the line under the title: the scope, and how many events of which of its reports the finding stands on."""
    n = {"events": spots.n_events, "calls": spots.n_calls}
    n["all"] = spots.n_calls + spots.n_elsewhere + spots.left_out
    if spots.left_out:
        text = words(
            "{all} reports, {spot} of them on one spot and left out; {calls} in these cells make {events} events",
            spot=spots.left_out, **n,
        )  # fmt: skip
    elif spots.n_elsewhere:
        text = words("{all} reports; {calls} of them, in these cells, make {events} events", **n)
    else:
        text = words("{calls} reports make {events} events", **n)
    return f"{panels.under_title(words, data, scope)} · {text}"


def lead(words: Words, spots: answers.HotSpots) -> None:
    """Say in one line which cells the finding names and how far chance is from it, or what the strongest one lacks."""
    if lines := lead_lines(words, spots):
        st.markdown(markdown_plain(words.joined(lines)))


def lead_lines(words: Words, spots: answers.HotSpots) -> list[str]:
    """Return the sentences of the lead, none where there is nothing to say."""
    result, names = spots.result, spots.cells["name"].to_numpy(object)
    if not result.hot.any():
        return lacking(words, spots)
    n = result.own if result.own <= LED + 1 else LED  # "one more" takes as much room as that one
    first: list[Any] = list(summary.rank_cells(spots.cells).head(n).itertuples(index=False))
    lines = [_held(words, row.name, row.events, row.expected) for row in first]
    if more := result.own - len(lines):
        lines.append(words.plural("And {n} more cell.", "And {n} more cells.", more))
    for place in result.sharing[:LED]:
        cells = [*names[list(place.members[:NAMED])], *(["…"] if len(place.members) > NAMED else [])]
        title = words("{cells} together", cells=words.listed(cells))
        lines.append(_held(words, title, place.observed, place.expected))
    if more := len(result.sharing[LED:]):
        lines.append(words.plural("And {n} more place.", "And {n} more places.", more))
    if pd.notna(spots.result.map_p):
        n = one_in(spots.result.map_p)
        lines.append(words("Without any pattern a map this strong comes up at most about once in {n} times.", n=n))
    if spots.result.claim == GATHER:
        lines.append(words("Whether it is worse there or more people live there, these figures cannot tell."))
    return lines


def lacking(words: Words, spots: answers.HotSpots) -> list[str]:
    """Return what the strongest cell holds, and what it would need for a claim.

    Nothing where no cell was tested, or by a method that looks at neighbours: it knows no such number, and its smallest
    chance may be that of a low one.
    """
    strongest: Any = next(summary.rank_cells(spots.cells).itertuples(index=False), None)
    if strongest is None or not spots.result.tested or not strongest.needed:
        return []
    needed = words("It is the nearest to a claim; {n} or more would be needed there.", n=strongest.needed)
    return [_held(words, strongest.name, strongest.events, strongest.expected), needed]


def _held(words: Words, name: str, events: int, expected: float) -> str:
    rounded = round(expected, 1) if expected < 100 else round(expected)
    return words("{cell}: {n} events, {expected} expected.", cell=name, n=events, expected=rounded)


def reason(words: Words, data: Dataset, spots: answers.HotSpots) -> None:
    """Say why by this method, what was counted, and what was left out: folded where the finding stands without it.

    What it costs to choose Gi* or Moran's I is never folded.
    """
    lines = [spots.result.reason.say(words), *handouts.counted(data, spots, words)]
    with (
        contextlib.nullcontext()
        if not spots.result.tested or spots.result.method in (GI_STAR, MORAN)
        else st.expander(words("Why by this method, and what was counted"))
    ):
        st.markdown(markdown_plain(words.joined(lines)))


def beside_reason(words: Words, data: Dataset, scope: Scope, exposure: str, method: str) -> None:
    """Say what a cell is here, and in one area what the whole level claims of its cells."""
    lines = []
    if scope.level != "grid":  # many sentences say "cell", in Chinese with the word for a grid
        lines.append(words("A cell is here one of the level {level}.", level=intake.level_name(words, scope.level)))
    if scope.area is not None and (found := cached.beyond_area(words, data, scope, exposure, method)) is not None:
        lines += _beyond_area(words, scope, found)
    if lines:
        st.caption(markdown_plain(words.joined(lines)))


def _beyond_area(words: Words, scope: Scope, found: answers.BeyondArea) -> list[str]:
    facts = {"all": found.cells, "level": intake.level_name(words, scope.level)}
    lines = [words("Here the cells of this area are compared with each other only.")]
    if found.claimed.empty:
        lines.append(words("Among all {all} cells of the level {level}, none of them carries a claim.", **facts))
    for claim in found.claimed["claim"].unique():
        one = found.claimed.loc[found.claimed["claim"] == claim, "name"]
        names = words.listed(one.head(NAMED)) + ("…" if len(one) > NAMED else "")
        lines.append(Sentence(_AMONG_ALL[claim], {**facts, "n": len(one), "names": names}).say(words))
    return lines


_AMONG_ALL: dict[str, str | tuple[str, str]] = {
    HOT_SPOT: NP_(
        "Among all {all} cells of the level {level}, {n} of them is a hot spot: {names}.",
        "Among all {all} cells of the level {level}, {n} of them are hot spots: {names}.",
    ),
    GATHER: N_("Among all {all} cells of the level {level}, reports gather in {n} of them: {names}."),
    HOT_PLACE: NP_(
        "Among all {all} cells of the level {level}, {n} of them lies in a hot place: {names}.",
        "Among all {all} cells of the level {level}, {n} of them lie in a hot place: {names}.",
    ),
    GATHER_PLACE: NP_(
        "Among all {all} cells of the level {level}, {n} of them lies in a gathering place: {names}.",
        "Among all {all} cells of the level {level}, {n} of them lie in a gathering place: {names}.",
    ),
}


def spots_map(words: Words, data: Dataset, scope: Scope, spots: answers.HotSpots, chosen: str | None) -> None:
    """Show the map of events with claims as outlines, and the points with the outlines of dense groups if wished."""
    table = answers.event_table(spots)
    with st.container():
        view, held = panels.map_head(words, data, scope)
        left, right = st.columns([3, 2], vertical_alignment="bottom")
        with left:
            dots = controls.switch(words("Show events and dense groups as points"), "dots")
        with right:
            panels.pick_cell(words, table, chosen)
    points = None
    if dots:
        with frame.told(words, stop=False):
            groups = cached.clusters(data, scope)  # first: where it refuses, nothing is read in vain
            points = (cached.dots(data, scope), groups)
    shown = table if held is None else drawing.gather(table, data, view, held)
    measure = "calls" if spots.result.method == CALLS else "events"
    panels.cells_map(words, data, view, held, shown, spots, chosen, measure, points=points)


def cells_list(words: Words, spots: answers.HotSpots) -> None:
    """List the cells by strength, and explain the strongest one."""
    calls = spots.result.method == CALLS
    frame.heading(words("Cells by calls") if calls else words("Cells by strength of evidence"))
    panels.ranking(words, spots, height=430)
    panels.explain_first(words, spots)
