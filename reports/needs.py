"""What a place needs for its drainage, told from the data: one row a cell, one column a criterion.

**The period** is the last so many whole months that are known before the end of the scope; where the record begins
later, those of the record, and that is said. Only chronic sites and the trend look farther back, for they need it. The
hazards and the start of the scope do not count: the need is that of waterlogging.

**What is not known** stays empty (NaN), with the reason; nothing is made up here. A ranking gives such a place the
median of the others (`analysis.criteria`), which `RULE` says. A place without a report of waterlogging has no event, no
chronic site and nothing that came back: that is known. How long it takes there to be closed is not.

**Residents.** Where many people ring, a place looks worse. So the counts stand a second time without the reports of
residents (`reports.residents`): an event counts there if somebody else reported it too, in the place where it counts
anyway, so no place has more events without them than with them. Chronic sites, trend, times and returns rest on all
reports, in both.

**What is in no criterion**, for no data here tell it, is said in a note: how deep the water stood and for how long,
schools (no layer of them can be loaded), and rain events (`days` are days with a report, rain or not).
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import hotspots, rates, trend
from analysis.rain import KNOWN
from base.errors import HazardError
from base.text import N_, NP_, Listed, Sentence, Term
from data import queries
from data.dataset import Dataset
from data.schema import EXPOSURES, Hazard, Scope
from reports import answers, record, residents, returning, times
from reports.criteria import CRITERIA, EVERY, RULE, Criterion
from reports.need_table import WITHOUT, Needs, gap_table, missing_of, named
from reports.project_needs import needs_of_projects
from reports.rain import rain_days, wet_day_mm

__all__ = ["CRITERIA", "RULE", "Criterion", "Needs", "needs", "needs_of_projects"]

MONTHS, MOST_MONTHS = 24, 120
WET, COVER, OTHER = str(Hazard.WATERLOGGING), str(Hazard.SUNKEN_COVER), str(Hazard.OTHER)
_DRAIN = re.compile(
    "排水|下水道|雨水|污水[管井外冒]|管道堵|管网堵|箅|井盖|窨井|检查井"
    r"|\b(?:drains?|drainage|sewers?|sewage|catch ?basins?|manholes?|gull(?:y|ies)|culverts?)\b"
)
_MOST_HELD = 16
_SCALE = {trend.NEW: 1.0, trend.GROWING: 1.0, trend.FADING: -1.0, trend.PERSISTENT: 0.0, trend.SPORADIC: 0.0,
          trend.NONE: 0.0}  # fmt: skip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def needs(dataset: Dataset, scope: Scope, *, months: int = MONTHS, residents_by: Iterable[str] | None = None) -> Needs:
    """Return the needs of the cells of a scope.

    The answers last given are held with the version, and shared: they are never changed.

    Parameters
    ----------
    months : int
        Whole months of the period, 1 to 120.
    residents_by : names of channels or imports, optional
        Those by which residents report; told from the names if not given.

    Raises
    ------
    HazardError
        ``no-boundary``, ``level-unknown``; ``months-bad``; ``needs-no-cell``; ``needs-nothing-known`` where no whole
        month is known before the end of the scope.
    """
    dataset.level(scope.level)
    if not (1 <= months <= MOST_MONTHS and months == int(months)):
        raise HazardError(
            "months-bad", "The need is told from 1 to {most} whole months, not from {months}.",
            most=MOST_MONTHS, months=months,
        )  # fmt: skip
    asked = replace(scope, start=None, hazards=())
    named = None if residents_by is None else tuple(sorted(set(residents_by)))
    return dataset.hold(
        "needs", (asked, int(months), named), lambda: _Asked(dataset, asked, int(months), named).all(), most=_MOST_HELD
    )


class _Asked:
    """One question: the period, the cells, and what is found of them criterion by criterion."""

    def __init__(self, dataset: Dataset, scope: Scope, months: int, named: tuple[str, ...] | None) -> None:
        self.dataset, self.named = dataset, named
        self.notes: list[Sentence] = []
        self.start, self.end = self.period(scope, months)
        self.months = 12 * (self.end.year - self.start.year) + self.end.month - self.start.month
        self.wet = replace(scope, start=self.start, end=self.end, hazards=(WET,))
        self.cells = answers.cells_of(dataset, self.wet)
        if not len(self.cells):
            raise HazardError("needs-no-cell", "There is no cell here whose need could be told: choose another area.")
        self.values: dict[str, Any] = {}
        self.beside: dict[str, Any] = {}
        self.gaps: list[tuple[str, int, str]] = []  # criterion, position of the cell, reason
        self.fields: dict[str, Any] = {}

    def period(self, scope: Scope, months: int) -> tuple[dt.date, dt.date]:
        """Return the whole months that are known; says where the record, or a source, is shorter than asked for."""
        ends = self.dataset.known_ends
        asked = scope.sources or tuple(self.dataset.sources)
        first = {source: day for source, day in answers.first_days(self.dataset).items() if source in asked}
        day = max((ends[source] for source in first if source in ends), default=None)
        if day is None:
            raise HazardError("needs-nothing-known", _NOTHING)
        if scope.as_of is not None:
            before = pd.Timestamp(scope.as_of).tz_convert(self.dataset.zone) - pd.Timedelta(microseconds=1)
            day = min(day, before.date() + dt.timedelta(days=1))
        end = min(day, scope.end or day).replace(day=1)
        start = (pd.Timestamp(end) - pd.DateOffset(months=months)).date()
        begun = min(first.values()).replace(day=1)
        if begun >= end:
            raise HazardError("needs-nothing-known", _NOTHING)
        if begun > start:
            start = begun
            known = 12 * (end.year - start.year) + end.month - start.month
            self.notes.append(Sentence(_SHORTER, {"n": known, "months": months}))
        for source, at in sorted(first.items()):
            if at.replace(day=1) > start:
                self.notes.append(Sentence(_BEGINS, {"source": source, "day": at}))
            if source in ends and ends[source] < end:
                self.notes.append(Sentence(_ENDS, {"source": source, "day": ends[source] - dt.timedelta(days=1)}))
        return start, end

    def all(self) -> Needs:
        spots = answers.hot_spots(self.dataset, self.wet, method=hotspots.LIST)
        self.counts(spots)
        self.chronic()
        self.trend(spots)
        self.hours()
        self.returns()
        self.exposures()
        self.defects()
        if spots.drawn is not None:
            anew = self.cells["valid_from"].to_numpy(str) > str(self.start)
            if anew.any():
                self.notes.append(
                    Sentence(_ANEW, {"n": int(anew.sum()), "cells": Listed(named(self.cells, "cell_id", anew))})
                )
        channels = self.reporters(spots)
        self.notes.append(Sentence(_UNTOLD))
        criteria = tuple(one for one in EVERY if one.code in self.values)
        found = {one.code: np.asarray(self.values[one.code], dtype=float) for one in criteria}
        table = pd.DataFrame(
            {"cell_id": self.cells["cell_id"], "name": self.cells["name"], **found, **self.beside}, copy=True
        )
        gaps = gap_table(self.gaps, table, criteria)
        return Needs(
            table=table, criteria=criteria, gaps=gaps, missing=missing_of(gaps, table, criteria),
            notes=tuple(self.notes), start=self.start, end=self.end, months=self.months, n=spots.n_calls,
            n_events=spots.n_events, left_out=spots.left_out, elsewhere=spots.n_elsewhere, channels=channels,
            fields=self.fields,
        )  # fmt: skip

    def counts(self, spots: answers.HotSpots) -> None:
        """Events, and how far they lie above what is expected."""
        cells = spots.cells
        self.values["events"], self.beside["reports"] = cells["events"].to_numpy(), cells["calls"].to_numpy()
        self.values["excess"] = cells["low"].to_numpy(float)
        self.beside["excess_ratio"], self.beside["excess_high"] = cells["ratio"], cells["high"]
        self.beside["area_km2"] = self.cells["area_km2"].to_numpy(float)
        self.beside["weight"] = spots.result.weight / spots.result.weight.sum()
        self.fields["exposure"] = Term(hotspots.EXPOSURE_NAMES.get(spots.result.exposure, spots.result.exposure))
        reason = "no-exposure" if spots.n_events else "no-event-anywhere"
        self.unknown("excess", reason, np.isnan(self.values["excess"]))
        for message, n in ((_LEFT_OUT, spots.left_out), (_ELSEWHERE, spots.n_elsewhere)):
            if n:
                self.notes.append(Sentence(message, {"n": n}))

    def reporters(self, spots: answers.HotSpots) -> pd.DataFrame:
        """Days with a report, the share of residents, and the counts without them; returns who is taken for whom."""
        columns = ("cell_id", "one_spot", "located", "call", "reported_at", "hazard", "channel", "source")
        points = queries.points(self.dataset, self.wet, by_cell=True, columns=columns)
        at = answers.positions(points["cell_id"], self.cells)
        kept = (points["cell_id"].notna() & ~points["one_spot"]).to_numpy()
        who, names = residents.reporters(points, self.named)
        if unheard := sorted(set(self.named or ()) - set(names["name"])):
            self.notes.append(Sentence(_UNHEARD, {"names": Listed(unheard)}))
        here = kept & (at >= 0)
        for word, column in _BY.items():
            self.beside[column] = self.count(at[here & (who == word)])
        n, known = self.beside["by_residents"], self.beside["by_residents"] + self.beside["by_office"]
        share = np.divide(n, known, out=np.full(len(n), np.nan), where=known > 0)
        self.values["residents"] = share
        silent = self.beside["reports"] == 0
        self.unknown("residents", "no-report", np.isnan(share) & silent)
        self.unknown("residents", "no-channel", np.isnan(share) & ~silent)
        unknown = int(self.beside["by_unknown"].sum())
        if unknown:
            self.notes.append(Sentence(_UNKNOWN, {"n": unknown, "all": int(here.sum())}))
        day = points["reported_at"].dt.tz_localize(None).to_numpy("datetime64[D]")
        self.values["days"] = self.days(at, day, here)
        others = kept & (who != residents.RESIDENT)
        wet = self.wet_days()
        if wet is not None:
            rained = np.isin(day, wet)
            self.values["wet_days"] = self.days(at, day, here & rained)
            self.beside["wet_days" + WITHOUT] = self.days(at, day, here & others & rained)
        event = answers.event_numbers(self.dataset, points, kept)
        told = np.isin(event, np.unique(event[others[kept]]))  # by somebody else too
        leads = answers.events_of(self.dataset, self.wet).calls["leads"].to_numpy()
        events = self.count(at[kept][leads & told & (at[kept] >= 0)])
        self.beside["events" + WITHOUT] = events
        self.beside["days" + WITHOUT] = self.days(at, day, here & others)
        self.beside["excess" + WITHOUT] = rates.share_ratio(events, self.beside["weight"], float(events.sum())).low
        if spots.n_events and not events.any():
            self.notes.append(Sentence(_RESIDENTS_ONLY))
        return residents.reporters(points[here], self.named)[1]

    def wet_days(self) -> NDArray[np.datetime64] | None:
        """Return the wet days of the period, None where no rain is known of it; says where not all of it is."""
        rain = rain_days(self.dataset, self.wet)
        day, known = rain["day"].to_numpy("datetime64[D]"), rain["known"].to_numpy(float) >= KNOWN
        told = known & (day >= np.datetime64(self.start)) & (day < np.datetime64(self.end))
        if not told.any():
            self.notes.append(Sentence(_NO_RAIN))
            return None
        least, n = wet_day_mm(self.dataset), (self.end - self.start).days
        if told.sum() < n:
            self.notes.append(Sentence(_RAIN_MISSING, {"n": n - int(told.sum()), "all": n}))
        wet: NDArray[np.datetime64] = day[told & (rain["mm"].to_numpy(float) >= least)]
        self.fields |= {"wet": len(wet), "mm": least}
        return wet

    def chronic(self) -> None:
        sites = record.sites_of(self.dataset, self.wet)
        unknown = np.asarray(pd.isna(sites.chronic))
        self.values["chronic"] = sites.chronic.to_numpy(dtype=float, na_value=np.nan)
        self.fields["returns"] = int(self.dataset.settings["chronic_min_returns"])
        reason = "too-many" if unknown.all() and not sites.sites_events else "few-closed"
        self.unknown("chronic", reason, unknown)

    def trend(self, spots: answers.HotSpots) -> None:
        course = record.course_of(self.dataset, self.wet, spots)
        words = course.cells["trend"].to_numpy(object)
        self.beside["trend_word"] = words
        self.values["trend"] = np.array([_SCALE.get(word, np.nan) for word in words])
        unknown = np.isnan(self.values["trend"])
        self.unknown("trend", "short-record" if course.trend_reason is not None else "young-outline", unknown)

    def hours(self) -> None:
        found = times.medians(self.dataset, self.wet, "cell").astype({"key": object}).set_index("key")
        found = found.reindex(self.cells["cell_id"])
        self.values["hours"] = found["median_hours"].to_numpy(float)
        self.beside["cases"], self.beside["open"] = (found[name].fillna(0).to_numpy(np.int64) for name in ("n", "open"))
        unknown, none = np.isnan(self.values["hours"]), self.beside["cases"] == 0
        self.unknown("hours", "no-case", unknown & none)
        self.unknown("hours", "not-reached", unknown & ~none)

    def returns(self) -> None:
        found = returning.returning(self.dataset, self.wet)
        rows = found.groups["cell"].set_index("key").reindex(self.cells["cell_id"])
        came, closures = (rows[name].fillna(0).to_numpy(np.int64) for name in ("returned", "closures"))
        # Where hardly anything was closed no return is no good news, as with chronic sites
        blind = (came == 0) & (closures < record.ENOUGH_CLOSED * self.values["events"])
        self.values["returns"], self.beside["closures"] = np.where(blind, np.nan, came), closures
        self.unknown("returns", "few-watched", blind)
        self.fields |= {"days": found.days, "radius": found.radius_m[WET]}

    def exposures(self) -> None:
        loaded = [name for name in EXPOSURES if self.cells[name].notna().any()]
        for name in loaded:
            self.values[name] = self.cells[name].to_numpy(float)
            self.unknown(name, "not-loaded", np.isnan(self.values[name]))
        if not loaded:
            self.notes.append(Sentence(_NO_EXPOSURE))

    def defects(self) -> None:
        """Events of sunken covers, and of what else is wrong with drains and covers, by the names of the types."""
        covers = answers.events_of(self.dataset, replace(self.wet, hazards=(COVER,))).calls
        at = answers.positions(covers["cell_id"], self.cells)
        self.values["sunken_covers"] = self.count(at[(at >= 0) & covers["leads"].to_numpy()])
        columns = ("cell_id", "one_spot", "located", "call", "reported_at", "hazard", "type_name")
        others = queries.points(self.dataset, replace(self.wet, hazards=(OTHER,)), by_cell=True, columns=columns)
        types = others["type_name"].cat
        drain = np.array([bool(_DRAIN.search(str(one).casefold())) for one in (*types.categories, "")])[types.codes]
        kept = drain & (others["cell_id"].notna() & ~others["one_spot"]).to_numpy()
        if not kept.any():
            self.notes.append(Sentence(_NO_DRAINS))
            return
        at = answers.positions(others["cell_id"], self.cells)[kept]
        self.values["drains"] = self.count(at[(at >= 0) & answers.leading(self.dataset, others, kept)])

    def count(self, at: Ints) -> Ints:
        return np.bincount(at, minlength=len(self.cells))

    def days(self, at: Ints, day: NDArray[np.datetime64], here: Bools) -> Ints:
        """Return on how many days there was a call in each cell; one whose day is not known counts on none."""
        timed = here & ~np.isnat(day)
        pairs = np.unique(np.column_stack([at[timed], day[timed].astype(np.int64)]), axis=0)
        return self.count(pairs[:, 0])

    def unknown(self, code: str, reason: str, which: Bools) -> None:
        self.gaps += [(code, int(at), reason) for at in np.flatnonzero(which)]


_BY = {residents.RESIDENT: "by_residents", residents.OFFICE: "by_office", residents.UNKNOWN: "by_unknown"}
_NOTHING = N_("No whole month of reports is known before the end of the period: load reports, or choose a later end.")
_SHORTER = NP_(
    "The record holds {n} whole month of the {months} asked for: the need is told from that.",
    "The record holds {n} whole months of the {months} asked for: the need is told from these.",
)
_BEGINS = N_("The source {source} begins on {day}: what it would have reported before is missing in every place.")
_ENDS = N_("The source {source} is known up to {day}: what it would have reported since is missing in every place.")
_ANEW = NP_(
    "{n} place was drawn anew within the period and is counted since then only: {cells}.",
    "{n} places were drawn anew within the period and are counted since then only, among them: {cells}.",
)
_UNKNOWN = NP_(
    "Of {n} of {all} reports of waterlogging it is not known whether a resident made it; it stays in the counts "
    "without residents.",
    "Of {n} of {all} reports of waterlogging it is not known whether a resident made them; they stay in the counts "
    "without residents.",
)
_UNHEARD = N_(
    "No report of waterlogging in the period came by these names, which were given as those of residents: {names}."
)
_LEFT_OUT = NP_(
    "{n} report of waterlogging is probably not located, for it lies on one spot with many others: it counts in no "
    "place.",
    "{n} reports of waterlogging are probably not located, for they lie on one spot with many others: they count in "
    "no place.",
)
_ELSEWHERE = NP_(
    "{n} report of waterlogging lies in none of these places.",
    "{n} reports of waterlogging lie in none of these places.",
)
_RESIDENTS_ONLY = N_(
    "Only residents reported waterlogging: without their reports there is no event, and no place stands out."
)
_NO_DRAINS = N_(
    "No report of the period names a blocked or broken drain or a broken cover as its type: such defects are in no "
    "criterion."
)
_UNTOLD = N_(
    "In no criterion, for nothing here tells it: how deep water stood and for how long, and which schools lie there."
)
_NO_RAIN = N_("No rain is known of the period: on how many wet days there was water is in no criterion.")
_RAIN_MISSING = NP_(
    "Of {n} of the {all} days of the period the rain is not known: it is no wet day here.",
    "Of {n} of the {all} days of the period the rain is not known: they are no wet days here.",
)
_NO_EXPOSURE = N_(
    "No households, people, roads or covers of the cells are loaded: who is hit is in no criterion. Load them on the "
    "Data page."
)
