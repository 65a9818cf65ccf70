"""The times of a finished work: what is known, what led to its choice, when it was built; cut into periods with rain.

A period is a month, cut where a phase ends, so that none belongs to two phases. Reports and rain are counted over the
same days: where the rain of a day is not known, its reports stand aside too, for they would be reports of no rain.

Without rain a period counts as the months it lasts. Then only the cells compared with say how wet a time was.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.evaluation import AFTER, BEFORE, CHOICE, WORKS, phases
from base.errors import HazardError
from base.text import N_

WET_DAYS, MM, MONTHS = "wet_days", "mm", "months"
ASKED = "asked"
CHOICE_MONTHS = 12
CHOSEN_BY = ("surveyed_on", "designed_on", "built_from", "finished_on")  # the first that is known ends the choice
KNOWN = 0.9  # share of a day that a gauge must know, for the day to count as known
_MONTH_DAYS = 365.25 / 12
PHASE_NAMES = {
    BEFORE: N_("Before"),
    CHOICE: N_("Led to the choice"),
    WORKS: N_("Works"),
    AFTER: N_("After"),
}

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Days = tuple[dt.date, dt.date]


@dataclass(frozen=True, eq=False)
class Times:
    """The times of one finished work.

    Attributes
    ----------
    start, end : date
        Of all that is compared, half-open: what both reports and rain cover.
    choice : (date, date) or None
        Half-open; ``chosen_by`` is the column of the project that ends it, or `ASKED`.
    works_from, finished : date
        First day of the works, and the first one after them. ``works_known`` is whether the first is.
    measure : {"wet_days", "mm", "months"}
    above_mm : float
        Rain of a day from which on it is wet, or above which mm count.
    periods : DataFrame
        start, end (datetime64, half-open), phase, days, known (days), exposure; in order of time.
    day_known : ndarray of bool
        Of each day from `start`.
    rain : (date, date) or None
        First day of rain, and the one after the last.
    cut : tuple of str
        "start" and "end" where rain is known for a shorter time than reports are.
    """

    start: dt.date
    end: dt.date
    choice: Days | None
    chosen_by: str
    works_from: dt.date
    works_known: bool
    finished: dt.date
    measure: str
    above_mm: float
    periods: pd.DataFrame
    day_known: Bools
    rain: Days | None
    cut: tuple[str, ...]

    @property
    def unknown_days(self) -> int:
        """Days of which the rain is not known."""
        return int((~self.day_known).sum())

    def period_of(self, days: Any) -> Ints:
        """Return the period of each day (datetime64), -1 for those outside and those of which the rain is not known."""
        day = np.asarray(days, dtype="datetime64[D]")
        place = (day - np.datetime64(self.start)).astype(np.int64)
        inside = (place >= 0) & (place < len(self.day_known))
        inside[inside] = self.day_known[place[inside]]
        starts = self.periods["start"].to_numpy("datetime64[D]")
        return np.where(inside, np.searchsorted(starts, day, side="right") - 1, -1)


def times_of(
    project: Mapping[str, Any],
    known: Days,
    rain: pd.DataFrame | None,
    *,
    measure: str = WET_DAYS,
    above_mm: float,
    choice: Days | None = None,
    since: dt.date | None = None,
) -> Times:
    """Return the times of a finished work.

    Parameters
    ----------
    project : mapping
        With the days surveyed_on, designed_on, built_from (each a date or None) and finished_on.
    known : (date, date)
        What the reports cover, half-open.
    rain : DataFrame, optional
        A row a day: day, mm, known (share of the day), in order; without it the measure is `MONTHS`.
    choice : (date, date), optional
        Days that led to the choice, half-open, empty where there were none; else the 12 months before the first day
        known of survey, design, works and completion.
    since : date, optional
        First day of the time before; what lies earlier is passed over.

    Raises
    ------
    HazardError
        ``rain-ends-early``; ``nothing-after``; ``nothing-before``; ``times-crossed``; ``choice-empty``.
    """
    finished = project["finished_on"] + dt.timedelta(days=1)
    works = project["built_from"] or project["finished_on"]
    start, end = known
    spread: Days | None = None
    cut = []
    if rain is not None and not len(rain):
        rain = None
    if rain is None:
        measure = MONTHS
    else:
        day = rain["day"].to_numpy("datetime64[D]")
        spread = (day[0].item(), day[-1].item() + dt.timedelta(days=1))
        if spread[1] <= finished and spread[1] < end:
            raise HazardError(
                "rain-ends-early",
                "Rain is known up to {last}, and the work was finished on {finished}: load the rain since then.",
                last=spread[1] - dt.timedelta(days=1), finished=project["finished_on"],
            )  # fmt: skip
        cut = [name for name, short in (("start", spread[0] > start), ("end", spread[1] < end)) if short]
        start, end = max(start, spread[0]), min(end, spread[1])
    if since is not None:
        start = max(start, since)
    if end <= finished:
        raise HazardError(
            "nothing-after",
            "Reports are known up to {last} in whole months, and the work was finished on {finished}: whether it helps "
            "can be told later.",
            last=end - dt.timedelta(days=1), finished=project["finished_on"],
        )  # fmt: skip
    if start >= works:
        raise HazardError(
            "nothing-before",
            "What is compared begins on {first}, and the works began on {works}: load reports and rain of an earlier "
            "time.",
            first=start, works=works,
        )  # fmt: skip
    chosen_by, led = _choice(project, choice)
    edges = {start, end, *_months(start, end), finished, works, *(led or ())}
    edge = np.array(sorted(one for one in edges if start <= one <= end), dtype="datetime64[D]")
    phase = phases(
        edge[:-1], edge[1:], finished=np.datetime64(finished), works_start=np.datetime64(works),
        choice_start=np.datetime64(led[0]) if led else None, choice_end=np.datetime64(led[1]) if led else None,
    )  # fmt: skip
    of_day, day_known = _by_day(start, end, rain, measure, above_mm)
    place = (edge - edge[0]).astype(np.int64)[:-1]
    days = np.diff(edge).astype(np.int64)
    periods = pd.DataFrame(
        {
            "start": edge[:-1].astype("datetime64[s]"), "end": edge[1:].astype("datetime64[s]"), "phase": phase,
            "days": days, "known": np.add.reduceat(day_known.astype(np.int64), place),
            "exposure": np.add.reduceat(of_day, place),
        }
    )  # fmt: skip
    return Times(
        start, end, led, chosen_by, works, project["built_from"] is not None, finished, measure, above_mm, periods,
        day_known, spread, tuple(cut),
    )  # fmt: skip


def _choice(project: Mapping[str, Any], asked: Days | None) -> tuple[str, Days | None]:
    if asked is not None:
        if asked[1] < asked[0]:
            raise HazardError(
                "choice-empty", "The time that led to the choice ends on {end}, before it begins on {start}.",
                start=asked[0], end=asked[1],
            )  # fmt: skip
        return ASKED, asked if asked[0] < asked[1] else None
    by = next(name for name in CHOSEN_BY if project[name])
    until: dt.date = project[by]
    return by, ((pd.Timestamp(until) - pd.DateOffset(months=CHOICE_MONTHS)).date(), until)


def _months(start: dt.date, end: dt.date) -> list[dt.date]:
    return [one.date() for one in pd.date_range(start, end, freq="MS")]


def _by_day(
    start: dt.date, end: dt.date, rain: pd.DataFrame | None, measure: str, above_mm: float
) -> tuple[Floats, Bools]:
    """Return the exposure of each day, and whether it is known."""
    n = (end - start).days
    if rain is None:
        return np.full(n, 1 / _MONTH_DAYS), np.ones(n, dtype=bool)
    place = (rain["day"].to_numpy("datetime64[D]") - np.datetime64(start)).astype(np.int64)
    here = (place >= 0) & (place < n)
    mm, share = np.full(n, np.nan), np.zeros(n)
    mm[place[here]], share[place[here]] = rain["mm"].to_numpy(float)[here], rain["known"].to_numpy(float)[here]
    mm = np.where(np.isnan(mm), 0.0, mm)
    wet = mm >= above_mm  # what is wet already, stays so whatever the hours not known brought
    day_known = (share >= KNOWN) | (wet & (measure == WET_DAYS))
    value = wet.astype(float) if measure == WET_DAYS else np.maximum(mm - above_mm, 0.0)
    return np.where(day_known, value, 0.0), day_known
