"""What became of a work as tables: months, cells, placebos and verdicts; handed out as a workbook, GeoPackage, JSON."""

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
import shapely

from analysis.evaluation import AFTER, BEFORE, CHOICE
from base.text import N_, Sentence, Words
from data.dataset import Dataset
from data.project_checks import margins
from data.schema import Scope
from geo.shares import with_margin
from reports import answers
from reports.evaluation import COUNTED, EXPOSURES, ROLE_NAMES, Evaluation, Placebos, placebos, second_opinion
from reports.evaluation_words import (
    VERDICTS,
    beyond,
    figures,
    main,
    name_of,
    placebo_lines,
    ratio,
    rests_on,
    second_line,
    verdict_words,
    why,
)
from reports.geopackage import GEOMETRY, MULTIPOLYGON, Layer, write_geopackage
from reports.sheet import Sheet, write_book
from reports.work_times import MONTHS, PHASE_NAMES

MONTH_TITLES = {
    "month": N_("Month"),
    "phase": N_("Phase"),
    "exposure": N_("Wet days, mm or months"),
    "count": N_("Of the project's cells"),
    "expected": N_("Expected from the cells compared with"),
    "others": N_("Of the cells compared with, mean"),
}
CELL_TITLES = {
    "cell_id": N_("Code"),
    "name": N_("Cell"),
    "role": N_("Part in the comparison"),
    "share": N_("Share of the cell covered"),
    "before": N_("Before"),
    "after": N_("After"),
    "rate_before": N_("Rate before"),
    "rate_after": N_("Rate after"),
    "level": N_("Level matched on"),
    "distance": N_("Times as high or low as the project's"),
}
PLACEBO_TITLES = {
    "kind": N_("Placebo"),
    "name": N_("Cell or day"),
    "rate_ratio": N_("Ratio"),
    "low": N_("From"),
    "high": N_("To"),
    "reports_before": N_("Before"),
    "reports_after": N_("After"),
    "verdict": N_("Verdict"),
}
VERDICT_TITLES = {
    "project_id": N_("Project number"),
    "name": N_("Project name"),
    "finished_on": N_("Finished on"),
    "verdict": N_("Verdict"),
    "rate_ratio": N_("Ratio"),
    "low": N_("From"),
    "high": N_("To"),
    "wet_days_before": N_("Wet days (or mm, months) before"),
    "wet_days_after": N_("Wet days (or mm, months) after"),
}


def months(found: Evaluation) -> pd.DataFrame:
    """Return the counts by month and phase: month, phase, exposure, count, expected, others.

    `expected` is what the cells compared with had, raised to the level of the project's: its sum after the work is that
    of the effect, and its sum before is the count before (but for a level that was drawn in). NaN in phases that are
    not compared. `others` is the mean of a cell compared with.
    """
    effect, periods = found.effect, found.times.periods
    compared = np.isin(found.phase, [CHOICE if effect.selected else BEFORE, AFTER]) & (found.wet > 0)
    total = found.counts[found.controls].sum(axis=0)
    return pd.DataFrame(
        {
            "month": periods["start"].dt.strftime("%Y-%m"), "phase": periods["phase"], "exposure": found.wet,
            "count": found.counts[found.place].sum(axis=0).astype(int),
            "expected": np.where(compared, total * effect.expected / effect.controls_after, np.nan),
            "others": total / max(int(found.controls.sum()), 1),
        }
    )  # fmt: skip


def placebo_rows(told: Placebos, words: Words) -> pd.DataFrame:
    """Return all placebos as rows for people: the columns of `PLACEBO_TITLES`."""
    cells = told.cells.assign(kind=words("Other cells"))
    dates = told.dates.assign(kind=words("Earlier days"), name=[words.date(day) for day in told.dates["day"]])
    rows = [one[list(PLACEBO_TITLES)] for one in (cells, dates) if len(one)]
    every = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=list(PLACEBO_TITLES))
    return every.assign(verdict=[words(VERDICTS[code]) for code in every["verdict"]])


def cell_rows(found: Evaluation, words: Words) -> pd.DataFrame:
    """Return the cells as rows for people, those that are compared first."""
    order = {role: at for at, role in enumerate(ROLE_NAMES)}
    rows = found.cells.assign(at=found.cells["role"].map(order)).sort_values(["at", "cell_id"], kind="stable")
    return rows.assign(role=[words(ROLE_NAMES[role]) for role in rows["role"]]).drop(columns="at")


def verdict_rows(rows: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Return the verdicts of `reports.evaluation.verdicts` as rows for people."""
    return rows.assign(
        verdict=[one.say(words) for one in verdict_words(rows)],
        finished_on=[day.isoformat() for day in rows["finished_on"]],
        name=[name_of(one) for one in rows.to_dict("records")],
        **{name: rows[name].astype(float).round(3) for name in ("rate_ratio", "low", "high")},
        **{name: rows[name].astype(float).round(1) for name in ("wet_days_before", "wet_days_after")},
    )


def sentences(found: Evaluation, told: Placebos | None = None) -> list[Sentence]:
    """Return all that is said of a work, the verdict first."""
    lines = [main(found), why(found), *beyond(found), *rests_on(found)]
    if told is not None:
        lines += placebo_lines(found, told)
        lines.append(second_line(second_opinion(found)))
    return lines


def about(dataset: Dataset, found: Evaluation, told: Placebos, words: Words) -> list[str]:
    """Return what a download is, a line each."""
    lines = [words("Example data, invented")] if dataset.is_demo else []
    lines += [words("Hazard Hotspots"), words("Before and after"), str(found.project["project_id"])]
    lines += [one.say(words) for one in sentences(found, told)]
    return [*lines, words("data version {n}", n=dataset.version) + " · " + dataset.fingerprint[:8]]


def workbook(dataset: Dataset, found: Evaluation, words: Words) -> bytes:
    """Return a work with its figures, months, cells and placebos as a workbook."""
    told = placebos(found)

    def titled(titles: dict[str, str]) -> dict[str, str]:
        return {name: words(title) for name, title in titles.items()}

    head = pd.DataFrame(
        [[part.say(words) for part in (one.title, one.value, one.below)] for one in figures(found)],
        columns=["figure", "value", "below"],
    )
    by_month = months(found)
    by_month["phase"] = [words(PHASE_NAMES[phase]) for phase in by_month["phase"]]
    sheets = [
        Sheet(
            words("Before and after"), head,
            {"figure": words("Figure"), "value": words("Result"), "below": words("With it")},
            notes=[main(found).say(words), why(found).say(words)],
        ),
        Sheet(words("By month"), by_month.round({"expected": 2, "others": 3}), titled(MONTH_TITLES)),
        Sheet(words("Cells"), cell_rows(found, words).round(4), titled(CELL_TITLES)),
        Sheet(
            words("Placebos"), placebo_rows(told, words).round(3), titled(PLACEBO_TITLES),
            empty=words("No cell is left in whose place a work could be pretended."),
        ),
    ]  # fmt: skip
    return write_book(sheets, notes=about(dataset, found, told, words), words=words)


def geopackage(dataset: Dataset, found: Evaluation, words: Words) -> bytes:
    """Return a work as a GeoPackage: the cells with their part, counts and rates, the project as drawn, and a text."""
    told = placebos(found)
    cells = answers.cells_of(dataset, Scope(found.level, end=found.times.end))
    outlines = cells.set_index("cell_id").geometry.loc[found.cells["cell_id"]].to_numpy()
    frame = found.cells.assign(role_name=[words(ROLE_NAMES[role]) for role in found.cells["role"]])
    layers = [Layer("cells", words("Before and after"), frame, MULTIPOLYGON, outlines)]
    projects = dataset.projects()
    own = projects[projects["project_id"] == found.project["project_id"]]
    ground = with_margin(own.geometry.to_numpy(), margins(own))
    if not shapely.is_missing(ground).any():
        one = pd.DataFrame(json_row(found, words), index=[0])[["project_id", "name", "verdict", "rate_ratio"]]
        layers.append(Layer("project", words("Drainage projects"), one, GEOMETRY, ground))
    layers.append(Layer("about", words("About"), pd.DataFrame({"text": about(dataset, found, told, words)})))
    when = dataset.named.when or "1970-01-01T00:00:00+00:00"
    return write_geopackage(layers, changed=dt.datetime.fromisoformat(when))


def json_row(found: Evaluation, words: Words) -> dict[str, Any]:
    """Return the effect of a work with its verdict, for programs, in plain values."""
    effect, rain = found.effect, found.measure != MONTHS
    rates = dict(
        zip(("rate_before", "rate_after", "controls_rate_before", "controls_rate_after"), found.rates, strict=True)
    )
    return {
        "project_id": found.project["project_id"], "name": found.project["name"], "verdict": found.verdict,
        "rate_ratio": _plain(effect.rate_ratio), "low": _plain(effect.low), "high": _plain(effect.high),
        "p": _plain(effect.p), "confidence": effect.confidence,
        "wet_days_before": _plain(effect.wet_days_before) if rain else None,
        "wet_days_after": _plain(effect.wet_days_after) if rain else None,
        "months_before": None if rain else _plain(effect.wet_days_before),
        "months_after": None if rain else _plain(effect.wet_days_after),
        "before": effect.reports_before, "after": effect.reports_after, "expected": _plain(effect.expected),
        **{name: _plain(value) for name, value in rates.items()},
        "smallest": _plain(found.smallest), "enough": _plain(found.enough), "measure": found.measure,
        "count": found.asked.count,
        "above_mm": found.times.above_mm if rain else None, "method": effect.method, "spread": _plain(effect.spread),
        "sentence": main(found).say(words),
    }  # fmt: skip


def to_json(found: Evaluation, words: Words) -> dict[str, Any]:
    """Return all that is told of a work, for programs."""
    told, times = placebos(found), found.times
    cells = found.cells
    choice = [one.isoformat() for one in times.choice] if times.choice else None
    return {
        **json_row(found, words),
        "level": found.level, "start": times.start.isoformat(), "end": times.end.isoformat(), "choice": choice,
        "choice_by": times.chosen_by, "works_from": times.works_from.isoformat() if times.works_known else None,
        "finished": times.finished.isoformat(),
        "cells": cells.loc[cells["role"] == "place", "cell_id"].tolist(),
        "controls": cells.loc[found.controls, "cell_id"].tolist(),
        "left_out": {
            str(role): rows["cell_id"].tolist()
            for role, rows in cells.groupby("role") if role not in ("place", "control", "other")
        },
        "apart": dict(found.apart), "other_works": list(found.other_works),
        "placebo_cells": _records(told.cells), "placebo_dates": _records(told.dates),
        "placebo_share": _plain(told.share),
        "sentences": [one.say(words) for one in sentences(found, told)],
    }  # fmt: skip


def plain_lines(found: Evaluation, words: Words) -> list[str]:
    """Return a work in sentences and figures, for a terminal."""
    lines = [one.say(words) for one in (main(found), why(found), *beyond(found))]
    lines.append(f"{words(COUNTED[found.asked.count])} · {words(EXPOSURES[found.measure])}")
    lines += [f"- {one.say(words)}" for one in sentences(found, placebos(found))[2 + len(beyond(found)) :]]
    return lines


def plain_verdicts(rows: pd.DataFrame, words: Words) -> list[str]:
    """Return the verdicts of all finished projects, a line each, for a terminal."""
    if not len(rows):
        return [words("No project is finished yet")]
    lines = []
    for row, verdict in zip(rows.to_dict("records"), verdict_words(rows), strict=True):
        parts = [str(row["project_id"]), str(row["name"]), words("finished {day}", day=row["finished_on"])]
        parts.append(verdict.say(words))
        if row["verdict"]:
            parts.append(ratio(row["rate_ratio"], row["low"], row["high"]).say(words))
        lines.append(" · ".join(part for part in parts if part))
    return lines


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return int(value) if isinstance(value, np.integer) else value
