"""One function per answer: (Dataset, Scope) -> numbers. Pages, command line and documents all take them from here."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from analysis import clusters, events, hotspots, rates, resolution, summary
from analysis.drawn import Drawn
from base import settings
from base.errors import HazardError
from data import queries, timing
from data.dataset import Dataset
from data.schema import EXPOSURES, HAZARDS, Scope
from geo import crs
from reports import history, times
from reports.surroundings import KeptSurroundings

cells_of = queries.cells_of

_APART_M = 1e9  # between cells whose calls have no point
_MOST_HELD, _MOST_SCOPES = 20_000_000, 64  # calls (100 MB) and scopes held with a version for the next question
_MOST_ANSWERS = 16  # of the hot spots of a scope: some megabytes each in a city
MOST_CLUSTERED = 2_000_000  # events among which dense groups are sought: some seconds, and a gigabyte
OUTLINE_M = 15.0  # around the members of a dense group
SILENT_DAYS = 180  # a shorter span says nothing about a cell without a report


@dataclass(frozen=True)
class Events:
    """The calls of a scope that lie in a cell, and the events they make. One row a call, in the order of the store.

    `calls` has cell_id and `leads`, True for the first call of each event.
    """

    calls: pd.DataFrame
    left_out: int  # calls on one spot in a cell that are probably not located
    placed: int  # calls whose place is known, in a cell or not
    everywhere: int  # events of them; each call on one spot as one


def events_of(dataset: Dataset, scope: Scope) -> Events:
    """Return the calls of a scope and the events they make, without the calls that are probably not located.

    Which calls make one event is told by the whole history (`reports.history`); in a scope an event counts once, in the
    cell of its first call there, and a call just outside the boundary takes none away. Calls of which only the cell is
    known are one event where they share cell, hazard and window: nothing tells them apart, and a claim must not stand
    on calls about one thing.

    A screen asks several times; the answers last given are held with the version, and shared: they are never changed.
    """
    return dataset.hold(
        "events",
        scope,
        lambda: _events_of(dataset, scope),
        most=_MOST_SCOPES,
        weigh=lambda one: len(one.calls),
        heaviest=_MOST_HELD,
    )


def _events_of(dataset: Dataset, scope: Scope) -> Events:
    columns = ("cell_id", "one_spot", "located", "call", "reported_at", "hazard")
    points = queries.points(dataset, scope, by_cell=True, columns=columns)
    spot, inside = points["one_spot"].to_numpy(), points["cell_id"].notna().to_numpy()
    kept = inside & ~spot
    leads = leading(dataset, points, kept)
    everywhere = leads if inside.all() else leading(dataset, points, ~spot)
    calls = pd.DataFrame({"cell_id": points["cell_id"].array[kept], "leads": leads}, copy=False)
    return Events(calls, int((inside & spot).sum()), len(points), int(everywhere.sum() + spot.sum()))


FIRST_CALLS = ("cell_id", "hazard", "lon", "lat", "reported_at")


def first_calls(dataset: Dataset, scope: Scope, columns: Sequence[str] = FIRST_CALLS) -> pd.DataFrame:
    """Return the first calls of `events_of`, with some columns of `queries.points`; lon and lat NaN where not known."""
    calls = calls_of(dataset, scope, columns)
    return calls[events_of(dataset, scope).calls["leads"].to_numpy()].reset_index(drop=True)


def calls_of(dataset: Dataset, scope: Scope, columns: Sequence[str]) -> pd.DataFrame:
    """Return the calls of `events_of`, in its order, with some columns of `queries.points`."""
    asked = dict.fromkeys((*columns, "cell_id", "one_spot"))
    points = queries.points(dataset, scope, by_cell=True, columns=list(asked))
    return points.loc[points["cell_id"].notna() & ~points["one_spot"], list(columns)].reset_index(drop=True)


def leading(dataset: Dataset, points: pd.DataFrame, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which of the calls kept are the first of their event among them: their sum is the number of events.

    The calls are those of `queries.points` of a scope, with located, call, reported_at, cell_id and hazard.
    """
    located = points["located"].to_numpy()
    point, lost = np.flatnonzero(kept & located), np.flatnonzero(kept & ~located)
    leads = np.zeros(len(points), dtype=bool)
    leads[point] = history.followers(dataset).leads(
        points["call"].to_numpy()[point], points["reported_at"].array[point]
    )
    if len(lost):
        leads[lost] = np.arange(len(lost)) == group_lost(dataset, points.iloc[lost])
    return leads[kept]


def event_numbers(dataset: Dataset, points: pd.DataFrame, kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return for each of the calls kept the number of its event, the same for all calls of one; as `leading` asks."""
    located = points["located"].to_numpy()
    point, lost = np.flatnonzero(kept & located), np.flatnonzero(kept & ~located)
    number = np.zeros(len(points), dtype=np.int64)
    number[point] = history.followers(dataset).events(points["call"].to_numpy()[point])
    if len(lost):
        number[lost] = -1 - group_lost(dataset, points.iloc[lost])
    return number[kept]


def group_lost(dataset: Dataset, calls: pd.DataFrame) -> NDArray[np.int64]:
    """Return for each call of which only the cell is known the position of the first call of its event.

    The calls have cell_id, reported_at and hazard; each cell is taken for one spot.
    """
    radius, window = history.rules(dataset.settings)
    return events.group_events(
        pd.factorize(calls["cell_id"])[0] * _APART_M,
        np.zeros(len(calls)),
        (calls["reported_at"] - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(hours=1),
        calls["hazard"],
        radius_m=radius,
        window_h=window,
    )


def count_events(dataset: Dataset, scope: Scope) -> int:
    """Return the events of a scope; a call whose place is not known counts as one of its own."""
    calls = int(queries.counts(dataset, scope, [])["count"].sum())
    events = events_of(dataset, scope)
    return events.everywhere + calls - events.placed


def complete_exposures(dataset: Dataset, scope: Scope) -> list[str]:
    """Return the exposures that every cell of a scope has, then area and equal shares, which are none."""
    cells = cells_of(dataset, scope)
    complete = [name for name in EXPOSURES if len(cells) and (cells[name] > 0).all()]
    return [*complete, hotspots.AREA, hotspots.EQUAL]


def silent_cells(dataset: Dataset, level: str) -> frozenset[str]:
    """Return the cells of a level that never reported anything, if the data covers half a year of them or more."""
    first, last = dataset.span
    if first is None or last is None or (last - first).days < SILENT_DAYS:
        return frozenset()
    heard = queries.counts(dataset, Scope(level=level, voided=True), ["cell"])["cell_id"]
    cells = dataset.cells(level)
    old = cells["valid_from"] <= str(last - dt.timedelta(days=SILENT_DAYS))  # '' is from the beginning
    return frozenset(cells.loc[old, "cell_id"]) - frozenset(heard.dropna())


def drawn(dataset: Dataset, scope: Scope, cells: pd.DataFrame) -> Drawn | None:
    """Return which of some cells begin within a scope, and when its events came; None where none of them does.

    A cell begins with the first edition that has its code. The events are those of these cells.
    """
    if not dataset.has_editions(scope.level):
        return None
    every = dataset.cells(scope.level, every=True)
    begun = every.groupby("cell_id")["valid_from"].min().reindex(cells["cell_id"])  # '' is from the beginning
    start = "" if scope.start is None else str(scope.start)
    days, first = np.unique(begun.where(begun > start, "").to_numpy(str), return_inverse=True)
    if not days.any():
        return None
    calls = first_calls(dataset, scope, ("cell_id", "reported_at", "month"))
    calls = calls[positions(calls["cell_id"], cells) >= 0]
    month = calls["month"].astype(str)
    lone = month.where(month.str.fullmatch(r"\d{4}"), "9999") + "-12-31"  # a year lies where its last day does
    when = calls["reported_at"].dt.strftime("%Y-%m-%d").fillna(lone).to_numpy(str)
    stretch = np.maximum(np.searchsorted(days, when, side="right") - 1, 0)
    return Drawn(first.astype(np.int64), np.bincount(stretch, minlength=len(days)))


def has_cells(dataset: Dataset, scope: Scope, level: str, area: str) -> bool:
    """Return whether an area is divided into cells of a level."""
    return bool((dataset.cells(level, dataset.edition_day(scope))["parent"] == area).any())


@dataclass(frozen=True)
class HotSpots:
    """What the test of the cells says, and what stands behind it."""

    cells: pd.DataFrame  # cell_id, name, calls, events, expected, ratio, low, high (95%), p, hot, claim, by, needed,
    # z, pattern
    result: hotspots.HotSpots
    n_calls: int
    n_events: int
    left_out: int  # calls on one spot in these cells that are probably not located
    n_elsewhere: int  # calls of the scope in none of these cells
    seed: int
    drawn: Drawn | None  # where cells were drawn anew within the scope


def hot_spots(
    dataset: Dataset,
    scope: Scope,
    *,
    exposure: str = "auto",
    method: str = hotspots.AUTO,
    seed: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> HotSpots:
    """Return the cells with more events than chance of one scope, by a method of `analysis.hotspots.choose_method`.

    The answers last given are held with the version, and shared: they are never changed. The first one for a city's
    cells draws random maps for some seconds: `progress` gets the share that is done.

    Raises
    ------
    HazardError
        ``no-boundary`` if the workspace holds no boundary; ``setting-range`` for a seed that is none; what
        `analysis.hotspots` refuses.
    """
    seed = int(dataset.settings["seed"]) if seed is None else seed
    settings.check({"seed": seed})
    return dataset.hold(
        "hot spots",
        (scope, exposure, method, seed),
        lambda: _hot_spots(dataset, scope, exposure, method, seed, progress),
        most=_MOST_ANSWERS,
    )


def _hot_spots(
    dataset: Dataset,
    scope: Scope,
    exposure: str,
    method: str,
    seed: int,
    progress: Callable[[float], None] | None,
) -> HotSpots:
    cells = cells_of(dataset, scope)
    found = events_of(dataset, scope)
    position = positions(found.calls["cell_id"], cells)
    calls = np.bincount(position[position >= 0], minlength=len(cells))
    counts = np.bincount(position[(position >= 0) & found.calls["leads"].to_numpy()], minlength=len(cells))
    exposures = {name: cells[name].to_numpy(float) for name in EXPOSURES}
    exposures[hotspots.AREA] = cells["area_km2"].to_numpy(float)
    anew = drawn(dataset, scope, cells)
    result = hotspots.find_hot_spots(
        calls,
        counts,
        exposures,
        exposure=exposure,
        draws=int(dataset.settings["map_draws"]),
        seed=seed,
        method=method,
        surroundings=KeptSurroundings(dataset, scope, cells, seed=seed, progress=progress),
        drawn=anew,
        **claim_rule(dataset),
    )
    interval = rates.ratio_interval(result.counted, result.expected)
    if result.method == hotspots.CALLS:  # calls about one thing are no trials of their own: no interval
        interval = rates.Ratio(result.ratio, *np.full((2, len(cells)), np.nan))
    frame = pd.DataFrame(
        {
            "cell_id": cells["cell_id"],
            "name": cells["name"],
            "calls": calls,
            "events": counts,
            "expected": result.expected,
            "ratio": result.ratio,
            "low": interval.low,
            "high": interval.high,
            "p": result.p,
            "hot": result.hot,
            "claim": result.claims,
            "by": result.by,
            "needed": result.needed,
            "z": result.z,
            "pattern": result.pattern,
        }
    )
    return HotSpots(
        cells=frame,
        result=result,
        n_calls=int(calls.sum()),
        n_events=int(counts.sum()),
        left_out=found.left_out,
        n_elsewhere=int(queries.counts(dataset, scope, [])["count"].sum()) - int(calls.sum()) - found.left_out,
        seed=seed,
        drawn=anew,
    )


def claim_rule(dataset: Dataset) -> dict[str, Any]:
    """Return what the claims of a workspace are made by, for `analysis.hotspots`: fdr and min_events."""
    return {"fdr": float(dataset.settings["fdr"]), "min_events": int(dataset.settings["min_events"])}


@dataclass(frozen=True)
class BeyondArea:
    """What all cells of a level say of those of one area: how many they are, and the claims on the area's cells."""

    cells: int
    claimed: pd.DataFrame  # name and claim, the strongest evidence first


def beyond_area(
    dataset: Dataset,
    scope: Scope,
    *,
    exposure: str = "auto",
    method: str = hotspots.AUTO,
    progress: Callable[[float], None] | None = None,
) -> BeyondArea | None:
    """Return what `hot_spots` of the whole level claims of the cells of the scope's area.

    Within an area its cells are compared with each other only: what is common there is no hot spot there, whatever the
    city says. Among more than `analysis.hotspots.MANY` cells the cells alone are tested, for it is only said beside.

    Returns
    -------
    BeyondArea or None
        None if the scope has no area, if the method claims nothing (calls, a list), if the whole level has too few
        events, or not the exposure asked for.
    """
    if scope.area is None or method in (hotspots.CALLS, hotspots.LIST):
        return None
    whole = dataclasses.replace(scope, area=None)
    if len(cells_of(dataset, whole)) > hotspots.MANY:
        method = hotspots.EXCESS
    try:
        spots = hot_spots(dataset, whole, exposure=exposure, method=method, progress=progress)
    except HazardError as error:
        if error.code in ("exposure-incomplete", "exposure-unknown"):
            return None
        raise
    if spots.result.method == hotspots.LIST:
        return None
    here = spots.cells["cell_id"].isin(cells_of(dataset, scope)["cell_id"])
    ranked = summary.rank_cells(spots.cells[here & spots.cells["hot"]])
    return BeyondArea(len(spots.cells), ranked[["name", "claim"]].reset_index(drop=True))


def clusters_of(dataset: Dataset, scope: Scope) -> pd.DataFrame:
    """Return the dense groups of the events in the cells of a scope, largest first.

    Columns: cluster_id, members, radius_m, lon, lat (means of the members), first, last, hazard, share, cell_ids (those
    with members, sorted), outline (a polygon in degrees: the hull of the members and `OUTLINE_M` around it, so that no
    corner is the place of a single report). The answers last given are held with the version, and never changed.

    Raises
    ------
    HazardError
        ``no-boundary``; ``clusters-too-many`` of more than `MOST_CLUSTERED` events; what `analysis.clusters` refuses.
    """
    return dataset.hold("dense groups", scope, lambda: _clusters_of(dataset, scope), most=_MOST_ANSWERS)


def _clusters_of(dataset: Dataset, scope: Scope) -> pd.DataFrame:
    n = int(events_of(dataset, scope).calls["leads"].sum())
    if n > MOST_CLUSTERED:
        raise HazardError(
            "clusters-too-many",
            "Dense groups are sought among at most {most} events, and here are {n}: choose a shorter period, fewer "
            "hazards or one area.",
            n=n, most=MOST_CLUSTERED,
        )  # fmt: skip
    setting = dataset.settings
    cells = cells_of(dataset, scope)
    first = first_calls(dataset, scope)
    position = positions(first["cell_id"], cells)
    lon, lat = (first[name].where(position >= 0).to_numpy(float) for name in ("lon", "lat"))
    placed = np.isfinite(lon) & np.isfinite(lat)
    centre = (float(np.median(lon[placed])), float(np.median(lat[placed]))) if placed.any() else (0.0, 0.0)
    x_m, y_m = crs.project(lon, lat, centre)
    labels, frame = clusters.find_clusters(
        x_m,
        y_m,
        first["reported_at"],
        first["hazard"],
        radius_m=float(setting["cluster_radius_m"]),
        min_members=int(setting["cluster_min_events"]),
        radius_days=float(setting["cluster_days"]) or None,
    )
    member = labels >= 0
    label, here = labels[member], first[member]
    of, cell = np.divmod(np.unique(label * len(cells) + position[member]), len(cells))  # cells are sorted by their ids
    ids = np.split(cells["cell_id"].to_numpy(object)[cell], np.flatnonzero(np.diff(of)) + 1)
    return frame.assign(
        lon=np.bincount(label, here["lon"], minlength=len(frame)) / frame["members"],
        lat=np.bincount(label, here["lat"], minlength=len(frame)) / frame["members"],
        cell_ids=pd.Series([one.tolist() for one in ids[: len(frame)]], dtype=object),
        outline=pd.Series(_outlines(frame["hull"], centre), dtype=object),
    )


def _outlines(hulls: pd.Series, centre: tuple[float, float]) -> list[Any]:
    """Return polygons in degrees around hulls that are given as corners in metres."""
    if not len(hulls):
        return []
    corners = np.concatenate(hulls.to_list())
    of = np.repeat(np.arange(len(hulls)), [len(hull) for hull in hulls])
    wide = shapely.buffer(shapely.convex_hull(shapely.multipoints(corners, indices=of)), OUTLINE_M, quad_segs=4)

    def in_degrees(at: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(crs.unproject(at[:, 0], at[:, 1], centre))

    return list(shapely.transform(wide, in_degrees))


def positions(cell_ids: pd.Series, cells: pd.DataFrame) -> NDArray[np.int64]:
    """Return where each cell_id stands in a table of cells, -1 for nowhere."""
    codes, ids = pd.factorize(cell_ids)
    return np.append(pd.Index(cells["cell_id"]).get_indexer(ids), -1)[codes]


def event_table(spots: HotSpots) -> pd.DataFrame:
    """Return the tested cells in the form of the overview's table, for a map of events."""
    cells = spots.cells
    return pd.DataFrame(
        {
            "cell_id": cells["cell_id"],
            "name": cells["name"],
            "count": cells["calls"],
            "calls": cells["calls"],
            "events": cells["events"],
            "one_spot": 0,
        }
    )


@dataclass(frozen=True)
class Overview:
    """The headline figures, the cells and the months of a scope, and of the period it is compared with."""

    totals: dict[str, int]
    comparison: "Comparison | None"  # None: there is nothing to compare with
    events: int  # of the period, as the change counts them
    change: summary.RateChange | None  # of events: on calls, one night of storm would be a trend
    overall: pd.Series  # n, open, median_hours, low, high of all cases
    in_time: tuple[float, float, float]  # share, low, high; NaN when nothing was due
    cells: pd.DataFrame  # cell_id, name, count, before, one_spot, per_km2, per_1000_households, median_hours, low, high
    months: pd.DataFrame  # month, hazard, count; complete with zero months


def overview(dataset: Dataset, scope: Scope, *, compare: str = "year") -> Overview:
    """Return the overview of a scope; `compare` is "year" (the same days a year before) or "previous"."""
    compared = comparison(dataset, scope, compare)
    totals = queries.totals(dataset, scope)
    every = times.medians(dataset, scope).iloc[0]
    change, before = None, 0
    if compared is not None:  # first: the calls of the scope are asked for again, by the other answers of a screen
        before = count_events(dataset, compared.before)
    known = count_events(dataset, scope)
    if compared is not None:
        now = known if compared.whole else count_events(dataset, compared.now)
        days, days_before = compared.days
        change = summary.rate_change(now, before, exposure_now=days, exposure_before=days_before)
    return Overview(
        totals=totals,
        comparison=compared,
        events=known,
        change=change,
        overall=every,
        in_time=(every["share_in_time"], every["share_low"], every["share_high"]),
        cells=cell_table(dataset, scope, compared.before if compared else None),
        months=months(dataset, scope),
    )


@dataclass(frozen=True)
class Comparison:
    """Two scopes that can be compared: the same days, known whole on both sides, of the sources that cover them."""

    now: Scope  # the scope asked for, as far as it is known
    before: Scope
    left_out: tuple[str, ...]  # sources that do not cover both sides
    whole: bool  # the scope asked for holds no more than `now`: what is known of it need not be asked again

    @property
    def days(self) -> tuple[int, int]:
        """Days of the two sides: months and years are not equally long."""
        now, before = (one.end - one.start for one in (self.now, self.before) if one.start and one.end)
        return now.days, before.days


def comparison(dataset: Dataset, scope: Scope, compare: str) -> Comparison | None:
    """Return what a scope can be compared with; None where no source covers both periods.

    A period that is still under way is cut at the as-of day, and the one before at the same day: nine months are not
    compared with twelve. A source that began later, or that ended earlier, would look like a rise or a fall.
    """
    ends = dataset.known_ends
    if scope.start is None or scope.end is None or not ends:
        return None
    end = min(scope.end, max(ends.values()))
    if end <= scope.start:
        return None
    same = summary.year_before if compare == "year" else summary.just_before
    start_before, end_before = same(scope.start, end)
    asked = scope.sources or tuple(dataset.sources)
    covering = []
    for source, first in first_days(dataset).items():
        known = source in ends and ends[source] >= end
        if source in asked and known and first.replace(day=1) <= start_before:
            covering.append(source)
    if not covering:
        return None
    now = dataclasses.replace(scope, end=end, sources=tuple(sorted(covering)))
    before = dataclasses.replace(now, start=start_before, end=end_before)
    left_out = tuple(sorted(set(asked) - set(covering)))
    later = dataclasses.replace(scope, start=end)
    whole = not left_out and (end == scope.end or not queries.counts(dataset, later, [])["count"].sum())
    return Comparison(now, before, left_out, whole)


def first_days(dataset: Dataset) -> dict[str, dt.date]:
    """Return the day of the first report of each source, in the workspace's zone."""
    return {source: time.date() for source, time in queries.first_reports(dataset).items()}


def months(dataset: Dataset, scope: Scope) -> pd.DataFrame:
    """Return reports by month and hazard, months without a report as zero; lone years are in no month."""
    counts = queries.counts(dataset, scope, ["month", "hazard"])
    first, last = dataset.timed_span
    start = max(filter(None, (scope.start, first)), default=None)
    end = min(filter(None, (scope.end, last + dt.timedelta(days=1) if last else None)), default=None)
    return summary.complete_months(counts, start, end, scope.hazards or HAZARDS)


def cell_table(dataset: Dataset, scope: Scope, before: Scope | None = None) -> pd.DataFrame:
    """Return the cells of a scope with their numbers, as `Overview.cells`; `before` is the scope compared with."""
    cells = cells_of(dataset, scope)
    table = pd.DataFrame({"cell_id": cells["cell_id"], "name": cells["name"]})
    if not len(table):
        return table.assign(count=[], before=[], one_spot=[], per_km2=[], per_1000_households=[], median_hours=[])

    def counted(question: Scope, *, one_spot: bool = False) -> NDArray[np.int64]:
        counts = queries.counts(dataset, question, ["cell"], one_spot=one_spot).set_index("cell_id")["count"]
        return counts.reindex(table["cell_id"]).fillna(0).to_numpy(np.int64)

    table["count"] = counted(scope)
    table["before"] = counted(before) if before else pd.array([pd.NA] * len(table), dtype="Int64")
    table["one_spot"] = counted(scope, one_spot=True)
    table["per_km2"] = table["count"] / cells["area_km2"].to_numpy(float)
    households = cells["households"].to_numpy(float)
    table["per_1000_households"] = 1000 * table["count"] / np.where(households > 0, households, np.nan)
    took = resolution.summarize(timing.durations(dataset, scope, "cell")).set_index("key")
    for column in ("n", "open", "median_hours", "low", "high"):
        table["cases" if column == "n" else column] = took[column].reindex(table["cell_id"]).to_numpy(float)
    return table


@dataclass(frozen=True)
class CellView:
    """One cell: its months, resolution times and rank; `reports.tracing.incidents_of` lists its incidents."""

    cell_id: str
    name: str
    count: int
    open: int
    rank: int
    cells: int
    months: pd.DataFrame
    hazards: pd.DataFrame  # `reports.times.medians` by hazard


def cell_view(dataset: Dataset, scope: Scope, cell_id: str, cells: pd.DataFrame) -> CellView:
    """Return one cell of a scope; `cells` is the Overview's table."""
    row = cells[cells["cell_id"] == cell_id].iloc[0]
    own = queries.counts(dataset, scope, ["month", "hazard"], cell=cell_id)
    every = months(dataset, scope)
    return CellView(
        cell_id=cell_id,
        name=str(row["name"]),
        count=int(row["count"]),
        open=int(row["open"]) if pd.notna(row["open"]) else 0,
        rank=int((cells["count"] > row["count"]).sum()) + 1,
        cells=len(cells),
        months=every.drop(columns="count").merge(own, how="left").fillna({"count": 0}).astype({"count": int}),
        hazards=times.medians(dataset, scope, "hazard", cell=cell_id),
    )
