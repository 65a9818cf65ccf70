"""The rain at which reports begin and a forecast in words, rows and files."""

import math
from typing import Any

import numpy as np
import pandas as pd

from analysis.onset_rain import EVERY_RAIN, FEW, NO_RELATION, NO_REPORT
from base.errors import HazardError
from base.text import N_, Listed, Sentence, Words
from data.dataset import Dataset
from reports.rain_onset import Forecast, Onsets
from reports.sheet import Sheet, write_book, write_csv
from reports.times_words import percent

MOST_NAMED = 3
REASONS = {
    FEW: N_("too few events"),
    NO_REPORT: N_("no rain brought a report"),
    EVERY_RAIN: N_("every rain brought a report"),
    NO_RELATION: N_("reports do not clearly rise with the rain"),
}
TITLES = {
    "rank": N_("Rank"), "cell_id": N_("Cell"), "name": N_("Name"), "chance": N_("Chance of a report"),
    "chance_low": N_("Chance, low"), "chance_high": N_("Chance, high"), "so_deep": N_("Rains as deep or deeper"),
    "so_deep_reported": N_("Of these with a report"), "begins_mm": N_("Every second rain brings a report from (mm)"),
    "low_mm": N_("From (mm), low"), "high_mm": N_("From (mm), high"), "rains": N_("Rains"),
    "reported": N_("Rains with a report"), "heaviest_mm": N_("Deepest rain seen (mm)"), "gauges": N_("Rain gauge"),
    "why": N_("Why"),
}  # fmt: skip


def main(found: Forecast) -> Sentence:
    """Return the finding in one sentence, without a full stop."""
    first = found.ranked.head(MOST_NAMED)
    if not len(first):
        return Sentence(
            N_("For a rain of {mm} mm no cell can be named: too few rains brought reports"), {"mm": found.mm}
        )
    names = [
        Sentence(N_("{name} ({chance})"), {"name": row["name"] or row["cell_id"], "chance": percent(row["chance"])})
        for row in first.to_dict("records")
    ]
    return Sentence(N_("At {mm} mm reports are likeliest in {cells}"), {"mm": found.mm, "cells": Listed(names)})


def beside(found: Forecast) -> list[Sentence]:
    """Return what has to be known beside the list of a forecast."""
    lines = []
    if len(found.ranked):
        lines.append(
            Sentence(
                N_(
                    "Of {n} cells about {expected} will have a report; where intervals overlap, cells may change "
                    "places."
                ),
                {"n": len(found.ranked), "expected": round(found.expected, 1)},
            )
        )
    if len(found.apart):
        lines.append(Sentence(N_("Cells of which no chance can be told, listed apart: {n}."), {"n": len(found.apart)}))
    deepest = found.onsets.table["heaviest_mm"].max()
    if found.mm > deepest:
        lines.append(
            Sentence(
                N_("No rain so deep is in the record: the deepest had {mm} mm. The chances are drawn out beyond it."),
                {"mm": round(float(deepest), 1)},
            )
        )
    if found.peak is not None and not found.onsets.hourly:
        lines.append(Sentence(N_("The largest hour does not count: not all readings here are hourly.")))
    return lines


def rests_on(found: Onsets) -> list[Sentence]:
    """Return what the curves rest on, a sentence each."""
    lines = [
        Sentence(
            N_(
                "{counted} of {rains} rains from {start} to before {end} count; of the others rain or reports are not "
                "known."
            ),
            {"counted": found.rains - found.unclear, "rains": found.rains, "start": found.start, "end": found.end},
        ),
        Sentence(
            N_("Waterlogging events: {n} = {in_rain} in these rains + {unclear} where the rain is not known + {dry} "
               "without rain."),
            {"n": found.events, "in_rain": found.in_rain, "unclear": found.in_unclear, "dry": found.without_rain},
        ),
        Sentence(
            N_("With readings of a day a rain is told by its wettest day, and the depth typed in is that of a day.")
            if found.daily
            else N_("A rain is told by its depth in all, and by its largest hour where readings are hourly.")
        ),
        Sentence(
            N_("For each cell the gauge counts whose area names it or what it lies in; else the mean of all gauges.")
        ),
        Sentence(
            N_("The chance follows the logarithm of the depth (logistic, Firth's penalty; 95% intervals by profile). "
               "Each cell is told from its own rains alone; with fewer than five rains with, or without, a report "
               "nothing is told.")
        ),
    ]  # fmt: skip
    if found.aside:
        lines.append(
            Sentence(
                N_("Gauges that do not count, for their readings are of another length: {names}."),
                {"names": Listed(found.aside)},
            )
        )
    if found.left_out:
        lines.append(
            Sentence(
                N_("Sources of reports that do not cover these months: {names}."), {"names": Listed(found.left_out)}
            )
        )
    return lines


def begins(row: Any) -> Sentence:
    """Return the rain at which reports begin in a cell."""
    if row["reason"]:
        return Sentence(
            N_("{why}: {reported} of {rains} rains brought a report"),
            {"why": Sentence(REASONS[row["reason"]]), "reported": int(row["reported"]), "rains": int(row["rains"])},
        )
    if row["begins_mm"] > row["heaviest_mm"]:
        return Sentence(
            N_("not every second rain brings a report, up to the deepest seen ({mm} mm)"),
            {"mm": _mm(row["heaviest_mm"])},
        )
    if not math.isfinite(row["high_mm"]) or row["high_mm"] > 2 * row["heaviest_mm"]:
        return Sentence(
            N_("about {mm} mm (95%: from {low} mm on, no upper end)"),
            {"mm": _mm(row["begins_mm"]), "low": _mm(row["low_mm"])},
        )
    return Sentence(
        N_("about {mm} mm (95%: {low} to {high} mm)"),
        {"mm": _mm(row["begins_mm"]), "low": _mm(row["low_mm"]), "high": _mm(row["high_mm"])},
    )


def rows(table: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return cells as they stand in a table for people: said (chance with interval), begins, so_deep_said, why."""
    records = table.to_dict("records")
    said = table.assign(
        begins=[begins(row).say(words) for row in records],
        why=[words(REASONS[code]) if code else "" for code in table["reason"]],
        seen=[
            words("{reported} of {n}", reported=int(row["so_deep_reported"]), n=int(row["so_deep"])) for row in records
        ],
    )
    if "chance" in table:
        said["chance_said"] = [percent(row["chance"]) for row in records]
        said["interval"] = [f"{percent(row['chance_low'])} – {percent(row['chance_high'])}" for row in records]
    return said


def titles(words: Words) -> dict[str, str]:
    """Return the titles of the columns as they are handed out."""
    return {name: words(title) for name, title in TITLES.items()}


def for_terminal(words: Words) -> dict[str, str]:
    """Return the titles of the columns of `rows` where there is little room."""
    return {
        "rank": words("Rank"), "name": words("Name"), "chance_said": words("Chance of a report"),
        "interval": words("95% interval"), "seen": words("Rains so deep, with a report"),
        "begins": words("Every second rain brings a report from"),
    }  # fmt: skip


def lines(found: Forecast, words: Words) -> list[str]:
    """Return the sentences of a forecast."""
    told = [words("{finding}.", finding=main(found)), *(one.say(words) for one in beside(found))]
    return [*told, *(one.say(words) for one in rests_on(found.onsets))]


def workbook(dataset: Dataset, found: Forecast, words: Words) -> bytes:
    """Return a forecast as a workbook: the ranking, the cells apart, what it rests on."""
    notes = [words("Example data, invented")] if dataset.is_demo else []
    notes += [words("Hazard Hotspots"), *lines(found, words)]
    notes.append(words("data version {n}", n=dataset.version) + " · " + dataset.fingerprint[:8])
    ranked, apart = (rows(one.replace(np.inf, np.nan), words) for one in (found.ranked, found.apart))
    sheets = [
        Sheet(words("Where to send pumps"), ranked, titles(words), empty=words("No cell can be named.")),
        Sheet(words("No chance told"), apart, titles(words), empty=words("There is none.")),
    ]
    return write_book(sheets, notes=notes, words=words)


def csv(found: Forecast, words: Words) -> bytes:
    """Return a forecast as CSV: the ranking, then the cells apart."""
    both = pd.concat([found.ranked.assign(rank=found.ranked["rank"].astype(object)), found.apart], ignore_index=True)
    both["rank"] = [None if pd.isna(one) else int(one) for one in both["rank"]]
    return write_csv(rows(both.replace(np.inf, np.nan), words), titles(words))


def file_of(dataset: Dataset, found: Forecast, words: Words, suffix: str, file: str) -> bytes:
    """Return a forecast as a file of the kind that a suffix tells.

    Raises
    ------
    HazardError
        ``file-kind-unknown``.
    """
    if suffix.lower() == ".csv":
        return csv(found, words)
    if suffix.lower() == ".xlsx":
        return workbook(dataset, found, words)
    raise HazardError("file-kind-unknown", "{file} ends in none of .xlsx and .csv.", file=file)


def as_json(found: Forecast, words: Words) -> dict[str, Any]:
    """Return a forecast for programs; what cannot be told is null."""
    return {
        "forecast_mm": found.mm, "peak_mm": found.peak, "sentence": main(found).say(words),
        "expected_cells": round(found.expected, 3), "cells": _records(found.ranked, words),
        "apart": _records(found.apart, words), "start": found.onsets.start.isoformat(),
        "end": found.onsets.end.isoformat(), "rains": found.onsets.rains, "unclear": found.onsets.unclear,
        "events": found.onsets.events, "in_rain": found.onsets.in_rain, "in_unclear": found.onsets.in_unclear,
        "without_rain": found.onsets.without_rain, "hourly": found.onsets.hourly, "daily": found.onsets.daily,
        "sentences": [one.say(words) for one in (*beside(found), *rests_on(found.onsets))],
    }  # fmt: skip


def _records(table: pd.DataFrame, words: Words) -> list[dict[str, Any]]:
    plain: list[dict[str, Any]] = []
    for row in table.to_dict("records"):
        told = {str(name): _plain(value) for name, value in row.items()}
        plain.append({**told, "reason": row["reason"] or None, "begins": begins(row).say(words)})
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value


def _mm(value: float) -> float | int:
    return round(value, 1) if value < 9.95 else round(value)
