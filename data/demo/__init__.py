"""An invented street office to try the program on: 23 grids, 54 months of cases and rain, projects, and the truth.

Everything is seeded and labelled 示例. The files go through the same door as any office's files; what a program should
find in them, and what it should refuse, is written down in `Demo.truth`.
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data.demo import files, limits, plan, projects
from data.demo.cases import Case, by_report, make_cases
from data.demo.dirty import Dirt, add_dirt
from data.demo.events import (
    HOT,
    RECURRING_CELL,
    RECURRING_XY,
    Event,
    everyday_events,
    rain_days,
    recurring_events,
    second_source,
    waterlogging_events,
)
from data.demo.handling import add_handling
from data.demo.kinds import KINDS
from data.demo.limits import STANDARDS, Standard
from data.schema import ENGINEERING, HAZARDS, ON_SPOT

__all__ = ["SEED", "Demo", "make_demo"]

# Of the seeds from 20260965 on the first whose demo has at most 2,500 rows, no other hot grid of any hazard, and two
# cases that are still on hold. The two hot grids showed with each of 100 seeds, also over the last 12 months alone; how
# often the finished works are told right: `data.demo.events`.
SEED = 20260999
MONTHS = 54
RECURRING_MONTHS = 30  # the last ones: since then the cover sinks


@dataclass(frozen=True, slots=True, eq=False)
class Demo:
    """The files of the demo and what is true in them.

    Attributes
    ----------
    communities, grids : bytes
        GeoJSON, longitude and latitude (WGS 84); 4 and 23 polygons; 所属社区 of a grid is the code of its community.
    incidents : bytes
        CSV, UTF-8 with byte order mark; naive times in Asia/Shanghai; as the case system stood at `as_of`.
    next_month : bytes
        XLSX of the following month: its new cases, and those of `incidents` that were still open, as of
        `next_as_of`. Not part of the demo as it is loaded; for trying a monthly import.
    gauge : bytes
        CSV, UTF-8 with byte order mark: what the office's rain gauge had on each day, dry ones too; 缺测 on two days.
    projects_file : bytes
        CSV, UTF-8 with byte order mark: the drainage projects, cost in 10,000 yuan.
    names : dict
        A file name for each of the six above: communities, grids, incidents, next_month, rain, projects.
    standards : tuple of Standard
        The office's standard of filing and deadlines: name, kind, valid_from, content().
    rain : DataFrame[day, rain_mm]
        The rain days of the 54 months, those that the gauge missed among them.
    projects : DataFrame[project_id, name, cells, kind, cost, status, five days, owner, alternatives, must, year]
        What `projects_file` says: cells as a tuple of codes, cost in yuan, must as bool; the days surveyed_on,
        designed_on, built_from, finished_on, inspected_on, or None; words as they stand in the file.
    events : DataFrame[event, hazard, cell_id, first_at, calls]
        What truly happened in `incidents` (the dirty rows apart): one row an event, its grid, its calls.
    event_of : dict
        Case number -> event, for each clean row of `incidents`.
    deadlines : DataFrame[row, due_at, due_from, handling]
        Of each row of `incidents` that should be accepted, row as a spreadsheet counts: when it is due (naive; NaT if
        that is not known) and by what (`data.schema.DUE_FROM`), by the program's usual settings and the calendar's
        years as they are known today; handling as in `data.schema.HANDLINGS`.
    as_of, next_as_of : datetime
        Naive, Asia/Shanghai.
    truth : dict
        ``hot``: hazard -> grids with a raised rate; ``recurring_cover``: cell_id, lon, lat, reports, incident_ids;
        ``incidents``: read, accepted, rejected, repeats, hazards (accepted rows a hazard), inside, outside,
        no_location, open, overdue (of these, by `deadlines`); ``dirty``: list of {row, kind, outcome, code}, row as
        a spreadsheet counts;
        ``next_month``: read, new, updated, repeats (still open, nothing changed); ``effects``: finished project ->
        rate ratio of the waterlogging events of its grid after it over those before, the rain being the same;
        ``unread_days``: of the rain gauge, ISO.
    """

    communities: bytes
    grids: bytes
    incidents: bytes
    next_month: bytes
    gauge: bytes
    projects_file: bytes
    names: dict[str, str]
    standards: tuple[Standard, ...]
    rain: pd.DataFrame
    projects: pd.DataFrame
    events: pd.DataFrame
    event_of: dict[str, int]
    deadlines: pd.DataFrame
    as_of: dt.datetime
    next_as_of: dt.datetime
    truth: dict[str, Any]


def make_demo(*, seed: int = SEED, end: dt.date = dt.date(2026, 9, 30)) -> Demo:
    """Return the demo whose 54 months end with the day `end`; the same arguments give the same bytes.

    Parameters
    ----------
    seed : int
        Start of every random draw.
    end : date
        Last day of the cases; usually the last of a month. The next month's file follows on it.
    """
    start, sinks_from, stop, after = (
        (pd.Timestamp(end) + pd.Timedelta(days=1) + pd.DateOffset(months=months)).date()
        for months in (-MONTHS, -RECURRING_MONTHS, 0, 1)
    )
    as_of, next_as_of = (dt.datetime.combine(day - dt.timedelta(days=1), dt.time(18)) for day in (stop, after))
    streams = np.random.default_rng(seed).spawn(11)
    rain = rain_days(streams[0], start, after)
    recurring = recurring_events(streams[1], sinks_from, stop)
    _, cover, wall, other = KINDS
    unread = _unread_days(rain, stop)
    works = projects.projects(stop - dt.timedelta(days=1))
    water = waterlogging_events(streams[2], rain)
    events = [
        *water,
        *everyday_events(streams[3], cover, start, after, known=tuple(recurring)),
        *everyday_events(streams[4], wall, start, after),
        *everyday_events(streams[5], other, start, after),
    ]
    # Events and streams of their own, after all others: these stay what they are without them
    more = second_source(streams[8], rain, projects.DRAINED_CELL, projects.drained_from(works), water)
    cases = sorted(
        add_handling(streams[7], make_cases(streams[6], events))
        + add_handling(streams[10], make_cases(streams[9], more, first=len(events))),
        key=by_report,
    )
    events += more
    numbers = _case_numbers(cases)
    known = [(number, case) for number, case in zip(numbers, cases, strict=True) if case.reported_at <= as_of]
    rows, dirt = add_dirt([files.case_row(number, case, as_of) for number, case in known], as_of=as_of)
    deadlines = _deadlines(rows, {d.row for d in dirt if d.outcome != "accepted"})
    following = [
        (number, case)
        for number, case in zip(numbers, cases, strict=True)
        if case.reported_at <= next_as_of and case.closed_at > as_of
    ]
    new = sum(case.reported_at > as_of for _, case in following)
    same = sum(files.case_row(n, case, as_of) == files.case_row(n, case, next_as_of) for n, case in following)
    return Demo(
        communities=files.communities_geojson(),
        grids=files.grids_geojson(),
        incidents=files.csv_bytes(rows),
        next_month=files.xlsx_bytes(
            [files.case_row(number, case, next_as_of) for number, case in following], created=next_as_of
        ),
        gauge=files.gauge_csv(dict(rain.itertuples(index=False)), unread, start, stop),
        projects_file=files.projects_csv(works),
        names={
            "communities": "示例街道社区.geojson",
            "grids": "示例街道网格.geojson",
            "incidents": f"示例街道案卷_至{as_of.year}年{as_of.month}月.csv",
            "next_month": f"示例街道案卷_{next_as_of.year}年{next_as_of.month}月.xlsx",
            "rain": f"示例雨量站日雨量_至{as_of.year}年{as_of.month}月.csv",
            "projects": "示例街道排水项目.csv",
        },
        standards=STANDARDS,
        rain=rain[rain["day"] < stop].reset_index(drop=True),
        projects=projects.frame(works),
        events=_events(events, known),
        event_of={number: case.event for number, case in known},
        deadlines=deadlines,
        as_of=as_of,
        next_as_of=next_as_of,
        truth={
            "hot": {"waterlogging": list(HOT)},
            "recurring_cover": _recurring(recurring, events, known),
            "incidents": _totals(known, dirt, rows, deadlines, as_of),
            "dirty": [{"row": d.row, "kind": d.kind, "outcome": d.outcome, "code": d.code} for d in dirt],
            "next_month": {"read": len(following), "new": new, "updated": len(following) - new - same, "repeats": same},
            "effects": projects.effects(works),
            "unread_days": [day.isoformat() for day in unread],
        },
    )


def _unread_days(rain: pd.DataFrame, stop: dt.date) -> tuple[dt.date, dt.date]:
    """Return the days on which nobody read the gauge: a dry one, and one with a little rain that flooded nothing."""
    winter = [stop - dt.timedelta(days=days) for days in range(300, 240, -1)]
    amounts: dict[dt.date, float] = dict(rain.itertuples(index=False))
    dry = next(day for day in winter if day not in amounts)
    return dry, next(day for day in rain["day"] if day > dry and amounts[day] < 3)


def _case_numbers(cases: list[Case]) -> list[str]:
    """Return a case number each, counted from 1 in its month, in order of report time."""
    so_far: Counter[str] = Counter()
    numbers = []
    for case in cases:
        month = f"{case.reported_at.year}{case.reported_at.month:02d}"
        so_far[month] += 1
        numbers.append(f"SL{month}{so_far[month]:04d}")
    return numbers


def _events(events: list[Event], known: list[tuple[str, Case]]) -> pd.DataFrame:
    calls = Counter(case.event for _, case in known)
    rows = [
        (number, events[number].kind.hazard, events[number].cell_id, events[number].first, calls[number])
        for number in sorted(calls)
    ]
    return pd.DataFrame(rows, columns=["event", "hazard", "cell_id", "first_at", "calls"])


def _recurring(recurring: list[Event], events: list[Event], known: list[tuple[str, Case]]) -> dict[str, Any]:
    lon, lat = plan.to_degrees(*RECURRING_XY)
    numbers = [number for number, case in known if events[case.event] in recurring]
    return {
        "cell_id": RECURRING_CELL,
        "lon": lon,
        "lat": lat,
        "reports": len(numbers),
        "incident_ids": numbers,
    }


def _deadlines(rows: Sequence[files.Row], refused: set[int]) -> pd.DataFrame:
    table = [
        (number, *limits.deadline(row), _handling(row))
        for number, row in enumerate(rows, start=2)
        if number not in refused
    ]
    return pd.DataFrame(table, columns=["row", "due_at", "due_from", "handling"])


def _handling(row: files.Row) -> str:
    if any(row.get(header) for header in ("勘察评估时间", "方案设计时间", "施工监管时间", "后续排查时间")):
        return ENGINEERING
    return ON_SPOT if row.get("是否自处置") == "是" else ""


def _totals(
    known: list[tuple[str, Case]],
    dirt: list[Dirt],
    rows: Sequence[files.Row],
    deadlines: pd.DataFrame,
    as_of: dt.datetime,
) -> dict[str, Any]:
    outcomes, places = Counter(d.outcome for d in dirt), Counter(d.located for d in dirt)
    hazards = Counter([case.hazard for _, case in known] + [d.hazard for d in dirt if d.outcome == "accepted"])
    still_open = {number for number, case in known if case.closed_at > as_of}
    late = deadlines.loc[deadlines["due_at"] <= as_of, "row"]
    return {
        "read": len(known) + len(dirt),
        "accepted": len(known) + outcomes["accepted"],
        "rejected": outcomes["rejected"],
        "repeats": outcomes["repeat"],
        "hazards": {hazard: hazards[hazard] for hazard in HAZARDS},
        "inside": len(known) + places["inside"],
        "outside": places["outside"],
        "no_location": places["no_location"],
        "open": len(still_open),
        "overdue": sum(rows[number - 2]["案卷号"] in still_open for number in late),
    }
