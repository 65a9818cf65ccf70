"""Places on the hot-spot page: those that neighbouring cells share, chronic sites, dense groups of events."""

import pandas as pd
import streamlit as st

from analysis.hotspots import FAMILY
from base.text import Words, markdown_plain
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, Scope
from pages.common import cached, frame
from reports import answers, handouts
from reports.record import Sites


def shared(words: Words, spots: answers.HotSpots) -> None:
    """List the hot places of neighbouring cells."""
    frame.heading(words("Places that neighbouring cells share"))
    if spots.result.method != FAMILY:
        st.caption(words("Places that neighbouring cells share were not looked for."))
        return
    places = handouts.places(spots, words)
    if not len(places):
        st.caption(words("No circle of neighbouring cells holds more than chance gives."))
        return
    st.caption(
        words(
            "Circles of whole cells that together hold more than chance gives. Outlined on the map are those of "
            "their cells that hold more than expected."
        )
    )
    shown = places.round({"expected": 1, "ratio": 1}).assign(p=[words.chance(p) for p in places["p"]])
    titles = {name: words(title) for name, title in handouts.PLACES.items()}
    frame.table(
        shown,
        titles,
        column_config={"expected": st.column_config.NumberColumn(titles["expected"], format="localized")},
        alt=words.plural("Table of {n} place.", "Table of {n} places.", len(shown)),
    )


def sites(words: Words, spots: answers.HotSpots, record: Sites) -> None:
    """List the chronic sites: the same hazard came back after it was closed."""
    frame.heading(words("Chronic sites"))
    told = (
        record.sites_rule.say(words),
        record.rests_on(words),
        words("It is no claim: the cause may still be there."),
    )
    st.caption(markdown_plain(words.joined(line for line in told if line)))
    if record.sites_reason is not None:
        st.info(markdown_plain(record.sites_reason.say(words)))
    elif not len(record.sites):
        st.info(words("No chronic site in these cells: nothing came back so often after it was closed."))
    if not len(record.sites):
        return
    rows = record.sites.head(cached.MOST_ROWS)
    names = spots.cells.set_index("cell_id")["name"]
    shown = rows.assign(
        name=rows["cell_id"].map(names),
        hazard=[words(HAZARD_NAMES[code]) for code in rows["hazard"]],
        median_days=rows["median_days"].round(),
    )
    frame.table(
        shown[list(handouts.SITES)],
        {name: words(title) for name, title in handouts.SITES.items()},
        alt=words.plural("Table of {n} chronic site.", "Table of {n} chronic sites.", len(shown)),
    )
    frame.only_first(words, len(shown), len(record.sites))


def groups(words: Words, data: Dataset, scope: Scope) -> None:
    """List the dense groups of points."""
    frame.heading(words("Dense groups of events"))
    setting = data.settings
    rule = {"n": int(setting["cluster_min_events"]), "radius": int(setting["cluster_radius_m"])}
    st.caption(
        markdown_plain(
            words(
                "A group begins where {n} events lie within {radius} m and {days} days of one of them, and grows by "
                "those within reach (ST-DBSCAN): a place may hold one group in spring and another in autumn. It is no "
                "claim: groups also form where many people live.",
                days=int(setting["cluster_days"]),
                **rule,
            )
            if setting["cluster_days"]
            else words(
                "A group begins where {n} events lie within {radius} m of one of them, and grows by those within "
                "reach, whatever the time (DBSCAN). It is no claim: groups also form where many people live.",
                **rule,
            )
        )
    )
    found: pd.DataFrame | None = None
    with frame.told(words, stop=False):
        found = cached.clusters(data, scope)
    if found is None:
        return
    if not len(found):
        st.info(words("No such group in this period."))
        return
    names = data.cells(scope.level, data.edition_day(scope)).set_index("cell_id")["name"].to_dict()
    largest = found.head(cached.MOST_ROWS).round({"radius_m": 0, "lon": 5, "lat": 5})  # the largest come first
    sheet = handouts.groups_sheet(largest, names, words)
    frame.table(
        sheet.frame[list(sheet.titles)],
        sheet.titles,
        alt=words.plural("Table of {n} dense group.", "Table of {n} dense groups.", len(found)),
    )
    frame.only_first(words, len(largest), len(found))
