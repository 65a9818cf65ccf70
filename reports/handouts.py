"""What the hot-spot screen hands out: its evidence in one table, a workbook of all tables, a GeoPackage of its places.

The GeoPackage is for planners who draw their own maps: codes and plain column names in any language, WGS 84, and
places only. No single report is in it: cells, places that cells share, dense groups with a margin around their members,
and sites to which the same hazard came back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from analysis.hotspots import AUTO, BY_BOTH, BY_CELL, BY_PLACE, CALLS, EXCESS, FAMILY, GI_STAR, MORAN
from analysis.shifted import BOUNDARY
from base.errors import HazardError
from base.text import N_, Sentence, Words
from data.dataset import Dataset
from data.schema import HAZARD_NAMES, Scope
from reports import answers, intake, people
from reports.doubts import DOUBT_NAMES, Doubts, doubts_of
from reports.geopackage import MULTIPOLYGON, POINT, Layer, write_geopackage
from reports.record import CHANGE_NAMES, REGRESSION, TREND_NAMES, Record, record_of, since_words
from reports.sheet import Sheet, write_book
from reports.surroundings import scan_limits

_CODES = ("method", "exposure")  # lines about a screen that are for programs: its reason says both in words
BY_NAMES = {
    BY_CELL: N_("itself"),
    BY_PLACE: N_("a shared place"),
    BY_BOTH: N_("itself and a shared place"),
    GI_STAR: N_("Gi*"),
    MORAN: N_("local Moran's I"),
    "": "",
}


@dataclass(frozen=True)
class Screen:
    """One hot-spot screen: its claims and what stands beside them. `groups` is None where they are refused."""

    dataset: Dataset
    scope: Scope
    spots: answers.HotSpots
    record: Record
    doubts: Doubts
    groups: pd.DataFrame | None
    refused: Sentence | None


def screen_of(
    dataset: Dataset,
    scope: Scope,
    *,
    exposure: str = "auto",
    method: str = AUTO,
    compare: str = "year",
    seed: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Screen:
    """Return a screen with all that can be told of it; parameters and errors as in `answers.hot_spots`."""
    spots = answers.hot_spots(dataset, scope, exposure=exposure, method=method, seed=seed, progress=progress)
    record = record_of(dataset, scope, spots, exposure=exposure, method=method, compare=compare, progress=progress)
    doubts = doubts_of(dataset, scope, spots, progress=progress)
    groups, refused = None, None
    try:
        groups = answers.clusters_of(dataset, scope)
    except HazardError as error:
        refused = Sentence(error.template, error.facts)
    return Screen(dataset, scope, spots, record, doubts, groups, refused)


def evidence(spots: answers.HotSpots, record: Record, doubts: Doubts, words: Words) -> pd.DataFrame:
    """Return a row a cell, in their order: the columns of `spots.cells` and `record.cells`, doubts, change.

    Doubts are those found, in short words, and borders the share of shifted ones on which a claim holds; claim, by,
    trend and change stay codes. A trend stands with claims only: it is said of what stands out, not of every cell.
    """
    cells = spots.cells.merge(record.cells[["cell_id", "since", "since_or_earlier", "trend", "chronic"]], on="cell_id")
    cells["trend"] = cells["trend"].where(cells["hot"], "")
    found = doubts.rows[doubts.rows["found"]]
    short = {
        cell: words.listed(words(DOUBT_NAMES[code]) for code in dict.fromkeys(rows["code"]))
        for cell, rows in found.groupby("cell_id")
    }
    cells["doubts"] = [short.get(cell, "") for cell in cells["cell_id"]]
    borders = doubts.rows[doubts.rows["code"] == BOUNDARY].set_index("cell_id")["share"]
    cells["borders"] = borders.reindex(cells["cell_id"]).to_numpy(float)
    change = {} if record.compared is None else record.compared.cells.set_index("cell_id")["change"].to_dict()
    return cells.assign(change=[change.get(cell, "") for cell in cells["cell_id"]])


def workbook(screen: Screen, words: Words) -> bytes:
    """Return the tables of a screen as a workbook, a sheet each, the last one telling what they are."""
    notes = [text for item, text in about(screen, words) if item not in _CODES]
    return write_book(_sheets(screen, words), notes=notes, words=words)


def geopackage(screen: Screen, words: Words) -> bytes:
    """Return a screen's places as a GeoPackage: cells, hot_places, dense_groups, chronic_sites, and a table about."""
    cells, spots, record = answers.cells_of(screen.dataset, screen.scope), screen.spots, screen.record
    shapes = cells.geometry.to_numpy()
    rows = evidence(spots, record, screen.doubts, words)
    shared = [place.members for place in spots.result.places if len(place.members) > 1]
    names = ("cell_id", "name", "calls", "events", "expected", "ratio", "low", "high", "p", "hot", "claim", "by",
             "needed", "z", "pattern", "since", "since_or_earlier", "trend", "chronic", "doubts", "borders",
             "change")  # fmt: skip
    layers = [
        Layer("cells", words("Cells"), _plain(rows[[name for name in names if name in rows]]), MULTIPOLYGON, shapes),
        Layer(
            "hot_places",
            words("Places that neighbouring cells share"),
            places(spots, words),
            MULTIPOLYGON,
            np.array([shapely.union_all(shapes[list(members)]) for members in shared], dtype=object),
        ),
    ]
    if screen.groups is not None:
        columns = ["members", "radius_m", "hazard", "share", "first", "last"]
        outlines = screen.groups["outline"].to_numpy(object)
        layers.append(
            Layer(
                "dense_groups", words("Dense groups of events"), _plain(screen.groups[columns]), MULTIPOLYGON, outlines
            )
        )
    sites = record.sites
    points = shapely.points(sites[["lon", "lat"]].to_numpy(float))
    layers.append(
        Layer("chronic_sites", words("Chronic sites"), _plain(sites.drop(columns=["lon", "lat"])), POINT, points)
    )
    told = pd.DataFrame(about(screen, words), columns=["item", "text"])
    layers.append(Layer("about", words("About"), told))
    changed = screen.dataset.as_of or pd.Timestamp(0, tz="UTC")
    return write_geopackage(layers, changed=changed)


def about(screen: Screen, words: Words) -> list[tuple[str, str]]:
    """Return what a screen is: a short name and a sentence a line."""
    dataset, spots, record = screen.dataset, screen.spots, screen.record
    result, level = spots.result, intake.level_name(words, screen.scope.level)
    lines = [("invented", words("Example data, invented"))] if dataset.is_demo else []
    lines += [
        ("what", words("{name}: {sentence}", name=words("Hazard Hotspots"), sentence=words("Hot spots"))),
        ("scope", people.scope_words(words, dataset, screen.scope)),
        ("level", words("{name}: {sentence}", name=words("Level"), sentence=level)),
        ("method", result.method),
        ("exposure", result.exposure),
        ("reason", result.reason.say(words)),
        *(("counted", line) for line in counted(dataset, spots, words)),
    ]
    if record.first and record.last:
        months = words(
            "Months known: {first} to {last}.", first=words.month(record.first), last=words.month(record.last)
        )
        lines.append(("record", months))
    lines += [("months", line) for line in _of_months(record, words)]
    lines.append(("trend", record.sentence.say(words)))
    if record.compared is not None:
        before = period(words, record.compared.before)
        lines.append(("compared", words("compared with {period}", period=before)))
        lines += [("compared", line) for line in _of_change(record, words)]
    elif record.compared_reason is not None:
        lines.append(("compared", record.compared_reason.say(words)))
    lines += [("chronic_sites", line) for line in _of_sites(record, words)]
    lines += [("untold", one.say(words)) for one in screen.doubts.untold]
    if screen.refused is not None:
        lines.append(("groups", screen.refused.say(words)))
    lines.append(("data", words("data version {n}", n=dataset.version) + " · " + dataset.fingerprint[:8]))
    return lines


def _of_months(record: Record, words: Words) -> list[str]:
    """Return how the months tie with the period and with the one before."""
    before = "" if record.compared is None else record.compared.tie(words)
    return [line for line in (record.tie(words), before) if line]


def _of_change(record: Record, words: Words) -> list[str]:
    """Return what became of all cells together, and what to think of when the claimed ones are held against it."""
    if record.compared is None:
        return []
    together = people.change_words(words, words("All cells compared"), record.compared.every)
    note = record.compared.note
    return [together, REGRESSION.say(words), *([] if note is None else [note.say(words)])]


def _of_sites(record: Record, words: Words) -> list[str]:
    """Return by what rule a site is chronic, and what the list rests on or why it cannot be told whole."""
    reason = "" if record.sites_reason is None else record.sites_reason.say(words)
    return [line for line in (record.sites_rule.say(words), record.rests_on(words), reason) if line]


def period(words: Words, scope: Scope) -> str:
    """Return the period of a scope."""
    return words.period(scope.start, scope.end) if scope.start and scope.end else words("All time")


def counted(dataset: Dataset, spots: answers.HotSpots, words: Words) -> list[str]:
    """Return the sentences that say what was counted, what was looked for, and what was left out."""
    lines = []
    if spots.result.method == EXCESS:
        lines.append(words("Places that neighbouring cells share were not looked for."))
    if spots.result.method == FAMILY:
        share, most = scan_limits(dataset.settings, len(spots.cells))
        limit = words.percent(share, 1)
        lines.append(
            words("Places of up to {share} of the exposure were looked for.", share=limit)
            if most is None
            else words(
                "Places of up to {share} of the exposure and {cells} cells were looked for.", share=limit, cells=most
            )
        )
    if spots.result.method == CALLS:
        lines.append(words("Counted once for each thing, they are {events} events.", events=spots.n_events))
        lines.append(words("Expected are calls. No claim is made on calls."))
    else:
        lines.append(
            words(
                "{calls} calls are {events} events: calls about the same thing count once.",
                calls=spots.n_calls,
                events=spots.n_events,
            )
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
    return lines


def _sheets(screen: Screen, words: Words) -> list[Sheet]:
    spots, record, doubts = screen.spots, screen.record, screen.doubts
    names = spots.cells.set_index("cell_id")["name"].to_dict()
    cells = evidence(spots, record, doubts, words)
    cells = cells.assign(
        claim=people.claims(words, cells["claim"]),
        by=[words(BY_NAMES[code]) for code in cells["by"]],
        since=[
            since_words(f"{month:%Y-%m}" if pd.notna(month) else None, record.first, words) for month in cells["since"]
        ],
        trend=[words(TREND_NAMES[code]) for code in cells["trend"]],
        change=[words(CHANGE_NAMES[code]) for code in cells["change"]],
        pattern=people.patterns(words, cells["pattern"]),
    )
    titles = {name: title for name, title in _said(CELLS, words).items() if name not in _absent(spots)}
    if spots.result.method in (GI_STAR, MORAN):
        titles["p"] = words("Chance")
    told = doubts.rows.assign(
        name=doubts.rows["cell_id"].map(names),
        code=[words(DOUBT_NAMES[code]) for code in doubts.rows["code"]],
        sentence=[one.say(words) for one in doubts.sentences],
    )
    months = record.months.assign(name=[names.get(cell, words("All cells")) for cell in record.months["cell_id"]])
    sites = record.sites.assign(
        name=record.sites["cell_id"].map(names), hazard=[words(HAZARD_NAMES[code]) for code in record.sites["hazard"]]
    )
    no_claim = words("No cell carries a claim.")
    no_site = words("No chronic site.") if record.sites_reason is None else record.sites_reason.say(words)
    sheets = [
        Sheet(words("Hot spots"), cells, titles),
        Sheet(words("Doubts"), told, _said(_DOUBTS, words), no_claim),
        Sheet(
            words("Months"), months, _said(_MONTHS, words), words("No whole month is known."), _of_months(record, words)
        ),
    ]
    compared, nothing = record.compared, ""
    if record.compared_reason is not None:
        nothing = record.compared_reason.say(words)
    before = pd.DataFrame(columns=list(_BEFORE))
    if compared is not None:
        every = {"cell_id": "", "name": words("All cells compared"), "change": "", **compared.every._asdict()}
        before = pd.concat([pd.DataFrame([every]), compared.cells], ignore_index=True)
    before = before.assign(change=[words(CHANGE_NAMES[code]) for code in before["change"]])
    return [
        *sheets,
        Sheet(words("Compared with before"), before, _said(_BEFORE, words), nothing, _of_change(record, words)[1:]),
        Sheet(words("Chronic sites"), sites, _said(SITES, words), no_site, _of_sites(record, words)),
        Sheet(words("Places"), places(spots, words), _said(PLACES, words), words("No such place.")),
        *([] if screen.groups is None else [groups_sheet(screen.groups, names, words)]),
    ]


def _absent(spots: answers.HotSpots) -> set[str]:
    """Return the columns that the method of a screen does not fill."""
    if spots.result.method == CALLS:
        return {"p", "claim", "needed", "pattern", "z", "by"}
    return {"needed"} if spots.result.method in (GI_STAR, MORAN) else {"pattern", "z"}


def places(spots: answers.HotSpots, words: Words) -> pd.DataFrame:
    """Return the places that neighbouring cells share: cells, part (their names), n, observed, expected, ratio, p."""
    names = spots.cells["name"].to_numpy(object)
    found = [place for place in spots.result.places if len(place.members) > 1]
    return pd.DataFrame(
        {
            "cells": [words.listed(names[list(place.members)]) for place in found],
            "part": [
                words.listed(names[list(place.part)]) if len(place.part) < len(place.members) else "" for place in found
            ],
            "n": [len(place.members) for place in found],
            "observed": [place.observed for place in found],
            "expected": [place.expected for place in found],
            "ratio": [place.ratio for place in found],
            "p": [place.p for place in found],
        }
    ).astype(
        {"cells": object, "part": object, "n": int, "observed": int, "expected": float, "ratio": float, "p": float}
    )


def groups_sheet(groups: pd.DataFrame, names: Mapping[Any, str], words: Words) -> Sheet:
    """Return the dense groups in words, under their titles; `names` are those of the cells."""
    named = groups.assign(
        hazard=[words(HAZARD_NAMES[code]) for code in groups["hazard"]],
        cells=[words.listed(names[cell] for cell in ids) for ids in groups["cell_ids"]],
    )
    return Sheet(words("Dense groups"), named, _said(GROUPS, words), words("No such group in this period."))


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose times are days in their own zone."""
    frame = frame.copy()
    for name in frame.select_dtypes(["datetime", "datetimetz"]).columns:
        frame[name] = pd.Series([None if pd.isna(time) else time.date() for time in frame[name]], dtype=object)
    return frame


def _said(titles: dict[str, str], words: Words) -> dict[str, str]:
    return {column: words(title) for column, title in titles.items()}


CELLS = {
    "cell_id": N_("Code"),
    "name": N_("Name"),
    "claim": N_("Claim"),
    "calls": N_("Calls"),
    "events": N_("Events"),
    "expected": N_("Expected"),
    "ratio": N_("Observed / expected"),
    "low": N_("95% interval from"),
    "high": N_("95% interval to"),
    "p": N_("Chance, this cell alone"),
    "needed": N_("Hot from"),
    "pattern": N_("Neighbourhood"),
    "z": N_("z-score"),
    "by": N_("Named by"),
    "since": N_("Since"),
    "trend": N_("Trend"),
    "chronic": N_("Chronic sites"),
    "doubts": N_("What might fake it"),
    "borders": N_("Holds on shifted borders (share of ways)"),
    "change": N_("Compared with before"),
}
_DOUBTS = {
    "cell_id": N_("Code"),
    "name": N_("Name"),
    "code": N_("What might fake it"),
    "suspects": N_("Suspect events"),
    "events": N_("Events"),
    "share": N_("Share"),
    "found": N_("Beyond chance"),
    "survives": N_("Claim holds without them"),
    "sentence": N_("In words"),
}
_MONTHS = {"cell_id": N_("Code"), "name": N_("Name"), "month": N_("Month"), "events": N_("Events")}
_BEFORE = {
    "cell_id": N_("Code"),
    "name": N_("Name"),
    "change": N_("Compared with before"),
    "now": N_("Events now"),
    "before": N_("Events before"),
    "ratio": N_("Now / before"),
    "low": N_("95% interval from"),
    "high": N_("95% interval to"),
}
SITES = {
    "name": N_("Cell"),
    "hazard": N_("Hazard"),
    "events": N_("Events"),
    "returns": N_("Came back"),
    "median_days": N_("Days until it came back (median)"),
    "open_now": N_("Open now"),
    "first": N_("First report"),
    "last": N_("Last report"),
    "lon": N_("Longitude"),
    "lat": N_("Latitude"),
}
PLACES = {
    "cells": N_("Cells"),
    "part": N_("Hottest part, a claim by itself"),
    "n": N_("Number of cells"),
    "observed": N_("Events"),
    "expected": N_("Expected"),
    "ratio": N_("Rate inside / outside"),
    "p": N_("Chance of a map with a place this strong"),
}
GROUPS = {
    "members": N_("Events"),
    "radius_m": N_("Radius (m)"),
    "hazard": N_("Mostly"),
    "cells": N_("Cells"),
    "first": N_("First report"),
    "last": N_("Last report"),
    "lon": N_("Longitude"),
    "lat": N_("Latitude"),
}
