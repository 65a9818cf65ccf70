"""What might fake a claim, looked for in the stored data and said in words: `analysis.doubts`, `analysis.shifted`.

A claim is doubted by the rule that made it (`analysis.hotspots.claimed`): the same exposure, share of false alarms,
tests and random maps. Rows are the events of `reports.answers.events_of`, so calls on one spot that is probably no
place are out of them beforehand; how many a cell lost so is said. A source is the channel or the import that
`reports.origins` tells. What the data cannot tell is no row but a sentence of `Doubts.untold`.

On shifted borders a claim that several cells share is looked for in the same way: circles grow over the squares, and
the limits are those of the claim's own random maps, for these depend on the total and on how many cells there are, and
both are about the same. On such regular squares all neighbours of one rank enter a circle together.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from analysis import doubts, hotspots
from analysis.doubts import CAMPAIGN, ONE_NIGHT, ONE_SOURCE, PLACEHOLDER
from analysis.shifted import BOUNDARY, SHIFTS, lattice_survival
from base.errors import HazardError
from base.text import N_, Sentence
from data import queries
from data.dataset import Dataset
from data.schema import EXPOSURES, Scope
from geo import crs
from reports import answers
from reports.origins import OTHERS, origins_of
from reports.surroundings import KeptSurroundings

DOUBT_NAMES = {
    ONE_NIGHT: N_("one night"),
    PLACEHOLDER: N_("default point"),
    CAMPAIGN: N_("campaign month"),
    ONE_SOURCE: N_("one source"),
    BOUNDARY: N_("borders"),
}
_KINDS = {
    "cell": "int64", "code": "object", "suspects": "Int64", "events": "int64", "share": "float64", "found": "bool",
    "survives": "boolean",
}  # fmt: skip
_NO_ROWS = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in _KINDS.items()})
_LEAST_MONTHS = 6  # of a period: five are usual, one is set against them
_PLACED = 4 / 5  # of the events must have a point before borders are shifted: the others would be missing there
_CHANNEL, _IMPORT = "channel", "source"
_ALPHA = 0.05  # chance of a false doubt, as `analysis.doubts` has it
_MOST_ANSWERS = 16

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Doubts:
    """What was found beside each claim.

    `rows` has one row a claimed cell and doubt looked for, cells in the order of `HotSpots.cells`: cell_id, code (of
    `DOUBT_NAMES`), suspects (missing for borders), events (with a point for borders), share (suspects of events; for
    borders the shifted lattices that keep the claim), found (never of borders: not to outlive them says little),
    survives (missing where it could not be told).
    """

    rows: pd.DataFrame
    sentences: tuple[Sentence, ...]  # one a row
    untold: tuple[Sentence, ...]  # doubts that could not be looked for, and why


@dataclass(frozen=True)
class Silent:
    """Cells that never reported anything: cell_id, expected (events), p, silent (True where that is no chance)."""

    cells: pd.DataFrame
    sentence: Sentence | None  # None where all cells report, or half a year of them is not known


def doubts_of(dataset: Dataset, scope: Scope, spots: answers.HotSpots, *, progress: Progress | None = None) -> Doubts:
    """Return what might fake the claims of a scope. The answers last given are held with the version, and shared.

    Parameters
    ----------
    spots : HotSpots
        The answer of `reports.answers.hot_spots` for the same scope, by any exposure and method.
    progress : callable, optional
        Gets the share that is done: a city takes many seconds.
    """
    key = (scope, spots.result.exposure, spots.result.method, spots.seed)
    return dataset.hold("doubts", key, lambda: _doubts(dataset, scope, spots, progress), most=_MOST_ANSWERS)


def silent_of(dataset: Dataset, scope: Scope, spots: answers.HotSpots) -> Silent:
    """Return the cells of a scope that never reported anything of any hazard, and for which of them that is no chance.

    Told from the events of all time, for a short period says nothing; expected is what the exposure of `spots` gives.
    """
    never = answers.silent_cells(dataset, scope.level)
    ids = spots.cells["cell_id"]
    if not ids.isin(never).any():
        return Silent(pd.DataFrame({"cell_id": [], "expected": [], "p": [], "silent": []}), None)
    always = Scope(level=scope.level, area=scope.area)
    first = answers.first_calls(dataset, always, columns=("cell_id",))
    counts = first["cell_id"].value_counts().reindex(ids).fillna(0).to_numpy(np.int64)
    weight = spots.result.weight / spots.result.part  # a part of the scope: here counts the part of all time
    anew = answers.drawn(dataset, always, spots.cells)
    weight = weight if anew is None else weight * anew.part(weight)
    frame = doubts.silent_cells(counts, weight, fdr=answers.claim_rule(dataset)["fdr"])
    frame.insert(0, "cell_id", ids.to_numpy()[frame.pop("cell")])
    frame = frame[frame["cell_id"].isin(never)].reset_index(drop=True)
    if spots.result.exposure not in EXPOSURES:  # against equal shares an uninhabited cell would be silent by no chance
        return Silent(frame.assign(silent=False), Sentence(_SILENT_UNTOLD, {"n": len(frame)}))
    return Silent(frame, Sentence(_SILENT, {"n": len(frame), "sure": int(frame["silent"].sum())}))


def _doubts(dataset: Dataset, scope: Scope, spots: answers.HotSpots, progress: Progress | None) -> Doubts:
    claimed = spots.cells["hot"].to_numpy(bool)
    if not claimed.any():
        return Doubts(_with_ids(_NO_ROWS, spots), (), ())
    tell = _Steps(progress or (lambda share: None))
    tell.step(0.15)
    asked = _Claims(dataset, scope, spots, claimed, tell)
    found: list[_Found] = []
    untold: list[Sentence] = []
    for look, until in _LOOKS:
        tell.step(until)
        answer = look(asked)
        if isinstance(answer, Sentence):
            untold.append(answer)
        else:
            found.append(answer)
    tell(1.0)
    sentences = [sentence for one in found for sentence in one.sentences]
    rows = pd.concat([_NO_ROWS, *(one.rows[list(_KINDS)].astype(_KINDS) for one in found)], ignore_index=True)
    rows = rows.sort_values("cell", kind="stable")
    return Doubts(_with_ids(rows, spots), tuple(sentences[at] for at in rows.index), tuple(untold))


def _with_ids(rows: pd.DataFrame, spots: answers.HotSpots) -> pd.DataFrame:
    rows = rows.reset_index(drop=True)
    rows.insert(0, "cell_id", spots.cells["cell_id"].to_numpy(object)[rows.pop("cell")])
    return rows


@dataclass(frozen=True)
class _Found:
    """The rows of one doubt, as `analysis.doubts` gives them, and a sentence for each."""

    rows: pd.DataFrame
    sentences: list[Sentence]


class _Steps:
    """Tells the share of all that is done, of steps that each tell their own share; never less than before."""

    def __init__(self, tell: Progress) -> None:
        self._tell, self._from, self._to, self._told = tell, 0.0, 0.0, 0.0

    def step(self, until: float) -> None:
        self._from, self._to = self._to, until
        self(0.0)

    def __call__(self, share: float) -> None:
        self._told = max(self._told, self._from + share * (self._to - self._from))
        self._tell(self._told)


class _Claims:
    """The claims of a scope and their events, in the form that `analysis.doubts` takes; only events in a cell."""

    def __init__(self, dataset: Dataset, scope: Scope, spots: answers.HotSpots, claimed: Bools, tell: _Steps) -> None:
        self.dataset, self.scope, self.spots, self.claimed, self.tell = dataset, scope, spots, claimed, tell
        self.cells = answers.cells_of(dataset, scope)
        columns = ("cell_id", "lon", "lat", "reported_at", "source", "channel", "call")
        calls = answers.calls_of(dataset, scope, columns=columns)
        at = answers.positions(calls["cell_id"], spots.cells)
        leads = answers.events_of(dataset, scope).calls["leads"].to_numpy() & (at >= 0)
        hours = _hours(calls["reported_at"])
        self.every_cell, self.every_hour = at, hours  # of all calls
        self.cell, self.hours, self.events = at[leads].astype(np.int64), hours[leads], calls[leads]
        points = shapely.point_on_surface(self.cells.geometry.to_numpy())
        self.centre = (float(np.median(shapely.get_x(points))), float(np.median(shapely.get_y(points))))
        self.x, self.y = crs.project(self.events["lon"].to_numpy(), self.events["lat"].to_numpy(), self.centre)
        origins = origins_of(self.events)
        self.source, self.channels = origins.names[origins.code], origins.channels
        self.names = list(dict.fromkeys(self.source.tolist()))
        self.period = _period(dataset, scope)
        self.around = KeptSurroundings(dataset, scope, self.cells, seed=spots.seed, progress=tell)
        self.rule = answers.claim_rule(dataset)

    def test(self, counts: Ints) -> Bools:
        """Return which cells would be claimed with other counts."""
        return hotspots.claimed(
            counts, self.spots.result.weight, method=self.spots.result.method, surroundings=self.around,
            seed=self.spots.seed, **self.rule,
        )  # fmt: skip

    def months(self, start: dt.date, end: dt.date) -> tuple[Ints, Floats]:
        """Return the month of each event from the first of a period on, -1 for none, and the days of each month."""
        first, last = np.datetime64(start, "M"), np.datetime64(end - dt.timedelta(days=1), "M")
        begins = np.arange(first, last + 2).astype("datetime64[D]")
        begins[0], begins[-1] = np.datetime64(start), np.datetime64(end)
        number = np.full(len(self.hours), -1, dtype=np.int64)
        timed = np.isfinite(self.hours)
        month = np.floor(self.hours[timed]).astype("datetime64[h]").astype("datetime64[M]")
        number[timed] = np.where((month >= first) & (month <= last), (month - first).astype(np.int64), -1)
        return number, np.diff(begins).astype(float)

    def named(self, source: str) -> Sentence:
        """Return a source as a field of a sentence."""
        if source == OTHERS:
            return Sentence(OTHERS)
        return Sentence(_NAMED[_CHANNEL if source in self.channels else _IMPORT], {"name": source})


def _hours(times: pd.Series) -> Floats:
    """Return hours of local time; NaN without a time."""
    local = times.dt.tz_localize(None) - pd.Timestamp(0)
    return (local / pd.Timedelta(hours=1)).to_numpy(float)


def _period(dataset: Dataset, scope: Scope) -> tuple[dt.date, dt.date] | None:
    """Return the days of a scope that the data covers, half-open; None where there are none."""
    first, last = dataset.timed_span
    if first is None or last is None:
        return None
    start = max(filter(None, (scope.start, first)))
    end = min(filter(None, (scope.end, last + dt.timedelta(days=1))))
    return (start, end) if start < end else None


def _days_heard(dataset: Dataset, scope: Scope, period: tuple[dt.date, dt.date]) -> int:
    """Return how many days of a period the sources asked for tell of: those of the months with a report.

    Were the days before a source began counted too, its usual days would each look like one great night; so they would
    if a mistyped year made the period longer than it is.
    """
    asked = scope.sources or tuple(dataset.sources)
    began = [day for source, day in answers.first_days(dataset).items() if source in asked]
    known = [time for time in (dataset.sources[source] for source in asked) if time is not None]
    start, end = max(period[0], min(began)), period[1]
    if len(known) == len(asked):
        end = min(end, max(time.tz_convert(dataset.zone).date() for time in known) + dt.timedelta(days=1))
    everything = Scope(level="", sources=scope.sources, start=start, end=end, voided=True)
    months = pd.PeriodIndex(queries.counts(dataset, everything, ["month"])["month"], freq="M")
    bounds = months.start_time.to_numpy("datetime64[D]"), months.end_time.to_numpy("datetime64[D]") + 1
    first, after = (np.clip(day, np.datetime64(start), np.datetime64(end)) for day in bounds)
    return int((after - first).astype(np.int64).sum())


def _each(rows: pd.DataFrame) -> list[Any]:
    return list(rows.itertuples(index=False))


def _night(asked: _Claims) -> _Found | Sentence:
    if asked.period is None or not np.isfinite(asked.hours).any():
        return Sentence(_NO_TIMES)
    days = _days_heard(asked.dataset, asked.scope, asked.period)
    if days < 2:
        return Sentence(_ONE_DAY)
    rows = doubts.one_night(asked.cell, asked.hours, asked.claimed, asked.test, days=days)
    start = np.full(len(asked.claimed), np.nan)
    start[rows["cell"]] = rows["start_h"]
    inside = asked.every_cell >= 0
    since = asked.every_hour[inside] - start[asked.every_cell[inside]]
    calls = np.bincount(asked.every_cell[inside][(since >= 0) & (since < 24)], minlength=len(start))
    rows.loc[rows["suspects"] == 0, "survives"] = pd.NA
    sentences = []
    for row in _each(rows):
        facts: dict[str, Any] = {"suspects": row.suspects, "events": row.events}
        if not row.suspects:
            sentences.append(Sentence(_NIGHT_UNKNOWN))
        elif not row.found:
            sentences.append(Sentence(_NIGHT_NONE, facts))
        else:
            facts |= {
                "start": pd.Timestamp(0) + pd.Timedelta(hours=row.start_h),
                "calls": int(calls[row.cell]),
                "percent": _percent(row.area_share),
            }
            sentences.append(_with(Sentence(_NIGHT, facts), _AS_ONE[bool(row.survives)]))
    return _Found(rows, sentences)


def _placeholder(asked: _Claims) -> _Found | Sentence:
    if not np.isfinite(asked.x).any():
        return Sentence(_NO_POINTS)
    piled = doubts.on_piles(asked.x, asked.y)
    texts = queries.texts(asked.dataset, asked.events["call"].to_numpy()[piled], ("address", "type_name"))
    name = next((one for one in texts if (texts[one] != "").any()), None)  # addresses, or else types
    kind = None
    if name is not None:
        kind = np.full(len(piled), "", dtype=object)
        kind[piled] = texts[name]
    rows = doubts.placeholder(asked.cell, asked.x, asked.y, asked.claimed, asked.test, kind=kind)
    left_out = queries.counts(asked.dataset, asked.scope, ["cell"], one_spot=True).set_index("cell_id")["count"]
    left = left_out.reindex(asked.spots.cells["cell_id"]).fillna(0).to_numpy(np.int64)
    where = asked.events[piled].assign(cell=asked.cell[piled], x=np.round(asked.x[piled]), y=np.round(asked.y[piled]))
    places = {(one.cell, one.x, one.y): (one.lon, one.lat) for one in _each(where.drop_duplicates(["cell", "x", "y"]))}
    sentences = []
    for row in _each(rows):
        facts: dict[str, Any] = {"suspects": row.suspects, "events": row.events}
        more = Sentence(_LEFT_OUT, {"n": int(left[row.cell])}) if left[row.cell] else None
        if row.found:
            lon, lat = places[row.cell, np.round(row.x_m), np.round(row.y_m)]
            facts |= {"at_spot": row.at_spot, "place": f"{lon:.5f}, {lat:.5f}"}
            sentence = _with(
                Sentence(_SPOT if kind is not None else _SPOT_BY_NUMBER, facts), _HOLDS[bool(row.survives)]
            )
        else:
            sentence = Sentence(_SPOT_NONE, facts)
        sentences.append(_with(sentence, more) if more else sentence)
    return _Found(rows, sentences)


def _campaign(asked: _Claims) -> _Found | Sentence:
    if asked.period is None:
        return Sentence(_NO_TIMES_FOR_MONTHS)
    month, days = asked.months(*asked.period)
    if len(asked.names) < 2:
        return Sentence(_ONE_SOURCE_NO_CAMPAIGN, {"source": asked.named(asked.names[0])})
    if len(days) < _LEAST_MONTHS:
        return Sentence(_FEW_MONTHS, {"months": len(days), "least": _LEAST_MONTHS})
    rows = doubts.campaign(asked.cell, month, asked.source, asked.claimed, asked.test, days=days)
    known: dict[tuple[str, int], Any] = {}
    if rows["found"].any():
        every = doubts.campaign_months(month, asked.source, days)
        known = {(row.source, row.month): row for row in _each(every)}
    sentences = []
    for row in _each(rows):
        facts: dict[str, Any] = {"suspects": row.suspects, "events": row.events}
        if not row.suspects:
            sentences.append(Sentence(_CAMPAIGN_NONE))
            continue
        facts["percent"] = _percent(row.area_share)
        if not row.found:
            sentences.append(Sentence(_CAMPAIGN_AS_ELSEWHERE, facts))
            continue
        one = known[row.source, row.month]
        facts |= {
            "source": asked.named(row.source),
            "month": _month(np.datetime64(asked.period[0], "M") + int(row.month)),
            "rows": int(one.rows),
            "usual": round(float(one.usual), 1),
        }
        sentences.append(_with(Sentence(_CAMPAIGN_FOUND, facts), _HOLDS[bool(row.survives)]))
    return _Found(rows, sentences)


def _source(asked: _Claims) -> _Found | Sentence:
    if len(asked.names) < 2:
        return Sentence(_ONE_SOURCE_ONLY, {"source": asked.named(asked.names[0])})
    rows = doubts.one_source(asked.cell, asked.source, asked.claimed, asked.test, alpha=_ALPHA, each_alone=False)
    sentences = []
    for row in _each(rows):
        facts = {
            "source": asked.named(row.source), "suspects": row.suspects, "events": row.events,
            "expected": round(float(row.expected), 1),
        }  # fmt: skip
        sentences.append(Sentence(_SOURCE[bool(row.p <= _ALPHA), bool(row.survives)], facts))
    return _Found(rows, sentences)


def _borders(asked: _Claims) -> _Found | Sentence:
    placed = np.isfinite(asked.x)
    every, known = (
        np.bincount(asked.cell, weights, minlength=len(asked.claimed)) for weights in (None, placed.astype(float))
    )
    if known.sum() < _PLACED * every.sum() or not placed.any():
        return Sentence(_FEW_POINTS, {"placed": int(known.sum()), "events": int(every.sum())})
    result, project = asked.spots.result, partial(crs.project, centre=asked.centre)
    outlines = shapely.transform(
        asked.cells.geometry.to_numpy(), lambda points: np.column_stack(project(points[:, 0], points[:, 1]))
    )
    drawn: Sequence[Any] = ()
    if result.method == hotspots.FAMILY:
        drawn = asked.around.maps(asked.around.circles(result.weight), asked.spots.n_events)
    done = 0

    def test(counts: Ints, exposure: Floats, x_m: Floats, y_m: Floats) -> Bools:
        nonlocal done
        done += 1
        asked.tell(done / SHIFTS)
        return hotspots.claimed(
            counts, exposure, fdr=asked.rule["fdr"], min_events=0, method=result.method,
            surroundings=asked.around.moved(x_m, y_m, drawn), seed=asked.spots.seed,
        )  # fmt: skip

    try:
        rows = lattice_survival(asked.x, asked.y, asked.cell, asked.claimed, outlines, result.weight, test)
    except HazardError as error:
        return Sentence(error.template, error.facts)
    few = (known < _PLACED * every)[rows["cell"]]
    # Yes or no, with the share; never a doubt found: most cells that are truly hot do not outlive the lattices either
    rows["share"], rows["survives"], rows["found"] = rows["share"].mask(few), rows["survives"].mask(few), False
    if rows["survives"].isna().all():
        return Sentence(_FEW_POINTS, {"placed": int(known.sum()), "events": int(every.sum())})
    rows["suspects"] = pd.NA
    sentences = [
        Sentence(_BORDERS_UNKNOWN)
        if pd.isna(row.survives)
        else Sentence(_BORDERS_NONE if row.survives else _BORDERS, {"percent": _percent(row.share)})
        for row in _each(rows)
    ]
    return _Found(rows, sentences)


_LOOKS = ((_night, 0.2), (_placeholder, 0.3), (_campaign, 0.4), (_source, 0.5), (_borders, 1.0))  # until which share


def _percent(share: float) -> float:
    return round(100 * float(share), 1)


def _month(month: np.datetime64) -> Sentence:
    return Sentence(_MONTH, dict(zip(("year", "month"), str(month).split("-"), strict=True)))


def _with(finding: Sentence, more: str | Sentence) -> Sentence:
    return Sentence(_TOGETHER, {"finding": finding, "more": more if isinstance(more, Sentence) else Sentence(more)})


_TOGETHER = N_("{finding} {more}")
_MONTH = N_("{year}-{month}")
_NAMED = {_CHANNEL: N_("the channel “{name}”"), _IMPORT: N_("the source “{name}”")}
_AS_ONE = {
    True: N_("Counted as one event, the claim holds all the same."),
    False: N_("Counted as one event, the claim no longer holds."),
}
_HOLDS = {
    True: N_("Without them the claim holds all the same."),
    False: N_("Without them the claim no longer holds."),
}
_NIGHT = N_(
    "Within 24 hours from {start}: {suspects} of its {events} events ({calls} calls); of the events of all cells "
    "{percent}% fell into these hours."
)
_NIGHT_NONE = N_("No single night stands out: at most {suspects} of its {events} events lie within 24 hours.")
_NIGHT_UNKNOWN = N_("None of its events has a report time: whether they came in one night cannot be told.")
_SPOT = N_(
    "On a point that stands for many different addresses or kinds of report, as a default point does: {suspects} of "
    "its {events} events, {at_spot} of them at {place}."
)
_SPOT_BY_NUMBER = N_(
    "On a point that carries far more than others, a default point or a place where it recurs: {suspects} of its "
    "{events} events, {at_spot} of them at {place}."
)
_SPOT_NONE = N_("None of its {events} events lies on a default point.")
_LEFT_OUT = N_("Left out before the test: {n} reports that lie on one spot and are probably not located.")
_CAMPAIGN_FOUND = N_(
    "From a campaign month: {suspects} of its {events} events, and {percent}% of the events of all cells. In {month} "
    "{rows} came by {source}, where {usual} are usual."
)
_CAMPAIGN_AS_ELSEWHERE = N_(
    "From campaign months: {suspects} of its {events} events, not clearly more than in all cells ({percent}%)."
)
_CAMPAIGN_NONE = N_("None of its events comes from a campaign month.")
_SOURCE = {  # whether one stands out, whether the claim holds without it
    (True, False): N_(
        "By {source}: {suspects} of its {events} events, where its part in all cells would give {expected}. By the "
        "others alone the claim no longer holds."
    ),
    (True, True): N_(
        "By {source}: {suspects} of its {events} events, where its part in all cells would give {expected}. By the "
        "others alone the claim holds all the same."
    ),
    (False, True): N_(
        "No source stands out, and the claim holds without {source} too ({suspects} of {events} events)."
    ),
    (False, False): N_(
        "No source stands out: by {source} {suspects} of its {events} events, where its part in all cells would give "
        "{expected}. The others alone are too few for the claim."
    ),
}
_BORDERS = N_(
    "Borders: on squares of the same size laid otherwise the claim holds in {percent}% of all ways. That says "
    "little: most cells that are truly hot do no better."
)
_BORDERS_NONE = N_("Borders do not make it: the claim holds in {percent}% of all ways to lay squares of the same size.")
_BORDERS_UNKNOWN = N_("Too few of its events have a point: whether it hangs on the borders cannot be told.")
_NO_TIMES = N_("One night: there are no report times in this period.")
_ONE_DAY = N_("One night: the period is a single day.")
_NO_POINTS = N_("Default points: none of the events has a point.")
_NO_TIMES_FOR_MONTHS = N_("Campaign months: there are no report times in this period.")
_ONE_SOURCE_NO_CAMPAIGN = N_(
    "Campaign months: all events come by {source}, and by one source alone a campaign cannot be told from a wet month."
)
_FEW_MONTHS = N_("Campaign months: the period covers {months} months; what is usual is told from {least} on.")
_ONE_SOURCE_ONLY = N_(
    "One source: all events come by {source}, so patrols and residents cannot be set against each other."
)
_FEW_POINTS = N_("Borders: only {placed} of {events} events have a point; with so few they cannot be laid otherwise.")
_SILENT_UNTOLD = N_(
    "{n} cells report nothing at all: silent, never safe. Without figures of households, people, roads or covers "
    "nobody can tell whether that is chance."
)
_SILENT = N_("Cells that report nothing at all: {n}; for {sure} of them that is no chance. Silent is never safe.")
