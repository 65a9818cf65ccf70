"""Did a finished project help? Waterlogging reported there before and after it, per wet day, against similar cells.

Counts are the events of `reports.answers`, so they tie with the other pages; every event of the project's cells is in
one of the phases or in `Evaluation.apart`. Compared are whole cells. A cell counts as the project's if it covers at
least a tenth of it, else if no cell has more of it; cells of which it covers less are left out.

**Controls.** Cells next to the project, and those where other works stand or are under way, may have changed by them,
and take no part; so do cells drawn anew within the time. Which cells lie downstream is in no data: people take them out
by hand. Of the rest the nearest in level over the time that led to the choice are taken (`analysis.matching`), or those
that the reader chooses.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.evaluation import (
    AFTER,
    BEFORE,
    CHOICE,
    HALVED,
    TOO_EARLY,
    WORKS,
    Effect,
    detectable,
    estimate_effect,
    verdict,
)
from analysis.matching import Matches, matched
from analysis.placebo import placebo_cells, placebo_dates, share_as_low
from analysis.step_change import Step, step_change
from base.errors import HazardError
from base.text import N_, Sentence
from data.dataset import Dataset
from data.project_checks import cells_of_projects
from data.project_words import CONSTRUCTION, DONE, INSPECTION
from data.schema import Hazard, Scope
from geo.neighbors import queen_neighbors
from reports import answers, record
from reports.rain import rain_days
from reports.work_times import MM, MONTHS, WET_DAYS, Days, Times, times_of

EVENTS, CALLS = "events", "calls"
COUNTED = {EVENTS: N_("Events"), CALLS: N_("Calls")}
EXPOSURES = {WET_DAYS: N_("Wet days"), MM: N_("mm of rain above the threshold"), MONTHS: N_("Months, without rain")}
PLACE, CONTROL, OTHER = "place", "control", "other"
PARTLY, NEXT, BUILT, HAND, ANEW, DRY = "partly", "next", "built", "hand", "anew", "dry"
ROLE_NAMES = {
    PLACE: N_("of the project"),
    CONTROL: N_("compared with"),
    OTHER: N_("could be compared with"),
    PARTLY: N_("left out: the project covers a small part of it"),
    NEXT: N_("left out: next to the project"),
    BUILT: N_("left out: other works"),
    HAND: N_("left out by hand"),
    ANEW: N_("left out: drawn anew within the time"),
}
LEFT_OUT = (PARTLY, NEXT, BUILT, HAND, ANEW)
ENOUGH_OF_A_CELL = 0.1
_MOST_HELD = 32
_MORE = (1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)  # times as long after the work, to tell how long to wait
_BEGUN = (CONSTRUCTION, INSPECTION, DONE)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Asked:
    """How a work is to be evaluated: frozen, a key for caches.

    Attributes
    ----------
    as_of : datetime, optional
        As of which time; else each source's own.
    level : str, optional
        Boundary level of the cells; the finest if not given.
    controls : tuple of cell_id, optional
        The cells compared with; matched if not given.
    left_out : tuple of cell_id
        Cells that take no part, such as those downstream.
    choice : (date, date), optional
        Half-open days that led to the choice; by rule if not given (`reports.work_times.times_of`).
    since : date, optional
        First day of the time before.
    count : {"events", "calls"}
    exposure : {"wet_days", "mm", "months"}
        Without rain it is months.
    above_mm : float, optional
        Rain of a day from which on it is wet; else the setting.
    """

    as_of: dt.datetime | None = None
    level: str | None = None
    controls: tuple[str, ...] | None = None
    left_out: tuple[str, ...] = ()
    choice: Days | None = None
    since: dt.date | None = None
    count: str = EVENTS
    exposure: str = WET_DAYS
    above_mm: float | None = None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What became of one work.

    Attributes
    ----------
    project : mapping
        The row of `Dataset.projects`.
    asked : Asked
    level : str
    times : Times
    cells : DataFrame
        cell_id, name, role (a key of `ROLE_NAMES`), share (covered by the project), before and after (counts, of the
        same periods for all), rate_before, rate_after (per unit of exposure; NaN without any), level (drawn towards
        that of all) and distance (how many times as high or low as the project's) over the time matched on.
    counts : ndarray, shape (cells, periods)
    effect, verdict, smallest
        As `analysis.evaluation` gives them; `smallest` is what `detectable` returns.
    enough : float
        Exposure after the work from which on a halving would show, where it is too early now; NaN where it is not, or
        where eight times as much would not do.
    matches : Matches
    controls, others : ndarray of bool, shape (cells,)
        What `effect` stands on: without a time before the choice all others are its controls.
    matched_on : str
        `CHOICE` or `BEFORE`.
    apart : mapping
        Counts of the project's cells: before, after, and beside them choice, works, dry (in months without exposure),
        no_rain (on days whose rain is not known), outside (before the first day or after the last of what is compared).
        They add up to all that is known up to the end of the record.
    other_works : tuple of str
        Projects that were built in the project's own cells since the time before began.
    sources_left_out : tuple of str
        Sources that do not cover the record.
    """

    project: Mapping[str, Any]
    asked: Asked
    level: str
    times: Times
    cells: pd.DataFrame
    counts: Floats
    effect: Effect
    verdict: str
    smallest: float
    enough: float
    matches: Matches
    controls: Bools
    others: Bools
    matched_on: str
    apart: Mapping[str, int]
    other_works: tuple[str, ...]
    sources_left_out: tuple[str, ...]

    @property
    def measure(self) -> str:
        """What a rate stands on: a key of `EXPOSURES`."""
        return self.times.measure

    @property
    def wet(self) -> Floats:
        """Exposure of each period, shape (periods,)."""
        return self.times.periods["exposure"].to_numpy(float)

    @property
    def phase(self) -> NDArray[np.str_]:
        """Phase of each period, shape (periods,)."""
        return self.times.periods["phase"].to_numpy(str)

    @property
    def year(self) -> NDArray[np.int64]:
        """Year in which each period begins."""
        return self.times.periods["start"].dt.year.to_numpy(np.int64)

    @property
    def place(self) -> Bools:
        """The cells of the project."""
        return (self.cells["role"] == PLACE).to_numpy(bool)

    @property
    def rates(self) -> tuple[float, float, float, float]:
        """Counts per cell and unit of exposure: of the project before and after, of the controls before and after."""
        one, days = self.effect, (self.effect.wet_days_before, self.effect.wet_days_after)
        n, m = int(self.place.sum()), int(self.controls.sum())
        own = (one.reports_before / (n * days[0]), one.reports_after / (n * days[1]))
        return *own, one.controls_before / (m * days[0]), one.controls_after / (m * days[1])


@dataclass(frozen=True, eq=False)
class Placebos:
    """The same estimate where and when nothing was built; frames as `analysis.placebo` gives them, with names.

    `cells` has cell_id and name, `dates` has day (the first one that counts as after). `share` of the placebo cells,
    the true work among them, have as low a rate ratio.
    """

    cells: pd.DataFrame
    dates: pd.DataFrame
    share: float


def finished(projects: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the projects with a day of completion, the last finished first."""
    return offered(projects[projects["finished_on"].notna()])


def offered(projects: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return all projects: those with a day of completion first, the last finished before the others."""
    day = projects["finished_on"].map(lambda one: one.toordinal() if one else 0).astype(int)
    return projects.iloc[np.argsort(-day.to_numpy(), kind="stable")].reset_index(drop=True)


def evaluate(
    dataset: Dataset, project_id: str, asked: Asked | None = None, *, rain: pd.DataFrame | None = None
) -> Evaluation:
    """Return what became of a work; the answers last given are held with the version, and never changed.

    Parameters
    ----------
    rain : DataFrame, optional
        As `reports.work_times.times_of` takes it; else that of the workspace.

    Raises
    ------
    HazardError
        ``project-unknown``; ``project-not-finished``; ``project-no-place``; ``no-boundary``, ``level-unknown``;
        ``evaluation-nothing-known``; ``cell-not-here``, ``left-out-place``; ``count-unknown``,
        ``exposure-kind-unknown``; what `reports.work_times.times_of`, `analysis.matching.matched` and
        `analysis.evaluation.estimate_effect` refuse.
    """
    asked = asked or Asked()
    if rain is not None:
        return _evaluate(dataset, project_id, asked, rain)
    key = (project_id, asked)
    return dataset.hold("evaluation", key, lambda: _evaluate(dataset, project_id, asked, None), most=_MOST_HELD)


def _evaluate(dataset: Dataset, project_id: str, asked: Asked, rain: pd.DataFrame | None) -> Evaluation:
    if asked.count not in COUNTED:
        raise HazardError("count-unknown", "{name} is none of {known}.", name=asked.count, known=", ".join(COUNTED))
    if asked.exposure not in EXPOSURES:
        raise HazardError(
            "exposure-kind-unknown", "{name} is none of {known}.", name=asked.exposure, known=", ".join(EXPOSURES)
        )
    projects = dataset.projects()
    project = _project(projects, project_id)
    level = dataset.level(asked.level or (dataset.levels[-1].name if dataset.levels else "")).name
    scope = Scope(level, hazards=(str(Hazard.WATERLOGGING),), as_of=asked.as_of)
    known = record.known_months(dataset, scope)
    if known is None:
        raise HazardError(
            "evaluation-nothing-known",
            "No whole month of reports is known: load the incidents of the time before and after the project.",
        )
    scope = replace(scope, end=known.end, sources=known.sources)
    if rain is None and asked.exposure != MONTHS:
        rain = known_rain(dataset, scope)
    usual = float(dataset.settings.get("wet_day_mm", 10.0))
    times = times_of(
        project, (known.start, known.end), rain, measure=asked.exposure, choice=asked.choice, since=asked.since,
        above_mm=usual if asked.above_mm is None else asked.above_mm,
    )  # fmt: skip
    cells = answers.cells_of(dataset, scope)
    covered = cells_of_projects(dataset, projects, level)
    roles, share = _roles(cells, covered, projects, project_id, times, asked)
    counts, apart = _counted(dataset, scope, cells, times, asked.count, roles == PLACE)
    phase, wet = times.periods["phase"].to_numpy(str), times.periods["exposure"].to_numpy(float)
    place = roles == PLACE
    on = (phase == CHOICE) & (wet > 0)
    matched_on = CHOICE if on.any() else BEFORE
    on = phase == matched_on
    match = matched(
        counts[:, on].sum(axis=1), np.full(len(cells), wet[on].sum()), place,
        excluded=np.flatnonzero(np.isin(roles, LEFT_OUT)),
        chosen=None if asked.controls is None else _positions(cells, asked.controls),
    )  # fmt: skip
    year = times.periods["start"].dt.year.to_numpy()
    effect = estimate_effect(counts, wet, place, phase, controls=match.controls, others=match.others, year=year)
    controls = match.others if effect.selected else match.controls
    roles = np.where(controls, CONTROL, roles)
    before, after = ((phase == one) & (wet > 0) for one in (CHOICE if effect.selected else BEFORE, AFTER))
    table = cells[["cell_id", "name"]].assign(
        role=roles, share=share, before=counts[:, before].sum(axis=1).astype(int),
        after=counts[:, after].sum(axis=1).astype(int), level=match.level, distance=match.distance,
    )  # fmt: skip
    table["rate_before"], table["rate_after"] = table["before"] / wet[before].sum(), table["after"] / wet[after].sum()
    smallest = detectable(effect)
    word = verdict(effect, smallest)
    return Evaluation(
        project, asked, level, times, table, counts, effect, word, smallest,
        _enough(effect) if word == TOO_EARLY else float("nan"), match, controls,
        match.others, matched_on, apart, _others_there(covered, projects, project_id, times), known.left_out,
    )  # fmt: skip


def _enough(effect: Effect) -> float:
    more = next((one for one in _MORE if detectable(effect, more=one) >= HALVED), float("nan"))
    return effect.wet_days_after * more


def known_rain(dataset: Dataset, scope: Scope) -> pd.DataFrame | None:
    """Return the rain of each day (`reports.rain.rain_days`), None where none is loaded."""
    days = rain_days(dataset, scope)
    return days if len(days) else None


def measures(dataset: Dataset, level: str) -> list[str]:
    """Return what a rate can stand on: without rain months only."""
    return [MONTHS] if known_rain(dataset, Scope(level)) is None else list(EXPOSURES)


def placebos(found: Evaluation) -> Placebos:
    """Return the same estimate where and when nothing was built."""
    cells = placebo_cells(
        found.counts, found.wet, found.phase, others=found.others, distance=found.matches.distance, year=found.year
    )
    dates = placebo_dates(
        found.counts, found.wet, found.place, found.phase,
        controls=found.controls, others=found.others, year=found.year,
    )  # fmt: skip
    named = found.cells[["cell_id", "name"]].iloc[cells["cell"].to_numpy(int)].reset_index(drop=True)
    days = found.times.periods["start"].iloc[dates["period"].to_numpy(int)].dt.date.tolist()
    share = share_as_low(found.effect.rate_ratio, cells) if len(cells) else float("nan")
    return Placebos(
        pd.concat([named, cells.drop(columns="cell")], axis=1),
        dates.drop(columns="period").assign(day=pd.Series(days, index=dates.index, dtype=object)),
        share,
    )


def second_opinion(found: Evaluation) -> Step | Sentence:
    """Return the same by a Poisson regression with rain, season, trend and levels of cells, or why it cannot be told.

    Of the project's cells together and each control; a season is a quarter of the year.
    """
    usable = (found.wet > 0) & np.isin(found.phase, [CHOICE if found.effect.selected else BEFORE, AFTER])
    own = found.counts[found.place].sum(axis=0)
    rows = np.vstack([own, found.counts[found.controls]])[:, usable]
    begin = found.times.periods["start"][usable]
    cell, period = (part.ravel() for part in np.indices(rows.shape))
    late = (found.phase[usable] == AFTER)[period].astype(int)
    table = pd.DataFrame(
        {
            "cell": cell, "count": rows.ravel(), "exposure": found.wet[usable][period], "after": late,
            "time": ((begin.dt.year * 12 + begin.dt.month) / 12).to_numpy(float)[period],
            "season": begin.dt.quarter.to_numpy()[period], "step": late * (cell == 0),
        }
    )  # fmt: skip
    try:
        return step_change(table)
    except HazardError as refused:
        return Sentence(refused.template, refused.facts)


def verdicts(
    dataset: Dataset, asked: Asked | None = None, *, progress: Callable[[float], None] = lambda share: None
) -> pd.DataFrame:
    """Return what became of each project with a day of completion, the last finished first.

    Controls, cells left out and days chosen by hand are those of one project, and do not count here.

    Returns
    -------
    DataFrame
        project_id, name, kind, cost, finished_on, verdict ('' where it is refused), rate_ratio, low, high,
        wet_days_before, wet_days_after, smallest, reason (Sentence or None: why nothing can be told).
    """
    asked = replace(asked or Asked(), controls=None, left_out=(), choice=None, since=None)
    rows: list[dict[str, Any]] = []
    every: list[Any] = list(finished(dataset.projects()).itertuples(index=False))
    for one in every:
        progress(len(rows) / len(every))
        row = {name: getattr(one, name) for name in ("project_id", "name", "kind", "cost", "finished_on")}
        try:
            found = evaluate(dataset, str(one.project_id), asked)
        except HazardError as refused:
            rows.append({**row, "verdict": "", "reason": Sentence(refused.template, refused.facts)})
            continue
        effect = found.effect
        rows.append(
            {
                **row, "verdict": found.verdict, "rate_ratio": effect.rate_ratio, "low": effect.low,
                "high": effect.high, "wet_days_before": effect.wet_days_before,
                "wet_days_after": effect.wet_days_after, "smallest": found.smallest, "reason": None,
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=_VERDICTS)


_VERDICTS = [
    "project_id", "name", "kind", "cost", "finished_on", "verdict", "rate_ratio", "low", "high", "wet_days_before",
    "wet_days_after", "smallest", "reason",
]  # fmt: skip


def _project(projects: gpd.GeoDataFrame, project_id: str) -> dict[str, Any]:
    found = projects[projects["project_id"] == project_id]
    if not len(found):
        known = projects["project_id"].tolist()
        listed = ", ".join(known[:20]) + (" …" if len(known) > 20 else "")
        raise HazardError(
            "project-unknown",
            "There is no project {project}. Stored are: {known}.",
            project=project_id, known=listed or "-",
        )  # fmt: skip
    project: dict[str, Any] = found.iloc[0].to_dict()
    if project["finished_on"] is None:
        raise HazardError(
            "project-not-finished",
            "Project {project} has no day of completion: whether it helped can be told once it is finished and the day "
            "stands in the table of projects.",
            project=project_id,
        )
    return project


def _roles(
    cells: pd.DataFrame, covered: pd.DataFrame, projects: gpd.GeoDataFrame, project_id: str, times: Times, asked: Asked
) -> tuple[NDArray[np.str_], Floats]:
    """Return the role of each cell, and how much of it the project covers."""
    own = covered[covered["project_id"] == project_id].set_index("cell_id")["share"]
    share = own.reindex(cells["cell_id"]).fillna(0.0).to_numpy(float)
    if not (share > 0).any():
        raise HazardError(
            "project-no-place",
            "Project {project} covers no cell: give it a place within the boundary, cells or an outline.",
            project=project_id,
        )
    touched = share > 0
    place = share >= min(ENOUGH_OF_A_CELL, float(share.max()))
    near = np.asarray(queen_neighbors(gpd.GeoDataFrame(cells))[touched].sum(axis=0)).ravel() > 0
    built = covered[covered["project_id"].isin(_built(projects, project_id, times))]["cell_id"]
    anew = (cells["valid_from"] > times.start.isoformat()).to_numpy(bool)
    hand = np.zeros(len(cells), dtype=bool)
    hand[_positions(cells, asked.left_out)] = True
    if (hand & place).any():
        raise HazardError(
            "left-out-place", "Cell {cell} belongs to the project: it cannot be left out.",
            cell=str(cells.loc[hand & place, "cell_id"].iloc[0]),
        )  # fmt: skip
    elsewhere = cells["cell_id"].isin(built).to_numpy(bool)
    rules: dict[str, Any] = {PLACE: place, PARTLY: touched, HAND: hand, NEXT: near, BUILT: elsewhere, ANEW: anew}
    roles: NDArray[np.str_] = np.select(list(rules.values()), list(rules), OTHER)
    return roles, share


def _built(projects: gpd.GeoDataFrame, project_id: str, times: Times) -> list[str]:
    """Return the other projects that are built, or being built, by the end of what is compared and not long before."""
    found = []
    for one in projects.itertuples(index=False):
        begun = one.built_from or one.finished_on
        begun_by_then = begun < times.end if begun else one.status in _BEGUN
        over = one.finished_on is not None and one.finished_on < times.start
        if one.project_id != project_id and begun_by_then and not over:
            found.append(str(one.project_id))
    return found


def _others_there(covered: pd.DataFrame, projects: gpd.GeoDataFrame, project_id: str, times: Times) -> tuple[str, ...]:
    own = covered.loc[covered["project_id"] == project_id, "cell_id"]
    there = covered[covered["cell_id"].isin(own)]["project_id"]
    return tuple(one for one in _built(projects, project_id, times) if one in set(there))


def _positions(cells: pd.DataFrame, asked: tuple[str, ...]) -> NDArray[np.int64]:
    place = pd.Index(cells["cell_id"]).get_indexer(pd.Index(asked, dtype=object))
    if (place < 0).any():
        lost = asked[int(np.flatnonzero(place < 0)[0])]
        raise HazardError("cell-not-here", "There is no cell {cell} among those of this level.", cell=lost)
    return np.asarray(place, dtype=np.int64)


def _counted(
    dataset: Dataset, scope: Scope, cells: pd.DataFrame, times: Times, count: str, place: Bools
) -> tuple[Floats, dict[str, int]]:
    """Return the counts by cell and period, and how those of the project's cells part."""
    columns = ("cell_id", "reported_at")
    calls = (answers.first_calls if count == EVENTS else answers.calls_of)(dataset, scope, columns)
    where = answers.positions(calls["cell_id"], cells)
    day = calls["reported_at"].dt.tz_localize(None).to_numpy("datetime64[D]")
    calls_known = (where >= 0) & ~np.isnat(day)
    where, day = where[calls_known], day[calls_known]
    period, n = times.period_of(day), len(times.periods)
    inside = period >= 0
    counts = np.bincount(where[inside] * n + period[inside], minlength=len(cells) * n).reshape(len(cells), n)
    own, own_inside = place[where], place[where] & inside
    within = (day >= np.datetime64(times.start)) & (day < np.datetime64(times.end))
    wet, phase = times.periods["exposure"].to_numpy(float) > 0, times.periods["phase"].to_numpy(str)
    at = period[own_inside]
    apart = {name: int(((phase[at] == name) & wet[at]).sum()) for name in (BEFORE, CHOICE, WORKS, AFTER)}
    apart |= {
        "dry": int((~wet[at]).sum()),
        "no_rain": int((own & within & ~inside).sum()),
        "outside": int((own & ~within).sum()),
    }
    return counts.astype(float), apart
