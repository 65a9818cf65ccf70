"""Priorities as the pictures and small tables of a page take them: bars, ranks, the same without residents."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.ranking import Robustness
from base.text import N_, Sentence, Words, told_share
from data.dataset import Dataset
from data.projects import cells_of_projects
from reports import priority_words
from reports.choropleth import short_names
from reports.priorities import FIRM, Asked, Priorities
from reports.priority_tables import TITLES, for_people
from reports.times_words import percent

MOST_SHOWN = 40  # projects in a picture
WHO = {"resident": N_("residents"), "office": N_("patrol or office"), "unknown": N_("not known")}
ROBUST = {
    "project_id": N_("Project number"),
    "name": N_("Project name"),
    "chosen": N_("Build"),
    "rank": N_("Rank by need"),
    "near": N_("Ranks, weights near those chosen"),
    "near_funded": N_("Funded, weights near those chosen"),
    "all": N_("Ranks, all weights"),
    "all_funded": N_("Funded, all weights"),
}
RESIDENTS = {
    "project_id": N_("Project number"),
    "name": N_("Project name"),
    "rank_with": N_("Rank with residents"),
    "rank_without": N_("Rank without residents"),
    "chosen_with": N_("Build, with residents"),
    "chosen_without": N_("Build, without residents"),
    "avoided_with": N_("Avoided a year, with residents"),
    "avoided_without": N_("Avoided a year, without residents"),
}


@dataclass(frozen=True)
class Bars:
    """Bars in the order of the ranking: names of projects and criteria, which projects are built, how many are cut."""

    bars: NDArray[np.float64]
    names: list[str]
    criteria: list[str]
    chosen: list[bool]
    left_out: int


@dataclass(frozen=True)
class Ranks:
    """Ranks in the order of the ranking: (lowest, 5%, as chosen, 95%, highest); names, which are built, a sentence."""

    ranks: list[tuple[int, int, int, int, int]]
    names: list[str]
    chosen: list[bool]
    sentence: Sentence


def _in_order(found: Priorities) -> list[int]:
    return found.rows.sort_values(["rank", "project_id"]).index.tolist()


def _names(found: Priorities, order: Sequence[int]) -> list[str]:
    return short(found.rows.iloc[list(order)])


def short(rows: pd.DataFrame) -> list[str]:
    """Return number and name of projects; what all names begin with is left out."""
    names = short_names(rows["name"].tolist())
    return [" ".join(filter(None, pair)) for pair in zip(rows["project_id"], names, strict=True)]


def bars_view(found: Priorities, words: Words) -> Bars:
    """Return the bars that make the scores."""
    order = _in_order(found)
    shown = [words(one.label) for one in found.criteria]
    chosen = found.rows["chosen"].to_numpy(bool)[order].tolist()
    return Bars(found.bars[order], _names(found, order), shown, chosen, max(0, len(order) - MOST_SHOWN))


def why_rows(found: Priorities, words: Words) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return why each project is built or not, with what that rests on."""
    rows = for_people(found, words)
    table = pd.DataFrame(
        {
            "place": rows["place"], "project": short(rows), "why": rows["why"], "cells": rows["cells"],
            "effect": [percent(one) for one in rows["effect"]], "avoided": intervals(rows, words), "must": rows["must"],
        }
    )  # fmt: skip
    titles = {name: words(TITLES[name]) for name in table if name in TITLES}
    return table, {**titles, "project": words("Project"), "avoided": words("Avoided a year (95%)")}


def ranks_view(found: Priorities, every: Robustness | None) -> Ranks:
    """Return the ranks under weights near those chosen, or under all weights."""
    order, rows = _in_order(found), found.rows
    if every is None:
        given = [rows[name].to_numpy() for name in ("rank_lowest", "rank_low", "rank", "rank_high", "rank_highest")]
        funded = rows["share_funded"].to_numpy(float)
    else:
        given = [every.lowest, every.low, every.rank, every.high, every.highest]
        funded = every.share_funded
    table = np.column_stack(given)[order]
    ranks = [(int(a), int(b), int(c), int(d), int(e)) for a, b, c, d, e in table]
    chosen = rows["chosen"].to_numpy(bool)
    sentence = Sentence(
        _HELD, {"n": int(chosen.sum()), "firm": int((chosen & (funded >= FIRM)).sum()), "share": percent(FIRM)}
    )
    return Ranks(ranks, _names(found, order), chosen[order].tolist(), sentence)


_HELD = N_(
    "Of the {n} projects to be built the ranking by need funds {firm} in at least {share} of these draws with the same "
    "money. Those to be built are chosen by what they avoid: they stay the same whatever the weights."
)


def robust_rows(found: Priorities, every: Robustness, words: Words) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return how often each project is funded and between which ranks it lies, under both kinds of weights."""
    rows = found.rows
    aside = rows["aside"].to_numpy(bool)
    table = pd.DataFrame(
        {
            "project_id": rows["project_id"], "name": rows["name"],
            "chosen": [words("yes") if one else words("no") for one in rows["chosen"]], "rank": rows["rank"],
            "near": _ranges(rows["rank_lowest"], rows["rank_highest"]),
            "near_funded": [percent(one) for one in rows["share_funded"]],
            "all": _ranges(every.lowest, every.highest),
            "all_funded": [percent(one) for one in np.where(aside, np.nan, every.share_funded)],
        }
    ).iloc[_in_order(found)]  # fmt: skip
    return table.reset_index(drop=True), {name: words(title) for name, title in ROBUST.items()}


def _ranges(low: Any, high: Any) -> list[str]:
    return [f"{a}" if a == b else f"{a}–{b}" for a, b in zip(low, high, strict=True)]


def rank_ranges(rows: pd.DataFrame, words: Words) -> list[str]:
    """Return the rank of each project, with nine tenths of those it had in the draws where they differ."""
    said = []
    for rank, low, high in zip(rows["rank"], rows["rank_low"], rows["rank_high"], strict=True):
        facts = {"rank": int(rank), "low": int(low), "high": int(high)}
        said.append(words.number(rank) if low == high == rank else words("{rank} ({low}–{high})", **facts))
    return said


def intervals(rows: pd.DataFrame, words: Words) -> list[str]:
    """Return what each project avoids a year, with its interval."""
    numbers = zip(rows["avoided"], rows["low"], rows["high"], strict=True)
    return [
        words("{n} ({low}–{high})", **{name: priority_words.told(one) for name, one in zip(_PARTS, row, strict=True)})
        for row in numbers
    ]


_PARTS = ("n", "low", "high")


def shares(rows: pd.DataFrame) -> list[float]:
    """Return how often each project is funded, to the hundredth; all or none only where it is all or none."""
    return [one if np.isnan(one) else told_share(one) for one in rows["share_funded"].tolist()]


def top_score(found: Priorities) -> float:
    """Return the end of the bars of scores."""
    return float(max(found.rows["score"].max(), 1e-9))


def of_cell(data: Dataset, found: Priorities, rows: pd.DataFrame, cell: str) -> pd.DataFrame:
    """Return the rows of the projects that cover a cell."""
    covers = cells_of_projects(data, data.projects(), found.scope.level)
    there = covers.loc[covers["cell_id"] == cell, "project_id"]
    return rows[rows["project_id"].isin(there)].reset_index(drop=True)


def other_side(asked: Asked) -> Asked:
    """Return the same question without the reports of residents, or with them if it was asked without."""
    return replace(asked, without_residents=not asked.without_residents)


def residents_rows(found: Priorities, other: Priorities, words: Words) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return ranks and lists with and without the reports of residents beside each other."""
    full, without = (other, found) if found.asked.without_residents else (found, other)
    yes, no = words("yes"), words("no")
    table = pd.DataFrame(
        {
            "project_id": full.rows["project_id"], "name": full.rows["name"], "rank_with": full.rows["rank"],
            "rank_without": without.rows["rank"],
            "chosen_with": [yes if one else no for one in full.rows["chosen"]],
            "chosen_without": [yes if one else no for one in without.rows["chosen"]],
            "avoided_with": full.rows["avoided"].round(2), "avoided_without": without.rows["avoided"].round(2),
        }
    )  # fmt: skip
    return (
        table.sort_values(["rank_with", "project_id"], ignore_index=True),
        {name: words(title) for name, title in RESIDENTS.items()},
    )


def channels(found: Priorities, words: Words) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return by which names of channels or imports it is told who reported."""
    known = found.needs.channels
    table = known.assign(who=[words(WHO[one]) for one in known["who"]])
    return table, {"name": words("Channel or import"), "who": words("Taken for"), "reports": words("Reports")}
