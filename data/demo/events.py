"""What happened in the demo: rain days, waterlogging after rain, everyday defects, and one cover that sinks again.

Events come in proportion to households (waterlogging, walls, the rest) or covers (sunken covers); only in the grids of
`HOT` does waterlogging come `HOT_FACTOR` times as often. Events of one kind keep so far apart, in place or in time,
that nobody can mistake two for one: what a program groups can be compared with what was meant. One grid has a second
source of water until a drain shuts it off (`data.demo.projects`).

**Waterlogging is a matter of silt.** What runs off washes silt into the gullies until one is blocked and the street
floods; then it is cleared. So from flood to flood of a grid runs about the same amount of rain above what the drains
take (of a very wet day no more than `_MOST_MM`: then it runs off over the streets). In the mean the floods are in
proportion to that rain, in each grid and from each source; they come more regularly than accidents do.

**How the sizes were chosen**: for their power alone, before any demo of these sizes was made. Counts by grid and day
were drawn for 200 offices each, without places and calls, and told by `analysis.evaluation` as for any office. With 54
months, `HOT_FACTOR` and `EVENTS_PER_MM` as below (1,400 events) both finished works are told right, the one that helped
and the one that did nothing, in 94%; with 0.75 events per mm in 80%. Were floods as irregular as accidents (a Poisson
process, `_SHAPE` 1), it would be 27%, and take 2,700 events to reach 90%: far more than a street office has. Of 100
whole demos from as many seeds 93 were then told right (the drain 100, and seven times it was too early to say of the
other work).
"""

import datetime as dt
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
import shapely
from numpy.random import Generator
from numpy.typing import NDArray

from data.demo import plan
from data.demo.kinds import KINDS, Kind

HOT = ("99990100100102", "99990100100306")  # the railway culvert of 青石2; the low bank of 柳湾6
HOT_FACTOR = 5.0
RECURRING_CELL, RECURRING_XY, RECURRING_REPORTS = "99990100100201", (300.0, 468.0), 7  # beside 青石街
EVENTS_PER_MM = 0.82  # waterlogging events for each mm of a day's rain above what the drains take, to `_MOST_MM`
_DRAINED_MM, _MOST_MM = 12.0, 20.0
_SHAPE = 4.0  # of the gamma distribution of the rain between two floods of a grid from one source
_WET_SHARE = (0.10, 0.13, 0.18, 0.20, 0.22, 0.26, 0.38, 0.34, 0.30, 0.20, 0.15, 0.09)  # of days, January first
_WET_MEAN_MM = (3, 4, 6, 9, 12, 16, 22, 20, 15, 9, 6, 3)
_BORDER_M = 8.0  # no event lies closer to the border of its grid: the grid of an event is beyond doubt


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: when and where it was first reported, and the grid that it lies in."""

    kind: Kind
    cell_id: str
    x_m: float
    y_m: float
    first: dt.datetime


def rain_days(rng: Generator, start: dt.date, end: dt.date) -> pd.DataFrame:
    """Return the days with rain in [start, end): day, rain_mm (rounded to 0.1), in order."""
    days = [start + dt.timedelta(days=n) for n in range((end - start).days)]
    rows = []
    for day in days:
        wet, amount = rng.random(), rng.gamma(0.8)
        rain_mm = round(float(amount) * _WET_MEAN_MM[day.month - 1] / 0.8, 1)
        if wet < _WET_SHARE[day.month - 1] and rain_mm > 0:
            rows.append((day, rain_mm))
    return pd.DataFrame(rows, columns=["day", "rain_mm"])


def waterlogging_events(rng: Generator, rain: pd.DataFrame) -> list[Event]:
    """Return the waterlogging events: on days of heavy rain, after the storm's own hour, in order of time."""
    events: list[Event] = []
    floods = {cell_id: _floods(rng, rain, share) for cell_id, share in _shares().items()}
    for number, day in enumerate(rain["day"]):
        cells = [cell_id for cell_id, of_days in floods.items() for _ in range(of_days[number])]
        for time, cell_id in sorted(zip(_after_storm(rng, day, len(cells)), cells, strict=True)):
            _put(rng, KINDS[0], cell_id, time, events)
    return events


def second_source(rng: Generator, rain: pd.DataFrame, cell_id: str, until: dt.date, known: list[Event]) -> list[Event]:
    """Return the waterlogging of a grid from a second source, as strong as its first, before the day `until`.

    The events keep apart from the `known` ones, which stay as they are: with both sources the grid has twice as many
    as with one. So a drain that shuts this one off halves them.
    """
    events = list(known)
    for day, floods in zip(rain["day"], _floods(rng, rain, _shares()[cell_id]), strict=True):
        for time in sorted(time for time in _after_storm(rng, day, floods) if time.date() < until):
            _put(rng, KINDS[0], cell_id, time, events)
    return events[len(known) :]


def everyday_events(
    rng: Generator, kind: Kind, start: dt.date, end: dt.date, *, known: tuple[Event, ...] = ()
) -> list[Event]:
    """Return the `known` events of a kind and those that the rain does not bring, which keep apart from them."""
    days = (end - start).days
    hours = np.sort(rng.random(rng.poisson(kind.per_month * days / 30.44)) * days * 24)
    times = [dt.datetime.combine(start, dt.time()) + dt.timedelta(hours=float(hour)) for hour in hours]
    events = list(known)
    weights = {grid.cell_id: float(getattr(grid, kind.exposure)) for grid in plan.grids()}
    cells, share = list(weights), np.array(list(weights.values())) / sum(weights.values())
    for time in sorted(_daytime(rng, time) for time in times):
        _put(rng, kind, cells[int(rng.choice(len(cells), p=share))], time, events)
    return events


def recurring_events(rng: Generator, start: dt.date, end: dt.date) -> list[Event]:
    """Return the reports of the one cover that sinks again after each repair; months lie between them."""
    step = (end - start).days / RECURRING_REPORTS
    days = [step * (n + 0.3) + float(rng.uniform(-0.2, 0.2)) * step for n in range(RECURRING_REPORTS)]
    first = [_daytime(rng, dt.datetime.combine(start, dt.time(12)) + dt.timedelta(days=day)) for day in days]
    kind = replace(KINDS[1], further_calls=0.0, stuck=0.0)
    x_m, y_m = RECURRING_XY
    jitter = rng.uniform(-2.5, 2.5, size=(RECURRING_REPORTS, 2))
    return [
        Event(kind, RECURRING_CELL, x_m + float(dx), y_m + float(dy), time)
        for time, (dx, dy) in zip(first, jitter, strict=True)
    ]


def _shares() -> dict[str, float]:
    """Return how the water of the first source parts among the grids."""
    weights = {grid.cell_id: grid.households * (HOT_FACTOR if grid.cell_id in HOT else 1.0) for grid in plan.grids()}
    return {cell_id: weight / sum(weights.values()) for cell_id, weight in weights.items()}


def _floods(rng: Generator, rain: pd.DataFrame, share: float) -> NDArray[np.int64]:
    """Return how often a grid floods from one source on each rain day: whenever enough rain has run since last time."""
    runoff = np.clip(rain["rain_mm"].to_numpy(float) - _DRAINED_MM, 0, _MOST_MM) * share * EVENTS_PER_MM
    until = np.concatenate([[0], np.cumsum(runoff)])
    silt = rng.gamma(_SHAPE, 1 / _SHAPE, size=60 + int(1.5 * until[-1]))
    at = np.cumsum(silt) - rng.uniform(20, 21)  # it has long been going on when the record begins
    return np.diff(np.searchsorted(at, until, side="right"))


def _after_storm(rng: Generator, day: dt.date, floods: int) -> list[dt.datetime]:
    """Return the times of so many events of a day: after the storm's own hour."""
    storm = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=int(60 * rng.triangular(0, 16, 23)))
    return [storm + dt.timedelta(minutes=int(40 * rng.gamma(2.0))) for _ in range(floods)]


@cache
def shapes() -> dict[str, shapely.Polygon]:
    """Return the polygon of each grid, in metres."""
    polygons = {grid.cell_id: shapely.Polygon(grid.ring) for grid in plan.grids()}
    shapely.prepare(list(polygons.values()))
    return polygons


def _put(rng: Generator, kind: Kind, cell_id: str, time: dt.datetime, events: list[Event]) -> None:
    """Append an event in a grid: beside its streets, apart from the earlier ones."""
    apart = dt.timedelta(hours=kind.apart_hours)
    lately = [other for other in events if abs(time - other.first) < apart]
    for _ in range(200):  # in vain only where the grid is full of water already: then nobody sees one event more
        x_m, y_m = _place(rng, cell_id)
        if all((x_m - other.x_m) ** 2 + (y_m - other.y_m) ** 2 >= kind.apart_m**2 for other in lately):
            events.append(Event(kind, cell_id, x_m, y_m, time))
            return


def _place(rng: Generator, cell_id: str) -> tuple[float, float]:
    """Return a place in a grid: of three at random the one nearest to a street, but clear of the border."""
    shape = shapes()[cell_id]
    west, south, east, north = shape.bounds
    found: list[tuple[float, float, float]] = []
    while len(found) < 3:
        x_m, y_m = float(rng.uniform(west, east)), float(rng.uniform(south, north))
        if not shapely.contains_xy(shape, x_m, y_m):
            continue
        if (distance := shape.exterior.distance(shapely.Point(x_m, y_m))) >= _BORDER_M:
            found.append((distance, x_m, y_m))
    return min(found)[1:]


def _daytime(rng: Generator, time: dt.datetime) -> dt.datetime:
    """Return a time when people report: by day, on most weekends not before Monday."""
    if time.weekday() >= 5 and rng.random() < 0.6:
        time += dt.timedelta(days=7 - time.weekday())
    early = rng.random() < 0.45
    hour = float(rng.triangular(7.5, 9.5, 12)) if early else float(rng.triangular(13.5, 15.5, 20))
    return dt.datetime.combine(time.date(), dt.time()) + dt.timedelta(minutes=int(60 * hour))
