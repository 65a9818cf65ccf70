"""What the office of the demo knows: the calls that each event brings, and the handling of each call."""

import datetime as dt
from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.random import Generator

from data.demo import plan
from data.demo.events import Event, shapes
from data.demo.kinds import Kind

_HOTLINE = "示例·12345热线"
CHANNELS = ("示例·巡查上报", _HOTLINE, "示例·视频巡查")
REPORTERS = tuple("示例" + stem for stem in "甲乙丙丁戊己庚辛壬癸")


@dataclass(frozen=True, slots=True)
class Case:
    """One report of an event as the case system would know it in the end; times are naive, Asia/Shanghai."""

    event: int  # position in the list of events
    hazard: str
    reported_at: dt.datetime
    dispatched_at: dt.datetime
    handled_at: dt.datetime
    closed_at: dt.datetime
    due_at: dt.datetime
    type_name: str
    code: str
    description: str
    address: str
    lon: float
    lat: float
    channel: str
    unit: str
    reporter: str
    # What `data.demo.handling` adds
    filed_at: dt.datetime | None = None
    checked_at: dt.datetime | None = None
    paused_at: dt.datetime | None = None
    resumed_at: dt.datetime | None = None
    surveyed_at: dt.datetime | None = None
    designed_at: dt.datetime | None = None
    built_at: dt.datetime | None = None
    followed_up_at: dt.datetime | None = None
    condition: str = ""
    on_spot: str = ""
    reworked: str = ""


def make_cases(rng: Generator, events: list[Event], *, first: int = 0) -> list[Case]:
    """Return the calls of all events with their handling, in order of report time; events count from `first`."""
    cases = [case for number, event in enumerate(events, start=first) for case in _calls(rng, number, event)]
    return sorted(cases, key=by_report)


def by_report(case: Case) -> tuple[dt.datetime, int]:
    """Return by what cases are put in order: report time, then event."""
    return case.reported_at, case.event


def add_workdays(time: dt.datetime, days: int) -> dt.datetime:
    """Return the same hour so many working days later. Monday to Friday; the demo knows no public holidays."""
    while days:
        time += dt.timedelta(days=1)
        days -= time.weekday() < 5
    return time


@cache
def _office() -> shapely.Geometry:
    office = shapely.union_all(list(shapes().values()))
    shapely.prepare(office)
    return office


@cache
def _streets(cell_id: str) -> tuple[tuple[shapely.LineString, str], ...]:
    grid = next(grid for grid in plan.grids() if grid.cell_id == cell_id)
    return tuple((shapely.LineString(line), name) for name, line in grid.streets)


def _calls(rng: Generator, number: int, event: Event) -> list[Case]:
    """Return the first call of an event and those after it; one repair ends them all."""
    kind = event.kind
    type_name, code, texts = kind.types[int(rng.integers(len(kind.types)))]
    size, address = int(rng.integers(*kind.size)), _address(rng, event)
    hours = float(rng.lognormal(np.log(kind.median_hours), kind.sigma))
    if rng.random() < kind.stuck:
        hours += float(rng.uniform(1200, 6000))
    cases: list[Case] = []
    reported = repaired = event.first
    for call in range(1 + int(rng.poisson(kind.further_calls))):
        x_m, y_m = event.x_m, event.y_m
        if call:
            reported += dt.timedelta(minutes=3 + int(60 * rng.exponential(kind.call_gap_hours)))
            if reported - event.first > dt.timedelta(hours=kind.window_hours):
                break
            shift = np.clip(rng.normal(0, kind.spread_m, size=2), -2.2 * kind.spread_m, 2.2 * kind.spread_m)
            if shapely.contains_xy(_office(), x_m + shift[0], y_m + shift[1]):
                x_m, y_m = x_m + float(shift[0]), y_m + float(shift[1])
        lon, lat = plan.to_degrees(x_m, y_m)
        dispatched = _dispatch(rng, kind, reported)
        if not call:
            repaired = dispatched + dt.timedelta(minutes=int(60 * hours))
        handled, closed = _closing(rng, kind, max(repaired, dispatched + dt.timedelta(minutes=20)))
        amount, unit = kind.limit
        channel = _HOTLINE if call else CHANNELS[int(rng.choice(3, p=kind.channels))]
        text = texts[int(rng.integers(len(texts)))].format(n=size)
        if channel == _HOTLINE and rng.random() < 0.12:
            text += "，来电人电话13800000000"  # no one's number; for the door to mask
        cases.append(
            Case(
                event=number,
                hazard=kind.hazard,
                reported_at=reported,
                dispatched_at=dispatched,
                handled_at=handled,
                closed_at=closed,
                due_at=dispatched + dt.timedelta(hours=amount) if unit == "hours" else add_workdays(dispatched, amount),
                type_name=type_name,
                code=code,
                description=f"【示例】{text}",
                address=address,
                lon=round(lon, 6),
                lat=round(lat, 6),
                channel=channel,
                unit=kind.unit,
                reporter=REPORTERS[int(rng.integers(len(REPORTERS)))],
            )
        )
    return cases


def _address(rng: Generator, event: Event) -> str:
    point = shapely.Point(event.x_m, event.y_m)
    beside = min((line.distance(point), name) for line, name in _streets(event.cell_id))[1]
    return f"{plan.STREET_OFFICE}{beside}{int(rng.integers(1, 180))}号附近"


def _dispatch(rng: Generator, kind: Kind, reported: dt.datetime) -> dt.datetime:
    if kind.limit[1] == "hours":
        return reported + dt.timedelta(minutes=int(rng.integers(4, 35)))
    return into_work(reported + dt.timedelta(minutes=int(rng.integers(20, 240))))


def _closing(rng: Generator, kind: Kind, repaired: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """Return when the repair is entered as handled, and when the case is closed after a look at it."""
    if kind.limit[1] == "hours":
        return repaired, repaired + dt.timedelta(minutes=int(rng.integers(15, 75)))
    handled = into_work(repaired)
    return handled, into_work(handled + dt.timedelta(minutes=int(rng.integers(60, 1500))))


def into_work(time: dt.datetime) -> dt.datetime:
    """Return the time itself within working hours, else a time in the first hour of the next ones."""
    if time.weekday() < 5 and 8 <= time.hour < 18:
        return time
    if time.hour >= 18 or time.weekday() >= 5:
        time = add_workdays(time, 1)
    return time.replace(hour=8, minute=time.minute % 50)
