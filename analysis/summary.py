"""What the overview says: the change against another period, complete months, the ranking, the finding in one "
"sentence."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.hotspots import BY_PLACE, CALLS, GATHER, HOT_SPOT, LIST, HotSpots
from analysis.neighborhoods import METHODS as NEIGHBOURHOODS
from analysis.rates import rate_ratio
from base.text import N_, NP_, Sentence


@dataclass(frozen=True, slots=True)
class RateChange:
    """How a rate changed: ratio now / before with its exact 95% interval, and the difference of the counts.

    `ratio` is NaN when both counts are zero, infinite when only the one before is.
    """

    now: int
    before: int
    ratio: float
    low: float
    high: float

    @property
    def difference(self) -> int:
        """Now less before."""
        return self.now - self.before

    @property
    def beyond_chance(self) -> bool:
        """Whether the interval leaves out 1."""
        return self.low > 1 or self.high < 1


def rate_change(now: int, before: int, *, exposure_now: float = 1, exposure_before: float = 1) -> RateChange:
    """Return the ratio of two rates with its exact 95% interval.

    Given their sum, the count of now is binomial; the Clopper-Pearson limits of its share become limits of the ratio.
    The counts are taken for independent, so they should be events: of calls, one bad night alone makes the interval too
    narrow.

    Parameters
    ----------
    now, before : int
        Counts of the two periods.
    exposure_now, exposure_before : float
        What they stand on (days, households); only their ratio matters.

    Raises
    ------
    HazardError
        ``counts-not-whole`` for negative or broken counts, ``exposure-bad-period`` for an exposure not above zero.

    References
    ----------
    Clopper & Pearson (1934), Biometrika 26, 404-413; Przyborowski & Wilenski (1940), Biometrika 31, 313-323.
    """
    ratio, low, high = rate_ratio(now, before, exposure_now=exposure_now, exposure_before=exposure_before)
    return RateChange(int(now), int(before), float(ratio), float(low), float(high))


def year_before(start: dt.date, end: dt.date) -> tuple[dt.date, dt.date]:
    """Return the same days of the year before as [start, end).

    A period longer than a year goes back by as many whole years as it takes not to overlap itself, for a case must not
    be on both sides of a comparison. A 29 February becomes the 1 March of a year that has none, at both ends.
    """
    years = 1
    while _years_back(end, years) > start:
        years += 1
    return _years_back(start, years), _years_back(end, years)


def _years_back(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return dt.date(day.year - years, 3, 1)


def just_before(start: dt.date, end: dt.date) -> tuple[dt.date, dt.date]:
    """Return the period that ends where [start, end) begins: as many months if it is whole months, else as many "
    "days."""
    if start.day == 1 and end.day == 1:
        month = start.year * 12 + start.month - 1 - ((end.year - start.year) * 12 + end.month - start.month)
        return dt.date(month // 12, month % 12 + 1, 1), start
    return start - (end - start), start


_MONTH = r"\d{4}-\d{2}"


def complete_months(
    counts: pd.DataFrame, start: dt.date | None, end: dt.date | None, hazards: Sequence[str]
) -> pd.DataFrame:
    """Return reports by month and hazard with every month from `start` to `end`, those without a report as zero.

    Parameters
    ----------
    counts : DataFrame
        Columns month ('YYYY-MM'), hazard, count; reports without a month, a lone year too, are left out.
    start, end : date or None
        Half-open; None is the first or last month of `counts`.
    hazards : sequence of str
        Kinds in the order wanted.

    Returns
    -------
    DataFrame
        month, hazard, count; sorted by month, hazards in the order given. Empty if no month is known.
    """
    known = counts[counts["month"].str.fullmatch(_MONTH).eq(True)]
    span = known["month"].agg(["min", "max"]) if len(known) else None
    first = str(start)[:7] if start else None if span is None else str(span["min"])
    last = str(end - dt.timedelta(days=1))[:7] if end else None if span is None else str(span["max"])
    months = [] if first is None or last is None else pd.period_range(first, last, freq="M").astype(str).tolist()
    index = pd.MultiIndex.from_product([months, list(hazards)], names=["month", "hazard"])
    totals = known.groupby(["month", "hazard"], observed=True)["count"].sum()
    return totals.reindex(index, fill_value=0).astype("int64").rename("count").reset_index()


def rank_cells(cells: pd.DataFrame, *, counted: str = "events") -> pd.DataFrame:
    """Return cells by strength of evidence: those with a claim of their own, those in a claimed place, then the others.

    Of these smallest p first, then most events, then cell_id.

    Ranked by p and not by a rate, for the smallest cells have the wildest rates. Where nothing was tested (p is NaN)
    most events come first, or most calls if calls are `counted`. A test of both sides, which gives a `z`, has small p
    for what is low too: what could become a claim, high with its neighbours and above expectation, comes before that.
    """
    far = (
        ~((cells["z"] > 0) & (cells["events"] > cells["expected"]))
        if "z" in cells and cells["z"].notna().any()
        else False
    )
    within = cells["by"].eq(BY_PLACE) if "by" in cells else False
    order = cells.assign(unclaimed=~cells["hot"], within=within, far=far).sort_values(
        ["unclaimed", "within", "far", "p", counted, "cell_id"],
        ascending=[True, True, True, True, False, True],
        na_position="last",
    )
    return order.drop(columns=["unclaimed", "within", "far"]).reset_index(drop=True)


def headline(spots: HotSpots, change: RateChange | None, n: int) -> Sentence:
    """Return the finding of a screen in one sentence, the strongest that holds.

    Claims about cells and places come first, then a change beyond chance, else it says that nothing stands out, or that
    there are too few events to tell. Where calls are counted it tells their number.

    Parameters
    ----------
    spots : HotSpots
    change : RateChange or None
        None: there is nothing to compare with.
    n : int
        Reports in the period, in a cell or not.
    """
    if spots.sharing:
        return counted_claims(spots)
    if spots.own:
        return Sentence(_CLAIMS[spots.claim == HOT_SPOT, spots.own > 1], {"n": spots.own})
    if n == 0:
        return Sentence(N_("No reports in this period"), {})
    if spots.method == CALLS:
        return Sentence(N_("{n} calls counted, without a claim"), {"n": int(spots.calls.sum())})
    if change is not None and change.beyond_chance:
        return Sentence(_MORE if change.low > 1 else _FEWER, {"now": change.now, "before": change.before})
    if len(spots.events) < 2:
        return Sentence(N_("A single cell has nothing to be compared with"), {})
    if spots.method == LIST:
        return Sentence(N_("Too few events for a claim about single cells: {n}"), {"n": int(spots.events.sum())})
    if np.isnan(spots.p).all():
        return Sentence(N_("No cell can be judged by this method"), {})
    if spots.method in NEIGHBOURHOODS:  # of a single cell it says nothing
        return Sentence(N_("No neighbourhood stands out beyond chance"), {})
    return Sentence(N_("No cell stands out beyond chance"), {})


def counted_claims(spots: HotSpots) -> Sentence:
    """Return how many cells are claimed, and apart from them the places that name others, with the cells they hold.

    For a screen with a claim.
    """
    places = counted_places(spots)
    own = Sentence(_OWN[spots.claim], {"n": spots.own})
    if places is None:
        return own
    if spots.own:
        return Sentence(N_("{cells}, and {places}"), {"cells": own, "places": places})
    return Sentence(_PLACES_ALONE[spots.claim], places.fields)


def counted_places(spots: HotSpots) -> Sentence | None:
    """Return how many places name cells that nothing else names, and how many cells they hold: part of a sentence."""
    if not spots.sharing:
        return None
    cells = {cell for place in spots.sharing for cell in place.members}
    return Sentence(_PLACES[spots.claim], {"n": len(spots.sharing), "cells": len(cells)})


def change_sentence(change: RateChange | None, compare: str) -> Sentence:
    """Return the line under a figure: the difference, and whether it is beyond chance, with the interval of the ratio.

    `compare` is "year" (the same months of the year before) or "previous" (the period before).
    """
    if change is None:
        return Sentence(N_("no earlier period to compare with"), {})
    facts = {"difference": f"{change.difference:+,}".replace("-", "\N{MINUS SIGN}").replace("+0", "±0")}
    if change.before == 0:
        return Sentence(_NONE_BEFORE[compare], facts)
    facts |= {"low": f"{change.low:.2f}", "high": f"{change.high:.2f}"}
    return Sentence(_CHANGES[compare, change.beyond_chance], facts)


_CLAIMS = {
    (True, False): N_("One cell has more events than chance explains"),
    (True, True): N_("{n} cells have more events than chance explains"),
    (False, False): N_("Reports gather in one cell, beyond chance"),
    (False, True): N_("Reports gather in {n} cells, beyond chance"),
}
_OWN = {
    HOT_SPOT: NP_("{n} hot spot beyond chance", "{n} hot spots beyond chance"),
    GATHER: NP_("Reports gather in {n} cell", "Reports gather in {n} cells"),
}
_PLACES = {
    HOT_SPOT: NP_("a hot place of {cells} cells", "{n} hot places of {cells} cells in all"),
    GATHER: NP_("in a place of {cells} cells", "in {n} places of {cells} cells in all"),
}
_PLACES_ALONE = {
    HOT_SPOT: NP_(
        "A hot place of {cells} cells, beyond chance", "{n} hot places of {cells} cells in all, beyond chance"
    ),
    GATHER: NP_("Reports gather in a place of {cells} cells", "Reports gather in {n} places of {cells} cells in all"),
}
_MORE = N_("More events than before, beyond chance: {now} after {before}")
_FEWER = N_("Fewer events than before, beyond chance: {now} after {before}")
_NONE_BEFORE = {
    "year": N_("{difference}; there was none in the same months of the year before"),
    "previous": N_("{difference}; there was none in the period before"),
}
_CHANGES = {
    ("year", True): N_("{difference} on the year before, beyond chance (×{low}–{high})"),
    ("year", False): N_("{difference} on the year before, within chance (×{low}–{high})"),
    ("previous", True): N_("{difference} on the period before, beyond chance (×{low}–{high})"),
    ("previous", False): N_("{difference} on the period before, within chance (×{low}–{high})"),
}
