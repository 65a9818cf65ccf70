"""Priorities as rows for people, as JSON, and as files: a workbook with a sheet a question, a GeoPackage of places."""

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from base.errors import HazardError
from base.text import N_, Sentence, Words
from data.dataset import Dataset
from data.projects import cells_of_projects
from reports import people, priority_words, terminal
from reports.answers import cells_of
from reports.candidates import REASONS
from reports.geopackage import MULTIPOLYGON, Layer, write_geopackage
from reports.need_table import Needs
from reports.priorities import GIVEN, PAIRS, Money, Priorities
from reports.projects import kind_name
from reports.sheet import Sheet, write_book
from reports.times_words import percent

TITLES = {  # of the list of projects
    "place": N_("Build"),
    "project_id": N_("Project number"),
    "name": N_("Project name"),
    "kind": N_("Project kind"),
    "cells": N_("Cells"),
    "area": N_("Area"),
    "cost": N_("Cost (yuan)"),
    "must": N_("Must be done"),
    "year": N_("Year of the plan"),
    "effect": N_("Effect assumed"),
    "avoided": N_("Avoided a year, alone"),
    "low": N_("95% interval from"),
    "high": N_("95% interval to"),
    "per_100k": N_("Avoided for 100,000 yuan"),
    "rank": N_("Rank by need"),
    "score": N_("Score"),
    "rank_low": N_("Rank in 90% of draws, from"),
    "rank_high": N_("Rank in 90% of draws, to"),
    "share_funded": N_("Funded by need in so many draws"),
    "rank_beside": N_("Rank without residents"),
    "in_list": N_("In the list in order of benefit"),
    "why": N_("Why"),
}
_WITH = N_("Rank with residents")
CURVE = {
    "budget": N_("Budget (yuan)"),
    "benefit": N_("Avoided a year"),
    "cost": N_("Cost (yuan)"),
    "optimal": N_("Proved to be the best"),
}
LISTS = {
    "list": N_("List"),
    "n": N_("Projects"),
    "cost": N_("Cost (yuan)"),
    "avoided": N_("Avoided a year"),
    "per": N_("Yuan for each one avoided a year"),
}
LEFT = {
    "project_id": N_("Project number"), "name": N_("Project name"), "cost": N_("Cost (yuan)"), "reason": N_("Reason"),
}  # fmt: skip
CELLS = {
    "cell_id": N_("Code"),
    "name": N_("Name"),
    "events": N_("Waterlogging events"),
    "years": N_("Years watched"),
    "rate": N_("Events a year, drawn towards the mean"),
    "rate_low": N_("95% interval from"),
    "rate_high": N_("95% interval to"),
    "households": N_("Households there"),
    "avoided": N_("Avoided a year"),
}


def ordered(found: Priorities) -> pd.DataFrame:
    """Return the rows as a list: those to build first, what avoids most for the money on top, then the rest by rank.

    place is 1, 2, ... of those to build, 0 of the others; why holds sentences.
    """
    rows = found.rows.assign(why=pd.Series(priority_words.why(found), dtype=object), place=0)
    rows.loc[found.chosen.index, "place"] = np.arange(1, len(found.chosen) + 1)
    rest = rows[~rows["chosen"]].sort_values(["rank", "project_id"])
    return pd.concat([rows.loc[found.chosen.index], rest])


def titles(found: Priorities, words: Words) -> dict[str, str]:
    """Return the titles of the list; columns that tell nothing here are left out."""
    named = {name: words(title) for name, title in TITLES.items()}
    if found.asked.without_residents:
        named["rank_beside"] = words(_WITH)
    if found.level_above is None:
        named.pop("area")
    if not found.asked.yearly:
        named.pop("year")
    return named


def for_people(found: Priorities, words: Words) -> pd.DataFrame:
    """Return the list with names in place of codes; numbers stay numbers."""
    rows = ordered(found)
    yes, no = words("yes"), words("no")
    return rows.assign(
        kind=[kind_name(one, words) for one in rows["kind"]], cells=[words.listed(one) for one in rows["cells"]],
        must=[yes if one else no for one in rows["must"]], in_list=[yes if one else no for one in rows["in_list"]],
        place=[words.number(one) if one else "–" for one in rows["place"]], year=rows["year"] + 1,
        avoided=rows["avoided"].round(2), low=rows["low"].round(2), high=rows["high"].round(2),
        per_100k=rows["per_100k"].round(3), score=rows["score"].round(4), why=[one.say(words) for one in rows["why"]],
    ).reset_index(drop=True)  # fmt: skip


def criteria_rows(found: Priorities, words: Words) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return what each criterion is of each project, and its titles with units; not known is empty."""
    codes = [one.code for one in found.needs.criteria]
    table = found.needs.table[["project_id", "name", *codes]].round(3)
    names = {one.code: f"{words(one.label)} ({words(one.unit)})" for one in found.needs.criteria}
    return table, {"project_id": words("Project number"), "name": words("Project name"), **names}


def definitions(needs: Needs, weights: Mapping[str, float], words: Words) -> pd.DataFrame:
    """Return what each criterion is, in which unit, and what it weighs: 0 where it is told beside."""
    return pd.DataFrame(
        {
            words("Criterion"): [words(one.label) for one in needs.criteria],
            words("Unit"): [words(one.unit) for one in needs.criteria],
            words("Weight"): [words.percent(weights.get(one.code, 0.0), 1) for one in needs.criteria],
            words("What it is"): [needs.definition(one.code).say(words) for one in needs.criteria],
        }
    )


def weights_of(found: Priorities) -> dict[str, float]:
    """Return the weight of each criterion by its code."""
    return dict(zip([one.code for one in found.criteria], found.weights.tolist(), strict=True))


def bars_rows(found: Priorities, words: Words) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the bars that make each score, and their titles."""
    codes = [one.code for one in found.criteria]
    bars = pd.DataFrame(found.bars, columns=codes).round(4)
    head = found.rows[["rank", "project_id", "name", "score"]].assign(score=found.rows["score"].round(4))
    rows = pd.concat([head, bars], axis=1).sort_values(["rank", "project_id"], ignore_index=True)
    named = {name: words(TITLES[name]) for name in ("rank", "project_id", "name", "score")}
    return rows, {**named, **{one.code: words(one.label) for one in found.criteria}}


def lists(found: Priorities, words: Words) -> pd.DataFrame:
    """Return the three lists beside each other: the best set, in order of benefit for the money, and by need."""
    rows = [
        (words("Best set for the money"), len(found.choice.chosen), found.choice.cost, found.choice.benefit),
        (words("In order of what they avoid for the money"), len(found.by_list.chosen), found.by_list.cost,
         found.by_list.benefit),
        (words("Going down the ranking by need"), int(found.rows["funded"].sum()), found.need_cost,
         found.need_avoided),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["list", "n", "cost", "avoided"])
    per = [
        round(cost / avoided, -2) if avoided else np.nan
        for cost, avoided in zip(frame["cost"], frame["avoided"], strict=True)
    ]
    return frame.assign(avoided=frame["avoided"].round(2), per=per)


def curve_rows(more: Money) -> pd.DataFrame:
    """Return the budget curve as rows."""
    curve = more.curve
    found = {"budget": curve.budgets, "benefit": curve.benefit, "cost": curve.cost, "optimal": curve.optimal}
    return pd.DataFrame(found)


def left_rows(found: Priorities, words: Words) -> pd.DataFrame:
    """Return the projects that cannot be chosen, and why."""
    return found.left.assign(reason=[words(REASONS[one]) for one in found.left["reason"]])


def sentences(found: Priorities, more: Money | None = None) -> list[Sentence | HazardError]:
    """Return all that is said, the finding first."""
    said: list[Sentence | HazardError] = [
        priority_words.optimum(found), *priority_words.beside(found), *priority_words.not_chosen(found),
        *priority_words.thin(found), *priority_words.weighing(found), priority_words.residents(found),
    ]  # fmt: skip
    if more is not None:
        said += [priority_words.bend(more), *priority_words.proved(more), priority_words.next_buy(found, more)]
    return [*said, *priority_words.rests_on(found)]


def say(one: Sentence | HazardError, words: Words) -> str:
    """Return a sentence, or a refusal that is an answer, in words."""
    return words.error(one) if isinstance(one, HazardError) else one.say(words)


def about(dataset: Dataset, found: Priorities, words: Words, more: Money | None = None) -> list[str]:
    """Return what a download is, a line each."""
    lines = [words("Example data, invented")] if dataset.is_demo else []
    scope = dataclasses.replace(
        found.scope, start=found.needs.start, end=found.needs.end, hazards=("waterlogging",)
    )  # what was in fact counted
    lines += [words("Hazard Hotspots"), words("Which drainage works first"), people.scope_words(words, dataset, scope)]
    lines.append(words("{sentence}.", sentence=priority_words.main(found)))
    lines += [say(one, words) for one in sentences(found, more)]
    return [*lines, words("data version {n}", n=dataset.version) + " · " + dataset.fingerprint[:8]]


def workbook(dataset: Dataset, found: Priorities, more: Money, words: Words) -> bytes:
    """Return priorities as a workbook."""
    bars, bar_titles = bars_rows(found, words)
    values, value_titles = criteria_rows(found, words)
    said = definitions(found.needs, weights_of(found), words)

    def named(given: Mapping[str, str]) -> dict[str, str]:
        return {name: words(title) for name, title in given.items()}

    curve = curve_rows(more).assign(optimal=[words("yes") if one else words("no") for one in more.curve.optimal])
    sheets = [
        Sheet(words("Projects"), for_people(found, words), titles(found, words)),
        Sheet(words("Not to be chosen"), left_rows(found, words), named(LEFT), empty=words("None.")),
        Sheet(words("Scores"), bars, bar_titles, notes=[one.say(words) for one in priority_words.weighing(found)]),
        Sheet(words("Criteria"), values, value_titles),
        Sheet(words("What criteria are"), said, {str(name): str(name) for name in said}),
        Sheet(words("Lists compared"), lists(found, words), named(LISTS)),
        Sheet(words("Budget curve"), curve, named(CURVE), notes=[priority_words.bend(more).say(words)]),
        Sheet(words("Cells"), found.cells.round(4), named(CELLS)),
    ]
    return write_book(sheets, notes=about(dataset, found, words, more), words=words)


def geopackage(dataset: Dataset, found: Priorities, more: Money, words: Words) -> bytes:
    """Return priorities as a GeoPackage: projects with the ground they cover, cells, and a table about."""
    projects = dataset.projects()
    covers = cells_of_projects(dataset, projects, found.scope.level)
    outlines = dataset.cells(found.scope.level).set_index("cell_id").geometry
    ground = {
        str(number): shapely.union_all(outlines.reindex(rows["cell_id"]).to_numpy())
        for number, rows in covers.groupby("project_id")
    }
    rows = ordered(found)
    plain = rows.drop(columns=["why", "cells", "alternatives"]).assign(
        cells=[words.listed(one) for one in rows["cells"]], why=[one.say(words) for one in rows["why"]],
        year=rows["year"] + 1,
    )  # fmt: skip
    cells = cells_of(dataset, dataclasses.replace(found.scope, start=found.needs.start, end=found.needs.end))
    shapes: NDArray[np.object_] = np.array([ground[one] for one in plain["project_id"]], dtype=object)
    layers = [
        Layer(
            "projects", words("Projects with the cells they cover"), plain.reset_index(drop=True), MULTIPOLYGON, shapes
        ),
        Layer("cells", words("Cells"), found.cells, MULTIPOLYGON, cells.geometry.to_numpy()),
        Layer("not_to_be_chosen", words("Not to be chosen"), left_rows(found, words).drop(columns="must")),
        Layer("about", words("About"), pd.DataFrame({"text": about(dataset, found, words, more)})),
    ]
    changed = dataset.as_of or pd.Timestamp(0, tz="UTC")
    return write_geopackage(layers, changed=changed)


def file_of(dataset: Dataset, found: Priorities, more: Money, words: Words, suffix: str, file: str) -> bytes:
    """Return priorities as a file of the kind that a suffix tells.

    Raises
    ------
    HazardError
        ``file-kind-unknown``.
    """
    check_kind(suffix, file)
    write = workbook if suffix.lower() == ".xlsx" else geopackage
    return write(dataset, found, more, words)


def check_kind(suffix: str, file: str) -> None:
    """Refuse a file whose kind nobody writes."""
    if suffix.lower() not in (".xlsx", ".gpkg"):
        raise HazardError("file-kind-unknown", "{file} ends in neither .xlsx nor .gpkg.", file=file)


def as_json(found: Priorities, more: Money, words: Words) -> dict[str, Any]:
    """Return priorities for programs: numbers as they are, what is not known as null."""
    ids = found.rows["project_id"].tolist()
    codes = [one.code for one in found.criteria]
    names = (
        "project_id", "name", "kind", "status", "cost", "must", "area", "chosen", "score", "rank", "share_funded",
        "rank_low", "rank_high", "rank_lowest", "rank_highest", "effect", "avoided", "low", "high", "per_100k",
        "in_list",
    )  # fmt: skip
    ranking = []
    why = priority_words.why(found)
    beside = "rank_with_residents" if found.asked.without_residents else "rank_without_residents"
    for at in found.rows.sort_values(["rank", "project_id"]).index.tolist():
        row = found.rows.loc[at]
        year = None if pd.isna(row["year"]) else int(row["year"]) + 1
        ranking.append(
            {
                **{name: _plain(row[name]) for name in names}, "funded_by_need": bool(row["funded"]),
                beside: int(row["rank_beside"]), "year": year, "cells": list(row["cells"]), "why": why[at].say(words),
                "bars": dict(zip(codes, found.bars[at].tolist(), strict=True)),
                "not_known": [code for code, gap in zip(codes, found.unknown[at], strict=True) if gap],
            }
        )  # fmt: skip
    choice, curve, compared = found.choice, more.curve, found.compared
    return {
        "chosen": found.chosen["project_id"].tolist(), "cost": choice.cost, "benefit": choice.benefit,
        "unit": found.asked.unit, "low": found.low, "high": found.high, "of": found.yearly_all,
        "gap": _plain(choice.gap), "optimal": choice.optimal, "bound": _plain(choice.bound),
        "budget": found.asked.budget,
        "ranking": ranking, "weights": weights_of(found), "method": found.asked.method, "effects": found.effects,
        "consistency_ratio": None if compared is None else compared.consistency_ratio,
        "by_benefit": _list(found.by_list.chosen, ids, found.by_list.cost, found.by_list.benefit),
        "by_need": _list(np.flatnonzero(found.rows["funded"]), ids, found.need_cost, found.need_avoided),
        "not_choosable": found.left.assign(
            sentence=[words(REASONS[one]) for one in found.left["reason"]]
        )[["project_id", "name", "reason", "sentence"]].to_dict("records"),
        "curve": [{str(name): _plain(one) for name, one in row.items()} for row in curve_rows(more).to_dict("records")],
        "bend": None if curve.knee is None else float(curve.budgets[curve.knee]),
        "next_buy": None if more.next_buy is None else {
            "more": found.asked.more, "joins": [ids[one] for one in more.next_buy.joins],
            "leaves": [ids[one] for one in more.next_buy.leaves], "gain": more.next_buy.gain,
            "cost": more.next_buy.cost,
        },
        "period": {"start": found.needs.start, "end": found.needs.end, "months": found.needs.months},
        "seed": found.asked.seed, "draws": found.asked.draws,
        "sentence": priority_words.main(found).say(words),
        "sentences": [say(one, words) for one in sentences(found, more)],
    }  # fmt: skip


def _list(positions: Any, ids: list[str], cost: float, benefit: float) -> dict[str, Any]:
    return {"chosen": [ids[one] for one in positions], "cost": cost, "benefit": benefit}


def _plain(value: Any) -> Any:
    """Return a value for JSON, which knows neither NaN nor infinity."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value


def for_terminal(found: Priorities, more: Money, words: Words) -> list[str]:
    """Return priorities as lines."""
    shown = for_people(found, words)
    names = ("place", "project_id", "name", "cost", "avoided", "per_100k", "rank", "share_funded")
    rows = shown.assign(share_funded=[percent(one) for one in shown["share_funded"]])
    lines = [words("{sentence}.", sentence=priority_words.main(found))]
    lines += terminal.table(rows, {name: words(TITLES[name]) for name in names}, words)
    return [*lines, *(say(one, words) for one in sentences(found, more))]


def read_weights(content: bytes, file: str, known: tuple[str, ...]) -> dict[str, Any]:
    """Return the weighing that a JSON file asks for, as fields of `reports.priorities.Asked`.

    ``{"events": 3, "chronic": 2}``; or comparisons ``{"pairs": [["events", "chronic", 3], ...]}``; or one of
    ``{"weighing": "equal"}`` and ``{"weighing": "entropy"}``, with ``"criteria": [...]`` if not the usual ones.

    Raises
    ------
    HazardError
        ``weights-unreadable``; ``criterion-unknown``.
    """
    try:
        given = json.loads(content.decode("utf-8-sig"))
        if not isinstance(given, dict) or not given:
            raise TypeError
        if "pairs" in given:
            pairs = tuple((str(one), str(other), float(value)) for one, other, value in given["pairs"])
            codes = tuple(dict.fromkeys(code for one, other, _ in pairs for code in (one, other)))
            found: dict[str, Any] = {"weighing": PAIRS, "pairs": pairs, "criteria": codes}
        elif "weighing" in given:
            codes = tuple(map(str, given.get("criteria", ())))
            found = {"weighing": str(given["weighing"]), "criteria": codes}
        else:
            codes = tuple(map(str, given))
            found = {"weighing": GIVEN, "weights": tuple((str(code), float(value)) for code, value in given.items())}
    except (ValueError, TypeError):
        raise HazardError(
            "weights-unreadable",
            "{file} holds no weights: write JSON such as {example}, or comparisons such as {pairs}.",
            file=file, example='{"events": 3, "chronic": 2}', pairs='{"pairs": [["events", "chronic", 3]]}',
        ) from None  # fmt: skip
    for code in codes:
        if code not in known:
            raise HazardError(
                "criterion-unknown", "There is no criterion named {code} here; known: {known}.",
                code=code, known=", ".join(known),
            )  # fmt: skip
    return found
