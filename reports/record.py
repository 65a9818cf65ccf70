"""What the record says of each claim: how sure its ratio is, since when, which way it goes, what comes back in it, and
what became of it since the period before. It describes and claims nothing: the claims are those of the screen.

**The record** is the whole of what is known before the end of the scope, in whole months, whatever the scope's start. A
source that begins in the middle would be a trend, and so would one that ends: the sources are those that know all up to
the end and have 24 months or more (where none has, a year or more, else whatever there is), and the record begins
where the latest of these begins. As in `reports.answers.comparison` the month of a source's first report counts as
known; a silence of a year or more breaks a source off, so that one mistyped year does not put twenty empty ones before
it. A cell is known from the first month in which its outline held.

**Chronic sites** are made of all events up to the end of the scope, anywhere, so a look into one area finds the sites
that the whole map shows. The radius is that of an event: within it two calls are about one place. An event is
closed when the last of its calls is. Where hardly any event has a closing time nothing can be seen to come back, and
no site is no good news: then that is said, and a cell's number is not 0 but not known.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import hotspots, onset, rates, recurrence, trend
from base.errors import HazardError
from base.text import N_, Sentence, Term, Words
from data import derived, queries
from data.dataset import Dataset
from data.schema import Scope
from geo import crs
from reports import answers, closures, history

TREND_NAMES = {
    trend.NEW: N_("newly begun"),
    trend.GROWING: N_("growing"),
    trend.PERSISTENT: N_("every season, no change seen"),
    trend.SPORADIC: N_("now and then, no change seen"),
    trend.FADING: N_("fading"),
    trend.NONE: N_("no events"),
    "": "",
}
CHANGE_NAMES = {
    trend.NEW: N_("not claimed before"),
    trend.STAYED: N_("claimed before too"),
    trend.GONE: N_("no longer claimed"),
    "": "",
}
WET_YEAR = Sentence(
    N_(
        "A wet year raises all its months and looks like a trend: rain is not known to the program yet, so think of it "
        "beside the words."
    )
)
REGRESSION = Sentence(
    N_(
        "A cell chosen because it is high now was probably lower before by chance too: a part of its rise is that "
        "choice."
    )
)
_TOO_MANY = N_(
    "Chronic sites are looked for among at most {most} events, and here are {n}: choose one area or fewer hazards."
)
MOST_SITED = 3_000_000  # events of a history that are joined to sites: half a minute and a gigabyte
_SITES_RULE = N_(
    "Where the same hazard was reported again after it had been closed (returns asked for: {n}), within {wet} m of the "
    "first report for waterlogging and {radius} m for other hazards, in all that is known up to the end of the period."
)
_NONE_CLOSED = N_("Chronic sites cannot be told: none of {all} events has a closing time.")
_FEW_CLOSED = N_("Whether there are more chronic sites cannot be told: only {n} of {all} events have a closing time.")
_FEW_CLOSED_NONE = N_("Chronic sites cannot be told: only {n} of {all} events have a closing time.")
_RESTS_ON = N_(
    "{n} of {all} events of all cells here up to the end of the period have a closing time ({share}); a return is only "
    "seen after one."
)
_NO_ZERO = N_("A cell in which fewer than half have one is given no 0 but nothing.")
ENOUGH_CLOSED = 0.5  # of the events: below, no site is no news
_NO_EXPOSURE_BEFORE = N_(
    "Nothing to compare with: the cells of the period before have no complete figures of {exposure}."
)
_EDITION = "1"  # of how events are joined to sites: to be raised when the answer changes
_LEAST = (trend.MIN_MONTHS, 12, 1)  # months of a source: as many as the words need, else a year, else any
_SILENT_MONTHS = 12  # without any report: what lies before is another record
_MOST_HELD, _MOST_HISTORIES = 16, 2  # answers of some megabytes each in a city; histories of a hundred

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Progress = Callable[[float], None]


class Total(NamedTuple):
    """The events of two periods, and now / before by the day with its exact interval; NaN where there is none."""

    now: int
    before: int
    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class Compared:
    """What became of the claims since the period before; no claim of its own.

    `cells` are those with the same outline in both periods: cell_id, name, change ("new", "stayed", "gone" or ""), now
    and before (events of the two scopes), ratio, low, high (events a day, now / before, with its exact interval, cell
    by cell; of a cell drawn anew within a period by its part of it). `every` is the same of all these cells together.
    The claims are those of the two scopes: by the sources of both. What is gone need not have become fewer events: look
    at the ratio. `redrawn` counts the claims, of either period, on outlines that the other did not have. `begun_before`
    counts the events of the period before whose first call lies before it, as `Course.begun_before` does. `note` says
    where one side could make no claim at all, or
    where the two are measured by different exposures, else None.
    """

    before: Scope
    now: Scope
    left_out: tuple[str, ...]
    cells: pd.DataFrame
    every: Total
    redrawn: int
    begun_before: int
    note: Sentence | None

    def tie(self, words: Words) -> str:
        """Return why the months of the period before hold fewer events than it does; '' where they do not."""
        if not self.begun_before:
            return ""
        return words.plural(
            "{n} event of the period before began still earlier: by month it stands in that of its first call.",
            "{n} events of the period before began still earlier: by month they stand in that of their first call.",
            self.begun_before,
        )

    @property
    def new(self) -> int:
        """Cells claimed now and not before."""
        return int((self.cells["change"] == trend.NEW).sum())

    @property
    def stayed(self) -> int:
        """Cells claimed in both periods."""
        return int((self.cells["change"] == trend.STAYED).sum())

    @property
    def gone(self) -> int:
        """Cells claimed before and not now."""
        return int((self.cells["change"] == trend.GONE).sum())


@dataclass(frozen=True)
class Course:
    """How the cells of `reports.answers.HotSpots` went over the months, in their order.

    Attributes
    ----------
    cells : DataFrame
        cell_id, ratio, low, high (observed / expected with its exact 95% interval), since (first day of the month from
        which on a claimed cell stands out, see `analysis.onset`; NaT for others), since_or_earlier (whether that is the
        first month of the record), trend (a key of TREND_NAMES, "" where the record is too short). Of a cell that only
        shares a hot place neither since nor trend is told: the place is claimed, not the cell.
    months : DataFrame
        cell_id, month ('YYYY-MM'), events, expected (by the cell's share of the month's events) of the claimed cells,
        before them those of all cells together with cell_id ""; every month of the record, NA and NaN where the cell's
        outline did not hold yet.
    first, last : str or None
        Months of the record, 'YYYY-MM'.
    left_out : tuple of str
        Sources that do not cover it.
    trend_reason : Sentence or None
        Why there is no trend word.
    begun_before : int
        Events of the scope whose first call lies before its start: they stand in the month of that call, so the months
        of the scope hold so many fewer than the scope does.
    """

    cells: pd.DataFrame
    months: pd.DataFrame
    first: str | None
    last: str | None
    left_out: tuple[str, ...]
    trend_reason: Sentence | None
    begun_before: int

    def tie(self, words: Words) -> str:
        """Return in which month an event stands, and how many of the scope stand before it."""
        if not self.begun_before:
            return words("An event stands in the month of its first call.")
        return words.plural(
            "{n} event of the period had its first call before it and stands in the month of that call.",
            "{n} events of the period had their first call before it and stand in the month of that call.",
            self.begun_before,
        )

    @property
    def sentence(self) -> Sentence:
        """Why there is no trend word, or what has to be thought of beside the words."""
        return self.trend_reason or WET_YEAR


@dataclass(frozen=True)
class Before:
    """What became of the claims since the period before, or why nothing can be compared."""

    compared: Compared | None
    compared_reason: Sentence | None


@dataclass(frozen=True)
class Sites:
    """The chronic sites of some cells, by what rule, and on what they rest; or why they, or all, cannot be told.

    `sites` has cell_id, hazard, lon, lat (rounded to about 10 m: a site lies where its first report does, and reports
    are not handed out), events, returns, first, last, median_days, open_now of the sites with an event in these cells
    (in the cell of the first of these), most returns first; see `analysis.recurrence`. `chronic` counts them, a number
    a cell: NA where they were not looked for, and in place of 0 where fewer than half of the cell's events have a
    closing time. `sites_rule` says which are meant. `sites_events` and `sites_closed` are the events of these cells up
    to the end of the scope, and those of them with a closing time.
    """

    sites: pd.DataFrame
    chronic: pd.arrays.IntegerArray
    sites_reason: Sentence | None
    sites_rule: Sentence
    sites_events: int
    sites_closed: int

    def rests_on(self, words: Words) -> str:
        """Return how many of the events have a closing time; '' where there is none, or it is said already."""
        if not self.sites_events or self.sites_reason is not None:
            return ""
        share = words.percent(self.sites_closed / self.sites_events, 1)
        told = words(_RESTS_ON, n=self.sites_closed, all=self.sites_events, share=share)
        return words.joined([told, words(_NO_ZERO)]) if self.chronic.isna().any() else told


@dataclass(frozen=True)
class Record(Course, Before, Sites):
    """The whole record of a scope's claims; `cells` has the numbers of chronic sites too (chronic, NA if not known)."""


def since_words(since: str | None, first: str | None, words: Words) -> str:
    """Return since when a cell stands out, from months as 'YYYY-MM'; of the first month of the record: or earlier."""
    if since is None:
        return ""
    return words("{month} or earlier", month=words.month(since)) if since == first else words.month(since)


def record_of(
    dataset: Dataset,
    scope: Scope,
    spots: answers.HotSpots,
    *,
    exposure: str = "auto",
    method: str = hotspots.AUTO,
    compare: str = "year",
    progress: Progress | None = None,
) -> Record:
    """Return the whole of what the record says of the claims of a scope: `course_of`, `before_of` and `sites_of`.

    Parameters
    ----------
    spots : HotSpots
        The answer of `reports.answers.hot_spots` to the same scope, `exposure` and `method`.
    compare : {"year", "previous"}
        With the same days of the year before, or with the period before.

    Raises
    ------
    HazardError
        What `before_of` refuses.
    """
    tell = progress or (lambda share: None)
    tell(0.0)
    course = course_of(dataset, scope, spots)
    before = before_of(
        dataset, scope, spots, exposure=exposure, method=method, compare=compare,
        progress=lambda share: tell(0.1 + 0.4 * share),
    )  # fmt: skip
    sites = sites_of(dataset, scope, progress=lambda share: tell(0.5 + 0.5 * share))
    fields = {**vars(course), **vars(before), **vars(sites)}
    return Record(**fields | {"cells": course.cells.assign(chronic=sites.chronic)})


def course_of(dataset: Dataset, scope: Scope, spots: answers.HotSpots) -> Course:
    """Return how the cells of a scope went over the months; `spots` is the answer to the same scope.

    The answers last given are held with the version, and shared: they are never changed.
    """
    key = (scope, spots.result.exposure, spots.result.method, spots.seed)
    return dataset.hold("courses", key, lambda: _course(dataset, scope, spots), most=_MOST_HELD)


def _course(dataset: Dataset, scope: Scope, spots: answers.HotSpots) -> Course:
    cells = answers.cells_of(dataset, scope)
    span, left_out = _span(dataset, scope)
    counts = _by_month(dataset, span, cells) if span else np.zeros((len(cells), 0))
    hot = spots.cells["hot"].to_numpy(bool)
    shares = (spots.cells["by"] == hotspots.BY_PLACE).to_numpy()  # there the place is claimed, not the cell
    own = hot & ~shares
    since = np.full(len(cells), np.datetime64("NaT"), dtype="datetime64[M]")
    expected = _expected(counts, spots.result.weight / spots.result.part)
    begun = np.full(len(cells), onset.NOT)
    begun[own] = onset.find_onset(counts[own], expected[own])
    known = own & (begun != onset.NOT)
    words = [""] * len(cells)
    first = last = None
    if span:
        first, last = (str(month) for month in (span.months[0], span.months[-1]))
        since[known] = span.months[begun[known]]
        found = trend.find_trends(counts, fdr=float(dataset.settings["fdr"])).word
        words = np.where(shares, "", found).tolist()
    months = span.months if span else np.empty(0, "datetime64[M]")
    return Course(
        cells=spots.cells[["cell_id", "ratio", "low", "high"]].assign(
            since=since.astype("datetime64[s]"),
            since_or_earlier=known & (begun == 0),
            trend=words,
        ),
        months=_months(months, counts, expected, spots.cells["cell_id"], hot),
        first=first,
        last=last,
        left_out=left_out,
        trend_reason=_trend_reason(counts.shape[1]),
        begun_before=_begun_before(dataset, scope, span, cells) if span else 0,
    )


@dataclass(frozen=True)
class _Span:
    """The months of a record and the scope that holds its events."""

    months: NDArray[np.datetime64]
    scope: Scope


class Known(NamedTuple):
    """The whole months of a record as days, half-open, the sources that cover it, and those that do not."""

    start: dt.date
    end: dt.date
    sources: tuple[str, ...]
    left_out: tuple[str, ...]


def known_months(dataset: Dataset, scope: Scope) -> Known | None:
    """Return the record of a scope (its start does not count), None where there is no whole month."""
    span, left_out = _span(dataset, replace(scope, start=None))
    if span is None or span.scope.end is None:
        return None
    return Known(span.months[0].astype("datetime64[D]").item(), span.scope.end, span.scope.sources, left_out)


def _span(dataset: Dataset, scope: Scope) -> tuple[_Span | None, tuple[str, ...]]:
    """Return the record of a scope, None where there is no whole month, and the sources that do not cover it."""
    asked = scope.sources or tuple(dataset.sources)
    ends = dataset.known_ends
    if not ends:
        return None, tuple(sorted(asked))
    day = max(ends.values())
    if scope.as_of is not None:
        before = pd.Timestamp(scope.as_of).tz_convert(dataset.zone) - pd.Timedelta(microseconds=1)
        day = min(day, before.date() + dt.timedelta(days=1))
    day = min(day, scope.end or day).replace(day=1)
    end = np.datetime64(day, "M")
    months = {}
    for source, begun in _beginnings(dataset, replace(scope, sources=asked, end=day)).items():
        if source in ends and ends[source] >= day:
            months[source] = int((end - begun).astype(int))
    for least in _LEAST:
        covering = {source: n for source, n in months.items() if n >= least}
        if covering:
            break
    left_out = tuple(sorted(set(asked) - set(covering)))
    if not covering:
        return None, left_out
    every = np.arange(end - min(covering.values()), end)
    return _Span(every, replace(scope, start=None, end=day, sources=tuple(sorted(covering)))), left_out


def _beginnings(dataset: Dataset, scope: Scope) -> dict[str, np.datetime64]:
    """Return the month in which each source of a scope began to report, whatever hazard and wherever, up to its end."""
    everything = replace(scope, start=None, hazards=(), area=None, voided=True)
    counts = queries.counts(dataset, everything, ["source", "month"])
    counts = counts[counts["month"].str.len() == len("2026-01")]
    begun = {}
    for source, rows in counts.groupby("source"):
        months = np.sort(rows["month"].to_numpy("datetime64[M]"))
        breaks = np.flatnonzero(np.diff(months).astype(int) > _SILENT_MONTHS)
        begun[str(source)] = months[breaks[-1] + 1 if len(breaks) else 0]
    return begun


def _by_month(dataset: Dataset, span: _Span, cells: pd.DataFrame) -> Floats:
    """Return the events of each cell by month; NaN before the first whole month of its outline."""
    calls = answers.first_calls(dataset, span.scope, ("cell_id", "month"))
    where = answers.positions(calls["cell_id"], cells)
    names = pd.Index(span.months.astype(str))
    when = np.append(names.get_indexer(calls["month"].cat.categories), -1)[calls["month"].cat.codes]
    inside = (where >= 0) & (when >= 0)
    n = len(names)
    counts = (
        np.bincount(where[inside] * n + when[inside], minlength=len(cells) * n).reshape(len(cells), n).astype(float)
    )
    drawn = cells["valid_from"].replace("", "0001-01-01").to_numpy("datetime64[D]")
    counts[span.months.astype("datetime64[D]")[None, :] < drawn[:, None]] = np.nan
    return counts


def _begun_before(dataset: Dataset, scope: Scope, span: _Span, cells: pd.DataFrame) -> int:
    """Return how many events of a scope had their first call before it, as far as a record reaches."""
    end = span.scope.end
    if scope.start is None or scope.end is None or end is None or scope.start >= end:
        return 0
    end = min(end, scope.end)
    same = scope.end == end and set(span.scope.sources) == set(scope.sources or dataset.sources)
    inside = scope if same else replace(span.scope, start=scope.start, end=end)
    own = answers.first_calls(dataset, inside, ("cell_id", "reported_at"))
    every = answers.first_calls(dataset, span.scope, ("cell_id", "reported_at"))
    first, after = (pd.Timestamp(day, tz=dataset.zone) for day in (scope.start, end))
    every = every[((every["reported_at"] >= first) & (every["reported_at"] < after)).to_numpy()]
    n, begun_within = (int((answers.positions(calls["cell_id"], cells) >= 0).sum()) for calls in (own, every))
    return max(n - begun_within, 0)


def _expected(counts: Floats, exposure: Floats) -> Floats:
    """Return what each month would bring each cell by its share of the exposure of the cells known."""
    weight = np.where(np.isnan(counts), np.nan, exposure[:, None])
    total = np.nansum(weight, axis=0)
    return weight * np.divide(np.nansum(counts, axis=0), total, out=np.zeros(len(total)), where=total > 0)


def _months(
    months: NDArray[np.datetime64], counts: Floats, expected: Floats, cell_ids: pd.Series, hot: NDArray[np.bool_]
) -> pd.DataFrame:
    ids = ["", *cell_ids[hot]]
    every, expected = (np.vstack([np.nansum(of, axis=0), of[hot]]) for of in (counts, expected))
    return pd.DataFrame(
        {
            "cell_id": np.repeat(np.array(ids, dtype=object), len(months)),
            "month": np.tile(months.astype(str).astype(object), len(ids)),
            "events": pd.array(every.ravel(), dtype="Int64"),
            "expected": expected.ravel(),
        }
    )


def _trend_reason(months: int) -> Sentence | None:
    if months >= trend.MIN_MONTHS:
        return None
    if not months:
        return Sentence(N_("No trend word: no whole month of the period is known."))
    return Sentence(
        N_("No trend word: it takes {needed} whole months that are known, not {n}."),
        {"needed": trend.MIN_MONTHS, "n": months},
    )


def before_of(
    dataset: Dataset,
    scope: Scope,
    spots: answers.HotSpots,
    *,
    exposure: str = "auto",
    method: str = hotspots.AUTO,
    compare: str = "year",
    progress: Progress | None = None,
) -> Before:
    """Return what became of the claims of a scope since the period before; parameters as `record_of` takes them.

    The answers last given are held with the version, and shared: they are never changed.

    Raises
    ------
    HazardError
        What `reports.answers.hot_spots` refuses for the period before, but for an exposure that it has not.
    """
    return dataset.hold(
        "compared",
        (scope, exposure, method, spots.seed, compare),
        lambda: Before(*_compared(dataset, scope, spots, exposure, method, compare, progress)),
        most=_MOST_HELD,
    )


def _compared(
    dataset: Dataset,
    scope: Scope,
    spots: answers.HotSpots,
    exposure: str,
    method: str,
    compare: str,
    progress: Progress | None,
) -> tuple[Compared | None, Sentence | None]:
    if scope.start is None or scope.end is None:
        return None, Sentence(N_("All time has no period before it: choose a period to compare."))
    sides = answers.comparison(dataset, scope, compare)
    if sides is None:
        return None, Sentence(
            N_("Nothing to compare with: no source covers both this period and the one before from end to end.")
        )
    asked: dict[str, Any] = {"exposure": exposure, "method": method, "seed": spots.seed}
    try:
        earlier = answers.hot_spots(dataset, sides.before, progress=progress, **asked)
    except HazardError as error:
        if error.code != "exposure-incomplete":
            raise
        name = hotspots.EXPOSURE_NAMES[spots.result.exposure]
        return None, Sentence(_NO_EXPOSURE_BEFORE, {"exposure": Term(name)})
    # The screen may show more than can be compared: then the claims are looked for among what can
    later = spots if sides.whole else answers.hot_spots(dataset, sides.now, **asked)
    outlines = [answers.cells_of(dataset, one)["valid_from"] for one in (sides.now, sides.before)]
    now, before = (
        one.cells[["cell_id", "name", "events", "hot"]].assign(valid_from=outline, part=one.result.part)
        for one, outline in zip((later, earlier), outlines, strict=True)
    )
    both = now.merge(before.drop(columns="name"), on=["cell_id", "valid_from"], suffixes=("", "_before"))
    days, days_before = sides.days
    found = trend.compare_periods(
        both["events"], both["events_before"], claimed_now=both["hot"], claimed_before=both["hot_before"],
        exposure_now=days * both["part"], exposure_before=days_before * both["part_before"],
    )  # fmt: skip
    cells = both[["cell_id", "name"]].assign(
        change=list(found.change), now=both["events"], before=both["events_before"], ratio=found.ratio, low=found.low,
        high=found.high,
    )  # fmt: skip
    claims = int(now["hot"].sum() + before["hot"].sum())
    redrawn = claims - int(both["hot"].sum() + both["hot_before"].sum())
    span, _ = _span(dataset, scope)
    begun_before = _begun_before(dataset, sides.before, span, answers.cells_of(dataset, scope)) if span else 0
    compared = Compared(
        before=sides.before, now=sides.now, left_out=sides.left_out, cells=cells,
        every=_together(both, days, days_before), redrawn=redrawn, begun_before=begun_before,
        note=_note(later, earlier),
    )  # fmt: skip
    return compared, None


def _together(both: pd.DataFrame, days: float, days_before: float) -> Total:
    """Return what became of all cells together; those drawn anew within a period count by their part of it."""
    n, n_before = (both[name].to_numpy(float) for name in ("events", "events_before"))
    stood, stood_before = days * both["part"].to_numpy(float), days_before * both["part_before"].to_numpy(float)
    rate = np.divide(n + n_before, stood + stood_before, out=np.zeros(len(both)), where=stood + stood_before > 0)
    if not rate.any():
        return Total(0, 0, np.nan, np.nan, np.nan)
    found = rates.rate_ratio(
        [int(n.sum())], [int(n_before.sum())], exposure_now=[rate @ stood], exposure_before=[rate @ stood_before]
    )
    return Total(int(n.sum()), int(n_before.sum()), float(found.ratio[0]), float(found.low[0]), float(found.high[0]))


def _note(now: answers.HotSpots, before: answers.HotSpots) -> Sentence | None:
    """Return a sentence where one period is too poor for any claim, or measured otherwise: new and gone say little."""
    if before.result.method == hotspots.LIST:
        return Sentence(
            N_("The period before holds {n} events, too few for any claim: every claim of now is new."),
            {"n": before.n_events},
        )
    if now.result.method == hotspots.LIST:
        return Sentence(
            N_("This period holds {n} events, too few for any claim: every earlier claim is gone."), {"n": now.n_events}
        )
    if now.result.exposure != before.result.exposure:
        return Sentence(
            N_(
                "This period is measured by {now}, the one before by {before}: a claim may be new or gone for that "
                "alone."
            ),
            {
                name: Term(hotspots.EXPOSURE_NAMES[one.result.exposure])
                for name, one in (("now", now), ("before", before))
            },
        )
    return None


SITE_DIGITS = 4  # of a degree: about 10 m
_SITE = ("cell_id", "hazard", "lon", "lat", "events", "returns", "first", "last", "median_days", "open_now")
_JOINED = ("joined", "x_m", "y_m", "reported_at", "closed_at", "hazard")


def sites_of(dataset: Dataset, scope: Scope, *, progress: Progress | None = None) -> Sites:
    """Return the chronic sites with an event in the cells of a scope, from all that is known up to its end.

    The answers last given are held with the version, and shared: they are never changed. The first one of a city walks
    its whole history: `progress` gets the share that is done.
    """
    tell = progress or (lambda share: None)
    return dataset.hold("sites", replace(scope, start=None), lambda: _sites(dataset, scope, tell), most=_MOST_HELD)


def _sites(dataset: Dataset, scope: Scope, progress: Progress) -> Sites:
    """Look for chronic sites. What came later joins nothing else together, so the whole history is joined once."""
    cells = answers.cells_of(dataset, scope)
    least, (radius, _) = int(dataset.settings["chronic_min_returns"]), history.rules(dataset.settings)
    rule = Sentence(_SITES_RULE, {"n": least, "wet": radius["waterlogging"], "radius": radius["other"]})
    everything = replace(scope, start=None, end=None, area=None, hazards=())
    for whole in (everything, replace(everything, area=scope.area, hazards=scope.hazards)):
        n = int(answers.events_of(dataset, whole).calls["leads"].sum())
        if n <= MOST_SITED:
            break
    else:
        unknown = pd.array([pd.NA] * len(cells), dtype="Int64")
        return Sites(
            pd.DataFrame(columns=list(_SITE)), unknown, Sentence(_TOO_MANY, {"n": n, "most": MOST_SITED}), rule, 0, 0
        )
    found, every = dataset.hold("sites joined", whole, lambda: _joined(dataset, whole, progress), most=_MOST_HISTORIES)
    keep = _asked(dataset, scope, found)
    where = answers.positions(found["cell_id"], cells)
    joined = found["joined"].to_numpy()
    here = np.zeros(int(joined.max(initial=-1)) + 1, dtype=bool)
    here[joined[keep & (where >= 0)]] = True
    keep &= here[joined]
    events, where = found[keep].reset_index(drop=True), where[keep]
    label, x_m, y_m, reported, closed, hazard = (events[name] for name in _JOINED)
    site, sites = recurrence.describe_sites(label, x_m, y_m, reported, closed, hazard, min_returns=least)
    inside = (site >= 0) & (where >= 0)
    first = pd.DataFrame({"site": site[inside], "at": where[inside]}).drop_duplicates("site").sort_values("site")
    at = first["at"].to_numpy()
    lead = np.flatnonzero(~label.duplicated() & (site >= 0))
    places = events[["lon", "lat"]].iloc[lead[np.argsort(site[lead])]].reset_index(drop=True).round(SITE_DIGITS)
    listed = pd.concat([sites, places], axis=1).assign(cell_id=cells["cell_id"].to_numpy(object)[at])
    lies = answers.positions(every["cell_id"], cells)
    lies = np.where(_asked(dataset, scope, every), lies, -1)
    there: Ints = np.bincount(lies[lies >= 0], minlength=len(cells))
    shut: Ints = np.bincount(lies[(lies >= 0) & every["closed"].to_numpy()], minlength=len(cells))
    chronic = np.bincount(at, minlength=len(cells))
    silent = (chronic == 0) & (shut < ENOUGH_CLOSED * there)
    told = pd.arrays.IntegerArray(chronic.astype(np.int64), silent)
    reason = _closed_reason(int(shut.sum()), int(there.sum()), len(listed))
    return Sites(listed[list(_SITE)], told, reason, rule, int(there.sum()), int(shut.sum()))


def _closed_reason(closed: int, events: int, sites: int) -> Sentence | None:
    """Return why there may be chronic sites that nobody can see; None where enough events have a closing time."""
    if closed >= ENOUGH_CLOSED * events:
        return None
    if not closed:
        return Sentence(_NONE_CLOSED, {"all": events})
    return Sentence(_FEW_CLOSED if sites else _FEW_CLOSED_NONE, {"n": closed, "all": events})


def _asked(dataset: Dataset, scope: Scope, found: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which events of the whole history a scope asks for, wherever they lie."""
    keep = found["reported_at"].notna().to_numpy()
    if scope.end is not None:
        keep = keep & (found["reported_at"] < pd.Timestamp(scope.end, tz=dataset.zone)).to_numpy()
    if scope.hazards:
        keep = keep & found["hazard"].isin(scope.hazards).to_numpy()
    return keep


class _History(NamedTuple):
    """The events of a history that share a site with others, and of every event where, when and whether closed."""

    shared: pd.DataFrame
    every: pd.DataFrame  # cell_id, hazard, reported_at, closed (a bool)


def _joined(dataset: Dataset, scope: Scope, progress: Progress) -> _History:
    """Return the events of a history that share a site with others, the first ones first, and whether all are closed.

    Columns of the first: cell_id, hazard, lon, lat, reported_at, closed_at, x_m, y_m, joined (a number of the site).
    Who shares a site with whom is kept in `derived/`.
    """
    found = closures.closed_events(dataset, scope, lambda share: progress(0.3 * share))
    calls = found[["cell_id", "hazard", "lon", "lat", "reported_at", "closed_at"]].copy()
    calls["x_m"], calls["y_m"] = crs.project(calls["lon"].to_numpy(float), calls["lat"].to_numpy(float))
    order = np.lexsort((calls["y_m"], calls["x_m"], closures.microseconds(calls["reported_at"])))
    calls = calls.iloc[order].reset_index(drop=True)
    radius, _ = history.rules(dataset.settings)
    joined = np.full(len(calls), -1, dtype=np.int64)
    kinds = calls["hazard"].cat.categories
    for at, kind in enumerate(kinds):
        progress(0.4 + 0.6 * at / len(kinds))
        rows = np.flatnonzero(calls["hazard"].cat.codes == at)
        joined[rows] = _first_of_site(dataset, calls.iloc[rows], str(kind), radius[kind], rows)
    shared = np.bincount(joined[joined >= 0], minlength=len(calls))[joined] > 1
    here = calls.assign(joined=joined)[shared & (joined >= 0)].reset_index(drop=True)
    closed = (calls["closed_at"] >= calls["reported_at"]).to_numpy()
    return _History(here, calls[["cell_id", "hazard", "reported_at"]].assign(closed=closed))


def _first_of_site(dataset: Dataset, calls: pd.DataFrame, kind: str, radius: float, rows: Ints) -> Ints:
    """Return for each call of a hazard the row of the first one of its site, -1 for none."""
    begun = closures.microseconds(calls["reported_at"])
    x_m, y_m = (calls[name].to_numpy(float) for name in ("x_m", "y_m"))
    key = derived.name(f"sites {_EDITION}", f"{radius}", *(column.tobytes() for column in (x_m, y_m, begun)))
    kept = derived.load(dataset.root, key)
    if kept is not None and "joined" in kept and len(kept["joined"]) == len(calls):
        joined = kept["joined"].astype(np.int64)
    else:
        joined = recurrence.join_sites(
            x_m, y_m, calls["reported_at"], np.full(len(calls), kind), radius_m={kind: radius}
        )
        derived.keep(dataset.root, key, {"joined": joined})
    return np.where(joined >= 0, rows[joined], -1)
