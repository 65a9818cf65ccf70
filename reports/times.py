"""Resolution times as the page and the command tell them: the figures of all cases and of groups, and their curves.

Ordinary cases make the figures; those handled on the spot and engineering cases are counted beside, and can be asked
for. Odd times - closed before the report, at its very moment, in bulk - are in no figure and counted beside each.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis import resolution, survival
from base.errors import HazardError
from base.text import Sentence, Words
from data import queries
from data.dataset import Dataset
from data.schema import DUE_FROM, ENGINEERING, HAZARD_NAMES, ON_SPOT, Scope
from reports import times_words as said
from reports.times_words import Figure

RAW, WORK, LIMIT = "raw", "work", "limit"
CLOCKS = (RAW, WORK)
ORDINARY = ""
QUANTILES = (0.5, 0.9)
MOST_CURVES = 6
# Counted beside the figures: the first are in none of them, the last two say something of cases that are
APART = ("negative", "zero", "bulk", "no_time", "no_closing", "uncovered", ON_SPOT, ENGINEERING, "reworked", "paused")
DECIDED = ("table", "file")  # codes of DUE_FROM with a deadline; the others say why there is none
UNDECIDED = tuple(code for code in DUE_FROM if code not in DECIDED)
SHARES = ("due", "in_time", "share_in_time", "share_low", "share_high")


@dataclass(frozen=True)
class Asked:
    """How the page looks at the times of a scope.

    Attributes
    ----------
    by : {"hazard", "cell", "unit", "source", "month", "channel"}
    clock : {"raw", "work"}
        Every hour from the report on, or the office's work time from the start of the clock, holds taken out.
    handling : {"", "on_spot", "engineering"}
        Which cases: ordinary ones, those handled on the spot, or engineering cases.
    """

    by: str = "hazard"
    clock: str = RAW
    handling: str = ORDINARY


@dataclass(frozen=True)
class Headline:
    """What is said of all cases of a scope together.

    `overall` has the columns of `groups` but key, verdict and funnel. `undecided` counts the cases without a deadline
    by the reasons of `data.schema.DUE_FROM`, `apart` those beside the figures by `APART`. `share_with_bulk` is the
    share in time if cases closed in bulk counted (NaN where none was due). `figures` are five, to be drawn large; the
    `sentences` say them all, `main` stands above.
    """

    overall: pd.Series
    past_due: int
    undecided: dict[str, int]
    apart: dict[str, int]
    share_with_bulk: float
    has_deadlines: bool
    coverage: Sentence | None
    main: Sentence
    figures: tuple[Figure, ...]
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class Limit:
    """The one limit of all cases of a curve: as it is written in the table, and in hours of the curve's clock."""

    text: str
    hours: float


@dataclass(frozen=True)
class Curves:
    """Survival curves of the largest groups by key, the largest first; times in hours of the clock asked for."""

    curves: dict[str, survival.Curve]
    limits: dict[str, Limit]  # of the curves whose cases all have one limit that runs on this clock
    groups: int  # how many there are
    sentence: Sentence


@dataclass(frozen=True)
class Holds:
    """The share in time with holds (挂账) and postponements counted, and as if there had been none."""

    paused: int
    with_holds: tuple[int, int]  # due, in time
    without_holds: tuple[int, int]
    sentence: Sentence | None  # None where no case was on hold or postponed


def headline(dataset: Dataset, scope: Scope, *, clock: str = RAW, handling: str = ORDINARY) -> Headline:
    """Return what is said of all cases of a scope.

    Raises
    ------
    HazardError
        ``clock-unknown``, ``handling-unknown``.
    """
    check(Asked(clock=clock, handling=handling))
    overall = figures(dataset, scope, clock=clock, handling=handling).iloc[0]
    reasons = _undecided(dataset, scope, None, handling)
    undecided = {code: int(reasons[code].sum()) for code in UNDECIDED}
    decided = int(reasons[list(DECIDED)].to_numpy().sum())
    has_deadlines = bool(decided or len(dataset.standards()))
    apart = {name: int(overall[name]) for name in APART}
    few = int(dataset.settings["few_reports"])
    facts = said.Facts(
        overall=overall,
        undecided=undecided if has_deadlines else {},
        apart=apart,
        has_deadlines=has_deadlines,
        clock=clock,
        handling=handling,
        hazards=scope.hazards,
        few=few,
        horizon_hours=float(dataset.settings["horizon_hours"]),
        nothing_yet=_nothing_yet(dataset, scope),
    )
    return Headline(
        overall=overall,
        past_due=int(overall["past_due"]),
        undecided=undecided,
        apart=apart,
        share_with_bulk=float(overall["share_with_bulk"]),
        has_deadlines=has_deadlines,
        coverage=None,
        main=said.main(facts),
        figures=said.figures(facts),
        sentences=said.sentences(facts),
    )


def groups(dataset: Dataset, scope: Scope, asked: Asked) -> pd.DataFrame:
    """Return the figures of each group, sorted by key.

    Returns
    -------
    DataFrame
        key; n, open, median_hours, low, high; due, in_time, share_in_time, share_low, share_high; p90_hours, p90_low,
        p90_high; mean_hours, mean_low, mean_high (up to the setting horizon_hours); within, within_low, within_high (1
        - S(limit), each case by its own limit); past_due (open cases), undecided; `APART`; share_with_bulk; few (True:
        so few cases that the figures say little); verdict ("slower" or "quicker" than all others together, corrected
        for the number of groups; "few": not compared; "" no difference shown; None where groups are not compared, for
        they hold several hazards), p_holm; funnel (by cell or unit: a word of `analysis.funnel`, else None). Hours are
        those of the clock asked for; NaN: not reached, not followed so long, nothing due.

    Raises
    ------
    HazardError
        ``key-unknown``, ``clock-unknown``, ``handling-unknown``.
    """
    check(asked)
    table = figures(dataset, scope, asked.by, clock=asked.clock, handling=asked.handling)
    return table.assign(verdict=None, p_holm=np.nan, funnel=None)


def curves(dataset: Dataset, scope: Scope, asked: Asked, *, most: int = MOST_CURVES) -> Curves:
    """Return the survival curves of the largest groups, with the line of the limit where a curve's cases have one."""
    check(asked)
    histogram = _durations(dataset, scope, asked.by, asked.clock, asked.handling)
    sizes = histogram.groupby("key", observed=True)["n"].sum()
    largest = sizes.rename("n").rename_axis("key").reset_index().sort_values(["n", "key"], ascending=[False, True])
    shown = {str(key): rows for key, rows in histogram.groupby("key", observed=True)}
    found = {key: _curve(shown[key]) for key in map(str, largest["key"].head(most))}
    return Curves(found, {}, len(sizes), said.curves(found, len(sizes), asked.clock))


def holds(dataset: Dataset, scope: Scope, *, handling: str = ORDINARY) -> Holds:
    """Return the share in time with holds counted, and as if there had been none: the office is held to the first."""
    due = _due(dataset, scope, None, handling)
    both = (int(due["due"].sum()), int(due["in_time"].sum()))
    return Holds(0, both, both, None)


def key_names(dataset: Dataset, scope: Scope, by: str, words: Words) -> dict[str, str]:
    """Return the names for people of a key's values, where they differ from the values; '' is "not given"."""
    names = {"": words("not given")}
    if by == "hazard":
        return names | {code: words(name) for code, name in HAZARD_NAMES.items()}
    if by == "cell":
        cells = dataset.cells(scope.level, every=True).drop_duplicates("cell_id", keep="last")
        twice = cells["name"].duplicated(keep=False)  # 第一网格 stands in every community
        shown = cells["name"].where(~twice, cells["name"] + " " + cells["cell_id"])
        return names | dict(zip(cells["cell_id"], shown, strict=True))
    return names


def check(asked: Asked) -> None:
    """Refuse a clock or a handling that is not known; a key is refused by `data.queries`."""
    if asked.clock not in CLOCKS:
        known = ", ".join(CLOCKS)
        raise HazardError(
            "clock-unknown", "Clock {clock} is not known; known: {known}.", clock=asked.clock, known=known
        )
    if asked.handling not in (ORDINARY, ON_SPOT, ENGINEERING):
        known = ", ".join(("ordinary", ON_SPOT, ENGINEERING))
        raise HazardError("handling-unknown", "{name} is none of {known}.", name=asked.handling, known=known)


def figures(
    dataset: Dataset, scope: Scope, by: str | None = None, *, clock: str = RAW, handling: str = ORDINARY
) -> pd.DataFrame:
    """Return the figures of each group as `groups` does, without what comparing them says; of all as one group."""
    table = medians(
        dataset, scope, by, clock=clock, handling=handling, quantiles=QUANTILES,
        horizon_hours=float(dataset.settings["horizon_hours"]),
    )  # fmt: skip
    few = int(dataset.settings["few_reports"])
    return table.assign(
        within=np.nan, within_low=np.nan, within_high=np.nan, past_due=0, undecided=0, **dict.fromkeys(APART, 0),
        share_with_bulk=np.nan, few=table["n"] < few,
    )  # fmt: skip


def medians(
    dataset: Dataset,
    scope: Scope,
    by: str | None = None,
    *,
    cell: str | None = None,
    clock: str = RAW,
    handling: str = ORDINARY,
    **more: Any,
) -> pd.DataFrame:
    """Return key, n, open, median_hours, low, high, the share in time, and what else `summarize` is asked for."""
    table = resolution.summarize(_durations(dataset, scope, by, clock, handling, cell=cell), **more)
    due = _due(dataset, scope, by, handling, cell=cell)
    table = table.merge(due[["key", "due", "in_time"]], on="key", how="outer")
    table = table.fillna(dict.fromkeys(("n", "open", "due", "in_time"), 0))
    if by is None and not len(table):
        table = table.reindex([0]).assign(key="all", n=0, open=0, due=0, in_time=0)
    table = table.astype({"key": object, "n": "int64", "open": "int64", "due": "int64", "in_time": "int64"})
    share, low, high = resolution.share_in_time(table["due"].to_numpy(), table["in_time"].to_numpy())
    return table.assign(share_in_time=share, share_low=low, share_high=high)


def _durations(
    dataset: Dataset, scope: Scope, by: str | None, clock: str, handling: str, *, cell: str | None = None
) -> pd.DataFrame:
    return queries.durations(dataset, scope, by, cell=cell)


def _due(dataset: Dataset, scope: Scope, by: str | None, handling: str, *, cell: str | None = None) -> pd.DataFrame:
    return queries.due(dataset, scope, by, cell=cell)


def _undecided(dataset: Dataset, scope: Scope, by: str | None, handling: str) -> pd.DataFrame:
    return pd.DataFrame({"key": ["all"], **{code: [0] for code in DUE_FROM}})


def _nothing_yet(dataset: Dataset, scope: Scope) -> pd.Timestamp | None:
    """Return the first report of a scope's sources where the as-of time asked for lies before it."""
    if scope.as_of is None:
        return None
    reports = queries.first_reports(dataset)
    first = min(
        (time for source, time in reports.items() if not scope.sources or source in scope.sources), default=None
    )
    return first if first is not None and scope.as_of < first else None


def _curve(histogram: pd.DataFrame) -> survival.Curve:
    return resolution.kaplan_meier(
        histogram["minutes"].to_numpy(float) / 60,
        histogram["resolved"].to_numpy(bool),
        weights=histogram["n"].to_numpy(float),
    )
