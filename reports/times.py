"""Resolution times as the page and the command tell them: the figures of all cases and of groups, and their curves.

Ordinary cases make the figures; those handled on the spot and engineering cases are counted beside, and can be asked
for. Odd times - closed before the report, at its very moment, in bulk - are in no figure and counted beside each.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis import comparing, resolution, survival
from analysis import funnel as funnels
from base.errors import HazardError
from base.text import N_, Sentence, Words
from data import queries, timing
from data.clocks import DAY_MINUTES, Rule
from data.dataset import Dataset
from data.office import days_of
from data.queries import has_deadlines
from data.schema import DUE_FROM, ENGINEERING, HAZARD_NAMES, NO_MONTH, ON_SPOT, Clock, Scope
from data.shared_limits import shared_limits
from data.told import imports_with
from data.unheld import count_held
from reports import curve_words
from reports import times_words as said
from reports.times_figures import Figure, headline_row

RAW, WORK, LIMIT = "raw", "work", "limit"
CLOCKS = (RAW, WORK)
ORDINARY = ""
QUANTILES = (0.5, 0.9)
MOST_CURVES = 6
# Counted beside the figures (`data.timing.apart`): in none of them, but for the last three, which mark others
APART = (
    "negative", "zero", "bulk", "no_time", "no_closing", "uncovered", "hold_unknown", "later", ON_SPOT, ENGINEERING,
    "reworked", "paused", "odd_end",
)  # fmt: skip
DECIDED = ("table", "file")  # codes of DUE_FROM with a deadline; the others say why there is none
UNDECIDED = tuple(code for code in DUE_FROM if code not in DECIDED)
FUNNELS = ("cell", "unit")  # keys whose shares of late cases are set against chance
_MOST_HELD = 32  # answers; by 10,000 cells one takes some megabytes
_MOST_ROWS = 3_000_000  # of all histograms held, 20 bytes each


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
    limits: dict[str, Limit]  # of the curves whose cases all have one limit, never moved, that runs on this clock
    groups: int  # how many there are
    title: Sentence
    sentence: Sentence


@dataclass(frozen=True)
class Holds:
    """The share in time with holds (挂账) counted, and as if there had been none: cases due, and those in time."""

    paused: int
    with_holds: tuple[int, int]
    without_holds: tuple[int, int]
    sentence: Sentence | None  # None where no case was on hold


def headline(dataset: Dataset, scope: Scope, *, clock: str = RAW, handling: str = ORDINARY) -> Headline:
    """Return what is said of all cases of a scope.

    Raises
    ------
    HazardError
        ``clock-unknown``, ``handling-unknown``.
    """
    check(Asked(clock=clock, handling=handling))
    overall = figures(dataset, scope, clock=clock, handling=handling).iloc[0]
    standards, settings = dataset.standards(), dataset.settings
    deadlines = has_deadlines(dataset, scope)
    reasons = due_from(dataset, scope, handling=handling)
    undecided = {code: int(reasons[code].sum()) * deadlines for code in UNDECIDED}
    apart = {name: int(overall[name]) for name in APART}
    facts = said.Facts(
        overall={str(name): value for name, value in overall.items()},
        closed_by_half=_closed_by_half(dataset, scope, clock, handling, overall),
        undecided=undecided,
        apart=apart,
        reasons=reasons_of(dataset),
        has_deadlines=deadlines,
        clock=clock,
        handling=handling,
        hazards=scope.hazards,
        few=int(settings["few_reports"]),
        horizon_hours=float(settings["horizon_hours"]),
        handled=settings["clock_end"] == "handled",
        coverage=days_of(dataset).coverage(),
        unread=standards[(standards["limit_text"] != "") & standards["limit_value"].isna()],
        as_of=scope.as_of,
        first=first_after(dataset, scope),
    )
    return Headline(
        overall=overall,
        past_due=int(overall["past_due"]),
        undecided=undecided,
        apart=apart,
        share_with_bulk=float(overall["share_with_bulk"]),
        has_deadlines=deadlines,
        coverage=facts.coverage,
        main=said.main(facts),
        figures=headline_row(facts),
        sentences=said.sentences(facts),
    )


def nobody_knows(dataset: Dataset, scope: Scope, handling: str = ORDINARY) -> Sentence | None:
    """Return that of cases it is not known whether they are open, where it is so of all whose time could be told."""
    found = said.nobody_knows(figures(dataset, scope, handling=handling).iloc[0])
    return None if found is None else Sentence(N_("{sentence}."), {"sentence": found})


def groups(dataset: Dataset, scope: Scope, asked: Asked) -> pd.DataFrame:
    """Return the figures of each group, sorted by key.

    Returns
    -------
    DataFrame
        key; n, open, median_hours, low, high; due, in_time, share_in_time, share_low, share_high; p90_hours, p90_low,
        p90_high; mean_hours, mean_low, mean_high (up to the setting horizon_hours); decided (cases with a deadline),
        limited (those of them of which it is known how long their clock has run), within, within_low,
        within_high (1 - S(limit), each case by its own limit); past_due and open_undecided (open
        cases: past their deadline, without one), undecided; `APART`; share_with_bulk; few (True: so few cases that the
        figures say little); verdict ("slower" or "quicker" than all others together, corrected for the number of
        groups; "few": not compared; "": no difference shown; None where groups are not compared, for they hold several
        hazards), p_holm; funnel (by cell or unit: a word of `analysis.funnel` as `late_shares` tells it; None for other
        keys, and of a cell of an earlier boundary). Hours are those of the clock asked for; NaN: not reached, not
        followed so long, nothing due.

    Raises
    ------
    HazardError
        ``key-unknown``, ``clock-unknown``, ``handling-unknown``.
    """
    check(asked)
    table = figures(dataset, scope, asked.by, clock=asked.clock, handling=asked.handling)
    verdict, p_holm = _verdicts(dataset, scope, asked, table["key"])
    word = pd.Series(None, table.index, dtype=object)
    if asked.by in FUNNELS:
        rows, drawn = late_shares(dataset, scope, asked.by, table)
        if drawn is not None:
            told = dict(zip(rows["key"], drawn.words, strict=True))
            word = pd.Series([told.get(key) for key in table["key"]], table.index, dtype=object)
    return table.assign(verdict=verdict, p_holm=p_holm, funnel=word)


def late_shares(
    dataset: Dataset, scope: Scope, by: str, found: pd.DataFrame
) -> tuple[pd.DataFrame, funnels.Funnel | None]:
    """Return the late cases among those due of each cell that is shown, or of each unit, and where chance keeps them.

    Parameters
    ----------
    by : {"cell", "unit"}
    found : DataFrame
        `figures` by the same key.

    Returns
    -------
    DataFrame
        key, name (of a cell; else the key), due, late. A cell of the scope without a case due has a row too.
    Funnel
        In the order of the rows; None where nothing was due.
    """
    rows = found.assign(late=found["due"] - found["in_time"])[["key", "due", "late"]]
    if by == "cell":
        cells = queries.cells_of(dataset, scope)[["cell_id", "name"]].rename(columns={"cell_id": "key"})
        rows = cells.merge(rows, on="key", how="left").fillna({"due": 0, "late": 0})
        rows = rows.astype({"due": "int64", "late": "int64"})
    else:
        rows = rows.assign(name=rows["key"])
    drawn = funnels.funnel(rows["late"], rows["due"]) if rows["due"].any() else None
    return rows[["key", "name", "due", "late"]], drawn


def _verdicts(dataset: Dataset, scope: Scope, asked: Asked, keys: pd.Series) -> tuple[Any, Any]:
    """Return which groups are slower or quicker than the others, and how sure that is; of one hazard only.

    Hazards have limits of their own: that a cracked wall takes longer than a flooded road is no finding.
    """
    if asked.by == "hazard" or len(scope.hazards) != 1:
        return None, np.nan
    found = dataset.hold("times compared", (scope, asked), lambda: _compared(dataset, scope, asked), most=_MOST_HELD)
    if found is None:
        return None, np.nan
    found = found.reindex(keys)
    return found["verdict"].fillna(comparing.FEW).to_numpy(), found["p_holm"].to_numpy()


def _compared(dataset: Dataset, scope: Scope, asked: Asked) -> pd.DataFrame | None:
    """Return verdict and p_holm by key; None where there are no two groups to compare."""
    histogram = _durations(dataset, scope, asked.by, asked.clock, asked.handling)
    if histogram["key"].nunique() < 2:
        return None
    found = comparing.compare_groups(histogram, seed=int(dataset.settings["seed"])).set_index("key")
    verdict = found["verdict"].where(found["basis"] != comparing.FEW, comparing.FEW)
    return found.assign(verdict=verdict)[["verdict", "p_holm"]]


def holds(dataset: Dataset, scope: Scope, *, handling: str = ORDINARY) -> Holds:
    """Return the share in time with holds counted, as the office is held to it, and as if there had been none."""
    held = count_held(dataset, scope, handling=handling)
    every = _due(dataset, scope, None, handling)
    counted = int(every["due"].sum()), int(every["in_time"].sum())
    without = counted[0] - held.due + held.due_without, counted[1] - held.in_time + held.in_time_without
    sentence = said.holds(held.cases, counted, without) if held.cases else None
    return Holds(held.cases, counted, without, sentence)


def curves(dataset: Dataset, scope: Scope, asked: Asked, *, most: int = MOST_CURVES) -> Curves:
    """Return the survival curves of the largest groups, with the line of the limit where a curve's cases have one."""
    check(asked)
    histogram = _durations(dataset, scope, asked.by, asked.clock, asked.handling)
    sizes = histogram.groupby("key", observed=True)["n"].sum().rename("n").rename_axis("key").reset_index()
    largest = sizes.sort_values(["n", "key"], ascending=[False, True])["key"].head(most)
    shown = {str(key): rows for key, rows in histogram[histogram["key"].isin(largest)].groupby("key", observed=True)}
    found = {key: _curve(shown[key]) for key in map(str, largest)}
    limits = _limits(dataset, scope, asked) if found else {}
    limits = {key: limit for key, limit in limits.items() if key in found}
    read = curve_words.curves(len(found), len(sizes), zero_work(dataset, scope, asked))
    return Curves(found, limits, len(sizes), curve_words.curves_title(asked.clock), read)


def zero_work(dataset: Dataset, scope: Scope, asked: Asked) -> Sentence | None:
    """Return how many cases took no work time, and why; None on the other clock, and where there is no such case."""
    if asked.clock != WORK:
        return None
    found = _durations(dataset, scope, asked.by, WORK, asked.handling)
    zero = found["n"][found["resolved"] & (found["minutes"] == 0)].sum()
    return said.zero_work(int(zero), int(found["n"].sum())) if zero else None


def _limits(dataset: Dataset, scope: Scope, asked: Asked) -> dict[str, Limit]:
    """Return the limits that run on the clock asked for, from where it begins, of groups that have one."""
    settings = dataset.settings
    at_report = settings["clock_start"] == "reported" or not imports_with(dataset, "dispatched_at")
    if asked.clock == RAW and not at_report:
        return {}
    hours = {Clock.WORK_HOUR: 1.0} if asked.clock == WORK else {Clock.URGENT_HOUR: 1.0}
    if settings["day_limits"] == Rule.HOURS:  # else the Nth day ends sooner for who starts later
        hours |= {Clock.WORK_DAY: DAY_MINUTES / 60} if asked.clock == WORK else {Clock.NATURAL_DAY: 24.0}
    found = shared_limits(dataset, scope, asked.by, handling=asked.handling, through_holds=asked.clock == RAW)
    return {
        row["key"]: Limit(row["limit_text"], row["limit_value"] * hours[row["limit_clock"]])
        for row in found.to_dict("records")
        if row["limit_clock"] in hours
    }


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
    if by == "month":
        return names | {NO_MONTH: words("not given")}
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
    """Return the figures of each group as `groups` does, without what comparing them says; of all as one group.

    The answers last given are held with the version, and shared: they are never changed.
    """
    key = (scope, by, clock, handling)
    return dataset.hold("times", key, lambda: _figures(dataset, scope, by, clock, handling), most=_MOST_HELD)


def _figures(dataset: Dataset, scope: Scope, by: str | None, clock: str, handling: str) -> pd.DataFrame:
    settings = dataset.settings
    table = medians(
        dataset, scope, by, clock=clock, handling=handling, quantiles=QUANTILES,
        horizon_hours=float(settings["horizon_hours"]),
    )  # fmt: skip
    limits = resolution.summarize(
        _durations(dataset, scope, by, LIMIT, handling), quantiles=(), limit_hours=timing.PARTS / 60
    )
    late = timing.open_hours(dataset, scope, by, handling=handling)
    late = late[~late["stopped"]]
    past = late["key"][late["hours_past_due"] >= 0].value_counts().rename("past_due").rename_axis("key").reset_index()
    untold = late["key"][late["hours_past_due"].isna()].value_counts().rename("open_undecided").rename_axis("key")
    reasons, decidable = due_from(dataset, scope, by, handling=handling), has_deadlines(dataset, scope)
    due = _due(dataset, scope, by, handling)
    apart = timing.apart(dataset, scope, by, clock=clock, handling=handling)
    beside = (
        table,
        limits.rename(columns={"n": "limited"})[["key", "limited", "within", "within_low", "within_high"]],
        past,
        (untold * decidable).reset_index(),
        pd.DataFrame(
            {
                "key": reasons["key"],
                "decided": reasons[list(DECIDED)].sum(axis=1),
                "undecided": reasons[list(UNDECIDED)].sum(axis=1) * decidable,
            }
        ),
        apart[["key", *APART]],
        due[["key", "bulk_due", "bulk_in_time"]],
    )
    table = pd.concat([one.astype({"key": object}).set_index("key") for one in beside], axis=1, sort=True)
    table = (table.loc[["all"]] if by is None else table).reset_index(names="key")
    whole = [
        "n", "open", "due", "in_time", "decided", "limited", "past_due", "open_undecided", "undecided", *APART,
        "bulk_due", "bulk_in_time",
    ]  # fmt: skip
    table[whole] = table[whole].fillna(0).astype("int64")
    every = table["due"] + table["bulk_due"]
    with_bulk = (table["in_time"] + table["bulk_in_time"]) / every.where(every > 0)
    table = table.assign(share_with_bulk=with_bulk, few=table["n"] < int(settings["few_reports"]))
    if by is not None:  # a group that is there for cases of another handling alone is none
        own = [name for name in whole if name not in (ON_SPOT, ENGINEERING)]
        table = table[table[own].any(axis=1)].reset_index(drop=True)
    return table.drop(columns=["bulk_due", "bulk_in_time"])


def _closed_by_half(dataset: Dataset, scope: Scope, clock: str, handling: str, overall: pd.Series) -> int:
    """Return the cases that were in fact closed within the median of all; 0 where it is not reached."""
    if not overall["open"]:
        return int(overall["n"])  # nothing is estimated
    found = _durations(dataset, scope, None, clock, handling)
    by_then = found["resolved"] & (found["minutes"] <= round(60 * overall["median_hours"], 6))
    return int(found["n"][by_then].sum())


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
    """Return key, n, open, median_hours, low, high, the share in time, and what else `summarize` is asked for.

    Parameters as in `data.timing.durations`; more are those of `analysis.resolution.summarize`. A group that has cases
    due has a row, also where no duration is known; all as one group always have one.
    """
    table = resolution.summarize(_durations(dataset, scope, by, clock, handling, cell=cell), **more)
    due = _due(dataset, scope, by, handling, cell=cell)[["key", "due", "in_time"]]
    table = table.astype({"key": object}).merge(due.astype({"key": object}), on="key", how="outer")
    if by is None and not len(table):
        table = table.reindex([0]).assign(key="all")
    counts = ["n", "open", "due", "in_time"]
    table[counts] = table[counts].fillna(0).astype("int64")
    share, low, high = resolution.share_in_time(table["due"].to_numpy(), table["in_time"].to_numpy())
    shares = {"share_in_time": share, "share_low": low, "share_high": high}
    first = [name for name in ("key", "n", "open", "median_hours", "low", "high", "due", "in_time") if name in table]
    table = table.assign(**shares)
    return table[[*first, *shares, *table.columns.difference([*first, *shares], sort=False)]]


def _durations(
    dataset: Dataset, scope: Scope, by: str | None, clock: str, handling: str, *, cell: str | None = None
) -> pd.DataFrame:
    """Return `data.timing.durations`: held, for figures, curves and comparisons ask for the same; never changed."""
    key = (scope, by, clock, handling, cell)
    return dataset.hold(
        "durations", key,
        lambda: timing.durations(dataset, scope, by, cell=cell, clock=clock, handling=handling),
        most=_MOST_HELD, weigh=len, heaviest=_MOST_ROWS,
    )  # fmt: skip


def _due(dataset: Dataset, scope: Scope, by: str | None, handling: str, *, cell: str | None = None) -> pd.DataFrame:
    """Return `data.timing.due`: held, for medians, shares with what was closed in bulk, and holds ask for the same."""
    key = (scope, by, handling, cell)
    return dataset.hold(
        "due", key, lambda: timing.due(dataset, scope, by, cell=cell, handling=handling), most=_MOST_HELD
    )


def due_from(dataset: Dataset, scope: Scope, by: str | None = None, *, handling: str = ORDINARY) -> pd.DataFrame:
    """Return `data.timing.undecided`: by where their deadlines come from, how many cases each group has.

    The answers last given are held with the version, and shared: they are never changed.
    """
    key = (scope, by, handling)
    return dataset.hold(
        "due from", key, lambda: timing.undecided(dataset, scope, by, handling=handling), most=_MOST_HELD
    )


def reasons_of(dataset: Dataset) -> dict[str, str]:
    """Return the messages of `data.schema.DUE_FROM`; without a table of deadlines no row of it can have been sought."""
    return DUE_FROM if len(dataset.standards()) else DUE_FROM | {"no-limit": N_("no table of deadlines is loaded")}


def first_after(dataset: Dataset, scope: Scope) -> pd.Timestamp | None:
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
