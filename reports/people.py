"""Answers in words: reasons, remarks and hazards as sentences; hot spots as the command line's JSON."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.hotspots import CALLS, GATHER, GATHER_PLACE, HOT_PLACE, HOT_SPOT
from analysis.neighborhoods import HIGH, LOW
from analysis.trend import GONE, NEW, STAYED
from base.text import N_, Words
from data.dataset import Dataset
from data.faraway import SLIPS
from data.schema import HAZARD_NAMES, REASONS, REMARKS, Scope
from reports import answers
from reports import rates as reckoning
from reports.alarm import Alarm
from reports.doubts import Doubts, Silent
from reports.record import REGRESSION, Record


def rejected_sentences(rejected: pd.DataFrame, words: Words) -> list[str]:
    """Return for each rejected row why it was not taken."""
    rows = rejected[["reason", "value", "column"]].fillna("").astype(str).to_numpy().tolist()
    return [
        words(REASONS[reason], value=value, column=column) if reason in REASONS else reason
        for reason, value, column in rows
    ]


def remark_sentence(remark: str | None, words: Words) -> str:
    """Return what is odd about a row that was taken all the same; empty where nothing is."""
    return words.listed(words(REMARKS[code]) for code in (remark or "").split() if code in REMARKS)


def scope_words(words: Words, dataset: Dataset, scope: Scope) -> str:
    """Return what an answer is about: period, hazards, area and as-of time."""
    period = words.period(scope.start, scope.end) if scope.start and scope.end else words("All time")
    hazards = words("All hazards")
    if scope.hazards:
        hazards = words.listed([words(HAZARD_NAMES[hazard]) for hazard in scope.hazards])
    return " · ".join([period, hazards, *place_words(words, dataset, scope)])


def place_words(words: Words, dataset: Dataset, scope: Scope) -> list[str]:
    """Return which area an answer is about, and as of when."""
    parts = []
    if scope.area:
        level = next(level for level in dataset.levels if level.name == scope.level)
        if level.parent_level:
            parts.append(_area_name(dataset, scope, level.parent_level))
    if dataset.as_of is not None:
        asked = dataset.as_of if scope.as_of is None else pd.Timestamp(scope.as_of).tz_convert(dataset.zone)
        later = words("as of {time}, later nothing is known", time=dataset.as_of)
        parts.append(later if asked > dataset.as_of else words("as of {time}", time=asked))
    return parts


def _area_name(dataset: Dataset, scope: Scope, level: str) -> str:
    """Return the name of a scope's area in its period, else its newest; of an unknown area its code."""
    every = dataset.cells(level, every=True)
    of_then = dataset.cells(level, dataset.edition_day(scope))
    names = pd.concat([cells.loc[cells["cell_id"] == scope.area, "name"] for cells in (every, of_then)])
    return str(names.iloc[-1]) if len(names) else str(scope.area)


def beside_sentence(beside: Mapping[str, int], words: Words) -> str:
    """Return what lies beside the reports of a scope, as `data.queries.beside` counts it; '' where nothing does."""
    parts = [words(_BESIDE[name], n=beside[name]) for name in _BESIDE if beside[name]]
    if not parts:
        return ""
    n = beside["every"] - sum(beside[name] for name in _BESIDE)
    return words(
        "Beside the {n} shown here: {parts}; {every} in all.", n=n, parts=words.listed(parts), every=beside["every"]
    )


_BESIDE = {
    "before": N_("{n} before this period"),
    "after": N_("{n} after it"),
    "no_time": N_("{n} without a full report time"),
    "voided": N_("{n} voided (in no figure here)"),
}


def incidents_for_people(incidents: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return incidents with hazards, remarks and attributes in words, missing texts empty."""
    if "attributes" in incidents:
        lines = [
            words.listed(f"{header}: {text}" for header, text in dict(one or ()).items())
            for one in incidents["attributes"]
        ]
        incidents = incidents.assign(attributes=lines)
    texts = incidents.select_dtypes(["object", "string", "category"]).columns
    incidents = slips_in_words(incidents, words)
    named = incidents.assign(**{column: incidents[column].astype(object).fillna("") for column in texts})
    return named.assign(
        hazard=[words(HAZARD_NAMES[code]) for code in named["hazard"]],
        remark=[remark_sentence(code, words) for code in named["remark"]],
    )


def slips_in_words(rows: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return rows with the likely reason in words where they lie far outside the boundary, any others as they are."""
    if "why" not in rows:
        return rows
    return rows.assign(why=[words(SLIPS[code]) for code in rows["why"]], km=rows["km"].round(1))


def claims(words: Words, codes: Iterable[str]) -> list[str]:
    """Return the word of each cell's claim, empty where there is none."""
    return [words(CLAIM_NAMES[code]) if code else "" for code in codes]


CLAIM_NAMES = {
    HOT_SPOT: N_("hot spot"),
    GATHER: N_("gathers"),
    HOT_PLACE: N_("in a hot place"),
    GATHER_PLACE: N_("in a gathering place"),
}


def ratio_words(words: Words, ratio: float | None, low: float | None, high: float | None) -> str:
    """Return a ratio with its limits, so sharp that 1 stays outside where it is; '' where there is none."""
    if ratio is None or low is None or high is None or np.isnan(ratio):
        return ""
    said = {
        name: f"{one:.2f}" if one < 9.995 else f"{one:.1f}"
        for name, one in zip(_LIMITS, (ratio, low, high), strict=True)
    }
    return words("×{ratio} ({low}–{high})", **said)


_LIMITS = ("ratio", "low", "high")


def change_words(words: Words, name: str, of: Any) -> str:
    """Return what became of a cell, or of all: `of` has now and before (events), ratio, low and high."""
    if not of.before:
        return words("{cell}: {before} → {now} events", cell=name, before=of.before, now=of.now)
    times = ratio_words(words, of.ratio, of.low, of.high)
    return words("{cell}: {before} → {now} events, {times}", cell=name, before=of.before, now=of.now, times=times)


PATTERNS = {  # of a cell and its neighbours, where it is beyond chance
    HIGH: N_("high"),
    LOW: N_("low"),
    "HH": N_("high among high"),
    "LL": N_("low among low"),
    "HL": N_("high among low"),
    "LH": N_("low among high"),
}


def patterns(words: Words, codes: Iterable[str]) -> list[str]:
    """Return how each cell stands among its neighbours, empty where that is within chance."""
    return [words(PATTERNS[code]) if code else "" for code in codes]


def rate_marks(words: Words, codes: Iterable[str]) -> list[str]:
    """Return why a rate carries little or is none, empty where it carries."""
    return [words(reckoning.MARKS[code]) if code else "" for code in codes]


def hot_spots_json(
    found: answers.HotSpots,
    groups: pd.DataFrame | None,
    methods: Sequence[str],
    words: Words,
    *,
    record: Record | None = None,
    doubted: Doubts | None = None,
    silent: Silent | None = None,
    rates: reckoning.CellRates | None = None,
    lately: Alarm | None = None,
) -> dict[str, Any]:
    """Return the hot spots of a screen as the command line gives them; p is raw, hot is after correction.

    `groups` are the clusters, where they are among the methods; `record` is what the record says of the claims,
    `doubted` what might fake them, `silent` the cells that never reported. Where calls are counted, observed and
    expected are calls; rates are of events always. `lately` is what has gathered in the last weeks.
    """
    result = found.result
    counted = "calls" if result.method == CALLS else "events"
    said = {} if record is None else _claims_json(record)
    beside = {} if doubted is None else doubts_json(doubted, words)

    def number(value: float) -> float | None:
        return None if np.isnan(value) else float(value)

    cells: list[Any] = list(found.cells.itertuples(index=False))
    clusters: list[Any] = [] if groups is None else list(groups.itertuples(index=False))
    return {
        "methods": list(methods),
        "reason": result.reason.say(words),
        "claim": result.claim,
        "count": counted,
        "exposure": result.exposure,
        "map_p": number(result.map_p),
        "calls": found.n_calls,
        "events": found.n_events,
        "left_out_one_spot": found.left_out,
        "elsewhere": found.n_elsewhere,
        "seed": found.seed,
        "cells": [
            {
                "cell_id": row.cell_id,
                "name": row.name,
                "calls": int(row.calls),
                "observed": int(getattr(row, counted)),
                "expected": float(row.expected),
                "ratio": number(row.ratio),
                "ratio_low": number(row.low),
                "ratio_high": number(row.high),
                "p": number(row.p),
                "z": number(row.z),
                "pattern": row.pattern,
                "hot": bool(row.hot),
                "claim": row.claim,
                "by": row.by,
                "needed": int(row.needed),
                **(said.get(row.cell_id, {}) if row.hot else {}),
                **({} if doubted is None else {"doubts": beside.get(row.cell_id)}),
            }
            for row in cells
        ]
        if counted == "calls" or set(methods) - {"dbscan"}
        else [],
        "clusters": [
            {
                "method": "scan",
                "cell_ids": found.cells["cell_id"].to_numpy()[list(place.members)].tolist(),
                "observed": place.observed,
                "expected": place.expected,
                "ratio": number(place.ratio) if np.isfinite(place.ratio) else None,
                "p": place.p,
                "part": found.cells["cell_id"].to_numpy()[list(place.part)].tolist(),
                "claim": result.claim,
            }
            for place in result.places
            if "scan" in methods
        ]
        + [
            {
                "method": "dbscan",
                "cell_ids": list(row.cell_ids),
                "observed": int(row.members),
                "expected": None,
                "p": None,
                "radius_m": float(row.radius_m),
                "lon": float(row.lon),
                "lat": float(row.lat),
                "hazard": row.hazard,
                "first": row.first,
                "last": row.last,
            }
            for row in clusters
        ],
        **({} if record is None else record_json(record, words)),
        "rates": reckoning.rates_json(rates),
        **({} if lately is None else {"lately": lately_json(lately, words)}),
        **({} if doubted is None else {"doubts_untold": [one.say(words) for one in doubted.untold]}),
        **({} if silent is None else {"silent": silent_json(silent, words)}),
    }


def lately_json(found: Alarm, words: Words) -> dict[str, Any]:
    """Return what has gathered in the last weeks as the command line gives it."""
    rows: list[Any] = list(found.clusters.itertuples(index=False))
    return {
        "first": found.first,
        "last_day": found.last_day,
        "days": found.days,
        "events": found.n_events,
        "sources_left_out": list(found.sources_left_out),
        "clusters": [
            {
                "cell_ids": list(row.cell_ids),
                "observed": int(row.observed),
                "expected": float(row.expected),
                "p": float(row.p),
                "first_day": row.first_day,
                "last_day": row.last_day,
                "alarm": bool(row.alarm),
                "hazards": list(row.hazards),
                "open": int(row.open),
                "lon": None if np.isnan(row.lon) else float(row.lon),
                "lat": None if np.isnan(row.lat) else float(row.lat),
            }
            for row in rows
        ],
        "sentence": found.finding.say(words),
        "reason": words.joined(one.say(words) for one in (found.reason, *found.remarks) if one != found.finding),
    }


def _claims_json(record: Record) -> dict[str, dict[str, Any]]:
    """Return what the record says of each cell, by cell_id."""
    change = {} if record.compared is None else record.compared.cells.set_index("cell_id")["change"].to_dict()
    rows: list[Any] = list(record.cells.itertuples(index=False))
    return {
        row.cell_id: {
            "since": None if pd.isna(row.since) else f"{row.since:%Y-%m}",
            "since_or_earlier": bool(row.since_or_earlier),
            "trend": row.trend or None,
            "chronic": None if pd.isna(row.chronic) else int(row.chronic),
            "change": change.get(row.cell_id) or None,
        }
        for row in rows
    }


def record_json(record: Record, words: Words) -> dict[str, Any]:
    """Return the record behind the claims: its months, the period before, and the chronic sites in claimed cells."""
    compared = None
    if record.compared is not None:
        cells, before = record.compared.cells, record.compared.before
        changed = cells[cells["change"] != ""]
        compared = {
            "start": before.start,
            "end": before.end,
            **_figures(record.compared.every),
            "left_out": list(record.compared.left_out),
            **{name: cells.loc[cells["change"] == name, "cell_id"].tolist() for name in (NEW, STAYED, GONE)},
            "cells": [
                {"cell_id": row.cell_id, "name": row.name, "change": row.change, **_figures(row)}
                for row in changed.itertuples(index=False)
            ],
            "sentence": REGRESSION.say(words),
            "redrawn": record.compared.redrawn,
            "begun_before": record.compared.begun_before,
            "note": record.compared.note and record.compared.note.say(words),
        }
    claimed = record.sites[record.sites["cell_id"].isin(record.months["cell_id"])]
    sites = claimed.astype(object).mask(claimed.isna(), None).to_dict("records")
    return {
        "record": {
            "first": record.first,
            "last": record.last,
            "begun_before": record.begun_before,
            "left_out": list(record.left_out),
            "sentence": record.sentence.say(words),
        },
        "compared": compared,
        "compared_reason": record.compared_reason and record.compared_reason.say(words),
        "sites": sites,
        "sites_rule": record.sites_rule.say(words),
        "sites_rest_on": record.rests_on(words) or None,
        "sites_events": record.sites_events,
        "sites_closed": record.sites_closed,
        "sites_reason": record.sites_reason and record.sites_reason.say(words),
    }


def _figures(of: Any) -> dict[str, Any]:
    """Return the events of two periods and their ratio with its interval; None for what is no number, or infinite."""
    ratios = {name: float(getattr(of, name)) for name in ("ratio", "low", "high")}
    told = {name: value if np.isfinite(value) else None for name, value in ratios.items()}
    return {"now": int(of.now), "before": int(of.before), **told}


def doubts_json(doubted: Doubts, words: Words) -> dict[str, list[dict[str, Any]]]:
    """Return what might fake each claim, by cell: figures, null where there is none, and a sentence."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row, sentence in zip(doubted.rows.itertuples(index=False), doubted.sentences, strict=True):
        one: Any = row
        found.setdefault(one.cell_id, []).append(
            {
                "code": one.code,
                "suspects": None if pd.isna(one.suspects) else int(one.suspects),
                "events": int(one.events),
                "share": None if pd.isna(one.share) else float(one.share),
                "found": bool(one.found),
                "survives": None if pd.isna(one.survives) else bool(one.survives),
                "sentence": sentence.say(words),
            }
        )
    return found


def silent_json(silent: Silent, words: Words) -> dict[str, Any]:
    """Return the cells that never reported, and a sentence if there are any."""
    cells = silent.cells.astype(object).mask(silent.cells.isna(), None)
    return {"sentence": silent.sentence and silent.sentence.say(words), "cells": cells.to_dict("records")}
