"""The panels of the hot-spot page: exposure, the reason in words, the map of claims, the cells, the clusters."""

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
    GI_STAR,
    HOT_SPOT,
    LIST,
    MANY,
    MORAN,
    explain_cell,
)
from base.text import N_, Words, markdown_plain
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, Scope
from pages.common import cached, controls, downloads, frame, panels
from reports import answers, people
from reports import choropleth as drawing


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
    hot, gather = (result.claims.count(word) for word in (HOT_SPOT, GATHER))
    if hot and not gather:
        return words.plural("{n} hot spot beyond chance", "{n} hot spots beyond chance", hot)
    if gather and not hot:
        return words.plural("Reports gather in {n} cell", "Reports gather in {n} cells", gather)
    return summary.headline(result, None, spots.n_calls).say(words)


def reason(words: Words, spots: answers.HotSpots) -> None:
    """Say why by this method, what was counted, and what was left out."""
    lines = [spots.result.reason.say(words)]
    if spots.result.method == EXCESS:
        lines.append(words("Places that neighbouring cells share were not looked for."))
    lines.append(
        words(
            "{calls} calls are {events} events: calls about the same thing count once.",
            calls=spots.n_calls,
            events=spots.n_events,
        )
        if spots.result.method != CALLS
        else words("Counted once for each thing, they are {events} events.", events=spots.n_events)
    )
    if pd.notna(spots.result.map_p):
        lines.append(words("Chance of so strong a map without any pattern: {p}.", p=words.chance(spots.result.map_p)))
    if spots.n_elsewhere:
        lines.append(
            words.plural(
                "{n} report of the period lies in none of these cells, or has no location.",
                "{n} reports of the period lie in none of these cells, or have no location.",
                spots.n_elsewhere,
            )
        )
    if spots.left_out:
        lines.append(words("{n} reports on one spot are left out: not located?", n=spots.left_out))
    st.markdown(markdown_plain(words.joined(lines)))


def spots_map(words: Words, data: Dataset, scope: Scope, spots: answers.HotSpots, chosen: str | None) -> None:
    """Show the map of events with claims as outlines, and the points with the rings of dense groups if wished."""
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


def cells_list(words: Words, data: Dataset, scope: Scope, spots: answers.HotSpots, chosen: str | None) -> None:
    """List the cells with their evidence, explain the chosen or the strongest one, and offer the download."""
    calls = spots.result.method == CALLS
    frame.heading(words("Cells by calls") if calls else words("Cells by strength of evidence"))
    panels.ranking(words, spots, height=380)
    place = spots.cells.index[spots.cells["cell_id"] == chosen]
    if chosen is not None and len(place):
        sentence = explain_cell(spots.result, int(place[0])).say(words, name=spots.cells["name"].iloc[place[0]])
        (st.error if spots.result.hot[place[0]] else st.info)(markdown_plain(sentence))
    else:
        panels.explain_first(words, spots)
    titles = {
        "cell_id": words("Code"),
        "name": words("Name"),
        "calls": words("Calls"),
        "events": words("Events"),
        "expected": words("Expected"),
        "ratio": words("Observed / expected"),
        "p": words("Chance, this cell alone"),
        "claim": words("Claim"),
        "needed": words("Hot from"),
        "pattern": words("Neighbourhood"),
        "z": words("z-score"),
    }
    for column in _absent(spots):
        del titles[column]
    named = spots.cells.assign(
        claim=people.claims(words, spots.cells["claim"]), pattern=people.patterns(words, spots.cells["pattern"])
    )
    name, more = words("Hot spots"), []
    if spots.result.method == CALLS:
        name, more = words("Calls"), [words("Expected are calls. No claim is made on calls.")]
    elif spots.result.method in (GI_STAR, MORAN):  # the sheet leaves the house: what it costs goes with it
        titles["p"], more = words("Chance"), [spots.result.reason.say(words)]
    downloads.sheet(words, data, scope, named, titles, name=name, file="hotspots", more=more)


def _absent(spots: answers.HotSpots) -> list[str]:
    """Return the columns of the list that this method does not fill."""
    if spots.result.method == CALLS:
        return ["p", "claim", "needed", "pattern", "z"]
    return ["needed"] if spots.result.method in (GI_STAR, MORAN) else ["pattern", "z"]


def places_list(words: Words, data: Dataset, scope: Scope, spots: answers.HotSpots) -> None:
    """List the hot places of neighbouring cells, where there are some."""
    places = [place for place in spots.result.places if len(place.members) > 1]
    if not places:
        return
    with st.container(border=True):
        frame.heading(words("Places that neighbouring cells share"))
        st.caption(
            words(
                "Circles of whole cells that together hold more than chance gives. Outlined on the map are those of "
                "their cells that hold more than expected."
            )
        )
        names = spots.cells["name"].to_numpy()
        shown = pd.DataFrame(
            {
                "cells": [words.listed(names[list(place.members)]) for place in places],
                "n": [len(place.members) for place in places],
                "observed": [place.observed for place in places],
                "expected": [round(place.expected, 1) for place in places],
                "ratio": [round(place.ratio, 1) for place in places],
                "p": [words.chance(place.p) for place in places],
            }
        )
        titles = {
            "cells": words("Cells"),
            "n": words("Number of cells"),
            "observed": words("Events"),
            "expected": words("Expected"),
            "ratio": words("Rate inside / outside"),
            "p": words("Chance of a map with a place this strong"),
        }
        st.dataframe(
            shown,
            hide_index=True,
            column_config={name: st.column_config.Column(title) for name, title in titles.items()},
            alt=words.plural("Table of {n} place.", "Table of {n} places.", len(shown)),
        )
        downloads.sheet(words, data, scope, shown, titles, name=words("Places"), file="places")


def clusters_list(words: Words, data: Dataset, scope: Scope) -> None:
    """List the dense groups of points."""
    frame.heading(words("Dense groups of events"))
    setting = data.settings
    st.caption(
        markdown_plain(
            words(
                "A group begins where {n} events lie within {radius} m of one of them, and grows by those within "
                "reach (DBSCAN). "
                "It is no claim: groups also form where many people live.",
                n=int(setting["cluster_min_events"]),
                radius=int(setting["cluster_radius_m"]),
            )
        )
    )
    groups: pd.DataFrame | None = None
    with frame.told(words, stop=False):
        groups = cached.clusters(data, scope)
    if groups is None:
        return
    if not len(groups):
        st.info(words("No such group in this period."))
        return
    names = data.cells(scope.level, data.edition_day(scope)).set_index("cell_id")["name"].to_dict()
    shown = pd.DataFrame(
        {
            "members": groups["members"],
            "radius_m": groups["radius_m"].round(),
            "hazard": [words(HAZARD_NAMES[code]) for code in groups["hazard"]],
            "cells": [words.listed(names[cell] for cell in ids) for ids in groups["cell_ids"]],
            "first": groups["first"],
            "last": groups["last"],
            "lon": groups["lon"].round(5),
            "lat": groups["lat"].round(5),
        }
    )
    titles = {
        "members": words("Events"),
        "radius_m": words("Radius (m)"),
        "hazard": words("Mostly"),
        "cells": words("Cells"),
        "first": words("First report"),
        "last": words("Last report"),
        "lon": words("Longitude"),
        "lat": words("Latitude"),
    }
    moment = {
        name: st.column_config.DatetimeColumn(titles[name], format="YYYY-MM-DD HH:mm") for name in ("first", "last")
    }
    st.dataframe(
        shown.head(cached.MOST_ROWS),  # the largest come first
        hide_index=True,
        column_config={name: st.column_config.Column(title) for name, title in titles.items()} | moment,
        alt=words.plural("Table of {n} dense group.", "Table of {n} dense groups.", len(shown)),
    )
    frame.only_first(words, min(len(shown), cached.MOST_ROWS), len(shown))
    downloads.sheet(words, data, scope, shown, titles, name=words("Dense groups"), file="groups")
