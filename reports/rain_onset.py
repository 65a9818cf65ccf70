"""Per cell the rain at which reports of waterlogging begin, and for a forecast rain which cells to send pumps to.

**Rains** are events of the gauge that stands for a cell: those whose zone names the cell or an area above it, else the
mean of all gauges. They count where they are whole (nothing unknown in or beside them) and lie in the months that the
reports cover; a cell drawn anew later has no rains before. With hourly readings a rain has its depth and its largest
hour. With readings of a day it is told by its wettest day: drains empty overnight, and forecasts are for a day.

**Reports** are the events of waterlogging that all pages count, whatever the hazards and the start of the scope. A
rain brought one if it came from its beginning to some hours after its end, and before the next rain.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import onset_rain, rain
from base.errors import HazardError
from data.dataset import Dataset
from data.schema import Hazard, Scope
from reports import answers, record
from reports.rain import readings

WET = str(Hazard.WATERLOGGING)
BEGINS = 0.5  # reports begin where every second rain brings one
_MOST_HELD = 8
_DAY = 23.0

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Gauged:
    """Cells for which the same gauges stand: their positions, the rains, and the curves.

    ``rains`` has begin, end, depth_mm, peak_mm, whole, counts (whole and within the record); ``measured`` is what the
    curves know of those that count; ``reported`` of shape (cells, all rains).
    """

    cells: Ints
    stations: tuple[str, ...]
    aside: tuple[str, ...]
    hours: float
    rains: pd.DataFrame
    reported: NDArray[np.bool_]
    known: NDArray[np.bool_]
    curves: onset_rain.Responses

    @property
    def depths(self) -> NDArray[np.float64]:
        """Depth of each rain by which it is told: its wettest day with readings of a day, else its sum."""
        return depths_of(self.rains, self.hours)


@dataclass(frozen=True, eq=False)
class Onsets:
    """The rain at which reports begin, cell by cell.

    Attributes
    ----------
    table : DataFrame
        A row a cell, in the order of `answers.cells_of`: cell_id, name, gauges (their names, '' for the mean of all),
        rains, reported (rains with a report), reason ('' or a code of `analysis.onset_rain`), begins_mm, low_mm,
        high_mm (depth at which the chance is `BEGINS`; NaN where it cannot be told), heaviest_mm (deepest rain seen).
    groups : tuple of Gauged
    start, end : date
        The months that reports cover, half-open.
    events, in_rain, in_unclear : int
        Events of waterlogging in these months in a cell; those in a rain that counts; those in one that does not, or
        where the rain is not known. The others came without rain.
    rains, unclear : int
        Rains of those months (of all groups), and those that do not count.
    hourly : bool
        Whether the largest hour is known everywhere.
    left_out : tuple of str
        Sources of reports that do not cover the months.
    """

    table: pd.DataFrame
    groups: tuple[Gauged, ...]
    start: dt.date
    end: dt.date
    events: int
    in_rain: int
    in_unclear: int
    rains: int
    unclear: int
    hourly: bool
    daily: bool
    left_out: tuple[str, ...]

    @property
    def without_rain(self) -> int:
        """Events that came without rain."""
        return self.events - self.in_rain - self.in_unclear

    @property
    def aside(self) -> tuple[str, ...]:
        """Gauges that do not count, for their readings are of another length."""
        return tuple(sorted({one for group in self.groups for one in group.aside}))


@dataclass(frozen=True, eq=False)
class Forecast:
    """Which cells a forecast rain floods.

    Attributes
    ----------
    mm, peak : float, float or None
    ranked : DataFrame
        Cells with a chance, the greatest first: the columns of `Onsets.table`, rank, chance, chance_low, chance_high,
        beyond (the rain is deeper than any seen there), so_deep (rains of that depth or more), so_deep_reported.
    apart : DataFrame
        Cells of which no chance is told: the same columns without those of the chance; those with most reports first.
    expected : float
        Sum of the chances: so many of the ranked cells will have a report, on average.
    """

    mm: float
    peak: float | None
    ranked: pd.DataFrame
    apart: pd.DataFrame
    expected: float
    onsets: Onsets


def onsets(dataset: Dataset, scope: Scope) -> Onsets:
    """Return the rain at which reports begin in the cells of a scope; held with the version, and never changed.

    Raises
    ------
    HazardError
        ``rain-not-loaded``; ``rain-no-record`` where no whole month of reports is known; ``rain-none-counts`` where no
        rain lies in those months; ``no-boundary``, ``level-unknown``.
    """
    dataset.level(scope.level)
    asked = replace(scope, start=None, hazards=())
    return dataset.hold("rain_onsets", asked, lambda: _onsets(dataset, asked), most=_MOST_HELD)


def forecast(dataset: Dataset, scope: Scope, mm: float, peak: float | None = None) -> Forecast:
    """Return which cells a rain of some depth floods, the likeliest first.

    Parameters
    ----------
    mm : float
        Depth of the rain; with readings of a day, of its wettest day.
    peak : float, optional
        Its largest hour in mm; the usual one for the depth if not given. It counts where readings are hourly.

    Raises
    ------
    HazardError
        Those of `onsets`; ``depth-bad`` for a depth that is not above zero, or below its largest hour;
        ``depth-impossible`` for more than has ever been measured.
    """
    if mm > MOST_MM:
        raise HazardError(
            "depth-impossible", "More than {most} mm have never been measured in a day: {mm} mm cannot be forecast.",
            most=MOST_MM, mm=mm,
        )  # fmt: skip
    found = onsets(dataset, scope)
    table = found.table.assign(
        chance=np.nan, chance_low=np.nan, chance_high=np.nan, so_deep=0, so_deep_reported=0, beyond=False
    )
    for group in found.groups:
        told = group.curves.chance(mm, peak)
        deep = group.known & (group.depths >= mm)
        table.loc[group.cells, "chance"] = told.value
        table.loc[group.cells, "chance_low"], table.loc[group.cells, "chance_high"] = told.low, told.high
        table.loc[group.cells, "so_deep"] = deep.sum(axis=1)
        table.loc[group.cells, "so_deep_reported"] = (deep & group.reported).sum(axis=1)
    table["beyond"] = table["heaviest_mm"] < mm
    ranking = table["chance"].notna()
    ranked = table[ranking].sort_values(["chance", "reported"], ascending=False, kind="stable", ignore_index=True)
    ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
    apart = table[~ranking].sort_values(["reported", "rains"], ascending=False, kind="stable", ignore_index=True)
    apart = apart.drop(columns=["chance", "chance_low", "chance_high"])
    return Forecast(float(mm), peak, ranked, apart, float(ranked["chance"].sum()), found)


MOST_MM = (
    1_825.0  # in 24 hours, La Réunion, January 1966: the world's record (WMO weather and climate extremes archive)
)


def depths_of(rains: pd.DataFrame, hours: float) -> NDArray[np.float64]:
    """Return the depth by which each rain is told."""
    return rains["peak_mm" if hours >= _DAY else "depth_mm"].to_numpy(float)


def _onsets(dataset: Dataset, scope: Scope) -> Onsets:
    rows = readings(dataset, scope)
    if not len(rows):
        raise HazardError("rain-not-loaded", "No rain is loaded: load the table of a rain gauge on the Data page.")
    known = record.known_months(dataset, scope)
    if known is None:
        raise HazardError(
            "rain-no-record", "No whole month of reports is known: load incidents that the rain can meet."
        )
    asked = replace(scope, start=known.start, end=known.end, hazards=(WET,), sources=known.sources)
    cells = answers.cells_of(dataset, asked)
    calls = answers.first_calls(dataset, asked, ("cell_id", "reported_at"))
    at = answers.positions(calls["cell_id"], cells)
    when = _utc(calls["reported_at"])[at >= 0]
    at = at[at >= 0]
    groups, in_rain, unclear_events = [], 0, 0
    for stations, places in _gauges(dataset, scope.level, cells, rows):
        here = np.isin(at, places)
        group, n_in, n_unclear = _gauged(dataset, rows, stations, places, cells, at[here], when[here], known)
        groups.append(group)
        in_rain, unclear_events = in_rain + n_in, unclear_events + n_unclear
    if not any(group.rains["counts"].any() for group in groups):
        raise HazardError(
            "rain-none-counts",
            "No rain of the gauge lies in the months that the reports cover ({start} to {end}): load the rain of "
            "that time.",
            start=known.start, end=known.end - dt.timedelta(days=1),
        )  # fmt: skip
    table = pd.DataFrame({"cell_id": cells["cell_id"].to_numpy(object), "name": cells["name"].to_numpy(object)})
    table["gauges"], table["reason"] = "", onset_rain.FEW
    for group in groups:
        curves, own = group.curves, group.cells
        begins = curves.at(BEGINS)
        table.loc[own, "gauges"] = ", ".join(group.stations)
        table.loc[own, "rains"], table.loc[own, "reported"] = curves.rains, curves.reported
        table.loc[own, "reason"] = curves.reason
        table.loc[own, "begins_mm"], table.loc[own, "low_mm"] = begins.value, begins.low
        table.loc[own, "high_mm"], table.loc[own, "heaviest_mm"] = begins.high, curves.heaviest
    table = table.astype({"rains": np.int64, "reported": np.int64})
    in_record = [_within(group.rains, known) for group in groups]
    return Onsets(
        table=table, groups=tuple(groups), start=known.start, end=known.end, events=len(at), in_rain=in_rain,
        in_unclear=unclear_events, rains=sum(int(one.sum()) for one in in_record),
        unclear=sum(int((one & ~group.rains["counts"]).sum()) for one, group in zip(in_record, groups, strict=True)),
        hourly=all(group.curves.peaked for group in groups), daily=any(group.hours >= _DAY for group in groups),
        left_out=known.left_out,
    )  # fmt: skip


def _gauges(
    dataset: Dataset, level: str, cells: pd.DataFrame, rows: pd.DataFrame
) -> list[tuple[tuple[str, ...], Ints]]:
    """Return the stations that stand for cells, () for all of them, and the positions of these cells."""
    zones = {str(zone).strip().casefold(): zone for zone in rows["zone"].unique() if str(zone).strip()}
    found: dict[tuple[str, ...], list[int]] = {}
    if not zones:
        return [((), np.arange(len(cells)))] if len(cells) else []
    names = _chains(dataset, level, cells)
    by_zone = {zone: tuple(sorted(set(part["station"]))) for zone, part in rows.groupby("zone") if zone}
    for place, chain in enumerate(names):
        zone = next((zones[name] for name in chain if name in zones), None)
        found.setdefault(by_zone[zone] if zone is not None else (), []).append(place)
    return [(stations, np.array(places, dtype=np.int64)) for stations, places in sorted(found.items())]


def _chains(dataset: Dataset, level: str, cells: pd.DataFrame) -> Iterable[list[str]]:
    """Return the numbers and names of each cell and of the areas that hold it, the nearest first, in small letters."""
    above = dataset.level(level).parent_level
    parents = dict(zip(cells["cell_id"], cells["parent"], strict=True)) if "parent" in cells else {}
    held: dict[str, list[str]] = {}
    if above:
        areas = dataset.cells(above)
        held = dict(zip(areas["cell_id"], _chains(dataset, above, areas), strict=True))
    for cell_id, name in zip(cells["cell_id"], cells["name"], strict=True):
        own = [str(one).strip().casefold() for one in (cell_id, name) if str(one).strip()]
        yield [*own, *held.get(parents.get(cell_id, ""), [])]


def _gauged(
    dataset: Dataset, rows: pd.DataFrame, stations: tuple[str, ...], places: Ints, cells: pd.DataFrame, at: Ints,
    when: NDArray[np.datetime64], known: record.Known,
) -> tuple[Gauged, int, int]:  # fmt: skip
    """Return the rains and curves of cells for which the same gauges stand, and how many events lie in which rains."""
    settings = dataset.settings
    own = rows[rows["station"].isin(stations)] if stations else rows
    one, aside = rain.mean_readings(own["station"], own["begin"], own["hours"], own["mm"])
    hours = float(one["hours"].median()) if len(one) else rain.HOUR
    rains = rain.events_of(
        one["begin"], one["hours"], one["mm"], dry_hours=settings["rain_dry_hours"], least_mm=settings["rain_least_mm"]
    )
    lag = np.timedelta64(int(settings["rain_report_hours"] * 3600), "s")
    begin, end = _utc(rains["begin"]), _utc(rains["end"])
    first, stop = (
        np.datetime64(pd.Timestamp(day, tz=dataset.zone).tz_convert("UTC").tz_localize(None), "s")
        for day in (known.start, known.end)
    )
    rains["counts"] = rains["whole"].to_numpy(bool) & (begin >= first) & (end + lag <= stop)
    reported = np.zeros((len(places), len(rains)), dtype=bool)
    turn = np.searchsorted(begin, when, side="right") - 1
    hit = turn >= 0
    hit[hit] = when[hit] < end[turn[hit]] + lag
    reported[np.searchsorted(places, at[hit]), turn[hit]] = True
    counts = rains["counts"].to_numpy(bool)
    n_in = int(counts[turn[hit]].sum())
    n_unclear = int(hit.sum()) - n_in + int(_dark(one, when[~hit], lag).sum())
    told = np.broadcast_to(counts, reported.shape).copy()
    if "valid_from" in cells and len(rains):
        drawn = cells["valid_from"].to_numpy(str)[places]
        day = rains["begin"].dt.tz_convert(dataset.zone).dt.strftime("%Y-%m-%d").to_numpy(str)
        told &= (drawn == "")[:, np.newaxis] | (day[np.newaxis] >= drawn[:, np.newaxis])
    depth = depths_of(rains, hours)
    peak = rains["peak_mm"].to_numpy(float) if hours <= rain.HOUR + 1e-6 else None
    curves = onset_rain.responses(
        depth[counts], None if peak is None else peak[counts], reported[:, counts], known=told[:, counts]
    )
    return Gauged(places, stations, tuple(aside), hours, rains, reported & told, told, curves), n_in, n_unclear


def _dark(one: pd.DataFrame, when: NDArray[np.datetime64], lag: np.timedelta64) -> NDArray[np.bool_]:
    """Return which moments have no reading at them, or some missing in the hours before that a report looks back."""
    begin, told = _utc(one["begin"]), one["mm"].notna().to_numpy()
    end = begin + (one["hours"].to_numpy(float) * 3600).astype("timedelta64[s]")
    length = (end - begin).astype(float)
    sums = np.r_[0.0, np.cumsum(np.where(told, length, 0.0))]
    first, last = np.searchsorted(end, when - lag, side="right"), np.searchsorted(begin, when, side="left")
    seen = sums[np.maximum(last, first)] - sums[first]
    return np.asarray(seen < lag.astype(float) * rain.KNOWN)


def _within(rains: pd.DataFrame, known: record.Known) -> pd.Series:
    begin = rains["begin"].dt.tz_localize(None)
    return (begin >= pd.Timestamp(known.start)) & (begin < pd.Timestamp(known.end))


def _utc(times: Any) -> NDArray[np.datetime64]:
    return pd.DatetimeIndex(times).tz_convert("UTC").tz_localize(None).to_numpy("datetime64[s]")
