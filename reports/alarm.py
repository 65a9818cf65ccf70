"""What has gathered in the last weeks: the alarm of a scope, which needs no exposure, in words.

Another question than the hot spots': not where it is worse, but where it lately became more than it usually is there.
Each cell is set against its own past, as `analysis.alarm` tells it, by the last two years up to the last day that is
known whole. Kinds of reports (a hazard of a source) keep their own days and cells: else a wet week would be an alarm
wherever water usually stands, and a patrol's campaign wherever it patrols.

**What it cannot see.** A rise everywhere at once: busy days are taken as they are. A cell that slowly became worse, or
one that is worse in each rainy season: weeks are compared with all other weeks.

**How often it is wrong, and what it finds** (999 shuffles). Of 1,000 looks at the demo (23 cells, three channels) with
its days shuffled within the kinds 5.0% showed an alarm. Six more events of any one hazard, by its usual channels,
within ten days in any one cell were found in 71% of 300 looks (75% if channels were not kept apart). Without a least
ratio: with 300 cells, 20,000 events and wet weeks at the end 2% of 100 looks showed one, 13% would have if all kinds
were shuffled together; with 10,000 cells and shuffled days 10 of 120 did, of 99 shuffles each. Of many reports a small
rise is beyond chance (Boston in April 2015: 14%, of 22,000 events), so an alarm is half more than usual at least.

**What it costs** (processor time): 0.05 to 0.2 s for 23 cells and 600 events, 2.2 s for 300 and 100,000, 7 to 8 s for
10,000 and a million, where places are smaller and not every length of time is looked at.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analysis.alarm import space_time_scan
from analysis.circles import Cluster
from analysis.hotspots import MANY, one_in
from base.text import N_, Listed, Sentence
from data import queries, timing
from data.dataset import Dataset
from data.schema import Scope
from reports import answers
from reports.origins import origins_of
from reports.surroundings import cell_points

LEAST = 3  # events: fewer are no gathering that anybody would act on, however rare
LEAST_RATIO = 1.5  # to what is usual: of very many reports the smallest rise is beyond chance, and no alarm
LATE_DAYS = 7  # that sources may end apart and still stand on one day: files come daily or weekly
SLACK_DAYS = 31  # after which the first report of a source may come: small ones are silent for weeks
SILENT = 10  # reports that should have come by then: a source silent for longer did not go on, whatever its as-of time
TIMES = 4  # as long as the last weeks has the past to be
MOST_REPORTS, MOST_CELLS = 3_000_000, 20_000  # some ten seconds, and a gigabyte
PLACE, PLACE_MANY = 50, 20  # cells of a place at most; among more than `MANY`
LENGTHS_MANY = (1, 2, 3, 4, 5, 7, 10, 14, 21, 28, 42, 56, 91)  # days; fewer cells are looked at by every length
MOST_CLUSTERS = 5
_LIKELY = 0.5  # what chance gathers in every other look is not listed, but for the strongest
_NAMED = 3  # cells of a place that a sentence names
_MOST_ANSWERS = 16
CLUSTER_COLUMNS = (
    "cell_ids", "names", "cell_id", "observed", "expected", "ratio", "p", "first_day", "last_day", "alarm", "hazards",
    "open", "lon", "lat",
)  # fmt: skip

AT_WORK = N_("Shuffling the days, to tell what chance alone gathers")
_EPOCH = dt.date(1970, 1, 1)  # days are counted from it


@dataclass(frozen=True)
class Alarm:
    """What has gathered up to a day, and what stands behind it.

    `clusters` has a row for each gathering, strongest first; no two share a cell, and what chance gathers in every
    other look is left out, but for the strongest. cell_ids (sorted) and names of its cells, cell_id (the one of them
    with the most events), observed and expected events, ratio, p (of a gathering as strong anywhere), first_day and
    last_day, alarm (p is at most `chance`), hazards (codes, most frequent first), open (reports there since then that
    are not closed yet), lon and lat (mean of the events' points, NaN where none is known).

    `last_day` and `first`, the ends of the past that is looked at, are None where no source tells up to when it is
    known. `finding` is the one sentence of it, `reason` what was compared and what it means, or why nothing could be
    said; `remarks` tells what was left out.
    """

    clusters: pd.DataFrame
    last_day: dt.date | None
    days: int
    first: dt.date | None
    n_events: int  # of the whole past
    n_lately: int
    seed: int
    draws: int
    chance: float
    finding: Sentence
    reason: Sentence
    remarks: tuple[Sentence, ...] = ()
    sources_left_out: tuple[str, ...] = ()


def alarm_of(
    dataset: Dataset, scope: Scope, *, seed: int | None = None, progress: Callable[[float], None] | None = None
) -> Alarm:
    """Return what has gathered in the last weeks of a scope's hazards, sources, level and area.

    The last weeks end on the last day that is known whole, or on the last day of the scope if that is earlier; the
    scope's start has no part in it. The answers last given are held with the version, and shared: they are never
    changed.

    Raises
    ------
    HazardError
        ``no-boundary`` if the workspace holds no boundary.
    """
    seed = int(dataset.settings["seed"]) if seed is None else seed
    return dataset.hold(
        "alarms",
        (replace(scope, start=None), seed),
        lambda: _Look(dataset, scope, past_of(dataset, scope), seed).answer(progress),
        most=_MOST_ANSWERS,
    )


def looks(p: float) -> tuple[int, int]:
    """Return a chance as so many of so many looks: of 100, or one of more where it is smaller."""
    return (1, one_in(p)) if p < 0.01 else (round(100 * p), 100)


class Past(NamedTuple):
    """The days that tell what is usual, both included, and the sources that cover them: none where nothing is known."""

    first: dt.date
    last: dt.date
    sources: tuple[str, ...]
    left_out: tuple[str, ...]


def past_of(dataset: Dataset, scope: Scope) -> Past:
    """Return the days and sources that an alarm of a scope stands on.

    A day still under way would look quiet, a source that ended earlier would make the last weeks look empty, one that
    began lately would look like a gathering. So the newest source and those at most `LATE_DAYS` behind it stand on
    their earliest last whole day, and of these the ones that reach back as far as the past does. Where files hold a
    year's reports and were extracted some time later, they know of the months with reports.
    """
    asked = {name: known for name, known in dataset.sources.items() if not scope.sources or name in scope.sources}
    began, ends = answers.first_days(dataset), {}
    months = queries.counts(dataset, Scope(level="", voided=True), ["source", "month"])
    for source, known in asked.items():
        if known is None or source not in began:
            continue
        seen = min(known, pd.Timestamp(scope.as_of)) if scope.as_of is not None else known
        until = seen.tz_convert(dataset.zone) + pd.Timedelta(minutes=1)  # 23:59 ends a day
        end = until.date() - dt.timedelta(days=1)
        end = end if scope.end is None else min(end, scope.end - dt.timedelta(days=1))
        if began[source] <= end:
            ends[source] = _heard_until(months[months["source"] == source], began[source], end)
    if not ends:
        return Past(_EPOCH, _EPOCH, (), tuple(sorted(asked)))
    newest = max(ends.values())
    near = [source for source, end in ends.items() if end >= newest - dt.timedelta(days=LATE_DAYS)]
    back = dt.timedelta(days=max(int(dataset.settings["alarm_history_days"]), _least_days(dataset)) - 1)
    since = min(began[source] for source in near)
    reach = max(newest - back, since) + dt.timedelta(days=SLACK_DAYS)
    sources = tuple(sorted(source for source in near if began[source] <= reach))
    last = min(ends[source] for source in sources)
    return Past(max(last - back, since), last, sources, tuple(sorted(set(asked) - set(sources))))


def _least_days(dataset: Dataset) -> int:
    """Return how long the past has to be, however short a one was asked for."""
    return TIMES * int(dataset.settings["alarm_days"])


def _heard_until(months: pd.DataFrame, began: dt.date, end: dt.date) -> dt.date:
    """Return the last day of a source: its end, or that of its last month with reports if it was silent for long."""
    heard = months[(months["month"].str.len() == len("2026-01")) & (months["month"] <= f"{end:%Y-%m}")]
    if not len(heard):
        return end
    close = min(pd.Period(heard["month"].max(), "M").end_time.date(), end)
    missed = int(heard["count"].sum()) * (end - close).days / ((close - began).days + 1)
    return close if missed >= SILENT else end


class _Look:
    """One look at the last weeks of a scope."""

    def __init__(self, dataset: Dataset, scope: Scope, past: Past, seed: int) -> None:
        self.dataset, self.past, self.seed = dataset, past, seed
        self.days, self.chance = int(dataset.settings["alarm_days"]), float(dataset.settings["alarm_chance"])
        least = ceil(1 / self.chance) - 1  # of fewer shuffles nothing is rare enough for an alarm
        self.draws = max(int(dataset.settings["map_draws"]), least)
        self.scope = replace(
            scope, start=past.first, end=past.last + dt.timedelta(days=1), sources=past.sources or scope.sources
        )
        self.remarks: list[Sentence] = []
        self.n_events = self.n_lately = 0

    def answer(self, progress: Callable[[float], None] | None) -> Alarm:
        if not self.past.sources:
            return self._nothing(Sentence(_NO_TIME))
        self.cells = answers.cells_of(self.dataset, self.scope)
        self._begin_with_the_boundary()
        if self.past.left_out:
            self.remarks.append(Sentence(_LEFT_OUT, {"sources": Listed(self.past.left_out)}))
        facts = {"days": self.days, "last": self.past.last, "first": self.past.first}
        if len(self.cells) < 2:
            return self._nothing(Sentence(_ONE_CELL))
        if len(self.cells) > MOST_CELLS:
            return self._nothing(Sentence(_MANY_CELLS, {"n": len(self.cells), "most": MOST_CELLS}))
        needed = _least_days(self.dataset)
        if (self.past.last - self.past.first).days + 1 < needed:
            return self._nothing(Sentence(_SHORT, facts | {"needed": needed}))
        calls = int(queries.counts(self.dataset, self.scope, [])["count"].sum())
        if calls > MOST_REPORTS:  # told before they are read
            return self._nothing(Sentence(_MANY_REPORTS, {"n": calls, "most": MOST_REPORTS}))
        events, least = self._events(), int(self.dataset.settings["min_events"])
        self.n_events = len(events)
        self.n_lately = int((events["day"] > _number(self.past.last) - self.days).sum())
        if self.n_events < least:
            return self._nothing(Sentence(_FEW, facts | {"n": self.n_events, "least": least}))
        if not self.n_lately:
            return self._nothing(Sentence(_NONE, facts), *self._reason())
        found = self._scan(events, progress)
        told = [one for place, one in enumerate(found) if place == 0 or one.p <= _LIKELY]
        clusters = pd.DataFrame([self._row(one, events) for one in told], columns=list(CLUSTER_COLUMNS))
        return self._said(clusters, self._finding(clusters, facts), *self._reason())

    def _begin_with_the_boundary(self) -> None:
        """Begin the past with the boundary where that is newer, and leave the cells out that are newer still.

        A cell drawn anew has no past, so all that comes would look like a gathering. Of the days on which cells begin
        that one is taken which leaves the most cells times days.
        """
        begins = self.cells["valid_from"].where(self.cells["valid_from"] > str(self.past.first), str(self.past.first))
        days = [dt.date.fromisoformat(day) for day in sorted(set(begins))]
        kept = {day: int((begins <= str(day)).sum()) * ((self.past.last - day).days + 1) for day in days}
        first = max(kept, key=kept.__getitem__, default=self.past.first)
        new = begins > str(first)
        if first > self.past.first:
            self.remarks.append(Sentence(_REDRAWN, {"first": first}))
        if new.any():
            self.remarks.append(Sentence(_NEW_CELLS, {"cells": _some(self.cells.loc[new, "name"].tolist())}))
        self.cells = self.cells[~new].reset_index(drop=True)
        self.past = self.past._replace(first=first)
        self.scope = replace(self.scope, start=first)

    def _events(self) -> pd.DataFrame:
        """Return the events in the cells: position, day (since 1970), kind, hazard, lon, lat."""
        columns = ("cell_id", "hazard", "channel", "source", "lon", "lat", "reported_at")
        first = answers.first_calls(self.dataset, self.scope, columns)
        position = answers.positions(first["cell_id"], self.cells)
        usable = (position >= 0) & first["reported_at"].notna().to_numpy()  # a lone year has no day
        first, position = first[usable].reset_index(drop=True), position[usable]
        hazard, origins = first["hazard"].cat.codes.to_numpy(np.int64), origins_of(first)
        return first[["hazard", "lon", "lat"]].assign(
            position=position,
            day=first["reported_at"].dt.tz_localize(None).to_numpy("datetime64[D]").astype(np.int64),
            kind=hazard * len(origins.names) + origins.code,
        )

    def _scan(self, events: pd.DataFrame, progress: Callable[[float], None] | None) -> tuple[Cluster, ...]:
        busiest = events["position"].value_counts(normalize=True).iloc[0]
        if busiest == 1:  # there is nothing beside it to be compared with
            return ()
        many = len(self.cells) > MANY
        x_m, y_m = cell_points(self.cells)
        return space_time_scan(
            x_m,
            y_m,
            events["position"],
            events["day"],
            kind=events["kind"],
            max_days=self.days,
            lengths=(*LENGTHS_MANY, self.days) if many else None,
            last_day=_number(self.past.last),
            permutations=self.draws,
            seed=self.seed,
            max_share=max(float(self.dataset.settings["scan_share"]), float(busiest)),
            most_cells=PLACE_MANY if many else PLACE,
            fewest=LEAST,
            least_ratio=LEAST_RATIO,
            most_clusters=MOST_CLUSTERS,
            progress=(lambda done, of: progress(done / of)) if progress else None,
        )

    def _row(self, found: Cluster, events: pd.DataFrame) -> dict[str, Any]:
        first = _EPOCH + dt.timedelta(days=found.first_day or 0)
        here = events[events["position"].isin(found.members) & (events["day"] >= _number(first))]
        by_cell = here["position"].value_counts()
        busiest = int(by_cell.index[by_cell == by_cell.max()].min())
        ids = self.cells["cell_id"].iloc[found.members].tolist()
        by_hazard = here["hazard"].astype(str).value_counts()
        return {
            "cell_ids": ids,
            "names": self.cells["name"].iloc[found.members].tolist(),
            "cell_id": self.cells["cell_id"].iloc[busiest],
            "observed": found.observed,
            "expected": found.expected,
            "ratio": found.observed / found.expected,
            "p": found.p,
            "first_day": first,
            "last_day": self.past.last,
            "alarm": found.p <= self.chance,
            "hazards": [code for code, _ in sorted(by_hazard.items(), key=lambda one: (-one[1], one[0]))],
            "open": self._open(ids, first),
            "lon": here["lon"].mean(),
            "lat": here["lat"].mean(),
        }

    def _open(self, ids: list[str], first: dt.date) -> int:
        """Return the reports in some cells since a day that are not closed yet."""
        times = timing.durations(self.dataset, replace(self.scope, start=first), "cell", handling=None)
        return int(times.loc[times["key"].isin(ids) & ~times["resolved"], "n"].sum())

    def _finding(self, clusters: pd.DataFrame, facts: dict[str, Any]) -> Sentence:
        if not len(clusters):
            return Sentence(_AS_USUAL, facts | {"least": LEAST, "times": LEAST_RATIO})
        alarms = clusters[clusters["alarm"]]
        top = (alarms if len(alarms) else clusters).iloc[0]
        facts = (
            facts
            | {
                "cells": _some(top["names"]),
                "since": top["first_day"],
                "observed": int(top["observed"]),
                "expected": round(float(top["expected"]), 1 if top["expected"] >= 0.1 else 2),
                "more": len(alarms) - 1,
            }
            | dict(zip(("k", "of"), looks(float(top["p"])), strict=True))
        )
        if not len(alarms):
            return Sentence(_QUIET, facts)
        return Sentence(_ALARM if len(alarms) == 1 else _ALARMS, facts)

    def _reason(self) -> tuple[Sentence, Sentence]:
        """Return what was compared and what it means, and how."""
        most = PLACE_MANY if len(self.cells) > MANY else PLACE
        seen = {"n": self.n_events, "first": self.past.first, "last": self.past.last, "one_in": one_in(self.chance)}
        how = {"most": most, "least": LEAST, "times": LEAST_RATIO, "days": self.days, "draws": self.draws}
        return Sentence(_REASON, seen), Sentence(_METHOD, how)

    def _nothing(self, why: Sentence, *reason: Sentence) -> Alarm:
        return self._said(pd.DataFrame(columns=list(CLUSTER_COLUMNS)), why, *reason)

    def _said(self, clusters: pd.DataFrame, finding: Sentence, *reason: Sentence) -> Alarm:
        known = bool(self.past.sources)
        return Alarm(
            clusters=clusters.astype({"alarm": bool}),
            last_day=self.past.last if known else None,
            days=self.days,
            first=self.past.first if known else None,
            n_events=self.n_events,
            n_lately=self.n_lately,
            seed=self.seed,
            draws=self.draws,
            chance=self.chance,
            finding=finding,
            reason=reason[0] if reason else finding,
            remarks=(*self.remarks, *reason[1:]),
            sources_left_out=self.past.left_out,
        )


def _number(day: dt.date) -> int:
    return (day - _EPOCH).days


def _some(names: list[str]) -> Any:
    """Return names as a field of a sentence: a few, and how many more there are."""
    if len(names) <= _NAMED + 1:
        return Listed(names)
    return Sentence(N_("{cells} and {n} more cells"), {"cells": Listed(names[:_NAMED]), "n": len(names) - _NAMED})


_ALARM = N_(
    "Alarm: {observed} events in {cells} from {since} to {last}, where {expected} would be usual. Chance alone "
    "gathers as much somewhere in {k} of {of} looks."
)
_ALARMS = N_(
    "Alarm: {observed} events in {cells} from {since} to {last}, where {expected} would be usual. Chance alone "
    "gathers as much somewhere in {k} of {of} looks. Further alarms in the table: {more}."
)
_QUIET = N_(
    "Nothing beyond chance in the {days} days to {last}; the most unusual: {cells} since {since}, {observed} observed "
    "where {expected} would be usual. Chance alone gathers as much somewhere in {k} of {of} looks."
)
_AS_USUAL = N_(
    "Nothing beyond chance in the {days} days to {last}: nowhere {least} events or more that are {times} times "
    "the usual."
)
_NONE = N_("No event in the {days} days to {last}: nothing has gathered.")
_REASON = N_(
    "Each cell is compared with its own past: {n} events from {first} to {last}, the last day known whole. Busy cells "
    "and busy days make no alarm, only their coming together; a rise everywhere at once is not seen here. It is a "
    "claim of its own, beside the map's: without any cause at most one look in {one_in} shows one."
)
_METHOD = N_(
    "Looked for are cells and neighbours, at most {most} together, with {least} events or more, and {times} times the "
    "usual or more, in the last 1 to {days} days; the chance is told by {draws} shuffles of the days."
)
_NO_TIME = N_("What has gathered lately cannot be told: no source tells of whole days up to then.")
_ONE_CELL = N_("What has gathered lately cannot be told: cells are compared with each other, at least two are needed.")
_SHORT = N_(
    "What has gathered lately cannot be told: reports reach from {first} to {last}, and {needed} days are needed to "
    "tell what is usual."
)
_FEW = N_(
    "What has gathered lately cannot be told: {n} events from {first} to {last} are too few to tell what is usual; it "
    "takes {least}."
)
_MANY_CELLS = N_(
    "What has gathered lately is looked for among at most {most} cells, and here are {n}: choose one area or a coarser "
    "level."
)
_MANY_REPORTS = N_(
    "What has gathered lately is looked for among at most {most} reports, and here are {n}: choose one area or one "
    "hazard."
)
_LEFT_OUT = N_("Left out, for they do not cover these days: {sources}. Choose such a source alone to look at it.")
_REDRAWN = N_("The boundaries were drawn anew: the past begins with them on {first}.")
_NEW_CELLS = N_("Left out, for they were drawn anew since: {cells}.")
